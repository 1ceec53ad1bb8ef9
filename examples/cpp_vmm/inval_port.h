/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - for a VMM in C++17: __atomic builtins on plain words, because the
 * library's words are plain; threads, clock and locks of the standard library. No cache
 * part, so no hold side, mutex, sleep, cache and firmware (INVAL_WITH_DOMAIN and
 * INVAL_WITH_GUESTQ ask for what is here). ../port_c11 has them.
 *
 * - Walks: each thread counts its sections in a word of its own, so they share nothing
 *   but what they read. A thread enters the list with its first section, and leaves it
 *   when it ends.
 * - free_later never waits, and frees nothing: the next read_sync or fini of its context
 *   does. inval_domain_sync() after an attach is such a one.
 * - The SMMU is a thread, or another process over shared memory. A real device needs the
 *   CPU's own barriers in dma_wmb and dma_mb.
 */
#ifndef CPP_VMM_PORT
#define CPP_VMM_PORT

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

#define INVAL_PORT_VERSION 1

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

static inline void inval_port_mb()
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void inval_port_dma_wmb()
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void inval_port_dma_mb()
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* A sequentially consistent exchange alone is no full barrier: ../port_c11 says why. */
static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	inval_port_mb();
	if (__atomic_compare_exchange_n(p, &expect, want, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		inval_port_mb();
	return expect;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	inval_port_mb();
	v = __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
	inval_port_mb();
	return v;
}

/* CPU: a thread can be preempted anywhere; all use one queue for an SMMU. */

static inline unsigned long inval_port_irq_save()
{
	return 0;
}

static inline void inval_port_irq_restore(unsigned long)
{
}

static inline uint32_t inval_port_cpu()
{
	return 0;
}

/* Time */

static inline uint64_t inval_port_now_us()
{
	using namespace std::chrono;

	return static_cast<uint64_t>(
		duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

static inline void inval_port_relax()
{
	std::this_thread::yield();
}

static inline void inval_port_spin_us(uint32_t us)
{
	const uint64_t begin = inval_port_now_us();

	while (inval_port_now_us() - begin < us)
		inval_port_relax();
}

static inline void inval_port_wait_event(uint32_t)
{
	inval_port_relax();
}

/* Read side */

/* The sections of a thread: odd while it is in one. */
class inval_port_thread {
public:
	inval_port_thread()
	{
		std::lock_guard<std::mutex> hold(lock);
		next = first;
		first = this;
	}

	~inval_port_thread()
	{
		std::lock_guard<std::mutex> hold(lock);
		inval_port_thread **at = &first;

		while (*at != this)
			at = &(*at)->next;
		*at = next;
	}

	static inval_port_thread &self()
	{
		static thread_local inval_port_thread t;
		return t;
	}

	void begin()
	{
		if (depth++ == 0)
			__atomic_store_n(&sections, sections + 1, __ATOMIC_RELAXED);
		inval_port_mb();
	}

	void end()
	{
		if (--depth == 0)
			__atomic_store_n(&sections, sections + 1, __ATOMIC_RELEASE);
	}

	/* Until each thread was once outside of its sections since the call. */
	static void sync()
	{
		inval_port_mb();
		std::lock_guard<std::mutex> hold(lock);
		for (inval_port_thread *t = first; t; t = t->next) {
			const uint64_t was = __atomic_load_n(&t->sections, __ATOMIC_ACQUIRE);

			while ((was & 1) != 0 && __atomic_load_n(&t->sections, __ATOMIC_ACQUIRE) == was)
				inval_port_relax();
		}
		inval_port_mb();
	}

private:
	uint64_t sections = 0;
	uint32_t depth = 0;
	inval_port_thread *next;
	static inline inval_port_thread *first;
	static inline std::mutex lock;
};

struct inval_defer {
	inval_defer *next;
	void *mem;
};

struct inval_read_ctx {
	inval_defer *later;
};

typedef void *inval_slot;

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	ctx->later = nullptr;
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *)
{
	inval_port_thread::self().begin();
	return 0;
}

static inline void inval_port_read_end(inval_read_ctx *, unsigned long)
{
	inval_port_thread::self().end();
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	inval_defer *d = __atomic_exchange_n(&ctx->later, nullptr, __ATOMIC_ACQUIRE);

	inval_port_thread::sync();
	while (d) {
		inval_defer *next = d->next;

		std::free(d->mem);
		d = next;
	}
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	inval_port_read_sync(ctx);
}

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

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	defer->mem = mem;
	defer->next = __atomic_load_n(&ctx->later, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&ctx->later, &defer->next, defer, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
}

/* Device: registers in memory that the SMMU's thread polls. */

typedef uint32_t *inval_mmio;

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return __atomic_load_n(base + offset / 4, __ATOMIC_ACQUIRE);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	__atomic_store_n(base + offset / 4, v, __ATOMIC_RELEASE);
	inval_port_mb();
}

/* As two halves, which an SMMU takes as well. */
static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return inval_port_mmio_read32(base, offset) |
	       static_cast<uint64_t>(inval_port_mmio_read32(base, offset + 4)) << 32;
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	inval_port_mmio_write32(base, offset, static_cast<uint32_t>(v));
	inval_port_mmio_write32(base, offset + 4, static_cast<uint32_t>(v >> 32));
}

static inline void inval_port_dma_clean(const void *, uint64_t)
{
	inval_port_dma_mb();
}

static inline void inval_port_dma_invalidate(void *, uint64_t)
{
	inval_port_dma_mb();
}

/* Report: the VMM counts what should not be. */

inline uint64_t inval_port_warnings;

static inline void inval_port_warn(enum inval_warn, uint64_t, uint64_t)
{
	__atomic_fetch_add(&inval_port_warnings, 1, __ATOMIC_RELAXED);
}

static inline void inval_port_trace(enum inval_event, uint64_t, uint64_t)
{
}

static inline void inval_port_count(enum inval_counter, uint32_t)
{
}

INVAL_END

#endif /* CPP_VMM_PORT */
