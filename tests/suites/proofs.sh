#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# proofs.sh [--size N] [--long]: cbmc proves, for all inputs up to a size (4, or N), what
# tests/proofs/*.c say, and that no access there is out of bounds, no shift too far, no
# conversion or sum loses a bit. tests/proofs/list names the proofs and, for each, bugs
# that must make it fail. --long: those that take minutes at that size, too.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/cache.sh"
size=4 long=
while [ $# -gt 0 ]; do
	case $1 in
	--size) size=${2:?--size needs a number} && shift ;;
	--long) long=--long ;;
	*) echo "proofs.sh [--size N] [--long]" >&2 && exit 1 ;;
	esac
	shift
done
suite proofs
need_packages gcc libc6-dev python3
cache_tool cbmc-1 trixie cbmc cbmc

python3 "$root/tests/proofs/proofs.py" "$out/work" "$item/bin/cbmc" "$size" $long 2>&1 |
	tee "$out/log"
tally "proofs" "$out/log" "${PIPESTATUS[0]}"
finish
