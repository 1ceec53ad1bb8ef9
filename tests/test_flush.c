/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flush.h: issue and wait noted by the test itself, and the library's queues on
 * simulated SMMUs.
 *  1. Each layout gives exactly these words: [TLBI] SYNC [clear] SYNC [ATC] SYNC,
 *     nothing for an empty group, nothing at all when nobody lives.
 *  2. The clear of a VMID is left out only if S12_VMALL of the same SMMU and VMID
 *     was sent; the walk goes on behind one left out.
 *  3. For random arrays, requests, SMMUs and policies: every byte asked for is named
 *     for every live tag and device, by legal commands (check.h and tests/rules), in
 *     order, for nobody else, with no SYNC too many (sim.h's judge).
 *  4. All SMMUs are issued to before the first is waited for; with fewer tickets, in
 *     windows of as many; each is waited for once.
 *  5. The commands do not depend on the size of batches or queues.
 *  6. A range of max_cmds commands is a range, one of max_cmds + 1 is everything,
 *     whatever the granule; each SMMU decides for itself.
 *  7. An SMMU that is off is skipped; an unknown one is an error; neither matters to
 *     the others. off, and each user count, is read once.
 *  8. An error of issue or of a wait neither ends the others' nor gets lost; the
 *     first is returned, all are counted, and the list ends where it ends. What an SMMU
 *     took before it refused a command ends in a SYNC and is waited for.
 *  9. A failed ATC_INV names every live device of that SMMU, with its SubstreamID;
 *     if all have left meanwhile, those; never nothing.
 * 10. A bad request or no memory to work with: -EINVAL, nothing issued or counted.
 * 11. What was done is counted and traced.
 * 12. Gathered ranges cover exactly what was added, joined only when adjacent and
 *     mapped alike; the ends of the address space are no neighbours; a sum never
 *     means "everything"; what is refused changes nothing.
 * 13. With cpu_tlbi an SMMU that hears broadcasts gets ATC_INV and SYNC alone, and nothing
 *     without ATS; another gets all, in the same flush.
 * 14. An SMMU's further queues: that of the CPU a flush begins on, for all of it, wherever
 *     its thread goes; what it refuses, and all behind that, goes to the SMMU's own
 *     queue, after what it took is complete; nothing is lost, twice or before its
 *     group's SYNC; an error of either is told.
 * 15. Devices that do not answer are found among those that were suspected, by their
 *     own ATC_INV between two SYNCs; the others are acquitted.
 * What test_domain_cases.c sees of flush.h: a device's flush, SMMU off and on.
 *
 * Faults seen in other code that must not come back, and the case for each:
 *	each SMMU is waited for in turn		peers_all_are_issued_to_before_one_is_
 *						waited_for, peers_all_queues_run_before_a_wait
 *	2^32 leaf pages: SCALE 32, one page	peers_sixteen_tib; range/named_sizes
 *	a size that is no multiple of the page
 *	never ends				peers_odd_sizes_end
 *	a range that ends at 2^64: a SYNC alone	peers_end_of_the_address_space
 *	"everything" by size, not by commands:
 *	262 143 TLBIs				peers_threshold_counts_commands
 *	ATC_INV of one power of two		peers_atc_across_a_boundary
 *	an odd page at the end of a range with
 *	Leaf = 0: one page more, or reserved	peers_one_page_behind_32
 *	errors of the queue are dropped; a
 *	time-out is a success			peers_errors_come_back, peers_timeout_is_an_error
 *	interrupts are off, or a lock held,
 *	through waits				peers_waits_as_the_caller_came
 *	one command at a time			peers_one_batch_for_many_commands
 *	a batch is cleared before each walk	peers_batch_is_not_cleared
 *	a clear left out ends or stops the walk	peers_clear_left_out_goes_on
 *	two SubstreamIDs of a StreamID are one	peers_substreams_stay_apart;
 *						domain/peers_substreams_of_one_stream
 *	purge forgets that there is ATS		array/peers_purge_keeps_the_count_of_ats
 *	a fence that misses a walk: on an array
 *	replaced meanwhile, or begun when there
 *	was no ATS				domain/peers_fence_of_a_replaced_array,
 *						domain/peers_fence_of_a_revived_entry
 *	a second device copies the array, a
 *	detach needs memory			domain/no_memory_when_all_keys_are_there,
 *						domain/detach_needs_nothing; bench: its cost
 *	one ASID at a time while it moves	cases/asid_moves_on_all_smmus
 *	no way round when ASIDs run out		tag/goes_round, tag/exhaustion, tag/stale
 *	the device of a failed ATC_INV unknown	failed_atc_names_all_it_may_have_been
 *	nothing is counted or traced		counted_and_traced
 */
/* port: recording */
#include <inval/flush.h>

#include "sim.h"
#include "test.h"

#define VA 0x40201000ULL
#define MOST 64U

static struct inval_entry entries[MOST];

/* One SMMU, a list and a request: exactly these words. */
static void expect(const uint64_t (*want)[2], uint32_t num, const char *what)
{
	uint32_t i;

	CHECK(sim.cmds == num, "%s: %u commands, want %u", what, sim.cmds, num);
	for (i = 0; i < num; i++)
		CHECK(sim.cmd[i].cmd.d0 == want[i][0] && sim.cmd[i].cmd.d1 == want[i][1],
		      "%s: command %u is %016llx %016llx", what, i,
		      (unsigned long long)sim.cmd[i].cmd.d0,
		      (unsigned long long)sim.cmd[i].cmd.d1);
}

static void walk_all(const struct sim_want *w, uint32_t num, const struct inval_range_req *req)
{
	struct inval_flush f = sim_flush();
	int err;

	sim_forget();
	sim_entries(entries, w, num, 12);
	err = sim_walk(entries, num, 12, req, &f);
	CHECK(err == 0 && f.error_total == 0U, "%d, %u errors", err, f.error_total);
}

#define LAYOUT(wants, req, what, ...) \
	do { \
		static const uint64_t words[][2] = { __VA_ARGS__ }; \
		walk_all(wants, sizeof(wants) / sizeof((wants)[0]), req); \
		expect(words, sizeof(words) / sizeof(words[0]), what); \
		sim_judge(wants, sizeof(wants) / sizeof((wants)[0]), req, 12); \
	} while (0)

#define SYNC { 0x46, 0 }

TEST(flush, layouts_of_stage_1)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(0, 0, false);
	struct inval_range_req table = sim_req(VA, 0x1000, false);
	struct sim_want w[1];

	sim_reset();
	sim_add(0, SIM_E2H);
	w[0] = sim_want_tag(SIM_S1, 0, 3, 7);
	LAYOUT(w, &page, "page", { 0x0007000300000012, VA | 1U }, SYNC);
	LAYOUT(w, &table, "page and tables", { 0x0007000300000012, VA }, SYNC);
	LAYOUT(w, &all, "everything", { 0x0007000300000011, 0 }, SYNC);
	w[0] = sim_want_tag(SIM_S1_GLOBAL, 0, 0xfffe, 0xfffd);
	LAYOUT(w, &page, "global page", { 0xfffdfffe00000012, VA | 1U }, SYNC);
	LAYOUT(w, &all, "global everything", { 0x0000fffe00000010, 0 }, SYNC);
	w[0] = sim_want_tag(SIM_EL2, 0, 0, 0);
	LAYOUT(w, &page, "EL2 page", { 0x22, VA | 1U }, SYNC);
	LAYOUT(w, &all, "EL2 everything", { 0x20, 0 }, SYNC);
	w[0] = sim_want_tag(SIM_EL2_E2H, 0, 0, 7);
	LAYOUT(w, &page, "E2H page", { 0x0007000000000022, VA | 1U }, SYNC);
	LAYOUT(w, &all, "E2H everything", { 0x0007000000000021, 0 }, SYNC);
	w[0] = sim_want_tag(SIM_EL2_GLOBAL, 0, 0, 7);
	LAYOUT(w, &page, "E2H global page", { 0x0007000000000022, VA | 1U }, SYNC);
	LAYOUT(w, &all, "E2H global everything", { 0x20, 0 }, SYNC);
}

TEST(flush, layouts_of_stage_2)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(0, UINT64_MAX, true);
	struct sim_want s2[1], clear[1], both[2], nested[3];

	sim_reset();
	sim_add(0, 0);
	s2[0] = sim_want_tag(SIM_S2, 0, 5, 0);
	LAYOUT(s2, &page, "page", { 0x000000050000002a, VA | 1U }, SYNC);
	LAYOUT(s2, &all, "everything", { 0x0000000500000028, 0 }, SYNC);
	clear[0] = sim_want_tag(SIM_CLEAR, 0, 5, 0);
	LAYOUT(clear, &page, "clear alone", { 0x0000000500000010, 0 }, SYNC);
	both[0] = s2[0];
	both[1] = clear[0];
	LAYOUT(both, &page, "parent", { 0x000000050000002a, VA | 1U }, SYNC,
	       { 0x0000000500000010, 0 }, SYNC);
	LAYOUT(both, &all, "parent, everything", { 0x0000000500000028, 0 }, SYNC);
	nested[0] = s2[0];
	nested[1] = clear[0];
	nested[2] = sim_want_ats(SIM_ATS_FULL, 0, 0xabcd, false, 0);
	LAYOUT(nested, &page, "nested", { 0x000000050000002a, VA | 1U }, SYNC,
	       { 0x0000000500000010, 0 }, SYNC, { 0x0000abcd00000040, 52 }, SYNC);
	LAYOUT(nested, &all, "nested, everything", { 0x0000000500000028, 0 }, SYNC,
	       { 0x0000abcd00000040, 52 }, SYNC);
	nested[0].users = 0;
	LAYOUT(nested, &page, "the stage 2 dead", { 0x0000000500000010, 0 }, SYNC,
	       { 0x0000abcd00000040, 52 }, SYNC);
	nested[1].users = 0;
	LAYOUT(nested, &page, "the device alone", { 0x0000abcd00000040, 52 }, SYNC);
}

TEST(flush, layouts_of_devices)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(VA, 0, true);
	struct sim_want w[3], none[3];

	sim_reset();
	sim_add(0, 0);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 7);
	w[1] = sim_want_ats(SIM_ATS, 0, 0xabcd, true, 3);
	w[2] = sim_want_ats(SIM_ATS, 0, 0xabce, false, 0);
	LAYOUT(w, &page, "page", { 0x0007000000000012, VA | 1U }, SYNC,
	       { 0x0000abcd00003840, VA }, { 0x0000abce00000040, VA }, SYNC);
	LAYOUT(w, &all, "everything", { 0x0007000000000011, 0 }, SYNC,
	       { 0x0000abcd00003840, 52 }, { 0x0000abce00000040, 52 }, SYNC);
	w[1].users = 0;
	LAYOUT(w, &page, "one dead", { 0x0007000000000012, VA | 1U }, SYNC,
	       { 0x0000abce00000040, VA }, SYNC);
	memcpy(none, w, sizeof(none));
	none[0].users = 0;
	none[2].users = 0;
	walk_all(none, 3, &page);
	CHECK(sim.cmds == 0U && sim.calls == 0U, "all dead: %u commands", sim.cmds);
	walk_all(none, 0, &page);
	CHECK(sim.cmds == 0U && sim.calls == 0U, "no entry: %u commands", sim.cmds);
}

