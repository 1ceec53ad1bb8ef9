/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vm.h on Linux's KVM selftest framework, of 6.12 or newer.
 */
#include <linux/arm-smccc.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "kvm_util.h"
#include "processor.h"
#include "ucall_common.h"
#include "vm.h"

#define SLOT 10U

static struct kvm_vm *vm;
static struct kvm_vcpu *vcpus[VM_CPUS];
static uint32_t cpus;
static vm_mmio_fn on_mmio;
static vm_hvc_fn on_hvc;
static bool on_break;
static uint32_t checks, failures;

/* Guest: first code of each vCPU. */
static void guest_begin(uint32_t cpu, void (*guest)(uint32_t cpu))
{
	guest(cpu);
	GUEST_DONE();
}

void guest_fail(const char *file, int line, const char *text)
{
	for (;;)
		ucall_assert(UCALL_ABORT, text, file, (unsigned int)line, "%s", text);
}

extern char guest_hvc_insn[];

/* One instruction only, for the breakpoint. */
__attribute__((__noinline__, __noclone__)) void guest_hvc(uint64_t x[5])
{
	register uint64_t x0 __asm__("x0") = x[0];
	register uint64_t x1 __asm__("x1") = x[1];
	register uint64_t x2 __asm__("x2") = x[2];
	register uint64_t x3 __asm__("x3") = x[3];
	register uint64_t x4 __asm__("x4") = x[4];

	__asm__ volatile(".global guest_hvc_insn\nguest_hvc_insn: hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4) :: "memory");
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	x[4] = x4;
}

/* Guest: an exception that no test expects. */
static void guest_fault(struct ex_regs *regs)
{
	uint64_t esr, far;

	__asm__ volatile("mrs %0, esr_el1\n\tmrs %1, far_el1" : "=r"(esr), "=r"(far));
	GUEST_FAIL("exception: ESR 0x%lx, FAR 0x%lx, PC 0x%lx", esr, far, regs->pc);
}

void vm_open(uint32_t num, void (*guest)(uint32_t cpu))
{
	uint32_t i;

	setbuf(stdout, NULL);
	TEST_ASSERT(num <= VM_CPUS, "too many vCPUs");
	cpus = num;
	vm = vm_create_with_vcpus(num, guest_begin, vcpus);
	vm_init_descriptor_tables(vm);
	for (i = 0; i < 64U; i++)
		vm_install_sync_handler(vm, VECTOR_SYNC_CURRENT, (int)i, guest_fault);
	for (i = 0; i < num; i++) {
		vcpu_init_descriptor_tables(vcpus[i]);
		vcpu_args_set(vcpus[i], 2, (uint64_t)i, (uint64_t)guest);
	}
	virt_map(vm, VM_REGS, VM_REGS, VM_REGS_BYTES / vm->page_size);
}

void *vm_guest(const void *ours)
{
	return addr_gva2hva(vm, (uint64_t)ours);
}

uint64_t vm_guest_pa(const void *ours)
{
	return addr_gva2gpa(vm, (uint64_t)ours);
}

uint64_t vm_share(void *mem, uint64_t bytes)
{
	uint64_t page = vm->page_size, first = (uint64_t)mem & ~(page - 1U);
	uint64_t size = (((uint64_t)mem + bytes - first) + page - 1U) & ~(page - 1U);

	vm_set_user_memory_region(vm, SLOT, 0, VM_SHARED, size, (void *)first);
	virt_map(vm, VM_SHARED, VM_SHARED, size / page);
	return VM_SHARED + ((uint64_t)mem - first);
}

/* Breakpoint 0: its address; enabled, EL1, four bytes. */
static void break_at_hvc(struct kvm_vcpu *vcpu)
{
	struct kvm_guest_debug dbg = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW };

	dbg.arch.dbg_bvr[0] = (uint64_t)guest_hvc_insn;
	dbg.arch.dbg_bcr[0] = 0xf << 5 | 1U << 1 | 1U;
	vcpu_guest_debug_set(vcpu, &dbg);
}

void vm_serve(vm_hvc_fn hvc, uint32_t first, uint32_t num)
{
	struct kvm_smccc_filter filter = {
		.base = first, .nr_functions = num, .action = KVM_SMCCC_FILTER_FWD_TO_USER,
	};
	uint32_t i;

	on_hvc = hvc;
	on_break = num == 0U;
	for (i = 0; i < cpus && on_break; i++)
		break_at_hvc(vcpus[i]);
	if (!on_break)
		kvm_device_attr_set(vm->fd, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER,
				    &filter);
}

