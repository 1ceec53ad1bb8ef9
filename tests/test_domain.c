/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * domain.h, on the library's queues and simulated SMMUs.
 *  1. A flush: full barrier, read section, load of the array, walk; the section ends
 *     after the last wait, also after an error.
 *  2. Publishing stores the array, then has the full barrier, then nothing, or with ATS
 *     waits for walks that began before; the old array is given back once. When only users change no array is made and no
 *     memory needed.
 *  3. Attach, move, re-attach, detach, abort and purge in thousands of random orders:
 *     after each step a flush reaches exactly the tags and devices of a plain list,
 *     and the tags that lost their last user were flushed, and no other.
 *  4. A detach needs no memory and cannot fail. Units of ATCs: unit_of_devices. A device with one StreamID twice, two
 *     devices of an SMMU, several SMMUs, a parent stage 2, EL2 with and without ASIDs.
 *  5. commit waits for walks that began before when an ATS entry died, and only then:
 *     after it, and after the users were taken away, but before the tags are flushed.
 *     Whatever array the walk is on, and whatever it found when it began.
 *  6. A flush on another CPU between any two steps sees the old devices or all; after
 *     publish all; after commit none that left. While an ASID moves, always the one or
 *     both that CDs hold.
 *  7. Abort before publish changes nothing and hands the memory back; after it the
 *     domain is as before, with fence and tags as in commit.
 *  8. A tag whose flush failed: an error, stale_tags, a warning with the tag; the device
 *     has left, and the list flushes the tag later.
 *  9. A call at the wrong time, or without enough memory, is refused and changes
 *     nothing; so is a domain that is global for one device and not for another.
 * 10. purge and fini: the array is replaced, the old one given back; no memory or
 *     nothing to do leaves all as it was; a domain in use stays.
 * 11. gather: adjacent unmaps cost one flush; its error comes back, the new range stays.
 * 12. The errors in struct inval_flush are of the last call, also of one that flushed
 *     nothing: errors_are_of_the_last_call.
 * 13. No memory is lost, freed twice or used after (the port watches).
 * test_domain_cases.c: case by case, with the array before and after.
 */
/* port: recording */
#include <inval/domain.h>

#include "attach.h"
#include "sim.h"
#include "test.h"

#define WANTS 128U

TEST(domain, flush_has_its_barrier_and_its_section)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(1, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t i, load;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	f = sim_flush();
	sim_forget();
	CHECK(inval_domain_flush(&d, &req, &f) == 0, "flush");
	CHECK(rec.log[0].kind == REC_DMA_MB && rec.log[1].kind == REC_READ_BEGIN &&
	      rec.log[2].kind == REC_SLOT_LOAD, "the first hooks");
	CHECK(rec.log[1].addr == rec_addr(&d.read) && rec.log[2].addr == rec_addr(&d.slot),
	      "of this domain");
	CHECK(rec.log[rec.events - 1U].kind == REC_READ_END, "the last hook");
	CHECK(rec_total(REC_READ_BEGIN) == 1U && rec_total(REC_SLOT_LOAD) == 1U, "once");
	for (i = 2; i < rec.events; i++)
		CHECK(rec.log[i].reading, "hook %u outside of the section", i);
	load = rec_next_at(REC_LOAD32, rec_addr(&inval_array_at(array_of(&d))->users), 0);
	CHECK(load != REC_NONE && rec_total(REC_RELAX) != 0U, "walked and waited");
	detach(&dev, &d, &u);
	finish(&d);
}

TEST(domain, section_ends_after_an_error)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true), bad = req;
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(1, sid1, 1);
	struct inval_flush f;
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	f = sim_flush();
	bad.granule_lg2 = 0;
	CHECK(inval_domain_flush(&d, &bad, &f) == -INVAL_EINVAL && sim.cmds == 0U, "bad request");
	sim_at(1)->stuck = true;
	CHECK(inval_domain_flush(&d, &req, &f) == -INVAL_ETIMEDOUT, "stuck");
	CHECK(rec_total(REC_READ_BEGIN) == rec_total(REC_READ_END), "sections");
	sim_at(1)->smmu.off = 1;
	detach(&dev, &d, &u);
	finish(&d);
}

/* What publish alone does; the log is empty before and holds just it after. */
static void publish_logged(const struct inval_device *dev, struct inval_domain *d,
			   const struct inval_use *u, void **mem)
{
	uint64_t bytes;

	CHECK(init(dev, d, u, NULL, NULL) == 0, "init");
	bytes = inval_attach_bytes(&t);
	*mem = bytes != 0U ? rec_alloc(bytes) : NULL;
	CHECK(inval_attach_prepare(&t, *mem, bytes) == 0, "prepare");
	rec_forget();
	CHECK(inval_attach_publish(&t) == 0, "publish");
}

/* The last array published had, and has, so many entries. */
static void check_trace(uint32_t had, uint32_t has)
{
	uint32_t at = rec_next(REC_TRACE, rec_next(REC_SLOT_STORE, 0));

	CHECK(at != REC_NONE && rec.log[at].what == INVAL_EVENT_PUBLISH &&
	      rec.log[at].addr == had && rec.log[at].value == has, "trace");
}

/* One full barrier, and nothing behind it. */
static void check_barrier(void)
{
	CHECK(rec.log[rec.events - 1U].kind == REC_DMA_MB && rec_total(REC_DMA_MB) == 1U,
	      "barrier");
}

TEST(domain, publish_is_store_barrier_and_nothing_else)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7), v = use(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	void *first, *second;
	uint32_t at;

	start();
	inval_domain_init(&d);
	publish_logged(&one, &d, &u, &first);
	at = rec_next(REC_SLOT_STORE, 0);
	CHECK(at != REC_NONE && rec.log[at].addr == rec_addr(&d.slot) &&
	      rec.log[at].value == rec_addr(first), "the first array");
	check_barrier();
	CHECK(rec_total(REC_FREE_LATER) == 0U, "nothing to free");
	check_trace(0, 1);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");

	rec.keep_frees = true;
	publish_logged(&two, &d, &v, &second);
	at = rec_next(REC_SLOT_STORE, 0);
	CHECK(at != REC_NONE && rec.log[at].value == rec_addr(second), "the second array");
	CHECK(rec_total(REC_SLOT_STORE) == 1U && rec_total(REC_FREE_LATER) == 1U, "once each");
	check_trace(1, 2);
	at = rec_next_at(REC_FREE_LATER, rec_addr(first), at);
	CHECK(at != REC_NONE, "the first goes back, after the store");
	check_barrier();
	CHECK(rec_total(REC_STORE32) == 0U && rec_total(REC_READ_SYNC) == 0U && sim.cmds == 0U,
	      "nothing else");
	CHECK(rec_blocks() == 2U, "kept while it may be read");
	rec_run_frees();
	CHECK(rec_blocks() == 1U, "then freed");
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	detach(&one, &d, &u);
	detach(&two, &d, &v);
	rec.keep_frees = false;
	finish(&d);
}

/* Memory that was something else before. */
TEST(domain, init_of_any_memory)
{
	struct inval_domain d;

	start();
	memset(&d, 0x55, sizeof(d));
	inval_domain_init(&d);
	CHECK(array_of(&d) == NULL, "an array");
	check_flush(&d, NULL, 0);
	finish(&d);
}

/* No ATC_INV is for less than the largest unit of the devices. */
TEST(domain, unit_of_devices)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	one.stu_lg2 = 16;
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	sim_forget();
	CHECK(inval_domain_flush(&d, &req, &f) == 0 && sim.cmds == 5U, "%u commands", sim.cmds);
	CHECK(sim.cmd[2].cmd.d1 == ((VA & ~0xffffULL) | 4U) && sim.cmd[3].cmd.d1 ==
	      sim.cmd[2].cmd.d1, "span %llx", (unsigned long long)sim.cmd[2].cmd.d1);
	detach(&one, &d, &u);
	detach(&two, &d, &u);
	finish(&d);
}

