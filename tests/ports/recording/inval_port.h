/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A simulated machine for tests that must come out the same on every run.
 *
 * One thread of the host plays all CPUs: rec.cpu says which one is running.
 * Every hook first appends to rec.log, then calls rec.on_event, where a test
 * lets another CPU or the device come in between, then takes effect. Time is a
 * number that only the hooks that wait, and the test, move on.
 *
 *	rec_reset()		a fresh machine: the first line of every test
 *	rec_done()		the last: number of misuses, 0 when all is well
 *	rec.misuse_text		says what the first one was
 *	rec_forget()		empties the log
 *	rec_next(kind, from)	index of the first such event from @from on, or
 *				REC_NONE; rec_next_at() asks for its address too
 *	rec_total(kind)		how many such events the log holds
 *	rec_print()		the log, for a person
 *	rec_mmio(address)	the register block of a device at @address; the
 *				test puts the device behind rec.mmio_*
 *	rec_alloc(bytes)	memory that free_later poisons and then watches
 *	rec_free(mem)		gives it back by hand
 *	rec_blocks()		how many are neither freed nor poisoned
 *	rec_run_frees()		with rec.keep_frees: frees what no reader can see
 *	rec.chance		store buffers (stores.h), drained by its chance
 *	rec.read_lock		the read side is a lock of its context
 *
 * Misuses: a section or interrupt state not closed in turn, by another CPU or
 * never; sleeping or waiting for readers where that is forbidden; a slot read
 * outside a section; an access not aligned to its size; memory freed twice, while
 * published, or read or written after; a lock or context used before its init; a
 * register without a device.
 */
#ifndef INVAL_PORT_RECORDING
#define INVAL_PORT_RECORDING

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVAL_PORT_VERSION 1

INVAL_BEGIN

#define REC_LOG_SIZE 65536U
#define REC_CPUS 8U
#define REC_SCOPES 64U
#define REC_BLOCKS 4096U
#define REC_SLOTS 64U
#define REC_TURNS 4000000U
#define REC_READY 0x52454144U
#define REC_NONE UINT32_MAX
#define REC_POISON 0xdd

#define REC_KINDS(kind) \
	kind(LOAD32) kind(LOAD64) kind(STORE32) kind(STORE64) \
	kind(LOAD_ACQUIRE64) kind(STORE_RELEASE64) \
	kind(CMPXCHG64) kind(CMPXCHG64_LOST) kind(XCHG64) \
	kind(MB) kind(DMA_WMB) kind(DMA_MB) \
	kind(READ_BEGIN) kind(READ_END) kind(READ_SYNC) kind(READ_WAIT) \
	kind(SLOT_LOAD) kind(SLOT_OWNED) kind(SLOT_STORE) kind(FREE_LATER) kind(FREE) \
	kind(HOLD_BEGIN) kind(HOLD_END) kind(HOLD_SYNC) kind(HOLD_WAIT) \
	kind(LOCK) kind(LOCK_WAIT) kind(UNLOCK) \
	kind(IRQ_SAVE) kind(IRQ_RESTORE) \
	kind(NOW) kind(SPIN) kind(RELAX) kind(WAIT_EVENT) kind(SLEEP) \
	kind(MMIO_READ32) kind(MMIO_WRITE32) kind(MMIO_READ64) kind(MMIO_WRITE64) \
	kind(DMA_CLEAN) kind(DMA_INVALIDATE) \
	kind(DC_CVAC) kind(DC_CIVAC) kind(DC_IVAC) kind(DC_CVAU) kind(IC_IVAU) \
	kind(DSB) kind(ISB) kind(SMCCC) kind(WATCHDOG) \
	kind(WARN) kind(TRACE) kind(COUNT)

#define REC_ENUM(name) REC_##name,
#define REC_NAME(name) #name,

enum rec_kind { REC_KINDS(REC_ENUM) REC_KIND_COUNT };

/*
 * @addr: of the word, register, slot, context or memory; id of a report
 * @value: read, written, microseconds or bytes
 * @what: the enum inval_warn or inval_event of a report
 */
