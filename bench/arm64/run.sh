#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Instructions of bench/count.c on arm64: as a bare-metal image under QEMU, which counts
# them by its PMU. Prints a line "arm64 CASE INSTRUCTIONS" for each, of one run of what it is
# about; bench/count.py puts them beside those of x86-64. The exit code is the image's.
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../tests/lib.sh"
. "$root/tests/cache.sh"
. "$root/examples/bare_metal_vmm/image.sh"
suite arm64
# shellcheck disable=SC2086,SC2154 # a list of words
need_packages $image_packages libc6-dev-arm64-cross
cache_qemu
# shellcheck disable=SC2154
image_link "$out/image" -I "$here" -I "$root/bench/port" "$image_dir/start.S" \
	"$image_dir/console.c" "$image_dir/memory.c" "$here/image.c" "$root/bench/count.c" &&
	image_boot "$qemu" "$out" | awk '
		/^arm64 / { total = $NF; sub(/ [0-9]*$/, ""); name = $0 }
		/^work / { printf "%-66s %9.1f\n", name, total / $(NF - 2) }
		!/^(arm64|work|value) /'
