/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The models behind the recording port.
 *
 * At each hook a model looks at what was stored meanwhile, the test may come in
 * (machine.hook), and then each SMMU does a number of acts by chance, up to
 * machine.pace. While a CPU waits they do some more.
 */
#ifndef MODEL_MACHINE_GUARD
#define MODEL_MACHINE_GUARD

#include "inval/port.h"
#include "queue.h"

#define MACHINE_SMMUS 4U
#define MACHINE_REGS(smmu) ((uint64_t)((smmu) + 1U) << 20)

/**
 * struct machine - all SMMUs
 * @smmu: by number; NULL where there is none
 * @pace: most acts of an SMMU at a hook; 0: the test does them itself
 * @hook: before a hook takes effect
 */
struct machine {
	struct model_queue *smmu[MACHINE_SMMUS];
	uint32_t pace;
	void (*hook)(enum rec_kind kind, uint64_t addr, uint64_t value);
};

static struct machine machine;

static inline struct model_queue *machine_at(uint64_t reg)
{
	uint64_t n = (reg >> 20) - 1U;

	if (n >= MACHINE_SMMUS || machine.smmu[n] == NULL) {
		fprintf(stderr, "machine: no SMMU at 0x%llx\n", (unsigned long long)reg);
		abort();
	}
	return machine.smmu[n];
}

static inline void machine_run(void)
{
	uint32_t i, n;

	for (i = 0; machine.pace != 0U && i < MACHINE_SMMUS; i++) {
		if (machine.smmu[i] == NULL)
			continue;
		n = model_chance(machine.smmu[i]->m, machine.pace + 1U);
		while (n != 0U && model_queue_step(machine.smmu[i]))
			n--;
	}
}

static inline void machine_event(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	uint32_t i;

	for (i = 0; i < MACHINE_SMMUS; i++) {
		if (machine.smmu[i] == NULL)
			continue;
		model_mem_look(&machine.smmu[i]->mem, rec.cpu);
		if (kind == REC_DMA_WMB || kind == REC_DMA_MB)
			model_mem_barrier(&machine.smmu[i]->mem, rec.cpu);
	}
	if (machine.hook)
		machine.hook(kind, addr, value);
	machine_run();
}

static inline uint32_t machine_read32(uint64_t reg)
{
	return model_queue_read32(machine_at(reg), (uint32_t)(reg & 0xfffffU));
}

static inline void machine_write32(uint64_t reg, uint32_t v)
{
	model_queue_write32(machine_at(reg), (uint32_t)(reg & 0xfffffU), v);
}

static inline void machine_write64(uint64_t reg, uint64_t v)
{
	model_queue_write64(machine_at(reg), (uint32_t)(reg & 0xfffffU), v);
}

/* Ends in a DSB: a barrier, too. */
static inline void machine_clean(const void *mem, uint64_t bytes)
{
	const uint64_t *word = (const uint64_t *)mem;
	struct model_mem *mm;
	uint32_t i;

	for (i = 0; i < MACHINE_SMMUS; i++) {
		mm = machine.smmu[i] ? &machine.smmu[i]->mem : NULL;
		if (mm && word == machine.smmu[i]->msi)
			machine.smmu[i]->msi_seen = *word;
		if (mm && word >= mm->mem && word < mm->mem + mm->words) {
			model_mem_clean(mm, mem, bytes);
			model_mem_barrier(mm, rec.cpu);
		}
	}
}

/* What a non-coherent SMMU wrote: its MSI. */
static inline void machine_invalidate(void *mem, uint64_t bytes)
{
	uint32_t i;

	for (i = 0; i < MACHINE_SMMUS; i++) {
		if (machine.smmu[i] && mem == machine.smmu[i]->msi && bytes == 8U)
			*machine.smmu[i]->msi = machine.smmu[i]->msi_seen;
	}
}

/* A fresh machine without SMMUs; @log: the test reads the log. */
static inline void machine_open(bool log)
{
	rec_reset();
	memset(rec.mute, log ? 0 : 1, sizeof(rec.mute));
	memset(&machine, 0, sizeof(machine));
	rec.on_event = machine_event;
	rec.on_turn = machine_run;
	rec.mmio_read32 = machine_read32;
	rec.mmio_write32 = machine_write32;
	rec.mmio_write64 = machine_write64;
	rec.dma_clean = machine_clean;
	rec.dma_invalidate = machine_invalidate;
}

#endif /* MODEL_MACHINE_GUARD */
