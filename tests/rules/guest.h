/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/rules/guest.h - what must become of a guest's command? The judge.
 *
 * Written from Arm IHI 0070 (issue G.b, above all 4.3.7 and 4.4 to 4.7) and the
 * promises of a vetter, on raw words, without a look at include/inval/guest.h. As
 * naive as it can be; nothing is shared with the library.
 *
 *	grule_*		must this command be refused? One predicate per rule
 *	gforward_*	may this command be forwarded in its place? Likewise
 *	gcovers_*	does it invalidate what the guest's would have?
 */
#ifndef TESTS_RULES_GUEST_GUARD
#define TESTS_RULES_GUEST_GUARD

#include "rules.h"

/* Rules of the queue itself; their numbers go on where those of the commands end. */
#define GRULE_POLICY (RULE_LAST + 1)
#define GRULE_STREAM (RULE_LAST + 2)

enum grule_verdict { GRULE_FORWARD, GRULE_EMULATE, GRULE_NOTHING, GRULE_ILLEGAL };

struct grule_stream {
	uint32_t vsid, sid;
	bool ats;
	unsigned int stu_lg2;
};

/*
 * The SMMU that the guest sees and the real one; what the queue takes (a bit for each
 * opcode below 128); the guest's streams; its CR0.SMMUEN.
 */
struct grule_env {
	struct rules_env shown, real;
	uint64_t take[2];
	bool strict, own, enabled;
	uint16_t vmid;
	const struct grule_stream *stream;
	unsigned int streams;
};

/* What a vetter of stage-1 guests may take at all (4.3.7 for the configuration ones). */
static inline bool grule_listed(unsigned int opcode)
{
	switch (opcode) {
	case 0x01: case 0x02:				/* PREFETCH_* */
	case 0x03: case 0x04: case 0x05: case 0x06:	/* CFGI_STE* and _CD* */
	case 0x10: case 0x11: case 0x12: case 0x13:	/* TLBI_NH_* */
	case 0x20: case 0x21: case 0x22: case 0x23:	/* TLBI_EL2_* */
	case 0x30:					/* TLBI_NSNH_ALL */
	case 0x40: case 0x41:				/* ATC_INV, PRI_RESP */
	case 0x44: case 0x45: case 0x46:		/* RESUME, STALL_TERM, SYNC */
		return true;
	default:
		return false;
	}
}

/* ------------------------------------------------------------------ *
 * Which features may a guest be shown?
 * ------------------------------------------------------------------ */

/* IDR0: S1P COHACC BTM Hyp ATS NS1ATS ASID16 MSI SEV PRI; others are not features here. */
static inline bool grule_shown_idr0(uint32_t shown, uint32_t real)
{
	static const unsigned int subset[] = { 1, 4, 5, 9, 10, 11, 12, 13, 14, 16, 18 };
	unsigned int i;

	for (i = 0; i < sizeof(subset) / sizeof(subset[0]); i++)
		if (rules_bit(shown, subset[i]) && !rules_bit(real, subset[i]))
			return false;
	/* S2P, VMW, RME_IMPL: commands and tags that are not the guest's. */
	if (rules_bit(shown, 0) || rules_bit(shown, 17) || rules_bit(shown, 30))
		return false;
	/* STALL_MODEL: no stalls, or those that there are. */
	return rules_bits(shown, 25, 24) == 1 || rules_bits(shown, 25, 24) == rules_bits(real, 25, 24);
}

/* IDR1 (SSIDSIZE; no ECMDQ, no preset queues), IDR3, IDR5, AIDR; nothing Realm or Secure. */
static inline bool grule_shown_rest(const struct rules_env *shown, const struct rules_env *real)
{
	static const unsigned int idr3[] = { 8, 10 };		/* FWB RIL */
	static const unsigned int idr5[] = { 4, 5, 6, 7, 8 };	/* GRAN* DS D128 */
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (rules_bit(shown->idr3, idr3[i]) && !rules_bit(real->idr3, idr3[i]))
			return false;
	for (i = 0; i < 5; i++)
		if (rules_bit(shown->idr5, idr5[i]) && !rules_bit(real->idr5, idr5[i]))
			return false;
	return !rules_bit(shown->idr1, 29) && !rules_bit(shown->idr1, 31) &&
	       rules_bits(shown->idr1, 10, 6) <= rules_bits(real->idr1, 10, 6) &&
	       !rules_bit(shown->idr3, 7) && !rules_bit(shown->idr3, 15) &&
	       rules_bits(shown->idr3, 12, 11) <= rules_bits(real->idr3, 12, 11) &&
	       rules_bits(shown->idr5, 2, 0) <= rules_bits(real->idr5, 2, 0) &&
	       rules_bits(shown->aidr, 3, 0) <= rules_bits(real->aidr, 3, 0) &&
	       !rules_bit(shown->r_idr0, 10) && !rules_bit(shown->r_idr0, 13) &&
	       !rules_bit(shown->r_idr0, 16) && !rules_bit(shown->r_idr0, 31) &&
	       !rules_bit(shown->r_idr3, 15) && !rules_bit(shown->s_idr0, 13) &&
	       !rules_bit(shown->s_idr1, 29) && !rules_bit(shown->s_idr1, 31) &&
	       !rules_bit(shown->s_idr3, 6) && !shown->s_e2h;
}

