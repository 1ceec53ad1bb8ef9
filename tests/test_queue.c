/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/queue.h against the model of tests/model.
 *
 * Properties:
 * - every command reaches the SMMU exactly once, whole, batches in one piece and in
 *   order, those of one caller in its order; at sizes of 2 to 256 slots, batches of 1
 *   to all slots, over the wrap of index and wrap bit, at positions above 2^32; for
 *   one CPU, for one between any two hooks of another, for an interrupt wherever
 *   interrupts are on, and for all orders of 2 and 3 CPUs and the SMMU
 * - a wait that returns 0 has all commands of its ticket take effect before
 * - nothing that the model calls a fault of software
 * - no room: the call waits, as it came with interrupts on or off, and goes on. It is not
 *	overtaken for ever, with 4 to 256 slots: by INVAL_QUEUE_OVERTAKEN slots until it
 *	has a number, then by each CPU once, and by those who had one before; one that is
 *	interrupted is passed over, so nobody waits for what it has interrupted
 * - a batch that cannot fit is -EINVAL; a queue that stands still breaks after its
 *   time-out, with -ETIMEDOUT; then everything fails at once, without touching a
 *   register, until the queue is initialised anew
 * - what is complete is no time-out, however late it is looked at; nor is a queue
 *   that moves while others take the room
 * - CERROR_ILL: the producer of the bad command and nobody else gets -EILSEQ, or a
 *   warning where it left no ticket; all other commands take effect; also where more
 *   tickets are unclaimed than remembered (then others may be told, too)
 * - CERROR_ABT: retried, at most so often at one place, then -EFAULT and broken
 * - CERROR_ATC_INV_SYNC: -EREMOTEIO for tickets with an ATC_INV, not for others; again and
 *   again at one place, once for each ATC_INV, it is no time-out;
 *   inval_queue_find() tells it of that device alone, whatever others left behind, and
 *   waits as long as it is told
 * - an error without a name is acknowledged, by waits too; other errors of GERROR are
 *   left alone and acknowledged once by inval_queue_ack()
 * - MSI: a wait reads memory, and CONS now and then; an MSI that is late, lost or of 64
 *   bits loses nothing; a lost one turns them off, with a warning; a number too old for
 *   its sign is never taken for a new one; one beyond PROD is -EPROTO
 * - event: a wait sleeps until one comes, never longer than INVAL_QUEUE_EVENT_US
 * - an ECMDQ, and a virtual queue, do all of this with their own registers
 * - a queue does not take what is not in its set; errata: SYNC with each batch, TLBI and
 *   CFGI twice with a SYNC between, batches that fit no more are refused
 * - after a reset all is as new, but tickets from before get -ESHUTDOWN
 * - powered off: -EPROTO, whatever CONS could mean; never success
 * - non-coherent memory is cleaned, in two pieces over the wrap; coherent is not
 * - each barrier stands where it must
 * - interrupts are off from reservation to PROD, and at no wait
 */
/* port: recording */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ucontext.h */
#endif

#include <inval/queue.h>
#include <inval/text.h>
#include "model/cpus.h"
#include "test.h"

#define MAX_LG2 8U
#define MAX_SLOTS (1U << MAX_LG2)
#define OWNERS 5U
#define BATCHES 256U
#define PA 0x8000000000ULL
#define MSI_PA 0xfedcba9876540ULL
#define REG(offset) (MACHINE_REGS(0) + (offset))

#define TLBI 0x12U
#define ATC 0x40U
#define SYNC 0x46U
#define BAD 0x3fU

static struct model model;
static struct model_queue smmu;
static struct inval_queue q;
static uint64_t mem[2U * MAX_SLOTS];
static uint64_t book[2U * MAX_SLOTS];
static uint64_t msi[2];
static enum inval_sync how_sync;
static enum inval_queue_kind how_kind;

/* What was put, and what the SMMU made of it. */
struct plan {
	uint32_t num;
	bool sync;
	uint32_t effects;
	uint32_t lost;
};

static struct plan plan[OWNERS][BATCHES];
static uint32_t plans[OWNERS];		/* batches of this owner */
static uint32_t sent;			/* batches that put took */
static uint32_t seen;			/* batches consumed */
static uint32_t owner_seen[OWNERS];	/* the latest of this owner + 1 */
static uint32_t now_owner, now_batch, now_index;	/* a batch on its way */
static bool in_batch;
static uint64_t history;		/* of what was consumed */
static const char *wrong;

/* Something that happens once, before a hook: the how manieth from now. */
static uint32_t when;
static void (*what)(void);

static void note(const char *what)
{
	if (wrong == NULL)
		wrong = what;
}

static uint32_t cmd_owner(const struct model_cmd *cmd)
{
	return (uint32_t)(model_op(cmd) == ATC ? cmd->d0 >> 32 : cmd->d0 >> 48);
}

static uint32_t cmd_batch(const struct model_cmd *cmd)
{
	return (uint32_t)(cmd->d1 >> 22);
}

static uint32_t cmd_index(const struct model_cmd *cmd)
{
	return (uint32_t)(cmd->d1 >> 12) & 0x3ffU;
}

static struct plan *cmd_plan(const struct model_cmd *cmd)
{
	static struct plan none;

	if (cmd_owner(cmd) < OWNERS && cmd_batch(cmd) < BATCHES)
		return &plan[cmd_owner(cmd)][cmd_batch(cmd)];
	note("a command that nobody put");
	return &none;
}

static void begin_batch(const struct model_cmd *cmd)
{
	now_owner = cmd_owner(cmd);
	now_batch = cmd_batch(cmd);
	now_index = 0;
	in_batch = true;
	if (now_batch < owner_seen[now_owner % OWNERS])
		note("batches of one caller out of order, or twice");
	owner_seen[now_owner % OWNERS] = now_batch + 1U;
}

/* A batch of a SYNC alone has nothing that says whose it is. */
static void on_taken(struct model_queue *mq, const struct model_cmd *cmd)
{
	const struct model_cmd *c = cmd->pos == mq->bad.pos ? &mq->bad : cmd;
	const struct plan *p;

	history = cpus_mix(cpus_mix(history, c->d0), c->d1);
	if (c != cmd && (model_op(cmd) != SYNC || cmd->d1 != 0U))
		note("the bad command did not become a SYNC");
	if (model_op(c) == SYNC && !in_batch) {
		seen++;
		return;
	}
	if (model_op(c) != SYNC) {
		if (!in_batch)
			begin_batch(c);
		if (cmd_owner(c) != now_owner || cmd_batch(c) != now_batch ||
		    cmd_index(c) != now_index)
			note("a batch is not in one piece, or not in order");
		now_index++;
	}
	p = &plan[now_owner % OWNERS][now_batch % BATCHES];
	if (model_op(c) == SYNC && (!p->sync || now_index != p->num))
		note("a SYNC where none was put");
	if (model_op(c) == SYNC || (now_index == p->num && !p->sync)) {
		in_batch = false;
		seen++;
	}
}

static void on_done(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	if (model_op(cmd) != SYNC)
		cmd_plan(cmd)->effects++;
}

static void on_lost(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	cmd_plan(cmd)->lost++;
}

static struct inval_queue_config config(uint32_t lg2)
{
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.base = rec_mmio(MACHINE_REGS(0));
	cfg.mem = mem;
	cfg.book = book;
	cfg.size_lg2 = lg2;
	cfg.smmu = 7;
	cfg.timeout_us = 1000;
	cfg.abort_max = 3;
	cfg.coherent = true;
	cfg.sync = how_sync;
	cfg.msi = msi;
	cfg.msi_pa = MSI_PA;
	cfg.kind = how_kind;
	if (how_kind == INVAL_QUEUE_ECMDQ) {
		cfg.base = rec_mmio(REG(MODEL_ECMDQ));
	} else if (how_kind == INVAL_QUEUE_VIRTUAL) {
		cfg.base = rec_mmio(MACHINE_REGS(0) - 0x1000U);
		cfg.regs.prod = 0x1098;
		cfg.regs.cons = 0x109c;
		cfg.regs.gerror = 0x1060;
		cfg.regs.gerrorn = 0x1064;
	}
	return cfg;
}

/* What an embedder does before and after the library's part. */
static void boot_registers(void)
{
	const inval_mmio page0 = rec_mmio(MACHINE_REGS(0));

	model_queue_reset(&smmu);
	inval_port_mmio_write64(page0, INVAL_REG_CMDQ_BASE, inval_queue_base(PA, smmu.lg2));
	inval_port_mmio_write32(page0, smmu.ecmdq ? MODEL_ECMDQ + INVAL_REG_ECMDQ_PROD :
				INVAL_REG_CMDQ_PROD, smmu.ecmdq ? INVAL_ECMDQ_EN : 0U);
	if (!smmu.ecmdq)
		inval_port_mmio_write32(page0, INVAL_REG_CMDQ_CONS, 0);
}

static void boot_enable(void)
{
	if (!smmu.ecmdq)
		inval_port_mmio_write32(rec_mmio(MACHINE_REGS(0)), MODEL_CR0, MODEL_CMDQEN);
}

static void boot(const struct inval_queue_config *cfg)
{
	boot_registers();
	if (inval_queue_init(&q, cfg) != 0)
		note("init failed");
	boot_enable();
	memset(plan, 0, sizeof(plan));
	memset(plans, 0, sizeof(plans));
	memset(owner_seen, 0, sizeof(owner_seen));
	when = 0;
	sent = 0;
	seen = 0;
	in_batch = false;
	history = 0;
}

static void open_with(const struct inval_queue_config *cfg, uint64_t seed, bool log)
{
	wrong = NULL;
	memset(&q, seed & 1U ? 0xa5 : 0, sizeof(q));
	machine_open(log);
	rec.mute[REC_WARN] = false;
	model_init(&model, seed);
	model_queue_init(&smmu, &model, mem, cfg->size_lg2, PA, true, cfg->coherent);
	smmu.ecmdq = cfg->kind == INVAL_QUEUE_ECMDQ;
	smmu.msi = cfg->sync == INVAL_SYNC_MSI ? cfg->msi : NULL;
	smmu.msi_pa = MSI_PA;
	smmu.taken = on_taken;
	smmu.done = on_done;
	smmu.lost = on_lost;
	machine.smmu[0] = &smmu;
	machine.pace = 3;
	boot(cfg);
	rec_forget();
}

static void open_queue(uint32_t lg2, uint64_t seed)
{
	struct inval_queue_config cfg = config(lg2);

	open_with(&cfg, seed, false);
}

/* As if so many commands had gone through before. */
static void start_at(uint64_t pos)
{
	q.tail = pos;
	q.prod = pos;
	q.cons = pos;
	q.born = pos & ~(2ULL * q.mask + 1U);
	smmu.at = pos;
	smmu.prod = (smmu.prod & ~model_queue_mask(&smmu)) |
		    ((uint32_t)pos & model_queue_mask(&smmu));
	smmu.cons = (smmu.cons & ~model_queue_mask(&smmu)) |
		    ((uint32_t)pos & model_queue_mask(&smmu));
	if (smmu.msi != NULL)
		*msi = smmu.msi_seen = inval_le64(pos);
}

/* No fault, no misuse; @all: and everything put has been consumed and took effect. */
static const char *verdict(bool all)
{
	if (all) {
		model_queue_settle(&smmu);
		if (seen != sent)
			note("not all batches were consumed");
		if (model_queue_pending(&smmu) != 0U || smmu.flying != 0U || smmu.at != q.tail)
			note("the queue is not empty");
	}
	if (model.faults != 0U)
		note(model.fault);
	if (rec_done() != 0U)
		note(rec.misuse_text);
	rec.misuse = 0;
	return wrong;
}

static void close_queue(bool all, const char *what, uint64_t n)
{
	const char *text = verdict(all);

	how_sync = INVAL_SYNC_POLL;
	how_kind = INVAL_QUEUE_CMDQ;

	CHECK(text == NULL, "%s %llu: %s", what, (unsigned long long)n, text);
	model_queue_fini(&smmu);
}

#define NONE UINT32_MAX

static struct inval_cmd command(uint32_t op, uint32_t owner, uint32_t batch, uint32_t index)
{
	struct inval_cmd cmd;

	cmd.d0 = op | (uint64_t)owner << (op == ATC ? 32 : 48);
	cmd.d1 = ((uint64_t)batch << 10 | index) << 12;
	return cmd;
}


/* The next batch of an owner, with one bad command (or NONE), TLBI or ATC_INV. */
static int send(uint32_t owner, uint32_t op, uint32_t num, bool sync, uint32_t bad,
		struct inval_ticket *t)
{
	struct inval_cmd cmds[MAX_SLOTS];
	uint32_t batch = plans[owner]++, i;
	int err;

	cmds[0] = command(op, owner, batch, 0);
	for (i = 0; i < num; i++)
		cmds[i] = command(i == bad ? BAD : op, owner, batch, i);
	plan[owner][batch].num = num;
	plan[owner][batch].sync = sync;
	if (t != NULL && op == ATC)
		t->atc = true;
	err = inval_queue_put(&q, cmds, num, sync, t);
	sent += err == 0;
	return err;
}

/* Have all commands of this owner's batches from @first on had their effect, but @bad? */
static bool effective(uint32_t owner, uint32_t first, uint32_t bad)
{
	uint32_t want = 0, have = 0, i;

	for (i = first; i < plans[owner]; i++) {
		want += plan[owner][i].num;
		have += plan[owner][i].effects + plan[owner][i].lost;
	}
	return have + bad == want;
}

static int send_wait(uint32_t owner, uint32_t op, uint32_t num, uint32_t bad)
{
	uint32_t first = plans[owner];
	struct inval_ticket t;
	int err;

	inval_queue_ticket_init(&t);
	err = send(owner, op, num, true, bad, &t);
	if (err == 0)
		err = inval_queue_wait(&q, &t);
	if (err == 0 && !effective(owner, first, 0))
		note("a wait returned before the effect");
	return err;
}

/* The log */

static uint32_t last_before(enum rec_kind kind, uint64_t addr, uint32_t at)
{
	uint32_t i;

	for (i = at; i > 0U; i--) {
		if (rec.log[i - 1U].kind == kind && rec.log[i - 1U].addr == addr)
			return i - 1U;
	}
	return REC_NONE;
}

static bool between(enum rec_kind kind, uint32_t from, uint32_t to)
{
	return from < to && to != REC_NONE && rec_next(kind, from) < to;
}

/* One CPU */

TEST(queue, init)
{
	struct inval_queue_config cfg = config(4);

	machine_open(true);
	cfg.size_lg2 = 0;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "one slot");
	cfg.size_lg2 = 20;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "2^20 slots");
	cfg.size_lg2 = 4;
	cfg.mem = NULL;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "no memory");
	cfg.mem = mem;
	cfg.book = NULL;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "no book");
	cfg.book = book;
	book[32] = 0x5555;
	CHECK(inval_queue_init(&q, &cfg) == 0, "good");
	CHECK(book[31] == 0U && book[32] == 0x5555U, "the book and no more");
	CHECK(rec.events == 0U, "%u hooks", rec.events);
	cfg.size_lg2 = 19;
	cfg.book = (uint64_t *)malloc((size_t)inval_queue_book_bytes(19));
	CHECK(inval_queue_init(&q, &cfg) == 0, "2^19 slots");
	free(cfg.book);
	CHECK(inval_queue_book_bytes(4) == 256U, "16 slots");
	CHECK(inval_queue_book_bytes(19) == 8U << 20, "2^19 slots");
	CHECK(inval_queue_base(0xfffffffffffe0ULL, 19) == 0x400ffffffffffff3ULL, "0x%llx",
	      (unsigned long long)inval_queue_base(0xfffffffffffe0ULL, 19));
}

