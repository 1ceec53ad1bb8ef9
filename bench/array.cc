// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// array.h: what attach and detach do to an array of n entries.

#include "pair.h"

#include <map>

static inval_array *array_of(uint32_t n)
{
	static std::map<uint32_t, inval_array *> made;

	if (!made[n]) {
		inval_entry *list = bench_devices(n);

		made[n] = bench_array(list, n);
		free(list);
	}
	return made[n];
}

// The library's array in @mem has what the textbook makes of the same.
static void same(void *mem, inval_array *a, const inval_entry *add, uint32_t num)
{
	inval_array *got = (inval_array *)mem;
	inval_entry *to = (inval_entry *)bench_alloc((a->num + num) * sizeof(*to));

	bench_must(base_merge(to, a, add, num) == got->num &&
		   memcmp(to, inval_array_at(got), got->num * sizeof(*to)) == 0);
	free(to);
}

template <typename T> static void merge(benchmark::State &state, T mine, uint32_t num)
{
	inval_array *a = array_of((uint32_t)state.range(0)), *out;
	uint64_t bytes = inval_array_merge_bytes(a, num);
	inval_entry *add[BENCH_TURNS];
	void *mem = bench_alloc(bytes);
	uint32_t i = 0;

	for (i = 0; i < BENCH_TURNS; i++)
		add[i] = bench_devices(num);
	for (auto _ : state) {
		if (mine)
			bench_must(inval_array_merge(&out, mem, bytes, a, add[i++ % BENCH_TURNS],
						     num) == 0);
		else
			base_merge((inval_entry *)mem, a, add[i++ % BENCH_TURNS], num);
		benchmark::ClobberMemory();
	}
	if (mine)
		same(mem, a, add[(i - 1U) % BENCH_TURNS], num);
	for (i = 0; i < BENCH_TURNS; i++)
		free(add[i]);
	free(mem);
}

template <typename T> static void merge_1(benchmark::State &state, T mine)
{
	merge(state, mine, 1);
}

template <typename T> static void merge_16(benchmark::State &state, T mine)
{
	merge(state, mine, 16);
}

template <typename T> static void ref_unref(benchmark::State &state, T mine)
{
	inval_array *a = array_of((uint32_t)state.range(0));
	uint32_t num = BENCH_TURNS < a->num ? BENCH_TURNS : a->num;
	inval_entry list[BENCH_TURNS];
	inval_unref res;

	bench_pick(list, num, a);
	for (auto _ : state) {
		inval_entry *e = &list[bench_random() & (num - 1U)];

		if (mine) {
			bench_must(inval_array_ref(a, e, 1) == 0);
			inval_array_unref(a, e, 1, &res);
		} else {
			base_count(a, e->key, 1);
			base_count(a, e->key, ~0U);
		}
	}
}

template <typename T> static void purge(benchmark::State &state, T mine)
{
	inval_array *a = array_of((uint32_t)state.range(0)), *out;
	uint64_t bytes = inval_array_bytes(a->num);
	void *mem = bench_alloc(bytes);
	inval_entry dead[2];	// the first: one at the end would be gone at once
	inval_unref res;

	bench_pick(dead, 2, a);
	inval_array_unref(a, dead, 1, &res);
	for (auto _ : state) {
		if (mine)
			bench_must(inval_array_purge(&out, mem, bytes, a) == 0);
		else
			base_merge((inval_entry *)mem, a, NULL, 0);
		benchmark::ClobberMemory();
	}
	if (mine)
		same(mem, a, NULL, 0);
	bench_must(inval_array_ref(a, dead, 1) == 0);
	free(mem);
}

#define SIZES ->RangeMultiplier(16)->Range(16, 1 << 20)

BENCH_PAIR(merge_1, "array: add an entry", SIZES);
BENCH_PAIR(merge_16, "array: add 16", SIZES);
BENCH_PAIR(ref_unref, "array: a user more, and less", SIZES);
BENCH_PAIR(purge, "array: drop a dead entry", SIZES);
BENCHMARK_MAIN();