struct rec_event {
	enum rec_kind kind;
	uint32_t cpu;
	uint32_t what;
	bool irq_off;
	bool reading;
	uint64_t addr;
	uint64_t value;
};

enum rec_scope_kind { REC_SCOPE_IRQ, REC_SCOPE_READ, REC_SCOPE_HOLD, REC_SCOPE_COUNT };

/* Open while the token is not 0; tokens only grow, so they tell the order. */
struct rec_scope {
	unsigned long token;
	enum rec_scope_kind kind;
	uint32_t cpu;
	const void *ctx;
};

enum rec_block_state { REC_BLOCK_NONE, REC_BLOCK_LIVE, REC_BLOCK_WAITING, REC_BLOCK_FREED };

struct rec_block {
	unsigned char *mem;
	size_t bytes;
	enum rec_block_state state;
	const void *ctx;
	unsigned long before;	/* sections with smaller tokens may see it; 0: not yet known */
	uint32_t cpu;		/* that gave it back, and its stores before that */
	uint64_t seq;
};

typedef struct { void *hidden; } inval_slot;
typedef struct { uint32_t unused; } inval_defer;
typedef struct { uint32_t ready; uint32_t holder; } inval_read_ctx;
typedef struct { uint32_t ready; } inval_hold_ctx;
typedef struct { uint32_t ready; uint32_t holder; } inval_mutex;
typedef struct { uint64_t addr; } inval_mmio;

struct rec_published {
	const inval_slot *slot;
	const void *mem;
};

struct rec {
	/* What the test sets. */
	uint32_t cpu;
	uint64_t now_us;
	uint32_t relax_us;	/* what one relax takes */
	uint32_t clock_us;	/* what one look at the clock takes */
	uint32_t event_us;	/* wait_event ends after so long, or its argument */
	bool keep_frees;	/* free_later waits for rec_run_frees() */
	bool mute[REC_KIND_COUNT];	/* kinds that are not logged */
	bool expect_misuse;	/* counted, but not printed */
	bool read_lock;		/* sections of one context exclude each other */
	uint64_t ctr_el0;
	uint32_t (*chance)(uint32_t n);	/* 0 to n - 1; NULL: no store buffers */
	/* Before each hook takes effect; not called again from inside itself. */
	void (*on_event)(enum rec_kind kind, uint64_t addr, uint64_t value);
	/* Whenever a CPU waits, after time moved on: the device may work. */
	void (*on_turn)(void);
	uint32_t (*mmio_read32)(uint64_t reg);
	void (*mmio_write32)(uint64_t reg, uint32_t v);
	uint64_t (*mmio_read64)(uint64_t reg);
	void (*mmio_write64)(uint64_t reg, uint64_t v);
	void (*dma_clean)(const void *mem, uint64_t bytes);
	void (*dma_invalidate)(void *mem, uint64_t bytes);
	int (*smccc)(struct inval_smccc_args *args);
	void (*on_free)(void *mem);

	/* What the test reads. */
	struct rec_event log[REC_LOG_SIZE];
	uint32_t events;
	uint32_t lost;		/* events after the log was full */
	uint32_t misuse;
	const char *misuse_text;
	uint64_t count[INVAL_COUNTERS];
	uint32_t warns;
	enum inval_warn warn;	/* the latest */

	/* Its own. */
	struct rec_event dropped;
	bool in_event;
	uint32_t turns;
	unsigned long tokens;
	struct rec_scope scope[REC_SCOPES];
	uint32_t depth[REC_CPUS][REC_SCOPE_COUNT];
	struct rec_block block[REC_BLOCKS];
	uint32_t block_count;
	struct rec_published published[REC_SLOTS];
};

static struct rec rec;

static inline void rec_misuse(const char *what)
{
	if (!rec.expect_misuse)
		fprintf(stderr, "recording port: misuse: %s\n", what);
	if (rec.misuse == 0U)
		rec.misuse_text = what;
	rec.misuse++;
}

