/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - port_c11 with the registers of latency.c's SMMUs, and with report hooks
 * that keep what they are given, by the model's clock.
 */
#ifndef TIMELINE_INVAL_PORT
#define TIMELINE_INVAL_PORT

#define INVAL_PORT_C11_OWN_DEVICE
#define INVAL_PORT_C11_OWN_REPORT
#include "../port_c11/inval_port.h"

#include "recorder.h"

struct model;
typedef struct model *inval_mmio;

static uint64_t model_now;	/* ns */
static struct recorder model_trace;

static uint32_t model_read(struct model *m, uint32_t offset);
static void model_write(struct model *m, uint32_t offset, uint32_t v);

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return model_read(base, offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	model_write(base, offset, v);
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return model_read(base, offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	model_write(base, offset, (uint32_t)v);
}

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)id;
	(void)value;
	fprintf(stderr, "warning: %s\n", inval_text_warn(what));
	exit(1);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	recorder_event(&model_trace, model_now, what, id, value);
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	recorder_count(&model_trace, what, n);
}

#endif /* TIMELINE_INVAL_PORT */
