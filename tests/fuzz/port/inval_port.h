/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One thread: examples/port_c11 with an SMMU behind functions of the target's, warnings
 * that are only counted (wrong calls are what a target is for), and a clock that moves
 * when it is looked at.
 */
#ifndef FUZZ_PORT
#define FUZZ_PORT

#define INVAL_PORT_C11_OWN_DEVICE
#define INVAL_PORT_C11_OWN_REPORT
#define inval_port_now_us inval_port_c11_now_us
#include "../../../examples/port_c11/inval_port.h"
#undef inval_port_now_us

INVAL_BEGIN

typedef uint32_t inval_mmio;

static uint64_t fuzz_now_us;
static uint64_t fuzz_warns;
static uint32_t (*fuzz_read32)(inval_mmio base, uint32_t offset);
static void (*fuzz_write32)(inval_mmio base, uint32_t offset, uint32_t v);

static inline uint64_t inval_port_now_us(void)
{
	return fuzz_now_us++;
}

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return fuzz_read32(base, offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	fuzz_write32(base, offset, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return ((uint64_t)fuzz_read32(base, offset + 4U) << 32) | fuzz_read32(base, offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	fuzz_write32(base, offset, (uint32_t)v);
	fuzz_write32(base, offset + 4U, (uint32_t)(v >> 32));
}

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
	fuzz_warns++;
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	(void)what;
	(void)n;
}

INVAL_END

#endif /* FUZZ_PORT */
