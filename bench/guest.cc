// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// guest.h: a guest's command vetted, strictly; guestq.h: a guest's queue with n of them
// worked off. There the textbook vets in the same way, and gives and awaits each alone.

#include "pair.h"

static const uint32_t BATCH = 240;

template <typename T> static inline bool vet(T mine, inval_cmd in, inval_cmd *out)
{
	inval_guest_result res;

	if (!mine)
		return base_vet(&bench_guest.guest, in, out);
	if (inval_guest_vet(&bench_guest.guest, in, bench_find, bench_guest.stream, &res) !=
	    INVAL_VERDICT_FORWARD)
		return false;
	*out = res.cmd;
	return true;
}

// Kinds from @first on, in turn.
template <typename T>
static void vet_kinds(benchmark::State &state, T mine, uint32_t first, uint32_t kinds)
{
	inval_cmd in[BATCH], other;
	uint32_t i;

	bench_guest_init();
	for (i = 0; i < BATCH; i++) {
		in[i] = bench_kinds[first + i % kinds].cmd;
		bench_must(vet(std::true_type(), in[i], &bench.out[i]) &&
			   vet(std::false_type(), in[i], &other) &&
			   memcmp(&bench.out[i], &other, sizeof(other)) == 0);
	}
	while (state.KeepRunningBatch(BATCH)) {
		for (i = 0; i < BATCH; i++)
			bench_must(vet(mine, in[i], &bench.out[i]));
		benchmark::ClobberMemory();
	}
}

template <typename T> static void each(benchmark::State &state, T mine)
{
	uint32_t kind = (uint32_t)state.range(0);

	state.SetLabel(kind < BENCH_KINDS ? bench_kinds[kind].name : "all six in turn");
	if (kind < BENCH_KINDS)
		vet_kinds(state, mine, kind, 1);
	else
		vet_kinds(state, mine, 0, BENCH_KINDS);
}

// The guest's memory: its queue, from address 0 on.
static uint64_t memory[2U << BENCH_SIZE_LG2];

static int fetch(void *, uint64_t ipa, uint64_t *mem)
{
	mem[0] = memory[ipa / 8U];
	mem[1] = memory[ipa / 8U + 1U];
	return 0;
}

static int emulate(void *, inval_cmd, const inval_guest_result *)
{
	return 0;
}

static void write(inval_guestq *q, uint32_t offset, uint64_t value, uint32_t bytes)
{
	bench_must(inval_guestq_write(q, offset, value, bytes) >= 0);
}

static void guest_queue(inval_guestq *q)
{
	static uint32_t at[BENCH_BATCH];
	inval_guestq_config cfg = {};

	bench_machine(true);
	bench_guest_init();
	bench_guest.guest.shown.cmdq_lg2 = BENCH_SIZE_LG2;
	cfg.guest = &bench_guest.guest;
	cfg.streams = bench_guest.stream;
	cfg.smmu = &bench.smmu[0];
	cfg.batch = bench.batch;
	cfg.at = at;
	cfg.batch_num = BENCH_BATCH;
	bench_must(inval_guestq_init(q, &cfg) == 0);
	for (uint32_t i = 0; i < 1U << BENCH_SIZE_LG2; i++)
		inval_cmd_store(&memory[2U * i], bench_kinds[i % BENCH_KINDS].cmd);
	write(q, INVAL_REG_CMDQ_BASE, BENCH_SIZE_LG2, 8);
	write(q, INVAL_REG_CR0, INVAL_CR0_SMMUEN | INVAL_CR0_CMDQEN, 4);
}

// One by one: with a budget of a command each, it is issued and waited for.
template <typename T> static void work(benchmark::State &state, T mine)
{
	uint32_t num = (uint32_t)state.range(0), prod = 0;
	inval_guestq_report rep;
	inval_guestq q;
	int more;

	guest_queue(&q);
	for (auto _ : state) {
		prod = (prod + num) & ((2U << BENCH_SIZE_LG2) - 1U);
		write(&q, INVAL_REG_CMDQ_PROD, prod, 4);
		do
			more = inval_guestq_run(&q, mine ? num : 1U, &rep, fetch, bench_find,
						emulate, inval_flush_issue, inval_flush_wait_queue);
		while (more == INVAL_GUESTQ_MORE);
		bench_must(more == 0 && !rep.error);
	}
	bench_must(q.s.cons == prod);
}

BENCH_PAIR(each, "guest: vet a command", ->DenseRange(0, BENCH_KINDS));
BENCH_PAIR(work, "guest: work off a queue, commands", ->Arg(1)->Arg(16)->Arg(256));
BENCHMARK_MAIN();
