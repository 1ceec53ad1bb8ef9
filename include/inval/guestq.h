/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/guestq.h - a guest's command queue: registers, bounded work, errors.
 *
 * The caller traps the guest's accesses to the queue's registers and gives them to
 * inval_guestq_write() and _read(). When a write asks for it, some thread, or the trap
 * itself, calls inval_guestq_run() with a budget until it says that nothing is left.
 * Each command is copied once, vetted by guest.h, and forwarded in batches with a SYNC
 * that is waited for; so a guest's own SYNC is complete when it is reached, and CONS
 * passes nothing whose effect may be missing.
 *
 * What a guest can do: make a call use up its budget, see its own errors. Not: stop
 * the SMMU's queue by what a command says, touch another VMID or StreamID, have the
 * SMMU write memory, reach a warning. What nobody can promise: a device that answers
 * no ATC_INV stalls a queue that it shares with others until its time-out; a queue
 * of its own, or blocking the device, is the caller's.
 *
 * Errors (IHI 0070, 7.1), each at the command that had it:
 *	CERROR_ILL	inval_guest_vet() or the caller's emulation said so, or the SMMU
 *	CERROR_ABT	the guest's memory could not be read; or the SMMU's queue is
 *			broken, then the call returns that too
 *	CERROR_ATC_INV_SYNC	an ATC_INV since the guest's last SYNC was not confirmed;
 *			on a shared queue it may have been another's at that time
 */
#ifndef INVAL_GUESTQ_GUARD
#define INVAL_GUESTQ_GUARD

#include "types.h"
#include "caps.h"
#include "cmd.h"
#include "guest.h"
#include "port.h"
#include "queue.h"
#include "flush.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(guestq)
INVAL_PORT_USES_READ(guestq)

/* Registers that stand beside those of queue.h (IHI 0070, 6.3). */
#define INVAL_REG_CR0		0x20U
#define INVAL_REG_CR0ACK	0x24U

#define INVAL_CR0_SMMUEN	(1U << 0)
#define INVAL_CR0_CMDQEN	(1U << 3)
/* SMMUEN, PRIQEN, EVENTQEN, CMDQEN, ATSCHK: what a guest without VMW can set. */
#define INVAL_GUESTQ_CR0	0x1fU
/* RA, ADDR 55:5, LOG2SIZE. */
#define INVAL_GUESTQ_BASE	((1ULL << 62) | 0x00ffffffffffffe0ULL | 0x1fU)
/* WR and RD with their wrap bit. */
#define INVAL_GUESTQ_INDEX	0xfffffU

/* inval_guestq_run(): there is more to do, call again. */
#define INVAL_GUESTQ_MORE	1
/* inval_guestq_emulate_fn: now give the command to the SMMU. */
#define INVAL_GUESTQ_ISSUE	1
/* Internal: not all of a batch is complete, for it was not given whole. */
#define INVAL_GUESTQ_SOME	2

/**
 * typedef inval_guestq_fetch_fn - copy a command out of guest memory
 *
 * (ctx, ipa, mem): two words, as they stand there; ipa is any multiple of 16 that the
 * guest chose. Returns 0, or -INVAL_E* when there is no memory.
 */
typedef int (*inval_guestq_fetch_fn)(void *ctx, uint64_t ipa, uint64_t *mem);

/**
 * typedef inval_guestq_emulate_fn - do what is not forwarded
 *
 * (ctx, in, res): the guest's command, and what guest.h made of it. A SYNC: all before
 * it is complete; signal it, to the guest. A CFGI_STE_RANGE or CFGI_ALL comes as one
 * CFGI_STE for each stream. Called outside of read sections: may attach and detach, and
 * sleep where inval_guestq_run() was called so; so the stream that was found may have
 * left the guest, if not a lock of the caller's keeps it. Returns 0: done;
 * INVAL_GUESTQ_ISSUE: done, and res->cmd goes to the SMMU and is waited for, if the
 * stream is still the guest's; -INVAL_EAGAIN: not now, the next call tries again;
 * another code: CERROR_ILL.
 */
typedef int (*inval_guestq_emulate_fn)(void *ctx, struct inval_cmd in,
				       const struct inval_guest_result *res);

/**
 * struct inval_guestq_side - a read side that streams need; the caller's
 * @ctx: of a domain with a stream of the guest's
 * @token: the library's
 */
struct inval_guestq_side {
	inval_read_ctx *ctx;
	unsigned long token;
};

