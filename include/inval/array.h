/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/array.h - the invalidation array: what must be invalidated for one
 * translation domain. This is the writer's side; flush.h walks it.
 *
 * An array is a header and, behind it, entries sorted by key. Walks read it
 * without a lock, so its keys never change once it is published: a change of
 * keys is a new array (merge, purge), published in place of the old one; only
 * the users of an entry and the number of entries change in place (ref, unref).
 *
 * One writer at a time: the embedder's attach mutex of the domain is held from
 * the size query until the result is published or dropped. A walk may see an
 * entry whose last user has just left: an extra invalidation is harmless, but
 * for ATC_INV, which domain.h fences.
 *
 * Nothing here allocates. NULL is an array without entries.
 */
#ifndef INVAL_ARRAY_GUARD
#define INVAL_ARRAY_GUARD

#include "types.h"
#include "cmd.h"
#include "port.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(array)
INVAL_PORT_USES_REPORT(array)

/* SMMU numbers are 0 to 255: the key has eight bits for them. */
#define INVAL_SMMU_MAX 256U

/**
 * enum inval_type - kinds of entries, in the order of their commands
 * @INVAL_TYPE_S1_ASID: stage-1 translations of VMID and ASID
 * @INVAL_TYPE_S2_VMID: stage-2 translations of a VMID
 * @INVAL_TYPE_S1_CLEAR: stage-1 translations of a VMID that a change of its
 *	stage 2 makes stale: S2_IPA need not remove combined ones
 *	(IHI 0070, 4.4)
 * @INVAL_TYPE_ATS: a device's own cache, by StreamID and SubstreamID
 * @INVAL_TYPE_ATS_FULL: the same, always all of it: the addresses flushed are
 *	not the ones that the device uses
 */
enum inval_type {
	INVAL_TYPE_S1_ASID,
	INVAL_TYPE_S2_VMID,
	INVAL_TYPE_S1_CLEAR,
	INVAL_TYPE_ATS,
	INVAL_TYPE_ATS_FULL
};

/* What inval_array_unref() writes into @state. */
#define INVAL_STATE_LIVE	0U	/* the entry still has users */
#define INVAL_STATE_DIED	1U	/* its last user left */
#define INVAL_STATE_UNKNOWN	2U	/* it was not there with so many users */

/**
 * struct inval_entry - one thing to invalidate
 * @key: SMMU number 63:56, type 55:53, id 52:21 (ASID 52:37 and VMID 36:21, or
 *	StreamID), SubstreamID 20:1, SSV 0. Shifted left by 11 it is the
 *	command's first word but for the opcode.
 * @users: devices that need it; 0: dead, walks skip it
 * @op_range: opcode for an address range
 * @op_all: opcode for everything
 * @stu_lg2: ATS: the device's smallest translation unit, bytes, log2; else 0
 * @state: INVAL_STATE_*, in a list given to inval_array_unref()
 */
struct inval_entry {
	uint64_t key;
	uint32_t users;
	uint8_t op_range;
	uint8_t op_all;
	uint8_t stu_lg2;
	uint8_t state;
};

/**
 * struct inval_array - header; the entries follow it
 * @defer: the port's, for the later free
 * @num: entries; walks read it once
 * @dead: entries without a user among them; walks read it once
 * @dead_from: while @dead is not 0: those before it have users; the writer's
 * @dead_to: likewise it and those behind it; the writer's
 * @ats: live ATS entries; the writer's
 * @stu_lg2: largest STU of its ATS entries so far, bytes, log2, 12 or more
 */
struct inval_array {
	inval_defer defer;
	uint32_t num;
	uint32_t dead;
	uint32_t dead_from;
	uint32_t dead_to;
	uint32_t ats;
	uint32_t stu_lg2;
};

/**
 * struct inval_unref - what inval_array_unref() found
 * @tags: ASIDs and VMIDs that lost their last user: to be flushed before they
 *	are used again. The stage 1 of a VMID is one of its own: without an entry
 *	nobody clears it any more when stage 2 changes
 * @ats: ATS entries that died: walks that may still send their ATC_INV must
 *	end before the device is reset or removed
 * @unknown: entries that were not there with so many users
 */
