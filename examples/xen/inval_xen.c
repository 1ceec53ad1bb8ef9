/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_xen.c - the library at Xen's boot: its self-test on the port beside this file,
 * then a torture on Xen's own RCU and locks.
 *
 * Two CPUs attach, move and detach devices, and flush; a third is two SMMUs, which take
 * commands out of queues in memory. Properties:
 * - a flush that returned 0 has taken effect on every page for each tag and device that
 *   the domain had from the flush's beginning to its end
 * - no command of a flush takes effect after it has returned, none that nobody asked for
 * - no ATC_INV takes effect at a device after the commit that took it out of the domain,
 *   and none at all at one that is in no domain with ATS
 * - a tag that lost its last user is flushed whole before commit returns
 * - in the end no device is left, and every array came back once
 *
 * A flush's number, worker and domain are its address, so each TLBI and ATC_INV tells
 * whose it is. Each property and test is a line "inval: ok ..." or "inval: not ok ...".
 */
#include <xen/cpumask.h>
#include <xen/device_tree.h>
#include <xen/init.h>
#include <xen/mm.h>
#include <xen/tasklet.h>
#include <xen/types.h>
#include <xen/vmap.h>

static void torture_free(void *mem);
static void torture_dawdle(void);
#define INVAL_PORT_FREE(mem) torture_free(mem)
#define INVAL_PORT_INTERRUPTED() torture_dawdle()

#include <inval.h>
#include "inval_selftest.h"

#define WORKERS		2U
#define SMMUS		2U
#define DOMAINS		3U
#define DEVICES		6U
#define NONE		DOMAINS
#define KEYS		16U		/* a tag is SMMU * 4 + domain, a device 8 + number */
#define PAGES		4U
#define LG2		4U
#define FLUSHES		300U		/* of each worker, at least */
#define TORTURE_US	3000000U	/* likewise */

DEFINE_PER_CPU(struct inval_port_counts, inval_port_counts);

struct smmu {
	struct inval_queue q;
	struct inval_smmu lib;
	uint32_t regs[INVAL_SELFTEST_WORDS];
	uint64_t mem[2U << LG2], book[2U << LG2];
	uint32_t pos;
	uint64_t emptied[DOMAINS];	/* TLBIs of everything of a tag */
};

/*
 * @users: of each key, a plain sum
 * @version: of each key; odd while it has users
 * @allowed: attaches that let a flush of the domain reach a device
 */
struct dom {
	struct inval_domain lib;
	spinlock_t lock;
	uint32_t users[KEYS];
	uint64_t version[KEYS];
	uint64_t allowed[DEVICES];
};

struct endpoint {
	struct inval_device lib;
	uint32_t sid;
	uint32_t domain;		/* or NONE */
	enum inval_eats ats;
};

struct worker {
	struct inval_flush f;
	struct inval_cmd batch[8];
	struct inval_flush_wait waits[SMMUS];
	struct inval_entry add[4], del[4];
	struct tasklet tasklet;
	uint64_t chance;
	uint64_t now;			/* the flush on its way; 0: none */
	uint64_t seen[PAGES];		/* keys that it has taken effect for */
	uint64_t flushes, met, attaches, fences, purges;
};

static struct smmu smmu[SMMUS];
static struct inval_smmu *smmus[SMMUS];
static struct dom dom[DOMAINS];
static struct endpoint endpoint[DEVICES];
static struct worker worker[WORKERS];
static struct tasklet smmu_tasklet;
static struct inval_selftest selftest;
static uint32_t selftest_regs[INVAL_SELFTEST_WORDS];
static uint64_t selftest_other;		/* 1 + what the second CPU returned */
static uint64_t given, freed, running, commits;
static const char *wrong;

#define LOAD(p)		inval_port_load_acquire64(p)

static void add64(uint64_t *p, uint64_t v)
{
	smp_mb();
	__sync_fetch_and_add(p, v);
	smp_mb();
}

static void expect(bool good, const char *what)
{
	if (!good)
		(void)cmpxchg(&wrong, NULL, what);
}

