/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - Linux's hypervisor at EL2 (arch/arm64/kvm/hyp/nvhe), for the translation
 * parts. The contract of each hook is in inval/port.h.
 *
 * What EL2 has: the kernel's own barriers, accessors and atomics, hyp_spinlock_t, one
 * page of stack. What it has not: RCU, an allocator, sleep, interrupts, a WARN that is no
 * panic. So
 * - the read side is a lock, one for each domain, taken before the array is loaded and
 *   held until the walk's last wait. It belongs to a CPU, which may take it again.
 * - memory that free_later took goes back when a section ends, or is waited for, under
 *   that lock: then nobody can be in an older one. inval_el2_give_back() is the
 *   embedder's.
 * - a warning is kept, for whoever asks: inval_el2_warned() is the embedder's, too.
 * - there is no cache part: no hooks to hold, sleep, lock a mutex, or call firmware.
 */
#ifndef INVAL_PORT_H
#define INVAL_PORT_H

#include <linux/io.h>
#include <asm/arch_timer.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <nvhe/spinlock.h>

#define INVAL_PORT_VERSION 1

void inval_el2_give_back(void *mem);
void inval_el2_warned(enum inval_warn what, uint64_t id, uint64_t value);

/* Types */

typedef void *inval_slot;

typedef struct inval_el2_defer {
	struct inval_el2_defer *next;
	void *mem;
} inval_defer;

/* @holder: per-CPU offset of the CPU inside, and 1; @later: what waits to be given back. */
typedef struct inval_el2_read {
	hyp_spinlock_t lock;
	uint32_t depth;
	unsigned long holder;
	inval_defer *later;
} inval_read_ctx;

typedef void __iomem *inval_mmio;

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

static inline unsigned long inval_el2_me(void)
{
	return read_sysreg(tpidr_el2) | 1UL;
}

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	hyp_spin_lock_init(&ctx->lock);
	ctx->depth = 0;
	ctx->holder = 0;
	ctx->later = NULL;
}

/* @holder is mine only if I stored it, so it can be read without the lock. */
static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	if (READ_ONCE(ctx->holder) != inval_el2_me()) {
		hyp_spin_lock(&ctx->lock);
		WRITE_ONCE(ctx->holder, inval_el2_me());
	}
	ctx->depth++;
	return 0;
}

/* All sections but this one, which ends, are over or have seen what was published. */
static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	inval_defer *d, *next;

	(void)token;
	if (--ctx->depth != 0U)
		return;
	for (d = xchg(&ctx->later, NULL); d; d = next) {
		next = d->next;
		inval_el2_give_back(d->mem);
	}
	WRITE_ONCE(ctx->holder, 0);
	hyp_spin_unlock(&ctx->lock);
}

/* A ticket lock: who has it after me had to wait for all that came before. */
static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	inval_port_read_end(ctx, inval_port_read_begin(ctx));
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	inval_port_read_sync(ctx);
}

static inline void *inval_port_slot_load(inval_slot *slot)
{
	return smp_load_acquire(slot);
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return READ_ONCE(*slot);
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	smp_store_release(slot, p);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	inval_defer *first = READ_ONCE(ctx->later), *seen;

	defer->mem = mem;
	for (;;) {
		defer->next = first;
		seen = cmpxchg(&ctx->later, first, defer);
		if (seen == first)
			return;
		first = seen;
	}
}

/* CPU. EL2 runs with interrupts masked, and nothing moves it to another CPU. */

static inline unsigned long inval_port_irq_save(void)
{
	return 0;
}

static inline void inval_port_irq_restore(unsigned long token)
{
	(void)token;
}

static inline uint32_t inval_port_cpu(void)
{
	uint32_t cpu = 0;

	while (cpu < NR_CPUS - 1U && __hyp_per_cpu_offset(cpu) != read_sysreg(tpidr_el2))
		cpu++;
	return cpu;
}

/* Time: the physical counter, which no host can offset. */

static inline uint64_t inval_port_now_us(void)
{
	uint64_t count = __arch_counter_get_cntpct(), hz = read_sysreg(cntfrq_el0);

	return count / hz * 1000000U + count % hz * 1000000U / hz;
}

static inline void inval_port_relax(void)
{
	cpu_relax();
}

static inline void inval_port_spin_us(uint32_t us)
{
	uint64_t since = inval_port_now_us();

	while (inval_port_now_us() - since <= us)
		inval_port_relax();
}

/* WFE might not end: the event stream is the host's to turn on. */
static inline void inval_port_wait_event(uint32_t us)
{
	(void)us;
	inval_port_relax();
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
	kvm_flush_dcache_to_poc((void *)mem, bytes);
}

/* EL2 has no bare invalidate: no line of such memory is dirty, so nothing is written. */
static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	kvm_flush_dcache_to_poc(mem, bytes);
}

/* Report */

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	inval_el2_warned(what, id, value);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	(void)what;
	(void)n;
}

#endif /* INVAL_PORT_H */
