/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/model/queue.h - the judge of the command queue, judged by software written
 * by hand, right and wrong.
 *
 * Properties:
 * - commands are consumed in order, take effect in any order between SYNCs, and a
 *   SYNC completes when all before it have; consumption comes before effect
 * - commands are fetched ahead, and fetched anew after an error
 * - ILL stops at the bad command, with the older consumed and the newer without
 *   effect; ABT at the first unfetched; ATC_INV_SYNC at the SYNC
 * - CONS.ERR shows an error before GERROR, and stays when it is over; nothing is
 *   consumed while it is active, and PROD may move back
 * - each fault of software is found: a slot not written, not visible (no barrier, a
 *   barrier of another CPU, not cleaned), PROD back, too far or with reserved bits,
 *   a slot written that the SMMU owns, a GERRORN bit toggled where nothing is
 *   active, an acknowledgement before the bad slot is changed and visible, a queue
 *   programmed while enabled; and the right way is none
 * - an MSI is written after its SYNC is complete and before the next one is, 32 bits or 64,
 *   or is lost and shown in GERROR; to another address it is a fault
 * - an ECMDQ shows an error in CONS, and goes on when PROD answers; an answer to nothing,
 *   or without EN, is a fault
 * - ATC_INVs that nobody answers hold up their SYNC, and nothing else
 * - powered off it reads as all ones; hanging it does nothing
 * - all orders are found by the search: of two CPUs' steps, and of none twice
 */
/* port: recording */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ucontext.h */
#endif

#include "inval/port.h"
#include "model/cpus.h"
#include "test.h"

#define LG2 2U
#define SLOTS 4U
#define MASK 7U
#define PA 0x80000000ULL

static struct model model;
static struct model_queue smmu;
static uint64_t mem[2U * SLOTS];
static char log_text[256];

static void note(char what, const struct model_cmd *cmd)
{
	size_t n = strlen(log_text);

	snprintf(log_text + n, sizeof(log_text) - n, "%c%u ", what, (unsigned int)cmd->pos);
}

static void taken(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	note('t', cmd);
}

static void done(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	note('d', cmd);
}

static void lost(struct model_queue *mq, const struct model_cmd *cmd)
{
	(void)mq;
	note('l', cmd);
}

static void start(bool coherent)
{
	machine_open(false);
	model_init(&model, 1);
	model_queue_init(&smmu, &model, mem, LG2, PA, true, coherent);
	machine.smmu[0] = &smmu;
	model_queue_write64(&smmu, MODEL_BASE, 1ULL << 62 | PA | LG2);
	model_queue_write32(&smmu, MODEL_PROD, 0);
	model_queue_write32(&smmu, MODEL_CONS, 0);
	model_queue_write32(&smmu, MODEL_CR0, MODEL_CMDQEN);
	smmu.taken = taken;
	smmu.done = done;
	smmu.lost = lost;
	log_text[0] = '\0';
}

static void finish(void)
{
	model_queue_fini(&smmu);
}

static uint64_t le(uint64_t v)
{
	unsigned char byte[8];
	uint64_t raw;
	uint32_t i;

	for (i = 0; i < 8U; i++)
		byte[i] = (unsigned char)(v >> 8 * i);
	memcpy(&raw, byte, 8);
	return raw;
}

#define TLBI 0x12U
#define ATC 0x0000000100000040ULL
#define SYNC 0x46U
#define BAD 0x3fU

/* CPU 0 writes a slot; visible with @barrier. */
static void slot(uint32_t pos, uint64_t d0, bool barrier)
{
	mem[2U * (pos % SLOTS)] = le(d0);
	mem[2U * (pos % SLOTS) + 1U] = le(d0 == SYNC ? 0U : 0x1000U);
	rec.cpu = 0;
	if (barrier)
		inval_port_dma_wmb();
	else
		inval_port_mb();
}

static void prod(uint32_t v)
{
	model_queue_write32(&smmu, MODEL_PROD, v);
}

static uint32_t cons(void)
{
	return model_queue_read32(&smmu, MODEL_CONS);
}

/* This was found first. */
static bool fault(const char *text)
{
	bool so = model.faults != 0U && strcmp(model.fault, text) == 0;

	if (!so)
		printf("%u faults, first: %s\n", model.faults, model.fault);
	model.faults = 0;
	return so;
}

