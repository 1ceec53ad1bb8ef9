/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attr.h
 * 1. Known changes have the steps written out below: DMA's clean when its mapping is
 *    made and nothing when that goes, break-before-make around all that changes a
 *    live entry, splits and merges by FEAT_BBM level, stage 2 with and without FWB.
 * 2. Every change there can be (3.3 million) has a plan that fits, or is refused for one
 *    of the reasons of its contract, with nothing written; SMMUs and CPUs are both seen
 *    to, the lower level counts.
 * 3. On the machine of model/cache.h, which does by chance all that may happen at any
 *    time, random changes of a mapping never lose or show old data, never let two
 *    entries be used at once, and end with all done.
 * 4. Each step of each of these plans is needed: without it the machine finds a fault.
 */
#include <inval/attr.h>

#include "test.h"
#include "model/cache.h"

#define C	INVAL_MEM_CACHEABLE
#define N	INVAL_MEM_UNCACHED
#define D	INVAL_MEM_DEVICE
#define NONE	INVAL_MEM_NONE
#define IN	INVAL_SHARE_INNER

/* A stage 1 of CPUs, without aliases. */
static struct inval_attr_change change(enum inval_mem from, enum inval_mem to)
{
	struct inval_attr_change c;

	memset(&c, 0, sizeof(c));
	c.from.mem = from;
	c.from.share = IN;
	c.to.mem = to;
	c.to.share = IN;
	c.alias = INVAL_ALIAS_NONE;
	c.resize = INVAL_RESIZE_NONE;
	c.cpu = true;
	return c;
}

/*
 * A plan as letters: k break, m make, r resize, t nT set, u nT clear, | barrier, T TLBI of
 * CPUs, S of SMMUs, c clean, f clean and invalidate, i invalidate, p to PoU, x
 * instruction caches, X all of them; after a cache step a, n: alias, new.
 */
static const char *letters(const struct inval_attr_change *c)
{
	static char text[64];
	struct inval_plan plan;
	uint32_t i, n = 0;
	int err = inval_attr_plan(&plan, c);

	if (err != 0)
		return err == -INVAL_EINVAL ? "EINVAL" : err == -INVAL_EOPNOTSUPP ? "EOPNOTSUPP" : "?";
	CHECK(plan.num <= INVAL_ATTR_STEPS, "%u steps", plan.num);
	for (i = 0; i < plan.num; i++) {
		text[n++] = "kmrtu|TScfipxX"[plan.step[i].step];
		if (plan.step[i].via != INVAL_VIA_NONE)
			text[n++] = plan.step[i].via == INVAL_VIA_ALIAS ? 'a' : 'n';
	}
	text[n] = '\0';
	return text;
}

#define PLAN(c, want) \
	CHECK(strcmp(letters(&(c)), want) == 0, "%s, not %s", letters(&(c)), want)

TEST(attr, dma)
{
	struct inval_attr_change c = change(NONE, N);

	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "ca|m|");
	c = change(N, NONE);
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "k|T|");
	c.keep = true;
	PLAN(c, "k|T|ia|");
	c = change(NONE, D);
	PLAN(c, "m|fn|");
	c = change(NONE, C);
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "m|");
}

TEST(attr, live_entries)
{
	struct inval_attr_change c = change(C, N);
	uint32_t i;

	PLAN(c, "k|T|m|fn|");
	c.alias = INVAL_ALIAS_CACHEABLE;
	for (i = 0; i < 3U; i++) {
		c.cpu_bbm = (uint8_t)i;
		PLAN(c, "k|T|ca|m|");
	}
	c.alias = INVAL_ALIAS_UNCACHED;
	c.smmu = true;
	PLAN(c, "k|TS|fa|m|");
	c = change(N, C);
	PLAN(c, "k|T|m|");
	c.alias = INVAL_ALIAS_UNCACHED;
	PLAN(c, "k|T|m|");
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "k|T|ia|m|");
	c = change(N, D);
	PLAN(c, "k|T|m|");
	c = change(C, C);
	PLAN(c, "");
	c.to.share = INVAL_SHARE_OUTER;
	PLAN(c, "k|T|m|fn|");
	c.to.share = INVAL_SHARE_NON;
	PLAN(c, "EOPNOTSUPP");
	c.alias = INVAL_ALIAS_UNCACHED;
	PLAN(c, "k|T|fa|m|");
	c = change(N, N);
	c.to.share = INVAL_SHARE_OUTER;
	PLAN(c, "k|T|m|");
	c = change(NONE, NONE);
	c.to.share = INVAL_SHARE_OUTER;
	PLAN(c, "");
	c = change(C, NONE);
	PLAN(c, "k|T|");
}

