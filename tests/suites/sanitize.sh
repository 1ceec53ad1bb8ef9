#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every test as a plain program under AddressSanitizer (leaks too) and
# UndefinedBehaviorSanitizer, from gcc 12, clang 14 and clang 19. A report ends the
# program with an error, and so fails it.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite sanitize
need_packages gcc-12 libc6-dev clang-14 clang-19 libclang-rt-14-dev libclang-rt-19-dev cmake ninja-build

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1

for cc in gcc-12 clang-14 clang-19; do
	build_tests $cc -DCMAKE_C_COMPILER=$cc -DINVAL_PLAIN=ON \
		-DINVAL_TEST_FLAGS="-O1;-g;-fsanitize=address,undefined;-fno-sanitize-recover=all;-DINVAL_TEST_FEW"
	run_tests $cc
done
finish
