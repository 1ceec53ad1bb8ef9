#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Prove with cbmc what the comments of *.c here say, and see each proof fail.

proofs.py OUT CBMC SIZE [--long] [--only TEXT]

tests/proofs/list, one paragraph each:

	proof merge array.c		proof_merge() in array.c holds
	instead inval_array_find ...	functions of the library that the source has its own
					of: their definitions get the prefix header_
	unwind 9			no loop runs oftener; none: SIZE + 6, "+1": SIZE + 1
	each total num			one run for each TOTAL and NUM from 0 to SIZE
	unsigned wraps			it does so on purpose here
	minutes 4			so long it takes: with its bugs only with --long

	bug merge array.h		with this in array.h it must fail
	size 3				at this SIZE, TOTAL and NUM; none: 2
	fails TEXT			in the property whose name has TEXT
	-the original text
	+the text in its place

Every access is inside its object, no signed number overflows, no unsigned one either
unless it is said to wrap, no conversion loses a bit, no loop runs further than was
looked at.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FLAGS = ("--drop-unused-functions --slice-formula --nondet-static --unwinding-assertions "
         "--bounds-check --pointer-check --signed-overflow-check --conversion-check "
         "--undefined-shift-check --div-by-zero-check").split()
VERDICT = re.compile(r"^\[(.*): (SUCCESS|FAILURE|UNKNOWN|ERROR)$", re.M)


class Entry:
    def __init__(self, line):
        self.kind, self.name, self.file = line.split()
        self.instead, self.unwind, self.size, self.unsigned = "", "+6", "2", ""
        self.each = self.minutes = self.fails = ""
        self.old, self.new = [], []


def read_list():
    entries, entry = [], None
    for n, line in enumerate((HERE / "list").read_text(encoding="utf-8").split("\n"), 1):
        word, _, rest = line.partition(" ")
        if not line:
            entry = None
        elif word in ("proof", "bug"):
            entry = Entry(line)
            entries.append(entry)
        elif line[0] in "-+":
            (entry.old if line[0] == "-" else entry.new).append(line[1:])
        elif word in ("instead", "unwind", "size", "unsigned", "each", "minutes", "fails"):
            setattr(entry, word, rest)
        elif line[0] != "#":
            sys.exit("list:%d: what is \"%s\"?" % (n, line))
    return entries


def include(directory, proof, bug):
    """A copy of the library and a port, with PROOF's functions renamed and BUG planted."""
    shutil.copytree(ROOT / "include", directory)
    shutil.copy(ROOT / "tests/ports/freestanding/inval_port.h", directory)
    if bug:
        path = directory / "inval" / bug.file
        text = path.read_text(encoding="utf-8")
        old = "\n".join(bug.old)
        if text.count(old) != 1:
            raise ValueError("the original text matches %d times" % text.count(old))
        path.write_text(text.replace(old, "\n".join(bug.new)), encoding="utf-8")
    paths = [directory / "inval_port.h"] + sorted((directory / "inval").glob("*.h"))
    for name in proof.instead.split():
        found = 0
        for path in paths:
            text, n = re.subn(r"(?m)^(static inline .*\b)%s\(" % name, r"\1header_%s(" % name,
                              path.read_text(encoding="utf-8"))
            path.write_text(text, encoding="utf-8")
            found += n
        if found != 1:
            raise ValueError("%s() is defined %d times" % (name, found))


def cbmc(args, directory, proof, size, numbers):
    """The verdicts, as (property, verdict), and cbmc's output."""
    unwind = int(proof.unwind) + (size if proof.unwind[0] == "+" else 0)
    flags = ["-DINSTEAD_" + name for name in proof.instead.split()]
    if proof.unsigned != "wraps":
        flags.append("--unsigned-overflow-check")
    result = subprocess.run(
        [args.cbmc, str(HERE / proof.file), "--function", "proof_" + proof.name,
         "-DSIZE=%d" % size, "-I%s" % directory, "--unwind", str(unwind)] + FLAGS + flags +
        ["-D%s=%d" % (name.upper(), n) for name, n in zip(proof.each.split(), numbers)],
        capture_output=True, text=True, check=False)
    return VERDICT.findall(result.stdout), result.stdout + result.stderr


def run(args, number, proof, bug, size):
    """(problem or "", what to say)."""
    start = time.monotonic()
    directory = args.out / str(number)
    verdicts, text, done = [], "", True
    try:
        include(directory, proof, bug)
        for numbers in itertools.product(range(size if bug else 0, size + 1),
                                         repeat=len(proof.each.split())):
            some, text = cbmc(args, directory, proof, size, numbers)
            done = done and bool(some) and "VERIFICATION SUCCESSFUL" in text
            verdicts += some
    except ValueError as problem:
        return str(problem), ""
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    bad = [name for name, verdict in verdicts if verdict != "SUCCESS"]
    said = "%d properties, size %d, %.0f s" % (len(verdicts), size, time.monotonic() - start)
    if not bug:
        return ("" if done and not bad else "\n".join(bad) or text[-1500:]), said
    if any(bug.fails in name for name in bad):
        return "", said
    return "fails elsewhere: " + "\n".join(bad) if bad else "it does not fail\n" + text[-500:], ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("cbmc")
    parser.add_argument("size", type=int)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.out.mkdir(parents=True)
    entries = read_list()
    proofs = {e.name: e for e in entries if e.kind == "proof"}
    jobs = []
    for e in entries:
        if proofs[e.name].minutes and not args.long:
            continue
        if e.kind == "bug" and args.only in e.name:
            jobs.append((proofs[e.name], e, int(e.size)))
        elif args.only in e.name:
            jobs.append((e, None, args.size))
    # The longest first, or the last one runs alone.
    jobs.sort(key=lambda job: not (job[0].each and not job[1]))
    print("%d proofs, %d planted bugs" % (sum(not bug for _, bug, _ in jobs),
                                          sum(bool(bug) for _, bug, _ in jobs)), flush=True)
    left = [name for name, proof in proofs.items() if proof.minutes and not args.long]
    print("only with --long: %s" % " ".join(left), flush=True)
    failed = held = 0
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    results = pool.map(lambda job: run(args, job[0], *job[1]), enumerate(jobs))
    for (proof, bug, _), (problem, said) in zip(jobs, results):
        what = "%s fails with \"%s\"" % (proof.name, " ".join(bug.new).strip()) if bug else proof.name
        failed += bool(problem)
        if problem:
            print("FAILED: %s\n    %s" % (what, problem.replace("\n", "\n    ")), flush=True)
        elif not bug:
            held += int(said.split()[0])
            print("%s: %s" % (what, said), flush=True)
    for name in proofs:
        if not any(e.kind == "bug" and e.name == name for e in entries):
            failed += 1
            print("FAILED: %s has no bug: nobody knows whether it can fail" % name)
    print("%d properties hold" % held)
    print("%d passed, %d failed" % (len(jobs) - failed, failed))
    return 1 if failed or not jobs else 0


sys.exit(main())
