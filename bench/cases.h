/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured, for bench/count.c (instructions) and, with BENCH_TIME, bench/array.cc. Each case is a function
 * that is not inlined and does what is named once.
 */
#ifndef BENCH_CASES
#define BENCH_CASES

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bench_copied;

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

/* Entries of SMMU @smmu, one of each type whose bit is set in @types; returns their number. */
static uint32_t bench_layout(struct inval_entry *list, uint32_t smmu, uint32_t types)
{
	uint32_t n = 0;

	if (types & 1U)
		bench_must(inval_entry_s1(&list[n++], smmu, 0, 7, false) == 0);
	if (types & 2U)
		bench_must(inval_entry_s2(&list[n++], smmu, 9) == 0);
	if (types & 4U)
		bench_must(inval_entry_s1_clear(&list[n++], smmu, 9) == 0);
	if (types & 8U)
		bench_must(inval_entry_ats(&list[n++], smmu, 8, false, 0, 12) == 0);
	if (types & 16U)
		bench_must(inval_entry_ats_full(&list[n++], smmu, 16) == 0);
	return n;
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

#endif /* BENCH_CASES */
