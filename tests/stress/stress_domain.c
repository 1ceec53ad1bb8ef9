/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/domain.h with real threads: three flush, two attach, and two SMMUs of
 * tests/model consume the queues. A plain program:
 *
 *	gcc -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=thread -Iinclude -Itests \
 *		-Itests/ports/tsan tests/stress/stress_domain.c -o stress_domain -pthread
 *
 * or with -Itests/ports/pthread -fsanitize=address,undefined; or with
 * -Itests/ports/urcu and -lurcu-memb behind. -DSTRESS_FLUSHES=n: of each reader, and half as many changes.
 *
 * Properties, while devices are attached, moved and detached, change their ATS and are
 * aborted, ASIDs move, are pinned and run out, SMMUs go off and on, arrays are replaced,
 * purged and freed; once more with commands that the SMMU refuses and ATC_INVs that a
 * device does not confirm:
 * - a flush that returned 0 has taken effect on every page, for each tag and device
 *   that the domain had from the flush's beginning to its end
 * - no command of a flush takes effect after it has returned
 * - no ATC_INV of a domain's flush takes effect at a device after the commit or abort
 *   that took the device out of the domain has returned
 * - when commit or abort returns, a tag that lost its last user was flushed whole, or
 *   is said to be stale and put aside until a flush of everything
 * - a pinned ASID is in no array
 * - nothing is given to an SMMU while it is off
 * - an attach that changes EATS's kind is refused, and nothing else fails
 * - in the end each array has exactly the users that a naive sum has, and every array
 *   comes back once; a reader never sees one that came back (poisoned)
 * Floors, printed: flushes that met a change, fences with a walk in flight, arrays freed
 * under readers, and how often each of the rest happened.
 *
 * How it judges: a flush's number, reader and domain are its address, so each TLBI by
 * address and ATC_INV tells whose it is. Writers note when a key (tag or stream) begins
 * and ends to be in a domain, as a version that is odd while it is in.
 */
/* port: pthread */
#ifndef INVAL_PLAIN
#define INVAL_PLAIN
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdlib.h>
#include <string.h>

static void stress_free(void *mem);
#define INVAL_PORT_C11_FREE(mem) stress_free(mem)

#include <pthread.h>
#include <sched.h>

#include <inval/domain.h>
#include <inval/tag.h>
#include "model/queue.h"
#include "test.h"

#ifndef STRESS_FLUSHES
#define STRESS_FLUSHES 20000U
#endif
/* The embedder's attach mutex; the suite leaves it out to see that noticed. */
#ifndef STRESS_LOCK
#define STRESS_LOCK(m) pthread_mutex_lock(m)
#define STRESS_UNLOCK(m) pthread_mutex_unlock(m)
#endif

#define READERS 3U
#define WRITERS 2U
#define SMMUS 2U
#define DOMAINS 3U		/* the last one is a stage 2 */
#define DEVICES 8U
#define NONE DOMAINS
#define TAGS 8U			/* ASIDs 1 to 5, the VMID 7 */
#define ASIDS_END 6U
#define STAGE_2 7U
#define KEYS 32U		/* two SMMUs' tags, then 16 streams */
#define PAGES 4U
#define MAX_LG2 6U

#define LOAD(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define ADD(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)

struct smmu {
	struct model model;
	struct model_queue mq;
	struct inval_queue q;
	struct inval_smmu lib;
	uint64_t mem[2U << MAX_LG2], book[2U << MAX_LG2];
	uint64_t emptied[TAGS];		/* TLBIs of everything of a tag */
	pthread_t thread;
};

/*
 * @users: of each key, as a plain sum
 * @version: of each key; odd while it has users
 * @allowed: attaches that let a flush of the domain reach a stream
 */
struct domain {
	struct inval_domain lib;
	pthread_mutex_t mutex;
	uint32_t asid;
	uint32_t users[KEYS];
	uint64_t version[KEYS];
	uint32_t allowed[KEYS];
};

struct device {
	struct inval_device lib;
	uint32_t sids[2];
	uint32_t domain;		/* or NONE */
	enum inval_eats ats;
};

/* What a flush works with. */
struct work {
	struct inval_flush f;
	struct inval_cmd batch[8];
	struct inval_flush_wait waits[SMMUS];
	struct inval_flush_error errors[4];
	uint64_t state;			/* of the chance */
};

struct reader {
	struct work work;
	pthread_t thread;
	uint64_t now;			/* the flush on its way; 0: none */
	uint32_t seen[PAGES];		/* keys that it has taken effect for */
	uint64_t flushes, met, failed;
};

