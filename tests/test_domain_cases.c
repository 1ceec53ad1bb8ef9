/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * domain.h, case by case: how devices, processes and SMMUs come, move and go. Each
 * with the array before and after, as text (say()), and what the SMMUs and the
 * endpoints were given, as exact words in order. The embedder's part, STE, CFGI and
 * the endpoint's ATS, is played by reconfigure() and endpoint().
 *  1. First attach: first_attach. Second device of an SMMU: second_device_of_an_smmu.
 *  2. Move, and what a flush reaches between publish and commit: move_between_domains.
 *     Detach to blocked needs no memory: detach_to_blocked.
 *  3. ATS off at the endpoint, then ATC_INV of everything, then the STE; ATS on at the
 *     endpoint after CFGI + SYNC: ats_goes_on_and_off. EATS kinds through 0, a direct
 *     change refused: eats_changes_its_kind, kinds_of_eats. Which step is due when, for every pair: steps_of_ats.
 *  4. A device that moves with ATS on is flushed after CFGI + SYNC and before commit:
 *     of everything, or of its SubstreamID alone: atc_of_what_moved. An abort goes the
 *     way back: abort_with_ats.
 *  5. PASIDs: pasid_attach_and_detach, two_pasids_in_one_domain; one of SVA, on two
 *     SMMUs, with a pinned ASID and a process that ends before the detach: sva.
 *     A device with the same StreamID twice: test_domain's same_stream_twice.
 *  6. Nested parent: nested_parent (and test_domain's parent_of_nested_devices). One
 *     stage 2 with a VMID for each virtual SMMU: virtual_smmus_share_a_stage_2. A VMID
 *     moves device by device: vmid_moves_by_device. Opcodes with and without E2H, and
 *     of global domains: test_domain's regimes; global_is_of_the_domain.
 *  7. 256 SMMUs in one domain, the 257th refused: as_many_smmus_as_there_are. A device
 *     that is removed gets no ATC_INV after its last commit: device_removal. An SMMU
 *     that is removed: smmu_removal; that is off and on again: smmu_off_and_on, smmu_on_*.
 *  8. ASID move: both ASIDs stand between publish and commit, a flush names both, after
 *     commit only the new one, and the old one was flushed with SYNC; on one SMMU, on
 *     all, for each VMID, in each regime with ASIDs; an abort leaves the old one; what
 *     is refused changes nothing: asid_moves_*, asid_move_*.
 *  9. Together with tag.h: the pin is refused before, granted after, and put off when
 *     the flush failed: asid_move_makes_way_for_a_pin, asid_move_with_a_failed_flush.
 * 10. @cpu_tlbi: a flush is ATC_INV and SYNC, on SMMUs that hear; commit flushes tags
 *     all the same: cpu_tlbi_is_not_for_tags.
 * 11. Too little memory for a purge leaves a good array, and the next merge cleans it:
 *     no_memory_for_a_purge.
 * 12. Stalls: exactly these commands, in this order: stalled_transactions.
 */
/* port: recording */
#include <inval/domain.h>
#include <inval/tag.h>

#include "attach.h"
#include "sim.h"
#include "test.h"

/* No commands: the endpoint's ATS control, among the words that SMMUs were given. */
#define ENDPOINT_ON 0xe1U
#define ENDPOINT_OFF 0xe0U

#define CFGI(sid) { (uint64_t)(sid) << 32 | 0x03U, 1 }
#define ATC(sid) { (uint64_t)(sid) << 32 | 0x40U, 52 }
#define ATC_SSID(sid, ssid) { (uint64_t)(sid) << 32 | (uint64_t)(ssid) << 12 | 0x840U, 52 }
#define SYNC { 0x46, 0 }

static struct inval_tags tags;
static uint64_t tag_words[8];
static char text[4096];

/*
 * An array: SMMU, type and id of each entry, users after "x"; "nh VMID.ASID",
 * "el2 ASID" (a capital letter: everything is NH_ALL or EL2_ALL), "s2 VMID",
 * "clear VMID", "ats SID[.SSID]", "full SID". The key is taken apart here.
 */
static const char *say(struct inval_domain *d)
{
	struct inval_array *a = array_of(d);
	const struct inval_entry *e;
	uint32_t i, at = 0, type, vmid, asid, sid;

	text[0] = '\0';
	for (i = 0; a && i < a->num && at < 4000U; i++) {
		e = &inval_array_at(a)[i];
		type = (uint32_t)(e->key >> 53) & 7U;
		vmid = (uint32_t)(e->key >> 21) & 0xffffU;
		asid = (uint32_t)(e->key >> 37) & 0xffffU;
		sid = (uint32_t)(e->key >> 21);
		at += (uint32_t)sprintf(text + at, "%s%u:", i != 0U ? ", " : "",
					(uint32_t)(e->key >> 56));
		if (type == 0U && e->op_range == 0x12U)
			at += (uint32_t)sprintf(text + at, "%s %u.%u",
						e->op_all == 0x10U ? "NH" : "nh", vmid, asid);
		else if (type == 0U)
			at += (uint32_t)sprintf(text + at, "%s %u",
						e->op_all == 0x20U ? "EL2" : "el2", asid);
		else if (type < 3U)
			at += (uint32_t)sprintf(text + at, "%s %u", type == 1U ? "s2" : "clear",
						vmid);
		else
			at += (uint32_t)sprintf(text + at, "%s %x", type == 3U ? "ats" : "full",
						sid);
		if ((e->key & 1U) != 0U)
			at += (uint32_t)sprintf(text + at, ".%u",
						(uint32_t)(e->key >> 1) & 0xfffffU);
		at += (uint32_t)sprintf(text + at, " x%u", e->users);
	}
	return text;
}

#define ARRAY(d, want) CHECK(strcmp(say(d), want) == 0, "%s", text)

#define ANY UINT32_MAX

/* Takes the words of that SMMU, or all, out of sim.cmd. */
static void words(uint32_t smmu, const uint64_t (*want)[2], uint32_t num, int line)
{
	uint32_t i, n = 0, left = 0;

	for (i = 0; i < sim.cmds; i++) {
		if (smmu != ANY && sim.cmd[i].smmu != smmu) {
			sim.cmd[left++] = sim.cmd[i];
			continue;
		}
		CHECK(n < num && sim.cmd[i].cmd.d0 == want[n][0] && sim.cmd[i].cmd.d1 == want[n][1],
		      "line %d: word %u of %u is %016llx %016llx", line, n, num,
		      (unsigned long long)sim.cmd[i].cmd.d0,
		      (unsigned long long)sim.cmd[i].cmd.d1);
		n++;
	}
	CHECK(n == num, "line %d: %u words, want %u", line, n, num);
	sim.cmds = left;
}

/* Exactly these words since the last, in order: of all SMMUs, or of one. */
#define WORDS_OF(smmu, ...) \
	do { \
		static const uint64_t want_[][2] = { __VA_ARGS__ }; \
		words(smmu, want_, sizeof(want_) / sizeof(want_[0]), __LINE__); \
	} while (0)
#define WORDS(...) WORDS_OF(ANY, __VA_ARGS__)
#define NO_WORDS() CHECK(sim.cmds == 0U, "%u words", sim.cmds)

/* The embedder has written an STE. */
static void reconfigure(const struct inval_device *dev)
{
	struct inval_cmd cmd[4];
	uint32_t i;

	for (i = 0; i < dev->sid_num; i++)
		CHECK(inval_cmd_cfgi_ste(&cmd[i], false, dev->sids[i], true) == 0, "CFGI");
	CHECK(inval_queue_run(&sim_at(dev->smmu)->queue, cmd, dev->sid_num) == 0, "CFGI");
}

static void endpoint(bool on)
{
	sim_note(0, on ? ENDPOINT_ON : ENDPOINT_OFF, 0);
}

static void commit(void)
{
	struct inval_flush f = sim_flush();
	int err = inval_attach_commit(&t, &f);

	CHECK(err == 0, "commit: %d", err);
}

/* All of an attach, in the order of domain.h; returns the step of ATS. */
static enum inval_ats_step change(const struct inval_device *dev, struct inval_domain *to,
				  const struct inval_use *to_use, struct inval_domain *from,
				  const struct inval_use *from_use)
{
	enum inval_ats_step step = inval_attach_ats(to ? to_use : NULL, from ? from_use : NULL);
	struct inval_smmu *smmu = &sim_at(dev->smmu)->smmu;
	struct inval_flush f = sim_flush();
	int err = 0;

	publish(dev, to, to_use, from, from_use);
	if (step == INVAL_ATS_OFF) {
		endpoint(false);
		err = inval_flush_device(smmu, dev->sids, dev->sid_num, false, 0, &f);
	}
	reconfigure(dev);
	if (step == INVAL_ATS_MOVED)
		err = inval_flush_device(smmu, dev->sids, dev->sid_num, from_use->ssv,
					 from_use->ssid, &f);
	CHECK(err == 0, "device: %d", err);
	if (step == INVAL_ATS_ON)
		endpoint(true);
	commit();
	return step;
}

/* A flush of one page of @d. */
static void flush_page(struct inval_domain *d)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	int err = inval_domain_flush(d, &req, &f);

	CHECK(err == 0, "flush: %d", err);
}

