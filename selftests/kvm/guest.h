/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the guests of these tests have in common: memory for arrays, a mutex, chance,
 * and domains and devices on the two SMMUs of smmu.h. Each step says to the judge
 * what it relies on.
 *
 *	guest_open()			by one vCPU, before the others pass guest_meet()
 *	guest_domain(d, regime, tag)	a domain; its table has the next free number
 *	guest_device(dev, sid, smmu)	a device that is blocked
 *	guest_attach(dev, to, ats)	attach, move, detach (NULL); takes the mutexes. A
 *					detached device is reset at once
 *	guest_remap(d, first, num)	change pages of this vCPU's, and flush
 *	guest_close(...)		all detached, all memory back
 */
#ifndef KVM_GUEST_H
#define KVM_GUEST_H

#include <inval/domain.h>
#include <inval/tag.h>

#include "smmu.h"

#define GUEST_BLOCKS 64U
#define GUEST_BLOCK 512U
#define GUEST_BATCH 8U
#define GUEST_SCRATCH 4U
#define GUEST_OWN (SMMU_PAGES / VM_CPUS)

struct guest_domain {
	struct inval_domain d;
	enum inval_regime regime;
	uint32_t table;
	uint16_t tag;
	uint64_t mutex;
	uint32_t users;
	uint64_t life[SMMU_PAGES];
};

struct guest_device {
	struct inval_device dev;
	uint32_t sid;
	uint64_t mutex;
	struct guest_domain *dom;
	struct inval_use use;
	uint64_t ste;
	uint64_t cd;
};

struct guest_cpu {
	uint64_t state;		/* of the chance */
	struct inval_cmd batch[GUEST_BATCH];
	struct inval_flush_wait waits[SMMU_NUM];
	struct inval_flush f;
	struct inval_attach t;
	struct inval_entry add[GUEST_SCRATCH];
	struct inval_entry del[GUEST_SCRATCH];
};

struct guest {
	uint64_t block[GUEST_BLOCKS][GUEST_BLOCK / 8U];
	uint64_t used[GUEST_BLOCKS];
	struct inval_queue queue[SMMU_NUM];
	uint64_t book[SMMU_NUM][2U << SMMU_LG2];
	struct inval_smmu smmu[SMMU_NUM];
	struct inval_smmu *smmus[SMMU_NUM];
	struct guest_cpu cpu[VM_CPUS];
	uint32_t tables;
	uint64_t met;
	uint64_t flushes;
	uint64_t attaches;
};

static struct guest guest;
static struct smmu_view view;

/* Memory of arrays: whoever reads a block that was given back, finds nonsense. */
static inline void guest_free(void *mem)
{
	uint64_t i = (uint64_t)((uint64_t (*)[GUEST_BLOCK / 8U])mem - guest.block), j;

	guest_check(i < GUEST_BLOCKS && guest.used[i] != 0U);
	for (j = 0; j < GUEST_BLOCK / 8U; j++)
		inval_port_store64(&guest.block[i][j], 0xdddddddddddddddd);
	inval_port_store_release64(&guest.used[i], 0);
}

static inline void *guest_alloc(uint64_t bytes)
{
	uint32_t i;

	guest_check(bytes <= GUEST_BLOCK);
	for (i = 0; i < GUEST_BLOCKS; i++) {
		if (inval_port_cmpxchg64(&guest.used[i], 0, 1) == 0U)
			return guest.block[i];
	}
	guest_check(!"memory for an array");
	return NULL;
}

static inline bool guest_try(uint64_t *mutex)
{
	return inval_port_xchg64(mutex, 1) == 0U;
}

/* Until @cpus have come here, @times so often. */
static inline void guest_meet(uint32_t cpus, uint64_t times)
{
	__atomic_fetch_add(&guest.met, 1U, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&guest.met, __ATOMIC_SEQ_CST) < cpus * times)
		guest_pause();
}

static inline struct guest_cpu *guest_this(void)
{
	return &guest.cpu[inval_port_cpu()];
}

