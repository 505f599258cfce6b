"""Loops: what hands out which members, and how they are counted."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.growing import added_members
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import members, reach, with_held
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    PLAIN,
    UNKNOWN,
    Alternative,
    Counter,
    Fields,
    Held,
    Instance,
    Item,
    Items,
    Loop,
    Member,
    Module,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Step,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["bind_loop", "counted", "free_loop", "in_step", "keyed", "members_of", "unplaced"]


def members_of(frame: Frame, value: Value, node: ast.AST, step: Member | None = None) -> Value:
    """Return what a loop over the value hands out, the loop not yet bound."""
    step = step if step is not None else Member()
    found: list[Value] = []
    for one in value:
        match one:
            case Items(held=held):
                inside = members(one, added_members(frame, one))
                found.append(with_held(inside, reach(held, step)))
            case Fields():
                found.append(frozenset({Plain(counter=Counter(by_key=True))}))
            case Tensor() | Parameter():
                found.append(frozenset({Tensor(Origin(node))}))
            case Unknown(held=held):
                way = reach(held, step)
                found.append(frozenset({Unknown(held=way)}) if way is not None else UNKNOWN)
            case Plain():
                found.append(UNKNOWN if one.gives_others else PLAIN)
            case Module(held=held):
                found.append(frozenset({Unknown(held=reach(held, step))}))
            case Nothing():
                pass
            case _:
                found.append(UNKNOWN)
    return join(*found) if found else NOT_REACHED


def in_step(frame: Frame, value: Value, node: ast.AST, step: Member | None = None) -> Value:
    """Return a list whose members are those of a container, one by one in its order."""
    if step is None and len(value) == 1:
        (one,) = value
        if isinstance(one, Items) and one.held is None:
            rest = join(one.rest, added_members(frame, one))
            return frozenset({Items("iterator", one.first, rest)})
    return frozenset({Items("iterator", (), members_of(frame, value, node, step))})


def counted(frame: Frame, value: Value, node: ast.AST, start: ast.expr | None) -> Value:
    """``enumerate(value)``"""
    count = frozenset({Plain(counter=Counter(None, start))})
    pair = Items("tuple", (count, members_of(frame, value, node)))
    return frozenset({Items("iterator", (), frozenset({pair}))})


def keyed(frame: Frame, one: Fields, node: ast.AST) -> Value:
    """``one.items()``"""
    key = frozenset({Plain(counter=Counter(by_key=True))})
    inside = members(one, added_members(frame, one))
    member = with_held(inside, reach(one.held, Member(by_key=True)))
    pair = Items("tuple", (key, member))
    return frozenset({Items("iterator", (), frozenset({pair}))})


def bind_loop(frame: Frame, value: Value, loop: Loop) -> Value:
    """Return members as this loop hands them out."""
    if any(_is_advanced(frame, one) for one in frame.file.nodes.within(loop.iter)):
        return unplaced(value)
    return _changed(value, None, loop)


def _is_advanced(frame: Frame, node: ast.AST) -> bool:
    """Whether it is a name for ``iter(…)`` that is read elsewhere, too: what it hands out next,
    nothing says."""
    if not isinstance(node, ast.Name) or not any(
        isinstance(one, Items) and one.kind == "iter" for one in frame.trace.values.get(node, ())
    ):
        return False
    whole = frame.unit.node
    return any(
        isinstance(one, ast.Name) and one.id == node.id and isinstance(one.ctx, ast.Load)
        for one in frame.file.nodes.within(whole)
        if one is not node
    )


def unplaced(value: Value) -> Value:
    """Return members of which nothing says at which place they are held."""
    return _changed(value, None, Item(None))


def free_loop(value: Value, loop: Loop) -> Value:
    """Return what a comprehension collects: members in step with what it runs over."""
    return _changed(value, loop, None)


def _changed(value: Value, before: Loop | None, after: Loop | Item | None) -> Value:
    return frozenset(_one_changed(one, before, after) for one in value)


def _one_changed(one: Alternative, before: Loop | None, after: Loop | Item | None) -> Alternative:
    match one:
        case Items():
            return replace(
                one,
                first=tuple(_changed(inner, before, after) for inner in one.first),
                rest=_changed(one.rest, before, after),
                held=_way(one.held, before, after),
            )
        case Fields():
            return replace(
                one,
                fields=tuple((key, _changed(inner, before, after)) for key, inner in one.fields),
                rest=_changed(one.rest, before, after),
                held=_way(one.held, before, after),
            )
        case Module() | Instance() | Parameter() | Unknown():
            return replace(one, held=_way(one.held, before, after)) if one.held else one
        case Plain(counter=Counter() as counter) if counter.loop is before:
            known = None if isinstance(after, Item) else replace(counter, loop=after)
            return replace(one, counter=known)
    return one


def _way(held: Held | None, before: Loop | None, after: Loop | Item | None) -> Held | None:
    if held is None:
        return None
    steps: list[Step] = []
    for step in held.steps:
        if isinstance(step, Member) and step.loop is before:
            step = after if isinstance(after, Item) else replace(step, loop=after)
        steps.append(step)
    return Held(held.root, tuple(steps))
