/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * privileged.h - for run.sh: ports of EL1 and EL2 in a process. What it may not do, MRS
 * and MSR of DAIF, TPIDR_EL1 and the physical counter, comes as SIGILL and is played here.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

/* selftests/kvm/vm.h: the registers of the VMM are a word that nobody reads. */
#define KVM_VM_H
#define VM_CPUS 4U
#define VM_YIELD 0U
#define VM_REGS ((uint64_t)(uintptr_t)&vm_yield)
static uint32_t vm_yield;
static void guest_free(void *mem) { free(mem); }

/* examples/bare_metal_vmm/vmm.h */
uint32_t vmm_counts[16], vmm_warnings[16];
void array_free(void *mem) { free(mem); }
void trace_event(uint32_t what, uint64_t id, uint64_t value) { (void)what, (void)id, (void)value; }
void trace_count(uint32_t what, uint32_t n) { (void)what, (void)n; }

void die(const char *why)
{
	puts(why);
	exit(1);
}

static __thread uint64_t daif;

/* DDI 0487, C5.2: op0, op1, CRn, CRm and op2 in bits 20:5, Rt in 4:0. */
static void play(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	uint32_t insn = *(uint32_t *)u->uc_mcontext.pc;
	unsigned long long *x = &u->uc_mcontext.regs[insn & 31U];

	switch (insn & ~31U) {
	case 0xd53b4220U: *x = daif; break;		/* MRS DAIF */
	case 0xd51b4220U: daif = (insn & 31U) == 31U ? 0 : *x; break;
	case 0xd538d080U: *x = getpid() != gettid(); break;	/* MRS TPIDR_EL1 */
	case 0xd53be020U: __asm__ volatile("mrs %0, cntvct_el0" : "=r"(*x)); break;
	default:
		if ((insn & 0xfffff0ffU) != 0xd50340dfU)	/* MSR DAIFSet */
			_exit(3);
		daif |= (insn >> 8 & 15U) << 6;
	}
	u->uc_mcontext.pc += 4;
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction act = { .sa_sigaction = play, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &act, NULL);
}
