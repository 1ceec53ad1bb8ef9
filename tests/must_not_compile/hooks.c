/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiled with a port that lacks one hook or type, or has it with another type. */
#include "hooks.h"
