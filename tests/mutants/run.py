#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Plant bugs in the library, one at a time, and see each caught.

run.py OUT [--seed N] [--count N] [--only TEXT] [--generated]

--only TEXT: those of the list with TEXT in them; --generated: only generated ones.

tests/mutants/*.list hold the bugs, one paragraph each:

	file include/inval/range.h
	kind bound
	test test_range range/cases
	-the original text, as often as lines need
	+the text in its place, likewise

A bug in several places has a "file" and its text for each. The original must match
exactly once, the mutant must compile, the named test must fail with it and pass
without it. A public function without a bug inside it is a
failure. "test demo ROW" runs the bare-metal image instead of a unit test, and
looks for ROW among its failed rows; "test stress MODE PROGRAM TEXT" runs a program
of tests/stress (build.sh has the modes), and looks for TEXT, a regular expression, in
what it says. "test kvm NAME" runs a program of selftests/kvm in a guest. Threads meet by
chance: these two have up to three runs to catch the bug.

A bug may stand in a port or an example. "test port NAME" runs inval_selftest.h on the
ready port NAME, as a program (port/run.sh); "test example NAME ARG...: TEXT" runs
examples/NAME/run.sh, and looks for TEXT among its failed cases.

Besides, COUNT bugs are generated from SEED: at least 95 % must be caught. Those that
change nothing anybody could see stand in tests/mutants/survivors, with the reason;
they are printed, and others drawn in their place.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC = ["gcc-12", "-std=c11", "-O0", "-w", "-MMD", "-DINVAL_PLAIN", "-pthread"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
SECONDS = 60
CHANCES = 3
FUNCTION = re.compile(r"^(?:static inline|INVAL_ALWAYS_INLINE)\b[^;{]*?\b(inval_\w+)\([^{;]*\)\n\{\n"
                      r".*?^\}", re.M | re.S)


class Mutant:
    def __init__(self, number, where):
        self.number, self.where = number, where
        self.kind = self.test = ""
        self.hunks = []

    def __str__(self):
        return "%s: %s" % (self.kind, "; ".join(map(str, self.hunks)))


class Hunk:
    def __init__(self, file):
        self.file = file
        self.lines = {"-": [], "+": []}

    def text(self, sign):
        return "\n".join(self.lines[sign])

    def __str__(self):
        return "%s: %s -> %s" % (self.file, self.text("-").strip(),
                                 self.text("+").strip() or "(nothing)")


def read_lists():
    mutants = []
    for path in sorted(ROOT.glob("tests/mutants/*.list")):
        mutant = None
        for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if line.startswith("#"):
                continue
            if not line:
                mutant = None
                continue
            if mutant is None:
                mutant = Mutant(len(mutants), "%s:%d" % (path.name, n))
                mutants.append(mutant)
            word, _, rest = line.partition(" ")
            if line[0] in "-+":
                mutant.hunks[-1].lines[line[0]].append(line[1:])
            elif word == "file":
                mutant.hunks.append(Hunk(rest))
            elif word in ("kind", "test"):
                setattr(mutant, word, rest)
            else:
                sys.exit("%s:%d: what is \"%s\"?" % (path, n, word))
    return mutants


def build(directory, include, stem, options=()):
    """The test program STEM against the library in INCLUDE; "" or what the compiler said."""
    source = ROOT / "tests" / (stem + ".c")
    port = re.search(r"^/\* port: (\w+) \*/$", source.read_text(encoding="utf-8"), re.M)
    flags = ["-I%s" % include, "-I%s" % (ROOT / "tests")]
    if port:
        flags.append("-I%s" % (ROOT / "tests/ports" / port[1]))
    result = subprocess.run(CC + flags + [*options, str(source), "-o", str(directory / stem)],
                            capture_output=True, text=True)
    return result.stderr[-2000:] if result.returncode else ""


