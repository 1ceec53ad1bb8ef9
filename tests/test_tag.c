/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tag.h
 * 1. Sizes: memory is two bits a tag in whole words; a space of no tags to hand
 *    out, of more than 65536 or without memory is refused with nothing written;
 *    initialising writes all of the memory asked for and nothing behind it.
 * 2. Over random calls every answer, every state and all memory agree with a
 *    plain array of states, for spaces of 1 to 65536 tags (8 and 16 bits among
 *    them), first tags 0, 1 and the last; a refused call changes no bit of the
 *    space, of its memory or of *tag.
 * 3. Allocation goes round: after a tag is freed at once, all others come first;
 *    a full space gives each tag once, then -INVAL_ENOSPC, or -INVAL_EAGAIN as
 *    long as one is stale.
 * 4. Stale: such a tag is not handed out, freed or pinned until a clean whose
 *    mark is not older than it; then it is free, and no other tag changed.
 * 5. Pin: a free tag is pinned once; then it is not allocated or freed, until
 *    unpinned; used, pinned, stale, low and large ones each have their code.
 */
#include <inval/tag.h>

#include "test.h"

#define MOST	65536U
#define GUARD	0x5a5a5a5a5a5a5a5aULL

static uint64_t words[MOST / 32U + 1U];

/* The reference: one byte a tag, one step a tag. */
struct naive {
	unsigned char state[MOST];
	uint32_t num;
	uint32_t first;
	uint32_t next;
	uint64_t asides;
};

static struct naive naive;

static uint32_t naive_after(uint32_t tag)
{
	return tag + 1U < naive.num ? tag + 1U : naive.first;
}

static uint32_t naive_count(enum inval_tag_state state)
{
	uint32_t i, n = 0;

	for (i = naive.first; i < naive.num; i++)
		n += naive.state[i] == (unsigned char)state ? 1U : 0U;
	return n;
}

static int naive_alloc(uint32_t *tag)
{
	uint32_t i, at = naive.next;

	for (i = naive.first; i < naive.num; i++) {
		if (naive.state[at] == INVAL_TAG_FREE) {
			naive.state[at] = INVAL_TAG_USED;
			naive.next = naive_after(at);
			*tag = at;
			return 0;
		}
		at = naive_after(at);
	}
	return naive_count(INVAL_TAG_STALE) != 0U ? -INVAL_EAGAIN : -INVAL_ENOSPC;
}

static int naive_release(uint32_t tag, enum inval_tag_state was, bool stale)
{
	if (tag < naive.first || tag >= naive.num || naive.state[tag] != (unsigned char)was)
		return -INVAL_ENOENT;
	naive.state[tag] = stale ? INVAL_TAG_STALE : INVAL_TAG_FREE;
	naive.asides += stale ? 1U : 0U;
	return 0;
}

static int naive_pin(uint32_t tag)
{
	static const int code[] = { 0, -INVAL_EBUSY, -INVAL_EEXIST, -INVAL_EAGAIN };
	int err;

	if (tag < naive.first || tag >= naive.num)
		return -INVAL_ERANGE;
	err = code[naive.state[tag]];
	if (err == 0)
		naive.state[tag] = INVAL_TAG_PINNED;
	return err;
}

static int naive_clean(uint64_t mark)
{
	uint32_t i;

	if (mark != naive.asides)
		return -INVAL_EAGAIN;
	for (i = 0; i < naive.num; i++)
		if (naive.state[i] == INVAL_TAG_STALE)
			naive.state[i] = INVAL_TAG_FREE;
	return 0;
}

static void naive_init(uint32_t num, uint32_t first)
{
	memset(&naive, 0, sizeof(naive));
	naive.num = num;
	naive.first = first;
	naive.next = first;
}

static void same_states(const struct inval_tags *t, const char *when)
{
	uint32_t i;

	for (i = 0; i < naive.num; i++)
		CHECK((unsigned char)inval_tags_state(t, i) == naive.state[i],
		      "%s: tag %u of %u from %u is %u, not %u", when, i, naive.num, naive.first,
		      (unsigned int)inval_tags_state(t, i), naive.state[i]);
}

