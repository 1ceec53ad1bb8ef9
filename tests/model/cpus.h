/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CPUs of the recording port that run in turns, each on a stack of its own: one can
 * be stopped before any hook and another go on. Everything comes out the same on
 * every run.
 *
 *	cpus_reset()		no CPU
 *	cpus_start(run)		one more; run(number) begins at its first turn
 *	cpus_step(cpu)		goes on to its next hook that touches memory or a
 *				register, or waits; false: its run has ended
 *	cpus_forget(number)	inside run(): all that this CPU still knows is in this
 *				number; makes searches shorter
 *	cpus_random(m, idle)	until all have ended, in turns by chance
 *	cpus_search(s)		all orders (below)
 *
 * A CHECK must not fail inside of run(): note what is wrong, check it later.
 */
#ifndef MODEL_CPUS_GUARD
#define MODEL_CPUS_GUARD

#include <ucontext.h>

#include "machine.h"

#ifdef REC_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#define CPUS 4U
#define CPUS_STACK (256U * 1024U)

/**
 * struct cpus_one - one CPU
 * @context: where it goes on
 * @fake: ASan's own stack for it
 * @run: what it does
 * @live: @run has not ended
 * @kind: of the hook that it stands before
 * @addr: its address
 * @past: a number for all that it has done and read, for searches
 * @stage: from cpus_forget(): what it still knows whenever it waits
 * @credit: hooks that it may pass without stopping
 */
struct cpus_one {
	ucontext_t context;
	void *fake;
	void (*run)(uint32_t cpu);
	bool live;
	enum rec_kind kind;
	uint64_t addr;
	uint64_t past;
	uint64_t stage;
	uint32_t credit;
	char stack[CPUS_STACK];
};

/*
 * @hidden: makes searches shorter: no other CPU, nor the SMMU, can tell when this
 *	hook happens
 * @blank: likewise, called before each other hook of cpus.now: whoever comes to it knows
 *	no more than its stage, what is in memory, and the number that this returns; 0:
 *	all that it has read
 */
struct cpus {
	struct cpus_one cpu[CPUS];
	uint32_t num;
	uint32_t now;		/* that runs; CPUS: none */
	bool through;		/* not stopped by waiting */
	bool (*hidden)(enum rec_kind kind, uint64_t addr);
	uint64_t (*blank)(enum rec_kind kind, uint64_t addr);
	ucontext_t main;
	void *fake;
	const void *main_stack;
	size_t main_bytes;
};

static struct cpus cpus;

/* ASan wants to know which stack is in use. */
static inline void cpus_leave(void **fake, const void *stack, size_t bytes)
{
#ifdef REC_ASAN
	__sanitizer_start_switch_fiber(fake, stack, bytes);
#else
	(void)fake;
	(void)stack;
	(void)bytes;
#endif
}

static inline void cpus_arrive(void *fake, const void **stack, size_t *bytes)
{
#ifdef REC_ASAN
	__sanitizer_finish_switch_fiber(fake, stack, bytes);
#else
	(void)fake;
	(void)stack;
	(void)bytes;
#endif
}

/* From a CPU back to the test; @last: for good. */
static inline void cpus_yield(bool last)
{
	struct cpus_one *c = &cpus.cpu[cpus.now];

	cpus.now = CPUS;
	rec.in_event = false;
	cpus_leave(last ? NULL : &c->fake, cpus.main_stack, cpus.main_bytes);
	swapcontext(&c->context, &cpus.main);
	cpus_arrive(c->fake, NULL, NULL);
}

static inline void cpus_main(void)
{
	struct cpus_one *c = &cpus.cpu[cpus.now];

	cpus_arrive(NULL, &cpus.main_stack, &cpus.main_bytes);
	c->run(rec.cpu);
	c->live = false;
	cpus_yield(true);
}

