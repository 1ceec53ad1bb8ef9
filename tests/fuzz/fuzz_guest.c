/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * guest.h for any 128 bits, any ID registers of the SMMU and of what the guest sees, any
 * policy and streams, against the naive switch and the predicates of tests/rules/guest.h.
 */
#include <inval/guest.h>

#include "fuzz.h"

#define CHECK FUZZ_CHECK

static inline uint64_t test_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state ^ (*state >> 29);
}

#include "guest_judge.h"

static struct judged j;

static void any_env(struct rules_env *env)
{
	memset(env, 0, sizeof(*env));
	env->aidr = fuzz_byte() & 7u;
	env->idr0 = (uint32_t)fuzz_word(4);
	env->idr1 = fuzz_pick(33) | fuzz_pick(21) << 6;
	env->idr3 = (uint32_t)fuzz_word(2);
	env->idr5 = (uint32_t)fuzz_word(2);
	env->e2h = (fuzz_byte() & 1) != 0;
	env->sec = RULES_NS;
}

/* What is shown: a part, with one flipped bit now and then. */
static void any_part(struct rules_env *env, const struct rules_env *real)
{
	any_env(env);
	env->aidr = real->aidr < env->aidr ? real->aidr : env->aidr;
	env->idr0 = (env->idr0 & real->idr0 & ~0x43020001u) | 2u | (fuzz_byte() & 1u) << 24;
	if (rules_bits(env->idr1, 10, 6) > rules_bits(real->idr1, 10, 6))
		env->idr1 = (env->idr1 & ~0x7c0u) | (real->idr1 & 0x7c0u);
	env->idr3 &= real->idr3 & ~0x9880u;
	env->idr5 &= real->idr5;
	if (fuzz_pick(8) == 0)
		env->idr0 ^= 1u << fuzz_pick(32);
}

static void any_streams(void)
{
	uint32_t vsid = 0, bits = (uint32_t)rules_bits(j.env.real.idr1, 5, 0);

	j.env.streams = 0;
	while (j.env.streams < fuzz_pick(JUDGE_STREAMS + 1u)) {
		struct grule_stream *s = &j.rule_stream[j.env.streams++];

		s->vsid = vsid;
		s->sid = (uint32_t)(fuzz_word(4) & (((uint64_t)1 << bits) - 1));
		s->ats = (fuzz_byte() & 1) != 0;
		s->stu_lg2 = 12 + fuzz_pick(32);
		vsid += 1 + fuzz_pick(4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inval_guest_result out;
	uint64_t seed = size, d0, d1;
	unsigned int op, i;
	int ret;

	fuzz_begin(data, size);
	memset(&j, 0, sizeof(j));
	d0 = fuzz_word(8);
	d1 = fuzz_word(8);
	any_env(&j.env.real);
	any_part(&j.env.shown, &j.env.real);
	i = fuzz_byte();
	j.env.strict = (i & 1) != 0;
	j.env.own = (i & 2) != 0;
	j.env.enabled = (i & 4) != 0;
	for (op = 0; op < 128; op++)
		if (grule_listed(op) && ((i & 8) == 0 || (fuzz_byte() & 1) != 0))
			j.env.take[op / 64] |= (uint64_t)1 << op % 64;
	j.env.vmid = (uint16_t)fuzz_word(2);
	if (!rules_bit(j.env.real.idr0, 18))
		j.env.vmid &= 0xff;
	if (!rules_s2p(&j.env.real))
		j.env.vmid = 0;
	any_streams();
	ret = judge_init(&j);
	FUZZ_CHECK((ret == 0) == (rules_s1p(&j.env.shown) &&
				  grule_shown_ok(&j.env.shown, &j.env.real)), "init: %d", ret);
	if (ret == 0)
		(void)judge_at(&j, d0, d1, &out, &seed);
	return 0;
}
