/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sim.h - SMMUs for the tests of flush.h and domain.h, and a judge of what they
 * were given. Needs the recording port.
 *
 *	sim_reset()		the first line of a test, instead of rec_reset()
 *	sim_add(number, how)	an SMMU; sim_at(number) is it
 *	sim_flush(f)		a struct inval_flush over all SMMUs, with room
 *	sim_issue, sim_wait	issue and wait functions that only note their calls
 *	sim_queue(number, lg2)	gives an SMMU a command queue of the library, and
 *				consumes it whenever somebody waits
 *	sim.cmd, sim.call	commands as given, in order; calls of issue and wait
 *	sim_judge()		is a request fulfilled for a list of tags and devices,
 *				by legal commands, in order, and with none too many?
 *
 * The judge knows commands by a decoder of its own (IHI 0070, chapter 4).
 */
#ifndef TESTS_SIM_GUARD
#define TESTS_SIM_GUARD

#include <inval/check.h>
#include <inval/flush.h>

#include "rules/rules.h"
#include "test.h"

#define SIM_SMMUS 256U
#define SIM_CMDS (1U << 18)
#define SIM_CALLS (1U << 16)
#define SIM_BATCH 128U
#define SIM_ERRORS 64U

/* What an SMMU can do; an OR of these. */
#define SIM_RIL 1U
#define SIM_DS 2U
#define SIM_E2H 4U
#define SIM_D128 8U
#define SIM_MINOR(n) ((uint32_t)(n) << 8)

/*
 * @stuck: consumes nothing
 * @atc_fails: SYNCs that will fail for an ATC_INV that was not confirmed
 * @deaf: with @deaf_on, a StreamID whose ATC_INVs are not confirmed
 * @issue_ok: sim_issue() succeeds so often, then gives @issue_err @issue_bad times
 * @wait_err: what sim_wait() gives
 */
struct sim_smmu {
	struct inval_smmu smmu;
	struct inval_queue queue;
	struct rules_env env;
	uint64_t *mem, *book;
	uint32_t prod, cons, gerror, gerrorn, err;
	bool stuck;
	uint32_t atc_fails;
	uint32_t deaf;
	bool deaf_on;
	bool missed;
	uint32_t issue_ok, issue_bad;
	int issue_err, wait_err;
};

struct sim_cmd {
	uint32_t smmu;
	struct inval_cmd cmd;
};

struct sim_call {
	bool wait;
	bool sync;
	uint32_t smmu;
	uint32_t num;
};

struct sim {
	struct sim_smmu *smmu[SIM_SMMUS];
	struct inval_smmu *table[SIM_SMMUS];
	struct sim_cmd cmd[SIM_CMDS];
	uint32_t cmds;
	struct sim_call call[SIM_CALLS];
	uint32_t calls;
	struct inval_cmd batch[SIM_BATCH];
	struct inval_flush_wait waits[SIM_SMMUS];
	struct inval_flush_error errors[SIM_ERRORS];
	void (*on_wait)(uint32_t smmu);
};

static struct sim sim;

static inline void sim_note(uint32_t smmu, uint64_t d0, uint64_t d1)
{
	CHECK(sim.cmds < SIM_CMDS, "more than %u commands: this does not end", SIM_CMDS);
	sim.cmd[sim.cmds].smmu = smmu;
	sim.cmd[sim.cmds].cmd.d0 = d0;
	sim.cmd[sim.cmds].cmd.d1 = d1;
	sim.cmds++;
}

static inline void sim_forget(void)
{
	sim.cmds = 0;
	sim.calls = 0;
	rec_forget();
}

/* The queue: registers */

static inline struct sim_smmu *sim_of_reg(uint64_t reg)
{
	struct sim_smmu *s = reg >> 20 < SIM_SMMUS ? sim.smmu[reg >> 20] : NULL;

	CHECK(s != NULL && s->mem != NULL, "register %llx of no SMMU", (unsigned long long)reg);
	return s;
}

