/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/queue.h - one SMMU command queue: many producers without a lock, SYNC,
 * error recovery (IHI 0070, 3.5 and 4.7); the SMMU's own, an ECMDQ, or a virtual one.
 *
 * A producer reserves slots by compare-exchange, writes them, and marks the
 * batch valid by storing its end at its start in a chain of its own. Then
 * whoever finds nobody else at it follows the chain and moves PROD. From reserve
 * to PROD interrupts are off: nobody can wait for what it has itself
 * interrupted. Waits, for room and for a SYNC, run as the caller came. What comes even
 * with interrupts off, as an NMI, must not use a queue.
 *
 * Room goes to who is there first, but who has seen INVAL_QUEUE_OVERTAKEN slots go to
 * others gets a number, and from then on room is given by numbers alone: so a large
 * batch cannot starve behind small ones. Nor may anybody depend on a CPU that is
 * interrupted, or not scheduled: a number whose owner does not take the room of an empty
 * queue within INVAL_QUEUE_PASS_US is passed over, and its owner gets another.
 *
 * Positions count slots and have 64 bits; PROD and CONS are their low bits. Of
 * CONS a lower bound is kept: no reservation passes it by more than the size of
 * the queue, so no position has two meanings.
 *
 * The life of a command, and where it can end
 *
 *	state		by		leaves it by
 *	wanted		the caller	-EINVAL, -EOPNOTSUPP: it can never be put; -ETIMEDOUT,
 *					-EFAULT, -EPROTO, -ESHUTDOWN: no room will come. In
 *					each case nothing of its batch was issued
 *	reserved	compare-exchange, interrupts off; cannot fail from here on
 *	written, valid	stores		PROD, by this CPU or one that is at it
 *	given		PROD		the SMMU fetches it; or CERROR_ABT: fetched again, so
 *					often at one place as @abort_max says, then -EFAULT
 *	consumed	CONS		without any meaning but for a SYNC; or CERROR_ILL: the
 *					slot becomes a SYNC, its ticket gets -EILSEQ
 *	complete	a SYNC behind	the SYNC's wait returns 0; or CERROR_ATC_INV_SYNC: the
 *			it is consumed	SYNC is tried again, and tickets with an ATC_INV that
 *					may have been meant get -EREMOTEIO
 *	lost		the queue is	-ETIMEDOUT, -EFAULT, -EPROTO to who broke it, to all
 *			broken		others -ESHUTDOWN; also to tickets of before
 *					inval_queue_reset()
 *
 * An error of GERROR that CONS does not name is acknowledged; an MSI that the SMMU
 * could not write (MSI_CMDQ_ABT) turns MSIs off, and waits read CONS. Neither ends
 * anything.
 *
 * What each function guarantees to whom when something fails
 *
 *	put	to its caller: all or nothing; what was put before stays under way. To
 *		others: what they put is neither lost, nor moved, nor told this error
 *	wait	to its caller: 0 means that all its commands are complete, whatever
 *		happened to others'; an error, that all of its ticket must be taken as
 *		not done. To others: it handles the errors that stop them, too
 *	recover	to all: the queue goes on, or is broken; nobody's code is taken away
 *	ack	to the embedder: it alone writes GERRORN, or -EAGAIN, or -ESHUTDOWN
 *	reset	to the caller: as new; to tickets from before: -ESHUTDOWN
 *	find	to its caller: the answer is of this device alone. To others: a
 *		suspicion more (-EREMOTEIO) while it lasts, and longer time-outs
 *	a broken queue	to all: no register is touched, nothing waits
 *
 * After each of these errors what was to be invalidated must be taken as still there.
 */
#ifndef INVAL_QUEUE_GUARD
#define INVAL_QUEUE_GUARD

#include "types.h"
#include "caps.h"
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
/* CMDQ_CONTROL_PAGE_BASEn, likewise; then an ECMDQ's, from inval_ecmdq_offset(). */
#define INVAL_REG_CONTROL_PAGE(n) (0x4000U + 32U * (n))
#define INVAL_REG_ECMDQ_BASE	0x0U
#define INVAL_REG_ECMDQ_PROD	0x8U
#define INVAL_REG_ECMDQ_CONS	0xcU
#define INVAL_ECMDQ_ERR		0x800000U	/* PROD.ERRACK, CONS.ERR */
#define INVAL_ECMDQ_EN		0x80000000U	/* PROD.EN, CONS.ENACK */

/* GERROR bits; CMDQ_CONS.ERR codes (IHI 0070, 7.1). */
#define INVAL_GERROR_CMDQ	1U
#define INVAL_GERROR_MSI_CMDQ	(1U << 4)
#define INVAL_CERROR_NONE	0U
#define INVAL_CERROR_ILL	1U
#define INVAL_CERROR_ABT	2U
#define INVAL_CERROR_ATC	3U
#define INVAL_CERROR_ODD	0x7eU	/* no code: an ECMDQ's error without a reason */
#define INVAL_CERROR_OFF	0x7fU	/* no code: all registers of an SMMU without power */

/* Illegal commands remembered until their producers ask. */
#define INVAL_QUEUE_ILLS	8U
#define INVAL_QUEUE_LG2_MAX	19U

/* Slots that go to others before a waiter gets a number. */
#define INVAL_QUEUE_OVERTAKEN	256U
/* Longest time that an empty queue is kept for the one whose turn it is. */
#define INVAL_QUEUE_PASS_US	50U
/* Times that a reservation may lose against others before it counts as a waiter. */
#define INVAL_QUEUE_TRIES	8U
/* Longest sleep for an event: an error sends none. */
#define INVAL_QUEUE_EVENT_US	100U
/* Looks of a wait: with MSIs, one in so many is at CONS, where errors show. */
#define INVAL_QUEUE_LOOK_CONS	16U
/* Likewise, one in so many is at GERROR, for errors that CONS does not name. */
#define INVAL_QUEUE_LOOK_GERROR	64U
/* The ticket of who looks for a device that does not answer; no position. */
#define INVAL_QUEUE_HUNTER	(1ULL << 63)
#define INVAL_QUEUE_REFUSED	(~0ULL)	/* no number of slots */

/**
 * enum inval_queue_kind - whose registers a queue has
 * @INVAL_QUEUE_CMDQ: the SMMU's own: CMDQ_PROD, CMDQ_CONS, GERROR, GERRORN
 * @INVAL_QUEUE_ECMDQ: an enhanced one: ECMDQ_PROD, ECMDQ_CONS, with errors in both
 * @INVAL_QUEUE_VIRTUAL: four like the SMMU's own, at struct inval_queue_config's regs
 */
enum inval_queue_kind {
	INVAL_QUEUE_CMDQ,
	INVAL_QUEUE_ECMDQ,
	INVAL_QUEUE_VIRTUAL
};

/**
 * struct inval_queue_regs - where the registers of a queue are
 * @prod: offset of PROD, bytes
 * @cons: of CONS
 * @gerror: of the register whose bit 0 shows an error of the queue; no ECMDQ's
 * @gerrorn: of the one that acknowledges it; no ECMDQ's
 */
struct inval_queue_regs {
	uint32_t prod;
	uint32_t cons;
	uint32_t gerror;
	uint32_t gerrorn;
};

