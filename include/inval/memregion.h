/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/memregion.h - take a physical range out of all caches, before it changes
 * owner: providers that can do it, and a registry of them.
 *
 * A provider starts a flush and, when it does not wait for its end at once, has a
 * second function for that. A registry starts all of its providers, then waits for
 * all that have started:
 *
 *	inval_memregion_init(), inval_memregion_fini()
 *	inval_memregion_add(), inval_memregion_remove()
 *	inval_memregion_has()		is a guest to be told that there is one?
 *	inval_memregion_flush()
 *
 * Where only one is possible, inval_provider_flush() calls its functions directly.
 *
 * Providers here: struct inval_firmware makes the SMCCC call, inval_by_va_init()
 * goes line by line through an alias. One that drives a flush engine by registers
 * is examples/flush_engine.
 *
 * Who may run with whom: add, remove, has and flush with each other and with
 * themselves; init and fini of a registry or provider with nothing.
 */
#ifndef INVAL_MEMREGION_GUARD
#define INVAL_MEMREGION_GUARD

#include "types.h"
#include "smccc.h"
#include "port.h"
#include "cache.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(memregion)
INVAL_PORT_USES_HOLD(memregion)
INVAL_PORT_USES_MUTEX(memregion)
INVAL_PORT_USES_TIME(memregion)
INVAL_PORT_USES_SLEEP(memregion)
INVAL_PORT_USES_FIRMWARE(memregion)
INVAL_PORT_USES_REPORT(memregion)

/* Physical addresses have at most so many bits (Arm DDI 0487, FEAT_D128). */
#define INVAL_REGION_PA_BITS	56U

/* Providers that a registry has room for. */
#define INVAL_PROVIDERS		4U

/**
 * struct inval_region - what to clean and invalidate
 * @pa: physical address of the first byte
 * @bytes: length
 * @alias: @va is a cacheable mapping of the whole range
 * @poc: the point of coherency is far enough: nobody looks at the range from
 *	beyond it
 * @va: first byte in the alias; not read without @alias
 */
struct inval_region {
	uint64_t pa;
	uint64_t bytes;
	bool alias;
	bool poc;
	uint64_t va;
};

struct inval_provider;

/**
 * typedef inval_provider_start - begin to flush a range
 *
 * Of the provider's own size and alignment. May sleep, and may do all of the work.
 * What was stored before the call is flushed. 0 or -INVAL_E*.
 */
typedef int inval_provider_start(struct inval_provider *p, const struct inval_region *r);

/**
 * typedef inval_provider_done - wait for the flush that start began on this range
 *
 * Called once for each start that returned 0, by the same caller. May sleep.
 */
typedef int inval_provider_done(struct inval_provider *p, const struct inval_region *r);

/**
 * struct inval_provider - one way to flush a range; its owner's
 * @start: see there
 * @done: see there; NULL: start waits by itself
 * @align_lg2: ranges are widened to this alignment, log2, up to 55; with @near 12, as
 *	an alias has whole pages: above it ranges come without one
 * @chunk_bytes: most of one start, a multiple of the alignment; 0: no limit
 * @near: reaches no farther than the PoC, and only through an alias
 * @even_bytes: with @near: it is used instead of the others below this size
 */
struct inval_provider {
	inval_provider_start *start;
	inval_provider_done *done;
	uint8_t align_lg2;
	uint64_t chunk_bytes;
	bool near;
	uint64_t even_bytes;
};

/* Internal: is this a range at all, and is its alias one of it? */
static inline bool inval_region_is_good(const struct inval_region *r)
{
	if (r->bytes == 0U || !inval_fits(r->bytes - 1U, INVAL_REGION_PA_BITS) ||
	    !inval_fits(r->pa, INVAL_REGION_PA_BITS) ||
	    !inval_fits(r->pa + (r->bytes - 1U), INVAL_REGION_PA_BITS))
		return false;
	return !r->alias || (r->va + (r->bytes - 1U) >= r->va && ((r->va ^ r->pa) & 0xfffU) == 0U);
}

/* Internal: can a range be cut for this provider? An alias has whole pages, no more. */
static inline bool inval_provider_is_good(const struct inval_provider *p)
{
	return p->align_lg2 < (p->near ? 13U : INVAL_REGION_PA_BITS) &&
	       (p->chunk_bytes & ((1ULL << p->align_lg2) - 1U)) == 0U;
}

/*
 * Internal: the next piece of @r for a provider, from the @at-th byte on; returns
 * where the one after it begins. Widening may pass the range at both ends.
 */
