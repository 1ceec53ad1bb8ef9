/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guest_machine.h - a guest with a command queue over guestq.h, our queue behind it and
 * the model's SMMU behind that; for test_guestq.c and the fuzzer.
 *
 * Guest memory is gm.mem at GM_BASE; what the SMMU did, and what was emulated, is
 * written down in the order in which it took effect.
 */
#ifndef TESTS_GUEST_MACHINE
#define TESTS_GUEST_MACHINE

#include <inval/guestq.h>

#include "guest_judge.h"
#include "model/machine.h"

#define GM_LG2 8u
#define GM_SLOTS (1u << GM_LG2)
#define GM_BASE 0x40000000ULL
#define GM_BATCH 64u
#define GM_DONE 4096u
#define GM_HOST_LG2 5u
#define GM_PA 0x8000000000ULL

struct gm {
	struct judged j;
	struct model model;
	struct model_queue smmu;
	struct inval_queue queue;
	uint64_t queue_mem[2u << GM_HOST_LG2];
	uint64_t queue_book[2u << GM_HOST_LG2];
	struct inval_smmu host;
	struct inval_guestq q;
	struct inval_cmd batch[GM_BATCH];
	uint32_t at[GM_BATCH];
	inval_read_ctx read;
	struct inval_guestq_side side;
	struct inval_guestq_report rep;
	uint64_t mem[2u * GM_SLOTS];
	uint32_t lg2;
	/* Effects, in order; d0 with bit 8 set: emulated, and then the guest's words. */
	uint64_t done[GM_DONE][2];
	uint32_t dones;
	uint32_t fetches;
	uint32_t emulations;
	uint32_t waits;
	/* What emulate answers; and after how many calls it says -EAGAIN once. */
	int answer;
	uint32_t again;
	/* Before a command is copied; while one is emulated. */
	void (*on_fetch)(uint32_t slot);
	void (*on_emulate)(void);
};

static struct gm gm;

static inline void gm_note(uint64_t d0, uint64_t d1)
{
	if (gm.dones < GM_DONE) {
		gm.done[gm.dones][0] = d0;
		gm.done[gm.dones++][1] = d1;
	}
}

static inline void gm_on_done(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	if (model_op(cmd) != MODEL_OP_SYNC)
		gm_note(cmd->d0, cmd->d1);
}

static inline int gm_fetch(void *ctx, uint64_t ipa, uint64_t *mem)
{
	uint64_t slot = (ipa - GM_BASE) / 16u;

	CHECK(ctx == &gm && ipa % 16u == 0u, "fetch of %llx", (unsigned long long)ipa);
	CHECK(*rec_depth(REC_SCOPE_READ) == 0u, "guest memory is copied in a read section");
	gm.fetches++;
	if (ipa < GM_BASE || slot >= GM_SLOTS)
		return -INVAL_EFAULT;
	if (gm.on_fetch)
		gm.on_fetch((uint32_t)slot);
	mem[0] = gm.mem[2u * slot];
	mem[1] = gm.mem[2u * slot + 1u];
	return 0;
}

static inline int gm_emulate(void *ctx, struct inval_cmd in, const struct inval_guest_result *res)
{
	CHECK(ctx == &gm, "wrong context");
	CHECK(*rec_depth(REC_SCOPE_READ) == 0u, "emulated in a read section");
	CHECK(gm.smmu.flying == 0u && model_queue_pending(&gm.smmu) == 0u,
	      "emulated before what was forwarded is complete");
	gm.emulations++;
	if (gm.again != 0u && --gm.again == 0u)
		return -INVAL_EAGAIN;
	gm_note(in.d0 | 0x100u, in.d1);
	if (gm.on_emulate)
		gm.on_emulate();
	(void)res;
	return gm.answer;
}

/* Streams leave while nobody walks. */
static inline bool gm_find(const void *streams, uint32_t vsid, struct inval_guest_stream *out)
{
	CHECK(*rec_depth(REC_SCOPE_READ) != 0u, "streams are looked at outside of a read section");
	return inval_guest_map_find(streams, vsid, out);
}

/* Our queue; what names a stream needs a walk; only an ATC_INV can fail at a device. */
static inline int gm_issue(struct inval_smmu *smmu, const struct inval_cmd *cmds, uint32_t num,
			   bool sync, struct inval_ticket *ticket)
{
	bool atc = false;
	uint32_t i;

	CHECK(num <= GM_BATCH, "more than the batch has room for");
	for (i = 0; i < num; i++) {
		CHECK(!rules_has(cmds[i].d0, RF_SID) || *rec_depth(REC_SCOPE_READ) != 0u,
		      "a stream is named outside of a read section");
		atc = atc || (cmds[i].d0 & 0xffu) == 0x40u;
	}
	CHECK(num == 0u || ticket->atc == atc, "asks for ATC failures: %d", (int)ticket->atc);
	return inval_flush_issue(smmu, cmds, num, sync, ticket);
}

static inline int gm_wait(struct inval_smmu *smmu, const struct inval_ticket *ticket)
{
	gm.waits++;
	return inval_flush_wait_queue(smmu, ticket);
}

/* One more queue of our SMMU, the @n-th; @cfg without its registers. */
static inline void gm_add_queue(uint32_t n, struct model_queue *smmu, struct inval_queue *queue,
				struct inval_queue_config *cfg)
{
	uint64_t pa = GM_PA + 0x10000u * n;

