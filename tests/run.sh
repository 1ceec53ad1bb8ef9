#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The one test command: tests/run.sh [suite...], without a name all of them.
# The output of each also goes to build/log. Exit code: 0 all passed, 1 a case
# failed, 2 something to install is missing.
set -u

# In this order. A suite is added here when it lands, so that one that gets
# lost is an error and not silence.
suites="unit coverage sanitize cross model stress litmus proofs fuzz style install examples qemu kvm hypervisors perf mutants"

here=$(cd "$(dirname "$0")" && pwd)
log=${INVAL_BUILD:-$here/../build}/log
passed=0
failed=0
bad=
absent=

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $suites
for name; do
	if [[ " $suites " != *" $name "* ]]; then
		echo "no suite $name, there are: $suites" >&2
		exit 1
	fi
done

mkdir -p "$log"
for name; do
	echo "== $name"
	bash "$here/suites/$name.sh" 2>&1 </dev/null | tee "$log/$name.log"
	rc=${PIPESTATUS[0]}
	read -r p f < <(tail -n 1 "$log/$name.log" |
		sed -nE "s/^$name: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p") ||
		p=0 f=0
	case $rc in
	0) [ "$p" -gt 0 ] && [ "$f" = 0 ] || f=$((f + 1)) ;;
	2) absent="$absent $name" ;;
	*) [ "$f" -gt 0 ] || f=1 ;;
	esac
	passed=$((passed + p))
	failed=$((failed + f))
	[ "$f" = 0 ] || bad="$bad $name"
done

# Once more at the end, where it is looked for.
for name in $bad; do
	echo "== failed in $name, build/log/$name.log has all of it"
	grep -E 'FAILED|\[FAIL\]' "$log/$name.log" | sed 's/^ *//' | awk '!seen[$0]++' |
		head -n 20
done
[ -z "$absent" ] || echo "not run to the end, something is missing:$absent"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] || exit 1
[ -z "$absent" ] || exit 2
[ "$passed" -gt 0 ]
