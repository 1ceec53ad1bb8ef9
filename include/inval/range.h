/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/range.h - an address range as TLBI commands, CPU TLBI operands and
 * ATC_INV spans.
 *
 * Pure. Three questions, all about the same range of addresses:
 *	inval_range_*		pieces for the SMMU's TLBI by address
 *	inval_range_cpu_*	operands for the CPU's TLBI and TLBI R*
 *	inval_range_atc()	spans for ATC_INV
 *
 * For every address and size: each asked byte is covered, nothing reserved or
 * misaligned is made, no piece passes 2^64, and the iterators end. A range is
 * rounded outwards to whole pages; one that ends exactly at 2^64 is a range
 * like any other.
 */
#ifndef INVAL_RANGE_GUARD
#define INVAL_RANGE_GUARD

#include "cmd.h"
#include "types.h"

INVAL_BEGIN

/* What the start functions return for "no pieces: invalidate everything". */
#define INVAL_RANGE_ALL		1
#define INVAL_RANGE_MAX_SPANS	4U

/* NUM is NUM + 1 times a power of two, NUM having 5 bits in both architectures. */
#define INVAL_RANGE_MAX_NUM	32U
/* SCALE has 5 bits with IDR5.DS = 0, and is 39 at most with DS = 1 (IHI 0070, 4.4.1.1). */
#define INVAL_RANGE_SCALE	31U
#define INVAL_RANGE_SCALE_DS	39U

/* Fields of a CPU TLBI operand; ASID is common (DDI 0487, chapter C5: TLBI VAE1, TLBI RVAE1). */
#define INVAL_RANGE_CPU_VA_BITS		44U
#define INVAL_RANGE_CPU_BASE_BITS	37U
#define INVAL_RANGE_CPU_NUM_SHIFT	39
#define INVAL_RANGE_CPU_SCALE_SHIFT	44
#define INVAL_RANGE_CPU_TG_SHIFT	46
#define INVAL_RANGE_CPU_ASID_SHIFT	48

/**
 * struct inval_range_req - which addresses changed, and how they were mapped
 * @addr: first byte, VA or IPA; need not be aligned
 * @bytes: length; 0 or all ones is everything
 * @granule_lg2: translation granule: 12, 14 or 16
 * @leaf_lg2: size of the leaves, a page, a block or a contiguous set, at least
 *	@granule_lg2; 0 when not known. With @leaf ALL changed leaves have this
 *	size (give 0 if they are of several): the hint that follows from it
 *	lets the hardware keep every other. Without @leaf the smallest will do
 * @leaf: only leaf entries changed, the tables above them stayed
 * @d128: the tables have 128-bit descriptors, so other block sizes; needs
 *	IDR5.D128
 */
struct inval_range_req {
	uint64_t addr;
	uint64_t bytes;
	uint8_t granule_lg2;
	uint8_t leaf_lg2;
	bool leaf;
	bool d128;
};

/**
 * struct inval_range_how - what the hardware can do, and a policy
 * @ril: SMMU: IDR3.RIL; CPU: FEAT_TLBIRANGE
 * @ds: SMMU: IDR5.DS; CPU: the base is in units of 64 KB (TCR_ELx.DS or D128)
 * @one: SMMU with @ril: round the length up by 6.25 % at most, so that one
 *	command is enough; the CPU's operands ignore it
 */
struct inval_range_how {
	bool ril;
	bool ds;
	bool one;
};

/**
 * struct inval_range_piece - what to OR into a TLBI by address
 * @d0: NUM, SCALE
 * @d1: address, TG, TTL, TTL128, Leaf
 */
struct inval_range_piece {
	uint64_t d0;
	uint64_t d1;
};

/**
 * struct inval_range - a range being cut into pieces; the caller's, no pointers
 * @end: end of the range, in units; 2^64 does not wrap
 * @left: units before @end that are still to be covered
 * @classic: d1 without the address, of a piece with NUM = SCALE = 0
 * @ranged: d1 without the address, of any other piece
 * @unit_lg2: size of a unit: a granule with @ril, else what one command covers
 * @max_scale: largest SCALE; without @ril not used
 * @ril: pieces may be ranges
 */
