/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/text.h - names and one-line text of commands, reasons and codes, for
 * tools and logs.
 *
 * Pure. The names of a kind are one string, walked from its start: a table of
 * pointers would need relocation before EL2 could use it.
 */
#ifndef INVAL_TEXT_GUARD
#define INVAL_TEXT_GUARD

#include "attr.h"
#include "check.h"
#include "cmd.h"
#include "report.h"
#include "types.h"

INVAL_BEGIN

/*
 * Internal: the @n-th of @names, each ended by a NUL, the last by two. Counting
 * ends in one loop, lest the compiler see strlen in it and call that.
 */
static inline const char *inval_text_nth(const char *names, uint32_t n)
{
	char last = '\0';

	for (; last != '\0' || *names != '\0'; names++) {
		if (last == '\0' && n-- == 0U)
			return names;
		last = *names;
	}
	return "?";
}

/* Internal: as inval_text_nth(), but of names that follow a byte, the one after @key. */
static inline const char *inval_text_keyed(const char *names, uint32_t key)
{
	char last = '\0';

	for (; last != '\0' || *names != '\0'; names++) {
		if (last == '\0' && (uint32_t)(uint8_t)*names == key)
			return names + 1;
		last = *names;
	}
	return "?";
}

/**
 * inval_text_op() - name of an opcode, without INVAL_OP_
 * @op: opcode
 *
 * Context: any.
 * Return: the name; "?" for an opcode that is not known.
 */
static inline const char *inval_text_op(uint32_t op)
{
	static const char names[] =
		"\001PREFETCH_CONFIG\0" "\002PREFETCH_ADDR\0" "\003CFGI_STE\0"
		"\004CFGI_STE_RANGE\0" "\005CFGI_CD\0" "\006CFGI_CD_ALL\0"
		"\007CFGI_VMS_PIDM\0" "\020TLBI_NH_ALL\0" "\021TLBI_NH_ASID\0"
		"\022TLBI_NH_VA\0" "\023TLBI_NH_VAA\0" "\030TLBI_EL3_ALL\0" "\032TLBI_EL3_VA\0"
		"\040TLBI_EL2_ALL\0" "\041TLBI_EL2_ASID\0" "\042TLBI_EL2_VA\0"
		"\043TLBI_EL2_VAA\0" "\050TLBI_S12_VMALL\0" "\052TLBI_S2_IPA\0"
		"\060TLBI_NSNH_ALL\0" "\100ATC_INV\0" "\101PRI_RESP\0" "\104RESUME\0"
		"\105STALL_TERM\0" "\106SYNC\0" "\120TLBI_S_EL2_ALL\0" "\121TLBI_S_EL2_ASID\0"
		"\122TLBI_S_EL2_VA\0" "\123TLBI_S_EL2_VAA\0" "\130TLBI_S_S12_VMALL\0"
		"\132TLBI_S_S2_IPA\0" "\140TLBI_SNH_ALL\0" "\160DPTI_ALL\0" "\163DPTI_PA\0";

	return inval_text_keyed(names, op);
}

/**
 * inval_text_fld() - name of a field, without INVAL_FLD_, in small letters
 * @fld: the field
 *
 * Context: any.
 * Return: the name; "?" for a number that is no field.
 */
static inline const char *inval_text_fld(enum inval_fld fld)
{
	static const char names[] =
		"global\0" "ssec\0" "ssv\0" "ssid\0" "sid\0"
		"num\0" "scale\0" "vmid\0" "asid\0" "ac\0" "ab\0"
		"cs\0" "msh\0" "msi_attr\0" "msi_data\0"
		"leaf\0" "ttl128\0" "ttl\0" "tg\0" "va\0" "ipa\0"
		"range\0" "atc_size\0" "pf_size\0" "pf_stride\0" "pf_ns\0"
		"prg\0" "resp\0" "stag\0" "msi_addr\0" "msi_ns\0";

	return inval_text_nth(names, (uint32_t)fld);
}

/**
 * inval_text_reason() - why a command is illegal
 * @reason: what inval_check() returned
 *
 * Context: any.
 * Return: a sentence without a stop; "?" for a number that is no reason.
 */
