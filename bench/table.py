#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Times of Google Benchmark beside the baseline's of the same run.

table.py JSON OUT

A benchmark NAME has its textbook twin linear_NAME. Prints a table and writes OUT.NAME,
lines "N NS NS-OF-THE-TWIN" for gnuplot. Ends with "N passed, N failed": a line fails
when it has no twin, or one of the two took no time.
"""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        runs = {run["name"]: run["cpu_time"] for run in json.load(file)["benchmarks"]}
    plots = {}
    failed = 0
    print(f"{'ns of the CPU':28} {'inval':>12} {'textbook':>12} {'ratio':>8}")
    for name, mine in runs.items():
        if name.startswith("linear_"):
            continue
        twin = runs.get("linear_" + name, 0)
        good = mine > 0 and twin > 0
        failed += not good
        print(f"{name:28} {mine:12.1f} {twin:12.1f} {twin / mine if good else 0:8.2f}"
              f"{'' if good else '  FAILED'}")
        what, number = name.split("/")
        plots.setdefault(what, []).append(f"{number} {mine} {twin}\n")
    for what, lines in plots.items():
        with open(f"{sys.argv[2]}.{what}", "w", encoding="ascii") as file:
            file.writelines(lines)
    passed = sum(map(len, plots.values())) - failed
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or passed == 0


sys.exit(main())
