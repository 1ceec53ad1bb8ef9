/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach.h - devices that move between domains, for the tests of domain.h: each
 * function is the calls of the library up to where its name says, and CHECKs them.
 */
#ifndef TESTS_ATTACH_GUARD
#define TESTS_ATTACH_GUARD

#include <inval/domain.h>

#include "sim.h"
#include "test.h"

#define VA 0x40201000ULL

/* One transaction at a time: its scratch and what it works with. */
static struct inval_entry adds[16], dels[16];
static struct inval_attach t;

static inline struct inval_use use(enum inval_regime regime, uint16_t vmid, uint16_t asid)
{
	struct inval_use u;

	memset(&u, 0, sizeof(u));
	u.regime = regime;
	u.vmid = vmid;
	u.asid = asid;
	return u;
}

static inline struct inval_use use_ats(enum inval_regime regime, uint16_t vmid, uint16_t asid)
{
	struct inval_use u = use(regime, vmid, asid);

	u.ats = INVAL_EATS_FULL;
	return u;
}

static inline struct inval_device device(uint32_t smmu, const uint32_t *sids, uint32_t sid_num)
{
	struct inval_device dev;

	dev.smmu = smmu;
	dev.sids = sids;
	dev.sid_num = sid_num;
	dev.stu_lg2 = 12;
	return dev;
}

static const uint32_t sid1[1] = { 0x101 }, sid2[1] = { 0x202 };

static inline struct inval_array *array_of(struct inval_domain *d)
{
	return (struct inval_array *)d->slot.hidden;
}

/* Two SMMUs with queues; the log holds what a test reads. */
static inline void start(void)
{
	sim_reset();
	sim_add(0, SIM_RIL | SIM_E2H);
	sim_add(1, SIM_E2H);
	sim_queue(0, 6);
	sim_queue(1, 6);
	/* Users and states where no entry should be looked for. */
	memset(adds, 0x55, sizeof(adds));
	memset(dels, 0x55, sizeof(dels));
}

static inline int init(const struct inval_device *dev, struct inval_domain *to,
		const struct inval_use *to_use, struct inval_domain *from,
		const struct inval_use *from_use)
{
	int err;

	CHECK(inval_attach_scratch(dev) == 2U + dev->sid_num, "scratch");
	memset(&t, 0x55, sizeof(t));
	err = inval_attach_init(&t, dev, to, to_use, from, from_use, adds, dels);
	CHECK((to || t.add_num == 0U) && (from || t.del_num == 0U), "lists of nobody");
	CHECK(t.left.tags == 0U && t.left.ats == 0U && t.left.unknown == 0U && !t.stale_tags,
	      "nothing has left yet");
	return err;
}

/* All up to publish; the embedder's CFGI + SYNC would come next. */
static inline void publish(const struct inval_device *dev, struct inval_domain *to,
		    const struct inval_use *to_use, struct inval_domain *from,
		    const struct inval_use *from_use)
{
	uint64_t bytes;
	int err = init(dev, to, to_use, from, from_use);

	CHECK(err == 0, "init: %d", err);
	bytes = inval_attach_bytes(&t);
	err = inval_attach_prepare(&t, bytes != 0U ? rec_alloc(bytes) : NULL, bytes);
	CHECK(err == 0, "prepare: %d", err);
	err = inval_attach_publish(&t);
	CHECK(err == 0, "publish: %d", err);
}

static inline void move(const struct inval_device *dev, struct inval_domain *to,
		 const struct inval_use *to_use, struct inval_domain *from,
		 const struct inval_use *from_use)
{
	struct inval_flush f = sim_flush();
	struct inval_entry behind;
	int err;

	publish(dev, to, to_use, from, from_use);
	behind = dels[t.del_num];
	err = inval_attach_commit(&t, &f);
	CHECK(err == 0, "commit: %d", err);
	CHECK(memcmp(&behind, &dels[t.del_num], sizeof(behind)) == 0, "behind the list");
}

static inline void attach(const struct inval_device *dev, struct inval_domain *to,
		   const struct inval_use *to_use)
{
	struct inval_flush f = sim_flush();

	publish(dev, to, to_use, NULL, NULL);
	CHECK(inval_attach_commit(&t, &f) == 0, "commit");
}

static inline void detach(const struct inval_device *dev, struct inval_domain *from,
		   const struct inval_use *from_use)
{
	move(dev, NULL, NULL, from, from_use);
}

/* A flush of one page reaches exactly these. */
static inline void check_flush(struct inval_domain *d, const struct sim_want *w, uint32_t num)
{
	struct inval_range_req req = sim_req(VA, 0x1000, true);
	struct inval_flush f = sim_flush();
	int err;

	sim.cmds = 0;
	err = inval_domain_flush(d, &req, &f);
	CHECK(err == 0, "flush: %d", err);
	sim_judge(w, num, &req, 12);
}

static inline void finish(struct inval_domain *d)
{
	CHECK(inval_domain_fini(d) == 0, "fini");
	CHECK(rec_blocks() == 0U, "%u arrays left", rec_blocks());
	CHECK(rec_done() == 0U, "%s", rec.misuse_text);
}

#endif /* TESTS_ATTACH_GUARD */
