/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/smccc.h - the firmware call that cleans and invalidates a physical range
 * out of all caches: its words, its answers, when to call again, and when one
 * call has served several callers (DEN 0028 1.7, 7.10 and 7.11).
 *
 * Pure: memregion.h makes the calls. An array x[5] is x0 to x4, in and out; an
 * answer is read from what the call left there. To know whether the call is
 * there:
 *
 *	inval_smccc_ask_version()	inval_smccc_has_version()
 *	inval_smccc_ask_feature()	inval_smccc_has_feature(), of both functions
 *	inval_smccc_ask_attrs()		inval_smccc_attrs_read()
 *
 * Whatever is missing among these: there is no such call.
 */
#ifndef INVAL_SMCCC_GUARD
#define INVAL_SMCCC_GUARD

#include "types.h"

INVAL_BEGIN

#define INVAL_SMCCC_VERSION		0x80000000U
#define INVAL_SMCCC_ARCH_FEATURES	0x80000001U
#define INVAL_SMCCC_CLEAN_INV		0xc0000005U
#define INVAL_SMCCC_CLEAN_INV_ATTRS	0xc0000006U

/* The oldest version that has ARCH_FEATURES: 1.1. */
#define INVAL_SMCCC_VERSION_LEAST	0x10001U

/* x3 of the call: look only, flush nothing. */
#define INVAL_SMCCC_DRY_RUN		1U
/* x1 of the attributes: each call flushes everything. */
#define INVAL_SMCCC_GLOBAL		1U

#define INVAL_SMCCC_US_PER_S		1000000ULL

/**
 * struct inval_smccc_ids - function identifiers, for firmware that has others
 * @clean_inv: of ARCH_CLEAN_INV_MEMREGION
 * @attrs: of ARCH_CLEAN_INV_MEMREGION_ATTRIBUTES
 */
struct inval_smccc_ids {
	uint32_t clean_inv;
	uint32_t attrs;
};

/**
 * struct inval_smccc_attrs - what firmware says about the call
 * @global: it flushes everything, whatever the range
 * @latency_us: what one call takes at worst; 0: not given
 * @rate: most calls in a second; 0: no limit given
 * @even_bytes: below this size maintenance by address is cheaper; 0: not given
 */
struct inval_smccc_attrs {
	bool global;
	uint32_t latency_us;
	uint64_t rate;
	uint64_t even_bytes;
};

/**
 * struct inval_smccc_policy - when to give up
 * @attempts: calls for one request, the first included; 0 is like 1
 * @cap_us: no delay is longer, unless the advertised rate asks for it
 * @default_us: the delay when firmware gives neither rate nor latency
 * @budget_us: delays and calls of one request; no delay ends after it
 */
struct inval_smccc_policy {
	uint32_t attempts;
	uint32_t cap_us;
	uint32_t default_us;
	uint64_t budget_us;
};

/**
 * inval_smccc_ids_init() - Arm's function identifiers
 * @ids: the caller's
 *
 * Context: any.
 */
static inline void inval_smccc_ids_init(struct inval_smccc_ids *ids)
{
	ids->clean_inv = INVAL_SMCCC_CLEAN_INV;
	ids->attrs = INVAL_SMCCC_CLEAN_INV_ATTRS;
}

/**
 * inval_smccc_policy_init() - the default policy
 * @policy: the caller's
 *
 * Five calls, delays of 1 ms or what firmware asks for, up to 20 ms; 5 s in all: where
 * firmware allows one call a second that is four or five of them.
 *
 * Context: any.
 */
static inline void inval_smccc_policy_init(struct inval_smccc_policy *policy)
{
	policy->attempts = 5;
	policy->cap_us = 20000;
	policy->default_us = 1000;
	policy->budget_us = 5U * INVAL_SMCCC_US_PER_S;
}

/* Internal: a call with three arguments. */
static inline void inval_smccc_words(uint64_t x[5], uint32_t function, uint64_t x1, uint64_t x2,
				     uint64_t x3)
{
	x[0] = function;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	x[4] = 0;	/* preserved by firmware that has no fourth result */
}

/* Internal: is the 32-bit value of x0 negative? Bits 63:32 say nothing. */
static inline bool inval_smccc_negative(uint64_t x0)
{
	return inval_field(x0, 31, 31) != 0U;
}

