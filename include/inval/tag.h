/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/tag.h - a space of ASIDs or VMIDs: allocate, free, pin a CPU's, put a
 * stale one aside.
 *
 * A tag in no array is empty in the TLB: that is what makes it safe to hand out
 * again. So a tag is freed only after its last user's flush (inval_attach_commit()
 * does it); one whose flush failed is put aside (stale) until a flush of
 * everything that began later, or a reset of the SMMUs, has succeeded.
 *
 * A space belongs to whom the embedder wants: one per SMMU, or one for all.
 * With BTM the SMMU hears the CPU's broadcast TLBI, so an ASID of a process's
 * page table must be the CPU's own: pinned, and before that given up by a domain
 * of ours that has it (inval_attach_init_move()).
 *
 * Pure: the space is words of the caller's memory, two bits a tag, and each
 * function runs under a lock of the caller's that goes with it.
 */
#ifndef INVAL_TAG_GUARD
#define INVAL_TAG_GUARD

#include "types.h"

INVAL_BEGIN

/**
 * enum inval_tag_state - what a tag is
 * @INVAL_TAG_FREE: in no array, empty in the TLB
 * @INVAL_TAG_USED: of a domain
 * @INVAL_TAG_PINNED: the CPU's
 * @INVAL_TAG_STALE: in no array, but maybe in the TLB
 */
enum inval_tag_state {
	INVAL_TAG_FREE,
	INVAL_TAG_USED,
	INVAL_TAG_PINNED,
	INVAL_TAG_STALE
};

/**
 * struct inval_tags - a space of tags; no field is the caller's
 * @words: two bits a tag
 * @num: tags, 0 to @num - 1
 * @first: the lowest that is handed out
 * @next: where the search for a free one begins
 * @stale: tags that are put aside now
 * @asides: how often one was put aside so far
 */
struct inval_tags {
	uint64_t *words;
	uint32_t num;
	uint32_t first;
	uint32_t next;
	uint32_t stale;
	uint64_t asides;
};

/*
 * Internal: tags in one word; the low bits of all their states, of which FREE has
 * neither bit and STALE both.
 */
#define INVAL_TAG_PER_WORD	32U
#define INVAL_TAG_LOW_BITS	0x5555555555555555ULL
#define INVAL_TAG_MOST		65536U

/**
 * inval_tags_bytes() - memory for the words of a space
 * @num: tags
 *
 * Context: any.
 * Return: bytes; aligned like a uint64_t.
 */
static inline uint64_t inval_tags_bytes(uint32_t num)
{
	return (((uint64_t)num + INVAL_TAG_PER_WORD - 1U) / INVAL_TAG_PER_WORD) * sizeof(uint64_t);
}

/**
 * inval_tags_init() - a space in which all tags are free
 * @t: the caller's
 * @words: inval_tags_bytes() of memory; the caller's, as long as @t
 * @num: tags: 256 or 65536 by IDR0.ASID16 or VMID16, or fewer
 * @first: the lowest to hand out: 1 where 0 has a meaning of its own
 *
 * Context: before others use @t.
 * Return: 0; -INVAL_EINVAL when no tag is left to hand out, or there are more
 * than 65536, or no memory: nothing was written.
 */
static inline INVAL_MUST_CHECK int inval_tags_init(struct inval_tags *t, uint64_t *words,
						   uint32_t num, uint32_t first)
{
	uint32_t i;

	if (first >= num || num > INVAL_TAG_MOST || words == NULL)
		return -INVAL_EINVAL;
	for (i = 0; i < inval_tags_bytes(num) / sizeof(uint64_t); i++)
		words[i] = 0;
	t->words = words;
	t->num = num;
	t->first = first;
	t->next = first;
	t->stale = 0;
	t->asides = 0;
	return 0;
}

/**
 * inval_tags_state() - what a tag is
 * @t: the space
 * @tag: below the number of tags
 *
 * Context: the lock of the space is held.
 * Return: the state.
 */
static inline enum inval_tag_state inval_tags_state(const struct inval_tags *t, uint32_t tag)
{
	uint64_t word = t->words[tag / INVAL_TAG_PER_WORD];

	return (enum inval_tag_state)((word >> (2U * (tag % INVAL_TAG_PER_WORD))) & 3U);
}

/* Internal: change what a tag is. */
static inline void inval_tags_set(struct inval_tags *t, uint32_t tag, enum inval_tag_state state)
{
	uint32_t shift = 2U * (tag % INVAL_TAG_PER_WORD);
	uint64_t *word = &t->words[tag / INVAL_TAG_PER_WORD];

	*word = (*word & ~inval_bits(3, shift)) | inval_bits((uint32_t)state, shift);
}

/* Internal: is @tag one of the space, and in this state? */
static inline bool inval_tags_is(const struct inval_tags *t, uint32_t tag,
				 enum inval_tag_state state)
{
	return tag >= t->first && tag < t->num && inval_tags_state(t, tag) == state;
}

/* Internal: the first free tag from @at on and below @end, or @end. */
static inline uint32_t inval_tags_find(const struct inval_tags *t, uint32_t at, uint32_t end)
{
	uint64_t word, unused;

	for (; at < end; at = (at | (INVAL_TAG_PER_WORD - 1U)) + 1U) {
		word = t->words[at / INVAL_TAG_PER_WORD];
		unused = ~(word | (word >> 1)) & INVAL_TAG_LOW_BITS;
		unused >>= 2U * (at % INVAL_TAG_PER_WORD);
		if (unused != 0U) {
			at += inval_ctz(unused) / 2U;
			return at < end ? at : end;
		}
	}
	return end;
}

