/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/test_rules.c - the judge of tests/rules, judged by hand-made words.
 *
 * Properties:
 * - exactly the 34 opcodes of IHI 0070 4.1.1 are known, 0x80-0x8F are the
 *   implementation's, the rest is reserved; nothing else is said of the latter two
 * - a canonical word of every command is legal on exactly the queues it is for
 * - every bit of every command is owned or reserved as its section draws it, for
 *   SMMUv3.0, 3.1 and 3.4 where that differs
 * - every gate closes by its ID bit, in the register of the queue's own state
 * - every rule is violated by at least one word, alone unless the words say so, and
 *   passes the nearest legal word
 * - each alignment row of 4.4.1 forbids its bits and no other
 */
#include "test.h"
#include "rules/rules.h"

#define NS RULES_NS
#define SEC RULES_SECURE
#define REALM RULES_REALM

#define BROKEN(rule) ((uint32_t)1 << RULE_##rule)

enum reg {
	NONE, AIDR, IDR0, IDR1, IDR3, IDR5, R_IDR0, R_IDR3, S_IDR0, S_IDR1, S_IDR3, E2H, S_E2H
};

/* An SMMUv3.4 that has everything, RME excepted. */
static struct rules_env rich(unsigned int sec)
{
	struct rules_env env;

	env.aidr = 0x00000004;
	env.idr0 = 0x00057603;		/* VMID16 PRI SEV MSI ASID16 ATS Hyp S1P S2P */
	env.idr1 = 0x00000520;		/* SSIDSIZE 20, SIDSIZE 32 */
	env.idr3 = 0x00008480;		/* DPT RIL MPAM */
	env.idr5 = 0x000001f5;		/* D128 DS 64K 16K 4K, 48-bit OAS */
	env.idr6 = 0;
	env.r_idr0 = 0x00012400;	/* PRI MSI ATS */
	env.r_idr3 = 0x00008000;	/* DPT */
	env.s_idr0 = 0x00002000;	/* MSI */
	env.s_idr1 = 0xa0000020;	/* SECURE_IMPL SEL2, S_SIDSIZE 32 */
	env.s_idr3 = 0;
	env.e2h = true;
	env.s_e2h = true;
	env.sec = sec;
	return env;
}

static uint32_t *env_reg(struct rules_env *env, enum reg reg)
{
	switch (reg) {
	case AIDR: return &env->aidr;
	case IDR0: return &env->idr0;
	case IDR1: return &env->idr1;
	case IDR3: return &env->idr3;
	case IDR5: return &env->idr5;
	case R_IDR0: return &env->r_idr0;
	case R_IDR3: return &env->r_idr3;
	case S_IDR0: return &env->s_idr0;
	case S_IDR1: return &env->s_idr1;
	case S_IDR3: return &env->s_idr3;
	case NONE:
	case E2H:
	case S_E2H: break;
	}
	return NULL;
}

/* The rich SMMU with one register changed: clear first, then set. */
static struct rules_env tweaked(unsigned int sec, enum reg reg, uint32_t clear, uint32_t set)
{
	struct rules_env env = rich(sec);
	uint32_t *word = env_reg(&env, reg);

	if (word != NULL)
		*word = (*word & ~clear) | set;
	env.e2h = reg != E2H;
	env.s_e2h = reg != S_E2H;
	return env;
}

/*
 * One canonical word per opcode, the queues on which it is legal, the bits owned
 * there; a small letter: legal, but other bits are owned, see the next row.
 */
struct command {
	uint64_t d0, d1;
	const char *queues;
	uint64_t own0, own1;
};

