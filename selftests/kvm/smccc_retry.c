/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smccc_retry - the firmware call from a guest, answered by the VMM.
 *
 * Arm's own function identifiers, with a breakpoint on the HVC, since KVM keeps that
 * range to itself; and others (SiP), which KVM hands to the VMM. Properties:
 * - discovery finds the call where all of it is there, and none where a part is not
 * - BUSY and RATE_LIMITED are called again, with the same words, and told apart when
 *   it is time to give up; every other status ends it at once with its own code
 * - calls are apart by what firmware says, and end within the budget
 */
#include <stdio.h>

#include <inval/memregion.h>

#define SIP_CLEAN_INV 0xc2000005U
#define SIP_ATTRS 0xc2000006U
#define PA 0x80001000ULL
#define BYTES 0x3000ULL
#define DELAY_US 700U

/* What the VMM answers, in order; the guest's, for the VMM to read. */
struct script {
	uint64_t missing;	/* this question finds nothing; 0: all is there */
	int32_t status[8];	/* of the calls; then SUCCESS */
	uint64_t calls;		/* out */
	uint64_t wrong;		/* out: calls with other words */
};

struct row {
	int32_t status[8];
	uint32_t calls;
	int err;
};

/* DEN 0028: 0 SUCCESS, -1 NOT_SUPPORTED, -2 NOT_REQUIRED, -3 INVALID, -4 RATE_LIMITED, -5 BUSY */
static const struct row rows[] = {
	{ { 0 }, 1, 0 },
	{ { -5, -5, 0 }, 3, 0 },
	{ { -4, -5, -4, -4, 0 }, 5, 0 },
	{ { -5, -5, -5, -5, -5, 0 }, 5, -INVAL_EBUSY },
	{ { -5, -5, -5, -5, -4, 0 }, 5, -INVAL_EDQUOT },
	{ { -1 }, 1, -INVAL_EOPNOTSUPP },
	{ { -2 }, 1, -INVAL_EPROTO },
	{ { -5, -3 }, 2, -INVAL_EINVAL },
	{ { -77 }, 1, -INVAL_EPROTO },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct script script;
static struct inval_smccc_ids ids;
static uint64_t passed;
static struct script *vmm;	/* the guest's script, for the VMM */
static struct inval_smccc_ids vmm_ids;

static inline void guest_free(void *mem)
{
	(void)mem;
}

/* VMM */

static uint64_t answer_flush(const uint64_t x[5])
{
	uint64_t n = vmm->calls++;

	vmm->wrong += x[1] != PA || x[2] != BYTES || x[3] != 0U;
	return n < 8U ? (uint64_t)(int64_t)vmm->status[n] : 0U;
}

static void serve(uint32_t cpu, uint64_t x[5])
{
	uint64_t asked = x[0] == INVAL_SMCCC_ARCH_FEATURES ? x[1] | 1ULL << 32 : x[0];

	(void)cpu;
	if (asked == vmm->missing) {
		x[0] = UINT64_MAX;
	} else if (x[0] == INVAL_SMCCC_VERSION) {
		x[0] = 0x10001;
	} else if (x[0] == vmm_ids.attrs) {
		x[0] = 0;
		x[1] = 0;
		x[2] = DELAY_US;
		x[3] = 0;
		x[4] = 0;
	} else if (x[0] == vmm_ids.clean_inv) {
		x[0] = answer_flush(x);
	} else {
		x[0] = x[0] == INVAL_SMCCC_ARCH_FEATURES && (x[1] == vmm_ids.attrs ||
		       x[1] == vmm_ids.clean_inv) ? 0U : UINT64_MAX;
	}
}

/* Guest */

static inline void begin(const struct row *row)
{
	uint32_t i;

	for (i = 0; i < 8U; i++)
		script.status[i] = row->status[i];
	script.calls = 0;
	inval_port_dma_mb();
}

static inline void check_calls(const struct row *row, int err, uint64_t begun)
{
	guest_check(err == row->err);
	guest_check(script.calls == row->calls && script.wrong == 0U);
	guest_check(inval_port_now_us() - begun >= (uint64_t)(row->calls - 1U) * DELAY_US);
	passed++;
}

/* The provider, as discovery makes it. */
static inline void by_provider(void)
{
	struct inval_region r = { PA, BYTES, false, false, 0 };
	struct inval_smccc_policy policy;
	struct inval_firmware fw;
	uint64_t begun;
	uint32_t i;

	inval_smccc_policy_init(&policy);
	guest_check(inval_firmware_init(&fw, &ids, &policy) == 0);
	guest_check(fw.attrs.latency_us == DELAY_US && !fw.attrs.global);
	for (i = 0; i < ROWS; i++) {
		begin(&rows[i]);
		begun = inval_port_now_us();
		check_calls(&rows[i], inval_provider_flush(&fw.p, &r, inval_firmware_start,
							   NULL), begun);
	}
	inval_firmware_fini(&fw);
}

/* Where something is missing there is no such call. */
static inline void none(uint64_t missing)
{
	struct inval_smccc_policy policy;
	struct inval_firmware fw;

	inval_smccc_policy_init(&policy);
	script.missing = missing;
	inval_port_dma_mb();
	guest_check(inval_firmware_init(&fw, &ids, &policy) == -INVAL_EOPNOTSUPP);
	script.missing = 0;
	passed++;
}

static void guest_arm(uint32_t cpu)
{
	(void)cpu;
	inval_smccc_ids_init(&ids);
	by_provider();
	none(INVAL_SMCCC_VERSION);
	none(ids.clean_inv | 1ULL << 32);
	none(ids.attrs | 1ULL << 32);
	none(ids.attrs);
}

/* Without discovery, which KVM answers for Arm's range alone: the call and its rule. */
static void guest_sip(uint32_t cpu)
{
	struct inval_smccc_attrs attrs;
	struct inval_smccc_policy policy;
	struct inval_smccc_args args;
	uint32_t i, attempt, delay = 0;
	uint64_t begun;
	int err;

	(void)cpu;
	ids.clean_inv = SIP_CLEAN_INV;
	ids.attrs = SIP_ATTRS;
	inval_smccc_policy_init(&policy);
	inval_smccc_ask_attrs(args.x, &ids);
	guest_check(inval_port_smccc(&args) == 0);
	guest_check(inval_smccc_attrs_read(&attrs, args.x) == 0 && attrs.latency_us == DELAY_US);
	for (i = 0; i < ROWS; i++) {
		begin(&rows[i]);
		begun = inval_port_now_us();
		attempt = 0;
		do {
			if (attempt != 0U)
				inval_port_sleep_us(delay);
			inval_smccc_ask_flush(args.x, &ids, PA, BYTES, false);
			guest_check(inval_port_smccc(&args) == 0);
			err = inval_smccc_retry(&attrs, &policy, args.x[0], ++attempt,
						inval_port_now_us() - begun, &delay);
		} while (err == -INVAL_EAGAIN);
		check_calls(&rows[i], err, begun);
	}
}

/* A machine of its own for each way. */
static uint64_t run(void (*guest)(uint32_t cpu), uint32_t first, uint32_t num)
{
	vm_open(1, guest);
	vmm = (struct script *)vm_guest(&script);
	vm_serve(serve, first, num);
	vm_run(NULL);
	return *(uint64_t *)vm_guest(&passed);
}

int main(void)
{
	vmm_ids.clean_inv = SIP_CLEAN_INV;
	vmm_ids.attrs = SIP_ATTRS;
	vm_check(run(guest_sip, SIP_CLEAN_INV, 2) == ROWS, "identifiers that KVM hands out");
	printf("    # way 1 ran: identifiers of SiP, which KVM hands to the VMM\n");
	vm_close();
	inval_smccc_ids_init(&vmm_ids);
	vm_check(run(guest_arm, 0, 0) == ROWS + 4U, "Arm's own, and discovery");
	printf("    # way 2 ran: Arm's identifiers, by a breakpoint on the HVC\n");
	return vm_end();
}
