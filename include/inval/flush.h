/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/flush.h - walk an invalidation array: issue its commands to every SMMU,
 * then wait for all of them; gather adjacent ranges.
 *
 * For each SMMU: [TLBI...] SYNC [stage-1 clears...] SYNC [ATC_INV...] SYNC; an
 * empty group costs nothing. Commands behind a SYNC begin when it completes
 * (IHI 0070, 4.7.3), so all groups of an SMMU are queued at once, all SMMUs are
 * issued to before one is waited for, and the waits overlap.
 *
 * After an error the unmapped pages, and the tags, must not be used again.
 */
#ifndef INVAL_FLUSH_GUARD
#define INVAL_FLUSH_GUARD

#include "types.h"
#include "caps.h"
#include "cmd.h"
#include "check.h"
#include "range.h"
#include "port.h"
#include "array.h"
#include "queue.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(flush)
INVAL_PORT_USES_CPU(flush)
INVAL_PORT_USES_REPORT(flush)

/**
 * struct inval_smmu - an SMMU as flushes see it
 * @number: 0 to 255, as in the keys of arrays
 * @off: not 0: skipped, for it holds nothing (read once per walk);
 *	inval_smmu_off(), inval_smmu_on()
 * @caps: its capabilities
 * @policy: how it is to be used
 * @queue: its command queue, which takes all commands; NULL with issue functions of
 *	the embedder's own
 * @more: further queues of it (ECMDQs, virtual ones): a flush goes to that of the CPU it
 *	begins on, and keeps it; NULL with @more_num 0
 * @more_num: length of @more
 * @priv: the embedder's
 */
struct inval_smmu {
	uint32_t number;
	uint64_t off;
	struct inval_caps caps;
	struct inval_policy policy;
	struct inval_queue *queue;
	struct inval_queue *const *more;
	uint32_t more_num;
	void *priv;
};

/**
 * struct inval_flush_wait - one SMMU that a flush has to wait for
 * @smmu: the SMMU
 * @ticket: what it was given
 */
struct inval_flush_wait {
	struct inval_smmu *smmu;
	struct inval_ticket ticket;
};

/**
 * struct inval_flush_error - one thing that went wrong
 * @smmu: SMMU number
 * @code: enum inval_code
 * @sid: INVAL_EREMOTEIO: a StreamID that may not have confirmed its ATC_INV
 * @ssid: its SubstreamID, where @ssv
 * @ssv: the entry had a SubstreamID
 */
struct inval_flush_error {
	uint32_t smmu;
	int code;
	uint32_t sid;
	uint32_t ssid;
	bool ssv;
};

/**
 * struct inval_flush - what one flush works with; the caller's, for one call at
 * a time
 * @smmus: by number; NULL where there is none
 * @smmu_num: length of @smmus
 * @batch: room for commands on their way to a queue
 * @batch_num: length of @batch, 1 or more
 * @waits: room for SMMUs issued to and not yet waited for
 * @wait_num: length of @waits, 1 or more; an array with more SMMUs than that is
 *	walked in windows
 * @errors: room for errors; may be NULL with @error_num 0
 * @error_num: length of @errors
 * @error_total: out: errors of the last call, also those with no room; 0 where it was
 *	refused
 * @cpu_tlbi: leave the TLBIs to the CPU's broadcast ones on SMMUs that hear them
 *	(INVAL_FEAT_BTM; to be taken from the caps of one with CR2.PTM = 1). They
 *	have named what @req of the flush names, for every tag in the array, and
 *	their DSB is complete: a SYNC does not wait for broadcasts, so the device
 *	would refill from the old translation what ATC_INV takes away
 */
struct inval_flush {
	struct inval_smmu *const *smmus;
	uint32_t smmu_num;
	struct inval_cmd *batch;
	uint32_t batch_num;
	struct inval_flush_wait *waits;
	uint32_t wait_num;
	struct inval_flush_error *errors;
	uint32_t error_num;
	uint32_t error_total;
	bool cpu_tlbi;
};

/**
 * typedef inval_issue_fn - give commands to an SMMU
 *
 * (smmu, cmds, num, sync, ticket): in order, and with @sync a SYNC behind them.
 * What is behind a SYNC begins when that is complete. Returns 0, or -INVAL_E*: then it
 * is called once more, with no commands and sync, and waited for if it takes that, as
 * some of before may be under way. -INVAL_EREMOTEIO is as in inval_wait_fn, and others of
 * the commands may not have been given. num may be 0 with sync.
 */
typedef int (*inval_issue_fn)(struct inval_smmu *smmu, const struct inval_cmd *cmds, uint32_t num,
			      bool sync, struct inval_ticket *ticket);

/**
 * typedef inval_wait_fn - wait until the last SYNC of a ticket is complete
 *
 * (smmu, ticket): returns 0 or -INVAL_E*; -INVAL_EREMOTEIO for an ATC_INV that
 * was not confirmed. A time-out is an error.
 */
typedef int (*inval_wait_fn)(struct inval_smmu *smmu, const struct inval_ticket *ticket);

/* Internal: the groups of one SMMU, in order; NONE: it has been given no command. */
enum inval_group {
	INVAL_GROUP_NONE,
	INVAL_GROUP_TLBI,
	INVAL_GROUP_CLEAR,
	INVAL_GROUP_ATC
};

/* Internal: features that decide how a range is cut; next to them, the policy's. */
#define INVAL_WALK_FEATS	(INVAL_FEAT_RIL | INVAL_FEAT_DS)
#define INVAL_WALK_ONE		(1ULL << 63)
#define INVAL_WALK_WHOLE	(~0ULL)
/* Internal: TLBIs that are kept for the next tag; with RIL there are hardly more. */
#define INVAL_WALK_PIECES	2U