/**
 * struct inval_guestq_config - what a guest queue is made of
 * @guest: how to vet it; @guest->enabled is written by inval_guestq_run()
 * @streams: for the lookup of streams
 * @ctx: for fetch and emulate
 * @smmu: where commands go, of which its @queue takes all; while it is off
 *	(inval_smmu_off()) they have no effect
 * @batch: room for commands on their way
 * @at: as many numbers
 * @batch_num: length of both, 1 or more
 * @reads: the read sides of all domains whose streams have ATS, and what else is to
 *	be waited for when a stream leaves the guest or the SMMU goes off, in the order in
 *	which locks are taken; may be NULL with @read_num 0
 * @read_num: length of @reads
 *
 * All memory is the caller's, and stays until nobody uses the queue.
 */
struct inval_guestq_config {
	struct inval_guest *guest;
	const void *streams;
	void *ctx;
	struct inval_smmu *smmu;
	struct inval_cmd *batch;
	uint32_t *at;
	uint32_t batch_num;
	struct inval_guestq_side *reads;
	uint32_t read_num;
};

/**
 * struct inval_guestq_state - all that a queue knows of its guest, for migration
 * @base: CMDQ_BASE
 * @prod: CMDQ_PROD
 * @cons: CMDQ_CONS
 * @cr0: CR0
 * @ack: CR0ACK
 * @gerror: GERROR
 * @gerrorn: GERRORN
 * @loop: streams of the CFGI_STE_RANGE at CONS that are still to come
 * @looping: 1: there is such a command on its way; 0
 * @atc_failed: 1: the guest's next SYNC fails; 0
 */
struct inval_guestq_state {
	uint64_t base;
	uint64_t prod;
	uint64_t cons;
	uint64_t cr0;
	uint64_t ack;
	uint64_t gerror;
	uint64_t gerrorn;
	struct inval_guest_loop loop;
	uint64_t looping;
	uint64_t atc_failed;
};

/**
 * struct inval_guestq - a guest's queue; no field is the caller's
 * @cfg: as given
 * @s: registers and cursor
 */
struct inval_guestq {
	struct inval_guestq_config cfg;
	struct inval_guestq_state s;
};

/**
 * struct inval_guestq_report - what a call of inval_guestq_run() did
 * @consumed: the guest's commands that CONS has passed
 * @issued: commands that the SMMU was given and has completed, SYNCs left out
 * @error: GERROR changed: the guest gets its interrupt
 */
struct inval_guestq_report {
	uint32_t consumed;
	uint32_t issued;
	bool error;
};

/* Why a round ends. */
enum inval_guestq_stop {
	INVAL_GUESTQ_GO,
	INVAL_GUESTQ_ILL,
	INVAL_GUESTQ_ABT,
	INVAL_GUESTQ_EMULATE
};

/**
 * struct inval_guestq_round - internal: commands between two emulated ones
 * @mask: bits of an index with its wrap bit
 * @base: address of the queue
 * @left: commands between CONS and PROD
 * @pos: where CONS stands
 * @num: commands copied
 * @abt: the one behind them could not be
 * @next: the first that is neither forwarded nor nothing
 * @fill: commands to be forwarded
 * @atc: an ATC_INV is among them
 * @stop: enum inval_guestq_stop, for the command at @next
 * @in: that command
 * @res: what it becomes
 */
struct inval_guestq_round {
	uint32_t mask;
	uint64_t base;
	uint32_t left;
	uint32_t pos;
	uint32_t num;
	bool abt;
	uint32_t next;
	uint32_t fill;
	bool atc;
	enum inval_guestq_stop stop;
	struct inval_cmd in;
	struct inval_guest_result res;
};

/**
 * inval_guestq_init() - a guest's queue as after reset
 * @q: the caller's
 * @cfg: copied
 *
 * Context: before other CPUs use @q.
 * Return: 0; -INVAL_EINVAL without a guest, an SMMU or room for a command, or for
 * reads that are missing.
 */
static inline INVAL_MUST_CHECK int inval_guestq_init(struct inval_guestq *q,
						     const struct inval_guestq_config *cfg)
{
	if (cfg->guest == NULL || cfg->smmu == NULL || cfg->batch == NULL || cfg->at == NULL ||
	    cfg->batch_num == 0U || (cfg->reads == NULL && cfg->read_num != 0U))
		return -INVAL_EINVAL;
	q->cfg = *cfg;
	q->s.base = 0;
	q->s.prod = 0;
	q->s.cons = 0;
	q->s.cr0 = 0;
	q->s.ack = 0;
	q->s.gerror = 0;
	q->s.gerrorn = 0;
	q->s.loop.at = 0;
	q->s.loop.end = 0;
	q->s.looping = 0;
	q->s.atc_failed = 0;
	return 0;
}

/* Internal: may the guest write CMDQ_BASE and CONS? (IHI 0070, 6.3: only while off.) */
static inline bool inval_guestq_off(struct inval_guestq *q)
{
	uint64_t ack = inval_port_load_acquire64(&q->s.ack); /* order: guest_ack */

	return ((inval_port_load64(&q->s.cr0) | ack) & INVAL_CR0_CMDQEN) == 0U;
}

