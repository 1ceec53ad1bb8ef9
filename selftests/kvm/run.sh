#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library inside KVM guests, on Linux's KVM selftest framework:
#	selftests/kvm/run.sh [--kernel 6.12|newest] [--mode vhe|nvhe|protected|all]
#			     [--verbose] [test...]
#
# QEMU 10 boots a Debian kernel at EL2 with /dev/kvm; its only process is init.c, which
# runs the test programs beside this file (NAME.c; what each proves stands in it) and
# ends QEMU with a code that nothing else gives. One case is one program in one mode.
# A skip, a hang, a panic, a power-off, a mode other than the one asked for, and a
# program that did not run are failures. All pass with 6.12.95 and 7.3.4; with 7.2 in
# protected mode no breakpoint reaches the VMM, so smccc_retry (way 2) and smccc_coalesce
# fail there; which ways of an HVC ran is printed.
#
# Framework and kernel are Debian packages of one version, kept in the cache
# (tests/cache.sh) with the framework's library built; they are GPL-2.0, and nothing
# of them is in this repository. INVAL_INCLUDE names another include directory, for
# planted bugs (tests/mutants/kvm.list).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"

here=$root/selftests/kvm
include=${INVAL_INCLUDE:-$root/include}
kernel=6.12
mode=all
verbose=
tests=
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2:-}; shift ;;
	--mode) mode=${2:-}; shift ;;
	--verbose) verbose=1 ;;
	-*) kernel= ;;
	*) [ -f "$here/$1.c" ] || missing "no test $1"; tests="$tests $1" ;;
	esac
	shift
done

suite selftests-kvm
case $kernel in
6.12) release=bookworm-backports series='6\.12' ;;
newest) release=trixie-backports series='[0-9.]+' ;;
*) missing "usage: ${BASH_SOURCE[0]} [--kernel 6.12|newest] [--mode vhe|nvhe|protected|all] [--verbose] [test...]" ;;
esac
case $mode in
all) modes="vhe nvhe protected" ;;
vhe | nvhe | protected) modes=$mode ;;
*) missing "no mode $mode" ;;
esac
[ -n "$tests" ] || tests=$(cd "$here" && grep -l '^int main' -- *.c | sed 's/\.c$//' | grep -vx init)
cross=aarch64-linux-gnu-

# What building the framework's library takes, out of the source package.
unpack_framework()
{
	dpkg-deb --fsys-tarfile "$1"/apt/cache/archives/linux-source-*.deb |
		tar -xO --wildcards '*/linux-source-*.tar.xz' | xz -dcT0 |
		tar -x -C "$1/tree" --strip-components=1 --wildcards --no-wildcards-match-slash \
			'*/tools/testing/selftests/kvm' '*/tools/testing/selftests/rseq' \
			'*/tools/testing/selftests/cgroup' '*/tools/testing/selftests/clone3' \
			'*/tools/testing/selftests/lib.mk' '*/tools/testing/selftests/kselftest*' \
			'*/tools/include' '*/tools/arch/arm64' '*/tools/scripts' '*/tools/lib/*.c' \
			'*/tools/build/Build.include' '*/arch/arm64/tools' '*/scripts/subarch.include'
}

# The headers package has all architectures; where asm is, differs by version.
unpack_headers()
{
	local usr=$1/root/usr asm

	for asm in "$usr/lib/linux/uapi/arm64/asm" "$usr/include/aarch64-linux-gnu/asm"; do
		[ ! -d "$asm" ] || break
	done
	mkdir -p "$1/tree/usr/include" &&
		cp -r "$usr/include/linux" "$usr/include/asm-generic" "$1/tree/usr/include" &&
		cp -rL "$asm" "$1/tree/usr/include/asm"
}

# A test of the framework's own as the target builds all of its library.
build_framework()
{
	local kvm=$1/tree/tools/testing/selftests/kvm arch=aarch64

	[ -d "$kvm/$arch" ] || arch=arm64
	make -C "$kvm" -s ARCH=arm64 CROSS_COMPILE="$cross" OUTPUT="$1/out" LDFLAGS=-static \
		"$1/out/$arch/smccc_filter" &&
		find "$1/out/lib" -name '*.o' -exec "${cross}ar" rc "$1/libkvm.a" {} + &&
		cp -r "$(find "$1/tree/tools" -path '*/generated/asm/sysreg-defs.h' -printf '%h\n' |
			head -n 1)/.." "$1/tree/generated" && rm -rf "$1/out"
}

fill_kvm()
{
	local dir=$1 version source image

	apt_begin "$dir" "$release" arm64 || return
	# Where there is a linux-binary, linux-image only depends on it.
	read -r version source image _ < <(apt_newest "$dir" "linux-source-$series" \
		"linux-(binary|image)-${series}[0-9.]*[+-].*cloud-arm64" linux-libc-dev)
	[ -n "${version:-}" ] || { echo "no kernel $kernel with its source in $release"; return 1; }
	mkdir "$dir/tree"
	(cd "$dir/apt/cache/archives" && apt_private "$dir" apt-get -q download \
		"$source=$version" "$image=$version" "linux-libc-dev=$version") &&
		unpack_framework "$dir" && rm "$dir"/apt/cache/archives/linux-source-*.deb &&
		apt_unpack "$dir" && unpack_headers "$dir" && build_framework "$dir" &&
		cp "$(find "$dir/root/boot" "$dir/root/usr/lib/modules" -name 'vmlinu[xz]*' -type f |
			head -n 1)" "$dir/Image" &&
		echo "$image $version" >"$dir/packages" && rm -rf "$dir/root" && apt_end "$dir"
}

