/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_module.c - inval inside Linux: selftests/inval_selftest.h on inval_port.h, what
 * the machine's SMMUv3 can do, and a torture on the kernel's RCU.
 *
 * Torture: READERS flush domains, in threads, with interrupts off and in interrupts of
 * other CPUs, while WRITERS attach, move, abort and detach devices with and without ATS,
 * and purge. A timer's interrupt, on a CPU of its own, is two SMMUs: it takes commands
 * out of their queues, in memory. (Not a thread: that might stand behind one that waits
 * for a CPU whose interrupts are off, for that waits for the SMMU.) It judges as
 * tests/stress/stress_domain.c does: the address of a flush is its number, so each
 * command tells whose it is.
 * - a flush that returned 0 has taken effect on every page, for each tag and device that
 *   the domain had from the flush's beginning to its end
 * - no command of a flush takes effect after it has returned, no ATC_INV at a device after
 *   commit or abort took it out of the domain
 * - a tag that lost its last user was flushed whole
 * - each array comes back once
 * - nobody is inside a cache provider that was removed
 * Parameter: seconds. /sys/kernel/debug/inval/figures has the state and the sums.
 */
#define pr_fmt(fmt) "inval: " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/version.h>

static void array_free(void *mem);
#define INVAL_PORT_FREE(mem) array_free(mem)

/*
 * sparse copies inline functions into each other, for minutes; and it cannot count
 * sections that begin in a loop, as guestq.h has them.
 */
#ifdef __CHECKER__
#undef inline
#define inline
#define INVAL_WITH_DOMAIN
#define INVAL_WITH_CACHE
#endif
#include <inval.h>
#include <inval_selftest.h>

#define SMMUS	2U
#define DOMAINS	3U		/* the last one is a stage 2 */
#define NONE	DOMAINS
#define DEVICES	12U
#define READERS	3U
#define WRITERS	2U
#define THREADS	(READERS + WRITERS)
#define KEYS	(SMMUS + DEVICES)	/* of a domain: its tag on each SMMU, devices with ATS */
#define PAGES	4U
#define TICK_NS	50000
#define LG2	3U		/* slots of a queue: few, so that flushes wait for room */
#define VMID	7U

struct smmu {
	u32 *regs;		/* a register page, in memory */
	__le64 *slots;
	u64 *book;
	u32 cons;
	struct inval_queue queue;
	struct inval_smmu lib;
	atomic_t emptied[DOMAINS];	/* TLBIs of everything of a domain's tag */
};

/*
 * @users: of each key, under @mutex
 * @version: of each key; odd while it has users
 * @allowed: attaches that let a flush of the domain reach a device
 */
struct domain {
	struct inval_domain lib;
	struct mutex mutex;
	u32 users[KEYS];
	atomic_t version[KEYS];
	atomic_t allowed[KEYS];
};

struct endpoint {
	struct inval_device lib;
	u32 sid;
	u32 domain;		/* or NONE */
	bool ats;
};

/* What a flush works with. */
struct work {
	struct inval_flush f;
	struct inval_cmd batch[8];
	struct inval_flush_wait waits[SMMUS];
	struct inval_flush_error errors[4];
};

struct reader {
	struct work work;
	u32 number;
	u64 flushes;
	atomic64_t now;		/* the flush on its way; 0: none */
	atomic_t seen[PAGES];	/* keys that it has taken effect for */
	u32 pages;
	int err;
};

struct writer {
	struct work work;
	u32 number;
	struct inval_entry add[4], del[4];
};

enum figure {
	FLUSHES, MET, IRQS_OFF, IN_IRQ, ATTACHES, MOVES, DETACHES, ABORTS, FENCES, BUSY_FENCES,
	PURGES, CLEANS, REMOVALS, COMMANDS, GIVEN, FREED, FIGURES
};

static const char *const figure_names[FIGURES] = {
	"flushes", "with_a_change_meanwhile", "interrupts_off", "in_an_interrupt", "attaches",
	"moves", "detaches", "aborts", "fences", "fences_with_a_walk_on_its_way", "purges",
	"cache_flushes", "providers_removed", "commands", "arrays_given", "arrays_freed"
};

