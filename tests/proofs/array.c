/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * array.h, for all arrays and lists of up to SIZE entries, whatever their keys,
 * users, opcodes and units. "Any key" below is one more input: what is proved of it
 * holds for every key.
 *
 * layout	entries lie behind the header, aligned, inside the bytes asked for
 * find		first entry not below any key; reads no other than the entries given
 * copy		the entries with users of any part, in order, and nothing behind them
 * heapsort	not descending, each entry as often as before
 * sort		on top of any list that heapsort may leave (a stand-in): each key once
 *		with the sum of its users, nothing lost or made; refusals exact, with
 *		the users of each key as they were
 * place	one addition, however many came before it: what placed() says of the new
 *		array stays true, nothing is written behind; refusals exact
 * merge	on top of that: ascending, users of any key added, no dead entry, counts
 *		and STU right, nothing written behind the size asked for, the old array
 *		untouched; refusals exact
 * ref		users of any key added and nothing else changed; refusals exact, with
 *		nothing changed at all; -ENOENT means that merge is needed
 * unref	users of any key taken, or reported; counts, states, cut-off exact
 * purge	the live entries, no other, in order
 * entries	each constructor: fields read back, word 0 as cmd.h encodes it, refusals
 *		write nothing; keys order as (SMMU, type, id, SubstreamID, SSV)
 *
 * For merge, ref and unref keys have 32 ranks and any type: keys are only compared, and
 * their type read, so every order of 2 * SIZE keys is among them. TOTAL entries of the
 * array stand between the ranks of the list; there is one run of cbmc for each TOTAL, and
 * for each NUM entries of a list. At SIZE 6 merge takes eight minutes.
 *
 * What one proof has shown of a function stands in for it in the next ones
 * (INSTEAD_*): each says what the function does in the way that is cheapest for cbmc.
 */
#include <stdbool.h>
#include <stdint.h>

#include "proof.h"

void proof_copy_bytes(void *to, const void *from, unsigned long bytes);
#define __builtin_memcpy proof_copy_bytes

struct inval_array;
struct inval_entry;
static inline struct inval_entry *inval_array_at(struct inval_array *a);
static inline uint32_t inval_array_find(const struct inval_entry *e, uint32_t num, uint64_t key);
static inline struct inval_entry *inval_array_entry(struct inval_array *a, uint64_t key);
static inline uint32_t inval_array_copy(struct inval_entry *to, struct inval_array *base,
					uint32_t at, uint32_t end);
static inline void inval_entries_heapsort(struct inval_entry *list, uint32_t num);
static inline void inval_port_store32(uint32_t *p, uint32_t v);
static inline int inval_array_join(struct inval_array *a, struct inval_entry *to,
				   const struct inval_entry *add, const struct inval_entry *old);
static inline int inval_array_place(struct inval_array *a, struct inval_array *base,
				    uint32_t total, uint32_t *done, const struct inval_entry *add);
#include <inval/array.h>

/*
 * The array now, and the new one, header and entries apart, so that cbmc need not ask
 * of each store which it hit; and what both were before.
 */
static struct inval_array base, next, base_was;
static struct inval_entry base_e[SIZE], base_e_was[SIZE], next_e[2 * SIZE], next_e_was[2 * SIZE];

#ifdef INSTEAD_inval_array_at
static inline struct inval_entry *inval_array_at(struct inval_array *a)
{
	return a == &base ? base_e : next_e;
}
#endif

/* For __builtin_memcpy: from the array to the new one, and nothing else. */
void proof_copy_bytes(void *to, const void *from, unsigned long bytes)
{
	long out = (struct inval_entry *)to - next_e;
	long in = (const struct inval_entry *)from - base_e;
	unsigned long i;

	prove(bytes % sizeof(*next_e) == 0U);
	for (i = 0; i < bytes / sizeof(*next_e); i++, out++, in++)
		next_e[out] = base_e[in];
}