/* A second time the same: only the users change, in place, before the barrier. */
TEST(domain, no_memory_when_all_keys_are_there)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), no_ats = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct inval_array *a;
	void *mem;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	a = array_of(&d);
	publish_logged(&two, &d, &no_ats, &mem);
	CHECK(mem == NULL && array_of(&d) == a, "in place");
	CHECK(rec_total(REC_SLOT_STORE) == 0U && rec_total(REC_FREE_LATER) == 0U, "no new array");
	CHECK(rec_next_at(REC_STORE32, rec_addr(&inval_array_at(a)->users), 0) == 1U, "users");
	check_barrier();
	CHECK(rec.count[INVAL_COUNT_REF] == 1U && rec.count[INVAL_COUNT_COPY] == 1U, "counted");
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(inval_array_at(a)->users == 2U && inval_array_at(a)[1].users == 1U, "users");
	detach(&two, &d, &no_ats);
	detach(&one, &d, &u);
	finish(&d);
}

/* An entry that died in front of a live one is revived by the next device. */
TEST(domain, revived_without_memory)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), u9 = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct sim_want w[4];
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &u9);
	detach(&one, &d, &u);
	CHECK(array_of(&d)->dead == 2U, "%u dead", array_of(&d)->dead);
	CHECK(init(&one, &d, &u, NULL, NULL) == 0 && inval_attach_bytes(&t) == 0U, "no memory");
	attach(&one, &d, &u);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_tag(SIM_S1, 0, 0, 9);
	w[2] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	w[3] = sim_want_ats(SIM_ATS, 0, sid2[0], false, 0);
	check_flush(&d, w, 4);
	detach(&one, &d, &u);
	detach(&two, &d, &u9);
	finish(&d);
}

TEST(domain, detach_needs_nothing)
{
	struct sim_want w[2];
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct inval_array *a;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	a = array_of(&d);
	rec_forget();
	CHECK(init(&dev, NULL, NULL, &d, &u) == 0, "init");
	CHECK(inval_attach_bytes(&t) == 0U, "bytes");
	CHECK(inval_attach_prepare(&t, NULL, 0) == 0, "prepare");
	CHECK(inval_attach_publish(&t) == 0, "publish");
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	check_flush(&d, w, 2);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(t.left.tags == 1U && t.left.ats == 1U && t.left.unknown == 0U, "left");
	CHECK(!t.stale_tags, "stale");
	CHECK(array_of(&d) == a && rec_total(REC_SLOT_STORE) == 0U, "the same array");
	CHECK(a->num == 0U && a->dead == 0U && a->ats == 0U, "empty");
	check_flush(&d, NULL, 0);
	finish(&d);
}

TEST(domain, same_stream_twice)
{
	static const uint32_t sids[3] = { 5, 4, 5 };
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sids, 3), two = device(0, sids, 2);
	struct sim_want w[3];
	struct inval_domain d;
	struct inval_entry *e;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	attach(&two, &d, &u);
	e = inval_array_at(array_of(&d));
	CHECK(array_of(&d)->num == 3U && e[0].users == 2U && e[1].users == 2U && e[2].users == 3U,
	      "users");
	detach(&one, &d, &u);
	CHECK(t.left.tags == 0U && t.left.ats == 0U && t.left.unknown == 0U, "nothing died");
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, 4, false, 0);
	w[2] = sim_want_ats(SIM_ATS, 0, 5, false, 0);
	check_flush(&d, w, 3);
	detach(&two, &d, &u);
	CHECK(t.left.tags == 1U && t.left.ats == 2U && t.left.unknown == 0U, "the last of both");
	finish(&d);
}

/* Two SubstreamIDs of one device are two address spaces. */
TEST(domain, peers_substreams_of_one_stream)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), v = u;
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct sim_want w[2];

	start();
	inval_domain_init(&d);
	u.ssv = true;
	u.ssid = 1;
	v.ssv = true;
	v.ssid = 2;
	attach(&dev, &d, &u);
	attach(&dev, &d, &v);
	rec_forget();
	detach(&dev, &d, &u);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, sid1[0], true, 2);
	check_flush(&d, w, 2);
	CHECK(t.left.ats == 1U && rec_total(REC_READ_SYNC) == 1U, "fence");
	publish(&dev, NULL, NULL, &d, &v);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	finish(&d);
}

/* Regimes: what everything and one page of each look like. */
static void check_regime(enum inval_regime regime, bool global, uint16_t vmid, uint16_t asid,
			 enum sim_kind kind, uint64_t all, const char *what)
{
	struct inval_use u = use(regime, vmid, asid);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct sim_want w;

	start();
	inval_domain_init(&d);
	u.global = global;
	attach(&dev, &d, &u);
	w = sim_want_tag(kind, 0, vmid, asid);
	check_flush(&d, &w, 1);
	publish(&dev, NULL, NULL, &d, &u);
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == 0, "%s: commit", what);
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == all && sim.cmd[0].cmd.d1 == 0U &&
	      sim.cmd[1].cmd.d0 == 0x46U, "%s: %u commands, %llx", what, sim.cmds,
	      (unsigned long long)sim.cmd[0].cmd.d0);
	CHECK(rec_total(REC_READ_SYNC) == 0U, "%s: fence without ATS", what);
	finish(&d);
}

TEST(domain, regimes)
{
	check_regime(INVAL_REGIME_S1, false, 3, 7, SIM_S1, 0x0007000300000011, "S1");
	check_regime(INVAL_REGIME_S1, true, 3, 7, SIM_S1_GLOBAL, 0x0000000300000010, "S1 global");
	check_regime(INVAL_REGIME_EL2, false, 0, 0, SIM_EL2, 0x20, "EL2");
	check_regime(INVAL_REGIME_EL2_E2H, false, 0, 7, SIM_EL2_E2H, 0x0007000000000021, "E2H");
	check_regime(INVAL_REGIME_EL2_E2H, true, 0, 7, SIM_EL2_GLOBAL, 0x20, "E2H global");
	check_regime(INVAL_REGIME_S2, false, 3, 0, SIM_S2, 0x0000000300000028, "S2");
}

TEST(domain, parent_of_nested_devices)
{
	struct inval_use nest = use_ats(INVAL_REGIME_S2_PARENT, 5, 0);
	struct inval_use flat = use(INVAL_REGIME_S2, 5, 0);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct sim_want w[3];

	start();
	inval_domain_init(&d);
	attach(&one, &d, &nest);
	w[0] = sim_want_tag(SIM_S2, 0, 5, 0);
	w[1] = sim_want_tag(SIM_CLEAR, 0, 5, 0);
	w[2] = sim_want_ats(SIM_ATS_FULL, 0, sid1[0], false, 0);
	check_flush(&d, w, 3);
	attach(&two, &d, &flat);
	check_flush(&d, w, 3);

	/* The stage 2 stays in use; its VMID's stage 1 is nobody's, so it is emptied. */
	publish(&one, NULL, NULL, &d, &nest);
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == 0x0000000500000010 &&
	      sim.cmd[1].cmd.d0 == 0x46U, "%u commands", sim.cmds);
	CHECK(rec_total(REC_READ_SYNC) == 1U, "fence");
	check_flush(&d, w, 1);

	attach(&one, &d, &nest);
	detach(&two, &d, &flat);
	publish(&one, NULL, NULL, &d, &nest);
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == 0x0000000500000028, "S12_VMALL does both");
	finish(&d);
}

