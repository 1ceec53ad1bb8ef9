/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The textbook way to the same results, for times to be compared with: arrays are gone
 * through entry by entry; each group of commands is waited for before the next, SMMU by
 * SMMU; a queue has one lock, which is held until its owner's SYNC is complete; a range
 * is cut at its powers of two; a guest's command is taken apart, checked and put together
 * field by field.
 */
#ifndef BENCH_BASELINE
#define BENCH_BASELINE

#include "cases.h"

/* Arrays. */

/* @a and @num entries of @add into @to, but for the dead; returns their number. */
static uint32_t base_merge(struct inval_entry *to, struct inval_array *a,
			   const struct inval_entry *add, uint32_t num)
{
	const struct inval_entry *from = inval_array_at(a), *end = from + a->num;
	const struct inval_entry *last = add + num;
	struct inval_entry *out = to;

	while (from != end || add != last) {
		if (from == end || (add != last && add->key < from->key)) {
			*out++ = *add++;
			continue;
		}
		*out = *from++;
		if (inval_port_load32(&out->users) == 0U)
			continue;
		for (; add != last && add->key == out->key; add++)
			out->users += add->users;
		out++;
	}
	return (uint32_t)(out - to);
}

/* One user more or less of what is there. */
static void base_count(struct inval_array *a, uint64_t key, uint32_t users)
{
	struct inval_entry *e = inval_array_at(a);

	while (e->key != key)
		e++;
	inval_port_store32(&e->users, e->users + users);
}

/* Ranges: of 4 KB pages, leaves only. */

struct base_range {
	uint64_t addr, pages, form;
	bool ril;
};

static struct base_range base_cut(const struct inval_range_req *req, bool ril)
{
	struct base_range it = { req->addr, req->bytes >> 12, 1U, ril };

	if (ril)
		it.form |= 1U << INVAL_CMD_TG_SHIFT | 3U << INVAL_CMD_TTL_SHIFT;
	return it;
}

static inline bool base_next(struct base_range *it, uint64_t d0, struct inval_cmd *cmd)
{
	uint32_t lg2 = 0;

	if (it->pages == 0U)
		return false;
	while (it->ril && ((it->pages >> lg2) & 1U) == 0U)
		lg2++;
	cmd->d0 = d0 | (uint64_t)lg2 << INVAL_CMD_SCALE_SHIFT;
	cmd->d1 = it->addr | it->form;
	it->addr += 4096ULL << lg2;
	it->pages -= 1ULL << lg2;
	return true;
}

/* Walks. */

struct base_walk {
	struct inval_smmu *smmu;
	uint64_t group;			/* SMMU and type */
	struct inval_ticket ticket;
	uint32_t num;			/* commands in the batch */
};

INVAL_ALWAYS_INLINE void base_push(struct base_walk *w, struct inval_cmd cmd, inval_issue_fn issue)
{
	if (w->num == BENCH_BATCH) {
		bench_must(issue(w->smmu, bench.batch, w->num, false, &w->ticket) == 0);
		w->num = 0;
	}
	bench.batch[w->num++] = cmd;
}

INVAL_ALWAYS_INLINE void base_finish(struct base_walk *w, inval_issue_fn issue, inval_wait_fn wait)
{
	if (w->num == 0U)
		return;
	bench_must(issue(w->smmu, bench.batch, w->num, true, &w->ticket) == 0);
	bench_must(wait(w->smmu, &w->ticket) == 0);
	w->num = 0;
}

/* Each device's spans are computed for it. */
INVAL_ALWAYS_INLINE void base_device(struct base_walk *w, const struct inval_entry *e,
				     const struct inval_range_req *req, inval_issue_fn issue)
{
	struct inval_cmd cmd = { (e->key << 11) | INVAL_OP_ATC_INV, INVAL_CMD_ATC_ALL };
	struct inval_range_span span[INVAL_RANGE_MAX_SPANS];
	int i, num = 0;

	if (inval_entry_type(e) == INVAL_TYPE_ATS)
		num = inval_range_atc(req->addr, req->bytes, 12, w->smmu->policy.atc_spans, span);
	for (i = 0; i < num; i++) {
		cmd.d1 = span[i].addr | span[i].size;
		base_push(w, cmd, issue);
	}
	if (num < 1)
		base_push(w, cmd, issue);
}

