/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guest.h, for all 2^128 commands, all ID registers of the SMMU and of what the guest
 * is shown, all policies, and any two streams; tests/rules/guest.h judges.
 *
 * guest_init	refused exactly when more is shown than there is or can be vetted; else all
 *		entries of the tables are made: the others take just those that they need
 * guest_vet	the verdict is the rules', so every legal command of the list is taken;
 *		every reason holds; what reaches the SMMU is legal there, has our VMID,
 *		the guest's stream, no MSI
 * guest_tlb	what is forwarded hits every TLB entry that the guest's command hits
 * guest_device	and every CD and every entry of a device's cache
 * guest_loop	a range of streams: each of the guest's once, no other, then the end
 * guest_find	a table's first stream at or above any StreamID
 *
 * That each verdict, each reason and each opcode of the list is reached, test_guest.c
 * shows: it comes there.
 */
#include <inval/guest.h>

#include "proof.h"
#include "../rules/guest.h"

#define STREAMS 2u

struct guest {
	struct grule_env env;
	struct grule_stream rule_stream[STREAMS];
	struct inval_caps caps, shown;
	struct inval_guest_policy policy;
	struct inval_guest_stream stream[STREAMS];
	struct inval_guest guest;
};

static void any_smmu(struct rules_env *env, struct inval_caps *caps)
{
	struct inval_idregs regs;

	env->aidr = regs.aidr;
	env->idr0 = regs.idr0;
	env->idr1 = regs.idr1;
	env->idr3 = regs.idr3;
	env->idr5 = regs.idr5;
	env->idr6 = regs.idr6;
	env->r_idr0 = regs.r_idr0;
	env->r_idr3 = regs.r_idr3;
	env->s_idr0 = regs.s_idr0;
	env->s_idr1 = regs.s_idr1;
	env->s_idr3 = regs.s_idr3;
	env->e2h = nondet_bool();
	regs.e2h = env->e2h;
	env->s_e2h = nondet_bool();
	regs.s_e2h = env->s_e2h;
	env->sec = RULES_NS;
	assume(inval_caps_read(caps, &regs) == 0);
}

static void any_policy(struct guest *g)
{
	struct inval_guest_map map;
	unsigned int i;

	any_smmu(&g->env.real, &g->caps);
	any_smmu(&g->env.shown, &g->shown);
	g->env.take[0] = nondet_u64();
	g->env.take[1] = nondet_u64();
	g->env.strict = nondet_bool();
	g->env.own = nondet_bool();
	g->env.enabled = nondet_bool();
	g->env.vmid = nondet_u16();
	g->env.stream = g->rule_stream;
	g->env.streams = STREAMS;
	for (i = 0; i < STREAMS; i++) {
		g->stream[i].vsid = g->rule_stream[i].vsid = nondet_u32();
		g->stream[i].sid = g->rule_stream[i].sid = nondet_u32();
		g->stream[i].ats = g->rule_stream[i].ats = nondet_bool();
		g->stream[i].stu_lg2 = nondet_u8();
	}
	map.stream = g->stream;
	map.num = STREAMS;
	assume(inval_guest_map_check(&map, &g->caps) == 0);
	g->policy.take[0] = g->env.take[0];
	g->policy.take[1] = g->env.take[1];
	g->policy.flags = (g->env.strict ? INVAL_GUEST_STRICT : 0u) |
			  (g->env.own ? INVAL_GUEST_OWN : 0u);
}

/* What inval_guest_init() makes of it, as far as one command goes; see proof_guest_init(). */
static void any_guest(struct guest *g, uint64_t d0, uint64_t d1)
{
	any_policy(g);
	assume(inval_guest_refused(&g->caps, &g->shown, &g->policy, g->env.vmid) == 0);
	inval_guest_set(&g->guest, &g->shown, &g->policy, g->env.vmid);
	inval_guest_set_op(&g->guest, INVAL_OP_TLBI_NH_ALL);
	if ((d0 & 0xffu) < INVAL_GUEST_OPS)
		inval_guest_set_op(&g->guest, d0 & 0xffu);
	inval_guest_set_form(&g->guest, (uint32_t)rules_bits(d1, 11, 7));
	g->guest.enabled = g->env.enabled;
}

