#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Times of Google Benchmark beside the textbook's of the same run.

table.py [--write] README JSON...

A benchmark WHAT/inval[/N] has its twin WHAT/textbook[/N], or none. Prints a table, and
writes for each WHAT with numbers a file beside its JSON for gnuplot: lines "N NS
NS-OF-THE-TWIN". README's table must have a row for each WHAT with a twin, with the same N;
--write puts it there, ratios and all. No time is judged. Ends with "N passed, N failed": a
line fails when it took no time, or its twin is missing or took none.
"""

import argparse
import json
import math
import pathlib
import re
import sys

BEGIN = "<!-- Times: bench/run.sh --write -->\n"
END = "<!-- The end of the times -->\n"
ALONE = {"cmd: decode"}


def runs(path):
    """(what, at): ns of each side, and their spread; medians where there are several."""
    found = {}
    for run in sorted(json.loads(path.read_text(encoding="utf-8"))["benchmarks"],
                      key=lambda run: (run["family_index"], run["per_family_instance_index"])):
        what, side, *rest = run["run_name"].split("/")
        at = [re.sub("^threads:", "", part) for part in rest if part != "real_time"]
        key = what, run.get("label") or "".join(at)
        time = run["real_time" if "real_time" in rest else "cpu_time"]
        found.setdefault(key, {})[side, run.get("aggregate_name", "median")] = time
    return found


def digits(ratio):
    """Two digits: more are not the same on the next run."""
    places = 1 - math.floor(math.log10(ratio))
    return f"{round(ratio, places):.{max(0, places)}f}"


def plot(path, what, lines):
    name = re.sub("[^a-zA-Z0-9]", "_", what)
    lines = "".join(f"{at} {mine} {twin}\n" for at, mine, twin in lines)
    path.with_name(f"{name}.data").write_text(lines, encoding="utf-8")


def table(path):
    """Prints it; returns the ratios by what, and how many lines are good and bad."""
    ratios, curves, count = {}, {}, [0, 0]
    for (what, at), times in runs(path).items():
        mine, twin = times.get(("inval", "median"), 0), times.get(("textbook", "median"), 0)
        spread = 100 * max(times.get((side, "cv"), 0) for side in ("inval", "textbook"))
        good = mine > 0 and (twin > 0) != (what in ALONE)
        count[not good] += 1
        ratio = digits(twin / mine) if good and twin else "-"
        print(f"{what + ' ' + at:70} {mine:11.1f} {twin:11.1f} {ratio:>7} {spread:5.0f}"
              f"{'' if good else '  FAILED'}")
        if twin:
            ratios.setdefault(what, []).append((at, ratio))
        if at.isdigit():
            curves.setdefault(what, []).append((at, mine, twin))
    for what, lines in curves.items():
        plot(path, what, lines)
    return ratios, count


def cell(pairs):
    """Each ratio of a curve; of different commands or flushes the least and the most."""
    if all(at.isdigit() for at, _ in pairs):
        return ", ".join(f"{at}: **{ratio}**" for at, ratio in pairs)
    ends = sorted((ratio for _, ratio in pairs), key=float)
    return " to ".join(f"**{ratio}**" for ratio in dict.fromkeys((ends[0], ends[-1])))


def rows(ratios):
    return [f"| {what} | {cell(pairs)} |\n" for what, pairs in ratios.items()]


def readme(path, ratios, write):
    """Does README have these rows, whatever the ratios?"""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    have, after = rest.split(END)
    want = "| what | the textbook's time, divided by inval's |\n|---|---|\n" + "".join(rows(ratios))
    if write:
        path.write_text(before + BEGIN + want + END + after, encoding="utf-8")
        have = want
    return re.sub(r"\*\*.*?\*\*", "", have) == re.sub(r"\*\*.*?\*\*", "", want)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("readme", type=pathlib.Path)
    parser.add_argument("json", type=pathlib.Path, nargs="+")
    args = parser.parse_args()
    ratios, passed, failed = {}, 0, 0
    print(f"{'ns':70} {'inval':>11} {'textbook':>11} {'ratio':>7} {'+- %':>5}")
    for path in args.json:
        more, (good, bad) = table(path)
        ratios.update(more)
        passed, failed = passed + good, failed + bad
    if readme(args.readme, ratios, args.write and not failed):
        passed += 1
    else:
        failed += 1
        print("FAILED: README has other rows: bench/run.sh --write")
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or passed == 0


sys.exit(main())
