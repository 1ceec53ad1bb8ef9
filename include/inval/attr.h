/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/attr.h - change the memory attributes of a mapping: which steps, in which
 * order, through which alias, and why.
 *
 * Pure: inval_attr_plan() makes a list; inval_cache_run() of cache.h runs it, or the
 * embedder does. Write the new entry over the old one and a TLB may hold both; leave
 * out a clean, and a line that is written back late destroys what was stored past
 * the caches; leave out an invalidate, and old data is read.
 *
 * What the caller sees to:
 * - from the first cache step to the end nobody stores to the range through an
 *   alias; where a step goes through the new mapping, nobody uses that before the
 *   end (executes, where it is for instruction caches alone). Stores through the
 *   mapping itself are stopped by the plan.
 * - while the mapping is not cacheable nobody uses a cacheable alias of the range:
 *   it may be live all the same, and is then fetched from speculatively.
 * - a cacheable alias is as widely shareable as the mapping before and after; a
 *   cacheable mapping that is made anew is so as the last one was.
 * - tables of an SMMU that is not coherent are cleaned as they are written.
 *
 * DMA: pages of a cacheable mapping get a non-cacheable one besides. A change from
 * nothing, with that alias: one clean, then the entry is made. When it goes, without
 * @keep, only entry and TLBs are seen to.
 */
#ifndef INVAL_ATTR_GUARD
#define INVAL_ATTR_GUARD

#include "types.h"

INVAL_BEGIN

/**
 * enum inval_mem - memory type of a mapping
 * @INVAL_MEM_NONE: not mapped
 * @INVAL_MEM_CACHEABLE: Normal, inner and outer write-back
 * @INVAL_MEM_UNCACHED: Normal, non-cacheable
 * @INVAL_MEM_DEVICE: Device
 */
enum inval_mem {
	INVAL_MEM_NONE,
	INVAL_MEM_CACHEABLE,
	INVAL_MEM_UNCACHED,
	INVAL_MEM_DEVICE
};

/**
 * enum inval_share - shareability of a mapping, from narrow to wide
 * @INVAL_SHARE_NON: non-shareable
 * @INVAL_SHARE_INNER: inner shareable
 * @INVAL_SHARE_OUTER: outer shareable
 */
enum inval_share {
	INVAL_SHARE_NON,
	INVAL_SHARE_INNER,
	INVAL_SHARE_OUTER
};

/**
 * enum inval_alias - other mappings of the range that the CPU can use
 * @INVAL_ALIAS_NONE: none
 * @INVAL_ALIAS_CACHEABLE: one is cacheable, or was while the mapping had the
 *	attributes that it has now
 * @INVAL_ALIAS_UNCACHED: all are non-cacheable or Device
 */
enum inval_alias {
	INVAL_ALIAS_NONE,
	INVAL_ALIAS_CACHEABLE,
	INVAL_ALIAS_UNCACHED
};

/**
 * enum inval_resize - change of size on the way
 * @INVAL_RESIZE_NONE: the entry keeps its size
 * @INVAL_RESIZE_SPLIT: it is a part of a block that becomes a table
 * @INVAL_RESIZE_MERGE: its table becomes a block
 */
enum inval_resize {
	INVAL_RESIZE_NONE,
	INVAL_RESIZE_SPLIT,
	INVAL_RESIZE_MERGE
};

/**
 * struct inval_mapping - what an entry says
 * @mem: memory type
 * @share: shareability
 */
struct inval_mapping {
	enum inval_mem mem;
	enum inval_share share;
};

/**
 * struct inval_attr_change - a change
 * @from: before
 * @to: after
 * @alias: other mappings of the range
 * @resize: change of size
 * @keep: with @to nothing: what the range holds will be read through a cacheable
 *	mapping; without it, it may be lost
 * @exec: instructions are fetched through the new mapping
 * @stage2: the mapping is a guest's stage 2
 * @fwb: with @stage2: FEAT_S2FWB decides, so a guest cannot pass by the caches of
 *	cacheable memory
 * @idc: CTR_EL0.IDC
 * @dic: CTR_EL0.DIC
 * @pipt: CTR_EL0.L1Ip is 3: instruction caches do not know virtual addresses
 * @cpu: CPUs walk the tables
 * @smmu: SMMUs do
 * @cpu_bbm: with @cpu: lowest FEAT_BBM level of the CPUs, 0 to 2
 * @smmu_bbm: with @smmu: lowest IDR3.BBML of the SMMUs, 0 to 2
 */
