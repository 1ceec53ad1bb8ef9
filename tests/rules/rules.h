/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/rules/rules.h - which SMMUv3 commands may software emit? The judge.
 *
 * Written from Arm IHI 0070 (issue G.b) alone, on raw words, without a look at
 * include/inval. One predicate per rule, true when the rule is VIOLATED; each is
 * as naive as it can be, so that a reader with the document in hand can check
 * every line. Nothing here is fast and nothing is shared with the library.
 *
 * "May emit" is stricter than "does not raise CERROR_ILL": it also refuses
 * reserved bits, and the forms for which the document promises nothing
 * (misaligned ranges, identifiers wider than implemented).
 */
#ifndef TESTS_RULES_GUARD
#define TESTS_RULES_GUARD

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The queue's security state. */
#define RULES_NS 0u
#define RULES_SECURE 1u
#define RULES_REALM 2u

/*
 * The ID registers as read (6.3; R_* of the Realm, S_* of the Secure interface),
 * CR2.E2H (R_CR2's for a Realm queue), S_CR2.E2H, and the queue.
 */
struct rules_env {
	uint32_t aidr, idr0, idr1, idr3, idr5, idr6;
	uint32_t r_idr0, r_idr3;
	uint32_t s_idr0, s_idr1, s_idr3;
	bool e2h;
	bool s_e2h;
	unsigned int sec;
};

enum rules_id {
	RULE_OPCODE = 1,
	RULE_IMPDEF,
	RULE_QUEUE,
	RULE_FEATURE,
	RULE_SSEC,
	RULE_RESERVED,
	RULE_SID,
	RULE_SSID,
	RULE_SSV,
	RULE_GLOBAL,
	RULE_ASID,
	RULE_VMID,
	RULE_RANGE_FEATURE,
	RULE_RANGE_RESERVED,
	RULE_SCALE,
	RULE_TTL128,
	RULE_ALIGN,
	RULE_END,
	RULE_ATC_SIZE,
	RULE_CS,
	RULE_RESP,
	RULE_DPTI,
	RULE_SYNC_MSI,
	RULE_LAST = RULE_SYNC_MSI
};

/* Bits msb..lsb of a word, moved down. */
static inline uint64_t rules_bits(uint64_t word, unsigned int msb, unsigned int lsb)
{
	unsigned int width = msb - lsb + 1;

	if (width == 64)
		return word;
	return (word >> lsb) & (((uint64_t)1 << width) - 1);
}

static inline bool rules_bit(uint64_t word, unsigned int bit)
{
	return rules_bits(word, bit, bit) != 0;
}

/* Does a value need more than so many bits? */
static inline bool rules_wider(uint64_t value, unsigned int bits)
{
	return bits < 64 && (value >> bits) != 0;
}

/* ------------------------------------------------------------------ *
 * Fields: where each stands (4.1.6 common command fields; then per command).
 * ------------------------------------------------------------------ */
#define RF_SSEC		((uint64_t)1 << 0)
#define RF_SSV		((uint64_t)1 << 1)
#define RF_SSID		((uint64_t)1 << 2)
#define RF_SID		((uint64_t)1 << 3)
#define RF_GLOBAL	((uint64_t)1 << 4)
#define RF_VMID		((uint64_t)1 << 5)
#define RF_ASID		((uint64_t)1 << 6)
#define RF_NUM		((uint64_t)1 << 7)
#define RF_SCALE	((uint64_t)1 << 8)
#define RF_AC		((uint64_t)1 << 9)
#define RF_AB		((uint64_t)1 << 10)
#define RF_CS		((uint64_t)1 << 11)
#define RF_MSH		((uint64_t)1 << 12)
#define RF_MSI_ATTR	((uint64_t)1 << 13)
#define RF_MSI_DATA	((uint64_t)1 << 14)
#define RF_LEAF		((uint64_t)1 << 15)
#define RF_TTL128	((uint64_t)1 << 16)
#define RF_TTL		((uint64_t)1 << 17)
#define RF_TG		((uint64_t)1 << 18)
#define RF_ADDRESS	((uint64_t)1 << 19)
#define RF_IPA_V30	((uint64_t)1 << 20)
#define RF_IPA_V31	((uint64_t)1 << 21)
#define RF_IPA_V34	((uint64_t)1 << 22)
#define RF_PF_SIZE	((uint64_t)1 << 23)
#define RF_PF_STRIDE	((uint64_t)1 << 24)
#define RF_PF_NS	((uint64_t)1 << 25)
#define RF_RANGE	((uint64_t)1 << 26)
#define RF_ATC_SIZE	((uint64_t)1 << 27)
#define RF_PRG_INDEX	((uint64_t)1 << 28)
#define RF_RESP		((uint64_t)1 << 29)
#define RF_STAG		((uint64_t)1 << 30)
#define RF_MSI_ADDRESS	((uint64_t)1 << 31)
#define RF_MSI_NS	((uint64_t)1 << 32)
#define RF_OPCODE	((uint64_t)1 << 33)
#define RF_UNKNOWN0	((uint64_t)1 << 34)
#define RF_UNKNOWN1	((uint64_t)1 << 35)

