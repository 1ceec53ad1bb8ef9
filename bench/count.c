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

#define SMMUS 256U

static struct inval_smmu smmu[SMMUS];
static struct inval_queue queue[SMMUS];
static struct inval_smmu *smmus[SMMUS];
static struct inval_cmd out[1U << BENCH_SIZE_LG2], batch[64];
static struct inval_flush_wait waits[SMMUS];
static struct inval_flush flush = { smmus, SMMUS, batch, 64, waits, SMMUS, NULL, 0, 0, false };

/* Queues that only copy. */
static int copy_issue(struct inval_smmu *s, const struct inval_cmd *cmds, uint32_t num, bool sync,
		      struct inval_ticket *ticket)
{
	uint32_t i;

	(void)s;
	(void)ticket;
	for (i = 0; i < num; i++)
		out[i] = cmds[i];
	if (sync)
		out[num].d0 = INVAL_OP_SYNC;
	return 0;
}

static int copy_wait(struct inval_smmu *s, const struct inval_ticket *ticket)
{
	(void)s;
	(void)ticket;
	return 0;
}

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
	flush.wait_num = windows;
	series = 0;
	waiting = false;
	bench_must(inval_flush_walk_array(a, req, &flush, series_issue, series_wait) == 0);
	flush.wait_num = SMMUS;
	return series;
}

BENCH_NOINLINE static void walk(struct inval_array *a, const struct inval_range_req *req)
{
	inval_port_dma_mb();
	bench_must(inval_flush_walk_array(a, req, &flush, copy_issue, copy_wait) == 0);
}

BENCH_NOINLINE static void walk_queue(struct inval_array *a, const struct inval_range_req *req)
{
	inval_port_dma_mb();
	bench_must(inval_flush_array(a, req, &flush) == 0);
}

static void machine(bool ril)
{
	struct inval_queue_config cfg;
	uint32_t i;

	for (i = 0; i < SMMUS; i++) {
		memset(&cfg, 0, sizeof(cfg));
		cfg.base = (inval_mmio)bench_alloc(4096);
		cfg.size_lg2 = BENCH_SIZE_LG2;
		cfg.mem = (uint64_t *)bench_alloc(INVAL_CMD_BYTES << BENCH_SIZE_LG2);
		cfg.book = (uint64_t *)bench_alloc(inval_queue_book_bytes(BENCH_SIZE_LG2));
		cfg.timeout_us = 1000000;
		cfg.coherent = true;
		cfg.kind = INVAL_QUEUE_VIRTUAL;	/* PROD is CONS, too: all is consumed at once */
		bench_must(inval_queue_init(&queue[i], &cfg) == 0);
		memset(&smmu[i], 0, sizeof(smmu[i]));
		smmu[i].number = i;
		smmu[i].caps.feat = ril ? INVAL_FEAT_RIL : 0U;
		inval_policy_init(&smmu[i].policy);
		smmu[i].queue = &queue[i];
		smmus[i] = &smmu[i];
	}
}

static void count_walk(struct inval_array *a, const struct inval_range_req *req, const char *name)
{
	uint32_t i;

	begin(0);
	for (i = 0; i < LOOPS; i++)
		walk(a, req);
	END(LOOPS, "walk %s", name);
	begin(0);
	for (i = 0; i < LOOPS; i++)
		walk_queue(a, req);
	END(LOOPS, "queue walk %s", name);
}

static void count_walks(void)
{
	const struct inval_range_req page = { 0x1234000, 4096, 12, 12, true, false };
	const struct inval_range_req all = { 0, 0, 12, 12, true, false };
	const struct inval_range_req many = { 0x1234000, 511 * 4096, 12, 12, true, false };
	struct inval_entry list[16 * 258];
	struct inval_array *asid, *vmids, *ats, *nested;
	uint32_t i, j, n = 0;

	bench_must(inval_entry_s1(&list[0], 0, 0, 7, false) == 0);
	asid = bench_array(list, 1);
	for (i = 0; i < 64; i++)
		bench_must(inval_entry_ats(&list[i + 1U], 0, i * 8U, false, 0, 12) == 0);
	ats = bench_array(list, 65);
	for (i = 0; i < 8; i++)
		bench_must(inval_entry_s2(&list[i], i, 9) == 0);
	vmids = bench_array(list, 8);
	for (i = 0; i < 16; i++) {
		bench_must(inval_entry_s2(&list[n++], i, 9) == 0);
		bench_must(inval_entry_s1_clear(&list[n++], i, 9) == 0);
		for (j = 0; j < 256; j++)
			bench_must(inval_entry_ats_full(&list[n++], i, j * 8U) == 0);
	}
	nested = bench_array(list, n);
	machine(false);
	count_walk(asid, &page, "1 ASID, 4 KB");
	count_walk(asid, &many, "1 ASID, 511 x 4 KB");
	machine(true);
	count_walk(asid, &page, "1 ASID, 4 KB, range");
	count_walk(asid, &all, "1 ASID, everything");
	count_walk(vmids, &page, "8 VMIDs, 4 KB, range");
	count_walk(ats, &page, "1 ASID + 64 ATS, 4 KB, range");
	count_walk(nested, &page, "16 x (VMID + clear + 256 ATS_FULL), 4 KB, range");
}

