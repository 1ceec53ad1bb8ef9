/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The port for real threads (examples/port_c11 through tests/ports/pthread; the
 * stress tests run this file with the tsan and urcu ports as well).
 * - Exchanges are atomic: no addition is lost, no lock is held twice.
 * - A full barrier keeps a store before a later load: two CPUs that do both never
 *   both miss.
 * - A reader sees a block complete, and none that was freed, nested or not.
 * - Waiting returns only when sections that began before are over, but does not
 *   wait for newer ones: sections without a gap cannot hold it up.
 * - free_later never waits, even inside a section; all that it got is freed once.
 * - Mutexes and hold sections exclude what they must.
 * - Registers reach memory or the test's device; clock, reports and the firmware
 *   hook do what the contract says.
 * A watchdog ends a test that hangs.
 */
/* port: pthread */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void block_freed(void *mem);
#define INVAL_PORT_C11_FREE(mem) block_freed(mem)

#include "inval/port.h"
#include "test.h"

#define WATCHDOG_SECONDS 60U
#define ADDITIONS 100000U
#define LOCKINGS 2000U
#define LITMUS_PAIRS 5000U
#define LITMUS_RUNS 20U
#define BLOCKS 2000U
#define READERS 3U

#define ALIVE 0x616c6976U
#define DEAD 0x64656164U

struct block {
	inval_defer defer;
	uint32_t state;
	uint64_t number;
	uint64_t square;	/* of number: an incomplete block does not have it */
};

static uint64_t frees, bad;
static inval_read_ctx ctx;
static inval_slot slot;
static uint64_t stop, sides;

static void block_freed(void *mem)
{
	struct block *b = (struct block *)mem;

	if (__atomic_exchange_n(&b->state, DEAD, __ATOMIC_RELAXED) != ALIVE)
		__atomic_fetch_add(&bad, 1U, __ATOMIC_RELAXED);
	__atomic_fetch_add(&frees, 1U, __ATOMIC_RELAXED);
	free(mem);
}

static struct block *block_new(uint64_t number)
{
	struct block *b = (struct block *)malloc(sizeof(*b));

	if (!b)
		abort();
	b->state = ALIVE;
	b->number = number;
	b->square = number * number;
	return b;
}

static void start(void)
{
	alarm(WATCHDOG_SECONDS);
	port_thread_begin();
	memset(&port, 0, sizeof(port));
	inval_port_read_init(&ctx);
	inval_port_slot_store(&slot, NULL);
	frees = 0;
	bad = 0;
	stop = 0;
	sides = 0;
}

static void end(void)
{
	port_thread_end();
	alarm(0);
}

static pthread_t run(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, arg) != 0)
		abort();
	return thread;
}

static void wait_until(const uint64_t *word, uint64_t value)
{
	while (inval_port_load_acquire64(word) != value)
		inval_port_relax();
}

/* Both threads of a test call it, so that they really run at the same time. */
static void meet(void)
{
	__atomic_fetch_add(&sides, 1U, __ATOMIC_ACQ_REL);
	while (inval_port_load_acquire64(&sides) < 2U)
		continue;
}

/* Exchanges */

static uint64_t sum, lock_word;
static volatile uint64_t plain;

static void *add(void *arg)
{
	uint64_t seen, old;
	uint32_t i;

	(void)arg;
	meet();
	for (i = 0; i < ADDITIONS; i++) {
		for (old = inval_port_load64(&sum); ; old = seen) {
			seen = inval_port_cmpxchg64(&sum, old, old + 1U);
			if (seen == old)
				break;
		}
	}
	for (i = 0; i < LOCKINGS; i++) {
		while (inval_port_xchg64(&lock_word, 1) != 0U)
			inval_port_relax();
		seen = plain;
		inval_port_relax();
		plain = seen + 1U;
		inval_port_store_release64(&lock_word, 0);
	}
	return NULL;
}

