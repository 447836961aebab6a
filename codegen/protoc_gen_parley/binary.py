"""The sizes of the binary form: the values that a FlatBuffers table contains, and their widths. The mapping is that of
runtime/parley/wire/flat_values.hpp and schema/parley/wkt.fbs. Change them together."""

from __future__ import annotations

from typing import Dict, Tuple

from .model import Field, Message, Type

# Bytes of a scalar in a table.
_WIDTHS: Dict[str, int] = {
    "double": 8, "float": 4, "int32": 4, "sint32": 4, "sfixed32": 4, "uint32": 4, "fixed32": 4, "int64": 8, "sint64": 8, "sfixed64": 8,
    "uint64": 8, "fixed64": 8, "bool": 1,
}
_ENUM = 4
OFFSET = 4      # of a reference to a string, a list or another table
UNION_TYPE = 1  # of the number of the member that a oneof holds


def is_inline(type_: Type) -> bool:
    """Whether the table contains a value of the type. It contains only references to strings and bytes."""
    return type_.is_enum or type_.scalar in _WIDTHS


def lies_in_table(field: Field) -> bool:
    return field.label in ("one", "opt") and is_inline(field.type)


def width(field: Field) -> int:
    """Bytes of the field in its table."""
    if not lies_in_table(field):
        return OFFSET
    return _ENUM if field.type.is_enum else _WIDTHS[field.type.scalar]


def table_size(message: Message) -> Tuple[int, int]:
    """The bytes of the message's table if every field is present, and the number of ids in its vtable."""
    widths = sum(width(f) for f in message.plain_fields) + (OFFSET + UNION_TYPE) * len(message.oneofs)
    ids = max((slot.id + 1 for slot in message.fbs_slots), default=0)
    return OFFSET + 8 + widths, ids  # the reference to the vtable, and the padding for an alignment of 8 bytes
