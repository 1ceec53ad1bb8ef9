/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One location of memory, the caches before it, a table entry that maps it, and the
 * TLBs of a CPU and an SMMU that walk that table: the judge of attr.h's plans.
 *
 * Whatever the architecture lets happen at any time happens by chance between two
 * steps: walks, that see a table as it was until a barrier; fills through any
 * cacheable mapping that is live; write-backs and evictions; invalidations that take
 * effect late, at the next barrier at the latest. Users load and store through the
 * mapping whenever it translates. What they load must be what was stored last.
 *
 * Caches of one shareability do not see those of another; maintenance through a mapping
 * reaches those as wide as itself and narrower.
 *
 * It shares attr.h's enumerators with the library and nothing else.
 */
#ifndef MODEL_CACHE_GUARD
#define MODEL_CACHE_GUARD

#include "inval/attr.h"

#define CM_WALKERS	2U	/* CPU, SMMU */
#define CM_SHARES	3U
#define CM_OPS		8U

struct cm_entry {
	bool valid;
	bool block;
	bool nt;
	struct inval_mapping map;
};

struct cm_line {
	bool valid;
	bool dirty;
	bool at_pou;
	uint32_t value;
};

struct cm_op {
	enum inval_step step;
	uint32_t width;
};

/**
 * struct cm - the machine
 * @state: of the chance
 * @fault: the first; NULL: none
 * @walks: who walks the table
 * @level: FEAT_BBM
 * @idc, @dic, @pipt: CTR_EL0
 * @may_bypass: users may pass by the caches of cacheable memory (stage 2, no FWB)
 * @bypasses: they do
 * @exec: instructions are fetched
 * @alias: other mappings
 * @alias_share: of a cacheable one; @alias_executed: it can be
 * @table: the entry as stored
 * @before: what a walk may see instead, while @late
 * @tlb: by walker and size; @doomed: until the next barrier
 * @line: by shareability
 * @op: maintenance that has not taken effect
 * @used: users access the mapping; @loads_only: but do not store;
 *	@executed: instructions, too
 * @truth: what was stored last; not while @unknown
 */
struct cm {
	uint64_t state;
	const char *fault;
	bool walks[CM_WALKERS];
	uint32_t level;
	bool idc;
	bool dic;
	bool pipt;
	bool may_bypass;
	bool bypasses;
	bool exec;
	enum inval_alias alias;
	enum inval_share alias_share;
	bool alias_executed;
	struct cm_entry table;
	struct cm_entry before;
	bool late;
	struct cm_entry tlb[CM_WALKERS][2];
	bool doomed[CM_WALKERS][2];
	struct cm_line line[CM_SHARES];
	uint32_t memory;
	bool fetched;
	uint32_t icache;
	struct cm_op op[CM_OPS];
	uint32_t ops;
	bool used;
	bool loads_only;
	bool executed;
	bool unknown;
	uint32_t truth;
	uint32_t stores;
};

static inline uint32_t cm_chance(struct cm *m, uint32_t n)
{
	return (uint32_t)(test_random(&m->state) % n);
}

static inline void cm_fault(struct cm *m, const char *what)
{
	if (m->fault == NULL)
		m->fault = what;
}

static inline bool cm_same_map(const struct cm_entry *a, const struct cm_entry *b)
{
	return a->map.mem == b->map.mem && a->map.share == b->map.share;
}

/* Both may be used for one address at once: is that allowed? */
static inline void cm_beside(struct cm *m, const struct cm_entry *a, const struct cm_entry *b)
{
	if (!a->valid || !b->valid)
		return;
	if (!cm_same_map(a, b))
		cm_fault(m, "two entries of other attributes at once");
	if (a->block != b->block && m->level < 2U && !a->nt && !b->nt)
		cm_fault(m, "two entries of other sizes at once");
}

