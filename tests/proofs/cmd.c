/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd.h, for all 2^128 commands.
 *
 * cmd		decode knows an opcode exactly when the layout does; decode and encode
 *		give the command again, without the bits that no field has
 */
#include <inval/cmd.h>

#include "proof.h"

void proof_cmd(void)
{
	struct inval_fields fields;
	struct inval_cmd in, out, mask;
	uint32_t op, layout;
	int err;

	in.d0 = nondet_u64();
	in.d1 = nondet_u64();
	op = (uint32_t)(in.d0 & 0xffU);
	layout = inval_cmd_layout(op);
	err = inval_cmd_decode(&fields, in);
	prove(err == (layout != 0U ? 0 : -INVAL_EINVAL) && fields.op == op);
	out.d0 = 0;
	err = inval_cmd_encode(&out, &fields);
	if (layout == 0U) {
		prove(err == -INVAL_EINVAL);
		return;
	}
	if (op == INVAL_OP_DPTI_PA || op == INVAL_OP_TLBI_S_S2_IPA) {
		prove(err == -INVAL_EOPNOTSUPP);
		return;
	}
	mask = inval_cmd_mask(layout);
	prove(err == 0);
	prove(out.d0 == (in.d0 & (mask.d0 | 0xffU)) && out.d1 == (in.d1 & mask.d1));
}
