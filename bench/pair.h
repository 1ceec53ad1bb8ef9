/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs that take times share: cases, the textbook, and both side by side. */
#ifndef BENCH_PAIR_GUARD
#define BENCH_PAIR_GUARD

#define BENCH_TIME
#include "baseline.h"

#include <benchmark/benchmark.h>
#include <type_traits>

/*
 * @func(state, mine): the library's way, or the textbook's; a branch on @mine costs
 * nothing. @what: its name in tables, without "/". Then what Google Benchmark is told.
 */
#define BENCH_PAIR(func, what, ...) \
	BENCHMARK_CAPTURE(func, inval, std::true_type())->Name(what "/inval") __VA_ARGS__; \
	BENCHMARK_CAPTURE(func, textbook, std::false_type())->Name(what "/textbook") __VA_ARGS__

/* Keys, or ranges, by chance, and so many that no branch predictor learns them. */
static const uint32_t BENCH_TURNS = 1024;

#endif /* BENCH_PAIR_GUARD */
