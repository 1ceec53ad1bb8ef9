/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernels.h - for run.sh: what the ports of Linux, EL2 and Xen call, in a process. Only
 * what the self-test gets to is here; the rest of a port has to be C, no more.
 */
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Words of a kernel's C, and types. */
#define __rcu
#define __iomem
#define __acquires(lock)
#define __releases(lock)
#define XENLOG_WARNING ""
#define SYS_CTR_EL0 0
#define SMCCC_CONDUIT_NONE 0
#define NR_CPUS 2U
#define psci_ver 1U
#define DEFINE_PER_CPU(type, name) __typeof__(type) name
#define DECLARE_PER_CPU(type, name) static type name
#define this_cpu_add(v, n) ((v) += (n))
#define this_cpu(v) (v)
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))

typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s_time_t;
typedef char rcu_read_lock_t;
typedef int rwlock_t;
typedef int spinlock_t;
typedef struct { uint32_t owner, next; } hyp_spinlock_t;
struct rcu_head { void *next; };
struct srcu_struct { int unused; };
struct mutex { int unused; };
struct arm_smccc_res { unsigned long a0, a1, a2, a3; };

/* Order */
#define ACCESS_ONCE(v) (*(volatile __typeof__(v) *)&(v))
#define READ_ONCE(v) ACCESS_ONCE(v)
#define WRITE_ONCE(v, new) ((void)(ACCESS_ONCE(v) = (new)))
#define read_atomic(p) ACCESS_ONCE(*(p))
#define write_atomic(p, v) WRITE_ONCE(*(p), v)
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define cmpxchg(p, old, new) __sync_val_compare_and_swap(p, old, new)
#define xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define dmb(domain) __asm__ volatile("dmb " #domain ::: "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")
#define smp_mb() dmb(ish)
#define smp_wmb() dmb(ishst)
#define dma_wmb() dmb(oshst)
#define dma_mb() dmb(osh)
#define wmb() dsb(st)
#define mb() dsb(sy)

/* Read side, of one CPU at a time: a wait has nobody to wait for. */
#define RCU_READ_LOCK_INIT(lock) ((void)(lock))
#define rcu_read_lock(...) ((void)0)
#define rcu_read_unlock(...) ((void)0)
#define synchronize_rcu() ((void)0)
#define rcu_barrier() ((void)0)
#define call_rcu(head, done) (done)(head)
#define rcu_dereference(p) READ_ONCE(p)
#define rcu_dereference_protected(p, held) (p)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define process_pending_softirqs() sched_yield()

static inline void hyp_spin_lock_init(hyp_spinlock_t *lock)
{
	lock->owner = lock->next = 0;
}

static inline void hyp_spin_lock(hyp_spinlock_t *lock)
{
	uint32_t mine = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != mine)
		sched_yield();
}

static inline void hyp_spin_unlock(hyp_spinlock_t *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

/* CPU, time: nanoseconds are the unit of all clocks here. */
#define local_irq_save(flags) ((flags) = 0)
#define local_irq_restore(flags) ((void)(flags))
#define local_irq_enable() ((void)0)
#define smp_processor_id() 0U
#define raw_smp_processor_id() 0U
#define __hyp_per_cpu_offset(cpu) ((cpu) * 64UL)
#define read_sysreg(name) kernel_##name
#define kernel_tpidr_el2 0UL
#define kernel_cntfrq_el0 1000000000UL
#define MICROSECS(us) ((us) * 1000)
#define ktime_get() NOW()
#define ktime_to_us(t) ((t) / 1000)
#define __arch_counter_get_cntpct() ((uint64_t)NOW())
#define cpu_relax() sched_yield()

static inline s_time_t NOW(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void udelay(uint32_t us)
{
	s_time_t end = NOW() + MICROSECS((s_time_t)us);

	while (NOW() < end)
		cpu_relax();
}

/* Device, reports, and what the embedders bring. */
#define readl_relaxed(p) (*(volatile uint32_t *)(p))
#define readq_relaxed(p) (*(volatile uint64_t *)(p))
#define writel_relaxed(v, p) (*(volatile uint32_t *)(p) = (v))
#define writeq_relaxed(v, p) (*(volatile uint64_t *)(p) = (v))
#define READ_SYSREG(name) 0
#define read_sanitised_ftr_reg(name) 0
#define asm __asm__
#define printk printf
#define pr_debug(...) ((void)0)
#define pr_warn_ratelimited printf
#define inval_el2_give_back free
