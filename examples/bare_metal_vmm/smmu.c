/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smmu.c - the SMMU's registers and in-memory structures (IHI 0070, chapters 5
 * and 6). Invalidation is not here: that is the library's.
 */
#include <inval/queue.h>

#include "vmm.h"

#define CR0 0x20U
#define CR0ACK 0x24U
#define CR1 0x28U
#define CR2 0x2cU
#define STRTAB_BASE 0x80U
#define STRTAB_BASE_CFG 0x88U
#define EVENTQ_BASE 0xa0U
#define EVENTQ_PROD 0x100a8U
#define EVENTQ_CONS 0x100acU

#define CR0_SMMUEN (1U << 0)
#define CR0_EVENTQEN (1U << 2)
#define CR0_CMDQEN (1U << 3)

#define STREAMS_LG2 8U
#define EVENTQ_LG2 7U

#define STE_VALID 1ULL
#define STE_S1 (1ULL << 1)	/* with STE_CONFIG, parts of Config, 3:1 */
#define STE_S2 (2ULL << 1)
#define STE_CONFIG (4ULL << 1)

struct smmu hardware;

static void cr0_write(uint32_t value)
{
	write32(SMMU_BASE + CR0, value);
	while (read32(SMMU_BASE + CR0ACK) != value)
		;
}

void smmu_init(void)
{
	uint64_t events;

	hardware.idr0 = read32(SMMU_BASE + 0x00U);
	hardware.idr1 = read32(SMMU_BASE + 0x04U);
	hardware.idr3 = read32(SMMU_BASE + 0x0cU);
	hardware.idr5 = read32(SMMU_BASE + 0x14U);
	hardware.aidr = read32(SMMU_BASE + 0x1cU);
	hardware.stream_table = alloc(64ULL << STREAMS_LG2, 64ULL << STREAMS_LG2);
	hardware.cmdq = alloc(16ULL << CMDQ_LG2, 16ULL << CMDQ_LG2);
	events = (uint64_t)alloc(32ULL << EVENTQ_LG2, 32ULL << EVENTQ_LG2);

	cr0_write(0);
	write32(SMMU_BASE + CR1, 0);		/* queues and tables: Non-cacheable */
	write32(SMMU_BASE + CR2, 1U << 1);	/* RECINVSID; E2H = 0 */
	write64(SMMU_BASE + STRTAB_BASE, (uint64_t)hardware.stream_table);
	write32(SMMU_BASE + STRTAB_BASE_CFG, STREAMS_LG2);	/* linear */
	write64(SMMU_BASE + EVENTQ_BASE, events | EVENTQ_LG2);
	write32(SMMU_BASE + EVENTQ_PROD, 0);
	write32(SMMU_BASE + EVENTQ_CONS, 0);
	smmu_cmdq_reset((uint64_t)hardware.cmdq);
	cr0_write(CR0_CMDQEN | CR0_EVENTQEN);
}

/* The queue starts at slot 0 again, with no error pending (IHI 0070, 6.3.26-28). */
void smmu_cmdq_reset(uint64_t base)
{
	uint32_t enabled = read32(SMMU_BASE + CR0ACK);

	cr0_write(enabled & ~CR0_CMDQEN);
	write64(SMMU_BASE + INVAL_REG_CMDQ_BASE, inval_queue_base(base, CMDQ_LG2));
	write32(SMMU_BASE + INVAL_REG_CMDQ_PROD, 0);
	write32(SMMU_BASE + INVAL_REG_CMDQ_CONS, 0);
	write32(SMMU_BASE + INVAL_REG_GERRORN, read32(SMMU_BASE + INVAL_REG_GERROR));
	dsb();
	cr0_write(enabled | CR0_CMDQEN);
}

void smmu_enable(void)
{
	dsb();
	cr0_write(CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
}

/* Faults are expected where a row asks for them: the event queue is only kept empty. */
void smmu_events(void)
{
	write32(SMMU_BASE + EVENTQ_CONS, read32(SMMU_BASE + EVENTQ_PROD));
}

static uint64_t *smmu_ste(uint32_t sid)
{
	return &hardware.stream_table[(uint64_t)sid * 8U];
}

/* CD.TG0's code order is not that of a range command's TG. */
static uint64_t tg0_code(uint32_t granule_lg2)
{
	switch (granule_lg2) {
	case 14:
		return 2;
	case 16:
		return 1;
	default:
		return 0;
	}
}

/* IHI 0070, 5.4. Word 0 last: it holds V. */
void smmu_cd_write(const struct stream *stream)
{
	uint64_t *cd = stream->cd;

	write64((uint64_t)&cd[1], stream->s1->root);
	write64((uint64_t)&cd[3], 0xff);	/* MAIR: attribute 0 is Normal write-back */
	dsb();
	write64((uint64_t)&cd[0], (uint64_t)stream->asid << 48 |
		1ULL << 46 |			/* A: abort on a fault */
		1ULL << 45 |			/* R: record it */
		1ULL << 47 |			/* ASET: not shared with CPUs */
		1ULL << 41 |			/* AA64 */
		4ULL << 32 |			/* IPS: 44 bits */
		1ULL << 31 |			/* V */
		1ULL << 30 |			/* EPD1: no TTB1 */
		tg0_code(stream->s1->granule_lg2) << 6 | (64U - INPUT_BITS));
	dsb();
}

/* IHI 0070, 5.2: Config, and where the context descriptor is. */
static uint64_t ste_word0(const struct stream *stream)
{
	return STE_VALID | STE_CONFIG | (stream->s1 != NULL ? STE_S1 | (uint64_t)stream->cd : 0U) |
	       (stream->s2 != NULL ? STE_S2 : 0U);
}

/* Another context descriptor, and nothing else: one store, also to a live STE. */
void smmu_ste_repoint(uint32_t sid, const struct stream *stream)
{
	dsb();
	write64((uint64_t)smmu_ste(sid), ste_word0(stream));
	dsb();
}

/* S2SL0: with 39 bits, level 1 for 4K and 16K, level 2 for 64K; the code depends. */
static uint64_t stage2_word(const struct tables *s2)
{
	uint64_t sl0 = s2->granule_lg2 == 14U ? 2U : 1U;

	return 1ULL << 58 |			/* S2R: record faults */
	       1ULL << 53 |			/* S2AFFD */
	       1ULL << 51 |			/* S2AA64 */
	       4ULL << 48 |			/* S2PS: 44 bits */
	       tg0_code(s2->granule_lg2) << 46 | sl0 << 38 | (uint64_t)(64U - INPUT_BITS) << 32;
}

/*
 * The stream must be aborting, and the SMMU must know it (CFGI_STE, SYNC): a
 * live STE cannot be changed word by word (IHI 0070, 3.21.3).
 */
void smmu_ste_write(uint32_t sid, const struct stream *stream)
{
	uint64_t *ste = smmu_ste(sid);

	write64((uint64_t)&ste[1], 0);		/* NS-EL1, no ATS */
	write64((uint64_t)&ste[2],
		stream->vmid | (stream->s2 != NULL ? stage2_word(stream->s2) : 0U));
	write64((uint64_t)&ste[3], stream->s2 != NULL ? stream->s2->root : 0U);
	smmu_ste_repoint(sid, stream);
}

void smmu_ste_abort(uint32_t sid)
{
	write64((uint64_t)smmu_ste(sid), STE_VALID);
	dsb();
}
