/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_host.c - the kernel's end of __inval_call: asks EL2 for one thing after the other,
 * plays the guest whose queue EL2 vets, prints what came of it, and powers off.
 */
#define INVAL_TYPES_H "linux/types.h"
#include <inval/cmd.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/kvm_host.h>
#include <asm/kvm_mmu.h>
#include <asm/virt.h>

#include "inval_hyp.h"

/* Registers and errors of the guest's queue (IHI 0070, 6.3 and 7.1). */
#define CR0		0x20
#define CR0_ON		0x9	/* CMDQEN, SMMUEN */
#define GERROR		0x60
#define GERRORN		0x64
#define CMDQ_BASE	0x90
#define CMDQ_PROD	0x98
#define CMDQ_CONS	0x9c
#define CERROR_ILL	1
#define CERROR_ABT	2

#define GUEST_LG2	5
#define GUEST_MASK	((2U << GUEST_LG2) - 1)
#define ROUNDS		10
#define MOST		1000
#define ROUND		10
#define CALLS		20
#define FLUSHES		20

static u32 passed, failed;
static u64 *guest_mem;

static long __init ask(enum inval_hyp_op op, u64 a, u64 b)
{
	return (long)kvm_call_hyp_nvhe(__inval_call, op, a, b);
}

static long __init figure(enum inval_hyp_figure which)
{
	return ask(INVAL_HYP_FIGURE, which, 0);
}

static void __init expect(const char *what, long got, long want)
{
	if (got == want) {
		pr_info("inval: ok: %s\n", what);
		passed++;
		return;
	}
	pr_info("inval: FAILED: %s: %ld, not %ld\n", what, got, want);
	failed++;
}

/* The same on a second CPU, at the same time. */

struct other {
	enum inval_hyp_op op;
	u64 a;
	bool again;
	u32 calls;
	long res;
	struct completion done;
};

static void other_asks(void *arg)
{
	struct other *o = arg;

	do {
		o->res = (long)kvm_call_hyp_nvhe(__inval_call, o->op, o->a, 0);
		WRITE_ONCE(o->calls, o->calls + 1);
		udelay(100);
	} while (o->res == 0 && READ_ONCE(o->again));
	complete(&o->done);
}

static int __init other_start(struct other *o)
{
	init_completion(&o->done);
	o->res = -EIO;
	return smp_call_function_single(1, other_asks, o, 0);
}

static void __init two_cpus(void)
{
	struct other o = { .op = INVAL_HYP_SELFTEST_CPU, .a = 1 };
	long line;

	expect("a second CPU", other_start(&o), 0);
	line = ask(INVAL_HYP_SELFTEST_CPU, 0, 0);
	wait_for_completion(&o.done);
	expect("self-test, the first of two CPUs", line, 0);
	expect("self-test, the second", o.res, 0);
}

static void __init churn(void)
{
	struct other o = { .op = INVAL_HYP_FLUSH, .a = FLUSHES, .again = true };
	long line = ask(INVAL_HYP_CHURN, ROUND, 0);
	int i;

	expect("a second CPU", other_start(&o), 0);
	for (i = 1; line == 0 && (i < ROUNDS || (READ_ONCE(o.calls) < CALLS && i < MOST)); i++)
		line = ask(INVAL_HYP_CHURN, ROUND, 0);
	WRITE_ONCE(o.again, false);
	wait_for_completion(&o.done);
	pr_info("inval: %u flushes while %u devices came and went\n", o.calls * FLUSHES,
		2 * i * ROUND);
	expect("attach and detach while another CPU flushes", line, 0);
	expect("its flushes", o.res, 0);
	expect("the end of that", ask(INVAL_HYP_CHURN_END, 0, 0), 0);
}

/* The guest. */

static long __init guest_write(u32 reg, u64 value)
{
	long res = ask(INVAL_HYP_GUEST_WRITE, reg, value);

	while (res == 1)
		res = ask(INVAL_HYP_GUEST_RUN, 0, 0);
	return res;
}

static u32 __init guest_read(u32 reg)
{
	return (u32)ask(INVAL_HYP_GUEST_READ, reg, 0);
}

