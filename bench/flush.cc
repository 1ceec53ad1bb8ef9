// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// flush.h: walks of arrays, into queues that only copy: the CPU alone; and into
// queues of SMMUs that take 1 us for a command and its SYNC.

#include "device.h"

template <inval_issue_fn issue, inval_wait_fn wait, typename T>
static inline void flush(T mine, inval_array *a, const inval_range_req *req)
{
	inval_port_dma_mb();
	if (mine)
		bench_must(inval_flush_walk_array(a, req, &bench.flush, issue, wait) == 0);
	else
		base_flush(a, req, issue, wait);
}

// What was flushed, in any order and however many SYNCs there were.
static uint64_t sum;

static int sum_issue(inval_smmu *s, const inval_cmd *cmds, uint32_t num, bool, inval_ticket *)
{
	for (uint32_t i = 0; i < num; i++)
		if (cmds[i].d0 != INVAL_OP_SYNC)
			sum += (cmds[i].d0 * 3U + cmds[i].d1) * (2U * s->number + 1U);
	return 0;
}

static void same(inval_array *a, const inval_range_req *req)
{
	uint64_t mine;

	sum = 0;
	flush<sum_issue, bench_copy_wait>(std::true_type(), a, req);
	mine = sum;
	sum = 0;
	flush<sum_issue, bench_copy_wait>(std::false_type(), a, req);
	bench_must(sum == mine && sum != 0U);
}

template <inval_issue_fn issue, inval_wait_fn wait, typename T>
static void run(benchmark::State &state, T mine, const bench_walk &w)
{
	inval_array *a = bench_walk_array(&w);
	inval_range_req req = bench_pages(w.pages);

	bench_machine(w.ril);
	same(a, &req);
	for (auto _ : state) {
		flush<issue, wait>(mine, a, &req);
		benchmark::ClobberMemory();
	}
	free(a);
}

template <typename T> static void walk(benchmark::State &state, T mine)
{
	const bench_walk &w = bench_walks[state.range(0)];

	run<bench_copy_issue, bench_copy_wait>(state, mine, w);
	state.SetLabel(w.name);
}

template <typename T> static void pages(benchmark::State &state, T mine)
{
	run<bench_copy_issue, bench_copy_wait>(
		state, mine, { "", 1, 1, 0, (uint32_t)state.range(0), false });
}

template <typename T> static void smmus(benchmark::State &state, T mine)
{
	run<bench_copy_issue, bench_copy_wait>(
		state, mine, { "", (uint32_t)state.range(0), 2, 0, 1, true });
}

template <typename T> static void slow(benchmark::State &state, T mine)
{
	bench_machine(true);
	for (inval_queue &queue : bench.queue)
		device_takes(queue.cfg.base, 1000);
	run<inval_flush_issue, inval_flush_wait_queue>(
		state, mine, { "", (uint32_t)state.range(0), 2, 0, 1, true });
}

BENCH_PAIR(walk, "flush: CPU alone", ->DenseRange(0, BENCH_WALKS - 1));
BENCH_PAIR(pages, "flush: CPU alone, pages", ->RangeMultiplier(8)->Range(1, 4096));
BENCH_PAIR(smmus, "flush: CPU alone, SMMUs", ->RangeMultiplier(4)->Range(1, 256));
BENCH_PAIR(slow, "flush: SYNCs of 1 us, SMMUs", ->RangeMultiplier(4)->Range(1, 256));
BENCHMARK_MAIN();
