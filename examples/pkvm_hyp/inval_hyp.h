/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_hyp.h - what the host asks EL2 for: __inval_call(op, a, b), one number back.
 */
#ifndef INVAL_HYP_H
#define INVAL_HYP_H

/*
 * "Code": 0 or -errno. "Line": 0 or the line that found something wrong, of inval_el2.c or,
 * of the self-test, of inval_selftest.h.
 */
enum inval_hyp_op {
	INVAL_HYP_DONATE,	/* a: pfn. Memory for arrays, EL2's from now on. Code */
	INVAL_HYP_RETURN,	/* The host's again. Code */
	INVAL_HYP_SMMU,		/* a: physical address of an SMMUv3. Code */
	INVAL_HYP_SELFTEST,	/* Line */
	INVAL_HYP_SELFTEST_CPU,	/* a: 0 and 1, on two CPUs at the same time. Line */
	INVAL_HYP_LIFE,		/* An array's life. Line */
	INVAL_HYP_CHURN,	/* a: attach and detach so often. Line */
	INVAL_HYP_CHURN_END,	/* The end of that. Line */
	INVAL_HYP_FLUSH,	/* a: flush so often, beside that. Line */
	INVAL_HYP_GUEST_OPEN,	/* a: pfn, shared: the guest's memory. Code */
	INVAL_HYP_GUEST_WRITE,	/* a: register, b: value, 8 bytes at CMDQ_BASE, else 4. As RUN */
	INVAL_HYP_GUEST_RUN,	/* Goes on with its queue. Code, or 1: call again */
	INVAL_HYP_GUEST_READ,	/* a: register of 4 bytes. Its value */
	INVAL_HYP_GUEST_CLOSE,	/* Code */
	INVAL_HYP_FIGURE	/* a: enum inval_hyp_figure. Its value */
};

enum inval_hyp_figure {
	INVAL_HYP_IDR0,
	INVAL_HYP_IDR1,
	INVAL_HYP_QUEUED,	/* positions of the SMMU's queue that were taken */
	INVAL_HYP_CONSUMED,	/* commands of the guest's that CONS passed */
	INVAL_HYP_ISSUED,	/* commands that the SMMU was given for it */
	INVAL_HYP_SYNCS,	/* SYNCs of the guest's that were signalled */
	INVAL_HYP_STES,		/* stream table entries that the guest had written */
	INVAL_HYP_WARNINGS,
	INVAL_HYP_BUFFERS,	/* buffers for arrays that nobody has */
	INVAL_HYP_STACK		/* bytes of this CPU's stack that were ever used */
};

#endif /* INVAL_HYP_H */
