/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Instructions of each path, under valgrind --tool=callgrind: a dump a case, named
 * like it. A line "work CASE LOOPS COPIED LIVE" says how often the path ran, how many
 * bytes it copied and how many of them each time had to be (bench/count.py reads both).
 */
#include "cases.h"

#include <valgrind/callgrind.h>

#define LOOPS 16U

static uint64_t sink, live;

static void begin(uint64_t live_bytes)
{
	live = live_bytes;
	bench_copied = 0;
	CALLGRIND_ZERO_STATS;
	CALLGRIND_TOGGLE_COLLECT;
}

#define END(loops, ...) \
	do { \
		char name_[64]; \
		CALLGRIND_TOGGLE_COLLECT; \
		snprintf(name_, sizeof(name_), __VA_ARGS__); \
		CALLGRIND_DUMP_STATS_AT(name_); \
		printf("work %s %u %llu %llu\n", name_, (unsigned int)(loops), \
		       (unsigned long long)bench_copied, (unsigned long long)live); \
	} while (0)

/* Arrays. */

BENCH_NOINLINE static struct inval_array *merge(void *mem, uint64_t bytes,
						struct inval_array *a,
						const struct inval_entry *add, uint32_t num)
{
	struct inval_array *out;

	bench_must(inval_array_merge(&out, mem, bytes, a, add, num) == 0);
	return out;
}

BENCH_NOINLINE static void ref(struct inval_array *a, const struct inval_entry *add, uint32_t num)
{
	bench_must(inval_array_ref(a, add, num) == 0);
}

BENCH_NOINLINE static void unref(struct inval_array *a, struct inval_entry *del, uint32_t num)
{
	struct inval_unref res;

	inval_array_unref(a, del, num, &res);
	bench_must(res.unknown == 0U);
}

BENCH_NOINLINE static struct inval_array *purge(void *mem, uint64_t bytes, struct inval_array *a)
{
	struct inval_array *out;

	bench_must(inval_array_purge(&out, mem, bytes, a) == 0);
	return out;
}

static void count_merge(uint32_t n, uint32_t m)
{
	struct inval_array *a = bench_array(bench_devices(n), n);
	uint64_t bytes = inval_array_merge_bytes(a, m);
	void *mem = bench_alloc(bytes);
	struct inval_entry *add[LOOPS];
	uint32_t i, num;

	for (i = 0; i < LOOPS; i++) {
		num = m;
		add[i] = bench_devices(m);
		bench_must(inval_entries_sort(add[i], &num) == 0 && num == m);
	}
	begin(n * sizeof(struct inval_entry));
	for (i = 0; i < LOOPS; i++)
		merge(mem, bytes, a, add[i], m);
	END(LOOPS, "merge %u into %u", m, n);
}

static void count_ref(uint32_t n, uint32_t m)
{
	struct inval_array *a = bench_array(bench_devices(n), n);
	struct inval_entry list[LOOPS][16];
	uint32_t i;

	for (i = 0; i < LOOPS; i++)
		bench_pick(list[i], m, a);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		ref(a, list[i], m);
	END(LOOPS, "ref %u of %u", m, n);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		unref(a, list[i], m);
	END(LOOPS, "unref %u of %u", m, n);
}

static void count_purge(uint32_t n)
{
	struct inval_array *a = bench_array(bench_devices(n), n);
	uint64_t bytes = inval_array_bytes(n);
	void *mem = bench_alloc(bytes);
	struct inval_entry dead;

	bench_pick(&dead, 1, a);
	unref(a, &dead, 1);
	begin((n - 1U) * sizeof(struct inval_entry));
	purge(mem, bytes, a);
	END(1, "purge 1 of %u", n);
}

/* Walks. */

/* Waits in series: those behind an issue that is behind another wait. */
static uint64_t series;
static bool waiting;

static int series_issue(struct inval_smmu *s, const struct inval_cmd *cmds, uint32_t num, bool sync,
			struct inval_ticket *ticket)
{
	(void)s;
	(void)cmds;
	(void)num;
	(void)sync;
	(void)ticket;
	waiting = false;
	return 0;
}

static int series_wait(struct inval_smmu *s, const struct inval_ticket *ticket)
{
	(void)s;
	(void)ticket;
	series += waiting ? 0U : 1U;
	waiting = true;
	return 0;
}

/* Returns how often a flush waits, one after another, with room for @windows SMMUs. */
static uint64_t waits_in_series(struct inval_array *a, const struct inval_range_req *req,
				uint32_t windows)
{
	bench.flush.wait_num = windows;
	series = 0;
	waiting = false;
	bench_must(inval_flush_walk_array(a, req, &bench.flush, series_issue, series_wait) == 0);
	bench.flush.wait_num = BENCH_SMMUS;
	return series;
}

BENCH_NOINLINE static void walk(struct inval_array *a, const struct inval_range_req *req)
{
	inval_port_dma_mb();
	bench_must(inval_flush_walk_array(a, req, &bench.flush, bench_copy_issue, bench_copy_wait) == 0);
}

BENCH_NOINLINE static void walk_queue(struct inval_array *a, const struct inval_range_req *req)
{
	inval_port_dma_mb();
	bench_must(inval_flush_array(a, req, &bench.flush) == 0);
}

static void count_walks(const struct bench_walk *w)
{
	struct inval_array *a = bench_walk_array(w);
	struct inval_range_req req = bench_pages(w->pages);
	uint32_t i;

	bench_machine(w->ril);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		walk(a, &req);
	END(LOOPS, "walk %s", w->name);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		walk_queue(a, &req);
	END(LOOPS, "queue walk %s", w->name);
}

