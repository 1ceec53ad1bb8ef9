// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// queue.h: batches into the queue of an SMMU that consumes all at once, or takes 1 us for a
// command and its SYNC; by one thread, and by several at the same time. With more threads
// than CPUs, who is interrupted decides.

#include "device.h"

#include <thread>

// Queues whose SMMU takes that time; returns what a batch is made of.
static const inval_cmd *commands(bool mine, int64_t ns)
{
	static const bool once = [] {
		std::thread([] {}).join();	// libc takes no locks before
		bench_machine(false);
		base_queue();
		for (uint32_t i = 0; i < BENCH_BATCH; i++)
			bench_must(inval_cmd_tlbi(&bench.batch[i], INVAL_OP_TLBI_NH_ASID, 0,
						  (uint16_t)i) == 0);
		return true;
	}();

	(void)once;
	device_takes(mine ? bench.queue[0].cfg.base : base.base, ns);
	return bench.batch;
}

template <typename T>
static inline void give(T mine, const inval_cmd *cmds, uint32_t num, bool sync)
{
	inval_ticket t;

	if (!mine)
		return base_put(cmds, num, sync);
	inval_queue_ticket_init(&t);
	bench_must(inval_queue_put(&bench.queue[0], cmds, num, sync, &t) == 0);
	bench_must(!sync || inval_queue_wait(&bench.queue[0], &t) == 0);
}

template <typename T>
static void run(benchmark::State &state, T mine, const inval_cmd *cmds, uint32_t num, bool sync)
{
	for (auto _ : state)
		give(mine, cmds, num, sync);
}

template <typename T> static void put(benchmark::State &state, T mine)
{
	run(state, mine, commands(mine, 0), (uint32_t)state.range(0), false);
}

template <typename T> static void wait(benchmark::State &state, T mine)
{
	run(state, mine, commands(mine, 0), (uint32_t)state.range(0), true);
}

template <typename T> static void threads(benchmark::State &state, T mine)
{
	run(state, mine, commands(mine, 0), 1, true);
}

template <typename T> static void slow(benchmark::State &state, T mine)
{
	run(state, mine, commands(mine, 1000), 1, true);
}

BENCH_PAIR(put, "queue: put, commands", ->Arg(1)->Arg(8)->Arg(64));
BENCH_PAIR(wait, "queue: put, SYNC, wait, commands", ->Arg(1)->Arg(8)->Arg(63));
BENCH_PAIR(threads, "queue: put 1, SYNC, wait, threads", ->ThreadRange(1, 8)->UseRealTime());
BENCH_PAIR(slow, "queue: put 1, SYNC of 1 us, wait, threads", ->ThreadRange(1, 8)->UseRealTime());
BENCHMARK_MAIN();
