#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The library in guests of a Linux kernel with KVM: twelve programs, with the kernel in
# VHE, nVHE and protected mode (selftests/kvm).
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite kvm

bash "$root/selftests/kvm/run.sh" --kernel 6.12 --mode all >"$out/log" 2>&1 </dev/null
rc=$?
grep -v 'passed' "$out/log"
[ $rc != 2 ] || missing "what selftests/kvm/run.sh asks for"
tally "selftests" "$out/log" $rc
finish
