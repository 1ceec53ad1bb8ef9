/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A port that does not say for which set of hooks it was written. */
/* expect: inval: inval_port.h does not define INVAL_PORT_VERSION */
#include <inval/report.h>
struct inval_smccc_args;
#include "inval_port.h"
#ifndef FIXED
#undef INVAL_PORT_VERSION
#endif
#include <inval/port.h>