/* 0 to @n - 1 (xorshift64*). */
static inline uint32_t guest_chance(uint32_t n)
{
	uint64_t *s = &guest_this()->state;

	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return (uint32_t)((*s * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static inline void guest_say(enum smmu_say what, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t *say = view.say[inval_port_cpu()];

	inval_port_store64(&say[0], a);
	inval_port_store64(&say[1], b);
	inval_port_store64(&say[2], c);
	inval_port_dma_mb();
	inval_port_mmio_write32(VM_REGS, SMMU_SAY, what);
}

static inline void guest_smmu(uint32_t i)
{
	struct inval_queue_config cfg = { 0 };
	struct inval_idregs regs = { 0 };

	cfg.base = VM_REGS + SMMU_REGS(i);
	cfg.mem = view.slot[i];
	cfg.book = guest.book[i];
	cfg.size_lg2 = SMMU_LG2;
	cfg.smmu = i;
	cfg.timeout_us = 60000000;
	cfg.abort_max = 1;
	cfg.coherent = true;
	regs.aidr = view.id[i][0];
	regs.idr0 = view.id[i][1];
	regs.idr1 = view.id[i][2];
	regs.idr3 = view.id[i][3];
	regs.idr5 = view.id[i][4];
	regs.e2h = true;
	guest_check(inval_queue_init(&guest.queue[i], &cfg) == 0);
	guest_check(inval_caps_read(&guest.smmu[i].caps, &regs) == 0);
	inval_policy_init(&guest.smmu[i].policy);
	guest.smmu[i].number = i;
	guest.smmu[i].queue = &guest.queue[i];
	guest.smmus[i] = &guest.smmu[i];
}

static inline void guest_open(void)
{
	uint32_t i;

	for (i = 0; i < SMMU_NUM; i++)
		guest_smmu(i);
	for (i = 0; i < VM_CPUS; i++) {
		guest.cpu[i].state = 0x9e3779b97f4a7c15ULL * (i + 1U);
		guest.cpu[i].f.smmus = guest.smmus;
		guest.cpu[i].f.smmu_num = SMMU_NUM;
		guest.cpu[i].f.batch = guest.cpu[i].batch;
		guest.cpu[i].f.batch_num = GUEST_BATCH;
		guest.cpu[i].f.waits = guest.cpu[i].waits;
		guest.cpu[i].f.wait_num = SMMU_NUM;
	}
}

static inline bool guest_is_s1(const struct guest_domain *d)
{
	return d->regime == INVAL_REGIME_S1;
}

static inline void guest_say_tag(const struct guest_domain *d)
{
	guest_say(guest_is_s1(d) ? SMMU_SAY_ASID : SMMU_SAY_VMID, d->tag, 0, 0);
}

static inline uint64_t guest_pte(const struct guest_domain *d, uint32_t page)
{
	return smmu_pte(d->table, page, d->life[page]);
}

/* Its pages are mapped from the beginning. */
static inline void guest_domain(struct guest_domain *d, enum inval_regime regime, uint16_t tag)
{
	uint32_t page;

	inval_domain_init(&d->d);
	d->regime = regime;
	d->table = guest.tables++;
	d->tag = tag;
	d->users = 0;
	for (page = 0; page < SMMU_PAGES; page++) {
		d->life[page] = 1;
		inval_port_store64(&view.pte[d->table][page], guest_pte(d, page));
	}
}

static inline void guest_device(struct guest_device *dev, uint32_t sid, uint32_t smmu)
{
	dev->sid = sid;
	dev->dev.smmu = smmu;
	dev->dev.sids = &dev->sid;
	dev->dev.sid_num = 1;
	dev->dev.stu_lg2 = 12;
	guest_say(SMMU_SAY_STREAM, sid, smmu, 0);
}

static inline uint64_t guest_ste(const struct guest_domain *d, const struct inval_use *use)
{
	bool ats = use->ats != INVAL_EATS_OFF;

	if (d == NULL)
		return 0;
	if (guest_is_s1(d))
		return smmu_ste(SMMU_S1, 0, 0, ats);
	return smmu_ste(d->regime == INVAL_REGIME_S2 ? SMMU_S2 : SMMU_NESTED, d->tag, d->table,
			ats);
}

/* Above a parent: the stage 1 of a guest, which has ASID 1. */
static inline uint64_t guest_cd(const struct guest_domain *d)
{
	if (d == NULL || d->regime == INVAL_REGIME_S2)
		return 0;
	return guest_is_s1(d) ? smmu_cd(d->tag, d->table) : smmu_cd(1, 0);
}

/* CFGI + SYNC. */
static inline void guest_store_ste(struct guest_device *dev, uint64_t ste)
{
	struct inval_cmd cmd;

	dev->ste = ste;
	inval_port_store64(&view.ste[dev->sid], ste);
	guest_check(inval_cmd_cfgi_ste(&cmd, false, dev->sid, true) == 0);
	guest_check(inval_queue_run(&guest.queue[dev->dev.smmu], &cmd, 1) == 0);
}

static inline void guest_store_cd(struct guest_device *dev, uint64_t cd)
{
	dev->cd = cd;
	inval_port_store64(&view.cd[dev->sid][0], cd);
}

static inline void guest_cfgi_cd(struct guest_device *dev)
{
	struct inval_cmd cmd;

	guest_check(inval_cmd_cfgi_cd(&cmd, false, dev->sid, 0, true) == 0);
	guest_check(inval_queue_run(&guest.queue[dev->dev.smmu], &cmd, 1) == 0);
}

/* Hitless where one word changes; where STE and CD do, the STE aborts between. */
static inline void guest_configure(struct guest_device *dev, uint64_t ste, uint64_t cd)
{
	if (ste == dev->ste && cd != 0U) {
		guest_store_cd(dev, cd);
		guest_cfgi_cd(dev);
		return;
	}
	if (dev->ste != 0U && ste != 0U && cd != dev->cd)
		guest_store_ste(dev, 0);
	if (cd != 0U && cd != dev->cd)
		guest_store_cd(dev, cd);
	inval_port_dma_wmb();
	guest_store_ste(dev, ste);
	if (cd == 0U)
		guest_store_cd(dev, 0);
}

static inline void guest_empty_atc(struct guest_device *dev)
{
	guest_check(inval_flush_device(&guest.smmu[dev->dev.smmu], &dev->sid, 1, false, 0,
				       &guest_this()->f) == 0);
}

/* What stands between publish and commit (inval/domain.h). */
static inline void guest_switch(struct guest_device *dev, struct guest_domain *to,
			 const struct inval_use *use)
{
	enum inval_ats_step step = inval_attach_ats(to ? use : NULL, dev->dom ? &dev->use : NULL);

	if (step == INVAL_ATS_OFF) {
		guest_say(SMMU_SAY_ATS, dev->sid, 0, 0);
		guest_empty_atc(dev);
	}
	guest_configure(dev, guest_ste(to, use), guest_cd(to));
	if (step == INVAL_ATS_MOVED)
		guest_empty_atc(dev);
	if (step == INVAL_ATS_ON)
		guest_say(SMMU_SAY_ATS, dev->sid, 1, 0);
	guest_say(SMMU_SAY_CONFIGURED, dev->sid, dev->ste, dev->cd);
}

/* The attach mutexes, in address order. */
static inline void guest_take_domains(struct guest_domain *a, struct guest_domain *b)
{
	if (a != NULL && (b == NULL || a < b))
		guest_lock(&a->mutex);
	if (b != NULL)
		guest_lock(&b->mutex);
	if (a != NULL && b != NULL && a > b)
		guest_lock(&a->mutex);
}

static inline void guest_give_domains(struct guest_domain *a, struct guest_domain *b)
{
	if (a != NULL)
		guest_unlock(&a->mutex);
	if (b != NULL && b != a)
		guest_unlock(&b->mutex);
}

/* Now and then an old array goes before a new one comes. */
static inline void guest_prepare(struct inval_attach *t)
{
	uint64_t bytes;
	void *mem;

	if (t->to != NULL && guest_chance(4) == 0U)
		inval_domain_sync(t->to);
	bytes = inval_attach_bytes(t);
	mem = bytes != 0U ? guest_alloc(bytes) : NULL;
	guest_check(inval_attach_prepare(t, mem, bytes) == 0);
	guest_check(inval_attach_publish(t) == 0);
}

static inline void guest_purge(struct guest_domain *d)
{
	uint64_t bytes = inval_domain_purge_bytes(&d->d);

	if (bytes != 0U && guest_chance(2) == 0U)
		guest_check(inval_domain_purge(&d->d, guest_alloc(bytes), bytes) == 0);
}

static inline void guest_attach_(struct guest_device *dev, struct guest_domain *to, bool ats)
{
	struct guest_domain *from = dev->dom;
	struct guest_cpu *c = guest_this();
	struct inval_use use = { 0 };

	if (to != NULL) {
		use.regime = to->regime;
		use.ats = ats ? INVAL_EATS_FULL : INVAL_EATS_OFF;
		use.asid = guest_is_s1(to) ? to->tag : 0;
		use.vmid = guest_is_s1(to) ? 0 : to->tag;
		if (to->users++ == 0U)
			guest_say_tag(to);
	}
	guest_check(inval_attach_init(&c->t, &dev->dev, to ? &to->d : NULL, &use,
				      from ? &from->d : NULL, &dev->use, c->add, c->del) == 0);
	guest_say(SMMU_SAY_GONE, dev->sid, 0, 0);
	guest_say(SMMU_SAY_MOVING, dev->sid, 1, 0);
	guest_prepare(&c->t);
	guest_switch(dev, to, &use);
	guest_check(inval_attach_commit(&c->t, &c->f) == 0);
	guest_say(to != NULL ? SMMU_SAY_MOVING : SMMU_SAY_GONE, dev->sid, to == NULL, 0);
	if (from != NULL) {
		if (--from->users == 0U)
			guest_say_tag(from);
		guest_purge(from);
	}
	dev->dom = to;
	dev->use = use;
	__atomic_fetch_add(&guest.attaches, 1U, __ATOMIC_RELAXED);
}

/* The mutex of the device is held. */
static inline void guest_attach(struct guest_device *dev, struct guest_domain *to, bool ats)
{
	struct guest_domain *from = dev->dom;

	guest_take_domains(to, from == to ? NULL : from);
	guest_attach_(dev, to, ats);
	guest_give_domains(to, from == to ? NULL : from);
}

/* Pages in their next life; what they were is free when this returns. */
static inline void guest_remap(struct guest_domain *d, uint32_t first, uint32_t num)
{
	struct inval_range_req req = { SMMU_VA + 4096U * first, 4096U * num, 12, 12, true, false };
	struct guest_cpu *c = guest_this();
	uint32_t page;

	for (page = first; page < first + num; page++) {
		d->life[page]++;
		inval_port_store64(&view.pte[d->table][page], guest_pte(d, page));
	}
	if (guest_chance(8) == 0U)
		req.bytes = 0;
	c->f.wait_num = 1U + guest_chance(SMMU_NUM);
	guest_check(inval_domain_flush(&d->d, &req, &c->f) == 0);
	for (page = first; page < first + num; page++)
		guest_say(SMMU_SAY_FREED, d->table, page, d->life[page] - 1U);
	__atomic_fetch_add(&guest.flushes, 1U, __ATOMIC_RELAXED);
}

/* The same for some of this vCPU's own pages. */
static inline void guest_remap_some(struct guest_domain *d)
{
	uint32_t at = guest_chance(GUEST_OWN);

	guest_remap(d, inval_port_cpu() * GUEST_OWN + at, 1U + guest_chance(GUEST_OWN - at));
}

/* By one vCPU, when all is over: what was given is given back. */
static inline void guest_close(struct guest_domain *dom, uint32_t doms, struct guest_device *dev,
			       uint32_t devs)
{
	uint32_t i;

	for (i = 0; i < devs; i++) {
		if (dev[i].dom != NULL)
			guest_attach(&dev[i], NULL, false);
	}
	for (i = 0; i < doms; i++)
		guest_check(inval_domain_fini(&dom[i].d) == 0);
	for (i = 0; i < GUEST_BLOCKS; i++)
		guest_check(guest.used[i] == 0U);
	guest_check(guest_warns == 0U);
	guest_say(SMMU_SAY_EMPTY, 0, 0, 0);
}

#endif /* KVM_GUEST_H */
