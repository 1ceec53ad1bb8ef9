#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The image of examples/bare_metal_vmm with all its rows, on QEMU's SMMUv3:
#	selftests/qemu/run.sh [--qemu 7.2|10|11.1] [--verbose]
#
# What it proves:
# - the rows: what was flushed is fresh, its neighbours are not, and everything
#   was stale before (examples/bare_metal_vmm/row.h);
# - from QEMU's trace log, for each exact flush by address: Leaf, the level hint
#   and the granule are right, and the commands cover the range without a gap
#   and nothing beside it. Where DMA lands cannot show that;
# - the rows can fail: with the flush left out, too wide or too early every one
#   of them does;
# - smp/: four CPUs produce into one queue while CERROR_ILL and CERROR_ABT are provoked and
#   recovered; with QEMU 11.1 also into two, of two SMMUs.
# QEMU 7.2 has stage 1 only (and calls its trace event s1_range_inval). Nothing is installed but the compiler: QEMU is kept
# in the cache (tests/cache.sh).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"
. "$root/examples/bare_metal_vmm/image.sh"

version=10
verbose=
while [ $# -gt 0 ]; do
	case $1 in
	--qemu) version=${2:-}; shift ;;
	--verbose) verbose=1 ;;
	*) version= ;;
	esac
	shift
done

suite selftests-qemu
case $version in
7.2) get_qemu() { cache_tool qemu7-1 bookworm qemu-system-aarch64 qemu-system-arm; } ;;
10) get_qemu() { cache_qemu; } ;;
11.1) get_qemu() { cache_tool qemu11-1 trixie-backports qemu-system-aarch64 qemu-system-arm; } ;;
*) missing "usage: ${BASH_SOURCE[0]} [--qemu 7.2|10|11.1] [--verbose]" ;;
esac

# The image's rows, as it counted them. A row that failed is shown with its reasons.
run_rows()
{
	local rc

	image_boot "$qemu" "$out" full expect -trace 'smmuv3_*range_inval' -D "$out/trace.log" \
		>"$out/rows.log" 2>"$out/qemu.log"
	rc=$?
	grep -v '^expect ' "$out/rows.log" >"$out/table.log"
	[ -z "$verbose" ] || cat "$out/table.log"
	tally "rows" "$out/table.log" $rc
}

# judge_row ROW VMID ASID ADDR BYTES LEAF TTL TG UNIT_LG2: one "expect" line of the
# image against the log's lines of those tags, which no other row has. QEMU logs
# a range as aligned powers of two, in ascending order; two commands may overlap.
judge_row()
{
	local first=$(($4)) last end=$(($4)) text=${log[$2/$3]:-} addr tg num ttl leaf bytes

	last=$((first + $5))
	[ -n "$text" ] || { echo "no TLBI by address"; return 1; }
	while read -r addr tg num ttl leaf; do
		bytes=$((tg == 0 ? num << $9 : num << (10 + 2 * tg)))
		[ "$leaf $ttl $tg" = "$6 $7 $8" ] ||
			{ echo "leaf $leaf, ttl $ttl, tg $tg instead of $6, $7, $8"; return 1; }
		((addr >= first && addr + bytes <= last)) ||
			{ echo "$addr, $bytes bytes: outside the range"; return 1; }
		((addr <= end)) ||
			{ printf 'nothing covers 0x%x\n' $end; return 1; }
		((addr + bytes <= end)) || end=$((addr + bytes))
	done <<<"${text%$'\n'}"
	[ $end = $last ] || { printf 'nothing covers 0x%x\n' $end; return 1; }
}

judge_trace()
{
	local line why row vmid asid addr bytes leaf ttl tg unit num fields
	declare -A log=()

	fields='s/.*vmid=([0-9]+) asid=(-?[0-9]+) addr=(0x[0-9a-f]+) tg=([0-9]+) '
	fields+='num_pages=(0x[0-9a-f]+) ttl=([0-9]+) leaf=([0-9]+).*/\1 \2 \3 \4 \5 \6 \7/p'
	while read -r vmid asid addr tg num ttl leaf; do
		log[$vmid/$asid]+="$addr $tg $num $ttl $leaf"$'\n'
	done < <(sed -nE "$fields" "$out/trace.log")
	while read -r _ line; do
		read -r row vmid asid addr bytes leaf ttl tg unit < \
			<(sed -E 's/[a-z0-9_]+=//g' <<<"$line")
		if why=$(judge_row "$row" "$vmid" "$asid" "$addr" "$bytes" "$leaf" "$ttl" "$tg" "$unit"); then
			pass
		else
			fail "trace log, row $row ($line)" "$why"
		fi
	done < <(grep '^expect ' "$out/rows.log")
}

# Every row must fail, and for no other reason than that.
run_control()
{
	local text

	text=$(image_boot "$qemu" "$out" full "$1" 2>&1 | tail -n 1)
	[[ $text =~ ^0\ passed,\ [1-9][0-9]*\ failed$ ]] && pass && return
	fail "$1: every row must fail" "$text"
}

# smp_build, smp_boot NAME OPTION...: the image of smp/, with the console of the other
smp_build()
{
	local dir=$root/selftests/qemu/smp

	image_link "$out/smp" -I "$dir" "$dir/start.S" "$dir/smp.c" "$image_dir/console.c" \
		"$image_dir/memory.c"
}

smp_boot()
{
	timeout 300 "$qemu" -cpu cortex-a57 -smp 4 -m 1G -display none -serial stdio \
		-monitor none -net none "${@:2}" -kernel "$out/smp.bin" </dev/null \
		>"$out/$1.log" 2>"$out/$1.err"
	tally "$1" "$out/$1.log" $?
	sed 's/^/    /' "$out/$1.log"
}

run_smp()
{
	local semihosting=enable=on,target=native,arg=image

	check "build the image of four CPUs" smp_build
	smp_boot "four CPUs" -M virt,virtualization=on,gic-version=3,iommu=smmuv3 \
		-semihosting-config "$semihosting"
	[ "$version" = 11.1 ] || return
	smp_boot "four CPUs, two SMMUs" -M virt,virtualization=on,gic-version=3 \
		-device arm-smmuv3,primary-bus=pcie.0,id=smmu0,stage=nested \
		-device pxb-pcie,id=pcie.1,bus_nr=64,bus=pcie.0,addr=0x10 \
		-device arm-smmuv3,primary-bus=pcie.1,id=smmu1,stage=nested \
		-semihosting-config "$semihosting,arg=two"
}

# shellcheck disable=SC2086,SC2154 # a list of words
need_packages $image_packages
get_qemu
qemu=$item/bin/qemu-system-aarch64
say "$("$qemu" --version | head -n 1)"
image_build "$out" >"$out/build.log" 2>&1 || fail "build the image" "$(cat "$out/build.log")"
check "no warning in the build" test ! -s "$out/build.log"
run_rows
judge_trace
run_smp
for control in flush-none flush-wide flush-early; do
	run_control $control
done
finish
