/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * merge, ref, unref and purge for all arrays and lists of up to SIZE entries: what cbmc
 * proves for all numbers (array.c), run here on the code as it is, without a stand-in. Keys are only
 * compared, and their type read: every order of the list among the array's keys, every
 * set of dead entries, and for each entry that is in both every outcome of unref (fewer
 * users than there are, as many, more) is there; types are mixed.
 *
 *	orders SIZE
 *
 * Each result must be what a table of users by rank says: keys, users, order, num, dead,
 * ats; nothing is written behind the bytes asked for, and the old array is as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <inval/array.h>

#define MOST 6U
#define RANKS (8U * (2U * MOST + 1U))
#define GUARD 0x5a5a5a5a5a5a5a5aULL

struct space {
	uint64_t word[4U * MOST + 16U];
	uint64_t guard[4];
};

static struct space base_mem, was_mem, next_mem;
static struct inval_array *const base = (struct inval_array *)(void *)&base_mem;
static struct inval_entry add[MOST];
static uint32_t slot[MOST], outcome[MOST], total, num;
static uint64_t cases, wrong;

/* A key of this rank; its type is any, but always the same. */
static uint64_t key_of(uint32_t rank)
{
	return (uint64_t)rank << 56 | (uint64_t)(rank * 7U % 5U) << 53;
}

static void check(bool good, const char *what)
{
	uint32_t i;

	if (good || wrong++ != 0U)
		return;
	printf("%s: %u entries, list at", what, total);
	for (i = 0; i < num; i++)
		printf(" %u.%u", slot[i], outcome[i]);
	printf("\n");
}

static void entry(struct inval_entry *e, uint32_t rank, uint32_t users)
{
	memset(e, 0, sizeof(*e));
	e->key = key_of(rank);
	e->users = users;
	e->op_range = (uint8_t)rank;
	e->op_all = (uint8_t)(rank + 1U);
}

/* Even slots are between the array's entries, odd ones are theirs. */
static uint32_t rank_of(uint32_t i)
{
	return 8U * slot[i] + (slot[i] % 2U == 0U ? i : 0U);
}

static void set_up(uint32_t dead)
{
	static const uint32_t change[] = { (uint32_t)-1, 0, 1 };
	struct inval_entry *e = inval_array_at(base);
	uint32_t i, users;

	memset(&base_mem, 0x5a, sizeof(base_mem));
	memset(base, 0, sizeof(*base));
	base->num = total;
	base->stu_lg2 = 12;
	for (i = 0; i < total; i++) {
		entry(&e[i], 8U * (2U * i + 1U), (dead >> i & 1U) != 0U ? 0U : 5U + i);
		if (e[i].users == 0U)
			inval_array_died(base, i);
		else
			base->ats += inval_entry_is_ats(&e[i]) ? 1U : 0U;
	}
	for (i = 0; i < num; i++) {
		users = slot[i] % 2U != 0U ? e[slot[i] / 2U].users : 0U;
		entry(&add[i], rank_of(i), users + change[users != 0U ? outcome[i] : 2U]);
	}
	was_mem = base_mem;
}

static uint32_t users_at(struct inval_array *a, uint32_t rank)
{
	uint32_t i;

	for (i = 0; i < a->num; i++) {
		if (inval_array_at(a)[i].key == key_of(rank))
			return inval_array_at(a)[i].users;
	}
	return 0;
}

static uint32_t asked(uint32_t rank)
{
	uint32_t i;

	for (i = 0; i < num; i++) {
		if (rank_of(i) == rank)
			return add[i].users;
	}
	return 0;
}

