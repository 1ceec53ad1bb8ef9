/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval_port.h - the hooks of inval for a KVM guest at EL1: several vCPUs, MMU on,
 * registers that trap to the VMM. Contracts: include/inval/port.h.
 *
 * The read side is of either kind, by what guest_read_lock says at read_init:
 *	counting	sections count themselves; who waits lets the count of the
 *			sections that are not current run down, twice
 *	lock		a section holds the lock of its context, as a hypervisor
 *			does that cannot wait for its readers
 *
 * Whoever includes this says where array memory goes back to: guest_free(mem).
 *	guest_warns, guest_counts	what was reported
 *	guest_pause()	a vCPU that waits for another lets the VMM run it
 *	guest_slow	vCPUs, a bit each, that stand still before interrupts go off: a
 *			long way from what was read to what is queued for it
 *	guest_lines	NULL, or where cache operations are written down
 */
#ifndef KVM_GUEST_INVAL_PORT_H
#define KVM_GUEST_INVAL_PORT_H

#include "vm.h"

#define INVAL_PORT_VERSION 1

static void guest_free(void *mem);

/* Cache operations, in order; a barrier has no address. */
struct guest_line {
	char op;	/* C cvac, I civac, i ivac, U cvau, x ic ivau, S dsb, b isb */
	uint64_t va;
};

#define GUEST_LINES 1024U

static struct guest_line *guest_lines;
static uint32_t guest_line_num;

static bool guest_read_lock;
static uint32_t guest_slow;
static uint64_t guest_warns;
static uint64_t guest_counts[INVAL_COUNTERS];

typedef void *inval_slot;
typedef uint64_t inval_mmio;

typedef struct inval_defer {
	struct inval_defer *next;
	void *mem;
} inval_defer;

/* Sections that count themselves; @current is 0 or 1. */
struct guest_sections {
	uint64_t wait;		/* taken by who waits */
	uint64_t current;
	uint64_t in[2];
};

typedef struct {
	bool is_lock;
	struct guest_sections s;	/* lock: @wait is it */
	uint64_t owner;			/* lock: vCPU + 1 that has it, so that sections nest */
	uint32_t depth;			/* the owner's */
	inval_defer *later;
} inval_read_ctx;

typedef struct guest_sections inval_hold_ctx;

typedef struct {
	uint64_t taken;
	uint64_t waiting;	/* vCPUs that want it */
} inval_mutex;

static inline void guest_pause(void)
{
	__asm__ volatile("str wzr, [%0]" :: "r"(VM_REGS + VM_YIELD) : "memory");
}

/* Order */
static inline uint32_t inval_port_load32(const uint32_t *p)
{
	return *(const volatile uint32_t *)p;
}

static inline uint64_t inval_port_load64(const uint64_t *p)
{
	return *(const volatile uint64_t *)p;
}

static inline void inval_port_store32(uint32_t *p, uint32_t v)
{
	*(volatile uint32_t *)p = v;
}

static inline void inval_port_store64(uint64_t *p, uint64_t v)
{
	*(volatile uint64_t *)p = v;
}

