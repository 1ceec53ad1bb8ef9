/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * image.c - what bench/count.c needs on bare metal, over the console and the memory of
 * examples/bare_metal_vmm: a little of a C library, and a count of instructions.
 *
 * The PMU's event INST_RETIRED, also at EL2 (PMEVTYPER.NSH). QEMU counts it with -icount
 * only, and then exactly.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vmm.h"

#include <valgrind/callgrind.h>

#define INST_RETIRED 0x08ULL
#define NSH (1ULL << 27)

static uint64_t begun, total, each_toggle;
static bool on;

static uint64_t pmu_read(void)
{
	uint64_t count;

	__asm__ volatile("isb\n\tmrs %0, pmevcntr0_el0\n\tisb" : "=r"(count) :: "memory");
	return count;
}

void pmu_zero(void)
{
	total = 0;
}

void pmu_toggle(void)
{
	if (on)
		total += (uint32_t)(pmu_read() - begun) - each_toggle;
	on = !on;
	begun = pmu_read();
}

__attribute__((noinline)) static void nothing(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("" :: "r"(to), "r"(from), "r"(bytes) : "memory");
}

static uint64_t cost(void (*copy)(void *to, const void *from, size_t bytes), size_t bytes)
{
	static uint64_t to[4], from[4];

	pmu_zero();
	pmu_toggle();
	copy(to, from, bytes);
	pmu_toggle();
	return total;
}

/* A copy is so much for a call and so much for 16 bytes; nothing() is its return only. */
void pmu_dump(const char *name, uint64_t copied, uint64_t copies,
	      void (*copy)(void *to, const void *from, size_t bytes))
{
	uint64_t counted = total, one = cost(copy, 16), each = cost(copy, 32) - one;
	uint64_t call = one - each - (cost(nothing, 16) - 1U);

	say("arm64 %s %llu\n", name,
	    (unsigned long long)(counted - copies * call - copied / 16U * each));
}

static void pmu_init(void)
{
	__asm__ volatile("msr pmcr_el0, %0" :: "r"(3ULL));	/* on, from 0 */
	__asm__ volatile("msr pmevtyper0_el0, %0" :: "r"(INST_RETIRED | NSH));
	__asm__ volatile("msr pmcntenset_el0, %0\n\tisb" :: "r"(1ULL));
	pmu_toggle();
	pmu_toggle();
	each_toggle = total;
	if (each_toggle == 0U)
		die("the PMU does not count");
}

/* The C library. */

FILE *stderr;

static void write(const char *format, va_list args)
{
	char line[256];

	format_text(line, sizeof(line), format, args);
	say("%s", line);
}

int printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write(format, args);
	va_end(args);
	return 0;
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list args;

	(void)file;
	va_start(args, format);
	write(format, args);
	va_end(args);
	return 0;
}

int snprintf(char *to, size_t bytes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(to, (uint32_t)bytes, format, args);
	va_end(args);
	return 0;
}

void *aligned_alloc(size_t align, size_t bytes)
{
	return alloc(bytes, align);
}

void abort(void)
{
	die("abort");
}

int sched_yield(void)
{
	return 0;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	t->tv_sec = 0;
	t->tv_nsec = 0;
	return 0;
}

int main(void);
uint32_t vmm_main(void);

uint32_t vmm_main(void)
{
	pmu_init();
	return (uint32_t)main();
}