static const struct command commands[] = {
	/* PREFETCH_CONFIG: SSV, SubstreamID 0x45, StreamID 0x123 */
	{ 0x0000012300045801, 0, "NSR", 0xfffffffffffffcff, 0 },
	/* PREFETCH_ADDR: Size 4, Stride 3 */
	{ 0x0000012300045802, 0x00007fff12345064, "NSR", 0xfffffffffffffcff, 0xfffffffffffff3ff },
	/* the same of a Secure stream to the Non-secure space: NS, which needs SSec */
	{ 0x0000012300045c02, 0x00007fff12345864, "S", 0xfffffffffffffcff, 0xfffffffffffffbff },
	/* CFGI_STE: Leaf */
	{ 0x0000012300000003, 0x1, "NSR", 0xffffffff000004ff, 0x1 },
	/* CFGI_STE_RANGE: Range 7 = 256 streams */
	{ 0x0000010000000004, 0x7, "NSR", 0xffffffff000004ff, 0x1f },
	/* CFGI_ALL */
	{ 0x0000000000000004, 0x1f, "NSR", 0xffffffff000004ff, 0x1f },
	/* CFGI_CD: SubstreamID 0x45, Leaf */
	{ 0x0000012300045005, 0x1, "NSR", 0xfffffffffffff4ff, 0x1 },
	/* CFGI_CD_ALL */
	{ 0x0000012300000006, 0, "NSR", 0xffffffff000004ff, 0 },
	/* CFGI_VMS_PIDM: VMID 0x42 */
	{ 0x0000004200000007, 0, "NSR", 0x0000ffff000004ff, 0 },
	/* TLBI_NH_ALL, _ASID (ASID 7), _VA (classic, Leaf) */
	{ 0x0000004200000010, 0, "NSR", 0x0000ffff000000ff, 0 },
	{ 0x0007004200000011, 0, "NSR", 0xffffffff000000ff, 0 },
	{ 0x0007004200000012, 0xffff800012345001, "NSR", 0xffffffff03f1f0ff, 0xffffffffffffff81 },
	/* TLBI_NH_VA: 32 * 2^4 pages of 4K, TTL 3, Leaf */
	{ 0x000700420041f012, 0xffff800012345701, "NSR", 0xffffffff03f1f0ff, 0xffffffffffffff81 },
	/* TLBI_NH_VAA */
	{ 0x0000004200000013, 0xffff800012345000, "NSR", 0x0000ffff03f1f0ff, 0xffffffffffffff81 },
	/* TLBI_EL3_ALL, _VA */
	{ 0x0000000000000018, 0, "S", 0x00000000000000ff, 0 },
	{ 0x000000000000001a, 0x0000000087654001, "S", 0x0000000003f1f0ff, 0xffffffffffffff81 },
	/* TLBI_EL2_ALL, _ASID, _VA, _VAA */
	{ 0x0000000000000020, 0, "NSR", 0x00000000000000ff, 0 },
	{ 0x0007000000000021, 0, "NSR", 0xffff0000000000ff, 0 },
	{ 0x0007000000000022, 0xffff800012345001, "NSR", 0xffff000003f1f0ff, 0xffffffffffffff81 },
	{ 0x0000000000000023, 0xffff800012345001, "NSR", 0x0000000003f1f0ff, 0xffffffffffffff81 },
	/* TLBI_S12_VMALL, S2_IPA (whole 56 bits), NSNH_ALL */
	{ 0x0000004200000028, 0, "NSR", 0x0000ffff000000ff, 0 },
	{ 0x000000420000002a, 0x00fffffffffff001, "NSR", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 },
	{ 0x0000000000000030, 0, "NSR", 0x00000000000000ff, 0 },
	/* ATC_INV: Global, SSV, everything */
	{ 0x0000012300045a40, 0x0000000000000034, "NSR", 0xfffffffffffffaff, 0xfffffffffffff03f },
	/* PRI_RESP: Success to group 0x1ff */
	{ 0x0000012300045841, 0x00000000000021ff, "NSR", 0xfffffffffffff8ff, 0x00000000000031ff },
	/* RESUME: retry; retry with the ignored Ab; STALL_TERM */
	{ 0x0000012300001044, 0xbeef, "NS", 0xffffffff000034ff, 0xffff },
	{ 0x0000012300003044, 0xbeef, "NS", 0xffffffff000034ff, 0xffff },
	{ 0x0000012300000045, 0, "NS", 0xffffffff000004ff, 0 },
	/* SYNC: no signal; SEV; interrupt and MSI */
	{ 0x0000000000000046, 0, "NSR", 0xffffffff0fc030ff, 0x80fffffffffffffc },
	{ 0x0000000000002046, 0, "NSR", 0xffffffff0fc030ff, 0x80fffffffffffffc },
	{ 0xdeadbeef0fc01046, 0x00ff000080001234, "NSR", 0xffffffff0fc030ff, 0x80fffffffffffffc },
	/* TLBI_S_EL2_ALL, _ASID, _VA, _VAA */
	{ 0x0000000000000050, 0, "S", 0x00000000000000ff, 0 },
	{ 0x0007000000000051, 0, "S", 0xffff0000000000ff, 0 },
	{ 0x0007000000000052, 0xffff800012345001, "S", 0xffff000003f1f0ff, 0xffffffffffffff81 },
	{ 0x0000000000000053, 0xffff800012345001, "S", 0x0000000003f1f0ff, 0xffffffffffffff81 },
	/* TLBI_S_S12_VMALL, S_S2_IPA, SNH_ALL */
	{ 0x0000004200000058, 0, "S", 0x0000ffff000000ff, 0 },
	{ 0x000000420000005a, 0x0000000012345001, "S", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 },
	{ 0x0000000000000060, 0, "S", 0x00000000000000ff, 0 },
	/* DPTI_ALL */
	{ 0x0000000000000070, 0, "NSR", 0x00000000000000ff, 0 },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char state_letter[3] = { 'N', 'S', 'R' };

static bool draws_queue(const struct command *cmd, unsigned int sec)
{
	return strchr(cmd->queues, state_letter[sec]) != NULL;
}

static bool legal_on_queue(const struct command *cmd, unsigned int sec)
{
	return draws_queue(cmd, sec) || (sec == SEC && strchr(cmd->queues, 's') != NULL);
}

static unsigned int bits_set(uint32_t mask)
{
	unsigned int n = 0;

	for (; mask != 0; mask >>= 1)
		n += mask & 1;
	return n;
}

TEST(rules, opcodes)
{
	uint32_t reserved = 0, impdef = 0, known = 0, violated;
	struct rules_env env = rich(SEC);
	uint64_t opcode;

	for (opcode = 0; opcode < 256; opcode++) {
		/* all other bits set: nothing but the opcode may be judged */
		violated = rules_violated(&env, ~(uint64_t)0xff | opcode, ~(uint64_t)0);
		if (violated == BROKEN(OPCODE))
			reserved++;
		else if (violated == BROKEN(IMPDEF))
			impdef++;
		else
			known++;
		CHECK((violated == BROKEN(IMPDEF)) == (opcode >= 0x80 && opcode <= 0x8f),
		      "opcode %02x: violated %08x", (unsigned int)opcode, (unsigned int)violated);
		CHECK((violated & (BROKEN(OPCODE) | BROKEN(IMPDEF))) == 0 ||
		      bits_set(violated) == 1,
		      "opcode %02x: violated %08x", (unsigned int)opcode, (unsigned int)violated);
	}
	CHECK(reserved == 206, "%u reserved opcodes", (unsigned int)reserved);
	CHECK(impdef == 16, "%u implementation defined opcodes", (unsigned int)impdef);
	CHECK(known == 34, "%u known opcodes", (unsigned int)known);
	CHECK(RULES_ROWS == 34, "%u rows", (unsigned int)RULES_ROWS);
}

TEST(rules, canonical_words_are_legal_on_their_queues)
{
	bool seen[256] = { false };
	unsigned int sec, n = 0;
	uint32_t violated;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		seen[commands[i].d0 & 0xff] = true;
		for (sec = 0; sec < 3; sec++) {
			struct rules_env env = rich(sec);

			violated = rules_violated(&env, commands[i].d0, commands[i].d1);
			CHECK((violated == 0) == legal_on_queue(&commands[i], sec),
			      "%016llx %016llx on %c: violated %08x",
			      (unsigned long long)commands[i].d0,
			      (unsigned long long)commands[i].d1, state_letter[sec],
			      (unsigned int)violated);
			/* a Secure PREFETCH_ADDR breaks SSec and NS elsewhere, not the queue */
			if (violated != 0 && (commands[i].d0 & 0xff) != 0x02)
				CHECK(violated == BROKEN(QUEUE), "%016llx on %c: %08x",
				      (unsigned long long)commands[i].d0, state_letter[sec],
				      (unsigned int)violated);
		}
	}
	for (i = 0; i < RULES_ROWS; i++)
		n += seen[rules_table[i].opcode];
	CHECK(n == 33, "%u of 33 commands have a canonical word (DPTI_PA has none)", n);
}

