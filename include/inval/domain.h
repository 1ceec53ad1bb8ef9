/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/domain.h - a translation domain's published array: attach and detach
 * while other CPUs flush.
 *
 * A change of who uses a domain is a transaction, under the embedder's attach
 * mutex of the domains concerned (two: in address order) from the size query to
 * the end:
 *
 *	inval_attach_init()	what is added where, what goes where
 *	inval_attach_bytes()	memory that prepare needs
 *	inval_attach_prepare()	may fail; publishes nothing
 *	inval_attach_publish()	flushes of the new domain include the device
 *	    the embedder writes the STE or CD and completes CFGI + SYNC
 *	inval_attach_commit()	the old domain forgets the device
 *
 * or, instead of commit, inval_attach_abort(): before publish at once, after it
 * when the embedder has put the old STE or CD back, with CFGI + SYNC. Only after
 * commit or abort may the device be reset, removed or powered off; while a use
 * with ATS is published it answers.
 *
 * All that stands between publish and commit, in order; inval_attach_ats() says
 * which of the steps of ATS, enum inval_stall_step is that of stalls:
 *
 *	1. ATS goes off: disabled at the endpoint; inval_flush_device() of everything
 *	2. the STE or CD is written (cleaned, where the SMMU is not coherent), EATS
 *	   with it; CFGI + SYNC. Where transactions may be stalled and the stream is
 *	   to abort: the steps of stalls
 *	3. ATS stays on: inval_flush_device() of the SubstreamID, or of everything
 *	4. ATS goes on: enabled at the endpoint (or after commit)
 *
 * An abort goes the way back: the same steps, of inval_attach_ats() with the two
 * uses exchanged, and the old STE or CD. EATS changes its kind by two attaches.
 *
 * PASID: one transaction for each, with a SubstreamID in the use, and its CD for the
 * STE. The use without one comes first and goes last, for it turns ATS on and off.
 *
 * SVA: the CPU's page table, with the CPU's ASID.
 *	inval_tags_pin(); when one of our domains has the ASID, inval_attach_init_move()
 *	attaches of PASIDs, with that ASID; where BTM is used CD.ASET = 0
 *	unmap by the CPU: its TLBI + DSB, then inval_domain_flush(), with @cpu_tlbi
 *	    where the SMMU is to have heard it
 *	exit of the process before the detach: the CD made inert (no walk, no fault
 *	    reported), CFGI_CD + SYNC, inval_domain_flush() of everything, without
 *	    @cpu_tlbi. The entries stay
 *	detaches, as of any PASID; inval_tags_unpin()
 *
 * Who may run with whom, on the same domain or SMMU ("yes" with others always):
 *
 *			flush	attach	end	sync	device	off, on
 *	flush		yes
 *	attach		yes	mutex
 *	end		no	mutex	mutex
 *	sync		yes	yes	no	yes
 *	device		yes	mutex	no	yes	yes
 *	off, on		yes	no	yes	yes	no	one
 *
 *	flush	inval_domain_flush(), inval_domain_gather(): each with its own
 *		struct inval_flush; any context
 *	attach	inval_attach_*(), inval_move_scratch(), inval_domain_purge*(): under
 *		the attach mutex; publish, commit and abort not in a read section
 *	end	inval_domain_init(), inval_domain_fini()
 *	sync	inval_domain_sync(): not in a read section
 *	device	inval_flush_device(), inval_stall_issue(): a part of the device's attach
 *	off, on	inval_smmu_off(), inval_smmu_on(): one caller an SMMU, no attach of a
 *		device behind it meanwhile; before and after each, anything
 *
 * Without an allocator two buffers for each domain are enough, each of
 * inval_array_bytes() of the entries of all its devices (1 or 2, and one for each
 * StreamID with ATS). One is published; prepare and purge take the other; the port's
 * free_later says which one was replaced. That may be taken again when no walk can see
 * it: after inval_domain_sync(), at the latest when it is needed. A purge may be left
 * out: the next merge drops what is dead.
 *
 * Why it is right: unmap stores the table, has a full barrier, then loads the
 * array; attach stores the array, has a full barrier, then stores the STE. So
 * either the flush sees the array with the device, or the SMMU, which reads the
 * table only after the STE, sees the new table. That is not enough for an ATC: it is
 * filled from the TLB, too, where the tag's other devices on that SMMU may have left
 * what such a flush, without the device, has yet to take away. So the publish of a use
 * with ATS waits for the walks that began before.
 */
#ifndef INVAL_DOMAIN_GUARD
#define INVAL_DOMAIN_GUARD

