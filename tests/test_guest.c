/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guest.h, judged by tests/rules/guest.h
 * 1. A guest may be shown exactly what the SMMU has and the vetter knows: every ID bit
 *    alone, random registers; other refusals have their code, and change nothing.
 * 2. For every opcode with every single bit, with random fields and random words, on
 *    many pairs of SMMUs, three policies and their flags: the verdict is the rules';
 *    a reason holds; what is forwarded, or is for an emulator to issue, is legal on
 *    the SMMU, has our VMID, the guest's stream and no MSI; it invalidates what the
 *    guest asked for.
 * 3. Every verdict, and every reason that a guest can reach, is reached.
 * 4. The stream table: lower bound, refusals; loops over a range of streams come once
 *    to each, and end.
 * 5. What others got wrong, one test each.
 */
#include "test.h"
#include "guest_judge.h"

/* SMMUv3.4 with everything, RME excepted: StreamIDs 32, SubstreamIDs 20 bits. */
static void env_all(struct rules_env *env)
{
	memset(env, 0, sizeof(*env));
	env->aidr = 0x4;
	env->idr0 = 0x00057e33;
	env->idr1 = 0x00000520;
	env->idr3 = 0x00008580;
	env->idr5 = 0x000001f5;
	env->e2h = true;
	env->sec = RULES_NS;
}

/* What of it a guest may see. */
static void env_shown(struct rules_env *env)
{
	env_all(env);
	env->idr0 &= ~(uint32_t)1;
	env->idr3 &= ~(uint32_t)0x8080;
	env->sec = RULES_NS;
}

static void take_all(struct grule_env *env)
{
	unsigned int op;

	env->take[0] = 0;
	env->take[1] = 0;
	for (op = 0; op < 128; op++)
		if (grule_listed(op))
			env->take[op / 64] |= (uint64_t)1 << op % 64;
}

static void put_stream(struct judged *j, uint32_t vsid, uint32_t sid, bool ats, unsigned int stu)
{
	struct grule_stream *s = &j->rule_stream[j->env.streams++];

	s->vsid = vsid;
	s->sid = sid;
	s->ats = ats;
	s->stu_lg2 = stu;
}

/* The widest guest: full SMMU, all opcodes, lenient, four streams. */
static void guest_all(struct judged *j)
{
	memset(j, 0, sizeof(*j));
	env_all(&j->env.real);
	env_shown(&j->env.shown);
	take_all(&j->env);
	j->env.enabled = true;
	j->env.vmid = 0x1234;
	put_stream(j, 0, 0x700, false, 0);
	put_stream(j, 5, 0x705, true, 12);
	put_stream(j, 6, 0x9, true, 16);
	put_stream(j, 0xffffffff, 0xfffffffe, true, 43);
}

/* Any registers that inval_caps_read() takes. */
static void env_random(struct rules_env *env, uint64_t *seed)
{
	memset(env, 0, sizeof(*env));
	env->aidr = (uint32_t)(test_random(seed) % 6);
	env->idr0 = (uint32_t)test_random(seed);
	env->idr1 = ((uint32_t)test_random(seed) & 0x5c00f800u) |
		    (uint32_t)(test_random(seed) % 21) << 6 | (uint32_t)(test_random(seed) % 33);
	env->idr3 = (uint32_t)test_random(seed);
	env->idr5 = (uint32_t)test_random(seed);
	env->e2h = (test_random(seed) & 1) != 0;
	env->sec = RULES_NS;
}

/* A guest that sees a part of what there is. */
static void env_part(struct rules_env *env, const struct rules_env *real, uint64_t *seed)
{
	uint32_t ssid = (uint32_t)rules_bits(real->idr1, 10, 6);

	env_random(env, seed);
	env->aidr = (uint32_t)test_random(seed) % (real->aidr + 1);
	env->idr0 = ((real->idr0 & (uint32_t)(test_random(seed) | test_random(seed))) &
		     ~(uint32_t)0x43020001) | 2;
	env->idr0 |= (test_random(seed) & 1) != 0 ? 1u << 24 : real->idr0 & (3u << 24);
	env->idr1 = (uint32_t)(test_random(seed) % (ssid + 1)) << 6 |
		    (uint32_t)(test_random(seed) % 33);
	env->idr3 = real->idr3 & (uint32_t)(test_random(seed) | test_random(seed)) & ~(uint32_t)0x9880;
	env->idr5 = real->idr5 & (uint32_t)(test_random(seed) | test_random(seed));
	env->e2h = (test_random(seed) & 1) != 0;
}

/* Guest number n: parts of random SMMUs, random policies, random streams. */
static void guest_number(struct judged *j, unsigned int n)
{
	uint64_t seed = n;
	uint32_t vsid = 0, mask;

	guest_all(j);
	j->env.strict = (n & 1) != 0;
	j->env.own = (n & 2) != 0;
	if (n < 4)
		return;
	env_random(&j->env.real, &seed);
	j->env.real.idr0 |= 2;
	env_part(&j->env.shown, &j->env.real, &seed);
	j->env.enabled = (n & 12) != 0;
	if (n % 5 == 0) {
		j->env.take[0] &= test_random(&seed);
		j->env.take[1] &= test_random(&seed);
	}
	j->env.vmid = (uint16_t)test_random(&seed);
	if (!rules_s2p(&j->env.real))
		j->env.vmid = 0;
	if (!rules_bit(j->env.real.idr0, 18))
		j->env.vmid &= 0xff;
	mask = (uint32_t)(((uint64_t)1 << rules_bits(j->env.real.idr1, 5, 0)) - 1);
	j->env.streams = 0;
	while (j->env.streams < test_random(&seed) % JUDGE_STREAMS) {
		put_stream(j, vsid, (uint32_t)test_random(&seed) & mask,
			   (test_random(&seed) & 3) != 0, 12 + (unsigned int)(test_random(&seed) % 32));
		vsid += 1 + (uint32_t)(test_random(&seed) % 3);
	}
}

