#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# hypervisors.sh [--write] [--long] [EXAMPLE...]
#
# The library inside hypervisors: each of examples/ that is one, by its run.sh, in its own
# kernel under QEMU where it has one; two ports in one program, in C and in C++; README's
# tables against what ran and against the ports. Each run.sh says on success what its row
# of README's table is ("table: | ..."); --write puts these rows there. --long: Debian's
# newest kernels and a dom0 of Xen's, too. EXAMPLE...: just these, for work on one.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite hypervisors
need_packages gcc-12 g++-12 libc6-dev liburcu-dev python3

write=
long=
while [[ ${1:-} == --* ]]; do
	case $1 in
	--write) write=--write ;;
	--long) long=1 ;;
	*) missing "usage: ${BASH_SOURCE[0]} [--write] [--long] [EXAMPLE...]" ;;
	esac
	shift
done
rows=$out/rows

# unit COMPILER NAME PORT FLAG...: one translation unit with a port
unit()
{
	# shellcheck disable=SC2086 # a list of words
	$1 -O2 -Wall -Wextra -pedantic-errors -Werror -pthread -I"$root/include" -I"$root/$3" \
		-DUNIT="unit_$2" "${@:4}" -c "$root/tests/two_ports/unit.c" -o "$out/$2.o"
}

# program COMPILER OUTPUT FLAG...: both units
program()
{
	# shellcheck disable=SC2086 # a list of words
	$1 -O2 -Wall -Wextra -Werror -pthread "$root/tests/two_ports/main.c" -x none \
		"$out/one.o" "$out/two.o" -o "$out/$2" "${@:3}"
}

# Of what both units define, only their own names are seen.
only_their_names()
{
	local seen

	seen=$(nm -g --defined-only "$out/one.o" "$out/two.o" | awk 'NF == 3 { print $3 }')
	[ "$seen" = $'unit_one\nunit_two' ] || { echo "$seen"; return 1; }
}

say "two ports in one program"
c="gcc-12 -std=gnu11"
check "C, port_c11" unit "$c" one examples/port_c11
check "C, liburcu's" unit "$c" two tests/ports/urcu -DUNIT_BEGIN=port_thread_begin \
	-DUNIT_END=port_thread_end
check "C: no other name is seen" only_their_names
check "C: linked" program "$c" c -lurcu-memb
queue_tally "C: run" timeout 60 "$out/c"
# Link-time optimisation compares the types: one name for two meanings is an error.
cxx="g++-12 -x c++ -std=c++17 -flto -Wodr"
check "C++, port_c11" unit "$cxx" one examples/port_c11 -DINVAL_NAMESPACE=one
check "C++, cpp_vmm's" unit "$cxx" two examples/cpp_vmm -DINVAL_NAMESPACE=two
check "C++: linked" program "$cxx" cxx
queue_tally "C++: run" timeout 60 "$out/cxx"
check "C++, one namespace, port_c11" unit "$cxx" one examples/port_c11 -DINVAL_NAMESPACE=both
check "C++, one namespace, cpp_vmm's" unit "$cxx" two examples/cpp_vmm -DINVAL_NAMESPACE=both
check_not "C++: one namespace for both" "violates the C++ One Definition Rule" program "$cxx" odr
drain

# example NAME ARG...: its run.sh; what that says stands in $log
example()
{
	local rc

	log=$out/$(tr -d ' -' <<<"$*").log
	say "$*"
	bash "$root/examples/$1/run.sh" "${@:2}" >"$log" 2>&1 </dev/null
	rc=$?
	[ $rc != 2 ] || { cat "$log"; missing "what examples/$1 asks for"; }
	tally "$*" "$log" $rc
	say "$(grep -E ': [0-9]+ s$' "$log")"
}

[ $# -gt 0 ] || set -- cpp_vmm linux_module pkvm_hyp xen
: >"$rows"
for name; do
	example "$name"
	check "$name says what its row is" test "$(grep -c '^table: | ' "$log")" = 1
	sed -n 's/^table: //p' "$log" | tee -a "$rows"
done
if [ -n "$long" ]; then
	example linux_module --kernel newest
	example pkvm_hyp --kernel newest
	example xen --dom0
fi
python3 "$root/tests/hypervisors/readme.py" $write "$rows" >"$out/readme.log" 2>&1
tally "README" "$out/readme.log" $?
finish
