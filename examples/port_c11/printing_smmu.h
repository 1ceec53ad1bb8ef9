/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * printing_smmu.h - an SMMU to try the library without one: a thread that prints
 * the commands in its queue and has nothing to forget. For port_c11.
 */
#ifndef PRINTING_SMMU
#define PRINTING_SMMU

#include <inval.h>

#define PRINTING_SMMU_LG2 4

struct printing_smmu {
	uint32_t regs[64];
	uint64_t slots[2 << PRINTING_SMMU_LG2];
	uint64_t book[2 << PRINTING_SMMU_LG2];
	struct inval_queue queue;
	struct inval_smmu smmu;
	pthread_t thread;
};

/* PROD and CONS: the slot, and above it the lap in one bit. */
static void *printing_smmu_consume(void *arg)
{
	struct printing_smmu *p = (struct printing_smmu *)arg;
	uint32_t pos, slots = 1U << PRINTING_SMMU_LG2;
	char line[160];

	for (pos = 0;; pos = (pos + 1) % (2 * slots)) {
		__atomic_store_n(&p->regs[INVAL_REG_CMDQ_CONS / 4], pos, __ATOMIC_RELEASE);
		while (__atomic_load_n(&p->regs[INVAL_REG_CMDQ_PROD / 4], __ATOMIC_ACQUIRE) == pos)
			sched_yield();
		inval_text_cmd(line, sizeof(line), inval_cmd_load(&p->slots[2 * (pos % slots)]));
		printf("  %s\n", line);
	}
	return NULL;
}

/* SMMU number 0, with stages 1 and 2, ATS and range invalidation; 0 or an error. */
static int printing_smmu_start(struct printing_smmu *p)
{
	const struct inval_idregs id = { 0, 0x40413, 0x800010, 0x400, 0x15, 0, 0, 0, 0, 0, 0,
					 false, false };
	struct inval_queue_config config;
	int err = inval_caps_read(&p->smmu.caps, &id);

	inval_policy_init(&p->smmu.policy);
	inval_queue_config_init(&config, &p->smmu.caps, &p->smmu.policy, INVAL_SEC_NS);
	config.base = (inval_mmio)(void *)p->regs;
	config.mem = p->slots;
	config.book = p->book;
	config.size_lg2 = PRINTING_SMMU_LG2;
	p->smmu.queue = &p->queue;
	if (err == 0)
		err = inval_queue_init(&p->queue, &config);
	return err != 0 ? err : pthread_create(&p->thread, NULL, printing_smmu_consume, p);
}

#endif /* PRINTING_SMMU */
