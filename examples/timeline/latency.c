/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * latency.c - how long a flush takes on SMMUs that need 50 ns a command, 1 us a SYNC, and
 * 10 us more when ATC_INVs are before it; by a clock of its own, so the same on every run.
 * The CPU takes no time: what is shown is what there is to gain, not all of it is got.
 *
 *	latency SMMUS ROOM [EVENTS]  an array over SMMUS, waits for ROOM of them at a time (1:
 *				each is waited for before the next one is given anything);
 *				a recorder for so many EVENTS
 *
 * Prints the library's own trace (recorder.h); the last line is "total NS".
 */
#include <stdarg.h>

#include <inval.h>

#define MOST 64U
#define ATS_EACH 16U
#define CMD_NS 50U
#define SYNC_NS 1000U
#define ATC_NS 10000U
#define SLOTS_LG2 6U
#define RECORDS (8U * MOST)

/* An SMMU; it has what its PROD says, and is done with that at @done. */
struct model {
	struct inval_smmu smmu;
	struct inval_queue queue;
	uint64_t mem[2U << SLOTS_LG2];
	uint64_t book[2U << SLOTS_LG2];
	uint32_t prod;
	uint64_t done;
	bool atc;		/* an ATC_INV since its last SYNC */
};

static struct model models[MOST];

static void step(struct model *m, uint64_t op)
{
	m->done = (m->done > model_now ? m->done : model_now) + CMD_NS;
	m->atc = m->atc || op == INVAL_OP_ATC_INV;
	if (op != INVAL_OP_SYNC)
		return;
	m->done += SYNC_NS - CMD_NS + (m->atc ? ATC_NS : 0U);
	m->atc = false;
}

/* Who reads CONS polls it: that takes until all is done. */
static uint32_t model_read(struct model *m, uint32_t offset)
{
	if (offset != INVAL_REG_CMDQ_CONS)
		return 0;
	if (m->done > model_now)
		model_now = m->done;
	return m->prod;
}

static void model_write(struct model *m, uint32_t offset, uint32_t v)
{
	const uint32_t wrap = (2U << SLOTS_LG2) - 1U;

	if (offset != INVAL_REG_CMDQ_PROD)
		return;
	for (; m->prod != v; m->prod = (m->prod + 1U) & wrap)
		step(m, inval_cmd_load(&m->mem[2U * (m->prod & wrap / 2U)]).d0 & 0xffU);
}

static int model_start(struct model *m, uint32_t number)
{
	struct inval_queue_config cfg;

	m->smmu.number = number;
	m->smmu.queue = &m->queue;
	inval_policy_init(&m->smmu.policy);
	inval_queue_config_init(&cfg, &m->smmu.caps, &m->smmu.policy, INVAL_SEC_NS);
	cfg.base = m;
	cfg.mem = m->mem;
	cfg.book = m->book;
	cfg.size_lg2 = SLOTS_LG2;
	cfg.coherent = true;
	cfg.smmu = number;
	return inval_queue_init(&m->queue, &cfg);
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

static void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

int main(int argc, char **argv)
{
	static struct record records[RECORDS];
	static struct inval_smmu *smmus[MOST];
	static struct inval_flush_wait waits[MOST];
	static struct inval_cmd batch[64];
	struct inval_flush f = { smmus, MOST, batch, 64, waits, MOST, NULL, 0, 0, false };
	const struct inval_range_req page = { 0x1234000, 4096, 12, 12, true, false };
	uint32_t i, num = argc > 1 ? (uint32_t)atoi(argv[1]) : 0U;
	struct inval_array *a = num - 1U < MOST ? array(num) : NULL;

	f.wait_num = argc > 2 ? (uint32_t)atoi(argv[2]) : 0U;
	model_trace.records = records;
	model_trace.room = argc > 3 ? (uint32_t)atoi(argv[3]) : RECORDS;
	if (a == NULL || f.wait_num - 1U >= MOST || model_trace.room > RECORDS)
		return 2;
	for (i = 0; i < num; i++) {
		if (model_start(&models[i], i) != 0)
			return 1;
		smmus[i] = &models[i].smmu;
	}
	if (inval_flush_array(a, &page, &f) != 0)
		return 1;
	recorder_write(&model_trace, print);
	printf("total %llu\n", (unsigned long long)model_now);
	free(a);
	return 0;
}