struct inval_range {
	uint64_t end;
	uint64_t left;
	uint64_t classic;
	uint64_t ranged;
	uint32_t unit_lg2;
	uint32_t max_scale;
	bool ril;
};

/* Internal: 0 and all ones are no lengths but requests for everything. */
static inline bool inval_range_is_all(uint64_t bytes)
{
	return bytes + 1U <= 1U;
}

/* Internal: can this request, which is not for everything, be cut into pieces? */
static inline bool inval_range_is_good(const struct inval_range_req *req)
{
	return (req->granule_lg2 == 12U || req->granule_lg2 == 14U || req->granule_lg2 == 16U) &&
	       (req->leaf_lg2 == 0U || req->leaf_lg2 >= req->granule_lg2) &&
	       req->leaf_lg2 < 64U && req->addr + (req->bytes - 1U) >= req->addr;
}

/*
 * Internal: the level of the leaves, 1 to 3, and the size of one entry there in
 * @size_lg2. 0 means no TTL can name it: the size is not known (one granule is
 * assumed), or is that of level 0.
 *
 * A size between two levels is a contiguous set: entries of the level below,
 * which hardware may hold one by one, so steps and hint are that level's.
 */
static inline uint32_t inval_range_level(const struct inval_range_req *req, uint32_t *size_lg2)
{
	uint32_t bits = req->granule_lg2 - (req->d128 ? 4U : 3U);
	uint32_t level = 3;

	*size_lg2 = req->granule_lg2;
	if (req->leaf_lg2 == 0U)
		return 0;
	while (level != 0U && req->leaf_lg2 - *size_lg2 >= bits) {
		*size_lg2 += bits;
		level--;
	}
	return level;
}

/* Internal: how many low bits of a length (not 0) one command has no room for. */
static inline uint32_t inval_range_drop(uint64_t units)
{
	return inval_log2(units | 16U) - 4U;
}

/*
 * Internal: a length (not 0) rounded up to what one command holds, but for SCALE's
 * limit. At least 2^(drop + 4) grows by less than 2^drop: 6.25 %. Blocks stay whole:
 * 2^drop is a multiple of the block, or nothing needs rounding.
 */
static inline uint64_t inval_range_round(uint64_t units)
{
	uint64_t mask = (1ULL << inval_range_drop(units)) - 1U;

	return (units + mask) & ~mask;
}

/*
 * Internal: set out what @req covers, rounded outwards to 2^@size_lg2 bytes, in
 * units of 2^@unit_lg2 bytes.
 */
static inline void inval_range_place(struct inval_range *it, const struct inval_range_req *req,
				     uint32_t size_lg2, uint32_t unit_lg2)
{
	uint64_t first = req->addr >> size_lg2;
	uint64_t last = (req->addr + (req->bytes - 1U)) >> size_lg2;

	it->end = (last + 1U) << (size_lg2 - unit_lg2);
	it->left = (last - first + 1U) << (size_lg2 - unit_lg2);
	it->unit_lg2 = unit_lg2;
}

/* Internal: the address of the first unit not covered yet. */
static inline uint64_t inval_range_addr(const struct inval_range *it)
{
	return (it->end - it->left) << it->unit_lg2;
}

/* Internal: TG with its code for a granule, at @shift. */
static inline uint64_t inval_range_tg(uint32_t granule_lg2, uint32_t shift)
{
	return inval_bits((granule_lg2 - 10U) >> 1, shift);
}

/* Internal: round up to one command, unless that passes 2^64 or the largest SCALE. */
static inline void inval_range_one(struct inval_range *it)
{
	uint64_t left = inval_range_round(it->left);
	uint64_t end = it->end + (left - it->left);

	if (inval_range_drop(it->left) <= it->max_scale &&
	    inval_fits(end - 1U, 64U - it->unit_lg2)) {
		it->end = end;
		it->left = left;
	}
}