static inline const char *inval_text_reason(enum inval_reason reason)
{
	static const char names[] =
		"legal\0" "the opcode is reserved\0" "the opcode is IMPLEMENTATION DEFINED\0"
		"not on a queue of this security state\0"
		"the SMMU does not have this command's feature\0"
		"SSec is set, but the queue is not Secure\0" "a reserved bit is set\0"
		"StreamID is wider than the SMMU's\0"
		"SubstreamID is wider than the SMMU's, or it has none\0"
		"SubstreamID is set without SSV\0" "Global is set without SSV\0"
		"ASID is wider than the SMMU's, or EL2 has none (CR2.E2H is 0)\0"
		"VMID is wider than the SMMU's, or there is no stage 2\0"
		"a range or level hint, but the SMMU has no range invalidation\0"
		"reserved combination of TG, NUM, SCALE and TTL\0" "SCALE is too large\0"
		"TTL128 without 128-bit descriptors or without TTL\0"
		"the address is not aligned to the entry that TG and TTL name\0"
		"the range passes the end of the address space\0" "Size is over 52\0"
		"CS is 3\0" "Resp is 3\0" "DPTI_PA's fields are not publicly known\0"
		"an MSI, but the SMMU writes none, or MSI_NS outside the Realm queue\0"
		"the guest's queue does not take this opcode\0"
		"the StreamID is none of the guest's\0";

	return inval_text_nth(names, (uint32_t)reason);
}

/**
 * inval_text_code() - name and meaning of a result code
 * @result: what a function returned; with or without the minus
 *
 * Context: any.
 * Return: for example "EINVAL: an argument is wrong"; "OK: done" for 0; "?" for
 * a number that is no code.
 */
static inline const char *inval_text_code(int result)
{
	static const char names[] =
		"\001EPERM: not allowed to this caller\0"
		"\002ENOENT: a key, tag or SMMU is not known\0"
		"\005EIO: the hardware reported an error nobody could name\0"
		"\013EAGAIN: nothing was done, the same call may succeed later\0"
		"\014ENOMEM: the memory given is too small\0"
		"\016EFAULT: the SMMU could not read its queue (CERROR_ABT)\0"
		"\020EBUSY: in use, or the firmware stayed busy\0"
		"\021EEXIST: already there\0" "\023ENODEV: no such SMMU, or it is gone\0"
		"\026EINVAL: an argument is wrong\0"
		"\034ENOSPC: no tag, slot or number is left\0"
		"\042ERANGE: a value does not fit its field\0"
		"\107EPROTO: firmware or hardware answered against its document\0"
		"\113EOVERFLOW: a count would pass its largest value\0"
		"\124EILSEQ: the SMMU called a command illegal (CERROR_ILL)\0"
		"\137EOPNOTSUPP: not supported here, or not known well enough\0"
		"\154ESHUTDOWN: the queue is broken until it is reset\0"
		"\156ETIMEDOUT: time ran out, take it as not done\0"
		"\171EREMOTEIO: a device did not confirm an ATC_INV\0"
		"\172EDQUOT: the firmware limited the rate\0";

	if (result == 0)
		return "OK: done";
	return inval_text_keyed(names, result < 0 ? 0U - (uint32_t)result : (uint32_t)result);
}

/**
 * inval_text_warn() - name of a warning, without INVAL_WARN_, in small letters
 * @what: what the warn hook was given
 *
 * Context: any.
 * Return: the name; "?" for a number that is no warning.
 */
static inline const char *inval_text_warn(enum inval_warn what)
{
	static const char names[] =
		"queue_broken\0" "cmd_illegal\0" "cmdq_abort\0" "key_unknown\0" "tag_stale\0"
		"msi_abort\0";

	return inval_text_nth(names, (uint32_t)what);
}

/**
 * inval_text_event() - name of an event, without INVAL_EVENT_, in small letters
 * @what: what the trace hook was given
 *
 * Context: any.
 * Return: the name; "?" for a number that is no event.
 */
static inline const char *inval_text_event(enum inval_event what)
{
	static const char names[] =
		"flush_begin\0" "flush_end\0" "issue\0" "wait_begin\0" "wait_end\0"
		"publish\0" "unref\0" "fence\0" "cmdq_error\0" "retry\0" "full\0";

	return inval_text_nth(names, (uint32_t)what);
}

/**
 * inval_text_counter() - name of a counter, without INVAL_COUNT_, in small letters
 * @what: what the count hook was given
 *
 * Context: any.
 * Return: the name; "?" for a number that is no counter.
 */
static inline const char *inval_text_counter(enum inval_counter what)
{
	static const char names[] =
		"flush\0" "tlbi\0" "atc\0" "sync\0" "wait\0" "error\0" "full\0" "retry\0" "copy\0"
		"ref\0" "firmware\0" "shared\0" "cfgi\0" "other\0";

	return inval_text_nth(names, (uint32_t)what);
}

/**
 * inval_text_step() - name of a step of a plan, without INVAL_STEP_, in small letters
 * @step: the step
 *
 * Context: any.
 * Return: the name; "?" for a number that is no step.
 */