TEST(queue, batch_limits)
{
	struct inval_cmd cmds[MAX_SLOTS + 1U];
	struct inval_ticket t;
	uint32_t lg2, size, before;

	memset(cmds, 0, sizeof(cmds));
	for (lg2 = 1; lg2 <= MAX_LG2; lg2++) {
		struct inval_queue_config cfg = config(lg2);

		open_with(&cfg, lg2, true);
		size = 1U << lg2;
		before = rec.events;
		inval_queue_ticket_init(&t);
		CHECK(inval_queue_put(&q, cmds, 0, false, &t) == -INVAL_EINVAL, "nothing");
		CHECK(inval_queue_put(&q, cmds, size + 1U, false, &t) == -INVAL_EINVAL, "lap + 1");
		CHECK(inval_queue_put(&q, cmds, size, true, &t) == -INVAL_EINVAL, "lap and SYNC");
		CHECK(inval_queue_put(&q, cmds, UINT32_MAX, true, &t) == -INVAL_EINVAL, "2^32");
		CHECK(inval_queue_run(&q, cmds, size) == -INVAL_EINVAL, "run of a lap");
		CHECK(t.id == 0U && q.tail == 0U && rec_total(REC_MMIO_WRITE32) == 0U,
		      "%u events", rec.events - before);
		CHECK(inval_queue_wait(&q, &t) == 0, "wait for nothing");
		CHECK(send(0, TLBI, size, false, NONE, NULL) == 0, "a lap");
		CHECK(send(0, TLBI, size - 1U, true, NONE, NULL) == 0, "a lap with SYNC");
		CHECK(send(0, TLBI, 0, true, NONE, NULL) == 0, "a SYNC");
		close_queue(true, "slots", size);
	}
}

TEST(queue, every_batch_size)
{
	uint32_t lg2, size, num, round;

	for (lg2 = 1; lg2 <= MAX_LG2; lg2++) {
		size = 1U << lg2;
		for (num = 1; num <= size; num += lg2 > 5U ? 13U : 1U) {
			open_queue(lg2, num);
			for (round = 0; round < 12U; round++) {
				CHECK(send(0, TLBI, num, false, NONE, NULL) == 0, "put");
				CHECK(send_wait(1, TLBI, num - 1U, NONE) == 0, "wait");
			}
			close_queue(true, "batch", num);
		}
	}
}

TEST(queue, high_positions)
{
	static const uint64_t start[] = {
		(1ULL << 20) - 2U, (1ULL << 32) - 3U, (4ULL << 32) - 3U, (8ULL << 32) - 1U,
		(1ULL << 62) - 5U,
	};
	uint32_t i, round;

	for (i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		open_queue(2, i);
		start_at(start[i]);
		for (round = 0; round < 8U; round++) {
			CHECK(send(0, TLBI, 1 + round % 4U, false, NONE, NULL) == 0, "put");
			CHECK(send_wait(1, TLBI, round % 4U, NONE) == 0, "wait");
			CHECK(send_wait(2, TLBI, 2, 1) == -INVAL_EILSEQ, "illegal");
		}
		close_queue(true, "start", i);
	}
}

TEST(queue, run)
{
	struct inval_cmd cmds[4];

	open_queue(2, 1);
	cmds[0] = command(TLBI, 0, 0, 0);
	plan[0][0].num = 1;
	plan[0][0].sync = true;
	CHECK(inval_queue_run(&q, cmds, 1) == 0, "one command");
	CHECK(plan[0][0].effects == 1U && smmu.at == 2U, "effects %u", plan[0][0].effects);
	CHECK(q.cons == 2U, "nobody else is told");
	CHECK(rec.count[INVAL_COUNT_TLBI] == 1U && rec.count[INVAL_COUNT_SYNC] == 1U, "counted");
	CHECK(inval_queue_run(&q, cmds, 0) == 0 && smmu.at == 3U, "a SYNC alone");
	cmds[0] = command(BAD, 0, 1, 0);
	plan[0][1] = plan[0][0];
	CHECK(inval_queue_run(&q, cmds, 1) == -INVAL_EILSEQ, "illegal");
	smmu.next[MODEL_ATC] = 1;
	cmds[0] = command(TLBI, 0, 2, 0);
	cmds[1] = command(ATC, 0, 2, 1);
	cmds[2] = command(TLBI, 0, 2, 2);
	plan[0][2].num = 3;
	plan[0][2].sync = true;
	CHECK(inval_queue_run(&q, cmds, 3) == -INVAL_EREMOTEIO, "a device does not answer");
	CHECK(rec.count[INVAL_COUNT_TLBI] == 3U && rec.count[INVAL_COUNT_ATC] == 1U &&
	      rec.count[INVAL_COUNT_SYNC] == 4U && rec.count[INVAL_COUNT_OTHER] == 1U, "kinds");
	smmu.next[MODEL_ATC] = 1;
	CHECK(send(1, ATC, 1, false, NONE, NULL) == 0, "another's");
	cmds[0] = command(TLBI, 0, 3, 0);
	plan[0][3] = plan[0][0];
	plan[0][3].effects = 0;
	CHECK(inval_queue_run(&q, cmds, 1) == 0, "another's device does not answer");
	sent = 6;
	close_queue(true, "run", 0);
}

/* Tickets over several batches, also with those of others between. */
TEST(queue, ticket_of_many_batches)
{
	struct inval_ticket t;
	uint32_t i;

	open_queue(5, 3);
	machine.pace = 0;
	inval_queue_ticket_init(&t);
	for (i = 0; i < 3U; i++) {
		CHECK(send(0, TLBI, 3, false, i == 1U ? 1U : NONE, &t) == 0, "put");
		CHECK(send(1, TLBI, 2, true, NONE, NULL) == 0, "put of another");
	}
	CHECK(send(0, TLBI, 1, true, NONE, &t) == 0, "put");
	machine.pace = 3;
	CHECK(inval_queue_wait(&q, &t) == -INVAL_EILSEQ, "its second batch was bad");
	CHECK(effective(0, 0, 1), "effects");
	close_queue(true, "ticket", 0);
}

/* Reports */

TEST(queue, reports)
{
	struct inval_queue_config cfg = config(3);
	struct inval_ticket t;
	uint32_t i;

	open_with(&cfg, 1, true);
	machine.pace = 0;
	inval_queue_ticket_init(&t);
	CHECK(send(0, TLBI, 2, true, 0, &t) == 0, "put");
	i = rec_next(REC_TRACE, 0);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_ISSUE && rec.log[i].addr == 7U &&
	      rec.log[i].value == 3U, "issue");
	machine.pace = 3;
	CHECK(inval_queue_wait(&q, &t) == -INVAL_EILSEQ, "wait");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_WAIT_BEGIN && rec.log[i].addr == 7U &&
	      rec.log[i].value == 3U, "wait begins");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_CMDQ_ERROR && rec.log[i].addr == 7U &&
	      rec.log[i].value == INVAL_CERROR_ILL, "error");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_WAIT_END && rec.log[i].addr == 7U &&
	      rec.log[i].value == INVAL_EILSEQ, "wait ends");
	CHECK(rec.count[INVAL_COUNT_SYNC] == 1U && rec.count[INVAL_COUNT_WAIT] == 1U &&
	      rec.count[INVAL_COUNT_ERROR] == 1U && rec.count[INVAL_COUNT_FULL] == 0U &&
	      rec.warns == 0U, "counters");
	close_queue(true, "reports", 0);
}

/* An error of put is one, too; a call that finds no room is one full queue. */
TEST(queue, counts)
{
	open_queue(2, 1);
	smmu.hang = true;
	CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == -INVAL_ETIMEDOUT, "time-out");
	CHECK(rec.count[INVAL_COUNT_FULL] == 1U, "full: %u",
	      (unsigned int)rec.count[INVAL_COUNT_FULL]);
	CHECK(rec.count[INVAL_COUNT_ERROR] == 1U, "errors: %u",
	      (unsigned int)rec.count[INVAL_COUNT_ERROR]);
	close_queue(false, "counts", 0);
}

/* Who waits for room says so before, and with its ISSUE that it has some; others do not. */
TEST(queue, reports_of_a_full_queue)
{
	struct inval_queue_config cfg = config(2);
	uint32_t i;

	open_with(&cfg, 1, true);
	machine.pace = 0;
	CHECK(send(0, TLBI, 3, false, NONE, NULL) == 0, "fill");
	i = rec_next(REC_TRACE, 0);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_ISSUE &&
	      rec_next(REC_TRACE, i + 1U) == REC_NONE, "there was room");
	machine.pace = 3;
	CHECK(send(0, TLBI, 1, true, NONE, NULL) == 0, "put");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_FULL && rec.log[i].addr == 7U &&
	      rec.log[i].value == 2U, "full");
	CHECK(!rec.log[i].irq_off, "interrupts are off");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(i != REC_NONE && rec.log[i].what == INVAL_EVENT_ISSUE && rec.log[i].value == 2U,
	      "issue");
	close_queue(true, "full", 0);
}

/* By the names of text.h; what has none is no command. */
TEST(queue, counts_by_kind)
{
	struct inval_cmd cmds[2] = { { 0, ~0ULL }, { 0, 0 } };
	uint32_t op;

	rec_reset();
	for (op = 0; op < 256U; op++) {
		const char *name = inval_text_op(op);
		uint32_t want = strncmp(name, "TLBI_", 5) == 0 ? INVAL_COUNT_TLBI :
				strncmp(name, "CFGI_", 5) == 0 ? INVAL_COUNT_CFGI :
				strcmp(name, "ATC_INV") == 0 ? INVAL_COUNT_ATC :
				strcmp(name, "SYNC") == 0 ? INVAL_COUNT_SYNC : INVAL_COUNT_OTHER;
		uint32_t i;

		if (strcmp(name, "?") == 0)
			continue;
		memset(rec.count, 0, sizeof(rec.count));
		cmds[0].d0 = 0xabcdef00U | op;
		cmds[1] = cmds[0];
		inval_queue_count(cmds, op % 3U);
		for (i = 0; i < INVAL_COUNTERS; i++)
			CHECK(rec.count[i] == (i == want ? op % 3U : 0U), "%s, counter %u", name,
			      i);
	}
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* Barriers and order, read from the log */

TEST(queue, barriers_of_put)
{
	struct inval_queue_config cfg = config(3);
	uint32_t who, valid, prod, go, i;

	open_with(&cfg, 1, true);
	CHECK(send(0, TLBI, 3, true, NONE, NULL) == 0, "put");
	who = rec_next_at(REC_STORE64, rec_addr(&q.who[3]), 0);
	valid = rec_next_at(REC_STORE_RELEASE64, rec_addr(&q.chain[0]), 0);
	prod = rec_next_at(REC_STORE64, rec_addr(&q.prod), 0);
	go = rec_next_at(REC_MMIO_WRITE32, REG(MODEL_PROD), 0);
	CHECK(between(REC_DMA_WMB, who, valid), "slots before valid");
	CHECK(rec_next_at(REC_LOAD_ACQUIRE64, rec_addr(&q.chain[0]), valid) < prod, "chain");
	CHECK(between(REC_DMA_MB, prod, go), "PROD known, and all slots, before it is written");
	CHECK(rec.log[valid].value == 4U && rec.log[go].value == 4U, "ends");
	i = rec_next_at(REC_STORE_RELEASE64, rec_addr(&q.pusher), go);
	CHECK(between(REC_MB, i, rec_next_at(REC_LOAD64, rec_addr(&q.chain[4]), i)),
	      "the look after letting go");
	for (i = rec_next_at(REC_CMPXCHG64, rec_addr(&q.tail), 0); i <= go; i++)
		CHECK(rec.log[i].irq_off, "interrupts on at event %u", i);
	close_queue(true, "barriers", 0);
}

/* What was read of the SMMU comes before what it is about; a new slot before the ack. */
TEST(queue, barriers_of_recovery)
{
	struct inval_queue_config cfg = config(3);
	uint32_t trace, cons, who, ack;

	open_with(&cfg, 1, true);
	CHECK(send_wait(0, TLBI, 3, 1) == -INVAL_EILSEQ, "illegal");
	trace = rec_next(REC_TRACE, rec_next(REC_TRACE, rec_next(REC_TRACE, 0) + 1U) + 1U);
	CHECK(rec.log[trace].what == INVAL_EVENT_CMDQ_ERROR, "no error at event %u", trace);
	cons = last_before(REC_MMIO_READ32, REG(MODEL_CONS), trace);
	who = rec_next_at(REC_LOAD64, rec_addr(&q.who[3]), cons);
	ack = rec_next_at(REC_MMIO_WRITE32, REG(MODEL_GERRORN), who);
	CHECK(between(REC_DMA_MB, cons, who), "whose it is, read before where it stopped");
	CHECK(between(REC_DMA_MB, who, ack), "the slot, written after the ack");
	close_queue(true, "barriers", 0);
}

/* PROD is stored before it is written: CONS may be ahead of what was loaded before. */
TEST(queue, barrier_of_poll)
{
	struct inval_queue_config cfg = config(3);
	struct inval_ticket t;
	uint32_t i, first;

	inval_queue_ticket_init(&t);
	t.id = 1;
	t.end = 1;
	open_with(&cfg, 1, true);
	machine.pace = 0;
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == 0, "put");
	smmu.cons = 2;		/* more than it was given */
	CHECK(inval_queue_wait(&q, &t) == -INVAL_EPROTO, "CONS beyond PROD");
	smmu.cons = 0;
	i = rec_next_at(REC_MMIO_READ32, REG(MODEL_CONS), 0);
	i = rec_next_at(REC_MMIO_READ32, REG(MODEL_CONS), i + 1U);
	first = rec_next_at(REC_LOAD64, rec_addr(&q.prod), i);
	CHECK(between(REC_DMA_MB, first, rec_next_at(REC_LOAD64, rec_addr(&q.prod), first + 1U)),
	      "a second look at PROD");
	close_queue(false, "barrier", 0);
}

TEST(queue, sev)
{
	struct inval_queue_config cfg = config(3);
	uint32_t sev;

	for (sev = 0; sev < 2U; sev++) {
		cfg.sync = sev != 0U ? INVAL_SYNC_EVENT : INVAL_SYNC_POLL;
		open_with(&cfg, 1, false);
		machine.pace = 0;
		CHECK(send(0, TLBI, 1, true, NONE, NULL) == 0, "put");
		CHECK(model_queue_at(&smmu, 1).d0 == (sev ? 0x2046U : 0x46U), "0x%llx",
		      (unsigned long long)model_queue_at(&smmu, 1).d0);
		close_queue(true, "sev", sev);
	}
}

TEST(queue, clean)
{
	struct inval_queue_config cfg = config(3);
	uint32_t i, n;

	cfg.coherent = false;
	open_with(&cfg, 1, true);
	CHECK(send_wait(0, TLBI, 5, NONE) == 0, "first");
	i = rec_next(REC_DMA_CLEAN, 0);
	CHECK(rec.log[i].addr == rec_addr(mem) && rec.log[i].value == 6U * 16U, "one piece");
	CHECK(rec_total(REC_DMA_CLEAN) == 1U, "%u pieces", rec_total(REC_DMA_CLEAN));
	rec_forget();
	CHECK(send_wait(0, TLBI, 4, NONE) == 0, "over the end");
	i = rec_next(REC_DMA_CLEAN, 0);
	n = rec_next(REC_DMA_CLEAN, i + 1U);
	CHECK(rec.log[i].addr == rec_addr(&mem[12]) && rec.log[i].value == 2U * 16U, "first");
	CHECK(n != REC_NONE && rec.log[n].addr == rec_addr(mem) && rec.log[n].value == 3U * 16U,
	      "second piece");
	rec_forget();
	CHECK(send_wait(0, TLBI, 4, NONE) == 0, "to the end");
	CHECK(rec_total(REC_DMA_CLEAN) == 1U, "%u pieces", rec_total(REC_DMA_CLEAN));
	rec_forget();
	CHECK(send(0, TLBI, 3, false, NONE, NULL) == 0, "no SYNC");
	CHECK(rec.log[rec_next(REC_DMA_CLEAN, 0)].value == 3U * 16U, "no more than put");
	CHECK(send_wait(0, TLBI, 3, 2) == -INVAL_EILSEQ, "illegal");
	close_queue(true, "not coherent", 0);
	cfg.coherent = true;
	open_with(&cfg, 1, true);
	CHECK(send_wait(0, TLBI, 5, 1) == -INVAL_EILSEQ, "coherent");
	CHECK(rec_total(REC_DMA_CLEAN) == 0U, "cleaned for nothing");
	close_queue(true, "coherent", 0);
}

