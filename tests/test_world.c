/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/model/world.h - the judge of translations, tags and devices, judged by software
 * written by hand, right and wrong.
 *
 * Properties:
 * - what an SMMU or a device has read stays until a command that names it takes effect:
 *   each kind of translation, each command, and what it leaves alone
 * - a last-level table that was unlinked is found by the upper entry that is kept
 * - a stale translation is found in the TLB, in stage 2, combined, in an ATC, in memory,
 *   by old configuration in memory or kept
 * - ATC_INV to a device that is gone or never was, an illegal command, one that no
 *   domain needs or for a tag that nobody has; a flush without a SYNC; a commit without
 *   CFGI or its SYNC; a tag that is used again, handed out or just used; a translation
 *   of a domain that was left: each is found, and the right way is none
 * - an SMMU without power does nothing and keeps all; without SMMUEN it reads ahead
 */
/* port: recording */
#include "inval/port.h"
#include "model/world.h"
#include "test.h"

#define SYNC 0x46U

static uint32_t pos;

/* Stream 0 and 1 behind SMMU 0; nothing happens by itself. */
static void start(void)
{
	world_open(1, false);
	rec.on_event = machine_event;
	machine.pace = 0;
	world_stream(0, 0);
	world_stream(1, 0);
	pos = 0;
}

static void finish(void)
{
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	world_close();
}

static uint64_t le(uint64_t v)
{
	unsigned char byte[8];
	uint64_t raw;
	uint32_t i;

	for (i = 0; i < 8U; i++)
		byte[i] = (unsigned char)(v >> 8 * i);
	memcpy(&raw, byte, 8);
	return raw;
}

/* Given to the SMMU, without any effect yet. */
static void give(uint64_t d0, uint64_t d1)
{
	world.smmu[0].slot[2U * (pos % WORLD_SLOTS)] = le(d0);
	world.smmu[0].slot[2U * (pos % WORLD_SLOTS) + 1U] = le(d1);
	inval_port_dma_wmb();
	pos = (pos + 1U) % (2U * WORLD_SLOTS);
	model_queue_write32(&world.smmu[0].q, MODEL_PROD, pos);
}

static void settle(void)
{
	model_queue_settle(&world.smmu[0].q);
}

static void done(uint64_t d0, uint64_t d1)
{
	give(d0, d1);
	give(SYNC, 0);
	settle();
}

static uint64_t tlbi(uint32_t op, uint32_t vmid, uint32_t asid)
{
	return op | (uint64_t)vmid << 32 | (uint64_t)asid << 48;
}

static uint64_t va(uint32_t page)
{
	return WORLD_VA + 4096U * page;
}

/* So often that it is kept wherever it can be. */
static void reach(uint32_t sid, uint32_t ssid, uint32_t page)
{
	uint32_t i;

	for (i = 0; i < 64U; i++)
		world_access(sid, ssid, page);
}

static bool fault(const char *text)
{
	bool so = world_faults() != 0U && strcmp(world_fault(), text) == 0;

	if (!so)
		printf("%u faults, first: %s\n", world_faults(), world_fault());
	world.smmu[0].m.faults = 0;
	return so;
}

#define STALE "a stale translation is used after its flush returned"

/* Stream 0 uses table 1 by VMID 2 and ASID 3, and has used pages 4 and 5. */
static void use(enum world_kind kind, bool global, bool ats)
{
	start();
	world.mem.pte[1][4] = world_pte(1, 4, 1);
	world.mem.pte[1][5] = world_pte(1, 5, 1);
	world.mem.cd[0][0] = world_cd(3, 1, global);
	world.mem.ste[0] = world_ste(kind, 2, 1, ats);
	world.stream[0].ats = ats;
	reach(0, 0, 4);
	reach(0, 0, 5);
	CHECK(world_faults() == 0U && world_held(1, 4) && !world_held(1, 6) && !world_held(2, 4),
	      "%s", world_fault());
	world.mem.pte[1][4] = 0;
}

struct want {
	enum world_kind kind;
	bool global;
	uint64_t d0;
	bool by_page;
	bool gone;
};

