"""An environment with the Python packages that are measured for comparison. Packages that cannot be
installed are skipped with a message.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from typing import Iterator, List, Optional

# websocket-rs requires 3.12 or newer. PARLEY_BENCH_PYTHON selects the interpreter.
_OLDEST = (3, 12)


def _candidates() -> Iterator[Optional[str]]:
    yield os.environ.get("PARLEY_BENCH_PYTHON")
    yield sys.executable
    for minor in (15, 14, 13, 12):
        yield shutil.which(f"python3.{minor}")
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for minor in (15, 14, 13, 12):
        yield from (str(one) for one in sorted(pyenv.glob(f"versions/3.{minor}.*/bin/python3")))


def _succeeds(command: List[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def have(settings, packages: List[str]) -> Optional[str]:
    """Returns the interpreter of an environment with these packages. The environment is made on the
    first call."""
    what = " and ".join(packages)
    folder = settings.programs.build / "bench" / "python"
    python, done = folder / "bin" / "python", folder / "packages"
    if done.is_file() and done.read_text() == what:
        return str(python)
    test = f"import sys, venv, ensurepip; sys.exit(sys.version_info < {_OLDEST})"
    base = next((one for one in _candidates() if one and _succeeds([one, "-c", test])), None)
    if not base:
        settings.skip(f"{what}: no Python {'.'.join(map(str, _OLDEST))} or newer is there")
        return None
    shutil.rmtree(folder, ignore_errors=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", *packages]
    if not _succeeds([base, "-m", "venv", str(folder)]) or not _succeeds(install):
        settings.skip(f"{what}: pip cannot install them")
        return None
    done.write_text(what)
    return str(python)
