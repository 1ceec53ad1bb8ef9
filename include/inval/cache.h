/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/cache.h - caches by virtual address.
 *
 * Ranges are any bytes, of one mapping that the CPU can use; 0 bytes: nothing to
 * do. A range that passes the end of the address space is the caller's mistake.
 * To the point of coherency (PoC) is as far as a device sees that does not look
 * into caches; to the point of unification (PoU) as far as instruction fetches.
 *
 * A function begins with a DSB where what it acts on may have been accessed through
 * a mapping of other attributes, or by others: only a barrier orders these (Arm DDI
 * 0487, chapter D7). Each that has something to do ends with one: then it has taken
 * effect. Several CPUs may work on the same range.
 */
#ifndef INVAL_CACHE_GUARD
#define INVAL_CACHE_GUARD

#include "types.h"
#include "attr.h"
#include "port.h"

INVAL_BEGIN

INVAL_PORT_USES_CACHE(cache)

/* Internal: what is done to a line. */
enum inval_cache_op {
	INVAL_CACHE_CVAC,
	INVAL_CACHE_CIVAC,
	INVAL_CACHE_IVAC,
	INVAL_CACHE_CVAU,
	INVAL_CACHE_IVAU
};

/* Internal: one line. */
INVAL_ALWAYS_INLINE void inval_cache_line(enum inval_cache_op op, uint64_t va)
{
	switch (op) {
	case INVAL_CACHE_CVAC:
		inval_port_dc_cvac(va);
		break;
	case INVAL_CACHE_CIVAC:
		inval_port_dc_civac(va);
		break;
	case INVAL_CACHE_IVAC:
		inval_port_dc_ivac(va);
		break;
	case INVAL_CACHE_CVAU:
		inval_port_dc_cvau(va);
		break;
	default:
		inval_port_ic_ivau(va);
		break;
	}
}

/* Internal: each line of a range, which may end with the last address. */
INVAL_ALWAYS_INLINE void inval_cache_lines(enum inval_cache_op op, uint64_t va, uint64_t bytes,
					   uint32_t line_lg2)
{
	uint64_t line = 1ULL << line_lg2, at = va & ~(line - 1U), last = va + (bytes - 1U);

	if (bytes == 0U)
		return;
	while (last - at >= line) {
		inval_cache_line(op, at);
		at += line;
	}
	inval_cache_line(op, at);
}

/* Internal: size of the smallest data line (CTR_EL0.DminLine, in words), log2. */
static inline uint32_t inval_cache_dline_lg2(uint64_t ctr)
{
	return (uint32_t)inval_field(ctr, 19, 16) + 2U;
}

/*
 * Internal: what an invalidate of one byte may throw away, log2: a line of the
 * largest size (CTR_EL0.CWG; 2 KB where it says nothing).
 */
static inline uint32_t inval_cache_granule_lg2(uint64_t ctr)
{
	uint32_t words_lg2 = (uint32_t)inval_field(ctr, 27, 24);
	uint32_t line_lg2 = inval_cache_dline_lg2(ctr);

	if (words_lg2 == 0U)
		return 11;
	return words_lg2 + 2U > line_lg2 ? words_lg2 + 2U : line_lg2;
}

/**
 * inval_cache_clean() - what was stored is in memory
 * @va: first byte
 * @bytes: length
 *
 * To the PoC. Lines stay valid.
 *
 * Context: any.
 */
static inline void inval_cache_clean(uint64_t va, uint64_t bytes)
{
	if (bytes == 0U)
		return;
	inval_port_dsb();
	inval_cache_lines(INVAL_CACHE_CVAC, va, bytes,
			  inval_cache_dline_lg2(inval_port_ctr_el0()));
	inval_port_dsb();
}

/**
 * inval_cache_clean_inv() - what was stored is in memory, and no cache has it
 * @va: first byte
 * @bytes: length
 *
 * To the PoC. With another mapping that is cacheable, lines may come back at once.
 *
 * Context: any.
 */
static inline void inval_cache_clean_inv(uint64_t va, uint64_t bytes)
{
	if (bytes == 0U)
		return;
	inval_port_dsb();
	inval_cache_lines(INVAL_CACHE_CIVAC, va, bytes,
			  inval_cache_dline_lg2(inval_port_ctr_el0()));
	inval_port_dsb();
}

/**
 * inval_cache_inv() - what others put into memory is seen
 * @va: first byte
 * @bytes: length
 *
 * To the PoC. Stores to the range that are still in a cache are lost, but for those
 * near its ends: a line that reaches beyond the range, as the largest of the
 * machine's lines may, is cleaned too, for the neighbour's sake.
 *
 * Context: any.
 */
static inline void inval_cache_inv(uint64_t va, uint64_t bytes)
{
	uint64_t ctr = inval_port_ctr_el0();
	uint64_t rest = (1ULL << inval_cache_granule_lg2(ctr)) - 1U;
	uint64_t head = (0U - va) & rest, tail = (va + bytes) & rest;
	uint32_t line_lg2 = inval_cache_dline_lg2(ctr);

	if (bytes == 0U)
		return;
	inval_port_dsb();
	if (head + tail >= bytes) {
		inval_cache_lines(INVAL_CACHE_CIVAC, va, bytes, line_lg2);
	} else {
		inval_cache_lines(INVAL_CACHE_CIVAC, va, head, line_lg2);
		inval_cache_lines(INVAL_CACHE_IVAC, va + head, bytes - head - tail, line_lg2);
		inval_cache_lines(INVAL_CACHE_CIVAC, va + bytes - tail, tail, line_lg2);
	}
	inval_port_dsb();
}

