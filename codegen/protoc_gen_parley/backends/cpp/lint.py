"""Rules about names that clash in C++."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple, Union

from ... import words
from ...lint.core import ERROR, Hit, Place, Rules, Run, quote
from ...model import Enum, Message
from . import services, spelling, system_names
from .scope import Scope, namespace_of

RULES = Rules()


@RULES.rule("NAME_TAKEN", ERROR,
            "Every C++ name belongs to one thing, in its final spelling and together with generated names.", across=True)
def name_taken(run: Run) -> Iterator[Hit]:
    scope = Scope(run.schema)
    yield from _in_messages(run, scope)
    yield from _in_enums(run, scope)
    yield from _in_namespaces(run, scope)
    yield from _in_services(run)


def _in_messages(run: Run, scope: Scope) -> Iterator[Hit]:
    for place, m in run.messages():
        first: Dict[str, str] = {}
        entries: List[Tuple[str, str, Place]] = [(scope.member(m.full_name, f.name), f.name, Place(place.nodes + (f,))) for f in m.fields]
        entries += [(scope.member(m.full_name, o.name), o.name, place) for o in m.oneofs]
        entries += [(alias, alias, place) for alias, _ in scope.aliases(m)]
        for cpp, name, where in entries:
            if cpp in first:
                yield where, "", "%s is spelled %s in C++, like %s" % (name, cpp, first[cpp])
            first.setdefault(cpp, name)


def _in_enums(run: Run, scope: Scope) -> Iterator[Hit]:
    for place, e in run.enums():
        first: Dict[str, str] = {}
        for v in e.values:
            cpp = scope.value(e, v)
            if cpp in first:
                yield Place(place.nodes + (v,)), "", "is spelled %s in C++, like %s" % (cpp, first[cpp])
            first.setdefault(cpp, v.name)


def _in_namespaces(run: Run, scope: Scope) -> Iterator[Hit]:
    """Checks the types and generated classes of all files that share a namespace, and the helper arrays of one file's codec."""
    types: Dict[Tuple[str, str], str] = {}
    for f in run.schema.files:
        nodes: List[Union[Message, Enum]] = [*f.messages, *f.enums]
        for node in nodes:
            key = (namespace_of(f), scope.name(node))
            if key in types and types[key] != node.full_name and f.generate:
                yield Place((f, node)), "", "is spelled %s in C++, like %s" % (scope.name(node), types[key])
            types.setdefault(key, node.full_name)
    classes: Dict[Tuple[str, str], str] = {}
    for f in run.schema.files:
        for s in f.services:
            for name in services.class_names(s):
                key = (namespace_of(f), name)
                if f.generate and key in types:
                    yield Place((f, s)), "", "generates a class %s, which is also the name of %s" % (name, types[key])
                elif f.generate and key in classes and classes[key] != s.full_name:
                    yield Place((f, s)), "", "generates a class %s, like %s" % (name, classes[key])
                classes.setdefault(key, s.full_name)
            for name in services.table_names(s, several=len(f.services) > 1):
                key = (namespace_of(f), name)
                if f.generate and key in types:
                    yield Place((f, s)), "", "generates a constant %s, which is also the name of %s" % (name, types[key])


def _in_services(run: Run) -> Iterator[Hit]:
    for place, s in run.services():
        first: Dict[str, str] = {name: "every stub or handler" for name in services.OWN_MEMBERS}
        first.update((name, "the class itself") for name in services.class_names(s))
        for m in s.methods:
            for name in sorted(set(services.stub_members(m))):
                if name in first:
                    yield Place(place.nodes + (m,)), "", "generates %s, which %s has already" % (name, first[name])
                first.setdefault(name, m.name)


@RULES.rule("NAMESPACE", ERROR, "A C++ namespace consists of identifiers. It is not `parley` or `std`, and not the name of anything else.")
def namespace(run: Run) -> Iterator[Hit]:
    for place in run.files():
        f = place.file
        written = f.options.get("cpp_namespace", "")
        path = "file.cpp_namespace" if written else ""
        parts = namespace_of(f).split("::")
        for i, part in enumerate(parts if written else ()):  # a namespace made from a package has its underscore already
            if not words.is_identifier(part) or part in spelling.KEYWORDS:
                yield place, path, "%s is not a C++ identifier" % quote(part)
            elif part in spelling.MACROS:
                yield place, path, "%s is a macro of the system's headers" % quote(part)
            elif spelling.is_reserved(part):
                yield place, path, "%s is reserved for the compiler and for libraries" % quote(part)
            elif i == 0 and part in system_names.GLOBALS:
                yield place, path, "%s is a name of C in the global namespace" % quote(part)
        if (parts[0] in ("parley", "std") and not (parts[0] == "parley" and f.path.startswith("parley/"))
                or written and set(parts) & spelling.RESERVED_TYPES):
            yield place, path, "the namespaces parley and std, and the names that generated code uses, are reserved%s" % (
                "" if written else '; option (parley.file) = { cpp_namespace: "..." } sets another')