static unsigned int seconds = 4;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "how long the torture lasts; more on a slow machine");

static struct smmu smmu[SMMUS];
static struct inval_smmu *smmus[SMMUS];
static struct domain domain[DOMAINS];
static struct endpoint device[DEVICES];
static struct reader reader[READERS];
static struct writer writer[WRITERS];
static struct inval_memregion registry;
static struct inval_provider provider;
static atomic_t provider_users;
static void *page;			/* that is cleaned */
static struct hrtimer tick;
static struct task_struct *director_task, *task[THREADS];
static struct dentry *debugfs;
static atomic_long_t figures[FIGURES];
static atomic_t changes;		/* publishes, commits, aborts and purges */
static atomic_t walking;		/* flushes on their way */
static const char *state = "running";
static const char *wrong;

static void count(enum figure what)
{
	atomic_long_inc(&figures[what]);
}

static long sum(enum figure what)
{
	return atomic_long_read(&figures[what]);
}

/* The first is kept. */
static void expect(bool good, const char *what)
{
	if (!good && !cmpxchg(&wrong, NULL, what))
		pr_err("torture: %s\n", what);
}

static bool chance(u32 n)
{
	return get_random_u32_below(n) == 0;
}

/* The port's, once no reader can hold it. */
static void array_free(void *mem)
{
	count(FREED);
	kvfree(mem);
}

static void *array_alloc(u64 bytes)
{
	void *mem = bytes ? kvmalloc(bytes, GFP_KERNEL) : NULL;

	expect(mem || !bytes, "no memory");
	return mem;
}

/* The SMMUs */

/* A flush of @num pages from @addr on took effect for a key. */
static void took_effect(u64 addr, u64 num, u32 key, bool atc)
{
	u64 flush = addr >> 14, first = addr >> 12 & 3, which = flush & 3;
	struct reader *r = &reader[min(flush >> 2 & 3, READERS - 1ULL)];

	if ((flush >> 2 & 3) >= READERS || which >= DOMAINS || key >= KEYS || first + num > PAGES) {
		expect(false, "a command that nobody asked for");
		return;
	}
	expect(atomic64_read(&r->now) == flush, "a command after its flush has returned");
	expect(!atc || atomic_read_acquire(&domain[which].allowed[key]),
	       "an ATC_INV after the device has left");
	while (num--)
		atomic_fetch_or(1 << key, &r->seen[first + num]);
}

/* IHI 0070, 4.4 and 4.5; TG = 0 is one page. */
static void execute(u32 number, u64 d0, u64 d1)
{
	struct smmu *s = &smmu[number];
	u32 asid = d0 >> 48, vmid = d0 >> 32 & 0xffff;
	u64 num = 1;

	if (d1 >> 10 & 3)
		num = ((d0 >> 12 & 31) + 1) << (d0 >> 20 & 31);
	switch (d0 & 0xff) {
	case INVAL_OP_TLBI_NH_VA:
		expect(asid == (d1 >> 14 & 3) + 1 && vmid == 0, "another domain's ASID");
		took_effect(d1 & ~0xfffULL, num, number, false);
		break;
	case INVAL_OP_TLBI_S2_IPA:
		expect(vmid == VMID && (d1 >> 14 & 3) == DOMAINS - 1, "another domain's VMID");
		took_effect(d1 & ~0xfffULL, num, number, false);
		break;
	case INVAL_OP_TLBI_NH_ASID:
		atomic_inc(&s->emptied[min(asid - 1, DOMAINS - 2)]);
		break;
	case INVAL_OP_TLBI_S12_VMALL:
		atomic_inc(&s->emptied[DOMAINS - 1]);
		break;
	case INVAL_OP_ATC_INV:		/* of everything: of a device that changes its domain */
		if ((d1 & 63) != INVAL_CMD_ATC_ALL)
			took_effect(d1 & ~0xfffULL, 1ULL << (d1 & 63), SMMUS + (d0 >> 32), true);
		break;
	case INVAL_OP_CFGI_STE:
	case INVAL_OP_SYNC:
		break;
	default:
		expect(false, "a command of another kind");
	}
}

