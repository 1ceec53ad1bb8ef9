/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/queue.h - one SMMU command queue: many producers without a lock, SYNC,
 * error recovery (IHI 0070, 3.5 and 4.7).
 *
 * A producer reserves slots by compare-exchange, writes them, and marks the
 * batch valid by storing its end at its start in a chain of its own. Then
 * whoever finds nobody else at it follows the chain and moves PROD. From reserve
 * to PROD interrupts are off: nobody can wait for what it has itself
 * interrupted. Waits, for room and for a SYNC, run as the caller came.
 *
 * Positions count slots and have 64 bits; PROD and CONS are their low bits. Of
 * CONS a lower bound is kept: no reservation passes it by more than the size of
 * the queue, so no position has two meanings.
 *
 * The life of a command: reserved; written; valid; given to the SMMU; consumed;
 * complete, once a SYNC behind it is consumed. Its failures: no room until the
 * time-out (-INVAL_ETIMEDOUT, nothing was issued); illegal (its slot becomes a
 * SYNC, its producer alone gets -INVAL_EILSEQ); the SMMU cannot read the queue
 * (-INVAL_EFAULT after some tries); no SYNC in time (-INVAL_ETIMEDOUT). All but the
 * illegal command break the queue: from then on all get -INVAL_ESHUTDOWN, until it is
 * initialised again after a reset of the SMMU's queue. After each of these
 * errors what was to be invalidated must be taken as still there.
 */
#ifndef INVAL_QUEUE_GUARD
#define INVAL_QUEUE_GUARD

#include "types.h"
#include "cmd.h"
#include "port.h"

INVAL_BEGIN

INVAL_PORT_USES_ORDER(queue)
INVAL_PORT_USES_CPU(queue)
INVAL_PORT_USES_TIME(queue)
INVAL_PORT_USES_DEVICE(queue)
INVAL_PORT_USES_REPORT(queue)

/* Registers, from the base of page 0 (IHI 0070, 6.3). */
#define INVAL_REG_GERROR	0x60U
#define INVAL_REG_GERRORN	0x64U
#define INVAL_REG_CMDQ_BASE	0x90U
#define INVAL_REG_CMDQ_PROD	0x98U
#define INVAL_REG_CMDQ_CONS	0x9cU

/* GERROR.CMDQ_ERR; CMDQ_CONS.ERR codes (IHI 0070, 7.1). */
#define INVAL_GERROR_CMDQ	1U
#define INVAL_CERROR_NONE	0U
#define INVAL_CERROR_ILL	1U
#define INVAL_CERROR_ABT	2U
#define INVAL_CERROR_ATC	3U
#define INVAL_CERROR_OFF	0x7fU	/* no code: all registers of an SMMU without power */

/* Illegal commands remembered until their producers ask. */
#define INVAL_QUEUE_ILLS	8U
#define INVAL_QUEUE_LG2_MAX	19U

/**
 * struct inval_queue_config - what a queue is made of
 * @base: the SMMU's register page 0
 * @mem: the queue: two words a slot, aligned to its size or 32 bytes; the SMMU
 *	reads it
 * @book: inval_queue_book_bytes() of memory for the library; the SMMU never
 *	sees it
 * @size_lg2: slots, log2, 1 to 19 and at most IDR1.CMDQS
 * @smmu: SMMU number, for reports
 * @timeout_us: longest time that a waiter sees nothing consumed, microseconds: a
 *	queue that moves is not broken, however many stand in it
 * @abort_max: times that the SMMU may fail to read the queue (CERROR_ABT)
 *	before it is broken
 * @coherent: the SMMU sees the CPUs' stores without cache maintenance
 * @sev: a SYNC shall wake WFE (IDR0.SEV)
 *
 * @mem and @book are the caller's, and stay until nobody uses the queue.
 */
struct inval_queue_config {
	inval_mmio base;
	uint64_t *mem;
	uint64_t *book;
	uint32_t size_lg2;
	uint32_t smmu;
	uint32_t timeout_us;
	uint32_t abort_max;
	bool coherent;
	bool sev;
};