struct inval_unref {
	uint32_t tags;
	uint32_t ats;
	uint32_t unknown;
};

/* Internal: bytes of the header, so that entries are aligned. */
#define INVAL_ARRAY_HEADER_BYTES ((sizeof(struct inval_array) + 15U) & ~(size_t)15U)

/**
 * inval_array_bytes() - memory that an array needs
 * @num: entries
 *
 * Context: any.
 * Return: bytes; the memory must be aligned like a uint64_t.
 */
static inline uint64_t inval_array_bytes(uint32_t num)
{
	return INVAL_ARRAY_HEADER_BYTES + (uint64_t)num * sizeof(struct inval_entry);
}

/**
 * inval_array_at() - the entries of an array
 * @a: the array, not NULL
 *
 * Context: any that may read the array.
 * Return: the first of @a->num entries.
 */
static inline struct inval_entry *inval_array_at(struct inval_array *a)
{
	return (struct inval_entry *)(void *)((unsigned char *)a + INVAL_ARRAY_HEADER_BYTES);
}

/**
 * inval_array_live() - entries with users
 * @a: the array or NULL
 *
 * Context: the writer.
 * Return: their number.
 */
static inline uint32_t inval_array_live(const struct inval_array *a)
{
	return a != NULL ? a->num - a->dead : 0U;
}

/**
 * inval_entry_smmu() - the SMMU number of an entry
 * @e: the entry
 *
 * Context: any.
 * Return: 0 to 255.
 */
static inline uint32_t inval_entry_smmu(const struct inval_entry *e)
{
	return (uint32_t)(e->key >> 56);
}

/**
 * inval_entry_type() - the type of an entry
 * @e: the entry
 *
 * Context: any.
 * Return: enum inval_type.
 */
static inline enum inval_type inval_entry_type(const struct inval_entry *e)
{
	return (enum inval_type)inval_field(e->key, 55, 53);
}

/**
 * inval_entry_is_ats() - is this a device's cache?
 * @e: the entry
 *
 * Context: any.
 * Return: true for INVAL_TYPE_ATS and INVAL_TYPE_ATS_FULL.
 */
static inline bool inval_entry_is_ats(const struct inval_entry *e)
{
	return inval_field(e->key, 55, 53) >= (uint64_t)INVAL_TYPE_ATS;
}

/* Internal: fill an entry with one user. */
static inline int inval_entry_fill(struct inval_entry *e, uint32_t smmu, enum inval_type type,
				   uint32_t id, uint64_t substream)
{
	if (smmu >= INVAL_SMMU_MAX)
		return -INVAL_ENOSPC;
	e->key = inval_bits(smmu, 56) | inval_bits((uint32_t)type, 53) | inval_bits(id, 21) |
		 substream;
	e->users = 1;
	e->op_range = INVAL_OP_ATC_INV;
	e->op_all = INVAL_OP_ATC_INV;
	e->stu_lg2 = 0;
	e->state = INVAL_STATE_LIVE;
	return 0;
}

/**
 * inval_entry_s1() - stage 1 at EL1 and EL0: NH_VA, NH_ASID
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @vmid: VMID; 0 where stage 2 is not implemented
 * @asid: ASID
 * @global: the tables hold global entries, which NH_ASID leaves alone: NH_ALL
 *	of the VMID for everything (IHI 0070, 4.4)
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255.
 */
static inline INVAL_MUST_CHECK int inval_entry_s1(struct inval_entry *e, uint32_t smmu,
						  uint16_t vmid, uint16_t asid, bool global)
{
	int err = inval_entry_fill(e, smmu, INVAL_TYPE_S1_ASID, ((uint32_t)asid << 16) | vmid, 0);

	if (err != 0)
		return err;
	e->op_range = INVAL_OP_TLBI_NH_VA;
	e->op_all = global ? INVAL_OP_TLBI_NH_ALL : INVAL_OP_TLBI_NH_ASID;
	return 0;
}

