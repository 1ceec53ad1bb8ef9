/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/check.h - is a command legal on a queue of an SMMU, and if not, why?
 *
 * Pure. Legal means: what software may emit (IHI 0070, chapter 4). So besides
 * what raises CERROR_ILL it refuses reserved bits, identifiers wider than the
 * SMMU has, and forms whose effect is UNPREDICTABLE or nothing at all.
 *
 * For tools, tests, and commands that somebody else built (a guest). Commands
 * of cmd.h's encoders with the right operands need no check.
 */
#ifndef INVAL_CHECK_GUARD
#define INVAL_CHECK_GUARD

#include "caps.h"
#include "cmd.h"

INVAL_BEGIN

/**
 * enum inval_reason - by which rule a command is illegal (IHI 0070, 4.1 to 4.7)
 * @INVAL_LEGAL: by none
 * @INVAL_ILL_OPCODE: the opcode is reserved
 * @INVAL_ILL_IMPDEF: the opcode is IMPLEMENTATION DEFINED, 0x80 to 0x8F
 * @INVAL_ILL_QUEUE: not on a queue of this security state
 * @INVAL_ILL_FEATURE: the SMMU does not have what the command is for
 * @INVAL_ILL_SSEC: SSec outside the Secure queue
 * @INVAL_ILL_RESERVED: a bit is set that no field of the command has, on this
 *	revision and queue
 * @INVAL_ILL_SID: StreamID wider than IDR1.SIDSIZE, or with SSec than
 *	S_IDR1.S_SIDSIZE
 * @INVAL_ILL_SSID: SubstreamID wider than IDR1.SSIDSIZE, or SSV where that is 0
 * @INVAL_ILL_SSV: SubstreamID without SSV
 * @INVAL_ILL_GLOBAL: ATC_INV with Global, without SSV
 * @INVAL_ILL_ASID: ASID wider than IDR0.ASID16 allows, or one where CR2.E2H = 0
 *	makes EL2 have none; of TLBI_S_EL2_VA S_CR2.E2H
 * @INVAL_ILL_VMID: VMID wider than IDR0.VMID16 allows, or one where there is no
 *	stage 2
 * @INVAL_ILL_RANGE_FEATURE: NUM, SCALE, TG, TTL or TTL128 without IDR3.RIL
 * @INVAL_ILL_RANGE_RESERVED: TG with NUM, SCALE and TTL all zero, or one of the
 *	others without TG
 * @INVAL_ILL_SCALE: SCALE over 39, or over 31 without IDR5.DS
 * @INVAL_ILL_TTL128: TTL128 without IDR5.D128, or without TTL
 * @INVAL_ILL_ALIGN: the address of a range is not a multiple of the entry that
 *	TG, TTL and TTL128 name
 * @INVAL_ILL_END: the range passes 2^64
 * @INVAL_ILL_ATC_SIZE: ATC_INV with a Size over 52
 * @INVAL_ILL_CS: SYNC with CS = 3
 * @INVAL_ILL_RESP: PRI_RESP with Resp = 3
 * @INVAL_ILL_DPTI: DPTI_PA, whose fields no public source gives
 * @INVAL_ILL_SYNC_MSI: SYNC that asks for an MSI of an SMMU that writes none; or
 *	MSI_NS outside the Realm queue
 * @INVAL_ILL_POLICY: the guest's queue does not take this opcode (guest.h)
 * @INVAL_ILL_STREAM: the StreamID is none of the guest's (guest.h)
 * @INVAL_ILL_COUNT: how many there are, @INVAL_LEGAL included
 */