TEST(cases, first_attach)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 3, 7);
	struct inval_device dev = device(1, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	ARRAY(&d, "");
	flush_page(&d);
	NO_WORDS();
	publish(&dev, &d, &u, NULL, NULL);
	ARRAY(&d, "1:nh 3.7 x1, 1:ats 101 x1");
	commit();
	ARRAY(&d, "1:nh 3.7 x1, 1:ats 101 x1");
	NO_WORDS();
	flush_page(&d);
	WORDS({ 0x0007000300000012, VA | 1U }, SYNC, { 0x0000010100000040, VA }, SYNC);
	detach(&dev, &d, &u);
	finish(&d);
}

TEST(cases, second_device_of_an_smmu)
{
	struct inval_use u = use(INVAL_REGIME_S1, 3, 7);
	struct inval_device one = device(1, sid1, 1), two = device(1, sid2, 1);
	struct inval_domain d;
	struct inval_array *a;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	ARRAY(&d, "1:nh 3.7 x1");
	a = array_of(&d);
	CHECK(init(&two, &d, &u, NULL, NULL) == 0 && inval_attach_bytes(&t) == 0U, "no memory");
	attach(&two, &d, &u);
	ARRAY(&d, "1:nh 3.7 x2");
	CHECK(array_of(&d) == a, "no new array");
	sim_forget();
	detach(&one, &d, &u);
	ARRAY(&d, "1:nh 3.7 x1");
	NO_WORDS();
	detach(&two, &d, &u);
	ARRAY(&d, "");
	WORDS({ 0x0007000300000011, 0 }, SYNC);
	finish(&d);
}

TEST(cases, move_between_domains)
{
	struct inval_use here = use(INVAL_REGIME_S1, 0, 7), there = use(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain old, next;

	start();
	inval_domain_init(&old);
	inval_domain_init(&next);
	attach(&one, &old, &here);
	attach(&two, &next, &there);
	ARRAY(&old, "0:nh 0.7 x1");
	ARRAY(&next, "0:nh 0.9 x1");
	publish(&one, &next, &there, &old, &here);
	ARRAY(&old, "0:nh 0.7 x1");
	ARRAY(&next, "0:nh 0.9 x2");
	flush_page(&old);
	WORDS({ 0x0007000000000012, VA | 1U }, SYNC);
	reconfigure(&one);
	commit();
	WORDS(CFGI(0x101), SYNC, { 0x0007000000000011, 0 }, SYNC);
	ARRAY(&old, "");
	ARRAY(&next, "0:nh 0.9 x2");
	flush_page(&old);
	NO_WORDS();
	detach(&one, &next, &there);
	detach(&two, &next, &there);
	CHECK(inval_domain_fini(&old) == 0, "fini");
	finish(&next);
}

TEST(cases, detach_to_blocked)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 101 x1");
	CHECK(init(&dev, NULL, NULL, &d, &u) == 0 && inval_attach_bytes(&t) == 0U, "no memory");
	sim_forget();
	CHECK(change(&dev, NULL, NULL, &d, &u) == INVAL_ATS_OFF, "step");
	WORDS({ ENDPOINT_OFF, 0 }, ATC(0x101), SYNC, CFGI(0x101), SYNC,
	      { 0x0007000000000011, 0 }, SYNC);
	ARRAY(&d, "");
	finish(&d);
}

TEST(cases, ats_goes_on_and_off)
{
	static const uint32_t two[2] = { 5, 4 };
	struct inval_use with = use_ats(INVAL_REGIME_S1, 0, 7), without = with;
	struct inval_device dev = device(0, two, 2);
	struct inval_domain d;

	start();
	without.ats = INVAL_EATS_OFF;
	inval_domain_init(&d);
	attach(&dev, &d, &without);
	ARRAY(&d, "0:nh 0.7 x1");
	sim_forget();
	CHECK(change(&dev, &d, &with, &d, &without) == INVAL_ATS_ON, "step");
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 4 x1, 0:ats 5 x1");
	WORDS(CFGI(5), CFGI(4), SYNC, { ENDPOINT_ON, 0 });
	CHECK(change(&dev, &d, &without, &d, &with) == INVAL_ATS_OFF, "step");
	WORDS({ ENDPOINT_OFF, 0 }, ATC(5), ATC(4), SYNC, CFGI(5), CFGI(4), SYNC);
	ARRAY(&d, "0:nh 0.7 x1");
	detach(&dev, &d, &without);
	finish(&d);
}

/* From full to split-stage ATS: nothing is on for a while. */
TEST(cases, eats_changes_its_kind)
{
	struct inval_use full = use_ats(INVAL_REGIME_S2, 5, 0), none = full, split = full;
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	start();
	none.ats = INVAL_EATS_OFF;
	split.ats = INVAL_EATS_SPLIT;
	split.regime = INVAL_REGIME_S2_PARENT;
	inval_domain_init(&d);
	attach(&dev, &d, &full);
	sim_forget();
	CHECK(init(&dev, &d, &split, &d, &full) == -INVAL_EBUSY, "at once");
	CHECK(inval_attach_prepare(&t, NULL, 0) == -INVAL_EINVAL, "went on");
	ARRAY(&d, "0:s2 5 x1, 0:ats 101 x1");
	CHECK(change(&dev, &d, &none, &d, &full) == INVAL_ATS_OFF, "to none");
	ARRAY(&d, "0:s2 5 x1");
	CHECK(change(&dev, &d, &split, &d, &none) == INVAL_ATS_ON, "from none");
	WORDS({ ENDPOINT_OFF, 0 }, ATC(0x101), SYNC, CFGI(0x101), SYNC,
	      CFGI(0x101), SYNC, { ENDPOINT_ON, 0 });
	ARRAY(&d, "0:s2 5 x1, 0:clear 5 x1, 0:full 101 x1");
	detach(&dev, &d, &split);
	finish(&d);
}

