/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A port written for an older set of hooks. */
/* expect: inval: inval_port.h is older than this library */
#include <inval/report.h>
struct inval_smccc_args;
#include "inval_port.h"
#ifndef FIXED
#undef INVAL_PORT_VERSION
#define INVAL_PORT_VERSION 0
#endif
#include <inval/port.h>
