/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * range.h
 *
 * The judge of coverage is a set of 4 KB pages that this file builds from the
 * words by its own reading of the field layout: bitmaps for small ranges,
 * interval lists for all others. Legality is also judged by rules/rules.h.
 *
 * TLBI pieces, for each granule, descriptor size, leaf size, Leaf, RIL, DS, "one":
 *  1. Exactly the asked pages are named, rounded outwards to the granule (to the
 *     leaf, where commands step by it or have a TTL hint). "One": up to 1/16 more.
 *  2. No reserved form, no misaligned address, no SCALE beyond the SMMU's, no
 *     piece past 2^64; a range that ends exactly there is cut like any other.
 *  3. The iterator ends after inval_range_count() pieces, and stays at its end.
 *  4. The number of commands is the least of all covers by (NUM + 1) << SCALE,
 *     overlapping or not: equal to dynamic programming for 1 to 2^16 pages, also
 *     where SCALE is short; for 10^5 random sizes up to 2^36 equal to the bound
 *     "1 if some NUM and SCALE give the size, else 2". Covers that name no page
 *     twice never need fewer.
 *  5. "One" gives one command, unless that passes 2^64 or the largest SCALE.
 *  6. Hints: for leaf changes only, the level of the leaf (of the entries of a
 *     contiguous set), TTL128 with it; none for level 0, nor for 16 KB level 1
 *     without DS.
 *  7. Size 0 and all ones are everything; wrong arguments are refused; both
 *     leave an iterator with nothing in it.
 * CPU operands:
 *  8. Exactly the asked pages are named; TTL is 0; ranges start on BaseADDR's
 *     unit; what BaseADDR or VA cannot name is answered with "everything".
 *  9. As many operations as inval_range_cpu_count() says; least of all that name
 *     no page twice, by dynamic programming, with and without 64 KB units.
 * ATC spans:
 * 10. Each asked page is covered, spans are aligned, legal, not below the STU,
 *     and at most as many as allowed.
 * 11. No other spans cover less: brute force, all ranges in 128 units and random
 *     ones up to 2^52; so under 2, 1.5 and 4/3 times for 2, 3 and 4 spans.
 */
#include <inval/range.h>

#include "rules/rules.h"
#include "test.h"

#define PAGES_LG2	52	/* the address space, in 4 KB pages */
#define MAX_PIECES	70000
#define KIB		1024ULL
#define MIB		(1024ULL * KIB)
#define GIB		(1024ULL * MIB)
#define TIB		(1024ULL * GIB)

typedef unsigned long long ull;

/* Entry sizes by level 3, 2, 1, 0 (IHI 0070, 4.4.1.1; DDI 0487, chapter D8): 64 and 128 bits. */
static const uint8_t entry_lg2[2][3][4] = {
	{ { 12, 21, 30, 39 }, { 14, 25, 36, 47 }, { 16, 29, 42, 55 } },
	{ { 12, 20, 28, 36 }, { 14, 24, 34, 44 }, { 16, 28, 40, 52 } },
};

struct page_run {
	uint64_t first, last;	/* 4 KB pages */
};

static struct page_run runs[MAX_PIECES];
static size_t num_runs;

static uint64_t bits(uint64_t word, unsigned int msb, unsigned int lsb)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = msb + 1; i-- > lsb;)
		value = value * 2 + ((word >> i) & 1);
	return value;
}

static int run_cmp(const void *a, const void *b)
{
	const struct page_run *x = (const struct page_run *)a;
	const struct page_run *y = (const struct page_run *)b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static struct inval_range_req request(uint64_t addr, uint64_t bytes, unsigned int granule_lg2,
				      unsigned int leaf_lg2, bool leaf)
{
	struct inval_range_req req;

	req.addr = addr;
	req.bytes = bytes;
	req.granule_lg2 = (uint8_t)granule_lg2;
	req.leaf_lg2 = (uint8_t)leaf_lg2;
	req.leaf = leaf;
	req.d128 = false;
	return req;
}

static struct inval_range_how features(bool ril, bool ds, bool one)
{
	struct inval_range_how how;

	how.ril = ril;
	how.ds = ds;
	how.one = one;
	return how;
}

/* ------------------------------------------------------------------ *
 * The judge of TLBI pieces
 * ------------------------------------------------------------------ */

/* A text that names the case, for messages. */
static const char *name_of(const struct inval_range_req *req, const struct inval_range_how *how)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 "addr %#llx bytes %#llx granule %u leaf %u%s%s, ril %d ds %d one %d",
		 (ull)req->addr, (ull)req->bytes, req->granule_lg2, req->leaf_lg2,
		 req->leaf ? " Leaf" : "", req->d128 ? " d128" : "", how->ril, how->ds, how->one);
	return text;
}

static unsigned int granule_index(const struct inval_range_req *req)
{
	return (req->granule_lg2 - 12u) / 2u;
}

/* Which level holds the leaves? -1: no size given. */
static int leaf_level(const struct inval_range_req *req)
{
	const uint8_t *sizes = entry_lg2[req->d128][granule_index(req)];
	int i;

	if (req->leaf_lg2 == 0)
		return -1;
	for (i = 3; i > 0; i--)
		if (sizes[i] <= req->leaf_lg2)
			break;
	return 3 - i;
}

static int hint_level(const struct inval_range_req *req, const struct inval_range_how *how)
{
	int level = leaf_level(req);

	if (!how->ril || !req->leaf || level <= 0)
		return 0;
	if (req->granule_lg2 == 14 && level == 1 && !how->ds)
		return 0;
	return level;
}

/* What the range is rounded outwards to. */
static unsigned int unit_of(const struct inval_range_req *req, const struct inval_range_how *how)
{
	int level = leaf_level(req);

	if (level < 0 || (how->ril && hint_level(req, how) == 0))
		return req->granule_lg2;
	return entry_lg2[req->d128][granule_index(req)][3 - level];
}

static struct rules_env env_of(const struct inval_range_how *how, bool d128)
{
	struct rules_env env;

	memset(&env, 0, sizeof(env));
	env.aidr = 4;
	env.idr0 = 1u << 0 | 1u << 1 | 1u << 10 | 1u << 12 | 1u << 18;
	env.idr1 = 32;
	env.idr3 = how->ril ? 1u << 10 : 0;
	env.idr5 = (how->ds ? 1u << 7 : 0) | (d128 ? 1u << 8 : 0);
	env.sec = RULES_NS;
	return env;
}

