/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guest_judge.h - guest.h's answer to one command against tests/rules/guest.h; for the
 * unit tests and the fuzzers. Registers are the common ground: both sides decode them.
 * CHECK and test_random() come from test.h, or from who includes this.
 */
#ifndef TESTS_GUEST_JUDGE
#define TESTS_GUEST_JUDGE

#include <inval/guest.h>

#include "rules/guest.h"

#define JUDGE_STREAMS 8u

/* A guest as both sides see it. */
struct judged {
	struct grule_env env;
	struct grule_stream rule_stream[JUDGE_STREAMS];
	struct inval_caps caps, shown;
	struct inval_guest_policy policy;
	struct inval_guest_stream stream[JUDGE_STREAMS];
	struct inval_guest_map map;
	struct inval_guest guest;
};

/* How often each came. */
struct judge_tally {
	unsigned long verdict[4];
	unsigned long reason[INVAL_ILL_COUNT];
	unsigned long opcode[4][256];
};

static inline void judge_regs(const struct rules_env *env, struct inval_idregs *regs)
{
	regs->aidr = env->aidr;
	regs->idr0 = env->idr0;
	regs->idr1 = env->idr1;
	regs->idr3 = env->idr3;
	regs->idr5 = env->idr5;
	regs->idr6 = env->idr6;
	regs->r_idr0 = env->r_idr0;
	regs->r_idr3 = env->r_idr3;
	regs->s_idr0 = env->s_idr0;
	regs->s_idr1 = env->s_idr1;
	regs->s_idr3 = env->s_idr3;
	regs->e2h = env->e2h;
	regs->s_e2h = env->s_e2h;
}

/* Everything of @j->env is set; the rest from it. Returns inval_guest_init()'s answer. */
static inline int judge_init(struct judged *j)
{
	struct inval_idregs regs;
	unsigned int i;
	int ret;

	judge_regs(&j->env.real, &regs);
	if (inval_caps_read(&j->caps, &regs) != 0)
		return 1;
	judge_regs(&j->env.shown, &regs);
	if (inval_caps_read(&j->shown, &regs) != 0)
		return 1;
	j->policy.take[0] = j->env.take[0];
	j->policy.take[1] = j->env.take[1];
	j->policy.flags = (j->env.strict ? INVAL_GUEST_STRICT : 0u) |
			  (j->env.own ? INVAL_GUEST_OWN : 0u);
	j->env.stream = j->rule_stream;
	for (i = 0; i < j->env.streams; i++) {
		j->stream[i].vsid = j->rule_stream[i].vsid;
		j->stream[i].sid = j->rule_stream[i].sid;
		j->stream[i].ats = j->rule_stream[i].ats;
		j->stream[i].stu_lg2 = (uint8_t)j->rule_stream[i].stu_lg2;
	}
	j->map.stream = j->stream;
	j->map.num = j->env.streams;
	ret = inval_guest_init(&j->guest, &j->caps, &j->shown, &j->policy, j->env.vmid);
	if (ret == 0)
		j->guest.enabled = j->env.enabled;
	return ret;
}

#define JUDGE(cond, what) \
	CHECK(cond, "%s: %016llx %016llx -> %d %s %016llx %016llx (shown aidr %x idr0 %x idr1 " \
	      "%x idr3 %x idr5 %x e2h %d, real %x %x %x %x %x; strict %d own %d enabled %d)", \
	      what, (unsigned long long)d0, (unsigned long long)d1, (int)verdict, \
	      judge_reason(out->reason), (unsigned long long)out->cmd.d0, \
	      (unsigned long long)out->cmd.d1, (unsigned int)j->env.shown.aidr, \
	      (unsigned int)j->env.shown.idr0, (unsigned int)j->env.shown.idr1, \
	      (unsigned int)j->env.shown.idr3, (unsigned int)j->env.shown.idr5, \
	      (int)j->env.shown.e2h, (unsigned int)j->env.real.aidr, \
	      (unsigned int)j->env.real.idr0, (unsigned int)j->env.real.idr1, \
	      (unsigned int)j->env.real.idr3, (unsigned int)j->env.real.idr5, \
	      (int)j->env.strict, (int)j->env.own, (int)j->env.enabled)

