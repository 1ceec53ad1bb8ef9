#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A trace as pictures.

timeline.py OUT TITLE=TRACE...

Lines of a TRACE: "SMMU KIND BEGIN END", in ns. Writes OUT.json, trace events that
Chrome and Perfetto open (a process for each trace, a thread for each SMMU), and
OUT.svg, one lane for each SMMU: what it does above, who waits for it below.
"""

import json
import sys

COLOURS = {"TLBI": "#3b6fb6", "ATC_INV": "#7aa6d8", "SYNC": "#e0a030", "SYNC_ATC": "#d06020",
           "wait": "#999999"}
LANE, LEFT, WIDTH = 12, 60, 820


def read(path):
    with open(path, encoding="ascii") as lines:
        words = [line.split() for line in lines]
    return [(int(w[0]), w[1], int(w[2]), int(w[3])) for w in words if len(w) == 4]


def events(pid, title, spans):
    yield {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": title}}
    for smmu, kind, begin, end in spans:
        yield {"name": kind, "ph": "X", "pid": pid, "tid": smmu, "ts": begin / 1000,
               "dur": (end - begin) / 1000, "cat": "wait" if kind == "wait" else "smmu"}


def box(x, y, width, height, colour):
    return (f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0.3):.1f}" height="{height}" '
            f'fill="{colour}"/>')


def text(x, y, what):
    return f'<text x="{x}" y="{y}">{what}</text>'


def lanes(top, title, spans, scale):
    """One trace from @top on, and where the next may begin."""
    most = max(end for _, _, _, end in spans)
    out = [text(4, top + 14, f"{title}: {most / 1000:.1f} us")]
    top += 20
    # Commands one behind the other are one box.
    for smmu, kind, begin, end in joined(spans):
        y = top + smmu * LANE
        wait = kind == "wait"
        out.append(box(LEFT + begin * scale, y + (8 if wait else 0), (end - begin) * scale,
                       2 if wait else 7, COLOURS[kind]))
    count = 1 + max(smmu for smmu, _, _, _ in spans)
    out += [text(4, top + n * LANE + 8, f"SMMU {n}") for n in range(count)]
    return out, top + count * LANE + 14


def joined(spans):
    last = {}
    for smmu, kind, begin, end in spans:
        key = (smmu, kind)
        if key in last and last[key][1] == begin:
            last[key][1] = end
            continue
        if key in last:
            yield smmu, kind, *last[key]
        last[key] = [begin, end]
    for (smmu, kind), (begin, end) in last.items():
        yield smmu, kind, begin, end


def main():
    traces = [(arg.split("=", 1)[0], read(arg.split("=", 1)[1])) for arg in sys.argv[2:]]
    scale = WIDTH / max(end for _, spans in traces for _, _, _, end in spans)
    out, top, all_events = [], 4, []
    for pid, (title, spans) in enumerate(traces):
        shapes, top = lanes(top, title, spans, scale)
        out += shapes
        all_events += events(pid, title, spans)
    for n, (kind, colour) in enumerate(COLOURS.items()):
        out += [box(LEFT + n * 110, top, 10, 8, colour), text(LEFT + 14 + n * 110, top + 8, kind)]
    with open(sys.argv[1] + ".json", "w", encoding="ascii") as file:
        json.dump({"traceEvents": all_events, "displayTimeUnit": "ns"}, file)
    with open(sys.argv[1] + ".svg", "w", encoding="ascii") as file:
        file.write('<!-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause -->\n'
                   f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 10}" '
                   f'height="{top + 14}" font-family="sans-serif" font-size="9">\n'
                   + "\n".join(out) + "\n</svg>\n")


main()
