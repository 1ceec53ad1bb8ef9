#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a path costs, against its limit in bench/limits: instructions by callgrind, waits
# in series, bytes of code on x86-64 and arm64; the same on every run, whatever else the
# machine does. Beside them, without a limit, instructions on arm64, and times. And in the
# object code: no indirect call, at most 512 bytes of stack in a function, and nothing left
# of reports that a port leaves empty.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite perf
need_packages gcc-12 libc6-dev python3 valgrind binutils binutils-aarch64-linux-gnu \
	gcc-aarch64-linux-gnu clang-19 g++-12 libbenchmark-dev gnuplot-nox

users=$root/bench/users.c
plain=$root/tests/ports/freestanding

# compiled OBJECT USE PORT CC FLAG...: one user of users.c, or all of them (0)
compiled()
{
	local object=$1 use=$2 port=$3

	shift 3
	"$1" -std=c99 -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic \
		-fno-asynchronous-unwind-tables "-DUSE=$use" -I"$root/include" -I"$port" \
		-c "$users" -o "$object" "${@:2}"
}

# sizes NAME SIZE CC FLAG...: a line for each user, of code and constants
sizes()
{
	local name=$1 size=$2 use header object

	shift 2
	while read -r use header; do
		object=$out/$header.$name.o
		compiled "$object" "$use" "$plain" "$@" || return
		"$size" "$object" |
			awk -v n="code of $header, $name" 'NR == 2 { print "value", n, $1 + $2 }'
	done < <(sed -nE 's|^#if WANT\(([0-9]+)\)\s+/\* (\w+) \*/$|\1 \2|p' "$users")
}

# stack NAME CC FLAG...: of every function, also of those that nobody calls
stack()
{
	compiled "$out/stack.$1.o" 0 "$plain" "${@:2}" -fcallgraph-info=su &&
		compiled "$out/each.$1.o" 0 "$plain" "${@:2}" -fcallgraph-info=su \
			"-Dinline=__attribute__((__used__))" -Wno-attributes &&
		python3 "$root/bench/stack.py" 512 "$out/each.$1.ci" &&
		python3 "$root/bench/stack.py" 512 "$out/stack.$1.ci"
}

# reports PORT NAME CC FLAG...: the object code with that port is that of an empty one
reports()
{
	compiled "$out/empty.$2.o" 0 "$plain" "${@:3}" -w &&
		compiled "$out/other.$2.o" 0 "$out/$1" "${@:3}" -w &&
		cmp "$out/empty.$2.o" "$out/other.$2.o"
}

# lengths OBJECT NM: of its functions
lengths()
{
	"$2" -S "$1" | awk '$3 ~ /^[tT]$/ { print $4, $2 }' | sort
}

# shorter NAME NM CC FLAG...: functions, also those that nobody calls, that are shorter
# without reports
shorter()
{
	compiled "$out/mute.$1.o" 0 "$out/silent" "${@:3}" \
		"-Dinline=__attribute__((__used__))" -w &&
		diff <(lengths "$out/each.$1.o" "$2") <(lengths "$out/mute.$1.o" "$2")
}

# No argument of a report is looked at; and, so that it can be seen, those of one hook are.
mkdir -p "$out/silent" "$out/loud/count" "$out/loud/trace" "$out/loud/warn"
cat >"$out/silent/inval_port.h" <<END
#include "$plain/inval_port.h"
#define inval_port_warn(what, id, value) ((void)0)
#define inval_port_trace(what, id, value) ((void)0)
#define inval_port_count(what, n) ((void)0)
END
for hook in count trace warn; do
	cat >"$out/loud/$hook/inval_port.h" <<-END
	#include "$plain/inval_port.h"
	static volatile uint64_t loud[8];
	static inline void noise(uint64_t what, uint64_t id, uint64_t value, ...)
	{
		loud[0] = what;
		loud[1] = id;
		loud[2] = value;
	}
	#define inval_port_$hook(...) noise(__VA_ARGS__, 0)
	END
done

while read -r name size dump cc; do
	# shellcheck disable=SC2086 # a list of words
	{
		check "users of $name compile" sizes "$name" "$size" $cc
		sizes "$name" "$size" $cc >>"$out/count.txt"
		check "$name: no indirect call on a hot path" direct "$dump" "$users" \
			"$out/direct.$name.o" $cc -DUSE=0
		text=$(stack "$name" $cc)
		judge "$name: stack" $? "$text"
		say "stack, $name: $text"
		check "$name: no function is longer for its empty reports" shorter "$name" \
			"${dump%objdump}nm" $cc
	}
done <<-END
	x86-64 size objdump gcc-12 -mgeneral-regs-only
	arm64 aarch64-linux-gnu-size aarch64-linux-gnu-objdump aarch64-linux-gnu-gcc -mno-outline-atomics
END
for target in x86_64 aarch64; do
	check "reports into nothing are free, $target" reports silent "$target" \
		clang-19 "--target=$target-linux-gnu"
	for hook in count trace warn; do
		check_not "reports into a $hook hook, $target" differ reports "loud/$hook" "$target" \
			clang-19 "--target=$target-linux-gnu"
	done
done
while read -r name; do
	check "$name is reported by somebody" grep -qrw --exclude=report.h "$name" "$root/include"
done < <(sed -nE 's/^\t(INVAL_(WARN|EVENT|COUNT)_[A-Z_]+),?$/\1/p' "$root/include/inval/report.h")

check "count.c compiles" gcc-12 -std=gnu11 -O2 -g -Wall -Wextra -Werror -I"$root/include" \
	-I"$root/bench/port" "$root/bench/count.c" -o "$out/count" -pthread
valgrind --tool=callgrind --collect-atstart=no --compress-strings=no \
	--callgrind-out-file="$out/dump" "$out/count" >>"$out/count.txt" 2>"$out/valgrind.log"
bash "$root/bench/arm64/run.sh" >"$out/arm64.log" 2>"$out/arm64.err" </dev/null
judge "count.c on arm64" $? "$(tail -n 5 "$out/arm64.log" "$out/arm64.err")"
python3 "$root/bench/count.py" "$out/count.txt" "$root/bench/limits" "$out/dump" \
	"$out/arm64.log" 2>&1 |
	tee "$out/log"
tally "limits" "$out/log" "${PIPESTATUS[0]}"
check "profile of a case" python3 "$root/bench/count.py" "$out/count.txt" "$root/bench/limits" \
	"$out/dump" "$out/arm64.log" --profile "vet ATC_INV"

# Times are taken, and judged by nobody: but both ways have the same results.
bash "$root/bench/run.sh" --quick >"$out/bench.log" 2>&1 </dev/null
tally "bench/run.sh" "$out/bench.log" $?
finish
