# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# How the image is built and booted; sourced by ../demo.sh, ../../selftests/qemu and
# ../../bench/arm64/run.sh, after tests/lib.sh.
#
# image_packages	the packages of bookworm that image_build needs
# image_link FILE ARG...  compiles and links an image: FILE.elf and FILE.bin
# image_build DIR	compiles DIR/image.elf and DIR/image.bin, with the library's
#			headers or those in INVAL_INCLUDE
# image_boot QEMU DIR [-OPTION...] [WORD...]  runs it; words are arguments of the
#			image, options go to QEMU. Returns the image's exit code.
#			trace=FILE: the word "trace", for a trace in FILE

# shellcheck disable=SC2034 # for need_packages
image_packages=gcc-aarch64-linux-gnu
image_dir=$root/examples/bare_metal_vmm
image_cc=aarch64-linux-gnu-gcc
# The MMU is off: unaligned accesses fault, and FP is not switched on.
image_cflags="-std=gnu11 -O2 -g -Wall -Wextra -Wmissing-prototypes -Wshadow -Wundef
	-ffreestanding -nostdlib -static -fno-pic -no-pie -fno-stack-protector
	-mgeneral-regs-only -mstrict-align -mno-outline-atomics"

image_link()
{
	# shellcheck disable=SC2086 # a list of words
	$image_cc $image_cflags "${@:2}" -I "${INVAL_INCLUDE:-$root/include}" -I "$image_dir" \
		-Wl,--build-id=none,--no-warn-rwx-segments -T "$image_dir/image.ld" -o "$1.elf" &&
	aarch64-linux-gnu-objcopy -O binary "$1.elf" "$1.bin"
}

image_build()
{
	mkdir -p "$1" &&
	image_link "$1/image" -I "$root/selftests" "$image_dir/start.S" "$image_dir"/*.c
}

# Six devices, StreamIDs 8 to 12 and 16: a power of two of neighbours, one just
# behind them, and one apart. Their DMA takes 100 ms of the machine's clock,
# which -icount makes instructions instead of waiting.
image_boot()
{
	local qemu=$1 dir=$2 semihosting=enable=on,target=native,arg=image fn
	local options=() devices=()

	shift 2
	for fn in 1.0 1.1 1.2 1.3 1.4 2.0; do
		devices+=(-device "edu,addr=$fn,multifunction=on,dma_mask=0xffffffffffffffff")
	done
	while [ $# -gt 0 ]; do
		case $1 in
		-*) options+=("$1" "$2"); shift ;;
		trace=*)
			semihosting=$semihosting,chardev=trace,arg=trace
			options+=(-chardev "file,id=trace,path=${1#*=}")
			;;
		*) semihosting=$semihosting,arg=$1 ;;
		esac
		shift
	done
	timeout 120 "$qemu" -M virt,virtualization=on,gic-version=3,iommu=smmuv3 -cpu cortex-a57 \
		-m 1G -display none -serial stdio -monitor none -net none \
		-icount shift=10,sleep=off -semihosting-config "$semihosting" \
		"${devices[@]}" "${options[@]}" -kernel "$dir/image.bin" </dev/null
}
