/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The first process of the kernel that run.sh boots: runs each program of /tests, in
 * the order of its names, prints TAP, and ends QEMU with a code of its own (run.sh
 * looks for it: a panic, a reboot or a power-off cannot give it).
 *
 *	INIT_PASSED	each ended with 0 (a skip of the framework is 4: a failure)
 *	INIT_FAILED	one did not
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INIT_PASSED 42
#define INIT_FAILED 43
#define SECONDS 300U

/* Semihosting SYS_EXIT_EXTENDED; QEMU takes it from EL0 with userspace=on. */
static void leave(uint64_t code)
{
	uint64_t block[2] = { 0x20026, code };
	register uint64_t op __asm__("x0");
	register uint64_t *arg __asm__("x1");

	fflush(stdout);
	op = 0x20;
	arg = block;
	__asm__ volatile("hlt #0xf000" : "+r"(op) : "r"(arg) : "memory");
	exit(1);
}

static void die(const char *what)
{
	perror(what);
	leave(INIT_FAILED);
}

static void place(const char *type, const char *where)
{
	if ((mkdir(where, 0755) != 0 && access(where, F_OK) != 0) ||
	    mount(type, where, type, 0, NULL) != 0)
		die(where);
}

static void prepare(void)
{
	struct rlimit files = { 4096, 4096 };
	int console;

	place("proc", "/proc");
	place("sysfs", "/sys");
	place("devtmpfs", "/dev");
	place("tmpfs", "/dev/shm");
	place("tmpfs", "/tmp");
	console = open("/dev/console", O_RDWR);
	if (console >= 0) {
		dup2(console, 0);
		dup2(console, 1);
		dup2(console, 2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		die("RLIMIT_NOFILE");
}

/* What KVM said of its mode, for run.sh to compare. */
static void print_mode(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char line[8192], *text;
	ssize_t n;

	while ((n = read(log, line, sizeof(line) - 1U)) > 0) {
		line[n] = '\0';
		text = strstr(line, "kvm [");
		if (text)
			printf("# %.*s\n", (int)strcspn(text, "\n"), text);
	}
	close(log);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool run(const char *name, uint32_t number)
{
	double begin = now();
	char path[300];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "/tests/%s", name);
	child = fork();
	if (child == 0) {
		alarm(SECONDS);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("fork");
	printf("%s %u - %s # status 0x%x, %.1f s\n", status == 0 ? "ok" : "not ok", number, name,
	       (unsigned int)status, now() - begin);
	return status == 0;
}

static int is_program(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int main(void)
{
	struct dirent **list;
	bool passed = true;
	int i, num;

	prepare();
	print_mode();
	num = scandir("/tests", &list, is_program, alphasort);
	if (num <= 0)
		die("/tests");
	printf("TAP version 13\n1..%d\n", num);
	for (i = 0; i < num; i++)
		passed = run(list[i]->d_name, (uint32_t)i + 1U) && passed;
	printf("# end\n");
	leave(passed ? INIT_PASSED : INIT_FAILED);
}
