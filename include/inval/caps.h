/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/caps.h - what an SMMU can do, from its ID registers; how it is to be
 * used, from its embedder.
 *
 * Pure. A struct inval_caps is written once, before the SMMU is used, and only
 * read afterwards: by any number of CPUs.
 */
#ifndef INVAL_CAPS_GUARD
#define INVAL_CAPS_GUARD

#include "types.h"

INVAL_BEGIN

/**
 * enum inval_sec - the security state of a command queue (IHI 0070, 3.10)
 * @INVAL_SEC_NS: Non-secure
 * @INVAL_SEC_SECURE: Secure
 * @INVAL_SEC_REALM: Realm
 */
enum inval_sec {
	INVAL_SEC_NS,
	INVAL_SEC_SECURE,
	INVAL_SEC_REALM
};

/*
 * Features: one bit each, named after the register field (IHI 0070, 6.3).
 * R_ and S_: as seen by the Realm and the Secure programming interface.
 */
#define INVAL_FEAT_S2P		(1ULL << 0)	/* IDR0: stage 2 */
#define INVAL_FEAT_S1P		(1ULL << 1)	/* IDR0: stage 1 */
#define INVAL_FEAT_COHACC	(1ULL << 2)	/* IDR0: coherent with the CPUs */
#define INVAL_FEAT_BTM		(1ULL << 3)	/* IDR0: hears broadcast TLBI */
#define INVAL_FEAT_HYP		(1ULL << 4)	/* IDR0: EL2 translation regimes */
#define INVAL_FEAT_ATS		(1ULL << 5)	/* IDR0 */
#define INVAL_FEAT_NS1ATS	(1ULL << 6)	/* IDR0: no split-stage ATS */
#define INVAL_FEAT_MSI		(1ULL << 7)	/* IDR0 */
#define INVAL_FEAT_SEV		(1ULL << 8)	/* IDR0: wakes WFE */
#define INVAL_FEAT_PRI		(1ULL << 9)	/* IDR0 */
#define INVAL_FEAT_VMW		(1ULL << 10)	/* IDR0: VMID wildcards */
#define INVAL_FEAT_RME		(1ULL << 11)	/* IDR0.RME_IMPL: no EL3 commands */
#define INVAL_FEAT_ECMDQ	(1ULL << 12)	/* IDR1 */
#define INVAL_FEAT_QUEUES_PRESET (1ULL << 13)	/* IDR1: queue memory is fixed */
#define INVAL_FEAT_RIL		(1ULL << 14)	/* IDR3: range invalidation, TTL */
#define INVAL_FEAT_MPAM		(1ULL << 15)	/* IDR3 */
#define INVAL_FEAT_FWB		(1ULL << 16)	/* IDR3 */
#define INVAL_FEAT_DPT		(1ULL << 17)	/* IDR3: device permission table */
#define INVAL_FEAT_DS		(1ULL << 18)	/* IDR5: 52-bit at 4K and 16K */
#define INVAL_FEAT_D128		(1ULL << 19)	/* IDR5: 128-bit descriptors */
#define INVAL_FEAT_GRAN4K	(1ULL << 20)	/* IDR5 */
#define INVAL_FEAT_GRAN16K	(1ULL << 21)	/* IDR5 */
#define INVAL_FEAT_GRAN64K	(1ULL << 22)	/* IDR5 */
#define INVAL_FEAT_E2H		(1ULL << 23)	/* CR2.E2H as it is set */
#define INVAL_FEAT_R_ATS	(1ULL << 24)	/* R_IDR0 */
#define INVAL_FEAT_R_MSI	(1ULL << 25)	/* R_IDR0 */
#define INVAL_FEAT_R_PRI	(1ULL << 26)	/* R_IDR0 */
#define INVAL_FEAT_R_ECMDQ	(1ULL << 27)	/* R_IDR0 */
#define INVAL_FEAT_R_DPT	(1ULL << 28)	/* R_IDR3 */
#define INVAL_FEAT_S_MSI	(1ULL << 29)	/* S_IDR0 */
#define INVAL_FEAT_SECURE	(1ULL << 30)	/* S_IDR1.SECURE_IMPL */
#define INVAL_FEAT_SEL2		(1ULL << 31)	/* S_IDR1.SEL2: Secure stage 2, EL2 */
#define INVAL_FEAT_SAMS		(1ULL << 32)	/* S_IDR3: no Secure ATS, PRI, DPT */
#define INVAL_FEAT_S_E2H	(1ULL << 33)	/* S_CR2.E2H as it is set */

