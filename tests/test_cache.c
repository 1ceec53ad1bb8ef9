/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cache.h
 * 1. For random ranges and line sizes, the ends of the address space among them:
 *    each line that the range touches is worked on once, ascending, and no other.
 * 2. An invalidate cleans, too, the lines that share a granule (CTR_EL0.CWG) with
 *    what lies beside the range, and no other: no byte outside is ever lost.
 * 3. A DSB before the first and after the last; 0 bytes do nothing at all.
 * 4. Data lines step by DminLine, instruction lines by IminLine; IDC and DIC leave
 *    out what they allow to, never the barriers: DSB between the cleaning and the
 *    instruction caches, DSB and ISB at the end.
 * 5. A plan of attr.h is run in its order, each step of its kind, through the mapping
 *    that it names, over the whole range; the embedder's steps are told to it; after
 *    an error nothing more is done.
 */
/* port: recording */
#include <inval/cache.h>

#include "test.h"

#define LINES	600U

static uint64_t ctr(uint32_t dline_lg2, uint32_t iline_lg2, uint32_t cwg, bool idc, bool dic)
{
	return 0x80000000U | (idc ? 1ULL << 28 : 0U) | (dic ? 1ULL << 29 : 0U) |
	       (uint64_t)cwg << 24 | (uint64_t)(dline_lg2 - 2U) << 16 | (iline_lg2 - 2U);
}

/* The naive answer: is this byte in the range? Differences, for ranges at the end. */
static bool inside(uint64_t byte, uint64_t va, uint64_t bytes)
{
	return byte - va < bytes;
}

static bool aligned_unit_inside(uint64_t byte, uint32_t unit_lg2, uint64_t va, uint64_t bytes)
{
	uint64_t unit = 1ULL << unit_lg2, first = byte & ~(unit - 1U);

	return inside(first, va, bytes) && inside(first + unit - 1U, va, bytes);
}

/* The log holds these lines and nothing else between its barriers. */
static void check_lines(enum rec_kind kind, enum rec_kind edge, uint32_t granule_lg2,
			uint32_t line_lg2, uint64_t va, uint64_t bytes)
{
	uint64_t line = 1ULL << line_lg2, at = va & ~(line - 1U);
	uint32_t i = 1;
	enum rec_kind want;

	CHECK(rec.events >= 2U && rec.log[0].kind == REC_DSB, "no DSB first");
	do {
		want = aligned_unit_inside(at, granule_lg2, va, bytes) ? kind : edge;
		CHECK(i < rec.events && rec.log[i].kind == want && rec.log[i].addr == at,
		      "0x%llx, 0x%llx bytes, line 2^%u: event %u", (unsigned long long)va,
		      (unsigned long long)bytes, line_lg2, i);
		at += line;
		i++;
	} while (inside(at, va, bytes));
	CHECK(rec.log[i].kind == REC_DSB && i + 1U == rec.events, "0x%llx, 0x%llx bytes: the end",
	      (unsigned long long)va, (unsigned long long)bytes);
}

static void one_range(uint64_t va, uint64_t bytes, uint32_t line_lg2, uint32_t cwg)
{
	uint32_t granule_lg2 = cwg == 0U ? 11U : cwg + 2U > line_lg2 ? cwg + 2U : line_lg2;

	rec.ctr_el0 = ctr(line_lg2, 4, cwg, false, false);
	rec_forget();
	inval_cache_clean(va, bytes);
	check_lines(REC_DC_CVAC, REC_DC_CVAC, 0, line_lg2, va, bytes);
	rec_forget();
	inval_cache_clean_inv(va, bytes);
	check_lines(REC_DC_CIVAC, REC_DC_CIVAC, 0, line_lg2, va, bytes);
	rec_forget();
	inval_cache_inv(va, bytes);
	check_lines(REC_DC_IVAC, REC_DC_CIVAC, granule_lg2, line_lg2, va, bytes);
	rec_forget();
	inval_cache_clean_pou(va, bytes);
	check_lines(REC_DC_CVAU, REC_DC_CVAU, 0, line_lg2, va, bytes);
}