#define GUESTS 40u

/* Fields that are often right, and a few flipped bits. */
static void random_command(uint64_t *d0, uint64_t *d1, uint64_t *seed)
{
	static const uint64_t tidy[] = { 0, 0x1000, 0x200000, 0xffffffffff000, 0x8000000000 };
	uint64_t r = test_random(seed), sid = test_random(seed) % 12;
	const struct rules_row *row = &rules_table[r % RULES_ROWS];

	*d0 = row->opcode;
	*d1 = (r >> 10) % 3 != 0 ? tidy[(r >> 12) % 5] : test_random(seed);
	if ((row->fields & RF_SID) != 0)
		*d0 |= (sid < 11 ? sid : test_random(seed) & 0xffffffff) << 32;
	if ((row->fields & (RF_SSV | RF_SSID)) != 0 && (r & 0x100000) != 0)
		*d0 |= (test_random(seed) & 0xf00f) << 12 | (uint64_t)1 << 11;
	if ((row->fields & RF_VMID) != 0 && (r & 0x600000) == 0)
		*d0 |= (uint64_t)(uint16_t)test_random(seed) << 32;
	if ((row->fields & RF_ASID) != 0)
		*d0 |= (test_random(seed) & ((r & 0x800000) != 0 ? 0xffff : 0xff)) << 48;
	if ((row->fields & RF_NUM) != 0 && (r & 0x3000000) != 0)
		*d0 |= (test_random(seed) & 31) << 12 | (test_random(seed) % 41) << 20;
	if ((row->fields & RF_TG) != 0)
		*d1 = (*d1 & ~(uint64_t)0xffe) | ((r & 0x3000000) != 0 ? (r >> 30 & 15) << 8 : 0);
	if ((row->fields & RF_TTL128) != 0 && (r >> 36) % 8 == 0)
		*d1 |= 0x80;
	if ((row->fields & (RF_RANGE | RF_ATC_SIZE | RF_PF_SIZE)) != 0)
		*d1 = (*d1 & ~(uint64_t)0xfff) | (r >> 40) % 60;
	if (row->opcode == 0x41 || row->opcode == 0x44)
		*d1 = (r >> 40) & 0x31ff;
	if (row->opcode == 0x46)
		*d0 |= (r >> 40 & 3) << 12;
	if (row->opcode == 0x03 || row->opcode == 0x05)
		*d1 &= 1;
	if (r >> 60 == 0)
		*d0 ^= (uint64_t)1 << (8 + test_random(seed) % 56);
	if (r >> 60 == 1)
		*d1 ^= (uint64_t)1 << test_random(seed) % 64;
}

TEST(guest, every_opcode_bare_and_with_single_bits)
{
	static struct judge_tally tally;
	static struct judged j;
	uint64_t seed = 1, op;
	unsigned int n, bit;
	int ret;

	for (n = 0; n < GUESTS; n++) {
		guest_number(&j, n);
		ret = judge_init(&j);
		CHECK(ret == 0, "guest %u: %d", n, ret);
		for (op = 0; op < 256; op++) {
			judge(&j, op, 0, &tally, &seed);
			for (bit = 8; bit < 64; bit++)
				judge(&j, op | (uint64_t)1 << bit, 0, &tally, &seed);
			for (bit = 0; bit < 64; bit++)
				judge(&j, op, (uint64_t)1 << bit, &tally, &seed);
		}
	}
}

TEST(guest, random_fields_reach_every_verdict_and_reason)
{
	static struct judge_tally tally;
	static struct judged j;
	uint64_t seed = 2, d0, d1;
	unsigned int n, i;
	int ret;

	for (n = 0; n < 2 * GUESTS; n++) {
		guest_number(&j, n);
		ret = judge_init(&j);
		CHECK(ret == 0, "guest %u: %d", n, ret);
		for (i = 0; i < 6000; i++) {
			random_command(&d0, &d1, &seed);
			judge(&j, d0, d1, &tally, &seed);
			if (i % 8 == 0)
				judge(&j, test_random(&seed), test_random(&seed), &tally, &seed);
		}
	}
	for (i = 0; i < 4; i++)
		CHECK(tally.verdict[i] != 0, "verdict %u never given", i);
	/* A misaligned range is converted, DPTI is never shown, nobody sees Realm. */
	for (i = 0; i < (unsigned int)INVAL_ILL_COUNT; i++)
		CHECK(tally.reason[i] != 0 || i == INVAL_ILL_ALIGN || i == INVAL_ILL_END ||
		      i == INVAL_ILL_DPTI, "reason %u never given", i);
	for (i = 0; i < 256; i++)
		CHECK(!grule_listed(i) || tally.opcode[INVAL_VERDICT_FORWARD][i] +
		      tally.opcode[INVAL_VERDICT_EMULATE][i] != 0, "opcode %x never taken", i);
}

