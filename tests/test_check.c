/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * check.h, judged by tests/rules
 * 1. inval_check() calls a command legal exactly when no rule is violated, and
 *    otherwise gives a reason that is among the violated rules: for all 256
 *    opcodes, three security states, an SMMU with everything, one with nothing,
 *    one of each that lacks or has a single ID bit, and random ones; on
 *    a. the bare opcode and every single bit beside it,
 *    b. every pair of bits of one field,
 *    c. every form of a range at telling addresses,
 *    d. random fields, biased to what the SMMU allows, with a few bits flipped,
 *    e. random 128-bit words.
 * 2. Every reason is reached, and every command but DPTI_PA is found legal.
 * 3. inval_check_reserved() returns exactly the bits that no field owns: taken
 *    out, no reserved bit is left; put back one by one, each is one.
 */
#include <inval/check.h>

#include "rules/rules.h"
#include "test.h"

/* An SMMU as both sides see it. */
struct smmu {
	struct rules_env env;
	struct inval_caps caps;
};

/* How often each reason came, and which opcodes were legal. */
struct tally {
	unsigned long reason[INVAL_ILL_POLICY];
	bool legal[256];
};

static void smmu_init(struct smmu *smmu, const struct inval_idregs *regs)
{
	int ret;

	smmu->env.aidr = regs->aidr;
	smmu->env.idr0 = regs->idr0;
	smmu->env.idr1 = regs->idr1;
	smmu->env.idr3 = regs->idr3;
	smmu->env.idr5 = regs->idr5;
	smmu->env.idr6 = regs->idr6;
	smmu->env.r_idr0 = regs->r_idr0;
	smmu->env.r_idr3 = regs->r_idr3;
	smmu->env.s_idr0 = regs->s_idr0;
	smmu->env.s_idr1 = regs->s_idr1;
	smmu->env.s_idr3 = regs->s_idr3;
	smmu->env.e2h = regs->e2h;
	smmu->env.s_e2h = regs->s_e2h;
	smmu->env.sec = RULES_NS;
	ret = inval_caps_read(&smmu->caps, regs);
	CHECK(ret == 0, "inval_caps_read: %d", ret);
}

/* SMMUv3.4 with everything, RME excepted: StreamIDs 32, SubstreamIDs 20 bits. */
static void regs_all(struct inval_idregs *regs)
{
	regs->aidr = 0x4;
	regs->idr0 = 0x00057603;
	regs->idr1 = 0x00000520;
	regs->idr3 = 0x00008480;
	regs->idr5 = 0x000001f5;
	regs->idr6 = 0;
	regs->r_idr0 = 0x00012400;
	regs->r_idr3 = 0x00008000;
	regs->s_idr0 = 0x00002000;
	regs->s_idr1 = 0xa0000020;
	regs->s_idr3 = 0;
	regs->e2h = true;
	regs->s_e2h = true;
}

/* SMMUv3.0 without anything: no stalls either, no StreamID, no SubstreamID. */
static void regs_none(struct inval_idregs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->idr0 = 1u << 24 | 1u << 30;
	regs->s_idr0 = 1u << 24;
	regs->s_idr3 = 1u << 6;
}

/* Any register contents that inval_caps_read() accepts. */
static void regs_random(struct inval_idregs *regs, uint64_t *seed)
{
	uint32_t sid_bits = (uint32_t)(test_random(seed) % 33);
	uint32_t ssid_bits = (uint32_t)(test_random(seed) % 21);

	regs->aidr = (uint32_t)(test_random(seed) % 6);
	regs->idr0 = (uint32_t)test_random(seed);
	regs->idr1 = ((uint32_t)test_random(seed) & 0xfc00f800u) | ssid_bits << 6 | sid_bits;
	regs->idr3 = (uint32_t)test_random(seed);
	regs->idr5 = (uint32_t)test_random(seed);
	regs->idr6 = (uint32_t)test_random(seed);
	regs->r_idr0 = (uint32_t)test_random(seed);
	regs->r_idr3 = (uint32_t)test_random(seed);
	regs->s_idr0 = (uint32_t)test_random(seed);
	regs->s_idr1 = ((uint32_t)test_random(seed) & 0xffffffc0u) |
		       (uint32_t)(test_random(seed) % 33);
	regs->s_idr3 = (uint32_t)test_random(seed);
	regs->e2h = (test_random(seed) & 1) != 0;
	regs->s_e2h = (test_random(seed) & 1) != 0;
}

