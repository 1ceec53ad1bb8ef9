/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guestq.h over the command queue and the model of tests/model.
 *
 * Properties:
 * - everything a guest puts is forwarded or emulated once, in its order, converted;
 *   each command is copied once; at all queue sizes, over the wrap
 * - a SYNC, and everything emulated, comes after what was forwarded has taken effect
 * - CONS, and the counts reported, pass nothing that did not take effect; a bad command
 *   at any index: all before it issued, CERROR_ILL there, none behind it
 * - CERROR_ILL from the SMMU: found by itself, the right CONS; ABT from guest memory and
 *   from a broken queue; ATC_INV_SYNC at the guest's SYNC, which is complete when retried
 * - nothing runs while an error is active or the queue is off; going on after it
 * - a budget is a bound, and a cursor goes on where it ended, in a range of streams too
 * - registers: read-only, ignored and UNPREDICTABLE writes; wrap bits; sizes
 * - PROD changed by another vCPU meanwhile; a PROD more than a lap ahead
 * - a state saved and loaded in mid-work goes on; a state no queue has is refused
 * - ATC_INV only in a read section, guest memory and emulation only outside
 * - no warning, whatever the guest does; 200 hostile guests
 * - when a SYNC is signalled nothing before it is missing, but ATC_INVs of which the guest
 *   was told; 400 well-behaved guests over an SMMU in trouble, also with a narrow queue
 */
/* port: recording */
#include "test.h"
#include "guest_machine.h"

static void env_all(struct rules_env *env)
{
	memset(env, 0, sizeof(*env));
	env->aidr = 0x4;
	env->idr0 = 0x00057e33;
	env->idr1 = 0x01000520;	/* CMDQS 8 */
	env->idr3 = 0x00000500;
	env->idr5 = 0x000001f5;
	env->e2h = true;
	env->sec = RULES_NS;
}

static void put_stream(uint32_t vsid, uint32_t sid, bool ats)
{
	struct grule_stream *s = &gm.j.rule_stream[gm.j.env.streams++];

	s->vsid = vsid;
	s->sid = sid;
	s->ats = ats;
	s->stu_lg2 = 12;
}

/* The widest guest of our VMID 0x1234; streams 0, 5, 6, 0x100. */
static void open_guest(uint64_t seed)
{
	unsigned int op;

	memset(&gm.j, 0, sizeof(gm.j));
	env_all(&gm.j.env.real);
	env_all(&gm.j.env.shown);
	gm.j.env.shown.idr0 &= ~(uint32_t)1;
	for (op = 0; op < 128; op++)
		if (grule_listed(op))
			gm.j.env.take[op / 64] |= (uint64_t)1 << op % 64;
	gm.j.env.vmid = 0x1234;
	gm.j.env.enabled = true;
	put_stream(0, 0x700, false);
	put_stream(5, 0x705, true);
	put_stream(6, 0x9, true);
	put_stream(0x100, 0x77, false);
	CHECK(judge_init(&gm.j) == 0, "guest");
	gm_open(seed);
}

static void open_booted(uint32_t lg2, uint64_t seed)
{
	open_guest(seed);
	gm_boot(lg2);
}

#define NH_ASID(asid) (0x11 | (uint64_t)(asid) << 48)
#define OUR_ASID(asid) (0x0000123400000011 | (uint64_t)(asid) << 48)
#define ATC(sid) (0x40 | (uint64_t)(sid) << 32)

/* Among the effects from @first on is this one. */
static bool seen(uint32_t first, uint64_t d0, uint64_t d1)
{
	uint32_t i;

	for (i = first; i < gm.dones; i++)
		if (gm.done[i][0] == d0 && gm.done[i][1] == d1)
			return true;
	return false;
}

#define EXPECT_SEEN(first, d0, d1) \
	CHECK(seen(first, d0, d1), "%llx did not take effect", (unsigned long long)(d0))

TEST(guestq, init_refuses)
{
	struct inval_guestq_config good, cfg;

	open_guest(1);
	good = gm_config();
#define REFUSED(field, value) \
	do { \
		cfg = good; \
		cfg.field = value; \
		CHECK(inval_guestq_init(&gm.q, &cfg) == -INVAL_EINVAL, #field); \
	} while (0)
	REFUSED(guest, NULL);
	REFUSED(smmu, NULL);
	REFUSED(batch, NULL);
	REFUSED(at, NULL);
	REFUSED(batch_num, 0);
	REFUSED(reads, NULL);
	cfg = good;
	cfg.reads = NULL;
	cfg.read_num = 0;
	CHECK(inval_guestq_init(&gm.q, &cfg) == 0, "without ATS");
	gm_close();
}

TEST(guestq, everything_once_in_order_over_the_wrap)
{
	uint32_t lg2, n, i, total = 0, first, issued;

	for (lg2 = 0; lg2 <= GM_LG2; lg2++) {
		open_booted(lg2, lg2);
		total = 0;
		issued = 0;
		memset(rec.count, 0, sizeof(rec.count));
		while (total < 5u << lg2 || total < 40) {
			n = 1 + total % (1u << lg2);
			first = gm.dones;
			for (i = 0; i + 1 < n; i++)
				gm_push(NH_ASID(total + i), 0);
			gm_push(0x46, total);
			CHECK(gm_run(1000) == 0, "run");
			CHECK(gm.rep.consumed == n && gm.rep.issued == n - 1 && !gm.rep.error,
			      "%u of %u, issued %u", (unsigned int)gm.rep.consumed, (unsigned int)n,
			      (unsigned int)gm.rep.issued);
			CHECK(gm.dones == first + n, "%u effects", (unsigned int)(gm.dones - first));
			for (i = 0; i + 1 < n; i++)
				EXPECT_SEEN(first, OUR_ASID(total + i), 0);
			CHECK(gm.done[gm.dones - 1][0] == 0x146, "the SYNC is not the last");
			total += n;
			CHECK(gm.fetches == total, "%u copied of %u", (unsigned int)gm.fetches,
			      (unsigned int)total);
			CHECK(gm_cons() == gm_read(INVAL_REG_CMDQ_PROD), "CONS");
			issued += n - 1;
		}
		CHECK(rec.count[INVAL_COUNT_TLBI] == issued, "%u counted",
		      (unsigned int)rec.count[INVAL_COUNT_TLBI]);
		gm_close();
	}
}

TEST(guestq, conversions_reach_the_smmu)
{
	open_booted(4, 3);
	gm_push(0x30, 0);
	gm_push(ATC(5), 0x4001);
	gm_push(ATC(0), 0);			/* no ATS there */
	gm_push(0x05 | (uint64_t)6 << 32, 1);
	gm_push(0x03 | (uint64_t)6 << 32, 1);
	gm_push(0x46, 0);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 6 && gm.rep.issued == 3, "%u, %u",
	      (unsigned int)gm.rep.consumed, (unsigned int)gm.rep.issued);
	EXPECT_SEEN(0, 0x0000123400000010, 0);
	EXPECT_SEEN(0, ATC(0x705), 0x4001);
	EXPECT_SEEN(0, 0x05 | (uint64_t)9 << 32, 1);
	EXPECT_SEEN(3, 0x103 | (uint64_t)6 << 32, 1);
	CHECK(gm.dones == 5 && gm.emulations == 2, "%u", (unsigned int)gm.dones);
	gm_close();
}

