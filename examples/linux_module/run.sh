#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library as a Linux module for arm64:
#	examples/linux_module/run.sh [--kernel debian|proving|newest|all] [--seconds N] [--verbose]
#
# debian: Debian's 6.12, with its own headers; image, headers and source are of one version.
# newest: likewise, of trixie-backports, with that suite's compiler; not one of all.
# proving: the 6.12 that examples/pkvm_hyp/kernel.sh builds, with PROVE_LOCKING and PROVE_RCU:
# there the kernel looks for wrong use of locks and RCU, and must find none.
#
# Builds inval_module.c with the kernel's own build, warnings on, and sparse; boots QEMU
# with an SMMUv3; loads, lets the torture end, unloads, loads again, and unloads in the
# middle of it. INVAL_INCLUDE names another include directory, INVAL_EXAMPLES another
# copy of examples, for planted bugs.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"

here=$root/examples/linux_module
kernels=all
seconds=3
verbose=
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernels=${2:-}; shift ;;
	--seconds) seconds=${2:-}; shift ;;
	--verbose) verbose=1 ;;
	*) kernels= ;;
	esac
	shift
done
suite linux_module
case $kernels in
all) kernels="debian proving" ;;
debian | proving | newest) ;;
*) missing "usage: ${BASH_SOURCE[0]} [--kernel debian|proving|newest|all] [--seconds N] [--verbose]" ;;
esac

