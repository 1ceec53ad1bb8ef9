#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""README.md against what it speaks of.

readme.py [--write] ROWS

ROWS has a line "| target | version | what ran | how to repeat |" for each program that
ran. Each must stand in README's table of targets, but for version numbers, which move with
Debian; --write puts them there. The names in the table of hooks must occur in the ports;
each port has all hooks of a row, or none where README says "not there", and each group of
inval/port.h has a row. Who may run with whom must be what inval/domain.h says.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN = "<!-- The table: tests/suites/hypervisors.sh --write -->\n"
END = "<!-- The end of the table -->\n"
HEAD = "| target | version | what ran there | how to repeat it |\n|---|---|---|---|\n"
# The columns of the table of hooks.
PORTS = {"Linux": "linux_module", "pKVM at EL2": "pkvm_hyp", "Xen": "xen",
         "bare metal": "bare_metal_vmm", "user space": "port_c11"}
# What a row is called in inval/port.h, where that is another word.
GROUPS = {"free later": "READ", "read side": "READ", "hold side": "HOLD"}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text):
    """All tables of TEXT, as lists of rows."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = [cells(line) for line in table.split("\n") if line]
        yield [rows[0]] + rows[2:]


def find(text, first):
    return next(t for t in tables(text) if t[0][0] == first)


def versions(row):
    return re.sub(r"\d+(\.[\w+~-]+)+", "N", row)


def write(text, rows):
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    row_of = {cells(row)[0]: row for row in table.split("\n")[2:] + rows if row}
    README.write_text(before + BEGIN + HEAD + "".join(
        "%s\n" % row_of[name] for name in sorted(row_of)) + END + after, encoding="utf-8")


def check_targets(text, rows):
    have = {versions("| %s |" % " | ".join(row)) for row in find(text, "target")[1:]}
    for row in rows:
        yield "README has the row of %s" % cells(row)[0], \
            versions("| %s |" % " | ".join(cells(row))) in have, row


def port_of(title):
    path = ROOT / "examples" / PORTS[title] / "inval_port.h"
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)


def check_names(table):
    """A name is in backticks; "same" is what Linux has."""
    for row in table[1:]:
        for title, cell in zip(table[0][1:], row[1:]):
            for name in re.findall("`([^`]+)`", row[1] if cell == "same" else cell):
                yield "%s, %s: %s is in its port" % (row[0], title, name), \
                    re.search(r"\b%s\b" % re.escape(name), port_of(title)), PORTS[title]


def hook_groups():
    text = (ROOT / "include/inval/port.h").read_text(encoding="utf-8")
    return {group: set(re.findall(r"INVAL_PORT_HOOK\((\w+)", body)) for group, body in re.findall(
        r"define INVAL_PORT_USES_(\w+)\(part\) \\\n((?:.*\\\n)+)", text)}


def check_hooks(table):
    hooks = hook_groups()
    seen = set()
    for row in table[1:]:
        for name in row[0].split(":")[0].split(", "):
            group = GROUPS.get(name, name.upper())
            seen.add(group)
            for title, cell in zip(table[0][1:], row[1:]):
                want = set() if cell.startswith("not there") else hooks[group]
                have = hooks[group] & set(re.findall(
                    r"^static inline [^;(]*?\b(inval_port_\w+)\(", port_of(title), re.M))
                yield "%s, %s: %d hooks" % (row[0], title, len(want)), have == want, have ^ want
    yield "each group of hooks has a row", seen == set(hooks), seen ^ set(hooks)


def check_matrix(text):
    table = next(t for t in tables(text) if t[0][1:2] == ["flush"])
    readme = [[cell.split()[0].lower() if cell else "" for cell in row[1:]] for row in table[1:]]
    comment = (ROOT / "include/inval/domain.h").read_text(encoding="utf-8")
    lines = re.search(r"^ \*\t\t\tflush\t.*\n((?: \*\t\S.*\n)+)", comment, re.M)[1].split("\n")
    header = [re.split(r"\t+", line)[2:] for line in lines if line]
    yield "who may run with whom, as in inval/domain.h", \
        [[cell for cell in row if cell] for row in readme] == header, "%s\n%s" % (readme, header)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("rows", type=pathlib.Path)
    args = parser.parse_args()
    rows = args.rows.read_text(encoding="utf-8").split("\n")[:-1]
    if args.write:
        write(README.read_text(encoding="utf-8"), rows)
    text = README.read_text(encoding="utf-8")
    passed = failed = 0
    hooks = find(text, "group")
    for name, good, detail in [*check_targets(text, rows), *check_names(hooks),
                               *check_hooks(hooks), *check_matrix(text)]:
        passed += bool(good)
        failed += not good
        if not good:
            print("FAILED: %s\n    %s" % (name, detail))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


sys.exit(main())