TEST(cache, random_ranges)
{
	uint64_t state = 3, va, bytes;
	uint32_t i, line_lg2, cwg;

	rec_reset();
	for (i = 0; i < 3000U; i++) {
		line_lg2 = 4U + (uint32_t)(test_random(&state) % 8U);
		cwg = (uint32_t)(test_random(&state) % 10U);
		va = test_random(&state) >> (test_random(&state) % 60U);
		if (i % 3U == 0U)
			va &= ~0xfffULL;
		bytes = 1U + test_random(&state) % ((uint64_t)LINES << line_lg2);
		if (i % 5U == 0U)
			va = 0U - bytes;	/* to the last address */
		if (i % 7U == 0U)
			bytes = 1U + (bytes >> line_lg2) % 8U;
		if (va + (bytes - 1U) < va)
			continue;
		one_range(va, bytes, line_lg2, cwg);
	}
	CHECK(rec_done() == 0U, "misuse");
}

TEST(cache, small_ranges_around_lines)
{
	uint64_t va, end;

	rec_reset();
	for (va = 0xfe0; va <= 0x1040U; va++) {
		for (end = va + 1U; end <= 0x10c0U; end += 7U)
			one_range(va, end - va, 4, 3);
	}
	CHECK(rec_done() == 0U, "misuse");
}

TEST(cache, nothing)
{
	rec_reset();
	inval_cache_clean(0x1234, 0);
	inval_cache_clean_inv(0x1234, 0);
	inval_cache_inv(0x1234, 0);
	inval_cache_clean_pou(0x1234, 0);
	inval_cache_icache(0x1234, 0);
	CHECK(rec.events == 0U, "%u events", rec.events);
	CHECK(rec_done() == 0U, "misuse");
}

/* What the log must be, as letters: D DSB, I ISB, c CVAU, i IVAU. */
static void check_code(const char *want, bool idc, bool dic)
{
	char seen[64];
	uint32_t i;

	rec.ctr_el0 = ctr(6, 5, 4, idc, dic);
	rec_forget();
	inval_cache_code(0x1010, 0x40);
	for (i = 0; i < rec.events && i < 63U; i++)
		seen[i] = rec.log[i].kind == REC_DSB ? 'D' : rec.log[i].kind == REC_ISB ? 'I' :
			  rec.log[i].kind == REC_DC_CVAU ? 'c' :
			  rec.log[i].kind == REC_IC_IVAU ? 'i' : '?';
	seen[i] = '\0';
	CHECK(strcmp(seen, want) == 0, "IDC %u, DIC %u: %s, not %s", idc, dic, seen, want);
	for (i = 0; i < rec.events; i++) {
		CHECK(rec.log[i].kind != REC_IC_IVAU || rec.log[i].addr % 32U == 0U, "IminLine");
		CHECK(rec.log[i].kind != REC_DC_CVAU || rec.log[i].addr % 64U == 0U, "DminLine");
	}
	rec_forget();
	inval_cache_icache(0x1010, 0x40);
	CHECK(rec_total(REC_DC_CVAU) == 0U && rec_total(REC_IC_IVAU) == (dic ? 0U : 3U), "icache");
}

TEST(cache, code)
{
	rec_reset();
	check_code("DccDiiiDI", false, false);
	check_code("DiiiDI", true, false);
	check_code("DccDI", false, true);
	check_code("DI", true, true);
	CHECK(rec_done() == 0U, "misuse");
}

/* What the embedder is told, and when it refuses. */
static enum inval_step told[INVAL_ATTR_STEPS];
static uint32_t tells, refuse_at;

static int others(void *arg, enum inval_step step)
{
	CHECK(arg == &tells, "another argument");
	rec_log(REC_TRACE, 0xabcd, step);
	told[tells] = step;
	return ++tells == refuse_at ? -INVAL_ETIMEDOUT : 0;
}

