/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/cmd.h - SMMUv3 command words: encode, decode (IHI 0070, chapter 4).
 *
 * Pure. Words are in CPU byte order in struct inval_cmd and little-endian in a
 * queue; inval_cmd_store() and inval_cmd_load() are the border.
 *
 * Two ways to one result: an encoder per command for those who issue them, and
 * inval_cmd_encode() / inval_cmd_decode() over all fields for tools and tests.
 * Encoders check that values fit; whether a command is legal on a given SMMU
 * is inval_check()'s question (check.h).
 */
#ifndef INVAL_CMD_GUARD
#define INVAL_CMD_GUARD

#include "types.h"

INVAL_BEGIN

/* Bit positions of the fields that other parts write into a pre-encoded command. */
#define INVAL_CMD_LEAF_SHIFT	0	/* d1 */
#define INVAL_CMD_TTL128_SHIFT	7	/* d1 */
#define INVAL_CMD_TTL_SHIFT	8	/* d1, 9:8 */
#define INVAL_CMD_TG_SHIFT	10	/* d1, 11:10 */
#define INVAL_CMD_SSV_SHIFT	11	/* d0 */
#define INVAL_CMD_NUM_SHIFT	12	/* d0, 16:12 */
#define INVAL_CMD_SSID_SHIFT	12	/* d0, 31:12 */
#define INVAL_CMD_SCALE_SHIFT	20	/* d0, 25:20 */
#define INVAL_CMD_SID_SHIFT	32	/* d0, 63:32 */
#define INVAL_CMD_VMID_SHIFT	32	/* d0, 47:32 */
#define INVAL_CMD_ASID_SHIFT	48	/* d0, 63:48 */

#define INVAL_CMD_BYTES		16U
/* CFGI_STE_RANGE with this Range is CFGI_ALL. */
#define INVAL_CMD_RANGE_ALL	31U
/* ATC_INV with this Size is the whole address space. */
#define INVAL_CMD_ATC_ALL	52U

/**
 * struct inval_cmd - one command, in CPU byte order
 * @d0: first 64 bits
 * @d1: second 64 bits
 */
struct inval_cmd {
	uint64_t d0;
	uint64_t d1;
};

/**
 * enum inval_op - opcodes (IHI 0070, 4.1.3); 0x80 to 0x8F are IMPLEMENTATION
 * DEFINED, all others reserved
 */
enum inval_op {
	INVAL_OP_PREFETCH_CONFIG = 0x01,
	INVAL_OP_PREFETCH_ADDR = 0x02,
	INVAL_OP_CFGI_STE = 0x03,
	INVAL_OP_CFGI_STE_RANGE = 0x04,
	INVAL_OP_CFGI_CD = 0x05,
	INVAL_OP_CFGI_CD_ALL = 0x06,
	INVAL_OP_CFGI_VMS_PIDM = 0x07,
	INVAL_OP_TLBI_NH_ALL = 0x10,
	INVAL_OP_TLBI_NH_ASID = 0x11,
	INVAL_OP_TLBI_NH_VA = 0x12,
	INVAL_OP_TLBI_NH_VAA = 0x13,
	INVAL_OP_TLBI_EL3_ALL = 0x18,
	INVAL_OP_TLBI_EL3_VA = 0x1a,
	INVAL_OP_TLBI_EL2_ALL = 0x20,
	INVAL_OP_TLBI_EL2_ASID = 0x21,
	INVAL_OP_TLBI_EL2_VA = 0x22,
	INVAL_OP_TLBI_EL2_VAA = 0x23,
	INVAL_OP_TLBI_S12_VMALL = 0x28,
	INVAL_OP_TLBI_S2_IPA = 0x2a,
	INVAL_OP_TLBI_NSNH_ALL = 0x30,
	INVAL_OP_ATC_INV = 0x40,
	INVAL_OP_PRI_RESP = 0x41,
	INVAL_OP_RESUME = 0x44,
	INVAL_OP_STALL_TERM = 0x45,
	INVAL_OP_SYNC = 0x46,
	INVAL_OP_TLBI_S_EL2_ALL = 0x50,
	INVAL_OP_TLBI_S_EL2_ASID = 0x51,
	INVAL_OP_TLBI_S_EL2_VA = 0x52,
	INVAL_OP_TLBI_S_EL2_VAA = 0x53,
	INVAL_OP_TLBI_S_S12_VMALL = 0x58,
	INVAL_OP_TLBI_S_S2_IPA = 0x5a,
	INVAL_OP_TLBI_SNH_ALL = 0x60,
	INVAL_OP_DPTI_ALL = 0x70,
	INVAL_OP_DPTI_PA = 0x73
};

/* CMD_SYNC.CS: how the end of a SYNC is signalled (IHI 0070, 4.7.3). */
enum inval_cs {
	INVAL_CS_NONE = 0,
	INVAL_CS_IRQ = 1,	/* the MSI, and the wired interrupt */
	INVAL_CS_SEV = 2	/* an event for WFE */
};