enum inval_reason {
	INVAL_LEGAL,
	INVAL_ILL_OPCODE,
	INVAL_ILL_IMPDEF,
	INVAL_ILL_QUEUE,
	INVAL_ILL_FEATURE,
	INVAL_ILL_SSEC,
	INVAL_ILL_RESERVED,
	INVAL_ILL_SID,
	INVAL_ILL_SSID,
	INVAL_ILL_SSV,
	INVAL_ILL_GLOBAL,
	INVAL_ILL_ASID,
	INVAL_ILL_VMID,
	INVAL_ILL_RANGE_FEATURE,
	INVAL_ILL_RANGE_RESERVED,
	INVAL_ILL_SCALE,
	INVAL_ILL_TTL128,
	INVAL_ILL_ALIGN,
	INVAL_ILL_END,
	INVAL_ILL_ATC_SIZE,
	INVAL_ILL_CS,
	INVAL_ILL_RESP,
	INVAL_ILL_DPTI,
	INVAL_ILL_SYNC_MSI,
	INVAL_ILL_POLICY,
	INVAL_ILL_STREAM,
	INVAL_ILL_COUNT
};

/* Internal: may a known command stand in a queue of this security state? */
static inline bool inval_check_queue(uint32_t op, enum inval_sec sec)
{
	switch (op) {
	case INVAL_OP_TLBI_EL3_ALL:
	case INVAL_OP_TLBI_EL3_VA:
	case INVAL_OP_TLBI_S_EL2_ALL:
	case INVAL_OP_TLBI_S_EL2_ASID:
	case INVAL_OP_TLBI_S_EL2_VA:
	case INVAL_OP_TLBI_S_EL2_VAA:
	case INVAL_OP_TLBI_S_S12_VMALL:
	case INVAL_OP_TLBI_S_S2_IPA:
	case INVAL_OP_TLBI_SNH_ALL:
		return sec == INVAL_SEC_SECURE;
	case INVAL_OP_RESUME:
	case INVAL_OP_STALL_TERM:
		return sec != INVAL_SEC_REALM;
	default:
		return true;
	}
}

/*
 * Internal: a feature of devices: Realm shows it in a register of its own,
 * S_IDR3.SAMS takes it from Secure.
 */
static inline bool inval_check_device(const struct inval_caps *caps, enum inval_sec sec,
				      uint64_t feat, uint64_t realm_feat)
{
	if (sec == INVAL_SEC_REALM)
		return inval_caps_has(caps, realm_feat);
	return inval_caps_has(caps, feat) &&
	       (sec == INVAL_SEC_NS || !inval_caps_has(caps, INVAL_FEAT_SAMS));
}

/* Internal: does this security state have stage 2? */
static inline bool inval_check_stage2(const struct inval_caps *caps, enum inval_sec sec)
{
	return inval_caps_has(caps, sec == INVAL_SEC_SECURE ?
			      INVAL_FEAT_S2P | INVAL_FEAT_SEL2 : INVAL_FEAT_S2P);
}

/* Internal: is there what the command is for? */
static inline bool inval_check_feature(const struct inval_caps *caps, enum inval_sec sec,
				       uint32_t op)
{
	switch (op) {
	case INVAL_OP_CFGI_CD:
	case INVAL_OP_CFGI_CD_ALL:
	case INVAL_OP_TLBI_NH_ALL:
	case INVAL_OP_TLBI_NH_ASID:
	case INVAL_OP_TLBI_NH_VA:
	case INVAL_OP_TLBI_NH_VAA:
		return inval_caps_has(caps, INVAL_FEAT_S1P);
	case INVAL_OP_CFGI_VMS_PIDM:
		/* There is a VMS (IHI 0070, 5.6); MPAMIDR.PARTID_MAX is not looked at. */
		return inval_caps_has(caps, INVAL_FEAT_MPAM | INVAL_FEAT_S1P | INVAL_FEAT_S2P);
	case INVAL_OP_TLBI_EL3_ALL:
	case INVAL_OP_TLBI_EL3_VA:
		return !inval_caps_has(caps, INVAL_FEAT_RME);
	case INVAL_OP_TLBI_EL2_ALL:
	case INVAL_OP_TLBI_EL2_ASID:
	case INVAL_OP_TLBI_EL2_VA:
	case INVAL_OP_TLBI_EL2_VAA:
		return inval_caps_has(caps, INVAL_FEAT_HYP);
	case INVAL_OP_TLBI_S12_VMALL:
	case INVAL_OP_TLBI_S2_IPA:
		/* The Non-secure stage 2, from the Secure queue as well. */
		return inval_caps_has(caps, INVAL_FEAT_S2P);
	case INVAL_OP_ATC_INV:
		return inval_check_device(caps, sec, INVAL_FEAT_ATS, INVAL_FEAT_R_ATS);
	case INVAL_OP_PRI_RESP:
		return inval_check_device(caps, sec, INVAL_FEAT_PRI, INVAL_FEAT_R_PRI);
	case INVAL_OP_RESUME:
	case INVAL_OP_STALL_TERM:
		return (sec == INVAL_SEC_SECURE ? caps->s_stall : caps->stall) != 1U;
	case INVAL_OP_TLBI_S_EL2_ALL:
	case INVAL_OP_TLBI_S_EL2_ASID:
	case INVAL_OP_TLBI_S_EL2_VA:
	case INVAL_OP_TLBI_S_EL2_VAA:
		return inval_caps_has(caps, INVAL_FEAT_SEL2);
	case INVAL_OP_TLBI_S_S12_VMALL:
	case INVAL_OP_TLBI_S_S2_IPA:
	case INVAL_OP_TLBI_SNH_ALL:
		return inval_check_stage2(caps, INVAL_SEC_SECURE);
	case INVAL_OP_DPTI_ALL:
	case INVAL_OP_DPTI_PA:
		return inval_check_device(caps, sec, INVAL_FEAT_DPT, INVAL_FEAT_R_DPT);
	default:
		return true;
	}
}