TEST(model, right)
{
	uint32_t i;

	start(true);
	for (i = 0; i < 40U; i++) {
		slot(i, i % 3U == 2U ? SYNC : TLBI, true);
		prod((i + 1U) & MASK);
		model_queue_settle(&smmu);
		CHECK(cons() == ((i + 1U) & MASK), "CONS 0x%x after %u", cons(), i);
	}
	CHECK(model.faults == 0U, "%s", model.fault);
	finish();
}

TEST(model, order)
{
	bool swapped = false, late = false;
	uint64_t seed;
	uint32_t i;

	for (seed = 0; seed < 64U; seed++) {
		start(true);
		model.state = seed;
		for (i = 0; i < SLOTS; i++)
			slot(i, i == 2U ? SYNC : TLBI, true);
		prod(SLOTS);
		model_queue_settle(&smmu);
		swapped = swapped || strstr(log_text, "d1 d0 d2 ") != NULL;
		late = late || strstr(log_text, "t0 t1 d") == log_text;
		CHECK(strstr(log_text, "d2 t2 t3 d3 ") != NULL, "seed %u: %s", (unsigned int)seed,
		      log_text);
		CHECK(strlen(log_text) == 24U, "seed %u: %s", (unsigned int)seed, log_text);
		finish();
	}
	CHECK(swapped && late, "swapped %d, consumed before the effect %d", swapped, late);
}

TEST(model, illegal)
{
	start(true);
	slot(0, TLBI, true);
	slot(1, BAD, true);
	slot(2, TLBI, true);
	prod(3);
	while (!smmu.stopped)
		model_queue_step(&smmu);
	smmu.hang = true;
	CHECK(cons() == (MODEL_ERR_ILL << 24 | 1U), "CONS 0x%x", cons());
	CHECK(model_queue_read32(&smmu, MODEL_GERROR) == 0U || smmu.signalled, "GERROR early");
	smmu.hang = false;
	model_queue_settle(&smmu);
	CHECK(model_queue_active(&smmu), "not in GERROR");
	CHECK(strcmp(log_text, "t0 d0 ") == 0, "%s", log_text);
	slot(1, SYNC, true);
	CHECK(model.faults == 0U, "%s", model.fault);
	prod(1);
	prod(3);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "t0 d0 ") == 0, "goes on unacknowledged: %s", log_text);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "t0 d0 d1 t1 t2 d2 ") == 0, "%s", log_text);
	CHECK(cons() == (MODEL_ERR_ILL << 24 | 3U), "CONS 0x%x", cons());
	CHECK(model.faults == 0U && smmu.raised[MODEL_ERR_ILL] == 1U, "%s", model.fault);
	finish();
}

/* What was fetched ahead of an error is dropped: the SMMU sees the new one. */
TEST(model, fetches_anew)
{
	start(true);
	slot(0, BAD, true);
	slot(1, TLBI, true);
	prod(2);
	model_queue_do(&smmu, MODEL_FETCH);
	model_queue_do(&smmu, MODEL_FETCH);
	CHECK(!model_queue_can(&smmu, MODEL_FETCH), "fetches beyond PROD");
	model_queue_settle(&smmu);
	prod(0);
	slot(0, TLBI, true);
	slot(1, SYNC, true);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_settle(&smmu);
	CHECK(log_text[0] == '\0', "%s", log_text);
	prod(2);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "t0 d0 d1 t1 ") == 0, "%s", log_text);
	CHECK(model.faults == 0U, "%s", model.fault);
	finish();
}

TEST(model, abort)
{
	start(true);
	slot(0, TLBI, true);
	slot(1, TLBI, true);
	prod(2);
	model_queue_do(&smmu, MODEL_FETCH);
	smmu.next[MODEL_ABT] = 2;
	model_queue_settle(&smmu);
	CHECK(cons() == (MODEL_ERR_ABT << 24 | 1U), "CONS 0x%x", cons());
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_settle(&smmu);
	CHECK(smmu.raised[MODEL_ERR_ABT] == 2U, "%u", (unsigned int)smmu.raised[MODEL_ERR_ABT]);
	model_queue_write32(&smmu, MODEL_GERRORN, 0);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "t0 d0 t1 d1 ") == 0, "%s", log_text);
	CHECK(model.faults == 0U, "%s", model.fault);
	finish();
}

