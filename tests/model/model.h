/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tests/model - a strict SMMU: the judge for order, SYNCs and legality.
 *
 * It shares nothing with the library: registers, commands and errors are as IHI
 * 0070 says, legality is what tests/rules says. Where the document leaves an SMMU
 * free, the model uses that freedom, chosen by a seed: what only works by luck
 * fails here. What software must not do is a fault, with a sentence.
 *
 *	model.h		the environment, faults, chance (this file)
 *	memory.h	memory as the SMMU sees it: barriers, cache maintenance
 *	queue.h		registers and a command queue
 *	machine.h	both behind the recording port
 *	cpus.h		CPUs of the recording port that run in turns, and all turns
 *	world.h		what SMMUs and devices remember of tables in memory: TLBs, ATCs,
 *			configuration; stale translations, tags, fences
 *	schedule.h	CPUs that do with domains what a hypervisor does, by chance
 *
 * queue.h uses no hook, so a thread of its own can step it, too. A test takes as
 * much as it needs, from the top: a queue alone (tests/stress), a queue behind hooks
 * (test_queue.c), with the rest of an SMMU behind it (world_open(), test_model.c).
 */
#ifndef MODEL_GUARD
#define MODEL_GUARD

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../rules/rules.h"

/**
 * struct model - what all parts of one SMMU share
 * @env: ID registers, CR2.E2H and security state, for the rules
 * @state: of the chance; any start value
 * @faults: what software did wrong, how often
 * @fault: the first of them
 */
struct model {
	struct rules_env env;
	uint64_t state;
	uint32_t faults;
	const char *fault;
};

/* Software did what it must not. By any thread. */
static inline void model_fault(struct model *m, const char *what)
{
	if (__atomic_fetch_add(&m->faults, 1U, __ATOMIC_SEQ_CST) == 0U)
		m->fault = what;
}

/* 0 to @n - 1 (splitmix64). */
static inline uint32_t model_chance(struct model *m, uint32_t n)
{
	uint64_t z = (m->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

/* An SMMUv3.4, Non-secure queue, with everything but RME, MPAM and DPT. */
static inline void model_init(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->state = seed;
	m->fault = "none";
	m->env.aidr = 0x4;
	m->env.idr0 = 0x00057603;	/* VMID16 PRI SEV MSI ASID16 ATS Hyp S1P S2P */
	m->env.idr1 = 0x00000520;	/* SSIDSIZE 20, SIDSIZE 32 */
	m->env.idr3 = 0x00000400;	/* RIL */
	m->env.idr5 = 0x00000075;	/* 64K 16K 4K, 48-bit OAS */
	m->env.e2h = true;
	m->env.sec = RULES_NS;
}

#endif /* MODEL_GUARD */