/* One command of one SMMU; false when there is none. */
static bool consume(u32 number)
{
	struct smmu *s = &smmu[number];
	__le64 *slot = &s->slots[2 * (s->cons & ((1 << LG2) - 1))];

	if (READ_ONCE(s->regs[INVAL_REG_CMDQ_PROD / 4]) == s->cons)
		return false;
	dma_rmb();	/* PROD before the slot */
	execute(number, le64_to_cpu(slot[0]), le64_to_cpu(slot[1]));
	count(COMMANDS);
	s->cons = (s->cons + 1) & ((2 << LG2) - 1);
	/* What it did is seen before CONS. */
	smp_store_release(&s->regs[INVAL_REG_CMDQ_CONS / 4], s->cons);
	return true;
}

static enum hrtimer_restart run_smmus(struct hrtimer *timer)
{
	u32 i, most;

	for (i = 0; i < SMMUS; i++) {
		most = get_random_u32_below(2 << LG2);
		while (most-- && consume(i))
			;
	}
	hrtimer_forward_now(timer, ns_to_ktime(TICK_NS));
	return HRTIMER_RESTART;
}

/* On the SMMUs' CPU. */
static void tick_start(void *unused)
{
	hrtimer_start(&tick, ns_to_ktime(TICK_NS), HRTIMER_MODE_REL_PINNED_HARD);
}

static void smmu_caps(struct inval_smmu *s, u32 number)
{
	s->number = number;
	s->caps.feat = INVAL_FEAT_S1P | INVAL_FEAT_S2P | INVAL_FEAT_ATS | INVAL_FEAT_COHACC |
		       (number ? 0 : INVAL_FEAT_RIL);	/* one without ranges */
	s->caps.oas_bits = 48;
	s->caps.asid_bits = 16;
	s->caps.vmid_bits = 16;
	s->caps.sid_bits = 16;
	s->caps.cmdq_lg2 = LG2;
	inval_policy_init(&s->policy);
}

static int smmu_start(u32 number)
{
	struct smmu *s = &smmu[number];
	struct inval_queue_config cfg;

	memset(s, 0, sizeof(*s));
	s->regs = (u32 *)get_zeroed_page(GFP_KERNEL);
	s->slots = kzalloc(16 << LG2, GFP_KERNEL);
	s->book = kzalloc(inval_queue_book_bytes(LG2), GFP_KERNEL);
	if (!s->regs || !s->slots || !s->book)
		return -ENOMEM;
	smmu_caps(&s->lib, number);
	s->lib.queue = &s->queue;
	smmus[number] = &s->lib;
	inval_queue_config_init(&cfg, &s->lib.caps, &s->lib.policy, INVAL_SEC_NS);
	cfg.base = (__force void __iomem *)s->regs;
	cfg.mem = (__force u64 *)s->slots;
	cfg.book = s->book;
	cfg.smmu = number;
	cfg.timeout_us = 60 * USEC_PER_SEC;
	return inval_queue_init(&s->queue, &cfg);
}

static void smmu_stop(u32 number)
{
	free_page((unsigned long)smmu[number].regs);
	kfree(smmu[number].slots);
	kfree(smmu[number].book);
}

static void work_init(struct work *w)
{
	w->f.smmus = smmus;
	w->f.smmu_num = SMMUS;
	w->f.batch = w->batch;
	w->f.batch_num = ARRAY_SIZE(w->batch);
	w->f.waits = w->waits;
	w->f.wait_num = SMMUS;
	w->f.errors = w->errors;
	w->f.error_num = ARRAY_SIZE(w->errors);
}

/* Readers */

/* Keys that a domain has now, with the version of each. */
static u32 keys_now(struct domain *d, int *version)
{
	u32 i, keys = 0;

	smp_mb();
	for (i = 0; i < KEYS; i++) {
		version[i] = atomic_read(&d->version[i]);
		keys |= (version[i] & 1) << i;
	}
	smp_mb();
	return keys;
}

/* Not the SMMUs'. */
static u32 any_cpu(void)
{
	return cpumask_nth(get_random_u32_below(num_online_cpus() - 1), cpu_online_mask);
}