TEST(domain, several_smmus)
{
	struct inval_use u7 = use_ats(INVAL_REGIME_S1, 0, 7), u9 = use(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid1, 1);
	struct inval_domain d;
	struct sim_want w[3];

	start();
	inval_domain_init(&d);
	attach(&two, &d, &u9);
	attach(&one, &d, &u7);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	w[2] = sim_want_tag(SIM_S1, 1, 0, 9);
	check_flush(&d, w, 3);
	sim_at(0)->smmu.off = 1;
	check_flush(&d, w, 3);
	sim_at(0)->smmu.off = 0;
	detach(&one, &d, &u7);
	check_flush(&d, w + 2, 1);
	detach(&two, &d, &u9);
	finish(&d);
}

/* ATS goes on and off for a device that stays where it is. */
TEST(domain, attached_again_with_ats_changed)
{
	struct inval_use with = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use without = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;
	struct sim_want w[2];

	start();
	inval_domain_init(&d);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	attach(&dev, &d, &without);
	check_flush(&d, w, 1);
	move(&dev, &d, &with, &d, &without);
	CHECK(t.left.tags == 0U && t.left.ats == 0U, "nothing left");
	check_flush(&d, w, 2);
	sim_forget();
	move(&dev, &d, &without, &d, &with);
	CHECK(t.left.tags == 0U && t.left.ats == 1U && sim.cmds == 0U, "only ATS left");
	CHECK(rec_total(REC_READ_SYNC) == 1U && rec_total(REC_SLOT_STORE) == 0U, "fence");
	check_flush(&d, w, 1);
	detach(&dev, &d, &without);
	finish(&d);
}

/* Moves between two domains; the old one is fenced and flushed, the new one is not. */
TEST(domain, move_leaves_one_and_enters_another)
{
	struct inval_use here = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use there = use_ats(INVAL_REGIME_S2, 5, 0);
	struct inval_device dev = device(1, sid1, 1);
	struct inval_domain old, next;
	struct inval_flush f = sim_flush();
	struct sim_want w[2], v[2];
	uint32_t at;

	start();
	inval_domain_init(&old);
	inval_domain_init(&next);
	w[0] = sim_want_tag(SIM_S1, 1, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 1, sid1[0], false, 0);
	v[0] = sim_want_tag(SIM_S2, 1, 5, 0);
	v[1] = w[1];
	attach(&dev, &old, &here);
	publish(&dev, &next, &there, &old, &here);
	check_flush(&old, w, 2);
	check_flush(&next, v, 2);
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == 0x0007000000000011, "the old tag");
	at = rec_next(REC_READ_SYNC, 0);
	CHECK(at != REC_NONE && rec.log[at].addr == rec_addr(&old.read), "the old domain's walks");
	CHECK(rec_total(REC_READ_SYNC) == 1U, "once");
	CHECK(rec_next(REC_STORE32, at) == REC_NONE && rec_next(REC_MMIO_WRITE32, 0) > at,
	      "users first, tags last");
	check_flush(&old, NULL, 0);
	check_flush(&next, v, 2);
	CHECK(inval_domain_fini(&old) == 0, "fini");
	detach(&dev, &next, &there);
	finish(&next);
}

/* A walk of CPU 1 that began before; it ends after some turns of CPU 0's wait. */
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

static void walk_begins(struct inval_domain *d, uint32_t turns)
{
	walked = d;
	walk_turns = turns;
	rec.on_turn = walk_goes_on;
	rec.cpu = 1;
	walk_token = inval_port_read_begin(&d->read);
	rec.cpu = 0;
}

TEST(domain, fence_waits_for_walks_that_began_before)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t i, sync, end;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	publish(&dev, NULL, NULL, &d, &u);
	rec_forget();
	walk_begins(&d, 10);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(walk_turns == 0U && rec_total(REC_READ_WAIT) == 10U, "did not wait");
	sync = rec_next(REC_READ_SYNC, 0);
	end = rec_next(REC_READ_END, 0);
	CHECK(sync != REC_NONE && end > sync, "order");
	for (i = 0; i < rec.events; i++) {
		CHECK(rec.log[i].kind != REC_STORE32 || i < sync, "users after the fence");
		CHECK(rec.log[i].kind != REC_MMIO_WRITE32 || i > end, "tags before its end");
	}
	i = rec_next(REC_TRACE, 0);
	CHECK(rec.log[i].what == INVAL_EVENT_UNREF && rec.log[i].addr == 2U &&
	      rec.log[i].value == 2U, "trace");
	i = rec_next(REC_TRACE, i + 1U);
	CHECK(rec.log[i].what == INVAL_EVENT_FENCE && rec.log[i].addr == 2U &&
	      rec.log[i].value == 1U, "trace of the fence");
	rec.on_turn = sim_turn;
	finish(&d);
}

/*
 * The walk is on an array that another attach has replaced since: a lock inside the
 * array would not be the one that the detach finds.
 */
TEST(domain, peers_fence_of_a_replaced_array)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), plain = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_array *old;
	struct inval_domain d;

	start();
	rec.keep_frees = true;
	inval_domain_init(&d);
	attach(&one, &d, &u);
	old = array_of(&d);
	walk_begins(&d, 10);
	rec.cpu = 1;
	CHECK(inval_port_slot_load(&d.slot) == old, "walk");
	rec.cpu = 0;
	publish(&two, &d, &plain, NULL, NULL);
	CHECK(inval_attach_commit(&t, &f) == 0 && array_of(&d) != old && walk_turns == 10U,
	      "not replaced");
	publish(&one, NULL, NULL, &d, &u);
	rec_forget();
	CHECK(inval_attach_commit(&t, &f) == 0 && t.left.ats == 1U, "commit");
	CHECK(walk_turns == 0U && rec_total(REC_READ_WAIT) == 10U, "did not wait");
	CHECK(inval_array_at(old)[1].users == 1U, "the walk's array was taken from it");
	rec.on_turn = sim_turn;
	rec_run_frees();
	detach(&two, &d, &plain);
	finish(&d);
}

/*
 * A walk begins when no device has ATS; then an entry that had died is in use again, in
 * place: what the walk found out at its beginning is worth nothing. Nor is what one of
 * the new device found, when that leaves.
 */
TEST(domain, peers_fence_of_a_revived_entry)
{
	struct inval_use with = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use other = use(INVAL_REGIME_S2_PARENT, 5, 0);
	struct inval_device one = device(0, sid1, 1), two = device(1, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_array *a;
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &with);
	attach(&two, &d, &other);
	detach(&one, &d, &with);
	a = array_of(&d);
	CHECK(a->ats == 0U && a->num == 4U && a->dead == 2U, "%u entries", a->num);
	rec_forget();
	walk_begins(&d, 10);
	publish(&one, &d, &with, NULL, NULL);
	CHECK(walk_turns == 0U && rec_total(REC_READ_WAIT) == 10U, "publish did not wait");
	CHECK(inval_attach_commit(&t, &f) == 0 && array_of(&d) == a && a->ats == 1U, "revived");
	publish(&one, NULL, NULL, &d, &with);
	rec_forget();
	walk_begins(&d, 10);
	CHECK(inval_attach_commit(&t, &f) == 0 && t.left.ats == 1U, "commit");
	CHECK(walk_turns == 0U && rec_total(REC_READ_WAIT) == 10U, "did not wait");
	rec.on_turn = sim_turn;
	detach(&two, &d, &other);
	finish(&d);
}

