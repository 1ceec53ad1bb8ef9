/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No inval_port.h on the include path. */
/* expect: inval: no inval_port.h on the include path */
/* port: none */
#include <inval/port.h>
