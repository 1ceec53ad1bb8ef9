/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recorder.h - keeps what a port's trace and count hooks are given, and writes it as lines
 * that timeline.py turns into pictures. For one CPU at a time; the port has the clock.
 *
 *	NS EVENT ID VALUE [COUNTER=N...]	an event by its name (inval/text.h), and what
 *						was counted since the one before
 *	NS # TEXT				a heading for what follows
 *	lost N					at the end: events that found no room
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <inval/text.h>

#define RECORDER_HEADING INVAL_U32_MAX

struct record {
	uint64_t ns;
	uint32_t what;		/* enum inval_event, or RECORDER_HEADING */
	uint64_t id, value;
	union {
		uint32_t counts[INVAL_COUNTERS];
		char text[4U * INVAL_COUNTERS];
	} u;
};

struct recorder {
	struct record *records;
	uint32_t room, num, lost;
	uint32_t counts[INVAL_COUNTERS];	/* since the last event */
};

static inline struct record *recorder_next(struct recorder *r, uint64_t ns, uint32_t what)
{
	struct record *e = &r->records[r->num];

	if (r->num == r->room) {
		r->lost++;
		return NULL;
	}
	r->num++;
	e->ns = ns;
	e->what = what;
	return e;
}

static inline void recorder_event(struct recorder *r, uint64_t ns, enum inval_event what,
				  uint64_t id, uint64_t value)
{
	struct record *e = recorder_next(r, ns, (uint32_t)what);
	uint32_t i;

	if (e == NULL)
		return;
	e->id = id;
	e->value = value;
	for (i = 0; i < INVAL_COUNTERS; i++) {
		e->u.counts[i] = r->counts[i];
		r->counts[i] = 0;
	}
}

static inline void recorder_count(struct recorder *r, enum inval_counter what, uint32_t n)
{
	r->counts[what] += n;
}

static inline void recorder_heading(struct recorder *r, uint64_t ns, const char *text)
{
	struct record *e = recorder_next(r, ns, RECORDER_HEADING);
	uint32_t i;

	if (e == NULL)
		return;
	for (i = 0; i + 1U < sizeof(e->u.text) && text[i] != '\0'; i++)
		e->u.text[i] = text[i];
	e->u.text[i] = '\0';
}

static inline void recorder_line(const struct record *e, void (*print)(const char *format, ...))
{
	uint32_t i;

	print("%llu ", (unsigned long long)e->ns);
	if (e->what == RECORDER_HEADING) {
		print("# %s\n", e->u.text);
		return;
	}
	print("%s %llu %llu", inval_text_event((enum inval_event)e->what),
	      (unsigned long long)e->id, (unsigned long long)e->value);
	for (i = 0; i < INVAL_COUNTERS; i++)
		if (e->u.counts[i] != 0U)
			print(" %s=%u", inval_text_counter((enum inval_counter)i), e->u.counts[i]);
	print("\n");
}

static inline void recorder_write(const struct recorder *r,
				  void (*print)(const char *format, ...))
{
	uint32_t i;

	for (i = 0; i < r->num; i++)
		recorder_line(&r->records[i], print);
	if (r->lost != 0U)
		print("lost %u\n", r->lost);
}

#endif /* RECORDER_H */
