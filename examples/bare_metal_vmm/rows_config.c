/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_config.c - flushes of configuration. The streams get another context
 * descriptor (their STE changes) or another table (their CD changes), and only
 * those that the command names may notice.
 */
#include "matrix.h"

static struct space before[DEVICES], after[DEVICES];

/* Both spaces of a device share the VMID, which stands in a part of the STE that stays. */
static void spaces_init(uint32_t targets)
{
	struct watch *w;
	uint32_t i;

	for (i = 0; i < DEVICES; i++) {
		space_init(&before[i], STAGE1, 12);
		space_init(&after[i], STAGE1, 12);
		after[i].stream.vmid = before[i].stream.vmid;
		w = row_watch_in(&before[i], &edus[i], IOVA, (targets >> i & 1U) != 0U);
		space_map(&after[i], IOVA, w->new_pa);
		smmu_cd_write(&after[i].stream);
	}
}

static void spaces_attach(void)
{
	uint32_t i;

	for (i = 0; i < DEVICES; i++)
		space_attach(&before[i], &edus[i]);
}

static void issue_and_judge(const struct inval_cmd *cmd)
{
	uint32_t i;

	row_check(issue(cmd, 1) == 0, "the command returned an error");
	row_end();
	for (i = 0; i < DEVICES; i++)
		space_detach(&before[i], &edus[i]);
}

static void ste_row(const char *what, const struct inval_cmd *cmd, uint32_t targets)
{
	uint32_t i;

	row_begin("%s", what);
	spaces_init(targets);
	spaces_attach();
	row_warm();
	for (i = 0; i < DEVICES; i++)
		smmu_ste_repoint(edus[i].sid, &after[i].stream);
	row_stale("changed, not flushed");
	issue_and_judge(cmd);
}

static void cd_row(const char *what, const struct inval_cmd *cmd, uint32_t targets)
{
	uint32_t i;

	row_begin("%s", what);
	spaces_init(targets);
	spaces_attach();
	row_warm();
	for (i = 0; i < DEVICES; i++) {
		after[i].stream.cd = before[i].stream.cd;
		smmu_cd_write(&after[i].stream);
	}
	row_stale("changed, not flushed");
	issue_and_judge(cmd);
}

/* By hand, behind the library's back: what the SMMU is told is all. */
static void stream_repoint(const struct edu *dev, const struct space *space)
{
	struct inval_cmd cmd;

	smmu_ste_repoint(dev->sid, &space->stream);
	(void)inval_cmd_cfgi_ste(&cmd, false, dev->sid, true);
	row_check(issue(&cmd, 1) == 0, "CFGI_STE returned an error");
}

/*
 * CFGI_ALL reaches every stream, but no translation: one that is in the TLB
 * already, under the tag that the stream gets now, stays (IHI 0070, 4.3.3).
 */
static void all_row(void)
{
	uint64_t page = IOVA + 0x1000U;
	struct inval_cmd cmd;
	struct watch *w;
	uint32_t i;

	row_begin("all STEs: CFGI_ALL; translations stay");
	spaces_init(0x3f);
	w = row_watch_in(&after[0], &edus[0], page, false);
	space_map(&before[0], page, w->old_pa);
	spaces_attach();
	stream_repoint(&edus[0], &after[0]);
	row_check(edu_probe(&edus[0], page, w->old_pa, w->new_pa) == ON_OLD, "not warm");
	stream_repoint(&edus[0], &before[0]);
	row_warm();
	for (i = 0; i < DEVICES; i++)
		smmu_ste_repoint(edus[i].sid, &after[i].stream);
	space_map(&after[0], page, w->new_pa);
	row_stale("changed, not flushed");
	(void)inval_cmd_cfgi_all(&cmd, false);
	issue_and_judge(&cmd);
}

static void stream_block(const struct edu *dev)
{
	struct inval_cmd cmd;

	smmu_ste_abort(dev->sid);
	(void)inval_cmd_cfgi_ste(&cmd, false, dev->sid, true);
	row_check(issue(&cmd, 1) == 0, "CFGI_STE returned an error");
}