TEST(attr, sizes)
{
	static const char *const split[] = { "k|T|m|", "t|T|r|", "r|T|" };
	static const char *const merge[] = { "k|T|m|", "r|T|u|", "r|T|" };
	static const char *const split_change[] = { "k|T|ca|m|", "t|T|rk|T|ca|m|", "rk|T|ca|m|" };
	static const char *const change_merge[] = { "k|T|ca|m|", "k|T|ca|mr|T|u|", "k|T|ca|mr|T|" };
	static const char *const split_gone[] = { "k|T|m|", "t|T|rk|T|", "rk|T|" };
	static const char *const new_merge[] = { "k|T|m|", "mr|T|u|", "mr|T|" };
	struct inval_attr_change c;
	uint32_t i;

	for (i = 0; i < 3U; i++) {
		c = change(C, C);
		c.cpu_bbm = (uint8_t)i;
		c.resize = INVAL_RESIZE_SPLIT;
		PLAN(c, split[i]);
		c.resize = INVAL_RESIZE_MERGE;
		PLAN(c, merge[i]);
		c.alias = INVAL_ALIAS_CACHEABLE;
		c.to.mem = N;
		PLAN(c, change_merge[i]);
		c.resize = INVAL_RESIZE_SPLIT;
		PLAN(c, split_change[i]);
		c.to.mem = NONE;
		PLAN(c, split_gone[i]);
		c.to.mem = C;
		c.from.mem = NONE;
		c.resize = INVAL_RESIZE_MERGE;
		PLAN(c, new_merge[i]);
	}
	c = change(C, C);
	c.resize = INVAL_RESIZE_SPLIT;
	c.smmu = true;
	c.cpu_bbm = 2;
	c.smmu_bbm = 1;
	PLAN(c, "t|TS|r|");
	c.smmu_bbm = 0;
	PLAN(c, "k|TS|m|");
	c.cpu = false;
	c.smmu_bbm = 2;
	PLAN(c, "r|S|");
}

TEST(attr, stage_2)
{
	struct inval_attr_change c = change(NONE, C);

	c.stage2 = true;
	c.fwb = true;
	PLAN(c, "m|");
	c.fwb = false;
	PLAN(c, "EOPNOTSUPP");
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "ca|m|");
	c = change(C, NONE);
	c.stage2 = true;
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "k|T|");
	c.keep = true;
	PLAN(c, "k|T|fa|");
	c.fwb = true;
	PLAN(c, "k|T|");
	c = change(C, N);
	c.stage2 = true;
	c.fwb = true;
	PLAN(c, "EOPNOTSUPP");
	c.alias = INVAL_ALIAS_UNCACHED;
	PLAN(c, "k|T|fa|m|");
}

TEST(attr, code)
{
	struct inval_attr_change c = change(NONE, C);

	c.exec = true;
	PLAN(c, "m|pn|xn|");
	c.pipt = true;
	PLAN(c, "m|pn|xn|");
	c.alias = INVAL_ALIAS_CACHEABLE;
	PLAN(c, "pa|xa|m|");
	c.pipt = false;
	PLAN(c, "m|pn|xn|");
	c.idc = true;
	PLAN(c, "m|xn|");
	c.dic = true;
	PLAN(c, "m|");
	c.idc = false;
	PLAN(c, "pa|m|");
	c.dic = false;
	c.stage2 = true;
	PLAN(c, "ca|X|m|");
	c.fwb = true;
	PLAN(c, "pa|X|m|");
	c.pipt = true;
	PLAN(c, "pa|xa|m|");
	c.cpu = false;
	c.smmu = true;
	PLAN(c, "EINVAL");
	c = change(C, C);
	c.exec = true;
	c.resize = INVAL_RESIZE_SPLIT;
	PLAN(c, "k|T|m|");
}