/* Full */

static uint32_t turns;

static void turn_release(void)
{
	if (++turns == 20U)
		smmu.hang = false;
	machine_run();
}

TEST(queue, full_waits)
{
	struct inval_queue_config cfg = config(2);
	unsigned long token;
	uint32_t off, i;

	for (off = 0; off < 2U; off++) {
		open_with(&cfg, 1, true);
		turns = 0;
		rec.on_turn = turn_release;
		smmu.hang = true;
		CHECK(send(0, TLBI, 3, true, NONE, NULL) == 0, "fill");
		rec_forget();
		token = off ? inval_port_irq_save() : 0U;
		CHECK(send(1, TLBI, 2, false, NONE, NULL) == 0, "waits, then goes on");
		if (off)
			inval_port_irq_restore(token);
		CHECK(turns >= 20U && rec.count[INVAL_COUNT_FULL] == 1U, "%u turns, %u full", turns,
		      (unsigned int)rec.count[INVAL_COUNT_FULL]);
		for (i = rec_next(REC_RELAX, 0); i != REC_NONE; i = rec_next(REC_RELAX, i + 1U))
			CHECK(rec.log[i].irq_off == (off != 0U), "waits otherwise than it came");
		close_queue(true, "full", off);
	}
}

/* Time-out */

static void is_broken(int code)
{
	struct inval_ticket t;
	struct inval_cmd cmd = command(TLBI, 4, 0, 0);
	uint32_t i;

	i = rec.events - 1U;
	CHECK(rec.log[i].kind == REC_WARN && rec.log[i].what == INVAL_WARN_QUEUE_BROKEN &&
	      rec.log[i].addr == 7U && rec.log[i].value == (uint64_t)code, "warning");
	rec_forget();
	memset(rec.mute, 0, sizeof(rec.mute));
	inval_queue_ticket_init(&t);
	CHECK(inval_queue_put(&q, &cmd, 1, true, &t) == -INVAL_ESHUTDOWN, "put");
	t.id = q.tail + 1U;
	t.end = q.tail + 1U;
	CHECK(inval_queue_wait(&q, &t) == -INVAL_ESHUTDOWN, "wait");
	CHECK(inval_queue_run(&q, &cmd, 1) == -INVAL_ESHUTDOWN, "run");
	for (i = 0; i < rec.events; i++)
		CHECK(rec.log[i].kind != REC_MMIO_READ32 && rec.log[i].kind != REC_MMIO_WRITE32 &&
		      rec.log[i].kind != REC_RELAX, "event %u of a broken queue", i);
	CHECK(rec.warns == 1U + (uint32_t)smmu.raised[MODEL_ERR_ABT], "%u warnings", rec.warns);
}

/* After a reset of the SMMU it is as new. */
static void works_again(void)
{
	struct inval_queue_config cfg = q.cfg;

	rec.now_us += 1000000U;
	boot(&cfg);
	CHECK(send_wait(0, TLBI, 2, NONE) == 0, "after reset");
	CHECK(send_wait(1, TLBI, 2, 0) == -INVAL_EILSEQ, "after reset");
}

TEST(queue, timeout_of_room)
{
	uint64_t begin;

	open_queue(2, 1);
	CHECK(send_wait(0, TLBI, 1, NONE) == 0, "runs");
	smmu.hang = true;
	CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
	begin = rec.now_us;
	CHECK(send(1, TLBI, 1, false, NONE, NULL) == -INVAL_ETIMEDOUT, "no room");
	CHECK(rec.now_us - begin > 1000U && rec.now_us - begin < 1100U, "after %u us",
	      (unsigned int)(rec.now_us - begin));
	is_broken(INVAL_ETIMEDOUT);
	works_again();
	close_queue(true, "room", 0);
}

TEST(queue, timeout_of_sync)
{
	struct inval_ticket early, late;
	uint64_t begin;

	open_queue(4, 1);
	inval_queue_ticket_init(&early);
	inval_queue_ticket_init(&late);
	CHECK(send(0, TLBI, 1, true, NONE, &early) == 0, "put");
	model_queue_settle(&smmu);
	smmu.hang = true;
	CHECK(send(1, TLBI, 2, true, NONE, &late) == 0, "put");
	begin = rec.now_us;
	CHECK(inval_queue_wait(&q, &late) == -INVAL_ETIMEDOUT, "hangs");
	CHECK(rec.now_us - begin > 1000U && rec.now_us - begin < 1100U, "after %u us",
	      (unsigned int)(rec.now_us - begin));
	CHECK(inval_queue_wait(&q, &early) == 0, "complete before it broke");
	is_broken(INVAL_ETIMEDOUT);
	works_again();
	close_queue(true, "sync", 0);
}

/* Another breaks it while one waits: for a SYNC, for room, for the turn of a third. */
static void turn_break(void)
{
	if (++turns == 5U && inval_queue_break(&q, INVAL_EFAULT) != -INVAL_EFAULT)
		note("it was broken before");
}

TEST(queue, broken_by_another)
{
	struct inval_ticket t;
	uint32_t how;
	int err;

	for (how = 0; how < 3U; how++) {
		open_queue(2, how);
		machine.pace = 0;
		inval_queue_ticket_init(&t);
		CHECK(send(0, TLBI, 3, true, NONE, &t) == 0, "put");
		if (how == 2U) {
			model_queue_settle(&smmu);
			q.line = 1;
		}
		rec.on_turn = turn_break;
		turns = 0;
		err = how == 0U ? inval_queue_wait(&q, &t) : send(1, TLBI, 1, false, NONE, NULL);
		CHECK(err == -INVAL_ESHUTDOWN && turns < 12U, "case %u: %d after %u turns", how, err,
		      turns);
		CHECK(rec.warns == 1U && q.broken == INVAL_EFAULT, "the first reason stays");
		CHECK(inval_queue_break(&q, INVAL_EPROTO) == -INVAL_ESHUTDOWN && rec.warns == 1U,
		      "one breaks it");
		close_queue(false, "case", how);
	}
}

static void hook_once(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)kind;
	(void)addr;
	(void)value;
	if (when != 0U && --when == 0U)
		what();
}

static void sleep_long(void)
{
	model_queue_settle(&smmu);
	rec.now_us += 10000;
}

/* A waiter that was not scheduled for long, anywhere. */
TEST(queue, late_look)
{
	struct inval_ticket t;
	uint32_t n, pace;
	int err;

	for (pace = 0; pace < 2U; pace++) {
		for (n = 1; n <= 60U; n++) {
			open_queue(3, n);
			machine.pace = pace;
			machine.hook = hook_once;
			what = sleep_long;
			inval_queue_ticket_init(&t);
			CHECK(send(0, TLBI, 2, true, NONE, &t) == 0, "put");
			when = n;
			err = inval_queue_wait(&q, &t);
			CHECK(err == 0, "at hook %u: %d", n, err);
			close_queue(true, "hook", n);
			if (when != 0U)
				break;
		}
		CHECK(n > 10U, "only %u hooks", n);
	}
}

/* The same, while the SMMU stands at an error that only a waiter can end; it is slow. */
static void turn_slow(void)
{
	if (++turns > 20U)
		model_queue_settle(&smmu);
}

/* A wait that sees no error reads CONS and no other register. */
TEST(queue, registers_of_a_wait)
{
	struct inval_queue_config cfg = config(3);
	uint32_t i, reads = 0;

	open_with(&cfg, 1, true);
	machine.pace = 0;
	rec.on_turn = turn_slow;
	turns = 0;
	CHECK(send_wait(0, TLBI, 5, NONE) == 0, "wait");
	for (i = rec_next(REC_MMIO_READ32, 0); i != REC_NONE; i = rec_next(REC_MMIO_READ32, i + 1U)) {
		CHECK(rec.log[i].addr == REG(MODEL_CONS), "read 0x%x", (uint32_t)rec.log[i].addr);
		reads++;
	}
	CHECK(reads > 5U, "%u reads", reads);
	close_queue(true, "registers", 0);
}

static void sleep_error(void)
{
	while (!smmu.signalled)
		model_queue_step(&smmu);
	rec.now_us += 10000;
	turns = 0;
	rec.on_turn = turn_slow;
}

TEST(queue, late_error)
{
	struct inval_ticket t;
	uint32_t n;
	int err;

	for (n = 2; n <= 80U; n++) {
		open_queue(3, n);
		machine.pace = 0;
		machine.hook = hook_once;
		what = sleep_error;
		inval_queue_ticket_init(&t);
		CHECK(send(1, TLBI, 2, true, n & 1U, NULL) == 0, "put of another");
		CHECK(send(0, TLBI, 2, true, NONE, &t) == 0, "put");
		when = n / 2U;
		err = inval_queue_wait(&q, &t);
		CHECK(err == 0 && when == 0U, "at hook %u: %d", n, err);
		CHECK(rec.warns == 1U && rec.warn == INVAL_WARN_CMD_ILLEGAL, "warnings");
		close_queue(true, "hook", n);
	}
}

/*
 * The queue moves, but others are always faster, for interrupts come whenever this one
 * waits, and they wait for no CPU that is interrupted: that is no time-out.
 */
static bool stealing;

static void turn_steal(void)
{
	model_queue_settle(&smmu);
	if (stealing)
		return;
	rec.now_us += 800;
	stealing = true;
	if (++turns < 10U && send(1, TLBI, 2, false, NONE, NULL) != 0)
		note("the thief found no room");
	stealing = false;
}

TEST(queue, stolen_room)
{
	int err;

	open_queue(2, 1);
	machine.pace = 0;
	turns = 0;
	CHECK(send(0, TLBI, 2, false, NONE, NULL) == 0, "put");
	rec.on_turn = turn_steal;
	err = send(0, TLBI, 3, true, NONE, NULL);
	CHECK(err == 0 && turns == 10U, "%d after %u turns", err, turns);
	close_queue(true, "stolen", 0);
}

/* Turns */

static void model_idle(void)
{
	model_queue_step(&smmu);
}

static uint64_t tail_seen, tail_full;
static bool waiting_0, joining_0, took_0;	/* CPU 0 has a number; is getting one; has room */
static uint32_t passes;		/* reservations of others since */

/* Who moved the tail comes first to a hook of its own. */
static void hook_passes(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	bool cpu_0 = rec.cpu == 0U, joins = kind == REC_CMPXCHG64 && addr == rec_addr(&q.line);

	if (q.tail != tail_seen) {
		passes += !cpu_0 && waiting_0;
		took_0 = took_0 || cpu_0;
		waiting_0 = waiting_0 && !cpu_0;
		tail_seen = q.tail;
	}
	waiting_0 = waiting_0 || (cpu_0 && joining_0 && !joins);
	joining_0 = cpu_0 ? joins && !waiting_0 && !took_0 : joining_0;
	if (cpu_0 && kind == REC_COUNT)
		tail_full = q.tail;
	cpus_hook(kind, addr, value);
}

static void watch_passes(void)
{
	machine.hook = hook_passes;
	tail_seen = q.tail;
	waiting_0 = false;
	joining_0 = false;
	took_0 = false;
	passes = 0;
	tail_full = 0;
}

static bool large_done, nested_lose;
static uint32_t large_num;
static uint64_t overtaken;	/* slots that others got while it waited */

static void fair_run(uint32_t cpu)
{
	struct inval_ticket t;
	uint32_t i;

	for (i = 0; cpu != 0U && !large_done && i < BATCHES && wrong == NULL; i++) {
		if (send(cpu, TLBI, 1U + i % 2U, false, NONE, NULL) != 0)
			note("a small put failed");
	}
	if (cpu != 0U)
		return;
	inval_queue_ticket_init(&t);
	if (send(0, TLBI, large_num, false, NONE, &t) != 0)
		note("the large put failed");
	overtaken = t.end - large_num - tail_full;
	large_done = true;
}

/*
 * A batch of the whole queue against three CPUs that never stop, and CPU 0 is slow. Once
 * it has a number it is passed by who had looked before, or had one before. That it
 * needs one it sees when it looks: some more slots may have gone by then.
 */
TEST(queue, fair)
{
	static const uint32_t sizes[] = { 2, 3, 4, 8 };
	uint32_t i, seed, n, worst, most;

	for (i = 0; i < 4U; i++) {
		worst = 0;
		most = 0;
		for (seed = 0; seed < 40U; seed++) {
			open_queue(sizes[i], seed);
			rec.relax_us = 0;
			large_done = false;
			large_num = 1U << sizes[i];
			cpus_reset();
			for (n = 0; n < 4U; n++)
				cpus_start(fair_run);
			watch_passes();
			for (turns = 0; turns < 60000U && !large_done; turns++) {
				n = model_chance(&model, 16) == 0U ? 0U : 1U + model_chance(&model, 3);
				if (cpus.cpu[n].live)
					cpus_step(n);
				model_queue_step(&smmu);
			}
			CHECK(large_done, "%u slots, seed %u: it starves", 1U << sizes[i], seed);
			worst = passes > worst ? passes : worst;
			most = overtaken > most ? (uint32_t)overtaken : most;
			CHECK(overtaken <= INVAL_QUEUE_OVERTAKEN + 64U, "%u slots, seed %u: %u",
			      1U << sizes[i], seed, (uint32_t)overtaken);
			cpus_random(&model, model_idle);
			close_queue(true, "seed", seed);
		}
		CHECK(worst <= 2U * 3U, "%u slots: %u passed it", 1U << sizes[i], worst);
		CHECK(worst > 0U || sizes[i] > 3U, "%u slots: nobody passed it", 1U << sizes[i]);
		CHECK(most >= INVAL_QUEUE_OVERTAKEN || sizes[i] > 3U, "%u slots: only %u",
		      1U << sizes[i], most);
	}
}

/* An interrupt, wherever one waits for its turn or has it, waits for nobody it stopped. */
static bool interrupting;

static void turn_interrupt(void)
{
	if (interrupting) {
		model_queue_step(&smmu);
		return;
	}
	if (++turns != when) {
		model_queue_step(&smmu);
		return;
	}
	interrupting = true;
	if (send_wait(1, TLBI, 2, NONE) != 0)
		note("the interrupt failed");
	interrupting = false;
	rec.on_turn = machine_run;
}

TEST(queue, interrupted_turn)
{
	uint64_t begin;
	uint32_t n;

	for (n = 1; n < 12U; n++) {
		open_queue(2, n);
		q.overtaken = 0;
		machine.pace = 0;
		CHECK(send(2, TLBI, 3, false, NONE, NULL) == 0, "fill");
		turns = 0;
		interrupting = false;
		when = n;
		rec.on_turn = turn_interrupt;
		begin = rec.now_us;
		machine.pace = 1;
		CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "put");
		CHECK(rec.now_us - begin < 400U, "after %u us", (unsigned int)(rec.now_us - begin));
		CHECK((uint32_t)q.line == 0U, "somebody still waits");
		close_queue(true, "turn", n);
	}
}