TEST(flush, cpu_tlbi_leaves_atc)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(0, 0, false);
	static const uint64_t want[][2] = {
		{ 0x0000abcd00003840, VA }, { 0x0000abce00000040, 52 }, SYNC,
		{ 0x0007000300000012, VA | 1U }, { 0x000000050000002a, VA | 1U }, SYNC,
		{ 0x0000000500000010, 0 }, SYNC, { 0x0000abcd00003840, VA },
		{ 0x0000abce00000040, 52 }, SYNC,
	};
	struct inval_flush f = sim_flush();
	struct sim_want w[13];
	uint32_t i, at = 0;

	sim_reset();
	for (i = 0; i < 3U; i++) {
		sim_add(i, 0);
		w[at++] = sim_want_tag(SIM_S1, i, 3, 7);
		w[at++] = sim_want_tag(SIM_S2, i, 5, 0);
		w[at++] = sim_want_tag(SIM_CLEAR, i, 5, 0);
		if (i == 2U)
			break;
		w[at++] = sim_want_ats(SIM_ATS, i, 0xabcd, true, 3);
		w[at++] = sim_want_ats(SIM_ATS_FULL, i, 0xabce, false, 0);
	}
	sim_at(0)->smmu.caps.feat |= INVAL_FEAT_BTM;
	sim_at(2)->smmu.caps.feat |= INVAL_FEAT_BTM;
	sim_entries(entries, w, at, 12);
	f.cpu_tlbi = true;
	CHECK(sim_walk(entries, at, 12, &page, &f) == 0, "page");
	expect(want, 11, "page");
	CHECK(sim.calls == 4U && rec.count[INVAL_COUNT_TLBI] == 3U &&
	      rec.count[INVAL_COUNT_ATC] == 4U, "issue twice, wait twice");
	sim_forget();
	CHECK(sim_walk(entries, 3, 12, &all, &f) == 0 && sim.cmds == 0U, "no ATS, nothing");
	f.cpu_tlbi = false;
	CHECK(sim_walk(entries, 3, 12, &all, &f) == 0 && sim.cmds == 3U, "%u commands", sim.cmds);
}

TEST(flush, several_smmus_are_apart)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true), all = sim_req(0, 0, true);
	struct sim_want w[5];

	sim_reset();
	sim_add(1, 0);
	sim_add(2, 0);
	sim_add(255, 0);
	w[0] = sim_want_tag(SIM_S2, 1, 5, 0);
	w[1] = sim_want_ats(SIM_ATS_FULL, 1, 9, false, 0);
	w[2] = sim_want_tag(SIM_CLEAR, 2, 5, 0);
	w[3] = sim_want_ats(SIM_ATS_FULL, 2, 9, false, 0);
	w[4] = sim_want_tag(SIM_S1, 255, 0, 1);
	LAYOUT(w, &page, "page", { 0x000000050000002a, VA | 1U }, SYNC, { 0x0000000900000040, 52 },
	       SYNC, { 0x0000000500000010, 0 }, SYNC, { 0x0000000900000040, 52 }, SYNC,
	       { 0x0001000000000012, VA | 1U }, SYNC);
	/* S12_VMALL of the same VMID on another SMMU clears nothing here. */
	LAYOUT(w, &all, "everything", { 0x0000000500000028, 0 }, SYNC, { 0x0000000900000040, 52 },
	       SYNC, { 0x0000000500000010, 0 }, SYNC, { 0x0000000900000040, 52 }, SYNC,
	       { 0x0001000000000011, 0 }, SYNC);
}

TEST(flush, clear_is_left_out_per_vmid)
{
	struct inval_range_req all = sim_req(0, 0, true);
	struct sim_want w[4], other[3];

	sim_reset();
	sim_add(0, 0);
	w[0] = sim_want_tag(SIM_S2, 0, 4, 0);
	w[1] = sim_want_tag(SIM_S2, 0, 6, 0);
	w[2] = sim_want_tag(SIM_CLEAR, 0, 5, 0);
	w[3] = sim_want_tag(SIM_CLEAR, 0, 6, 0);
	LAYOUT(w, &all, "two VMIDs", { 0x0000000400000028, 0 }, { 0x0000000600000028, 0 }, SYNC,
	       { 0x0000000500000010, 0 }, SYNC);
	/* No S12_VMALL for a dead stage 2: what lives above it is cleared. */
	w[1].users = 0;
	LAYOUT(w, &all, "one dead", { 0x0000000400000028, 0 }, SYNC, { 0x0000000500000010, 0 },
	       { 0x0000000600000010, 0 }, SYNC);
	other[0] = sim_want_tag(SIM_S1, 0, 7, 5);
	other[1] = sim_want_tag(SIM_CLEAR, 0, 5, 0);
	other[2] = sim_want_tag(SIM_CLEAR, 0, 7, 0);
	LAYOUT(other, &all, "no stage 2", { 0x0005000700000011, 0 }, SYNC,
	       { 0x0000000500000010, 0 }, { 0x0000000700000010, 0 }, SYNC);
}

/* A clear left out must neither stop the walk nor take others with it. */
TEST(flush, peers_clear_left_out_goes_on)
{
	struct inval_range_req all = sim_req(0, 0, true);
	struct sim_want w[7];

	sim_reset();
	sim_add(0, 0);
	sim_add(1, 0);
	w[0] = sim_want_tag(SIM_S2, 0, 4, 0);
	w[1] = sim_want_tag(SIM_CLEAR, 0, 4, 0);
	w[2] = sim_want_tag(SIM_CLEAR, 0, 9, 0);
	w[3] = sim_want_ats(SIM_ATS_FULL, 0, 1, false, 0);
	w[4] = sim_want_tag(SIM_S2, 1, 4, 0);
	w[5] = sim_want_tag(SIM_CLEAR, 1, 4, 0);
	w[6] = sim_want_tag(SIM_CLEAR, 1, 3, 0);
	LAYOUT(w, &all, "goes on", { 0x0000000400000028, 0 }, SYNC, { 0x0000000900000010, 0 }, SYNC,
	       { 0x0000000100000040, 52 }, SYNC, { 0x0000000400000028, 0 }, SYNC,
	       { 0x0000000300000010, 0 }, SYNC);
	w[6].users = 0;
	LAYOUT(w, &all, "the last one", { 0x0000000400000028, 0 }, SYNC,
	       { 0x0000000900000010, 0 }, SYNC, { 0x0000000100000040, 52 }, SYNC,
	       { 0x0000000400000028, 0 }, SYNC);
}

TEST(flush, peers_substreams_stay_apart)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true);
	struct sim_want w[3];

	sim_reset();
	sim_add(0, 0);
	w[0] = sim_want_ats(SIM_ATS, 0, 1, false, 0);
	w[1] = sim_want_ats(SIM_ATS, 0, 1, true, 0);
	w[2] = sim_want_ats(SIM_ATS, 0, 1, true, 0xfffff);
	LAYOUT(w, &page, "three", { 0x0000000100000040, VA }, { 0x0000000100000840, VA },
	       { 0x00000001fffff840, VA }, SYNC);
}

/* A range that an SMMU with RIL can name, as the judge sees it. */
static void judge_range(uint32_t how, uint64_t addr, uint64_t bytes, uint8_t granule_lg2,
			uint32_t most)
{
	struct inval_range_req req = sim_req(addr, bytes, true);
	struct sim_want w[3];
	uint32_t n;

	req.granule_lg2 = granule_lg2;
	sim_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
	sim_add(0, how);
	w[0] = sim_want_tag(SIM_S1, 0, 1, 1);
	w[1] = sim_want_tag(SIM_S1, 0, 2, 1);
	w[2] = sim_want_ats(SIM_ATS, 0, 7, false, 0);
	walk_all(w, 3, &req);
	sim_judge(w, 3, &req, 12);
	n = sim_count(&w[0], &req);
	CHECK(n >= 1U && n <= most, "%u commands, at most %u", n, most);
}

TEST(flush, peers_sixteen_tib)
{
	judge_range(SIM_RIL, 0, 1ULL << 44, 12, 1);
	judge_range(SIM_RIL, 1ULL << 44, 1ULL << 44, 12, 1);
	judge_range(SIM_RIL, 0x1000, 1ULL << 44, 12, 1);
	judge_range(SIM_RIL | SIM_DS, 0, 1ULL << 44, 12, 1);
	judge_range(SIM_RIL, 0, (1ULL << 44) + 0x1000, 12, 2);
	judge_range(0, 0, 1ULL << 44, 12, 1);
}

TEST(flush, peers_odd_sizes_end)
{
	uint64_t bytes;

	for (bytes = 1; bytes < 0x8000U; bytes += 0x3ffU) {
		judge_range(SIM_RIL, VA + 0x234U, bytes, 12, 2);
		judge_range(0, VA + 0x234U, bytes, 12, 9);
		judge_range(SIM_RIL, VA, bytes * 0x1000U + 1U, 16, 2);
	}
}

TEST(flush, peers_end_of_the_address_space)
{
	judge_range(0, 0ULL - 0x3000U, 0x3000, 12, 3);
	judge_range(SIM_RIL, 0ULL - 0x3000U, 0x3000, 12, 1);
	judge_range(0, 0ULL - 0x1000U, 0x1000, 12, 1);
	judge_range(SIM_RIL, 0ULL - 0x1000U, 0x1000, 12, 1);
	judge_range(0, UINT64_MAX, 1, 12, 1);
	judge_range(SIM_RIL, 1, UINT64_MAX - 1U, 12, 512);
	judge_range(SIM_RIL | SIM_DS, 1ULL << 63, 1ULL << 63, 16, 512);
}

/* Exactly 33 and 65 pages of tables: a rest of one is TG 0, not the reserved form. */
TEST(flush, peers_one_page_behind_32)
{
	static const uint32_t pages[4] = { 1, 33, 65, 1025 };
	struct inval_range_req req = sim_req(VA, 0, false);
	struct inval_cmd last;
	struct sim_want w;
	uint32_t i;

	for (i = 0; i < 4U; i++) {
		req.bytes = pages[i] * 0x1000ULL;
		sim_reset();
		sim_add(0, SIM_RIL);
		w = sim_want_tag(SIM_S1, 0, 1, 1);
		walk_all(&w, 1, &req);
		sim_judge(&w, 1, &req, 12);
		CHECK(sim.cmds == (i == 0U ? 2U : 3U), "%u pages: %u commands", pages[i], sim.cmds);
		last = sim.cmd[sim.cmds - 2U].cmd;
		CHECK(last.d0 == 0x0001000100000012ULL && last.d1 == VA + req.bytes - 0x1000U,
		      "%u pages: the last is %016llx %016llx", pages[i],
		      (unsigned long long)last.d0, (unsigned long long)last.d1);
	}
}