/* Every form of a range, at addresses that matter, for a guest and for its SMMU. */
TEST(guest, every_form_of_a_range)
{
	static const uint64_t addr[] = { 0, 0x1000, 0x4000, 0x10000, 0x200000, 0x2000000, 0x20000000,
					 0x40000000, 0x1000000000, 0x40000000000,
					 0xfffffffffffff000, 0xffffffffc0000000 };
	static const uint64_t num[] = { 0, 1, 31 };
	static const uint64_t scale[] = { 0, 1, 20, 31, 32, 39, 40, 63 };
	static struct judge_tally tally;
	static struct judged j;
	uint64_t seed = 3, form, d0, d1;
	unsigned int n, a, k, s;
	int ret;

	for (n = 0; n < 16; n++) {
		guest_all(&j);
		j.env.strict = true;
		j.env.shown.idr3 &= (n & 1) != 0 ? ~(uint32_t)0x400 : ~(uint32_t)0;
		j.env.shown.idr5 &= (n & 2) != 0 ? ~(uint32_t)0x80 : ~(uint32_t)0;
		j.env.shown.idr5 &= (n & 4) != 0 ? ~(uint32_t)0x100 : ~(uint32_t)0;
		j.env.real.idr5 &= (n & 8) != 0 ? j.env.shown.idr5 : ~(uint32_t)0;
		ret = judge_init(&j);
		CHECK(ret == 0, "guest %u: %d", n, ret);
		for (form = 0; form < 32; form++)
			for (a = 0; a < sizeof(addr) / sizeof(addr[0]); a++)
				for (k = 0; k < 3; k++)
					for (s = 0; s < 8; s++) {
						d0 = 0x12 | num[k] << 12 | scale[s] << 20 |
						     (uint64_t)0x77 << 48;
						d1 = addr[a] | (form & 15) << 8 | (form & 16) << 3;
						judge(&j, d0, d1, &tally, &seed);
						judge(&j, (d0 & ~(uint64_t)0xff) | 0x22, d1 | 1,
						      &tally, &seed);
					}
	}
	CHECK(tally.verdict[INVAL_VERDICT_FORWARD] > 1000, "few were forwarded");
}

/* One bit flipped in what is shown (1), in the real SMMU (2), in both (3). */
static void shown_bit(struct judged *j, unsigned int reg, unsigned int bit, unsigned int where)
{
	uint32_t *s, *r;

	guest_all(j);
	s = reg == 0 ? &j->env.shown.idr0 : reg == 1 ? &j->env.shown.idr1 :
	    reg == 2 ? &j->env.shown.idr3 : reg == 3 ? &j->env.shown.idr5 :
	    reg == 4 ? &j->env.shown.aidr : reg == 5 ? &j->env.shown.r_idr0 :
	    reg == 6 ? &j->env.shown.r_idr3 : reg == 7 ? &j->env.shown.s_idr0 :
	    reg == 8 ? &j->env.shown.s_idr1 : &j->env.shown.s_idr3;
	r = reg == 0 ? &j->env.real.idr0 : reg == 1 ? &j->env.real.idr1 :
	    reg == 2 ? &j->env.real.idr3 : reg == 3 ? &j->env.real.idr5 :
	    reg == 4 ? &j->env.real.aidr : reg == 5 ? &j->env.real.r_idr0 :
	    reg == 6 ? &j->env.real.r_idr3 : reg == 7 ? &j->env.real.s_idr0 :
	    reg == 8 ? &j->env.real.s_idr1 : &j->env.real.s_idr3;
	if ((where & 1) != 0)
		*s ^= 1u << bit;
	if ((where & 2) != 0)
		*r ^= 1u << bit;
}

TEST(guest, shown_what_is_there_and_no_more)
{
	static struct judged j;
	unsigned int reg, bit, where, accepted = 0, refused = 0;
	bool ok;
	int ret;

	for (reg = 0; reg < 10; reg++) {
		for (bit = 0; bit < 32; bit++) {
			for (where = 1; where < 4; where++) {
				shown_bit(&j, reg, bit, where);
				ret = judge_init(&j);
				if (ret == 1)	/* not an SMMUv3 */
					continue;
				ok = grule_shown_ok(&j.env.shown, &j.env.real);
				if (!rules_s1p(&j.env.shown))
					CHECK(ret == -INVAL_EINVAL, "no stage 1: %d", ret);
				else if (!ok)
					CHECK(ret == -INVAL_EOPNOTSUPP, "%u bit %u where %u: %d", reg, bit,
					      where, ret);
				else
					CHECK(ret == (rules_bit(j.env.real.idr0, 18) &&
						      rules_s2p(&j.env.real) ? 0 : -INVAL_ERANGE),
					      "%u bit %u where %u: %d", reg, bit, where, ret);
				accepted += ret == 0;
				refused += ret != 0;
			}
		}
	}
	CHECK(accepted > 50 && refused > 20, "%u accepted, %u refused", accepted, refused);
}