static bool ascending(const struct inval_entry *e, uint32_t num)
{
	uint32_t i;

	for (i = 1; i < num; i++)
		if (e[i - 1].key >= e[i].key)
			return false;
	return true;
}

/* What inval_array_find() is; here all entries are read, so all must be there. */
static uint32_t below(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	uint32_t i, n = 0;

	for (i = 0; i < num; i++)
		n += e[i].key < key ? 1U : 0U;
	return n;
}

#ifdef INSTEAD_inval_array_find
static inline uint32_t inval_array_find(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	prove(ascending(e, num));
	return below(e, num, key);
}
#endif

/* What inval_array_entry() is. */
static struct inval_entry *entry_of(struct inval_array *a, struct inval_entry *e, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < a->num; i++)
		if (e[i].key == key)
			return &e[i];
	return NULL;
}

#ifdef INSTEAD_inval_array_entry
static inline struct inval_entry *inval_array_entry(struct inval_array *a, uint64_t key)
{
	prove(a == &base);
	return entry_of(a, base_e, key);
}
#endif

/*
 * These two are the real thing, found by comparing pointers: cbmc takes a store
 * through a pointer it does not know for one to any byte.
 */
#ifdef INSTEAD_inval_port_store32
static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	uint32_t i;

	for (i = 0; i < SIZE; i++)
		if (p == &base_e[i].users) {
			base_e[i].users = v;
			return;
		}
	if (p == &base.dead) {
		base.dead = v;
		return;
	}
	prove(p == &base.num);
	base.num = v;
}
#endif

#ifdef INSTEAD_inval_array_join
static inline int header_inval_array_join(struct inval_array *a, struct inval_entry *to,
					  const struct inval_entry *add,
					  const struct inval_entry *old);

static inline int inval_array_join(struct inval_array *a, struct inval_entry *to,
				   const struct inval_entry *add, const struct inval_entry *old)
{
	struct inval_entry was, is;
	uint32_t i;
	int err;

	prove(next.num != 0U && next.num <= 2U * SIZE && to == &next_e[next.num - 1U]);
	for (i = 0; i < SIZE && old != &base_e[i]; i++)
		;
	prove(old == NULL || i < SIZE);
	if (i < SIZE)
		was = base_e[i];
	err = header_inval_array_join(a, &is, add, old != NULL ? &was : NULL);
	next_e[next.num - 1U] = is;
	return err;
}
#endif

/* What inval_array_copy() is, for arrays of up to SIZE entries: into @to from @out on. */
static uint32_t copy_live(struct inval_entry *to, uint32_t out, const struct inval_entry *from,
			  uint32_t at, uint32_t end)
{
	uint32_t i, was = out;

	for (i = 0; i < SIZE; i++)
		if (i >= at && i < end && from[i].users != 0U)
			to[out++] = from[i];
	return out - was;
}

/* Of an ascending list: one entry has the key at most. */
static uint64_t users_of(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	uint64_t users = 0;
	uint32_t i;

	for (i = 0; i < num; i++)
		users = e[i].key == key ? e[i].users : users;
	return users;
}

static uint64_t sum_of(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	uint64_t users = 0;
	uint32_t i;

	for (i = 0; i < num; i++)
		users += e[i].key == key ? e[i].users : 0U;
	return users;
}

static bool has(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		if (e[i].key == key)
			return true;
	return false;
}

/* What every array is, published or not. */
static bool good(const struct inval_array *a, const struct inval_entry *e)
{
	uint32_t i, dead = 0, ats = 0;
	bool between = true, stu = true;

	for (i = 0; i < a->num; i++) {
		if (e[i].users == 0U) {
			dead++;
			between = between && i >= a->dead_from && i < a->dead_to;
		} else {
			ats += (e[i].key >> 53 & 7U) >= 3U ? 1U : 0U;
		}
		stu = stu && e[i].stu_lg2 <= a->stu_lg2;
	}
	return ascending(e, a->num) && dead == a->dead && ats == a->ats &&
	       between && stu;
}

