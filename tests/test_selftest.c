/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * selftests/inval_selftest.h: what an embedder calls at boot finds a broken port.
 *
 * Properties:
 * - 0 on this port, twice with the same memory, whatever that held before
 * - two CPUs at the same time: 0 for both; a release that lets a store pass fails one
 * - each broken hook below gives the line of a check of its own, not 0
 * - a second CPU that does not come ends the wait
 */
/* port: pthread */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <inval/array.h>
#include <inval/cmd.h>
#include <inval/queue.h>
#include <pthread.h>
#include "test.h"

/* What is broken: hooks as the selftest sees them; the library keeps the port's. */
enum breakage {
	NOTHING, LOAD64_HALF, STORE64_HALF, LOAD32_HALF, CMPXCHG_HALF, CMPXCHG_LOW, CMPXCHG_STORES,
	CMPXCHG_ANSWERS_NEW, XCHG_KEEPS, CLOCK_BACK, CLOCK_STANDS, SPIN_SHORT, CPU_MOVES, SLOT_LOST,
	SLOT_OWNED, ACQUIRE_OLD, MMIO_READ_ELSEWHERE, MMIO_WRITE_ELSEWHERE, BREAKAGES,
	RELEASE_WEAK	/* for two CPUs */
};

static enum breakage broken;
static uint64_t clock_us, clock_step;

/* RELEASE_WEAK: what this CPU has stored and others do not see yet. */
static __thread uint64_t *late_at, late;

static void late_store(void)
{
	if (late_at != NULL)
		inval_port_store64(late_at, late);
	late_at = NULL;
}

static uint64_t broken_load64(const uint64_t *p)
{
	late_store();
	return broken == LOAD64_HALF ? inval_port_load64(p) & 0xffffffff : inval_port_load64(p);
}

static void broken_store64(uint64_t *p, uint64_t v)
{
	late_store();
	if (broken != RELEASE_WEAK) {
		inval_port_store64(p, broken == STORE64_HALF ? v & 0xffffffff : v);
		return;
	}
	late_at = p;
	late = v;
}

static void broken_release(uint64_t *p, uint64_t v)
{
	inval_port_store_release64(p, v);
	if (late_at != NULL)
		inval_port_spin_us(50);
	late_store();
}

static uint32_t broken_load32(const uint32_t *p)
{
	return broken == LOAD32_HALF ? inval_port_load32(p) & 0xffff : inval_port_load32(p);
}

static uint64_t broken_acquire(const uint64_t *p)
{
	late_store();
	return broken == ACQUIRE_OLD ? 0 : inval_port_load_acquire64(p);
}

static uint64_t broken_cmpxchg(uint64_t *p, uint64_t expect, uint64_t want)
{
	uint64_t had;

	late_store();
	had = inval_port_load64(p);
	if (broken == CMPXCHG_HALF && (uint32_t)had == (uint32_t)expect)
		inval_port_store64(p, want);
	else if (broken == CMPXCHG_LOW && had >> 32 == expect >> 32)
		inval_port_store64(p, want);
	else if (broken == CMPXCHG_STORES)
		inval_port_store64(p, want);
	else
		had = inval_port_cmpxchg64(p, expect, want);
	return broken == CMPXCHG_ANSWERS_NEW ? want : had;
}

static uint64_t broken_xchg(uint64_t *p, uint64_t v)
{
	return broken == XCHG_KEEPS ? inval_port_load64(p) : inval_port_xchg64(p, v);
}

static uint64_t broken_now(void)
{
	clock_us += clock_step;
	if (broken == CLOCK_BACK)
		clock_us -= clock_us % 7 == 0 ? 20 : 0;
	if (broken == CLOCK_STANDS)
		return 5;
	return clock_step != 0 ? clock_us : inval_port_now_us();
}

static void broken_spin(uint32_t us)
{
	inval_port_spin_us(us);
	if (broken != SPIN_SHORT)
		clock_us += us;
}

static uint32_t broken_cpu(void)
{
	static uint32_t moves;

	return broken == CPU_MOVES ? moves++ : inval_port_cpu();
}

