/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/port.h - every hook, once, with its contract.
 *
 * The embedder writes one header, inval_port.h, puts its folder on the include
 * path (never beside this library, whose folder a quoted include searches
 * first), and defines in it:
 *	#define INVAL_PORT_VERSION 1
 * the types below and, for each group of hooks that the parts it includes
 * need, `static inline` functions with exactly these names and types. In C++ with
 * INVAL_NAMESPACE all of that stands between INVAL_BEGIN and INVAL_END.
 *
 * Types
 *	inval_slot	a published pointer (void *, __rcu where that exists)
 *	inval_defer	what a later free needs (an rcu_head, or a char)
 *	inval_read_ctx	the read side: Xen's lock argument, a lock at EL2, a char
 *			where RCU needs none
 *	inval_hold_ctx	the hold side: an srcu_struct, a rw semaphore, a count
 *	inval_mutex	a lock that may sleep
 *	inval_mmio	the address of a register block
 *
 * Order. Each access is one access of its size, not torn, merged or repeated.
 *	uint32_t inval_port_load32(const uint32_t *p)
 *	uint64_t inval_port_load64(const uint64_t *p)
 *	void inval_port_store32(uint32_t *p, uint32_t v)
 *	void inval_port_store64(uint64_t *p, uint64_t v)
 *	uint64_t inval_port_load_acquire64(const uint64_t *p)
 *		no later access of this CPU happens before it
 *	void inval_port_store_release64(uint64_t *p, uint64_t v)
 *		no earlier access of this CPU happens after it
 *	uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
 *		returns what was there; a full CPU-to-CPU barrier when it stored
 *	uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
 *		returns what was there; a full CPU-to-CPU barrier
 *	void inval_port_mb(void)	full barrier, CPU to CPU (smp_mb)
 *	void inval_port_dma_wmb(void)	earlier stores before later stores, as
 *					seen by CPUs and devices (dma_wmb)
 *	void inval_port_dma_mb(void)	FULL barrier, as seen by CPUs and devices
 *					(dma_mb; dsb sy on Xen): a store before
 *					it is visible before a load after it
 *
 * Read side: walks. A section must not sleep; sections nest, but for those of one
 * lock (below). The token is the port's own (interrupt flags, an SRCU index).
 *	void inval_port_read_init(inval_read_ctx *ctx)
 *	void inval_port_read_fini(inval_read_ctx *ctx)
 *		no section begins any more; when it returns all is given back that
 *		free_later took, and the memory of @ctx may go. May wait
 *	unsigned long inval_port_read_begin(inval_read_ctx *ctx)
 *	void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
 *	void inval_port_read_sync(inval_read_ctx *ctx)
 *		returns when every section that began before the call is over; a
 *		full CPU-to-CPU barrier
 *	void *inval_port_slot_load(inval_slot *slot)
 *		in a section: the pointer; what it points to was complete before
 *		it was stored (rcu_dereference)
 *	void *inval_port_slot_owned(inval_slot *slot)
 *		by the only writer, outside a section
 *	void inval_port_slot_store(inval_slot *slot, void *p)
 *		publish (rcu_assign_pointer)
 *	void inval_port_free_later(inval_read_ctx *ctx, void *mem,
 *				   inval_defer *defer)
 *		give @mem back to its owner once every section that began before
 *		is over; @defer lies inside @mem. Never waits.
 * A port that cannot wait for readers makes @ctx a lock: one per domain, taken
 * before the array is dereferenced.
 *
 * Hold side: flushes of cache providers. Like the read side, but a section may sleep.
 *	void inval_port_hold_init(inval_hold_ctx *ctx)
 *	void inval_port_hold_fini(inval_hold_ctx *ctx)
 *	unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
 *	void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
 *	void inval_port_hold_sync(inval_hold_ctx *ctx)
 *
 * Mutex (cache part only; may sleep).
 *	void inval_port_mutex_init(inval_mutex *m)
 *	void inval_port_mutex_fini(inval_mutex *m)
 *	void inval_port_mutex_lock(inval_mutex *m)
 *	void inval_port_mutex_unlock(inval_mutex *m)
 *
 * CPU.
 *	unsigned long inval_port_irq_save(void)
 *		interrupts of this CPU off, and no move to another; the token
 *		holds what was before; nests
 *	void inval_port_irq_restore(unsigned long token)
 *	uint32_t inval_port_cpu(void)	number of this CPU, from 0
 *
 * Time. The clock never goes back and never stops.
 *	uint64_t inval_port_now_us(void)
 *	void inval_port_spin_us(uint32_t us)
 *	void inval_port_relax(void)	one turn of a busy wait (yield)
 *	void inval_port_wait_event(uint32_t us)
 *		until an event, or @us at most, whatever happens; an early return
 *		is always right
 *
 * Sleep (cache part only).
 *	void inval_port_sleep_us(uint32_t us)	@us at least
 *
 * Device. Two accesses of one CPU to an SMMU's registers take effect in program
 * order. Release and acquire hold for them as for memory: a register written before
 * a store-release is written before one behind the load-acquire, on another CPU, that
 * saw it; so PROD, which CPUs write in turn, never goes back. Device memory on Arm is
 * so. No other order with accesses to memory: the barriers above give it.
 *	uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
 *	void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
 *	uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
 *	void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
 *	void inval_port_dma_clean(const void *mem, uint64_t bytes)
 *		a non-coherent SMMU sees what this CPU stored; ends in a DSB
 *	void inval_port_dma_invalidate(void *mem, uint64_t bytes)
 *		this CPU sees what a non-coherent SMMU stored; ends in a DSB
 *
 * Cache, by virtual address, one line a call.
 *	uint64_t inval_port_ctr_el0(void)
 *		CTR_EL0 as it is safe on every CPU: smallest lines, largest CWG;
 *		IDC and DIC only where all have them
 *	void inval_port_dc_cvac(uint64_t va)	clean to PoC
 *	void inval_port_dc_civac(uint64_t va)	clean and invalidate to PoC
 *	void inval_port_dc_ivac(uint64_t va)	invalidate to PoC: loses data
 *	void inval_port_dc_cvau(uint64_t va)	clean to PoU
 *	void inval_port_ic_ivau(uint64_t va)	instruction cache to PoU
 *	void inval_port_dsb(void)	dsb sy
 *	void inval_port_isb(void)
 *
 * Firmware.
 *	int inval_port_smccc(struct inval_smccc_args *args)
 *		HVC or SMC, x0 to x4 in and out; 0, or -INVAL_EOPNOTSUPP where
 *		there is no conduit
 *	void inval_port_watchdog(void)	a long firmware call follows
 *
 * Report. May be empty: reporting is not ordering. Never called with what a
 * guest chose. report.h has the enums.
 *	void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
 *	void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
 *	void inval_port_count(enum inval_counter what, uint32_t n)
 *
 * Context: order, CPU, device and report hooks run in any context, interrupts
 * off included. No hook may call back into the library.
 *
 * No hook has a default. A missing one, one of another type, an old port or
 * none at all is an error when the embedder compiles, with its name in it.
 */
