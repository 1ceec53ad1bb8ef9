#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# proofs.sh [--size N] [--long]: cbmc proves, for all inputs up to a size (4, or N), what
# tests/proofs/*.c say, and that no access there is out of bounds, no shift too far, no
# conversion or sum loses a bit. tests/proofs/list names the proofs and, for each, bugs
# that must make it fail. --long: those that take minutes at that size, too. orders.c runs
# all orders of the entries besides: up to 5, with --long 6.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/cache.sh"
size=4 long='' most=5
while [ $# -gt 0 ]; do
	case $1 in
	--size) size=${2:?--size needs a number} && shift ;;
	--long) long=--long most=6 ;;
	*) echo "proofs.sh [--size N] [--long]" >&2 && exit 1 ;;
	esac
	shift
done
suite proofs
need_packages gcc libc6-dev python3
cache_tool cbmc-1 trixie cbmc cbmc

# orders LIBRARY SIZE: orders.c on the library in a directory
orders()
{
	gcc -std=c11 -O2 -Wall -Wextra -Werror -I"$1" -I"$root/tests/ports/freestanding" \
		"$root/tests/proofs/orders.c" -o "$1/orders" && "$1/orders" "$2"
}

# planted NAME TEXT NEW: with this in array.h they must not all be right
planted()
{
	local dir="$out/planted"

	rm -rf "$dir"
	cp -r "$root/include" "$dir"
	sed -i "s/$2/$3/" "$dir/inval/array.h"
	if cmp -s "$dir/inval/array.h" "$root/include/inval/array.h"; then
		fail "all orders, planted: $1" "the text is not there"
	else
		check_not "all orders, planted: $1" "$1:" orders "$dir" 3
	fi
}

cp -r "$root/include" "$out/library"
check "all orders of merge, ref, unref, purge" orders "$out/library" "$most"
planted merge "\*done = found ? at + 1U : at" "*done = at"
planted ref "e->users + add\[i\].users" "add[i].users"
planted unref "left > 0U" "left > 1U"
planted purge "base, NULL, 0" "base, inval_array_at(base), 1"

python3 "$root/tests/proofs/proofs.py" "$out/work" "$item/bin/cbmc" "$size" $long 2>&1 |
	tee "$out/log"
tally "proofs" "$out/log" "${PIPESTATUS[0]}"
finish
