#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Doxygen's input filter: kernel-doc comments as Doxygen's own, line by line."""
import re
import sys

HEAD = re.compile(r" \* (?:struct |enum |typedef )?\w+(\(\))? - (.*)")
TAG = re.compile(r" \* @(\w+): ?(.*)")


def plain(text):
    """@p in a sentence is kernel-doc's mark for a parameter, not a command."""
    return re.sub(r"@(\w+)", r"\1", text).replace("<", "&lt;").replace("#", "\\#")


def line(text, function):
    tag = TAG.match(text)
    if tag:
        return " * %s %s %s" % ("@param" if function else "@li", tag[1], plain(tag[2]))
    for word, command in (("Context:", "@note Context:"), ("Return:", "@return")):
        if text.startswith(" * " + word):
            return " * " + command + plain(text[3 + len(word):])
    return plain(text)


def convert(match):
    lines = match[0].split("\n")
    head = HEAD.match(lines[1])
    if head is None:
        return match[0]
    body = [line(text, head[1]) for text in lines[2:]]
    return "\n".join([lines[0], " * @brief " + plain(head[2])] + body)


with open(sys.argv[1], encoding="utf-8") as source:
    sys.stdout.write(re.sub(r"/\*\*\n.*?\*/", convert, source.read(), flags=re.S))
