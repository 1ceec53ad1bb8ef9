#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A guest's SMMUv3 command queue over inval/guestq.h, forwarded to QEMU's SMMUv3: builds
# vmm.c for this machine, gives it a QEMU without guest software, and shows what each of
# the guest's commands became, and what the device behind the SMMU then saw.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
. "$root/tests/cache.sh"
suite user_space_vmm
need_packages gcc-12 libc6-dev
cache_qemu
memory=$(mktemp /dev/shm/inval.XXXXXX 2>/dev/null || mktemp) || missing "room for a temporary file"
trap 'rm -f "$memory"' EXIT

here=$root/examples/user_space_vmm
say "building"
gcc-12 -std=c11 -O2 -Wall -Wextra -Werror -pthread -I"${INVAL_INCLUDE:-$root/include}" -I"$here" \
	"$here/vmm.c" -o "$out/vmm" || exit 1
truncate -s 256M "$memory"
# The machine's CPU does nothing: WFI, and back. It only makes time pass.
printf '\x7f\x20\x03\xd5\xff\xff\xff\x17' >"$out/idle.bin"
# shellcheck disable=SC2154 # from cache_qemu
say "running it on $("$qemu" --version | head -n 1)"
timeout 120 "$out/vmm" "$memory" "$qemu" -M virt,iommu=smmuv3,gic-version=3,memory-backend=ram \
	-object "memory-backend-file,id=ram,size=256M,mem-path=$memory,share=on" -m 256M \
	-accel tcg -cpu cortex-a57 -icount shift=0,sleep=off -kernel "$out/idle.bin" \
	-nodefaults -display none -serial none -monitor none -qtest stdio -qtest-log none \
	-device edu,addr=1.0,multifunction=on,dma_mask=0xffffffffffffffff \
	-device edu,addr=1.1,dma_mask=0xffffffffffffffff 2>"$out/qemu.log"
rc=$?
[ $rc -le 1 ] || { cat "$out/qemu.log"; echo "user_space_vmm: 0 passed, 1 failed"; rc=1; }
exit $rc