TEST(guestq, emulated_command_may_be_issued)
{
	open_booted(4, 3);
	gm.answer = INVAL_GUESTQ_ISSUE;
	gm_push(0x03 | (uint64_t)6 << 32, 1);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 1 && gm.rep.issued == 1, "run");
	CHECK(gm.dones == 2 && gm.done[1][0] == (0x03 | (uint64_t)9 << 32) && gm.done[1][1] == 1,
	      "%llx", (unsigned long long)gm.done[1][0]);
	gm_push(0x46, 0);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 1 && gm.rep.issued == 0, "a SYNC is counted");
	gm_close();
}

/* Stream 6 is taken away, and given to somebody else under another number. */
static void take_stream(void)
{
	gm.j.stream[2].vsid = 9;
}

static void swap_stream(void)
{
	gm.j.stream[2].sid = 0x8;
}

/* Emulation takes its time, and the stream that was looked up before it may be gone. */
TEST(guestq, stream_that_leaves_meanwhile_is_left_alone)
{
	static const uint64_t cmds[] = { 0x03, 0x04, 0x44, 0x01 };
	uint32_t i, gone;

	for (i = 0; i < 4; i++) {
		for (gone = 0; gone < 3; gone++) {
			open_booted(4, i);
			gm.answer = INVAL_GUESTQ_ISSUE;
			gm.on_emulate = gone == 0 ? NULL : gone == 1 ? take_stream : swap_stream;
			gm_push(cmds[i] | (uint64_t)6 << 32, 0);
			gm_push(NH_ASID(1), 0);
			CHECK(gm_run(100) == 0 && gm_error() == 0 && gm_cons() == 2, "CONS %u",
			      (unsigned int)gm_cons());
			CHECK(gm.dones == (gone == 0 ? 3u : 2u) && gm.rep.issued == gm.dones - 1,
			      "%llx took effect", (unsigned long long)gm.done[1][0]);
			CHECK(gm.done[gm.dones - 1][0] == OUR_ASID(1), "what is behind it");
			gm_close();
		}
	}
}

/* It holds nothing, and is emptied when it comes back; its queue must be left alone. */
TEST(guestq, smmu_that_is_off)
{
	open_booted(4, 1);
	gm.answer = INVAL_GUESTQ_ISSUE;
	inval_smmu_off(&gm.host);
	gm.smmu.hang = true;
	gm_push(NH_ASID(1), 0);
	gm_push(ATC(5), 0);
	gm_push(0x03 | (uint64_t)6 << 32, 1);
	gm_push(0x46, 0);
	CHECK(gm_run(100) == 0 && gm_error() == 0 && gm_cons() == 4, "CONS %u",
	      (unsigned int)gm_cons());
	CHECK(gm.rep.consumed == 4 && gm.rep.issued == 0 && gm.waits == 0 && gm.emulations == 2,
	      "%u issued", (unsigned int)gm.rep.issued);
	gm.smmu.hang = false;
	gm.host.off = 0;
	gm_push(NH_ASID(2), 0);
	CHECK(gm_run(100) == 0 && gm.rep.issued == 1 && seen(2, OUR_ASID(2), 0), "on again");
	gm_close();
}

/* Its queue would refuse them, and the guest's would stop. */
TEST(guestq, erratum_without_prefetch)
{
	uint32_t op, bad;

	for (op = 1; op < 3; op++) {
		for (bad = 0; bad < 2; bad++) {
			open_booted(4, op);
			gm.host.policy.no_prefetch = bad != 0;
			gm.answer = INVAL_GUESTQ_ISSUE;
			gm_push(op | (uint64_t)6 << 32, 0);
			CHECK(gm_run(100) == 0 && gm_error() == 0 && gm_cons() == 1, "CONS %u",
			      (unsigned int)gm_cons());
			CHECK(gm.rep.issued == 1 - bad && gm.dones == 2 - bad, "%u issued",
			      (unsigned int)gm.rep.issued);
			gm_close();
		}
	}
}

TEST(guestq, emulation_that_fails_is_illegal)
{
	open_booted(4, 3);
	gm.answer = -INVAL_EPERM;
	gm_push(NH_ASID(1), 0);
	gm_push(0x03 | (uint64_t)6 << 32, 1);
	gm_push(NH_ASID(2), 0);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 1 && gm.rep.error, "run");
	CHECK(gm_error() == 1 && gm_cons() == 1, "error %u at %u", (unsigned int)gm_error(),
	      (unsigned int)gm_cons());
	gm.answer = 0;
	gm_ack();
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 2 && gm_error() == 0, "and again");
	gm_close();
}

/* Others report 3 done and have issued 0, or 100 done and 63 issued. */
TEST(guestq, bad_command_at_any_index)
{
	static const uint64_t bad[] = { 0x00, 0x12 | (uint64_t)1 << 10, 0x3046, 0x28, 0x0000000500000403 };
	uint32_t index, b, i;

	for (b = 0; b < 5; b++) {
		for (index = 0; index < 130; index += index < 6 ? 1 : 31) {
			open_booted(GM_LG2, index);
			if (b == 1) {		/* a reserved bit is illegal to a strict queue */
				gm.j.env.strict = true;
				CHECK(judge_init(&gm.j) == 0, "strict");
			}
			for (i = 0; i < index; i++)
				gm_push(NH_ASID(i), 0);
			gm_push(bad[b], 0);
			for (i = 0; i < 3; i++)
				gm_push(NH_ASID(0x8000 + i), 0);
			CHECK(gm_run(1000) == 0 && gm.rep.error, "run");
			CHECK(gm.rep.consumed == index && gm.rep.issued == index,
			      "bad at %u: %u consumed, %u issued", (unsigned int)index,
			      (unsigned int)gm.rep.consumed, (unsigned int)gm.rep.issued);
			CHECK(gm.dones == index && gm_cons() == index && gm_error() == 1,
			      "%u took effect, CONS %u, error %u", (unsigned int)gm.dones,
			      (unsigned int)gm_cons(), (unsigned int)gm_error());
			CHECK(gm_run(1000) == 0 && gm.dones == index, "runs while in error");
			gm_put(index, 0x46, 0);
			CHECK(gm_ack() == INVAL_GUESTQ_MORE && gm_run(1000) == 0, "ack");
			CHECK(gm_error() == 0 && gm.dones == index + 4 && gm.rep.consumed == 4 &&
			      !gm.rep.error, "%u took effect", (unsigned int)gm.dones);
			CHECK(rec.warns == 0, "a guest reached a warning");
			gm_close();
		}
	}
}

