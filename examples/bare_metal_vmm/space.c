/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* space.c - address spaces, and what the library does for them. */
#include "space.h"

/* Not 0, so that a number that gets lost is seen; a batch that a range overflows. */
#define SMMU_NUMBER 5U
#define BATCH 16U

static struct inval_smmu library;

static enum { AS_IT_IS, FLUSH_NONE, FLUSH_WIDE, FLUSH_EARLY } control;

/* More than 8 bits, and never the same: an ASID taken for a VMID is seen. */
static uint16_t next_asid = 0x1200, next_vmid = 0x340;
static struct inval_queue queue;

static void caps_init(void)
{
	struct inval_idregs regs = { 0 };

	regs.aidr = hardware.aidr;
	regs.idr0 = hardware.idr0;
	regs.idr1 = hardware.idr1;
	regs.idr3 = hardware.idr3;
	regs.idr5 = hardware.idr5;
	if (inval_caps_read(&library.caps, &regs) != 0)
		die("the SMMU's ID registers make no sense");
	inval_policy_init(&library.policy);
}

void space_queue_init(void)
{
	static uint64_t book[2U << CMDQ_LG2];
	struct inval_queue_config config;

	inval_queue_config_init(&config, &library.caps, &library.policy, INVAL_SEC_NS);
	config.base = SMMU_BASE;
	config.mem = hardware.cmdq;
	config.book = book;
	config.size_lg2 = CMDQ_LG2;
	config.smmu = SMMU_NUMBER;
	if (inval_queue_book_bytes(CMDQ_LG2) > sizeof(book) ||
	    inval_queue_init(&queue, &config) != 0)
		die("the queue's configuration makes no sense");
}

void space_setup(void)
{
	caps_init();
	library.number = SMMU_NUMBER;
	library.off = 0;
	library.queue = &queue;
	library.priv = NULL;
	space_queue_init();
	if (argument("flush-none"))
		control = FLUSH_NONE;
	if (argument("flush-wide"))
		control = FLUSH_WIDE;
	if (argument("flush-early"))
		control = FLUSH_EARLY;
}

/* For a row or a group of rows: this SMMU's range commands are not to be used. */
void space_without_ranges(bool without)
{
	caps_init();
	if (without)
		inval_caps_drop(&library.caps, INVAL_FEAT_RIL);
}

struct inval_policy *space_policy(void)
{
	return &library.policy;
}

const struct inval_caps *space_caps(void)
{
	return &library.caps;
}

bool space_has(uint64_t feat)
{
	return inval_caps_has(&library.caps, feat);
}

static void setup_issue(const struct inval_cmd *cmds, uint32_t num)
{
	if (inval_queue_run(&queue, cmds, num) != 0)
		die("a command of the setup failed");
}

static int drop_everything(void)
{
	struct inval_cmd cmds[2];

	(void)inval_cmd_cfgi_all(&cmds[0], false);
	(void)inval_cmd_tlbi(&cmds[1], INVAL_OP_TLBI_NSNH_ALL, 0, 0);
	return inval_queue_run(&queue, cmds, 2);
}

void space_begin(void)
{
	if (drop_everything() != 0)
		die("the SMMU cannot be made to forget");
}

/* A broken queue is the row's own business. */
void space_before_stale(void)
{
	if (control == FLUSH_EARLY)
		(void)drop_everything();
}

/* Behind all that a row is about. */
static int flushed(int err)
{
	if (control == FLUSH_WIDE)
		(void)drop_everything();
	return err;
}

int issue(const struct inval_cmd *cmds, uint32_t num)
{
	return control == FLUSH_NONE ? 0 : flushed(inval_queue_run(&queue, cmds, num));
}

int space_put(const struct inval_cmd *cmd, struct inval_ticket *ticket)
{
	return control == FLUSH_NONE ? 0 : inval_queue_put(&queue, cmd, 1, true, ticket);
}

int space_wait(const struct inval_ticket *ticket)
{
	return flushed(inval_queue_wait(&queue, ticket));
}

/* Stage 1 finds its own tables through stage 2: all memory of alloc(), one to one. */
static void map_one_to_one(const struct tables *s2)
{
	uint64_t at, size = 1ULL << tables_level_lg2(s2, 2);

	for (at = POOL & ~(size - 1U); at < POOL_END; at += size)
		tables_map(s2, at, at, 2);
}

/* Tags that no space had before: what an earlier row left behind cannot matter. */
void space_init(struct space *space, enum kind kind, uint32_t granule_lg2)
{
	struct stream *stream = &space->stream;

	space->kind = kind;
	space->granule_lg2 = granule_lg2;
	space->level = 3;
	space->devices = 0;
	space->home = space;
	inval_domain_init(&space->domain);
	stream->s1 = NULL;
	stream->s2 = NULL;
	stream->asid = 0;
	stream->vmid = space_has(INVAL_FEAT_S2P) ? ++next_vmid : 0;
	if (kind != STAGE2) {
		tables_init(&space->s1, granule_lg2, 1);
		stream->s1 = &space->s1;
		stream->cd = alloc(64, 64);
		stream->asid = ++next_asid;
	}
	if (kind != STAGE1) {
		tables_init(&space->s2, granule_lg2, 2);
		stream->s2 = &space->s2;
	}
	if (kind == NESTED)
		map_one_to_one(&space->s2);
}

/*
 * In a nested space what is mapped is the intermediate address, at stage 2;
 * stage 1 is one to one.
 */
void space_map(const struct space *space, uint64_t iova, uint64_t pa)
{
	if (space->kind == NESTED)
		tables_map(&space->s1, iova, iova, space->level);
	tables_map(space->kind == STAGE1 ? &space->s1 : &space->s2, iova, pa, space->level);
}