#include "types.h"
#include "range.h"
#include "port.h"
#include "array.h"
#include "flush.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(domain)
INVAL_PORT_USES_READ(domain)
INVAL_PORT_USES_REPORT(domain)

/**
 * struct inval_domain - one set of page tables; no field is the caller's
 * @slot: the published array
 * @read: the read side of its walks
 */
struct inval_domain {
	inval_slot slot;
	inval_read_ctx read;
};

/**
 * struct inval_device - a device, for attach
 * @smmu: number of its SMMU, 0 to 255
 * @sids: its StreamIDs, in any order, also one twice; the caller's
 * @sid_num: their number
 * @stu_lg2: smallest translation unit of its ATC, bytes, log2, 12 to 43; not
 *	read without ATS
 */
struct inval_device {
	uint32_t smmu;
	const uint32_t *sids;
	uint32_t sid_num;
	uint8_t stu_lg2;
};

/**
 * enum inval_regime - what a domain's page tables are to a device
 * @INVAL_REGIME_S1: stage 1 at EL1 and EL0
 * @INVAL_REGIME_EL2: stage 1 at EL2, CR2.E2H = 0
 * @INVAL_REGIME_EL2_E2H: stage 1 at EL2 with ASIDs, CR2.E2H = 1
 * @INVAL_REGIME_S2: stage 2
 * @INVAL_REGIME_S2_PARENT: stage 2 below a stage 1 of the guest's
 */
enum inval_regime {
	INVAL_REGIME_S1,
	INVAL_REGIME_EL2,
	INVAL_REGIME_EL2_E2H,
	INVAL_REGIME_S2,
	INVAL_REGIME_S2_PARENT
};

/**
 * enum inval_eats - ATS of a device: STE.EATS of its streams (IHI 0070, 5.2)
 * @INVAL_EATS_OFF: none
 * @INVAL_EATS_FULL: it caches what all stages give
 * @INVAL_EATS_SPLIT: it caches stage 1, and the SMMU does stage 2; not with IDR0.NS1ATS
 * @INVAL_EATS_DPT: as full, with checks of a Device Permission Table
 */
enum inval_eats {
	INVAL_EATS_OFF,
	INVAL_EATS_FULL,
	INVAL_EATS_SPLIT,
	INVAL_EATS_DPT
};

/**
 * struct inval_use - how one device uses one domain
 * @regime: which translations
 * @global: the tables hold global entries
 * @ats: ATS of the device, and its kind
 * @ssv: ATS: only the address space of @ssid
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 * @vmid: VMID on that SMMU. Of stage 1 too: the S2VMID of the STE, where stage 2 is
 *	implemented; else 0
 * @asid: ASID on that SMMU; stage 2: 0
 */
struct inval_use {
	enum inval_regime regime;
	bool global;
	enum inval_eats ats;
	bool ssv;
	uint32_t ssid;
	uint16_t vmid;
	uint16_t asid;
};

/* Internal: how far a transaction has come. */
enum inval_attach_state {
	INVAL_ATTACH_INIT,
	INVAL_ATTACH_READY,
	INVAL_ATTACH_PUBLISHED,
	INVAL_ATTACH_DONE
};

/**
 * struct inval_attach - one change of domain; the caller's, until it is done
 * @to: domain that the device enters; NULL: none (blocked)
 * @from: domain that it leaves; NULL: none
 * @add: what @to gets; the caller's scratch
 * @del: what @from loses; the caller's scratch
 * @add_num: entries of @add
 * @del_num: entries of @del
 * @next: the new array, until it is published
 * @state: how far it has come
 * @left: out, after commit or abort: what lost its last user
 * @stale_tags: out: tags whose flush failed: entries of @del (abort: of @add)
 *	with @state INVAL_STATE_DIED on the SMMUs that the flush's errors name.
 *	They must not be used again until a flush of them succeeds
 */
struct inval_attach {
	struct inval_domain *to;
	struct inval_domain *from;
	struct inval_entry *add;
	struct inval_entry *del;
	uint32_t add_num;
	uint32_t del_num;
	struct inval_array *next;
	enum inval_attach_state state;
	struct inval_unref left;
	bool stale_tags;
};

/**
 * inval_domain_init() - a domain that no device uses
 * @d: the caller's
 *
 * Context: before other CPUs see @d.
 */
static inline void inval_domain_init(struct inval_domain *d)
{
	inval_port_read_init(&d->read);
	inval_port_slot_store(&d->slot, NULL);
}

/* Internal: the published array, for the writer. */
static inline struct inval_array *inval_domain_array(struct inval_domain *d)
{
	return (struct inval_array *)inval_port_slot_owned(&d->slot);
}