struct writer {
	struct work work;
	pthread_t thread;
	struct inval_entry add[8], del[8];
	uint32_t pinned;		/* an ASID, or 0 */
	uint64_t attaches, aborts, refused, moves, purges, fences, busy_fences;
	uint64_t pins, exhausted, offs, stale, cleans;
};

static struct smmu smmu[SMMUS];
static struct inval_smmu *smmus[SMMUS];
static struct domain domain[DOMAINS];
static struct device device[DEVICES];
static struct reader reader[READERS];
static struct writer writer[WRITERS];
static struct inval_tags tags;
static uint64_t tag_words[1];
static pthread_mutex_t tags_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t changes;		/* publishes, commits, aborts and purges */
static uint64_t given, freed;		/* arrays */
static uint32_t reading;		/* flushes on their way */
static uint32_t stop;			/* 1: writers; 2: SMMUs, too */
static bool troubled;			/* SMMUs refuse commands, devices do not answer */
static const char *wrong;

static void note(const char *what)
{
	const char *none = NULL;

	__atomic_compare_exchange_n(&wrong, &none, what, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void expect(bool good, const char *what)
{
	if (!good)
		note(what);
}

/* The port's, once no reader can hold it. */
static void stress_free(void *mem)
{
	struct inval_array *a = (struct inval_array *)mem;

	memset(mem, 0xf7, (size_t)inval_array_bytes(a->num));
	free(mem);
	ADD(&freed, 1U);
}

static void *memory(uint64_t bytes)
{
	void *mem = bytes != 0U ? malloc((size_t)bytes) : NULL;

	if (bytes != 0U && mem == NULL)
		abort();
	return mem;
}

/* The SMMUs */

static uint32_t mmio_read32(inval_mmio base, uint32_t offset)
{
	return model_queue_read32((struct model_queue *)(uintptr_t)base, offset);
}

static void mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	model_queue_write32((struct model_queue *)(uintptr_t)base, offset, v);
}

/* A flush of @num pages from @addr on took effect for a key. */
static void effect(uint64_t addr, uint64_t num, uint32_t key, bool atc)
{
	uint64_t flush = addr >> 14, page = addr >> 12 & 3U;
	struct reader *r = &reader[flush >> 2 & 3U];

	if ((flush >> 2 & 3U) >= READERS || (flush & 3U) >= DOMAINS || page + num > PAGES) {
		note("a command that nobody asked for");
		return;
	}
	expect(LOAD(&r->now) == flush, "a command after its flush has returned");
	expect(!atc || LOAD(&domain[flush & 3U].allowed[key]) != 0U,
	       "an ATC_INV after the device has left");
	for (; num > 0U; num--)
		__atomic_fetch_or(&r->seen[page + num - 1U], 1U << key, __ATOMIC_SEQ_CST);
}

/* Commands by address, IHI 0070 4.4 and 4.5; TG 0 is one page. */
static void on_done(struct model_queue *mq, const struct model_cmd *cmd)
{
	struct smmu *s = &smmu[mq->pa];
	uint32_t tag = (uint32_t)(cmd->d0 >> (model_op(cmd) == 0x12U || model_op(cmd) == 0x11U ?
				  48 : 32) & 0xffffU) % TAGS;
	uint64_t num = 1;

	switch (model_op(cmd)) {
	case 0x12:	/* NH_VA */
	case 0x2a:	/* S2_IPA */
		if ((cmd->d1 >> 10 & 3U) != 0U)
			num = ((cmd->d0 >> 12 & 31U) + 1U) << (cmd->d0 >> 20 & 31U);
		effect(cmd->d1 & ~0xfffULL, num, (uint32_t)mq->pa * TAGS + tag, false);
		break;
	case 0x11:	/* NH_ASID */
	case 0x28:	/* S12_VMALL */
		ADD(&s->emptied[tag], 1U);
		break;
	case 0x40:	/* ATC_INV; of everything: of a device that changes its domain */
		if ((cmd->d1 & 63U) != 52U)
			effect(cmd->d1 & ~0xfffULL, 1ULL << (cmd->d1 & 63U),
			       SMMUS * TAGS + (uint32_t)(cmd->d0 >> 32) % 16U, true);
		break;
	default:
		break;
	}
}

static void *run_smmu(void *arg)
{
	struct smmu *s = (struct smmu *)arg;

	while (LOAD(&stop) < 2U) {
		if (!model_queue_step(&s->mq))
			sched_yield();
	}
	return NULL;
}

static void start_smmu(uint32_t number, uint32_t lg2)
{
	struct smmu *s = &smmu[number];
	struct inval_queue_config cfg;
	struct inval_idregs regs;

	memset(s, 0, sizeof(*s));
	memset(&cfg, 0, sizeof(cfg));
	memset(&regs, 0, sizeof(regs));
	model_init(&s->model, number + 1U);
	s->model.env.idr3 = number == 0U ? s->model.env.idr3 : 0U; /* one without ranges */
	model_queue_init(&s->mq, &s->model, s->mem, lg2, number, false, true);
	s->mq.done = on_done;
	s->mq.often[MODEL_ILL] = troubled ? 10U : 0U;
	s->mq.often[MODEL_ATC] = troubled ? 2U : 0U;
	cfg.base = (inval_mmio)&s->mq;
	cfg.mem = s->mem;
	cfg.book = s->book;
	cfg.size_lg2 = lg2;
	cfg.smmu = number;
	cfg.timeout_us = 60000000;
	cfg.abort_max = 3;
	cfg.coherent = true;
	CHECK(inval_queue_init(&s->q, &cfg) == 0, "SMMU %u", number);
	model_queue_write32(&s->mq, MODEL_CR0, MODEL_CMDQEN);
	regs.aidr = s->model.env.aidr;
	regs.idr0 = s->model.env.idr0;
	regs.idr1 = s->model.env.idr1;
	regs.idr3 = s->model.env.idr3;
	regs.idr5 = s->model.env.idr5;
	CHECK(inval_caps_read(&s->lib.caps, &regs) == 0, "SMMU %u", number);
	inval_policy_init(&s->lib.policy);
	s->lib.number = number;
	s->lib.queue = &s->q;
	smmus[number] = &s->lib;
	CHECK(pthread_create(&s->thread, NULL, run_smmu, s) == 0, "no thread");
}

static void start_work(struct work *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->f.smmus = smmus;
	w->f.smmu_num = SMMUS;
	w->f.batch = w->batch;
	w->f.batch_num = 8;
	w->f.waits = w->waits;
	w->f.wait_num = 1U + (uint32_t)(seed % SMMUS);
	w->f.errors = w->errors;
	w->f.error_num = 4;
	w->state = seed;
}

static uint32_t chance(struct work *w, uint32_t n)
{
	return (uint32_t)(test_random(&w->state) % n);
}

/* Readers */

/* Keys that a domain has now, with the version of each. */
static uint32_t keys_now(struct domain *d, uint64_t *version)
{
	uint32_t i, keys = 0;

	for (i = 0; i < KEYS; i++) {
		version[i] = LOAD(&d->version[i]);
		keys |= (uint32_t)(version[i] & 1U) << i;
	}
	return keys;
}

/* One request for all pages, or page by page through a gather, up or down. */
static int flush_pages(struct work *w, struct inval_domain *d, uint64_t addr, uint32_t pages)
{
	struct inval_range_req req = { addr, 4096ULL * pages, 12, 0, true, false };
	uint32_t how = chance(w, 3), i;
	struct inval_gather g;
	int err = 0;

	if (how == 0U)
		return inval_domain_flush(d, &req, &w->f);
	inval_gather_init(&g);
	req.bytes = 4096;
	for (i = 0; i < pages && err == 0; i++) {
		req.addr = addr + 4096ULL * (how == 1U ? i : pages - 1U - i);
		err = inval_domain_gather(d, &g, &req, &w->f);
	}
	return err != 0 ? err : inval_domain_gather(d, &g, NULL, &w->f);
}

static void flush(struct reader *r, uint32_t number)
{
	uint32_t which = chance(&r->work, DOMAINS), pages = 1U + chance(&r->work, PAGES);
	uint64_t before[KEYS], after[KEYS], was = LOAD(&changes);
	uint32_t keys = 0, i;
	int err;

	for (i = 0; i < PAGES; i++)
		STORE(&r->seen[i], 0U);
	r->flushes++;
	STORE(&r->now, r->flushes << 4 | number << 2 | which);
	keys = keys_now(&domain[which], before);
	ADD(&reading, 1U);
	err = flush_pages(&r->work, &domain[which].lib, r->now << 14, pages);
	ADD(&reading, -1U);
	expect((err == 0) == (r->work.f.error_total == 0U) && (err == 0 || troubled),
	       "a flush failed");
	(void)keys_now(&domain[which], after);
	STORE(&r->now, 0U);
	r->met += LOAD(&changes) != was;
	r->failed += err != 0;
	for (i = 0; i < KEYS; i++)
		keys &= before[i] == after[i] ? UINT32_MAX : ~(1U << i);
	for (i = 0; i < pages && err == 0; i++)
		expect((keys & ~LOAD(&r->seen[i])) == 0U, "a flush missed a tag or a device");
}

static void *run_reader(void *arg)
{
	struct reader *r = (struct reader *)arg;

	port_thread_begin();
	while ((r->flushes < STRESS_FLUSHES || LOAD(&changes) < STRESS_FLUSHES / 2U) &&
	       LOAD(&wrong) == NULL) {
		flush(r, (uint32_t)(r - reader));
		sched_yield();	/* one that had nothing to wait for */
	}
	port_thread_end();
	return NULL;
}

/* Writers */

static void lock(uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < DOMAINS; i++) {
		if (i == a || i == b)
			STRESS_LOCK(&domain[i].mutex);
	}
}