/**
 * inval_entry_el2() - stage 1 at EL2: EL2_VA, and EL2_ASID with E2H
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @asid: ASID; 0 without @e2h
 * @e2h: CR2.E2H of that SMMU: without it EL2 has no ASID, and everything is
 *	EL2_ALL (IHI 0070, 4.4)
 * @global: the tables hold global entries: EL2_ALL for everything
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255; -INVAL_EINVAL for an @asid
 * without @e2h.
 */
static inline INVAL_MUST_CHECK int inval_entry_el2(struct inval_entry *e, uint32_t smmu,
						   uint16_t asid, bool e2h, bool global)
{
	int err;

	if (!e2h && asid != 0U)
		return -INVAL_EINVAL;
	err = inval_entry_fill(e, smmu, INVAL_TYPE_S1_ASID, (uint32_t)asid << 16, 0);
	if (err != 0)
		return err;
	e->op_range = INVAL_OP_TLBI_EL2_VA;
	e->op_all = e2h && !global ? INVAL_OP_TLBI_EL2_ASID : INVAL_OP_TLBI_EL2_ALL;
	return 0;
}

/**
 * inval_entry_s2() - stage 2: S2_IPA, S12_VMALL
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @vmid: VMID
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255.
 */
static inline INVAL_MUST_CHECK int inval_entry_s2(struct inval_entry *e, uint32_t smmu,
						  uint16_t vmid)
{
	int err = inval_entry_fill(e, smmu, INVAL_TYPE_S2_VMID, vmid, 0);

	if (err != 0)
		return err;
	e->op_range = INVAL_OP_TLBI_S2_IPA;
	e->op_all = INVAL_OP_TLBI_S12_VMALL;
	return 0;
}

/**
 * inval_entry_s1_clear() - the stage 1 above a stage 2: NH_ALL
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @vmid: VMID
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255.
 */
static inline INVAL_MUST_CHECK int inval_entry_s1_clear(struct inval_entry *e, uint32_t smmu,
							uint16_t vmid)
{
	int err = inval_entry_fill(e, smmu, INVAL_TYPE_S1_CLEAR, vmid, 0);

	if (err != 0)
		return err;
	e->op_range = INVAL_OP_TLBI_NH_ALL;
	e->op_all = INVAL_OP_TLBI_NH_ALL;
	return 0;
}

/**
 * inval_entry_ats() - a device's own cache: ATC_INV
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @sid: StreamID
 * @ssv: only the address space of @ssid; else whatever the device has
 * @ssid: SubstreamID, 20 bits; 0 without @ssv
 * @stu_lg2: the device's smallest translation unit, bytes, log2, 12 to 43
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255; -INVAL_ERANGE for another
 * value out of its range.
 */
static inline INVAL_MUST_CHECK int inval_entry_ats(struct inval_entry *e, uint32_t smmu,
						   uint32_t sid, bool ssv, uint32_t ssid,
						   uint8_t stu_lg2)
{
	int err;

	if (!inval_fits(ssid, ssv ? 20U : 0U) || stu_lg2 < 12U || stu_lg2 > 43U)
		return -INVAL_ERANGE;
	err = inval_entry_fill(e, smmu, INVAL_TYPE_ATS, sid,
			       inval_bits(ssid, 1) | (ssv ? 1U : 0U));
	if (err == 0)
		e->stu_lg2 = stu_lg2;
	return err;
}

/**
 * inval_entry_ats_full() - a device's own cache, always all of it
 * @e: written on success only; the caller's
 * @smmu: SMMU number, 0 to 255
 * @sid: StreamID
 *
 * Context: any.
 * Return: 0; -INVAL_ENOSPC when @smmu is over 255.
 */
static inline INVAL_MUST_CHECK int inval_entry_ats_full(struct inval_entry *e, uint32_t smmu,
							uint32_t sid)
{
	return inval_entry_fill(e, smmu, INVAL_TYPE_ATS_FULL, sid, 0);
}

/* Internal: do two entries of one key ask for the same commands? */
static inline bool inval_entry_same(const struct inval_entry *x, const struct inval_entry *y)
{
	return x->op_range == y->op_range && x->op_all == y->op_all;
}

