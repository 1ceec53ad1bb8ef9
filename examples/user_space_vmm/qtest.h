/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * qtest.h - a QEMU whose registers are read and written over its standard input and
 * output. Who asks a machine that has ended, ends, too.
 */
#ifndef USER_SPACE_VMM_QTEST
#define USER_SPACE_VMM_QTEST

#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *qtest_in, *qtest_out;
static pid_t qtest_pid;

static inline void qtest_die(const char *why)
{
	fprintf(stderr, "user_space_vmm: %s\n", why);
	if (qtest_pid > 0)
		kill(qtest_pid, SIGTERM);
	exit(2);
}

/* @argv: the command, NULL at its end. */
static inline void qtest_start(char **argv)
{
	int to[2], from[2];

	if (pipe(to) != 0 || pipe(from) != 0)
		qtest_die("no pipes");
	qtest_pid = fork();
	if (qtest_pid < 0)
		qtest_die("no process");
	if (qtest_pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	qtest_out = fdopen(to[1], "w");
	qtest_in = fdopen(from[0], "r");
}

/* The answer's number; "OK" and "OK 0x..." are the only good ones. */
static inline uint64_t qtest_answer(void)
{
	char line[256];

	do {
		if (fflush(qtest_out) != 0 || fgets(line, sizeof(line), qtest_in) == NULL)
			qtest_die("QEMU has ended");
	} while (strncmp(line, "IRQ ", 4) == 0);
	if (strncmp(line, "OK", 2) != 0)
		qtest_die(line);
	return strtoull(line + 2, NULL, 16);
}

static inline uint64_t qtest_read(const char *op, uint64_t addr)
{
	fprintf(qtest_out, "%s 0x%" PRIx64 "\n", op, addr);
	return qtest_answer();
}

static inline void qtest_write(const char *op, uint64_t addr, uint64_t value)
{
	fprintf(qtest_out, "%s 0x%" PRIx64 " 0x%" PRIx64 "\n", op, addr, value);
	(void)qtest_answer();
}

static inline void qtest_stop(void)
{
	kill(qtest_pid, SIGTERM);
	waitpid(qtest_pid, NULL, 0);
}

#endif /* USER_SPACE_VMM_QTEST */
