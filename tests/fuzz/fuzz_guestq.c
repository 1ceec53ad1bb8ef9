/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guestq.h against a hostile guest: any commands, any register writes in any order, memory
 * and registers that change while a command is copied, the queue moved in mid-work; behind
 * it our queue, and the model's SMMU with ATC_INVs that fail. A call stays in its budget;
 * what reaches the SMMU is legal, of our VMID and our streams; nobody is warned.
 */
/* port: recording */
#include <inval/guestq.h>

#include "fuzz.h"

#define CHECK FUZZ_CHECK

static inline uint64_t test_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state ^ (*state >> 29);
}

#include "guest_machine.h"

/* The SMMU of tests/model, and a guest that sees it without stage 2. */
static void setup(void)
{
	static const struct grule_stream own[] = {
		{ 0, 0x700, false, 0 }, { 3, 0x705, true, 12 }, { 0x100, 9, true, 16 },
	};
	unsigned int op, i;

	memset(&gm.j, 0, sizeof(gm.j));
	model_init(&gm.model, 0);
	gm.j.env.real = gm.model.env;
	gm.j.env.real.idr1 |= 8u << 21;
	gm.j.env.shown = gm.j.env.real;
	gm.j.env.shown.idr0 &= ~1u;
	for (op = 0; op < 128; op++)
		if (grule_listed(op))
			gm.j.env.take[op / 64] |= (uint64_t)1 << op % 64;
	gm.j.env.vmid = 0x1234;
	i = fuzz_byte();
	gm.j.env.strict = (i & 1) != 0;
	gm.j.env.own = (i & 2) != 0;
	memcpy(gm.j.rule_stream, own, sizeof(own));
	gm.j.env.streams = 3;
	FUZZ_CHECK(judge_init(&gm.j) == 0, "guest");
	gm_open(fuzz_byte());
}

static void any_write(void)
{
	static const uint32_t reg[] = { 0x98, 0x20, 0x64, 0x90, 0x9c, 0x94, 0x60, 0x24, 0x92, 0x00 };
	uint32_t offset = reg[fuzz_pick(10)];
	uint64_t value = fuzz_pick(4) == 0 ? fuzz_word(8) : fuzz_byte();
	int ret;

	if (offset == 0x90 && fuzz_pick(4) != 0)
		value |= GM_BASE;
	ret = inval_guestq_write(&gm.q, offset, value, offset == 0x90 ? 8 : 4u << fuzz_pick(2));
	FUZZ_CHECK(ret == 0 || ret == INVAL_GUESTQ_MORE || ret == -INVAL_ENOENT, "write");
}

/* What is forwarded, so that rounds are long. */
static void many_commands(void)
{
	uint32_t slot;

	for (slot = 0; slot < GM_SLOTS; slot++) {
		gm.mem[2 * slot] = 0x11 | (uint64_t)slot << 48;
		gm.mem[2 * slot + 1] = 0;
	}
	gm_write(INVAL_REG_CMDQ_PROD, gm_read(INVAL_REG_CMDQ_CONS) + fuzz_byte());
}

static void any_command(void)
{
	uint32_t slot = fuzz_byte(), op = fuzz_pick((uint32_t)RULES_ROWS + 2u);
	uint64_t d0 = op < RULES_ROWS ? rules_table[op].opcode : fuzz_byte();

	d0 |= (uint64_t)fuzz_byte() << 32 | (uint64_t)fuzz_byte() << 48;
	if (fuzz_pick(4) == 0)
		d0 |= fuzz_word(4) << 8;
	gm.mem[2 * slot] = d0;
	gm.mem[2 * slot + 1] = fuzz_pick(4) == 0 ? fuzz_word(8) : fuzz_byte();
}

/* Another vCPU, while ours is being served. */
static void meanwhile(uint32_t slot)
{
	(void)slot;
	if (fuzz_pick(4) == 0)
		any_write();
	if (fuzz_pick(4) == 0)
		any_command();
}

static void judge_effects(void)
{
	uint32_t i;

	for (i = 0; i < gm.dones; i++) {
		uint64_t d0 = gm.done[i][0];

		if ((d0 & 0x100) != 0)	/* emulated */
			continue;
		FUZZ_CHECK(!rules_has(d0, RF_VMID) || rules_bits(d0, 47, 32) == 0x1234, "VMID");
		FUZZ_CHECK(!rules_has(d0, RF_SID) || d0 >> 32 == 0x700 || d0 >> 32 == 0x705 ||
			   d0 >> 32 == 9, "StreamID");
		FUZZ_CHECK(gforward_opcode(d0) || gm.answer == INVAL_GUESTQ_ISSUE, "opcode");
	}
	gm.dones = 0;
}

static void any_run(void)
{
	uint32_t budget = fuzz_pick(40), fetches = gm.fetches, emulations = gm.emulations;
	int ret;

	gm.answer = (int)fuzz_pick(3) - 1;
	gm.again = fuzz_pick(8);
	ret = gm_run(budget);
	FUZZ_CHECK(ret == 0 || ret == INVAL_GUESTQ_MORE, "%d", ret);
	FUZZ_CHECK(gm.fetches - fetches <= 2 * budget && gm.emulations - emulations <= budget,
		   "%u copied, %u emulated of %u", gm.fetches - fetches, gm.emulations - emulations,
		   budget);
	FUZZ_CHECK(gm.rep.consumed <= budget && gm.rep.issued <= budget, "%u, %u of %u",
		   gm.rep.consumed, gm.rep.issued, budget);
	judge_effects();
}

static void move(void)
{
	struct inval_guestq_config cfg = gm_config();
	struct inval_guestq_state state;

	inval_guestq_save(&gm.q, &state);
	if (fuzz_pick(4) == 0)
		((uint8_t *)&state)[fuzz_pick((uint32_t)sizeof(state))] ^= fuzz_byte();
	if (inval_guestq_load(&gm.q, &state) != 0)
		return;
	FUZZ_CHECK(inval_guestq_init(&gm.q, &cfg) == 0 && inval_guestq_load(&gm.q, &state) == 0,
		   "what was good is refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t steps;

	fuzz_begin(data, size);
	setup();
	gm_boot(fuzz_pick(9));
	gm.on_fetch = meanwhile;
	gm.smmu.often[MODEL_ATC] = 100;
	for (steps = 0; fuzz_left != 0 && steps < 200; steps++) {
		switch (fuzz_pick(9)) {
		case 0:
		case 1:
			any_write();
			break;
		case 2:
		case 3:
		case 4:
			any_command();
			break;
		case 5:
			(void)gm_ack();
			break;
		case 6:
			any_run();
			break;
		case 7:
			many_commands();
			break;
		default:
			move();
			break;
		}
	}
	any_run();
	FUZZ_CHECK(rec.warns == 0, "a guest reached a warning");
	FUZZ_CHECK(gm.smmu.raised[MODEL_ERR_ILL] == 0, "a guest stopped the SMMU's queue");
	gm_close();
	return 0;
}