TEST(model, atc)
{
	start(true);
	slot(0, ATC, true);
	slot(1, SYNC, true);
	slot(2, SYNC, true);
	prod(3);
	smmu.next[MODEL_ATC] = 1;
	model_queue_settle(&smmu);
	CHECK(cons() == (MODEL_ERR_ATC << 24 | 1U), "CONS 0x%x", cons());
	CHECK(strcmp(log_text, "t0 l0 ") == 0, "%s", log_text);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "t0 l0 d1 t1 d2 t2 ") == 0, "%s", log_text);
	CHECK(model.faults == 0U, "%s", model.fault);
	finish();
}

TEST(model, refuses_legal_on_demand)
{
	start(true);
	slot(0, TLBI, true);
	prod(1);
	smmu.often[MODEL_ILL] = 1000;
	model_queue_settle(&smmu);
	CHECK(cons() == MODEL_ERR_ILL << 24, "CONS 0x%x", cons());
	slot(0, SYNC, true);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_settle(&smmu);
	CHECK(strcmp(log_text, "d0 t0 ") == 0, "a SYNC is never refused: %s", log_text);
	finish();
}

TEST(model, slot_not_written)
{
	uint32_t i;

	start(true);
	slot(0, TLBI, true);
	prod(2);
	CHECK(fault("PROD moved over a slot that was not written"), "never written");
	finish();
	start(true);
	for (i = 0; i < SLOTS; i++)
		slot(i, TLBI, true);
	prod(SLOTS);
	model_queue_settle(&smmu);
	prod(SLOTS + 1U);
	CHECK(fault("PROD moved over a slot that was not written"), "not since the last lap");
	model_queue_settle(&smmu);
	CHECK(fault("fetched a slot that was not written"), "fetch");
	finish();
}

TEST(model, slot_not_visible)
{
	start(true);
	slot(0, TLBI, false);
	prod(1);
	CHECK(fault("PROD moved over a slot whose write is not visible yet"), "no barrier");
	finish();
	start(true);
	slot(0, TLBI, false);
	rec.cpu = 1;
	inval_port_dma_wmb();
	prod(1);
	CHECK(fault("PROD moved over a slot whose write is not visible yet"), "another CPU's");
	finish();
	start(true);
	slot(0, TLBI, false);
	inval_port_dma_mb();
	prod(1);
	CHECK(model.faults == 0U, "a full barrier will do, too: %s", model.fault);
	finish();
}

TEST(model, slot_not_clean)
{
	start(false);
	slot(0, TLBI, true);
	prod(1);
	CHECK(fault("PROD moved over a slot whose write is not visible yet"), "not cleaned");
	finish();
	start(false);
	slot(0, TLBI, false);
	slot(1, TLBI, false);
	inval_port_dma_clean(&mem[0], 16);
	prod(1);
	CHECK(model.faults == 0U, "%s", model.fault);
	prod(2);
	CHECK(fault("PROD moved over a slot whose write is not visible yet"), "half cleaned");
	finish();
}

TEST(model, prod)
{
	uint32_t i;

	start(true);
	for (i = 0; i < SLOTS; i++)
		slot(i, TLBI, true);
	prod(2);
	prod(1);
	CHECK(fault("PROD moved back without an error"), "back");
	prod(2);
	prod(SLOTS + 1U);
	CHECK(fault("PROD more than a lap ahead of CONS"), "too far");
	finish();
	start(true);
	slot(0, TLBI, true);
	prod(1U | 1U << 20);
	CHECK(fault("PROD with reserved bits"), "reserved");
	finish();
}

TEST(model, slot_owned)
{
	start(true);
	slot(0, TLBI, true);
	slot(1, BAD, true);
	prod(2);
	slot(0, SYNC, true);
	CHECK(fault("slot written while the SMMU owns it"), "not consumed");
	model_queue_settle(&smmu);
	slot(0, TLBI, true);
	CHECK(model.faults == 0U, "consumed is free: %s", model.fault);
	slot(1, SYNC, true);
	CHECK(model.faults == 0U, "the bad one: %s", model.fault);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	slot(1, TLBI, true);
	CHECK(fault("slot written while the SMMU owns it"), "acknowledged");
	finish();
	start(true);
	slot(0, BAD, true);
	slot(1, TLBI, true);
	prod(2);
	model_queue_settle(&smmu);
	slot(1, SYNC, true);
	CHECK(fault("slot written while the SMMU owns it"), "behind the bad one");
	finish();
}