/* Internal: CMDQ_BASE, whole or one half. */
static inline void inval_guestq_write_base(struct inval_guestq *q, uint32_t offset, uint64_t value,
					   uint32_t bytes)
{
	uint64_t base = inval_port_load64(&q->s.base);

	if (bytes == 8U)
		base = value;
	else if (offset == INVAL_REG_CMDQ_BASE)
		base = (base & ~0xffffffffULL) | (uint32_t)value;
	else
		base = (base & 0xffffffffULL) | (value << 32);
	inval_port_store64(&q->s.base, base & INVAL_GUESTQ_BASE);
}

/* Internal: is this an access that the queue's registers allow? */
static inline bool inval_guestq_access(uint32_t offset, uint32_t bytes)
{
	if (bytes == 8U)
		return offset == INVAL_REG_CMDQ_BASE;
	return bytes == 4U && (offset & 3U) == 0U;
}

/* Internal: is this a register of the queue? */
static inline bool inval_guestq_owns(uint32_t offset)
{
	return (offset >= INVAL_REG_CR0 && offset < INVAL_REG_CR0ACK + 4U) ||
	       (offset >= INVAL_REG_GERROR && offset < INVAL_REG_GERRORN + 4U) ||
	       (offset >= INVAL_REG_CMDQ_BASE && offset < INVAL_REG_CMDQ_CONS + 4U);
}

/**
 * inval_guestq_write() - the guest writes a register
 * @q: the queue
 * @offset: from the SMMU's register page 0
 * @value: what is written
 * @bytes: 4 or 8
 *
 * A write that has no effect (a read-only register, CMDQ_BASE or CONS of a queue that
 * is on) and one that the architecture leaves open (misaligned, another size, a GERRORN
 * bit whose error is not active) are ignored (IHI 0070, 6.3). CR0 is the caller's as
 * well: all its bits but CMDQEN and SMMUEN.
 *
 * Context: any, with inval_guestq_run() and inval_guestq_read(); writes to one register
 * one after the other.
 * Return: 0; INVAL_GUESTQ_MORE when inval_guestq_run() has to be called;
 * -INVAL_ENOENT for a register that is not the queue's: nothing was done.
 */
static inline INVAL_MUST_CHECK int inval_guestq_write(struct inval_guestq *q, uint32_t offset,
						      uint64_t value, uint32_t bytes)
{
	uint64_t ack, active;

	if (!inval_guestq_owns(offset))
		return -INVAL_ENOENT;
	if (!inval_guestq_access(offset, bytes))
		return 0;
	switch (offset) {
	case INVAL_REG_CR0:
		/* order: guest_cr0 */
		inval_port_store_release64(&q->s.cr0, value & INVAL_GUESTQ_CR0);
		return INVAL_GUESTQ_MORE;
	case INVAL_REG_GERRORN:
		ack = inval_port_load64(&q->s.gerrorn);
		active = inval_port_load64(&q->s.gerror) ^ ack;
		/* order: guest_gerrorn */
		inval_port_store_release64(&q->s.gerrorn, ack ^ ((ack ^ value) & active));
		return INVAL_GUESTQ_MORE;
	case INVAL_REG_CMDQ_BASE:
	case INVAL_REG_CMDQ_BASE + 4U:
		if (inval_guestq_off(q))
			inval_guestq_write_base(q, offset, value, bytes);
		return 0;
	case INVAL_REG_CMDQ_PROD:
		/* order: guest_prod */
		inval_port_store_release64(&q->s.prod, value & INVAL_GUESTQ_INDEX);
		return INVAL_GUESTQ_MORE;
	case INVAL_REG_CMDQ_CONS:
		if (inval_guestq_off(q))
			inval_port_store64(&q->s.cons, value & INVAL_GUESTQ_INDEX);
		return 0;
	default:
		return 0;
	}
}

/* Internal: a register's 64 bits. */
static inline uint64_t inval_guestq_reg(struct inval_guestq *q, uint32_t offset)
{
	uint64_t ack;

	switch (offset) {
	case INVAL_REG_CR0:
		return inval_port_load64(&q->s.cr0);
	case INVAL_REG_CR0ACK:
		ack = inval_port_load_acquire64(&q->s.ack); /* order: guest_ack */
		return (ack & INVAL_CR0_CMDQEN) |
		       (inval_port_load64(&q->s.cr0) & ~(uint64_t)INVAL_CR0_CMDQEN);
	case INVAL_REG_GERROR:
		return inval_port_load_acquire64(&q->s.gerror); /* order: guest_error */
	case INVAL_REG_GERRORN:
		return inval_port_load64(&q->s.gerrorn);
	case INVAL_REG_CMDQ_BASE:
		return inval_port_load64(&q->s.base);
	case INVAL_REG_CMDQ_BASE + 4U:
		return inval_port_load64(&q->s.base) >> 32;
	case INVAL_REG_CMDQ_PROD:
		return inval_port_load64(&q->s.prod);
	default:
		return inval_port_load_acquire64(&q->s.cons); /* order: guest_cons */
	}
}

