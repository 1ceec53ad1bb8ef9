/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/guest.h - vet and convert one command of a guest.
 *
 * Pure. For whoever takes SMMUv3 commands from software it does not trust, on a
 * Non-secure queue: a hypervisor at EL2 for its host, a VMM or kernel for a guest
 * that owns stage 1 over our stage 2. The caller has copied the command; nothing
 * here reads guest memory.
 *
 * An allow-list. What is forwarded is put together anew: opcode and VMID of ours, and
 * the fields that cmd.h's layouts give such a command, which were checked; so a bit of
 * the guest's that no rule has seen cannot pass.
 * The VMID is always ours, a StreamID always looked up, an MSI never sent:
 *
 *	TLBI_NH_*			the same, with our VMID
 *	TLBI_NSNH_ALL			NH_ALL of our VMID
 *	TLBI_EL2_* (only with Hyp)	NH_* of our VMID: the guest's EL2 is EL1 to us
 *	CFGI_CD, CFGI_CD_ALL		the same, with our StreamID
 *	ATC_INV				the same, if the device has ATS on; else nothing
 *	CFGI_STE, PREFETCH_*, RESUME, STALL_TERM, PRI_RESP, SYNC
 *					to be emulated by the caller
 *	CFGI_STE_RANGE, CFGI_ALL	a CFGI_STE for each stream that the guest has
 *
 * Everything else is illegal, with a reason. Not on the list: stage 2 commands
 * (a guest is not shown stage 2), CFGI_VMS_PIDM, DPTI_*, IMPLEMENTATION DEFINED ones.
 *
 * tests/proofs proves for all 2^128 commands that what is forwarded is legal on the
 * SMMU, names nothing but our VMID and the guest's streams, and invalidates at least
 * what the guest asked for.
 */
#ifndef INVAL_GUEST_GUARD
#define INVAL_GUEST_GUARD

#include "types.h"
#include "caps.h"
#include "cmd.h"
#include "check.h"

INVAL_BEGIN

/**
 * enum inval_verdict - what a guest's command becomes
 * @INVAL_VERDICT_FORWARD: a command for the SMMU
 * @INVAL_VERDICT_EMULATE: something the caller does
 * @INVAL_VERDICT_NOTHING: it is complete: it has no effect here
 * @INVAL_VERDICT_ILLEGAL: CERROR_ILL
 */
enum inval_verdict {
	INVAL_VERDICT_FORWARD,
	INVAL_VERDICT_EMULATE,
	INVAL_VERDICT_NOTHING,
	INVAL_VERDICT_ILLEGAL
};

/*
 * Policy flags.
 * STRICT: what the SMMU may ignore is illegal: bits that no field has; a VMID, which
 *	has no meaning without stage 2; SubstreamID and Global without SSV; the ASID
 *	of EL2_VA without CR2.E2H; an MSI that a SYNC asks for and the SMMU does not have.
 *	Without it they are ignored. IDs that are too wide, and SSV where there are no
 *	SubstreamIDs, are illegal in any case
 * OWN: a StreamID that is none of the guest's is illegal. Without it such a command
 *	has no effect, as on an SMMU where no device has that StreamID
 */
#define INVAL_GUEST_STRICT	(1U << 0)
#define INVAL_GUEST_OWN		(1U << 1)

/* TTL128, TTL and TG of d1. */
#define INVAL_GUEST_FORMS	32U

/* No command of the list is above SYNC. */
#define INVAL_GUEST_OPS		(INVAL_OP_SYNC + 1U)

/* Features that may be shown: for all others commands would be needed that are not taken. */
#define INVAL_GUEST_FEATS \
	(INVAL_FEAT_S1P | INVAL_FEAT_COHACC | INVAL_FEAT_BTM | INVAL_FEAT_HYP | \
	 INVAL_FEAT_ATS | INVAL_FEAT_NS1ATS | INVAL_FEAT_MSI | INVAL_FEAT_SEV | \
	 INVAL_FEAT_PRI | INVAL_FEAT_RIL | INVAL_FEAT_FWB | INVAL_FEAT_DS | \
	 INVAL_FEAT_D128 | INVAL_FEAT_GRAN4K | INVAL_FEAT_GRAN16K | INVAL_FEAT_GRAN64K | \
	 INVAL_FEAT_E2H)

/**
 * struct inval_guest_policy - what a queue takes
 * @take: a bit for each opcode
 * @flags: INVAL_GUEST_STRICT, INVAL_GUEST_OWN
 */
struct inval_guest_policy {
	uint64_t take[2];
	uint32_t flags;
};

/**
 * struct inval_guest_stream - one stream of a guest
 * @vsid: its StreamID for the guest
 * @sid: and for us
 * @ats: ATS is on: EATS in the STE that we wrote, and at the endpoint
 * @stu_lg2: the device's smallest translation unit, bytes, log2, 12 to 43; only
 *	with @ats
 */