/* Also in an interrupt. */
static void flush_now(void *arg)
{
	struct reader *r = arg;
	u64 now = atomic64_read(&r->now);
	struct inval_range_req req = { now << 14, r->pages << 12, 12, 12, true, false };

	atomic_inc(&walking);
	r->err = inval_domain_flush(&domain[now & 3].lib, &req, &r->work.f);
	atomic_dec(&walking);
}

static void flush_somewhere(struct reader *r)
{
	unsigned long flags;

	if (chance(4)) {
		count(IRQS_OFF);
		local_irq_save(flags);
		flush_now(r);
		local_irq_restore(flags);
	} else if (chance(4)) {
		count(IN_IRQ);
		r->err = -EIO;
		smp_call_function_single(any_cpu(), flush_now, r, 1);
	} else {
		flush_now(r);
	}
}

static void flush(struct reader *r)
{
	u32 which = get_random_u32_below(DOMAINS), keys, i;
	int before[KEYS], after[KEYS], was = atomic_read(&changes);

	r->pages = 1 + get_random_u32_below(PAGES);
	r->work.f.wait_num = 1 + get_random_u32_below(SMMUS);
	for (i = 0; i < PAGES; i++)
		atomic_set(&r->seen[i], 0);
	atomic64_set(&r->now, ++r->flushes << 4 | r->number << 2 | which);
	keys = keys_now(&domain[which], before);
	flush_somewhere(r);
	keys_now(&domain[which], after);
	atomic64_set(&r->now, 0);
	expect(r->err == 0, "a flush failed");
	count(FLUSHES);
	if (atomic_read(&changes) != was)
		count(MET);
	for (i = 0; i < KEYS; i++)
		keys &= before[i] == after[i] ? ~0U : ~(1U << i);
	for (i = 0; i < r->pages; i++)
		expect(!(keys & ~atomic_read(&r->seen[i])), "a flush missed a tag or a device");
}

/* A cache provider that has something to wait for. */
static int provider_start(struct inval_provider *p, const struct inval_region *r)
{
	atomic_inc(&provider_users);
	fsleep(3000);
	inval_cache_clean_inv(r->va, r->bytes);
	atomic_dec(&provider_users);
	return 0;
}

static void clean(void)
{
	struct inval_region r = { virt_to_phys(page), PAGE_SIZE, true, false, (uintptr_t)page };
	int err = inval_memregion_flush(&registry, &r);

	expect(!err || err == -INVAL_EOPNOTSUPP, "a cache flush failed");
	if (!err)
		count(CLEANS);
}

static int run_reader(void *arg)
{
	while (!kthread_should_stop()) {
		flush(arg);
		if (chance(8))
			clean();
		cond_resched();
	}
	return 0;
}

/* Writers */

static void lock(u32 a, u32 b)
{
	if (min(a, b) != NONE)
		mutex_lock(&domain[min(a, b)].mutex);
	if (a != b && max(a, b) != NONE)
		mutex_lock_nested(&domain[max(a, b)].mutex, SINGLE_DEPTH_NESTING);
}

static void unlock(u32 a, u32 b)
{
	if (a != NONE)
		mutex_unlock(&domain[a].mutex);
	if (b != a && b != NONE)
		mutex_unlock(&domain[b].mutex);
}

/* A device's keys in a domain: in (1), out (-1). */
static void count_key(struct domain *d, u32 key, u32 users)
{
	bool was = d->users[key];

	d->users[key] += users;
	if (was != !!d->users[key])
		atomic_inc_return(&d->version[key]);
}

static void count_device(u32 which, const struct endpoint *v, bool ats, u32 users)
{
	if (which == NONE)
		return;
	count_key(&domain[which], v->lib.smmu, users);
	if (ats)
		count_key(&domain[which], SMMUS + v->sid, users);
}

static void allow(u32 which, const struct endpoint *v, bool ats, int more)
{
	if (which != NONE && ats)
		atomic_add_return(more, &domain[which].allowed[SMMUS + v->sid]);
}

static struct inval_use use_of(u32 which, bool ats)
{
	struct inval_use use = { INVAL_REGIME_S1, false, INVAL_EATS_OFF, false, 0, 0, 0 };