static inline void cm_write(struct cm *m, struct cm_entry e)
{
	uint32_t i;

	cm_beside(m, &m->table, &e);
	if (m->late)
		cm_beside(m, &m->before, &e);
	for (i = 0; i < 2U * CM_WALKERS; i++)
		cm_beside(m, &m->tlb[i / 2U][i % 2U], &e);
	if (!m->late || cm_chance(m, 2) == 0U)
		m->before = m->table;
	m->table = e;
	m->late = true;
}

/* What a walk finds now. */
static inline struct cm_entry cm_walk(struct cm *m)
{
	return m->late && cm_chance(m, 2) == 0U ? m->before : m->table;
}

static inline void cm_fill_tlb(struct cm *m, uint32_t w)
{
	struct cm_entry e = cm_walk(m);

	if (!m->walks[w] || !e.valid || e.nt)
		return;
	cm_beside(m, &e, &m->tlb[w][0]);
	cm_beside(m, &e, &m->tlb[w][1]);
	m->tlb[w][e.block] = e;
	m->doomed[w][e.block] = false;
}

static inline struct cm_entry cm_translate(struct cm *m, uint32_t w)
{
	uint32_t first = cm_chance(m, 2);

	if (m->tlb[w][first].valid)
		return m->tlb[w][first];
	return m->tlb[w][1U - first].valid ? m->tlb[w][1U - first] : cm_walk(m);
}

static inline void cm_drop_doomed(struct cm *m)
{
	uint32_t i;

	for (i = 0; i < 2U * CM_WALKERS; i++) {
		if (m->doomed[i / 2U][i % 2U])
			m->tlb[i / 2U][i % 2U].valid = false;
		m->doomed[i / 2U][i % 2U] = false;
	}
}

static inline void cm_fill(struct cm *m, enum inval_share share)
{
	struct cm_line *l = &m->line[share];

	if (l->valid)
		return;
	l->valid = true;
	l->dirty = false;
	l->at_pou = true;
	l->value = m->memory;
}

static inline void cm_clean(struct cm *m, struct cm_line *l)
{
	if (l->valid && l->dirty)
		m->memory = l->value;
	l->dirty = false;
}

static inline void cm_op_line(struct cm *m, struct cm_line *l, enum inval_step step)
{
	switch (step) {
	case INVAL_STEP_CLEAN:
		cm_clean(m, l);
		break;
	case INVAL_STEP_CLEAN_INV:
		cm_clean(m, l);
		l->valid = false;
		break;
	case INVAL_STEP_INV:
		l->valid = false;
		break;
	default:
		l->at_pou = true;
		break;
	}
}

/* Any one takes effect: nothing but a barrier orders them. */
static inline void cm_op_done(struct cm *m)
{
	struct cm_op op;
	uint32_t i;

	if (m->ops == 0U)
		return;
	i = cm_chance(m, m->ops);
	op = m->op[i];
	m->op[i] = m->op[--m->ops];
	if (op.step == INVAL_STEP_ICACHE || op.step == INVAL_STEP_ICACHE_ALL)
		m->fetched = false;
	for (i = 0; i <= op.width && op.step < INVAL_STEP_ICACHE; i++)
		cm_op_line(m, &m->line[i], op.step);
}

static inline bool cm_cached(const struct cm *m, const struct cm_entry *e)
{
	return e->map.mem == INVAL_MEM_CACHEABLE && !(m->may_bypass && m->bypasses);
}

/* What an instruction fetch gets, past its own cache. */
static inline uint32_t cm_fetch(const struct cm *m, const struct cm_entry *e)
{
	const struct cm_line *l = &m->line[e->map.share];

	if (e->map.mem == INVAL_MEM_CACHEABLE && l->valid && (m->idc || l->at_pou || !l->dirty))
		return l->value;
	return m->memory;
}

