/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_selftest.h - does this port keep the promises of inval/port.h, and does the
 * library work on it? For an embedder to call once at boot, on its own port.
 *
 *	static struct inval_selftest st;
 *	uint32_t line = inval_selftest_run(&st, regs, words);  0, or the line here that failed
 *
 * @words is 64 words of ordinary memory, @regs the same memory as the port's device
 * hooks reach it: a queue of the library works on it, with this test as its SMMU.
 *
 * With a second CPU both call inval_selftest_cpu(&st, me), me being 0 and 1, at the same
 * time, after inval_selftest_run() has returned 0. Who waits 10 s for the other has failed.
 *
 * No libc, no allocation; some 3 KB of the caller's. May sleep where read_sync may.
 */
#ifndef INVAL_SELFTEST_H
#define INVAL_SELFTEST_H

#include <inval/array.h>
#include <inval/cmd.h>
#include <inval/queue.h>

INVAL_BEGIN

INVAL_PORT_USES_ORDER(selftest)
INVAL_PORT_USES_READ(selftest)
INVAL_PORT_USES_CPU(selftest)
INVAL_PORT_USES_TIME(selftest)

#define INVAL_SELFTEST_ROUNDS	5000U
#define INVAL_SELFTEST_LG2	4U
#define INVAL_SELFTEST_WORDS	64U

/**
 * struct inval_selftest - memory of the test; the caller's
 * @word: for the order hooks
 * @word32: likewise
 * @turn: the round that each of two CPUs is in
 * @x: what each stores
 * @seen: what each saw of the other
 * @told: the round that each has been through
 * @sum: counted up by both
 * @read: a read side
 * @slot: a published pointer
 * @array: memory of two arrays
 * @mem: slots of a queue
 * @book: the queue's own
 * @q: the queue
 */
struct inval_selftest {
	uint64_t word;
	uint32_t word32;
	uint64_t turn[2];
	uint64_t x[2];
	uint64_t seen[2];
	uint64_t told[2];
	uint64_t sum;
	inval_read_ctx read;
	inval_slot slot;
	uint64_t array[2][32];
	uint64_t mem[2U << INVAL_SELFTEST_LG2];
	uint64_t book[2U << INVAL_SELFTEST_LG2];
	struct inval_queue q;
};

#define INVAL_SELFTEST(cond) \
	do { \
		if (!(cond)) \
			return __LINE__; \
	} while (0)

/* Loads, stores and exchanges of one CPU. */
static inline uint32_t inval_selftest_order(struct inval_selftest *t)
{
	const uint64_t a = 0x0123456789abcdefULL, b = 0xfedcba9876543210ULL;

	inval_port_store64(&t->word, a);
	INVAL_SELFTEST(inval_port_load64(&t->word) == a);
	inval_port_store_release64(&t->word, b);
	INVAL_SELFTEST(inval_port_load_acquire64(&t->word) == b);
	INVAL_SELFTEST(inval_port_cmpxchg64(&t->word, b, a) == b);
	INVAL_SELFTEST(inval_port_load64(&t->word) == a);
	INVAL_SELFTEST(inval_port_cmpxchg64(&t->word, b, 0) == a);
	INVAL_SELFTEST(inval_port_load64(&t->word) == a);
	/* All 64 bits are compared, and all are exchanged. */
	INVAL_SELFTEST(inval_port_cmpxchg64(&t->word, a ^ (1ULL << 63), 0) == a);
	INVAL_SELFTEST(inval_port_cmpxchg64(&t->word, a ^ 1U, 0) == a);
	INVAL_SELFTEST(inval_port_xchg64(&t->word, b) == a);
	INVAL_SELFTEST(inval_port_load64(&t->word) == b);
	inval_port_store32(&t->word32, 0x89abcdefU);
	INVAL_SELFTEST(inval_port_load32(&t->word32) == 0x89abcdefU);
	inval_port_mb();
	inval_port_dma_wmb();
	inval_port_dma_mb();
	INVAL_SELFTEST(inval_port_load64(&t->word) == b);
	return 0;
}

/* Interrupt states nest: the inner restore leaves them as the outer save made them. */
static inline uint32_t inval_selftest_cpu_hooks(void)
{
	unsigned long outer = inval_port_irq_save(), inner = inval_port_irq_save(), again;
	uint32_t cpu = inval_port_cpu();
	bool same = inval_port_cpu() == cpu;

	inval_port_irq_restore(inner);
	again = inval_port_irq_save();
	same = same && inval_port_cpu() == cpu;
	inval_port_irq_restore(again);
	inval_port_irq_restore(outer);
	INVAL_SELFTEST(same);
	return 0;
}

