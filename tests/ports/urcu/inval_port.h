/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ../pthread with a real RCU as its read side: liburcu-dev, -lurcu-memb. One
 * grace period serves all contexts, as in a kernel.
 */
#ifndef INVAL_PORT_URCU
#define INVAL_PORT_URCU

#include <urcu/urcu-memb.h>

#define INVAL_PORT_C11_OWN_READ
#include "../pthread/inval_port.h"

INVAL_BEGIN

typedef char inval_read_ctx;
typedef struct {
	struct rcu_head head;
	void *mem;
} inval_defer;

static inline void port_thread_begin(void)
{
	urcu_memb_register_thread();
}

static inline void port_thread_end(void)
{
	urcu_memb_unregister_thread();
}

static inline void port_drain(inval_read_ctx *ctx)
{
	(void)ctx;
	urcu_memb_barrier();
}

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	*ctx = 0;
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	(void)ctx;
	urcu_memb_barrier();
}

static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	(void)ctx;
	urcu_memb_read_lock();
	return 0;
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	(void)ctx;
	(void)token;
	urcu_memb_read_unlock();
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	(void)ctx;
	urcu_memb_synchronize_rcu();
}

static inline void port_urcu_free(struct rcu_head *head)
{
	INVAL_PORT_C11_FREE(((inval_defer *)(void *)head)->mem);
}

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	(void)ctx;
	defer->mem = mem;
	urcu_memb_call_rcu(&defer->head, port_urcu_free);
}

INVAL_END

#endif /* INVAL_PORT_URCU */
