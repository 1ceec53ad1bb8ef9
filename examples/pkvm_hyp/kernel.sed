# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What kernel.sh adds to the kernel's source: a hypercall and the two objects with its
# ends. Only lines of our own; each stands beside a line that is in there once.

# arch/arm64/include/asm/kvm_asm.h
/^\t__KVM_HOST_SMCCC_FUNC___pkvm_\(finalize_\)\?teardown_vm,$/a\
	__KVM_HOST_SMCCC_FUNC___inval_call,

# arch/arm64/kvm/hyp/nvhe/hyp-main.c
/^typedef void (\*hcall_t)(struct kvm_cpu_context \*);$/i\
void handle___inval_call(struct kvm_cpu_context *host_ctxt);
/^\tHANDLE_FUNC(__pkvm_\(finalize_\)\?teardown_vm),$/a\
	HANDLE_FUNC(__inval_call),

# arch/arm64/kvm/hyp/nvhe/Makefile
/^hyp-obj-y += \$(lib-objs)$/a\
hyp-obj-y += inval_el2.o\
CFLAGS_inval_el2.nvhe.o += -I$(src)/inval/include -I$(src)/inval -fcallgraph-info=su

# arch/arm64/kvm/Makefile
/^always-y := hyp_constants\.h/i\
kvm-y += inval_host.o\
CFLAGS_inval_host.o += -I$(src)/hyp/nvhe/inval/include -I$(src)/hyp/nvhe/inval