#ifdef INSTEAD_inval_array_copy
static inline uint32_t inval_array_copy(struct inval_entry *to, struct inval_array *a,
					uint32_t at, uint32_t end)
{
	prove(at <= end && end <= a->num && (at == end || a == &base));
	prove(to == next_e + next.num);
	return copy_live(next_e, next.num, base_e, at, end);
}
#endif

/* By value: cbmc reads an element of an array, but any bytes behind a pointer to one. */
static bool same_entry(struct inval_entry x, struct inval_entry y)
{
	return x.key == y.key && x.users == y.users && x.op_range == y.op_range &&
	       x.op_all == y.op_all && x.stu_lg2 == y.stu_lg2;
}

/* An array of any content and @num entries, remembered. */
static void any_base(uint32_t num)
{
	uint32_t i;

	base.num = num;
	for (i = 0; i < num; i++)
		base_e[i].key = (uint64_t)((SIZE + 1U) * (i + 1U)) << 56 | (base_e[i].key & 7ULL << 53);
	assume(good(&base, base_e));
	base_was = base;
	for (i = 0; i < SIZE; i++) {
		base_e_was[i] = base_e[i];
		next_e_was[i] = next_e[i];
		next_e_was[SIZE + i] = next_e[SIZE + i];
	}
}

static bool base_same(void)
{
	uint32_t i = any_to(SIZE - 1);

	return base.num == base_was.num && base.dead == base_was.dead &&
	       base.dead_from == base_was.dead_from && base.dead_to == base_was.dead_to &&
	       base.ats == base_was.ats && base.stu_lg2 == base_was.stu_lg2 &&
	       same_entry(base_e[i], base_e_was[i]) && base_e[i].state == base_e_was[i].state;
}

static bool is_ranked(uint64_t key)
{
	return (key & ~(31ULL << 56 | 7ULL << 53)) == 0U;
}

static void any_list(const struct inval_entry *list, uint32_t num)
{
	uint32_t i;

	assume(ascending(list, num));
	for (i = 0; i < num; i++)
		assume(list[i].users != 0U && is_ranked(list[i].key));
}

static uint64_t any_key(void)
{
	uint64_t key = nondet_u64();

	assume(is_ranked(key));
	return key;
}

void proof_layout(void)
{
	static uint64_t mem[64];
	struct inval_array *a = (struct inval_array *)(void *)mem;
	unsigned char *first = (unsigned char *)inval_array_at(a);
	uint32_t num = nondet_u32();

	prove(first >= (unsigned char *)(a + 1) && (first - (unsigned char *)mem) % 8 == 0);
	prove(inval_array_bytes(num) ==
	      (uint64_t)(first - (unsigned char *)mem) + (uint64_t)num * sizeof(struct inval_entry));
}

/* Behind the last entry given there is nothing to read. */
static void find(uint32_t num)
{
	struct inval_entry e[2 * SIZE];
	const struct inval_entry *from = e + (2U * SIZE - num);
	uint64_t key = nondet_u64();

	assume(ascending(from, num));
	prove(inval_array_find(from, num, key) == below(from, num, key));
}

void proof_find(void)
{
	CASES(num, 2U * SIZE, find(num));
}

static void entry(uint32_t num)
{
	uint64_t key = any_key();

	any_base(num);
	prove(inval_array_entry(&base, key) == entry_of(&base, base_e, key));
	prove(inval_array_entry(NULL, key) == NULL);
}

void proof_entry(void)
{
	CASES(num, SIZE, entry(num));
}

static void copy(uint32_t num)
{
	uint32_t at = any_to(num), end = any_to(num), i = any_to(2 * SIZE - 1), want;

	any_base(num);
	assume(at <= end);
	want = copy_live(next_e_was, 0, base_e, at, end);
	prove(inval_array_copy(next_e, &base, at, end) == want);
	prove(same_entry(next_e[i], next_e_was[i]));
}