/* Internal: width of an IPA or MSI address in a command, by revision (IHI 0070, 4.1.6). */
static inline uint32_t inval_check_ipa_bits(const struct inval_caps *caps)
{
	if (caps->minor == 0U)
		return 48;
	return caps->minor < 4U ? 52U : 56U;
}

/**
 * inval_check_reserved() - the bits of a command that no field owns
 * @caps: the SMMU's capabilities
 * @sec: the queue's security state
 * @cmd: the command
 *
 * A reserved bit that is set is ignored by some SMMUs and CERROR_ILL on others
 * (IHI 0070, 4.1), so it is always written as zero. Range and TTL fields count
 * as owned even without IDR3.RIL. Of an opcode that is not known, and of
 * DPTI_PA, no bit but the opcode's is owned.
 *
 * Context: any.
 * Return: the bits of @cmd that are set and reserved; both words 0: none.
 */
static inline struct inval_cmd inval_check_reserved(const struct inval_caps *caps,
						    enum inval_sec sec, struct inval_cmd cmd)
{
	uint32_t layout = inval_cmd_layout((uint32_t)(cmd.d0 & 0xffU));
	struct inval_cmd mask;

	if (caps->minor == 0U)
		layout &= ~INVAL_FLD_BIT(INVAL_FLD_PF_STRIDE);
	/* Without Secure EL2 a Secure stream has no choice, a Non-secure one never (4.2.2). */
	if (sec != INVAL_SEC_SECURE || !inval_caps_has(caps, INVAL_FEAT_SEL2) ||
	    inval_fld_get(cmd, INVAL_FLD_SSEC) == 0U)
		layout &= ~INVAL_FLD_BIT(INVAL_FLD_PF_NS);
	mask = inval_cmd_mask(layout);
	if ((layout & (INVAL_FLD_BIT(INVAL_FLD_IPA) | INVAL_FLD_BIT(INVAL_FLD_MSI_ADDR))) != 0U)
		mask.d1 &= ((1ULL << inval_check_ipa_bits(caps)) - 1U) |
			   inval_fld_mask(inval_fld_pos(INVAL_FLD_MSI_NS));
	cmd.d0 &= ~(mask.d0 | 0xffU);
	cmd.d1 &= ~mask.d1;
	return cmd;
}