/* Every set of types on 1 to 256 SMMUs, for a page, 511 and everything. */
static void count_waits(void)
{
	const struct inval_range_req reqs[3] = {
		{ 0x1234000, 4096, 12, 12, true, false },
		{ 0x1234000, 511 * 4096, 12, 12, true, false },
		{ 0, 0, 12, 12, true, false },
	};
	static struct inval_entry list[SMMUS * 5];
	uint64_t most = 0, turns = 0;
	uint32_t layouts = 0, smmu_num, types, i, n;
	struct inval_array *a;

	for (smmu_num = 1; smmu_num <= SMMUS; smmu_num *= 4) {
		for (types = 1; types < 32U; types++) {
			for (i = 0, n = 0; i < smmu_num; i++)
				n += bench_layout(&list[n], i, types);
			a = bench_array(list, n);
			for (i = 0; i < 3U; i++, layouts++) {
				if (waits_in_series(a, &reqs[i], SMMUS) > most)
					most = series;
				if (waits_in_series(a, &reqs[i], 1) > turns)
					turns = series;
			}
		}
	}
	bench_must(turns == SMMUS);	/* one at a time: so it can be seen */
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
		put(&queue[0], cmds, num);
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
	encode(out, 1024);
	END(1024, "encode TLBI_NH_ASID");
	begin(0);
	encode_ste(out, 1024);
	END(1024, "encode CFGI_STE");
	count_split(true, 2, ", range");
	count_split(false, 511, "");
}

/* A guest's commands, strictly. */

#define STREAMS 16U

static struct inval_guest guest;
static struct inval_guest_stream streams[STREAMS];

/* By number; what inval_guest_map_find() takes is not of the vetting. */
static bool find_stream(const void *list, uint32_t vsid, struct inval_guest_stream *stream)
{
	if (vsid >= STREAMS)
		return false;
	*stream = ((const struct inval_guest_stream *)list)[vsid];
	return true;
}

BENCH_NOINLINE static struct inval_cmd *vet(const struct inval_cmd *cmds, uint32_t num)
{
	const struct inval_cmd *end = cmds + num;
	struct inval_guest_result res;
	struct inval_cmd *to = out;

	for (; cmds != end; cmds++) {
		if (inval_guest_vet(&guest, *cmds, find_stream, streams, &res) ==
		    INVAL_VERDICT_FORWARD)
			*to++ = res.cmd;
	}
	return to;
}

static void count_vet(const char *name, const struct inval_cmd *kind, uint32_t kinds)
{
	struct inval_cmd cmds[240];
	uint32_t i;

	for (i = 0; i < 240; i++)
		cmds[i] = kind[i % kinds];
	begin(0);
	bench_must(vet(cmds, 240) == out + 240);
	END(240, "vet %s", name);
}

static void count_guest(void)
{
	const struct inval_cmd kind[] = {
		{ 0x0077000000000012, 0x1234001 },		/* NH_VA */
		{ 0x0077000000305012, 0x1235401 },		/* NH_VA, a range of 48 pages */
		{ 0x0077000000000011, 0 },			/* NH_ASID */
		{ 0x0000000000000030, 0 },			/* NSNH_ALL */
		{ 0x0000000500000005, 1 },			/* CFGI_CD */
		{ 0x0000000500000040, 0x1234001 },		/* ATC_INV */
	};
	struct inval_caps caps, shown;
	struct inval_guest_policy policy;
	struct inval_idregs regs;
	uint32_t i;

	memset(&regs, 0, sizeof(regs));
	regs.aidr = 4;
	regs.idr0 = 0x00057e33;
	regs.idr1 = 0x00000520;
	regs.idr3 = 0x00000500;
	regs.idr5 = 0x000001f5;
	bench_must(inval_caps_read(&caps, &regs) == 0);
	regs.idr0 &= ~1U;
	bench_must(inval_caps_read(&shown, &regs) == 0);
	inval_guest_policy_host(&policy);
	bench_must(inval_guest_init(&guest, &caps, &shown, &policy, 9) == 0);
	guest.enabled = true;
	for (i = 0; i < STREAMS; i++) {
		streams[i].vsid = i;
		streams[i].sid = i;
		streams[i].ats = true;
		streams[i].stu_lg2 = 12;
	}
	count_vet("TLBI_NH_VA", &kind[0], 1);
	count_vet("TLBI_NH_VA, range", &kind[1], 1);
	count_vet("TLBI_NH_ASID", &kind[2], 1);
	count_vet("TLBI_NSNH_ALL", &kind[3], 1);
	count_vet("CFGI_CD", &kind[4], 1);
	count_vet("ATC_INV", &kind[5], 1);
	count_vet("a command of these six", kind, 6);
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
	count_walks();
	count_waits();
	count_put(1);
	count_put(63);
	count_cmd();
	count_guest();
	fprintf(stderr, "%llu\n", (unsigned long long)sink);
	return 0;
}