/* CMD_PRI_RESP.Resp (IHI 0070, 4.5.2). */
enum inval_resp {
	INVAL_RESP_FAILURE = 0,
	INVAL_RESP_INVALID = 1,
	INVAL_RESP_SUCCESS = 2
};

/**
 * enum inval_fld - the fields of all commands
 *
 * Addresses stand in place: their value is the address itself, and bits below
 * the field must be zero. All others count from bit 0. The positions that a
 * single public source gives are marked [1].
 */
enum inval_fld {
	INVAL_FLD_GLOBAL,	/* d0 9 */
	INVAL_FLD_SSEC,		/* d0 10 */
	INVAL_FLD_SSV,		/* d0 11 */
	INVAL_FLD_SSID,		/* d0 31:12 */
	INVAL_FLD_SID,		/* d0 63:32 */
	INVAL_FLD_NUM,		/* d0 16:12 */
	INVAL_FLD_SCALE,	/* d0 25:20 */
	INVAL_FLD_VMID,		/* d0 47:32 */
	INVAL_FLD_ASID,		/* d0 63:48 */
	INVAL_FLD_AC,		/* d0 12 */
	INVAL_FLD_AB,		/* d0 13 */
	INVAL_FLD_CS,		/* d0 13:12 */
	INVAL_FLD_MSH,		/* d0 23:22 */
	INVAL_FLD_MSI_ATTR,	/* d0 27:24 */
	INVAL_FLD_MSI_DATA,	/* d0 63:32 */
	INVAL_FLD_LEAF,		/* d1 0 */
	INVAL_FLD_TTL128,	/* d1 7 */
	INVAL_FLD_TTL,		/* d1 9:8 */
	INVAL_FLD_TG,		/* d1 11:10 */
	INVAL_FLD_VA,		/* d1 63:12, in place */
	INVAL_FLD_IPA,		/* d1 55:12, in place */
	INVAL_FLD_RANGE,	/* d1 4:0 */
	INVAL_FLD_ATC_SIZE,	/* d1 5:0 */
	INVAL_FLD_PF_SIZE,	/* d1 4:0 */
	INVAL_FLD_PF_STRIDE,	/* d1 9:5 */
	INVAL_FLD_PF_NS,	/* d1 11 [1], Secure queue */
	INVAL_FLD_PRG,		/* d1 8:0 */
	INVAL_FLD_RESP,		/* d1 13:12 */
	INVAL_FLD_STAG,		/* d1 15:0 */
	INVAL_FLD_MSI_ADDR,	/* d1 55:2, in place */
	INVAL_FLD_MSI_NS,	/* d1 63 [1], Realm queue */
	INVAL_FLD_COUNT
};

/* One field as a bit of a layout. */
#define INVAL_FLD_BIT(fld) ((uint32_t)1 << (fld))
/* Set in the layout of every known opcode, even one without fields. */
#define INVAL_LAYOUT_KNOWN 0x80000000U

/**
 * struct inval_fields - a command taken apart
 * @op: opcode
 * @v: the fields, by enum inval_fld; those the command does not have are 0
 */
struct inval_fields {
	uint8_t op;
	uint64_t v[INVAL_FLD_COUNT];
};

/**
 * struct inval_pos - where a field stands
 * @word: 0 or 1, for d0 or d1
 * @lsb: lowest bit
 * @bits: width
 * @in_place: the value is not moved down to bit 0
 */
struct inval_pos {
	uint8_t word;
	uint8_t lsb;
	uint8_t bits;
	bool in_place;
};

/* Internal: fill a position. */
INVAL_ALWAYS_INLINE struct inval_pos inval_fld_at(uint8_t word, uint8_t lsb, uint8_t bits)
{
	struct inval_pos pos;

	pos.word = word;
	pos.lsb = lsb;
	pos.bits = bits;
	pos.in_place = false;
	return pos;
}

/* Internal: the position of an address field. */
INVAL_ALWAYS_INLINE struct inval_pos inval_fld_addr(uint8_t lsb, uint8_t bits)
{
	struct inval_pos pos = inval_fld_at(1, lsb, bits);

	pos.in_place = true;
	return pos;
}

/**
 * inval_fld_pos() - where a field stands (IHI 0070, 4.2 to 4.7)
 * @fld: the field
 *
 * Context: any.
 * Return: the position; of width 0 for a number that is no field.
 */
