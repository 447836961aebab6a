"""Generates every schema again and compares the result with generated/.

Usage: generated_is_current.py <generated/> <schema>... -- <command that generates, without --proto
and --out>
"""

import difflib
import pathlib
import subprocess
import sys
import tempfile


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file() and path.name != "README.md"}


def main():
    divider = sys.argv.index("--")
    committed = content(pathlib.Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="parley-generated-") as scratch:
        for schema in sys.argv[2:divider]:
            subprocess.run([*sys.argv[divider + 1:], "--proto", schema, "--out", scratch], check=True)
        fresh = content(pathlib.Path(scratch))
    for name in sorted(committed.keys() | fresh.keys()):
        diff = difflib.unified_diff(committed.get(name, "").splitlines(), fresh.get(name, "").splitlines(),
                                    f"generated/{name}", "as generated now", lineterm="")
        print("\n".join(diff), end="")
    if committed != fresh:
        sys.exit("\ngenerated/ is not current: cmake --build <build> --target regenerate")


if __name__ == "__main__":
    main()
