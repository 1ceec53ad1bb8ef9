/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stores.h - a store buffer for each CPU of the recording port.
 *
 * Without rec.chance there is none: each store is seen by all at once. With it a
 * store of the order hooks, and of a slot, goes two steps, each by chance or by rule:
 *
 *	pending		its own CPU sees it, no other
 *	unseen		all CPUs see it, devices do not; only for what lies in
 *			rec_stores_device()
 *
 * Stores may overtake each other, but for: the same address; a dma_wmb between; a
 * release behind what came before it. mb, and what is a full barrier among CPUs,
 * ends pending for all of its CPU. dma_mb ends unseen besides, also for what other
 * CPUs stored and this one may have seen. A wait for readers ends pending for all.
 *
 * Plain loads see their own CPU's pending stores, too: memory shows the view of the
 * CPU that runs (rec_stores_view()), and what is shared lies under it. Loads happen
 * in program order: what only their order can break, is for the litmus tests.
 */
#ifndef INVAL_PORT_STORES
#define INVAL_PORT_STORES

#define REC_PENDING 64U
#define REC_DRAIN 128U	/* one in so many hooks drains something by chance */

/*
 * @under: what memory would show without this store, while the view is its CPU's;
 *	unseen: what devices see
 * @seq: stores of this CPU before it
 * @group: write barriers of this CPU before it
 * @release: behind all stores before it
 */
struct rec_stored {
	volatile void *p;
	uint32_t bytes;
	uint32_t cpu;
	uint64_t v;
	uint64_t under;
	uint64_t seq;
	uint64_t group;
	bool release;
};

struct rec_stores {
	struct rec_stored pending[REC_CPUS][REC_PENDING];
	uint32_t num[REC_CPUS];
	uint64_t seq[REC_CPUS];
	uint64_t group[REC_CPUS];
	struct rec_stored unseen[REC_PENDING];
	uint32_t unseen_num;
	uint32_t view;
	uint64_t device_first;
	uint64_t device_bytes;
};

static struct rec_stores rec_stores;

/* Pointers of slots, too. */
typedef uint32_t __attribute__((__may_alias__)) rec_word32;
typedef uint64_t __attribute__((__may_alias__)) rec_word64;

static inline uint64_t rec_mem_raw(const volatile void *p, uint32_t bytes)
{
	return bytes == 4U ? *(const volatile rec_word32 *)p : *(const volatile rec_word64 *)p;
}

static inline void rec_mem_set(volatile void *p, uint32_t bytes, uint64_t v)
{
	if (bytes == 4U)
		*(volatile rec_word32 *)p = (uint32_t)v;
	else
		*(volatile rec_word64 *)p = v;
}

static inline void rec_stores_reset(void)
{
	memset(&rec_stores, 0, sizeof(rec_stores));
	rec_stores.view = REC_CPUS;
}

/* Memory that devices read. */
static inline void rec_stores_device(const void *mem, uint64_t bytes)
{
	rec_stores.device_first = rec_addr(mem);
	rec_stores.device_bytes = bytes;
}

/* Memory shows what this CPU sees; REC_CPUS: what all see. */
static inline void rec_stores_view(uint32_t cpu)
{
	struct rec_stored *e;
	uint32_t i;

	if (rec_stores.view == cpu)
		return;
	for (i = rec_stores.view < REC_CPUS ? rec_stores.num[rec_stores.view] : 0U; i > 0U; i--) {
		e = &rec_stores.pending[rec_stores.view][i - 1U];
		rec_mem_set(e->p, e->bytes, e->under);
	}
	rec_stores.view = cpu;
	for (i = 0; cpu < REC_CPUS && i < rec_stores.num[cpu]; i++) {
		e = &rec_stores.pending[cpu][i];
		e->under = rec_mem_raw(e->p, e->bytes);
		rec_mem_set(e->p, e->bytes, e->v);
	}
}

/* The first pending store of the CPU in view to this address, or NULL. */
static inline struct rec_stored *rec_stores_over(const volatile void *p)
{
	uint32_t i;

	for (i = 0; rec_stores.view < REC_CPUS && i < rec_stores.num[rec_stores.view]; i++) {
		if (rec_stores.pending[rec_stores.view][i].p == p)
			return &rec_stores.pending[rec_stores.view][i];
	}
	return NULL;
}

static inline void rec_stores_take_out(struct rec_stored *list, uint32_t *num, uint32_t at)
{
	--*num;
	memmove(&list[at], &list[at + 1U], (*num - at) * sizeof(list[0]));
}