/* A number is passed over after some time, and only while the queue is empty. */
static void turn_count(void)
{
	turns++;
	if (turns == when)
		model_queue_settle(&smmu);
}

TEST(queue, passed_over)
{
	uint64_t begin;

	open_queue(2, 1);
	q.overtaken = 0;
	q.line = 0xffffffff00000001ULL;		/* somebody has a number, and sleeps */
	begin = rec.now_us;
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == 0, "put");
	CHECK(rec.now_us - begin > INVAL_QUEUE_PASS_US &&
	      rec.now_us - begin < INVAL_QUEUE_PASS_US + 10U, "%u us",
	      (unsigned int)(rec.now_us - begin));
	CHECK(q.line == 0x100000000ULL, "line %llx", (unsigned long long)q.line);
	model_queue_settle(&smmu);
	machine.pace = 0;
	CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
	q.line++;
	rec.on_turn = turn_count;
	turns = 0;
	when = 500;
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == 0, "put");
	CHECK(turns > 500U + INVAL_QUEUE_PASS_US && turns < 620U, "%u turns", turns);
	close_queue(true, "passed", 0);
}

/* Who was passed over is no longer first, but gets its turn. */
static void hook_pass_me(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind == REC_LOAD64 && addr == rec_addr(&q.line) && (uint32_t)q.line != 0U &&
	    when != 0U && --when == 0U)
		q.line += (1ULL << 32) - 1U;
}

TEST(queue, passed_over_myself)
{
	uint32_t n, twice = 0;

	for (n = 1; n < 12U; n++) {
		open_queue(2, n);
		q.overtaken = 0;
		machine.pace = 0;
		CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
		machine.pace = 1;
		machine.hook = hook_pass_me;
		when = n;
		CHECK(send(1, TLBI, 3, false, NONE, NULL) == 0, "put");
		CHECK((uint32_t)q.line == 0U, "line %llx", (unsigned long long)q.line);
		twice += q.line == 0x200000000ULL;
		close_queue(true, "passed", n);
	}
	CHECK(twice > 0U, "it took another number %u times", twice);
}

/* Lost again and again at the tail: it asks for a turn. */
static void hook_lose(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_CMPXCHG64 || addr != rec_addr(&q.tail) || nested_lose)
		return;
	nested_lose = true;
	rec.in_event = false;
	rec.cpu = 1;
	if (turns++ < 30U && (uint32_t)q.line == 0U && send(1, TLBI, 1, false, NONE, NULL) != 0)
		note("the other put failed");
	rec.cpu = 0;
	nested_lose = false;
}

TEST(queue, loser)
{
	open_queue(8, 1);
	q.overtaken = 4;
	turns = 0;
	machine.hook = hook_lose;
	CHECK(send(0, TLBI, 2, false, NONE, NULL) == 0, "put");
	CHECK(turns == INVAL_QUEUE_TRIES + 4U + 1U, "%u losses", turns);
	close_queue(true, "loser", 0);
}

/* CERROR_ILL */

/* Which command of which of three producers is bad; behind each a SYNC or not. */
TEST(queue, illegal)
{
	struct inval_ticket t[3];
	uint32_t who, bad, start, i;
	int err;

	for (who = 0; who < 3U; who++) {
		for (bad = 0; bad < 3U; bad++) {
			for (start = 0; start < 32U; start++) {
				open_queue(4, start);
				start_at(start);
				machine.pace = start & 3U;
				for (i = 0; i < 3U; i++) {
					inval_queue_ticket_init(&t[i]);
					send(i, TLBI, 3, true, i == who ? bad : NONE, &t[i]);
				}
				machine.pace = 3;
				for (i = 3; i > 0U; i--) {
					err = inval_queue_wait(&q, &t[i - 1U]);
					CHECK(err == (i - 1U == who ? -INVAL_EILSEQ : 0),
					      "bad %u of %u at %u: %d to %u", bad, who, start, err,
					      i - 1U);
					CHECK(effective(i - 1U, 0, i - 1U == who), "effects");
				}
				CHECK(rec.warns == 0U, "warnings");
				close_queue(true, "start", start);
			}
		}
	}
}

TEST(queue, illegal_of_nobody)
{
	struct inval_queue_config cfg = config(3);
	uint32_t i;

	open_with(&cfg, 1, true);
	CHECK(send(0, TLBI, 3, false, 1, NULL) == 0, "put");
	CHECK(send_wait(1, TLBI, 1, NONE) == 0, "somebody else is not told");
	i = rec_next(REC_WARN, 0);
	CHECK(rec.warns == 1U && rec.log[i].what == INVAL_WARN_CMD_ILLEGAL &&
	      rec.log[i].addr == 7U && rec.log[i].value == BAD, "warning");
	CHECK(effective(0, 0, 1), "neighbours");
	close_queue(true, "nobody", 0);
}

/* An error that CONS shows is handled at the first look. */
TEST(queue, illegal_seen_at_once)
{
	struct inval_ticket t;

	open_queue(3, 1);
	machine.pace = 0;
	inval_queue_ticket_init(&t);
	CHECK(send(0, TLBI, 3, true, 0, &t) == 0, "put");
	model_queue_settle(&smmu);
	turns = 0;
	rec.on_turn = turn_count;
	when = 3;
	CHECK(inval_queue_wait(&q, &t) == -INVAL_EILSEQ && turns <= 5U, "%u turns", turns);
	close_queue(true, "illegal", 0);
}

/* All commands of a batch, and a batch over the end of the memory. */
TEST(queue, illegal_many)
{
	struct inval_cmd cmds[8];
	struct inval_ticket t;
	uint32_t start, i;

	for (start = 0; start < 16U; start++) {
		open_queue(3, start);
		start_at(start);
		inval_queue_ticket_init(&t);
		for (i = 0; i < 7U; i++)
			cmds[i] = command(i == 3U ? TLBI : BAD, 0, 0, i);
		plan[0][0].num = 7;
		plan[0][0].sync = true;
		sent = 1;
		CHECK(inval_queue_run(&q, cmds, 7) == -INVAL_EILSEQ, "six bad ones");
		CHECK(plan[0][0].effects == 1U && smmu.raised[MODEL_ERR_ILL] == 6U, "effects");
		CHECK(send_wait(1, TLBI, 6, NONE) == 0, "the next is not told");
		close_queue(true, "start", start);
	}
}

/* Somebody must look; each is told once, and no place stays taken. */
static void pump(void)
{
	CHECK(send_wait(4, TLBI, 0, NONE) == 0, "another waits");
}

TEST(queue, unclaimed)
{
	struct inval_ticket bad[8], good;
	uint32_t round, i;

	open_queue(6, 1);
	for (round = 0; round < 5U; round++) {
		machine.pace = 0;
		inval_queue_ticket_init(&good);
		for (i = 0; i < 8U; i++) {
			inval_queue_ticket_init(&bad[i]);
			CHECK(send(i & 3U, TLBI, 2, true, i & 1U, &bad[i]) == 0, "put");
		}
		CHECK(send(4, TLBI, 1, true, NONE, &good) == 0, "put");
		machine.pace = 3;
		pump();
		CHECK(inval_queue_wait(&q, &good) == 0, "round %u: the good one", round);
		for (i = 0; i < 8U; i++)
			CHECK(inval_queue_wait(&q, &bad[i]) == -INVAL_EILSEQ, "%u of %u", i, round);
		CHECK(rec.warns == 0U, "warnings");
	}
	close_queue(true, "unclaimed", 0);
}

/* A ticket told of two takes one place; what it took is free again. */
TEST(queue, unclaimed_twice)
{
	struct inval_ticket a, b, bad[8], good;
	uint32_t i;

	open_queue(6, 1);
	inval_queue_ticket_init(&a);
	inval_queue_ticket_init(&b);
	CHECK(send(0, TLBI, 1, true, 0, &a) == 0 && send(1, TLBI, 1, true, 0, &b) == 0, "put");
	pump();
	CHECK(inval_queue_wait(&q, &a) == -INVAL_EILSEQ, "the first");
	CHECK(send(1, TLBI, 1, true, 0, &b) == 0, "its second bad one");
	pump();
	CHECK(inval_queue_wait(&q, &b) == -INVAL_EILSEQ, "the second");
	machine.pace = 0;
	inval_queue_ticket_init(&good);
	for (i = 0; i < 8U; i++) {
		inval_queue_ticket_init(&bad[i]);
		CHECK(send(2, TLBI, 1, true, 0, &bad[i]) == 0, "put");
	}
	CHECK(send(3, TLBI, 1, true, NONE, &good) == 0, "put");
	machine.pace = 3;
	pump();
	CHECK(inval_queue_wait(&q, &good) == 0, "a place stayed taken");
	for (i = 0; i < 8U; i++)
		CHECK(inval_queue_wait(&q, &bad[i]) == -INVAL_EILSEQ, "%u", i);
	close_queue(true, "twice", 0);
}

/* More than it remembers: all bad ones are told, and none that begins later. */
TEST(queue, unclaimed_too_many)
{
	struct inval_ticket bad[12];
	uint32_t i;

	open_queue(6, 1);
	for (i = 0; i < 12U; i++) {
		inval_queue_ticket_init(&bad[i]);
		CHECK(send(i & 3U, TLBI, i == 11U ? 1U : 2U, i != 11U,
			   i == 11U ? 0U : i & 1U, &bad[i]) == 0, "put");
	}
	while (model_queue_pending(&smmu) != 0U) {
		model_queue_settle(&smmu);
		CHECK(inval_queue_recover(&q) == 0, "recover");
	}
	CHECK(send(3, TLBI, 0, true, NONE, &bad[11]) == 0, "its SYNC");
	CHECK(send_wait(4, TLBI, 3, NONE) == 0, "one that begins later");
	for (i = 12; i > 0U; i--)
		CHECK(inval_queue_wait(&q, &bad[i - 1U]) == -INVAL_EILSEQ, "%u", i - 1U);
	CHECK(send_wait(4, TLBI, 3, NONE) == 0, "and after them");
	close_queue(true, "too many", 0);
}

/* CERROR_ABT */

TEST(queue, abort)
{
	struct inval_queue_config cfg = config(3);
	uint32_t aborts;

	for (aborts = 0; aborts <= 3U; aborts++) {
		open_with(&cfg, aborts, false);
		smmu.next[MODEL_ABT] = aborts;
		CHECK(send_wait(0, TLBI, 3, NONE) == 0, "%u aborts", aborts);
		CHECK(rec.warns == aborts && rec.count[INVAL_COUNT_RETRY] == aborts, "reports");
		smmu.next[MODEL_ABT] = 3;
		CHECK(send_wait(0, TLBI, 3, NONE) == 0, "%u aborts, and 3 elsewhere", aborts);
		close_queue(true, "aborts", aborts);
	}
}

TEST(queue, abort_for_ever)
{
	struct inval_queue_config cfg = config(3);
	struct inval_ticket t;

	for (cfg.abort_max = 0; cfg.abort_max < 5U; cfg.abort_max++) {
		open_with(&cfg, 1, false);
		inval_queue_ticket_init(&t);
		smmu.next[MODEL_ABT] = UINT32_MAX;
		CHECK(send(0, TLBI, 3, true, NONE, &t) == 0, "put");
		CHECK(inval_queue_wait(&q, &t) == -INVAL_EFAULT, "wait");
		CHECK(smmu.raised[MODEL_ERR_ABT] == cfg.abort_max + 1U, "%u aborts of %u",
		      (unsigned int)smmu.raised[MODEL_ERR_ABT], cfg.abort_max);
		CHECK(inval_queue_wait(&q, &t) == -INVAL_ESHUTDOWN, "again");
		is_broken(INVAL_EFAULT);
		smmu.next[MODEL_ABT] = 0;
		works_again();
		close_queue(true, "abort_max", cfg.abort_max);
	}
}

/* The one who finds no room may be the one who gives up. */
TEST(queue, abort_while_full)
{
	open_queue(2, 1);
	smmu.next[MODEL_ABT] = UINT32_MAX;
	CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == -INVAL_EFAULT, "no room");
	close_queue(false, "full", 0);
}

/* CERROR_ATC_INV_SYNC */

TEST(queue, atc)
{
	struct inval_ticket with, without, later;
	uint32_t pace;

	for (pace = 0; pace < 4U; pace++) {
		open_queue(4, pace);
		machine.pace = pace;
		inval_queue_ticket_init(&with);
		inval_queue_ticket_init(&without);
		inval_queue_ticket_init(&later);
		smmu.next[MODEL_ATC] = 1;
		CHECK(send(0, ATC, 2, true, NONE, &with) == 0, "put");
		CHECK(send(1, TLBI, 2, true, NONE, &without) == 0, "put");
		machine.pace = 3;
		CHECK(inval_queue_wait(&q, &without) == 0, "it has no ATC_INV");
		CHECK(inval_queue_wait(&q, &with) == -INVAL_EREMOTEIO, "not confirmed");
		CHECK(send(0, ATC, 2, true, NONE, &later) == 0, "put");
		CHECK(inval_queue_wait(&q, &later) == 0, "the next one");
		CHECK(plan[0][0].lost == 1U && smmu.raised[MODEL_ERR_ATC] == 1U, "one");
		close_queue(true, "pace", pace);
	}
}

/* The SYNC that fails may be another's: both may have been meant. */
TEST(queue, atc_of_another_sync)
{
	struct inval_ticket first, second;

	open_queue(4, 1);
	machine.pace = 0;
	inval_queue_ticket_init(&first);
	inval_queue_ticket_init(&second);
	smmu.next[MODEL_ATC] = 1;
	CHECK(send(0, ATC, 1, false, NONE, &first) == 0, "put");
	CHECK(send(1, ATC, 1, true, NONE, &second) == 0, "put");
	CHECK(send(0, ATC, 0, true, NONE, &first) == 0, "put");
	machine.pace = 3;
	CHECK(inval_queue_wait(&q, &second) == -INVAL_EREMOTEIO, "whose SYNC failed");
	CHECK(inval_queue_wait(&q, &first) == -INVAL_EREMOTEIO, "whose ATC_INV it was");
	close_queue(true, "atc", 0);
}

/*
 * A SYNC fails once for each device that does not answer, each after a while: that is no
 * time-out. For ever, it is one.
 */
static void turn_fails_again(void)
{
	rec.now_us += 800;
	smmu.atc_failed = turns < when;
	turns += !model_queue_active(&smmu);
	model_queue_settle(&smmu);
}

TEST(queue, atc_again)
{
	uint32_t n;
	int err;

	for (n = 1; n <= 9U; n++) {
		open_queue(3, n);
		machine.pace = 0;
		turns = 0;
		when = n < 9U ? n : UINT32_MAX;
		rec.on_turn = turn_fails_again;
		err = send_wait(0, ATC, 3, NONE);
		CHECK(err == (n < 9U ? -INVAL_EREMOTEIO : -INVAL_ETIMEDOUT), "%u times: %d", n, err);
		CHECK(n == 9U || smmu.raised[MODEL_ERR_ATC] == n, "%u errors",
		      (unsigned int)smmu.raised[MODEL_ERR_ATC]);
		close_queue(n < 9U, "times", n);
	}
}

/* A device that does not answer, looked for */

static struct inval_cmd atc_of(uint32_t sid)
{
	struct inval_cmd cmd;

	(void)inval_cmd_atc_inv(&cmd, sid, false, 0, false, 0, INVAL_CMD_ATC_ALL);
	return cmd;
}

static uint32_t bad_sid;

/* The model asks chance; this device never answers, others do. */
static void find_taken(struct model_queue *mq, const struct model_cmd *cmd)
{
	mq->next[MODEL_ATC] += model_op(cmd) == ATC && cmd->d0 >> 32 == bad_sid;
}