static void unlock(uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < DOMAINS; i++) {
		if (i == a || i == b)
			STRESS_UNLOCK(&domain[i].mutex);
	}
}

static void count(struct domain *d, uint32_t key, uint32_t users)
{
	bool was = d->users[key] != 0U;

	d->users[key] += users;
	if (was != (d->users[key] != 0U))
		ADD(&d->version[key], 1U);
}

/* A device's keys in a domain: in (1), out (-1). */
static void count_device(uint32_t which, const struct device *v, enum inval_eats ats,
			 uint32_t users)
{
	struct domain *d = &domain[which];
	uint32_t i;

	if (which == NONE)
		return;
	count(d, v->lib.smmu * TAGS + d->asid, users);
	for (i = 0; ats != INVAL_EATS_OFF && i < v->lib.sid_num; i++)
		count(d, SMMUS * TAGS + v->sids[i], users);
}

static void allow(uint32_t which, const struct device *v, enum inval_eats ats, uint32_t more)
{
	uint32_t i;

	for (i = 0; which != NONE && ats != INVAL_EATS_OFF && i < v->lib.sid_num; i++)
		ADD(&domain[which].allowed[SMMUS * TAGS + v->sids[i]], more);
}

static struct inval_use use(uint32_t which, enum inval_eats ats)
{
	struct inval_use u;