/**
 * struct inval_queue_config - what a queue is made of; inval_queue_config_init()
 * @base: the SMMU's register page 0; an ECMDQ's or virtual queue's registers
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
 * @kind: enum inval_queue_kind
 * @sync: how to wait; a virtual queue may know INVAL_SYNC_POLL alone
 * @msi: for INVAL_SYNC_MSI: 8 bytes that the SMMU writes and nobody else uses,
 *	aligned; alone in a cache line where not @coherent
 * @msi_pa: their physical address
 * @regs: for INVAL_QUEUE_VIRTUAL
 * @accept: opcodes 0 to 127 that it takes, a bit each, SYNC in any case; all 0: all
 * @sync_each: erratum, struct inval_policy
 * @twice: erratum, likewise; needs 4 slots
 *
 * @mem, @book and @msi are the caller's, and stay until nobody uses the queue.
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
	enum inval_queue_kind kind;
	enum inval_sync sync;
	uint64_t *msi;
	uint64_t msi_pa;
	struct inval_queue_regs regs;
	uint64_t accept[2];
	bool sync_each;
	bool twice;
};

/**
 * struct inval_queue - one command queue; no field is the caller's
 * @cfg: as given, with all registers
 * @mask: slots - 1
 * @chain: by slot of a batch's start: its end; valid when above its start. The
 *	same by slot of its last command
 * @who: by slot of a batch's last command: the id of its ticket, 0 for nobody's
 * @wrap: the bits of a position that PROD and CONS hold
 * @plain: slots, where put has no more to do than to copy; else 0: an erratum, commands
 *	that it refuses, memory to clean; broken
 * @polled: tickets above are waited for by CONS at first: @born; all ones with MSIs, and
 *	when it is broken
 * @prod_bits: what PROD holds besides the position; of who moves PROD
 * @err_bits: of CONS: as in @prod_bits while there is no error. Besides the error's
 *	an ECMDQ's RES0 ones, which are set without power
 * @sync_d0: first word of a SYNC
 * @sync_msi: the same with an MSI, but for its data
 * @msi_on: SYNCs write MSIs
 * @born: positions below are from before a reset
 * @timeout_us: of all waits, now
 * @tail: next position to be reserved
 * @overtaken: INVAL_QUEUE_OVERTAKEN
 * @line: who has a number: the one that is called 63:32, how many there are 31:0
 * @prod: positions given to the SMMU
 * @cons: positions known to be consumed
 * @pusher: 1 while somebody moves PROD
 * @fixer: 1 while somebody handles an error
 * @broken: the inval_code that broke it; 0
 * @errors: times it stopped with an error, so far; of those at one place, as many as slots
 * @error_cons: where it did last
 * @repeats: times that it did there before
 * @aborts: CERROR_ABT there
 * @faults: illegal commands so far, 31:0; SYNCs that failed on an ATC_INV, 63:32
 * @ill: tickets with an illegal command that nobody has asked about
 * @ill_lost: tickets that began below had one that found no place in @ill
 * @hunter: 1 while somebody looks for a device that does not answer
 * @hunt_hit: 1 when that one's last SYNC failed
 */
struct inval_queue {
	struct inval_queue_config cfg;
	uint64_t mask;
	uint64_t *chain;
	uint64_t *who;
	uint64_t wrap;
	uint64_t plain;
	uint64_t polled;
	uint64_t prod_bits;
	uint32_t err_bits;
	uint64_t sync_d0;
	uint64_t sync_msi;
	uint64_t msi_on;
	uint64_t born;
	uint64_t timeout_us;
	uint64_t tail;
	uint64_t overtaken;
	uint64_t line;
	uint64_t prod;
	uint64_t cons;
	uint64_t pusher;
	uint64_t fixer;
	uint64_t broken;
	uint64_t errors;
	uint64_t error_cons;
	uint64_t repeats;
	uint64_t aborts;
	uint64_t faults;
	uint64_t ill[INVAL_QUEUE_ILLS];
	uint64_t ill_lost;
	uint64_t hunter;
	uint64_t hunt_hit;
};

/**
 * struct inval_ticket - what one caller has put; the caller's, until its wait
 * @id: position of its first command + 1; 0: nothing put yet
 * @end: position behind its last one
 * @faults: the queue's, before it began
 * @atc: it has an ATC_INV: the caller says so, before its wait
 * @queue: where a flush puts it, once that is known
 * @priv: for an issue function of the embedder's own
 */
struct inval_ticket {
	uint64_t id;
	uint64_t end;
	uint64_t faults;
	bool atc;
	struct inval_queue *queue;
	uint64_t priv;
};

/* Internal: slots. */
static inline uint64_t inval_queue_size(const struct inval_queue *q)
{
	return q->mask + 1U;
}

/* Internal: index of a position's slot. */
static inline uint64_t inval_queue_slot(const struct inval_queue *q, uint64_t pos)
{
	return pos & q->mask;
}

