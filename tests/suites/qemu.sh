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
run selftests "$root/selftests/qemu/run.sh"
run firmware "$root/selftests/qemu/firmware/run.sh"
finish