/* Spans of ATC_INV cover less than twice what was asked, whatever they cross. */
TEST(flush, peers_atc_across_a_boundary)
{
	struct sim_want w[2];
	struct inval_range_req req;
	uint64_t sum;
	uint32_t lg2, i;

	sim_reset();
	sim_add(0, 0);
	w[0] = sim_want_ats(SIM_ATS, 0, 7, false, 0);
	for (lg2 = 13; lg2 < 64U; lg2++) {
		req = sim_req((1ULL << lg2) - 0x1000U, 0x2000, true);
		walk_all(w, 1, &req);
		sim_judge(w, 1, &req, 12);
		CHECK(sim.cmds == 3U, "2^%u: %u commands", lg2, sim.cmds);
		for (sum = 0, i = 0; i < 2U; i++)
			sum += 4096ULL << (sim.cmd[i].cmd.d1 & 63U);
		CHECK(sum == 0x2000U, "2^%u: %llx bytes", lg2, (unsigned long long)sum);
	}
	req = sim_req((1ULL << 40) - 0x1000U, 0x2000, true);
	sim_at(0)->smmu.policy.atc_spans = 1;
	walk_all(w, 1, &req);
	CHECK(sim.cmds == 2U && sim.cmd[0].cmd.d1 == (41U - 12U), "one span");
	/* A policy that nobody can follow, behind an SMMU that has another. */
	sim_at(0)->smmu.policy.atc_spans = 2;
	sim_add(1, 0);
	sim_at(1)->smmu.policy.atc_spans = 0;
	w[1] = sim_want_ats(SIM_ATS, 1, 7, false, 0);
	walk_all(w, 2, &req);
	CHECK(sim.cmds == 5U && sim.cmd[3].cmd.d1 == 52U, "%u commands", sim.cmds);
}

/* Whatever comes: tags and devices on up to four SMMUs. */
static uint32_t random_wants(uint64_t *seed, struct sim_want *w)
{
	static const enum sim_kind stage1[4] = { SIM_S1, SIM_S1_GLOBAL, SIM_EL2, SIM_EL2_E2H };
	uint32_t smmu, num = 0, n, i, r, at = (uint32_t)(test_random(seed) % 60U);

	for (smmu = 0; smmu <= test_random(seed) % 4U; smmu++, at += 1U + (uint32_t)(*seed % 60U)) {
		r = (uint32_t)test_random(seed);
		sim_add(at, (r & 15U) | SIM_MINOR((r >> 8) % 6U));
		sim_at(at)->smmu.policy.max_cmds = 1U + (r >> 12) % 20U;
		sim_at(at)->smmu.policy.one_command = (r >> 20 & 1U) != 0U;
		sim_at(at)->smmu.policy.atc_spans = (uint8_t)(1U + (r >> 21) % 4U);
		for (i = 0, n = (r >> 24) % 4U; i < n; i++)
			w[num++] = sim_want_tag(stage1[i % 2U], at, (uint16_t)(1U + i), 0x1234);
		if ((r >> 27 & 1U) != 0U)
			w[num++] = sim_want_tag((r & SIM_E2H) != 0U ? SIM_EL2_E2H : SIM_EL2, at, 0,
						(r & SIM_E2H) != 0U ? 0x8001 : 0);
		r = (uint32_t)test_random(seed);
		for (i = 0, n = r % 4U; i < n; i++) {
			w[num++] = sim_want_tag(SIM_S2, at, (uint16_t)(0xff00U + i), 0);
			if ((r >> (4U + i) & 1U) != 0U)
				w[num++] = sim_want_tag(SIM_CLEAR, at, (uint16_t)(0xff00U + i), 0);
		}
		for (i = 0, n = (r >> 8) % 4U; i < n; i++) {
			w[num++] = sim_want_ats(SIM_ATS, at, 0xfffffff0U + i, i != 1U,
						i != 1U ? 0xffffeU + (i & 1U) : 0U);
			if ((r >> (12U + i) & 1U) != 0U)
				w[num++] = sim_want_ats(SIM_ATS_FULL, at, 3U + i, false, 0);
		}
	}
	for (i = 0; i < num; i++)
		w[i].users = test_random(seed) % 4U == 0U ? 0U : 1U + (uint32_t)(*seed % 5U);
	return num;
}

static struct inval_range_req random_req(uint64_t *seed)
{
	uint64_t r = test_random(seed), addr = test_random(seed) >> (r & 31U);
	uint64_t bytes = test_random(seed) >> (20U + (r >> 8) % 44U);
	struct inval_range_req req = sim_req(addr, bytes, (r >> 16 & 1U) != 0U);
	static const uint8_t granules[3] = { 12, 14, 16 };

	req.granule_lg2 = granules[(r >> 20) % 3U];
	if ((r >> 24 & 3U) != 0U)
		req.leaf_lg2 = (uint8_t)(req.granule_lg2 + (r >> 26) % 3U * (req.granule_lg2 - 3U));
	if ((r >> 30) % 4U == 0U)
		req.leaf_lg2 = (uint8_t)(req.granule_lg2 + (r >> 36) % 20U);
	if ((r >> 40) % 16U == 0U)
		req.addr = 0ULL - req.bytes;
	if ((r >> 44) % 8U == 0U)
		req.bytes = 0U - (r >> 60 & 1U);
	if (req.addr + (req.bytes - 1U) < req.addr && req.bytes + 1U > 1U)
		req.bytes = 0ULL - req.addr;
	return req;
}

TEST(flush, random_arrays_are_covered)
{
	static struct sim_want w[MOST];
	struct inval_range_req req;
	uint64_t seed;
	uint32_t i, num, smmu;
	struct inval_flush f;
	uint8_t stu_lg2;
	bool d128;

	for (i = 1; i <= 1200U; i++) {
		sim_reset();
		memset(rec.mute, 1, sizeof(rec.mute));
		seed = (uint64_t)i << 20;
		num = random_wants(&seed, w);
		req = random_req(&seed);
		for (d128 = true, smmu = 0; smmu < SIM_SMMUS; smmu++)
			d128 = d128 && (!sim.smmu[smmu] ||
					inval_caps_has(&sim.table[smmu]->caps, INVAL_FEAT_D128));
		req.d128 = d128;
		stu_lg2 = (uint8_t)(12U + test_random(&seed) % 4U * 3U);
		sim_entries(entries, w, num, stu_lg2);
		f = sim_flush();
		f.batch_num = 1U + (uint32_t)(test_random(&seed) % SIM_BATCH);
		f.wait_num = 1U + (uint32_t)(test_random(&seed) % 4U);
		for (smmu = 0; i % 2U != 0U && smmu < SIM_SMMUS; smmu++) {
			if (sim.smmu[smmu])
				sim_queue(smmu, 1U + (uint32_t)(test_random(&seed) % 5U));
		}
		CHECK((i % 2U != 0U ? inval_flush_entries(entries, num, stu_lg2, &req, &f) :
		       sim_walk(entries, num, stu_lg2, &req, &f)) == 0 && f.error_total == 0U,
		      "round %u", i);
		sim_judge(w, num, &req, stu_lg2);
	}
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* The same through the library's queue: by SMMU, the same words in the same order. */
static void check_same(const struct sim_cmd *want, uint32_t num, const char *what, uint32_t n)
{
	uint32_t smmu, i = 0, k = 0;

	CHECK(sim.cmds == num, "%s %u: %u commands, want %u", what, n, sim.cmds, num);
	for (smmu = 0; smmu < SIM_SMMUS; smmu++) {
		for (;;) {
			while (i < num && want[i].smmu != smmu)
				i++;
			while (k < num && sim.cmd[k].smmu != smmu)
				k++;
			if (i == num || k == num)
				break;
			CHECK(want[i].cmd.d0 == sim.cmd[k].cmd.d0 && want[i].cmd.d1 ==
			      sim.cmd[k].cmd.d1, "%s %u: SMMU %u, command %u", what, n, smmu, k);
			i++;
			k++;
		}
		CHECK(i == num && k == num, "%s %u: SMMU %u", what, n, smmu);
		i = 0;
		k = 0;
	}
}

/* Three SMMUs, all groups, 40 pages without RIL on one of them. */
static uint32_t three_smmus(struct sim_want *w)
{
	uint32_t i, num = 0;

	sim_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
	for (i = 0; i < 3U; i++) {
		sim_add(i, i == 1U ? 0U : SIM_RIL);
		w[num++] = sim_want_tag(SIM_S1, i, 1, 1);
		w[num++] = sim_want_tag(SIM_S2, i, 2, 0);
		w[num++] = sim_want_tag(SIM_CLEAR, i, 2, 0);
		w[num++] = sim_want_ats(SIM_ATS, i, 1, false, 0);
		w[num++] = sim_want_ats(SIM_ATS_FULL, i, 2, false, 0);
	}
	return num;
}

TEST(flush, batches_do_not_matter)
{
	static struct sim_cmd want[SIM_CMDS / 64U];
	struct inval_range_req req = sim_req(VA, 40U * 0x1000U, true);
	struct sim_want w[MOST];
	uint32_t num = three_smmus(w), cmds, size;
	struct inval_flush f;

	walk_all(w, num, &req);
	sim_judge(w, num, &req, 12);
	cmds = sim.cmds;
	memcpy(want, sim.cmd, cmds * sizeof(want[0]));
	for (size = 1; size <= 100U; size++) {
		sim_forget();
		f = sim_flush();
		f.batch_num = size;
		CHECK(sim_walk(entries, num, 12, &req, &f) == 0, "batches of %u", size);
		check_same(want, cmds, "batches of", size);
	}
}

TEST(flush, queues_do_not_matter)
{
	static struct sim_cmd want[SIM_CMDS / 64U];
	struct inval_range_req req = sim_req(VA, 40U * 0x1000U, true);
	struct sim_want w[MOST];
	uint32_t num = three_smmus(w), cmds, lg2, batch, i;
	struct inval_flush f;

	walk_all(w, num, &req);
	cmds = sim.cmds;
	memcpy(want, sim.cmd, cmds * sizeof(want[0]));
	for (lg2 = 1; lg2 <= 8U; lg2++) {
		for (batch = 1; batch <= 100U; batch += 11U) {
			num = three_smmus(w);
			for (i = 0; i < 3U; i++)
				sim_queue(i, lg2);
			f = sim_flush();
			f.batch_num = batch;
			CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0,
			      "queues of 2^%u, batches of %u", lg2, batch);
			check_same(want, cmds, "queues of 2^", lg2);
		}
	}
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* So many SMMUs with all three groups each. */
static uint32_t nested_smmus(struct sim_want *w, uint32_t smmus)
{
	uint32_t i, num = 0;

	sim_reset();
	for (i = 0; i < smmus; i++) {
		sim_add(i, SIM_RIL);
		w[num++] = sim_want_tag(SIM_S2, i, 2, 0);
		w[num++] = sim_want_tag(SIM_CLEAR, i, 2, 0);
		w[num++] = sim_want_ats(SIM_ATS_FULL, i, 2, false, 0);
	}
	return num;
}

/* 48 waits one after the other become 16 that overlap. */
TEST(flush, peers_all_are_issued_to_before_one_is_waited_for)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 16), i;

	walk_all(w, num, &req);
	CHECK(sim.calls == 32U, "%u calls", sim.calls);
	for (i = 0; i < 16U; i++) {
		CHECK(!sim.call[i].wait && sim.call[i].sync && sim.call[i].smmu == i, "call %u", i);
		CHECK(sim.call[16U + i].wait && sim.call[16U + i].smmu == i &&
		      sim.call[16U + i].num == 6U, "wait %u", i);
	}
}

