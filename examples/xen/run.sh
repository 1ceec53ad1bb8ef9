#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library inside Xen 4.17 on arm64:
#	examples/xen/run.sh [--dom0] [--verbose]
#
# Builds Debian's Xen with its driver for SMMUv3 and, by Xen's own build, inval_xen.c in
# it; boots that on QEMU with an SMMUv3 and reads on the console what it says. Without a
# dom0 Xen then panics, which ends the run; with --dom0 Debian's Linux 6.12 comes up in
# it, as far as looking for its root file system.
#
# Xen is GPL-2.0-only; its source and the built hypervisor stay in the cache
# (tests/cache.sh), the latter by what it was built from. INVAL_INCLUDE and INVAL_EXAMPLES
# name other directories for include and examples, for planted bugs.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"

dom0=
verbose=
for word; do
	case $word in
	--dom0) dom0=1 ;;
	--verbose) verbose=1 ;;
	*) missing "usage: ${BASH_SOURCE[0]} [--dom0] [--verbose]" ;;
	esac
done
here=${INVAL_EXAMPLES:-$root/examples}/xen
include=${INVAL_INCLUDE:-$root/include}
export XEN_TARGET_ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-

suite xen

# With all that Xen checks in itself, and built once, so that ours is soon added.
fill_source()
{
	local dir=$1

	apt_begin "$dir" bookworm amd64 deb-src &&
		(cd "$dir/apt" && apt_private "$dir" apt-get -q source --download-only xen &&
			dpkg-source --no-check -x xen_4.17*.dsc source) || return
	mkdir "$dir/tree" && mv "$dir"/apt/source/{Config.mk,config,xen} "$dir/tree" &&
		dpkg-parsechangelog -l "$dir/apt/source/debian/changelog" -S Version >"$dir/version" &&
		apt_end "$dir" && make -C "$dir/tree/xen" defconfig &&
		cat >>"$dir/tree/xen/.config" <<-END && make -C "$dir/tree/xen" olddefconfig &&
		CONFIG_EXPERT=y
		CONFIG_UNSUPPORTED=y
		CONFIG_ARM_SMMU_V3=y
		CONFIG_HAS_ITS=y
		CONFIG_DEBUG=y
		CONFIG_DEBUG_LOCKS=y
		CONFIG_XMEM_POOL_POISON=y
		END
		make -C "$dir/tree/xen" -j"$jobs"
}

# What of our own goes in. A warning is an error in Xen's build, and so here.
ours()
{
	printf '%s\n' "$here/Makefile" "$here/inval_port.h" "$here/inval_xen.c" \
		"$root/selftests/inval_selftest.h"
	find "$include" -name '*.h' | LC_ALL=C sort
}

fill_xen()
{
	local dir=$2 xen=$2/tree/xen inval=$2/tree/xen/drivers/passthrough/arm/inval

	cp -a "$1/tree" "$dir/tree" && mkdir "$inval" && cp -r "$include" "$inval/include" &&
		cp "$here/Makefile" "$here/inval_port.h" "$here/inval_xen.c" \
			"$root/selftests/inval_selftest.h" "$inval" &&
		echo "obj-y += inval/" >>"$inval/../Makefile" && make -C "$xen" -j"$jobs" &&
		cp "$xen/xen" "$xen/.config" "$inval/.inval_xen.o.cmd" "$dir" && rm -rf "$dir/tree"
}

