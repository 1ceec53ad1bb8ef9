/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * memregion.h
 * 1. Discovery: without a conduit, below version 1.1, with one function or no
 *    attributes there is no provider, after no more calls than needed; complete
 *    firmware, with Arm's identifiers or others, is found.
 * 2. A request calls firmware until it succeeds or the policy gives up, the same
 *    range each time, with the watchdog told before each call, interrupts on and
 *    the lock held; what was slept is what the policy says; errors are the status'.
 * 3. The advertised rate holds across requests; a budget that is too small for it is
 *    refused without a call.
 * 4. A request served by another's global flush makes no call; a failed one serves
 *    nobody, nor does any where calls are not global; counters may wrap.
 * 5. Registry: room, twice, also at once, not there; "has" counts what needs no alias;
 *    ranges that are empty or wrap, and providers whose chunks are not aligned, are
 *    refused before anything; none is "not supported".
 * 6. All start before any is waited for; whoever started is waited for, whatever
 *    errors there were; the first error is returned; the next piece is not begun.
 * 7. Pieces: aligned, no larger than the provider takes, without a gap, the alias in
 *    step, or none where they are wider than pages; each provider in its own.
 * 8. By address: with alias and PoC below the break-even, or when alone; else never.
 * 9. The hold section lies around all of a flush; remove waits for it.
 * 10. The flush engine of examples/: start, poll, time-out, failure, two at once.
 */
/* port: recording */
#include <inval/memregion.h>

#include "../examples/flush_engine/flush_engine.h"
#include "test.h"

#define S(status)	((uint64_t)(int64_t)(status))
#define OK		0
#define LIMITED		(-4)
#define BUSY		(-5)
#define MOST_CALLS	32U

static struct {
	uint64_t version;
	uint64_t has_flush;
	uint64_t has_attrs;
	uint64_t attrs[5];
	uint64_t conduit_ends;	/* after so many calls */
	int conduit_code;	/* with this */
	int32_t answers[MOST_CALLS];
	uint32_t flush_us;
	uint32_t calls;		/* of all functions */
	uint32_t flushes;
	uint64_t base[MOST_CALLS];
	uint64_t bytes[MOST_CALLS];
	uint64_t began[MOST_CALLS];
} firmware;

static struct inval_smccc_ids ids;
static struct inval_smccc_policy policy;
static struct inval_firmware fw;
static struct inval_memregion registry;

static int call(struct inval_smccc_args *args)
{
	uint64_t *x = args->x;

	if (firmware.calls++ == firmware.conduit_ends)
		return firmware.conduit_code;
	if (x[0] == 0x80000000U) {
		x[0] = firmware.version;
	} else if (x[0] == 0x80000001U) {
		x[0] = x[1] == ids.clean_inv ? firmware.has_flush :
		       x[1] == ids.attrs ? firmware.has_attrs : S(-1);
	} else if (x[0] == ids.attrs) {
		memcpy(x, firmware.attrs, sizeof(firmware.attrs));
	} else if (x[0] == ids.clean_inv && firmware.flushes < MOST_CALLS) {
		firmware.base[firmware.flushes] = x[1];
		firmware.bytes[firmware.flushes] = x[2];
		firmware.began[firmware.flushes] = rec.now_us;
		rec.now_us += firmware.flush_us;
		x[0] = x[3] == 0U ? S(firmware.answers[firmware.flushes]) : S(-3);
		firmware.flushes++;
	} else {
		x[0] = S(-1);
	}
	return 0;
}

/* Complete firmware with these attributes, and a provider of it. */
static void start(bool global, uint64_t latency, uint64_t rate)
{
	rec_reset();
	rec.smccc = call;
	memset(&firmware, 0, sizeof(firmware));
	firmware.conduit_ends = UINT64_MAX;
	firmware.conduit_code = -INVAL_EOPNOTSUPP;
	firmware.version = 0x10002U;
	firmware.attrs[1] = global ? 1U : 0U;
	firmware.attrs[2] = latency;
	firmware.attrs[3] = rate;
	inval_smccc_ids_init(&ids);
	inval_smccc_policy_init(&policy);
	inval_memregion_init(&registry);
}

static void found(void)
{
	int err = inval_firmware_init(&fw, &ids, &policy);

	CHECK(err == 0, "firmware: %d", err);
	rec_forget();
}

static void finish(void)
{
	uint32_t i;

	for (i = 0; i < rec.events; i++)
		CHECK(!rec.log[i].irq_off, "event %u with interrupts off", i);
	inval_memregion_fini(&registry);
	CHECK(rec_done() == 0U, "misuse: %s", rec.misuse_text);
}

static struct inval_region region(uint64_t pa, uint64_t bytes)
{
	struct inval_region r;

	r.pa = pa;
	r.bytes = bytes;
	r.alias = false;
	r.poc = false;
	r.va = 0;
	return r;
}