/* Internal: let list[root] sink in the heap of num entries, largest key on top. */
static inline void inval_entries_sink(struct inval_entry *list, uint32_t root, uint32_t num)
{
	struct inval_entry e = list[root];
	uint32_t child;

	for (; num > 1U && root <= (num - 2U) / 2U; root = child) {
		child = 2U * root + 1U;
		if (child + 1U < num && list[child + 1U].key > list[child].key)
			child++;
		if (list[child].key <= e.key)
			break;
		list[root] = list[child];
	}
	list[root] = e;
}

/* Internal: heapsort: no recursion, no memory, no bad case. */
static inline void inval_entries_heapsort(struct inval_entry *list, uint32_t num)
{
	struct inval_entry top;
	uint32_t i;

	for (i = num / 2U; i > 0U; i--)
		inval_entries_sink(list, i - 1U, num);
	for (i = num; i > 1U; i--) {
		top = list[0];
		list[0] = list[i - 1U];
		list[i - 1U] = top;
		inval_entries_sink(list, 0, i - 1U);
	}
}

/**
 * inval_entries_sort() - make a list fit for merge, ref and unref
 * @list: entries in any order; the caller's
 * @num: their number in, and out: fewer when keys were equal
 *
 * Entries of one key become one with the sum of the users: a device that has
 * the same StreamID twice counts twice, in and out.
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL when entries of one key ask for different commands,
 * -INVAL_EOVERFLOW when their users do not fit 32 bits: the list is then in
 * another order, users of equal keys may have moved from one to the next, and
 * *@num is unchanged.
 */
static inline INVAL_MUST_CHECK int inval_entries_sort(struct inval_entry *list, uint32_t *num)
{
	uint32_t i, last = 0;

	inval_entries_heapsort(list, *num);
	for (i = 1; i < *num; i++) {
		if (list[i].key != list[i - 1U].key)
			continue;
		if (!inval_entry_same(&list[i], &list[i - 1U]))
			return -INVAL_EINVAL;
		if (list[i].users > INVAL_U32_MAX - list[i - 1U].users)
			return -INVAL_EOVERFLOW;
		list[i].users += list[i - 1U].users;
		list[i - 1U].users = 0;
	}
	for (i = 0; i < *num; i++) {
		if (i + 1U == *num || list[i].key != list[i + 1U].key)
			list[last++] = list[i];
	}
	*num = last;
	return 0;
}

/* Internal: a list that merge, ref and unref take: ascending, with users. */
static inline bool inval_entries_sorted(const struct inval_entry *list, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++) {
		if (list[i].users == 0U || (i > 0U && list[i - 1U].key >= list[i].key))
			return false;
	}
	return true;
}

/* Internal: the entry @bytes behind @e: no multiplication in a search's loop. */
static inline const struct inval_entry *inval_array_skip(const struct inval_entry *e, size_t bytes)
{
	return (const struct inval_entry *)(const void *)((const unsigned char *)e + bytes);
}

/**
 * inval_array_find() - where a key is, or would be
 * @e: entries, ascending
 * @num: their number
 * @key: the key
 *
 * Halves without a branch that depends on the data: several searches overlap in
 * the CPU.
 *
 * Context: any that may read the entries.
 * Return: index of the first entry whose key is not below @key; @num if none.
 */
static inline uint32_t inval_array_find(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	const struct inval_entry *at = e;
	size_t step;
	bool below;

	if (num == 0U)
		return 0;
	step = (size_t)1U << inval_log2(num);
	if (e[step - 1U].key < key)
		at = e + (num - step);
	step *= sizeof(*e);
	while (step > sizeof(*e)) {
		step /= 2U;
		below = inval_array_skip(at, step)[-1].key < key;
		at = inval_array_skip(at, step & (0U - (size_t)below));
	}
	return (uint32_t)(at - e) + (at->key < key ? 1U : 0U);
}

/* Internal: the entry of a key, or NULL. */
static inline struct inval_entry *inval_array_entry(struct inval_array *a, uint64_t key)
{
	struct inval_entry *e;
	uint32_t at;

	if (a == NULL)
		return NULL;
	e = inval_array_at(a);
	at = inval_array_find(e, a->num, key);
	return at < a->num && e[at].key == key ? &e[at] : NULL;
}