	memset(&u, 0, sizeof(u));
	u.regime = which == DOMAINS - 1U ? INVAL_REGIME_S2 : INVAL_REGIME_S1;
	u.ats = ats;
	if (which != NONE && u.regime == INVAL_REGIME_S2)
		u.vmid = STAGE_2;
	else if (which != NONE)
		u.asid = (uint16_t)domain[which].asid;
	return u;
}

/* What an entry is: an index of users, version and allowed. */
static uint32_t key_of(const struct inval_entry *e)
{
	uint32_t id = (uint32_t)(e->key >> 21), type = (uint32_t)(e->key >> 53) & 7U;

	if (type == 3U)
		return (SMMUS * TAGS + id) % KEYS;
	return ((uint32_t)(e->key >> 56) * TAGS + (type == 0U ? id >> 16 : id)) % KEYS;
}

static void emptied(const struct inval_entry *list, uint32_t num, uint64_t *n)
{
	uint32_t i;

	for (i = 0; i < num; i++) {
		if (key_of(&list[i]) < SMMUS * TAGS)
			n[i] = LOAD(&smmu[list[i].key >> 56].emptied[key_of(&list[i]) % TAGS]);
	}
}

/* The end of a transaction: @list leaves. Returns whether a tag is stale. */
static bool end(struct writer *w, struct inval_attach *t, bool abort_it,
		const struct inval_entry *list, uint32_t num)
{
	uint64_t before[8], after[8];
	uint32_t busy = LOAD(&reading), i;
	void *mem;
	int err;

	emptied(list, num, before);
	if (abort_it)
		err = inval_attach_abort(t, &mem, &w->work.f);
	else
		err = inval_attach_commit(t, &w->work.f);
	expect((err != 0) == t->stale_tags && (err == 0 || troubled) && t->left.unknown == 0U,
	       "a commit or an abort failed");
	emptied(list, num, after);
	for (i = 0; i < num && !t->stale_tags && t->left.tags != 0U; i++)
		expect(list[i].state != INVAL_STATE_DIED || key_of(&list[i]) >= SMMUS * TAGS ||
		       before[i] != after[i], "a tag without a user was not flushed");
	w->aborts += abort_it;
	w->stale += t->stale_tags;
	w->fences += t->left.ats != 0U;
	w->busy_fences += t->left.ats != 0U && busy != 0U;
	ADD(&changes, 1U);
	return t->stale_tags;
}

