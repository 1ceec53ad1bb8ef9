/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A virtual machine for one test, and what its two sides say to each other.
 *
 * A test is one program: main() is the VMM, in user space of the kernel that is
 * tested; the guest has a copy of the same image, with variables of its own, and runs
 * each vCPU from one function on. vm.c is the only file that knows the framework.
 */
#ifndef KVM_VM_H
#define KVM_VM_H

#include <stdbool.h>
#include <stdint.h>

#define VM_CPUS 4U
#define VM_REGS 0x40000000ULL	/* registers: an access comes to the VMM */
#define VM_REGS_BYTES 0x10000U
#define VM_YIELD 0xfff8U	/* of them: a write lets other vCPUs run */
#define VM_SHARED 0x50000000ULL	/* memory of the VMM that the guest has, too */

/* An access to VM_REGS + @offset; a read is answered in *@value. One thread each vCPU. */
typedef void (*vm_mmio_fn)(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write,
			   uint64_t *value);

/* A hypercall, x0 to x4 in and out. */
typedef void (*vm_hvc_fn)(uint32_t cpu, uint64_t x[5]);

/* VMM: a machine whose @cpus vCPUs will run @guest(cpu). */
void vm_open(uint32_t cpus, void (*guest)(uint32_t cpu));
/* VMM: the guest's variable behind one of ours. */
void *vm_guest(const void *ours);
/* VMM: physical address of the guest's variable. */
uint64_t vm_guest_pa(const void *ours);
/* VMM: give the guest our memory, once; returns its address there. */
uint64_t vm_share(void *mem, uint64_t bytes);
/*
 * VMM: serve guest_hvc(): the function identifiers from @first to @first + @num - 1,
 * as KVM hands them out; or, @num 0, each call, by a breakpoint on the instruction,
 * for KVM keeps those of the Arm architecture to itself. Before vm_run().
 */
void vm_serve(vm_hvc_fn hvc, uint32_t first, uint32_t num);
/* VMM: run all vCPUs to their end. */
void vm_run(vm_mmio_fn mmio);
/* VMM: one more property; a false one makes vm_end() fail. */
void vm_check(bool good, const char *property);
/* VMM: the machine is over; vm_open() may follow. */
void vm_close(void);
/* VMM: vm_close(), and TAP's end; the program's exit code. */
int vm_end(void);

/* Guest: what must be true. */
#define guest_check(good) ((good) ? (void)0 : guest_fail(__FILE__, __LINE__, #good))
__attribute__((__noreturn__)) void guest_fail(const char *file, int line, const char *text);
/* Guest: HVC with x0 to x4. */
void guest_hvc(uint64_t x[5]);

#endif /* KVM_VM_H */
