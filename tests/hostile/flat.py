"""FlatBuffers by hand, so that they can be malformed: a writer and a reader without checks, for the
types of the tests.

A type is "bool", "ubyte", "int", "uint", "ulong" or "double", "string", the name of a table below,
"[type]" for a vector, or "print", a struct of (method, fingerprint).
"""

import struct

SCALARS = {"bool": "<B", "ubyte": "<B", "int": "<i", "uint": "<I", "ulong": "<Q", "double": "<d"}

# Tables: the fields by id, from 0, as protoc-gen-parley writes them and as
# schema/parley/envelope.fbs declares them.
TABLES = {
    "Numbers": [("numbers", "[double]")],
    "Sum": [("value", "double")],
    "Text": [("text", "string")],
    "Line": [("text", "string"), ("number", "ulong")],
    "Check": [("seconds", "uint")],
    "Ready": [("accepted", "bool")],
    "Nudge": [("text", "string"), ("reach", "int")],
    "Empty": [],
    "Person": [("id", "string"), ("name", "string")],
    "Note": [("key", "string"), ("value", "string")],
    "Tree": [("name", "string"), ("children", "[Tree]"), ("notes", "[Note]"), ("anything", "Value"), ("words", "[string]"),
             ("blob", "[ubyte]"), ("numbers", "[int]"), ("fields", "Fields")],
    "Value": [("kind", "ubyte"), ("number", "double"), ("text", "string"), ("truth", "bool"), ("object", "[Member]"), ("list", "[Value]")],
    "Member": [("key", "string"), ("value", "Value")],
    "Fields": [("fields", "[Member]")],
    "Size": [("nodes", "ulong")],
    "Figures": [("clients", "uint"), ("held", "uint"), ("mostHeld", "uint"), ("refused", "ulong")],
    "Outcome": [("text", "string")],
    "Extra": [("group", "string"), ("deadline_ms", "uint"), ("code", "ubyte"), ("text", "string"), ("meta", "[Note]"),
              ("except", "[string]"),
              ("to", "[string]"), ("key", "string"), ("ttl_ms", "uint"), ("reason", "string"), ("slot", "[ubyte]")],
    "Limits": [("max_message", "uint"), ("max_calls", "uint"), ("max_streams", "uint"), ("stream_window", "uint"), ("max_groups", "uint"),
               ("replay_bytes", "uint"), ("replay_frames", "uint"), ("resume_ms", "uint"), ("max_depth", "uint")],
    "Auth": [("scheme", "string"), ("credential", "string")],
    "Resume": [("token", "string"), ("epoch", "ulong"), ("received", "ulong")],
    "Hello": [("revision", "uint"), ("features", "ulong"), ("required", "ulong"), ("agent", "string"), ("contract", "ulong"),
              ("methods", "[print]"), ("auth", "Auth"), ("resume", "Resume"), ("limits", "Limits"), ("meta", "[Note]"),
              ("accepted", "[print]")],
    "Welcome": [("revision", "uint"), ("features", "ulong"), ("agent", "string"), ("client_id", "string"), ("token", "string"),
                ("epoch", "ulong"), ("outcome", "ubyte"), ("received", "ulong"), ("next", "ulong"), ("contract", "ulong"),
                ("mismatched", "[print]"), ("missing", "[uint]"), ("policy", "ubyte"), ("limits", "Limits"), ("heartbeat_ms", "uint"),
                ("auth_ms", "uint")],
}


class Raw(bytes):
    """Replaces a string by these bytes, which need not be UTF-8."""