/* Internal: opcode, queue, feature, SSec, reserved bits. */
static inline enum inval_reason inval_check_form(const struct inval_caps *caps,
						 enum inval_sec sec, struct inval_cmd cmd,
						 uint32_t layout)
{
	uint32_t op = (uint32_t)(cmd.d0 & 0xffU);
	struct inval_cmd reserved = inval_check_reserved(caps, sec, cmd);

	if (layout == 0U)
		return op >= 0x80U && op <= 0x8fU ? INVAL_ILL_IMPDEF : INVAL_ILL_OPCODE;
	if (!inval_check_queue(op, sec))
		return INVAL_ILL_QUEUE;
	if (!inval_check_feature(caps, sec, op))
		return INVAL_ILL_FEATURE;
	if (op == INVAL_OP_DPTI_PA)
		return INVAL_ILL_DPTI;
	if (sec != INVAL_SEC_SECURE && (layout & INVAL_FLD_BIT(INVAL_FLD_SSEC)) != 0U &&
	    inval_fld_get(cmd, INVAL_FLD_SSEC) != 0U)
		return INVAL_ILL_SSEC;
	return (reserved.d0 | reserved.d1) != 0U ? INVAL_ILL_RESERVED : INVAL_LEGAL;
}

/*
 * Internal: StreamID and SubstreamID. One that is too wide has no effect or
 * names another stream (IHI 0070, 4.1); so has any where there are none (4.2, 4.5).
 * Where a command has no SSec its bit is reserved, and by now known to be 0.
 */
static inline enum inval_reason inval_check_stream(const struct inval_caps *caps,
						   struct inval_cmd cmd, uint32_t layout)
{
	uint64_t sid = inval_fld_get(cmd, INVAL_FLD_SID);
	uint64_t ssid = inval_fld_get(cmd, INVAL_FLD_SSID);

	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SID)) == 0U)
		return INVAL_LEGAL;
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_RANGE)) != 0U)
		sid &= ~0ULL << (inval_fld_get(cmd, INVAL_FLD_RANGE) + 1U);
	if (!inval_fits(sid, inval_fld_get(cmd, INVAL_FLD_SSEC) != 0U ? caps->s_sid_bits :
			caps->sid_bits))
		return INVAL_ILL_SID;
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SSID)) == 0U)
		return INVAL_LEGAL;
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SSV)) != 0U &&
	    inval_fld_get(cmd, INVAL_FLD_SSV) == 0U)
		return ssid != 0U ? INVAL_ILL_SSV : INVAL_LEGAL;
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SSV)) != 0U && caps->ssid_bits == 0U)
		return INVAL_ILL_SSID;
	return inval_fits(ssid, caps->ssid_bits) ? INVAL_LEGAL : INVAL_ILL_SSID;
}

/*
 * Internal: has EL2 no ASIDs? The Secure queue reaches two of them, each with a CR2 of its
 * own (IHI 0070, 4.4.2).
 */
static inline bool inval_check_no_asid(const struct inval_caps *caps, uint32_t op)
{
	return (op == INVAL_OP_TLBI_EL2_VA && !inval_caps_has(caps, INVAL_FEAT_E2H)) ||
	       (op == INVAL_OP_TLBI_S_EL2_VA && !inval_caps_has(caps, INVAL_FEAT_S_E2H));
}

/* Internal: ASID and VMID (IHI 0070, 4.4). */
static inline enum inval_reason inval_check_tags(const struct inval_caps *caps,
						 enum inval_sec sec, struct inval_cmd cmd,
						 uint32_t layout)
{
	uint32_t op = (uint32_t)(cmd.d0 & 0xffU);
	uint64_t asid = inval_fld_get(cmd, INVAL_FLD_ASID);
	uint64_t vmid = inval_fld_get(cmd, INVAL_FLD_VMID);
	bool nh = op >= INVAL_OP_TLBI_NH_ALL && op <= INVAL_OP_TLBI_NH_VAA;

	if ((layout & INVAL_FLD_BIT(INVAL_FLD_ASID)) != 0U &&
	    (!inval_fits(asid, caps->asid_bits) ||
	     (asid != 0U && inval_check_no_asid(caps, op))))
		return INVAL_ILL_ASID;
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_VMID)) != 0U &&
	    (!inval_fits(vmid, caps->vmid_bits) ||
	     (nh && vmid != 0U && !inval_check_stage2(caps, sec))))
		return INVAL_ILL_VMID;
	return INVAL_LEGAL;
}

