"""What lint rules and backends see of a schema: plain frozen values that know neither protobuf nor a language to generate.

`load` makes these, `lock` fills in the ids that must outlive one run (FlatBuffers ids, fingerprints), and each backend makes its own view
of them, with names as its language spells them.

Names are the schema's. Strings that are not identifiers (wire names, JSON names, comments) are raw: they go into generated code as
literals and comments of its language, never as they are.
"""

from __future__ import annotations

from .schema import File, Import, Schema, resolve
from .services import Method, RoutePath, Routing, SIDES, Service, TARGETS, Targets
from .types import Enum, EnumValue, FbsSlot, Field, Ignores, Member, Message, Oneof, Options, Type

__all__ = [
    "Enum", "EnumValue", "FbsSlot", "Field", "File", "Ignores", "Import", "Member", "Message", "Method", "Oneof", "Options", "RoutePath",
    "Routing", "SIDES", "Schema", "Service", "TARGETS", "Targets", "Type", "resolve",
]
