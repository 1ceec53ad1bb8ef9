/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The SMMU's side of a command queue (IHI 0070, 3.5, 4.7, 6.3, 7.1).
 *
 * It goes in acts, each when it is possible and chance, a search or a thread wants:
 *	FETCH	copies a slot, up to 4 ahead of what is consumed
 *	TAKE	consumes a command, in order: CONS moves. That says nothing of its
 *		effect; a SYNC is taken when all before it have taken effect
 *	FINISH	lets one of the consumed commands take effect, in any order
 *	SIGNAL	an error that CONS.ERR shows already shows in GERROR
 *	RESUME	goes on after the acknowledgement, fetching anew
 *	MSI	writes the MSI of a SYNC that is complete, or fails to and says so in
 *		GERROR; in any case before the next SYNC is
 *
 * With @ecmdq it is an enhanced one (3.5.6): registers of its own at MODEL_ECMDQ, errors
 * and their acknowledgement in a bit of CONS and one of PROD.
 *
 * Software's faults: PROD moved over a slot that was not written since it was
 * consumed, or whose write is not visible to the SMMU yet; PROD moved back, by more
 * than a lap, or with reserved bits; a slot written while the SMMU owns it, other
 * than the bad one during its error; GERRORN or ERRACK toggled where nothing is
 * active, or before the bad slot is another, visible command; ECMDQ_PROD without EN; an
 * MSI to an address that is not @msi_pa. To see the first, the model spoils each slot that
 * it has consumed.
 *
 * Registers may be accessed by any thread while one thread does the acts.
 */
#ifndef MODEL_QUEUE_GUARD
#define MODEL_QUEUE_GUARD

#include "memory.h"

/* Registers (6.3). */
#define MODEL_CR0	0x20U
#define MODEL_CR0ACK	0x24U
#define MODEL_GERROR	0x60U
#define MODEL_GERRORN	0x64U
#define MODEL_BASE	0x90U
#define MODEL_PROD	0x98U
#define MODEL_CONS	0x9cU
#define MODEL_ECMDQ	0x30010U	/* BASE, and at 8 and 12 PROD and CONS */

#define MODEL_CMDQEN	(1U << 3)	/* CR0 */
#define MODEL_CMDQ_ERR	1U		/* GERROR */
#define MODEL_MSI_ERR	(1U << 4)
#define MODEL_ERRACK	(1U << 23)	/* ECMDQ_PROD, and ERR in CONS */
#define MODEL_EN	(1U << 31)	/* and ENACK */
#define MODEL_ERR_ILL	1U		/* CMDQ_CONS.ERR */
#define MODEL_ERR_ABT	2U
#define MODEL_ERR_ATC	3U

#define MODEL_OP_ATC_INV 0x40U
#define MODEL_OP_SYNC	0x46U

#define MODEL_AHEAD	4U
#define MODEL_FLIGHT	16U
#define MODEL_SPOILT	0xf7f7f7f7f7f7f7f7ULL

/* What may go wrong at the SMMU: a legal command refused, a fetch, an ATC_INV, an MSI. */
enum model_trouble { MODEL_ILL, MODEL_ABT, MODEL_ATC, MODEL_NO_MSI, MODEL_TROUBLES };

enum model_act {
	MODEL_FETCH, MODEL_TAKE, MODEL_FINISH, MODEL_SIGNAL, MODEL_RESUME, MODEL_MSI, MODEL_ACTS
};

struct model_cmd {
	uint64_t pos;
	uint64_t d0;
	uint64_t d1;
};

/**
 * struct model_queue - one command queue and its registers
 * @mem: the slots; first, so that a store can be told to its queue
 * @m: the SMMU it belongs to
 * @lg2: slots
 * @pa: what CMDQ_BASE must say
 * @ecmdq: an enhanced one
 * @msi: where its MSIs go; NULL: nowhere
 * @msi_pa: its physical address
 * @msi_wide: they are written as 64 bits
 * @msi_seen: what the SMMU wrote there, for who is not coherent
 * @hang: it does nothing any more
 * @deaf: devices do not answer ATC_INV, and the SMMU waits
 * @off: powered off: registers read as all ones
 * @tidy: chance plays no part: for a search over all orders
 * @next: how many of the next occasions of a trouble are taken
 * @often: chance of a trouble, in 1000 occasions
 * @legal: an illegal command is software's fault
 * @wrote: a CPU wrote a slot, a word of it at a time
 * @taken: a command is consumed, in order
 * @done: a command takes effect; a SYNC when it is complete
 * @lost: an ATC_INV that its device did not confirm
 * @raised: errors raised, by CMDQ_CONS.ERR
 * @at: position of the next command to be consumed
 * @ahead: commands fetched and not consumed, in @fetched
 * @flying: commands consumed without effect yet, in @flight
 * @aborting: the next fetch failed
 * @atc_failed: an ATC_INV since the last complete SYNC was lost
 * @msi_due: the MSI of the last complete SYNC is to be written
 * @msi_data: what it says
 * @stopped: by an error
 * @signalled: GERROR shows it
 * @bad: the last illegal command
 */