static inline uint64_t rec_addr(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline uint32_t *rec_depth(enum rec_scope_kind kind)
{
	if (rec.cpu >= REC_CPUS) {
		fprintf(stderr, "recording port: rec.cpu is %u of %u\n", rec.cpu, REC_CPUS);
		abort();
	}
	return &rec.depth[rec.cpu][kind];
}

#include "stores.h"

/* The event stays where it is, so that a result can be filled in later. */
static inline struct rec_event *rec_log(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	struct rec_event *e = &rec.dropped;
	uint32_t cpu = rec.cpu;

	if (!rec.mute[kind] && rec.events < REC_LOG_SIZE)
		e = &rec.log[rec.events++];
	else if (!rec.mute[kind])
		rec.lost++;
	e->kind = kind;
	e->cpu = cpu;
	e->irq_off = *rec_depth(REC_SCOPE_IRQ) != 0U;
	e->reading = *rec_depth(REC_SCOPE_READ) != 0U;
	e->what = 0;
	e->addr = addr;
	e->value = value;
	if (rec.on_event && !rec.in_event) {
		rec.in_event = true;
		rec.on_event(kind, addr, value);
		rec.in_event = false;
		rec.cpu = cpu;
	}
	if (rec.chance) {
		rec_stores_view(cpu);
		rec_stores_chance();
	}
	return e;
}

/* Time passes while a CPU waits. Who waits for ever is stopped here. */
static inline void rec_turn(uint64_t us)
{
	rec.now_us += us;
	if (++rec.turns > REC_TURNS) {
		fprintf(stderr, "recording port: waited %u times: this does not end\n", rec.turns);
		abort();
	}
	if (rec.on_turn)
		rec.on_turn();
}

static inline void rec_may_sleep(void)
{
	if (*rec_depth(REC_SCOPE_IRQ) != 0U)
		rec_misuse("sleeps with interrupts off");
	if (*rec_depth(REC_SCOPE_READ) != 0U)
		rec_misuse("sleeps in a read section");
}

/* Sections and interrupt states */

static inline unsigned long rec_open(enum rec_scope_kind kind, const void *ctx)
{
	uint32_t i;

	for (i = 0; i < REC_SCOPES; i++) {
		if (rec.scope[i].token == 0U) {
			rec.scope[i].token = ++rec.tokens;
			rec.scope[i].kind = kind;
			rec.scope[i].cpu = rec.cpu;
			rec.scope[i].ctx = ctx;
			++*rec_depth(kind);
			return rec.tokens;
		}
	}
	rec_misuse("too many sections open at once");
	return 0;
}

/*
 * A port may save the interrupt flags in either token, so the latest one of a
 * CPU goes first. Hold sections are free of that.
 */
static inline bool rec_is_latest(const struct rec_scope *s)
{
	uint32_t i;

	for (i = 0; i < REC_SCOPES; i++) {
		if (rec.scope[i].token > s->token && rec.scope[i].cpu == s->cpu &&
		    rec.scope[i].kind != REC_SCOPE_HOLD)
			return false;
	}
	return true;
}

static inline void rec_close(enum rec_scope_kind kind, const void *ctx, unsigned long token)
{
	struct rec_scope *s;
	uint32_t i;

	for (i = 0; i < REC_SCOPES; i++) {
		s = &rec.scope[i];
		if (token == 0U || s->token != token)
			continue;
		if (s->kind != kind || s->ctx != ctx || s->cpu != rec.cpu)
			rec_misuse("section ended with the token of another");
		else if (kind != REC_SCOPE_HOLD && !rec_is_latest(s))
			rec_misuse("section ended before one that began later");
		rec.depth[s->cpu][s->kind]--;
		s->token = 0;
		return;
	}
	rec_misuse("section ended that was not open");
}

static inline bool rec_any_open(enum rec_scope_kind kind, const void *ctx, unsigned long before)
{
	uint32_t i;

	for (i = 0; i < REC_SCOPES; i++) {
		if (rec.scope[i].token != 0U && rec.scope[i].token < before &&
		    rec.scope[i].kind == kind && rec.scope[i].ctx == ctx)
			return true;
	}
	return false;
}

/* Only on_event and on_turn can end a section of another CPU meanwhile. */
static inline void rec_wait(enum rec_scope_kind kind, const void *ctx, enum rec_kind event)
{
	unsigned long before = rec.tokens + 1;

	rec_may_sleep();
	while (rec_any_open(kind, ctx, before)) {
		rec_log(event, rec_addr(ctx), 0);
		rec_turn(rec.relax_us);
	}
}

/* Memory */

#if defined(__SANITIZE_ADDRESS__)
#define REC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REC_ASAN 1
#endif
#endif

static inline void *rec_alloc(uint64_t bytes)
{
	struct rec_block *b = &rec.block[rec.block_count];

	if (rec.block_count == REC_BLOCKS) {
		fprintf(stderr, "recording port: more than %u blocks\n", REC_BLOCKS);
		abort();
	}
	b->mem = (unsigned char *)malloc((size_t)bytes);
	if (!b->mem)
		abort();
	memset(b->mem, 0xa5, (size_t)bytes);
	b->bytes = (size_t)bytes;
	b->state = REC_BLOCK_LIVE;
	rec.block_count++;
	return b->mem;
}

static inline struct rec_block *rec_block_of(const void *mem)
{
	uint32_t i;

	for (i = rec.block_count; i > 0U; i--) {
		if (rec.block[i - 1U].mem == mem)
			return &rec.block[i - 1U];
	}
	return NULL;
}

/* Under ASan really freed; else poisoned, kept, and looked at by rec_done(). */
static inline void rec_release(struct rec_block *b)
{
	b->state = REC_BLOCK_FREED;
	rec_log(REC_FREE, rec_addr(b->mem), b->bytes);
	if (rec.on_free)
		rec.on_free(b->mem);
	memset(b->mem, REC_POISON, b->bytes);
#ifdef REC_ASAN
	free(b->mem);
	b->mem = NULL;
#endif
}

static inline void rec_free(void *mem)
{
	struct rec_block *b = rec_block_of(mem);

	if (!b || b->state != REC_BLOCK_LIVE)
		rec_misuse("memory freed that was not live");
	else
		rec_release(b);
}

static inline void rec_run_frees(void)
{
	struct rec_block *b;
	uint32_t i;

	for (i = 0; i < rec.block_count; i++) {
		b = &rec.block[i];
		if (b->state == REC_BLOCK_WAITING && b->before == 0U &&
		    rec_stores_shown(b->cpu, b->seq))
			b->before = rec.tokens + 1;
		if (b->state == REC_BLOCK_WAITING && b->before != 0U &&
		    !rec_any_open(REC_SCOPE_READ, b->ctx, b->before))
			rec_release(b);
	}
}

static inline uint32_t rec_blocks(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < rec.block_count; i++)
		n += rec.block[i].state == REC_BLOCK_LIVE || rec.block[i].state == REC_BLOCK_WAITING;
	return n;
}

