/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * memregion.h: one global flush serves those who wait, in every order of 2 and 3
 * requesters.
 *
 * Each stores to a line of its own, then asks for a flush. The firmware passes all
 * lines as a call begins, and other CPUs go on before it returns: what is stored
 * meanwhile stays dirty. All orders of all that CPUs can see of each other are gone
 * through, for every list of answers (well, busy, an error) of the first calls.
 *
 * 1. Whoever is told "flushed" has its line clean; whoever is told another code got it
 *    from a call of its own.
 * 2. Everybody returns; no call is made while another one is under way.
 * 3. No more calls are made than one for each requester and retry; where all answers
 *    are good, some order needs fewer than there are requesters; and N that come
 *    during a flush cost one further call.
 * 4. Wherever the counters stand: at 2^64, too.
 * 5. The rule that looks right and is wrong is found so: skip when a generation, which
 *    each flush raises at its end, has moved while the request waited for the lock.
 * 6. With a store buffer for each CPU, in orders by chance, property 1 holds; without the
 *    barrier before the snapshot it does not.
 */
/* port: recording */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ucontext.h */
#endif
#include <inval/memregion.h>

#include "model/cpus.h"
#include "test.h"

#define ANSWERS	4U		/* that differ; all further calls succeed */

static int32_t answer[ANSWERS];
static uint32_t requesters;
static uint64_t first_number;
static bool all_come_during_the_first;

/* What the orders tell apart. */
static struct world {
	uint64_t dirty[CPUS];
	uint64_t calls;
	uint64_t under_way;
	uint64_t generation;
	uint64_t own[CPUS];	/* calls */
	uint64_t failed[CPUS];	/* the code of the newest own call */
} world;

static struct inval_firmware fw;
static int result[CPUS];
static const char *wrong;
static uint32_t fewest, most;
static struct cpus_search search;

static void note(const char *what)
{
	if (wrong == NULL)
		wrong = what;
}

static bool others_wait(uint32_t cpu)
{
	uint32_t i;

	for (i = 0; i < requesters; i++) {
		if (i != cpu && cpus.cpu[i].kind != REC_LOCK_WAIT)
			return false;
	}
	return true;
}

static int firmware(struct inval_smccc_args *args)
{
	uint32_t cpu = rec.cpu, i;
	int32_t status = world.calls < ANSWERS ? answer[world.calls] : 0;

	if (world.under_way++ != 0U)
		note("two calls at once");
	world.calls++;
	world.own[cpu]++;
	for (i = 0; i < CPUS && status == 0; i++)
		world.dirty[i] = 0;
	/* Others go on here. */
	rec_log(REC_SMCCC, rec_addr(&world), 1);
	while (all_come_during_the_first && world.calls == 1U && !others_wait(cpu))
		inval_port_relax();
	world.under_way--;
	world.failed[cpu] = (uint64_t)(int64_t)status;
	args->x[0] = (uint64_t)(int64_t)status;
	return 0;
}

/* The first kernel posting's rule, with everything else as it is. */
static int generation_start(struct inval_provider *p, const struct inval_region *r)
{
	uint64_t before;
	int err = 0;

	(void)p;
	inval_port_dma_mb();
	before = inval_port_load64(&world.generation);
	inval_port_mutex_lock(&fw.lock);
	if (inval_port_load64(&world.generation) == before)
		err = inval_firmware_request_(&fw, r);
	if (err == 0)
		inval_port_store64(&world.generation, inval_port_load64(&world.generation) + 1U);
	inval_port_mutex_unlock(&fw.lock);
	return err;
}

static inval_provider_start *rule;

static void request(uint32_t cpu)
{
	struct inval_region r;

	cpus_forget(1);
	while (all_come_during_the_first && cpu != 0U && inval_port_load64(&world.calls) == 0U)
		inval_port_relax();
	r.pa = (uint64_t)cpu << 12;
	r.bytes = 4096;
	r.alias = false;
	r.poc = false;
	r.va = 0;
	inval_port_store64(&world.dirty[cpu], 1);
	result[cpu] = rule(&fw.p, &r);
	if (result[cpu] == 0 && world.dirty[cpu] != 0U)
		note("told to be flushed, and is not");
	if (result[cpu] != 0 && (world.own[cpu] == 0U ||
				 result[cpu] != inval_smccc_code(world.failed[cpu])))
		note("an error that is not its own");
	cpus_forget((uint64_t)(uint32_t)result[cpu]);
}

static void begin(void)
{
	uint32_t i;

	rec.turns = 0;
	cpus_reset();
	memset(&world, 0, sizeof(world));
	memset(&fw, 0, sizeof(fw));
	inval_smccc_ids_init(&fw.ids);
	inval_smccc_policy_init(&fw.policy);
	fw.policy.attempts = 2;
	fw.policy.budget_us = UINT64_MAX;
	fw.attrs.global = true;
	fw.started = first_number;
	fw.finished = first_number;
	inval_port_mutex_init(&fw.lock);
	for (i = 0; i < requesters; i++) {
		result[i] = 1;
		cpus_start(request);
	}
}

static void end(struct cpus_search *s)
{
	uint32_t i;

	for (i = 0; i < requesters; i++) {
		if (result[i] > 0)
			note("one did not return");
	}
	if (world.calls < fewest)
		fewest = (uint32_t)world.calls;
	if (world.calls > most)
		most = (uint32_t)world.calls;
	s->wrong = wrong;
}