/**
 * inval_guestq_read() - the guest reads a register
 * @q: the queue
 * @offset: from the SMMU's register page 0
 * @bytes: 4 or 8
 * @value: written on success only; the caller's
 *
 * An access that the architecture leaves open reads as 0.
 *
 * Context: any, with all other functions of the queue.
 * Return: 0; -INVAL_ENOENT for a register that is not the queue's.
 */
static inline int inval_guestq_read(struct inval_guestq *q, uint32_t offset, uint32_t bytes,
				    uint64_t *value)
{
	if (!inval_guestq_owns(offset))
		return -INVAL_ENOENT;
	*value = 0;
	if (inval_guestq_access(offset, bytes))
		*value = inval_guestq_reg(q, offset);
	if (bytes == 4U)
		*value &= 0xffffffffU;
	return 0;
}

/*
 * Internal: where the queue stands, looked at once: registers may be written meanwhile.
 * LOG2SIZE over what IDR1.CMDQS shows acts as that; bits of the base below the queue's
 * size are ignored; while PROD is more than a lap ahead there are no commands.
 */
static inline void inval_guestq_look(struct inval_guestq *q, struct inval_guestq_round *r)
{
	uint64_t base = inval_port_load64(&q->s.base), bytes;
	uint32_t lg2 = (uint32_t)base & 0x1fU, most = q->cfg.guest->shown.cmdq_lg2;

	lg2 = lg2 < most ? lg2 : most;
	r->mask = (2U << lg2) - 1U;
	bytes = (uint64_t)INVAL_CMD_BYTES << lg2;
	r->base = base & 0x00ffffffffffffe0ULL & ~(bytes - 1U);
	r->pos = (uint32_t)inval_port_load64(&q->s.cons) & r->mask;
	/* order: guest_prod */
	r->left = ((uint32_t)inval_port_load_acquire64(&q->s.prod) - r->pos) & r->mask;
	if (r->left > 1U << lg2)
		r->left = 0;
}

/* Internal: index and wrap bit behind @pos. */
static inline uint32_t inval_guestq_behind(const struct inval_guestq_round *r, uint32_t pos)
{
	return (pos + 1U) & r->mask;
}

/* Internal: where a command lies. */
static inline uint64_t inval_guestq_ipa(const struct inval_guestq_round *r, uint32_t pos)
{
	return r->base + (uint64_t)(pos & (r->mask >> 1)) * INVAL_CMD_BYTES;
}

/* Internal: CONS moves to @pos, with an error there or without one. */
static inline void inval_guestq_advance(struct inval_guestq *q, struct inval_guestq_round *r,
					uint32_t pos, uint32_t err,
					struct inval_guestq_report *rep)
{
	rep->consumed += (pos - r->pos) & r->mask;
	r->pos = pos;
	inval_port_store_release64(&q->s.cons, pos | inval_bits(err, 24)); /* order: guest_cons */
}

/* Internal: an error at @pos: CONS.ERR before GERROR (IHI 0070, 7.1). */
static inline void inval_guestq_raise(struct inval_guestq *q, struct inval_guestq_round *r,
				      uint32_t pos, uint32_t err, struct inval_guestq_report *rep)
{
	inval_guestq_advance(q, r, pos, err, rep);
	/* order: guest_error */
	inval_port_store_release64(&q->s.gerror,
				   inval_port_load64(&q->s.gerror) ^ INVAL_GERROR_CMDQ);
	q->s.looping = 0;
	r->stop = INVAL_GUESTQ_GO;
	rep->error = true;
}

/*
 * Internal: is there something to do? Also answers what the guest wrote to CR0. SMMUEN is
 * looked at behind PROD: what was put once CR0ACK had shown it is done under it.
 */
static inline bool inval_guestq_ready(struct inval_guestq *q, struct inval_guestq_round *r)
{
	uint64_t cr0 = inval_port_load_acquire64(&q->s.cr0); /* order: guest_cr0 */
	uint64_t gerror = inval_port_load64(&q->s.gerror);

	inval_port_store_release64(&q->s.ack, cr0); /* order: guest_ack */
	if ((cr0 & INVAL_CR0_CMDQEN) == 0U) {
		q->s.looping = 0;
		q->s.atc_failed = 0;
		return false;
	}
	/* order: guest_gerrorn */
	if (((gerror ^ inval_port_load_acquire64(&q->s.gerrorn)) & INVAL_GERROR_CMDQ) != 0U)
		return false;
	inval_guestq_look(q, r);
	q->cfg.guest->enabled = (inval_port_load64(&q->s.cr0) & INVAL_CR0_SMMUEN) != 0U;
	if (r->left == 0U)
		q->s.looping = 0;
	return r->left != 0U;
}

