/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_tag.c - flushes by tag, and of everything. Four spaces differ in one tag
 * each, so that a command that takes the wrong one is seen: the space itself,
 * another ASID under its VMID, its ASID under another VMID, and a stage 2 under
 * its VMID. Two pages of each are watched. And no TLBI touches configuration: a
 * stream gets another descriptor, and is not told.
 */
#include "matrix.h"

enum { OWN, OTHER_ASID, OTHER_VMID, STAGE2_ONLY, SPACES };

#define PAGE 0x1000ULL
#define BOTH_PAGES(space) (3U << (2U * (space)))
#define FIRST_PAGE(space) (1U << (2U * (space)))
#define ALL_PAGES 0xffU

static struct space spaces[SPACES], before, after;
static uint32_t used;

/* Without stage 2 there are no VMIDs, and only the first two spaces. */
static void spaces_init(uint32_t targets, uint32_t unwatched)
{
	uint32_t i, page, bit;

	used = space_has(INVAL_FEAT_S2P) ? SPACES : OTHER_VMID;
	for (i = 0; i < used; i++)
		space_init(&spaces[i], i == STAGE2_ONLY ? STAGE2 : STAGE1, 12);
	for (i = 1; i < used; i++) {
		if (i == OTHER_VMID)
			spaces[i].stream.asid = spaces[OWN].stream.asid;
		else
			spaces[i].stream.vmid = spaces[OWN].stream.vmid;
	}
	for (i = 0; i < used; i++) {
		space_attach(&spaces[i], &edus[i]);
		for (page = 0; page < 2U; page++) {
			bit = 1U << (2U * i + page);
			if ((unwatched & bit) == 0U)
				row_watch_in(&spaces[i], &edus[i], IOVA + page * PAGE,
					     (targets & bit) != 0U);
		}
	}
}

static void remap(void)
{
	const struct edu *dev = &edus[SPACES];
	struct watch *w = row_watch(dev, IOVA, false);

	space_init(&before, STAGE1, 12);
	space_init(&after, STAGE1, 12);
	after.stream.vmid = before.stream.vmid;
	space_map(&before, IOVA, w->old_pa);
	space_map(&after, IOVA, w->new_pa);
	space_attach(&before, dev);
	row_warm();
	smmu_cd_write(&after.stream);
	smmu_ste_repoint(dev->sid, &after.stream);
	row_remap();
}

static void judge(int err)
{
	uint32_t i;

	row_check(err == 0, "the flush returned an error");
	row_end();
	for (i = 0; i < used; i++)
		space_detach(&spaces[i], &edus[i]);
	space_detach(&before, &edus[SPACES]);
}

static void space_row(const char *what, uint32_t which, uint64_t bytes, uint32_t targets)
{
	struct inval_range_req req = request(bytes != 0U ? IOVA : 0U, bytes, 12, 12);

	row_begin("%s", what);
	spaces_init(targets, 0);
	remap();
	judge(space_flush(&spaces[which], &req));
}

static void command_row(const char *what, uint32_t op, uint32_t targets)
{
	struct inval_cmd cmd;

	row_begin("%s", what);
	spaces_init(targets, 0);
	remap();
	row_check(inval_cmd_tlbi(&cmd, op, op == INVAL_OP_TLBI_NSNH_ALL ? 0 :
				 spaces[OWN].stream.vmid, 0) == 0, "no such command");
	judge(issue(&cmd, 1));
}

/*
 * For any ASID. A stage-2 entry of the same VMID and address may go or stay: it
 * is not watched.
 */
static void vaa_row(const char *what, uint64_t pages, uint32_t targets)
{
	struct inval_range_req req = request(IOVA, pages * PAGE, 12, 12);
	struct inval_range_how how = { 0 };
	struct inval_range_piece piece = { 0, 0 };
	struct inval_range range;
	struct inval_cmd cmd;

	row_begin("%s", what);
	spaces_init(targets, BOTH_PAGES(STAGE2_ONLY));
	remap();
	how.ril = space_has(INVAL_FEAT_RIL);
	row_check(inval_range_start(&range, &req, &how) == 0 && inval_range_next(&range, &piece) &&
		  inval_range_count(&range) == 0U, "not one command");
	row_check(inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VAA, spaces[OWN].stream.vmid, 0, 0,
				      false) == 0, "no such command");
	cmd.d0 |= piece.d0;
	cmd.d1 |= piece.d1;
	judge(issue(&cmd, 1));
}

void rows_tag(void)
{
	bool s2 = space_has(INVAL_FEAT_S2P);

	row_group("by tag");
	space_row("one page of one ASID", OWN, PAGE, FIRST_PAGE(OWN));
	space_row("one ASID: NH_ASID", OWN, 0, BOTH_PAGES(OWN));
	vaa_row("one page of every ASID of a VMID: NH_VAA", 1,
		FIRST_PAGE(OWN) | FIRST_PAGE(OTHER_ASID));
	vaa_row("two pages of every ASID of a VMID: NH_VAA", 2,
		BOTH_PAGES(OWN) | BOTH_PAGES(OTHER_ASID));
	command_row("every ASID of a VMID: NH_ALL", INVAL_OP_TLBI_NH_ALL,
		    BOTH_PAGES(OWN) | BOTH_PAGES(OTHER_ASID));
	if (s2) {
		space_row("one page of a stage 2", STAGE2_ONLY, PAGE, FIRST_PAGE(STAGE2_ONLY));
		space_row("one VMID, by the space of its stage 2: S12_VMALL", STAGE2_ONLY, 0,
			  ALL_PAGES & ~BOTH_PAGES(OTHER_VMID));
		command_row("one VMID, both stages: S12_VMALL", INVAL_OP_TLBI_S12_VMALL,
			    ALL_PAGES & ~BOTH_PAGES(OTHER_VMID));
	}
	command_row("everything: NSNH_ALL", INVAL_OP_TLBI_NSNH_ALL, ALL_PAGES);
}