/* STE.EATS is two bits: every value to every other. */
TEST(cases, kinds_of_eats)
{
	struct inval_use to = use(INVAL_REGIME_S2_PARENT, 5, 0), from = to;
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain a, b;
	uint32_t k;
	int err;

	start();
	inval_domain_init(&a);
	inval_domain_init(&b);
	for (k = 0; k < 16U; k++) {
		to.ats = (enum inval_eats)(k % 4U);
		from.ats = (enum inval_eats)(k / 4U);
		err = init(&dev, &b, &to, &a, &from);
		CHECK(err == (k % 4U == k / 4U || k % 4U == 0U || k / 4U == 0U ? 0 : -INVAL_EBUSY),
		      "%u to %u: %d", k / 4U, k % 4U, err);
		CHECK(err != 0 || (t.add_num == (k % 4U == 0U ? 2U : 3U) &&
				   t.del_num == (k / 4U == 0U ? 2U : 3U)), "entries of %u", k);
		CHECK(init(&dev, NULL, &to, &a, &from) == 0 && init(&dev, &b, &to, NULL, &from) == 0,
		      "blocked, %u", k);
	}
}

TEST(cases, steps_of_ats)
{
	struct inval_use plain = use(INVAL_REGIME_S1, 0, 7), ats = plain, pasid = plain, both;
	static const enum inval_ats_step want[5][5] = {
		/* from: blocked, plain, ATS, PASID, PASID with ATS */
		{ INVAL_ATS_NOTHING, INVAL_ATS_NOTHING, INVAL_ATS_OFF, INVAL_ATS_NOTHING,
		  INVAL_ATS_MOVED },
		{ INVAL_ATS_NOTHING, INVAL_ATS_NOTHING, INVAL_ATS_OFF, INVAL_ATS_NOTHING,
		  INVAL_ATS_MOVED },
		{ INVAL_ATS_ON, INVAL_ATS_ON, INVAL_ATS_MOVED, INVAL_ATS_ON, INVAL_ATS_MOVED },
		{ INVAL_ATS_NOTHING, INVAL_ATS_NOTHING, INVAL_ATS_OFF, INVAL_ATS_NOTHING,
		  INVAL_ATS_MOVED },
		{ INVAL_ATS_NOTHING, INVAL_ATS_NOTHING, INVAL_ATS_MOVED, INVAL_ATS_NOTHING,
		  INVAL_ATS_MOVED },
	};
	const struct inval_use *u[5] = { NULL, &plain, &ats, &pasid, &both };
	uint32_t to, from;

	ats.ats = INVAL_EATS_FULL;
	pasid.ssv = true;
	pasid.ssid = 3;
	both = pasid;
	both.ats = INVAL_EATS_FULL;
	for (to = 0; to < 5U; to++) {
		for (from = 0; from < 5U; from++)
			CHECK(inval_attach_ats(u[to], u[from]) == want[to][from],
			      "%u from %u: %d", to, from, (int)inval_attach_ats(u[to], u[from]));
	}
}

TEST(cases, atc_of_what_moved)
{
	static const uint32_t two[2] = { 4, 5 };
	struct inval_use here = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use there = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device dev = device(0, two, 2);
	struct inval_domain old, next;
	struct inval_flush f = sim_flush();

	start();
	inval_domain_init(&old);
	inval_domain_init(&next);
	attach(&dev, &old, &here);
	sim_forget();
	CHECK(change(&dev, &next, &there, &old, &here) == INVAL_ATS_MOVED, "the RID");
	WORDS(CFGI(4), CFGI(5), SYNC, ATC(4), ATC(5), SYNC, { 0x0007000000000011, 0 }, SYNC);
	ARRAY(&old, "");
	ARRAY(&next, "0:nh 0.9 x1, 0:ats 4 x1, 0:ats 5 x1");
	CHECK(inval_domain_fini(&old) == 0, "fini");
	detach(&dev, &next, &there);
	finish(&next);

	start();
	inval_domain_init(&old);
	inval_domain_init(&next);
	here.ssv = true;
	here.ssid = 3;
	there.ssv = true;
	there.ssid = 3;
	attach(&dev, &old, &here);
	sim_forget();
	CHECK(change(&dev, &next, &there, &old, &here) == INVAL_ATS_MOVED, "a PASID");
	WORDS(CFGI(4), CFGI(5), SYNC, ATC_SSID(4, 3), ATC_SSID(5, 3), SYNC,
	      { 0x0007000000000011, 0 }, SYNC);
	CHECK(inval_flush_device(&sim_at(0)->smmu, two, 2, true, 1U << 20, &f) == -INVAL_ERANGE,
	      "SubstreamID of 21 bits");
	NO_WORDS();
	ARRAY(&next, "0:nh 0.9 x1, 0:ats 4.3 x1, 0:ats 5.3 x1");
	CHECK(inval_domain_fini(&old) == 0, "fini");
	detach(&dev, &next, &there);
	finish(&next);
}

/* CFGI of the new STE failed: back, with what the device took meanwhile. */
TEST(cases, abort_with_ats)
{
	struct inval_use here = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use there = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain old, next;
	void *mem = &f;

	start();
	inval_domain_init(&old);
	inval_domain_init(&next);
	attach(&dev, &old, &here);
	publish(&dev, &next, &there, &old, &here);
	ARRAY(&next, "0:nh 0.9 x1, 0:ats 101 x1");
	sim_forget();
	reconfigure(&dev);
	CHECK(inval_attach_ats(&here, &there) == INVAL_ATS_MOVED, "the way back");
	CHECK(inval_flush_device(&sim_at(0)->smmu, sid1, 1, false, 0, &f) == 0, "device");
	CHECK(inval_attach_abort(&t, &mem, &f) == 0 && !mem, "abort");
	WORDS(CFGI(0x101), SYNC, ATC(0x101), SYNC, { 0x0009000000000011, 0 }, SYNC);
	ARRAY(&old, "0:nh 0.7 x1, 0:ats 101 x1");
	ARRAY(&next, "");
	CHECK(inval_domain_fini(&next) == 0, "fini");
	detach(&dev, &old, &here);
	finish(&old);
}