struct model_queue {
	struct model_mem mem;
	struct model *m;
	uint32_t lg2;
	uint64_t pa;
	bool ecmdq;
	bool msi_wide;
	uint64_t *msi;
	uint64_t msi_pa;
	uint64_t msi_seen;
	bool hang;
	bool deaf;
	bool off;
	bool tidy;
	uint32_t next[MODEL_TROUBLES];
	uint32_t often[MODEL_TROUBLES];
	bool legal;
	void (*wrote)(struct model_queue *mq, uint32_t slot, uint32_t cpu);
	void (*taken)(struct model_queue *mq, const struct model_cmd *cmd);
	void (*done)(struct model_queue *mq, const struct model_cmd *cmd);
	void (*lost)(struct model_queue *mq, const struct model_cmd *cmd);
	uint64_t raised[4];

	uint64_t base;
	uint32_t cr0;
	uint32_t gerror;
	uint32_t gerrorn;
	uint32_t prod;
	uint32_t cons;

	uint64_t at;
	uint32_t ahead;
	uint32_t flying;
	struct model_cmd fetched[MODEL_AHEAD];
	struct model_cmd flight[MODEL_FLIGHT];
	bool aborting;
	bool atc_failed;
	bool msi_due;
	uint32_t msi_data;
	bool stopped;
	bool signalled;
	struct model_cmd bad;
};

static inline uint32_t model_get(const uint32_t *reg)
{
	return __atomic_load_n(reg, __ATOMIC_SEQ_CST);
}

static inline void model_set(uint32_t *reg, uint32_t v)
{
	__atomic_store_n(reg, v, __ATOMIC_SEQ_CST);
}

static inline uint32_t model_queue_size(const struct model_queue *mq)
{
	return 1U << mq->lg2;
}

/* Index and wrap bit. */
static inline uint32_t model_queue_mask(const struct model_queue *mq)
{
	return (2U << mq->lg2) - 1U;
}

/* First word of a slot. */
static inline uint32_t model_queue_word(const struct model_queue *mq, uint64_t pos)
{
	return 2U * (uint32_t)(pos & (model_queue_size(mq) - 1U));
}

static inline uint32_t model_op(const struct model_cmd *cmd)
{
	return (uint32_t)(cmd->d0 & 0xffU);
}

static inline bool model_queue_active(const struct model_queue *mq)
{
	if (mq->ecmdq)
		return ((model_get(&mq->cons) ^ model_get(&mq->prod)) & MODEL_ERRACK) != 0U;
	return ((model_get(&mq->gerror) ^ model_get(&mq->gerrorn)) & MODEL_CMDQ_ERR) != 0U;
}

/* Commands given and not consumed. */
static inline uint32_t model_queue_pending(const struct model_queue *mq)
{
	return (model_get(&mq->prod) - (uint32_t)mq->at) & model_queue_mask(mq);
}

/* The error of CONS, if it has one. */
static inline uint32_t model_queue_err(const struct model_queue *mq)
{
	uint32_t cons = model_get(&mq->cons);

	return mq->ecmdq ? cons >> 24 & 7U : cons >> 24;
}

static inline bool model_queue_enabled(const struct model_queue *mq)
{
	if (mq->ecmdq)
		return (model_get(&mq->prod) & MODEL_EN) != 0U;
	return (model_get(&mq->cr0) & MODEL_CMDQEN) != 0U;
}

/* What software does */

