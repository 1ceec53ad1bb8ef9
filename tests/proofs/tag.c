/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tag.h: one call on any space of up to 35 tags (two words of states, so that both
 * edges of a word are among them), in any state that it can have. Each call leaves
 * such a state, so what is proved of one holds for all sequences.
 *
 * tag_alloc	the first free tag in round order, no other; refused exactly when none
 *		is free, with the right code
 * tag_change	free, unpin, pin: states and codes exact, no other tag changed
 * tag_clean	the stale become free and no other tag changes, or, after a mark that
 *		is too old, nothing does
 * tag_init	all free; refusals exact and nothing written
 * Refused calls change nothing; nothing behind the memory asked for is written.
 */
#include <inval/tag.h>

#include "proof.h"

#define TAGS	35U
#define WORDS	3U	/* the last is behind the memory of the space */

static uint32_t state_of(const uint64_t *words, uint32_t tag)
{
	return (uint32_t)((words[tag / 32U] >> (2U * (tag % 32U))) & 3U);
}

/* What a space always is; that @stale is the number of them is left to the deltas below. */
static bool good(const struct inval_tags *t)
{
	uint64_t stale = 0;
	uint32_t i, last;

	if (t->num == 0U || t->num > TAGS || t->first >= t->num || t->next < t->first || t->next >= t->num)
		return false;
	last = (t->num - 1U) / 32U;
	for (i = 0; i <= last; i++)
		stale |= t->words[i] & (t->words[i] >> 1) & INVAL_TAG_LOW_BITS;
	return (t->stale != 0U || stale == 0U) &&
	       (t->num % 32U == 0U || t->words[last] >> (2U * (t->num % 32U)) == 0U) &&
	       (t->first == 0U || t->first > 31U ||
		(t->words[0] & ((1ULL << (2U * t->first)) - 1U)) == 0U) &&
	       (t->first < 32U || t->words[0] == 0U);
}

static bool same(const struct inval_tags *x, const struct inval_tags *y)
{
	uint32_t i;

	for (i = 0; i < WORDS; i++)
		if (x->words[i] != y->words[i])
			return false;
	return x->num == y->num && x->first == y->first && x->next == y->next &&
	       x->stale == y->stale && x->asides == y->asides;
}

static void any_space(struct inval_tags *t, uint64_t *words, struct inval_tags *was,
		      uint64_t *copy)
{
	uint32_t i;

	t->words = words;
	assume(good(t) && t->asides < UINT64_MAX && t->stale < TAGS);
	for (i = 0; i < WORDS; i++)
		copy[i] = words[i];
	*was = *t;
	was->words = copy;
}

void proof_tag_alloc(void)
{
	uint64_t words[WORDS], copy[WORDS];
	struct inval_tags t, was;
	uint32_t tag = nondet_u32(), before = tag, i = any_to(TAGS - 1U);
	int err;

	any_space(&t, words, &was, copy);
	err = inval_tags_alloc(&t, &tag);
	assume(i >= t.first && i < t.num);
	if (err != 0) {
		prove(same(&t, &was) && tag == before && state_of(copy, i) != INVAL_TAG_FREE);
		prove(err == (was.stale != 0U ? -INVAL_EAGAIN : -INVAL_ENOSPC));
		return;
	}
	prove(good(&t) && t.stale == was.stale && t.asides == was.asides);
	prove(tag >= t.first && tag < t.num);
	prove(state_of(copy, tag) == INVAL_TAG_FREE);
	prove(state_of(words, i) == (i == tag ? INVAL_TAG_USED : state_of(copy, i)));
	prove(t.next == (tag + 1U == t.num ? t.first : tag + 1U));
	if (tag >= was.next ? i >= was.next && i < tag : i >= was.next || i < tag)
		prove(state_of(copy, i) != INVAL_TAG_FREE);
	prove(words[2] == copy[2] && (t.num > 32U || words[1] == copy[1]));
}