struct rules_field {
	uint64_t field;
	unsigned int word, msb, lsb;
};

static const struct rules_field rules_fields[] = {
	{ RF_OPCODE,		0,  7,  0 },	/* 4.1.1 */
	{ RF_SSEC,		0, 10, 10 },	/* 4.1.6 */
	{ RF_SSV,		0, 11, 11 },
	{ RF_SSID,		0, 31, 12 },
	{ RF_SID,		0, 63, 32 },
	{ RF_GLOBAL,		0,  9,  9 },	/* 4.5.1 ATC_INV */
	{ RF_VMID,		0, 47, 32 },	/* 4.4 */
	{ RF_ASID,		0, 63, 48 },
	{ RF_NUM,		0, 16, 12 },	/* 4.4.1 range and level hint */
	{ RF_SCALE,		0, 25, 20 },
	{ RF_LEAF,		1,  0,  0 },
	{ RF_TTL128,		1,  7,  7 },	/* 71 of the 128 */
	{ RF_TTL,		1,  9,  8 },	/* 73:72 */
	{ RF_TG,		1, 11, 10 },	/* 75:74 */
	{ RF_ADDRESS,		1, 63, 12 },
	{ RF_IPA_V30,		1, 47, 12 },	/* 4.4.3: the IPA grew with the */
	{ RF_IPA_V31,		1, 51, 12 },	/* architecture's revision        */
	{ RF_IPA_V34,		1, 55, 12 },
	{ RF_PF_SIZE,		1,  4,  0 },	/* 4.2.2 PREFETCH_ADDR */
	{ RF_PF_STRIDE,		1,  9,  5 },
	{ RF_PF_NS,		1, 11, 11 },
	{ RF_RANGE,		1,  4,  0 },	/* 4.3.2 CFGI_STE_RANGE */
	{ RF_ATC_SIZE,		1,  5,  0 },	/* 4.5.1 ATC_INV */
	{ RF_PRG_INDEX,		1,  8,  0 },	/* 4.5.2 PRI_RESP */
	{ RF_RESP,		1, 13, 12 },
	{ RF_AC,		0, 12, 12 },	/* 4.7.1 RESUME */
	{ RF_AB,		0, 13, 13 },
	{ RF_STAG,		1, 15,  0 },
	{ RF_CS,		0, 13, 12 },	/* 4.7.3 SYNC */
	{ RF_MSH,		0, 23, 22 },
	{ RF_MSI_ATTR,		0, 27, 24 },
	{ RF_MSI_DATA,		0, 63, 32 },
	{ RF_MSI_ADDRESS,	1, 55,  2 },
	{ RF_MSI_NS,		1, 63, 63 },
	{ RF_UNKNOWN0,		0, 63,  8 },	/* DPTI_PA: layout not known */
	{ RF_UNKNOWN1,		1, 63,  0 },
};

#define RULES_FIELDS (sizeof(rules_fields) / sizeof(rules_fields[0]))

/* The value of one field. */
static inline uint64_t rules_get(uint64_t field, uint64_t d0, uint64_t d1)
{
	size_t i;

	for (i = 0; i < RULES_FIELDS; i++)
		if (rules_fields[i].field == field)
			return rules_bits(rules_fields[i].word == 0 ? d0 : d1,
					  rules_fields[i].msb, rules_fields[i].lsb);
	return 0;
}

/* ------------------------------------------------------------------ *
 * Commands (4.1.1 opcodes; gate, queue and fields from each one's section).
 * ------------------------------------------------------------------ */
enum rules_queue {
	QUEUE_ANY,
	QUEUE_SECURE,		/* CERROR_ILL on the Non-secure and Realm queue */
	QUEUE_NOT_REALM
};

enum rules_gate {
	GATE_NONE,
	GATE_S1P,		/* IDR0.S1P */
	GATE_S2P,		/* IDR0.S2P */
	GATE_HYP,		/* IDR0.Hyp */
	GATE_VMS,		/* 5.6.1: IDR3.MPAM, both stages; of Secure, SEL2 */
	GATE_NO_RME,		/* IDR0.RME_IMPL == 0: EL3 commands are gone with RME */
	GATE_ATS,		/* of the queue's state; Secure: S_IDR3.SAMS == 0 too */
	GATE_PRI,		/* likewise */
	GATE_DPT,		/* likewise */
	GATE_STALL,		/* STALL_MODEL of the queue's state != 0b01 */
	GATE_SEL2,		/* S_IDR1.SEL2 */
	GATE_SECURE_S2		/* IDR0.S2P and S_IDR1.SEL2 */
};

