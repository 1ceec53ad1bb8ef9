/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - to be filled in. Copy it into a folder of its own on the include
 * path (not beside the library), then go from the top: delete an #error, write the
 * body, compile. The contract of each hook is in inval/port.h; a hook is done when
 * its #error is gone and its type is still the same.
 *
 * Groups that no included part needs can be deleted: the cache part needs hold,
 * mutex, sleep, cache and firmware; the rest needs the others. Included by port.h
 * after types.h and report.h, so integer types, bool and the enums are there.
 *
 * The names in the comments are where to look, in Linux, pKVM at EL2, Xen and bare
 * metal; whether one fits your version is yours to check.
 */
#ifndef INVAL_PORT_H
#define INVAL_PORT_H

#define INVAL_PORT_VERSION 1

INVAL_BEGIN

/* Types */

/* Linux: void __rcu *; others: void * */
#error "inval port: fill in inval_slot: a published pointer"
typedef void *inval_slot;

/* Linux: struct rcu_head; Xen: struct rcu_head; pKVM, bare metal: char */
#error "inval port: fill in inval_defer: what a later free needs, inside the memory"
typedef char inval_defer;

/* Linux: char (RCU has no object); Xen: rcu_read_lock_t; pKVM: hyp_spinlock_t */
#error "inval port: fill in inval_read_ctx: the read side of a domain"
typedef char inval_read_ctx;

/* Linux: struct srcu_struct; Xen: rwlock_t; bare metal: a count */
#error "inval port: fill in inval_hold_ctx: the hold side of cache providers"
typedef char inval_hold_ctx;

/* Linux: struct mutex; Xen: spinlock_t */
#error "inval port: fill in inval_mutex: a lock that may sleep"
typedef char inval_mutex;

/* Linux, pKVM, Xen: void __iomem *; bare metal: uintptr_t */
#error "inval port: fill in inval_mmio: the address of a register block"
typedef volatile unsigned char *inval_mmio;

/* Order */

/* Linux, pKVM: READ_ONCE; Xen: read_atomic; bare metal: a volatile access */
static inline uint32_t inval_port_load32(const uint32_t *p)
{
#error "inval port: fill in inval_port_load32: one load"
}

/* as load32 */
static inline uint64_t inval_port_load64(const uint64_t *p)
{
#error "inval port: fill in inval_port_load64: one load"
}

/* Linux, pKVM: WRITE_ONCE; Xen: write_atomic; bare metal: a volatile access */
static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
#error "inval port: fill in inval_port_store32: one store"
}

/* as store32 */
static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
#error "inval port: fill in inval_port_store64: one store"
}

/* Linux, pKVM: smp_load_acquire; Xen: read_atomic, then dmb(osh); bare metal: ldar */
static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
#error "inval port: fill in inval_port_load_acquire64: no later access happens before it"
}

/* Linux, pKVM: smp_store_release; Xen: dmb(osh), then write_atomic; bare metal: stlr */
static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
#error "inval port: fill in inval_port_store_release64: no earlier access happens after it"
}

/* Linux, pKVM, Xen: cmpxchg; bare metal: ldxr, stlxr, dmb ish */
static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
#error "inval port: fill in inval_port_cmpxchg64: what was there; a full barrier when it stored"
}

/* Linux, pKVM, Xen: xchg; bare metal: ldxr, stlxr, dmb ish */
static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
#error "inval port: fill in inval_port_xchg64: what was there; a full barrier"
}

/* Linux, pKVM, Xen: smp_mb; bare metal: dmb ish */
static inline void inval_port_mb(void)
{
#error "inval port: fill in inval_port_mb: full barrier, CPU to CPU"
}

/* Linux, pKVM: dma_wmb; Xen: dsb(st); bare metal: dmb oshst */
static inline void inval_port_dma_wmb(void)
{
#error "inval port: fill in inval_port_dma_wmb: stores before stores, as CPUs and devices see them"
}

/* Linux, pKVM: dma_mb; Xen: dsb(sy); bare metal: dsb sy */
static inline void inval_port_dma_mb(void)
{
#error "inval port: fill in inval_port_dma_mb: full barrier, as CPUs and devices see it"
}

/*
 * Read side. Where nobody can wait for readers (EL2), the context is a lock: begin
 * takes it, end releases it, and taking it once waits for all sections before.
 */

/* Linux: nothing; pKVM: hyp_spin_lock_init; Xen: RCU_READ_LOCK_INIT */
static inline void inval_port_read_init(inval_read_ctx *ctx)
{
#error "inval port: fill in inval_port_read_init: before the first use"
}

