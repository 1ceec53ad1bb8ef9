/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/queue.h with real threads: producers, and the model of tests/model in a
 * thread of its own. A plain program; tests/stress/build.sh builds it, as plain or tsan.
 * -DSTRESS_COMMANDS=n: of each case.
 *
 * Properties, on 4, 16 and 256 slots, with and without errors raised by the SMMU, with
 * 2, 5 and 8 producers, waits that read CONS, sleep for events, or read MSIs, of which some
 * are lost, and an ECMDQ:
 * - the commands of a producer reach the SMMU in its order, none twice, none missing;
 *   a batch has no command of another in it
 * - when a wait returns 0, all that its thread has put before has taken effect
 * - an illegal command is told to its producer and to nobody else
 * - no fault of software, by the model; the queue does not break
 */
/* port: pthread */
#ifndef INVAL_PLAIN
#define INVAL_PLAIN
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <sched.h>

#include <inval/queue.h>
#include "model/queue.h"
#include "test.h"

#ifndef STRESS_COMMANDS
#define STRESS_COMMANDS 100000U
#endif

#define THREADS 8U
#define MSI_PA 0x1000U
#define MAX_LG2 8U
#define MAX_BATCH 12U

static struct model model;
static struct model_queue smmu;
static struct inval_queue q;
static uint64_t mem[2U << MAX_LG2];
static uint64_t book[2U << MAX_LG2];
static uint64_t msi;
static enum inval_sync how_sync;
static enum inval_queue_kind how_kind;

struct producer {
	pthread_t thread;
	uint64_t state;		/* of the chance */
	uint64_t serial;	/* commands put */
	uint64_t refused;	/* of them, illegal */
	uint64_t waits;
	uint64_t told;
	uint64_t next;		/* the SMMU's: serial of the next one */
	uint64_t effects;	/* the SMMU's: commands that took effect */
};

static struct producer producer[THREADS];
static uint32_t threads;	/* producers, now */
static uint32_t bad_often;	/* in 1000 batches */
static uint32_t stop;
static uint32_t last_owner;	/* of the command before, the SMMU's */
static const char *wrong;

static void note(const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&wrong, &none, what, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Serial and "first of its batch" are the address. */
static struct inval_cmd command(uint32_t op, uint32_t owner, uint64_t serial, bool first)
{
	struct inval_cmd cmd;

	cmd.d0 = op | (uint64_t)owner << 48;
	cmd.d1 = (serial << 1 | (first ? 1U : 0U)) << 12;
	return cmd;
}

static void on_taken(struct model_queue *mq, const struct model_cmd *cmd)
{
	const struct model_cmd *c = cmd->pos == mq->bad.pos ? &mq->bad : cmd;
	uint32_t owner = (uint32_t)(c->d0 >> 48);

	if (model_op(c) == MODEL_OP_SYNC) {
		last_owner = THREADS;
		return;
	}
	if (owner >= THREADS || c->d1 >> 13 != producer[owner].next)
		note("a command is missing, twice, or out of order");
	else
		producer[owner].next++;
	if ((c->d1 >> 12 & 1U) == 0U && owner != last_owner)
		note("a batch is not in one piece");
	last_owner = owner;
}

static void on_done(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	if (model_op(cmd) != MODEL_OP_SYNC)
		__atomic_fetch_add(&producer[(cmd->d0 >> 48) % THREADS].effects, 1U,
				   __ATOMIC_RELEASE);
}

static uint32_t mmio_read32(inval_mmio base, uint32_t offset)
{
	(void)base;
	return model_queue_read32(&smmu, offset + (smmu.ecmdq ? MODEL_ECMDQ : 0U));
}

static void mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	(void)base;
	model_queue_write32(&smmu, offset + (smmu.ecmdq ? MODEL_ECMDQ : 0U), v);
}

static void *run_smmu(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0U) {
		if (!model_queue_step(&smmu))
			sched_yield();
	}
	return NULL;
}

/* One batch; a third of them waits. */
static void produce(struct producer *p, uint32_t owner)
{
	struct inval_cmd cmds[MAX_BATCH];
	uint32_t num = 1U + (uint32_t)(test_random(&p->state) % MAX_BATCH), i;
	bool wait = test_random(&p->state) % 3U == 0U;
	bool bad = wait && test_random(&p->state) % 1000U < bad_often;
	struct inval_ticket t;
	int err;

	if (num >= 1U << q.cfg.size_lg2)
		num = (1U << q.cfg.size_lg2) - 1U;
	for (i = 0; i < num; i++)
		cmds[i] = command(bad && i == num / 2U ? 0x3fU : 0x12U, owner, p->serial++,
				  i == 0U);
	p->refused += bad;
	inval_queue_ticket_init(&t);
	err = inval_queue_put(&q, cmds, num, wait, wait ? &t : NULL);
	if (err == 0 && wait) {
		err = inval_queue_wait(&q, &t);
		p->waits++;
		p->told += err == -INVAL_EILSEQ;
		if (__atomic_load_n(&p->effects, __ATOMIC_ACQUIRE) != p->serial - p->refused)
			note("a wait returned before the effect");
	}
	if (err != (bad ? -INVAL_EILSEQ : 0))
		note("a call did not return what it must");
}

static void *run_producer(void *arg)
{
	struct producer *p = (struct producer *)arg;

	while (p->serial < STRESS_COMMANDS / 3U / threads &&
	       __atomic_load_n(&wrong, __ATOMIC_RELAXED) == NULL)
		produce(p, (uint32_t)(p - producer));
	return NULL;
}