#ifndef INVAL_PORT_GUARD
#define INVAL_PORT_GUARD

#include "report.h"
#include "types.h"

INVAL_BEGIN

/**
 * struct inval_smccc_args - registers of a firmware call (DEN 0028)
 * @x: x0 to x4, in and out
 */
struct inval_smccc_args {
	uint64_t x[5];
};

INVAL_END

#if defined(__has_include)
#if !__has_include("inval_port.h")
#error "inval: no inval_port.h on the include path; start from examples/port_template/inval_port.h"
#endif
#endif
#include "inval_port.h"

/* Raised only when a hook is added or changed. */
#define INVAL_PORT_VERSION_NEEDED 1

#ifndef INVAL_PORT_VERSION
#error "inval: inval_port.h does not define INVAL_PORT_VERSION (see inval/port.h)"
#elif INVAL_PORT_VERSION < INVAL_PORT_VERSION_NEEDED
#error "inval: inval_port.h is older than this library: compare its hooks with inval/port.h, then raise INVAL_PORT_VERSION"
#elif INVAL_PORT_VERSION > INVAL_PORT_VERSION_NEEDED
#error "inval: inval_port.h is newer than this library: INVAL_PORT_VERSION is above INVAL_PORT_VERSION_NEEDED in inval/port.h"
#endif