TEST(cases, pasid_attach_and_detach)
{
	struct inval_use rid = use_ats(INVAL_REGIME_S2, 5, 0);
	struct inval_use pasid = use_ats(INVAL_REGIME_S1, 5, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain base, d;

	start();
	inval_domain_init(&base);
	inval_domain_init(&d);
	pasid.ssv = true;
	pasid.ssid = 0xfffff;
	CHECK(change(&dev, &base, &rid, NULL, NULL) == INVAL_ATS_ON, "the RID first");
	ARRAY(&base, "0:s2 5 x1, 0:ats 101 x1");
	CHECK(change(&dev, &d, &pasid, NULL, NULL) == INVAL_ATS_NOTHING, "comes");
	ARRAY(&d, "0:nh 5.7 x1, 0:ats 101.1048575 x1");
	sim_forget();
	flush_page(&d);
	WORDS({ 0x0007000500000012, VA | 1U }, SYNC, { 0x00000101fffff840, VA }, SYNC);
	CHECK(change(&dev, NULL, NULL, &d, &pasid) == INVAL_ATS_MOVED, "goes");
	WORDS(CFGI(0x101), SYNC, ATC_SSID(0x101, 0xfffff), SYNC, { 0x0007000500000011, 0 }, SYNC);
	ARRAY(&d, "");
	ARRAY(&base, "0:s2 5 x1, 0:ats 101 x1");
	CHECK(change(&dev, NULL, NULL, &base, &rid) == INVAL_ATS_OFF, "the RID last");
	CHECK(inval_domain_fini(&base) == 0, "fini");
	finish(&d);
}

TEST(cases, two_pasids_in_one_domain)
{
	struct inval_use one = use_ats(INVAL_REGIME_S1, 0, 7), two;
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	one.ssv = true;
	one.ssid = 0;
	two = one;
	two.ssid = 1;
	attach(&dev, &d, &one);
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 101.0 x1");
	attach(&dev, &d, &two);
	ARRAY(&d, "0:nh 0.7 x2, 0:ats 101.0 x1, 0:ats 101.1 x1");
	sim_forget();
	flush_page(&d);
	WORDS({ 0x0007000000000012, VA | 1U }, SYNC, { 0x0000010100000840, VA },
	      { 0x0000010100001840, VA }, SYNC);
	CHECK(change(&dev, NULL, NULL, &d, &one) == INVAL_ATS_MOVED, "one goes");
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 101.0 x0, 0:ats 101.1 x1");
	WORDS(CFGI(0x101), SYNC, ATC_SSID(0x101, 0), SYNC);
	flush_page(&d);
	WORDS({ 0x0007000000000012, VA | 1U }, SYNC, { 0x0000010100001840, VA }, SYNC);
	detach(&dev, &d, &two);
	ARRAY(&d, "");
	finish(&d);
}

/* Two devices, on two SMMUs, of which one hears broadcasts; the process ends early. */
TEST(cases, sva)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(0, 0, false);
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid2, 1);
	struct inval_flush f;
	struct inval_domain d;

	start();
	f = sim_flush();
	sim_at(0)->smmu.caps.feat |= INVAL_FEAT_BTM;
	inval_domain_init(&d);
	CHECK(inval_tags_init(&tags, tag_words, 256, 1) == 0 && inval_tags_pin(&tags, 7) == 0,
	      "pin");
	u.ssv = true;
	u.ssid = 3;
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 101.3 x1, 1:nh 0.7 x1, 1:ats 202.3 x1");

	f.cpu_tlbi = true;
	sim_forget();
	CHECK(inval_domain_flush(&d, &page, &f) == 0, "unmap by the CPU");
	WORDS_OF(0, { 0x0000010100003840, VA }, SYNC);
	WORDS_OF(1, { 0x0007000000000012, VA | 1U }, SYNC, { 0x0000020200003840, VA }, SYNC);

	/* The process ends: the CDs are inert, everything is flushed, the entries stay. */
	f.cpu_tlbi = false;
	CHECK(inval_domain_flush(&d, &all, &f) == 0, "exit");
	WORDS_OF(0, { 0x0007000000000011, 0 }, SYNC, ATC_SSID(0x101, 3), SYNC);
	WORDS_OF(1, { 0x0007000000000011, 0 }, SYNC, ATC_SSID(0x202, 3), SYNC);
	ARRAY(&d, "0:nh 0.7 x1, 0:ats 101.3 x1, 1:nh 0.7 x1, 1:ats 202.3 x1");
	CHECK(inval_tags_state(&tags, 7) == INVAL_TAG_PINNED, "the ASID stays");

	CHECK(change(&one, NULL, NULL, &d, &u) == INVAL_ATS_MOVED, "detach");
	WORDS(CFGI(0x101), SYNC, ATC_SSID(0x101, 3), SYNC, { 0x0007000000000011, 0 }, SYNC);
	ARRAY(&d, "0:nh 0.7 x0, 0:ats 101.3 x0, 1:nh 0.7 x1, 1:ats 202.3 x1");
	CHECK(change(&two, NULL, NULL, &d, &u) == INVAL_ATS_MOVED, "detach");
	ARRAY(&d, "");
	CHECK(inval_tags_unpin(&tags, 7, t.stale_tags) == 0, "unpin");
	CHECK(inval_tags_state(&tags, 7) == INVAL_TAG_FREE, "free");
	finish(&d);
}

TEST(cases, nested_parent)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true);
	struct inval_use u = use_ats(INVAL_REGIME_S2_PARENT, 5, 0);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	ARRAY(&d, "0:s2 5 x1, 0:clear 5 x1, 0:full 101 x1");
	sim_forget();
	flush_page(&d);
	WORDS({ 0x000000050000002a, VA | 1U }, SYNC, { 0x0000000500000010, 0 }, SYNC, ATC(0x101),
	      SYNC);
	/* The CPU shares the stage 2 and its VMID: it has cleared the stage 1, too. */
	sim_at(0)->smmu.caps.feat |= INVAL_FEAT_BTM;
	f = sim_flush();
	f.cpu_tlbi = true;
	CHECK(inval_domain_flush(&d, &page, &f) == 0, "flush");
	WORDS(ATC(0x101), SYNC);
	detach(&dev, &d, &u);
	ARRAY(&d, "");
	finish(&d);
}

/* Three virtual SMMUs of one guest, each with a VMID of its own, two on one SMMU. */
TEST(cases, virtual_smmus_share_a_stage_2)
{
	static const uint32_t sid3[1] = { 0x303 };
	struct inval_use u[3];
	struct inval_device dev[3];
	struct inval_domain d;
	uint32_t i;

	start();
	inval_domain_init(&d);
	dev[0] = device(0, sid1, 1);
	dev[1] = device(0, sid2, 1);
	dev[2] = device(1, sid3, 1);
	for (i = 0; i < 3U; i++) {
		u[i] = use_ats(INVAL_REGIME_S2_PARENT, (uint16_t)(5U + i), 0);
		attach(&dev[i], &d, &u[i]);
	}
	ARRAY(&d, "0:s2 5 x1, 0:s2 6 x1, 0:clear 5 x1, 0:clear 6 x1, 0:full 101 x1, "
	      "0:full 202 x1, 1:s2 7 x1, 1:clear 7 x1, 1:full 303 x1");
	sim_forget();
	flush_page(&d);
	WORDS_OF(0, { 0x000000050000002a, VA | 1U }, { 0x000000060000002a, VA | 1U }, SYNC,
		 { 0x0000000500000010, 0 }, { 0x0000000600000010, 0 }, SYNC, ATC(0x101),
		 ATC(0x202), SYNC);
	WORDS_OF(1, { 0x000000070000002a, VA | 1U }, SYNC, { 0x0000000700000010, 0 }, SYNC,
		 ATC(0x303), SYNC);
	detach(&dev[0], &d, &u[0]);
	WORDS({ 0x0000000500000028, 0 }, SYNC);
	ARRAY(&d, "0:s2 5 x0, 0:s2 6 x1, 0:clear 5 x0, 0:clear 6 x1, 0:full 101 x0, "
	      "0:full 202 x1, 1:s2 7 x1, 1:clear 7 x1, 1:full 303 x1");
	detach(&dev[2], &d, &u[2]);
	detach(&dev[1], &d, &u[1]);
	ARRAY(&d, "");
	finish(&d);
}

/* The CPU takes the VMID: each STE gets another; the last to leave has it flushed. */
TEST(cases, vmid_moves_by_device)
{
	struct inval_use old = use(INVAL_REGIME_S2, 5, 0), next = use(INVAL_REGIME_S2, 6, 0);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &old);
	attach(&two, &d, &old);
	sim_forget();
	(void)change(&one, &d, &next, &d, &old);
	ARRAY(&d, "0:s2 5 x1, 0:s2 6 x1");
	WORDS(CFGI(0x101), SYNC);
	(void)change(&two, &d, &next, &d, &old);
	ARRAY(&d, "0:s2 5 x0, 0:s2 6 x2");
	WORDS(CFGI(0x202), SYNC, { 0x0000000500000028, 0 }, SYNC);
	detach(&one, &d, &next);
	detach(&two, &d, &next);
	finish(&d);
}

