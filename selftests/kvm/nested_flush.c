/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nested_flush - a stage 2 below stage 1 changes, on two SMMUs.
 *
 * A hypervisor inside the guest has two parents, each with a device on either SMMU,
 * one of them with ATS, whose stage 1 is a guest's. Four vCPUs change pages of the
 * stage 2 and flush by flush.h: ranges and everything, one SMMU after the other or
 * both at a time, on one SMMU that knows ranges and one that does not. Properties, by
 * the model:
 * - when a flush returns, nobody has the old translation: not stage 2, not what is
 *   combined of both stages, not the devices
 * - the commands of a group are complete before those behind it begin
 * - nothing is lost when four vCPUs share a queue of 32 slots
 */
#include "guest.h"

#define DOMAINS 2U
#define DEVICES 4U
#define STEPS 80U

static struct guest_domain dom[DOMAINS];
static struct guest_device dev[DEVICES];

static inline void open_all(void)
{
	uint32_t i;

	guest_open();
	for (i = 0; i < DOMAINS; i++)
		guest_domain(&dom[i], INVAL_REGIME_S2_PARENT, (uint16_t)(2U + i));
	for (i = 0; i < DEVICES; i++) {
		guest_device(&dev[i], i, i % SMMU_NUM);
		guest_attach(&dev[i], &dom[i / 2U], i % 2U == 1U);
	}
}

static void guest_main(uint32_t cpu)
{
	uint32_t i;

	if (cpu == 0U)
		open_all();
	guest_meet(VM_CPUS, 1);
	for (i = 0; i < STEPS; i++)
		guest_remap_some(&dom[guest_chance(DOMAINS)]);
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		guest_close(dom, DOMAINS, dev, DEVICES);
}

int main(void)
{
	vm_open(VM_CPUS, guest_main);
	smmu_open(vm_guest(&view), 5);
	vm_run(smmu_mmio);
	smmu_check();
	vm_check(((const struct guest *)vm_guest(&guest))->flushes == VM_CPUS * STEPS,
		 "every flush returned");
	return vm_end();
}
