"""Methods of lists and dicts, also of those that hold modules."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.growing import add_member, added_members
from autohook_codegen.analysis.items import item_of
from autohook_codegen.analysis.iterating import keyed, members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import members
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    PLAIN,
    UNKNOWN,
    Counter,
    Fields,
    Items,
    Member,
    Plain,
    Value,
)

__all__ = ["METHODS", "container_method"]

METHODS = frozenset(
    "append extend insert add appendleft pop popleft index count copy to_tuple add_module "
    "register_module update setdefault items keys values get clear sort reverse remove "
    "__getitem__ __len__".split()
)


def container_method(
    frame: Frame, one: Items | Fields, func: ast.Attribute, node: ast.Call, arguments: Arguments
) -> Value:
    given = [argument for argument in arguments.positional if not argument.is_starred]
    if func.attr in ("append", "add", "appendleft") and given:
        _grow(frame, one, func, node, given[-1].value)
        return NOTHING
    if func.attr == "insert" and len(given) == 2:
        _grow(frame, one, func, node, given[1].value)
        return NOTHING
    if func.attr == "extend" and given:
        inside = [
            join(members(other, added_members(frame, other)))
            if isinstance(other, Items | Fields)
            else UNKNOWN
            for other in given[0].value
        ]
        _grow(frame, one, func, node, join(*inside) if inside else NOT_REACHED)
        return NOTHING
    if func.attr in ("add_module", "register_module", "setdefault") and len(given) == 2:
        key = _constant(given[0].value)
        _grow(frame, one, func, node, given[1].value, key)
        return given[1].value if func.attr == "setdefault" else NOTHING
    if func.attr == "update" and isinstance(one, Fields):
        for other in given[0].value if given else ():
            if isinstance(other, Fields):
                for name, value in other.fields:
                    _grow(frame, one, func, node, value, name)
                if other.rest:
                    _grow(frame, one, func, node, other.rest)
        for argument in arguments.given:
            if argument.name is not None and not argument.is_starred:
                _grow(frame, one, func, node, argument.value, argument.name)
        return NOTHING
    if isinstance(one, Fields):
        return _of_dict(frame, one, func.attr, node, arguments)
    if func.attr in ("pop", "popleft", "__getitem__"):
        key = _constant(given[0].value) if given else None
        return item_of(frame, one, key if isinstance(key, int) else None, node, None)
    if func.attr in ("copy", "to_tuple"):
        return frozenset({one})
    if func.attr in ("index", "count", "__len__"):
        return PLAIN
    return UNKNOWN


def _of_dict(frame: Frame, one: Fields, name: str, node: ast.Call, arguments: Arguments) -> Value:
    if name == "items":
        return keyed(frame, one, node)
    if name == "keys":
        return frozenset({Items("iterator", (), frozenset({Plain(counter=Counter(by_key=True))}))})
    if name == "values":
        found = Items("list", (), members(one, added_members(frame, one)), one.held)
        step = Member(along=node, by_key=True)
        inside = members_of(frame, frozenset({found}), node, step)
        return frozenset({Items("iterator", (), inside)})
    if name in ("get", "pop", "__getitem__") and arguments.positional:
        first = arguments.positional[0]
        key = _constant(first.value)
        written = first.node if key is None else None
        found_item = item_of(frame, one, key, node, written)
        default = arguments.positional[1].value if len(arguments.positional) > 1 else NOT_REACHED
        if name == "get" and not default:
            default = NOTHING
        return join(found_item, default)
    if name in ("copy", "to_tuple"):
        return frozenset({one})
    return UNKNOWN


def _grow(
    frame: Frame,
    one: Items | Fields,
    func: ast.Attribute,
    node: ast.Call,
    value: Value,
    key: str | int | None = None,
) -> None:
    add_member(frame, one, func.attr, tuple(node.args), func.value, value, key)


def _constant(value: Value) -> str | int | None:
    if len(value) == 1:
        (one,) = value
        if isinstance(one, Plain):
            return one.constant
    return None
