/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* matrix.h - the rows of the table, by what they are about. */
#ifndef MATRIX_H
#define MATRIX_H

#include "row.h"

#define DEVICES 6U
#define IOVA 0x1230000000ULL

extern struct edu edus[DEVICES];

/* A request for leaves of a known size, as most unmaps are. */
struct inval_range_req request(uint64_t addr, uint64_t bytes, uint32_t granule_lg2,
			       uint32_t leaf_lg2);

/* The first @num of 12 sizes, for each granule. */
void rows_range(enum kind kind, uint32_t num);
void rows_block(enum kind kind, bool full);
void rows_unmap(enum kind kind);
void rows_tag(void);
void rows_nested(void);
void rows_config(void);
void rows_policy(enum kind kind);
void rows_domain(void);
void rows_error(bool full);

#endif /* MATRIX_H */
