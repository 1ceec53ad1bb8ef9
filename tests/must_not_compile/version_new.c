/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A port written for a newer library. */
/* expect: inval: inval_port.h is newer than this library */
#include <inval/report.h>
struct inval_smccc_args;
#include "inval_port.h"
#ifndef FIXED
#undef INVAL_PORT_VERSION
#define INVAL_PORT_VERSION 1000
#endif
#include <inval/port.h>