/**
 * struct inval_walk_cut - internal: the request as SMMUs want it, kept for the next
 * @last: last byte of it, where not everything is asked for
 * @how: what it was cut for, as features and INVAL_WALK_ONE
 * @count: TLBIs of it; INVAL_WALK_WHOLE: everything is asked for
 * @piece: the first of them, without opcode and tag
 * @rest: the others, where there are
 * @span: the request as ATC_INV
 * @spans: their number; 0: not yet known
 * @span_num: as asked for by the policy they were made for
 */
struct inval_walk_cut {
	uint64_t last;
	uint64_t how;
	uint64_t count;
	struct inval_range_piece piece[INVAL_WALK_PIECES];
	struct inval_range rest;
	struct inval_range_span span[INVAL_RANGE_MAX_SPANS];
	uint32_t spans;
	uint32_t span_num;
};

/**
 * struct inval_walk - internal: a walk on its way. Its address is given only to what
 * is always inlined: so compilers can keep it in registers
 * @f: the caller's
 * @req: what changed
 * @cut: it, cut
 * @entries: the array's
 * @end: behind them, as read once
 * @stu_lg2: smallest span for ATC_INV
 * @live: no entry was dead when the walk began
 * @smmu: the SMMU now; NULL: its entries are skipped
 * @group: of its last command
 * @next: place of the next command in the batch
 * @full: end of the batch
 * @wait: of this SMMU; those before it are not yet waited for
 * @last: end of the waits
 * @all: everything, on this SMMU
 * @dead: an S2_VMID entry of this SMMU was skipped
 * @err: first error
 */
struct inval_walk {
	struct inval_flush *f;
	const struct inval_range_req *req;
	struct inval_walk_cut *cut;
	const struct inval_entry *entries;
	const struct inval_entry *end;
	uint32_t stu_lg2;
	bool live;
	struct inval_smmu *smmu;
	enum inval_group group;
	struct inval_cmd *next;
	struct inval_cmd *full;
	struct inval_flush_wait *wait;
	struct inval_flush_wait *last;
	bool all;
	bool dead;
	int err;
};

/* Internal: note an error; returns where to say more, or NULL. */
static inline struct inval_flush_error *inval_walk_error(struct inval_flush *f, uint32_t smmu,
							 int err)
{
	struct inval_flush_error *e = NULL;

	if (f->error_total < f->error_num) {
		e = &f->errors[f->error_total];
		e->smmu = smmu;
		e->code = -err;
		e->sid = 0;
		e->ssid = 0;
		e->ssv = false;
	}
	f->error_total++;
	return e;
}

/*
 * Internal: an ATC_INV of this SMMU failed: every device it may have been; false
 * when there is none.
 */
static inline bool inval_walk_suspects(struct inval_flush *f, const struct inval_entry *at,
				       const struct inval_entry *end, uint32_t smmu, bool live)
{
	uint32_t before = f->error_total;
	struct inval_flush_error *e;

	for (; at != end; at++) {
		if (inval_entry_smmu(at) != smmu || !inval_entry_is_ats(at) ||
		    (live && inval_port_load32(&at->users) == 0U))
			continue;
		e = inval_walk_error(f, smmu, -INVAL_EREMOTEIO);
		if (e == NULL)
			continue;
		e->sid = (uint32_t)inval_field(at->key, 52, 21);
		e->ssid = (uint32_t)inval_field(at->key, 20, 1);
		e->ssv = (at->key & 1U) != 0U;
	}
	return f->error_total != before;
}

/*
 * Internal: issue or wait failed. Devices that left meanwhile are suspects only if no
 * other is: an error is never lost.
 */
static inline INVAL_COLD void inval_walk_failed(struct inval_flush *f,
						const struct inval_entry *entries,
						const struct inval_entry *end, uint32_t smmu,
						int err)
{
	bool atc = err == -INVAL_EREMOTEIO;

	if (!(atc && inval_walk_suspects(f, entries, end, smmu, true)) &&
	    !(atc && inval_walk_suspects(f, entries, end, smmu, false)))
		(void)inval_walk_error(f, smmu, err);
}

/* Internal: the first error is what the walk returns. */
INVAL_ALWAYS_INLINE void inval_walk_fail(struct inval_walk *w, const struct inval_smmu *smmu,
					 int err)
{
	inval_walk_failed(w->f, w->entries, w->end, smmu->number, err);
	if (w->err == 0)
		w->err = err;
}

/* Internal: wait for all SMMUs issued to; an error of one does not end it. */
INVAL_ALWAYS_INLINE void inval_walk_drain(struct inval_walk *w, inval_wait_fn wait)
{
	struct inval_flush_wait *t;
	int err;

	for (t = w->f->waits; t != w->wait; t++) {
		err = wait(t->smmu, &t->ticket);
		if (err != 0)
			inval_walk_fail(w, t->smmu, err);
	}
	w->wait = w->f->waits;
}

/* Internal: hand the batch over; after an error the SMMU's other entries are skipped. */
INVAL_ALWAYS_INLINE void inval_walk_issue(struct inval_walk *w, bool sync, inval_issue_fn issue)
{
	struct inval_cmd *batch = w->f->batch;
	int err = issue(w->smmu, batch, (uint32_t)(w->next - batch), sync, &w->wait->ticket);

	w->next = batch;
	if (err == 0)
		return;
	inval_walk_fail(w, w->smmu, err);
	w->smmu = NULL;
}

/* Internal: is there room for one more command? Not after an error. */
INVAL_ALWAYS_INLINE bool inval_walk_room(struct inval_walk *w, inval_issue_fn issue)
{
	if (w->next == w->full)
		inval_walk_issue(w, false, issue);
	return w->smmu != NULL;
}