void proof_copy(void)
{
	CASES(num, SIZE, copy(num));
}

static uint32_t count_of(const struct inval_entry *e, uint32_t num, const struct inval_entry *x)
{
	uint32_t i, n = 0;

	for (i = 0; i < num; i++)
		n += same_entry(e[i], *x) ? 1U : 0U;
	return n;
}

static void heapsort(uint32_t num)
{
	struct inval_entry list[SIZE], was[SIZE], any;
	uint32_t i, at = any_to(SIZE - 1);

	for (i = 0; i < SIZE; i++)
		was[i] = list[i];
	inval_entries_heapsort(list, num);
	for (i = 1; i < num; i++)
		prove(list[i - 1].key <= list[i].key);
	prove(count_of(list, num, &any) == count_of(was, num, &any));
	prove(at < num || same_entry(list[at], was[at]));
}

#ifndef INSTEAD_inval_entries_heapsort
void proof_heapsort(void)
{
	CASES(num, SIZE, heapsort(num));
}
#else
/* Any list that is not descending; kept for comparison. */
static struct inval_entry sorted[SIZE];

static inline void inval_entries_heapsort(struct inval_entry *list, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++) {
		struct inval_entry any;

		assume(i == 0U || list[i - 1U].key <= any.key);
		list[i] = any;
		sorted[i] = any;
	}
}

static void sort(uint32_t before)
{
	uint32_t num = before, i;
	struct inval_entry list[SIZE];
	bool clash = false, full = false;
	uint64_t key = nondet_u64();
	int err;

	err = inval_entries_sort(list, &num);
	for (i = 1; i < before; i++)
		clash = clash || (sorted[i].key == sorted[i - 1].key &&
				  (sorted[i].op_range != sorted[i - 1].op_range ||
				   sorted[i].op_all != sorted[i - 1].op_all));
	for (i = 0; i < before; i++)
		full = full || sum_of(sorted, before, sorted[i].key) > UINT32_MAX;
	prove(sum_of(list, num, key) == sum_of(sorted, before, key));
	prove(has(list, num, key) == has(sorted, before, key));
	if (err == 0) {
		prove(!clash && !full && ascending(list, num) && num <= before);
		return;
	}
	prove(num == before && (err == -INVAL_EINVAL ? clash :
				err == -INVAL_EOVERFLOW && full));
}

void proof_sort(void)
{
	CASES(num, SIZE, sort(num));
}
#endif

/* The commands asked for under a key. */
static uint32_t ops_of(const struct inval_entry *e, uint32_t num, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		if (e[i].key == key)
			return (uint32_t)e[i].op_range << 8 | e[i].op_all;
	return 0;
}

/* Does an addition ask for other commands than a live entry, or for too many users? */
static bool clashes(const struct inval_entry *add, uint32_t num, bool *full)
{
	bool other = false;
	uint64_t had;
	uint32_t i;

	*full = false;
	for (i = 0; i < num; i++) {
		had = users_of(base_e_was, base_was.num, add[i].key);
		other = other || (had != 0U && ops_of(base_e_was, base_was.num, add[i].key) !=
				  ((uint32_t)add[i].op_range << 8 | add[i].op_all));
		*full = *full || had + add[i].users > UINT32_MAX;
	}
	return other;
}

/*
 * Where inval_array_fill() stands: @num additions are placed, @last is the key of the
 * last one, and @done entries of the array are behind it. One entry of the new array,
 * and one key, stand for all: @at is what the additions so far ask for under the key of
 * that entry, @of what they ask for under that key; nothing: no users.
 */
static uint32_t any_at, behind_at;
static uint64_t of_key;