struct inval_guest_stream {
	uint32_t vsid;
	uint32_t sid;
	bool ats;
	uint8_t stu_lg2;
};

/**
 * typedef inval_guest_find_fn - the guest's first stream at or above a StreamID
 *
 * (streams, vsid, out): false when there is none. @streams is the caller's. What it
 * finds is a stream of this guest with a StreamID that the SMMU has.
 */
typedef bool (*inval_guest_find_fn)(const void *streams, uint32_t vsid,
				    struct inval_guest_stream *out);

/**
 * struct inval_guest_map - a guest's streams as a table
 * @stream: in ascending order of vsid, each once; the caller's
 * @num: their number
 */
struct inval_guest_map {
	const struct inval_guest_stream *stream;
	uint32_t num;
};

/**
 * struct inval_guest_op - internal: what there is to know of an opcode
 * @bad: bits that make the command illegal
 * @give: opcode and VMID of what is forwarded; 0: it is not
 * @keep: fields that come with these as they are
 */
struct inval_guest_op {
	struct inval_cmd bad;
	uint64_t give;
	struct inval_cmd keep;
};

/**
 * struct inval_guest_form - internal: ranges with the same TTL128, TTL and TG
 * @least: least NUM and SCALE in d0; all ones: there is no such range
 * @rest: bits of d1 that are 0 where the address is aligned
 * @granule_lg2: bytes, log2
 * @keep: bits of d1 that may be given to the SMMU
 */
struct inval_guest_form {
	uint64_t least;
	uint64_t rest;
	uint64_t granule_lg2;
	uint64_t keep;
};

/**
 * struct inval_guest - how to vet one guest; filled by inval_guest_init()
 * @shown: the SMMU as the guest sees it
 * @policy: what its queue takes; opcodes without their feature left out
 * @vmid: ours, for its stage 1
 * @enabled: the guest's CR0.SMMUEN; written by the caller. Without it ATC_INV and
 *	PRI_RESP are ignored (IHI 0070, 4.5)
 * @op: by opcode
 * @form: by TTL128, TTL and TG
 */
struct inval_guest {
	struct inval_caps shown;
	struct inval_guest_policy policy;
	uint16_t vmid;
	bool enabled;
	struct inval_guest_op op[INVAL_GUEST_OPS];
	struct inval_guest_form form[INVAL_GUEST_FORMS];
};

/**
 * struct inval_guest_result - what became of a command
 * @reason: why it is illegal; else INVAL_LEGAL
 * @stream: FORWARD and EMULATE: the stream that the command names, if it names one
 * @cmd: FORWARD: for the SMMU. EMULATE: the command without what is ignored, with
 *	our StreamID, a SYNC without its MSI: legal on the SMMU, for a caller to whom
 *	emulating means something and then the command. Of CFGI_STE_RANGE:
 *	inval_guest_loop_begin()
 */
struct inval_guest_result {
	enum inval_reason reason;
	struct inval_guest_stream stream;
	struct inval_cmd cmd;
};

/**
 * struct inval_guest_loop - the streams of a CFGI_STE_RANGE or CFGI_ALL on their way
 * @at: the next StreamID of the guest's to look at: the cursor, may be saved
 * @end: where the range ends
 */
struct inval_guest_loop {
	uint64_t at;
	uint64_t end;
};

/**
 * inval_guest_takes() - does a policy take an opcode?
 * @policy: the policy
 * @op: opcode
 *
 * Context: any.
 * Return: true when it does; whether the guest has the feature is not asked.
 */
static inline bool inval_guest_takes(const struct inval_guest_policy *policy, uint32_t op)
{
	return op < INVAL_GUEST_OPS && ((policy->take[op >> 6] >> (op & 63U)) & 1U) != 0U;
}

/* Internal: the opcodes below 64 that can be vetted, and those above. */
#define INVAL_GUEST_LIST_LO \
	((1ULL << INVAL_OP_PREFETCH_CONFIG) | (1ULL << INVAL_OP_PREFETCH_ADDR) | \
	 (1ULL << INVAL_OP_CFGI_STE) | (1ULL << INVAL_OP_CFGI_STE_RANGE) | \
	 (1ULL << INVAL_OP_CFGI_CD) | (1ULL << INVAL_OP_CFGI_CD_ALL) | \
	 (1ULL << INVAL_OP_TLBI_NH_ALL) | (1ULL << INVAL_OP_TLBI_NH_ASID) | \
	 (1ULL << INVAL_OP_TLBI_NH_VA) | (1ULL << INVAL_OP_TLBI_NH_VAA) | \
	 (1ULL << INVAL_OP_TLBI_EL2_ALL) | (1ULL << INVAL_OP_TLBI_EL2_ASID) | \
	 (1ULL << INVAL_OP_TLBI_EL2_VA) | (1ULL << INVAL_OP_TLBI_EL2_VAA) | \
	 (1ULL << INVAL_OP_TLBI_NSNH_ALL))