/* One command: are its words what this request may give? Adds its pages. */
static void judge_piece(const struct inval_range_req *req, const struct inval_range_how *how,
			const struct inval_range_piece *piece)
{
	struct rules_env env = env_of(how, req->d128);
	uint64_t tg = bits(piece->d1, 11, 10), ttl = bits(piece->d1, 9, 8);
	uint64_t num = bits(piece->d0, 16, 12), scale = bits(piece->d0, 25, 20);
	uint64_t page = bits(piece->d1, 63, 12), pages;
	unsigned int unit_lg2 = unit_of(req, how);

	CHECK((piece->d0 & ~0x03f1f000ULL) == 0, "%s: d0 %#llx", name_of(req, how), (ull)piece->d0);
	CHECK(bits(piece->d1, 6, 1) == 0, "%s: d1 %#llx", name_of(req, how), (ull)piece->d1);
	CHECK(bits(piece->d1, 0, 0) == req->leaf, "%s: Leaf", name_of(req, how));
	CHECK(rules_violated(&env, piece->d0 | 0x12, piece->d1) == 0, "%s: %#llx %#llx breaks rule %d",
	      name_of(req, how), (ull)piece->d0, (ull)piece->d1,
	      (int)rules_violated(&env, piece->d0 | 0x12, piece->d1));
	CHECK(page % ((uint64_t)1 << (unit_lg2 - 12)) == 0, "%s: address %#llx not on its unit",
	      name_of(req, how), (ull)piece->d1);
	if (tg == 0) {
		CHECK(piece->d0 == 0 && ttl == 0 && bits(piece->d1, 7, 7) == 0,
		      "%s: a range without TG", name_of(req, how));
		CHECK(hint_level(req, how) == 0, "%s: the hint is missing", name_of(req, how));
		pages = (uint64_t)1 << (unit_lg2 - 12);
	} else {
		CHECK(how->ril && tg == granule_index(req) + 1, "%s: TG", name_of(req, how));
		CHECK(ttl == (uint64_t)hint_level(req, how), "%s: TTL %d", name_of(req, how), (int)ttl);
		CHECK(bits(piece->d1, 7, 7) == (ttl != 0 && req->d128), "%s: TTL128",
		      name_of(req, how));
		CHECK(num + scale + ttl != 0, "%s: the reserved form", name_of(req, how));
		CHECK(scale <= (how->ds ? 39u : 31u), "%s: SCALE %d", name_of(req, how), (int)scale);
		pages = ((num + 1) << scale) << (req->granule_lg2 - 12);
		CHECK(pages % ((uint64_t)1 << (unit_lg2 - 12)) == 0, "%s: half a leaf",
		      name_of(req, how));
	}
	CHECK(pages <= ((uint64_t)1 << PAGES_LG2) - page, "%s: passes 2^64", name_of(req, how));
	runs[num_runs].first = page;
	runs[num_runs].last = page + pages - 1;
	num_runs++;
}

/* Is the union of the runs all of first to last, and nothing else? Returns the end. */
static uint64_t runs_end(uint64_t first, const char *name)
{
	uint64_t next = first;
	size_t i;

	qsort(runs, num_runs, sizeof(runs[0]), run_cmp);
	CHECK(num_runs != 0 && runs[0].first == first, "%s: wrong first page", name);
	for (i = 0; i < num_runs; i++) {
		CHECK(runs[i].first <= next, "%s: page %#llx is missing", name, (ull)next);
		if (runs[i].last >= next)
			next = runs[i].last + 1;
	}
	return next - 1;
}

/* Cut a range that is neither wrong nor everything, judge all of it; how many commands? */
static uint64_t judge(const struct inval_range_req *req, const struct inval_range_how *how)
{
	unsigned int unit_lg2 = unit_of(req, how) - 12;
	uint64_t first = req->addr >> 12 >> unit_lg2 << unit_lg2;
	uint64_t last = (req->addr + (req->bytes - 1)) >> 12 | (((uint64_t)1 << unit_lg2) - 1);
	struct inval_range it;
	struct inval_range_piece piece;
	uint64_t count, n, end;

	CHECK(inval_range_start(&it, req, how) == 0, "%s: refused", name_of(req, how));
	count = inval_range_count(&it);
	num_runs = 0;
	if (count > 130 && !how->ril) {
		/* One command per unit: too many to look at all. */
		CHECK(count == ((last - first) >> unit_lg2) + 1, "%s: %llu commands",
		      name_of(req, how), (ull)count);
		for (n = 0; n < 64; n++) {
			CHECK(inval_range_next(&it, &piece), "%s: ends early", name_of(req, how));
			judge_piece(req, how, &piece);
		}
		end = runs_end(first, name_of(req, how));
		CHECK(end == first + ((uint64_t)64 << unit_lg2) - 1, "%s: wrong steps",
		      name_of(req, how));
		return count;
	}
	for (n = 0; inval_range_next(&it, &piece); n++) {
		CHECK(n < count, "%s: more than %llu commands", name_of(req, how), (ull)count);
		CHECK(inval_range_count(&it) == count - n - 1, "%s: count after %llu",
		      name_of(req, how), (ull)n);
		judge_piece(req, how, &piece);
	}
	CHECK(n == count, "%s: %llu commands, not %llu", name_of(req, how), (ull)n, (ull)count);
	piece.d0 = 1;
	CHECK(!inval_range_next(&it, &piece) && piece.d0 == 1, "%s: goes on", name_of(req, how));
	end = runs_end(first, name_of(req, how));
	if (how->one && how->ril)
		CHECK(end >= last && (end - last) * 16 <= last - first + 1, "%s: ends at %#llx",
		      name_of(req, how), (ull)end);
	else
		CHECK(end == last, "%s: ends at page %#llx", name_of(req, how), (ull)end);
	return count;
}

static uint64_t judge_with(struct inval_range_req req, struct inval_range_how how)
{
	return judge(&req, &how);
}

/* All kinds of requests and SMMUs; addr and bytes are the caller's. */
#define KINDS (3 * 2 * 9 * 2 * 2 * 2 * 2)
static void kind(unsigned int n, struct inval_range_req *req, struct inval_range_how *how)
{
	/* Not known, the four levels, contiguous sets, and what is no size at all. */
	const uint8_t *sizes;
	unsigned int which;

	req->granule_lg2 = (uint8_t)(12 + 2 * (n % 3));
	n /= 3;
	req->d128 = n % 2 == 1;
	n /= 2;
	which = n % 9;
	n /= 9;
	req->leaf = n % 2 == 1;
	how->ril = n / 2 % 2 == 1;
	how->ds = n / 4 % 2 == 1;
	how->one = n / 8 % 2 == 1;
	sizes = entry_lg2[req->d128][granule_index(req)];
	req->leaf_lg2 = 0;
	if (which >= 1 && which <= 4)
		req->leaf_lg2 = sizes[which - 1];
	if (which >= 5 && which <= 7)
		req->leaf_lg2 = (uint8_t)(sizes[which - 5] + 4);
	if (which == 8)
		req->leaf_lg2 = 63;
}

/* Sizes of every order of magnitude, often near a power of two; addresses likewise. */
static uint64_t random_size(uint64_t *seed)
{
	uint64_t r = test_random(seed) >> (test_random(seed) % 64);

	switch (test_random(seed) % 4) {
	case 0:
		return (uint64_t)1 << (r % 64);
	case 1:
		return ((uint64_t)1 << (r % 64)) - (test_random(seed) % 3 << 12);
	default:
		return r;
	}
}

static uint64_t random_addr(uint64_t *seed)
{
	uint64_t r = random_size(seed);

	return test_random(seed) % 3 == 0 ? 0 - r : r;
}

