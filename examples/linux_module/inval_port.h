/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of inval for Linux on arm64 at EL1: RCU for walks, SRCU for
 * providers of cache flushes. For drivers and modules; contracts: include/inval/port.h.
 *
 * Whoever includes this may define INVAL_PORT_FREE(mem) where arrays do not come from
 * kvmalloc(), and finds what the library counted in inval_port_counts, per CPU. Warnings
 * go to the log, traces to pr_debug(): off until dynamic debug turns them on.
 */
#ifndef INVAL_PORT_H
#define INVAL_PORT_H

#include <linux/arm-smccc.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/nmi.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/srcu.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>
#include <asm/cpufeature.h>
#include <asm/sysreg.h>
#include <inval/text.h>

#define INVAL_PORT_VERSION 1

#ifndef INVAL_PORT_FREE
#define INVAL_PORT_FREE(mem) kvfree(mem)
#endif

typedef void __rcu *inval_slot;
typedef char inval_read_ctx;		/* RCU has no object */
typedef struct srcu_struct inval_hold_ctx;
typedef struct mutex inval_mutex;
typedef void __iomem *inval_mmio;

typedef struct {
	struct rcu_head rcu;
	void *mem;
} inval_defer;

/* Order */

static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return READ_ONCE(*p);
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return READ_ONCE(*p);
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	WRITE_ONCE(*p, v);
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	WRITE_ONCE(*p, v);
}

static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	return smp_load_acquire(p);
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	smp_store_release(p, v);
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

static inline void inval_port_dma_wmb(void)
{
	dma_wmb();
}

static inline void inval_port_dma_mb(void)
{
	dma_mb();
}

/* Read side */

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	*ctx = 0;
}

/* The callbacks of inval_port_free_later() are over, too: a module may go. */
static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	rcu_barrier();
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
	__acquires(RCU)
{
	rcu_read_lock();
	return 0;
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
	__releases(RCU)
{
	rcu_read_unlock();
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	synchronize_rcu();
}

static inline void *inval_port_slot_load(inval_slot *slot)
{
	return rcu_dereference(*slot);
}

/* The attach mutex is the embedder's, and not known here. */
static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return rcu_dereference_protected(*slot, true);
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	rcu_assign_pointer(*slot, p);
}

static inline void inval_port_free_rcu(struct rcu_head *rcu)
{
	INVAL_PORT_FREE(container_of(rcu, inval_defer, rcu)->mem);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	defer->mem = mem;
	call_rcu(&defer->rcu, inval_port_free_rcu);
}

/* Hold side */

/* It allocates a word for each CPU; without memory for that nothing else goes on. */
static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	while (init_srcu_struct(ctx) != 0)
		schedule_timeout_uninterruptible(1);
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	cleanup_srcu_struct(ctx);
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
	__acquires(ctx)
{
	return (unsigned long)srcu_read_lock(ctx);
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
	__releases(ctx)
{
	srcu_read_unlock(ctx, (int)token);
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	synchronize_srcu(ctx);
}

/* Mutex */

static inline void inval_port_mutex_init(inval_mutex *m)
{
	mutex_init(m);
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	mutex_destroy(m);
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	mutex_lock(m);
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	mutex_unlock(m);
}

/* CPU */

static inline unsigned long inval_port_irq_save(void)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}

static inline void inval_port_irq_restore(unsigned long token)
{
	local_irq_restore(token);
}

/* Raw: a flush asks where it may be preempted, and keeps the answer. */
static inline uint32_t inval_port_cpu(void)
{
	return raw_smp_processor_id();
}

/* Time */

static inline uint64_t inval_port_now_us(void)
{
	return (uint64_t)ktime_to_us(ktime_get());
}

static inline void inval_port_spin_us(uint32_t us)
{
	udelay(us);
}

static inline void inval_port_relax(void)
{
	cpu_relax();
}

/* Whether there is an event stream, without which WFE may never return, modules cannot ask. */
static inline void inval_port_wait_event(uint32_t us)
{
	cpu_relax();
}

static inline void inval_port_sleep_us(uint32_t us)
{
	fsleep(us);
}

/* Cache */

static inline uint64_t inval_port_ctr_el0(void)
{
	return read_sanitised_ftr_reg(SYS_CTR_EL0);
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	asm volatile("dc cvac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_civac(uint64_t va)
{
	asm volatile("dc civac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	asm volatile("dc ivac, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	asm volatile("dc cvau, %0" : : "r" (va) : "memory");
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	asm volatile("ic ivau, %0" : : "r" (va) : "memory");
}

static inline void inval_port_dsb(void)
{
	dsb(sy);
}

static inline void inval_port_isb(void)
{
	isb();
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

/* The kernel's own loops over lines are not for modules. */
static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	uint64_t line = 4ULL << (inval_port_ctr_el0() >> 16 & 15U), end = (uintptr_t)mem + bytes;
	uint64_t at;

	for (at = (uintptr_t)mem & ~(line - 1U); at < end; at += line)
		inval_port_dc_cvac(at);
	dsb(sy);
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	uint64_t line = 4ULL << (inval_port_ctr_el0() >> 16 & 15U), end = (uintptr_t)mem + bytes;
	uint64_t at;

	for (at = (uintptr_t)mem & ~(line - 1U); at < end; at += line)
		inval_port_dc_civac(at);
	dsb(sy);
}

/* Firmware: four results; from SMCCC 1.1 on x4 stays as it was. */
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	struct arm_smccc_res res;

	if (arm_smccc_1_1_invoke(args->x[0], args->x[1], args->x[2], args->x[3], args->x[4],
				 &res) == SMCCC_CONDUIT_NONE)
		return -INVAL_EOPNOTSUPP;
	args->x[0] = res.a0;
	args->x[1] = res.a1;
	args->x[2] = res.a2;
	args->x[3] = res.a3;
	return 0;
}

static inline void inval_port_watchdog(void)
{
	touch_softlockup_watchdog();
}

/* Report */

static DEFINE_PER_CPU(u64 [INVAL_COUNTERS], inval_port_counts);

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	pr_warn_ratelimited("warning: %s: 0x%llx 0x%llx\n", inval_text_warn(what), id, value);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	pr_debug("%s 0x%llx 0x%llx\n", inval_text_event(what), id, value);
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	this_cpu_add(inval_port_counts[what], n);
}

#endif /* INVAL_PORT_H */