static inline bool rec_is_poison(const struct rec_block *b)
{
	size_t i;

	for (i = 0; b->mem && i < b->bytes; i++) {
		if (b->mem[i] != REC_POISON)
			return false;
	}
	return true;
}

/* For the test */

static inline void rec_reset(void)
{
	uint32_t i;

	if (rec.misuse != 0U) {
		fprintf(stderr, "recording port: a misuse was not looked at: %s\n", rec.misuse_text);
		abort();
	}
	for (i = 0; i < rec.block_count; i++)
		free(rec.block[i].mem);
	memset(&rec, 0, sizeof(rec));
	rec.now_us = 1000000;
	rec.relax_us = 1;
	rec.event_us = UINT32_MAX;
	rec.ctr_el0 = 0x8444c004U;	/* 64-byte lines, neither IDC nor DIC */
	rec_stores_reset();
}

static inline uint32_t rec_done(void)
{
	uint32_t i;

	for (i = 0; i < REC_SCOPES; i++) {
		if (rec.scope[i].token != 0U)
			rec_misuse("section still open at the end");
	}
	for (i = 0; i < rec.block_count; i++) {
		if (rec.block[i].state == REC_BLOCK_FREED && !rec_is_poison(&rec.block[i]))
			rec_misuse("memory written after it was freed");
	}
	if (rec.lost != 0U)
		rec_misuse("log full: mute what the test does not read");
	return rec.misuse;
}

