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
	without TAG... (PORT...): never		or not: another one is enough, in that model

A line may end in @TAG; TAG stands at the call in include/ as "order: TAG". To take
it away leaves out a barrier and makes another access one of "once"; TAG=HOOK puts
another hook in its place.

Ports: linux (LKMM), arm64 (examples/bare_metal_vmm), c11 (RC11; examples/port_c11). Their
barriers are in the tables below. OUT gets a common litmus test for each.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PORTS = ("linux", "arm64", "c11")
# What the ports make of a hook. xchg and sections are built from these.
BARRIERS = {
    "linux": {"mb": "smp_mb();", "dma_mb": "smp_mb();", "dma_wmb": "smp_wmb();"},
    "arm64": {"mb": "DMB ISH", "dma_mb": "DSB SY", "dma_wmb": "DMB OSHST"},
    "c11": {"mb": "atomic_thread_fence(memory_order_seq_cst);",
            "dma_mb": "atomic_thread_fence(memory_order_seq_cst);",
            "dma_wmb": "atomic_thread_fence(memory_order_release);"},
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
              "xchg_once": "MOV W9,#{n};SWP W9,{w},[{a}]"},
}
ONCE = {"rel": "W", "acq": "R", "xchg": "xchg_once"}
LINE = re.compile(r"(?:(r\d+) = )?(\w+)(?: (\w+))?(?: (\d+))?(?: @(\w+))?$")


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
                self.without.append((match[1].split(), (match[2] or " ".join(PORTS)).split(),
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
            if port == "linux":
                yield reg, op, var, value
            elif op == "xchg":  # as both ports make theirs
                yield from [(None, "mb", None, None), (reg, "swap", var, value),
                            (None, "mb", None, None)]
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
            if waits and port != "linux":
                found.append("%d:r9=0" % n)
        return found

    def variables(self, ops):
        return sorted({op[2] for op in ops if op[2]})

    def as_c(self, port, gone, title):
        text = ["C " + title, "{ %s }" % " ".join("%s=%s;" % i for i in self.init.items())]
        kind = "int" if port == "linux" else "atomic_int"
        for n, thread in enumerate(self.threads):
            ops = list(self.ops(thread, port, gone))
            text.append("P%d(%s)\n{" % (n, ", ".join("%s *%s" % (kind, v)
                                                    for v in self.variables(ops))))
            text += ["\tint %s;" % reg for reg in sorted({op[0] for op in ops if op[0]})]
            for reg, op, var, value in ops:
                line = BARRIERS[port].get(op) or ACCESS[port][op]
                text.append("\t" + line.format(r=reg, v=var, n=value))
            text.append("}")
        return "\n".join(text + ["exists (%s)" % " /\\ ".join(self.clauses(port, gone)), ""])

    def as_arm64(self, gone, title):
        init = ["%s=%s;" % i for i in self.init.items()]
        columns = []
        for n, thread in enumerate(self.threads):
            ops = list(self.ops(thread, "arm64", gone))
            address = {v: "X%d" % i for i, v in enumerate(self.variables(ops))}
            init += ["%d:%s=%s;" % (n, x, v) for v, x in address.items()]
            lines = []
            for reg, op, var, value in ops:
                line = BARRIERS["arm64"].get(op) or ACCESS["arm64"][op]
                lines += line.format(w="W1%s" % (reg or "r")[1:], a=address.get(var),
                                     n=value).split(";")
            columns.append(["P%d" % n] + lines)
        rows = max(len(c) for c in columns)
        table = [" | ".join((c[i] if i < len(c) else "").ljust(14) for c in columns) + " ;"
                 for i in range(rows)]
        clauses = [re.sub(r":r(\d)=", r":X1\1=", c) for c in self.clauses("arm64", gone)]
        return "\n".join(["AArch64 " + title, "{ %s }" % " ".join(init)] + table +
                         ["exists (%s)" % " /\\ ".join(clauses), ""])

    def cases(self):
        """(port, title, text, expected) for the race and for all that is taken away."""
        for port in PORTS:
            for gone, ports, want in [([], PORTS, "Never")] + self.without:
                if port in ports:
                    title = "-".join([self.name, "without" if gone else "whole"] + gone).replace("=", "-")
                    text = self.as_arm64(gone, title) if port == "arm64" else \
                        self.as_c(port, gone, title)
                    yield port, title, text, want


def herd(herd7, libdir, lkmm, port, files):
    """Title to observation, of all files."""
    how = {"linux": ["-conf", "linux-kernel.cfg"], "arm64": ["-model", "aarch64.cat"],
           "c11": ["-model", "rc11.cat"]}[port]
    result = subprocess.run([herd7, "-set-libdir", libdir] + how + [str(f) for f in files], cwd=lkmm,
                            capture_output=True, text=True)
    seen = dict(re.findall(r"^Observation (\S+) (\w+) ", result.stdout, re.M))
    return seen, result.stderr


def examples():
    """Do the ports in examples/ have these barriers, and around an exchange, too?"""
    for port, where, call in (
            ("arm64", "bare_metal_vmm", r'__asm__ volatile\("([^"]+)"'),
            ("c11", "port_c11", r"__atomic_thread_fence\(__ATOMIC_(\w+)\);")):
        text = (HERE.parents[1] / "examples" / where / "inval_port.h").read_text(encoding="utf-8")
        for hook, want in BARRIERS[port].items():
            match = re.search(r"\binval_port_%s\(void\)\n\{\n\t%s" % (hook, call), text)
            have = match[1].lower() if match else "nothing"
            yield "%s of %s is %s" % (hook, where, have), have in want.lower()
        for hook in ("cmpxchg64", "xchg64"):
            body = re.search(r"\binval_port_%s\(.*?\n\}" % hook, text, re.S)[0]
            beside = "inval_port_%s();" % ("c11_beside" if port == "c11" else "mb")
            yield "%s of %s" % (hook, where), body.count(beside) == 2
    yield "c11_beside, but for x86", "#else\n\tinval_port_mb();\n#endif" in text


def main():
    out, herd7, libdir, lkmm = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    races = [Race(path) for path in sorted(HERE.glob("*.litmus"))]
    passed = failed = 0
    for port in PORTS:
        (out / port).mkdir(parents=True)
        cases = {}
        for race in races:
            for where, title, text, want in race.cases():
                if where == port:
                    path = out / port / (title + ".litmus")
                    path.write_text(text, encoding="utf-8")
                    cases[title] = (path, want)
        seen, errors = herd(herd7, libdir, lkmm, port, [path for path, _ in cases.values()])
        for title, (path, want) in cases.items():
            if seen.get(title) == want:
                passed += 1
                continue
            failed += 1
            print("FAILED: %s on %s: %s, not %s" % (title, port, seen.get(title, "no answer"),
                                                    want))
        if set(seen) != set(cases):
            print(errors[-2000:])
        print("%s: %d races, %d cases" % (port, len(races), len(cases)))
    for what, right in examples():
        passed, failed = passed + right, failed + (not right)
        if not right:
            print("FAILED: not as modelled: " + what)
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


sys.exit(main())
