/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What SMMUs and ATS devices remember of tables in memory, and what they do with it
 * (IHI 0070, 3.9, 3.17, 3.21, chapter 4). Behind the recording port, as machine.h.
 *
 *	world_open(seed, buffers)	two SMMUs with power and enabled queues; with
 *					store buffers, or each store seen at once
 *	world_stream(sid, smmu)		a device
 *	world_power_off(), _on()	of an SMMU
 *	world_broadcast()		the CPU's own TLBI, which SMMUs hear
 *	world_close()			when no other world follows
 *
 * Software's side, in memory that it writes by the hooks (world.mem):
 *	top[table][group]	world_top(): the table above the last level; the first, second...
 *				last-level table of WORLD_GROUP pages; world_open() links it
 *	pte[table][page]	world_pte(): a page of a table, in its first, second... life
 *	cd[sid][ssid]		world_cd(): a stage 1; SubstreamID 0 is "none"
 *	ste[sid]		world_ste(): kind, VMID, EATS, table of stage 2
 * one word each, so that a change is one store. Above a parent the guest's stage 1
 * is the identity. All tables translate the same addresses, WORLD_VA on, so a mix-up
 * is a wrong translation and never a missing one.
 *
 * SMMU and devices act by chance, at each hook (world_act()): they read STE, CD and
 * tables in that order, as they are in memory for devices (stores.h); what they have
 * read they keep, or not: STE, CD, upper entries, which Leaf = 1 leaves alone, stage 1,
 * stage 2, both combined, and the devices
 * their ATC, filled from what the SMMU has. What is kept is used before what is in
 * memory, and vanishes only when a command that names it takes effect; that is some
 * time after CONS has passed it, in any order between SYNCs (queue.h).
 *
 * Software says, and then it is judged:
 *	world_freed()		a flush of a page has returned: whatever could translate
 *				it to what it was is "a stale translation"
 *	world_unlinked()	the same of a last-level table: no walk goes through it
 *	world_flushed()		a flush of this CPU has returned: all its commands have
 *				a complete SYNC behind them
 *	world_configured()	a commit is next: CFGI + SYNC for this STE and these CDs
 *	world_taken()		a tag is handed out: empty in the TLB
 *	stream.gone		a device is being reset or gone: no ATC_INV for it
 *	world_changes()		a page is about to change: now it matters
 * and without being asked: each access of a device, each command's legality.
 * world_faults() counts, of all SMMUs and of the port; world_fault() has the first.
 *
 * world_held() says whether an old translation is kept anywhere: for statistics.
 *
 * Left out: more than one level above the last; STEs and CDs of several words; loads
 * that overtake each other.
 */
#ifndef MODEL_WORLD_GUARD
#define MODEL_WORLD_GUARD

#include "machine.h"

#define WORLD_SMMUS 2U
#define WORLD_SIDS 8U
#define WORLD_SSIDS 3U
#define WORLD_TAGS 8U		/* ASIDs, and VMIDs, from 0 */
#define WORLD_TABLES 8U
#define WORLD_PAGES 16U
#define WORLD_GROUP 4U		/* pages of one last-level table */
#define WORLD_GROUPS (WORLD_PAGES / WORLD_GROUP)
#define WORLD_HOT 4U
#define WORLD_ACTS 3U		/* accesses at a hook */
#define WORLD_VA 0x40200000ULL
#define WORLD_LG2 5U
#define WORLD_SLOTS (1U << WORLD_LG2)
#define WORLD_PA 0x80000000ULL

enum world_kind { WORLD_ABORT, WORLD_S1, WORLD_EL2, WORLD_S2, WORLD_NESTED };

#define WORLD_VALID 1U
#define WORLD_EATS (1U << 4)
#define WORLD_GLOBAL (1U << 4)

/**
 * struct world_stream - a StreamID, and the device function behind it
 * @smmu: number of its SMMU
 * @there: it is one
 * @ats: ATS is enabled at the endpoint
 * @quiet: it begins nothing
 * @gone: it is being reset, or gone
 * @moving: between publish and commit: what the ATC holds may be of either domain
 * @atc: its cache
 */
struct world_stream {
	uint32_t smmu;
	bool there;
	bool ats;
	bool quiet;
	bool gone;
	bool moving;
	uint64_t atc[WORLD_SSIDS][WORLD_PAGES];
};