static void all_orders(void)
{
	rec_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
	memset(&machine, 0, sizeof(machine));
	rec.on_event = machine_event;
	rec.relax_us = 0;
	rec.smccc = firmware;
	memset(&search, 0, sizeof(search));
	search.begin = begin;
	search.end = end;
	search.memory[0] = &fw.started;
	search.bytes[0] = sizeof(fw.started);
	search.memory[1] = &fw.finished;
	search.bytes[1] = sizeof(fw.finished);
	search.memory[2] = &fw.lock;
	search.bytes[2] = sizeof(fw.lock);
	search.memory[3] = &world;
	search.bytes[3] = sizeof(world);
	wrong = NULL;
	fewest = UINT32_MAX;
	most = 0;
	cpus_search(&search);
}

/* Every list of answers, by a number in base 3. */
static void answers(uint32_t number)
{
	static const int32_t status[] = { 0, -5, -3 };
	uint32_t i;

	for (i = 0; i < ANSWERS; i++, number /= 3U)
		answer[i] = status[number % 3U];
}

static void every_answer(uint32_t num, uint64_t first)
{
	uint32_t number, i, busy, states = 0, runs = 0;

	requesters = num;
	first_number = first;
	all_come_during_the_first = false;
	rule = inval_firmware_start;
	for (number = 0; number < 81U; number += TEST_ROUNDS(1U, 8U)) {
		answers(number);
		all_orders();
		CHECK(wrong == NULL, "%u requesters, answers %d %d %d %d, run %u: %s", num,
		      answer[0], answer[1], answer[2], answer[3], (uint32_t)search.runs, wrong);
		for (i = 0, busy = 0; i < ANSWERS; i++)
			busy += answer[i] == -5 ? 1U : 0U;
		CHECK(most <= num + busy && fewest >= 1U, "%u requesters, answers %u: %u calls", num,
		      number, most);
		CHECK(number != 0U || (most == num && fewest == 1U),
		      "%u requesters, all well: %u to %u calls", num, fewest, most);
		CHECK(search.runs > 10U, "%u runs", (uint32_t)search.runs);
		states += (uint32_t)search.states;
		runs += (uint32_t)search.runs;
	}
	printf("%u requesters, lists of answers: %u states, %u runs\n", num, states, runs);
	CHECK(rec_done() == 0U, "misuse: %s", rec.misuse_text);
}

TEST(coalesce, two_requesters)
{
	every_answer(2, 0);
}

TEST(coalesce, two_requesters_counters_wrap)
{
	every_answer(2, UINT64_MAX);
	every_answer(2, UINT64_MAX - 1U);
}

TEST(coalesce, three_requesters)
{
	every_answer(3, 0);
}

TEST(coalesce, those_who_come_during_a_flush_cost_one_more)
{
	uint32_t num;

	rule = inval_firmware_start;
	first_number = 0;
	all_come_during_the_first = true;
	answers(0);
	for (num = 2; num <= 4U; num++) {
		requesters = num;
		all_orders();
		CHECK(wrong == NULL && fewest == 2U && most == 2U, "%u: %u to %u calls", num, fewest,
		      most);
		CHECK(search.runs > num, "%u runs", (uint32_t)search.runs);
	}
	CHECK(rec_done() == 0U, "misuse: %s", rec.misuse_text);
}

TEST(coalesce, generation_is_found_wrong)
{
	rule = generation_start;
	requesters = 2;
	first_number = 0;
	all_come_during_the_first = false;
	answers(0);
	all_orders();
	CHECK(wrong != NULL && strcmp(wrong, "told to be flushed, and is not") == 0, "found %s",
	      wrong != NULL ? wrong : "nothing");
	rec_reset();
}

/* As inval_firmware_start(), but for the barrier. */
static int unordered_start(struct inval_provider *p, const struct inval_region *r)
{
	uint64_t snapshot = inval_port_load64(&fw.started);
	int err = 0;

	(void)p;
	inval_port_mutex_lock(&fw.lock);
	if (!inval_smccc_served(snapshot, fw.finished))
		err = inval_firmware_request_(&fw, r);
	inval_port_mutex_unlock(&fw.lock);
	return err;
}

static struct model chances;

static uint32_t chance(uint32_t n)
{
	return model_chance(&chances, n);
}

static void idle(void)
{
}

/* The first of so many orders in which somebody is told what is not so. */
static uint32_t found_by_chance(uint32_t most)
{
	uint32_t i;

	requesters = 3;
	first_number = 0;
	all_come_during_the_first = false;
	wrong = NULL;
	for (i = 0; i < most && wrong == NULL; i++) {
		rec_reset();
		memset(rec.mute, 1, sizeof(rec.mute));
		memset(&machine, 0, sizeof(machine));
		rec.on_event = machine_event;
		rec.smccc = firmware;
		model_init(&chances, i);
		answers(i % 81U);
		begin();
		rec.chance = chance;
		cpus_random(&chances, idle);
	}
	return i;
}

TEST(coalesce, store_buffers)
{
	uint32_t n;

	rule = inval_firmware_start;
	n = found_by_chance(TEST_ROUNDS(20000U, 2000U));
	CHECK(wrong == NULL, "order %u: %s", n, wrong);
	rule = unordered_start;
	n = found_by_chance(20000);
	CHECK(wrong != NULL && strcmp(wrong, "told to be flushed, and is not") == 0, "found %s in %u",
	      wrong != NULL ? wrong : "nothing", n);
	rec_reset();
}