/* Every set of types on 1 to 256 SMMUs, for a page, 511 and everything. */
static void count_waits(void)
{
	const struct inval_range_req reqs[3] = { bench_pages(1), bench_pages(511), bench_pages(0) };
	static struct inval_entry list[BENCH_SMMUS * 5];
	uint64_t most = 0, turns = 0;
	uint32_t layouts = 0, smmu_num, types, i, n;
	struct inval_array *a;

	for (smmu_num = 1; smmu_num <= BENCH_SMMUS; smmu_num *= 4) {
		for (types = 1; types < 32U; types++) {
			for (i = 0, n = 0; i < smmu_num; i++)
				n += bench_layout(&list[n], i, types, 1);
			a = bench_array(list, n);
			for (i = 0; i < 3U; i++, layouts++) {
				if (waits_in_series(a, &reqs[i], BENCH_SMMUS) > most)
					most = series;
				if (waits_in_series(a, &reqs[i], 1) > turns)
					turns = series;
			}
		}
	}
	bench_must(turns == BENCH_SMMUS);	/* one at a time: so it can be seen */
	printf("value waits in series, most of %u layouts %llu\n", layouts,
	       (unsigned long long)most);
}

/* The queue. */

BENCH_NOINLINE static void put(struct inval_queue *q, const struct inval_cmd *cmds, uint32_t num)
{
	struct inval_ticket t;

	inval_queue_ticket_init(&t);
	bench_must(inval_queue_put(q, cmds, num, true, &t) == 0);
	bench_must(inval_queue_wait(q, &t) == 0);
}

static void count_put(uint32_t num)
{
	struct inval_cmd cmds[64];
	uint32_t i;

	for (i = 0; i < 64; i++)
		bench_must(inval_cmd_tlbi(&cmds[i], INVAL_OP_TLBI_NH_ASID, 0, 7) == 0);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		put(&bench.queue[0], cmds, num);
	END(LOOPS, "put %u and SYNC, wait", num);
}

/* Commands and ranges. */

BENCH_NOINLINE static void encode(struct inval_cmd *cmds, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		bench_must(inval_cmd_tlbi(&cmds[i], INVAL_OP_TLBI_NH_ASID, 1, (uint16_t)i) == 0);
}

BENCH_NOINLINE static void encode_ste(struct inval_cmd *cmds, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		bench_must(inval_cmd_cfgi_ste(&cmds[i], false, i, true) == 0);
}

BENCH_NOINLINE static void cut(struct inval_range *it, const struct inval_range_req *req, bool ril)
{
	const struct inval_range_how how = { ril, false, false };

	bench_must(inval_range_start(it, req, &how) == 0);
}

BENCH_NOINLINE static void split(struct inval_range *it)
{
	struct inval_range_piece piece;

	while (inval_range_next(it, &piece))
		sink += piece.d0 ^ piece.d1;
}

static void count_split(bool ril, uint32_t pieces, const char *name)
{
	const struct inval_range_req two = { 0x1234000, 511 * 4096, 12, 12, true, false };
	struct inval_range it[LOOPS];
	uint32_t i;

	begin(0);
	for (i = 0; i < LOOPS; i++)
		cut(&it[i], &two, ril);
	END(LOOPS, "split%s, start", name);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		split(&it[i]);
	END(LOOPS * pieces, "split%s, a piece", name);
}

static void count_cmd(void)
{
	begin(0);
	encode(bench.out, 1024);
	END(1024, "encode TLBI_NH_ASID");
	begin(0);
	encode_ste(bench.out, 1024);
	END(1024, "encode CFGI_STE");
	count_split(true, 2, ", range");
	count_split(false, 511, "");
}

/* A guest's commands, strictly. */

BENCH_NOINLINE static struct inval_cmd *vet(const struct inval_cmd *cmds, uint32_t num)
{
	const struct inval_cmd *end = cmds + num;
	struct inval_guest_result res;
	struct inval_cmd *to = bench.out;

	for (; cmds != end; cmds++) {
		if (inval_guest_vet(&bench_guest.guest, *cmds, bench_find, bench_guest.stream, &res) ==
		    INVAL_VERDICT_FORWARD)
			*to++ = res.cmd;
	}
	return to;
}

static void count_vet(const char *name, const struct bench_kind *kind, uint32_t kinds)
{
	struct inval_cmd cmds[240];
	uint32_t i;

	for (i = 0; i < 240; i++)
		cmds[i] = kind[i % kinds].cmd;
	begin(0);
	bench_must(vet(cmds, 240) == bench.out + 240);
	END(240, "vet %s", name);
}

static void count_guest(void)
{
	uint32_t i;

	bench_guest_init();
	for (i = 0; i < BENCH_KINDS; i++)
		count_vet(bench_kinds[i].name, &bench_kinds[i], 1);
	count_vet("a command of these six", bench_kinds, BENCH_KINDS);
}

int main(void)
{
	uint32_t n;

	for (n = 16; n <= 65536; n *= 16)
		count_merge(n, 1);
	count_merge(256, 16);
	count_ref(256, 1);
	count_ref(65536, 1);
	count_ref(256, 16);
	count_purge(256);
	count_purge(65536);
	for (n = 0; n < BENCH_WALKS; n++)
		count_walks(&bench_walks[n]);
	count_waits();
	count_put(1);
	count_put(63);
	count_cmd();
	count_guest();
	fprintf(stderr, "%llu\n", (unsigned long long)sink);
	return 0;
}