/* All entries of the tables are there. */
static void prove_tables(const struct inval_guest *guest)
{
	uint32_t op = any_to(INVAL_GUEST_OPS - 1u), form = any_to(INVAL_GUEST_FORMS - 1u);
	struct inval_guest_op o = inval_guest_op_for(guest, op);
	struct inval_guest_form f = inval_guest_form_for(&guest->shown, (uint64_t)form << 7);

	prove(guest->op[op].bad.d0 == o.bad.d0 && guest->op[op].bad.d1 == o.bad.d1);
	prove(guest->op[op].keep.d0 == o.keep.d0 && guest->op[op].keep.d1 == o.keep.d1);
	prove(guest->op[op].give == o.give);
	prove(guest->form[form].least == f.least && guest->form[form].rest == f.rest);
	prove(guest->form[form].granule_lg2 == f.granule_lg2 && guest->form[form].keep == f.keep);
	prove(!inval_guest_takes(&guest->policy, op) ||
	      inval_check_feature(&guest->shown, INVAL_SEC_NS, op));
}

void proof_guest_init(void)
{
	static struct guest g;
	uint8_t op = nondet_u8();
	bool s2;
	int err;

	any_policy(&g);
	s2 = rules_s2p(&g.env.real);
	err = inval_guest_init(&g.guest, &g.caps, &g.shown, &g.policy, g.env.vmid);
	if (err == 0)
		prove_tables(&g.guest);
	if (!rules_s1p(&g.env.shown) || (op < 128u && !grule_listed(op) &&
					 rules_bit(g.env.take[op / 64u], op % 64u)))
		prove(err == -INVAL_EINVAL);
	else if (err == -INVAL_EINVAL)
		return;	/* for another opcode */
	else if (!grule_shown_ok(&g.env.shown, &g.env.real))
		prove(err == -INVAL_EOPNOTSUPP);
	else
		prove(err == ((s2 ? !rules_bit(g.env.real.idr0, 18) && g.env.vmid > 255u :
			       g.env.vmid != 0u) ? -INVAL_ERANGE : 0));
}

/* As inval_guest_map_find(), without its loop. */
static bool find(const void *streams, uint32_t vsid, struct inval_guest_stream *out)
{
	const struct inval_guest_stream *s = (const struct inval_guest_stream *)streams;

	if (vsid > s[1].vsid)
		return false;
	*out = vsid > s[0].vsid ? s[1] : s[0];
	return true;
}

static enum inval_verdict vet(const struct guest *g, uint64_t d0, uint64_t d1,
			      struct inval_guest_result *out)
{
	struct inval_cmd in;

	in.d0 = d0;
	in.d1 = d1;
	return inval_guest_vet(&g->guest, in, find, g->stream, out);
}

void proof_guest_vet(void)
{
	static struct guest g;
	uint64_t d0 = nondet_u64(), d1 = nondet_u64();
	struct inval_guest_result out;
	enum inval_verdict verdict;

	any_guest(&g, d0, d1);
	verdict = vet(&g, d0, d1, &out);
	prove((int)verdict == (int)grule_verdict(&g.env, d0, d1));
	if (verdict == INVAL_VERDICT_ILLEGAL) {
		prove(out.reason != INVAL_LEGAL && out.reason < INVAL_ILL_COUNT &&
		      rules_bit(grule_reasons(&g.env, d0, d1), (unsigned int)out.reason));
		return;
	}
	prove(out.reason == INVAL_LEGAL);
	if (verdict == INVAL_VERDICT_NOTHING)
		return;
	prove(gforward_legal(&g.env, out.cmd.d0, out.cmd.d1));
	prove(gforward_vmid(&g.env, out.cmd.d0));
	prove(gforward_stream(&g.env, d0, out.cmd.d0));
	prove(gforward_quiet(out.cmd.d0, out.cmd.d1));
	if (verdict == INVAL_VERDICT_FORWARD)
		prove(gforward_opcode(out.cmd.d0));
}