/* Internal: the first entry without users in [@at, @end), or @end. */
static inline uint32_t inval_array_next_dead(struct inval_array *a, uint32_t at, uint32_t end)
{
	const struct inval_entry *e = inval_array_at(a);
	uint32_t to = a->dead_to < end ? a->dead_to : end;

	if (a->dead == 0U)
		return end;
	if (at < a->dead_from)
		at = a->dead_from;
	while (at < to && e[at].users != 0U)
		at++;
	return at < to ? at : end;
}

/* Internal: copy the entries in [@at, @end) that have users; returns how many. */
static inline uint32_t inval_array_copy(struct inval_entry *to, struct inval_array *base,
					uint32_t at, uint32_t end)
{
	const struct inval_entry *from = inval_array_at(base);
	uint32_t run, out = 0;

	for (; at < end; at += run + 1U) {
		run = inval_array_next_dead(base, at, end) - at;
		__builtin_memcpy(to + out, from + at, (size_t)run * sizeof(*to));
		out += run;
	}
	return out;
}

/* Internal: an empty array in the caller's memory. */
static inline void inval_array_init(struct inval_array *a, const struct inval_array *base)
{
	a->num = 0;
	a->dead = 0;
	a->dead_from = 0;
	a->dead_to = 0;
	a->ats = base != NULL ? base->ats : 0U;
	a->stu_lg2 = base != NULL ? base->stu_lg2 : 12U;
}

/**
 * inval_array_merge_bytes() - memory that inval_array_merge() needs at most
 * @base: the array now, or NULL
 * @num: additions
 *
 * Context: the writer.
 * Return: bytes.
 */
static inline uint64_t inval_array_merge_bytes(const struct inval_array *base, uint32_t num)
{
	return inval_array_bytes(inval_array_live(base)) +
	       (uint64_t)num * sizeof(struct inval_entry);
}

/* Internal: the entry that stands for @add: alone, or with the users of @old. */
static inline int inval_array_join(struct inval_array *a, struct inval_entry *to,
				   const struct inval_entry *add, const struct inval_entry *old)
{
	*to = *add;
	to->state = INVAL_STATE_LIVE;
	if (add->stu_lg2 > a->stu_lg2)
		a->stu_lg2 = add->stu_lg2;
	if (old == NULL || old->users == 0U) {
		a->ats += inval_entry_is_ats(add) ? 1U : 0U;
		return 0;
	}
	if (!inval_entry_same(old, add))
		return -INVAL_EINVAL;
	if (add->users > INVAL_U32_MAX - old->users)
		return -INVAL_EOVERFLOW;
	to->users = old->users + add->users;
	return 0;
}

/* Internal: behind @a: what lives in @base from @done on and is below @add, and @add. */
static inline int inval_array_place(struct inval_array *a, struct inval_array *base,
				    uint32_t total, uint32_t *done, const struct inval_entry *add)
{
	struct inval_entry *to = inval_array_at(a), *from = inval_array_at(base);
	uint32_t at = *done + inval_array_find(from + *done, total - *done, add->key);
	bool found = at < total && from[at].key == add->key;

	a->num += inval_array_copy(to + a->num, base, *done, at);
	*done = found ? at + 1U : at;
	return inval_array_join(a, &to[a->num++], add, found ? &from[at] : NULL);
}

/* Internal: into the empty @a: what lives in @base (or nothing: @a itself), and @add. */
static inline int inval_array_fill(struct inval_array *a, struct inval_array *base,
				   const struct inval_entry *add, uint32_t num)
{
	uint32_t total = base->num, done = 0, i;
	int err;

	for (i = 0; i < num; i++) {
		err = inval_array_place(a, base, total, &done, &add[i]);
		if (err != 0)
			return err;
	}
	a->num += inval_array_copy(inval_array_at(a) + a->num, base, done, total);
	return 0;
}