/* What one ID bit alone decides: flipped in the full and in the empty SMMU. */
static const struct { unsigned int reg; uint32_t flip; } single_bits[] = {
	{ 0, 0x4 }, { 0, 0x1 },						/* AIDR */
	{ 1, 1u << 0 }, { 1, 1u << 1 }, { 1, 1u << 9 }, { 1, 1u << 10 },	/* IDR0 */
	{ 1, 1u << 12 }, { 1, 1u << 13 }, { 1, 1u << 16 }, { 1, 1u << 18 },
	{ 1, 1u << 24 }, { 1, 1u << 25 }, { 1, 1u << 30 },
	{ 2, 0x20 }, { 2, 0x500 },					/* IDR1 */
	{ 3, 1u << 7 }, { 3, 1u << 10 }, { 3, 1u << 15 },		/* IDR3 */
	{ 5, 1u << 7 }, { 5, 1u << 8 },					/* IDR5 */
	{ 7, 1u << 10 }, { 7, 1u << 13 }, { 7, 1u << 16 },		/* R_IDR0 */
	{ 8, 1u << 15 },						/* R_IDR3 */
	{ 9, 1u << 13 }, { 9, 1u << 24 },				/* S_IDR0 */
	{ 10, 1u << 29 }, { 10, 1u << 31 }, { 10, 0x20 },		/* S_IDR1 */
	{ 11, 1u << 6 },						/* S_IDR3 */
	{ 12, 0 }, { 13, 0 },						/* E2H, S_E2H */
};

#define SINGLE_BITS (sizeof(single_bits) / sizeof(single_bits[0]))
#define RANDOM_SMMUS 24u
#define SMMUS (2u + 2u * (unsigned int)SINGLE_BITS + RANDOM_SMMUS)

static void regs_flip(struct inval_idregs *regs, unsigned int reg, uint32_t flip)
{
	uint32_t *const word[12] = {
		&regs->aidr, &regs->idr0, &regs->idr1, &regs->idr3, NULL, &regs->idr5,
		&regs->idr6, &regs->r_idr0, &regs->r_idr3, &regs->s_idr0, &regs->s_idr1,
		&regs->s_idr3
	};

	if (reg == 12)
		regs->e2h = !regs->e2h;
	else if (reg == 13)
		regs->s_e2h = !regs->s_e2h;
	else
		*word[reg] ^= flip;
}

/* SMMU number n of SMMUS: all, none, all or none with one bit flipped, random. */
static void smmu_number(struct smmu *smmu, unsigned int n)
{
	struct inval_idregs regs;
	uint64_t seed = n;
	unsigned int i = (n - 2) / 2;

	if (n >= 2 + 2 * SINGLE_BITS)
		regs_random(&regs, &seed);
	else if (n % 2 == 0)
		regs_all(&regs);
	else
		regs_none(&regs);
	if (n >= 2 && n < 2 + 2 * SINGLE_BITS)
		regs_flip(&regs, single_bits[i].reg, single_bits[i].flip);
	smmu_init(smmu, &regs);
}

static void judge(const struct smmu *smmu, uint64_t d0, uint64_t d1, struct tally *tally)
{
	uint32_t violated = rules_violated(&smmu->env, d0, d1);
	struct inval_cmd cmd;
	enum inval_reason reason;

	cmd.d0 = d0;
	cmd.d1 = d1;
	reason = inval_check(&smmu->caps, (enum inval_sec)smmu->env.sec, cmd);
	CHECK((unsigned int)reason < (unsigned int)INVAL_ILL_POLICY, "reason %d", (int)reason);
	CHECK(reason == INVAL_LEGAL ? violated == 0 : ((violated >> (unsigned int)reason) & 1) != 0,
	      "%016llx %016llx sec %u: reason %d, violated %08x (aidr %x idr0 %x idr1 %x "
	      "idr3 %x idr5 %x r_idr0 %x r_idr3 %x s_idr0 %x s_idr1 %x s_idr3 %x e2h %d %d)",
	      (unsigned long long)d0, (unsigned long long)d1, smmu->env.sec, (int)reason,
	      (unsigned int)violated, (unsigned int)smmu->env.aidr,
	      (unsigned int)smmu->env.idr0, (unsigned int)smmu->env.idr1,
	      (unsigned int)smmu->env.idr3, (unsigned int)smmu->env.idr5,
	      (unsigned int)smmu->env.r_idr0, (unsigned int)smmu->env.r_idr3,
	      (unsigned int)smmu->env.s_idr0, (unsigned int)smmu->env.s_idr1,
	      (unsigned int)smmu->env.s_idr3, (int)smmu->env.e2h, (int)smmu->env.s_e2h);
	tally->reason[reason]++;
	if (reason == INVAL_LEGAL)
		tally->legal[d0 & 0xff] = true;
}

