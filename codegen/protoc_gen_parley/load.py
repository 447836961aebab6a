"""Converts descriptors, custom options and comments to the model. Only this file, sources.py and utf8.py use protobuf.

Parley's options are not read with a generated options_pb2. The request contains parley/options.proto, so a pool built from the request
can parse them with any installed protobuf runtime. The number of the extension appears only in options.proto.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence, Set, Tuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from . import order, services, well_known
from .model import Enum, EnumValue, Field, File, Import, Member, Message, Oneof, Options, Schema, Type
from .sources import LoadError as LoadError, Source, chosen

_F = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    _F.TYPE_DOUBLE: "double", _F.TYPE_FLOAT: "float", _F.TYPE_INT64: "int64", _F.TYPE_UINT64: "uint64", _F.TYPE_INT32: "int32",
    _F.TYPE_FIXED64: "fixed64", _F.TYPE_FIXED32: "fixed32", _F.TYPE_BOOL: "bool", _F.TYPE_STRING: "string", _F.TYPE_BYTES: "bytes",
    _F.TYPE_UINT32: "uint32", _F.TYPE_SFIXED32: "sfixed32", _F.TYPE_SFIXED64: "sfixed64", _F.TYPE_SINT32: "sint32",
    _F.TYPE_SINT64: "sint64",
}


class _NotUtf8(Exception):
    """An option in this line has a string that is not UTF-8."""

    def __init__(self, line: int):
        super().__init__(line)
        self.line = line


class _OptionReader:
    """Parses the extensions named parley.* out of any options message."""

    def __init__(self, files: Sequence[descriptor_pb2.FileDescriptorProto]):
        pool = descriptor_pool.DescriptorPool()
        self._classes: Dict[str, Any] = {}
        self._extensions: Dict[Tuple[str, str], Any] = {}
        for file in files:
            pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
        extended = [(file.package, ext) for file in files for ext in file.extension if file.package == "parley"]
        if not extended:
            return
        if hasattr(message_factory, "GetMessageClass"):
            make = message_factory.GetMessageClass
        else:
            make = getattr(message_factory.MessageFactory(pool), "GetPrototype")
        for package, ext in extended:
            extension: Any = pool.FindExtensionByName(package + "." + ext.name)
            extendee = extension.containing_type.full_name
            make(extension.message_type)
            if extendee not in self._classes:
                self._classes[extendee] = make(extension.containing_type)
            if hasattr(self._classes[extendee], "RegisterExtension"):
                try:
                    self._classes[extendee].RegisterExtension(extension)
                except Exception:  # newer runtimes register with the pool and refuse a second registration
                    pass
            self._extensions[(extendee, ext.name)] = extension

    def read(self, options: Any, name: str, line_of: Callable[[int], int]) -> Options:
        """Returns the option as plain values. `line_of` gives the line of the option with that number, and is called only if it exists."""
        extension = self._extensions.get((options.DESCRIPTOR.full_name, name))
        if extension is None:
            return Options()
        try:
            message = self._classes[options.DESCRIPTOR.full_name].FromString(options.SerializeToString())
            if not message.HasExtension(extension):
                return Options()
            return _plain(message.Extensions[extension], line_of(extension.number))
        except (DecodeError, UnicodeDecodeError):  # the only fault that data written by protoc can have
            raise _NotUtf8(line_of(extension.number)) from None


def _plain(message: Any, line: int) -> Options:
    def one(descriptor: Any, value: Any) -> Any:
        return _plain(value, line) if descriptor.type == _F.TYPE_MESSAGE else value

    values = {}
    for descriptor, value in message.ListFields():
        # Newer Python runtimes remove `label`. Debian's runtime does not have `is_repeated` yet.
        repeated = descriptor.is_repeated if hasattr(descriptor, "is_repeated") else descriptor.label == _F.LABEL_REPEATED
        if repeated:
            values[descriptor.name] = tuple(one(descriptor, v) for v in value)
        else:
            values[descriptor.name] = one(descriptor, value)
    return Options(values=values, present=True, line=line)


class _Types:
    """The files that define the types of the run."""

    def __init__(self) -> None:
        self.known: Dict[str, Type] = {}   # by full name
        self.map_entries: Dict[str, descriptor_pb2.DescriptorProto] = {}

    def add(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        def visit(message: descriptor_pb2.DescriptorProto, scope: str) -> None:
            full = scope + message.name
            if message.options.map_entry:
                self.map_entries[full] = message
                return
            self._put("message", full, file.name)
            for enum in message.enum_type:
                self._put("enum", full + "." + enum.name, file.name)
            for nested in message.nested_type:
                visit(nested, full + ".")

        scope = file.package + "." if file.package else ""
        for enum in file.enum_type:
            self._put("enum", scope + enum.name, file.name)
        for message in file.message_type:
            visit(message, scope)

    def _put(self, kind: str, full: str, file: str) -> None:
        self.known[full] = Type(kind, full, file)

    def type(self, name: str) -> Type:
        """The type of a descriptor's `.full.name`."""
        full = name.lstrip(".")
        return Type("wkt", full) if full in well_known.WELL_KNOWN else self.known[full]

    def home(self, full: str) -> str:
        """The file that defines the type. Empty if none does, or for a well-known type."""
        return self.known[full].file if full in self.known and full not in well_known.WELL_KNOWN else ""


