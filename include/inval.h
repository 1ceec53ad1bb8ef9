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
 *	types caps report cmd check attr text range guest tag smccc	pure: no port needed
 *	port array queue flush domain guestq cache memregion	need a port
 *
 * Each header can be included alone. This one includes the pure parts, and of
 * the others those asked for by INVAL_WITH_QUEUE, INVAL_WITH_FLUSH (with array
 * and queue), INVAL_WITH_DOMAIN and INVAL_WITH_GUESTQ (with flush) and
 * INVAL_WITH_CACHE: all of them when none is defined, none with INVAL_WITH_PURE.
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
#include "inval/report.h"
#include "inval/cmd.h"
#include "inval/check.h"
#include "inval/attr.h"
#include "inval/text.h"
#include "inval/range.h"
#include "inval/guest.h"
#include "inval/tag.h"
#include "inval/smccc.h"

#if defined(INVAL_WITH_PURE) && \
	(defined(INVAL_WITH_QUEUE) || defined(INVAL_WITH_FLUSH) || \
	 defined(INVAL_WITH_DOMAIN) || defined(INVAL_WITH_GUESTQ) || defined(INVAL_WITH_CACHE))
#error "inval: INVAL_WITH_PURE leaves out what INVAL_WITH_QUEUE, _FLUSH, _DOMAIN, _GUESTQ or _CACHE ask for"
#endif
#if !defined(INVAL_WITH_PURE) && !defined(INVAL_WITH_QUEUE) && !defined(INVAL_WITH_FLUSH) && \
	!defined(INVAL_WITH_DOMAIN) && !defined(INVAL_WITH_GUESTQ) && !defined(INVAL_WITH_CACHE)
#define INVAL_WITH_DOMAIN
#define INVAL_WITH_GUESTQ
#define INVAL_WITH_CACHE
#endif
#if (defined(INVAL_WITH_DOMAIN) || defined(INVAL_WITH_GUESTQ)) && !defined(INVAL_WITH_FLUSH)
#define INVAL_WITH_FLUSH
#endif
#if defined(INVAL_WITH_FLUSH) && !defined(INVAL_WITH_QUEUE)
#define INVAL_WITH_QUEUE
#endif

/* All parts stand here, in order: the single header is made from this list. */
#ifndef INVAL_WITH_PURE
#include "inval/port.h"
#endif
#ifdef INVAL_WITH_QUEUE
#include "inval/queue.h"
#endif
#ifdef INVAL_WITH_FLUSH
#include "inval/array.h"
#include "inval/flush.h"
#endif
#ifdef INVAL_WITH_DOMAIN
#include "inval/domain.h"
#endif
#ifdef INVAL_WITH_GUESTQ
#include "inval/guestq.h"
#endif
#ifdef INVAL_WITH_CACHE
#include "inval/cache.h"
#include "inval/memregion.h"
#endif

#endif /* INVAL_GUARD */