/**
 * struct world_smmu - one SMMU
 * @q: its command queue; first, so that a callback finds the rest
 * @m: its environment
 * @slot: memory of the queue
 * @power: it does anything at all; what it holds it keeps without power
 * @enabled: CR0.SMMUEN: without it, it may read ahead, but translates nothing
 * @ste: STEs kept; 0: not kept
 * @cd: CDs kept
 * @nh: EL1: stage 1, and combined with stage 2, by VMID and ASID
 * @el2: EL2 with E2H, by ASID
 * @s2: stage 2 by VMID
 * @nh_top, @el2_top, @s2_top: upper entries, by the same
 * @fresh: STEs and CDs that the SMMU would read, when CFGI took effect
 * @synced: likewise, with a SYNC complete behind the CFGI
 * @writer: CPU + 1 that wrote a slot
 * @written: slots written by a CPU, not consumed
 * @open: commands of a CPU consumed since the last complete SYNC
 */
struct world_smmu {
	struct model_queue q;
	struct model m;
	uint64_t slot[2U * WORLD_SLOTS];
	bool power;
	bool enabled;
	uint64_t ste[WORLD_SIDS];
	uint64_t cd[WORLD_SIDS][WORLD_SSIDS];
	uint64_t nh[WORLD_TAGS][WORLD_TAGS][WORLD_PAGES];
	uint64_t el2[WORLD_TAGS][WORLD_PAGES];
	uint64_t s2[WORLD_TAGS][WORLD_PAGES];
	uint64_t nh_top[WORLD_TAGS][WORLD_TAGS][WORLD_GROUPS];
	uint64_t el2_top[WORLD_TAGS][WORLD_GROUPS];
	uint64_t s2_top[WORLD_TAGS][WORLD_GROUPS];
	uint64_t fresh[WORLD_SIDS][1U + WORLD_SSIDS];
	uint64_t synced[WORLD_SIDS][1U + WORLD_SSIDS];
	uint8_t writer[WORLD_SLOTS];
	uint32_t open[REC_CPUS];
};

struct world_mem {
	uint64_t ste[WORLD_SIDS];
	uint64_t cd[WORLD_SIDS][WORLD_SSIDS];
	uint64_t top[WORLD_TABLES][WORLD_GROUPS];
	uint64_t pte[WORLD_TABLES][WORLD_PAGES];
};

/**
 * struct world - all of it
 * @mem: software's
 * @freed: lives of a page, up to this one, whose flush has returned
 * @unlinked: likewise last-level tables
 * @hot: pages that were changed lately, of any table: more often used than others
 * @hot_at: the oldest of them
 * @slow: hooks left in which the SMMUs take most of their time
 */
struct world {
	struct world_mem mem;
	uint64_t freed[WORLD_TABLES][WORLD_PAGES];
	uint64_t unlinked[WORLD_TABLES][WORLD_GROUPS];
	uint32_t hot[WORLD_HOT];
	uint32_t hot_at;
	uint32_t slow;
	struct world_smmu smmu[WORLD_SMMUS];
	struct world_stream stream[WORLD_SIDS];
};

static struct world world;

/* What software writes */

static inline uint64_t world_pte(uint32_t table, uint32_t page, uint64_t life)
{
	return life << 32 | (uint64_t)table << 16 | (uint64_t)page << 8 | WORLD_VALID;
}

static inline uint64_t world_top(uint32_t table, uint32_t group, uint64_t life)
{
	return world_pte(table, group, life);
}

static inline uint64_t world_cd(uint32_t asid, uint32_t table, bool global)
{
	return (uint64_t)table << 16 | (uint64_t)asid << 8 | (global ? WORLD_GLOBAL : 0U) |
	       WORLD_VALID;
}

static inline uint64_t world_ste(enum world_kind kind, uint32_t vmid, uint32_t table, bool eats)
{
	return (uint64_t)table << 16 | (uint64_t)vmid << 8 | (eats ? WORLD_EATS : 0U) |
	       (uint64_t)kind << 1 | WORLD_VALID;
}

static inline uint32_t world_table_of(uint64_t word)
{
	return (uint32_t)rules_bits(word, 23, 16) % WORLD_TABLES;
}

static inline uint32_t world_tag_of(uint64_t word)
{
	return (uint32_t)rules_bits(word, 15, 8) % WORLD_TAGS;
}

static inline enum world_kind world_kind_of(uint64_t ste)
{
	return (enum world_kind)rules_bits(ste, 3, 1);
}

