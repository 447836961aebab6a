"""The data of the C++ templates: everything about one schema, ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Set, Tuple

from ... import __version__
from ...model import File, Import, Schema
from . import services, types
from .scope import Scope, namespace_of
from .services import RoutesView, ServiceView
from .types import EnumView, MessageView


@dataclass(frozen=True)
class FileView:
    file: File
    namespace: str                   # "lobby::v1"; empty: the global namespace
    enums: Tuple[EnumView, ...]      # including nested ones; all precede the messages
    messages: Tuple[MessageView, ...]
    services: Tuple[ServiceView, ...]

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def stem(self) -> str:
        return self.file.stem

    @property
    def comment(self) -> Tuple[str, ...]:
        return self.file.comment

    @property
    def imports(self) -> Tuple[Import, ...]:
        return self.file.imports

    @property
    def forward_declared(self) -> Tuple[str, ...]:
        """Structs that are used (in a list, a map, a box or an alias) before their definition."""
        defined: Set[str] = set()
        ahead: Dict[str, None] = {}
        here = {m.full_name: m.name for m in self.messages}
        for m in self.messages:
            defined.add(m.full_name)
            named = [f.field.type.name for f in m.fields if f.field.type.is_message] + [n for n in m.message.nested]
            ahead.update((here[name], None) for name in named if name in here and name not in defined)
        return tuple(ahead)

    @property
    def version_pair(self) -> Tuple[str, ...]:
        """The major and minor version that generated code requires."""
        return tuple(__version__.split(".")[:2])

    @property
    def version_text(self) -> str:
        """The compiler's message if the versions of runtime and generator differ."""
        needed = ".".join(self.version_pair)
        return ("%s was generated for Parley %s, but parley/version.hpp is of another version: generate it again with the "
                "protoc-gen-parley of that version, or install Parley %s" % (self.path, needed, needed))

    @property
    def std_headers(self) -> Tuple[str, ...]:
        """The headers of the standard library that types.hpp includes."""
        headers: Set[str] = set()
        if self.messages or self.enums:
            headers.add("iosfwd")
        if self.enums:
            headers |= {"cstdint", "string_view"}
        for message in self.messages:
            if message.oneofs:
                headers.add("variant")
            for f in message.fields:
                for word, header in (("std::int", "cstdint"), ("std::uint", "cstdint"), ("std::byte", "cstddef"), ("std::string", "string"),
                                     ("std::vector", "vector"), ("std::map", "map"), ("std::optional", "optional")):
                    if word in f.cpp:
                        headers.add(header)
        return tuple(sorted(headers))

    @property
    def parley_headers(self) -> Tuple[str, ...]:
        words = " ".join(f.cpp for message in self.messages for f in message.fields)
        headers = ["box.hpp"] if "parley::box<" in words or "parley::late_vector<" in words else []
        rest = words.replace("parley::box<", "").replace("parley::late_vector<", "")
        return tuple(headers + (["wkt.hpp"] if "parley::" in rest or self._pays_with_wkt else []))

    @property
    def _pays_with_wkt(self) -> bool:
        """Whether a method carries a well-known type other than a bare C++ value or Empty, which stubs leave out."""
        payloads = [p for s in self.services for m in s.methods for p in (m.request, m.response)]
        return any(p.cpp.startswith("parley::") and not p.is_empty for p in payloads)

    @property
    def routes(self) -> Tuple[RoutesView, ...]:
        return tuple(m.routes for s in self.services for m in s.methods if m.routes)


def views(schema: Schema) -> Callable[[File], FileView]:
    scope = Scope(schema)

    def view(file: File) -> FileView:
        of_types, of_services = types.Maker(file, scope), services.Maker(file, scope)
        return FileView(file, namespace_of(file), tuple(of_types.enum(e) for e in file.enums), of_types.messages(file.messages),
                        tuple(of_services.service(s) for s in file.services))

    return view
