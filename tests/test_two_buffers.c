/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/test_two_buffers.c - an embedder without an allocator: two buffers for each
 * domain, taken in turn, for ever.
 *
 * Properties:
 * - two buffers of inval_array_bytes(what all devices need) are enough for any number
 *   of attaches, moves, detaches and purges, aborts included: for_ever
 * - a buffer that was replaced comes back only when no walk can see it, and
 *   inval_domain_sync() is what waits for that: a_walk_keeps_its_buffer
 * - a purge without a buffer leaves a good array, which the next merge or purge
 *   cleans: purge_without_a_buffer
 */
/* port: recording */
#include <inval/domain.h>

#include "attach.h"
#include "sim.h"
#include "test.h"

#define DEVICES 8U
#define DOMAINS 2U
#define CAPACITY inval_array_bytes(2U * DEVICES)

/*
 * The port poisons what is given back, so that who still uses it is found; a buffer
 * that is taken again is therefore other memory here, and never a third at a time.
 */
static struct inval_domain domain[DOMAINS];
static void *buffer[DOMAINS][2];
static uint32_t syncs;
static bool ats;

static void given_back(void *mem)
{
	uint32_t i;

	for (i = 0; i < 2U * DOMAINS; i++) {
		if (buffer[i / 2U][i % 2U] == mem)
			buffer[i / 2U][i % 2U] = NULL;
	}
}

static void *take_now(uint32_t d)
{
	uint32_t i;

	rec_run_frees();
	i = buffer[d][0] ? 1U : 0U;
	if (buffer[d][i])
		return NULL;
	buffer[d][i] = rec_alloc(CAPACITY);
	return buffer[d][i];
}

static void *take(uint32_t d)
{
	void *mem = take_now(d);

	if (!mem) {
		inval_domain_sync(&domain[d]);
		syncs++;
		mem = take_now(d);
	}
	CHECK(mem, "domain %u: both buffers are in use after a sync", d);
	return mem;
}

static void put(void *mem)
{
	given_back(mem);
	rec_free(mem);
}

static void begin(void)
{
	uint32_t d;

	start();
	rec.keep_frees = true;
	rec.on_free = given_back;
	syncs = 0;
	ats = true;
	memset(buffer, 0, sizeof(buffer));
	for (d = 0; d < DOMAINS; d++)
		inval_domain_init(&domain[d]);
}

static struct inval_device the_device(uint32_t n)
{
	static uint32_t sids[DEVICES];

	sids[n] = 0x100U + n;
	return device(n % 2U, &sids[n], 1);
}

/* From domain to domain; DOMAINS is blocked. How: 1 and 2 abort before and after publish. */
static void change(uint32_t n, uint32_t from, uint32_t to, uint32_t how)
{
	struct inval_device dev = the_device(n);
	struct inval_use u = use(INVAL_REGIME_S1, 0, (uint16_t)(1U + n));
	struct inval_flush f = sim_flush();
	uint64_t bytes;
	void *mem = NULL, *back;
	int err;

	u.ats = ats ? INVAL_EATS_FULL : INVAL_EATS_OFF;
	err = init(&dev, to < DOMAINS ? &domain[to] : NULL, &u,
		   from < DOMAINS ? &domain[from] : NULL, &u);
	CHECK(err == 0, "init: %d", err);
	bytes = inval_attach_bytes(&t);
	CHECK(bytes <= CAPACITY, "%llu bytes", (unsigned long long)bytes);
	if (bytes != 0U)
		mem = take(to);
	CHECK(inval_attach_prepare(&t, mem, CAPACITY) == 0, "prepare");
	if (how != 1U)
		CHECK(inval_attach_publish(&t) == 0, "publish");
	if (how == 0U) {
		CHECK(inval_attach_commit(&t, &f) == 0, "commit");
		return;
	}
	CHECK(inval_attach_abort(&t, &back, &f) == 0, "abort");
	CHECK(back == (how == 1U ? mem : NULL), "who owns the buffer");
	if (back)
		put(back);
}

static void purge(uint32_t d)
{
	if (inval_domain_purge_bytes(&domain[d]) != 0U)
		CHECK(inval_domain_purge(&domain[d], take(d), CAPACITY) == 0, "purge");
}