/**
 * struct inval_idregs - the raw registers that inval_caps_read() decodes
 * @aidr: SMMU_AIDR
 * @idr0: SMMU_IDR0
 * @idr1: SMMU_IDR1
 * @idr3: SMMU_IDR3
 * @idr5: SMMU_IDR5
 * @idr6: SMMU_IDR6; S_IDR6 or R_IDR6 for the ECMDQs of those interfaces
 * @r_idr0: SMMU_R_IDR0; 0 where there is no Realm interface
 * @r_idr3: SMMU_R_IDR3; 0 likewise
 * @s_idr0: SMMU_S_IDR0; 0 where there is no Secure interface
 * @s_idr1: SMMU_S_IDR1; 0 likewise
 * @s_idr3: SMMU_S_IDR3; 0 likewise
 * @e2h: CR2.E2H, R_CR2.E2H for a Realm queue, which decides what the EL2 commands
 *	match; it must not change while a command is in flight
 * @s_e2h: S_CR2.E2H, likewise for the TLBI_S_EL2 commands
 */
struct inval_idregs {
	uint32_t aidr;
	uint32_t idr0;
	uint32_t idr1;
	uint32_t idr3;
	uint32_t idr5;
	uint32_t idr6;
	uint32_t r_idr0;
	uint32_t r_idr3;
	uint32_t s_idr0;
	uint32_t s_idr1;
	uint32_t s_idr3;
	bool e2h;
	bool s_e2h;
};

/**
 * struct inval_caps - one SMMU's capabilities
 * @feat: INVAL_FEAT_*
 * @minor: architecture revision 3.@minor (AIDR)
 * @sid_bits: width of a StreamID, 0 to 32
 * @s_sid_bits: width of a Secure StreamID, 0 to 32
 * @ssid_bits: width of a SubstreamID, 0 to 20
 * @asid_bits: 8 or 16
 * @vmid_bits: 8 or 16
 * @oas_bits: width of an output address, 32 to 56
 * @cmdq_lg2: most entries of the command queue, log2, 0 to 19
 * @ecmdq_pages_lg2: control pages of enhanced command queues, log2
 * @ecmdq_queues_lg2: queues per control page, log2
 * @stall: IDR0.STALL_MODEL; 1: a stall cannot happen
 * @s_stall: S_IDR0.STALL_MODEL
 * @bbml: IDR3.BBML, the level of break-before-make relief
 */
struct inval_caps {
	uint64_t feat;
	uint8_t minor;
	uint8_t sid_bits;
	uint8_t s_sid_bits;
	uint8_t ssid_bits;
	uint8_t asid_bits;
	uint8_t vmid_bits;
	uint8_t oas_bits;
	uint8_t cmdq_lg2;
	uint8_t ecmdq_pages_lg2;
	uint8_t ecmdq_queues_lg2;
	uint8_t stall;
	uint8_t s_stall;
	uint8_t bbml;
};

/**
 * struct inval_policy - how an SMMU is to be used
 * @max_cmds: a range that needs more TLBI commands becomes "everything";
 *	1 or more
 * @one_command: round a range up (by 6.25 % at most) to need one TLBI
 * @atc_spans: ATC_INV commands for one range, 1 to 4
 * @no_msi: erratum: a SYNC must not write an MSI
 * @no_sev: erratum: a SYNC does not wake WFE
 * @sync_each: erratum: each batch of commands ends with a SYNC
 * @twice: erratum: each TLBI and CFGI is given again behind a SYNC; ATC_INV is not
 * @no_prefetch: erratum: PREFETCH_CONFIG and PREFETCH_ADDR must not be given
 * @page0: the registers of page 1 lie in page 0 (inval_policy_page1())
 */
struct inval_policy {
	uint32_t max_cmds;
	bool one_command;
	uint8_t atc_spans;
	bool no_msi;
	bool no_sev;
	bool sync_each;
	bool twice;
	bool no_prefetch;
	bool page0;
};

/**
 * enum inval_sync - how CPUs learn that a CMD_SYNC is complete (IHI 0070, 4.7.3)
 * @INVAL_SYNC_POLL: they read CONS
 * @INVAL_SYNC_EVENT: they wait in WFE, which it wakes, and read CONS
 * @INVAL_SYNC_MSI: it writes its number to memory, which they read
 */
enum inval_sync {
	INVAL_SYNC_POLL,
	INVAL_SYNC_EVENT,
	INVAL_SYNC_MSI
};

/**
 * inval_caps_has() - are all these features there?
 * @caps: the SMMU's capabilities
 * @feat: INVAL_FEAT_*, one or more
 *
 * Context: any.
 * Return: true when none is missing.
 */
static inline bool inval_caps_has(const struct inval_caps *caps, uint64_t feat)
{
	return (caps->feat & feat) == feat;
}