# own_loader ROOT DIR...: programs below each DIR run with the loader and libraries of ROOT
own_loader()
{
	local host=$1 program lib

	shift
	find "$@" -type f -perm -100 ! -name '*.so*' | while read -r program; do
		readelf -lW "$program" 2>/dev/null | grep -q INTERP || continue
		lib=$(realpath --relative-to "$(dirname "$program")" "$host/usr/lib")
		mv "$program" "$program.elf"
		cat >"$program" <<-END
		#!/bin/sh
		real=\$(readlink -f "\$0")
		lib=\${real%/*}/$lib/$(uname -m)-linux-gnu
		exec "\$lib"/ld-linux*.so.* --argv0 "\$0" --library-path "\$lib" "\$real.elf" "\$@"
		END
		chmod +x "$program"
	done
}

# What runs on this machine: the kernel's tools; of another Debian a compiler, too
fill_host()
{
	local dir=$1 kbuild=$2 root=$1/host/root

	shift 2
	fill_debs "$release" "$(dpkg --print-architecture)" "$kbuild" "$@" "$dir/host" &&
		mkdir -p "$dir/usr/lib" && mv "$root/usr/lib/${kbuild%=*}" "$dir/usr/lib" || return
	[ $# = 0 ] || own_loader "$root" "$root/usr/bin" "$root/usr/libexec" "$root/usr/lib/gcc-cross" \
		"$dir/usr/lib/${kbuild%=*}"
}

# fill_linux SERIES [PKG...] DIR: the tree that modules are built in; PKGs of the compiler
fill_linux()
{
	local series=$1 dir=${*: -1} version image headers common abi

	apt_begin "$dir" "$release" arm64 || return
	read -r version image headers common _ < <(apt_newest "$dir" \
		"linux-(binary|image)-$series.*-cloud-arm64" "linux-headers-$series.*-cloud-arm64" \
		"linux-headers-$series.*-common" "linux-source-$series")
	[ -n "${version:-}" ] || { echo "no kernel with headers and source in $release"; return 1; }
	abi=${common#linux-headers-}
	fill_host "$dir" "linux-kbuild-${abi%-common}=$version" "${@:2:$#-2}" || return
	(cd "$dir/apt/cache/archives" && apt_private "$dir" apt-get -q download \
		"$image=$version" "$headers=$version" "$common=$version") &&
		apt_unpack "$dir" && apt_end "$dir" && mv "$dir/root/usr/src" "$dir/usr/src" &&
		mv "$(find "$dir"/root/boot "$dir"/root/usr/lib/modules -name 'vmlinu[xz]*' -type f |
			head -n 1)" "$dir/Image" && rm -rf "$dir/root" &&
		sed -i 's|/usr/src|..|' "$dir/usr/src/$headers/Makefile" &&
		ln -s "$headers" "$dir/usr/src/tree" && echo "$version" >"$dir/version"
}

cache_linux()
{
	cache_item "$1" fill_linux "${@:2}"
	version=$(cat "$item/version") image=$item/Image tree=$item/usr/src/tree
}

# kernel_of NAME: sets $what and $version for people, $image and $tree, and $tools: programs
# that come before those of this machine; $sparse: as the kernel's C=
kernel_of()
{
	local release

	tools='' sparse=2
	case $1 in
	debian)
		release=bookworm-backports cache_linux linux-6.12-1 '6\.12'
		what="Debian's"
		;;
	newest)
		release=trixie-backports cache_linux linux-newest-1 '[0-9.]+' {gcc,cpp}-14-aarch64-linux-gnu \
			libgcc-14-dev-arm64-cross binutils-{aarch64-linux-gnu,common} libsframe1 libc6 \
			libgcc-s1 libstdc++6 lib{gmp10,isl23,mpfr6,mpc3} zlib1g libzstd1 liblzma5 \
			libjansson4 libelf1t64 libssl3t64
		what="Debian's newest" tools=$item/host/root/usr/bin
		# Its headers lack what asks for sparse.
		sparse=0
		;;
	proving)
		. "$root/examples/pkvm_hyp/kernel.sh"
		cache_kernel 6.12
		what="with PROVE_LOCKING and PROVE_RCU"
		version=$kernel_version image=$kernel_image tree=$kernel_tree
		;;
	esac
}

# build DIR: sparse if asked to, and the compiler; what either says stands in DIR/log
build()
{
	mkdir -p "$1"
	cp "${INVAL_EXAMPLES:-$root/examples}/linux_module"/{Kbuild,inval_module.c,inval_port.h} "$1"
	PATH=${tools:+$tools:}$PATH make -s -C "$tree" M="$1" MO="$1" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- W=1 C=$sparse \
		CONFIG_DEBUG_INFO_BTF_MODULES= CONFIG_PAHOLE_VERSION=0 INVAL="$root" \
		INVAL_INCLUDE="${INVAL_INCLUDE:-$root/include}" modules >"$1/log" 2>&1
}

# pack DIR: an initramfs whose only program is busybox
pack()
{
	mkdir -p "$1/fs"/{proc,sys,dev}
	cp "$busybox" "$1/fs/busybox"
	cp "$1/inval_module.ko" "$1/fs"
	sed "s/@SECONDS@/$seconds/" "$here/init.sh" >"$1/fs/init"
	chmod +x "$1/fs/init"
	(cd "$1/fs" && find . | cpio -o -H newc --quiet) >"$1/initramfs"
}

# boot DIR: freed memory is overwritten and checked; a slow machine is no fault
boot()
{
	timeout -k 5 600 "$qemu" -M virt,iommu=smmuv3,gic-version=3 -cpu neoverse-n1 \
		-accel tcg,thread=multi -smp 3 -m 1G -nodefaults -no-user-config -display none \
		-monitor none -no-reboot -serial stdio -kernel "$image" -initrd "$1/initramfs" \
		-append "console=ttyAMA0 panic=-1 rdinit=/init slub_debug=FZPU loglevel=7 \
			watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300" \
		</dev/null 2>&1 | tr -d '\r' >"$1/console"
}

# said NAME TIMES TEXT: the console has TEXT, a regular expression, so often
said()
{
	if [ "$(grep -cE "$3" "$console")" = "$2" ]; then
		pass
	else
		fail "$1" "$(grep -E "$3" "$console")"
	fi
}

# same NAME OURS DRIVERS: what each sed script finds is the same, and something
same()
{
	local ours drivers

	ours=$(sed -nE "$2" "$console" | sort -u)
	drivers=$(sed -nE "$3" "$console" | sort -u)
	say "$1: $ours, the kernel's driver: $drivers"
	check "$1: $ours, and the driver: $drivers" test -n "$ours" -a "$ours" = "$drivers"
}

# What the kernel says when something is wrong, whatever it is.
reports="WARNING:|BUG:|Oops|INFO: |Call trace|Unable to handle|suspicious|possible .* det|Bad page|\
=====|Kernel panic|insmod:|rmmod:|inval: warning"

judge_console()
{
	said "$1: the self-test passes at each load" 2 'inval: selftest: passed'
	said "$1: the torture ends" 1 'inval: torture: passed'
	said "$1: figures in debugfs" 2 'figures: (flushes|library_tlbi) [1-9]'
	said "$1: unloads in the middle of it" 1 'inval: torture: stopped'
	said "$1: loads again" 1 'init: again running'
	said "$1: unloads, twice" 2 'inval: unloaded'
	# A module from outside, and not signed; the proving kernel has no sysctl to say so.
	said "$1: nothing is left" 1 'init: 0 modules, tainted (12288)?$'
	said "$1: debugfs is as before" 0 'init: debugfs'
	said "$1: comes to the end" 1 'init: end'
	said "$1: the kernel reports nothing" 0 "$reports"
	[ "$1" != proving ] || said "$1: it looked until the end" 1 'init: debug_locks 1'
}

# Ours are of the library; 2^19 is what QEMU's SMMUv3 has, of which the driver takes less.
judge_caps()
{
	same "$1: address size" 's/.*inval: smmu .*, oas ([0-9]+)-bit.*/\1/p' \
		's/.*arm-smmu-v3 .* oas ([0-9]+)-bit.*/\1/p'
	same "$1: entries for cmdq" 's/.*inval: smmu .* ([0-9]+ entries for cmdq).*/\1/p' \
		's/.*arm-smmu-v3 .* allocated ([0-9]+ entries for cmdq).*/\1/p'
	same "$1: entries for evtq" 's/.*inval: smmu .* ([0-9]+ entries for evtq).*/\1/p' \
		's/.*arm-smmu-v3 .* allocated ([0-9]+ entries for evtq).*/\1/p'
	said "$1: capabilities of QEMU's SMMUv3" 2 \
		'inval: smmu .*: SMMUv3\.[0-9], .* sid 16, ssid 0, .* cmdq 2\^19; S2P S1P COHACC .*RIL'
}

try()
{
	local dir=$out/$1 console

	kernel_of "$1"
	say "$1: Linux $version"
	console=$dir/console
	if ! build "$dir"; then
		fail "$1: build" "$(cat "$dir/log")"
		return
	fi
	check "$1: neither gcc$([ "$sparse" = 0 ] || echo " nor sparse") has anything to say" test ! -s "$dir/log"
	pack "$dir"
	boot "$dir"
	[ -z "$verbose" ] || cat "$console"
	grep -E 'inval: |figures: ' "$console" | sed "s/^/$1: /"
	judge_console "$1"
	judge_caps "$1"
	[ "$failed" = 0 ] || tail -n 20 "$console"
	versions="${versions:+$versions, }$version ($what)"
}

need_packages binutils gcc-aarch64-linux-gnu make sparse cpio libelf1 libssl3
cache_debs busybox-arm64-1 bookworm arm64 busybox-static
busybox=$item/root/usr/bin/busybox
cache_qemu
versions=
for kernel in $kernels; do
	try "$kernel"
done
[ "$failed" != 0 ] || echo "table: | linux_module | Linux, arm64: $versions | self-test; attaches, moves" \
	"and detaches while others flush, on RCU, also in interrupts; unloaded in the middle of it" \
	"| ./examples/linux_module/run.sh |"
finish
