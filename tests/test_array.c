/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * array.h
 *  1. After every merge, ref, unref and purge of thousands of random sequences the
 *     array holds exactly what a plain list keyed by all fields holds: same keys,
 *     users, opcodes, dead ones included, with num, dead, ats and stu_lg2 exact.
 *  2. The order is (SMMU, type, id, SubstreamID), ascending; no key stands twice.
 *  3. merge and purge write only into the memory they are given, need no byte more
 *     than their size functions say, and leave base and additions as they were.
 *  4. One byte too few, a list that is not sorted, other commands for the same key
 *     and users beyond 32 bits are refused, each with its code; then nothing has
 *     changed, and *out neither.
 *  5. ref changes nothing but users and counters; it refuses when a key is missing,
 *     and when a larger STU needs a new array.
 *  6. unref reports what it does not know (state, result, warning), leaves it alone
 *     and does the rest; says which entries died; cuts off dead ones at the end.
 *  7. A device with one StreamID twice balances in sort, merge, ref and unref.
 *  8. sort orders every input, sums users of equal keys and refuses what it must.
 *  9. find agrees with a linear search for every length and every place.
 * 10. Each entry constructor sets each field and opcode; key << 11 | opcode is the
 *     first word that cmd.h's encoder gives; what does not fit is refused.
 * 11. No hook is called but store32, count, trace and warn.
 * Faults of others that must not come back: purge lost that there were ATS entries;
 * one StreamID with two SubstreamIDs became one entry.
 */
/* port: recording */
#include <inval/array.h>

#include "test.h"

#define POOL 600U
#define GUARD 64U

/* One key with all its fields apart, and what a plain list knows of it. */
struct item {
	uint32_t smmu, type, id, ssv, ssid;
	uint8_t op_range, op_all, stu;
	bool present;
	uint32_t users;
};

struct list {
	struct item item[POOL];
	uint32_t num;
	uint8_t stu;
};

static int compare(const struct item *x, const struct item *y)
{
	if (x->smmu != y->smmu)
		return x->smmu < y->smmu ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->ssv != y->ssv && x->ssid == y->ssid)
		return x->ssv < y->ssv ? -1 : 1;
	if (x->ssid != y->ssid)
		return x->ssid < y->ssid ? -1 : 1;
	return 0;
}

/* The entry of an item, by the library's constructors. */
static struct inval_entry entry_of(const struct item *i, uint32_t users)
{
	struct inval_entry e;
	uint16_t vmid = (uint16_t)(i->id & 0xffffU), asid = (uint16_t)(i->id >> 16);
	int err = -1;

	switch (i->type) {
	case 0:
		if (i->op_range == 0x12)
			err = inval_entry_s1(&e, i->smmu, vmid, asid, i->op_all == 0x10);
		else
			err = inval_entry_el2(&e, i->smmu, asid, true, i->op_all == 0x20);
		break;
	case 1:
		err = inval_entry_s2(&e, i->smmu, vmid);
		break;
	case 2:
		err = inval_entry_s1_clear(&e, i->smmu, vmid);
		break;
	case 3:
		err = inval_entry_ats(&e, i->smmu, i->id, i->ssv != 0U, i->ssid, i->stu);
		break;
	default:
		err = inval_entry_ats_full(&e, i->smmu, i->id);
		break;
	}
	CHECK(err == 0, "type %u: %d", i->type, err);
	e.users = users;
	return e;
}

/* Some key; the opcodes follow from it, so that equal keys agree. */
static struct item random_item(uint64_t *seed, uint32_t spread)
{
	static const uint32_t number[4] = { 0, 1, 2, 255 };
	struct item i;
	uint64_t r = test_random(seed);

	memset(&i, 0, sizeof(i));
	i.smmu = number[r & 3U];
	i.type = (uint32_t)(r >> 8) % 5U;
	i.id = (uint32_t)(r >> 16) % spread;
	if ((r & 0x10U) != 0U)
		i.id += i.type >= 3U ? 0xffffff00U : 0xff00U;
	if (i.type == 0U) {
		i.id = (i.id & 0xffffU) << 16 | (i.smmu % 2U == 0U ? i.id % 7U : 0U);
		i.op_range = i.smmu % 2U == 0U ? 0x12 : 0x22;
		i.op_all = (uint8_t)(i.op_range - 1U - (i.id >> 16) % 2U);
	} else if (i.type == 1U) {
		i.id &= 0xffffU;
		i.op_range = 0x2a;
		i.op_all = 0x28;
	} else if (i.type == 2U) {
		i.id &= 0xffffU;
		i.op_range = 0x10;
		i.op_all = 0x10;
	} else {
		i.op_range = 0x40;
		i.op_all = 0x40;
	}
	if (i.type == 3U) {
		i.ssv = (uint32_t)(r >> 40) & 1U;
		i.ssid = i.ssv != 0U ? ((uint32_t)(r >> 41) & 1U) * 0xffffcU + (r >> 42) % 4U : 0U;
		i.stu = (uint8_t)(12U + i.id % 5U);
	}
	return i;
}

/* A list of keys, each once, in order, none of them in the array yet. */
static void list_make(struct list *l, uint64_t *seed, uint32_t most)
{
	struct item i;
	uint32_t tries, at;

	l->num = 0;
	l->stu = 12;
	for (tries = 0; tries < 2U * most && l->num < most; tries++) {
		i = random_item(seed, most);
		for (at = 0; at < l->num && compare(&l->item[at], &i) < 0; at++)
			;
		if (at < l->num && compare(&l->item[at], &i) == 0)
			continue;
		memmove(&l->item[at + 1U], &l->item[at], (l->num - at) * sizeof(i));
		l->item[at] = i;
		l->num++;
	}
}

