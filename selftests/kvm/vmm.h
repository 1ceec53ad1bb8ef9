/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A VMM that shows its guest an SMMU's command queue, by guestq.h, at VM_REGS. The
 * physical SMMU behind it is a judge: what is forwarded is legal there by tests/rules,
 * carries the guest's VMID and a StreamID of the guest's; and nobody looks at more
 * commands, in one access, than the budget.
 *
 * Shared by both sides; vmm.c is the VMM's.
 */
#ifndef KVM_VMM_H
#define KVM_VMM_H

#include "vm.h"

/* Registers that queue.h leaves to the embedder (IHI 0070, 6.3). */
#define VMM_CR0 0x20U
#define VMM_CR0ACK 0x24U
#define VMM_ENABLE 0x9U	/* SMMUEN, CMDQEN */

#define VMM_LG2 8U		/* slots of the queue that is shown, at most */
#define VMM_BYTES (16U << VMM_LG2)
#define VMM_BUDGET 24U		/* commands, in one access */
#define VMM_VMID 0x5aU
#define VMM_STREAMS 12U		/* the guest's: 3, 6, 9...; every other has ATS */
#define VMM_VSID(n) (3U * (n) + 3U)
#define VMM_SID(n) (0x100U + (n))

/* What the VMM does with a command that takes effect; by one thread at a time. */
struct vmm_ops {
	/* Forwarded, and the SMMU has done it; else what its queue answers: -INVAL_E* */
	int (*effect)(uint64_t d0, uint64_t d1);
	/* Emulated, the guest's words; as inval_guestq_emulate_fn. */
	int (*emulate)(uint64_t d0, uint64_t d1);
	/* A command cannot be read. */
	bool (*absent)(void);
	/* Accesses between two moves of the queue to another VMM; 0: none. */
	uint32_t move_every;
};

/* ID registers as the guest sees them: AIDR, IDR0, IDR1, IDR3, IDR5. */
#define VMM_IDS { 0x4, 0x0000141a, 0x01000210, 0x400, 0x75 }

/* VMM: the guest's queue is its variable behind @mem, VMM_BYTES long. */
void vmm_open(const struct vmm_ops *ops, const void *mem);
/* VMM: a vm_mmio_fn. */
void vmm_mmio(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write, uint64_t *value);
/* VMM: vm_check() what the judge has found. */
void vmm_check(void);

#endif /* KVM_VMM_H */