static inline uint64_t inval_region_piece(struct inval_region *piece, const struct inval_region *r,
					  uint64_t at, const struct inval_provider *p)
{
	uint64_t rest = (1ULL << p->align_lg2) - 1U, before = (r->pa + at) & rest;

	*piece = *r;
	piece->alias = r->alias && p->align_lg2 <= 12U;
	piece->pa = r->pa + at - before;
	piece->va = r->va + at - before;
	piece->bytes = (r->bytes - at + before + rest) & ~rest;
	if (p->chunk_bytes != 0U && piece->bytes > p->chunk_bytes)
		piece->bytes = p->chunk_bytes;
	return at + piece->bytes - before;
}

/**
 * inval_provider_flush() - flush a range by one provider
 * @p: the provider
 * @r: the range
 * @start: its @start, by name: then it is called directly
 * @done: its @done, by name; NULL where it has none
 *
 * For embedders with just one provider: no registry, no indirect call. What was
 * stored to the range before the call is flushed; cacheable mappings that are live
 * may bring lines back at once, so they go first.
 *
 * Context: may sleep, interrupts on; any number of callers.
 * Return: 0; -INVAL_EINVAL for a range that is empty, wraps or passes 2^56, an alias
 * that wraps or is not the same within a page, or a provider whose chunks are not
 * aligned: nothing was done; else the provider's error: the range must be taken as
 * not flushed.
 */
INVAL_ALWAYS_INLINE INVAL_MUST_CHECK int inval_provider_flush(struct inval_provider *p,
							      const struct inval_region *r,
							      inval_provider_start *start,
							      inval_provider_done *done)
{
	struct inval_region piece;
	uint64_t at = 0;
	int err = inval_region_is_good(r) && inval_provider_is_good(p) ? 0 : -INVAL_EINVAL;

	while (err == 0 && at < r->bytes) {
		at = inval_region_piece(&piece, r, at, p);
		err = start(p, &piece);
		if (err == 0 && done != NULL)
			err = done(p, &piece);
	}
	return err;
}

/**
 * struct inval_memregion - a registry; no field is the caller's
 * @far: addresses of providers; 0: free
 * @near: likewise, of the one that is @near
 * @hold: those who flush
 */
struct inval_memregion {
	uint64_t far[INVAL_PROVIDERS];
	uint64_t near;
	inval_hold_ctx hold;
};

/**
 * inval_memregion_init() - a registry without a provider
 * @m: the caller's
 *
 * Context: before others use @m.
 */
static inline void inval_memregion_init(struct inval_memregion *m)
{
	uint32_t i;

	for (i = 0; i < INVAL_PROVIDERS; i++)
		inval_port_store64(&m->far[i], 0);
	inval_port_store64(&m->near, 0);
	inval_port_hold_init(&m->hold);
}

/**
 * inval_memregion_fini() - the end of a registry
 * @m: the registry; its providers need not be removed before
 *
 * Context: after all others have used @m; may sleep.
 */
static inline void inval_memregion_fini(struct inval_memregion *m)
{
	inval_port_hold_fini(&m->hold);
}

/* Internal: places for providers of that kind. */
static inline uint64_t *inval_memregion_slots(struct inval_memregion *m, bool near, uint32_t *num)
{
	*num = near ? 1U : INVAL_PROVIDERS;
	return near ? &m->near : m->far;
}

/**
 * inval_memregion_add() - publish a provider
 * @m: the registry
 * @p: the provider, complete; its owner's until it is removed. Those that do not
 *	wait in their start are best added first: then they work meanwhile
 *
 * Context: any; with flushes and other providers.
 * Return: 0; -INVAL_EINVAL when its chunks are not aligned, or with @near it widens by
 * more than a page; -INVAL_EEXIST when it is there already; -INVAL_ENOSPC when
 * INVAL_PROVIDERS are, or with @near one: nothing was changed.
 */
static inline INVAL_MUST_CHECK int inval_memregion_add(struct inval_memregion *m,
						       struct inval_provider *p)
{
	uint64_t *slot, addr = (uint64_t)(size_t)p;
	uint32_t i, num;

	if (!inval_provider_is_good(p))
		return -INVAL_EINVAL;
	slot = inval_memregion_slots(m, p->near, &num);
	for (i = 0; i < num; i++) {
		if (inval_port_load64(&slot[i]) == addr)
			return -INVAL_EEXIST;
	}
	for (i = 0; i < num; i++) {
		if (inval_port_load64(&slot[i]) == 0U &&
		    inval_port_cmpxchg64(&slot[i], 0, addr) == 0U) /* order: add */
			return 0;
	}
	return -INVAL_ENOSPC;
}

