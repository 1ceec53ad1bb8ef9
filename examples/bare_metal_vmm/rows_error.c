/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rows_error.c - errors of the command queue. An illegal command between two
 * others is found and taken out; the others do their work, whoever sent them,
 * and only its sender hears of it. A queue that the SMMU cannot read says so,
 * and works again after a reset.
 */
#include <inval/check.h>

#include "matrix.h"

#define PAGE 0x1000ULL
#define SSEC (1ULL << 10)

static struct space space;

static struct inval_cmd page_cmd(uint64_t page)
{
	struct inval_cmd cmd;

	(void)inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VA, space.stream.vmid, space.stream.asid,
				  IOVA + page * PAGE, true);
	return cmd;
}

static void space_watch(uint32_t targets)
{
	uint32_t i;

	space_init(&space, STAGE1, 12);
	space_attach(&space, &edus[0]);
	for (i = 0; i < 4U; i++)
		row_watch_in(&space, &edus[0], IOVA + i * PAGE, i < targets);
}

/* In one batch of one sender, which is told. */
static void illegal_row(struct inval_cmd bad)
{
	struct inval_cmd batch[3];

	row_begin("opcode 0x%x%s between two TLBIs of a batch", (uint32_t)(bad.d0 & 0xffU),
		  (bad.d0 & SSEC) != 0U ? " with SSec" : "");
	space_watch(2);
	row_check(inval_check(space_caps(), INVAL_SEC_NS, bad) != INVAL_LEGAL,
		  "inval_check() let it pass");
	batch[0] = page_cmd(0);
	batch[1] = bad;
	batch[2] = page_cmd(1);
	row_remap();
	row_check(issue(batch, 3) == -INVAL_EILSEQ, "its sender was not told");
	row_end();
	space_detach(&space, &edus[0]);
}

/* Of three senders, of whom only one is told; all have sent before one waits. */
static void senders_row(void)
{
	struct inval_ticket tickets[3];
	struct inval_cmd cmds[3];
	uint32_t i;
	int err = 0;

	row_begin("an illegal command between those of two others");
	space_watch(2);
	cmds[0] = page_cmd(0);
	cmds[1].d0 = 0xff;
	cmds[1].d1 = 0;
	cmds[2] = page_cmd(1);
	row_remap();
	for (i = 0; i < 3U; i++) {
		inval_queue_ticket_init(&tickets[i]);
		err |= space_put(&cmds[i], &tickets[i]);
	}
	row_check(err == 0, "the queue took them not");
	row_check(space_wait(&tickets[2]) == 0, "the third sender got an error");
	row_check(space_wait(&tickets[0]) == 0, "the first sender got an error");
	row_check(space_wait(&tickets[1]) == -INVAL_EILSEQ, "its sender was not told");
	row_end();
	space_detach(&space, &edus[0]);
}

/* One that nobody waits for is a warning, and the queue goes on. */
static void nobody_row(void)
{
	struct inval_cmd cmd = { 0xff, 0 };

	row_begin("an illegal command that nobody waits for");
	space_watch(1);
	row_remap();
	row_check(space_put(&cmd, NULL) == 0, "the queue took it not");
	cmd = page_cmd(0);
	row_check(issue(&cmd, 1) == 0, "the next sender got an error");
	row_expect_warning(INVAL_WARN_CMD_ILLEGAL);
	row_end();
	space_detach(&space, &edus[0]);
}

/* Nothing is invalidated by a queue that cannot be read, and nobody is told it was. */
static void abort_row(void)
{
	struct inval_range_req req = request(IOVA, 2U * PAGE, 12, 12);

	row_begin("the queue cannot be read; reset; the flush again");
	space_watch(2);
	row_remap();
	smmu_cmdq_reset(0x200000000ULL);	/* nothing is there */
	space_queue_init();
	row_check(space_flush(&space, &req) == -INVAL_EFAULT, "the flush did not fail");
	row_check(space_flush(&space, &req) == -INVAL_ESHUTDOWN, "the queue is not broken");
	row_stale("after the failed flush");
	smmu_cmdq_reset((uint64_t)hardware.cmdq);
	space_queue_init();
	row_check(space_flush(&space, &req) == 0, "the flush failed after the reset");
	row_expect_warning(INVAL_WARN_CMDQ_ABORT);
	row_expect_warning(INVAL_WARN_QUEUE_BROKEN);
	row_end();
	space_detach(&space, &edus[0]);
}

void rows_error(bool full)
{
	static const uint8_t ops[] = { 0xff, 0x00, 0x07, 0x14, 0x50, 0x60, 0x70, 0xee };
	struct inval_cmd bad = { 0, 0 };
	uint32_t i;

	row_group("errors of the queue");
	for (i = 0; i < (full ? ARRAY_LEN(ops) : 2U); i++) {
		bad.d0 = ops[i];
		illegal_row(bad);
	}
	(void)inval_cmd_cfgi_ste(&bad, true, edus[0].sid, true);
	illegal_row(bad);
	senders_row();
	nobody_row();
	abort_row();
}
