#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What no compiler checks: names, lengths, comments, licences, forbidden words.

check.py ROOT prints one line for each thing found and the closing line. A case is
one file and one rule.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
HEADERS = [ROOT / "include/inval.h"] + sorted((ROOT / "include/inval").glob("*.h"))
MOST_LINES = 24
SPDX = "SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause"
# What a header of C99 and C++17 without libc cannot have (and the compilers let
# pass), and what a finished part does not say.
FORBIDDEN = re.compile(r"\b(malloc|free|printf|memcpy|memset|assert|float|double|"
                       r"__builtin_popcount\w*|U?INT\w*_MAX|TODO|FIXME|XXX|goto)\b(?!_)")
FUNCTION = re.compile(r"^(?:static inline|INVAL_ALWAYS_INLINE)\b[^;{]*?\b(\w+)\(([^{;]*)\)\n\{\n"
                      r"(.*?)^\}", re.M | re.S)
# What need not be looked at: encoders with constants cannot fail, waits say themselves that a
# queue broke, a register that is not there reads as the caller says, and a conversion.
MAY_IGNORE = re.compile(r"inval_(cmd_\w+|queue_recover|guestq_read|smccc_code)$")
passed = failed = 0


def case(path, rule, problems):
    global passed, failed
    problems = list(problems)
    if not problems:
        passed += 1
        return
    failed += 1
    for problem in problems:
        print("%s: %s: %s" % (path.relative_to(ROOT), rule, problem))


def names(path):
    """Every macro INVAL_*, every other name at file scope inval_* or INVAL_* (enumerators)."""
    tags = subprocess.run(["ctags", "-x", "--language-force=C", "--kinds-C=defgstuv", "-o", "-",
                           "-I", "INVAL_BEGIN,INVAL_END", str(path)],
                          check=True, capture_output=True, text=True).stdout
    for tag in tags.splitlines():
        name, kind = tag.split()[:2]
        upper = kind in ("macro", "enumerator")
        if not name.startswith("INVAL_" if upper else "inval_") and not name.startswith("__anon"):
            yield "%s %s" % (kind, name)
    if not tags:
        yield "no tag at all"


def lengths(text):
    for name, _, body in FUNCTION.findall(text):
        lines = body.count("\n")
        if lines > MOST_LINES and "switch" not in body:
            yield "%s has %d lines, at most %d" % (name, lines, MOST_LINES)


def contract(text, match):
    """The comment before a function: the public contract, or "Internal:"."""
    name, params = match[1], match[2]
    before = text[:match.start()].rstrip()
    comment = before[before.rfind("/*"):] if before.endswith("*/") else ""
    if comment.startswith(("/* Internal:", "/*\n * Internal:")):
        return
    if not comment.startswith("/**\n * %s() - " % name):
        yield "%s() has neither a contract nor \"Internal:\"" % name
        return
    if "\n * Context: " not in comment:
        yield "%s() does not say its Context" % name
    returns = not re.search(r"\bvoid (?=%s\()" % name, match[0])
    if returns != ("\n * Return: " in comment):
        yield "%s(): Return: %s" % (name, "is missing" if returns else "of void")
    if re.search(r"\bint\s+%s\(" % name, match[0]) and "INVAL_MUST_CHECK" not in match[0] and \
            not MAY_IGNORE.match(name):
        yield "%s(): the result may be ignored" % name
    for param in params.split(","):
        word = re.findall(r"\w+", param.split("[")[0])
        if word and word != ["void"] and "\n * @%s: " % word[-1] not in comment:
            yield "%s(): @%s is missing" % (name, word[-1])
    for code in set(re.findall(r"(?<![=!]= )-INVAL_E\w+", match[3])):
        if code not in comment and " as " not in comment[comment.find("Return:"):]:
            yield "%s(): %s is not documented" % (name, code)


def files():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


for path in HEADERS:
    text = path.read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    case(path, "names", names(path))
    case(path, "length", lengths(text))
    case(path, "comment", (p for m in FUNCTION.finditer(text) for p in contract(text, m)))
    case(path, "width", ("line %d" % n for n, line in enumerate(text.splitlines(), 1)
                         if len(line.expandtabs(8)) > 100 and "#error" not in line))
    case(path, "forbidden", (m[0] for m in FORBIDDEN.finditer(code)))
for path in files():
    if path.suffix in (".c", ".h", ".S", ".sh", ".py", ".cmake", ".ld"):
        head = path.read_text(encoding="utf-8").split("\n")[:2]
        case(path, "licence", [] if any(SPDX in line for line in head) else ["no " + SPDX])
print("%d passed, %d failed" % (passed, failed))
sys.exit(0 if passed and not failed else 1)
