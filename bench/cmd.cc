// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// cmd.h, check.h, range.h: commands made, taken apart and checked, one each; ranges cut.

#include "pair.h"

#include "../tests/rules/rules.h"

#include <algorithm>

static const uint32_t BATCH = 256;

template <typename T> static void encode(benchmark::State &state, T mine)
{
	inval_fields f = {};
	inval_cmd *out = bench.out;
	uint32_t i;

	f.op = INVAL_OP_TLBI_NH_ASID;
	f.v[INVAL_FLD_VMID] = 9;
	while (state.KeepRunningBatch(BATCH)) {
		for (i = 0; i < BATCH; i++) {
			f.v[INVAL_FLD_ASID] = i;
			if (mine)
				bench_must(inval_cmd_tlbi(&out[i], INVAL_OP_TLBI_NH_ASID, 9,
							  (uint16_t)i) == 0);
			else
				bench_must(inval_cmd_encode(&out[i], &f) == 0);
		}
		benchmark::ClobberMemory();
	}
	bench_must(out[BATCH - 1U].d0 >> 48 == BATCH - 1U);
}

// Kinds of commands as guests give them; the textbook has a function for each rule.
template <typename T> static void check(benchmark::State &state, T mine)
{
	const bench_kind &kind = bench_kinds[state.range(0)];
	inval_cmd cmds[BATCH];
	inval_idregs regs = bench_idregs(true);
	rules_env env = {};
	inval_caps caps;
	uint32_t i;

	env.aidr = regs.aidr;
	env.idr0 = regs.idr0;
	env.idr1 = regs.idr1;
	env.idr3 = regs.idr3;
	env.idr5 = regs.idr5;
	bench_must(inval_caps_read(&caps, &regs) == 0);
	std::fill_n(cmds, BATCH, kind.cmd);
	state.SetLabel(kind.name);
	while (state.KeepRunningBatch(BATCH)) {
		for (i = 0; i < BATCH; i++)
			bench_must(mine ? inval_check(&caps, INVAL_SEC_NS, cmds[i]) == INVAL_LEGAL :
				   rules_violated(&env, cmds[i].d0, cmds[i].d1) == 0U);
		benchmark::ClobberMemory();
	}
}

// Nothing to compare it with: it is the tables.
static void decode(benchmark::State &state)
{
	inval_fields f;
	uint32_t i;

	while (state.KeepRunningBatch(BATCH)) {
		for (i = 0; i < BATCH; i++) {
			bench_must(inval_cmd_decode(&f, bench_kinds[i % BENCH_KINDS].cmd) == 0);
			benchmark::DoNotOptimize(f);
		}
	}
}

template <typename T>
static inline uint32_t cut(T mine, const inval_range_req *req, bool ril, inval_cmd *out)
{
	const inval_range_how how = { ril, false, false };
	base_range base = base_cut(req, ril);
	inval_range it;
	uint32_t num = 0;

	if (mine) {
		bench_must(inval_range_start(&it, req, &how) == 0);
		return inval_range_fill(&it, INVAL_OP_TLBI_NH_VA, out, 1U << BENCH_SIZE_LG2);
	}
	while (base_next(&base, INVAL_OP_TLBI_NH_VA, &out[num]))
		num++;
	return num;
}

// Ranges of up to so many pages.
template <typename T> static void split(benchmark::State &state, T mine, bool ril)
{
	inval_range_req req[BENCH_TURNS];
	uint32_t i;

	for (i = 0; i < BENCH_TURNS; i++)
		req[i] = bench_pages(1U + bench_random() % (uint64_t)state.range(0));
	if (!ril)
		bench_must(cut(std::true_type(), req, ril, bench.out) ==
			   cut(std::false_type(), req, ril, bench.out));
	i = 0;
	for (auto _ : state) {
		benchmark::DoNotOptimize(cut(mine, &req[i++ % BENCH_TURNS], ril, bench.out));
		benchmark::ClobberMemory();
	}
}

template <typename T> static void pages(benchmark::State &state, T mine)
{
	split(state, mine, false);
}

template <typename T> static void ranges(benchmark::State &state, T mine)
{
	split(state, mine, true);
}

BENCH_PAIR(encode, "cmd: encode");
BENCHMARK(decode)->Name("cmd: decode/inval");
BENCH_PAIR(check, "check: a command", ->DenseRange(0, BENCH_KINDS - 1));
BENCH_PAIR(pages, "range: cut without range commands, pages", ->RangeMultiplier(8)->Range(1, 4096));
BENCH_PAIR(ranges, "range: cut with range commands, pages", ->RangeMultiplier(16)->Range(1, 1 << 20));
BENCHMARK_MAIN();