/* A program that ends with a misuse nobody looked at has not passed. */
__attribute__((destructor)) static void rec_last_word(void)
{
	if (rec.misuse != 0U) {
		fprintf(stderr, "recording port: a misuse was not looked at: %s\n", rec.misuse_text);
		abort();
	}
}

static inline void rec_forget(void)
{
	rec.events = 0;
	rec.lost = 0;
}

static inline uint32_t rec_next(enum rec_kind kind, uint32_t from)
{
	uint32_t i;

	for (i = from; i < rec.events; i++) {
		if (rec.log[i].kind == kind)
			return i;
	}
	return REC_NONE;
}

static inline uint32_t rec_next_at(enum rec_kind kind, uint64_t addr, uint32_t from)
{
	uint32_t i = rec_next(kind, from);

	while (i != REC_NONE && rec.log[i].addr != addr)
		i = rec_next(kind, i + 1U);
	return i;
}

static inline uint32_t rec_total(enum rec_kind kind)
{
	uint32_t i, n = 0;

	for (i = 0; i < rec.events; i++)
		n += rec.log[i].kind == kind;
	return n;
}

static inline void rec_print(void)
{
	static const char *const name[] = { REC_KINDS(REC_NAME) };
	uint32_t i;

	for (i = 0; i < rec.events; i++)
		printf("%6u cpu %u%s%s %s 0x%llx 0x%llx\n", i, rec.log[i].cpu,
		       rec.log[i].irq_off ? " irqs off" : "", rec.log[i].reading ? " reading" : "",
		       name[rec.log[i].kind], (unsigned long long)rec.log[i].addr,
		       (unsigned long long)rec.log[i].value);
}

static inline inval_mmio rec_mmio(uint64_t addr)
{
	inval_mmio m;

	m.addr = addr;
	return m;
}

/* Order */

static inline bool rec_aligned(const volatile void *p, uint32_t bytes)
{
	if (rec_addr(p) % bytes != 0U)
		rec_misuse("access not aligned to its size");
	return rec_addr(p) % bytes == 0U;
}

/* What looks like poison may be. */
static inline bool rec_is_freed(const volatile void *p)
{
	uint32_t i;

	for (i = 0; i < rec.block_count; i++) {
		if (rec.block[i].state == REC_BLOCK_FREED &&
		    rec_addr(p) - rec_addr(rec.block[i].mem) < rec.block[i].bytes)
			return true;
	}
	return false;
}

static inline uint64_t rec_mem_load(const volatile void *p, uint32_t bytes)
{
	uint64_t v;

	if (!rec_aligned(p, bytes))
		return 0;
	v = rec_mem_raw(p, bytes);
	if ((uint32_t)v == REC_POISON * 0x01010101U && rec_is_freed(p)) {
		rec_misuse("memory read after it was freed");
		return 0;
	}
	return v;
}

static inline void rec_mem_store(volatile void *p, uint32_t bytes, uint64_t v, bool release)
{
	if (!rec_aligned(p, bytes))
		return;
	if (rec.chance)
		rec_stores_add(p, bytes, v, release);
	else
		rec_mem_set(p, bytes, v);
}

static inline uint64_t rec_load(enum rec_kind kind, const volatile void *p, uint32_t bytes)
{
	struct rec_event *e = rec_log(kind, rec_addr(p), 0);

	e->value = rec_mem_load(p, bytes);
	return e->value;
}