/* Internal: prepare for commands with ranges; @level is 0 for no hint. */
static inline void inval_range_ril(struct inval_range *it, const struct inval_range_req *req,
				   const struct inval_range_how *how, uint32_t level,
				   uint32_t size_lg2)
{
	inval_range_place(it, req, level != 0U ? size_lg2 : req->granule_lg2, req->granule_lg2);
	it->max_scale = how->ds ? INVAL_RANGE_SCALE_DS : INVAL_RANGE_SCALE;
	it->ril = true;
	it->ranged |= inval_range_tg(req->granule_lg2, INVAL_CMD_TG_SHIFT);
	if (level != 0U) {
		it->ranged |= inval_bits(level, INVAL_CMD_TTL_SHIFT) |
			      inval_bits(req->d128 ? 1U : 0U, INVAL_CMD_TTL128_SHIFT);
		it->classic = it->ranged;
	}
	if (how->one)
		inval_range_one(it);
}

/*
 * Internal: the command of a request, which is good and ends with byte @last, within one
 * granule that no block is around: what most requests are. False for any other.
 */
INVAL_ALWAYS_INLINE bool inval_range_single(const struct inval_range_req *req, uint64_t last,
					    bool ril, struct inval_range_piece *piece)
{
	uint32_t unit_lg2 = req->granule_lg2;
	uint64_t addr = req->addr >> unit_lg2;

	if (last >> unit_lg2 != addr || req->leaf_lg2 > unit_lg2)
		return false;
	piece->d0 = 0;
	piece->d1 = addr << unit_lg2;
	if (req->leaf)
		piece->d1 |= 1ULL << INVAL_CMD_LEAF_SHIFT;
	if (ril && req->leaf && req->leaf_lg2 != 0U)
		piece->d1 |= inval_range_tg(unit_lg2, INVAL_CMD_TG_SHIFT) |
			     inval_bits(3, INVAL_CMD_TTL_SHIFT) |
			     inval_bits(req->d128 ? 1U : 0U, INVAL_CMD_TTL128_SHIFT);
	return true;
}

/* Internal: inval_range_start() of a request that is good. */
INVAL_ALWAYS_INLINE void inval_range_set(struct inval_range *it, const struct inval_range_req *req,
				   const struct inval_range_how *how)
{
	uint32_t level, size_lg2;

	level = inval_range_level(req, &size_lg2);
	it->classic = inval_bits(req->leaf ? 1U : 0U, INVAL_CMD_LEAF_SHIFT);
	it->ranged = it->classic;
	it->ril = false;
	if (!req->leaf || (level == 1U && req->granule_lg2 == 14U && !how->ds))
		level = 0;
	if (how->ril)
		inval_range_ril(it, req, how, level, size_lg2);
	else
		inval_range_place(it, req, size_lg2, size_lg2);
}

/**
 * inval_range_start() - begin to cut a range into TLBI commands
 * @it: set up, also when there is nothing to cut; the caller's
 * @req: the range
 * @how: the SMMU's features and the policy
 *
 * Without RIL there is one command per leaf, per granule if its size is not known.
 *
 * With RIL (IHI 0070, 4.4.1.1) the number of commands is the least that covers the
 * range and no page outside it: one if 5 significant bits hold the length, else
 * two, up to 2^36 granules (2^44 with DS) and one more per further 2^36. @how->one
 * trades pages for the second command. A TTL hint goes with leaf-only changes of
 * known size; addresses and lengths are then multiples of that size. A single
 * granule without a hint is the form without TG, since TG alone is reserved. 16 KB
 * level 1 has no hint without DS, level 0 never.
 *
 * Context: any.
 * Return: 0; INVAL_RANGE_ALL when everything was asked for; -INVAL_EINVAL for
 * another granule, a leaf below the granule or a range that passes 2^64. After
 * both of these inval_range_next() has nothing to give.
 */
static inline INVAL_MUST_CHECK int inval_range_start(struct inval_range *it,
						     const struct inval_range_req *req,
						     const struct inval_range_how *how)
{
	it->left = 0;
	if (inval_range_is_all(req->bytes))
		return INVAL_RANGE_ALL;
	if (!inval_range_is_good(req))
		return -INVAL_EINVAL;
	inval_range_set(it, req, how);
	return 0;
}