static void judge_single_bits(const struct smmu *smmu, uint64_t opcode, struct tally *tally)
{
	unsigned int bit;

	judge(smmu, opcode, 0, tally);
	for (bit = 8; bit < 64; bit++)
		judge(smmu, opcode | (uint64_t)1 << bit, 0, tally);
	for (bit = 0; bit < 64; bit++)
		judge(smmu, opcode, (uint64_t)1 << bit, tally);
}

static void judge_pairs(const struct smmu *smmu, uint64_t opcode, struct tally *tally)
{
	const struct rules_field *field;
	unsigned int a, b;
	uint64_t pair;
	size_t i;

	for (i = 0; i < RULES_FIELDS; i++) {
		field = &rules_fields[i];
		if (!rules_has(opcode, field->field))
			continue;
		for (a = field->lsb; a < field->msb; a++) {
			for (b = a + 1; b <= field->msb; b++) {
				pair = (uint64_t)1 << a | (uint64_t)1 << b;
				judge(smmu, field->word == 0 ? opcode | pair : opcode,
				      field->word == 0 ? 0 : pair, tally);
			}
		}
	}
}

/* A value for a field: mostly 0, a boundary, or within the widths of this SMMU. */
static uint64_t biased(const struct smmu *smmu, const struct rules_field *field, uint64_t *seed)
{
	uint64_t r = test_random(seed), value = test_random(seed);
	unsigned int width = field->msb - field->lsb + 1;
	unsigned int keep = width;

	if (field->field == RF_SID)
		keep = smmu->caps.sid_bits;
	if (field->field == RF_SSID)
		keep = smmu->caps.ssid_bits;
	if (field->field == RF_ASID || field->field == RF_VMID)
		keep = 8;
	if (width < 64)
		value &= ((uint64_t)1 << width) - 1;
	switch (r % 8) {
	case 0:
	case 1:
		return 0;
	case 2:
		return 1;
	case 3:		/* all ones of what is implemented, and one more */
		return keep == 64 ? value : ((uint64_t)1 << keep) - 1 + (r >> 8) % 2;
	case 4:		/* aligned to something */
	case 5:
		return value >> (r >> 8) % width << (r >> 8) % width;
	case 6:
		return keep < width ? value & (((uint64_t)1 << keep) - 1) : value;
	default:
		return value;
	}
}

static void judge_biased(const struct smmu *smmu, uint64_t opcode, unsigned int times,
			 uint64_t *seed, struct tally *tally)
{
	const struct rules_field *field;
	uint64_t word[2], mask, r;
	size_t i;

	while (times-- > 0) {
		word[0] = opcode;
		word[1] = 0;
		for (i = 0; i < RULES_FIELDS; i++) {
			field = &rules_fields[i];
			if (!rules_has(opcode, field->field) ||
			    !rules_owned(&smmu->env, field->field, word[0]))
				continue;
			mask = field->msb == 63 ? ~(uint64_t)0 : ((uint64_t)2 << field->msb) - 1;
			word[field->word] |= biased(smmu, field, seed) << field->lsb & mask;
		}
		judge(smmu, word[0], word[1], tally);
		r = test_random(seed);
		word[r & 1] ^= (uint64_t)1 << (r >> 8) % 64;
		judge(smmu, (word[0] & ~(uint64_t)0xff) | opcode, word[1], tally);
	}
}

