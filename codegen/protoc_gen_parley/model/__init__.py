"""The schema as lint rules and backends see it: plain frozen values that depend neither on protobuf nor on a generated language.

`load` creates them. `lock` fills in the ids that must stay the same over all runs (FlatBuffers ids, fingerprints). Each backend computes
its own view of them, with names in the spelling of its language.

Names are those of the schema. Strings that are not identifiers (wire names, JSON names, comments) are raw. Generated code contains them
as literals and comments of its language, never unchanged.
"""

from __future__ import annotations

from .schema import File, Import, Schema, resolve
from .services import Method, RoutePath, Routing, SIDES, Service, TARGETS, Targets
from .types import Enum, EnumValue, FbsSlot, Field, Ignores, Member, Message, Oneof, Options, Type

__all__ = [
    "Enum", "EnumValue", "FbsSlot", "Field", "File", "Ignores", "Import", "Member", "Message", "Method", "Oneof", "Options", "RoutePath",
    "Routing", "SIDES", "Schema", "Service", "TARGETS", "Targets", "Type", "resolve",
]