/* Internal: is position @a behind @b? There are more of them than a queue can have. */
static inline bool inval_queue_after(uint64_t a, uint64_t b)
{
	return a > b;
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
 * inval_queue_base() - value for SMMU_CMDQ_BASE or ECMDQ_BASE (IHI 0070, 6.3)
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

/**
 * inval_ecmdq_offset() - where the registers of an ECMDQ are (IHI 0070, 3.5.6 and 6.3)
 * @page: value of SMMU_CMDQ_CONTROL_PAGE_BASEn, a page below 2^@caps' ecmdq_pages_lg2
 * @n: number of the queue in that page, below 2^ecmdq_queues_lg2
 *
 * Context: any.
 * Return: bytes, from page 0; struct inval_queue_config's base is that address.
 */
static inline uint64_t inval_ecmdq_offset(uint64_t page, uint32_t n)
{
	return (inval_field(page, 55, 16) << 16) + 16U * (uint64_t)n;
}

/**
 * inval_queue_config_init() - a queue's configuration from what its SMMU can do
 * @cfg: the caller's; then base, mem, book and smmu are to be set, msi and msi_pa
 *	where sync says so, and the kind where it is not the SMMU's own, with regs for
 *	a virtual one
 * @caps: the SMMU's capabilities
 * @policy: its errata
 * @sec: security state of the queue
 *
 * As many slots as there can be, one second, three aborts.
 *
 * Context: any.
 */
static inline void inval_queue_config_init(struct inval_queue_config *cfg,
					   const struct inval_caps *caps,
					   const struct inval_policy *policy, enum inval_sec sec)
{
	cfg->mem = NULL;
	cfg->book = NULL;
	cfg->size_lg2 = caps->cmdq_lg2;
	cfg->smmu = 0;
	cfg->timeout_us = 1000000;
	cfg->abort_max = 3;
	cfg->coherent = inval_caps_has(caps, INVAL_FEAT_COHACC);
	cfg->kind = INVAL_QUEUE_CMDQ;
	cfg->sync = inval_policy_sync(policy, caps, sec);
	cfg->msi = NULL;
	cfg->msi_pa = 0;
	cfg->accept[0] = policy->no_prefetch ? ~((1ULL << INVAL_OP_PREFETCH_CONFIG) |
						 (1ULL << INVAL_OP_PREFETCH_ADDR)) : 0U;
	cfg->accept[1] = policy->no_prefetch ? ~0ULL : 0U;
	cfg->sync_each = policy->sync_each;
	cfg->twice = policy->twice;
}

/* Internal: nothing put, nothing consumed, no error; positions begin at @pos. */
static inline void inval_queue_clear(struct inval_queue *q, uint64_t pos)
{
	uint64_t i;

	for (i = 0; i < 2U * inval_queue_size(q); i++)
		q->cfg.book[i] = 0;
	for (i = 0; i < INVAL_QUEUE_ILLS; i++)
		q->ill[i] = 0;
	q->born = pos;
	q->tail = pos;
	q->prod = pos;
	q->cons = pos;
	q->timeout_us = q->cfg.timeout_us;
	q->overtaken = INVAL_QUEUE_OVERTAKEN;
	q->line = 0;
	q->pusher = 0;
	q->fixer = 0;
	q->broken = 0;
	q->errors = 0;
	q->error_cons = ~0ULL;
	q->repeats = 0;
	q->aborts = 0;
	q->faults = 0;
	q->ill_lost = 0;
	q->hunter = 0;
}

/* Internal: how many slots, and whether a batch has only to be copied there. */
static inline void inval_queue_setup_slots(struct inval_queue *q)
{
	q->mask = (1ULL << q->cfg.size_lg2) - 1U;
	q->wrap = 2U * q->mask + 1U;
	q->chain = q->cfg.book;
	q->who = q->cfg.book + q->mask + 1U;
	q->plain = q->cfg.sync_each || q->cfg.twice || !q->cfg.coherent ||
		   (q->cfg.accept[0] | q->cfg.accept[1]) != 0U ? 0U : q->mask + 1U;
}

/* Internal: which registers, and what stands in PROD and in a SYNC. */
static inline void inval_queue_setup(struct inval_queue *q)
{
	struct inval_queue_regs *regs = &q->cfg.regs;
	struct inval_cmd sync;

	if (q->cfg.kind != INVAL_QUEUE_VIRTUAL) {
		regs->prod = INVAL_REG_CMDQ_PROD;
		regs->cons = INVAL_REG_CMDQ_CONS;
		regs->gerror = INVAL_REG_GERROR;
		regs->gerrorn = INVAL_REG_GERRORN;
	}
	q->prod_bits = 0;
	q->err_bits = 0x7f000000U;
	if (q->cfg.kind == INVAL_QUEUE_ECMDQ) {
		q->err_bits = INVAL_ECMDQ_ERR | 0x700000U;
		regs->prod = INVAL_REG_ECMDQ_PROD;
		regs->cons = INVAL_REG_ECMDQ_CONS;
		q->prod_bits = INVAL_ECMDQ_EN | (INVAL_ECMDQ_ERR &
			       inval_port_mmio_read32(q->cfg.base, INVAL_REG_ECMDQ_PROD));
	}
	(void)inval_cmd_sync(&sync, q->cfg.sync == INVAL_SYNC_EVENT);
	q->sync_d0 = sync.d0;
}

/*
 * Internal: a SYNC with an MSI; its number will be a position, which has complete SYNCs
 * below it only. Attributes: Write-Back, inner shareable, or Normal non-cacheable (IHI
 * 0070, 5.2, STE.MemAttr).
 */
static inline int inval_queue_msi(struct inval_cmd *sync, const struct inval_queue_config *cfg)
{
	return inval_cmd_sync_msi(sync, cfg->msi_pa, 0, cfg->coherent ? 3 : 2,
				  cfg->coherent ? 0xf : 0x5);
}

/*
 * Internal: SYNCs with MSIs, where a queue has them, and the memory they go to.
 * inval_queue_check() has seen that there can be such a SYNC.
 */
static inline void inval_queue_setup_msi(struct inval_queue *q)
{
	struct inval_cmd sync = { 0, 0 };

	q->msi_on = q->cfg.sync == INVAL_SYNC_MSI ? 1U : 0U;
	q->polled = q->msi_on != 0U ? ~0ULL : q->born;
	if (q->msi_on == 0U)
		return;
	(void)inval_queue_msi(&sync, &q->cfg);
	q->sync_msi = sync.d0;
	inval_port_store64(q->cfg.msi, inval_le64(q->cons));
	if (!q->cfg.coherent)
		inval_port_dma_clean(q->cfg.msi, sizeof(*q->cfg.msi));
}

/* Internal: can a queue be made of this? */
static inline int inval_queue_check(const struct inval_queue_config *cfg)
{
	struct inval_cmd sync;

	if (cfg->size_lg2 < (cfg->twice ? 2U : 1U) || cfg->size_lg2 > INVAL_QUEUE_LG2_MAX ||
	    cfg->mem == NULL || cfg->book == NULL)
		return -INVAL_EINVAL;
	if (cfg->sync != INVAL_SYNC_MSI)
		return 0;
	return cfg->msi != NULL ? inval_queue_msi(&sync, cfg) : -INVAL_EINVAL;
}

/**
 * inval_queue_init() - begin to use a queue
 * @q: the caller's; stays until nobody uses the queue
 * @cfg: copied
 *
 * The embedder has set CMDQ_BASE, PROD and CONS to 0 and enables the queue
 * (CR0.CMDQEN; ECMDQ_PROD.EN until CONS.ENACK) before the first wait. Tickets of an
 * earlier life must not be waited for: after a reset of the SMMU it is
 * inval_queue_reset().
 *
 * Context: before other CPUs use @q.
 * Return: 0; -INVAL_EINVAL for a size that is not 2 to 2^19 slots, or 4 with the
 * erratum @twice, or memory that is missing; -INVAL_ERANGE for a bad @msi_pa: nothing was
 * changed.
 */
static inline INVAL_MUST_CHECK int inval_queue_init(struct inval_queue *q,
						    const struct inval_queue_config *cfg)
{
	int err = inval_queue_check(cfg);

	if (err != 0)
		return err;
	q->cfg = *cfg;
	inval_queue_setup_slots(q);
	inval_queue_setup(q);
	inval_queue_clear(q, 0);
	inval_queue_setup_msi(q);
	return 0;
}

/**
 * inval_queue_reset() - begin anew after the SMMU, or this queue, was reset
 * @q: a queue that was initialised; broken or not
 *
 * As inval_queue_init() with the same configuration, the embedder's part included.
 * Commands put before are lost; their tickets get -INVAL_ESHUTDOWN.
 *
 * Context: nobody is in a function of @q: where it is broken all leave at once.
 */
static inline void inval_queue_reset(struct inval_queue *q)
{
	inval_queue_setup_slots(q);
	inval_queue_setup(q);
	inval_queue_clear(q, (q->tail + q->wrap) & ~q->wrap);
	inval_queue_setup_msi(q);
}

/**
 * inval_queue_ticket_init() - a ticket for the next commands
 * @t: the caller's; without commands its end and faults mean nothing
 *
 * Context: any.
 */
static inline void inval_queue_ticket_init(struct inval_ticket *t)
{
	t->id = 0;
	t->atc = false;
	t->queue = NULL;
	t->priv = 0;
}

/**
 * inval_queue_room() - the largest batch that has place together with a SYNC
 * @q: the queue
 *
 * Context: any.
 * Return: commands, 1 or more.
 */
static inline uint32_t inval_queue_room(const struct inval_queue *q)
{
	return (uint32_t)(q->cfg.twice ? q->mask / 2U : q->mask);
}

/**
 * inval_queue_accepts() - how many of these commands does a queue take?
 * @q: the queue
 * @cmds: commands
 * @num: their number
 *
 * Context: any.
 * Return: the number before the first that it refuses.
 */
static inline uint32_t inval_queue_accepts(const struct inval_queue *q,
					   const struct inval_cmd *cmds, uint32_t num)
{
	uint32_t i, op;

	if ((q->cfg.accept[0] | q->cfg.accept[1]) == 0U)
		return num;
	for (i = 0; i < num; i++) {
		op = (uint32_t)(cmds[i].d0 & 0xffU);
		if (op != INVAL_OP_SYNC &&
		    (op > 127U || ((q->cfg.accept[op / 64U] >> (op % 64U)) & 1U) == 0U))
			break;
	}
	return i;
}

/* Internal: nobody gets anything from this queue any more; the first reason stays. */
static inline INVAL_COLD int inval_queue_break(struct inval_queue *q, int code)
{
	if (inval_port_cmpxchg64(&q->broken, 0, (uint64_t)code) != 0U)
		return -INVAL_ESHUTDOWN;
	inval_port_store64(&q->plain, 0);
	inval_port_store64(&q->polled, ~0ULL);
	inval_port_warn(INVAL_WARN_QUEUE_BROKEN, q->cfg.smmu, (uint64_t)code);
	return -code;
}

/* Internal: the error that CONS shows, where some bit is not as usual. */
static inline INVAL_COLD uint32_t inval_queue_error(const struct inval_queue *q, uint32_t cons)
{
	uint32_t err;

	if (cons == INVAL_U32_MAX)
		return INVAL_CERROR_OFF;
	if (q->cfg.kind != INVAL_QUEUE_ECMDQ)
		return (uint32_t)inval_field(cons, 30, 24);
	if (((cons ^ (uint32_t)inval_port_load64(&q->prod_bits)) & INVAL_ECMDQ_ERR) == 0U)
		return INVAL_CERROR_NONE;
	err = (uint32_t)inval_field(cons, 26, 24);
	return err != INVAL_CERROR_NONE ? err : INVAL_CERROR_ODD;
}

/* Internal: does CONS show more than a position? */
static inline bool inval_queue_tells(const struct inval_queue *q, uint32_t cons)
{
	return ((cons ^ (uint32_t)inval_port_load64(&q->prod_bits)) & q->err_bits) != 0U;
}

/* Internal: CONS as a position: at most what the SMMU has consumed. */
static inline uint64_t inval_queue_position(const struct inval_queue *q, uint64_t known,
					    uint32_t cons)
{
	return known + ((cons - known) & q->wrap);
}

/* Internal: both, read once. */
static inline uint64_t inval_queue_read_cons(struct inval_queue *q, uint64_t known, uint32_t *err)
{
	uint32_t cons = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.cons);

	*err = inval_queue_tells(q, cons) ? inval_queue_error(q, cons) : INVAL_CERROR_NONE;
	return inval_queue_position(q, known, cons);
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

/* Internal: PROD, by the pusher. */
static inline void inval_queue_write_prod(struct inval_queue *q, uint64_t pos)
{
	inval_port_mmio_write32(q->cfg.base, q->cfg.regs.prod,
				(uint32_t)((pos & q->wrap) | q->prod_bits));
}

/*
 * Internal: move PROD over all that is valid, unless somebody else is at it; that
 * one looks again after it has let go, so nothing valid stays behind.
 */
static inline void inval_queue_push(struct inval_queue *q)
{
	const uint64_t *chain = q->chain;
	uint64_t pos, end, mask = q->mask;

	while (inval_port_xchg64(&q->pusher, 1) == 0U) { /* order: take */
		pos = inval_port_load64(&q->prod);
		end = inval_port_load_acquire64(&chain[pos & mask]); /* order: seen */
		if (inval_queue_after(end, pos)) {
			do {
				pos = end;
				/* order: seen */
				end = inval_port_load_acquire64(&chain[pos & mask]);
			} while (inval_queue_after(end, pos));
			inval_port_store64(&q->prod, pos);
			inval_port_dma_mb(); /* order: prod */
			inval_queue_write_prod(q, pos);
		}
		inval_port_store_release64(&q->pusher, 0); /* order: pusher */
		inval_port_mb(); /* order: recheck */
		if (!inval_queue_after(inval_port_load64(&chain[pos & mask]), pos))
			return;
	}
}

/*
 * Internal: the last position of the batch that an unconsumed @pos is in. Forward:
 * what stands before it may belong to the next lap already. Older marks are lower.
 */
static inline INVAL_COLD uint64_t inval_queue_last(const struct inval_queue *q, uint64_t pos)
{
	uint64_t i;

	for (i = 0; i < q->mask; i++) {
		if (inval_port_load64(&q->chain[inval_queue_slot(q, pos + i)]) == pos + i + 1U)
			break;
	}
	return pos + i;
}

/* Internal: tell the producer of an illegal command, when it asks. */
static inline INVAL_COLD void inval_queue_blame(struct inval_queue *q, uint64_t pos, uint64_t op)
{
	uint64_t last = inval_queue_last(q, pos);
	uint64_t id = inval_port_load64(&q->who[inval_queue_slot(q, last)]);
	uint32_t i;

	inval_port_store64(&q->faults, q->faults + 1U);
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
static inline INVAL_COLD void inval_queue_fix_ill(struct inval_queue *q, uint64_t pos)
{
	uint64_t *slot = &q->cfg.mem[2U * inval_queue_slot(q, pos)];
	struct inval_cmd sync;

	inval_queue_blame(q, pos, inval_cmd_load(slot).d0 & 0xffU);
	(void)inval_cmd_sync(&sync, false);
	inval_cmd_store(slot, sync);
	inval_queue_clean(q, pos, 1);
}

/* Internal: CERROR_ABT: try again, but not for ever; 0 to try again. */
static inline INVAL_COLD int inval_queue_fix_abt(struct inval_queue *q)
{
	q->aborts++;
	inval_port_warn(INVAL_WARN_CMDQ_ABORT, q->cfg.smmu, q->aborts);
	if (q->aborts > q->cfg.abort_max)
		return inval_queue_break(q, INVAL_EFAULT);
	inval_port_count(INVAL_COUNT_RETRY, 1);
	return 0;
}

/* Internal: CERROR_ATC_INV_SYNC at @pos: the acknowledgement tries the SYNC again. */
static inline INVAL_COLD void inval_queue_fix_atc(struct inval_queue *q, uint64_t pos)
{
	uint64_t slot = inval_queue_slot(q, pos);

	inval_port_store64(&q->faults, q->faults + (1ULL << 32));
	if (inval_port_load64(&q->chain[slot]) == pos + 1U &&
	    inval_port_load64(&q->who[slot]) == INVAL_QUEUE_HUNTER)
		inval_port_store64(&q->hunt_hit, 1);
}

/*
 * Internal: it stopped at @pos. That is progress, but not for ever at one place: a SYNC
 * fails at most once for each ATC_INV before it.
 */
static inline INVAL_COLD void inval_queue_stopped(struct inval_queue *q, uint64_t pos)
{
	if (pos != q->error_cons) {
		q->error_cons = pos;
		q->repeats = 0;
		q->aborts = 0;
	} else if (q->repeats++ >= q->mask) {
		return;
	}
	inval_port_store64(&q->errors, q->errors + 1U);
}

/**
 * inval_queue_msi_off() - SYNCs write no MSI from now on, waits read CONS
 * @q: the queue
 *
 * The queue does this by itself when GERROR.MSI_CMDQ_ABT shows that one was lost,
 * which an ECMDQ cannot see. Until inval_queue_reset().
 *
 * Context: any; with any other function of the queue.
 */
static inline INVAL_COLD void inval_queue_msi_off(struct inval_queue *q)
{
	if (inval_port_xchg64(&q->msi_on, 0) != 0U)
		inval_port_warn(INVAL_WARN_MSI_ABORT, q->cfg.smmu, 0);
}

/*
 * Internal: is an error of the queue active? @ack: what acknowledges it. A lost MSI
 * is one that does not stop it.
 */
static inline INVAL_COLD bool inval_queue_active(struct inval_queue *q, uint32_t *ack)
{
	uint32_t active;

	if (q->cfg.kind == INVAL_QUEUE_ECMDQ) {
		*ack = (uint32_t)q->prod_bits ^ INVAL_ECMDQ_ERR;
		active = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.cons);
		return ((active ^ *ack) & INVAL_ECMDQ_ERR) == 0U;
	}
	*ack = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.gerrorn);
	active = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.gerror) ^ *ack;
	if ((active & INVAL_GERROR_MSI_CMDQ) != 0U && q->cfg.sync == INVAL_SYNC_MSI) {
		inval_queue_msi_off(q);
		*ack ^= INVAL_GERROR_MSI_CMDQ;
		inval_port_mmio_write32(q->cfg.base, q->cfg.regs.gerrorn, *ack);
	}
	*ack ^= INVAL_GERROR_CMDQ;
	return (active & INVAL_GERROR_CMDQ) != 0U;
}

