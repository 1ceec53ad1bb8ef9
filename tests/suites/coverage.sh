#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How much of include/ the tests run: at least 95 % of the lines, 90 % of the
# branches and every function. Hook checks (INVAL_PORT_USES_*) are functions that
# nobody is meant to call, so they are left out.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite coverage
need_packages gcc-12 libc6-dev cmake ninja-build gcovr jq

# gcov does not see a static inline function that nothing uses; nor does
# -fkeep-inline-functions bring out an always_inline one, which moreover would
# count as never called wherever it is inlined.
options=(--coverage -DINVAL_TEST_FEW -O0 -fkeep-inline-functions "-Dinline=__attribute__((__used__))"
	-D__always_inline__=__noinline__ -Wno-attributes)

build_tests gcc -DCMAKE_C_COMPILER=gcc-12 -DINVAL_PLAIN=ON \
	-DINVAL_TEST_FLAGS="$(IFS=';'; echo "${options[*]}")"
run_tests gcc
drain

# A header that no test includes would not appear at all.
for header in $headers; do
	alone "$header"
	# shellcheck disable=SC2086 # a list of words
	check "$header.h alone" gcc-12 -std=c99 "${options[@]}" $flags -c "$source" \
		-o "$out/alone/$header.o"
done

gcovr -r "$root" --gcov-executable gcov-12 --filter "$root/include/" \
	--exclude-lines-by-pattern '.*INVAL_PORT_USES_.*' \
	--json-summary "$out/summary.json" --json "$out/lines.json" --txt - "$out" \
	>"$out/report.txt" 2>"$out/gcovr.log" ||
	fail "gcovr" "$(cat "$out/gcovr.log")"
cat "$out/report.txt"

# row WHAT PERCENT
row()
{
	local got

	got=$(jq -r ".$1_percent" "$out/summary.json")
	say "$1: $got %, at least $2 %"
	check "$1: $got %, below $2 %" jq -e \
		".$1_total > 0 and .$1_covered >= .$1_total * $2 / 100" "$out/summary.json"
}

row line 95
row branch 90

jq -r '.files[] | .file as $file | .functions[] |
	select(.name | test("^inval_[a-z0-9]+_uses_") | not) |
	"\(.execution_count) \($file):\(.lineno) \(.name)"' "$out/lines.json" >"$out/functions"
never=$(grep '^0 ' "$out/functions")
say "functions: $(wc -l <"$out/functions") in all, at least 100 %"
if [ -s "$out/functions" ] && [ -z "$never" ]; then
	pass
else
	fail "functions never called:" "$never"
fi
finish