/* The doorbells of all SMMUs ring before anybody waits. */
TEST(flush, peers_all_queues_run_before_a_wait)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 16), i, first, bells = 0;
	struct inval_flush f = sim_flush();

	for (i = 0; i < 16U; i++)
		sim_queue(i, 5);
	sim_entries(entries, w, num, 12);
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
	first = rec_next(REC_RELAX, 0);
	CHECK(first != REC_NONE, "nobody waited");
	for (i = 0; i < first; i++)
		bells += rec.log[i].kind == REC_MMIO_WRITE32;
	CHECK(bells == 16U && rec_total(REC_MMIO_WRITE32) == 16U, "%u doorbells", bells);
	CHECK(rec_total(REC_RELAX) == 1U, "%u turns: the waits do not overlap",
	      rec_total(REC_RELAX));
	sim_judge(w, num, &req, 12);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* One call for what fits a batch, its SYNCs included. */
TEST(flush, peers_one_batch_for_many_commands)
{
	struct inval_range_req req = sim_req(VA, 60U * 0x1000U, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 2);

	inval_caps_drop(&sim_at(0)->smmu.caps, INVAL_FEAT_RIL);
	walk_all(w, num, &req);
	CHECK(sim.calls == 4U && sim.call[0].num == 64U && sim.call[0].sync &&
	      sim.call[1].num < 8U && sim.call[1].sync, "%u calls, %u commands", sim.calls,
	      sim.call[0].num);
	sim_judge(w, num, &req, 12);
}

/* Nothing is written but the commands. */
TEST(flush, peers_batch_is_not_cleared)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 1), i;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	memset(sim.batch, 0x77, sizeof(sim.batch));
	CHECK(sim_walk(entries, num, 12, &req, &f) == 0 && sim.cmds == 6U, "walk");
	for (i = 5U * sizeof(sim.batch[0]); i < sizeof(sim.batch); i++)
		CHECK(((unsigned char *)sim.batch)[i] == 0x77U, "byte %u of the batch", i);
	memset(sim.batch, 0x77, sizeof(sim.batch));
	CHECK(sim_walk(entries, 0, 12, &req, &f) == 0, "of nothing");
	for (i = 0; i < sizeof(sim.batch); i++)
		CHECK(((unsigned char *)sim.batch)[i] == 0x77U, "byte %u of nothing", i);
}

/* With ATS as without: interrupts are as they were, and no lock stands in the way. */
TEST(flush, peers_waits_as_the_caller_came)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 3), i, off, turns;
	struct inval_flush f = sim_flush();
	unsigned long token;

	for (i = 0; i < 3U; i++)
		sim_queue(i, 5);
	sim_entries(entries, w, num, 12);
	for (off = 0; off < 2U; off++) {
		rec_forget();
		token = off != 0U ? inval_port_irq_save() : 0U;
		CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
		if (off != 0U)
			inval_port_irq_restore(token);
		for (turns = 0, i = 0; i < rec.events; i++) {
			if (rec.log[i].kind != REC_RELAX && rec.log[i].kind != REC_WAIT_EVENT)
				continue;
			turns++;
			CHECK(rec.log[i].irq_off == (off != 0U), "interrupts, off %u", off);
		}
		CHECK(turns != 0U && rec_total(REC_LOCK) == 0U, "%u turns", turns);
	}
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(flush, windows)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 16), size, i, issued, waits, want;
	struct inval_flush f;

	sim_entries(entries, w, num, 12);
	for (size = 1; size <= 17U; size++) {
		sim_forget();
		f = sim_flush();
		f.wait_num = size;
		CHECK(sim_walk(entries, num, 12, &req, &f) == 0, "windows of %u", size);
		for (i = 0, issued = 0, waits = 0; i < sim.calls; i++) {
			if (!sim.call[i].wait) {
				issued++;
				continue;
			}
			want = (waits / size + 1U) * size;
			CHECK(sim.call[i].smmu == waits && issued == (want < 16U ? want : 16U),
			      "windows of %u: wait %u after %u", size, waits, issued);
			waits++;
		}
		CHECK(waits == 16U && issued == 16U, "windows of %u: %u waits", size, waits);
		sim_judge(w, num, &req, 12);
	}
}

/* So many leaves, each one command: is it a range, or everything? */
static void check_threshold(uint32_t max, uint8_t granule_lg2, uint8_t leaf_lg2)
{
	struct inval_range_req req = sim_req(0, (uint64_t)max << leaf_lg2, true);
	struct sim_want w[2];

	sim_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
	sim_add(0, 0);
	sim_at(0)->smmu.policy.max_cmds = max;
	w[0] = sim_want_tag(SIM_S1, 0, 0, 1);
	w[1] = sim_want_tag(SIM_S2, 0, 1, 0);
	req.granule_lg2 = granule_lg2;
	req.leaf_lg2 = leaf_lg2;
	walk_all(w, 2, &req);
	CHECK(sim.cmds == 2U * max + 1U && (sim.cmd[0].cmd.d0 & 0xffU) == 0x12U,
	      "%u commands for %u of 2^%u bytes", sim.cmds, max, leaf_lg2);
	sim_judge(w, 2, &req, 12);
	req.bytes += 1;
	walk_all(w, 2, &req);
	CHECK(sim.cmds == 3U && (sim.cmd[0].cmd.d0 & 0xffU) == 0x11U &&
	      (sim.cmd[1].cmd.d0 & 0xffU) == 0x28U, "%u commands for one more", sim.cmds);
	sim_judge(w, 2, &req, 12);
}

TEST(flush, peers_threshold_counts_commands)
{
	static const uint32_t max[4] = { 1, 2, 63, 512 };
	uint32_t i;

	for (i = 0; i < 4U; i++) {
		check_threshold(max[i], 12, 12);
		check_threshold(max[i], 12, 21);
		check_threshold(max[i], 14, 14);
		check_threshold(max[i], 16, 16);
		check_threshold(max[i], 16, 29);
	}
}

TEST(flush, each_smmu_decides_between_range_and_everything)
{
	struct inval_range_req req = sim_req(VA, 33U * 0x1000U, true);
	struct sim_want w[4];
	uint32_t i;

	sim_reset();
	for (i = 0; i < 4U; i++) {
		sim_add(i, i == 0U ? 0U : SIM_RIL);
		sim_at(i)->smmu.policy.max_cmds = 1;
		w[i] = sim_want_tag(SIM_S1, i, 0, 1);
	}
	sim_at(2)->smmu.policy.max_cmds = 2;
	sim_at(3)->smmu.policy.one_command = true;
	walk_all(w, 4, &req);
	sim_judge(w, 4, &req, 12);
	CHECK(sim_count(&w[0], &req) == 1U && (sim.cmd[0].cmd.d0 & 0xffU) == 0x11U, "no RIL");
	CHECK(sim_count(&w[1], &req) == 1U && (sim.cmd[2].cmd.d0 & 0xffU) == 0x11U, "33 pages");
	CHECK(sim_count(&w[2], &req) == 2U && (sim.cmd[4].cmd.d0 & 0xffU) == 0x12U, "two");
	CHECK(sim_count(&w[3], &req) == 1U && (sim.cmd[7].cmd.d0 & 0xffU) == 0x12U, "rounded up");
}

TEST(flush, each_smmu_has_its_own_number_of_spans)
{
	struct inval_range_req req = sim_req(VA, 0x5000, true);
	struct sim_want w[3];
	uint32_t i;

	sim_reset();
	for (i = 0; i < 3U; i++) {
		sim_add(i, 0);
		sim_at(i)->smmu.policy.atc_spans = i == 1U ? 1U : 2U;
		w[i] = sim_want_ats(SIM_ATS, i, 5, false, 0);
	}
	walk_all(w, 3, &req);
	CHECK(sim_count(&w[0], &req) == 2U && sim_count(&w[1], &req) == 1U &&
	      sim_count(&w[2], &req) == 2U, "%u commands", sim.cmds);
}

/* Devices next to each other that get the same command, some of them dead. */
TEST(flush, runs_of_devices)
{
	struct inval_range_req page = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	struct sim_want w[MOST];
	uint32_t n, i, live, dead;

	sim_reset();
	sim_add(0, 0);
	sim_add(1, 0);
	memset(rec.mute, 0, sizeof(rec.mute));
	for (n = 1; n <= MOST / 3U; n++) {
		for (dead = 0; dead <= n + 9U; dead++) {	/* from n on none is dead */
			for (i = 0, live = 0; i < 3U * n; i++) {
				w[i] = sim_want_ats(i / n == 1U ? SIM_ATS_FULL : SIM_ATS, i / n / 2U,
						    i, false, 0);
				w[i].users = i % n == dead ? 0U : 1U;
				live += w[i].users;
			}
			sim_forget();
			memset(rec.count, 0, sizeof(rec.count));
			sim_entries(entries, w, 3U * n, 12);
			f.batch_num = 1U + dead % (n + 1U);
			memset(f.batch, 0, SIM_BATCH * sizeof(f.batch[0]));
			CHECK(sim_walk(entries, 3U * n, 12, &page, &f) == 0, "%u", n);
			sim_judge(w, 3U * n, &page, 12);
			CHECK(rec.count[INVAL_COUNT_ATC] == live, "%u counted of %u",
			      (uint32_t)rec.count[INVAL_COUNT_ATC], live);
			CHECK(f.batch[f.batch_num].d0 == 0U, "%u: behind the batch", n);
		}
	}
}

/* With DS one command names up to 2^44 granules, else 2^36. */
TEST(flush, ds_makes_ranges_longer)
{
	struct inval_range_req req = sim_req(0, 1ULL << 50, true);
	struct sim_want w[2];

	sim_reset();
	sim_add(0, SIM_RIL);
	sim_add(1, SIM_RIL | SIM_DS);
	w[0] = sim_want_tag(SIM_S1, 0, 0, 1);
	w[1] = sim_want_tag(SIM_S1, 1, 0, 1);
	walk_all(w, 2, &req);
	sim_judge(w, 2, &req, 12);
	CHECK(sim_count(&w[0], &req) == 4U && sim_count(&w[1], &req) == 1U, "%u and %u commands",
	      sim_count(&w[0], &req), sim_count(&w[1], &req));
}

