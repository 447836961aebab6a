"""Compiles a source of the build a second time with PARLEY_WRONG defined. This must fail with the
expected error.

The build compiles the same source without PARLEY_WRONG, so a typing error cannot pass as the
expected failure.
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys


def main():
    build_dir, source, wanted = sys.argv[1:]
    commands = json.loads(pathlib.Path(build_dir, "compile_commands.json").read_text())
    entry = next(entry for entry in commands if pathlib.Path(entry["file"]) == pathlib.Path(source))
    words = shlex.split(entry["command"])
    output = words.index("-o")
    del words[output:output + 2]
    words += ["-DPARLEY_WRONG", "-fsyntax-only", "-fdiagnostics-color=never", "-fmessage-length=0"]
    done = subprocess.run(words, cwd=entry["directory"], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        sys.exit("It compiles, and should not.")
    if not re.search(wanted, done.stderr):
        sys.exit(f"It does not compile, but the error does not say `{wanted}`:\n{done.stderr}")
    print(next(line for line in done.stderr.splitlines() if re.search(wanted, line)))


if __name__ == "__main__":
    main()
