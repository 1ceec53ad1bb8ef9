/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * migrate - a guest's queue moves to another VMM in the middle of its work.
 *
 * Four vCPUs put commands, one of them CFGI_ALL now and then, whose streams the VMM
 * goes through one by one; the emulation often asks for another try. Every few accesses
 * the queue is saved, forgotten and loaded. Properties:
 * - the commands of a vCPU take effect in its order, none twice, none missing
 * - each CFGI_ALL reaches each of the guest's streams exactly once, wherever the move
 *   fell into it
 */
#include "producers.h"

#define COMMANDS 1200U
#define ALLS 25U
#define MOVE_EVERY 5U

/* VMM */

static uint64_t reached[VMM_STREAMS];
static uint32_t tries;

static int emulate(uint64_t d0, uint64_t d1)
{
	uint64_t n = (d0 >> 32) / 3U - 1U;

	if ((d0 & 0xffU) != INVAL_OP_CFGI_STE)
		return emulate_sync(d0, d1);
	if (tries++ % 5U == 3U)
		return -INVAL_EAGAIN;
	if (n >= VMM_STREAMS || VMM_VSID(n) != d0 >> 32)
		wrong = "a stream that the guest does not have";
	else
		reached[n]++;
	return 0;
}

/* Guest */

static inline void cfgi_all(void)
{
	struct inval_cmd cmd;

	guest_check(inval_cmd_cfgi_all(&cmd, false) == 0);
	guest_check(inval_queue_run(&q, &cmd, 1) == 0);
}

static void guest_main(uint32_t cpu)
{
	uint64_t state = 99U + cpu, serial = 0;
	uint32_t i;

	if (cpu == 0U)
		guest_open_queue(5, 0);
	guest_meet(VM_CPUS, 1);
	for (i = 1; i <= ALLS; i++) {
		if (cpu == 0U)
			cfgi_all();
		serial = produce(cpu, &state, serial, i * COMMANDS / ALLS);
	}
	guest_check(guest_warns == 0U);
}

int main(void)
{
	const struct vmm_ops ops = { effect, emulate, NULL, MOVE_EVERY };
	bool once = true;
	uint32_t i;

	vm_open(VM_CPUS, guest_main);
	producers_open(&ops);
	vm_run(vmm_mmio);
	for (i = 0; i < VMM_STREAMS; i++)
		once = once && reached[i] == ALLS;
	producers_check(COMMANDS);
	vm_check(once, "each CFGI_ALL reached each stream once");
	return vm_end();
}
