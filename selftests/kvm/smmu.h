/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two SMMUs with devices behind them, served by the VMM: tests/model, strict about
 * order, SYNCs, legality and stale translations, behind VM_REGS. It acts by chance at
 * each access of a vCPU, whichever, while the others run on.
 *
 * Shared by both sides; smmu.c is the VMM's.
 */
#ifndef KVM_SMMU_H
#define KVM_SMMU_H

#include "vm.h"

#define SMMU_NUM 2U
#define SMMU_SIDS 8U
#define SMMU_SSIDS 3U
#define SMMU_TABLES 8U
#define SMMU_PAGES 16U
#define SMMU_VA 0x40200000ULL	/* of page 0 of every table */
#define SMMU_LG2 5U		/* slots of a queue */

/* Registers: page 0 of each SMMU, then the judge's. */
#define SMMU_REGS(smmu) ((smmu) << 12)
#define SMMU_SAY (SMMU_NUM << 12)

/* What a guest says to the judge: an op, written to SMMU_SAY; arguments in its say[cpu] */
enum smmu_say {
	SMMU_SAY_STREAM,	/* sid, smmu: there is a device */
	SMMU_SAY_ATS,		/* sid, on: at the endpoint */
	SMMU_SAY_MOVING,	/* sid, on: between publish and commit */
	SMMU_SAY_GONE,		/* sid, on: it is being reset */
	SMMU_SAY_FREED,		/* table, page, life: its flush has returned */
	SMMU_SAY_CONFIGURED,	/* sid, ste, cd: commit is next */
	SMMU_SAY_ASID,		/* asid: is empty in both TLBs */
	SMMU_SAY_VMID,		/* vmid: likewise */
	SMMU_SAY_EMPTY		/* nobody uses any domain */
};

/**
 * struct smmu_view - what a guest needs of it
 * @ste: STEs, by StreamID; the guest's words, in the model's format
 * @cd: CDs, by StreamID and SubstreamID
 * @pte: pages, by table and page
 * @slot: memory of the queues
 * @id: AIDR, IDR0, IDR1, IDR3, IDR5
 * @say: arguments for the judge
 */
struct smmu_view {
	uint64_t *ste;
	uint64_t (*cd)[SMMU_SSIDS];
	uint64_t (*pte)[SMMU_PAGES];
	uint64_t *slot[SMMU_NUM];
	uint32_t id[SMMU_NUM][5];
	uint64_t say[VM_CPUS][4];
};

/* The model's words: a page of a table in its so-manieth life; a CD; an STE. */
enum smmu_kind { SMMU_ABORT, SMMU_S1, SMMU_EL2, SMMU_S2, SMMU_NESTED };

static inline uint64_t smmu_pte(uint32_t table, uint32_t page, uint64_t life)
{
	return life << 32 | (uint64_t)table << 16 | (uint64_t)page << 8 | 1U;
}

static inline uint64_t smmu_cd(uint32_t asid, uint32_t table)
{
	return (uint64_t)table << 16 | (uint64_t)asid << 8 | 1U;
}

static inline uint64_t smmu_ste(enum smmu_kind kind, uint32_t vmid, uint32_t table, bool eats)
{
	return (uint64_t)table << 16 | (uint64_t)vmid << 8 | (eats ? 1U << 4 : 0U) |
	       (uint64_t)kind << 1 | 1U;
}

/* VMM: begin; @view is the guest's, of a machine that is open. */
void smmu_open(struct smmu_view *view, uint64_t seed);
/* VMM: a vm_mmio_fn. */
void smmu_mmio(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write, uint64_t *value);
/* VMM: vm_check() that software made no mistake, and a machine had something to lose. */
void smmu_check(void);

#endif /* KVM_SMMU_H */
