"""Targets: names, attributes, items, and tuples that take a value apart."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.attributes import define, define_on_library_module
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.growing import add_member, set_field
from autohook_codegen.analysis.items import item_of
from autohook_codegen.analysis.iterating import members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import held_at, reach
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Attribute,
    Bag,
    Fields,
    Instance,
    Items,
    Module,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.names import dotted_name

__all__ = ["assign", "delete"]


def assign(
    frame: Frame, target: ast.expr, value: Value, source: ast.expr | None, by: ast.AST
) -> None:
    """Give `target` the value; `source` is the expression that it is, where there is one."""
    if frame.environment is None:
        return
    match target:
        case ast.Name():
            if source is not None:
                frame.use(source, value, How.BOUND, by)
            frame.bind(target.id, value)
            frame.trace.values[target] = value
            owner = frame.unit.owner
            if owner is not None and isinstance(frame.unit.node, ast.ClassDef):
                define(frame, owner, target.id, value, None, None)
        case ast.Attribute():
            if source is not None:
                frame.use(source, value, How.STORED, by)
            set_attribute(frame, target, value)
        case ast.Subscript():
            if source is not None:
                frame.use(source, value, How.STORED, by)
            _set_item(frame, target, value, source)
        case ast.Tuple() | ast.List():
            if source is not None:
                frame.use(source, value, How.UNPACKED, by)
            frame.trace.values[target] = value
            _unpack(frame, target, value, source, by)
        case ast.Starred():
            assign(frame, target.value, _list_of(value), None, by)


def _list_of(value: Value) -> Value:
    return frozenset({Items("list", (), value)})


def _unpack(
    frame: Frame,
    target: ast.Tuple | ast.List,
    value: Value,
    source: ast.expr | None,
    by: ast.AST,
) -> None:
    shown = isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts)
    star = next(
        (place for place, one in enumerate(target.elts) if isinstance(one, ast.Starred)), None
    )
    for place, one in enumerate(target.elts):
        if star is not None and place >= star:
            whole = frame.trace.values.get(source) if source is not None else None
            rest = members_of(frame, whole if whole is not None else value, by)
            assign(frame, one, rest, None, by)
            continue
        inner = source.elts[place] if shown else None  # type: ignore[union-attr]
        if isinstance(inner, ast.Starred):
            inner = None
        if inner is not None and source is not None:
            frame.not_used(inner, How.JOINED, source)  # there is no tuple but in the source
        assign(frame, one, unpacked(frame, value, place, target), inner, by)


def unpacked(frame: Frame, value: Value, place: int, target: ast.expr) -> Value:
    """Return what ``a, b = value`` gives the target at `place`."""
    found: list[Value] = []
    for one in value:
        if isinstance(one, Tensor):
            found.append(frozenset({Tensor(one.origin)}))
        elif isinstance(one, Fields) and not one.is_ordered:
            found.append(UNKNOWN)
        else:
            found.append(item_of(frame, one, place, target, None))
    return join(*found) if found else NOT_REACHED


def set_attribute(frame: Frame, target: ast.Attribute, value: Value) -> None:
    holder = frame.evaluate(target.value)
    for one in holder:
        match one:
            case Module(cls=cls) | Instance(cls=cls) if cls is not None and not isinstance(
                cls, str
            ):
                way = one.held if one.held is None or one.held.steps else None
                own = way is None or isinstance(cls, Bag)
                if own or isinstance(one, Module):
                    define(frame, cls, target.attr, value, target.value, None)
            case Module(cls=str()) | Items(kind=str()):
                define_on_library_module(frame, one.held, target.attr, value)
            case Fields():
                set_field(frame, one, target.attr, value)
    ways = {getattr(one, "held", None) for one in holder}
    way = ways.pop() if len(ways) == 1 else None
    frame.narrow(target, held_at(value, reach(way, Attribute(target.attr))))


def _set_item(frame: Frame, target: ast.Subscript, value: Value, source: ast.expr | None) -> None:
    holder = frame.evaluate(target.value)
    key = frame.evaluate(target.slice)
    constant = next(iter(key)).constant if len(key) == 1 and _is_plain(key) else None  # type: ignore[union-attr]
    for one in holder:
        match one:
            case Items() | Fields():
                arguments = (target.slice, source) if source is not None else (target.slice,)
                add_member(frame, one, "[]", arguments, target.value, value, constant)
            case Tensor() | Unknown():
                frame.use(target.value, holder, How.WRITTEN, target)


def _is_plain(value: Value) -> bool:
    return all(isinstance(one, Plain) for one in value)


def delete(frame: Frame, target: ast.expr) -> None:
    if frame.environment is None:
        return
    if isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            delete(frame, one)
    elif isinstance(target, ast.Subscript):
        frame.evaluate(target.value)
        frame.evaluate(target.slice)
    elif isinstance(target, ast.Name):
        frame.environment.pop(target.id, None)
    else:
        path = dotted_name(target)
        if path is not None:
            frame.environment.pop(path, None)
