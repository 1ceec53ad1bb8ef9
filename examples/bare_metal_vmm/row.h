/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * row.h - one row of the table. A row watches addresses of devices: the targets
 * of a flush, and their neighbours. All are made warm (DMA puts the translation
 * into the TLB), all are changed in memory, and all must be seen stale. After
 * the flush the targets must be fresh, and the neighbours still stale: were
 * they fresh, the flush would have dropped more than it was asked to.
 */
#ifndef ROW_H
#define ROW_H

#include "space.h"

struct watch {
	struct space *space;	/* whose tables row_remap() changes, or NULL */
	const struct edu *dev;
	uint64_t iova;
	uint64_t old_pa, new_pa; /* where DMA lands before and after, or ABSENT */
	bool target;
};

void row_group(const char *heading);
void row_begin(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* A watch with two pages of its own; row_watch_in() also maps the old one. */
struct watch *row_watch(const struct edu *dev, uint64_t iova, bool target);
struct watch *row_watch_in(struct space *space, const struct edu *dev, uint64_t iova, bool target);

/* Nothing has changed yet: everything must land on its old page. */
void row_warm(void);
/* Everything has changed: it must still land there. */
void row_stale(const char *when);
/* Both, and between them the new pages go into the tables of the spaces. */
void row_remap(void);
void row_unmap(void);

void row_check(bool holds, const char *what);
/* A warning of the library's that this row must cause; any other fails it. */
void row_expect_warning(enum inval_warn what);
/*
 * With the argument "expect": the next flush of these tags, for a judge of the
 * machine's trace log. @unit_lg2: bytes that a command without TG stands for.
 */
#define NO_ASID 0x10000U
void row_expect(uint32_t vmid, uint32_t asid, uint64_t addr, uint64_t bytes, bool leaf,
		uint32_t ttl, uint32_t tg, uint32_t unit_lg2);
/* The verdict, and the line of the table. */
void row_end(void);
/* The sum; false when a row failed or there was none. */
bool row_summary(void);

#endif /* ROW_H */
