/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * domain.h, tag.h and flush.h against lists of who is where: devices attach, move, change
 * their ATS, detach and abort, at any step and with too little memory; domains get an ASID
 * on each SMMU and lose it to the CPU; an SMMU stops. After each step
 *  - each domain's array counts exactly the devices in it;
 *  - a flush reaches each of its tags and devices, and nobody else's;
 *  - an ASID that is handed out, or given to the CPU, is not in the TLB.
 */
#include <inval/domain.h>
#include <inval/tag.h>

#include "fuzz.h"

#define SMMUS 2U
#define DOMAINS 3U
#define DEVICES 5U
#define ASIDS 6U
#define NOWHERE DOMAINS
#define QUEUE_LG2 4U
#define NO_ASID 0xffffU

struct smmu {
	struct inval_smmu smmu;
	struct inval_queue queue;
	struct inval_tags tags;
	uint64_t tag_words[1];
	uint64_t mem[2U << QUEUE_LG2], book[2U << QUEUE_LG2];
	uint32_t prod;
	bool stopped;
	bool tlb[ASIDS];	/* may hold translations of this ASID */
	bool seen[ASIDS];	/* was told to drop it, or an address of it */
	bool atc[DEVICES * 2U];	/* an ATC_INV for this StreamID was seen */
};

static struct smmu smmu[SMMUS];
static struct inval_smmu *smmus[SMMUS] = { &smmu[0].smmu, &smmu[1].smmu };
static struct inval_domain domain[DOMAINS];
static uint32_t asid[DOMAINS][SMMUS];

/* Where each device is, and with ATS or not. */
static struct {
	uint32_t where;
	bool ats;
} now[DEVICES];

static struct inval_cmd batch[3];
static struct inval_flush_wait waits[1];
static struct inval_flush flush = { smmus, SMMUS, batch, 3, waits, 1, NULL, 0, 0, false };

static uint32_t smmu_of(uint32_t dev)
{
	return dev % SMMUS;
}

/* Device 4 has two StreamIDs, device 3 one twice. */
static struct inval_device device(uint32_t dev)
{
	static const uint32_t sids[DEVICES][2] = { { 0 }, { 1 }, { 2 }, { 3, 3 }, { 4, 5 } };
	struct inval_device d = { smmu_of(dev), sids[dev], dev >= 3U ? 2U : 1U, 12 };

	return d;
}

static struct inval_use use(uint32_t d, uint32_t dev, bool ats)
{
	struct inval_use u = { INVAL_REGIME_S1, false, ats ? INVAL_EATS_FULL : INVAL_EATS_OFF,
			       false, 0, 0, (uint16_t)asid[d][smmu_of(dev)] };

	return u;
}

/* The SMMU takes all commands at once. */
static void consume(struct smmu *s, uint32_t prod)
{
	struct inval_cmd cmd;
	uint32_t tag, i;

	for (; s->prod != prod; s->prod = (s->prod + 1U) & ((2U << QUEUE_LG2) - 1U)) {
		cmd = inval_cmd_load(&s->mem[2U * (s->prod & ((1U << QUEUE_LG2) - 1U))]);
		tag = (uint32_t)(cmd.d0 >> 48);
		switch (cmd.d0 & 0xffU) {
		case INVAL_OP_TLBI_NH_ASID:
			FUZZ_CHECK(tag < ASIDS, "ASID %u", tag);
			s->tlb[tag] = false;
			s->seen[tag] = true;
			break;
		case INVAL_OP_TLBI_NH_VA:
			FUZZ_CHECK(tag < ASIDS, "ASID %u", tag);
			s->seen[tag] = true;
			break;
		case INVAL_OP_TLBI_NSNH_ALL:
			for (i = 0; i < ASIDS; i++)
				s->tlb[i] = false;
			break;
		case INVAL_OP_ATC_INV:
			FUZZ_CHECK(cmd.d0 >> 32 < DEVICES * 2U, "StreamID");
			s->atc[cmd.d0 >> 32] = true;
			break;
		case INVAL_OP_SYNC:
		case INVAL_OP_CFGI_STE_RANGE:
			break;
		default:
			FUZZ_CHECK(false, "opcode %u", (uint32_t)(cmd.d0 & 0xffU));
		}
	}
}