INVAL_ALWAYS_INLINE struct inval_pos inval_fld_pos(enum inval_fld fld)
{
	switch (fld) {
	case INVAL_FLD_GLOBAL: return inval_fld_at(0, 9, 1);
	case INVAL_FLD_SSEC: return inval_fld_at(0, 10, 1);
	case INVAL_FLD_SSV: return inval_fld_at(0, 11, 1);
	case INVAL_FLD_SSID: return inval_fld_at(0, 12, 20);
	case INVAL_FLD_SID: return inval_fld_at(0, 32, 32);
	case INVAL_FLD_NUM: return inval_fld_at(0, 12, 5);
	case INVAL_FLD_SCALE: return inval_fld_at(0, 20, 6);
	case INVAL_FLD_VMID: return inval_fld_at(0, 32, 16);
	case INVAL_FLD_ASID: return inval_fld_at(0, 48, 16);
	case INVAL_FLD_AC: return inval_fld_at(0, 12, 1);
	case INVAL_FLD_AB: return inval_fld_at(0, 13, 1);
	case INVAL_FLD_CS: return inval_fld_at(0, 12, 2);
	case INVAL_FLD_MSH: return inval_fld_at(0, 22, 2);
	case INVAL_FLD_MSI_ATTR: return inval_fld_at(0, 24, 4);
	case INVAL_FLD_MSI_DATA: return inval_fld_at(0, 32, 32);
	case INVAL_FLD_LEAF: return inval_fld_at(1, 0, 1);
	case INVAL_FLD_TTL128: return inval_fld_at(1, 7, 1);
	case INVAL_FLD_TTL: return inval_fld_at(1, 8, 2);
	case INVAL_FLD_TG: return inval_fld_at(1, 10, 2);
	case INVAL_FLD_VA: return inval_fld_addr(12, 52);
	case INVAL_FLD_IPA: return inval_fld_addr(12, 44);
	case INVAL_FLD_RANGE: return inval_fld_at(1, 0, 5);
	case INVAL_FLD_ATC_SIZE: return inval_fld_at(1, 0, 6);
	case INVAL_FLD_PF_SIZE: return inval_fld_at(1, 0, 5);
	case INVAL_FLD_PF_STRIDE: return inval_fld_at(1, 5, 5);
	case INVAL_FLD_PF_NS: return inval_fld_at(1, 11, 1);
	case INVAL_FLD_PRG: return inval_fld_at(1, 0, 9);
	case INVAL_FLD_RESP: return inval_fld_at(1, 12, 2);
	case INVAL_FLD_STAG: return inval_fld_at(1, 0, 16);
	case INVAL_FLD_MSI_ADDR: return inval_fld_addr(2, 54);
	case INVAL_FLD_MSI_NS: return inval_fld_at(1, 63, 1);
	case INVAL_FLD_COUNT:
	default: return inval_fld_at(0, 0, 0);
	}
}

/* Layouts that several commands share. */
#define INVAL_LAYOUT_STREAM \
	(INVAL_FLD_BIT(INVAL_FLD_SSEC) | INVAL_FLD_BIT(INVAL_FLD_SID))
#define INVAL_LAYOUT_SUBSTREAM \
	(INVAL_FLD_BIT(INVAL_FLD_SSV) | INVAL_FLD_BIT(INVAL_FLD_SSID) | \
	 INVAL_FLD_BIT(INVAL_FLD_SID))
#define INVAL_LAYOUT_RIL \
	(INVAL_FLD_BIT(INVAL_FLD_NUM) | INVAL_FLD_BIT(INVAL_FLD_SCALE) | \
	 INVAL_FLD_BIT(INVAL_FLD_TTL128) | INVAL_FLD_BIT(INVAL_FLD_TTL) | \
	 INVAL_FLD_BIT(INVAL_FLD_TG))
#define INVAL_LAYOUT_VA \
	(INVAL_LAYOUT_RIL | INVAL_FLD_BIT(INVAL_FLD_LEAF) | INVAL_FLD_BIT(INVAL_FLD_VA))
#define INVAL_LAYOUT_IPA \
	(INVAL_LAYOUT_RIL | INVAL_FLD_BIT(INVAL_FLD_LEAF) | INVAL_FLD_BIT(INVAL_FLD_IPA) | \
	 INVAL_FLD_BIT(INVAL_FLD_VMID))
#define INVAL_LAYOUT_TAG \
	(INVAL_FLD_BIT(INVAL_FLD_VMID) | INVAL_FLD_BIT(INVAL_FLD_ASID))
#define INVAL_LAYOUT_SYNC \
	(INVAL_FLD_BIT(INVAL_FLD_CS) | INVAL_FLD_BIT(INVAL_FLD_MSH) | \
	 INVAL_FLD_BIT(INVAL_FLD_MSI_ATTR) | INVAL_FLD_BIT(INVAL_FLD_MSI_DATA) | \
	 INVAL_FLD_BIT(INVAL_FLD_MSI_ADDR) | INVAL_FLD_BIT(INVAL_FLD_MSI_NS))