/* Publishes, or says that it did not. */
static bool begin(struct writer *w, struct inval_attach *t)
{
	uint64_t bytes = inval_attach_bytes(t);
	void *mem = memory(bytes);
	int err = inval_attach_prepare(t, mem, bytes);

	expect(err == 0, "prepare failed");
	if (err != 0 || chance(&w->work, 8) == 0U) {
		expect(inval_attach_abort(t, &mem, &w->work.f) == 0, "an abort failed");
		free(mem);
		return false;
	}
	ADD(&given, bytes != 0U ? 1U : 0U);
	expect(inval_attach_publish(t) == 0, "publish failed");
	ADD(&changes, 1U);
	return true;
}

/* The embedder's part: the endpoint, STE, CFGI and SYNC; again, when refused. */
static void reconfigure(struct writer *w, const struct device *v, enum inval_ats_step step)
{
	struct smmu *s = &smmu[v->lib.smmu];
	struct inval_cmd cmd;
	int err;

	do {
		err = inval_cmd_cfgi_ste(&cmd, false, v->sids[0], true);
		if (step == INVAL_ATS_OFF)
			err = inval_flush_device(&s->lib, v->sids, v->lib.sid_num, false, 0,
						 &w->work.f);
		if (err == 0)
			err = inval_queue_run(&s->q, &cmd, 1);
		if (err == 0 && step == INVAL_ATS_MOVED)
			err = inval_flush_device(&s->lib, v->sids, v->lib.sid_num, false, 0,
						 &w->work.f);
	} while (err != 0 && troubled);
	expect(err == 0, "the device's commands failed");
}

/* A domain keeps its tag: what commit could not flush is flushed again. */
static void flush_stale(struct writer *w, const struct inval_entry *list, uint32_t num)
{
	struct inval_range_req all = { 0, 0, 12, 0, false, false };

	while (inval_flush_entries(list, num, 12, &all, &w->work.f) != 0)
		continue;
}

/* @v goes to domain @to, or blocked; the mutexes are held. */
static void change(struct writer *w, struct device *v, uint32_t to, enum inval_eats ats)
{
	struct inval_use to_use = use(to, ats), from_use = use(v->domain, v->ats);
	struct inval_domain *next = to != NONE ? &domain[to].lib : NULL;
	struct inval_domain *old = v->domain != NONE ? &domain[v->domain].lib : NULL;
	bool refused = next && old && ats != v->ats && ats && v->ats, back;
	struct inval_attach t;
	int err = inval_attach_init(&t, &v->lib, next, &to_use, old, &from_use, w->add, w->del);

	expect(err == (refused ? -INVAL_EBUSY : 0), "init did not return what it must");
	w->refused += refused;
	if (err != 0)
		return;
	allow(to, v, ats, 1U);
	if (!begin(w, &t)) {
		allow(to, v, ats, -1U);
		return;
	}
	w->attaches++;
	count_device(to, v, ats, 1U);
	reconfigure(w, v, inval_attach_ats(next ? &to_use : NULL, old ? &from_use : NULL));
	back = chance(&w->work, 8) == 0U;
	count_device(back ? to : v->domain, v, back ? ats : v->ats, -1U);
	if (end(w, &t, back, back ? w->add : w->del, back ? t.add_num : t.del_num))
		flush_stale(w, back ? w->add : w->del, back ? t.add_num : t.del_num);
	allow(back ? to : v->domain, v, back ? ats : v->ats, -1U);
	if (!back) {
		v->domain = to;
		v->ats = ats;
	}
}

/* A stage 1 gets another ASID; its mutex is held. Returns the one that is now unused. */
static uint32_t move_asid(struct writer *w, struct domain *d, uint32_t asid, bool *stale)
{
	uint32_t num = inval_move_scratch(&d->lib, INVAL_SMMU_MAX, (uint16_t)d->asid), i;
	struct inval_attach t;
	bool back = chance(&w->work, 4) == 0U;
	uint32_t users[SMMUS], old = d->asid;

	*stale = false;
	d->asid = num == 0U ? asid : old;
	if (num == 0U)
		return old;
	expect(inval_attach_init_move(&t, &d->lib, INVAL_SMMU_MAX, (uint16_t)old,
				      (uint16_t)asid, w->add, w->del, num) == 0, "a move failed");
	if (!begin(w, &t))
		return asid;
	for (i = 0; i < SMMUS; i++) {
		users[i] = d->users[i * TAGS + old];
		count(d, i * TAGS + asid, users[i]);
	}
	for (i = 0; i < SMMUS; i++)
		expect(inval_queue_run(&smmu[i].q, NULL, 0) == 0, "a SYNC failed");
	d->asid = back ? old : asid;
	for (i = 0; i < SMMUS; i++)
		count(d, i * TAGS + (back ? asid : old), 0U - users[i]);
	*stale = end(w, &t, back, back ? w->add : w->del, num);
	w->moves += !back;
	return back ? asid : old;
}