TEST(guest, shown_random_registers)
{
	static struct judged j;
	uint64_t seed = 9;
	unsigned int n, accepted = 0;
	bool want;
	int ret;

	for (n = 0; n < 100000; n++) {
		guest_all(&j);
		env_random(&j.env.real, &seed);
		env_part(&j.env.shown, &j.env.real, &seed);
		if ((n & 1) != 0)
			j.env.shown.idr0 ^= 1u << test_random(&seed) % 32;
		if ((n & 2) != 0)
			j.env.shown.idr3 ^= 1u << test_random(&seed) % 32;
		if ((n & 12) == 12 && (j.env.shown.idr1 & 0x7c0) < 20 << 6)
			j.env.shown.idr1 += 1 << 6;
		if ((n & 4) != 0)
			j.env.real.idr5 ^= 1u << test_random(&seed) % 32;
		j.env.vmid = 0;
		ret = judge_init(&j);
		want = rules_s1p(&j.env.shown) && grule_shown_ok(&j.env.shown, &j.env.real);
		CHECK((ret == 0) == want, "%u: %d, idr0 %x %x idr1 %x %x idr3 %x %x idr5 %x %x", n, ret,
		      (unsigned int)j.env.shown.idr0, (unsigned int)j.env.real.idr0,
		      (unsigned int)j.env.shown.idr1, (unsigned int)j.env.real.idr1,
		      (unsigned int)j.env.shown.idr3, (unsigned int)j.env.real.idr3,
		      (unsigned int)j.env.shown.idr5, (unsigned int)j.env.real.idr5);
		accepted += ret == 0;
	}
	CHECK(accepted > 10000, "%u accepted", accepted);
}

TEST(guest, refusals_of_init_change_nothing)
{
	static struct judged j;
	static struct inval_guest before;
	unsigned int op;
	int ret;

	for (op = 0; op < 128; op++) {
		guest_all(&j);
		memset(&j.guest, 0x5a, sizeof(j.guest));
		before = j.guest;
		j.env.take[0] = op < 64 ? (uint64_t)1 << op : 0;
		j.env.take[1] = op < 64 ? 0 : (uint64_t)1 << (op - 64);
		ret = judge_init(&j);
		CHECK(ret == (grule_listed(op) ? 0 : -INVAL_EINVAL), "opcode %x: %d", op, ret);
		CHECK(ret == 0 || memcmp(&before, &j.guest, sizeof(before)) == 0, "opcode %x", op);
	}
	guest_all(&j);
	j.env.real.idr0 &= ~(1u << 18);
	j.env.shown.idr0 &= ~(1u << 18);
	memset(&j.guest, 0x5a, sizeof(j.guest));
	ret = judge_init(&j);
	CHECK(ret == -INVAL_ERANGE && memcmp(&before, &j.guest, sizeof(before)) == 0, "VMID: %d", ret);
	j.env.vmid = 0xff;
	ret = judge_init(&j);
	CHECK(ret == 0, "8-bit VMID: %d", ret);
	j.env.real.idr0 &= ~1u;
	ret = judge_init(&j);
	CHECK(ret == -INVAL_ERANGE, "a VMID without stage 2: %d", ret);
	j.env.vmid = 0;
	ret = judge_init(&j);
	CHECK(ret == 0 && !j.guest.policy.flags, "none: %d", ret);
}

TEST(guest, policies)
{
	struct inval_guest_policy p;
	uint32_t op, taken = 0;
	int ret;

	inval_guest_policy_stage1(&p);
	CHECK(p.flags == 0, "flags %x", (unsigned int)p.flags);
	for (op = 0; op < 300; op++)
		CHECK(inval_guest_takes(&p, op) == grule_listed(op), "stage 1: %x", (unsigned int)op);
	inval_guest_policy_host(&p);
	CHECK(p.flags == (INVAL_GUEST_STRICT | INVAL_GUEST_OWN), "flags %x", (unsigned int)p.flags);
	for (op = 0; op < 300; op++)
		CHECK(inval_guest_takes(&p, op) == grule_listed(op), "host: %x", (unsigned int)op);
	inval_guest_policy_narrow(&p);
	CHECK(p.flags == (INVAL_GUEST_STRICT | INVAL_GUEST_OWN), "flags %x", (unsigned int)p.flags);
	for (op = 0; op < 300; op++)
		CHECK(inval_guest_takes(&p, op) == (op == INVAL_OP_SYNC), "narrow: %x",
		      (unsigned int)op);
	for (op = 0; op < 300; op++) {
		ret = inval_guest_policy_take(&p, op);
		CHECK(ret == (grule_listed(op) ? 0 : -INVAL_EINVAL), "%x: %d", (unsigned int)op, ret);
		CHECK(inval_guest_takes(&p, op) == (ret == 0), "%x", (unsigned int)op);
		taken += ret == 0;
	}
	CHECK(taken == 20, "%u taken", (unsigned int)taken);
	p.take[0] = ~(uint64_t)0;
	p.take[1] = ~(uint64_t)0;
	for (op = 0; op < 300; op++)
		CHECK(inval_guest_takes(&p, op) == (op <= INVAL_OP_SYNC), "%x", (unsigned int)op);
}