static inline void rec_store(enum rec_kind kind, volatile void *p, uint32_t bytes, uint64_t v)
{
	rec_log(kind, rec_addr(p), v);
	rec_mem_store(p, bytes, v, kind == REC_STORE_RELEASE64);
}

static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return (uint32_t)rec_load(REC_LOAD32, p, 4);
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return rec_load(REC_LOAD64, p, 8);
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	rec_store(REC_STORE32, p, 4, v);
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	rec_store(REC_STORE64, p, 8, v);
}

static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	return rec_load(REC_LOAD_ACQUIRE64, p, 8);
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	rec_store(REC_STORE_RELEASE64, p, 8, v);
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	struct rec_event *e = rec_log(REC_CMPXCHG64, rec_addr(p), want);
	uint64_t found = rec_mem_load(p, 8);

	if (found != expect) {
		e->kind = REC_CMPXCHG64_LOST;
		return found;
	}
	rec_stores_mb(rec.cpu);
	rec_mem_set(p, 8, want);
	return found;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	uint64_t found;

	rec_log(REC_XCHG64, rec_addr(p), v);
	rec_stores_mb(rec.cpu);
	found = rec_mem_load(p, 8);
	if (rec_aligned(p, 8))
		rec_mem_set(p, 8, v);
	return found;
}

static inline void inval_port_mb(void)
{
	rec_log(REC_MB, 0, 0);
	rec_stores_mb(rec.cpu);
}

static inline void inval_port_dma_wmb(void)
{
	rec_log(REC_DMA_WMB, 0, 0);
	rec_stores_dma_wmb(rec.cpu);
}

static inline void inval_port_dma_mb(void)
{
	rec_log(REC_DMA_MB, 0, 0);
	rec_stores_dma_mb(rec.cpu);
}

/* Read side */

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	ctx->ready = REC_READY;
	ctx->holder = 0;
}

static inline void rec_need_ready(uint32_t ready)
{
	if (ready != REC_READY)
		rec_misuse("context or mutex used before its init");
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	rec_log(REC_READ_BEGIN, rec_addr(ctx), 0);
	while (rec.read_lock && ctx->holder != 0U) {
		rec_log(REC_READ_WAIT, rec_addr(ctx), 0);
		rec_turn(rec.relax_us);
	}
	ctx->holder = rec.cpu + 1U;
	return rec_open(REC_SCOPE_READ, ctx);
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	rec_log(REC_READ_END, rec_addr(ctx), token);
	if (rec.read_lock)
		rec_stores_mb(rec.cpu);
	ctx->holder = 0;
	rec_close(REC_SCOPE_READ, ctx, token);
	if (!rec.keep_frees)
		rec_run_frees();
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	rec_log(REC_READ_SYNC, rec_addr(ctx), 0);
	rec_stores_mb_all();
	rec_wait(REC_SCOPE_READ, ctx, REC_READ_WAIT);
	rec_stores_mb_all();
}

