/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a hypervisor does with domains, by chance, on four CPUs that run in turns,
 * before world.h as the judge. For tests/model/schedule.c (many steps) and
 * tests/test_schedule.c (few).
 *
 *	sched_run()	one episode: a fresh world, so many steps, then everything is
 *			detached and must be empty; false: sched.fault says what is
 *			wrong. The same settings give the same episode.
 *
 * A step is an operation of one CPU: map; unmap and flush (a range, all, gathered, by
 * the CPU's broadcast, a whole last-level table); unmap and leave the flush to another;
 * attach, detach, move, ATS on and off, reset of a device; PASIDs; exit of a process; ASID
 * move; purge; SMMU off and on. With @trouble SMMUs refuse legal commands, fail to read their queue, and
 * devices do not confirm an ATC_INV: what failed is done again before it counts, or the
 * tag is put aside.
 *
 * Each CPU has pages of its own in every domain; devices and domains have a mutex,
 * which an operation takes at once or does something else.
 */
#ifndef MODEL_SCHEDULE_GUARD
#define MODEL_SCHEDULE_GUARD

#include <inval/domain.h>
#include <inval/tag.h>

#include "cpus.h"
#include "world.h"

#define SCHED_DOMAINS 8U
#define SCHED_DEVICES 5U
#define SCHED_SVA 1U		/* the domain of a process: PASIDs only, a pinned ASID */
#define SCHED_PARENT 6U
#define SCHED_PINNED 6U
#define SCHED_OWN (WORLD_PAGES / CPUS)	/* = WORLD_GROUP: a table for each CPU */
#define SCHED_BATCH 8U
#define SCHED_SCRATCH 8U

/* Mistakes of the embedder, which the judge must see. */
enum sched_wrong {
	SCHED_RIGHT,
	SCHED_NO_CFGI,		/* commit before CFGI + SYNC */
	SCHED_ASID_EARLY,	/* an ASID that moved is free before commit */
	SCHED_RESET_EARLY,	/* a device is reset before commit */
	SCHED_OFF_EARLY,	/* an SMMU loses power without inval_domain_sync() */
	SCHED_ATC_KEPT,		/* ATS moves without inval_flush_device() */
	SCHED_UNSEEN,		/* a lazy flush of what was not acquired; with SCHED_RACE */
	SCHED_WRONGS
};

/* What CPUs do. */
enum sched_mix {
	SCHED_ALL,
	SCHED_RACE,		/* unmap, and attach: two stage 2s, few devices, no ATS */
	SCHED_FENCE		/* attach with ATS, purge, and reset: two stage 2s */
};

struct sched_page {
	uint64_t life;
	bool mapped;
	uint64_t lazy;		/* number of the lazy unmap that waits for its flush */
};

/*
 * @owner: CPU + 1 that holds the attach mutex
 * @uses: devices, and their PASIDs, in it; @uses_on: by SMMU
 * @tables: last-level tables so far, of a CPU's pages; @unlinked: there is none now
 * @lazy: lazy unmaps by CPU, released; @lazy_num: the same, for that CPU
 * @attaches: attaches begun; @attaching: between publish and their end
 * @flushes: flushes begun; @flushing: not ended
 */
struct sched_domain {
	struct inval_domain d;
	enum inval_regime regime;
	bool global;
	uint32_t table;
	uint32_t owner;
	uint32_t uses;
	uint32_t uses_on[WORLD_SMMUS];
	uint32_t asid;
	uint32_t vmid[WORLD_SMMUS];
	struct sched_page page[WORLD_PAGES];
	uint64_t tables[CPUS];
	bool unlinked[CPUS];
	uint64_t lazy[CPUS];
	uint64_t lazy_num[CPUS];
	bool lazy_busy;
	uint64_t attaches;
	uint32_t attaching;
	uint64_t flushes;
	uint32_t flushing;
};

/* @dom, @use, @cd: by SubstreamID, 0 for none */
struct sched_device {
	struct inval_device dev;
	uint32_t sids[3];
	uint32_t owner;
	bool can_ats;
	bool can_pasid;
	struct sched_domain *dom[WORLD_SSIDS];
	struct inval_use use[WORLD_SSIDS];
	uint64_t ste;
	uint64_t cd[WORLD_SSIDS];
};

struct sched_cpu {
	struct inval_cmd batch[SCHED_BATCH];
	struct inval_flush_wait waits[WORLD_SMMUS];
	struct inval_flush f;
	struct inval_attach t;
	struct inval_entry add[SCHED_SCRATCH];
	struct inval_entry del[SCHED_SCRATCH];
};

struct sched_count {
	uint64_t flushes;
	uint64_t overlaps;	/* flushes that overlap an attach of their domain */
	uint64_t stale;		/* flushes with something to take away */
	uint64_t attaches;
	uint64_t ats;		/* changes of ATS */
	uint64_t ats_walks;	/* of them, with a walk of the domain in flight */
	uint64_t moves;
	uint64_t unlinks;	/* of last-level tables */
	uint64_t offs;
	uint64_t resets;
	uint64_t aborts;
	uint64_t errors;	/* of flushes and of the embedder's commands */
	uint64_t asides;	/* tags put aside */
};

struct sched {
	/* Settings. */
	uint64_t seed;
	uint64_t limit;		/* steps */
	bool lock;		/* the read side is a lock */
	enum sched_wrong wrong;
	enum sched_mix mix;
	bool keep;		/* memory given back stays as it is to the end */
	uint32_t trouble;	/* of each kind, in 1000 occasions */

	/* Results; counts add up over episodes. */
	const char *fault;
	struct sched_count count;

	uint64_t steps;
	bool wind_up;
	struct inval_smmu smmu[WORLD_SMMUS];
	struct inval_smmu *smmus[WORLD_SMMUS];
	struct inval_queue queue[WORLD_SMMUS];
	uint64_t book[WORLD_SMMUS][2U * WORLD_SLOTS];
	struct sched_domain dom[SCHED_DOMAINS];
	struct sched_device dev[SCHED_DEVICES];
	struct sched_cpu cpu[CPUS];
	struct inval_tags asids;
	struct inval_tags vmids[WORLD_SMMUS];
	uint64_t tag_words[1U + WORLD_SMMUS];
	uint32_t away;		/* CPU that has no turn, for so many */
	uint32_t turns;
	uint32_t mover;		/* CPU + 1 that moves an ASID, so that one is always left */
};

static struct sched sched;

static inline void sched_must(int err, const char *what)
{
	if (err != 0)
		world_wrong(what);
}

/* Is something to be done again? Without trouble there is no reason to. */
static inline bool sched_again(int err, const char *what)
{
	if (err != 0 && sched.trouble == 0U)
		world_wrong(what);
	sched.count.errors += err != 0;
	return err != 0 && world_faults() == 0U;
}

/* One in @n. */
static inline bool sched_one_in(uint32_t n)
{
	return world_chance(n) == 0U;
}

/* Mutexes of the embedder: taken at once or not at all. */
static inline bool sched_take(uint32_t *owner)
{
	if (*owner != 0U)
		return false;
	*owner = rec.cpu + 1U;
	return true;
}

static inline void sched_give(uint32_t *owner)
{
	inval_port_mb();
	*owner = 0;
}

static inline struct inval_flush *sched_flush_memory(uint32_t cpu)
{
	struct sched_cpu *c = &sched.cpu[cpu];

	c->f.smmus = sched.smmus;
	c->f.smmu_num = WORLD_SMMUS;
	c->f.batch = c->batch;
	c->f.batch_num = 1U + world_chance(SCHED_BATCH);
	c->f.waits = c->waits;
	c->f.wait_num = 1U + world_chance(WORLD_SMMUS);
	c->f.errors = NULL;
	c->f.error_num = 0;
	c->f.cpu_tlbi = false;
	return &c->f;
}

/* Pages */

static inline void sched_store_pte(const struct sched_domain *d, uint32_t page, uint64_t pte)
{
	inval_port_store64(&world.mem.pte[d->table][page], pte);
}

static inline void sched_link(struct sched_domain *d, uint32_t cpu)
{
	if (!d->unlinked[cpu])
		return;
	d->unlinked[cpu] = false;
	inval_port_dma_wmb();	/* a new table is empty, and whole */
	inval_port_store64(&world.mem.top[d->table][cpu],
			   world_top(d->table, cpu, ++d->tables[cpu]));
}

static inline void sched_map(struct sched_domain *d, uint32_t page)
{
	struct sched_page *p = &d->page[page];

	if (p->mapped || p->lazy != 0U)
		return;
	p->mapped = true;
	sched_store_pte(d, page, world_pte(d->table, page, ++p->life));
	sched_link(d, page / SCHED_OWN);
}

/* The table no longer has the page; SMMUs and devices may. */
static inline bool sched_unmap(struct sched_domain *d, uint32_t page)
{
	if (!d->page[page].mapped)
		return false;
	d->page[page].mapped = false;
	world_changes(page);
	sched_store_pte(d, page, 0);
	return true;
}

static inline struct inval_range_req sched_req(uint32_t page, uint32_t num)
{
	struct inval_range_req req;

	memset(&req, 0, sizeof(req));
	req.addr = WORLD_VA + 4096U * page;
	req.bytes = 4096U * num;
	req.granule_lg2 = 12;
	req.leaf = sched_one_in(2);
	return req;
}

/* A flush begins; returns attaches so far, for the end. */
static inline uint64_t sched_flush_begin(struct sched_domain *d, uint32_t pages)
{
	bool held = false;
	uint32_t i;

	for (i = 0; i < WORLD_PAGES; i++)
		held = held || ((pages >> i & 1U) != 0U && world_held(d->table, i));
	sched.count.flushes++;
	sched.count.stale += held;
	d->flushes++;
	d->flushing++;
	return d->attaching != 0U ? UINT64_MAX : d->attaches;
}

/* It has returned without an error: @pages are free. */
static inline void sched_flush_end(struct sched_domain *d, uint32_t pages, uint64_t begun)
{
	uint32_t i;

	d->flushing--;
	sched.count.overlaps += begun != d->attaches;
	world_flushed(rec.cpu);
	for (i = 0; i < WORLD_PAGES; i++) {
		if ((pages >> i & 1U) != 0U)
			world_freed(d->table, i, d->page[i].life);
	}
}

/* A flush of @pages, as often as it needs. */
static inline void sched_flush(struct sched_domain *d, uint32_t pages,
			       const struct inval_range_req *req, struct inval_flush *f)
{
	uint64_t begun = sched_flush_begin(d, pages);

	while (sched_again(inval_domain_flush(&d->d, req, f), "a flush failed"))
		continue;
	sched_flush_end(d, pages, begun);
}

/* The CPU's TLBI and DSB for a process, which SMMUs hear. */
static inline void sched_broadcast(const struct sched_domain *d, uint32_t pages, bool leaf)
{
	uint32_t i;

	inval_port_dsb();
	for (i = 0; i < WORLD_PAGES; i++) {
		if ((pages >> i & 1U) != 0U)
			world_broadcast(d->asid, i, leaf);
	}
}

static inline void sched_unmap_flush(uint32_t cpu, struct sched_domain *d)
{
	uint32_t first = cpu * SCHED_OWN + world_chance(SCHED_OWN), pages = 0, i;
	uint32_t num = 1U + world_chance((cpu + 1U) * SCHED_OWN - first);
	struct inval_range_req req = sched_req(first, num);
	struct inval_flush *f = sched_flush_memory(cpu);

	for (i = first; i < first + num; i++)
		pages |= sched_unmap(d, i) ? 1U << i : 0U;
	if (d->table == SCHED_SVA && sched_one_in(2)) {
		sched_broadcast(d, pages, true);
		f->cpu_tlbi = true;
	} else if (sched_one_in(8)) {
		req.bytes = 0;
	}
	sched_flush(d, pages, &req, f);
}

/*
 * The table of this CPU's pages leaves whole: its entries stay as they are until the
 * flush, which is not for leaves only, has returned; then it is empty memory again.
 */
static inline void sched_unlink(uint32_t cpu, struct sched_domain *d)
{
	struct inval_range_req req = sched_req(cpu * SCHED_OWN, SCHED_OWN);
	struct inval_flush *f = sched_flush_memory(cpu);
	uint32_t pages = 0, i;

	if (d->unlinked[cpu])
		return;
	req.leaf = false;
	for (i = cpu * SCHED_OWN; i < (cpu + 1U) * SCHED_OWN; i++) {
		pages |= d->page[i].mapped ? 1U << i : 0U;
		d->page[i].mapped = false;
		world_changes(i);
	}
	sched.count.unlinks++;
	d->unlinked[cpu] = true;
	inval_port_store64(&world.mem.top[d->table][cpu], 0);
	if (d->table == SCHED_SVA && sched_one_in(2)) {
		sched_broadcast(d, 1U << (cpu * SCHED_OWN) | pages, false);
		f->cpu_tlbi = true;
	}
	sched_flush(d, pages, &req, f);
	world_unlinked(d->table, cpu, d->tables[cpu]);
	for (i = cpu * SCHED_OWN; i < (cpu + 1U) * SCHED_OWN; i++)
		sched_store_pte(d, i, 0);
}

/* Pages in order, or in the other; those with a gap between are flushed meanwhile. */
static inline void sched_unmap_gather(uint32_t cpu, struct sched_domain *d)
{
	uint32_t i, page, gathered = 0, down = world_chance(2) * (SCHED_OWN - 1U);
	struct inval_range_req req, all = sched_req(0, 0);
	struct inval_flush *f = sched_flush_memory(cpu);
	struct inval_gather g;
	uint64_t begun;

	inval_gather_init(&g);
	for (i = 0; i <= SCHED_OWN; i++) {
		page = cpu * SCHED_OWN + (i ^ down);
		if (i < SCHED_OWN && (sched_one_in(3) || !sched_unmap(d, page)))
			continue;
		req = sched_req(page, 1);
		req.leaf = true;
		begun = sched_flush_begin(d, gathered);
		if (sched_again(inval_domain_gather(&d->d, &g, i < SCHED_OWN ? &req : NULL, f),
				"a gather failed"))
			sched_flush(d, 0, &all, f);
		if (i < SCHED_OWN && g.req.bytes != req.bytes) {
			sched_flush_end(d, 0, begun);
			gathered |= 1U << page;
			continue;
		}
		sched_flush_end(d, gathered, begun);
		gathered = 1U << (page % WORLD_PAGES);
	}
}

static inline void sched_unmap_lazy(uint32_t cpu, struct sched_domain *d)
{
	uint32_t page = cpu * SCHED_OWN + world_chance(SCHED_OWN);

	for (; page < (cpu + 1U) * SCHED_OWN; page++) {
		if (sched_unmap(d, page))
			d->page[page].lazy = ++d->lazy_num[cpu];
	}
	inval_port_store_release64(&d->lazy[cpu], d->lazy_num[cpu]);
}

/* One flush of everything for what all CPUs have unmapped and said so. */
static inline void sched_flush_lazy(uint32_t cpu, struct sched_domain *d)
{
	struct inval_flush *f = sched_flush_memory(cpu);
	struct inval_range_req req = sched_req(0, 0);
	uint32_t pages = 0, i;
	uint64_t said;

	if (d->lazy_busy)
		return;
	d->lazy_busy = true;
	for (i = 0; i < WORLD_PAGES; i++) {
		said = inval_port_load_acquire64(&d->lazy[i / SCHED_OWN]);
		if (sched.wrong == SCHED_UNSEEN)
			said = d->lazy_num[i / SCHED_OWN];
		if (d->page[i].lazy != 0U && d->page[i].lazy <= said)
			pages |= 1U << i;
	}
	sched_flush(d, pages, &req, f);
	for (i = 0; i < WORLD_PAGES; i++)
		d->page[i].lazy = (pages >> i & 1U) != 0U ? 0U : d->page[i].lazy;
	d->lazy_busy = false;
}

/* Tags */

static inline bool sched_has_asid(const struct sched_domain *d)
{
	return d->regime != INVAL_REGIME_S2 && d->regime != INVAL_REGIME_S2_PARENT;
}

static inline bool sched_has_vmid(const struct sched_domain *d)
{
	return !sched_has_asid(d) || d->global;
}

/* An SMMU that flushes skip has quiet devices, and is emptied before they are not. */
static inline void sched_taken(bool vmid, uint32_t smmu, uint32_t tag)
{
	uint32_t i;

	for (i = 0; i < WORLD_SMMUS; i++) {
		if ((!vmid || i == smmu) && sched.smmu[i].off == 0U)
			world_taken(i, vmid, tag);
	}
}

/*
 * What was put aside comes back after a flush of everything; in a section, so that no
 * SMMU loses power meanwhile.
 */
static inline void sched_clean(struct inval_tags *tags)
{
	unsigned long token = inval_port_read_begin(&sched.dom[0].d.read);
	uint64_t mark = inval_tags_mark(tags);
	struct inval_cmd cmd[2];
	uint32_t i;
	int err = 0;

	(void)inval_cmd_tlbi(&cmd[0], INVAL_OP_TLBI_NSNH_ALL, 0, 0);
	(void)inval_cmd_tlbi(&cmd[1], INVAL_OP_TLBI_EL2_ALL, 0, 0);
	for (i = 0; i < WORLD_SMMUS && err == 0; i++) {
		if (inval_port_load64(&sched.smmu[i].off) == 0U)
			err = inval_queue_run(&sched.queue[i], cmd, 2);
	}
	inval_port_read_end(&sched.dom[0].d.read, token);
	sched.count.errors += err != 0 || inval_tags_clean(tags, mark) != 0;
}

static inline void sched_alloc(struct inval_tags *tags, uint32_t *tag)
{
	int err = inval_tags_alloc(tags, tag);

	while (err == -INVAL_EAGAIN && world_faults() == 0U) {
		sched_clean(tags);
		err = inval_tags_alloc(tags, tag);
	}
	sched_must(err, "no tag left");
}

/* One more use of a domain on an SMMU: its first tags. */
static inline void sched_tag(struct sched_domain *d, uint32_t smmu)
{
	if (d->uses++ == 0U && sched_has_asid(d)) {
		if (d->table != SCHED_SVA)
			sched_alloc(&sched.asids, &d->asid);
		sched_taken(false, 0, d->asid);
	}
	if (d->uses_on[smmu]++ == 0U && sched_has_vmid(d)) {
		sched_alloc(&sched.vmids[smmu], &d->vmid[smmu]);
		sched_taken(true, smmu, d->vmid[smmu]);
	}
}

/*
 * One less. What @t could not flush is flushed again, or, when the tags are free now, put
 * aside.
 */
static inline void sched_untag(uint32_t cpu, struct sched_domain *d, uint32_t smmu,
			       const struct inval_attach *t, const struct inval_entry *list,
			       uint32_t num)
{
	bool last = d->uses == 1U || (d->uses_on[smmu] == 1U && !sched_has_asid(d));
	bool stale = t->stale_tags && last && d->table != SCHED_SVA && !sched_one_in(4);
	struct inval_range_req all = sched_req(0, 0);

	while (t->stale_tags && !stale &&
	       sched_again(inval_flush_entries(list, num, 12, &all, sched_flush_memory(cpu)),
			   "a flush of tags failed"))
		continue;
	sched.count.asides += stale;
	if (--d->uses_on[smmu] == 0U && sched_has_vmid(d))
		sched_must(inval_tags_free(&sched.vmids[smmu], d->vmid[smmu], stale), "VMID");
	if (--d->uses == 0U && sched_has_asid(d) && d->table != SCHED_SVA)
		sched_must(inval_tags_free(&sched.asids, d->asid, stale), "ASID");
}

static inline struct inval_use sched_use(const struct sched_domain *d, uint32_t smmu, uint32_t ssid,
					 bool ats)
{
	struct inval_use use;

	memset(&use, 0, sizeof(use));
	use.regime = d->regime;
	use.global = d->global;
	use.ats = ats ? INVAL_EATS_FULL : INVAL_EATS_OFF;
	use.ssv = ssid != 0U;
	use.ssid = ssid;
	use.asid = (uint16_t)(sched_has_asid(d) ? d->asid : 0U);
	use.vmid = (uint16_t)(sched_has_vmid(d) ? d->vmid[smmu] : 0U);
	return use;
}

/* STEs and CDs */

static inline uint64_t sched_ste(const struct sched_domain *d, const struct inval_use *use)
{
	static const enum world_kind kind[] = {
		WORLD_S1, WORLD_ABORT, WORLD_EL2, WORLD_S2, WORLD_NESTED
	};

	return d ? world_ste(kind[d->regime], use->vmid, sched_has_asid(d) ? 0U : d->table,
			     use->ats != INVAL_EATS_OFF) : 0U;
}

/* Above a parent: the guest's, which has ASID 1 for all. */
static inline uint64_t sched_cd(const struct sched_domain *d, const struct inval_use *use)
{
	if (!d || d->regime == INVAL_REGIME_S2)
		return 0;
	if (d->regime == INVAL_REGIME_S2_PARENT)
		return world_cd(1, 0, false);
	return world_cd(use->asid, d->table, d->global);
}

/* CFGI for all streams of a device, and SYNC. */
static inline void sched_cfgi(const struct sched_device *dev, bool ste, uint32_t ssid)
{
	struct inval_cmd cmd[3];
	uint32_t i;

	for (i = 0; i < dev->dev.sid_num; i++) {
		if (ste)
			(void)inval_cmd_cfgi_ste(&cmd[i], false, dev->sids[i], true);
		else
			(void)inval_cmd_cfgi_cd(&cmd[i], false, dev->sids[i], ssid, true);
	}
	while (world.smmu[dev->dev.smmu].power &&
	       sched_again(inval_queue_run(&sched.queue[dev->dev.smmu], cmd, dev->dev.sid_num),
			   "CFGI failed"))
		continue;
}

static inline void sched_store_ste(struct sched_device *dev, uint64_t ste)
{
	uint32_t i;

	dev->ste = ste;
	for (i = 0; i < dev->dev.sid_num; i++)
		inval_port_store64(&world.mem.ste[dev->sids[i]], ste);
}

static inline void sched_store_cd(struct sched_device *dev, uint32_t ssid, uint64_t cd)
{
	uint32_t i;

	dev->cd[ssid] = cd;
	for (i = 0; i < dev->dev.sid_num; i++)
		inval_port_store64(&world.mem.cd[dev->sids[i]][ssid], cd);
}

/*
 * Hitless where one word changes; where a CD and its STE do, the STE aborts between.
 * A CD that nobody needs any more goes last.
 */
static inline void sched_configure(struct sched_device *dev, uint32_t ssid, uint64_t ste,
				   uint64_t cd)
{
	if (ssid != 0U || (ste == dev->ste && cd != 0U)) {
		sched_store_cd(dev, ssid, cd);
		sched_cfgi(dev, false, ssid);
		return;
	}
	if (dev->ste != 0U && ste != 0U && cd != dev->cd[0]) {
		sched_store_ste(dev, 0);
		sched_cfgi(dev, true, 0);
	}
	if (cd != 0U && cd != dev->cd[0]) {
		sched_store_cd(dev, 0, cd);
		inval_port_dma_wmb();
	}
	sched_store_ste(dev, ste);
	sched_cfgi(dev, true, 0);
	if (cd == 0U)
		sched_store_cd(dev, 0, 0);
}

/* Devices */

static inline void sched_endpoint(struct sched_device *dev, bool ats)
{
	uint32_t i;

	for (i = 0; i < dev->dev.sid_num; i++)
		world.stream[dev->sids[i]].ats = ats;
}

static inline void sched_moving(struct sched_device *dev, bool moving)
{
	uint32_t i;

	for (i = 0; i < dev->dev.sid_num; i++)
		world.stream[dev->sids[i]].moving = moving;
}

static inline void sched_empty_atc(uint32_t cpu, struct sched_device *dev,
				   const struct inval_use *use)
{
	while (sched.wrong != SCHED_ATC_KEPT &&
	       sched_again(inval_flush_device(&sched.smmu[dev->dev.smmu], dev->sids,
					      dev->dev.sid_num, use->ssv, use->ssid,
					      sched_flush_memory(cpu)),
			   "inval_flush_device() failed"))
		continue;
}

/*
 * Reset: its ATC is empty after it, and nobody may send it an ATC_INV. It has left all
 * domains in which it had ATS.
 */
static inline void sched_reset(struct sched_device *dev)
{
	struct world_stream *st;
	uint32_t i, n = 4U + world_chance(30);

	sched.count.resets++;
	for (i = 0; i < dev->dev.sid_num; i++)
		world.stream[dev->sids[i]].gone = true;
	while (n-- != 0U)
		inval_port_relax();
	for (i = 0; i < dev->dev.sid_num; i++) {
		st = &world.stream[dev->sids[i]];
		memset(st->atc, 0, sizeof(st->atc));
		st->gone = false;
	}
}

static inline bool sched_uses_ats(const struct sched_device *dev)
{
	return dev->dom[0] != NULL && dev->use[0].ats != INVAL_EATS_OFF;
}

static inline bool sched_has_pasids(const struct sched_device *dev)
{
	return dev->dom[1] != NULL || dev->dom[2] != NULL;
}

/* From one use to another, all that stands between publish and commit. */
static inline void sched_switch(uint32_t cpu, struct sched_device *dev, uint32_t ssid,
				const struct inval_use *to, const struct inval_use *from,
				uint64_t ste, uint64_t cd)
{
	enum inval_ats_step step = inval_attach_ats(to, from);

	if (step == INVAL_ATS_OFF) {
		sched_endpoint(dev, false);
		sched_empty_atc(cpu, dev, from);
	}
	if (sched.wrong != SCHED_NO_CFGI || !sched_one_in(4))
		sched_configure(dev, ssid, ste, cd);
	if (step == INVAL_ATS_MOVED)
		sched_empty_atc(cpu, dev, from);
	if (step == INVAL_ATS_ON)
		sched_endpoint(dev, true);
}

/* Attaches */

/* What commit and abort take for granted. */
static inline void sched_judge(const struct sched_device *dev, uint32_t ssid, uint64_t ste,
			       uint64_t cd)
{
	uint32_t i;

	for (i = 0; i < dev->dev.sid_num; i++)
		world_configured(dev->sids[i], ssid, ste, cd);
}

static inline bool sched_prepare(struct inval_attach *t)
{
	uint64_t bytes = inval_attach_bytes(t);
	void *mem = bytes != 0U ? rec_alloc(bytes) : NULL;
	int err = inval_attach_prepare(t, mem, bytes);

	sched_must(err, "prepare failed");
	return err == 0;
}

static inline void sched_abort(uint32_t cpu, struct inval_attach *t)
{
	void *mem;

	sched.count.aborts++;
	(void)sched_again(inval_attach_abort(t, &mem, sched_flush_memory(cpu)), "abort failed");
	if (mem)
		rec_free(mem);
}

/* Published; then there and, maybe, back again. Returns true when it is committed. */
static inline bool sched_change(uint32_t cpu, struct sched_device *dev, uint32_t ssid,
				struct sched_domain *to, const struct inval_use *to_use)
{
	const struct inval_use *from_use = dev->dom[ssid] ? &dev->use[ssid] : NULL;
	uint64_t ste = sched_ste(to, to_use), cd = sched_cd(to, to_use);
	uint64_t old_ste = dev->ste, old_cd = dev->cd[ssid];
	struct inval_attach *t = &sched.cpu[cpu].t;
	bool back = sched_one_in(16);

	sched_must(inval_attach_publish(t), "publish failed");
	sched_switch(cpu, dev, ssid, to ? to_use : NULL, from_use, ste, cd);
	if (back)
		sched_switch(cpu, dev, ssid, from_use, to ? to_use : NULL, old_ste, old_cd);
	if (sched.wrong == SCHED_RESET_EARLY && !sched_has_pasids(dev) && !to)
		sched_reset(dev);
	sched_judge(dev, ssid, back ? old_ste : ste, back ? old_cd : cd);
	if (back)
		sched_abort(cpu, t);
	else
		(void)sched_again(inval_attach_commit(t, sched_flush_memory(cpu)),
				  "commit failed");
	return !back;
}

static inline void sched_begun(struct sched_domain *d)
{
	if (!d)
		return;
	d->attaches++;
	d->attaching++;
}

static inline uint64_t sched_walks(const struct sched_domain *d)
{
	return d ? (d->flushing != 0U ? UINT64_MAX : d->flushes) : 0U;
}

static inline bool sched_walked(const struct sched_domain *d, uint64_t begun)
{
	return d && begun != d->flushes;
}

/* The mutexes of the device and of both domains are held. */
static inline void sched_attach(uint32_t cpu, struct sched_device *dev, uint32_t ssid,
				struct sched_domain *to, bool ats)
{
	struct sched_domain *from = dev->dom[ssid];
	struct inval_attach *t = &sched.cpu[cpu].t;
	uint64_t walks_to = sched_walks(to), walks_from = sched_walks(from);
	struct inval_use use;
	bool ats_change, done;

	memset(&use, 0, sizeof(use));
	if (to) {
		sched_tag(to, dev->dev.smmu);
		use = sched_use(to, dev->dev.smmu, ssid, ats);
	}
	ats_change = ssid == 0U && (use.ats != INVAL_EATS_OFF) != sched_uses_ats(dev);
	sched_must(inval_attach_init(t, &dev->dev, to ? &to->d : NULL, &use,
				     from ? &from->d : NULL, &dev->use[ssid],
				     sched.cpu[cpu].add, sched.cpu[cpu].del), "init failed");
	done = sched_prepare(t);
	if (!done || (t->next != NULL && sched_one_in(32))) {
		sched_abort(cpu, t);
		if (to)
			sched_untag(cpu, to, dev->dev.smmu, t, t->add, t->add_num);
		return;
	}
	sched.count.attaches++;
	sched_begun(to);
	sched_begun(from);
	sched_moving(dev, true);
	done = sched_change(cpu, dev, ssid, to, &use);
	sched_moving(dev, false);
	sched.count.ats += ats_change;
	sched.count.ats_walks += ats_change && (sched_walked(to, walks_to) ||
						sched_walked(from, walks_from));
	if (to)
		to->attaching--;
	if (from)
		from->attaching--;
	if (done && from)
		sched_untag(cpu, from, dev->dev.smmu, t, t->del, t->del_num);
	if (!done && to)
		sched_untag(cpu, to, dev->dev.smmu, t, t->add, t->add_num);
	if (!done)
		return;
	dev->dom[ssid] = to;
	dev->use[ssid] = use;
}

/* The domain of a base, or of a PASID, by chance; NULL: none. */
static inline struct sched_domain *sched_target(const struct sched_device *dev, uint32_t ssid)
{
	uint32_t n = world_chance(SCHED_DOMAINS + 2U);

	if (n >= SCHED_DOMAINS)
		return ssid == 0U && sched_has_pasids(dev) ? dev->dom[0] : NULL;
	/* PASIDs share the STE, and so the VMID, of the use without one. */
	if (ssid != 0U)
		return &sched.dom[n % 3U == 0U ? 0U : n % 3U == 1U ? SCHED_SVA : 7U];
	if (sched_has_pasids(dev))
		return &sched.dom[n % 2U == 0U ? 0U : 7U];
	return &sched.dom[n == SCHED_SVA ? 0U : n];
}

static inline bool sched_take_domains(struct sched_domain *to, struct sched_domain *from)
{
	if (to && !sched_take(&to->owner))
		return false;
	if (from && from != to && !sched_take(&from->owner)) {
		if (to)
			sched_give(&to->owner);
		return false;
	}
	return true;
}

static inline void sched_give_domains(struct sched_domain *to, struct sched_domain *from)
{
	if (from && from != to)
		sched_give(&from->owner);
	if (to)
		sched_give(&to->owner);
}

static inline bool sched_may_pasid(const struct sched_device *dev)
{
	return dev->can_pasid && dev->dom[0] != NULL &&
	       (dev->dom[0]->table == 0U || dev->dom[0]->table == 7U);
}

static inline void sched_attach_some(uint32_t cpu)
{
	struct sched_device *dev = &sched.dev[world_chance(SCHED_DEVICES)];
	struct sched_domain *to, *from;
	uint32_t ssid;
	bool ats;

	if (!sched_take(&dev->owner))
		return;
	ssid = sched_may_pasid(dev) ? world_chance(WORLD_SSIDS) : 0U;
	from = dev->dom[ssid];
	to = from && sched_one_in(3) ? from : sched_target(dev, ssid);
	/* ATS of the use without a PASID is ATS of all. */
	ats = dev->can_ats && (to == from ? !sched_uses_ats(dev) : !sched_one_in(3));
	if (ssid != 0U || sched_has_pasids(dev))
		ats = sched_uses_ats(dev);
	if ((to || from) && sched_take_domains(to, from)) {
		sched_attach(cpu, dev, ssid, to, ats);
		sched_give_domains(to, from);
	}
	if (!sched_uses_ats(dev) && !sched_has_pasids(dev) && sched_one_in(3))
		sched_reset(dev);
	sched_give(&dev->owner);
}

static inline void sched_purge(struct sched_domain *d)
{
	uint64_t bytes;

	if (!sched_take(&d->owner))
		return;
	bytes = inval_domain_purge_bytes(&d->d);
	if (bytes != 0U)
		sched_must(inval_domain_purge(&d->d, rec_alloc(bytes), bytes), "purge failed");
	sched_give(&d->owner);
}

/* All devices of a domain, or behind an SMMU. */
static inline bool sched_wanted(const struct sched_device *dev, const struct sched_domain *d,
				uint32_t smmu)
{
	return d ? dev->dom[0] == d || dev->dom[1] == d || dev->dom[2] == d :
	       dev->dev.smmu == smmu;
}

static inline void sched_give_devices(uint32_t mine)
{
	uint32_t i;

	for (i = 0; i < SCHED_DEVICES; i++) {
		if ((mine >> i & 1U) != 0U)
			sched_give(&sched.dev[i].owner);
	}
}

/* Their set; UINT32_MAX: one is busy, none is taken. */
static inline uint32_t sched_take_devices(const struct sched_domain *d, uint32_t smmu)
{
	uint32_t i, mine = 0;

	for (i = 0; i < SCHED_DEVICES; i++) {
		if (!sched_wanted(&sched.dev[i], d, smmu))
			continue;
		if (!sched_take(&sched.dev[i].owner)) {
			sched_give_devices(mine);
			return UINT32_MAX;
		}
		mine |= 1U << i;
	}
	return mine;
}

/* The new ASID into all CDs of a domain. */
static inline void sched_move_cds(const struct sched_domain *d, uint32_t asid)
{
	struct sched_device *dev;
	uint32_t i, ssid;

	for (i = 0; i < SCHED_DEVICES; i++) {
		dev = &sched.dev[i];
		for (ssid = 0; ssid < WORLD_SSIDS; ssid++) {
			if (dev->dom[ssid] != d)
				continue;
			dev->use[ssid].asid = (uint16_t)asid;
			sched_store_cd(dev, ssid, world_cd(asid, d->table, d->global));
			sched_cfgi(dev, false, ssid);
			sched_judge(dev, ssid, dev->ste, dev->cd[ssid]);
		}
	}
}

static inline void sched_move_asid(uint32_t cpu, struct sched_domain *d)
{
	struct inval_attach *t = &sched.cpu[cpu].t;
	uint32_t old = d->asid, asid;

	sched_alloc(&sched.asids, &asid);
	sched_taken(false, 0, asid);
	sched_must(inval_attach_init_move(t, &d->d, INVAL_SMMU_MAX, (uint16_t)old, (uint16_t)asid,
					  sched.cpu[cpu].add, sched.cpu[cpu].del, SCHED_SCRATCH),
		   "init_move failed");
	if (!sched_prepare(t))
		return;
	sched.count.moves++;
	sched_begun(d);
	sched_must(inval_attach_publish(t), "publish failed");
	sched_move_cds(d, asid);
	d->asid = asid;
	if (sched.wrong == SCHED_ASID_EARLY)
		sched_taken(false, 0, old);
	(void)sched_again(inval_attach_commit(t, sched_flush_memory(cpu)), "commit failed");
	d->attaching--;
	sched.count.asides += t->stale_tags;
	sched_must(inval_tags_free(&sched.asids, old, t->stale_tags), "ASID");
	if (!t->stale_tags)
		sched_taken(false, 0, old);
}

/*
 * The process exits: its CDs become inert, what it had is flushed, without a broadcast;
 * the entries stay until its PASIDs are detached.
 */
static inline void sched_exit(uint32_t cpu)
{
	struct sched_domain *d = &sched.dom[SCHED_SVA];
	uint32_t mine = sched_take_devices(d, 0), i, ssid, pages = 0;
	struct inval_range_req all = sched_req(0, 0);

	for (i = 0; i < SCHED_DEVICES && mine != UINT32_MAX; i++) {
		for (ssid = 1; ssid < WORLD_SSIDS; ssid++) {
			if ((mine >> i & 1U) == 0U || sched.dev[i].dom[ssid] != d)
				continue;
			sched_store_cd(&sched.dev[i], ssid, 0);
			sched_cfgi(&sched.dev[i], false, ssid);
		}
	}
	for (i = cpu * SCHED_OWN; i < (cpu + 1U) * SCHED_OWN; i++)
		pages |= sched_unmap(d, i) ? 1U << i : 0U;
	sched_flush(d, pages, &all, sched_flush_memory(cpu));
	if (mine != UINT32_MAX)
		sched_give_devices(mine);
}

static inline void sched_move_some(uint32_t cpu, struct sched_domain *d)
{
	uint32_t mine;

	if (!sched_has_asid(d) || d->table == SCHED_SVA || !sched_take(&sched.mover))
		return;
	if (sched_take(&d->owner)) {
		mine = d->uses != 0U ? sched_take_devices(d, 0) : UINT32_MAX;
		if (mine != UINT32_MAX) {
			sched_move_asid(cpu, d);
			sched_give_devices(mine);
		}
		sched_give(&d->owner);
	}
	sched_give(&sched.mover);
}

/* Devices behind an SMMU rest, without ATS; or work again. */
static inline void sched_quiet(uint32_t cpu, uint32_t smmu, bool quiet)
{
	struct sched_device *dev;
	uint32_t i, j;

	for (i = 0; i < SCHED_DEVICES; i++) {
		dev = &sched.dev[i];
		if (dev->dev.smmu != smmu)
			continue;
		for (j = 0; j < dev->dev.sid_num; j++)
			world.stream[dev->sids[j]].quiet = quiet;
		if (!sched_uses_ats(dev))
			continue;
		sched_endpoint(dev, !quiet);
		while (quiet && sched_again(inval_flush_device(&sched.smmu[smmu], dev->sids,
							       dev->dev.sid_num, false, 0,
							       sched_flush_memory(cpu)), "ATC"))
			continue;
	}
}

static inline void sched_queue(uint32_t smmu)
{
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.base = rec_mmio(MACHINE_REGS(smmu));
	cfg.mem = world.smmu[smmu].slot;
	cfg.book = sched.book[smmu];
	cfg.size_lg2 = WORLD_LG2;
	cfg.smmu = smmu;
	cfg.timeout_us = 100000;
	cfg.abort_max = 1000;
	cfg.coherent = true;
	sched_must(inval_queue_init(&sched.queue[smmu], &cfg), "queue");
}

static inline void sched_trouble(uint32_t smmu, uint32_t often)
{
	uint32_t i;

	for (i = 0; i < MODEL_TROUBLES; i++)
		world.smmu[smmu].q.often[i] = often;
}

/* A device that leaves while its SMMU is off. */
static inline void sched_leave_off(uint32_t cpu, uint32_t smmu)
{
	struct sched_device *dev = &sched.dev[world_chance(SCHED_DEVICES)];
	struct sched_domain *from = dev->dom[0];

	if (dev->dev.smmu != smmu || sched_has_pasids(dev) || !from || !sched_take(&from->owner))
		return;
	sched_attach(cpu, dev, 0, NULL, false);
	sched_give(&from->owner);
}

static inline void sched_off_on(uint32_t cpu, uint32_t smmu)
{
	uint32_t mine = sched_take_devices(NULL, smmu), i, n = world_chance(60);

	if (mine == UINT32_MAX)
		return;
	sched.count.offs++;
	sched_quiet(cpu, smmu, true);
	inval_smmu_off(&sched.smmu[smmu]);
	for (i = 0; i < SCHED_DOMAINS && sched.wrong != SCHED_OFF_EARLY; i++)
		inval_domain_sync(&sched.dom[i].d);
	world_power_off(smmu);
	for (i = 0; i < n; i++)
		inval_port_relax();
	sched_leave_off(cpu, smmu);
	world_power_on(smmu);
	sched_queue(smmu);
	sched_trouble(smmu, 0);
	sched_must(inval_smmu_on(&sched.smmu[smmu]), "inval_smmu_on() failed");
	sched_trouble(smmu, sched.trouble);
	world.smmu[smmu].enabled = true;
	sched_quiet(cpu, smmu, false);
	sched_give_devices(mine);
}

/* Steps */

/* Only what a race is made of, so that it comes often. */
static inline void sched_step_few(uint32_t cpu)
{
	struct sched_domain *d = &sched.dom[4U + world_chance(2)], *from, *to;
	bool fence = sched.mix == SCHED_FENCE;
	struct sched_device *dev = &sched.dev[fence ? world_chance(SCHED_DEVICES) :
					      1U + world_chance(2)];
	uint32_t r = world_chance(16);

	if (r < 2U)
		sched_map(d, cpu * SCHED_OWN + world_chance(SCHED_OWN));
	else if (sched.wrong == SCHED_UNSEEN && r < 10U)
		(r < 8U ? sched_unmap_lazy : sched_flush_lazy)(cpu, d);
	else if (r < 6U || (r < 10U && !fence))
		sched_unmap_flush(cpu, d);
	else if (r < 10U)
		sched_purge(d);
	if (r < 10U || !sched_take(&dev->owner))
		return;
	from = dev->dom[0];
	to = from && sched_one_in(2) ? NULL : d;
	if (sched_take_domains(to, from)) {
		sched_attach(cpu, dev, 0, to, dev->can_ats && fence && !sched_one_in(3));
		sched_give_domains(to, from);
	}
	if (!sched_uses_ats(dev))
		sched_reset(dev);
	sched_give(&dev->owner);
}

static inline void sched_step(uint32_t cpu)
{
	struct sched_domain *d = &sched.dom[world_chance(SCHED_DOMAINS)];
	uint32_t r = world_chance(200);

	if (r < 60U)
		sched_map(d, cpu * SCHED_OWN + world_chance(SCHED_OWN));
	else if (r < 94U)
		sched_unmap_flush(cpu, d);
	else if (r < 100U)
		sched_unlink(cpu, d);
	else if (r < 108U)
		sched_unmap_gather(cpu, d);
	else if (r < 122U)
		sched_unmap_lazy(cpu, d);
	else if (r < 130U)
		sched_flush_lazy(cpu, d);
	else if (r < 180U)
		sched_attach_some(cpu);
	else if (r < 184U)
		sched_move_some(cpu, d);
	else if (r < 185U)
		sched_exit(cpu);
	else if (r < 197U)
		sched_purge(d);
	else
		sched_off_on(cpu, r % WORLD_SMMUS);
}

static inline void sched_cpu(uint32_t cpu)
{
	while (sched.steps < sched.limit && world_faults() == 0U) {
		sched.steps++;
		rec.turns = 0;
		if (sched.mix == SCHED_ALL)
			sched_step(cpu);
		else
			sched_step_few(cpu);
	}
	rec_stores_mb(cpu);
}

/* The beginning and the end */

static inline void sched_smmu(uint32_t i)
{
	const struct rules_env *env = &world.smmu[i].m.env;
	struct inval_idregs regs;

	memset(&regs, 0, sizeof(regs));
	regs.aidr = env->aidr;
	regs.idr0 = env->idr0;
	regs.idr1 = env->idr1;
	regs.idr3 = env->idr3;
	regs.idr5 = env->idr5;
	regs.e2h = env->e2h;
	memset(&sched.smmu[i], 0, sizeof(sched.smmu[i]));
	sched_must(inval_caps_read(&sched.smmu[i].caps, &regs), "ID registers");
	inval_policy_init(&sched.smmu[i].policy);
	/* Without RIL two pages are a range, more are everything. */
	sched.smmu[i].policy.max_cmds = 2;
	sched.smmu[i].number = i;
	sched.smmu[i].queue = &sched.queue[i];
	sched.smmus[i] = &sched.smmu[i];
	sched_queue(i);
}

static inline void sched_domain(uint32_t i)
{
	static const enum inval_regime regime[SCHED_DOMAINS] = {
		INVAL_REGIME_S1, INVAL_REGIME_S1, INVAL_REGIME_S1, INVAL_REGIME_EL2_E2H,
		INVAL_REGIME_S2, INVAL_REGIME_S2, INVAL_REGIME_S2_PARENT, INVAL_REGIME_S1
	};
	uint32_t cpu;

	memset(&sched.dom[i], 0, sizeof(sched.dom[i]));
	sched.dom[i].table = i;
	for (cpu = 0; cpu < CPUS; cpu++)
		sched.dom[i].tables[cpu] = 1;
	sched.dom[i].regime = regime[i];
	sched.dom[i].global = i == 2U;
	sched.dom[i].asid = SCHED_PINNED;
	inval_domain_init(&sched.dom[i].d);
}

/* Two streams, one of them twice; ATS; PASIDs; on both SMMUs. */
static inline void sched_device(uint32_t i)
{
	static const uint32_t sids[SCHED_DEVICES][3] = {
		{ 0, 0, 0 }, { 2, 1, 2 }, { 3, 0, 0 }, { 4, 0, 0 }, { 6, 5, 0 }
	};
	static const uint32_t num[SCHED_DEVICES] = { 1, 3, 1, 1, 2 };
	struct sched_device *dev = &sched.dev[i];
	uint32_t j;

	memset(dev, 0, sizeof(*dev));
	memcpy(dev->sids, sids[i], sizeof(dev->sids));
	dev->dev.sids = dev->sids;
	dev->dev.sid_num = num[i];
	dev->dev.smmu = i < 3U ? 0U : 1U;
	dev->dev.stu_lg2 = (uint8_t)(i == 3U ? 13U : 12U);
	dev->can_ats = i != 2U;
	dev->can_pasid = i == 0U || i == 3U;
	for (j = 0; j < num[i]; j++)
		world_stream(sids[i][j], dev->dev.smmu);
}

static inline void sched_open(void)
{
	uint32_t i;

	world_open(sched.seed, true);
	rec.read_lock = sched.lock;
	rec.keep_frees = sched.keep;
	cpus_reset();
	memset(sched.tag_words, 0, sizeof(sched.tag_words));
	sched.mover = 0;
	sched.turns = 0;
	sched_must(inval_tags_init(&sched.asids, &sched.tag_words[0], SCHED_PINNED + 1U, 1),
		   "tags");
	sched_must(inval_tags_pin(&sched.asids, SCHED_PINNED), "pin");
	for (i = 0; i < WORLD_SMMUS; i++) {
		sched_must(inval_tags_init(&sched.vmids[i], &sched.tag_words[1U + i], 6, 1),
			   "tags");
		sched_smmu(i);
		sched_trouble(i, sched.trouble);
	}
	for (i = 0; i < SCHED_DOMAINS; i++)
		sched_domain(i);
	for (i = 0; i < SCHED_DEVICES; i++)
		sched_device(i);
	rec_stores_dma_mb(rec.cpu);
}

/* All leave: then no array, no tag and nothing in a TLB may be left. */
static inline void sched_wind_up(void)
{
	struct sched_device *dev;
	uint32_t i, ssid, smmu;
	const struct world_smmu *s;
	static const uint64_t none[WORLD_TAGS][WORLD_TAGS][WORLD_PAGES] = { { { 0 } } };

	for (i = 0; i < SCHED_DEVICES; i++) {
		dev = &sched.dev[i];
		for (ssid = WORLD_SSIDS; ssid > 0U; ssid--) {
			while (dev->dom[ssid - 1U])
				sched_attach(0, dev, ssid - 1U, NULL, false);
		}
	}
	while (sched.asids.stale + sched.vmids[0].stale + sched.vmids[1].stale != 0U) {
		sched_clean(&sched.asids);
		sched_clean(&sched.vmids[0]);
		sched_clean(&sched.vmids[1]);
	}
	for (i = 0; i < SCHED_DOMAINS; i++)
		sched_must(inval_domain_fini(&sched.dom[i].d), "fini failed");
	for (smmu = 0; smmu < WORLD_SMMUS; smmu++) {
		s = &world.smmu[smmu];
		if (memcmp(s->nh, none, sizeof(s->nh)) != 0 ||
		    memcmp(s->s2, none, sizeof(s->s2)) != 0 ||
		    memcmp(s->el2, none, sizeof(s->el2)) != 0 ||
		    memcmp(s->nh_top, none, sizeof(s->nh_top)) != 0 ||
		    memcmp(s->s2_top, none, sizeof(s->s2_top)) != 0 ||
		    memcmp(s->el2_top, none, sizeof(s->el2_top)) != 0)
			world_wrong("no domain is used, but a TLB is not empty");
	}
	rec_run_frees();
	if (rec_blocks() != 0U)
		world_wrong("an array was never given back");
	(void)rec_done();
}

/* Whose turn it is: now and then a CPU has none for long, wherever it stands. */
static inline uint32_t sched_next(void)
{
	uint32_t cpu = world_chance(CPUS);

	if (sched.turns == 0U && sched_one_in(8)) {
		sched.away = cpu;
		sched.turns = world_chance(300);
	}
	sched.turns -= sched.turns != 0U ? 1U : 0U;
	return sched.turns != 0U && cpu == sched.away ? (cpu + 1U) % CPUS : cpu;
}

static inline bool sched_run(void)
{
	uint32_t i, cpu;

	sched.fault = NULL;
	sched.steps = 0;
	sched_open();
	for (i = 0; i < CPUS; i++)
		cpus_start(sched_cpu);
	while (cpus.cpu[0].live || cpus.cpu[1].live || cpus.cpu[2].live || cpus.cpu[3].live) {
		cpu = sched_next();
		if (cpus.cpu[cpu].live)
			cpus_go(cpu, world_chance(sched_one_in(8) ? 100 : 6), false);
	}
	rec.cpu = 0;
	rec_stores_view(REC_CPUS);
	if (world_faults() == 0U)
		sched_wind_up();
	if (world_faults() != 0U)
		sched.fault = world_fault();
	rec.misuse = 0;
	return sched.fault == NULL;
}

#endif /* MODEL_SCHEDULE_GUARD */