	if (ats)
		use.ats = INVAL_EATS_FULL;
	if (which == DOMAINS - 1) {
		use.regime = INVAL_REGIME_S2;
		use.vmid = VMID;
	} else {
		use.asid = which + 1;
	}
	return use;
}

/* Publishes, or says that it did not. */
static bool begin(struct writer *w, struct inval_attach *t, bool may_abort)
{
	u64 bytes = inval_attach_bytes(t);
	void *mem = array_alloc(bytes);
	int err = inval_attach_prepare(t, mem, bytes);

	expect(!err, "prepare failed");
	if (err || (may_abort && chance(8))) {
		expect(!inval_attach_abort(t, &mem, &w->work.f), "an abort failed");
		kvfree(mem);
		return false;
	}
	if (bytes)
		count(GIVEN);
	expect(!inval_attach_publish(t), "publish failed");
	atomic_inc(&changes);
	return true;
}

/* The driver's part: the endpoint, STE, CFGI and SYNC. */
static void reconfigure(struct writer *w, const struct endpoint *v, enum inval_ats_step step)
{
	struct inval_smmu *s = smmus[v->lib.smmu];
	struct inval_cmd cmd;
	int err = inval_cmd_cfgi_ste(&cmd, false, v->sid, true);

	if (step == INVAL_ATS_OFF)
		err |= inval_flush_device(s, &v->sid, 1, false, 0, &w->work.f);
	err |= inval_queue_run(s->queue, &cmd, 1);
	if (step == INVAL_ATS_MOVED)
		err |= inval_flush_device(s, &v->sid, 1, false, 0, &w->work.f);
	expect(!err, "the device's commands failed");
}

/* The end of a transaction: the device leaves domain @which. */
static void end(struct writer *w, struct inval_attach *t, bool back, u32 which,
		const struct endpoint *v)
{
	atomic_t none = ATOMIC_INIT(0);
	atomic_t *emptied = which != NONE ? &smmu[v->lib.smmu].emptied[which] : &none;
	int before = atomic_read(emptied), busy = atomic_read(&walking);
	void *mem;

	if (back)
		expect(!inval_attach_abort(t, &mem, &w->work.f) && !mem, "an abort failed");
	else
		expect(!inval_attach_commit(t, &w->work.f), "a commit failed");
	expect(!t->left.unknown && !t->stale_tags, "a commit or an abort is not whole");
	expect(!t->left.tags || atomic_read(emptied) != before,
	       "a tag without a user was not flushed");
	if (t->left.ats)
		count(busy ? BUSY_FENCES : FENCES);
	atomic_inc(&changes);
}

/* @v goes to domain @to, or blocked; the mutexes are held. */
static void change(struct writer *w, struct endpoint *v, u32 to, bool ats, bool may_abort)
{
	struct inval_use to_use = use_of(to, ats), from_use = use_of(v->domain, v->ats);
	struct inval_domain *next = to != NONE ? &domain[to].lib : NULL;
	struct inval_domain *old = v->domain != NONE ? &domain[v->domain].lib : NULL;
	bool back = may_abort && chance(8), left_ats = back ? ats : v->ats;
	u32 leaves = back ? to : v->domain;
	struct inval_attach t;

	expect(!inval_attach_init(&t, &v->lib, next, &to_use, old, &from_use, w->add, w->del),
	       "init failed");
	allow(to, v, ats, 1);
	if (!begin(w, &t, may_abort)) {
		allow(to, v, ats, -1);
		return;
	}
	count(back ? ABORTS : !old ? ATTACHES : next ? MOVES : DETACHES);
	count_device(to, v, ats, 1);
	reconfigure(w, v, inval_attach_ats(next ? &to_use : NULL, old ? &from_use : NULL));
	count_device(leaves, v, left_ats, -1);
	end(w, &t, back, leaves, v);
	allow(leaves, v, left_ats, -1);
	if (!back) {
		v->domain = to;
		v->ats = ats;
	}
}