/* The stale ASIDs are emptied, by a flush of everything. */
static void clean(struct writer *w)
{
	struct inval_cmd all;
	uint64_t mark;
	uint32_t i;
	int err;

	pthread_mutex_lock(&tags_mutex);
	mark = inval_tags_mark(&tags);
	pthread_mutex_unlock(&tags_mutex);
	err = inval_cmd_tlbi(&all, INVAL_OP_TLBI_NSNH_ALL, 0, 0);
	for (i = 0; i < SMMUS && err == 0; i++)
		err = inval_queue_run(&smmu[i].q, &all, 1);
	pthread_mutex_lock(&tags_mutex);
	if (err == 0)
		err = inval_tags_clean(&tags, mark);
	pthread_mutex_unlock(&tags_mutex);
	w->cleans += err == 0;
}

/* An ASID that is in no array, or 0. */
static uint32_t take(struct writer *w)
{
	uint32_t asid;
	int err;

	pthread_mutex_lock(&tags_mutex);
	err = inval_tags_alloc(&tags, &asid);
	pthread_mutex_unlock(&tags_mutex);
	w->exhausted += err == -INVAL_ENOSPC;
	if (err == -INVAL_EAGAIN)
		clean(w);
	return err == 0 ? asid : 0U;
}

/*
 * A domain gets another ASID out of the common space, and the old one goes back into
 * it; or is pinned, when it is @wanted by a CPU.
 */
static void move(struct writer *w, uint32_t which, uint32_t wanted)
{
	uint32_t asid = take(w), unused;
	bool stale = false;
	int err = -INVAL_EAGAIN;

	if (asid == 0U)
		return;
	lock(which, which);
	unused = asid;
	if (wanted == 0U || wanted == domain[which].asid)
		unused = move_asid(w, &domain[which], asid, &stale);
	unlock(which, which);
	pthread_mutex_lock(&tags_mutex);
	expect(inval_tags_free(&tags, unused, stale) == 0, "free of an ASID failed");
	if (wanted != 0U && unused == wanted && unused != asid) {
		err = inval_tags_pin(&tags, wanted);
		expect(err == (stale ? -INVAL_EAGAIN : 0), "pin of an ASID failed");
	}
	pthread_mutex_unlock(&tags_mutex);
	if (err == 0)
		w->pinned = wanted;
}

/* A CPU takes an ASID, or gives it back. */
static void pin(struct writer *w)
{
	uint32_t asid = 1U + chance(&w->work, ASIDS_END - 1U), i;
	bool given_back = w->pinned != 0U;
	int err;

	pthread_mutex_lock(&tags_mutex);
	if (given_back)
		err = inval_tags_unpin(&tags, w->pinned, false);
	else
		err = inval_tags_pin(&tags, asid);
	pthread_mutex_unlock(&tags_mutex);
	expect(!given_back || err == 0, "unpin failed");
	w->pinned = given_back || err != 0 ? 0U : asid;
	for (i = 0; i < DOMAINS - 1U && err == -INVAL_EBUSY && w->pinned == 0U; i++)
		move(w, i, asid);
	w->pins += w->pinned != 0U;
	for (i = 0; i < (DOMAINS - 1U) * SMMUS && w->pinned != 0U; i++)
		expect((LOAD(&domain[i / SMMUS].version[i % SMMUS * TAGS + w->pinned]) & 1U) == 0U,
		       "a pinned ASID is in an array");
}

/* All keys of an SMMU leave the judge's sight, or come back. */
static void hide(uint32_t number)
{
	uint32_t i, key;

	for (i = 0; i < DOMAINS; i++) {
		for (key = 0; key < KEYS; key++) {
			if (domain[i].users[key] != 0U &&
			    (key < SMMUS * TAGS ? key / TAGS : (key - SMMUS * TAGS) / 8U) == number)
				ADD(&domain[i].version[key], 1U);
		}
	}
}