#define INVAL_GUEST_LIST_HI \
	((1ULL << (INVAL_OP_ATC_INV - 64U)) | (1ULL << (INVAL_OP_PRI_RESP - 64U)) | \
	 (1ULL << (INVAL_OP_RESUME - 64U)) | (1ULL << (INVAL_OP_STALL_TERM - 64U)) | \
	 (1ULL << (INVAL_OP_SYNC - 64U)))

/**
 * inval_guest_policy_stage1() - a guest that owns stage 1 over our stage 2
 * @policy: written; the caller's
 *
 * Takes the whole list; ignores what the SMMU may ignore; a StreamID without a device
 * has no effect.
 *
 * Context: any.
 */
static inline void inval_guest_policy_stage1(struct inval_guest_policy *policy)
{
	policy->take[0] = INVAL_GUEST_LIST_LO;
	policy->take[1] = INVAL_GUEST_LIST_HI;
	policy->flags = 0;
}

/**
 * inval_guest_policy_host() - the host of a protected hypervisor
 * @policy: written; the caller's
 *
 * Takes the whole list, strictly. The host knows the real StreamIDs, so for each of
 * its streams vsid is sid; those of devices that it has given away are illegal.
 *
 * Context: any.
 */
static inline void inval_guest_policy_host(struct inval_guest_policy *policy)
{
	policy->take[0] = INVAL_GUEST_LIST_LO;
	policy->take[1] = INVAL_GUEST_LIST_HI;
	policy->flags = INVAL_GUEST_STRICT | INVAL_GUEST_OWN;
}

/**
 * inval_guest_policy_narrow() - a queue that takes a few opcodes
 * @policy: written; the caller's
 *
 * Takes SYNC alone; inval_guest_policy_take() adds others. Strict.
 *
 * Context: any.
 */
static inline void inval_guest_policy_narrow(struct inval_guest_policy *policy)
{
	policy->take[0] = 0;
	policy->take[1] = 1ULL << (INVAL_OP_SYNC - 64U);
	policy->flags = INVAL_GUEST_STRICT | INVAL_GUEST_OWN;
}

/**
 * inval_guest_policy_take() - take one more opcode
 * @policy: the caller's, before inval_guest_init()
 * @op: opcode
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL for one that is not on the list.
 */
static inline INVAL_MUST_CHECK int inval_guest_policy_take(struct inval_guest_policy *policy,
							   uint32_t op)
{
	struct inval_guest_policy all;

	inval_guest_policy_stage1(&all);
	if (!inval_guest_takes(&all, op))
		return -INVAL_EINVAL;
	policy->take[op >> 6] |= 1ULL << (op & 63U);
	return 0;
}

/* Internal: is what the guest sees no more than what there is? */
static inline bool inval_guest_subset(const struct inval_caps *shown, const struct inval_caps *caps)
{
	return (shown->feat & ~INVAL_GUEST_FEATS) == 0U &&
	       inval_caps_has(caps, shown->feat & ~INVAL_FEAT_E2H) &&
	       shown->minor <= caps->minor && shown->sid_bits <= 32U &&
	       shown->ssid_bits <= caps->ssid_bits && shown->asid_bits <= caps->asid_bits &&
	       shown->vmid_bits <= caps->vmid_bits && shown->oas_bits <= caps->oas_bits &&
	       shown->bbml <= caps->bbml && shown->cmdq_lg2 <= 19U &&
	       (shown->stall == 1U || shown->stall == caps->stall);
}

/* Internal: of a field with @of bits at @shift, those from @bits on. */
static inline uint64_t inval_guest_above(uint32_t bits, uint32_t of, uint32_t shift)
{
	return ((~0ULL << bits) & ((1ULL << of) - 1U)) << shift;
}

/* Internal: bits of StreamID, SSV, SubstreamID, ASID and SCALE beyond what the guest sees. */
static inline uint64_t inval_guest_wide(const struct inval_guest *g, uint32_t op, bool strict)
{
	uint32_t layout = inval_cmd_layout(op);
	uint64_t wide = 0;

	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SID)) != 0U &&
	    (layout & INVAL_FLD_BIT(INVAL_FLD_RANGE)) == 0U)
		wide |= inval_guest_above(g->shown.sid_bits, 32, INVAL_CMD_SID_SHIFT);
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SSV)) != 0U && g->shown.ssid_bits == 0U)
		wide |= 1ULL << INVAL_CMD_SSV_SHIFT;
	if (op == INVAL_OP_CFGI_CD)
		wide |= inval_guest_above(g->shown.ssid_bits, 20, INVAL_CMD_SSID_SHIFT);
	if (op == INVAL_OP_TLBI_EL2_VA && !inval_caps_has(&g->shown, INVAL_FEAT_E2H))
		wide |= inval_guest_above(strict ? 0U : 16U, 16, INVAL_CMD_ASID_SHIFT);
	else if ((layout & INVAL_FLD_BIT(INVAL_FLD_ASID)) != 0U)
		wide |= inval_guest_above(g->shown.asid_bits, 16, INVAL_CMD_ASID_SHIFT);
	if ((layout & INVAL_FLD_BIT(INVAL_FLD_SCALE)) != 0U &&
	    !inval_caps_has(&g->shown, INVAL_FEAT_DS))
		wide |= inval_guest_above(5, 6, INVAL_CMD_SCALE_SHIFT);
	return wide;
}

