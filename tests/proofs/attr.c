/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attr.h: for every change there can be, and any other bits in its place:
 *
 * attr_order	a live entry is changed only by break, barrier, TLBI of all who walk,
 *		barrier, make, barrier, each later than the one before; no plan has more
 *		steps than there is room for, and none ends without a barrier
 * attr_caches	dirty lines are cleaned before what looks past the caches can, and never
 *		thrown away; stale ones are gone before they can be read; a cache step
 *		stands after the last barrier of the break, and before the make or, through
 *		the new mapping, behind it with a barrier between; where nothing needs it
 *		there is none
 * attr_refused	EINVAL for what cannot be and EOPNOTSUPP for what cannot be reached, and
 *		nothing else; then nothing is written
 */
#include <inval/attr.h>

#include "proof.h"

#define NOWHERE	99U

/* The first such step from @from on. */
static uint32_t find(const struct inval_plan *plan, enum inval_step step, uint32_t from)
{
	uint32_t i;

	for (i = from; i < plan->num; i++)
		if (plan->step[i].step == step)
			return i;
	return NOWHERE;
}

static uint32_t next(const struct inval_plan *plan, enum inval_step step, uint32_t after)
{
	return after == NOWHERE ? NOWHERE : find(plan, step, after + 1U);
}

static bool cached(enum inval_mem mem)
{
	return mem == INVAL_MEM_CACHEABLE;
}

/* Accesses may go past the caches. */
static bool raw(const struct inval_attr_change *c, enum inval_mem mem)
{
	return mem == INVAL_MEM_UNCACHED || mem == INVAL_MEM_DEVICE ||
	       (cached(mem) && c->stage2 && !c->fwb);
}

static bool changes(const struct inval_attr_change *c)
{
	return c->from.mem != c->to.mem ||
	       (c->from.mem != INVAL_MEM_NONE && c->from.share != c->to.share);
}

static bool possible(const struct inval_attr_change *c)
{
	return (uint32_t)c->from.mem < 4U && (uint32_t)c->to.mem < 4U &&
	       (uint32_t)c->from.share < 3U && (uint32_t)c->to.share < 3U &&
	       (uint32_t)c->alias < 3U && (uint32_t)c->resize < 3U && (c->cpu || c->smmu) &&
	       (c->cpu || !c->exec) &&
	       !(c->resize == INVAL_RESIZE_SPLIT && c->from.mem == INVAL_MEM_NONE) &&
	       !(c->resize == INVAL_RESIZE_MERGE && c->to.mem == INVAL_MEM_NONE);
}

static uint32_t level(const struct inval_attr_change *c)
{
	if (!c->smmu)
		return c->cpu_bbm;
	return !c->cpu || c->smmu_bbm < c->cpu_bbm ? c->smmu_bbm : c->cpu_bbm;
}

void proof_attr_order(void)
{
	struct inval_attr_change c;
	struct inval_plan plan;
	uint32_t brk, tlbi, make, last;

	assume(inval_attr_plan(&plan, &c) == 0);
	prove(plan.num <= INVAL_ATTR_STEPS);
	prove(plan.num == 0U || plan.step[plan.num - 1U].step == INVAL_STEP_BARRIER);
	prove(plan.num != 0U || (!changes(&c) && c.resize == INVAL_RESIZE_NONE));
	brk = find(&plan, INVAL_STEP_BREAK, 0);
	make = find(&plan, INVAL_STEP_MAKE, 0);
	prove(next(&plan, INVAL_STEP_BREAK, brk) == NOWHERE);
	prove(next(&plan, INVAL_STEP_MAKE, make) == NOWHERE);
	if (changes(&c))
		prove((brk != NOWHERE || c.from.mem == INVAL_MEM_NONE) &&
		      (make != NOWHERE || c.to.mem == INVAL_MEM_NONE));
	if (brk == NOWHERE)
		return;
	last = next(&plan, INVAL_STEP_BARRIER, brk);
	if (c.cpu) {
		tlbi = next(&plan, INVAL_STEP_TLBI_CPU, last);
		prove(tlbi != NOWHERE && (make == NOWHERE || tlbi < make));
	}
	if (c.smmu) {
		tlbi = next(&plan, INVAL_STEP_TLBI_SMMU, last);
		prove(tlbi != NOWHERE && (make == NOWHERE || tlbi < make));
	}
	last = next(&plan, INVAL_STEP_BARRIER, tlbi);
	prove(last != NOWHERE && (make == NOWHERE || last < make));
	prove(make == NOWHERE || find(&plan, INVAL_STEP_BARRIER, make) != NOWHERE);
}

