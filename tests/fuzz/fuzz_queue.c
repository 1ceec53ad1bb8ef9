/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * queue.h against an SMMU that does at every access to a register what the input says:
 * runs commands or not, raises each error, fails MSIs, stands still, loses power. Some
 * tickets are under way at a time.
 *  - A wait that returns 0 is right: all commands of its ticket are complete, none was
 *    illegal, and all its ATC_INVs are confirmed.
 *  - Each error has its cause, and a ticket with an illegal command hears of it.
 *  - Commands arrive once and in order; everything ends.
 */
#include <inval/queue.h>

#include "fuzz.h"

#define TICKETS 6U
#define MOST 4U
#define IDS 4096U
#define BAD_OP 0xeeU

/* What became of a command, by its number. */
static struct {
	bool ran;
	bool done;
	bool illegal;
	bool unconfirmed;
} cmd[IDS];

static struct {
	bool used;
	struct inval_ticket t;
	uint32_t first, num;
	bool atc;
} ticket[TICKETS];

static struct inval_queue queue;
static struct inval_queue_config cfg;
static uint64_t mem[32] __attribute__((aligned(256))), book[32], msi;
static uint32_t ids;

/* The SMMU. */
static struct {
	uint32_t prod, cons, gerror, gerrorn, err;
	uint32_t next;		/* number of the command that comes next */
	uint32_t synced;	/* commands below are complete */
	bool abort, atc_fails, msi_fails, stuck, dead;
	bool hidden;		/* an error that GERROR alone shows, and nobody has seen there */
	uint32_t stopped;	/* where the last error was, + 1 */
	uint32_t again;		/* errors there since */
	uint64_t moved_us;	/* when it last did something */
	uint64_t seen_us;	/* the same, when CONS was last read */
	bool ever_ill, ever_abort, ever_atc;
} dev;

/* Who stands at one place for too long is given up, errors or not. */
static void stop(uint32_t err)
{
	dev.again = dev.stopped == dev.cons + 1U ? dev.again + 1U : 0U;
	if (dev.again < 1U << cfg.size_lg2)
		dev.moved_us = fuzz_now_us;
	dev.stopped = dev.cons + 1U;
	dev.err = err;
	dev.gerror ^= INVAL_GERROR_CMDQ;
}

/* The SYNC at CONS; false when it fails. */
static bool run_sync(struct inval_cmd c)
{
	uint32_t i;

	if (dev.atc_fails) {
		for (i = dev.synced; i < dev.next; i++)
			cmd[i].unconfirmed = true;
		dev.atc_fails = false;
		dev.ever_atc = true;
		stop(INVAL_CERROR_ATC);
		return false;
	}
	for (i = dev.synced; i < dev.next; i++)
		cmd[i].done = cmd[i].ran;
	dev.synced = dev.next;
	if (((c.d0 >> 12) & 3U) == 1U) {
		if (dev.msi_fails)
			dev.gerror ^= (dev.gerror ^ dev.gerrorn) & INVAL_GERROR_MSI_CMDQ ?
				      0U : INVAL_GERROR_MSI_CMDQ;
		else
			memcpy(&msi, (char *)&c.d0 + 4, 4);
	}
	return true;
}

/* One command: fetched, and run or not. */
static void step(void)
{
	uint32_t slot = dev.cons & ((1U << cfg.size_lg2) - 1U), id;
	struct inval_cmd c;

	if (dev.cons == dev.prod || ((dev.gerror ^ dev.gerrorn) & INVAL_GERROR_CMDQ) != 0U)
		return;
	dev.err = 0;
	if (dev.abort) {
		dev.abort = false;
		dev.ever_abort = true;
		stop(INVAL_CERROR_ABT);
		return;
	}
	c = inval_cmd_load(&mem[2U * slot]);
	if ((c.d0 & 0xffU) == INVAL_OP_SYNC) {
		if (!run_sync(c))
			return;
	} else {
		id = (uint32_t)(c.d1 >> 12);
		FUZZ_CHECK(id < ids && (id == dev.next || cfg.twice), "command %u, next is %u", id,
			   dev.next);
		if ((c.d0 & 0xffU) == BAD_OP) {
			cmd[id].illegal = true;
			dev.next = id + 1U;
			dev.ever_ill = true;
			stop(INVAL_CERROR_ILL);
			return;
		}
		cmd[id].ran = true;
		if (id == dev.next)
			dev.next++;
	}
	dev.cons = (dev.cons + 1U) & ((2U << cfg.size_lg2) - 1U);
	dev.moved_us = fuzz_now_us;
}

