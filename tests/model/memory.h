/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that CPUs write and the SMMU reads.
 *
 * Stores to it are plain, so no hook shows them. A test with the recording port
 * looks at each hook (model_mem_look): words that changed since were stored by the
 * CPU that now comes to its hook. They are loose until a write barrier of that CPU
 * (model_mem_barrier). What the SMMU is told to read while loose, is a fault.
 *
 * Non-coherent: the SMMU reads a copy, which only cache maintenance of the CPUs
 * brings up to date (model_mem_clean).
 *
 * With threads nobody looks: model_mem_init() with @watch false.
 */
#ifndef MODEL_MEMORY_GUARD
#define MODEL_MEMORY_GUARD

#include <stdlib.h>

#include "model.h"

/**
 * struct model_mem - a piece of memory
 * @mem: the CPUs'
 * @words: of 8 bytes
 * @last: @mem at the last look; NULL: not watched
 * @seen: what the SMMU reads; @mem itself when coherent
 * @loose: CPU + 1 of a store that no barrier follows yet
 * @stored: called for each word that a CPU changed
 */
struct model_mem {
	uint64_t *mem;
	uint32_t words;
	uint64_t *last;
	uint64_t *seen;
	uint8_t *loose;
	void (*stored)(struct model_mem *mm, uint32_t word);
};

static inline void *model_calloc(size_t n, size_t bytes)
{
	void *p = calloc(n, bytes);

	if (p == NULL)
		abort();
	return p;
}

static inline void model_mem_init(struct model_mem *mm, uint64_t *mem, uint32_t words, bool watch,
				  bool coherent)
{
	memset(mm, 0, sizeof(*mm));
	mm->mem = mem;
	mm->words = words;
	mm->seen = mem;
	mm->loose = (uint8_t *)model_calloc(words, 1);
	if (watch) {
		mm->last = (uint64_t *)model_calloc(words, 8);
		memcpy(mm->last, mem, words * 8U);
	}
	if (!coherent) {
		mm->seen = (uint64_t *)model_calloc(words, 8);
		memcpy(mm->seen, mem, words * 8U);
	}
}

static inline void model_mem_fini(struct model_mem *mm)
{
	if (mm->seen != mm->mem)
		free(mm->seen);
	free(mm->last);
	free(mm->loose);
	memset(mm, 0, sizeof(*mm));
}

/* What changed was stored by this CPU. */
static inline void model_mem_look(struct model_mem *mm, uint32_t cpu)
{
	uint32_t i;

	if (mm->last == NULL || memcmp(mm->last, mm->mem, mm->words * 8U) == 0)
		return;
	for (i = 0; i < mm->words; i++) {
		if (mm->last[i] == mm->mem[i])
			continue;
		mm->last[i] = mm->mem[i];
		mm->loose[i] = (uint8_t)(cpu + 1U);
		if (mm->stored)
			mm->stored(mm, i);
	}
}

/* What this CPU stored is visible before anything that it stores later. */
static inline void model_mem_barrier(struct model_mem *mm, uint32_t cpu)
{
	uint32_t i;

	for (i = 0; i < mm->words; i++) {
		if (mm->loose[i] == cpu + 1U)
			mm->loose[i] = 0;
	}
}

/* Cleaned to where the SMMU reads. */
static inline void model_mem_clean(struct model_mem *mm, const void *mem, uint64_t bytes)
{
	uint64_t first = (uint64_t)((const uint64_t *)mem - mm->mem), i;

	for (i = first; i < first + bytes / 8U && i < mm->words; i++)
		mm->seen[i] = mm->mem[i];
}

/* May the SMMU read this word now, and will it find what the CPUs last stored? */
static inline bool model_mem_settled(const struct model_mem *mm, uint32_t word)
{
	return mm->loose[word] == 0U && mm->seen[word] == __atomic_load_n(&mm->mem[word],
									 __ATOMIC_RELAXED);
}

/* The SMMU reads a little-endian word. */
static inline uint64_t model_mem_read(const struct model_mem *mm, uint32_t word)
{
	uint64_t raw = __atomic_load_n(&mm->seen[word], __ATOMIC_RELAXED), v = 0;
	unsigned char byte[8];
	uint32_t i;

	memcpy(byte, &raw, 8);
	for (i = 8; i > 0U; i--)
		v = (v << 8) | byte[i - 1U];
	return v;
}

/* The judge spoils a word, for all; @raw is the same in every byte order. */
static inline void model_mem_spoil(struct model_mem *mm, uint32_t word, uint64_t raw)
{
	__atomic_store_n(&mm->mem[word], raw, __ATOMIC_RELAXED);
	if (mm->seen != mm->mem)
		mm->seen[word] = raw;
	if (mm->last != NULL)
		mm->last[word] = raw;
	mm->loose[word] = 0;
}

#endif /* MODEL_MEMORY_GUARD */
