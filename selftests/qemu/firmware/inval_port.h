/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the port of examples/bare_metal_vmm and the groups of hooks that only
 * the cache part has. One CPU, no interrupt: nobody can be waited for, so a mutex that
 * is taken twice, or a wait for holders that are there, would never end.
 */
#ifndef FIRMWARE_INVAL_PORT_H
#define FIRMWARE_INVAL_PORT_H

#include "../../../examples/bare_metal_vmm/inval_port.h"

typedef uint32_t inval_hold_ctx;
typedef bool inval_mutex;

extern uint32_t watchdogs;

static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	*ctx = 0;
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	if (*ctx != 0U)
		die("hold_fini inside a section");
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
	return ++*ctx;
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
	if (token != (*ctx)--)
		die("a section ends that is not the last");
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	inval_port_hold_fini(ctx);
	inval_port_mb();
}

static inline void inval_port_mutex_init(inval_mutex *m)
{
	*m = false;
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	if (*m)
		die("the end of a mutex that is held");
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	if (*m)
		die("a mutex is taken twice");
	*m = true;
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	*m = false;
}

static inline void inval_port_sleep_us(uint32_t us)
{
	inval_port_spin_us(us);
}

static inline uint64_t inval_port_ctr_el0(void)
{
	uint64_t ctr;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
	return ctr;
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	__asm__ volatile("dc cvac, %0" :: "r"(va) : "memory");
}

static inline void inval_port_dc_civac(uint64_t va)
{
	__asm__ volatile("dc civac, %0" :: "r"(va) : "memory");
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	__asm__ volatile("dc ivac, %0" :: "r"(va) : "memory");
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	__asm__ volatile("dc cvau, %0" :: "r"(va) : "memory");
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	__asm__ volatile("ic ivau, %0" :: "r"(va) : "memory");
}

static inline void inval_port_dsb(void)
{
	dsb();
}

static inline void inval_port_isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/* SMCCC lets firmware change x0 to x17. */
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	register uint64_t x0 __asm__("x0") = args->x[0];
	register uint64_t x1 __asm__("x1") = args->x[1];
	register uint64_t x2 __asm__("x2") = args->x[2];
	register uint64_t x3 __asm__("x3") = args->x[3];
	register uint64_t x4 __asm__("x4") = args->x[4];

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4) ::
			 "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			 "x16", "x17", "memory");
	args->x[0] = x0;
	args->x[1] = x1;
	args->x[2] = x2;
	args->x[3] = x3;
	args->x[4] = x4;
	return 0;
}

static inline void inval_port_watchdog(void)
{
	watchdogs++;
}

#endif /* FIRMWARE_INVAL_PORT_H */
