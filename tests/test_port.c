/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The recording port: what tests that use it rely on.
 * - Each hook appends its own event, in the order of the calls, device writes and
 *   barriers among them, with the CPU and its state.
 * - A test can come in before a hook takes effect, and never into itself.
 * - Loads, stores and exchanges do what the contract says.
 * - Waiting for readers waits for those that began before and for no other.
 * - free_later frees when these are over, never before; a block freed twice, while
 *   published or written after is a misuse.
 * - Sections and interrupt states end in turn and on their CPU, or it is a misuse.
 * - Sleeping with interrupts off or in a read section is a misuse.
 * - Only hooks that wait, and the test, move the clock; waiting for ever ends.
 * - Registers reach the test's device with their address; reports are counted.
 * - With store buffers (stores.h) a store is seen by its CPU at once, plain loads
 *   included, and by others when a barrier, a release or chance lets it; by devices
 *   later still. Two may change places, unless they are of one address, or a write
 *   barrier or a release says otherwise; dma_mb covers what this CPU has seen of others.
 * - With a lock for a read side sections exclude each other.
 * - A misuse that nobody looks at ends the program.
 */
/* port: recording */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inval/port.h"
#include "test.h"

/* The last misuse was this one, and alone; forgiven. */
static bool misused(const char *text)
{
	bool so = rec.misuse == 1U && strstr(rec.misuse_text, text) != NULL;

	if (!so)
		printf("%u misuses, first: %s\n", rec.misuse, rec.misuse ? rec.misuse_text : "");
	rec.misuse = 0;
	return so;
}

static void start(void)
{
	rec_reset();
	rec.expect_misuse = true;
}

