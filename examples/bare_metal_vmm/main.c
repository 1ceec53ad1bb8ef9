/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* main.c - what the image does from entry to exit. */
#include <inval/cmd.h>

#include "vmm.h"

static struct edu edus[8];
static uint32_t prod;

static void issue(struct inval_cmd cmd)
{
	inval_cmd_store(&smmu.cmdq[(prod % (1U << CMDQ_LG2)) * 2U], cmd);
	dsb();
	prod = (prod + 1U) % (2U << CMDQ_LG2);
	write32(SMMU_BASE + 0x98U, prod);
	while (read32(SMMU_BASE + 0x9cU) != prod)
		;
}

static bool one_page(uint32_t granule_lg2)
{
	uint64_t iova = 0x1230000000ULL;
	struct stream stream = { 0 };
	struct tables tables;
	struct inval_cmd cmd;
	uint64_t old_pa = (uint64_t)alloc(0x10000, 0x10000);
	uint64_t new_pa = (uint64_t)alloc(0x10000, 0x10000);
	bool warm, stale, fresh;

	tables_init(&tables, granule_lg2, 1);
	tables_map(&tables, iova, old_pa, 3);
	stream.s1 = &tables;
	stream.asid = (uint16_t)granule_lg2;
	stream.cd = alloc(64, 64);
	smmu_cd_write(&stream);
	smmu_ste_abort(edus[0].sid);
	inval_cmd_cfgi_ste(&cmd, false, edus[0].sid, true);
	issue(cmd);
	smmu_ste_write(edus[0].sid, &stream);
	issue(cmd);
	inval_cmd_sync(&cmd, false);
	issue(cmd);

	warm = edu_probe(&edus[0], iova, old_pa, new_pa) == ON_OLD;
	tables_map(&tables, iova, new_pa, 3);
	stale = edu_probe(&edus[0], iova, old_pa, new_pa) == ON_OLD;
	inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VA, 0, stream.asid, iova, true);
	issue(cmd);
	inval_cmd_sync(&cmd, false);
	issue(cmd);
	fresh = edu_probe(&edus[0], iova, old_pa, new_pa) == ON_NEW;
	say("one page of %uK: %s before, %s after\n", 1U << (granule_lg2 - 10U),
	    warm && stale ? "stale" : "NOT STALE", fresh ? "fresh" : "STALE");
	return warm && stale && fresh;
}

uint32_t vmm_main(void);

uint32_t vmm_main(void)
{
	uint32_t devices = edu_find(edus, ARRAY_LEN(edus)), granule, passed = 0;

	if (devices == 0U)
		die("no edu device");
	smmu_init();
	smmu_enable();
	for (granule = 12; granule <= 16U; granule += 2U)
		passed += one_page(granule);
	say("%u passed, %u failed\n", passed, 3U - passed);
	return passed == 3U ? 0 : 1;
}