/* Internal: @feat when bit @bit of @reg is set. */
static inline uint64_t inval_caps_bit(uint32_t reg, uint32_t bit, uint64_t feat)
{
	return ((reg >> bit) & 1U) != 0U ? feat : 0U;
}

/* Internal: the features of IDR0, IDR1, IDR3 and IDR5 (IHI 0070, 6.3). */
static inline uint64_t inval_caps_feat(const struct inval_idregs *r)
{
	return inval_caps_bit(r->idr0, 0, INVAL_FEAT_S2P) |
	       inval_caps_bit(r->idr0, 1, INVAL_FEAT_S1P) |
	       inval_caps_bit(r->idr0, 4, INVAL_FEAT_COHACC) |
	       inval_caps_bit(r->idr0, 5, INVAL_FEAT_BTM) |
	       inval_caps_bit(r->idr0, 9, INVAL_FEAT_HYP) |
	       inval_caps_bit(r->idr0, 10, INVAL_FEAT_ATS) |
	       inval_caps_bit(r->idr0, 11, INVAL_FEAT_NS1ATS) |
	       inval_caps_bit(r->idr0, 13, INVAL_FEAT_MSI) |
	       inval_caps_bit(r->idr0, 14, INVAL_FEAT_SEV) |
	       inval_caps_bit(r->idr0, 16, INVAL_FEAT_PRI) |
	       inval_caps_bit(r->idr0, 17, INVAL_FEAT_VMW) |
	       inval_caps_bit(r->idr0, 30, INVAL_FEAT_RME) |
	       inval_caps_bit(r->idr1, 29, INVAL_FEAT_QUEUES_PRESET) |
	       inval_caps_bit(r->idr1, 31, INVAL_FEAT_ECMDQ) |
	       inval_caps_bit(r->idr3, 7, INVAL_FEAT_MPAM) |
	       inval_caps_bit(r->idr3, 8, INVAL_FEAT_FWB) |
	       inval_caps_bit(r->idr3, 10, INVAL_FEAT_RIL) |
	       inval_caps_bit(r->idr3, 15, INVAL_FEAT_DPT) |
	       inval_caps_bit(r->idr5, 4, INVAL_FEAT_GRAN4K) |
	       inval_caps_bit(r->idr5, 5, INVAL_FEAT_GRAN16K) |
	       inval_caps_bit(r->idr5, 6, INVAL_FEAT_GRAN64K) |
	       inval_caps_bit(r->idr5, 7, INVAL_FEAT_DS) |
	       inval_caps_bit(r->idr5, 8, INVAL_FEAT_D128);
}

/* Internal: the features of the Realm and Secure registers and of CR2. */
static inline uint64_t inval_caps_feat_other(const struct inval_idregs *r)
{
	return inval_caps_bit(r->r_idr0, 10, INVAL_FEAT_R_ATS) |
	       inval_caps_bit(r->r_idr0, 13, INVAL_FEAT_R_MSI) |
	       inval_caps_bit(r->r_idr0, 16, INVAL_FEAT_R_PRI) |
	       inval_caps_bit(r->r_idr0, 31, INVAL_FEAT_R_ECMDQ) |
	       inval_caps_bit(r->r_idr3, 15, INVAL_FEAT_R_DPT) |
	       inval_caps_bit(r->s_idr0, 13, INVAL_FEAT_S_MSI) |
	       inval_caps_bit(r->s_idr1, 29, INVAL_FEAT_SEL2) |
	       inval_caps_bit(r->s_idr1, 31, INVAL_FEAT_SECURE) |
	       inval_caps_bit(r->s_idr3, 6, INVAL_FEAT_SAMS) |
	       (r->e2h ? INVAL_FEAT_E2H : 0U) | (r->s_e2h ? INVAL_FEAT_S_E2H : 0U);
}

/* Internal: IDR5.OAS to bits (IHI 0070, 6.3). */
static inline uint8_t inval_caps_oas(uint32_t oas)
{
	switch (oas) {
	case 0: return 32;
	case 1: return 36;
	case 2: return 40;
	case 3: return 42;
	case 4: return 44;
	case 5: return 48;
	case 6: return 52;
	default: return 56;
	}
}

/* Internal: are the widths ones that the architecture knows? */
static inline bool inval_caps_sane(const struct inval_caps *c)
{
	return c->sid_bits <= 32U && c->s_sid_bits <= 32U && c->ssid_bits <= 20U &&
	       c->cmdq_lg2 <= 19U;
}