static struct inval_region alias(uint64_t pa, uint64_t bytes, uint64_t va)
{
	struct inval_region r = region(pa, bytes);

	r.alias = true;
	r.poc = true;
	r.va = va;
	return r;
}

static int flush(uint64_t pa, uint64_t bytes)
{
	struct inval_region r = region(pa, bytes);

	return inval_provider_flush(&fw.p, &r, inval_firmware_start, NULL);
}

/* What was slept, in all. */
static uint64_t slept(void)
{
	uint64_t us = 0;
	uint32_t i;

	for (i = 0; i < rec.events; i++)
		us += rec.log[i].kind == REC_SLEEP ? rec.log[i].value : 0U;
	return us;
}

TEST(memregion, discovery)
{
	static const struct {
		uint64_t version, flush, attrs, status, x1;
		uint64_t conduit_ends;
		int err;
		uint32_t calls;
	} row[] = {
		{ 0x10001U, 0, 0, 0, 0, 9, 0, 4 },
		{ 0x10001U, 1, 1, 0, 1, 9, 0, 4 },
		{ 0x10001U, 0, 0, 0, 0, 0, -INVAL_EOPNOTSUPP, 1 },
		{ 0x10001U, 0, 0, 0, 0, 1, -INVAL_EOPNOTSUPP, 2 },
		{ 0x10001U, 0, 0, 0, 0, 2, -INVAL_EOPNOTSUPP, 3 },
		{ 0x10001U, 0, 0, 0, 0, 3, -INVAL_EOPNOTSUPP, 4 },
		{ 0x10000U, 0, 0, 0, 0, 9, -INVAL_EOPNOTSUPP, 1 },
		{ S(-1), 0, 0, 0, 0, 9, -INVAL_EOPNOTSUPP, 1 },
		{ 0x10001U, S(-1), 0, 0, 0, 9, -INVAL_EOPNOTSUPP, 2 },
		{ 0x10001U, 0, S(-1), 0, 0, 9, -INVAL_EOPNOTSUPP, 3 },
		{ 0x10001U, 0, 0, S(-1), 0, 9, -INVAL_EOPNOTSUPP, 4 },
		{ 0x10001U, 0, 0, S(BUSY), 0, 9, -INVAL_EOPNOTSUPP, 4 },
		{ 0x10001U, 0, 0, 0, 2, 9, -INVAL_EPROTO, 4 }
	};
	uint32_t i, own;
	int err;

	for (i = 0; i < 2U * sizeof(row) / sizeof(row[0]); i++) {
		own = i % 2U;
		start(false, 0, 0);
		ids.clean_inv += own << 24;
		ids.attrs += own << 24;
		firmware.version = row[i / 2U].version;
		firmware.has_flush = row[i / 2U].flush;
		firmware.has_attrs = row[i / 2U].attrs;
		firmware.attrs[0] = row[i / 2U].status;
		firmware.attrs[1] = row[i / 2U].x1;
		firmware.conduit_ends = row[i / 2U].conduit_ends;
		err = inval_firmware_init(&fw, &ids, &policy);
		CHECK(err == row[i / 2U].err && firmware.calls == row[i / 2U].calls,
		      "row %u: %d after %u calls", i / 2U, err, firmware.calls);
		CHECK(err != 0 || fw.attrs.global == (row[i / 2U].x1 == 1U), "row %u", i / 2U);
		CHECK(rec_total(REC_WATCHDOG) == firmware.calls &&
		      rec.count[INVAL_COUNT_FIRMWARE] == firmware.calls && rec.warns == 0U,
		      "row %u", i / 2U);
		if (err == 0)
			inval_firmware_fini(&fw);
		finish();
	}
}

TEST(memregion, firmware_that_is_not_there_any_more)
{
	start(false, 0, 0);
	found();
	firmware.conduit_ends = firmware.calls;
	CHECK(flush(0x1000, 0x1000) == -INVAL_EOPNOTSUPP, "no conduit");
	CHECK(fw.finished == 0U && slept() == 0U, "as if it had been done");
	firmware.conduit_ends = firmware.calls;
	firmware.conduit_code = -INVAL_EAGAIN;
	CHECK(flush(0x1000, 0x1000) == -INVAL_EAGAIN && slept() == 0U, "the hook's is no answer");
	finish();
}