struct inval_attr_change {
	struct inval_mapping from;
	struct inval_mapping to;
	enum inval_alias alias;
	enum inval_resize resize;
	bool keep;
	bool exec;
	bool stage2;
	bool fwb;
	bool idc;
	bool dic;
	bool pipt;
	bool cpu;
	bool smmu;
	uint8_t cpu_bbm;
	uint8_t smmu_bbm;
};

/**
 * enum inval_step - one step
 * @INVAL_STEP_BREAK: write an invalid entry; with a change of size and level 0, in
 *	place of the whole block or table
 * @INVAL_STEP_MAKE: write the new entry, or what is in place of block or table
 * @INVAL_STEP_RESIZE: write table for block or block for table, nothing else
 *	changed; where NT_CLEAR follows, the block with nT set
 * @INVAL_STEP_NT_SET: set nT in the block
 * @INVAL_STEP_NT_CLEAR: clear it
 * @INVAL_STEP_BARRIER: DSB, ISB
 * @INVAL_STEP_TLBI_CPU: the CPUs' TLBs, broadcast
 * @INVAL_STEP_TLBI_SMMU: the SMMUs' TLBs and ATCs, waited for
 * @INVAL_STEP_CLEAN: to the PoC
 * @INVAL_STEP_CLEAN_INV: clean and invalidate to the PoC
 * @INVAL_STEP_INV: invalidate to the PoC
 * @INVAL_STEP_CLEAN_POU: to the PoU
 * @INVAL_STEP_ICACHE: instruction caches, this range
 * @INVAL_STEP_ICACHE_ALL: instruction caches, all: no address names the range
 */
enum inval_step {
	INVAL_STEP_BREAK,
	INVAL_STEP_MAKE,
	INVAL_STEP_RESIZE,
	INVAL_STEP_NT_SET,
	INVAL_STEP_NT_CLEAR,
	INVAL_STEP_BARRIER,
	INVAL_STEP_TLBI_CPU,
	INVAL_STEP_TLBI_SMMU,
	INVAL_STEP_CLEAN,
	INVAL_STEP_CLEAN_INV,
	INVAL_STEP_INV,
	INVAL_STEP_CLEAN_POU,
	INVAL_STEP_ICACHE,
	INVAL_STEP_ICACHE_ALL
};

/**
 * enum inval_via - the mapping that a cache step goes through
 * @INVAL_VIA_NONE: no cache step by address
 * @INVAL_VIA_ALIAS: one of the others
 * @INVAL_VIA_NEW: the mapping itself, as it is after the change
 */
enum inval_via {
	INVAL_VIA_NONE,
	INVAL_VIA_ALIAS,
	INVAL_VIA_NEW
};

/**
 * enum inval_why - the reason of a step
 * @INVAL_WHY_LIVE: a live entry must not change its attributes, whatever the
 *	FEAT_BBM level (Arm DDI 0487, D8.17.1)
 * @INVAL_WHY_SIZE: nor its size, at this level
 * @INVAL_WHY_GONE: the mapping ends
 * @INVAL_WHY_NEW: the mapping begins
 * @INVAL_WHY_SEEN: the step before has taken effect when the next one begins
 * @INVAL_WHY_DIRTY: stores still in a cache would be missed by what looks past it,
 *	or overwrite later ones
 * @INVAL_WHY_STALE: caches may hold what was there before others stored past them
 * @INVAL_WHY_SHARE: caches that hold the range do not answer the new sharers
 * @INVAL_WHY_CODE: instruction fetches do not look into data caches, or hold what
 *	was there before
 */
enum inval_why {
	INVAL_WHY_LIVE,
	INVAL_WHY_SIZE,
	INVAL_WHY_GONE,
	INVAL_WHY_NEW,
	INVAL_WHY_SEEN,
	INVAL_WHY_DIRTY,
	INVAL_WHY_STALE,
	INVAL_WHY_SHARE,
	INVAL_WHY_CODE
};

/**
 * struct inval_attr_step - one step of a plan
 * @step: what to do
 * @via: through which mapping
 * @why: for what reason
 */