/*
 * Internal: bits that make a command of this opcode illegal whatever else it has; all
 * of them when the opcode is not taken.
 */
static inline struct inval_cmd inval_guest_bad(const struct inval_guest *g, uint32_t op)
{
	bool strict = (g->policy.flags & INVAL_GUEST_STRICT) != 0U;
	uint32_t fields = INVAL_FLD_BIT(INVAL_FLD_SSEC);
	struct inval_cmd bad = { ~0ULL, ~0ULL }, mask;

	if (!inval_guest_takes(&g->policy, op))
		return bad;
	if (strict)
		fields |= INVAL_FLD_BIT(INVAL_FLD_VMID);
	mask = inval_cmd_mask(inval_cmd_layout(op) & fields);
	bad.d0 = (bad.d0 & ~0xffULL) | op;
	bad = inval_check_reserved(&g->shown, INVAL_SEC_NS, bad);
	bad.d0 = (strict ? bad.d0 : 0U) | mask.d0 | inval_guest_wide(g, op, strict);
	bad.d1 = (strict ? bad.d1 : 0U) | mask.d1;
	return bad;
}

/* Internal: what a command is forwarded as; 0: it is not. */
static inline uint32_t inval_guest_to(const struct inval_caps *shown, uint32_t op)
{
	switch (op) {
	case INVAL_OP_TLBI_NH_ALL:
	case INVAL_OP_TLBI_EL2_ALL:
	case INVAL_OP_TLBI_NSNH_ALL:
		return INVAL_OP_TLBI_NH_ALL;
	case INVAL_OP_TLBI_NH_ASID:
	case INVAL_OP_TLBI_EL2_ASID:
		return INVAL_OP_TLBI_NH_ASID;
	case INVAL_OP_TLBI_EL2_VA:
		/* Without E2H an entry of EL2 has no ASID, and one of EL1 has any. */
		return inval_caps_has(shown, INVAL_FEAT_E2H) ? INVAL_OP_TLBI_NH_VA :
							       INVAL_OP_TLBI_NH_VAA;
	case INVAL_OP_TLBI_EL2_VAA:
		return INVAL_OP_TLBI_NH_VAA;
	case INVAL_OP_TLBI_NH_VA:
	case INVAL_OP_TLBI_NH_VAA:
	case INVAL_OP_CFGI_CD:
	case INVAL_OP_CFGI_CD_ALL:
	case INVAL_OP_ATC_INV:
		return op;
	default:
		return 0;
	}
}

/* Internal: all there is to know of an opcode. */
static inline struct inval_guest_op inval_guest_op_for(const struct inval_guest *g, uint32_t op)
{
	uint32_t to = inval_guest_to(&g->shown, op), layout = inval_cmd_layout(to);
	struct inval_guest_op how;

	how.bad = inval_guest_bad(g, op);
	how.give = inval_cmd_tags(to, (layout & INVAL_FLD_BIT(INVAL_FLD_VMID)) != 0U ?
				  g->vmid : 0U, 0);
	how.keep = inval_cmd_mask(inval_cmd_layout(op) & layout &
				  ~(INVAL_LAYOUT_STREAM | INVAL_FLD_BIT(INVAL_FLD_VMID)));
	return how;
}

/*
 * Internal: what TTL128, TTL and TG of @d1 mean together (IHI 0070, 4.4.1.1). A TTL that
 * is no hint for this guest may be one for the SMMU, so it is not kept.
 */
static inline struct inval_guest_form inval_guest_form_for(const struct inval_caps *shown,
						       uint64_t d1)
{
	struct inval_guest_form form = { ~0ULL, 0, 0, 0 };
	struct inval_cmd cmd = { 1ULL << INVAL_CMD_NUM_SHIFT, d1 };
	uint32_t ttl = inval_check_ttl(shown, cmd);

	/* Of two granules at 0: what is wrong is d1. */
	if (inval_check_range(shown, cmd) != INVAL_LEGAL)
		return form;
	form.least = ttl != 0U ? 0U : 1ULL << INVAL_CMD_NUM_SHIFT;
	form.rest = ((1ULL << inval_check_entry_lg2(cmd, ttl)) - 1U) & ~0xfffULL;
	form.granule_lg2 = inval_check_entry_lg2(cmd, 0);
	form.keep = ttl != 0U ? ~0ULL : ~(3ULL << INVAL_CMD_TTL_SHIFT);
	return form;
}

