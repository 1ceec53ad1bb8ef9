/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - from entry to exit code. Arguments: "full" for all rows; "expect" for
 * what a judge of the machine's trace log needs; "trace" for the library's own trace;
 * one of the controls of space.h, with which every row must fail.
 */
#include "matrix.h"

#include <inval_selftest.h>

struct edu edus[DEVICES];
uint32_t vmm_counts[16];
uint32_t vmm_warnings[16];

#define ALL_SIZES 12U

static void stage(enum kind kind, const char *heading, uint32_t sizes, bool full)
{
	row_group(heading);
	rows_range(kind, full ? ALL_SIZES : sizes);
	if (kind == STAGE2 && !full)
		return;
	rows_block(kind, full);
	rows_unmap(kind);
}

static void without_ranges(enum kind kind, const char *heading, uint32_t sizes, bool full)
{
	space_without_ranges(true);
	row_group(heading);
	rows_range(kind, full ? ALL_SIZES - 1U : sizes);
	if (full)
		rows_block(kind, full);
	space_without_ranges(false);
}

static void run(bool full)
{
	bool s2 = space_has(INVAL_FEAT_S2P);

	stage(STAGE1, "stage 1, by range", 3, full);
	if (s2)
		stage(STAGE2, "stage 2, by range", 3, full);
	without_ranges(STAGE1, "stage 1, without range commands", 2, full);
	if (s2)
		without_ranges(STAGE2, "stage 2, without range commands", 1, full);
	rows_policy(STAGE1);
	if (s2)
		rows_policy(STAGE2);
	rows_tag();
	if (s2)
		rows_nested();
	rows_config();
	rows_domain();
	rows_error(full);
}

/* Does this image's port keep the promises of inval/port.h? */
static void selftest(void)
{
	static struct inval_selftest st;
	static uint32_t words[INVAL_SELFTEST_WORDS];
	uint32_t line = inval_selftest_run(&st, (inval_mmio)(uintptr_t)words, words);

	if (line == 0U)
		return;
	say("inval_selftest.h:%u\n", line);
	die("the port does not keep a promise");
}

uint32_t vmm_main(void);

uint32_t vmm_main(void)
{
	trace_heading("self-test of the port");
	selftest();
	trace_heading("before the first row");
	if (edu_find(edus, DEVICES) != DEVICES)
		die("fewer edu devices than the rows need");
	smmu_init();
	space_setup();
	space_begin();	/* what an SMMU holds before it is enabled is UNKNOWN */
	smmu_enable();
	run(argument("full"));
	if (arrays_live() != 0U)
		die("an array was not given back");
	trace_save();
	return row_summary() ? 0 : 1;
}