TEST(world, what_commands_take_away)
{
	const struct want w[] = {
		{ WORLD_S1, false, tlbi(0x12, 2, 3), true, true },
		{ WORLD_S1, false, tlbi(0x12, 2, 4), true, false },
		{ WORLD_S1, false, tlbi(0x12, 1, 3), true, false },
		{ WORLD_S1, true, tlbi(0x12, 2, 4), true, true },
		{ WORLD_S1, false, tlbi(0x11, 2, 3), false, true },
		{ WORLD_S1, false, tlbi(0x11, 2, 4), false, false },
		{ WORLD_S1, true, tlbi(0x11, 2, 3), false, false },
		{ WORLD_S1, true, tlbi(0x10, 2, 0), false, true },
		{ WORLD_S1, false, tlbi(0x10, 1, 0), false, false },
		{ WORLD_S1, false, tlbi(0x22, 0, 3), true, false },
		{ WORLD_S1, false, tlbi(0x2a, 2, 0), true, false },
		{ WORLD_S1, false, tlbi(0x28, 2, 0), false, true },
		{ WORLD_S1, false, 0x30, false, true },
		{ WORLD_S1, false, 0x20, false, false },
		{ WORLD_EL2, false, tlbi(0x22, 0, 3), true, true },
		{ WORLD_EL2, false, tlbi(0x22, 0, 2), true, false },
		{ WORLD_EL2, false, tlbi(0x21, 0, 3), false, true },
		{ WORLD_EL2, true, tlbi(0x21, 0, 3), false, false },
		{ WORLD_EL2, true, 0x20, false, true },
		{ WORLD_EL2, false, 0x30, false, false },
		{ WORLD_S2, false, tlbi(0x2a, 2, 0), true, true },
		{ WORLD_S2, false, tlbi(0x2a, 3, 0), true, false },
		{ WORLD_S2, false, tlbi(0x28, 2, 0), false, true },
		{ WORLD_S2, false, tlbi(0x10, 2, 0), false, false },
		{ WORLD_S2, false, 0x30, false, true },
		{ WORLD_NESTED, false, tlbi(0x2a, 2, 0), true, false },
		{ WORLD_NESTED, false, tlbi(0x10, 2, 0), false, false },
		{ WORLD_NESTED, false, tlbi(0x28, 2, 0), false, true },
		{ WORLD_NESTED, false, tlbi(0x28, 1, 0), false, false },
	};
	uint32_t i;

	for (i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
		use(w[i].kind, w[i].global, false);
		done(w[i].d0, w[i].by_page ? va(4) : 0U);
		CHECK(world_held(1, 5) == (w[i].by_page || !w[i].gone), "case %u: another page", i);
		world_freed(1, 4, 1);
		if (w[i].gone)
			CHECK(world_faults() == 0U, "case %u: %s", i, world_fault());
		else
			CHECK(fault(STALE), "case %u", i);
		finish();
	}
}

TEST(world, a_range_and_the_page_before)
{
	use(WORLD_S2, false, false);
	/* Two pages of 4KB, from page 4 on: TG 1, NUM 1. */
	done(tlbi(0x2a, 2, 0) | 1U << 12, va(4) | 1U << 10);
	CHECK(!world_held(1, 4) && !world_held(1, 5), "both");
	finish();
	use(WORLD_S2, false, false);
	done(tlbi(0x2a, 2, 0), va(3));
	done(tlbi(0x2a, 2, 0), va(0) - 4096U);
	done(tlbi(0x2a, 2, 0), va(WORLD_PAGES));
	CHECK(world_held(1, 4) && world_held(1, 5), "neither");
	finish();
}

/* Stage 2 first, with its SYNC: else the combined one is made again from the old. */
TEST(world, nested_needs_both_in_order)
{
	use(WORLD_NESTED, false, false);
	done(tlbi(0x2a, 2, 0), va(4));
	done(tlbi(0x10, 2, 0), 0);
	world_freed(1, 4, 1);
	CHECK(world_faults() == 0U, "%s", world_fault());
	finish();
	use(WORLD_NESTED, false, false);
	done(tlbi(0x10, 2, 0), 0);
	reach(0, 0, 4);
	done(tlbi(0x2a, 2, 0), va(4));
	world_freed(1, 4, 1);
	CHECK(fault(STALE), "made again");
	finish();
}

