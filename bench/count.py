#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Instructions of each case of bench/count, against bench/limits.

count.py COUNT LIMITS DUMPS ARM64 [--profile CASE]

COUNT is the program's output, DUMPS the prefix of callgrind's files, ARM64 the output of
bench/arm64/run.sh, whose numbers are shown and not held to anything. The copy's own
instructions are left out: how fast memory is copied is the memcpy's affair. A line
"value NAME N" in COUNT has what is no instructions: bytes of code, waits. Prints a
table, with the part that is the test's own, loops and hooks that copy, and ends with
"N passed, N failed". A case without a limit, a limit without a case, a copy of 5 % more
than what lives, or a case without a number is a failure.

--profile CASE prints where the instructions of one case are, instead: by the function
whose lines they are, also where that was inlined.
"""

import bisect
import collections
import glob
import pathlib
import re
import sys


def costs(path):
    """(function as compiled, source, line, instructions) of a dump, without the callees'."""
    called = False
    function = source = ""
    at = 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("fn="):
                function = line[3:].strip()
            elif re.match(r"f[lie]=", line):
                source = line[3:].strip()
            elif line.startswith("calls="):
                called = True  # the next line's cost is the callee's
            elif re.match(r"[-+*0-9]", line):
                place, cost = line.split()
                at = at if place == "*" else int(place) + (at if place[0] in "+-" else 0)
                if not called:
                    yield function, source, at, int(cost)
                called = False


def dump(path):
    """Name of a dump's case, its instructions, those of the copy, and the test's own."""
    name = re.search(r"^desc: Trigger: Client Request: (.*)$", read(path), re.M)
    total = copy = own = 0
    for function, source, _, cost in costs(path):
        total += cost
        if function == "bench_copy":
            copy += cost
        elif source.endswith(("bench/count.c", "bench/cases.h")):
            own += cost
    return name[1].strip() if name else "", total, copy, own


def functions(path):
    """Where each function of a source begins, in order, and their names."""
    found = [(0, "")]
    if pathlib.Path(path).exists():
        with open(path, encoding="utf-8") as lines:
            for n, line in enumerate(lines, 1):
                match = re.match(r"(?!typedef)(?:\w[\w *]*[ *])?(\w+)\(", line)
                if match:
                    found.append((n, match[1]))
    return found


def profile(path, loops):
    """Instructions of a dump by the source's functions, most first."""
    cost = collections.Counter()
    known = {}
    for _, source, at, count in costs(path):
        if source not in known:
            known[source] = functions(source)
        where = known[source][bisect.bisect(known[source], (at, "~")) - 1][1]
        cost[where, source] += count
    for (where, source), count in cost.most_common():
        if count:
            print(f"{count / loops:9.1f} {where:32} {pathlib.Path(source).name}")


def read_limits(path):
    limits = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            text = line.split("#")[0].strip()
            if text:
                most, name = text.split(None, 1)
                limits[name] = float(most)
    return limits


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def show(work, dumps, case):
    """Prints the profile of a case; returns 0 when there is one."""
    for path in glob.glob(dumps + ".*"):
        name, total = dump(path)[:2]
        for loops in (int(w[1]) for w in work if name == w[0] == case):
            print(f"{total / loops:9.1f} {case}")
            profile(path, loops)
            return 0
    print(f"no case \"{case}\"")
    return 1


def main():
    text = read(sys.argv[1])
    work = re.findall(r"^work (.*) (\d+) (\d+) (\d+)$", text, re.M)
    if sys.argv[5:6] == ["--profile"]:
        return show(work, sys.argv[3], sys.argv[6])
    arm64 = {name: float(each) for name, each in
             re.findall(r"^arm64 (.*?) +([\d.]+)$", read(sys.argv[4]), re.M)}
    limits = read_limits(sys.argv[2])
    dumps = {name: rest for name, *rest in map(dump, glob.glob(sys.argv[3] + ".*")) if name}
    passed = failed = 0
    print(f"{'instructions, waits, bytes of code':52} {'measured':>9} {'at most':>9} {'of it':>6} "
          f"{'the test':>9} {'arm64':>9}")
    for name, loops, copied, live in work:
        total, copy, own = dumps.get(name, (0, 0, 0))
        each = (total - copy) / int(loops)
        most = limits.pop(name, 0.0)
        other = arm64.get(name, 0.0)
        good = (0 < each <= most and other > 0 and
                int(copied) <= 1.05 * int(live) * int(loops))
        passed += good
        failed += not good
        print(f"{name:52} {each:9.1f} {most:9.0f} {each / most if most else 0:6.2f} "
              f"{own / int(loops):9.1f} {other:9.1f}{'' if good else '  FAILED'}")
    for name, value in re.findall(r"^value (.*) (\d+)$", text, re.M):
        most = limits.pop(name, 0.0)
        good = int(value) <= most
        passed += good
        failed += not good
        print(f"{name:52} {value:>9} {most:9.0f} {int(value) / most if most else 0:6.2f}"
              f"{'' if good else '  FAILED'}")
    for name in limits:
        print(f"{name:52} not measured  FAILED")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed != 0 or passed == 0


sys.exit(main())