/* The clock moves, does not go back, and the waits end. */
static inline uint32_t inval_selftest_time(void)
{
	uint64_t first = inval_port_now_us(), last = first, now;
	uint32_t i;

	for (i = 0; i < 1000U; i++) {
		now = inval_port_now_us();
		INVAL_SELFTEST(now >= last);
		last = now;
	}
	inval_port_spin_us(20);
	now = inval_port_now_us();
	INVAL_SELFTEST(now >= last + 19U);
	inval_port_relax();
	inval_port_wait_event(100);
	inval_port_wait_event(0);
	for (i = 0; i < 10U; i++)
		inval_port_wait_event(100);
	now = inval_port_now_us();
	INVAL_SELFTEST(now >= last && now - last < 60U * 1000U * 1000U);
	return 0;
}

/* Sections nest; what is published is found; a wait without sections returns. */
static inline uint32_t inval_selftest_read(struct inval_selftest *t)
{
	unsigned long outer, inner;
	void *none, *nested, *found;

	inval_port_read_init(&t->read);
	inval_port_slot_store(&t->slot, NULL);
	outer = inval_port_read_begin(&t->read);
	none = inval_port_slot_load(&t->slot);
	inval_port_read_end(&t->read, outer);
	inval_port_slot_store(&t->slot, &t->word);
	INVAL_SELFTEST(inval_port_slot_owned(&t->slot) == (void *)&t->word);
	outer = inval_port_read_begin(&t->read);
	inner = inval_port_read_begin(&t->read);
	nested = inval_port_slot_load(&t->slot);
	inval_port_read_end(&t->read, inner);
	found = inval_port_slot_load(&t->slot);
	inval_port_read_end(&t->read, outer);
	inval_port_read_sync(&t->read);
	INVAL_SELFTEST(none == NULL && nested == (void *)&t->word && found == nested);
	inval_port_slot_store(&t->slot, NULL);
	inval_port_read_sync(&t->read);
	inval_port_read_fini(&t->read);
	return 0;
}

/* Words of IHI 0070, chapter 4, as the compiler of this port makes them. */
static inline uint32_t inval_selftest_words(void)
{
	const unsigned char *byte;
	struct inval_cmd cmd;
	uint64_t mem[2];

	INVAL_SELFTEST(inval_cmd_tlbi_addr(&cmd, INVAL_OP_TLBI_NH_VA, 5, 7, 0x600000, true) == 0);
	INVAL_SELFTEST(cmd.d0 == 0x0007000500000012ULL && cmd.d1 == 0x600001U);
	INVAL_SELFTEST(inval_cmd_tlbi(&cmd, INVAL_OP_TLBI_S12_VMALL, 0xffff, 0) == 0);
	INVAL_SELFTEST(cmd.d0 == 0x0000ffff00000028ULL && cmd.d1 == 0U);
	INVAL_SELFTEST(inval_cmd_atc_inv(&cmd, 0x42, true, 3, false, 0, INVAL_CMD_ATC_ALL) == 0);
	INVAL_SELFTEST(cmd.d0 == 0x0000004200003840ULL && cmd.d1 == 52U);
	INVAL_SELFTEST(inval_cmd_atc_inv(&cmd, 0, false, 3, false, 0, 0) == -INVAL_ERANGE);
	INVAL_SELFTEST(inval_cmd_cfgi_cd(&cmd, false, 0x89abcdef, 0xfffff, true) == 0);
	INVAL_SELFTEST(cmd.d0 == 0x89abcdeffffff005ULL && cmd.d1 == 1U);
	inval_cmd_store(mem, cmd);
	byte = (const unsigned char *)mem;
	INVAL_SELFTEST(byte[0] == 0x05U && byte[7] == 0x89U && byte[8] == 1U);
	cmd = inval_cmd_load(mem);
	INVAL_SELFTEST(cmd.d0 == 0x89abcdeffffff005ULL && cmd.d1 == 1U);
	return 0;
}

