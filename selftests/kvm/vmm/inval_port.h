/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of the VMM: those of examples/port_c11, and a count of
 * warnings, which a guest must never cause.
 */
#ifndef KVM_VMM_INVAL_PORT_H
#define KVM_VMM_INVAL_PORT_H

#define INVAL_PORT_C11_OWN_REPORT
#include "../../../examples/port_c11/inval_port.h"

static uint64_t vmm_warns;

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
	__atomic_fetch_add(&vmm_warns, 1U, __ATOMIC_RELAXED);
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

#endif /* KVM_VMM_INVAL_PORT_H */