static bool aborts(void (*run)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		run();
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

static uint32_t reg_read32(uint64_t reg)
{
	return (uint32_t)reg + 1U;
}

static void reg_write32(uint64_t reg, uint32_t v)
{
	(void)reg;
	(void)v;
}

static uint64_t reg_read64(uint64_t reg)
{
	return reg << 32;
}

static uint64_t reg_written, reg_value;

static void reg_write64(uint64_t reg, uint64_t v)
{
	reg_written = reg;
	reg_value = v;
}

static int firmware(struct inval_smccc_args *args)
{
	args->x[0] = 7;
	return 0;
}

/* Each event is what is expected, by kind, address and value. */
static uint32_t next_expected;

static bool logged(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	const struct rec_event *e = &rec.log[next_expected];
	bool so = next_expected < rec.events && e->kind == kind && e->addr == addr &&
		  e->value == value;

	if (!so)
		printf("event %u of %u: kind %u, 0x%llx 0x%llx\n", next_expected, rec.events,
		       (unsigned int)e->kind, (unsigned long long)e->addr,
		       (unsigned long long)e->value);
	next_expected++;
	return so;
}

TEST(recording, order_hooks_work_and_are_logged)
{
	static uint32_t w, pair[2];
	static uint64_t d;

	start();
	pair[0] = pair[1] = UINT32_MAX;
	inval_port_store32(&pair[0], 5);
	CHECK(pair[0] == 5U && pair[1] == UINT32_MAX, "more than 32 bits stored");
	rec_forget();
	next_expected = 0;
	inval_port_store32(&w, 5);
	CHECK(inval_port_load32(&w) == 5U, "w is %u", w);
	inval_port_store64(&d, 1ULL << 40);
	CHECK(inval_port_load64(&d) == 1ULL << 40, "64 bits");
	inval_port_store_release64(&d, 6);
	CHECK(inval_port_load_acquire64(&d) == 6U, "acquire");
	CHECK(inval_port_cmpxchg64(&d, 6, 7) == 6U && d == 7U, "stored");
	CHECK(inval_port_cmpxchg64(&d, 6, 8) == 7U && d == 7U, "not stored");
	CHECK(inval_port_xchg64(&d, 9) == 7U && d == 9U, "exchanged");
	inval_port_mb();
	inval_port_dma_wmb();
	inval_port_dma_mb();

	CHECK(logged(REC_STORE32, rec_addr(&w), 5), "store32");
	CHECK(logged(REC_LOAD32, rec_addr(&w), 5), "load32");
	CHECK(logged(REC_STORE64, rec_addr(&d), 1ULL << 40), "store64");
	CHECK(logged(REC_LOAD64, rec_addr(&d), 1ULL << 40), "load64");
	CHECK(logged(REC_STORE_RELEASE64, rec_addr(&d), 6), "release");
	CHECK(logged(REC_LOAD_ACQUIRE64, rec_addr(&d), 6), "acquire");
	CHECK(logged(REC_CMPXCHG64, rec_addr(&d), 7), "cmpxchg");
	CHECK(logged(REC_CMPXCHG64_LOST, rec_addr(&d), 8), "cmpxchg that lost");
	CHECK(logged(REC_XCHG64, rec_addr(&d), 9), "xchg");
	CHECK(logged(REC_MB, 0, 0) && logged(REC_DMA_WMB, 0, 0) && logged(REC_DMA_MB, 0, 0),
	      "barriers");
	CHECK(rec.events == next_expected, "%u events", rec.events);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, other_hooks_are_logged)
{
	struct inval_smccc_args args = { { 1, 2, 3, 4, 5 } };
	static uint64_t mem[2];

	start();
	next_expected = 0;
	inval_port_dma_clean(mem, 16);
	inval_port_dma_invalidate(mem, 8);
	inval_port_dc_cvac(1);
	inval_port_dc_civac(2);
	inval_port_dc_ivac(3);
	inval_port_dc_cvau(4);
	inval_port_ic_ivau(5);
	inval_port_dsb();
	inval_port_isb();
	inval_port_watchdog();
	CHECK(inval_port_smccc(&args) == -INVAL_EOPNOTSUPP, "no conduit");
	rec.smccc = firmware;
	CHECK(inval_port_smccc(&args) == 0 && args.x[0] == 7U, "firmware of the test");
	CHECK(inval_port_ctr_el0() == rec.ctr_el0 && rec.ctr_el0 != 0U, "CTR_EL0");

	CHECK(logged(REC_DMA_CLEAN, rec_addr(mem), 16), "clean");
	CHECK(logged(REC_DMA_INVALIDATE, rec_addr(mem), 8), "invalidate");
	CHECK(logged(REC_DC_CVAC, 1, 0) && logged(REC_DC_CIVAC, 2, 0) && logged(REC_DC_IVAC, 3, 0),
	      "dc");
	CHECK(logged(REC_DC_CVAU, 4, 0) && logged(REC_IC_IVAU, 5, 0), "PoU");
	CHECK(logged(REC_DSB, 0, 0) && logged(REC_ISB, 0, 0), "dsb, isb");
	CHECK(logged(REC_WATCHDOG, 0, 0), "watchdog");
	CHECK(logged(REC_SMCCC, 1, 2) && logged(REC_SMCCC, 1, 2), "smccc");
	CHECK(rec.events == next_expected, "%u events", rec.events);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, device_writes_stand_among_barriers)
{
	static uint64_t d;
	uint32_t at;

	start();
	rec.mmio_read32 = reg_read32;
	rec.mmio_write32 = reg_write32;
	rec.mmio_read64 = reg_read64;
	rec.mmio_write64 = reg_write64;
	inval_port_store64(&d, 1);
	inval_port_dma_wmb();
	inval_port_mmio_write32(rec_mmio(0x1000), 0x98, 3);
	at = rec_next(REC_STORE64, 0);
	at = rec_next(REC_DMA_WMB, at);
	CHECK(rec_next_at(REC_MMIO_WRITE32, 0x1098, at) == 2U, "not in order");
	CHECK(rec_next_at(REC_MMIO_WRITE32, 0x1094, 0) == REC_NONE, "another register");
	CHECK(rec_next(REC_MMIO_WRITE32, 3) == REC_NONE, "after the last");

	CHECK(inval_port_mmio_read32(rec_mmio(0x2000), 0x10) == 0x2011U, "read32");
	CHECK(inval_port_mmio_read64(rec_mmio(0x2000), 0x10) == 0x2010ULL << 32, "read64");
	inval_port_mmio_write64(rec_mmio(0x3000), 0x18, 44);
	CHECK(reg_written == 0x3018U && reg_value == 44U, "write64");
	CHECK(rec_total(REC_MMIO_READ32) == 1U && rec_total(REC_MMIO_READ64) == 1U &&
	      rec_total(REC_MMIO_WRITE64) == 1U, "each logged once");
	CHECK(rec.log[rec_next(REC_MMIO_READ32, 0)].value == 0x2011U, "value read");
	rec_forget();
	CHECK(rec_total(REC_STORE64) == 0U, "forgotten");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, misaligned_access)
{
	static uint64_t d[2];
	char *at = (char *)d;

	start();
	(void)inval_port_load32((const uint32_t *)(const void *)(at + 4));
	CHECK(rec_done() == 0U, "4 bytes at 4: %s", rec.misuse_text);
	(void)inval_port_load64((const uint64_t *)(const void *)(at + 4));
	CHECK(misused("not aligned"), "load64");
	inval_port_store32((uint32_t *)(void *)(at + 2), 1);
	CHECK(misused("not aligned") && d[0] == 0U, "store32");
}

TEST(recording, register_misuse)
{

	start();
	CHECK(inval_port_mmio_read32(rec_mmio(0), 0) == 0U && misused("without a device"), "read32");
	inval_port_mmio_write64(rec_mmio(0), 0, 0);
	CHECK(misused("without a device"), "write64");
	rec.mmio_read64 = reg_read64;
	(void)inval_port_mmio_read64(rec_mmio(4), 0);
	CHECK(misused("not aligned"), "register");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

static uint64_t shared;
static uint32_t came_in;

static void other_cpu(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	(void)value;
	if (kind != REC_CMPXCHG64 || addr != rec_addr(&shared))
		return;
	came_in++;
	rec.cpu = 3;
	(void)inval_port_cmpxchg64(&shared, 0, 100);
}

TEST(recording, another_cpu_comes_in_before_the_effect)
{
	uint64_t found;

	start();
	shared = 0;
	came_in = 0;
	rec.on_event = other_cpu;
	found = inval_port_cmpxchg64(&shared, 0, 1);
	CHECK(found == 100U && shared == 100U, "found %llu", (unsigned long long)found);
	CHECK(came_in == 1U, "came in %u times", came_in);
	CHECK(rec.cpu == 0U && inval_port_cpu() == 0U, "cpu is %u", rec.cpu);
	CHECK(rec.events == 2U && rec.log[0].kind == REC_CMPXCHG64_LOST && rec.log[0].cpu == 0U &&
	      rec.log[1].kind == REC_CMPXCHG64 && rec.log[1].cpu == 3U, "log");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, log_can_be_muted_and_says_when_full)
{
	static uint64_t d;
	uint32_t i;

	start();
	rec.mute[REC_LOAD64] = true;
	for (i = 0; i < REC_LOG_SIZE + 1U; i++)
		(void)inval_port_load64(&d);
	CHECK(rec.events == 0U && rec_done() == 0U, "muted");
	rec.mute[REC_LOAD64] = false;
	for (i = 0; i < REC_LOG_SIZE + 1U; i++)
		(void)inval_port_load64(&d);
	CHECK(rec.events == REC_LOG_SIZE && rec.lost == 1U, "%u lost", rec.lost);
	CHECK(rec_done() == 1U && misused("log full"), "not said");
}

TEST(recording, interrupts_nest)
{
	unsigned long outer, inner;

	start();
	outer = inval_port_irq_save();
	inner = inval_port_irq_save();
	inval_port_mb();
	inval_port_irq_restore(inner);
	inval_port_mb();
	inval_port_irq_restore(outer);
	inval_port_mb();
	CHECK(rec.log[2].irq_off && rec.log[4].irq_off && !rec.log[6].irq_off, "state in the log");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);

	outer = inval_port_irq_save();
	inner = inval_port_irq_save();
	inval_port_irq_restore(outer);
	CHECK(misused("before one that began later"), "not in turn");
	inval_port_irq_restore(inner);
	inval_port_irq_restore(inner);
	CHECK(misused("not open"), "twice");
	inval_port_irq_restore(0);
	CHECK(misused("not open"), "no token");
	outer = inval_port_irq_save();
	rec.cpu = 1;
	inval_port_irq_restore(outer);
	CHECK(misused("token of another"), "on another CPU");
	outer = inval_port_irq_save();
	CHECK(rec_done() == 1U && misused("still open"), "never");
	inval_port_irq_restore(outer);
}

TEST(recording, read_sections_nest)
{
	inval_read_ctx a, b;
	unsigned long outer, inner, irq;

	start();
	inval_port_read_init(&a);
	inval_port_read_init(&b);
	outer = inval_port_read_begin(&a);
	inner = inval_port_read_begin(&a);
	inval_port_read_end(&a, inner);
	inval_port_mb();
	CHECK(rec.log[3].kind == REC_MB && rec.log[3].reading, "still reading");
	inval_port_read_end(&a, outer);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);

	outer = inval_port_read_begin(&a);
	inval_port_read_end(&b, outer);
	CHECK(misused("token of another"), "another context");
	outer = inval_port_read_begin(&a);
	irq = inval_port_irq_save();
	inval_port_read_end(&a, outer);
	CHECK(misused("before one that began later"), "crosses an interrupt state");
	inval_port_irq_restore(irq);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);

	memset(&a, 0x5a, sizeof(a));
	outer = inval_port_read_begin(&a);
	CHECK(misused("before its init"), "begin");
	inval_port_read_end(&a, outer);
	inval_port_read_sync(&a);
	CHECK(misused("before its init"), "sync");
}

