/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * queue_errors - every CERROR, injected by the VMM, on a queue that four vCPUs share.
 *
 *	vCPU 0	commands that no SMMU knows: the VMM refuses them (CERROR_ILL)
 *	vCPU 1	legal ones that the SMMU behind it calls illegal (CERROR_ILL)
 *	vCPU 2	ATC_INVs that a device does not confirm (CERROR_ATC_INV_SYNC)
 *	vCPU 3	nothing wrong
 * Properties:
 * - whose command failed is told so, with its code; nobody else is; good batches of all
 *   four succeed, and have taken effect when the wait returns
 * - a queue that could not be read for a moment (CERROR_ABT) goes on, and nobody sees it
 * - one that cannot be read for good breaks: who finds it is told why, all others that it
 *   is broken; after a reset it works again
 */
#include "guest_queue.h"

#define ROUNDS 90U
#define BATCH 4U
#define MARK (1ULL << 40)	/* in an address: the VMM fails this one */

/* The guest's, for the VMM. */
struct shared {
	uint64_t effects[VM_CPUS];	/* highest serial */
	uint64_t readable;		/* 0: never, 1: mostly */
	uint64_t told[VM_CPUS];		/* errors, by vCPU */
	uint64_t broke;			/* vCPUs told why */
	uint64_t shut;			/* vCPUs told that it is broken */
};

static struct shared shared;

/* VMM */

static struct shared *vmm_shared;
static uint64_t ills, atcs, aborts;

/* ASID, or SubstreamID: the vCPU; address: the serial. */
static int effect(uint64_t d0, uint64_t d1)
{
	bool atc = (d0 & 0xffU) == INVAL_OP_ATC_INV;
	uint64_t cpu = atc ? d0 >> 12 & 0xfffffU : d0 >> 48, serial = (d1 & (MARK - 1U)) >> 12;

	if ((d1 & MARK) != 0U) {
		ills += !atc;
		atcs += atc;
		return atc ? -INVAL_EREMOTEIO : -INVAL_EILSEQ;
	}
	if (cpu < VM_CPUS && vmm_shared->effects[cpu] < serial)
		__atomic_store_n(&vmm_shared->effects[cpu], serial, __ATOMIC_RELEASE);
	return 0;
}

static bool absent(void)
{
	static uint32_t n;

	if (__atomic_load_n(&vmm_shared->readable, __ATOMIC_ACQUIRE) != 0U && ++n % 60U > 1U)
		return false;
	aborts++;
	return true;
}

/* Guest */

static inline struct inval_cmd command(uint32_t cpu, uint64_t serial, bool bad)
{
	struct inval_cmd cmd;
	uint64_t addr = serial << 12 | (bad && cpu != 0U ? MARK : 0U);

	if (cpu == 2U)
		guest_check(inval_cmd_atc_inv(&cmd, VMM_VSID(1), true, cpu, false, addr, 0) == 0);
	else
		guest_check(inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VA, 0, (uint16_t)cpu, addr,
						false) == 0);
	if (bad && cpu == 0U)
		cmd.d0 = 0x3f;
	return cmd;
}

static inline int one_round(uint32_t cpu, uint64_t *serial, bool bad)
{
	struct inval_cmd cmds[BATCH];
	struct inval_ticket t;
	uint32_t i;
	int err;

	for (i = 0; i < BATCH; i++)
		cmds[i] = command(cpu, ++*serial, bad && i == BATCH / 2U);
	inval_queue_ticket_init(&t);
	t.atc = cpu == 2U;
	err = inval_queue_put(&q, cmds, BATCH, true, &t);
	return err != 0 ? err : inval_queue_wait(&q, &t);
}

static inline void rounds(uint32_t cpu, uint64_t *serial)
{
	static const int code[VM_CPUS] = { -INVAL_EILSEQ, -INVAL_EILSEQ, -INVAL_EREMOTEIO, 0 };
	uint32_t i;
	bool bad;
	int err;

	for (i = 0; i < ROUNDS; i++) {
		bad = cpu != 3U && i % 3U == 1U;
		err = one_round(cpu, serial, bad);
		guest_check(err == (bad ? code[cpu] : 0));
		guest_check(inval_port_load_acquire64(&shared.effects[cpu]) >= *serial);
		shared.told[cpu] += err != 0;
	}
}

/* It cannot be read any more. */
static inline void broken(uint32_t cpu, uint64_t *serial)
{
	int err = one_round(cpu, serial, false);

	guest_check(err == -INVAL_EFAULT || err == -INVAL_ESHUTDOWN);
	__atomic_fetch_add(err == -INVAL_EFAULT ? &shared.broke : &shared.shut, 1U,
			   __ATOMIC_SEQ_CST);
}

static void guest_main(uint32_t cpu)
{
	uint64_t serial = 0;

	if (cpu == 0U) {
		shared.readable = 1;
		guest_open_queue(5, 4);
	}
	guest_meet(VM_CPUS, 1);
	rounds(cpu, &serial);
	guest_meet(VM_CPUS, 2);
	if (cpu == 0U)
		inval_port_store64(&shared.readable, 0);
	guest_meet(VM_CPUS, 3);
	broken(cpu, &serial);
	guest_meet(VM_CPUS, 4);
	if (cpu == 0U) {
		inval_port_store64(&shared.readable, 1);
		guest_open_queue(4, 4);
	}
	guest_meet(VM_CPUS, 5);
	guest_check(one_round(cpu, &serial, false) == 0);
}

int main(void)
{
	const struct vmm_ops ops = { effect, NULL, absent, 0 };

	vm_open(VM_CPUS, guest_main);
	guest_queue_view();
	vmm_shared = (struct shared *)vm_guest(&shared);
	vmm_open(&ops, mem);
	vm_run(vmm_mmio);
	vmm_check();
	vm_check(vmm_shared->told[0] == ROUNDS / 3U && vmm_shared->told[1] == ROUNDS / 3U &&
		 ills >= ROUNDS / 3U, "CERROR_ILL, to whom it belongs");
	vm_check(vmm_shared->told[2] == ROUNDS / 3U && atcs == ROUNDS / 3U,
		 "CERROR_ATC_INV_SYNC, to whom it belongs");
	vm_check(vmm_shared->told[3] == 0U && aborts > 10U, "CERROR_ABT for a moment, to nobody");
	vm_check(vmm_shared->broke != 0U && vmm_shared->broke + vmm_shared->shut == VM_CPUS,
		 "CERROR_ABT for good: the reason, or the end, to all");
	return vm_end();
}
