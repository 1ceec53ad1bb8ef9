/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SMMUs that take time: for a command and its SYNC, one after another. In place of pair.h,
 * which it includes: the port's register accesses come here.
 */
#ifndef BENCH_DEVICE
#define BENCH_DEVICE

#include <chrono>
#include <cstdint>
#include <thread>

// In a register page, of which only PROD is used, which is CONS, too. @ns: that time, or 0;
// what stands at @cons is on its way since @since; @busy: a lock.
struct device {
	uint32_t prod, cons;
	int64_t ns, since;
	uint32_t busy;
};

static int64_t device_now()
{
	return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

static bool device_enter(device *d)
{
	return __atomic_exchange_n(&d->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void device_leave(device *d)
{
	__atomic_store_n(&d->busy, 0, __ATOMIC_RELEASE);
}

// CONS up to that time; it has a bit above the slot's, as BENCH_SIZE_LG2 says.
static void device_advance(device *d, int64_t time)
{
	for (; d->cons != d->prod && d->since + d->ns <= time; d->since += d->ns)
		__atomic_store_n(&d->cons, (d->cons + 2U) & 0x1fffU, __ATOMIC_RELAXED);
}

static uint32_t device_read(volatile unsigned char *base)
{
	device *d = (device *)base;

	if (d->ns == 0)
		return __atomic_load_n(&d->prod, __ATOMIC_ACQUIRE);
	if (device_enter(d)) {
		device_advance(d, device_now());
		device_leave(d);
	}
	return __atomic_load_n(&d->cons, __ATOMIC_ACQUIRE);
}

static void device_write(volatile unsigned char *base, uint32_t prod)
{
	device *d = (device *)base;
	int64_t time;

	if (d->ns == 0)
		return __atomic_store_n(&d->prod, prod, __ATOMIC_RELEASE);
	while (!device_enter(d))
		std::this_thread::yield();
	time = device_now();
	device_advance(d, time);
	if (d->cons == d->prod)
		d->since = time;
	d->prod = prod;
	device_leave(d);
}

#define BENCH_READ32(base, offset) (device_read((base) + (offset)))
#define BENCH_WRITE32(base, offset, v) (device_write((base) + (offset), v))
#include "pair.h"

// From now on; nothing is under way.
static void device_takes(inval_mmio base, int64_t ns)
{
	device *d = (device *)base;

	static_assert(BENCH_SIZE_LG2 == 12U, "device_advance()");
	__atomic_store_n(&d->cons, d->prod, __ATOMIC_RELAXED);
	__atomic_store_n(&d->ns, ns, __ATOMIC_RELEASE);
}

#endif /* BENCH_DEVICE */