/*
 * Internal: acknowledge. An ECMDQ's answer is a bit of PROD, which has one writer at a
 * time; that one has interrupts off and waits for nobody.
 */
static inline INVAL_COLD void inval_queue_answer(struct inval_queue *q, uint32_t ack)
{
	if (q->cfg.kind != INVAL_QUEUE_ECMDQ) {
		inval_port_mmio_write32(q->cfg.base, q->cfg.regs.gerrorn, ack);
		return;
	}
	while (inval_port_xchg64(&q->pusher, 1) != 0U) /* order: take */
		inval_port_relax();
	inval_port_store64(&q->prod_bits, ack);
	inval_queue_write_prod(q, inval_port_load64(&q->prod));
	inval_port_store_release64(&q->pusher, 0); /* order: pusher */
	inval_queue_push(q);
}

/*
 * Internal: handle an error, if there is one, and acknowledge it; the fixer only.
 * The barriers: whose slot it is, after where the SMMU stopped; the slot before the
 * acknowledgement.
 */
static inline INVAL_COLD int inval_queue_fix(struct inval_queue *q)
{
	uint32_t ack = 0, err;
	uint64_t pos;
	int bad;

	if (!inval_queue_active(q, &ack))
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
		bad = inval_queue_fix_abt(q);
		if (bad != 0)
			return bad;
		break;
	case INVAL_CERROR_ATC:
		inval_queue_fix_atc(q, pos);
		break;
	case INVAL_CERROR_OFF:
		return inval_queue_break(q, INVAL_EPROTO);
	default:
		break;
	}
	inval_port_dma_mb(); /* order: ack */
	inval_queue_answer(q, ack);
	return 0;
}