/* What other CPUs and the SMMU can see, or wait for. */
static inline bool cpus_visible(enum rec_kind kind)
{
	switch (kind) {
	case REC_LOAD32:
	case REC_LOAD64:
	case REC_STORE32:
	case REC_STORE64:
	case REC_LOAD_ACQUIRE64:
	case REC_STORE_RELEASE64:
	case REC_CMPXCHG64:
	case REC_XCHG64:
	case REC_RELAX:
	case REC_READ_BEGIN:
	case REC_READ_END:
	case REC_READ_SYNC:
	case REC_READ_WAIT:
	case REC_SLOT_LOAD:
	case REC_SLOT_STORE:
	case REC_MMIO_READ32:
	case REC_MMIO_WRITE32:
	case REC_DMA_CLEAN:
	case REC_LOCK:
	case REC_LOCK_WAIT:
	case REC_UNLOCK:
	case REC_SMCCC:
		return true;
	case REC_MB:
	case REC_DMA_WMB:
	case REC_DMA_MB:
		return rec.chance != NULL;
	default:
		return false;
	}
}

static inline bool cpus_waits(const struct cpus_one *c)
{
	return c->kind == REC_RELAX || c->kind == REC_READ_WAIT || c->kind == REC_LOCK_WAIT;
}

static inline uint64_t cpus_mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x9fb21c651e98df25ULL;
	return hash ^ (hash >> 32);
}

/* What the hook that it stands before will read. */
static inline uint64_t cpus_reads(const struct cpus_one *c)
{
	switch (c->kind) {
	case REC_LOAD32:
		return *(const uint32_t *)(uintptr_t)c->addr;
	case REC_LOAD64:
	case REC_LOAD_ACQUIRE64:
	case REC_CMPXCHG64:
	case REC_XCHG64:
		return *(const uint64_t *)(uintptr_t)c->addr;
	case REC_MMIO_READ32:
		return machine_read32(c->addr);
	default:
		return 0;
	}
}

/*
 * Who waits knows no more than where it waits; nor who comes to a blank hook. Who waits
 * for a mutex keeps what it knows, and learns nothing.
 */
static inline void cpus_learn(struct cpus_one *c)
{
	uint64_t knows = c->kind == REC_RELAX ? 1U : 0U;

	if (c->kind == REC_LOCK_WAIT)
		return;
	if (knows == 0U && cpus.blank)
		knows = cpus.blank(c->kind, c->addr);
	if (knows != 0U)
		c->past = cpus_mix(cpus_mix(c->stage, c->addr), knows);
	c->past = cpus_mix(cpus_mix(c->past, c->kind), cpus_reads(c));
}

static inline void cpus_forget(uint64_t number)
{
	struct cpus_one *c = &cpus.cpu[cpus.now];

	c->stage = cpus_mix(number, cpus.now);
	c->past = c->stage;
}

static inline void cpus_hook(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	struct cpus_one *c = &cpus.cpu[cpus.now % CPUS];

	(void)value;
	if (cpus.now == CPUS || !cpus_visible(kind) || (cpus.hidden && cpus.hidden(kind, addr)))
		return;
	c->kind = kind;
	c->addr = addr;
	if (c->credit == 0U || (cpus_waits(c) && !cpus.through)) {
		cpus_yield(false);
	} else {
		c->credit--;
		cpus_learn(c);
	}
}

static inline void cpus_reset(void)
{
	cpus.num = 0;
	cpus.hidden = NULL;
	cpus.blank = NULL;
	cpus.now = CPUS;
	machine.hook = cpus_hook;
}

static inline void cpus_start(void (*run)(uint32_t cpu))
{
	struct cpus_one *c = &cpus.cpu[cpus.num++];

	getcontext(&c->context);
	c->context.uc_stack.ss_sp = c->stack;
	c->context.uc_stack.ss_size = sizeof(c->stack);
	c->context.uc_link = NULL;
	makecontext(&c->context, cpus_main, 0);
	c->fake = NULL;
	c->run = run;
	c->live = true;
	c->kind = REC_KIND_COUNT;
	c->addr = 0;
	c->past = cpus.num;
	c->stage = 0;
}

/* Like cpus_step(), but passes up to @credit hooks more; @through: also where it waits */
static inline bool cpus_go(uint32_t cpu, uint32_t credit, bool through)
{
	struct cpus_one *c = &cpus.cpu[cpu];

	cpus.now = cpu;
	rec.cpu = cpu;
	cpus_learn(c);
	c->credit = credit;
	cpus.through = through;
	rec_stores_view(cpu);
	cpus_leave(&cpus.fake, c->stack, sizeof(c->stack));
	swapcontext(&cpus.main, &c->context);
	cpus_arrive(cpus.fake, NULL, NULL);
	return c->live;
}

