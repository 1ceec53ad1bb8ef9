/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_range.c - flushes of a range: pages, blocks, tables. In each row the
 * page (or block) on either side of the range and the same addresses of another
 * space must survive.
 */
#include "matrix.h"

static struct space space, other;

struct inval_range_req request(uint64_t addr, uint64_t bytes, uint32_t granule_lg2,
			       uint32_t leaf_lg2)
{
	struct inval_range_req req;

	req.addr = addr;
	req.bytes = bytes;
	req.granule_lg2 = (uint8_t)granule_lg2;
	req.leaf_lg2 = (uint8_t)leaf_lg2;
	req.leaf = true;
	req.d128 = false;
	return req;
}

static void two_spaces(enum kind kind, uint32_t granule_lg2, uint32_t level)
{
	space_init(&space, kind, granule_lg2);
	space_init(&other, kind, granule_lg2);
	space.level = level;
	other.level = level;
	space_attach(&space, &edus[0]);
	space_attach(&other, &edus[1]);
}

/*
 * What the machine cannot show by where DMA lands is said for its trace log: the
 * exact addresses, Leaf, and the level hint (none without range commands).
 */
static void expect(const struct inval_range_req *req)
{
	bool ril = space_has(INVAL_FEAT_RIL);
	uint32_t level = req->leaf_lg2 == req->granule_lg2 ? 3U : req->leaf_lg2 != 0U ? 2U : 0U;

	row_expect(space.stream.vmid, space.kind == STAGE1 ? space.stream.asid : NO_ASID,
		   req->addr, req->bytes, req->leaf, ril ? level : 0U,
		   ril ? (req->granule_lg2 - 10U) / 2U : 0U,
		   ril || level == 0U ? req->granule_lg2 : req->leaf_lg2);
}

static void flush_and_judge(const struct inval_range_req *req)
{
	row_check(space_flush(&space, req) == 0, "the flush returned an error");
	row_end();
	space_detach(&space, &edus[0]);
	space_detach(&other, &edus[1]);
}

/* Pages of a range worth a DMA: both ends, next to them, and some between. */
static bool worth(uint64_t page, uint64_t pages)
{
	return pages <= 12U || page < 2U || page + 2U >= pages || page % (pages / 5U) == 0U;
}

static void watch_range(uint64_t start, uint64_t pages, uint32_t size_lg2)
{
	uint64_t page;

	row_watch_in(&space, &edus[0], start - (1ULL << size_lg2), false);
	for (page = 0; page < pages; page++) {
		if (worth(page, pages))
			row_watch_in(&space, &edus[0], start + (page << size_lg2), true);
	}
	row_watch_in(&space, &edus[0], start + (pages << size_lg2), false);
	row_watch_in(&other, &edus[1], start, false);
}

static void range_row(enum kind kind, uint32_t granule_lg2, uint64_t first, uint64_t pages)
{
	uint64_t start = IOVA + (first << granule_lg2);
	struct inval_range_req req;

	row_begin("%uK: %llu page%s from page %llu", 1U << (granule_lg2 - 10U),
		  (unsigned long long)pages, pages == 1U ? "" : "s", (unsigned long long)first);
	two_spaces(kind, granule_lg2, 3);
	watch_range(start, pages, granule_lg2);
	row_remap();
	req = request(start, pages << granule_lg2, granule_lg2, granule_lg2);
	expect(&req);
	flush_and_judge(&req);
}

void rows_range(enum kind kind, uint32_t num)
{
	static const uint16_t sizes[] = { 7, 1, 512, 2, 33, 3, 16, 31, 32, 64, 511, 1000 };
	static const uint16_t firsts[] = { 5, 1, 0 };
	uint32_t granule_lg2, i;

	for (granule_lg2 = 12; granule_lg2 <= 16U; granule_lg2 += 2U) {
		for (i = 0; i < num && i < ARRAY_LEN(sizes); i++)
			range_row(kind, granule_lg2, firsts[i % ARRAY_LEN(firsts)], sizes[i]);
	}
}

/*
 * Blocks of level 2: 2M, 32M, 512M. All watches share two physical blocks, of
 * which 256M behind the start of the largest is free RAM.
 */
static void watch_block(struct space *of, const struct edu *dev, uint64_t iova, bool target)
{
	bool huge = of->granule_lg2 == 16U;
	struct watch *w = row_watch(dev, huge ? iova + 0x10000000U : iova, target);

	w->space = of;
	w->old_pa = 0x50000000;
	w->new_pa = huge ? 0x70000000 : 0x60000000;
	space_map(of, w->iova, w->old_pa);
}

static void block_row(enum kind kind, uint32_t granule_lg2, uint64_t blocks)
{
	uint32_t size_lg2 = 2U * granule_lg2 - 3U;
	uint64_t start = 0x2000000000ULL, i;
	struct inval_range_req req;

	row_begin("%uK: %llu block%s of %uM", 1U << (granule_lg2 - 10U), (unsigned long long)blocks,
		  blocks == 1U ? "" : "s", 1U << (size_lg2 - 20U));
	two_spaces(kind, granule_lg2, 2);
	watch_block(&space, &edus[0], start - (1ULL << size_lg2), false);
	for (i = 0; i < blocks; i++)
		watch_block(&space, &edus[0], start + (i << size_lg2), true);
	watch_block(&space, &edus[0], start + (blocks << size_lg2), false);
	watch_block(&other, &edus[1], start, false);
	row_remap();
	req = request(start, blocks << size_lg2, granule_lg2, size_lg2);
	expect(&req);
	flush_and_judge(&req);
}