/* Internal: the fields of a command; 0 for an opcode that is not known. */
static inline uint32_t inval_cmd_layout_fields(uint32_t op)
{
	switch (op) {
	case INVAL_OP_PREFETCH_CONFIG:
		return INVAL_LAYOUT_SUBSTREAM | INVAL_FLD_BIT(INVAL_FLD_SSEC);
	case INVAL_OP_PREFETCH_ADDR:
		return INVAL_LAYOUT_SUBSTREAM | INVAL_FLD_BIT(INVAL_FLD_SSEC) |
		       INVAL_FLD_BIT(INVAL_FLD_PF_SIZE) | INVAL_FLD_BIT(INVAL_FLD_PF_STRIDE) |
		       INVAL_FLD_BIT(INVAL_FLD_PF_NS) | INVAL_FLD_BIT(INVAL_FLD_VA);
	case INVAL_OP_CFGI_STE:
		return INVAL_LAYOUT_STREAM | INVAL_FLD_BIT(INVAL_FLD_LEAF);
	case INVAL_OP_CFGI_STE_RANGE:
		return INVAL_LAYOUT_STREAM | INVAL_FLD_BIT(INVAL_FLD_RANGE);
	case INVAL_OP_CFGI_CD:
		return INVAL_LAYOUT_STREAM | INVAL_FLD_BIT(INVAL_FLD_SSID) |
		       INVAL_FLD_BIT(INVAL_FLD_LEAF);
	case INVAL_OP_CFGI_CD_ALL:
	case INVAL_OP_STALL_TERM:
		return INVAL_LAYOUT_STREAM;
	case INVAL_OP_CFGI_VMS_PIDM:
		return INVAL_FLD_BIT(INVAL_FLD_SSEC) | INVAL_FLD_BIT(INVAL_FLD_VMID);
	case INVAL_OP_TLBI_NH_ALL:
	case INVAL_OP_TLBI_S12_VMALL:
	case INVAL_OP_TLBI_S_S12_VMALL:
		return INVAL_FLD_BIT(INVAL_FLD_VMID);
	case INVAL_OP_TLBI_NH_ASID:
		return INVAL_LAYOUT_TAG;
	case INVAL_OP_TLBI_NH_VA:
		return INVAL_LAYOUT_VA | INVAL_LAYOUT_TAG;
	case INVAL_OP_TLBI_NH_VAA:
		return INVAL_LAYOUT_VA | INVAL_FLD_BIT(INVAL_FLD_VMID);
	case INVAL_OP_TLBI_EL2_ASID:
	case INVAL_OP_TLBI_S_EL2_ASID:
		return INVAL_FLD_BIT(INVAL_FLD_ASID);
	case INVAL_OP_TLBI_EL2_VA:
	case INVAL_OP_TLBI_S_EL2_VA:
		return INVAL_LAYOUT_VA | INVAL_FLD_BIT(INVAL_FLD_ASID);
	case INVAL_OP_TLBI_EL3_VA:
	case INVAL_OP_TLBI_EL2_VAA:
	case INVAL_OP_TLBI_S_EL2_VAA:
		return INVAL_LAYOUT_VA;
	case INVAL_OP_TLBI_S2_IPA:
	case INVAL_OP_TLBI_S_S2_IPA:
		return INVAL_LAYOUT_IPA;
	case INVAL_OP_ATC_INV:
		return INVAL_LAYOUT_SUBSTREAM | INVAL_FLD_BIT(INVAL_FLD_GLOBAL) |
		       INVAL_FLD_BIT(INVAL_FLD_ATC_SIZE) | INVAL_FLD_BIT(INVAL_FLD_VA);
	case INVAL_OP_PRI_RESP:
		return INVAL_LAYOUT_SUBSTREAM | INVAL_FLD_BIT(INVAL_FLD_PRG) |
		       INVAL_FLD_BIT(INVAL_FLD_RESP);
	case INVAL_OP_RESUME:
		return INVAL_LAYOUT_STREAM | INVAL_FLD_BIT(INVAL_FLD_AC) |
		       INVAL_FLD_BIT(INVAL_FLD_AB) | INVAL_FLD_BIT(INVAL_FLD_STAG);
	case INVAL_OP_SYNC:
		return INVAL_LAYOUT_SYNC;
	case INVAL_OP_TLBI_EL3_ALL:
	case INVAL_OP_TLBI_EL2_ALL:
	case INVAL_OP_TLBI_NSNH_ALL:
	case INVAL_OP_TLBI_S_EL2_ALL:
	case INVAL_OP_TLBI_SNH_ALL:
	case INVAL_OP_DPTI_ALL:
	case INVAL_OP_DPTI_PA:
		return INVAL_LAYOUT_KNOWN;
	default:
		return 0;
	}
}

/**
 * inval_cmd_layout() - which fields a command has (IHI 0070, 4.2 to 4.7)
 * @op: opcode
 *
 * What no public source gives is absent: DPTI_PA's fields and TLBI_S_S2_IPA's
 * NS bit. Which fields need a feature is check.h's matter.
 *
 * Context: any.
 * Return: INVAL_FLD_BIT()s and INVAL_LAYOUT_KNOWN; 0 when the opcode is
 * reserved or IMPLEMENTATION DEFINED.
 */
static inline uint32_t inval_cmd_layout(uint32_t op)
{
	uint32_t fields = inval_cmd_layout_fields(op);

	return fields != 0U ? fields | INVAL_LAYOUT_KNOWN : 0U;
}

/**
 * inval_fld_mask() - the bits of a field in its word
 * @pos: its position, of width 1 or more
 *
 * Context: any.
 * Return: the mask, in place.
 */
INVAL_ALWAYS_INLINE uint64_t inval_fld_mask(struct inval_pos pos)
{
	return (~0ULL >> (64U - pos.bits)) << pos.lsb;
}