/* Internal: publish an array; the old one goes back to its owner, later. */
static inline void inval_domain_replace(struct inval_domain *d, struct inval_array *next)
{
	struct inval_array *old = inval_domain_array(d);

	inval_port_slot_store(&d->slot, next);
	inval_port_trace(INVAL_EVENT_PUBLISH, old != NULL ? old->num : 0U,
			 next != NULL ? next->num : 0U);
	if (old != NULL)
		inval_port_free_later(&d->read, old, &old->defer);
}

/**
 * inval_domain_flush() - make a change of a domain's page tables take effect
 * @d: the domain
 * @req: what changed
 * @f: memory to work with; its SMMUs have queues
 *
 * Call it after the stores to the tables (and, for a walker that is not
 * coherent, their cleaning). Stores of other CPUs to the tables are covered when
 * this CPU has seen them by acquire: the barrier here orders them before the
 * first command.
 *
 * Context: any, interrupts off included, not in a section of the same domain
 * whose read side is a lock; with all other functions, attach included. @f is
 * used by one call at a time.
 * Return: 0: no device uses what was there before; -INVAL_EINVAL for a bad
 * request, with nothing issued; else as inval_flush_walk(): the unmapped pages
 * must not be used again.
 */
static inline INVAL_MUST_CHECK int inval_domain_flush(struct inval_domain *d,
						      const struct inval_range_req *req,
						      struct inval_flush *f)
{
	unsigned long token;
	int err;

	inval_port_dma_mb(); /* order: flush */
	token = inval_port_read_begin(&d->read);
	err = inval_flush_array((struct inval_array *)inval_port_slot_load(&d->slot), req, f);
	inval_port_read_end(&d->read, token);
	return err;
}

/**
 * inval_domain_gather() - unmap more and flush less
 * @d: the domain
 * @g: what was unmapped and not yet flushed
 * @req: what was unmapped now; NULL: the end
 * @f: memory to work with; its SMMUs have queues
 *
 * Flushes when @req does not join what is gathered, and at the end.
 *
 * Context: as inval_domain_flush(); one caller per @g.
 * Return: 0; -INVAL_EINVAL for a @req that inval_gather_add() refuses, or an @f that
 * cannot flush what is gathered: nothing changed; else as inval_domain_flush() for what
 * was gathered before: @req itself is gathered.
 */
static inline INVAL_MUST_CHECK int inval_domain_gather(struct inval_domain *d,
						       struct inval_gather *g,
						       const struct inval_range_req *req,
						       struct inval_flush *f)
{
	struct inval_gather before = *g;
	int err = -INVAL_EAGAIN;

	f->error_total = 0;
	if (before.used && inval_flush_check(&before.req, f) != 0)
		return -INVAL_EINVAL;
	if (req != NULL)
		err = inval_gather_add(g, req);
	if (err != -INVAL_EAGAIN)
		return err;
	g->used = req != NULL;
	if (req != NULL)
		g->req = *req;
	return before.used ? inval_domain_flush(d, &before.req, f) : 0;
}

/**
 * inval_domain_sync() - wait for all flushes of a domain that began before
 * @d: the domain
 *
 * Before an SMMU loses power (after inval_smmu_off()), and before the number of one
 * that is gone is used again (after the commit that took its last entry out, and
 * then its place in struct inval_flush's @smmus).
 *
 * Context: not in a read section; with all other functions but the end of @d. The
 * attach mutex keeps away a commit or abort, which flushes tags by itself.
 */
static inline void inval_domain_sync(struct inval_domain *d)
{
	inval_port_read_sync(&d->read); /* order: off */
}

/**
 * inval_attach_scratch() - entries that each list of a transaction needs
 * @dev: the device
 *
 * Context: any.
 * Return: their number: 2 + StreamIDs.
 */
static inline uint32_t inval_attach_scratch(const struct inval_device *dev)
{
	return 2U + dev->sid_num;
}

/* Internal: the tags of a use; returns how many, or -INVAL_E*. */
static inline int inval_use_tags(struct inval_entry *list, const struct inval_device *dev,
				 const struct inval_use *use)
{
	bool e2h = use->regime == INVAL_REGIME_EL2_E2H;
	int err;

	switch (use->regime) {
	case INVAL_REGIME_S1:
		err = inval_entry_s1(list, dev->smmu, use->vmid, use->asid, use->global);
		return err != 0 ? err : 1;
	case INVAL_REGIME_EL2:
	case INVAL_REGIME_EL2_E2H:
		if (use->vmid != 0U)
			return -INVAL_EINVAL;
		err = inval_entry_el2(list, dev->smmu, use->asid, e2h, use->global);
		return err != 0 ? err : 1;
	case INVAL_REGIME_S2:
	case INVAL_REGIME_S2_PARENT:
		if (use->asid != 0U)
			return -INVAL_EINVAL;
		err = inval_entry_s2(list, dev->smmu, use->vmid);
		if (err != 0 || use->regime == INVAL_REGIME_S2)
			return err != 0 ? err : 1;
		err = inval_entry_s1_clear(list + 1, dev->smmu, use->vmid);
		return err != 0 ? err : 2;
	default:
		return -INVAL_EINVAL;
	}
}

