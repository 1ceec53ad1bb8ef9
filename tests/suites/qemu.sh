#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Against an SMMU that is not ours: the demo as a user runs it, and selftests/qemu
# (all rows, QEMU's trace log as a second judge, controls that must fail). Where
# DMA lands is the judge. And the firmware call, answered by an image itself.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite qemu

run()
{
	local name=$1 rc

	shift
	say "$name"
	bash "$@" >"$out/$name.log" 2>&1 </dev/null
	rc=$?
	[ $rc != 2 ] || { cat "$out/$name.log"; missing "what $name asks for"; }
	tally "$name" "$out/$name.log" $rc
}

run demo "$root/examples/demo.sh"
check "the demo's trace has all rows, and what was flushed" python3 -c 'import json, re, sys
rows = re.findall(r"^ +\d+ (.*?)  .* ok$", open(sys.argv[1]).read(), re.M)
spans = [e for e in json.load(open(sys.argv[2]))["traceEvents"] if e["ph"] == "X"]
headings = [e for e in spans if e["cat"] == "heading" and e["name"] in rows]
flushed = [h for h in headings if "CFGI_" in h["name"] or any(
	h["ts"] < e["ts"] <= h["ts"] + h["dur"] and "TLBI" in e["name"] for e in spans if e["cat"] == "SYNC")]
sys.exit(f"{len(rows)} {len(headings)} {len(flushed)}" if not rows or
	 len(rows) != len(headings) or len(rows) != len(flushed) else 0)' \
	"$out/demo.log" "$build/demo/trace.json"
run selftests "$root/selftests/qemu/run.sh"
run firmware "$root/selftests/qemu/firmware/run.sh"
finish
