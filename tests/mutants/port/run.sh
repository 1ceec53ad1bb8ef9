#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh TREE PORT OUT: inval_selftest.h, on one CPU and on two, on the ready port PORT of
# TREE, a directory with examples and selftests: as a program of this machine, or of arm64
# under qemu-user. A kernel's names come from kernels.h, privileged instructions are played
# by privileged.h: what a boot would find takes a second. Exit code: 0 the port keeps its
# promises, 1 it does not, 2 it does not compile.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
tree=$1 port=$2 out=$3
dir=$tree/examples/$port
cc="aarch64-linux-gnu-gcc -std=gnu11 -static -Wl,--unresolved-symbols=ignore-all"
emulator=qemu-aarch64-static
flags="-include $here/kernels.h"
case $port in
port_c11) cc="gcc-12 -std=gnu11" emulator='' flags='' ;;
cpp_vmm) cc="g++-12 -x c++ -std=c++17" emulator='' flags='' ;;
bare_metal_vmm) flags="-include $here/privileged.h -DSELFTEST_CPUS=1U" ;;
kvm_guest) dir=$tree/selftests/kvm/guest flags="-include $here/privileged.h" ;;
esac

mkdir -p "$out/names"
# Headers that do not belong here, empty; those that the C library has come first.
: >"$out/names/vm.h"
grep -hoE '^#include <(linux|asm|nvhe|xen)/[^>]*' "$dir/inval_port.h" | cut -d'<' -f2 |
	while read -r header; do
		mkdir -p "$out/names/$(dirname "$header")"
		: >"$out/names/$header"
	done
# shellcheck disable=SC2086 # lists of words
$cc -O1 -w -pthread $flags '-Dport_thread_begin()=(void)0' '-Dport_thread_end()=(void)0' \
	-I"$root/include" -I"$dir" -idirafter "$out/names" "$root/tests/stress/selftest.c" \
	-o "$out/selftest" || exit 2
timeout 50 $emulator "$out/selftest" || exit 1