static void report(const char *what, bool good, const char *why)
{
	printk("inval: %sok %s%s%s\n", good ? "" : "not ", what, good ? "" : ": ", good ? "" : why);
}

/* The port's, once no walk can hold it. */
static void torture_free(void *mem)
{
	struct inval_array *a = mem;

	memset(a, 0xf7, inval_array_bytes(a->num));
	xfree(mem);
	add64(&freed, 1);
}

/*
 * As if an interrupt came: some walks dawdle, with the array or on their way to the queue,
 * until the other worker has changed a domain, so what waits for them has to.
 */
static void torture_dawdle(void)
{
	uint64_t before = LOAD(&commits), begun = inval_port_now_us();

	if (LOAD(&running) == 0U || begun % 8U != 0U)
		return;
	while (LOAD(&commits) == before && inval_port_now_us() - begun < 5000U)
		cpu_relax();
}

/* The SMMUs */

/* A page flush, or everything, has taken effect for a key. */
static void effect(uint64_t addr, uint64_t num, uint32_t key)
{
	uint64_t flush = addr >> 14, page = addr >> 12 & 3U;
	uint32_t who = flush >> 2 & 3U, which = flush & 3U;

	if (who >= WORKERS || which >= DOMAINS || page + num > PAGES) {
		expect(false, "a command that nobody asked for");
		return;
	}
	expect(LOAD(&worker[who].now) == flush, "a command after its flush has returned");
	expect(key < 8U || LOAD(&dom[which].allowed[key - 8U]) != 0U,
	       "an ATC_INV after the device has left");
	for (; num > 0U; num--)
		__sync_fetch_and_or(&worker[who].seen[page + num - 1U], 1ULL << key);
}

static bool is_here(uint32_t n)
{
	uint32_t i;

	for (i = 0; i < DOMAINS; i++)
		if (LOAD(&dom[i].allowed[n]) != 0U)
			return true;
	return false;
}

/* A range has a TG. */
static uint64_t pages_of(struct inval_cmd cmd)
{
	if ((cmd.d1 >> 10 & 3U) == 0U)
		return 1;
	return ((cmd.d0 >> 12 & 31U) + 1U) << (cmd.d0 >> 20 & 31U);
}

/* IHI 0070, chapter 4. */
static void smmu_do(struct smmu *s, struct inval_cmd cmd)
{
	uint32_t tag = (uint32_t)(cmd.d0 >> 32) - 1U;

	switch (cmd.d0 & 0xffU) {
	case INVAL_OP_TLBI_S2_IPA:
		expect(tag < DOMAINS, "a VMID that nobody has");
		effect(cmd.d1 & ~0xfffULL, pages_of(cmd), s->lib.number * 4U + tag % 4U);
		break;
	case INVAL_OP_TLBI_S12_VMALL:
		expect(tag < DOMAINS, "a VMID that nobody has");
		add64(&s->emptied[tag % DOMAINS], 1);
		break;
	case INVAL_OP_ATC_INV:
		expect(tag < DEVICES && is_here(tag % DEVICES), "an ATC_INV to a device that is gone");
		if ((cmd.d1 & 63U) != INVAL_CMD_ATC_ALL)
			effect(cmd.d1 & ~0xfffULL, 1ULL << (cmd.d1 & 63U), 8U + tag % DEVICES);
		break;
	case INVAL_OP_CFGI_STE:
	case INVAL_OP_SYNC:
		break;
	default:
		expect(false, "an opcode that nobody asked for");
	}
}

static void smmu_step(struct smmu *s)
{
	const uint32_t mask = (2U << LG2) - 1U;

	if (read_atomic(&s->regs[INVAL_REG_CMDQ_PROD / 4U]) == s->pos)
		return;
	smp_mb();
	smmu_do(s, inval_cmd_load(&s->mem[2U * (s->pos & (mask >> 1))]));
	s->pos = (s->pos + 1U) & mask;
	smp_mb();
	write_atomic(&s->regs[INVAL_REG_CMDQ_CONS / 4U], s->pos);
}