TEST(world, nothing_vanishes_before_its_effect)
{
	use(WORLD_S2, false, false);
	give(tlbi(0x2a, 2, 0), va(4));
	while (model_queue_can(&world.smmu[0].q, MODEL_FETCH))
		model_queue_do(&world.smmu[0].q, MODEL_FETCH);
	model_queue_do(&world.smmu[0].q, MODEL_TAKE);
	CHECK(world_held(1, 4), "consumed is not done");
	model_queue_do(&world.smmu[0].q, MODEL_FINISH);
	CHECK(!world_held(1, 4), "done");
	finish();
}

/* A last-level table is unlinked: Leaf = 1 leaves the way to it, Leaf = 0 does not. */
TEST(world, table_unlinked)
{
	static const struct {
		enum world_kind kind;
		uint64_t d0;
		bool by_page;
		bool clear;
	} w[] = {
		{ WORLD_S1, 0x12 | 2ULL << 32 | 3ULL << 48, true, false },
		{ WORLD_S1, 0x11 | 2ULL << 32 | 3ULL << 48, false, false },
		{ WORLD_EL2, 0x22 | 3ULL << 48, true, false },
		{ WORLD_EL2, 0x21 | 3ULL << 48, false, false },
		{ WORLD_EL2, 0x20, false, false },
		{ WORLD_S2, 0x2a | 2ULL << 32, true, false },
		{ WORLD_S2, 0x28 | 2ULL << 32, false, false },
		{ WORLD_S2, 0x30, false, false },
		{ WORLD_NESTED, 0x2a | 2ULL << 32, true, true },
	};
	uint32_t i, leaf;

	for (i = 0; i < 2U * sizeof(w) / sizeof(w[0]); i++) {
		leaf = i % 2U;
		use(w[i / 2U].kind, false, false);
		world.mem.top[1][1] = 0;
		done(w[i / 2U].d0, w[i / 2U].by_page ? va(5) | leaf : 0U);
		done(w[i / 2U].d0, w[i / 2U].by_page ? va(4) | leaf : 0U);
		if (w[i / 2U].clear)
			done(tlbi(0x10, 2, 0), 0);
		world_unlinked(1, 1, 1);
		if (leaf == 1U && w[i / 2U].by_page)
			CHECK(fault("a table is walked after its flush returned"), "case %u", i);
		else
			CHECK(world_faults() == 0U, "case %u: %s", i, world_fault());
		finish();
	}
}

TEST(world, table_unlinked_in_use)
{
	use(WORLD_S2, false, false);
	world.unlinked[1][1] = 1;
	reach(0, 0, 6);
	CHECK(fault("a table is walked after its flush returned"), "by an access");
	world.mem.top[1][1] = world_top(1, 1, 2);
	done(tlbi(0x2a, 2, 0), va(6));
	reach(0, 0, 6);
	CHECK(world_faults() == 0U, "the next table: %s", world_fault());
	finish();
}

TEST(world, table_in_memory)
{
	use(WORLD_S2, false, false);
	world.mem.pte[1][4] = world_pte(1, 4, 1);
	done(tlbi(0x28, 2, 0), 0);
	world_freed(1, 4, 1);
	CHECK(fault(STALE), "still in the table");
	world.mem.pte[1][4] = world_pte(1, 4, 2);
	reach(0, 0, 4);
	world_freed(1, 4, 1);
	CHECK(world_faults() == 0U, "its next life: %s", world_fault());
	finish();
}

TEST(world, used_by_a_device)
{
	use(WORLD_S2, false, false);
	world.freed[1][4] = 1;
	reach(0, 0, 4);
	CHECK(fault(STALE), "by an access");
	world.stream[0].quiet = true;
	reach(0, 0, 4);
	CHECK(world_faults() == 0U, "a quiet device: %s", world_fault());
	world.stream[0].quiet = false;
	world.smmu[0].enabled = false;
	reach(0, 0, 4);
	CHECK(world_faults() == 0U, "SMMUEN = 0: %s", world_fault());
	finish();
}