/* The array holds what the list holds, in the list's order. */
static void check_array(struct inval_array *a, const struct list *l, const char *step)
{
	uint32_t i, n = 0, dead = 0, ats = 0;
	const struct inval_entry *e;

	for (i = 0; i < l->num; i++) {
		const struct item *w = &l->item[i];

		if (!w->present)
			continue;
		CHECK(a && n < a->num, "%s: %u entries, more wanted", step, a ? a->num : 0U);
		e = inval_array_at(a) + n;
		CHECK(e->key >> 56 == w->smmu && inval_entry_smmu(e) == w->smmu, "%s: entry %u",
		      step, n);
		CHECK((e->key >> 53 & 7U) == w->type && inval_entry_type(e) == w->type,
		      "%s: entry %u", step, n);
		CHECK((e->key >> 21 & 0xffffffffU) == w->id, "%s: entry %u", step, n);
		CHECK((e->key >> 1 & 0xfffffU) == w->ssid && (e->key & 1U) == w->ssv,
		      "%s: entry %u", step, n);
		CHECK(e->users == w->users, "%s: entry %u: %u users, want %u", step, n, e->users,
		      w->users);
		CHECK(e->op_range == w->op_range && e->op_all == w->op_all, "%s: entry %u", step,
		      n);
		CHECK(inval_entry_is_ats(e) == (w->type >= 3U), "%s: entry %u", step, n);
		dead += w->users == 0U;
		ats += w->users != 0U && w->type >= 3U;
		n++;
	}
	if (!a) {
		CHECK(n == 0U, "%s: no array for %u entries", step, n);
		return;
	}
	CHECK(a->num == n, "%s: %u entries, want %u", step, a->num, n);
	CHECK(a->dead == dead, "%s: %u dead, want %u", step, a->dead, dead);
	CHECK(a->ats == ats, "%s: %u ATS, want %u", step, a->ats, ats);
	CHECK(a->stu_lg2 == l->stu, "%s: STU %u, want %u", step, a->stu_lg2, l->stu);
	CHECK(inval_array_live(a) == n - dead, "%s: live", step);
}

static uint64_t bytes_of(const struct inval_array *a)
{
	return a ? inval_array_bytes(a->num) : 0U;
}

/* A copy, to see later whether something changed. */
static void *keep(const void *mem, uint64_t bytes)
{
	void *copy = malloc((size_t)bytes + 1U);

	CHECK(copy != NULL, "memory");
	if (bytes != 0U)
		memcpy(copy, mem, (size_t)bytes);
	return copy;
}

static void check_kept(void *copy, const void *mem, uint64_t bytes, const char *what)
{
	CHECK(bytes == 0U || memcmp(copy, mem, (size_t)bytes) == 0, "%s changed", what);
	free(copy);
}

/* Memory of exactly so many bytes, with a fence behind it. */
static unsigned char *fenced(uint64_t bytes)
{
	unsigned char *mem = (unsigned char *)malloc((size_t)bytes + GUARD);

	CHECK(mem != NULL, "memory");
	memset(mem, 0x5a, (size_t)bytes + GUARD);
	return mem;
}

static void check_fence(const unsigned char *mem, uint64_t bytes)
{
	uint32_t i;

	for (i = 0; i < GUARD; i++)
		CHECK(mem[bytes + i] == 0x5aU, "byte %u behind the memory written", i);
}

/* merge with all that must hold around it; the new array, or NULL with *err. */
static struct inval_array *merge(struct inval_array *base, const struct inval_entry *add,
				 uint32_t num, int *err)
{
	uint64_t bytes = inval_array_merge_bytes(base, num);
	unsigned char *mem = fenced(bytes);
	struct inval_array *none = (struct inval_array *)(void *)mem, *out = none + 1;
	void *old = keep(base, bytes_of(base));
	void *list = keep(add, num * sizeof(*add));

	CHECK(bytes == inval_array_bytes(inval_array_live(base) + num), "%llu bytes",
	      (unsigned long long)bytes);
	CHECK(inval_array_merge(&out, NULL, bytes, base, add, num) == -INVAL_ENOMEM, "no memory");
	CHECK(inval_array_merge(&out, mem, bytes - 1U, base, add, num) == -INVAL_ENOMEM,
	      "one byte too few");
	CHECK(out == none + 1, "out without an array");
	check_fence(mem, 0);
	*err = inval_array_merge(&out, mem, bytes, base, add, num);
	check_fence(mem, bytes);
	check_kept(old, base, bytes_of(base), "base");
	check_kept(list, add, num * sizeof(*add), "additions");
	if (*err == 0) {
		CHECK((unsigned char *)out == mem, "array elsewhere");
		return out;
	}
	CHECK(out == none + 1, "out after %d", *err);
	free(mem);
	return NULL;
}

static void swap_array(struct inval_array **a, struct inval_array *next)
{
	CHECK(next != NULL, "no array");
	free(*a);
	*a = next;
}

/* Picks, with repetition, as a list for merge, ref and unref; count[] per item. */
static uint32_t pick(struct inval_entry *out, uint32_t *count, const struct list *l,
		     uint64_t *seed, uint32_t most)
{
	uint32_t num = (uint32_t)(test_random(seed) % (most + 1U)), i, n, k;

	memset(count, 0, POOL * sizeof(*count));
	for (i = 0; i < num; i++) {
		k = (uint32_t)(test_random(seed) % l->num);
		n = 1U + (uint32_t)(test_random(seed) % 3U);
		out[i] = entry_of(&l->item[k], n);
		count[k] += n;
	}
	CHECK(inval_entries_sort(out, &num) == 0, "sort");
	for (i = 0, k = 0; k < l->num; k++) {
		if (count[k] == 0U)
			continue;
		CHECK(i < num && out[i].users == count[k], "entry %u of the sorted list", i);
		i++;
	}
	CHECK(i == num, "%u in the sorted list, want %u", num, i);
	return num;
}

