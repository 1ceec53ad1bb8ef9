/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smccc.h
 * 1. Words: each call has its identifier, Arm's or another one, its arguments, and
 *    zeros elsewhere.
 * 2. Discovery: versions below 1.1 and negative answers are "not there", whatever
 *    stands in bits 63:32; attributes are decoded as written below, and an
 *    unsuccessful status, a wide latency or an unknown attribute is refused with
 *    nothing written.
 * 3. Each status has its code; no 32-bit value but the five known ones has theirs.
 * 4. The interval is the second divided by the rate, rounded up: for rates below
 *    2^21 compared with a division, and for all wider powers of two.
 * 5. Every status x attempt x class of attributes: what to do is as the table
 *    below, and only "again" writes a delay.
 * 6. Against firmware that answers at random, for random attributes and policies:
 *    it ends within its attempts, all that is spent lies within the budget but for
 *    the last call, no two calls are nearer than the rate allows, there is no delay
 *    after the last call, and the code is that of the last status.
 * 7. A request is served by calls numbered after its snapshot and by no other, up
 *    to half of all numbers away, at every place around 0 and 2^64.
 */
#include <inval/smccc.h>

#include "test.h"

#define S(status)	((uint64_t)(int64_t)(status))
#define US_PER_S	1000000U

static const int32_t known[] = { 0, -1, -2, -3, -4, -5 };
static const int known_code[] = {
	0, -INVAL_EOPNOTSUPP, -INVAL_EPROTO, -INVAL_EINVAL, -INVAL_EDQUOT, -INVAL_EBUSY
};

static bool words_are(const uint64_t *x, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	return x[0] == x0 && x[1] == x1 && x[2] == x2 && x[3] == x3 && x[4] == 0U;
}

TEST(smccc, words)
{
	struct inval_smccc_ids ids, own = { 0xc7000001U, 0xc7000002U };
	uint64_t x[5];

	inval_smccc_ids_init(&ids);
	memset(x, 0xff, sizeof(x));
	inval_smccc_ask_version(x);
	CHECK(words_are(x, 0x80000000U, 0, 0, 0), "version");
	memset(x, 0xff, sizeof(x));
	inval_smccc_ask_feature(x, ids.clean_inv);
	CHECK(words_are(x, 0x80000001U, 0xc0000005U, 0, 0), "feature");
	inval_smccc_ask_feature(x, ids.attrs);
	CHECK(words_are(x, 0x80000001U, 0xc0000006U, 0, 0), "feature");
	memset(x, 0xff, sizeof(x));
	inval_smccc_ask_attrs(x, &ids);
	CHECK(words_are(x, 0xc0000006U, 0, 0, 0), "attributes");
	inval_smccc_ask_attrs(x, &own);
	CHECK(words_are(x, 0xc7000002U, 0, 0, 0), "attributes of another");
	memset(x, 0xff, sizeof(x));
	inval_smccc_ask_flush(x, &ids, 0x123456789000U, 0x987654321000U, false);
	CHECK(words_are(x, 0xc0000005U, 0x123456789000U, 0x987654321000U, 0), "flush");
	inval_smccc_ask_flush(x, &own, 1, 2, true);
	CHECK(words_are(x, 0xc7000001U, 1, 2, 1), "dry run of another");
}

TEST(smccc, discovery)
{
	static const struct {
		uint64_t x0;
		bool version;
		bool feature;
	} row[] = {
		{ 0x10001U, true, true }, { 0x10005U, true, true }, { 0x20000U, true, true },
		{ 0x7fffffffU, true, true }, { 0xffffffff00010001U, true, true },
		{ 0x10000U, false, true }, { 0, false, true }, { 0x100000000ULL, false, true },
		{ S(-1), false, false }, { 0xffffffffU, false, false },
		{ 0x80000000U, false, false }, { 0x80010001U, false, false }
	};
	uint64_t x[5] = { 0, 0, 0, 0, 0 };
	uint32_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		x[0] = row[i].x0;
		CHECK(inval_smccc_has_version(x) == row[i].version, "row %u", i);
		CHECK(inval_smccc_has_feature(x) == row[i].feature, "row %u", i);
	}
}

