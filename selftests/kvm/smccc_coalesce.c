/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smccc_coalesce - vCPUs share firmware calls that flush everything.
 *
 * The VMM answers Arm's function identifiers. A call takes what all vCPUs have stored
 * when it begins, and gives it out when it has succeeded; now and then it fails.
 * Properties:
 * - nobody returns before a call that began after its own store has succeeded
 * - of vCPUs that come while a call is under way one calls for all: two calls for four
 * - a call that failed serves nobody
 * - one call at a time
 */
#include <sched.h>
#include <stdio.h>

#include <inval/memregion.h>

#define ROUNDS 60U

/* The guest's, which the VMM reads and writes. */
struct shared {
	uint64_t line[VM_CPUS];		/* stored by a vCPU */
	uint64_t clean[VM_CPUS];	/* given out */
	uint64_t calls;
	uint64_t first_calls;		/* when four had met */
	uint64_t overlaps;
	uint64_t requests;
	uint64_t waited;		/* the first call has seen all others wait */
};

static struct shared shared;
static struct inval_firmware fw;
static uint64_t met;
static struct shared *vmm;
static struct inval_firmware *vmm_fw;

static inline void guest_free(void *mem)
{
	(void)mem;
}

/* VMM */

/*
 * The first call lasts until all others stand behind it: they have looked before. Later
 * ones are patient, but there may be nobody left.
 */
static void wait_for_others(bool first)
{
	uint32_t turns = 0;

	while (__atomic_load_n(&vmm_fw->lock.waiting, __ATOMIC_SEQ_CST) != VM_CPUS - 1U &&
	       (first || turns++ < 20U))
		sched_yield();
	vmm->waited += first;
}

static uint64_t flush(void)
{
	static uint64_t inside;
	uint64_t taken[VM_CPUS], n = vmm->calls++;
	uint32_t i;

	vmm->overlaps += __atomic_fetch_add(&inside, 1U, __ATOMIC_SEQ_CST) != 0U;
	for (i = 0; i < VM_CPUS; i++)
		taken[i] = __atomic_load_n(&vmm->line[i], __ATOMIC_SEQ_CST);
	wait_for_others(n == 0U);
	for (i = 0; i < VM_CPUS && n % 5U != 3U; i++)
		__atomic_store_n(&vmm->clean[i], taken[i], __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&inside, 1U, __ATOMIC_SEQ_CST);
	return n % 5U == 3U ? (uint64_t)-5 : 0U;
}

static void serve(uint32_t cpu, uint64_t x[5])
{
	(void)cpu;
	switch (x[0]) {
	case INVAL_SMCCC_VERSION:
		x[0] = 0x10001;
		break;
	case INVAL_SMCCC_CLEAN_INV_ATTRS:
		x[0] = 0;
		x[1] = INVAL_SMCCC_GLOBAL;
		x[2] = 100;
		x[3] = 0;
		x[4] = 0;
		break;
	case INVAL_SMCCC_CLEAN_INV:
		x[0] = flush();
		break;
	default:
		x[0] = 0;
		break;
	}
}

/* Guest */

static inline void meet(uint64_t times)
{
	__atomic_fetch_add(&met, 1U, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&met, __ATOMIC_SEQ_CST) < VM_CPUS * times)
		guest_pause();
}

static inline void request(uint32_t cpu)
{
	struct inval_region all = { 0x1000, 0x1000, false, false, 0 };
	uint64_t mine = shared.line[cpu] + 1U;
	int err;

	inval_port_store64(&shared.line[cpu], mine);
	err = inval_provider_flush(&fw.p, &all, inval_firmware_start, NULL);
	guest_check(err == 0 && inval_port_load64(&shared.clean[cpu]) >= mine);
	__atomic_fetch_add(&shared.requests, 1U, __ATOMIC_RELAXED);
}

static void guest_main(uint32_t cpu)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_ids ids;
	uint32_t i;

	if (cpu == 0U) {
		inval_smccc_ids_init(&ids);
		inval_smccc_policy_init(&policy);
		guest_check(inval_firmware_init(&fw, &ids, &policy) == 0 && fw.attrs.global);
	}
	meet(1);
	request(cpu);
	meet(2);
	if (cpu == 0U)
		shared.first_calls = shared.calls;
	for (i = 0; i < ROUNDS; i++) {
		meet(3U + i);
		request(cpu);
	}
}

int main(void)
{
	vm_open(VM_CPUS, guest_main);
	vmm = (struct shared *)vm_guest(&shared);
	vmm_fw = (struct inval_firmware *)vm_guest(&fw);
	vm_serve(serve, 0, 0);
	vm_run(NULL);
	printf("    # way 2 ran: Arm's identifiers, by a breakpoint on the HVC\n"
	       "    # %llu calls for %llu requests\n", (unsigned long long)vmm->calls,
	       (unsigned long long)vmm->requests);
	vm_check(vmm->waited == 1U && vmm->first_calls == 2U, "two calls for four that meet");
	vm_check(vmm->requests == VM_CPUS * (ROUNDS + 1U),
		 "all were served by a call that began after their stores");
	vm_check(vmm->overlaps == 0U, "one call at a time");
	return vm_end();
}
