#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# libFuzzer with ASan and UBSan on each tests/fuzz/fuzz_*.c: a minute for the queue, one
# for arrays and domains, ten seconds for others, from one seed, so that what fails is
# the change; with --long sixty times as much, from a seed of chance. Before that each
# has to find the bugs of tests/fuzz/planted.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite fuzz
need_packages clang-19 libclang-rt-19-dev libc6-dev
unit=10
seed=1
[ "${1:-}" = --long ] && unit=600 seed=0

targets=$(cd "$root/tests/fuzz" && printf '%s\n' fuzz_*.c | sed 's/\.c$//')

seconds()
{
	case $1 in
	fuzz_queue) echo $((6 * unit)) ;;
	fuzz_array | fuzz_domain) echo $((3 * unit)) ;;
	*) echo "$unit" ;;
	esac
}

# build INCLUDE TARGET EXE: on fuzz/port, or on ports/recording where the target says so
build()
{
	local port=$root/tests/fuzz/port

	! grep -qF '/* port: recording */' "$root/tests/fuzz/$2.c" || port=$root/tests/ports/recording
	clang-19 -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all "-I$1" "-I$root/tests" "-I$port" \
		-I"$root/tests/ports" "$root/tests/fuzz/$2.c" -o "$3" -pthread
}

# What libFuzzer found is in the output, as Base64: base64 -d into a file, and give that
# to the program.
fuzz()
{
	local dir=$1

	shift
	mkdir -p "$dir/corpus" && cd "$dir" && "$@" -rss_limit_mb=1024 -timeout=20 \
		-print_final_stats=1 -artifact_prefix="$dir/" "$dir/corpus" 2>&1 |
		tee "$dir/log" | tail -n 30
	return "${PIPESTATUS[0]}"
}

# finds NUMBER TARGET HEADER EXPRESSION
finds()
{
	local dir=$out/planted$1

	mkdir -p "$dir"
	cp -r "$root/include" "$dir/include"
	sed -i "$4" "$dir/include/inval/$3"
	cmp -s "$root/include/inval/$3" "$dir/include/inval/$3" &&
		{ echo "the expression matches nothing"; return 1; }
	build "$dir/include" "$2" "$dir/$2" || return
	fuzz "$dir" "$dir/$2" -seed=1 -max_total_time=60
	grep -qE '^(SUMMARY: |==[0-9]+== ERROR: libFuzzer: deadly signal)' "$dir/log"
}
export root out
export -f build fuzz finds

number=0
while IFS=$'\t' read -r target header expression; do
	number=$((number + 1))
	queue "$target finds $header: $expression" finds "$number" "$target" "$header" "$expression"
done < <(grep -v '^#' "$root/tests/fuzz/planted")
say "$number planted bugs"
drain

for target in $targets; do
	check "$target compiles" build "$root/include" "$target" "$out/$target"
	queue "$target, $(seconds "$target") s" fuzz "$out/run.$target" "$out/$target" \
		-seed=$seed -max_total_time="$(seconds "$target")" -max_len=400
	grep -q "^$target	" "$root/tests/fuzz/planted" || fail "$target" "has no planted bug"
done
say "${targets//$'\n'/ }"
drain
for target in $targets; do
	say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/run.$target/log") runs"
done
finish