static inline uint32_t sim_read32(uint64_t reg)
{
	struct sim_smmu *s = sim_of_reg(reg);

	switch (reg & 0xfffffU) {
	case 0x60: return s->gerror;
	case 0x64: return s->gerrorn;
	case 0x98: return s->prod;
	case 0x9c: return s->cons | s->err << 24;
	default: CHECK(false, "register %llx read", (unsigned long long)reg);
	}
	return 0;
}

static inline void sim_write32(uint64_t reg, uint32_t v)
{
	struct sim_smmu *s = sim_of_reg(reg);

	switch (reg & 0xfffffU) {
	case 0x64:
		s->gerrorn = v;
		break;
	case 0x98:
		s->prod = v;
		break;
	default:
		CHECK(false, "register %llx written", (unsigned long long)reg);
	}
}

/* The next command, unless there is an error that nobody has acknowledged. */
static inline bool sim_consume(struct sim_smmu *s)
{
	uint32_t slots = 1U << s->queue.cfg.size_lg2;
	struct inval_cmd cmd;

	if (!s->mem || s->stuck || s->cons == s->prod || ((s->gerror ^ s->gerrorn) & 1U) != 0U)
		return false;
	cmd = inval_cmd_load(&s->mem[(size_t)2U * (s->cons & (slots - 1U))]);
	s->err = 0;
	if (s->missed && (cmd.d0 & 0xffU) == 0x46U) {
		s->missed = false;
		s->atc_fails++;
	}
	if ((cmd.d0 & 0xffU) == 0x46U && s->atc_fails != 0U) {
		s->atc_fails--;
		s->err = 3;
		s->gerror ^= 1U;
		return false;
	}
	s->missed = s->missed || (s->deaf_on && (cmd.d0 & 0xffU) == 0x40U &&
				  cmd.d0 >> 32 == s->deaf);
	sim_note(s->smmu.number, cmd.d0, cmd.d1);
	s->cons = (s->cons + 1U) & (2U * slots - 1U);
	return true;
}

/* All SMMUs work, one command each in turn, until there is nothing to do. */
static inline void sim_turn(void)
{
	bool busy = true;
	uint32_t i;

	while (busy) {
		busy = false;
		for (i = 0; i < SIM_SMMUS; i++)
			busy = (sim.smmu[i] && sim_consume(sim.smmu[i])) || busy;
	}
}

static inline void sim_reset(void)
{
	uint32_t i;

	for (i = 0; i < SIM_SMMUS; i++) {
		if (sim.smmu[i]) {
			free(sim.smmu[i]->mem);
			free(sim.smmu[i]->book);
			free(sim.smmu[i]);
		}
	}
	memset(&sim, 0, sizeof(sim));
	rec_reset();
	rec.on_turn = sim_turn;
	rec.mmio_read32 = sim_read32;
	rec.mmio_write32 = sim_write32;
}

static inline struct sim_smmu *sim_at(uint32_t number)
{
	CHECK(number < SIM_SMMUS && sim.smmu[number], "no SMMU %u", number);
	return sim.smmu[number];
}

/* Its registers, and what the library makes of them. */
static inline struct sim_smmu *sim_add(uint32_t number, uint32_t how)
{
	struct sim_smmu *s = (struct sim_smmu *)calloc(1, sizeof(*s));
	struct inval_idregs regs;

	CHECK(s && number < SIM_SMMUS && !sim.smmu[number], "SMMU %u", number);
	memset(&regs, 0, sizeof(regs));
	regs.aidr = how >> 8;
	regs.idr0 = 0x00041613;		/* VMID16 ASID16 ATS Hyp COHACC S1P S2P */
	regs.idr1 = 0x00000520;		/* SSIDSIZE 20, SIDSIZE 32 */
	regs.idr3 = (how & SIM_RIL) != 0U ? 1U << 10 : 0U;
	regs.idr5 = 0x75U | ((how & SIM_DS) != 0U ? 1U << 7 : 0U) |
		    ((how & SIM_D128) != 0U ? 1U << 8 : 0U);
	regs.e2h = (how & SIM_E2H) != 0U;
	CHECK(inval_caps_read(&s->smmu.caps, &regs) == 0, "ID registers");
	s->env.aidr = regs.aidr;
	s->env.idr0 = regs.idr0;
	s->env.idr1 = regs.idr1;
	s->env.idr3 = regs.idr3;
	s->env.idr5 = regs.idr5;
	s->env.e2h = regs.e2h;
	s->env.sec = RULES_NS;
	inval_policy_init(&s->smmu.policy);
	s->smmu.number = number;
	s->smmu.priv = s;
	s->issue_ok = UINT32_MAX;
	s->issue_bad = UINT32_MAX;
	sim.smmu[number] = s;
	sim.table[number] = &s->smmu;
	return s;
}