static inline uint64_t inval_port_load_acquire64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void inval_port_store_release64(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline void inval_port_mb(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

static inline void inval_port_dma_wmb(void)
{
	__asm__ volatile("dmb oshst" ::: "memory");
}

/* A table walk is no access that DMB must order: only DSB waits for the store. */
static inline void inval_port_dma_mb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	inval_port_mb();
	if (__atomic_compare_exchange_n(p, &expect, want, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		inval_port_mb();
	return expect;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	inval_port_mb();
	v = __atomic_exchange_n(p, v, __ATOMIC_RELAXED);
	inval_port_mb();
	return v;
}

/* CPU */
/* The framework keeps it there. */
static inline uint32_t inval_port_cpu(void)
{
	uint64_t cpu;

	__asm__("mrs %0, tpidr_el1" : "=r"(cpu));
	return (uint32_t)cpu;
}

static inline unsigned long inval_port_irq_save(void)
{
	unsigned long daif;
	uint32_t turns;

	for (turns = (guest_slow >> inval_port_cpu() & 1U) != 0U ? 8U : 0U; turns != 0U; turns--)
		guest_pause();
	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #0x3" : "=r"(daif) :: "memory");
	return daif;
}

static inline void inval_port_irq_restore(unsigned long token)
{
	__asm__ volatile("msr daif, %0" :: "r"(token) : "memory");
}

/* Time: the generic timer. */
static inline uint64_t inval_port_now_us(void)
{
	uint64_t count, hz;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) :: "memory");
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return count / hz * 1000000U + count % hz * 1000000U / hz;
}

/* A long wait is for a vCPU that does not run: the VMM lets go of this one's CPU. */
static inline void inval_port_relax(void)
{
	static uint32_t turns[VM_CPUS];

	if (++turns[inval_port_cpu()] % 64U == 0U)
		guest_pause();
	else
		__asm__ volatile("yield" ::: "memory");
}

static inline void inval_port_spin_us(uint32_t us)
{
	uint64_t begin = inval_port_now_us();

	while (inval_port_now_us() - begin < us)
		inval_port_relax();
}

/* No event stream is promised to a guest, so WFE might not return in time. */
static inline void inval_port_wait_event(uint32_t us)
{
	(void)us;
	inval_port_relax();
}

static inline void inval_port_sleep_us(uint32_t us)
{
	inval_port_spin_us(us);
}

/* Device: KVM can tell the VMM of these forms of access; of one with write-back, not. */
static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	uint32_t v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(base + offset) : "memory");
	return v;
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	__asm__ volatile("str %w0, [%1]" :: "rZ"(v), "r"(base + offset) : "memory");
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	uint64_t v;

	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(base + offset) : "memory");
	return v;
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	__asm__ volatile("str %0, [%1]" :: "rZ"(v), "r"(base + offset) : "memory");
}

/* Read side */
static inline void *inval_port_slot_load(inval_slot *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline void *inval_port_slot_owned(inval_slot *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static inline void inval_port_slot_store(inval_slot *slot, void *p)
{
	__atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

static inline void guest_lock(uint64_t *lock)
{
	while (inval_port_xchg64(lock, 1) != 0U)
		guest_pause();
}

static inline void guest_unlock(uint64_t *lock)
{
	inval_port_store_release64(lock, 0);
}

static inline void guest_sections_init(struct guest_sections *s)
{
	s->wait = 0;
	s->current = 0;
	s->in[0] = 0;
	s->in[1] = 0;
}

static inline unsigned long guest_sections_begin(struct guest_sections *s)
{
	unsigned long token = inval_port_load64(&s->current);

	__atomic_fetch_add(&s->in[token], 1U, __ATOMIC_RELAXED);
	inval_port_mb();
	return token;
}

static inline void guest_sections_end(struct guest_sections *s, unsigned long token)
{
	__atomic_fetch_sub(&s->in[token], 1U, __ATOMIC_RELEASE);
}

/*
 * The count that is not current was 0 once, then the other: who was in is out. One
 * that read @current long ago and counts only now is waited for without need.
 */
static inline void guest_sections_sync_(struct guest_sections *s)
{
	uint64_t idle;
	uint32_t turn;

	inval_port_mb();
	for (turn = 0; turn < 2U; turn++) {
		idle = 1U - s->current;
		while (inval_port_load_acquire64(&s->in[idle]) != 0U)
			guest_pause();
		inval_port_store64(&s->current, idle);
	}
	inval_port_mb();
}

static inline void inval_port_read_init(inval_read_ctx *ctx)
{
	ctx->is_lock = guest_read_lock;
	ctx->owner = 0;
	ctx->depth = 0;
	ctx->later = NULL;
	guest_sections_init(&ctx->s);
}

/* What nobody can reach any more. */
static inline void guest_read_free(inval_defer *d)
{
	inval_defer *next;

	for (; d != NULL; d = next) {
		next = d->next;
		guest_free(d->mem);
	}
}

static inline inval_defer *guest_read_pending(inval_read_ctx *ctx)
{
	return __atomic_exchange_n(&ctx->later, NULL, __ATOMIC_ACQUIRE);
}

/* With the lock held no other section is under way, and this one has seen nothing yet. */
static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx)
{
	unsigned long token;

	if (!ctx->is_lock)
		return guest_sections_begin(&ctx->s);
	token = inval_port_irq_save();
	if (inval_port_load64(&ctx->owner) != inval_port_cpu() + 1U) {
		guest_lock(&ctx->s.wait);
		inval_port_store64(&ctx->owner, inval_port_cpu() + 1U);
		guest_read_free(guest_read_pending(ctx));
	}
	ctx->depth++;
	return token;
}

static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token)
{
	if (!ctx->is_lock) {
		guest_sections_end(&ctx->s, token);
		return;
	}
	if (--ctx->depth == 0U) {
		inval_port_store64(&ctx->owner, 0);
		guest_unlock(&ctx->s.wait);
	}
	inval_port_irq_restore(token);
}

static inline void inval_port_read_sync(inval_read_ctx *ctx)
{
	inval_defer *later;

	guest_lock(&ctx->s.wait);
	later = guest_read_pending(ctx);
	if (!ctx->is_lock)
		guest_sections_sync_(&ctx->s);
	guest_unlock(&ctx->s.wait);
	guest_read_free(later);
	inval_port_mb();
}

static inline void inval_port_read_fini(inval_read_ctx *ctx)
{
	inval_port_read_sync(ctx);
}

/* Counting: the next wait frees it; these tests wait often. */
static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	defer->mem = mem;
	defer->next = __atomic_load_n(&ctx->later, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&ctx->later, &defer->next, defer, 0,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		continue;
}

/* Hold side */
static inline void inval_port_hold_init(inval_hold_ctx *ctx)
{
	guest_sections_init(ctx);
}

static inline void inval_port_hold_fini(inval_hold_ctx *ctx)
{
	(void)ctx;
}

static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx)
{
	return guest_sections_begin(ctx);
}