/**
 * inval_queue_recover() - look for an error of the queue, and handle it
 * @q: the queue
 *
 * Waits do this by themselves. An embedder with a GERROR interrupt may call it
 * there; it leaves errors of GERROR that are not the queue's alone. GERRORN has one
 * writer at a time: while the queue is used, the embedder acknowledges those others
 * with inval_queue_ack().
 *
 * Context: any; with any other function of the queue.
 * Return: 0, also when somebody else is at it; -INVAL_EFAULT or -INVAL_EPROTO
 * when this call broke the queue; -INVAL_ESHUTDOWN when it is broken.
 */
static inline int inval_queue_recover(struct inval_queue *q)
{
	unsigned long token = inval_port_irq_save();
	int err = 0;

	if (inval_port_xchg64(&q->fixer, 1) == 0U) { /* order: take */
		err = inval_port_load64(&q->broken) != 0U ? -INVAL_ESHUTDOWN : inval_queue_fix(q);
		inval_port_store_release64(&q->fixer, 0); /* order: fixer */
	}
	inval_port_irq_restore(token);
	return err;
}

/**
 * inval_queue_ack() - acknowledge errors of GERROR that are not the queue's
 * @q: the queue of that SMMU; no ECMDQ
 * @bits: errors that were seen and handled, as in GERROR; CMDQ_ERR, MSI_CMDQ_ABT
 *	with INVAL_SYNC_MSI, and what is not active, are left out
 *
 * Context: any; with any other function of the queue.
 * Return: 0; -INVAL_EAGAIN while somebody else writes GERRORN: call again;
 * -INVAL_ESHUTDOWN when the queue is broken: it has not touched GERRORN, and will not
 * until inval_queue_reset(); -INVAL_EINVAL for an ECMDQ, which has no GERROR.
 */
static inline INVAL_MUST_CHECK int inval_queue_ack(struct inval_queue *q, uint32_t bits)
{
	uint32_t own = INVAL_GERROR_CMDQ |
		       (q->cfg.sync == INVAL_SYNC_MSI ? INVAL_GERROR_MSI_CMDQ : 0U), ack;
	unsigned long token;
	int err = -INVAL_EAGAIN;

	if (q->cfg.kind == INVAL_QUEUE_ECMDQ)
		return -INVAL_EINVAL;
	token = inval_port_irq_save();
	if (inval_port_xchg64(&q->fixer, 1) == 0U) { /* order: take */
		err = -INVAL_ESHUTDOWN;
		if (inval_port_load64(&q->broken) == 0U) {
			ack = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.gerrorn);
			bits &= inval_port_mmio_read32(q->cfg.base, q->cfg.regs.gerror) ^ ack;
			inval_port_mmio_write32(q->cfg.base, q->cfg.regs.gerrorn,
						ack ^ (bits & ~own));
			err = 0;
		}
		inval_port_store_release64(&q->fixer, 0); /* order: fixer */
	}
	inval_port_irq_restore(token);
	return err;
}

/*
 * Internal: the SMMU says that it consumed up to @pos. It cannot have passed PROD, with
 * nothing sent since that could explain it.
 */
static inline int inval_queue_reached(struct inval_queue *q, uint64_t pos)
{
	if (inval_queue_after(pos, inval_port_load64(&q->prod))) {
		inval_port_dma_mb(); /* order: poll */
		if (inval_queue_after(pos, inval_port_load64(&q->prod)))
			return inval_queue_break(q, INVAL_EPROTO);
	}
	inval_queue_advance(q, pos);
	return 0;
}

/* Internal: the number that the last MSI wrote; a position's low half. */
static inline uint32_t inval_queue_read_msi(struct inval_queue *q)
{
	if (!q->cfg.coherent)
		inval_port_dma_invalidate(q->cfg.msi, sizeof(*q->cfg.msi));
	return (uint32_t)inval_le64(inval_port_load_acquire64(q->cfg.msi)); /* order: msi */
}

/*
 * Internal: look at the memory that MSIs write. Its number is not above what is known
 * already, or at most a lap ahead: inval_queue_fresh_msi() keeps it from growing older
 * than the sign of the difference can tell.
 */
static inline int inval_queue_look_msi(struct inval_queue *q)
{
	uint64_t known = inval_port_load64(&q->cons);
	int32_t ahead = (int32_t)(inval_queue_read_msi(q) - (uint32_t)known);

	return ahead > 0 ? inval_queue_reached(q, known + (uint64_t)ahead) : 0;
}

/*
 * Internal: without SYNCs nothing writes that memory while positions go on. CONS shows
 * them; an MSI that this overwrites is found by the next look at CONS. With interrupts
 * off: the number must not be an old one by the time that it is stored.
 */
static inline void inval_queue_fresh_msi(struct inval_queue *q)
{
	uint32_t number = inval_queue_read_msi(q);
	unsigned long token;
	uint64_t pos;

	if ((int32_t)((uint32_t)inval_port_load64(&q->cons) - number) < 0x40000000)
		return;
	token = inval_port_irq_save();
	pos = inval_port_load64(&q->cons);
	inval_port_store64(q->cfg.msi, inval_le64(pos));
	if (!q->cfg.coherent)
		inval_port_dma_clean(q->cfg.msi, sizeof(*q->cfg.msi));
	inval_port_irq_restore(token);
}

/*
 * Internal: look at CONS once. All ones are no position, though they may look like
 * one: the SMMU has no power. ERR shows an error before GERROR does, and still does
 * when it is over; while it is active CONS stands. So a wait without an error reads
 * CONS alone.
 */
static inline int inval_queue_poll(struct inval_queue *q)
{
	uint64_t known = inval_port_load64(&q->cons), pos;
	uint32_t err;
	int bad;

	pos = inval_queue_read_cons(q, known, &err);
	if (err == INVAL_CERROR_OFF)
		return inval_queue_break(q, INVAL_EPROTO);
	bad = inval_queue_reached(q, pos);
	if (bad != 0)
		return bad;
	if (inval_port_load64(&q->msi_on) != 0U)
		inval_queue_fresh_msi(q);
	if (err != INVAL_CERROR_NONE && pos == known)
		return inval_queue_recover(q);
	return 0;
}

/**
 * struct inval_queue_clock - internal: how somebody waits, and since when nothing moves
 * @since_us: when it last moved
 * @mark: where it stood then: positions consumed, errors, numbers called
 * @looks: so far
 * @sync: where to look, and how to wait between
 * @runs: the wait has begun
 * @late: the time is over; what stands still at one more look is a time-out
 */
struct inval_queue_clock {
	uint64_t since_us;
	uint64_t mark;
	uint32_t looks;
	enum inval_sync sync;
	bool runs;
	bool late;
};

/* Internal: a wait that has not begun. */
static inline struct inval_queue_clock inval_queue_clock_init(enum inval_sync sync)
{
	struct inval_queue_clock clock;

	clock.since_us = 0;
	clock.mark = 0;
	clock.looks = 0;
	clock.sync = sync;
	clock.runs = false;
	clock.late = false;
	return clock;
}

/*
 * Internal: is a wait to be given up? Between the clock that says so and that end
 * CONS is looked at once more: a waiter that was not scheduled for long must not
 * take what is done meanwhile, or what only it could recover, for a time-out.
 */
static inline bool inval_queue_expired(struct inval_queue *q, struct inval_queue_clock *clock,
				       uint64_t limit_us)
{
	uint64_t mark = inval_port_load64(&q->cons) + inval_port_load64(&q->errors) +
			(inval_port_load64(&q->line) >> 32), now;
	bool moved = !clock->runs || mark != clock->mark;

	if (clock->late && !moved)
		return true;
	now = inval_port_now_us();
	if (moved) {
		clock->runs = true;
		clock->mark = mark;
		clock->since_us = now;
	}
	clock->late = now - clock->since_us > limit_us;
	return false;
}

/* Internal: one look of a wait; before it gives up, at all there is. */
static inline int inval_queue_look(struct inval_queue *q, struct inval_queue_clock *clock)
{
	int err;

	clock->looks++;
	if (clock->sync == INVAL_SYNC_MSI && !clock->late &&
	    clock->looks % INVAL_QUEUE_LOOK_CONS != 0U)
		return inval_queue_look_msi(q);
	err = inval_queue_poll(q);
	if (err == 0 && (clock->late || clock->looks % INVAL_QUEUE_LOOK_GERROR == 0U))
		err = inval_queue_recover(q);
	return err;
}