/*
 * Internal: the next command of a range with RIL: the 5 highest bits of the length.
 * The rest, once one command can hold it rounded up, is rounded up at its front: it
 * then begins among pages already named. To name a page twice costs nothing, a
 * third command would.
 */
static inline void inval_range_next_ril(struct inval_range *it, struct inval_range_piece *piece)
{
	uint32_t scale = inval_range_drop(it->left);
	uint64_t num = it->left >> scale;
	uint64_t left;

	if (scale > it->max_scale) {
		scale = it->max_scale;
		num = INVAL_RANGE_MAX_NUM;
	}
	piece->d0 = inval_bits(num - 1U, INVAL_CMD_NUM_SHIFT) |
		    inval_bits(scale, INVAL_CMD_SCALE_SHIFT);
	piece->d1 = inval_range_addr(it) | (piece->d0 == 0U ? it->classic : it->ranged);
	left = it->left - (num << scale);
	if (left != 0U && inval_range_drop(left) <= it->max_scale)
		left = inval_range_round(left);
	it->left = left;
}

/**
 * inval_range_next() - the next TLBI command of a range
 * @it: after inval_range_start()
 * @piece: written when there is one; the caller's
 *
 * Context: any; one caller per @it.
 * Return: true with a piece; false at the end.
 */
static inline bool inval_range_next(struct inval_range *it, struct inval_range_piece *piece)
{
	if (it->left == 0U)
		return false;
	if (it->ril) {
		inval_range_next_ril(it, piece);
		return true;
	}
	piece->d0 = 0;
	piece->d1 = inval_range_addr(it) | it->classic;
	it->left--;
	return true;
}

/* Internal: one command; returns the second word of the next. */
INVAL_ALWAYS_INLINE uint64_t inval_range_put(struct inval_cmd *cmd, uint64_t d0, uint64_t d1,
					     uint64_t step)
{
	cmd->d0 = d0;
	cmd->d1 = d1;
	return d1 + step;
}

/**
 * inval_range_fill() - the next TLBI commands of a range, whole
 * @it: after inval_range_start()
 * @d0: the commands' first word: opcode and tags
 * @cmds: written; the caller's
 * @max: room in @cmds
 *
 * Context: any; one caller per @it.
 * Return: their number; fewer than @max only at the end.
 */
static inline uint32_t inval_range_fill(struct inval_range *it, uint64_t d0,
					struct inval_cmd *cmds, uint32_t max)
{
	struct inval_range_piece piece;
	uint64_t step = 1ULL << it->unit_lg2, d1 = inval_range_addr(it) | it->classic;
	uint32_t i, num = it->left < max ? (uint32_t)it->left : max;

	if (it->ril) {
		for (i = 0; i < max && inval_range_next(it, &piece); i++) {
			cmds[i].d0 = d0 | piece.d0;
			cmds[i].d1 = piece.d1;
		}
		return i;
	}
	for (i = num & ~3U; i != 0U; i -= 4U, cmds += 4) {
		d1 = inval_range_put(&cmds[0], d0, d1, step);
		d1 = inval_range_put(&cmds[1], d0, d1, step);
		d1 = inval_range_put(&cmds[2], d0, d1, step);
		d1 = inval_range_put(&cmds[3], d0, d1, step);
	}
	for (i = num & 3U; i != 0U; i--, cmds++)
		d1 = inval_range_put(cmds, d0, d1, step);
	it->left -= num;
	return num;
}

/**
 * inval_range_count() - how many commands are still to come
 * @it: after inval_range_start()
 *
 * For "range or everything". Exact and without a loop.
 *
 * Context: any.
 * Return: the number of times inval_range_next() will return true; at most 2^52.
 */
