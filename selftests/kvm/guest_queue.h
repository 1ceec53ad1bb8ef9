/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guest's side of vmm.h: a command queue of queue.h on the registers that the VMM
 * shows, shared by all vCPUs.
 */
#ifndef KVM_GUEST_QUEUE_H
#define KVM_GUEST_QUEUE_H

#include <inval/queue.h>

#include "vmm.h"

static uint64_t mem[VMM_BYTES / 8U] __attribute__((aligned(VMM_BYTES)));
static uint64_t mem_pa;		/* the VMM says */
static uint64_t book[2U << VMM_LG2];
static struct inval_queue q;
static uint64_t met;

static inline void guest_free(void *block)
{
	(void)block;
}

/* Until @cpus have come here, @times so often. */
static inline void guest_meet(uint32_t cpus, uint64_t times)
{
	__atomic_fetch_add(&met, 1U, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&met, __ATOMIC_SEQ_CST) < cpus * times)
		guest_pause();
}

/* 0 to @n - 1 (xorshift64*). */
static inline uint32_t guest_chance(uint64_t *s, uint32_t n)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return (uint32_t)((*s * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

/* Off, as after reset, and on again. */
static inline void guest_open_queue(uint32_t lg2, uint32_t abort_max)
{
	struct inval_queue_config cfg = { 0 };
	uint32_t gerror;

	cfg.base = VM_REGS;
	cfg.mem = mem;
	cfg.book = book;
	cfg.size_lg2 = lg2;
	cfg.timeout_us = 60000000;
	cfg.abort_max = abort_max;
	cfg.coherent = true;
	inval_port_mmio_write32(VM_REGS, VMM_CR0, 0);
	guest_check(inval_port_mmio_read32(VM_REGS, VMM_CR0ACK) == 0U);
	inval_port_mmio_write64(VM_REGS, INVAL_REG_CMDQ_BASE, inval_queue_base(mem_pa, lg2));
	inval_port_mmio_write32(VM_REGS, INVAL_REG_CMDQ_PROD, 0);
	inval_port_mmio_write32(VM_REGS, INVAL_REG_CMDQ_CONS, 0);
	gerror = inval_port_mmio_read32(VM_REGS, INVAL_REG_GERROR);
	inval_port_mmio_write32(VM_REGS, INVAL_REG_GERRORN, gerror);
	guest_check(inval_queue_init(&q, &cfg) == 0);
	inval_port_mmio_write32(VM_REGS, VMM_CR0, VMM_ENABLE);
	guest_check(inval_port_mmio_read32(VM_REGS, VMM_CR0ACK) == VMM_ENABLE);
}

/* VMM: before vm_run(). */
static inline void guest_queue_view(void)
{
	*(uint64_t *)vm_guest(&mem_pa) = vm_guest_pa(mem);
}

#endif /* KVM_GUEST_QUEUE_H */