/**
 * inval_array_merge() - a new array: the old one and additions
 * @out: the new array, on success; not yet published
 * @mem: the caller's, aligned like a uint64_t; becomes the array
 * @bytes: its size, inval_array_merge_bytes() or more
 * @base: the array now, or NULL; not changed
 * @add: additions, as inval_entries_sort() leaves them
 * @num: their number
 *
 * Same key: users are added. Entries without users are left out.
 *
 * Context: the writer.
 * Return: 0; -INVAL_ENOMEM without @mem or with too few @bytes; -INVAL_EINVAL for a list
 * that is not sorted, or an addition that asks for other commands than the
 * entry of its key; -INVAL_EOVERFLOW when users, or entries, do not fit 32 bits. On failure
 * nothing is published, and @mem is the caller's again.
 */
static inline INVAL_MUST_CHECK int inval_array_merge(struct inval_array **out, void *mem,
						     uint64_t bytes, struct inval_array *base,
						     const struct inval_entry *add, uint32_t num)
{
	struct inval_array *a = (struct inval_array *)mem;
	int err;

	if (mem == NULL || bytes < inval_array_merge_bytes(base, num))
		return -INVAL_ENOMEM;
	if (!inval_entries_sorted(add, num))
		return -INVAL_EINVAL;
	if (num > INVAL_U32_MAX - inval_array_live(base))
		return -INVAL_EOVERFLOW;
	inval_array_init(a, base);
	err = inval_array_fill(a, base != NULL ? base : a, add, num);
	if (err != 0)
		return err;
	*out = a;
	inval_port_count(INVAL_COUNT_COPY, 1);
	return 0;
}

/* Internal: can this addition be counted in place? */
static inline int inval_array_ref_ok(const struct inval_array *a, const struct inval_entry *add,
				     const struct inval_entry *e)
{
	if (e == NULL || add->stu_lg2 > a->stu_lg2)
		return -INVAL_ENOENT;
	if (!inval_entry_same(e, add))
		return e->users == 0U ? -INVAL_ENOENT : -INVAL_EINVAL;
	return add->users > INVAL_U32_MAX - e->users ? -INVAL_EOVERFLOW : 0;
}

/**
 * inval_array_ref_check() - can additions be counted in place?
 * @a: the published array, or NULL
 * @add: additions, as inval_entries_sort() leaves them
 * @num: their number
 *
 * Context: the writer.
 * Return: 0: inval_array_ref_apply() may follow; -INVAL_ENOENT when a key is
 * missing: merge instead; -INVAL_EINVAL for a list that is not sorted or an
 * addition that asks for other commands; -INVAL_EOVERFLOW when users do not fit
 * 32 bits.
 */
static inline INVAL_MUST_CHECK int inval_array_ref_check(struct inval_array *a,
							 const struct inval_entry *add,
							 uint32_t num)
{
	uint32_t i;
	int err = 0;

	if (!inval_entries_sorted(add, num))
		return -INVAL_EINVAL;
	for (i = 0; i < num && err == 0; i++)
		err = inval_array_ref_ok(a, &add[i], inval_array_entry(a, add[i].key));
	return err;
}

/**
 * inval_array_ref_apply() - count additions in place
 * @a: the published array
 * @add: additions that inval_array_ref_check() has just found good
 * @num: their number
 *
 * Cannot fail. Walks that begin after this, and the caller's barrier, see them.
 *
 * Context: the writer, the same section as the check; walks may run.
 */
static inline void inval_array_ref_apply(struct inval_array *a, const struct inval_entry *add,
					 uint32_t num)
{
	struct inval_entry *e;
	uint32_t i;

	for (i = 0; i < num; i++) {
		e = inval_array_entry(a, add[i].key);
		if (e->users == 0U) {
			inval_port_store32(&a->dead, a->dead - 1U);
			a->ats += inval_entry_is_ats(e) ? 1U : 0U;
		}
		inval_port_store32(&e->users, e->users + add[i].users);
	}
	inval_port_count(INVAL_COUNT_REF, num);
}

/**
 * inval_array_ref() - count additions in place, when all keys are there
 * @a: the published array, or NULL
 * @add: additions, as inval_entries_sort() leaves them
 * @num: their number
 *
 * For the second device of an SMMU, and for entries that died but still stand
 * in the array. O(num log n), no memory.
 *
 * Context: the writer; walks may run.
 * Return: as inval_array_ref_check(). Nothing changes on failure.
 */