TEST(pthread, exchanges_are_atomic)
{
	pthread_t a, b;

	start();
	sum = 0;
	plain = 0;
	a = run(add, NULL);
	b = run(add, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK(sum == 2U * ADDITIONS, "sum is %llu", (unsigned long long)sum);
	CHECK(plain == 2U * LOCKINGS, "plain is %llu", (unsigned long long)plain);
	CHECK(inval_port_cmpxchg64(&sum, 1, 2) == 2U * ADDITIONS && sum == 2U * ADDITIONS,
	      "stored though another value was there");
	end();
}

/*
 * Barriers: each side stores its word of a pair, then loads the other's. Both
 * sides run through many pairs at their own pace and meet at most of them.
 */

static uint64_t pair[LITMUS_PAIRS][2], pair_saw[LITMUS_PAIRS][2];

static void litmus_side(uint64_t me, bool dma)
{
	uint32_t i;

	meet();
	for (i = 0; i < LITMUS_PAIRS; i++) {
		inval_port_store64(&pair[i][me], 1);
		if (dma)
			inval_port_dma_mb();
		else
			inval_port_mb();
		pair_saw[i][me] = inval_port_load64(&pair[i][1U - me]);
	}
}

static void *litmus_other(void *arg)
{
	litmus_side(1, arg != NULL);
	return NULL;
}

static uint32_t both_missed(bool dma)
{
	uint32_t i, run_number, n = 0;
	pthread_t other;

	for (run_number = 0; run_number < LITMUS_RUNS; run_number++) {
		memset(pair, 0, sizeof(pair));
		sides = 0;
		other = run(litmus_other, dma ? &sides : NULL);
		litmus_side(0, dma);
		pthread_join(other, NULL);
		for (i = 0; i < LITMUS_PAIRS; i++)
			n += pair_saw[i][0] == 0U && pair_saw[i][1] == 0U;
	}
	return n;
}

TEST(pthread, full_barriers)
{
	uint32_t n;

	start();
	n = both_missed(false);
	CHECK(n == 0U, "mb: both missed %u times", n);
	n = both_missed(true);
	CHECK(n == 0U, "dma_mb: both missed %u times", n);
	end();
}

/* Readers and the writer */

static bool block_good(const struct block *b)
{
	return inval_port_load32(&b->state) == ALIVE && b->square == b->number * b->number;
}

static void *read_blocks(void *arg)
{
	unsigned long outer, inner;
	struct block *b;

	(void)arg;
	port_thread_begin();
	while (inval_port_load64(&stop) == 0U) {
		outer = inval_port_read_begin(&ctx);
		b = (struct block *)inval_port_slot_load(&slot);
		inner = inval_port_read_begin(&ctx);
		inval_port_relax();
		inval_port_read_end(&ctx, inner);
		if (b && !block_good(b))
			__atomic_fetch_add(&bad, 1U, __ATOMIC_RELAXED);
		inval_port_read_end(&ctx, outer);
	}
	port_thread_end();
	return NULL;
}

static void replace_block(uint64_t number, bool by_waiting)
{
	struct block *old = (struct block *)inval_port_slot_owned(&slot);

	inval_port_slot_store(&slot, number ? block_new(number) : NULL);
	if (!old)
		return;
	if (by_waiting) {
		inval_port_read_sync(&ctx);
		block_freed(old);
	} else {
		inval_port_free_later(&ctx, old, &old->defer);
	}
}

TEST(pthread, readers_see_live_blocks_only)
{
	pthread_t reader[READERS];
	uint64_t i;

	start();
	for (i = 0; i < READERS; i++)
		reader[i] = run(read_blocks, NULL);
	for (i = 1; i <= BLOCKS; i++)
		replace_block(i, i % 50U == 0U);
	replace_block(0, false);
	inval_port_store64(&stop, 1);
	for (i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	port_drain(&ctx);
	CHECK(bad == 0U, "%llu times dead or incomplete", (unsigned long long)bad);
	CHECK(frees == BLOCKS, "%llu freed", (unsigned long long)frees);
	end();
}

/* Waiting */

static uint64_t in_section, about_to_end;

static void *read_long(void *arg)
{
	unsigned long token;
	uint32_t i;

	(void)arg;
	port_thread_begin();
	token = inval_port_read_begin(&ctx);
	inval_port_store_release64(&in_section, 1);
	for (i = 0; i < 200U; i++)
		inval_port_relax();
	inval_port_store64(&about_to_end, 1);
	inval_port_read_end(&ctx, token);
	port_thread_end();
	return NULL;
}

TEST(pthread, sync_waits_for_older_sections)
{
	uint64_t ended;
	pthread_t reader;
	uint32_t i;

	start();
	for (i = 0; i < 20U; i++) {
		in_section = 0;
		about_to_end = 0;
		reader = run(read_long, NULL);
		wait_until(&in_section, 1);
		inval_port_read_sync(&ctx);
		ended = inval_port_load64(&about_to_end);
		pthread_join(reader, NULL);
		CHECK(ended == 1U, "run %u: returned before the section was over", i);
	}
	end();
}

/* Two readers take turns; each stays in its section until the other is in one. */
static uint64_t sections;

static void *read_without_gap(void *arg)
{
	uint64_t me = arg ? 1U : 0U, n;
	unsigned long token;

	port_thread_begin();
	while (inval_port_load64(&stop) == 0U) {
		n = inval_port_load_acquire64(&sections);
		if (n % 2U != me) {
			inval_port_relax();
			continue;
		}
		token = inval_port_read_begin(&ctx);
		inval_port_store_release64(&sections, n + 1U);
		while (inval_port_load64(&stop) == 0U &&
		       inval_port_load_acquire64(&sections) == n + 1U)
			inval_port_relax();
		inval_port_read_end(&ctx, token);
	}
	port_thread_end();
	return NULL;
}

TEST(pthread, sections_without_a_gap_do_not_hold_up_sync)
{
	uint64_t i, before, after;
	pthread_t a, b;

	start();
	sections = 0;
	a = run(read_without_gap, NULL);
	b = run(read_without_gap, &sections);
	while (inval_port_load_acquire64(&sections) < 2U)
		inval_port_relax();
	before = inval_port_load64(&sections);
	for (i = 0; i < 50U; i++)
		inval_port_read_sync(&ctx);
	after = inval_port_load64(&sections);
	inval_port_store64(&stop, 1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK(after - before >= 50U, "%llu sections in 50 waits",
	      (unsigned long long)(after - before));
	end();
}

TEST(pthread, free_later_does_not_wait)
{
	struct block *b = block_new(3), *other = block_new(4);
	unsigned long outer, inner;

	start();
	outer = inval_port_read_begin(&ctx);
	inval_port_free_later(&ctx, b, &b->defer);
	inner = inval_port_read_begin(&ctx);
	inval_port_free_later(&ctx, other, &other->defer);
	inval_port_read_end(&ctx, inner);
	CHECK(block_good(b) && block_good(other), "freed under a reader");
	inval_port_read_end(&ctx, outer);
	port_drain(&ctx);
	CHECK(frees == 2U && bad == 0U, "%llu freed", (unsigned long long)frees);
	end();
}

TEST(pthread, fini_gives_back_what_was_to_be_freed_later)
{
	struct block *b = block_new(5);
	inval_hold_ctx holder;
	unsigned long token;
	inval_mutex mutex;
	inval_read_ctx own;

	start();
	inval_port_read_init(&own);
	token = inval_port_read_begin(&own);
	inval_port_free_later(&own, b, &b->defer);
	inval_port_read_end(&own, token);
	inval_port_read_fini(&own);
	CHECK(frees == 1U && bad == 0U, "%llu freed", (unsigned long long)frees);
	inval_port_hold_init(&holder);
	inval_port_hold_fini(&holder);
	inval_port_mutex_init(&mutex);
	inval_port_mutex_fini(&mutex);
	end();
}

static void *free_blocks(void *arg)
{
	struct block *b;
	uint64_t i;

	(void)arg;
	meet();
	for (i = 0; i < BLOCKS; i++) {
		b = block_new(i);
		inval_port_free_later(&ctx, b, &b->defer);
	}
	return NULL;
}

TEST(pthread, free_later_by_many_loses_none)
{
	unsigned long token;
	pthread_t a, b;

	start();
	token = inval_port_read_begin(&ctx);
	a = run(free_blocks, NULL);
	b = run(free_blocks, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK(frees == 0U, "%llu freed under a reader", (unsigned long long)frees);
	inval_port_read_end(&ctx, token);
	port_drain(&ctx);
	CHECK(frees == 2U * BLOCKS && bad == 0U, "%llu freed", (unsigned long long)frees);
	end();
}

TEST(pthread, slots)
{
	unsigned long token;
	uint32_t a, b;
	void *seen;

	start();
	inval_port_slot_store(&slot, &a);
	CHECK(inval_port_slot_owned(&slot) == &a, "owned");
	inval_port_slot_store(&slot, &b);
	token = inval_port_read_begin(&ctx);
	seen = inval_port_slot_load(&slot);
	inval_port_read_end(&ctx, token);
	CHECK(seen == &b, "loaded");
	end();
}

/* Mutex and hold side */

static inval_mutex mutex;
static inval_hold_ctx hold;

static void *add_under_mutex(void *arg)
{
	uint64_t seen;
	uint32_t i;

	(void)arg;
	meet();
	for (i = 0; i < LOCKINGS; i++) {
		inval_port_mutex_lock(&mutex);
		seen = plain;
		inval_port_relax();
		plain = seen + 1U;
		inval_port_mutex_unlock(&mutex);
	}
	return NULL;
}

TEST(pthread, mutex)
{
	pthread_t a, b;

	start();
	inval_port_mutex_init(&mutex);
	plain = 0;
	a = run(add_under_mutex, NULL);
	b = run(add_under_mutex, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK(plain == 2U * LOCKINGS, "plain is %llu", (unsigned long long)plain);
	end();
}

static void *hold_long(void *arg)
{
	unsigned long token;

	(void)arg;
	token = inval_port_hold_begin(&hold);
	inval_port_store_release64(&in_section, 1);
	inval_port_sleep_us(2000);
	inval_port_store64(&about_to_end, 1);
	inval_port_hold_end(&hold, token);
	return NULL;
}

TEST(pthread, hold_sections)
{
	pthread_t holder;
	uint64_t ended;

	start();
	inval_port_hold_init(&hold);
	in_section = 0;
	about_to_end = 0;
	holder = run(hold_long, NULL);
	wait_until(&in_section, 1);
	inval_port_hold_sync(&hold);
	ended = inval_port_load64(&about_to_end);
	pthread_join(holder, NULL);
	CHECK(ended == 1U, "returned before the section was over");
	end();
}

/* The rest */

static uint64_t device_hits;

static uint32_t device_read32(inval_mmio base, uint32_t offset)
{
	(void)base;
	device_hits++;
	return offset + 1U;
}

static void device_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	(void)base;
	device_hits += offset + v;
}

TEST(pthread, registers)
{
	static uint64_t regs[4];
	inval_mmio base = (inval_mmio)(void *)regs;

	start();
	inval_port_mmio_write64(base, 8, 1ULL << 40);
	CHECK(regs[1] == 1ULL << 40 && inval_port_mmio_read64(base, 8) == 1ULL << 40, "64 bits");
	inval_port_mmio_write32(base, 16, 77);
	CHECK(inval_port_mmio_read32(base, 16) == 77U && regs[1] == 1ULL << 40, "32 bits");
	port.mmio_read32 = device_read32;
	port.mmio_write64 = device_write64;
	device_hits = 0;
	CHECK(inval_port_mmio_read32(base, 16) == 17U, "device");
	inval_port_mmio_write64(base, 8, 2);
	CHECK(device_hits == 11U && regs[1] == 1ULL << 40, "device, not memory");
	end();
}

TEST(pthread, clock_and_reports)
{
	struct inval_smccc_args args = { { 1, 2, 3, 4, 5 } };
	struct timespec before, after;
	uint64_t then, now;

	start();
	clock_gettime(CLOCK_MONOTONIC, &before);
	then = inval_port_now_us();
	clock_gettime(CLOCK_MONOTONIC, &after);
	CHECK(then / 1000000U >= (uint64_t)before.tv_sec &&
	      then / 1000000U <= (uint64_t)after.tv_sec, "seconds");
	CHECK(then % 1000000U >= (uint64_t)before.tv_nsec / 1000U ||
	      before.tv_sec != after.tv_sec, "microseconds");
	CHECK(then % 1000000U <= (uint64_t)after.tv_nsec / 1000U ||
	      before.tv_sec != after.tv_sec, "microseconds");
	inval_port_spin_us(20);
	now = inval_port_now_us();
	CHECK(now - then >= 20U, "spun %llu us", (unsigned long long)(now - then));
	inval_port_sleep_us(3000);
	then = inval_port_now_us();
	CHECK(then - now >= 3000U, "slept %llu us", (unsigned long long)(then - now));
	inval_port_wait_event(1);
	CHECK(inval_port_now_us() >= then, "the clock went back");
	inval_port_count(INVAL_COUNT_SYNC, 3);
	inval_port_count(INVAL_COUNT_SYNC, 4);
	CHECK(port.count[INVAL_COUNT_SYNC] == 7U, "count");
	CHECK(port.warns == 0U, "warns");
	CHECK(inval_port_smccc(&args) == -INVAL_EOPNOTSUPP && args.x[0] == 1U, "no conduit");
	CHECK(inval_port_irq_save() == 0U && inval_port_cpu() == 0U, "cpu");
	end();
}
