/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ../pthread for ThreadSanitizer, which does not understand a fence: a barrier
 * is an exchange on one word instead. That orders a little more than a fence
 * does (each barrier with all that came before it), so a race that only such an
 * order hides is not reported: litmus tests judge the barriers themselves.
 */
#ifndef INVAL_PORT_TSAN
#define INVAL_PORT_TSAN

INVAL_BEGIN

static uint32_t port_fence;

static inline void inval_port_mb(void)
{
	__atomic_fetch_add(&port_fence, 0U, __ATOMIC_ACQ_REL);
}

static inline void inval_port_dma_wmb(void)
{
	__atomic_fetch_add(&port_fence, 0U, __ATOMIC_RELEASE);
}

static inline void inval_port_dma_mb(void)
{
	inval_port_mb();
}

INVAL_END

#define INVAL_PORT_C11_OWN_BARRIERS
#include "../pthread/inval_port.h"

#endif /* INVAL_PORT_TSAN */
