"""Files, and all files of a run together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Container, Mapping, Tuple

from .services import Service
from .types import Enum, Ignores, Message, Options


@dataclass(frozen=True)
class Import:
    """Another generated file whose types this one uses (directly or through `import public`)."""

    path: str                        # "other/v1/thing.proto"
    stem: str                        # "other/v1/thing": the names of its outputs begin with it


@dataclass(frozen=True)
class File:
    path: str                        # "lobby/v1/lobby.proto"
    stem: str                        # "lobby/v1/lobby"
    package: str
    messages: Tuple[Message, ...]    # including nested ones; types that a message holds by value come before it
    enums: Tuple[Enum, ...]          # nested ones included
    services: Tuple[Service, ...]
    imports: Tuple[Import, ...]      # sorted by path
    comment: Tuple[str, ...] = ()    # at the top of the file, above `syntax`
    line: int = 1
    options: Options = Options()
    ignores: Ignores = ()
    dependencies: Tuple[str, ...] = ()  # paths as imported, all of them
    generate: bool = True            # to be generated in this run

    @property
    def name(self) -> str:
        """"lobby": the stem without its folders."""
        return self.stem.rsplit("/", 1)[-1]


def resolve(name: str, scope: str, *known: Container[str]) -> str:
    """The full name of the type that `name` means inside `scope`, resolved like the type of a field. Empty if it is not known."""
    if name.startswith("."):
        return name[1:] if any(name[1:] in types for types in known) else ""
    while True:
        full = scope + "." + name if scope else name
        if any(full in types for types in known):
            return full
        if not scope:
            return ""
        scope = scope.rpartition(".")[0]


@dataclass(frozen=True)
class Schema:
    """All data of one run: the files to generate and their imports."""

    files: Tuple[File, ...]          # in protoc's order: imported before importing
    messages: Mapping[str, Message] = field(default_factory=dict)  # by full name, of all files
    enums: Mapping[str, Enum] = field(default_factory=dict)

    def resolve(self, name: str, scope: str) -> str:
        """The full name of the message or enum that `name` means inside `scope`, resolved like a field type. Empty if there is none."""
        return resolve(name, scope, self.messages, self.enums)

    @property
    def generated(self) -> Tuple[File, ...]:
        return tuple(f for f in self.files if f.generate)
