/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smccc.h: for all registers, attributes, policies and times:
 *
 * smccc_retry	another call is asked for only after BUSY or RATE_LIMITED, below the
 *		attempts, within the budget, and not sooner than the rate allows; success
 *		is what SUCCESS is and nothing else
 * smccc_interval	no shorter than a second divided by the rate, and no longer than that
 *		by more than 1 us
 * smccc_attrs	what is accepted fits its fields; what is refused writes nothing
 * smccc_served	a call that was under way at the snapshot, or had ended, serves nobody,
 *		and the one after it does, wherever the counters stand
 */
#include <inval/smccc.h>

#include "proof.h"

void proof_smccc_retry(void)
{
	uint64_t x0 = nondet_u64(), spent = nondet_u64(), status = x0 & 0xffffffffU;
	uint32_t attempt = nondet_u32(), delay = nondet_u32(), was = delay;
	struct inval_smccc_policy policy;
	struct inval_smccc_attrs attrs;
	int err;

	assume(attempt != 0U);
	err = inval_smccc_retry(&attrs, &policy, x0, attempt, spent, &delay);
	prove((err == 0) == (status == 0U));
	if (err != -INVAL_EAGAIN) {
		prove(delay == was);
		prove(err <= 0 && err == inval_smccc_code(x0));
		return;
	}
	prove(status == 0xfffffffcU || status == 0xfffffffbU);
	prove(attempt < policy.attempts);
	prove(spent <= policy.budget_us && delay <= policy.budget_us - spent);
	prove(attrs.rate == 0U || delay >= inval_smccc_interval_us(&attrs));
}

void proof_smccc_interval(void)
{
	struct inval_smccc_attrs attrs;
	uint64_t us;

	us = inval_smccc_interval_us(&attrs);
	if (attrs.rate == 0U) {
		prove(us == 0U);
		return;
	}
	prove(us >= 1U && us <= 1000000U);
	if (attrs.rate > 1000000U) {
		prove(us == 1U);
		return;
	}
	prove(us * attrs.rate >= 1000000U);
	prove((us - 1U) * attrs.rate < 1000000U);
}

void proof_smccc_attrs(void)
{
	struct inval_smccc_attrs attrs, was;
	uint64_t x[5], status = x[0] & 0xffffffffU;
	int err;

	was.latency_us = attrs.latency_us;
	was.rate = attrs.rate;
	err = inval_smccc_attrs_read(&attrs, x);
	prove((err == 0) == (status == 0U && x[1] <= 1U && x[2] <= UINT32_MAX));
	prove((err == -INVAL_EOPNOTSUPP) == (status != 0U));
	if (err == 0)
		prove(attrs.latency_us == x[2] && attrs.rate == x[3] && attrs.even_bytes == x[4]);
	else
		prove(attrs.latency_us == was.latency_us && attrs.rate == was.rate);
}

void proof_smccc_served(void)
{
	uint64_t snapshot = nondet_u64(), later = nondet_u64();

	assume(later < 1ULL << 63);
	prove(!inval_smccc_served(snapshot, snapshot - later));
	prove(inval_smccc_served(snapshot, snapshot + later) == (later != 0U));
}
