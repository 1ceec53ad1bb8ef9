/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * arrays - devices are attached, moved and detached while vCPUs flush.
 *
 * Four vCPUs, four domains of three kinds, four devices on two SMMUs, three of them
 * with ATS. Each vCPU does by chance what a hypervisor does: it remaps a page and
 * flushes, or changes where a device belongs. Properties, by the model:
 * - when a flush returns, no SMMU and no device has the old translation
 * - a tag that lost its last device is empty, on both SMMUs
 * - commands are legal, slots visible to the SMMU before PROD is
 * - in the end every array goes, and every block of memory is given back
 */
#include "guest.h"

#define DOMAINS 4U
#define DEVICES 4U
#define STEPS 120U

static struct guest_domain dom[DOMAINS];
static struct guest_device dev[DEVICES];

static inline void open_all(void)
{
	uint32_t i;

	guest_open();
	guest_domain(&dom[0], INVAL_REGIME_S1, 1);
	guest_domain(&dom[1], INVAL_REGIME_S1, 2);
	guest_domain(&dom[2], INVAL_REGIME_S2, 3);
	guest_domain(&dom[3], INVAL_REGIME_S2_PARENT, 4);
	for (i = 0; i < DEVICES; i++)
		guest_device(&dev[i], i, i % SMMU_NUM);
}

static inline void change(void)
{
	uint32_t n = guest_chance(DEVICES), to = guest_chance(DOMAINS + 1U);

	if (!guest_try(&dev[n].mutex))
		return;
	if (to < DOMAINS || dev[n].dom != NULL)
		guest_attach(&dev[n], to < DOMAINS ? &dom[to] : NULL,
			     n != 0U && guest_chance(2) == 0U);
	guest_unlock(&dev[n].mutex);
}

static void guest_main(uint32_t cpu)
{
	uint32_t i;

	if (cpu == 0U)
		open_all();
	guest_meet(VM_CPUS, 1);
	/* A device that another vCPU moves is left alone: until enough were free. */
	for (i = 0; i < STEPS || inval_port_load64(&guest.attaches) <= STEPS / 2U; i++) {
		if (guest_chance(3) == 0U)
			change();
		else
			guest_remap_some(&dom[guest_chance(DOMAINS)]);
	}
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		guest_close(dom, DOMAINS, dev, DEVICES);
}

int main(void)
{
	const struct guest *g;

	vm_open(VM_CPUS, guest_main);
	smmu_open(vm_guest(&view), 1);
	vm_run(smmu_mmio);
	smmu_check();
	g = (const struct guest *)vm_guest(&guest);
	vm_check(g->flushes > STEPS * 2U && g->attaches > STEPS / 2U,
		 "vCPUs flushed while devices moved");
	return vm_end();
}
