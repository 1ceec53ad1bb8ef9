#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Stack of each function and of the deepest chain of calls.

stack.py MOST CALLS

CALLS is what gcc's -fcallgraph-info=su wrote. Prints the deepest chain; fails for a
function with more than MOST bytes, or one that comes to itself again.
"""

import re
import sys


def read(path):
    """Bytes of each function, and whom it calls."""
    own = {}
    calls = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            node = re.match(r'node: \{ title: "([^"]*)".*\\n(\d+) bytes \((.*)\)" \}', line)
            edge = re.match(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', line)
            if node:
                own[node[1]] = int(node[2])
                if node[3] not in ("static", "dynamic,bounded"):
                    sys.exit(f"{node[1]}: stack is {node[3]}")
            elif edge:
                calls.setdefault(edge[1], set()).add(edge[2])
    return own, calls


def chains(own, calls):
    """The deepest chain from each function: (bytes, names)."""
    deepest = {}

    def visit(name, above):
        if name in above:
            sys.exit(f"recursion: {' '.join(above + (name,))}")
        if name not in deepest:
            below = [visit(to, above + (name,)) for to in sorted(calls.get(name, ()))]
            most, names = max(below, default=(0, ()))
            deepest[name] = (own.get(name, 0) + most, (name,) + names)
        return deepest[name]

    for name in sorted(own):
        visit(name, ())
    return deepest


def main():
    most = int(sys.argv[1])
    own, calls = read(sys.argv[2])
    size, names = max(chains(own, calls).values())
    name = max(own, key=own.get)
    print(f"{len(own)} functions, at most {own[name]} bytes: {name.split(':')[-1]}; "
          f"deepest chain {size}:")
    for at in names:
        print(f"  {own.get(at, 0):4} {at.split(':')[-1]}")
    for name in own:
        if own[name] > most:
            print(f"{name}: {own[name]} bytes of stack, at most {most}")
    return max(own.values()) > most


sys.exit(main())