/* Another device still uses ATS, and the tag stays: nothing to wait for or to flush. */
TEST(domain, no_fence_without_a_dead_ats_entry)
{
	struct inval_use with = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_use without = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &with);
	attach(&two, &d, &without);
	publish(&two, NULL, NULL, &d, &without);
	sim_forget();
	walk_begins(&d, 10);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	CHECK(rec_total(REC_READ_SYNC) == 0U && walk_turns == 10U, "waited");
	CHECK(sim.cmds == 0U && t.left.tags == 0U && t.left.ats == 0U, "flushed");
	walk_turns = 1;
	walk_goes_on();
	rec.on_turn = sim_turn;
	detach(&one, &d, &with);
	finish(&d);
}

/*
 * A walk without the device has yet to take away from the TLB what the device's ATC
 * would be filled from: with ATS publish waits for it, after the barrier; also in place.
 */
TEST(domain, publish_with_ats_waits_for_walks)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), no_ats = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t i;
	void *mem;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &no_ats);
	for (i = 0; i < 2U; i++) {
		walk_begins(&d, 10);
		publish_logged(&two, &d, &u, &mem);
		CHECK((mem == NULL) == (i == 1U), "time %u: memory", i);
		CHECK(walk_turns == 0U && rec_total(REC_READ_WAIT) == 10U, "time %u", i);
		CHECK(rec_next(REC_READ_SYNC, 0) > rec_next(REC_DMA_MB, 0), "time %u: order", i);
		CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	}
	walk_begins(&d, 10);
	publish_logged(&one, &d, &no_ats, &mem);
	CHECK(walk_turns == 10U && rec_total(REC_READ_SYNC) == 0U, "waits without ATS");
	walk_turns = 1;
	walk_goes_on();
	rec.on_turn = sim_turn;
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	for (i = 0; i < 2U; i++) {
		detach(&one, &d, &no_ats);
		detach(&two, &d, &u);
	}
	finish(&d);
}

/*
 * Flushes of CPU 1 between any two hooks of CPU 0, one at a time: hook number
 * @intrude of the whole sequence.
 */
static struct inval_domain *shared;
static uint32_t hooks, intrude, phase, seen;
static const struct sim_want *olds, *news;
static uint32_t old_num, new_num;

static void intruder(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	static struct inval_flush_wait waits[4];
	static struct inval_cmd batch[4];
	struct inval_flush f = sim_flush();
	uint32_t old_cmds = sim.cmds, i;

	(void)kind;
	(void)addr;
	(void)value;
	if (rec.depth[0][REC_SCOPE_IRQ] != 0U || hooks++ != intrude)
		return;
	rec.cpu = 1;
	f.batch = batch;
	f.batch_num = 4;
	f.waits = waits;
	f.wait_num = 4;
	f.error_num = 0;
	CHECK(inval_domain_flush(shared, &req, &f) == 0, "hook %u", intrude);
	/* By now the SMMU may have had commands of CPU 0 that were on their way. */
	for (i = old_cmds; i < sim.cmds && (sim.cmd[i].cmd.d0 & 0xffU) == 0x11U; i += 2U)
		;
	memmove(sim.cmd, &sim.cmd[i], (sim.cmds - i) * sizeof(sim.cmd[0]));
	sim.cmds -= i;
	/* While entries come or go one by one, some may be there. */
	sim_judge_orders(phase != 3U ? news : olds, phase != 3U ? new_num : old_num, &req, 12);
	sim_judge_cover(phase == 1U ? news : olds, phase == 1U ? new_num : old_num, &req, 12);
	seen |= 1U << (sim_count(&news[new_num - 1U], &req) + 2U * phase);
}

/* One attach and one detach, a flush at the hook number @at; false: there is none. */
static bool intrude_at(uint32_t at, bool revive)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), v = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct sim_want w[4];

	start();
	memset(rec.mute, 1, sizeof(rec.mute));
	inval_domain_init(&d);
	attach(&two, &d, &v);
	if (revive) {
		attach(&one, &d, &u);
		detach(&one, &d, &u);
	}
	w[0] = sim_want_tag(SIM_S1, 0, 0, 9);
	w[1] = sim_want_ats(SIM_ATS, 0, sid2[0], false, 0);
	w[2] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[3] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	shared = &d;
	olds = w;
	old_num = 2;
	news = w;
	new_num = 4;
	hooks = 0;
	intrude = at;
	sim_forget();
	rec.on_event = intruder;
	phase = 0;
	publish(&one, &d, &u, NULL, NULL);
	phase = 1;
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	publish(&one, NULL, NULL, &d, &u);
	phase = 2;
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	phase = 3;
	inval_port_isb();
	inval_port_isb();
	rec.on_event = NULL;
	detach(&two, &d, &v);
	finish(&d);
	return hooks > at;
}

/* The same for a move of the ASID: which is in use is never left out. */
static bool intrude_move_at(uint32_t at)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7), v = use(INVAL_REGIME_S1, 0, 9);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	struct sim_want w[2];
	uint64_t bytes;

	start();
	memset(rec.mute, 1, sizeof(rec.mute));
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_tag(SIM_S1, 0, 0, 9);
	shared = &d;
	olds = w;
	old_num = 1;
	news = w;
	new_num = 2;
	hooks = 0;
	intrude = at;
	sim_forget();
	rec.on_event = intruder;
	phase = 0;
	CHECK(inval_attach_init_move(&t, &d, 0, 7, 9, adds, dels, 1) == 0, "init");
	bytes = inval_attach_bytes(&t);
	CHECK(inval_attach_prepare(&t, rec_alloc(bytes), bytes) == 0, "prepare");
	CHECK(inval_attach_publish(&t) == 0, "publish");
	phase = 1;
	inval_port_isb();
	olds = &w[1];
	phase = 2;
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	phase = 3;
	inval_port_isb();
	rec.on_event = NULL;
	detach(&dev, &d, &v);
	finish(&d);
	return hooks > at;
}

TEST(domain, flush_between_any_two_steps)
{
	uint32_t at;

	seen = 0;
	for (at = 0; intrude_at(at, false); at++)
		;
	/* Two bits a phase, unseen and seen: both, seen, both, unseen. */
	CHECK(seen == 0x7bU, "a new array: phases %x", seen);
	seen = 0;
	for (at = 0; intrude_at(at, true); at++)
		;
	CHECK(seen == 0x7bU, "revived: phases %x", seen);
	seen = 0;
	for (at = 0; intrude_move_at(at); at++)
		;
	/* The new ASID: both, seen, seen, seen. */
	CHECK(seen == 0xabU, "an ASID moves: phases %x", seen);
}

/* The bytes of a domain's array, to see that nothing changed. */
static unsigned char before[4096];
static uint64_t before_bytes;

static void remember(struct inval_domain *d)
{
	struct inval_array *a = array_of(d);

	before_bytes = a ? inval_array_bytes(a->num) : 0U;
	CHECK(before_bytes <= sizeof(before), "array too large");
	if (a)
		memcpy(before, a, (size_t)before_bytes);
}

static void unchanged(struct inval_domain *d, const char *what)
{
	struct inval_array *a = array_of(d);

	CHECK((a ? inval_array_bytes(a->num) : 0U) == before_bytes, "%s: size", what);
	CHECK(!a || memcmp(a, before, (size_t)before_bytes) == 0, "%s: changed", what);
}