/**
 * inval_memregion_remove() - withdraw a provider
 * @m: the registry
 * @p: the provider; when this returns 0 nobody uses it, also where two adds at a time
 *	have published it twice
 *
 * Context: may sleep: it waits for the flushes that began before; not from inside a
 * flush; with all others.
 * Return: 0; -INVAL_ENOENT when it is not there: nothing was changed.
 */
static inline INVAL_MUST_CHECK int inval_memregion_remove(struct inval_memregion *m,
							  struct inval_provider *p)
{
	uint64_t *slot, addr = (uint64_t)(size_t)p;
	bool found = false;
	uint32_t i, num;

	slot = inval_memregion_slots(m, p->near, &num);
	for (i = 0; i < num; i++)
		found |= inval_port_load64(&slot[i]) == addr &&
			 inval_port_cmpxchg64(&slot[i], addr, 0) == addr;
	if (!found)
		return -INVAL_ENOENT;
	inval_port_hold_sync(&m->hold); /* order: withdrawn */
	return 0;
}

/**
 * inval_memregion_has() - can any range be flushed?
 * @m: the registry
 *
 * What a guest is told: without it the guest must not be given, or give away,
 * memory whose caches matter. A provider that needs an alias does not count.
 *
 * Context: any; takes no lock.
 * Return: true when there is a provider now.
 */
static inline bool inval_memregion_has(const struct inval_memregion *m)
{
	uint32_t i;

	for (i = 0; i < INVAL_PROVIDERS; i++) {
		if (inval_port_load64(&m->far[i]) != 0U)
			return true;
	}
	return false;
}

/* Internal: what one provider does in a flush. */
struct inval_memregion_turn {
	struct inval_provider *p;
	struct inval_region piece;
	uint64_t at;
	bool started;
};

/* Internal: the provider published in a slot, or NULL. */
static inline struct inval_provider *inval_memregion_slot(const uint64_t *slot)
{
	uint64_t addr = inval_port_load_acquire64(slot); /* order: provider */

	return (struct inval_provider *)(size_t)addr;
}

/* Internal: who flushes this range; returns their number. */
static inline uint32_t inval_memregion_choose(const struct inval_memregion *m,
					      const struct inval_region *r,
					      struct inval_memregion_turn *turn)
{
	struct inval_provider *near = inval_memregion_slot(&m->near);
	uint32_t i, num = 0;

	for (i = 0; i < INVAL_PROVIDERS; i++) {
		turn[num].p = inval_memregion_slot(&m->far[i]);
		turn[num].at = 0;
		num += turn[num].p != NULL ? 1U : 0U;
	}
	if (near != NULL && r->alias && r->poc && (num == 0U || r->bytes < near->even_bytes)) {
		turn[0].p = near;
		turn[0].at = 0;
		num = 1;
	}
	return num;
}

/* Internal: the next piece of each: start all, then wait for all that started. */
static inline int inval_memregion_round(struct inval_memregion_turn *turn, uint32_t num,
					const struct inval_region *r)
{
	int err = 0, first = 0;
	uint32_t i;

	for (i = 0; i < num; i++) {
		turn[i].started = false;
		if (turn[i].at >= r->bytes)
			continue;
		turn[i].at = inval_region_piece(&turn[i].piece, r, turn[i].at, turn[i].p);
		err = turn[i].p->start(turn[i].p, &turn[i].piece);
		turn[i].started = err == 0;
		first = first != 0 ? first : err;
	}
	for (i = 0; i < num; i++) {
		if (!turn[i].started || turn[i].p->done == NULL)
			continue;
		err = turn[i].p->done(turn[i].p, &turn[i].piece);
		first = first != 0 ? first : err;
	}
	return first;
}

/* Internal: is a piece left for any of them? */
static inline bool inval_memregion_more(const struct inval_memregion_turn *turn, uint32_t num,
					const struct inval_region *r)
{
	uint32_t i;

	for (i = 0; i < num; i++) {
		if (turn[i].at < r->bytes)
			return true;
	}
	return false;
}

/**
 * inval_memregion_flush() - clean and invalidate a range by all providers
 * @m: the registry
 * @r: the range
 *
 * All are started before any is waited for; those that have started are waited for
 * even after an error. One that is @near stands in for all others where the range
 * has an alias, @poc says that it reaches far enough, and the size is below its
 * break-even, or there are no others.
 *
 * What was stored to the range before the call is flushed; cacheable mappings that
 * are live may bring lines back at once, so they go first.
 *
 * Context: may sleep, interrupts on, not in a read section; with all others.
 * Return: 0; -INVAL_EINVAL for a range that is empty, wraps or passes 2^56, or an
 * alias that wraps or is not the same within a page; -INVAL_EOPNOTSUPP without a
 * provider that can do it: nothing was done; else the first error of a provider:
 * the range must be taken as not flushed.
 */