/* Internal: all entries of a use, sorted. */
static inline int inval_use_entries(struct inval_entry *list, uint32_t *num,
				    const struct inval_device *dev, const struct inval_use *use)
{
	bool full = use->regime == INVAL_REGIME_S2_PARENT;
	int tags = inval_use_tags(list, dev, use), err = 0;
	uint32_t i;

	if (tags < 0)
		return tags;
	*num = (uint32_t)tags;
	for (i = 0; use->ats != INVAL_EATS_OFF && i < dev->sid_num && err == 0; i++) {
		if (full)
			err = inval_entry_ats_full(&list[(*num)++], dev->smmu, dev->sids[i]);
		else
			err = inval_entry_ats(&list[(*num)++], dev->smmu, dev->sids[i], use->ssv,
					      use->ssid, dev->stu_lg2);
	}
	return err != 0 ? err : inval_entries_sort(list, num);
}

/* Internal: EATS stays as it is, or goes on or off. */
static inline bool inval_use_eats_ok(const struct inval_use *to_use,
				     const struct inval_use *from_use)
{
	return to_use->ats == from_use->ats || to_use->ats == INVAL_EATS_OFF ||
	       from_use->ats == INVAL_EATS_OFF;
}

/* Internal: a transaction without entries. */
static inline void inval_attach_begin(struct inval_attach *t, struct inval_domain *to,
				      struct inval_domain *from, struct inval_entry *add,
				      struct inval_entry *del)
{
	t->to = to;
	t->from = from;
	t->add = add;
	t->del = del;
	t->add_num = 0;
	t->del_num = 0;
	t->next = NULL;
	t->state = INVAL_ATTACH_INIT;
	t->left.tags = 0;
	t->left.ats = 0;
	t->left.unknown = 0;
	t->stale_tags = false;
}

/**
 * inval_attach_init() - describe a change of domain
 * @t: the transaction; the caller's
 * @dev: the device
 * @to: domain that it enters, and @to_use how; NULL: none
 * @to_use: read for @to
 * @from: domain that it leaves, and @from_use how it has used it; NULL: none.
 *	It may be @to, to change the use
 * @from_use: read for @from; what the attach to @from had as @to_use
 * @add: inval_attach_scratch() entries of memory; the caller's
 * @del: likewise, apart from @add
 *
 * Context: the attach mutex of both domains is held, from here to the end.
 * Return: 0; -INVAL_EBUSY when EATS is to go from one kind to another, which is two
 * attaches, the first to a use without ATS; -INVAL_ENOSPC for an SMMU number over
 * 255; -INVAL_ERANGE for a SubstreamID or STU out of range; -INVAL_EINVAL for tags
 * that the regime does not have: nothing was changed, and @t takes no other call.
 */
static inline INVAL_MUST_CHECK int
inval_attach_init(struct inval_attach *t, const struct inval_device *dev, struct inval_domain *to,
		  const struct inval_use *to_use, struct inval_domain *from,
		  const struct inval_use *from_use, struct inval_entry *add,
		  struct inval_entry *del)
{
	int err = 0;

	inval_attach_begin(t, to, from, add, del);
	if (to != NULL && from != NULL && !inval_use_eats_ok(to_use, from_use))
		err = -INVAL_EBUSY;
	if (err == 0 && to != NULL)
		err = inval_use_entries(add, &t->add_num, dev, to_use);
	if (err == 0 && from != NULL)
		err = inval_use_entries(del, &t->del_num, dev, from_use);
	if (err != 0)
		t->state = INVAL_ATTACH_DONE;
	return err;
}

/* Internal: a user of the ASID that moves? EL2_ALL and ASID 0: EL2 without ASIDs. */
static inline bool inval_move_has(const struct inval_entry *e, uint32_t smmu, uint16_t asid)
{
	return inval_entry_type(e) == INVAL_TYPE_S1_ASID && e->users != 0U &&
	       (smmu == INVAL_SMMU_MAX || inval_entry_smmu(e) == smmu) &&
	       inval_field(e->key, 52, 37) == asid &&
	       (e->op_all != INVAL_OP_TLBI_EL2_ALL || asid != 0U);
}

