/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The least port that compiles: no libc, no CPU, no order. It proves that the
 * library needs nothing else; it is not for running.
 */
#ifndef INVAL_PORT_FREESTANDING
#define INVAL_PORT_FREESTANDING

#define INVAL_PORT_VERSION 1

typedef void *inval_slot;
typedef char inval_defer;
typedef char inval_read_ctx;
typedef char inval_hold_ctx;
typedef char inval_mutex;
typedef volatile unsigned char *inval_mmio;

static inline uint32_t inval_port_load32(const uint32_t *p) { return *(const volatile uint32_t *)p; }
static inline uint64_t inval_port_load64(const uint64_t *p) { return *(const volatile uint64_t *)p; }
static inline void inval_port_store32(uint32_t *p, uint32_t v) { *(volatile uint32_t *)p = v; }
static inline void inval_port_store64(uint64_t *p, uint64_t v) { *(volatile uint64_t *)p = v; }
static inline uint64_t inval_port_load_acquire64(const uint64_t *p) { return inval_port_load64(p); }
static inline void inval_port_store_release64(uint64_t *p, uint64_t v) { inval_port_store64(p, v); }

static inline uint64_t inval_port_cmpxchg64(uint64_t *p, uint64_t expect, uint64_t want)
{
	uint64_t seen = inval_port_load64(p);

	if (seen == expect)
		inval_port_store64(p, want);
	return seen;
}

static inline uint64_t inval_port_xchg64(uint64_t *p, uint64_t v)
{
	uint64_t seen = inval_port_load64(p);

	inval_port_store64(p, v);
	return seen;
}

static inline void inval_port_mb(void) { }
static inline void inval_port_dma_wmb(void) { }
static inline void inval_port_dma_mb(void) { }

static inline void inval_port_read_init(inval_read_ctx *ctx) { *ctx = 0; }
static inline void inval_port_read_fini(inval_read_ctx *ctx) { (void)ctx; }
static inline unsigned long inval_port_read_begin(inval_read_ctx *ctx) { (void)ctx; return 0; }
static inline void inval_port_read_end(inval_read_ctx *ctx, unsigned long token) { (void)ctx; (void)token; }
static inline void inval_port_read_sync(inval_read_ctx *ctx) { (void)ctx; }
static inline void *inval_port_slot_load(inval_slot *slot) { return *slot; }
static inline void *inval_port_slot_owned(inval_slot *slot) { return *slot; }
static inline void inval_port_slot_store(inval_slot *slot, void *p) { *slot = p; }

static inline void inval_port_free_later(inval_read_ctx *ctx, void *mem, inval_defer *defer)
{
	(void)ctx;
	(void)mem;
	(void)defer;
}

static inline void inval_port_hold_init(inval_hold_ctx *ctx) { *ctx = 0; }
static inline void inval_port_hold_fini(inval_hold_ctx *ctx) { (void)ctx; }
static inline unsigned long inval_port_hold_begin(inval_hold_ctx *ctx) { (void)ctx; return 0; }
static inline void inval_port_hold_end(inval_hold_ctx *ctx, unsigned long token) { (void)ctx; (void)token; }
static inline void inval_port_hold_sync(inval_hold_ctx *ctx) { (void)ctx; }

static inline void inval_port_mutex_init(inval_mutex *m) { *m = 0; }
static inline void inval_port_mutex_fini(inval_mutex *m) { (void)m; }
static inline void inval_port_mutex_lock(inval_mutex *m) { *m = 1; }
static inline void inval_port_mutex_unlock(inval_mutex *m) { *m = 0; }

static inline unsigned long inval_port_irq_save(void) { return 0; }
static inline void inval_port_irq_restore(unsigned long token) { (void)token; }
static inline uint32_t inval_port_cpu(void) { return 0; }

static inline uint64_t inval_port_now_us(void) { return 0; }
static inline void inval_port_spin_us(uint32_t us) { (void)us; }
static inline void inval_port_relax(void) { }
static inline void inval_port_wait_event(uint32_t us) { (void)us; }
static inline void inval_port_sleep_us(uint32_t us) { (void)us; }

static inline uint32_t inval_port_mmio_read32(inval_mmio base, uint32_t offset)
{
	return *(volatile uint32_t *)(volatile void *)(base + offset);
}

static inline void inval_port_mmio_write32(inval_mmio base, uint32_t offset, uint32_t v)
{
	*(volatile uint32_t *)(volatile void *)(base + offset) = v;
}

static inline uint64_t inval_port_mmio_read64(inval_mmio base, uint32_t offset)
{
	return *(volatile uint64_t *)(volatile void *)(base + offset);
}

static inline void inval_port_mmio_write64(inval_mmio base, uint32_t offset, uint64_t v)
{
	*(volatile uint64_t *)(volatile void *)(base + offset) = v;
}

static inline void inval_port_dma_clean(const void *mem, uint64_t bytes) { (void)mem; (void)bytes; }
static inline void inval_port_dma_invalidate(void *mem, uint64_t bytes) { (void)mem; (void)bytes; }

static inline uint64_t inval_port_ctr_el0(void) { return 0x80038003U; }
static inline void inval_port_dc_cvac(uint64_t va) { (void)va; }
static inline void inval_port_dc_civac(uint64_t va) { (void)va; }
static inline void inval_port_dc_ivac(uint64_t va) { (void)va; }
static inline void inval_port_dc_cvau(uint64_t va) { (void)va; }
static inline void inval_port_ic_ivau(uint64_t va) { (void)va; }
static inline void inval_port_dsb(void) { }
static inline void inval_port_isb(void) { }

static inline int inval_port_smccc(struct inval_smccc_args *args) { (void)args; return -95; }
static inline void inval_port_watchdog(void) { }

static inline void inval_port_warn(enum inval_warn what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_trace(enum inval_event what, uint64_t id, uint64_t value)
{
	(void)what;
	(void)id;
	(void)value;
}

static inline void inval_port_count(enum inval_counter what, uint32_t n)
{
	(void)what;
	(void)n;
}

#endif /* INVAL_PORT_FREESTANDING */
