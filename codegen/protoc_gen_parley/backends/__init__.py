"""All backends: the one place that lists them. A new one is a folder here and a line below; codegen/README.md says how."""

from __future__ import annotations

from typing import Tuple

from ..backend import Backend
from . import cpp, fbs

BACKENDS: Tuple[Backend, ...] = (cpp.BACKEND, fbs.BACKEND)