class _FileLoader:
    def __init__(self, file: descriptor_pb2.FileDescriptorProto, options: Options, types: _Types, reader: _OptionReader):
        self.file = file
        self.options = options
        self.types = types
        self.reader = reader
        self.source = Source(file)
        self.used: Set[str] = set()   # full names of types that fields and methods mention
        self.messages: List[Message] = []
        self.enums: List[Enum] = []

    def _options(self, options: Any, name: str, path: Tuple[int, ...]) -> Options:
        try:
            return self.reader.read(options, name, lambda number: self.source.line(path + (number,)))
        except _NotUtf8 as bad:
            raise LoadError(self.file.name, bad.line, "a string in an option is not UTF-8 [SYNTAX]") from None

    # --- enums ---
    def enum(self, enum: descriptor_pb2.EnumDescriptorProto, path: Tuple[int, ...], scope: str) -> None:
        full = scope + enum.name
        comment, ignores = self.source.comment(path)
        options = self._options(enum.options, "enum", path + (3,))
        values: List[EnumValue] = []
        seen: Set[int] = set()
        for i, value in enumerate(enum.value):
            where = path + (2, i)
            doc, silenced = self.source.comment(where)
            route = self._options(value.options, "route", where + (3,))
            values.append(EnumValue(
                name=value.name, number=value.number, alias=value.number in seen, comment=doc, line=self.source.line(where),
                options=route, ignores=silenced, targets=services.target_words(route.get("to", ())), only=bool(route.get("only", False))))
            seen.add(value.number)
        self.enums.append(Enum(
            name=enum.name, full_name=full, package=self.file.package, file=self.file.name, values=tuple(values),
            flags=bool(options.get("flags", False)), comment=comment, line=self.source.line(path), options=options, ignores=ignores,
            reserved_numbers=tuple((r.start, r.end) for r in enum.reserved_range), reserved_names=tuple(enum.reserved_name)))

    # --- messages ---
    def message(self, message: descriptor_pb2.DescriptorProto, path: Tuple[int, ...], scope: str) -> None:
        full = scope + message.name
        for i, enum in enumerate(message.enum_type):
            self.enum(enum, path + (4, i), full + ".")
        real_oneofs = self._real_oneofs(message)
        fields = tuple(self._field(f, path + (2, i), message, real_oneofs) for i, f in enumerate(message.field))
        oneofs = []
        for index, declared in enumerate(real_oneofs):
            where = path + (8, declared)
            comment, _ = self.source.comment(where)
            oneofs.append(Oneof(
                name=message.oneof_decl[declared].name, index=index, fields=tuple(f for f in fields if f.oneof_index == index),
                comment=comment, line=self.source.line(where)))
        members: List[Member] = []
        for f in fields:
            if not f.in_oneof:
                members.append(Member(field=f))
            elif f is oneofs[f.oneof_index].fields[0]:
                members.append(Member(oneof=oneofs[f.oneof_index]))
        comment, ignores = self.source.comment(path)
        self.messages.append(Message(
            name=message.name, full_name=full, package=self.file.package, file=self.file.name, fields=fields,
            oneofs=tuple(oneofs), members=tuple(members),
            nested=tuple(name for name in (full + "." + inner.name for inner in (*message.nested_type, *message.enum_type))
                         if name in self.types.known),
            comment=comment, line=self.source.line(path),
            options=self._options(message.options, "group", path + (7,)), ignores=ignores,
            reserved_numbers=tuple((r.start, r.end) for r in message.reserved_range), reserved_names=tuple(message.reserved_name)))
        for i, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self.message(nested, path + (3, i), full + ".")

    @staticmethod
    def _real_oneofs(message: descriptor_pb2.DescriptorProto) -> List[int]:
        """The indexes of the oneofs in the schema, without the synthetic ones of `optional`."""
        synthetic = {f.oneof_index for f in message.field if f.proto3_optional}
        return [i for i in range(len(message.oneof_decl)) if i not in synthetic]

    def _field(self, field: Any, path: Tuple[int, ...], message: Any, real_oneofs: List[int]) -> Field:
        options = self._options(field.options, "field", path + (8,))
        comment, ignores = self.source.comment(path)
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        label, key, described = "one", None, field
        if field.label == _F.LABEL_REPEATED:
            label = "rep"
            entry = self.types.map_entries.get(field.type_name.lstrip("."))
            if entry is not None:
                label, key, described = "map", self._type(entry.field[0]), entry.field[1]
        elif field.proto3_optional:
            label = "opt"
        return Field(
            name=field.name, json_name=field.json_name, number=field.number,
            type=self._type(described), label=label, key=key,
            oneof=message.oneof_decl[field.oneof_index].name if in_oneof else "",
            oneof_index=real_oneofs.index(field.oneof_index) if in_oneof else -1,
            max_len=options.get("max_len", 0), max_count=options.get("max_count", 0), sensitive=bool(options.get("sensitive", False)),
            routes=bool(options.get("routes", False)), deprecated=field.options.deprecated, comment=comment,
            line=self.source.line(path), options=options, ignores=ignores)

    def _type(self, field: Any) -> Type:
        if field.type in _SCALARS:
            return Type("scalar", _SCALARS[field.type])
        self.used.add(field.type_name.lstrip("."))
        return self.types.type(field.type_name)

    # --- services ---
    def raw_services(self) -> List["services.RawService"]:
        found = []
        for i, service in enumerate(self.file.service):
            path = (6, i)
            comment, ignores = self.source.comment(path)
            methods = []
            for j, method in enumerate(service.method):
                where = path + (2, j)
                doc, silenced = self.source.comment(where)
                self.used.update((method.input_type.lstrip("."), method.output_type.lstrip(".")))
                methods.append(services.RawMethod(
                    name=method.name, request=method.input_type.lstrip("."), response=method.output_type.lstrip("."),
                    client_streaming=method.client_streaming, server_streaming=method.server_streaming,
                    event=self._options(method.options, "event", where + (4,)), call=self._options(method.options, "call", where + (4,)),
                    idempotency=method.options.idempotency_level, comment=doc, ignores=silenced, line=self.source.line(where)))
            found.append(services.RawService(
                name=service.name, full_name=(self.file.package + "." if self.file.package else "") + service.name,
                methods=tuple(methods), options=self._options(service.options, "service", path + (3,)), comment=comment,
                ignores=ignores, line=self.source.line(path)))
        return found

    def load(self) -> None:
        scope = self.file.package + "." if self.file.package else ""
        for i, enum in enumerate(self.file.enum_type):
            self.enum(enum, (5, i), scope)
        for i, message in enumerate(self.file.message_type):
            self.message(message, (4, i), scope)

    def finish(self, messages: Mapping[str, Message], routing: Set[str], enums: Mapping[str, Enum], generate: bool) -> File:
        raw = self.raw_services()
        maker = services.Maker(messages, routing, enums, self.types.type)
        self.used.update(maker.errors_of(m, service.full_name) for service in raw for m in service.methods)
        files = sorted({self.types.home(t) for t in self.used} - {self.file.name, ""})
        comment, ignores = self.source.comment((12,), detached=True)
        package_comment, package_ignores = self.source.comment((2,))
        return File(
            path=self.file.name, stem=_stem(self.file.name), package=self.file.package, messages=order.definition_order(self.messages),
            enums=tuple(self.enums), services=tuple(maker.service(s) for s in raw),
            imports=tuple(Import(path, _stem(path)) for path in files), comment=comment or package_comment, options=self.options,
            ignores=ignores + package_ignores, dependencies=tuple(self.file.dependency), generate=generate)