/* Called at a look: a CPU changed a word. */
static inline void model_queue_stored(struct model_mem *mm, uint32_t word)
{
	struct model_queue *mq = (struct model_queue *)(void *)mm;
	uint32_t cons = model_get(&mq->cons), slot = word / 2U;
	uint32_t behind = (slot - cons) & (model_queue_size(mq) - 1U);
	bool bad = behind == 0U && model_queue_err(mq) == MODEL_ERR_ILL && model_queue_active(mq);

	if (behind < model_queue_pending(mq) && !bad)
		model_fault(mq->m, "slot written while the SMMU owns it");
	if (mq->wrote)
		mq->wrote(mq, slot, mm->loose[word] - 1U);
}

static inline void model_queue_check_slot(struct model_queue *mq, uint32_t pos)
{
	uint32_t w = model_queue_word(mq, pos);

	if (__atomic_load_n(&mq->mem.mem[w], __ATOMIC_RELAXED) == MODEL_SPOILT)
		model_fault(mq->m, "PROD moved over a slot that was not written");
	else if (!model_mem_settled(&mq->mem, w) || !model_mem_settled(&mq->mem, w + 1U))
		model_fault(mq->m, "PROD moved over a slot whose write is not visible yet");
}

/* The bad slot must be another command by now. */
static inline void model_queue_acked(struct model_queue *mq)
{
	uint32_t w = model_queue_word(mq, model_get(&mq->cons));

	if (model_queue_err(mq) == MODEL_ERR_ILL &&
	    !(model_mem_settled(&mq->mem, w) && model_mem_settled(&mq->mem, w + 1U)))
		model_fault(mq->m, "CERROR_ILL acknowledged before the slot is visible");
}

static inline void model_queue_write_prod(struct model_queue *mq, uint32_t v)
{
	uint32_t mask = model_queue_mask(mq), cons = model_get(&mq->cons) & mask, i;
	uint32_t had = (model_get(&mq->prod) - cons) & mask, has = (v - cons) & mask;
	uint32_t other = mq->ecmdq ? v & (MODEL_ERRACK | MODEL_EN) : 0U;

	if ((v & ~mask & ~other) != 0U)
		model_fault(mq->m, "PROD with reserved bits");
	if (mq->ecmdq && (other & MODEL_EN) == 0U)
		model_fault(mq->m, "ECMDQ_PROD written without EN");
	if (mq->ecmdq && ((model_get(&mq->prod) ^ v) & MODEL_ERRACK) != 0U) {
		if (!model_queue_active(mq))
			model_fault(mq->m, "ERRACK toggled where no error is active");
		model_queue_acked(mq);
	}
	if (has > model_queue_size(mq))
		model_fault(mq->m, "PROD more than a lap ahead of CONS");
	else if (has < had && !model_queue_active(mq))
		model_fault(mq->m, "PROD moved back without an error");
	for (i = had; i < has && has <= model_queue_size(mq); i++)
		model_queue_check_slot(mq, cons + i);
	model_set(&mq->prod, (v & mask) | other);
}

static inline void model_queue_write_gerrorn(struct model_queue *mq, uint32_t v)
{
	uint32_t was = model_get(&mq->gerrorn), toggled = was ^ v;

	if ((toggled & ~(model_get(&mq->gerror) ^ was)) != 0U)
		model_fault(mq->m, "GERRORN toggled where no error is active");
	if ((toggled & MODEL_CMDQ_ERR) != 0U)
		model_queue_acked(mq);
	model_set(&mq->gerrorn, v);
}

static inline uint32_t model_queue_read32(struct model_queue *mq, uint32_t offset)
{
	if (mq->off)
		return UINT32_MAX;
	if (mq->ecmdq && offset == MODEL_ECMDQ + 8U)
		return model_get(&mq->prod);
	if (mq->ecmdq && offset == MODEL_ECMDQ + 12U)
		return model_get(&mq->cons) | (model_get(&mq->prod) & MODEL_EN);
	switch (offset) {
	case MODEL_CR0:
	case MODEL_CR0ACK:
		return model_get(&mq->cr0);
	case MODEL_GERROR:
		return model_get(&mq->gerror);
	case MODEL_GERRORN:
		return model_get(&mq->gerrorn);
	case MODEL_PROD:
		return model_get(&mq->prod);
	case MODEL_CONS:
		return model_get(&mq->cons);
	default:
		model_fault(mq->m, "read of a register the model does not have");
		return 0;
	}
}