/**
 * inval_smccc_ask_version() - words of SMCCC_VERSION
 * @x: the caller's, 5 words
 *
 * Context: any.
 */
static inline void inval_smccc_ask_version(uint64_t x[5])
{
	inval_smccc_words(x, INVAL_SMCCC_VERSION, 0, 0, 0);
}

/**
 * inval_smccc_has_version() - can this firmware be asked for features?
 * @x: answer to inval_smccc_ask_version()
 *
 * Context: any.
 * Return: true from version 1.1 on.
 */
static inline bool inval_smccc_has_version(const uint64_t x[5])
{
	return !inval_smccc_negative(x[0]) &&
	       inval_field(x[0], 31, 0) >= INVAL_SMCCC_VERSION_LEAST;
}

/**
 * inval_smccc_ask_feature() - words of ARCH_FEATURES
 * @x: the caller's, 5 words
 * @function: identifier of the function asked about
 *
 * Context: any.
 */
static inline void inval_smccc_ask_feature(uint64_t x[5], uint32_t function)
{
	inval_smccc_words(x, INVAL_SMCCC_ARCH_FEATURES, function, 0, 0);
}

/**
 * inval_smccc_has_feature() - is the function there?
 * @x: answer to inval_smccc_ask_feature()
 *
 * Context: any.
 * Return: true when it is.
 */
static inline bool inval_smccc_has_feature(const uint64_t x[5])
{
	return !inval_smccc_negative(x[0]);
}

/**
 * inval_smccc_ask_attrs() - words of ARCH_CLEAN_INV_MEMREGION_ATTRIBUTES
 * @x: the caller's, 5 words
 * @ids: function identifiers
 *
 * Context: any.
 */
static inline void inval_smccc_ask_attrs(uint64_t x[5], const struct inval_smccc_ids *ids)
{
	inval_smccc_words(x, ids->attrs, 0, 0, 0);
}

/**
 * inval_smccc_attrs_read() - decode the attributes
 * @attrs: written on success only; the caller's
 * @x: answer to inval_smccc_ask_attrs()
 *
 * DEN 0028, 7.11. A latency wider than its 32 bits or an attribute that is not
 * known is refused: what such a call promises is not known either.
 *
 * Context: any.
 * Return: 0; -INVAL_EOPNOTSUPP for any status but success; -INVAL_EPROTO for
 * attributes that cannot be.
 */
static inline INVAL_MUST_CHECK int inval_smccc_attrs_read(struct inval_smccc_attrs *attrs,
							  const uint64_t x[5])
{
	if (inval_field(x[0], 31, 0) != 0U)
		return -INVAL_EOPNOTSUPP;
	if (x[1] > INVAL_SMCCC_GLOBAL || !inval_fits(x[2], 32))
		return -INVAL_EPROTO;
	attrs->global = x[1] == INVAL_SMCCC_GLOBAL;
	attrs->latency_us = (uint32_t)x[2];
	attrs->rate = x[3];
	attrs->even_bytes = x[4];
	return 0;
}

/**
 * inval_smccc_ask_flush() - words of ARCH_CLEAN_INV_MEMREGION
 * @x: the caller's, 5 words
 * @ids: function identifiers
 * @base: physical address
 * @bytes: length; firmware refuses 0 and what wraps
 * @dry: only find out whether firmware would accept this
 *
 * Context: any.
 */
static inline void inval_smccc_ask_flush(uint64_t x[5], const struct inval_smccc_ids *ids,
					 uint64_t base, uint64_t bytes, bool dry)
{
	inval_smccc_words(x, ids->clean_inv, base, bytes, dry ? INVAL_SMCCC_DRY_RUN : 0U);
}

/**
 * inval_smccc_code() - a status as a result code
 * @x0: what the call returned; bits 63:32 say nothing
 *
 * NOT_REQUIRED has no meaning for this call, and must not pass for "nothing to
 * do": it is a status against the document like any unknown one.
 *
 * Context: any.
 * Return: 0 for SUCCESS; -INVAL_EOPNOTSUPP for NOT_SUPPORTED; -INVAL_EINVAL for
 * INVALID_PARAMETER; -INVAL_EDQUOT for RATE_LIMITED; -INVAL_EBUSY for BUSY;
 * -INVAL_EPROTO for all others.
 */