static void open_find(uint32_t lg2, uint32_t seed)
{
	open_queue(lg2, seed);
	smmu.tidy = true;
	smmu.taken = find_taken;
	smmu.done = NULL;
	smmu.lost = NULL;
	machine.pace = 1;
}

TEST(queue, find)
{
	struct inval_ticket other;
	uint32_t sid, before, lg2;
	struct inval_cmd cmd;
	int err;

	for (lg2 = 2; lg2 < 5U; lg2++) {
		for (before = 0; before < 2U; before++) {
			open_find(lg2, before);
			bad_sid = 3;
			for (sid = 1; sid < 6U; sid++) {
				inval_queue_ticket_init(&other);
				other.atc = true;
				cmd = atc_of(bad_sid);
				if (before)
					CHECK(inval_queue_put(&q, &cmd, 1, false, &other) == 0, "put");
				err = inval_queue_find(&q, atc_of(sid), 2000);
				CHECK(err == (sid == bad_sid ? -INVAL_EREMOTEIO : 0), "device %u: %d",
				      sid, err);
				if (before)
					CHECK(inval_queue_put(&q, NULL, 0, true, &other) == 0 &&
					      inval_queue_wait(&q, &other) == -INVAL_EREMOTEIO,
					      "what was left behind");
			}
			CHECK(q.timeout_us == 1000U && q.hunter == 0U, "as before");
			sent = seen;
			close_queue(true, "before", before);
		}
	}
}

/* What is between the two SYNCs is nobody else's, so nobody else is meant. */
static void turn_other_atc(void)
{
	struct inval_cmd cmd = atc_of(bad_sid);

	machine_run();
	if (++turns < 20U && inval_queue_put(&q, &cmd, 1, true, NULL) != 0)
		note("the other put failed");
}

TEST(queue, find_among_others)
{
	struct inval_cmd cmd = atc_of(3);
	uint32_t seed;

	for (seed = 0; seed < 20U; seed++) {
		open_find(6, seed);
		bad_sid = 3;
		turns = 0;
		rec.on_turn = turn_other_atc;
		CHECK(inval_queue_put(&q, &cmd, 1, true, NULL) == 0, "put of another");
		CHECK(inval_queue_find(&q, atc_of(1), 1000) == 0, "device 1");
		CHECK(inval_queue_find(&q, atc_of(3), 1000) == -INVAL_EREMOTEIO, "device 3");
		CHECK(rec.count[INVAL_COUNT_ATC] == 2U, "counted");
		sent = seen;
		rec.on_turn = machine_run;
		while (smmu.stopped || model_queue_pending(&smmu) != 0U) {
			model_queue_settle(&smmu);
			CHECK(inval_queue_recover(&q) == 0, "recover");
		}
		close_queue(true, "seed", seed);
	}
}

/* Longer than the queue's own time-out; for others on it, too. */
static void turn_answer(void)
{
	rec.now_us += 1000;
	if (++turns == 50U)
		smmu.deaf = false;
	machine_run();
}

static void turn_busy(void)
{
	turn_answer();
	if (turns == 10U && inval_queue_find(&q, atc_of(2), 5) != -INVAL_EBUSY)
		note("two look at the same time");
}

TEST(queue, find_waits)
{
	open_find(3, 1);
	bad_sid = 99;
	smmu.deaf = true;
	turns = 0;
	rec.on_turn = turn_busy;
	CHECK(inval_queue_find(&q, atc_of(1), 90000000) == 0, "it answers late");
	CHECK(turns >= 50U, "%u turns", turns);
	smmu.deaf = true;
	turns = 0;
	rec.on_turn = turn_answer;
	CHECK(inval_queue_find(&q, atc_of(1), 10000) == -INVAL_ETIMEDOUT, "too late");
	CHECK(inval_queue_find(&q, atc_of(1), 10000) == -INVAL_ESHUTDOWN, "broken");
	sent = seen;
	close_queue(false, "find", 0);
}

TEST(queue, find_illegal)
{
	struct inval_cmd bad = { BAD, 0 };

	open_find(2, 1);
	CHECK(inval_queue_find(&q, bad, 1000) == -INVAL_EILSEQ, "illegal");
	CHECK(inval_queue_find(&q, atc_of(1), 1000) == 0, "the next one");
	sent = seen;
	close_queue(true, "find", 0);
	open_find(1, 1);
	CHECK(inval_queue_find(&q, atc_of(1), 1000) == -INVAL_EINVAL, "two slots");
	CHECK(q.hunter == 0U, "the next one may");
	close_queue(true, "find", 1);
}

/* Also where others, that nobody waits for, are all that is remembered. */
TEST(queue, find_illegal_unclaimed)
{
	struct inval_ticket other[INVAL_QUEUE_ILLS];
	struct inval_cmd bad = { BAD, 0 };
	uint32_t i;

	open_find(6, 1);
	bad_sid = 99;
	for (i = 0; i < INVAL_QUEUE_ILLS; i++) {
		inval_queue_ticket_init(&other[i]);
		CHECK(inval_queue_put(&q, &bad, 1, true, &other[i]) == 0, "put");
	}
	CHECK(inval_queue_find(&q, atc_of(1), 1000) == 0, "a legal one");
	CHECK(inval_queue_find(&q, bad, 1000) == -INVAL_EILSEQ, "illegal");
	CHECK(inval_queue_find(&q, atc_of(1), 1000) == 0, "the next one");
	for (i = 0; i < INVAL_QUEUE_ILLS; i++)
		CHECK(inval_queue_wait(&q, &other[i]) == -INVAL_EILSEQ, "%u", i);
	sent = seen;
	close_queue(true, "find", 0);
}

/* Other errors */

/* GERROR says so, CONS does not; and the SMMU stands until it is acknowledged. */
static void turn_spurious(void)
{
	if (++turns == when) {
		smmu.stopped = true;
		smmu.signalled = true;
		model_queue_gerror(&smmu, 0);
	}
	if (turns > when)
		model_queue_step(&smmu);
}

TEST(queue, spurious_while_waiting)
{
	uint64_t begin;
	uint32_t n;

	for (n = 1; n < 8U; n++) {
		open_queue(3, n);
		machine.pace = 0;
		turns = 0;
		when = n;
		rec.on_turn = turn_spurious;
		begin = rec.now_us;
		CHECK(send(0, TLBI, 3, true, NONE, NULL) == 0, "put");
		CHECK(send_wait(1, TLBI, 2, NONE) == 0, "wait");
		CHECK(turns > when, "too soon");
		CHECK(rec.now_us - begin < 300U && !model_queue_active(&smmu), "%u us",
		      (unsigned int)(rec.now_us - begin));
		close_queue(true, "turn", n);
	}
}

/* A waiter that looks seldom: it acknowledges before it gives up. */
TEST(queue, spurious_and_late)
{
	open_queue(3, 1);
	rec.relax_us = 600;
	machine.pace = 0;
	CHECK(send(0, TLBI, 3, true, NONE, NULL) == 0, "put");
	smmu.stopped = true;
	smmu.signalled = true;
	model_queue_gerror(&smmu, 0);
	rec.on_turn = turn_slow;
	turns = 0;
	turns = 21;
	CHECK(send_wait(1, TLBI, 2, NONE) == 0, "wait");
	close_queue(true, "late", 0);
}

/* MSI */

static uint32_t reads_of(uint64_t reg)
{
	uint32_t i, n = 0;

	for (i = rec_next_at(REC_MMIO_READ32, reg, 0); i != REC_NONE;
	     i = rec_next_at(REC_MMIO_READ32, reg, i + 1U))
		n++;
	return n;
}

TEST(queue, msi)
{
	static const uint64_t start[] = { 0, (1ULL << 31) - 3U, (1ULL << 32) - 3U, (5ULL << 31) - 1U };
	struct inval_queue_config cfg;
	uint32_t i, wide, coherent, round;
	struct model_cmd sync;

	for (i = 0; i < 16U; i++) {
		wide = i & 1U;
		coherent = i >> 1 & 1U;
		how_sync = INVAL_SYNC_MSI;
		cfg = config(3);
		cfg.coherent = coherent != 0U;
		open_with(&cfg, i, true);
		smmu.msi_wide = wide != 0U;
		start_at(start[i / 4U]);
		machine.pace = 0;
		CHECK(send(0, TLBI, 1, true, NONE, NULL) == 0, "put");
		sync = model_queue_at(&smmu, start[i / 4U] + 1U);
		CHECK(sync.d0 == ((coherent ? 0x0fc01046U : 0x05801046U) |
				  (uint64_t)(uint32_t)(start[i / 4U] + 2U) << 32) &&
		      sync.d1 == MSI_PA, "SYNC %016llx %016llx", (unsigned long long)sync.d0,
		      (unsigned long long)sync.d1);
		machine.pace = 3;
		rec_forget();
		for (round = 0; round < 10U; round++)
			CHECK(send_wait(0, TLBI, 1U + round % 4U, NONE) == 0, "wait");
		CHECK(reads_of(REG(MODEL_CONS)) <= 3U, "%u looks at CONS", reads_of(REG(MODEL_CONS)));
		CHECK(reads_of(REG(MODEL_GERROR)) <= 1U && rec.warns == 0U, "no error");
		CHECK((rec_total(REC_DMA_INVALIDATE) == 0U) == (coherent != 0U), "invalidated");
		close_queue(true, "msi", i);
	}
}

/* Of a wait with MSIs one look in so many is at CONS, and fewer are at GERROR. */
static void turn_late(void)
{
	if (++turns > when)
		model_queue_settle(&smmu);
}

TEST(queue, msi_looks)
{
	struct inval_queue_config cfg;
	uint32_t n, looks;

	how_sync = INVAL_SYNC_MSI;
	cfg = config(3);
	open_with(&cfg, 1, true);
	machine.pace = 0;
	rec.on_turn = turn_late;
	for (n = 1; n < 250U; n++) {
		when = n;
		turns = 0;
		rec_forget();
		CHECK(send_wait(0, TLBI, 2, NONE) == 0, "wait");
		looks = rec_total(REC_RELAX) + 1U;
		CHECK(reads_of(REG(MODEL_CONS)) == looks / INVAL_QUEUE_LOOK_CONS &&
		      reads_of(REG(MODEL_GERROR)) == looks / INVAL_QUEUE_LOOK_GERROR,
		      "%u looks: %u at CONS", looks, reads_of(REG(MODEL_CONS)));
	}
	close_queue(true, "looks", 0);
}

/* Whoever waits with MSIs is told of errors by CONS. */
TEST(queue, msi_and_errors)
{
	uint32_t seed;

	for (seed = 0; seed < 20U; seed++) {
		how_sync = INVAL_SYNC_MSI;
		open_queue(3, seed);
		machine.pace = 1U + (seed & 1U);
		CHECK(send_wait(0, TLBI, 4, seed % 4U) == -INVAL_EILSEQ, "illegal");
		smmu.next[MODEL_ABT] = 2;
		CHECK(send_wait(0, TLBI, 4, NONE) == 0, "abort");
		smmu.next[MODEL_ATC] = 1;
		CHECK(send_wait(1, ATC, 2, NONE) == -INVAL_EREMOTEIO, "atc");
		close_queue(true, "seed", seed);
	}
}

TEST(queue, msi_lost)
{
	struct inval_queue_config cfg;
	uint32_t coherent, i;

	for (coherent = 0; coherent < 2U; coherent++) {
		how_sync = INVAL_SYNC_MSI;
		cfg = config(3);
		cfg.coherent = coherent != 0U;
		open_with(&cfg, 1, false);
		CHECK(send_wait(0, TLBI, 2, NONE) == 0, "before");
		smmu.next[MODEL_NO_MSI] = UINT32_MAX;
		model_queue_gerror(&smmu, 2);
		CHECK(send_wait(0, TLBI, 2, NONE) == 0, "lost");
		CHECK(rec.warns == 1U && rec.warn == INVAL_WARN_MSI_ABORT && q.msi_on == 0U,
		      "%u warnings", rec.warns);
		CHECK(smmu.gerrorn == MODEL_MSI_ERR && smmu.gerror == (MODEL_MSI_ERR | 4U),
		      "GERRORN 0x%x", smmu.gerrorn);
		machine.pace = 0;
		CHECK(send(0, TLBI, 1, true, NONE, NULL) == 0, "put");
		CHECK(model_queue_at(&smmu, q.tail - 1U).d0 == SYNC, "a SYNC without an MSI");
		machine.pace = 3;
		for (i = 0; i < 10U; i++)
			CHECK(send_wait(0, TLBI, 2, NONE) == 0, "after");
		CHECK(rec.warns == 1U, "%u warnings", rec.warns);
		CHECK(inval_queue_ack(&q, 4) == 0 && smmu.gerrorn == (MODEL_MSI_ERR | 4U), "the other");
		close_queue(true, "lost", coherent);
	}
}

/* The embedder leaves them to the queue that uses them, and has them of one that does not. */
TEST(queue, msi_ack)
{
	uint32_t on;

	for (on = 0; on < 2U; on++) {
		how_sync = on ? INVAL_SYNC_MSI : INVAL_SYNC_POLL;
		open_queue(3, on);
		model_queue_gerror(&smmu, 4);
		if (!on)
			CHECK(inval_queue_recover(&q) == 0 && smmu.gerrorn == 0U, "not ours");
		CHECK(inval_queue_ack(&q, 0x10) == 0, "ack");
		CHECK(smmu.gerrorn == (on ? 0U : 0x10U), "GERRORN 0x%x", smmu.gerrorn);
		CHECK(inval_queue_recover(&q) == 0 && smmu.gerrorn == 0x10U, "recover");
		CHECK(rec.warns == on && q.msi_on == 0U, "warnings");
		inval_queue_msi_off(&q);
		CHECK(rec.warns == on, "off twice");
		close_queue(true, "on", on);
	}
}

/* More than 2^31 commands without a SYNC: the old number must not look like a new one. */
TEST(queue, msi_old)
{
	struct inval_queue_config cfg;
	struct inval_ticket t;
	uint64_t k, old;
	uint32_t i, n;

	for (i = 0; i < 2U; i++) {
		how_sync = INVAL_SYNC_MSI;
		cfg = config(3);
		cfg.coherent = i != 0U;
		open_with(&cfg, i, true);
		CHECK(send_wait(0, TLBI, 1, NONE) == 0, "an MSI");
		for (k = 1; k < 13U; k++) {
			model_queue_settle(&smmu);
			old = *msi;
			start_at(k << 30);
			*msi = smmu.msi_seen = old;
			CHECK(send(0, TLBI, 8, false, NONE, NULL) == 0, "a lap");
			CHECK(send(0, TLBI, 6, false, NONE, NULL) == 0, "so CONS was looked at");
			if (k % 3U != 0U)
				continue;
			machine.pace = 0;
			inval_queue_ticket_init(&t);
			CHECK(send(0, TLBI, 1, true, NONE, &t) == 0, "put");
			rec.on_turn = turn_slow;
			turns = 0;
			CHECK(inval_queue_wait(&q, &t) == 0 && turns > 20U, "after %u turns", turns);
			machine.pace = 3;
			rec.on_turn = machine_run;
			CHECK(send_wait(1, TLBI, 1, NONE) == 0, "the next one");
		}
		n = rec_next_at(REC_STORE64, rec_addr(msi), 0);
		CHECK(n != REC_NONE && rec.log[n].irq_off, "nobody may come between");
		close_queue(true, "coherent", i);
	}
}