/* Internal: why this guest cannot be vetted: inval_guest_init()'s answer. */
static inline int inval_guest_refused(const struct inval_caps *caps,
				      const struct inval_caps *shown,
				      const struct inval_guest_policy *policy, uint16_t vmid)
{
	if (!inval_caps_has(shown, INVAL_FEAT_S1P) ||
	    ((policy->take[0] & ~INVAL_GUEST_LIST_LO) | (policy->take[1] & ~INVAL_GUEST_LIST_HI)))
		return -INVAL_EINVAL;
	if (!inval_guest_subset(shown, caps))
		return -INVAL_EOPNOTSUPP;
	return inval_fits(vmid, inval_caps_has(caps, INVAL_FEAT_S2P) ? caps->vmid_bits : 0U) ?
	       0 : -INVAL_ERANGE;
}

/* Internal: what is known of a guest before the tables. */
static inline void inval_guest_set(struct inval_guest *g, const struct inval_caps *shown,
				   const struct inval_guest_policy *policy, uint16_t vmid)
{
	g->shown = *shown;
	g->policy = *policy;
	g->vmid = vmid;
	g->enabled = false;
}

/* Internal: an entry of one table. */
static inline void inval_guest_set_op(struct inval_guest *g, uint32_t op)
{
	if (!inval_check_feature(&g->shown, INVAL_SEC_NS, op))
		g->policy.take[op >> 6] &= ~(1ULL << (op & 63U));
	g->op[op] = inval_guest_op_for(g, op);
}

/* Internal: and of the other. */
static inline void inval_guest_set_form(struct inval_guest *g, uint32_t form)
{
	g->form[form] = inval_guest_form_for(&g->shown, inval_bits(form, INVAL_CMD_TTL128_SHIFT));
}

/**
 * inval_guest_init() - prepare to vet a guest's commands
 * @g: written on success only; the caller's
 * @caps: the SMMU's capabilities
 * @shown: the SMMU as the guest sees it, in its ID registers and CR2.E2H; written
 *	anew, with another call, when the guest changes CR2.E2H
 * @policy: what its queue takes
 * @vmid: our VMID for its stage 1; 0 on an SMMU without stage 2
 *
 * The guest starts with CR0.SMMUEN = 0.
 *
 * Context: any, before or between calls of inval_guest_vet().
 * Return: 0; -INVAL_EOPNOTSUPP when @shown has more than @caps has, or a feature of
 * which nothing here knows the commands (stage 2, above all); -INVAL_EINVAL when it
 * has no stage 1, or @policy takes an opcode that is not on the list; -INVAL_ERANGE
 * for a @vmid that is too wide.
 */
static inline INVAL_MUST_CHECK int
inval_guest_init(struct inval_guest *g, const struct inval_caps *caps,
		 const struct inval_caps *shown, const struct inval_guest_policy *policy,
		 uint16_t vmid)
{
	int err = inval_guest_refused(caps, shown, policy, vmid);
	uint32_t i;

	if (err != 0)
		return err;
	inval_guest_set(g, shown, policy, vmid);
	for (i = 0; i < INVAL_GUEST_OPS; i++)
		inval_guest_set_op(g, i);
	for (i = 0; i < INVAL_GUEST_FORMS; i++)
		inval_guest_set_form(g, i);
	return 0;
}

/**
 * inval_guest_map_check() - is a table of streams what the rest relies on?
 * @map: the table
 * @caps: the SMMU's capabilities
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL when it is not in ascending order of vsid; -INVAL_ERANGE
 * for a StreamID that the SMMU does not have, or with ATS a stu_lg2 outside 12 to 43.
 */
static inline INVAL_MUST_CHECK int inval_guest_map_check(const struct inval_guest_map *map,
							 const struct inval_caps *caps)
{
	const struct inval_guest_stream *s;
	uint32_t i;

	for (i = 0; i < map->num; i++) {
		s = &map->stream[i];
		if (i != 0U && s[-1].vsid >= s->vsid)
			return -INVAL_EINVAL;
		if (!inval_fits(s->sid, caps->sid_bits) ||
		    (s->ats && (s->stu_lg2 < 12U || s->stu_lg2 > 43U)))
			return -INVAL_ERANGE;
	}
	return 0;
}

/**
 * inval_guest_map_find() - inval_guest_find_fn for a table
 * @streams: struct inval_guest_map
 * @vsid: the guest's StreamID
 * @out: written on success only; the caller's
 *
 * Context: any, while nobody changes the table.
 * Return: true and the first stream at or above @vsid; false when there is none.
 */