/* Internal: one more command; false after an error. */
INVAL_ALWAYS_INLINE bool inval_walk_push(struct inval_walk *w, uint64_t d0, uint64_t d1,
					 inval_issue_fn issue)
{
	if (!inval_walk_room(w, issue))
		return false;
	w->next->d0 = d0;
	w->next->d1 = d1;
	w->next++;
	return true;
}

/*
 * Internal: a SYNC before the first command of a later group, of which there is
 * one: the caller's next. False after an error.
 */
INVAL_ALWAYS_INLINE bool inval_walk_group(struct inval_walk *w, enum inval_group group,
					  inval_issue_fn issue)
{
	enum inval_group last = w->group;

	w->group = group;
	if (last == group || last == INVAL_GROUP_NONE)
		return true;
	inval_port_count(INVAL_COUNT_SYNC, 1);
	return inval_walk_push(w, INVAL_OP_SYNC, 0, issue);
}

/*
 * Internal: the SMMU now is done: its last SYNC, and its place among the waits. One
 * that refused a command may have taken others before: those are waited for, too, or
 * they would run behind a section that a detach has seen end.
 */
INVAL_ALWAYS_INLINE void inval_walk_close(struct inval_walk *w, inval_issue_fn issue,
					  inval_wait_fn wait)
{
	if (w->group == INVAL_GROUP_NONE)
		return;
	if (w->smmu != NULL)
		inval_walk_issue(w, true, issue);
	if (w->smmu == NULL &&
	    issue(w->wait->smmu, w->f->batch, 0, true, &w->wait->ticket) != 0)
		return;
	w->wait++;
	if (w->wait == w->last)
		inval_walk_drain(w, wait);
}

/* Internal: cut a request that is not a single granule, for @cut. */
static inline void inval_walk_slice(struct inval_walk_cut *c, const struct inval_range_req *req,
				    uint64_t cut)
{
	struct inval_range_how how;
	struct inval_range it;

	how.ril = (cut & INVAL_FEAT_RIL) != 0U;
	how.ds = (cut & INVAL_FEAT_DS) != 0U;
	how.one = (cut & INVAL_WALK_ONE) != 0U;
	inval_range_set(&it, req, &how);
	(void)inval_range_next(&it, &c->piece[0]);
	if (inval_range_next(&it, &c->piece[1]))
		c->count = INVAL_WALK_PIECES + inval_range_count(&it);
	c->rest = it;
}

/* Internal: cut the request for all SMMUs such as the one now. */
INVAL_ALWAYS_INLINE void inval_walk_shape(struct inval_walk_cut *c,
					const struct inval_range_req *req, uint64_t cut)
{
	c->how = cut;
	c->count = 1;
	if (!inval_range_single(req, c->last, (cut & INVAL_FEAT_RIL) != 0U, &c->piece[0]))
		inval_walk_slice(c, req, cut);
}

/* Internal: what this SMMU makes of the request. */
INVAL_ALWAYS_INLINE void inval_walk_fit(struct inval_walk *w)
{
	const struct inval_smmu *s = w->smmu;
	uint64_t cut;

	if (w->cut->count != INVAL_WALK_WHOLE) {
		cut = (s->caps.feat & INVAL_WALK_FEATS) |
		      (s->policy.one_command ? INVAL_WALK_ONE : 0U);
		if (cut != w->cut->how)
			inval_walk_shape(w->cut, w->req, cut);
	}
	w->all = w->cut->count > s->policy.max_cmds;
}

/* Internal: the SMMU with this number; NULL: there is none. */
INVAL_ALWAYS_INLINE struct inval_smmu *inval_walk_smmu(const struct inval_flush *f, uint32_t number)
{
	return number < f->smmu_num ? f->smmus[number] : NULL;
}

/*
 * Internal: the entries from @e on are skipped: an error if there is no SMMU, and not all
 * are dead, as what a detach leaves of one that is gone.
 */
static inline INVAL_COLD int inval_walk_skipped(struct inval_flush *f, const struct inval_entry *e,
						const struct inval_entry *end, int err)
{
	uint32_t number = inval_entry_smmu(e);

	if (inval_walk_smmu(f, number) != NULL)
		return err;
	for (; e != end && inval_entry_smmu(e) == number; e++) {
		if (inval_port_load32(&e->users) != 0U) {
			(void)inval_walk_error(f, number, -INVAL_ENODEV);
			return err != 0 ? err : -INVAL_ENODEV;
		}
	}
	return err;
}

/* Internal: begin with the SMMU of entry @e; false to skip it. */
INVAL_ALWAYS_INLINE bool inval_walk_open(struct inval_walk *w, const struct inval_entry *e)
{
	w->next = w->f->batch;
	w->group = INVAL_GROUP_NONE;
	w->dead = false;
	w->smmu = inval_walk_smmu(w->f, inval_entry_smmu(e));
	if (w->smmu == NULL || inval_port_load64(&w->smmu->off) != 0U)
		return false;
	w->wait->smmu = w->smmu;
	inval_queue_ticket_init(&w->wait->ticket);
	inval_walk_fit(w);
	return true;
}

/* Internal: first word of the command for everything of a tag. */
static inline uint64_t inval_walk_d0_all(const struct inval_entry *e)
{
	uint64_t d0 = (e->key << 11) | e->op_all;
	bool asid = e->op_all == INVAL_OP_TLBI_NH_ASID || e->op_all == INVAL_OP_TLBI_EL2_ASID;

	return asid ? d0 : d0 & ~(0xffffULL << INVAL_CMD_ASID_SHIFT);
}

/*
 * Internal: does the request pass the IPAs that this SMMU's commands can name? 48 bits
 * all can.
 */
INVAL_ALWAYS_INLINE bool inval_walk_wide(const struct inval_walk *w)
{
	return !inval_fits(w->cut->last, 48) &&
	       !inval_fits(w->cut->last, inval_check_ipa_bits(&w->smmu->caps));
}

