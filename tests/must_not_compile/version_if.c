/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An embedder can ask for a version of the library and of the hooks in #if. */
/* expect: this embedder needs a newer inval */
#include <inval.h>
#ifdef FIXED
#define NEEDED 100
#else
#define NEEDED 1000000
#endif
#if INVAL_VERSION < NEEDED || INVAL_PORT_VERSION_NEEDED != 1 || INVAL_VERSION_MAJOR < 0
#error "this embedder needs a newer inval"
#endif