static inline void model_queue_write32(struct model_queue *mq, uint32_t offset, uint32_t v)
{
	if (mq->off)
		return;
	if (mq->ecmdq && offset == MODEL_ECMDQ + 8U) {
		model_queue_write_prod(mq, v);
		return;
	}
	switch (offset) {
	case MODEL_CR0:
		model_set(&mq->cr0, v);
		break;
	case MODEL_GERRORN:
		model_queue_write_gerrorn(mq, v);
		break;
	case MODEL_PROD:
		model_queue_write_prod(mq, v);
		break;
	case MODEL_CONS:
		if ((model_get(&mq->cr0) & MODEL_CMDQEN) != 0U)
			model_fault(mq->m, "CONS written while the queue is enabled");
		model_set(&mq->cons, v);
		mq->at = v;
		break;
	default:
		model_fault(mq->m, "write of a register the model does not have");
		break;
	}
}

/* CMDQ_BASE: RA 62, ADDR 55:5, LOG2SIZE 4:0. */
static inline void model_queue_write64(struct model_queue *mq, uint32_t offset, uint64_t v)
{
	if (offset != MODEL_BASE)
		model_fault(mq->m, "64-bit write of a register the model does not have");
	else if ((model_get(&mq->cr0) & MODEL_CMDQEN) != 0U)
		model_fault(mq->m, "CMDQ_BASE written while the queue is enabled");
	else if ((v & 0x1fU) != mq->lg2 || rules_bits(v, 55, 5) << 5 != mq->pa ||
		 rules_bits(v, 61, 56) != 0U || rules_bit(v, 63))
		model_fault(mq->m, "CMDQ_BASE does not say where the queue is");
	mq->base = v;
}

/* What the SMMU does */

/* Does a trouble happen now? */
static inline bool model_queue_trouble(struct model_queue *mq, enum model_trouble t)
{
	if (mq->next[t] != 0U) {
		mq->next[t]--;
		return true;
	}
	return mq->often[t] != 0U && model_chance(mq->m, 1000) < mq->often[t];
}

/* A consumed command that may take effect now, from number @i on; @flying: none. */
static inline uint32_t model_queue_ripe(const struct model_queue *mq, uint32_t first)
{
	uint32_t n, i;

	for (n = 0; n < mq->flying; n++) {
		i = (first + n) % mq->flying;
		if (!mq->deaf || model_op(&mq->flight[i]) != MODEL_OP_ATC_INV)
			return i;
	}
	return mq->flying;
}

static inline bool model_queue_can(const struct model_queue *mq, enum model_act act)
{
	bool runs = !mq->stopped && model_queue_enabled(mq);

	if (mq->hang || mq->off)
		return false;
	switch (act) {
	case MODEL_FETCH:
		return runs && !mq->aborting && mq->ahead < MODEL_AHEAD &&
		       mq->ahead < model_queue_pending(mq);
	case MODEL_TAKE:
		if (!runs || mq->ahead == 0U)
			return runs && mq->aborting;
		if (model_op(&mq->fetched[0]) == MODEL_OP_SYNC)
			return mq->flying == 0U && !mq->msi_due;
		return mq->flying < MODEL_FLIGHT;
	case MODEL_FINISH:
		return model_queue_ripe(mq, 0) != mq->flying;
	case MODEL_SIGNAL:
		return mq->stopped && !mq->signalled;
	case MODEL_RESUME:
		return mq->stopped && mq->signalled && !model_queue_active(mq);
	case MODEL_MSI:
		return mq->msi_due;
	case MODEL_ACTS:
		break;
	}
	return false;
}

static inline struct model_cmd model_queue_at(const struct model_queue *mq, uint64_t pos)
{
	uint32_t w = model_queue_word(mq, pos);
	struct model_cmd cmd;

	cmd.pos = pos;
	cmd.d0 = model_mem_read(&mq->mem, w);
	cmd.d1 = model_mem_read(&mq->mem, w + 1U);
	return cmd;
}

static inline void model_queue_fetch(struct model_queue *mq)
{
	struct model_cmd cmd = model_queue_at(mq, mq->at + mq->ahead);

	if (model_queue_trouble(mq, MODEL_ABT)) {
		mq->aborting = true;
		return;
	}
	if (cmd.d0 == MODEL_SPOILT || cmd.d1 == MODEL_SPOILT)
		model_fault(mq->m, "fetched a slot that was not written");
	mq->fetched[mq->ahead++] = cmd;
}

