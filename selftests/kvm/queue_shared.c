/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * queue_shared - four vCPUs share one queue; the VMM serves its registers and memory.
 *
 * Properties, for queues of 16 and 256 slots:
 * - the commands of a vCPU take effect in its order, none twice, none missing; a batch
 *   has no command of another in it
 * - when a wait returns 0, all that its vCPU has put before has taken effect
 * - each command arrives with the guest's VMID, and otherwise as it was
 */
#include "producers.h"

#define COMMANDS 3200U	/* of a vCPU, on each queue */

static const uint32_t sizes_lg2[] = { 4, VMM_LG2 };

#define SIZES (sizeof(sizes_lg2) / sizeof(sizes_lg2[0]))

static void guest_main(uint32_t cpu)
{
	uint64_t state = 77U + cpu, serial = 0;
	uint32_t i;

	for (i = 0; i < SIZES; i++) {
		if (cpu == 0U)
			guest_open_queue(sizes_lg2[i], 0);
		guest_meet(VM_CPUS, 2U * i + 1U);
		serial = produce(cpu, &state, serial, (i + 1U) * COMMANDS);
		guest_meet(VM_CPUS, 2U * i + 2U);
	}
	guest_check(guest_warns == 0U);
}

int main(void)
{
	const struct vmm_ops ops = { effect, emulate_sync, NULL, 0 };

	vm_open(VM_CPUS, guest_main);
	producers_open(&ops);
	vm_run(vmm_mmio);
	producers_check(SIZES * COMMANDS);
	return vm_end();
}