/* Faults */

static inline void world_wrong(const char *what)
{
	model_fault(&world.smmu[0].m, what);
}

static inline uint32_t world_faults(void)
{
	return world.smmu[0].m.faults + world.smmu[1].m.faults + rec.misuse;
}

static inline const char *world_fault(void)
{
	if (world.smmu[0].m.faults != 0U)
		return world.smmu[0].m.fault;
	return world.smmu[1].m.faults != 0U ? world.smmu[1].m.fault :
	       rec.misuse != 0U ? rec.misuse_text : "none";
}

static inline uint32_t world_chance(uint32_t n)
{
	return model_chance(&world.smmu[0].m, n);
}

/* What a translation uses of an SMMU */

/**
 * struct world_path - where a translation of one page stands
 * @tlb: its place in the TLB
 * @s2: the place of its stage 2; NULL: only one stage
 * @top: the place of the upper entry of the tables in memory
 * @top_mem: that entry in memory
 * @pte: in memory
 * @table: that it must be of
 * @global: for all ASIDs
 */
struct world_path {
	uint64_t *tlb;
	uint64_t *s2;
	uint64_t *top;
	const uint64_t *top_mem;
	const uint64_t *pte;
	uint32_t table;
	bool global;
};

/* Is a CD read through this STE? */
static inline bool world_has_cd(uint64_t ste, uint32_t ssid)
{
	enum world_kind kind = world_kind_of(ste);

	return kind == WORLD_S1 || (ssid == 0U && (kind == WORLD_EL2 || kind == WORLD_NESTED));
}

/* By this STE and CD; false: it is aborted. */
static inline bool world_path(struct world_path *p, struct world_smmu *s, uint64_t ste,
			      uint64_t cd, uint32_t ssid, uint32_t page)
{
	enum world_kind kind = world_kind_of(ste);
	uint32_t vmid = world_tag_of(ste), asid = world_tag_of(cd), group = page / WORLD_GROUP;
	bool one = kind == WORLD_S1 || kind == WORLD_EL2;

	if (ste == 0U || kind == WORLD_ABORT || (kind != WORLD_S2 && cd == 0U) ||
	    (ssid != 0U && kind != WORLD_S1))
		return false;
	p->table = world_table_of(one ? cd : ste);
	p->pte = &world.mem.pte[p->table][page];
	p->top_mem = &world.mem.top[p->table][group];
	p->top = kind == WORLD_EL2 ? &s->el2_top[asid][group] :
		 kind == WORLD_S1 ? &s->nh_top[vmid][asid][group] : &s->s2_top[vmid][group];
	p->global = one && (cd & WORLD_GLOBAL) != 0U;
	p->s2 = kind == WORLD_NESTED ? &s->s2[vmid][page] : NULL;
	p->tlb = kind == WORLD_EL2 ? &s->el2[asid][page] :
		 kind == WORLD_S2 ? &s->s2[vmid][page] : &s->nh[vmid][asid][page];
	return true;
}

/* A device gets to memory by this translation. */
static inline void world_use(uint64_t frame, uint32_t table, const char *tag_fault)
{
	uint32_t of = world_table_of(frame), page = (uint32_t)rules_bits(frame, 15, 8);

	if (frame == 0U)
		return;
	if (of != table)
		world_wrong(tag_fault);
	else if (frame >> 32 <= world.freed[of][page % WORLD_PAGES])
		world_wrong("a stale translation is used after its flush returned");
}

/* A walk goes through this upper entry. */
static inline void world_use_top(uint64_t top, uint32_t table, const char *tag_fault)
{
	uint32_t of = world_table_of(top), group = (uint32_t)rules_bits(top, 15, 8);

	if (top == 0U)
		return;
	if (of != table)
		world_wrong(tag_fault);
	else if (top >> 32 <= world.unlinked[of][group % WORLD_GROUPS])
		world_wrong("a table is walked after its flush returned");
}

#define WORLD_TAG_FAULT "a tag was used again while the TLB held it"
#define WORLD_ATC_FAULT "a device uses a translation of a domain that it has left"

/* What is kept, or what is in memory, and then it may be kept. */
static inline uint64_t world_config(uint64_t *kept, const uint64_t *mem)
{
	if (*kept == 0U && world_chance(2) == 0U)
		*kept = rec_device_load64(mem);
	return *kept != 0U ? *kept : rec_device_load64(mem);
}