def passes(directory, stem, name=None):
    """Does the program, or the one test NAME of it, pass? A test that hangs does not."""
    try:
        result = subprocess.run([str(directory / stem)] + ([name] if name else []),
                                capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


@functools.lru_cache(maxsize=None)
def passes_good(directory, stem, name):
    """The same without a bug: once for all the bugs that this test is to catch."""
    return passes(directory, stem, name)


def run_demo(directory, include, rows):
    """The image built with INCLUDE; "" when ROWS fails in it, else what was seen."""
    result = subprocess.run([str(ROOT / "examples/demo.sh")], capture_output=True, text=True,
                            env=dict(os.environ, INVAL_INCLUDE=str(include),
                                     INVAL_BUILD=str(directory / "build")), timeout=600)
    if result.returncode != 1:
        return "exit code %d\n%s" % (result.returncode, result.stdout[-1500:])
    failed = [line for line in result.stdout.split("\n") if "FAILED" in line]
    return "" if any(rows in line for line in failed) else "\n".join(failed[:10]) or "no failed row"


def by_chance(run, *args):
    """"" when one of a few runs catches the bug, else what the last has seen."""
    for _ in range(CHANCES):
        seen = run(*args)
        if not seen:
            break
    return seen


def run_stress(directory, include, test):
    """The program built with INCLUDE; "" when it fails with that text, else what was seen."""
    mode, program, text = test.split(" ", 2)
    out = directory / program
    result = subprocess.run([str(ROOT / "tests/stress/build.sh"), mode, program, str(out), "-w"],
                            env=dict(os.environ, INVAL_INCLUDE=str(include)),
                            capture_output=True, text=True)
    if result.returncode:
        return "it does not compile:\n" + result.stderr[-2000:]
    try:
        result = subprocess.run([str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, timeout=SECONDS,
                                env=dict(os.environ, TSAN_OPTIONS="halt_on_error=1"))
    except subprocess.TimeoutExpired:
        return "it hangs"
    if result.returncode == 0:
        return "it survives\n" + result.stdout
    return "" if re.search(text, result.stdout) else "no \"%s\"\n%s" % (text, result.stdout[-1500:])


def run_kvm(directory, include, name):
    """NAME of selftests/kvm built with INCLUDE; "" when it fails, else what was seen."""
    result = subprocess.run([str(ROOT / "selftests/kvm/run.sh"), "--mode", "vhe", name],
                            capture_output=True, text=True,
                            env=dict(os.environ, INVAL_INCLUDE=str(include),
                                     INVAL_BUILD=str(directory / "build")), timeout=600)
    if result.returncode == 1 and "FAILED: vhe: %s\n" % name in result.stdout:
        return ""
    return "exit code %d\n%s" % (result.returncode, result.stdout[-1500:] + result.stderr)


def run_port(directory, name):
    """The ready port NAME of DIRECTORY; "" when it breaks a promise, else what was seen."""
    result = subprocess.run(["bash", str(ROOT / "tests/mutants/port/run.sh"), str(directory), name,
                             str(directory / "build")], capture_output=True, text=True)
    return "" if result.returncode == 1 else "exit code %d\n%s" % (
        result.returncode, result.stdout + result.stderr[-1500:])


def run_example(directory, include, test):
    """An example of DIRECTORY; "" when that case fails in it, else what was seen."""
    command, text = test.split(": ", 1)
    name, *args = command.split()
    result = subprocess.run([str(ROOT / "examples" / name / "run.sh")] + args,
                            capture_output=True, text=True, timeout=600,
                            env=dict(os.environ, INVAL_EXAMPLES=str(directory / "examples"),
                                     INVAL_INCLUDE=str(include),
                                     INVAL_BUILD=str(directory / "build")))
    failed = [line for line in result.stdout.split("\n") if "FAILED" in line]
    if result.returncode == 1 and any(text in line for line in failed):
        return ""
    return "exit code %d\n%s" % (result.returncode, result.stdout[-1500:] + result.stderr)


def plant(mutant, directory):
    """A copy of the library with the bug in it; returns its include directory."""
    include = directory / "include"
    for part in {"include"}.union(hunk.file.split("/")[0] for hunk in mutant.hunks):
        shutil.copytree(ROOT / part, directory / part)
    for hunk in mutant.hunks:
        path = directory / hunk.file
        text = path.read_text(encoding="utf-8")
        if text.count(hunk.text("-")) != 1:
            raise ValueError("%s matches %d times" % (hunk.text("-"), text.count(hunk.text("-"))))
        path.write_text(text.replace(hunk.text("-"), hunk.text("+")), encoding="utf-8")
    return include


def judge_listed(mutant, out):
    """"" when the bug is caught by its test, else why not."""
    directory = out / ("m%d" % mutant.number)
    directory.mkdir()
    try:
        include = plant(mutant, directory)
        stem, _, name = mutant.test.partition(" ")
        if stem == "demo":
            return run_demo(directory, include, name)
        if stem == "kvm":
            return by_chance(run_kvm, directory, include, name)
        if stem == "stress":
            return by_chance(run_stress, directory, include, name)
        if stem == "port":
            return run_port(directory, name)
        if stem == "example":
            return run_example(directory, include, name)
        problem = build(directory, include, stem)
        if problem:
            return "it does not compile:\n" + problem
        if not passes_good(out / "good", stem, name):
            return "%s does not pass without it" % mutant.test
        return "it survives" if passes(directory, stem, name) else ""
    except (ValueError, OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def code_lines():
    """(file, function, line number, line) of code in function bodies, comments left out."""
    for path in sorted((ROOT / "include/inval").glob("*.h")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)
        for match in FUNCTION.finditer(text):
            first = text.count("\n", 0, match.start()) + 1
            body = match[0].split("\n")
            start = body.index("{") + 1
            for n, line in enumerate(body[start:-1], first + start):
                yield str(path.relative_to(ROOT)), match[1], n, line


CHANGES = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r" \+ ", " - "), (r" - ", " + "), (r" \| ", " & "), (r" & ", " | "),
    (r" << ", " >> "), (r" >> ", " << "), (r"\b0U\b", "1U"), (r"\b1U\b", "2U"),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\+\+", "--"),
    (r"return -INVAL_\w+;", "return 0;"), (r"^\t+[\w>.\[\]()-]+ [|&+-]?= [^;]*;$", ""),
    (r"^\t+inval_port_(?!count|trace|relax)\w+\([^;]*\);$", ""),
]


def generate(seed):
    """
    Every small change of a single line, in an order that SEED gives. A change's place in
    it depends on its own function and text alone, so an edit elsewhere draws no others.
    """
    changes = {}
    for file, function, number, line in code_lines():
        if "\tinval_port_hook" in line:
            continue
        for pattern, text in CHANGES:
            for place in re.finditer(pattern, line):
                new = line[:place.start()] + text + line[place.end():]
                name = "%d %s %s %s %s" % (seed, file, function, line, new)
                changes.setdefault(name, (file, function, number, line, new))
    order = sorted(changes, key=lambda name: hashlib.sha256(name.encode()).digest())
    return [changes[name] for name in order]


def judge_generated(job, out, stems):
    """
    None when it does not compile, "" when caught, by a test that includes the file or by
    its own under the sanitizers; else the change as text.
    """
    index, (file, function, number, old, new) = job
    directory = out / ("g%d" % index)
    directory.mkdir()
    try:
        include = directory / "include"
        shutil.copytree(ROOT / "include", include)
        path = directory / file
        lines = path.read_text(encoding="utf-8").split("\n")
        lines[number - 1] = new
        path.write_text("\n".join(lines), encoding="utf-8")
        own = "test_" + path.stem
        source = str(ROOT / file)
        for stem in sorted(stems, key=lambda s: s != own):
            if source not in (out / "good" / (stem + ".d")).read_text(encoding="utf-8"):
                continue
            if build(directory, include, stem):
                return None
            if not passes(directory, stem):
                return ""
        if not build(directory, include, own, SANITIZE) and not passes(directory, own):
            return ""
        return "%s: %s(): %s -> %s" % (file, function, old.strip(), new.strip() or "(nothing)")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def public_functions():
    found = {}
    for path in sorted((ROOT / "include/inval").glob("*.h")):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"^ \* (inval_\w+)\(\) - ", text, re.M):
            match = next((m for m in FUNCTION.finditer(text) if m[1] == name), None)
            if match:
                found[name] = (str(path.relative_to(ROOT)), match.start(), match.end(), text)
    return found