compile()
{
	${cross}gcc -O2 -std=gnu11 -fno-builtin-memcmp -fno-builtin-memcpy -fno-builtin-memset \
		-fno-builtin-strnlen -fno-stack-protector -fno-PIE -fno-strict-aliasing \
		-mno-outline-atomics -Wall -Wextra -Wshadow -Wno-unused-parameter \
		-I"$here" "$@"
}

# The framework, its headers and our file between.
build_vm()
{
	local tree=$item/tree kvm=$item/tree/tools/testing/selftests/kvm dir dirs=

	for dir in "$kvm/include" "$kvm/include/aarch64" "$kvm/include/arm64" "$kvm/.." \
		"$kvm/../rseq" "$tree/tools/include" "$tree/tools/arch/arm64/include" \
		"$tree/generated" "$tree/usr/include"; do
		dirs="$dirs -isystem $dir"
	done
	# shellcheck disable=SC2086 # a list of words
	compile -D_GNU_SOURCE -DCONFIG_64BIT -U_FORTIFY_SOURCE -Wno-sign-compare $dirs \
		-c "$here/vm.c" -o "$out/vm.o"
}

# side OBJECT HEADER NAME FLAGS...: the VMM's part behind HEADER, if NAME includes that
side()
{
	local name=$1 object=$out/$1.o

	grep -q "\"$2\"" "$here/$3.c" || return 0
	[ -f "$object" ] || compile -I"$include" -I"$root/tests" "${@:4}" -c "$here/$name.c" \
		-o "$object" || return
	with="$with $object"
}

# Guest and VMM are one image; each file has the port of its side.
build_all()
{
	local name with

	mkdir -p "$out/initramfs/tests"
	${cross}gcc -O1 -Wall -Wextra -static "$here/init.c" -o "$out/initramfs/init" &&
		build_vm || return
	for name in $tests; do
		with=$out/vm.o
		side smmu guest.h "$name" -I"$root/tests/ports/recording" &&
			side vmm '\(guest_queue\|producers\).h' "$name" -I"$here/vmm" || return
		# shellcheck disable=SC2086 # a list of words
		compile -I"$include" -I"$here/guest" "$here/$name.c" $with "$item/libkvm.a" \
			-static -no-pie -pthread -o "$out/initramfs/tests/$name" || return
	done
	(cd "$out/initramfs" && find . | cpio -o -H newc --quiet) >"$out/initramfs.cpio"
}

# Where the kernel is in EL2, and a word that it says then. A CPU without VHE is the
# better nVHE, but there 7.2 hangs when a vCPU runs.
cpu_of()
{
	case $1 in
	vhe) cpu=neoverse-n1 append='' said="VHE mode initialized" ;;
	nvhe) cpu=cortex-a57 append='' said="Hyp nVHE mode initialized" ;;
	protected) cpu=neoverse-n1 append=kvm-arm.mode=protected said="Protected hVHE mode initialized" ;;
	esac
	[ "$1 $kernel" != "nvhe newest" ] || cpu=neoverse-n1 append=kvm-arm.mode=nvhe
}

boot()
{
	timeout -k 5 1800 "$qemu" -M virt,virtualization=on,gic-version=3 -cpu "$cpu" \
		-accel tcg,thread=multi -smp 2 -m 1G -nodefaults -no-user-config -display none \
		-monitor none -no-reboot -serial stdio \
		-semihosting-config enable=on,target=native,userspace=on \
		-kernel "$item/Image" -initrd "$out/initramfs.cpio" \
		-append "console=ttyAMA0 panic=-1 quiet $append" </dev/null 2>&1 | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# What a program printed, and what init said of it; where it hung, the end of all.
lines_of()
{
	awk -v name="$1" '
		{ text = text $0 "\n" }
		/^(not )?ok [0-9]+ - / { if ($0 ~ " - " name " # ") { found = text }; text = "" }
		END { printf "%s", found != "" ? found : text }' "$2" | tail -n 25
}

run_mode()
{
	local log=$out/$1.log name rc

	cpu_of "$1"
	boot >"$log"
	rc=$?
	[ -z "$verbose" ] || sed "s/^/$1: /" "$log"
	if ! grep -q "^# kvm .*: $said" "$log"; then
		fail "$1: the kernel is not in this mode" "$(tail -n 20 "$log")"
		return
	fi
	sed -n "s/^    # \(way .*\)/$suite: $1: \1/p" "$log"
	for name in $tests; do
		if grep -qE "^ok [0-9]+ - $name # " "$log"; then
			pass
		else
			fail "$1: $name" "$(lines_of "$name" "$log")"
		fi
	done
	# 42: init.c's word that each program ended with 0.
	[ $rc = 42 ] || [ "$failed" != 0 ] || fail "$1: QEMU ended with $rc" "$(tail -n 20 "$log")"
}

need_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross make xz-utils cpio
cache_qemu
# shellcheck disable=SC2154 # by cache_qemu
cache_item "kvm-$kernel-1" fill_kvm
say "$("$qemu" --version | head -n 1), $(cat "$item/packages")"
if build_all >"$out/build.log" 2>&1; then
	check "no warning in the build" test ! -s "$out/build.log"
	for mode in $modes; do
		say "$mode"
		run_mode "$mode"
	done
else
	fail "build" "$(cat "$out/build.log")"
fi
finish