TEST(range, any_request)
{
	struct inval_range_req req = request(0, 0, 12, 0, false);
	struct inval_range_how how = features(false, false, false);
	struct inval_range it;
	uint64_t seed = 1;
	unsigned int n, i;
	int rc;

	for (i = 0; i < 60; i++) {
		for (n = 0; n < KINDS; n++) {
			kind(n, &req, &how);
			req.addr = random_addr(&seed);
			req.bytes = random_size(&seed);
			if (test_random(&seed) % 8 == 0)
				req.bytes = 0 - req.addr;
			rc = inval_range_start(&it, &req, &how);
			if (req.bytes == 0 || req.bytes == UINT64_MAX) {
				CHECK(rc == INVAL_RANGE_ALL, "%s: %d", name_of(&req, &how), rc);
			} else if (req.addr != 0 && req.bytes > 0 - req.addr) {
				CHECK(rc == -INVAL_EINVAL, "%s: %d", name_of(&req, &how), rc);
			} else if (!how.ril || inval_range_count(&it) <= 300) {
				judge(&req, &how);
			}
		}
	}
}

/* A page set with one bit per page, against each page on its own. */
TEST(range, small_ranges_page_by_page)
{
	static uint8_t page_set[512];
	struct inval_range_req req;
	struct inval_range_how how;
	struct inval_range it;
	struct inval_range_piece piece;
	uint64_t page, at, bytes;
	unsigned int g, start, len, k, scale;

	for (k = 0; k < 3 * 2 * 2; k++) {
		g = k % 3;
		for (start = 0; start < 20; start++) {
			for (len = 1; len <= 150; len++) {
				req = request((uint64_t)start << (12 + 2 * g), (uint64_t)len << (12 + 2 * g),
					      12 + 2 * g, k / 3 % 2 ? 12 + 2 * g : 0, true);
				how = features(true, k / 6 % 2 == 1, false);
				memset(page_set, 0, sizeof(page_set));
				CHECK(inval_range_start(&it, &req, &how) == 0, "refused");
				while (inval_range_next(&it, &piece)) {
					scale = (unsigned int)(piece.d0 >> 20 & 0x3f);
					bytes = ((piece.d0 >> 12 & 0x1f) + 1) << scale << (12 + 2 * g);
					at = piece.d1 & ~0xfffULL;
					for (page = 0; page < sizeof(page_set); page++)
						if (page << (12 + 2 * g) >= at &&
						    page << (12 + 2 * g) < at + bytes)
							page_set[page] = 1;
				}
				for (page = 0; page < sizeof(page_set); page++)
					CHECK(page_set[page] == (page >= start && page < start + len),
					      "%s: page %u", name_of(&req, &how), (unsigned int)page);
			}
		}
	}
}

/* Each byte offset near page borders; ends at each byte of the last pages. */
TEST(range, unaligned)
{
	static const uint32_t offsets[] = { 0, 1, 0x7ff, 0xffe, 0xfff };
	unsigned int g, i, j, n;

	for (g = 12; g <= 16; g += 2) {
		for (i = 0; i < 5; i++) {
			for (j = 0; j < 5; j++) {
				for (n = 0; n < 70; n++) {
					judge_with(request(0x40000000ULL + offsets[i],
							   ((uint64_t)n << g) + offsets[j] + 1, g, 0, n % 2 == 1),
						   features(n % 3 != 0, false, false));
				}
			}
		}
	}
	CHECK(judge_with(request(0xfff, 2, 12, 0, false), features(false, false, false)) == 2,
	      "2 bytes on two pages");
	CHECK(judge_with(request(0x1234, 1, 12, 12, true), features(true, false, false)) == 1,
	      "one byte");
	CHECK(judge_with(request(0x1ff000, 0x2000, 12, 21, true), features(true, false, false)) == 1,
	      "two halves of two blocks are two blocks: one command");
	CHECK(judge_with(request(0x1ff000, 0x2000, 12, 21, true), features(false, false, false)) == 2,
	      "two halves of two blocks without RIL");
}

/* ------------------------------------------------------------------ *
 * Numbers of commands
 * ------------------------------------------------------------------ */
#define DP_PAGES 65536
static uint8_t least[DP_PAGES + 1];	/* any cover */
static uint8_t disjoint[DP_PAGES + 1];	/* covers that name nothing twice */

static bool fits_one(uint64_t units, unsigned int max_scale)
{
	uint64_t num;
	unsigned int scale;

	for (scale = 0; scale <= max_scale; scale++)
		for (num = 1; num <= 32; num++)
			if (num << scale == units)
				return true;
	return false;
}

/*
 * The last command of a cover of n units ends at n. Those before cover j units,
 * at least up to where the last begins, without a gap and not beyond n.
 */
static void dp_least(unsigned int max_scale)
{
	uint32_t n, j, longest = 1;
	unsigned int best;

	for (n = 1; n <= DP_PAGES; n++) {
		best = 255;
		if (fits_one(n, max_scale)) {
			longest = n;
			best = 1;
		}
		for (j = n - longest; best > 1 && j < n; j++) {
			if (least[j] + 1u < best)
				best = least[j] + 1u;
			if (best == 2)
				break;
		}
		least[n] = (uint8_t)best;
	}
}

static void dp_disjoint(void)
{
	static uint32_t sizes[DP_PAGES];
	uint32_t n, num = 0, i;

	for (n = 1; n <= DP_PAGES; n++)
		if (fits_one(n, 31))
			sizes[num++] = n;
	for (n = 1; n <= DP_PAGES; n++) {
		disjoint[n] = 255;
		for (i = 0; i < num && sizes[i] <= n; i++)
			if (disjoint[n - sizes[i]] + 1 < disjoint[n])
				disjoint[n] = (uint8_t)(disjoint[n - sizes[i]] + 1);
	}
}

TEST(range, count_is_least)
{
	struct inval_range_req req;
	struct inval_range_how how = features(true, false, false);
	struct inval_range it;
	uint32_t n;

	dp_least(31);
	dp_disjoint();
	for (n = 1; n <= DP_PAGES; n++) {
		req = request(0x7fff12345000ULL, (uint64_t)n << 12, 12, 0, false);
		CHECK(inval_range_start(&it, &req, &how) == 0, "%u pages refused", n);
		CHECK(inval_range_count(&it) == least[n], "%u pages: %u commands, least is %u", n,
		      (unsigned int)inval_range_count(&it), least[n]);
		CHECK(least[n] <= disjoint[n] && (disjoint[n] > 2 || least[n] == disjoint[n]),
		      "%u pages: %u against %u", n, least[n], disjoint[n]);
		if (n % 13 == 0 || n < 2000)
			judge(&req, &how);
	}
}

/* Large blocks leave few values of SCALE: the least must hold there as well. */
TEST(range, count_is_least_short_scale)
{
	static const struct {
		uint8_t granule_lg2, leaf_lg2;
		bool ds, d128;
		uint8_t max_scale;	/* in blocks */
	} cases[] = {
		{ 16, 42, false, false, 5 },
		{ 16, 42, true, false, 13 },
		{ 16, 40, false, true, 7 },
		{ 12, 30, false, false, 13 },
		{ 14, 36, true, false, 17 },
	};
	struct inval_range_req req;
	struct inval_range_how how;
	struct inval_range it;
	unsigned int i;
	uint32_t n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dp_least(cases[i].max_scale);
		how = features(true, cases[i].ds, false);
		for (n = 1; n <= DP_PAGES; n++) {
			req = request(0, (uint64_t)n << cases[i].leaf_lg2, cases[i].granule_lg2,
				      cases[i].leaf_lg2, true);
			req.d128 = cases[i].d128;
			CHECK(inval_range_start(&it, &req, &how) == 0, "%u blocks refused", n);
			CHECK(inval_range_count(&it) == least[n], "%s: %u commands, least is %u",
			      name_of(&req, &how), (unsigned int)inval_range_count(&it), least[n]);
			if (n % 101 == 0 || n < 200)
				judge(&req, &how);
		}
	}
}