/*
 * A part that needs a group of hooks says so with INVAL_PORT_USES_<GROUP>(part):
 * a function nobody calls takes each hook's address as what it must be, so a
 * missing or mistyped one is an error that names it, and costs nothing. C takes
 * a pointer of another type with a warning, which -w or a system include path
 * would hide: there an array of negative size refuses it (not _Static_assert,
 * which glibc defines for C99 as something that drops the text).
 */
#ifdef __cplusplus
#define INVAL_PORT_TYPE(hook, ret, args)
#else
#define INVAL_PORT_TYPE(hook, ret, args) \
	struct inval_hook_type { \
		char hook##_has_a_wrong_type[ \
			__builtin_types_compatible_p(__typeof__(hook), ret args) ? 1 : -1]; \
	};
#endif

#define INVAL_PORT_HOOK(hook, ret, args) \
	do { \
		INVAL_PORT_TYPE(hook, ret, args) \
		ret (*inval_hook) args = hook; \
		(void)inval_hook; \
	} while (0)

#define INVAL_PORT_USES_ORDER(part) \
	static inline void inval_##part##_uses_order(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_load32, uint32_t, (const uint32_t *)); \
		INVAL_PORT_HOOK(inval_port_load64, uint64_t, (const uint64_t *)); \
		INVAL_PORT_HOOK(inval_port_store32, void, (uint32_t *, uint32_t)); \
		INVAL_PORT_HOOK(inval_port_store64, void, (uint64_t *, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_load_acquire64, uint64_t, (const uint64_t *)); \
		INVAL_PORT_HOOK(inval_port_store_release64, void, (uint64_t *, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_cmpxchg64, uint64_t, (uint64_t *, uint64_t, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_xchg64, uint64_t, (uint64_t *, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_mb, void, (void)); \
		INVAL_PORT_HOOK(inval_port_dma_wmb, void, (void)); \
		INVAL_PORT_HOOK(inval_port_dma_mb, void, (void)); \
	}

#define INVAL_PORT_USES_READ(part) \
	static inline void inval_##part##_uses_read(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_read_init, void, (inval_read_ctx *)); \
		INVAL_PORT_HOOK(inval_port_read_fini, void, (inval_read_ctx *)); \
		INVAL_PORT_HOOK(inval_port_read_begin, unsigned long, (inval_read_ctx *)); \
		INVAL_PORT_HOOK(inval_port_read_end, void, (inval_read_ctx *, unsigned long)); \
		INVAL_PORT_HOOK(inval_port_read_sync, void, (inval_read_ctx *)); \
		INVAL_PORT_HOOK(inval_port_slot_load, void *, (inval_slot *)); \
		INVAL_PORT_HOOK(inval_port_slot_owned, void *, (inval_slot *)); \
		INVAL_PORT_HOOK(inval_port_slot_store, void, (inval_slot *, void *)); \
		INVAL_PORT_HOOK(inval_port_free_later, void, \
				(inval_read_ctx *, void *, inval_defer *)); \
	}

#define INVAL_PORT_USES_HOLD(part) \
	static inline void inval_##part##_uses_hold(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_hold_init, void, (inval_hold_ctx *)); \
		INVAL_PORT_HOOK(inval_port_hold_fini, void, (inval_hold_ctx *)); \
		INVAL_PORT_HOOK(inval_port_hold_begin, unsigned long, (inval_hold_ctx *)); \
		INVAL_PORT_HOOK(inval_port_hold_end, void, (inval_hold_ctx *, unsigned long)); \
		INVAL_PORT_HOOK(inval_port_hold_sync, void, (inval_hold_ctx *)); \
	}

#define INVAL_PORT_USES_MUTEX(part) \
	static inline void inval_##part##_uses_mutex(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_mutex_init, void, (inval_mutex *)); \
		INVAL_PORT_HOOK(inval_port_mutex_fini, void, (inval_mutex *)); \
		INVAL_PORT_HOOK(inval_port_mutex_lock, void, (inval_mutex *)); \
		INVAL_PORT_HOOK(inval_port_mutex_unlock, void, (inval_mutex *)); \
	}