static uint64_t words_of(uint32_t num)
{
	return inval_tags_bytes(num) / sizeof(uint64_t);
}

static void make(struct inval_tags *t, uint32_t num, uint32_t first)
{
	int err;

	memset(words, 0x5a, sizeof(words));
	err = inval_tags_init(t, words, num, first);
	CHECK(err == 0, "%u tags from %u: %d", num, first, err);
	naive_init(num, first);
}

TEST(tag, sizes)
{
	static const uint32_t nums[] = { 1, 2, 31, 32, 33, 63, 64, 65, 255, 256, 257, 65535, MOST };
	static const struct { uint32_t num, first; } bad[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 1 }, { 256, 256 }, { 256, 300 }, { MOST + 1U, 0 },
		{ UINT32_MAX, 1 },
	};
	struct inval_tags t, before;
	uint32_t i;
	uint64_t n;
	int err;

	for (i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		n = words_of(nums[i]);
		CHECK(n == nums[i] / 32U + (nums[i] % 32U != 0U ? 1U : 0U), "%u tags: %llu words",
		      nums[i], (unsigned long long)n);
		make(&t, nums[i], 0);
		same_states(&t, "fresh");
		CHECK(words[n - 1U] == 0U && words[n] == GUARD, "%u tags: memory", nums[i]);
	}
	CHECK(inval_tags_bytes(UINT32_MAX) == 8ULL << 27, "no overflow: %llu",
	      (unsigned long long)inval_tags_bytes(UINT32_MAX));
	memset(&t, 0x5a, sizeof(t));
	before = t;
	memset(words, 0x5a, sizeof(words));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = inval_tags_init(&t, words, bad[i].num, bad[i].first);
		CHECK(err == -INVAL_EINVAL, "%u from %u: %d", bad[i].num, bad[i].first, err);
	}
	err = inval_tags_init(&t, NULL, 256, 1);
	CHECK(err == -INVAL_EINVAL, "no memory: %d", err);
	CHECK(memcmp(&t, &before, sizeof(t)) == 0 && words[0] == GUARD, "a refusal wrote");
}

/* One random call on both; true when it was refused. */
static bool step(struct inval_tags *t, uint64_t *seed, uint64_t *mark)
{
	uint64_t r = test_random(seed);
	uint32_t tag = (uint32_t)((r >> 32) % (naive.num + 2U)), got = 7, want = 7;
	bool stale = (r & 0x300U) == 0U;
	int err, expect;

	switch (r % 16U) {
	case 0: case 1: case 2: case 3: case 4: case 5:
		err = inval_tags_alloc(t, &got);
		expect = naive_alloc(&want);
		break;
	case 6: case 7: case 8: case 9: case 10:
		err = inval_tags_free(t, tag, stale);
		expect = naive_release(tag, INVAL_TAG_USED, stale);
		break;
	case 11: case 12:
		err = inval_tags_pin(t, tag);
		expect = naive_pin(tag);
		break;
	case 13:
		err = inval_tags_unpin(t, tag, stale);
		expect = naive_release(tag, INVAL_TAG_PINNED, stale);
		break;
	case 14:
		*mark = inval_tags_mark(t);
		CHECK(*mark == naive.asides, "mark %llu, not %llu", (unsigned long long)*mark,
		      (unsigned long long)naive.asides);
		return false;
	default:
		err = inval_tags_clean(t, *mark);
		expect = naive_clean(*mark);
		break;
	}
	CHECK(err == expect && got == want, "%u of %u from %u, call %u: %d and %u, not %d and %u",
	      tag, naive.num, naive.first, (unsigned int)(r % 16U), err, got, expect, want);
	return err != 0;
}

