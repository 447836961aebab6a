"""C++: types, codecs, the stubs of clients and servers, and the server's handler."""

from __future__ import annotations

import os

from ...backend import Backend, Output
from . import file, lint, spelling, types

BACKEND = Backend(
    name="cpp",
    folder=os.path.dirname(os.path.abspath(__file__)),
    outputs=(
        Output(".types.hpp", "types.hpp.j2"),
        Output(".codec.hpp", "codec.hpp.j2"),
        Output(".codec.cpp", "codec.cpp.j2"),
        Output(".client.hpp", "client.hpp.j2", for_services=True),
        Output(".server.hpp", "server.hpp.j2", for_services=True),
    ),
    views=file.views,
    rules=lint.RULES,
    filters={"place": types.place_of, "literal": spelling.literal},
)