TEST(range, count_is_least_random)
{
	struct inval_range_req req;
	struct inval_range_how how = features(true, false, false);
	struct inval_range it;
	uint64_t seed = 36, pages, count;
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		pages = (test_random(&seed) >> (28 + test_random(&seed) % 30)) + 1;
		if (i % 4 == 0)
			pages = (test_random(&seed) % 32 + 1) << (test_random(&seed) % 32);
		req = request(test_random(&seed) >> 8, pages << 12, 12, 0, i % 2 == 1);
		req.addr &= ~0xfffULL;
		CHECK(inval_range_start(&it, &req, &how) == 0, "%#llx pages refused", (ull)pages);
		count = inval_range_count(&it);
		CHECK(count == (fits_one(pages, 31) ? 1u : 2u), "%#llx pages: %u commands",
		      (ull)pages, (unsigned int)count);
		CHECK(judge(&req, &how) == count, "%s", name_of(&req, &how));
	}
}

TEST(range, one_command)
{
	struct inval_range_req req = request(0, 0, 12, 0, false);
	struct inval_range_how how = features(true, false, true);
	uint64_t seed = 16, pages;
	unsigned int n;

	for (n = 0; n < 100000; n++) {
		kind(n % KINDS, &req, &how);
		how.ril = true;
		how.one = true;
		pages = n < 70000 ? n + 1 : (test_random(&seed) >> (28 + test_random(&seed) % 30)) + 1;
		req.addr = (test_random(&seed) >> 6) & ~0xffffULL;
		req.bytes = pages << 12;
		CHECK(judge(&req, &how) == 1, "%s: not one command", name_of(&req, &how));
	}
	/* 33 pages grow to 34: up to 2^64, but not past it. */
	CHECK(judge_with(request(0 - 34 * 4 * KIB, 33 * 4 * KIB, 12, 0, false),
			 features(true, false, true)) == 1, "34 pages fit below 2^64");
	CHECK(judge_with(request(0 - 33 * 4 * KIB, 33 * 4 * KIB, 12, 0, false),
			 features(true, false, true)) == 2, "34 pages do not fit below 2^64");
	/* 2^36 pages is the most that SCALE 31 gives; DS goes to 2^44. */
	CHECK(judge_with(request(0, (1ULL << 48) - 4096, 12, 0, false),
			 features(true, false, true)) == 1, "2^36 - 1 pages");
	CHECK(judge_with(request(0, (1ULL << 48) + 4096, 12, 0, false),
			 features(true, false, true)) == 2, "2^36 + 1 pages");
	CHECK(judge_with(request(0, (1ULL << 48) + 4096, 12, 0, false),
			 features(true, true, true)) == 1, "2^36 + 1 pages, DS");
	CHECK(judge_with(request(0, 1ULL << 56, 12, 0, false),
			 features(true, true, true)) == 1, "2^44 pages, DS");
	CHECK(judge_with(request(0, (1ULL << 56) + 4096, 12, 0, false),
			 features(true, true, true)) == 2, "2^44 + 1 pages, DS");
}

/* ------------------------------------------------------------------ *
 * Named cases
 * ------------------------------------------------------------------ */

/* The only command of a request must have these words. */
static void expect_one(struct inval_range_req req, struct inval_range_how how, uint64_t d0,
		       uint64_t d1)
{
	struct inval_range it;
	struct inval_range_piece piece;

	CHECK(judge(&req, &how) == 1, "%s: not one command", name_of(&req, &how));
	CHECK(inval_range_start(&it, &req, &how) == 0 && inval_range_next(&it, &piece),
	      "%s: none", name_of(&req, &how));
	CHECK(piece.d0 == d0 && piece.d1 == d1, "%s: %#llx %#llx, not %#llx %#llx",
	      name_of(&req, &how), (ull)piece.d0, (ull)piece.d1, (ull)d0, (ull)d1);
}

/* What is answered for one granule is what the iterator gives; nothing else is answered. */
TEST(range, single)
{
	struct inval_range_piece piece, want;
	struct inval_range_how how;
	struct inval_range_req req;
	struct inval_range it;
	uint64_t seed = 7;
	uint32_t i, granule_lg2, num = 0;

	for (i = 0; i < 200000U; i++) {
		granule_lg2 = 12U + 2U * (uint32_t)(test_random(&seed) % 3U);
		how = features(i & 1U, i & 2U, i & 4U);
		req = request(random_addr(&seed), 1U + (test_random(&seed) >> (45U + i % 19U)),
			      granule_lg2, 0, i & 8U);
		if (i & 16U)
			req.leaf_lg2 = (uint8_t)(granule_lg2 + (i >> 6) % 2U * (i >> 7) % 30U);
		req.d128 = (i & 32U) != 0U;
		if (inval_range_start(&it, &req, &how) != 0 ||
		    !inval_range_single(&req, req.addr + (req.bytes - 1U), how.ril, &piece))
			continue;
		num++;
		CHECK(inval_range_count(&it) == 1U && inval_range_next(&it, &want) &&
		      piece.d0 == want.d0 && piece.d1 == want.d1,
		      "0x%llx, %llu bytes: 0x%llx", (ull)req.addr, (ull)req.bytes, (ull)piece.d1);
	}
	CHECK(num > 10000U, "only %u", num);
}

/* In batches of any size the same commands as one by one. */
TEST(range, filled_in_batches)
{
	static const uint64_t pages[] = { 1, 2, 31, 32, 33, 100, 511 };
	struct inval_range_how how = { false, false, false };
	struct inval_range_req req = { 0x7fff000, 0, 12, 12, true, false };
	struct inval_range one, many;
	struct inval_range_piece piece;
	struct inval_cmd cmds[41];
	uint32_t i, n, max, got;

	for (i = 0; i < 2U * sizeof(pages) / sizeof(pages[0]); i++) {
		how.ril = i % 2U != 0U;
		req.bytes = pages[i / 2U] << 12;
		for (max = 1; max <= 40U; max++) {
			CHECK(inval_range_start(&one, &req, &how) == 0, "start");
			many = one;
			do {
				cmds[max].d0 = 1;
				got = inval_range_fill(&many, 0xabcd0012, cmds, max);
				for (n = 0; n < got; n++)
					CHECK(inval_range_next(&one, &piece) &&
					      cmds[n].d0 == (piece.d0 | 0xabcd0012U) &&
					      cmds[n].d1 == piece.d1, "%u of %u", n, max);
				CHECK(cmds[max].d0 == 1U, "behind %u", max);
				CHECK(inval_range_count(&many) == inval_range_count(&one), "left");
			} while (got == max);
			CHECK(!inval_range_next(&one, &piece), "ends early in batches of %u", max);
		}
	}
}