TEST(guest, map_finds_the_first_at_or_above)
{
	static struct inval_guest_stream s[JUDGE_STREAMS];
	struct inval_guest_stream out;
	struct inval_guest_map map;
	uint32_t vsid, i, num;
	bool found;

	map.stream = s;
	for (num = 0; num <= JUDGE_STREAMS; num++) {
		for (i = 0; i < num; i++)
			s[i].vsid = 3 * i + 1;
		if (num == JUDGE_STREAMS)
			s[num - 1].vsid = UINT32_MAX;
		map.num = num;
		for (vsid = 0; vsid < 3 * JUDGE_STREAMS + 2; vsid++) {
			for (i = 0; i < num && s[i].vsid < vsid; i++)
				continue;
			found = inval_guest_map_find(&map, vsid, &out);
			CHECK(found == (i < num), "%u of %u", (unsigned int)vsid, (unsigned int)num);
			CHECK(!found || out.vsid == s[i].vsid, "%u of %u: %u", (unsigned int)vsid,
			      (unsigned int)num, (unsigned int)out.vsid);
		}
	}
	found = inval_guest_map_find(&map, UINT32_MAX, &out);
	CHECK(found && out.vsid == UINT32_MAX, "the last of all");
}

TEST(guest, map_check)
{
	static struct judged j;
	unsigned int stu;
	int ret;

	guest_all(&j);
	ret = judge_init(&j);
	CHECK(ret == 0 && inval_guest_map_check(&j.map, &j.caps) == 0, "good: %d", ret);
	j.stream[2].vsid = 5;
	ret = inval_guest_map_check(&j.map, &j.caps);
	CHECK(ret == -INVAL_EINVAL, "twice: %d", ret);
	j.stream[2].vsid = 4;
	ret = inval_guest_map_check(&j.map, &j.caps);
	CHECK(ret == -INVAL_EINVAL, "not in order: %d", ret);
	j.stream[2].vsid = 6;
	for (stu = 0; stu < 64; stu++) {
		j.stream[1].stu_lg2 = (uint8_t)stu;
		ret = inval_guest_map_check(&j.map, &j.caps);
		CHECK(ret == (stu >= 12 && stu <= 43 ? 0 : -INVAL_ERANGE), "STU %u: %d", stu, ret);
	}
	j.stream[1].ats = false;
	ret = inval_guest_map_check(&j.map, &j.caps);
	CHECK(ret == 0, "no ATS, no STU: %d", ret);
	j.caps.sid_bits = 31;
	ret = inval_guest_map_check(&j.map, &j.caps);
	CHECK(ret == -INVAL_ERANGE, "wide: %d", ret);
	j.map.num = 0;
	ret = inval_guest_map_check(&j.map, &j.caps);
	CHECK(ret == 0, "empty: %d", ret);
}

/* vsid and sid of what a loop gives, in order, as a text. */
static const char *loop_text(const struct judged *j, uint64_t d0, uint64_t d1, unsigned int most)
{
	static char text[256];
	struct inval_guest_result out;
	struct inval_guest_loop loop;
	struct inval_cmd in;
	size_t at = 0;

	in.d0 = d0;
	in.d1 = d1;
	text[0] = 0;
	inval_guest_loop_begin(&loop, in);
	while (most-- > 0 && inval_guest_loop_next(&loop, inval_guest_map_find, &j->map, &out)) {
		CHECK(out.cmd.d0 == (3 | (uint64_t)out.stream.sid << 32) && out.cmd.d1 == 0,
		      "%llx %llx", (unsigned long long)out.cmd.d0, (unsigned long long)out.cmd.d1);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%x:%x ",
				       (unsigned int)out.stream.vsid, (unsigned int)out.stream.sid);
	}
	return text;
}

TEST(guest, a_range_of_streams_becomes_the_guests_own)
{
	static struct judged j;
	const char *text;

	guest_all(&j);
	CHECK(judge_init(&j) == 0, "init");
	text = loop_text(&j, 4, 31, 99);
	CHECK(strcmp(text, "0:700 5:705 6:9 ffffffff:fffffffe ") == 0, "CFGI_ALL: %s", text);
	text = loop_text(&j, 4 | (uint64_t)77 << 32, 31, 99);
	CHECK(strcmp(text, "0:700 5:705 6:9 ffffffff:fffffffe ") == 0, "its StreamID: %s", text);
	text = loop_text(&j, 4 | (uint64_t)7 << 32, 1, 99);
	CHECK(strcmp(text, "5:705 6:9 ") == 0, "4 to 7: %s", text);
	text = loop_text(&j, 4 | (uint64_t)5 << 32, 0, 99);
	CHECK(strcmp(text, "5:705 ") == 0, "4 and 5: %s", text);
	text = loop_text(&j, 4 | (uint64_t)2 << 32, 0, 99);
	CHECK(strcmp(text, "") == 0, "2 and 3: %s", text);
	text = loop_text(&j, 4 | (uint64_t)0xfffffff0 << 32, 3, 99);
	CHECK(strcmp(text, "ffffffff:fffffffe ") == 0, "the last: %s", text);
}

/* A find function of an embedder that goes back, and one that always finds. */
static bool find_back(const void *streams, uint32_t vsid, struct inval_guest_stream *out)
{
	memset(out, 0, sizeof(*out));
	(void)vsid;
	(void)streams;
	return true;
}

