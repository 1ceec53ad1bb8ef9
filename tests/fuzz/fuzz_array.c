/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * array.h against a count per thing: after every merge, ref, unref and purge, with
 * exactly the memory that was asked for, the array holds the things that have users,
 * once, in order, with their users; what is refused changes nothing.
 */
#include <inval/array.h>

#include "fuzz.h"

#define THINGS 40U
#define LIST 12U

/* What the library is not asked about: by number, in the order of the keys. */
static struct inval_entry thing[THINGS];
static uint64_t users[THINGS];
static struct inval_array *array;

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct inval_entry *)a)->key, y = ((const struct inval_entry *)b)->key;

	return x < y ? -1 : x > y;
}

static void make_things(void)
{
	uint32_t i;
	int err;

	if (thing[THINGS - 1U].key != 0U)
		return;
	for (i = 0; i < THINGS; i++) {
		switch (i % 5U) {
		case 0:
			err = inval_entry_s1(&thing[i], i % 3U * 127U, 0, (uint16_t)(i * 5000U), i > 20U);
			break;
		case 1:
			err = inval_entry_s2(&thing[i], i % 3U * 127U, (uint16_t)i);
			break;
		case 2:
			err = inval_entry_s1_clear(&thing[i], i % 3U * 127U, (uint16_t)i);
			break;
		case 3:
			err = inval_entry_ats(&thing[i], i % 3U * 127U, 0xffffff00U + i / 10U, i % 2U,
					      i % 2U ? 0xfffff - i : 0, (uint8_t)(12U + i % 7U));
			break;
		default:
			err = inval_entry_ats_full(&thing[i], i % 3U * 127U, i);
			break;
		}
		FUZZ_CHECK(err == 0, "an entry");
	}
	qsort(thing, THINGS, sizeof(thing[0]), by_key);
}

/* A list of the library's from picks with repetition; count[] per thing. */
static uint32_t pick_list(struct inval_entry *list, uint64_t *count)
{
	uint32_t n = fuzz_pick(LIST + 1U), i, at, each;
	bool large = fuzz_byte() > 250U;

	memset(count, 0, THINGS * sizeof(*count));
	for (i = 0; i < n; i++) {
		at = fuzz_pick(THINGS);
		each = large ? 0x70000000U : 1U + fuzz_pick(3);
		list[i] = thing[at];
		list[i].users = each;
		if (count[at] + each > UINT32_MAX) {
			n = i;
			break;
		}
		count[at] += each;
	}
	FUZZ_CHECK(inval_entries_sort(list, &n) == 0, "sort");
	return n;
}

static void check_array(void)
{
	struct inval_entry *e = array != NULL ? inval_array_at(array) : NULL;
	uint32_t num = array != NULL ? array->num : 0U, i, at = 0, dead = 0, ats = 0;

	for (i = 0; i < THINGS; i++) {
		while (at < num && e[at].key < thing[i].key) {
			FUZZ_CHECK(e[at].users == 0U, "something of nobody's");
			dead++;
			at++;
		}
		if (at < num && e[at].key == thing[i].key) {
			FUZZ_CHECK(e[at].users == users[i], "%u: %u users", i, e[at].users);
			dead += users[i] == 0U;
			at++;
		} else {
			FUZZ_CHECK(users[i] == 0U, "%u is missing", i);
		}
		if (users[i] != 0U && inval_entry_is_ats(&thing[i])) {
			ats++;
			FUZZ_CHECK(array->stu_lg2 >= thing[i].stu_lg2, "STU of %u", i);
		}
	}
	FUZZ_CHECK(at == num, "%u entries too many", num - at);
	if (array != NULL) {
		FUZZ_CHECK(array->dead == dead, "%u dead, counted %u", dead, array->dead);
		FUZZ_CHECK(array->ats == ats, "%u ATS, counted %u", ats, array->ats);
		FUZZ_CHECK(inval_array_live(array) == num - dead, "live");
	}
	for (i = 1; i < num; i++)
		FUZZ_CHECK(e[i - 1U].key < e[i].key, "order at %u", i);
}

static bool fits(const uint64_t *count)
{
	uint32_t i;

	for (i = 0; i < THINGS; i++) {
		if (users[i] + count[i] > UINT32_MAX)
			return false;
	}
	return true;
}

