/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tables.c - VMSAv8-64 translation tables (Arm ARM DDI 0487, chapter D8). */
#include "vmm.h"

#define DESC_VALID 1ULL
#define DESC_TABLE_OR_PAGE 2ULL
#define DESC_OUTPUT 0x0000fffffffff000ULL
/* AF, inner shareable, not global, read and write for all, attribute 0. */
#define DESC_STAGE1 ((1ULL << 11) | (1ULL << 10) | (3ULL << 8) | (1ULL << 6))
/* AF, inner shareable, S2AP read and write, Normal write-back. */
#define DESC_STAGE2 ((1ULL << 10) | (3ULL << 8) | (3ULL << 6) | (0xfULL << 2))

/* Input address bits below those that a level resolves. */
uint32_t tables_level_lg2(const struct tables *t, uint32_t level)
{
	return t->granule_lg2 + (3U - level) * (t->granule_lg2 - 3U);
}

/* The first level: 1 for 4K and 16K, 2 for 64K, with 39 bits. */
static uint32_t first_level(const struct tables *t)
{
	return t->granule_lg2 == 16U ? 2U : 1U;
}

void tables_init(struct tables *t, uint32_t granule_lg2, uint32_t stage)
{
	t->granule_lg2 = granule_lg2;
	t->stage = stage;
	t->root = (uint64_t)alloc(1ULL << granule_lg2, 1ULL << granule_lg2);
}

/* The table that a descriptor of one points to. */
uint64_t tables_next(uint64_t descriptor)
{
	return descriptor & DESC_OUTPUT;
}

/* The descriptor of an input address at a level; tables on the way are made. */
uint64_t *tables_slot(const struct tables *t, uint64_t input, uint32_t level)
{
	uint64_t entries = 1ULL << (t->granule_lg2 - 3U);
	uint64_t *table = (uint64_t *)t->root;
	uint64_t *slot;
	uint32_t at;

	for (at = first_level(t);; at++) {
		slot = &table[(input >> tables_level_lg2(t, at)) & (entries - 1U)];
		if (at == level)
			return slot;
		if ((*slot & DESC_VALID) == 0U)
			*slot = (uint64_t)alloc(1ULL << t->granule_lg2, 1ULL << t->granule_lg2) |
				DESC_TABLE_OR_PAGE | DESC_VALID;
		table = (uint64_t *)tables_next(*slot);
	}
}

void tables_map(const struct tables *t, uint64_t input, uint64_t output, uint32_t level)
{
	uint64_t size = 1ULL << tables_level_lg2(t, level);
	uint64_t type = level == 3U ? DESC_TABLE_OR_PAGE | DESC_VALID : DESC_VALID;

	write64((uint64_t)tables_slot(t, input, level),
		(output & ~(size - 1U)) | (t->stage == 1U ? DESC_STAGE1 : DESC_STAGE2) | type);
}

void tables_unmap(const struct tables *t, uint64_t input, uint32_t level)
{
	write64((uint64_t)tables_slot(t, input, level), 0);
}