/* Set one bit more: RESERVED exactly when the drawing shows no field there. */
static void check_ownership(const struct rules_env *env, const struct command *cmd)
{
	unsigned int bit;
	uint32_t violated;
	uint64_t mask;

	for (bit = 0; bit < 128; bit++) {
		mask = (uint64_t)1 << (bit % 64);
		if (bit < 8)
			continue;
		violated = rules_violated(env, bit < 64 ? cmd->d0 | mask : cmd->d0,
					  bit < 64 ? cmd->d1 : cmd->d1 | mask);
		CHECK(((violated & BROKEN(RESERVED)) == 0) ==
		      (((bit < 64 ? cmd->own0 : cmd->own1) & mask) != 0),
		      "%016llx aidr %x bit %u: violated %08x", (unsigned long long)cmd->d0,
		      (unsigned int)env->aidr, bit, (unsigned int)violated);
	}
}

TEST(rules, every_bit_is_owned_or_reserved)
{
	unsigned int sec;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		for (sec = 0; sec < 3; sec++) {
			struct rules_env env = rich(sec);

			if (draws_queue(&commands[i], sec))
				check_ownership(&env, &commands[i]);
		}
	}
}

TEST(rules, owned_bits_follow_the_revision)
{
	static const struct { uint32_t aidr; struct command cmd; } rows[] = {
		{ 0, { 0x0000012300000002, 0x1000, "N", 0xfffffffffffffcff, 0xfffffffffffff01f } },
		{ 1, { 0x0000012300000002, 0x1000, "N", 0xfffffffffffffcff, 0xfffffffffffff3ff } },
		{ 0, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x0000ffffffffff81 } },
		{ 1, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x000fffffffffff81 } },
		{ 2, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x000fffffffffff81 } },
		{ 3, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x000fffffffffff81 } },
		{ 4, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 } },
		{ 5, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 } },
		/* the register's other bits say nothing; a later major has it all */
		{ 0x100, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x0000ffffffffff81 } },
		{ 0x100, { 0x0000012300000002, 0x1000, "N", 0xfffffffffffffcff, 0xfffffffffffff01f } },
		{ 0x008, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 } },
		{ 0x010, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 } },
		{ 0x080, { 0x000000000000002a, 0x1000, "N", 0x0000ffff03f1f0ff, 0x00ffffffffffff81 } },
		{ 0x080, { 0x0000012300000002, 0x1000, "N", 0xfffffffffffffcff, 0xfffffffffffff3ff } },
		{ 0, { 0x000000000000005a, 0x1000, "S", 0x0000ffff03f1f0ff, 0x0000ffffffffff81 } },
		{ 3, { 0x000000000000005a, 0x1000, "S", 0x0000ffff03f1f0ff, 0x000fffffffffff81 } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rules_env env = tweaked(rows[i].cmd.queues[0] == 'S' ? SEC : NS, AIDR,
					       0xff, rows[i].aidr);

		check_ownership(&env, &rows[i].cmd);
	}
}

/* A word on the rich SMMU with one register changed, and exactly what it breaks. */
struct vector {
	unsigned int sec;
	enum reg reg;
	uint32_t clear, set;
	uint64_t d0, d1;
	uint32_t expect;
};

static void check_vectors(const struct vector *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct rules_env env = tweaked(v[i].sec, v[i].reg, v[i].clear, v[i].set);
		uint32_t violated = rules_violated(&env, v[i].d0, v[i].d1);

		CHECK(violated == v[i].expect,
		      "row %u: %016llx %016llx on %c: violated %08x, expected %08x",
		      (unsigned int)i, (unsigned long long)v[i].d0,
		      (unsigned long long)v[i].d1, state_letter[v[i].sec],
		      (unsigned int)violated, (unsigned int)v[i].expect);
	}
}

#define CHECK_VECTORS(table) check_vectors(table, sizeof(table) / sizeof(table[0]))