static inval_read_ctx reader;
static inval_slot slot;
static unsigned long old_section, new_section;
static uint32_t turns;

/* CPU 1 begins a new section first and ends the old one three turns later. */
static void reader_turn(void)
{
	uint32_t cpu = rec.cpu;

	rec.cpu = 1;
	turns++;
	if (turns == 1U)
		new_section = inval_port_read_begin(&reader);
	rec.cpu = 2;
	if (turns == 4U)
		inval_port_read_end(&reader, old_section);
	rec.cpu = cpu;
}

TEST(recording, sync_waits_for_older_sections_only)
{
	inval_read_ctx other;

	start();
	inval_port_read_init(&reader);
	rec.cpu = 2;
	old_section = inval_port_read_begin(&reader);
	rec.cpu = 0;
	rec.on_turn = reader_turn;
	turns = 0;
	inval_port_read_sync(&reader);
	CHECK(turns == 4U, "returned after %u turns", turns);
	CHECK(rec_total(REC_READ_WAIT) == 4U, "%u waits", rec_total(REC_READ_WAIT));
	rec.on_turn = NULL;
	inval_port_read_init(&other);
	inval_port_read_sync(&other);
	CHECK(rec_total(REC_READ_WAIT) == 4U, "waited for a section of another context");
	rec.cpu = 1;
	inval_port_read_end(&reader, new_section);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, slots)
{
	unsigned long token;
	uint32_t a = 0, b = 0;
	void *seen;

	start();
	inval_port_read_init(&reader);
	inval_port_slot_store(&slot, &a);
	CHECK(inval_port_slot_owned(&slot) == &a, "owned");
	inval_port_slot_store(&slot, &b);
	token = inval_port_read_begin(&reader);
	seen = inval_port_slot_load(&slot);
	inval_port_read_end(&reader, token);
	CHECK(seen == &b, "load");
	CHECK(rec.log[rec_next(REC_SLOT_LOAD, 0)].value == rec_addr(&b), "logged");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	(void)inval_port_slot_load(&slot);
	CHECK(misused("outside a read section"), "outside");
	rec.cpu = 1;
	token = inval_port_read_begin(&reader);
	rec.cpu = 0;
	(void)inval_port_slot_load(&slot);
	CHECK(misused("outside a read section"), "another CPU's section");
	rec.cpu = 1;
	inval_port_read_end(&reader, token);
}