/**
 * struct inval_queue - one command queue; no field is the caller's
 * @cfg: as given
 * @chain: by slot of a batch's start: its end; valid when above its start
 * @who: by slot: the id of the ticket of its command, 0 for nobody's
 * @tail: next position to be reserved
 * @prod: positions given to the SMMU
 * @cons: positions known to be consumed
 * @pusher: 1 while somebody moves PROD
 * @fixer: 1 while somebody handles an error
 * @broken: the inval_code that broke it; 0
 * @errors: positions it stopped at with an error, so far
 * @error_cons: the latest of them
 * @aborts: CERROR_ABT there
 * @ill_count: illegal commands so far
 * @ill: tickets with an illegal command that nobody has asked about
 * @ill_lost: tickets that began below had one that found no place in @ill
 * @atc_count: SYNCs that failed on an ATC_INV so far
 */
struct inval_queue {
	struct inval_queue_config cfg;
	uint64_t *chain;
	uint64_t *who;
	uint64_t tail;
	uint64_t prod;
	uint64_t cons;
	uint64_t pusher;
	uint64_t fixer;
	uint64_t broken;
	uint64_t errors;
	uint64_t error_cons;
	uint64_t aborts;
	uint64_t ill_count;
	uint64_t ill[INVAL_QUEUE_ILLS];
	uint64_t ill_lost;
	uint64_t atc_count;
};

/**
 * struct inval_ticket - what one caller has put; the caller's, until its wait
 * @id: position of its first command + 1; 0: nothing put yet
 * @end: position behind its last one
 * @ill_count: illegal commands before it began
 * @atc_count: failed ATC_INV before it began
 * @atc: it has an ATC_INV
 * @priv: for an issue function of the embedder's own
 */
struct inval_ticket {
	uint64_t id;
	uint64_t end;
	uint64_t ill_count;
	uint64_t atc_count;
	bool atc;
	uint64_t priv;
};

/* Internal: slots. */
static inline uint64_t inval_queue_size(const struct inval_queue *q)
{
	return 1ULL << q->cfg.size_lg2;
}

/* Internal: index of a position's slot. */
static inline uint64_t inval_queue_slot(const struct inval_queue *q, uint64_t pos)
{
	return pos & (inval_queue_size(q) - 1U);
}