TEST(cases, global_is_of_the_domain)
{
	struct inval_use nh = use(INVAL_REGIME_S1, 3, 7), el2 = use(INVAL_REGIME_EL2_E2H, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain d, e;

	start();
	inval_domain_init(&d);
	inval_domain_init(&e);
	nh.global = true;
	el2.global = true;
	attach(&one, &d, &nh);
	ARRAY(&d, "0:NH 3.7 x1");
	attach(&one, &e, &el2);
	ARRAY(&e, "0:EL2 9 x1");
	nh.global = false;
	CHECK(init(&two, &d, &nh, NULL, NULL) == 0, "init");
	CHECK(inval_attach_prepare(&t, adds, inval_attach_bytes(&t)) == -INVAL_EINVAL, "both");
	ARRAY(&d, "0:NH 3.7 x1");
	nh.global = true;
	detach(&one, &d, &nh);
	detach(&one, &e, &el2);
	CHECK(inval_domain_fini(&e) == 0, "fini");
	finish(&d);
}

TEST(cases, as_many_smmus_as_there_are)
{
	struct inval_use u = use(INVAL_REGIME_S2, 5, 0);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;
	uint32_t i;

	sim_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
	inval_domain_init(&d);
	for (i = 0; i < 256U; i++) {
		sim_add(i, 0);
		sim_queue(i, 3);
		dev.smmu = i;
		attach(&dev, &d, &u);
	}
	dev.smmu = 256;
	CHECK(init(&dev, &d, &u, NULL, NULL) == -INVAL_ENOSPC, "the 257th");
	CHECK(array_of(&d)->num == 256U && array_of(&d)->dead == 0U, "256 entries");
	sim_forget();
	flush_page(&d);
	for (i = 0; i < 256U; i++)
		WORDS_OF(i, { 0x000000050000002a, VA | 1U }, SYNC);
	NO_WORDS();
	for (i = 0; i < 256U; i++) {
		dev.smmu = i;
		detach(&dev, &d, &u);
	}
	finish(&d);
}

/* Out of each of its domains; then it may go: no flush names it any more. */
TEST(cases, device_removal)
{
	struct inval_use rid = use_ats(INVAL_REGIME_S2, 5, 0), u[2];
	struct inval_device dev = device(0, sid1, 1), other = device(0, sid2, 1);
	struct inval_domain d[3];
	uint32_t i;

	start();
	for (i = 0; i < 3U; i++)
		inval_domain_init(&d[i]);
	attach(&dev, &d[2], &rid);
	attach(&other, &d[2], &rid);
	for (i = 0; i < 2U; i++) {
		u[i] = use_ats(INVAL_REGIME_S1, 5, (uint16_t)(7U + i));
		u[i].ssv = true;
		u[i].ssid = i + 1U;
		attach(&dev, &d[i], &u[i]);
	}
	for (i = 0; i < 2U; i++)
		CHECK(change(&dev, NULL, NULL, &d[i], &u[i]) == INVAL_ATS_MOVED, "PASID %u", i);
	CHECK(change(&dev, NULL, NULL, &d[2], &rid) == INVAL_ATS_OFF, "the RID");
	ARRAY(&d[0], "");
	ARRAY(&d[1], "");
	ARRAY(&d[2], "0:s2 5 x1, 0:ats 101 x0, 0:ats 202 x1");
	sim_forget();
	flush_page(&d[0]);
	flush_page(&d[1]);
	NO_WORDS();
	flush_page(&d[2]);
	WORDS({ 0x000000050000002a, VA | 1U }, SYNC, { 0x0000020200000040, VA }, SYNC);
	detach(&other, &d[2], &rid);
	CHECK(inval_domain_fini(&d[0]) == 0 && inval_domain_fini(&d[1]) == 0, "fini");
	finish(&d[2]);
}

/* A walk of CPU 1 that began before; it ends after ten turns of CPU 0's wait. */
static struct inval_domain *walked;
static unsigned long walk_token;
static uint32_t walk_turns;

static void walk_goes_on(void)
{
	sim_turn();
	if (walk_turns != 0U && --walk_turns == 0U) {
		rec.cpu = 1;
		inval_port_read_end(&walked->read, walk_token);
		rec.cpu = 0;
	}
}

static void sync_with_a_walk(struct inval_domain *d)
{
	walked = d;
	walk_turns = 10;
	rec.on_turn = walk_goes_on;
	rec.cpu = 1;
	walk_token = inval_port_read_begin(&d->read);
	rec.cpu = 0;
	inval_domain_sync(d);
	CHECK(walk_turns == 0U, "%u turns left", walk_turns);
	rec.on_turn = sim_turn;
}

TEST(cases, smmu_removal)
{
	struct inval_use u = use_ats(INVAL_REGIME_S2, 5, 0);
	struct inval_device stays = device(0, sid1, 1), goes = device(1, sid2, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&stays, &d, &u);
	attach(&goes, &d, &u);
	ARRAY(&d, "0:s2 5 x1, 0:ats 101 x1, 1:s2 5 x1, 1:ats 202 x1");
	(void)change(&goes, NULL, NULL, &d, &u);
	ARRAY(&d, "0:s2 5 x1, 0:ats 101 x1");
	sync_with_a_walk(&d);
	sim.table[1] = NULL;
	sim_forget();
	flush_page(&d);
	WORDS({ 0x000000050000002a, VA | 1U }, SYNC, { 0x0000010100000040, VA }, SYNC);

	/* Another one gets its number. */
	sim.table[1] = &sim_at(1)->smmu;
	flush_page(&d);
	WORDS({ 0x000000050000002a, VA | 1U }, SYNC, { 0x0000010100000040, VA }, SYNC);
	detach(&stays, &d, &u);
	finish(&d);
}

/* A reset of the SMMU's queue, as the embedder does it. */
static void reset_queue(uint32_t number)
{
	struct sim_smmu *s = sim_at(number);

	free(s->mem);
	free(s->book);
	s->stuck = false;
	s->prod = 0;
	s->cons = 0;
	sim_queue(number, 6);
}

TEST(cases, smmu_off_and_on)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7), v = use(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_smmu *smmu;
	struct inval_domain d;
	uint32_t gate, barrier;

	start();
	smmu = &sim_at(1)->smmu;
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	inval_smmu_off(smmu);
	sync_with_a_walk(&d);
	sim_at(1)->stuck = true;
	sim_forget();
	flush_page(&d);
	WORDS({ 0x0007000000000012, VA | 1U }, SYNC);
	/* Devices behind it may leave and come: nothing is issued to it. */
	CHECK(inval_flush_device(smmu, sid2, 1, false, 0, &f) == 0, "device");
	detach(&two, &d, &u);
	CHECK(t.left.tags == 1U && !t.stale_tags, "left");
	attach(&two, &d, &v);
	NO_WORDS();
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.9 x1");

	/* On again fails: off as before, and others are not held up. */
	CHECK(inval_smmu_on(smmu) == -INVAL_ETIMEDOUT && smmu->off == 1U, "stuck");
	flush_page(&d);
	WORDS({ 0x0007000000000012, VA | 1U }, SYNC);
	CHECK(inval_smmu_on(smmu) == -INVAL_ESHUTDOWN && smmu->off == 1U, "broken");

	reset_queue(1);
	sim_forget();
	CHECK(inval_smmu_on(smmu) == 0 && smmu->off == 0U, "on");
	gate = rec_next_at(REC_STORE64, rec_addr(&smmu->off), 0);
	barrier = rec_next(REC_DMA_MB, 0);
	CHECK(gate != REC_NONE && rec.log[gate].value == 0U && gate < barrier &&
	      barrier < rec_next(REC_IRQ_SAVE, 0), "gate, full barrier, commands");
	WORDS({ 0x04, 31 }, SYNC, { 0x30, 0 }, { 0x20, 0 }, SYNC);
	flush_page(&d);
	WORDS_OF(1, { 0x0009000000000012, VA | 1U }, SYNC);
	detach(&one, &d, &u);
	detach(&two, &d, &v);
	finish(&d);
}