TEST(smccc, attributes)
{
	static const struct {
		uint64_t x[5];
		int err;
		struct inval_smccc_attrs want;
	} row[] = {
		{ { 0, 0, 0, 0, 0 }, 0, { false, 0, 0, 0 } },
		{ { 0, 1, 7, 9, 4096 }, 0, { true, 7, 9, 4096 } },
		{ { 0xabcd00000000U, 0, UINT32_MAX, UINT64_MAX, UINT64_MAX }, 0,
		  { false, UINT32_MAX, UINT64_MAX, UINT64_MAX } },
		{ { S(-1), 0, 0, 0, 0 }, -INVAL_EOPNOTSUPP, { 0, 0, 0, 0 } },
		{ { S(-2), 0, 0, 0, 0 }, -INVAL_EOPNOTSUPP, { 0, 0, 0, 0 } },
		{ { S(-5), 1, 7, 9, 0 }, -INVAL_EOPNOTSUPP, { 0, 0, 0, 0 } },
		{ { 1, 1, 7, 9, 0 }, -INVAL_EOPNOTSUPP, { 0, 0, 0, 0 } },
		{ { 0, 2, 7, 9, 0 }, -INVAL_EPROTO, { 0, 0, 0, 0 } },
		{ { 0, 1ULL << 63, 7, 9, 0 }, -INVAL_EPROTO, { 0, 0, 0, 0 } },
		{ { 0, 0, 1ULL << 32, 9, 0 }, -INVAL_EPROTO, { 0, 0, 0, 0 } }
	};
	struct inval_smccc_attrs a;
	uint32_t i;
	int err;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		a.global = false;
		a.latency_us = 77;
		a.rate = 77;
		a.even_bytes = 77;
		err = inval_smccc_attrs_read(&a, row[i].x);
		CHECK(err == row[i].err, "row %u: %d", i, err);
		if (err == 0)
			CHECK(a.global == row[i].want.global && a.rate == row[i].want.rate &&
			      a.latency_us == row[i].want.latency_us &&
			      a.even_bytes == row[i].want.even_bytes, "row %u", i);
		else
			CHECK(!a.global && a.latency_us == 77U && a.rate == 77U &&
			      a.even_bytes == 77U, "row %u: written", i);
	}
}

TEST(smccc, codes)
{
	uint64_t state = 1, x0;
	uint32_t i, j;
	int want;

	for (i = 0; i < 100000U; i++) {
		x0 = i < 4096U ? S((int32_t)i - 2048) : test_random(&state);
		want = -INVAL_EPROTO;
		for (j = 0; j < 6U; j++) {
			if ((uint32_t)x0 == (uint32_t)known[j])
				want = known_code[j];
		}
		CHECK(inval_smccc_code(x0) == want, "status %d: %d", (int32_t)(uint32_t)x0,
		      inval_smccc_code(x0));
		CHECK(inval_smccc_code((uint32_t)x0) == want, "status %d as 32 bits",
		      (int32_t)(uint32_t)x0);
	}
}

TEST(smccc, interval)
{
	struct inval_smccc_attrs a = { false, 0, 0, 0 };
	uint32_t want;

	CHECK(inval_smccc_interval_us(&a) == 0U, "no limit");
	for (a.rate = 1; a.rate < 1U << 21; a.rate++) {
		want = (US_PER_S + (uint32_t)a.rate - 1U) / (uint32_t)a.rate;
		CHECK(inval_smccc_interval_us(&a) == want, "rate %u: %u, not %u",
		      (uint32_t)a.rate, inval_smccc_interval_us(&a), want);
	}
	for (; a.rate != 0U; a.rate <<= 1)
		CHECK(inval_smccc_interval_us(&a) == 1U, "a rate whose multiples wrap");
	a.rate = UINT64_MAX;
	CHECK(inval_smccc_interval_us(&a) == 1U, "the widest rate");
}

/*
 * Classes of attributes: nothing given; latency below and above the cap; a rate whose
 * interval is below, at and above the cap; both, either the longer one; one call a
 * second; and what the delay is by default.
 */
static const struct {
	struct inval_smccc_attrs attrs;
	uint32_t delay;
} class_of[] = {
	{ { false, 0, 0, 0 }, 1000 }, { { true, 0, 0, 0 }, 1000 },
	{ { false, 1, 0, 0 }, 1 }, { { false, 300, 0, 0 }, 300 },
	{ { false, 20001, 0, 0 }, 20000 }, { { false, UINT32_MAX, 0, 0 }, 20000 },
	{ { true, 0, 1000, 0 }, 1000 }, { { false, 0, 3, 0 }, 333334 },
	{ { false, 0, 50, 0 }, 20000 }, { { false, 0, 49, 0 }, 20409 },
	{ { false, 0, 1, 0 }, 1000000 }, { { false, 0, UINT64_MAX, 0 }, 1 },
	{ { false, 5000, 1000, 0 }, 5000 }, { { false, 50, 1000, 0 }, 1000 },
	{ { false, 30000, 100, 0 }, 20000 }, { { false, 30000, 40, 0 }, 25000 }
};

static void check_retry(uint32_t kind, int32_t status, int code, uint32_t attempt,
			uint64_t spent)
{
	const struct inval_smccc_attrs *a = &class_of[kind].attrs;
	struct inval_smccc_policy policy;
	uint32_t delay = 77, want_delay = 77;
	int want = code, err;

	inval_smccc_policy_init(&policy);
	if ((status == -4 || status == -5) && attempt < 5U &&
	    spent + class_of[kind].delay <= 5000000U) {
		want = -INVAL_EAGAIN;
		want_delay = class_of[kind].delay;
	}
	err = inval_smccc_retry(a, &policy, S(status), attempt, spent, &delay);
	CHECK(err == want && delay == want_delay,
	      "class %u, status %d, attempt %u after %u us: %d after %u us, not %d after %u",
	      kind, status, attempt, (uint32_t)spent, err, delay, want, want_delay);
}