static uint32_t reg_read(inval_mmio base, uint32_t offset)
{
	return offset == INVAL_REG_CMDQ_CONS ? smmu[base].prod : 0U;
}

static void reg_write(inval_mmio base, uint32_t offset, uint32_t v)
{
	if (offset == INVAL_REG_CMDQ_PROD && !smmu[base].stopped)
		consume(&smmu[base], v);
}

static void queue_start(uint32_t i)
{
	struct inval_queue_config cfg;

	memset(&cfg, 0, sizeof(cfg));
	cfg.base = i;
	cfg.mem = smmu[i].mem;
	cfg.book = smmu[i].book;
	cfg.size_lg2 = QUEUE_LG2;
	cfg.smmu = i;
	cfg.timeout_us = 100;
	cfg.coherent = true;
	smmu[i].prod = 0;
	smmu[i].stopped = false;
	FUZZ_CHECK(inval_queue_init(&smmu[i].queue, &cfg) == 0, "queue");
}

static void start(void)
{
	uint32_t i, j;

	fuzz_read32 = reg_read;
	fuzz_write32 = reg_write;
	memset(smmu, 0, sizeof(smmu));
	for (i = 0; i < SMMUS; i++) {
		queue_start(i);
		smmu[i].smmu.number = i;
		smmu[i].smmu.queue = &smmu[i].queue;
		inval_policy_init(&smmu[i].smmu.policy);
		FUZZ_CHECK(inval_tags_init(&smmu[i].tags, smmu[i].tag_words, ASIDS, 1) == 0, "tags");
	}
	for (i = 0; i < DOMAINS; i++) {
		inval_domain_init(&domain[i]);
		for (j = 0; j < SMMUS; j++)
			asid[i][j] = NO_ASID;
	}
	for (i = 0; i < DEVICES; i++)
		now[i].where = NOWHERE;
}

/* Devices of one SMMU in a domain. */
static uint32_t members(uint32_t d, uint32_t s)
{
	uint32_t i, n = 0;

	for (i = 0; i < DEVICES; i++)
		n += now[i].where == d && smmu_of(i) == s;
	return n;
}

/* An ASID of the domain on that SMMU: false when there is none left. */
static bool need_asid(uint32_t d, uint32_t s)
{
	uint64_t mark = inval_tags_mark(&smmu[s].tags);
	uint32_t tag;
	int err;

	if (asid[d][s] != NO_ASID)
		return true;
	err = inval_tags_alloc(&smmu[s].tags, &tag);
	if (err == -INVAL_EAGAIN) {
		if (inval_smmu_on(&smmu[s].smmu) != 0) {
			queue_start(s);
			FUZZ_CHECK(inval_smmu_on(&smmu[s].smmu) == 0, "a fresh queue");
		}
		FUZZ_CHECK(inval_tags_clean(&smmu[s].tags, mark) == 0, "clean");
		err = inval_tags_alloc(&smmu[s].tags, &tag);
	}
	if (err != 0) {
		FUZZ_CHECK(err == -INVAL_ENOSPC, "alloc: %d", err);
		return false;
	}
	FUZZ_CHECK(!smmu[s].tlb[tag], "ASID %u is in the TLB", tag);
	asid[d][s] = tag;
	return true;
}

/* The last device has left: the ASID comes back. */
static void give_asid(uint32_t d, uint32_t s, bool stale)
{
	if (members(d, s) != 0U || asid[d][s] == NO_ASID)
		return;
	FUZZ_CHECK(stale || !smmu[s].tlb[asid[d][s]], "ASID %u comes back full", asid[d][s]);
	FUZZ_CHECK(inval_tags_free(&smmu[s].tags, asid[d][s], stale) == 0, "free");
	asid[d][s] = NO_ASID;
}

/* Memory of too few bytes is refused and changes nothing. */
static void *prepare(struct inval_attach *t)
{
	uint64_t bytes = inval_attach_bytes(t);
	void *mem = bytes != 0U ? fuzz_alloc(bytes) : NULL;

	if (bytes != 0U)
		FUZZ_CHECK(inval_attach_prepare(t, mem, bytes - 1U) == -INVAL_ENOMEM, "memory");
	FUZZ_CHECK(inval_attach_prepare(t, mem, bytes) == 0, "prepare");
	return mem;
}

