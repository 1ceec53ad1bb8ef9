#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Real threads: domains under ThreadSanitizer, under AddressSanitizer with freed arrays
# poisoned, and with liburcu's RCU; queues with ten million commands, a million of them
# under ThreadSanitizer; requesters of cache maintenance while providers come and go; what
# an embedder calls at boot, on each port of user space. And the attach mutex left out, and
# a remove that does not wait, which must be noticed; bugs planted in the library are
# tests/mutants/stress.list.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite stress
need_packages gcc-12 libc6-dev liburcu-dev
export TSAN_OPTIONS=halt_on_error=1 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

# stress PROGRAM MODE FLAG
stress()
{
	local exe=$out/$1.$2

	check "build $1, $2" "$root/tests/stress/build.sh" "$2" "$1" "$exe" "$3"
	queue_tally "$1, $2" run_logged "$exe"
}

run_logged()
{
	timeout 600 "$1" 2>&1 | tee "$1.log"
	return "${PIPESTATUS[0]}"
}
export -f run_logged

stress stress_domain tsan -DSTRESS_FLUSHES=50000U
for mode in plain asan urcu; do
	stress stress_domain $mode -DSTRESS_FLUSHES=100000U
done
for mode in plain tsan asan; do
	stress stress_memregion $mode -DSTRESS_REQUESTS=5000U
done
for mode in plain tsan asan urcu; do
	stress selftest $mode -DSELFTEST
done
stress stress_queue plain -DSTRESS_COMMANDS=1100000U
stress stress_queue tsan -DSTRESS_COMMANDS=121000U
drain
for log in "$out"/*.log; do
	say "$(basename "$log" .log)"
	sed -n 's/^[0-9]/    &/p' "$log"
done

# commands LEAST LOG...: so many went through the queues
commands()
{
	sed -n 's/^[0-9]* slots, .* threads: \([0-9]*\) commands, .*/\1/p' "${@:2}" |
		awk -v least="$1" '{ n += $1 } END { print n " commands"; exit n < least }'
}

check "ten million commands" commands 10000000 "$out"/stress_queue.*.log
check "a million of them under TSan" commands 1000000 "$out/stress_queue.tsan.log"
check "build without the attach mutex" "$root/tests/stress/build.sh" tsan stress_domain \
	"$out/no_mutex" "-DSTRESS_LOCK(m)=(void)(m)" "-DSTRESS_UNLOCK(m)=(void)(m)"
# As a data race, or by the judge.
check_not "the attach mutex left out" "stress_domain.c:" timeout 600 "$out/no_mutex"
check "build a remove that does not wait" "$root/tests/stress/build.sh" asan stress_memregion \
	"$out/no_wait" "-DSTRESS_REMOVE(m, p)=forget(m, p)"
# As a use of freed memory, or as a jump to where that sent it.
check_not "a remove that does not wait" "ERROR: AddressSanitizer" timeout 600 "$out/no_wait"
finish
