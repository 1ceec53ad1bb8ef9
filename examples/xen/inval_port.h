/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of inval on Xen 4.17, arm64. Contracts: inval/port.h.
 *
 * What is Xen's own and shapes this port:
 * - There is no synchronize_rcu(). A grace period needs every CPU to process its
 *   softirqs, so whoever waits for a walk, or for one who waits for a walk (the attach
 *   mutex), processes them meanwhile and never just spins.
 * - Softirqs must not be processed in an RCU section: a walk spins until its SYNC.
 * - Nothing sleeps: what may sleep processes softirqs.
 */
#ifndef XEN_INVAL_PORT_H
#define XEN_INVAL_PORT_H

#include <xen/delay.h>
#include <xen/lib.h>
#include <xen/percpu.h>
#include <xen/rcupdate.h>
#include <xen/rwlock.h>
#include <xen/smp.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>
#include <xen/time.h>
#include <xen/xmalloc.h>
#include <asm/atomic.h>
#include <asm/io.h>
#include <asm/page.h>
#include <asm/psci.h>
#include <asm/sysregs.h>

#define INVAL_PORT_VERSION 1

/* Gives an array back: xfree(), or the embedder's own. */
#ifndef INVAL_PORT_FREE
#define INVAL_PORT_FREE(mem) xfree(mem)
#endif

/* Places in a walk where an interrupt may come; a test lets time pass there. */
#ifndef INVAL_PORT_INTERRUPTED
#define INVAL_PORT_INTERRUPTED() do { } while (0)
#endif

struct inval_port_defer {
	struct rcu_head head;
	void *mem;
};

typedef void *inval_slot;
typedef struct inval_port_defer inval_defer;
typedef rcu_read_lock_t inval_read_ctx;
typedef rwlock_t inval_hold_ctx;
typedef spinlock_t inval_mutex;
typedef void __iomem *inval_mmio;

/* Of each CPU, read by whoever is interested; one source file defines it. */
struct inval_port_counts {
	uint64_t n[INVAL_COUNTERS];
};
DECLARE_PER_CPU(struct inval_port_counts, inval_port_counts);

/* Softirqs, and with them the grace periods of others, while this CPU waits. */
static inline void inval_port_wait(void)
{
	process_pending_softirqs();
	cpu_relax();
}

/* Order */
static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return read_atomic(p);
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return read_atomic(p);
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	write_atomic(p, v);
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	write_atomic(p, v);
}

/* Outer shareable, as registers are: port.h asks for their order, too. */
static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	uint64_t v = read_atomic(p);

	dmb(osh);
	return v;
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	dmb(osh);
	write_atomic(p, v);
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	return cmpxchg(p, expect, want);
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	return xchg(p, v);
}

static inline void inval_port_mb(void)
{
	smp_mb();
}

/* wmb() and mb() are dsb(st) and dsb(sy): a walker is no observer of a DMB. */
static inline void inval_port_dma_wmb(void)
{
	wmb();
}

static inline void inval_port_dma_mb(void)
{
	mb();
}

/* Read side */
static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	(void)ctx;
	RCU_READ_LOCK_INIT(ctx);
}

/* All CPUs' callbacks up to now have run. */
static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	(void)ctx;
	rcu_barrier();
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	rcu_read_lock(ctx);
	return 0;
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	(void)token;
	rcu_read_unlock(ctx);
}

struct inval_port_grace {
	struct rcu_head head;
	uint32_t over;
};

static inline void inval_port_grace_over(struct rcu_head *head)
{
	smp_mb();
	write_atomic(&container_of(head, struct inval_port_grace, head)->over, 1U);
}

/*
 * Not rcu_barrier(): it makes every CPU wait in a softirq, those among them that a walk
 * waits for. Not with interrupts off, not in a section.
 */
static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	struct inval_port_grace grace = { .over = 0 };

	(void)ctx;
	call_rcu(&grace.head, inval_port_grace_over);
	while (read_atomic(&grace.over) == 0U)
		inval_port_wait();
	smp_mb();
}

static inline void *inval_port_slot_load(inval_slot *slot)
{
	void *p = rcu_dereference(ACCESS_ONCE(*slot));

	INVAL_PORT_INTERRUPTED();
	return p;
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return *slot;
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	rcu_assign_pointer(ACCESS_ONCE(*slot), p);
}