/* A device goes from where it is to @to, or with @how 0 and 1 does not. */
static void attach(uint32_t dev, uint32_t to, bool ats, uint32_t how)
{
	uint32_t from = now[dev].where, s = smmu_of(dev);
	struct inval_entry add[4], del[4];
	struct inval_device d = device(dev);
	struct inval_use to_use, from_use;
	struct inval_attach t;
	void *mem, *back;
	int err;

	if (to != NOWHERE && !need_asid(to, s))
		return;
	if (to != NOWHERE)
		to_use = use(to, dev, ats);
	if (from != NOWHERE)
		from_use = use(from, dev, now[dev].ats);
	FUZZ_CHECK(inval_attach_init(&t, &d, to != NOWHERE ? &domain[to] : NULL, &to_use,
				     from != NOWHERE ? &domain[from] : NULL, &from_use, add, del) == 0,
		   "init");
	mem = prepare(&t);
	if (how == 0U) {
		FUZZ_CHECK(inval_attach_abort(&t, &back, &flush) == 0 && back == mem, "abort");
		free(mem);
		if (to != NOWHERE)
			give_asid(to, s, false);
		return;
	}
	FUZZ_CHECK(inval_attach_publish(&t) == 0, "publish");
	if (to != NOWHERE)
		smmu[s].tlb[asid[to][s]] = true;
	if (how == 1U) {
		err = inval_attach_abort(&t, &back, &flush);
		FUZZ_CHECK(back == NULL && (err != 0) == t.stale_tags, "abort: %d", err);
		if (to != NOWHERE)
			give_asid(to, s, t.stale_tags);
		return;
	}
	err = inval_attach_commit(&t, &flush);
	FUZZ_CHECK((err != 0) == t.stale_tags && t.left.unknown == 0U, "commit: %d", err);
	now[dev].where = to;
	now[dev].ats = ats;
	if (from != NOWHERE)
		give_asid(from, s, t.stale_tags);
}

/* The CPU wants an ASID: whoever has it gets another. */
static void pin(uint32_t s, uint32_t tag)
{
	struct inval_entry add[1], del[1];
	struct inval_attach t;
	uint32_t d = 0, other;
	int err = inval_tags_pin(&smmu[s].tags, tag);

	if (err == -INVAL_EEXIST) {
		FUZZ_CHECK(inval_tags_unpin(&smmu[s].tags, tag, false) == 0, "unpin");
		return;
	}
	if (err == 0)
		FUZZ_CHECK(!smmu[s].tlb[tag], "the CPU gets ASID %u from the TLB", tag);
	if (err != -INVAL_EBUSY)
		return;
	while (asid[d][s] != tag)
		FUZZ_CHECK(++d < DOMAINS, "ASID %u is nobody's", tag);
	if (inval_tags_alloc(&smmu[s].tags, &other) != 0)
		return;
	FUZZ_CHECK(!smmu[s].tlb[other], "ASID %u is in the TLB", other);
	FUZZ_CHECK(inval_attach_init_move(&t, &domain[d], s, (uint16_t)tag, (uint16_t)other, add, del,
					  1) == 0, "move");
	prepare(&t);
	FUZZ_CHECK(inval_attach_publish(&t) == 0, "publish");
	smmu[s].tlb[other] = true;
	err = inval_attach_commit(&t, &flush);
	FUZZ_CHECK((err != 0) == t.stale_tags, "commit: %d", err);
	FUZZ_CHECK(err != 0 || !smmu[s].tlb[tag], "ASID %u is still there", tag);
	FUZZ_CHECK(inval_tags_free(&smmu[s].tags, tag, t.stale_tags) == 0, "free");
	asid[d][s] = other;
	if (!t.stale_tags)
		FUZZ_CHECK(inval_tags_pin(&smmu[s].tags, tag) == 0, "pin after the move");
}

