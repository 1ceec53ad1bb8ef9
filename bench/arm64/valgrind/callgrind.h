/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In place of valgrind's, so that bench/count.c is the same program on bare metal: the
 * CPU's performance monitor counts, and a dump is a line "arm64 CASE INSTRUCTIONS".
 */
#ifndef BENCH_PMU
#define BENCH_PMU

void pmu_zero(void);
void pmu_toggle(void);

/* @copies calls of @copy moved @copied bytes: their instructions are left out. */
void pmu_dump(const char *name, uint64_t copied, uint64_t copies,
	      void (*copy)(void *to, const void *from, size_t bytes));

#define CALLGRIND_ZERO_STATS (bench_copies = 0, pmu_zero())
#define CALLGRIND_TOGGLE_COLLECT pmu_toggle()
#define CALLGRIND_DUMP_STATS_AT(name) pmu_dump(name, bench_copied, bench_copies, bench_copy)

#endif /* BENCH_PMU */
