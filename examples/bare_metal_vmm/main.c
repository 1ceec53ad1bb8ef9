/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* main.c - from entry to exit code. */
#include "matrix.h"

struct edu edus[DEVICES];
uint64_t vmm_counts[16];

uint32_t vmm_main(void);

uint32_t vmm_main(void)
{
	bool full = argument("full");

	if (edu_find(edus, DEVICES) != DEVICES)
		die("fewer edu devices than the rows need");
	smmu_init();
	smmu_enable();
	space_setup();
	row_group("stage 1, by range");
	rows_range(STAGE1, full);
	rows_block(STAGE1, full);
	rows_unmap(STAGE1);
	if (space_has(INVAL_FEAT_S2P)) {
		row_group("stage 2, by range");
		rows_range(STAGE2, full);
		rows_block(STAGE2, full);
		rows_unmap(STAGE2);
	}
	rows_tag();
	if (space_has(INVAL_FEAT_S2P))
		rows_nested();
	rows_config();
	return row_summary() ? 0 : 1;
}