TEST(attr, reasons)
{
	struct inval_attr_change c = change(C, N);
	struct inval_plan plan;

	c.resize = INVAL_RESIZE_SPLIT;
	c.cpu_bbm = 2;
	CHECK(inval_attr_plan(&plan, &c) == 0 && plan.num == 9U, "%s", letters(&c));
	/* rk|T|m|fn| */
	CHECK(plan.step[0].why == INVAL_WHY_SIZE && plan.step[1].why == INVAL_WHY_LIVE &&
	      plan.step[2].why == INVAL_WHY_SEEN && plan.step[3].why == INVAL_WHY_LIVE &&
	      plan.step[5].why == INVAL_WHY_NEW && plan.step[7].why == INVAL_WHY_DIRTY &&
	      plan.step[8].why == INVAL_WHY_SEEN, "C to N");
	c = change(N, C);
	c.alias = INVAL_ALIAS_CACHEABLE;
	c.exec = true;
	CHECK(inval_attr_plan(&plan, &c) == 0, "N to C");
	/* k|T|ia|m|xn| */
	CHECK(plan.step[4].why == INVAL_WHY_STALE && plan.step[8].why == INVAL_WHY_CODE, "N to C");
	c = change(C, C);
	c.to.share = INVAL_SHARE_OUTER;
	CHECK(inval_attr_plan(&plan, &c) == 0 && plan.step[6].why == INVAL_WHY_SHARE, "wider");
	c = change(C, NONE);
	CHECK(inval_attr_plan(&plan, &c) == 0 && plan.step[0].why == INVAL_WHY_GONE, "gone");
	c = change(NONE, C);
	c.resize = INVAL_RESIZE_MERGE;
	CHECK(inval_attr_plan(&plan, &c) == 0 && plan.step[0].why == INVAL_WHY_SIZE, "merge");
}

/* The @n-th of all changes; false when there are no more. */
static bool nth(struct inval_attr_change *c, uint32_t n)
{
	uint32_t bits;

	memset(c, 0, sizeof(*c));
	c->from.mem = (enum inval_mem)(n % 4U);
	c->from.share = (enum inval_share)(n / 4U % 3U);
	c->to.mem = (enum inval_mem)(n / 12U % 4U);
	c->to.share = (enum inval_share)(n / 48U % 3U);
	c->alias = (enum inval_alias)(n / 144U % 3U);
	c->resize = (enum inval_resize)(n / 432U % 3U);
	c->cpu_bbm = (uint8_t)(n / 1296U % 3U);
	c->smmu_bbm = (uint8_t)(n / 3888U % 3U);
	bits = n / 11664U;
	c->keep = (bits & 1U) != 0U;
	c->exec = (bits & 2U) != 0U;
	c->stage2 = (bits & 4U) != 0U;
	c->fwb = (bits & 8U) != 0U;
	c->idc = (bits & 16U) != 0U;
	c->dic = (bits & 32U) != 0U;
	c->pipt = (bits & 64U) != 0U;
	c->cpu = (bits & 128U) == 0U;
	c->smmu = (bits & 256U) != 0U;
	return bits < 512U;
}

static bool impossible(const struct inval_attr_change *c)
{
	return (!c->cpu && (!c->smmu || c->exec)) ||
	       (c->resize == INVAL_RESIZE_SPLIT && c->from.mem == NONE) ||
	       (c->resize == INVAL_RESIZE_MERGE && c->to.mem == NONE);
}

