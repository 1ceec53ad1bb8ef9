/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* space.c - address spaces, and what the library does for them. */
#include <inval/queue.h>

#include "space.h"

#define SMMU_NUMBER 0U

static struct inval_caps space_caps;

static uint16_t next_asid, next_vmid;
static struct inval_queue queue;

void space_setup(void)
{
	struct inval_idregs regs = { 0 };
	struct inval_queue_config config;

	regs.aidr = smmu.aidr;
	regs.idr0 = smmu.idr0;
	regs.idr1 = smmu.idr1;
	regs.idr3 = smmu.idr3;
	regs.idr5 = smmu.idr5;
	if (inval_caps_read(&space_caps, &regs) != 0)
		die("the SMMU's ID registers make no sense");
	config.base = SMMU_BASE;
	config.mem = smmu.cmdq;
	config.book = alloc(inval_queue_book_bytes(CMDQ_LG2), 8);
	config.size_lg2 = CMDQ_LG2;
	config.smmu = SMMU_NUMBER;
	config.timeout_us = 1000000;
	config.abort_max = 3;
	config.coherent = space_has(INVAL_FEAT_COHACC);
	config.sev = false;
	if (inval_queue_init(&queue, &config) != 0)
		die("the queue's configuration makes no sense");
}

bool space_has(uint64_t feat)
{
	return inval_caps_has(&space_caps, feat);
}

int issue(const struct inval_cmd *cmds, uint32_t num)
{
	return inval_queue_run(&queue, cmds, num);
}

/* A row starts with an empty TLB, so that it cannot overflow: that would drop all. */
void space_begin(void)
{
	struct inval_cmd cmd;

	if (inval_cmd_tlbi(&cmd, INVAL_OP_TLBI_NSNH_ALL, 0, 0) != 0 || issue(&cmd, 1) != 0)
		die("the TLB cannot be emptied");
}

/* Stage 1 finds its own tables through stage 2: all memory of alloc(), one to one. */
static void map_one_to_one(const struct tables *s2)
{
	uint64_t at, size = 1ULL << tables_level_lg2(s2, 2);

	for (at = POOL & ~(size - 1U); at < POOL_END; at += size)
		tables_map(s2, at, at, 2);
}

/* Tags that no space had before: what an earlier row left behind cannot matter. */
void space_init(struct space *space, enum kind kind, uint32_t granule_lg2)
{
	struct stream *stream = &space->stream;

	space->kind = kind;
	space->granule_lg2 = granule_lg2;
	space->level = 3;
	stream->s1 = NULL;
	stream->s2 = NULL;
	stream->asid = 0;
	stream->vmid = space_has(INVAL_FEAT_S2P) ? ++next_vmid : 0;
	if (kind != STAGE2) {
		tables_init(&space->s1, granule_lg2, 1);
		stream->s1 = &space->s1;
		stream->cd = alloc(64, 64);
		stream->asid = ++next_asid;
	}
	if (kind != STAGE1) {
		tables_init(&space->s2, granule_lg2, 2);
		stream->s2 = &space->s2;
	}
	if (kind == NESTED)
		map_one_to_one(&space->s2);
}

static void configure(const struct edu *dev, const struct stream *stream)
{
	struct inval_cmd cmd;

	inval_cmd_cfgi_ste(&cmd, false, dev->sid, true);
	smmu_ste_abort(dev->sid);
	if (issue(&cmd, 1) != 0)
		die("CFGI_STE failed");
	if (stream == NULL)
		return;
	smmu_ste_write(dev->sid, stream);
	if (issue(&cmd, 1) != 0)
		die("CFGI_STE failed");
}

void space_attach(struct space *space, const struct edu *dev)
{
	if (space->stream.s1 != NULL)
		smmu_cd_write(&space->stream);
	configure(dev, &space->stream);
}

void space_detach(struct space *space, const struct edu *dev)
{
	(void)space;
	configure(dev, NULL);
}

/*
 * In a nested space what is mapped is the intermediate address, at stage 2;
 * stage 1 is one to one.
 */
void space_map(const struct space *space, uint64_t iova, uint64_t pa)
{
	if (space->kind == NESTED)
		tables_map(&space->s1, iova, iova, space->level);
	tables_map(space->kind == STAGE1 ? &space->s1 : &space->s2, iova, pa, space->level);
}

void space_unmap(const struct space *space, uint64_t iova)
{
	tables_unmap(space->kind == STAGE1 ? &space->s1 : &space->s2, iova, space->level);
}

int space_flush(struct space *space, const struct inval_range_req *req)
{
	struct inval_range_how how;
	struct inval_range range;
	struct inval_range_piece piece;
	struct inval_cmd cmd;
	uint32_t op_range = space->kind == STAGE1 ? INVAL_OP_TLBI_NH_VA : INVAL_OP_TLBI_S2_IPA;
	uint32_t op_all = space->kind == STAGE1 ? INVAL_OP_TLBI_NH_ASID : INVAL_OP_TLBI_S12_VMALL;
	uint16_t asid = space->kind == STAGE1 ? space->stream.asid : 0;

	how.ril = space_has(INVAL_FEAT_RIL);
	how.ds = false;
	how.one = false;
	if (inval_range_start(&range, req, &how) == INVAL_RANGE_ALL) {
		inval_cmd_tlbi(&cmd, op_all, space->stream.vmid, asid);
		return issue(&cmd, 1);
	}
	while (inval_range_next(&range, &piece)) {
		inval_cmd_tlbi_addr(&cmd, op_range, space->stream.vmid, asid, 0, false);
		cmd.d0 |= piece.d0;
		cmd.d1 |= piece.d1;
		issue(&cmd, 1);
	}
	if (space->kind == NESTED) {
		inval_cmd_tlbi(&cmd, INVAL_OP_TLBI_NH_ALL, space->stream.vmid, 0);
		issue(&cmd, 1);
	}
	return 0;
}
