/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - both units at the same time. That they have different ports shows in the size
 * of a domain, which has the port's read side in it.
 */
#include "two_ports.h"

#include <pthread.h>
#include <stdio.h>

static uint64_t bad[2], bytes[2];

static void *one(void *arg)
{
	bad[0] = unit_one(&bytes[0]);
	return arg;
}

int main(void)
{
	unsigned int failed = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, one, NULL) != 0)
		return 2;
	bad[1] = unit_two(&bytes[1]);
	pthread_join(thread, NULL);
	printf("a domain has %u and %u bytes\n", (unsigned int)bytes[0], (unsigned int)bytes[1]);
	failed = (bad[0] != 0) + (bad[1] != 0) + (bytes[0] == bytes[1]);
	printf("%u passed, %u failed\n", 3U - failed, failed);
	return failed != 0;
}