/* What an SMMU without EL2 would call illegal is not sent; a tiny queue is enough. */
TEST(cases, smmu_on_without_el2)
{
	start();
	sim_at(0)->smmu.caps.feat &= ~INVAL_FEAT_HYP;
	inval_smmu_off(&sim_at(0)->smmu);
	CHECK(inval_smmu_on(&sim_at(0)->smmu) == 0, "on");
	WORDS({ 0x04, 31 }, SYNC, { 0x30, 0 }, SYNC);
	sim_add(2, 0);
	sim_queue(2, 1);
	CHECK(inval_smmu_on(&sim_at(2)->smmu) == 0, "on");
	WORDS({ 0x04, 31 }, SYNC, { 0x30, 0 }, { 0x20, 0 }, SYNC);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* A Device Permission Table that changed meanwhile was not heard of, either. */
TEST(cases, smmu_on_with_a_dpt)
{
	start();
	sim_at(0)->smmu.caps.feat |= INVAL_FEAT_DPT;
	CHECK(inval_smmu_on(&sim_at(0)->smmu) == 0, "on");
	WORDS({ 0x04, 31 }, SYNC, { 0x30, 0 }, { 0x20, 0 }, { 0x70, 0 }, SYNC);
	sim_at(0)->smmu.caps.feat &= ~INVAL_FEAT_HYP;
	CHECK(inval_smmu_on(&sim_at(0)->smmu) == 0, "on without EL2");
	WORDS({ 0x04, 31 }, SYNC, { 0x30, 0 }, { 0x70, 0 }, SYNC);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* A device's StreamIDs in batches smaller than they are. */
TEST(cases, device_of_many_streams)
{
	static const uint32_t many[5] = { 1, 2, 3, 4, 5 };
	struct inval_flush f;

	start();
	f = sim_flush();
	f.batch_num = 2;
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 0, &f) == 0, "five");
	CHECK(rec.count[INVAL_COUNT_ATC] == 5U, "counted");
	WORDS(ATC(1), ATC(2), ATC(3), ATC(4), ATC(5), SYNC);
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 4, true, 9, &f) == 0, "four");
	WORDS(ATC_SSID(1, 9), ATC_SSID(2, 9), ATC_SSID(3, 9), ATC_SSID(4, 9), SYNC);
	f.batch_num = 0;
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 0, &f) == -INVAL_EINVAL,
	      "no batch");
	NO_WORDS();
	f.batch_num = 2;
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 1, &f) == -INVAL_ERANGE, "SSV");
	NO_WORDS();
	sim_at(0)->atc_fails = 1;
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 0, &f) == -INVAL_EREMOTEIO,
	      "not confirmed");
	sim_at(0)->stuck = true;
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 0, &f) == -INVAL_ETIMEDOUT,
	      "stuck");
	CHECK(inval_flush_device(&sim_at(0)->smmu, many, 5, false, 0, &f) == -INVAL_ESHUTDOWN,
	      "broken");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* Moves of an ASID */

static struct inval_entry move_add[8], move_del[8];

/* Up to publish; the CDs would come next. */
static void move_published(struct inval_domain *d, uint32_t smmu, uint16_t from, uint16_t to)
{
	uint32_t num = inval_move_scratch(d, smmu, from);
	uint64_t bytes;
	int err;

	memset(&t, 0x55, sizeof(t));
	err = inval_attach_init_move(&t, d, smmu, from, to, move_add, move_del, num);
	CHECK(err == 0, "init: %d", err);
	bytes = inval_attach_bytes(&t);
	err = inval_attach_prepare(&t, bytes != 0U ? rec_alloc(bytes) : NULL, bytes);
	CHECK(err == 0, "prepare: %d", err);
	CHECK(inval_attach_publish(&t) == 0, "publish");
	sim_forget();
}

TEST(cases, asid_moves_on_all_smmus)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 3, 7), v = use_ats(INVAL_REGIME_S1, 3, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_device far = device(1, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	attach(&far, &d, &u);
	ARRAY(&d, "0:nh 3.7 x2, 0:ats 101 x1, 0:ats 202 x1, 1:nh 3.7 x1, 1:ats 101 x1");
	CHECK(inval_move_scratch(&d, INVAL_SMMU_MAX, 7) == 2U, "scratch");
	move_published(&d, INVAL_SMMU_MAX, 7, 9);
	ARRAY(&d, "0:nh 3.7 x2, 0:nh 3.9 x2, 0:ats 101 x1, 0:ats 202 x1, "
	      "1:nh 3.7 x1, 1:nh 3.9 x1, 1:ats 101 x1");
	flush_page(&d);
	WORDS_OF(0, { 0x0007000300000012, VA | 1U }, { 0x0009000300000012, VA | 1U }, SYNC,
		 { 0x0000010100000040, VA }, { 0x0000020200000040, VA }, SYNC);
	WORDS_OF(1, { 0x0007000300000012, VA | 1U }, { 0x0009000300000012, VA | 1U }, SYNC,
		 { 0x0000010100000040, VA }, SYNC);
	commit();
	WORDS_OF(0, { 0x0007000300000011, 0 }, SYNC);
	WORDS_OF(1, { 0x0007000300000011, 0 }, SYNC);
	CHECK(rec_total(REC_READ_SYNC) == 0U && t.left.tags == 2U && t.left.ats == 0U, "left");
	ARRAY(&d, "0:nh 3.7 x0, 0:nh 3.9 x2, 0:ats 101 x1, 0:ats 202 x1, "
	      "1:nh 3.7 x0, 1:nh 3.9 x1, 1:ats 101 x1");
	flush_page(&d);
	WORDS_OF(0, { 0x0009000300000012, VA | 1U }, SYNC, { 0x0000010100000040, VA },
		 { 0x0000020200000040, VA }, SYNC);
	WORDS_OF(1, { 0x0009000300000012, VA | 1U }, SYNC, { 0x0000010100000040, VA }, SYNC);

	/* From now on they leave with the new one. */
	detach(&one, &d, &v);
	CHECK(t.left.unknown == 0U, "unknown");
	detach(&two, &d, &v);
	detach(&far, &d, &v);
	CHECK(t.left.unknown == 0U, "unknown");
	ARRAY(&d, "");
	finish(&d);
}

/* ASIDs may be the SMMU's own: only there. */
TEST(cases, asid_moves_on_one_smmu)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	move_published(&d, 1, 7, 9);
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.7 x1, 1:nh 0.9 x1");
	commit();
	WORDS_OF(1, { 0x0007000000000011, 0 }, SYNC);
	NO_WORDS();
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.7 x0, 1:nh 0.9 x1");

	/* And back: the dead entry is revived, no memory. */
	CHECK(inval_attach_init_move(&t, &d, 1, 9, 7, move_add, move_del, 1) == 0 &&
	      inval_attach_bytes(&t) == 0U, "bytes");
	move_published(&d, 1, 9, 7);
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.7 x1, 1:nh 0.9 x1");
	commit();
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.7 x1");
	detach(&one, &d, &u);
	detach(&two, &d, &u);
	finish(&d);
}

