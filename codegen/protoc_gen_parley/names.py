"""How schema names are spelled in C++. Pure functions and tables.

Schema names keep their spelling; a name that C++ could not take gets an underscore at its end. Clashes that this makes are found by lint
(NAME_TAKEN), never repaired silently.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, Set, Tuple

from . import system_names

KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept const
    consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else
    enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator
    or or_eq private protected public register reinterpret_cast requires return short signed sizeof static static_assert static_cast
    struct switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t
    while xor xor_eq
    """.split()
)

# Macros of systems other than the one that system_names.py was written on, which schemas are likeliest to meet.
_FOREIGN_MACROS = frozenset(
    "major minor makedev i386 signbit isnan isinf isfinite isnormal DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS TRUE FALSE".split()
)
MACROS = system_names.MACROS | _FOREIGN_MACROS
# A library's macros differ from version to version, so none of these names is left to a schema.
_LIBRARIES = ("ASIO_", "BOOST_", "FLATBUFFERS_", "PARLEY_", "SIMDJSON_", "simdjson_")

# Names that generated code uses unqualified from inside a schema's namespace or a struct: a type of that name would hide them.
RESERVED_TYPES = frozenset(
    "std parley asio flatbuffers simdjson write_json read_json write_binary read_binary name_of from_name type_name print has".split()
)

# Bare C++ types of values.
CPP_SCALARS: Dict[str, str] = {
    "double": "double",
    "float": "float",
    "int32": "std::int32_t",
    "sint32": "std::int32_t",
    "sfixed32": "std::int32_t",
    "uint32": "std::uint32_t",
    "fixed32": "std::uint32_t",
    "int64": "std::int64_t",
    "sint64": "std::int64_t",
    "sfixed64": "std::int64_t",
    "uint64": "std::uint64_t",
    "fixed64": "std::uint64_t",
    "bool": "bool",
    "string": "std::string",
    "bytes": "std::vector<std::byte>",
}

# The well-known types; wrappers are the scalar word they wrap.
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
CPP_WELL_KNOWN: Dict[str, str] = {
    **{name: CPP_SCALARS[scalar] for name, scalar in WRAPPERS.items()},
    "google.protobuf.Timestamp": "parley::timestamp",
    "google.protobuf.Duration": "parley::duration",
    "google.protobuf.Value": "parley::value",
    "google.protobuf.Struct": "parley::structure",
    "google.protobuf.ListValue": "parley::list_value",
    "google.protobuf.NullValue": "parley::null_value",
    "google.protobuf.FieldMask": "parley::field_mask",
    "google.protobuf.Any": "parley::any",
    "google.protobuf.Empty": "parley::empty",
}
EMPTY = "google.protobuf.Empty"

# Passed by value as a parameter.
CHEAP = frozenset(v for k, v in CPP_SCALARS.items() if k not in ("string", "bytes")) | {
    "parley::timestamp", "parley::duration", "parley::null_value"}


def is_reserved(name: str) -> bool:
    """Whether compilers and libraries may have a macro of that name, whatever this system's headers say."""
    return re.match("__|_[A-Z]", name) is not None or name.startswith(_LIBRARIES)


def safe(name: str, also: Iterable[str] = ()) -> str:
    """The name as a C++ identifier."""
    if name in KEYWORDS or name in MACROS or name in also or is_reserved(name):
        return name + "_"
    return name


def safe_type(name: str, namespace: str) -> str:
    """A type's name. In the global namespace it meets C's functions and types."""
    return safe(name, RESERVED_TYPES if namespace else RESERVED_TYPES | system_names.GLOBALS)


def is_identifier(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def snake_case(name: str) -> str:
    """AreYouReady -> are_you_ready, GetHTTPStatus -> get_http_status, Move2D -> move2d, GetV2Status -> get_v2_status."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([0-9])([A-Z][a-z])", r"\1_\2", name)
    return name.lower()


def upper_snake(name: str) -> str:
    return snake_case(name).upper()


def enum_value_name(enum: str, value: str) -> str:
    """The value without `ENUM_NAME_`, if it has that and the rest is a name. Other values have no say: a value that is added renames none."""
    for prefix in (upper_snake(enum) + "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", enum).upper() + "_"):
        if value.startswith(prefix) and is_identifier(value[len(prefix):]):
            return safe(value[len(prefix):])
    return safe(value)


def namespace_of_package(package: str) -> str:
    """"lobby.v1" -> "lobby::v1"; parts that C++ or generated code cannot have get their underscore."""
    parts = package.split(".") if package else []
    return "::".join(safe(p, RESERVED_TYPES) if i else p if p == "parley" else safe_type(p, "") for i, p in enumerate(parts))


def reference(cpp_name: str, namespace: str, from_namespace: str, hidden_by: Iterable[str] = ()) -> str:
    """A type's name as written inside `from_namespace`: bare at home, complete where the bare name would not find it."""
    if namespace == from_namespace and cpp_name not in hidden_by:
        return cpp_name
    return "::" + (namespace + "::" if namespace else "") + cpp_name


def cpp_literal(text: str) -> str:
    """A C++ string literal of the text's UTF-8. Nothing in it can end the literal, join lines or start a trigraph."""
    out = []
    for i, ch in enumerate(text):
        if ch in '"\\':
            out.append("\\" + ch)
        elif ch == "\n":
            out.append("\\n")
        elif ch == "\t":
            out.append("\\t")
        elif ch == "?" and i > 0 and text[i - 1] == "?":
            out.append("\\?")
        elif ch.isprintable():
            out.append(ch)
        else:
            out.extend("\\%03o" % byte for byte in ch.encode("utf-8", "replace"))
    return '"' + "".join(out) + '"'


# Characters that reorder or hide text (bidirectional controls, zero-width ones), and the template's own mark for a soft line break.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff]")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def comment_lines(text: str) -> Tuple[str, ...]:
    """The lines of a schema comment such that `// ` before each is a comment and nothing else, whatever the author wrote."""
    lines = []
    for line in _LINE_ENDS.split(text):
        line = _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", line).replace("\t", "  ")
        line = "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in line)
        line = re.sub(r"\?\?(?=[=/'()!<>-])", "? ?", line)
        line = line[1:] if line.startswith(" ") else line
        line = line.rstrip()
        while line.endswith("\\"):  # would swallow the next line
            line = line[:-1].rstrip()
        lines.append(line)
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return tuple(lines)


def parameter_name(type_name: str, taken: Set[str]) -> str:
    """A parameter's name after its type: Numbers -> numbers. Never one that hides a name the same declaration uses."""
    name = snake_case(type_name)
    return "payload" if name in taken or name == type_name or safe(name) != name or len(name) > 40 else name