static inline INVAL_MUST_CHECK int inval_memregion_flush(struct inval_memregion *m,
							 const struct inval_region *r)
{
	struct inval_memregion_turn turn[INVAL_PROVIDERS];
	unsigned long token;
	uint32_t num;
	int err;

	if (!inval_region_is_good(r))
		return -INVAL_EINVAL;
	token = inval_port_hold_begin(&m->hold);
	num = inval_memregion_choose(m, r, turn);
	err = num != 0U ? 0 : -INVAL_EOPNOTSUPP;
	while (err == 0 && inval_memregion_more(turn, num, r))
		err = inval_memregion_round(turn, num, r);
	inval_port_hold_end(&m->hold, token);
	return err;
}

/* Internal: the by-address provider's start. */
static inline int inval_by_va_start(struct inval_provider *p, const struct inval_region *r)
{
	(void)p;
	if (!r->alias || !r->poc)
		return -INVAL_EOPNOTSUPP;
	inval_cache_clean_inv(r->va, r->bytes);
	return 0;
}

/**
 * inval_by_va_init() - a provider that goes line by line through an alias
 * @p: the caller's
 * @even_bytes: below this size it is cheaper than the others: what firmware says
 *	(struct inval_smccc_attrs), or the embedder has measured; 0: use it only
 *	where there is no other
 *
 * It serves only requests with @alias and @poc, for DC by address ends at the PoC
 * and needs a mapping; refuses others with -INVAL_EOPNOTSUPP.
 *
 * Context: before @p is added.
 */
static inline void inval_by_va_init(struct inval_provider *p, uint64_t even_bytes)
{
	p->start = inval_by_va_start;
	p->done = NULL;
	p->align_lg2 = 0;
	p->chunk_bytes = 0;
	p->near = true;
	p->even_bytes = even_bytes;
}

/**
 * struct inval_firmware - the provider that makes the SMCCC call
 * @p: what a registry knows; alignment and chunk may be set after the init
 * @ids: function identifiers
 * @attrs: what firmware says about the call; to be read by anybody
 * @policy: when to give up
 * @lock: of what follows: one call at a time
 * @started: number of the newest call that has begun; read by all
 * @finished: number of the newest call that has succeeded
 * @last_us: when the newest call began
 */
struct inval_firmware {
	struct inval_provider p;
	struct inval_smccc_ids ids;
	struct inval_smccc_attrs attrs;
	struct inval_smccc_policy policy;
	inval_mutex lock;
	uint64_t started;
	uint64_t finished;
	uint64_t last_us;
};

/* Internal: one call of firmware; 0 or that there is no conduit. */
static inline int inval_firmware_call(struct inval_smccc_args *args)
{
	inval_port_watchdog();
	inval_port_count(INVAL_COUNT_FIRMWARE, 1);
	return inval_port_smccc(args);
}

/* Internal: wait until the advertised rate allows a call; @now is when the request began. */
static inline int inval_firmware_pace_(struct inval_firmware *fw, uint64_t now)
{
	uint64_t interval = inval_smccc_interval_us(&fw->attrs), since = now - fw->last_us;

	if (since >= interval)
		return 0;
	if (interval - since > fw->policy.budget_us)
		return -INVAL_EDQUOT;
	inval_port_sleep_us((uint32_t)(interval - since));
	return 0;
}

/* Internal: one attempt, with a number of its own. */
static inline int inval_firmware_attempt_(struct inval_firmware *fw, const struct inval_region *r,
					  uint64_t *status)
{
	struct inval_smccc_args args;
	uint64_t number = fw->started + 1U;
	int err;

	inval_port_store64(&fw->started, number);
	inval_port_dma_mb(); /* order: attempt */
	fw->last_us = inval_port_now_us();
	inval_smccc_ask_flush(args.x, &fw->ids, r->pa, r->bytes, false);
	err = inval_firmware_call(&args);
	*status = args.x[0];
	if (err == 0 && inval_smccc_code(*status) == 0)
		fw->finished = number;
	return err;
}

