/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smp.c - four CPUs produce into the command queue of QEMU's SMMUv3, or of two of them
 * (argument "two"), of 4, 16 and 64 slots:
 * - each batch is complete when its wait returns, and CONS ends where PROD does
 * - CERROR_ILL: each illegal command is told to its CPU, and to no other
 * - CERROR_ABT: one CPU gets the error, the others that the queue is broken; nobody gets
 *   success; after a reset all goes on, and tickets of before are not taken for new ones
 */
#include <inval/queue.h>

#include "vmm.h"

#define CPUS 4U
#define SMMUS 2U
#define ROUNDS 600U
#define CR0 0x20U
#define CR0ACK 0x24U
#define CR0_CMDQEN (1U << 3)
#define PSCI_CPU_ON 0xc4000003ULL
#define NOWHERE_PA 0x200000000ULL
#define BAD_OP 0xffU

uint32_t smp_warnings[16];

uint64_t smp_psci(uint64_t function, uint64_t target, uint64_t entry, uint64_t context);
int smp_cpu(uint64_t cpu);
extern char smp_start[];

struct cpu {
	uint64_t put;		/* commands */
	uint64_t bad;		/* of them, illegal */
	uint64_t told;
	uint64_t broke;		/* calls that broke a queue */
	uint64_t refused;	/* calls that found it broken */
	uint64_t wrong;		/* calls that returned what they must not */
};

static struct inval_queue queue[SMMUS];
static struct cpu cpus[CPUS];
static uint32_t smmus = 1;
static uint64_t base[SMMUS] = { SMMU_BASE, 0 };
static uint64_t *mem[SMMUS], *book[SMMUS];
static uint32_t ready, go, done;
static bool aborts;
static uint32_t passed, failed;

static void cr0_write(uint64_t at, uint32_t value)
{
	write32(at + CR0, value);
	while (read32(at + CR0ACK) != value)
		continue;
}

/* The embedder's part of a reset. */
static void hardware_reset(uint32_t n, uint64_t pa, uint32_t lg2)
{
	cr0_write(base[n], 0);
	write64(base[n] + INVAL_REG_CMDQ_BASE, inval_queue_base(pa, lg2));
	write32(base[n] + INVAL_REG_CMDQ_PROD, 0);
	write32(base[n] + INVAL_REG_CMDQ_CONS, 0);
	write32(base[n] + INVAL_REG_GERRORN, read32(base[n] + INVAL_REG_GERROR));
	dsb();
	cr0_write(base[n], CR0_CMDQEN);
}

static void queue_setup(uint32_t n, uint64_t pa, uint32_t lg2)
{
	struct inval_queue_config cfg;
	struct inval_policy policy;
	struct inval_caps caps;
	struct inval_idregs regs = { 0 };

	regs.idr0 = read32(base[n]);
	regs.idr1 = read32(base[n] + 4U);
	if (inval_caps_read(&caps, &regs) != 0)
		die("the SMMU's ID registers make no sense");
	inval_policy_init(&policy);
	inval_queue_config_init(&cfg, &caps, &policy, INVAL_SEC_NS);
	cfg.base = base[n];
	cfg.mem = mem[n];
	cfg.book = book[n];
	cfg.size_lg2 = lg2;
	cfg.smmu = n;
	cfg.timeout_us = 60000000;	/* a CPU of the host may be away for long */
	hardware_reset(n, pa, lg2);
	if (inval_queue_init(&queue[n], &cfg) != 0)
		die("the queue's configuration makes no sense");
}

static uint32_t dice(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33) % n;
}

static void note(struct cpu *c, int err, bool bad)
{
	c->told += err == -INVAL_EILSEQ;
	c->broke += err == -INVAL_EFAULT;
	c->refused += err == -INVAL_ESHUTDOWN;
	if (aborts ? err != -INVAL_EFAULT && err != -INVAL_ESHUTDOWN :
		     err != (bad ? -INVAL_EILSEQ : 0))
		c->wrong++;
}

/* To all SMMUs, then the waits. */
static void round_of(struct cpu *c, uint32_t number, uint64_t *state)
{
	struct inval_cmd cmds[3];
	struct inval_ticket t[SMMUS];
	bool bad[SMMUS], given[SMMUS];
	uint32_t n, i, num;
	int err;

	for (n = 0; n < smmus; n++) {
		num = 1U + dice(state, 3);
		bad[n] = dice(state, 8) == 0U;
		for (i = 0; i < num; i++)
			(void)inval_cmd_tlbi(&cmds[i], INVAL_OP_TLBI_NH_ASID, (uint16_t)number, 0);
		if (bad[n])
			cmds[dice(state, num)].d0 = BAD_OP;
		inval_queue_ticket_init(&t[n]);
		err = inval_queue_put(&queue[n], cmds, num, true, &t[n]);
		given[n] = err == 0;
		if (err != 0) {
			note(c, err, bad[n]);
			continue;
		}
		c->put += num + 1U;
		c->bad += bad[n];
	}
	for (n = 0; n < smmus; n++) {
		if (given[n])
			note(c, inval_queue_wait(&queue[n], &t[n]), bad[n]);
	}
}

