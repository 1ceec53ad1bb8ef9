/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * read_side - walks and those who wait for them, on both kinds of read side.
 *
 * One machine where sections count themselves, one where a section is a lock. Two
 * vCPUs give devices ATS and take it away, reset them as soon as commit has returned,
 * and replace arrays; two flush all the time. Properties, by the model and the guest:
 * - no ATC_INV reaches a device after the commit that took it out
 * - no walk reads an array that was given back (its memory is nonsense at once)
 * - when a flush returns, neither SMMU nor device has the old translation
 * - every array is given back
 */
#include "guest.h"

#define DOMAINS 2U
#define DEVICES 4U
#define CHANGES 12U

static struct guest_domain dom[DOMAINS];
static struct guest_device dev[DEVICES];
static uint64_t changing = 2;

static inline void open_all(void)
{
	uint32_t i;

	guest_open();
	guest_domain(&dom[0], INVAL_REGIME_S1, 1);
	guest_domain(&dom[1], INVAL_REGIME_S2, 2);
	for (i = 0; i < DEVICES; i++)
		guest_device(&dev[i], i, i % SMMU_NUM);
	/* Those who flush: changes shall fall into their walks. */
	guest_slow = 3U << 2;
}

/* A detached device is gone; the SMMUs go on. */
static inline void stay(const struct guest_device *d)
{
	uint32_t i;

	for (i = 0; i < 4U; i++)
		(void)inval_port_mmio_read32(VM_REGS + SMMU_REGS(d->dev.smmu), INVAL_REG_CMDQ_CONS);
}

/* Two devices a vCPU. */
static inline void change(uint32_t cpu, uint32_t turn)
{
	struct guest_device *d = &dev[2U * cpu + turn % 2U];

	guest_attach(d, &dom[guest_chance(DOMAINS)], true);
	if (guest_chance(2) == 0U)
		guest_attach(d, &dom[guest_chance(DOMAINS)], guest_chance(2) == 0U);
	guest_attach(d, NULL, false);
	stay(d);
}

static void guest_main(uint32_t cpu)
{
	uint32_t i;

	if (cpu == 0U)
		open_all();
	guest_meet(VM_CPUS, 1);
	/* Until the others, too, have done something, however slow their host is. */
	for (i = 0; cpu < 2U && (i < CHANGES || inval_port_load64(&guest.flushes) <= CHANGES); i++)
		change(cpu, i);
	if (cpu < 2U)
		__atomic_fetch_sub(&changing, 1U, __ATOMIC_SEQ_CST);
	while (cpu >= 2U && __atomic_load_n(&changing, __ATOMIC_SEQ_CST) != 0U)
		guest_remap_some(&dom[guest_chance(DOMAINS)]);
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		guest_close(dom, DOMAINS, dev, DEVICES);
}

static void run(bool lock, uint64_t seed)
{
	const struct guest *g;

	vm_open(VM_CPUS, guest_main);
	*(bool *)vm_guest(&guest_read_lock) = lock;
	smmu_open(vm_guest(&view), seed);
	vm_run(smmu_mmio);
	smmu_check();
	g = (const struct guest *)vm_guest(&guest);
	vm_check(g->flushes > CHANGES && g->attaches >= 4U * CHANGES,
		 lock ? "a section is a lock" : "sections count themselves");
}

int main(void)
{
	run(false, 3);
	vm_close();
	run(true, 4);
	return vm_end();
}