/* An IPA that the command cannot hold makes everything of it, on that SMMU alone. */
TEST(flush, wide_ipa)
{
	static const uint32_t bits[6] = { 48, 52, 52, 52, 56, 56 };
	struct inval_range_req req;
	struct sim_want w[3];
	uint32_t minor, ril, lg2;

	for (minor = 0; minor < 6U; minor++) {
		for (ril = 0; ril <= SIM_RIL; ril++) {
			for (lg2 = 47; lg2 < 58U; lg2++) {
				sim_reset();
				sim_add(0, SIM_MINOR(minor) | ril);
				w[0] = sim_want_tag(SIM_S1, 0, 3, 1);
				w[1] = sim_want_tag(SIM_S2, 0, 5, 0);
				w[2] = sim_want_tag(SIM_CLEAR, 0, 5, 0);
				req = sim_req((1ULL << lg2) - 0x1000U, 0x1001, true);
				walk_all(w, 3, &req);
				sim_judge(w, 3, &req, 12);
				CHECK(sim_vmalled(0, 5) == (lg2 >= bits[minor]), "3.%u, 2^%u",
				      minor, lg2);
				req.bytes--;
				walk_all(w, 3, &req);
				sim_judge(w, 3, &req, 12);
				CHECK(sim_vmalled(0, 5) == (lg2 > bits[minor]), "3.%u, below 2^%u",
				      minor, lg2);
			}
		}
	}
}

TEST(flush, off_is_skipped)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 3), i, n;
	uint64_t off;

	sim_at(1)->smmu.off = 1;
	walk_all(w, num, &req);
	sim_judge(w, num, &req, 12);
	CHECK(sim.calls == 4U && sim.cmds == 12U, "%u commands", sim.cmds);
	for (i = 0; i < sim.cmds; i++)
		CHECK(sim.cmd[i].smmu != 1U, "command %u", i);
	for (i = 0; i < 3U; i++) {
		off = rec_addr(&sim_at(i)->smmu.off);
		n = rec_next_at(REC_LOAD64, off, 0);
		CHECK(n != REC_NONE && rec_next_at(REC_LOAD64, off, n + 1U) == REC_NONE,
		      "off of SMMU %u", i);
	}
	for (i = 0; i < num; i++) {
		n = rec_next_at(REC_LOAD32, rec_addr(&entries[i].users), 0);
		CHECK((n != REC_NONE) == (w[i].smmu != 1U), "users %u", i);
		CHECK(n == REC_NONE || rec_next_at(REC_LOAD32, rec_addr(&entries[i].users), n + 1U)
		      == REC_NONE, "users %u read twice", i);
	}
	sim_at(0)->smmu.off = 1;
	sim_at(2)->smmu.off = 7;
	walk_all(w, num, &req);
	CHECK(sim.calls == 0U, "all off");
}

static void check_error(const struct inval_flush *f, uint32_t at, uint32_t smmu, int code)
{
	CHECK(at < f->error_total && f->errors[at].smmu == smmu && f->errors[at].code == code,
	      "error %u of %u: SMMU %u, %d", at, f->error_total, f->errors[at].smmu,
	      f->errors[at].code);
	CHECK(f->errors[at].sid == 0U && f->errors[at].ssid == 0U && !f->errors[at].ssv,
	      "error %u names a device", at);
}

TEST(flush, unknown_smmu)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 4), i, last = 0;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	sim.table[1] = NULL;
	f.smmu_num = 3;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_ENODEV, "walk");
	CHECK(f.error_total == 2U, "%u errors", f.error_total);
	check_error(&f, 0, 1, INVAL_ENODEV);
	check_error(&f, 1, 3, INVAL_ENODEV);
	CHECK(sim.calls == 4U && sim.cmds == 12U && sim.cmd[0].smmu == 0U &&
	      sim.cmd[6].smmu == 2U, "%u commands", sim.cmds);

	/* What detaches have left of an SMMU that is gone is no error. */
	f.smmu_num = 4;
	for (i = 0; i < num; i++) {
		if (inval_entry_smmu(&entries[i]) == 1U) {
			entries[i].users = 0;
			last = i;
		}
	}
	CHECK(sim_walk(entries, num, 12, &req, &f) == 0 && f.error_total == 0U, "all dead");
	entries[last].users = 1;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_ENODEV && f.error_total == 1U,
	      "all but the last");
	check_error(&f, 0, 1, INVAL_ENODEV);
}

TEST(flush, peers_errors_come_back)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 5), i, waits = 0, issues = 0;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	sim_at(0)->wait_err = -INVAL_ETIMEDOUT;
	sim_at(2)->issue_ok = 0;
	sim_at(2)->issue_err = -INVAL_ESHUTDOWN;
	sim_at(3)->wait_err = -INVAL_EILSEQ;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_ESHUTDOWN, "the first to fail");
	CHECK(f.error_total == 3U, "%u errors", f.error_total);
	check_error(&f, 0, 2, INVAL_ESHUTDOWN);
	check_error(&f, 1, 0, INVAL_ETIMEDOUT);
	check_error(&f, 2, 3, INVAL_EILSEQ);
	for (i = 0; i < sim.calls; i++) {
		waits += sim.call[i].wait;
		issues += !sim.call[i].wait;
		CHECK(!sim.call[i].wait || sim.call[i].smmu != 2U, "waited for what failed");
	}
	CHECK(issues == 6U && waits == 4U, "%u issued, %u waited for", issues, waits);
	sim_at(2)->issue_ok = UINT32_MAX;
	sim_at(0)->wait_err = 0;
	sim_at(3)->wait_err = 0;
	CHECK(sim_walk(entries, num, 12, &req, &f) == 0 && f.error_total == 0U, "and all is well");
}

/* One of three SMMUs fails at its call @at; nothing of it matters to the others. */
static void fail_at(uint32_t at, uint32_t calls, struct inval_flush *f,
		    const struct sim_want *others, uint32_t num)
{
	struct inval_range_req req = sim_req(VA, 0x5000, true);
	uint32_t i, err;

	sim_forget();
	sim_at(1)->issue_ok = at;
	sim_at(1)->issue_err = -INVAL_EFAULT;
	err = sim_walk(entries, 9, 12, &req, f) == 0 ? 0U : 1U;
	CHECK(err == (at < calls) && f->error_total == err, "batches of %u: call %u of %u",
	      f->batch_num, at, calls);
	if (err != 0U)
		check_error(f, 0, 1, INVAL_EFAULT);
	for (i = 0; i < sim.calls; i++)
		CHECK(!sim.call[i].wait || sim.call[i].smmu != 1U || err == 0U,
		      "waited for what failed");
	for (i = 0; i < sim.cmds; i++)
		sim.cmd[i].smmu = sim.cmd[i].smmu == 1U ? SIM_SMMUS : sim.cmd[i].smmu;
	sim_judge(others, num, &req, 12);
}

TEST(flush, an_issue_that_fails_in_the_middle)
{
	struct sim_want w[MOST], others[MOST];
	uint32_t num = nested_smmus(w, 3), calls, at, i, n;
	struct inval_flush f = sim_flush();

	memset(rec.mute, 1, sizeof(rec.mute));
	inval_caps_drop(&sim_at(1)->smmu.caps, INVAL_FEAT_RIL);
	for (n = 0, i = 0; i < num; i++) {
		if (w[i].smmu != 1U)
			others[n++] = w[i];
	}
	sim_entries(entries, w, num, 12);
	for (f.batch_num = 1; f.batch_num <= 10U; f.batch_num++) {
		/* Five pages, SYNC, the clear, SYNC, ATC_INV; the last SYNC is not in a batch. */
		calls = (9U + f.batch_num - 1U) / f.batch_num;
		for (at = 0; at <= calls; at++)
			fail_at(at, calls, &f, others, n);
	}
}

/* An issue of SMMU 1 fails once; what it has been given before ends in a SYNC. */
static void fail_once_at(uint32_t at, struct inval_flush *f, const struct sim_want *others,
			 uint32_t num)
{
	struct inval_range_req req = sim_req(VA, 0x5000, true);
	uint32_t i, left = 0, waits = 0;
	struct inval_cmd last = { 0, 0 };

	sim_forget();
	sim_at(1)->issue_ok = at;
	sim_at(1)->issue_bad = 1;
	sim_at(1)->issue_err = -INVAL_EOPNOTSUPP;
	CHECK(sim_walk(entries, 9, 12, &req, f) == -INVAL_EOPNOTSUPP && f->error_total == 1U,
	      "batches of %u: call %u: %u errors", f->batch_num, at, f->error_total);
	check_error(f, 0, 1, INVAL_EOPNOTSUPP);
	for (i = 0; i < sim.cmds; i++) {
		if (sim.cmd[i].smmu == 1U)
			last = sim.cmd[i].cmd;
		else
			sim.cmd[left++] = sim.cmd[i];
	}
	sim.cmds = left;
	CHECK(last.d0 == 0x46U && last.d1 == 0U, "batches of %u: call %u: no SYNC", f->batch_num, at);
	for (i = 0; i < sim.calls; i++)
		waits += sim.call[i].wait && sim.call[i].smmu == 1U;
	CHECK(waits == 1U, "batches of %u: call %u: %u waits", f->batch_num, at, waits);
	sim_judge(others, num, &req, 12);
}

TEST(flush, what_was_given_is_waited_for)
{
	struct sim_want w[MOST], others[MOST];
	uint32_t num = nested_smmus(w, 3), i, n, at;
	struct inval_range_req req = sim_req(VA, 0x5000, true);
	struct inval_flush f = sim_flush();

	memset(rec.mute, 1, sizeof(rec.mute));
	inval_caps_drop(&sim_at(1)->smmu.caps, INVAL_FEAT_RIL);
	for (n = 0, i = 0; i < num; i++) {
		if (w[i].smmu != 1U)
			others[n++] = w[i];
	}
	sim_entries(entries, w, num, 12);
	for (f.batch_num = 1; f.batch_num <= 10U; f.batch_num++) {
		f.wait_num = 1U + f.batch_num % 4U;
		/* Nine commands and the SYNC behind them, as in the test before. */
		for (at = 0; at < (9U + f.batch_num - 1U) / f.batch_num; at++)
			fail_once_at(at, &f, others, n);
	}
	sim_at(1)->issue_ok = 0;
	sim_at(1)->issue_bad = 1;
	sim_at(1)->wait_err = -INVAL_ETIMEDOUT;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_EOPNOTSUPP && f.error_total == 2U,
	      "%u errors", f.error_total);
	check_error(&f, 0, 1, INVAL_EOPNOTSUPP);
	check_error(&f, 1, 1, INVAL_ETIMEDOUT);
}

TEST(flush, error_list_ends_where_it_ends)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 5), i;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	for (i = 0; i < 5U; i++)
		sim_at(i)->wait_err = i == 4U ? -INVAL_EREMOTEIO : -INVAL_ETIMEDOUT;
	memset(sim.errors, 0x77, sizeof(sim.errors));
	f.error_num = 2;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_ETIMEDOUT, "walk");
	CHECK(f.error_total == 5U, "%u errors", f.error_total);
	check_error(&f, 0, 0, INVAL_ETIMEDOUT);
	check_error(&f, 1, 1, INVAL_ETIMEDOUT);
	for (i = 0; i < sizeof(sim.errors[0]); i++)
		CHECK(((unsigned char *)&sim.errors[2])[i] == 0x77U, "behind the list");
	f.error_num = 0;
	f.errors = NULL;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_ETIMEDOUT && f.error_total == 5U,
	      "no list");
}