void proof_tag_change(void)
{
	uint64_t words[WORDS], copy[WORDS];
	struct inval_tags t, was;
	uint32_t tag = nondet_u32(), i = any_to(TAGS - 1U), had, call = any_to(2), want;
	bool stale = nondet_bool(), in;
	int err;

	any_space(&t, words, &was, copy);
	in = tag >= t.first && tag < t.num;
	had = in ? state_of(copy, tag) : 9U;
	err = call == 0U ? inval_tags_free(&t, tag, stale) :
	      call == 1U ? inval_tags_unpin(&t, tag, stale) : inval_tags_pin(&t, tag);
	if (call == 2U)
		prove(err == (!in ? -INVAL_ERANGE : had == INVAL_TAG_FREE ? 0 :
			      had == INVAL_TAG_USED ? -INVAL_EBUSY :
			      had == INVAL_TAG_PINNED ? -INVAL_EEXIST : -INVAL_EAGAIN));
	else
		prove(err == (had == (call == 0U ? INVAL_TAG_USED : INVAL_TAG_PINNED) ? 0 :
			      -INVAL_ENOENT));
	if (err != 0) {
		prove(same(&t, &was));
		return;
	}
	stale = stale && call != 2U;
	want = call == 2U ? INVAL_TAG_PINNED : stale ? INVAL_TAG_STALE : INVAL_TAG_FREE;
	prove(good(&t) && t.next == was.next && t.stale == was.stale + (stale ? 1U : 0U) &&
	      t.asides == was.asides + (stale ? 1U : 0U));
	prove(i >= t.num || state_of(words, i) == (i == tag ? want : state_of(copy, i)));
	prove(words[2] == copy[2] && (t.num > 32U || words[1] == copy[1]));
}

void proof_tag_clean(void)
{
	uint64_t words[WORDS], copy[WORDS], mark = nondet_u64();
	uint32_t i = any_to(TAGS - 1U);
	struct inval_tags t, was;
	int err;

	any_space(&t, words, &was, copy);
	prove(inval_tags_mark(&t) == t.asides);
	err = inval_tags_clean(&t, mark);
	prove(err == (mark == was.asides ? 0 : -INVAL_EAGAIN));
	if (err != 0) {
		prove(same(&t, &was));
		return;
	}
	prove(good(&t) && t.stale == 0U && t.next == was.next && t.asides == was.asides);
	prove(i >= t.num || state_of(words, i) == (state_of(copy, i) == INVAL_TAG_STALE ?
						   INVAL_TAG_FREE : state_of(copy, i)));
	prove(words[2] == copy[2] && (t.num > 32U || words[1] == copy[1]));
}

void proof_tag_init(void)
{
	uint64_t words[WORDS], copy[WORDS];
	uint32_t num = nondet_u32(), first = nondet_u32(), i = any_to(WORDS - 1U);
	struct inval_tags t, was;
	bool none = nondet_bool();
	int err;

	assume(num <= TAGS || num > INVAL_TAG_MOST);
	copy[i] = words[i];
	was = t;
	was.words = t.words;
	prove(inval_tags_bytes(num) >= (uint64_t)num / 4U && inval_tags_bytes(num) % 8U == 0U &&
	      inval_tags_bytes(num) < (uint64_t)num / 4U + 9U);
	err = inval_tags_init(&t, none ? NULL : words, num, first);
	prove(err == (first >= num || num > TAGS || none ? -INVAL_EINVAL : 0));
	if (err != 0) {
		prove(words[i] == copy[i] && t.num == was.num && t.next == was.next &&
		      t.first == was.first && t.stale == was.stale && t.asides == was.asides);
		return;
	}
	prove(good(&t) && t.num == num && t.first == first && t.stale == 0U && t.words == words);
	prove(words[i] == (i < (num + 31U) / 32U ? 0U : copy[i]));
}