static bool placed(uint32_t num, uint64_t last, uint32_t done, struct inval_entry at,
		   struct inval_entry of)
{
	uint32_t i, most = num, behind = 0, ats = 0, n = next.num;
	struct inval_entry e = next_e[any_at];
	uint64_t had = users_of(base_e, base.num, e.key);

	for (i = 0; i < base.num; i++) {
		behind += num != 0U && base_e[i].key <= last ? 1U : 0U;
		most += i < done && base_e[i].users != 0U ? 1U : 0U;
		ats += i >= done && base_e[i].users != 0U && inval_entry_is_ats(&base_e[i]) ? 1U : 0U;
	}
	for (i = 0; i < 2U * SIZE; i++)
		ats += i < n && inval_entry_is_ats(&next_e[i]) ? 1U : 0U;
	if (n > most)
		return false;
	if (any_at < n && !(e.key <= last && had + at.users != 0U && e.users == had + at.users &&
			    ops_of(&e, 1, e.key) == (at.users != 0U ? ops_of(&at, 1, at.key) :
						     ops_of(base_e, base.num, e.key)) &&
			    e.stu_lg2 <= next.stu_lg2 &&
			    (any_at + 1U >= n || e.key < next_e[any_at + 1U].key)))
		return false;
	return done == behind && next.ats == ats && next.stu_lg2 >= base.stu_lg2 &&
	       (num == 0U || of_key > last || has(next_e, n, of_key) ||
		users_of(base_e, base.num, of_key) + of.users == 0U);
}

/* Nothing is written behind what is placed. */
static bool untouched(void)
{
	return behind_at < next.num || same_entry(next_e[behind_at], next_e_was[behind_at]);
}

static void any_place(void)
{
	assume(any_at < 2U * SIZE && behind_at < 2U * SIZE && is_ranked(of_key));
}

#ifndef INSTEAD_inval_array_place
/* What is asked for under a key with @add, when it was @before, and all up to @last. */
static struct inval_entry with(uint64_t key, struct inval_entry before, uint64_t last,
			       struct inval_entry add)
{
	if (key == add.key)
		return add;
	if (key > last)
		before.users = 0;
	return before;
}

/* One addition, when @num are placed, of which nothing else is known. */
static void place(uint32_t total, uint32_t num)
{
	uint32_t done = any_to(total);
	uint64_t last = nondet_u64();
	struct inval_entry add, at, of;
	bool other, full;
	int err;

	any_base(total);
	any_list(&add, 1);
	any_place();
	assume(num == 0U ? last == 0U : last < add.key && is_ranked(last));
	assume(placed(num, last, done, at, of) && untouched());
	if (num == 0U)
		at.users = of.users = 0;
	err = inval_array_place(&next, &base, total, &done, &add);
	other = clashes(&add, 1, &full);
	prove(err == (other ? -INVAL_EINVAL : full ? -INVAL_EOVERFLOW : 0));
	prove(base_same() && untouched() && next.num <= inval_array_live(&base) + num + 1U);
	prove(err != 0 || placed(num + 1U, add.key, done, with(next_e[any_at].key, at, last, add),
				 with(of_key, of, last, add)));
}

void proof_place(void)
{
	place(TOTAL, any_to(SIZE - 1));
}
#endif

static struct inval_entry list[SIZE];
static uint32_t list_num;

#ifdef INSTEAD_inval_array_place
/* What the first @num additions ask for under a key. */
static struct inval_entry first(uint32_t num, uint64_t key)
{
	struct inval_entry none = { 0 };
	uint32_t i;

	for (i = 0; i < num; i++)
		if (list[i].key == key)
			return list[i];
	return none;
}

static bool placed_first(uint32_t num, uint32_t done)
{
	return placed(num, num != 0U ? list[num - 1U].key : 0U, done,
		      first(num, next_e[any_at].key), first(num, of_key)) && untouched();
}

/*
 * It takes what placed() says from one addition to the next, as proof_place() shows. So
 * that is asked for before the first one, and said behind the last; between two of them
 * all has to stand as it was left.
 */