static void *freed;

static void on_free(void *mem)
{
	freed = mem;
}

static inval_defer *defer_of(void *mem)
{
	return (inval_defer *)mem;
}

TEST(recording, free_later_waits_for_older_sections)
{
	unsigned long older, newer;
	void *mem;

	start();
	rec.on_free = on_free;
	inval_port_read_init(&reader);
	mem = rec_alloc(64);
	older = inval_port_read_begin(&reader);
	inval_port_free_later(&reader, mem, defer_of(mem));
	rec.cpu = 1;
	newer = inval_port_read_begin(&reader);
	rec.cpu = 0;
	freed = NULL;
	CHECK(rec_blocks() == 1U, "freed under a reader");
	inval_port_read_end(&reader, older);
	CHECK(freed == mem && rec_blocks() == 0U, "not freed, or for a newer reader");
	CHECK(rec_next_at(REC_FREE, rec_addr(mem), 0) > rec_next(REC_READ_END, 0), "log");
	rec.cpu = 1;
	inval_port_read_end(&reader, newer);

	rec.cpu = 0;
	mem = rec_alloc(64);
	inval_port_free_later(&reader, mem, defer_of(mem));
	CHECK(freed == mem, "nobody reads");
	rec.keep_frees = true;
	mem = rec_alloc(64);
	older = inval_port_read_begin(&reader);
	inval_port_free_later(&reader, mem, defer_of(mem));
	rec_run_frees();
	CHECK(freed != mem, "by hand, too early");
	inval_port_read_end(&reader, older);
	CHECK(freed != mem && rec_blocks() == 1U, "kept");
	rec_run_frees();
	CHECK(freed == mem && rec_blocks() == 0U, "by hand");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, free_misuse)
{
	unsigned long token;
	char *mem, *other;

	start();
	inval_port_read_init(&reader);
	mem = (char *)rec_alloc(64);
	other = (char *)rec_alloc(64);
	CHECK(mem[0] == (char)0xa5 && mem[63] == (char)0xa5, "not filled with rubbish");
	inval_port_slot_store(&slot, mem);
	rec.keep_frees = true;
	inval_port_free_later(&reader, mem, defer_of(mem));
	CHECK(misused("while it is published"), "published");
	inval_port_free_later(&reader, mem, defer_of(mem));
	rec.misuse--;
	CHECK(misused("while it is published"), "published, and again");
	inval_port_slot_store(&slot, NULL);
	inval_port_free_later(&reader, mem, defer_of(mem));
	CHECK(misused("not live"), "twice");
	inval_port_slot_store(&slot, mem);
	CHECK(misused("freed memory published"), "published again");
	inval_port_slot_store(&slot, NULL);
	inval_port_free_later(&reader, other, defer_of(mem));
	CHECK(misused("not inside"), "defer");
	inval_port_free_later(&reader, &token, defer_of(mem));
	CHECK(misused("not live"), "memory of another");
	rec_run_frees();
	rec_free(mem);
	CHECK(misused("not live"), "by hand");
	mem = (char *)rec_alloc(64);
	inval_port_free_later(&reader, mem, defer_of(mem + 64 - sizeof(inval_defer)));
	inval_port_free_later(&reader, rec_alloc(8), NULL);
	CHECK(misused("not inside"), "defer below");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	token = inval_port_read_begin(&reader);
	CHECK(rec_done() == 1U && misused("still open"), "section left open");
	inval_port_read_end(&reader, token);
}