/**
 * inval_cmd_mask() - the bits that fields own
 * @layout: INVAL_FLD_BIT()s
 *
 * Context: any.
 * Return: a one for each bit of each field, not for the opcode's.
 */
static inline struct inval_cmd inval_cmd_mask(uint32_t layout)
{
	struct inval_cmd mask = {0, 0};
	struct inval_pos pos;
	uint32_t fld;

	for (fld = 0; fld < (uint32_t)INVAL_FLD_COUNT; fld++) {
		if ((layout & INVAL_FLD_BIT(fld)) == 0U)
			continue;
		pos = inval_fld_pos((enum inval_fld)fld);
		if (pos.word == 0U)
			mask.d0 |= inval_fld_mask(pos);
		else
			mask.d1 |= inval_fld_mask(pos);
	}
	return mask;
}

/**
 * inval_fld_get() - one field of a command
 * @cmd: the command
 * @fld: the field; the command's layout must have it to mean anything
 *
 * Context: any.
 * Return: the value.
 */
INVAL_ALWAYS_INLINE uint64_t inval_fld_get(struct inval_cmd cmd, enum inval_fld fld)
{
	struct inval_pos pos = inval_fld_pos(fld);
	uint64_t word = (pos.word == 0U ? cmd.d0 : cmd.d1) & inval_fld_mask(pos);

	return pos.in_place ? word : word >> pos.lsb;
}

/* Internal: add one field to a command; -INVAL_ERANGE when it does not fit. */
static inline int inval_fld_put(struct inval_cmd *cmd, enum inval_fld fld, uint64_t value)
{
	struct inval_pos pos = inval_fld_pos(fld);
	uint64_t mask = inval_fld_mask(pos);
	uint64_t word = pos.in_place ? value : value << pos.lsb;

	if ((word & ~mask) != 0U || (!pos.in_place && !inval_fits(value, pos.bits)))
		return -INVAL_ERANGE;
	if (pos.word == 0U)
		cmd->d0 |= word;
	else
		cmd->d1 |= word;
	return 0;
}

/**
 * inval_cmd_encode() - put a command together from all its fields
 * @out: written on success only; the caller's
 * @in: opcode and fields
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL for an opcode that is not known, or a field set that
 * the command does not have; -INVAL_ERANGE for a value wider than its field;
 * -INVAL_EOPNOTSUPP for DPTI_PA and TLBI_S_S2_IPA, whose layout no public source
 * gives in full.
 */
static inline int inval_cmd_encode(struct inval_cmd *out, const struct inval_fields *in)
{
	uint32_t layout = inval_cmd_layout(in->op), fld;
	struct inval_cmd cmd;

	if (layout == 0U)
		return -INVAL_EINVAL;
	if (in->op == INVAL_OP_DPTI_PA || in->op == INVAL_OP_TLBI_S_S2_IPA)
		return -INVAL_EOPNOTSUPP;
	cmd.d0 = in->op;
	cmd.d1 = 0;
	for (fld = 0; fld < (uint32_t)INVAL_FLD_COUNT; fld++) {
		if (in->v[fld] == 0U)
			continue;
		if ((layout & INVAL_FLD_BIT(fld)) == 0U)
			return -INVAL_EINVAL;
		if (inval_fld_put(&cmd, (enum inval_fld)fld, in->v[fld]) != 0)
			return -INVAL_ERANGE;
	}
	*out = cmd;
	return 0;
}

/**
 * inval_cmd_decode() - take a command apart
 * @out: opcode and every field, 0 where the command has none; the caller's
 * @cmd: the command
 *
 * Bits outside the fields are ignored here: inval_check() finds them.
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL when the opcode is not known (@out then has the
 * opcode and no field).
 */
static inline int inval_cmd_decode(struct inval_fields *out, struct inval_cmd cmd)
{
	uint32_t layout = inval_cmd_layout((uint32_t)(cmd.d0 & 0xffU)), fld;

	out->op = (uint8_t)(cmd.d0 & 0xffU);
	for (fld = 0; fld < (uint32_t)INVAL_FLD_COUNT; fld++) {
		out->v[fld] = 0;
		if ((layout & INVAL_FLD_BIT(fld)) != 0U)
			out->v[fld] = inval_fld_get(cmd, (enum inval_fld)fld);
	}
	return layout != 0U ? 0 : -INVAL_EINVAL;
}

/**
 * inval_cmd_store() - a command into little-endian queue memory
 * @mem: two words of the queue (IHI 0070, 3.5.1)
 * @cmd: the command
 *
 * Context: any; the caller owns the slot.
 */
static inline void inval_cmd_store(uint64_t *mem, struct inval_cmd cmd)
{
	mem[0] = inval_le64(cmd.d0);
	mem[1] = inval_le64(cmd.d1);
}

/**
 * inval_cmd_load() - a command from little-endian queue memory
 * @mem: two words of the queue
 *
 * Each word is read with a plain load: memory that somebody else may write
 * (a guest's) is copied first.
 *
 * Context: any.
 * Return: the command in CPU byte order.
 */
