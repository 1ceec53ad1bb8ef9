#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The examples that judge themselves: each has a run.sh with a closing line. user_space_vmm
# needs a QEMU, which it fetches.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite examples
need_packages gcc-12 libc6-dev

run()
{
	local rc

	say "$1"
	bash "$root/examples/$1/run.sh" >"$out/$1.log" 2>&1 </dev/null
	rc=$?
	[ $rc != 2 ] || { cat "$out/$1.log"; missing "what $1 asks for"; }
	tally "$1" "$out/$1.log" $rc
}

run decode
run timeline
run user_space_vmm
finish