static inline void sim_queue(uint32_t number, uint32_t size_lg2)
{
	struct sim_smmu *s = sim_at(number);
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	s->mem = (uint64_t *)calloc((size_t)2 << size_lg2, 8);
	s->book = (uint64_t *)calloc(1, (size_t)inval_queue_book_bytes(size_lg2));
	CHECK(s->mem && s->book, "memory");
	cfg.base = rec_mmio((uint64_t)number << 20);
	cfg.mem = s->mem;
	cfg.book = s->book;
	cfg.size_lg2 = size_lg2;
	cfg.smmu = number;
	cfg.timeout_us = 1000;
	cfg.abort_max = 3;
	cfg.coherent = true;
	CHECK(inval_queue_init(&s->queue, &cfg) == 0, "queue");
	s->smmu.queue = &s->queue;
}

static inline struct inval_flush sim_flush(void)
{
	struct inval_flush f;

	f.smmus = sim.table;
	f.smmu_num = SIM_SMMUS;
	f.batch = sim.batch;
	f.batch_num = SIM_BATCH;
	f.waits = sim.waits;
	f.wait_num = SIM_SMMUS;
	f.errors = sim.errors;
	f.error_num = SIM_ERRORS;
	f.error_total = 99;
	f.cpu_tlbi = false;
	return f;
}

static inline void sim_note_call(const struct inval_smmu *smmu, bool wait, bool sync, uint32_t num)
{
	struct sim_call *c = &sim.call[sim.calls];

	CHECK(sim.calls < SIM_CALLS, "more than %u calls: this does not end", SIM_CALLS);
	c->wait = wait;
	c->sync = sync;
	c->smmu = smmu->number;
	c->num = num;
	sim.calls++;
}

static inline int sim_issue(struct inval_smmu *smmu, const struct inval_cmd *cmds, uint32_t num,
			    bool sync, struct inval_ticket *ticket)
{
	struct sim_smmu *s = (struct sim_smmu *)smmu->priv;
	uint32_t i;

	CHECK(num + (sync ? 1U : 0U) != 0U, "SMMU %u: nothing to issue", smmu->number);
	sim_note_call(smmu, false, sync, num);
	if (s->issue_ok == 0U && s->issue_bad != 0U) {
		s->issue_bad--;
		return s->issue_err;
	}
	s->issue_ok -= s->issue_ok != 0U;
	for (i = 0; i < num; i++)
		sim_note(smmu->number, cmds[i].d0, cmds[i].d1);
	if (sync)
		sim_note(smmu->number, 0x46, 0);
	ticket->priv += num + (sync ? 1U : 0U);
	return 0;
}

/* Every command of the ticket's SMMU has been counted in the ticket. */
static inline int sim_wait(struct inval_smmu *smmu, const struct inval_ticket *ticket)
{
	struct sim_smmu *s = (struct sim_smmu *)smmu->priv;

	CHECK(ticket->priv != 0U, "SMMU %u: wait for nothing", smmu->number);
	sim_note_call(smmu, true, false, (uint32_t)ticket->priv);
	if (sim.on_wait)
		sim.on_wait(smmu->number);
	return s->wait_err;
}