static inline bool inval_guest_map_find(const void *streams, uint32_t vsid,
					struct inval_guest_stream *out)
{
	const struct inval_guest_map *map = (const struct inval_guest_map *)streams;
	uint32_t at = 0, end = map->num, mid;

	while (at < end) {
		mid = at + (end - at) / 2U;
		if (map->stream[mid].vsid < vsid)
			at = mid + 1U;
		else
			end = mid;
	}
	if (at == map->num)
		return false;
	*out = map->stream[at];
	return true;
}

/* Internal: a command without what the SMMU may ignore; as it is when that is illegal. */
static inline struct inval_cmd inval_guest_strip(const struct inval_guest *g, struct inval_cmd cmd)
{
	struct inval_cmd strip = inval_check_reserved(&g->shown, INVAL_SEC_NS, cmd), mask;
	uint32_t op = (uint32_t)(cmd.d0 & 0xffU), ignored = INVAL_FLD_BIT(INVAL_FLD_VMID);

	if ((g->policy.flags & INVAL_GUEST_STRICT) != 0U)
		return cmd;
	if (inval_fld_get(cmd, INVAL_FLD_SSV) == 0U &&
	    (inval_cmd_layout(op) & INVAL_FLD_BIT(INVAL_FLD_SSV)) != 0U)
		ignored |= INVAL_FLD_BIT(INVAL_FLD_SSID) | INVAL_FLD_BIT(INVAL_FLD_GLOBAL);
	if (op == INVAL_OP_TLBI_EL2_VA && !inval_caps_has(&g->shown, INVAL_FEAT_E2H))
		ignored |= INVAL_FLD_BIT(INVAL_FLD_ASID);
	if (op == INVAL_OP_SYNC && !inval_caps_has(&g->shown, INVAL_FEAT_MSI))
		ignored |= INVAL_FLD_BIT(INVAL_FLD_MSI_ADDR);
	if (op == INVAL_OP_SYNC)
		ignored |= INVAL_FLD_BIT(INVAL_FLD_MSI_NS);
	mask = inval_cmd_mask(inval_cmd_layout(op) & ignored);
	cmd.d0 &= ~(strip.d0 | mask.d0);
	cmd.d1 &= ~(strip.d1 | mask.d1);
	return cmd;
}

/* Internal: a command, looked at in full. */
struct inval_guest_look {
	struct inval_cmd cmd;
	enum inval_reason reason;
};

/* Internal: off the hot path: a command without what is ignored, and what is wrong with it. */
static inline INVAL_COLD struct inval_guest_look inval_guest_inspect(const struct inval_guest *g,
								  uint64_t d0, uint64_t d1)
{
	struct inval_cmd in = { d0, d1 };
	struct inval_guest_look look;

	look.cmd = inval_guest_strip(g, in);
	look.reason = inval_check(&g->shown, INVAL_SEC_NS, look.cmd);
	return look;
}

/* Internal: it is not taken; that a range does not lie as it has to, alone, is no reason. */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_refuse(const struct inval_guest *g,
							  struct inval_cmd in,
							  struct inval_guest_result *out)
{
	out->reason = inval_guest_inspect(g, in.d0, in.d1).reason;
	if (out->reason == INVAL_LEGAL || out->reason == INVAL_ILL_ALIGN ||
	    out->reason == INVAL_ILL_END)
		out->reason = INVAL_ILL_POLICY;
	return INVAL_VERDICT_ILLEGAL;
}

/* Internal: the range fields of d0 and d1. */
#define INVAL_GUEST_RIL0 \
	((0x1fULL << INVAL_CMD_NUM_SHIFT) | (0x3fULL << INVAL_CMD_SCALE_SHIFT))
#define INVAL_GUEST_RIL1 \
	((1ULL << INVAL_CMD_TTL128_SHIFT) | (3ULL << INVAL_CMD_TTL_SHIFT) | \
	 (3ULL << INVAL_CMD_TG_SHIFT))

/* Internal: does a range pass the end? */
INVAL_ALWAYS_INLINE bool inval_guest_passes(const struct inval_guest_form *form, uint64_t ril0,
					    uint64_t d1)
{
	uint64_t num = (ril0 >> INVAL_CMD_NUM_SHIFT) & 0x1fU;
	uint64_t bytes = (num + 1U) << ((ril0 >> INVAL_CMD_SCALE_SHIFT) + form->granule_lg2);

	return bytes - 1U > ~(d1 & ~0xfffULL);
}