static inline void inval_port_free_now(struct rcu_head *head)
{
	INVAL_PORT_FREE(container_of(head, struct inval_port_defer, head)->mem);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	(void)ctx;
	defer->mem = mem;
	call_rcu(&defer->head, inval_port_free_now);
}

/*
 * Hold side. A section holds a lock that is taken for writing only when a provider
 * comes or goes.
 */
static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	rwlock_init(ctx);
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	(void)ctx;
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
	while (!read_trylock(ctx))
		inval_port_wait();
	return 0;
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
	(void)token;
	read_unlock(ctx);
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	while (!write_trylock(ctx))
		inval_port_wait();
	write_unlock(ctx);
}

/* Mutex */
static inline void inval_port_mutex_init(inval_mutex *m)
{
	spin_lock_init(m);
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	(void)m;
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	while (!spin_trylock(m))
		inval_port_wait();
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	spin_unlock(m);
}

/* CPU */
static inline unsigned long inval_port_irq_save(void)
{
	unsigned long flags;

	INVAL_PORT_INTERRUPTED();
	local_irq_save(flags);
	return flags;
}

static inline void inval_port_irq_restore(unsigned long token)
{
	local_irq_restore(token);
}

static inline uint32_t inval_port_cpu(void)
{
	return smp_processor_id();
}

/* Time */
static inline uint64_t inval_port_now_us(void)
{
	return (uint64_t)NOW() / 1000U;
}

static inline void inval_port_spin_us(uint32_t us)
{
	udelay(us);
}

static inline void inval_port_relax(void)
{
	cpu_relax();
}

/* Xen has no event stream, so WFE might not return in time. */
static inline void inval_port_wait_event(uint32_t us)
{
	(void)us;
	cpu_relax();
}

/* Sleep */
static inline void inval_port_sleep_us(uint32_t us)
{
	s_time_t end = NOW() + MICROSECS((s_time_t)us);

	while (NOW() < end)
		inval_port_wait();
}

/* Device */
static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return readl_relaxed(base + offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	writel_relaxed(v, base + offset);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return readq_relaxed(base + offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	writeq_relaxed(v, base + offset);
}

static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	clean_dcache_va_range(mem, bytes);
}

/* invalidate_dcache_va_range() goes astray when asked for less than a line. */
static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	clean_and_invalidate_dcache_va_range(mem, bytes);
}

/* Cache: Xen keeps the CPUs' lines equal, and parks a CPU with others. */
static inline uint64_t inval_port_ctr_el0(void)
{
	return READ_SYSREG(CTR_EL0);
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	asm volatile ("dc cvac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_civac(uint64_t va)
{
	asm volatile ("dc civac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	asm volatile ("dc ivac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	asm volatile ("dc cvau, %0" : : "r" (va) : "memory");
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	asm volatile ("ic ivau, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dsb(void)
{
	dsb(sy);
}

static inline void inval_port_isb(void)
{
	isb();
}

/* Firmware: arm_smccc_smc() would leave out x4, which the attributes need. */
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	register uint64_t x0 asm("x0") = args->x[0];
	register uint64_t x1 asm("x1") = args->x[1];
	register uint64_t x2 asm("x2") = args->x[2];
	register uint64_t x3 asm("x3") = args->x[3];
	register uint64_t x4 asm("x4") = args->x[4];

	if (psci_ver == 0U)
		return -INVAL_EOPNOTSUPP;
	asm volatile ("smc #0"
		      : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4)
		      :: "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			 "x15", "x16", "x17", "memory");
	args->x[0] = x0;
	args->x[1] = x1;
	args->x[2] = x2;
	args->x[3] = x3;
	args->x[4] = x4;
	return 0;
}

static inline void inval_port_watchdog(void)
{
	process_pending_softirqs();
}

/* Report */
static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	printk(XENLOG_WARNING "inval: warning %u: %#lx %#lx\n", (unsigned int)what, id, value);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

/* An interrupt between load and store may lose one; nothing depends on it. */
static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	this_cpu(inval_port_counts).n[what] += n;
}

#endif /* XEN_INVAL_PORT_H */