static inline void model_queue_stop(struct model_queue *mq, uint32_t err)
{
	if (err == MODEL_ERR_ILL)
		mq->bad = mq->fetched[0];
	mq->stopped = true;
	mq->signalled = false;
	mq->raised[err]++;
	if (mq->ecmdq)
		model_set(&mq->cons, err << 24 |
			  ((model_get(&mq->cons) ^ MODEL_ERRACK) & MODEL_ERRACK) |
			  ((uint32_t)mq->at & model_queue_mask(mq)));
	else
		model_set(&mq->cons, err << 24 | ((uint32_t)mq->at & model_queue_mask(mq)));
}

/* Consumed. CONS.ERR stays what it was: it has a meaning only during an error. */
static inline void model_queue_pass(struct model_queue *mq)
{
	uint32_t w = model_queue_word(mq, mq->at);
	struct model_cmd cmd = mq->fetched[0];

	mq->ahead--;
	memmove(&mq->fetched[0], &mq->fetched[1], mq->ahead * sizeof(cmd));
	memset(&mq->fetched[mq->ahead], 0, sizeof(cmd));
	if (mq->taken)
		mq->taken(mq, &cmd);
	model_mem_spoil(&mq->mem, w, MODEL_SPOILT);
	model_mem_spoil(&mq->mem, w + 1U, MODEL_SPOILT);
	mq->at++;
	model_set(&mq->cons, (mq->cons & (mq->ecmdq ? 0x07800000U : 0x7f000000U)) |
		  ((uint32_t)mq->at & model_queue_mask(mq)));
}

/* A SYNC is complete; CS 1 with an address: MSI. */
static inline void model_queue_synced(struct model_queue *mq, const struct model_cmd *cmd)
{
	uint64_t addr = rules_bits(cmd->d1, 55, 2) << 2;

	if (rules_bits(cmd->d0, 13, 12) == 1U && addr != 0U) {
		if (mq->msi == NULL || addr != mq->msi_pa)
			model_fault(mq->m, "an MSI to memory that is not for it");
		mq->msi_due = mq->msi != NULL;
		mq->msi_data = (uint32_t)(cmd->d0 >> 32);
	}
	if (mq->done)
		mq->done(mq, cmd);
}

static inline void model_queue_take(struct model_queue *mq)
{
	struct model_cmd cmd = mq->fetched[0];
	bool sync = model_op(&cmd) == MODEL_OP_SYNC;
	bool bad = mq->ahead != 0U && rules_violated(&mq->m->env, cmd.d0, cmd.d1) != 0U;

	if (bad && mq->legal)
		model_fault(mq->m, "an illegal or reserved command");
	if (mq->ahead == 0U) {
		model_queue_stop(mq, MODEL_ERR_ABT);
	} else if (bad || (!sync && model_queue_trouble(mq, MODEL_ILL))) {
		model_queue_stop(mq, MODEL_ERR_ILL);
	} else if (sync && mq->atc_failed) {
		mq->atc_failed = false;
		model_queue_stop(mq, MODEL_ERR_ATC);
	} else {
		if (!sync)
			mq->flight[mq->flying++] = cmd;
		else
			model_queue_synced(mq, &cmd);
		model_queue_pass(mq);
	}
}

static inline void model_queue_finish(struct model_queue *mq)
{
	uint32_t i = model_queue_ripe(mq, mq->tidy ? 0U : model_chance(mq->m, mq->flying));
	struct model_cmd cmd = mq->flight[i];

	mq->flight[i] = mq->flight[--mq->flying];
	memset(&mq->flight[mq->flying], 0, sizeof(cmd));
	if (model_op(&cmd) == MODEL_OP_ATC_INV && model_queue_trouble(mq, MODEL_ATC)) {
		mq->atc_failed = true;
		if (mq->lost)
			mq->lost(mq, &cmd);
	} else if (mq->done) {
		mq->done(mq, &cmd);
	}
}

static inline void model_queue_resume(struct model_queue *mq)
{
	struct model_cmd now = model_queue_at(mq, mq->at);

	if (model_queue_err(mq) == MODEL_ERR_ILL && now.d0 == mq->bad.d0 &&
	    now.d1 == mq->bad.d1)
		model_fault(mq->m, "CERROR_ILL acknowledged with the bad command still there");
	memset(mq->fetched, 0, sizeof(mq->fetched));
	mq->ahead = 0;
	mq->aborting = false;
	mq->stopped = false;
}