/* An SMMU loses power for a while; no attach meanwhile. */
static void power(struct writer *w)
{
	uint32_t number = chance(&w->work, SMMUS), i, prod;
	struct smmu *s = &smmu[number];

	for (i = 0; i < DOMAINS; i++)
		lock(i, i);
	hide(number);
	inval_smmu_off(&s->lib);
	for (i = 0; i < DOMAINS; i++)
		inval_domain_sync(&domain[i].lib);
	prod = model_queue_read32(&s->mq, MODEL_PROD);
	for (i = 0; i < 4U; i++)
		sched_yield();
	expect(troubled || model_queue_read32(&s->mq, MODEL_PROD) == prod,
	       "a command for an SMMU that is off");
	while (inval_smmu_on(&s->lib) != 0)
		expect(troubled, "an SMMU does not come back");
	hide(number);
	for (i = 0; i < DOMAINS; i++)
		unlock(i, i);
	ADD(&changes, 1U);
	w->offs++;
}

static void purge(struct writer *w, uint32_t which)
{
	struct inval_domain *d = &domain[which].lib;
	uint64_t bytes;

	lock(which, which);
	bytes = inval_domain_purge_bytes(d);
	if (bytes != 0U) {
		expect(inval_domain_purge(d, memory(bytes), bytes) == 0, "purge failed");
		ADD(&given, 1U);
		ADD(&changes, 1U);
		w->purges++;
	}
	unlock(which, which);
}

/* Each writer has devices of its own, behind both SMMUs, in all domains. */
static void *run_writer(void *arg)
{
	struct writer *w = (struct writer *)arg;
	uint32_t number = (uint32_t)(w - writer), to, from;
	struct device *v;

	port_thread_begin();
	while (LOAD(&stop) == 0U && LOAD(&wrong) == NULL) {
		switch (chance(&w->work, 40)) {
		case 0:
			power(w);
			break;
		case 1:
		case 2:
		case 3:
			pin(w);
			break;
		case 4:
		case 5:
		case 6:
			move(w, chance(&w->work, DOMAINS - 1U), 0);
			break;
		case 7:
		case 8:
		case 9:
			purge(w, chance(&w->work, DOMAINS));
			break;
		default:
			v = &device[chance(&w->work, DEVICES / WRITERS) * WRITERS + number];
			from = v->domain;
			to = chance(&w->work, from == NONE ? DOMAINS : DOMAINS + 1U);
			lock(to, from);
			change(w, v, to, to != NONE ? (enum inval_eats)chance(&w->work, 3) :
			       INVAL_EATS_OFF);
			unlock(to, from);
			break;
		}
	}
	port_thread_end();
	return NULL;
}

/* All */

static void start(void)
{
	uint32_t i;

	memset(domain, 0, sizeof(domain));
	memset(reader, 0, sizeof(reader));
	memset(writer, 0, sizeof(writer));
	wrong = NULL;
	stop = 0;
	given = 0;
	freed = 0;
	changes = 0;
	port.mmio_read32 = mmio_read32;
	port.mmio_write32 = mmio_write32;
	for (i = 0; i < SMMUS; i++)
		start_smmu(i, i == 0U ? 3U : MAX_LG2);
	CHECK(inval_tags_init(&tags, tag_words, ASIDS_END, 1) == 0, "tags");
	for (i = 0; i < DOMAINS; i++) {
		inval_domain_init(&domain[i].lib);
		pthread_mutex_init(&domain[i].mutex, NULL);
		domain[i].asid = STAGE_2;
		if (i < DOMAINS - 1U)
			CHECK(inval_tags_alloc(&tags, &domain[i].asid) == 0, "ASID");
	}
	for (i = 0; i < DEVICES; i++) {
		device[i].sids[0] = 2U * i;
		device[i].sids[1] = i == 3U ? 2U * i : 2U * i + 1U; /* one has a StreamID twice */
		device[i].lib.sids = device[i].sids;
		device[i].lib.sid_num = 1U + (i >> 1 & 1U);
		device[i].lib.smmu = i >> 2;
		device[i].lib.stu_lg2 = 12;
		device[i].domain = NONE;
	}
	for (i = 0; i < READERS; i++)
		start_work(&reader[i].work, 100U + i);
	for (i = 0; i < WRITERS; i++)
		start_work(&writer[i].work, 200U + i);
}

/* The array of a domain has the users of the naive sum. */
static void check_sum(uint32_t which)
{
	struct inval_array *a = (struct inval_array *)domain[which].lib.slot;
	uint32_t i, key;

	for (i = 0; a != NULL && i < a->num; i++) {
		key = key_of(&inval_array_at(a)[i]);
		CHECK(domain[which].users[key] == inval_array_at(a)[i].users,
		      "domain %u, key %u: %u users, want %u", which, key,
		      inval_array_at(a)[i].users, domain[which].users[key]);
		domain[which].users[key] = 0;
	}
	for (i = 0; i < KEYS; i++)
		CHECK(domain[which].users[i] == 0U, "domain %u: no key %u", which, i);
}