/* Internal: one turn of a wait. */
static inline int inval_queue_turn(struct inval_queue *q, uint64_t until,
				   struct inval_queue_clock *clock)
{
	int err;

	if (inval_port_load64(&q->broken) != 0U)
		return -INVAL_ESHUTDOWN;
	err = inval_queue_look(q, clock);
	if (err != 0 || !inval_queue_after(until, inval_port_load64(&q->cons)))
		return err;
	if (inval_queue_expired(q, clock, inval_port_load64(&q->timeout_us)))
		return inval_queue_break(q, INVAL_ETIMEDOUT);
	if (clock->sync == INVAL_SYNC_EVENT)
		inval_port_wait_event(INVAL_QUEUE_EVENT_US);
	else
		inval_port_relax();
	return 0;
}

/*
 * Internal: take @num slots at the tail, if there is room; @tail: where they begin.
 * Not for ever against others: who loses often asks for a turn.
 */
static inline bool inval_queue_take(struct inval_queue *q, uint64_t num, uint64_t *tail,
				    uint32_t tries)
{
	uint64_t pos = inval_port_load64(&q->tail), seen;

	/* order: reuse */
	while ((int64_t)(pos + num - inval_port_load_acquire64(&q->cons)) <=
	       (int64_t)inval_queue_size(q)) {
		*tail = pos;
		seen = inval_port_cmpxchg64(&q->tail, pos, pos + num); /* order: room */
		if (seen == pos)
			return true;
		if (--tries == 0U)
			return false;
		pos = seen;
	}
	return false;
}

/* Internal: get a number. */
static inline INVAL_COLD uint32_t inval_queue_join(struct inval_queue *q)
{
	uint64_t line = inval_port_load64(&q->line), seen;

	for (;;) {
		seen = inval_port_cmpxchg64(&q->line, line, line + 1U);
		if (seen == line)
			return (uint32_t)(line >> 32) + (uint32_t)line;
		line = seen;
	}
}

/**
 * struct inval_queue_place - internal: a waiter for room
 * @first: the tail when it came
 * @numbered: it has @number
 * @number: its number
 */
struct inval_queue_place {
	uint64_t first;
	bool numbered;
	uint32_t number;
};

/* Internal: may it take room? Gets a number when it has waited for long, or was passed over. */
static inline INVAL_COLD bool inval_queue_may_take(struct inval_queue *q,
						   struct inval_queue_place *place)
{
	uint64_t line = inval_port_load64(&q->line);

	if (place->numbered ? (int32_t)((uint32_t)(line >> 32) - place->number) > 0 :
	    inval_port_load64(&q->tail) - place->first >= q->overtaken) {
		place->number = inval_queue_join(q);
		place->numbered = true;
		line = inval_port_load64(&q->line);
	}
	return place->numbered ? (uint32_t)(line >> 32) == place->number : (uint32_t)line == 0U;
}

/* Internal: call the next one, if it is still the turn of @number. */
static inline INVAL_COLD void inval_queue_call(struct inval_queue *q, uint32_t number)
{
	uint64_t line = inval_port_load64(&q->line), seen;

	while ((uint32_t)(line >> 32) == number) {
		seen = inval_port_cmpxchg64(&q->line, line, line + (1ULL << 32) - 1U);
		if (seen == line)
			return;
		line = seen;
	}
}

/*
 * Internal: all is consumed, and it is another's turn: that one may be interrupted, by
 * us even.
 */
static inline INVAL_COLD int inval_queue_pass(struct inval_queue *q,
					      struct inval_queue_clock *clock)
{
	uint32_t number = (uint32_t)(inval_port_load64(&q->line) >> 32);

	if (inval_port_load64(&q->broken) != 0U)
		return -INVAL_ESHUTDOWN;
	if (inval_queue_expired(q, clock, INVAL_QUEUE_PASS_US))
		inval_queue_call(q, number);
	inval_port_relax();
	return 0;
}

/* Internal: wait for room; on success interrupts are off. */
static inline INVAL_COLD int inval_queue_stand(struct inval_queue *q, uint64_t num,
					       uint64_t *start, unsigned long *token)
{
	struct inval_queue_clock room = inval_queue_clock_init(INVAL_SYNC_POLL), pass = room;
	struct inval_queue_place place = { inval_port_load64(&q->tail), false, 0 };
	int err = 0;
	bool may;

	inval_port_count(INVAL_COUNT_FULL, 1);
	while (err == 0) {
		*token = inval_port_irq_save();
		may = inval_queue_may_take(q, &place);
		if (may && inval_queue_take(q, num, start, 1)) {
			if (place.numbered)
				inval_queue_call(q, place.number);
			return 0;
		}
		inval_port_irq_restore(*token);
		*start = inval_port_load64(&q->tail) + (may ? num - inval_queue_size(q) : 0U);
		if (may || inval_queue_after(*start, inval_port_load64(&q->cons)))
			err = inval_queue_turn(q, *start, &room);
		else
			err = inval_queue_pass(q, &pass);
	}
	return err;
}

/* Internal: reserve slots; on success interrupts are off. */
static inline int inval_queue_reserve(struct inval_queue *q, uint64_t num, uint64_t *start,
				      unsigned long *token)
{
	if (inval_port_load64(&q->broken) != 0U)
		return -INVAL_ESHUTDOWN;
	*token = inval_port_irq_save();
	if ((uint32_t)inval_port_load64(&q->line) == 0U &&
	    inval_queue_take(q, num, start, INVAL_QUEUE_TRIES - 1U))
		return 0;
	inval_port_irq_restore(*token);
	inval_port_trace(INVAL_EVENT_FULL, q->cfg.smmu, num);
	return inval_queue_stand(q, num, start, token);
}

/*
 * Internal: one command. Where the CPU's order is the queue's a copy of 16 bytes is two
 * instructions; of two words, compilers make four.
 */
INVAL_ALWAYS_INLINE void inval_queue_store(uint64_t *mem, const struct inval_cmd *cmd)
{
	if (inval_le64(1) != 1U)
		inval_cmd_store(mem, *cmd);
	else
		*(struct inval_cmd *)(void *)mem = *cmd;
}

/* Internal: commands into slots, which do not wrap; four a turn, for batches. */
INVAL_ALWAYS_INLINE void inval_queue_copy(uint64_t *mem, const struct inval_cmd *cmds, uint32_t num)
{
	if ((num & 1U) != 0U) {
		inval_queue_store(mem, cmds++);
		mem += 2;
	}
	if ((num & 2U) != 0U) {
		inval_queue_store(mem, cmds++);
		inval_queue_store(mem + 2, cmds++);
		mem += 4;
	}
	for (; num >= 4U; num -= 4U, cmds += 4, mem += 8) {
		inval_queue_store(mem, &cmds[0]);
		inval_queue_store(mem + 2, &cmds[1]);
		inval_queue_store(mem + 4, &cmds[2]);
		inval_queue_store(mem + 6, &cmds[3]);
	}
}

/* Internal: the same, over the end of the memory; @first: slots before it. */
static inline INVAL_COLD void inval_queue_copy_over(struct inval_queue *q, uint32_t first,
						    const struct inval_cmd *cmds, uint32_t num)
{
	inval_queue_copy(&q->cfg.mem[2U * (q->mask + 1U - first)], cmds, first);
	inval_queue_copy(q->cfg.mem, cmds + first, num - first);
}

/* Internal: commands from @slot on. */
INVAL_ALWAYS_INLINE void inval_queue_write(struct inval_queue *q, uint64_t size, uint64_t slot,
					   const struct inval_cmd *cmds, uint32_t num)
{
	if (slot + num > size)
		inval_queue_copy_over(q, (uint32_t)(size - slot), cmds, num);
	else
		inval_queue_copy(&q->cfg.mem[2U * slot], cmds, num);
}

/* Internal: one command. */
static inline void inval_queue_write_one(struct inval_queue *q, uint64_t pos, struct inval_cmd cmd)
{
	inval_cmd_store(&q->cfg.mem[2U * inval_queue_slot(q, pos)], cmd);
}