/**
 * inval_caps_read() - decode an SMMU's ID registers
 * @caps: written on success only; the caller's
 * @regs: the raw registers
 *
 * IHI 0070, 6.3 (SMMU_IDR0 to IDR6, SMMU_AIDR; SMMU_S_IDR*, SMMU_R_IDR*).
 *
 * Context: any.
 * Return: 0; -INVAL_EOPNOTSUPP for an SMMU that is no SMMUv3 (AIDR's major
 * number); -INVAL_ERANGE when a width is beyond what the architecture allows
 * (StreamID 32, SubstreamID 20, queue 2^19).
 */
static inline INVAL_MUST_CHECK int inval_caps_read(struct inval_caps *caps,
						   const struct inval_idregs *regs)
{
	struct inval_caps c;

	c.feat = inval_caps_feat(regs) | inval_caps_feat_other(regs);
	c.minor = (uint8_t)inval_field(regs->aidr, 3, 0);
	c.sid_bits = (uint8_t)inval_field(regs->idr1, 5, 0);
	c.s_sid_bits = (uint8_t)inval_field(regs->s_idr1, 5, 0);
	c.ssid_bits = (uint8_t)inval_field(regs->idr1, 10, 6);
	c.asid_bits = inval_field(regs->idr0, 12, 12) != 0U ? 16 : 8;
	c.vmid_bits = inval_field(regs->idr0, 18, 18) != 0U ? 16 : 8;
	c.oas_bits = inval_caps_oas((uint32_t)inval_field(regs->idr5, 2, 0));
	c.cmdq_lg2 = (uint8_t)inval_field(regs->idr1, 25, 21);
	c.ecmdq_pages_lg2 = (uint8_t)inval_field(regs->idr6, 27, 24);
	c.ecmdq_queues_lg2 = (uint8_t)inval_field(regs->idr6, 19, 16);
	c.stall = (uint8_t)inval_field(regs->idr0, 25, 24);
	c.s_stall = (uint8_t)inval_field(regs->s_idr0, 25, 24);
	c.bbml = (uint8_t)inval_field(regs->idr3, 12, 11);
	if (inval_field(regs->aidr, 7, 4) != 0U)
		return -INVAL_EOPNOTSUPP;
	if (!inval_caps_sane(&c))
		return -INVAL_ERANGE;
	*caps = c;
	return 0;
}

/**
 * inval_caps_drop() - do without features from now on
 * @caps: the SMMU's capabilities, not yet in use
 * @feat: INVAL_FEAT_*; INVAL_FEAT_RIL forces the path without ranges
 *
 * Context: any, before other CPUs see @caps.
 */
static inline void inval_caps_drop(struct inval_caps *caps, uint64_t feat)
{
	caps->feat &= ~feat;
}

/**
 * inval_policy_init() - the default policy
 * @policy: the caller's
 *
 * At most 512 TLBI commands for a range, ranges exact, two ATC spans, no erratum.
 *
 * Context: any.
 */
static inline void inval_policy_init(struct inval_policy *policy)
{
	policy->max_cmds = 512;
	policy->one_command = false;
	policy->atc_spans = 2;
	policy->no_msi = false;
	policy->no_sev = false;
	policy->sync_each = false;
	policy->twice = false;
	policy->no_prefetch = false;
	policy->page0 = false;
}

/**
 * inval_policy_sync() - how to wait for the SYNCs of an SMMU's queues
 * @policy: its errata
 * @caps: its capabilities
 * @sec: security state of the queue
 *
 * Context: any.
 * Return: the first that is there and allowed of MSI, event, poll.
 */
static inline enum inval_sync inval_policy_sync(const struct inval_policy *policy,
						const struct inval_caps *caps, enum inval_sec sec)
{
	uint64_t msi = sec == INVAL_SEC_SECURE ? INVAL_FEAT_S_MSI :
		       sec == INVAL_SEC_REALM ? INVAL_FEAT_R_MSI : INVAL_FEAT_MSI;

	if (inval_caps_has(caps, msi) && !policy->no_msi)
		return INVAL_SYNC_MSI;
	if (inval_caps_has(caps, INVAL_FEAT_SEV) && !policy->no_sev)
		return INVAL_SYNC_EVENT;
	return INVAL_SYNC_POLL;
}

/**
 * inval_policy_page1() - where the registers of page 1 begin (IHI 0070, 6.1)
 * @policy: the SMMU's errata
 *
 * Event and PRI queue, from page 0; the command queue's are in page 0 anyway.
 *
 * Context: any.
 * Return: bytes: 64K, or 0 for an implementation that has them all in page 0.
 */
static inline uint32_t inval_policy_page1(const struct inval_policy *policy)
{
	return policy->page0 ? 0U : 0x10000U;
}

INVAL_END

#endif /* INVAL_CAPS_GUARD */