/* Internal: is position @a behind @b? Right as long as both are alive. */
static inline bool inval_queue_after(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

/**
 * inval_queue_book_bytes() - memory for struct inval_queue_config's book
 * @size_lg2: slots, log2
 *
 * Context: any.
 * Return: bytes.
 */
static inline uint64_t inval_queue_book_bytes(uint32_t size_lg2)
{
	return (2U * sizeof(uint64_t)) << size_lg2;
}

/**
 * inval_queue_base() - value for SMMU_CMDQ_BASE (IHI 0070, 6.3)
 * @pa: physical address of the queue, aligned to its size or 32 bytes
 * @size_lg2: slots, log2
 *
 * Context: any.
 * Return: the register's value, with a read-allocate hint.
 */
static inline uint64_t inval_queue_base(uint64_t pa, uint32_t size_lg2)
{
	return (1ULL << 62) | pa | size_lg2;
}

/* Internal: nothing put, nothing consumed, no error. */
static inline void inval_queue_clear(struct inval_queue *q)
{
	uint64_t i, size = inval_queue_size(q);

	q->chain = q->cfg.book;
	q->who = q->cfg.book + size;
	for (i = 0; i < 2U * size; i++)
		q->cfg.book[i] = 0;
	for (i = 0; i < INVAL_QUEUE_ILLS; i++)
		q->ill[i] = 0;
	q->tail = 0;
	q->prod = 0;
	q->cons = 0;
	q->pusher = 0;
	q->fixer = 0;
	q->broken = 0;
	q->errors = 0;
	q->error_cons = ~0ULL;
	q->aborts = 0;
	q->ill_count = 0;
	q->ill_lost = 0;
	q->atc_count = 0;
}

/**
 * inval_queue_init() - begin to use a queue
 * @q: the caller's; stays until nobody uses the queue
 * @cfg: copied
 *
 * The embedder has set CMDQ_BASE, PROD and CONS to 0 and enables the queue
 * (CR0.CMDQEN) before the first wait. Also to begin anew after the SMMU's queue
 * was reset: nobody may be in a function of this queue then, and commands put
 * before are lost.
 *
 * Context: before other CPUs use @q.
 * Return: 0; -INVAL_EINVAL for a size that is not 2 to 2^19 slots or memory
 * that is missing.
 */
static inline int inval_queue_init(struct inval_queue *q, const struct inval_queue_config *cfg)
{
	if (cfg->size_lg2 < 1U || cfg->size_lg2 > INVAL_QUEUE_LG2_MAX || cfg->mem == NULL ||
	    cfg->book == NULL)
		return -INVAL_EINVAL;
	q->cfg = *cfg;
	inval_queue_clear(q);
	return 0;
}

/**
 * inval_queue_ticket_init() - a ticket for the next commands
 * @t: the caller's
 *
 * Context: any.
 */
static inline void inval_queue_ticket_init(struct inval_ticket *t)
{
	t->id = 0;
	t->end = 0;
	t->ill_count = 0;
	t->atc_count = 0;
	t->atc = false;
	t->priv = 0;
}

/* Internal: nobody gets anything from this queue any more; the first reason stays. */
static inline int inval_queue_break(struct inval_queue *q, int code)
{
	if (inval_port_cmpxchg64(&q->broken, 0, (uint64_t)code) == 0U)
		inval_port_warn(INVAL_WARN_QUEUE_BROKEN, q->cfg.smmu, (uint64_t)code);
	return -code;
}

/* Internal: CONS as a position: at most what the SMMU has consumed. */
static inline uint64_t inval_queue_read_cons(struct inval_queue *q, uint64_t known, uint32_t *err)
{
	uint32_t reg = inval_port_mmio_read32(q->cfg.base, INVAL_REG_CMDQ_CONS);

	*err = (uint32_t)inval_field(reg, 30, 24);
	return known + ((reg - known) & (2U * inval_queue_size(q) - 1U));
}

/* Internal: what is consumed is at least @pos. */
static inline void inval_queue_advance(struct inval_queue *q, uint64_t pos)
{
	uint64_t known = inval_port_load64(&q->cons), seen;

	while (inval_queue_after(pos, known)) {
		seen = inval_port_cmpxchg64(&q->cons, known, pos); /* order: advance */
		if (seen == known)
			return;
		known = seen;
	}
}

/* Internal: a non-coherent SMMU shall see slots that were written. */
static inline void inval_queue_clean(struct inval_queue *q, uint64_t pos, uint64_t num)
{
	uint64_t slot = inval_queue_slot(q, pos), first = inval_queue_size(q) - slot;

	if (q->cfg.coherent)
		return;
	if (first > num)
		first = num;
	inval_port_dma_clean(&q->cfg.mem[2U * slot], first * INVAL_CMD_BYTES);
	if (num > first)
		inval_port_dma_clean(q->cfg.mem, (num - first) * INVAL_CMD_BYTES);
}

/* Internal: tell the producer of an illegal command, when it asks. */
static inline void inval_queue_blame(struct inval_queue *q, uint64_t pos, uint64_t op)
{
	uint64_t id = inval_port_load64(&q->who[inval_queue_slot(q, pos)]);
	uint32_t i;

	inval_port_store64(&q->ill_count, q->ill_count + 1U);
	if (id == 0U) {
		inval_port_warn(INVAL_WARN_CMD_ILLEGAL, q->cfg.smmu, op);
		return;
	}
	for (i = 0; i < INVAL_QUEUE_ILLS; i++) {
		if (inval_port_load64(&q->ill[i]) == id ||
		    inval_port_cmpxchg64(&q->ill[i], 0, id) == 0U)
			return;
	}
	inval_port_store64(&q->ill_lost, inval_port_load64(&q->tail));
}

/* Internal: CERROR_ILL: the bad slot becomes a SYNC (IHI 0070, 7.1). */
static inline void inval_queue_fix_ill(struct inval_queue *q, uint64_t pos)
{
	uint64_t *slot = &q->cfg.mem[2U * inval_queue_slot(q, pos)];
	struct inval_cmd sync;

	inval_queue_blame(q, pos, inval_cmd_load(slot).d0 & 0xffU);
	(void)inval_cmd_sync(&sync, false);
	inval_cmd_store(slot, sync);
	inval_queue_clean(q, pos, 1);
}

/* Internal: CERROR_ABT: try again, but not for ever; 0 to try again. */
static inline int inval_queue_fix_abt(struct inval_queue *q)
{
	q->aborts++;
	inval_port_warn(INVAL_WARN_CMDQ_ABORT, q->cfg.smmu, q->aborts);
	if (q->aborts > q->cfg.abort_max)
		return inval_queue_break(q, INVAL_EFAULT);
	inval_port_count(INVAL_COUNT_RETRY, 1);
	return 0;
}

/* Internal: it stopped at @pos; a new place is progress. */
static inline void inval_queue_stopped(struct inval_queue *q, uint64_t pos)
{
	if (pos == q->error_cons)
		return;
	q->error_cons = pos;
	q->aborts = 0;
	inval_port_store64(&q->errors, q->errors + 1U);
}

/*
 * Internal: handle an error, if there is one, and acknowledge it; the fixer only.
 * The barriers: whose slot it is, after where the SMMU stopped; the slot before the
 * acknowledgement.
 */
static inline int inval_queue_fix(struct inval_queue *q)
{
	uint32_t ack = inval_port_mmio_read32(q->cfg.base, INVAL_REG_GERRORN), err;
	uint32_t active = inval_port_mmio_read32(q->cfg.base, INVAL_REG_GERROR) ^ ack;
	uint64_t pos;

	if ((active & INVAL_GERROR_CMDQ) == 0U)
		return 0;
	pos = inval_queue_read_cons(q, inval_port_load64(&q->cons), &err);
	inval_port_trace(INVAL_EVENT_CMDQ_ERROR, q->cfg.smmu, err);
	inval_port_dma_mb(); /* order: blame */
	inval_queue_stopped(q, pos);
	switch (err) {
	case INVAL_CERROR_ILL:
		inval_queue_fix_ill(q, pos);
		break;
	case INVAL_CERROR_ABT:
		if (inval_queue_fix_abt(q) != 0)
			return -INVAL_EFAULT;
		break;
	case INVAL_CERROR_ATC:
		inval_port_store64(&q->atc_count, q->atc_count + 1U);
		break;
	case INVAL_CERROR_OFF:
		return inval_queue_break(q, INVAL_EPROTO);
	default:
		break;
	}
	inval_port_dma_mb(); /* order: ack */
	inval_port_mmio_write32(q->cfg.base, INVAL_REG_GERRORN, ack ^ INVAL_GERROR_CMDQ);
	return 0;
}

/**
 * inval_queue_recover() - look for an error of the queue, and handle it
 * @q: the queue
 *
 * Waits do this by themselves. An embedder with a GERROR interrupt may call it
 * there; it leaves the other errors of GERROR alone. GERRORN has one writer at a
 * time: while the queue is used, the embedder acknowledges those others with
 * inval_queue_ack().
 *
 * Context: any; with any other function of the queue.
 * Return: 0, also when somebody else is at it; -INVAL_EFAULT or -INVAL_EPROTO
 * when this call broke the queue.
 */
static inline int inval_queue_recover(struct inval_queue *q)
{
	unsigned long token = inval_port_irq_save();
	int err = 0;

	if (inval_port_xchg64(&q->fixer, 1) == 0U) { /* order: take */
		err = inval_queue_fix(q);
		inval_port_store_release64(&q->fixer, 0); /* order: fixer */
	}
	inval_port_irq_restore(token);
	return err;
}

/**
 * inval_queue_ack() - acknowledge errors of GERROR that are not the queue's
 * @q: the queue of that SMMU
 * @bits: errors that were seen and handled, as in GERROR; CMDQ_ERR, and what is
 *	not active, is left out
 *
 * Context: any; with any other function of the queue.
 * Return: 0; -INVAL_EAGAIN while somebody else writes GERRORN: call again.
 */
static inline INVAL_MUST_CHECK int inval_queue_ack(struct inval_queue *q, uint32_t bits)
{
	unsigned long token = inval_port_irq_save();
	int err = -INVAL_EAGAIN;
	uint32_t ack;

	if (inval_port_xchg64(&q->fixer, 1) == 0U) { /* order: take */
		ack = inval_port_mmio_read32(q->cfg.base, INVAL_REG_GERRORN);
		bits &= inval_port_mmio_read32(q->cfg.base, INVAL_REG_GERROR) ^ ack;
		inval_port_mmio_write32(q->cfg.base, INVAL_REG_GERRORN,
					ack ^ (bits & ~INVAL_GERROR_CMDQ));
		inval_port_store_release64(&q->fixer, 0); /* order: fixer */
		err = 0;
	}
	inval_port_irq_restore(token);
	return err;
}

/*
 * Internal: look at CONS once. All ones are no position, though they may look like
 * one: the SMMU has no power. Nor is one beyond PROD, with nothing sent since that
 * could explain it. ERR shows an error before GERROR does, and still does when it is
 * over; while it is active CONS stands. So a wait without an error reads CONS alone.
 */
static inline int inval_queue_poll(struct inval_queue *q)
{
	uint64_t known = inval_port_load64(&q->cons), pos;
	uint32_t err;

	pos = inval_queue_read_cons(q, known, &err);
	if (err == INVAL_CERROR_OFF)
		return inval_queue_break(q, INVAL_EPROTO);
	if (inval_queue_after(pos, inval_port_load64(&q->prod))) {
		inval_port_dma_mb(); /* order: poll */
		if (inval_queue_after(pos, inval_port_load64(&q->prod)))
			return inval_queue_break(q, INVAL_EPROTO);
	}
	inval_queue_advance(q, pos);
	if (err != INVAL_CERROR_NONE && pos == known)
		return inval_queue_recover(q);
	return 0;
}

/**
 * struct inval_queue_clock - how long somebody has waited and nothing moved
 * @since_us: when it last moved
 * @mark: where it stood then: positions consumed and errors
 * @runs: the wait has begun
 * @late: the time is over; what stands still at one more look is a time-out
 */
struct inval_queue_clock {
	uint64_t since_us;
	uint64_t mark;
	bool runs;
	bool late;
};

/*
 * Internal: is a wait to be given up? Between the clock that says so and that end
 * CONS is looked at once more: a waiter that was not scheduled for long must not
 * take what is done meanwhile, or what only it could recover, for a time-out.
 */
static inline bool inval_queue_expired(struct inval_queue *q, struct inval_queue_clock *clock)
{
	uint64_t mark = inval_port_load64(&q->cons) + inval_port_load64(&q->errors), now;
	bool moved = !clock->runs || mark != clock->mark;

	if (clock->late && !moved)
		return true;
	now = inval_port_now_us();
	if (moved) {
		clock->runs = true;
		clock->mark = mark;
		clock->since_us = now;
	}
	clock->late = now - clock->since_us > q->cfg.timeout_us;
	return false;
}

/* Internal: one turn of a wait. */
static inline int inval_queue_turn(struct inval_queue *q, uint64_t until,
				   struct inval_queue_clock *clock)
{
	int err;

	if (inval_port_load64(&q->broken) != 0U)
		return -INVAL_ESHUTDOWN;
	err = inval_queue_poll(q);
	if (err != 0 || !inval_queue_after(until, inval_port_load64(&q->cons)))
		return err;
	if (inval_queue_expired(q, clock))
		return inval_queue_break(q, INVAL_ETIMEDOUT);
	inval_port_relax();
	return 0;
}

/* Internal: take @num slots at the tail, if there is room; @tail: where they begin. */
static inline bool inval_queue_take(struct inval_queue *q, uint64_t num, uint64_t *tail)
{
	uint64_t seen;

	*tail = inval_port_load64(&q->tail);
	/* order: reuse */
	while ((int64_t)(*tail + num - inval_port_load_acquire64(&q->cons)) <=
	       (int64_t)inval_queue_size(q)) {
		seen = inval_port_cmpxchg64(&q->tail, *tail, *tail + num); /* order: room */
		if (seen == *tail)
			return true;
		*tail = seen;
	}
	return false;
}

/* Internal: reserve slots; on success interrupts are off. */
static inline int inval_queue_reserve(struct inval_queue *q, uint64_t num, uint64_t *start,
				      unsigned long *token)
{
	struct inval_queue_clock clock = { 0, 0, false, false };
	bool full = false;
	int err;

	for (;;) {
		if (inval_port_load64(&q->broken) != 0U)
			return -INVAL_ESHUTDOWN;
		*token = inval_port_irq_save();
		if (inval_queue_take(q, num, start))
			return 0;
		inval_port_irq_restore(*token);
		if (!full)
			inval_port_count(INVAL_COUNT_FULL, 1);
		full = true;
		err = inval_queue_turn(q, *start + num - inval_queue_size(q), &clock);
		if (err != 0)
			return err;
	}
}

/*
 * Internal: move PROD over all that is valid, unless somebody else is at it; that
 * one looks again after it has let go, so nothing valid stays behind.
 */
static inline void inval_queue_push(struct inval_queue *q)
{
	uint64_t pos, end, from;

	while (inval_port_xchg64(&q->pusher, 1) == 0U) { /* order: take */
		from = inval_port_load64(&q->prod);
		pos = from;
		/* order: seen */
		end = inval_port_load_acquire64(&q->chain[inval_queue_slot(q, pos)]);
		while (inval_queue_after(end, pos)) {
			pos = end;
			/* order: seen */
			end = inval_port_load_acquire64(&q->chain[inval_queue_slot(q, pos)]);
		}
		if (pos != from) {
			inval_port_store64(&q->prod, pos);
			inval_port_dma_mb(); /* order: prod */
			inval_port_mmio_write32(q->cfg.base, INVAL_REG_CMDQ_PROD,
				(uint32_t)(pos & (2U * inval_queue_size(q) - 1U)));
		}
		inval_port_store_release64(&q->pusher, 0); /* order: pusher */
		inval_port_mb(); /* order: recheck */
		end = inval_port_load64(&q->chain[inval_queue_slot(q, pos)]);
		if (!inval_queue_after(end, pos))
			return;
	}
}

/* Internal: one command of a batch into its slot. */
static inline void inval_queue_write(struct inval_queue *q, uint64_t pos, struct inval_cmd cmd,
				     uint64_t id)
{
	uint64_t slot = inval_queue_slot(q, pos);

	inval_cmd_store(&q->cfg.mem[2U * slot], cmd);
	inval_port_store64(&q->who[slot], id);
}

/* Internal: a batch, and the SYNC behind it, into their slots; visible to the SMMU. */
static inline void inval_queue_write_batch(struct inval_queue *q, uint64_t start,
					   const struct inval_cmd *cmds, uint32_t num, bool sync,
					   uint64_t id)
{
	struct inval_cmd cmd;
	uint32_t i;

	for (i = 0; i < num; i++)
		inval_queue_write(q, start + i, cmds[i], id);
	if (sync) {
		(void)inval_cmd_sync(&cmd, q->cfg.sev);
		inval_queue_write(q, start + num, cmd, id);
		inval_port_count(INVAL_COUNT_SYNC, 1);
	}
	inval_queue_clean(q, start, (uint64_t)num + (sync ? 1U : 0U));
	inval_port_dma_wmb(); /* order: batch */
}

/* Internal: note what the errors were before a ticket's first command. */
static inline void inval_queue_ticket_begin(struct inval_queue *q, struct inval_ticket *t)
{
	t->ill_count = inval_port_load64(&q->ill_count);
	t->atc_count = inval_port_load64(&q->atc_count);
}

/**
 * inval_queue_put() - give a batch of commands to the SMMU
 * @q: the queue
 * @cmds: legal commands; what the SMMU calls illegal is found, but stops the
 *	queue for all for a moment
 * @num: their number; with the SYNC at least 1 and at most the queue's slots
 * @sync: add a SYNC behind them
 * @t: the caller's ticket, to wait with; NULL when nobody will ask: an illegal
 *	command is then a warning
 *
 * Commands of a batch stand in the queue in their order with nobody's between.
 * Waits for room, until the time-out.
 *
 * Context: any, interrupts off included; with any other function of the queue.
 * Return: 0; -INVAL_EINVAL for a batch that can never fit; -INVAL_ETIMEDOUT,
 * -INVAL_EFAULT or -INVAL_EPROTO when this call broke the queue, waiting for
 * room; -INVAL_ESHUTDOWN when it is broken. On failure nothing was issued.
 */
static inline INVAL_MUST_CHECK int inval_queue_put(struct inval_queue *q,
						   const struct inval_cmd *cmds, uint32_t num,
						   bool sync, struct inval_ticket *t)
{
	uint64_t start = 0, total = (uint64_t)num + (sync ? 1U : 0U);
	unsigned long token = 0;
	int err;

	if (total == 0U || total > inval_queue_size(q))
		return -INVAL_EINVAL;
	if (t != NULL && t->id == 0U)
		inval_queue_ticket_begin(q, t);
	err = inval_queue_reserve(q, total, &start, &token);
	if (err != 0) {
		inval_port_count(INVAL_COUNT_ERROR, 1);
		return err;
	}
	if (t != NULL) {
		t->id = t->id != 0U ? t->id : start + 1U;
		t->end = start + total;
	}
	inval_queue_write_batch(q, start, cmds, num, sync, t != NULL ? t->id : 0U);
	/* order: valid */
	inval_port_store_release64(&q->chain[inval_queue_slot(q, start)], start + total);
	inval_queue_push(q);
	inval_port_irq_restore(token);
	inval_port_trace(INVAL_EVENT_ISSUE, q->cfg.smmu, total);
	return 0;
}

/* Internal: did an error happen to this ticket's commands? */
static inline int inval_queue_claim(struct inval_queue *q, const struct inval_ticket *t)
{
	bool ill = false;
	uint32_t i;

	if (inval_port_load64(&q->ill_count) != t->ill_count) {
		ill = inval_queue_after(inval_port_load64(&q->ill_lost), t->id - 1U);
		for (i = 0; i < INVAL_QUEUE_ILLS; i++) {
			if (inval_port_load64(&q->ill[i]) == t->id) {
				inval_port_store64(&q->ill[i], 0);
				ill = true;
			}
		}
	}
	if (ill)
		return -INVAL_EILSEQ;
	if (t->atc && inval_port_load64(&q->atc_count) != t->atc_count)
		return -INVAL_EREMOTEIO;
	return 0;
}

/**
 * inval_queue_wait() - wait until the SYNC that a ticket ends with is complete
 * @q: the queue
 * @t: a ticket whose last batch was put with a SYNC
 *
 * Then all commands of the ticket are complete (IHI 0070, 4.7.3). One that was
 * put without a batch is done.
 *
 * Context: any, interrupts off included; with any other function of the queue.
 * Return: 0; -INVAL_EILSEQ when one of its commands was illegal (one of others,
 * that nobody asked about, may be meant after 8 of them at a time);
 * -INVAL_EREMOTEIO when it has an ATC_INV, and one in the queue meanwhile was not
 * confirmed by its device; -INVAL_ETIMEDOUT, -INVAL_EFAULT or -INVAL_EPROTO when
 * this call broke the queue; -INVAL_ESHUTDOWN when it is broken. After any of
 * them what was to be invalidated must be taken as still there.
 */
static inline INVAL_MUST_CHECK int inval_queue_wait(struct inval_queue *q,
						    const struct inval_ticket *t)
{
	struct inval_queue_clock clock = { 0, 0, false, false };
	int err = 0;

	if (t->id == 0U)
		return 0;
	inval_port_count(INVAL_COUNT_WAIT, 1);
	inval_port_trace(INVAL_EVENT_WAIT_BEGIN, q->cfg.smmu, t->end);
	/* order: done */
	while (err == 0 && inval_queue_after(t->end, inval_port_load_acquire64(&q->cons)))
		err = inval_queue_turn(q, t->end, &clock);
	if (err == 0)
		err = inval_queue_claim(q, t);
	if (err != 0)
		inval_port_count(INVAL_COUNT_ERROR, 1);
	inval_port_trace(INVAL_EVENT_WAIT_END, q->cfg.smmu, (uint64_t)(-(int64_t)err));
	return err;
}

/**
 * inval_queue_run() - put commands, a SYNC, and wait
 * @q: the queue
 * @cmds: legal commands
 * @num: their number, 0 to the queue's slots - 1
 *
 * For configuration: CFGI_* after a store to an STE or CD.
 *
 * Context: any, interrupts off included; with any other function of the queue.
 * Return: as inval_queue_put() and inval_queue_wait().
 */
static inline INVAL_MUST_CHECK int inval_queue_run(struct inval_queue *q,
						   const struct inval_cmd *cmds, uint32_t num)
{
	struct inval_ticket t;
	int err;

	inval_queue_ticket_init(&t);
	err = inval_queue_put(q, cmds, num, true, &t);
	return err != 0 ? err : inval_queue_wait(q, &t);
}

INVAL_END

#endif /* INVAL_QUEUE_GUARD */