/* A walk, from the upper entry in @top. */
static inline uint64_t world_walk(const struct world_path *p, uint64_t *top)
{
	*top = world_config(p->top, p->top_mem);
	return *top != 0U ? rec_device_load64(p->pte) : 0U;
}

/* The stage 2 of a nested translation, kept or not. */
static inline uint64_t world_stage2(const struct world_path *p, uint64_t *top)
{
	uint64_t frame = *p->s2;

	if (frame == 0U)
		frame = world_walk(p, top);
	if (world_chance(2) == 0U)
		*p->s2 = frame;
	return frame;
}

/* @top: out: the upper entry that it went through, if there was a walk, needed or not */
static inline uint64_t world_translate(const struct world_path *p, uint64_t *top)
{
	uint64_t frame = *p->tlb;

	*top = 0;
	if (frame != 0U) {
		if (world_chance(4) == 0U)
			(void)(p->s2 ? world_stage2(p, top) : world_walk(p, top));
		return frame;
	}
	frame = p->s2 ? world_stage2(p, top) : world_walk(p, top);
	if (frame != 0U && p->global)
		frame |= WORLD_GLOBAL;
	if (world_chance(8) != 0U)
		*p->tlb = frame;
	return frame;
}

/* A stream reaches for a page. */
static inline void world_access(uint32_t sid, uint32_t ssid, uint32_t page)
{
	struct world_stream *st = &world.stream[sid];
	struct world_smmu *s = &world.smmu[st->smmu];
	uint64_t ste, cd = 0, frame, top, *atc = &st->atc[ssid][page];
	struct world_path p;

	if (!s->power || st->gone)
		return;
	ste = world_config(&s->ste[sid], &world.mem.ste[sid]);
	if (world_has_cd(ste, ssid))
		cd = world_config(&s->cd[sid][ssid], &world.mem.cd[sid][ssid]);
	if (!world_path(&p, s, ste, cd, ssid, page))
		return;
	frame = world_translate(&p, &top);
	if (!s->enabled || st->quiet)
		return;
	if (!st->ats || *atc == 0U)
		world_use_top(top, p.table, WORLD_TAG_FAULT);
	if (st->ats && *atc == 0U && (ste & WORLD_EATS) != 0U)
		*atc = frame;
	if (st->ats && *atc != 0U)
		world_use(*atc, st->moving ? world_table_of(*atc) : p.table, WORLD_ATC_FAULT);
	else
		world_use(frame, p.table, WORLD_TAG_FAULT);
}

/* A walk of a page now, from an upper entry. */
static inline void world_probe_walk(const struct world_path *p, uint64_t top)
{
	world_use_top(top, p->table, WORLD_TAG_FAULT);
	if (top != 0U)
		world_use(rec_device_load64(p->pte), p->table, WORLD_TAG_FAULT);
}

/* All ways in which a stream may translate a page now. */
static inline void world_probe(uint32_t sid, uint32_t ssid, uint32_t page)
{
	struct world_stream *st = &world.stream[sid];
	struct world_smmu *s = &world.smmu[st->smmu];
	uint64_t ste[2] = { s->ste[sid], rec_device_load64(&world.mem.ste[sid]) };
	uint64_t cd[2] = { s->cd[sid][ssid], rec_device_load64(&world.mem.cd[sid][ssid]) };
	struct world_path p;
	uint32_t i;

	for (i = 0; i < 4U; i++) {
		if (!world_path(&p, s, ste[i / 2U], cd[i % 2U], ssid, page))
			continue;
		world_use(*p.tlb, p.table, WORLD_TAG_FAULT);
		if (p.s2)
			world_use(*p.s2, p.table, WORLD_TAG_FAULT);
		world_probe_walk(&p, *p.top);
		world_probe_walk(&p, rec_device_load64(p.top_mem));
	}
	if (st->ats)
		world_use(st->atc[ssid][page], world_table_of(st->atc[ssid][page]),
			  WORLD_ATC_FAULT);
}

/* One page of one stream, by chance; every other time a hot one. */
static inline void world_act(void)
{
	uint32_t r = world_chance(WORLD_SIDS * WORLD_PAGES * 8U);
	uint32_t sid = r % WORLD_SIDS, page = r / WORLD_SIDS % WORLD_PAGES;
	uint32_t ssid = r / (WORLD_SIDS * WORLD_PAGES);

	if (ssid >= 4U)
		page = world.hot[page % WORLD_HOT];
	if (world.stream[sid].there)
		world_access(sid, ssid % 4U % WORLD_SSIDS, page);
}

