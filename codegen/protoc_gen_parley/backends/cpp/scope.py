"""The C++ names of each type of a schema and its members, and the spelling of a type where it is used. Created once per run."""

from __future__ import annotations

from typing import Dict, Iterable, List, Tuple, Union

from ...model import Enum, EnumValue, File, Message, Schema, Type
from . import spelling


def namespace_of(file: File) -> str:
    """"lobby::v1". Empty for the global namespace."""
    return file.options.get("cpp_namespace") or spelling.namespace_of_package(file.package)


class Scope:
    def __init__(self, schema: Schema):
        self._types: Dict[str, Tuple[str, str]] = {}  # full name -> its namespace, its name there
        for f in schema.files:
            namespace = namespace_of(f)
            nodes: List[Union[Message, Enum]] = [*f.messages, *f.enums]
            for node in nodes:
                self._types[node.full_name] = (namespace, spelling.safe_type(node.flat_name, namespace))

    def name(self, type_: Union[Message, Enum]) -> str:
        """"Post_Inner" for Post.Inner. Nested types are in the namespace, so that any order is possible. Post contains
        `using Inner = Post_Inner;`."""
        return self._types[type_.full_name][1]

    def member(self, message: str, name: str) -> str:
        """A field, a oneof or an alias inside the struct of the message with that full name."""
        return spelling.safe(name, spelling.RESERVED_TYPES | {self._types[message][1]})

    def aliases(self, message: Message) -> Tuple[Tuple[str, str], ...]:
        """(name inside the struct, name in the namespace) of its nested types."""
        return tuple((self.member(message.full_name, full.rpartition(".")[2]), self._types[full][1]) for full in message.nested)

    @staticmethod
    def value(enum: Enum, value: EnumValue) -> str:
        """The enumerator: without the enum's prefix."""
        return spelling.enum_value_name(enum.name, value.name)

    def type(self, type_: Type, namespace: str, hidden_by: Iterable[str] = ()) -> str:
        """The spelling inside the namespace, where some names mean something else."""
        if type_.is_scalar:
            return spelling.SCALARS[type_.name]
        if type_.is_wkt:
            return spelling.WELL_KNOWN[type_.name]
        home, name = self._types[type_.name]
        return spelling.reference(name, home, namespace, hidden_by)