static void purge(u32 which)
{
	struct inval_domain *d = &domain[which].lib;
	u64 bytes;

	lock(which, which);
	bytes = inval_domain_purge_bytes(d);
	if (bytes) {
		expect(!inval_domain_purge(d, array_alloc(bytes), bytes), "purge failed");
		count(GIVEN);
		count(PURGES);
		atomic_inc(&changes);
	}
	unlock(which, which);
}

/* Only one writer does so. */
static void replace_provider(void)
{
	expect(!inval_memregion_remove(&registry, &provider), "remove failed");
	expect(!atomic_read(&provider_users), "somebody is inside a provider that was removed");
	count(REMOVALS);
	expect(!inval_memregion_add(&registry, &provider), "add failed");
}

static int run_writer(void *arg)
{
	struct writer *w = arg;
	struct endpoint *v;
	u32 to, from;

	while (!kthread_should_stop()) {
		/* Each has devices of its own, behind both SMMUs, in all domains. */
		v = &device[get_random_u32_below(DEVICES / WRITERS) * WRITERS + w->number];
		from = v->domain;
		to = get_random_u32_below(from == NONE ? DOMAINS : DOMAINS + 1);
		lock(to, from);
		change(w, v, to, to != NONE && chance(4), true);
		unlock(to, from);
		purge(get_random_u32_below(DOMAINS));
		if (w->number == 0 && chance(4))
			replace_provider();
		cond_resched();
	}
	return 0;
}

/* All */

static void setup_domains(void)
{
	u32 i;

	for (i = 0; i < DOMAINS; i++) {
		inval_domain_init(&domain[i].lib);
		mutex_init(&domain[i].mutex);
	}
	for (i = 0; i < DEVICES; i++) {
		device[i].sid = i;
		device[i].lib.sids = &device[i].sid;
		device[i].lib.sid_num = 1;
		device[i].lib.smmu = i / (DEVICES / SMMUS);
		device[i].lib.stu_lg2 = 12;
		device[i].domain = NONE;
	}
}