/* Answers, and what a request makes of them. */
static const struct {
	int32_t answers[8];
	int err;
	uint32_t calls;
	uint64_t slept;
} requests[] = {
	{ { OK }, 0, 1, 0 },
	{ { BUSY, OK }, 0, 2, 700 },
	{ { LIMITED, BUSY, BUSY, BUSY, OK }, 0, 5, 2800 },
	{ { BUSY, BUSY, BUSY, BUSY, BUSY, OK }, -INVAL_EBUSY, 5, 2800 },
	{ { BUSY, BUSY, BUSY, BUSY, LIMITED, OK }, -INVAL_EDQUOT, 5, 2800 },
	{ { -1 }, -INVAL_EOPNOTSUPP, 1, 0 },
	{ { -2 }, -INVAL_EPROTO, 1, 0 },
	{ { BUSY, -3 }, -INVAL_EINVAL, 2, 700 },
	{ { -6 }, -INVAL_EPROTO, 1, 0 },
	{ { 1 }, -INVAL_EPROTO, 1, 0 }
};

TEST(memregion, requests)
{
	uint32_t i, j, at;
	int err;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		start(false, 700, 0);
		found();
		memcpy(firmware.answers, requests[i].answers, sizeof(requests[i].answers));
		err = flush(0x80000000U, 0x12345);
		CHECK(err == requests[i].err && firmware.flushes == requests[i].calls &&
		      slept() == requests[i].slept, "request %u: %d, %u calls, slept %u", i, err,
		      firmware.flushes, (uint32_t)slept());
		for (j = 0, at = 0; j < firmware.flushes; j++) {
			CHECK(firmware.base[j] == 0x80000000U && firmware.bytes[j] == 0x12345U,
			      "request %u: another range", i);
			at = rec_next(REC_SMCCC, at);
			CHECK(rec_next(REC_LOCK, 0) < at && rec_next(REC_UNLOCK, 0) > at &&
			      rec.log[at - 2U].kind == REC_WATCHDOG, "request %u, call %u", i, j);
			at++;
		}
		CHECK(rec.count[INVAL_COUNT_RETRY] == firmware.flushes - 1U &&
		      rec_total(REC_TRACE) == firmware.flushes - 1U, "request %u: retries", i);
		CHECK(rec_total(REC_SLEEP) == firmware.flushes - 1U, "request %u: sleeps", i);
		CHECK(fw.started == firmware.flushes && fw.finished == (err == 0 ? fw.started : 0U),
		      "request %u: counters", i);
		inval_firmware_fini(&fw);
		CHECK(fw.lock.ready == 0U, "the lock's end");
		finish();
	}
}

TEST(memregion, budget_counts_calls_and_delays)
{
	uint32_t i;

	start(false, 0, 0);
	policy.budget_us = 10000;
	found();
	firmware.flush_us = 4000;
	for (i = 0; i < MOST_CALLS; i++)
		firmware.answers[i] = BUSY;
	CHECK(flush(0, 4096) == -INVAL_EBUSY, "busy");
	/* Calls begin at 0, 5000 and 10000 us. */
	CHECK(firmware.flushes == 3U && slept() == 2000U, "%u calls", firmware.flushes);
	inval_firmware_fini(&fw);
	finish();
}

TEST(memregion, rate_holds_across_requests)
{
	uint32_t i, n = 0;

	start(false, 0, 100);
	found();
	firmware.flush_us = 3000;
	firmware.answers[2] = LIMITED;
	firmware.answers[5] = BUSY;
	for (i = 0; i < 8U; i++) {
		CHECK(flush((uint64_t)i << 20, 4096) == 0, "request %u", i);
		rec.now_us += i == 4U ? 100000U : 1000U;
	}
	CHECK(firmware.flushes == 10U, "%u calls", firmware.flushes);
	for (i = 1; i < firmware.flushes; i++) {
		CHECK(firmware.began[i] - firmware.began[i - 1U] >= 10000U, "call %u after %u us", i,
		      (uint32_t)(firmware.began[i] - firmware.began[i - 1U]));
		n += firmware.began[i] - firmware.began[i - 1U] == 10000U ? 1U : 0U;
	}
	CHECK(n == 6U, "%u calls as soon as the rate allows", n);
	rec.now_us += 9999U - 1000U - 3000U;
	fw.policy.budget_us = 0;
	CHECK(flush(0, 4096) == -INVAL_EDQUOT && firmware.flushes == 10U, "1 us too early");
	rec.now_us++;
	rec_forget();
	CHECK(flush(0, 4096) == 0 && firmware.flushes == 11U && rec_total(REC_SLEEP) == 0U,
	      "no longer too early");
	inval_firmware_fini(&fw);
	finish();
}

TEST(memregion, first_request_is_not_delayed)
{
	start(false, 0, 1);
	rec.now_us = 0;
	found();
	CHECK(flush(0, 4096) == 0 && slept() == 0U, "slept %u us", (uint32_t)slept());
	inval_firmware_fini(&fw);
	finish();
}

/* While this CPU waits for the lock, another one's call begins and ends. */
static bool other_succeeds;

static void other_calls(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)addr;
	(void)value;
	if (kind != REC_LOCK)
		return;
	rec.on_event = NULL;
	fw.started++;
	if (other_succeeds)
		fw.finished = fw.started;
}