/* Software changes a page of some table. */
static inline void world_changes(uint32_t page)
{
	world.hot[world.hot_at++ % WORLD_HOT] = page;
}

/* What commands do */

static inline void world_drop(uint64_t *entry, uint32_t first, uint32_t last, bool global)
{
	uint32_t i;

	for (i = first; i <= last; i++) {
		if (global || (entry[i] & WORLD_GLOBAL) == 0U)
			entry[i] = 0;
	}
}

/* Upper entries of these pages, unless the command is for leaves only. */
static inline void world_drop_top(uint64_t *top, uint32_t first, uint32_t last, bool leaf)
{
	uint32_t i;

	for (i = first / WORLD_GROUP; !leaf && i <= last / WORLD_GROUP; i++)
		top[i] = 0;
}

static inline void world_drop_vmid(struct world_smmu *s, uint32_t vmid)
{
	memset(s->nh[vmid], 0, sizeof(s->nh[vmid]));
	memset(s->nh_top[vmid], 0, sizeof(s->nh_top[vmid]));
}

/* Pages that an address command names; false: none. Without TG: one page of 4KB. */
static inline bool world_pages(const struct model_cmd *cmd, uint32_t *first, uint32_t *last)
{
	uint64_t addr = cmd->d1 & ~0xfffULL, bytes = 4096, end;
	uint64_t tg = rules_bits(cmd->d1, 11, 10);

	if (tg != 0U)
		bytes = (rules_bits(cmd->d0, 16, 12) + 1U) <<
			(rules_bits(cmd->d0, 25, 20) + 10U + 2U * tg);
	if (model_op(cmd) == MODEL_OP_ATC_INV) {
		bytes = rules_bits(cmd->d1, 5, 0) < 52U ? 4096ULL << rules_bits(cmd->d1, 5, 0) : 0U;
		addr &= ~(bytes - 1U);
	}
	end = bytes == 0U ? UINT64_MAX : addr + (bytes - 1U);
	if (bytes == 0U)
		addr = 0;
	if (end < WORLD_VA || addr >= WORLD_VA + 4096U * WORLD_PAGES)
		return false;
	*first = addr <= WORLD_VA ? 0U : (uint32_t)((addr - WORLD_VA) / 4096U);
	*last = end >= WORLD_VA + 4096U * WORLD_PAGES ? WORLD_PAGES - 1U :
		(uint32_t)((end - WORLD_VA) / 4096U);
	return true;
}

/* NH_VA: that ASID's, and the global ones of the VMID. */
static inline void world_nh_va(struct world_smmu *s, uint32_t vmid, uint32_t asid, uint32_t first,
			       uint32_t last, bool leaf)
{
	uint32_t i, a;

	world_drop_top(s->nh_top[vmid][asid], first, last, leaf);
	for (a = 0; a < WORLD_TAGS; a++) {
		for (i = first; i <= last; i++) {
			if (a == asid || (s->nh[vmid][a][i] & WORLD_GLOBAL) != 0U)
				s->nh[vmid][a][i] = 0;
		}
	}
}

static inline void world_atc_inv(const struct model_cmd *cmd)
{
	uint32_t sid = (uint32_t)(cmd->d0 >> 32), ssid, first, last;
	bool ssv = rules_bit(cmd->d0, 11);

	if (sid >= WORLD_SIDS || !world.stream[sid].there) {
		world_wrong("ATC_INV to a StreamID without a device");
		return;
	}
	if (world.stream[sid].gone)
		world_wrong("ATC_INV to a device that is being reset or removed");
	if (!world_pages(cmd, &first, &last))
		return;
	for (ssid = 0; ssid < WORLD_SSIDS; ssid++) {
		if (!ssv || rules_bits(cmd->d0, 31, 12) == ssid)
			world_drop(world.stream[sid].atc[ssid], first, last, true);
	}
}

/* Which of a stream's configuration a CFGI names: @ssid, or all and the STE. */
static inline void world_cfgi(struct world_smmu *s, uint32_t sid, bool ste, uint32_t ssid)
{
	uint32_t i;

	if (sid >= WORLD_SIDS)
		return;
	if (ste) {
		s->ste[sid] = 0;
		s->fresh[sid][WORLD_SSIDS] = rec_device_load64(&world.mem.ste[sid]);
	}
	for (i = 0; i < WORLD_SSIDS; i++) {
		if (ste || i == ssid) {
			s->cd[sid][i] = 0;
			s->fresh[sid][i] = rec_device_load64(&world.mem.cd[sid][i]);
		}
	}
}