static inline bool grule_shown_ok(const struct rules_env *shown, const struct rules_env *real)
{
	return grule_shown_idr0(shown->idr0, real->idr0) && grule_shown_rest(shown, real);
}

/* ------------------------------------------------------------------ *
 * Refusals. True = refused for this.
 * ------------------------------------------------------------------ */

/* Does the queue take the opcode? */
static inline bool grule_takes(const struct grule_env *env, uint64_t d0)
{
	unsigned int opcode = (unsigned int)rules_bits(d0, 7, 0);

	return grule_listed(opcode) && rules_bit(env->take[opcode / 64], opcode % 64);
}

static inline bool grule_policy(const struct grule_env *env, uint64_t d0)
{
	return !grule_takes(env, d0);
}

/* The guest's stream of that StreamID, or NULL. */
static inline const struct grule_stream *grule_find(const struct grule_env *env, uint64_t d0)
{
	unsigned int i;

	for (i = 0; i < env->streams; i++)
		if (env->stream[i].vsid == rules_bits(d0, 63, 32))
			return &env->stream[i];
	return NULL;
}

/* A command about one stream. */
static inline bool grule_one_stream(uint64_t d0)
{
	return rules_has(d0, RF_SID) && !rules_has(d0, RF_RANGE);
}

static inline bool grule_stream(const struct grule_env *env, uint64_t d0)
{
	return env->own && grule_one_stream(d0) && grule_find(env, d0) == NULL;
}

/*
 * Rules of the commands that hold for this guest. A range that is misaligned or
 * passes the end is converted, never refused. A queue that is not strict ignores
 * what the SMMU may ignore: reserved bits (4.1.5), a VMID without stage 2, and an
 * EL2 ASID without E2H (4.4.2), SubstreamID and Global without SSV (4.1.6, 4.5.1), an
 * MSI that it does not have (4.7.3).
 */
static inline uint32_t grule_broken(const struct grule_env *env, uint64_t d0, uint64_t d1)
{
	uint32_t mask = rules_violated(&env->shown, d0, d1);

	mask &= ~((uint32_t)1 << RULE_ALIGN | (uint32_t)1 << RULE_END);
	if (env->strict)
		return mask;
	mask &= ~((uint32_t)1 << RULE_RESERVED | (uint32_t)1 << RULE_VMID |
		  (uint32_t)1 << RULE_SSV | (uint32_t)1 << RULE_GLOBAL |
		  (uint32_t)1 << RULE_SYNC_MSI);
	if (rules_is(d0, 0x22) && !env->shown.e2h)
		mask &= ~((uint32_t)1 << RULE_ASID);
	return mask;
}

/* All reasons for which the command may be refused; 0 = it must be taken. */
static inline uint32_t grule_reasons(const struct grule_env *env, uint64_t d0, uint64_t d1)
{
	return grule_broken(env, d0, d1) | (uint32_t)grule_policy(env, d0) << GRULE_POLICY |
	       (uint32_t)grule_stream(env, d0) << GRULE_STREAM;
}

/* ------------------------------------------------------------------ *
 * The verdict.
 * ------------------------------------------------------------------ */
static inline enum grule_verdict grule_verdict(const struct grule_env *env, uint64_t d0,
					       uint64_t d1)
{
	const struct grule_stream *stream = grule_find(env, d0);

	if (grule_reasons(env, d0, d1) != 0)
		return GRULE_ILLEGAL;
	if (grule_one_stream(d0) && stream == NULL)
		return GRULE_NOTHING;
	switch (rules_bits(d0, 7, 0)) {
	case 0x01: case 0x02: case 0x03: case 0x04: case 0x44: case 0x45: case 0x46:
		return GRULE_EMULATE;
	case 0x41:	/* 4.5.2: ignored while SMMUEN = 0 */
		return env->enabled ? GRULE_EMULATE : GRULE_NOTHING;
	case 0x40:	/* 4.5.1: likewise; and a device without ATS has nothing to drop */
		return env->enabled && stream->ats ? GRULE_FORWARD : GRULE_NOTHING;
	default:
		return GRULE_FORWARD;
	}
}

/* ------------------------------------------------------------------ *
 * What reaches the SMMU. False = it must not.
 * ------------------------------------------------------------------ */

/* No legal command of ours stops the queue. */
static inline bool gforward_legal(const struct grule_env *env, uint64_t o0, uint64_t o1)
{
	return rules_violated(&env->real, o0, o1) == 0;
}

/* Commands with a scope of one VMID or one stream only. */
static inline bool gforward_opcode(uint64_t o0)
{
	return rules_is(o0, 0x05) || rules_is(o0, 0x06) || rules_is(o0, 0x10) ||
	       rules_is(o0, 0x11) || rules_is(o0, 0x12) || rules_is(o0, 0x13) || rules_is(o0, 0x40);
}

