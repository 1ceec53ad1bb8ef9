/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random schedules before the strict model, a million steps and more: a plain program.
 *
 *	schedule [STEPS [SEED]]
 *
 * Episodes of EPISODE steps, seeds from SEED on; each fourth with a lock for a read
 * side, each fourth with errors of SMMUs and devices. The first fault ends it, with the seed that shows it in one episode. Of all
 * steps 1 % each must be flushes that overlap an attach, flushes that begin with
 * something stale, and changes of ATS with a walk in flight.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ucontext.h */
#endif

#include <time.h>

#include "schedule.h"

#define EPISODE 2000U

static uint32_t passed, failed;

static void case_of(const char *name, bool good)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("FAILED: %s\n", name);
}

static void floor_of(const char *name, uint64_t n, uint64_t steps)
{
	printf("%-52s %9llu, %5.2f %% (floor 1 %%)\n", name, (unsigned long long)n,
	       100.0 * (double)n / (double)steps);
	case_of(name, n * 100U >= steps);
}

int main(int argc, char **argv)
{
	uint64_t steps = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000U, done = 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1U;
	const struct sched_count *c = &sched.count;
	bool good = true;

	printf("%llu steps, seeds from %llu on\n", (unsigned long long)steps,
	       (unsigned long long)seed);
	for (sched.seed = seed; done < steps && good; sched.seed++) {
		sched.limit = steps - done < EPISODE ? steps - done : EPISODE;
		sched.lock = sched.seed % 4U == 0U;
		sched.trouble = sched.seed % 4U == 2U ? 30U : 0U;
		good = sched_run();
		done += sched.steps;
		if (!good)
			printf("seed %llu, step %llu: %s\n", (unsigned long long)sched.seed,
			       (unsigned long long)sched.steps, sched.fault);
		if (done / 100000U != (done - sched.steps) / 100000U)
			printf("%llu steps\n", (unsigned long long)done), fflush(stdout);
	}
	case_of("no fault", good);
	printf("%llu flushes, %llu attaches, %llu aborts, %llu changes of ATS, %llu resets, "
	       "%llu ASID moves, %llu tables unlinked, %llu times off and on, %llu errors, "
	       "%llu tags put aside, %u s\n",
	       (unsigned long long)c->flushes, (unsigned long long)c->attaches,
	       (unsigned long long)c->aborts, (unsigned long long)c->ats,
	       (unsigned long long)c->resets, (unsigned long long)c->moves,
	       (unsigned long long)c->unlinks, (unsigned long long)c->offs,
	       (unsigned long long)c->errors,
	       (unsigned long long)c->asides, (unsigned int)(clock() / CLOCKS_PER_SEC));
	floor_of("flushes that overlap an attach", c->overlaps, done);
	floor_of("flushes that begin with something stale", c->stale, done);
	floor_of("changes of ATS with a walk in flight", c->ats_walks, done);
	printf("schedule: %u passed, %u failed\n", passed, failed);
	return failed != 0U;
}