/**
 * inval_move_scratch() - entries that each list of a move needs
 * @d: the domain
 * @smmu: number of the SMMU on which it moves; INVAL_SMMU_MAX: on all
 * @asid: ASID now
 *
 * Context: the attach mutex is held.
 * Return: their number, one for each SMMU and VMID; 0: the ASID is not used there.
 */
static inline uint32_t inval_move_scratch(struct inval_domain *d, uint32_t smmu, uint16_t asid)
{
	struct inval_array *now = inval_domain_array(d);
	uint32_t i, num = 0;

	for (i = 0; now != NULL && i < now->num; i++)
		num += inval_move_has(&inval_array_at(now)[i], smmu, asid) ? 1U : 0U;
	return num;
}

/**
 * inval_attach_init_move() - describe a change of a domain's ASID
 * @t: the transaction; the caller's
 * @d: the domain
 * @smmu: number of the SMMU on which it moves; INVAL_SMMU_MAX: on all
 * @from: ASID now
 * @to: ASID it gets; used by no other domain on these SMMUs
 * @add: @max entries of memory; the caller's
 * @del: likewise, apart from @add
 * @max: inval_move_scratch() or more
 *
 * Goes on as an attach. From publish on both ASIDs stand in the array; the embedder
 * writes @to into every CD of the domain on these SMMUs, each with CFGI_CD + SYNC;
 * commit takes @from out and flushes it, with SYNC. Only then may the CPU
 * (inval_tags_free(), inval_tags_pin()) or another domain have @from. Of what
 * attaches and detaches later, @to is the ASID (struct inval_use).
 *
 * A VMID stands in the STE of each device, so it moves device by device: an attach
 * from the domain to itself.
 *
 * Context: the attach mutex is held, from inval_move_scratch() to the end.
 * Return: 0; -INVAL_EINVAL when @from is @to; -INVAL_ENOENT when the domain does
 * not use @from there; -INVAL_ENOMEM when @max is too small: nothing was changed,
 * and @t takes no other call.
 */
static inline INVAL_MUST_CHECK int inval_attach_init_move(struct inval_attach *t,
							  struct inval_domain *d, uint32_t smmu,
							  uint16_t from, uint16_t to,
							  struct inval_entry *add,
							  struct inval_entry *del, uint32_t max)
{
	struct inval_array *now = inval_domain_array(d);
	uint32_t i, num = inval_move_scratch(d, smmu, from);

	inval_attach_begin(t, d, d, add, del);
	t->state = INVAL_ATTACH_DONE;
	if (from == to || num == 0U)
		return from == to ? -INVAL_EINVAL : -INVAL_ENOENT;
	if (num > max)
		return -INVAL_ENOMEM;
	for (i = 0; i < now->num; i++) {
		if (!inval_move_has(&inval_array_at(now)[i], smmu, from))
			continue;
		del[t->del_num++] = inval_array_at(now)[i];
		add[t->add_num] = inval_array_at(now)[i];
		add[t->add_num++].key ^= inval_bits((uint32_t)from ^ to, 37);
	}
	t->state = INVAL_ATTACH_INIT;
	return 0;
}

/**
 * enum inval_ats_step - what a change of use asks for at the device
 * @INVAL_ATS_NOTHING: nothing
 * @INVAL_ATS_OFF: between publish and the STE: the embedder disables ATS at the
 *	endpoint, then inval_flush_device() of everything; the STE has EATS = 0
 * @INVAL_ATS_MOVED: ATS stays on, but not the translations: between CFGI + SYNC and
 *	commit inval_flush_device() of @from_use's SubstreamID, or of everything
 *	without one
 * @INVAL_ATS_ON: the STE has EATS set; after CFGI + SYNC, before or after commit, the
 *	embedder enables ATS at the endpoint
 */
enum inval_ats_step {
	INVAL_ATS_NOTHING,
	INVAL_ATS_OFF,
	INVAL_ATS_MOVED,
	INVAL_ATS_ON
};

/**
 * inval_attach_ats() - what an attach asks for at the device
 * @to_use: how the device will use a domain; NULL: blocked
 * @from_use: how it has used one; NULL: blocked
 *
 * EATS is one for a stream: ATS goes on and off with the use without a
 * SubstreamID, attached before and detached after all that have one, and their
 * @ats is as its.
 *
 * Context: any.
 * Return: the step (IHI 0070, 3.9).
 */