/* The SMMU calls illegal what no rule does: the guest's error, at the right place. */
TEST(guestq, illegal_to_the_smmu)
{
	uint32_t i, n;

	for (n = 0; n < 20; n++) {
		open_booted(6, n);
		for (i = 0; i < 40; i++)
			gm_push(i % 3 == 0 ? ATC(1) : NH_ASID(i), 0);
		/* Once in the batch, once when its command comes again alone. */
		gm.smmu.next[MODEL_ILL] = 1;
		gm.smmu.often[MODEL_ILL] = n < 10 ? 0 : 100;
		CHECK(gm_run(1000) == 0, "run");
		gm.smmu.often[MODEL_ILL] = 0;
		if (n < 10)	/* not again: all is complete */
			CHECK(gm_error() == 0 && gm_cons() == 40, "CONS %u", (unsigned int)gm_cons());
		else if (gm_error() == 0)
			CHECK(gm_cons() == 40, "CONS %u", (unsigned int)gm_cons());
		else
			CHECK(gm_error() == 1 && gm_cons() % 3 != 0 && gm.rep.consumed == gm_cons(),
			      "CONS %u", (unsigned int)gm_cons());
		for (i = 0; i < gm_cons(); i++)
			if (i % 3 != 0)
				EXPECT_SEEN(0, OUR_ASID(i), 0);
		gm_ack();
		CHECK(gm_run(1000) == 0 && gm_cons() == 40, "CONS %u", (unsigned int)gm_cons());
		gm_close();
	}
}

TEST(guestq, atc_failure_comes_with_the_sync)
{
	uint32_t again;

	for (again = 0; again < 2; again++) {
		open_booted(4, again);
		gm.smmu.next[MODEL_ATC] = 1;
		gm_push(ATC(5), 0);
		gm_push(NH_ASID(1), 0);
		if (again != 0) {	/* the call ends before the SYNC */
			CHECK(gm_run(100) == 0 && gm_error() == 0 && gm_cons() == 2, "early");
			gm_push(NH_ASID(2), 0);
		}
		gm_push(0x46, 0);
		gm_push(NH_ASID(3), 0);
		CHECK(gm_run(100) == 0 && gm.rep.error, "run");
		CHECK(gm_error() == 3 && gm_cons() == 2 + again, "error %u at %u",
		      (unsigned int)gm_error(), (unsigned int)gm_cons());
		CHECK(gm.emulations == 0, "a SYNC that failed was signalled");
		gm_ack();
		CHECK(gm_run(100) == 0 && gm.emulations == 1 && gm_error() == 0 &&
		      gm_cons() == 4 + again, "retried: CONS %u", (unsigned int)gm_cons());
		gm_close();
	}
}

/* Our queue has other producers, whose ATC_INV may fail while a guest's command is waited for. */
TEST(guestq, anothers_atc_failure_is_none_of_a_guest_without_ats)
{
	struct inval_cmd atc = { ATC(9), 0 };
	int err;

	open_booted(4, 1);
	gm.smmu.next[MODEL_ATC] = 1;
	err = inval_queue_put(&gm.queue, &atc, 1, false, NULL);
	CHECK(err == 0, "put: %d", err);
	gm_push(NH_ASID(1), 0);
	gm_push(0x46, 0);
	CHECK(gm_run(100) == 0 && gm_cons() == 2, "CONS %u", (unsigned int)gm_cons());
	CHECK(gm.smmu.raised[MODEL_ERR_ATC] == 1, "the other's did not fail");
	CHECK(gm_error() == 0 && gm.emulations == 1, "error %u", (unsigned int)gm_error());
	gm_close();
}

/* Our SMMU has another queue, which takes few opcodes. */
static struct model_queue narrow;

static void open_narrow(void)
{
	static uint64_t mem[2u << GM_HOST_LG2], book[2u << GM_HOST_LG2];
	static struct inval_queue queue, *more = &queue;
	struct inval_queue_config cfg = gm.queue.cfg;

	cfg.mem = mem;
	cfg.book = book;
	cfg.accept[0] = (uint64_t)3 << INVAL_OP_TLBI_NH_ASID;
	cfg.accept[1] = (uint64_t)1 << (INVAL_OP_ATC_INV - 64);
	gm_add_queue(1, &narrow, &queue, &cfg);
	gm.host.more = &more;
	gm.host.more_num = 1;
}

static void close_narrow(void)
{
	gm_close();
	model_queue_fini(&narrow);
}

/* What a failure there has kept from being given is given all the same. */
TEST(guestq, atc_failure_in_a_narrow_queue)
{
	uint32_t i;

	open_booted(4, 1);
	open_narrow();
	for (i = 1; i < 3; i++) {
		narrow.next[MODEL_ATC] = i;	/* confirmed when it comes again, or not then */
		gm_push(ATC(5), 0x4001);
		gm_push(0x05 | (uint64_t)6 << 32, 1);
		gm_push(0x30, 0);
		gm_push(0x46, 0);
		CHECK(gm_run(100) == 0 && gm_error() == (i == 1 ? 0u : 3u), "error %u",
		      (unsigned int)gm_error());
		CHECK(gm.rep.consumed == 5 - i && gm.rep.issued == 3, "%u consumed, %u issued",
		      (unsigned int)gm.rep.consumed, (unsigned int)gm.rep.issued);
		EXPECT_SEEN(0, 0x05 | (uint64_t)9 << 32, 1);
		EXPECT_SEEN(0, 0x0000123400000010, 0);
		gm.dones = 0;
	}
	gm_ack();
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 1 && gm_error() == 0, "the SYNC");
	close_narrow();
}

/* An issue of the embedder's that fails, and has taken what it had before. */
static int issue_err;
static uint32_t taken, ended;

