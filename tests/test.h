/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * test.h - one test source, two ways to run it.
 *
 *	TEST(suite, name)
 *	{
 *		CHECK(a == b, "a is %d", a);
 *	}
 *
 * By default tests run under Criterion, each in a process of its own; choose
 * with --filter=suite/name. With -DINVAL_PLAIN the file becomes a plain program
 * (other CPUs, TSan, sanitizers): no library, tests run one after the other in
 * the order written; an argument suite/name runs that one, an argument suite
 * all of one suite.
 *
 * A CHECK that fails prints place, condition and message, and ends the test;
 * its message is needed: loops over cases are inside tests, so it must name the
 * case. Both ways close with "FILE: N passed, N failed" and exit 1 on failure.
 */
#ifndef INVAL_TEST_H
#define INVAL_TEST_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef INVAL_PLAIN

#include <setjmp.h>

struct test_case {
	const char *suite;
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

static struct test_case *test_first;
static struct test_case **test_end = &test_first;
static jmp_buf test_abort;

#define TEST(suite_, name_) \
	static void test_##suite_##_##name_(void); \
	__attribute__((constructor)) static void test_add_##suite_##_##name_(void) \
	{ \
		static struct test_case self = { \
			#suite_, #name_, test_##suite_##_##name_, NULL \
		}; \
		*test_end = &self; \
		test_end = &self.next; \
	} \
	static void test_##suite_##_##name_(void)

#else /* Criterion */

#include <criterion/criterion.h>
#include <criterion/hooks.h>

#define TEST(suite, name) Test(suite, name)

#endif

#define CHECK(cond, ...) \
	do { \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, #cond, __VA_ARGS__); \
	} while (0)

__attribute__((noreturn, unused, format(printf, 4, 5)))
static void test_fail(const char *file, int line, const char *cond, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("%s:%d: CHECK(%s): %s\n", file, line, cond, text);
	fflush(stdout);
#ifdef INVAL_PLAIN
	longjmp(test_abort, 1);
#else
	cr_assert_fail("%s:%d", file, line);
	abort(); /* not reached, but the macro does not say so */
#endif
}

/*
 * Rounds of a loop: @many in a plain program on x86-64, where tests/mutants look for bugs;
 * @few elsewhere, under Criterion, on emulated CPUs, and with -DINVAL_TEST_FEW.
 */
#if defined(INVAL_PLAIN) && defined(__x86_64__) && !defined(INVAL_TEST_FEW)
#define TEST_ROUNDS(many, few) (many)
#else
#define TEST_ROUNDS(many, few) (few)
#endif

/*
 * Pseudo-random words (splitmix64), the same on every CPU and every run.
 * @state: any start value, kept by the caller
 */
static inline uint64_t test_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void test_close(unsigned long passed, unsigned long failed)
{
	const char *name = strrchr(__BASE_FILE__, '/');

	name = name ? name + 1 : __BASE_FILE__;
	printf("%.*s: %lu passed, %lu failed\n", (int)strcspn(name, "."), name, passed, failed);
	fflush(stdout);
}

#ifdef INVAL_PLAIN

static int test_chosen(const struct test_case *t, const char *arg)
{
	size_t n = strlen(t->suite);

	if (strncmp(arg, t->suite, n) != 0)
		return 0;
	return arg[n] == '\0' || (arg[n] == '/' && strcmp(arg + n + 1, t->name) == 0);
}

int main(int argc, char **argv)
{
	static unsigned long passed, failed;
	static struct test_case *t;

	for (t = test_first; t; t = t->next) {
		if (argc > 1 && !test_chosen(t, argv[1]))
			continue;
		if (setjmp(test_abort) == 0) {
			t->run();
			passed++;
			printf("ok %s/%s\n", t->suite, t->name);
		} else {
			failed++;
			printf("FAILED %s/%s\n", t->suite, t->name);
		}
	}
	test_close(passed, failed);
	return passed == 0 || failed != 0;
}

#else

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	unsigned long ran = stats->nb_tests - stats->tests_skipped;

	test_close(stats->tests_passed, ran - stats->tests_passed);
}

#endif

#endif /* INVAL_TEST_H */
