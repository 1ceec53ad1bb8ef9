/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * latency.c - how long a flush takes on SMMUs that need 50 ns a command, 1 us a SYNC, and
 * 10 us more when ATC_INVs are before it; by a clock of its own, so the same on every run.
 * The CPU takes no time: what is shown is what there is to gain, not all of it is got.
 *
 *	latency SMMUS ROOM	an array over SMMUS, waits for ROOM of them at a time (1: each
 *				is waited for before the next one is given anything)
 *
 * Prints a trace: "SMMU KIND BEGIN END", in ns; the last line is "total NS".
 */
#include <stdio.h>
#include <stdlib.h>

#include <inval.h>

#define MOST 64U
#define ATS_EACH 16U
#define CMD_NS 50U
#define SYNC_NS 1000U
#define ATC_NS 10000U

static struct model {
	struct inval_smmu smmu;
	uint64_t done;		/* when all it was given is complete */
	bool atc;		/* an ATC_INV since its last SYNC */
} models[MOST];
static uint64_t now;

static void trace(const struct model *m, const char *kind, uint64_t begin, uint64_t end)
{
	if (end != begin)
		printf("%u %s %llu %llu\n", m->smmu.number, kind, (unsigned long long)begin,
		       (unsigned long long)end);
}

/* One command behind those that the SMMU has; it takes them from the CPU's time on. */
static void step(struct model *m, uint64_t op)
{
	uint64_t begin = m->done > now ? m->done : now;

	if (op == INVAL_OP_SYNC) {
		m->done = begin + SYNC_NS + (m->atc ? ATC_NS : 0U);
		trace(m, m->atc ? "SYNC_ATC" : "SYNC", begin, m->done);
		m->atc = false;
		return;
	}
	m->done = begin + CMD_NS;
	m->atc = m->atc || op == INVAL_OP_ATC_INV;
	trace(m, op == INVAL_OP_ATC_INV ? "ATC_INV" : "TLBI", begin, m->done);
}

static int issue(struct inval_smmu *smmu, const struct inval_cmd *cmds, uint32_t num, bool sync,
		 struct inval_ticket *ticket)
{
	struct model *m = (struct model *)smmu->priv;
	uint32_t i;

	(void)ticket;
	for (i = 0; i < num; i++)
		step(m, cmds[i].d0 & 0xffU);
	if (sync)
		step(m, INVAL_OP_SYNC);
	return 0;
}

static int wait(struct inval_smmu *smmu, const struct inval_ticket *ticket)
{
	struct model *m = (struct model *)smmu->priv;

	(void)ticket;
	if (m->done > now) {
		trace(m, "wait", now, m->done);
		now = m->done;
	}
	return 0;
}

/* An ASID on each SMMU, and devices with ATS behind it. */
static struct inval_array *array(uint32_t smmu_num)
{
	static struct inval_entry list[MOST * (ATS_EACH + 1U)];
	uint32_t i, j, n = 0;
	struct inval_array *a;
	uint64_t bytes;
	void *mem;

	for (i = 0; i < smmu_num; i++) {
		if (inval_entry_s1(&list[n++], i, 0, 7, false) != 0)
			return NULL;
		for (j = 0; j < ATS_EACH; j++)
			if (inval_entry_ats(&list[n++], i, j * 8U, false, 0, 12) != 0)
				return NULL;
	}
	bytes = inval_array_merge_bytes(NULL, n);
	mem = malloc((size_t)bytes);
	if (mem == NULL || inval_entries_sort(list, &n) != 0 ||
	    inval_array_merge(&a, mem, bytes, NULL, list, n) != 0)
		return NULL;
	return a;
}

int main(int argc, char **argv)
{
	static struct inval_smmu *smmus[MOST];
	static struct inval_flush_wait waits[MOST];
	static struct inval_cmd batch[64];
	struct inval_flush f = { smmus, MOST, batch, 64, waits, MOST, NULL, 0, 0, false };
	const struct inval_range_req page = { 0x1234000, 4096, 12, 12, true, false };
	uint32_t i, num = argc > 1 ? (uint32_t)atoi(argv[1]) : 0U;
	struct inval_array *a = num - 1U < MOST ? array(num) : NULL;

	f.wait_num = argc > 2 ? (uint32_t)atoi(argv[2]) : 0U;
	if (a == NULL || f.wait_num - 1U >= MOST)
		return 2;
	for (i = 0; i < num; i++) {
		models[i].smmu.number = i;
		models[i].smmu.priv = &models[i];
		inval_policy_init(&models[i].smmu.policy);
		smmus[i] = &models[i].smmu;
	}
	if (inval_flush_walk_array(a, &page, &f, issue, wait) != 0)
		return 1;
	printf("total %llu\n", (unsigned long long)now);
	free(a);
	return 0;
}