/* Several VMIDs, and other ASIDs, on one SMMU: what each is stays what it is. */
TEST(cases, asid_moves_with_its_kind)
{
	struct inval_use u = use(INVAL_REGIME_S1, 3, 7), v = use(INVAL_REGIME_S1, 4, 7);
	struct inval_use w = use(INVAL_REGIME_S1, 3, 8), x = use(INVAL_REGIME_S1, 3, 2);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	u.global = true;
	x.global = true;
	attach(&one, &d, &u);
	attach(&two, &d, &v);
	attach(&two, &d, &w);
	ARRAY(&d, "0:NH 3.7 x1, 0:nh 4.7 x1, 0:nh 3.8 x1");
	CHECK(inval_move_scratch(&d, 0, 7) == 2U && inval_move_scratch(&d, 0, 8) == 1U &&
	      inval_move_scratch(&d, 1, 7) == 0U, "scratch");
	move_published(&d, 0, 7, 2);
	ARRAY(&d, "0:NH 3.2 x1, 0:nh 4.2 x1, 0:NH 3.7 x1, 0:nh 4.7 x1, 0:nh 3.8 x1");
	commit();
	WORDS({ 0x0000000300000010, 0 }, { 0x0007000400000011, 0 }, SYNC);
	ARRAY(&d, "0:NH 3.2 x1, 0:nh 4.2 x1, 0:NH 3.7 x0, 0:nh 4.7 x0, 0:nh 3.8 x1");
	detach(&one, &d, &x);
	v.asid = 2;
	detach(&two, &d, &v);
	detach(&two, &d, &w);
	CHECK(t.left.unknown == 0U, "unknown");
	finish(&d);
}

static void moves_at_el2(enum inval_regime regime, bool global, uint16_t from, uint32_t num,
			 const char *before_move, const char *after_move)
{
	struct inval_use u = use(regime, 0, from);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	u.global = global;
	attach(&dev, &d, &u);
	ARRAY(&d, before_move);
	CHECK(inval_move_scratch(&d, 0, from) == num, "scratch");
	if (num == 0U) {
		CHECK(inval_attach_init_move(&t, &d, 0, from, 9, move_add, move_del, 8) ==
		      -INVAL_ENOENT, "no ASID to move");
	} else {
		move_published(&d, 0, from, 9);
		commit();
		u.asid = 9;
	}
	ARRAY(&d, after_move);
	detach(&dev, &d, &u);
	CHECK(t.left.unknown == 0U, "unknown");
	finish(&d);
}

TEST(cases, asid_moves_at_el2)
{
	moves_at_el2(INVAL_REGIME_EL2_E2H, false, 7, 1, "0:el2 7 x1", "0:el2 7 x0, 0:el2 9 x1");
	moves_at_el2(INVAL_REGIME_EL2_E2H, true, 7, 1, "0:EL2 7 x1", "0:EL2 7 x0, 0:EL2 9 x1");
	moves_at_el2(INVAL_REGIME_EL2_E2H, false, 0, 1, "0:el2 0 x1", "0:el2 0 x0, 0:el2 9 x1");
	moves_at_el2(INVAL_REGIME_EL2, false, 0, 0, "0:EL2 0 x1", "0:EL2 0 x1");
}

/* The CDs could not be rewritten: they have the old ASID again, the new one is empty. */
TEST(cases, asid_move_is_taken_back)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	void *mem = &f;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	move_published(&d, INVAL_SMMU_MAX, 7, 9);
	CHECK(inval_attach_abort(&t, &mem, &f) == 0 && !mem, "abort");
	WORDS({ 0x0009000000000011, 0 }, SYNC);
	ARRAY(&d, "0:nh 0.7 x1");
	detach(&dev, &d, &u);
	CHECK(t.left.unknown == 0U, "unknown");
	finish(&d);
}

static void move_refused(struct inval_domain *d, uint32_t smmu, uint16_t from, uint16_t to,
			 uint32_t max, int want)
{
	struct inval_flush f = sim_flush();
	void *mem = &f;
	int err;

	rec_forget();
	err = inval_attach_init_move(&t, d, smmu, from, to, move_add, move_del, max);
	CHECK(err == want, "SMMU %u, %u to %u: %d, want %d", smmu, from, to, err, want);
	CHECK(inval_attach_prepare(&t, text, 4096) == -INVAL_EINVAL, "prepare");
	CHECK(inval_attach_publish(&t) == -INVAL_EINVAL, "publish");
	CHECK(inval_attach_commit(&t, &f) == -INVAL_EINVAL, "commit");
	CHECK(inval_attach_abort(&t, &mem, &f) == -INVAL_EINVAL && !mem, "abort");
	CHECK(rec_total(REC_SLOT_STORE) == 0U && rec_total(REC_STORE32) == 0U, "hooks");
	NO_WORDS();
}

TEST(cases, asid_move_refused)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7), s2 = use(INVAL_REGIME_S2, 7, 0);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid2, 1);
	struct inval_domain d, empty;

	start();
	inval_domain_init(&d);
	inval_domain_init(&empty);
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	attach(&two, &d, &s2);
	sim_forget();
	move_refused(&d, INVAL_SMMU_MAX, 7, 7, 8, -INVAL_EINVAL);
	move_refused(&d, INVAL_SMMU_MAX, 8, 8, 8, -INVAL_EINVAL);
	move_refused(&d, INVAL_SMMU_MAX, 8, 9, 8, -INVAL_ENOENT);
	move_refused(&d, 2, 7, 9, 8, -INVAL_ENOENT);
	move_refused(&d, 1, 0, 9, 8, -INVAL_ENOENT);
	move_refused(&empty, 0, 7, 9, 8, -INVAL_ENOENT);
	move_refused(&d, INVAL_SMMU_MAX, 7, 9, 1, -INVAL_ENOMEM);
	move_refused(&d, 1, 7, 9, 0, -INVAL_ENOMEM);
	ARRAY(&d, "0:nh 0.7 x1, 1:nh 0.7 x1, 1:s2 7 x1");
	detach(&one, &d, &u);
	ARRAY(&d, "0:nh 0.7 x0, 1:nh 0.7 x1, 1:s2 7 x1");
	sim_forget();
	move_refused(&d, 0, 7, 9, 8, -INVAL_ENOENT);
	detach(&two, &d, &u);
	detach(&two, &d, &s2);
	finish(&d);
}

/* Not enough memory for the array: the move can be prepared again, or forgotten. */
TEST(cases, asid_move_without_memory)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint64_t bytes;
	void *mem;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	CHECK(inval_attach_init_move(&t, &d, 0, 7, 9, move_add, move_del, 1) == 0, "init");
	bytes = inval_attach_bytes(&t);
	mem = rec_alloc(bytes);
	CHECK(inval_attach_prepare(&t, mem, bytes - 1U) == -INVAL_ENOMEM, "too little");
	ARRAY(&d, "0:nh 0.7 x1");
	CHECK(inval_attach_prepare(&t, mem, bytes) == 0, "enough");
	ARRAY(&d, "0:nh 0.7 x1");
	CHECK(inval_attach_abort(&t, &mem, &f) == 0 && mem, "forgotten");
	rec_free(mem);
	ARRAY(&d, "0:nh 0.7 x1");
	detach(&dev, &d, &u);
	finish(&d);
}