#ifndef REC_ASAN
TEST(recording, freed_memory_is_poisoned_and_watched)
{
	unsigned char *mem;

	start();
	inval_port_read_init(&reader);
	mem = (unsigned char *)rec_alloc(64);
	rec_free(mem);
	CHECK(mem[0] == REC_POISON && mem[63] == REC_POISON, "not poisoned");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	mem[63] = 0;
	CHECK(rec_done() == 1U && misused("written after"), "not seen");
}
#endif

TEST(recording, hold_sections_may_sleep_and_cross)
{
	inval_hold_ctx a, b;
	unsigned long ta, tb, token;

	start();
	inval_port_hold_init(&a);
	inval_port_hold_init(&b);
	ta = inval_port_hold_begin(&a);
	tb = inval_port_hold_begin(&b);
	inval_port_sleep_us(5);
	inval_port_hold_end(&a, ta);
	inval_port_hold_end(&b, tb);
	inval_port_hold_sync(&a);
	CHECK(rec_total(REC_HOLD_WAIT) == 0U, "waited for nobody");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	ta = inval_port_hold_begin(&a);
	inval_port_hold_sync(&a);
	CHECK(misused("in a hold section"), "sync");
	inval_port_hold_end(&a, ta);
	inval_port_read_init(&reader);
	ta = inval_port_hold_begin(&a);
	token = inval_port_read_begin(&reader);
	inval_port_hold_end(&a, ta);
	CHECK(rec.misuse == 0U, "a hold section ends inside a read section");
	ta = inval_port_hold_begin(&a);
	CHECK(misused("sleeps in a read section"), "begin");
	inval_port_hold_end(&a, ta);
	inval_port_read_end(&reader, token);
}