static inline bool cpus_step(uint32_t cpu)
{
	return cpus_go(cpu, 0, true);
}

/* One turn of a CPU chosen by chance; false when all have ended. */
static inline bool cpus_turn(struct model *m)
{
	uint32_t first = model_chance(m, cpus.num), i, cpu;

	for (i = 0; i < cpus.num; i++) {
		cpu = (first + i) % cpus.num;
		if (cpus.cpu[cpu].live) {
			cpus_step(cpu);
			return true;
		}
	}
	return false;
}

/* Who has the turn keeps it for a while, now and then a long one; @idle() between. */
static inline void cpus_random(struct model *m, void (*idle)(void))
{
	uint32_t cpu, n;

	while (cpus_turn(m)) {
		idle();
		cpu = model_chance(m, cpus.num);
		n = model_chance(m, model_chance(m, 4) == 0U ? 40U : 4U);
		while (n-- != 0U && cpus.cpu[cpu].live)
			cpus_step(cpu);
	}
}

/*
 * All orders of what CPUs and one SMMU can do. A run follows a path of choices to
 * its end; the next one differs in the last choice that has another. Two runs that
 * come to the same state have the same future: the second stops there. A state is
 * the memory of the test plus, for each CPU, all that it has read; a CPU that waits
 * knows no more than where it waits, so waiting is no new state.
 *
 * Runs that stop are played to their end in turns, so no CPU is left behind.
 */
#define SEARCH_DEPTH 4096U
#define SEARCH_LG2 22U

/**
 * struct cpus_search - what to search
 * @begin: a fresh machine, all CPUs started, machine.pace and time standing still
 * @end: all has ended: is it as it must be? What is not, it notes
 * @smmu: its SMMU, tidy; NULL: none
 * @smmu_last: the SMMU acts when all CPUs have ended: right where they never look
 * @smmu_all: once it acts, the SMMU takes all that it has been given
 * @later: may this CPU not do this now, because the same happens where CPUs that are
 *	alike are named otherwise? NULL: never
 * @wrong: set by @end to stop the search
 * @memory: what makes a state, besides the SMMU
 * @bytes: its length
 * @states: out: states seen
 * @runs: out: paths gone
 */
struct cpus_search {
	void (*begin)(void);
	void (*end)(struct cpus_search *s);
	struct model_queue *smmu;
	bool smmu_last;
	bool smmu_all;
	bool (*later)(uint32_t cpu);
	const char *wrong;
	const void *memory[6];
	uint64_t bytes[6];
	uint64_t states;
	uint64_t runs;
	uint64_t *seen;
	uint32_t options[SEARCH_DEPTH][CPUS + MODEL_ACTS];
	uint32_t left[SEARCH_DEPTH];
	uint32_t option[SEARCH_DEPTH];
	uint32_t depth;
};

static inline uint64_t cpus_hash(uint64_t hash, const void *mem, uint64_t bytes)
{
	const unsigned char *p = (const unsigned char *)mem;
	uint64_t v;

	for (; bytes >= 8U; p += 8, bytes -= 8U) {
		memcpy(&v, p, 8);
		hash = cpus_mix(hash, v);
	}
	for (; bytes != 0U; p++, bytes--)
		hash = cpus_mix(hash, *p);
	return hash;
}

static inline uint64_t cpus_state(const struct cpus_search *s)
{
	uint64_t hash = 1;
	uint32_t i;

	for (i = 0; i < cpus.num; i++)
		hash = cpus_mix(hash, cpus.cpu[i].live ? cpus.cpu[i].past : 0U);
	for (i = 0; i < cpus.num; i++)
		hash = cpus_mix(hash, cpus_waits(&cpus.cpu[i]));
	for (i = 0; i < 6U && s->memory[i] != NULL; i++)
		hash = cpus_hash(hash, s->memory[i], s->bytes[i]);
	if (s->smmu != NULL)
		hash = cpus_hash(hash, s->smmu, sizeof(*s->smmu));
	return hash | 1U;
}