TEST(rules, queue)
{
	static const struct vector rows[] = {
		{ NS, NONE, 0, 0, 0x18, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x1a, 0x1000, BROKEN(QUEUE) },
		{ NS, NONE, 0, 0, 0x50, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x51, 0, BROKEN(QUEUE) },
		{ NS, NONE, 0, 0, 0x52, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x53, 0, BROKEN(QUEUE) },
		{ NS, NONE, 0, 0, 0x58, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x5a, 0, BROKEN(QUEUE) },
		{ NS, NONE, 0, 0, 0x60, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x44, 0, BROKEN(QUEUE) },
		{ REALM, NONE, 0, 0, 0x45, 0, BROKEN(QUEUE) },
		{ NS, NONE, 0, 0, 0x44, 0, 0 },
		{ SEC, NONE, 0, 0, 0x45, 0, 0 },
		/* both the queue and the gate refuse */
		{ NS, S_IDR1, 1u << 29, 0, 0x50, 0, BROKEN(QUEUE) | BROKEN(FEATURE) },
		/* and the fields are judged all the same */
		{ NS, NONE, 0, 0, 0x150, 0, BROKEN(QUEUE) | BROKEN(RESERVED) },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, feature)
{
	static const struct vector rows[] = {
		/* IDR0.S1P */
		{ NS, IDR0, 2, 0, 0x05, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 2, 0, 0x06, 0, BROKEN(FEATURE) },
		{ REALM, IDR0, 2, 0, 0x10, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 2, 0, 0x11, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 2, 0, 0x12, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 2, 0, 0x13, 0, BROKEN(FEATURE) },
		/* A VMS: IDR3.MPAM, both stages; of Secure, SEL2 */
		{ NS, IDR3, 1u << 7, 0, 0x07, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 1, 0, 0x07, 0, BROKEN(FEATURE) },
		{ REALM, IDR0, 2, 0, 0x07, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x407, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x07, 0, 0 },
		/* IDR0.RME_IMPL takes the EL3 commands away */
		{ SEC, IDR0, 0, 1u << 30, 0x18, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 0, 1u << 30, 0x1a, 0, BROKEN(FEATURE) },
		/* IDR0.Hyp, on every queue */
		{ NS, IDR0, 1u << 9, 0, 0x20, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1u << 9, 0, 0x21, 0, BROKEN(FEATURE) },
		{ REALM, IDR0, 1u << 9, 0, 0x22, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 1u << 9, 0, 0x23, 0, BROKEN(FEATURE) },
		/* but not Secure EL2's commands */
		{ SEC, IDR0, 1u << 9, 0, 0x50, 0, 0 },
		/* IDR0.S2P */
		{ NS, IDR0, 1, 0, 0x28, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 1, 0, 0x2a, 0, BROKEN(FEATURE) },
		/* S_IDR1.SEL2, and with it Secure stage 2 */
		{ SEC, S_IDR1, 1u << 29, 0, 0x50, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x51, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x52, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x53, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x58, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x5a, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x60, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1, 0, 0x58, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1, 0, 0x5a, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1, 0, 0x60, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1, 0, 0x50, 0, 0 },
		/* NSNH_ALL needs nothing */
		{ NS, IDR0, 3, 0, 0x30, 0, 0 },
		/* ATS, PRI, DPT: own register; Secure: Non-secure bit and SAMS = 0 */
		{ NS, IDR0, 1u << 10, 0, 0x40, 0, BROKEN(FEATURE) },
		{ NS, R_IDR0, 1u << 10, 0, 0x40, 0, 0 },
		{ NS, S_IDR3, 0, 1u << 6, 0x40, 0, 0 },
		{ REALM, R_IDR0, 1u << 10, 0, 0x40, 0, BROKEN(FEATURE) },
		{ REALM, IDR0, 1u << 10, 0, 0x40, 0, 0 },
		{ REALM, S_IDR3, 0, 1u << 6, 0x40, 0, 0 },
		{ SEC, IDR0, 1u << 10, 0, 0x40, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR3, 0, 1u << 6, 0x40, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 1u << 16, 0, 0x41, 0, BROKEN(FEATURE) },
		{ REALM, R_IDR0, 1u << 16, 0, 0x41, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 1u << 16, 0, 0x41, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR3, 0, 1u << 6, 0x41, 0, BROKEN(FEATURE) },
		{ NS, IDR3, 1u << 15, 0, 0x70, 0, BROKEN(FEATURE) },
		{ NS, R_IDR3, 1u << 15, 0, 0x70, 0, 0 },
		{ REALM, R_IDR3, 1u << 15, 0, 0x70, 0, BROKEN(FEATURE) },
		{ REALM, IDR3, 1u << 15, 0, 0x70, 0, 0 },
		{ SEC, IDR3, 1u << 15, 0, 0x70, 0, BROKEN(FEATURE) },
		{ SEC, S_IDR3, 0, 1u << 6, 0x70, 0, BROKEN(FEATURE) },
		{ NS, IDR3, 1u << 15, 0, 0x73, 0, BROKEN(FEATURE) },
		/* STALL_MODEL 0b01 = no stalls; 0b10 = always */
		{ NS, IDR0, 0, 1u << 24, 0x44, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 0, 1u << 25, 0x44, 0, 0 },
		{ NS, IDR0, 0, 3u << 24, 0x44, 0, 0 },
		{ NS, IDR0, 0, 5u << 24, 0x44, 0, BROKEN(FEATURE) },
		{ NS, S_IDR0, 0, 1u << 24, 0x45, 0, 0 },
		{ SEC, S_IDR0, 0, 1u << 24, 0x45, 0, BROKEN(FEATURE) },
		{ SEC, IDR0, 0, 1u << 24, 0x44, 0, 0 },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, ssec)
{
	static const uint64_t with_ssec[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x44, 0x45 };
	static const struct vector rows[] = {
		/* commands without SSec: the bit is reserved, on the Secure queue too */
		{ SEC, NONE, 0, 0, 0x440, 0, BROKEN(RESERVED) },
		{ NS, NONE, 0, 0, 0x412, 0, BROKEN(RESERVED) },
		{ SEC, NONE, 0, 0, 0x446, 0, BROKEN(RESERVED) },
		{ REALM, NONE, 0, 0, 0x444, 0, BROKEN(SSEC) | BROKEN(QUEUE) },
	};
	size_t i;

	for (i = 0; i < sizeof(with_ssec) / sizeof(with_ssec[0]); i++) {
		const struct vector row[3] = {
			{ NS, NONE, 0, 0, with_ssec[i] | 0x400, 0, BROKEN(SSEC) },
			{ SEC, NONE, 0, 0, with_ssec[i] | 0x400, 0, 0 },
			{ NS, NONE, 0, 0, with_ssec[i], 0, 0 },
		};

		CHECK_VECTORS(row);
	}
	CHECK_VECTORS(rows);
}

TEST(rules, reserved)
{
	static const struct vector rows[] = {
		{ NS, NONE, 0, 0, 0x0000000000000110, 0, BROKEN(RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000000010, 1, BROKEN(RESERVED) },
		/* PREFETCH_ADDR: NS of what is not Secure, or has no Secure EL2; Stride in SMMUv3.0 */
		{ NS, NONE, 0, 0, 0x02, 0x800, BROKEN(RESERVED) },
		{ REALM, NONE, 0, 0, 0x02, 0x800, BROKEN(RESERVED) },
		{ SEC, NONE, 0, 0, 0x02, 0x800, BROKEN(RESERVED) },
		{ SEC, NONE, 0, 0, 0x402, 0x800, 0 },
		{ SEC, S_IDR1, 1u << 29, 0, 0x402, 0x800, BROKEN(RESERVED) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x402, 0, 0 },
		{ NS, AIDR, 0xff, 0, 0x02, 0x20, BROKEN(RESERVED) },
		{ NS, AIDR, 0xff, 1, 0x02, 0x20, 0 },
		/* S_S2_IPA: NS is doubtful, so it is nobody's */
		{ SEC, NONE, 0, 0, 0x5a, 0x2, BROKEN(RESERVED) },
		/* EL2_VAA and EL3_VA have no ASID, EL2_VA no VMID */
		{ NS, NONE, 0, 0, 0x0001000000000023, 0, BROKEN(RESERVED) },
		{ SEC, NONE, 0, 0, 0x000100000000001a, 0, BROKEN(RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000100000022, 0, BROKEN(RESERVED) },
		/* IPA above the revision's width */
		{ NS, AIDR, 0xff, 0, 0x2a, 0x0000800000000000, 0 },
		{ NS, AIDR, 0xff, 0, 0x2a, 0x0001000000000000, BROKEN(RESERVED) },
		{ NS, AIDR, 0xff, 3, 0x2a, 0x0008000000000000, 0 },
		{ NS, AIDR, 0xff, 3, 0x2a, 0x0010000000000000, BROKEN(RESERVED) },
		{ NS, NONE, 0, 0, 0x2a, 0x0080000000000000, 0 },
		{ NS, NONE, 0, 0, 0x2a, 0x0100000000000000, BROKEN(RESERVED) },
		/* RIL's fields are judged by their own rule */
		{ NS, IDR3, 1u << 10, 0, 0x1012, 0, BROKEN(RANGE_FEATURE) },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, sid)
{
	static const uint64_t with_sid[] = {
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x40, 0x41, 0x44, 0x45
	};
	static const struct vector rows[] = {
		/* Secure: SSec says whose StreamID it is. S_SIDSIZE 8, SIDSIZE 32 */
		{ SEC, S_IDR1, 0x3f, 8, 0x0000010000000403, 0, BROKEN(SID) },
		{ SEC, S_IDR1, 0x3f, 8, 0x000000ff00000403, 0, 0 },
		{ SEC, S_IDR1, 0x3f, 8, 0x0000010000000003, 0, 0 },
		/* SIDSIZE 8, S_SIDSIZE 32 */
		{ SEC, IDR1, 0x3f, 8, 0x0000010000000403, 0, 0 },
		{ SEC, IDR1, 0x3f, 8, 0x0000010000000003, 0, BROKEN(SID) },
		/* SSec is refused elsewhere and does not choose the size there */
		{ NS, S_IDR1, 0x3f, 8, 0x0000010000000403, 0, BROKEN(SSEC) },
		/* ATC_INV has no SSec: Non-secure StreamIDs */
		{ SEC, S_IDR1, 0x3f, 8, 0x0000010000000040, 0, 0 },
		/* CFGI_STE_RANGE: low Range + 1 bits ignored */
		{ NS, IDR1, 0x3f, 8, 0x000000ff00000004, 0x0, 0 },
		{ NS, IDR1, 0x3f, 8, 0x0000010000000004, 0x7, BROKEN(SID) },
		{ NS, IDR1, 0x3f, 8, 0x0000010000000004, 0x8, 0 },
		{ NS, IDR1, 0x3f, 8, 0x0000020000000004, 0x8, BROKEN(SID) },
		{ NS, IDR1, 0x3f, 8, 0x8000000000000004, 0x1e, BROKEN(SID) },
		/* CFGI_ALL: all ignored */
		{ NS, IDR1, 0x3f, 8, 0xffffffff00000004, 0x1f, 0 },
		/* neighbouring bits of the registers */
		{ NS, IDR1, 0x7ff, 0x48, 0x0000010000000003, 0, BROKEN(SID) },
		{ SEC, S_IDR1, 0x7f, 0x48, 0x0000010000000403, 0, BROKEN(SID) },
		/* no streams at all */
		{ NS, IDR1, 0x3f, 0, 0x0000000100000003, 0, BROKEN(SID) },
		{ NS, IDR1, 0x3f, 0, 0x0000000000000003, 0, 0 },
		{ NS, NONE, 0, 0, 0xffffffff00000003, 0, 0 },
		/* no StreamID there */
		{ NS, IDR1, 0x3f, 0, 0xffffffff00000011, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(with_sid) / sizeof(with_sid[0]); i++) {
		const struct vector row[2] = {
			{ NS, IDR1, 0x3f, 16, with_sid[i] | 0x0001000000000000, 0, BROKEN(SID) },
			{ NS, IDR1, 0x3f, 16, with_sid[i] | 0x0000ffff00000000, 0, 0 },
		};

		CHECK_VECTORS(row);
	}
	CHECK_VECTORS(rows);
}

TEST(rules, ssid_and_ssv)
{
	static const struct vector rows[] = {
		/* SSIDSIZE 8 (10:6) */
		{ NS, IDR1, 0x7c0, 0x200, 0x00000000000ff801, 0, 0 },
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100801, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100802, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100840, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100841, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0x200, 0x00000000000ff005, 0, 0 },
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100005, 0, BROKEN(SSID) },
		/* no substreams: CFGI_CD uses 0 */
		{ NS, IDR1, 0x7c0, 0, 0x0000000000001005, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0, 0x0000000000000005, 0, 0 },
		/* nor is there one with SSV */
		{ NS, IDR1, 0x7c0, 0, 0x0000000000000801, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0, 0x0000000000000802, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0, 0x0000000000000840, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0, 0x0000000000000841, 0, BROKEN(SSID) },
		{ NS, IDR1, 0x7c0, 0x40, 0x0000000000000840, 0, 0 },
		{ NS, IDR1, 0xfc0, 0xa00, 0x0000000000100801, 0, BROKEN(SSID) },
		/* all 20 bits */
		{ NS, NONE, 0, 0, 0x00000000fffff801, 0, 0 },
		/* SSV = 0 */
		{ NS, NONE, 0, 0, 0x0000000000001001, 0, BROKEN(SSV) },
		{ NS, NONE, 0, 0, 0x0000000080000002, 0, BROKEN(SSV) },
		{ NS, NONE, 0, 0, 0x0000000000001040, 0, BROKEN(SSV) },
		{ NS, NONE, 0, 0, 0x0000000000001041, 0, BROKEN(SSV) },
		{ NS, NONE, 0, 0, 0x0000000000001801, 0, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000801, 0, 0 },
		/* the invalid SubstreamID is not measured as well */
		{ NS, IDR1, 0x7c0, 0x200, 0x0000000000100001, 0, BROKEN(SSV) },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, asid_and_vmid)
{
	static const struct vector rows[] = {
		{ NS, IDR0, 1u << 12, 0, 0x00ff000000000011, 0, 0 },
		{ NS, IDR0, 1u << 12, 0, 0x0100000000000011, 0, BROKEN(ASID) },
		{ NS, IDR0, 1u << 12, 0, 0x0100000000000012, 0, BROKEN(ASID) },
		{ NS, IDR0, 1u << 12, 0, 0x0100000000000021, 0, BROKEN(ASID) },
		{ NS, IDR0, 1u << 12, 0, 0x0100000000000022, 0, BROKEN(ASID) },
		{ SEC, IDR0, 1u << 12, 0, 0x0100000000000051, 0, BROKEN(ASID) },
		{ SEC, IDR0, 1u << 12, 0, 0x0100000000000052, 0, BROKEN(ASID) },
		{ NS, NONE, 0, 0, 0xffff000000000011, 0, 0 },
		/* E2H = 0: EL2 has no ASID; EL2_ASID keeps its own */
		{ NS, E2H, 0, 0, 0x0001000000000022, 0, BROKEN(ASID) },
		{ SEC, E2H, 0, 0, 0x0001000000000022, 0, BROKEN(ASID) },
		{ SEC, E2H, 0, 0, 0x0001000000000052, 0, 0 },
		{ SEC, S_E2H, 0, 0, 0x0001000000000022, 0, 0 },
		{ SEC, S_E2H, 0, 0, 0x0001000000000052, 0, BROKEN(ASID) },
		{ SEC, S_E2H, 0, 0, 0x0001000000000051, 0, 0 },
		{ NS, E2H, 0, 0, 0x0000000000000022, 0, 0 },
		{ NS, E2H, 0, 0, 0x0001000000000021, 0, 0 },
		{ NS, E2H, 0, 0, 0x0001000000000012, 0, 0 },
		/* 8-bit VMIDs */
		{ NS, IDR0, 1u << 18, 0, 0x000000ff00000010, 0, 0 },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000010, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000011, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000012, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000013, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000028, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x000001000000002a, 0, BROKEN(VMID) },
		{ NS, IDR0, 1u << 18, 0, 0x0000010000000007, 0, BROKEN(VMID) },
		{ SEC, IDR0, 1u << 18, 0, 0x0000010000000058, 0, BROKEN(VMID) },
		{ SEC, IDR0, 1u << 18, 0, 0x000001000000005a, 0, BROKEN(VMID) },
		{ NS, NONE, 0, 0, 0x0000ffff00000010, 0, 0 },
		/* no stage 2: NH_* have no VMID */
		{ NS, IDR0, 1, 0, 0x0000000100000010, 0, BROKEN(VMID) },
		{ NS, IDR0, 1, 0, 0x0000000100000011, 0, BROKEN(VMID) },
		{ NS, IDR0, 1, 0, 0x0000000100000012, 0, BROKEN(VMID) },
		{ REALM, IDR0, 1, 0, 0x0000000100000013, 0, BROKEN(VMID) },
		{ NS, IDR0, 1, 0, 0x0000000000000010, 0, 0 },
		{ SEC, IDR0, 1, 0, 0x0000000100000010, 0, BROKEN(VMID) },
		{ SEC, S_IDR1, 1u << 29, 0, 0x0000000100000010, 0, BROKEN(VMID) },
		{ NS, S_IDR1, 1u << 29, 0, 0x0000000100000010, 0, 0 },
		/* other commands' VMIDs are not NH's */
		{ NS, IDR0, 1, 0, 0x0000000100000007, 0, BROKEN(FEATURE) },
		{ NS, IDR0, 1, 0, 0x0000000100000028, 0, BROKEN(FEATURE) },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, range_forms)
{
	static const uint64_t with_range[] = {
		0x12, 0x13, 0x1a, 0x22, 0x23, 0x2a, 0x52, 0x53, 0x5a
	};
	static const struct vector rows[] = {
		/* TG = 0: neither range nor hint, the classic form without */
		{ NS, NONE, 0, 0, 0x0000000000001012, 0x0000, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000100012, 0x0000, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0300, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0080,
		  BROKEN(RANGE_RESERVED) | BROKEN(TTL128) },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0001, 0 },
		/* NUM or SCALE or TTL makes it a range or a hint */
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0400, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0800, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0c00, BROKEN(RANGE_RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0x0400, 0 },
		{ NS, NONE, 0, 0, 0x0000000000100012, 0x0400, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0700, 0 },
		/* 16K with TTL 1: a hint only with DS */
		{ NS, NONE, 0, 0, 0x0000000000000012, 0x0900, 0 },
		{ NS, IDR5, 1u << 7, 0, 0x0000000000000012, 0x0900, BROKEN(RANGE_RESERVED) },
		{ NS, IDR5, 1u << 7, 0, 0x0000000000001012, 0x0900, 0 },
		{ NS, IDR5, 1u << 7, 0, 0x0000000000000012, 0x0500, 0 },
		{ NS, IDR5, 1u << 7, 0, 0x0000000000000012, 0x0d00, 0 },
		/* SCALE 31, 32, 39, 40 with and without DS */
		{ NS, IDR5, 1u << 7, 0, 0x0000000001f00012, 0x0400, 0 },
		{ NS, IDR5, 1u << 7, 0, 0x0000000002000012, 0x0400, BROKEN(SCALE) },
		{ NS, NONE, 0, 0, 0x0000000002000012, 0x0400, 0 },
		{ NS, NONE, 0, 0, 0x0000000002700012, 0x0400, 0 },
		{ NS, NONE, 0, 0, 0x0000000002800012, 0x0400, BROKEN(SCALE) },
		/* TTL128: D128, and a level */
		{ NS, NONE, 0, 0, 0x0000000000001012, 0x0780, 0 },
		{ NS, IDR5, 1u << 8, 0, 0x0000000000001012, 0x0780, BROKEN(TTL128) },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0x0480, BROKEN(TTL128) },
		{ NS, IDR5, 1u << 7, 0, 0x0000000000001012, 0x0980, BROKEN(TTL128) },
		/* without RIL there is one reason, not six */
		{ NS, IDR3, 1u << 10, 0, 0x0000000003f1f012, 0xfffffffffffffd80,
		  BROKEN(RANGE_FEATURE) },
	};
	static const uint64_t fields[6][2] = {
		{ 0x1000, 0 }, { 0x100000, 0 }, { 0x2000000, 0 },
		{ 0, 0x80 }, { 0, 0x100 }, { 0, 0x400 }
	};
	size_t i, k;

	for (i = 0; i < sizeof(with_range) / sizeof(with_range[0]); i++) {
		for (k = 0; k < 6; k++) {
			const struct vector row[1] = {
				{ SEC, IDR3, 1u << 10, 0, with_range[i] | fields[k][0],
				  fields[k][1], BROKEN(RANGE_FEATURE) },
			};

			CHECK_VECTORS(row);
		}
	}
	CHECK_VECTORS(rows);
}

/* 4.4.1: per granule, level and descriptor size, the highest bit that is zero. */
TEST(rules, alignment)
{
	static const struct { unsigned int tg, ttl, ttl128, ds, msb; } rows[] = {
		{ 1, 0, 0, 1, 0 }, { 1, 1, 0, 1, 29 }, { 1, 2, 0, 1, 20 }, { 1, 3, 0, 1, 0 },
		{ 2, 0, 0, 1, 13 }, { 2, 1, 0, 1, 35 }, { 2, 2, 0, 1, 24 }, { 2, 3, 0, 1, 13 },
		{ 3, 0, 0, 1, 15 }, { 3, 1, 0, 1, 41 }, { 3, 2, 0, 1, 28 }, { 3, 3, 0, 1, 15 },
		{ 1, 0, 0, 0, 0 }, { 1, 1, 0, 0, 29 }, { 1, 2, 0, 0, 20 }, { 1, 3, 0, 0, 0 },
		{ 2, 0, 0, 0, 13 }, { 2, 1, 0, 0, 13 }, { 2, 2, 0, 0, 24 }, { 2, 3, 0, 0, 13 },
		{ 3, 0, 0, 0, 15 }, { 3, 1, 0, 0, 41 }, { 3, 2, 0, 0, 28 }, { 3, 3, 0, 0, 15 },
		{ 1, 1, 1, 1, 27 }, { 1, 2, 1, 1, 19 }, { 1, 3, 1, 1, 0 },
		{ 2, 1, 1, 1, 33 }, { 2, 2, 1, 1, 23 }, { 2, 3, 1, 1, 13 },
		{ 3, 1, 1, 1, 39 }, { 3, 2, 1, 1, 27 }, { 3, 3, 1, 1, 15 },
	};
	unsigned int bit;
	uint64_t d1;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rules_env env = tweaked(NS, IDR5, rows[i].ds ? 0 : 1u << 7, 0);

		d1 = (uint64_t)rows[i].tg << 10 | (uint64_t)rows[i].ttl << 8 |
		     (uint64_t)rows[i].ttl128 << 7;
		for (bit = 12; bit < 64; bit++) {
			uint32_t violated = rules_violated(&env, 0x1012, d1 | (uint64_t)1 << bit);
			uint32_t expect = bit <= rows[i].msb ? BROKEN(ALIGN) : 0;

			CHECK(violated == expect, "tg %u ttl %u ttl128 %u ds %u bit %u: %08x",
			      rows[i].tg, rows[i].ttl, rows[i].ttl128, rows[i].ds, bit,
			      (unsigned int)violated);
			/* no granule named: no alignment asked */
			violated = rules_violated(&env, 0x0012, (uint64_t)1 << bit);
			CHECK(violated == 0, "classic, bit %u: %08x", bit, (unsigned int)violated);
		}
	}
}

TEST(rules, end_of_the_address_space)
{
	static const struct vector rows[] = {
		/* last page as a one-page hint; one page, then two, from the last but one */
		{ NS, NONE, 0, 0, 0x0000000000000012, 0xfffffffffffff700, 0 },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xfffffffffffff400, BROKEN(END) },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xffffffffffffe400, 0 },
		/* 16K and 64K */
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xffffffffffffc800, BROKEN(END) },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xffffffffffff8800, 0 },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xffffffffffff0c00, BROKEN(END) },
		{ NS, NONE, 0, 0, 0x0000000000001012, 0xfffffffffffe0c00, 0 },
		{ NS, NONE, 0, 0, 0x000000000001f012, 0xfffffffffff80800, 0 },
		{ NS, NONE, 0, 0, 0x000000000001f012, 0xfffffffffff84800, BROKEN(END) },
		/* 32 * 2^39 * 64K = 2^60: fits 16 times */
		{ NS, NONE, 0, 0, 0x000000000271f012, 0xf000000000000c00, 0 },
		{ NS, NONE, 0, 0, 0x000000000271f012, 0xf000000000010c00, BROKEN(END) },
		/* forbidden scales are counted exactly: 2^52 pages end at 2^64 */
		{ NS, NONE, 0, 0, 0x0000000003400012, 0x0000000000000400, BROKEN(SCALE) },
		{ NS, NONE, 0, 0, 0x0000000003400012, 0x0000000000001400,
		  BROKEN(SCALE) | BROKEN(END) },
		{ NS, NONE, 0, 0, 0x0000000003f1f012, 0x0000000000000c00,
		  BROKEN(SCALE) | BROKEN(END) },
		/* without TG no range, the last page is fine */
		{ NS, NONE, 0, 0, 0x0000000000000012, 0xfffffffffffff000, 0 },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, ats_and_pri)
{
	static const struct vector rows[] = {
		{ NS, NONE, 0, 0, 0x0000000000000240, 0, BROKEN(GLOBAL) },
		{ NS, NONE, 0, 0, 0x0000000000000a40, 0, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000040, 0x34, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000040, 0x35, BROKEN(ATC_SIZE) },
		{ NS, NONE, 0, 0, 0x0000000000000040, 0x3f, BROKEN(ATC_SIZE) },
		/* hardware rounds the address down: none is misaligned */
		{ NS, NONE, 0, 0, 0x0000000000000040, 0xfffffffffffff034, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000041, 0x0000, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000041, 0x1000, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000041, 0x2000, 0 },
		{ NS, NONE, 0, 0, 0x0000000000000041, 0x3000, BROKEN(RESP) },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, dpti_pa_is_never_legal)
{
	static const struct vector rows[] = {
		{ NS, NONE, 0, 0, 0x0000000000000073, 0, BROKEN(DPTI) },
		{ SEC, NONE, 0, 0, 0xffffffffffffff73, ~(uint64_t)0, BROKEN(DPTI) },
		{ REALM, NONE, 0, 0, 0x0000000000000073, 0x1000, BROKEN(DPTI) },
		{ REALM, R_IDR3, 1u << 15, 0, 0x0000000000000073, 0x1000, BROKEN(FEATURE) },
		{ NS, NONE, 0, 0, 0x0000000000000070, 0, 0 },
	};

	CHECK_VECTORS(rows);
}

TEST(rules, sync)
{
	static const struct vector rows[] = {
		{ NS, NONE, 0, 0, 0x0000000000003046, 0, BROKEN(CS) },
		{ NS, NONE, 0, 0, 0x0000000100003046, 0, BROKEN(CS) },
		/* ignored without CS = 1: MSIData, MSIAttr, MSH, MSIAddress, MSI_NS */
		{ NS, NONE, 0, 0, 0x0000000100000046, 0, 0 },
		{ NS, NONE, 0, 0, 0x0000000001000046, 0, 0 },
		{ NS, NONE, 0, 0, 0x0000000000400046, 0, 0 },
		{ NS, IDR0, 1u << 13, 0, 0x0000000000002046, 0x4, 0 },
		{ REALM, NONE, 0, 0, 0x0000000000000046, 0x8000000000000000, 0 },
		/* Linux's, with CS = 2 */
		{ NS, IDR0, 1u << 13, 0, 0x000000000fc02046, 0, 0 },
		/* CS = 1: an address needs MSI, of the queue's own state */
		{ NS, NONE, 0, 0, 0x0000000000001046, 0x4, 0 },
		{ NS, IDR0, 1u << 13, 0, 0x0000000000001046, 0x4, BROKEN(SYNC_MSI) },
		{ NS, IDR0, 1u << 13, 0, 0x0000000100c01046, 0x0, 0 },
		{ SEC, S_IDR0, 1u << 13, 0, 0x0000000000001046, 0x4, BROKEN(SYNC_MSI) },
		{ SEC, IDR0, 1u << 13, 0, 0x0000000000001046, 0x4, 0 },
		{ REALM, R_IDR0, 1u << 13, 0, 0x0000000000001046, 0x4, BROKEN(SYNC_MSI) },
		{ REALM, IDR0, 1u << 13, 0, 0x0000000000001046, 0x4, 0 },
		/* MSI_NS: Realm only */
		{ REALM, NONE, 0, 0, 0x0000000000001046, 0x8000000000000004, 0 },
		{ NS, NONE, 0, 0, 0x0000000000001046, 0x8000000000000004, BROKEN(SYNC_MSI) },
		{ SEC, NONE, 0, 0, 0x0000000000001046, 0x8000000000000004, BROKEN(SYNC_MSI) },
		/* the address's unowned bits */
		{ NS, NONE, 0, 0, 0x0000000000001046, 0x0000000000000006, BROKEN(RESERVED) },
		{ NS, NONE, 0, 0, 0x0000000000001046, 0x0100000000000004, BROKEN(RESERVED) },
		{ NS, AIDR, 0xf, 3, 0x0000000000001046, 0x0008000000000000, 0 },
		{ NS, AIDR, 0xf, 3, 0x0000000000001046, 0x0010000000000000, BROKEN(RESERVED) },
		{ NS, AIDR, 0xf, 0, 0x0000000000001046, 0x0000800000000000, 0 },
		{ NS, AIDR, 0xf, 0, 0x0000000000001046, 0x0001000000000000, BROKEN(RESERVED) },
		{ REALM, AIDR, 0xf, 0, 0x0000000000001046, 0x8000800000000000, 0 },
	};

	CHECK_VECTORS(rows);
}