TEST(range, words)
{
	struct inval_range_how ril = features(true, false, false);
	struct inval_range_how ril_ds = features(true, true, false);
	struct inval_range_how none = features(false, false, false);
	struct inval_range_req req;

	/* One page: no range, TTL 3 for a leaf; without a hint TG is 0 as well. */
	expect_one(request(0x12345000, 0x1000, 12, 12, true), none, 0, 0x12345001);
	expect_one(request(0x12345000, 0x1000, 12, 12, false), none, 0, 0x12345000);
	expect_one(request(0x12345000, 0x1000, 12, 12, true), ril, 0, 0x12345701);
	expect_one(request(0x12345000, 0x1000, 12, 0, true), ril, 0, 0x12345001);
	expect_one(request(0x12345000, 0x1000, 12, 12, false), ril, 0, 0x12345000);
	expect_one(request(0x1234c000, 0x4000, 14, 14, true), ril, 0, 0x1234cb01);
	expect_one(request(0x12340000, 0x10000, 16, 16, true), ril, 0, 0x12340f01);
	/* 32 pages: NUM 15, SCALE 1. 31 pages: NUM 30. */
	expect_one(request(0x12345000, 0x20000, 12, 0, false), ril, 0x10f000, 0x12345400);
	expect_one(request(0x12345000, 0x1f000, 12, 0, false), ril, 0x01e000, 0x12345400);
	/* One block of 2 MB: 512 granules. As a leaf TTL 2, also of a set of 16. */
	expect_one(request(0x40200000, 2 * MIB, 12, 21, true), none, 0, 0x40200001);
	expect_one(request(0x40200000, 2 * MIB, 12, 21, true), ril, 0x50f000, 0x40200601);
	expect_one(request(0x40200000, 2 * MIB, 12, 21, false), ril, 0x50f000, 0x40200400);
	expect_one(request(0x42000000, 32 * MIB, 12, 25, true), ril, 0x90f000, 0x42000601);
	expect_one(request(0x42000000, 32 * MIB, 14, 25, true), ril, 0x70f000, 0x42000a01);
	expect_one(request(0x60000000, 512 * MIB, 16, 29, true), ril, 0x90f000, 0x60000e01);
	/* Level 1: 1 GB, 64 GB (a hint with DS only), 4 TB; level 0 has no hint. */
	expect_one(request(0x40000000, GIB, 12, 30, true), ril, 0xe0f000, 0x40000501);
	expect_one(request(64 * GIB, 64 * GIB, 14, 36, true), ril_ds, 0x120f000, 0x1000000901);
	expect_one(request(64 * GIB, 64 * GIB, 14, 36, true), ril, 0x120f000, 0x1000000801);
	expect_one(request(4 * TIB, 4 * TIB, 16, 42, true), ril, 0x160f000, 0x40000000d01);
	expect_one(request(512 * GIB, 512 * GIB, 12, 39, true), ril_ds, 0x170f000, 0x8000000401);
	/* 128-bit descriptors: blocks of 1 MB; TTL128 only beside a TTL. */
	req = request(0x40100000, MIB, 12, 20, true);
	req.d128 = true;
	expect_one(req, ril, 0x40f000, 0x40100681);
	expect_one(req, none, 0, 0x40100001);
	req.leaf = false;
	expect_one(req, ril, 0x40f000, 0x40100400);
}

TEST(range, named_sizes)
{
	struct inval_range_how ril = features(true, false, false);
	struct inval_range_how ril_ds = features(true, true, false);
	struct inval_range_how none = features(false, false, false);

	/* 16 TiB is 2^32 pages: SCALE stops at 31. */
	expect_one(request(0, 16 * TIB, 12, 0, true), ril, 0x1f0f000 - 0x100000 * 3, 0x401);
	expect_one(request(0x3000, 16 * TIB, 12, 12, true), ril, 0x1c0f000, 0x3701);
	expect_one(request(0, 1ULL << 48, 12, 0, false), ril, 0x1f1f000, 0x400);
	CHECK(judge_with(request(0x3000, 16 * TIB + 4096, 12, 0, true), ril) == 2, "16 TiB + 1");
	CHECK(judge_with(request(0x3000, 16 * TIB - 4096, 12, 0, true), ril) == 2, "16 TiB - 1");
	/* 512 GiB less one block: 2^18 - 1 blocks. */
	CHECK(judge_with(request(0, 512 * GIB - 2 * MIB, 12, 21, true), none) == 262143, "no RIL");
	CHECK(judge_with(request(0, 512 * GIB - 2 * MIB, 12, 21, true), ril) == 2, "RIL");
	/* A rest of one page must not become the reserved form. */
	CHECK(judge_with(request(0x1000, 33 * 4 * KIB, 12, 0, false), ril) == 2, "33 pages");
	CHECK(judge_with(request(0x1000, 65 * 4 * KIB, 12, 12, false), ril) == 2, "65 pages");
	CHECK(judge_with(request(0x1000, 65 * 4 * KIB, 12, 12, true), ril) == 2, "65 leaf pages");
	/* All but one page: SCALE 31 covers 2^48 bytes a command, 39 covers 2^56. */
	CHECK(judge_with(request(0, 0 - 4 * KIB, 12, 0, false), ril) == 65536, "2^64 - 4 KiB");
	CHECK(judge_with(request(0, 0 - 4 * KIB, 12, 0, false), ril_ds) == 256, "with DS");
	CHECK(judge_with(request(1, UINT64_MAX - 1, 12, 0, true), ril_ds) == 256, "all pages");
	CHECK(judge_with(request(0, 0 - 64 * KIB, 16, 16, true), ril) == 4096, "64 KB granule");
	CHECK(judge_with(request(1, UINT64_MAX - 1, 16, 0, true), none) == 1ULL << 48, "no RIL");
}

TEST(range, top_of_the_address_space)
{
	struct inval_range_how how;
	unsigned int g, k;
	uint64_t n;

	expect_one(request(0 - 4 * KIB, 4 * KIB, 12, 12, true), features(true, false, false), 0,
		   0xfffffffffffff701ULL);
	expect_one(request(0 - 4 * KIB, 4 * KIB, 12, 0, false), features(false, false, false), 0,
		   0xfffffffffffff000ULL);
	expect_one(request(UINT64_MAX, 1, 12, 0, true), features(true, false, false), 0,
		   0xfffffffffffff001ULL);
	expect_one(request(0 - 2 * MIB, 2 * MIB, 12, 21, true), features(true, false, false),
		   0x50f000, 0xffffffffffe00601ULL);
	for (k = 0; k < 8; k++) {
		how = features(k % 2 == 1, k / 2 % 2 == 1, k / 4 == 1);
		for (g = 12; g <= 16; g += 2) {
			for (n = 1; n < 1000; n++)
				judge_with(request(0 - (n << g), n << g, g, n % 3 ? g : 0, n % 2 == 1), how);
		}
		for (n = 1; n < 200; n++)
			judge_with(request(0 - (n << 30) + 1, (n << 30) - 1, 12, 30, true), how);
	}
}