/* Which TLBs each BREAK is followed by, and whether anything changes a live entry. */
static void check_plan(const struct inval_attr_change *c, const struct inval_plan *plan, uint32_t n)
{
	uint32_t i, breaks = 0, makes = 0, cpu = 0, smmu = 0;

	for (i = 0; i < plan->num; i++) {
		breaks += plan->step[i].step == INVAL_STEP_BREAK ? 1U : 0U;
		makes += plan->step[i].step == INVAL_STEP_MAKE ? 1U : 0U;
		cpu += plan->step[i].step == INVAL_STEP_TLBI_CPU ? 1U : 0U;
		smmu += plan->step[i].step == INVAL_STEP_TLBI_SMMU ? 1U : 0U;
		CHECK(plan->step[i].via != INVAL_VIA_ALIAS || c->alias != INVAL_ALIAS_NONE, "%u", n);
		CHECK(plan->step[i].via != INVAL_VIA_NEW || (makes == 1U && c->cpu && !c->stage2),
		      "change %u goes through what is not there", n);
	}
	CHECK(breaks <= 1U && makes <= 1U && (!c->cpu || !c->smmu || cpu == smmu), "change %u", n);
	CHECK((c->cpu || cpu == 0U) && (c->smmu || smmu == 0U), "change %u: TLBs of nobody", n);
	if (c->from.mem != NONE && (c->from.mem != c->to.mem || c->from.share != c->to.share))
		CHECK(breaks == 1U && cpu + smmu >= 1U, "change %u without a break", n);
	CHECK(plan->num == 0U || plan->step[plan->num - 1U].step == INVAL_STEP_BARRIER, "%u", n);
}

TEST(attr, every_change)
{
	struct inval_attr_change c;
	struct inval_plan plan, none;
	uint32_t n, most = 0, refused = 0;
	int err;

	memset(&none, 0, sizeof(none));
	for (n = 0; nth(&c, n); n++) {
		memset(&plan, 0, sizeof(plan));
		err = inval_attr_plan(&plan, &c);
		CHECK((err == -INVAL_EINVAL) == impossible(&c), "change %u: %d", n, err);
		if (err != 0) {
			CHECK(memcmp(&plan, &none, sizeof(plan)) == 0, "change %u: written", n);
			CHECK(err == -INVAL_EINVAL || (err == -INVAL_EOPNOTSUPP &&
						       c.alias == INVAL_ALIAS_NONE), "%u", n);
			refused += err == -INVAL_EOPNOTSUPP ? 1U : 0U;
			continue;
		}
		CHECK(plan.num <= INVAL_ATTR_STEPS, "change %u: %u steps", n, plan.num);
		most = plan.num > most ? plan.num : most;
		check_plan(&c, &plan, n);
	}
	CHECK(most == INVAL_ATTR_STEPS, "%u steps at most", most);
	CHECK(refused > 100000U && refused < n / 4U, "%u of %u refused", refused, n);
}

TEST(attr, values_out_of_range)
{
	struct inval_attr_change c;
	struct inval_plan plan;
	uint32_t i;

	for (i = 0; i < 10U; i++) {
		c = change(C, N);
		c.smmu = true;
		if (i < 2U)
#ifdef __cplusplus
			c.resize = (enum inval_resize)3;	/* no enum inval_mem can be 4 */
#else
			*(i == 0U ? &c.from.mem : &c.to.mem) = (enum inval_mem)4;
#endif
		else if (i == 2U)
			c.from.share = (enum inval_share)3;
		else if (i == 3U)
			c.to.share = (enum inval_share)3;
		else if (i == 4U)
			c.alias = (enum inval_alias)3;
		else if (i == 5U)
			c.resize = (enum inval_resize)3;
		else if (i == 8U)
			c.cpu_bbm = 3;
		else if (i == 9U)
			c.smmu_bbm = 3;
		else
			c.cpu_bbm = c.smmu_bbm = 3;
		c.cpu = i != 7U;
		CHECK(inval_attr_plan(&plan, &c) == -INVAL_EINVAL, "value %u", i);
	}
}

/* A machine at rest with a mapping like @from, and what cannot change meanwhile. */
static void machine(struct cm *m, const struct inval_attr_change *c, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->state = seed;
	m->walks[0] = c->cpu;
	m->walks[1] = c->smmu;
	m->level = 2;
	if (c->cpu)
		m->level = c->cpu_bbm;
	if (c->smmu && c->smmu_bbm < m->level)
		m->level = c->smmu_bbm;
	m->idc = c->idc;
	m->dic = c->dic;
	m->pipt = c->pipt;
	m->may_bypass = c->stage2 && !c->fwb;
	m->bypasses = cm_chance(m, 2) == 0U;
	m->exec = c->exec;
	m->alias = c->alias;
	m->alias_share = c->from.mem == C ? c->from.share : c->to.mem == C ? c->to.share : IN;
	m->table.map = c->from;
	m->table.valid = c->from.mem != NONE;
	m->table.block = c->resize == INVAL_RESIZE_SPLIT;
	m->used = true;
	m->stores = m->truth = 1;
	m->memory = 1;
	m->fetched = c->exec && !c->dic && cm_chance(m, 2) == 0U;
}

