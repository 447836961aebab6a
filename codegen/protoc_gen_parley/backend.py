"""What a backend is: one language, or one format, that is made of every schema.

It computes a view of each file in its own language and hands it to templates. The rest of the generator knows backends by this class alone;
backends/__init__.py has the list of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Tuple

from . import render
from .lint import Rules
from .model import File, Schema


@dataclass(frozen=True)
class Output:
    """A file that is made of each schema: `lobby/v1/lobby.proto` gives `lobby/v1/lobby` and the ending."""

    ending: str                  # ".types.hpp"
    template: str                # in the backend's templates/
    for_services: bool = False   # made only of a schema that has some


@dataclass(frozen=True)
class Backend:
    name: str
    folder: str                                         # has templates/
    outputs: Tuple[Output, ...]
    views: Callable[[Schema], Callable[[File], Any]]    # what templates get as `file`: made once per run, asked for each file
    rules: Rules                                        # what only this language asks of a schema
    comment: str = "//"
    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def outputs_of(self, file: File) -> Dict[str, Output]:
        """By path."""
        return {file.stem + o.ending: o for o in self.outputs if file.services or not o.for_services}

    def emit(self, schema: Schema) -> Dict[str, str]:
        """Path -> text, of all files to generate."""
        env = render.environment(self.folder, self.comment, self.filters)
        view_of = self.views(schema)
        out: Dict[str, str] = {}
        for file in schema.generated:
            view = view_of(file)
            for path, output in self.outputs_of(file).items():
                out[path] = render.lay_out(env.get_template(output.template).render(file=view))
        return out
