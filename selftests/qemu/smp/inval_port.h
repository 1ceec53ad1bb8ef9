/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of inval/queue.h for several CPUs at EL2, MMU on, no
 * interrupt ever enabled. Contracts: include/inval/port.h.
 */
#ifndef SMP_INVAL_PORT_H
#define SMP_INVAL_PORT_H

#include "vmm.h"

#define INVAL_PORT_VERSION 1

typedef uint64_t inval_mmio;

extern uint32_t smp_warnings[16];

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

static inline void inval_port_dma_mb(void)
{
	dsb();
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	inval_port_mb();
	__atomic_compare_exchange_n(p, &expect, want, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	inval_port_mb();
	return expect;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	uint64_t found;

	inval_port_mb();
	found = __atomic_exchange_n(p, v, __ATOMIC_RELAXED);
	inval_port_mb();
	return found;
}

/* CPU */
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
	uint64_t cpu;

	__asm__ volatile("mrs %0, tpidr_el2" : "=r"(cpu));
	return (uint32_t)cpu;
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

/* QEMU has no caches: what is left of the contract is the DSB. */
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
	__atomic_fetch_add(&smp_warnings[what], 1U, __ATOMIC_RELAXED);
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

#endif /* SMP_INVAL_PORT_H */