static int issue_failing(struct inval_smmu *smmu, const struct inval_cmd *cmds, uint32_t num,
			 bool sync, struct inval_ticket *ticket)
{
	if (num == 0) {
		ended++;
		return gm_issue(smmu, cmds, num, sync, ticket);
	}
	CHECK(inval_flush_issue(smmu, cmds, 1, false, ticket) == 0, "the first");
	taken++;
	return issue_err;
}

static int run_failing(int err)
{
	issue_err = err;
	taken = ended = 0;
	return inval_guestq_run(&gm.q, 100, &gm.rep, gm_fetch, gm_find, gm_emulate, issue_failing,
				gm_wait);
}

TEST(guestq, issue_that_fails)
{
	open_booted(4, 1);
	gm_push(NH_ASID(1), 0);
	CHECK(run_failing(-INVAL_EREMOTEIO) == -INVAL_EREMOTEIO && gm_error() == 2, "error %u",
	      (unsigned int)gm_error());
	CHECK(gm.rep.consumed == 0 && gm.rep.issued == 0, "passed: %u",
	      (unsigned int)gm.rep.consumed);
	gm_ack();
	CHECK(gm_run(1) == 0 && gm.rep.issued == 1, "given now");
	/* Alone it is its device's failure, which the guest's SYNC tells. */
	gm_push(ATC(5), 0x4001);
	gm_push(0x46, 0);
	CHECK(run_failing(-INVAL_EREMOTEIO) == 0 && gm.rep.consumed == 1 && gm_error() == 3,
	      "error %u", (unsigned int)gm_error());
	gm_ack();
	CHECK(gm_run(1) == 0 && gm_error() == 0, "the SYNC");
	/* What it took is complete when the walk ends: a detach may follow. */
	gm_push(ATC(5), 0x4001);
	gm_push(ATC(6), 0x4001);
	CHECK(run_failing(-INVAL_EBUSY) == -INVAL_EBUSY && taken == 1 && ended == 1, "%u", ended);
	CHECK(model_queue_pending(&gm.smmu) == 0, "something is under way");
	gm_close();
}

TEST(guestq, atc_failure_is_gone_when_the_queue_was_off)
{
	open_booted(4, 1);
	gm.smmu.next[MODEL_ATC] = 1;
	gm_push(ATC(5), 0);
	CHECK(gm_run(100) == 0, "run");
	gm_write(INVAL_REG_CR0, 1);
	CHECK(gm_run(100) == 0 && gm_read(INVAL_REG_CR0ACK) == 1, "off");
	gm_write(INVAL_REG_CR0, 9);
	gm_push(0x46, 0);
	CHECK(gm_run(100) == 0 && gm_error() == 0 && gm.emulations == 1, "error %u",
	      (unsigned int)gm_error());
	gm_close();
}

TEST(guestq, memory_that_is_not_there)
{
	open_booted(4, 1);
	gm_push(NH_ASID(1), 0);
	CHECK(gm_run(100) == 0, "run");
	gm_write(INVAL_REG_CR0, 0);
	gm_run(0);
	gm_write(INVAL_REG_CMDQ_BASE, 0x1000000000 | 4);
	gm_write(INVAL_REG_CR0, 9);
	gm_push(NH_ASID(2), 0);
	CHECK(gm_run(100) == 0 && gm.rep.error && gm.rep.consumed == 0, "no memory is no error of ours");
	CHECK(gm_error() == 2 && gm_cons() == 1, "error %u at %u", (unsigned int)gm_error(),
	      (unsigned int)gm_cons());
	gm_write(INVAL_REG_CR0, 1);
	gm_run(0);
	gm_write(INVAL_REG_CMDQ_BASE, GM_BASE | 4);
	gm_write(INVAL_REG_CR0, 9);
	gm_ack();
	gm_put(1, NH_ASID(2), 0);
	CHECK(gm_run(100) == 0 && gm_cons() == 2 && seen(0, OUR_ASID(2), 0), "goes on");
	gm_close();
}

/* The memory ends inside the queue: what lies before is done. */
TEST(guestq, memory_that_ends)
{
	open_booted(GM_LG2, 1);
	gm_write(INVAL_REG_CR0, 0);
	gm_run(0);
	gm_write(INVAL_REG_CMDQ_BASE, (GM_BASE + 16 * GM_SLOTS - 32) | 1);
	gm.lg2 = GM_LG2;
	gm_put(GM_SLOTS - 2, NH_ASID(1), 0);
	gm_put(GM_SLOTS - 1, NH_ASID(2), 0);
	gm_write(INVAL_REG_CR0, 9);
	gm_write(INVAL_REG_CMDQ_PROD, 2);
	CHECK(gm_run(100) == 0 && gm_cons() == 2 && gm_error() == 0 && gm.dones == 2, "two slots");
	gm_close();
}

TEST(guestq, broken_smmu_is_reported_and_seen)
{
	int ret;

	open_booted(4, 1);
	gm_push(NH_ASID(1), 0);
	CHECK(gm_run(100) == 0, "run");
	gm.smmu.hang = true;
	gm_push(ATC(0), 0);
	gm_push(NH_ASID(2), 0);
	gm_push(0x46, 0);
	ret = gm_run(100);
	CHECK(ret == -INVAL_ETIMEDOUT && gm.rep.error && gm.rep.issued == 0, "%d", ret);
	CHECK(gm_error() == 2 && gm_cons() == 2 && gm.rep.consumed == 1, "error %u at %u",
	      (unsigned int)gm_error(), (unsigned int)gm_cons());
	gm_ack();
	ret = gm_run(100);
	CHECK(ret == -INVAL_ESHUTDOWN && gm_error() == 2 && gm_cons() == 2, "%d", ret);
	CHECK(gm.emulations == 0, "a SYNC was signalled");
	rec_done();
}

TEST(guestq, budget_is_a_bound_and_a_cursor)
{
	uint32_t budget, i, calls, before;

	for (budget = 1; budget < 20; budget += 3) {
		open_booted(GM_LG2, budget);
		for (i = 0; i < 60; i++)
			gm_push(i % 7 == 3 ? 0x46 : NH_ASID(i), 0);
		for (calls = 0; gm_cons() < 60; calls++) {
			before = gm.fetches;
			CHECK(gm_run(budget) == (gm_cons() == 60 ? 0 : INVAL_GUESTQ_MORE), "call %u",
			      (unsigned int)calls);
			CHECK(gm.fetches - before <= budget && gm.rep.consumed <= budget &&
			      gm.rep.consumed != 0, "%u", (unsigned int)gm.rep.consumed);
		}
		CHECK(calls == (60 + budget - 1) / budget && gm.fetches == 60 && gm.dones == 60,
		      "%u calls, %u copied", (unsigned int)calls, (unsigned int)gm.fetches);
		gm_close();
	}
}

