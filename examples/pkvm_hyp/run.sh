#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library inside KVM's hypervisor at EL2, in protected mode:
#	examples/pkvm_hyp/run.sh [--kernel 6.12|newest] [--verbose]
#
# Builds Linux (kernel.sh) with inval_el2.c as one of the nVHE objects, by the
# kernel's own build, and boots it on QEMU with an SMMUv3, on a CPU without VHE and on one
# with (hVHE, LSE atomics). The host's end, inval_host.c, says on the console what came
# of each call; what QEMU's SMMU says it consumed is compared with that.
#
# The Image is kept by what it was built from. INVAL_INCLUDE and INVAL_EXAMPLES name other
# directories for include and examples, for planted bugs.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"
. "$root/examples/pkvm_hyp/kernel.sh"

kernel=6.12
verbose=
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2:-}; shift ;;
	--verbose) verbose=1 ;;
	*) kernel= ;;
	esac
	shift
done
[[ $kernel =~ ^(6\.12|newest)$ ]] ||
	missing "usage: ${BASH_SOURCE[0]} [--kernel 6.12|newest] [--verbose]"
here=${INVAL_EXAMPLES:-$root/examples}/pkvm_hyp
include=${INVAL_INCLUDE:-$root/include}
stack_bytes=4096

suite pkvm_hyp

# What of our own goes in.
ours()
{
	printf '%s\n' "$here"/inval_{el2,host}.c "$here"/inval_{port,hyp}.h \
		"$root/selftests/inval_selftest.h"
	find "$include" -name '*.h' | LC_ALL=C sort
}

fill_image()
{
	local dir=$1 tree=$1/tree nvhe=$1/tree/$kernel_nvhe name

	cp -a "$kernel_tree" "$tree" && mkdir -p "$nvhe/inval" &&
		cp -r "$include" "$nvhe/inval/include" &&
		cp "$here"/inval_{port,hyp}.h "$root/selftests/inval_selftest.h" "$nvhe/inval" &&
		cp "$here/inval_el2.c" "$nvhe" && cp "$here/inval_host.c" "$tree/$kernel_kvm" &&
		kernel_make "$tree" Image && cp "$tree/arch/arm64/boot/Image" "$dir" || return
	for name in inval_el2.nvhe.{o,ci} .inval_el2.nvhe.o.cmd hyp-reloc.S; do
		cp "$nvhe/$name" "$dir/${name#.}" || return
	done
	aarch64-linux-gnu-nm --defined-only "$nvhe/kvm_nvhe.tmp.o" >"$dir/defined"
	rm -rf "$tree"
}

# What the object wants and no object of EL2 has, nor the kernel for it (image-vars.h).
undefined_at_el2()
{
	aarch64-linux-gnu-nm -u "$item/inval_el2.nvhe.o" | awk '{ print $2 }' |
		grep -vxFf <(awk '{ print $3 }' "$item/defined") |
		grep -vxFf <(sed -nE 's/^KVM_NVHE_ALIAS\((\w+)\);/\1/p' \
			"$kernel_tree/arch/arm64/kernel/image-vars.h")
}

# Deepest chain of calls, in bytes; what is not of this object counts nothing.
deepest()
{
	awk -F'"' '
		/^node:/ { if (match($4, /[0-9]+ bytes/)) own[$2] = substr($4, RSTART) + 0 }
		/^edge:/ { calls[$2] = calls[$2] $4 "\n" }
		function depth(f,   i, n, list, d, most) {
			if (f in memo) return memo[f]
			memo[f] = 1000000	# a recursion
			n = split(calls[f], list, "\n"); most = 0
			for (i = 1; i < n; i++) { d = depth(list[i]); if (d > most) most = d }
			return memo[f] = own[f] + most
		}
		END { print depth("handle___inval_call") }' "$item/inval_el2.nvhe.ci"
}

check_object()
{
	local types bytes

	check "EL2 has all that it wants: $(undefined_at_el2 | tr '\n' ' ')" \
		test -z "$(undefined_at_el2)"
	# What gen-hyprel and the kernel's linker know, and no GOT.
	types=$(aarch64-linux-gnu-readelf -rW "$item/inval_el2.nvhe.o" |
		awk '$3 ~ /^R_AARCH64/ { print $3 }' | sort | uniq -c | awk '{ print $2 " " $1 }')
	say "relocations: $(tr '\n' ',' <<<"$types")"
	check_not "no refused relocation" "" grep -vE '^R_AARCH64_(ABS64|PREL32|CALL26|JUMP26|ADR_PREL_PG_HI21|ADD_ABS_LO12_NC|LDST(8|16|32|64|128)_ABS_LO12_NC) ' <<<"$types"
	bytes=$(deepest)
	say "stack: $bytes bytes in the deepest chain of calls"
	check "the chain is within a page" test "$bytes" -gt 0 -a "$bytes" -lt $stack_bytes
	for flag in -D__KVM_NVHE_HYPERVISOR__ -nostdinc -mgeneral-regs-only \
		-mbranch-protection=pac-ret -fno-stack-protector -fconserve-stack -std=gnu11; do
		check "built with the kernel's $flag" grep -q -- " $flag " \
			"$item/inval_el2.nvhe.o.cmd"
	done
}

