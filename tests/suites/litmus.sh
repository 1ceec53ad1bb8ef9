#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Each order that the library relies on, asked of three memory models (LKMM, AArch64,
# RC11) with the barriers of each port in examples/ and selftests/, as its header has them:
# never wrong with all of them, sometimes wrong without one. tests/litmus/litmus.py says
# how; build/litmus keeps the tests it makes. Each barrier in include/ names its race, and
# each race a barrier that is there. A port with a weaker barrier is told.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$root/tests/cache.sh"
suite litmus
need_packages python3 xz-utils

# The memory model of the newest kernel, out of its source package.
fill_lkmm()
{
	local dir=$1 package

	apt_begin "$dir" trixie-backports "$(dpkg --print-architecture)" || return
	package=$(apt_private "$dir" apt-cache depends linux-source |
		sed -n 's/.*Depends: \(linux-source-[0-9.]*\)$/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "linux-source depends on no version"; return 1; }
	(cd "$dir/apt/cache/archives" && apt_private "$dir" apt-get -q download "$package") &&
		dpkg-deb --fsys-tarfile "$dir"/apt/cache/archives/*.deb |
		tar -xO --wildcards '*/linux-source-*.tar.xz' |
		tar -xJ -C "$dir" --strip-components=2 --wildcards '*/tools/memory-model/*' &&
		basename "$dir"/apt/cache/archives/*.deb >"$dir/packages" && apt_end "$dir"
}

cache_tool herd7-1 sid herd7 herdtools7
herd7=$item/bin/herd7
herd7_data=$item/root/usr/share/herdtools7/herd
cache_item lkmm-1 fill_lkmm
say "LKMM of $(cat "$item/packages")"

# Calls of barriers that have no name on their line or the one above.
unnamed()
{
	# shellcheck disable=SC2016 # awk's
	find "$root/include/inval" -name '*.h' ! -name port.h -print0 | xargs -0 awk '/inval_port_(mb|dma_mb|dma_wmb|load_acquire64|store_release64|read_sync)\(/ &&
		!/order: / && !/^ \*/ && above !~ /order: / {
			print FILENAME ":" FNR ": " $0; found = 1
		}
		{ above = $0 }
		END { exit found }'
}

names()
{
	sed -nE "$1" "${@:2}" | sort -u
}

# one_of NAME NAMES
one_of()
{
	[[ $'\n'$2$'\n' == *$'\n'"$1"$'\n'* ]]
}

check "each barrier has a name" unnamed
here=$(names 's/.*order: ([a-z0-9_]+).*/\1/p' "$root"/include/inval/*.h)
asked=$(names 's/.*@([a-z0-9_]+)$/\1/p' "$root"/tests/litmus/*.litmus)
for name in $here; do
	check "a race for $name" one_of "$name" "$asked"
done
for name in $asked; do
	# heard: the acquire that the caller of a lazy flush owes.
	[ "$name" = heard ] || check "$name is in include/" one_of "$name" "$here"
done
# races ROOT OUT
races()
{
	python3 "$1/tests/litmus/litmus.py" "$2" "$herd7" "$herd7_data" "$item/memory-model"
}

# planted PORT TEXT NEW SAID
planted()
{
	local dir=$out/planted/${1//\//-}

	mkdir -p "$dir/tests"
	cp -r "$root/tests/litmus" "$dir/tests"
	(cd "$root" && find examples selftests -name inval_port.h -exec cp --parents -t "$dir" {} +)
	sed -i "s/$2/$3/" "$dir/$1/inval_port.h"
	check_not "planted: $3 in $1" "$4" races "$dir" "$dir/races"
}

planted examples/xen "\tmb();" "\twmb();" "FAILED: blame-whole of examples/xen: Sometimes"
planted selftests/kvm/guest "dmb ish\"" "dmb ishst\"" "of selftests/kvm/guest: Sometimes, not Never"
planted examples/port_c11 "fence(__ATOMIC_SEQ_CST)" "fence(__ATOMIC_ACQ_REL)" "of examples/port_c11: Sometimes, not Never"

races "$root" "$out/races" >"$out/log" 2>&1
rc=$?
grep -vE 'passed' "$out/log"
tally "races" "$out/log" $rc
finish
