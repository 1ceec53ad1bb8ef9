/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured, for bench/count.c (instructions) and, with BENCH_TIME, the programs
 * that take times.
 */
#ifndef BENCH_CASES
#define BENCH_CASES

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bench_copied, bench_copies;

/* In place of memcpy: the same number of instructions on every CPU. */
__attribute__((noinline)) static void bench_copy(void *to, const void *from, size_t bytes)
{
	uint64_t *d = (uint64_t *)to;
	const uint64_t *s = (const uint64_t *)from;
	size_t i;

	for (i = 0; i < bytes / 8U; i += 2) {
		d[i] = s[i];
		d[i + 1U] = s[i + 1U];
		__asm__ volatile("" ::: "memory");
	}
	bench_copied += bytes;
	bench_copies++;
}
#ifndef BENCH_TIME
#define __builtin_memcpy(to, from, bytes) bench_copy(to, from, bytes)
#endif

#include "inval.h"

#define BENCH_NOINLINE __attribute__((noinline))
#define BENCH_SIZE_LG2 12U

/* splitmix64 */
static uint64_t bench_random(void)
{
	static uint64_t state = 1;
	uint64_t z = (state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void *bench_alloc(uint64_t bytes)
{
	void *mem = aligned_alloc(64, (size_t)((bytes + 63U) & ~63ULL));

	if (mem == NULL)
		abort();
	memset(mem, 0, (size_t)bytes);
	return mem;
}

static void bench_must(bool good)
{
	if (!good)
		abort();
}

/* An array of what @list holds. */
static struct inval_array *bench_array(struct inval_entry *list, uint32_t num)
{
	uint64_t bytes = inval_array_merge_bytes(NULL, num);
	struct inval_array *a;

	bench_must(inval_entries_sort(list, &num) == 0);
	bench_must(inval_array_merge(&a, bench_alloc(bytes), bytes, NULL, list, num) == 0);
	return a;
}

/* @num devices with ATS of SMMU 0, StreamIDs by chance below 2^31, none twice. */
static struct inval_entry *bench_devices(uint32_t num)
{
	struct inval_entry *list = (struct inval_entry *)bench_alloc(num * sizeof(*list));
	uint32_t i;

	for (i = 0; i < num; i++)
		bench_must(inval_entry_ats(&list[i], 0,
					   i * (0x80000000U / num) +
					   (uint32_t)bench_random() % (0x80000000U / num),
					   false, 0, 12) == 0);
	return list;
}

/* @num of those in @a, by chance, in order, none twice. */
static void bench_pick(struct inval_entry *list, uint32_t num, struct inval_array *a)
{
	uint32_t i, part = a->num / num;

	for (i = 0; i < num; i++) {
		list[i] = inval_array_at(a)[i * part + (uint32_t)bench_random() % part];
		list[i].users = 1;
	}
}

/* SMMUs with queues that consume all at once, and a flush over them. */
#define BENCH_SMMUS 256U
#define BENCH_BATCH 64U

static struct {
	struct inval_smmu smmu[BENCH_SMMUS];
	struct inval_queue queue[BENCH_SMMUS];
	struct inval_smmu *smmus[BENCH_SMMUS];
	struct inval_cmd batch[BENCH_BATCH];
	struct inval_flush_wait waits[BENCH_SMMUS];
	struct inval_flush flush;
	struct inval_cmd out[1U << BENCH_SIZE_LG2];	/* what a path writes */
} bench;

static void bench_queue(struct inval_queue *queue)
{
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.base = (inval_mmio)bench_alloc(4096);
	cfg.size_lg2 = BENCH_SIZE_LG2;
	cfg.mem = (uint64_t *)bench_alloc(INVAL_CMD_BYTES << BENCH_SIZE_LG2);
	cfg.book = (uint64_t *)bench_alloc(inval_queue_book_bytes(BENCH_SIZE_LG2));
	cfg.timeout_us = 1000000;
	cfg.coherent = true;
	cfg.kind = INVAL_QUEUE_VIRTUAL;	/* PROD is CONS, too: all is consumed at once */
	bench_must(inval_queue_init(queue, &cfg) == 0);
}

/* Call it again for SMMUs with range invalidation, or without. */
static void bench_machine(bool ril)
{
	struct inval_flush f = { bench.smmus, BENCH_SMMUS, bench.batch, BENCH_BATCH,
				 bench.waits, BENCH_SMMUS, NULL, 0, 0, false };
	uint32_t i;

	for (i = 0; i < BENCH_SMMUS; i++) {
		if (bench.smmus[i] == NULL)
			bench_queue(&bench.queue[i]);
		bench.smmu[i].number = i;
		bench.smmu[i].caps.feat = ril ? INVAL_FEAT_RIL : 0U;
		inval_policy_init(&bench.smmu[i].policy);
		bench.smmu[i].queue = &bench.queue[i];
		bench.smmus[i] = &bench.smmu[i];
	}
	bench.flush = f;
}

/* Queues that only copy. */
static int bench_copy_issue(struct inval_smmu *s, const struct inval_cmd *cmds, uint32_t num,
			    bool sync, struct inval_ticket *ticket)
{
	uint32_t i;

	(void)s;
	(void)ticket;
	for (i = 0; i < num; i++)
		bench.out[i] = cmds[i];
	if (sync)
		bench.out[num].d0 = INVAL_OP_SYNC;
	return 0;
}

static int bench_copy_wait(struct inval_smmu *s, const struct inval_ticket *ticket)
{
	(void)s;
	(void)ticket;
	return 0;
}

/* @num pages of 4 KB; 0: everything. */
static struct inval_range_req bench_pages(uint64_t num)
{
	struct inval_range_req req = { 0x1234000, num * 4096, 12, 12, true, false };

	return req;
}

/*
 * Entries of SMMU @smmu of the types whose bit is set in @types: one each, but
 * @devices with ATS; returns their number.
 */
static uint32_t bench_layout(struct inval_entry *list, uint32_t smmu, uint32_t types,
			     uint32_t devices)
{
	uint32_t n = 0, i;

	if (types & 1U)
		bench_must(inval_entry_s1(&list[n++], smmu, 0, 7, false) == 0);
	if (types & 2U)
		bench_must(inval_entry_s2(&list[n++], smmu, 9) == 0);
	if (types & 4U)
		bench_must(inval_entry_s1_clear(&list[n++], smmu, 9) == 0);
	for (i = 0; (types & 8U) && i < devices; i++)
		bench_must(inval_entry_ats(&list[n++], smmu, i * 8U, false, 0, 12) == 0);
	for (i = 0; (types & 16U) && i < devices; i++)
		bench_must(inval_entry_ats_full(&list[n++], smmu, i * 8U + 4U) == 0);
	return n;
}

/* Flushes: of how many pages, over how many SMMUs, with what on each. */
static const struct bench_walk {
	const char *name;
	uint32_t smmus, types, devices, pages;
	bool ril;
} bench_walks[] = {
	{ "1 ASID, 4 KB", 1, 1, 0, 1, false },
	{ "1 ASID, 511 x 4 KB", 1, 1, 0, 511, false },
	{ "1 ASID, 4 KB, range", 1, 1, 0, 1, true },
	{ "1 ASID, everything", 1, 1, 0, 0, true },
	{ "8 VMIDs, 4 KB, range", 8, 2, 0, 1, true },
	{ "1 ASID + 64 ATS, 4 KB, range", 1, 1 | 8, 64, 1, true },
	{ "16 x (VMID + clear + 256 ATS_FULL), 4 KB, range", 16, 2 | 4 | 16, 256, 1, true },
};

#define BENCH_WALKS (sizeof(bench_walks) / sizeof(bench_walks[0]))

static struct inval_array *bench_walk_array(const struct bench_walk *w)
{
	static struct inval_entry list[BENCH_SMMUS * (3U + 2U * 256U)];
	uint32_t i, n = 0;

	for (i = 0; i < w->smmus; i++)
		n += bench_layout(&list[n], i, w->types, w->devices);
	return bench_array(list, n);
}

/* A guest, its streams, and commands that become others. */
#define BENCH_STREAMS 16U
#define BENCH_KINDS 6U

static struct {
	struct inval_guest guest;
	struct inval_guest_stream stream[BENCH_STREAMS];
} bench_guest;

static const struct bench_kind {
	const char *name;
	struct inval_cmd cmd;
} bench_kinds[BENCH_KINDS] = {
	{ "TLBI_NH_VA", { 0x0077000000000012, 0x1234001 } },
	{ "TLBI_NH_VA, range", { 0x0077000000305012, 0x1235401 } },	/* 48 pages */
	{ "TLBI_NH_ASID", { 0x0077000000000011, 0 } },
	{ "TLBI_NSNH_ALL", { 0x0000000000000030, 0 } },
	{ "CFGI_CD", { 0x0000000500000005, 1 } },
	{ "ATC_INV", { 0x0000000500000040, 0x1234001 } },
};

/* By number; what inval_guest_map_find() takes is not of the vetting. */
static bool bench_find(const void *list, uint32_t vsid, struct inval_guest_stream *stream)
{
	if (vsid >= BENCH_STREAMS)
		return false;
	*stream = ((const struct inval_guest_stream *)list)[vsid];
	return true;
}

/* An SMMU, and without @stage2 what a guest is shown of it. */
static struct inval_idregs bench_idregs(bool stage2)
{
	struct inval_idregs regs;

	memset(&regs, 0, sizeof(regs));
	regs.aidr = 4;
	regs.idr0 = stage2 ? 0x00057e33 : 0x00057e32;
	regs.idr1 = 0x00000520;
	regs.idr3 = 0x00000500;
	regs.idr5 = 0x000001f5;
	return regs;
}

static void bench_guest_init(void)
{
	struct inval_guest *g = &bench_guest.guest;
	struct inval_guest_policy policy;
	struct inval_idregs regs = bench_idregs(true), less = bench_idregs(false);
	struct inval_caps caps, shown;
	uint32_t i;

	bench_must(inval_caps_read(&caps, &regs) == 0 && inval_caps_read(&shown, &less) == 0);
	inval_guest_policy_host(&policy);
	bench_must(inval_guest_init(g, &caps, &shown, &policy, 9) == 0);
	g->enabled = true;
	for (i = 0; i < BENCH_STREAMS; i++) {
		bench_guest.stream[i].vsid = i;
		bench_guest.stream[i].sid = i;
		bench_guest.stream[i].ats = true;
		bench_guest.stream[i].stu_lg2 = 12;
	}
}

#endif /* BENCH_CASES */
