/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fuzz.h - what the targets share: a target reads its input byte by byte, zeros behind
 * its end, and dies in FUZZ_CHECK. tests/suites/fuzz.sh builds and runs them.
 */
#ifndef TESTS_FUZZ_GUARD
#define TESTS_FUZZ_GUARD

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *fuzz_at;
static size_t fuzz_left;

#define FUZZ_CHECK(cond, ...) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

static inline void fuzz_begin(const uint8_t *data, size_t size)
{
	fuzz_at = data;
	fuzz_left = size;
}

static inline uint8_t fuzz_byte(void)
{
	if (fuzz_left == 0U)
		return 0;
	fuzz_left--;
	return *fuzz_at++;
}

static inline uint64_t fuzz_word(uint32_t bytes)
{
	uint64_t word = 0;

	while (bytes-- != 0U)
		word = (word << 8) | fuzz_byte();
	return word;
}

/* 0 to @n - 1, of one byte. */
static inline uint32_t fuzz_pick(uint32_t n)
{
	return fuzz_byte() % n;
}

/* A number with a few bits set, or nearly all: where bounds are. */
static inline uint64_t fuzz_edge(void)
{
	uint64_t near = (uint64_t)fuzz_byte() - 128U;

	return (1ULL << (fuzz_byte() & 63U)) + near;
}

static inline void *fuzz_alloc(uint64_t bytes)
{
	void *mem = malloc((size_t)bytes);

	FUZZ_CHECK(mem != NULL, "no memory");
	return mem;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* TESTS_FUZZ_GUARD */
