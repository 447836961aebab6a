"""The well-known types of google.protobuf. Every language has its own values for them, and nothing is generated."""

from __future__ import annotations

from typing import Dict, FrozenSet

# A wrapper is represented by its scalar, which may be absent.
WRAPPERS: Dict[str, str] = {
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.UInt64Value": "uint64",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.UInt32Value": "uint32",
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.StringValue": "string",
    "google.protobuf.BytesValue": "bytes",
}
TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
VALUE = "google.protobuf.Value"
STRUCT = "google.protobuf.Struct"
LIST_VALUE = "google.protobuf.ListValue"
NULL_VALUE = "google.protobuf.NullValue"
FIELD_MASK = "google.protobuf.FieldMask"
ANY = "google.protobuf.Any"
EMPTY = "google.protobuf.Empty"

WELL_KNOWN: FrozenSet[str] = frozenset(WRAPPERS) | {TIMESTAMP, DURATION, VALUE, STRUCT, LIST_VALUE, NULL_VALUE, FIELD_MASK, ANY, EMPTY}
