/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vmm.h - what the files of the image share: the board, a console, memory, the
 * device that does DMA, page tables and the SMMU's own tables.
 *
 * The machine is QEMU's `virt` with iommu=smmuv3. One CPU, EL2, MMU off: every
 * access of the CPU is a Device access, so nothing needs cleaning.
 */
#ifndef VMM_H
#define VMM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static inline uint32_t read32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static inline uint64_t read64(uint64_t address)
{
	return *(volatile uint64_t *)address;
}

static inline void write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static inline void write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

static inline void dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* console.c */
void format_text(char *buffer, uint32_t bytes, const char *format, va_list args);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void image_exit(uint32_t code) __attribute__((noreturn));
uint64_t image_semihost(uint64_t operation, void *block);
void die(const char *why) __attribute__((noreturn));
bool argument(const char *word);

/* memory.c: what alloc() hands out comes from here. */
#define POOL 0x41000000ULL
#define POOL_END 0x48000000ULL

/*
 * Memory is handed out upwards and zeroed; a row of the table gives back all that
 * it took by returning to a mark.
 */
void *alloc(uint64_t bytes, uint64_t align);
void *array_alloc(uint64_t bytes);
void array_free(void *mem);
uint32_t arrays_live(void);
uint64_t alloc_mark(void);
void alloc_return(uint64_t mark);

/*
 * trace.c: what the library's report hooks say, and headings between; written to what is
 * behind semihosting's console when the command line has "trace".
 */
void trace_event(uint32_t what, uint64_t id, uint64_t value);
void trace_count(uint32_t what, uint32_t n);
void trace_heading(const char *text);
void trace_save(void);

/* main.c: what the library counted and warned of, by its enums. */
extern uint32_t vmm_counts[16];
extern uint32_t vmm_warnings[16];

/* edu.c: QEMU's educational PCI device, the only one that does DMA on demand. */
struct edu {
	uint64_t bar;
	uint32_t sid;		/* StreamID at the SMMU: the PCI requester id */
	uint32_t token;		/* what this device writes, unlike any other's */
};

#define ABSENT 0ULL	/* for a page that there is not, before or after a change */

enum landing { NOWHERE, ON_OLD, ON_NEW, ON_BOTH };

uint32_t edu_find(struct edu *devices, uint32_t max);
enum landing edu_probe(const struct edu *dev, uint64_t iova, uint64_t old_pa, uint64_t new_pa);

/*
 * tables.c: translation tables of one stage for a 39-bit input address, which
 * each granule resolves with a single table at its first level.
 */
#define INPUT_BITS 39U

struct tables {
	uint64_t root;
	uint32_t granule_lg2;	/* 12, 14 or 16 */
	uint32_t stage;		/* 1 or 2 */
};

void tables_init(struct tables *t, uint32_t granule_lg2, uint32_t stage);
uint32_t tables_level_lg2(const struct tables *t, uint32_t level);
uint64_t *tables_slot(const struct tables *t, uint64_t input, uint32_t level);
uint64_t tables_next(uint64_t descriptor);
void tables_map(const struct tables *t, uint64_t input, uint64_t output, uint32_t level);
void tables_unmap(const struct tables *t, uint64_t input, uint32_t level);

/* smmu.c */
#define SMMU_BASE 0x09050000ULL
#define CMDQ_LG2 6U		/* 64 commands: small, so that the queue wraps often */

struct smmu {
	uint32_t idr0, idr1, idr3, idr5, aidr;
	uint64_t *stream_table;	/* 8 words per StreamID */
	uint64_t *cmdq;		/* 2 words per command */
};

extern struct smmu hardware;

/* What the STE and the context descriptor of a stream hold. */
struct stream {
	const struct tables *s1;	/* or NULL */
	const struct tables *s2;	/* or NULL */
	uint16_t asid, vmid;
	uint64_t *cd;			/* when there is an s1 */
};

void smmu_init(void);
void smmu_cmdq_reset(uint64_t base);
void smmu_enable(void);
void smmu_events(void);
void smmu_cd_write(const struct stream *stream);
void smmu_ste_repoint(uint32_t sid, const struct stream *stream);
void smmu_ste_write(uint32_t sid, const struct stream *stream);
void smmu_ste_abort(uint32_t sid);

#endif /* VMM_H */