static void __init guest_store(u32 pos, u64 d0, u64 d1)
{
	u64 *slot = &guest_mem[2 * (pos & (GUEST_MASK >> 1))];

	WRITE_ONCE(slot[0], cpu_to_le64(d0));
	WRITE_ONCE(slot[1], cpu_to_le64(d1));
}

/* Puts a command; the error it had, and how many the SMMU was given for it. */
static u32 __init guest_puts(u64 d0, u64 d1, long *issued)
{
	u32 prod = guest_read(CMDQ_PROD);
	long before = figure(INVAL_HYP_ISSUED);

	guest_store(prod, d0, d1);
	guest_write(CMDQ_PROD, (prod + 1) & GUEST_MASK);
	*issued = figure(INVAL_HYP_ISSUED) - before;
	if (((guest_read(GERROR) ^ guest_read(GERRORN)) & 1) == 0)
		return 0;
	return guest_read(CMDQ_CONS) >> 24;
}

/* As the architecture says: a SYNC takes the command's place, then the error goes. */
static bool __init guest_recovers(void)
{
	u32 prod = guest_read(CMDQ_PROD), cons = guest_read(CMDQ_CONS) & GUEST_MASK;

	if (((cons + 1) & GUEST_MASK) != prod)
		return false;
	guest_store(cons, INVAL_OP_SYNC, 0);
	guest_write(GERRORN, guest_read(GERROR));
	return guest_read(CMDQ_CONS) == prod;
}

static const struct guest_case {
	const char *what;
	u64 d0, d1;
	long issued;
	u32 err;
} guest_cases[] __initconst = {
	{ "an entry of its stream", INVAL_OP_CFGI_STE | 1ULL << 32, 1, 1, 0 },
	{ "all entries of its streams", INVAL_OP_CFGI_STE_RANGE, 31, 1, 0 },
	{ "everything of stage 1", INVAL_OP_TLBI_NSNH_ALL, 0, 1, 0 },
	{ "an address, with a VMID that it made up",
	  INVAL_OP_TLBI_NH_VA | 6ULL << 32 | 3ULL << 48, 0x1001, 1, 0 },
	{ "a stream that is not its own", INVAL_OP_CFGI_CD | 9ULL << 32, 1, 0, 0 },
	{ "a SYNC that would write memory", INVAL_OP_SYNC | 1ULL << 12, 0x40000000, 0, 0 },
	{ "another's stage 2", INVAL_OP_TLBI_S12_VMALL | 6ULL << 32, 0, 0, CERROR_ILL },
	{ "EL2", INVAL_OP_TLBI_EL2_ALL, 0, 0, CERROR_ILL },
	{ "an opcode that nobody knows", 0x7f, 0, 0, CERROR_ILL },
	{ "the reserved form of a range", INVAL_OP_TLBI_NH_VA, 1ULL << 10, 0, CERROR_ILL },
};

static void __init guest_commands(void)
{
	const struct guest_case *c;
	long issued;
	u32 err;

	for (c = guest_cases; c < guest_cases + ARRAY_SIZE(guest_cases); c++) {
		err = guest_puts(c->d0, c->d1, &issued);
		pr_info("inval: guest: %s: %ld to the SMMU, error %u\n", c->what, issued, err);
		expect(c->what, issued, c->issued);
		expect("its error", err, c->err);
		if (err != 0)
			expect("the guest goes on", guest_recovers(), true);
	}
}

/* More than one call may do; then a queue that is not in the guest's memory. */
static void __init guest_bounds(u64 pa)
{
	u32 prod = guest_read(CMDQ_PROD), i;
	long before = figure(INVAL_HYP_CONSUMED), first;

	for (i = 0; i < 20; i++)
		guest_store(prod + i, INVAL_OP_TLBI_NH_ALL, 0);
	first = ask(INVAL_HYP_GUEST_WRITE, CMDQ_PROD, (prod + 20) & GUEST_MASK);
	expect("20 commands are more than a call does", first, 1);
	expect("it did 8 of them", figure(INVAL_HYP_CONSUMED) - before, 8);
	expect("the next ones do the rest", guest_write(CMDQ_PROD, (prod + 20) & GUEST_MASK), 0);
	expect("all 20", figure(INVAL_HYP_CONSUMED) - before, 20);
	guest_write(CR0, 0);
	guest_write(CMDQ_BASE, (pa + PAGE_SIZE) | GUEST_LG2);
	guest_write(CMDQ_CONS, 0);
	guest_write(CMDQ_PROD, 1);
	guest_write(CR0, CR0_ON);
	expect("a queue outside of its memory", guest_read(CMDQ_CONS) >> 24, CERROR_ABT);
}