/* Also through another mapping that can be executed. */
static inline void cm_prefetch(struct cm *m)
{
	uint32_t w = cm_chance(m, CM_WALKERS);
	struct cm_entry e = cm_translate(m, w);

	if (!m->walks[w])
		return;
	if (e.valid && e.map.mem == INVAL_MEM_CACHEABLE && cm_chance(m, 2) == 0U)
		cm_fill(m, e.map.share);
	if (w != 0U)
		return;
	if (m->alias_executed && !e.valid) {
		e.valid = true;
		e.map.mem = INVAL_MEM_CACHEABLE;
		e.map.share = m->alias_share;
	}
	if (e.valid && m->exec && !m->dic && !m->fetched) {
		m->fetched = true;
		m->icache = cm_fetch(m, &e);
	}
}

static inline void cm_store(struct cm *m, struct cm_line *l)
{
	m->truth = ++m->stores;
	m->unknown = false;
	if (l == NULL) {
		m->memory = m->truth;
		return;
	}
	l->valid = true;
	l->dirty = true;
	l->at_pou = false;
	l->value = m->truth;
}

static inline void cm_load(struct cm *m, uint32_t value)
{
	if (!m->unknown && value != m->truth)
		cm_fault(m, "a load returned what is not there any more");
}

/* A load or store through the mapping; false: it does not translate. */
static inline bool cm_use(struct cm *m, uint32_t w, bool store)
{
	struct cm_entry e = cm_translate(m, w);
	struct cm_line *l = cm_cached(m, &e) ? &m->line[e.map.share] : NULL;

	if (!e.valid)
		return false;
	if (l != NULL && !store)
		cm_fill(m, e.map.share);
	if (store)
		cm_store(m, l);
	else
		cm_load(m, l != NULL ? l->value : m->memory);
	return true;
}

/* The instruction that the mapping leads to. */
static inline void cm_execute(struct cm *m)
{
	struct cm_entry e = cm_translate(m, 0);

	if (e.valid && !m->unknown && (m->fetched ? m->icache : cm_fetch(m, &e)) != m->truth)
		cm_fault(m, "an instruction that is not there any more");
}

/* Something that may happen at any time. */
static inline void cm_act(struct cm *m)
{
	uint32_t w = cm_chance(m, CM_WALKERS), share = cm_chance(m, CM_SHARES);

	switch (cm_chance(m, 8)) {
	case 0:
		cm_fill_tlb(m, w);
		break;
	case 1:
		cm_prefetch(m);
		break;
	case 2:
		if (m->alias == INVAL_ALIAS_CACHEABLE)
			cm_fill(m, m->alias_share);
		break;
	case 3:
		cm_clean(m, &m->line[share]);
		if (cm_chance(m, 2) == 0U)
			m->line[share].valid = false;
		break;
	case 4:
		cm_drop_doomed(m);
		break;
	case 5:
		cm_op_done(m);
		break;
	default:
		if (m->executed && cm_chance(m, 2) == 0U)
			cm_execute(m);
		else if (m->used && m->walks[w])
			(void)cm_use(m, w, !m->loads_only && cm_chance(m, 2) == 0U);
		break;
	}
}

static inline void cm_acts(struct cm *m)
{
	uint32_t n = cm_chance(m, 16);

	while (n-- != 0U)
		cm_act(m);
}

static inline void cm_barrier(struct cm *m)
{
	m->late = false;
	cm_drop_doomed(m);
	while (m->ops != 0U)
		cm_op_done(m);
}

static inline void cm_tlbi(struct cm *m, uint32_t w)
{
	m->doomed[w][0] = m->tlb[w][0].valid;
	m->doomed[w][1] = m->tlb[w][1].valid;
}