static void run_smmus(void *unused)
{
	uint32_t i;

	while (LOAD(&running) != 1U) {
		for (i = 0; i < SMMUS; i++)
			smmu_step(&smmu[i]);
		process_pending_softirqs();
	}
	add64(&running, ~0ULL);
}

/* Flushes */

static uint32_t chance(struct worker *w, uint32_t n)
{
	w->chance = w->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(w->chance >> 33) % n;
}

/* Keys that a domain has now, with the version of each. */
static uint64_t keys_now(const struct dom *d, uint64_t *version)
{
	uint64_t keys = 0;
	uint32_t i;

	for (i = 0; i < KEYS; i++) {
		version[i] = LOAD(&d->version[i]);
		keys |= (version[i] & 1U) << i;
	}
	return keys;
}

static void flush(struct worker *w, uint32_t which)
{
	struct inval_range_req req = { 0, PAGES << 12, 12, 12, true, false };
	uint64_t before[KEYS], after[KEYS], keys, page;
	uint64_t now = w->flushes << 4 | (uint64_t)(w - worker) << 2 | which;
	uint32_t i;

	for (page = 0; page < PAGES; page++)
		write_atomic(&w->seen[page], 0ULL);
	write_atomic(&w->now, now);
	smp_mb();
	keys = keys_now(&dom[which], before);
	req.addr = now << 14;
	expect(inval_domain_flush(&dom[which].lib, &req, &w->f) == 0, "a flush failed");
	smp_mb();
	w->met += keys_now(&dom[which], after) != keys;
	write_atomic(&w->now, 0ULL);
	smp_mb();
	for (i = 0; i < KEYS; i++)
		keys &= ~((before[i] != after[i] ? 1ULL : 0ULL) << i);
	for (page = 0; page < PAGES; page++)
		expect((keys & ~LOAD(&w->seen[page])) == 0U, "a flush without effect");
	w->flushes++;
}

/* Attaches */

/* Both domains' mutexes, in the order of addresses; NONE has none. */
static void lock(uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < DOMAINS; i++)
		if (i == a || i == b)
			inval_port_mutex_lock(&dom[i].lock);
}

static void unlock(uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < DOMAINS; i++)
		if (i == a || i == b)
			inval_port_mutex_unlock(&dom[i].lock);
}

static void count_key(struct dom *d, uint32_t key, uint32_t by)
{
	uint32_t was = d->users[key];

	d->users[key] += by;
	if ((was != 0U) != (d->users[key] != 0U))
		add64(&d->version[key], 1);
}

/* The device's keys are in the domain from now on, or are about to leave it. */
static void count_device(uint32_t which, const struct endpoint *v, enum inval_eats ats, uint32_t by)
{
	if (which == NONE)
		return;
	count_key(&dom[which], v->lib.smmu * 4U + which, by);
	if (ats != INVAL_EATS_OFF)
		count_key(&dom[which], 8U + (uint32_t)(v - endpoint), by);
}

static void allow(uint32_t which, const struct endpoint *v, enum inval_eats ats, uint64_t by)
{
	if (which != NONE && ats != INVAL_EATS_OFF)
		add64(&dom[which].allowed[v - endpoint], by);
}

static struct inval_use use(uint32_t which, enum inval_eats ats)
{
	struct inval_use u = { INVAL_REGIME_S2, false, ats, false, 0, (uint16_t)(which + 1U), 0 };

	return u;
}

/* The embedder's part: the endpoint, STE, CFGI and SYNC. */
static void reconfigure(struct worker *w, struct endpoint *v, enum inval_ats_step step)
{
	struct smmu *s = &smmu[v->lib.smmu];
	struct inval_cmd cmd;
	int err = inval_cmd_cfgi_ste(&cmd, false, v->sid, true);

	if (err == 0 && step == INVAL_ATS_OFF)
		err = inval_flush_device(&s->lib, &v->sid, 1, false, 0, &w->f);
	if (err == 0)
		err = inval_queue_run(&s->q, &cmd, 1);
	if (err == 0 && step == INVAL_ATS_MOVED)
		err = inval_flush_device(&s->lib, &v->sid, 1, false, 0, &w->f);
	expect(err == 0, "the device's commands failed");
}

