#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How long a flush takes when all SMMUs are issued to before one is waited for, against
# one after another: a table for 1, 4, 16 and 64 SMMUs with devices that have ATS, and
# 16 of them as trace events and as a picture, in build/timeline. See latency.c.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../tests/lib.sh"
suite timeline
need_packages gcc-12 libc6-dev python3

# at_most NUM OTHER TIMES: NUM is at most OTHER / TIMES
at_most()
{
	[ $(($1 * $3)) -le "$2" ] || { echo "$1 ns against $2 ns"; return 1; }
}

check "latency.c compiles" gcc-12 -std=gnu11 -O2 -Wall -Wextra -Werror -I"$root/include" \
	-I"$root/examples/port_c11" "$here/latency.c" -o "$out/latency" -pthread
printf '%8s %18s %14s\n' SMMUs "in turn, us" "overlapped, us"
for num in 1 4 16 64; do
	"$out/latency" "$num" 1 >"$out/turn.$num" && "$out/latency" "$num" 64 >"$out/over.$num"
	turn=$(awk '/^total/ { print $2 }' "$out/turn.$num")
	over=$(awk '/^total/ { print $2 }' "$out/over.$num")
	awk -v n="$num" -v t="$turn" -v o="$over" \
		'BEGIN { printf "%8d %18.2f %14.2f  x %.1f\n", n, t / 1000, o / 1000, t / o }'
	check "$num SMMUs take as long as one" at_most "$over" "$turn" "$num"
done
check "a picture" python3 "$here/timeline.py" "$out/16" \
	"16 SMMUs, one after another=$out/turn.16" "16 SMMUs, overlapped=$out/over.16"
check "trace events are JSON" python3 -c 'import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
sys.exit(len({(e["pid"], e.get("tid")) for e in events if e["ph"] == "X"}) != 32)' "$out/16.json"
check "the picture in the repository is this one" cmp "$out/16.svg" "$here/16.svg"
finish