/* Internal: the TLBIs of a range that needs many, but for the first. */
INVAL_ALWAYS_INLINE void inval_walk_others(struct inval_walk *w, uint64_t d0, inval_issue_fn issue)
{
	const struct inval_range_piece *piece = &w->cut->piece[1];
	struct inval_range it = w->cut->rest;
	uint32_t num;

	if (!inval_walk_push(w, d0 | piece->d0, piece->d1, issue))
		return;
	inval_port_count(INVAL_COUNT_TLBI, 1);
	while (it.left != 0U && inval_walk_room(w, issue)) {
		num = inval_range_fill(&it, d0, w->next, (uint32_t)(w->full - w->next));
		w->next += num;
		inval_port_count(INVAL_COUNT_TLBI, num);
	}
}

/* Internal: TLBIs of a tag. */
INVAL_ALWAYS_INLINE void inval_walk_tlbi(struct inval_walk *w, const struct inval_entry *e,
					 inval_issue_fn issue)
{
	uint64_t d0 = (e->key << 11) | e->op_range;
	const struct inval_range_piece *piece = w->cut->piece;

	w->group = INVAL_GROUP_TLBI;
	if (w->all || (e->op_range == INVAL_OP_TLBI_S2_IPA && inval_walk_wide(w))) {
		(void)inval_walk_push(w, inval_walk_d0_all(e), 0, issue);
		inval_port_count(INVAL_COUNT_TLBI, 1);
		return;
	}
	if (!inval_walk_push(w, d0 | piece[0].d0, piece[0].d1, issue))
		return;
	inval_port_count(INVAL_COUNT_TLBI, 1);
	if (w->cut->count != 1U)
		inval_walk_others(w, d0, issue);
}

/*
 * Internal: was S12_VMALL sent for this VMID? It removes combined entries too, so
 * no clear is needed. A dead entry among the stage 2s: assume not. What is found is
 * @e at the latest, so there is one to compare with.
 */
INVAL_ALWAYS_INLINE bool inval_walk_cleared(const struct inval_walk *w,
					    const struct inval_entry *e)
{
	uint64_t key = e->key - inval_bits(INVAL_TYPE_S1_CLEAR - INVAL_TYPE_S2_VMID, 53);
	uint32_t found;

	if (!w->all || w->dead)
		return false;
	found = inval_array_find(w->entries, (uint32_t)(e - w->entries), key);
	return w->entries[found].key == key;
}

/* Internal: the request as ATC_INV spans; what cannot be cut is everything. */
static inline void inval_walk_spans(struct inval_walk_cut *c, const struct inval_range_req *req,
				    uint8_t stu_lg2, uint32_t most)
{
	int spans = inval_range_atc(req->addr, req->bytes, stu_lg2, most, c->span);

	if (spans < 1) {
		c->span[0].addr = 0;
		c->span[0].size = INVAL_CMD_ATC_ALL;
		spans = 1;
	}
	c->spans = (uint32_t)spans;
	c->span_num = most;
}

/* Internal: ATC_INVs of a device; returns the next entry. */
INVAL_ALWAYS_INLINE const struct inval_entry *inval_walk_device(struct inval_walk *w,
								const struct inval_entry *e,
								inval_issue_fn issue)
{
	const struct inval_range_span *span = w->cut->span;
	const struct inval_range_span *last = span + w->cut->spans;

	for (; span != last; span++) {
		if (!inval_walk_push(w, (e->key << 11) | INVAL_OP_ATC_INV, span->addr | span->size,
				     issue))
			break;
		inval_port_count(INVAL_COUNT_ATC, 1);
	}
	return e + 1;
}

/* Internal: one ATC_INV; returns the place for the next. */
INVAL_ALWAYS_INLINE struct inval_cmd *inval_walk_atc_put(struct inval_cmd *cmd,
							 const struct inval_entry *e, uint64_t d1)
{
	cmd->d0 = (e->key << 11) | INVAL_OP_ATC_INV;
	cmd->d1 = d1;
	return cmd + 1;
}

/* Internal: one ATC_INV, if the entry has users; returns the place for the next. */
INVAL_ALWAYS_INLINE struct inval_cmd *inval_walk_atc_one(struct inval_cmd *cmd,
							 const struct inval_entry *e, uint64_t d1)
{
	struct inval_cmd *next = inval_walk_atc_put(cmd, e, d1);

	return inval_port_load32(&e->users) != 0U ? next : cmd;
}

/*
 * Internal: an ATC_INV for @e, and each entry behind it that shares SMMU and type,
 * while the batch has room; returns the first without. They are sorted: one look at
 * the last of four is enough. Where nothing was dead when the walk began users are
 * not looked at: a device that leaves meanwhile waits for this walk (domain.h, fence).
 */
INVAL_ALWAYS_INLINE const struct inval_entry *
inval_walk_atc_run(struct inval_walk *w, const struct inval_entry *e, uint64_t d1)
{
	uint64_t group = e->key >> 53;
	struct inval_cmd *cmd = inval_walk_atc_put(w->next, e++, d1);
	ptrdiff_t room = w->full - cmd;
	const struct inval_entry *end = room < w->end - e ? e + room : w->end;
	const struct inval_entry *last = !w->live || end - e < 4 ? e : end - 3;

	for (; e < last && e[3].key >> 53 == group; e += 4) {
		cmd = inval_walk_atc_put(cmd, e, d1);
		cmd = inval_walk_atc_put(cmd, e + 1, d1);
		cmd = inval_walk_atc_put(cmd, e + 2, d1);
		cmd = inval_walk_atc_put(cmd, e + 3, d1);
	}
	for (; e != end && e->key >> 53 == group; e++)
		cmd = inval_walk_atc_one(cmd, e, d1);
	inval_port_count(INVAL_COUNT_ATC, (uint32_t)(cmd - w->next));
	w->next = cmd;
	return e;
}