class Writer:
    """Writes every object after the offsets that point to it. An object is written as often as it
    occurs, unless share() is used."""

    def __init__(self):
        self.bytes = bytearray(4)

    def pad(self, to, before=0):
        while (len(self.bytes) + before) % to:
            self.bytes.append(0)

    def point(self, at, target):
        struct.pack_into("<I", self.bytes, at, target - at)

    def string(self, text):
        raw = bytes(text) if isinstance(text, Raw) else text.encode()
        self.pad(4)
        at = len(self.bytes)
        self.bytes += struct.pack("<I", len(raw)) + raw + b"\0"
        return at

    def offsets(self, count):
        """Writes a vector of offsets that are not set yet. Returns its place and the places of the
        offsets."""
        self.pad(4)
        at = len(self.bytes)
        self.bytes += struct.pack("<I", count) + bytes(4 * count)
        return at, [at + 4 + 4 * i for i in range(count)]

    def vector(self, kind, items):
        if kind in SCALARS:
            size = struct.calcsize(SCALARS[kind])
            self.pad(max(size, 4), 4)
            at = len(self.bytes)
            self.bytes += struct.pack("<I", len(items)) + b"".join(struct.pack(SCALARS[kind], item) for item in items)
            return at
        if kind == "print":
            self.pad(8, 4)
            at = len(self.bytes)
            self.bytes += struct.pack("<I", len(items)) + b"".join(struct.pack("<IIQ", method, 0, mark) for method, mark in items)
            return at
        at, places = self.offsets(len(items))
        for place, item in zip(places, items):
            self.point(place, self.value(kind, item))
        return at

    def value(self, kind, value):
        if kind == "string":
            return self.string(value)
        if kind.startswith("["):
            return self.vector(kind[1:-1], value)
        return self.table(kind, value)

    def table(self, name, fields):
        """Writes a table and returns its place. If the value of a field is a function, the field
        becomes an offset, and the function is called with the place of the offset."""
        known = TABLES[name]
        present = [(i, kind, fields[field]) for i, (field, kind) in enumerate(known) if fields.get(field) is not None]
        unknown = set(fields) - {field for field, _ in known}
        if unknown:
            raise KeyError(f"{name} has no {unknown}")
        size = {i: struct.calcsize(SCALARS[kind]) if kind in SCALARS else 4 for i, kind, _ in present}
        count = max(size, default=-1) + 1
        self.pad(2)
        # The table begins at 4 modulo 8, so that the data after its first word is aligned for the
        # largest type.
        while (len(self.bytes) + 4 + 2 * count) % 8 != 4:
            self.bytes += b"\0\0"
        vtable = len(self.bytes)
        at = vtable + 4 + 2 * count
        places, end = {}, 4
        for i in sorted(size, key=lambda i: -size[i]):
            places[i], end = end, end + size[i]
        self.bytes += struct.pack("<HH", 4 + 2 * count, end) + b"".join(struct.pack("<H", places.get(i, 0)) for i in range(count))
        self.bytes += struct.pack("<i", at - vtable) + bytes(end - 4)
        for i, kind, value in present:
            if kind in SCALARS:
                struct.pack_into(SCALARS[kind], self.bytes, at + places[i], value)
            elif callable(value):
                value(at + places[i])
            else:
                self.point(at + places[i], self.value(kind, value))
        return at

    def finish(self, root):
        self.point(0, root)
        return bytes(self.bytes)


def write(name, fields):
    writer = Writer()
    return writer.finish(writer.table(name, fields))


def read(name, buffer):
    """Reads what a server wrote. Absent fields are omitted."""
    return _table(name, buffer, struct.unpack_from("<I", buffer)[0]) if buffer else {}


def _table(name, buffer, at):
    vtable = at - struct.unpack_from("<i", buffer, at)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    found = {}
    for i, (field, kind) in enumerate(TABLES[name]):
        place = struct.unpack_from("<H", buffer, vtable + 4 + 2 * i)[0] if 4 + 2 * i < size else 0
        if place:
            found[field] = _value(kind, buffer, at + place)
    return found


def _value(kind, buffer, at):
    if kind in SCALARS:
        value = struct.unpack_from(SCALARS[kind], buffer, at)[0]
        return bool(value) if kind == "bool" else value
    at += struct.unpack_from("<I", buffer, at)[0]
    if kind == "string":
        length = struct.unpack_from("<I", buffer, at)[0]
        return buffer[at + 4:at + 4 + length].decode()
    if not kind.startswith("["):
        return _table(kind, buffer, at)
    count, kind = struct.unpack_from("<I", buffer, at)[0], kind[1:-1]
    if kind == "print":
        return [struct.unpack_from("<I4xQ", buffer, at + 4 + 16 * i) for i in range(count)]
    step = struct.calcsize(SCALARS[kind]) if kind in SCALARS else 4
    return [_value(kind, buffer, at + 4 + step * i) for i in range(count)]
