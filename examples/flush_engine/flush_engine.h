/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flush_engine.h - a provider of inval/memregion.h that drives hardware: one that
 * begins a flush by registers and is asked now and then whether it is done. A
 * pattern for your own; such engines differ in little but their registers.
 *
 *	flush_engine_init(&engine, regs, timeout_us);
 *	err = inval_memregion_add(&registry, &engine.p);
 *
 * Registers: BASE, BYTES (64 bits), CONTROL (bit 0: begin), STATUS (bit 0: busy, bit
 * 1: the last flush failed). Ranges of 128 bytes, at most 1 GB at a time.
 */
#ifndef FLUSH_ENGINE_H
#define FLUSH_ENGINE_H

#include <inval/memregion.h>

#define FLUSH_ENGINE_BASE	0x0U
#define FLUSH_ENGINE_BYTES	0x8U
#define FLUSH_ENGINE_CONTROL	0x10U
#define FLUSH_ENGINE_STATUS	0x14U
#define FLUSH_ENGINE_BUSY	1U
#define FLUSH_ENGINE_FAILED	2U
#define FLUSH_ENGINE_POLL_US	10U

INVAL_BEGIN

/**
 * struct flush_engine - one engine
 * @p: what a registry knows
 * @regs: its registers
 * @lock: held from start to done: one flush at a time
 * @timeout_us: the longest flush of a piece
 */
struct flush_engine {
	struct inval_provider p;
	inval_mmio regs;
	inval_mutex lock;
	uint32_t timeout_us;
};

/* Looks once more after the time is up: the poller may have slept too long. */
static inline int flush_engine_idle_(struct flush_engine *e)
{
	uint64_t begin = inval_port_now_us(), spent;
	uint32_t status;

	for (;;) {
		spent = inval_port_now_us() - begin;
		status = inval_port_mmio_read32(e->regs, FLUSH_ENGINE_STATUS);
		if ((status & FLUSH_ENGINE_BUSY) == 0U)
			return (status & FLUSH_ENGINE_FAILED) != 0U ? -INVAL_EIO : 0;
		if (spent > e->timeout_us)
			return -INVAL_ETIMEDOUT;
		inval_port_sleep_us(FLUSH_ENGINE_POLL_US);
	}
}

/* A flush that timed out may still be under way; what it returned was told then. */
static inline int flush_engine_start(struct inval_provider *p, const struct inval_region *r)
{
	struct flush_engine *e = (struct flush_engine *)(void *)p;

	inval_port_mutex_lock(&e->lock);
	if (flush_engine_idle_(e) == -INVAL_ETIMEDOUT) {
		inval_port_mutex_unlock(&e->lock);
		return -INVAL_EBUSY;
	}
	inval_port_dma_mb();	/* the engine finds what was stored before */
	inval_port_mmio_write64(e->regs, FLUSH_ENGINE_BASE, r->pa);
	inval_port_mmio_write64(e->regs, FLUSH_ENGINE_BYTES, r->bytes);
	inval_port_mmio_write32(e->regs, FLUSH_ENGINE_CONTROL, 1);
	return 0;
}

static inline int flush_engine_done(struct inval_provider *p, const struct inval_region *r)
{
	struct flush_engine *e = (struct flush_engine *)(void *)p;
	int err = flush_engine_idle_(e);

	(void)r;
	inval_port_mutex_unlock(&e->lock);
	return err;
}

static inline void flush_engine_init(struct flush_engine *e, inval_mmio regs, uint32_t timeout_us)
{
	e->p.start = flush_engine_start;
	e->p.done = flush_engine_done;
	e->p.align_lg2 = 7;
	e->p.chunk_bytes = 1ULL << 30;
	e->p.near = false;
	e->p.even_bytes = 0;
	e->regs = regs;
	e->timeout_us = timeout_us;
	inval_port_mutex_init(&e->lock);
}

INVAL_END

#endif /* FLUSH_ENGINE_H */
