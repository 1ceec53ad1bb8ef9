#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The rules of MISRA C:2012 that embedders of this library enforce, by cppcheck's addon.

misra.py ROOT prints what is new and the closing line. A violation is allowed where a
deviation in misra.deviations names its rule and the form of its line; one that nothing
needs any more is a failure. misra.c breaks each rule once, so that an addon that no longer
looks is seen. Of what the addon does not know, Directive 4.10 is looked for here; 4.7 is
INVAL_MUST_CHECK's.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
STYLE = ROOT / "tests/style"
RULES = ("7.2 8.10 10.1 10.3 10.4 10.5 10.6 10.7 10.8 11.1 11.3 11.4 11.5 11.8 12.2 14.4 16.3 "
         "16.4 17.2 17.7 18.8 20.7 21.1").split()
# Whole groups: 10.2, 11.2 and so on, should a violation appear.
OURS = re.compile(r"(7\.2|8\.10|10\.\d|11\.\d|12\.2|14\.4|16\.\d|17\.[27]|18\.8|20\.7|21\.1)$")
passed = failed = 0


def case(name, problems):
    global passed, failed
    problems = list(problems)
    passed += not problems
    failed += bool(problems)
    for problem in problems:
        print("%s: %s" % (name, problem))


def violations(source, *flags):
    """(rule, path, line number), each once."""
    text = subprocess.run(["cppcheck", "--addon=misra", "--language=c", "--std=c99", "-q",
                           "-DINVAL_MISRA", "--template={file}:{line}:{id}", *flags, str(source)],
                          check=True, capture_output=True, text=True).stderr
    found = re.findall(r"^(.*):(\d+):misra-c2012-([0-9.]+)$", text, re.M)
    return sorted({(rule, path, int(line)) for path, line, rule in found if OURS.match(rule)})


def deviations():
    """(rule, form, reason) of each paragraph."""
    for text in (STYLE / "misra.deviations").read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in text.split("\n") if line and not line.startswith("#")]
        if lines:
            rule, _, form = lines[0].partition(" ")
            yield rule, re.compile(form), " ".join(lines[1:])


def guards(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S).strip()
    guard = re.match(r"#ifndef (\w+)\n#define \1\n", text)
    if not guard or not text.endswith("#endif"):
        yield "no guard around all of it"


headers = sorted(ROOT.glob("include/**/*.h"))
allowed = list(deviations())
used = set()
new = {rule: [] for rule in RULES}
lines = {str(path): path.read_text(encoding="utf-8").split("\n") for path in headers}
found = violations(ROOT / "include/inval.h", "-I%s" % (ROOT / "include"),
                   "-I%s" % (ROOT / "tests/ports/freestanding"))
for rule, path, number in found:
    if path not in lines:
        continue
    line = lines[path][number - 1]
    fits = {i for i, (of, form, _) in enumerate(allowed) if of == rule and form.search(line)}
    used |= fits
    if not fits:
        new.setdefault(rule, []).append("%s:%d: %s" % (path, number, line.strip()))
for rule, problems in sorted(new.items()):
    case("rule %s" % rule, problems)
for i, (rule, form, reason) in enumerate(allowed):
    case("deviation", [] if i in used and reason else
         ["%s %s: %s" % (rule, form.pattern, "no longer needed" if reason else "no reason")])
planted = {rule for rule, _, _ in violations(STYLE / "misra.c")}
case("misra.c", ["the addon does not see rule %s" % rule for rule in RULES if rule not in planted])
for path in headers:
    case("Directive 4.10", ("%s: %s" % (path, problem) for problem in guards(path)))
print("%d violations, %d deviations" % (len(found), len(allowed)))
print("%d passed, %d failed" % (passed, failed))
sys.exit(0 if passed and not failed else 1)
