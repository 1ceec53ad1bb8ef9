/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One violation of each rule that misra.py looks for and cppcheck's addon knows. */
#include <stddef.h>
#include <stdint.h>

#define TWICE(x) (x + x)			/* 20.7 */
#define __reserved 1				/* 21.1 */

enum colour { RED, GREEN };

inline int not_static(int a);			/* 8.10 */

static uint32_t shift(int32_t s, uint32_t u, enum colour c)
{
	uint16_t narrow = u;			/* 10.3 */
	uint32_t suffix = 0x80000000;		/* 7.2 */

	u = u << 40;				/* 12.2 */
	if (c == RED && s + u > suffix)		/* 10.4 */
		u = s << 1;			/* 10.1 */
	u += (uint32_t)(u > 1U);		/* 10.5 */
	s = (int32_t)(u + suffix);		/* 10.8 */
	return u + TWICE(narrow) + __reserved;
}

static uint64_t wide(uint32_t a, uint32_t b, uint64_t c)
{
	uint64_t sum = a + b;			/* 10.6 */

	return sum + c * (a + b);		/* 10.7 */
}

static uint32_t pointers(uint32_t *p, const uint32_t *q, void *v, void (*f)(void))
{
	uint64_t *other = (uint64_t *)p;	/* 11.3 */
	uint32_t *lost = (uint32_t *)q;		/* 11.8 */
	uint32_t *any = v;			/* 11.5 */
	uint32_t number = (uint32_t)p;		/* 11.4 */
	void *code = (void *)f;			/* 11.1 */

	return number + *any + *lost + (uint32_t)*other + (code != NULL);
}

static int again(int n)				/* 17.2 */
{
	int room[n];				/* 18.8 */

	if (n)					/* 14.4 */
		room[0] = again(n - 1);
	wide(1, 2, 3);				/* 17.7 */
	switch (room[0]) {			/* 16.4 */
	case 1:
		n++;				/* 16.3 */
	case 2:
		break;
	}
	return n + (int)shift(1, 2, RED) + (int)wide(1, 2, 3) + (int)pointers(NULL, NULL, NULL, NULL);
}