static inline int sim_walk(const struct inval_entry *e, uint32_t num, uint8_t stu_lg2,
			   const struct inval_range_req *req, struct inval_flush *f)
{
	bool live = true;
	uint32_t i;

	for (i = 0; i < num; i++)
		live = live && e[i].users != 0U;
	if (live)	/* as inval_flush_walk_array() finds it */
		return inval_walk_all(e, num, stu_lg2, true, req, f, sim_issue, sim_wait);
	return inval_flush_walk(e, num, stu_lg2, req, f, sim_issue, sim_wait);
}

/* Requests */

static inline struct inval_range_req sim_req(uint64_t addr, uint64_t bytes, bool leaf)
{
	struct inval_range_req req;

	req.addr = addr;
	req.bytes = bytes;
	req.granule_lg2 = 12;
	req.leaf_lg2 = 0;
	req.leaf = leaf;
	req.d128 = false;
	return req;
}

/* What must be flushed: the test's own words, apart from the library's entries. */

enum sim_kind {
	SIM_S1,			/* NH_VA, NH_ASID */
	SIM_S1_GLOBAL,		/* NH_VA, NH_ALL */
	SIM_EL2,		/* EL2_VA, EL2_ALL */
	SIM_EL2_E2H,		/* EL2_VA, EL2_ASID */
	SIM_EL2_GLOBAL,		/* EL2_VA, EL2_ALL */
	SIM_S2,			/* S2_IPA, S12_VMALL */
	SIM_CLEAR,		/* NH_ALL behind the stage 2 */
	SIM_ATS,		/* ATC_INV of the range */
	SIM_ATS_FULL		/* ATC_INV of everything */
};

struct sim_want {
	enum sim_kind kind;
	uint32_t smmu;
	uint16_t vmid, asid;
	uint32_t sid, ssid;
	bool ssv;
	uint32_t users;
};

static inline struct sim_want sim_want_tag(enum sim_kind kind, uint32_t smmu, uint16_t vmid,
					   uint16_t asid)
{
	struct sim_want w = { kind, smmu, vmid, asid, 0, 0, false, 1 };

	return w;
}

static inline struct sim_want sim_want_ats(enum sim_kind kind, uint32_t smmu, uint32_t sid,
					   bool ssv, uint32_t ssid)
{
	struct sim_want w = { kind, smmu, 0, 0, sid, ssid, ssv, 1 };

	return w;
}

static inline struct inval_entry sim_entry(const struct sim_want *w, uint8_t stu_lg2)
{
	struct inval_entry e;
	int err = -1;

	switch (w->kind) {
	case SIM_S1:
	case SIM_S1_GLOBAL:
		err = inval_entry_s1(&e, w->smmu, w->vmid, w->asid, w->kind == SIM_S1_GLOBAL);
		break;
	case SIM_EL2:
	case SIM_EL2_E2H:
	case SIM_EL2_GLOBAL:
		err = inval_entry_el2(&e, w->smmu, w->asid, w->kind != SIM_EL2,
				      w->kind == SIM_EL2_GLOBAL);
		break;
	case SIM_S2:
		err = inval_entry_s2(&e, w->smmu, w->vmid);
		break;
	case SIM_CLEAR:
		err = inval_entry_s1_clear(&e, w->smmu, w->vmid);
		break;
	case SIM_ATS:
		err = inval_entry_ats(&e, w->smmu, w->sid, w->ssv, w->ssid, stu_lg2);
		break;
	case SIM_ATS_FULL:
		err = inval_entry_ats_full(&e, w->smmu, w->sid);
		break;
	}
	CHECK(err == 0, "entry of kind %d: %d", (int)w->kind, err);
	return e;
}

/* Sorted entries of a list; those without users are dead ones. */
static inline void sim_entries(struct inval_entry *e, const struct sim_want *w, uint32_t num,
			       uint8_t stu_lg2)
{
	uint32_t i, got = num;

	for (i = 0; i < num; i++) {
		e[i] = sim_entry(&w[i], stu_lg2);
		e[i].users = w[i].users;
	}
	CHECK(inval_entries_sort(e, &got) == 0 && got == num, "%u of %u entries", got, num);
}