static void purge(struct inval_domain *d)
{
	uint64_t bytes = inval_domain_purge_bytes(d);
	void *mem;

	if (bytes == 0U) {
		FUZZ_CHECK(inval_domain_purge(d, NULL, 0) == -INVAL_EINVAL, "nothing to purge");
		return;
	}
	FUZZ_CHECK(inval_domain_purge(d, &mem, bytes - 1U) == -INVAL_ENOMEM, "memory");
	mem = fuzz_alloc(bytes);
	FUZZ_CHECK(inval_domain_purge(d, mem, bytes) == 0, "purge");
}

/* What the array of a domain counts. */
static void check_array(uint32_t d)
{
	struct inval_array *a = (struct inval_array *)inval_port_slot_owned(&domain[d].slot);
	struct inval_entry *e = a != NULL ? inval_array_at(a) : NULL;
	uint32_t i, j, id, s, want, users = 0, num = a != NULL ? a->num : 0U;

	for (i = 0; i < num; i++) {
		id = (uint32_t)inval_field(e[i].key, 52, 21);
		s = inval_entry_smmu(&e[i]);
		want = 0;
		if (inval_entry_is_ats(&e[i])) {
			for (j = 0; j < DEVICES; j++)
				want += now[j].where != d || !now[j].ats || smmu_of(j) != s ? 0U :
					j == 3U && id == 3U ? 2U :
					id == j || (j == 4U && id == 5U) ? 1U : 0U;
		} else if (id >> 16 == asid[d][s]) {
			want = members(d, s);
		}
		FUZZ_CHECK(e[i].users == want, "entry %u of domain %u: %u users, want %u", i, d,
			   e[i].users, want);
		users += want;
	}
	for (j = 0, want = 0; j < DEVICES; j++)
		want += now[j].where == d ? 1U + (now[j].ats ? device(j).sid_num : 0U) : 0U;
	FUZZ_CHECK(users == want, "domain %u: %u users, want %u", d, users, want);
}

static void check_flush(uint32_t d)
{
	struct inval_range_req page = { 0x1000, 0x1000, 12, 12, true, false };
	uint32_t i, s;
	int err;

	for (s = 0; s < SMMUS; s++) {
		memset(smmu[s].seen, 0, sizeof(smmu[s].seen));
		memset(smmu[s].atc, 0, sizeof(smmu[s].atc));
	}
	page.bytes = fuzz_byte() & 1U ? 0x1000U : 0U;
	err = inval_domain_flush(&domain[d], &page, &flush);
	if (err != 0)
		return;
	for (s = 0; s < SMMUS; s++) {
		for (i = 0; i < ASIDS; i++)
			FUZZ_CHECK(smmu[s].seen[i] == (members(d, s) != 0U && asid[d][s] == i),
				   "ASID %u of SMMU %u", i, s);
	}
	for (i = 0; i < DEVICES; i++)
		FUZZ_CHECK(smmu[smmu_of(i)].atc[device(i).sids[0]] == (now[i].where == d && now[i].ats),
			   "device %u", i);
}

static void end(void)
{
	uint32_t i;

	for (i = 0; i < DEVICES; i++)
		attach(i, NOWHERE, false, 2);
	for (i = 0; i < DOMAINS; i++)
		FUZZ_CHECK(inval_domain_fini(&domain[i]) == 0, "fini");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t i, dev;
	bool ats;

	start();
	fuzz_begin(data, size);
	while (fuzz_left != 0U) {
		switch (fuzz_pick(8)) {
		default:
			dev = fuzz_pick(DEVICES);
			ats = fuzz_byte() & 1U;
			attach(dev, fuzz_pick(DOMAINS + 1U), ats, fuzz_pick(8));
			break;
		case 1:
			pin(fuzz_pick(SMMUS), 1U + fuzz_pick(ASIDS - 1U));
			break;
		case 2:
			purge(&domain[fuzz_pick(DOMAINS)]);
			break;
		case 3:
			check_flush(fuzz_pick(DOMAINS));
			break;
		case 4:
			smmu[fuzz_pick(SMMUS)].stopped = true;
			break;
		case 5:
			queue_start(fuzz_pick(SMMUS));
			break;
		}
		for (i = 0; i < DOMAINS; i++)
			check_array(i);
	}
	end();
	return 0;
}