static inline struct inval_cmd inval_cmd_load(const uint64_t *mem)
{
	struct inval_cmd cmd;

	cmd.d0 = inval_le64(mem[0]);
	cmd.d1 = inval_le64(mem[1]);
	return cmd;
}

/* Internal: fill @out, which cannot fail. */
static inline int inval_cmd_fill(struct inval_cmd *out, uint64_t d0, uint64_t d1)
{
	out->d0 = d0;
	out->d1 = d1;
	return 0;
}

/* Internal: d0 of a command that names a stream. */
static inline uint64_t inval_cmd_stream(uint32_t op, bool ssec, uint32_t sid)
{
	return op | inval_bits(ssec ? 1U : 0U, 10) | inval_bits(sid, INVAL_CMD_SID_SHIFT);
}

/* Internal: SSV and SubstreamID for d0. */
static inline uint64_t inval_cmd_substream(bool ssv, uint32_t ssid)
{
	return inval_bits(ssv ? 1U : 0U, INVAL_CMD_SSV_SHIFT) |
	       inval_bits(ssid, INVAL_CMD_SSID_SHIFT);
}

/**
 * inval_cmd_prefetch_config() - CMD_PREFETCH_CONFIG (IHI 0070, 4.2.1)
 * @out: written on success only; the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID
 * @ssv: @ssid is valid
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE when @ssid is too wide or not 0 without @ssv.
 */
static inline int inval_cmd_prefetch_config(struct inval_cmd *out, bool ssec, uint32_t sid,
					    bool ssv, uint32_t ssid)
{
	if (!inval_fits(ssid, ssv ? 20U : 0U))
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_PREFETCH_CONFIG, ssec, sid) |
			      inval_cmd_substream(ssv, ssid), 0);
}

/**
 * inval_cmd_prefetch_addr() - CMD_PREFETCH_ADDR (IHI 0070, 4.2.2)
 * @out: written on success only; the caller's
 * @sid: StreamID
 * @ssv: @ssid is valid
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 * @addr: first input address, a multiple of 4096
 * @size_lg2: number of addresses, log2, 0 to 31
 * @stride_lg2: bytes from one to the next, log2, 12 to 43; 12 on SMMUv3.0
 *
 * For the Non-secure and Realm queues; the Secure queue's NS and SSec are
 * inval_cmd_encode()'s.
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE for a value out of its range or a misaligned @addr.
 */
static inline int inval_cmd_prefetch_addr(struct inval_cmd *out, uint32_t sid, bool ssv,
					  uint32_t ssid, uint64_t addr, uint8_t size_lg2,
					  uint8_t stride_lg2)
{
	if (!inval_fits(ssid, ssv ? 20U : 0U) || (addr & 0xfffU) != 0U || size_lg2 > 31U ||
	    stride_lg2 < 12U || stride_lg2 > 43U)
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_PREFETCH_ADDR, false, sid) |
			      inval_cmd_substream(ssv, ssid),
			      addr | size_lg2 | inval_bits(stride_lg2 - 12U, 5));
}

/**
 * inval_cmd_cfgi_ste() - CMD_CFGI_STE (IHI 0070, 4.3.1)
 * @out: the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID
 * @leaf: only the STE, not the level-1 descriptor on the way to it
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_cfgi_ste(struct inval_cmd *out, bool ssec, uint32_t sid, bool leaf)
{
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_CFGI_STE, ssec, sid),
			      leaf ? 1U : 0U);
}

/**
 * inval_cmd_cfgi_ste_range() - CMD_CFGI_STE_RANGE (IHI 0070, 4.3.2)
 * @out: written on success only; the caller's
 * @ssec: the StreamIDs are Secure ones; Secure queue only
 * @sid: any StreamID of the range
 * @range: 2^(@range + 1) StreamIDs, 0 to 31; 31 is all (CFGI_ALL)
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE when @range is over 31.
 */
static inline int inval_cmd_cfgi_ste_range(struct inval_cmd *out, bool ssec, uint32_t sid,
					   uint8_t range)
{
	if (range > INVAL_CMD_RANGE_ALL)
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_CFGI_STE_RANGE, ssec, sid), range);
}

/**
 * inval_cmd_cfgi_all() - CMD_CFGI_ALL (IHI 0070, 4.3.6)
 * @out: the caller's
 * @ssec: Secure configuration; Secure queue only
 *
 * It does not touch the TLB: the TLBI comes after it.
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_cfgi_all(struct inval_cmd *out, bool ssec)
{
	return inval_cmd_cfgi_ste_range(out, ssec, 0, INVAL_CMD_RANGE_ALL);
}

/**
 * inval_cmd_cfgi_cd() - CMD_CFGI_CD (IHI 0070, 4.3.3)
 * @out: written on success only; the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID; a CD table that several streams share needs one each
 * @ssid: SubstreamID, 20 bits; 0 for a stream without substreams
 * @leaf: only the CD, not the level-1 descriptor on the way to it
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE when @ssid is too wide.
 */
