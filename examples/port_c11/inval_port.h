/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - ready for user space: C11 atomics (as builtins of gcc and
 * clang, so that C99 and C++17 have them too) and pthread. For a VMM, a software
 * SMMU or a tool. Put this folder on the include path and link with -pthread.
 * The contract of each hook is in inval/port.h.
 *
 * What it promises
 * - An SMMU in another thread, or in another process over shared memory, sees
 *   queue, tables and registers in the order of the contract. A real device
 *   mapped into this process needs the CPU's own barriers for devices: bring
 *   these (dmb oshst and dsb sy on arm64) with INVAL_PORT_C11_OWN_BARRIERS.
 * - A section, read or hold, costs two atomic additions to its context. It may
 *   sleep, nest, and begin while others wait for older ones: those wait only for
 *   sections that began before, so they always end. It belongs to its thread;
 *   the thread must not be cancelled inside.
 * - free_later never waits. The memory is freed as soon as somebody who ends a
 *   section, calls free_later or read_sync of that context finds that the old
 *   sections are over; by the context's fini at the latest.
 * - Interrupts do not exist and a thread can be preempted anywhere: between its
 *   reservation and its commands the others of that queue wait for it.
 * - Warnings go to stderr; traces and counters nowhere.
 *
 * To change a group without changing this file, define INVAL_PORT_C11_OWN_<GROUP>
 * (BARRIERS, READ, CPU, DEVICE, DMA, FIRMWARE or REPORT), include this file and write what it
 * then leaves out; the barriers before, because it uses them. Define
 * INVAL_PORT_C11_FREE(mem) where array memory does not come from malloc().
 */
#ifndef INVAL_PORT_C11
#define INVAL_PORT_C11

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef CLOCK_MONOTONIC
#error "inval: port_c11 needs POSIX: compile with -std=gnu99 (or later), or with -D_POSIX_C_SOURCE=200809L"
#endif

#define INVAL_PORT_VERSION 1

#ifndef INVAL_PORT_C11_FREE
#define INVAL_PORT_C11_FREE(mem) free(mem)
#endif

INVAL_BEGIN

/* Order */

static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