TEST(domain, abort_before_publish_changes_nothing)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	void *mem, *back = &f;
	uint64_t bytes;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &u);
	remember(&d);
	rec_forget();
	CHECK(init(&two, &d, &u, NULL, NULL) == 0, "init");
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "before prepare");
	CHECK(init(&two, &d, &u, NULL, NULL) == 0, "init");
	bytes = inval_attach_bytes(&t);
	mem = rec_alloc(bytes);
	CHECK(inval_attach_prepare(&t, mem, bytes) == 0, "prepare");
	unchanged(&d, "prepare");
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && back == mem, "the memory is back");
	rec_free(back);
	unchanged(&d, "abort");
	CHECK(init(&one, &d, &u, NULL, NULL) == 0 && inval_attach_bytes(&t) == 0U, "the same");
	CHECK(inval_attach_prepare(&t, NULL, 0) == 0, "prepare");
	unchanged(&d, "prepare");
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort");
	unchanged(&d, "abort");
	CHECK(rec_total(REC_SLOT_STORE) == 0U && rec_total(REC_READ_SYNC) == 0U &&
	      rec_total(REC_STORE32) == 0U && sim.cmds == 0U, "hooks");
	detach(&one, &d, &u);
	finish(&d);
}

TEST(domain, abort_after_publish_takes_it_back)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), v = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_use was = use_ats(INVAL_REGIME_S1, 0, 5);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain old, d;
	struct sim_want w[2];
	void *back = &f;

	start();
	inval_domain_init(&old);
	inval_domain_init(&d);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, sid1[0], false, 0);
	attach(&one, &d, &u);
	attach(&two, &old, &was);
	remember(&old);
	publish(&two, &d, &v, &old, &was);
	sim_forget();
	walk_begins(&d, 3);
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort");
	CHECK(walk_turns == 0U && rec_total(REC_READ_SYNC) == 1U, "fence");
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == 0x0009000000000011, "the tag is flushed");
	CHECK(t.left.tags == 1U && t.left.ats == 1U && !t.stale_tags, "left");
	rec.on_turn = sim_turn;
	unchanged(&old, "the old domain");
	check_flush(&d, w, 2);
	/* Taking back a detach: nothing had changed. */
	publish(&one, NULL, NULL, &d, &u);
	sim_forget();
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort of a detach");
	CHECK(sim.cmds == 0U && rec_total(REC_READ_SYNC) == 0U, "nothing to do");
	check_flush(&d, w, 2);
	detach(&one, &d, &u);
	detach(&two, &old, &was);
	CHECK(inval_domain_fini(&old) == 0, "fini");
	finish(&d);
}

/* Takes a transaction so far: 0 init, 1 prepared, 2 published, 3 committed, 4 aborted. */
static void *take_to(uint32_t state, const struct inval_device *dev, struct inval_domain *d,
		     const struct inval_use *u)
{
	struct inval_flush f = sim_flush();
	void *mem = NULL;
	uint64_t bytes;

	CHECK(init(dev, d, u, NULL, NULL) == 0, "init");
	if (state == 0U)
		return NULL;
	bytes = inval_attach_bytes(&t);
	CHECK(inval_attach_prepare(&t, rec_alloc(bytes), bytes) == 0, "prepare");
	if (state == 4U)
		CHECK(inval_attach_abort(&t, &mem, &f) == 0, "abort");
	if (state == 2U || state == 3U)
		CHECK(inval_attach_publish(&t) == 0, "publish");
	if (state == 3U)
		CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	return mem;
}

TEST(domain, calls_at_the_wrong_time)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t state, blocks;
	void *mem, *back;

	for (state = 0; state <= 4U; state++) {
		start();
		inval_domain_init(&d);
		mem = take_to(state, &dev, &d, &u);
		if (mem)
			rec_free(mem);
		remember(&d);
		sim_forget();
		blocks = rec_blocks();
		if (state != 0U)
			CHECK(inval_attach_prepare(&t, before, sizeof(before)) == -INVAL_EINVAL,
			      "prepare in %u", state);
		if (state != 1U)
			CHECK(inval_attach_publish(&t) == -INVAL_EINVAL, "publish in %u", state);
		if (state != 2U)
			CHECK(inval_attach_commit(&t, &f) == -INVAL_EINVAL, "commit in %u", state);
		back = &f;
		if (state >= 3U)
			CHECK(inval_attach_abort(&t, &back, &f) == -INVAL_EINVAL && !back,
			      "abort in %u", state);
		CHECK(rec.events == 0U && sim.cmds == 0U && rec_blocks() == blocks, "hooks in %u",
		      state);
		unchanged(&d, "a refused call");
		if (state < 3U) {
			CHECK(inval_attach_abort(&t, &back, &f) == 0, "abort in %u", state);
			if (back)
				rec_free(back);
		}
		if (state == 3U)
			detach(&dev, &d, &u);
		finish(&d);
	}
}

TEST(domain, nothing_to_flush_with)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f, none[2];
	struct inval_domain d;
	void *back;
	uint32_t i;

	start();
	f = none[0] = none[1] = sim_flush();
	none[0].batch_num = 0;
	none[1].wait_num = 0;
	inval_domain_init(&d);
	publish(&dev, &d, &u, NULL, NULL);
	remember(&d);
	sim_forget();
	for (i = 0; i < 2U; i++)
		CHECK(inval_attach_abort(&t, &back, &none[i]) == -INVAL_EINVAL && !back, "abort %u", i);
	CHECK(inval_attach_commit(&t, &none[0]) == 0, "none is left, so nothing is flushed");
	publish(&dev, NULL, NULL, &d, &u);
	for (i = 0; i < 2U; i++)
		CHECK(inval_attach_commit(&t, &none[i]) == -INVAL_EINVAL, "commit %u", i);
	CHECK(sim.cmds == 0U, "flushed");
	unchanged(&d, "nothing to flush with");
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
	finish(&d);
}

static void refused(const struct inval_device *dev, const struct inval_use *u, int want,
		    const char *what)
{
	struct inval_use good = use(INVAL_REGIME_S1, 0, 7);
	struct inval_domain d;
	void *back;
	struct inval_flush f = sim_flush();
	int err;

	start();
	inval_domain_init(&d);
	rec_forget();
	err = init(dev, &d, u, NULL, NULL);
	CHECK(err == want, "%s: %d, want %d", what, err, want);
	CHECK(inval_attach_prepare(&t, before, 4096) == -INVAL_EINVAL, "%s: prepare", what);
	CHECK(inval_attach_publish(&t) == -INVAL_EINVAL, "%s: publish", what);
	CHECK(inval_attach_abort(&t, &back, &f) == -INVAL_EINVAL && !back, "%s: abort", what);
	if (dev->smmu < INVAL_SMMU_MAX) {
		err = init(dev, &d, &good, &d, u);
		CHECK(err == want, "%s, from: %d, want %d", what, err, want);
		CHECK(inval_attach_prepare(&t, before, 4096) == -INVAL_EINVAL, "%s", what);
	}
	CHECK(rec.events == 0U && !array_of(&d), "%s: hooks", what);
	finish(&d);
}

TEST(domain, descriptions_that_are_refused)
{
	struct inval_device dev = device(0, sid1, 1), far = device(256, sid1, 1), stu = dev;
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);

	refused(&far, &u, -INVAL_ENOSPC, "SMMU 256");
	u = use_ats(INVAL_REGIME_S1, 0, 7);
	u.ssid = 1;
	refused(&dev, &u, -INVAL_ERANGE, "SubstreamID without SSV");
	u.ssv = true;
	u.ssid = 1U << 20;
	refused(&dev, &u, -INVAL_ERANGE, "SubstreamID of 21 bits");
	u = use_ats(INVAL_REGIME_S1, 0, 7);
	stu.stu_lg2 = 11;
	refused(&stu, &u, -INVAL_ERANGE, "STU");
	u = use(INVAL_REGIME_EL2, 0, 1);
	refused(&dev, &u, -INVAL_EINVAL, "EL2 with an ASID");
	u = use(INVAL_REGIME_EL2, 1, 0);
	refused(&dev, &u, -INVAL_EINVAL, "EL2 with a VMID");
	u = use(INVAL_REGIME_EL2_E2H, 1, 7);
	refused(&dev, &u, -INVAL_EINVAL, "E2H with a VMID");
	u = use(INVAL_REGIME_S2, 1, 7);
	refused(&dev, &u, -INVAL_EINVAL, "stage 2 with an ASID");
	u = use(INVAL_REGIME_S2_PARENT, 1, 7);
	refused(&dev, &u, -INVAL_EINVAL, "parent with an ASID");
	u = use((enum inval_regime)5, 0, 0);
	refused(&dev, &u, -INVAL_EINVAL, "no regime");
}

