/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tag_move - a domain gets another ASID while vCPUs flush it.
 *
 * One vCPU moves the domain from ASID to ASID; the one given up is pinned, as the
 * CPU's, and then belongs to another domain with a device of its own; and comes back.
 * The others flush both domains, and a third device comes and goes. Properties, by the
 * model:
 * - when a flush returns, neither SMMU has the old translation under either ASID
 * - the ASID given up is empty on both SMMUs, before the other domain has it
 * - no device ever gets the translation of the other domain
 */
#include "guest.h"

#define MOVES 24U
#define STEPS 60U
#define ASIDS 5U

enum { MOVED, OTHER, DOMAINS };

static struct guest_domain dom[DOMAINS];
static struct guest_device dev[4];
static struct inval_tags tags;
static uint64_t tag_words[1];
static uint64_t moves;

static inline void open_all(void)
{
	uint32_t i, asid;

	guest_open();
	guest_check(inval_tags_init(&tags, tag_words, ASIDS, 1) == 0);
	guest_check(inval_tags_alloc(&tags, &asid) == 0);
	guest_domain(&dom[MOVED], INVAL_REGIME_S1, (uint16_t)asid);
	guest_domain(&dom[OTHER], INVAL_REGIME_S1, 0);
	for (i = 0; i < 4U; i++)
		guest_device(&dev[i], i, i % SMMU_NUM);
	guest_attach(&dev[0], &dom[MOVED], false);
	guest_attach(&dev[1], &dom[MOVED], true);
}

/* Every CD of the domain, then it has left the old ASID. */
static inline void move_cds(struct guest_domain *d)
{
	uint32_t i;

	for (i = 0; i < 4U; i++) {
		if (dev[i].dom != d)
			continue;
		dev[i].use.asid = d->tag;
		guest_store_cd(&dev[i], guest_cd(d));
		guest_cfgi_cd(&dev[i]);
		guest_say(SMMU_SAY_CONFIGURED, dev[i].sid, dev[i].ste, dev[i].cd);
	}
}

/* The attach mutex is held: dev[2] neither comes nor goes meanwhile. */
static inline uint16_t move_(struct guest_domain *d)
{
	struct guest_cpu *c = guest_this();
	uint16_t old = d->tag;
	uint32_t asid;

	guest_check(inval_tags_alloc(&tags, &asid) == 0);
	guest_say(SMMU_SAY_ASID, asid, 0, 0);
	guest_check(inval_attach_init_move(&c->t, &d->d, INVAL_SMMU_MAX, old, (uint16_t)asid,
					   c->add, c->del, GUEST_SCRATCH) == 0);
	guest_prepare(&c->t);
	d->tag = (uint16_t)asid;
	move_cds(d);
	guest_check(inval_attach_commit(&c->t, &c->f) == 0);
	guest_say(SMMU_SAY_ASID, old, 0, 0);
	return old;
}

/* The ASID that is free now: the CPU's for a while, with a device on it. */
static inline void use_other(uint16_t asid)
{
	guest_check(inval_tags_free(&tags, asid, false) == 0);
	guest_check(inval_tags_pin(&tags, asid) == 0);
	dom[OTHER].tag = asid;
	guest_attach(&dev[3], &dom[OTHER], false);
	guest_remap(&dom[OTHER], 0, 2);
	guest_attach(&dev[3], NULL, false);
	guest_check(inval_tags_unpin(&tags, asid, false) == 0);
}

static inline void mover(void)
{
	uint16_t old;
	uint32_t i;

	for (i = 0; i < MOVES; i++) {
		guest_lock(&dom[MOVED].mutex);
		old = move_(&dom[MOVED]);
		guest_unlock(&dom[MOVED].mutex);
		use_other(old);
		moves++;
	}
}

static void guest_main(uint32_t cpu)
{
	uint32_t i;

	if (cpu == 0U)
		open_all();
	guest_meet(VM_CPUS, 1);
	if (cpu == 0U)
		mover();
	for (i = 0; cpu != 0U && i < STEPS; i++) {
		if (cpu == 1U && i % 4U == 0U)
			guest_attach(&dev[2], dev[2].dom != NULL ? NULL : &dom[MOVED],
				     guest_chance(2) == 0U);
		guest_remap_some(&dom[i % 4U == 3U ? OTHER : MOVED]);
	}
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		guest_close(dom, DOMAINS, dev, 4);
}

int main(void)
{
	vm_open(VM_CPUS, guest_main);
	smmu_open(vm_guest(&view), 2);
	vm_run(smmu_mmio);
	smmu_check();
	vm_check(*(uint64_t *)vm_guest(&moves) == MOVES, "every move came to its end");
	vm_check(((const struct guest *)vm_guest(&guest))->flushes > 3U * STEPS, "vCPUs flushed");
	return vm_end();
}