void proof_attr_caches(void)
{
	bool needs_clean, needs_inv, read;
	struct inval_attr_change c;
	struct inval_plan plan;
	uint32_t brk, make, clean, both, inv, step, i;

	assume(inval_attr_plan(&plan, &c) == 0 && changes(&c));
	brk = find(&plan, INVAL_STEP_BREAK, 0);
	make = find(&plan, INVAL_STEP_MAKE, 0);
	clean = find(&plan, INVAL_STEP_CLEAN, 0);
	both = find(&plan, INVAL_STEP_CLEAN_INV, 0);
	inv = find(&plan, INVAL_STEP_INV, 0);
	read = cached(c.to.mem) || (c.to.mem == INVAL_MEM_NONE && c.keep);
	needs_clean = raw(&c, c.to.mem) && (cached(c.from.mem) || c.from.mem == INVAL_MEM_NONE);
	needs_inv = raw(&c, c.from.mem) && read &&
		    (cached(c.from.mem) || c.alias == INVAL_ALIAS_CACHEABLE);
	if (cached(c.from.mem) && cached(c.to.mem))
		prove(both != NOWHERE);
	else if (needs_clean)
		prove(clean != NOWHERE || both != NOWHERE);
	else if (needs_inv)
		prove(inv != NOWHERE || both != NOWHERE);
	else
		prove(clean == NOWHERE && both == NOWHERE && inv == NOWHERE);
	if (cached(c.from.mem) || c.from.mem == INVAL_MEM_NONE)
		prove(inv == NOWHERE);
	step = clean != NOWHERE ? clean : both != NOWHERE ? both : inv;
	if (step == NOWHERE)
		return;
	if (brk != NOWHERE) {
		i = next(&plan, c.smmu ? INVAL_STEP_TLBI_SMMU : INVAL_STEP_TLBI_CPU, brk);
		prove(next(&plan, INVAL_STEP_BARRIER, i) < step);
	}
	if (plan.step[step].via == INVAL_VIA_ALIAS) {
		prove(c.alias != INVAL_ALIAS_NONE);
		prove(make == NOWHERE || next(&plan, INVAL_STEP_BARRIER, step) < make);
	} else {
		prove(plan.step[step].via == INVAL_VIA_NEW && c.cpu && !c.stage2);
		prove(make < step && next(&plan, INVAL_STEP_BARRIER, make) < step);
	}
}

void proof_attr_refused(void)
{
	struct inval_attr_change c;
	struct inval_plan plan, was;
	uint32_t i = any_to(INVAL_ATTR_STEPS - 1U);
	bool good;
	int err;

	was = plan;
	good = possible(&c) && (!c.cpu || c.cpu_bbm <= 2U) && (!c.smmu || c.smmu_bbm <= 2U);
	err = inval_attr_plan(&plan, &c);
	prove((err == -INVAL_EINVAL) == !good);
	prove(err == 0 || err == -INVAL_EINVAL ||
	      (err == -INVAL_EOPNOTSUPP && c.alias == INVAL_ALIAS_NONE));
	prove(err != -INVAL_EOPNOTSUPP || c.stage2 || !c.cpu || c.to.mem == INVAL_MEM_NONE ||
	      c.to.share < c.from.share);
	if (err != 0)
		prove(plan.num == was.num && plan.step[i].step == was.step[i].step);
}