/* Maintenance by address; the CPU's own new mapping may not be seen yet. */
static inline void cm_maintain(struct cm *m, const struct inval_attr_step *s)
{
	struct cm_op *op = &m->op[m->ops];
	struct cm_entry e = cm_walk(m);

	op->step = s->step;
	op->width = m->alias == INVAL_ALIAS_CACHEABLE ? m->alias_share : INVAL_SHARE_OUTER;
	if (s->via == INVAL_VIA_NEW) {
		if (!e.valid || !m->walks[0]) {
			cm_fault(m, "maintenance through a mapping that is not there");
			return;
		}
		op->width = e.map.mem == INVAL_MEM_CACHEABLE ? e.map.share : INVAL_SHARE_OUTER;
	} else if (s->via == INVAL_VIA_ALIAS && m->alias == INVAL_ALIAS_NONE) {
		cm_fault(m, "maintenance through an alias that is not there");
	}
	if (s->step == INVAL_STEP_ICACHE && s->via != INVAL_VIA_NEW && !m->pipt)
		return;		/* of another address: no effect */
	m->ops++;
}

/* One step of the plan for @c. */
static inline void cm_step(struct cm *m, const struct inval_attr_change *c,
			   const struct inval_attr_step *s)
{
	struct cm_entry e = m->table;

	switch (s->step) {
	case INVAL_STEP_BREAK:
		e.valid = false;
		cm_write(m, e);
		break;
	case INVAL_STEP_MAKE:
		if (c->resize != INVAL_RESIZE_NONE && m->level == 0U)
			e.block = c->resize == INVAL_RESIZE_MERGE;
		e.valid = c->to.mem != INVAL_MEM_NONE;
		e.map = c->to;
		if (c->from.mem != c->to.mem || c->from.share != c->to.share)
			m->bypasses = cm_chance(m, 2) == 0U;
		cm_write(m, e);
		break;
	case INVAL_STEP_RESIZE:
		e.block = c->resize == INVAL_RESIZE_MERGE;
		e.nt = e.block && m->level == 1U;
		if (m->level == 1U && !m->table.nt && !e.nt)
			cm_fault(m, "another size without nT");
		cm_write(m, e);
		break;
	case INVAL_STEP_NT_SET:
	case INVAL_STEP_NT_CLEAR:
		e.nt = s->step == INVAL_STEP_NT_SET;
		cm_write(m, e);
		break;
	case INVAL_STEP_BARRIER:
		cm_barrier(m);
		break;
	case INVAL_STEP_TLBI_CPU:
	case INVAL_STEP_TLBI_SMMU:
		cm_tlbi(m, s->step == INVAL_STEP_TLBI_CPU ? 0U : 1U);
		break;
	default:
		cm_maintain(m, s);
		break;
	}
}

/* The plan has ended: is all of it done, and does everybody see what was stored? */
static inline void cm_end(struct cm *m, const struct inval_attr_change *c, bool block)
{
	bool changed = c->from.mem != c->to.mem || c->from.share != c->to.share;
	struct cm_entry want;
	uint32_t w, i;

	want.valid = c->to.mem != INVAL_MEM_NONE;
	want.block = block;
	want.nt = false;
	want.map = c->to;
	if (m->table.valid != want.valid || m->table.nt != want.nt || m->table.block != want.block ||
	    (want.valid && !cm_same_map(&m->table, &want)))
		cm_fault(m, "the entry is not as it is to be");
	if (m->late || m->ops != 0U)
		cm_fault(m, "the end does not wait for what was begun");
	for (i = 0; i < 2U * CM_WALKERS; i++) {
		if (m->tlb[i / 2U][i % 2U].valid &&
		    (!want.valid || m->doomed[i / 2U][i % 2U] || (i % 2U != 0U) != block))
			cm_fault(m, "a TLB still has what is gone");
		cm_beside(m, &m->tlb[i / 2U][i % 2U], &want);
	}
	if (m->exec && m->walks[0] && changed)
		cm_execute(m);
	for (w = 0; w < CM_WALKERS && want.valid; w++) {
		if (m->walks[w] && !cm_use(m, w, false))
			cm_fault(m, "the mapping is not there at the end");
	}
}

#endif /* MODEL_CACHE_GUARD */