TEST(tag, random_calls)
{
	static const struct { uint32_t num, first, steps; } spaces[] = {
		{ 1, 0, 300 }, { 2, 0, 1000 }, { 2, 1, 1000 }, { 5, 1, 3000 }, { 31, 0, 3000 },
		{ 32, 1, 3000 }, { 33, 32, 1000 }, { 64, 1, 3000 }, { 65, 0, 3000 },
		{ 96, 40, 3000 }, { 256, 1, 6000 }, { 256, 255, 1000 }, { MOST, MOST - 3U, 300 },
	};
	static uint64_t copy[MOST / 32U + 1U];
	unsigned long refused = 0, taken = 0;
	uint64_t seed = 3, mark = 0, n;
	struct inval_tags t, before;
	uint32_t i, k;

	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		make(&t, spaces[i].num, spaces[i].first);
		n = words_of(naive.num);
		for (k = 0; k < spaces[i].steps; k++) {
			before = t;
			memcpy(copy, words, n * sizeof(words[0]));
			if (step(&t, &seed, &mark)) {
				refused++;
				CHECK(memcmp(&before, &t, sizeof(t)) == 0 &&
				      memcmp(copy, words, n * sizeof(words[0])) == 0,
				      "a refused call changed %u of %u", k, naive.num);
			} else {
				taken++;
			}
			if (naive.num <= 300U || k % 50U == 0U)
				same_states(&t, "random");
			CHECK(words[n] == GUARD, "behind the memory of %u tags", naive.num);
		}
	}
	CHECK(refused > 3000U && taken > 10000U, "%lu refused, %lu taken", refused, taken);
}

TEST(tag, goes_round)
{
	static const struct { uint32_t num, first; } spaces[] = {
		{ 1, 0 }, { 2, 0 }, { 2, 1 }, { 32, 0 }, { 33, 1 }, { 256, 1 }, { MOST, 1 },
	};
	uint32_t i, k, tag = 0, want;
	struct inval_tags t;
	int err;

	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		make(&t, spaces[i].num, spaces[i].first);
		want = spaces[i].first;
		for (k = 0; k < 2U * spaces[i].num + 3U; k++) {
			err = inval_tags_alloc(&t, &tag);
			CHECK(err == 0 && tag == want, "%u tags, call %u: %d, %u not %u",
			      spaces[i].num, k, err, tag, want);
			err = inval_tags_free(&t, tag, false);
			CHECK(err == 0, "%u tags: free %u: %d", spaces[i].num, tag, err);
			want = naive_after(want);
		}
	}
}

/* All that is free, each once, in turn; then the code. */
static void drain(struct inval_tags *t, int code)
{
	uint32_t n, left = naive_count(INVAL_TAG_FREE), tag, want;
	int err;

	for (n = 0; n < left; n++) {
		err = inval_tags_alloc(t, &tag);
		CHECK(err == 0 && naive_alloc(&want) == 0 && tag == want, "%u of %u: %d, tag %u",
		      n, left, err, tag);
	}
	tag = 12345;
	err = inval_tags_alloc(t, &tag);
	CHECK(err == code && tag == 12345U, "%u tags, full: %d, not %d", naive.num, err, code);
}

TEST(tag, exhaustion)
{
	static const uint32_t nums[] = { 2, 33, 256, MOST };
	struct inval_tags t;
	uint32_t i, last;
	uint64_t mark;
	int err;

	for (i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		last = nums[i] - 1U;
		make(&t, nums[i], 1);
		drain(&t, -INVAL_ENOSPC);
		err = inval_tags_free(&t, last, true);
		CHECK(err == 0 && naive_release(last, INVAL_TAG_USED, true) == 0, "%d", err);
		drain(&t, -INVAL_EAGAIN);
		mark = inval_tags_mark(&t);
		err = inval_tags_clean(&t, mark);
		CHECK(err == 0 && naive_clean(mark) == 0, "%u tags: clean: %d", nums[i], err);
		drain(&t, -INVAL_ENOSPC);
		same_states(&t, "drained");
	}
}

/* Refused, and nothing changed. */
static void refused(const struct inval_tags *t, const struct inval_tags *was, uint64_t word,
		    int err, int code, const char *what)
{
	CHECK(err == code && memcmp(t, was, sizeof(*t)) == 0 && words[0] == word, "%s: %d, not %d",
	      what, err, code);
}