TEST(memregion, served_by_another)
{
	uint32_t i;
	bool global, serves;

	for (i = 0; i < 16U; i++) {
		global = i % 2U != 0U;
		other_succeeds = i / 2U % 2U != 0U;
		serves = global && other_succeeds;
		start(global, 0, 0);
		found();
		fw.started = i < 8U ? i / 4U : UINT64_MAX - i / 4U % 2U;
		fw.finished = fw.started;
		rec.on_event = other_calls;
		CHECK(flush(0, 4096) == 0 && firmware.flushes == (serves ? 0U : 1U),
		      "%u: %u calls", i, firmware.flushes);
		CHECK(rec.count[INVAL_COUNT_SHARED] == (serves ? 1U : 0U), "%u: count", i);
		CHECK(flush(0, 4096) == 0 && firmware.flushes == (serves ? 1U : 2U),
		      "%u: the next one must call itself", i);
		inval_firmware_fini(&fw);
		finish();
	}
}

static bool same(const struct inval_region *a, const struct inval_region *b)
{
	return a->pa == b->pa && a->bytes == b->bytes && a->va == b->va && a->alias == b->alias &&
	       a->poc == b->poc;
}

/* A provider that notes what it is asked. */
struct noting {
	struct inval_provider p;
	int start_err;
	int done_err;
	uint32_t open;
	uint32_t pieces;
	struct inval_region piece[64];
};

static struct noting noting[INVAL_PROVIDERS + 1U];
static struct noting by_va;
static bool is_done[64];	/* of each step, start or done, of all of them */
static uint32_t steps;

static void note_step(bool done)
{
	is_done[steps++ % 64U] = done;
}

static int noting_start(struct inval_provider *p, const struct inval_region *r)
{
	struct noting *n = (struct noting *)(void *)p;

	CHECK(rec.depth[rec.cpu][REC_SCOPE_HOLD] == 1U, "start outside a hold section");
	note_step(false);
	CHECK(n->pieces < 64U && n->open == 0U, "started twice");
	n->piece[n->pieces++] = *r;
	n->open = n->start_err == 0 && p->done != NULL ? 1U : 0U;
	return n->start_err;
}

static int noting_done(struct inval_provider *p, const struct inval_region *r)
{
	struct noting *n = (struct noting *)(void *)p;

	CHECK(rec.depth[rec.cpu][REC_SCOPE_HOLD] == 1U, "done outside a hold section");
	note_step(true);
	CHECK(n->open == 1U && same(r, &n->piece[n->pieces - 1U]),
	      "done without a start of this piece");
	n->open = 0;
	return n->done_err;
}

static void noting_init(struct noting *n, bool waits)
{
	memset(n, 0, sizeof(*n));
	n->p.start = noting_start;
	n->p.done = waits ? noting_done : NULL;
}

static void add(struct noting *n)
{
	int err = inval_memregion_add(&registry, &n->p);

	CHECK(err == 0, "add: %d", err);
}

static void start_noting(void)
{
	uint32_t i;

	start(false, 0, 0);
	for (i = 0; i <= INVAL_PROVIDERS; i++)
		noting_init(&noting[i], i != 1U);
	noting_init(&by_va, false);
	by_va.p.near = true;
	steps = 0;
}

TEST(memregion, registry)
{
	uint32_t i;

	start_noting();
	CHECK(!inval_memregion_has(&registry), "has none");
	add(&by_va);
	CHECK(!inval_memregion_has(&registry), "has one that needs an alias");
	CHECK(inval_memregion_add(&registry, &by_va.p) == -INVAL_EEXIST, "near, twice");
	noting[0].p.near = true;
	CHECK(inval_memregion_add(&registry, &noting[0].p) == -INVAL_ENOSPC, "near, two");
	CHECK(inval_memregion_remove(&registry, &noting[0].p) == -INVAL_ENOENT, "not near");
	noting[0].p.near = false;
	for (i = 0; i < INVAL_PROVIDERS; i++) {
		add(&noting[i]);
		CHECK(inval_memregion_has(&registry), "has %u", i);
		CHECK(inval_memregion_add(&registry, &noting[i].p) == -INVAL_EEXIST, "twice");
	}
	CHECK(inval_memregion_add(&registry, &noting[i].p) == -INVAL_ENOSPC, "no room");
	CHECK(inval_memregion_remove(&registry, &noting[i].p) == -INVAL_ENOENT, "not there");
	CHECK(inval_memregion_remove(&registry, &noting[2].p) == 0, "remove");
	CHECK(inval_memregion_add(&registry, &noting[0].p) == -INVAL_EEXIST,
	      "there, though a place before is free");
	CHECK(inval_memregion_remove(&registry, &noting[2].p) == -INVAL_ENOENT, "removed twice");
	add(&noting[INVAL_PROVIDERS]);
	for (i = 0; i <= INVAL_PROVIDERS; i++) {
		CHECK(inval_memregion_has(&registry), "has %u left", i);
		CHECK(inval_memregion_remove(&registry, &noting[i].p) ==
		      (i == 2U ? -INVAL_ENOENT : 0), "remove %u", i);
	}
	CHECK(!inval_memregion_has(&registry), "has none left");
	CHECK(inval_memregion_remove(&registry, &by_va.p) == 0, "remove near");
	CHECK(inval_memregion_remove(&registry, &by_va.p) == -INVAL_ENOENT, "near, again");
	CHECK(rec_total(REC_LOCK) == 0U, "a lock in the registry");
	finish();
}