static void live(void)
{
	uint32_t what = fuzz_left != 0U ? fuzz_byte() : 63U, i;

	dev.abort |= what == 200U;
	dev.atc_fails |= what == 201U;
	dev.stuck |= what == 202U;
	dev.dead |= what == 203U;
	if (what == 204U)
		dev.msi_fails = !dev.msi_fails;
	if (what == 205U && ((dev.gerror ^ dev.gerrorn) & 4U) == 0U)
		dev.gerror ^= 4U;
	if (what == 206U && ((dev.gerror ^ dev.gerrorn) & INVAL_GERROR_CMDQ) == 0U &&
	    dev.err == 0U) {
		stop(INVAL_CERROR_NONE);
		dev.hidden = true;
	}
	for (i = 0; i < what % 64U && !dev.stuck; i++)
		step();
}

static uint32_t reg_read(inval_mmio base, uint32_t offset)
{
	(void)base;
	live();
	if (dev.dead)
		return UINT32_MAX;
	switch (offset) {
	case INVAL_REG_GERROR:
		dev.hidden = false;
		return dev.gerror;
	case INVAL_REG_GERRORN:
		return dev.gerrorn;
	case INVAL_REG_CMDQ_CONS:
		dev.seen_us = dev.moved_us;
		return dev.cons | (dev.err << 24);
	default:
		FUZZ_CHECK(false, "register 0x%x is read", offset);
		return 0;
	}
}

static void reg_write(inval_mmio base, uint32_t offset, uint32_t v)
{
	uint32_t behind = (v - dev.cons) & ((2U << cfg.size_lg2) - 1U);

	(void)base;
	if (dev.dead)
		return;
	if (offset == INVAL_REG_CMDQ_PROD) {
		FUZZ_CHECK(behind <= 1U << cfg.size_lg2, "PROD is %u, CONS %u", v, dev.cons);
		dev.prod = v;
	} else {
		FUZZ_CHECK(offset == INVAL_REG_GERRORN, "register 0x%x is written", offset);
		FUZZ_CHECK(((v ^ dev.gerrorn) & ~(dev.gerror ^ dev.gerrorn)) == 0U,
			   "what is not active is acknowledged");
		dev.gerrorn = v;
	}
	live();
}

static void start(void)
{
	static const uint32_t syncs[] = { INVAL_SYNC_POLL, INVAL_SYNC_EVENT, INVAL_SYNC_MSI };

	fuzz_read32 = reg_read;
	fuzz_write32 = reg_write;
	fuzz_now_us = 0;
	memset(cmd, 0, sizeof(cmd));
	memset(ticket, 0, sizeof(ticket));
	memset(&dev, 0, sizeof(dev));
	memset(&cfg, 0, sizeof(cfg));
	ids = 0;
	cfg.mem = mem;
	cfg.book = book;
	cfg.timeout_us = 200;
	cfg.abort_max = 2;
	cfg.coherent = fuzz_byte() & 1U;
	cfg.sync = (enum inval_sync)syncs[fuzz_pick(3)];
	cfg.msi = &msi;
	cfg.msi_pa = 0x1000;
	cfg.twice = fuzz_pick(8) == 0U;
	cfg.sync_each = fuzz_pick(8) == 0U;
	cfg.size_lg2 = 1U + fuzz_pick(4);
	if (cfg.twice && cfg.size_lg2 < 2U)
		cfg.size_lg2 = 2;
	FUZZ_CHECK(inval_queue_init(&queue, &cfg) == 0, "init");
}

