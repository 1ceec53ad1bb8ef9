/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_el2.c - the library in KVM's hypervisor at EL2: the other end of inval_host.c.
 *
 * EL2 owns the SMMU's command queue. It has a domain of its own (stage 2, VMIDs 6 to 8,
 * StreamIDs 16 to 18), whose arrays lie in a page that the host donated. The host plays
 * a guest that owns stage 1: StreamID 1 to it, 8 to the SMMU, VMID 5. Its queue lies in
 * a page that it shares; a write to a register is a hypercall, where a trap would be.
 *
 * Nobody does DMA here, so no stream table entry is written, only invalidated. Every
 * number from the host is looked at; what goes wrong is a code, never a panic.
 */
#define INVAL_TYPES_H "linux/types.h"
#define INVAL_WITH_DOMAIN
#define INVAL_WITH_GUESTQ
#include <inval.h>

#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>
#include <nvhe/trap_handler.h>

#include "inval_hyp.h"
#include "inval_selftest.h"

#define QUEUE_LG2	6U
#define SMMU_BYTES	0x20000U
#define BUFFERS		2U
#define BUFFER_BYTES	(PAGE_SIZE / BUFFERS)
#define VMID		6U
#define GUEST_VMID	5U
#define GUEST_VSID	1U
#define GUEST_SID	8U
#define GUEST_BUDGET	8U
#define MOST		1000U
#define PAINT		0x5a5a5a5a5a5a5a5aULL

void handle___inval_call(struct kvm_cpu_context *host_ctxt);

/* The attach mutex, of all that is here but what says otherwise. */
static DEFINE_HYP_SPINLOCK(el2_lock);

/* @page: the donated one; @taken: by buffer. */
static struct {
	void *page;
	uint64_t taken[BUFFERS];
} pool;

static uint64_t queue_mem[2U << QUEUE_LG2] __aligned(16U << QUEUE_LG2);
static uint64_t queue_book[2U << QUEUE_LG2];
static struct inval_queue queue;
static struct inval_smmu smmu;
static struct inval_smmu *smmus[1];
static struct inval_idregs idregs;
static uint64_t warnings;

/* What a flush works with; each CPU has its own. */
struct el2_flush {
	struct inval_cmd batch[8];
	struct inval_flush_wait wait;
	struct inval_flush flush;
};

static DEFINE_PER_CPU(struct el2_flush, inval_el2_flush);

static struct inval_domain domain;
static DEFINE_PER_CPU(bool, inval_el2_painted);

static struct {
	void *page;
	uint64_t pa;
	struct inval_guest guest;
	struct inval_guest_stream stream;
	struct inval_guest_map map;
	struct inval_guestq q;
	struct inval_cmd batch[8];
	uint32_t at[8];
	uint64_t consumed, issued, syncs, stes;
} vm;

static struct inval_selftest selftest;
static uint32_t selftest_words[INVAL_SELFTEST_WORDS];
static uint64_t selftest_passed;

/* What the port asks for. */

void inval_el2_warned(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
	inval_port_store64(&warnings, inval_port_load64(&warnings) + 1U);
}

/* A walk that still had it would send commands that no SMMU takes. */
void inval_el2_give_back(void *mem)
{
	uint64_t i = (uint64_t)((char *)mem - (char *)pool.page) / BUFFER_BYTES;

	memset(mem, 0xff, BUFFER_BYTES);
	inval_port_store_release64(&pool.taken[i], 0);
}

static void *buffer_take(uint64_t bytes)
{
	uint32_t i;

	if (!pool.page || bytes > BUFFER_BYTES)
		return NULL;
	for (i = 0; i < BUFFERS; i++) {
		if (inval_port_cmpxchg64(&pool.taken[i], 0, 1) == 0U)
			return (char *)pool.page + i * BUFFER_BYTES;
	}
	return NULL;
}

static uint64_t buffers_free(void)
{
	uint64_t i, num = 0;

	for (i = 0; i < BUFFERS; i++)
		num += inval_port_load_acquire64(&pool.taken[i]) == 0U;
	return num;
}

static int pool_donate(uint64_t pfn)
{
	int err;

	if (pool.page)
		return -INVAL_EBUSY;
	if (!addr_is_memory(hyp_pfn_to_phys(pfn)))
		return -INVAL_EINVAL;
	err = __pkvm_host_donate_hyp(pfn, 1);
	if (err == 0)
		pool.page = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	return err;
}

