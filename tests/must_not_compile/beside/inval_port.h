/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A good port in the wrong place: see main.c. */
#include "../../ports/freestanding/inval_port.h"
