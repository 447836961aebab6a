"""FlatBuffers schemas: the binary form of the messages, for programs that read it without Parley."""

from __future__ import annotations

import os

from ...backend import Backend, Output
from . import lint, tables

BACKEND = Backend(
    name="fbs",
    folder=os.path.dirname(os.path.abspath(__file__)),
    outputs=(Output(".fbs", "schema.fbs.j2"),),
    views=tables.views,
    rules=lint.RULES,
)