INVAL_ALWAYS_INLINE void base_entry(struct base_walk *w, const struct inval_entry *e,
				    const struct inval_range_req *req, inval_issue_fn issue)
{
	struct base_range it = base_cut(req, (w->smmu->caps.feat & INVAL_FEAT_RIL) != 0U);
	struct inval_cmd cmd = { (e->key << 11) | e->op_all, 0 };

	if (inval_entry_is_ats(e)) {
		base_device(w, e, req, issue);
	} else if (inval_entry_type(e) == INVAL_TYPE_S1_CLEAR || it.pages == 0U ||
		   (!it.ril && it.pages > w->smmu->policy.max_cmds)) {
		base_push(w, cmd, issue);
	} else {
		while (base_next(&it, (e->key << 11) | e->op_range, &cmd))
			base_push(w, cmd, issue);
	}
}

INVAL_ALWAYS_INLINE void base_flush(struct inval_array *a, const struct inval_range_req *req,
				    inval_issue_fn issue, inval_wait_fn wait)
{
	const struct inval_entry *e = inval_array_at(a), *end = e + a->num;
	struct base_walk w;

	w.smmu = NULL;
	w.group = ~0ULL;
	w.num = 0;
	for (; e != end; e++) {
		if (e->key >> 53 != w.group) {
			base_finish(&w, issue, wait);
			inval_queue_ticket_init(&w.ticket);
			w.group = e->key >> 53;
			w.smmu = bench.smmus[inval_entry_smmu(e)];
		}
		if (inval_port_load32(&e->users) != 0U)
			base_entry(&w, e, req, issue);
	}
	base_finish(&w, issue, wait);
}

/* A queue, of an SMMU as in cases.h. */

static struct {
	pthread_mutex_t lock;
	inval_mmio base;
	uint64_t *mem;
	uint32_t prod, left;
} base = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0 };

static void base_queue(void)
{
	base.base = (inval_mmio)bench_alloc(4096);
	base.mem = (uint64_t *)bench_alloc(INVAL_CMD_BYTES << BENCH_SIZE_LG2);
}

/* How many are not consumed; PROD and CONS have a bit above the slot's. */
static uint32_t base_look(void)
{
	uint32_t cons = inval_port_mmio_read32(base.base, 0);

	base.left = (base.prod - cons) & ((2U << BENCH_SIZE_LG2) - 1U);
	return base.left;
}

/* With @sync a SYNC behind them, which is waited for. */
static void base_put(const struct inval_cmd *cmds, uint32_t num, bool sync)
{
	const struct inval_cmd end = { INVAL_OP_SYNC, 0 };
	uint32_t i, size = 1U << BENCH_SIZE_LG2, total = num + (sync ? 1U : 0U);

	pthread_mutex_lock(&base.lock);
	while (base.left + total > size && base_look() + total > size)
		inval_port_relax();
	for (i = 0; i < total; i++)
		inval_cmd_store(&base.mem[2U * ((base.prod + i) & (size - 1U))], i < num ? cmds[i] : end);
	base.prod = (base.prod + total) & (2U * size - 1U);
	base.left += total;
	inval_port_dma_wmb();
	inval_port_mmio_write32(base.base, 0, base.prod);
	while (sync && base_look() != 0U)
		inval_port_relax();
	pthread_mutex_unlock(&base.lock);
}

/* Guests: true when it becomes @out for the SMMU. */
static bool base_vet(const struct inval_guest *g, struct inval_cmd in, struct inval_cmd *out)
{
	struct inval_guest_stream stream;
	struct inval_fields f;

	if (inval_cmd_decode(&f, in) != 0 || !inval_guest_takes(&g->policy, f.op) ||
	    inval_check(&g->shown, INVAL_SEC_NS, in) != INVAL_LEGAL)
		return false;
	switch (f.op) {
	case INVAL_OP_CFGI_CD:
	case INVAL_OP_ATC_INV:
		if (!bench_find(bench_guest.stream, (uint32_t)f.v[INVAL_FLD_SID], &stream))
			return false;
		f.v[INVAL_FLD_SID] = stream.sid;
		break;
	case INVAL_OP_TLBI_NSNH_ALL:
		f.op = INVAL_OP_TLBI_NH_ALL;
		f.v[INVAL_FLD_VMID] = g->vmid;
		break;
	default:
		f.v[INVAL_FLD_VMID] = g->vmid;
	}
	return inval_cmd_encode(out, &f) == 0;
}

#endif /* BENCH_BASELINE */