TEST(guestq, range_of_streams_within_the_budget)
{
	uint32_t i, calls = 0, before;

	open_booted(4, 1);
	gm.answer = INVAL_GUESTQ_ISSUE;
	gm_push(NH_ASID(1), 0);
	gm_push(0x04, 31);
	gm_push(NH_ASID(2), 0);
	while (gm_cons() != 3) {
		before = gm.emulations;
		CHECK(gm_run(1) == (gm_cons() == 3 ? 0 : INVAL_GUESTQ_MORE), "call");
		CHECK(gm.emulations - before <= 1, "more than the budget");
		CHECK(++calls < 20, "does not end");
	}
	CHECK(calls == 8, "%u calls", (unsigned int)calls);
	CHECK(gm.dones == 10 && gm.emulations == 4, "%u", (unsigned int)gm.dones);
	for (i = 0; i < 4; i++) {
		CHECK(gm.done[1 + 2 * i][0] == (0x103 | (uint64_t)gm.j.stream[i].vsid << 32) &&
		      gm.done[2 + 2 * i][0] == (0x03 | (uint64_t)gm.j.stream[i].sid << 32), "%u",
		      (unsigned int)i);
	}
	CHECK(gm.done[9][0] == OUR_ASID(2), "what is behind it");
	gm_close();
}

TEST(guestq, emulation_says_again)
{
	uint32_t again;

	for (again = 1; again < 6; again++) {
		open_booted(4, again);
		gm.again = again;
		gm_push(0x04, 31);
		gm_push(0x46, 0);
		CHECK(gm_run(100) == INVAL_GUESTQ_MORE, "again");
		CHECK(gm_cons() == (again == 5 ? 1u : 0u), "CONS %u", (unsigned int)gm_cons());
		CHECK(gm_run(100) == 0 && gm_cons() == 2 && gm.dones == 5, "%u done",
		      (unsigned int)gm.dones);
		gm_close();
	}
}

TEST(guestq, off_is_off)
{
	open_guest(1);
	gm_write(INVAL_REG_CMDQ_BASE, GM_BASE | 4);
	gm_push(NH_ASID(1), 0);
	CHECK(gm_run(100) == 0 && gm.fetches == 0 && gm_read(INVAL_REG_CR0ACK) == 0, "never on");
	gm_write(INVAL_REG_CR0, 8);
	CHECK(gm_read(INVAL_REG_CR0) == 8 && gm_read(INVAL_REG_CR0ACK) == 0, "not acknowledged yet");
	CHECK(gm_run(100) == 0 && gm_cons() == 1 && gm_read(INVAL_REG_CR0ACK) == 8, "on");
	gm_push(ATC(5), 0);
	CHECK(gm_run(100) == 0 && gm_cons() == 2 && gm.dones == 1, "ATC_INV is ignored without SMMUEN");
	gm_write(INVAL_REG_CR0, 9);
	gm_push(ATC(5), 0);
	CHECK(gm_run(100) == 0 && gm.dones == 2, "and not with it");
	gm_write(INVAL_REG_CR0, 0);
	gm_push(NH_ASID(2), 0);
	CHECK(gm_run(100) == 0 && gm_cons() == 3 && gm.dones == 2, "off");
	gm_close();
}

TEST(guestq, registers)
{
	uint64_t value;
	uint32_t offset, bytes;
	int ret;

	open_guest(1);
	gm_write(INVAL_REG_CMDQ_BASE, ~(uint64_t)0);
	CHECK(gm_read(INVAL_REG_CMDQ_BASE) == 0x40ffffffffffffff, "BASE: %llx",
	      (unsigned long long)gm_read(INVAL_REG_CMDQ_BASE));
	ret = inval_guestq_write(&gm.q, INVAL_REG_CMDQ_BASE, 0x40000004, 4);
	CHECK(ret == 0 && gm_read(INVAL_REG_CMDQ_BASE) == 0x40ffffff40000004, "low half");
	ret = inval_guestq_write(&gm.q, INVAL_REG_CMDQ_BASE + 4, 0, 4);
	CHECK(ret == 0 && gm_read(INVAL_REG_CMDQ_BASE) == 0x40000004, "high half");
	gm_write(INVAL_REG_CMDQ_CONS, 0xfff7fff3);
	CHECK(gm_read(INVAL_REG_CMDQ_CONS) == 0x7fff3, "CONS");
	gm_write(INVAL_REG_CMDQ_PROD, 0xfff7fff3);
	CHECK(gm_read(INVAL_REG_CMDQ_PROD) == 0x7fff3, "PROD");
	gm_write(INVAL_REG_CR0, 0xffffffff);
	CHECK(gm_read(INVAL_REG_CR0) == 0x1f && gm_read(INVAL_REG_CR0ACK) == 0x17, "CR0");
	gm_run(0);
	CHECK(gm_read(INVAL_REG_CR0ACK) == 0x1f, "CR0ACK");
	gm_write(INVAL_REG_CMDQ_CONS, 0);
	gm_write(INVAL_REG_CMDQ_BASE, 0);
	CHECK(gm_read(INVAL_REG_CMDQ_CONS) == 0x7fff3 && gm_read(INVAL_REG_CMDQ_BASE) == 0x40000004,
	      "written while the queue is on");
	gm_write(INVAL_REG_CR0, 0);
	gm_write(INVAL_REG_CMDQ_BASE, 0);
	CHECK(gm_read(INVAL_REG_CMDQ_BASE) == 0x40000004, "off is not acknowledged");
	gm_write(INVAL_REG_CR0ACK, 0);
	gm_write(INVAL_REG_GERROR, 1);
	CHECK(gm_read(INVAL_REG_GERROR) == 0, "read-only");
	gm_write(INVAL_REG_GERRORN, 0xffffffff);
	CHECK(gm_read(INVAL_REG_GERRORN) == 0, "GERRORN of what is not active");
	ret = inval_guestq_write(&gm.q, INVAL_REG_CMDQ_PROD, 0, 8);
	CHECK(ret == 0 && gm_read(INVAL_REG_CMDQ_PROD) == 0x7fff3, "8 bytes at PROD");
	ret = inval_guestq_write(&gm.q, INVAL_REG_CMDQ_PROD + 1, 0, 4);
	CHECK(ret == 0 && gm_read(INVAL_REG_CMDQ_PROD) == 0x7fff3, "misaligned");
	ret = inval_guestq_write(&gm.q, INVAL_REG_CMDQ_PROD, 0, 2);
	CHECK(ret == 0 && gm_read(INVAL_REG_CMDQ_PROD) == 0x7fff3, "2 bytes");
	for (offset = 0; offset < 0x200; offset++) {
		for (bytes = 1; bytes <= 8; bytes *= 2) {
			bool ours = (offset >= 0x20 && offset < 0x28) ||
				    (offset >= 0x60 && offset < 0x68) ||
				    (offset >= 0x90 && offset < 0xa0);

			value = 1;
			ret = inval_guestq_read(&gm.q, offset, bytes, &value);
			CHECK(ret == (ours ? 0 : -INVAL_ENOENT) && (ours || value == 1), "read %x",
			      (unsigned int)offset);
			CHECK(!ours || value == 0 || (bytes == 4 && offset % 4 == 0) ||
			      (bytes == 8 && offset == 0x90), "%u bytes at %x: %llx",
			      (unsigned int)bytes, (unsigned int)offset, (unsigned long long)value);
			ret = inval_guestq_write(&gm.q, offset, 0, bytes);
			CHECK((ret == -INVAL_ENOENT) == !ours, "write %x", (unsigned int)offset);
		}
	}
	gm_close();
}