struct inval_attr_step {
	enum inval_step step;
	enum inval_via via;
	enum inval_why why;
};

/* The longest plan's, by exhaustion. */
#define INVAL_ATTR_STEPS	17U

/**
 * struct inval_plan - what to do, in this order
 * @num: steps
 * @step: these
 */
struct inval_plan {
	uint32_t num;
	struct inval_attr_step step[INVAL_ATTR_STEPS];
};

/* Internal: one step more. */
static inline void inval_attr_add(struct inval_plan *plan, enum inval_step step,
				  enum inval_via via, enum inval_why why)
{
	struct inval_attr_step *s = &plan->step[plan->num++];

	s->step = step;
	s->via = via;
	s->why = why;
}

/* Internal: what was begun has taken effect when the next step begins. */
static inline void inval_attr_settle(struct inval_plan *plan)
{
	if (plan->num != 0U && plan->step[plan->num - 1U].step != INVAL_STEP_BARRIER)
		inval_attr_add(plan, INVAL_STEP_BARRIER, INVAL_VIA_NONE, INVAL_WHY_SEEN);
}

/* Internal: the TLBs of all who walk the tables. */
static inline void inval_attr_add_tlbi(struct inval_plan *plan,
				       const struct inval_attr_change *c, enum inval_why why)
{
	inval_attr_settle(plan);
	if (c->cpu)
		inval_attr_add(plan, INVAL_STEP_TLBI_CPU, INVAL_VIA_NONE, why);
	if (c->smmu)
		inval_attr_add(plan, INVAL_STEP_TLBI_SMMU, INVAL_VIA_NONE, why);
	inval_attr_settle(plan);
}

/* Internal: the level that all walkers have. */
static inline uint32_t inval_attr_bbm(const struct inval_attr_change *c)
{
	if (c->cpu && c->smmu)
		return c->cpu_bbm < c->smmu_bbm ? c->cpu_bbm : c->smmu_bbm;
	return c->cpu ? c->cpu_bbm : c->smmu_bbm;
}

/* Internal: is this a change that there can be? */
static inline bool inval_attr_is_good(const struct inval_attr_change *c)
{
	return (c->cpu || c->smmu) && (c->cpu || !c->exec) &&
	       (!c->cpu || c->cpu_bbm <= 2U) && (!c->smmu || c->smmu_bbm <= 2U) &&
	       (uint32_t)c->from.mem <= (uint32_t)INVAL_MEM_DEVICE &&
	       (uint32_t)c->to.mem <= (uint32_t)INVAL_MEM_DEVICE &&
	       (uint32_t)c->from.share <= (uint32_t)INVAL_SHARE_OUTER &&
	       (uint32_t)c->to.share <= (uint32_t)INVAL_SHARE_OUTER &&
	       (uint32_t)c->alias <= (uint32_t)INVAL_ALIAS_UNCACHED &&
	       (uint32_t)c->resize <= (uint32_t)INVAL_RESIZE_MERGE &&
	       !(c->from.mem == INVAL_MEM_NONE && c->resize == INVAL_RESIZE_SPLIT) &&
	       !(c->to.mem == INVAL_MEM_NONE && c->resize == INVAL_RESIZE_MERGE);
}

/* Internal: do accesses through this mapping pass by the caches, or may they? */
static inline bool inval_attr_bypasses(const struct inval_attr_change *c,
				       const struct inval_mapping *m)
{
	return m->mem > INVAL_MEM_CACHEABLE ||
	       (m->mem == INVAL_MEM_CACHEABLE && c->stage2 && !c->fwb);
}

/*
 * Internal: what the caches need; BARRIER: nothing. @why is that of @data, which goes
 * through @via.
 */
struct inval_attr_need {
	enum inval_step data;
	enum inval_step pou;
	enum inval_step code;
	enum inval_why why;
	enum inval_via via;
	enum inval_via pou_via;
	enum inval_via code_via;
};

/*
 * Internal: the data caches. Without a mapping before, they may hold stores of earlier
 * ones. Clean and invalidate is no more than a clean with a cacheable alias: lines
 * would come back at once.
 */
