/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * edu.c - finds QEMU's `edu` PCI devices, gives them a BAR and lets them do DMA.
 *
 * A probe asks one question: where does a write of this device to this IOVA
 * land? Two pages are poisoned, the device writes its token, and the page that
 * changed is the answer. Nothing else makes a row of the table pass.
 */
#include "vmm.h"

#define ECAM 0x4010000000ULL
#define PCI_MEMORY 0x10000000ULL
#define EDU_ID 0x11e81234U
#define EDU_BAR_BYTES 0x100000ULL

/* Registers of the device, and its 4 KB buffer as its DMA engine addresses it. */
#define EDU_SRC 0x80U
#define EDU_DST 0x88U
#define EDU_COUNT 0x90U
#define EDU_COMMAND 0x98U
#define EDU_BUFFER 0x40000ULL
#define EDU_FROM_MEMORY 1U
#define EDU_TO_MEMORY 3U

#define POISON 0xdeaddeadU

/*
 * A transfer takes 100 ms of the machine's time, which is counted in guest
 * instructions: a register read costs far more to emulate than an instruction,
 * so spin between two looks.
 */
static void edu_dma(const struct edu *dev, uint64_t src, uint64_t dst, uint32_t command)
{
	uint32_t spin;

	write64(dev->bar + EDU_SRC, src);
	write64(dev->bar + EDU_DST, dst);
	write64(dev->bar + EDU_COUNT, 4);
	dsb();
	write64(dev->bar + EDU_COMMAND, command);
	while ((read64(dev->bar + EDU_COMMAND) & 1U) != 0U) {
		for (spin = 0; spin < 8192U; spin++)
			__asm__ volatile("");
	}
	dsb();
}

/* The SMMU still lets everything through: the token is fetched untranslated. */
static void edu_start(struct edu *dev, uint64_t config, uint32_t sid, uint64_t bar)
{
	uint32_t token = 0xed000000U | sid;

	write32(config + 0x10U, (uint32_t)bar);
	write32(config + 0x04U, 6);	/* memory space, bus master */
	dev->bar = bar;
	dev->sid = sid;
	dev->token = token;
	edu_dma(dev, (uint64_t)&token, EDU_BUFFER, EDU_FROM_MEMORY);
}

uint32_t edu_find(struct edu *devices, uint32_t max)
{
	uint32_t found = 0, sid;

	for (sid = 0; sid < 256U && found < max; sid++) {
		uint64_t config = ECAM + ((uint64_t)sid << 12);

		if (read32(config) != EDU_ID)
			continue;
		edu_start(&devices[found], config, sid, PCI_MEMORY + found * EDU_BAR_BYTES);
		found++;
	}
	return found;
}

enum landing edu_probe(const struct edu *dev, uint64_t iova, uint64_t old_pa, uint64_t new_pa)
{
	bool on_old, on_new;

	if (old_pa != ABSENT)
		write32(old_pa, POISON);
	if (new_pa != ABSENT)
		write32(new_pa, POISON);
	dsb();
	edu_dma(dev, EDU_BUFFER, iova, EDU_TO_MEMORY);
	on_old = old_pa != ABSENT && read32(old_pa) == dev->token;
	on_new = new_pa != ABSENT && read32(new_pa) == dev->token;
	if (on_old && on_new)
		return ON_BOTH;
	if (on_old)
		return ON_OLD;
	return on_new ? ON_NEW : NOWHERE;
}