/* Prepare fails for @want, changes nothing, and the memory is the caller's. */
static void prepare_fails(struct inval_domain *d, const struct inval_device *dev,
			  const struct inval_use *u, uint64_t less, int want)
{
	struct inval_flush f = sim_flush();
	void *mem, *back = &f;
	uint64_t bytes;
	int err;

	remember(d);
	CHECK(init(dev, d, u, NULL, NULL) == 0, "init");
	bytes = inval_attach_bytes(&t);
	mem = rec_alloc(bytes);
	err = inval_attach_prepare(&t, mem, bytes - less);
	CHECK(err == want, "prepare: %d, want %d", err, want);
	CHECK(inval_attach_publish(&t) == -INVAL_EINVAL, "publish");
	CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort");
	rec_free(mem);
	unchanged(d, "prepare");
}

TEST(domain, prepare_fails)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7), global = u;
	struct inval_use ats = use_ats(INVAL_REGIME_S1, 0, 7);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain d;
	struct inval_array *a;
	uint64_t bytes;
	void *mem;

	start();
	inval_domain_init(&d);
	global.global = true;
	prepare_fails(&d, &one, &u, 1, -INVAL_ENOMEM);
	attach(&one, &d, &u);
	prepare_fails(&d, &two, &ats, 1, -INVAL_ENOMEM);
	prepare_fails(&d, &two, &global, 0, -INVAL_EINVAL);
	a = array_of(&d);
	inval_array_at(a)->users = UINT32_MAX;
	prepare_fails(&d, &two, &u, 0, -INVAL_EOVERFLOW);
	prepare_fails(&d, &two, &ats, 0, -INVAL_EOVERFLOW);
	inval_array_at(a)->users = 1;

	/* A failure is no end: with enough memory it goes on. */
	CHECK(init(&two, &d, &ats, NULL, NULL) == 0, "init");
	bytes = inval_attach_bytes(&t);
	mem = rec_alloc(bytes);
	CHECK(inval_attach_prepare(&t, mem, 0) == -INVAL_ENOMEM, "no memory");
	CHECK(inval_attach_prepare(&t, mem, bytes) == 0 && inval_attach_publish(&t) == 0, "again");
	detach(&two, &d, &ats);
	detach(&one, &d, &u);
	finish(&d);
}

TEST(domain, stale_tags)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 3, 7);
	struct inval_device dev = device(1, sid1, 1);
	struct inval_range_req all = sim_req(0, 0, false);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t at, warnings = 0;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	publish(&dev, NULL, NULL, &d, &u);
	sim_at(1)->stuck = true;
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == -INVAL_ETIMEDOUT, "commit");
	CHECK(t.stale_tags && f.error_total == 1U && f.errors[0].smmu == 1U, "said so");
	CHECK(t.left.tags == 1U && t.left.ats == 1U, "left");
	CHECK(array_of(&d)->num == 0U, "the device has left all the same");
	for (at = rec_next(REC_WARN, 0); at != REC_NONE; at = rec_next(REC_WARN, at + 1U)) {
		if (rec.log[at].what != INVAL_WARN_TAG_STALE)
			continue;
		CHECK(rec.log[at].addr == 1U && rec.log[at].value == 0x00070003U, "warning");
		warnings++;
	}
	CHECK(warnings == 1U, "%u warnings", warnings);
	CHECK(dels[0].state == INVAL_STATE_DIED && !inval_entry_is_ats(&dels[0]), "which one");
	CHECK(inval_attach_commit(&t, &f) == -INVAL_EINVAL, "once is enough");

	/* The queue is reset, and the list flushes what is left: the tag, not the device. */
	free(sim_at(1)->mem);
	free(sim_at(1)->book);
	sim_at(1)->stuck = false;
	sim_at(1)->prod = 0;
	sim_at(1)->cons = 0;
	sim_queue(1, 6);
	sim_forget();
	CHECK(inval_flush_entries(dels, t.del_num, 12, &all, &f) == 0, "later");
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d0 == 0x0007000300000011, "%u commands", sim.cmds);
	finish(&d);
}

/* The stage 2 lives on, the stage 1 above it does not: that one alone is stale. */
TEST(domain, stale_stage_1_of_a_parent)
{
	struct inval_use nest = use(INVAL_REGIME_S2_PARENT, 5, 0);
	struct inval_use flat = use(INVAL_REGIME_S2, 5, 0);
	struct inval_device one = device(1, sid1, 1), two = device(1, sid2, 1);
	struct inval_flush f = sim_flush();
	struct inval_domain d;
	uint32_t at, n = 0;

	start();
	inval_domain_init(&d);
	attach(&one, &d, &nest);
	attach(&two, &d, &flat);
	publish(&one, NULL, NULL, &d, &nest);
	sim_at(1)->stuck = true;
	sim_forget();
	CHECK(inval_attach_commit(&t, &f) == -INVAL_ETIMEDOUT && t.stale_tags, "commit");
	for (at = rec_next(REC_WARN, 0); at != REC_NONE; at = rec_next(REC_WARN, at + 1U)) {
		n += rec.log[at].what == INVAL_WARN_TAG_STALE && rec.log[at].addr == 1U &&
		     rec.log[at].value == 5U;
	}
	CHECK(n == 1U && rec_total(REC_WARN) == 2U, "%u of %u warnings", n, rec_total(REC_WARN));
	CHECK(dels[0].state == INVAL_STATE_LIVE && dels[1].state == INVAL_STATE_DIED, "which one");
	sim_at(1)->smmu.off = 1;
	detach(&two, &d, &flat);
	finish(&d);
}

TEST(domain, purge)
{
	struct inval_use u = use_ats(INVAL_REGIME_S1, 0, 7), v = use_ats(INVAL_REGIME_S1, 0, 9);
	struct inval_device one = device(0, sid1, 1), two = device(0, sid2, 1);
	struct inval_domain d;
	struct inval_array *a;
	struct sim_want w[2];
	uint64_t bytes;
	void *mem;

	start();
	inval_domain_init(&d);
	CHECK(inval_domain_purge_bytes(&d) == 0U, "no array");
	CHECK(inval_domain_purge(&d, before, sizeof(before)) == -INVAL_EINVAL, "no array");
	attach(&one, &d, &u);
	attach(&two, &d, &v);
	CHECK(inval_domain_purge_bytes(&d) == 0U, "nothing dead");
	CHECK(inval_domain_purge(&d, before, sizeof(before)) == -INVAL_EINVAL, "nothing dead");
	detach(&one, &d, &u);
	a = array_of(&d);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 9);
	w[1] = sim_want_ats(SIM_ATS, 0, sid2[0], false, 0);
	bytes = inval_domain_purge_bytes(&d);
	CHECK(a->num == 4U && a->dead == 2U && bytes == inval_array_bytes(2), "%u of %u dead",
	      a->dead, a->num);
	remember(&d);
	mem = rec_alloc(bytes);
	CHECK(inval_domain_purge(&d, mem, bytes - 1U) == -INVAL_ENOMEM, "no memory");
	unchanged(&d, "no memory");
	check_flush(&d, w, 2);
	rec_forget();
	CHECK(inval_domain_purge(&d, mem, bytes) == 0, "purge");
	CHECK(rec_total(REC_SLOT_STORE) == 1U && rec_total(REC_FREE_LATER) == 1U &&
	      rec_next_at(REC_FREE_LATER, rec_addr(a), 0) > rec_next(REC_SLOT_STORE, 0), "hooks");
	CHECK(array_of(&d) == mem && array_of(&d)->num == 2U && array_of(&d)->dead == 0U &&
	      array_of(&d)->ats == 1U, "the new one");
	CHECK(inval_domain_purge_bytes(&d) == 0U, "done");
	check_flush(&d, w, 2);
	detach(&two, &d, &v);
	CHECK(t.left.ats == 1U, "the fence works as before");
	finish(&d);
}