void proof_guest_tlb(void)
{
	static struct guest g;
	uint64_t d0 = nondet_u64(), d1 = nondet_u64();
	struct inval_guest_result out;
	struct gcovers_entry e;

	e.asid = nondet_u16();
	e.global = nondet_bool();
	e.va = nondet_u64();
	e.tg = any_to(3);
	e.level = any_to(3);
	e.d128 = nondet_bool();
	assume(e.tg != 0u && e.level != 0u);
	any_guest(&g, d0, d1);
	assume(vet(&g, d0, d1, &out) == INVAL_VERDICT_FORWARD);
	prove(!gcovers_hits(&g.env.shown, d0, d1, &e) ||
	      gcovers_hits(&g.env.real, out.cmd.d0, out.cmd.d1, &e));
}

void proof_guest_device(void)
{
	static struct guest g;
	uint64_t d0 = nondet_u64(), d1 = nondet_u64();
	struct inval_guest_result out;
	uint32_t ssid = any_to(0xfffff);
	struct gcovers_atc e;
	bool level1 = nondet_bool();

	e.pasid_valid = nondet_bool();
	e.global = nondet_bool();
	e.pasid = ssid;
	e.va = nondet_u64();
	any_guest(&g, d0, d1);
	assume(vet(&g, d0, d1, &out) == INVAL_VERDICT_FORWARD);
	if (rules_is(d0, 0x40))
		prove(!gcovers_atc_hits(d0, d1, &e) ||
		      gcovers_atc_hits(out.cmd.d0, out.cmd.d1, &e));
	prove(!gcovers_cd_hits(d0, d1, ssid, level1) ||
	      gcovers_cd_hits(out.cmd.d0, out.cmd.d1, ssid, level1));
}

/* Two ends of the guest's range, and how often a loop comes to one of its streams. */
void proof_guest_loop(void)
{
	static struct guest g;
	uint64_t d0 = nondet_u64(), d1 = nondet_u64(), lg2 = rules_bits(d1, 4, 0) + 1u;
	uint64_t first = rules_bits(d0, 63, 32) >> lg2, vsid;
	uint32_t which = any_to(STREAMS - 1u), seen = 0, calls = 0, sid;
	struct inval_guest_result out;
	struct inval_guest_loop loop;
	struct inval_cmd in;

	any_guest(&g, d0, d1);
	in.d0 = d0;
	in.d1 = d1;
	vsid = g.stream[which].vsid;
	sid = g.stream[which].sid;
	inval_guest_loop_begin(&loop, in);
	for (calls = 0; calls < STREAMS && inval_guest_loop_next(&loop, find, g.stream, &out); calls++) {
		prove((uint64_t)out.stream.vsid >> lg2 == first);
		prove(gforward_legal(&g.env, out.cmd.d0, out.cmd.d1));
		if (out.stream.vsid != vsid)
			continue;
		seen++;
		prove(rules_is(out.cmd.d0, 0x03) && rules_bits(out.cmd.d0, 63, 32) == sid &&
		      out.cmd.d1 == 0u);
	}
	prove(calls < STREAMS || !inval_guest_loop_next(&loop, find, g.stream, &out));
	prove(seen == (vsid >> lg2 == first ? 1u : 0u));
}

void proof_guest_find(void)
{
	struct inval_guest_stream s[SIZE], out;
	uint32_t vsid = nondet_u32(), i = any_to(SIZE - 1u), at = any_to(SIZE - 1u);
	struct inval_guest_map map;
	struct inval_caps caps;

	map.stream = s;
	map.num = any_to(SIZE);
	assume(inval_guest_map_check(&map, &caps) == 0);
	assume(i < map.num && at < map.num);
	if (!inval_guest_map_find(&map, vsid, &out)) {
		prove(s[i].vsid < vsid);
		return;
	}
	prove(out.vsid >= vsid);
	prove(s[i].vsid < vsid || s[i].vsid >= out.vsid);
	prove(s[at].vsid != out.vsid || s[at].sid == out.sid);
}