/* LOG2SIZE beyond IDR1.CMDQS acts as CMDQS; an address that is not aligned is. */
TEST(guestq, size_and_address)
{
	uint32_t i;

	open_guest(1);
	gm.lg2 = GM_LG2;
	gm_write(INVAL_REG_CMDQ_BASE, GM_BASE | 0x20 | 31);
	gm_write(INVAL_REG_CR0, 9);
	for (i = 0; i < 3 * GM_SLOTS; i++) {
		gm_push(NH_ASID(i), 0);
		CHECK(gm_run(9) == 0 && gm.rep.consumed == 1, "%u", (unsigned int)i);
		CHECK(gm.done[i][0] == OUR_ASID(i & 0xffff), "%u: %llx", (unsigned int)i,
		      (unsigned long long)gm.done[i][0]);
	}
	gm_close();
}

TEST(guestq, prod_more_than_a_lap_ahead)
{
	uint32_t prod;

	open_booted(4, 1);
	for (prod = 17; prod < 32; prod++) {
		gm_write(INVAL_REG_CMDQ_PROD, prod);
		CHECK(gm_run(100) == 0 && gm.fetches == 0 && gm_error() == 0, "PROD %u",
		      (unsigned int)prod);
	}
	for (prod = 0; prod < 16; prod++)
		gm_put(prod, NH_ASID(prod), 0);
	gm_write(INVAL_REG_CMDQ_PROD, 16);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 16 && gm_cons() == 16, "a full queue");
	gm_write(INVAL_REG_CMDQ_PROD, 0xfffe0 | 17);
	gm_put(16, NH_ASID(99), 0);
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 1 && gm_cons() == 17, "bits above the wrap");
	gm_close();
}

static uint32_t prod_at, prod_to;

static void move_prod(uint32_t slot)
{
	if (slot == prod_at)
		gm_write(INVAL_REG_CMDQ_PROD, prod_to);
}

TEST(guestq, prod_moves_meanwhile)
{
	uint32_t i;

	open_booted(4, 1);
	for (i = 0; i < 16; i++)
		gm_put(i, NH_ASID(i), 0);
	gm_write(INVAL_REG_CMDQ_PROD, 3);
	gm.on_fetch = move_prod;
	prod_at = 1;
	prod_to = 9;
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 9 && gm.dones == 9, "%u",
	      (unsigned int)gm.rep.consumed);
	/* Back, which a guest must not do: what was counted is done, then nothing. */
	gm_write(INVAL_REG_CMDQ_PROD, 12);
	prod_at = 10;
	prod_to = 5;
	CHECK(gm_run(100) == 0 && gm.rep.consumed == 3 && gm_cons() == 12, "%u",
	      (unsigned int)gm.rep.consumed);
	gm_close();
}

/*
 * Another vCPU has found the queue off and stores to CMDQ_BASE or CONS when it is on
 * again: no driver does that. What is being worked on keeps its place and size.
 */
static void late_store(uint32_t slot)
{
	if (slot == prod_at)
		gm.q.s.base = GM_BASE | 1;
	if (slot == prod_to)
		gm.q.s.cons = 0x12;
}

TEST(guestq, base_and_cons_stored_too_late)
{
	uint32_t i, which;

	for (which = 0; which < 2; which++) {
		open_booted(GM_LG2, which);
		for (i = 0; i < 11; i++)
			gm_push(NH_ASID(i), 0);
		gm.on_fetch = late_store;
		prod_at = which == 0 ? 5 : GM_SLOTS;
		prod_to = which == 1 ? 5 : GM_SLOTS;
		CHECK(gm_run(11) == 0 && gm.dones == 11, "%u", (unsigned int)gm.dones);
		CHECK(gm.rep.consumed == 11 && gm.rep.issued == 11, "%u consumed, %u issued",
		      (unsigned int)gm.rep.consumed, (unsigned int)gm.rep.issued);
		for (i = 0; i < 11; i++)
			EXPECT_SEEN(0, OUR_ASID(i), 0);
		gm_close();
	}
}

/* PROD that jumps at each look: a call still ends. */
static void jump_prod(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	if (kind == REC_LOAD_ACQUIRE64 && addr == rec_addr(&gm.q.s.prod))
		gm.q.s.prod ^= 1;
	(void)value;
}

TEST(guestq, prod_that_never_rests)
{
	open_booted(4, 1);
	machine.hook = jump_prod;
	CHECK(gm_run(50) >= 0, "ends");
	CHECK(gm.fetches <= 50, "%u", (unsigned int)gm.fetches);
	machine.hook = NULL;
	gm_close();
}

/* Another vCPU enables the SMMU, sees that, and only then puts an ATC_INV. */
static void enable(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_LOAD64 || addr != rec_addr(&gm.q.s.gerror))
		return;
	machine.hook = NULL;
	gm_write(INVAL_REG_CR0, INVAL_CR0_SMMUEN | INVAL_CR0_CMDQEN);
	CHECK((gm_read(INVAL_REG_CR0ACK) & INVAL_CR0_SMMUEN) != 0, "not shown at once");
	gm_push(ATC(5), 0x4001);
	gm_push(0x46, 0);
}

TEST(guestq, what_is_put_once_smmuen_is_seen)
{
	open_booted(4, 1);
	gm_write(INVAL_REG_CR0, INVAL_CR0_CMDQEN);
	gm_push(ATC(5), 0x2001);
	CHECK(gm_run(100) == 0 && gm_cons() == 1 && gm.dones == 0, "ignored while SMMUEN is 0");
	gm_push(NH_ASID(1), 0);
	machine.hook = enable;
	CHECK(gm_run(100) == 0 && gm_cons() == 4 && gm_error() == 0, "CONS %u",
	      (unsigned int)gm_cons());
	EXPECT_SEEN(0, ATC(0x705), 0x4001);
	gm_close();
}