	model_queue_init(smmu, &gm.model, cfg->mem, cfg->size_lg2, pa, true, true);
	smmu->done = gm_on_done;
	machine.smmu[n] = smmu;
	cfg->base = rec_mmio(MACHINE_REGS(n));
	inval_port_mmio_write64(cfg->base, MODEL_BASE, inval_queue_base(pa, cfg->size_lg2));
	inval_port_mmio_write32(cfg->base, MODEL_PROD, 0);
	inval_port_mmio_write32(cfg->base, MODEL_CONS, 0);
	CHECK(inval_queue_init(queue, cfg) == 0, "queue");
	inval_port_mmio_write32(cfg->base, MODEL_CR0, MODEL_CMDQEN);
}

static inline void gm_open_queue(void)
{
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.mem = gm.queue_mem;
	cfg.book = gm.queue_book;
	cfg.size_lg2 = GM_HOST_LG2;
	cfg.timeout_us = 100000;
	cfg.abort_max = 2;
	cfg.coherent = true;
	gm_add_queue(0, &gm.smmu, &gm.queue, &cfg);
}

static inline struct inval_guestq_config gm_config(void)
{
	struct inval_guestq_config cfg;

	gm.side.ctx = &gm.read;
	cfg.guest = &gm.j.guest;
	cfg.streams = &gm.j.map;
	cfg.ctx = &gm;
	cfg.smmu = &gm.host;
	cfg.batch = gm.batch;
	cfg.at = gm.at;
	cfg.batch_num = GM_BATCH;
	cfg.reads = &gm.side;
	cfg.read_num = 1;
	return cfg;
}

/* gm.j has been set up to judge_init(); the guest's queue stands as after reset. */
static inline void gm_open(uint64_t seed)
{
	struct inval_guestq_config cfg;

	if (gm.smmu.mem.mem != NULL)
		model_queue_fini(&gm.smmu);
	machine_open(false);
	model_init(&gm.model, seed);
	gm.model.env = gm.j.env.real;
	machine.pace = 3;
	gm_open_queue();
	memset(&gm.host, 0, sizeof(gm.host));
	gm.host.caps = gm.j.caps;
	gm.host.queue = &gm.queue;
	inval_policy_init(&gm.host.policy);
	inval_port_read_init(&gm.read);
	cfg = gm_config();
	CHECK(inval_guestq_init(&gm.q, &cfg) == 0, "guest queue");
	memset(gm.mem, 0, sizeof(gm.mem));
	gm.lg2 = 4;
	gm.dones = 0;
	gm.fetches = 0;
	gm.emulations = 0;
	gm.waits = 0;
	gm.answer = 0;
	gm.again = 0;
	gm.on_fetch = NULL;
	gm.on_emulate = NULL;
}

static inline int gm_run(uint32_t budget)
{
	return inval_guestq_run(&gm.q, budget, &gm.rep, gm_fetch, gm_find, gm_emulate, gm_issue,
				gm_wait);
}

static inline uint64_t gm_read(uint32_t offset)
{
	uint64_t value = 0;
	int ret = inval_guestq_read(&gm.q, offset, offset == INVAL_REG_CMDQ_BASE ? 8 : 4, &value);

	CHECK(ret == 0, "read of %x: %d", (unsigned int)offset, ret);
	return value;
}

static inline int gm_write(uint32_t offset, uint64_t value)
{
	return inval_guestq_write(&gm.q, offset, value, offset == INVAL_REG_CMDQ_BASE ? 8 : 4);
}

/* The guest sets up a queue of 2^lg2 slots and turns it on. */
static inline void gm_boot(uint32_t lg2)
{
	gm.lg2 = lg2;
	gm_write(INVAL_REG_CMDQ_BASE, GM_BASE | lg2);
	gm_write(INVAL_REG_CMDQ_PROD, 0);
	gm_write(INVAL_REG_CMDQ_CONS, 0);
	CHECK(gm_write(INVAL_REG_CR0, 9) == INVAL_GUESTQ_MORE, "CR0");
	CHECK(gm_run(0) == 0 && gm_read(INVAL_REG_CR0ACK) == 9u, "CR0ACK");
}

/* A command into the guest's memory; PROD is not told. */
static inline uint32_t gm_put(uint32_t pos, uint64_t d0, uint64_t d1)
{
	struct inval_cmd cmd;

	cmd.d0 = d0;
	cmd.d1 = d1;
	inval_cmd_store(&gm.mem[2u * (pos & ((1u << gm.lg2) - 1u))], cmd);
	return (pos + 1u) & ((2u << gm.lg2) - 1u);
}

/* And PROD told. */
static inline void gm_push(uint64_t d0, uint64_t d1)
{
	uint32_t pos = gm_put((uint32_t)gm_read(INVAL_REG_CMDQ_PROD), d0, d1);

	CHECK(gm_write(INVAL_REG_CMDQ_PROD, pos) == INVAL_GUESTQ_MORE, "PROD");
}

static inline uint32_t gm_cons(void)
{
	return (uint32_t)gm_read(INVAL_REG_CMDQ_CONS) & 0xfffffu;
}

/* The error that the guest sees, by CONS.ERR; 0: none is active. */
static inline uint32_t gm_error(void)
{
	if (((gm_read(INVAL_REG_GERROR) ^ gm_read(INVAL_REG_GERRORN)) & 1u) == 0u)
		return 0;
	return (uint32_t)(gm_read(INVAL_REG_CMDQ_CONS) >> 24) & 0x7fu;
}

static inline int gm_ack(void)
{
	return gm_write(INVAL_REG_GERRORN, gm_read(INVAL_REG_GERROR));
}

/* The model found no fault of software's, nobody was warned, no hook was misused. */
static inline void gm_close(void)
{
	CHECK(gm.model.faults == 0u, "model: %s", gm.model.fault);
	CHECK(rec_done() == 0u, "port: %s", rec.misuse_text);
}

#endif /* TESTS_GUEST_MACHINE */