static inline INVAL_MUST_CHECK int inval_array_ref(struct inval_array *a,
						   const struct inval_entry *add, uint32_t num)
{
	int err = inval_array_ref_check(a, add, num);

	if (err == 0)
		inval_array_ref_apply(a, add, num);
	return err;
}

/* Internal: an entry has lost its last user. */
static inline void inval_array_died(struct inval_array *a, uint32_t at)
{
	if (a->dead == 0U || at < a->dead_from)
		a->dead_from = at;
	if (a->dead == 0U || at >= a->dead_to)
		a->dead_to = at + 1U;
	inval_port_store32(&a->dead, a->dead + 1U);
}

/* Internal: take users from one entry; what became of it goes into @del. */
static inline void inval_array_unref_one(struct inval_array *a, struct inval_entry *del,
					 struct inval_unref *res)
{
	struct inval_entry *e = inval_array_entry(a, del->key);

	del->state = INVAL_STATE_LIVE;
	if (e == NULL || e->users < del->users) {
		del->state = INVAL_STATE_UNKNOWN;
		res->unknown++;
		inval_port_warn(INVAL_WARN_KEY_UNKNOWN, del->key, del->users);
		return;
	}
	inval_port_store32(&e->users, e->users - del->users);
	if (e->users != 0U || del->users == 0U)
		return;
	del->state = INVAL_STATE_DIED;
	inval_array_died(a, (uint32_t)(e - inval_array_at(a)));
	if (inval_entry_is_ats(e)) {
		a->ats--;
		res->ats++;
	} else {
		res->tags++;
	}
}

/**
 * inval_array_unref() - take users away, in place
 * @a: the published array, or NULL
 * @del: entries, as inval_entries_sort() leaves them; @state of each is written
 * @num: their number
 * @res: what was found; the caller's
 *
 * Cannot fail: an entry that is not there with so many users is reported
 * (@state, @res and a warning) and left as it is. Dead entries at the end are
 * cut off; others stay until the next merge or purge. O(num log n).
 *
 * Context: the writer; walks may run, and may still act on what died.
 */
static inline void inval_array_unref(struct inval_array *a, struct inval_entry *del,
				     uint32_t num, struct inval_unref *res)
{
	struct inval_entry *e;
	uint32_t i, left;

	res->tags = 0;
	res->ats = 0;
	res->unknown = 0;
	for (i = 0; i < num; i++)
		inval_array_unref_one(a, &del[i], res);
	if (a != NULL) {
		e = inval_array_at(a);
		for (left = a->num; left > 0U && e[left - 1U].users == 0U; left--)
			inval_port_store32(&a->dead, a->dead - 1U);
		inval_port_store32(&a->num, left);
	}
	inval_port_trace(INVAL_EVENT_UNREF, num, (uint64_t)res->tags + res->ats);
}

/**
 * inval_array_purge_bytes() - memory that inval_array_purge() needs
 * @base: the array now, or NULL
 *
 * Context: the writer.
 * Return: bytes; 0 when nothing is dead and there is nothing to do.
 */
static inline uint64_t inval_array_purge_bytes(const struct inval_array *base)
{
	if (base == NULL || base->dead == 0U)
		return 0;
	return inval_array_bytes(inval_array_live(base));
}

/**
 * inval_array_purge() - a new array without dead entries
 * @out: the new array, on success; not yet published
 * @mem: the caller's, aligned like a uint64_t; becomes the array
 * @bytes: its size, inval_array_purge_bytes() or more
 * @base: the array now, not NULL; not changed
 *
 * Context: the writer.
 * Return: 0; -INVAL_ENOMEM when @bytes are too few: @base stays good, and the
 * next merge or purge cleans up.
 */
static inline INVAL_MUST_CHECK int inval_array_purge(struct inval_array **out, void *mem,
						     uint64_t bytes, struct inval_array *base)
{
	return inval_array_merge(out, mem, bytes, base, NULL, 0);
}

INVAL_END

#endif /* INVAL_ARRAY_GUARD */
