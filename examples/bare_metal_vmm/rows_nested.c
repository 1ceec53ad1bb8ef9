/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_nested.c - a guest's stage 1 over a stage 2. The TLB holds the two
 * combined, under the guest's tags, and the SMMU's own reads of the guest's
 * tables under those of stage 2: after a change of stage 2 both must go. One stage 2
 * may be under several: a VMID for each (virtual SMMUs of a guest), or one for all.
 */
#include "matrix.h"

#define PAGE 0x1000ULL
#define TABLE_IPA 0x3000000000ULL

static struct space space, first, second, other;

static void spaces_attach(uint32_t granule_lg2)
{
	space_init(&space, NESTED, granule_lg2);
	space_init(&other, NESTED, granule_lg2);
	space_attach(&space, &edus[0]);
	space_attach(&other, &edus[1]);
}

static void judge(int err)
{
	row_check(err == 0, "the flush returned an error");
	row_end();
	space_detach(&space, &edus[0]);
	space_detach(&other, &edus[1]);
}

static void half_of(const struct space *of, uint32_t op, uint64_t ipa, const char *when)
{
	struct inval_cmd cmd;

	if (op == INVAL_OP_TLBI_S2_IPA)
		(void)inval_cmd_tlbi_addr(&cmd, op, of->stream.vmid, 0, ipa, true);
	else
		(void)inval_cmd_tlbi(&cmd, op, of->stream.vmid, 0);
	row_check(issue(&cmd, 1) == 0, "half a flush returned an error");
	row_stale(when);
}

static void half(uint32_t op, uint64_t ipa, const char *when)
{
	half_of(&space, op, ipa, when);
}

/* Pages move at stage 2. S2_IPA is not enough: combined translations stay. */
static void page_row(uint32_t granule_lg2, uint64_t pages)
{
	struct inval_range_req req = request(IOVA, pages << granule_lg2, granule_lg2, granule_lg2);
	uint64_t page;

	row_begin("%uK: %llu page%s of stage 2; S2_IPA is not enough",
		  1U << (granule_lg2 - 10U), (unsigned long long)pages, pages == 1U ? "" : "s");
	spaces_attach(granule_lg2);
	for (page = 0; page < pages; page++)
		row_watch_in(&space, &edus[0], IOVA + (page << granule_lg2), true);
	row_watch_in(&other, &edus[1], IOVA, false);
	row_remap();
	for (page = 0; page < pages; page++)
		half(INVAL_OP_TLBI_S2_IPA, IOVA + (page << granule_lg2), "S2_IPA alone");
	judge(space_flush(&space, &req));
}

/*
 * The page that holds a table of stage 1 moves: the SMMU remembers where it was,
 * as a stage-2 translation of its own. NH_ALL leaves that alone.
 */
static void table_row(uint32_t granule_lg2)
{
	struct inval_range_req req = request(TABLE_IPA, 1ULL << granule_lg2, granule_lg2,
					     granule_lg2);
	uint64_t old_table, new_table, *slot;
	struct watch *w;

	row_begin("%uK: a table of stage 1 moves; NH_ALL is not enough",
		  1U << (granule_lg2 - 10U));
	spaces_attach(granule_lg2);
	w = row_watch(&edus[0], IOVA, true);
	row_watch_in(&other, &edus[1], IOVA, false);
	slot = tables_slot(&space.s1, IOVA, 2);
	tables_map(&space.s1, IOVA, w->new_pa, 3);
	new_table = tables_next(*slot);
	*slot = 0;
	tables_map(&space.s1, IOVA, w->old_pa, 3);
	old_table = tables_next(*slot);
	*slot += TABLE_IPA - old_table;
	tables_map(&space.s2, TABLE_IPA, old_table, 3);
	row_warm();
	tables_map(&space.s2, TABLE_IPA, new_table, 3);
	row_remap();
	half(INVAL_OP_TLBI_NH_ALL, 0, "NH_ALL alone");
	judge(space_flush(&space, &req));
}

/* Everything of a VMID: S12_VMALL takes both stages with it, so nothing follows. */
static void everything_row(void)
{
	struct inval_range_req req = request(0, 0, 12, 0);

	row_begin("everything of a VMID: S12_VMALL");
	spaces_attach(12);
	row_watch_in(&space, &edus[0], IOVA, true);
	row_watch_in(&space, &edus[0], IOVA + PAGE, true);
	row_watch_in(&other, &edus[1], IOVA, false);
	row_remap();
	judge(space_flush(&space, &req));
}

