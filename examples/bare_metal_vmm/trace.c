/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* trace.c - examples/timeline's recorder by the generic timer, and its lines by semihosting. */
#include "vmm.h"

#include "../timeline/recorder.h"

#define RECORDS 0x4000U

static struct record records[RECORDS];
static struct recorder recorder = { .records = records, .room = RECORDS };
static uint64_t own;	/* time that recording took: the clock stands still meanwhile */

static uint64_t clock_ns(void)
{
	uint64_t count, hz;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count) :: "memory");
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return count / hz * 1000000000U + count % hz * 1000000000U / hz;
}

void trace_event(uint32_t what, uint64_t id, uint64_t value)
{
	uint64_t now = clock_ns();

	recorder_event(&recorder, now - own, (enum inval_event)what, id, value);
	own += clock_ns() - now;
}

void trace_count(uint32_t what, uint32_t n)
{
	recorder_count(&recorder, (enum inval_counter)what, n);
}

void trace_heading(const char *text)
{
	recorder_heading(&recorder, clock_ns() - own, text);
}

/* SYS_WRITE0 is 0x04. */
static void print(const char *format, ...)
{
	char line[128];
	va_list args;

	va_start(args, format);
	format_text(line, sizeof(line), format, args);
	va_end(args);
	image_semihost(0x04, line);
}

void trace_save(void)
{
	if (argument("trace"))
		recorder_write(&recorder, print);
}
