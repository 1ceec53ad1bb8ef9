/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * range.h, SMMU pieces, for all addresses, lengths, leaf sizes, flags and features.
 *
 * range_start_* for each granule: what is set out covers the request, rounded outwards to the granule,
 *		or to the leaf with a hint or without RIL; a hint names
 *		the level of the leaves; nothing passes 2^64; refusals
 *		exact
 * range_next	one piece of anything that start, or an earlier piece, can leave:
 *		begins at or before the first address still to be covered and ends
 *		behind it, not behind the end; no gap, and less is left than before;
 *		NUM, SCALE, TG, TTL and the address are legal by IHI 0070, 4.4.1.1
 * By induction over the pieces: all is covered, nothing besides, and it ends.
 */
#include <inval/range.h>

#include "proof.h"

/* What a range is between two pieces; @unit: entries that the address is a multiple of. */
static bool good(const struct inval_range *it, uint64_t block)
{
	return it->unit_lg2 >= 12U && it->unit_lg2 <= 63U && it->left <= it->end &&
	       inval_fits(it->end - 1U, 64U - it->unit_lg2) && it->end != 0U &&
	       (it->end & (block - 1U)) == 0U && (it->left & (block - 1U)) == 0U;
}

/* Entries of the hinted level, in granules, log2; 0 without a hint. */
static uint32_t block_lg2(uint32_t granule_lg2, uint64_t words)
{
	uint32_t ttl = (uint32_t)inval_field(words, 9, 8);
	uint32_t bits = granule_lg2 - ((words >> 7 & 1U) != 0U ? 4U : 3U);

	return ttl == 0U ? 0U : (3U - ttl) * bits;
}

/* @granule_lg2: 0 for none of the three that there are. */
static void start(uint8_t granule_lg2)
{
	struct inval_range_req req;
	struct inval_range_how how;
	struct inval_range it;
	bool all, bad;
	uint64_t last, low, high, page;
	int err;

	req.leaf = nondet_bool();
	req.d128 = nondet_bool();
	how.ril = nondet_bool();
	how.ds = nondet_bool();
	how.one = false;
	if (granule_lg2 != 0U)
		req.granule_lg2 = granule_lg2;
	else
		assume(req.granule_lg2 != 12U && req.granule_lg2 != 14U && req.granule_lg2 != 16U);
	all = req.bytes == 0U || req.bytes == UINT64_MAX;
	last = req.addr + (req.bytes - 1U);
	bad = (req.granule_lg2 != 12U && req.granule_lg2 != 14U && req.granule_lg2 != 16U) ||
	      (req.leaf_lg2 != 0U && req.leaf_lg2 < req.granule_lg2) || req.leaf_lg2 > 63U ||
	      last < req.addr;
	err = inval_range_start(&it, &req, &how);
	prove(err == (all ? INVAL_RANGE_ALL : bad ? -INVAL_EINVAL : 0));
	if (err != 0) {
		prove(it.left == 0U);
		return;
	}
	prove(it.left != 0U && good(&it, 1ULL << (how.ril ? block_lg2(req.granule_lg2, it.ranged) :
						  0U)));
	prove(it.ril == how.ril && (!how.ril || it.unit_lg2 == req.granule_lg2));
	low = (it.end - it.left) << it.unit_lg2;
	high = ((it.end - 1U) << it.unit_lg2) + ((1ULL << it.unit_lg2) - 1U);
	prove(low <= req.addr && high >= last);
	page = req.leaf_lg2 > req.granule_lg2 ? 1ULL << req.leaf_lg2 : 1ULL << req.granule_lg2;
	prove(req.addr - low < page && high - last < page);
	if (how.ril) {
		prove(it.max_scale == (how.ds ? 39U : 31U));
		prove(inval_field(it.ranged, 11, 10) == (req.granule_lg2 - 10U) / 2U);
		prove(block_lg2(req.granule_lg2, it.ranged) + req.granule_lg2 <=
		      (req.leaf_lg2 != 0U ? req.leaf_lg2 : req.granule_lg2));
		prove(inval_field(it.ranged, 9, 8) != 0U ? it.classic == it.ranged && req.leaf :
		      it.classic == (req.leaf ? 1U : 0U));
		prove(inval_field(it.ranged, 9, 8) == 0U ||
		      req.leaf_lg2 - block_lg2(req.granule_lg2, it.ranged) <
		      2U * req.granule_lg2 - (req.d128 ? 4U : 3U));
	} else {
		prove(it.classic == (req.leaf ? 1U : 0U));
	}
}

void proof_range_start_12(void)
{
	start(12);
}

void proof_range_start_14(void)
{
	start(14);
}

void proof_range_start_16(void)
{
	start(16);
}

void proof_range_start_none(void)
{
	start(0);
}

/* All that start can leave: the fields that next reads. */
static void any_range(struct inval_range *it, uint32_t *block)
{
	uint32_t tg = any_to(3), ttl = any_to(3), leaf = any_to(1), ttl128 = any_to(1);

	it->ril = nondet_bool();
	it->max_scale = nondet_bool() ? 39U : 31U;
	*block = 0;
	if (it->ril) {
		assume(tg != 0U && (ttl != 0U || ttl128 == 0U) && (ttl == 0U || leaf != 0U));
		it->unit_lg2 = 10U + 2U * tg;
		it->ranged = leaf | ttl128 << 7 | ttl << 8 | tg << 10;
		it->classic = ttl != 0U ? it->ranged : leaf;
		*block = block_lg2(it->unit_lg2, it->ranged);
	} else {
		it->classic = leaf;
	}
	assume(it->left != 0U && good(it, 1ULL << *block));
}

void proof_range_next(void)
{
	struct inval_range it, was;
	struct inval_range_piece piece;
	uint64_t first, units;
	uint32_t block, num, scale;

	any_range(&it, &block);
	was = it;
	prove(inval_range_next(&it, &piece));
	num = (uint32_t)inval_field(piece.d0, 16, 12);
	scale = (uint32_t)inval_field(piece.d0, 25, 20);
	prove(piece.d0 == (inval_bits(num, 12) | inval_bits(scale, 20)) && scale <= was.max_scale);
	prove(was.ril || piece.d0 == 0U);
	prove((piece.d1 & 0xfffU) == (piece.d0 == 0U ? was.classic : was.ranged));
	prove(inval_field(piece.d1, 11, 10) == 0U || piece.d0 != 0U ||
	      inval_field(piece.d1, 9, 8) != 0U);
	first = (piece.d1 & ~0xfffULL) >> was.unit_lg2;
	prove(first << was.unit_lg2 == (piece.d1 & ~0xfffULL));
	prove((first & ((1ULL << block) - 1U)) == 0U);
	units = (uint64_t)(num + 1U) << scale;
	prove(first <= was.end - was.left && units <= was.end - first);
	prove(it.left < was.left && first + units >= it.end - it.left);
	prove(it.end == was.end && it.unit_lg2 == was.unit_lg2 && it.ril == was.ril &&
	      it.max_scale == was.max_scale && it.classic == was.classic &&
	      it.ranged == was.ranged);
	prove(it.left == 0U || good(&it, 1ULL << block));
}