TEST(queue, msi_beyond_prod)
{
	struct inval_ticket t;

	how_sync = INVAL_SYNC_MSI;
	open_queue(3, 1);
	machine.pace = 0;
	inval_queue_ticket_init(&t);
	CHECK(send(0, TLBI, 1, true, NONE, &t) == 0, "put");
	*msi = inval_le64(3);
	CHECK(inval_queue_wait(&q, &t) == -INVAL_EPROTO, "nobody was sent so far");
	close_queue(false, "msi", 0);
}

TEST(queue, msi_set_up)
{
	struct inval_queue_config cfg;
	struct inval_queue before;

	how_sync = INVAL_SYNC_MSI;
	machine_open(true);
	cfg = config(3);
	memset(&q, 0x5a, sizeof(q));
	before = q;
	book[0] = 0x5555;
	cfg.msi = NULL;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "no memory");
	cfg.msi = msi;
	cfg.msi_pa = 0;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_ERANGE, "no address");
	CHECK(memcmp(&q, &before, sizeof(q)) == 0 && book[0] == 0x5555U && rec.events == 0U,
	      "changed by what is refused");
	cfg.msi_pa = 8;
	cfg.coherent = false;
	*msi = 99;
	CHECK(inval_queue_init(&q, &cfg) == 0 && *msi == 0U, "good");
	CHECK(rec_next_at(REC_DMA_CLEAN, rec_addr(msi), 0) != REC_NONE, "not clean");
	how_sync = INVAL_SYNC_POLL;
}

/* Events */

TEST(queue, event)
{
	struct inval_queue_config cfg;
	uint32_t i;

	how_sync = INVAL_SYNC_EVENT;
	cfg = config(3);
	open_with(&cfg, 1, true);
	rec.on_turn = turn_slow;
	machine.pace = 0;
	turns = 0;
	CHECK(send_wait(0, TLBI, 5, NONE) == 0, "wait");
	i = rec_next(REC_WAIT_EVENT, 0);
	CHECK(i != REC_NONE && rec.log[i].value == INVAL_QUEUE_EVENT_US, "sleeps");
	CHECK(rec_total(REC_RELAX) == 0U, "spins");
	CHECK(send(0, TLBI, 8, false, NONE, NULL) == 0, "fill");
	rec_forget();
	turns = 0;
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == 0, "no room");
	CHECK(rec_total(REC_WAIT_EVENT) == 0U && rec_total(REC_RELAX) != 0U, "nobody wakes it");
	turns = 21;
	smmu.hang = true;
	CHECK(send_wait(0, TLBI, 1, NONE) == -INVAL_ETIMEDOUT, "time-out");
	close_queue(false, "event", 0);
}

/* Other queues */

/* The same as its CONS and PROD say, and nothing of another's registers. */
TEST(queue, other_registers)
{
	struct inval_queue_config cfg;
	uint32_t kind, i;

	for (kind = 0; kind < 2U; kind++) {
		how_kind = kind ? INVAL_QUEUE_VIRTUAL : INVAL_QUEUE_ECMDQ;
		cfg = config(3);
		open_with(&cfg, 1, true);
		start_at(1000005);
		CHECK(send_wait(0, TLBI, 3, NONE) == 0, "wait");
		CHECK(send_wait(0, TLBI, 3, 1) == -INVAL_EILSEQ, "illegal");
		smmu.next[MODEL_ABT] = 3;
		CHECK(send_wait(1, TLBI, 3, NONE) == 0, "aborts");
		smmu.next[MODEL_ATC] = 1;
		CHECK(send_wait(1, ATC, 3, NONE) == -INVAL_EREMOTEIO, "atc");
		CHECK(send_wait(0, TLBI, 3, 2) == -INVAL_EILSEQ, "illegal");
		for (i = 0; how_kind == INVAL_QUEUE_ECMDQ && i < rec.events; i++)
			CHECK((rec.log[i].kind != REC_MMIO_READ32 && rec.log[i].kind != REC_MMIO_WRITE32) ||
			      rec.log[i].addr == REG(MODEL_ECMDQ + 8U) ||
			      rec.log[i].addr == REG(MODEL_ECMDQ + 12U), "register %llx",
			      (unsigned long long)rec.log[i].addr);
		smmu.next[MODEL_ABT] = 4;
		CHECK(send_wait(1, TLBI, 3, NONE) == -INVAL_EFAULT, "for ever");
		close_queue(false, "kind", kind);
	}
}

/* An ECMDQ's error without a reason; without power; with an answer of before. */
TEST(queue, ecmdq)
{
	struct inval_queue_config cfg;
	struct inval_ticket t;
	uint64_t begin;
	uint32_t i;

	how_kind = INVAL_QUEUE_ECMDQ;
	open_queue(3, 1);
	machine.pace = 0;
	inval_queue_ticket_init(&t);
	for (i = 0; i < 3U; i++) {
		machine.pace = 0;
		inval_queue_ticket_init(&t);
		CHECK(send(0, TLBI, 2, true, NONE, &t) == 0, "put");
		model_queue_stop(&smmu, 0);
		smmu.signalled = true;
		machine.pace = 1;
		begin = rec.now_us;
		CHECK(inval_queue_wait(&q, &t) == 0 && rec.now_us - begin < 30U, "at the first look");
		CHECK(((smmu.prod & MODEL_ERRACK) == 0U) == (i == 1U), "acknowledged");
	}
	cfg = q.cfg;
	CHECK(inval_queue_recover(&q) == 0 && (smmu.prod & MODEL_ERRACK) != 0U, "once");
	CHECK(inval_queue_ack(&q, 4) == -INVAL_EINVAL, "it has no GERROR");
	model_queue_settle(&smmu);
	CHECK(inval_queue_init(&q, &cfg) == 0, "initialised anew without a reset");
	CHECK(q.prod_bits == (INVAL_ECMDQ_EN | INVAL_ECMDQ_ERR), "the answer stays");
	smmu.off = true;
	CHECK(send_wait(0, TLBI, 2, NONE) == -INVAL_EPROTO, "off");
	CHECK(inval_ecmdq_offset(0xab00000056789007ULL, 3) == 0x56780030U, "offset");
	CHECK(inval_ecmdq_offset(0xff56789abcdeffffULL, 0) == 0x56789abcde0000ULL, "offset");
	CHECK(INVAL_REG_CONTROL_PAGE(2U) == 0x4040U, "control page");
	close_queue(false, "ecmdq", 0);
}

/* Whoever answers an error finds PROD taken, and takes what came meanwhile along. */
static void hook_push_busy(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	if (kind == REC_XCHG64 && addr == rec_addr(&q.pusher) && value == 1U && smmu.stopped &&
	    when == 0U) {
		when = 1;
		q.pusher = 1;
	} else if (kind == REC_RELAX && when == 1U) {
		when = 2;
		q.pusher = 0;
	} else if (kind == REC_STORE_RELEASE64 && addr == rec_addr(&q.pusher) && when == 2U) {
		when = 3;
		rec.in_event = false;
		rec.cpu = 1;
		if (send(1, TLBI, 1, false, NONE, NULL) != 0)
			note("put");
		rec.cpu = 0;
	}
}

TEST(queue, ecmdq_answer)
{
	how_kind = INVAL_QUEUE_ECMDQ;
	open_queue(3, 1);
	machine.pace = 1;
	machine.hook = hook_push_busy;
	CHECK(send_wait(0, TLBI, 2, 0) == -INVAL_EILSEQ, "illegal");
	CHECK(when == 3U, "stage %u", when);
	CHECK((smmu.prod & model_queue_mask(&smmu)) == 4U, "PROD 0x%x", smmu.prod);
	close_queue(true, "ecmdq", 0);
}

TEST(queue, accepts)
{
	struct inval_queue_config cfg = config(3);
	struct inval_cmd cmds[4];

	cfg.accept[0] = 1ULL << TLBI;
	cfg.accept[1] = 0;
	open_with(&cfg, 1, true);
	cmds[0] = command(TLBI, 0, 0, 0);
	cmds[1] = command(SYNC, 0, 0, 0);
	cmds[2] = command(TLBI, 0, 0, 0);
	cmds[3] = command(ATC, 0, 0, 0);
	CHECK(inval_queue_accepts(&q, cmds, 4) == 3U && inval_queue_accepts(&q, cmds, 3) == 3U &&
	      inval_queue_accepts(&q, cmds + 3, 1) == 0U, "TLBI and SYNC");
	rec_forget();
	CHECK(inval_queue_put(&q, cmds, 4, true, NULL) == -INVAL_EOPNOTSUPP, "refused");
	CHECK(q.tail == 0U && rec_total(REC_MMIO_WRITE32) == 0U, "nothing was issued");
	CHECK(inval_queue_put(&q, cmds, 0, false, NULL) == -INVAL_EINVAL, "nothing");
	cmds[0].d0 = 0x92;
	CHECK(inval_queue_accepts(&q, cmds, 1) == 0U, "opcode 0x92");
	CHECK(send_wait(0, TLBI, 3, NONE) == 0, "taken");
	q.cfg.accept[0] = 0;
	q.cfg.accept[1] = 1ULL << (0x73 - 64);
	cmds[0].d0 = 0x73;
	CHECK(inval_queue_accepts(&q, cmds, 2) == 2U && inval_queue_accepts(&q, cmds + 2, 1) == 0U,
	      "opcode 0x73");
	q.cfg.accept[1] = 0;
	cmds[0].d0 = 0x92;
	CHECK(inval_queue_accepts(&q, cmds, 4) == 4U, "all");
	close_queue(true, "accepts", 0);
}

/* Errata */

static uint8_t ops_taken[64];
static uint32_t ops_num;

static void note_op(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	if (ops_num < sizeof(ops_taken))
		ops_taken[ops_num++] = (uint8_t)(model_op(cmd) == SYNC ? SYNC :
						 model_op(cmd) | (cmd->d1 >> 12 & 7U) << 5);
}

/* @put: opcodes of a batch; SYNCs with it and those it shall have, in @want. */
static void expect_ops(const struct inval_queue_config *cfg, const char *put, bool sync,
		       const char *want, uint32_t n)
{
	struct inval_cmd cmds[16];
	struct inval_ticket t;
	uint32_t i;

	open_with(cfg, n, false);
	smmu.taken = note_op;
	smmu.done = NULL;
	ops_num = 0;
	for (i = 0; put[i] != '\0'; i++) {
		cmds[i].d0 = put[i] == 'S' ? SYNC : put[i] == 'A' ? ATC : put[i] == 'C' ? 3U :
			     put[i] == 'P' ? 1U : put[i] == 'R' ? 0x44U : put[i] == 'I' ? 0x2aU : TLBI;
		cmds[i].d1 = 0;
	}
	inval_queue_ticket_init(&t);
	CHECK(inval_queue_put(&q, cmds, i, sync, &t) == 0, "put %s", put);
	if (sync || cfg->sync_each)
		CHECK(inval_queue_wait(&q, &t) == 0, "wait %s", put);
	model_queue_settle(&smmu);
	for (i = 0; i < ops_num && want[i] != '\0'; i++)
		CHECK((ops_taken[i] & 0x7fU) == (want[i] == 'S' ? SYNC : want[i] == 'A' ? ATC :
			want[i] == 'C' ? 3U : want[i] == 'P' ? 1U : want[i] == 'R' ? 0x44U :
			want[i] == 'I' ? 0x2aU : TLBI), "%s: command %u is 0x%x", put, i, ops_taken[i]);
	CHECK(i == ops_num && want[i] == '\0', "%s: %u commands", put, ops_num);
	sent = seen;
	close_queue(true, put, n);
}

TEST(queue, twice)
{
	struct inval_queue_config cfg = config(4);
	uint32_t i;

	cfg.twice = true;
	for (i = 0; i < 16U; i++) {
		expect_ops(&cfg, "T", true, "TSTS", i);
		expect_ops(&cfg, "TIC", true, "TICSTICS", i);
		expect_ops(&cfg, "T", false, "TST", i);
		expect_ops(&cfg, "A", true, "AS", i);
		expect_ops(&cfg, "TSA", true, "TSTSAS", i);
		expect_ops(&cfg, "TSISAA", true, "TSTSISISAAS", i);
		expect_ops(&cfg, "TA", true, "TSTAS", i);
		expect_ops(&cfg, "AT", true, "TSATS", i);
		expect_ops(&cfg, "SAS", false, "SAS", i);
		expect_ops(&cfg, "R", true, "RS", i);
		expect_ops(&cfg, "", true, "S", i);
	}
}

/* Which commands: by the encoding alone. */
TEST(queue, twice_opcodes)
{
	static const uint8_t again[] = { 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x18,
		0x1a, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a, 0x30, 0x50, 0x51, 0x52, 0x53, 0x58, 0x5a,
		0x60 };
	struct inval_cmd cmd = { 0, 0 };
	uint32_t op, i;
	bool want;

	for (op = 0; op < 256U; op++) {
		cmd.d0 = 0xffffffffffffff00ULL | op;
		want = false;
		for (i = 0; i < sizeof(again); i++)
			want = want || again[i] == op;
		if (want || op < 3U || op == 0x40U || op == 0x41U || (op >= 0x44U && op <= 0x46U) ||
		    op >= 0x70U)
			CHECK(inval_queue_repeats(&cmd) == want, "opcode 0x%x", op);
	}
}

TEST(queue, twice_room)
{
	struct inval_queue_config cfg = config(2);
	struct inval_cmd cmds[MAX_SLOTS];
	uint32_t lg2, i;

	cfg.twice = true;
	cfg.size_lg2 = 1;
	CHECK(inval_queue_init(&q, &cfg) == -INVAL_EINVAL, "two slots");
	for (i = 0; i < MAX_SLOTS; i++)
		cmds[i] = command(i % 2U ? SYNC : TLBI, 0, 0, 0);
	for (lg2 = 2; lg2 <= MAX_LG2; lg2++) {
		cfg.size_lg2 = lg2;
		open_with(&cfg, 1, false);
		smmu.taken = NULL;
		smmu.done = NULL;
		CHECK(inval_queue_room(&q) == (1U << (lg2 - 1U)) - 1U, "room %u", inval_queue_room(&q));
		for (i = 1; i <= inval_queue_room(&q); i++)
			CHECK(inval_queue_put(&q, cmds, i, true, NULL) == 0, "%u of %u", i, 1U << lg2);
		for (i = 0; i < inval_queue_room(&q); i++)
			cmds[i] = command(TLBI, 0, 0, 0);
		CHECK(inval_queue_run(&q, cmds, inval_queue_room(&q)) == 0, "all");
		cmds[i] = command(TLBI, 0, 0, 0);
		CHECK(inval_queue_run(&q, cmds, i + 1U) == -INVAL_EINVAL, "one more");
		for (i = 0; i < MAX_SLOTS; i++)
			cmds[i] = command(i % 2U ? SYNC : TLBI, 0, 0, 0);
		close_queue(false, "slots", 1U << lg2);
	}
	cfg.twice = false;
	open_with(&cfg, 1, false);
	CHECK(inval_queue_room(&q) == MAX_SLOTS - 1U, "without the erratum");
	close_queue(true, "room", 0);
}

TEST(queue, sync_each)
{
	struct inval_queue_config cfg = config(3);
	struct inval_cmd cmds[8];

	cfg.sync_each = true;
	expect_ops(&cfg, "TT", false, "TTS", 1);
	expect_ops(&cfg, "TT", true, "TTS", 1);
	memset(cmds, 0, sizeof(cmds));
	open_with(&cfg, 1, false);
	CHECK(inval_queue_put(&q, cmds, 8, false, NULL) == -INVAL_EINVAL, "no place for it");
	close_queue(true, "each", 0);
	cfg.twice = true;
	expect_ops(&cfg, "TT", false, "TTSTTS", 1);
}

