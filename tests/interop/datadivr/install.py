"""install.py <venv> <release>: the package `datadivr` of that release from the package index, in a Python environment of its own.

A second run finds everything done. Where the package cannot be had, the exit status is 77, which ctest shows as skipped; so do then the
tests that need it. Release 0.3 lacks a module of its own that all others import; core_tasks.py stands in for it.
"""

import pathlib
import shutil
import subprocess
import sys
import venv

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent


def have(folder, release):
    done = folder / "done"
    if done.is_file() and done.read_text() == release:
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        print(f"skipped: no environment for Python ({failed}); on Debian: apt-get install python3-venv")
        sys.exit(SKIPPED)
    installed = subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", f"datadivr=={release}"],
                               capture_output=True, text=True, timeout=240, check=False)
    if installed.returncode != 0:
        print(f"skipped: datadivr {release} cannot be had:\n{installed.stdout[-1000:]}{installed.stderr[-2000:]}")
        sys.exit(SKIPPED)
    package = next((folder / "lib").glob("python3*/site-packages/datadivr"))
    if release == "0.3" and not (package / "core").exists():
        (package / "core").mkdir()
        (package / "core" / "__init__.py").touch()
        shutil.copy(HERE / "core_tasks.py", package / "core" / "tasks.py")
    subprocess.run([folder / "bin" / "python", "-c", "import datadivr"], timeout=60, check=True)
    done.write_text(release)


if __name__ == "__main__":
    have(pathlib.Path(sys.argv[1]), sys.argv[2])