static void __init guest(void)
{
	u64 pa;

	guest_mem = (u64 *)get_zeroed_page(GFP_KERNEL);
	if (!guest_mem)
		return;
	pa = __pa(guest_mem);
	expect("a page that is not shared is refused",
	       ask(INVAL_HYP_GUEST_OPEN, pa >> PAGE_SHIFT, 0) != 0, true);
	expect("a page is shared", kvm_share_hyp(guest_mem, (void *)guest_mem + PAGE_SIZE), 0);
	expect("a guest", ask(INVAL_HYP_GUEST_OPEN, pa >> PAGE_SHIFT, 0), 0);
	guest_write(CMDQ_BASE, pa | GUEST_LG2);
	guest_write(CR0, CR0_ON);
	guest_commands();
	guest_bounds(pa);
	expect("its SYNCs were signalled", figure(INVAL_HYP_SYNCS), 5);
	expect("its entries were written", figure(INVAL_HYP_STES), 2);
	expect("the guest ends", ask(INVAL_HYP_GUEST_CLOSE, 0, 0), 0);
	kvm_unshare_hyp(guest_mem, (void *)guest_mem + PAGE_SIZE);
}

static u64 __init smmu_address(void)
{
	struct device_node *np = of_find_compatible_node(NULL, NULL, "arm,smmu-v3");
	struct resource res = { };

	if (!np || of_address_to_resource(np, 0, &res))
		pr_err("inval: no SMMUv3 in the device tree\n");
	of_node_put(np);
	return res.start;
}

static void __init arrays(void)
{
	u64 page = get_zeroed_page(GFP_KERNEL), pfn = __pa(page) >> PAGE_SHIFT;

	expect("EL2 is given a page", ask(INVAL_HYP_DONATE, pfn, 0), 0);
	expect("an array's life", ask(INVAL_HYP_LIFE, 0, 0), 0);
	churn();
	expect("both buffers are free", figure(INVAL_HYP_BUFFERS), 2);
	expect("the page comes back", ask(INVAL_HYP_RETURN, 0, 0), 0);
	expect("and is empty", memchr_inv((void *)page, 0, PAGE_SIZE) == NULL, true);
	free_page(page);
}

static int __init inval_host(void)
{
	/* The second CPU is another one. */
	expect("the first CPU", set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	expect("protected mode", is_protected_kvm_enabled() && is_kvm_arm_initialised(), true);
	if (failed == 0) {
		expect("self-test of the port", ask(INVAL_HYP_SELFTEST, 0, 0), 0);
		two_cpus();
		expect("an address of memory is no SMMU",
		       ask(INVAL_HYP_SMMU, __pa(&passed) & PAGE_MASK, 0) != 0, true);
		expect("the SMMU's queue is EL2's", ask(INVAL_HYP_SMMU, smmu_address(), 0), 0);
		pr_info("inval: SMMUv3: IDR0 0x%lx, IDR1 0x%lx\n", figure(INVAL_HYP_IDR0),
			figure(INVAL_HYP_IDR1));
		arrays();
		guest();
		expect("no warning", figure(INVAL_HYP_WARNINGS), 0);
		pr_info("inval: SMMU: %ld commands, of them %ld for the guest; stack: %ld bytes\n",
			figure(INVAL_HYP_QUEUED), figure(INVAL_HYP_ISSUED), figure(INVAL_HYP_STACK));
	}
	pr_info("inval: %u passed, %u failed\n", passed, failed);
	kernel_power_off();
	return 0;
}
late_initcall_sync(inval_host);