/* @sign: what the list does to users; 0: nothing. @compact: no dead entry is left. */
static void judge(struct inval_array *a, int sign, bool compact, const char *what)
{
	struct inval_array *was = (struct inval_array *)(void *)&was_mem;
	uint32_t rank, want, at = 0, dead = 0, ats = 0, i;

	for (rank = 0; rank < RANKS; rank++) {
		want = users_at(was, rank);
		if (sign > 0)
			want += asked(rank);
		else if (sign < 0 && asked(rank) <= want)
			want -= asked(rank);
		check(users_at(a, rank) == want, what);
		if (want != 0U && compact)
			check(at < a->num && inval_array_at(a)[at].op_range == rank, what);
		at += want != 0U ? 1U : 0U;
		ats += want != 0U && rank * 7U % 5U >= 3U ? 1U : 0U;
	}
	for (i = 0; i < a->num; i++) {
		dead += inval_array_at(a)[i].users == 0U ? 1U : 0U;
		check(i == 0U || inval_array_at(a)[i - 1U].key < inval_array_at(a)[i].key, what);
		check(inval_array_at(a)[i].users != 0U || (i >= a->dead_from && i < a->dead_to),
		      what);
	}
	check(a->num == at + dead && a->dead == dead && a->ats == ats, what);
	check(!compact || dead == 0U, what);
}

/* Into exactly the bytes asked for. */
static void fresh(uint64_t bytes, bool purge)
{
	const char *what = purge ? "purge" : "merge";
	struct inval_array *out = NULL;
	uint32_t i;
	int err;

	memset(&next_mem, 0x5a, sizeof(next_mem));
	err = purge ? inval_array_purge(&out, &next_mem, bytes, base) :
		      inval_array_merge(&out, &next_mem, bytes, base, add, num);
	check(err == 0 && out != NULL, what);
	if (out == NULL)
		return;
	judge(out, purge ? 0 : 1, true, what);
	for (i = (uint32_t)(bytes / 8U); i < sizeof(next_mem) / 8U; i++)
		check(((uint64_t *)(void *)&next_mem)[i] == GUARD, what);
	check(memcmp(&base_mem, &was_mem, sizeof(base_mem)) == 0, what);
}

static void in_place(void)
{
	uint32_t i, missing = 0, unknown = 0, died = 0, had;
	struct inval_unref res;
	int err;

	for (i = 0; i < num; i++)
		missing += slot[i] % 2U == 0U ? 1U : 0U;
	err = inval_array_ref(base, add, num);
	check(err == (missing != 0U ? -INVAL_ENOENT : 0), "ref");
	judge(base, err == 0 ? 1 : 0, false, "ref");
	base_mem = was_mem;
	for (i = 0; i < num; i++) {
		had = users_at(base, rank_of(i));
		unknown += add[i].users > had ? 1U : 0U;
		died += add[i].users == had ? 1U : 0U;
	}
	inval_array_unref(base, add, num, &res);
	check(res.unknown == unknown && res.tags + res.ats == died, "unref");
	check(base->num == 0U || inval_array_at(base)[base->num - 1U].users != 0U, "unref");
	judge(base, -1, false, "unref");
}

static void one(void)
{
	uint32_t dead;
	uint64_t bytes;

	for (dead = 0; dead < 1U << total; dead++) {
		set_up(dead);
		fresh(inval_array_merge_bytes(base, num), false);
		bytes = inval_array_purge_bytes(base);
		if (bytes != 0U)
			fresh(bytes, true);
		in_place();
		cases++;
	}
}

/* The next outcome of those that are in both; then the next order. */
static bool next(void)
{
	uint32_t i, k;

	for (i = 0; i < num; i++) {
		if (slot[i] % 2U != 0U && outcome[i] != 2U) {
			outcome[i]++;
			return true;
		}
		outcome[i] = 0;
	}
	for (i = num; i > 0U; i--) {
		if (slot[i - 1U] == 2U * total)
			continue;
		slot[i - 1U]++;
		for (k = i; k < num; k++)
			slot[k] = slot[k - 1U] + slot[k - 1U] % 2U;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	uint32_t size = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 4U;

	if (size > MOST)
		return 1;
	for (total = 0; total <= size; total++) {
		for (num = 0; num <= size; num++) {
			memset(slot, 0, sizeof(slot));
			memset(outcome, 0, sizeof(outcome));
			do
				one();
			while (next());
		}
	}
	printf("size %u: %llu cases, %llu of their checks failed\n", size,
	       (unsigned long long)cases, (unsigned long long)wrong);
	printf("orders: %u passed, %u failed\n", wrong == 0U, wrong != 0U);
	return wrong != 0U;
}
