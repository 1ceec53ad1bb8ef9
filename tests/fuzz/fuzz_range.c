/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * range.h for any request: the pieces, read as IHI 0070 and DDI 0487 say and put together
 * by a sum of their own, cover what was asked for, are as many as was said, are neither
 * reserved nor misaligned, and end.
 */
#include <inval/range.h>

#include "fuzz.h"

/* Bytes as 128 bits: the end of the address space is a number like any other. */
typedef unsigned __int128 wide;

struct piece {
	wide from;
	wide to;
};

#define PIECES 4096U

static struct piece piece[PIECES];
static uint32_t pieces;

static int by_from(const void *a, const void *b)
{
	const struct piece *x = (const struct piece *)a, *y = (const struct piece *)b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void add(wide from, wide bytes)
{
	FUZZ_CHECK(pieces < PIECES, "too many");
	FUZZ_CHECK(from + bytes <= (wide)1 << 64, "a piece passes 2^64");
	piece[pieces].from = from;
	piece[pieces++].to = from + bytes;
}

/* What is covered is [from, to), and [low, high) that was asked for lies in it. */
static void covers(wide low, wide high, wide *from, wide *to)
{
	uint32_t i;

	qsort(piece, pieces, sizeof(piece[0]), by_from);
	FUZZ_CHECK(pieces != 0U && piece[0].from <= low, "the first page");
	*from = piece[0].from;
	*to = piece[0].to;
	for (i = 1; i < pieces; i++) {
		FUZZ_CHECK(piece[i].from <= *to, "a gap");
		if (piece[i].to > *to)
			*to = piece[i].to;
	}
	FUZZ_CHECK(*to >= high, "the last page");
}

static struct inval_range_req request(void)
{
	static const uint8_t granules[] = { 12, 14, 16, 12, 14, 16, 13, 0 };
	struct inval_range_req req;

	req.granule_lg2 = granules[fuzz_pick(sizeof(granules))];
	req.addr = fuzz_byte() & 1U ? fuzz_word(8) : fuzz_edge();
	req.bytes = fuzz_byte() & 1U ? fuzz_word(6) : fuzz_edge();
	req.leaf_lg2 = fuzz_byte() & 1U ? (uint8_t)(req.granule_lg2 + fuzz_pick(30)) : 0U;
	req.leaf = fuzz_byte() & 1U;
	req.d128 = fuzz_byte() & 1U;
	if (fuzz_byte() & 1U)
		req.addr &= ~0ULL << (req.granule_lg2 & 63U);
	return req;
}

/* Is a request one that can be cut: by the words of struct inval_range_req. */
static bool good(const struct inval_range_req *req)
{
	return (req->granule_lg2 == 12U || req->granule_lg2 == 14U || req->granule_lg2 == 16U) &&
	       (req->leaf_lg2 == 0U || (req->leaf_lg2 >= req->granule_lg2 && req->leaf_lg2 < 64U)) &&
	       (wide)req->addr + req->bytes <= (wide)1 << 64;
}

/* One TLBI by address, without RIL or with (IHI 0070, 4.4.1.1). */
static void add_tlbi(const struct inval_range_req *req, const struct inval_range_how *how,
		     const struct inval_range_piece *p, uint64_t classic_bytes)
{
	uint64_t num = (p->d0 >> 12) & 31U, scale = (p->d0 >> 20) & 63U, tg = (p->d1 >> 10) & 3U;
	uint64_t ttl = (p->d1 >> 8) & 3U, addr = p->d1 & ~0xfffULL, unit = 1ULL << req->granule_lg2;

	FUZZ_CHECK((p->d0 & ~((31ULL << 12) | (63ULL << 20))) == 0U, "other bits of d0");
	FUZZ_CHECK(((p->d1 & 1U) != 0U) == req->leaf, "leaf");
	if (!how->ril) {
		FUZZ_CHECK(p->d0 == 0U && (p->d1 & 0xffeU) == 0U, "range fields without RIL");
		add(addr, classic_bytes);
		return;
	}
	FUZZ_CHECK(scale <= (how->ds ? 39U : 31U), "SCALE %u", (uint32_t)scale);
	if (tg == 0U) {
		FUZZ_CHECK(num == 0U && scale == 0U && ttl == 0U, "TG is missing");
		FUZZ_CHECK(addr % unit == 0U, "misaligned");
		add(addr, unit);
		return;
	}
	FUZZ_CHECK(tg == (req->granule_lg2 - 10U) / 2U, "TG %u", (uint32_t)tg);
	FUZZ_CHECK(num != 0U || scale != 0U || ttl != 0U, "the reserved form");
	FUZZ_CHECK(addr % unit == 0U, "misaligned");
	add(addr, ((wide)(num + 1U) << scale) * unit);
}

static void fuzz_smmu(void)
{
	struct inval_range_how how = { fuzz_byte() & 1U, fuzz_byte() & 1U, fuzz_byte() & 1U };
	struct inval_range_req req = request();
	struct inval_range_piece p;
	struct inval_range it;
	wide from, to, asked;
	uint64_t count;
	int err = inval_range_start(&it, &req, &how);

	if (req.bytes + 1U <= 1U || !good(&req)) {
		FUZZ_CHECK(err == (req.bytes + 1U <= 1U ? INVAL_RANGE_ALL : -INVAL_EINVAL), "%d", err);
		FUZZ_CHECK(!inval_range_next(&it, &p), "a piece of nothing");
		return;
	}
	FUZZ_CHECK(err == 0, "%d", err);
	count = inval_range_count(&it);
	if (count > PIECES)
		return;
	for (pieces = 0; inval_range_next(&it, &p);)
		add_tlbi(&req, &how, &p, 1ULL << it.unit_lg2);
	FUZZ_CHECK(pieces == count, "%u pieces, said %u", pieces, (uint32_t)count);
	covers(req.addr, (wide)req.addr + req.bytes, &from, &to);
	/* Rounded outwards to whole leaves at most, and by a sixteenth where that is asked. */
	asked = (wide)req.bytes + 2U * ((wide)1 << (req.leaf_lg2 > req.granule_lg2 ? req.leaf_lg2 :
								 req.granule_lg2));
	FUZZ_CHECK(to - from <= asked + (how.one ? asked / 16U : 0U) +
		   ((wide)1 << req.granule_lg2), "too much");
	FUZZ_CHECK(!how.ril || !how.one || pieces == 1U || to - from > (wide)1 << 47 ||
		   req.addr + req.bytes > UINT64_MAX - req.bytes, "%u commands for one", pieces);
}

static void fuzz_cpu(void)
{
	struct inval_range_how how = { fuzz_byte() & 1U, fuzz_byte() & 1U, false };
	uint16_t asid = (uint16_t)fuzz_word(2);
	struct inval_range_req req = request();
	struct inval_range_cpu it;
	struct inval_range_op op;
	uint32_t base_lg2 = how.ds ? 16U : req.granule_lg2, i;
	wide from, to;
	uint64_t va;
	int err = inval_range_cpu_start(&it, &req, &how, asid);

	FUZZ_CHECK((err == -INVAL_EINVAL) == (req.bytes + 1U > 1U && !good(&req)), "%d", err);
	if (err != 0) {
		FUZZ_CHECK(!inval_range_cpu_next(&it, &op), "an operand of nothing");
		return;
	}
	pieces = 0;
	for (i = 0; i < PIECES && inval_range_cpu_next(&it, &op); i++) {
		FUZZ_CHECK(op.operand >> 48 == asid, "ASID");
		FUZZ_CHECK(how.ril || !op.range, "a range without the feature");
		if (!op.range) {
			va = (op.operand & ((1ULL << 44) - 1U)) << 12;
			if (req.addr >> 55)
				va |= ~0ULL << 56;
			add(va, 1ULL << it.range.unit_lg2);
			continue;
		}
		va = (op.operand & ((1ULL << 37) - 1U)) << base_lg2;
		if (req.addr >> 63)
			va |= ~0ULL << (base_lg2 + 37U);
		FUZZ_CHECK(((op.operand >> 46) & 3U) == (req.granule_lg2 - 10U) / 2U, "TG");
		add(va, (wide)(((op.operand >> 39) & 31U) + 1U)
			<< (5U * ((op.operand >> 44) & 3U) + 1U + req.granule_lg2));
	}
	if (i == PIECES)
		return;
	covers(req.addr, (wide)req.addr + req.bytes, &from, &to);
}

static void fuzz_atc(void)
{
	struct inval_range_span span[INVAL_RANGE_MAX_SPANS];
	uint64_t addr = fuzz_byte() & 1U ? fuzz_word(8) : fuzz_edge(), bytes = fuzz_edge();
	uint32_t stu = 12U + fuzz_pick(32), most = 1U + fuzz_pick(4), i;
	int num = inval_range_atc(addr, bytes, (uint8_t)stu, most, span);
	wide from, to;

	if (num < 0) {
		FUZZ_CHECK(bytes + 1U > 1U && (wide)addr + bytes > (wide)1 << 64, "refused: %d", num);
		return;
	}
	FUZZ_CHECK(num >= 1 && (uint32_t)num <= most, "%d spans", num);
	pieces = 0;
	for (i = 0; i < (uint32_t)num; i++) {
		FUZZ_CHECK(span[i].size == 52U || span[i].size + 12U >= stu, "below the STU");
		FUZZ_CHECK(span[i].size == 52U ? span[i].addr == 0U :
			   span[i].size < 52U && span[i].addr % (1ULL << (span[i].size + 12U)) == 0U,
			   "span %u", i);
		add(span[i].addr, (wide)1 << (span[i].size + 12U));
	}
	if (bytes + 1U > 1U)
		covers(addr, (wide)addr + bytes, &from, &to);
	else
		FUZZ_CHECK(span[0].size == 52U, "everything");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	switch (fuzz_pick(3)) {
	case 0:
		fuzz_smmu();
		break;
	case 1:
		fuzz_cpu();
		break;
	default:
		fuzz_atc();
		break;
	}
	return 0;
}
