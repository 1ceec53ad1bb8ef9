#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The firmware call on a machine that makes it (QEMU): main.c's rows, and that each row
# which needs an answer fails when there is none.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../../tests/lib.sh"
. "$root/tests/cache.sh"
. "$root/examples/bare_metal_vmm/image.sh"
suite selftests-firmware
# shellcheck disable=SC2086,SC2154 # a list of words
need_packages $image_packages
cache_qemu

# shellcheck disable=SC2154
image_link "$out/image" -I "$here" "$image_dir/start.S" "$image_dir/console.c" "$image_dir/trace.c" \
	"$here/vectors.S" "$here/main.c" >"$out/build.log" 2>&1
check "no warning in the build" test ! -s "$out/build.log"

image_boot "$qemu" "$out" rows >"$out/rows.log" 2>"$out/qemu.log"
tally "rows" "$out/rows.log" $?
grep -v 'passed, ' "$out/rows.log"
image_boot "$qemu" "$out" mute >"$out/mute.log" 2>&1
while read -r row; do
	check "without an answer: $row" grep -qE "^$row +FAILED\$" "$out/mute.log"
done < <(sed -nE 's/ +ok$//p' "$out/rows.log" | grep -vE 'no provider|^nobody|^by address|^clean')
finish
