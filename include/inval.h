/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval - invalidation for Arm hypervisors.
 *
 * Throws away stale translations and cached data at the right moment, in the
 * right order, for every device and guest, while other CPUs attach and detach.
 * Header-only; brings the algorithms, the embedder's inval_port.h brings locks,
 * RCU, barriers, time and registers (inval/port.h is the contract). Never
 * allocates, has no libc and no writable global state.
 *
 *	types, caps, cmd, check, report, text, range	pure: no port needed
 *	array, queue, flush, domain			need a port
 *
 * Each header can be included alone. This one includes the pure parts, and the
 * others up to the highest one asked for by INVAL_WITH_ARRAY, INVAL_WITH_QUEUE,
 * INVAL_WITH_FLUSH or INVAL_WITH_DOMAIN; all when none is asked for; none with
 * INVAL_WITH_PURE.
 */
#ifndef INVAL_GUARD
#define INVAL_GUARD

#define INVAL_VERSION_MAJOR 0
#define INVAL_VERSION_MINOR 1
#define INVAL_VERSION_PATCH 0
/* For #if: INVAL_VERSION >= 100 is 0.1.0 or later. */
#define INVAL_VERSION \
	(INVAL_VERSION_MAJOR * 10000 + INVAL_VERSION_MINOR * 100 + INVAL_VERSION_PATCH)

#include "inval/types.h"
#include "inval/caps.h"
#include "inval/cmd.h"
#include "inval/check.h"
#include "inval/report.h"
#include "inval/text.h"

#endif /* INVAL_GUARD */