#ifndef INVAL_PORT_C11_OWN_BARRIERS
static inline void inval_port_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void inval_port_dma_wmb(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void inval_port_dma_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#endif

/*
 * A sequentially consistent exchange is no full barrier: arm64 may do a later
 * load before its store. With a barrier only behind it, C11 lets the exchange
 * read before an earlier store is seen (tests/litmus/recheck.litmus). On x86 it is
 * one by itself; only the compiler needs to be told.
 */
static inline void inval_port_c11_beside(void)
{
#if (defined(__x86_64__) || defined(__i386__)) && !defined(INVAL_PORT_C11_OWN_BARRIERS)
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
	inval_port_mb();
#endif
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	inval_port_c11_beside();
	if (__atomic_compare_exchange_n(p, &expect, want, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		inval_port_c11_beside();
	return expect;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	inval_port_c11_beside();
	v = __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
	inval_port_c11_beside();
	return v;
}

/* Time */

static inline uint64_t inval_port_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000U + (uint64_t)t.tv_nsec / 1000U;
}

static inline void inval_port_relax(void)
{
	sched_yield();
}

static inline void inval_port_spin_us(uint32_t us)
{
	uint64_t begin = inval_port_now_us();

	while (inval_port_now_us() - begin < us)
		inval_port_relax();
}

/* There is no event to wait for. */
static inline void inval_port_wait_event(uint32_t us)
{
	(void)us;
	inval_port_relax();
}

static inline void inval_port_sleep_us(uint32_t us)
{
	struct timespec t;

	t.tv_sec = (time_t)(us / 1000000U);
	t.tv_nsec = (long)(us % 1000000U) * 1000;
	while (nanosleep(&t, &t) != 0)
		continue;
}

/*
 * Sections, for both sides. One that begins adds 1 to one of two counts, the
 * current one, and takes it off again from the same. Who waits lets the idle
 * count run down to 0, makes it the current one, and does that again: then each
 * count was 0 once since the wait began, so whoever was in is out. New sections
 * go to the other count and cannot hold up the wait; one that read @current long
 * ago and counts only now is waited for too, without need and without harm.
 *
 * Begin: add; full barrier; load of the slot. Wait: store of the slot; full
 * barrier; load of the count. So the section is seen, or it sees the new pointer.
 */
struct inval_port_c11_defer {
	struct inval_port_c11_defer *next;
	void *mem;
};

struct inval_port_c11_epoch {
	unsigned long current;		/* 0 or 1 */
	unsigned long sections[2];
	unsigned long pending;		/* blocks not yet freed */
	struct inval_port_c11_defer *later;
	pthread_mutex_t lock;		/* of what follows, and for @current */
	struct inval_port_c11_defer *old;
	uint32_t turns;			/* idle counts seen at 0 for @old */
};

static inline void inval_port_c11_init(struct inval_port_c11_epoch *e)
{
	e->current = 0;
	e->sections[0] = 0;
	e->sections[1] = 0;
	e->pending = 0;
	e->later = NULL;
	e->old = NULL;
	e->turns = 0;
	pthread_mutex_init(&e->lock, NULL);
}

/* Adds all that was given to free_later until now to @old, and starts over. */
static inline void inval_port_c11_take_(struct inval_port_c11_epoch *e)
{
	struct inval_port_c11_defer *d, *next;

	for (d = __atomic_exchange_n(&e->later, NULL, __ATOMIC_ACQUIRE); d; d = next) {
		next = d->next;
		d->next = e->old;
		e->old = d;
	}
	e->turns = 0;
	inval_port_mb();
}

/* True when all sections that began before the latest take_ are over. */
static inline bool inval_port_c11_over_(struct inval_port_c11_epoch *e)
{
	unsigned long idle = 1U - e->current;

	while (e->turns < 2U && __atomic_load_n(&e->sections[idle], __ATOMIC_ACQUIRE) == 0U) {
		__atomic_store_n(&e->current, idle, __ATOMIC_RELAXED);
		idle = 1U - idle;
		e->turns++;
	}
	return e->turns == 2U;
}

static inline void inval_port_c11_free_(struct inval_port_c11_epoch *e)
{
	struct inval_port_c11_defer *d = e->old, *next;

	e->old = NULL;
	for (; d; d = next) {
		next = d->next;
		INVAL_PORT_C11_FREE(d->mem);
		__atomic_fetch_sub(&e->pending, 1U, __ATOMIC_RELAXED);
	}
}

/* Frees what can be freed. If another thread is at it, that one does. */
static inline void inval_port_c11_poll(struct inval_port_c11_epoch *e)
{
	if (pthread_mutex_trylock(&e->lock) != 0)
		return;
	do {
		if (!e->old)
			inval_port_c11_take_(e);
		if (!inval_port_c11_over_(e))
			break;
		inval_port_c11_free_(e);
	} while (__atomic_load_n(&e->later, __ATOMIC_RELAXED));
	pthread_mutex_unlock(&e->lock);
}

static inline unsigned long inval_port_c11_begin(struct inval_port_c11_epoch *e)
{
	unsigned long token = __atomic_load_n(&e->current, __ATOMIC_RELAXED);

	__atomic_fetch_add(&e->sections[token], 1U, __ATOMIC_RELAXED);
	inval_port_mb();
	return token;
}

static inline void inval_port_c11_end(struct inval_port_c11_epoch *e, unsigned long token)
{
	__atomic_fetch_sub(&e->sections[token], 1U, __ATOMIC_RELEASE);
	if (__atomic_load_n(&e->pending, __ATOMIC_RELAXED) != 0U)
		inval_port_c11_poll(e);
}

static inline void inval_port_c11_sync(struct inval_port_c11_epoch *e)
{
	uint32_t looks = 0;

	pthread_mutex_lock(&e->lock);
	inval_port_c11_take_(e);
	while (!inval_port_c11_over_(e)) {
		if (++looks < 100U)
			inval_port_relax();
		else
			inval_port_sleep_us(50);
	}
	inval_port_c11_free_(e);
	pthread_mutex_unlock(&e->lock);
	inval_port_mb();
}

static inline void inval_port_c11_fini(struct inval_port_c11_epoch *e)
{
	inval_port_c11_sync(e);
	pthread_mutex_destroy(&e->lock);
}

/* Read side */

typedef void *inval_slot;

static inline void *inval_port_slot_load(inval_slot *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	__atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

#ifndef INVAL_PORT_C11_OWN_READ
typedef struct inval_port_c11_defer inval_defer;
typedef struct inval_port_c11_epoch inval_read_ctx;

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	inval_port_c11_init(ctx);
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	inval_port_c11_fini(ctx);
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	return inval_port_c11_begin(ctx);
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	inval_port_c11_end(ctx, token);
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	inval_port_c11_sync(ctx);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	defer->mem = mem;
	defer->next = __atomic_load_n(&ctx->later, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ctx->pending, 1U, __ATOMIC_RELAXED);
	inval_port_mb();
	while (!__atomic_compare_exchange_n(&ctx->later, &defer->next, defer, 0,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
	inval_port_c11_poll(ctx);
}
#endif

/* Hold side */

typedef struct inval_port_c11_epoch inval_hold_ctx;

static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	inval_port_c11_init(ctx);
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	inval_port_c11_fini(ctx);
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
	return inval_port_c11_begin(ctx);
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
	inval_port_c11_end(ctx, token);
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	inval_port_c11_sync(ctx);
}

/* Mutex */

typedef pthread_mutex_t inval_mutex;

static inline void inval_port_mutex_init(inval_mutex *m)
{
	pthread_mutex_init(m, NULL);
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	pthread_mutex_destroy(m);
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	pthread_mutex_lock(m);
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	pthread_mutex_unlock(m);
}

/*
 * CPU. All threads use queue 0 of an SMMU: with several, return sched_getcpu();
 * an answer that is old already costs time, not correctness.
 */
#ifndef INVAL_PORT_C11_OWN_CPU
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
	return 0;
}
#endif

/*
 * Device: registers in memory that a software SMMU polls. The barrier keeps a
 * later access to another register behind the write; volatile keeps the compiler
 * from merging two.
 */
#ifndef INVAL_PORT_C11_OWN_DEVICE
typedef volatile unsigned char *inval_mmio;

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return __atomic_load_n((volatile uint32_t *)(volatile void *)(base + offset),
			       __ATOMIC_ACQUIRE);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	__atomic_store_n((volatile uint32_t *)(volatile void *)(base + offset), v,
			 __ATOMIC_RELEASE);
	inval_port_mb();
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return __atomic_load_n((volatile uint64_t *)(volatile void *)(base + offset),
			       __ATOMIC_ACQUIRE);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	__atomic_store_n((volatile uint64_t *)(volatile void *)(base + offset), v,
			 __ATOMIC_RELEASE);
	inval_port_mb();
}

#endif

/* Device memory. It is coherent here: what is left of the contract is the barrier. */
#ifndef INVAL_PORT_C11_OWN_DMA
static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	inval_port_dma_mb();
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	inval_port_dma_mb();
}
#endif