/* A command taken apart; [first, last] are bytes. */
struct sim_span {
	uint32_t op;
	uint16_t vmid, asid;
	uint32_t sid, ssid;
	bool ssv, leaf;
	uint64_t first, last;
};

static inline uint64_t sim_bits(uint64_t word, unsigned int msb, unsigned int lsb)
{
	return (word >> lsb) & (~0ULL >> (63U - msb + lsb));
}

/* How much one TLBI without TG names: a leaf of that size, or a page. */
static inline uint32_t sim_step_lg2(const struct inval_range_req *req)
{
	uint32_t step = req->granule_lg2, bits = req->granule_lg2 - (req->d128 ? 4U : 3U);

	while (req->leaf_lg2 >= step + bits && step + bits <= req->granule_lg2 + 3U * bits)
		step += bits;
	return step;
}

static inline bool sim_has_addr(uint32_t op)
{
	return op == 0x12U || op == 0x22U || op == 0x2aU;
}

static inline struct sim_span sim_decode(struct inval_cmd c, const struct inval_range_req *req)
{
	uint64_t bytes = 1ULL << sim_step_lg2(req), addr = c.d1 & ~0xfffULL, tg;
	struct sim_span s;

	memset(&s, 0, sizeof(s));
	s.op = (uint32_t)sim_bits(c.d0, 7, 0);
	s.last = UINT64_MAX;
	s.vmid = (uint16_t)sim_bits(c.d0, 47, 32);
	s.asid = (uint16_t)sim_bits(c.d0, 63, 48);
	if (sim_has_addr(s.op)) {
		tg = sim_bits(c.d1, 11, 10);
		if (tg != 0U)
			bytes = (sim_bits(c.d0, 16, 12) + 1U) << (sim_bits(c.d0, 25, 20) +
								   10U + 2U * tg);
		else
			addr &= ~(bytes - 1U);
		s.leaf = (c.d1 & 1U) != 0U;
		s.first = addr;
		s.last = addr + (bytes - 1U);
	} else if (s.op == 0x40U) {
		s.sid = (uint32_t)sim_bits(c.d0, 63, 32);
		s.ssid = (uint32_t)sim_bits(c.d0, 31, 12);
		s.ssv = sim_bits(c.d0, 11, 11) != 0U;
		s.vmid = 0;
		s.asid = 0;
		if (sim_bits(c.d1, 5, 0) < 52U) {
			s.first = addr;
			s.last = addr + ((4096ULL << sim_bits(c.d1, 5, 0)) - 1U);
		}
	}
	return s;
}

/* Is this command one for that tag or device? */
static inline bool sim_is_for(const struct sim_span *s, const struct sim_want *w)
{
	bool tag = s->vmid == w->vmid && s->asid == w->asid;
	bool vmid = s->vmid == w->vmid && s->asid == 0U;

	switch (w->kind) {
	case SIM_S1:
		return tag && (s->op == 0x12U || s->op == 0x11U);
	case SIM_S1_GLOBAL:
		return (tag && s->op == 0x12U) || (vmid && s->op == 0x10U);
	case SIM_EL2_E2H:
		return tag && (s->op == 0x22U || s->op == 0x21U);
	case SIM_EL2:
	case SIM_EL2_GLOBAL:
		return (tag && s->op == 0x22U) || (s->op == 0x20U && vmid);
	case SIM_S2:
		return vmid && (s->op == 0x2aU || s->op == 0x28U);
	case SIM_CLEAR:
		return vmid && s->op == 0x10U;
	case SIM_ATS:
	case SIM_ATS_FULL:
		return s->op == 0x40U && s->sid == w->sid && s->ssid == w->ssid &&
		       s->ssv == w->ssv;
	}
	return false;
}