/* May an entry of a list go before those in front of it? */
static inline bool rec_stores_may(const struct rec_stored *list, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < at; i++) {
		if (list[i].p == list[at].p || (list[i].cpu == list[at].cpu &&
		    (list[at].release || list[i].group < list[at].group)))
			return false;
	}
	return true;
}

static inline void rec_stores_seen(uint32_t at)
{
	rec_stores_take_out(rec_stores.unseen, &rec_stores.unseen_num, at);
}

/* From pending to all CPUs. */
static inline void rec_stores_show(uint32_t cpu, uint32_t at)
{
	struct rec_stored e = rec_stores.pending[cpu][at], *over;
	uint64_t before = e.under;

	rec_stores_take_out(rec_stores.pending[cpu], &rec_stores.num[cpu], at);
	if (rec_stores.view != cpu) {
		over = rec_stores_over(e.p);
		before = over ? over->under : rec_mem_raw(e.p, e.bytes);
		if (over)
			over->under = e.v;
		else
			rec_mem_set(e.p, e.bytes, e.v);
	}
	if (rec_addr(e.p) - rec_stores.device_first >= rec_stores.device_bytes)
		return;
	if (rec_stores.unseen_num == REC_PENDING)
		rec_stores_seen(0);
	e.under = before;
	e.release = false;
	rec_stores.unseen[rec_stores.unseen_num++] = e;
}

static inline void rec_stores_mb(uint32_t cpu)
{
	while (rec_stores.num[cpu] != 0U)
		rec_stores_show(cpu, 0);
}

static inline void rec_stores_mb_all(void)
{
	uint32_t cpu;

	for (cpu = 0; cpu < REC_CPUS; cpu++)
		rec_stores_mb(cpu);
}

static inline void rec_stores_dma_mb(uint32_t cpu)
{
	rec_stores_mb(cpu);
	rec_stores.unseen_num = 0;
}

static inline void rec_stores_dma_wmb(uint32_t cpu)
{
	rec_stores.group[cpu]++;
}

/* Has all that this CPU stored before its @seq-th store been shown? */
static inline bool rec_stores_shown(uint32_t cpu, uint64_t seq)
{
	uint32_t i;

	for (i = 0; i < rec_stores.num[cpu]; i++) {
		if (rec_stores.pending[cpu][i].seq < seq)
			return false;
	}
	return true;
}

static inline void rec_stores_add(volatile void *p, uint32_t bytes, uint64_t v, bool release)
{
	struct rec_stored *e;

	rec_stores_view(rec.cpu);
	if (rec_stores.num[rec.cpu] == REC_PENDING)
		rec_stores_show(rec.cpu, 0);
	e = &rec_stores.pending[rec.cpu][rec_stores.num[rec.cpu]++];
	e->p = p;
	e->bytes = bytes;
	e->cpu = rec.cpu;
	e->v = v;
	e->under = rec_mem_raw(p, bytes);
	e->seq = rec_stores.seq[rec.cpu]++;
	e->group = rec_stores.group[rec.cpu];
	e->release = release;
	rec_mem_set(p, bytes, v);
}

/* A device reads a word. */
static inline uint64_t rec_device_load64(const uint64_t *p)
{
	const struct rec_stored *over = rec_stores_over(p);
	uint32_t i;

	for (i = 0; i < rec_stores.unseen_num; i++) {
		if (rec_stores.unseen[i].p == p)
			return rec_stores.unseen[i].under;
	}
	return over ? over->under : *p;
}

/* Now and then something gets on its way. */
static inline void rec_stores_chance(void)
{
	uint32_t cpu, at;

	if (rec.chance(REC_DRAIN) != 0U)
		return;
	cpu = rec.chance(REC_CPUS);
	for (at = 0; at < REC_CPUS && rec_stores.num[cpu] == 0U; at++)
		cpu = (cpu + 1U) % REC_CPUS;
	at = rec_stores.num[cpu] != 0U ? rec.chance(rec_stores.num[cpu]) : 0U;
	if (at < rec_stores.num[cpu] && rec_stores_may(rec_stores.pending[cpu], at))
		rec_stores_show(cpu, at);
	at = rec_stores.unseen_num != 0U ? rec.chance(rec_stores.unseen_num) : 0U;
	if (at < rec_stores.unseen_num && rec_stores_may(rec_stores.unseen, at))
		rec_stores_seen(at);
}

#endif /* INVAL_PORT_STORES */