static inline void inval_attr_data(struct inval_attr_need *need, const struct inval_attr_change *c)
{
	bool was_cached = c->from.mem == INVAL_MEM_CACHEABLE;
	bool read = c->to.mem == INVAL_MEM_CACHEABLE || (c->to.mem == INVAL_MEM_NONE && c->keep);

	need->data = INVAL_STEP_BARRIER;
	need->why = INVAL_WHY_STALE;
	if (was_cached && c->to.mem == INVAL_MEM_CACHEABLE) {
		need->data = INVAL_STEP_CLEAN_INV;
		need->why = INVAL_WHY_SHARE;
	} else if (inval_attr_bypasses(c, &c->to) && c->from.mem <= INVAL_MEM_CACHEABLE) {
		need->data = c->alias == INVAL_ALIAS_CACHEABLE ? INVAL_STEP_CLEAN :
								 INVAL_STEP_CLEAN_INV;
		need->why = INVAL_WHY_DIRTY;
	} else if (inval_attr_bypasses(c, &c->from) && was_cached && read) {
		need->data = INVAL_STEP_CLEAN_INV;
	} else if (inval_attr_bypasses(c, &c->from) && c->alias == INVAL_ALIAS_CACHEABLE && read) {
		need->data = INVAL_STEP_INV;
	}
}

/*
 * Internal: the instruction caches. Where they know virtual addresses, only the one
 * that is executed will do, and nobody but the guest knows a guest's.
 */
static inline void inval_attr_code(struct inval_attr_need *need, const struct inval_attr_change *c)
{
	need->code = INVAL_STEP_BARRIER;
	need->pou = INVAL_STEP_BARRIER;
	need->pou_via = need->via;
	need->code_via = need->via;
	if (!c->exec || c->to.mem == INVAL_MEM_NONE)
		return;
	if (!c->idc && c->from.mem == INVAL_MEM_NONE && need->data == INVAL_STEP_BARRIER)
		need->pou = INVAL_STEP_CLEAN_POU;
	if (c->dic)
		return;
	need->code = c->stage2 && !c->pipt ? INVAL_STEP_ICACHE_ALL : INVAL_STEP_ICACHE;
	if (c->pipt)
		return;
	need->code_via = c->stage2 ? INVAL_VIA_NONE : INVAL_VIA_NEW;
	if (!c->stage2)
		need->pou_via = INVAL_VIA_NEW;
}

/*
 * Internal: can all that is needed be reached? Maintenance through a mapping reaches
 * the caches of its sharers; what is not cacheable is outer shareable.
 */
static inline bool inval_attr_can(const struct inval_attr_need *need,
				  const struct inval_attr_change *c)
{
	bool by_address = need->data != INVAL_STEP_BARRIER || need->pou != INVAL_STEP_BARRIER ||
			  need->code == INVAL_STEP_ICACHE;

	if (!by_address || c->alias != INVAL_ALIAS_NONE)
		return true;
	return c->cpu && !c->stage2 && c->to.mem != INVAL_MEM_NONE &&
	       (c->from.mem != INVAL_MEM_CACHEABLE || c->to.mem != INVAL_MEM_CACHEABLE ||
		c->from.share <= c->to.share);
}

/* Internal: one step for caches, if it is one and goes through @via. */
static inline void inval_attr_add_cache(struct inval_plan *plan, enum inval_step step,
					enum inval_via own, enum inval_via via,
					enum inval_why why)
{
	if (own != via || step == INVAL_STEP_BARRIER)
		return;
	inval_attr_settle(plan);
	inval_attr_add(plan, step, via, why);
}

/* Internal: all of them that go through @via. */
static inline void inval_attr_add_caches(struct inval_plan *plan,
					 const struct inval_attr_need *need, enum inval_via via)
{
	inval_attr_add_cache(plan, need->data, need->via, via, need->why);
	inval_attr_add_cache(plan, need->pou, need->pou_via, via, INVAL_WHY_CODE);
	inval_attr_add_cache(plan, need->code, need->code_via, via, INVAL_WHY_CODE);
}

/* Internal: table for block, in place, where the level allows it. */
static inline void inval_attr_add_split(struct inval_plan *plan,
					const struct inval_attr_change *c, bool alone)
{
	if (c->resize != INVAL_RESIZE_SPLIT || inval_attr_bbm(c) == 0U)
		return;
	if (inval_attr_bbm(c) == 1U) {
		inval_attr_add(plan, INVAL_STEP_NT_SET, INVAL_VIA_NONE, INVAL_WHY_SIZE);
		inval_attr_add_tlbi(plan, c, INVAL_WHY_SIZE);
	}
	inval_attr_add(plan, INVAL_STEP_RESIZE, INVAL_VIA_NONE, INVAL_WHY_SIZE);
	if (alone && inval_attr_bbm(c) == 2U)
		inval_attr_add_tlbi(plan, c, INVAL_WHY_SIZE);
}

