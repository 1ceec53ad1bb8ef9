#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [--quick | --write]
#
# Times, by Google Benchmark, beside those of the textbook way (baseline.h) in the same run:
# a program for each header with a hot path. JSON, a table and plots are then in build/bench.
# A time is the median of nine, taken in turns with the others. --quick: seconds, and rough.
# --write: the ratios into README, which says also why some headers have no program.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../tests/lib.sh"
suite bench
need_packages g++-12 libbenchmark-dev gnuplot-nox python3

how="--benchmark_min_time=0.1 --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true
	--benchmark_report_aggregates_only=true"
write=
case ${1:-} in
--quick) how=--benchmark_min_time=0.002 ;;
--write) write=--write ;;
"") ;;
*)
	echo "usage: $0 [--quick | --write]" >&2
	exit 1
	;;
esac
programs="array queue flush cmd guest"

# plot FILE WHAT XLABEL WHY
plot()
{
	gnuplot -e "
		set terminal svg size 800,440; set output '$1.svg'; set logscale xy;
		set title \"$2\\n$4\"; set xlabel '$3'; set ylabel 'ns'; set key left;
		plot '$1.data' using 1:2 with linespoints title 'inval',
		'' using 1:3 with linespoints title 'textbook'"
}

for name in $programs; do
	queue "$name.cc compiles" g++-12 -std=gnu++17 -O2 -Wall -Wextra -Werror -Wno-unused-function \
		-I"$root/include" -I"$here/port" "$here/$name.cc" -o "$out/bin/$name" -lbenchmark -pthread
done
mkdir "$out/bin"
drain
files=
for name in $programs; do
	say "$name"
	# shellcheck disable=SC2086 # a list of words
	check "$name runs" "$out/bin/$name" $how "--benchmark_out=$out/$name.json"
	files="$files $out/$name.json"
done
# shellcheck disable=SC2086 # a list of words
python3 "$here/table.py" $write "$root/README.md" $files >"$out/table.txt" 2>&1
rc=$?
cat "$out/table.txt"
tally "table" "$out/table.txt" $rc

# Each curve with the reason why it bends.
plots=0
while IFS='|' read -r what xlabel why; do
	file=$out/${what//[^a-zA-Z0-9]/_}
	check "plot: $what" plot "$file" "$what" "$xlabel" "$why"
	check "plot: $what is there" grep -q textbook "$file.svg"
	echo "$what: $why"
	plots=$((plots + 1))
done <<-END
	array: add an entry|entries|bends where two arrays no longer fit a cache: from there on memory is copied
	array: add 16|entries|up to 256 most of it are 16 searches; then as for one
	array: a user more, and less|entries|straight is log n; steeper where what is searched is in no cache
	array: drop a dead entry|entries|as for adding one
	queue: put, commands|commands|flat while two exchanges cost more than the copy
	queue: put, SYNC, wait, commands|commands|likewise, with a third exchange and a look at CONS
	queue: put 1, SYNC, wait, threads|threads|rises where two CPUs share words; with more threads than CPUs they seldom meet
	queue: put 1, SYNC of 1 us, wait, threads|threads|flat: the SMMU's time; a lock's next owner has to be woken first
	flush: CPU alone, pages|pages|one page takes a short cut; above 512 commands it is one for everything
	flush: CPU alone, SMMUs|SMMUs|straight but for the beginning: each costs the same
	flush: SYNCs of 1 us, SMMUs|SMMUs|bends where issuing to all takes as long as the first SYNC
	range: cut without range commands, pages|pages|straight but for the beginning: a command each
	range: cut with range commands, pages|pages|flat: two commands at most
	guest: work off a queue, commands|commands|the first pays for the SYNC of a batch of 64; then straight
END
check "each curve has a plot" test "$plots" = "$(find "$out" -name '*.data' | wc -l)"

if [ "${1:-}" != --quick ]; then
	bash "$here/arm64/run.sh" | tee "$out/arm64"
	check "instructions on arm64 are there" grep -q '^arm64 put 1' "$out/arm64"
fi
finish