static inline uint32_t sim_rank(enum sim_kind kind)
{
	return kind < SIM_CLEAR ? 0U : kind == SIM_CLEAR ? 1U : 2U;
}

/*
 * Is every byte from @first to @last named by a command for @w? Then all kinds of
 * entry are removed, also the tables above when they changed.
 */
static inline bool sim_covered(const struct sim_want *w, uint64_t first, uint64_t last,
			       const struct inval_range_req *req)
{
	bool further = true;
	struct sim_span s;
	uint32_t i;

	while (further) {
		further = false;
		for (i = 0; i < sim.cmds; i++) {
			if (sim.cmd[i].smmu != w->smmu)
				continue;
			s = sim_decode(sim.cmd[i].cmd, req);
			if (!sim_is_for(&s, w) || s.first > first || s.last < first ||
			    (s.leaf && !req->leaf))
				continue;
			if (s.last >= last)
				return true;
			first = s.last + 1U;
			further = true;
		}
	}
	return false;
}

/* How many commands were for this one? */
static inline uint32_t sim_count(const struct sim_want *w, const struct inval_range_req *req)
{
	struct sim_span s;
	uint32_t i, n = 0;

	for (i = 0; i < sim.cmds; i++) {
		s = sim_decode(sim.cmd[i].cmd, req);
		n += sim.cmd[i].smmu == w->smmu && sim_is_for(&s, w);
	}
	return n;
}

/* Was S12_VMALL sent to this SMMU for this VMID? */
static inline bool sim_vmalled(uint32_t smmu, uint16_t vmid)
{
	uint32_t i;

	for (i = 0; i < sim.cmds; i++) {
		if (sim.cmd[i].smmu == smmu && (sim.cmd[i].cmd.d0 & 0xffU) == 0x28U &&
		    (uint16_t)sim_bits(sim.cmd[i].cmd.d0, 47, 32) == vmid)
			return true;
	}
	return false;
}

/* Legal, by both judges; for whom? Its rank, or 3 for a SYNC. */
static inline uint32_t sim_judge_cmd(uint32_t at, const struct sim_want *w, uint32_t num,
				     const struct inval_range_req *req, uint8_t stu_lg2)
{
	const struct sim_cmd *c = &sim.cmd[at];
	const struct sim_smmu *smmu = sim_at(c->smmu);
	struct sim_span s = sim_decode(c->cmd, req);
	uint32_t i, rules = rules_violated(&smmu->env, c->cmd.d0, c->cmd.d1);

	CHECK(rules == 0U, "command %u, %016llx %016llx: rules %x", at,
	      (unsigned long long)c->cmd.d0, (unsigned long long)c->cmd.d1, rules);
	CHECK(inval_check(&smmu->smmu.caps, INVAL_SEC_NS, c->cmd) == INVAL_LEGAL,
	      "command %u: check.h", at);
	if (s.op == 0x46U)
		return 3;
	CHECK(!sim_has_addr(s.op) || s.leaf == req->leaf, "command %u: Leaf", at);
	CHECK(s.op != 0x40U || s.last - s.first >= (1ULL << stu_lg2) - 1U, "command %u: STU", at);
	for (i = 0; i < num; i++) {
		if (w[i].users != 0U && w[i].smmu == c->smmu && sim_is_for(&s, &w[i]))
			return sim_rank(w[i].kind);
	}
	CHECK(false, "command %u, SMMU %u, %016llx %016llx, is for nobody", at, c->smmu,
	      (unsigned long long)c->cmd.d0, (unsigned long long)c->cmd.d1);
	return 0;
}

/* One SMMU: groups in order, a SYNC exactly at the end of each. */
static inline void sim_judge_order(uint32_t smmu, const struct sim_want *w, uint32_t num,
				   const struct inval_range_req *req, uint8_t stu_lg2)
{
	uint32_t i, rank, last = 3;
	bool synced = true;

	for (i = 0; i < sim.cmds; i++) {
		if (sim.cmd[i].smmu != smmu)
			continue;
		rank = sim_judge_cmd(i, w, num, req, stu_lg2);
		if (rank == 3U) {
			CHECK(!synced, "command %u, SMMU %u: SYNC of nothing", i, smmu);
			synced = true;
			continue;
		}
		CHECK(synced ? (last == 3U || rank > last) : rank == last,
		      "command %u, SMMU %u: group %u after %u", i, smmu, rank, last);
		last = rank;
		synced = false;
	}
	CHECK(synced, "SMMU %u: no SYNC at the end", smmu);
}