/* Linux, Xen: rcu_barrier; pKVM: nothing */
static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
#error "inval port: fill in inval_port_read_fini: the end; all that free_later took is given back"
}

/* Linux, Xen: rcu_read_lock; pKVM: hyp_spin_lock */
static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
#error "inval port: fill in inval_port_read_begin: begin a section; the token is yours"
}

/* Linux, Xen: rcu_read_unlock; pKVM: hyp_spin_unlock */
static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
#error "inval port: fill in inval_port_read_end: end it, with the token of its begin"
}

/* Linux: synchronize_rcu; pKVM: take and release the lock; Xen: call_rcu, softirqs meanwhile */
static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
#error "inval port: fill in inval_port_read_sync: wait for all sections that began before"
}

/* Linux, Xen: rcu_dereference; pKVM: smp_load_acquire; bare metal: ldar */
static inline void *inval_port_slot_load(inval_slot *slot)
{
#error "inval port: fill in inval_port_slot_load: in a section: the pointer, its target complete"
}

/* Linux: rcu_dereference_protected; others: a plain load */
static inline void *inval_port_slot_owned(inval_slot *slot)
{
#error "inval port: fill in inval_port_slot_owned: the pointer, for the only writer"
}

/* Linux, Xen: rcu_assign_pointer; pKVM: smp_store_release; bare metal: stlr */
static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
#error "inval port: fill in inval_port_slot_store: publish"
}

/* Linux: kvfree_rcu, call_rcu; pKVM: once the lock was free, to the hyp_pool; Xen: call_rcu */
static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
#error "inval port: fill in inval_port_free_later: give mem back once older sections are over"
}

/* Hold side: sections may sleep */

/* Linux: init_srcu_struct; Xen: rwlock_init */
static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
#error "inval port: fill in inval_port_hold_init: before the first use"
}

/* Linux: cleanup_srcu_struct; Xen: nothing */
static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
#error "inval port: fill in inval_port_hold_fini: the end; no section begins any more"
}

/* Linux: srcu_read_lock; Xen: read_trylock, softirqs meanwhile */
static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
#error "inval port: fill in inval_port_hold_begin: begin a section; the token is yours"
}

/* Linux: srcu_read_unlock; Xen: read_unlock */
static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
#error "inval port: fill in inval_port_hold_end: end it, with the token of its begin"
}

/* Linux: synchronize_srcu; Xen: write_trylock, softirqs meanwhile, write_unlock */
static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
#error "inval port: fill in inval_port_hold_sync: wait for all sections that began before"
}

/* Mutex */

/* Linux: mutex_init; Xen: spin_lock_init */
static inline void inval_port_mutex_init(inval_mutex *m)
{
#error "inval port: fill in inval_port_mutex_init: before the first use"
}

/* Linux: mutex_destroy; Xen: nothing */
static inline void inval_port_mutex_fini(inval_mutex *m)
{
#error "inval port: fill in inval_port_mutex_fini: the end"
}

/* Linux: mutex_lock; Xen: spin_trylock, softirqs meanwhile */
static inline void inval_port_mutex_lock(inval_mutex *m)
{
#error "inval port: fill in inval_port_mutex_lock: take it; may sleep"
}

/* Linux: mutex_unlock; Xen: spin_unlock */
static inline void inval_port_mutex_unlock(inval_mutex *m)
{
#error "inval port: fill in inval_port_mutex_unlock: release it"
}

/* CPU */

/* Linux, Xen: local_irq_save; pKVM: 0, they are off at EL2; bare metal: DAIF */
static inline unsigned long inval_port_irq_save(void)
{
#error "inval port: fill in inval_port_irq_save: interrupts off, no move to another CPU; nests"
}

/* Linux, Xen: local_irq_restore */
static inline void inval_port_irq_restore(unsigned long token)
{
#error "inval port: fill in inval_port_irq_restore: as they were at the irq_save of this token"
}

/* Linux: raw_smp_processor_id; pKVM: hyp_smp_processor_id; Xen: smp_processor_id */
static inline uint32_t inval_port_cpu(void)
{
#error "inval port: fill in inval_port_cpu: number of this CPU, from 0"
}

/* Time */

/* Linux: ktime_get_mono_fast_ns; Xen: NOW; pKVM, bare metal: CNTPCT_EL0 by CNTFRQ_EL0 */
static inline uint64_t inval_port_now_us(void)
{
#error "inval port: fill in inval_port_now_us: a clock that never goes back"
}

