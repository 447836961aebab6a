"""In which order C++ can define a file's structs, and which fields need a box because their message contains itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Sequence, Set, Tuple

from .model import Field, Member, Message, Oneof

FieldKey = Tuple[str, str]  # message's full name, field's name


def _inline(field: Field) -> bool:
    """Is the value part of the struct itself? Lists and maps keep theirs on the heap and take an incomplete type."""
    return field.type.is_message and field.label in ("one", "opt")


def boxed_fields(messages: Sequence[Message]) -> Set[FieldKey]:
    """Singular fields whose type can, through singular fields alone, contain their owner again."""
    edges = {m.full_name: [f.type.name for f in m.fields if _inline(f)] for m in messages}
    component = _components(edges)
    return {
        (m.full_name, f.name)
        for m in messages
        for f in m.fields
        if _inline(f) and component[f.type.name] == component[m.full_name]
    }


def with_boxes(message: Message, boxed: Set[FieldKey]) -> Message:
    """The message with `boxed` set in every place that holds the field."""
    if not any((message.full_name, f.name) in boxed for f in message.fields):
        return message
    return replace_fields(message, {f.name: replace(f, boxed=(message.full_name, f.name) in boxed) for f in message.fields})


def replace_fields(message: Message, fields: Dict[str, Field], oneofs: Dict[str, Oneof] = {}) -> Message:
    """Fields stand in three places of a message; this changes all of them."""
    new_oneofs = tuple(replace(oneofs.get(o.name, o), fields=tuple(fields[f.name] for f in o.fields)) for o in message.oneofs)
    by_name = {o.name: o for o in new_oneofs}
    members = tuple(
        Member(field=fields[m.field.name]) if m.field else Member(oneof=by_name[m.oneof.name]) for m in message.members)
    return replace(message, fields=tuple(fields[f.name] for f in message.fields), oneofs=new_oneofs, members=members)


def definition_order(messages: Sequence[Message]) -> Tuple[Tuple[Message, ...], Tuple[str, ...]]:
    """Schema order, except that what a struct holds by value comes before it; and the names to declare ahead."""
    by_name = {m.full_name: m for m in messages}
    done: List[Message] = []
    state: Dict[str, str] = {}

    def visit(message: Message) -> None:
        state[message.full_name] = "open"
        # Values first, then what may be incomplete but is nicer to have: a list of something defined above needs no declaration.
        for needed in (True, False):
            for f in message.fields:
                if f.type.is_message and f.type.name in by_name and (_inline(f) and not f.boxed) == needed:
                    if f.type.name not in state:
                        visit(by_name[f.type.name])
        if message.full_name in state and state[message.full_name] == "open":
            state[message.full_name] = "done"
            done.append(message)

    for message in messages:
        if message.full_name not in state:
            visit(message)
    done = _repair(done, by_name)
    defined: Set[str] = set()
    forward: List[str] = []
    for message in done:
        defined.add(message.full_name)
        names = [f.type.name for f in message.fields if f.type.is_message]
        # An alias of a nested message names it too.
        nested = [m.full_name for m in messages if m.full_name.rpartition(".")[0] == message.full_name]
        for name in names + nested:
            if name in by_name and name not in defined and by_name[name].cpp_name not in forward:
                forward.append(by_name[name].cpp_name)
    return tuple(done), tuple(forward)


def _repair(done: List[Message], by_name: Dict[str, Message]) -> List[Message]:
    """A visit through a list field can close a circle ahead of a value field; a plain sort on values alone settles those."""
    position = {m.full_name: i for i, m in enumerate(done)}

    def values(m: Message) -> List[str]:
        return [f.type.name for f in m.fields if _inline(f) and not f.boxed and f.type.name in by_name]

    if all(position[v] < position[m.full_name] for m in done for v in values(m)):
        return done
    result: List[Message] = []
    seen: Set[str] = set()

    def visit(m: Message) -> None:
        if m.full_name in seen:
            return
        seen.add(m.full_name)
        for v in values(m):
            visit(by_name[v])
        result.append(m)

    for m in done:
        visit(m)
    return result


def _components(edges: Dict[str, List[str]]) -> Dict[str, int]:
    """Strongly connected components (Tarjan), without recursion in the depth of the schema. A lone node without an edge to itself gets a
    component of its own, which no other node shares; a self-edge is found by comparing equal."""
    index: Dict[str, int] = {}
    low: Dict[str, int] = {}
    on_stack: Set[str] = set()
    stack: List[str] = []
    component: Dict[str, int] = {}
    count = 0
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            advanced = False
            for target in rest:
                if target not in edges:
                    component.setdefault(target, -1)
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    advanced = True
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                count += 1
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component[member] = count
                    if member == node:
                        break
    return component