/* Two add into the same place at once. */
static void other_adds(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_CMPXCHG64)
		return;
	rec.on_event = NULL;
	*(uint64_t *)(uintptr_t)addr = rec_addr(&noting[1]);
}

TEST(memregion, added_at_once)
{
	struct inval_region r = region(0, 4096);

	start_noting();
	rec.on_event = other_adds;
	add(&noting[0]);
	CHECK(inval_memregion_flush(&registry, &r) == 0, "flush");
	CHECK(noting[0].pieces == 1U && noting[1].pieces == 1U, "one got lost");
	finish();
}

/* Likewise the same one: another looked at a place before, and took the next. */
static void same_is_added(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_CMPXCHG64)
		return;
	rec.on_event = NULL;
	((uint64_t *)(uintptr_t)addr)[1] = rec_addr(&noting[0]);
}

TEST(memregion, same_added_at_once)
{
	struct inval_region r = region(0, 4096);

	start_noting();
	rec.on_event = same_is_added;
	add(&noting[0]);
	CHECK(inval_memregion_remove(&registry, &noting[0].p) == 0, "remove");
	CHECK(inval_memregion_flush(&registry, &r) == -INVAL_EOPNOTSUPP && noting[0].pieces == 0U,
	      "used after its removal");
	finish();
}

TEST(memregion, bad_ranges_are_refused)
{
	const struct inval_region bad[] = {
		region(0, 0), region(4096, 0), region(1ULL << 56, 4096),
		region((1ULL << 56) - 4096U, 4097), region(0, (1ULL << 56) + 1U),
		region(UINT64_MAX, 1), region(UINT64_MAX - 4095U, 4096), region(1, UINT64_MAX),
		region(UINT64_MAX, UINT64_MAX), region(UINT64_MAX - 4095U, 8192),
		region(1ULL << 63, 1ULL << 63),
		alias(0, 4097, UINT64_MAX - 4095U), alias(0x1000, 64, 0x2040), alias(0x1040, 64, 0x2000)
	};
	const struct inval_region good[] = {
		region(0, 1), region((1ULL << 56) - 1U, 1), region(0, 1ULL << 56),
		region((1ULL << 56) - 4096U, 4096), alias(0, 4096, UINT64_MAX - 4095U),
		alias(0x1234, 64, 0xffff000000005234U)
	};
	uint32_t i;

	start_noting();
	add(&noting[0]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(inval_memregion_flush(&registry, &bad[i]) == -INVAL_EINVAL &&
		      inval_provider_flush(&noting[1].p, &bad[i], noting_start, NULL) ==
		      -INVAL_EINVAL, "bad %u", i);
	}
	CHECK(noting[0].pieces == 0U && rec_total(REC_HOLD_BEGIN) == 0U, "a provider was asked");
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(inval_memregion_flush(&registry, &good[i]) == 0 && noting[0].pieces == i + 1U &&
		      same(&noting[0].piece[i], &good[i]), "good %u", i);
	}
	finish();
}

TEST(memregion, chunks_that_are_not_aligned_are_refused)
{
	static const struct {
		uint8_t align_lg2;
		uint64_t chunk;
		bool good;
		bool near;
	} row[] = {
		{ 0, 4097, true, false }, { 12, 4096, true, false }, { 12, 0, true, false },
		{ 55, 1ULL << 55, true, false }, { 12, 1024, false, false }, { 12, 6144, false, false },
		{ 56, 0, false, false }, { 255, 0, false, false },
		/* An alias ends with the range's last page. */
		{ 12, 0, true, true }, { 13, 0, false, true }
	};
	struct inval_region r = region(4096, 4096);
	uint32_t i;
	int want;

	r.alias = true;
	r.poc = true;
	start_noting();
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		want = row[i].good ? 0 : -INVAL_EINVAL;
		noting[0].p.done = NULL;
		noting[0].p.align_lg2 = row[i].align_lg2;
		noting[0].p.chunk_bytes = row[i].chunk;
		noting[0].p.near = row[i].near;
		CHECK(inval_memregion_add(&registry, &noting[0].p) == want, "row %u", i);
		CHECK(want != 0 || inval_memregion_flush(&registry, &r) == 0, "row %u", i);
		CHECK(want == 0 || inval_provider_flush(&noting[0].p, &r, noting_start, NULL) == want,
		      "row %u", i);
		CHECK(inval_memregion_remove(&registry, &noting[0].p) == (want == 0 ? 0 : -INVAL_ENOENT),
		      "row %u", i);
	}
	CHECK(noting[0].pieces == 5U, "%u pieces", noting[0].pieces);
	finish();
}