static void check_suspect(const struct inval_flush *f, uint32_t at, uint32_t sid, bool ssv,
			  uint32_t ssid)
{
	CHECK(at < f->error_total && f->errors[at].smmu == 1U &&
	      f->errors[at].code == INVAL_EREMOTEIO, "error %u of %u", at, f->error_total);
	CHECK(f->errors[at].sid == sid && f->errors[at].ssv == ssv && f->errors[at].ssid == ssid,
	      "error %u: stream %x, substream %x", at, f->errors[at].sid, f->errors[at].ssid);
}

static uint32_t suspects(struct sim_want *w)
{
	uint32_t num = nested_smmus(w, 3);

	w[num++] = sim_want_ats(SIM_ATS, 1, 0xfffffff0U, true, 0xfffff);
	w[num++] = sim_want_ats(SIM_ATS, 1, 0xfffffff0U, true, 0);
	w[num++] = sim_want_ats(SIM_ATS, 1, 0xfffffff1U, false, 0);
	w[num - 1U].users = 0;
	w[num++] = sim_want_ats(SIM_ATS, 2, 0xfffffff2U, false, 0);
	return num;
}

TEST(flush, failed_atc_names_all_it_may_have_been)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = suspects(w);
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	sim_at(1)->wait_err = -INVAL_EREMOTEIO;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_EREMOTEIO, "walk");
	CHECK(f.error_total == 3U, "%u errors", f.error_total);
	check_suspect(&f, 0, 0xfffffff0U, true, 0);
	check_suspect(&f, 1, 0xfffffff0U, true, 0xfffff);
	check_suspect(&f, 2, 2, false, 0);
}

/* All devices of SMMU 1 leave while it is waited for. */
static void leave(uint32_t smmu)
{
	uint32_t i;

	for (i = 0; i < MOST; i++) {
		if (smmu == 1U && inval_entry_is_ats(&entries[i]) &&
		    inval_entry_smmu(&entries[i]) == 1U)
			entries[i].users = 0;
	}
}

TEST(flush, failed_atc_is_not_lost)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = suspects(w);
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	sim_at(1)->wait_err = -INVAL_EREMOTEIO;
	sim.on_wait = leave;
	CHECK(sim_walk(entries, num, 12, &req, &f) == -INVAL_EREMOTEIO, "walk");
	CHECK(f.error_total == 4U, "%u errors", f.error_total);
	check_suspect(&f, 2, 0xfffffff1U, false, 0);
	check_suspect(&f, 3, 2, false, 0);

	/* No device at all: somebody else's wait function says so. */
	CHECK(sim_walk(entries, 2, 12, &req, &f) == 0, "SMMU 0 alone");
	sim_at(0)->wait_err = -INVAL_EREMOTEIO;
	CHECK(sim_walk(entries, 2, 12, &req, &f) == -INVAL_EREMOTEIO, "walk");
	CHECK(f.error_total == 1U, "%u errors", f.error_total);
	check_error(&f, 0, 0, INVAL_EREMOTEIO);
}

TEST(flush, failed_atc_of_a_queue)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = suspects(w), i;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	for (i = 0; i < 3U; i++)
		sim_queue(i, 4);
	sim_at(1)->atc_fails = 1;
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == -INVAL_EREMOTEIO, "flush");
	CHECK(f.error_total == 3U, "%u errors", f.error_total);
	check_suspect(&f, 0, 0xfffffff0U, true, 0);
	check_suspect(&f, 2, 2, false, 0);
	sim_judge(w, num, &req, 12);
	sim_forget();
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0 && f.error_total == 0U, "again");
	sim_judge(w, num, &req, 12);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* One SMMU has stopped: it costs its time-out once, then fails fast. */
TEST(flush, peers_timeout_is_an_error)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST], others[MOST];
	uint32_t num = nested_smmus(w, 3), i, n, warns;
	struct inval_flush f = sim_flush();

	for (n = 0, i = 0; i < num; i++)
		if (w[i].smmu != 1U)
			others[n++] = w[i];
	sim_entries(entries, w, num, 12);
	for (i = 0; i < 3U; i++)
		sim_queue(i, 4);
	sim_at(1)->stuck = true;
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == -INVAL_ETIMEDOUT, "flush");
	CHECK(f.error_total == 1U, "%u errors", f.error_total);
	check_error(&f, 0, 1, INVAL_ETIMEDOUT);
	sim_judge(others, n, &req, 12);
	warns = rec.warns;
	sim_forget();
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == -INVAL_ESHUTDOWN, "again");
	CHECK(f.error_total == 1U && rec.warns == warns, "%u errors", f.error_total);
	check_error(&f, 0, 1, INVAL_ESHUTDOWN);
	sim_judge(others, n, &req, 12);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* No room in a queue that does not move: the issue fails, in the middle of a batch. */
TEST(flush, queue_that_is_full)
{
	struct inval_range_req req = sim_req(VA, 0x9000, true);
	struct sim_want w[MOST], others[MOST];
	uint32_t num, i, n, lg2;

	for (lg2 = 1; lg2 <= 3U; lg2++) {
		struct inval_flush f;

		num = nested_smmus(w, 3);
		f = sim_flush();
		for (n = 0, i = 0; i < num; i++) {
			if (w[i].smmu != 1U)
				others[n++] = w[i];
		}
		sim_entries(entries, w, num, 12);
		for (i = 0; i < 3U; i++)
			sim_queue(i, lg2);
		inval_caps_drop(&sim_at(1)->smmu.caps, INVAL_FEAT_RIL);
		sim_at(1)->stuck = true;
		CHECK(inval_flush_entries(entries, num, 12, &req, &f) == -INVAL_ETIMEDOUT, "2^%u",
		      lg2);
		CHECK(f.error_total == 1U, "%u errors", f.error_total);
		check_error(&f, 0, 1, INVAL_ETIMEDOUT);
		sim_judge(others, n, &req, 12);
		CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	}
}

/* All at once: windows, an issue that fails, waits that fail, and the others go on. */
TEST(flush, errors_in_windows)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST], others[MOST];
	uint32_t num, i, n, size, waited;
	struct inval_flush f;

	for (size = 1; size <= 7U; size++) {
		num = nested_smmus(w, 6);
		for (n = 0, i = 0; i < num; i++) {
			if (w[i].smmu != 3U)
				others[n++] = w[i];
		}
		sim_entries(entries, w, num, 12);
		f = sim_flush();
		f.wait_num = size;
		sim_at(1)->wait_err = -INVAL_ETIMEDOUT;
		sim_at(3)->issue_ok = 0;
		sim_at(3)->issue_err = -INVAL_ESHUTDOWN;
		sim_at(4)->wait_err = -INVAL_EREMOTEIO;
		CHECK(sim_walk(entries, num, 12, &req, &f) ==
		      (size < 4U ? -INVAL_ETIMEDOUT : -INVAL_ESHUTDOWN), "windows of %u", size);
		CHECK(f.error_total == 3U, "%u errors", f.error_total);
		check_error(&f, size < 4U ? 0U : 1U, 1, INVAL_ETIMEDOUT);
		check_error(&f, size < 4U ? 1U : 0U, 3, INVAL_ESHUTDOWN);
		CHECK(f.errors[2].smmu == 4U && f.errors[2].code == INVAL_EREMOTEIO &&
		      f.errors[2].sid == 2U, "the third");
		for (i = 0, waited = 0; i < sim.calls; i++)
			waited += sim.call[i].wait ? 1U << sim.call[i].smmu : 0U;
		CHECK(waited == (0x3fU & ~8U), "windows of %u: waited for 0x%x", size, waited);
		sim_judge(others, n, &req, 12);
	}
}

/* Further queues of SMMU 0: those of 5, 6 and 7. */
static struct inval_queue *more[3];

static void more_queues(uint32_t n, uint32_t lg2)
{
	uint32_t i;

	sim_queue(0, lg2);
	for (i = 0; i < n; i++) {
		sim_add(5U + i, 0);
		sim_queue(5U + i, lg2);
		more[i] = &sim_at(5U + i)->queue;
	}
	sim_at(0)->smmu.more = more;
	sim_at(0)->smmu.more_num = n;
}

static void as_smmu_0(void)
{
	uint32_t i;

	for (i = 0; i < sim.cmds; i++)
		sim.cmd[i].smmu = 0;
}

TEST(flush, queue_of_the_cpu)
{
	struct inval_range_req req = sim_req(VA, 0x9000, true);
	struct sim_want w[MOST];
	uint32_t num, n, cpu, i;
	struct inval_flush f;

	for (n = 1; n <= 3U; n++) {
		for (cpu = 0; cpu < REC_CPUS; cpu++) {
			num = nested_smmus(w, 1);
			more_queues(n, 2);
			sim_entries(entries, w, num, 12);
			f = sim_flush();
			f.batch_num = 2;
			rec.cpu = cpu;
			CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
			for (i = 0; i < sim.cmds; i++)
				CHECK(sim.cmd[i].smmu == 5U + cpu % n, "%u queues, CPU %u: queue %u", n,
				      cpu, sim.cmd[i].smmu);
			as_smmu_0();
			sim_judge(w, num, &req, 12);
		}
	}
}

/* The thread goes to another CPU whenever it waits for room. */
static uint32_t moves;

static void turn_move(void)
{
	moves++;
	rec.cpu = (rec.cpu + 1U) % REC_CPUS;
	sim_turn();
}

TEST(flush, queue_stays_when_the_thread_moves)
{
	struct inval_range_req req = sim_req(VA, 0x9000, true);
	struct sim_want w[MOST];
	uint32_t num, batch, i;
	struct inval_flush f;

	for (batch = 1; batch < 8U; batch++) {
		num = nested_smmus(w, 1);
		inval_caps_drop(&sim_at(0)->smmu.caps, INVAL_FEAT_RIL);
		more_queues(3, 2);
		sim_entries(entries, w, num, 12);
		f = sim_flush();
		f.batch_num = batch;
		rec.on_turn = turn_move;
		moves = 0;
		CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
		CHECK(moves != 0U, "it never moved");
		for (i = 0; i < sim.cmds; i++)
			CHECK(sim.cmd[i].smmu == 5U, "command %u elsewhere", i);
		as_smmu_0();
		sim_judge(w, num, &req, 12);
	}
}

/* The first queue takes these alone; what must be there, queue by queue. */
static void check_refusal(uint64_t accept0, uint32_t lg2, uint32_t batch)
{
	struct inval_range_req req = sim_req(VA, 0x9000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 1), i, first = 0;
	struct inval_flush f;
	bool other = false;

	w[num++] = sim_want_ats(SIM_ATS_FULL, 0, 7, false, 0);
	more_queues(1, lg2);
	more[0]->cfg.accept[0] = accept0;
	more[0]->cfg.accept[1] = 1ULL << 63;
	sim_entries(entries, w, num, 12);
	f = sim_flush();
	f.batch_num = batch;
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0 && f.error_total == 0U, "flush");
	for (i = 0; i < sim.cmds; i++) {
		other = other || sim.cmd[i].smmu == 0U;
		CHECK(!other || sim.cmd[i].smmu == 0U, "back to the first queue");
		first += !other;
		if (!other && (sim.cmd[i].cmd.d0 & 0xffU) != 0x46U)
			CHECK((accept0 >> (sim.cmd[i].cmd.d0 & 0xffU) & 1U) != 0U, "refused, but there");
	}
	CHECK(first == 0U || !other || (sim.cmd[first - 1U].cmd.d0 & 0xffU) == 0x46U,
	      "the first queue ends without a SYNC");
	as_smmu_0();
	if (batch > 6U)
		sim_judge(w, num, &req, 12);
}

