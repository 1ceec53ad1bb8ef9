#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Bugs planted in the library, each caught by the test that it names; at least one
# inside each public function; and 60 generated ones, of which 95 % must be caught.
# tests/mutants/run.py says how.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite mutants
need_packages gcc-12 g++-12 libc6-dev python3 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static

for port in port_c11 cpp_vmm bare_metal_vmm kvm_guest linux_module pkvm_hyp xen; do
	queue "without a bug, port $port" bash "$root/tests/mutants/port/run.sh" "$root" $port "$out/$port"
done
drain

python3 "$root/tests/mutants/run.py" "$out/work" "$@" 2>&1 | tee "$out/log"
tally "planted bugs" "$out/log" "${PIPESTATUS[0]}"
finish