TEST(range, everything_and_errors)
{
	static const uint8_t no_granules[] = { 0, 11, 13, 15, 17, 18, 30, 255 };
	struct inval_range it;
	struct inval_range_piece piece;
	struct inval_range_req req;
	struct inval_range_how how = features(true, false, false);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		req = request(i % 2 ? 0x1000 : UINT64_MAX, i / 2 ? UINT64_MAX : 0, i ? 12 : 0, 0, true);
		memset(&it, 0x55, sizeof(it));
		CHECK(inval_range_start(&it, &req, &how) == INVAL_RANGE_ALL, "everything %u", i);
		CHECK(inval_range_count(&it) == 0 && !inval_range_next(&it, &piece), "pieces %u", i);
	}
	for (i = 0; i < sizeof(no_granules); i++) {
		req = request(0x1000, 0x1000, no_granules[i], 0, true);
		memset(&it, 0x55, sizeof(it));
		CHECK(inval_range_start(&it, &req, &how) == -INVAL_EINVAL, "granule %u",
		      no_granules[i]);
		CHECK(inval_range_count(&it) == 0 && !inval_range_next(&it, &piece), "granule %u",
		      no_granules[i]);
	}
	for (i = 1; i < 256; i++) {
		req = request(0x1000, 0x1000, 14, i, true);
		CHECK(inval_range_start(&it, &req, &how) == (i < 14 || i > 63 ? -INVAL_EINVAL : 0),
		      "leaf %u", i);
	}
	for (i = 0; i < 64; i++) {
		req = request(UINT64_MAX - (1ULL << i), (1ULL << i) + 2, 12, 0, true);
		CHECK(inval_range_start(&it, &req, &how) == -INVAL_EINVAL, "wraps by 1 at %u", i);
		req.bytes--;
		CHECK(inval_range_start(&it, &req, &how) == 0, "ends at 2^64, %u", i);
	}
	req = request(3, UINT64_MAX - 1, 12, 0, true);
	CHECK(inval_range_start(&it, &req, &how) == -INVAL_EINVAL, "wraps to 0");
	CHECK(inval_range_count(&it) == 0 && !inval_range_next(&it, &piece), "wraps to 0");
}

/* ------------------------------------------------------------------ *
 * CPU operands
 * ------------------------------------------------------------------ */
#define ASID 0xa5c3

/* A field that stands for an address: its top bit stands for all above. */
static uint64_t sign_extended(uint64_t field, unsigned int width, unsigned int lsb)
{
	if (bits(field, width - 1, width - 1) == 1)
		field |= ~(((uint64_t)1 << width) - 1);
	return field << lsb;
}

static uint64_t cpu_judge(const struct inval_range_req *req, const struct inval_range_how *how)
{
	unsigned int base_lg2 = how->ds ? 16 : req->granule_lg2;
	unsigned int unit_lg2 = how->ril ? req->granule_lg2 : unit_of(req, how);
	uint64_t addr, pages, count, n, page = req->addr >> unit_lg2 << (unit_lg2 - 12), end;
	struct inval_range_cpu it;
	struct inval_range_op op;

	CHECK(inval_range_cpu_start(&it, req, how, ASID) == 0, "%s: refused", name_of(req, how));
	count = inval_range_cpu_count(&it);
	num_runs = 0;
	for (n = 0; inval_range_cpu_next(&it, &op) && n < MAX_PIECES; n++) {
		CHECK(inval_range_cpu_count(&it) == count - n - 1, "%s: count after %llu",
		      name_of(req, how), (ull)n);
		CHECK(bits(op.operand, 63, 48) == ASID, "%s: ASID", name_of(req, how));
		if (op.range) {
			CHECK(how->ril && bits(op.operand, 38, 37) == 0 &&
			      bits(op.operand, 47, 46) == granule_index(req) + 1, "%s: operand %#llx",
			      name_of(req, how), (ull)op.operand);
			addr = sign_extended(bits(op.operand, 36, 0), 37, base_lg2);
			pages = ((bits(op.operand, 43, 39) + 1) << (5 * bits(op.operand, 45, 44) + 1))
				<< (req->granule_lg2 - 12);
		} else {
			CHECK(bits(op.operand, 47, 44) == 0, "%s: operand %#llx", name_of(req, how),
			      (ull)op.operand);
			addr = sign_extended(bits(op.operand, 43, 0), 44, 12);
			pages = (uint64_t)1 << (unit_lg2 - 12);
		}
		CHECK((addr >> 12) % (1u << (req->granule_lg2 - 12)) == 0, "%s: operand %#llx",
		      name_of(req, how), (ull)op.operand);
		CHECK(pages <= ((uint64_t)1 << PAGES_LG2) - (addr >> 12), "%s: passes 2^64",
		      name_of(req, how));
		runs[num_runs].first = addr >> 12;
		runs[num_runs].last = (addr >> 12) + pages - 1;
		num_runs++;
	}
	CHECK(n == count, "%s: %llu operations, not %llu", name_of(req, how), (ull)n, (ull)count);
	CHECK(!inval_range_cpu_next(&it, &op), "%s: goes on", name_of(req, how));
	end = (req->addr + (req->bytes - 1)) >> 12 | (((uint64_t)1 << (unit_lg2 - 12)) - 1);
	CHECK(runs_end(page, name_of(req, how)) == end, "%s: wrong end", name_of(req, how));
	return count;
}

/* Where do the addresses that an operand can hold end? */
static bool cpu_can_name(const struct inval_range_req *req, const struct inval_range_how *how)
{
	unsigned int msb = how->ril ? (how->ds ? 52 : req->granule_lg2 + 36u) : 55;
	uint64_t half = (uint64_t)1 << msb, last = req->addr + (req->bytes - 1);

	return (req->addr < half && last < half) || (req->addr >= 0 - half && last >= 0 - half);
}

TEST(range_cpu, any_request)
{
	struct inval_range_req req = request(0, 0, 12, 0, false);
	struct inval_range_how how = features(false, false, false);
	struct inval_range_cpu it;
	uint64_t seed = 2;
	unsigned int n, i;
	int rc;

	for (i = 0; i < 60; i++) {
		for (n = 0; n < KINDS; n++) {
			kind(n, &req, &how);
			req.addr = random_addr(&seed);
			req.bytes = random_size(&seed);
			if (i % 3 == 0)
				req.bytes >>= 20;
			rc = inval_range_cpu_start(&it, &req, &how, ASID);
			if (req.bytes == 0 || req.bytes == UINT64_MAX)
				CHECK(rc == INVAL_RANGE_ALL, "%s: %d", name_of(&req, &how), rc);
			else if (req.addr != 0 && req.bytes > 0 - req.addr)
				CHECK(rc == -INVAL_EINVAL, "%s: %d", name_of(&req, &how), rc);
			else if (!cpu_can_name(&req, &how))
				CHECK(rc == INVAL_RANGE_ALL && inval_range_cpu_count(&it) == 0,
				      "%s: %d", name_of(&req, &how), rc);
			else if (inval_range_cpu_count(&it) < 1000)
				cpu_judge(&req, &how);
		}
	}
}