static inline void world_cfgi_all(struct world_smmu *s)
{
	uint32_t sid;

	for (sid = 0; sid < WORLD_SIDS; sid++)
		world_cfgi(s, sid, true, 0);
}

static inline void world_sync(struct world_smmu *s)
{
	memcpy(s->synced, s->fresh, sizeof(s->synced));
	memset(s->open, 0, sizeof(s->open));
}

/* A tag of this width is one of the model's: others are in nobody's use. */
static inline bool world_tags_good(const struct model_cmd *cmd)
{
	return rules_bits(cmd->d0, 47, 32) < WORLD_TAGS && rules_bits(cmd->d0, 63, 48) < WORLD_TAGS;
}

/* TLBIs that name a tag. */
static inline void world_tlbi(struct world_smmu *s, const struct model_cmd *cmd)
{
	uint32_t vmid = (uint32_t)rules_bits(cmd->d0, 47, 32), first = 0, last = WORLD_PAGES - 1U;
	uint32_t asid = (uint32_t)rules_bits(cmd->d0, 63, 48);
	bool leaf = rules_bit(cmd->d1, 0);

	if (!world_tags_good(cmd)) {
		world_wrong("a TLBI for a tag that nobody has");
		return;
	}
	switch (model_op(cmd)) {
	case 0x10: /* NH_ALL */
		world_drop_vmid(s, vmid);
		break;
	case 0x11: /* NH_ASID */
		world_drop(s->nh[vmid][asid], first, last, false);
		world_drop_top(s->nh_top[vmid][asid], first, last, false);
		break;
	case 0x12: /* NH_VA */
		if (world_pages(cmd, &first, &last))
			world_nh_va(s, vmid, asid, first, last, leaf);
		break;
	case 0x21: /* EL2_ASID */
		world_drop(s->el2[asid], first, last, false);
		world_drop_top(s->el2_top[asid], first, last, false);
		break;
	case 0x22: /* EL2_VA */
		if (!world_pages(cmd, &first, &last))
			break;
		world_drop(s->el2[asid], first, last, true);
		world_drop_top(s->el2_top[asid], first, last, leaf);
		break;
	case 0x28: /* S12_VMALL */
		world_drop_vmid(s, vmid);
		world_drop(s->s2[vmid], first, last, true);
		world_drop_top(s->s2_top[vmid], first, last, false);
		break;
	case 0x2a: /* S2_IPA: not what is combined */
		if (!world_pages(cmd, &first, &last))
			break;
		world_drop(s->s2[vmid], first, last, true);
		world_drop_top(s->s2_top[vmid], first, last, leaf);
		break;
	default:
		world_wrong("a command that no domain needs");
	}
}

/* A command takes effect. */
static inline void world_done(struct model_queue *mq, const struct model_cmd *cmd)
{
	struct world_smmu *s = (struct world_smmu *)(void *)mq;

	switch (model_op(cmd)) {
	case MODEL_OP_SYNC:
		world_sync(s);
		break;
	case 0x03: /* CFGI_STE */
		world_cfgi(s, (uint32_t)(cmd->d0 >> 32), true, 0);
		break;
	case 0x04: /* CFGI_ALL */
		world_cfgi_all(s);
		break;
	case 0x05: /* CFGI_CD */
		world_cfgi(s, (uint32_t)(cmd->d0 >> 32), false,
			   (uint32_t)rules_bits(cmd->d0, 31, 12));
		break;
	case 0x20: /* EL2_ALL */
		memset(s->el2, 0, sizeof(s->el2));
		memset(s->el2_top, 0, sizeof(s->el2_top));
		break;
	case 0x30: /* NSNH_ALL */
		memset(s->nh, 0, sizeof(s->nh));
		memset(s->s2, 0, sizeof(s->s2));
		memset(s->nh_top, 0, sizeof(s->nh_top));
		memset(s->s2_top, 0, sizeof(s->s2_top));
		break;
	case MODEL_OP_ATC_INV:
		world_atc_inv(cmd);
		break;
	default:
		world_tlbi(s, cmd);
	}
}

static inline void world_wrote(struct model_queue *mq, uint32_t slot, uint32_t cpu)
{
	((struct world_smmu *)(void *)mq)->writer[slot] = (uint8_t)(cpu + 1U);
}