/* A stream that was blocked: the SMMU has cached an STE that aborts. */
static void unblock_row(void)
{
	struct inval_cmd cmd;
	struct watch *w;
	uint32_t i;

	row_begin("a stream blocked so far gets an STE: CFGI_STE");
	for (i = 0; i < 2U; i++) {
		space_init(&after[i], STAGE1, 12);
		smmu_cd_write(&after[i].stream);
		w = row_watch(&edus[i], IOVA, i == 0U);
		w->old_pa = ABSENT;
		space_map(&after[i], IOVA, w->new_pa);
	}
	row_warm();
	for (i = 0; i < 2U; i++)
		smmu_ste_write(edus[i].sid, &after[i].stream);
	row_stale("changed, not flushed");
	(void)inval_cmd_cfgi_ste(&cmd, false, edus[0].sid, true);
	row_check(issue(&cmd, 1) == 0, "the command returned an error");
	row_end();
	stream_block(&edus[0]);
	stream_block(&edus[1]);
}

/* And the way back: until the SMMU is told, the device goes on. */
static void block_row(void)
{
	struct inval_cmd cmd;
	uint32_t i;

	row_begin("a stream is blocked: CFGI_STE");
	for (i = 0; i < 2U; i++) {
		space_init(&before[i], STAGE1, 12);
		space_attach(&before[i], &edus[i]);
		row_watch_in(&before[i], &edus[i], IOVA, i == 0U)->new_pa = ABSENT;
	}
	row_warm();
	for (i = 0; i < 2U; i++)
		smmu_ste_abort(edus[i].sid);
	row_stale("changed, not flushed");
	(void)inval_cmd_cfgi_ste(&cmd, false, edus[0].sid, true);
	row_check(issue(&cmd, 1) == 0, "the command returned an error");
	row_end();
	space_detach(&before[0], &edus[0]);
	space_detach(&before[1], &edus[1]);
}

/*
 * Another table for the ASID that the stream has: the descriptor and the
 * translations made with it must both go.
 */
static void halves_row(void)
{
	struct inval_cmd tlbi, cfgi;

	row_begin("a CD's table: CFGI_CD and TLBI, neither alone");
	spaces_init(0x01);
	spaces_attach();
	row_warm();
	after[0].stream.asid = before[0].stream.asid;
	after[0].stream.cd = before[0].stream.cd;
	smmu_cd_write(&after[0].stream);
	(void)inval_cmd_tlbi(&tlbi, INVAL_OP_TLBI_NH_ASID, before[0].stream.vmid,
			     before[0].stream.asid);
	(void)inval_cmd_cfgi_cd(&cfgi, false, edus[0].sid, 0, true);
	row_stale("changed, not flushed");
	row_check(issue(&tlbi, 1) == 0, "TLBI returned an error");
	row_stale("TLBI alone");
	row_check(issue(&cfgi, 1) == 0, "CFGI_CD returned an error");
	row_stale("CFGI_CD alone");
	issue_and_judge(&tlbi);
}

/* Devices 0 to 5 have StreamIDs 8, 9, 10, 11, 12 and 16. */
void rows_config(void)
{
	struct inval_cmd cmd;

	row_group("configuration");
	(void)inval_cmd_cfgi_ste(&cmd, false, 9, true);
	ste_row("STE of stream 9: CFGI_STE", &cmd, 0x02);
	(void)inval_cmd_cfgi_ste(&cmd, false, 16, false);
	ste_row("STE of stream 16: CFGI_STE, not leaf only", &cmd, 0x20);
	(void)inval_cmd_cfgi_cd(&cmd, false, 10, 0, true);
	cd_row("CD of stream 10: CFGI_CD", &cmd, 0x04);
	(void)inval_cmd_cfgi_cd_all(&cmd, false, 11);
	cd_row("CD of stream 11: CFGI_CD_ALL", &cmd, 0x08);
	(void)inval_cmd_cfgi_ste_range(&cmd, false, 10, 0);
	ste_row("STEs of streams 10-11: CFGI_STE_RANGE", &cmd, 0x0c);
	(void)inval_cmd_cfgi_ste_range(&cmd, false, 9, 1);
	ste_row("STEs of streams 8-11: CFGI_STE_RANGE from 9", &cmd, 0x0f);
	(void)inval_cmd_cfgi_ste_range(&cmd, false, 8, 2);
	ste_row("STEs of streams 8-15: CFGI_STE_RANGE", &cmd, 0x1f);
	(void)inval_cmd_cfgi_ste_range(&cmd, false, 31, 3);
	cd_row("CDs of streams 16-31: CFGI_STE_RANGE from 31", &cmd, 0x20);
	all_row();
	unblock_row();
	block_row();
	halves_row();
}