static bool find_any(const void *streams, uint32_t vsid, struct inval_guest_stream *out)
{
	memset(out, 0, sizeof(*out));
	out->vsid = vsid;
	(void)streams;
	return true;
}

TEST(guest, a_loop_ends_whatever_the_lookup_says)
{
	struct inval_guest_result out;
	struct inval_guest_loop loop;
	struct inval_cmd in = { 4, 3 };
	unsigned int n = 0;

	inval_guest_loop_begin(&loop, in);
	while (n < 100 && inval_guest_loop_next(&loop, find_back, NULL, &out))
		n++;
	CHECK(n == 1, "goes back: %u", n);
	inval_guest_loop_begin(&loop, in);
	for (n = 0; n < 100 && inval_guest_loop_next(&loop, find_any, NULL, &out); n++)
		continue;
	CHECK(n == 16, "all of 2^4: %u", n);
	CHECK(!inval_guest_loop_next(&loop, find_any, NULL, &out), "and no more");
}

/* What one command of the widest guest becomes; @how changes the guest. */
static enum inval_verdict one(void (*how)(struct judged *j), uint64_t d0, uint64_t d1,
			      struct inval_guest_result *out)
{
	static struct judged j;
	uint64_t seed = 4;
	int ret;

	guest_all(&j);
	if (how)
		how(&j);
	ret = judge_init(&j);
	CHECK(ret == 0, "init: %d", ret);
	return judge_at(&j, d0, d1, out, &seed);
}

static void be_strict(struct judged *j)
{
	j->env.strict = true;
	j->env.own = true;
}

static void no_hyp(struct judged *j)
{
	j->env.shown.idr0 &= ~(1u << 9);
}

static void no_ats(struct judged *j)
{
	j->env.shown.idr0 &= ~(1u << 10);
}

static void not_enabled(struct judged *j)
{
	j->env.enabled = false;
}

static void narrow_ssid(struct judged *j)
{
	j->env.shown.idr1 = (j->env.shown.idr1 & ~(uint32_t)0x7c0) | 4 << 6;
}

static void no_ds(struct judged *j)
{
	j->env.shown.idr5 &= ~(uint32_t)0x80;
}

static void no_ssid(struct judged *j)
{
	j->env.shown.idr1 &= ~(uint32_t)0x7c0;
}

static void no_e2h(struct judged *j)
{
	j->env.shown.e2h = false;
}

#define FORWARDS(how, in0, in1, out0, out1) \
	do { \
		enum inval_verdict v_ = one(how, in0, in1, &out); \
		CHECK(v_ == INVAL_VERDICT_FORWARD && out.cmd.d0 == (out0) && out.cmd.d1 == (out1), \
		      "%d: %016llx %016llx", (int)v_, (unsigned long long)out.cmd.d0, \
		      (unsigned long long)out.cmd.d1); \
	} while (0)

#define ILLEGAL(how, in0, in1, why) \
	do { \
		enum inval_verdict v_ = one(how, in0, in1, &out); \
		CHECK(v_ == INVAL_VERDICT_ILLEGAL && out.reason == (why), "%d: reason %d", (int)v_, \
		      (int)out.reason); \
	} while (0)

#define BECOMES(how, in0, in1, what) \
	do { \
		enum inval_verdict v_ = one(how, in0, in1, &out); \
		CHECK(v_ == (what), "%d: reason %d", (int)v_, (int)out.reason); \
	} while (0)

TEST(guest, vectors)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x10, 0, 0x0000123400000010, 0);
	FORWARDS(NULL, 0x30, 0, 0x0000123400000010, 0);
	FORWARDS(NULL, 0x0077000000000011, 0, 0x0077123400000011, 0);
	FORWARDS(NULL, 0x0077000000000012, 0x4001, 0x0077123400000012, 0x4001);
	FORWARDS(NULL, 0x13, 0x4000, 0x0000123400000013, 0x4000);
	/* 4K, level 2, NUM 3, SCALE 2, leaf */
	FORWARDS(NULL, 0x0077000000203012, 0x600601, 0x0077123400203012, 0x600601);
	FORWARDS(NULL, 0x0000000500003005, 1, 0x0000070500003005, 1);
	FORWARDS(NULL, 0x0000000500000006, 0, 0x0000070500000006, 0);
	FORWARDS(NULL, 0x0000000500000040, 0x5001, 0x0000070500000040, 0x4001);
	FORWARDS(NULL, 0x0000000500003a40, 0x34, 0x0000070500003a40, 0x34);
	BECOMES(NULL, 0x46, 0, INVAL_VERDICT_EMULATE);
	BECOMES(NULL, 0x0000000500000003, 1, INVAL_VERDICT_EMULATE);
	CHECK(out.cmd.d0 == 0x0000070500000003 && out.cmd.d1 == 1 && out.stream.vsid == 5, "%llx",
	      (unsigned long long)out.cmd.d0);
	BECOMES(NULL, 0x4, 31, INVAL_VERDICT_EMULATE);
	BECOMES(NULL, 0x0000000100000003, 1, INVAL_VERDICT_NOTHING);
	BECOMES(NULL, 0x0000000500001044, 0x77, INVAL_VERDICT_EMULATE);
	CHECK(out.cmd.d0 == 0x0000070500001044 && out.cmd.d1 == 0x77, "%llx",
	      (unsigned long long)out.cmd.d0);
}