static inline void world_consumed(struct model_queue *mq, const struct model_cmd *cmd)
{
	struct world_smmu *s = (struct world_smmu *)(void *)mq;
	uint8_t *writer = &s->writer[cmd->pos % WORLD_SLOTS];

	if (model_op(cmd) != MODEL_OP_SYNC && *writer != 0U)
		s->open[*writer - 1U]++;
	*writer = 0;
}

/* What software says */

static inline void world_probe_all(uint32_t page)
{
	uint32_t sid, ssid;

	for (sid = 0; sid < WORLD_SIDS; sid++) {
		if (!world.stream[sid].there || world.stream[sid].gone ||
		    world.stream[sid].quiet || !world.smmu[world.stream[sid].smmu].enabled)
			continue;
		for (ssid = 0; ssid < WORLD_SSIDS; ssid++)
			world_probe(sid, ssid, page);
	}
}

static inline void world_freed(uint32_t table, uint32_t page, uint64_t life)
{
	if (world.freed[table][page] < life)
		world.freed[table][page] = life;
	world_probe_all(page);
}

static inline void world_unlinked(uint32_t table, uint32_t group, uint64_t life)
{
	world.unlinked[table][group] = life;
	world_probe_all(group * WORLD_GROUP);
}

/* Also one that stands in the place of somebody's illegal command. */
static inline bool world_is_sync(const struct world_smmu *s, uint32_t slot)
{
	return (model_mem_read(&s->q.mem, 2U * slot) & 0xffU) == MODEL_OP_SYNC;
}

static inline void world_flushed(uint32_t cpu)
{
	const struct world_smmu *s;
	uint32_t i, slot;
	bool open;

	for (i = 0; i < WORLD_SMMUS; i++) {
		s = &world.smmu[i];
		open = s->open[cpu] != 0U;
		for (slot = 0; slot < WORLD_SLOTS; slot++)
			open = open || (s->writer[slot] == cpu + 1U && !world_is_sync(s, slot));
		if (s->power && open)
			world_wrong("a flush returned without a SYNC behind its commands");
	}
}

/* Of one SubstreamID; 0: and the STE. */
static inline void world_configured(uint32_t sid, uint32_t ssid, uint64_t ste, uint64_t cd)
{
	const struct world_smmu *s = &world.smmu[world.stream[sid].smmu];

	if (s->enabled && ((ssid == 0U && s->synced[sid][WORLD_SSIDS] != ste) ||
			   (cd != 0U && s->synced[sid][ssid] != cd)))
		world_wrong("commit without CFGI + SYNC");
}

/* An ASID of EL1 below VMID 0 and of EL2 (@vmid false), or a VMID, on one SMMU. */
static inline void world_taken(uint32_t smmu, bool vmid, uint32_t tag)
{
	const struct world_smmu *s = &world.smmu[smmu];
	uint64_t any = 0;
	uint32_t i, asid, group;

	for (i = 0; i < WORLD_PAGES; i++) {
		group = i / WORLD_GROUP;
		any |= vmid ? s->s2[tag][i] | s->s2_top[tag][group] :
		       s->nh[0][tag][i] | s->nh_top[0][tag][group] | s->el2[tag][i] |
		       s->el2_top[tag][group];
		for (asid = 0; vmid && asid < WORLD_TAGS; asid++)
			any |= s->nh[tag][asid][i] | s->nh_top[tag][asid][group];
	}
	if (s->enabled && any != 0U)
		world_wrong(WORLD_TAG_FAULT);
}

static inline bool world_is_of(uint64_t frame, uint32_t table)
{
	return frame != 0U && world_table_of(frame) == table;
}

/* Does an SMMU or device hold a translation of a page of this table? */
static inline bool world_held(uint32_t table, uint32_t page)
{
	const struct world_smmu *s;
	uint32_t i, j, k;
	bool held = false;

	for (i = 0; i < WORLD_SMMUS && !held; i++) {
		s = &world.smmu[i];
		for (j = 0; j < WORLD_TAGS; j++) {
			for (k = 0; k < WORLD_TAGS; k++)
				held = held || world_is_of(s->nh[j][k][page], table);
			held = held || world_is_of(s->el2[j][page], table) ||
			       world_is_of(s->s2[j][page], table);
		}
	}
	for (i = 0; i < WORLD_SIDS && !held; i++) {
		for (j = 0; j < WORLD_SSIDS; j++)
			held = held || world_is_of(world.stream[i].atc[j][page], table);
	}
	return held;
}

