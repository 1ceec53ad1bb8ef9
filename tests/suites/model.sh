#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A million steps of random schedules before the strict model of SMMUs, ATS devices and
# page tables (tests/model): no fault, and each kind of race often enough. SEED=n and
# STEPS=n choose others. Bugs planted before the same model: tests/mutants/model.list.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite model
need_packages gcc-12 libc6-dev

check "build" gcc-12 -std=c11 -O2 -Wall -Wextra -Werror -pedantic-errors -I"$root/include" \
	-I"$root/tests" -I"$root/tests/ports/recording" "$root/tests/model/schedule.c" \
	-o "$out/schedule"
"$out/schedule" "${STEPS:-1000000}" "${SEED:-1}" 2>&1 | tee "$out/log"
tally "schedule" "$out/log" "${PIPESTATUS[0]}"
finish