TEST(queue, config)
{
	struct inval_queue_config cfg;
	struct inval_policy policy;
	struct inval_caps caps;
	struct inval_cmd cmd = { 1, 0 };

	memset(&caps, 0, sizeof(caps));
	memset(&cfg, 0xa5, sizeof(cfg));
	cfg.base = rec_mmio(MACHINE_REGS(0));
	inval_policy_init(&policy);
	caps.cmdq_lg2 = 8;
	inval_queue_config_init(&cfg, &caps, &policy, INVAL_SEC_NS);
	CHECK(cfg.mem == NULL && cfg.book == NULL && cfg.msi == NULL && cfg.msi_pa == 0U &&
	      cfg.smmu == 0U && cfg.size_lg2 == 8U && cfg.timeout_us == 1000000U &&
	      cfg.abort_max == 3U && !cfg.coherent && cfg.kind == INVAL_QUEUE_CMDQ &&
	      cfg.sync == INVAL_SYNC_POLL && !cfg.sync_each && !cfg.twice &&
	      cfg.accept[0] == 0U && cfg.accept[1] == 0U, "defaults");
	caps.feat = INVAL_FEAT_COHACC | INVAL_FEAT_MSI;
	policy.sync_each = true;
	policy.twice = true;
	policy.no_prefetch = true;
	inval_queue_config_init(&cfg, &caps, &policy, INVAL_SEC_NS);
	CHECK(cfg.coherent && cfg.sync == INVAL_SYNC_MSI && cfg.sync_each && cfg.twice, "all");
	inval_queue_config_init(&cfg, &caps, &policy, INVAL_SEC_REALM);
	CHECK(cfg.sync == INVAL_SYNC_POLL, "another world");
	cfg.mem = mem;
	cfg.book = book;
	open_with(&cfg, 1, false);
	CHECK(inval_queue_put(&q, &cmd, 1, false, NULL) == -INVAL_EOPNOTSUPP, "prefetch");
	cmd.d0 = 2;
	CHECK(inval_queue_accepts(&q, &cmd, 1) == 0U, "prefetch");
	for (cmd.d0 = 3; cmd.d0 < 128U; cmd.d0++)
		CHECK(inval_queue_accepts(&q, &cmd, 1) == 1U, "0x%x", (unsigned int)cmd.d0);
	close_queue(true, "config", 0);
}

/* Reset */

TEST(queue, reset)
{
	struct inval_ticket before[3], after;
	uint32_t kind, start, i;
	uint64_t tail;

	for (kind = 0; kind < 4U; kind++) {
		for (start = 0; start < 34U; start++) {
			how_sync = kind & 1U ? INVAL_SYNC_MSI : INVAL_SYNC_POLL;
			how_kind = kind & 2U ? INVAL_QUEUE_ECMDQ : INVAL_QUEUE_CMDQ;
			open_queue(3, start);
			start_at(start);
			for (i = 0; i < 3U; i++)
				inval_queue_ticket_init(&before[i]);
			CHECK(send(0, TLBI, 2, true, NONE, &before[0]) == 0, "put");
			CHECK(inval_queue_wait(&q, &before[0]) == 0, "wait");
			CHECK(send(0, TLBI, 2, true, NONE, &before[1]) == 0, "put");
			smmu.hang = true;
			CHECK(send(1, ATC, 2, true, NONE, &before[2]) == 0, "put");
			CHECK(inval_queue_wait(&q, &before[2]) == -INVAL_ETIMEDOUT, "hangs");
			q.line = 5;
			tail = q.tail;
			boot_registers();
			in_batch = false;
			inval_queue_reset(&q);
			boot_enable();
			CHECK(q.line == 0U && (q.tail & 15U) == 0U, "as new");
			CHECK(q.tail >= tail, "%u: a position twice", start);
			smmu.at = q.tail;
			for (i = 0; i < 3U; i++)
				CHECK(inval_queue_wait(&q, &before[i]) == -INVAL_ESHUTDOWN, "%u", i);
			sent = seen;
			memset(owner_seen, 0, sizeof(owner_seen));
			for (i = 0; i < 6U; i++) {
				inval_queue_ticket_init(&after);
				CHECK(send(2, TLBI, 2, true, NONE, &after) == 0 &&
				      inval_queue_wait(&q, &after) == 0, "after");
				CHECK(send_wait(3, TLBI, 2, 1) == -INVAL_EILSEQ, "after");
			}
			for (i = 0; i < 3U; i++)
				CHECK(inval_queue_wait(&q, &before[i]) == -INVAL_ESHUTDOWN, "ticket %u",
				      i);
			CHECK(send(0, TLBI, 1, true, NONE, &before[1]) == 0, "goes on with an old one");
			CHECK(inval_queue_wait(&q, &before[1]) == -INVAL_ESHUTDOWN, "and is told");
			close_queue(true, "start", start);
		}
	}
}

TEST(queue, error_without_name)
{
	struct inval_queue_config cfg = config(3);
	uint32_t i;

	open_with(&cfg, 1, true);
	model_queue_gerror(&smmu, 0);
	CHECK(inval_queue_recover(&q) == 0 && !model_queue_active(&smmu), "acknowledged");
	i = rec_next(REC_TRACE, 0);
	CHECK(rec.log[i].what == INVAL_EVENT_CMDQ_ERROR && rec.log[i].value == 0U, "trace");
	CHECK(send_wait(0, TLBI, 3, NONE) == 0, "goes on");
	CHECK(rec.warns == 0U, "warnings");
	close_queue(true, "no name", 0);
}

TEST(queue, other_errors)
{
	open_queue(3, 1);
	model_queue_gerror(&smmu, 0);
	CHECK(inval_queue_ack(&q, 1) == 0 && smmu.gerrorn == 0U, "that is the queue's own");
	CHECK(inval_queue_recover(&q) == 0 && smmu.gerrorn == 1U, "recover");
	model_queue_gerror(&smmu, 2);
	model_queue_gerror(&smmu, 8);
	CHECK(send_wait(0, TLBI, 3, 1) == -INVAL_EILSEQ, "illegal");
	CHECK(smmu.gerrorn == 0U && smmu.gerror == 0x104U, "GERRORN 0x%x", smmu.gerrorn);
	CHECK(inval_queue_ack(&q, 0x4) == 0 && smmu.gerrorn == 4U, "GERRORN 0x%x", smmu.gerrorn);
	CHECK(inval_queue_ack(&q, 0x4) == 0 && smmu.gerrorn == 4U, "only what is active");
	CHECK(inval_queue_ack(&q, UINT32_MAX) == 0 && smmu.gerrorn == 0x104U, "all others");
	CHECK(send_wait(0, TLBI, 3, 0) == -INVAL_EILSEQ, "illegal");
	close_queue(true, "others", 0);
}

/* Whoever works on GERRORN is alone. */
static int ack_result;

static void hook_ack(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_MMIO_WRITE32 || addr != REG(MODEL_GERRORN) || ack_result != 1)
		return;
	rec.cpu = 1;
	ack_result = inval_queue_ack(&q, 4);
	if (inval_queue_recover(&q) != 0)
		note("recover");
}

TEST(queue, acks_take_turns)
{
	open_queue(3, 1);
	machine.hook = hook_ack;
	ack_result = 1;
	model_queue_gerror(&smmu, 2);
	CHECK(send_wait(0, TLBI, 3, 1) == -INVAL_EILSEQ, "illegal");
	CHECK(ack_result == -INVAL_EAGAIN && smmu.gerrorn == 1U, "%d", ack_result);
	CHECK(inval_queue_ack(&q, 4) == 0 && smmu.gerrorn == 5U, "GERRORN 0x%x", smmu.gerrorn);
	close_queue(true, "turns", 0);
}

/* Who breaks it leaves an error that nobody handles any more, nor any other bit. */
TEST(queue, broken_is_left_alone)
{
	uint32_t reads, writes;

	open_queue(3, 1);
	smmu.off = true;
	CHECK(send_wait(0, TLBI, 1, NONE) == -INVAL_EPROTO, "no power");
	smmu.off = false;
	model_queue_gerror(&smmu, 0);
	model_queue_gerror(&smmu, 2);
	reads = rec_total(REC_MMIO_READ32);
	writes = rec_total(REC_MMIO_WRITE32);
	CHECK(inval_queue_recover(&q) == -INVAL_ESHUTDOWN, "recover");
	CHECK(inval_queue_ack(&q, 4) == -INVAL_ESHUTDOWN, "ack");
	CHECK(rec_total(REC_MMIO_READ32) == reads && rec_total(REC_MMIO_WRITE32) == writes,
	      "a register is touched");
	CHECK(q.fixer == 0U && smmu.gerrorn == 0U, "GERRORN 0x%x", smmu.gerrorn);
	inval_queue_reset(&q);
	CHECK(inval_queue_ack(&q, 4) == 0 && smmu.gerrorn == 4U, "GERRORN 0x%x", smmu.gerrorn);
	close_queue(false, "broken", 0);
}

/* From a GERROR interrupt, with nobody waiting. */
TEST(queue, recover)
{
	open_queue(3, 1);
	CHECK(send(0, TLBI, 4, true, 2, NULL) == 0, "put");
	model_queue_settle(&smmu);
	CHECK(smmu.stopped && inval_queue_recover(&q) == 0, "recover");
	close_queue(true, "recover", 0);
}

/* Off: at any hook, wherever the queue stands. */
static uint64_t complete_at;

static void power_off(void)
{
	smmu.off = true;
	complete_at = smmu.at;
}

TEST(queue, power_off)
{
	struct inval_ticket t;
	uint32_t start, n, pace, bad;
	int err, done;

	for (start = 0; start < 16U; start++) {
		for (n = 1; n <= 80U; n++) {
			pace = n & 1U;
			bad = start & 1U ? 1U : NONE;
			open_queue(3, n);
			start_at(start);
			machine.pace = pace;
			machine.hook = hook_once;
			what = power_off;
			when = n;
			complete_at = UINT64_MAX;
			inval_queue_ticket_init(&t);
			err = send(0, TLBI, 3, true, bad, &t);
			if (err == 0)
				err = inval_queue_wait(&q, &t);
			done = bad == NONE ? 0 : -INVAL_EILSEQ;
			CHECK(err == -INVAL_EPROTO || (err == done && complete_at >= t.end),
			      "start %u, hook %u: %d", start, n, err);
			close_queue(false, "hook", n);
		}
	}
}

TEST(queue, power_off_while_full)
{
	open_queue(2, 1);
	machine.pace = 0;
	CHECK(send(0, TLBI, 4, false, NONE, NULL) == 0, "fill");
	smmu.off = true;
	CHECK(send(0, TLBI, 1, false, NONE, NULL) == -INVAL_EPROTO, "no room");
	CHECK(rec.warns == 1U && rec.warn == INVAL_WARN_QUEUE_BROKEN, "warnings");
	close_queue(false, "full", 0);
}

/* One CPU between any two hooks of another; and an interrupt. */

static struct inval_ticket nested_ticket;
static bool as_interrupt, nested;

static void nested_put(void)
{
	inval_queue_ticket_init(&nested_ticket);
	if (send(1, TLBI, 2, true, NONE, &nested_ticket) != 0)
		note("the nested put failed");
}

static void hook_nested(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)kind;
	(void)addr;
	(void)value;
	bool off = *rec_depth(REC_SCOPE_IRQ) != 0U, line = (uint32_t)q.line != 0U;

	if (nested || when == 0U || (off && (as_interrupt || line)) || --when)
		return;
	nested = true;
	rec.in_event = false;
	rec.cpu = as_interrupt ? 0U : 1U;
	nested_put();
	if (as_interrupt && inval_queue_wait(&q, &nested_ticket) != 0)
		note("the wait of an interrupt failed");
	rec.cpu = 0;
	nested = false;
}

/*
 * Between the hooks of a put and a wait; another CPU only puts: nobody runs it on, so
 * not where it must wait for one that has interrupts off and calls the next.
 */
static uint32_t nest(uint32_t lg2, uint32_t first, uint32_t seed)
{
	struct inval_ticket t;
	uint32_t n;
	int err;

	for (n = 1; ; n++) {
		open_queue(lg2, seed);
		machine.pace = as_interrupt ? seed + 1U : seed;
		machine.hook = hook_nested;
		CHECK(send(2, TLBI, first, false, NONE, NULL) == 0, "before");
		if (first != 0U)
			model_queue_settle(&smmu);
		when = n;
		inval_queue_ticket_init(&t);
		CHECK(send(0, TLBI, 3, true, NONE, &t) == 0, "put");
		machine.pace = 3;
		err = inval_queue_wait(&q, &t);
		CHECK(err == 0, "hook %u: wait: %d", n, err);
		CHECK(effective(0, 0, 0), "effects");
		if (when != 0U)
			break;
		CHECK(inval_queue_wait(&q, &nested_ticket) == 0, "hook %u: its wait", n);
		CHECK(effective(1, 0, 0), "effects");
		close_queue(true, "hook", n);
	}
	close_queue(true, "hook", n);
	return n;
}

TEST(queue, another_cpu_at_any_hook)
{
	uint32_t first, pace, n;

	as_interrupt = false;
	for (pace = 0; pace < 2U; pace++) {
		for (first = 1; first < 8U; first++) {
			n = nest(3, first, pace);
			CHECK(n > 20U, "only %u hooks", n);
		}
	}
}

TEST(queue, interrupt_at_any_hook)
{
	uint32_t first, pace, lg2, n;

	as_interrupt = true;
	for (pace = 0; pace < 2U; pace++) {
		for (lg2 = 2; lg2 < 4U; lg2++) {
			for (first = 1; first < 4U; first++) {
				n = nest(lg2, first, pace);
				CHECK(n > 8U, "only %u hooks", n);
			}
		}
	}
}

/* Many CPUs, in turns by chance, with all that can go wrong. */

struct load {
	uint32_t lg2;
	uint32_t cpus;
	bool coherent;
	uint32_t ill;
	uint32_t abt;
	uint32_t atc;
	uint32_t seeds;
	uint32_t no_msi;
	enum inval_sync sync;
	enum inval_queue_kind kind;
};

static uint32_t load_bad;	/* chance of a bad command, in 16 */
static uint64_t load_state[CPUS];
static uint32_t told, waits, fulls;

static uint32_t dice(uint32_t cpu, uint32_t n)
{
	return (uint32_t)(test_random(&load_state[cpu]) % n);
}

static void load_batch(uint32_t cpu, struct inval_ticket *t, bool sync, uint32_t *bad)
{
	uint32_t most = (1U << q.cfg.size_lg2) - (sync ? 1U : 0U), num;
	bool off = dice(cpu, 4) == 0U;
	unsigned long token = off ? inval_port_irq_save() : 0U;

	num = dice(cpu, most < 12U ? most + 1U : 13U);
	if (num == 0U && !sync)
		num = 1;
	*bad += num != 0U && dice(cpu, 16) < load_bad;
	if (send(cpu, dice(cpu, 4) == 0U ? ATC : TLBI, num, sync,
		 num != 0U && *bad != 0U && plans[cpu] % 2U ? dice(cpu, num) : NONE, t) != 0)
		note("put failed");
	if (off)
		inval_port_irq_restore(token);
}

/* What a wait must say of the batches from @first on. */
static void load_judge(uint32_t cpu, uint32_t first, uint64_t atcs, bool atc, int err)
{
	uint32_t i, want = 0, effects = 0, lost = 0;

	for (i = first; i < plans[cpu]; i++) {
		want += plan[cpu][i].num;
		effects += plan[cpu][i].effects;
		lost += plan[cpu][i].lost;
	}
	waits++;
	told += err != 0;
	if (err != 0 && err != -INVAL_EILSEQ && err != -INVAL_EREMOTEIO)
		note("a wait failed");
	if ((err == -INVAL_EILSEQ) != (effects + lost != want))
		note("-EILSEQ without a bad command, or none with one");
	if (err == 0 && lost != 0U)
		note("a lost ATC_INV was not told");
	if (err == -INVAL_EREMOTEIO && (!atc || smmu.raised[MODEL_ERR_ATC] == atcs))
		note("-EREMOTEIO for nothing");
}