/* Without what EL2 had in it. */
static int pool_return(void)
{
	void *page = pool.page;

	if (!page || buffers_free() != BUFFERS)
		return -INVAL_EBUSY;
	memset(page, 0, PAGE_SIZE);
	pool.page = NULL;
	return __pkvm_hyp_donate_host(hyp_virt_to_pfn(page), 1);
}

/* The SMMU: IHI 0070, 6.3. Translation stays off. */

static int smmu_enable(inval_mmio base)
{
	uint64_t since = inval_port_now_us();

	inval_port_mmio_write32(base, INVAL_REG_CR0, INVAL_CR0_CMDQEN);
	while (inval_port_mmio_read32(base, INVAL_REG_CR0ACK) != INVAL_CR0_CMDQEN) {
		if (inval_port_now_us() - since > 1000000U)
			return -INVAL_ETIMEDOUT;
	}
	return 0;
}

static int smmu_queue(inval_mmio base)
{
	uint64_t pa = hyp_virt_to_phys(queue_mem);
	struct inval_queue_config cfg;
	int err;

	inval_queue_config_init(&cfg, &smmu.caps, &smmu.policy, INVAL_SEC_NS);
	cfg.base = base;
	cfg.mem = queue_mem;
	cfg.book = queue_book;
	cfg.size_lg2 = QUEUE_LG2;
	cfg.timeout_us = 5000000;
	cfg.sync = INVAL_SYNC_POLL;
	inval_port_mmio_write64(base, INVAL_REG_CMDQ_BASE, inval_queue_base(pa, QUEUE_LG2));
	inval_port_mmio_write32(base, INVAL_REG_CMDQ_PROD, 0);
	inval_port_mmio_write32(base, INVAL_REG_CMDQ_CONS, 0);
	err = inval_queue_init(&queue, &cfg);
	smmu.queue = &queue;
	return err;
}

static int smmu_start(uint64_t pa)
{
	unsigned long va;
	inval_mmio base;
	int err;

	if (smmus[0] || addr_is_memory(pa) || !PAGE_ALIGNED(pa))
		return -INVAL_EINVAL;
	err = __pkvm_create_private_mapping(pa, SMMU_BYTES, PAGE_HYP_DEVICE, &va);
	if (err != 0)
		return err;
	base = (inval_mmio)va;
	idregs.idr0 = inval_port_mmio_read32(base, 0x00);
	idregs.idr1 = inval_port_mmio_read32(base, 0x04);
	idregs.idr3 = inval_port_mmio_read32(base, 0x0c);
	idregs.idr5 = inval_port_mmio_read32(base, 0x14);
	idregs.aidr = inval_port_mmio_read32(base, 0x1c);
	err = inval_caps_read(&smmu.caps, &idregs);
	if (err != 0)
		return err;
	inval_policy_init(&smmu.policy);
	err = smmu_queue(base);
	if (err == 0)
		err = smmu_enable(base);
	if (err == 0) {
		inval_domain_init(&domain);
		WRITE_ONCE(smmus[0], &smmu);
	}
	return err;
}

/* An array's life. */

/* By one CPU: in a call it stays where it is. */
static struct inval_flush *flush_mine(void)
{
	struct el2_flush *mine = this_cpu_ptr(&inval_el2_flush);

	mine->flush.smmus = smmus;
	mine->flush.smmu_num = 1;
	mine->flush.batch = mine->batch;
	mine->flush.batch_num = ARRAY_SIZE(mine->batch);
	mine->flush.waits = &mine->wait;
	mine->flush.wait_num = 1;
	return &mine->flush;
}

static int stream_changed(uint32_t sid)
{
	struct inval_cmd cfgi;
	int err = inval_cmd_cfgi_ste(&cfgi, false, sid, true);

	return err != 0 ? err : inval_queue_run(&queue, &cfgi, 1);
}

/*
 * Two buffers are enough for one domain. What was replaced waits for walks that began
 * before: with a lock as read side that is short.
 */
static void *domain_buffer(uint64_t bytes)
{
	void *mem = buffer_take(bytes);

	if (mem)
		return mem;
	inval_domain_sync(&domain);
	return buffer_take(bytes);
}

