/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * space.h - an address space that devices are attached to: translation tables
 * and tags, and the library's domain that knows what must be flushed for them.
 */
#ifndef SPACE_H
#define SPACE_H

#include <inval/caps.h>
#include <inval/cmd.h>
#include <inval/range.h>

#include "vmm.h"

enum kind { STAGE1, STAGE2, NESTED };

struct space {
	enum kind kind;
	struct tables s1, s2;
	struct stream stream;
	uint32_t granule_lg2;
	uint32_t level;		/* of the leaves that space_map() writes */
};


void space_setup(void);
bool space_has(uint64_t feat);
void space_begin(void);
void space_init(struct space *space, enum kind kind, uint32_t granule_lg2);
void space_attach(struct space *space, const struct edu *dev);
void space_detach(struct space *space, const struct edu *dev);
void space_map(const struct space *space, uint64_t iova, uint64_t pa);
void space_unmap(const struct space *space, uint64_t iova);
int space_flush(struct space *space, const struct inval_range_req *req);
int issue(const struct inval_cmd *cmds, uint32_t num);

#endif /* SPACE_H */
