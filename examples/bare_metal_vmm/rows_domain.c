/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_domain.c - what a domain's flush reaches while devices come and go and an ASID
 * moves, tags that nobody uses any more, and unmaps that are gathered.
 */
#include "matrix.h"

#define PAGE 0x1000ULL

static struct space space, second, third, other;

/* `other` is the neighbour of every row: another domain, another device. */
static void spaces_init(enum kind kind)
{
	space_init(&space, kind, 12);
	space_init(&second, kind, 12);
	space_init(&other, kind, 12);
	space_attach(&other, &edus[5]);
	row_watch_in(&other, &edus[5], IOVA, false);
}

static struct watch *watch_page(const struct edu *dev, uint64_t page, bool target)
{
	return row_watch_in(&space, dev, IOVA + page * PAGE, target);
}

static struct inval_range_req pages(uint64_t first, uint64_t num)
{
	return request(IOVA + first * PAGE, num * PAGE, 12, 12);
}

static void judge(int err)
{
	row_check(err == 0, "the flush returned an error");
	row_end();
	space_detach(&other, &edus[5]);
}

/* The tag has a user left when the second device goes: nothing is flushed then. */
static void two_devices_row(enum kind kind)
{
	struct inval_range_req req = pages(0, 2);

	row_begin("stage %u: two devices, one leaves, one flush", kind == STAGE1 ? 1U : 2U);
	spaces_init(kind);
	space_attach(&space, &edus[0]);
	space_attach(&space, &edus[1]);
	watch_page(&edus[0], 0, true);
	watch_page(&edus[1], 1, true);
	row_remap();
	space_attach(&space, &edus[2]);
	space_detach(&space, &edus[2]);
	row_stale("a third device came and left");
	judge(space_flush(&space, &req));
	space_detach(&space, &edus[0]);
	space_detach(&space, &edus[1]);
}

/*
 * The last device leaves for a space with the same tags: until commit has flushed
 * them, it finds what the old space left in the TLB.
 */
static void last_leaves_row(enum kind kind, const char *what)
{
	struct watch *w;
	struct move move;

	row_begin("%s: the last device leaves, its tag is flushed", what);
	spaces_init(kind);
	second.stream.asid = space.stream.asid;
	second.stream.vmid = space.stream.vmid;
	space_attach(&space, &edus[0]);
	w = watch_page(&edus[0], 0, true);
	space_map(&second, IOVA, w->new_pa);
	row_remap();
	space_map(&space, IOVA, w->old_pa);
	space_move_begin(&move, &second, &space, &edus[0]);
	row_stale("moved, not committed");
	space_move_commit(&move);
	judge(0);
	space_detach(&second, &edus[0]);
}

/*
 * The last device is blocked, and another domain, with another device, gets the tags:
 * it finds what the old one left in the TLB, until commit has flushed them.
 */
static void reused_row(enum kind kind, const char *what)
{
	struct watch *w;
	struct move move;

	row_begin("%s: empty after the last detach, reused", what);
	spaces_init(kind);
	second.stream.asid = space.stream.asid;
	second.stream.vmid = space.stream.vmid;
	space_attach(&space, &edus[0]);
	w = watch_page(&edus[0], 0, true);
	space_map(&second, IOVA, w->new_pa);
	row_remap();
	space_move_begin(&move, NULL, &space, &edus[0]);
	space_attach(&second, &edus[1]);
	w->dev = &edus[1];
	row_stale("blocked, not committed, and the tag reused");
	space_move_commit(&move);
	judge(0);
	space_detach(&second, &edus[1]);
}

/* Two CDs of one domain; the neighbour has another ASID than both. */
static uint16_t two_cds_init(void)
{
	uint16_t unused;

	spaces_init(STAGE1);
	second.home = &space;
	second.stream.s1 = &space.s1;
	unused = second.stream.asid;
	second.stream.asid = space.stream.asid;
	second.stream.vmid = space.stream.vmid;
	space_attach(&space, &edus[0]);
	space_attach(&second, &edus[1]);
	return unused;
}

/* While one CD has the new ASID and the other the old one, a flush names both. */
static void asid_moves_row(void)
{
	struct inval_range_req req = pages(0, 2);
	struct move move;
	uint16_t asid;

	row_begin("ASID move: between two CDs a flush names both");
	asid = two_cds_init();
	watch_page(&edus[0], 0, true);
	watch_page(&edus[1], 1, true);
	space_asid_begin(&move, &space, asid);
	space_asid_write(&space, &edus[0], asid);
	row_remap();
	judge(space_flush(&space, &req));
	space_asid_write(&second, &edus[1], asid);
	space_asid_commit(&move);
	space_detach(&space, &edus[0]);
	space_detach(&second, &edus[1]);
}

/*
 * The old ASID is another domain's at once; the CPU's, with BTM. Its CD is written by
 * hand before commit has flushed what the old domain left.
 */
