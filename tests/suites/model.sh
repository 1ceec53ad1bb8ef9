#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A million steps of random schedules before the strict model of SMMUs, ATS devices and
# page tables (tests/model): no fault, and each kind of race often enough. SEED=n and
# STEPS=n choose others. Bugs planted before the same model: tests/mutants/model.list.
# And all orders of two and three CPUs and the SMMU on a queue of four slots, those that
# take longer than test_queue's own; and more plans of attr.h, each without each step.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite model
need_packages gcc-12 libc6-dev

check "build" gcc-12 -std=c11 -O2 -Wall -Wextra -Werror -pedantic-errors -I"$root/include" \
	-I"$root/tests" -I"$root/tests/ports/recording" "$root/tests/model/schedule.c" \
	-o "$out/schedule"
"$out/schedule" "${STEPS:-1000000}" "${SEED:-1}" 2>&1 | tee "$out/log"
tally "schedule" "$out/log" "${PIPESTATUS[0]}"

check "build test_queue" gcc-12 -std=c11 -O2 -DINVAL_PLAIN -DINVAL_TEST_LONG -Wall -Wextra \
	-Werror -I"$root/include" -I"$root/tests" -I"$root/tests/ports/recording" \
	"$root/tests/test_queue.c" -o "$out/test_queue"
for orders in three_waits_in_turn three_waits three_full illegal_ecmdq three_syncs illegal abort \
	two_waits_one_full two_msis_one_full three_puts; do
	queue_tally "all orders: $orders" timeout 900 "$out/test_queue" "orders/$orders"
done

check "build test_attr" gcc-12 -std=c11 -O2 -DINVAL_PLAIN -DINVAL_TEST_LONG -Wall -Wextra \
	-Werror -I"$root/include" -I"$root/tests" "$root/tests/test_attr.c" -o "$out/test_attr"
queue_tally "each step of 35000 plans" timeout 900 "$out/test_attr" attr/each_step_is_needed
finish