#define ALIAS	0x40000000U
#define NEW	0x80000000U

static void add(struct inval_plan *plan, enum inval_step step, enum inval_via via)
{
	plan->step[plan->num].step = step;
	plan->step[plan->num].via = via;
	plan->step[plan->num].why = INVAL_WHY_SEEN;
	plan->num++;
}

TEST(cache, run)
{
	static const struct inval_cache_where where = { ALIAS, NEW, 4096 };
	static const struct {
		enum inval_step step;
		enum rec_kind kind;
	} by_address[] = {
		{ INVAL_STEP_CLEAN, REC_DC_CVAC }, { INVAL_STEP_CLEAN_INV, REC_DC_CIVAC },
		{ INVAL_STEP_INV, REC_DC_IVAC }, { INVAL_STEP_CLEAN_POU, REC_DC_CVAU },
		{ INVAL_STEP_ICACHE, REC_IC_IVAU }
	};
	struct inval_plan plan;
	uint32_t i, at;
	uint64_t va;

	rec_reset();
	rec.ctr_el0 = ctr(6, 6, 4, false, false);
	for (i = 0; i < 10U; i++) {
		va = i < 5U ? ALIAS : NEW;
		plan.num = tells = refuse_at = 0;
		add(&plan, INVAL_STEP_BREAK, INVAL_VIA_NONE);
		add(&plan, INVAL_STEP_BARRIER, INVAL_VIA_NONE);
		add(&plan, by_address[i % 5U].step, i < 5U ? INVAL_VIA_ALIAS : INVAL_VIA_NEW);
		add(&plan, INVAL_STEP_MAKE, INVAL_VIA_NONE);
		rec_forget();
		CHECK(inval_cache_run(&plan, &where, others, &tells) == 0, "step %u", i);
		CHECK(tells == 2U && told[0] == INVAL_STEP_BREAK && told[1] == INVAL_STEP_MAKE,
		      "step %u: %u told", i, tells);
		CHECK(rec.log[0].kind == REC_TRACE && rec.log[1].kind == REC_DSB &&
		      rec.log[2].kind == REC_ISB, "step %u: the barrier", i);
		at = rec_next_at(by_address[i % 5U].kind, va, 3);
		CHECK(at != REC_NONE && at < rec_next(REC_TRACE, 1) && rec.log[at + 63U].addr ==
		      va + 63U * 64U && rec_total(by_address[i % 5U].kind) == 64U, "step %u", i);
		CHECK(rec_next(REC_TRACE, 1) == rec.events - 1U, "step %u: MAKE is not the last", i);
	}
	CHECK(rec_done() == 0U, "misuse");
}

TEST(cache, run_ends_at_an_error)
{
	static const struct inval_cache_where where = { ALIAS, NEW, 4096 };
	struct inval_attr_change c;
	struct inval_plan plan;
	uint32_t i;

	rec_reset();
	memset(&c, 0, sizeof(c));
	c.from.mem = INVAL_MEM_CACHEABLE;
	c.to.mem = INVAL_MEM_UNCACHED;
	c.alias = INVAL_ALIAS_CACHEABLE;
	c.cpu = c.smmu = true;
	CHECK(inval_attr_plan(&plan, &c) == 0, "plan");
	for (i = 1; i <= 4U; i++) {
		tells = 0;
		refuse_at = i;
		rec_forget();
		CHECK(inval_cache_run(&plan, &where, others, &tells) == -INVAL_ETIMEDOUT, "error %u", i);
		CHECK(tells == i && rec.log[rec.events - 1U].kind == REC_TRACE, "after error %u", i);
		CHECK((rec_total(REC_DC_CVAC) != 0U) == (i == 4U), "error %u: cleaned", i);
	}
	CHECK(rec_done() == 0U, "misuse");
}
