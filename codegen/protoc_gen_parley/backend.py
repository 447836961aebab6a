"""Defines a backend: one language or format that is generated from every schema.

A backend computes a view of each file in its own language and passes it to templates. The rest of the generator uses backends through
this class alone. backends/__init__.py lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Tuple

from . import render
from .lint import Rules
from .model import File, Schema


@dataclass(frozen=True)
class Output:
    """A file that is generated from each schema: `lobby/v1/lobby.proto` yields `lobby/v1/lobby` plus the ending."""

    ending: str                  # ".types.hpp"
    template: str                # in the backend's templates/
    for_services: bool = False   # generated only for a schema with services


@dataclass(frozen=True)
class Backend:
    name: str
    folder: str                                         # has templates/
    outputs: Tuple[Output, ...]
    views: Callable[[Schema], Callable[[File], Any]]    # created once per run; returns the `file` of the templates
    rules: Rules                                        # rules for schemas that only this language needs
    comment: str = "//"
    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def outputs_of(self, file: File) -> Dict[str, Output]:
        """The outputs by path."""
        return {file.stem + o.ending: o for o in self.outputs if file.services or not o.for_services}

    def emit(self, schema: Schema) -> Dict[str, str]:
        """Path -> text of all generated files."""
        env = render.environment(self.folder, self.comment, self.filters)
        view_of = self.views(schema)
        out: Dict[str, str] = {}
        for file in schema.generated:
            view = view_of(file)
            for path, output in self.outputs_of(file).items():
                out[path] = render.lay_out(env.get_template(output.template).render(file=view))
        return out