static void step_add(struct inval_array **a, struct list *l, uint64_t *seed, uint32_t most,
		     bool always_merge)
{
	static struct inval_entry add[POOL];
	static uint32_t count[POOL];
	uint32_t num = pick(add, count, l, seed, most), k;
	struct inval_array *next;
	bool there = true;
	int err;

	for (k = 0; k < l->num; k++)
		there = there && (count[k] == 0U || l->item[k].present);
	err = inval_array_ref_check(*a, add, num);
	CHECK(err == (there ? 0 : -INVAL_ENOENT), "ref_check: %d", err);
	if (!there || always_merge) {
		next = merge(*a, add, num, &err);
		CHECK(err == 0, "merge: %d", err);
		swap_array(a, next);
	} else {
		CHECK(inval_array_ref(*a, add, num) == 0, "ref");
	}
	for (k = 0; k < l->num; k++) {
		struct item *w = &l->item[k];

		w->users += count[k];
		if (count[k] != 0U && w->stu > l->stu)
			l->stu = w->stu;
		w->present = w->users != 0U || (w->present && there && !always_merge);
	}
}

static void trim(struct list *l)
{
	uint32_t k;

	for (k = l->num; k > 0U && l->item[k - 1U].users == 0U; k--)
		l->item[k - 1U].present = false;
}

static void step_del(struct inval_array *a, struct list *l, uint64_t *seed, uint32_t most)
{
	static struct inval_entry del[POOL];
	static uint32_t count[POOL];
	uint32_t num = pick(del, count, l, seed, most), i = 0, k, warns = rec.warns;
	struct inval_unref want = { 0, 0, 0 }, res = { 7, 7, 7 };
	uint8_t state;

	for (k = 0; k < num; k++)
		del[k].state = 0x55;
	inval_array_unref(a, del, num, &res);
	for (k = 0; k < l->num; k++) {
		struct item *w = &l->item[k];

		if (count[k] == 0U)
			continue;
		state = INVAL_STATE_LIVE;
		if (count[k] > w->users) {
			state = INVAL_STATE_UNKNOWN;
			want.unknown++;
		} else {
			w->users -= count[k];
			if (w->users == 0U) {
				state = INVAL_STATE_DIED;
				want.ats += w->type >= 3U;
				want.tags += w->type < 3U;
			}
		}
		CHECK(del[i].state == state, "state %u, want %u", del[i].state, state);
		i++;
	}
	trim(l);
	CHECK(res.tags == want.tags, "%u tags, want %u", res.tags, want.tags);
	CHECK(res.ats == want.ats, "%u ATS, want %u", res.ats, want.ats);
	CHECK(res.unknown == want.unknown && rec.warns - warns == want.unknown,
	      "%u unknown, want %u", res.unknown, want.unknown);
}

static void step_purge(struct inval_array **a, struct list *l)
{
	uint64_t bytes = inval_array_purge_bytes(*a);
	uint32_t k, live = 0, dead = 0;
	struct inval_array *out = NULL;
	unsigned char *mem;
	void *old;

	for (k = 0; k < l->num; k++) {
		live += l->item[k].users != 0U;
		dead += l->item[k].present && l->item[k].users == 0U;
	}
	CHECK(bytes == (dead != 0U ? inval_array_bytes(live) : 0U), "%llu bytes to purge",
	      (unsigned long long)bytes);
	if (!*a)
		return;
	bytes = inval_array_bytes(live);
	mem = fenced(bytes);
	old = keep(*a, bytes_of(*a));
	CHECK(inval_array_purge(&out, mem, bytes - 1U, *a) == -INVAL_ENOMEM && !out,
	      "one byte too few");
	check_array(*a, l, "purge without memory");
	CHECK(inval_array_purge(&out, mem, bytes, *a) == 0, "purge");
	check_fence(mem, bytes);
	check_kept(old, *a, bytes_of(*a), "base");
	swap_array(a, out);
	for (k = 0; k < l->num; k++)
		l->item[k].present = l->item[k].users != 0U;
}

static void run_sequence(uint64_t seed, uint32_t pool, uint32_t most, uint32_t steps)
{
	static struct list l;
	struct inval_array *a = NULL;
	uint32_t i;

	list_make(&l, &seed, pool);
	for (i = 0; i < steps; i++) {
		switch (test_random(&seed) % 8U) {
		case 0:
		case 1:
		case 2:
			step_add(&a, &l, &seed, most, false);
			check_array(a, &l, "add");
			break;
		case 3:
			step_add(&a, &l, &seed, most, true);
			check_array(a, &l, "merge");
			break;
		case 4:
		case 5:
		case 6:
			step_del(a, &l, &seed, most);
			check_array(a, &l, "unref");
			break;
		default:
			step_purge(&a, &l);
			check_array(a, &l, "purge");
			break;
		}
	}
	free(a);
}

static void start(void)
{
	rec_reset();
	memset(rec.mute, 1, sizeof(rec.mute));
}