static inline int inval_cmd_cfgi_cd(struct inval_cmd *out, bool ssec, uint32_t sid,
				    uint32_t ssid, bool leaf)
{
	if (!inval_fits(ssid, 20))
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_CFGI_CD, ssec, sid) |
			      inval_cmd_substream(false, ssid), leaf ? 1U : 0U);
}

/**
 * inval_cmd_cfgi_cd_all() - CMD_CFGI_CD_ALL (IHI 0070, 4.3.4)
 * @out: the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_cfgi_cd_all(struct inval_cmd *out, bool ssec, uint32_t sid)
{
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_CFGI_CD_ALL, ssec, sid), 0);
}

/**
 * inval_cmd_cfgi_vms_pidm() - CMD_CFGI_VMS_PIDM (IHI 0070, 4.3.5)
 * @out: the caller's
 * @ssec: the VMID is a Secure one; Secure queue only
 * @vmid: the VMID whose cached PARTID map is dropped
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_cfgi_vms_pidm(struct inval_cmd *out, bool ssec, uint16_t vmid)
{
	return inval_cmd_fill(out, INVAL_OP_CFGI_VMS_PIDM | inval_bits(ssec ? 1U : 0U, 10) |
			      inval_bits(vmid, INVAL_CMD_VMID_SHIFT), 0);
}

/* Internal: is this a TLBI, and do the tags belong to it? */
static inline bool inval_cmd_tlbi_ok(uint32_t op, bool by_addr, uint16_t vmid, uint16_t asid)
{
	uint32_t layout = inval_cmd_layout(op);
	bool addr = (layout & INVAL_LAYOUT_RIL) == INVAL_LAYOUT_RIL;

	return op >= INVAL_OP_TLBI_NH_ALL && layout != 0U && op < INVAL_OP_DPTI_ALL &&
	       (op < INVAL_OP_ATC_INV || op > INVAL_OP_SYNC) && addr == by_addr &&
	       (vmid == 0U || (layout & INVAL_FLD_BIT(INVAL_FLD_VMID)) != 0U) &&
	       (asid == 0U || (layout & INVAL_FLD_BIT(INVAL_FLD_ASID)) != 0U);
}

/* Internal: d0 of a TLBI. */
static inline uint64_t inval_cmd_tags(uint32_t op, uint16_t vmid, uint16_t asid)
{
	return op | inval_bits(vmid, INVAL_CMD_VMID_SHIFT) |
	       inval_bits(asid, INVAL_CMD_ASID_SHIFT);
}

/**
 * inval_cmd_tlbi() - a CMD_TLBI_* without an address (IHI 0070, 4.4)
 * @out: written on success only; the caller's
 * @op: INVAL_OP_TLBI_*_ALL, _ASID or _VMALL
 * @vmid: VMID; 0 where the command has none
 * @asid: ASID; 0 where the command has none
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL when @op is not such a command, or has no such tag.
 */
static inline int inval_cmd_tlbi(struct inval_cmd *out, uint32_t op, uint16_t vmid,
				 uint16_t asid)
{
	if (!inval_cmd_tlbi_ok(op, false, vmid, asid))
		return -INVAL_EINVAL;
	return inval_cmd_fill(out, inval_cmd_tags(op, vmid, asid), 0);
}

/**
 * inval_cmd_tlbi_addr() - a CMD_TLBI_* by address, for one page or block
 * @out: written on success only; the caller's
 * @op: INVAL_OP_TLBI_*_VA, _VAA or _IPA (IHI 0070, 4.4)
 * @vmid: VMID; 0 where the command has none
 * @asid: ASID; 0 where the command has none
 * @addr: VA or IPA; the low 12 bits must be 0
 * @leaf: only the last-level entry, not the tables on the way to it
 *
 * Ranges and level hints are range.h's, whose pieces go into these words.
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL when @op is not such a command, or has no such tag;
 * -INVAL_ERANGE when @addr has bits outside the field; -INVAL_EOPNOTSUPP for
 * TLBI_S_S2_IPA, whose NS bit no public source gives.
 */
static inline int inval_cmd_tlbi_addr(struct inval_cmd *out, uint32_t op, uint16_t vmid,
				      uint16_t asid, uint64_t addr, bool leaf)
{
	if (!inval_cmd_tlbi_ok(op, true, vmid, asid))
		return -INVAL_EINVAL;
	if (op == INVAL_OP_TLBI_S_S2_IPA)
		return -INVAL_EOPNOTSUPP;
	if ((addr & 0xfffU) != 0U || (op == INVAL_OP_TLBI_S2_IPA && !inval_fits(addr, 56)))
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_tags(op, vmid, asid), addr | (leaf ? 1U : 0U));
}

/**
 * inval_cmd_atc_inv() - CMD_ATC_INV (IHI 0070, 4.5.1)
 * @out: written on success only; the caller's
 * @sid: StreamID
 * @ssv: only the address space of @ssid; else every entry of the span
 * @ssid: SubstreamID (PASID), 20 bits; 0 without @ssv
 * @global: global entries as well; needs @ssv
 * @addr: first address, a multiple of the span
 * @size: 4096 * 2^@size bytes, 0 to 52 (everything), not below the device's
 *	smallest translation unit (STU)
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE for a value out of its range, a misaligned @addr or
 * @global without @ssv.
 */