static inline enum inval_ats_step inval_attach_ats(const struct inval_use *to_use,
						   const struct inval_use *from_use)
{
	bool on = to_use != NULL && to_use->ats != INVAL_EATS_OFF;
	bool was = from_use != NULL && from_use->ats != INVAL_EATS_OFF;

	if (was)
		return on || from_use->ssv ? INVAL_ATS_MOVED : INVAL_ATS_OFF;
	return on && !to_use->ssv ? INVAL_ATS_ON : INVAL_ATS_NOTHING;
}

/**
 * enum inval_stall_step - how streams with stalled transactions are detached
 * @INVAL_STALL_STE: the embedder writes STEs that abort
 * @INVAL_STALL_CFGI: inval_stall_issue(): nothing stalls any more
 * @INVAL_STALL_TERM: inval_stall_issue(): what is stalled is ended
 * @INVAL_STALL_QUIET: the embedder waits until the device has nothing under way
 * @INVAL_STALL_SYNC: inval_stall_issue(): events of what was ended are visible
 * @INVAL_STALL_EVENTS: the embedder drops the streams' events, unanswered: their
 *	tags (STAG) mean nothing now
 * @INVAL_STALL_END: over; commit may follow
 *
 * In this order, between publish and commit: no invalidation touches a stalled
 * transaction, and STALL_TERM ends all of a stream only if it aborts already
 * (IHI 0070, 4.7.2).
 */
enum inval_stall_step {
	INVAL_STALL_STE,
	INVAL_STALL_CFGI,
	INVAL_STALL_TERM,
	INVAL_STALL_QUIET,
	INVAL_STALL_SYNC,
	INVAL_STALL_EVENTS,
	INVAL_STALL_END
};

/**
 * inval_stall_issue() - a step of enum inval_stall_step that is commands
 * @step: INVAL_STALL_CFGI, INVAL_STALL_TERM or INVAL_STALL_SYNC; all before are done
 * @smmu: the device's SMMU, with a queue
 * @sids: its StreamIDs; the caller's
 * @num: their number
 * @f: memory to work with; only its batch is used
 *
 * A command for each StreamID, SYNC, wait.
 *
 * Context: the attach mutex is held; any other, interrupts off included.
 * Return: 0, also while the SMMU is off, or if it never stalls and @step is
 * INVAL_STALL_TERM; -INVAL_EINVAL for another @step, or without a batch: nothing was
 * issued; else as inval_queue_put() and inval_queue_wait(): the step is not done.
 */
static inline INVAL_MUST_CHECK int inval_stall_issue(enum inval_stall_step step,
						     struct inval_smmu *smmu, const uint32_t *sids,
						     uint32_t num, struct inval_flush *f)
{
	struct inval_cmd cmd = { 0, 0 };

	switch (step) {
	case INVAL_STALL_CFGI:
		(void)inval_cmd_cfgi_ste(&cmd, false, 0, true);
		return inval_flush_streams(smmu, cmd, sids, num, f);
	case INVAL_STALL_TERM:
		(void)inval_cmd_stall_term(&cmd, false, 0);
		return smmu->caps.stall == 1U ? 0 : inval_flush_streams(smmu, cmd, sids, num, f);
	case INVAL_STALL_SYNC:
		return inval_flush_streams(smmu, cmd, sids, 0, f);
	case INVAL_STALL_STE:
	case INVAL_STALL_QUIET:
	case INVAL_STALL_EVENTS:
	case INVAL_STALL_END:
	default:
		return -INVAL_EINVAL;
	}
}

/**
 * inval_attach_bytes() - memory that inval_attach_prepare() needs
 * @t: the transaction
 *
 * Context: the attach mutex is held.
 * Return: bytes; 0 when all entries stand in the array already, or nothing is
 * entered: then prepare takes no memory.
 */
static inline uint64_t inval_attach_bytes(const struct inval_attach *t)
{
	struct inval_array *now;

	if (t->to == NULL)
		return 0;
	now = inval_domain_array(t->to);
	if (inval_array_ref_check(now, t->add, t->add_num) == 0)
		return 0;
	return inval_array_merge_bytes(now, t->add_num);
}

/**
 * inval_attach_prepare() - all of an attach that can fail
 * @t: the transaction
 * @mem: inval_attach_bytes() of memory, aligned like a uint64_t; on success the
 *	domain's, unless abort comes before publish
 * @bytes: its size
 *
 * Context: the attach mutex is held.
 * Return: 0; -INVAL_ENOMEM when @bytes are too few; -INVAL_EINVAL when a key is
 * there for other commands (a domain is global for all its devices or none), or
 * for a second call; -INVAL_EOVERFLOW when a user count is full. On failure
 * nothing was published, @mem is the caller's, and the transaction can be
 * prepared again or forgotten.
 */