static inline int inval_array_place(struct inval_array *a, struct inval_array *from,
				    uint32_t total, uint32_t *done, const struct inval_entry *add)
{
	static struct inval_array left;
	static uint32_t left_num, left_done;
	struct inval_entry any[2 * SIZE];
	uint32_t num = (uint32_t)(add - list), i;
	bool other, full;

	prove(a == &next && from == &base && total == base.num);
	prove(num == 0U ? placed_first(0, *done) :
	      num == left_num && *done == left_done && next.num == left.num &&
	      next.ats == left.ats && next.stu_lg2 == left.stu_lg2);
	for (i = 0; i < 2U * SIZE; i++)
		next_e[i] = any[i];
	next.num = left.num = nondet_u32();
	next.ats = left.ats = nondet_u32();
	next.stu_lg2 = left.stu_lg2 = nondet_u32();
	*done = left_done = any_to(total);
	left_num = num + 1U;
	other = clashes(add, 1, &full);
	assume(other || full ? untouched() && next.num <= inval_array_live(&base) + left_num :
	       left_num != list_num || placed_first(left_num, *done));
	return other ? -INVAL_EINVAL : full ? -INVAL_EOVERFLOW : 0;
}
#endif

/* @none: to no array. */
static void merge(uint32_t total, uint32_t num, bool none)
{
	struct inval_array *out = NULL;
	uint64_t bytes = nondet_u64();
	uint32_t want, ats = 0, i;
	struct inval_entry e;
	bool full, other;
	int err;

	any_base(total);
	any_list(list, num);
	any_place();
	list_num = num;
	want = total - base.dead + num;
	prove(inval_array_merge_bytes(none ? NULL : &base, num) == inval_array_bytes(want));
	err = inval_array_merge(&out, &next, bytes, none ? NULL : &base, list, num);
	other = clashes(list, num, &full);
	prove(base_same());
	prove(behind_at < want || same_entry(next_e[behind_at], next_e_was[behind_at]));
	if (err != 0) {
		prove(out == NULL);
		prove(err == -INVAL_ENOMEM ? bytes < inval_array_bytes(want) :
		      err == -INVAL_EINVAL ? other : err == -INVAL_EOVERFLOW && full);
		return;
	}
	prove(!other && !full && bytes >= inval_array_bytes(want));
	prove(out == &next && next.num <= want && next.dead == 0U);
	assume(next.num <= want);
	for (i = 0; i < want; i++)
		ats += i < next.num && inval_entry_is_ats(&next_e[i]) ? 1U : 0U;
	prove(next.ats == ats);
	prove(has(next_e, next.num, of_key) ||
	      users_of(base_e, total, of_key) + users_of(list, num, of_key) == 0U);
	if (any_at >= next.num)
		return;
	e = next_e[any_at];
	prove(e.users != 0U);
	prove(any_at + 1U == next.num || e.key < next_e[any_at + 1U].key);
	prove(e.users == users_of(base_e, total, e.key) + users_of(list, num, e.key));
	prove(ops_of(&e, 1, e.key) == (has(list, num, e.key) ? ops_of(list, num, e.key) :
				       ops_of(base_e, total, e.key)));
	prove(e.stu_lg2 <= next.stu_lg2);
}

void proof_merge(void)
{
	merge(TOTAL, NUM, false);
}

void proof_merge_none(void)
{
	CASES(num, SIZE, merge(0, num, true));
}

