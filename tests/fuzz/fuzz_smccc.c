/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smccc.h against firmware that leaves anything in its registers. Read as DEN 0028 says,
 * with divisions: only complete firmware is found; a request ends within its attempts and
 * its budget, keeps the advertised rate, and takes no status but SUCCESS for success.
 */
#include <inval/smccc.h>

#include "fuzz.h"

#define US 1000000U

/* Registers as an answer: near what is known, or anything. */
static uint64_t answer(void)
{
	switch (fuzz_pick(4)) {
	case 0:
		return fuzz_edge();
	case 1:
		return 0U - (uint64_t)fuzz_pick(8);
	case 2:
		return 0xffffffffU - fuzz_pick(8);
	default:
		return fuzz_word(8);
	}
}

static bool negative(uint64_t x0)
{
	return (int32_t)(uint32_t)x0 < 0;
}

/* Is it there, and what are its attributes? */
static bool found(struct inval_smccc_attrs *attrs)
{
	uint64_t x[5] = { 0, 0, 0, 0, 0 };
	bool there = true, says;
	uint32_t i;
	int err;

	x[0] = fuzz_pick(2) == 0U ? 0x10001U + fuzz_pick(3) - 1U : answer();
	says = inval_smccc_has_version(x);
	there = !negative(x[0]) && (uint32_t)x[0] >= 0x10001U;
	FUZZ_CHECK(says == there, "version 0x%llx", (unsigned long long)x[0]);
	for (i = 0; i < 2U; i++) {
		x[0] = answer();
		FUZZ_CHECK(inval_smccc_has_feature(x) == !negative(x[0]), "feature");
		there = there && !negative(x[0]);
	}
	for (i = 0; i < 5U; i++)
		x[i] = fuzz_pick(2) == 0U ? 0U : answer();
	err = inval_smccc_attrs_read(attrs, x);
	FUZZ_CHECK((err == 0) == ((uint32_t)x[0] == 0U && x[1] < 2U && x[2] >> 32 == 0U), "%d", err);
	FUZZ_CHECK(err != 0 || (attrs->global == (x[1] == 1U) && attrs->latency_us == x[2] &&
				attrs->rate == x[3] && attrs->even_bytes == x[4]), "decoded");
	return there && err == 0;
}

static void request(const struct inval_smccc_attrs *attrs, const struct inval_smccc_policy *policy)
{
	uint64_t now = 0, began = 0, x0, interval;
	uint32_t calls = 0, delay = 0;
	int err;

	interval = attrs->rate == 0U ? 0U : US / attrs->rate + (US % attrs->rate != 0U ? 1U : 0U);
	do {
		FUZZ_CHECK(calls == 0U || (now - began >= interval && now <= policy->budget_us),
			   "call %u at %llu us", calls + 1U, (unsigned long long)now);
		began = now;
		x0 = answer();
		now += fuzz_word(2);
		calls++;
		FUZZ_CHECK(calls == 1U || calls <= policy->attempts, "%u calls", calls);
		err = inval_smccc_retry(attrs, policy, x0, calls, now, &delay);
		now += err == -INVAL_EAGAIN ? delay : 0U;
	} while (err == -INVAL_EAGAIN);
	FUZZ_CHECK((err == 0) == ((uint32_t)x0 == 0U), "0x%llx: %d", (unsigned long long)x0, err);
	FUZZ_CHECK(err == inval_smccc_code(x0) && (err != -INVAL_EOPNOTSUPP) ==
		   ((uint32_t)x0 != 0xffffffffU), "0x%llx: %d", (unsigned long long)x0, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_attrs attrs;

	fuzz_begin(data, size);
	if (!found(&attrs))
		return 0;
	inval_smccc_policy_init(&policy);
	if (fuzz_pick(2) == 0U) {
		policy.attempts = fuzz_byte();
		policy.cap_us = (uint32_t)fuzz_edge();
		policy.default_us = (uint32_t)fuzz_edge();
		policy.budget_us = fuzz_edge();
	}
	request(&attrs, &policy);
	return 0;
}