TEST(tag, stale)
{
	struct inval_tags t, was;
	uint64_t mark, word;
	uint32_t tag;
	int err;

	make(&t, 4, 1);
	err = inval_tags_alloc(&t, &tag);
	CHECK(err == 0 && tag == 1U, "%d, %u", err, tag);
	err = inval_tags_pin(&t, 3);
	CHECK(err == 0, "%d", err);
	mark = inval_tags_mark(&t);
	err = inval_tags_free(&t, 1, true);
	CHECK(err == 0 && inval_tags_state(&t, 1) == INVAL_TAG_STALE, "%d", err);
	was = t;
	word = words[0];
	refused(&t, &was, word, inval_tags_clean(&t, mark), -INVAL_EAGAIN, "a mark from before");
	refused(&t, &was, word, inval_tags_free(&t, 1, false), -INVAL_ENOENT, "free");
	refused(&t, &was, word, inval_tags_unpin(&t, 1, false), -INVAL_ENOENT, "unpin");
	refused(&t, &was, word, inval_tags_pin(&t, 1), -INVAL_EAGAIN, "pin");
	mark = inval_tags_mark(&t);
	err = inval_tags_alloc(&t, &tag);
	CHECK(err == 0 && tag == 2U, "not the stale one: %d, %u", err, tag);
	err = inval_tags_unpin(&t, 3, true);
	CHECK(err == 0, "%d", err);
	was = t;
	word = words[0];
	refused(&t, &was, word, inval_tags_clean(&t, mark), -INVAL_EAGAIN, "one more meanwhile");
	refused(&t, &was, word, inval_tags_alloc(&t, &tag), -INVAL_EAGAIN, "all stale");
	err = inval_tags_clean(&t, inval_tags_mark(&t));
	CHECK(err == 0, "%d", err);
	CHECK(words[0] == ((uint64_t)INVAL_TAG_USED << 4), "only tag 2 is used: %llx",
	      (unsigned long long)words[0]);
}

TEST(tag, pin)
{
	static const uint32_t nums[] = { 256, MOST };
	struct inval_tags t, was;
	uint32_t i, num, tag;
	uint64_t word;
	int err;

	for (i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		num = nums[i];
		make(&t, num, 1);
		err = inval_tags_alloc(&t, &tag);
		CHECK(err == 0 && tag == 1U, "%d, %u", err, tag);
		err = inval_tags_pin(&t, num - 1U);
		CHECK(err == 0, "the last of %u: %d", num, err);
		err = inval_tags_pin(&t, 2);
		CHECK(err == 0 && inval_tags_state(&t, 2) == INVAL_TAG_PINNED, "%d", err);
		was = t;
		word = words[0];
		refused(&t, &was, word, inval_tags_pin(&t, 1), -INVAL_EBUSY, "a domain's");
		refused(&t, &was, word, inval_tags_pin(&t, 2), -INVAL_EEXIST, "pinned");
		refused(&t, &was, word, inval_tags_pin(&t, 0), -INVAL_ERANGE, "below the first");
		refused(&t, &was, word, inval_tags_pin(&t, num), -INVAL_ERANGE, "too wide");
		refused(&t, &was, word, inval_tags_pin(&t, UINT32_MAX), -INVAL_ERANGE, "largest");
		refused(&t, &was, word, inval_tags_free(&t, 2, false), -INVAL_ENOENT, "free");
		refused(&t, &was, word, inval_tags_unpin(&t, 1, false), -INVAL_ENOENT, "unpin");
		refused(&t, &was, word, inval_tags_unpin(&t, num, false), -INVAL_ENOENT, "none");
		err = inval_tags_alloc(&t, &tag);
		CHECK(err == 0 && tag == 3U, "over the pinned one: %d, %u", err, tag);
		err = inval_tags_unpin(&t, 2, false);
		CHECK(err == 0 && inval_tags_state(&t, 2) == INVAL_TAG_FREE, "%d", err);
	}
}