static void judge_range_forms(const struct smmu *smmu, uint64_t opcode, struct tally *tally)
{
	static const uint64_t nums[] = { 0, 1, 31 };
	static const uint64_t scales[] = { 0, 1, 31, 32, 39, 40, 52, 63 };
	static const uint64_t addresses[] = {
		0, 0x1000, 0x4000, 0x10000, 0x100000, 0x200000, 0x10000000, 0x40000000,
		0x400000000, 0x1000000000, 0x10000000000, 0x40000000000,
		0xfffffffffffff000, 0xffffffffffffc000, 0xffffffffffff0000,
		0xfffffffffff00000, 0xfffff00000000000, 0x8000000000000000
	};
	uint64_t d0, low;
	size_t n, s, a;

	for (n = 0; n < sizeof(nums) / sizeof(nums[0]); n++) {
		for (s = 0; s < sizeof(scales) / sizeof(scales[0]); s++) {
			d0 = opcode | nums[n] << 12 | scales[s] << 20;
			for (low = 0; low < 0x20; low++)	/* TG, TTL, TTL128 */
				for (a = 0; a < sizeof(addresses) / sizeof(addresses[0]); a++)
					judge(smmu, d0, addresses[a] | low << 7, tally);
		}
	}
}

/* Calls all of one kind of judge_ for each SMMU, state and known opcode. */
#define FOR_EACH_SMMU(smmu, n, last) \
	for ((n) = 0; (n) < (last) && (smmu_number(&(smmu), (n)), true); (n)++) \
		for ((smmu).env.sec = 0; (smmu).env.sec < 3; (smmu).env.sec++)

TEST(check, reasons_and_rules_have_the_same_numbers)
{
	CHECK((int)INVAL_ILL_OPCODE == RULE_OPCODE, "%d", INVAL_ILL_OPCODE);
	CHECK((int)INVAL_ILL_RESERVED == RULE_RESERVED, "%d", INVAL_ILL_RESERVED);
	CHECK((int)INVAL_ILL_VMID == RULE_VMID, "%d", INVAL_ILL_VMID);
	CHECK((int)INVAL_ILL_ALIGN == RULE_ALIGN, "%d", INVAL_ILL_ALIGN);
	CHECK((int)INVAL_ILL_SYNC_MSI == RULE_SYNC_MSI, "%d", INVAL_ILL_SYNC_MSI);
	CHECK((int)INVAL_ILL_POLICY == RULE_LAST + 1, "%d", INVAL_ILL_POLICY);
}

TEST(check, every_opcode_bare_and_with_single_bits)
{
	static struct tally tally;
	struct smmu smmu;
	uint64_t opcode;
	unsigned int n;

	FOR_EACH_SMMU(smmu, n, 2)
		for (opcode = 0; opcode < 256; opcode++)
			judge_single_bits(&smmu, opcode, &tally);
	FOR_EACH_SMMU(smmu, n, SMMUS)
		for (opcode = 0; opcode < 256; opcode++)
			if (rules_find(opcode) != NULL)
				judge_single_bits(&smmu, opcode, &tally);
			else
				judge(&smmu, opcode, 0, &tally);
	for (n = 0; n < RULES_ROWS; n++)
		CHECK(tally.legal[rules_table[n].opcode] == (rules_table[n].opcode != 0x73),
		      "%s legal: %d", rules_table[n].name,
		      (int)tally.legal[rules_table[n].opcode]);
}

TEST(check, pairs_of_bits_in_one_field)
{
	static struct tally tally;
	struct smmu smmu;
	unsigned int n;
	size_t row;

	FOR_EACH_SMMU(smmu, n, 2)
		for (row = 0; row < RULES_ROWS; row++)
			judge_pairs(&smmu, rules_table[row].opcode, &tally);
	CHECK(tally.reason[INVAL_LEGAL] != 0, "none of them legal");
}