static bool all_there(const struct inval_entry *list, uint32_t n)
{
	struct inval_entry *e = array != NULL ? inval_array_at(array) : NULL;
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; array != NULL && j < array->num && e[j].key != list[i].key; j++)
			;
		if (array == NULL || j == array->num || list[i].stu_lg2 > array->stu_lg2)
			return false;
	}
	return true;
}

static void replace(struct inval_array *next)
{
	free(array);
	array = next;
}

static void merge(void)
{
	struct inval_entry list[LIST];
	uint64_t count[THINGS], bytes;
	uint32_t n = pick_list(list, count), i;
	struct inval_array *next = NULL;
	void *mem;
	int err;

	bytes = inval_array_merge_bytes(array, n);
	FUZZ_CHECK(inval_array_merge(&next, &next, bytes - 1U, array, list, n) == -INVAL_ENOMEM &&
		   next == NULL, "too little memory");
	mem = fuzz_alloc(bytes);
	err = inval_array_merge(&next, mem, bytes, array, list, n);
	if (!fits(count)) {
		FUZZ_CHECK(err == -INVAL_EOVERFLOW, "merge: %d", err);
		free(mem);
		return;
	}
	FUZZ_CHECK(err == 0 && next == mem, "merge: %d", err);
	replace(next);
	for (i = 0; i < THINGS; i++)
		users[i] += count[i];
	FUZZ_CHECK(array->dead == 0U, "a merge keeps dead ones");
}

static void ref(void)
{
	struct inval_entry list[LIST];
	uint64_t count[THINGS];
	uint32_t n = pick_list(list, count), i;
	bool there = all_there(list, n);
	int err = inval_array_ref(array, list, n);

	if (!there || !fits(count)) {
		FUZZ_CHECK(err == (there ? -INVAL_EOVERFLOW : -INVAL_ENOENT) || (!there && !fits(count)),
			   "ref: %d", err);
		FUZZ_CHECK(err != 0, "ref");
		return;
	}
	FUZZ_CHECK(err == 0, "ref: %d", err);
	for (i = 0; i < THINGS; i++)
		users[i] += count[i];
}

static void unref(void)
{
	struct inval_entry list[LIST];
	struct inval_unref res, want = { 0, 0, 0 };
	uint64_t count[THINGS];
	uint32_t n = pick_list(list, count), i;

	for (i = 0; i < THINGS; i++) {
		if (count[i] == 0U)
			continue;
		if (count[i] > users[i]) {
			want.unknown++;
			continue;
		}
		users[i] -= count[i];
		want.ats += users[i] == 0U && inval_entry_is_ats(&thing[i]);
		want.tags += users[i] == 0U && !inval_entry_is_ats(&thing[i]);
	}
	inval_array_unref(array, list, n, &res);
	FUZZ_CHECK(memcmp(&res, &want, sizeof(res)) == 0, "unref: %u tags %u ATS %u unknown",
		   res.tags, res.ats, res.unknown);
	FUZZ_CHECK(array == NULL || array->num == 0U ||
		   inval_array_at(array)[array->num - 1U].users != 0U, "a dead end");
}

static void purge(void)
{
	uint64_t bytes = inval_array_purge_bytes(array);
	struct inval_array *next = NULL;
	void *mem;

	if (bytes == 0U) {
		FUZZ_CHECK(array == NULL || array->dead == 0U, "nothing to purge");
		return;
	}
	FUZZ_CHECK(inval_array_purge(&next, &next, bytes - 1U, array) == -INVAL_ENOMEM, "memory");
	mem = fuzz_alloc(bytes);
	FUZZ_CHECK(inval_array_purge(&next, mem, bytes, array) == 0 && next == mem, "purge");
	replace(next);
	FUZZ_CHECK(array->dead == 0U, "a purge keeps dead ones");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make_things();
	memset(users, 0, sizeof(users));
	fuzz_begin(data, size);
	while (fuzz_left != 0U) {
		switch (fuzz_pick(4)) {
		case 0:
			merge();
			break;
		case 1:
			ref();
			break;
		case 2:
			unref();
			break;
		default:
			purge();
			break;
		}
		check_array();
	}
	replace(NULL);
	return 0;
}
