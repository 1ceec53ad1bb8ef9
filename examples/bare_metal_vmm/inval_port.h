/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of inval for this image: one CPU at EL2, MMU off,
 * no interrupt ever enabled. Contracts: include/inval/port.h.
 *
 * With the MMU off all memory is Device: there exclusive and LSE accesses are
 * not architecturally usable, while one CPU with interrupts off is atomic to
 * itself. The SMMU never writes a word that is exchanged here.
 */
#ifndef IMAGE_INVAL_PORT_H
#define IMAGE_INVAL_PORT_H

#include "vmm.h"

#define INVAL_PORT_VERSION 1

typedef void *inval_slot;
typedef char inval_defer;
typedef uint64_t inval_mmio;
typedef struct {
	uint32_t sections;	/* begun and not ended */
} inval_read_ctx;

/* Order */
static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return *(const volatile uint32_t *)p;
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return *(const volatile uint64_t *)p;
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	*(volatile uint32_t *)p = v;
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	*(volatile uint64_t *)p = v;
}

static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline void inval_port_mb(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

static inline void inval_port_dma_wmb(void)
{
	__asm__ volatile("dmb oshst" ::: "memory");
}

/* A table walk is no access that DMB must order: only DSB waits for the store. */
static inline void inval_port_dma_mb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* CPU */
static inline unsigned long inval_port_irq_save(void)
{
	unsigned long daif;

	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #0xf" : "=r"(daif) :: "memory");
	return daif;
}

static inline void inval_port_irq_restore(unsigned long token)
{
	__asm__ volatile("msr daif, %0" :: "r"(token) : "memory");
}

static inline uint32_t inval_port_cpu(void)
{
	return 0;
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	unsigned long token = inval_port_irq_save();
	uint64_t found;

	inval_port_mb();
	found = inval_port_load64(p);
	if (found == expect)
		inval_port_store64(p, want);
	inval_port_mb();
	inval_port_irq_restore(token);
	return found;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	unsigned long token = inval_port_irq_save();
	uint64_t found;

	inval_port_mb();
	found = inval_port_load64(p);
	inval_port_store64(p, v);
	inval_port_mb();
	inval_port_irq_restore(token);
	return found;
}

/*
 * Read side. On one CPU no other section can be under way when the writer runs,
 * unless the writer itself is inside one, which would wait for ever elsewhere.
 */
static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	ctx->sections = 0;
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	if (ctx->sections != 0U)
		die("read_fini inside a read section");
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	ctx->sections++;
	return inval_port_irq_save();
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	inval_port_irq_restore(token);
	ctx->sections--;
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	if (ctx->sections != 0U)
		die("read_sync inside a read section");
	inval_port_mb();
}

static inline void *inval_port_slot_load(inval_slot *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return *slot;
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	__atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	(void)defer;
	if (ctx->sections != 0U)
		die("free_later inside a read section");
	array_free(mem);
}

/* Time: the generic timer. */
static inline uint64_t inval_port_now_us(void)
{
	uint64_t count, hz;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count) :: "memory");
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return count / hz * 1000000U + count % hz * 1000000U / hz;
}

static inline void inval_port_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void inval_port_spin_us(uint32_t us)
{
	uint64_t end = inval_port_now_us() + us;

	while (inval_port_now_us() < end)
		inval_port_relax();
}

/* No event stream is set up, so WFE might not return in time. */
static inline void inval_port_wait_event(uint32_t us)
{
	(void)us;
	inval_port_relax();
}

/* Device */
static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return read32(base + offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	write32(base + offset, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return read64(base + offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	write64(base + offset, v);
}

/* Nothing of this CPU is cached: what is left of the contract is the DSB. */
static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	dsb();
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	dsb();
}

/* Report */
static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)id;
	(void)value;
	vmm_warnings[what]++;
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	trace_event((uint32_t)what, id, value);
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	vmm_counts[what] += n;
	trace_count((uint32_t)what, n);
}

#endif /* IMAGE_INVAL_PORT_H */
