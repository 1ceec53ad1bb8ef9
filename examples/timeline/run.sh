#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How long a flush takes when all SMMUs are issued to before one is waited for, against
# one after another: a table for 1, 4, 16 and 64 SMMUs with devices that have ATS, and
# 16 of them as trace events and as a picture, in build/timeline. See latency.c; and that
# what timeline.py draws is what recorder.h wrote.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
here=${INVAL_EXAMPLES:-$root/examples}/timeline
suite timeline
need_packages gcc-12 libc6-dev python3

# at_most NUM OTHER TIMES: NUM is at most OTHER / TIMES
at_most()
{
	[ $(($1 * $3)) -le "$2" ] || { echo "$1 ns against $2 ns"; return 1; }
}

# shown JSON: a line for each span and mark in it: process, lane, us, kind, text
shown()
{
	python3 -c 'import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
lane = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
for e in events:
	if e["ph"] in "Xi":
		print(e["pid"], lane[e["pid"], e["tid"]] + ":", e["ts"], e.get("dur", "-"),
		      e.get("cat", "mark"), "|", e["name"], *([e["args"]] if e.get("args") else []))' "$1"
}

check "latency.c compiles" gcc-12 -std=gnu11 -O2 -Wall -Wextra -Werror \
	-I"${INVAL_INCLUDE:-$root/include}" -I"$here" "$here/latency.c" -o "$out/latency" -pthread
printf '%8s %18s %14s\n' SMMUs "in turn, us" "overlapped, us"
for num in 1 4 16 64; do
	"$out/latency" "$num" 1 >"$out/turn.$num" && "$out/latency" "$num" 64 >"$out/over.$num"
	turn=$(awk '/^total/ { print $2 }' "$out/turn.$num")
	over=$(awk '/^total/ { print $2 }' "$out/over.$num")
	awk -v n="$num" -v t="$turn" -v o="$over" \
		'BEGIN { printf "%8d %18.2f %14.2f  x %.1f\n", n, t / 1000, o / 1000, t / o }'
	check "$num SMMUs take as long as one" at_most "$over" "$turn" "$num"
done

"$out/latency" 2 64 >"$out/over.2"
cat >"$out/over.2.want" <<END
0 flush_begin 19087360 4096 flush=1 copy=1
0 issue 0 19 tlbi=1 atc=16 sync=2
0 issue 1 19 tlbi=1 atc=16 sync=2
0 wait_begin 0 19 wait=1
12850 wait_end 0 0
12850 wait_begin 1 19 wait=1
12850 wait_end 1 0
12850 flush_end 34 0
total 12850
END
check "what is recorded" diff "$out/over.2.want" "$out/over.2"
"$out/latency" 2 64 5 >"$out/lost"
(sed -n 1,5p "$out/over.2.want"; echo "lost 3"; tail -n 1 "$out/over.2.want") >"$out/lost.want"
check "what found no room is lost, and said to be" diff "$out/lost.want" "$out/lost"
check_not "no picture of less than there was" "lost 3" \
	python3 "$here/timeline.py" "$out/lost" "lost=$out/lost"

check "a picture" python3 "$here/timeline.py" "$out/16" \
	"16 SMMUs, one after another=$out/turn.16" "16 SMMUs, overlapped=$out/over.16"
check "the picture in the repository is this one" cmp "$out/16.svg" "$root/examples/timeline/16.svg"
shown "$out/16.json" >"$out/16.shown"
check "trace events: one SMMU after another" test 16 = \
	"$(grep -c '^0 SMMU.*12.85 SYNC behind ATC_INV | 1 TLBI, 16 ATC_INV, 2 SYNC' "$out/16.shown")"
check "trace events: overlapped" test 16 = \
	"$(grep -c '^1 SMMU.*: 0.0 12.85 SYNC behind ATC_INV | 1 TLBI, 16 ATC_INV, 2 SYNC' "$out/16.shown")"

cat >"$out/all" <<END
1000 flush_begin 4660 8192 flush=1
1500 full 3 4
2000 issue 3 5 tlbi=2 cfgi=1 sync=1
2100 issue 2 3 atc=1 other=1 sync=1
3000 wait_begin 3 4 wait=1
3100 cmdq_error 3 1
4000 wait_end 3 84
4000 wait_begin 2 3
5000 wait_end 2 0
6000 flush_end 2 1
100000 # another row
100000 issue 3 1
100500 flush_begin 0 18446744073709551615
100600 flush_end 0 0
END
cat >"$out/all.want" <<END
0 SMMU 3: 1.5 0.5 no room | no room
0 SMMU 3: 2.0 2.0 SYNC | 2 TLBI, 1 CFGI, 1 SYNC, 1 not counted
0 SMMU 3: 3.0 1.0 wait | wait {'error': 84}
0 SMMU 2: 2.1 2.9 SYNC behind ATC_INV | 1 ATC_INV, 1 other, 1 SYNC
0 SMMU 2: 4.0 1.0 wait | wait
0 CPU: 1.0 5.0 flush | flush of 0x1234, 8192 bytes {'entries': 2, 'errors': 1}
0 SMMU 3: 2.0 - mark | issue {'commands': '2 TLBI, 1 CFGI, 1 SYNC, 1 not counted'}
0 SMMU 2: 2.1 - mark | issue {'commands': '1 ATC_INV, 1 other, 1 SYNC'}
0 CPU: 3.1 - mark | cmdq_error {'id': 3, 'value': 1}
0 CPU: 100.0 0.6 heading | another row
0 CPU: 100.5 0.1 flush | flush of everything {'entries': 0, 'errors': 0}
0 SMMU 3: 100.0 - mark | issue {'commands': '1 not counted'}
END
python3 "$here/timeline.py" "$out/all" "all=$out/all"
shown "$out/all.json" >"$out/all.shown"
check "all kinds of events" diff "$out/all.want" "$out/all.shown"
finish