/* Internal: is this one of what the erratum @twice is about? */
static inline bool inval_queue_repeats(const struct inval_cmd *cmd)
{
	uint64_t op = cmd->d0 & 0xffU;

	return (op >= INVAL_OP_CFGI_STE && op <= INVAL_OP_CFGI_VMS_PIDM) ||
	       (op >= INVAL_OP_TLBI_NH_ALL && op <= INVAL_OP_TLBI_NSNH_ALL) ||
	       (op >= INVAL_OP_TLBI_S_EL2_ALL && op <= INVAL_OP_TLBI_SNH_ALL);
}

/*
 * Internal: each group that ends in a SYNC once more before itself, without what is
 * not repeated, and a SYNC between. Returns the position behind it; with @store false
 * only that.
 */
static inline INVAL_COLD uint64_t inval_queue_write_twice(struct inval_queue *q, uint64_t pos,
							  const struct inval_cmd *cmds,
							  uint32_t num, bool store)
{
	const struct inval_cmd sync = { INVAL_OP_SYNC, 0 };
	uint32_t i, j, from = 0, again;

	for (i = 0; i <= num; i++) {
		if (i != num && (cmds[i].d0 & 0xffU) != INVAL_OP_SYNC)
			continue;
		again = 0;
		for (j = from; j < i; j++) {
			if (!inval_queue_repeats(&cmds[j]))
				continue;
			if (store)
				inval_queue_write_one(q, pos + again, cmds[j]);
			again++;
		}
		if (again != 0U && store)
			inval_queue_write_one(q, pos + again, sync);
		pos += again != 0U ? again + 1U : 0U;
		for (j = from; j < num && j <= i; j++, pos++) {
			if (store)
				inval_queue_write_one(q, pos, cmds[j]);
		}
		from = i + 1U;
	}
	return pos;
}

/* Internal: the SYNC that ends a batch; an MSI's number is what is then complete. */
static inline void inval_queue_write_sync(struct inval_queue *q, uint64_t slot, uint64_t end)
{
	struct inval_cmd cmd;

	cmd.d0 = q->sync_d0;
	cmd.d1 = 0;
	if (inval_port_load64(&q->msi_on) != 0U) {
		cmd.d0 = q->sync_msi | inval_bits(end & 0xffffffffU, 32);
		cmd.d1 = q->cfg.msi_pa;
	}
	inval_cmd_store(&q->cfg.mem[2U * slot], cmd);
	inval_port_count(INVAL_COUNT_SYNC, 1);
}

/* Internal: whose batch it is; what the errors were before a ticket's first command. */
static inline uint64_t inval_queue_note(struct inval_queue *q, struct inval_ticket *t,
					uint64_t start, uint64_t end)
{
	if (t == NULL)
		return 0;
	if (t->id == 0U) {
		t->id = start + 1U;
		t->faults = inval_port_load64(&q->faults);
	}
	t->end = end;
	return t->id;
}

/*
 * Internal: a batch, and the SYNC behind it, into its slots; visible to the SMMU; valid;
 * given. @plain: the slots of a queue that is, or 0.
 */
INVAL_ALWAYS_INLINE void inval_queue_give(struct inval_queue *q, uint64_t plain, uint64_t start,
					  uint64_t end, const struct inval_cmd *cmds,
					  uint32_t num, bool sync, struct inval_ticket *t)
{
	uint64_t size = plain != 0U ? plain : inval_queue_size(q);
	uint64_t first = start & (size - 1U), last = (end - 1U) & (size - 1U);

	inval_port_store64(&q->who[last], inval_queue_note(q, t, start, end));
	if (last != first)
		inval_port_store64(&q->chain[last], end);
	if (sync)
		inval_queue_write_sync(q, last, end);
	if (plain != 0U || !q->cfg.twice)
		inval_queue_write(q, size, first, cmds, num);
	else
		(void)inval_queue_write_twice(q, start, cmds, num, true);
	if (plain == 0U)
		inval_queue_clean(q, start, end - start);
	inval_port_dma_wmb(); /* order: batch */
	inval_port_store_release64(&q->chain[first], end); /* order: valid */
	inval_queue_push(q);
}

/* Internal: slots that a batch needs with this queue's errata, or INVAL_QUEUE_REFUSED. */
static inline INVAL_COLD uint64_t inval_queue_total(struct inval_queue *q,
						    const struct inval_cmd *cmds, uint32_t num,
						    bool *sync)
{
	uint64_t total = num;

	if (inval_queue_accepts(q, cmds, num) != num)
		return INVAL_QUEUE_REFUSED;
	if (q->cfg.twice)
		total = inval_queue_write_twice(q, 0, cmds, num, false);
	*sync = *sync || q->cfg.sync_each;
	return total + (*sync ? 1U : 0U);
}

/* Internal: put, where a queue is not plain, or there is no room at once. */
static inline INVAL_COLD int inval_queue_put_slow(struct inval_queue *q,
						  const struct inval_cmd *cmds, uint32_t num,
						  bool sync, struct inval_ticket *t)
{
	uint64_t start = 0, total = (uint64_t)num + (sync ? 1U : 0U);
	unsigned long token = 0;
	int err;

	if (q->plain == 0U && total != 0U)
		total = inval_queue_total(q, cmds, num, &sync);
	if (total - 1U > q->mask)
		return total == INVAL_QUEUE_REFUSED ? -INVAL_EOPNOTSUPP : -INVAL_EINVAL;
	err = inval_queue_reserve(q, total, &start, &token);
	if (err != 0) {
		inval_port_count(INVAL_COUNT_ERROR, 1);
		return err;
	}
	inval_queue_give(q, 0, start, start + total, cmds, num, sync, t);
	inval_port_irq_restore(token);
	inval_port_trace(INVAL_EVENT_ISSUE, q->cfg.smmu, total);
	return 0;
}

/**
 * inval_queue_put() - give a batch of commands to the SMMU
 * @q: the queue
 * @cmds: legal commands; what the SMMU calls illegal is found, but stops the
 *	queue for all for a moment
 * @num: their number; with the SYNC at least 1 and at most the queue's slots
 *	(inval_queue_room() with an erratum)
 * @sync: add a SYNC behind them
 * @t: the caller's ticket, to wait with; NULL when nobody will ask: an illegal
 *	command is then a warning
 *
 * Commands of a batch stand in the queue in their order with nobody's between.
 * Waits for room, until the time-out, in turn with others.
 *
 * Context: any, interrupts off included; with any other function of the queue.
 * Return: 0; -INVAL_EINVAL for a batch that can never fit; -INVAL_EOPNOTSUPP when
 * the queue does not take one of them; -INVAL_ETIMEDOUT, -INVAL_EFAULT or
 * -INVAL_EPROTO when this call broke the queue, waiting for room;
 * -INVAL_ESHUTDOWN when it is broken. On failure nothing was issued.
 */
static inline INVAL_MUST_CHECK int inval_queue_put(struct inval_queue *q,
						   const struct inval_cmd *cmds, uint32_t num,
						   bool sync, struct inval_ticket *t)
{
	uint64_t total = (uint64_t)num + (sync ? 1U : 0U), plain = inval_port_load64(&q->plain);
	uint64_t start, end;
	unsigned long token;

	if (total - 1U >= plain || (uint32_t)inval_port_load64(&q->line) != 0U)
		return inval_queue_put_slow(q, cmds, num, sync, t);
	token = inval_port_irq_save();
	start = inval_port_load64(&q->tail);
	end = start + total;
	if (end - inval_port_load_acquire64(&q->cons) > plain || /* order: reuse */
	    inval_port_cmpxchg64(&q->tail, start, end) != start) { /* order: room */
		inval_port_irq_restore(token);
		return inval_queue_put_slow(q, cmds, num, sync, t);
	}
	inval_queue_give(q, plain, start, end, cmds, num, sync, t);
	inval_port_irq_restore(token);
	inval_port_trace(INVAL_EVENT_ISSUE, q->cfg.smmu, total);
	return 0;
}