TEST(model, acknowledge)
{
	start(true);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	CHECK(fault("GERRORN toggled where no error is active"), "nothing active");
	model_queue_write32(&smmu, MODEL_GERRORN, 0);
	model.faults = 0;
	model_queue_gerror(&smmu, 2);
	model_queue_write32(&smmu, MODEL_GERRORN, 4);
	CHECK(model.faults == 0U, "another error: %s", model.fault);
	finish();
	start(true);
	slot(0, BAD, true);
	prod(1);
	model_queue_settle(&smmu);
	slot(0, SYNC, false);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	CHECK(fault("CERROR_ILL acknowledged before the slot is visible"), "no barrier");
	finish();
	start(true);
	slot(0, BAD, true);
	prod(1);
	model_queue_settle(&smmu);
	model_queue_write32(&smmu, MODEL_GERRORN, 1);
	model_queue_do(&smmu, MODEL_RESUME);
	CHECK(fault("CERROR_ILL acknowledged with the bad command still there"), "as it was");
	finish();
}

TEST(model, set_up)
{
	start(true);
	model_queue_write32(&smmu, MODEL_CONS, 1);
	CHECK(fault("CONS written while the queue is enabled"), "CONS");
	model_queue_write64(&smmu, MODEL_BASE, PA | LG2);
	CHECK(fault("CMDQ_BASE written while the queue is enabled"), "CMDQ_BASE");
	model_queue_reset(&smmu);
	model_queue_write64(&smmu, MODEL_BASE, PA | (LG2 + 1U));
	CHECK(fault("CMDQ_BASE does not say where the queue is"), "LOG2SIZE");
	model_queue_write64(&smmu, MODEL_BASE, (PA + 32U) | LG2);
	CHECK(fault("CMDQ_BASE does not say where the queue is"), "ADDR");
	slot(0, TLBI, true);
	prod(1);
	CHECK(!model_queue_step(&smmu), "runs while CMDQEN = 0");
	finish();
}

#define MSI_PA 0x1230U
#define MSI_SYNC(data) (SYNC | 1U << 12 | (uint64_t)(data) << 32)

static uint64_t msi;

static void msi_slot(uint32_t pos, uint32_t data, uint64_t addr)
{
	slot(pos, MSI_SYNC(data), false);
	mem[2U * (pos % SLOTS) + 1U] = le(addr);
	inval_port_dma_wmb();
}

TEST(model, msi)
{
	uint32_t wide;

	for (wide = 0; wide < 2U; wide++) {
		start(true);
		smmu.tidy = true;
		smmu.msi = &msi;
		smmu.msi_pa = MSI_PA;
		smmu.msi_wide = wide != 0U;
		msi = UINT64_MAX;
		msi_slot(0, 7, MSI_PA);
		msi_slot(1, 8, MSI_PA);
		prod(2);
		model_queue_do(&smmu, MODEL_FETCH);
		model_queue_do(&smmu, MODEL_FETCH);
		model_queue_do(&smmu, MODEL_TAKE);
		CHECK(cons() == 1U && msi == UINT64_MAX && model_queue_can(&smmu, MODEL_MSI) &&
		      !model_queue_can(&smmu, MODEL_TAKE), "complete, and not yet written");
		model_queue_do(&smmu, MODEL_MSI);
		CHECK(msi == le(wide ? 7U : 0xffffffff00000007ULL), "0x%llx",
		      (unsigned long long)msi);
		smmu.next[MODEL_NO_MSI] = 1;
		model_queue_settle(&smmu);
		CHECK(cons() == 2U && (le(msi) & 0xffffffffU) == 7U, "lost");
		CHECK(model_queue_read32(&smmu, MODEL_GERROR) == MODEL_MSI_ERR, "GERROR");
		msi_slot(2, 9, MSI_PA + 4U);
		prod(3);
		model_queue_settle(&smmu);
		CHECK(fault("an MSI to memory that is not for it"), "another address");
		finish();
	}
}