/* The guest changes its own stage 1, and its command gets the VMID of the host. */
static void guest_row(void)
{
	struct watch *w[3];
	struct inval_cmd cmd;
	uint32_t i;

	row_begin("one page of stage 1, under the guest's ASID: NH_VA");
	spaces_attach(12);
	for (i = 0; i < 3U; i++) {
		struct space *of = i < 2U ? &space : &other;

		w[i] = row_watch(&edus[i / 2U], IOVA + (i & 1U) * PAGE, i == 0U);
		tables_map(&of->s1, w[i]->iova, w[i]->old_pa, 3);
	}
	row_warm();
	for (i = 0; i < 3U; i++)
		tables_map(i < 2U ? &space.s1 : &other.s1, w[i]->iova, w[i]->new_pa, 3);
	row_stale("remapped, not flushed");
	(void)inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VA, space.stream.vmid, space.stream.asid,
				  IOVA, true);
	judge(issue(&cmd, 1));
}

/* @space and @second, each with a stage 1 and a VMID of its own, over one stage 2. */
static void share_stage_2(void)
{
	space_init(&space, NESTED, 12);
	space_init(&second, NESTED, 12);
	space_init(&other, NESTED, 12);
	second.home = &space;
	second.stream.s2 = &space.s2;
	tables_map(&second.s1, IOVA + PAGE, IOVA + PAGE, 3);
	space_attach(&space, &edus[0]);
	space_attach(&second, &edus[1]);
	space_attach(&other, &edus[2]);
	row_watch_in(&space, &edus[1], IOVA + PAGE, true);
	row_watch_in(&other, &edus[2], IOVA, false);
}

static void leave_stage_2(void)
{
	space_detach(&second, &edus[1]);
	space_detach(&other, &edus[2]);
}

static void shared_row(void)
{
	struct inval_range_req req = request(IOVA, 2U * PAGE, 12, 12);

	row_begin("two VMIDs share a stage 2: one flush");
	share_stage_2();
	row_watch_in(&space, &edus[0], IOVA, true);
	row_remap();
	half_of(&space, INVAL_OP_TLBI_S2_IPA, IOVA, "S2_IPA of one");
	half_of(&second, INVAL_OP_TLBI_S2_IPA, IOVA + PAGE, "S2_IPA of the other");
	row_check(space_flush(&space, &req) == 0, "the flush returned an error");
	row_end();
	space_detach(&space, &edus[0]);
	leave_stage_2();
}

/* One of the two is not enough, nor what its device leaves behind. */
static void shared_left_row(void)
{
	struct inval_range_req req = request(IOVA + PAGE, PAGE, 12, 12);

	row_begin("two VMIDs share a stage 2: one leaves, one flush");
	share_stage_2();
	row_remap();
	half(INVAL_OP_TLBI_S12_VMALL, 0, "S12_VMALL of one");
	space_detach(&space, &edus[0]);
	row_stale("one has left");
	row_check(space_flush(&space, &req) == 0, "the flush returned an error");
	row_end();
	leave_stage_2();
}

/*
 * Two stage 1s of the host's own, an ASID each, under one VMID: two domains, and that
 * of the stage 2, which both devices use as well.
 */
static void two_domains_row(void)
{
	struct inval_range_req req = request(IOVA, 2U * PAGE, 12, 12);
	struct inval_range_req one = request(IOVA + PAGE, PAGE, 12, 12);
	struct space *of[2] = { &first, &second };
	uint32_t i;

	row_begin("two domains with an ASID each share a stage 2");
	space_init(&space, NESTED, 12);
	space_init(&other, NESTED, 12);
	for (i = 0; i < 2U; i++) {
		space_init(of[i], STAGE1, 12);
		of[i]->stream.vmid = space.stream.vmid;
		of[i]->stream.s2 = &space.s2;
		space_map(of[i], IOVA + i * PAGE, IOVA + i * PAGE);
		space_attach(&space, &edus[i]);
		space_attach(of[i], &edus[i]);
		row_watch_in(&space, &edus[i], IOVA + i * PAGE, true);
	}
	space_attach(&other, &edus[2]);
	row_watch_in(&other, &edus[2], IOVA, false);
	row_remap();
	row_check(space_flush(&first, &one) == 0, "the flush returned an error");
	row_stale("the other domain's page was flushed in the first");
	row_check(space_flush(&space, &req) == 0, "the flush returned an error");
	row_end();
	for (i = 0; i < 2U; i++) {
		space_detach(of[i], &edus[i]);
		space_detach(&space, &edus[i]);
	}
	space_detach(&other, &edus[2]);
}

void rows_nested(void)
{
	uint32_t granule_lg2;

	row_group("stage 1 over stage 2");
	for (granule_lg2 = 12; granule_lg2 <= 16U; granule_lg2 += 2U) {
		page_row(granule_lg2, 1);
		table_row(granule_lg2);
	}
	page_row(12, 3);
	everything_row();
	guest_row();
	shared_row();
	shared_left_row();
	two_domains_row();
}
