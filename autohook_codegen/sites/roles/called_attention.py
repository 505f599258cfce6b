"""Attention that another function computes: a fused one, or what transformers' interface gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Function
from autohook_codegen.library.operations import ATTENTION_FUNCTIONS, WITHOUT_STEPS

__all__ = ["CalledAttention", "fused_calls", "given_queries", "interface_calls"]

_NAMES = (("query", "q"), ("key", "k"), ("value", "v"))
_INTERFACES = "ALL_ATTENTION_FUNCTIONS"
_CHANGES_SCORES = frozenset({"s_aux", "sinks", "softcap"})


@dataclass(frozen=True, slots=True)
class CalledAttention:
    """One call."""

    call: ast.Call
    q: Point
    k: Point
    v: Point
    z: Point
    callee: ast.expr | None
    """What is wrapped to show scores and pattern; ``None`` where nothing can."""
    eager: Function | None = None
    """The file's own function that computes the same in steps."""
    eager_name: str | None = None
    hides: str = ""
    """Why scores and pattern cannot be shown."""


def fused_calls(flow: Flow, function: FunctionTrace) -> Iterator[CalledAttention]:
    """Yield the calls of a fused attention: ``F.scaled_dot_product_attention(q, k, v)``."""
    for call in _calls(function):
        way = flow.way(Point(call, function))
        if not _is_fused(flow, way):
            continue
        given = given_queries(call, 0)
        if given is not None:
            q, k, v = (Point(one, function) for one in given)
            z = _first(flow, call, function)
            if way.name in WITHOUT_STEPS:
                yield CalledAttention(call, q, k, v, z, None, hides="nothing computes its steps")
            else:
                yield CalledAttention(call, q, k, v, z, call.func)


def _is_fused(flow: Flow, way: Way) -> bool:
    """Tell whether it is a call of a fused attention, perhaps of one whose file is in the input."""
    if way.kind in ATTENTION_FUNCTIONS:
        return True
    return way.name in ATTENTION_FUNCTIONS and not any(
        flow.way(Point(node, one.function)).kind in (*ATTENTION_FUNCTIONS, "softmax")
        for one in way.inner
        for node in _calls(one.function)
    )


def interface_calls(flow: Flow, function: FunctionTrace) -> Iterator[CalledAttention]:
    """Yield the calls of what ``get_interface`` gives, or a choice with the file's own function:
    ``attention_interface(self, q, k, v, mask)``."""
    for call in _calls(function):
        if not isinstance(call.func, ast.Name | ast.Call | ast.Subscript):
            continue
        given = given_queries(call, 1)
        if given is None or not call.args:
            continue
        chosen = list(
            flow.walk(Point(call.func, function), lambda way: way.kind in ("same", "choice"))
        )
        interfaces = [one.point.node for one in chosen if _is_interface(one.point.node)]
        if not interfaces:
            continue
        named = [one.point.node for one in chosen if not one.sources]
        for one in interfaces:
            if isinstance(one, ast.Call):
                named += [*one.args[1:], *(k.value for k in one.keywords if k.arg == "default")]
        eager, name = _own_function(named, function)
        starts = [one for one in chosen if one.kind not in ("same", "choice")]
        callee: ast.expr = call.func
        if len(starts) == 1 and isinstance(interfaces[0], ast.expr):
            callee = interfaces[0]
        hides = eager is None and any(one.arg in _CHANGES_SCORES for one in call.keywords)
        q, k, v = (Point(one, function) for one in given)
        z = Point(call, function, None, (0,))
        why = "sinks or softcap may be at work in it" if hides else ""
        yield CalledAttention(call, q, k, v, z, None if hides else callee, eager, name, why)


def _calls(function: FunctionTrace) -> list[ast.Call]:
    return [node for node in function.values if isinstance(node, ast.Call)]


def given_queries(call: ast.Call, first: int) -> list[ast.expr] | None:
    """Return what a call gives for q, k and v, by keyword or by place."""
    found: list[ast.expr] = []
    for place, names in enumerate(_NAMES, first):
        keyword = next((one.value for one in call.keywords if one.arg in names), None)
        if keyword is not None:
            found.append(keyword)
        elif place < len(call.args) and not any(
            isinstance(one, ast.Starred) for one in call.args[: place + 1]
        ):
            found.append(call.args[place])
    return found if len(found) == 3 else None


def _first(flow: Flow, call: ast.Call, function: FunctionTrace) -> Point:
    """Return the result of a call, or the first of a tuple."""
    parent = flow.takers(function).parent(call)
    is_tuple = isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Tuple)
    return Point(call, function, None, (0,) if is_tuple else ())


def _is_interface(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="get_interface")):
            return True
        case ast.Subscript(value=ast.Name(name) | ast.Attribute(attr=name)):
            return name.endswith(_INTERFACES)
        case (
            ast.Call(func=ast.Attribute(attr="get", value=ast.Name(name)))
            | ast.Call(func=ast.Name("getattr"), args=[ast.Name(name), *_])
        ):
            return name.endswith(_INTERFACES)
    return False


def _own_function(
    nodes: list[ast.AST], function: FunctionTrace
) -> tuple[Function | None, str | None]:
    for node in nodes:
        if isinstance(node, ast.Name):
            for one in function.values.get(node, frozenset()):
                if isinstance(one, Function):
                    return one, node.id
    return None, None