TEST(domain, fini)
{
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_domain d;

	start();
	inval_domain_init(&d);
	CHECK(inval_domain_fini(&d) == 0 && rec_total(REC_FREE_LATER) == 0U, "never used");
	CHECK(d.read.ready == 0U, "the read side has ended, too");
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	remember(&d);
	rec_forget();
	CHECK(inval_domain_fini(&d) == -INVAL_EBUSY && rec_total(REC_SLOT_STORE) == 0U, "in use");
	unchanged(&d, "in use");
	detach(&dev, &d, &u);
	rec_forget();
	CHECK(inval_domain_fini(&d) == 0 && !array_of(&d), "fini");
	CHECK(rec_total(REC_SLOT_STORE) == 1U && rec_total(REC_FREE_LATER) == 1U, "given back");
	check_trace(0, 0);
	CHECK(rec.misuse == 0U, "misuse");
}

/* Errors of a call before do not stand in the list of one that flushed nothing. */
TEST(domain, errors_are_of_the_last_call)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true);
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_gather g;
	struct inval_domain d;
	void *mem;

	start();
	inval_domain_init(&d);
	publish(&dev, &d, &u, NULL, NULL);
	f.error_total = 5;
	CHECK(inval_attach_commit(&t, &f) == 0 && f.error_total == 0U, "commit");
	publish(&dev, &d, &u, NULL, NULL);
	f.error_total = 5;
	CHECK(inval_attach_abort(&t, &mem, &f) == 0 && f.error_total == 0U, "abort");
	inval_gather_init(&g);
	f.error_total = 5;
	CHECK(inval_domain_gather(&d, &g, &page, &f) == 0 && f.error_total == 0U, "gather");
	f.error_total = 5;
	CHECK(inval_domain_gather(&d, &g, NULL, &f) == 0 && f.error_total == 0U, "flush");
	detach(&dev, &d, &u);
	finish(&d);
}

TEST(domain, gather_flushes_once)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), bad = page;
	struct inval_use u = use(INVAL_REGIME_S1, 0, 7);
	struct inval_device dev = device(0, sid1, 1);
	struct inval_flush f = sim_flush();
	struct inval_gather g, kept;
	struct inval_domain d;
	struct sim_want w;
	uint32_t i;

	start();
	inval_domain_init(&d);
	attach(&dev, &d, &u);
	inval_gather_init(&g);
	w = sim_want_tag(SIM_S1, 0, 0, 7);
	memset(rec.count, 0, sizeof(rec.count));
	for (i = 0; i < 32U; i++) {
		page.addr = VA + i * 0x1000U;
		CHECK(inval_domain_gather(&d, &g, &page, &f) == 0, "page %u", i);
	}
	CHECK(sim.cmds == 0U && rec.count[INVAL_COUNT_FLUSH] == 0U, "none so far");
	CHECK(inval_domain_gather(&d, &g, NULL, &f) == 0 && !g.used, "the end");
	CHECK(rec.count[INVAL_COUNT_FLUSH] == 1U && sim.cmds == 2U, "%u commands", sim.cmds);
	page = sim_req(VA, 32U * 0x1000U, true);
	sim_judge(&w, 1, &page, 12);
	page.bytes = 0x1000;
	CHECK(inval_domain_gather(&d, &g, NULL, &f) == 0, "nothing at the end");
	CHECK(rec.count[INVAL_COUNT_FLUSH] == 1U, "nothing at the end");

	/* A gap flushes what was before; what is refused changes nothing. */
	page.addr = VA;
	CHECK(inval_domain_gather(&d, &g, &page, &f) == 0, "first");
	kept = g;
	bad.bytes = 0;
	CHECK(inval_domain_gather(&d, &g, &bad, &f) == -INVAL_EINVAL, "refused");
	CHECK(memcmp(&kept, &g, sizeof(g)) == 0 && sim.cmds == 2U, "refused");
	page.addr = VA + 0x2000U;
	f.batch_num = 0;
	CHECK(inval_domain_gather(&d, &g, &page, &f) == -INVAL_EINVAL, "no batch, gap");
	CHECK(inval_domain_gather(&d, &g, NULL, &f) == -INVAL_EINVAL, "no batch, the end");
	CHECK(memcmp(&kept, &g, sizeof(g)) == 0, "no batch");
	f = sim_flush();
	CHECK(inval_domain_gather(&d, &g, &page, &f) == 0, "gap");
	CHECK(sim.cmds == 4U && sim.cmd[2].cmd.d1 == (VA | 1U), "gap");
	CHECK(g.used && g.req.addr == page.addr && g.req.bytes == 0x1000U, "the new one is kept");

	/* The error is of what was gathered before. */
	sim_at(0)->stuck = true;
	page.addr = VA + 0x9000U;
	CHECK(inval_domain_gather(&d, &g, &page, &f) == -INVAL_ETIMEDOUT, "error");
	CHECK(g.used && g.req.addr == page.addr && g.req.bytes == 0x1000U, "the new one is kept");
	CHECK(inval_domain_gather(&d, &g, NULL, &f) == -INVAL_ESHUTDOWN && !g.used, "the end");
	sim_at(0)->smmu.off = 1;
	detach(&dev, &d, &u);
	finish(&d);
}

/* Random: what each domain should have, as a plain list. */
#define DOMAINS 5U
#define DEVICES 7U

struct plain {
	struct sim_want w[WANTS];
	uint32_t num;
};

static struct inval_domain domains[DOMAINS];
static struct plain plains[DOMAINS];
static struct inval_device devices[DEVICES];
static uint32_t sids[DEVICES][3];
static uint32_t where[DEVICES];		/* DOMAINS: blocked */
static struct inval_use how[DEVICES];

static bool same_want(const struct sim_want *x, const struct sim_want *y)
{
	return x->kind == y->kind && x->smmu == y->smmu && x->vmid == y->vmid &&
	       x->asid == y->asid && x->sid == y->sid && x->ssid == y->ssid && x->ssv == y->ssv;
}

/* One more or one less; when the last one goes, it goes to @dead. */
static void plain_count(struct plain *p, struct sim_want w, bool more, struct plain *dead)
{
	uint32_t i;

	for (i = 0; i < p->num && !same_want(&p->w[i], &w); i++)
		;
	if (more) {
		CHECK(i < WANTS, "too many");
		if (i == p->num)
			p->w[p->num++] = w;
		else
			p->w[i].users++;
		return;
	}
	CHECK(i < p->num, "not there");
	if (--p->w[i].users == 0U) {
		p->w[i] = p->w[--p->num];
		if (w.kind < SIM_ATS)
			dead->w[dead->num++] = w;
	}
}