TEST(range_cpu, operands)
{
	static const struct {
		uint64_t addr, bytes;
		uint8_t granule_lg2;
		bool ds;
		uint64_t operand;
		bool range;
	} cases[] = {
		{ 0x12345000, 0x1000, 12, false, 0xa5c3000000012345, false },
		{ 0x12345000, 0x2000, 12, false, 0xa5c3400000012345, true },
		{ 0x12345000, 0x40000, 12, false, 0xa5c3500000012345, true },
		{ 0x12345000, 0x80000, 12, false, 0xa5c3508000012345, true },
		{ 0x12345000, 8 * GIB, 12, false, 0xa5c37f8000012345, true },
		{ 0x12344000, 0x8000, 14, false, 0xa5c38000000048d1, true },
		{ 0x12340000, 0x20000, 16, false, 0xa5c3c00000001234, true },
		{ 0x12340000, 0x2000, 12, true, 0xa5c3400000001234, true },
		{ 0x12340000, 0x8000, 14, true, 0xa5c3800000001234, true },
		{ 0xffff000012345000, 0x2000, 12, false, 0xa5c3401000012345, true },
		{ 0xfffffffffffff000, 0x1000, 12, false, 0xa5c30fffffffffff, false },
	};
	struct inval_range_req req;
	struct inval_range_how how;
	struct inval_range_cpu it;
	struct inval_range_op op;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		req = request(cases[i].addr, cases[i].bytes, cases[i].granule_lg2, 0, true);
		how = features(true, cases[i].ds, false);
		CHECK(cpu_judge(&req, &how) == 1, "case %u", i);
		CHECK(inval_range_cpu_start(&it, &req, &how, ASID) == 0 &&
		      inval_range_cpu_next(&it, &op), "case %u", i);
		CHECK(op.operand == cases[i].operand && op.range == cases[i].range,
		      "case %u: %#llx", i, (ull)op.operand);
	}
}

TEST(range_cpu, what_cannot_be_named)
{
	static const uint8_t msb[4] = { 48, 50, 52, 52 };	/* 4K, 16K, 64K; DS */
	struct inval_range_req req;
	struct inval_range_how how;
	struct inval_range_cpu it;
	struct inval_range_op op;
	uint64_t half;
	unsigned int i, g;

	for (i = 0; i < 6; i++) {
		g = 12 + 2 * (i % 3);
		how = features(true, i >= 3, false);
		half = (uint64_t)1 << msb[i < 3 ? i : 3];
		req = request(half - 0x100000, 0x100000, g, 0, false);
		cpu_judge(&req, &how);
		req.bytes++;
		CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "lower half %u", g);
		CHECK(!inval_range_cpu_next(&it, &op), "lower half %u", g);
		req = request(0 - half, 0x100000, g, 0, false);
		cpu_judge(&req, &how);
		req.addr--;
		CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "upper half %u", g);
		req = request(0 - 0x100000ULL, 0x100000, g, 0, false);
		cpu_judge(&req, &how);
		req = request(0x100000, 0 - 0x100000ULL, g, 0, false);
		CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "both halves %u", g);
		req = request(0x5a00000012340000, 0x1000, g, 0, false);
		CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "a tag, %u", g);
	}
	how = features(false, false, false);
	req = request((1ULL << 55) - 0x1000, 0x1000, 12, 0, false);
	CHECK(cpu_judge(&req, &how) == 1, "last page of bit 55 = 0");
	req.bytes++;
	CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "bit 55");
	req = request(0x1000, 0x1000, 13, 0, false);
	CHECK(inval_range_cpu_start(&it, &req, &how, 0) == -INVAL_EINVAL, "granule 13");
	CHECK(inval_range_cpu_count(&it) == 0 && !inval_range_cpu_next(&it, &op), "granule 13");
	req = request(0x1000, 0, 13, 0, false);
	CHECK(inval_range_cpu_start(&it, &req, &how, 0) == INVAL_RANGE_ALL, "size 0");
}

/* The lengths that TLBI R* has, in granules. */
static bool cpu_fits_one(uint32_t pages)
{
	uint32_t num;
	unsigned int scale;

	for (scale = 0; scale <= 3; scale++)
		for (num = 1; num <= 32; num++)
			if (num << (5 * scale + 1) == pages)
				return true;
	return false;
}

TEST(range_cpu, count_is_least)
{
	static uint32_t sizes[DP_PAGES];
	static uint8_t dp[DP_PAGES + 1];
	struct inval_range_req req;
	struct inval_range_how how = features(true, false, false);
	struct inval_range_cpu it;
	uint32_t n, num = 0, i;

	for (n = 1; n <= DP_PAGES; n++)
		if (n == 1 || cpu_fits_one(n))
			sizes[num++] = n;
	for (n = 1; n <= DP_PAGES; n++) {
		dp[n] = 255;
		for (i = 0; i < num && sizes[i] <= n; i++)
			if (dp[n - sizes[i]] + 1 < dp[n])
				dp[n] = (uint8_t)(dp[n - sizes[i]] + 1);
		req = request(0x7fff12345000ULL, (uint64_t)n << 12, 12, 0, false);
		CHECK(inval_range_cpu_start(&it, &req, &how, 0) == 0, "%u pages refused", n);
		CHECK(inval_range_cpu_count(&it) == dp[n], "%u pages: %u operations, least is %u", n,
		      (unsigned int)inval_range_cpu_count(&it), dp[n]);
		if (n % 13 == 0 || n < 2000)
			cpu_judge(&req, &how);
	}
}

/* 64 KB units: ranges only from such a boundary. Every start in a unit, up to 3000 pages. */
TEST(range_cpu, count_is_least_64k_units)
{
	static uint8_t dp[3017];
	static uint32_t sizes[3016];
	struct inval_range_req req;
	struct inval_range_how how = features(true, true, false);
	struct inval_range_cpu it;
	uint32_t g, end, at, num = 0, i, unit;

	for (i = 2; i <= 3015; i++)
		if (cpu_fits_one(i))
			sizes[num++] = i;
	for (g = 12; g <= 16; g += 2) {
		unit = 1u << (16 - g);
		for (end = 1; end < 3016; end += end < 300 ? 1 : 37) {
			dp[end] = 0;
			for (at = end; at-- > 0;) {
				dp[at] = (uint8_t)(dp[at + 1] < 255 ? dp[at + 1] + 1 : 255);
				for (i = 0; at % unit == 0 && i < num && sizes[i] <= end - at; i++)
					if (dp[at + sizes[i]] + 1 < dp[at])
						dp[at] = (uint8_t)(dp[at + sizes[i]] + 1);
				if (at >= 16)
					continue;
				req = request(0x40000000 + ((uint64_t)at << g),
					      (uint64_t)(end - at) << g, g, 0, false);
				CHECK(inval_range_cpu_start(&it, &req, &how, 0) == 0, "refused");
				CHECK(inval_range_cpu_count(&it) == dp[at],
				      "granule %u, pages %u to %u: %u operations, least is %u", g, at,
				      end, (unsigned int)inval_range_cpu_count(&it), dp[at]);
				cpu_judge(&req, &how);
			}
		}
	}
}

/* ------------------------------------------------------------------ *
 * ATC spans
 * ------------------------------------------------------------------ */

