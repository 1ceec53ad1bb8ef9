/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A port beside the source that includes the library, but in no folder of the
 * include path: port.h includes it from its own folder, and does not find it.
 */
/* expect: inval: no inval_port.h on the include path */
/* port: none */
#include <inval/port.h>
