"""Parts of values: an item, a field, and how it is reached from what holds it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Attribute,
    Computed,
    Fields,
    Held,
    Instance,
    Item,
    Items,
    Member,
    Module,
    Nothing,
    Origin,
    Parameter,
    Step,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = [
    "OWN",
    "field",
    "held_at",
    "held_of",
    "holds_modules",
    "is_one_of_others",
    "item",
    "members",
    "of_call",
    "origin_of",
    "reach",
    "reached_by",
    "with_held",
]

OWN = ast.arg("self")
"""The instance itself, in what is kept in its attributes."""

_HOLDERS = Module | Instance | Parameter | Items | Fields | Unknown


def with_held(value: Value, held: Held | None) -> Value:
    """Return the value as the code at hand reaches it.

    What has a way of its own already keeps it: a local list of submodules.
    """
    if held is None:
        return value
    return frozenset(
        replace(one, held=held)
        if isinstance(one, _HOLDERS) and one.held is None and not _is_elsewhere(one)
        else one
        for one in value
    )


def _is_elsewhere(one: Alternative) -> bool:
    return isinstance(one, Unknown) and (one.name is not None or one.origin is not None)


def is_one_of_others(one: Parameter, value: Value, values: Mapping[ast.expr, Value]) -> bool:
    """Tell whether `value` may be something that was no parameter where the parameter was read:
    ``w`` behind ``w = self.W if given is None else given``, a state that a loop carries on.

    `values` are those of the function's expressions.
    """
    if one.source is None or one.source not in values:
        return False
    as_read = values[one.source]
    return any(
        not isinstance(other, Parameter | Nothing) and other not in as_read for other in value
    )


def origin_of(one: Alternative) -> Origin | None:
    return one.origin if isinstance(one, Tensor | Items | Fields | Unknown) else None


def held_of(one: Alternative) -> Held | None:
    return one.held if isinstance(one, _HOLDERS) else None


def reached_by(one: Alternative, held: Held | None) -> Alternative:
    """Return an alternative with another way to it."""
    return replace(one, held=held) if isinstance(one, _HOLDERS) else one


def kept(value: Value, keeper: Held | None) -> Value:
    """Return what an attribute of `keeper` keeps: what its lists hold is reached from `keeper`."""
    return frozenset(_kept(one, keeper) for one in value)


def _kept(one: Alternative, keeper: Held | None) -> Alternative:
    if isinstance(one, Items):
        first = tuple(kept(inner, keeper) for inner in one.first)
        one = replace(one, first=first, rest=kept(one.rest, keeper))
    elif isinstance(one, Fields):
        fields = tuple((name, kept(inner, keeper)) for name, inner in one.fields)
        one = replace(one, fields=fields, rest=kept(one.rest, keeper))
    if isinstance(one, _HOLDERS) and one.held is not None and one.held.root is OWN:
        way = Held(keeper.root, (*keeper.steps, *one.held.steps)) if keeper is not None else None
        return replace(one, held=way)
    return one


def reach(held: Held | None, step: Step) -> Held | None:
    return Held(held.root, (*held.steps, step)) if held is not None else None


def held_at(value: Value, held: Held | None) -> Value:
    """Return the value with another way to it, whichever it had."""
    return frozenset(replace(one, held=held) if isinstance(one, _HOLDERS) else one for one in value)


def members(one: Items | Fields, grown: Value = NOT_REACHED) -> Value:
    """Return what any member may be, without the way to it."""
    if isinstance(one, Items):
        return join(*one.first, one.rest, grown)
    return join(*(value for _, value in one.fields), one.rest, grown)


def item(one: Items | Fields, key: int | str | None, grown: Value = NOT_REACHED) -> Value:
    """Return one member, without the way to it; `None` is any."""
    if isinstance(one, Items):
        if not isinstance(key, int):
            return members(one, grown)
        if grown and key < 0:
            return members(one, grown)
        if 0 <= key < len(one.first):
            return one.first[key]
        if key < 0 and not one.rest and -len(one.first) <= key:
            return one.first[key]
        return join(one.rest, grown) if key >= 0 else members(one, grown)
    if isinstance(key, int) and one.is_ordered and not isinstance(one.kind, str):
        named = one.fields
        return named[key][1] if 0 <= key < len(named) else UNKNOWN
    if isinstance(key, int) and one.is_ordered and 0 <= key < len(one.fields):
        return one.fields[key][1]
    if isinstance(key, str):
        return field(one, key, grown)
    return members(one, grown)


def field(one: Fields, name: str, grown: Value = NOT_REACHED) -> Value:
    for known, value in one.fields:
        if known == name:
            return value
    return join(one.rest, grown)


def of_call(value: Value, node: ast.AST, part: tuple[Step, ...] = ()) -> Value:
    """Return a result as its caller sees it: each part of it comes from this call."""
    return frozenset(_of_call(one, Origin(node, part)) for one in value)


def _of_call(one: Alternative, origin: Origin) -> Alternative:
    node, part = origin.node, origin.part
    match one:
        case Tensor() | Parameter():
            return Tensor(origin)
        case Unknown():
            return replace(one, origin=origin, held=None)
        case Items():
            first = tuple(
                of_call(inner, node, (*part, Item(place))) for place, inner in enumerate(one.first)
            )
            rest = of_call(one.rest, node, (*part, Item(None)))
            return replace(one, first=first, rest=rest, origin=origin, held=None, site=None)
        case Fields():
            by_key = is_keyed(one)
            fields = tuple(
                (
                    name,
                    of_call(
                        inner,
                        node,
                        (*part, Item(name, by_key=True) if by_key else Attribute(name)),
                    ),
                )
                for name, inner in one.fields
            )
            rest = of_call(one.rest, node, (*part, Item(None, by_key=True)))
            return replace(one, fields=fields, rest=rest, origin=origin, held=None, site=None)
        case Module() | Instance():
            return replace(one, held=None)
    return one


def is_keyed(one: Fields) -> bool:
    """Tell whether fields are read by key, ``out["a"]``, and not as attributes."""
    return one.kind in ("dict", "collections.OrderedDict", "TypedDict")


def holds_modules(one: Items | Fields) -> bool:
    """Tell whether the container is a module, all of whose members are modules."""
    if isinstance(one.kind, ClassDecl):
        return one.kind.is_module
    return one.kind.startswith("torch.nn.") and "Parameter" not in one.kind


def origins(value: Value) -> Iterable[Origin]:
    """Yield where the value and all its parts come from."""
    for one in value:
        origin = origin_of(one)
        if origin is not None:
            yield origin
        if isinstance(one, Items):
            for inner in (*one.first, one.rest):
                yield from origins(inner)
        elif isinstance(one, Fields):
            for _, inner in one.fields:
                yield from origins(inner)
            yield from origins(one.rest)


def is_way(held: Held) -> bool:
    """Tell whether the steps mean the same in another function: no index that is written here."""
    return all(
        not (isinstance(step, Member | Computed) or (isinstance(step, Item) and step.written))
        for step in held.steps
    )
