"""The list of all backends. A new one needs a folder here and a line below. codegen/README.md documents it."""

from __future__ import annotations

from typing import Tuple

from ..backend import Backend
from . import cpp, fbs

BACKENDS: Tuple[Backend, ...] = (cpp.BACKEND, fbs.BACKEND)
