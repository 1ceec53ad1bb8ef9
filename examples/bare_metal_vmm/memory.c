/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* memory.c - memory for tables and frames, and the two functions that compilers call. */
#include "vmm.h"

static uint64_t next = POOL;

void *alloc(uint64_t bytes, uint64_t align)
{
	uint64_t at = (next + align - 1U) & ~(align - 1U);
	uint64_t *words = (uint64_t *)at;
	uint64_t i;

	next = at + ((bytes + 7U) & ~7ULL);
	if (next > POOL_END)
		die("out of memory");
	for (i = 0; i < (next - at) / 8U; i++)
		words[i] = 0;
	return words;
}

/*
 * Arrays of the library go back one by one. What is given back is spoilt, so that
 * a use of it afterwards cannot go unnoticed; the memory itself goes with its row.
 */
#define ARRAY_LIVE 0x6c697665U

static uint32_t arrays;

void *array_alloc(uint64_t bytes)
{
	uint64_t *words;

	if (bytes == 0U)
		return NULL;
	words = alloc(bytes + 16U, 8);
	words[0] = ARRAY_LIVE;
	words[1] = bytes;
	arrays++;
	return words + 2;
}

void array_free(void *mem)
{
	uint64_t *words = (uint64_t *)mem - 2;
	uint64_t i;

	if (words[0] != ARRAY_LIVE)
		die("an array was given back twice, or is none");
	words[0] = 0;
	for (i = 0; i < words[1] / 8U; i++)
		words[2U + i] = ~0ULL;
	arrays--;
}

uint32_t arrays_live(void)
{
	return arrays;
}

uint64_t alloc_mark(void)
{
	return next;
}

void alloc_return(uint64_t mark)
{
	next = mark;
}

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

void *memcpy(void *to, const void *from, size_t bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (bytes-- != 0U)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	uint8_t *t = to;

	while (bytes-- != 0U)
		*t++ = (uint8_t)value;
	return to;
}