static inline void *inval_port_slot_load(inval_slot *slot)
{
	struct rec_event *e = rec_log(REC_SLOT_LOAD, rec_addr(slot), 0);

	/* A lock cannot see this. */
	if (*rec_depth(REC_SCOPE_READ) == 0U && !rec.read_lock)
		rec_misuse("slot_load outside a read section");
	e->value = rec_addr(slot->hidden);
	return slot->hidden;
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	struct rec_event *e = rec_log(REC_SLOT_OWNED, rec_addr(slot), 0);

	e->value = rec_addr(slot->hidden);
	return slot->hidden;
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	struct rec_block *b = p ? rec_block_of(p) : NULL;
	uint32_t i = 0;

	if (b && b->state != REC_BLOCK_LIVE)
		rec_misuse("freed memory published");
	rec_log(REC_SLOT_STORE, rec_addr(slot), rec_addr(p));
	while (rec.published[i].slot && rec.published[i].slot != slot) {
		if (++i == REC_SLOTS)
			abort();
	}
	rec.published[i].slot = slot;
	rec.published[i].mem = p;
	rec_mem_store(&slot->hidden, sizeof(p), rec_addr(p), true);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	struct rec_block *b = rec_block_of(mem);
	uint32_t i;

	rec_need_ready(ctx->ready);
	rec_log(REC_FREE_LATER, rec_addr(mem), rec_addr(defer));
	for (i = 0; i < REC_SLOTS; i++) {
		if (mem && rec.published[i].mem == mem)
			rec_misuse("memory freed while it is published");
	}
	if (!b || b->state != REC_BLOCK_LIVE) {
		rec_misuse("memory freed that was not live");
		return;
	}
	if (rec_addr(defer) < rec_addr(mem) ||
	    rec_addr(defer) + sizeof(*defer) > rec_addr(mem) + b->bytes)
		rec_misuse("defer is not inside the memory");
	b->state = REC_BLOCK_WAITING;
	b->ctx = ctx;
	b->before = 0;
	b->cpu = rec.cpu;
	b->seq = rec_stores.seq[rec.cpu];
	if (!rec.keep_frees)
		rec_run_frees();
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	rec_wait(REC_SCOPE_READ, ctx, REC_READ_WAIT);
	rec_stores_mb_all();
	rec_run_frees();
	ctx->ready = 0;
}

/* Hold side */

static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	ctx->ready = REC_READY;
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	ctx->ready = 0;
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	rec_may_sleep();
	rec_log(REC_HOLD_BEGIN, rec_addr(ctx), 0);
	return rec_open(REC_SCOPE_HOLD, ctx);
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
	rec_log(REC_HOLD_END, rec_addr(ctx), token);
	rec_stores_mb(rec.cpu);
	rec_close(REC_SCOPE_HOLD, ctx, token);
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	rec_need_ready(ctx->ready);
	rec_log(REC_HOLD_SYNC, rec_addr(ctx), 0);
	if (*rec_depth(REC_SCOPE_HOLD) != 0U)
		rec_misuse("hold_sync in a hold section");
	else
		rec_wait(REC_SCOPE_HOLD, ctx, REC_HOLD_WAIT);
}

/* Mutex: the holder is a CPU's number plus 1. */

static inline void inval_port_mutex_init(inval_mutex *m)
{
	m->ready = REC_READY;
	m->holder = 0;
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	rec_need_ready(m->ready);
	if (m->holder != 0U)
		rec_misuse("mutex ended while it is held");
	m->ready = 0;
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	rec_need_ready(m->ready);
	rec_may_sleep();
	rec_log(REC_LOCK, rec_addr(m), 0);
	if (m->holder == rec.cpu + 1U)
		rec_misuse("mutex taken twice");
	while (m->holder != 0U && m->holder != rec.cpu + 1U) {
		rec_log(REC_LOCK_WAIT, rec_addr(m), 0);
		rec_turn(rec.relax_us);
	}
	m->holder = rec.cpu + 1U;
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	rec_log(REC_UNLOCK, rec_addr(m), 0);
	rec_stores_mb(rec.cpu);
	if (m->holder != rec.cpu + 1U)
		rec_misuse("mutex released by another");
	m->holder = 0;
}

/* CPU */

static inline unsigned long inval_port_irq_save(void)
{
	rec_log(REC_IRQ_SAVE, 0, 0);
	return rec_open(REC_SCOPE_IRQ, NULL);
}

static inline void inval_port_irq_restore(unsigned long token)
{
	rec_log(REC_IRQ_RESTORE, 0, token);
	rec_close(REC_SCOPE_IRQ, NULL, token);
}

static inline uint32_t inval_port_cpu(void)
{
	return rec.cpu;
}

/* Time */

static inline uint64_t inval_port_now_us(void)
{
	struct rec_event *e = rec_log(REC_NOW, 0, 0);

	rec_turn(rec.clock_us);
	e->value = rec.now_us;
	return rec.now_us;
}

static inline void inval_port_spin_us(uint32_t us)
{
	rec_log(REC_SPIN, 0, us);
	rec_turn(us);
}

