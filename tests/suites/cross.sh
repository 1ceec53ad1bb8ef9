#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every test as a plain program that really runs on arm64, arm, riscv64 and
# big-endian s390x (qemu-user), with as many cases as here; and every header alone,
# freestanding, for these and aarch64_be, x86-64 and i386: only the compiler's own
# headers, all functions emitted, nothing undefined but memcpy and memset. And what an
# embedder names at compile time is called directly (tests/object).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite cross
need_packages gcc-12 libc6-dev clang-19 binutils cmake ninja-build qemu-user-static \
	gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-riscv64-linux-gnu gcc-s390x-linux-gnu \
	libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-riscv64-cross libc6-dev-s390x-cross

# same_cases WHERE RAN
same_cases()
{
	check "$1 runs as many cases as the host" test "$2" = "$host_cases"
	say "$1: $2 cases"
}

build_tests host -DCMAKE_C_COMPILER=gcc-12 -DINVAL_PLAIN=ON
run_tests host
drain
host_cases=$((passed + failed))

while read -r target cc emulator; do
	build_tests "$target" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$target" \
		-DCMAKE_C_COMPILER="$cc" -DINVAL_PLAIN=ON -DINVAL_TEST_FLAGS="-O1;-static"
	before=$((passed + failed))
	run_tests "$target" "$emulator"
	drain
	same_cases "$target" $((passed + failed - before))
done <<-END
	arm64 aarch64-linux-gnu-gcc qemu-aarch64-static
	arm arm-linux-gnueabihf-gcc qemu-arm-static
	riscv64 riscv64-linux-gnu-gcc qemu-riscv64-static
	s390x s390x-linux-gnu-gcc qemu-s390x-static
END

# freestanding SOURCE OBJECT CC FLAG... : without "inline", each function is
# emitted though nobody calls it.
freestanding()
{
	local source=$1 object=$2 undefined

	shift 2
	"$@" -std=c99 -O2 -ffreestanding -nostdinc -isystem "$("$1" -print-file-name=include)" \
		-fno-pic -fno-stack-protector "-Dinline=__attribute__((__used__))" \
		-Wall -Wextra -Werror -Wno-attributes -Wno-ignored-attributes \
		-c "$source" -o "$object" || return
	nm "$object" | grep -q ' t inval_' || { echo "no function in it"; return 1; }
	undefined=$(nm -u "$object" | grep -vwE 'memcpy|memset')
	[ -z "$undefined" ] || { echo "undefined: $undefined"; return 1; }
}
export -f freestanding

# shellcheck disable=SC2034 # for alone
single=$out/host/single
while read -r target options; do
	for header in $headers inval single; do
		alone "$header"
		# shellcheck disable=SC2086 # lists of words
		queue "$header.h freestanding, $target" freestanding "$source" \
			"$out/alone/$header.$target.o" $options $flags
	done
done <<-END
	arm64 aarch64-linux-gnu-gcc -mgeneral-regs-only -mno-outline-atomics
	arm arm-linux-gnueabihf-gcc
	riscv64 riscv64-linux-gnu-gcc
	s390x s390x-linux-gnu-gcc
	x86-64 gcc-12 -mgeneral-regs-only
	i386 gcc-12 -m32 -mgeneral-regs-only
	clang-arm64 clang-19 --target=aarch64-linux-gnu -mgeneral-regs-only
	clang-aarch64_be clang-19 --target=aarch64_be-linux-gnu -mgeneral-regs-only
	clang-arm clang-19 --target=arm-linux-gnueabihf
	clang-riscv64 clang-19 --target=riscv64-linux-gnu
	clang-s390x clang-19 --target=s390x-linux-gnu
	clang-x86-64 clang-19 --target=x86_64-linux-gnu -mgeneral-regs-only
	clang-i386 clang-19 --target=i386-linux-gnu -mgeneral-regs-only
END
while read -r name dump cc; do
	# shellcheck disable=SC2086 # a list of words
	check "one provider, $name: no indirect call" direct "$dump" "$root/tests/object/provider.c" \
		"$out/provider.$name.o" $cc
	# shellcheck disable=SC2086
	check_not "a registry, $name" "indirect calls:" direct "$dump" \
		"$root/tests/object/provider.c" "$out/registry.$name.o" $cc -DREGISTRY
done <<-END
	arm64 aarch64-linux-gnu-objdump aarch64-linux-gnu-gcc -mgeneral-regs-only
	x86-64 objdump gcc-12
	clang-arm64 aarch64-linux-gnu-objdump clang-19 --target=aarch64-linux-gnu
END
drain
finish