/* The guest's EL2 is EL1 to us; with E2H its entries have ASIDs, without any. */
TEST(guest, el2_commands_become_el1_ones)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x20, 0, 0x0000123400000010, 0);
	FORWARDS(NULL, 0x0077000000000021, 0, 0x0077123400000011, 0);
	FORWARDS(NULL, 0x0077000000000022, 0x4001, 0x0077123400000012, 0x4001);
	FORWARDS(NULL, 0x23, 0x4000, 0x0000123400000013, 0x4000);
	FORWARDS(no_e2h, 0x0077000000000022, 0x4001, 0x0000123400000013, 0x4001);
	ILLEGAL(no_hyp, 0x20, 0, INVAL_ILL_FEATURE);
	ILLEGAL(no_hyp, 0x0077000000000022, 0x4001, INVAL_ILL_FEATURE);
}

/* Linux gives each SYNC the attributes of an MSI, whether it asks for one or not. */
TEST(guest, a_sync_as_linux_writes_it)
{
	struct inval_guest_result out;

	BECOMES(NULL, 0x0fc02046, 0, INVAL_VERDICT_EMULATE);
	BECOMES(be_strict, 0x0fc02046, 0, INVAL_VERDICT_EMULATE);
	CHECK(out.cmd.d0 == INVAL_OP_SYNC && out.cmd.d1 == 0, "%llx", (unsigned long long)out.cmd.d0);
}

TEST(guest, no_substreams_no_ssv)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x0000000500000840, 0x34, 0x0000070500000840, 0x34);
	ILLEGAL(no_ssid, 0x0000000500000840, 0x34, INVAL_ILL_SSID);
	ILLEGAL(no_ssid, 0x0000000500000801, 0, INVAL_ILL_SSID);
	FORWARDS(no_ssid, 0x0000000500000040, 0x34, 0x0000070500000040, 0x34);
}

/* A range that is misaligned, or passes the end, may mean anything: all of the VMID. */
TEST(guest, misaligned_range_becomes_all_of_the_vmid)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x0077000000203012, 0x601601, 0x0000123400000010, 0);
	FORWARDS(NULL, 0x203013, 0x601601, 0x0000123400000010, 0);
	FORWARDS(be_strict, 0x0077000000203022, 0x601601, 0x0000123400000010, 0);
	FORWARDS(NULL, 0x0077000000203012, 0xfffffffffffff400, 0x0000123400000010, 0);
}

/* To the last byte, of each granule, and one granule further. */
TEST(guest, range_to_the_end_stays_a_range)
{
	static const uint64_t addr[] = { 0xffffffffffffe400, 0xffffffffffff8800, 0xfffffffffffe0c00 };
	struct inval_guest_result out;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		FORWARDS(NULL, 0x0077000000001012, addr[i], 0x0077123400001012, addr[i]);
		FORWARDS(NULL, 0x0077000000002012, addr[i], 0x0000123400000010, 0);
	}
}

/* 16K, TTL 1: no hint without DS; to an SMMU with DS it would be one. */
TEST(guest, a_hint_that_is_none_for_the_guest_is_taken_out)
{
	struct inval_guest_result out;

	FORWARDS(no_ds, 0x0077000000003012, 0x8900, 0x0077123400003012, 0x8800);
	ILLEGAL(no_ds, 0x0077000000000012, 0x8900, INVAL_ILL_RANGE_RESERVED);
}

/* Not below the device's STU; and everything stays everything. */
TEST(guest, atc_span_is_at_least_the_stu)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x0000000600000040, 0x13000, 0x0000000900000040, 0x10004);
	FORWARDS(NULL, 0x0000000600000040, 0x13005, 0x0000000900000040, 0x5);
	FORWARDS(NULL, 0xffffffff00000040, 0x1000000000000, 0xfffffffe00000040, 0x100000000001f);
	FORWARDS(NULL, 0xffffffff00000040, 0x34, 0xfffffffe00000040, 0x34);
}

/* Others let these pass, and a guest could stop the host's queue. */
TEST(guest, reserved_bits_never_reach_the_smmu)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x0077000000000b12, 0x4041, 0x0077123400000012, 0x4001);
	ILLEGAL(be_strict, 0x0077000000000b12, 0x4001, INVAL_ILL_RESERVED);
	ILLEGAL(be_strict, 0x0077000000000012, 0x4041, INVAL_ILL_RESERVED);
	FORWARDS(NULL, 0x0000000500000106, 0xdead, 0x0000070500000006, 0);
}

/* Still taken by a mask of allowed bits per opcode. */
TEST(guest, wide_substream_ids_are_refused)
{
	struct inval_guest_result out;

	ILLEGAL(narrow_ssid, 0x0000000500010005, 1, INVAL_ILL_SSID);
	ILLEGAL(narrow_ssid, 0x0000000500010840, 0, INVAL_ILL_SSID);
	FORWARDS(narrow_ssid, 0x000000050000f005, 1, 0x000007050000f005, 1);
	FORWARDS(narrow_ssid, 0x000000050000f840, 0, 0x000007050000f840, 0);
}

