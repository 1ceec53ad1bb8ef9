#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library doing its job: builds examples/bare_metal_vmm, boots it on QEMU's
# SMMUv3 and shows, row by row, translations that PCI devices still use after
# the tables changed, and no longer use after a flush. Exit code: the image's.
# Arguments go to the image: "full" for all rows, "flush-none" to see them fail.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../tests/lib.sh"
. "$root/tests/cache.sh"
. "$root/examples/bare_metal_vmm/image.sh"

suite demo
# shellcheck disable=SC2086,SC2154 # a list of words
need_packages $image_packages python3
cache_qemu
say "building the image"
image_build "$out" || exit 1
say "booting it on $("$qemu" --version | head -n 1)"
say "what the library does in each row: $out/trace.svg, and for viewers of trace events
    $out/trace.json; by the machine's clock: 1.024 us an instruction"
image_boot "$qemu" "$out" trace="$out/trace" "$@"
rc=$?
python3 "$root/examples/timeline/timeline.py" "$out/trace" "demo=$out/trace" || rc=1
exit $rc