static inline int inval_smccc_code(uint64_t x0)
{
	switch ((uint32_t)inval_field(x0, 31, 0)) {
	case 0U:
		return 0;
	case 0xffffffffU:	/* -1 */
		return -INVAL_EOPNOTSUPP;
	case 0xfffffffdU:	/* -3 */
		return -INVAL_EINVAL;
	case 0xfffffffcU:	/* -4 */
		return -INVAL_EDQUOT;
	case 0xfffffffbU:	/* -5 */
		return -INVAL_EBUSY;
	default:
		return -INVAL_EPROTO;
	}
}

/**
 * inval_smccc_interval_us() - time between calls that the advertised rate asks for
 * @attrs: what firmware says about the call
 *
 * Context: any.
 * Return: a second divided by the rate, rounded up, in us; 0: no limit.
 */
static inline uint32_t inval_smccc_interval_us(const struct inval_smccc_attrs *attrs)
{
	uint64_t left = INVAL_SMCCC_US_PER_S - 1U;
	uint32_t us = 0, bit;

	if (attrs->rate == 0U)
		return 0;
	if (attrs->rate > left)
		return 1;
	for (bit = 0x80000U; bit != 0U; bit >>= 1) {
		if (attrs->rate * bit <= left) {
			left -= attrs->rate * bit;
			us += bit;
		}
	}
	return us + 1U;
}

/**
 * inval_smccc_delay_us() - time between two tries
 * @attrs: what firmware says about the call
 * @policy: when to give up
 *
 * What rate or latency ask for, whichever is longer, up to the cap; but a cap
 * that would break the rate gives way.
 *
 * Context: any.
 * Return: us.
 */
static inline uint32_t inval_smccc_delay_us(const struct inval_smccc_attrs *attrs,
					    const struct inval_smccc_policy *policy)
{
	uint32_t interval = inval_smccc_interval_us(attrs);
	uint32_t us = interval > attrs->latency_us ? interval : attrs->latency_us;

	if (us == 0U)
		us = policy->default_us;
	if (us > policy->cap_us)
		us = policy->cap_us;
	return us > interval ? us : interval;
}

/**
 * inval_smccc_retry() - what an answer of the call means
 * @attrs: what firmware says about the call
 * @policy: when to give up
 * @x0: the answer
 * @attempt: number of the call among those of this request, from 1
 * @spent_us: since the request began
 * @delay_us: written with -INVAL_EAGAIN only: how long to wait before the next
 *	call, of the same words
 *
 * Context: any.
 * Return: 0: the range is flushed; -INVAL_EAGAIN: call again; else give up with
 * this code, which is that of inval_smccc_code(): -INVAL_EBUSY and -INVAL_EDQUOT
 * after the last try, or when the next one would begin after the budget's end.
 */
static inline INVAL_MUST_CHECK int inval_smccc_retry(const struct inval_smccc_attrs *attrs,
						     const struct inval_smccc_policy *policy,
						     uint64_t x0, uint32_t attempt,
						     uint64_t spent_us, uint32_t *delay_us)
{
	int code = inval_smccc_code(x0);
	uint32_t us = inval_smccc_delay_us(attrs, policy);

	if (code != -INVAL_EBUSY && code != -INVAL_EDQUOT)
		return code;
	if (attempt >= policy->attempts || spent_us > policy->budget_us ||
	    us > policy->budget_us - spent_us)
		return code;
	*delay_us = us;
	return -INVAL_EAGAIN;
}

/**
 * inval_smccc_served() - has another one's global flush done this request's work?
 * @snapshot: number of the newest call that had begun when the request's stores
 *	were over, with a full barrier between these and the look
 * @finished: number of the newest call that has succeeded
 *
 * Calls are numbered as they begin, each attempt by itself, and may wrap. Only one
 * that began after the snapshot is sure to have found the stores: "some flush has
 * ended since" would not do, for that one may have passed them before.
 *
 * Context: any.
 * Return: true when the request needs no call of its own.
 */
static inline bool inval_smccc_served(uint64_t snapshot, uint64_t finished)
{
	return finished != snapshot && (finished - snapshot) >> 63 == 0U;
}

INVAL_END

#endif /* INVAL_SMCCC_GUARD */
