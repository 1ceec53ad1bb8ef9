/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd.h, check.h, text.h and caps.h for any 128 bits on an SMMU with any ID registers: what
 * is decoded is encoded to the same words, check.h says what tests/rules say, and a line
 * of text stays in its buffer.
 */
#include <inval/check.h>
#include <inval/text.h>

#include "fuzz.h"
#include "rules/rules.h"

static bool read_smmu(struct inval_caps *caps, struct rules_env *env)
{
	struct inval_idregs regs;
	uint32_t sid_bits = fuzz_pick(34), ssid_bits = fuzz_pick(22);
	bool bad;
	int err;

	env->aidr = regs.aidr = fuzz_byte() & 0x17U;
	env->idr0 = regs.idr0 = (uint32_t)fuzz_word(4);
	env->idr1 = regs.idr1 = sid_bits | ((ssid_bits & 31U) << 6);
	env->idr3 = regs.idr3 = (uint32_t)fuzz_word(3);
	env->idr5 = regs.idr5 = (uint32_t)fuzz_word(2);
	env->idr6 = regs.idr6 = (uint32_t)fuzz_word(1) << 16;
	env->r_idr0 = regs.r_idr0 = (uint32_t)fuzz_word(4);
	env->r_idr3 = regs.r_idr3 = (uint32_t)fuzz_word(2);
	env->s_idr0 = regs.s_idr0 = (uint32_t)fuzz_word(4);
	env->s_idr1 = regs.s_idr1 = ((uint32_t)fuzz_word(1) << 24) | fuzz_pick(34);
	env->s_idr3 = regs.s_idr3 = (uint32_t)fuzz_word(1);
	env->e2h = regs.e2h = fuzz_byte() & 1U;
	env->s_e2h = regs.s_e2h = fuzz_byte() & 1U;
	env->sec = fuzz_pick(3);
	bad = sid_bits > 32U || ssid_bits > 20U || (regs.s_idr1 & 63U) > 32U;
	err = inval_caps_read(caps, &regs);
	FUZZ_CHECK(err == ((regs.aidr & 0xf0U) != 0U ? -INVAL_EOPNOTSUPP : bad ? -INVAL_ERANGE : 0),
		   "caps: %d", err);
	return err == 0;
}

static void text(struct inval_cmd cmd)
{
	size_t room = fuzz_pick(64), len, whole;
	char line[256], *buf = (char *)fuzz_alloc(room + 1U);

	buf[room] = 'x';
	whole = inval_text_cmd(line, sizeof(line), cmd);
	len = inval_text_cmd(buf, room, cmd);
	FUZZ_CHECK(whole == len && whole == strlen(line), "%zu of %zu", len, whole);
	FUZZ_CHECK(buf[room] == 'x', "behind %zu", room);
	FUZZ_CHECK(room == 0U || strncmp(buf, line, room - 1U) == 0, "cut line");
	free(buf);
}

static void words(struct inval_cmd cmd)
{
	uint32_t op = (uint32_t)(cmd.d0 & 0xffU), layout = inval_cmd_layout(op);
	struct inval_fields fields;
	struct inval_cmd mask, again;
	int err = inval_cmd_decode(&fields, cmd);

	FUZZ_CHECK((err == 0) == (layout != 0U) && fields.op == op, "decode: %d", err);
	if (err != 0)
		return;
	mask = inval_cmd_mask(layout);
	err = inval_cmd_encode(&again, &fields);
	if (err == -INVAL_EOPNOTSUPP)
		return;
	FUZZ_CHECK(err == 0 && again.d0 == (cmd.d0 & (mask.d0 | 0xffU)) &&
		   again.d1 == (cmd.d1 & mask.d1), "opcode 0x%x: %d", op, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum inval_reason reason;
	struct inval_caps caps;
	struct rules_env env;
	struct inval_cmd cmd;
	uint32_t violated;

	fuzz_begin(data, size);
	cmd.d0 = fuzz_word(8);
	cmd.d1 = fuzz_word(8);
	text(cmd);
	words(cmd);
	if (!read_smmu(&caps, &env))
		return 0;
	violated = rules_violated(&env, cmd.d0, cmd.d1);
	reason = inval_check(&caps, (enum inval_sec)env.sec, cmd);
	FUZZ_CHECK(reason == INVAL_LEGAL ? violated == 0U : ((violated >> (uint32_t)reason) & 1U) != 0U,
		   "reason %u, violated %x", (uint32_t)reason, violated);
	FUZZ_CHECK(inval_text_reason(reason)[0] != '\0', "reason without a text");
	return 0;
}
