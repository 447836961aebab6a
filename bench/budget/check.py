#!/usr/bin/env python3
"""Compares the instructions, instruction cache misses and mispredicted branches of a hot path with
its budget.

  check.py PROGRAM BUDGETS PATH...            fails if one of them takes over 10 % more instructions than its budget, or misses far more
  check.py --update PROGRAM BUDGETS [PATH...] writes the figures of the named paths, or of all
  check.py --profile PROGRAM PATH             shows the functions that take most of them
  check.py --hot PROGRAM                      fails if the functions marked as hot do not fit into that instruction cache

Callgrind counts in the process and not in the kernel. The program runs a path N and 2N times, and
the difference counts, so that starting, greeting and growing buffers are not included. Code that
depends on the processor is told to use only what every x86-64 processor has. The count of
instructions varies by less than a per mille from run to run. The misses are those of callgrind's
simulation of a first-level instruction cache of 32 KiB in 8 ways, which most Intel processors have,
and of its branch predictor. They also depend on the addresses that the linker gives to functions,
so their limits are wider. All figures depend on compiler and libraries. With another compiler than
the one of the budgets, or without valgrind, nothing can be compared, and the exit code is 77
(skipped).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# The figures that are counted, and the names of callgrind's events that make up each.
COUNTED = {"instructions": ["Ir"], "cache_misses": ["I1mr"], "mispredictions": ["Bcm", "Bim"]}
CACHE = 32 * 1024  # bytes of the simulated instruction cache
STEADY = 1.10  # the largest ratio of the counted instructions to their budget
ALLOWED = {"instructions": lambda budget: budget * STEADY,
           "cache_misses": lambda budget: budget * 1.5 + 20,
           "mispredictions": lambda budget: budget * 1.25 + 3}
COUNTS = {"memory-call": 500}  # the count of runs of a path, by the beginning of its name
COUNT = 2000

ENVIRONMENT = {
    **os.environ,
    "SIMDJSON_FORCE_IMPLEMENTATION": "westmere",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load",
}


def counts(program, path, count):
    command = ["valgrind", "--tool=callgrind", "--cache-sim=yes", "--branch-sim=yes", f"--I1={CACHE},8,64", "--D1=32768,8,64",
               "--callgrind-out-file=/dev/null", program, f"path={path}", f"count={count}"]
    done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=300)
    events = re.search(r"Events\s*: (.+)", done.stderr)
    collected = re.search(r"Collected\s*: (.+)", done.stderr)
    if done.returncode != 0 or not events or not collected:
        sys.exit(f"{path} failed:\n{done.stderr}")
    by_event = dict(zip(events.group(1).split(), map(int, collected.group(1).split())))
    return {name: sum(by_event[event] for event in of) for name, of in COUNTED.items()}


def measure(program, path):
    count = next((number for start, number in COUNTS.items() if path.startswith(start)), COUNT)
    twice, once = counts(program, path, 2 * count), counts(program, path, count)
    return {name: round((twice[name] - once[name]) / count, 1 if name != "instructions" else None) for name in COUNTED}


def compiler_of(program):
    return subprocess.run([program, "path=compiler"], check=True, capture_output=True, text=True).stdout.strip()


def profile(program, path):
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/callgrind.out"
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, f"path={path}", f"count={COUNT}"],
                       env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=300)
        text = subprocess.run(["callgrind_annotate", "--threshold=90", out], capture_output=True, text=True, check=True).stdout
    functions = [re.sub(r" \[[^\]]*\]$", "", line) for line in text.splitlines() if re.match(r"\s*[\d,]+ \(\s*[\d.]+%\)", line)]
    print("\n".join(line[:200] for line in functions[:30]))
    return 0


def hot(program):
    sections = subprocess.run(["readelf", "--section-headers", "--wide", program], check=True, capture_output=True, text=True).stdout
    size = re.search(r" \.text\.hot +PROGBITS +\w+ +\w+ +(\w+)", sections)
    if not size:
        print("skipped: the linker has put the functions marked as hot among the others")
        return SKIPPED
    taken = int(size[1], 16)
    print(f"functions marked as hot: {taken} bytes of {CACHE}")
    return 1 if taken > CACHE else 0


def update(program, budgets, paths):
    known = json.loads(budgets.read_text()) if budgets.exists() else {"instructions": {}}
    content = {"compiler": compiler_of(program), **{name: dict(known.get(name, {})) for name in COUNTED}}
    for path in paths or known["instructions"]:
        for name, now in measure(program, path).items():
            print(f"{path}: {content[name].get(path, '-')} -> {now} {name}")
            content[name][path] = now
    budgets.write_text(json.dumps(content, indent=2) + "\n")
    return 0


def check(program, budgets, paths):
    known = json.loads(budgets.read_text())
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not there (apt-get install valgrind)")
        return SKIPPED
    if compiler_of(program) != known["compiler"]:
        print(f"skipped: the budgets are for {known['compiler']}, this is {compiler_of(program)}")
        return SKIPPED
    failed = False
    for path in paths:
        for name, now in measure(program, path).items():
            budget = known[name][path]
            over = now > ALLOWED[name](budget)
            failed = failed or over
            print(f"{path}: {now} {name}, budget {budget}" + (": over what is allowed" if over else ""))
            if name == "instructions" and now * STEADY < budget:
                print(f"{path}: it has become cheaper; lower the budget: bench/budget/check.py --update")
    return 1 if failed else 0


def main():
    arguments = sys.argv[1:]
    action = check
    if arguments[0] == "--update":
        action = update
        del arguments[0]
    if arguments[0] == "--profile":
        return profile(*arguments[1:])
    if arguments[0] == "--hot":
        return hot(*arguments[1:])
    program, budgets, *paths = arguments
    return action(program, pathlib.Path(budgets), paths)


if __name__ == "__main__":
    sys.exit(main())