/* Is an IPA beyond the field of S2_IPA (4.4.3: 47:12, 51:12, 55:12 by the revision)? */
static inline bool sim_is_wide(uint32_t smmu, uint64_t ipa)
{
	uint32_t minor = sim_at(smmu)->env.aidr & 15U;

	return ipa >> (minor == 0U ? 48 : minor < 4U ? 52 : 56) != 0U;
}

static inline void sim_judge_one(const struct sim_want *w, bool s2_died,
				 const struct inval_range_req *req, uint8_t stu_lg2)
{
	const struct inval_smmu *smmu = &sim_at(w->smmu)->smmu;
	bool all = req->bytes == 0U || req->bytes == UINT64_MAX, is_ats = w->kind == SIM_ATS;
	uint64_t mask = (1ULL << (is_ats ? stu_lg2 : req->granule_lg2)) - 1U;
	uint64_t first = req->addr & ~mask, last = (req->addr + (req->bytes - 1U)) | mask;
	uint32_t n = sim_count(w, req);

	if (w->kind == SIM_CLEAR && sim_vmalled(w->smmu, w->vmid)) {
		CHECK(n == 0U || s2_died || (!all && sim_is_wide(w->smmu, last)),
		      "SMMU %u: VMID %u cleared for nothing", w->smmu, w->vmid);
		return;
	}
	if (all || w->kind == SIM_ATS_FULL || w->kind == SIM_CLEAR) {
		first = 0;
		last = UINT64_MAX;
	}
	CHECK(sim_covered(w, first, last, req), "SMMU %u, kind %d: %llx to %llx not covered",
	      w->smmu, (int)w->kind, (unsigned long long)first, (unsigned long long)last);
	CHECK(n <= (is_ats ? smmu->policy.atc_spans : sim_rank(w->kind) == 0U && !all ?
		    smmu->policy.max_cmds : 1U), "SMMU %u, kind %d: %u commands", w->smmu,
	      (int)w->kind, n);
}

/* Nothing in sim.cmd but legal commands for these, in order. */
static inline void sim_judge_orders(const struct sim_want *w, uint32_t num,
				    const struct inval_range_req *req, uint8_t stu_lg2)
{
	uint32_t i;

	for (i = 0; i < SIM_SMMUS; i++) {
		if (sim.smmu[i])
			sim_judge_order(i, w, num, req, stu_lg2);
	}
}

/* Everything in sim.cmd that the live ones of these need. */
static inline void sim_judge_cover(const struct sim_want *w, uint32_t num,
				   const struct inval_range_req *req, uint8_t stu_lg2)
{
	bool s2_died[SIM_SMMUS];
	uint32_t i;

	memset(s2_died, 0, sizeof(s2_died));
	for (i = 0; i < num; i++) {
		if (w[i].kind == SIM_S2 && w[i].users == 0U)
			s2_died[w[i].smmu] = true;
	}
	for (i = 0; i < num; i++) {
		if (w[i].users != 0U && sim.smmu[w[i].smmu] && sim.smmu[w[i].smmu]->smmu.off == 0U)
			sim_judge_one(&w[i], s2_died[w[i].smmu], req, stu_lg2);
	}
}

/* Both. */
static inline void sim_judge(const struct sim_want *w, uint32_t num,
			     const struct inval_range_req *req, uint8_t stu_lg2)
{
	sim_judge_orders(w, num, req, stu_lg2);
	sim_judge_cover(w, num, req, stu_lg2);
}

#endif /* TESTS_SIM_GUARD */