/* Internal: attempts until one succeeds or it is time to give up. */
static inline int inval_firmware_request_(struct inval_firmware *fw, const struct inval_region *r)
{
	uint64_t begin = inval_port_now_us(), status = 0;
	int err = inval_firmware_pace_(fw, begin);
	uint32_t attempt = 0, delay = 0;

	while (err == 0) {
		attempt++;
		err = inval_firmware_attempt_(fw, r, &status);
		if (err != 0)
			break;
		err = inval_smccc_retry(&fw->attrs, &fw->policy, status, attempt,
					inval_port_now_us() - begin, &delay);
		if (err != -INVAL_EAGAIN)
			break;
		inval_port_trace(INVAL_EVENT_RETRY, attempt, delay);
		inval_port_count(INVAL_COUNT_RETRY, 1);
		inval_port_sleep_us(delay);
		err = 0;
	}
	return err;
}

/**
 * inval_firmware_start() - flush a range by the SMCCC call
 * @p: the first member of a struct inval_firmware
 * @r: the range
 *
 * Calls of one provider are made one at a time: a request waits for those before
 * it. Where each call flushes everything, one that began after this request came
 * serves it, too.
 *
 * Context: may sleep, interrupts on; any number of callers.
 * Return: 0; -INVAL_EBUSY or -INVAL_EDQUOT when firmware was busy or limited the
 * rate until the policy gave up; -INVAL_EINVAL, -INVAL_EOPNOTSUPP or -INVAL_EPROTO
 * by its status: the range must be taken as not flushed.
 */
static inline INVAL_MUST_CHECK int inval_firmware_start(struct inval_provider *p,
							const struct inval_region *r)
{
	struct inval_firmware *fw = (struct inval_firmware *)(void *)p;
	uint64_t snapshot;
	int err = 0;

	inval_port_dma_mb(); /* order: snapshot */
	snapshot = inval_port_load64(&fw->started);
	inval_port_mutex_lock(&fw->lock);
	if (fw->attrs.global && inval_smccc_served(snapshot, fw->finished))
		inval_port_count(INVAL_COUNT_SHARED, 1);
	else
		err = inval_firmware_request_(fw, r);
	inval_port_mutex_unlock(&fw->lock);
	return err;
}

/* Internal: ask firmware about the call. */
static inline int inval_firmware_discover(struct inval_firmware *fw)
{
	struct inval_smccc_args args;
	uint32_t function[2], i;

	inval_smccc_ask_version(args.x);
	if (inval_firmware_call(&args) != 0 || !inval_smccc_has_version(args.x))
		return -INVAL_EOPNOTSUPP;
	function[0] = fw->ids.clean_inv;
	function[1] = fw->ids.attrs;
	for (i = 0; i < 2U; i++) {
		inval_smccc_ask_feature(args.x, function[i]);
		if (inval_firmware_call(&args) != 0 || !inval_smccc_has_feature(args.x))
			return -INVAL_EOPNOTSUPP;
	}
	inval_smccc_ask_attrs(args.x, &fw->ids);
	if (inval_firmware_call(&args) != 0)
		return -INVAL_EOPNOTSUPP;
	return inval_smccc_attrs_read(&fw->attrs, args.x);
}

/**
 * inval_firmware_init() - find the SMCCC call, and make a provider of it
 * @fw: the caller's
 * @ids: function identifiers: inval_smccc_ids_init()
 * @policy: when to give up: inval_smccc_policy_init()
 *
 * Asks in the order of DEN 0028, 7.10: version, both functions, attributes.
 *
 * Context: before @fw is used.
 * Return: 0; -INVAL_EOPNOTSUPP when any of it is missing, which is no fault;
 * -INVAL_EPROTO for attributes that cannot be: @fw is not to be used.
 */
static inline INVAL_MUST_CHECK int inval_firmware_init(struct inval_firmware *fw,
						       const struct inval_smccc_ids *ids,
						       const struct inval_smccc_policy *policy)
{
	int err;

	fw->ids = *ids;
	fw->policy = *policy;
	err = inval_firmware_discover(fw);
	if (err != 0)
		return err;
	fw->p.start = inval_firmware_start;
	fw->p.done = NULL;
	fw->p.align_lg2 = 0;
	fw->p.chunk_bytes = 0;
	fw->p.near = false;
	fw->p.even_bytes = 0;
	fw->started = 0;
	fw->finished = 0;
	fw->last_us = inval_port_now_us() - INVAL_SMCCC_US_PER_S;	/* no rate is slower */
	inval_port_mutex_init(&fw->lock);
	return 0;
}

/**
 * inval_firmware_fini() - the end of the provider
 * @fw: the provider; removed from its registry
 *
 * Context: after all others have used @fw.
 */
static inline void inval_firmware_fini(struct inval_firmware *fw)
{
	inval_port_mutex_fini(&fw->lock);
}

INVAL_END

#endif /* INVAL_MEMREGION_GUARD */