/*
 * Internal: from the lookup of a stream until its command is complete it is a walk: who
 * takes a device away waits for it before the device may be reset.
 */
static inline void inval_guestq_walk_begin(struct inval_guestq *q)
{
	uint32_t i;

	for (i = 0; i < q->cfg.read_num; i++)
		q->cfg.reads[i].token = inval_port_read_begin(q->cfg.reads[i].ctx);
}

/* Internal: its end. */
static inline void inval_guestq_walk_end(struct inval_guestq *q)
{
	uint32_t i;

	for (i = q->cfg.read_num; i > 0U; i--)
		inval_port_read_end(q->cfg.reads[i - 1U].ctx, q->cfg.reads[i - 1U].token);
}

/*
 * Internal: is the SMMU off? Then it holds nothing, and its queue must be left alone. The
 * barrier: either it is seen on, or what it walks when it is back is what the guest has
 * stored before PROD.
 */
static inline bool inval_guestq_smmu_off(struct inval_guestq *q)
{
	inval_port_dma_mb(); /* order: guest_off */
	return inval_port_load64(&q->cfg.smmu->off) != 0U;
}

/*
 * Internal: commands to the SMMU, a SYNC, and wait. @atc: an ATC_INV is among them. What an
 * issue that fails may have taken is waited for, as by inval_walk_close(); where it fails
 * for a device it has left others out, unless there is but that one.
 */
INVAL_ALWAYS_INLINE int inval_guestq_give(struct inval_guestq *q, const struct inval_cmd *cmds,
					  uint32_t num, bool atc, inval_issue_fn issue,
					  inval_wait_fn wait)
{
	struct inval_ticket t;
	int err;

	inval_queue_ticket_init(&t);
	t.atc = atc;
	inval_queue_count(cmds, num);
	err = issue(q->cfg.smmu, cmds, num, true, &t);
	if (err == 0)
		return wait(q->cfg.smmu, &t);
	if (issue(q->cfg.smmu, cmds, 0, true, &t) == 0)
		(void)wait(q->cfg.smmu, &t);
	return err == -INVAL_EREMOTEIO && !(atc && num == 1U) ? INVAL_GUESTQ_SOME : err;
}

/* Internal: may this command fail at a device? */
static inline bool inval_guestq_is_atc(const struct inval_cmd *cmd)
{
	return (cmd->d0 & 0xffU) == INVAL_OP_ATC_INV;
}

/*
 * Internal: the SMMU called one of the batch illegal: which? Or not all were given. One by
 * one, each again: to invalidate twice is harmless. @done: how many are complete.
 */
INVAL_ALWAYS_INLINE int inval_guestq_isolate(struct inval_guestq *q, uint32_t num, uint32_t *done,
					     inval_issue_fn issue, inval_wait_fn wait)
{
	int err;

	for (*done = 0; *done < num; ++*done) {
		err = inval_guestq_give(q, &q->cfg.batch[*done], 1,
					inval_guestq_is_atc(&q->cfg.batch[*done]), issue, wait);
		if (err == -INVAL_EREMOTEIO)
			q->s.atc_failed = 1;
		else if (err != 0)
			return err;
	}
	return 0;
}

/*
 * Internal: what was given is complete, or why not. What the SMMU cannot do is the
 * guest's error at the first command that is not complete.
 */
INVAL_ALWAYS_INLINE int inval_guestq_complete(struct inval_guestq *q,
					      const struct inval_guestq_round *r, uint32_t *done,
					      inval_issue_fn issue, inval_wait_fn wait)
{
	int err = 0;

	*done = r->fill;
	if (r->fill != 0U)
		err = inval_guestq_give(q, q->cfg.batch, r->fill, r->atc, issue, wait);
	if (err == -INVAL_EREMOTEIO) {
		q->s.atc_failed = 1;
		return 0;
	}
	if (err == -INVAL_EILSEQ || err == INVAL_GUESTQ_SOME)
		return inval_guestq_isolate(q, r->fill, done, issue, wait);
	if (err != 0)
		*done = 0;
	return err;
}

/* Internal: the SMMU's @err as the guest's; returns what the caller has to know. */
static inline int inval_guestq_fail(struct inval_guestq *q, struct inval_guestq_round *r,
				    uint32_t pos, int err, struct inval_guestq_report *rep)
{
	inval_guestq_raise(q, r, pos, err == -INVAL_EILSEQ ? INVAL_CERROR_ILL : INVAL_CERROR_ABT,
			   rep);
	if (err == -INVAL_EILSEQ)
		return 0;
	return err == INVAL_GUESTQ_SOME ? -INVAL_EREMOTEIO : err;
}

