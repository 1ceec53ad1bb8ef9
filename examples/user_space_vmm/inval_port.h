/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - ../port_c11, but the SMMU's registers are QEMU's, over the qtest
 * protocol. One thread: program order is all the order there is.
 */
#ifndef USER_SPACE_VMM_PORT
#define USER_SPACE_VMM_PORT

#define INVAL_PORT_C11_OWN_DEVICE
#include "../port_c11/inval_port.h"
#include "qtest.h"

INVAL_BEGIN

typedef uint64_t inval_mmio;

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return (uint32_t)qtest_read("readl", base + offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	qtest_write("writel", base + offset, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return qtest_read("readq", base + offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	qtest_write("writeq", base + offset, v);
}

INVAL_END

#endif /* USER_SPACE_VMM_PORT */
