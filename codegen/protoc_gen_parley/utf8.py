"""Finds text in a descriptor that is not UTF-8. protoc accepts it, and each protobuf runtime fails on it in a different way."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

from google.protobuf.descriptor import FieldDescriptor

Path = Tuple[int, ...]  # as in SourceCodeInfo: numbers of fields, and indexes in repeated ones


def bad_texts(message: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of such texts."""
    for field in message.DESCRIPTOR.fields:
        here = path + (field.number,)
        if field.type == FieldDescriptor.TYPE_STRING:
            if not _is_readable(message, field.name):
                yield here
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            value = getattr(message, field.name)
            if not hasattr(value, "DESCRIPTOR"):  # repeated
                for i, item in enumerate(value):
                    yield from bad_texts(item, here + (i,))
            elif message.HasField(field.name):
                yield from bad_texts(value, here)


def _is_readable(message: Any, name: str) -> bool:
    try:
        value = getattr(message, name)
        return all(isinstance(item, str) for item in ([value] if isinstance(value, (str, bytes)) else list(value)))
    except UnicodeDecodeError:
        return False