/* Internal: opcodes that may be forwarded: no other has one behind it in a round. */
static inline bool inval_guestq_forwards(uint32_t op)
{
	return (op >= INVAL_OP_TLBI_NH_ALL && op <= INVAL_OP_TLBI_NSNH_ALL) ||
	       op == INVAL_OP_CFGI_CD || op == INVAL_OP_CFGI_CD_ALL || op == INVAL_OP_ATC_INV;
}

/* Internal: copy commands, up to one that ends the round, or for which there is no memory. */
INVAL_ALWAYS_INLINE void inval_guestq_copy(struct inval_guestq *q, struct inval_guestq_round *r,
					   uint32_t most, inval_guestq_fetch_fn fetch)
{
	uint32_t left = r->left, pos = r->pos;
	bool on = true;
	uint64_t mem[2];

	r->num = 0;
	r->abt = false;
	if (most > q->cfg.batch_num)
		most = q->cfg.batch_num;
	for (; on && left != 0U && r->num < most; left--) {
		r->abt = fetch(q->cfg.ctx, inval_guestq_ipa(r, pos), mem) != 0;
		if (r->abt)
			return;
		q->cfg.batch[r->num] = inval_cmd_load(mem);
		on = inval_guestq_forwards((uint32_t)(q->cfg.batch[r->num++].d0 & 0xffU));
		pos = inval_guestq_behind(r, pos);
	}
}

/* Internal: vet what was copied; what is forwarded takes its place. */
INVAL_ALWAYS_INLINE void inval_guestq_vet(struct inval_guestq *q, struct inval_guestq_round *r,
					  inval_guest_find_fn find)
{
	enum inval_verdict verdict;
	uint32_t i;

	r->next = r->pos;
	r->fill = 0;
	r->atc = false;
	r->stop = INVAL_GUESTQ_GO;
	for (i = 0; i < r->num; i++) {
		r->in = q->cfg.batch[i];
		verdict = inval_guest_vet(q->cfg.guest, r->in, find, q->cfg.streams, &r->res);
		if (verdict == INVAL_VERDICT_ILLEGAL || verdict == INVAL_VERDICT_EMULATE) {
			r->stop = verdict == INVAL_VERDICT_ILLEGAL ? INVAL_GUESTQ_ILL :
				  INVAL_GUESTQ_EMULATE;
			return;
		}
		if (verdict == INVAL_VERDICT_FORWARD) {
			q->cfg.at[r->fill] = r->next;
			q->cfg.batch[r->fill++] = r->res.cmd;
			r->atc = r->atc || inval_guestq_is_atc(&r->res.cmd);
		}
		r->next = inval_guestq_behind(r, r->next);
	}
	if (r->abt)
		r->stop = INVAL_GUESTQ_ABT;
}

/* Internal: CONS, and an error, after a batch. */
static inline int inval_guestq_settle(struct inval_guestq *q, struct inval_guestq_round *r, int err,
				      uint32_t done, struct inval_guestq_report *rep)
{
	rep->issued += done;
	if (err != 0)
		return inval_guestq_fail(q, r, q->cfg.at[done], err, rep);
	if (r->stop == INVAL_GUESTQ_ILL)
		inval_guestq_raise(q, r, r->next, INVAL_CERROR_ILL, rep);
	else if (r->stop == INVAL_GUESTQ_ABT)
		inval_guestq_raise(q, r, r->next, INVAL_CERROR_ABT, rep);
	else if (r->next != r->pos)
		inval_guestq_advance(q, r, r->next, INVAL_CERROR_NONE, rep);
	return 0;
}

/* Internal: one batch. Guest memory is copied first, for that may sleep. */
INVAL_ALWAYS_INLINE int inval_guestq_batch(struct inval_guestq *q, struct inval_guestq_round *r,
					   uint32_t most, struct inval_guestq_report *rep,
					   inval_guestq_fetch_fn fetch, inval_guest_find_fn find,
					   inval_issue_fn issue, inval_wait_fn wait)
{
	uint32_t done = 0;
	int err;

	inval_guestq_copy(q, r, most, fetch);
	inval_guestq_walk_begin(q);
	inval_guestq_vet(q, r, find);
	if (r->fill != 0U && inval_guestq_smmu_off(q))
		r->fill = 0;
	err = inval_guestq_complete(q, r, &done, issue, wait);
	inval_guestq_walk_end(q);
	return inval_guestq_settle(q, r, err, done, rep);
}

/*
 * Internal: may an emulated command go to the SMMU? Its stream must still be the guest's:
 * the walk that found it is over.
 */
