/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vmm.h on inval/guestq.h. Registers are written by one thread at a time, read by any;
 * whoever comes works on the queue unless somebody does; so a write may fall into the
 * work of another vCPU. A move keeps all of them out.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <inval/guestq.h>

#include "rules/rules.h"
#include "vmm.h"

static pthread_rwlock_t moving = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t working = PTHREAD_MUTEX_INITIALIZER;
static struct vmm_ops ops;
static const unsigned char *guest_mem;
static uint64_t guest_pa;

static struct rules_env env;
static struct inval_smmu smmu;
static struct inval_guest guest;
static struct inval_guest_stream stream[VMM_STREAMS];
static struct inval_guest_map map = { stream, VMM_STREAMS };
static struct inval_guestq queue;
static struct inval_cmd batch[16], given[64];
static uint32_t at[16], given_num;
static uint32_t fetches;

static uint64_t accesses, commands, emulated, moves;
static const char *wrong;

static void fault(const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&wrong, &none, what, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int fetch(void *ctx, uint64_t ipa, uint64_t *mem)
{
	uint64_t offset = ipa - guest_pa;
	uint32_t i;

	(void)ctx;
	if (++fetches > VMM_BUDGET)
		fault("more commands are looked at than the budget says");
	if (offset > VMM_BYTES - 16U || (ops.absent != NULL && ops.absent()))
		return -INVAL_EFAULT;
	for (i = 0; i < 2U; i++)
		mem[i] = __atomic_load_n((const uint64_t *)(const void *)(guest_mem + offset) + i,
					 __ATOMIC_RELAXED);
	return 0;
}

static bool names_stream(uint64_t op)
{
	return op == INVAL_OP_CFGI_CD || op == INVAL_OP_CFGI_CD_ALL || op == INVAL_OP_ATC_INV ||
	       op == INVAL_OP_CFGI_STE;
}

/* Does the guest have a right to this command? */
static void judge(struct inval_cmd cmd)
{
	uint64_t op = cmd.d0 & 0xffU;

	if (rules_violated(&env, cmd.d0, cmd.d1) != 0U)
		fault("an illegal command reaches the SMMU");
	if (names_stream(op)) {
		if ((cmd.d0 >> 32) - VMM_SID(0) >= VMM_STREAMS)
			fault("a StreamID that is not the guest's");
	} else if ((cmd.d0 >> 32 & 0xffffU) != VMM_VMID) {
		fault("a VMID that is not the guest's");
	}
}

static int issue(struct inval_smmu *s, const struct inval_cmd *cmds, uint32_t num, bool sync,
		 struct inval_ticket *t)
{
	uint32_t i;

	(void)s;
	(void)t;
	if (!sync)
		fault("commands without a SYNC");
	for (i = 0; i < num; i++) {
		judge(cmds[i]);
		given[given_num++ % 64U] = cmds[i];
	}
	return 0;
}

/* All take effect; the first that does not, is the answer. */
static int wait(struct inval_smmu *s, const struct inval_ticket *t)
{
	int err = 0, one;
	uint32_t i;

	(void)s;
	(void)t;
	for (i = 0; i < given_num; i++) {
		one = ops.effect(given[i].d0, given[i].d1);
		err = err != 0 ? err : one;
		commands++;
	}
	given_num = 0;
	return err;
}

static int emulate(void *ctx, struct inval_cmd in, const struct inval_guest_result *res)
{
	(void)ctx;
	(void)res;
	emulated++;
	return ops.emulate != NULL ? ops.emulate(in.d0, in.d1) : 0;
}

/* A fresh queue; nothing of the guest's is known. */
static void init_queue(void)
{
	struct inval_guestq_config cfg = { 0 };

	cfg.guest = &guest;
	cfg.streams = &map;
	cfg.smmu = &smmu;
	cfg.batch = batch;
	cfg.at = at;
	cfg.batch_num = 16;
	memset(&queue, 0xee, sizeof(queue));
	if (inval_guestq_init(&queue, &cfg) != 0)
		fault("inval_guestq_init() failed");
}

void vmm_open(const struct vmm_ops *o, const void *mem)
{
	static const uint32_t shown[5] = VMM_IDS;
	struct inval_idregs regs = { 0 };
	struct inval_guest_policy policy;
	struct inval_caps caps;
	uint32_t i;
	int err;

	ops = *o;
	guest_mem = (const unsigned char *)vm_guest(mem);
	guest_pa = vm_guest_pa(mem);
	for (i = 0; i < VMM_STREAMS; i++) {
		stream[i].vsid = VMM_VSID(i);
		stream[i].sid = VMM_SID(i);
		stream[i].ats = i % 2U == 1U;
		stream[i].stu_lg2 = 12;
	}
	regs.aidr = shown[0];
	regs.idr0 = shown[1];
	regs.idr1 = shown[2];
	regs.idr3 = shown[3];
	regs.idr5 = shown[4];
	err = inval_caps_read(&caps, &regs);
	/* Ours has stage 2, and VMIDs of 16 bits, besides. */
	regs.idr0 |= 1U | 1U << 18;
	err = err != 0 ? err : inval_caps_read(&smmu.caps, &regs);
	env.aidr = regs.aidr;
	env.idr0 = regs.idr0;
	env.idr1 = regs.idr1;
	env.idr3 = regs.idr3;
	env.idr5 = regs.idr5;
	env.sec = RULES_NS;
	inval_guest_policy_stage1(&policy);
	err = err != 0 ? err : inval_guest_init(&guest, &smmu.caps, &caps, &policy, VMM_VMID);
	if (err != 0 || inval_guest_map_check(&map, &smmu.caps) != 0)
		fault("the guest cannot be vetted");
	init_queue();
}

/* The state goes where nothing else does. */
static void move(void)
{
	struct inval_guestq_state state;

	pthread_rwlock_wrlock(&moving);
	inval_guestq_save(&queue, &state);
	init_queue();
	if (inval_guestq_load(&queue, &state) != 0)
		fault("a saved state is refused");
	moves++;
	pthread_rwlock_unlock(&moving);
}

/* One budget. If somebody is at it, that one looks again, or who polls does. */
static void work(void)
{
	struct inval_guestq_report rep;

	if (pthread_mutex_trylock(&working) != 0)
		return;
	fetches = 0;
	if (inval_guestq_run(&queue, VMM_BUDGET, &rep, fetch, inval_guest_map_find, emulate, issue,
			     wait) < 0 && ops.absent == NULL)
		fault("our own queue is in trouble");
	if (rep.consumed > VMM_BUDGET)
		fault("more is consumed than the budget says");
	pthread_mutex_unlock(&working);
}

void vmm_mmio(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write, uint64_t *value)
{
	int ret;

	(void)cpu;
	pthread_rwlock_rdlock(&moving);
	if (write) {
		pthread_mutex_lock(&writing);
		ret = inval_guestq_write(&queue, offset, *value, bytes);
		pthread_mutex_unlock(&writing);
		if (ret == INVAL_GUESTQ_MORE)
			work();
	} else {
		if (offset == INVAL_REG_CMDQ_CONS || offset == INVAL_REG_CR0ACK)
			work();
		*value = 0;
		(void)inval_guestq_read(&queue, offset, bytes, value);
	}
	pthread_rwlock_unlock(&moving);
	if (__atomic_fetch_add(&accesses, 1U, __ATOMIC_RELAXED) % 4U == 0U)
		sched_yield();
	if (ops.move_every != 0U && accesses % ops.move_every == 0U)
		move();
}

void vmm_check(void)
{
	printf("    # %llu accesses, %llu commands forwarded, %llu emulated, %llu moves\n",
	       (unsigned long long)accesses, (unsigned long long)commands,
	       (unsigned long long)emulated, (unsigned long long)moves);
	if (wrong != NULL)
		printf("    # wrong: %s\n", wrong);
	vm_check(wrong == NULL && vmm_warns == 0U,
		 "what reaches the SMMU is legal, the guest's own, and within the budget");
}