static inline int inval_cmd_atc_inv(struct inval_cmd *out, uint32_t sid, bool ssv, uint32_t ssid,
				    bool global, uint64_t addr, uint8_t size)
{
	if (!inval_fits(ssid, ssv ? 20U : 0U) || (global && !ssv) || size > INVAL_CMD_ATC_ALL ||
	    (size == INVAL_CMD_ATC_ALL ? addr != 0U : (addr & ((4096ULL << size) - 1U)) != 0U))
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_ATC_INV, false, sid) |
			      inval_cmd_substream(ssv, ssid) | inval_bits(global ? 1U : 0U, 9),
			      addr | size);
}

/**
 * inval_cmd_pri_resp() - CMD_PRI_RESP (IHI 0070, 4.5.2)
 * @out: written on success only; the caller's
 * @sid: StreamID
 * @ssv: @ssid is valid
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 * @prg: page request group index, 9 bits
 * @resp: the answer
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE for a value out of its range.
 */
static inline int inval_cmd_pri_resp(struct inval_cmd *out, uint32_t sid, bool ssv,
				     uint32_t ssid, uint16_t prg, enum inval_resp resp)
{
	if (!inval_fits(ssid, ssv ? 20U : 0U) || !inval_fits(prg, 9) ||
	    (uint32_t)resp > (uint32_t)INVAL_RESP_SUCCESS)
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_PRI_RESP, false, sid) |
			      inval_cmd_substream(ssv, ssid), prg | inval_bits((uint32_t)resp, 12));
}

/**
 * inval_cmd_resume() - CMD_RESUME (IHI 0070, 4.7.1)
 * @out: the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID of the stalled transaction
 * @stag: its stall tag
 * @retry: let it try again; else it is ended
 * @abort: without @retry: end it with an abort, not as RAZ/WI; @retry wins
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_resume(struct inval_cmd *out, bool ssec, uint32_t sid, uint16_t stag,
				   bool retry, bool abort)
{
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_RESUME, ssec, sid) |
			      inval_bits(retry ? 1U : 0U, 12) |
			      inval_bits(abort && !retry ? 1U : 0U, 13), stag);
}

/**
 * inval_cmd_stall_term() - CMD_STALL_TERM (IHI 0070, 4.7.2)
 * @out: the caller's
 * @ssec: the StreamID is a Secure one; Secure queue only
 * @sid: StreamID whose STE aborts already, with CFGI_STE and SYNC done
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_stall_term(struct inval_cmd *out, bool ssec, uint32_t sid)
{
	return inval_cmd_fill(out, inval_cmd_stream(INVAL_OP_STALL_TERM, ssec, sid), 0);
}

/**
 * inval_cmd_sync() - CMD_SYNC without an MSI (IHI 0070, 4.7.3)
 * @out: the caller's
 * @sev: wake WFE when it completes (IDR0.SEV)
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_sync(struct inval_cmd *out, bool sev)
{
	return inval_cmd_fill(out, INVAL_OP_SYNC |
			      inval_bits(sev ? (uint32_t)INVAL_CS_SEV : 0U, 12), 0);
}

/**
 * inval_cmd_sync_msi() - CMD_SYNC that writes a word when it completes
 * @out: written on success only; the caller's
 * @addr: physical address of the 32-bit word, 55:2 (51:2 before SMMUv3.4, 47:2 in 3.0);
 *	not 0
 * @data: what is written
 * @msh: shareability: 0 non, 2 outer, 3 inner
 * @attr: memory attributes, encoded as STE.MemAttr, 4 bits
 *
 * IHI 0070, 4.7.3. Needs IDR0.MSI. A guest's @addr must never get here.
 *
 * Context: any.
 * Return: 0; -INVAL_ERANGE for a value out of its range, or an @addr of 0, which
 * the SMMU takes as "no MSI".
 */
static inline int inval_cmd_sync_msi(struct inval_cmd *out, uint64_t addr, uint32_t data,
				     uint8_t msh, uint8_t attr)
{
	if (addr == 0U || (addr & 3U) != 0U || !inval_fits(addr, 56) || msh > 3U || msh == 1U ||
	    attr > 15U)
		return -INVAL_ERANGE;
	return inval_cmd_fill(out, INVAL_OP_SYNC | inval_bits((uint32_t)INVAL_CS_IRQ, 12) |
			      inval_bits(msh, 22) | inval_bits(attr, 24) |
			      inval_bits(data, 32), addr);
}

/**
 * inval_cmd_dpti_all() - CMD_DPTI_ALL (IHI 0070, 4.6)
 * @out: the caller's
 *
 * Context: any.
 * Return: 0.
 */
static inline int inval_cmd_dpti_all(struct inval_cmd *out)
{
	return inval_cmd_fill(out, INVAL_OP_DPTI_ALL, 0);
}

INVAL_END

#endif /* INVAL_CMD_GUARD */