/*
 * Internal: ATC_INVs of a device, and of those behind it if one each will do;
 * returns the next entry.
 */
INVAL_ALWAYS_INLINE const struct inval_entry *
inval_walk_atc(struct inval_walk *w, const struct inval_entry *e, bool full, inval_issue_fn issue)
{
	uint64_t d1 = INVAL_CMD_ATC_ALL;

	w->wait->ticket.atc = true;
	if (!full) {
		if (w->cut->spans == 0U || w->cut->span_num != w->smmu->policy.atc_spans)
			inval_walk_spans(w->cut, w->req, (uint8_t)w->stu_lg2,
					 w->smmu->policy.atc_spans);
		if (w->cut->spans != 1U)
			return inval_walk_device(w, e, issue);
		d1 = w->cut->span[0].addr | w->cut->span[0].size;
	}
	return inval_walk_room(w, issue) ? inval_walk_atc_run(w, e, d1) : e + 1;
}

/* Internal: the commands of one entry, or of some; returns the next. */
INVAL_ALWAYS_INLINE const struct inval_entry *
inval_walk_entry(struct inval_walk *w, const struct inval_entry *e, inval_issue_fn issue)
{
	enum inval_type type = inval_entry_type(e);

	if (inval_port_load32(&e->users) == 0U) {
		w->dead = w->dead || type == INVAL_TYPE_S2_VMID;
	} else if (type >= INVAL_TYPE_ATS) {
		if (inval_walk_group(w, INVAL_GROUP_ATC, issue))
			return inval_walk_atc(w, e, type == INVAL_TYPE_ATS_FULL, issue);
	} else if (w->f->cpu_tlbi && inval_caps_has(&w->smmu->caps, INVAL_FEAT_BTM)) {
		return e + 1;
	} else if (type <= INVAL_TYPE_S2_VMID) {
		inval_walk_tlbi(w, e, issue);
	} else if (!inval_walk_cleared(w, e)) {
		if (inval_walk_group(w, INVAL_GROUP_CLEAR, issue) &&
		    inval_walk_push(w, inval_walk_d0_all(e), 0, issue))
			inval_port_count(INVAL_COUNT_TLBI, 1);
	}
	return e + 1;
}

/* Internal: is there an entry @e, of the same SMMU as the one before it? */
INVAL_ALWAYS_INLINE bool inval_walk_goes_on(const struct inval_walk *w, const struct inval_entry *e)
{
	return e != w->end && (e->key ^ e[-1].key) >> 56 == 0U;
}

/* Internal: the entries of one SMMU; returns the first of the next. */
INVAL_ALWAYS_INLINE const struct inval_entry *
inval_walk_entries(struct inval_walk *w, const struct inval_entry *e, inval_issue_fn issue,
		   inval_wait_fn wait)
{
	if (inval_walk_open(w, e)) {
		do
			e = inval_walk_entry(w, e, issue);
		while (w->smmu != NULL && inval_walk_goes_on(w, e));
		inval_walk_close(w, issue, wait);
		if (w->smmu != NULL)
			return e;
	} else {
		w->err = inval_walk_skipped(w->f, e++, w->end, w->err);
	}
	while (inval_walk_goes_on(w, e))
		e++;
	return e;
}

/* Internal: is a request one that can be cut, and the caller's memory there? */
static inline int inval_flush_check(const struct inval_range_req *req,
				    const struct inval_flush *f)
{
	bool good = inval_range_is_all(req->bytes) || inval_range_is_good(req);

	return good && f->batch_num != 0U && f->wait_num != 0U ? 0 : -INVAL_EINVAL;
}

/* Internal: a walk that has done nothing yet. */
INVAL_ALWAYS_INLINE void inval_walk_begin(struct inval_walk *w, struct inval_walk_cut *cut,
					  const struct inval_range_req *req,
					  struct inval_flush *f)
{
	cut->last = req->addr + (req->bytes - 1U);
	cut->count = inval_range_is_all(req->bytes) ? INVAL_WALK_WHOLE : 0U;
	cut->how = ~0ULL;	/* no SMMU's: what was not cut is not read */
	cut->piece[0].d0 = 0;
	cut->piece[0].d1 = 0;
	cut->spans = 0;
	w->f = f;
	w->req = req;
	w->cut = cut;
	w->full = f->batch + f->batch_num;
	w->wait = f->waits;
	w->last = f->waits + f->wait_num;
	inval_port_count(INVAL_COUNT_FLUSH, 1);
	inval_port_trace(INVAL_EVENT_FLUSH_BEGIN, req->addr, req->bytes);
}

/* Internal: inval_flush_walk(); @live: no entry is dead. */
INVAL_ALWAYS_INLINE int inval_walk_all(const struct inval_entry *entries, uint32_t num,
				       uint32_t stu_lg2, bool live,
				       const struct inval_range_req *req, struct inval_flush *f,
				       inval_issue_fn issue, inval_wait_fn wait)
{
	const struct inval_entry *e = entries;
	struct inval_walk_cut cut;
	struct inval_walk w;

	f->error_total = 0;
	w.err = inval_flush_check(req, f);
	if (w.err != 0)
		return w.err;
	inval_walk_begin(&w, &cut, req, f);
	w.entries = entries;
	w.end = num != 0U ? entries + num : entries;
	w.stu_lg2 = stu_lg2;
	w.live = live;
	while (e != w.end)
		e = inval_walk_entries(&w, e, issue, wait);
	inval_walk_drain(&w, wait);
	inval_port_trace(INVAL_EVENT_FLUSH_END, num, f->error_total);
	return w.err;
}