/* SubstreamID with its valid bit. */
#define RF_SSV_SSID (RF_SSV | RF_SSID)
/* What every TLBI by address has besides the address (4.4.1). */
#define RF_TLBI (RF_NUM | RF_SCALE | RF_LEAF | RF_TTL128 | RF_TTL | RF_TG)
/* The address of S2_IPA: which one is meant says the revision. */
#define RF_IPA (RF_IPA_V30 | RF_IPA_V31 | RF_IPA_V34)

struct rules_row {
	unsigned int opcode;
	const char *name;
	enum rules_queue queue;
	enum rules_gate gate;
	uint64_t fields;
};

static const struct rules_row rules_table[] = {
	/* 4.2 prefetch */
	{ 0x01, "PREFETCH_CONFIG", QUEUE_ANY, GATE_NONE, RF_SSEC | RF_SSV_SSID | RF_SID },
	{ 0x02, "PREFETCH_ADDR", QUEUE_ANY, GATE_NONE,
	  RF_SSEC | RF_SSV_SSID | RF_SID | RF_PF_SIZE | RF_PF_STRIDE | RF_PF_NS | RF_ADDRESS },

	/* 4.3 configuration */
	{ 0x03, "CFGI_STE", QUEUE_ANY, GATE_NONE, RF_SSEC | RF_SID | RF_LEAF },
	{ 0x04, "CFGI_STE_RANGE", QUEUE_ANY, GATE_NONE, RF_SSEC | RF_SID | RF_RANGE },
	{ 0x05, "CFGI_CD", QUEUE_ANY, GATE_S1P, RF_SSEC | RF_SSID | RF_SID | RF_LEAF },
	{ 0x06, "CFGI_CD_ALL", QUEUE_ANY, GATE_S1P, RF_SSEC | RF_SID },
	{ 0x07, "CFGI_VMS_PIDM", QUEUE_ANY, GATE_VMS, RF_SSEC | RF_VMID },

	/* 4.4.2 TLB, stage 1 */
	{ 0x10, "TLBI_NH_ALL", QUEUE_ANY, GATE_S1P, RF_VMID },
	{ 0x11, "TLBI_NH_ASID", QUEUE_ANY, GATE_S1P, RF_VMID | RF_ASID },
	{ 0x12, "TLBI_NH_VA", QUEUE_ANY, GATE_S1P, RF_VMID | RF_ASID | RF_TLBI | RF_ADDRESS },
	{ 0x13, "TLBI_NH_VAA", QUEUE_ANY, GATE_S1P, RF_VMID | RF_TLBI | RF_ADDRESS },
	{ 0x18, "TLBI_EL3_ALL", QUEUE_SECURE, GATE_NO_RME, 0 },
	{ 0x1A, "TLBI_EL3_VA", QUEUE_SECURE, GATE_NO_RME, RF_TLBI | RF_ADDRESS },
	{ 0x20, "TLBI_EL2_ALL", QUEUE_ANY, GATE_HYP, 0 },
	{ 0x21, "TLBI_EL2_ASID", QUEUE_ANY, GATE_HYP, RF_ASID },
	{ 0x22, "TLBI_EL2_VA", QUEUE_ANY, GATE_HYP, RF_ASID | RF_TLBI | RF_ADDRESS },
	{ 0x23, "TLBI_EL2_VAA", QUEUE_ANY, GATE_HYP, RF_TLBI | RF_ADDRESS },

	/* 4.4.3 and 4.4.4 TLB, stage 2 and everything */
	{ 0x28, "TLBI_S12_VMALL", QUEUE_ANY, GATE_S2P, RF_VMID },
	{ 0x2A, "TLBI_S2_IPA", QUEUE_ANY, GATE_S2P, RF_VMID | RF_TLBI | RF_IPA },
	{ 0x30, "TLBI_NSNH_ALL", QUEUE_ANY, GATE_NONE, 0 },

	/* 4.5 ATS and PRI */
	{ 0x40, "ATC_INV", QUEUE_ANY, GATE_ATS,
	  RF_GLOBAL | RF_SSV_SSID | RF_SID | RF_ATC_SIZE | RF_ADDRESS },
	{ 0x41, "PRI_RESP", QUEUE_ANY, GATE_PRI,
	  RF_SSV_SSID | RF_SID | RF_PRG_INDEX | RF_RESP },

	/* 4.7 stalls, SYNC */
	{ 0x44, "RESUME", QUEUE_NOT_REALM, GATE_STALL,
	  RF_SSEC | RF_AC | RF_AB | RF_SID | RF_STAG },
	{ 0x45, "STALL_TERM", QUEUE_NOT_REALM, GATE_STALL, RF_SSEC | RF_SID },
	{ 0x46, "SYNC", QUEUE_ANY, GATE_NONE,
	  RF_CS | RF_MSH | RF_MSI_ATTR | RF_MSI_DATA | RF_MSI_ADDRESS | RF_MSI_NS },

	/* 4.4 TLB, Secure EL2 and Secure stage 2 */
	{ 0x50, "TLBI_S_EL2_ALL", QUEUE_SECURE, GATE_SEL2, 0 },
	{ 0x51, "TLBI_S_EL2_ASID", QUEUE_SECURE, GATE_SEL2, RF_ASID },
	{ 0x52, "TLBI_S_EL2_VA", QUEUE_SECURE, GATE_SEL2, RF_ASID | RF_TLBI | RF_ADDRESS },
	{ 0x53, "TLBI_S_EL2_VAA", QUEUE_SECURE, GATE_SEL2, RF_TLBI | RF_ADDRESS },
	{ 0x58, "TLBI_S_S12_VMALL", QUEUE_SECURE, GATE_SECURE_S2, RF_VMID },
	/* Its NS parameter exists, its position is doubtful: no bit is owned for it. */
	{ 0x5A, "TLBI_S_S2_IPA", QUEUE_SECURE, GATE_SECURE_S2, RF_VMID | RF_TLBI | RF_IPA },
	{ 0x60, "TLBI_SNH_ALL", QUEUE_SECURE, GATE_SECURE_S2, 0 },

	/* 4.6 device permission table */
	{ 0x70, "DPTI_ALL", QUEUE_ANY, GATE_DPT, 0 },
	{ 0x73, "DPTI_PA", QUEUE_ANY, GATE_DPT, RF_UNKNOWN0 | RF_UNKNOWN1 },
};