/* Four tags in, a second user of one of them, all out again. */
static inline uint32_t inval_selftest_arrays(struct inval_selftest *t)
{
	struct inval_entry add[4], one[1];
	struct inval_array *a, *b;
	struct inval_unref left;
	uint32_t num = 4, i;

	for (i = 0; i < num; i++)
		INVAL_SELFTEST(inval_entry_s1(&add[i], 3U - i, 0, (uint16_t)(100U - i), false) == 0);
	one[0] = add[1];
	INVAL_SELFTEST(inval_entries_sort(add, &num) == 0 && num == 4U);
	INVAL_SELFTEST(inval_array_merge_bytes(NULL, num) <= sizeof(t->array[0]));
	INVAL_SELFTEST(inval_array_merge(&a, t->array[0], sizeof(t->array[0]), NULL, add, num) == 0);
	INVAL_SELFTEST(a->num == 4U && inval_array_live(a) == 4U);
	for (i = 0; i < num; i++)
		INVAL_SELFTEST(inval_entry_smmu(&inval_array_at(a)[i]) == i);
	INVAL_SELFTEST(inval_array_ref(a, one, 1) == 0 && inval_array_at(a)[2].users == 2U);
	inval_array_unref(a, add, num, &left);
	INVAL_SELFTEST(left.tags == 3U && left.ats == 0U && left.unknown == 0U);
	INVAL_SELFTEST(inval_array_live(a) == 1U);
	INVAL_SELFTEST(inval_array_purge(&b, t->array[1], sizeof(t->array[1]), a) == 0);
	INVAL_SELFTEST(b->num == 1U && inval_array_at(b)[0].key == one[0].key);
	inval_array_unref(b, one, 1, &left);
	INVAL_SELFTEST(left.tags == 1U && inval_array_live(b) == 0U);
	return 0;
}

/*
 * The device hooks reach the words, at their offsets. All bytes of a word alike: their
 * order is the hooks'.
 */
static inline uint32_t inval_selftest_regs(inval_mmio regs, uint32_t *words)
{
	uint32_t *prod = &words[INVAL_REG_CMDQ_PROD / 4U], *cons = &words[INVAL_REG_CMDQ_CONS / 4U];
	uint32_t i;

	for (i = 0; i < INVAL_SELFTEST_WORDS; i++)
		inval_port_store32(&words[i], 0);
	inval_port_mmio_write32(regs, INVAL_REG_CMDQ_PROD, 0x5a5a5a5aU);
	INVAL_SELFTEST(inval_port_load32(prod) == 0x5a5a5a5aU);
	inval_port_store32(cons, 0x3c3c3c3cU);
	INVAL_SELFTEST(inval_port_mmio_read32(regs, INVAL_REG_CMDQ_CONS) == 0x3c3c3c3cU);
	inval_port_store32(prod, 0);
	inval_port_store32(cons, 0);
	return 0;
}

/* A queue over more than a lap: each batch read as an SMMU would, then consumed. */
static inline uint32_t inval_selftest_queue(struct inval_selftest *t, inval_mmio regs)
{
	const uint32_t mask = (2U << INVAL_SELFTEST_LG2) - 1U;
	struct inval_queue_config cfg;
	struct inval_ticket ticket;
	struct inval_cmd cmd, got;
	uint32_t i, pos = 0;

	cfg.base = regs;
	cfg.mem = t->mem;
	cfg.book = t->book;
	cfg.size_lg2 = INVAL_SELFTEST_LG2;
	cfg.smmu = 0;
	cfg.timeout_us = 1000000;
	cfg.abort_max = 0;
	cfg.coherent = true;
	cfg.kind = INVAL_QUEUE_CMDQ;
	cfg.sync = INVAL_SYNC_POLL;
	cfg.msi = NULL;
	cfg.msi_pa = 0;
	cfg.accept[0] = 0;
	cfg.accept[1] = 0;
	cfg.sync_each = false;
	cfg.twice = false;
	INVAL_SELFTEST(inval_queue_init(&t->q, &cfg) == 0);
	for (i = 0; i < 3U << INVAL_SELFTEST_LG2; i++) {
		INVAL_SELFTEST(inval_cmd_tlbi(&cmd, INVAL_OP_TLBI_NH_ASID, 1, (uint16_t)i) == 0);
		inval_queue_ticket_init(&ticket);
		INVAL_SELFTEST(inval_queue_put(&t->q, &cmd, 1, true, &ticket) == 0);
		got = inval_cmd_load(&t->mem[2U * (pos & (mask >> 1))]);
		INVAL_SELFTEST(got.d0 == cmd.d0 && got.d1 == cmd.d1);
		got = inval_cmd_load(&t->mem[2U * ((pos + 1U) & (mask >> 1))]);
		INVAL_SELFTEST(got.d0 == (uint64_t)INVAL_OP_SYNC && got.d1 == 0U);
		pos = (pos + 2U) & mask;
		INVAL_SELFTEST(inval_port_mmio_read32(regs, INVAL_REG_CMDQ_PROD) == pos);
		inval_port_mmio_write32(regs, INVAL_REG_CMDQ_CONS, pos);
		INVAL_SELFTEST(inval_queue_wait(&t->q, &ticket) == 0);
	}
	return 0;
}