static void asid_moved_row(void)
{
	struct watch *w;
	struct move move;
	uint16_t asid, old;

	row_begin("ASID move: the old one is empty, reused");
	asid = two_cds_init();
	old = space.stream.asid;
	w = watch_page(&edus[0], 0, true);
	row_remap();
	space_asid_begin(&move, &space, asid);
	space_asid_write(&space, &edus[0], asid);
	space_asid_write(&second, &edus[1], asid);
	space_init(&third, STAGE1, 12);
	third.stream.asid = old;
	third.stream.vmid = space.stream.vmid;
	space_map(&third, IOVA, w->new_pa);
	space_attach(&third, &edus[2]);
	w->dev = &edus[2];
	row_stale("both CDs have the new one, not committed");
	space_asid_commit(&move);
	judge(0);
	space_detach(&space, &edus[0]);
	space_detach(&second, &edus[1]);
	space_detach(&third, &edus[2]);
}

/* From publish to commit both domains count: a flush of the new one reaches the device. */
static void during_move_row(void)
{
	struct inval_range_req req = pages(0, 1);
	struct watch *w;
	struct move move;

	row_begin("stage 1: a flush of the new domain during a move");
	spaces_init(STAGE1);
	space_attach(&space, &edus[0]);
	w = row_watch_in(&second, &edus[0], IOVA, true);
	space_map(&space, IOVA, w->old_pa);
	space_move_begin(&move, &second, &space, &edus[0]);
	row_remap();
	row_check(space_flush(&second, &req) == 0, "the flush returned an error");
	space_move_commit(&move);
	judge(0);
	space_detach(&second, &edus[0]);
}

static void abort_row(void)
{
	struct inval_range_req req = pages(0, 1);
	struct move move;

	row_begin("stage 1: a move taken back; the old domain's flush");
	spaces_init(STAGE1);
	space_attach(&space, &edus[0]);
	watch_page(&edus[0], 0, true);
	space_move_begin(&move, &second, &space, &edus[0]);
	space_move_abort(&move);
	row_check(inval_domain_fini(&second.domain) == 0, "the new domain still has a user");
	row_remap();
	judge(space_flush(&space, &req));
	space_detach(&space, &edus[0]);
}

/*
 * One stage 2 under two VMIDs: one flush reaches both; and the second still, when
 * the first device has left and the array was purged.
 */
static void shared_row(bool purge)
{
	struct inval_range_req req = pages(0, 2);

	row_begin("stage 2: two VMIDs, %s", purge ? "one leaves, purge" : "one flush");
	spaces_init(STAGE2);
	second.home = &space;
	second.stream.s2 = &space.s2;
	space_attach(&space, &edus[0]);
	space_attach(&second, &edus[1]);
	watch_page(&edus[1], 1, true);
	if (purge) {
		space_detach(&space, &edus[0]);
		space_purge(&space);
	} else {
		watch_page(&edus[0], 0, true);
	}
	row_remap();
	judge(space_flush(&space, &req));
	if (!purge)
		space_detach(&space, &edus[0]);
	space_detach(&second, &edus[1]);
}

/* Unmaps one by one, upwards or downwards; pages from `gap` on are one page further. */
static void gather_row(const char *what, bool down, uint64_t gap, uint32_t flushes)
{
	struct inval_range_req req;
	struct inval_gather gather;
	uint32_t before, i;
	uint64_t page;
	int err = 0;

	row_begin("%s", what);
	spaces_init(STAGE1);
	space_attach(&space, &edus[0]);
	inval_gather_init(&gather);
	for (page = 0; page <= 16U; page++)
		watch_page(&edus[0], page, page != gap);
	row_unmap();
	before = vmm_counts[INVAL_COUNT_FLUSH];
	for (i = 0; i <= 16U; i++) {
		page = down ? 16U - i : i;
		req = pages(page, 1);
		if (page != gap)
			err |= space_gather(&space, &gather, &req);
	}
	if (flushes == 1U)
		row_stale("all gathered, not flushed");
	err |= space_gather(&space, &gather, NULL);
	row_check(vmm_counts[INVAL_COUNT_FLUSH] - before == flushes, "another number of flushes");
	judge(err);
	space_detach(&space, &edus[0]);
}

void rows_domain(void)
{
	bool s2 = space_has(INVAL_FEAT_S2P);

	row_group("devices come and go");
	two_devices_row(STAGE1);
	last_leaves_row(STAGE1, "ASID");
	reused_row(STAGE1, "ASID");
	asid_moves_row();
	asid_moved_row();
	if (s2) {
		two_devices_row(STAGE2);
		last_leaves_row(STAGE2, "VMID");
		reused_row(STAGE2, "VMID");
		last_leaves_row(NESTED, "nested");
		shared_row(false);
		shared_row(true);
	}
	during_move_row();
	abort_row();
	row_group("unmaps are gathered");
	gather_row("16 pages upwards: one flush", false, 16, 1);
	gather_row("16 pages downwards: one flush", true, 0, 1);
	gather_row("16 pages around another: two flushes", false, 7, 2);
}
