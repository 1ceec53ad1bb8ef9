#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Is an order enough, and is each barrier of it needed? Asked of three memory models.

litmus.py OUT HERD7 HERD7_LIBDIR LKMM_DIR

Each *.litmus here is a race in the hooks of inval/port.h:

	init VAR=N...				others begin as 0
	P0 WHO					a thread; a device is one more CPU
	W VAR N | rX = R VAR			once
	rel VAR N | rX = acq VAR		store-release, load-acquire
	rX = xchg VAR N				compare-exchange that stores, too
	mb | dma_mb | dma_wmb
	read_begin CTX | read_end CTX | read_sync CTX
	never T:rX=N...				what must not happen
	without TAG...: sometimes		what happens when these are taken away
	without TAG... (MODEL...): never	or not: another one is enough, in that model;
						a port's name is for that one alone

A line may end in @TAG; TAG stands at the call in include/ as "order: TAG". To take
it away leaves out a barrier and makes another access one of "once"; TAG=HOOK puts
another hook in its place.

Models: linux (LKMM), arm64, c11 (RC11). What a hook is in a model is read out of each port
in PORTS, so a port with another barrier is another test; ports that make the same of all
hooks share one. Read sections are RCU's in LKMM; elsewhere a flag, set and cleared by the
port's hooks, and not the port's own read side. OUT gets a common litmus test for each.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODELS = ("linux", "arm64", "c11")
# Each port that has barriers of its own, and the model of its machine. pkvm_hyp's are
# Linux's names, of which there is only one meaning at EL2: the instructions.
PORTS = {"examples/linux_module": "linux", "examples/pkvm_hyp": "arm64", "examples/xen": "arm64",
         "examples/bare_metal_vmm": "arm64", "selftests/kvm/guest": "arm64",
         "selftests/qemu/smp": "arm64", "examples/port_c11": "c11", "examples/cpp_vmm": "c11"}
# And those that take all of another port's.
SAME = {"examples/user_space_vmm": "port_c11", "examples/timeline": "port_c11",
        "selftests/kvm/vmm": "port_c11", "selftests/qemu/firmware": "bare_metal_vmm"}
# Words of Linux and Xen: in LKMM, which has no DMA of its own, and on arm64.
WORDS = {
    "examples/linux_module": {"smp_mb()": "smp_mb();", "dma_mb()": "smp_mb();",
                              "dma_wmb()": "smp_wmb();"},
    "examples/pkvm_hyp": {"smp_mb()": "DMB ISH", "dma_mb()": "DMB OSH", "dma_wmb()": "DMB OSHST"},
    "examples/xen": {"smp_mb()": "DMB ISH", "mb()": "DSB SY", "wmb()": "DSB ST",
                     "dmb(osh)": "DMB OSH", "write_atomic(p, v)": "MOV W9,#{n};STR W9,[{a}]",
                     "uint64_t v = read_atomic(p)": "LDR {w},[{a}]", "return v": ""},
    "selftests/qemu/smp": {"dsb()": "DSB SY"},
}
ACCESS = {
    "linux": {"W": "WRITE_ONCE(*{v}, {n});", "R": "{r} = READ_ONCE(*{v});",
              "rel": "smp_store_release({v}, {n});", "acq": "{r} = smp_load_acquire({v});",
              "xchg": "{r} = xchg({v}, {n});", "xchg_once": "{r} = xchg_relaxed({v}, {n});",
              "read_begin": "rcu_read_lock();", "read_end": "rcu_read_unlock();",
              "read_sync": "synchronize_rcu();"},
    "c11": {"W": "atomic_store_explicit({v}, {n}, memory_order_relaxed);",
            "R": "{r} = atomic_load_explicit({v}, memory_order_relaxed);",
            "rel": "atomic_store_explicit({v}, {n}, memory_order_release);",
            "acq": "{r} = atomic_load_explicit({v}, memory_order_acquire);",
            "swap": "{r} = atomic_exchange_explicit({v}, {n}, memory_order_acq_rel);",
            "xchg_once": "{r} = atomic_exchange_explicit({v}, {n}, memory_order_relaxed);"},
    "arm64": {"W": "MOV W9,#{n};STR W9,[{a}]", "R": "LDR {w},[{a}]",
              "rel": "MOV W9,#{n};STLR W9,[{a}]", "acq": "LDAR {w},[{a}]",
              "swap": "MOV W9,#{n};SWP W9,{w},[{a}]",
              "stlxr": "MOV W9,#{n};SWPL W9,{w},[{a}]",
              "xchg_once": "MOV W9,#{n};SWP W9,{w},[{a}]"},
}
ONCE = {"rel": "W", "acq": "R", "xchg": "xchg_once"}
LINE = re.compile(r"(?:(r\d+) = )?(\w+)(?: (\w+))?(?: (\d+))?(?: @(\w+))?$")