static inline const char *judge_reason(enum inval_reason reason)
{
	static char text[16];

	snprintf(text, sizeof(text), "reason %d", (int)reason);
	return text;
}

/* Entries that the two commands may treat apart: near the address, and anywhere. */
static inline void judge_covers(const struct judged *j, uint64_t d0, uint64_t d1,
				enum inval_verdict verdict, const struct inval_guest_result *out,
				uint64_t *seed)
{
	struct gcovers_entry e;
	struct gcovers_atc a;
	uint32_t ssid;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		uint64_t r = test_random(seed);

		e.asid = (uint16_t)((r & 3) != 0 ? d0 >> 48 : r >> 48);
		e.global = (r & 4) != 0;
		e.va = (d1 & ~(uint64_t)0xfff) + (r >> 8 << (12 + (r >> 3) % 40));
		e.tg = 1 + (unsigned int)(r >> 16) % 3;
		e.level = 1 + (unsigned int)(r >> 24) % 3;
		e.d128 = (r & 0x80) != 0;
		JUDGE(!gcovers_hits(&j->env.shown, d0, d1, &e) ||
		      gcovers_hits(&j->env.real, out->cmd.d0, out->cmd.d1, &e),
		      "an entry of the TLB survives");
		a.pasid_valid = (r & 8) != 0;
		a.global = e.global;
		a.pasid = (uint32_t)((r & 3) != 0 ? d0 >> 12 : r >> 12) & 0xfffff;
		a.va = e.va;
		JUDGE(!rules_is(d0, 0x40) || !gcovers_atc_hits(d0, d1, &a) ||
		      gcovers_atc_hits(out->cmd.d0, out->cmd.d1, &a),
		      "an entry of the device survives");
		ssid = a.pasid;
		JUDGE(!gcovers_cd_hits(d0, d1, ssid, a.global) ||
		      gcovers_cd_hits(out->cmd.d0, out->cmd.d1, ssid, a.global),
		      "a CD survives");
	}
}

static inline enum inval_verdict judge_at(const struct judged *j, uint64_t d0, uint64_t d1,
					  struct inval_guest_result *out, uint64_t *seed)
{
	enum inval_verdict verdict;
	uint32_t reasons = grule_reasons(&j->env, d0, d1);
	struct inval_cmd in;

	in.d0 = d0;
	in.d1 = d1;
	out->cmd.d0 = 0;
	out->cmd.d1 = 0;
	verdict = inval_guest_vet(&j->guest, in, inval_guest_map_find, &j->map, out);
	JUDGE((int)verdict == (int)grule_verdict(&j->env, d0, d1), "verdict");
	if (verdict == INVAL_VERDICT_ILLEGAL)
		JUDGE(out->reason != INVAL_LEGAL && ((reasons >> (unsigned int)out->reason) & 1) != 0,
		      "the reason does not hold");
	else
		JUDGE(out->reason == INVAL_LEGAL, "a reason of what is legal");
	if (verdict == INVAL_VERDICT_FORWARD || verdict == INVAL_VERDICT_EMULATE) {
		JUDGE(gforward_legal(&j->env, out->cmd.d0, out->cmd.d1), "not legal on the SMMU");
		JUDGE(gforward_stream(&j->env, d0, out->cmd.d0), "not the guest's stream");
		JUDGE(gforward_vmid(&j->env, out->cmd.d0), "not our VMID");
		JUDGE(gforward_quiet(out->cmd.d0, out->cmd.d1), "a SYNC that writes");
	}
	if (verdict == INVAL_VERDICT_FORWARD) {
		JUDGE(gforward_opcode(out->cmd.d0), "not an opcode of one guest's scope");
		judge_covers(j, d0, d1, verdict, out, seed);
	}
	return verdict;
}

static inline void judge(const struct judged *j, uint64_t d0, uint64_t d1,
			 struct judge_tally *tally, uint64_t *seed)
{
	struct inval_guest_result out;
	enum inval_verdict verdict = judge_at(j, d0, d1, &out, seed);

	tally->verdict[verdict]++;
	tally->reason[out.reason]++;
	tally->opcode[verdict][d0 & 0xff]++;
}

#endif /* TESTS_GUEST_JUDGE */