static inline const char *inval_text_step(enum inval_step step)
{
	static const char names[] =
		"break\0" "make\0" "resize\0" "nt_set\0" "nt_clear\0" "barrier\0" "tlbi_cpu\0"
		"tlbi_smmu\0" "clean\0" "clean_inv\0" "inv\0" "clean_pou\0" "icache\0"
		"icache_all\0";

	return inval_text_nth(names, (uint32_t)step);
}

/**
 * inval_text_why() - why a plan has a step
 * @why: its reason
 *
 * Context: any.
 * Return: a sentence without a stop; "?" for a number that is no reason.
 */
static inline const char *inval_text_why(enum inval_why why)
{
	static const char names[] =
		"a live entry must not change its attributes\0"
		"a live entry must not change its size at this FEAT_BBM level\0"
		"the mapping ends\0" "the mapping begins\0"
		"the step before has taken effect when the next one begins\0"
		"stores still in a cache would be missed, or overwrite later ones\0"
		"caches may hold what was there before others stored past them\0"
		"caches that hold the range do not answer the new sharers\0"
		"instruction fetches would get what was there before\0";

	return inval_text_nth(names, (uint32_t)why);
}

/**
 * struct inval_text_out - a line being written; internal
 * @buf: the caller's
 * @room: characters that it has room for
 * @len: characters so far, those that did not fit included
 */
struct inval_text_out {
	char *buf;
	size_t room;
	size_t len;
};

/* Internal: one character, if it fits. */
static inline void inval_text_put(struct inval_text_out *out, char c)
{
	if (out->len < out->room)
		out->buf[out->len] = c;
	out->len++;
}

/* Internal: a string. */
static inline void inval_text_put_str(struct inval_text_out *out, const char *str)
{
	for (; *str != '\0'; str++)
		inval_text_put(out, *str);
}

/* Internal: a number in hexadecimal. */
static inline void inval_text_put_hex(struct inval_text_out *out, uint64_t value)
{
	uint32_t digits = inval_log2(value | 1U) / 4U + 1U;

	inval_text_put_str(out, "0x");
	while (digits-- != 0U)
		inval_text_put(out, "0123456789abcdef"[(value >> (4U * digits)) & 15U]);
}

/* Internal: a number in decimal. */
static inline void inval_text_put_dec(struct inval_text_out *out, uint32_t value)
{
	char digits[10];
	uint32_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10U);
		value /= 10U;
	} while (value != 0U);
	while (n != 0U)
		inval_text_put(out, digits[--n]);
}

/* Internal: two words, as they are. */
static inline void inval_text_put_words(struct inval_text_out *out, const char *before,
					struct inval_cmd cmd)
{
	inval_text_put_str(out, before);
	inval_text_put_str(out, " d0=");
	inval_text_put_hex(out, cmd.d0);
	inval_text_put_str(out, " d1=");
	inval_text_put_hex(out, cmd.d1);
}

/* Internal: " name=value"; wide fields, which are addresses and words, in hexadecimal. */
static inline void inval_text_put_fld(struct inval_text_out *out, enum inval_fld fld,
				      uint64_t value)
{
	inval_text_put(out, ' ');
	inval_text_put_str(out, inval_text_fld(fld));
	inval_text_put(out, '=');
	if (inval_fld_pos(fld).bits > 20U)
		inval_text_put_hex(out, value);
	else
		inval_text_put_dec(out, (uint32_t)value);
}

/* Fields that say what a command is about: shown even when they are 0. */
#define INVAL_TEXT_SHOWN \
	(INVAL_FLD_BIT(INVAL_FLD_SID) | INVAL_FLD_BIT(INVAL_FLD_VMID) | \
	 INVAL_FLD_BIT(INVAL_FLD_ASID) | INVAL_FLD_BIT(INVAL_FLD_VA) | \
	 INVAL_FLD_BIT(INVAL_FLD_IPA) | INVAL_FLD_BIT(INVAL_FLD_RANGE) | \
	 INVAL_FLD_BIT(INVAL_FLD_ATC_SIZE) | INVAL_FLD_BIT(INVAL_FLD_PRG) | \
	 INVAL_FLD_BIT(INVAL_FLD_RESP) | INVAL_FLD_BIT(INVAL_FLD_STAG) | \
	 INVAL_FLD_BIT(INVAL_FLD_CS))