/* @sid enters the domain with @vmid, or leaves it. */
static int stream_moves(uint32_t sid, uint16_t vmid, bool enters)
{
	const struct inval_use use = { .regime = INVAL_REGIME_S2, .vmid = vmid };
	const struct inval_device dev = { .sids = &sid, .sid_num = 1 };
	struct inval_entry add[3], del[3];
	struct inval_attach t;
	uint64_t bytes;
	int err;

	err = inval_attach_init(&t, &dev, enters ? &domain : NULL, enters ? &use : NULL,
				enters ? NULL : &domain, enters ? NULL : &use, add, del);
	if (err != 0)
		return err;
	bytes = inval_attach_bytes(&t);
	err = inval_attach_prepare(&t, bytes != 0U ? domain_buffer(bytes) : NULL, bytes);
	if (err == 0)
		err = inval_attach_publish(&t);
	if (err == 0)
		err = stream_changed(sid);
	return err != 0 ? err : inval_attach_commit(&t, flush_mine());
}

static int domain_purge(void)
{
	uint64_t bytes = inval_domain_purge_bytes(&domain);

	return inval_domain_purge(&domain, bytes != 0U ? domain_buffer(bytes) : NULL, bytes);
}

static int domain_flush(void)
{
	const struct inval_range_req page = { 0x600000, 4096, 12, 12, true, false };

	return inval_domain_flush(&domain, &page, flush_mine());
}

/* A flush of the domain takes so many places of the queue. */
static bool flush_takes(uint64_t places)
{
	uint64_t tail = inval_port_load64(&queue.tail);

	return domain_flush() == 0 && inval_port_load64(&queue.tail) == tail + places;
}

/* Users of the domain's entry @i; 0 where there is none. */
static uint32_t users(uint32_t i)
{
	struct inval_array *a = inval_domain_array(&domain);

	return a && i < a->num ? inval_array_at(a)[i].users : 0U;
}

#define EXPECT(cond) \
	do { \
		if (!(cond)) \
			return __LINE__; \
	} while (0)

/* In, a second user of the tag, another tag. */
static uint32_t life_grows(void)
{
	EXPECT(stream_moves(16, VMID, true) == 0 && users(0) == 1U);
	EXPECT(buffers_free() == 1U);
	EXPECT(stream_moves(18, VMID, true) == 0 && users(0) == 2U);
	EXPECT(buffers_free() == 1U);
	EXPECT(flush_takes(2));
	EXPECT(stream_moves(17, VMID + 1U, true) == 0 && users(1) == 1U);
	EXPECT(buffers_free() == 0U);
	inval_domain_sync(&domain);
	EXPECT(buffers_free() == 1U);
	EXPECT(flush_takes(3));
	return 0;
}

/* Out, dead, alive again, purged, gone. */
static uint32_t life_shrinks(void)
{
	EXPECT(stream_moves(16, VMID, false) == 0 && users(0) == 1U && flush_takes(3));
	EXPECT(stream_moves(18, VMID, false) == 0 && users(0) == 0U && flush_takes(2));
	EXPECT(stream_moves(18, VMID, true) == 0 && users(0) == 1U && flush_takes(3));
	EXPECT(stream_moves(18, VMID, false) == 0 && inval_domain_purge_bytes(&domain) != 0U);
	EXPECT(domain_purge() == 0 && inval_domain_array(&domain)->num == 1U);
	EXPECT(inval_domain_fini(&domain) == -INVAL_EBUSY);
	EXPECT(stream_moves(17, VMID + 1U, false) == 0 && flush_takes(0));
	EXPECT(inval_domain_fini(&domain) == 0 && buffers_free() == BUFFERS);
	return 0;
}

static uint32_t life(void)
{
	uint32_t line;

	EXPECT(pool.page && smmus[0] && buffers_free() == BUFFERS);
	line = life_grows();
	return line != 0U ? line : life_shrinks();
}

/*
 * Attach and detach, each time with new arrays, while other CPUs are in churn_flush().
 * Stream 18 stays until churn_end(), so that each flush has something to do.
 */
static uint32_t churn(uint64_t rounds)
{
	EXPECT(pool.page && smmus[0] && rounds <= MOST);
	EXPECT(inval_domain_array(&domain) || stream_moves(18, VMID + 2U, true) == 0);
	for (; rounds != 0U; rounds--) {
		EXPECT(stream_moves(16, VMID, true) == 0);
		EXPECT(stream_moves(17, VMID + 1U, true) == 0);
		EXPECT(stream_moves(16, VMID, false) == 0);
		EXPECT(domain_purge() == 0);
		EXPECT(stream_moves(17, VMID + 1U, false) == 0);
	}
	return 0;
}

