/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two units show to the program: unit.c. */
#ifndef TWO_PORTS_H
#define TWO_PORTS_H

#include <stdint.h>

#define UNIT_ROUNDS 200U

/* How many of its steps went wrong; out: the size of its struct inval_domain. */
uint64_t unit_one(uint64_t *ctx_bytes);
uint64_t unit_two(uint64_t *ctx_bytes);

#endif /* TWO_PORTS_H */