/*
 * Internal: a TLBI. A range that is misaligned, or passes the end, is UNPREDICTABLE
 * (IHI 0070, 4.4.1.1); all of the VMID covers it whatever it was meant to be, which all
 * of the ASID would not: NH_ASID leaves global entries.
 */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_tlbi(const struct inval_guest *g,
							struct inval_cmd in,
							const struct inval_guest_op *how,
							struct inval_guest_result *out)
{
	uint64_t d0 = in.d0 & how->keep.d0, d1 = in.d1 & how->keep.d1;
	uint64_t ril0 = d0 & INVAL_GUEST_RIL0;
	const struct inval_guest_form *form;

	if ((ril0 | (d1 & INVAL_GUEST_RIL1)) != 0U) {
		form = &g->form[(d1 >> INVAL_CMD_TTL128_SHIFT) & (INVAL_GUEST_FORMS - 1U)];
		if (ril0 < form->least || ril0 >= 40ULL << INVAL_CMD_SCALE_SHIFT)
			return inval_guest_refuse(g, in, out);
		if ((d1 & form->rest) != 0U || inval_guest_passes(form, ril0, d1)) {
			(void)inval_cmd_fill(&out->cmd, g->op[INVAL_OP_TLBI_NH_ALL].give, 0);
			return INVAL_VERDICT_FORWARD;
		}
		d1 &= form->keep;
	}
	(void)inval_cmd_fill(&out->cmd, d0 | how->give, d1);
	return INVAL_VERDICT_FORWARD;
}

/* Internal: the stream that a command names; FORWARD when it is the guest's. */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_lookup(const struct inval_guest *g,
							  struct inval_cmd in,
							  inval_guest_find_fn find,
							  const void *streams,
							  struct inval_guest_result *out)
{
	uint32_t vsid = (uint32_t)(in.d0 >> INVAL_CMD_SID_SHIFT);

	if (find(streams, vsid, &out->stream) && out->stream.vsid == vsid)
		return INVAL_VERDICT_FORWARD;
	if ((g->policy.flags & INVAL_GUEST_OWN) == 0U)
		return INVAL_VERDICT_NOTHING;
	out->reason = INVAL_ILL_STREAM;
	return INVAL_VERDICT_ILLEGAL;
}

/* Internal: SubstreamID, Global and Size of an ATC_INV. */
INVAL_ALWAYS_INLINE bool inval_guest_atc_ok(const struct inval_guest *g, uint64_t tag,
					    uint64_t size)
{
	if (size > INVAL_CMD_ATC_ALL)
		return false;
	if ((tag & (1ULL << INVAL_CMD_SSV_SHIFT)) != 0U)
		return inval_fits(tag >> INVAL_CMD_SSID_SHIFT, g->shown.ssid_bits);
	return tag == 0U || (g->policy.flags & INVAL_GUEST_STRICT) == 0U;
}

/*
 * Internal: ATC_INV. The SMMU rounds the address down (IHI 0070, 4.5.1), and wants it so
 * from us; a span below the device's STU is none that the device knows.
 */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_atc(const struct inval_guest *g,
						       struct inval_cmd in,
						       const struct inval_guest_op *how,
						       inval_guest_find_fn find,
						       const void *streams,
						       struct inval_guest_result *out)
{
	uint64_t size = in.d1 & 0x3fU, tag = in.d0 & how->keep.d0;
	enum inval_verdict verdict;

	if (!inval_guest_atc_ok(g, tag, size))
		return inval_guest_refuse(g, in, out);
	verdict = inval_guest_lookup(g, in, find, streams, out);
	if (verdict != INVAL_VERDICT_FORWARD)
		return verdict;
	if (!g->enabled || !out->stream.ats)
		return INVAL_VERDICT_NOTHING;
	if (size + 12U < out->stream.stu_lg2)
		size = out->stream.stu_lg2 - 12U;
	if ((tag & (1ULL << INVAL_CMD_SSV_SHIFT)) == 0U)
		tag = 0;
	(void)inval_cmd_fill(&out->cmd, how->give | tag |
			     inval_bits(out->stream.sid, INVAL_CMD_SID_SHIFT),
			     (in.d1 & (~0xfffULL << size)) | size);
	return INVAL_VERDICT_FORWARD;
}

/* Internal: CFGI_CD and CFGI_CD_ALL. */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_cd(const struct inval_guest *g,
						      struct inval_cmd in,
						      const struct inval_guest_op *how,
						      inval_guest_find_fn find,
						      const void *streams,
						      struct inval_guest_result *out)
{
	enum inval_verdict verdict = inval_guest_lookup(g, in, find, streams, out);

	if (verdict == INVAL_VERDICT_FORWARD)
		(void)inval_cmd_fill(&out->cmd, (in.d0 & how->keep.d0) | how->give |
				     inval_bits(out->stream.sid, INVAL_CMD_SID_SHIFT),
				     in.d1 & how->keep.d1);
	return verdict;
}