TEST(array, random_sequences_small)
{
	uint64_t seed;

	start();
	for (seed = 1; seed <= 4000U; seed++)
		run_sequence(seed, 1U + seed % 30U, seed % 13U, 24);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(array, random_sequences_large)
{
	uint64_t seed;

	start();
	for (seed = 1; seed <= 120U; seed++)
		run_sequence(seed << 32, POOL - 1U, 300, 24);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* An ATS entry that cannot fail. */
static struct inval_entry ats(uint32_t smmu, uint32_t sid, bool ssv, uint32_t ssid)
{
	struct inval_entry e;

	CHECK(inval_entry_ats(&e, smmu, sid, ssv, ssid, 12) == 0, "ATS entry");
	return e;
}

static struct inval_entry s2(uint32_t smmu, uint16_t vmid)
{
	struct inval_entry e;

	CHECK(inval_entry_s2(&e, smmu, vmid) == 0, "S2 entry");
	return e;
}

/* The first array, of a sorted list. */
static struct inval_array *first(const struct inval_entry *add, uint32_t num)
{
	int err;
	struct inval_array *a = merge(NULL, add, num, &err);

	CHECK(err == 0, "merge: %d", err);
	return a;
}

TEST(array, no_array_is_an_empty_one)
{
	struct inval_unref res = { 1, 1, 1 };
	struct inval_entry e = s2(0, 1);
	struct inval_array *a;

	start();
	CHECK(inval_array_live(NULL) == 0U, "live");
	CHECK(inval_array_purge_bytes(NULL) == 0U, "purge");
	CHECK(inval_array_ref_check(NULL, NULL, 0) == 0, "nothing to add");
	CHECK(inval_array_ref(NULL, &e, 1) == -INVAL_ENOENT, "ref");
	inval_array_unref(NULL, &e, 1, &res);
	CHECK(res.tags == 0U && res.ats == 0U && res.unknown == 1U, "unref");
	a = first(NULL, 0);
	CHECK(a->num == 0U && a->dead == 0U && a->ats == 0U && a->stu_lg2 == 12U, "empty");
	free(a);
}

TEST(array, one_stream_two_substreams_are_two)
{
	struct inval_entry add[4];
	struct inval_unref res;
	struct inval_array *a, *b;
	uint32_t num = 4;
	int err;

	start();
	add[0] = ats(3, 77, true, 1);
	add[1] = ats(3, 77, true, 0);
	add[2] = ats(3, 77, false, 0);
	add[3] = ats(3, 77, true, 0xfffff);
	CHECK(inval_entries_sort(add, &num) == 0 && num == 4U, "%u entries", num);
	a = first(add, 1);
	b = merge(a, add + 1, 3, &err);
	CHECK(err == 0 && b->num == 4U && b->ats == 4U, "%d", err);
	CHECK(inval_array_at(b)[0].key == 0x0360000009a00000ULL &&
	      inval_array_at(b)[1].key == 0x0360000009a00001ULL &&
	      inval_array_at(b)[2].key == 0x0360000009a00003ULL &&
	      inval_array_at(b)[3].key == 0x0360000009bfffffULL, "order");
	inval_array_unref(b, add + 1, 1, &res);
	CHECK(res.ats == 1U && inval_array_at(b)[0].users == 1U &&
	      inval_array_at(b)[2].users == 1U, "one of them left");
	free(a);
	free(b);
}

TEST(array, peers_purge_keeps_the_count_of_ats)
{
	struct inval_entry add[3];
	struct inval_array *a, *b = NULL;
	struct inval_unref res;
	unsigned char *mem;

	start();
	add[0] = s2(0, 1);
	add[1] = ats(0, 1, false, 0);
	add[2] = ats(0, 2, false, 0);
	a = first(add, 3);
	inval_array_unref(a, add, 1, &res);
	mem = fenced(inval_array_purge_bytes(a));
	CHECK(inval_array_purge(&b, mem, inval_array_purge_bytes(a), a) == 0, "purge");
	CHECK(b->num == 2U && b->ats == 2U && b->dead == 0U, "%u ATS", b->ats);
	inval_array_unref(b, add + 1, 2, &res);
	CHECK(res.ats == 2U && b->ats == 0U && b->num == 0U, "the last ones leave");
	free(a);
	free(b);
}

TEST(array, same_stream_twice_balances)
{
	struct inval_entry add[4], again[2];
	struct inval_unref res;
	struct inval_array *a;
	uint32_t num = 4;

	start();
	add[0] = ats(1, 5, false, 0);
	add[1] = ats(1, 4, false, 0);
	add[2] = ats(1, 5, false, 0);
	add[3] = ats(1, 5, false, 0);
	CHECK(inval_entries_sort(add, &num) == 0 && num == 2U, "%u entries", num);
	CHECK(add[0].users == 1U && add[1].users == 3U, "users");
	memcpy(again, add, sizeof(again));
	a = first(add, num);
	CHECK(inval_array_ref(a, add, num) == 0 && inval_array_at(a)[1].users == 6U, "ref");
	inval_array_unref(a, again, num, &res);
	CHECK(res.ats == 0U && inval_array_at(a)[1].users == 3U, "one of two");
	inval_array_unref(a, again, num, &res);
	CHECK(res.ats == 2U && res.unknown == 0U && a->num == 0U, "the other");
	free(a);
}

/* Everything that refuses a list refuses this one, with this code. */
static void refused(struct inval_array *a, const struct inval_entry *add, uint32_t num, int want)
{
	void *old = keep(a, bytes_of(a));
	int err;

	CHECK(merge(a, add, num, &err) == NULL && err == want, "merge: %d, want %d", err, want);
	err = inval_array_ref_check(a, add, num);
	CHECK(err == want, "ref_check: %d, want %d", err, want);
	err = inval_array_ref(a, add, num);
	CHECK(err == want, "ref: %d, want %d", err, want);
	check_kept(old, a, bytes_of(a), "the array");
}

TEST(array, refuses_lists_that_are_not_sorted)
{
	struct inval_entry list[3];
	struct inval_array *a;

	start();
	list[0] = s2(0, 1);
	list[1] = s2(0, 2);
	list[2] = s2(0, 3);
	a = first(list, 3);
	list[2] = list[1];
	refused(a, list, 3, -INVAL_EINVAL);
	list[2] = list[0];
	refused(a, list, 3, -INVAL_EINVAL);
	list[2] = s2(0, 3);
	list[2].users = 0;
	refused(a, list, 3, -INVAL_EINVAL);
	list[2].users = 1;
	CHECK(inval_array_ref(a, list, 3) == 0, "the good list");
	free(a);
}

TEST(array, refuses_other_commands_for_a_key)
{
	struct inval_entry list[3], old, *e;
	struct inval_unref res;
	struct inval_array *a, *b;
	int err;

	start();
	list[0] = s2(0, 1);
	CHECK(inval_entry_s1(&list[0], 0, 0, 7, false) == 0, "entry");
	list[1] = s2(0, 2);
	list[2] = s2(0, 3);
	a = first(list, 3);
	old = list[0];
	CHECK(inval_entry_s1(&list[0], 0, 0, 7, true) == 0, "global");
	refused(a, list, 3, -INVAL_EINVAL);
	CHECK(inval_entry_el2(&list[0], 0, 7, true, false) == 0, "EL2");
	refused(a, list, 3, -INVAL_EINVAL);

	/* A dead one asks for nothing: a new array takes the new commands. */
	inval_array_unref(a, &old, 1, &res);
	CHECK(res.tags == 1U && a->dead == 1U && a->num == 3U, "dead");
	CHECK(inval_array_ref(a, list, 3) == -INVAL_ENOENT, "ref of a dead one");
	b = merge(a, list, 3, &err);
	CHECK(err == 0, "merge: %d", err);
	e = inval_array_at(b);
	CHECK(e[0].op_range == 0x22U && e[0].op_all == 0x21U && e[0].users == 1U, "replaced");
	CHECK(e[1].users == 2U && e[2].users == 2U && b->num == 3U, "the others");
	free(a);
	free(b);
}

TEST(array, refuses_users_beyond_32_bits)
{
	struct inval_entry list[2];
	struct inval_array *a, *b;
	int err;

	start();
	list[0] = s2(0, 1);
	list[1] = s2(0, 2);
	list[1].users = UINT32_MAX - 1U;
	a = first(list, 2);
	list[1].users = 2;
	refused(a, list, 2, -INVAL_EOVERFLOW);
	list[1].users = 1;
	b = merge(a, list, 2, &err);
	CHECK(err == 0 && inval_array_at(b)[1].users == UINT32_MAX, "the last that fits: %d", err);
	free(b);
	CHECK(inval_array_ref(a, list, 2) == 0, "the last that fits");
	CHECK(inval_array_at(a)[1].users == UINT32_MAX, "users");
	refused(a, list + 1, 1, -INVAL_EOVERFLOW);
	free(a);
}

/* Of such an array only the header is there: nothing else is looked at. */
TEST(array, more_entries_than_32_bits_count)
{
	struct inval_array huge, *out = NULL;
	struct inval_entry one;
	uint64_t bytes, mem[64];

	start();
	one = s2(0, 1);
	memset(&huge, 0, sizeof(huge));
	huge.num = UINT32_MAX;
	bytes = inval_array_merge_bytes(&huge, 1);
	CHECK(bytes == inval_array_bytes(UINT32_MAX) + sizeof(one), "%llu bytes",
	      (unsigned long long)bytes);
	CHECK(inval_array_merge(&out, mem, bytes, &huge, &one, 1) == -INVAL_EOVERFLOW && !out,
	      "merged");
}

TEST(array, larger_stu_needs_a_new_array)
{
	struct inval_entry small = ats(0, 1, false, 0), large = small;
	struct inval_array *a, *b;
	struct inval_unref res;
	int err;

	start();
	large.stu_lg2 = 16;
	a = first(&small, 1);
	CHECK(a->stu_lg2 == 12U, "STU %u", a->stu_lg2);
	CHECK(inval_array_ref(a, &large, 1) == -INVAL_ENOENT && a->stu_lg2 == 12U, "in place");
	b = merge(a, &large, 1, &err);
	CHECK(err == 0 && b->stu_lg2 == 16U && inval_array_at(b)->users == 2U && b->ats == 1U,
	      "merged");
	CHECK(inval_array_ref(b, &small, 1) == 0 && b->stu_lg2 == 16U, "a smaller one is fine");
	inval_array_unref(b, &large, 1, &res);
	CHECK(b->stu_lg2 == 16U, "stays: walks may read it");
	free(a);
	free(b);
}

TEST(array, revived_where_it_died)
{
	struct inval_entry list[3];
	struct inval_array *a;
	struct inval_unref res;

	start();
	list[0] = s2(0, 1);
	list[1] = ats(0, 1, false, 0);
	list[2] = ats(0, 2, false, 0);
	a = first(list, 3);
	inval_array_unref(a, list, 2, &res);
	CHECK(res.tags == 1U && res.ats == 1U, "dead");
	CHECK(a->num == 3U && a->dead == 2U && a->ats == 1U, "they stay in front");
	CHECK(inval_array_ref(a, list, 2) == 0, "ref");
	CHECK(a->num == 3U && a->dead == 0U && a->ats == 2U, "alive");
	CHECK(inval_array_at(a)[0].users == 1U && inval_array_at(a)[1].users == 1U, "users");
	free(a);
}

TEST(array, dead_end_is_cut_off)
{
	struct inval_entry list[5];
	struct inval_array *a;
	struct inval_unref res;
	uint32_t i;

	start();
	for (i = 0; i < 5U; i++)
		list[i] = s2(0, (uint16_t)i);
	a = first(list, 5);
	inval_array_unref(a, list + 2, 2, &res);
	CHECK(a->num == 5U && a->dead == 2U, "not at the end");
	inval_array_unref(a, list + 4, 1, &res);
	CHECK(a->num == 2U && a->dead == 0U, "%u entries, %u dead", a->num, a->dead);
	CHECK(inval_array_ref(a, list + 2, 1) == -INVAL_ENOENT, "what is cut off is gone");
	inval_array_unref(a, list, 2, &res);
	CHECK(a->num == 0U && a->dead == 0U && inval_array_live(a) == 0U, "all gone");
	free(a);
}

TEST(array, unref_reports_what_it_does_not_know)
{
	struct inval_entry list[3], del[4];
	struct inval_unref res;
	struct inval_array *a;
	uint32_t i;

	rec_reset();
	list[0] = s2(0, 1);
	list[1] = s2(0, 3);
	list[2] = s2(0, 9);
	a = first(list, 3);
	del[0] = s2(0, 1);
	del[0].users = 2;
	del[1] = s2(0, 2);
	del[2] = s2(0, 3);
	del[3] = s2(1, 0);
	del[3].users = 5;
	rec_forget();
	inval_array_unref(a, del, 4, &res);
	CHECK(res.unknown == 3U && res.tags == 1U && res.ats == 0U, "%u unknown", res.unknown);
	CHECK(del[0].state == INVAL_STATE_UNKNOWN && del[1].state == INVAL_STATE_UNKNOWN &&
	      del[2].state == INVAL_STATE_DIED && del[3].state == INVAL_STATE_UNKNOWN, "states");
	CHECK(inval_array_at(a)[0].users == 1U, "left alone");
	CHECK(a->num == 3U && a->dead == 1U, "counts");
	CHECK(rec_total(REC_WARN) == 3U, "%u warnings", rec_total(REC_WARN));
	i = rec_next(REC_WARN, 0);
	CHECK(rec.log[i].what == INVAL_WARN_KEY_UNKNOWN && rec.log[i].addr == del[0].key &&
	      rec.log[i].value == 2U, "first warning");
	i = rec_next(REC_WARN, rec_next(REC_WARN, i + 1U) + 1U);
	CHECK(rec.log[i].addr == del[3].key && rec.log[i].value == 5U, "last warning");
	i = rec_next(REC_TRACE, 0);
	CHECK(rec.log[i].what == INVAL_EVENT_UNREF && rec.log[i].addr == 4U &&
	      rec.log[i].value == 1U, "trace");
	inval_array_unref(a, del + 2, 1, &res);
	CHECK(res.unknown == 1U && del[2].state == INVAL_STATE_UNKNOWN, "a dead one has no user");
	free(a);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* A stage-1 half of a VMID that nobody flushes any more may go stale, so it is a tag. */
TEST(array, last_nested_device_takes_a_tag)
{
	struct inval_entry list[2];
	struct inval_unref res;
	struct inval_array *a;

	start();
	list[0] = s2(0, 1);
	list[0].users = 2;
	CHECK(inval_entry_s1_clear(&list[1], 0, 1) == 0, "entry");
	a = first(list, 2);
	list[0].users = 1;
	inval_array_unref(a, list, 2, &res);
	CHECK(res.tags == 1U && list[0].state == INVAL_STATE_LIVE &&
	      list[1].state == INVAL_STATE_DIED, "%u tags", res.tags);
	free(a);
}

/* Only these hooks; walks must see whole words, so users and num are stored once. */
TEST(array, hooks)
{
	struct inval_entry list[3];
	struct inval_unref res;
	struct inval_array *a;
	uint32_t i, n;

	rec_reset();
	for (i = 0; i < 3U; i++)
		list[i] = s2(0, (uint16_t)i);
	a = first(list, 3);
	CHECK(rec.count[INVAL_COUNT_COPY] == 1U && rec.events == 1U, "merge");
	rec_forget();
	CHECK(inval_array_ref(a, list, 3) == 0, "ref");
	CHECK(rec.count[INVAL_COUNT_REF] == 3U && rec.events == 4U, "ref: %u hooks", rec.events);
	for (n = 0, i = 0; i < 3U; i++)
		n += rec_next_at(REC_STORE32, rec_addr(&inval_array_at(a)[i].users), 0) == i;
	CHECK(n == 3U, "%u of 3 users stored", n);
	rec_forget();
	inval_array_unref(a, list, 3, &res);
	CHECK(rec.events == 5U && rec_total(REC_STORE32) == 4U, "unref: %u hooks", rec.events);
	CHECK(rec_next_at(REC_STORE32, rec_addr(&a->num), 0) == 3U, "num last");
	free(a);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

/* The same numbers, by the simplest sort there is. */
static void check_sorted(const struct inval_entry *in, uint32_t num, const char *what)
{
	static struct inval_entry out[POOL], want[POOL];
	uint32_t got = num, i, j, n = 0;

	for (i = 0; i < num; i++) {
		for (j = 0; j < n && want[j].key < in[i].key; j++)
			;
		if (j < n && want[j].key == in[i].key) {
			want[j].users += in[i].users;
			continue;
		}
		memmove(&want[j + 1U], &want[j], (n - j) * sizeof(want[0]));
		want[j] = in[i];
		n++;
	}
	memcpy(out, in, num * sizeof(out[0]));
	CHECK(inval_entries_sort(out, &got) == 0, "%s of %u", what, num);
	CHECK(got == n, "%s of %u: %u left, want %u", what, num, got, n);
	CHECK(memcmp(out, want, n * sizeof(out[0])) == 0, "%s of %u", what, num);
}

TEST(array, sort)
{
	static struct inval_entry in[POOL];
	uint64_t seed = 9;
	uint32_t num, i;

	start();
	for (num = 1; num < 300U; num++) {
		for (i = 0; i < num; i++)
			in[i] = s2(i / 256U, (uint16_t)(i % 256U));
		check_sorted(in, num, "sorted");
		for (i = 0; i < num; i++)
			in[i] = s2(7, (uint16_t)(num - i));
		check_sorted(in, num, "reversed");
		for (i = 0; i < num; i++)
			in[i] = s2(7, 3);
		check_sorted(in, num, "equal");
		for (i = 0; i < num; i++) {
			in[i] = ats((uint32_t)test_random(&seed) % 2U,
				    (uint32_t)test_random(&seed) % (num + 1U), true,
				    (uint32_t)test_random(&seed) % 3U);
			in[i].users = 1U + (uint32_t)test_random(&seed) % 1000U;
		}
		check_sorted(in, num, "random");
	}
	num = 0;
	CHECK(inval_entries_sort(in, &num) == 0 && num == 0U, "nothing");
}

TEST(array, sort_refuses)
{
	struct inval_entry list[3];
	uint32_t num = 3, i, users = 0;

	list[0] = s2(0, 2);
	list[1] = s2(0, 1);
	list[2] = s2(0, 2);
	list[2].op_all = 0x10;
	CHECK(inval_entries_sort(list, &num) == -INVAL_EINVAL && num == 3U, "op_all");
	for (i = 0; i < 3U; i++)
		users += list[i].users;
	CHECK(users == 3U, "%u users", users);
	list[0] = s2(0, 2);
	list[1] = s2(0, 1);
	list[2] = s2(0, 2);
	list[0].op_range = 0x12;
	CHECK(inval_entries_sort(list, &num) == -INVAL_EINVAL && num == 3U, "op_range");
	list[0] = s2(0, 2);
	list[1] = s2(0, 2);
	list[2] = s2(0, 1);
	list[0].users = UINT32_MAX;
	CHECK(inval_entries_sort(list, &num) == -INVAL_EOVERFLOW && num == 3U, "users");
	list[0] = s2(0, 2);
	list[1] = s2(0, 2);
	list[2] = s2(0, 1);
	list[0].users = UINT32_MAX - 1U;
	CHECK(inval_entries_sort(list, &num) == 0 && num == 2U && list[1].users == UINT32_MAX,
	      "the most that fits");
}

TEST(array, find_agrees_with_linear_search)
{
	static struct inval_entry e[131];
	uint32_t num, i, want;
	uint64_t key;

	for (num = 0; num <= 130U; num++) {
		for (i = 0; i < num; i++)
			e[i].key = 2U * i + 1U;
		for (key = 0; key <= 2U * num + 2U; key++) {
			for (want = 0; want < num && e[want].key < key; want++)
				;
			CHECK(inval_array_find(e, num, key) == want, "%llu of %u",
			      (unsigned long long)key, num);
		}
		CHECK(inval_array_find(e, num, UINT64_MAX) == num, "behind all %u", num);
	}
}

/* What every constructor has in common. */
static void check_entry(const struct inval_entry *e, int err, uint64_t key, uint32_t op_range,
			uint32_t op_all)
{
	CHECK(err == 0, "%d", err);
	CHECK(e->key == key, "key %llx, want %llx", (unsigned long long)e->key,
	      (unsigned long long)key);
	CHECK(e->users == 1U && e->state == INVAL_STATE_LIVE, "users");
	CHECK(e->op_range == op_range && e->op_all == op_all, "opcodes %x %x", e->op_range,
	      e->op_all);
}

/* The command's first word comes from the key alone. */
static void check_word(const struct inval_entry *e, uint32_t op, int err, struct inval_cmd cmd)
{
	CHECK(err == 0, "encoder: %d", err);
	CHECK((e->key << 11 | op) == cmd.d0, "word %llx, want %llx",
	      (unsigned long long)(e->key << 11 | op), (unsigned long long)cmd.d0);
}

TEST(array, entries_of_stage_1)
{
	static const uint16_t tag[] = { 0, 1, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff };
	struct inval_entry e;
	struct inval_cmd cmd;
	uint32_t smmu, v, a;
	int err;

	for (smmu = 0; smmu < 256U; smmu += 51U) {
		for (v = 0; v < 8U; v++) {
			for (a = 0; a < 8U; a++) {
				uint64_t key = (uint64_t)smmu << 56 | (uint64_t)tag[a] << 37 |
					       (uint64_t)tag[v] << 21;

				err = inval_entry_s1(&e, smmu, tag[v], tag[a], true);
				check_entry(&e, err, key, 0x12, 0x10);
				err = inval_entry_s1(&e, smmu, tag[v], tag[a], false);
				check_entry(&e, err, key, 0x12, 0x11);
				CHECK(e.stu_lg2 == 0U && inval_entry_type(&e) == 0, "type");
				err = inval_cmd_tlbi(&cmd, 0x11, tag[v], tag[a]);
				check_word(&e, e.op_all, err, cmd);
				err = inval_cmd_tlbi_addr(&cmd, 0x12, tag[v], tag[a], 0, false);
				check_word(&e, e.op_range, err, cmd);
			}
		}
		for (a = 0; a < 8U; a++) {
			uint64_t key = (uint64_t)smmu << 56 | (uint64_t)tag[a] << 37;

			err = inval_entry_el2(&e, smmu, tag[a], true, true);
			check_entry(&e, err, key, 0x22, 0x20);
			err = inval_entry_el2(&e, smmu, tag[a], true, false);
			check_entry(&e, err, key, 0x22, 0x21);
			err = inval_cmd_tlbi(&cmd, 0x21, 0, tag[a]);
			check_word(&e, e.op_all, err, cmd);
			err = inval_cmd_tlbi_addr(&cmd, 0x22, 0, tag[a], 0, false);
			check_word(&e, e.op_range, err, cmd);
		}
		err = inval_entry_el2(&e, smmu, 0, false, false);
		check_entry(&e, err, (uint64_t)smmu << 56, 0x22, 0x20);
	}
}

TEST(array, entries_of_stage_2)
{
	struct inval_entry e;
	struct inval_cmd cmd;
	uint32_t vmid;
	int err;

	for (vmid = 0; vmid < 65536U; vmid += 257U) {
		uint64_t key = 0xffULL << 56 | (uint64_t)vmid << 21;

		err = inval_entry_s2(&e, 255, (uint16_t)vmid);
		check_entry(&e, err, key | 1ULL << 53, 0x2a, 0x28);
		err = inval_cmd_tlbi(&cmd, 0x28, (uint16_t)vmid, 0);
		check_word(&e, e.op_all, err, cmd);
		err = inval_cmd_tlbi_addr(&cmd, 0x2a, (uint16_t)vmid, 0, 0, false);
		check_word(&e, e.op_range, err, cmd);
		err = inval_entry_s1_clear(&e, 255, (uint16_t)vmid);
		check_entry(&e, err, key | 2ULL << 53, 0x10, 0x10);
		err = inval_cmd_tlbi(&cmd, 0x10, (uint16_t)vmid, 0);
		check_word(&e, e.op_all, err, cmd);
		CHECK(e.stu_lg2 == 0U && !inval_entry_is_ats(&e), "no ATS");
	}
}

TEST(array, entries_of_devices)
{
	static const uint32_t ssid[] = { 0, 1, 0x7ffff, 0x80000, 0xfffff };
	struct inval_entry e;
	struct inval_cmd cmd;
	uint32_t bit, s;
	int err;

	for (bit = 0; bit < 32U; bit++) {
		uint32_t sid = (1U << bit) | 1U;
		uint64_t key = 0x11ULL << 56 | 3ULL << 53 | (uint64_t)sid << 21;

		err = inval_entry_ats(&e, 17, sid, false, 0, 43);
		check_entry(&e, err, key, 0x40, 0x40);
		CHECK(e.stu_lg2 == 43U, "STU %u", e.stu_lg2);
		err = inval_cmd_atc_inv(&cmd, sid, false, 0, false, 0, 0);
		check_word(&e, 0x40, err, cmd);
		for (s = 0; s < 5U; s++) {
			err = inval_entry_ats(&e, 17, sid, true, ssid[s], 12);
			check_entry(&e, err, key | (uint64_t)ssid[s] << 1 | 1U, 0x40, 0x40);
			CHECK(e.stu_lg2 == 12U, "STU %u", e.stu_lg2);
			err = inval_cmd_atc_inv(&cmd, sid, true, ssid[s], false, 0, 0);
			check_word(&e, 0x40, err, cmd);
		}
		err = inval_entry_ats_full(&e, 17, sid);
		check_entry(&e, err, key ^ 7ULL << 53, 0x40, 0x40);
		CHECK(inval_entry_type(&e) == INVAL_TYPE_ATS_FULL && e.stu_lg2 == 0U, "type");
	}
}

TEST(array, entries_refused)
{
	struct inval_entry e;
	void *old;

	memset(&e, 0x33, sizeof(e));
	old = keep(&e, sizeof(e));
	CHECK(inval_entry_s1(&e, 256, 0, 0, false) == -INVAL_ENOSPC, "s1");
	CHECK(inval_entry_el2(&e, 256, 0, true, false) == -INVAL_ENOSPC, "el2");
	CHECK(inval_entry_s2(&e, 256, 0) == -INVAL_ENOSPC, "s2");
	CHECK(inval_entry_s1_clear(&e, 256, 0) == -INVAL_ENOSPC, "s1_clear");
	CHECK(inval_entry_ats(&e, 256, 0, false, 0, 12) == -INVAL_ENOSPC, "ats");
	CHECK(inval_entry_ats_full(&e, UINT32_MAX, 0) == -INVAL_ENOSPC, "ats_full");
	CHECK(inval_entry_el2(&e, 0, 1, false, false) == -INVAL_EINVAL, "ASID without E2H");
	CHECK(inval_entry_ats(&e, 0, 0, true, 1U << 20, 12) == -INVAL_ERANGE, "21 bits");
	CHECK(inval_entry_ats(&e, 0, 0, false, 1, 12) == -INVAL_ERANGE, "SSID without SSV");
	CHECK(inval_entry_ats(&e, 0, 0, false, 0, 11) == -INVAL_ERANGE, "STU 11");
	CHECK(inval_entry_ats(&e, 0, 0, false, 0, 44) == -INVAL_ERANGE, "STU 44");
	check_kept(old, &e, sizeof(e), "the entry");
}
