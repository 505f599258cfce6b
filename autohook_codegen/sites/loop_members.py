"""Loops over containers: which member a loop's name is, and how the loop counts it."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.scope import Binding, Loop, Scope
from autohook_codegen.declares.value import UNKNOWN, Kind
from autohook_codegen.sites.reference import Item, LoopStep, Reference

if TYPE_CHECKING:
    from autohook_codegen.sites.references import References

__all__ = ["loop_member"]


def loop_member(binding: Binding, references: References) -> Reference | None:
    """What a loop binds to a name, if it hands out the members of a container."""
    assert binding.value is not None
    loop = binding.node
    assert isinstance(loop, Loop)
    source: ast.expr = binding.value
    path = binding.path
    own: str | None = None
    start: str | None = None
    zipped = False
    targets: ast.expr = loop.target
    while True:
        name = dotted_name(source.func) if isinstance(source, ast.Call) else None
        if (
            isinstance(source, ast.Call)
            and name == "enumerate"
            and source.args
            and path[:1] == (1,)
        ):
            counts = len(source.args) == 1 and not source.keywords
            counts = counts or (len(source.args) == 2 and _is_zero(source.args[1]))
            first = targets.elts[0] if isinstance(targets, ast.Tuple | ast.List) else None
            if counts and isinstance(first, ast.Name) and first.id != "_" and own is None:
                own = first.id
            targets = targets.elts[1] if isinstance(targets, ast.Tuple | ast.List) else targets
            source, path = source.args[0], path[1:]
        elif isinstance(source, ast.Call) and name == "zip" and path and path[0] < len(source.args):
            if isinstance(targets, ast.Tuple | ast.List):
                targets = targets.elts[path[0]]
            source, path = source.args[path[0]], path[1:]
        elif isinstance(source, ast.Call) and name == "reversed" and source.args:
            source, zipped = source.args[0], True
        elif isinstance(source, ast.BoolOp) and _is_or_empty(source):
            source = source.values[0]
        elif (
            isinstance(source, ast.Call)
            and name in ("list", "tuple", "iter")
            and len(source.args) == 1
        ):
            source = source.args[0]
        else:
            break
    if own is not None and _rebound(own, loop, references.scope):
        own = None
    return _member_of(references, loop, source, path, own, start, zipped, targets)


def _member_of(
    references: References,
    loop: Loop,
    source: ast.expr,
    path: tuple[int, ...],
    own: str | None,
    start: str | None,
    zipped: bool,
    targets: ast.expr,
) -> Reference | None:
    whole = source
    by_key = False
    if isinstance(source, ast.Subscript) and isinstance(source.slice, ast.Slice):
        part = source.slice
        source = source.value
        if part.step is not None or (part.lower is not None and not _is_start(part.lower)):
            zipped = True
        elif part.lower is not None and not _is_zero(part.lower):
            start, own = ast.unparse(part.lower), None
    elif (
        isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and not source.args
    ):
        if source.func.attr == "items" and path[:1] == (1,):
            first = targets.elts[0] if isinstance(targets, ast.Tuple | ast.List) else None
            by_key, path = True, path[1:]
            own = (
                first.id
                if isinstance(first, ast.Name) and not _rebound(first.id, loop, references.scope)
                else None
            )
            zipped = own is None
        elif source.func.attr == "values":
            by_key = zipped = True
        else:
            return None
        source = source.func.value
    held = references.resolve(source)
    if held is None or not held.steps or held.value.surely_neither:
        return None
    value = held.value
    if value.is_parameter and not value.is_container:
        return None
    if Kind.DICT in value.kinds and not by_key:
        return None  # the names, not the members
    if not value.is_container and value.input_classes:
        return None
    step = LoopStep(loop, own, start, zipped, whole)
    item = Item(step, by_key or Kind.DICT in value.kinds)
    found = replace(held, steps=(*held.steps, item), value=value.items or UNKNOWN)
    for index in path:
        if not found.value.is_container and Kind.UNKNOWN not in found.value.kinds:
            return None
        found = references.member(found, str(index), index)
    return found


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