def _stem(path: str) -> str:
    return path[: -len(".proto")] if path.endswith(".proto") else path


def load(files: Sequence[descriptor_pb2.FileDescriptorProto], to_generate: Sequence[str]) -> Schema:
    """Raises LoadError like `chosen`, and for an option that is not UTF-8."""
    generate = set(to_generate)
    wanted = chosen(files, generate)
    reader = _OptionReader(files)
    types = _Types()
    loaders: List[_FileLoader] = []
    for file in files:
        source = Source(file)
        try:
            options = reader.read(file.options, "file", lambda number: source.line((8, number)))
        except _NotUtf8 as bad:
            raise LoadError(file.name, bad.line, "a string in an option is not UTF-8 [SYNTAX]") from None
        types.add(file)
        if file in wanted:
            loaders.append(_FileLoader(file, options, types, reader))
    for loader in loaders:
        loader.load()
    everything = [m for loader in loaders for m in loader.messages]
    in_cycle = order.fields_in_cycles(everything)
    nesting = order.nesting_types(everything)
    messages: Dict[str, Message] = {}
    for loader in loaders:
        loader.messages = [order.with_nesting(order.with_cycles(m, in_cycle), nesting) for m in loader.messages]
        messages.update((m.full_name, m) for m in loader.messages)
    enums = {e.full_name: e for loader in loaders for e in loader.enums}
    routing = services.routing_messages(messages)
    result = tuple(loader.finish(messages, routing, enums, loader.file.name in generate) for loader in loaders)
    return Schema(files=result, messages=messages, enums=enums)