TEST(smccc, retry_table)
{
	static const int32_t other[] = { 1, -6, INT32_MIN, INT32_MAX };
	uint32_t kind, attempt, i, d;

	for (kind = 0; kind < sizeof(class_of) / sizeof(class_of[0]); kind++) {
		d = class_of[kind].delay;
		for (attempt = 1; attempt <= 6U; attempt++) {
			for (i = 0; i < 10U; i++) {
				int32_t status = i < 6U ? known[i] : other[i - 6U];
				int code = i < 6U ? known_code[i] : -INVAL_EPROTO;

				check_retry(kind, status, code, attempt, 0);
				check_retry(kind, status, code, attempt, 5000000U - d);
				check_retry(kind, status, code, attempt, 5000001U - d);
				check_retry(kind, status, code, attempt, 5000001U);
				check_retry(kind, status, code, attempt, 1ULL << 40);
			}
		}
	}
}

TEST(smccc, one_attempt)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_attrs a = { false, 0, 0, 0 };
	uint32_t delay = 77, i;

	inval_smccc_policy_init(&policy);
	for (i = 0; i < 2U; i++) {
		policy.attempts = i;
		CHECK(inval_smccc_retry(&a, &policy, S(-5), 1, 0, &delay) == -INVAL_EBUSY &&
		      delay == 77U, "%u attempts", i);
	}
}

struct run {
	struct inval_smccc_attrs attrs;
	struct inval_smccc_policy policy;
	uint64_t state;
	uint32_t calls;
	uint32_t delay;		/* before the next call */
	uint64_t began;		/* the latest call */
	uint64_t now;
};

static void run_random(struct run *r)
{
	static const uint32_t scale[] = { 1, 10, 1000, 20000, 1000000, 10000000 };
	uint64_t *state = &r->state;

	r->attrs.global = false;
	r->attrs.even_bytes = 0;
	r->attrs.rate = test_random(state) % (scale[test_random(state) % 6U] + 1U);
	r->attrs.latency_us = (uint32_t)(test_random(state) % (scale[test_random(state) % 6U] + 1U));
	r->policy.attempts = (uint32_t)(test_random(state) % 12U);
	r->policy.cap_us = (uint32_t)(test_random(state) % 40000U);
	r->policy.default_us = (uint32_t)(test_random(state) % 2000U);
	r->policy.budget_us = test_random(state) % scale[test_random(state) % 6U];
	r->calls = 0;
	r->delay = 0;
	r->now = 0;
}

/* One call of firmware; the answer is busy or limited more often than not. */
static int run_call(struct run *r, int32_t *status)
{
	static const int32_t answers[] = { -4, -5, -4, -5, -4, -5, -4, 0, -3, 7 };
	uint64_t interval = r->attrs.rate == 0U ? 0U :
		(US_PER_S + r->attrs.rate - 1U) / r->attrs.rate;

	CHECK(r->calls == 0U || r->now + r->delay - r->began >= interval,
	      "calls %u us apart, interval %u", (uint32_t)(r->now + r->delay - r->began),
	      (uint32_t)interval);
	r->now += r->delay;
	CHECK(r->calls == 0U || r->now <= r->policy.budget_us, "call %u at %u us, budget %u",
	      r->calls + 1U, (uint32_t)r->now, (uint32_t)r->policy.budget_us);
	r->began = r->now;
	r->calls++;
	*status = answers[test_random(&r->state) % 10U];
	r->now += test_random(&r->state) % (r->attrs.latency_us + 1U);
	r->delay = 0;
	return inval_smccc_retry(&r->attrs, &r->policy, S(*status), r->calls, r->now, &r->delay);
}

TEST(smccc, always_ends_within_its_bounds)
{
	uint32_t i, most, given_up = 0;
	struct run r;
	int32_t status = 0;
	int err;

	r.state = 6;
	for (i = 0; i < 200000U; i++) {
		run_random(&r);
		most = r.policy.attempts != 0U ? r.policy.attempts : 1U;
		do {
			err = run_call(&r, &status);
			CHECK(r.calls <= most, "%u calls of %u", r.calls, most);
		} while (err == -INVAL_EAGAIN);
		CHECK(r.delay == 0U, "a delay of %u after the last call", r.delay);
		CHECK(err == inval_smccc_code(S(status)), "status %d: %d", status, err);
		given_up += status == -4 || status == -5 ? 1U : 0U;
	}
	CHECK(given_up > 10000U && given_up < 190000U, "%u runs gave up", given_up);
}

TEST(smccc, served)
{
	static const uint64_t base[] = { 0, 1, UINT64_MAX, 1ULL << 63, (1ULL << 63) - 1U, 12345 };
	uint32_t i;
	uint64_t d;

	for (i = 0; i < 6U; i++) {
		for (d = 0; d < 100U; d++) {
			CHECK(inval_smccc_served(base[i], base[i] + d) == (d != 0U),
			      "%u after", (uint32_t)d);
			CHECK(!inval_smccc_served(base[i], base[i] - d), "%u before", (uint32_t)d);
		}
		CHECK(inval_smccc_served(base[i], base[i] + INT64_MAX), "half of all after");
		CHECK(!inval_smccc_served(base[i], base[i] + (1ULL << 63)), "half of all before");
	}
}