static uint32_t churn_end(void)
{
	EXPECT(inval_domain_array(&domain) && stream_moves(18, VMID + 2U, false) == 0);
	EXPECT(inval_domain_fini(&domain) == 0 && buffers_free() == BUFFERS);
	return 0;
}

/* Without the attach mutex. After inval_domain_fini() there is just no array here. */
static uint32_t churn_flush(uint64_t rounds)
{
	EXPECT(rounds <= MOST);
	for (; rounds != 0U; rounds--)
		EXPECT(domain_flush() == 0);
	return 0;
}

/* The guest. Its memory is one page, which it can write at any time: copied once. */

static int fetch(void *ctx, uint64_t ipa, uint64_t *mem)
{
	const uint64_t *from;

	(void)ctx;
	if (ipa < vm.pa || ipa - vm.pa > PAGE_SIZE - INVAL_CMD_BYTES)
		return -INVAL_EFAULT;
	from = (const uint64_t *)((const char *)vm.page + (ipa - vm.pa));
	mem[0] = inval_port_load64(&from[0]);
	mem[1] = inval_port_load64(&from[1]);
	return 0;
}

static int emulate(void *ctx, struct inval_cmd in, const struct inval_guest_result *res)
{
	(void)ctx;
	(void)res;
	if ((in.d0 & 0xffU) == INVAL_OP_SYNC)
		vm.syncs++;
	if ((in.d0 & 0xffU) != INVAL_OP_CFGI_STE)
		return 0;
	vm.stes++;
	return INVAL_GUESTQ_ISSUE;
}

static int guest_init(void)
{
	struct inval_guestq_config cfg = { .guest = &vm.guest, .streams = &vm.map, .smmu = &smmu,
		.batch = vm.batch, .at = vm.at, .batch_num = ARRAY_SIZE(vm.batch) };
	struct inval_caps shown = smmu.caps;
	struct inval_guest_policy policy;
	int err;

	vm.stream.vsid = GUEST_VSID;
	vm.stream.sid = GUEST_SID;
	vm.map.stream = &vm.stream;
	vm.map.num = 1;
	shown.feat &= INVAL_GUEST_FEATS;
	shown.cmdq_lg2 = PAGE_SHIFT - 4;
	inval_guest_policy_stage1(&policy);
	err = inval_guest_map_check(&vm.map, &smmu.caps);
	if (err == 0)
		err = inval_guest_init(&vm.guest, &smmu.caps, &shown, &policy, GUEST_VMID);
	return err != 0 ? err : inval_guestq_init(&vm.q, &cfg);
}

static int guest_open(uint64_t pfn)
{
	void *page = hyp_phys_to_virt(hyp_pfn_to_phys(pfn));
	int err;

	if (vm.page || !smmus[0] || !addr_is_memory(hyp_pfn_to_phys(pfn)))
		return -INVAL_EINVAL;
	err = hyp_pin_shared_mem(page, page + PAGE_SIZE);
	if (err != 0)
		return err;
	err = guest_init();
	if (err != 0) {
		hyp_unpin_shared_mem(page, page + PAGE_SIZE);
		return err;
	}
	vm.pa = hyp_pfn_to_phys(pfn);
	vm.page = page;
	return 0;
}

/* Bounded: the host calls again for what is left. */
static int guest_run(void)
{
	struct inval_guestq_report report;
	int err;

	if (!vm.page)
		return -INVAL_EINVAL;
	err = inval_guestq_run(&vm.q, GUEST_BUDGET, &report, fetch, inval_guest_map_find, emulate,
			       inval_flush_issue, inval_flush_wait_queue);
	vm.consumed += report.consumed;
	vm.issued += report.issued;
	return err;
}

static int guest_write(uint64_t offset, uint64_t value)
{
	uint32_t bytes = offset == INVAL_REG_CMDQ_BASE ? 8U : 4U;
	int err;

	if (!vm.page)
		return -INVAL_EINVAL;
	err = inval_guestq_write(&vm.q, (uint32_t)offset, value, bytes);
	return err == INVAL_GUESTQ_MORE ? guest_run() : err;
}