def uncovered(mutants):
    for name, (file, start, end, text) in public_functions().items():
        places = [text.find(h.text("-")) for m in mutants for h in m.hunks if h.file == file]
        if not any(start <= place < end for place in places):
            yield "%s: %s() has no planted bug" % (file, name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", default="")
    parser.add_argument("--generated", action="store_true")
    args = parser.parse_args()
    passed = failed = 0

    def case(problem, name):
        nonlocal passed, failed
        if problem:
            failed += 1
            print("FAILED: %s\n    %s" % (name, problem.replace("\n", "\n    ")), flush=True)
        else:
            passed += 1

    mutants = read_lists()
    chosen = [m for m in mutants if args.only in str(m) + m.where and not args.generated]
    stems = sorted(p.stem for p in (ROOT / "tests").glob("test_*.c")
                   if p.stem not in ("test_rules", "test_port"))
    if args.only:
        stems = sorted({m.test.partition(" ")[0] for m in chosen}.intersection(stems))
    good = args.out / "good"
    good.mkdir(parents=True)
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    for stem, problem in zip(stems, pool.map(lambda s: build(good, ROOT / "include", s), stems)):
        if problem or not passes(good, stem):
            case(problem or "fails", "%s without any bug" % stem)
            stems = [s for s in stems if s != stem]
    print("%d bugs in the list" % len(chosen), flush=True)
    for n, (mutant, problem) in enumerate(zip(chosen, pool.map(
            lambda m: judge_listed(m, args.out), chosen)), 1):
        case(problem, "%s: %s (%s)" % (mutant.where, mutant, mutant.test))
        if n % 25 == 0:
            print("%d of %d" % (n, len(chosen)), flush=True)
    if not args.only:
        for problem in uncovered(mutants):
            case(problem, "coverage by mutants")
        survivors = generated(args, stems, pool)
        case("" if len(survivors) * 20 <= args.count else "more than 5 % survive",
             "%d generated from seed %d: %d survive" % (args.count, args.seed, len(survivors)))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


def generated(args, stems, pool):
    """Runs COUNT generated mutants; returns the survivors that have no reason."""
    known = (ROOT / "tests/mutants/survivors").read_text(encoding="utf-8").split("\n")
    jobs = enumerate(generate(args.seed))
    done, survivors = 0, []
    print("%d generated from seed %d" % (args.count, args.seed), flush=True)
    while done < args.count:
        batch = list(itertools.islice(jobs, min(2 * os.cpu_count(), args.count - done)))
        if not batch:
            sys.exit("there are not so many changes")
        for result in pool.map(lambda job: judge_generated(job, args.out, stems), batch):
            reason = next((k for k in known if result and k.startswith(result + "  # ")), None)
            done += result is not None and reason is None
            if result:
                print("survives: %s" % (reason or result), flush=True)
            if result and reason is None:
                survivors.append(result)
        print("%d of %d" % (done, args.count), flush=True)
    return survivors


sys.exit(main())