static void ref(uint32_t total, uint32_t num)
{
	struct inval_entry add[SIZE];
	uint32_t i = any_to(SIZE - 1);
	uint64_t key = any_key(), had, gets;
	bool full, other, missing = false;
	int err;

	any_base(total);
	any_list(add, num);
	had = users_of(base_e, total, key);
	gets = users_of(add, num, key);
	err = inval_array_ref(&base, add, num);
	other = clashes(add, num, &full);
	if (err == 0) {
		prove(base.num == total && !other && !full);
		prove(good(&base, base_e));
		prove(users_of(base_e, total, key) == had + gets);
		base_e[i].users = base_e_was[i].users;
		prove(same_entry(base_e[i], base_e_was[i]));
		return;
	}
	prove(base_same());
	for (i = 0; i < num; i++)
		missing = missing || !has(base_e_was, total, add[i].key) ||
			  add[i].stu_lg2 > base_was.stu_lg2 ||
			  (users_of(base_e_was, total, add[i].key) == 0U &&
			   ops_of(base_e_was, total, add[i].key) !=
			   ((uint32_t)add[i].op_range << 8 | add[i].op_all));
	prove(err == -INVAL_ENOENT ? missing : err == -INVAL_EINVAL ? other :
	      err == -INVAL_EOVERFLOW && full);
}

void proof_ref(void)
{
	ref(TOTAL, NUM);
}

static void unref(uint32_t total, uint32_t num)
{
	struct inval_entry del[SIZE], asked[SIZE];
	uint32_t i, k = any_to(SIZE - 1), died = 0, unknown = 0;
	uint64_t key = any_key(), had, takes;
	struct inval_unref res;

	any_base(total);
	any_list(del, num);
	for (i = 0; i < SIZE; i++)
		asked[i] = del[i];
	inval_array_unref(&base, del, num, &res);
	had = users_of(base_e_was, total, key);
	takes = users_of(asked, num, key);
	prove(users_of(base_e, total, key) == (takes <= had ? had - takes : had));
	prove(base.num <= total && base.stu_lg2 == base_was.stu_lg2);
	assume(base.num <= total);
	prove(good(&base, base_e));
	prove(base.num == 0U || base_e[base.num - 1U].users != 0U);
	prove(k < base.num || k >= total || base_e[k].users == 0U);
	for (i = 0; i < num; i++) {
		had = users_of(base_e_was, total, asked[i].key);
		prove(del[i].key == asked[i].key && del[i].users == asked[i].users);
		prove(del[i].state == (had < asked[i].users ? INVAL_STATE_UNKNOWN :
				       had == asked[i].users ? INVAL_STATE_DIED :
				       INVAL_STATE_LIVE));
		died += had == asked[i].users ? 1U : 0U;
		unknown += had < asked[i].users ? 1U : 0U;
	}
	prove(res.tags + res.ats == died && res.ats == base_was.ats - base.ats);
	prove(res.unknown == unknown);
	base_e[k].users = base_e_was[k].users;
	prove(same_entry(base_e[k], base_e_was[k]));
}

void proof_unref(void)
{
	unref(TOTAL, NUM);
}

static void purge(uint32_t total)
{
	struct inval_array *out = NULL;
	uint32_t i = any_to(2 * SIZE - 1), live;
	uint64_t key = any_key(), bytes = nondet_u64(), need;
	int err;

	any_base(total);
	live = total - base.dead;
	need = inval_array_purge_bytes(&base);
	prove(need == (base.dead != 0U ? inval_array_bytes(live) : 0U));
	err = inval_array_purge(&out, &next, bytes, &base);
	prove(base_same());
	prove(i < live || same_entry(next_e[i], next_e_was[i]));
	prove(err == (bytes < inval_array_bytes(live) ? -INVAL_ENOMEM : 0));
	if (err != 0)
		return;
	prove(out == &next && next.num == live);
	assume(next.num == live);
	prove(next.dead == 0U && good(&next, next_e));
	prove(users_of(next_e, live, key) == users_of(base_e, total, key));
	prove(has(next_e, live, key) == (users_of(base_e, total, key) != 0U));
}

void proof_purge(void)
{
	CASES(total, SIZE, purge(total));
}