static void produce(uint32_t number, uint32_t seed)
{
	uint64_t state = seed * 16U + number;
	uint32_t i;

	for (i = 0; i < (aborts ? 4U : ROUNDS); i++)
		round_of(&cpus[number], number, &state);
}

static void meet(uint32_t *counter, uint32_t until)
{
	__atomic_fetch_add(counter, 1U, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < until)
		inval_port_relax();
}

static void check(bool holds, const char *what)
{
	passed += holds ? 1U : 0U;
	failed += holds ? 0U : 1U;
	if (!holds)
		say("FAILED: %s\n", what);
}

/* All CPUs at once; the sums, in the first entry. */
static struct cpu run_all(uint32_t round)
{
	struct cpu sum = { 0 };
	uint32_t i;

	for (i = 0; i < CPUS; i++)
		cpus[i] = sum;
	__atomic_store_n(&go, round, __ATOMIC_RELEASE);
	produce(0, round);
	meet(&done, CPUS * round);
	for (i = 0; i < CPUS; i++) {
		sum.put += cpus[i].put;
		sum.bad += cpus[i].bad;
		sum.told += cpus[i].told;
		sum.broke += cpus[i].broke;
		sum.refused += cpus[i].refused;
		sum.wrong += cpus[i].wrong;
		check(aborts || cpus[i].told == cpus[i].bad, "a CPU was told another's error");
	}
	return sum;
}

static void judge(struct cpu sum, const char *what, uint32_t lg2)
{
	uint64_t at = 0;
	uint32_t n;

	say("%u SMMUs, %u slots, %s: %u commands, %u illegal, %u told\n", smmus, 1U << lg2, what,
	    (uint32_t)sum.put, (uint32_t)sum.bad, (uint32_t)sum.told);
	check(sum.wrong == 0U, "a call returned what it must not");
	check(sum.bad != 0U && sum.told == sum.bad, "not all were told");
	for (n = 0; n < smmus; n++) {
		at += queue[n].tail - queue[n].born;
		check(read32(base[n] + INVAL_REG_CMDQ_PROD) ==
		      (read32(base[n] + INVAL_REG_CMDQ_CONS) & 0xfffffU), "CONS is not at PROD");
		check((read32(base[n] + INVAL_REG_CMDQ_PROD) ^ queue[n].tail) %
		      (2ULL << lg2) == 0U, "PROD is not at the tail");
	}
	check(at == sum.put, "slots and commands differ");
}

static void abort_all(uint32_t lg2, uint32_t *round)
{
	struct inval_ticket old;
	struct cpu sum;
	uint32_t n;

	for (n = 0; n < smmus; n++)
		queue_setup(n, NOWHERE_PA, lg2);
	aborts = true;
	sum = run_all(++*round);
	aborts = false;
	say("%u SMMUs, %u slots, not readable: %u broke it, %u refused\n", smmus, 1U << lg2,
	    (uint32_t)sum.broke, (uint32_t)sum.refused);
	check(sum.wrong == 0U && sum.broke == smmus && sum.refused != 0U, "CERROR_ABT");
	check(smp_warnings[INVAL_WARN_QUEUE_BROKEN] == smmus, "warnings");
	smp_warnings[INVAL_WARN_QUEUE_BROKEN] = 0;
	inval_queue_ticket_init(&old);
	old.id = 1;
	old.end = 1;
	for (n = 0; n < smmus; n++) {
		hardware_reset(n, (uint64_t)mem[n], lg2);
		inval_queue_reset(&queue[n]);
		check(inval_queue_wait(&queue[n], &old) == -INVAL_ESHUTDOWN, "an old ticket");
	}
	judge(run_all(++*round), "after the reset", lg2);
}

static int smp_main(void)
{
	uint32_t i, n, lg2, round = 0;

	if (argument("two")) {
		smmus = 2;
		base[0] = 0x0c000000;
		base[1] = 0x0c020000;
	}
	for (n = 0; n < smmus; n++) {
		mem[n] = alloc(16U << 6, 16U << 6);
		book[n] = alloc(inval_queue_book_bytes(6), 8);
	}
	for (i = 1; i < CPUS; i++) {
		if (smp_psci(PSCI_CPU_ON, i, (uint64_t)smp_start, i) != 0U)
			die("PSCI does not start a CPU");
	}
	meet(&ready, CPUS);
	for (lg2 = 2; lg2 <= 6U; lg2 += 2U) {
		for (n = 0; n < smmus; n++)
			queue_setup(n, (uint64_t)mem[n], lg2);
		judge(run_all(++round), "producing", lg2);
		abort_all(lg2, &round);
	}
	say("%u passed, %u failed\n", passed, failed);
	return failed == 0U && passed != 0U ? 0 : 1;
}

/* CPU 0 leads; the others run each round with it. */
int smp_cpu(uint64_t cpu)
{
	uint32_t round = 0;

	if (cpu == 0U)
		return smp_main();
	meet(&ready, CPUS);
	for (;;) {
		while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) == round)
			inval_port_relax();
		produce((uint32_t)cpu, ++round);
		__atomic_fetch_add(&done, 1U, __ATOMIC_ACQ_REL);
	}
}