TEST(world, atc)
{
	const uint64_t all = 52, atc = 0x40, ssv = 1U << 11;

	use(WORLD_S1, false, true);
	done(tlbi(0x11, 2, 3), 0);
	CHECK(world_held(1, 4), "a TLBI empties no ATC");
	world_freed(1, 4, 1);
	CHECK(fault(STALE), "ATC");
	done(atc | 1ULL << 32, all);
	done(atc | ssv | 1U << 12, all);
	done(atc, va(6));
	CHECK(world_held(1, 4), "another device, SubstreamID, page");
	done(atc, va(4));
	CHECK(!world_held(1, 4) && world_held(1, 5), "that page");
	done(atc | ssv, all);
	CHECK(!world_held(1, 5), "that SubstreamID");
	world_freed(1, 4, 1);
	CHECK(world_faults() == 0U, "%s", world_fault());
	finish();
	use(WORLD_S1, false, true);
	done(tlbi(0x11, 2, 3), 0);
	done(atc, va(0) | 4U);
	CHECK(!world_held(1, 4) && !world_held(1, 5), "64KB");
	finish();
}

TEST(world, atc_without_eats)
{
	start();
	world.mem.pte[1][4] = world_pte(1, 4, 1);
	world.mem.ste[0] = world_ste(WORLD_S2, 2, 1, false);
	world.stream[0].ats = true;
	reach(0, 0, 4);
	CHECK(world.stream[0].atc[0][4] == 0U && world_held(1, 4), "no translation request");
	finish();
}

TEST(world, device_gone)
{
	use(WORLD_S1, false, true);
	world.stream[0].gone = true;
	done(0x40, va(4));
	CHECK(fault("ATC_INV to a device that is being reset or removed"), "gone");
	done(0x40 | 5ULL << 32, va(4));
	CHECK(fault("ATC_INV to a StreamID without a device"), "never there");
	finish();
}

TEST(world, commands)
{
	start();
	give(0x3f, 0);
	settle();
	CHECK(fault("an illegal or reserved command"), "opcode");
	finish();
	start();
	give(tlbi(0x12, 0, 1), va(0) | 1U << 10);
	settle();
	CHECK(fault("an illegal or reserved command"), "a range of the reserved form");
	finish();
	start();
	done(tlbi(0x11, 0, WORLD_TAGS), 0);
	CHECK(fault("a TLBI for a tag that nobody has"), "ASID");
	done(tlbi(0x13, 0, 0), va(0));
	CHECK(fault("a command that no domain needs"), "NH_VAA");
	finish();
}

TEST(world, flush_without_sync)
{
	start();
	give(tlbi(0x11, 0, 1), 0);
	world_flushed(0);
	CHECK(fault("a flush returned without a SYNC behind its commands"), "not consumed");
	settle();
	world_flushed(0);
	CHECK(fault("a flush returned without a SYNC behind its commands"), "consumed");
	world_flushed(1);
	CHECK(world_faults() == 0U, "another CPU's: %s", world_fault());
	give(SYNC, 0);
	settle();
	world_flushed(0);
	CHECK(world_faults() == 0U, "%s", world_fault());
	finish();
}

TEST(world, commit_without_cfgi)
{
	const uint64_t ste = world_ste(WORLD_S1, 0, 0, false), cd = world_cd(1, 1, false);

	start();
	world.mem.ste[0] = ste;
	world.mem.cd[0][0] = cd;
	world_configured(0, 0, ste, cd);
	CHECK(fault("commit without CFGI + SYNC"), "no CFGI");
	done(0x03 | 1ULL << 32, 1);
	world_configured(0, 0, ste, cd);
	CHECK(fault("commit without CFGI + SYNC"), "another stream's");
	give(0x03, 1);
	settle();
	world_configured(0, 0, ste, cd);
	CHECK(fault("commit without CFGI + SYNC"), "no SYNC");
	give(SYNC, 0);
	settle();
	world_configured(0, 0, ste, cd);
	CHECK(world_faults() == 0U, "%s", world_fault());
	world.mem.cd[0][1] = cd;
	world_configured(0, 1, ste, cd);
	CHECK(fault("commit without CFGI + SYNC"), "a PASID's");
	done(0x05 | 1U << 12, 1);
	world_configured(0, 1, ste, cd);
	CHECK(world_faults() == 0U, "%s", world_fault());
	finish();
}