/* Only what the CPU asks for by cache maintenance. */
TEST(model, msi_not_coherent)
{
	start(false);
	smmu.msi = &msi;
	smmu.msi_pa = MSI_PA;
	msi = 0;
	inval_port_dma_clean(&msi, 8);
	msi_slot(0, 5, MSI_PA);
	inval_port_dma_clean(mem, 16);
	prod(1);
	model_queue_settle(&smmu);
	CHECK(cons() == 1U && msi == 0U, "not seen");
	inval_port_dma_invalidate(&msi, 8);
	CHECK(msi == le(5), "seen");
	CHECK(model.faults == 0U, "%s", model.fault);
	finish();
}

static void ecmdq_prod(uint32_t v)
{
	model_queue_write32(&smmu, MODEL_ECMDQ + 8U, v);
}

TEST(model, ecmdq)
{
	uint32_t reg;

	start(true);
	smmu.ecmdq = true;
	smmu.cr0 = 0;
	slot(0, BAD, true);
	slot(1, SYNC, true);
	ecmdq_prod(MODEL_EN | 2U);
	model_queue_settle(&smmu);
	reg = model_queue_read32(&smmu, MODEL_ECMDQ + 12U);
	CHECK(reg == (MODEL_EN | MODEL_ERRACK | MODEL_ERR_ILL << 24), "CONS 0x%x", reg);
	slot(0, SYNC, false);
	ecmdq_prod(MODEL_EN | MODEL_ERRACK | 2U);
	CHECK(fault("CERROR_ILL acknowledged before the slot is visible"), "too early");
	inval_port_dma_wmb();
	model_queue_settle(&smmu);
	reg = model_queue_read32(&smmu, MODEL_ECMDQ + 12U);
	CHECK((reg & MASK) == 2U && (reg & MODEL_ERRACK) != 0U, "CONS 0x%x", reg);
	ecmdq_prod(MODEL_EN | 2U);
	CHECK(fault("ERRACK toggled where no error is active"), "an answer to nothing");
	ecmdq_prod(2U);
	CHECK(fault("ECMDQ_PROD written without EN"), "EN");
	finish();
}

TEST(model, deaf)
{
	start(true);
	smmu.deaf = true;
	slot(0, ATC, true);
	slot(1, TLBI, true);
	slot(2, SYNC, true);
	prod(3);
	model_queue_settle(&smmu);
	CHECK(cons() == 2U && strcmp(log_text, "t0 t1 d1 ") == 0, "%s", log_text);
	smmu.deaf = false;
	model_queue_settle(&smmu);
	CHECK(cons() == 3U && model.faults == 0U, "%s", log_text);
	finish();
}

TEST(model, off_and_hang)
{
	start(true);
	slot(0, TLBI, true);
	prod(1);
	smmu.hang = true;
	CHECK(!model_queue_step(&smmu) && cons() == 0U, "hangs, but CONS 0x%x", cons());
	smmu.off = true;
	CHECK(cons() == UINT32_MAX, "CONS 0x%x", cons());
	CHECK(model_queue_read32(&smmu, MODEL_GERROR) == UINT32_MAX, "GERROR");
	finish();
}

/* Two CPUs add 1 to a word in two steps: 1 or 2 must both be found. */
static uint64_t word;
static uint32_t ends[4];

static void add(uint32_t cpu)
{
	(void)cpu;
	inval_port_store64(&word, inval_port_load64(&word) + 1U);
}

static void search_begin(void)
{
	cpus_reset();
	word = 0;
	cpus_start(add);
	cpus_start(add);
}

static void search_end(struct cpus_search *s)
{
	ends[word & 3U]++;
	if (word == 0U || word > 2U)
		s->wrong = "no such sum";
}

TEST(model, search)
{
	static struct cpus_search s;

	start(true);
	memset(&s, 0, sizeof(s));
	s.begin = search_begin;
	s.end = search_end;
	s.smmu = &smmu;
	s.memory[0] = &word;
	s.bytes[0] = sizeof(word);
	cpus_search(&s);
	CHECK(s.wrong == NULL && ends[1] != 0U && ends[2] != 0U, "1: %u, 2: %u", ends[1], ends[2]);
	CHECK(s.states < 40U && s.runs <= 20U, "%u states, %u runs", (unsigned int)s.states,
	      (unsigned int)s.runs);
	finish();
}