/* Internal: block for table, likewise. */
static inline void inval_attr_add_merge(struct inval_plan *plan,
					const struct inval_attr_change *c)
{
	if (c->resize != INVAL_RESIZE_MERGE || inval_attr_bbm(c) == 0U)
		return;
	inval_attr_add(plan, INVAL_STEP_RESIZE, INVAL_VIA_NONE, INVAL_WHY_SIZE);
	inval_attr_add_tlbi(plan, c, INVAL_WHY_SIZE);
	if (inval_attr_bbm(c) == 1U)
		inval_attr_add(plan, INVAL_STEP_NT_CLEAR, INVAL_VIA_NONE, INVAL_WHY_SIZE);
}

/* Internal: from break to make, with the caches on the way. */
static inline void inval_attr_add_change(struct inval_plan *plan,
					 const struct inval_attr_change *c,
					 const struct inval_attr_need *need, bool same)
{
	bool size = c->resize != INVAL_RESIZE_NONE && inval_attr_bbm(c) == 0U;
	enum inval_why why = c->to.mem == INVAL_MEM_NONE ? INVAL_WHY_GONE : INVAL_WHY_LIVE;

	if (same || c->from.mem == INVAL_MEM_NONE)
		why = INVAL_WHY_SIZE;
	if (c->from.mem != INVAL_MEM_NONE || size) {
		inval_attr_add(plan, INVAL_STEP_BREAK, INVAL_VIA_NONE, why);
		inval_attr_add_tlbi(plan, c, why);
	}
	inval_attr_add_caches(plan, need, INVAL_VIA_ALIAS);
	inval_attr_add_caches(plan, need, INVAL_VIA_NONE);
	if (c->to.mem != INVAL_MEM_NONE || size) {
		inval_attr_settle(plan);
		inval_attr_add(plan, INVAL_STEP_MAKE, INVAL_VIA_NONE, INVAL_WHY_NEW);
	}
	inval_attr_add_caches(plan, need, INVAL_VIA_NEW);
}

/**
 * inval_attr_plan() - the steps of a change
 * @plan: written on success only; the caller's
 * @c: the change
 *
 * Arm DDI 0487, D8.17.1 (break-before-make), chapter D7 (cache maintenance), chapter B2
 * (mismatched attributes).
 *
 * Context: any.
 * Return: 0, with no step where nothing changes; -INVAL_EINVAL for a change that
 * cannot be: nobody walks the tables, SMMUs alone are to execute, a split of what
 * is not mapped or a merge of what is gone, a value out of range; -INVAL_EOPNOTSUPP
 * where caches must be maintained and no mapping reaches them all: there must be an
 * alias.
 */
static inline INVAL_MUST_CHECK int inval_attr_plan(struct inval_plan *plan,
						   const struct inval_attr_change *c)
{
	bool same = c->from.mem == c->to.mem &&
		    (c->from.share == c->to.share || c->to.mem == INVAL_MEM_NONE);
	struct inval_attr_need need;

	if (!inval_attr_is_good(c))
		return -INVAL_EINVAL;
	need.via = c->alias != INVAL_ALIAS_NONE ? INVAL_VIA_ALIAS : INVAL_VIA_NEW;
	inval_attr_data(&need, c);
	inval_attr_code(&need, c);
	if (same) {
		need.data = INVAL_STEP_BARRIER;
		need.code = INVAL_STEP_BARRIER;
		need.pou = INVAL_STEP_BARRIER;
	}
	if (!inval_attr_can(&need, c))
		return -INVAL_EOPNOTSUPP;
	plan->num = 0;
	inval_attr_add_split(plan, c, same);
	if (!same || (c->resize != INVAL_RESIZE_NONE && inval_attr_bbm(c) == 0U))
		inval_attr_add_change(plan, c, &need, same);
	inval_attr_add_merge(plan, c);
	inval_attr_settle(plan);
	return 0;
}

INVAL_END

#endif /* INVAL_ATTR_GUARD */