/* Another vCPU acknowledges an error as soon as it is there: the call goes on behind it. */
static void ack_error(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	if (kind != REC_LOAD64 || addr != rec_addr(&gm.q.s.gerror) || gm_error() == 0)
		return;
	gm_put(gm_cons(), 0x46, 0);
	gm_ack();
	(void)value;
}

TEST(guestq, error_that_is_acknowledged_meanwhile)
{
	uint32_t i;

	open_booted(4, 1);
	machine.hook = ack_error;
	for (i = 0; i < 4; i++)
		gm_push(i % 2 == 0 ? 0 : 0x46, 0);
	CHECK(gm_run(6) == 0 && gm.rep.error && gm.rep.consumed == 4, "%u",
	      (unsigned int)gm.rep.consumed);
	CHECK(gm_cons() == 4 && gm.emulations == 4 && gm.fetches == 6, "%u emulated, CONS %u",
	      (unsigned int)gm.emulations, (unsigned int)gm_cons());
	machine.hook = NULL;
	gm_close();
}

static uint32_t acks;

/* As often as it can, but for a while only. */
static void ack_abort(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	if (kind == REC_LOAD64 && addr == rec_addr(&gm.q.s.gerror) && acks < 100 && gm_error() == 2) {
		acks++;
		gm_ack();
	}
	(void)value;
}

TEST(guestq, missing_memory_acknowledged_for_ever)
{
	open_booted(4, 1);
	gm_write(INVAL_REG_CR0, 0);
	gm_run(0);
	gm_write(INVAL_REG_CMDQ_BASE, 0x1000000000 | 4);
	gm_write(INVAL_REG_CR0, 9);
	gm_push(NH_ASID(1), 0);
	acks = 0;
	machine.hook = ack_abort;
	CHECK(gm_run(5) == INVAL_GUESTQ_MORE && gm.fetches == 5 && gm.rep.error, "%u looks",
	      (unsigned int)gm.fetches);
	machine.hook = NULL;
	gm_close();
}

/* The words change between two looks: what was vetted is what is forwarded. */
static void change_words(uint32_t slot)
{
	gm.mem[2 * slot] ^= inval_le64(1);
}

TEST(guestq, each_command_is_copied_once)
{
	uint32_t i;

	open_booted(4, 1);
	gm.on_fetch = change_words;
	for (i = 0; i < 10; i++)
		gm_push(NH_ASID(i), 0);
	CHECK(gm_run(100) == 0 && gm.fetches == 10 && gm.dones == 10, "%u", (unsigned int)gm.fetches);
	for (i = 0; i < 10; i++)
		EXPECT_SEEN(0, 0x0000123400000010, 0);
	gm_close();
}

TEST(guestq, saved_and_loaded_in_mid_work)
{
	struct inval_guestq_config cfg;
	struct inval_guestq_state state;
	uint32_t calls = 0, i;

	open_booted(GM_LG2, 1);
	for (i = 0; i < 50; i++)
		gm_push(i % 10 == 4 ? 0x04 : i % 10 == 9 ? 0x46 : NH_ASID(i), i % 10 == 4 ? 31 : 0);
	while (gm_run(1) == INVAL_GUESTQ_MORE) {
		inval_guestq_save(&gm.q, &state);
		memset(&gm.q, 0x5a, sizeof(gm.q));
		cfg = gm_config();
		CHECK(inval_guestq_init(&gm.q, &cfg) == 0 && inval_guestq_load(&gm.q, &state) == 0,
		      "load");
		CHECK(++calls < 200, "does not end");
	}
	CHECK(gm_cons() == 50 && gm.dones == 40 + 5 * 4 + 5, "%u", (unsigned int)gm.dones);
	CHECK(gm.fetches == 50, "%u copied", (unsigned int)gm.fetches);
	gm_close();
}