# What is one access in all models, as the ports write it.
PLAIN = {"__atomic_store_n(p, v, __ATOMIC_RELEASE)": "rel", "smp_store_release(p, v)": "rel",
         "return __atomic_load_n(p, __ATOMIC_ACQUIRE)": "acq", "return smp_load_acquire(p)": "acq"}


class Port:
    """What a port makes of the hooks: .says, and .xchg, the steps of an exchange."""

    def __init__(self, name):
        self.name, self.model, self.short = name, PORTS[name], name.rpartition("/")[2]
        self.text = (ROOT / name / "inval_port.h").read_text(encoding="utf-8")
        self.says = dict(ACCESS[self.model])
        for op, hook in (("mb", "mb"), ("dma_mb", "dma_mb"), ("dma_wmb", "dma_wmb"),
                         ("rel", "store_release64"), ("acq", "load_acquire64")):
            steps = [self.meaning(line) for line in self.body(hook)]
            self.says[op] = ";".join(step for step in steps if step)
        self.xchg = self.exchange("xchg64", "return xchg(p, v)")
        if self.exchange("cmpxchg64", "return cmpxchg(p, expect, want)") != self.xchg:
            sys.exit("%s: an exchange and a compare-exchange differ" % name)

    def body(self, hook):
        found = re.search(r"\binval_port_%s\([^{;]*\{\n(.*?)\n\}" % hook, self.text, re.S)
        if not found:
            sys.exit("%s: no inval_port_%s()" % (self.name, hook))
        return [" ".join(line.split()) for line in found[1].split(";") if line.strip()]

    def meaning(self, line):
        asm = re.fullmatch(r'__asm__ volatile\("([^"]+)" ::: "memory"\)', line)
        fence = re.fullmatch(r"__atomic_thread_fence\(__ATOMIC_(\w+)\)", line)
        if asm and self.model == "arm64":
            return asm[1].upper()
        if fence and self.model == "c11":
            return "atomic_thread_fence(memory_order_%s);" % fence[1].lower()
        if line in PLAIN:
            return ACCESS[self.model][PLAIN[line]]
        if line in WORDS.get(self.name, {}):
            return WORDS[self.name][line]
        sys.exit("%s: what is \"%s\" in %s?" % (self.name, line, self.model))

    def exchange(self, hook, word):
        """Linux's and Xen's is LDXR, STLXR, DMB ISH where the CPU has no LSE."""
        lines = self.body(hook)
        if lines == [word]:
            return ["xchg"] if self.model == "linux" else ["stlxr", "mb"]
        # But for x86, where the exchange alone is a full barrier.
        if "#else\n\tinval_port_mb();\n#endif" in self.text:
            lines = [line.replace("inval_port_c11_beside()", "inval_port_mb()") for line in lines]
        if "; ".join(lines).count("inval_port_mb()") != 2:
            sys.exit("%s: what does inval_port_%s() order?" % (self.name, hook))
        return ["mb", "swap", "mb"]

    def same(self):
        return self.model, tuple(sorted(self.says.items())), tuple(self.xchg)