static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token)
{
	guest_sections_end(ctx, token);
}

static inline void inval_port_hold_sync(inval_hold_ctx *ctx)
{
	guest_lock(&ctx->wait);
	guest_sections_sync_(ctx);
	guest_unlock(&ctx->wait);
}

/* Mutex */
static inline void inval_port_mutex_init(inval_mutex *m)
{
	m->taken = 0;
	m->waiting = 0;
}

static inline void inval_port_mutex_fini(inval_mutex *m)
{
	(void)m;
}

static inline void inval_port_mutex_lock(inval_mutex *m)
{
	__atomic_fetch_add(&m->waiting, 1U, __ATOMIC_SEQ_CST);
	guest_lock(&m->taken);
	__atomic_fetch_sub(&m->waiting, 1U, __ATOMIC_SEQ_CST);
}

static inline void inval_port_mutex_unlock(inval_mutex *m)
{
	guest_unlock(&m->taken);
}

/* Cache */
static inline void guest_line(char op, uint64_t va)
{
	if (guest_lines == NULL || guest_line_num == GUEST_LINES)
		return;
	guest_lines[guest_line_num].op = op;
	guest_lines[guest_line_num++].va = va;
}

static inline uint64_t inval_port_ctr_el0(void)
{
	uint64_t ctr;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	return ctr;
}

static inline void inval_port_dc_cvac(uint64_t va)
{
	__asm__ volatile("dc cvac, %0" :: "r"(va) : "memory");
	guest_line('C', va);
}

static inline void inval_port_dc_civac(uint64_t va)
{
	__asm__ volatile("dc civac, %0" :: "r"(va) : "memory");
	guest_line('I', va);
}

static inline void inval_port_dc_ivac(uint64_t va)
{
	__asm__ volatile("dc ivac, %0" :: "r"(va) : "memory");
	guest_line('i', va);
}

static inline void inval_port_dc_cvau(uint64_t va)
{
	__asm__ volatile("dc cvau, %0" :: "r"(va) : "memory");
	guest_line('U', va);
}

static inline void inval_port_ic_ivau(uint64_t va)
{
	__asm__ volatile("ic ivau, %0" :: "r"(va) : "memory");
	guest_line('x', va);
}

static inline void inval_port_dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
	guest_line('S', 0);
}

static inline void inval_port_isb(void)
{
	__asm__ volatile("isb" ::: "memory");
	guest_line('b', 0);
}

/* Firmware: the VMM, or KVM */
static inline int inval_port_smccc(struct inval_smccc_args *args)
{
	guest_hvc(args->x);
	return 0;
}

static inline void inval_port_watchdog(void)
{
}

/* Guest memory is coherent: what is left of the contract is the DSB. */
static inline void inval_port_dma_clean(const void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	inval_port_dma_mb();
}

static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes)
{
	(void)mem;
	(void)bytes;
	inval_port_dma_mb();
}

/* Report */
static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
	__atomic_fetch_add(&guest_warns, 1U, __ATOMIC_RELAXED);
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	__atomic_fetch_add(&guest_counts[what], n, __ATOMIC_RELAXED);
}

#endif /* KVM_GUEST_INVAL_PORT_H */
