/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Uses every group. A header, because clang warns of an unused static inline
 * function in the main file only, and the library's parts are headers too.
 */
#include <inval/port.h>

INVAL_PORT_USES_ORDER(test)
INVAL_PORT_USES_READ(test)
INVAL_PORT_USES_HOLD(test)
INVAL_PORT_USES_MUTEX(test)
INVAL_PORT_USES_CPU(test)
INVAL_PORT_USES_TIME(test)
INVAL_PORT_USES_SLEEP(test)
INVAL_PORT_USES_DEVICE(test)
INVAL_PORT_USES_CACHE(test)
INVAL_PORT_USES_FIRMWARE(test)
INVAL_PORT_USES_REPORT(test)
