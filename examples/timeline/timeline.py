#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A trace of the library's events as pictures.

timeline.py OUT TITLE=TRACE...

TRACE: lines as recorder.h writes them. Writes OUT.json, trace events that Chrome and
Perfetto open (a process for each trace, a thread for each SMMU), and OUT.svg: for each
trace a lane of the CPU's flushes, and one for each SMMU: what it was given, until the CPU
knew it complete, above; the CPU's wait for it below. A heading begins a picture of its
own, with its own scale; the others share one. Time in which nothing is under way is cut.
"""

import collections
import json
import re
import sys

KINDS = {"tlbi": "TLBI", "atc": "ATC_INV", "cfgi": "CFGI", "other": "other", "sync": "SYNC"}
COLOURS = {"flush": "#7aa37a", "commands": "#3b6fb6", "SYNC": "#e0a030",
           "SYNC behind ATC_INV": "#d06020", "no room": "#804040", "wait": "#999999"}
LANE, LEFT, WIDTH, CUT, LONGEST = 12, 60, 820, 6.0, 0.05
Span = collections.namedtuple("Span", "lane what begin end name args")
CPU = -1  # the lane of flushes


def commands(counts, total):
    """What an issue consists of, as far as it was counted."""
    known = {text: counts[kind] for kind, text in KINDS.items() if counts.get(kind)}
    rest = total - sum(known.values())
    return ", ".join([f"{n} {text}" for text, n in known.items()] +
                     ([f"{rest} not counted"] if rest > 0 else []))


class Section:
    """What stands below one heading: spans, and marks of no length."""

    def __init__(self, title, own_scale):
        self.title, self.own_scale = title, own_scale
        self.spans, self.marks = [], []
        self.given = collections.defaultdict(list)  # by SMMU, not yet waited for
        self.full, self.flushes, self.waits = {}, [], []
        self.total = collections.Counter()

    def issue(self, now, smmu, value, counts):
        text = commands(counts, value)
        if smmu in self.full:
            self.spans.append(Span(smmu, "no room", self.full.pop(smmu), now, "no room", {}))
        self.given[smmu].append((now, "SYNC behind ATC_INV" if counts.get("atc") else "SYNC",
                                 text))
        self.marks.append(Span(smmu, "commands", now, now, "issue", {"commands": text}))
        self.total.update({KINDS[kind]: n for kind, n in counts.items() if kind in KINDS})

    def event(self, now, name, ident, value, counts):
        if name == "flush_begin":
            self.flushes.append((now, ident, value))
        elif name == "flush_end" and self.flushes:
            begin, addr, size = self.flushes.pop()
            some = size not in (0, (1 << 64) - 1)
            text = f"0x{addr:x}, {size} bytes" if some else "everything"
            self.spans.append(Span(CPU, "flush", begin, now, f"flush of {text}",
                                   {"entries": ident, "errors": value}))
        elif name == "issue":
            self.issue(now, ident, value, counts)
        elif name == "wait_begin":
            self.waits.append(now)
        elif name == "wait_end" and self.waits:
            for begin, what, text in self.given.pop(ident, []):
                self.spans.append(Span(ident, what, begin, now, text, {}))
            self.spans.append(Span(ident, "wait", self.waits.pop(), now, "wait",
                                   {"error": value} if value else {}))
            self.total["waits"] += 1
        elif name == "full":
            self.full[ident] = now
        else:
            self.marks.append(Span(CPU, "commands", now, now, name,
                                   {"id": ident, "value": value}))

    def lanes(self):
        return sorted({s.lane for s in self.spans + self.marks} | {CPU})


def read(title, path):
    sections = [Section(title, False)]
    with open(path, encoding="ascii") as lines:
        for line in lines:
            word = line.split()
            if re.match(r"\d+ # ", line):
                sections.append(Section(line.split(" # ", 1)[1].strip(), True))
            elif re.match(r"\d+ [a-z_]+ \d+ \d+", line):
                counts = {k: int(n) for k, n in (w.split("=") for w in word[4:])}
                sections[-1].event(int(word[0]), word[1], int(word[2]), int(word[3]), counts)
            elif word[0] != "total":
                sys.exit(f"{path}: what is \"{line.strip()}\"?")
    return [s for s in sections if s.spans or s.marks]


def events(pid, title, sections):
    """For viewers: complete events nest by their times; us."""
    yield {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": title}}
    for lane in sorted({lane for s in sections for lane in s.lanes()}):
        yield {"name": "thread_name", "ph": "M", "pid": pid, "tid": lane + 1,
               "args": {"name": "CPU" if lane == CPU else f"SMMU {lane}"}}
    for section in sections:
        every = section.spans + section.marks
        begin, end = min(s.begin for s in every), max(s.end for s in every)
        if section.own_scale:
            yield {"name": section.title, "ph": "X", "pid": pid, "tid": 0, "cat": "heading",
                   "ts": begin / 1000, "dur": (end - begin) / 1000}
        for span in section.spans:
            yield {"name": span.name, "ph": "X", "pid": pid, "tid": span.lane + 1,
                   "cat": span.what, "ts": span.begin / 1000,
                   "dur": (span.end - span.begin) / 1000, "args": span.args}
        for mark in section.marks:
            yield {"name": mark.name, "ph": "i", "s": "t", "pid": pid, "tid": mark.lane + 1,
                   "ts": mark.begin / 1000, "args": mark.args}


class Scale:
    """Time to pixels, without what is longer idle than a part of all that is busy."""

    def __init__(self, section):
        self.busy = []
        for begin, end in sorted((s.begin, s.end) for s in section.spans + section.marks):
            if self.busy and begin <= self.busy[-1][1]:
                self.busy[-1][1] = max(end, self.busy[-1][1])
            else:
                self.busy.append([begin, end])
        work = sum(end - begin for begin, end in self.busy) or 1
        for i in range(len(self.busy) - 1, 0, -1):
            if self.busy[i][0] - self.busy[i - 1][1] < LONGEST * work:
                self.busy[i - 1][1] = self.busy.pop(i)[1]
        self.length = sum(end - begin for begin, end in self.busy) or 1
        self.each = 0.0

    def fit(self, each):
        self.each = each

    def width(self):
        """Of it all when each ns is that wide, so that nothing passes the edge."""
        return (WIDTH - CUT * (len(self.busy) - 1)) / self.length

    def x(self, time):
        at = float(LEFT)
        for begin, end in self.busy:
            if time <= end:
                return at + (time - begin) * self.each
            at += (end - begin) * self.each + CUT
        return at

    def cuts(self):
        return [self.x(end) + CUT / 2 for _, end in self.busy[:-1]]


def box(span, scale, y, height, least=0.3):
    x = scale.x(span.begin)
    about = "; ".join([span.name] + [f"{k} {v}" for k, v in span.args.items()])
    return (f'<rect x="{x:.1f}" y="{y}" width="{max(scale.x(span.end) - x, least):.1f}" '
            f'height="{height}" fill="{COLOURS[span.what]}"><title>{escape(about)}</title></rect>')


def escape(what):
    return what.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text(x, y, what):
    return f'<text x="{x:.1f}" y="{y}">{escape(what)}</text>'


def picture(top, section, scale):
    """One section from @top on, and where the next may begin."""
    total = ", ".join(f"{n} {what}" for what, n in section.total.items())
    out = [text(4, top + 12, f"{section.title}: {scale.length / 1000:.2f} us; {total}")]
    top += 18
    lanes = section.lanes()
    y = {lane: top + i * LANE for i, lane in enumerate(lanes)}
    out += [text(4, y[n] + 8, "CPU" if n == CPU else f"SMMU {n}") for n in lanes]
    for cut in scale.cuts():
        out.append(f'<path d="M{cut:.1f} {top}v{len(lanes) * LANE}" stroke="#bbb" '
                   f'stroke-dasharray="2"/>')
    for span in sorted(section.spans, key=lambda s: s.what in ("wait", "no room")):
        low = span.what in ("wait", "no room")
        out.append(box(span, scale, y[span.lane] + (8 if low else 0), 2 if low else 7))
    out += [box(mark, scale, y[mark.lane], 7, 2.0) for mark in section.marks]
    return out, top + len(lanes) * LANE + 8


def draw(sections):
    scales = [Scale(s) for s in sections]
    shared = min((c.width() for s, c in zip(sections, scales) if not s.own_scale), default=0.0)
    out, top = [], 4
    for section, scale in zip(sections, scales):
        scale.fit(scale.width() if section.own_scale else shared)
        shapes, top = picture(top, section, scale)
        out += shapes
    for n, (what, colour) in enumerate(COLOURS.items()):
        out += [f'<rect x="{LEFT + n * 120}" y="{top}" width="10" height="8" fill="{colour}"/>',
                text(LEFT + 14 + n * 120, top + 8, what)]
    return (f'<!-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause -->\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 10}" '
            f'height="{top + 14}" font-family="sans-serif" font-size="9">\n'
            + "\n".join(out) + "\n</svg>\n")


def main():
    traces = [(title, read(title, path)) for title, path in
              (arg.split("=", 1) for arg in sys.argv[2:])]
    everything = [e for pid, (title, sections) in enumerate(traces)
                  for e in events(pid, title, sections)]
    with open(sys.argv[1] + ".json", "w", encoding="ascii") as file:
        json.dump({"traceEvents": everything, "displayTimeUnit": "ns"}, file)
    with open(sys.argv[1] + ".svg", "w", encoding="ascii") as file:
        file.write(draw([s for _, sections in traces for s in sections]))


main()