TEST(recording, sleeping_where_forbidden)
{
	unsigned long token;
	inval_mutex m;

	start();
	inval_port_read_init(&reader);
	inval_port_mutex_init(&m);
	token = inval_port_irq_save();
	inval_port_sleep_us(1);
	CHECK(misused("interrupts off"), "sleep");
	inval_port_mutex_lock(&m);
	CHECK(misused("interrupts off"), "mutex");
	inval_port_mutex_unlock(&m);
	inval_port_read_sync(&reader);
	CHECK(misused("interrupts off"), "read_sync");
	inval_port_spin_us(1);
	inval_port_relax();
	inval_port_wait_event(1);
	inval_port_irq_restore(token);
	CHECK(rec_done() == 0U, "busy waiting is allowed: %s", rec.misuse_text);
	token = inval_port_read_begin(&reader);
	inval_port_sleep_us(1);
	CHECK(misused("in a read section"), "sleep");
	rec.cpu = 1;
	inval_port_sleep_us(1);
	CHECK(rec.misuse == 0U, "another CPU may");
	rec.cpu = 0;
	inval_port_read_end(&reader, token);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

static inval_mutex contended;

static void release_mutex(void)
{
	uint32_t cpu = rec.cpu;

	rec.cpu = 1;
	inval_port_mutex_unlock(&contended);
	rec.cpu = cpu;
}

static unsigned long contended_token;

TEST(recording, mutexes)
{
	start();
	memset(&contended, 0, sizeof(contended));
	inval_port_mutex_lock(&contended);
	CHECK(misused("before its init"), "init");
	inval_port_mutex_init(&contended);
	inval_port_mutex_lock(&contended);
	inval_port_mutex_lock(&contended);
	CHECK(misused("taken twice"), "twice");
	rec.cpu = 1;
	inval_port_mutex_unlock(&contended);
	CHECK(misused("by another"), "unlock");
	inval_port_mutex_lock(&contended);
	rec.cpu = 0;
	rec.on_turn = release_mutex;
	inval_port_mutex_lock(&contended);
	CHECK(rec_total(REC_LOCK_WAIT) == 1U, "did not wait");
	inval_port_mutex_fini(&contended);
	CHECK(misused("while it is held"), "fini");
	inval_port_mutex_init(&contended);
	inval_port_mutex_fini(&contended);
	inval_port_mutex_lock(&contended);
	CHECK(misused("before its init"), "lock after fini");
	rec_reset();
}

static void end_reader(void)
{
	rec.cpu = 1;
	inval_port_read_end(&reader, contended_token);
	rec.cpu = 0;
	rec.on_turn = NULL;
}

TEST(recording, end_of_contexts)
{
	inval_hold_ctx holder;
	void *mem;

	start();
	inval_port_read_init(&reader);
	mem = rec_alloc(64);
	rec.cpu = 1;
	contended_token = inval_port_read_begin(&reader);
	rec.cpu = 0;
	inval_port_free_later(&reader, mem, defer_of(mem));
	rec.on_turn = end_reader;
	inval_port_read_fini(&reader);
	CHECK(rec_blocks() == 0U && !rec.on_turn, "did not wait, or kept memory");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
	inval_port_read_begin(&reader);
	CHECK(misused("before its init"), "begin after fini");
	start();
	inval_port_hold_init(&holder);
	inval_port_hold_fini(&holder);
	inval_port_hold_begin(&holder);
	CHECK(misused("before its init"), "hold after fini");
	rec_reset();
}

TEST(recording, clock_moves_only_by_waiting)
{
	uint64_t then;

	start();
	rec.relax_us = 3;
	then = inval_port_now_us();
	inval_port_mb();
	CHECK(inval_port_now_us() == then, "moved by itself");
	inval_port_relax();
	CHECK(inval_port_now_us() == then + 3U, "relax");
	inval_port_spin_us(100);
	CHECK(inval_port_now_us() == then + 103U, "spin");
	inval_port_wait_event(50);
	CHECK(inval_port_now_us() == then + 153U, "no event");
	rec.event_us = 7;
	inval_port_wait_event(50);
	CHECK(inval_port_now_us() == then + 160U, "event");
	inval_port_wait_event(2);
	CHECK(inval_port_now_us() == then + 162U, "event too late");
	inval_port_sleep_us(1000);
	CHECK(inval_port_now_us() == then + 1162U, "sleep");
	rec.clock_us = 10;
	CHECK(inval_port_now_us() == then + 1172U, "clock");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

TEST(recording, reports_are_counted)
{
	start();
	inval_port_count(INVAL_COUNT_SYNC, 2);
	inval_port_count(INVAL_COUNT_SYNC, 3);
	inval_port_trace(INVAL_EVENT_FENCE, 4, 5);
	inval_port_warn(INVAL_WARN_TAG_STALE, 6, 7);
	CHECK(rec.count[INVAL_COUNT_SYNC] == 5U && rec.count[INVAL_COUNT_WAIT] == 0U, "count");
	CHECK(rec.warns == 1U && rec.warn == INVAL_WARN_TAG_STALE, "warn");
	CHECK(rec.log[2].kind == REC_TRACE && rec.log[2].what == (uint32_t)INVAL_EVENT_FENCE &&
	      rec.log[2].addr == 4U && rec.log[2].value == 5U, "trace");
	CHECK(rec.log[3].kind == REC_WARN && rec.log[3].addr == 6U && rec.log[3].value == 7U,
	      "warn in the log");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

static void wait_for_ever(void)
{
	for (;;)
		(void)inval_port_now_us();
}

static void forget_misuse(void)
{
	inval_port_irq_restore(0);
	rec_reset();
}

static void end_with_misuse(void)
{
	inval_port_irq_restore(0);
	rec_last_word();
}

/* Chance: 0, or never, but for what drains next. */
static uint32_t draw, drawn;

static uint32_t no_chance(uint32_t n)
{
	return n == REC_DRAIN ? 1U : draw % n;
}

static uint32_t some_chance(uint32_t n)
{
	drawn = drawn * 1664525U + 1013904223U;
	return (drawn >> 8) % n;
}

static uint64_t words[4];

static void start_buffers(uint32_t (*chance)(uint32_t))
{
	start();
	memset(words, 0, sizeof(words));
	rec_stores_device(&words[2], 16);
	rec.chance = chance;
}

/* What a CPU sees. */
static uint64_t seen(uint32_t cpu, uint32_t word)
{
	rec.cpu = cpu;
	return inval_port_load64(&words[word]);
}

TEST(recording, stores_are_pending)
{
	start_buffers(no_chance);
	inval_port_store64(&words[0], 1);
	CHECK(seen(1, 0) == 0U && seen(0, 0) == 1U && words[0] == 1U, "its own");
	rec.cpu = 1;
	inval_port_store64(&words[0], 2);
	CHECK(seen(0, 0) == 1U && seen(1, 0) == 2U && seen(2, 0) == 0U, "each its own");
	rec.cpu = 0;
	inval_port_dma_wmb();
	CHECK(seen(1, 0) == 2U && seen(2, 0) == 0U, "a write barrier shows nothing");
	rec.cpu = 0;
	inval_port_mb();
	CHECK(seen(0, 0) == 1U && seen(1, 0) == 2U && seen(2, 0) == 1U, "a full one does");
	CHECK(inval_port_xchg64(&words[1], 5) == 0U && seen(3, 1) == 5U, "an exchange");
	rec.cpu = 1;
	CHECK(inval_port_cmpxchg64(&words[1], 4, 6) == 5U && seen(2, 0) == 1U, "lost: no barrier");
	rec.cpu = 1;
	CHECK(inval_port_cmpxchg64(&words[1], 5, 6) == 5U && seen(2, 0) == 2U, "won: a barrier");
	CHECK(seen(0, 0) == 2U && rec_done() == 0U, "the last");
	rec_reset();
}

TEST(recording, stores_change_places)
{
	bool swapped = false, order = true;
	uint32_t i, kind;

	for (kind = 0; kind < 4U; kind++) {
		swapped = false;
		for (i = 0; i < 2000U; i++) {
			start_buffers(some_chance);
			inval_port_store64(&words[0], 1);
			if (kind == 1U)
				inval_port_dma_wmb();
			if (kind == 2U)
				inval_port_store_release64(&words[1], 1);
			else
				inval_port_store64(&words[kind == 3U ? 0 : 1], 2);
			while (rec_stores.num[0] == 2U)
				(void)seen(1, 3);
			rec_stores_view(REC_CPUS);
			swapped = swapped || (words[1] != 0U && words[0] == 0U) || words[0] == 2U;
			order = order && rec_stores.num[0] == 1U;
		}
		CHECK(order && swapped == (kind == 0U), "kind %u: %d", kind, swapped);
	}
	rec_reset();
}

TEST(recording, devices_see_later)
{
	start_buffers(no_chance);
	inval_port_store64(&words[2], 1);
	CHECK(rec_device_load64(&words[2]) == 0U, "pending");
	inval_port_mb();
	CHECK(seen(1, 2) == 1U && rec_device_load64(&words[2]) == 0U, "CPUs do, devices do not");
	rec.cpu = 1;
	inval_port_store64(&words[3], 7);
	inval_port_dma_wmb();
	CHECK(rec_device_load64(&words[2]) == 0U, "a write barrier is for its own stores");
	inval_port_dma_mb();
	CHECK(rec_device_load64(&words[2]) == 1U && rec_device_load64(&words[3]) == 7U,
	      "a full one also for what this CPU has seen");
	rec.cpu = 0;
	inval_port_store64(&words[2], 2);
	inval_port_mb();
	inval_port_store64(&words[2], 3);
	inval_port_mb();
	CHECK(rec_device_load64(&words[2]) == 1U, "the first first");
	inval_port_dma_clean(words, 8);
	CHECK(rec_device_load64(&words[2]) == 3U, "maintenance ends in a barrier");
	rec_reset();
}

TEST(recording, readers_waits_show_all)
{
	inval_read_ctx ctx;
	inval_slot slot;
	unsigned long token;
	struct inval_hooked { uint64_t word; inval_defer defer; } *mem, *next;

	start_buffers(no_chance);
	inval_port_read_init(&ctx);
	slot.hidden = NULL;
	mem = (struct inval_hooked *)rec_alloc(sizeof(*mem));
	next = (struct inval_hooked *)rec_alloc(sizeof(*next));
	inval_port_slot_store(&slot, mem);
	inval_port_store64(&words[0], 1);
	rec.cpu = 1;
	inval_port_read_sync(&ctx);
	CHECK(seen(2, 0) == 1U, "all stores of all CPUs");
	rec.cpu = 0;
	inval_port_slot_store(&slot, next);
	inval_port_free_later(&ctx, mem, &mem->defer);
	rec.cpu = 1;
	token = inval_port_read_begin(&ctx);
	CHECK(inval_port_slot_load(&slot) == mem && rec_blocks() == 2U, "still to be found");
	rec.cpu = 0;
	inval_port_mb();
	CHECK(inval_port_slot_owned(&slot) == next, "its own");
	rec_run_frees();
	CHECK(rec_blocks() == 2U, "found by a section that began before");
	rec.cpu = 1;
	CHECK(inval_port_slot_load(&slot) == next, "shown");
	inval_port_read_end(&ctx, token);
	CHECK(rec_blocks() == 1U, "then freed");
	rec_reset();
}

static unsigned long other_token;
static inval_read_ctx *other_ctx;

static void other_leaves(void)
{
	rec.cpu = 1;
	if (other_token != 0U)
		inval_port_read_end(other_ctx, other_token);
	other_token = 0;
	rec.cpu = 0;
}

TEST(recording, read_side_as_a_lock)
{
	inval_read_ctx ctx;
	inval_slot slot;
	unsigned long token;

	start();
	rec.read_lock = true;
	inval_port_read_init(&ctx);
	inval_port_slot_store(&slot, NULL);
	CHECK(inval_port_slot_load(&slot) == NULL, "nobody sees that there is no section");
	rec.on_turn = other_leaves;
	other_ctx = &ctx;
	rec.cpu = 1;
	other_token = inval_port_read_begin(&ctx);
	rec.cpu = 0;
	token = inval_port_read_begin(&ctx);
	CHECK(other_token == 0U && rec_total(REC_READ_WAIT) == 1U, "waits its turn");
	inval_port_read_end(&ctx, token);
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

#ifndef REC_ASAN
TEST(recording, freed_memory_read)
{
	uint32_t *mem;

	start();
	mem = (uint32_t *)rec_alloc(16);
	*mem = REC_POISON * 0x01010101U;
	CHECK(inval_port_load32(mem) == REC_POISON * 0x01010101U && rec.misuse == 0U, "only so");
	rec_free(mem);
	CHECK(inval_port_load32(mem) == 0U && misused("memory read after it was freed"), "freed");
}
#endif

TEST(recording, what_nobody_looks_at_ends_the_program)
{
	start();
	CHECK(aborts(wait_for_ever), "waiting for ever");
	CHECK(aborts(forget_misuse), "reset after a misuse");
	CHECK(aborts(end_with_misuse), "exit after a misuse");
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}