static inline uint64_t inval_range_count(const struct inval_range *it)
{
	uint32_t most_lg2;

	if (it->left == 0U || !it->ril)
		return it->left;
	most_lg2 = it->max_scale + 5U;
	if ((it->left - 1U) >> most_lg2 != 0U)
		return ((it->left - 1U) >> most_lg2) + 1U;
	return inval_range_round(it->left) == it->left ? 1U : 2U;
}

/**
 * struct inval_range_op - one CPU TLBI
 * @operand: the instruction's register
 * @range: for TLBI R* (RVAE1IS, ...); else for the single form (VAE1IS, ...)
 */
struct inval_range_op {
	uint64_t operand;
	bool range;
};

/**
 * struct inval_range_cpu - a range being cut into CPU TLBIs; the caller's
 * @range: what is left; its classic and ranged words are those of the operands
 * @base_lg2: unit of BaseADDR; a range form starts at a multiple of it
 */
struct inval_range_cpu {
	struct inval_range range;
	uint32_t base_lg2;
};

/* Internal: are bits 63 to @sign the same in all addresses from @addr on? */
static inline bool inval_range_cpu_names(uint64_t addr, uint64_t bytes, uint32_t sign)
{
	uint64_t top = addr >> sign;

	return (top == 0U || top == ~0ULL >> sign) && (addr + (bytes - 1U)) >> sign == top;
}

/**
 * inval_range_cpu_start() - begin to cut a range into CPU TLBIs
 * @it: set up, also when there is nothing to cut; the caller's
 * @req: the range; leaf and d128 do not matter: the caller picks the instruction
 * @how: the CPU's features; with ril a leaf size does not matter either
 * @asid: bits 63:48 of every operand; for TLBIs by IPA, 0x8000 is their NS bit
 *
 * DDI 0487, chapter C5, TLBI RVAE1IS: (NUM + 1) * 2^(5 * SCALE + 1) granules from
 * BaseADDR, TTL 0, which allows any base. Never more than the asked pages. With
 * 64 KB units of BaseADDR the pages up to the first such boundary are single ones.
 *
 * BaseADDR holds address bits 48:12, 50:14 or 52:16 (52:16 with ds), its top bit
 * standing for all above it; the single form holds 55:12. A range that they
 * cannot name is answered with "everything": tag bits or an address outside both
 * halves of the address space.
 *
 * Context: any.
 * Return: 0; INVAL_RANGE_ALL when everything was asked for or is the only way;
 * -INVAL_EINVAL as inval_range_start(). After both of these
 * inval_range_cpu_next() has nothing to give.
 */
static inline INVAL_MUST_CHECK int inval_range_cpu_start(struct inval_range_cpu *it,
							 const struct inval_range_req *req,
							 const struct inval_range_how *how,
							 uint16_t asid)
{
	uint32_t sign, size_lg2;

	it->range.left = 0;
	if (inval_range_is_all(req->bytes))
		return INVAL_RANGE_ALL;
	if (!inval_range_is_good(req))
		return -INVAL_EINVAL;
	it->base_lg2 = how->ds ? 16U : req->granule_lg2;
	sign = how->ril ? it->base_lg2 + INVAL_RANGE_CPU_BASE_BITS - 1U : 55U;
	if (!inval_range_cpu_names(req->addr, req->bytes, sign))
		return INVAL_RANGE_ALL;
	(void)inval_range_level(req, &size_lg2);
	size_lg2 = how->ril ? req->granule_lg2 : size_lg2;
	inval_range_place(&it->range, req, size_lg2, size_lg2);
	it->range.ril = how->ril;
	it->range.classic = inval_bits(asid, INVAL_RANGE_CPU_ASID_SHIFT);
	it->range.ranged = it->range.classic |
			   inval_range_tg(req->granule_lg2, INVAL_RANGE_CPU_TG_SHIFT);
	return 0;
}

/*
 * Internal: the range form at @addr; at least two granules are left. Largest SCALE
 * first: all but SCALE 0 keep the base on a 64 KB boundary, and after SCALE 0 only
 * an odd page is left.
 */
