/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/memregion.h with real threads: 8 requesters, firmware that is slow, busy now
 * and then and flushes everything, and a thread that adds and removes other providers
 * meanwhile. A plain program:
 *
 *	tests/stress/build.sh tsan stress_memregion OUT [-DSTRESS_REQUESTS=n]
 *
 * Properties:
 * - who is told "flushed" has its stores in what the firmware has taken
 * - the firmware's calls do not overlap; each request that succeeds has made a good
 *   call or was served by another's: as many as are counted, and not one more
 * - requests share calls
 * - a provider that was removed is not called any more: its memory is freed at once
 *
 * STRESS_REMOVE is what removes: one that does not wait must be noticed.
 */
/* port: pthread */
#ifndef INVAL_PLAIN
#define INVAL_PLAIN
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>

#include <inval/memregion.h>
#include "test.h"

#ifndef STRESS_REQUESTS
#define STRESS_REQUESTS 2000U
#endif
#ifndef STRESS_REMOVE
#define STRESS_REMOVE(m, p) inval_memregion_remove(m, p)
#endif

#define THREADS	8U
#define MAGIC	0x4d454d52U

static struct inval_memregion registry;
static struct inval_firmware fw;
static uint64_t stored[THREADS];	/* numbers of the threads' stores */
static uint64_t taken[THREADS];		/* the newest that a good call has found */
static uint64_t inside, good_calls, calls, stop, added;
static pthread_barrier_t together;
static const char *wrong;

static void note(const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&wrong, &none, what, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int discover(struct inval_smccc_args *args)
{
	args->x[0] = args->x[0] == INVAL_SMCCC_VERSION ? 0x10002U : 0U;
	args->x[1] = INVAL_SMCCC_GLOBAL;
	args->x[2] = 50;
	return 0;
}

/* Finds what was stored before it began, and takes its time. */
static int firmware(struct inval_smccc_args *args)
{
	uint64_t found[THREADS], n = __atomic_fetch_add(&calls, 1U, __ATOMIC_RELAXED);
	uint32_t i;

	if (__atomic_fetch_add(&inside, 1U, __ATOMIC_SEQ_CST) != 0U)
		note("two calls at once");
	for (i = 0; i < THREADS; i++)
		found[i] = inval_port_load64(&stored[i]);
	inval_port_sleep_us(20);
	args->x[0] = n % 5U == 3U ? (uint64_t)(n % 2U == 0U ? -4 : -5) : 0U;
	for (i = 0; i < THREADS && args->x[0] == 0U; i++)
		inval_port_store64(&taken[i], found[i]);
	good_calls += args->x[0] == 0U ? 1U : 0U;
	__atomic_fetch_sub(&inside, 1U, __ATOMIC_SEQ_CST);
	return 0;
}

static void *request(void *arg)
{
	uint64_t me = (uint64_t)(uintptr_t)arg, n;
	struct inval_region r = { me << 30, 1U << 20, false, false, 0 };

	port_thread_begin();
	for (n = 1; n <= STRESS_REQUESTS; n++) {
		pthread_barrier_wait(&together);	/* a mutex that is not fair would hide what is shared */
		inval_port_store64(&stored[me], n);
		if (!inval_memregion_has(&registry))
			note("there is none");
		if (inval_memregion_flush(&registry, &r) != 0)
			note("a request failed");
		else if (inval_port_load64(&taken[me]) < n)
			note("told to be flushed, and is not");
	}
	port_thread_end();
	return NULL;
}

struct other {
	struct inval_provider p;
	uint32_t magic;
	uint64_t open;
};

static int other_start(struct inval_provider *p, const struct inval_region *r)
{
	struct other *o = (struct other *)(void *)p;

	(void)r;
	if (o->magic != MAGIC)
		note("a provider is called that is gone");
	__atomic_fetch_add(&o->open, 1U, __ATOMIC_RELAXED);
	return 0;
}

static int other_done(struct inval_provider *p, const struct inval_region *r)
{
	struct other *o = (struct other *)(void *)p;

	(void)r;
	if (o->magic != MAGIC)
		note("a provider is waited for that is gone");
	__atomic_fetch_sub(&o->open, 1U, __ATOMIC_RELAXED);
	return 0;
}

/* What remove would be without its wait, for a control. */
static inline int forget(struct inval_memregion *m, struct inval_provider *p)
{
	uint32_t i;

	for (i = 0; i < INVAL_PROVIDERS; i++)
		(void)inval_port_cmpxchg64(&m->far[i], (uint64_t)(uintptr_t)p, 0);
	return 0;
}

static void *churn(void *arg)
{
	struct other *o;

	(void)arg;
	while (inval_port_load64(&stop) == 0U) {
		o = (struct other *)calloc(1, sizeof(*o));
		o->p.start = other_start;
		o->p.done = other_done;
		o->magic = MAGIC;
		if (inval_memregion_add(&registry, &o->p) != 0)
			note("no room");
		inval_port_sleep_us(30);
		if (STRESS_REMOVE(&registry, &o->p) != 0)
			note("not there any more");
		if (__atomic_load_n(&o->open, __ATOMIC_RELAXED) != 0U)
			note("removed while it works");
		o->magic = 0;
		free(o);
		added++;
	}
	return NULL;
}

TEST(memregion, requesters)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_ids ids;
	pthread_t thread[THREADS], changer;
	uint64_t i, shared;

	(void)forget;
	inval_smccc_ids_init(&ids);
	inval_smccc_policy_init(&policy);
	port.smccc = discover;
	CHECK(inval_firmware_init(&fw, &ids, &policy) == 0, "firmware");
	port.smccc = firmware;
	fw.started = fw.finished = UINT64_MAX - 100U;
	inval_memregion_init(&registry);
	CHECK(inval_memregion_add(&registry, &fw.p) == 0, "add");
	pthread_barrier_init(&together, NULL, THREADS);
	pthread_create(&changer, NULL, churn, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, request, (void *)(uintptr_t)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	inval_port_store64(&stop, 1);
	pthread_join(changer, NULL);
	shared = port.count[INVAL_COUNT_SHARED];
	printf("%u requests, %u calls, %u of them good, %u requests shared one, %u providers came and went\n",
	       THREADS * STRESS_REQUESTS, (uint32_t)calls, (uint32_t)good_calls, (uint32_t)shared,
	       (uint32_t)added);
	CHECK(wrong == NULL, "%s", wrong);
	CHECK(good_calls + shared == THREADS * STRESS_REQUESTS, "good calls and shared ones");
	CHECK(calls == port.count[INVAL_COUNT_FIRMWARE] - 4U, "%u counted",
	      (uint32_t)port.count[INVAL_COUNT_FIRMWARE]);
	CHECK(shared > 0U && added > 10U, "nothing was shared, or nothing changed");
	pthread_barrier_destroy(&together);
	CHECK(inval_memregion_remove(&registry, &fw.p) == 0, "remove");
	inval_memregion_fini(&registry);
	inval_firmware_fini(&fw);
}
