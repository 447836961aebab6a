#!/usr/bin/env python3
"""Instructions of a hot path against its budget.

  check.py PROGRAM BUDGETS PATH...            fails if one of them takes over 10 % more than its budget
  check.py --update PROGRAM BUDGETS [PATH...] writes what they take, all if none is named
  check.py --profile PROGRAM PATH             shows the functions that take most of them

Callgrind counts instructions of the process, not of the kernel. The program runs a path N and 2N times and the difference counts, so that
starting, greeting and growing of buffers do not. What chooses code by the processor is told to take what every x86-64 has. So the count is
the same from run to run within a per mille, and depends on compiler and libraries: with another compiler than the budgets were
written with, or without valgrind, there is nothing to compare, and the exit code is 77 (skipped).
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
ALLOWED = 1.10
COUNTS = {"memory-call": 500}  # of a path's runs, by the beginning of its name
COUNT = 2000

ENVIRONMENT = {
    **os.environ,
    "SIMDJSON_FORCE_IMPLEMENTATION": "westmere",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load",
}


def instructions(program, path, count):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, f"path={path}", f"count={count}"],
                          env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
    collected = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"{path} failed:\n{done.stderr}")
    return int(collected.group(1))


def measure(program, path):
    count = next((number for start, number in COUNTS.items() if path.startswith(start)), COUNT)
    return round((instructions(program, path, 2 * count) - instructions(program, path, count)) / count)


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


def update(program, budgets, paths):
    known = json.loads(budgets.read_text()) if budgets.exists() else {"instructions": {}}
    written = {name: measure(program, name) for name in paths or known["instructions"]}
    content = {"compiler": compiler_of(program), "instructions": {**known["instructions"], **written}}
    for name, now in written.items():
        print(f"{name}: {known['instructions'].get(name, '-')} -> {now}")
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
        budget, now = known["instructions"][path], measure(program, path)
        over = now > budget * ALLOWED
        failed = failed or over
        print(f"{path}: {now} instructions, budget {budget} ({(now / budget - 1) * 100:+.1f} %)" + (": over by more than 10 %" if over else ""))
        if now * ALLOWED < budget:
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
    program, budgets, *paths = arguments
    return action(program, pathlib.Path(budgets), paths)


if __name__ == "__main__":
    sys.exit(main())