/* Internal: the fields of this command that are shown even when they are 0. */
static inline uint32_t inval_text_shown(struct inval_cmd cmd, uint32_t layout)
{
	uint32_t shown = INVAL_TEXT_SHOWN;

	if (inval_fld_get(cmd, INVAL_FLD_TG) != 0U)
		shown |= INVAL_FLD_BIT(INVAL_FLD_NUM) | INVAL_FLD_BIT(INVAL_FLD_SCALE);
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SSV)) == 0U ||
	    inval_fld_get(cmd, INVAL_FLD_SSV) != 0U)
		shown |= INVAL_FLD_BIT(INVAL_FLD_SSID);
	return shown & layout;
}

/* Internal: the fields in the order of a line: who, where, how. */
static inline enum inval_fld inval_text_order(uint32_t i)
{
	static const uint8_t order[INVAL_FLD_COUNT] = {
		INVAL_FLD_SSEC, INVAL_FLD_SID, INVAL_FLD_SSV, INVAL_FLD_SSID, INVAL_FLD_GLOBAL,
		INVAL_FLD_VMID, INVAL_FLD_ASID, INVAL_FLD_VA, INVAL_FLD_IPA, INVAL_FLD_RANGE,
		INVAL_FLD_ATC_SIZE, INVAL_FLD_PF_SIZE, INVAL_FLD_PF_STRIDE, INVAL_FLD_PF_NS,
		INVAL_FLD_LEAF, INVAL_FLD_TTL, INVAL_FLD_TTL128, INVAL_FLD_TG, INVAL_FLD_NUM,
		INVAL_FLD_SCALE, INVAL_FLD_PRG, INVAL_FLD_RESP, INVAL_FLD_STAG, INVAL_FLD_AC,
		INVAL_FLD_AB, INVAL_FLD_CS, INVAL_FLD_MSI_ADDR, INVAL_FLD_MSI_DATA,
		INVAL_FLD_MSI_ATTR, INVAL_FLD_MSH, INVAL_FLD_MSI_NS
	};

	return (enum inval_fld)order[i];
}

/* Internal: all fields of a known command, and what is not theirs. */
static inline void inval_text_put_cmd(struct inval_text_out *out, struct inval_cmd cmd,
				      uint32_t layout)
{
	uint32_t shown = inval_text_shown(cmd, layout), i;
	struct inval_cmd mask = inval_cmd_mask(layout);

	inval_text_put_str(out, inval_text_op((uint32_t)(cmd.d0 & 0xffU)));
	for (i = 0; i < (uint32_t)INVAL_FLD_COUNT; i++) {
		enum inval_fld fld = inval_text_order(i);
		uint64_t value = inval_fld_get(cmd, fld);

		if ((shown & INVAL_FLD_BIT(fld)) != 0U ||
		    ((layout & INVAL_FLD_BIT(fld)) != 0U && value != 0U))
			inval_text_put_fld(out, fld, value);
	}
	cmd.d0 &= ~(mask.d0 | 0xffU);
	cmd.d1 &= ~mask.d1;
	if ((cmd.d0 | cmd.d1) != 0U)
		inval_text_put_words(out, " stray", cmd);
}

/**
 * inval_text_cmd() - a command as one line of text
 * @buf: the caller's; may be NULL when @size is 0
 * @size: its bytes; 256 is enough for every command
 * @cmd: the command, any 128 bits
 *
 * "TLBI_NH_VA vmid=5 asid=1 va=0x1000 leaf=1 tg=1 num=3 scale=0": the fields
 * that are not 0 and those that say what the command is about, in decimal, or in
 * hexadecimal when they are wider than 20 bits. Bits that belong to no field
 * follow as " stray d0=0x... d1=0x...". A command that is not known is
 * "op 0x.. d0=0x... d1=0x...".
 *
 * Context: any.
 * Return: the length of the whole line without the NUL, as snprintf() does. What
 * does not fit is cut off; with a @size of 1 or more a NUL ends @buf.
 */
static inline size_t inval_text_cmd(char *buf, size_t size, struct inval_cmd cmd)
{
	uint32_t layout = inval_cmd_layout((uint32_t)(cmd.d0 & 0xffU));
	struct inval_text_out out;

	out.buf = buf;
	out.room = size != 0U ? size - 1U : 0U;
	out.len = 0;
	if (layout != 0U) {
		inval_text_put_cmd(&out, cmd, layout);
	} else {
		inval_text_put_str(&out, "op ");
		inval_text_put_hex(&out, cmd.d0 & 0xffU);
		inval_text_put_words(&out, "", cmd);
	}
	if (size != 0U)
		buf[out.len < out.room ? out.len : out.room] = '\0';
	return out.len;
}

INVAL_END

#endif /* INVAL_TEXT_GUARD */
