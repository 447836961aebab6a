"""The C++ spelling of a schema's names. Pure functions and tables.

Schema names keep their spelling. A name that C++ does not accept gets an underscore at its end. Lint (NAME_TAKEN) reports the clashes
that this causes. They are never repaired silently.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, Set

from ... import well_known
from ...words import snake_case, without_prefix
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

# Macros of other systems than that of system_names.py, limited to the names that schemas are likely to use.
_FOREIGN_MACROS = frozenset(
    "major minor makedev i386 signbit isnan isinf isfinite isnormal DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS TRUE FALSE".split()
)
MACROS = system_names.MACROS | _FOREIGN_MACROS
# The macros of a library differ between versions, so a schema may use none of these names.
_LIBRARIES = ("ASIO_", "BOOST_", "FLATBUFFERS_", "PARLEY_", "SIMDJSON_", "simdjson_")

# Names that generated code uses unqualified from inside a schema's namespace or a struct: a type of that name would hide them.
RESERVED_TYPES = frozenset(
    "std parley asio flatbuffers simdjson write_json read_json write_binary read_binary name_of from_name type_name print has".split()
)

# Bare C++ types of values.
SCALARS: Dict[str, str] = {
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

WELL_KNOWN: Dict[str, str] = {
    **{name: SCALARS[scalar] for name, scalar in well_known.WRAPPERS.items()},
    well_known.TIMESTAMP: "parley::timestamp",
    well_known.DURATION: "parley::duration",
    well_known.VALUE: "parley::value",
    well_known.STRUCT: "parley::structure",
    well_known.LIST_VALUE: "parley::list_value",
    well_known.NULL_VALUE: "parley::null_value",
    well_known.FIELD_MASK: "parley::field_mask",
    well_known.ANY: "parley::any",
    well_known.EMPTY: "parley::empty",
}

# Passed by value as a parameter.
CHEAP = frozenset(v for k, v in SCALARS.items() if k not in ("string", "bytes")) | {
    "parley::timestamp", "parley::duration", "parley::null_value"}


def is_reserved(name: str) -> bool:
    """Whether compilers and libraries may define a macro with that name, even if the headers of this system do not."""
    return re.match("__|_[A-Z]", name) is not None or name.startswith(_LIBRARIES)


def safe(name: str, also: Iterable[str] = ()) -> str:
    """The name as a C++ identifier."""
    if name in KEYWORDS or name in MACROS or name in also or is_reserved(name):
        return name + "_"
    return name


def safe_type(name: str, namespace: str) -> str:
    """The name of a type. In the global namespace it may clash with functions and types of C."""
    return safe(name, RESERVED_TYPES if namespace else RESERVED_TYPES | system_names.GLOBALS)


def enum_value_name(enum: str, value: str) -> str:
    return safe(without_prefix(enum, value))


def namespace_of_package(package: str) -> str:
    """"lobby.v1" -> "lobby::v1". Parts that C++ or generated code does not accept get an underscore."""
    parts = package.split(".") if package else []
    return "::".join(safe(p, RESERVED_TYPES) if i else p if p == "parley" else safe_type(p, "") for i, p in enumerate(parts))


def reference(cpp_name: str, namespace: str, from_namespace: str, hidden_by: Iterable[str] = ()) -> str:
    """The name of a type inside `from_namespace`: bare in its own namespace, qualified where the bare name would not be found."""
    if namespace == from_namespace and cpp_name not in hidden_by:
        return cpp_name
    return "::" + (namespace + "::" if namespace else "") + cpp_name


def literal(text: str) -> str:
    """A C++ string literal with the UTF-8 of the text. No part of it can end the literal, join lines or start a trigraph."""
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


def parameter_name(type_name: str, taken: Set[str]) -> str:
    """The name of a parameter, from its type: Numbers -> numbers. It never hides a name that the same declaration uses."""
    name = snake_case(type_name)
    return "payload" if name in taken or name == type_name or safe(name) != name or len(name) > 40 else name