/* Was this state seen before? Now it is. */
static inline bool cpus_seen(struct cpus_search *s)
{
	uint64_t key = cpus_state(s), i = key >> 8;

	while (s->seen[i & ((1U << SEARCH_LG2) - 1U)] != 0U) {
		if (s->seen[i & ((1U << SEARCH_LG2) - 1U)] == key)
			return true;
		i++;
	}
	s->seen[i & ((1U << SEARCH_LG2) - 1U)] = key;
	if (++s->states > (1U << SEARCH_LG2) / 2U) {
		fprintf(stderr, "cpus_search: too many states\n");
		abort();
	}
	return false;
}

/* What can be done: CPUs first, then acts of the SMMU. */
static inline uint32_t cpus_options(const struct cpus_search *s, uint32_t *option)
{
	uint32_t i, n = 0;

	for (i = 0; i < cpus.num; i++) {
		if (cpus.cpu[i].live && !(s->later && s->later(i)))
			option[n++] = i;
	}
	for (i = 0; s->smmu != NULL && i < MODEL_ACTS && !(s->smmu_last && n != 0U); i++) {
		if (model_queue_can(s->smmu, (enum model_act)i))
			option[n++] = CPUS + i;
	}
	return n;
}

/* A command that is fetched is taken and takes effect at once: nobody sees between. */
static inline void cpus_fetched(struct model_queue *mq)
{
	while (model_queue_can(mq, MODEL_TAKE))
		model_queue_do(mq, MODEL_TAKE);
	while (model_queue_can(mq, MODEL_FINISH))
		model_queue_do(mq, MODEL_FINISH);
}

static inline void cpus_choose(struct cpus_search *s, uint32_t option)
{
	if (option < CPUS) {
		cpus_step(option);
		return;
	}
	model_queue_do(s->smmu, (enum model_act)(option - CPUS));
	cpus_fetched(s->smmu);
	while (s->smmu_all && model_queue_can(s->smmu, MODEL_FETCH)) {
		model_queue_do(s->smmu, MODEL_FETCH);
		cpus_fetched(s->smmu);
	}
}

/* To the end, everybody in turn until it waits. */
static inline void cpus_finish(struct cpus_search *s)
{
	uint32_t i;
	bool live = true;

	while (live) {
		live = false;
		for (i = 0; i < cpus.num; i++)
			live = (cpus.cpu[i].live && cpus_go(i, UINT32_MAX, false)) || live;
		if (s->smmu != NULL)
			model_queue_settle(s->smmu);
	}
}

/* The path so far; what a CPU does in a row, in one go. */
static inline void cpus_replay(struct cpus_search *s)
{
	uint32_t i, n;

	for (i = 0; i < s->depth; i += n) {
		n = 1;
		while (s->option[i] < CPUS && i + n < s->depth && s->option[i] == s->option[i + n])
			n++;
		if (s->option[i] < CPUS)
			cpus_go(s->option[i], n - 1U, true);
		else
			cpus_choose(s, s->option[i]);
	}
}

/* One run: the path as it stands, then the first choice each time. */
static inline void cpus_run(struct cpus_search *s)
{
	uint32_t option[CPUS + MODEL_ACTS], n;

	s->begin();
	cpus_replay(s);
	for (;;) {
		n = cpus_options(s, option);
		if (s->depth == SEARCH_DEPTH || n == 0U || cpus_seen(s)) {
			cpus_finish(s);
			return;
		}
		memcpy(s->options[s->depth], option, sizeof(option));
		s->left[s->depth] = n - 1U;
		s->option[s->depth] = option[n - 1U];
		s->depth++;
		cpus_choose(s, option[n - 1U]);
	}
}

static inline void cpus_next(struct cpus_search *s, uint32_t at)
{
	s->option[at] = s->options[at][--s->left[at]];
}

static inline void cpus_search(struct cpus_search *s)
{
	s->seen = (uint64_t *)model_calloc(1U << SEARCH_LG2, 8);
	s->depth = 0;
	do {
		cpus_run(s);
		s->runs++;
		s->end(s);
		while (s->depth != 0U && s->left[s->depth - 1U] == 0U)
			s->depth--;
		if (s->depth != 0U)
			cpus_next(s, s->depth - 1U);
	} while (s->depth != 0U && s->wrong == NULL);
	free(s->seen);
}

#endif /* MODEL_CPUS_GUARD */