static inline uint64_t inval_range_cpu_ranged(struct inval_range_cpu *it, uint64_t addr)
{
	uint32_t msb = it->base_lg2 + INVAL_RANGE_CPU_BASE_BITS - 1U;
	uint32_t scale = 3;
	uint64_t num;

	while (it->range.left >> (5U * scale + 1U) == 0U)
		scale--;
	num = it->range.left >> (5U * scale + 1U);
	if (num > INVAL_RANGE_MAX_NUM)
		num = INVAL_RANGE_MAX_NUM;
	it->range.left -= num << (5U * scale + 1U);
	return it->range.ranged | inval_bits(num - 1U, INVAL_RANGE_CPU_NUM_SHIFT) |
	       inval_bits(scale, INVAL_RANGE_CPU_SCALE_SHIFT) |
	       inval_field(addr, msb, it->base_lg2);
}

/**
 * inval_range_cpu_next() - the next CPU TLBI of a range
 * @it: after inval_range_cpu_start()
 * @op: written when there is one; the caller's
 *
 * Context: any; one caller per @it.
 * Return: true with an operation; false at the end.
 */
static inline bool inval_range_cpu_next(struct inval_range_cpu *it, struct inval_range_op *op)
{
	uint64_t addr;

	if (it->range.left == 0U)
		return false;
	addr = inval_range_addr(&it->range);
	op->range = it->range.ril && it->range.left > 1U &&
		    (addr & ((1ULL << it->base_lg2) - 1U)) == 0U;
	if (op->range) {
		op->operand = inval_range_cpu_ranged(it, addr);
		return true;
	}
	op->operand = it->range.classic | inval_field(addr, INVAL_RANGE_CPU_VA_BITS + 11U, 12);
	it->range.left--;
	return true;
}

/**
 * inval_range_cpu_count() - how many CPU TLBIs are still to come
 * @it: after inval_range_cpu_start()
 *
 * Context: any.
 * Return: the number of times inval_range_cpu_next() will return true.
 */
static inline uint64_t inval_range_cpu_count(const struct inval_range_cpu *it)
{
	uint64_t left = it->range.left;
	uint64_t head, count;
	uint32_t shift;

	if (left == 0U || !it->range.ril)
		return left;
	head = (1ULL << (it->base_lg2 - it->range.unit_lg2)) - 1U;
	head &= left - it->range.end;
	if (head > left)
		head = left;
	left -= head;
	count = head + (left & 1U) + (((left >> 16) + 31U) >> 5);
	for (shift = 1; shift < 16U; shift += 5U)
		count += ((left >> shift) & 31U) != 0U ? 1U : 0U;
	return count;
}

/**
 * struct inval_range_span - address and Size of one ATC_INV
 * @addr: first address, a multiple of the span
 * @size: 4096 << size bytes; INVAL_CMD_ATC_ALL is everything
 */
struct inval_range_span {
	uint64_t addr;
	uint8_t size;
};

/* Internal: the least number from @len on with at most @spans one bits. */
static inline uint64_t inval_range_atc_fit(uint64_t len, uint32_t spans)
{
	uint64_t sum = 0, top;

	for (; len != 0U; spans--) {
		top = 1ULL << inval_log2(len);
		if (spans == 1U)
			return sum + (len == top ? top : top << 1);
		sum += top;
		len -= top;
	}
	return sum;
}

/*
 * Internal: one span per one bit of @len, the largest next to the boundary @mid,
 * below or above it. Each is aligned, because @mid is to more than the largest.
 * @mid and @len are in units of 2^@unit_lg2 bytes. Returns how many spans.
 */
static inline int inval_range_atc_side(struct inval_range_span *out, uint64_t mid, uint64_t len,
				       bool below, uint32_t unit_lg2)
{
	uint32_t log2;
	int n;

	for (n = 0; len != 0U; n++) {
		log2 = inval_log2(len);
		len -= 1ULL << log2;
		if (below)
			mid -= 1ULL << log2;
		out[n].addr = mid << unit_lg2;
		out[n].size = (uint8_t)(log2 + unit_lg2 - 12U);
		if (!below)
			mid += 1ULL << log2;
	}
	return n;
}