/* Least units that max_spans aligned powers of two cover, from first to last. */
static uint64_t atc_least(uint64_t first, uint64_t last, unsigned int max_spans)
{
	uint64_t best = UINT64_MAX, rest, end;
	unsigned int lg2;

	for (lg2 = 0; lg2 <= PAGES_LG2; lg2++) {
		end = first | (((uint64_t)1 << lg2) - 1);
		if (end >= last)
			return best < (uint64_t)1 << lg2 ? best : (uint64_t)1 << lg2;
		if (max_spans == 1)
			continue;
		rest = atc_least(end + 1, last, max_spans - 1);
		if (rest + ((uint64_t)1 << lg2) < best)
			best = rest + ((uint64_t)1 << lg2);
	}
	return best;
}

static void atc_judge(uint64_t addr, uint64_t bytes, unsigned int stu_lg2, unsigned int max_spans,
		      bool brute)
{
	struct inval_range_how how = features(true, true, false);
	struct rules_env env = env_of(&how, false);
	uint64_t first = addr >> stu_lg2, last = (addr + (bytes - 1)) >> stu_lg2;
	uint64_t asked = last - first + 1, covered = 0, pages;
	struct inval_range_span out[5];
	struct inval_cmd cmd;
	int i, n;

	memset(out, 0xee, sizeof(out));
	n = inval_range_atc(addr, bytes, (uint8_t)stu_lg2, max_spans, out);
	CHECK(n >= 1 && n <= (int)max_spans, "%#llx + %#llx, %u spans: %d", (ull)addr, (ull)bytes,
	      max_spans, n);
	CHECK(out[n].size == 0xee, "%#llx + %#llx writes beyond %d", (ull)addr, (ull)bytes, n);
	num_runs = 0;
	for (i = 0; i < n; i++) {
		CHECK(out[i].size <= 52 && out[i].size + 12u >= stu_lg2, "%#llx + %#llx: size %u",
		      (ull)addr, (ull)bytes, out[i].size);
		CHECK(rules_violated(&env, 0x40, out[i].addr | out[i].size) == 0 &&
		      inval_cmd_atc_inv(&cmd, 0, false, 0, false, out[i].addr, out[i].size) == 0,
		      "%#llx + %#llx: %#llx size %u", (ull)addr, (ull)bytes, (ull)out[i].addr,
		      out[i].size);
		pages = (uint64_t)1 << out[i].size;
		CHECK((out[i].addr >> 12) % pages == 0, "%#llx + %#llx: %#llx size %u", (ull)addr,
		      (ull)bytes, (ull)out[i].addr, out[i].size);
		runs[num_runs].first = out[i].addr >> 12;
		runs[num_runs].last = (out[i].addr >> 12) + pages - 1;
		num_runs++;
		covered += pages >> (stu_lg2 - 12);
	}
	qsort(runs, num_runs, sizeof(runs[0]), run_cmp);
	CHECK(runs[0].first <= addr >> 12 &&
	      runs_end(runs[0].first, "spans") >= (addr + (bytes - 1)) >> 12,
	      "%#llx + %#llx is not covered", (ull)addr, (ull)bytes);
	if (brute)
		CHECK(covered == atc_least(first, last, max_spans), "%#llx + %#llx, %u spans of %u: %#llx",
		      (ull)addr, (ull)bytes, max_spans, stu_lg2, (ull)covered);
	if (max_spans == 2 && asked < (uint64_t)1 << 50)
		CHECK(covered < 2 * asked, "%#llx + %#llx", (ull)addr, (ull)bytes);
	if (max_spans == 3 && asked < (uint64_t)1 << 50)
		CHECK(2 * covered <= 3 * asked, "%#llx + %#llx", (ull)addr, (ull)bytes);
	if (max_spans == 4 && asked < (uint64_t)1 << 50)
		CHECK(3 * covered <= 4 * asked, "%#llx + %#llx", (ull)addr, (ull)bytes);
}

TEST(range_atc, all_small_ranges)
{
	unsigned int first, last, k;

	for (first = 0; first < 128; first++) {
		for (last = first; last < 128; last++) {
			for (k = 1; k <= 4; k++) {
				atc_judge((uint64_t)first << 12, (uint64_t)(last - first + 1) << 12, 12, k,
					  true);
				atc_judge(((uint64_t)first << 16) + 0xffff,
					  ((uint64_t)(last - first) << 16) + 1 - (last != first ? 0xffff : 0),
					  16, k, false);
			}
		}
	}
}

TEST(range_atc, any_range)
{
	uint64_t seed = 3, addr, bytes;
	unsigned int i, k, stu;

	for (i = 0; i < 40000; i++) {
		addr = random_addr(&seed);
		bytes = random_size(&seed);
		k = 1 + (unsigned int)(test_random(&seed) % 4);
		stu = 12 + (unsigned int)(test_random(&seed) % 32);
		if (i % 16 == 0)
			bytes = 0 - addr;
		if (bytes == 0 || bytes == UINT64_MAX || (addr != 0 && bytes > 0 - addr))
			continue;
		atc_judge(addr, bytes, stu, k, k < 4 ? i % 8 == 0 || k < 3 : i % 400 == 0);
	}
}

TEST(range_atc, named)
{
	struct inval_range_span out[4];
	unsigned int k, stu;

	for (k = 1; k <= 4; k++) {
		for (stu = 12; stu <= 43; stu++) {
			CHECK(inval_range_atc(0x1000, 0, (uint8_t)stu, k, out) == 1 && out[0].addr == 0 &&
			      out[0].size == 52, "size 0");
			CHECK(inval_range_atc(0x1000, UINT64_MAX, (uint8_t)stu, k, out) == 1 &&
			      out[0].addr == 0 && out[0].size == 52, "all ones");
			CHECK(inval_range_atc(1, UINT64_MAX - 1, (uint8_t)stu, k, out) == 1 &&
			      out[0].addr == 0 && out[0].size == 52, "all pages");
			CHECK(inval_range_atc(UINT64_MAX, 1, (uint8_t)stu, k, out) == 1 &&
			      out[0].size + 12u == stu && out[0].addr == 0 - (1ULL << stu), "last page");
			CHECK(inval_range_atc(UINT64_MAX, 2, (uint8_t)stu, k, out) == -INVAL_EINVAL,
			      "wraps");
			atc_judge(0 - 0x12345000ULL, 0x12345000, stu, k, k < 4);
			atc_judge(0x7ffffffff000, 0x2000, stu, k, k < 4);
		}
		/* Two pages across 2^47: one span would be 2^48 bytes. */
		CHECK(inval_range_atc(0x7ffffffff000, 0x2000, 12, k, out) == (k == 1 ? 1 : 2) &&
		      out[0].size == (k == 1 ? 36 : 0), "two pages, %u", k);
		CHECK(inval_range_atc(0x40000000, 2 * MIB, 12, k, out) == 1 && out[0].size == 9,
		      "one block, %u", k);
	}
	CHECK(inval_range_atc(0, 4096, 12, 0, out) == -INVAL_EINVAL, "0 spans");
	CHECK(inval_range_atc(0, 4096, 12, 5, out) == -INVAL_EINVAL, "5 spans");
	CHECK(inval_range_atc(0, 4096, 11, 1, out) == -INVAL_EINVAL, "STU 11");
	CHECK(inval_range_atc(0, 4096, 44, 1, out) == -INVAL_EINVAL, "STU 44");
	CHECK(inval_range_atc(0, 0, 255, 1, out) == -INVAL_EINVAL, "STU 255");
}