/* Likewise: the SMMU would round down, the encoder must. */
TEST(guest, atc_address_is_rounded_to_its_size)
{
	struct inval_guest_result out;

	FORWARDS(NULL, 0x0000000500000040, 0xfffffffffffff003, 0x0000070500000040,
		 0xffffffffffff8003);
	FORWARDS(NULL, 0x0000000500000040, 0xfffffffffffff034, 0x0000070500000040, 0x34);
	FORWARDS(NULL, 0x0000000500000040, 0xfffffffffffff033, 0x0000070500000040,
		 0x8000000000000033);
	ILLEGAL(NULL, 0x0000000500000040, 0x35, INVAL_ILL_ATC_SIZE);
}

/* A deny-list misses what it does not know. */
TEST(guest, unknown_opcodes_are_refused)
{
	struct inval_guest_result out;

	ILLEGAL(NULL, 0x00, 0, INVAL_ILL_OPCODE);
	ILLEGAL(NULL, 0xff, 0, INVAL_ILL_OPCODE);
	ILLEGAL(NULL, 0x80, 0, INVAL_ILL_IMPDEF);
	ILLEGAL(NULL, 0x18, 0, INVAL_ILL_QUEUE);
	ILLEGAL(NULL, 0x28, 0, INVAL_ILL_FEATURE);
	ILLEGAL(NULL, 0x2a, 0, INVAL_ILL_FEATURE);
	ILLEGAL(NULL, 0x07, 0, INVAL_ILL_FEATURE);
	ILLEGAL(NULL, 0x50, 0, INVAL_ILL_QUEUE);
}

/* Found again and again by bugs: SSec, CS = 3, ATC_INV where there is no ATS. */
TEST(guest, rules_others_found_by_bugs)
{
	struct inval_guest_result out;

	ILLEGAL(NULL, 0x0000000500000403, 1, INVAL_ILL_SSEC);
	ILLEGAL(NULL, 0x3046, 0, INVAL_ILL_CS);
	ILLEGAL(NULL, 0x0000000500000041, 0x3000, INVAL_ILL_RESP);
	ILLEGAL(no_ats, 0x0000000500000040, 0, INVAL_ILL_FEATURE);
	BECOMES(not_enabled, 0x0000000500000040, 0, INVAL_VERDICT_NOTHING);
	BECOMES(not_enabled, 0x0000000500000041, 0x1000, INVAL_VERDICT_NOTHING);
	ILLEGAL(not_enabled, 0x0000000500000040, 0x35, INVAL_ILL_ATC_SIZE);
	BECOMES(NULL, 0x0000000000000040, 0, INVAL_VERDICT_NOTHING);
}

/* An MSI address of the guest's is a physical address to the SMMU. */
TEST(guest, a_sync_never_writes)
{
	struct inval_guest_result out;

	BECOMES(NULL, 0xdeadbeef0fc01046, 0x80000000, INVAL_VERDICT_EMULATE);
	CHECK(out.cmd.d0 == 0x46 && out.cmd.d1 == 0, "%llx %llx", (unsigned long long)out.cmd.d0,
	      (unsigned long long)out.cmd.d1);
}

/* A vSMMU with 16-bit StreamIDs takes the stream of another. */
TEST(guest, stream_ids_have_32_bits)
{
	struct inval_guest_result out;

	BECOMES(NULL, 0x0001000500000006, 0, INVAL_VERDICT_NOTHING);
	ILLEGAL(be_strict, 0x0001000500000006, 0, INVAL_ILL_STREAM);
	FORWARDS(be_strict, 0xffffffff00000006, 0, 0xfffffffe00000006, 0);
}

static void host_env(struct judged *j)
{
	static const uint32_t own[] = { 3, 8, 9 };
	unsigned int i;

	be_strict(j);
	j->env.streams = 0;
	for (i = 0; i < 3; i++)
		put_stream(j, own[i], own[i], true, 12);
}

/* The host of a protected hypervisor: its own numbers, only its own streams. */
TEST(guest, host_names_only_streams_it_owns)
{
	struct inval_guest_result out;

	FORWARDS(host_env, 0x0000000800000040, 0x4001, 0x0000000800000040, 0x4001);
	ILLEGAL(host_env, 0x0000000700000040, 0x4001, INVAL_ILL_STREAM);
	ILLEGAL(host_env, 0x0000000700000003, 0, INVAL_ILL_STREAM);
	ILLEGAL(host_env, 0x28, 0, INVAL_ILL_FEATURE);
	FORWARDS(host_env, 0x30, 0, 0x0000123400000010, 0);
}

static void narrow_env(struct judged *j)
{
	be_strict(j);
	j->env.take[0] = (uint64_t)1 << 0x11 | (uint64_t)1 << 0x12;
	j->env.take[1] = (uint64_t)1 << (0x40 - 64) | (uint64_t)1 << (0x46 - 64);
}

TEST(guest, narrow_queue_takes_what_it_was_given)
{
	struct inval_guest_result out;

	FORWARDS(narrow_env, 0x0077000000000011, 0, 0x0077123400000011, 0);
	BECOMES(narrow_env, 0x46, 0, INVAL_VERDICT_EMULATE);
	ILLEGAL(narrow_env, 0x10, 0, INVAL_ILL_POLICY);
	ILLEGAL(narrow_env, 0x0000000500000003, 0, INVAL_ILL_POLICY);
	ILLEGAL(narrow_env, 0, 0, INVAL_ILL_OPCODE);
}