#define INVAL_PORT_USES_CPU(part) \
	static inline void inval_##part##_uses_cpu(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_irq_save, unsigned long, (void)); \
		INVAL_PORT_HOOK(inval_port_irq_restore, void, (unsigned long)); \
		INVAL_PORT_HOOK(inval_port_cpu, uint32_t, (void)); \
	}

#define INVAL_PORT_USES_TIME(part) \
	static inline void inval_##part##_uses_time(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_now_us, uint64_t, (void)); \
		INVAL_PORT_HOOK(inval_port_spin_us, void, (uint32_t)); \
		INVAL_PORT_HOOK(inval_port_relax, void, (void)); \
		INVAL_PORT_HOOK(inval_port_wait_event, void, (uint32_t)); \
	}

#define INVAL_PORT_USES_SLEEP(part) \
	static inline void inval_##part##_uses_sleep(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_sleep_us, void, (uint32_t)); \
	}

#define INVAL_PORT_USES_DEVICE(part) \
	static inline void inval_##part##_uses_device(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_mmio_read32, uint32_t, (inval_mmio, uint32_t)); \
		INVAL_PORT_HOOK(inval_port_mmio_write32, void, (inval_mmio, uint32_t, uint32_t)); \
		INVAL_PORT_HOOK(inval_port_mmio_read64, uint64_t, (inval_mmio, uint32_t)); \
		INVAL_PORT_HOOK(inval_port_mmio_write64, void, (inval_mmio, uint32_t, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dma_clean, void, (const void *, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dma_invalidate, void, (void *, uint64_t)); \
	}

#define INVAL_PORT_USES_CACHE(part) \
	static inline void inval_##part##_uses_cache(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_ctr_el0, uint64_t, (void)); \
		INVAL_PORT_HOOK(inval_port_dc_cvac, void, (uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dc_civac, void, (uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dc_ivac, void, (uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dc_cvau, void, (uint64_t)); \
		INVAL_PORT_HOOK(inval_port_ic_ivau, void, (uint64_t)); \
		INVAL_PORT_HOOK(inval_port_dsb, void, (void)); \
		INVAL_PORT_HOOK(inval_port_isb, void, (void)); \
	}

#define INVAL_PORT_USES_FIRMWARE(part) \
	static inline void inval_##part##_uses_firmware(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_smccc, int, (struct inval_smccc_args *)); \
		INVAL_PORT_HOOK(inval_port_watchdog, void, (void)); \
	}

#define INVAL_PORT_USES_REPORT(part) \
	static inline void inval_##part##_uses_report(void) \
	{ \
		INVAL_PORT_HOOK(inval_port_warn, void, (enum inval_warn, uint64_t, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_trace, void, (enum inval_event, uint64_t, uint64_t)); \
		INVAL_PORT_HOOK(inval_port_count, void, (enum inval_counter, uint32_t)); \
	}

#endif /* INVAL_PORT_GUARD */