TEST(guestq, state_that_no_queue_has)
{
	struct inval_guestq_state good, state;

	open_booted(4, 1);
	inval_guestq_save(&gm.q, &good);
#define STATE(field, value, want) \
	do { \
		state = good; \
		state.field = value; \
		CHECK(inval_guestq_load(&gm.q, &state) == (want), #field " " #value); \
		inval_guestq_save(&gm.q, &state); \
		CHECK((want) == 0 || memcmp(&state, &good, sizeof(state)) == 0, "changed by " #field); \
		CHECK(inval_guestq_load(&gm.q, &good) == 0, #field); \
	} while (0)
	STATE(base, (uint64_t)1 << 56, -INVAL_EINVAL);
	STATE(base, (uint64_t)1 << 62, 0);
	STATE(prod, 0x100000, -INVAL_EINVAL);
	STATE(prod, 0xfffff, 0);
	STATE(cons, 0x100000, -INVAL_EINVAL);
	STATE(cons, 0x7f0fffff, 0);
	STATE(cr0, 0x20, -INVAL_EINVAL);
	STATE(ack, 0x20, -INVAL_EINVAL);
	STATE(gerror, (uint64_t)1 << 32, -INVAL_EINVAL);
	STATE(gerrorn, (uint64_t)1 << 32, -INVAL_EINVAL);
	STATE(loop.end, ((uint64_t)1 << 32) + 1, -INVAL_EINVAL);
	STATE(loop.at, 1, -INVAL_EINVAL);
	STATE(looping, 1, 0);
	STATE(looping, 2, -INVAL_EINVAL);
	STATE(atc_failed, 1, 0);
	STATE(atc_failed, 2, -INVAL_EINVAL);
	/* A queue that takes no CFGI_STE_RANGE is never in the middle of one. */
	gm.j.guest.policy.take[0] &= ~((uint64_t)1 << INVAL_OP_CFGI_STE_RANGE);
	STATE(looping, 1, -INVAL_EINVAL);
	gm_close();
}

/* Random and crafted commands and register writes, against the rules for each. */
TEST(guestq, hostile_guests)
{
	static const uint32_t reg[] = { 0x20, 0x64, 0x90, 0x94, 0x98, 0x9c, 0x60, 0x24 };
	uint64_t state;
	uint32_t n, i, k, before;
	int ret;

	for (n = 0; n < 200; n++) {
		open_booted(n % 9, n);
		state = n + 1;
		gm.smmu.often[MODEL_ATC] = 50;
		for (i = 0; i < 60; i++) {
			for (k = 0; k < 2 * GM_SLOTS; k++) {
				uint64_t r = test_random(&state);

				gm.mem[k] = inval_le64((r & 3) != 0 && k % 2 == 0 ?
					    rules_table[(r >> 8) % RULES_ROWS].opcode | (r >> 40 & 7) << 32 :
					    (r & 4) != 0 ? r & 0xfff : r);
			}
			ret = inval_guestq_write(&gm.q, reg[test_random(&state) % 8],
						 (test_random(&state) & 1) != 0 ?
						 test_random(&state) :
						 GM_BASE | (test_random(&state) & 0xff),
						 (test_random(&state) & 7) == 0 ? 8 : 4);
			CHECK(ret == 0 || ret == INVAL_GUESTQ_MORE || ret == -INVAL_ENOENT,
			      "write: %d", ret);
			gm_write(INVAL_REG_CR0, 9);
			gm_write(INVAL_REG_CMDQ_PROD, test_random(&state) & 0x1ff);
			gm_ack();
			gm.answer = (int)(test_random(&state) % 3) - 1;
			before = gm.fetches + gm.emulations;
			gm.dones = 0;
			ret = gm_run(16);
			CHECK(ret >= 0, "guest %u: %d", (unsigned int)n, ret);
			CHECK(gm.fetches + gm.emulations - before <= 32 && gm.rep.issued <= 32, "budget");
			for (k = 0; k < gm.dones; k++) {
				uint64_t d0 = gm.done[k][0];

				CHECK((d0 & 0x100) != 0 || !rules_has(d0, RF_VMID) ||
				      rules_bits(d0, 47, 32) == 0x1234, "VMID: %llx",
				      (unsigned long long)d0);
				CHECK((d0 & 0x100) != 0 || gforward_opcode(d0) || gm.answer == 1, "%llx",
				      (unsigned long long)d0);
				CHECK((d0 & 0x100) != 0 || !rules_has(d0, RF_SID) ||
				      d0 >> 32 == 0x700 || d0 >> 32 == 0x705 || d0 >> 32 == 9 ||
				      d0 >> 32 == 0x77, "StreamID: %llx", (unsigned long long)d0);
			}
			CHECK(rec.warns == 0, "a guest reached a warning");
			CHECK(gm.smmu.raised[MODEL_ERR_ILL] == 0, "a guest stopped the SMMU's queue");
		}
		gm_close();
	}
}

/* Commands of a well-behaved guest, each with its number in ASID, SubstreamID or address. */
static uint32_t well_put, well_synced;
static uint64_t well_atc[GM_DONE / 64], well_done[GM_DONE / 64];

static bool well_bit(const uint64_t *bits, uint32_t n)
{
	return (bits[n / 64] >> n % 64 & 1) != 0;
}

static uint32_t well_one(uint32_t prod, uint64_t *state)
{
	uint64_t number = well_put, r = test_random(state);

	switch (r % 8) {
	case 0:		/* says how many there are before it */
		return gm_put(prod, 0x46 | number << 32, 0);
	case 1:
		return gm_put(prod, 0x03 | (uint64_t)5 << 32, 1);
	case 2:
	case 3:
		return gm_put(prod, NH_ASID(well_put++), 0);
	case 4:
		return gm_put(prod, 0x13, (uint64_t)well_put++ << 12);
	case 5:
		return gm_put(prod, 0x05 | (uint64_t)well_put++ << 12 | (uint64_t)5 << 32, 1);
	default:
		well_atc[number / 64] |= (uint64_t)1 << number % 64;
		return gm_put(prod, ATC(5), (uint64_t)well_put++ << 12);
	}
}

/* As much as there is room for. */
static void well_more(uint64_t *state)
{
	uint32_t prod = (uint32_t)gm_read(INVAL_REG_CMDQ_PROD), mask = (2u << gm.lg2) - 1;
	uint32_t num = 1 + (uint32_t)test_random(state) % (1u << gm.lg2);

	while (num-- > 0 && ((prod - gm_cons()) & mask) < 1u << gm.lg2)
		prod = well_one(prod, state);
	gm_write(INVAL_REG_CMDQ_PROD, prod);
}

/* Everything before a SYNC that was signalled has taken effect, or the guest knows. */
static void well_judge(void)
{
	uint32_t i, n;

	for (i = 0; i < gm.dones; i++) {
		uint64_t d0 = gm.done[i][0], op = d0 & 0x1ff;

		if (op == 0x146) {
			for (n = well_synced; n < d0 >> 32; n++)
				CHECK(well_bit(well_done, n), "command %u was lost", (unsigned int)n);
			well_synced = n;
			continue;
		}
		n = (uint32_t)(op == 0x11 ? d0 >> 48 : op == 0x05 ? d0 >> 12 & 0xfffff : gm.done[i][1] >> 12);
		if (op < 0x100 && op != 0x03)
			well_done[n / 64] |= (uint64_t)1 << n % 64;
	}
	gm.dones = 0;
	/* At a SYNC that failed: those that were not confirmed must be put again. */
	for (n = well_synced; gm_error() == 3 && n < well_put; n++)
		well_done[n / 64] |= well_atc[n / 64] & (uint64_t)1 << n % 64;
}

TEST(guestq, well_behaved_guests_lose_nothing)
{
	uint32_t seed, step, total = 0;
	uint64_t state;

	for (seed = 1; seed <= 400; seed++) {
		open_booted(1 + seed % GM_LG2, seed);
		if (seed % 2 != 0)
			open_narrow();
		state = seed;
		gm.q.cfg.batch_num = 1 + seed % GM_BATCH;
		gm.smmu.often[MODEL_ATC] = narrow.often[MODEL_ATC] = 100;
		gm.smmu.often[MODEL_ILL] = narrow.often[MODEL_ILL] = seed % 3 == 0 ? 200 : 0;
		well_put = well_synced = 0;
		memset(well_atc, 0, sizeof(well_atc));
		memset(well_done, 0, sizeof(well_done));
		for (step = 0; step < 60 && well_put < GM_DONE - GM_SLOTS; step++) {
			well_more(&state);
			gm.answer = test_random(&state) % 2 != 0 ? INVAL_GUESTQ_ISSUE : 0;
			gm.again = (uint32_t)test_random(&state) % 8;
			CHECK(gm_run(1 + (uint32_t)test_random(&state) % 100) >= 0, "run");
			well_judge();
			gm_ack();
		}
		total += well_synced;
		if (seed % 2 != 0)
			close_narrow();
		else
			gm_close();
	}
	CHECK(total > 100000, "%u commands were waited for", (unsigned int)total);
}
