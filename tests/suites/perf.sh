#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Instructions of each path against its limit in bench/limits, by callgrind: the same
# on every run, whatever else the machine does.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite perf
need_packages gcc-12 libc6-dev python3 valgrind

check "count.c compiles" gcc-12 -std=gnu11 -O2 -g -Wall -Wextra -Werror -I"$root/include" \
	-I"$root/bench/port" "$root/bench/count.c" -o "$out/count" -pthread
valgrind --tool=callgrind --collect-atstart=no --compress-strings=no \
	--callgrind-out-file="$out/dump" "$out/count" >"$out/count.txt" 2>"$out/valgrind.log"
python3 "$root/bench/count.py" "$out/count.txt" "$root/bench/limits" "$out/dump" 2>&1 |
	tee "$out/log"
tally "limits" "$out/log" "${PIPESTATUS[0]}"
finish