static inline void inval_port_relax(void)
{
	rec_log(REC_RELAX, 0, rec.relax_us);
	rec_turn(rec.relax_us);
}

static inline void inval_port_wait_event(uint32_t us)
{
	rec_log(REC_WAIT_EVENT, 0, us);
	rec_turn(us < rec.event_us ? us : rec.event_us);
}

static inline void inval_port_sleep_us(uint32_t us)
{
	rec_may_sleep();
	rec_log(REC_SLEEP, 0, us);
	rec_turn(us);
}

/* Device */

static inline uint64_t rec_reg(inval_mmio base, uint32_t offset, uint32_t bytes, bool device)
{
	if (!device)
		rec_misuse("register without a device: set rec.mmio_*");
	if ((base.addr + offset) % bytes != 0U)
		rec_misuse("register access not aligned to its size");
	return base.addr + offset;
}

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	uint64_t reg = rec_reg(base, offset, 4, rec.mmio_read32 != NULL);
	struct rec_event *e = rec_log(REC_MMIO_READ32, reg, 0);

	e->value = rec.mmio_read32 ? rec.mmio_read32(reg) : 0U;
	return (uint32_t)e->value;
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	uint64_t reg = rec_reg(base, offset, 4, rec.mmio_write32 != NULL);

	rec_log(REC_MMIO_WRITE32, reg, v);
	if (rec.mmio_write32)
		rec.mmio_write32(reg, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	uint64_t reg = rec_reg(base, offset, 8, rec.mmio_read64 != NULL);
	struct rec_event *e = rec_log(REC_MMIO_READ64, reg, 0);

	e->value = rec.mmio_read64 ? rec.mmio_read64(reg) : 0U;
	return e->value;
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	uint64_t reg = rec_reg(base, offset, 8, rec.mmio_write64 != NULL);

	rec_log(REC_MMIO_WRITE64, reg, v);
	if (rec.mmio_write64)
		rec.mmio_write64(reg, v);
}

static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	rec_log(REC_DMA_CLEAN, rec_addr(mem), bytes);
	rec_stores_dma_mb(rec.cpu);
	if (rec.dma_clean)
		rec.dma_clean(mem, bytes);
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	rec_log(REC_DMA_INVALIDATE, rec_addr(mem), bytes);
	rec_stores_dma_mb(rec.cpu);
	if (rec.dma_invalidate)
		rec.dma_invalidate(mem, bytes);
}

/* Cache */

static inline uint64_t inval_port_ctr_el0(void)
{
	return rec.ctr_el0;
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	rec_log(REC_DC_CVAC, va, 0);
}

static inline void inval_port_dc_civac(uint64_t va)
{
	rec_log(REC_DC_CIVAC, va, 0);
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	rec_log(REC_DC_IVAC, va, 0);
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	rec_log(REC_DC_CVAU, va, 0);
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	rec_log(REC_IC_IVAU, va, 0);
}

static inline void inval_port_dsb(void)
{
	rec_log(REC_DSB, 0, 0);
	rec_stores_dma_mb(rec.cpu);
}

static inline void inval_port_isb(void)
{
	rec_log(REC_ISB, 0, 0);
}

/* Firmware */

static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	rec_log(REC_SMCCC, args->x[0], args->x[1]);
	return rec.smccc ? rec.smccc(args) : -INVAL_EOPNOTSUPP;
}

static inline void inval_port_watchdog(void)
{
	rec_log(REC_WATCHDOG, 0, 0);
}

/* Report */

static inline void rec_report(enum rec_kind kind, uint32_t what, uint64_t id, uint64_t value)
{
	struct rec_event *e = rec_log(kind, id, value);

	e->what = what;
}

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	rec.warns++;
	rec.warn = what;
	rec_report(REC_WARN, (uint32_t)what, id, value);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	rec_report(REC_TRACE, (uint32_t)what, id, value);
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	rec.count[what] += n;
	rec_report(REC_COUNT, (uint32_t)what, 0, n);
}

INVAL_END

#endif /* INVAL_PORT_RECORDING */