TEST(memregion, none_is_not_supported)
{
	struct inval_region r = region(0, 4096);

	start_noting();
	CHECK(inval_memregion_flush(&registry, &r) == -INVAL_EOPNOTSUPP, "none");
	add(&noting[0]);
	CHECK(inval_memregion_flush(&registry, &r) == 0, "one");
	CHECK(inval_memregion_remove(&registry, &noting[0].p) == 0, "remove");
	CHECK(inval_memregion_flush(&registry, &r) == -INVAL_EOPNOTSUPP, "none any more");
	finish();
}

/* All errors of three providers, the second of which has nothing to wait for. */
TEST(memregion, all_that_started_are_waited_for)
{
	struct inval_region r = region(0, 8192);
	uint32_t i, j, started, waited, last_start, first_done;
	int want, err;

	for (i = 0; i < 32U; i++) {
		start_noting();
		want = 0;
		for (j = 0; j < 3U; j++) {
			noting[j].p.chunk_bytes = 4096;
			noting[j].start_err = (i >> j & 1U) != 0U ? -(int)(100U + j) : 0;
			want = want != 0 ? want : noting[j].start_err;
			add(&noting[j]);
		}
		for (j = 0; j < 3U; j += 2U) {
			noting[j].done_err = (i >> (3U + j / 2U) & 1U) != 0U ? -(int)(200U + j) : 0;
			if (noting[j].start_err == 0)
				want = want != 0 ? want : noting[j].done_err;
		}
		err = inval_memregion_flush(&registry, &r);
		CHECK(err == want, "case %u: %d, not %d", i, err, want);
		started = waited = last_start = 0;
		first_done = UINT32_MAX;
		for (j = 0; j < (want != 0 ? steps : steps / 2U); j++) {
			started += is_done[j] ? 0U : 1U;
			waited += is_done[j] ? 1U : 0U;
			last_start = is_done[j] ? last_start : j;
			first_done = is_done[j] && first_done == UINT32_MAX ? j : first_done;
		}
		CHECK(started == 3U && last_start < first_done, "case %u: %u started", i, started);
		CHECK(waited == 2U - (i & 1U) - (i >> 2 & 1U), "case %u: %u waited for", i, waited);
		for (j = 0; j < 3U; j++)
			CHECK(noting[j].open == 0U && noting[j].pieces == (want != 0 ? 1U : 2U),
			      "case %u: provider %u, %u pieces", i, j, noting[j].pieces);
		finish();
	}
}

/* The pieces of a provider cover [pa, pa + bytes) in order, aligned, without a gap. */
static void check_pieces(const struct noting *n, const struct inval_region *r)
{
	uint64_t align = 1ULL << n->p.align_lg2, next = r->pa & ~(align - 1U);
	uint32_t i;

	for (i = 0; i < n->pieces; i++) {
		CHECK(n->piece[i].pa == next && n->piece[i].bytes != 0U, "piece %u at 0x%llx", i,
		      (unsigned long long)n->piece[i].pa);
		CHECK((n->piece[i].pa | n->piece[i].bytes) % align == 0U, "piece %u", i);
		CHECK(n->p.chunk_bytes == 0U || n->piece[i].bytes <= n->p.chunk_bytes, "piece %u", i);
		CHECK(n->piece[i].va - n->piece[i].pa == r->va - r->pa, "alias of piece %u", i);
		CHECK(n->piece[i].alias == (r->alias && n->p.align_lg2 <= 12U),
		      "piece %u, beside what is mapped", i);
		next += n->piece[i].bytes;
	}
	CHECK(n->pieces != 0U && next == ((r->pa + r->bytes + align - 1U) & ~(align - 1U)),
	      "%u pieces end at 0x%llx", n->pieces, (unsigned long long)next);
}