static bool begin(struct inval_attach *t)
{
	uint64_t bytes = inval_attach_bytes(t);
	void *mem = bytes != 0U ? xzalloc_bytes(bytes) : NULL;

	if (inval_attach_prepare(t, mem, bytes) != 0 || inval_attach_publish(t) != 0) {
		expect(false, "an attach failed");
		return false;
	}
	add64(&given, mem != NULL);
	return true;
}

/* Commit; the tag of a domain without users on that SMMU was flushed meanwhile. */
static void end(struct worker *w, struct inval_attach *t, const struct endpoint *v)
{
	struct smmu *s = &smmu[v->lib.smmu];
	uint64_t *n = &s->emptied[v->domain % DOMAINS], before = LOAD(n);

	expect(inval_attach_commit(t, &w->f) == 0 && t->left.unknown == 0U, "a commit failed");
	expect(t->left.tags == 0U || LOAD(n) != before, "a tag without a user was not flushed");
	w->fences += t->left.ats != 0U;
}

/* @v goes to domain @to, or blocked; the mutexes are held. */
static void change(struct worker *w, struct endpoint *v, uint32_t to, enum inval_eats ats)
{
	struct inval_use to_use = use(to, ats), from_use = use(v->domain, v->ats);
	struct inval_use *next = to != NONE ? &to_use : NULL;
	struct inval_use *old = v->domain != NONE ? &from_use : NULL;
	struct inval_attach t;

	if (inval_attach_init(&t, &v->lib, next != NULL ? &dom[to].lib : NULL, next,
			      old != NULL ? &dom[v->domain].lib : NULL, old, w->add, w->del) != 0)
		expect(false, "an attach was refused");
	allow(to, v, ats, 1);
	if (!begin(&t))
		return;
	count_device(to, v, ats, 1U);
	reconfigure(w, v, inval_attach_ats(next, old));
	count_device(v->domain, v, v->ats, ~0U);
	end(w, &t, v);
	allow(v->domain, v, v->ats, ~0ULL);
	add64(&commits, 1);
	v->domain = to;
	v->ats = ats;
	w->attaches++;
}

static void purge(struct worker *w, uint32_t which)
{
	uint64_t bytes;
	void *mem;

	lock(which, which);
	bytes = inval_domain_purge_bytes(&dom[which].lib);
	mem = bytes != 0U ? xzalloc_bytes(bytes) : NULL;
	if (mem != NULL) {
		expect(inval_domain_purge(&dom[which].lib, mem, bytes) == 0, "a purge failed");
		add64(&given, 1);
		w->purges++;
	}
	unlock(which, which);
}

/* A device of this worker's own goes somewhere; in the end all are blocked. */
static void attach(struct worker *w, uint32_t n, uint32_t to)
{
	struct endpoint *v = &endpoint[n * WORKERS + (uint32_t)(w - worker)];
	uint32_t from = v->domain;

	lock(to, from);
	change(w, v, to, to != NONE && chance(w, 2) != 0U ? INVAL_EATS_FULL : INVAL_EATS_OFF);
	unlock(to, from);
}

static void run_worker(void *data)
{
	struct worker *w = data;
	uint64_t begun = inval_port_now_us();
	uint32_t i, to;

	while ((w->flushes <= FLUSHES || inval_port_now_us() - begun < TORTURE_US) &&
	       read_atomic(&wrong) == NULL) {
		process_pending_softirqs();
		flush(w, chance(w, DOMAINS));
		if (chance(w, 3) == 0U) {
			to = chance(w, DOMAINS + 1U);
			attach(w, chance(w, DEVICES / WORKERS), to);
		}
		if (chance(w, 4) == 0U)
			purge(w, chance(w, DOMAINS));
	}
	for (i = 0; i < DEVICES / WORKERS; i++)
		attach(w, i, NONE);
	add64(&running, ~0ULL);
}

/* All */