static inline INVAL_MUST_CHECK int inval_attach_prepare(struct inval_attach *t, void *mem,
							uint64_t bytes)
{
	struct inval_array *now;
	int err = 0;

	if (t->state != INVAL_ATTACH_INIT)
		return -INVAL_EINVAL;
	if (t->to != NULL) {
		now = inval_domain_array(t->to);
		err = inval_array_ref_check(now, t->add, t->add_num);
		if (err == -INVAL_ENOENT)
			err = inval_array_merge(&t->next, mem, bytes, now, t->add, t->add_num);
	}
	if (err == 0)
		t->state = INVAL_ATTACH_READY;
	return err;
}

/**
 * inval_attach_publish() - flushes of the new domain include the device
 * @t: the transaction, prepared
 *
 * A full barrier: what the CPU writes behind it, the STE or CD above all, is seen by
 * the SMMU only after the array is seen by flushes. Tables written before it are
 * visible then, too. With ATS this waits, besides, for every walk of the new domain
 * that began before.
 *
 * Context: the attach mutex is held; flushes may run. With ATS not in a read section.
 * Return: 0; -INVAL_EINVAL when it is not prepared: nothing changed.
 */
static inline INVAL_MUST_CHECK int inval_attach_publish(struct inval_attach *t)
{
	if (t->state != INVAL_ATTACH_READY)
		return -INVAL_EINVAL;
	if (t->next != NULL)
		inval_domain_replace(t->to, t->next);
	else if (t->to != NULL)
		inval_array_ref_apply(inval_domain_array(t->to), t->add, t->add_num);
	t->next = NULL;
	t->state = INVAL_ATTACH_PUBLISHED;
	inval_port_dma_mb(); /* order: publish */
	/* They are sorted, and of one SMMU: ATS comes last. */
	if (t->add_num != 0U && inval_entry_is_ats(&t->add[t->add_num - 1U]))
		inval_port_read_sync(&t->to->read); /* order: join */
	return 0;
}

/* Internal: leave those entries a user that died and are tags. */
static inline void inval_attach_dead_tags(struct inval_entry *list, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		list[i].users = list[i].state == INVAL_STATE_DIED &&
				!inval_entry_is_ats(&list[i]) ? 1U : 0U;
}

/* Internal: the flush of the tags that have a user in @list failed. */
static inline void inval_attach_stale(struct inval_attach *t, const struct inval_entry *list,
				      uint32_t num)
{
	uint32_t i;

	t->stale_tags = true;
	for (i = 0; i < num; i++) {
		if (list[i].users != 0U)
			inval_port_warn(INVAL_WARN_TAG_STALE, inval_entry_smmu(&list[i]),
					inval_field(list[i].key, 52, 21));
	}
}

/* Internal: flush what died of @list; nobody has broadcast a TLBI for it. */
static inline int inval_attach_flush_tags(struct inval_attach *t, struct inval_entry *list,
					  uint32_t num, struct inval_flush *f)
{
	struct inval_range_req all = { 0, 0, 12, 0, false, false };
	bool cpu_tlbi = f->cpu_tlbi;
	int err;

	inval_attach_dead_tags(list, num);
	f->cpu_tlbi = false;
	err = inval_flush_entries(list, num, 12, &all, f);
	f->cpu_tlbi = cpu_tlbi;
	if (err != 0)
		inval_attach_stale(t, list, num);
	return err;
}

/* Internal: @d forgets @list: users, fence, tags without a user. */
static inline int inval_attach_drop(struct inval_attach *t, struct inval_domain *d,
				    struct inval_entry *list, uint32_t num, struct inval_flush *f)
{
	inval_array_unref(inval_domain_array(d), list, num, &t->left);
	if (t->left.ats != 0U) {
		inval_port_trace(INVAL_EVENT_FENCE, num, t->left.ats);
		inval_port_read_sync(&d->read); /* order: fence */
	}
	if (t->left.tags == 0U)
		return 0;
	return inval_attach_flush_tags(t, list, num, f);
}

/* Internal: has @f what a flush of @d's tags needs? */
static inline bool inval_attach_flushes(const struct inval_domain *d, const struct inval_flush *f)
{
	struct inval_range_req all = { 0, 0, 12, 0, false, false };

	return d == NULL || inval_flush_check(&all, f) == 0;
}