static uint32_t broken_read32(inval_mmio base, uint32_t offset)
{
	return inval_port_mmio_read32(base, broken == MMIO_READ_ELSEWHERE ? 0 : offset);
}

static void broken_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	inval_port_mmio_write32(base, broken == MMIO_WRITE_ELSEWHERE ? 0 : offset, v);
}

static void *broken_slot_load(inval_slot *slot)
{
	return broken == SLOT_LOST ? NULL : inval_port_slot_load(slot);
}

static void *broken_slot_owned(inval_slot *slot)
{
	return broken == SLOT_OWNED ? NULL : inval_port_slot_owned(slot);
}

#define inval_port_load64 broken_load64
#define inval_port_store64 broken_store64
#define inval_port_load32 broken_load32
#define inval_port_load_acquire64 broken_acquire
#define inval_port_store_release64 broken_release
#define inval_port_cmpxchg64 broken_cmpxchg
#define inval_port_xchg64 broken_xchg
#define inval_port_now_us broken_now
#define inval_port_spin_us broken_spin
#define inval_port_cpu broken_cpu
#define inval_port_mmio_read32 broken_read32
#define inval_port_mmio_write32 broken_write32
#define inval_port_slot_load broken_slot_load
#define inval_port_slot_owned broken_slot_owned
#include "../selftests/inval_selftest.h"

static struct inval_selftest st;
static uint32_t words[INVAL_SELFTEST_WORDS];

static uint32_t run(void)
{
	memset(&st, 0xa5, sizeof(st));
	memset(words, 0xa5, sizeof(words));
	clock_us = 1000;
	return inval_selftest_run(&st, (inval_mmio)(void *)words, words);
}

TEST(selftest, a_good_port_passes)
{
	uint32_t line, i;

	for (i = 0; i < 2; i++) {
		line = run();
		CHECK(line == 0, "line %u", (unsigned int)line);
		line = inval_selftest_run(&st, (inval_mmio)(void *)words, words);
		CHECK(line == 0, "again: line %u", (unsigned int)line);
	}
}

/* Who has failed is not waited for. */
static uint32_t one_cpu(uint32_t me)
{
	uint32_t line = inval_selftest_cpu(&st, me);

	inval_port_store_release64(&st.turn[me], UINT64_MAX);
	return line;
}

static void *other_cpu(void *arg)
{
	*(uint32_t *)arg = one_cpu(1);
	return NULL;
}

static void two_cpus(uint32_t line[2])
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, other_cpu, &line[1]) == 0, "thread");
	line[0] = one_cpu(0);
	pthread_join(thread, NULL);
}

TEST(selftest, two_cpus)
{
	uint32_t line[2] = { run(), 1 };

	CHECK(line[0] == 0, "line %u", (unsigned int)line[0]);
	two_cpus(line);
	CHECK(line[0] == 0 && line[1] == 0, "lines %u and %u", (unsigned int)line[0],
	      (unsigned int)line[1]);
	CHECK(run() == 0, "again");
	broken = RELEASE_WEAK;
	two_cpus(line);
	broken = NOTHING;
	CHECK(line[0] != 0 || line[1] != 0, "a release that is none");
}

TEST(selftest, each_broken_hook_is_found)
{
	uint32_t line, i;

	for (i = NOTHING; i < BREAKAGES; i++) {
		broken = (enum breakage)i;
		clock_step = i == CLOCK_BACK || i == CLOCK_STANDS || i == SPIN_SHORT ? 1 : 0;
		line = run();
		clock_step = 0;
		CHECK((line != 0) == (i != NOTHING), "breakage %u: line %u", (unsigned int)i,
		      (unsigned int)line);
	}
	broken = NOTHING;
}

TEST(selftest, a_cpu_that_does_not_come)
{
	uint32_t line = run();

	CHECK(line == 0, "line %u", (unsigned int)line);
	clock_step = 100000;
	line = inval_selftest_cpu(&st, 0);
	clock_step = 0;
	CHECK(line != 0, "it came");
}
