/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Producers of commands on a queue of guest_queue.h, and how the VMM counts them:
 * those of a vCPU take effect in its order, none twice, none missing, a batch in one
 * piece; and what a wait said was there, was there.
 */
#ifndef KVM_PRODUCERS_H
#define KVM_PRODUCERS_H

#include "guest_queue.h"

#define MAX_BATCH 15U

static uint64_t effects[VM_CPUS];	/* written by the VMM */
static uint64_t waits;

/* VMM */

static uint64_t *vmm_effects;
static uint64_t next[VM_CPUS];
static uint64_t last_owner = VM_CPUS;
static const char *wrong;

/* ASID: the vCPU; address: the serial number, and "first of its batch". */
static inline int effect(uint64_t d0, uint64_t d1)
{
	uint64_t owner = d0 >> 48, serial = d1 >> 13;

	if ((d0 & 0xffU) != INVAL_OP_TLBI_NH_VA || owner >= VM_CPUS || serial != next[owner]) {
		wrong = "a command is missing, twice, changed or out of order";
		return 0;
	}
	if ((d1 >> 12 & 1U) == 0U && owner != last_owner)
		wrong = "a batch is not in one piece";
	last_owner = owner;
	next[owner]++;
	__atomic_store_n(&vmm_effects[owner], next[owner], __ATOMIC_RELEASE);
	return 0;
}

static inline int emulate_sync(uint64_t d0, uint64_t d1)
{
	(void)d1;
	if ((d0 & 0xffU) != INVAL_OP_SYNC)
		wrong = "a command that nobody gave is emulated";
	last_owner = VM_CPUS;
	return 0;
}

/* Guest */

static inline uint32_t one_batch(uint32_t cpu, uint64_t serial, uint32_t num, bool wait)
{
	struct inval_cmd cmds[MAX_BATCH];
	struct inval_ticket t;
	uint32_t i;

	for (i = 0; i < num; i++)
		guest_check(inval_cmd_tlbi_addr(&cmds[i], INVAL_OP_TLBI_NH_VA, 0, (uint16_t)cpu,
						((serial + i) << 1 | (i == 0U)) << 12, false) == 0);
	inval_queue_ticket_init(&t);
	guest_check(inval_queue_put(&q, cmds, num, wait, wait ? &t : NULL) == 0);
	if (!wait)
		return num;
	guest_check(inval_queue_wait(&q, &t) == 0);
	guest_check(inval_port_load_acquire64(&effects[cpu]) >= serial + num);
	__atomic_fetch_add(&waits, 1U, __ATOMIC_RELAXED);
	return num;
}

/* From @serial on, until @end has been passed; the last batch is waited for. */
static inline uint64_t produce(uint32_t cpu, uint64_t *state, uint64_t serial, uint64_t end)
{
	while (serial < end)
		serial += one_batch(cpu, serial, 1U + guest_chance(state, MAX_BATCH),
				    guest_chance(state, 4) == 0U);
	return serial + one_batch(cpu, serial, 1, true);
}

/* VMM: after vm_open(), and before vm_run(). */
static inline void producers_open(const struct vmm_ops *ops)
{
	guest_queue_view();
	vmm_effects = (uint64_t *)vm_guest(effects);
	vmm_open(ops, mem);
}

/* VMM: after vm_run(). */
static inline void producers_check(uint64_t commands)
{
	bool all = true;
	uint32_t i;

	for (i = 0; i < VM_CPUS; i++)
		all = all && next[i] > commands;
	vmm_check();
	vm_check(wrong == NULL, wrong != NULL ? wrong : "in order, none lost, none twice");
	vm_check(all, "all commands of each vCPU");
	vm_check(*(uint64_t *)vm_guest(&waits) > 100U, "vCPUs waited");
}

#endif /* KVM_PRODUCERS_H */