/*
 * Internal: share @spans between the two sides of a boundary so that least is
 * covered; the lengths @below and @above are replaced by what is covered there.
 */
static inline void inval_range_atc_share(uint64_t *below, uint64_t *above, uint32_t spans)
{
	uint64_t best_below = inval_range_atc_fit(*below, 1);
	uint64_t best_above = inval_range_atc_fit(*above, spans - 1U);
	uint64_t try_below, try_above;
	uint32_t n;

	for (n = 2; n < spans; n++) {
		try_below = inval_range_atc_fit(*below, n);
		try_above = inval_range_atc_fit(*above, spans - n);
		if (try_below + try_above < best_below + best_above) {
			best_below = try_below;
			best_above = try_above;
		}
	}
	*below = best_below;
	*above = best_above;
}

/* Internal: one span of 2^@size_lg2 bytes around @addr. */
static inline int inval_range_atc_one(struct inval_range_span *out, uint64_t addr,
				      uint32_t size_lg2)
{
	out->addr = size_lg2 < 64U ? (addr >> size_lg2) << size_lg2 : 0U;
	out->size = (uint8_t)(size_lg2 - 12U);
	return 1;
}

/* Internal: spans for units @first to @last of 2^@unit_lg2 bytes. */
static inline int inval_range_atc_cut(struct inval_range_span *out, uint64_t first, uint64_t last,
				      uint32_t unit_lg2, uint32_t max_spans)
{
	uint64_t below, above, mid;
	uint32_t half_lg2;
	int n;

	if (first == last)
		return inval_range_atc_one(out, first << unit_lg2, unit_lg2);
	half_lg2 = inval_log2(first ^ last);
	mid = (last >> half_lg2) << half_lg2;
	below = mid - first;
	above = last - mid + 1U;
	if (max_spans > 1U)
		inval_range_atc_share(&below, &above, max_spans);
	if (max_spans == 1U || below + above == 2ULL << half_lg2)
		return inval_range_atc_one(out, first << unit_lg2, unit_lg2 + half_lg2 + 1U);
	n = inval_range_atc_side(out, mid, below, true, unit_lg2);
	return n + inval_range_atc_side(out + n, mid, above, false, unit_lg2);
}

/**
 * inval_range_atc() - a range as ATC_INV spans
 * @addr: first byte; need not be aligned
 * @bytes: length; 0 or all ones is everything
 * @stu_lg2: the device's smallest translation unit, 12 to 43: no span is smaller,
 *	and the range is rounded outwards to it (IHI 0070, 4.5.1)
 * @max_spans: 1 to INVAL_RANGE_MAX_SPANS
 * @out: room for @max_spans; only those of the return value are written
 *
 * A span is an aligned power of two, so one span over a high boundary can be any
 * number of times too large. Cut at the highest boundary that the range crosses,
 * two cover less than 2 times the range (as rounded to the STU), three less than
 * 1.5 and four less than 4/3. No other choice of @max_spans spans covers less.
 *
 * Context: any.
 * Return: the number of spans; everything is one of Size INVAL_CMD_ATC_ALL;
 * -INVAL_EINVAL for a range that passes 2^64, @stu_lg2 or @max_spans out of range.
 */
static inline INVAL_MUST_CHECK int inval_range_atc(uint64_t addr, uint64_t bytes, uint8_t stu_lg2,
						   uint32_t max_spans,
						   struct inval_range_span *out)
{
	uint64_t end = addr + (bytes - 1U);

	if (max_spans - 1U >= INVAL_RANGE_MAX_SPANS || stu_lg2 < 12U || stu_lg2 > 43U)
		return -INVAL_EINVAL;
	if (inval_range_is_all(bytes))
		return inval_range_atc_one(out, 0, 64);
	if (end < addr)
		return -INVAL_EINVAL;
	return inval_range_atc_cut(out, addr >> stu_lg2, end >> stu_lg2, stu_lg2, max_spans);
}

INVAL_END

#endif /* INVAL_RANGE_GUARD */
