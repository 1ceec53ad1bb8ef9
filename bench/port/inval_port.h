/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is measured is the library: atomics are the CPU's, a read section costs
 * nothing, as with RCU, reports are empty, and registers belong to an SMMU that has
 * consumed whatever PROD is moved over; or to one of BENCH_READ32 and BENCH_WRITE32.
 */
#ifndef BENCH_PORT
#define BENCH_PORT

#define INVAL_PORT_C11_OWN_READ
#define INVAL_PORT_C11_OWN_DEVICE
#define INVAL_PORT_C11_OWN_DMA
#include "../../examples/port_c11/inval_port.h"

INVAL_BEGIN

typedef struct { char none; } inval_defer;
typedef struct { char none; } inval_read_ctx;

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	(void)ctx;
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	(void)ctx;
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	(void)ctx;
	(void)token;
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	(void)ctx;
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	(void)ctx;
	(void)mem;
	(void)defer;
}

typedef volatile unsigned char *inval_mmio;

static inline volatile uint32_t *bench_reg32(inval_mmio base, uint32_t offset)
{
	return (volatile uint32_t *)(volatile void *)(base + offset);
}

static inline volatile uint64_t *bench_reg64(inval_mmio base, uint32_t offset)
{
	return (volatile uint64_t *)(volatile void *)(base + offset);
}

#ifndef BENCH_READ32
#define BENCH_READ32(base, offset) (*bench_reg32(base, offset))
#define BENCH_WRITE32(base, offset, v) (*bench_reg32(base, offset) = (v))
#endif

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return BENCH_READ32(base, offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	BENCH_WRITE32(base, offset, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return *bench_reg64(base, offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	*bench_reg64(base, offset) = v;
}

static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
}

INVAL_END

#endif /* BENCH_PORT */