/**
 * inval_tags_alloc() - a tag for a domain
 * @t: the space
 * @tag: out, on success
 *
 * Goes round: a tag is handed out again only after the search has passed all
 * others. A word of memory, 32 tags, is one step.
 *
 * Context: the lock of the space is held.
 * Return: 0; -INVAL_ENOSPC when none is free; -INVAL_EAGAIN when none is free
 * but some are stale: flush everything (inval_tags_mark()), then try again.
 * Nothing changes on failure.
 */
static inline INVAL_MUST_CHECK int inval_tags_alloc(struct inval_tags *t, uint32_t *tag)
{
	uint32_t at = inval_tags_find(t, t->next, t->num);

	if (at == t->num) {
		at = inval_tags_find(t, t->first, t->next);
		if (at == t->next)
			return t->stale != 0U ? -INVAL_EAGAIN : -INVAL_ENOSPC;
	}
	inval_tags_set(t, at, INVAL_TAG_USED);
	t->next = at + 1U < t->num ? at + 1U : t->first;
	*tag = at;
	return 0;
}

/* Internal: a tag that was in @state is free, or stale. */
static inline int inval_tags_release(struct inval_tags *t, uint32_t tag,
				     enum inval_tag_state state, bool stale)
{
	if (!inval_tags_is(t, tag, state))
		return -INVAL_ENOENT;
	inval_tags_set(t, tag, stale ? INVAL_TAG_STALE : INVAL_TAG_FREE);
	if (stale) {
		t->stale++;
		t->asides++;
	}
	return 0;
}

/**
 * inval_tags_free() - a tag comes back
 * @t: the space
 * @tag: one that inval_tags_alloc() gave; in no array any more
 * @stale: its flush failed (struct inval_attach's stale_tags)
 *
 * Context: the lock of the space is held.
 * Return: 0; -INVAL_ENOENT when it is not in use: nothing changes.
 */
static inline INVAL_MUST_CHECK int inval_tags_free(struct inval_tags *t, uint32_t tag, bool stale)
{
	return inval_tags_release(t, tag, INVAL_TAG_USED, stale);
}

/**
 * inval_tags_mark() - before a flush that is to empty the stale tags
 * @t: the space
 *
 * Context: the lock of the space is held; it may be let go for the flush.
 * Return: the mark, for inval_tags_clean().
 */
static inline uint64_t inval_tags_mark(const struct inval_tags *t)
{
	return t->asides;
}

/**
 * inval_tags_clean() - the stale tags are empty now
 * @t: the space
 * @mark: of inval_tags_mark(), before the flush began
 *
 * After a flush of everything on all SMMUs of the space, or their reset, that
 * succeeded. A tag put aside meanwhile may have come into the TLB behind it.
 *
 * Context: the lock of the space is held.
 * Return: 0: the stale ones are free; -INVAL_EAGAIN when one was put aside since
 * then: nothing changes, mark and flush again.
 */
static inline INVAL_MUST_CHECK int inval_tags_clean(struct inval_tags *t, uint64_t mark)
{
	uint64_t stale;
	uint32_t i;

	if (t->asides != mark)
		return -INVAL_EAGAIN;
	for (i = 0; t->stale != 0U && i < inval_tags_bytes(t->num) / sizeof(uint64_t); i++) {
		stale = t->words[i] & (t->words[i] >> 1) & INVAL_TAG_LOW_BITS;
		t->words[i] ^= stale | (stale << 1);
	}
	t->stale = 0;
	return 0;
}

/**
 * inval_tags_pin() - the CPU's own tag, for a page table that both walk
 * @t: the space
 * @tag: the CPU's
 *
 * Context: the lock of the space is held.
 * Return: 0; -INVAL_EBUSY when one of our domains has it: give that domain
 * another, then, without letting go of the lock between, free it and pin again;
 * -INVAL_EEXIST when it is pinned already; -INVAL_EAGAIN when it is stale: flush
 * everything (inval_tags_mark()) first; -INVAL_ERANGE when the space has no such
 * tag, or it is below those handed out. Nothing changes on failure.
 */
static inline INVAL_MUST_CHECK int inval_tags_pin(struct inval_tags *t, uint32_t tag)
{
	if (tag < t->first || tag >= t->num)
		return -INVAL_ERANGE;
	switch (inval_tags_state(t, tag)) {
	case INVAL_TAG_FREE:
		inval_tags_set(t, tag, INVAL_TAG_PINNED);
		return 0;
	case INVAL_TAG_USED:
		return -INVAL_EBUSY;
	case INVAL_TAG_PINNED:
		return -INVAL_EEXIST;
	case INVAL_TAG_STALE:
	default:
		return -INVAL_EAGAIN;
	}
}

/**
 * inval_tags_unpin() - the CPU's tag is in no array any more
 * @t: the space
 * @tag: a pinned one
 * @stale: its flush failed
 *
 * Context: the lock of the space is held.
 * Return: 0; -INVAL_ENOENT when it is not pinned: nothing changes.
 */
static inline INVAL_MUST_CHECK int inval_tags_unpin(struct inval_tags *t, uint32_t tag, bool stale)
{
	return inval_tags_release(t, tag, INVAL_TAG_PINNED, stale);
}

INVAL_END

#endif /* INVAL_TAG_GUARD */