#define RULES_ROWS (sizeof(rules_table) / sizeof(rules_table[0]))

/* The row of a command, or NULL for an opcode the document does not define. */
static inline const struct rules_row *rules_find(uint64_t d0)
{
	size_t i;

	for (i = 0; i < RULES_ROWS; i++)
		if (rules_table[i].opcode == rules_bits(d0, 7, 0))
			return &rules_table[i];
	return NULL;
}

/* Does this command have this field? */
static inline bool rules_has(uint64_t d0, uint64_t field)
{
	const struct rules_row *row = rules_find(d0);

	return row != NULL && (row->fields & field) != 0;
}

static inline bool rules_is(uint64_t d0, unsigned int opcode)
{
	return rules_bits(d0, 7, 0) == opcode;
}

/* ------------------------------------------------------------------ *
 * ID register bits (6.3), named.
 * ------------------------------------------------------------------ */
static inline bool rules_s1p(const struct rules_env *env)
{
	return rules_bit(env->idr0, 1);
}

static inline bool rules_s2p(const struct rules_env *env)
{
	return rules_bit(env->idr0, 0);
}

static inline bool rules_sel2(const struct rules_env *env)
{
	return rules_bit(env->s_idr1, 29);
}

/* S_IDR3.SAMS = 1: no ATS, PRI or DPT maintenance from the Secure queue. */
static inline bool rules_sams(const struct rules_env *env)
{
	return rules_bit(env->s_idr3, 6);
}

/* Stage 2 of the queue's state (6.3, S_IDR1.SEL2: Secure stage 2 needs Secure EL2). */
static inline bool rules_stage2(const struct rules_env *env)
{
	if (env->sec == RULES_SECURE)
		return rules_s2p(env) && rules_sel2(env);
	return rules_s2p(env);
}

/*
 * A bit that stands at the same place in the Non-secure and the Realm register,
 * and that the Secure queue takes from the Non-secure one unless SAMS is set.
 */
static inline bool rules_maintenance(const struct rules_env *env, uint32_t ns, uint32_t realm,
				     unsigned int bit)
{
	if (env->sec == RULES_REALM)
		return rules_bit(realm, bit);
	if (env->sec == RULES_SECURE)
		return rules_bit(ns, bit) && !rules_sams(env);
	return rules_bit(ns, bit);
}

/* STALL_MODEL 25:24 of the queue's state; 0b01 = no stalls. */
static inline bool rules_stalls(const struct rules_env *env)
{
	uint32_t idr0 = env->idr0;

	if (env->sec == RULES_SECURE)
		idr0 = env->s_idr0;
	if (env->sec == RULES_REALM)
		idr0 = env->r_idr0;
	return rules_bits(idr0, 25, 24) != 1;
}

/* MSI 13 of the queue's state. */
static inline bool rules_msi(const struct rules_env *env)
{
	if (env->sec == RULES_SECURE)
		return rules_bit(env->s_idr0, 13);
	if (env->sec == RULES_REALM)
		return rules_bit(env->r_idr0, 13);
	return rules_bit(env->idr0, 13);
}

static inline bool rules_ril(const struct rules_env *env)
{
	return rules_bit(env->idr3, 10);
}