static bool is_hvc(const struct kvm_run *run)
{
	if (!on_hvc)
		return false;
	return on_break ? run->exit_reason == KVM_EXIT_DEBUG &&
			  run->debug.arch.hsr >> 26 == 0x30 /* breakpoint, lower EL */ :
			  run->exit_reason == KVM_EXIT_HYPERCALL;
}

/* Of vcpu_get_reg() 6.12 and 7.2 have two forms. */
static uint64_t get_reg(struct kvm_vcpu *vcpu, uint64_t id)
{
	uint64_t value = 0;

	TEST_ASSERT(__vcpu_get_reg(vcpu, id, &value) == 0, "a register cannot be read");
	return value;
}

/* The guest stands before the instruction of the breakpoint, and is put behind it. */
static void serve_hvc(struct kvm_vcpu *vcpu)
{
	uint64_t x[5];
	uint32_t i;

	for (i = 0; i < 5U; i++)
		x[i] = get_reg(vcpu, ARM64_CORE_REG(regs.regs[0]) + 2U * i);
	on_hvc(vcpu->id, x);
	for (i = 0; i < 5U; i++)
		vcpu_set_reg(vcpu, ARM64_CORE_REG(regs.regs[0]) + 2U * i, x[i]);
	if (!on_break)
		return;
	TEST_ASSERT(get_reg(vcpu, ARM64_CORE_REG(regs.pc)) == (uint64_t)guest_hvc_insn,
		    "the breakpoint is elsewhere");
	vcpu_set_reg(vcpu, ARM64_CORE_REG(regs.pc), (uint64_t)guest_hvc_insn + 4U);
}

/* Not ours: a word of the guest. True: it has ended. */
static bool is_done(struct kvm_vcpu *vcpu)
{
	struct ucall uc;

	switch (get_ucall(vcpu, &uc)) {
	case UCALL_DONE:
		return true;
	case UCALL_ABORT:
		REPORT_GUEST_ASSERT(uc);
		return true;
	case UCALL_PRINTF:
		REPORT_GUEST_PRINTF(uc);
		return false;
	default:
		TEST_FAIL("vCPU %u: exit %u, nobody's", vcpu->id, vcpu->run->exit_reason);
		return true;
	}
}

static bool is_mmio(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_MMIO &&
	       run->mmio.phys_addr - VM_REGS < VM_REGS_BYTES;
}

static void serve_mmio(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint32_t offset = (uint32_t)(run->mmio.phys_addr - VM_REGS);
	uint64_t value = 0;

	/* So that an emulated CPU rests, too: sched_yield() would keep it busy. */
	if (offset == VM_YIELD) {
		usleep(1);
		return;
	}
	TEST_ASSERT(on_mmio, "an access to 0x%x, and nobody there", offset);
	if (run->mmio.is_write)
		memcpy(&value, run->mmio.data, run->mmio.len);
	on_mmio(vcpu->id, offset, run->mmio.len, run->mmio.is_write, &value);
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &value, run->mmio.len);
}

static void *run_vcpu(void *arg)
{
	struct kvm_vcpu *vcpu = arg;

	for (;;) {
		vcpu_run(vcpu);
		if (is_mmio(vcpu->run))
			serve_mmio(vcpu);
		else if (is_hvc(vcpu->run))
			serve_hvc(vcpu);
		else if (is_done(vcpu))
			return NULL;
	}
}

void vm_run(vm_mmio_fn mmio)
{
	pthread_t thread[VM_CPUS];
	uint32_t i;

	on_mmio = mmio;
	for (i = 0; i < cpus; i++)
		TEST_ASSERT(!pthread_create(&thread[i], NULL, run_vcpu, vcpus[i]), "thread");
	for (i = 0; i < cpus; i++)
		pthread_join(thread[i], NULL);
}

void vm_check(bool good, const char *property)
{
	printf("    %s %u - %s\n", good ? "ok" : "not ok", ++checks, property);
	failures += !good;
}

void vm_close(void)
{
	kvm_vm_free(vm);
	on_hvc = NULL;
}

int vm_end(void)
{
	vm_close();
	printf("    1..%u\n", checks);
	return checks != 0U && failures == 0U ? 0 : 1;
}
