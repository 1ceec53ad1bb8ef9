#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every test of test_*.c, under Criterion, as C99, C11 and C++17, from gcc 12 and
# clang 19, against the headers and against the single header; every header
# alone, in all dialects, from these and clang 14; and what must not compile.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite unit
need_packages gcc-12 g++-12 clang-14 clang-19 cmake ninja-build pkg-config libcriterion-dev

compile_alone()
{
	local header=$1 cc=$2 std=$3 language=

	shift 3
	[[ $std != c++* ]] || language="-x c++"
	alone "$header"
	# shellcheck disable=SC2086 # lists of words
	queue "$header.h alone, $cc $std $*" $cc $language -std=$std -O1 -Wall -Wextra \
		-pedantic-errors -Werror -c -o /dev/null $flags "$@" "$source"
}

for cc in gcc-12 clang-19; do
	cxx=${cc/clang/clang++}
	build_tests $cc -DCMAKE_C_COMPILER=$cc -DCMAKE_CXX_COMPILER="${cxx/gcc/g++}" \
		-DINVAL_TEST_STDS="c99;c11;c++17" -DINVAL_TEST_LAYOUTS="include;single"
	run_tests $cc
done

# shellcheck disable=SC2034 # for alone
single=$out/gcc-12/single
for cc in gcc-12 clang-14 clang-19; do
	for std in c99 gnu99 c11 gnu11 c++17; do
		for header in $headers inval single; do
			compile_alone "$header" $cc $std
		done
	done
done
while read -r with; do
	compile_alone inval gcc-12 c99 "-D$with"
	compile_alone single gcc-12 c99 "-D$with"
done < <(grep -o 'INVAL_WITH_[A-Z]*' "$root/include/inval.h" | sort -u)
drain

not=$root/tests/must_not_compile/run.sh
if [ -e "$not" ]; then
	bash "$not" >"$out/must_not_compile.log" 2>&1 </dev/null
	tally must_not_compile "$out/must_not_compile.log" $?
fi
finish