class Race:
    def __init__(self, path):
        self.name, self.init, self.threads, self.never, self.without = path.stem, {}, [], "", []
        for n, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            line = line.split("#")[0].strip()
            word, _, rest = line.partition(" ")
            if word == "init":
                self.init = dict(pair.split("=") for pair in rest.split())
            elif re.fullmatch(r"P\d", word):
                self.threads.append([])
            elif word == "never":
                self.never = rest
            elif word == "without":
                match = re.fullmatch(r"([\w= ]+?)(?: \(([\w ]+)\))?: (never|sometimes)", rest)
                self.without.append((match[1].split(), (match[2] or " ".join(MODELS)).split(),
                                     match[3].capitalize()))
            elif line:
                match = LINE.match(line)
                if not match or not self.threads:
                    sys.exit("%s:%d: what is \"%s\"?" % (path, n, line))
                self.threads[-1].append(match.groups())
        self.tags = {op[4] for thread in self.threads for op in thread if op[4]}
        loose = {tag.split("=")[0] for tags, _, _ in self.without for tag in tags}
        if not self.never or loose != self.tags:
            sys.exit("%s: tags %s, but without %s" % (path, self.tags, loose))

    def ops(self, thread, port, gone):
        """The hooks of a thread, as the port has them."""
        other = dict(tag.split("=") for tag in gone if "=" in tag)
        for reg, op, var, value, tag in thread:
            op = other.get(tag, op)
            if tag in gone:
                if op not in ONCE:
                    continue
                op = ONCE[op]
            if op == "xchg":
                yield from [(None, step, None, None) if step == "mb" else (reg, step, var, value)
                            for step in port.xchg]
            elif port.model == "linux":
                yield reg, op, var, value
            elif op == "read_begin":
                yield from [("r8", "swap", var, "1"), (None, "mb", None, None)]
            elif op == "read_end":
                yield None, "rel", var, "0"
            elif op == "read_sync":
                yield from [(None, "mb", None, None), ("r9", "acq", var, None),
                            (None, "mb", None, None)]
            else:
                yield reg, op, var, value

    def clauses(self, port, gone):
        found = self.never.split()
        for n, thread in enumerate(self.threads):
            waits = [op for op in thread if op[1] == "read_sync" and op[4] not in gone]
            if waits and port.model != "linux":
                found.append("%d:r9=0" % n)
        return found

    def variables(self, ops):
        return sorted({op[2] for op in ops if op[2]})

    def as_c(self, port, gone, title):
        text = ["C " + title, "{ %s }" % " ".join("%s=%s;" % i for i in self.init.items())]
        kind = "int" if port.model == "linux" else "atomic_int"
        for n, thread in enumerate(self.threads):
            ops = list(self.ops(thread, port, gone))
            text.append("P%d(%s)\n{" % (n, ", ".join("%s *%s" % (kind, v)
                                                    for v in self.variables(ops))))
            text += ["\tint %s;" % reg for reg in sorted({op[0] for op in ops if op[0]})]
            for reg, op, var, value in ops:
                text.append("\t" + port.says[op].format(r=reg, v=var, n=value))
            text.append("}")
        return "\n".join(text + ["exists (%s)" % " /\\ ".join(self.clauses(port, gone)), ""])

    def as_arm64(self, port, gone, title):
        init = ["%s=%s;" % i for i in self.init.items()]
        columns = []
        for n, thread in enumerate(self.threads):
            ops = list(self.ops(thread, port, gone))
            address = {v: "X%d" % i for i, v in enumerate(self.variables(ops))}
            init += ["%d:%s=%s;" % (n, x, v) for v, x in address.items()]
            lines = []
            for reg, op, var, value in ops:
                lines += port.says[op].format(w="W1%s" % (reg or "r")[1:], a=address.get(var),
                                              n=value).split(";")
            columns.append(["P%d" % n] + lines)
        rows = max(len(c) for c in columns)
        table = [" | ".join((c[i] if i < len(c) else "").ljust(14) for c in columns) + " ;"
                 for i in range(rows)]
        clauses = [re.sub(r":r(\d)=", r":X1\1=", c) for c in self.clauses(port, gone)]
        return "\n".join(["AArch64 " + title, "{ %s }" % " ".join(init)] + table +
                         ["exists (%s)" % " /\\ ".join(clauses), ""])

    def cases(self, port):
        """(title, text, expected) for the race and for all that is taken away."""
        for gone, models, want in [([], MODELS, "Never")] + self.without:
            own = any(g == gone and port.short in m for g, m, _ in self.without)
            if (port.short if own else port.model) in models:
                title = "-".join([self.name, "without" if gone else "whole"] + gone).replace("=", "-")
                write = self.as_arm64 if port.model == "arm64" else self.as_c
                yield title, write(port, gone, title), want