TEST(memregion, pieces)
{
	static const uint64_t chunks[] = { 0, 1, 2, 5 };
	struct inval_region r;
	uint64_t state = 9;
	uint32_t i, j;
	int err;

	for (i = 0; i < 2000U; i++) {
		start_noting();
		r = alias(test_random(&state) >> (8U + test_random(&state) % 48U), 0, 0);
		for (j = 0; j < 2U; j++) {
			noting[j].p.align_lg2 = (uint8_t)(test_random(&state) % 20U);
			noting[j].p.chunk_bytes = chunks[test_random(&state) % 4U] <<
						  noting[j].p.align_lg2;
			r.bytes += test_random(&state) % 8U << noting[j].p.align_lg2;
			add(&noting[j]);
		}
		r.bytes += 1U + test_random(&state) % 3U;
		for (j = 0; j < 2U; j++) {
			if (noting[j].p.chunk_bytes != 0U && r.bytes / noting[j].p.chunk_bytes > 50U)
				noting[j].p.chunk_bytes = 0;
		}
		r.pa &= (1ULL << 55) - 1U;
		r.va = 0xffff000000000000U | (r.pa & 0xffffffffffffU);
		err = inval_memregion_flush(&registry, &r);
		CHECK(err == 0, "case %u: %d", i, err);
		check_pieces(&noting[0], &r);
		check_pieces(&noting[1], &r);
		finish();
	}
}

TEST(memregion, pieces_of_one)
{
	struct inval_region r = region(0x1010, 0x3000);

	start(false, 0, 0);
	found();
	fw.p.align_lg2 = 12;
	fw.p.chunk_bytes = 0x2000;
	CHECK(inval_provider_flush(&fw.p, &r, inval_firmware_start, NULL) == 0, "flush");
	CHECK(firmware.flushes == 2U && firmware.base[0] == 0x1000U && firmware.bytes[0] == 0x2000U &&
	      firmware.base[1] == 0x3000U && firmware.bytes[1] == 0x2000U, "%u", firmware.flushes);
	firmware.answers[2] = -6;
	CHECK(inval_provider_flush(&fw.p, &r, inval_firmware_start, NULL) == -INVAL_EPROTO &&
	      firmware.flushes == 3U, "a piece after an error");
	inval_firmware_fini(&fw);
	rec_forget();
	finish();
}

TEST(memregion, one_that_waits)
{
	struct inval_region r = region(0x1000, 0x1000);
	int err;

	start_noting();
	noting[0].done_err = -7;
	(void)inval_port_hold_begin(&registry.hold);
	err = inval_provider_flush(&noting[0].p, &r, noting_start, noting_done);
	inval_port_hold_end(&registry.hold, rec.tokens);
	CHECK(err == -7 && noting[0].pieces == 1U && noting[0].open == 0U, "%d", err);
	finish();
}

TEST(memregion, by_address)
{
	struct inval_region r[] = {
		alias(0x1000, 0x1000, 0x1000), alias(0x1000, 0x1001, 0x1000), region(0x1000, 64),
		alias(0x1000, 64, 0x1000), alias(0x1000, 64, 0x1000)
	};
	uint32_t i, lines;
	int err;

	start_noting();
	inval_by_va_init(&by_va.p, 0x1001);
	r[3].poc = false;
	r[4].alias = false;
	for (i = 0; i < 5U; i++) {
		rec_forget();
		CHECK(by_va.p.start(&by_va.p, &r[i]) == (i < 2U ? 0 : -INVAL_EOPNOTSUPP), "%u", i);
		CHECK(rec_total(REC_DC_CIVAC) == (i < 2U ? 64U + i : 0U), "%u", i);
	}
	CHECK(inval_memregion_add(&registry, &by_va.p) == 0, "add");
	for (i = 0; i < 10U; i++) {
		if (i == 5U)
			add(&noting[0]);
		rec_forget();
		noting[0].pieces = 0;
		err = inval_memregion_flush(&registry, &r[i % 5U]);
		lines = rec_total(REC_DC_CIVAC);
		CHECK(err == (i == 2U || i == 3U || i == 4U ? -INVAL_EOPNOTSUPP : 0), "%u: %d", i, err);
		CHECK(lines == (i == 0U || i == 5U ? 64U : i == 1U ? 65U : 0U), "%u: %u lines", i,
		      lines);
		CHECK(noting[0].pieces == (i > 5U ? 1U : 0U), "%u: firmware instead", i);
	}
	by_va.p.even_bytes = 0;
	rec_forget();
	CHECK(inval_memregion_flush(&registry, &r[0]) == 0 && rec_total(REC_DC_CIVAC) == 0U,
	      "no break-even, and another one is there");
	finish();
}

/* The other CPU flushes while this one removes. */
static unsigned long held;

static void flush_ends(void)
{
	static uint32_t waited;

	if (++waited % 8U != 0U)
		return;
	rec.cpu = 1;
	inval_port_hold_end(&registry.hold, held);
	rec.cpu = 0;
	rec.on_turn = NULL;
}

