/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/report.h - what the library warns of, traces and counts.
 *
 * Pure: the numbers that port.h's report hooks are given, apart from it so that
 * text.h and a tool that reads a trace need no port. New ones go to the end.
 */
#ifndef INVAL_REPORT_GUARD
#define INVAL_REPORT_GUARD

#include "types.h"

INVAL_BEGIN

/**
 * enum inval_warn - what went wrong in a way somebody should look at
 * @INVAL_WARN_QUEUE_BROKEN: id: SMMU, value: the inval_code; a reset is needed
 * @INVAL_WARN_CMD_ILLEGAL: id: SMMU, value: opcode; nobody waited for it
 * @INVAL_WARN_CMDQ_ABORT: id: SMMU, value: tries so far
 * @INVAL_WARN_KEY_UNKNOWN: id: key; to be removed, but not in the array
 * @INVAL_WARN_TAG_STALE: id: SMMU, value: ASID 31:16 and VMID 15:0; the flush of
 *	that tag failed
 * @INVAL_WARN_MSI_ABORT: id: SMMU; a SYNC could not write its MSI: polled from now on
 */
enum inval_warn {
	INVAL_WARN_QUEUE_BROKEN,
	INVAL_WARN_CMD_ILLEGAL,
	INVAL_WARN_CMDQ_ABORT,
	INVAL_WARN_KEY_UNKNOWN,
	INVAL_WARN_TAG_STALE,
	INVAL_WARN_MSI_ABORT
};

/**
 * enum inval_event - what happened, in order, for a trace
 *
 * The time is the port's to add; examples/timeline/recorder.h shows how.
 *
 * @INVAL_EVENT_FLUSH_BEGIN: id: address, value: bytes
 * @INVAL_EVENT_FLUSH_END: id: entries walked, value: errors
 * @INVAL_EVENT_ISSUE: id: SMMU, value: commands, the SYNC that ends them among them. What
 *	they are was counted before, on the same CPU
 * @INVAL_EVENT_WAIT_BEGIN: id: SMMU, value: queue position waited for
 * @INVAL_EVENT_WAIT_END: id: SMMU, value: the inval_code, 0 for none
 * @INVAL_EVENT_PUBLISH: id: entries before, value: entries after
 * @INVAL_EVENT_UNREF: id: entries given, value: entries that died
 * @INVAL_EVENT_FENCE: id: entries given up, value: ATS entries that died
 * @INVAL_EVENT_CMDQ_ERROR: id: SMMU, value: CMDQ_CONS.ERR
 * @INVAL_EVENT_RETRY: id: attempt, value: microseconds until the next
 * @INVAL_EVENT_FULL: id: SMMU, value: commands that find no room and wait; their
 *	INVAL_EVENT_ISSUE ends it, or an error of the call
 */
enum inval_event {
	INVAL_EVENT_FLUSH_BEGIN,
	INVAL_EVENT_FLUSH_END,
	INVAL_EVENT_ISSUE,
	INVAL_EVENT_WAIT_BEGIN,
	INVAL_EVENT_WAIT_END,
	INVAL_EVENT_PUBLISH,
	INVAL_EVENT_UNREF,
	INVAL_EVENT_FENCE,
	INVAL_EVENT_CMDQ_ERROR,
	INVAL_EVENT_RETRY,
	INVAL_EVENT_FULL
};

/**
 * enum inval_counter - what is counted
 *
 * Commands are counted before they are issued, by those who know what they are: flushes,
 * inval_queue_run(), inval_queue_find() and guest queues; not by inval_queue_put(), but
 * for the SYNC that it adds.
 *
 * @INVAL_COUNT_FLUSH: flushes begun
 * @INVAL_COUNT_TLBI: TLBI commands
 * @INVAL_COUNT_ATC: ATC_INV commands
 * @INVAL_COUNT_SYNC: SYNC commands
 * @INVAL_COUNT_WAIT: waits for a SYNC
 * @INVAL_COUNT_ERROR: errors returned by issue or wait
 * @INVAL_COUNT_FULL: reservations that had to wait for room in a queue
 * @INVAL_COUNT_RETRY: hardware or firmware tries after the first
 * @INVAL_COUNT_COPY: arrays built (merge, purge)
 * @INVAL_COUNT_REF: additions that needed no new array
 * @INVAL_COUNT_FIRMWARE: calls of firmware
 * @INVAL_COUNT_SHARED: requests that another one's global flush has served
 * @INVAL_COUNT_CFGI: CFGI commands
 * @INVAL_COUNT_OTHER: commands of any other kind
 */
enum inval_counter {
	INVAL_COUNT_FLUSH,
	INVAL_COUNT_TLBI,
	INVAL_COUNT_ATC,
	INVAL_COUNT_SYNC,
	INVAL_COUNT_WAIT,
	INVAL_COUNT_ERROR,
	INVAL_COUNT_FULL,
	INVAL_COUNT_RETRY,
	INVAL_COUNT_COPY,
	INVAL_COUNT_REF,
	INVAL_COUNT_FIRMWARE,
	INVAL_COUNT_SHARED,
	INVAL_COUNT_CFGI,
	INVAL_COUNT_OTHER
};

/* How many there are, for an array of them. */
#define INVAL_COUNTERS	((uint32_t)INVAL_COUNT_OTHER + 1U)

INVAL_END

#endif /* INVAL_REPORT_GUARD */