/*
 * Cache. arm64 Linux lets user space do all of these but DC IVAC; clean and
 * invalidate stands in for it. Elsewhere caches are coherent with everything a
 * process can see, and a barrier is all there is to do.
 */
#ifdef __aarch64__
#define INVAL_PORT_C11_BY_VA(op, va) __asm__ volatile(op ", %0" :: "r"(va) : "memory")
#define INVAL_PORT_C11_DO(op) __asm__ volatile(op ::: "memory")
#else
#define INVAL_PORT_C11_BY_VA(op, va) ((void)(va))
#define INVAL_PORT_C11_DO(op) inval_port_dma_mb()
#endif

static inline uint64_t inval_port_ctr_el0(void)
{
#ifdef __aarch64__
	uint64_t ctr;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	return ctr;
#else
	return 0x8444c004U;	/* lines of 64 bytes */
#endif
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	INVAL_PORT_C11_BY_VA("dc cvac", va);
}

static inline void inval_port_dc_civac(uint64_t va)
{
	INVAL_PORT_C11_BY_VA("dc civac", va);
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	INVAL_PORT_C11_BY_VA("dc civac", va);
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	INVAL_PORT_C11_BY_VA("dc cvau", va);
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	INVAL_PORT_C11_BY_VA("ic ivau", va);
}

static inline void inval_port_dsb(void)
{
	INVAL_PORT_C11_DO("dsb sy");
}

static inline void inval_port_isb(void)
{
	INVAL_PORT_C11_DO("isb");
}

/* Firmware: no conduit from user space. */

#ifndef INVAL_PORT_C11_OWN_FIRMWARE
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	(void)args;
	return -INVAL_EOPNOTSUPP;
}

static inline void inval_port_watchdog(void)
{
}
#endif

/* Report */

#ifndef INVAL_PORT_C11_OWN_REPORT
static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	fprintf(stderr, "inval: warning %u, id 0x%llx, value 0x%llx\n", (unsigned int)what,
		(unsigned long long)id, (unsigned long long)value);
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
#endif

INVAL_END

#endif /* INVAL_PORT_C11 */