boot()
{
	timeout -k 5 180 "$qemu" -M virt,virtualization=on,iommu=smmuv3,gic-version=3 -cpu "$1" \
		-accel tcg,thread=multi -smp 2 -m 512M -nodefaults -no-user-config -display none \
		-monitor none -no-reboot -serial stdio -trace 'smmuv3_cmdq_*' \
		-trace smmuv3_range_inval -trace smmuv3_unhandled_cmd -D "$out/$1.trace" \
		-kernel "$item/Image" -append "console=ttyAMA0 panic=-1 kvm-arm.mode=protected \
			initcall_blacklist=arm_smmu_driver_init" </dev/null 2>&1 | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# consumed NUM PATTERN	QEMU's SMMU says so many times what PATTERN is
consumed()
{
	check "$cpu: the SMMU saw $1 times: $2" \
		test "$(grep -cE "$2" "$out/$cpu.trace")" = "$1"
}

# What the judge saw: nothing else than what EL2 says it gave, and no tag but its own.
check_trace()
{
	local given guest flushes moved

	read -r given guest < <(sed -nE 's/^inval: SMMU: ([0-9]+) commands, of them ([0-9]+) .*/\1 \2/p' \
		"$out/$cpu.log")
	read -r flushes moved < <(sed -nE 's/^inval: ([0-9]+) flushes while ([0-9]+) .*/\1 \2/p' \
		"$out/$cpu.log")
	consumed "${given:-none}" 'smmuv3_cmdq_opcode'
	consumed 0 'smmuv3_cmdq_consume_error|smmuv3_unhandled_cmd'
	consumed 0 'vmid=([0-49]|[1-9][0-9])'
	consumed $((${guest:-0} - 3)) 'tlbi_nh vmid=5'
	consumed 1 'range_inval vmid=5 asid=3 addr=0x1000 .* stage=1'
	consumed $((2 + ${moved:-0} / 2)) 'tlbi_s12_vmid vmid=6'
	consumed $((1 + ${moved:-0} / 2)) 'tlbi_s12_vmid vmid=7'
	consumed 1 'tlbi_s12_vmid vmid=8'
	# Of a device that was there all the time.
	consumed "${flushes:-none}" 'range_inval vmid=8 .*addr=0x600000 .*leaf=1 stage=2'
}

run_cpu()
{
	local cpu=$1 mode=$2 rc

	say "$cpu"
	boot "$cpu" >"$out/$cpu.log"
	rc=$?
	[ -z "$verbose" ] || sed "s/^/$cpu: /" "$out/$cpu.log"
	check "$cpu: QEMU ends by itself" test $rc = 0
	check "$cpu: $mode" grep -q "kvm.*Protected $mode mode initialized" "$out/$cpu.log"
	check_not "$cpu: no report of lockdep, RCU or EL2" "" \
		grep -nE 'WARNING|BUG|stall|hyp panic|Oops|possible' "$out/$cpu.log"
	grep -E '^inval: (FAILED|[0-9]+ passed)' "$out/$cpu.log" >"$out/$cpu.host"
	if grep -q passed "$out/$cpu.host"; then
		tally "$cpu" "$out/$cpu.host"
	else
		fail "$cpu: the host's report" "$(cat "$out/$cpu.host"; tail -n 15 "$out/$cpu.log")"
	fi
	grep -E '^inval: (SMMU|[0-9]+ flushes)' "$out/$cpu.log" | sed "s/^inval/$suite: $cpu/"
	check_trace
}

cache_qemu
cache_kernel "$kernel"
say "Linux $kernel_version, $("$qemu" --version | head -n 1)"
key=pkvm-1-$({ ours | xargs cat; echo "$kernel_tree $kernel_version"; } | sha256sum | cut -c1-16)
# Not cache_item's "missing": what does not compile is a failure.
if ! (cache_item "$key" fill_image); then
	fail "build" "$(grep -B2 -A6 -m3 -E 'error|undefined' "$cache/$key.log")"
	finish
fi
cache_item "$key" fill_image
check "no warning in the build" test ! -s "$item.log"
check_object
run_cpu cortex-a57 nVHE
run_cpu neoverse-n1 hVHE
[ "$failed" != 0 ] || echo "table: | pkvm_hyp | Linux ${kernel_version%%-*}, nVHE EL2, protected |" \
	"self-test on two CPUs, an array's life, attach while another CPU flushes, a guest's queue," \
	"on QEMU's SMMUv3 | ./examples/pkvm_hyp/run.sh |"
finish