/* Another table below an entry of level 2: tables must go as well as pages. */
static void table_row(enum kind kind, uint32_t granule_lg2)
{
	uint32_t size_lg2 = 2U * granule_lg2 - 3U;
	uint64_t start = 0x2000000000ULL, size = 1ULL << size_lg2;
	struct inval_range_req req = request(start, size, granule_lg2, 0);
	struct tables *t;

	req.leaf = false;
	row_begin("%uK: a table of level 3", 1U << (granule_lg2 - 10U));
	two_spaces(kind, granule_lg2, 3);
	row_watch_in(&space, &edus[0], start - (1ULL << granule_lg2), false);
	row_watch_in(&space, &edus[0], start, true);
	row_watch_in(&space, &edus[0], start + size - (1ULL << granule_lg2), true);
	row_watch_in(&space, &edus[0], start + size, false);
	row_watch_in(&other, &edus[1], start, false);
	row_warm();
	t = kind == STAGE1 ? &space.s1 : &space.s2;
	tables_unmap(t, start, 2);
	row_remap();
	expect(&req);
	flush_and_judge(&req);
}

void rows_block(enum kind kind, bool full)
{
	uint32_t granule_lg2;

	for (granule_lg2 = 12; granule_lg2 <= 16U; granule_lg2 += 2U) {
		block_row(kind, granule_lg2, 1);
		if (full)
			block_row(kind, granule_lg2, 3);
		if (space_has(INVAL_FEAT_RIL))	/* else more commands than are allowed */
			table_row(kind, granule_lg2);
	}
}

/* Mappings that go away: what is fresh lands nowhere. */
void rows_unmap(enum kind kind)
{
	uint32_t granule_lg2;

	for (granule_lg2 = 12; granule_lg2 <= 16U; granule_lg2 += 2U) {
		uint64_t size = 1ULL << granule_lg2;
		struct inval_range_req req = request(IOVA, 4U * size, granule_lg2, granule_lg2);

		row_begin("%uK: 4 pages unmapped", 1U << (granule_lg2 - 10U));
		two_spaces(kind, granule_lg2, 3);
		watch_range(IOVA, 4, granule_lg2);
		row_unmap();
		expect(&req);
		flush_and_judge(&req);
	}
}

/* One more command than allowed: everything of the tag goes, and of no other. */
static void count_row(enum kind kind, const char *what, uint64_t pages, uint32_t max_cmds)
{
	struct inval_range_req req = request(IOVA, pages << 12, 12, 12);

	row_begin("4K: %llu pages, %s", (unsigned long long)pages, what);
	two_spaces(kind, 12, 3);
	row_watch_in(&space, &edus[0], IOVA - 0x1000U, true);
	row_watch_in(&space, &edus[0], IOVA, true);
	row_watch_in(&space, &edus[0], IOVA + (pages << 12), true);
	row_watch_in(&other, &edus[1], IOVA, false);
	row_remap();
	space_policy()->max_cmds = max_cmds;
	flush_and_judge(&req);
}

/* Rounded up to one command: a little more goes, but no page beyond that. */
static void round_row(enum kind kind, uint64_t pages, uint64_t rounded)
{
	struct inval_range_req req = request(IOVA, pages << 12, 12, 12);
	uint32_t before;

	row_begin("4K: %llu pages, one command for %llu", (unsigned long long)pages,
		  (unsigned long long)rounded);
	two_spaces(kind, 12, 3);
	row_watch_in(&space, &edus[0], IOVA - 0x1000U, false);
	row_watch_in(&space, &edus[0], IOVA, true);
	row_watch_in(&space, &edus[0], IOVA + ((pages - 1U) << 12), true);
	row_watch_in(&space, &edus[0], IOVA + (rounded << 12), false);
	row_watch_in(&other, &edus[1], IOVA, false);
	row_remap();
	space_policy()->one_command = true;
	before = vmm_counts[INVAL_COUNT_TLBI];
	row_check(space_flush(&space, &req) == 0, "the flush returned an error");
	row_check(vmm_counts[INVAL_COUNT_TLBI] - before == 1U, "not one command");
	row_end();
	space_detach(&space, &edus[0]);
	space_detach(&other, &edus[1]);
}

/* The SMMU's settings, and the features that the library is told of. */
void rows_policy(enum kind kind)
{
	row_group(kind == STAGE1 ? "settings, stage 1" : "settings, stage 2");
	round_row(kind, 1000, 1024);
	space_without_ranges(false);
	count_row(kind, "2 commands where 1 is allowed", 33, 1);
	space_without_ranges(true);
	count_row(kind, "513 commands where 512 are allowed", 513, 512);
	space_without_ranges(false);
}
