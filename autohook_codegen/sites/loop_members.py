"""Loops over containers: which member a loop's name is, and how the loop counts it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.scope import Binding, Loop, Scope
from autohook_codegen.declares.value import UNKNOWN, Kind
from autohook_codegen.sites.reference import Item, LoopStep, Reference

if TYPE_CHECKING:
    from autohook_codegen.sites.references import References

__all__ = ["loop_member"]


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a loop runs over, taken out of `enumerate`, `zip` and the like one after another."""

    source: ast.expr
    """What hands out the members, as far as it has been taken out."""
    target: ast.expr
    """The part of the loop's target that `source` hands them to."""
    path: tuple[int, ...]
    """Where in that part the name stands."""
    own_index: str | None = None
    start: str | None = None
    zipped: bool = False
    by_key: bool = False


def loop_member(binding: Binding, references: References) -> Reference | None:
    """What a loop binds to a name, if it hands out the members of a container."""
    loop = binding.node
    assert binding.value is not None
    assert isinstance(loop, Loop)
    walk = _Walk(binding.value, loop.target, binding.path)
    while (inner := _taken_out(walk)) is not None:
        walk = inner
    if walk.own_index is not None and _rebound(walk.own_index, loop, references.scope):
        walk = replace(walk, own_index=None)
    whole = walk.source
    part = _container(walk, loop, references.scope)
    return _member_of(part, loop, whole, references) if part is not None else None


def _taken_out(walk: _Walk) -> _Walk | None:
    """What stands inside of one call; ``None`` where the container itself is reached."""
    source = walk.source
    if isinstance(source, ast.BoolOp) and _is_or_empty(source):
        return replace(walk, source=source.values[0])
    if not isinstance(source, ast.Call) or not source.args:
        return None
    name = dotted_name(source.func)
    if name == "enumerate" and walk.path[:1] == (1,):
        counts = len(source.args) == 1 and not source.keywords
        counts = counts or (len(source.args) == 2 and _is_zero(source.args[1]))
        index = _at(walk.target, 0)
        if counts and walk.own_index is None and isinstance(index, ast.Name) and index.id != "_":
            walk = replace(walk, own_index=index.id)
        return _handed(walk, source.args[0])
    if name == "zip" and walk.path and walk.path[0] < len(source.args):
        return _handed(walk, source.args[walk.path[0]])
    if name == "reversed":
        return replace(walk, source=source.args[0], zipped=True)
    if name in ("list", "tuple", "iter") and len(source.args) == 1:
        return replace(walk, source=source.args[0])
    return None


def _handed(walk: _Walk, source: ast.expr) -> _Walk:
    """What goes to the first place of the path."""
    place, *path = walk.path
    return replace(walk, source=source, target=_at(walk.target, place), path=tuple(path))


def _at(target: ast.expr, place: int) -> ast.expr:
    if isinstance(target, ast.Tuple | ast.List) and place < len(target.elts):
        return target.elts[place]
    return target


def _container(walk: _Walk, loop: Loop, scope: Scope) -> _Walk | None:
    """The container of ``layers[k:]``, ``layers.items()`` or ``layers.values()``."""
    source = walk.source
    if isinstance(source, ast.Subscript) and isinstance(source.slice, ast.Slice):
        part = source.slice
        walk = replace(walk, source=source.value)
        if part.step is not None or (part.lower is not None and not _is_start(part.lower)):
            return replace(walk, zipped=True)
        if part.lower is not None and not _is_zero(part.lower):
            return replace(walk, start=ast.unparse(part.lower), own_index=None)
        return walk
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and not source.args:
        container = source.func.value
        if source.func.attr == "values":
            return replace(walk, source=container, by_key=True, zipped=True)
        if source.func.attr != "items":
            return None
        walk = replace(walk, source=container)
        if walk.path[:1] != (1,):
            return walk
        key = _at(walk.target, 0)
        own = key.id if isinstance(key, ast.Name) and not _rebound(key.id, loop, scope) else None
        path = walk.path[1:]
        return replace(walk, path=path, by_key=True, own_index=own, zipped=own is None)
    return walk


def _member_of(
    walk: _Walk, loop: Loop, whole: ast.expr, references: References
) -> Reference | None:
    held = references.resolve(walk.source) or _begins_as(walk.source, references)
    if held is None or not held.steps or held.value.surely_neither:
        return None
    value = held.value
    if value.is_parameter and not value.is_container:
        return None
    if Kind.DICT in value.kinds and not walk.by_key:
        return None  # the names, not the members
    if not value.is_container and value.input_classes:
        return None
    step = LoopStep(loop, walk.own_index, walk.start, walk.zipped, whole)
    item = Item(step, walk.by_key or Kind.DICT in value.kinds)
    found = replace(held, steps=(*held.steps, item), value=value.items or UNKNOWN)
    for index in walk.path:
        if not found.value.is_container and Kind.UNKNOWN not in found.value.kinds:
            return None
        found = references.member(found, str(index), index)
    return found


def _begins_as(source: ast.expr, references: References) -> Reference | None:
    """The container that ``blocks`` has the first members of, after
    ``blocks = self.blocks if whole else self.blocks[:k]``.
    """
    if not isinstance(source, ast.Name):
        return None
    bindings = references.scope.visible(source.id, source)
    if not bindings or any(one.is_loop or one.path or one.value is None for one in bindings):
        return None
    found = [
        references.resolve(_without_end(branch))
        for one in bindings
        for branch in _branches(one.value)
    ]
    first = found[0] if found else None
    same = first is not None and all(one is not None and one.is_same(first) for one in found)
    return first if same else None


def _branches(value: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _branches(value.body)
        yield from _branches(value.orelse)
    elif value is not None:
        yield value


def _without_end(value: ast.expr) -> ast.expr:
    """``self.blocks`` for ``self.blocks[:k]``."""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        part = value.slice
        if part.step is None and (part.lower is None or _is_zero(part.lower)):
            return value.value
    return value


def _rebound(name: str, loop: Loop, scope: Scope) -> bool:
    bindings = [one for one in scope.bindings.get(name, ()) if one.node is not loop]
    if isinstance(loop, ast.comprehension):
        return any(isinstance(one.node, ast.NamedExpr) for one in bindings)
    return any(loop in scope.ancestors(one.node) for one in bindings)


def _is_or_empty(node: ast.BoolOp) -> bool:
    """``self.layers or []``"""
    last = node.values[-1]
    return (
        isinstance(node.op, ast.Or)
        and len(node.values) == 2
        and isinstance(last, ast.List | ast.Tuple)
        and not last.elts
    )


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _is_start(node: ast.expr) -> bool:
    """A start that counts from the first member: from the last, there may be fewer members."""
    return _is_plain(node) and not isinstance(node, ast.UnaryOp)


def _is_plain(node: ast.expr) -> bool:
    """An expression that can be written twice: it has no effect and gives the same both times."""
    return all(
        isinstance(
            one,
            ast.Name
            | ast.Attribute
            | ast.Constant
            | ast.BinOp
            | ast.UnaryOp
            | ast.operator
            | ast.unaryop
            | ast.expr_context,
        )
        for one in ast.walk(node)
    )