/* What the owner stores where nothing is mapped: it is in the caches that are its. */
static void owner_stores(struct cm *m, enum inval_share share)
{
	if (m->alias == INVAL_ALIAS_CACHEABLE || !m->unknown)
		cm_store(m, &m->line[m->alias == INVAL_ALIAS_CACHEABLE ? m->alias_share : share]);
}

/* The plan without step @skip; the first fault, or NULL. */
static const char *run(struct cm *m, const struct inval_attr_change *c, uint32_t skip)
{
	struct inval_plan plan;
	bool lost = c->to.mem == NONE && !c->keep && inval_attr_bypasses(c, &c->from);
	bool block = c->resize == INVAL_RESIZE_MERGE ||
		     (c->resize == INVAL_RESIZE_NONE && m->table.block);
	bool quiet = false, code = c->exec && c->to.mem != NONE &&
		    (c->from.mem != c->to.mem || c->from.share != c->to.share);
	uint32_t i;

	if (inval_attr_plan(&plan, c) != 0)
		return "no plan";
	m->alias_executed = c->alias != INVAL_ALIAS_NONE &&
			    (c->from.mem == NONE || c->to.mem == C ||
			     (c->from.mem == C && !(m->may_bypass && m->bypasses)));
	for (i = 0; i < plan.num; i++)
		quiet = quiet || (plan.step[i].via == INVAL_VIA_NEW &&
				  plan.step[i].step != INVAL_STEP_ICACHE &&
				  plan.step[i].step != INVAL_STEP_CLEAN_POU);
	for (i = 0; i < plan.num; i++)
		code = code && plan.step[i].via != INVAL_VIA_NEW;
	for (i = 0; i < plan.num && m->fault == NULL; i++) {
		cm_acts(m);
		m->used = m->used && !(quiet && plan.step[i].step == INVAL_STEP_MAKE);
		m->executed = m->executed || (code && plan.step[i].step == INVAL_STEP_MAKE);
		m->loads_only = m->loads_only || (c->exec && plan.step[i].step == INVAL_STEP_MAKE);
		if (i != skip)
			cm_step(m, c, &plan.step[i]);
	}
	cm_acts(m);
	cm_end(m, c, block);
	m->used = true;
	m->loads_only = false;
	m->executed = false;
	m->unknown = m->unknown || lost;
	for (i = 0; c->to.mem == NONE && i < CM_SHARES; i++) {
		if (m->line[i].valid)
			cm_load(m, m->line[i].value);
	}
	if (c->to.mem == NONE && !m->line[0].valid && !m->line[1].valid && !m->line[2].valid)
		cm_load(m, m->memory);
	return m->fault;
}

/* The next change from where the machine is; what it is made of stays. */
static void next_change(struct cm *m, struct inval_attr_change *c, enum inval_share *share)
{
	c->from = c->to;
	c->to.mem = (enum inval_mem)cm_chance(m, 4);
	c->keep = cm_chance(m, 2) == 0U;
	c->resize = (enum inval_resize)cm_chance(m, 3);
	if (m->table.block ? c->resize == INVAL_RESIZE_MERGE : c->resize == INVAL_RESIZE_SPLIT)
		c->resize = INVAL_RESIZE_NONE;
	if (c->from.mem == C && c->to.mem == C && c->alias != INVAL_ALIAS_CACHEABLE)
		*share = (enum inval_share)cm_chance(m, 3);
	c->to.share = c->to.mem == C ? *share : (enum inval_share)cm_chance(m, 3);
}

