/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * proof.h - what the proofs share. A local variable without a value is any value
 * for cbmc; so are the functions nondet_*().
 *
 * SIZE is the most entries, additions or deletions of a case: 4, or what --size says;
 * TOTAL and NUM are those of one run, of a proof that has a run for each.
 */
#ifndef INVAL_PROOF_H
#define INVAL_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#ifndef SIZE
#define SIZE 4
#endif
#ifndef TOTAL
#define TOTAL SIZE
#endif
#ifndef NUM
#define NUM SIZE
#endif

#define assume(cond) __CPROVER_assume(cond)
#define prove(cond) __CPROVER_assert(cond, #cond)

uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
bool nondet_bool(void);

/* Any number up to @most. */
static inline uint32_t any_to(uint32_t most)
{
	uint32_t n = nondet_u32();

	assume(n <= most);
	return n;
}

/*
 * Run @call for every @n up to @most, one of which holds: inside it @n is a number
 * and not a variable, so loops over it have one length. It is much faster so.
 */
#define CASES(n, most, call) \
	do { \
		uint32_t n##_any = any_to(most), n; \
		for (n = 0; n <= (most); n++) \
			if (n == n##_any) \
				call; \
	} while (0)

#endif /* INVAL_PROOF_H */