TEST(check, every_form_of_a_range)
{
	static struct tally tally;
	struct smmu smmu;
	unsigned int n;

	FOR_EACH_SMMU(smmu, n, SMMUS)
		if (smmu.env.sec == RULES_SECURE || n < 2)
			judge_range_forms(&smmu, n % 2 == 0 ? 0x12 : 0x53, &tally);
	CHECK(tally.reason[INVAL_ILL_ALIGN] != 0 && tally.reason[INVAL_ILL_END] != 0 &&
	      tally.reason[INVAL_ILL_SCALE] != 0 && tally.reason[INVAL_ILL_TTL128] != 0 &&
	      tally.reason[INVAL_ILL_RANGE_RESERVED] != 0 &&
	      tally.reason[INVAL_ILL_RANGE_FEATURE] != 0, "not every fault of a range seen");
}

TEST(check, random_fields_reach_every_reason)
{
	static struct tally tally;
	struct smmu smmu;
	uint64_t seed = 1;
	unsigned int n;
	size_t row;

	FOR_EACH_SMMU(smmu, n, SMMUS) {
		for (row = 0; row < RULES_ROWS; row++)
			judge_biased(&smmu, rules_table[row].opcode, 60, &seed, &tally);
		judge_biased(&smmu, 0x00, 1, &seed, &tally);
		judge_biased(&smmu, 0x8f, 1, &seed, &tally);
	}
	for (n = 0; n < (unsigned int)INVAL_ILL_POLICY; n++)
		CHECK(tally.reason[n] != 0, "reason %u never given", n);
	for (n = 0; n < RULES_ROWS; n++)
		CHECK(tally.legal[rules_table[n].opcode] == (rules_table[n].opcode != 0x73),
		      "%s legal: %d", rules_table[n].name,
		      (int)tally.legal[rules_table[n].opcode]);
}

TEST(check, random_words)
{
	static struct tally tally;
	struct smmu smmu;
	uint64_t seed = 2, opcode, r;
	unsigned int n, i;

	FOR_EACH_SMMU(smmu, n, SMMUS) {
		for (opcode = 0; opcode < 256; opcode++) {
			for (i = 0; i < 4; i++) {
				r = test_random(&seed) & ~(uint64_t)0xff;
				judge(&smmu, opcode | r, test_random(&seed), &tally);
			}
		}
	}
	CHECK(tally.reason[INVAL_ILL_RESERVED] != 0, "no reserved bit in random words");
}

/* Set alone, but for SSec, is this bit reserved? */
static bool reserved_bit(const struct rules_env *env, uint64_t opcode, unsigned int bit)
{
	opcode |= rules_has(opcode, RF_SSEC) ? 0x400 : 0;
	return rule_reserved(env, bit < 64 ? opcode | (uint64_t)1 << bit : opcode,
			     bit < 64 ? 0 : (uint64_t)1 << (bit - 64));
}

TEST(check, reserved_gives_exactly_the_bits_nobody_owns)
{
	struct inval_cmd cmd, reserved;
	struct smmu smmu;
	unsigned int n, bit;
	bool is;
	size_t row;

	FOR_EACH_SMMU(smmu, n, SMMUS) {
		for (row = 0; row < RULES_ROWS; row++) {
			if (rules_table[row].opcode == 0x73)
				continue;
			cmd.d0 = ~(uint64_t)0xff | rules_table[row].opcode;
			cmd.d1 = ~(uint64_t)0;
			reserved = inval_check_reserved(&smmu.caps, (enum inval_sec)smmu.env.sec, cmd);
			for (bit = 0; bit < 128; bit++) {
				is = (((bit < 64 ? reserved.d0 : reserved.d1) >> bit % 64) & 1) != 0;
				if (bit < 8)
					CHECK(!is, "%s: opcode bit %u", rules_table[row].name, bit);
				else
					CHECK(is == reserved_bit(&smmu.env, rules_table[row].opcode, bit),
					      "%s sec %u aidr %x bit %u: reserved %d",
					      rules_table[row].name, smmu.env.sec,
					      (unsigned int)smmu.env.aidr, bit, (int)is);
			}
		}
	}
	/* only bits that are set are returned */
	cmd.d0 = 0x10;
	cmd.d1 = 0x5;
	reserved = inval_check_reserved(&smmu.caps, INVAL_SEC_NS, cmd);
	CHECK(reserved.d0 == 0 && reserved.d1 == 0x5, "%llx %llx",
	      (unsigned long long)reserved.d0, (unsigned long long)reserved.d1);
}