void space_unmap(const struct space *space, uint64_t iova)
{
	tables_unmap(space->kind == STAGE1 ? &space->s1 : &space->s2, iova, space->level);
}

/* How a device uses a space: what the library has to know of it. */
static struct inval_use use_of(const struct space *space)
{
	static const enum inval_regime regimes[] = { INVAL_REGIME_S1, INVAL_REGIME_S2,
						     INVAL_REGIME_S2_PARENT };
	struct inval_use use = { 0 };

	if (space == NULL)
		return use;
	use.regime = regimes[space->kind];
	use.vmid = space->stream.vmid;
	if (space->kind == STAGE1)
		use.asid = space->stream.asid;
	return use;
}

static struct inval_domain *domain_of(struct space *space)
{
	return space != NULL ? &space->home->domain : NULL;
}

static struct inval_flush *flush_memory(void)
{
	static struct inval_smmu *const smmus[SMMU_NUMBER + 1U] = { [SMMU_NUMBER] = &library };
	static struct inval_cmd batch[BATCH];
	static struct inval_flush_wait waits[1];
	static struct inval_flush flush;

	library.off = control == FLUSH_NONE ? 1U : 0U;
	flush.smmus = smmus;
	flush.smmu_num = ARRAY_LEN(smmus);
	flush.batch = batch;
	flush.batch_num = ARRAY_LEN(batch);
	flush.waits = waits;
	flush.wait_num = ARRAY_LEN(waits);
	flush.errors = NULL;
	flush.error_num = 0;
	flush.cpu_tlbi = false;
	return &flush;
}

/* Through an STE that aborts: a live one cannot be changed word by word. */
static void configure(const struct edu *dev, const struct space *space)
{
	struct inval_cmd cmd;

	(void)inval_cmd_cfgi_ste(&cmd, false, dev->sid, true);
	smmu_ste_abort(dev->sid);
	setup_issue(&cmd, 1);
	if (space == NULL)
		return;
	if (space->stream.s1 != NULL)
		smmu_cd_write(&space->stream);
	smmu_ste_write(dev->sid, &space->stream);
	setup_issue(&cmd, 1);
}

static void publish(struct inval_attach *attach)
{
	uint64_t bytes = inval_attach_bytes(attach);

	if (inval_attach_prepare(attach, array_alloc(bytes), bytes) != 0 ||
	    inval_attach_publish(attach) != 0)
		die("attach failed");
}

void space_move_begin(struct move *move, struct space *to, struct space *from,
		      const struct edu *dev)
{
	struct inval_device device = { SMMU_NUMBER, &dev->sid, 1, 12 };
	struct inval_use to_use = use_of(to), from_use = use_of(from);

	move->to = to;
	move->from = from;
	move->dev = dev;
	if (inval_attach_init(&move->attach, &device, domain_of(to), &to_use, domain_of(from),
			      &from_use, move->add, move->del) != 0)
		die("attach: bad arguments");
	publish(&move->attach);
	configure(dev, to);
}

void space_move_commit(struct move *move)
{
	if (flushed(inval_attach_commit(&move->attach, flush_memory())) != 0)
		die("attach: commit failed");
	if (move->to != NULL)
		move->to->home->devices++;
	if (move->from != NULL && --move->from->home->devices == 0U &&
	    inval_domain_fini(domain_of(move->from)) != 0)
		die("a domain without devices is still in use");
}

void space_move_abort(struct move *move)
{
	void *mem;

	configure(move->dev, move->from);
	if (inval_attach_abort(&move->attach, &mem, flush_memory()) != 0 || mem != NULL)
		die("attach: abort failed");
}

void space_attach(struct space *space, const struct edu *dev)
{
	struct move move;

	space_move_begin(&move, space, NULL, dev);
	space_move_commit(&move);
}

void space_detach(struct space *space, const struct edu *dev)
{
	struct move move;

	space_move_begin(&move, NULL, space, dev);
	space_move_commit(&move);
}

void space_asid_begin(struct move *move, struct space *space, uint16_t asid)
{
	if (inval_attach_init_move(&move->attach, domain_of(space), INVAL_SMMU_MAX,
				   space->stream.asid, asid, move->add, move->del,
				   ARRAY_LEN(move->add)) != 0)
		die("another ASID: bad arguments");
	publish(&move->attach);
}

/* The ASID is in word 0 with V: one store, also to a live CD. */
void space_asid_write(struct space *space, const struct edu *dev, uint16_t asid)
{
	struct inval_cmd cmd;

	space->stream.asid = asid;
	smmu_cd_write(&space->stream);
	(void)inval_cmd_cfgi_cd(&cmd, false, dev->sid, 0, true);
	setup_issue(&cmd, 1);
}

void space_asid_commit(struct move *move)
{
	if (flushed(inval_attach_commit(&move->attach, flush_memory())) != 0)
		die("another ASID: commit failed");
}

int space_flush(struct space *space, const struct inval_range_req *req)
{
	return flushed(inval_domain_flush(domain_of(space), req, flush_memory()));
}

void space_purge(struct space *space)
{
	uint64_t bytes = inval_domain_purge_bytes(domain_of(space));

	if (inval_domain_purge(domain_of(space), array_alloc(bytes), bytes) != 0)
		die("purge failed");
}

int space_gather(struct space *space, struct inval_gather *gather,
		 const struct inval_range_req *req)
{
	return flushed(inval_domain_gather(domain_of(space), gather, req, flush_memory()));
}