INVAL_ALWAYS_INLINE bool inval_guestq_may_follow(struct inval_guestq *q,
						 const struct inval_guest_result *res,
						 inval_guest_find_fn find)
{
	uint32_t op = (uint32_t)(res->cmd.d0 & 0xffU);
	struct inval_guest_stream now;

	if (inval_guestq_smmu_off(q))
		return false;
	if (op == INVAL_OP_SYNC)
		return true;
	/* A hint that this SMMU must not be given. */
	if (op <= INVAL_OP_PREFETCH_ADDR && q->cfg.smmu->policy.no_prefetch)
		return false;
	return find(q->cfg.streams, res->stream.vsid, &now) && now.vsid == res->stream.vsid &&
	       now.sid == res->stream.sid;
}

/* Internal: an emulated command goes to the SMMU. */
INVAL_ALWAYS_INLINE int inval_guestq_follow(struct inval_guestq *q,
					    const struct inval_guest_result *res,
					    struct inval_guestq_report *rep,
					    inval_guest_find_fn find, inval_issue_fn issue,
					    inval_wait_fn wait)
{
	int err = 0;

	inval_guestq_walk_begin(q);
	if (inval_guestq_may_follow(q, res, find)) {
		err = inval_guestq_give(q, &res->cmd, 1, false, issue, wait);
		rep->issued += (err == 0 || err == -INVAL_EREMOTEIO) &&
			       (res->cmd.d0 & 0xffU) != INVAL_OP_SYNC ? 1U : 0U;
	}
	inval_guestq_walk_end(q);
	return err;
}

/* Internal: an emulated command: INVAL_GUESTQ_MORE when it is not yet done. */
INVAL_ALWAYS_INLINE int inval_guestq_emulate(struct inval_guestq *q, struct inval_guestq_round *r,
					     struct inval_cmd in,
					     const struct inval_guest_result *res,
					     struct inval_guestq_report *rep,
					     inval_guest_find_fn find,
					     inval_guestq_emulate_fn emulate, inval_issue_fn issue,
					     inval_wait_fn wait)
{
	int err = emulate(q->cfg.ctx, in, res);

	if (err == -INVAL_EAGAIN)
		return INVAL_GUESTQ_MORE;
	if (err < 0) {
		inval_guestq_raise(q, r, r->pos, INVAL_CERROR_ILL, rep);
		return 0;
	}
	if (err != INVAL_GUESTQ_ISSUE)
		return 0;
	err = inval_guestq_follow(q, res, rep, find, issue, wait);
	if (err == -INVAL_EREMOTEIO)
		q->s.atc_failed = 1;
	else if (err != 0)
		return inval_guestq_fail(q, r, r->pos, err, rep);
	return 0;
}

/* Internal: one stream of a CFGI_STE_RANGE; the last one ends the command. */
INVAL_ALWAYS_INLINE int inval_guestq_stream(struct inval_guestq *q, struct inval_guestq_round *r,
					    struct inval_guestq_report *rep,
					    inval_guest_find_fn find,
					    inval_guestq_emulate_fn emulate, inval_issue_fn issue,
					    inval_wait_fn wait)
{
	struct inval_guest_loop before = q->s.loop;
	struct inval_cmd in;
	bool more;
	int err;

	inval_guestq_walk_begin(q);
	more = inval_guest_loop_next(&q->s.loop, find, q->cfg.streams, &r->res);
	inval_guestq_walk_end(q);
	if (!more) {
		q->s.looping = 0;
		inval_guestq_advance(q, r, inval_guestq_behind(r, r->pos), INVAL_CERROR_NONE, rep);
		return 0;
	}
	(void)inval_cmd_cfgi_ste(&in, false, r->res.stream.vsid, false);
	err = inval_guestq_emulate(q, r, in, &r->res, rep, find, emulate, issue, wait);
	if (err == INVAL_GUESTQ_MORE)
		q->s.loop = before;
	return err;
}

/* Internal: the command that ended a round, at CONS now. */
INVAL_ALWAYS_INLINE int inval_guestq_single(struct inval_guestq *q, struct inval_guestq_round *r,
					    struct inval_guestq_report *rep,
					    inval_guest_find_fn find,
					    inval_guestq_emulate_fn emulate, inval_issue_fn issue,
					    inval_wait_fn wait)
{
	uint32_t op = (uint32_t)(r->in.d0 & 0xffU);
	int err;

	if (op == INVAL_OP_CFGI_STE_RANGE) {
		inval_guest_loop_begin(&q->s.loop, r->in);
		q->s.looping = 1;
		return 0;
	}
	if (op == INVAL_OP_SYNC && q->s.atc_failed != 0U) {
		q->s.atc_failed = 0;
		inval_guestq_raise(q, r, r->pos, INVAL_CERROR_ATC, rep);
		return 0;
	}
	err = inval_guestq_emulate(q, r, r->in, &r->res, rep, find, emulate, issue, wait);
	if (err == 0 && r->stop == INVAL_GUESTQ_EMULATE)
		inval_guestq_advance(q, r, inval_guestq_behind(r, r->pos), INVAL_CERROR_NONE, rep);
	return err;
}