TEST(attr, random_changes_lose_nothing)
{
	uint32_t i, j, ran = 0, refused = 0;
	struct inval_attr_change c, was;
	enum inval_share share;
	struct inval_plan plan;
	uint64_t state = 1;
	struct cm m;

	for (i = 0; i < TEST_ROUNDS(60000U, 6000U); i++) {
		do {
			(void)nth(&c, (uint32_t)(test_random(&state) % (11664U * 512U)));
		} while (!c.cpu && (!c.smmu || c.exec));
		c.resize = INVAL_RESIZE_NONE;
		c.to = c.from;
		machine(&m, &c, test_random(&state));
		m.alias_share = share = c.from.mem == C ? c.from.share : IN;
		for (j = 0; j < 8U; j++) {
			cm_acts(&m);
			if (c.to.mem == NONE && cm_chance(&m, 2) == 0U)
				owner_stores(&m, share);
			was = c;
			next_change(&m, &c, &share);
			if (inval_attr_plan(&plan, &c) != 0) {
				refused++;
				c = was;
				share = c.to.mem == C ? c.to.share : share;
				continue;
			}
			ran++;
			m.alias_share = share;
			CHECK(run(&m, &c, UINT32_MAX) == NULL, "run %u, change %u (%u to %u, alias %u, "
			      "stage 2 %u, FWB %u): %s: %s", i, j, c.from.mem, c.to.mem, c.alias,
			      c.stage2, c.fwb, letters(&c), m.fault);
		}
	}
	CHECK(ran > TEST_ROUNDS(300000U, 30000U) && refused < ran, "%u changes, %u refused", ran, refused);
}

/* Runs of the change until a fault is found without that step. */
#define TRIES	20000U
/* Of each pair of attributes; a suite of its own can have more. */
#ifdef INVAL_TEST_LONG
#define NEEDED	200U
#else
#define NEEDED	TEST_ROUNDS(6U, 1U)
#endif

static bool found_without(const struct inval_attr_change *c, uint32_t skip, uint32_t tries)
{
	struct cm m;
	uint32_t i;

	for (i = 0; i < tries; i++) {
		machine(&m, c, i);
		if (c->from.mem == NONE && cm_chance(&m, 2) == 0U)
			owner_stores(&m, m.alias_share);
		cm_acts(&m);
		cm_acts(&m);
		cm_acts(&m);
		if (run(&m, c, skip) != NULL)
			return true;
		cm_acts(&m);
		if (m.fault != NULL)
			return true;
	}
	return false;
}

/*
 * The barrier between data and instruction caches is in every plan that has both; with
 * IDC fetches see what the clean has still to write, so nobody could tell.
 */
static bool nobody_could_tell(const struct inval_attr_change *c, const struct inval_plan *plan,
			      uint32_t i)
{
	return c->idc && plan->step[i].step == INVAL_STEP_BARRIER && i + 1U < plan->num &&
	       plan->step[i + 1U].step >= INVAL_STEP_ICACHE &&
	       plan->step[i - 1U].step >= INVAL_STEP_CLEAN;
}

TEST(attr, each_step_is_needed)
{
	uint32_t k, n, i, plans = 0, steps = 0;
	struct inval_attr_change c;
	struct inval_plan plan;
	uint64_t state = 4;

	/* All pairs and aliases, and of the rest some for each. */
	for (k = 0; k < 432U * NEEDED; k++) {
		n = k % 432U + 432U * (uint32_t)(test_random(&state) % (27U * 512U));
		(void)nth(&c, n);
		if (inval_attr_plan(&plan, &c) != 0 || plan.num == 0U ||
		    (c.alias == INVAL_ALIAS_CACHEABLE && c.from.mem == C && c.to.mem == C))
			continue;
		/* What is broken for the neighbours' sake is not on this machine. */
		if ((c.from.mem == NONE || c.to.mem == NONE) && c.resize != INVAL_RESIZE_NONE &&
		    inval_attr_bbm(&c) == 0U)
			continue;
		plans++;
		CHECK(!found_without(&c, UINT32_MAX, 100), "%s fails", letters(&c));
		for (i = 0; i < plan.num; i++) {
			if (nobody_could_tell(&c, &plan, i))
				continue;
			steps++;
			CHECK(found_without(&c, i, TRIES), "change %u, %u to %u, alias %u: %s: step %u is not needed",
			      n, c.from.mem, c.to.mem, c.alias, letters(&c), i);
		}
	}
	printf("%u plans, %u steps left out\n", plans, steps);
	CHECK(plans > 100U * NEEDED, "%u plans", plans);
}