static void plain_use(struct plain *p, const struct inval_device *dev, const struct inval_use *u,
		      bool more, struct plain *dead)
{
	static const enum sim_kind kind[5] = { SIM_S1, SIM_EL2, SIM_EL2_E2H, SIM_S2, SIM_S2 };
	bool parent = u->regime == INVAL_REGIME_S2_PARENT, ssv = u->ssv && !parent;
	enum sim_kind tag = kind[(int)u->regime], ats = parent ? SIM_ATS_FULL : SIM_ATS;
	uint32_t i;

	if (tag == SIM_S1 && u->global)
		tag = SIM_S1_GLOBAL;
	plain_count(p, sim_want_tag(tag, dev->smmu, u->vmid, u->asid), more, dead);
	if (parent)
		plain_count(p, sim_want_tag(SIM_CLEAR, dev->smmu, u->vmid, 0), more, dead);
	for (i = 0; u->ats != INVAL_EATS_OFF && i < dev->sid_num; i++)
		plain_count(p, sim_want_ats(ats, dev->smmu, dev->sids[i], ssv,
					    ssv ? u->ssid : 0U), more, dead);
}

/* How a device may use a domain: the regime is the domain's, ATS and PASID are not. */
static struct inval_use random_use(uint32_t domain, uint32_t dev, uint64_t *seed)
{
	static const enum inval_regime regime[DOMAINS] = {
		INVAL_REGIME_S1, INVAL_REGIME_S1, INVAL_REGIME_EL2_E2H, INVAL_REGIME_S2,
		INVAL_REGIME_EL2
	};
	uint64_t r = test_random(seed);
	struct inval_use u = use(regime[domain], 0, domain < 3U ? (uint16_t)(domain + 1U) : 0);

	u.global = domain == 1U;
	u.ats = (r & 1U) != 0U ? INVAL_EATS_FULL : INVAL_EATS_OFF;
	u.ssv = (r & 2U) != 0U && domain < 2U;
	u.ssid = u.ssv ? (uint32_t)(r >> 8) % 3U : 0U;
	if (domain == 3U) {
		u.vmid = 0x55;
		u.regime = dev % 2U == 0U ? INVAL_REGIME_S2_PARENT : INVAL_REGIME_S2;
	}
	return u;
}

static void check_all(void)
{
	struct inval_range_req req = sim_req(VA, 0x3000, false);
	struct inval_flush f;
	uint32_t d, i, ats;

	for (d = 0; d < DOMAINS; d++) {
		sim.cmds = 0;
		f = sim_flush();
		CHECK(inval_domain_flush(&domains[d], &req, &f) == 0, "flush of domain %u", d);
		sim_judge(plains[d].w, plains[d].num, &req, 12);
		for (ats = 0, i = 0; i < plains[d].num; i++)
			ats += plains[d].w[i].kind >= SIM_ATS;
		CHECK(inval_array_live(array_of(&domains[d])) == plains[d].num, "domain %u", d);
		CHECK(!array_of(&domains[d]) || array_of(&domains[d])->ats == ats, "domain %u", d);
	}
	rec_forget();
}

/* Tags in @dead were flushed, and nothing else was issued. */
static void check_dead(const struct plain *dead)
{
	struct inval_range_req all = sim_req(0, 0, false);

	sim_judge(dead->w, dead->num, &all, 12);
	CHECK((sim.cmds == 0U) == (dead->num == 0U), "%u commands for %u tags", sim.cmds,
	      dead->num);
}

static void random_move(uint64_t *seed)
{
	uint32_t dev = (uint32_t)(test_random(seed) % DEVICES), from = where[dev], fate;
	uint32_t to = (uint32_t)(test_random(seed) % (DOMAINS + 1U));
	struct inval_use u = to < DOMAINS ? random_use(to, dev, seed) : how[dev];
	struct inval_flush f = sim_flush();
	void *mem = NULL, *back = NULL;
	static struct plain dead;
	uint64_t bytes;

	dead.num = 0;
	fate = (uint32_t)(test_random(seed) % 8U);
	CHECK(init(&devices[dev], to < DOMAINS ? &domains[to] : NULL, &u,
		   from < DOMAINS ? &domains[from] : NULL, &how[dev]) == 0, "init");
	bytes = inval_attach_bytes(&t);
	if (bytes != 0U)
		mem = rec_alloc(bytes);
	if (fate == 0U && bytes != 0U)
		CHECK(inval_attach_prepare(&t, mem, bytes - 1U) == -INVAL_ENOMEM, "no memory");
	if (fate == 0U) {
		CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort");
		if (mem)
			rec_free(mem);
		return;
	}
	CHECK(inval_attach_prepare(&t, mem, bytes) == 0, "prepare");
	if (fate == 1U) {
		CHECK(inval_attach_abort(&t, &back, &f) == 0 && back == mem, "abort");
		if (mem)
			rec_free(mem);
		return;
	}
	CHECK(inval_attach_publish(&t) == 0, "publish");
	if (to < DOMAINS)
		plain_use(&plains[to], &devices[dev], &u, true, NULL);
	check_all();
	sim.cmds = 0;
	if (fate == 2U) {
		if (to < DOMAINS)
			plain_use(&plains[to], &devices[dev], &u, false, &dead);
		CHECK(inval_attach_abort(&t, &back, &f) == 0 && !back, "abort");
	} else {
		if (from < DOMAINS)
			plain_use(&plains[from], &devices[dev], &how[dev], false, &dead);
		CHECK(inval_attach_commit(&t, &f) == 0, "commit");
		where[dev] = to;
		how[dev] = u;
	}
	CHECK(t.left.unknown == 0U && t.left.tags == dead.num, "%u tags, want %u", t.left.tags,
	      dead.num);
	check_dead(&dead);
}

static void random_purge(uint64_t *seed)
{
	struct inval_domain *d = &domains[test_random(seed) % DOMAINS];
	uint64_t bytes = inval_domain_purge_bytes(d);

	if (bytes != 0U)
		CHECK(inval_domain_purge(d, rec_alloc(bytes), bytes) == 0, "purge");
	CHECK(!array_of(d) || array_of(d)->dead == 0U, "dead ones after a purge");
}

static void random_life(uint64_t seed)
{
	static const uint32_t smmu[3] = { 0, 1, 200 };
	uint32_t i, k;

	start();
	sim_add(200, SIM_RIL | SIM_DS | SIM_E2H);
	sim_queue(200, 3);
	for (i = 0; i < DOMAINS; i++) {
		inval_domain_init(&domains[i]);
		plains[i].num = 0;
	}
	for (i = 0; i < DEVICES; i++) {
		for (k = 0; k < 3U; k++)
			sids[i][k] = i * 16U + (uint32_t)(test_random(&seed) % 2U);
		devices[i] = device(smmu[test_random(&seed) % 3U], sids[i],
				    1U + (uint32_t)(test_random(&seed) % 3U));
		where[i] = DOMAINS;
	}
	for (i = 0; i < 40U; i++) {
		if (test_random(&seed) % 8U == 0U)
			random_purge(&seed);
		else
			random_move(&seed);
		check_all();
	}
	for (i = 0; i < DEVICES; i++) {
		if (where[i] < DOMAINS)
			detach(&devices[i], &domains[where[i]], &how[i]);
	}
	for (i = 0; i + 1U < DOMAINS; i++)
		CHECK(inval_domain_fini(&domains[i]) == 0, "fini of domain %u", i);
	finish(&domains[DOMAINS - 1U]);
}

TEST(domain, random_lives)
{
	uint64_t seed;

	for (seed = 1; seed <= 120U; seed++)
		random_life(seed);
}