TEST(flush, refused_goes_elsewhere)
{
	uint32_t ops, lg2, batch;

	for (ops = 0; ops < 4U; ops++) {
		for (lg2 = 2; lg2 < 6U; lg2++) {
			for (batch = 1; batch < 8U; batch++)
				check_refusal((ops & 1U ? 1ULL << 0x2a : 1ULL) |
					      (ops & 2U ? 1ULL << 0x10 : 1ULL), lg2, batch);
		}
	}
}

/* The first queue has it all done before the second one's doorbell rings. */
TEST(flush, refused_waits_for_the_first_queue)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = nested_smmus(w, 1), cons, bell, i;
	struct inval_flush f;

	more_queues(1, 4);
	more[0]->cfg.accept[0] = 1ULL << 0x2a | 1ULL << 0x10;
	sim_entries(entries, w, num, 12);
	f = sim_flush();
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
	for (i = 0; i + 1U < sim.cmds && sim.cmd[i].smmu == 5U; i++)
		continue;
	CHECK(i >= 4U && sim.cmd[i].smmu == 0U && (sim.cmd[i - 1U].cmd.d0 & 0xffU) == 0x46U,
	      "%u commands of the first queue", i);
	bell = rec_next_at(REC_MMIO_WRITE32, 0x98, 0);
	for (cons = REC_NONE, i = 0; i < bell; i++) {
		if (rec.log[i].kind == REC_CMPXCHG64 && rec.log[i].addr == rec_addr(&more[0]->cons))
			cons = i;
	}
	CHECK(cons != REC_NONE && more[0]->cons == more[0]->tail, "not complete");
	as_smmu_0();
	sim_judge(w, num, &req, 12);
}

TEST(flush, refused_and_errors)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num, which, i;
	struct inval_flush f;

	for (which = 0; which < 3U; which++) {
		num = nested_smmus(w, 1);
		w[num++] = sim_want_ats(SIM_ATS_FULL, 0, 9, false, 0);
		more_queues(1, 4);
		more[0]->cfg.accept[0] = 1ULL << 0x2a | 1ULL << 0x10;
		more[0]->cfg.accept[1] = which == 2U ? 1U : 0U;
		sim_entries(entries, w, num, 12);
		f = sim_flush();
		sim_at(which == 1U ? 0U : 5U)->stuck = which < 2U;
		sim_at(0)->atc_fails = which == 2U ? 1U : 0U;
		if (which == 2U)
			w[2].users = 0;
		CHECK(inval_flush_entries(entries, num, 12, &req, &f) ==
		      (which < 2U ? -INVAL_ETIMEDOUT : 0), "case %u", which);
		if (which < 2U)
			check_error(&f, 0, 0, INVAL_ETIMEDOUT);
		CHECK(f.error_total == (which < 2U ? 1U : 0U), "%u errors", f.error_total);
		CHECK(which != 0U || (sim.cmds == 1U && sim.cmd[0].cmd.d0 == 0x46U),
		      "%u commands where the first queue did not move", sim.cmds);
		CHECK(which == 0U || sim.cmds > 1U, "%u commands", sim.cmds);
		for (i = 0; which == 1U && i < sim.cmds; i++)
			CHECK(sim.cmd[i].smmu == 5U, "command %u", i);
	}
}

/* The first queue has the ATC_INV, and its SYNC fails before the rest goes elsewhere. */
TEST(flush, refused_after_a_failed_atc)
{
	struct inval_cmd cmds[2];
	struct inval_ticket t;

	sim_reset();
	sim_add(0, 0);
	more_queues(1, 4);
	more[0]->cfg.accept[0] = 1;
	more[0]->cfg.accept[1] = 1;	/* ATC_INV */
	sim_at(5)->atc_fails = 1;
	cmds[0].d0 = 0x40;
	cmds[0].d1 = 52;
	cmds[1].d0 = 0x30;
	cmds[1].d1 = 0;
	inval_queue_ticket_init(&t);
	t.atc = true;
	CHECK(inval_flush_issue(&sim_at(0)->smmu, cmds, 2, true, &t) == -INVAL_EREMOTEIO, "issue");
	CHECK(sim.cmds == 2U && sim_at(0)->queue.tail == 0U, "the rest is not issued");
	inval_queue_ticket_init(&t);
	t.atc = true;
	CHECK(inval_flush_issue(&sim_at(0)->smmu, cmds, 2, true, &t) == 0, "again");
	CHECK(t.atc && t.queue == &sim_at(0)->queue, "its ticket");
	CHECK(inval_flush_wait_queue(&sim_at(0)->smmu, &t) == 0, "wait");
}

/* The one that does not answer, of all that were named. */
TEST(flush, find)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct sim_want w[MOST];
	uint32_t num = suspects(w), i;
	struct inval_flush f = sim_flush();

	sim_entries(entries, w, num, 12);
	for (i = 0; i < 3U; i++)
		sim_queue(i, 4);
	sim_at(1)->deaf = 0xfffffff0U;
	sim_at(1)->deaf_on = true;
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == -INVAL_EREMOTEIO, "flush");
	CHECK(f.error_total == 3U, "%u errors", f.error_total);
	f.errors[3] = f.errors[2];
	f.errors[3].smmu = 2;
	f.errors[4] = f.errors[2];
	f.errors[4].code = INVAL_EILSEQ;
	sim_forget();
	CHECK(inval_flush_find(&sim_at(1)->smmu, f.errors, 5, 1000) == -INVAL_EREMOTEIO, "find");
	check_suspect(&f, 0, 0xfffffff0U, true, 0);
	check_suspect(&f, 1, 0xfffffff0U, true, 0xfffff);
	CHECK(f.errors[2].code == 0 && f.errors[3].code == INVAL_EREMOTEIO &&
	      f.errors[4].code == INVAL_EILSEQ, "only those");
	CHECK(sim.cmds == 9U && sim.cmd[0].cmd.d0 == 0x46U && sim.cmd[2].cmd.d0 == 0x46U &&
	      sim.cmd[1].cmd.d0 == 0xfffffff000000840ULL && sim.cmd[1].cmd.d1 == 52U &&
	      sim.cmd[4].cmd.d0 == 0xfffffff0fffff840ULL && sim.cmd[7].cmd.d0 == 0x200000040ULL,
	      "%u commands", sim.cmds);
	sim_at(1)->deaf_on = false;
	CHECK(inval_flush_find(&sim_at(1)->smmu, f.errors, 5, 1000) == 0, "all answer");
	CHECK(f.errors[0].code == 0 && f.errors[1].code == 0, "acquitted");
	sim_at(2)->stuck = true;
	CHECK(inval_flush_find(&sim_at(2)->smmu, f.errors, 5, 1000) == -INVAL_ETIMEDOUT, "stuck");
	CHECK(f.errors[3].code == INVAL_EREMOTEIO, "as before");
	f.errors[0].code = INVAL_EREMOTEIO;
	f.errors[0].ssid = 1U << 20;
	CHECK(inval_flush_find(&sim_at(1)->smmu, f.errors, 1, 1000) == -INVAL_ERANGE, "SubstreamID");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

static void refused(const struct inval_range_req *req, struct inval_flush *f, const char *what)
{
	struct inval_array *none = NULL;

	f->error_total = 99;
	sim_forget();
	CHECK(sim_walk(entries, 3, 12, req, f) == -INVAL_EINVAL, "%s", what);
	CHECK(sim.calls == 0U && sim.cmds == 0U && f->error_total == 0U, "%s", what);
	CHECK(rec.count[INVAL_COUNT_FLUSH] == 0U && rec.events == 0U, "%s: counted", what);
	CHECK(inval_flush_array(none, req, f) == -INVAL_EINVAL, "%s, no array", what);
}

TEST(flush, bad_requests_are_refused)
{
	struct inval_range_req good = sim_req(VA, 0x1000, true), req = good;
	struct inval_flush f = sim_flush();
	struct sim_want w[MOST];

	sim_entries(entries, w, nested_smmus(w, 1), 12);
	req.granule_lg2 = 13;
	refused(&req, &f, "granule");
	req = good;
	req.addr = 0ULL - 0x1000U;
	req.bytes = 0x1001;
	refused(&req, &f, "beyond 2^64");
	req = good;
	req.leaf_lg2 = 11;
	refused(&req, &f, "leaf");
	f.batch_num = 0;
	refused(&good, &f, "no batch");
	f = sim_flush();
	f.wait_num = 0;
	refused(&good, &f, "no tickets");
	f = sim_flush();
	CHECK(sim_walk(entries, 3, 12, &good, &f) == 0, "the good one");
}

TEST(flush, arrays)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	struct inval_array *a = NULL;
	struct sim_want w[MOST];
	uint32_t num = suspects(w), i;
	struct inval_unref res;
	unsigned char *mem;

	CHECK(inval_flush_array(NULL, &req, &f) == 0 && f.error_total == 0U, "no array");
	CHECK(rec.count[INVAL_COUNT_FLUSH] == 1U && sim.cmds == 0U, "counted all the same");
	w[num - 2U] = w[num - 1U];
	num--;
	sim_entries(entries, w, num, 16);
	mem = (unsigned char *)malloc((size_t)inval_array_merge_bytes(NULL, num));
	CHECK(mem && inval_array_merge(&a, mem, inval_array_merge_bytes(NULL, num), NULL, entries,
				       num) == 0, "merge");
	sim_queue(0, 4);
	sim_queue(1, 4);
	sim_queue(2, 4);
	CHECK(inval_flush_array(a, &req, &f) == 0, "flush");
	sim_judge(w, num, &req, 16);
	/* SMMU 2 is the end of the array: what has left there is not walked any more. */
	inval_array_unref(a, &entries[num - 4U], 4, &res);
	CHECK(res.unknown == 0U && a->num == num - 4U, "unref");
	for (i = 0; i < num; i++)
		w[i].users = w[i].smmu == 2U ? 0U : 1U;
	sim_forget();
	CHECK(inval_flush_array(a, &req, &f) == 0, "flush");
	sim_judge(w, num, &req, 16);
	CHECK(rec_next_at(REC_LOAD32, rec_addr(&a->num), 0) != REC_NONE &&
	      rec_next_at(REC_LOAD32, rec_addr(&a->num),
			  rec_next_at(REC_LOAD32, rec_addr(&a->num), 0) + 1U) == REC_NONE,
	      "num is read once");
	free(a);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* Users of an array's entries are not looked at while it has no dead one; then they are. */