def herd(herd7, libdir, lkmm, model, files):
    """Title to observation, of all files."""
    how = {"linux": ["-conf", "linux-kernel.cfg"], "arm64": ["-model", "aarch64.cat"],
           "c11": ["-model", "rc11.cat"]}[model]
    result = subprocess.run([herd7, "-set-libdir", libdir] + how + [str(f) for f in files], cwd=lkmm,
                            capture_output=True, text=True)
    seen = dict(re.findall(r"^Observation (\S+) (\w+) ", result.stdout, re.M))
    return seen, result.stderr


def strangers():
    """Ports that nobody has mapped, or that are not all of the one they are said to be."""
    for path in sorted(ROOT.glob("examples/**/inval_port.h")) + \
            sorted(ROOT.glob("selftests/**/inval_port.h")):
        name = str(path.parent.relative_to(ROOT))
        text = path.read_text(encoding="utf-8")
        if name in SAME:
            if not re.search(r'^#include "[./a-z]*\b%s/inval_port.h"' % SAME[name], text, re.M) or \
                    re.search(r"\binval_port_(dma_)?w?mb\([a-z]*\)\n\{", text):
                yield "%s is not %s" % (name, SAME[name])
        elif name not in PORTS and "#error" not in text:
            yield "%s is in no model" % name


def main():
    out, herd7, libdir, lkmm = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    races = [Race(path) for path in sorted(HERE.glob("*.litmus"))]
    passed = failed = 0
    groups = {}
    for port in map(Port, PORTS):
        groups.setdefault(port.same(), []).append(port)
    for ports in groups.values():
        port, names = ports[0], " ".join(p.name for p in ports)
        directory = out / port.name.replace("/", "-")
        directory.mkdir(parents=True)
        cases = {}
        for race in races:
            for title, text, want in race.cases(port):
                path = directory / (title + ".litmus")
                path.write_text(text, encoding="utf-8")
                cases[title] = (path, want)
        seen, errors = herd(herd7, libdir, lkmm, port.model, [path for path, _ in cases.values()])
        for title, (path, want) in cases.items():
            if seen.get(title) == want:
                passed += 1
                continue
            failed += 1
            print("FAILED: %s of %s: %s, not %s" % (title, names, seen.get(title, "no answer"), want))
        if set(seen) != set(cases):
            print(errors[-2000:])
        print("%s: %d races, %d cases: %s" % (port.model, len(races), len(cases), names), flush=True)
    problems = list(strangers())
    for tag in sorted(set().union(*(race.tags for race in races))):
        needed = sorted({race.name for race in races for gone, _, want in race.without
                         if want == "Sometimes" and tag in [t.split("=")[0] for t in gone]})
        print("%s is missed in %s" % (tag, " ".join(needed)))
        if not needed:
            problems.append("%s is missed in no race" % tag)
    for what in problems:
        print("FAILED: " + what)
    passed, failed = passed + (not problems), failed + len(problems)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


sys.exit(main())
