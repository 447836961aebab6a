"""Selects and checks the files of a request, and finds lines and comments in them."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence, Set, Tuple

from google.protobuf import descriptor_pb2

from . import utf8, words

# The types of these files are values of the runtime or part of the vocabulary. Nothing is generated for them, and nothing includes them.
_BUILT_IN = ("google/protobuf/", "parley/options.proto")


class LoadError(Exception):
    """A file that the generator cannot load."""

    def __init__(self, file: str, line: int, text: str):
        super().__init__("%s:%d: error: %s" % (file, line, text))


class Source:
    """Comments and line numbers of one file."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto):
        self._locations: Dict[Tuple[int, ...], Any] = {}
        for location in file.source_code_info.location:
            self._locations.setdefault(tuple(location.path), location)

    def line(self, path: Tuple[int, ...]) -> int:
        location = self._locations.get(path)
        if location is None:
            below = [l for p, l in self._locations.items() if p[: len(path)] == path]
            location = min(below, key=lambda l: tuple(l.span), default=None)
        if location is None and path:
            return self.line(path[:-1])
        return location.span[0] + 1 if location is not None and location.span else 1

    def comment(self, path: Tuple[int, ...], detached: bool = False) -> Tuple[Tuple[str, ...], Tuple[str, ...]]:
        """Returns the lines of the comment, and the rules that `parley:ignore` names in it."""
        location = self._locations.get(path)
        if location is None:
            return (), ()
        parts = list(location.leading_detached_comments) if detached else []
        parts += [location.leading_comments, location.trailing_comments]
        lines: List[str] = []
        ignores: List[str] = []
        for part in parts:
            for line in words.comment_lines(part):
                found = re.match(r"\s*parley:ignore\b(.*)", line)
                if found:
                    ignores += re.findall(r"\b[A-Z][A-Z0-9_]+\b", found.group(1).split(":")[0])
                else:
                    lines.append(line)
        # Detached comments may suppress a rule, because they may be at the top of a file. They document nothing.
        for part in [] if detached else location.leading_detached_comments:
            for line in words.comment_lines(part):
                found = re.match(r"\s*parley:ignore\b(.*)", line)
                if found:
                    ignores += re.findall(r"\b[A-Z][A-Z0-9_]+\b", found.group(1).split(":")[0])
        return tuple(lines), tuple(ignores)


def chosen(files: Sequence[descriptor_pb2.FileDescriptorProto], generate: Set[str]) -> List[descriptor_pb2.FileDescriptorProto]:
    """Returns the files to load. Raises LoadError for a file that is not UTF-8 or not proto3. A file in another syntax is left out if only
    its options are used."""
    users = _users(files, generate)
    wanted = [f for f in files if f.name in generate or not f.name.startswith(_BUILT_IN) and (f.syntax == "proto3" or f.name in users)]
    for file in wanted:
        _check_text(file)
        _check_syntax(file, users.get(file.name, file.name))
    return wanted


def _users(files: Sequence[descriptor_pb2.FileDescriptorProto], generate: Set[str]) -> Dict[str, str]:
    """Returns each file whose types the generated files contain, at any depth, with a file that mentions one of them."""
    home: Dict[str, Tuple[str, Any]] = {}  # ".full.Name" -> its file and the message; None for an enum, which mentions no types

    def add(scope: str, file: str, messages: Any, enums: Any) -> None:
        home.update((scope + enum.name, (file, None)) for enum in enums)
        for message in messages:
            home[scope + message.name] = (file, message)
            add(scope + message.name + ".", file, message.nested_type, message.enum_type)

    for file in files:
        add("." + (file.package + "." if file.package else ""), file.name, file.message_type, file.enum_type)
    users = {name: name for name in generate}
    messages = [(file, message) for file, message in home.values() if file in generate and message is not None]
    mentioned = [(file.name, type_) for file in files if file.name in generate for service in file.service for method in service.method
                 for type_ in (method.input_type, method.output_type)]
    met: Set[str] = set()
    while messages or mentioned:
        if messages:
            path, message = messages.pop()
            mentioned += [(path, field.type_name) for field in message.field if field.type_name]
            continue
        user, type_ = mentioned.pop()
        if type_ in met or type_ not in home:
            continue
        met.add(type_)
        users.setdefault(home[type_][0], user)
        if home[type_][1] is not None:
            messages.append(home[type_])
    return users


def _check_text(file: descriptor_pb2.FileDescriptorProto) -> None:
    if not _is_path(file.name):
        raise LoadError(repr(file.name), 1, "generated code cannot contain this path [SYNTAX]")
    for path in utf8.bad_texts(file):
        if path[:2] == (9, 1):  # source_code_info.location: a comment, with its position
            raise LoadError(file.name, file.source_code_info.location[path[2]].span[0] + 1, "a comment of this element is not UTF-8 [SYNTAX]")
        raise LoadError(file.name, Source(file).line(path), "a string is not UTF-8 [SYNTAX]")


def _is_path(name: Any) -> bool:
    return isinstance(name, str) and name.isprintable() and '"' not in name and "\\" not in name and "??" not in name


def _check_syntax(file: descriptor_pb2.FileDescriptorProto, user: str) -> None:
    if file.syntax == "proto3":
        return
    line = Source(file).line((12,))
    why = "" if user == file.name else "; %s uses its types, so they would have to be generated" % user
    if file.syntax == "editions":
        raise LoadError(file.name, line, 'uses protobuf editions; this generator reads only syntax = "proto3"%s [SYNTAX]' % why)
    raise LoadError(file.name, line, 'uses proto2; write syntax = "proto3" at the top of the file%s [SYNTAX]' % why)