TEST(flush, arrays_with_dead_devices)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	struct inval_array *a = NULL;
	struct sim_want w[9];
	struct inval_unref res;
	unsigned char *mem;
	uint32_t i, left;

	sim_reset();
	sim_add(0, 0);
	for (i = 0; i < 9U; i++)
		w[i] = sim_want_ats(SIM_ATS, 0, i, false, 0);
	sim_entries(entries, w, 9, 12);
	mem = (unsigned char *)malloc((size_t)inval_array_merge_bytes(NULL, 9));
	CHECK(mem && inval_array_merge(&a, mem, inval_array_merge_bytes(NULL, 9), NULL, entries,
				       9) == 0, "merge");
	for (left = 0; left < 8U; left++) {
		sim_forget();
		CHECK(inval_flush_walk_array(a, &req, &f, sim_issue, sim_wait) == 0, "flush");
		sim_judge(w, 9, &req, 12);
		inval_array_unref(a, &entries[left], 1, &res);
		w[left].users = 0;
	}
	CHECK(rec_next_at(REC_LOAD32, rec_addr(&a->dead), 0) != REC_NONE, "read as hooks do");
	CHECK(inval_flush_walk_array(NULL, &req, &f, sim_issue, sim_wait) == 0, "no array");
	free(a);
}

TEST(flush, counted_and_traced)
{
	struct inval_range_req req = sim_req(VA, 3U * 0x1000U, true);
	struct sim_want w[MOST];
	uint32_t num = three_smmus(w), i;
	struct inval_flush f = sim_flush();

	memset(rec.mute, 0, sizeof(rec.mute));
	for (i = 0; i < 3U; i++)
		sim_queue(i, 5);
	sim_entries(entries, w, num, 12);
	CHECK(inval_flush_entries(entries, num, 12, &req, &f) == 0, "flush");
	CHECK(rec.count[INVAL_COUNT_FLUSH] == 1U, "flushes");
	CHECK(rec.count[INVAL_COUNT_TLBI] == 2U + 1U + 6U + 1U + 2U + 1U, "%u TLBI",
	      (uint32_t)rec.count[INVAL_COUNT_TLBI]);
	CHECK(rec.count[INVAL_COUNT_ATC] == 9U, "%u ATC_INV", (uint32_t)rec.count[INVAL_COUNT_ATC]);
	CHECK(rec.count[INVAL_COUNT_SYNC] == 9U, "%u SYNC", (uint32_t)rec.count[INVAL_COUNT_SYNC]);
	CHECK(rec.count[INVAL_COUNT_WAIT] == 3U && rec.count[INVAL_COUNT_ERROR] == 0U, "waits");
	i = rec_next(REC_TRACE, 0);
	CHECK(rec.log[i].what == INVAL_EVENT_FLUSH_BEGIN && rec.log[i].addr == VA &&
	      rec.log[i].value == 0x3000U, "begin");
	for (num = rec.events; rec.log[num - 1U].kind != REC_TRACE; num--)
		;
	CHECK(rec.log[num - 1U].what == INVAL_EVENT_FLUSH_END && rec.log[num - 1U].addr == 15U &&
	      rec.log[num - 1U].value == 0U, "end");
}

/* Gather: the flushes of a whole sequence, page by page. */
#define PAGES 256U

struct gathered {
	struct inval_gather g;
	uint8_t added[PAGES], flushed[PAGES];
	uint32_t flushes;
	uint64_t base;
};

/* Pages carry how they were mapped, plus 1. */
static void mark(uint8_t *pages, uint64_t base, const struct inval_range_req *req)
{
	uint64_t page;
	uint8_t how = (uint8_t)(1U + (req->leaf ? 1U : 0U) + (req->d128 ? 2U : 0U) +
				(req->leaf_lg2 != 0U ? 4U : 0U) +
				(req->granule_lg2 != 12U ? 8U : 0U));

	CHECK(req->bytes % 0x1000U == 0U && req->bytes != 0U, "%llx bytes",
	      (unsigned long long)req->bytes);
	CHECK(req->addr - base < PAGES * 0x1000U &&
	      req->bytes <= PAGES * 0x1000U - (req->addr - base), "%llx bytes at %llx",
	      (unsigned long long)req->bytes, (unsigned long long)req->addr);
	for (page = 0; page < req->bytes / 0x1000U; page++)
		pages[(req->addr - base) / 0x1000U + page] |= how;
}

static void gather_end(struct gathered *t)
{
	if (!t->g.used)
		return;
	mark(t->flushed, t->base, &t->g.req);
	t->flushes++;
	inval_gather_init(&t->g);
}

static void gather_more(struct gathered *t, uint64_t page, uint64_t num, uint32_t how)
{
	struct inval_range_req req = sim_req(t->base + page * 0x1000U, num * 0x1000U, false);
	struct inval_gather before = t->g;
	int err;

	req.leaf = (how & 1U) != 0U;
	req.d128 = (how & 2U) != 0U;
	req.leaf_lg2 = (how & 4U) != 0U ? 16 : 0;
	req.granule_lg2 = (how & 8U) != 0U ? 16 : 12;
	mark(t->added, t->base, &req);
	err = inval_gather_add(&t->g, &req);
	if (err == -INVAL_EAGAIN) {
		CHECK(t->g.used && t->g.req.addr == before.req.addr &&
		      t->g.req.bytes == before.req.bytes, "changed by a refusal");
		gather_end(t);
		err = inval_gather_add(&t->g, &req);
	}
	CHECK(err == 0 && t->g.used, "%d", err);
}

static struct gathered gather_begin(uint64_t base)
{
	struct gathered t;

	memset(&t, 0, sizeof(t));
	t.base = base;
	t.g.used = true;
	inval_gather_init(&t.g);
	CHECK(!t.g.used, "init");
	return t;
}

TEST(flush, gather_random)
{
	static const uint64_t base[3] = { 0, VA, 0ULL - PAGES * 0x1000ULL };
	uint64_t seed = 5, page, num;
	uint32_t round, i, how;
	struct gathered t;

	for (round = 0; round < 3000U; round++) {
		t = gather_begin(base[round % 3U]);
		page = test_random(&seed) % PAGES;
		how = (uint32_t)test_random(&seed);
		for (i = 0; i < 20U; i++) {
			num = 1U + test_random(&seed) % 16U;
			if (test_random(&seed) % 4U == 0U)
				page = test_random(&seed) % PAGES;
			if (test_random(&seed) % 8U == 0U)
				how = (uint32_t)test_random(&seed);
			if (page + num > PAGES)
				continue;
			gather_more(&t, page, num, how);
			page = page + num;
		}
		gather_end(&t);
		CHECK(memcmp(t.added, t.flushed, PAGES) == 0, "round %u", round);
	}
}

TEST(flush, gather_joins_neighbours)
{
	struct gathered t = gather_begin(VA);
	uint64_t i;

	for (i = 0; i < PAGES; i++)
		gather_more(&t, i, 1, 1);
	CHECK(t.flushes == 0U && t.g.req.bytes == PAGES * 0x1000U, "upwards");
	CHECK(t.g.req.addr == VA, "upwards");
	gather_end(&t);
	t = gather_begin(VA);
	for (i = PAGES; i > 0U; i--)
		gather_more(&t, i - 1U, 1, 1);
	CHECK(t.flushes == 0U && t.g.req.bytes == PAGES * 0x1000U, "downwards");
	CHECK(t.g.req.addr == VA, "downwards");
	gather_end(&t);
	t = gather_begin(VA);
	gather_more(&t, 100, 1, 1);
	for (i = 1; i < 100U; i++) {
		gather_more(&t, 100U + i, 1, 1);
		gather_more(&t, 100U - i, 1, 1);
	}
	CHECK(t.flushes == 0U && t.g.req.bytes == 199U * 0x1000U, "both ways");
	gather_more(&t, 201, 1, 1);
	CHECK(t.flushes == 1U, "a gap");
	gather_more(&t, 201, 1, 1);
	CHECK(t.flushes == 2U, "the same again is no neighbour");
}

TEST(flush, gather_joins_what_is_mapped_alike)
{
	uint32_t have, more;

	for (have = 0; have < 16U; have++) {
		for (more = 0; more < 16U; more++) {
			struct gathered t = gather_begin(VA);

			gather_more(&t, 4, 2, have);
			gather_more(&t, 6, 2, more);
			CHECK(t.flushes == (have != more), "%u behind %u", more, have);
			t = gather_begin(VA);
			gather_more(&t, 4, 2, have);
			gather_more(&t, 2, 2, more);
			CHECK(t.flushes == (have != more), "%u before %u", more, have);
		}
	}
}

/* The second range does not join the first, which stays as it is. */
static void apart(uint64_t addr, uint64_t bytes, uint64_t addr2, uint64_t bytes2)
{
	struct inval_range_req req = sim_req(addr, bytes, true);
	struct inval_gather g;

	inval_gather_init(&g);
	CHECK(inval_gather_add(&g, &req) == 0, "first");
	req = sim_req(addr2, bytes2, true);
	CHECK(inval_gather_add(&g, &req) == -INVAL_EAGAIN, "%llx joins %llx",
	      (unsigned long long)addr2, (unsigned long long)addr);
	CHECK(g.used && g.req.addr == addr && g.req.bytes == bytes, "changed");
}

TEST(flush, gather_ends_of_the_address_space)
{
	apart(0ULL - 0x1000U, 0x1000, 0, 0x1000);
	apart(0, 0x1000, 0ULL - 0x1000U, 0x1000);
	/* Two halves of all there is: a sum of 0 would mean everything by accident. */
	apart(0, 1ULL << 63, 1ULL << 63, 1ULL << 63);
	apart(1ULL << 63, 1ULL << 63, 0, 1ULL << 63);
	/* And 2^64 - 1 bytes likewise. */
	apart(0, 1ULL << 63, 1ULL << 63, (1ULL << 63) - 1U);
	apart((1ULL << 63) + 1U, (1ULL << 63) - 1U, 1, 1ULL << 63);
}

TEST(flush, gather_refuses)
{
	struct inval_range_req good = sim_req(VA, 0x1000, true), bad[6];
	struct inval_gather g, before;
	uint32_t i, used;

	inval_gather_init(&g);
	bad[0] = sim_req(VA, 1, true);
	CHECK(inval_gather_add(&g, &bad[0]) == 0, "one byte is a range");
	bad[0] = sim_req(VA + 0x1000U, 0, true);
	bad[1] = sim_req(0, UINT64_MAX, true);
	bad[2] = sim_req(0ULL - 0x1000U, 0x1001, true);
	bad[3] = sim_req(VA + 0x1000U, 0ULL - VA, true);
	bad[4] = sim_req(VA + 0x1000U, 0x1000, true);
	bad[4].granule_lg2 = 13;
	bad[5] = sim_req(VA + 0x1000U, 0x1000, true);
	bad[5].leaf_lg2 = 11;
	for (used = 0; used < 2U; used++) {
		memset(&g, 0, sizeof(g));
		inval_gather_init(&g);
		CHECK(used == 0U || inval_gather_add(&g, &good) == 0, "good");
		for (i = 0; i < 6U; i++) {
			before = g;
			CHECK(inval_gather_add(&g, &bad[i]) == -INVAL_EINVAL, "bad %u", i);
			CHECK(memcmp(&before, &g, sizeof(g)) == 0, "bad %u changed it", i);
		}
	}
}