/**
 * inval_attach_commit() - the old domain forgets the device
 * @t: the transaction, published
 * @f: memory to work with; its SMMUs have queues. @cpu_tlbi of it is not heeded
 *
 * The embedder has completed CFGI + SYNC: the SMMU uses the new STE or CD; and what
 * inval_attach_ats() asks for before commit. When a device's ATC entry died this
 * waits for every walk of the old domain that began before: after it no ATC_INV of
 * that domain reaches the device, unless its SMMU's queue broke: what stands in that
 * may run until CR0.CMDQEN = 0. A tag that lost its last user is flushed, so that
 * a tag in no array is empty.
 *
 * Context: the attach mutex is held; flushes may run. Waits for walks, so not
 * in a read section.
 * Return: 0; -INVAL_EINVAL when it is not published, or @f has no batch or no waits:
 * nothing changed. Any other error is of the flush of the tags: the device has left
 * all the same, and @t says so (@stale_tags).
 */
static inline INVAL_MUST_CHECK int inval_attach_commit(struct inval_attach *t,
						       struct inval_flush *f)
{
	f->error_total = 0;
	if (t->state != INVAL_ATTACH_PUBLISHED || !inval_attach_flushes(t->from, f))
		return -INVAL_EINVAL;
	t->state = INVAL_ATTACH_DONE;
	if (t->from == NULL)
		return 0;
	return inval_attach_drop(t, t->from, t->del, t->del_num, f);
}

/**
 * inval_attach_abort() - take an attach back
 * @t: the transaction; not committed
 * @mem: out: the memory given to prepare, which is the caller's again; NULL
 *	when it took none or its array was published
 * @f: memory to work with; its SMMUs have queues. @cpu_tlbi of it is not heeded
 *
 * Before publish nothing had changed. After it the embedder has put the old STE
 * or CD back, with CFGI + SYNC, and done at the device what
 * inval_attach_ats(from_use, to_use) says; the new domain then forgets the device as
 * the old one does in commit. The old domain still has it.
 *
 * Context: as inval_attach_commit().
 * Return: as inval_attach_commit(); -INVAL_EINVAL when it is committed, or published and
 * @f has no batch or no waits: nothing changed.
 */
static inline INVAL_MUST_CHECK int inval_attach_abort(struct inval_attach *t, void **mem,
						      struct inval_flush *f)
{
	enum inval_attach_state was = t->state;

	f->error_total = 0;
	*mem = t->next;
	if (was == INVAL_ATTACH_DONE ||
	    (was == INVAL_ATTACH_PUBLISHED && !inval_attach_flushes(t->to, f)))
		return -INVAL_EINVAL;
	t->next = NULL;
	t->state = INVAL_ATTACH_DONE;
	if (was != INVAL_ATTACH_PUBLISHED || t->to == NULL)
		return 0;
	return inval_attach_drop(t, t->to, t->add, t->add_num, f);
}

/**
 * inval_domain_purge_bytes() - memory that inval_domain_purge() needs
 * @d: the domain
 *
 * Context: the attach mutex is held.
 * Return: bytes; 0 when there is nothing to purge.
 */
static inline uint64_t inval_domain_purge_bytes(struct inval_domain *d)
{
	return inval_array_purge_bytes(inval_domain_array(d));
}

/**
 * inval_domain_purge() - drop dead entries, to make walks shorter
 * @d: the domain
 * @mem: inval_domain_purge_bytes() of memory, aligned like a uint64_t; on
 *	success the domain's
 * @bytes: its size
 *
 * Context: the attach mutex is held; flushes may run. Never waits.
 * Return: 0; -INVAL_EINVAL when there is nothing to purge; -INVAL_ENOMEM when
 * @bytes are too few. On failure the array stays as good as it was, and @mem is
 * the caller's.
 */
static inline INVAL_MUST_CHECK int inval_domain_purge(struct inval_domain *d, void *mem,
						      uint64_t bytes)
{
	struct inval_array *now = inval_domain_array(d), *next;
	int err;

	if (inval_array_purge_bytes(now) == 0U)
		return -INVAL_EINVAL;
	err = inval_array_purge(&next, mem, bytes, now);
	if (err == 0)
		inval_domain_replace(d, next);
	return err;
}

/**
 * inval_domain_fini() - the end of a domain
 * @d: the domain; no flush of it begins any more
 *
 * Its last array goes back to its owner, and after that @d is the caller's
 * memory again.
 *
 * Context: the attach mutex is held. Waits for walks, so not in a read section.
 * Return: 0; -INVAL_EBUSY while a device uses it: nothing changed.
 */
static inline INVAL_MUST_CHECK int inval_domain_fini(struct inval_domain *d)
{
	struct inval_array *now = inval_domain_array(d);

	if (inval_array_live(now) != 0U)
		return -INVAL_EBUSY;
	if (now != NULL)
		inval_domain_replace(d, NULL);
	inval_port_read_fini(&d->read);
	return 0;
}

INVAL_END

#endif /* INVAL_DOMAIN_GUARD */