/* All devices leave, and all arrays come back. */
static void finish(void)
{
	struct inval_use u;
	struct inval_attach t;
	uint32_t i, from;

	for (i = 0; i < DEVICES; i++) {
		from = device[i].domain;
		if (from == NONE)
			continue;
		u = use(from, device[i].ats);
		CHECK(inval_attach_init(&t, &device[i].lib, NULL, NULL, &domain[from].lib, &u,
					writer[0].add, writer[0].del) == 0, "init");
		CHECK(inval_attach_prepare(&t, NULL, 0) == 0 && inval_attach_publish(&t) == 0 &&
		      (inval_attach_commit(&t, &writer[0].work.f) == 0 || troubled) &&
		      t.left.unknown == 0U, "device %u does not leave", i);
	}
	for (i = 0; i < DOMAINS; i++)
		CHECK(inval_domain_fini(&domain[i].lib) == 0, "domain %u is not empty", i);
	STORE(&stop, 2U);
	for (i = 0; i < SMMUS; i++) {
		pthread_join(smmu[i].thread, NULL);
		CHECK(smmu[i].model.faults == 0U, "SMMU %u: %s", i, smmu[i].model.fault);
		model_queue_fini(&smmu[i].mq);
	}
	CHECK(given == freed, "%lu arrays given, %lu freed", (unsigned long)given,
	      (unsigned long)freed);
}

/* Sums for the floors, printed. */
static void report(void)
{
	uint64_t flushes = 0, met = 0, failed = 0;
	struct writer all;
	uint32_t i;

	memset(&all, 0, sizeof(all));
	for (i = 0; i < READERS; i++) {
		flushes += reader[i].flushes;
		met += reader[i].met;
		failed += reader[i].failed;
	}
	for (i = 0; i < WRITERS; i++) {
		all.attaches += writer[i].attaches;
		all.aborts += writer[i].aborts;
		all.refused += writer[i].refused;
		all.moves += writer[i].moves;
		all.purges += writer[i].purges;
		all.fences += writer[i].fences;
		all.busy_fences += writer[i].busy_fences;
		all.pins += writer[i].pins;
		all.exhausted += writer[i].exhausted;
		all.offs += writer[i].offs;
		all.stale += writer[i].stale;
		all.cleans += writer[i].cleans;
	}
#define SAY(n, what) printf("%lu %s, ", (unsigned long)(n), what)
	SAY(flushes, "flushes");
	SAY(met, "with a change meanwhile");
	SAY(failed, "failed");
	SAY(all.attaches, "attaches");
	SAY(all.aborts, "aborts");
	SAY(all.refused, "refused");
	SAY(all.fences, "fences");
	SAY(all.busy_fences, "with a walk in flight");
	SAY(all.moves, "ASIDs moved");
	SAY(all.pins, "pinned");
	SAY(all.exhausted, "times none left");
	SAY(all.stale, "stale");
	SAY(all.cleans, "cleans");
	SAY(all.offs, "times off");
	SAY(all.purges, "purges");
	printf("%lu arrays freed\n", (unsigned long)freed);
	CHECK(met * 100U >= flushes && freed * 100U >= flushes, "too few changes");
	CHECK(all.busy_fences * 100U >= all.attaches && all.moves * 100U >= all.attaches,
	      "too few fences or moves");
	CHECK(all.purges && all.refused && all.pins && all.exhausted && all.offs, "too little");
	CHECK(!troubled || (failed * 1000U >= flushes && all.stale && all.cleans), "no trouble");
}

static void run(void)
{
	static bool running;
	uint32_t i;

	CHECK(!running, "the threads of the test before still run");
	running = true;
	port_thread_begin();
	start();
	for (i = 0; i < WRITERS; i++)
		CHECK(pthread_create(&writer[i].thread, NULL, run_writer, &writer[i]) == 0,
		      "no thread");
	for (i = 0; i < READERS; i++)
		CHECK(pthread_create(&reader[i].thread, NULL, run_reader, &reader[i]) == 0,
		      "no thread");
	for (i = 0; i < READERS; i++)
		pthread_join(reader[i].thread, NULL);
	STORE(&stop, 1U);
	for (i = 0; i < WRITERS; i++)
		pthread_join(writer[i].thread, NULL);
	CHECK(wrong == NULL, "%s", wrong);
	report();
	for (i = 0; i < DOMAINS; i++)
		check_sum(i);
	finish();
	port_thread_end();
	running = false;
}

TEST(stress, domains)
{
	troubled = false;
	run();
}

TEST(stress, domains_in_trouble)
{
	troubled = true;
	run();
}