static void end(void)
{
	uint32_t d;

	for (d = 0; d < DOMAINS; d++)
		CHECK(inval_domain_fini(&domain[d]) == 0, "fini");
	rec_run_frees();
	for (d = 0; d < 2U * DOMAINS; d++)
		CHECK(!buffer[d / 2U][d % 2U], "buffer %u did not come back", d);
	CHECK(rec_blocks() == 0U && rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(two_buffers, for_ever)
{
	uint32_t in[DEVICES], i, n, d, to, how, devices;
	struct inval_array *a;
	uint64_t random = 1;

	begin();
	for (n = 0; n < DEVICES; n++)
		in[n] = DOMAINS;
	for (i = 0; i < 1500U; i++) {
		n = (uint32_t)(test_random(&random) % DEVICES);
		to = (uint32_t)(test_random(&random) % (DOMAINS + 1U));
		how = (uint32_t)(test_random(&random) % 6U);
		rec_forget();
		sim_forget();
		change(n, in[n], to, how > 2U ? 0U : how);
		if (how == 0U || how > 2U)
			in[n] = to;
		if (i % 7U == 0U)
			purge(i % DOMAINS);
		for (d = 0; d < DOMAINS; d++) {
			a = array_of(&domain[d]);
			for (devices = 0, n = 0; n < DEVICES; n++)
				devices += in[n] == d;
			CHECK(inval_array_live(a) == 2U * devices, "step %u, domain %u", i, d);
			CHECK(!a || (void *)a == buffer[d][0] || (void *)a == buffer[d][1],
			      "step %u: an array in no buffer", i);
		}
	}
	for (n = 0; n < DEVICES; n++)
		change(n, in[n], DOMAINS, 0);
	end();
}

static unsigned long token;
static struct inval_array *walked;

static void walk_ends(void)
{
	if (token == 0U)
		return;
	CHECK(inval_array_at(walked)[0].users == 1U && walked->num == 1U, "it changed under a walk");
	rec.cpu = 1;
	inval_port_read_end(&domain[0].read, token);
	rec.cpu = 0;
	token = 0;
}

/* Without ATS, for whose sake publish and commit would wait already. */
TEST(two_buffers, a_walk_keeps_its_buffer)
{
	begin();
	ats = false;
	change(0, DOMAINS, 0, 0);
	rec.cpu = 1;
	token = inval_port_read_begin(&domain[0].read);
	walked = (struct inval_array *)inval_port_slot_load(&domain[0].slot);
	rec.cpu = 0;
	change(2, DOMAINS, 0, 0);
	CHECK(take_now(0) == NULL, "the buffer of a walk was given out");
	rec.on_turn = walk_ends;
	change(4, DOMAINS, 0, 0);
	CHECK(token == 0U && syncs == 1U, "the third array waited for the walk");
	rec.on_turn = sim_turn;
	change(0, 0, DOMAINS, 0);
	change(2, 0, DOMAINS, 0);
	change(4, 0, DOMAINS, 0);
	end();
}

TEST(two_buffers, purge_without_a_buffer)
{
	struct inval_array *a;

	begin();
	change(0, DOMAINS, 0, 0);
	change(2, DOMAINS, 0, 0);
	change(0, 0, DOMAINS, 0);
	CHECK(inval_domain_purge(&domain[0], NULL, 0) == -INVAL_ENOMEM, "purge");
	a = array_of(&domain[0]);
	CHECK(a->num == 4U && a->dead == 2U && inval_array_live(a) == 2U, "as it was");
	change(4, DOMAINS, 0, 0);
	a = array_of(&domain[0]);
	CHECK(a->num == 4U && a->dead == 0U, "a merge cleans");
	change(2, 0, DOMAINS, 0);
	CHECK(inval_domain_purge(&domain[0], NULL, 0) == -INVAL_ENOMEM, "purge");
	purge(0);
	a = array_of(&domain[0]);
	CHECK(a->num == 2U && a->dead == 0U, "a purge cleans");
	change(4, 0, DOMAINS, 0);
	end();
}
