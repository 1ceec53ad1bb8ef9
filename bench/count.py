#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Instructions of each case of bench/count, against bench/limits.

count.py COUNT LIMITS DUMPS ARM64

COUNT is the program's output, DUMPS the prefix of callgrind's files, ARM64 the output of
bench/arm64/run.sh, whose numbers are shown and not held to anything. The copy's own
instructions are left out: how fast memory is copied is the memcpy's affair. A line
"value NAME N" in COUNT has what is no instructions: bytes of code, waits. Prints a
table and ends with "N passed, N failed". A case without a limit, a limit without a
case, a copy of 5 % more than what lives, or a case without a number is a failure.
"""

import glob
import re
import sys


def dump(path):
    """Name of a dump's case, its instructions, and those of the copy."""
    name = ""
    total = copy = 0
    called = False
    function = ""
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("desc: Trigger: Client Request: "):
                name = line.split(": ", 3)[3].strip()
            elif line.startswith("fn="):
                function = line.strip()
            elif line.startswith("calls="):
                called = True  # the next line's cost is the callee's
            elif re.match(r"[-+*0-9]", line):
                cost = 0 if called else int(line.split()[1])
                called = False
                total += cost
                copy += cost if function.endswith("bench_copy") else 0
    return name, total, copy


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


def main():
    text = read(sys.argv[1])
    arm64 = {name: float(each) for name, each in
             re.findall(r"^arm64 (.*?) +([\d.]+)$", read(sys.argv[4]), re.M)}
    work = re.findall(r"^work (.*) (\d+) (\d+) (\d+)$", text, re.M)
    limits = read_limits(sys.argv[2])
    dumps = {name: (total, copy) for name, total, copy in
             map(dump, glob.glob(sys.argv[3] + ".*")) if name}
    passed = failed = 0
    print(f"{'instructions, waits, bytes of code':52} {'measured':>9} {'at most':>9} {'of it':>6} "
          f"{'arm64':>9}")
    for name, loops, copied, live in work:
        total, copy = dumps.get(name, (0, 0))
        each = (total - copy) / int(loops)
        most = limits.pop(name, 0.0)
        other = arm64.get(name, 0.0)
        good = (0 < each <= most and other > 0 and
                int(copied) <= 1.05 * int(live) * int(loops))
        passed += good
        failed += not good
        print(f"{name:52} {each:9.1f} {most:9.0f} {each / most if most else 0:6.2f} "
              f"{other:9.1f}{'' if good else '  FAILED'}")
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