static void load_run(uint32_t cpu)
{
	struct inval_ticket t;
	uint64_t atcs;
	uint32_t i, first, more, bad;

	for (i = 0; i < 8U && wrong == NULL; i++) {
		bad = 0;
		if (dice(cpu, 3) == 0U) {
			load_batch(cpu, NULL, dice(cpu, 2) == 0U, &bad);
			continue;
		}
		first = plans[cpu];
		atcs = smmu.raised[MODEL_ERR_ATC] - (smmu.stopped ? 1U : 0U);
		inval_queue_ticket_init(&t);
		for (more = dice(cpu, 3); more != 0U; more--)
			load_batch(cpu, &t, dice(cpu, 2) == 0U, &bad);
		load_batch(cpu, &t, true, &bad);
		load_judge(cpu, first, atcs, t.atc, inval_queue_wait(&q, &t));
	}
}

static void load_all(const struct load *l)
{
	struct inval_queue_config cfg;
	uint32_t seed, i;

	how_sync = l->sync;
	how_kind = l->kind;
	cfg = config(l->lg2);
	cfg.coherent = l->coherent;
	cfg.abort_max = 20;
	cfg.timeout_us = 1000000;
	told = 0;
	waits = 0;
	fulls = 0;
	for (seed = 0; seed < l->seeds; seed++) {
		open_with(&cfg, seed, false);
		machine.pace = seed % 3U;
		smmu.often[MODEL_ILL] = l->ill;
		smmu.often[MODEL_ABT] = l->abt;
		smmu.often[MODEL_ATC] = l->atc;
		smmu.often[MODEL_NO_MSI] = l->no_msi;
		smmu.msi_wide = seed % 2U != 0U;
		load_bad = l->ill != 0U ? 2U : 0U;
		cpus_reset();
		for (i = 0; i < l->cpus; i++) {
			load_state[i] = seed * 16U + i;
			cpus_start(load_run);
		}
		cpus_random(&model, model_idle);
		fulls += (uint32_t)rec.count[INVAL_COUNT_FULL];
		while (smmu.stopped || model_queue_pending(&smmu) != 0U) {
			model_queue_settle(&smmu);
			CHECK(inval_queue_recover(&q) == 0, "recover");
		}
		close_queue(true, "seed", seed);
	}
	CHECK(waits > l->seeds, "%u waits", waits);
	CHECK((told != 0U) == (l->ill + l->atc != 0U), "%u told", told);
	CHECK(fulls != 0U || l->lg2 > 4U, "never full");
}

TEST(queue, load)
{
	static const struct load loads[] = {
		{ 1, 4, true, 0, 0, 0, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 0, 0, 0, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 3, 3, false, 0, 0, 0, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 4, 4, true, 0, 0, 0, 20, 0, INVAL_SYNC_EVENT, INVAL_QUEUE_CMDQ },
		{ 8, 4, true, 0, 0, 0, 5, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 0, 0, 0, 30, 0, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ },
		{ 3, 4, false, 0, 0, 0, 30, 0, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 0, 0, 0, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_ECMDQ },
		{ 4, 3, false, 0, 0, 0, 20, 0, INVAL_SYNC_MSI, INVAL_QUEUE_ECMDQ },
	};
	uint32_t i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		load_all(&loads[i]);
}

TEST(queue, load_with_errors)
{
	static const struct load loads[] = {
		{ 1, 4, true, 50, 0, 0, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 50, 50, 100, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 2, 4, false, 50, 50, 100, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 3, 2, true, 0, 0, 300, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_VIRTUAL },
		{ 4, 4, true, 100, 100, 200, 20, 0, INVAL_SYNC_EVENT, INVAL_QUEUE_CMDQ },
		{ 8, 4, false, 20, 20, 50, 5, 0, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 50, 50, 100, 30, 0, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ },
		{ 3, 4, true, 50, 50, 100, 30, 100, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ },
		{ 3, 4, false, 50, 50, 100, 30, 100, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ },
		{ 2, 4, true, 50, 50, 100, 30, 0, INVAL_SYNC_POLL, INVAL_QUEUE_ECMDQ },
		{ 3, 4, false, 50, 50, 100, 30, 0, INVAL_SYNC_MSI, INVAL_QUEUE_ECMDQ },
		{ 8, 4, true, 20, 20, 50, 5, 100, INVAL_SYNC_MSI, INVAL_QUEUE_ECMDQ },
	};
	uint32_t i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		load_all(&loads[i]);
}

/* All orders of a few CPUs and the SMMU, on a queue of four slots. */

struct orders {
	uint32_t cpus;
	uint32_t num;		/* commands of each */
	bool wait;
	uint32_t bad;		/* the first CPU's bad command, or NONE */
	uint32_t aborts;
	bool numbers;		/* who finds no room gets a number at once */
	enum inval_sync sync;
	enum inval_queue_kind kind;
};

static struct orders orders;
static struct cpus_search search;
static int result[CPUS];

static struct inval_ticket order_ticket[CPUS];

/*
 * @waits: in inval_queue_wait()
 * @joins: gets a number
 * @has: a place in the queue
 * @looks: for what is known to be consumed, in the wait
 * @kind: the hook before
 * @addr: its address
 * @cons: what it last read of CONS, or of an MSI
 * @tail: what it wants the tail to be
 */
static struct order_cpu {
	bool waits;
	bool joins;
	bool has;
	uint32_t looks;
	enum rec_kind kind;
	uint64_t addr;
	uint64_t cons;
	uint64_t tail;
} order_cpu[CPUS];

static void orders_run(uint32_t cpu)
{
	struct inval_ticket *t = &order_ticket[cpu];
	uint32_t bad = cpu == 0U ? orders.bad : NONE;
	int err;

	cpus_forget(1);
	err = send(cpu, TLBI, orders.num, orders.wait, bad, orders.wait ? t : NULL);
	if (err == 0 && orders.wait) {
		cpus_forget(2);
		order_cpu[cpu].waits = true;
		err = inval_queue_wait(&q, t);
	}
	if (orders.wait && !effective(cpu, 0, bad != NONE))
		note("a wait returned before the effect");
	cpus_forget((uint64_t)(uint32_t)err);
	result[cpu] = err;
}

/* What nobody writes meanwhile; what only the clock, which stands still, asks for. */
static bool orders_constant(uint64_t addr)
{
	bool errors = orders.bad != NONE || orders.aborts != 0U;

	return addr == rec_addr(&q.broken) || addr == rec_addr(&q.ill_lost) ||
	       addr == rec_addr(&q.plain) || addr == rec_addr(&q.polled) ||
	       addr == rec_addr(&q.timeout_us) || addr == rec_addr(&q.msi_on) ||
	       (addr > rec_addr(&q.ill[0]) && addr <= rec_addr(&q.ill[INVAL_QUEUE_ILLS - 1U])) ||
	       addr == rec_addr(&q.errors) || (!orders.numbers && addr == rec_addr(&q.line)) ||
	       (!errors && (addr == REG(MODEL_GERROR) || addr == REG(MODEL_GERRORN) ||
			    addr == rec_addr(&q.faults) || addr == rec_addr(&q.prod_bits)));
}

/*
 * A look that says "not yet" may as well have been earlier, and one that says "done",
 * which another follows, later: of looks in a row only one counts. What is known to be
 * consumed is read as a lower bound, any, but for the exchange behind it; PROD, to see
 * that CONS is not beyond it, at once where that is strictest.
 */
static bool orders_look(const struct order_cpu *o, enum rec_kind kind, uint64_t addr)
{
	bool cons = addr == rec_addr(&q.cons);

	if (orders.bad != NONE || orders.aborts != 0U)
		return false;
	if (kind == REC_LOAD_ACQUIRE64 && cons && o->waits)
		return o->kind == REC_RELAX || (o->kind == kind && o->addr == addr);
	if (kind != REC_LOAD64 || (!cons && addr != rec_addr(&q.prod)))
		return false;
	if (cons)
		return o->addr != rec_addr(&q.prod);
	return o->addr == REG(MODEL_CONS) || o->addr == rec_addr(msi) || o->addr == addr;
}

/* What others do not see, or is written before anybody may read it, is no step. */
static bool orders_hidden(enum rec_kind kind, uint64_t addr)
{
	return orders_constant(addr) || orders_look(&order_cpu[cpus.now], kind, addr) ||
	       (addr >= rec_addr(q.who) && addr < rec_addr(q.who + 4));
}

/*
 * A look of a wait needs of what it has read that it still waits, and then CONS. The first
 * look keeps what was known, for its exchange.
 */
static uint64_t orders_wait_knows(struct order_cpu *o, enum rec_kind kind, uint64_t addr)
{
	if (addr == REG(MODEL_CONS)) {
		o->cons = smmu.cons;
		return o->kind == REC_LOAD64 ? 1U : 0U;
	}
	if (addr == rec_addr(msi))
		o->cons = *msi;
	if (addr != rec_addr(&q.cons) || kind == REC_CMPXCHG64)
		return 0;
	return kind == REC_LOAD64 ? o->cons + 3U : ++o->looks > 1U ? 2U : 1U;
}

/*
 * PROD is moved, and errors are handled, by what stands in the queue; of a wait that
 * comes there only its ticket remains, for its clock stands still. Where a batch is, its
 * ticket says.
 */
static uint64_t orders_blank(enum rec_kind kind, uint64_t addr)
{
	struct order_cpu *o = &order_cpu[cpus.now];
	bool chain = addr >= rec_addr(q.chain) && addr < rec_addr(q.chain + 4);

	if (kind == REC_XCHG64 && (addr == rec_addr(&q.pusher) || addr == rec_addr(&q.fixer)))
		return cpus_mix(o->kind, o->addr) | 1U;
	if (kind == REC_STORE_RELEASE64 && (addr == rec_addr(&q.fixer) || (chain && orders.wait)))
		return 1;
	if (!o->waits || orders.bad != NONE || orders.aborts != 0U)
		return 0;
	return orders_wait_knows(o, kind, addr);
}

/* CPUs that do the same are numbered in the order in which they get their places. */
static bool orders_later(uint32_t cpu)
{
	const struct cpus_one *c = &cpus.cpu[cpu];
	uint32_t i;

	if (c->kind != REC_CMPXCHG64 || c->addr != rec_addr(&q.tail) ||
	    order_cpu[cpu].tail != q.tail + orders.num + (orders.wait ? 1U : 0U))
		return false;
	for (i = 0; i < cpu && order_cpu[i].has; i++)
		continue;
	return i != cpu;
}

static void hook_orders(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	struct cpus_one *c = &cpus.cpu[cpus.now % CPUS];
	struct order_cpu *o = &order_cpu[cpus.now % CPUS];
	bool joins = kind == REC_CMPXCHG64 && addr == rec_addr(&q.line);

	if (cpus.now == CPUS)
		return;
	if (o->joins && !joins)
		c->stage = cpus_mix(c->stage, q.line); /* who waits with a number knows it */
	o->joins = joins;
	o->has = o->has || kind == REC_STORE_RELEASE64 ||
		 (kind == REC_STORE64 && addr >= rec_addr(q.chain) && addr < rec_addr(q.chain + 4));
	if (kind == REC_CMPXCHG64 && addr == rec_addr(&q.tail))
		o->tail = value;
	cpus_hook(kind, addr, value);
	if (!cpus_visible(kind))
		return;
	o->kind = kind;
	o->addr = addr;
}

static void orders_begin(void)
{
	struct inval_queue_config cfg = q.cfg;
	uint32_t i;

	rec.turns = 0;
	rec_forget();
	cpus_reset();
	cpus.hidden = orders_hidden;
	cpus.blank = orders_blank;
	machine.hook = hook_orders;
	boot(&cfg);
	q.overtaken = orders.numbers ? 0U : INVAL_QUEUE_OVERTAKEN;
	smmu.next[MODEL_ABT] = orders.aborts;
	for (i = 0; i < orders.cpus; i++) {
		memset(&order_cpu[i], 0, sizeof(order_cpu[i]));
		result[i] = 1;
		inval_queue_ticket_init(&order_ticket[i]);
		cpus_start(orders_run);
	}
}

static void orders_end(struct cpus_search *s)
{
	uint32_t i;
	int want;

	for (i = 0; i < orders.cpus; i++) {
		want = i == 0U && orders.bad != NONE ? -INVAL_EILSEQ : 0;
		if (result[i] != want)
			note("a call did not return what it must");
	}
	if (q.broken != 0U || q.ill_lost != 0U || q.plain != 4U ||
	    (!orders.numbers && q.line != 0U) || (q.msi_on != 0U) != (orders.sync == INVAL_SYNC_MSI))
		note("what was hidden from the search was written");
	s->wrong = verdict(true);
}

static void all_orders(struct orders o)
{
	struct inval_queue_config cfg;

	how_sync = o.sync;
	how_kind = o.kind;
	cfg = config(2);
	orders = o;
	open_with(&cfg, 1, false);
	machine.pace = 0;
	rec.relax_us = 0;
	smmu.tidy = true;
	memset(&search, 0, sizeof(search));
	search.begin = orders_begin;
	search.end = orders_end;
	search.smmu = &smmu;
	search.smmu_last = !o.wait && o.cpus * o.num <= 4U;
	search.smmu_all = o.wait;
	search.later = o.bad == NONE ? orders_later : NULL;
	search.memory[0] = &q;
	search.bytes[0] = sizeof(q);
	search.memory[1] = book;
	search.bytes[1] = inval_queue_book_bytes(2);
	search.memory[2] = mem;
	search.bytes[2] = 64;
	search.memory[3] = &history;
	search.bytes[3] = sizeof(history);
	search.memory[4] = order_ticket;
	search.bytes[4] = sizeof(order_ticket);
	search.memory[5] = msi;
	search.bytes[5] = sizeof(msi);
	cpus_search(&search);
	printf("%u CPUs, %u commands, bad %d, %u aborts: %u states, %u runs\n", o.cpus, o.num,
	       (int)o.bad, o.aborts, (unsigned int)search.states, (unsigned int)search.runs);
	CHECK(search.wrong == NULL, "%u CPUs, run %u: %s", o.cpus, (unsigned int)search.runs,
	      search.wrong);
	close_queue(true, "CPUs", o.cpus);
}

#define ORDERS(name, ...) \
	TEST(orders, name) \
	{ \
		const struct orders o = { __VA_ARGS__ }; \
		all_orders(o); \
	}

ORDERS(two_puts, 2, 2, false, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(two_puts_one_full, 2, 3, false, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(two_numbers, 2, 3, false, NONE, 0, true, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(two_waits, 2, 1, true, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(two_msis, 2, 1, true, NONE, 0, false, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ)

/* Half a minute in all: tests/suites/model.sh. */
#ifdef INVAL_TEST_LONG
ORDERS(two_waits_one_full, 2, 2, true, NONE, 0, true, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(two_msis_one_full, 2, 2, true, NONE, 0, false, INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ)
ORDERS(illegal, 2, 1, true, 0, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(abort, 2, 1, true, NONE, 1, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(illegal_ecmdq, 2, 1, true, 0, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_ECMDQ)
ORDERS(three_puts, 3, 1, false, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(three_full, 3, 2, false, NONE, 0, true, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(three_syncs, 3, 0, true, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(three_waits, 3, 1, true, NONE, 0, false, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
ORDERS(three_waits_in_turn, 3, 1, true, NONE, 0, true, INVAL_SYNC_POLL, INVAL_QUEUE_CMDQ)
#endif