TEST(memregion, remove_waits_for_flushes)
{
	uint32_t at;

	start_noting();
	add(&noting[0]);
	rec.cpu = 1;
	held = inval_port_hold_begin(&registry.hold);
	rec.cpu = 0;
	rec.on_turn = flush_ends;
	CHECK(inval_memregion_remove(&registry, &noting[0].p) == 0, "remove");
	at = rec_next(REC_HOLD_SYNC, 0);
	CHECK(rec_next_at(REC_CMPXCHG64, rec_addr(&registry.far[0]), rec_next(REC_HOLD_BEGIN, 0)) < at,
	      "waited before it was withdrawn");
	CHECK(at != REC_NONE && rec_total(REC_HOLD_WAIT) == 8U && rec_next(REC_HOLD_END, at) !=
	      REC_NONE, "did not wait");
	finish();
}

/* Flush engines at two addresses, busy for so many reads of STATUS. */
#define ENGINES	2U
#define ENGINE(i)	(((uint64_t)(i) + 1U) << 12)

static struct {
	uint64_t base, bytes;
	uint32_t busy;		/* reads left */
	uint32_t busy_for;
	uint32_t failed;
	uint32_t begun;
	uint64_t end;		/* where the last piece ended */
} hard[ENGINES];

static uint32_t engine_read(uint64_t reg)
{
	uint32_t i = (uint32_t)(reg >> 12) - 1U;

	CHECK(i < ENGINES && (reg & 0xfffU) == FLUSH_ENGINE_STATUS, "read of 0x%x", (uint32_t)reg);
	if (hard[i].busy != 0U) {
		hard[i].busy--;
		return FLUSH_ENGINE_BUSY;
	}
	return hard[i].failed != 0U ? FLUSH_ENGINE_FAILED : 0U;
}

static void engine_write32(uint64_t reg, uint32_t v)
{
	uint32_t i = (uint32_t)(reg >> 12) - 1U;

	CHECK(i < ENGINES && (reg & 0xfffU) == FLUSH_ENGINE_CONTROL && v == 1U, "CONTROL");
	CHECK(hard[i].busy == 0U, "engine %u begins while it is busy", i);
	CHECK((hard[i].base | hard[i].bytes) % 128U == 0U && hard[i].bytes != 0U &&
	      hard[i].bytes <= 1U << 30, "engine %u: a range it does not take", i);
	CHECK(hard[i].begun == 0U || hard[i].base == hard[i].end, "engine %u: a gap", i);
	hard[i].end = hard[i].base + hard[i].bytes;
	hard[i].busy = hard[i].busy_for;
	hard[i].begun++;
}

static void engine_write64(uint64_t reg, uint64_t v)
{
	uint32_t i = (uint32_t)(reg >> 12) - 1U;

	CHECK(i < ENGINES && (reg & 0xfffU) <= FLUSH_ENGINE_BYTES, "write of 0x%x", (uint32_t)reg);
	if ((reg & 0xfffU) == FLUSH_ENGINE_BASE)
		hard[i].base = v;
	else
		hard[i].bytes = v;
}

TEST(memregion, flush_engines)
{
	struct inval_region r = region(0x1001, 3ULL << 30);
	struct flush_engine e[ENGINES];
	uint32_t i;
	int err;

	start(false, 0, 0);
	memset(hard, 0, sizeof(hard));
	rec.mmio_read32 = engine_read;
	rec.mmio_write32 = engine_write32;
	rec.mmio_write64 = engine_write64;
	for (i = 0; i < ENGINES; i++) {
		flush_engine_init(&e[i], rec_mmio(ENGINE(i)), 1000);
		hard[i].busy_for = 5;
		CHECK(inval_memregion_add(&registry, &e[i].p) == 0, "engine %u", i);
	}
	CHECK(inval_memregion_flush(&registry, &r) == 0, "both");
	for (i = 0; i < ENGINES; i++)
		CHECK(hard[i].begun == 4U && hard[i].end == 0xc0001080U, "engine %u: %u", i,
		      hard[i].begun);
	i = rec_next_at(REC_MMIO_WRITE32, ENGINE(1) + FLUSH_ENGINE_CONTROL, 0);
	CHECK(rec_next(REC_SLEEP, 0) > i, "the first was waited for before the second began");
	r = region(0, 128);
	hard[0].failed = 1;
	hard[0].begun = hard[1].begun = 0;
	CHECK(inval_memregion_flush(&registry, &r) == -INVAL_EIO, "failed");
	CHECK(hard[1].begun == 1U && hard[1].busy == 0U, "the other was not waited for");
	hard[0].failed = 0;
	hard[1].busy_for = 1000;
	hard[0].begun = hard[1].begun = 0;
	CHECK(inval_memregion_flush(&registry, &r) == -INVAL_ETIMEDOUT, "time-out");
	CHECK(hard[1].busy > 880U && hard[1].busy < 900U, "%u reads left", hard[1].busy);
	hard[0].begun = 0;
	err = inval_memregion_flush(&registry, &r);
	CHECK(err == -INVAL_EBUSY && hard[1].begun == 1U, "still under way: %d", err);
	finish();
}