/* Little-endian, in the low half; the other half is kept, or 0. */
static inline void model_queue_msi(struct model_queue *mq)
{
	uint64_t now = mq->mem.seen == mq->mem.mem ? __atomic_load_n(mq->msi, __ATOMIC_SEQ_CST) :
		       mq->msi_seen;
	unsigned char byte[8];
	uint32_t i;

	mq->msi_due = false;
	if (model_queue_trouble(mq, MODEL_NO_MSI)) {
		if (((model_get(&mq->gerror) ^ model_get(&mq->gerrorn)) & MODEL_MSI_ERR) == 0U)
			model_set(&mq->gerror, model_get(&mq->gerror) ^ MODEL_MSI_ERR);
		return;
	}
	memcpy(byte, &now, 8);
	for (i = 0; i < (mq->msi_wide ? 8U : 4U); i++)
		byte[i] = i < 4U ? (unsigned char)(mq->msi_data >> (8U * i)) : 0U;
	memcpy(&now, byte, 8);
	mq->msi_seen = now;
	if (mq->mem.seen == mq->mem.mem)
		__atomic_store_n(mq->msi, now, __ATOMIC_SEQ_CST);
}

/* One act that can be done now. */
static inline void model_queue_do(struct model_queue *mq, enum model_act act)
{
	switch (act) {
	case MODEL_FETCH:
		model_queue_fetch(mq);
		break;
	case MODEL_TAKE:
		model_queue_take(mq);
		break;
	case MODEL_FINISH:
		model_queue_finish(mq);
		break;
	case MODEL_SIGNAL:
		mq->signalled = true;
		if (!mq->ecmdq)
			model_set(&mq->gerror, model_get(&mq->gerror) ^ MODEL_CMDQ_ERR);
		break;
	case MODEL_RESUME:
		model_queue_resume(mq);
		break;
	case MODEL_MSI:
		model_queue_msi(mq);
		break;
	case MODEL_ACTS:
		break;
	}
}

/* One act by chance; false when none can be done. */
static inline bool model_queue_step(struct model_queue *mq)
{
	uint32_t first = model_chance(mq->m, MODEL_ACTS), i;
	enum model_act act;

	for (i = 0; i < MODEL_ACTS; i++) {
		act = (enum model_act)((first + i) % MODEL_ACTS);
		if (model_queue_can(mq, act)) {
			model_queue_do(mq, act);
			return true;
		}
	}
	return false;
}

/* All that it can do until software does something. */
static inline void model_queue_settle(struct model_queue *mq)
{
	while (model_queue_step(mq))
		continue;
}

/* Another error of GERROR becomes active. */
static inline void model_queue_gerror(struct model_queue *mq, uint32_t bit)
{
	model_set(&mq->gerror, model_get(&mq->gerror) ^ 1U << bit);
}

/* Reset: registers as after it, memory still the caller's. */
static inline void model_queue_reset(struct model_queue *mq)
{
	uint32_t i;

	mq->base = 0;
	mq->cr0 = 0;
	mq->gerror = 0;
	mq->gerrorn = 0;
	mq->prod = 0;
	mq->cons = 0;
	mq->at = 0;
	mq->ahead = 0;
	mq->flying = 0;
	mq->aborting = false;
	mq->atc_failed = false;
	mq->msi_due = false;
	mq->stopped = false;
	mq->signalled = false;
	mq->bad.pos = UINT64_MAX;
	memset(mq->raised, 0, sizeof(mq->raised));
	memset(mq->fetched, 0, sizeof(mq->fetched));
	memset(mq->flight, 0, sizeof(mq->flight));
	mq->hang = false;
	mq->off = false;
	mq->deaf = false;
	for (i = 0; i < mq->mem.words; i++)
		model_mem_spoil(&mq->mem, i, MODEL_SPOILT);
}

/* @watch: by the recording port (machine.h); else by threads */
static inline void model_queue_init(struct model_queue *mq, struct model *m, uint64_t *mem,
				    uint32_t lg2, uint64_t pa, bool watch, bool coherent)
{
	memset(mq, 0, sizeof(*mq));
	model_mem_init(&mq->mem, mem, 2U << lg2, watch, coherent);
	mq->mem.stored = model_queue_stored;
	mq->m = m;
	mq->lg2 = lg2;
	mq->pa = pa;
	model_queue_reset(mq);
}

static inline void model_queue_fini(struct model_queue *mq)
{
	model_mem_fini(&mq->mem);
}

#endif /* MODEL_QUEUE_GUARD */