/* The beginning */


/* An SMMU gets power: registers as after reset, what it remembers as it was. */
static inline void world_power_on(uint32_t smmu)
{
	struct world_smmu *s = &world.smmu[smmu];

	model_queue_reset(&s->q);
	memset(s->writer, 0, sizeof(s->writer));
	memset(s->open, 0, sizeof(s->open));
	model_queue_write64(&s->q, MODEL_BASE, 1ULL << 62 |
			    (WORLD_PA + ((uint64_t)smmu << 12)) | WORLD_LG2);
	model_queue_write32(&s->q, MODEL_PROD, 0);
	model_queue_write32(&s->q, MODEL_CONS, 0);
	model_queue_write32(&s->q, MODEL_CR0, MODEL_CMDQEN);
	s->power = true;
}

static inline void world_power_off(uint32_t smmu)
{
	world.smmu[smmu].power = false;
	world.smmu[smmu].enabled = false;
	world.smmu[smmu].q.off = true;
}

static inline void world_event(enum rec_kind kind, uint64_t addr, uint64_t value)
{
	uint32_t i;

	switch (kind) {
	case REC_IRQ_SAVE:
	case REC_IRQ_RESTORE:
	case REC_NOW:
	case REC_WARN:
	case REC_TRACE:
	case REC_COUNT:
		return;
	default:
		break;
	}
	for (i = 0; i < WORLD_ACTS; i++)
		world_act();
	if (world.slow == 0U && world_chance(256) == 0U)
		world.slow = world_chance(400);
	world.slow -= world.slow != 0U ? 1U : 0U;
	machine.pace = world.slow == 0U || world_chance(16) == 0U ? 2U : 0U;
	machine_event(kind, addr, value);
}

/* Software links all last-level tables. */
static inline void world_link(void)
{
	uint32_t i;

	for (i = 0; i < WORLD_TABLES * WORLD_GROUPS; i++)
		world.mem.top[i / WORLD_GROUPS][i % WORLD_GROUPS] =
			world_top(i / WORLD_GROUPS, i % WORLD_GROUPS, 1);
}

/* A fresh world: SMMU 0 has RIL, 1 has not; both hear broadcasts (BTM). No stream. */
static inline void world_open(uint64_t seed, bool buffers)
{
	struct world_smmu *s;
	uint32_t i;

	for (i = 0; i < WORLD_SMMUS; i++) {
		if (world.smmu[i].q.m != NULL)
			model_queue_fini(&world.smmu[i].q);
	}
	machine_open(false);
	memset(&world, 0, sizeof(world));
	for (i = 0; i < WORLD_SMMUS; i++) {
		s = &world.smmu[i];
		model_init(&s->m, seed + i);
		s->m.env.idr0 |= 1U << 5;
		s->m.env.idr3 = i == 0U ? 1U << 10 : 0U;
		model_queue_init(&s->q, &s->m, s->slot, WORLD_LG2,
				 WORLD_PA + ((uint64_t)i << 12), true, true);
		s->q.legal = true;
		s->q.wrote = world_wrote;
		s->q.taken = world_consumed;
		s->q.done = world_done;
		machine.smmu[i] = &s->q;
		world_power_on(i);
		s->enabled = true;
	}
	world_link();
	rec_stores_device(&world.mem, sizeof(world.mem));
	rec.on_event = world_event;
	rec.chance = buffers ? world_chance : NULL;
}

static inline void world_stream(uint32_t sid, uint32_t smmu)
{
	world.stream[sid].smmu = smmu;
	world.stream[sid].there = true;
}

/* The CPU's broadcast TLBI of an ASID's page, of leaves only or not, and its DSB: at once. */
static inline void world_broadcast(uint32_t asid, uint32_t page, bool leaf)
{
	uint32_t i;

	for (i = 0; i < WORLD_SMMUS; i++) {
		if (world.smmu[i].power)
			world_nh_va(&world.smmu[i], 0, asid, page, page, leaf);
	}
}

static inline void world_close(void)
{
	uint32_t i;

	for (i = 0; i < WORLD_SMMUS; i++)
		model_queue_fini(&world.smmu[i].q);
	memset(&world, 0, sizeof(world));
}

#endif /* MODEL_WORLD_GUARD */
