// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Time of what is done to arrays of n entries, beside the textbook way: each change walks
// the whole array, entry by entry, into a new one.

#define BENCH_TIME
#include "cases.h"

#include <benchmark/benchmark.h>

static inval_array *array_of(uint32_t n)
{
	inval_entry *list = bench_devices(n);
	inval_array *a = bench_array(list, n);

	free(list);
	return a;
}

// Keys by chance, for a benchmark that repeats one misleads.
static const uint32_t KEYS = 64;

static void merge(benchmark::State &state)
{
	uint32_t n = (uint32_t)state.range(0), i = 0;
	inval_array *a = array_of(n), *out;
	uint64_t bytes = inval_array_merge_bytes(a, 1);
	void *mem = bench_alloc(bytes);
	inval_entry *add = bench_devices(KEYS);

	for (auto _ : state)
		bench_must(inval_array_merge(&out, mem, bytes, a, &add[i++ % KEYS], 1) == 0);
	free(add);
	free(mem);
	free(a);
}

static void linear_merge(benchmark::State &state)
{
	uint32_t n = (uint32_t)state.range(0), i = 0, at, to;
	inval_array *a = array_of(n);
	inval_entry *out = (inval_entry *)bench_alloc((n + 1U) * sizeof(*out));
	inval_entry *add = bench_devices(KEYS);

	for (auto _ : state) {
		const inval_entry *from = inval_array_at(a), *one = &add[i++ % KEYS];
		bool done = false;

		for (at = 0, to = 0; at < n; at++) {
			if (!done && one->key <= from[at].key) {
				out[to++] = *one;
				done = true;
			}
			if (inval_port_load32(&from[at].users) != 0U)
				out[to++] = from[at];
		}
		benchmark::DoNotOptimize(to);
		benchmark::ClobberMemory();
	}
	free(add);
	free(out);
	free(a);
}

static void ref_unref(benchmark::State &state)
{
	inval_array *a = array_of((uint32_t)state.range(0));
	inval_entry list[KEYS];
	inval_unref res;
	uint32_t i = 0;

	bench_pick(list, KEYS < a->num ? KEYS : a->num, a);
	for (auto _ : state) {
		inval_entry *e = &list[i++ % (KEYS < a->num ? KEYS : a->num)];

		bench_must(inval_array_ref(a, e, 1) == 0);
		inval_array_unref(a, e, 1, &res);
	}
	free(a);
}

static void linear_ref_unref(benchmark::State &state)
{
	inval_array *a = array_of((uint32_t)state.range(0));
	inval_entry list[KEYS], *e = inval_array_at(a);
	uint32_t i = 0, at, turn;

	bench_pick(list, KEYS < a->num ? KEYS : a->num, a);
	for (auto _ : state) {
		uint64_t key = list[i++ % (KEYS < a->num ? KEYS : a->num)].key;

		for (turn = 0; turn < 2U; turn++) {
			for (at = 0; e[at].key != key; at++)
				continue;
			inval_port_store32(&e[at].users, e[at].users + (turn == 0U ? 1U : ~0U));
		}
	}
	free(a);
}

BENCHMARK(merge)->RangeMultiplier(16)->Range(16, 1 << 20);
BENCHMARK(linear_merge)->RangeMultiplier(16)->Range(16, 1 << 20);
BENCHMARK(ref_unref)->RangeMultiplier(16)->Range(16, 1 << 20);
BENCHMARK(linear_ref_unref)->RangeMultiplier(16)->Range(16, 1 << 20);
BENCHMARK_MAIN();
