/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * space.h - an address space that devices are attached to: translation tables
 * and tags, and the library's domain that knows what must be flushed for them.
 */
#ifndef SPACE_H
#define SPACE_H

#include <inval/domain.h>

#include "vmm.h"

enum kind { STAGE1, STAGE2, NESTED };

struct space {
	enum kind kind;
	uint32_t granule_lg2;
	uint32_t level;		/* of the leaves that space_map() writes */
	uint32_t devices;	/* of the domain */
	struct tables s1, s2;
	struct stream stream;
	struct inval_domain domain;
	struct space *home;	/* whose domain and stage 2 it uses; mostly itself */
};

/* The library's view of the SMMU; its policy and features are changed by some rows. */
void space_setup(void);
bool space_has(uint64_t feat);
const struct inval_caps *space_caps(void);
struct inval_policy *space_policy(void);
void space_without_ranges(bool without);

/*
 * Arguments of the image that spoil every row, to show that none can pass by
 * accident: "flush-none" leaves out what a row is about, so that nothing gets
 * fresh; "flush-wide" drops everything besides, so that no neighbour survives;
 * "flush-early" drops everything before stale is looked for.
 */
void space_before_stale(void);

/* Empties the TLB, so that no row can overflow it: that would drop all there is. */
void space_begin(void);
void space_init(struct space *space, enum kind kind, uint32_t granule_lg2);
void space_map(const struct space *space, uint64_t iova, uint64_t pa);
void space_unmap(const struct space *space, uint64_t iova);

/*
 * Moves a device; a space of NULL is the blocked state. Between the two calls
 * the SMMU uses the new configuration, and both domains' flushes reach the
 * device.
 */
struct move {
	struct inval_attach attach;
	struct inval_entry add[3], del[3];
	struct space *to, *from;
	const struct edu *dev;
};

void space_move_begin(struct move *move, struct space *to, struct space *from,
		      const struct edu *dev);
void space_move_commit(struct move *move);
void space_move_abort(struct move *move);
void space_attach(struct space *space, const struct edu *dev);
void space_detach(struct space *space, const struct edu *dev);

/*
 * A stage 1 gets another ASID: from the first call on both stand in its domain; the
 * second writes it into the CD of a device, here of each space that has one of its
 * own; the last one takes the old ASID out and flushes it.
 */
void space_asid_begin(struct move *move, struct space *space, uint16_t asid);
void space_asid_write(struct space *space, const struct edu *dev, uint16_t asid);
void space_asid_commit(struct move *move);

void space_purge(struct space *space);
int space_flush(struct space *space, const struct inval_range_req *req);
/* One more unmapped range, or NULL: flush what is left. */
int space_gather(struct space *space, struct inval_gather *gather,
		 const struct inval_range_req *req);

/* Commands straight into the queue: with a SYNC, and waited for; or one by one. */
int issue(const struct inval_cmd *cmds, uint32_t num);
int space_put(const struct inval_cmd *cmd, struct inval_ticket *ticket);
int space_wait(const struct inval_ticket *ticket);
/* After a reset of the SMMU's queue. */
void space_queue_init(void);

#endif /* SPACE_H */