/* Internal: what a range's address is a multiple of, log2; TG is not 0. */
static inline uint32_t inval_check_entry_lg2(struct inval_cmd cmd, uint32_t ttl)
{
	uint32_t granule_lg2 = 10U + 2U * (uint32_t)inval_fld_get(cmd, INVAL_FLD_TG);
	uint32_t desc_lg2 = 3U + (uint32_t)inval_fld_get(cmd, INVAL_FLD_TTL128);

	return granule_lg2 + (ttl != 0U ? (3U - ttl) * (granule_lg2 - desc_lg2) : 0U);
}

/* Internal: where a range lies (IHI 0070, 4.4.1.1); TG is not 0, SCALE at most 39. */
static inline enum inval_reason inval_check_span(struct inval_cmd cmd, uint64_t addr,
						 uint32_t ttl)
{
	uint32_t granule_lg2 = 10U + 2U * (uint32_t)inval_fld_get(cmd, INVAL_FLD_TG);
	uint32_t scale = (uint32_t)inval_fld_get(cmd, INVAL_FLD_SCALE);
	uint64_t bytes = (inval_fld_get(cmd, INVAL_FLD_NUM) + 1U) << (scale + granule_lg2);

	if ((addr & ~(~0ULL << inval_check_entry_lg2(cmd, ttl))) != 0U)
		return INVAL_ILL_ALIGN;
	return bytes - 1U > ~addr ? INVAL_ILL_END : INVAL_LEGAL;
}

/*
 * Internal: TTL as the SMMU takes it: 16K has blocks at level 1 with 52-bit addresses
 * only, so without IDR5.DS that is no hint (IHI 0070, 4.4.1.1).
 */
static inline uint32_t inval_check_ttl(const struct inval_caps *caps, struct inval_cmd cmd)
{
	uint32_t tg = (uint32_t)inval_fld_get(cmd, INVAL_FLD_TG);
	uint32_t ttl = (uint32_t)inval_fld_get(cmd, INVAL_FLD_TTL);
	bool ds = inval_caps_has(caps, INVAL_FEAT_DS);

	if (tg == 2U && ttl == 1U && !ds)
		ttl = 0;
	return ttl;
}

/* Internal: NUM, SCALE, TG, TTL and TTL128, one of them not 0 (IHI 0070, 4.4.1.1). */
static inline enum inval_reason inval_check_range(const struct inval_caps *caps,
						  struct inval_cmd cmd)
{
	uint64_t scale = inval_fld_get(cmd, INVAL_FLD_SCALE);
	uint32_t tg = (uint32_t)inval_fld_get(cmd, INVAL_FLD_TG);
	uint32_t ttl = inval_check_ttl(caps, cmd);
	bool ds = inval_caps_has(caps, INVAL_FEAT_DS);

	if (!inval_caps_has(caps, INVAL_FEAT_RIL))
		return INVAL_ILL_RANGE_FEATURE;
	if (scale > (ds ? 39U : 31U))
		return INVAL_ILL_SCALE;
	if (inval_fld_get(cmd, INVAL_FLD_TTL128) != 0U &&
	    (ttl == 0U || !inval_caps_has(caps, INVAL_FEAT_D128)))
		return INVAL_ILL_TTL128;
	if (tg == 0U || (ttl == 0U && scale == 0U && inval_fld_get(cmd, INVAL_FLD_NUM) == 0U))
		return INVAL_ILL_RANGE_RESERVED;
	return inval_check_span(cmd, cmd.d1 & inval_fld_mask(inval_fld_pos(INVAL_FLD_VA)), ttl);
}

/* Internal: may a SYNC of this security state send an MSI? */
static inline bool inval_check_msi(const struct inval_caps *caps, enum inval_sec sec)
{
	switch (sec) {
	case INVAL_SEC_SECURE: return inval_caps_has(caps, INVAL_FEAT_S_MSI);
	case INVAL_SEC_REALM: return inval_caps_has(caps, INVAL_FEAT_R_MSI);
	case INVAL_SEC_NS:
	default: return inval_caps_has(caps, INVAL_FEAT_MSI);
	}
}