/* Is this code one that a queue in this state may give? */
static void check_code(int err)
{
	switch (err) {
	case 0:
	case -INVAL_EILSEQ:
	case -INVAL_EREMOTEIO:
		break;
	case -INVAL_ETIMEDOUT:
		FUZZ_CHECK((dev.dead && dev.hidden) ||
			   fuzz_now_us - dev.seen_us >= cfg.timeout_us, "a time-out without reason");
		break;
	case -INVAL_EFAULT:
		FUZZ_CHECK(dev.ever_abort, "no abort");
		break;
	case -INVAL_EPROTO:
		FUZZ_CHECK(dev.dead, "no power lost");
		break;
	case -INVAL_ESHUTDOWN:
		FUZZ_CHECK(queue.broken != 0U, "not broken");
		break;
	default:
		FUZZ_CHECK(false, "code %d", err);
	}
}

static void put(uint32_t n)
{
	struct inval_cmd c[MOST];
	uint32_t num = 1U + fuzz_pick(MOST), i, kind;
	int err;

	if (ticket[n].used || ids + num > IDS)
		return;
	if (num > inval_queue_room(&queue))
		num = (uint32_t)inval_queue_room(&queue);
	memset(&ticket[n], 0, sizeof(ticket[n]));
	inval_queue_ticket_init(&ticket[n].t);
	for (i = 0; i < num; i++) {
		kind = fuzz_byte();
		c[i].d0 = kind < 16U ? BAD_OP : kind < 100U ? INVAL_OP_ATC_INV : INVAL_OP_TLBI_NH_VA;
		c[i].d1 = (uint64_t)(ids + i) << 12;
		ticket[n].atc |= c[i].d0 == INVAL_OP_ATC_INV;
	}
	ticket[n].t.atc = ticket[n].atc;
	ticket[n].first = ids;
	ticket[n].num = num;
	ids += num;
	err = inval_queue_put(&queue, c, num, true, &ticket[n].t);
	check_code(err);
	ticket[n].used = err == 0;
	if (err != 0)
		ids -= num;
}

static void wait(uint32_t n)
{
	bool illegal = false;
	uint32_t i;
	int err;

	if (!ticket[n].used)
		return;
	ticket[n].used = false;
	err = inval_queue_wait(&queue, &ticket[n].t);
	check_code(err == -INVAL_ESHUTDOWN && ticket[n].t.id <= queue.born ? 0 : err);
	for (i = ticket[n].first; i < ticket[n].first + ticket[n].num; i++) {
		illegal |= cmd[i].illegal;
		if (err == 0)
			FUZZ_CHECK(cmd[i].done && !cmd[i].illegal, "command %u is not complete", i);
		FUZZ_CHECK(err != 0 || !ticket[n].atc || !cmd[i].unconfirmed, "%u unconfirmed", i);
	}
	FUZZ_CHECK(err != -INVAL_EILSEQ || dev.ever_ill, "nothing was illegal");
	FUZZ_CHECK(err != -INVAL_EREMOTEIO || (dev.ever_atc && ticket[n].atc), "all was confirmed");
}

/* The embedder resets the SMMU's queue. */
static void reset(void)
{
	memset(&dev, 0, sizeof(dev));
	dev.ever_ill = dev.ever_abort = dev.ever_atc = true;
	dev.next = ids;
	dev.synced = ids;
	dev.moved_us = dev.seen_us = fuzz_now_us;
	inval_queue_reset(&queue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t i;

	fuzz_begin(data, size);
	start();
	while (fuzz_left != 0U) {
		i = fuzz_pick(TICKETS);
		switch (fuzz_pick(8)) {
		case 0:
			check_code(inval_queue_recover(&queue));
			break;
		case 1:
			FUZZ_CHECK(inval_queue_ack(&queue, 4) ==
				   (queue.broken == 0U ? 0 : -INVAL_ESHUTDOWN), "ack");
			break;
		case 2:
			if (queue.broken != 0U || fuzz_byte() == 0U)
				reset();
			break;
		case 3:
		case 4:
			wait(i);
			break;
		default:
			put(i);
			break;
		}
		dev.stuck = false;
	}
	for (i = 0; i < TICKETS; i++)
		wait(i);
	return 0;
}