/* One entry from any constructor; what it should be, in @want: smmu, type, id, substream. */
static int any_entry(struct inval_entry *e, uint64_t want[4], struct inval_cmd *cmd)
{
	uint32_t smmu = nondet_u32(), sid = nondet_u32(), ssid = nondet_u32();
	uint16_t vmid = nondet_u16(), asid = nondet_u16();
	bool ssv = nondet_bool(), e2h = nondet_bool(), global = nondet_bool();
	uint8_t stu = nondet_u8();
	int err;

	want[0] = smmu;
	want[1] = any_to(5);
	want[3] = 0;
	cmd->d0 = 0;
	switch (want[1]) {
	case INVAL_TYPE_S1_ASID:
		want[2] = (uint64_t)asid << 16 | vmid;
		prove(inval_cmd_tlbi_addr(cmd, INVAL_OP_TLBI_NH_VA, vmid, asid, 0, false) == 0);
		return inval_entry_s1(e, smmu, vmid, asid, global);
	case INVAL_TYPE_S2_VMID:
		want[2] = vmid;
		prove(inval_cmd_tlbi_addr(cmd, INVAL_OP_TLBI_S2_IPA, vmid, 0, 0, false) == 0);
		return inval_entry_s2(e, smmu, vmid);
	case INVAL_TYPE_S1_CLEAR:
		want[2] = vmid;
		prove(inval_cmd_tlbi(cmd, INVAL_OP_TLBI_NH_ALL, vmid, 0) == 0);
		return inval_entry_s1_clear(e, smmu, vmid);
	case INVAL_TYPE_ATS:
		want[2] = sid;
		want[3] = (uint64_t)ssid << 1 | (ssv ? 1U : 0U);
		err = inval_entry_ats(e, smmu, sid, ssv, ssid, stu);
		prove(err != -INVAL_ERANGE || ssid > (ssv ? 0xfffffU : 0U) || stu < 12U ||
		      stu > 43U);
		if (err == 0)
			prove(inval_cmd_atc_inv(cmd, sid, ssv, ssid, false, 0, 52) == 0);
		return err;
	case INVAL_TYPE_ATS_FULL:
		want[2] = sid;
		prove(inval_cmd_atc_inv(cmd, sid, false, 0, false, 0, 52) == 0);
		return inval_entry_ats_full(e, smmu, sid);
	default:
		want[1] = INVAL_TYPE_S1_ASID;
		want[2] = (uint64_t)asid << 16;
		err = inval_entry_el2(e, smmu, asid, e2h, global);
		prove((err == -INVAL_EINVAL) == (!e2h && asid != 0U));
		prove(inval_cmd_tlbi_addr(cmd, INVAL_OP_TLBI_EL2_VA, 0, asid, 0, false) == 0);
		return err;
	}
}

void proof_entries(void)
{
	struct inval_entry x, y, was = x;
	uint64_t a[4], b[4];
	struct inval_cmd cmd, other;
	uint32_t i;
	int err = any_entry(&x, a, &cmd);

	if (err != 0) {
		prove(same_entry(x, was) && x.state == was.state);
		prove(err != -INVAL_ENOSPC || a[0] > 255U);
		return;
	}
	prove(a[0] <= 255U && x.users == 1U && x.state == INVAL_STATE_LIVE);
	prove(inval_entry_smmu(&x) == a[0] && (uint64_t)inval_entry_type(&x) == a[1]);
	prove(x.key == (a[0] << 56 | a[1] << 53 | a[2] << 21 | a[3]));
	prove(inval_entry_is_ats(&x) == (a[1] >= INVAL_TYPE_ATS));
	prove((x.key << 11 | x.op_range) == cmd.d0);
	if (any_entry(&y, b, &other) != 0)
		return;
	for (i = 0; i < 3 && a[i] == b[i]; i++)
		;
	prove((x.key < y.key) == (a[i] < b[i]) && (x.key == y.key) == (a[i] == b[i]));
}