static inline bool rules_ds(const struct rules_env *env)
{
	return rules_bit(env->idr5, 7);
}

static inline bool rules_d128(const struct rules_env *env)
{
	return rules_bit(env->idr5, 8);
}

/* AIDR (6.3): 0x00 is SMMUv3.0, 0x01 SMMUv3.1 and so on. */
static inline bool rules_v30(const struct rules_env *env)
{
	return rules_bits(env->aidr, 7, 0) == 0;
}

static inline bool rules_gate_open(const struct rules_env *env, enum rules_gate gate)
{
	switch (gate) {
	case GATE_NONE:
		return true;
	case GATE_S1P:
		return rules_s1p(env);
	case GATE_S2P:
		return rules_s2p(env);
	case GATE_HYP:
		return rules_bit(env->idr0, 9);
	case GATE_VMS:
		return rules_bit(env->idr3, 7) && rules_s1p(env) && rules_s2p(env);
	case GATE_NO_RME:
		return !rules_bit(env->idr0, 30);
	case GATE_ATS:
		return rules_maintenance(env, env->idr0, env->r_idr0, 10);
	case GATE_PRI:
		return rules_maintenance(env, env->idr0, env->r_idr0, 16);
	case GATE_DPT:
		return rules_maintenance(env, env->idr3, env->r_idr3, 15);
	case GATE_STALL:
		return rules_stalls(env);
	case GATE_SEL2:
		return rules_sel2(env);
	case GATE_SECURE_S2:
		return rules_s2p(env) && rules_sel2(env);
	}
	return false;
}

/* ------------------------------------------------------------------ *
 * The rules. True = violated.
 * ------------------------------------------------------------------ */

/* 4.1.1: a reserved opcode is CERROR_ILL. */
static inline bool rule_opcode(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	(void)d1;
	return rules_find(d0) == NULL && rules_bits(d0, 7, 4) != 8;
}

/* 4.1.1: 0x80 to 0x8F belong to the implementation; nobody else may judge them. */
static inline bool rule_impdef(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	(void)d1;
	return rules_bits(d0, 7, 4) == 8;
}

/* 4.4, 4.7: commands of another security state's queue are CERROR_ILL. */
static inline bool rule_queue(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	const struct rules_row *row = rules_find(d0);

	(void)d1;
	if (row == NULL)
		return false;
	if (row->queue == QUEUE_SECURE)
		return env->sec != RULES_SECURE;
	if (row->queue == QUEUE_NOT_REALM)
		return env->sec == RULES_REALM;
	return false;
}

/* Each command's own section: CERROR_ILL unless the feature is implemented. */
static inline bool rule_feature(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	const struct rules_row *row = rules_find(d0);

	if (row == NULL)
		return false;
	if (row->gate == GATE_VMS && rules_get(RF_SSEC, d0, d1) == 1 && !rules_sel2(env))
		return true;
	return !rules_gate_open(env, row->gate);
}

/* 4.1.6: SSec = 1 on the Non-secure or Realm queue is CERROR_ILL. */
static inline bool rule_ssec(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	return rules_has(d0, RF_SSEC) && rules_get(RF_SSEC, d0, d1) == 1 &&
	       env->sec != RULES_SECURE;
}

/* Is this field there on this SMMU and queue, for a command that has it and says this? */
static inline bool rules_owned(const struct rules_env *env, uint64_t field, uint64_t d0)
{
	unsigned int major = (unsigned int)rules_bits(env->aidr, 7, 4);
	unsigned int minor = (unsigned int)rules_bits(env->aidr, 3, 0);

	if (field == RF_IPA_V30)	/* 4.4.3: 47:12 in SMMUv3.0 */
		return major == 0 && minor == 0;
	if (field == RF_IPA_V31)	/* 51:12 in SMMUv3.1 to 3.3 */
		return major == 0 && minor >= 1 && minor <= 3;
	if (field == RF_IPA_V34)	/* 55:12 from SMMUv3.4 on */
		return major != 0 || minor >= 4;
	if (field == RF_PF_STRIDE)	/* 4.2.2: RES0 in SMMUv3.0 */
		return !rules_v30(env);
	if (field == RF_PF_NS)		/* 4.2.2: of Secure streams, with Secure EL2 */
		return env->sec == RULES_SECURE && rules_sel2(env) &&
		       rules_get(RF_SSEC, d0, 0) == 1;
	return true;
}

/* 4.1.6: the highest bit of a field: MSIAddress has 55:2, 51:2 up to v3.3, 47:2 in v3.0. */
static inline unsigned int rules_msb(const struct rules_env *env, const struct rules_field *field)
{
	if (field->field != RF_MSI_ADDRESS || rules_owned(env, RF_IPA_V34, 0))
		return field->msb;
	return rules_v30(env) ? 47 : 51;
}

