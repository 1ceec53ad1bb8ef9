/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * selftest - what an embedder calls at boot (selftests/inval_selftest.h), in a guest.
 *
 * On both read sides of this port, one vCPU alone and then two together. The queue of
 * the test works on memory of the VMM's, which the guest also reaches as registers: an
 * access to VM_REGS is one to that memory. Properties:
 * - each hook keeps its promise, alone and between two vCPUs
 * - the library works on them: command words, arrays, a queue
 */
#include <string.h>

#include "../inval_selftest.h"

static struct inval_selftest st;
static uint32_t words[INVAL_SELFTEST_WORDS];
static uint64_t ready, passed;

/* Guest */

static inline void guest_free(void *block)
{
	guest_check(block == st.array[0] || block == st.array[1]);
}

static void guest_main(uint32_t cpu)
{
	if (cpu == 0U) {
		guest_check(inval_selftest_run(&st, VM_REGS, words) == 0U);
		inval_port_store_release64(&ready, 1);
	}
	while (inval_port_load_acquire64(&ready) == 0U)
		guest_pause();
	guest_check(inval_selftest_cpu(&st, cpu) == 0U);
	__atomic_fetch_add(&passed, 1U, __ATOMIC_SEQ_CST);
}

/* VMM */

static unsigned char *registers;

static void mmio(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write, uint64_t *value)
{
	(void)cpu;
	if (offset > sizeof(words) - bytes)
		vm_check(false, "an access to nothing");
	else if (write)
		memcpy(registers + offset, value, bytes);
	else
		memcpy(value, registers + offset, bytes);
}

static bool run(bool lock)
{
	vm_open(2, guest_main);
	*(bool *)vm_guest(&guest_read_lock) = lock;
	registers = (unsigned char *)vm_guest(words);
	vm_run(mmio);
	return *(uint64_t *)vm_guest(&passed) == 2U;
}

int main(void)
{
	vm_check(run(false), "where sections count themselves");
	vm_close();
	vm_check(run(true), "where a section is a lock");
	return vm_end();
}