static void start_smmu(uint32_t number)
{
	/* Stages 1 and 2, ATS; the first one with ranges. */
	const struct inval_idregs id = { 0, 0x40413, 0x800010, number == 0U ? 0x400 : 0, 0x15,
					 0, 0, 0, 0, 0, 0, false, false };
	struct smmu *s = &smmu[number];
	struct inval_queue_config cfg;

	expect(inval_caps_read(&s->lib.caps, &id) == 0, "no capabilities");
	inval_policy_init(&s->lib.policy);
	inval_queue_config_init(&cfg, &s->lib.caps, &s->lib.policy, INVAL_SEC_NS);
	cfg.base = s->regs;
	cfg.mem = s->mem;
	cfg.book = s->book;
	cfg.size_lg2 = LG2;
	cfg.smmu = number;
	cfg.timeout_us = 60000000;
	expect(inval_queue_init(&s->q, &cfg) == 0, "no queue");
	s->lib.number = number;
	s->lib.queue = &s->q;
	smmus[number] = &s->lib;
}

static void start_worker(uint32_t number)
{
	struct worker *w = &worker[number];

	w->f.smmus = smmus;
	w->f.smmu_num = SMMUS;
	w->f.batch = w->batch;
	w->f.batch_num = ARRAY_SIZE(w->batch);
	w->f.waits = w->waits;
	w->f.wait_num = 1U + number % SMMUS;
	w->chance = number;
	w->flushes = 1;
	tasklet_init(&w->tasklet, run_worker, w);
}

static void set_up(void)
{
	uint32_t i;

	for (i = 0; i < SMMUS; i++)
		start_smmu(i);
	for (i = 0; i < DOMAINS; i++) {
		inval_domain_init(&dom[i].lib);
		inval_port_mutex_init(&dom[i].lock);
	}
	for (i = 0; i < DEVICES; i++) {
		endpoint[i].sid = 1U + i;
		endpoint[i].lib.smmu = i / WORKERS % SMMUS;
		endpoint[i].lib.sids = &endpoint[i].sid;
		endpoint[i].lib.sid_num = 1;
		endpoint[i].lib.stu_lg2 = 12;
		endpoint[i].domain = NONE;
	}
	for (i = 0; i < WORKERS; i++)
		start_worker(i);
}

static void wait_until(const uint64_t *p, uint64_t value)
{
	while (LOAD(p) != value)
		inval_port_wait();
}

/* What happened, and whether it was enough to prove something. */
static void figures(void)
{
	uint64_t n[5] = { 0 };
	uint32_t i;

	for (i = 0; i < WORKERS; i++) {
		n[0] += worker[i].flushes - 1U;
		n[1] += worker[i].met;
		n[2] += worker[i].attaches;
		n[3] += worker[i].fences;
		n[4] += worker[i].purges;
	}
	printk("inval: %lu flushes, %lu with a change meanwhile, %lu attaches, %lu fences, "
	       "%lu purges, %lu arrays freed\n", n[0], n[1], n[2], n[3], n[4], freed);
	report("enough happened", n[1] > 0U && n[2] * 20U > n[0] && n[3] * 10U > n[2] &&
	       n[4] > 0U && freed * 10U > n[2], "see the figures");
}

/* This CPU is a worker, too; CPU 1 is the SMMUs, CPU 2 the other worker. */
static void torture(void)
{
	uint32_t i;

	set_up();
	write_atomic(&running, (uint64_t)WORKERS + 1U);
	smp_mb();
	tasklet_init(&smmu_tasklet, run_smmus, NULL);
	tasklet_schedule_on_cpu(&smmu_tasklet, 1);
	for (i = 1; i < WORKERS; i++)
		tasklet_schedule_on_cpu(&worker[i].tasklet, i + 1U);
	run_worker(&worker[0]);
	wait_until(&running, 0);
	for (i = 0; i < DOMAINS; i++)
		expect(inval_domain_fini(&dom[i].lib) == 0, "a domain is not empty");
	expect(given == freed, "an array did not come back");
	report("torture", wrong == NULL, wrong);
	figures();
}

static void second_cpu(void *unused)
{
	add64(&selftest_other, 1U + inval_selftest_cpu(&selftest, 1));
}

