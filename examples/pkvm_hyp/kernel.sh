# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# A Linux for arm64 of our own, kept in the cache. Source it after tests/lib.sh and
# tests/cache.sh:
#
# cache_kernel 6.12|newest	of bookworm-backports, or the newest of trixie's; sets
#	$kernel_version	Debian's version of its source, for instance 6.12.95-1~bpo12+1
#	$kernel_image	Image: KVM at EL2 (also kvm-arm.mode=protected), PL011, PCI, SMMUv3,
#			initramfs, modules, debugfs, PROVE_LOCKING, PROVE_RCU (kernel.config)
#	$kernel_tree	its build tree, less the sources that no object came from. It serves
#			make -C "$kernel_tree" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
#				M=DIR modules
#			and, as a copy, another Image: kernel_make DIR. Never write to it.
# kernel_make DIR ARG...	make in a copy of the tree, as the tree was made
#
# Cold: 150 MB from Debian and some five minutes on two cores; it prints one line when it
# fetches. Its key holds the configuration, kernel.sed and the compiler.
# kernel.sed adds a hypercall; here it does nothing, run.sh gives it its two ends.

kernel_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernel_kvm=arch/arm64/kvm
kernel_nvhe=$kernel_kvm/hyp/nvhe

# A vDSO's command line would hold where the tree was; the banner, when.
kernel_make()
{
	make -s -C "$1" -j"$(nproc)" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		GENERIC_VDSO_MK_PATH=lib/vdso/Makefile KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_USER=inval KBUILD_BUILD_HOST=inval \
		KBUILD_BUILD_TIMESTAMP='1970-01-01 00:00:00 UTC' "${@:2}"
}

# Without most of what is for other machines; Kconfig and Makefiles stay.
kernel_unpack()
{
	local skip=() d

	for d in Documentation arch/{alpha,arc,arm,'[b-z]*'} drivers/{gpu,media,net,scsi,staging} \
		fs/{btrfs,xfs} sound tools/{perf,testing}; do
		skip+=("--exclude=linux-source-*/$d/*."{c,h,S,dts,dtsi,rst,json,yaml,txt})
	done
	dpkg-deb --fsys-tarfile "$1"/apt/cache/archives/linux-source-*.deb |
		tar -xO --wildcards '*/linux-source-*.tar.xz' | xz -dcT0 |
		tar -x -C "$1/tree" --strip-components=1 "${skip[@]}"
}

# The lines of kernel.sed, each in once, and empty ends for the hypercall.
kernel_patch()
{
	local tree=$1 files=(arch/arm64/include/asm/kvm_asm.h "$kernel_nvhe"/{hyp-main.c,Makefile}
		"$kernel_kvm/Makefile")

	(cd "$tree" && sed -s -i -f "$kernel_here/kernel.sed" "${files[@]}" &&
		[ "$(cat "${files[@]}" | grep -cE 'inval_(call|el2|host)')" = 7 ]) ||
		{ echo "kernel.sed does not fit this kernel"; return 1; }
	printf '%s\n' '#include <asm/kvm_host.h>' \
		'void handle___inval_call(struct kvm_cpu_context *host_ctxt);' \
		'void handle___inval_call(struct kvm_cpu_context *host_ctxt) { }' \
		>"$tree/$kernel_nvhe/inval_el2.c"
	: >"$tree/$kernel_kvm/inval_host.c"
}

# Each option asked for is in: one whose needs are not met is dropped without a word. One
# that this kernel has by another name, or always, is not looked for.
kernel_configure()
{
	local line

	kernel_make "$1" KCONFIG_ALLCONFIG="$kernel_here/kernel.config" allnoconfig || return
	grep '^CONFIG_' "$kernel_here/kernel.config" | while read -r line; do
		grep -qxF "$line" "$1/.config" ||
			! grep -rqx --include='Kconfig*' "config $(cut -d= -f1 <<<"${line#CONFIG_}")" "$1" ||
			{ echo "not in .config: $line"; return 1; }
	done
}

# Sources that no object depends on go, but for headers that modules may include.
kernel_prune()
{
	# shellcheck disable=SC2016 # a character, not a variable
	(cd "$1" && find . -name '.*.cmd' -exec cat {} + | tr -s ' \t\\$()' '\n' |
		sed 's|^\./||' | sort -u >.needed &&
		find . -type f ! -newer .unpacked -name '*.[chS]' | sed 's|^\./||' |
		grep -Ev '^(include|scripts|arch/arm64)/' | sort | comm -23 - .needed |
		tr '\n' '\0' | xargs -0 rm -f &&
		rm -f .tmp_vmlinux* .needed && find . -type d -empty -delete)
}

# fill_kernel RELEASE SERIES DIR
fill_kernel()
{
	local release=$1 series=$2 dir=$3 tree=$3/tree version source

	mkdir "$tree"
	apt_begin "$dir" "$release" arm64 || return
	read -r version source _ < <(apt_newest "$dir" "linux-source-$series")
	(cd "$dir/apt/cache/archives" &&
		apt_private "$dir" apt-get -q download "${source:?none in $release}=$version") &&
		kernel_unpack "$dir" && echo "$version" >"$dir/version" && apt_end "$dir" &&
		touch "$tree/.unpacked" && kernel_patch "$tree" &&
		kernel_configure "$tree" && kernel_make "$tree" Image modules &&
		kernel_prune "$tree" && cp "$tree/arch/arm64/boot/Image" "$dir/Image"
}

# shellcheck disable=SC2034,SC2154 # for the caller; of tests/cache.sh
cache_kernel()
{
	local from=(bookworm-backports '6\.12')

	[ "$1" = 6.12 ] || from=(trixie-backports '[0-9.]+')
	need_packages gcc-aarch64-linux-gnu make flex bison bc libssl-dev xz-utils
	cache_item "kernel-$1-1-$({ cat "$kernel_here"/kernel.{config,sed} &&
		aarch64-linux-gnu-gcc --version; } | sha256sum | cut -c1-12)" fill_kernel "${from[@]}"
	kernel_version=$(cat "$item/version")
	kernel_image=$item/Image
	kernel_tree=$item/tree
}