/* Kept configuration is used until CFGI, and that it is kept is seen. */
TEST(world, configuration)
{
	use(WORLD_S2, false, false);
	world.mem.ste[0] = 0;
	reach(0, 0, 5);
	world.freed[1][5] = 1;
	reach(0, 0, 5);
	CHECK(fault(STALE), "the old STE");
	done(0x03, 1);
	reach(0, 0, 5);
	world_freed(1, 5, 1);
	CHECK(world_faults() == 0U, "aborts: %s", world_fault());
	world.mem.ste[0] = world_ste(WORLD_S2, 2, 1, false);
	world_freed(1, 5, 1);
	CHECK(fault(STALE), "the new STE, from memory");
	finish();
}

#define TAG "a tag was used again while the TLB held it"

TEST(world, tags)
{
	use(WORLD_S1, false, false);
	world_taken(0, true, 2);
	CHECK(fault(TAG), "a VMID with stage 1");
	world_taken(0, true, 1);
	world_taken(0, false, 3);
	world_taken(1, true, 2);
	CHECK(world_faults() == 0U, "others: %s", world_fault());
	world.mem.pte[3][5] = world_pte(3, 5, 1);
	world.mem.cd[0][0] = world_cd(3, 3, false);
	done(0x05, 1);
	reach(0, 0, 5);
	CHECK(fault(TAG), "another table, the same ASID");
	finish();
	use(WORLD_EL2, false, false);
	world_taken(0, false, 3);
	CHECK(fault(TAG), "an ASID of EL2");
	finish();
	use(WORLD_S2, false, false);
	world_taken(0, true, 2);
	CHECK(fault(TAG), "a VMID with stage 2");
	world_power_off(0);
	world_taken(0, true, 2);
	CHECK(world_faults() == 0U, "of an SMMU that is off: %s", world_fault());
	finish();
	start();
	world.mem.pte[1][4] = world_pte(1, 4, 1);
	world.mem.cd[0][0] = world_cd(3, 1, false);
	world.mem.ste[0] = world_ste(WORLD_S1, 0, 0, false);
	reach(0, 0, 4);
	world_taken(0, false, 3);
	CHECK(fault(TAG), "an ASID");
	world_broadcast(3, 4, true);
	world_taken(0, false, 3);
	CHECK(fault(TAG), "an ASID: only leaves were named");
	world_broadcast(3, 4, false);
	world_taken(0, false, 3);
	CHECK(world_faults() == 0U, "the CPU's TLBI is heard: %s", world_fault());
	finish();
}

TEST(world, domain_left)
{
	use(WORLD_S2, false, true);
	world.mem.pte[2][5] = world_pte(2, 5, 1);
	world.mem.ste[0] = world_ste(WORLD_S2, 3, 2, true);
	done(0x03, 1);
	world.stream[0].moving = true;
	reach(0, 0, 5);
	CHECK(world_faults() == 0U, "while it moves: %s", world_fault());
	world.stream[0].moving = false;
	reach(0, 0, 5);
	CHECK(fault("a device uses a translation of a domain that it has left"), "left");
	done(0x40, 52);
	reach(0, 0, 5);
	CHECK(world_faults() == 0U, "%s", world_fault());
	finish();
}

TEST(world, power)
{
	use(WORLD_S2, false, false);
	world_power_off(0);
	world.mem.ste[0] = 0;
	CHECK(world_held(1, 4), "kept");
	world.freed[1][4] = 1;
	reach(0, 0, 4);
	world_freed(1, 4, 1);
	CHECK(world_faults() == 0U, "no power: %s", world_fault());
	CHECK(machine_read32(MACHINE_REGS(0) + MODEL_CONS) == UINT32_MAX, "registers");
	world_power_on(0);
	pos = 0;
	done(0x04, 31);
	done(0x30, 0);
	CHECK(!world_held(1, 4) && !world_held(1, 5), "emptied");
	world.mem.ste[0] = world_ste(WORLD_S2, 2, 1, false);
	reach(0, 0, 5);
	CHECK(world_held(1, 5), "reads ahead before SMMUEN");
	finish();
}
