#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A VMM in C++17 on the library: built by two compilers with warnings as errors, run, run
# with sanitizers, and run once without its flushes, to see that its judge sees that.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
suite cpp_vmm
need_packages g++-12 libc6-dev clang-19 libclang-rt-19-dev

here=${INVAL_EXAMPLES:-$root/examples}/cpp_vmm
include=${INVAL_INCLUDE:-$root/include}

# build CXX OUTPUT FLAG...
build()
{
	"$1" -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wcast-qual -Wshadow \
		-Werror -pthread -I"$include" -I"$root/selftests" -I"$here" "${@:3}" \
		"$here/vmm.cpp" -o "$out/$2"
}

# run PROGRAM: its cases are ours
run()
{
	local rc

	timeout 300 "$out/$1" >"$out/$1.log" 2>&1 </dev/null
	rc=$?
	cat "$out/$1.log"
	tally "$1" "$out/$1.log" $rc
}

say "building"
check "g++" build g++-12 vmm -O2
check "clang++, sanitizers" build clang++-19 vmm.san -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all
if [ "$failed" = 0 ]; then
	say "running it"
	run vmm
	run vmm.san
	check_not "without flushes" "FAILED no DMA landed where a flush" \
		timeout 300 "$out/vmm" --forget
fi
[ "$failed" != 0 ] || printf 'table: | cpp_vmm | g++ %s, clang++ %s | %s | ./examples/cpp_vmm/run.sh |\n' \
	"$(g++-12 -dumpfullversion)" "$(clang++-19 -dumpversion)" \
	"self-test; flushes, attaches and a guest's queue in nine threads, under sanitizers, too"
finish