static inline bool gforward_vmid(const struct grule_env *env, uint64_t o0)
{
	return !rules_has(o0, RF_VMID) || rules_get(RF_VMID, o0, 0) == env->vmid;
}

/* The stream of the guest's command, under our number. */
static inline bool gforward_stream(const struct grule_env *env, uint64_t d0, uint64_t o0)
{
	const struct grule_stream *stream = grule_find(env, d0);

	if (!rules_has(o0, RF_SID))
		return true;
	return grule_one_stream(d0) && stream != NULL && rules_bits(o0, 63, 32) == stream->sid;
}

/* A SYNC never writes. */
static inline bool gforward_quiet(uint64_t o0, uint64_t o1)
{
	return !rules_is(o0, 0x46) || (o0 == 0x46 && o1 == 0);
}

/* ------------------------------------------------------------------ *
 * What the guest's command would have hit on the SMMU that it sees, the forwarded one
 * hits on the real one: for one TLB entry, one ATC entry, one CD.
 * ------------------------------------------------------------------ */

/* A TLB entry of the guest's stage 1. @tg 1 to 3 as in TG; @level 1 to 3; @va any of it. */
struct gcovers_entry {
	uint16_t asid;
	bool global;
	uint64_t va;
	unsigned int tg, level;
	bool d128;
};

static inline unsigned int gcovers_size_lg2(const struct gcovers_entry *e)
{
	unsigned int granule = 10 + 2 * e->tg;

	return granule + (3 - e->level) * (granule - (e->d128 ? 4 : 3));
}

/* 4.4.1: does the address, range and hint of a command reach the entry? */
static inline bool gcovers_address(const struct rules_env *env, uint64_t d0, uint64_t d1,
				   const struct gcovers_entry *e)
{
	uint64_t tg = rules_get(RF_TG, d0, d1), ttl = rules_ttl(env, d0, d1);
	uint64_t first = e->va >> gcovers_size_lg2(e) << gcovers_size_lg2(e);
	uint64_t last = first | (((uint64_t)1 << gcovers_size_lg2(e)) - 1);
	uint64_t addr = rules_bits(d1, 63, 12) << 12, bytes, end;

	if (tg == 0)
		return addr >= first && addr <= last;
	if (tg != e->tg)
		return false;
	if (ttl != 0 && (ttl != e->level || (rules_get(RF_TTL128, d0, d1) == 1) != e->d128))
		return false;
	bytes = (rules_get(RF_NUM, d0, d1) + 1) << rules_get(RF_SCALE, d0, d1) << (10 + 2 * tg);
	end = addr + (bytes - 1) < addr ? UINT64_MAX : addr + (bytes - 1);
	return addr <= last && end >= first;
}

/* 4.4: does a TLBI on the guest's (or, with our VMID, the real) SMMU hit the entry? */
static inline bool gcovers_hits(const struct rules_env *env, uint64_t d0, uint64_t d1,
				const struct gcovers_entry *e)
{
	bool asid = rules_bits(d0, 63, 48) == e->asid;

	switch (rules_bits(d0, 7, 0)) {
	case 0x10: case 0x20: case 0x30:
		return true;
	case 0x21:	/* entries of a regime with E2H only */
		return env->e2h && asid && !e->global;
	case 0x11:
		return asid && !e->global;
	case 0x22:
		return (!env->e2h || asid || e->global) && gcovers_address(env, d0, d1, e);
	case 0x12:
		return (asid || e->global) && gcovers_address(env, d0, d1, e);
	case 0x13: case 0x23:
		return gcovers_address(env, d0, d1, e);
	default:
		return false;
	}
}

/* A translation that a device has cached: 4KB at @va. */
struct gcovers_atc {
	bool pasid_valid, global;
	uint32_t pasid;
	uint64_t va;
};

/* 4.5.1 */
static inline bool gcovers_atc_hits(uint64_t d0, uint64_t d1, const struct gcovers_atc *e)
{
	uint64_t size = rules_get(RF_ATC_SIZE, d0, d1);
	bool there = size >= 52 || e->va >> (12 + size) == d1 >> (12 + size);

	if (rules_get(RF_SSV, d0, d1) == 0)
		return there;
	return there && e->pasid_valid &&
	       (rules_get(RF_SSID, d0, d1) == e->pasid ||
		(rules_get(RF_GLOBAL, d0, d1) == 1 && e->global));
}

/* 4.3.3, 4.3.4: the CD of a SubstreamID; with @level1 the descriptor on the way to it. */
static inline bool gcovers_cd_hits(uint64_t d0, uint64_t d1, uint32_t ssid, bool level1)
{
	if (rules_is(d0, 0x06))
		return true;
	return rules_is(d0, 0x05) && rules_get(RF_SSID, d0, d1) == ssid &&
	       (!level1 || rules_get(RF_LEAF, d0, d1) == 0);
}

#endif /* TESTS_RULES_GUEST_GUARD */