/**
 * inval_flush_walk() - flush entries with issue and wait functions of any kind
 * @entries: sorted; each user count is read once, and again to say which devices may not
 *	have confirmed
 * @num: their number
 * @stu_lg2: no ATC_INV span is smaller, bytes, log2, 12 to 43
 * @req: what changed; bytes of 0 or all ones: everything
 * @f: memory to work with
 * @issue: how commands get to an SMMU; a constant, to be inlined
 * @wait: how to wait for them; likewise
 *
 * The caller is in a read section that keeps @entries alive, and has had its
 * barrier between the change of the tables and reading @entries: for a domain
 * that is inval_domain_flush().
 *
 * An SMMU that is off is skipped. On an error of one SMMU the others are still
 * issued to and waited for.
 *
 * Context: as @issue and @wait; @f is used by one call at a time.
 * Return: 0; -INVAL_EINVAL for a bad request or no memory in @f, with nothing
 * issued; else the first error (all of them in @f): -INVAL_ENODEV for an entry
 * with users of an SMMU that is not in @f, -INVAL_EREMOTEIO for an ATC_INV that a device did
 * not confirm, or whatever @issue and @wait returned. After an error the
 * unmapped pages must not be used again.
 */
INVAL_ALWAYS_INLINE INVAL_MUST_CHECK int
inval_flush_walk(const struct inval_entry *entries, uint32_t num, uint8_t stu_lg2,
		 const struct inval_range_req *req, struct inval_flush *f, inval_issue_fn issue,
		 inval_wait_fn wait)
{
	return inval_walk_all(entries, num, stu_lg2, false, req, f, issue, wait);
}

/**
 * inval_flush_walk_array() - flush an array with issue and wait functions of any kind
 * @a: the array, or NULL
 * @req: what changed
 * @f: memory to work with
 * @issue: how commands get to an SMMU; a constant, to be inlined
 * @wait: how to wait for them; likewise
 *
 * As inval_flush_walk() of its entries, but their user counts need not be read while
 * all have users.
 *
 * Context: as inval_flush_walk().
 * Return: as inval_flush_walk(). NULL has no entries.
 */
INVAL_ALWAYS_INLINE INVAL_MUST_CHECK int
inval_flush_walk_array(struct inval_array *a, const struct inval_range_req *req,
		       struct inval_flush *f, inval_issue_fn issue, inval_wait_fn wait)
{
	if (a == NULL)
		return inval_walk_all(NULL, 0, 12, true, req, f, issue, wait);
	return inval_walk_all(inval_array_at(a), inval_port_load32(&a->num),
			  inval_port_load32(&a->stu_lg2),
			  inval_port_load32(&a->dead) == 0U, req, f, issue, wait);
}

/* Internal: the queue that a flush begins with: this CPU's. */
static inline struct inval_queue *inval_flush_queue(const struct inval_smmu *smmu)
{
	uint32_t n = smmu->more_num, cpu;

	if (n == 0U)
		return smmu->queue;
	for (cpu = inval_port_cpu(); cpu >= n; cpu -= n)
		continue;
	return smmu->more[cpu];
}

/* Internal: issue to a queue, in parts if it has fewer slots. */
static inline int inval_flush_parts(struct inval_queue *q, const struct inval_cmd *cmds,
				    uint32_t num, bool sync, struct inval_ticket *ticket)
{
	uint32_t most = inval_queue_room(q);
	int err;

	for (; num > most; num -= most, cmds += most) {
		err = inval_queue_put(q, cmds, most, false, ticket);
		if (err != 0)
			return err;
	}
	return inval_queue_put(q, cmds, num, sync, ticket);
}

/*
 * Internal: to the queue that takes all. A SYNC covers its own queue only, so what the
 * first one has must be complete before.
 */
static inline INVAL_COLD int inval_flush_leave(struct inval_smmu *smmu,
					       const struct inval_cmd *cmds, uint32_t num,
					       struct inval_ticket *ticket)
{
	bool atc = ticket->atc;
	int err = 0;

	if (num != 0U || ticket->id != 0U) {
		if (num != 0U && (cmds[num - 1U].d0 & 0xffU) == INVAL_OP_SYNC)
			num--;
		err = inval_flush_parts(ticket->queue, cmds, num, true, ticket);
		if (err == 0)
			err = inval_queue_wait(ticket->queue, ticket);
	}
	inval_queue_ticket_init(ticket);
	ticket->atc = atc;
	ticket->queue = smmu->queue;
	return err;
}

/* Internal: issue to the library's queues. */
static inline int inval_flush_issue(struct inval_smmu *smmu, const struct inval_cmd *cmds,
				    uint32_t num, bool sync, struct inval_ticket *ticket)
{
	uint32_t taken;
	int err;

	if (ticket->queue == NULL)
		ticket->queue = inval_flush_queue(smmu);
	if (ticket->queue != smmu->queue) {
		taken = inval_queue_accepts(ticket->queue, cmds, num);
		if (taken != num) {
			err = inval_flush_leave(smmu, cmds, taken, ticket);
			if (err != 0)
				return err;
			cmds += taken;
			num -= taken;
		}
	}
	return inval_flush_parts(ticket->queue, cmds, num, sync, ticket);
}

/* Internal: wait for the library's queue. */
static inline int inval_flush_wait_queue(struct inval_smmu *smmu,
					 const struct inval_ticket *ticket)
{
	(void)smmu;
	return inval_queue_wait(ticket->queue, ticket);
}

/* Internal: a walk through the library's queues; once in an embedder's code. */
static inline int inval_flush_queues(const struct inval_entry *entries, uint32_t num,
				     uint32_t stu_lg2, bool live,
				     const struct inval_range_req *req, struct inval_flush *f)
{
	return inval_walk_all(entries, num, stu_lg2, live, req, f, inval_flush_issue,
			  inval_flush_wait_queue);
}

