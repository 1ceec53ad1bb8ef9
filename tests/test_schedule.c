/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * domain.h, flush.h, queue.h and tag.h in random schedules before the strict model
 * (tests/model/schedule.h): some thousand steps of what tests/model/schedule.c does a
 * million times.
 *
 * Properties:
 * - four CPUs map, unmap and flush, attach, move and detach devices, move ASIDs, switch
 *   SMMUs off and on, and no translation is used after the flush of its page has
 *   returned; no ATC_INV reaches a device that is reset; no tag is handed out that a
 *   TLB holds; each command has its SYNC, and all are legal
 * - with a read side that waits for readers, and with one that is a lock; with all
 *   operations, and with those that a race of attach and flush, or the fence, needs
 * - when SMMUs refuse commands or cannot read them, and devices do not confirm an
 *   ATC_INV, what failed can be done again, and tags are good again after a flush
 * - when all devices have left, TLBs are empty, and all arrays are given back
 * - each mistake of an embedder is seen: commit before CFGI + SYNC, an ASID used again
 *   before commit, a device reset before commit, an SMMU without power before its
 *   walks have ended, an ATC not emptied, a lazy flush that has not acquired
 */
/* port: recording */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ucontext.h */
#endif

#include "model/schedule.h"
#include "test.h"

#define EPISODES TEST_ROUNDS(20U, 2U)
#define STEPS 1500U

static void episodes(enum sched_mix mix, bool lock, uint32_t num)
{
	uint64_t seed;

	memset(&sched, 0, sizeof(sched));
	sched.keep = mix == SCHED_FENCE;
	for (seed = 1; seed <= num; seed++) {
		sched.seed = seed;
		sched.limit = STEPS;
		sched.lock = lock;
		sched.mix = mix;
		CHECK(sched_run(), "seed %u, step %u: %s", (unsigned int)seed,
		      (unsigned int)sched.steps, sched.fault);
	}
}

static void right(bool lock)
{
	episodes(SCHED_ALL, lock, EPISODES);
	CHECK(sched.count.overlaps * 100U >= EPISODES * STEPS, "attaches are not flushed over");
	CHECK(sched.count.stale * 100U >= EPISODES * STEPS, "nothing stale");
	CHECK(sched.count.offs != 0U && sched.count.moves != 0U && sched.count.unlinks != 0U &&
	      sched.count.aborts != 0U &&
	      sched.count.ats_walks != 0U && sched.count.resets != 0U, "never happened");
}

TEST(schedule, readers)
{
	right(false);
}

TEST(schedule, lock)
{
	right(true);
}

TEST(schedule, race)
{
	episodes(SCHED_RACE, false, 5U * EPISODES);
	CHECK(sched.count.overlaps * 10U >= 5U * EPISODES * STEPS, "no race");
}

/* Old arrays stay readable, so that only the ATC_INV can be wrong. */
TEST(schedule, fence)
{
	episodes(SCHED_FENCE, false, 5U * EPISODES);
	CHECK(sched.count.resets * 50U >= 5U * EPISODES * STEPS, "no reset");
}

TEST(schedule, fence_of_a_lock)
{
	episodes(SCHED_FENCE, true, 2U * EPISODES);
	CHECK(sched.count.resets * 50U >= 2U * EPISODES * STEPS, "no reset");
}

/* What failed is done again, or its tag put aside until a flush of everything. */
TEST(schedule, trouble)
{
	uint64_t seed;

	memset(&sched, 0, sizeof(sched));
	for (seed = 1; seed <= 3U * EPISODES; seed++) {
		sched.seed = seed;
		sched.limit = STEPS;
		sched.trouble = 50;
		CHECK(sched_run(), "seed %u, step %u: %s", (unsigned int)seed,
		      (unsigned int)sched.steps, sched.fault);
	}
	CHECK(sched.count.errors * 100U >= 3U * EPISODES * STEPS && sched.count.asides != 0U,
	      "no trouble");
}

/* In one of these episodes the judge says so; in others it may see what comes of it. */
static void wrong(enum sched_wrong how, const char *fault)
{
	bool seen = false;
	uint64_t seed;

	memset(&sched, 0, sizeof(sched));
	for (seed = 1; seed <= 200U && !seen; seed++) {
		sched.seed = seed;
		sched.limit = STEPS;
		sched.wrong = how;
		sched.mix = how == SCHED_UNSEEN ? SCHED_RACE : SCHED_ALL;
		rec.expect_misuse = true;
		seen = !sched_run() && strstr(sched.fault, fault) != NULL;
	}
	CHECK(seen, "not seen");
}

TEST(schedule, commit_without_cfgi)
{
	wrong(SCHED_NO_CFGI, "commit without CFGI + SYNC");
}

TEST(schedule, asid_used_before_commit)
{
	wrong(SCHED_ASID_EARLY, "a tag was used again while the TLB held it");
}

TEST(schedule, reset_before_commit)
{
	wrong(SCHED_RESET_EARLY, "ATC_INV to a device that is being reset or removed");
}

TEST(schedule, off_before_walks_end)
{
	wrong(SCHED_OFF_EARLY, "failed");
}

TEST(schedule, atc_not_emptied)
{
	wrong(SCHED_ATC_KEPT, "a device uses a translation of a domain that it has left");
}

TEST(schedule, lazy_without_acquire)
{
	wrong(SCHED_UNSEEN, "a stale translation is used after its flush returned");
}