/* Internal: SYNC (IHI 0070, 4.7.3). With another CS the fields of an MSI are ignored. */
static inline enum inval_reason inval_check_sync(const struct inval_caps *caps,
						 enum inval_sec sec, struct inval_cmd cmd)
{
	uint64_t cs = inval_fld_get(cmd, INVAL_FLD_CS);

	if (cs > (uint64_t)INVAL_CS_SEV)
		return INVAL_ILL_CS;
	if ((cs == (uint64_t)INVAL_CS_IRQ && inval_fld_get(cmd, INVAL_FLD_MSI_ADDR) != 0U &&
	     !inval_check_msi(caps, sec)) ||
	    (inval_fld_get(cmd, INVAL_FLD_MSI_NS) != 0U && sec != INVAL_SEC_REALM))
		return INVAL_ILL_SYNC_MSI;
	return INVAL_LEGAL;
}

/* Internal: what only one command has. */
static inline enum inval_reason inval_check_own(const struct inval_caps *caps,
						enum inval_sec sec, struct inval_cmd cmd)
{
	switch (cmd.d0 & 0xffU) {
	case INVAL_OP_CFGI_VMS_PIDM:
		return inval_fld_get(cmd, INVAL_FLD_SSEC) != 0U &&
		       !inval_caps_has(caps, INVAL_FEAT_SEL2) ? INVAL_ILL_FEATURE : INVAL_LEGAL;
	case INVAL_OP_ATC_INV:
		if (inval_fld_get(cmd, INVAL_FLD_ATC_SIZE) > INVAL_CMD_ATC_ALL)
			return INVAL_ILL_ATC_SIZE;
		return inval_fld_get(cmd, INVAL_FLD_GLOBAL) != 0U &&
		       inval_fld_get(cmd, INVAL_FLD_SSV) == 0U ? INVAL_ILL_GLOBAL : INVAL_LEGAL;
	case INVAL_OP_PRI_RESP:
		return inval_fld_get(cmd, INVAL_FLD_RESP) > (uint64_t)INVAL_RESP_SUCCESS ?
		       INVAL_ILL_RESP : INVAL_LEGAL;
	case INVAL_OP_SYNC:
		return inval_check_sync(caps, sec, cmd);
	default:
		return INVAL_LEGAL;
	}
}

/**
 * inval_check() - is this command legal on that queue of that SMMU?
 * @caps: the SMMU's capabilities
 * @sec: the queue's security state
 * @cmd: the command, any 128 bits
 *
 * A field that the hardware ignores in this form may have any value: Ab of a
 * RESUME with Ac, the low StreamID bits of a range, the low bits of ATC_INV's
 * address, the MSI fields of a SYNC whose CS is not 1, as far as the revision and the
 * queue have them. But for what says more than is done: SubstreamID or Global without
 * SSV, an ASID where EL2 has none. Whether an address is one that the SMMU has
 * (IDR5.VAX, OAS) is not looked at.
 *
 * Context: any.
 * Return: INVAL_LEGAL, or a reason that holds; where several hold, always the
 * same one.
 */
static inline enum inval_reason inval_check(const struct inval_caps *caps, enum inval_sec sec,
					    struct inval_cmd cmd)
{
	uint32_t layout = inval_cmd_layout((uint32_t)(cmd.d0 & 0xffU));
	enum inval_reason reason = inval_check_form(caps, sec, cmd, layout);
	struct inval_cmd ril = inval_cmd_mask(layout & INVAL_LAYOUT_RIL);

	if (reason == INVAL_LEGAL)
		reason = inval_check_stream(caps, cmd, layout);
	if (reason == INVAL_LEGAL)
		reason = inval_check_tags(caps, sec, cmd, layout);
	if (reason == INVAL_LEGAL && ((cmd.d0 & ril.d0) | (cmd.d1 & ril.d1)) != 0U)
		reason = inval_check_range(caps, cmd);
	if (reason == INVAL_LEGAL)
		reason = inval_check_own(caps, sec, cmd);
	return reason;
}

INVAL_END

#endif /* INVAL_CHECK_GUARD */