/**
 * inval_flush_entries() - flush entries through the library's queues
 * @entries: as in inval_flush_walk()
 * @num: their number
 * @stu_lg2: no ATC_INV span is smaller, bytes, log2, 12 to 43
 * @req: what changed
 * @f: memory to work with; its SMMUs have queues
 *
 * Context: as inval_flush_walk(); any, interrupts off included.
 * Return: as inval_flush_walk(), inval_queue_put() and inval_queue_wait().
 */
static inline INVAL_MUST_CHECK int
inval_flush_entries(const struct inval_entry *entries, uint32_t num, uint8_t stu_lg2,
		    const struct inval_range_req *req, struct inval_flush *f)
{
	return inval_flush_queues(entries, num, stu_lg2, false, req, f);
}

/**
 * inval_flush_array() - flush an array through the library's queues
 * @a: the array, or NULL
 * @req: what changed
 * @f: memory to work with; its SMMUs have queues
 *
 * Context: as inval_flush_walk(); any, interrupts off included.
 * Return: as inval_flush_entries(). NULL has no entries.
 */
static inline INVAL_MUST_CHECK int inval_flush_array(struct inval_array *a,
						     const struct inval_range_req *req,
						     struct inval_flush *f)
{
	if (a == NULL)
		return inval_flush_queues(NULL, 0, 12, true, req, f);
	return inval_flush_queues(inval_array_at(a), inval_port_load32(&a->num),
				  inval_port_load32(&a->stu_lg2),
				  inval_port_load32(&a->dead) == 0U, req, f);
}

/* Internal: @cmd for each StreamID, a SYNC, and wait. */
static inline int inval_flush_streams(struct inval_smmu *smmu, struct inval_cmd cmd,
				      const uint32_t *sids, uint32_t num, struct inval_flush *f)
{
	struct inval_ticket t;
	uint32_t i, fill = 0;
	int err;

	if (f->batch_num == 0U)
		return -INVAL_EINVAL;
	if (inval_port_load64(&smmu->off) != 0U)
		return 0;
	inval_queue_ticket_init(&t);
	t.atc = (cmd.d0 & 0xffU) == INVAL_OP_ATC_INV;
	inval_port_count(inval_queue_kind(cmd.d0 & 0xffU), num);
	for (i = 0; i < num; i++) {
		if (fill == f->batch_num) {
			err = inval_flush_issue(smmu, f->batch, fill, false, &t);
			if (err != 0)
				return err;
			fill = 0;
		}
		f->batch[fill].d0 = cmd.d0 | inval_bits(sids[i], 32);
		f->batch[fill++].d1 = cmd.d1;
	}
	err = inval_flush_issue(smmu, f->batch, fill, true, &t);
	return err != 0 ? err : inval_flush_wait_queue(smmu, &t);
}

/**
 * inval_flush_device() - drop all translations that a device has cached
 * @smmu: its SMMU, with a queue
 * @sids: its StreamIDs; the caller's
 * @num: their number
 * @ssv: only those of @ssid; else all, with a SubstreamID or without
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 * @f: memory to work with; only its batch is used
 *
 * ATC_INV of everything, SYNC, wait. inval_attach_ats() says when; the caller has
 * had ATS disabled at the endpoint (going off) or its CFGI + SYNC (moved), so that
 * the device cannot refill from what it leaves.
 *
 * Context: any, interrupts off included; with any other function. The device
 * answers: it is neither being reset nor gone.
 * Return: 0, also while the SMMU is off; -INVAL_EINVAL without a batch;
 * -INVAL_ERANGE for a bad @ssid: nothing was issued; else as inval_queue_put() and
 * inval_queue_wait(), -INVAL_EREMOTEIO above all: the device may still use what it
 * had. Then only EATS = 0 with CR0.ATSCHK = 1 keeps it out (IHI 0070, 3.9).
 */
static inline INVAL_MUST_CHECK int inval_flush_device(struct inval_smmu *smmu,
						      const uint32_t *sids, uint32_t num, bool ssv,
						      uint32_t ssid, struct inval_flush *f)
{
	struct inval_cmd cmd;
	int err = inval_cmd_atc_inv(&cmd, 0, ssv, ssid, false, 0, INVAL_CMD_ATC_ALL);

	return err != 0 ? err : inval_flush_streams(smmu, cmd, sids, num, f);
}

/**
 * inval_flush_find() - which of the suspected devices did not confirm its ATC_INV?
 * @smmu: their SMMU, with a queue of 4 slots or more
 * @errors: of a flush that returned -INVAL_EREMOTEIO; out: where @code is INVAL_EREMOTEIO
 *	and @smmu this one: 0 for a device that confirms an ATC_INV of all it has cached
 * @num: how many of them were written: @error_total, at most @error_num
 * @timeout_us: for each device, as in inval_queue_find(): 60 to 90 s until a root port
 *	gives it up
 *
 * One device after the other. Those that are left are for the embedder to contain
 * (EATS = 0, reset); what the flush was about must be flushed again, or taken as still
 * there. No device may be in reset or gone meanwhile, but those that do not answer.
 *
 * Context: may wait long, so neither with interrupts off nor in a read section; with any
 * flush. One call for one SMMU at a time.
 * Return: 0 when all confirm; -INVAL_EREMOTEIO when some do not; else as
 * inval_queue_find(), with the rest of @errors unchanged.
 */
static inline INVAL_MUST_CHECK int inval_flush_find(struct inval_smmu *smmu,
						    struct inval_flush_error *errors,
						    uint32_t num, uint32_t timeout_us)
{
	struct inval_cmd cmd;
	int err, found = 0;
	uint32_t i;

	for (i = 0; i < num; i++) {
		if (errors[i].smmu != smmu->number || errors[i].code != INVAL_EREMOTEIO)
			continue;
		err = inval_cmd_atc_inv(&cmd, errors[i].sid, errors[i].ssv, errors[i].ssid, false,
					0, INVAL_CMD_ATC_ALL);
		if (err == 0)
			err = inval_queue_find(smmu->queue, cmd, timeout_us);
		if (err == 0)
			errors[i].code = 0;
		else if (err != -INVAL_EREMOTEIO)
			return err;
		else
			found = err;
	}
	return found;
}