/* Linux, Xen: udelay; pKVM, bare metal: watch the counter */
static inline void inval_port_spin_us(uint32_t us)
{
#error "inval port: fill in inval_port_spin_us: wait that long without sleeping"
}

/* Linux, Xen: cpu_relax; bare metal: yield */
static inline void inval_port_relax(void)
{
#error "inval port: fill in inval_port_relax: one turn of a busy wait"
}

/* Linux: cpu_relax; where an event stream is on, or WFET exists: wfe, wfet */
static inline void inval_port_wait_event(uint32_t us)
{
#error "inval port: fill in inval_port_wait_event: until an event, or us at most"
}

/* Sleep */

/* Linux: fsleep; Xen: process_pending_softirqs until NOW is late enough */
static inline void inval_port_sleep_us(uint32_t us)
{
#error "inval port: fill in inval_port_sleep_us: at least that long"
}

/* Device */

/* Linux, pKVM, Xen: readl_relaxed */
static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
#error "inval port: fill in inval_port_mmio_read32: one 32-bit register read"
}

/* Linux, pKVM, Xen: writel_relaxed */
static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
#error "inval port: fill in inval_port_mmio_write32: one 32-bit register write"
}

/* Linux, pKVM, Xen: readq_relaxed */
static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
#error "inval port: fill in inval_port_mmio_read64: one 64-bit register read"
}

/* Linux, pKVM, Xen: writeq_relaxed */
static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
#error "inval port: fill in inval_port_mmio_write64: one 64-bit register write"
}

/* Linux: arch_sync_dma_for_device; pKVM: kvm_flush_dcache_to_poc; Xen: clean_dcache_va_range */
static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
#error "inval port: fill in inval_port_dma_clean: the device sees our stores; ends in a DSB"
}

/* Linux: arch_sync_dma_for_cpu; Xen: clean_and_invalidate_dcache_va_range; bare metal: dc ivac */
static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
#error "inval port: fill in inval_port_dma_invalidate: we see its stores; ends in a DSB"
}

/* Cache */

/* Linux: read_sanitised_ftr_reg(SYS_CTR_EL0); Xen: READ_SYSREG(CTR_EL0) on equal CPUs */
static inline uint64_t inval_port_ctr_el0(void)
{
#error "inval port: fill in inval_port_ctr_el0: CTR_EL0 as it is safe on every CPU"
}

/* all: dc cvac */
static inline void inval_port_dc_cvac(uint64_t va)
{
#error "inval port: fill in inval_port_dc_cvac: clean one line to PoC"
}

/* all: dc civac */
static inline void inval_port_dc_civac(uint64_t va)
{
#error "inval port: fill in inval_port_dc_civac: clean and invalidate one line to PoC"
}

/* all: dc ivac */
static inline void inval_port_dc_ivac(uint64_t va)
{
#error "inval port: fill in inval_port_dc_ivac: invalidate one line to PoC"
}

/* all: dc cvau */
static inline void inval_port_dc_cvau(uint64_t va)
{
#error "inval port: fill in inval_port_dc_cvau: clean one line to PoU"
}

/* all: ic ivau */
static inline void inval_port_ic_ivau(uint64_t va)
{
#error "inval port: fill in inval_port_ic_ivau: invalidate one instruction line to PoU"
}

/* Linux, pKVM, Xen: dsb(sy) */
static inline void inval_port_dsb(void)
{
#error "inval port: fill in inval_port_dsb: dsb sy"
}

/* Linux, pKVM, Xen: isb */
static inline void inval_port_isb(void)
{
#error "inval port: fill in inval_port_isb: isb"
}

/* Firmware */

/* Linux: arm_smccc_1_1_invoke; pKVM, Xen: arm_smccc_1_1_smc */
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
#error "inval port: fill in inval_port_smccc: HVC or SMC with x0 to x4, in and out"
}

/* Linux: touch_softlockup_watchdog; Xen: process_pending_softirqs */
static inline void inval_port_watchdog(void)
{
#error "inval port: fill in inval_port_watchdog: a long firmware call follows"
}

/* Report: each may be empty */

/* Linux: pr_warn_ratelimited; Xen: printk(XENLOG_WARNING) */
static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
#error "inval port: fill in inval_port_warn: somebody should look at it"
}

/* Linux: a tracepoint; Xen: TRACE */
static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
#error "inval port: fill in inval_port_trace: what happened, in order"
}

/* Linux: this_cpu_add; Xen: perfc_add */
static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
#error "inval port: fill in inval_port_count: n more of it"
}

INVAL_END

#endif /* INVAL_PORT_H */
