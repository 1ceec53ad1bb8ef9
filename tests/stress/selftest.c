/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * selftest.c - selftests/inval_selftest.h on each port of user space: one thread, then
 * two at once, but for a port of one CPU. A case is a thread's answer.
 */
#include "../../selftests/inval_selftest.h"

#include <pthread.h>
#include <stdio.h>

#ifndef SELFTEST_CPUS
#define SELFTEST_CPUS 2U
#endif
#define CASES (2U * SELFTEST_CPUS - 1U)

static struct inval_selftest st;
static uint32_t words[INVAL_SELFTEST_WORDS], line[3] = { 1, 1, 1 };

static void *other_cpu(void *arg)
{
	(void)arg;
	port_thread_begin();
	line[2] = inval_selftest_cpu(&st, 1);
	port_thread_end();
	return NULL;
}

int main(void)
{
	uint32_t i, failed = 0;
	pthread_t thread;

	port_thread_begin();
	line[0] = inval_selftest_run(&st, (inval_mmio)(void *)words, words);
	if (line[0] == 0U && CASES > 1U && pthread_create(&thread, NULL, other_cpu, NULL) == 0) {
		line[1] = inval_selftest_cpu(&st, 0);
		pthread_join(thread, NULL);
	}
	port_thread_end();
	for (i = 0; i < CASES; i++) {
		if (line[i] != 0U)
			printf("inval_selftest.h:%u, thread %u\n", line[i], i / 2U);
		failed += line[i] != 0U;
	}
	printf("selftest: %u passed, %u failed\n", CASES - failed, failed);
	return failed != 0U;
}