static void start(uint32_t lg2, uint32_t seed)
{
	struct inval_queue_config cfg;
	uint32_t i;

	memset(&cfg, 0, sizeof(cfg));
	cfg.base = (inval_mmio)&smmu;
	cfg.mem = mem;
	cfg.book = book;
	cfg.size_lg2 = lg2;
	cfg.timeout_us = 60000000;
	cfg.abort_max = 3;
	cfg.coherent = true;
	cfg.kind = how_kind;
	cfg.sync = how_sync;
	cfg.msi = &msi;
	cfg.msi_pa = MSI_PA;
	port.mmio_read32 = mmio_read32;
	port.mmio_write32 = mmio_write32;
	model_init(&model, seed);
	model_queue_init(&smmu, &model, mem, lg2, 0, false, true);
	smmu.taken = on_taken;
	smmu.done = on_done;
	smmu.ecmdq = how_kind == INVAL_QUEUE_ECMDQ;
	smmu.msi = &msi;
	smmu.msi_pa = MSI_PA;
	CHECK(inval_queue_init(&q, &cfg) == 0, "init");
	if (smmu.ecmdq)
		model_queue_write32(&smmu, MODEL_ECMDQ + INVAL_REG_ECMDQ_PROD, INVAL_ECMDQ_EN);
	else
		model_queue_write32(&smmu, MODEL_CR0, MODEL_CMDQEN);
	memset(producer, 0, sizeof(producer));
	for (i = 0; i < THREADS; i++)
		producer[i].state = seed + i;
	wrong = NULL;
	stop = 0;
	last_owner = THREADS;
}

static void stress_with(uint32_t producers, uint32_t lg2, uint32_t bad, uint32_t aborts)
{
	uint64_t waits = 0, told = 0, serial = 0;
	pthread_t device;
	uint32_t i;

	start(lg2, lg2);
	threads = producers;
	bad_often = bad;
	smmu.next[MODEL_ABT] = aborts;
	smmu.often[MODEL_NO_MSI] = aborts * 500U;
	CHECK(pthread_create(&device, NULL, run_smmu, NULL) == 0, "no thread");
	for (i = 0; i < threads; i++)
		CHECK(pthread_create(&producer[i].thread, NULL, run_producer, &producer[i]) == 0,
		      "no thread");
	for (i = 0; i < threads; i++) {
		pthread_join(producer[i].thread, NULL);
		waits += producer[i].waits;
		told += producer[i].told;
		serial += producer[i].serial;
	}
	CHECK(inval_queue_run(&q, NULL, 0) == 0, "the last SYNC");
	__atomic_store_n(&stop, 1U, __ATOMIC_RELEASE);
	pthread_join(device, NULL);
	printf("%u slots, %u threads: %lu commands, %lu waits, %lu told of %lu, %lu aborts\n",
	       1U << lg2, threads, (unsigned long)serial, (unsigned long)waits, (unsigned long)told,
	       (unsigned long)smmu.raised[MODEL_ERR_ILL], (unsigned long)smmu.raised[MODEL_ERR_ABT]);
	CHECK(wrong == NULL, "%u slots: %s", 1U << lg2, wrong);
	CHECK(model.faults == 0U, "%u slots: %s", 1U << lg2, model.fault);
	CHECK(smmu.raised[MODEL_ERR_ILL] == told && smmu.raised[MODEL_ERR_ABT] == aborts, "errors");
	CHECK(bad == 0U || told != 0U, "no illegal command at all");
	CHECK((uint32_t)q.line == 0U, "somebody still waits for room");
	for (i = 0; i < threads; i++)
		CHECK(producer[i].next == producer[i].serial &&
		      producer[i].effects == producer[i].serial - producer[i].refused, "thread %u", i);
	model_queue_fini(&smmu);
}

static void stress(uint32_t lg2, uint32_t bad, uint32_t aborts)
{
	stress_with(2, lg2, bad, aborts);
	stress_with(5, lg2, bad, aborts);
	stress_with(8, lg2, bad, aborts);
}

TEST(stress, four_slots)
{
	stress(2, 0, 0);
}

TEST(stress, sixteen_slots)
{
	stress(4, 0, 0);
}

TEST(stress, many_slots)
{
	stress(8, 0, 0);
}

static void stress_as(enum inval_sync sync, enum inval_queue_kind kind, uint32_t lg2, uint32_t bad,
		      uint32_t aborts)
{
	how_sync = sync;
	how_kind = kind;
	stress_with(4, lg2, bad, aborts);
	how_sync = INVAL_SYNC_POLL;
	how_kind = INVAL_QUEUE_CMDQ;
}

TEST(stress, msi)
{
	stress_as(INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ, 2, 0, 0);
	stress_as(INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ, 8, 0, 0);
	stress_as(INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ, 4, 20, 0);
}

TEST(stress, msi_lost)
{
	stress_as(INVAL_SYNC_MSI, INVAL_QUEUE_CMDQ, 4, 20, 2);
	CHECK(q.msi_on == 0U, "a lost MSI was not seen");
}

TEST(stress, events)
{
	stress_as(INVAL_SYNC_EVENT, INVAL_QUEUE_CMDQ, 4, 20, 2);
}

TEST(stress, ecmdq)
{
	stress_as(INVAL_SYNC_MSI, INVAL_QUEUE_ECMDQ, 4, 20, 2);
	stress_as(INVAL_SYNC_POLL, INVAL_QUEUE_ECMDQ, 2, 20, 2);
}

TEST(stress, errors_four_slots)
{
	stress(2, 20, 2);
}

TEST(stress, errors_sixteen_slots)
{
	stress(4, 20, 2);
}

TEST(stress, errors_many_slots)
{
	stress(8, 20, 2);
}