/*
 * 4.1.5 reserved fields: they are written as zero. Fields that a missing feature makes
 * RES0 and that have a rule of their own below (RIL, TTL128, SCALE's top bit,
 * upper halves of ASID and VMID, MSI_NS) are not counted here.
 */
static inline bool rule_reserved(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	const struct rules_row *row = rules_find(d0);
	uint64_t word[2];
	unsigned int bit;
	size_t i;

	if (row == NULL)
		return false;
	word[0] = d0;
	word[1] = d1;
	for (i = 0; i < RULES_FIELDS; i++) {
		if (((RF_OPCODE | row->fields) & rules_fields[i].field) == 0)
			continue;
		if (!rules_owned(env, rules_fields[i].field, d0))
			continue;
		for (bit = rules_fields[i].lsb; bit <= rules_msb(env, &rules_fields[i]); bit++)
			word[rules_fields[i].word] &= ~((uint64_t)1 << bit);
	}
	return word[0] != 0 || word[1] != 0;
}

/*
 * 4.1.7 out-of-range parameters: a StreamID beyond the implemented size has no
 * effect or hits an UNKNOWN one. IDR1.SIDSIZE 5:0; S_IDR1.S_SIDSIZE 5:0 for SSec = 1 on the Secure queue.
 * 4.3.2: CFGI_STE_RANGE ignores the low Range + 1 bits; Range = 31 is CFGI_ALL.
 */
static inline bool rule_sid(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t sid = rules_get(RF_SID, d0, d1);
	uint64_t range = rules_get(RF_RANGE, d0, d1);
	unsigned int bits = (unsigned int)rules_bits(env->idr1, 5, 0);

	if (!rules_has(d0, RF_SID))
		return false;
	if (env->sec == RULES_SECURE && rules_has(d0, RF_SSEC) &&
	    rules_get(RF_SSEC, d0, d1) == 1)
		bits = (unsigned int)rules_bits(env->s_idr1, 5, 0);
	if (rules_has(d0, RF_RANGE))
		sid = sid >> (range + 1) << (range + 1);
	return rules_wider(sid, bits);
}

/*
 * 4.1.7: likewise the SubstreamID, IDR1.SSIDSIZE 10:6, wherever it is used. 4.2, 4.5: where
 * that is 0 there are none, and SSV = 1 has no effect or that of SSV = 0.
 */
static inline bool rule_ssid(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	unsigned int bits = (unsigned int)rules_bits(env->idr1, 10, 6);

	if (!rules_has(d0, RF_SSID))
		return false;
	if (rules_has(d0, RF_SSV) && rules_get(RF_SSV, d0, d1) == 0)
		return false;
	if (rules_has(d0, RF_SSV) && bits == 0)
		return true;
	return rules_wider(rules_get(RF_SSID, d0, d1), bits);
}

/* 4.1.6: SSV = 0 says that there is no SubstreamID, so none is written. */
static inline bool rule_ssv(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	return rules_has(d0, RF_SSV) && rules_get(RF_SSV, d0, d1) == 0 &&
	       rules_get(RF_SSID, d0, d1) != 0;
}

/* 4.5.1: Global means something only together with a PASID. */
static inline bool rule_global(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	return rules_has(d0, RF_GLOBAL) && rules_get(RF_GLOBAL, d0, d1) == 1 &&
	       rules_get(RF_SSV, d0, d1) == 0;
}

/*
 * 4.4.1: with 8-bit ASIDs (IDR0.ASID16 = 0) the upper half is RES0.
 * 4.4.2.8: with CR2.E2H = 0 the EL2 regime has no ASID, and the field is ignored;
 * it is then written as zero; the Secure queue's command does the same. 4.4.2.12: for
 * Secure EL2 it is S_CR2.E2H. EL2_ASID only looks for E2H entries and keeps its
 * parameter.
 */
static inline bool rule_asid(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t asid = rules_get(RF_ASID, d0, d1);

	if (!rules_has(d0, RF_ASID))
		return false;
	if (asid != 0 && ((rules_is(d0, 0x22) && !env->e2h) || (rules_is(d0, 0x52) && !env->s_e2h)))
		return true;
	return !rules_bit(env->idr0, 12) && rules_wider(asid, 8);
}

/*
 * 4.4.1: with 8-bit VMIDs (IDR0.VMID16 = 0) the upper half is RES0.
 * 4.4.1: without a stage 2 for this state the VMID of NH_* is RES0.
 */
static inline bool rule_vmid(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t vmid = rules_get(RF_VMID, d0, d1);

	if (!rules_has(d0, RF_VMID))
		return false;
	if (rules_is(d0, 0x10) || rules_is(d0, 0x11) || rules_is(d0, 0x12) || rules_is(d0, 0x13))
		if (!rules_stage2(env) && vmid != 0)
			return true;
	return !rules_bit(env->idr0, 18) && rules_wider(vmid, 8);
}