/**
 * inval_smmu_off() - flushes skip an SMMU from now on
 * @smmu: the SMMU
 *
 * Before: its devices are quiet; those with ATS have it disabled at the endpoint,
 * and inval_flush_device() done. After, before its queue stops or it loses power:
 * inval_domain_sync() for each domain with a device behind it, since walks that
 * began before still issue to it and wait.
 *
 * While it is off devices may be detached (the embedder writes STEs without
 * CFGI); what leaves is not flushed, for inval_smmu_on() empties all.
 *
 * Context: any; with flushes. Not while an attach, a commit, an abort or
 * inval_flush_device() is on its way for a device behind it. One caller for one
 * SMMU.
 */
static inline void inval_smmu_off(struct inval_smmu *smmu)
{
	inval_port_store64(&smmu->off, 1);
}

/**
 * inval_smmu_on() - let flushes reach an SMMU that is back, and empty it
 * @smmu: the SMMU
 *
 * Before: translation is disabled (CR0.SMMUEN = 0), its queues reset
 * (inval_queue_reset()) and enabled. After, on success: SMMUEN, then the devices, then
 * ATS at the endpoints.
 *
 * What changed while it was off it never heard: the configuration, the TLB and what
 * is cached of a DPT, of its queue's world, are dropped whole; CFGI_ALL first, for a
 * TLBI before it could be undone by old configuration (IHI 0070, 4.3). The barrier
 * stands between the gate and that: a flush that still saw the SMMU off had made its
 * table stores visible before, so what the SMMU reads from now on is new.
 *
 * Context: any; otherwise as inval_smmu_off().
 * Return: 0; else as inval_queue_put() and inval_queue_wait(): it must not be
 * enabled, and is off again. Flushes that came meanwhile may have failed, too; before
 * another try inval_domain_sync() and inval_queue_reset().
 */
static inline INVAL_MUST_CHECK int inval_smmu_on(struct inval_smmu *smmu)
{
	struct inval_cmd cmds[5];
	struct inval_ticket t;
	uint32_t num = 3;
	int err;

	inval_port_store64(&smmu->off, 0);
	inval_port_dma_mb(); /* order: on */
	inval_queue_ticket_init(&t);
	(void)inval_cmd_cfgi_all(&cmds[0], false);
	(void)inval_cmd_sync(&cmds[1], false);
	(void)inval_cmd_tlbi(&cmds[2], INVAL_OP_TLBI_NSNH_ALL, 0, 0);
	if (inval_caps_has(&smmu->caps, INVAL_FEAT_HYP))
		(void)inval_cmd_tlbi(&cmds[num++], INVAL_OP_TLBI_EL2_ALL, 0, 0);
	if (inval_caps_has(&smmu->caps, INVAL_FEAT_DPT))
		(void)inval_cmd_dpti_all(&cmds[num++]);
	err = inval_flush_parts(smmu->queue, cmds, num, true, &t);
	if (err == 0)
		err = inval_queue_wait(smmu->queue, &t);
	if (err != 0)
		inval_smmu_off(smmu);
	return err;
}

/**
 * struct inval_gather - adjacent unmaps that become one flush; the caller's, of
 * one domain
 * @req: what is gathered; to be flushed while @used
 * @used: there is something in @req
 */
struct inval_gather {
	struct inval_range_req req;
	bool used;
};

/**
 * inval_gather_init() - begin to gather
 * @g: the caller's
 *
 * Context: any.
 */
static inline void inval_gather_init(struct inval_gather *g)
{
	g->used = false;
}

/*
 * Internal: does @req go on before or behind what is gathered, mapped alike? The
 * two ends of the address space are not neighbours, and a sum must not come to
 * mean "everything".
 */
static inline bool inval_gather_joins(const struct inval_range_req *have,
				      const struct inval_range_req *req)
{
	bool alike = have->granule_lg2 == req->granule_lg2 && have->leaf_lg2 == req->leaf_lg2 &&
		     have->leaf == req->leaf && have->d128 == req->d128;

	bool behind = have->addr + have->bytes == req->addr && req->addr != 0U;
	bool before = req->addr + req->bytes == have->addr && have->addr != 0U;

	return alike && (behind || before) && !inval_range_is_all(have->bytes + req->bytes);
}

/**
 * inval_gather_add() - one more unmapped range
 * @g: what is gathered so far
 * @req: a range, not "everything"
 *
 * Context: any; one caller per @g.
 * Return: 0; -INVAL_EAGAIN when @req does not join what is gathered (a gap,
 * another granule or leaf size): flush @g->req, call inval_gather_init(), add
 * again; -INVAL_EINVAL for an empty range, everything, one that passes 2^64, or a granule
 * or leaf size that there is not. Nothing changes on failure.
 */
static inline INVAL_MUST_CHECK int inval_gather_add(struct inval_gather *g,
						    const struct inval_range_req *req)
{
	if (inval_range_is_all(req->bytes) || !inval_range_is_good(req))
		return -INVAL_EINVAL;
	if (!g->used) {
		g->req = *req;
		g->used = true;
		return 0;
	}
	if (!inval_gather_joins(&g->req, req))
		return -INVAL_EAGAIN;
	if (req->addr < g->req.addr)
		g->req.addr = req->addr;
	g->req.bytes += req->bytes;
	return 0;
}

INVAL_END

#endif /* INVAL_FLUSH_GUARD */
