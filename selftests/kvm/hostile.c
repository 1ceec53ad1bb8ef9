/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hostile - four vCPUs do to the VMM's queue what no driver does.
 *
 * Random and crafted commands, which change while they are read; registers written with
 * anything, in any size, at any time: PROD laps ahead, CMDQ_BASE outside of memory, the
 * queue off in the middle of its work. The SMMU behind refuses some. Properties:
 * - what reaches the SMMU is legal there, with the guest's VMID and StreamIDs (vmm.h)
 * - no access looks at more commands than the budget
 * - the VMM warns of nothing, and a driver that comes after works
 */
#include "guest_queue.h"

#define STEPS 1500U

static uint64_t state[VM_CPUS];
static uint64_t served;

/* VMM */

static uint64_t effects;

static int effect(uint64_t d0, uint64_t d1)
{
	(void)d1;
	effects++;
	if (effects % 101U == 0U)
		return -INVAL_EILSEQ;
	return (d0 & 0xffU) == INVAL_OP_ATC_INV && effects % 7U == 0U ? -INVAL_EREMOTEIO : 0;
}

static int emulate(uint64_t d0, uint64_t d1)
{
	static uint32_t n;

	(void)d1;
	if (++n % 11U == 5U)
		return -INVAL_EAGAIN;
	return (d0 & 0xffU) == INVAL_OP_CFGI_STE && n % 3U == 0U ? 1 /* INVAL_GUESTQ_ISSUE */ : 0;
}

/* Guest */

static inline uint32_t chance(uint32_t cpu, uint32_t n)
{
	return guest_chance(&state[cpu], n);
}

static inline uint64_t word(uint32_t cpu)
{
	return (uint64_t)chance(cpu, 0x7fffffff) << 33 ^ (uint64_t)chance(cpu, 0x7fffffff) << 16 ^
	       chance(cpu, 0x10000);
}

/* Of known opcodes, with a field or two that may or may not be right. */
static inline struct inval_cmd craft(uint32_t cpu)
{
	static const uint8_t ops[] = {
		0x01, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x46, 0x10, 0x11,
		0x12, 0x13, 0x40, 0x20, 0x2a
	};
	struct inval_cmd cmd = { ops[chance(cpu, sizeof(ops))], 0 };

	if (chance(cpu, 8) != 0U)
		cmd.d0 |= (uint64_t)VMM_VSID(chance(cpu, VMM_STREAMS + 2U)) << 32;
	if (chance(cpu, 16) == 0U)
		cmd.d0 |= word(cpu) & 0xfffff800U;
	if (chance(cpu, 4) == 0U)
		cmd.d1 = word(cpu) & ~0xfffULL;
	if (chance(cpu, 16) == 0U)
		cmd.d0 ^= 1ULL << chance(cpu, 64);
	return cmd;
}

static inline void write_slot(uint32_t cpu)
{
	struct inval_cmd cmd = craft(cpu);
	uint64_t *slot = &mem[2U * chance(cpu, chance(cpu, 8) != 0U ? 16U : VMM_BYTES / 16U)];

	if (chance(cpu, 20) == 0U) {
		cmd.d0 = word(cpu);
		cmd.d1 = word(cpu);
	}
	inval_port_store64(&slot[0], cmd.d0);
	inval_port_store64(&slot[1], cmd.d1);
}

/* As a driver would, now and then, so that something is done at all. */
static inline void recover(void)
{
	inval_port_mmio_write32(VM_REGS, VMM_CR0, VMM_ENABLE);
	inval_port_mmio_write32(VM_REGS, INVAL_REG_GERRORN,
				inval_port_mmio_read32(VM_REGS, INVAL_REG_GERROR));
}

static inline void write_base(uint32_t cpu)
{
	uint64_t base = inval_queue_base(mem_pa, 3U + chance(cpu, VMM_LG2));

	inval_port_mmio_write32(VM_REGS, VMM_CR0, chance(cpu, 2));
	inval_port_mmio_write64(VM_REGS, INVAL_REG_CMDQ_BASE,
				chance(cpu, 8) != 0U ? base : word(cpu));
	recover();
}

static inline void any_access(uint32_t cpu)
{
	static const uint8_t offsets[] = {
		0x20, 0x24, 0x60, 0x64, 0x90, 0x94, 0x98, 0x9c, 0xa0, 0x0
	};
	uint32_t offset = offsets[chance(cpu, sizeof(offsets))];

	if (chance(cpu, 8) == 0U)
		inval_port_mmio_write64(VM_REGS, offset & ~7U, word(cpu));
	else if (chance(cpu, 4) == 0U)
		(void)inval_port_mmio_read32(VM_REGS, offset);
	else
		inval_port_mmio_write32(VM_REGS, offset, (uint32_t)word(cpu));
}

static inline void step(uint32_t cpu)
{
	uint32_t i, n = chance(cpu, 32);

	for (i = 0; i < 16U; i++)
		write_slot(cpu);
	if (n < 14U)
		inval_port_mmio_write32(VM_REGS, INVAL_REG_CMDQ_PROD,
					inval_port_mmio_read32(VM_REGS, INVAL_REG_CMDQ_CONS) +
					chance(cpu, 16));
	else if (n < 28U)
		recover();
	else if (n < 29U)
		write_base(cpu);
	else
		any_access(cpu);
}

static inline void driver(void)
{
	struct inval_cmd cmd;
	uint32_t i;
	int err;

	guest_open_queue(4, 0);
	for (i = 0; i < 40U; i++) {
		guest_check(inval_cmd_tlbi(&cmd, INVAL_OP_TLBI_NH_ASID, 0, (uint16_t)i) == 0);
		err = inval_queue_run(&q, &cmd, 1);
		/* The SMMU refuses one in a hundred, rightly or not. */
		guest_check(err == 0 || err == -INVAL_EILSEQ);
		served += err == 0;
	}
}

static void guest_main(uint32_t cpu)
{
	uint32_t i;

	state[cpu] = 4711U + cpu;
	if (cpu == 0U)
		guest_open_queue(4, 0);
	guest_meet(VM_CPUS, 1);
	for (i = 0; i < STEPS; i++)
		step(cpu);
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		driver();
}

int main(void)
{
	const struct vmm_ops ops = { effect, emulate, NULL, 0 };

	vm_open(VM_CPUS, guest_main);
	guest_queue_view();
	vmm_open(&ops, mem);
	vm_run(vmm_mmio);
	vmm_check();
	vm_check(effects > 200U, "commands reached the SMMU");
	vm_check(*(uint64_t *)vm_guest(&served) >= 38U, "a driver that comes after works");
	return vm_end();
}