static uint64_t guest_read(uint64_t offset)
{
	uint64_t value = 0;

	if (vm.page)
		(void)inval_guestq_read(&vm.q, (uint32_t)offset, 4, &value);
	return value;
}

static int guest_close(void)
{
	if (!vm.page)
		return -INVAL_EINVAL;
	hyp_unpin_shared_mem(vm.page, vm.page + PAGE_SIZE);
	vm.page = NULL;
	return 0;
}

/* Stack: one page for each CPU; painted, to see how far it was used. */

static uint64_t *stack_bottom(void)
{
	return (uint64_t *)(this_cpu_ptr(&kvm_init_params)->stack_hyp_va - PAGE_SIZE);
}

static void stack_paint(void)
{
	uint64_t *p = stack_bottom(), *end = __builtin_frame_address(0);

	if (*this_cpu_ptr(&inval_el2_painted))
		return;
	for (; p < end - 32; p++)
		inval_port_store64(p, PAINT);
	*this_cpu_ptr(&inval_el2_painted) = true;
}

static uint64_t stack_used(void)
{
	uint64_t *p = stack_bottom(), left = PAGE_SIZE;

	for (; inval_port_load64(p) == PAINT; p++)
		left -= sizeof(*p);
	return left;
}

static uint64_t figure(uint64_t which)
{
	switch (which) {
	case INVAL_HYP_IDR0:
		return idregs.idr0;
	case INVAL_HYP_IDR1:
		return idregs.idr1;
	case INVAL_HYP_QUEUED:
		return inval_port_load64(&queue.tail);
	case INVAL_HYP_CONSUMED:
		return vm.consumed;
	case INVAL_HYP_ISSUED:
		return vm.issued;
	case INVAL_HYP_SYNCS:
		return vm.syncs;
	case INVAL_HYP_STES:
		return vm.stes;
	case INVAL_HYP_WARNINGS:
		return inval_port_load64(&warnings);
	case INVAL_HYP_BUFFERS:
		return buffers_free();
	case INVAL_HYP_STACK:
		return stack_used();
	default:
		return 0;
	}
}

static uint64_t selftest_one(void)
{
	uint32_t line = inval_selftest_run(&selftest, (inval_mmio)selftest_words, selftest_words);

	inval_port_store64(&selftest_passed, line == 0U);
	return line;
}

/* One at a time: the attach mutex is held. */
static uint64_t call_locked(enum inval_hyp_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case INVAL_HYP_DONATE:
		return (uint64_t)pool_donate(a);
	case INVAL_HYP_RETURN:
		return (uint64_t)pool_return();
	case INVAL_HYP_SMMU:
		return (uint64_t)smmu_start(a);
	case INVAL_HYP_SELFTEST:
		return selftest_one();
	case INVAL_HYP_LIFE:
		return life();
	case INVAL_HYP_CHURN:
		return churn(a);
	case INVAL_HYP_CHURN_END:
		return churn_end();
	case INVAL_HYP_GUEST_OPEN:
		return (uint64_t)guest_open(a);
	case INVAL_HYP_GUEST_WRITE:
		return (uint64_t)guest_write(a, b);
	case INVAL_HYP_GUEST_RUN:
		return (uint64_t)guest_run();
	case INVAL_HYP_GUEST_READ:
		return guest_read(a);
	case INVAL_HYP_GUEST_CLOSE:
		return (uint64_t)guest_close();
	default:
		return (uint64_t)-INVAL_EINVAL;
	}
}

static uint64_t call(uint64_t op, uint64_t a, uint64_t b)
{
	uint64_t res;

	stack_paint();
	switch (op) {
	case INVAL_HYP_FLUSH:
		return churn_flush(a);
	case INVAL_HYP_FIGURE:
		return figure(a);
	case INVAL_HYP_SELFTEST_CPU:
		EXPECT(a <= 1U && inval_port_load64(&selftest_passed));
		return inval_selftest_cpu(&selftest, (uint32_t)a);
	default:
		hyp_spin_lock(&el2_lock);
		res = call_locked((enum inval_hyp_op)op, a, b);
		hyp_spin_unlock(&el2_lock);
		return res;
	}
}

void handle___inval_call(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(uint64_t, op, host_ctxt, 1);
	DECLARE_REG(uint64_t, a, host_ctxt, 2);
	DECLARE_REG(uint64_t, b, host_ctxt, 3);

	cpu_reg(host_ctxt, 1) = call(op, a, b);
}
