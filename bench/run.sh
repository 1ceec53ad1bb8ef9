#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Times, by Google Benchmark, beside those of the textbook way in the same run: JSON, a
# table of ratios and plots in build/bench. Only arrays so far; instructions of the other
# paths are in ./tests/run.sh perf. --quick: seconds, and rough.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tests/lib.sh"
suite bench
need_packages g++-12 libbenchmark-dev gnuplot-nox python3

time=0.5
[ "${1:-}" != --quick ] || time=0.01
check "array.cc compiles" g++-12 -std=gnu++17 -O2 -Wall -Wextra -Werror -Wno-unused-function \
	-I"$root/include" -I"$here/port" "$here/array.cc" -o "$out/array" -lbenchmark -pthread
say "arrays of 16 to 2^20 entries"
check "array runs" "$out/array" "--benchmark_min_time=$time" "--benchmark_out=$out/array.json"
python3 "$here/table.py" "$out/array.json" "$out/array" 2>&1 | tee "$out/array.log"
tally "array" "$out/array.log" "${PIPESTATUS[0]}"
echo "merge bends where two arrays no longer fit a cache: it copies; ref and unref only search."
for what in merge ref_unref; do
	check "plot of $what" gnuplot -e "
		set terminal svg size 700,420; set output '$out/$what.svg'; set logscale xy;
		set xlabel 'entries'; set ylabel 'ns'; set key left;
		plot '$out/array.$what' using 1:2 with linespoints title '$what',
		'' using 1:3 with linespoints title 'textbook'"
	check "plot of $what is there" grep -q textbook "$out/$what.svg"
done
bash "$here/arm64/run.sh" | tee "$out/arm64"
check "instructions on arm64 are there" grep -q '^arm64 put 1' "$out/arm64"
finish