/* Internal: did an error happen to this ticket's commands? */
static inline INVAL_COLD int inval_queue_claim(struct inval_queue *q, const struct inval_ticket *t)
{
	uint64_t faults = inval_port_load64(&q->faults);
	bool ill = false;
	uint32_t i;

	if ((uint32_t)faults != (uint32_t)t->faults) {
		ill = inval_queue_after(inval_port_load64(&q->ill_lost),
					(t->id == INVAL_QUEUE_HUNTER ? t->end : t->id) - 1U);
		for (i = 0; i < INVAL_QUEUE_ILLS; i++) {
			if (inval_port_load64(&q->ill[i]) == t->id) {
				inval_port_store64(&q->ill[i], 0);
				ill = true;
			}
		}
	}
	if (ill)
		return -INVAL_EILSEQ;
	if (t->atc && faults >> 32 != t->faults >> 32)
		return -INVAL_EREMOTEIO;
	return 0;
}

/* Internal: the first look was not enough. A SYNC whose MSI did not come: why? */
static inline INVAL_COLD int inval_queue_linger(struct inval_queue *q, uint64_t end, bool msi)
{
	struct inval_queue_clock clock = inval_queue_clock_init(q->cfg.sync);
	int err = 0;

	if (clock.sync == INVAL_SYNC_MSI && !msi)
		clock.sync = INVAL_SYNC_POLL;
	/* order: done */
	while (err == 0 && inval_queue_after(end, inval_port_load_acquire64(&q->cons)))
		err = inval_queue_turn(q, end, &clock);
	if (err == 0 && clock.looks >= INVAL_QUEUE_LOOK_CONS && msi &&
	    (int32_t)(inval_queue_read_msi(q) - (uint32_t)end) < 0)
		err = inval_queue_recover(q);
	return err;
}

/* Internal: until all before @end is consumed; the first look at an MSI without a clock. */
static inline int inval_queue_until(struct inval_queue *q, uint64_t end)
{
	bool msi = inval_port_load64(&q->msi_on) != 0U;
	int err = 0;

	/* order: done */
	if (!inval_queue_after(end, inval_port_load_acquire64(&q->cons)))
		return 0;
	if (inval_port_load64(&q->broken) != 0U)
		return -INVAL_ESHUTDOWN;
	if (msi)
		err = inval_queue_look_msi(q);
	/* order: done */
	if (err != 0 || !inval_queue_after(end, inval_port_load_acquire64(&q->cons)))
		return err;
	return inval_queue_linger(q, end, msi);
}

/*
 * Internal: one look at CONS, where polling is all that there is to do: is all before
 * @end consumed? What does not agree is for inval_queue_wait_slow().
 */
static inline bool inval_queue_done(struct inval_queue *q, uint64_t end)
{
	uint64_t known = inval_port_load_acquire64(&q->cons), pos; /* order: done */
	uint32_t cons;

	if (!inval_queue_after(end, known))
		return true;
	cons = inval_port_mmio_read32(q->cfg.base, q->cfg.regs.cons);
	pos = inval_queue_position(q, known, cons);
	return !inval_queue_tells(q, cons) && !inval_queue_after(end, pos) &&
	       !inval_queue_after(pos, inval_port_load64(&q->prod)) &&
	       inval_port_cmpxchg64(&q->cons, known, pos) == known; /* order: advance */
}

/* Internal: wait, for what one look does not say. */
static inline INVAL_COLD int inval_queue_wait_slow(struct inval_queue *q,
						   const struct inval_ticket *t)
{
	int err = t->id > q->born ? inval_queue_until(q, t->end) : -INVAL_ESHUTDOWN;

	if (err == 0)
		err = inval_queue_claim(q, t);
	if (err != 0)
		inval_port_count(INVAL_COUNT_ERROR, 1);
	inval_port_trace(INVAL_EVENT_WAIT_END, q->cfg.smmu, (uint64_t)(-(int64_t)err));
	return err;
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
 * this call broke the queue; -INVAL_ESHUTDOWN when it is broken, or was reset after
 * the ticket began. After any of them what was to be invalidated must be taken as
 * still there.
 */
static inline INVAL_MUST_CHECK int inval_queue_wait(struct inval_queue *q,
						    const struct inval_ticket *t)
{
	bool polled = t->id > inval_port_load64(&q->polled);

	if (!polled && t->id == 0U)
		return 0;
	inval_port_count(INVAL_COUNT_WAIT, 1);
	inval_port_trace(INVAL_EVENT_WAIT_BEGIN, q->cfg.smmu, t->end);
	if (!polled || !inval_queue_done(q, t->end) ||
	    inval_port_load64(&q->faults) != t->faults)
		return inval_queue_wait_slow(q, t);
	inval_port_trace(INVAL_EVENT_WAIT_END, q->cfg.smmu, 0);
	return 0;
}

/* Internal: as what a command is counted. */
static inline enum inval_counter inval_queue_kind(uint64_t op)
{
	if ((op >= INVAL_OP_TLBI_NH_ALL && op <= INVAL_OP_TLBI_NSNH_ALL) ||
	    (op >= INVAL_OP_TLBI_S_EL2_ALL && op <= INVAL_OP_TLBI_SNH_ALL))
		return INVAL_COUNT_TLBI;
	if (op >= INVAL_OP_CFGI_STE && op <= INVAL_OP_CFGI_VMS_PIDM)
		return INVAL_COUNT_CFGI;
	if (op == INVAL_OP_ATC_INV)
		return INVAL_COUNT_ATC;
	return op == INVAL_OP_SYNC ? INVAL_COUNT_SYNC : INVAL_COUNT_OTHER;
}

/* Internal: count commands by kind; nothing is left of it where a port counts nothing. */
static inline void inval_queue_count(const struct inval_cmd *cmds, uint32_t num)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		inval_port_count(inval_queue_kind(cmds[i].d0 & 0xffU), 1);
}

/**
 * inval_queue_run() - put commands, a SYNC, and wait
 * @q: the queue
 * @cmds: legal commands
 * @num: their number, 0 to inval_queue_room()
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
	uint32_t i;
	int err;

	inval_queue_ticket_init(&t);
	for (i = 0; i < num; i++)
		t.atc = t.atc || (cmds[i].d0 & 0xffU) == INVAL_OP_ATC_INV;
	inval_queue_count(cmds, num);
	err = inval_queue_put(q, cmds, num, true, &t);
	return err != 0 ? err : inval_queue_wait(q, &t);
}

/**
 * inval_queue_find() - does this device confirm an ATC_INV?
 * @q: a queue of its SMMU, of 4 slots or more
 * @atc_inv: an ATC_INV of that device
 * @timeout_us: as in struct inval_queue_config, for all waits on @q meanwhile; a
 *	device that does not answer is given up by the root port after 60 to 90 s, so less
 *	may break the queue
 *
 * After -INVAL_EREMOTEIO, which names those who may have been meant: SYNC, ATC_INV,
 * SYNC with nobody's between (IHI 0070, 7.1). What others left behind fails the first
 * SYNC; the second one is about this device alone.
 *
 * Context: may wait long, so not with interrupts off; with any other function of the
 * queue.
 * Return: 0 when it does; -INVAL_EREMOTEIO when it does not; -INVAL_EBUSY while
 * another call is on its way; else as inval_queue_put() and inval_queue_wait().
 */
static inline INVAL_MUST_CHECK int inval_queue_find(struct inval_queue *q,
						    struct inval_cmd atc_inv, uint32_t timeout_us)
{
	struct inval_cmd cmds[2];
	struct inval_ticket t;
	int err;

	if (inval_port_xchg64(&q->hunter, 1) != 0U) /* order: take */
		return -INVAL_EBUSY;
	inval_port_store64(&q->hunt_hit, 0);
	inval_port_store64(&q->timeout_us, timeout_us);
	(void)inval_cmd_sync(&cmds[0], false);
	cmds[1] = atc_inv;
	inval_queue_ticket_init(&t);
	t.faults = inval_port_load64(&q->faults);
	t.id = INVAL_QUEUE_HUNTER;
	inval_queue_count(cmds, 2);
	err = inval_queue_put(q, cmds, 2, true, &t);
	if (err == 0)
		err = inval_queue_wait(q, &t);
	if (err == 0 && inval_port_load64(&q->hunt_hit) != 0U)
		err = -INVAL_EREMOTEIO;
	inval_port_store64(&q->timeout_us, q->cfg.timeout_us);
	inval_port_store_release64(&q->hunter, 0); /* order: hunter */
	return err;
}

INVAL_END

#endif /* INVAL_QUEUE_GUARD */