static int setup(void)
{
	u32 i;
	int err = 0;

	setup_domains();
	for (i = 0; i < READERS; i++) {
		reader[i].number = i;
		work_init(&reader[i].work);
	}
	for (i = 0; i < WRITERS; i++) {
		writer[i].number = i;
		work_init(&writer[i].work);
	}
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(&tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	tick.function = run_smmus;
#else
	hrtimer_setup(&tick, run_smmus, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#endif
	page = (void *)get_zeroed_page(GFP_KERNEL);
	provider.start = provider_start;
	inval_memregion_init(&registry);
	expect(!inval_memregion_add(&registry, &provider), "add failed");
	for (i = 0; i < SMMUS && !err; i++)
		err = smmu_start(i);
	return page ? err : -ENOMEM;
}

static struct task_struct *start(int (*fn)(void *), void *arg, u32 cpu, const char *name)
{
	struct task_struct *t = kthread_create(fn, arg, "inval_%s", name);

	if (IS_ERR(t)) {
		expect(false, "no thread");
		return NULL;
	}
	kthread_bind(t, cpu);
	wake_up_process(t);
	return t;
}

static void start_threads(void)
{
	u32 others = num_online_cpus() - 1, i, cpu;

	smp_call_function_single(cpumask_last(cpu_online_mask), tick_start, NULL, 1);
	for (i = 0; i < THREADS; i++) {
		cpu = cpumask_nth(i % others, cpu_online_mask);
		if (i < READERS)
			task[i] = start(run_reader, &reader[i], cpu, "reader");
		else
			task[i] = start(run_writer, &writer[i - READERS], cpu, "writer");
	}
}

static void stop(struct task_struct **t)
{
	if (*t)
		kthread_stop(*t);
	*t = NULL;
}

/* All devices leave, and all arrays come back. */
static void finish(void)
{
	u32 i;

	for (i = 0; i < DEVICES; i++) {
		u32 from = device[i].domain;

		lock(from, from);
		if (from != NONE)
			change(&writer[0], &device[i], NONE, false, false);
		unlock(from, from);
	}
	hrtimer_cancel(&tick);
	for (i = 0; i < DOMAINS; i++)
		expect(!inval_domain_fini(&domain[i].lib), "a domain is not empty");
	expect(sum(GIVEN) == sum(FREED), "an array did not come back, or came twice");
	expect(!inval_memregion_remove(&registry, &provider), "remove failed");
	inval_memregion_fini(&registry);
	free_page((unsigned long)page);
	for (i = 0; i < SMMUS; i++)
		smmu_stop(i);
}

/* Everything has happened, often, and flushes met changes: what has not yet, or NULL. */
static const char *missing(void)
{
	u32 i;

	for (i = 0; i < FIGURES; i++) {
		if (!sum(i))
			return figure_names[i];
	}
	if (sum(FLUSHES) < 1000 || sum(MET) < 200)
		return "changes during flushes";
	return NULL;
}

/* For @seconds, and as much longer as a slow machine needs. */
static bool time_is_over(unsigned long since)
{
	if (time_before(jiffies, since + seconds * HZ))
		return false;
	return !missing() || time_after(jiffies, since + seconds * HZ * 60);
}

static int run_director(void *unused)
{
	unsigned long since = jiffies;
	u32 i;

	start_threads();
	while (!kthread_should_stop() && !time_is_over(since) && !READ_ONCE(wrong))
		schedule_timeout_interruptible(HZ / 20);
	for (i = 0; i < THREADS; i++)
		stop(&task[i]);
	finish();
	if (!kthread_should_stop() && missing())
		expect(false, missing());
	WRITE_ONCE(state, wrong ? "failed" : kthread_should_stop() ? "stopped" : "passed");
	pr_info("torture: %s: %ld flushes, %ld with a change meanwhile, %ld attaches, %ld moves, %ld arrays freed\n",
		state, sum(FLUSHES), sum(MET), sum(ATTACHES), sum(MOVES), sum(FREED));
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}

static int figures_show(struct seq_file *m, void *unused)
{
	const char *what = READ_ONCE(wrong);
	u32 i, cpu;
	u64 n;

	seq_printf(m, "state %s\nwrong %s\n", READ_ONCE(state), what ? what : "nothing");
	for (i = 0; i < FIGURES; i++)
		seq_printf(m, "%s %ld\n", figure_names[i], sum(i));
	for (i = 0; i < INVAL_COUNTERS; i++) {
		n = 0;
		for_each_possible_cpu(cpu)
			n += per_cpu(inval_port_counts, cpu)[i];
		seq_printf(m, "library_%s %llu\n", inval_text_counter(i), n);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(figures);

/* The self-test */

struct half {
	u32 me;
	u32 line;
	struct completion done;
};

static struct inval_selftest selftest;
static struct half half[2];

static int run_half(void *arg)
{
	struct half *h = arg;

	h->line = inval_selftest_cpu(&selftest, h->me);
	kthread_complete_and_exit(&h->done, 0);
}

static u32 test_two_cpus(void)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		half[i].me = i;
		init_completion(&half[i].done);
		if (!start(run_half, &half[i], cpumask_nth(i, cpu_online_mask), "selftest"))
			complete(&half[i].done);
	}
	for (i = 0; i < 2; i++)
		wait_for_completion(&half[i].done);
	return half[0].line ? half[0].line : half[1].line;
}

static int test_port(void)
{
	u32 *words = (u32 *)get_zeroed_page(GFP_KERNEL);
	u32 line;

	if (!words)
		return -ENOMEM;
	line = inval_selftest_run(&selftest, (__force void __iomem *)words, words);
	free_page((unsigned long)words);
	if (!line)
		line = test_two_cpus();
	if (line || wrong) {
		pr_err("selftest: line %u\n", line);
		return -EIO;
	}
	pr_info("selftest: passed\n");
	return 0;
}

/* What is there */

/* INVAL_FEAT_*, by bit. */
static const char *const feature_names[] = {
	"S2P", "S1P", "COHACC", "BTM", "HYP", "ATS", "NS1ATS", "MSI", "SEV", "PRI", "VMW", "RME",
	"ECMDQ", "QUEUES_PRESET", "RIL", "MPAM", "FWB", "DPT", "DS", "D128", "GRAN4K", "GRAN16K",
	"GRAN64K", "E2H"
};

static void print_caps(const struct inval_caps *c, void __iomem *regs, phys_addr_t pa)
{
	char names[200] = "";
	u32 i;

	for (i = 0; i < ARRAY_SIZE(feature_names); i++) {
		if (inval_caps_has(c, 1ULL << i)) {
			strlcat(names, " ", sizeof(names));
			strlcat(names, feature_names[i], sizeof(names));
		}
	}
	pr_info("smmu %pa: SMMUv3.%u, oas %u-bit, asid %u, vmid %u, sid %u, ssid %u, bbml %u, cmdq 2^%u;%s\n",
		&pa, c->minor, c->oas_bits, c->asid_bits, c->vmid_bits, c->sid_bits, c->ssid_bits,
		c->bbml, c->cmdq_lg2, names);
	/* As the kernel's driver has set them. */
	pr_info("smmu %pa: now %u entries for cmdq, %u entries for evtq\n", &pa,
		1U << (inval_port_mmio_read64(regs, INVAL_REG_CMDQ_BASE) & 31),
		1U << (inval_port_mmio_read64(regs, 0xa0) & 31));
}

/* Registers of page 0: IHI 0070, 6.3. */
static int read_caps(void __iomem *regs, struct inval_caps *caps)
{
	struct inval_idregs id = { 0 };

	id.idr0 = inval_port_mmio_read32(regs, 0x0);
	id.idr1 = inval_port_mmio_read32(regs, 0x4);
	id.idr3 = inval_port_mmio_read32(regs, 0xc);
	id.idr5 = inval_port_mmio_read32(regs, 0x14);
	id.aidr = inval_port_mmio_read32(regs, 0x1c);
	id.e2h = inval_port_mmio_read32(regs, 0x2c) & 1;	/* CR2 */
	id.idr6 = inval_port_mmio_read32(regs, 0x190);
	return inval_caps_read(caps, &id);
}

/* The kernel's driver has it; this mapping cannot be written to. */
static int show_smmu(void)
{
	struct device_node *np = of_find_compatible_node(NULL, NULL, "arm,smmu-v3");
	struct inval_caps caps;
	void __iomem *regs;
	struct resource res;
	int err;

	if (!np) {
		pr_info("smmu: none\n");
		return 0;
	}
	err = of_address_to_resource(np, 0, &res);
	of_node_put(np);
	if (err)
		return err;
	regs = __ioremap_prot(res.start, SZ_4K,
			      __pgprot((PROT_DEVICE_nGnRE & ~PTE_WRITE) | PTE_RDONLY));
	if (!regs)
		return -ENOMEM;
	err = read_caps(regs, &caps);
	if (!err)
		print_caps(&caps, regs, res.start);
	iounmap(regs);
	return err;
}

static void show_firmware(void)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_ids ids;
	struct inval_firmware fw;
	int err;

	inval_smccc_ids_init(&ids);
	inval_smccc_policy_init(&policy);
	err = inval_firmware_init(&fw, &ids, &policy);
	pr_info("firmware: cache clean and invalidate: %s\n", inval_text_code(err));
	if (!err)
		inval_firmware_fini(&fw);
}

static int __init inval_module_init(void)
{
	int err;

	if (num_online_cpus() < 2) {
		pr_err("the SMMUs need a CPU, and who waits for them another\n");
		return -ENODEV;
	}
	err = test_port();
	if (!err)
		err = show_smmu();
	if (err)
		return err;
	show_firmware();
	err = setup();
	director_task = err ? NULL : start(run_director, NULL, cpumask_first(cpu_online_mask),
					   "director");
	if (!director_task) {
		finish();
		return -ENOMEM;
	}
	debugfs = debugfs_create_dir("inval", NULL);
	debugfs_create_file("figures", 0444, debugfs, NULL, &figures_fops);
	return 0;
}

static void __exit inval_module_exit(void)
{
	debugfs_remove_recursive(debugfs);
	kthread_stop(director_task);
	pr_info("unloaded\n");
}

module_init(inval_module_init);
module_exit(inval_module_exit);
MODULE_DESCRIPTION("Self-test and torture of inval on the kernel's RCU");
MODULE_LICENSE("Dual BSD/GPL");