/**
 * inval_selftest_run() - all that one CPU can find out
 * @t: the caller's; any contents
 * @regs: a register block that is ordinary memory
 * @words: that memory, 64 words, as this CPU reaches it
 *
 * Context: as inval_port_read_sync(); one call at a time for one @t.
 * Return: 0, or the line of this file with the promise that was not kept.
 */
static inline uint32_t inval_selftest_run(struct inval_selftest *t, inval_mmio regs,
					  uint32_t *words)
{
	uint32_t line = inval_selftest_order(t), i;

	if (line == 0U)
		line = inval_selftest_cpu_hooks();
	if (line == 0U)
		line = inval_selftest_time();
	if (line == 0U)
		line = inval_selftest_read(t);
	if (line == 0U)
		line = inval_selftest_words();
	if (line == 0U)
		line = inval_selftest_arrays(t);
	if (line == 0U)
		line = inval_selftest_regs(regs, words);
	if (line == 0U)
		line = inval_selftest_queue(t, regs);
	for (i = 0; i < 2U; i++) {
		inval_port_store64(&t->turn[i], 0);
		inval_port_store64(&t->x[i], 0);
		inval_port_store64(&t->seen[i], 0);
		inval_port_store64(&t->told[i], 0);
	}
	inval_port_store64(&t->sum, 0);
	return line;
}

/* Both CPUs are here; false when the other has not come for 10 s. */
static inline bool inval_selftest_meet(struct inval_selftest *t, uint32_t me, uint64_t turn)
{
	uint64_t since = inval_port_now_us();

	inval_port_store_release64(&t->turn[me], turn);
	while (inval_port_load_acquire64(&t->turn[1U - me]) < turn) {
		if (inval_port_now_us() - since > 10000000U)
			return false;
		inval_port_relax();
	}
	return true;
}

/* One more, by compare-exchange: none of the two CPUs' may be lost. */
static inline void inval_selftest_count(struct inval_selftest *t)
{
	uint64_t sum = inval_port_load64(&t->sum), seen;

	for (;;) {
		seen = inval_port_cmpxchg64(&t->sum, sum, sum + 1U);
		if (seen == sum)
			return;
		sum = seen;
	}
}

/**
 * inval_selftest_cpu() - order and atomicity between two CPUs
 * @t: as inval_selftest_run() left it
 * @me: 0 and 1, for the two
 *
 * A store, a full barrier, a load of what the other stores: one of the two sees the
 * other's, with inval_port_mb() and with inval_port_dma_mb(). What stands before a
 * release is seen behind the acquire. Counts are not lost.
 *
 * Context: two CPUs at the same time, none of which waits for the other elsewhere.
 * Return: 0, or the line that failed; both CPUs' have to be looked at.
 */
static inline uint32_t inval_selftest_cpu(struct inval_selftest *t, uint32_t me)
{
	uint64_t round, seen;

	for (round = 1; round <= INVAL_SELFTEST_ROUNDS; round++) {
		INVAL_SELFTEST(inval_selftest_meet(t, me, 2U * round - 1U));
		inval_port_store64(&t->x[me], round);
		if ((round & 1U) != 0U)
			inval_port_mb();
		else
			inval_port_dma_mb();
		seen = inval_port_load64(&t->x[1U - me]);
		inval_port_store64(&t->seen[me], seen);
		inval_selftest_count(t);
		inval_port_store64(&t->told[me], round);
		INVAL_SELFTEST(inval_selftest_meet(t, me, 2U * round));
		INVAL_SELFTEST(inval_port_load64(&t->told[1U - me]) >= round);
		INVAL_SELFTEST(inval_port_load64(&t->x[1U - me]) >= round);
		INVAL_SELFTEST(inval_port_load64(&t->sum) >= 2U * round);
		INVAL_SELFTEST(seen == round || inval_port_load64(&t->seen[1U - me]) >= round);
	}
	INVAL_SELFTEST(inval_selftest_meet(t, me, 2U * round));
	INVAL_SELFTEST(inval_port_load64(&t->sum) == 2U * INVAL_SELFTEST_ROUNDS);
	return 0;
}

INVAL_END

#endif /* INVAL_SELFTEST_H */