/* Internal: everything that is not forwarded, off the hot path. */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_other(const struct inval_guest *g,
							 struct inval_cmd in, uint32_t op,
							 inval_guest_find_fn find,
							 const void *streams,
							 struct inval_guest_result *out)
{
	struct inval_guest_look look = inval_guest_inspect(g, in.d0, in.d1);
	enum inval_verdict verdict;
	struct inval_cmd mask;

	if (!inval_guest_takes(&g->policy, op) || look.reason != INVAL_LEGAL)
		return inval_guest_refuse(g, in, out);
	(void)inval_cmd_sync(&out->cmd, false);
	if (op == INVAL_OP_SYNC || op == INVAL_OP_CFGI_STE_RANGE)
		return INVAL_VERDICT_EMULATE;
	verdict = inval_guest_lookup(g, in, find, streams, out);
	if (verdict != INVAL_VERDICT_FORWARD)
		return verdict;
	if (op == INVAL_OP_PRI_RESP && !g->enabled)
		return INVAL_VERDICT_NOTHING;
	mask = inval_cmd_mask(inval_cmd_layout(op) & ~INVAL_FLD_BIT(INVAL_FLD_SID));
	out->cmd.d0 = inval_cmd_stream(op, false, out->stream.sid) | (look.cmd.d0 & mask.d0);
	out->cmd.d1 = look.cmd.d1 & mask.d1;
	return INVAL_VERDICT_EMULATE;
}

/**
 * inval_guest_vet() - what does a guest's command become?
 * @g: how to vet this guest
 * @in: its command, any 128 bits, in CPU byte order
 * @find: the guest's streams
 * @streams: for @find
 * @out: what it becomes; the caller's
 *
 * An ATC_INV that is forwarded belongs into the read section that the fence of a
 * detach waits for: from this call until the SYNC behind it is complete.
 *
 * Context: any, while @g and the streams stay as they are.
 * Return: enum inval_verdict; which fields of @out it fills, says the struct.
 */
INVAL_ALWAYS_INLINE enum inval_verdict inval_guest_vet(const struct inval_guest *g,
						       struct inval_cmd in,
						       inval_guest_find_fn find,
						       const void *streams,
						       struct inval_guest_result *out)
{
	const struct inval_guest_op *how;
	uint64_t op = in.d0 & 0xffU;

	out->reason = INVAL_LEGAL;
	if (op >= INVAL_GUEST_OPS)
		return inval_guest_refuse(g, in, out);
	how = &g->op[op];
	if (((in.d0 & how->bad.d0) | (in.d1 & how->bad.d1)) != 0U)
		return inval_guest_refuse(g, in, out);
	if ((how->give & INVAL_OP_TLBI_NH_ALL) != 0U)
		return inval_guest_tlbi(g, in, how, out);
	if (how->give == INVAL_OP_ATC_INV)
		return inval_guest_atc(g, in, how, find, streams, out);
	if (how->give != 0U)
		return inval_guest_cd(g, in, how, find, streams, out);
	return inval_guest_other(g, in, (uint32_t)op, find, streams, out);
}

/**
 * inval_guest_loop_begin() - go through the streams of a CFGI_STE_RANGE or CFGI_ALL
 * @loop: the caller's
 * @in: the guest's command, which was to be emulated
 *
 * Context: any.
 */
static inline void inval_guest_loop_begin(struct inval_guest_loop *loop, struct inval_cmd in)
{
	uint64_t streams = 2ULL << inval_fld_get(in, INVAL_FLD_RANGE);

	loop->at = inval_fld_get(in, INVAL_FLD_SID) & ~(streams - 1U);
	loop->end = loop->at + streams;
}

/**
 * inval_guest_loop_next() - the next stream of the guest's in the range
 * @loop: moved on
 * @find: the guest's streams
 * @streams: for @find
 * @out: the stream, and a CFGI_STE with our StreamID, to be emulated like one of the
 *	guest's; the caller's
 *
 * Asks @find once. Between two calls the streams may change: each that is there all
 * the time comes once.
 *
 * Context: any, while the streams stay as they are.
 * Return: false when there is no more; then @out has no meaning.
 */
INVAL_ALWAYS_INLINE bool inval_guest_loop_next(struct inval_guest_loop *loop,
					       inval_guest_find_fn find, const void *streams,
					       struct inval_guest_result *out)
{
	if (loop->at >= loop->end || !find(streams, (uint32_t)loop->at, &out->stream) ||
	    out->stream.vsid < loop->at || out->stream.vsid >= loop->end) {
		loop->at = loop->end;
		return false;
	}
	loop->at = out->stream.vsid + 1ULL;
	out->reason = INVAL_LEGAL;
	(void)inval_cmd_cfgi_ste(&out->cmd, false, out->stream.sid, false);
	return true;
}

INVAL_END

#endif /* INVAL_GUEST_GUARD */