/*
 * Internal: nothing is done yet. What the round has is written before it is read, but
 * not every compiler sees that.
 */
static inline void inval_guestq_begin(struct inval_guestq_round *r, struct inval_guestq_report *rep)
{
	r->in.d0 = 0;
	r->in.d1 = 0;
	r->res.stream.sid = 0;
	rep->consumed = 0;
	rep->issued = 0;
	rep->error = false;
}

/**
 * inval_guestq_run() - work on a guest's queue
 * @q: the queue
 * @budget: most commands to look at; a CFGI_STE_RANGE counts 2, and 1 for each stream
 * @rep: written; the caller's
 * @fetch: copies a command
 * @find: the guest's streams
 * @emulate: does what is not forwarded
 * @issue: gives commands to the SMMU
 * @wait: waits for them
 *
 * Looks at PROD again before each batch, so that what another vCPU adds meanwhile is
 * done by this call, too, within the budget. Everything that it issued is complete, or
 * has failed, when it returns. Waits at most once for each command looked at, and again
 * after an error of the SMMU's.
 *
 * Context: one call at a time for one queue; with inval_guestq_write() and _read(). As
 * @issue and @wait allow; outside of read sections. The streams that @find knows change
 * under the read sides of @q.
 * Return: 0 when nothing is left to do; INVAL_GUESTQ_MORE when there is, or @emulate
 * asked for another try; else what @issue or @wait returned: the SMMU's queue, not the
 * guest, is in trouble, and the guest has seen CERROR_ABT.
 */
INVAL_ALWAYS_INLINE INVAL_MUST_CHECK int
inval_guestq_run(struct inval_guestq *q, uint32_t budget, struct inval_guestq_report *rep,
		 inval_guestq_fetch_fn fetch, inval_guest_find_fn find,
		 inval_guestq_emulate_fn emulate, inval_issue_fn issue, inval_wait_fn wait)
{
	struct inval_guestq_round r;
	int err = 0;

	inval_guestq_begin(&r, rep);
	while (err == 0 && inval_guestq_ready(q, &r)) {
		if (budget == 0U)
			return INVAL_GUESTQ_MORE;
		if (q->s.looping != 0U) {
			budget--;
			err = inval_guestq_stream(q, &r, rep, find, emulate, issue, wait);
			continue;
		}
		err = inval_guestq_batch(q, &r, budget, rep, fetch, find, issue, wait);
		budget -= r.num != 0U ? r.num : 1U;
		if (err == 0 && r.stop == INVAL_GUESTQ_EMULATE)
			err = inval_guestq_single(q, &r, rep, find, emulate, issue, wait);
	}
	return err;
}

/**
 * inval_guestq_save() - a queue's state, to be moved with its guest
 * @q: the queue; nobody is in a function of it
 * @state: written; the caller's
 *
 * Context: any.
 */
static inline void inval_guestq_save(const struct inval_guestq *q, struct inval_guestq_state *state)
{
	*state = q->s;
}

/**
 * inval_guestq_load() - go on with a state that was saved
 * @q: initialised; nobody is in a function of it
 * @state: saved by inval_guestq_save(), here or elsewhere; may be from a source that
 *	is not trusted
 *
 * What no queue can have is refused; everything else is a state that the guest could
 * have made. Then inval_guestq_run() has to be called.
 *
 * Context: any.
 * Return: 0; -INVAL_EINVAL for a register with bits that it does not have, a loop beyond
 * the last StreamID or of a queue that takes no CFGI_STE_RANGE, or what is neither 0 nor
 * 1: nothing was changed.
 */
static inline INVAL_MUST_CHECK int inval_guestq_load(struct inval_guestq *q,
						     const struct inval_guestq_state *state)
{
	if ((state->base & ~INVAL_GUESTQ_BASE) != 0U || (state->prod & ~INVAL_GUESTQ_INDEX) != 0U ||
	    (state->cons & ~(INVAL_GUESTQ_INDEX | 0x7f000000ULL)) != 0U ||
	    ((state->cr0 | state->ack) & ~(uint64_t)INVAL_GUESTQ_CR0) != 0U ||
	    !inval_fits(state->gerror | state->gerrorn, 32) || state->loop.end > 1ULL << 32 ||
	    state->loop.at > state->loop.end || (state->looping | state->atc_failed) > 1U ||
	    (state->looping != 0U &&
	     !inval_guest_takes(&q->cfg.guest->policy, INVAL_OP_CFGI_STE_RANGE)))
		return -INVAL_EINVAL;
	q->s = *state;
	return 0;
}

INVAL_END

#endif /* INVAL_GUESTQ_GUARD */
