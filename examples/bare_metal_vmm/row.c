/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* row.c - from "everything is warm" to the verdict. */
#include "row.h"

#define MAX_WATCHES 80U		/* the SMMU under test has 256 TLB entries */
#define FRAME 0x10000ULL	/* a page of the largest granule */

static struct watch watches[MAX_WATCHES];
static uint32_t count, passed, failed;
static uint64_t frames, mark;

/* The row so far. */
static char title[64];
static bool good;
static uint32_t stale, stale_of, warnings_expected;

void row_group(const char *heading)
{
	say("\n%-57s %12s %11s %10s\n", heading, "stale before", "fresh after", "untouched");
}

void row_begin(const char *what, ...)
{
	va_list args;
	uint32_t i;

	va_start(args, what);
	format_text(title, sizeof(title), what, args);
	va_end(args);
	if (frames == 0U) {
		frames = (uint64_t)alloc(2U * MAX_WATCHES * FRAME, FRAME);
		mark = alloc_mark();
	}
	alloc_return(mark);
	trace_heading(title);
	count = 0;
	good = true;
	stale = 0;
	stale_of = 0;
	space_begin();
	warnings_expected = 0;
	for (i = 0; i < ARRAY_LEN(vmm_warnings); i++)
		vmm_warnings[i] = 0;
}

struct watch *row_watch(const struct edu *dev, uint64_t iova, bool target)
{
	struct watch *w = &watches[count];

	if (count == MAX_WATCHES)
		die("too many watches in a row");
	w->space = NULL;
	w->dev = dev;
	w->iova = iova;
	w->old_pa = frames + 2U * count * FRAME;
	w->new_pa = w->old_pa + FRAME;
	w->target = target;
	count++;
	return w;
}

struct watch *row_watch_in(struct space *space, const struct edu *dev, uint64_t iova, bool target)
{
	struct watch *w = row_watch(dev, iova, target);

	w->space = space;
	space_map(space, iova, w->old_pa);
	return w;
}

void row_check(bool holds, const char *what)
{
	if (holds)
		return;
	say("     FAILED: %s: %s\n", title, what);
	good = false;
}

/* One DMA; says so when it lands where it must not. */
static bool lands(const struct watch *w, uint64_t wanted_pa, const char *when)
{
	static const char *const names[] = { "nowhere", "on the old page", "on the new page",
					     "on both pages" };
	enum landing landing = edu_probe(w->dev, w->iova, w->old_pa, w->new_pa);
	enum landing wanted = wanted_pa == ABSENT ? NOWHERE :
			      wanted_pa == w->old_pa ? ON_OLD : ON_NEW;

	if (landing == wanted)
		return true;
	row_check(false, when);
	say("       device %u, address 0x%llx, a %s: lands %s instead of %s\n", w->dev->sid,
	    (unsigned long long)w->iova, w->target ? "target" : "neighbour", names[landing],
	    names[wanted]);
	return false;
}

static uint32_t all_as_before(const char *when)
{
	uint32_t i, n = 0;

	for (i = 0; i < count; i++)
		n += lands(&watches[i], watches[i].old_pa, when) ? 1U : 0U;
	return n;
}

void row_warm(void)
{
	(void)all_as_before("before any change");
}

void row_stale(const char *when)
{
	space_before_stale();
	stale += all_as_before(when);
	stale_of += count;
}

void row_remap(void)
{
	uint32_t i;

	row_warm();
	for (i = 0; i < count; i++) {
		if (watches[i].space != NULL)
			space_map(watches[i].space, watches[i].iova, watches[i].new_pa);
	}
	row_stale("remapped, not flushed");
}

void row_unmap(void)
{
	uint32_t i;

	row_warm();
	for (i = 0; i < count; i++) {
		space_unmap(watches[i].space, watches[i].iova);
		watches[i].new_pa = ABSENT;
	}
	row_stale("unmapped, not flushed");
}

void row_expect_warning(enum inval_warn what)
{
	warnings_expected |= 1U << what;
}

void row_expect(uint32_t vmid, uint32_t asid, uint64_t addr, uint64_t bytes, bool leaf,
		uint32_t ttl, uint32_t tg, uint32_t unit_lg2)
{
	if (!argument("expect"))
		return;
	say("expect row=%u vmid=%u asid=", passed + failed + 1U, vmid);
	if (asid == NO_ASID)
		say("-1");
	else
		say("%u", asid);
	say(" addr=0x%llx bytes=0x%llx leaf=%u ttl=%u tg=%u unit_lg2=%u\n",
	    (unsigned long long)addr, (unsigned long long)bytes, leaf ? 1U : 0U, ttl, tg, unit_lg2);
}

void row_end(void)
{
	uint32_t i, fresh = 0, targets = 0, kept = 0;

	for (i = 0; i < count; i++) {
		const struct watch *w = &watches[i];

		if (w->target) {
			targets++;
			fresh += lands(w, w->new_pa, "flushed") ? 1U : 0U;
		} else {
			kept += lands(w, w->old_pa, "flushed") ? 1U : 0U;
		}
	}
	for (i = 0; i < ARRAY_LEN(vmm_warnings); i++)
		row_check((vmm_warnings[i] != 0U) == ((warnings_expected >> i & 1U) != 0U),
			  "another warning than expected");
	row_check(stale_of != 0U && targets != 0U, "nothing was checked");
	passed += good ? 1U : 0U;
	failed += good ? 0U : 1U;
	say("%4u %-52s %8u/%-3u %7u/%-3u %6u/%-3u %s\n", passed + failed, title, stale, stale_of,
	    fresh, targets, kept, count - targets, good ? "ok" : "FAILED");
	smmu_events();
}

bool row_summary(void)
{
	if (passed == 0U)
		say("\nFAILED: not one row passed\n");
	say("\n%u passed, %u failed\n", passed, failed);
	return passed != 0U && failed == 0U;
}