/**
 * inval_cache_clean_pou() - what was stored is seen by instruction fetches
 * @va: first byte
 * @bytes: length
 *
 * Instruction caches may still hold what was there before: inval_cache_code() does
 * both. Where CTR_EL0.IDC says that no clean is needed, only the barrier is left.
 *
 * Context: any.
 */
static inline void inval_cache_clean_pou(uint64_t va, uint64_t bytes)
{
	uint64_t ctr = inval_port_ctr_el0();

	if (bytes == 0U)
		return;
	inval_port_dsb();
	if (inval_field(ctr, 28, 28) != 0U)
		return;
	inval_cache_lines(INVAL_CACHE_CVAU, va, bytes, inval_cache_dline_lg2(ctr));
	inval_port_dsb();
}

/**
 * inval_cache_icache() - instruction caches forget a range
 * @va: first byte
 * @bytes: length
 *
 * Of all CPUs that share the range; other CPUs need an ISB before they execute
 * it. Where CTR_EL0.DIC says that none is needed, only the ISB is left.
 *
 * Context: any.
 */
static inline void inval_cache_icache(uint64_t va, uint64_t bytes)
{
	uint64_t ctr = inval_port_ctr_el0();

	if (bytes == 0U)
		return;
	if (inval_field(ctr, 29, 29) == 0U) {
		inval_cache_lines(INVAL_CACHE_IVAU, va, bytes,
				  (uint32_t)inval_field(ctr, 3, 0) + 2U);
		inval_port_dsb();
	}
	inval_port_isb();
}

/**
 * inval_cache_code() - what was stored can be executed
 * @va: first byte
 * @bytes: length
 *
 * inval_cache_clean_pou(), then inval_cache_icache(), in the order and with the
 * barriers of Arm DDI 0487, chapter B2.
 *
 * Context: any.
 */
static inline void inval_cache_code(uint64_t va, uint64_t bytes)
{
	inval_cache_clean_pou(va, bytes);
	inval_cache_icache(va, bytes);
}

/**
 * struct inval_cache_where - the range of a plan
 * @alias: its first byte in the alias; not read without one
 * @va: its first byte in the mapping that is changed; not read where no step goes
 *	through that
 * @bytes: length, in whole pages
 */
struct inval_cache_where {
	uint64_t alias;
	uint64_t va;
	uint64_t bytes;
};

/**
 * typedef inval_cache_others - a step of a plan that is the embedder's
 *
 * Entries are written, and cleaned where an SMMU is not coherent; TLBI_CPU is issued;
 * TLBI_SMMU is inval_domain_flush(); ICACHE_ALL is IC IALLUIS. 0 or -INVAL_E*.
 */
typedef int inval_cache_others(void *arg, enum inval_step step);

/* Internal: a step by address. */
static inline void inval_cache_step(enum inval_step step, uint64_t va, uint64_t bytes)
{
	switch (step) {
	case INVAL_STEP_CLEAN:
		inval_cache_clean(va, bytes);
		break;
	case INVAL_STEP_CLEAN_INV:
		inval_cache_clean_inv(va, bytes);
		break;
	case INVAL_STEP_INV:
		inval_cache_inv(va, bytes);
		break;
	case INVAL_STEP_CLEAN_POU:
		inval_cache_clean_pou(va, bytes);
		break;
	default:
		inval_cache_icache(va, bytes);
		break;
	}
}

/**
 * inval_cache_run() - change a mapping's attributes
 * @plan: from inval_attr_plan()
 * @where: the range
 * @others: the embedder's steps, by name: then they are called directly
 * @arg: for @others
 *
 * Context: any in which @others may run; the lock of the tables is held.
 * Return: 0; else the error of @others: nothing after that step was done, and the
 * pages must not be used until a plan for them has come to its end.
 */
INVAL_ALWAYS_INLINE INVAL_MUST_CHECK int inval_cache_run(const struct inval_plan *plan,
							 const struct inval_cache_where *where,
							 inval_cache_others *others, void *arg)
{
	const struct inval_attr_step *s;
	uint32_t i;
	int err = 0;

	for (i = 0; i < plan->num && err == 0; i++) {
		s = &plan->step[i];
		if (s->step == INVAL_STEP_BARRIER) {
			inval_port_dsb();
			inval_port_isb();
		} else if (s->via == INVAL_VIA_ALIAS) {
			inval_cache_step(s->step, where->alias, where->bytes);
		} else if (s->via == INVAL_VIA_NEW) {
			inval_cache_step(s->step, where->va, where->bytes);
		} else {
			err = others(arg, s->step);
		}
	}
	return err;
}

INVAL_END

#endif /* INVAL_CACHE_GUARD */