/* 4.4.1: without IDR3.RIL, NUM, SCALE, TG, TTL and TTL128 are RES0. */
static inline bool rule_range_feature(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	return rules_has(d0, RF_TG) && !rules_ril(env) &&
	       (rules_get(RF_NUM, d0, d1) != 0 || rules_get(RF_SCALE, d0, d1) != 0 ||
		rules_get(RF_TG, d0, d1) != 0 || rules_get(RF_TTL, d0, d1) != 0 ||
		rules_get(RF_TTL128, d0, d1) != 0);
}

/* 4.4.1: TG = 2 (16K) with TTL = 1 and IDR5.DS = 0 is treated as TTL = 0. */
static inline uint64_t rules_ttl(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t ttl = rules_get(RF_TTL, d0, d1);

	if (rules_get(RF_TG, d0, d1) == 2 && ttl == 1 && !rules_ds(env))
		return 0;
	return ttl;
}

/*
 * 4.4.1: TG != 0 with NUM = SCALE = TTL = 0 is Reserved and CERROR_ILL; with
 * TG = 0 there is neither a range nor a hint, so those fields are zero.
 */
static inline bool rule_range_reserved(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t num = rules_get(RF_NUM, d0, d1);
	uint64_t scale = rules_get(RF_SCALE, d0, d1);

	if (!rules_has(d0, RF_TG) || !rules_ril(env))
		return false;
	if (rules_get(RF_TG, d0, d1) != 0)
		return num == 0 && scale == 0 && rules_ttl(env, d0, d1) == 0;
	return num != 0 || scale != 0 || rules_get(RF_TTL, d0, d1) != 0 ||
	       rules_get(RF_TTL128, d0, d1) != 0;
}

/* 4.4.1: SCALE bit 5 is RES0 without IDR5.DS; above 39 it acts as 39. */
static inline bool rule_scale(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t scale = rules_get(RF_SCALE, d0, d1);

	return rules_has(d0, RF_SCALE) && rules_ril(env) &&
	       ((scale > 31 && !rules_ds(env)) || scale > 39);
}

/*
 * 4.4.1: TTL128 needs IDR5.D128, and a level to speak of. A TTL that is treated
 * as 0 is no level.
 */
static inline bool rule_ttl128(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	return rules_has(d0, RF_TTL128) && rules_ril(env) && rules_get(RF_TTL128, d0, d1) == 1 &&
	       (!rules_d128(env) || rules_ttl(env, d0, d1) == 0);
}

/* 4.4.1: highest address bit that must be zero, 0 = none; the lowest is 12. */
static inline unsigned int rules_align(uint64_t tg, uint64_t ttl, uint64_t ttl128)
{
	if (ttl128 == 0 && tg == 1 && ttl == 1)		/* 64-bit, 4K: 1GB blocks */
		return 29;
	if (ttl128 == 0 && tg == 1 && ttl == 2)		/* 2MB */
		return 20;
	if (ttl128 == 0 && tg == 2 && ttl == 1)		/* 16K, DS = 1: 64GB */
		return 35;
	if (ttl128 == 0 && tg == 2 && ttl == 2)		/* 32MB */
		return 24;
	if (ttl128 == 0 && tg == 3 && ttl == 1)		/* 64K: 4TB */
		return 41;
	if (ttl128 == 0 && tg == 3 && ttl == 2)		/* 512MB */
		return 28;
	if (ttl128 == 1 && tg == 1 && ttl == 1)		/* 128-bit, 4K: 256MB */
		return 27;
	if (ttl128 == 1 && tg == 1 && ttl == 2)		/* 1MB */
		return 19;
	if (ttl128 == 1 && tg == 2 && ttl == 1)		/* 16K: 16GB */
		return 33;
	if (ttl128 == 1 && tg == 2 && ttl == 2)		/* 16MB */
		return 23;
	if (ttl128 == 1 && tg == 3 && ttl == 1)		/* 64K: 1TB */
		return 39;
	if (ttl128 == 1 && tg == 3 && ttl == 2)		/* 256MB */
		return 27;
	if (tg == 2)					/* pages or any level, 16K */
		return 13;
	if (tg == 3)					/* 64K */
		return 15;
	return 0;					/* 4K: every address will do */
}

/* 4.4.1: a range (TG != 0) starts at a multiple of what TG and TTL name. */
static inline bool rule_align(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t tg = rules_get(RF_TG, d0, d1);
	unsigned int msb;

	if (!rules_has(d0, RF_TG) || !rules_ril(env) || tg == 0)
		return false;
	msb = rules_align(tg, rules_ttl(env, d0, d1), rules_get(RF_TTL128, d0, d1));
	return msb != 0 && rules_bits(d1, msb, 12) != 0;
}