/* A process has ASID 7, and so has a domain of ours. */
static void asid_is_taken(struct inval_domain *d, const struct inval_device *dev)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	uint32_t tag;

	start();
	CHECK(inval_tags_init(&tags, tag_words, 256, 7) == 0, "init");
	CHECK(inval_tags_alloc(&tags, &tag) == 0 && tag == 7U, "ASID 7");
	inval_domain_init(d);
	attach(dev, d, &u);
	CHECK(inval_tags_pin(&tags, 7) == -INVAL_EBUSY, "before");
	CHECK(inval_tags_alloc(&tags, &tag) == 0 && tag == 8U, "ASID 8");
	move_published(d, INVAL_SMMU_MAX, 7, 8);
	CHECK(inval_tags_pin(&tags, 7) == -INVAL_EBUSY, "while CDs are rewritten");
}

TEST(cases, asid_move_makes_way_for_a_pin)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 8);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	asid_is_taken(&d, &dev);
	commit();
	WORDS({ 0x0007000000000011, 0 }, SYNC);
	ARRAY(&d, "0:nh 0.7 x0, 0:nh 0.8 x1");
	CHECK(inval_tags_free(&tags, 7, t.stale_tags) == 0, "free");
	CHECK(inval_tags_pin(&tags, 7) == 0, "after");
	CHECK(inval_tags_pin(&tags, 7) == -INVAL_EEXIST, "once");
	detach(&dev, &d, &u);
	finish(&d);
}

TEST(cases, asid_move_with_a_failed_flush)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 8);
	struct inval_range_req all = sim_req(0, 0, false);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint64_t mark;

	asid_is_taken(&d, &dev);
	sim_at(0)->stuck = true;
	CHECK(inval_attach_commit(&t, &f) == -INVAL_ETIMEDOUT && t.stale_tags, "commit");
	ARRAY(&d, "0:nh 0.7 x0, 0:nh 0.8 x1");
	CHECK(inval_tags_free(&tags, 7, t.stale_tags) == 0, "put aside");
	CHECK(inval_tags_pin(&tags, 7) == -INVAL_EAGAIN, "maybe in the TLB");

	reset_queue(0);
	sim_forget();
	mark = inval_tags_mark(&tags);
	CHECK(inval_flush_entries(move_del, t.del_num, 12, &all, &f) == 0, "later");
	WORDS({ 0x0007000000000011, 0 }, SYNC);
	CHECK(inval_tags_clean(&tags, mark) == 0 && inval_tags_pin(&tags, 7) == 0, "pin");
	detach(&dev, &d, &u);
	finish(&d);
}

/* The CPU has broadcast for a range, not for a tag that nobody has any more. */
TEST(cases, cpu_tlbi_is_not_for_tags)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f;
	struct inval_domain d;
	void *mem;

	start();
	f = sim_flush();
	sim_at(0)->smmu.caps.feat |= INVAL_FEAT_BTM;
	f.cpu_tlbi = true;
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	publish(&dev, NULL, NULL, &d, &u);
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	WORDS({ 0x0007000000000011, 0 }, SYNC);
	CHECK(f.cpu_tlbi, "as it was");
	publish(&dev, &d, &u, NULL, NULL);
	CHECK(inval_attach_abort(&t, &mem, &f) == 0, "abort");
	WORDS({ 0x0007000000000011, 0 }, SYNC);
	finish(&d);
}

TEST(cases, no_memory_for_a_purge)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), v = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_device three = device(1, sid1, 1);
	struct inval_domain d;
	uint64_t bytes;
	void *mem;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &v);
	detach(&one, &d, &u);
	ARRAY(&d, "0:nh 0.7 x0, 0:nh 0.9 x1, 0:ats 101 x0, 0:ats 202 x1");
	bytes = inval_domain_purge_bytes(&d);
	mem = rec_alloc(bytes);
	CHECK(inval_domain_purge(&d, mem, bytes - 1U) == -INVAL_ENOMEM, "purge");
	rec_free(mem);
	ARRAY(&d, "0:nh 0.7 x0, 0:nh 0.9 x1, 0:ats 101 x0, 0:ats 202 x1");
	sim_forget();
	flush_page(&d);
	WORDS({ 0x0009000000000012, VA | 1U }, SYNC, { 0x0000020200000040, VA }, SYNC);
	attach(&three, &d, &u);
	ARRAY(&d, "0:nh 0.9 x1, 0:ats 202 x1, 1:nh 0.7 x1, 1:ats 101 x1");
	CHECK(inval_domain_purge_bytes(&d) == 0U, "clean");
	detach(&two, &d, &v);
	detach(&three, &d, &u);
	finish(&d);
}

TEST(cases, stalled_transactions)
{
	static const uint32_t two[2] = { 4, 5 };
	static const enum inval_stall_step mine[] = {
		INVAL_STALL_STE, INVAL_STALL_QUIET, INVAL_STALL_EVENTS, INVAL_STALL_END
	};
	struct inval_smmu *smmu;
	struct inval_flush f;
	uint32_t i;

	start();
	f = sim_flush();
	smmu = &sim_at(0)->smmu;
	CHECK(INVAL_STALL_STE < INVAL_STALL_CFGI && INVAL_STALL_CFGI < INVAL_STALL_TERM &&
	      INVAL_STALL_TERM < INVAL_STALL_QUIET && INVAL_STALL_QUIET < INVAL_STALL_SYNC &&
	      INVAL_STALL_SYNC < INVAL_STALL_EVENTS && INVAL_STALL_EVENTS < INVAL_STALL_END,
	      "the order");
	CHECK(inval_stall_issue(INVAL_STALL_CFGI, smmu, two, 2, &f) == 0, "CFGI");
	WORDS(CFGI(4), CFGI(5), SYNC);
	CHECK(inval_stall_issue(INVAL_STALL_TERM, smmu, two, 2, &f) == 0, "TERM");
	WORDS({ 0x0000000400000045, 0 }, { 0x0000000500000045, 0 }, SYNC);
	CHECK(rec.count[INVAL_COUNT_CFGI] == 2U && rec.count[INVAL_COUNT_OTHER] == 2U, "counted");
	CHECK(inval_stall_issue(INVAL_STALL_SYNC, smmu, two, 2, &f) == 0, "SYNC");
	WORDS(SYNC);
	for (i = 0; i < 4U; i++)
		CHECK(inval_stall_issue(mine[i], smmu, two, 2, &f) == -INVAL_EINVAL, "%u", i);
	NO_WORDS();
	/* An SMMU that never stalls calls STALL_TERM illegal. */
	smmu->caps.stall = 1;
	CHECK(inval_stall_issue(INVAL_STALL_TERM, smmu, two, 2, &f) == 0, "nothing to end");
	NO_WORDS();
	smmu->caps.stall = 0;
	inval_smmu_off(smmu);
	CHECK(inval_stall_issue(INVAL_STALL_TERM, smmu, two, 2, &f) == 0, "off");
	NO_WORDS();
	inval_port_store64(&smmu->off, 0);
	sim_at(0)->stuck = true;
	CHECK(inval_stall_issue(INVAL_STALL_TERM, smmu, two, 2, &f) == -INVAL_ETIMEDOUT, "stuck");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}