static bool self_test(void)
{
	static struct tasklet second;
	uint32_t line = inval_selftest_run(&selftest, selftest_regs, selftest_regs), other;

	report("self-test on one CPU", line == 0U, "see the line");
	if (line == 0U) {
		tasklet_init(&second, second_cpu, NULL);
		tasklet_schedule_on_cpu(&second, 1);
		line = inval_selftest_cpu(&selftest, 0);
		while (LOAD(&selftest_other) == 0U)
			inval_port_wait();
		other = (uint32_t)selftest_other - 1U;
		report("self-test on two CPUs", (line | other) == 0U, "see the line");
		line |= other;
	}
	if (line != 0U)
		printk("inval: inval_selftest.h, line %u\n", line);
	return line == 0U;
}

/* By address, through a registry: its lock, the mutex and the lines of a page. */
static void cache(void)
{
	static struct inval_memregion registry;
	static struct inval_provider by_va;
	uint64_t *page = alloc_xenheap_page();
	struct inval_region r = { 0, PAGE_SIZE, true, true, (uint64_t)page };
	bool good = page != NULL;

	inval_memregion_init(&registry);
	inval_by_va_init(&by_va, 0);
	good = good && inval_memregion_flush(&registry, &r) == -INVAL_EOPNOTSUPP &&
	       inval_memregion_add(&registry, &by_va) == 0;
	if (good) {
		r.pa = virt_to_maddr(page);
		page[0] = 1;
		good = inval_memregion_flush(&registry, &r) == 0 && page[0] == 1U &&
		       inval_memregion_remove(&registry, &by_va) == 0;
	}
	inval_memregion_fini(&registry);
	free_xenheap_page(page);
	report("cache by address", good, "a flush through a registry");
}

/* The call for caches is not there on QEMU; PSCI_VERSION is, and answers as Xen was told. */
static void firmware(void)
{
	static struct inval_firmware fw;
	struct inval_smccc_args args = { { 0x84000000, 0, 0, 0, 0x1234 } };
	struct inval_smccc_policy policy;
	struct inval_smccc_ids ids;

	inval_smccc_ids_init(&ids);
	inval_smccc_policy_init(&policy);
	report("firmware call", inval_port_smccc(&args) == 0 && args.x[0] == psci_ver,
	       "PSCI_VERSION");
	report("no provider without firmware's call",
	       inval_firmware_init(&fw, &ids, &policy) == -INVAL_EOPNOTSUPP, "there is one");
}

/* The machine's SMMU is Xen's; its ID registers may be read. */
static void capabilities(void)
{
	struct dt_device_node *node = dt_find_compatible_node(NULL, NULL, "arm,smmu-v3");
	struct inval_idregs id = { 0 };
	struct inval_caps caps;
	void __iomem *base;
	u64 addr, size;
	int err = -INVAL_ENOENT;

	if (node != NULL && dt_device_get_address(node, 0, &addr, &size) == 0) {
		base = ioremap_nocache(addr, PAGE_SIZE);
		BUG_ON(base == NULL);
		id.idr0 = inval_port_mmio_read32(base, 0x0);
		id.idr1 = inval_port_mmio_read32(base, 0x4);
		id.idr3 = inval_port_mmio_read32(base, 0xc);
		id.idr5 = inval_port_mmio_read32(base, 0x14);
		id.aidr = inval_port_mmio_read32(base, 0x1c);
		iounmap(base);
		err = inval_caps_read(&caps, &id);
	}
	report("the SMMU's capabilities", err == 0, "no SMMUv3, or it cannot be");
	if (err == 0)
		printk("inval: SMMUv3.%u, OAS %u bits, SIDs of %u bits, "
		       "queue %u slots, features %#lx\n",
		       caps.minor, caps.oas_bits, caps.sid_bits, 1U << caps.cmdq_lg2, caps.feat);
}

static int __init inval_boot(void)
{
	if (self_test()) {
		cache();
		firmware();
		capabilities();
		torture();
	}
	printk("inval: end\n");
	return 0;
}
__initcall(inval_boot);