/*
 * 4.4.1: ranges do not wrap. Address + (NUM + 1) * 2^SCALE * granule, counted in
 * 4KB units, of which the address space has 2^52; ending exactly there is fine.
 */
static inline bool rule_end(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint64_t tg = rules_get(RF_TG, d0, d1);
	uint64_t scale = rules_get(RF_SCALE, d0, d1);
	uint64_t units;

	if (!rules_has(d0, RF_TG) || !rules_ril(env) || tg == 0)
		return false;
	if (scale > 52)
		return true;
	units = (rules_get(RF_NUM, d0, d1) + 1) << scale;
	if (tg == 2)
		units *= 4;
	if (tg == 3)
		units *= 16;
	return rules_bits(d1, 63, 12) + units > (uint64_t)1 << 52;
}

/* 4.5.1: Size = 52 is all of the address space; above is CERROR_ILL or UNKNOWN. */
static inline bool rule_atc_size(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	return rules_is(d0, 0x40) && rules_get(RF_ATC_SIZE, d0, d1) > 52;
}

/* 4.7.3: CS = 0b11 is CERROR_ILL. */
static inline bool rule_cs(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	return rules_is(d0, 0x46) && rules_get(RF_CS, d0, d1) == 3;
}

/* 4.5.2: Resp = 0b11 is CERROR_ILL. */
static inline bool rule_resp(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	(void)env;
	return rules_is(d0, 0x41) && rules_get(RF_RESP, d0, d1) == 3;
}

/* 4.6: DPTI_PA's layout is not known well enough here to call any form legal. */
static inline bool rule_dpti(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	return rules_is(d0, 0x73) && !rule_queue(env, d0, d1) && !rule_feature(env, d0, d1);
}

/*
 * 4.7.3: an MSI (CS = 1, and MSIAddress, of which 0 is "no MSI") is only asked for of
 * an SMMU that can write one; without CS = 1 its fields are ignored. MSI_NS belongs to the
 * Realm queue.
 */
static inline bool rule_sync_msi(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	if (!rules_is(d0, 0x46))
		return false;
	if (rules_get(RF_MSI_NS, d0, d1) != 0 && env->sec != RULES_REALM)
		return true;
	return rules_get(RF_CS, d0, d1) == 1 && rules_get(RF_MSI_ADDRESS, d0, d1) != 0 &&
	       !rules_msi(env);
}

/* All violated rules; bit n stands for rule number n. 0 = software may emit it. */
static inline uint32_t rules_violated(const struct rules_env *env, uint64_t d0, uint64_t d1)
{
	uint32_t mask = 0;

	mask |= (uint32_t)rule_opcode(env, d0, d1) << RULE_OPCODE;
	mask |= (uint32_t)rule_impdef(env, d0, d1) << RULE_IMPDEF;
	mask |= (uint32_t)rule_queue(env, d0, d1) << RULE_QUEUE;
	mask |= (uint32_t)rule_feature(env, d0, d1) << RULE_FEATURE;
	mask |= (uint32_t)rule_ssec(env, d0, d1) << RULE_SSEC;
	mask |= (uint32_t)rule_reserved(env, d0, d1) << RULE_RESERVED;
	mask |= (uint32_t)rule_sid(env, d0, d1) << RULE_SID;
	mask |= (uint32_t)rule_ssid(env, d0, d1) << RULE_SSID;
	mask |= (uint32_t)rule_ssv(env, d0, d1) << RULE_SSV;
	mask |= (uint32_t)rule_global(env, d0, d1) << RULE_GLOBAL;
	mask |= (uint32_t)rule_asid(env, d0, d1) << RULE_ASID;
	mask |= (uint32_t)rule_vmid(env, d0, d1) << RULE_VMID;
	mask |= (uint32_t)rule_range_feature(env, d0, d1) << RULE_RANGE_FEATURE;
	mask |= (uint32_t)rule_range_reserved(env, d0, d1) << RULE_RANGE_RESERVED;
	mask |= (uint32_t)rule_scale(env, d0, d1) << RULE_SCALE;
	mask |= (uint32_t)rule_ttl128(env, d0, d1) << RULE_TTL128;
	mask |= (uint32_t)rule_align(env, d0, d1) << RULE_ALIGN;
	mask |= (uint32_t)rule_end(env, d0, d1) << RULE_END;
	mask |= (uint32_t)rule_atc_size(env, d0, d1) << RULE_ATC_SIZE;
	mask |= (uint32_t)rule_cs(env, d0, d1) << RULE_CS;
	mask |= (uint32_t)rule_resp(env, d0, d1) << RULE_RESP;
	mask |= (uint32_t)rule_dpti(env, d0, d1) << RULE_DPTI;
	mask |= (uint32_t)rule_sync_msi(env, d0, d1) << RULE_SYNC_MSI;
	return mask;
}

#endif /* TESTS_RULES_GUARD */