fill_dom0()
{
	local dir=$1 name

	apt_begin "$dir" bookworm-backports arm64 || return
	name=$(apt_private "$dir" apt-cache pkgnames linux-image-6.12 |
		grep -E '^linux-image-6\.12[^ ]*[0-9]-arm64$' | sort -V | tail -n 1)
	(cd "$dir/apt/cache/archives" && apt_private "$dir" apt-get -q download "$name") &&
		dpkg-deb --fsys-tarfile "$dir"/apt/cache/archives/*.deb |
			tar -xO --wildcards './boot/vmlinu*' >"$dir/vmlinuz" && apt_end "$dir"
}

# boot KERNEL		Xen's command line is -append only beside one for dom0
boot()
{
	timeout -k 5 "$seconds" "$qemu" -M virt,virtualization=on,iommu=smmuv3,gic-version=3 \
		-cpu cortex-a57 -accel tcg,thread=multi -smp 3 -m 2G -nodefaults -no-user-config \
		-display none -monitor none -no-reboot -serial stdio -kernel "$item/xen" \
		-device "guest-loader,addr=0x50000000,kernel=$1,bootargs=console=hvc0 panic=-1" \
		-append "dtuart=/pl011@9000000 console=dtuart sync_console noreboot loglvl=all \
			dom0_mem=512M" \
		</dev/null 2>&1 | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# says NAME TEXT	a line of the console has TEXT, a regular expression
says()
{
	if grep -qE "$2" "$log"; then
		pass
	else
		fail "$1" "$(grep -E 'inval:|Assertion|Panic|CPU[0-9]:' "$log" | tail -n 12)"
	fi
}

# Xen's driver and the library read the same registers.
same_capabilities()
{
	local bits entries

	bits=$(sed -nE 's/.*SMMUv3: .* oas ([0-9]+)-bit.*/\1/p' "$log")
	entries=$(sed -nE 's/.*SMMUv3: .*allocated ([0-9]+) entries for cmdq.*/\1/p' "$log")
	[ -n "$entries" ] && grep -q "inval: SMMUv3.*, OAS $bits bits,.* queue $entries slots," "$log"
}

need_packages gcc-aarch64-linux-gnu gcc libc6-dev make flex bison python3 dpkg-dev xz-utils
cache_qemu
kernel=$out/none
seconds=480
printf 'no kernel' >"$kernel"
if [ -n "$dom0" ]; then
	cache_item xen-dom0-6.12-1 fill_dom0
	kernel=$item/vmlinuz
	seconds=900
fi
cache_item xen-4.17-1 fill_source
source=$item
say "Xen $(cat "$source/version"), $("$qemu" --version | head -n 1)"
key=$( (ours | xargs cat; "${CROSS_COMPILE}gcc" --version; cat "$source/version") | sha256sum)
# Not cache_item's "missing": what does not compile is a failure.
if ! (cache_item "xen-4.17-1-${key:0:16}" fill_xen "$source"); then
	fail "build" "$(grep -B2 -A6 -m3 error "$cache/xen-4.17-1-${key:0:16}.log")"
	finish
fi
cache_item "xen-4.17-1-${key:0:16}" fill_xen "$source"
for flag in -Werror -Wall -Wvla -std=gnu99 -nostdinc -mgeneral-regs-only; do
	check "built with Xen's $flag" grep -q -- " $flag " "$item/.inval_xen.o.cmd"
done

say "booting it"
log=$out/console
boot "$kernel" >"$log"
rc=$?
[ -z "$verbose" ] || cat "$log"
[ $rc = 0 ] || fail "QEMU ended with $rc" "$(tail -n 20 "$log")"
says "Xen's driver has the SMMU" "SMMUv3: .*oas [0-9]+-bit"
says "I/O virtualisation" "I/O virtualisation enabled"
for name in "self-test on one CPU" "self-test on two CPUs" "cache by address" \
	"firmware call" "no provider without firmware's call" "the SMMU's capabilities" \
	"torture" "enough happened"; do
	says "$name" "inval: ok $name\$"
done
check "capabilities as Xen's driver has them" same_capabilities
says "the end" "inval: end"
[ -z "$dom0" ] || says "dom0 looks for its root" "VFS: Unable to mount root fs"
check_not "no assertion, warning or panic before the end" "" \
	eval "sed '/inval: end/q' '$log' | grep -E 'Assertion|Panic|WARN|not ok|inval: warning'"
sed -n 's/.*inval: \([0-9]* flushes\)/xen: \1/p' "$log"
[ "$failed" != 0 ] || printf 'table: | xen | Xen %s arm64 | %s | ./examples/xen/run.sh |\n' \
	"$(sed -nE 's/.*Xen version ([0-9.]+) .*/\1/p' "$log")" \
	"self-test and torture at boot on Xen's RCU and locks, three CPUs; cache by address"
finish
