"""The order in which the messages of a file can be defined, and the fields through which a message contains itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, List, Sequence, Set, Tuple

from . import well_known
from .model import Field, Member, Message, Oneof

FieldKey = Tuple[str, str]  # message's full name, field's name


def _inline(field: Field) -> bool:
    """Whether the value is stored in the message itself. Lists and maps store theirs elsewhere."""
    return field.type.is_message and field.label in ("one", "opt")


def fields_in_cycles(messages: Sequence[Message]) -> Set[FieldKey]:
    """The singular fields whose type can contain the owner again through singular fields alone."""
    edges = {m.full_name: [f.type.name for f in m.fields if _inline(f)] for m in messages}
    component = _components(edges)
    return {
        (m.full_name, f.name)
        for m in messages
        for f in m.fields
        if _inline(f) and component[f.type.name] == component[m.full_name]
    }


# The well-known types that contain each other.
_NESTING = (well_known.VALUE, well_known.STRUCT, well_known.LIST_VALUE)


def nesting_types(messages: Sequence[Message]) -> Set[str]:
    """The full names of types that can contain values of any depth: types in a cycle of fields, and types with a field of such a type."""
    edges = {m.full_name: [f.type.name for f in m.fields if f.type.is_message or f.type.is_wkt] for m in messages}
    component = _components(edges)
    nesting = set(_NESTING)
    nesting.update(name for name, used in edges.items() if any(component[u] == component[name] for u in used))
    while True:
        more = {name for name, used in edges.items() if name not in nesting and not nesting.isdisjoint(used)}
        if not more:
            return nesting
        nesting |= more


def with_nesting(message: Message, nesting: Set[str]) -> Message:
    """The message with `nests` set, in itself and in every place that holds a field."""
    if message.full_name not in nesting:
        return message
    fields = {f.name: replace(f, nests=f.type.name in nesting) for f in message.fields}
    return replace(replace_fields(message, fields), nests=True)


def with_cycles(message: Message, in_cycle: Set[FieldKey]) -> Message:
    """The message with `in_cycle` set in every place that holds the field."""
    if not any((message.full_name, f.name) in in_cycle for f in message.fields):
        return message
    return replace_fields(message, {f.name: replace(f, in_cycle=(message.full_name, f.name) in in_cycle) for f in message.fields})


def replace_fields(message: Message, fields: Dict[str, Field], oneofs: Dict[str, Oneof] = {}) -> Message:
    """Replaces the fields in all three places of a message."""
    new_oneofs = tuple(replace(oneofs.get(o.name, o), fields=tuple(fields[f.name] for f in o.fields)) for o in message.oneofs)
    by_name = {o.name: o for o in new_oneofs}
    members = tuple(
        Member(field=fields[m.field.name] if m.field else None, oneof=by_name[m.oneof.name] if m.oneof else None) for m in message.members)
    return replace(message, fields=tuple(fields[f.name] for f in message.fields), oneofs=new_oneofs, members=members)


def definition_order(messages: Sequence[Message]) -> Tuple[Message, ...]:
    """Schema order, except that the types that a message holds by value come before it."""
    by_name = {m.full_name: m for m in messages}

    def values(name: str) -> List[str]:
        return [f.type.name for f in by_name[name].fields if _inline(f) and not f.in_cycle and f.type.name in by_name]

    def mentions(name: str) -> List[str]:
        return [f.type.name for f in by_name[name].fields if f.type.is_message and f.type.name in by_name]

    # Types that may be incomplete come first too, because a list of a defined type needs no declaration. In a cycle through a list this
    # can put a value after its user. The second pass corrects that and moves nothing else.
    done = _users_last(list(by_name), lambda name: values(name) + mentions(name))
    done = _users_last(done, values)
    return tuple(by_name[name] for name in done)


def _users_last(names: Sequence[str], needs: Callable[[str], List[str]]) -> List[str]:
    """Returns the names in their order, each after the names that it needs. A name in a cycle is placed where it is first found."""
    done: Dict[str, None] = {}
    met: Set[str] = set()
    for root in names:
        if root in met:
            continue
        met.add(root)
        work = [(root, iter(needs(root)))]
        while work:
            name, rest = work[-1]
            needed = next((n for n in rest if n not in met), None)
            if needed is None:
                done[name] = None
                work.pop()
            else:
                met.add(needed)
                work.append((needed, iter(needs(needed))))
    return list(done)


def _components(edges: Dict[str, List[str]]) -> Dict[str, int]:
    """Strongly connected components (Tarjan), without recursion over the depth of the schema. A node in no cycle has a component that no
    other node shares. A node with an edge to itself is in the same component as its target."""
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
