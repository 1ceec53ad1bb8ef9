/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Real threads, for stress: the port of examples/port_c11 itself, with registers
 * that a test can stand behind and counters that it can read. Link with -pthread;
 * -std=c99 needs _POSIX_C_SOURCE 200809L before the first include.
 *
 *	port_thread_begin(), port_thread_end()	first and last call of each
 *				thread that reads, the main one included
 *	port_drain(ctx)		returns when all that free_later got is freed
 *	port.smccc		called for firmware; NULL: no conduit
 *	port.mmio_*		called for registers in place of an access to the
 *				memory at the base; by many threads at once
 *	port.warns, port.count	read with __atomic_load_n while threads run
 *
 * ../tsan and ../urcu are this port with another group each.
 */
#ifndef INVAL_PORT_PTHREAD
#define INVAL_PORT_PTHREAD

#define INVAL_PORT_C11_OWN_DEVICE
#define INVAL_PORT_C11_OWN_DMA
#define INVAL_PORT_C11_OWN_FIRMWARE
#define INVAL_PORT_C11_OWN_REPORT
#include "../../../examples/port_c11/inval_port.h"

INVAL_BEGIN

typedef volatile unsigned char *inval_mmio;

struct port {
	uint32_t (*mmio_read32)(inval_mmio base, uint32_t offset);
	void (*mmio_write32)(inval_mmio base, uint32_t offset, uint32_t v);
	uint64_t (*mmio_read64)(inval_mmio base, uint32_t offset);
	void (*mmio_write64)(inval_mmio base, uint32_t offset, uint64_t v);
	void (*dma_clean)(const void *mem, uint64_t bytes);
	void (*dma_invalidate)(void *mem, uint64_t bytes);
	int (*smccc)(struct inval_smccc_args *args);
	uint64_t warns;
	uint64_t count[INVAL_COUNTERS];
};

static struct port port;

#ifndef INVAL_PORT_C11_OWN_READ
static inline void port_thread_begin(void)
{
}

static inline void port_thread_end(void)
{
}

static inline void port_drain(inval_read_ctx *ctx)
{
	inval_port_read_sync(ctx);
}
#endif

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	if (port.mmio_read32)
		return port.mmio_read32(base, offset);
	return __atomic_load_n((volatile uint32_t *)(volatile void *)(base + offset),
			       __ATOMIC_SEQ_CST);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	if (port.mmio_write32)
		port.mmio_write32(base, offset, v);
	else
		__atomic_store_n((volatile uint32_t *)(volatile void *)(base + offset), v,
				 __ATOMIC_SEQ_CST);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	if (port.mmio_read64)
		return port.mmio_read64(base, offset);
	return __atomic_load_n((volatile uint64_t *)(volatile void *)(base + offset),
			       __ATOMIC_SEQ_CST);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	if (port.mmio_write64)
		port.mmio_write64(base, offset, v);
	else
		__atomic_store_n((volatile uint64_t *)(volatile void *)(base + offset), v,
				 __ATOMIC_SEQ_CST);
}

static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	if (port.dma_clean)
		port.dma_clean(mem, bytes);
	inval_port_dma_mb();
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	if (port.dma_invalidate)
		port.dma_invalidate(mem, bytes);
	inval_port_dma_mb();
}

static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	return port.smccc ? port.smccc(args) : -INVAL_EOPNOTSUPP;
}

static inline void inval_port_watchdog(void)
{
}

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	fprintf(stderr, "pthread port: warning %u, id 0x%llx, value 0x%llx\n",
		(unsigned int)what, (unsigned long long)id, (unsigned long long)value);
	__atomic_fetch_add(&port.warns, 1U, __ATOMIC_RELAXED);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	__atomic_fetch_add(&port.count[what], n, __ATOMIC_RELAXED);
}

INVAL_END

#endif /* INVAL_PORT_PTHREAD */
