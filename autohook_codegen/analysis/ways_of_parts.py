"""The ways of tuples and comprehensions, of their items, and of attributes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.values import Fields, Items, Parameter, Tensor, Unknown
from autohook_codegen.analysis.views import through_views
from autohook_codegen.library.operations import family

if TYPE_CHECKING:
    from autohook_codegen.analysis.flow import Flow

__all__ = ["way_of_attribute", "way_of_comprehension", "way_of_display", "way_of_subscript"]


def way_of_display(flow: Flow, point: Point, elements: list[ast.expr]) -> Way:
    """Return the way to one item of a tuple or list, or to all of them; what is appended to a list
    is one more."""
    if isinstance(point.node, ast.List):
        elements = [*elements, *_appended(flow, point)]
    if point.part and isinstance(place := point.part[0], int):
        inner = _element(point, elements, place)
        if inner is not None:
            return Way("same", point, (inner,))
    rest = point.part[1:]
    sources = tuple(point._replace(node=one, part=rest) for one in elements)
    return Way("choice" if point.part else "join", point, sources)


def _element(point: Point, elements: list[ast.expr], place: int) -> Point | None:
    """Return one element, perhaps an item of one with a star: ``(q, *kv.chunk(2))``."""
    stars = [n for n, one in enumerate(elements) if isinstance(one, ast.Starred)]
    if place < 0 or not stars or place < stars[0]:
        shown = not stars and -len(elements) <= place < len(elements)
        if not shown and not (stars and 0 <= place < stars[0]):
            return None
        return point._replace(node=elements[place], part=point.part[1:])
    star = elements[stars[0]]
    if stars != [len(elements) - 1] or not isinstance(star, ast.Starred):
        return None
    return point._replace(node=star.value, part=(place - stars[0], *point.part[1:]))


def _appended(flow: Flow, point: Point) -> list[ast.expr]:
    """Return ``x`` of ``outs.append(x)``, where ``outs`` is the list."""
    if point.function.node is None:
        return []
    return [
        taker.args[0]
        for taker, _ in flow.takers(point.function).of(point.node)
        if isinstance(taker, ast.Call)
        and isinstance(taker.func, ast.Attribute)
        and taker.func.attr == "append"
        and len(taker.args) == 1
    ]


def way_of_comprehension(flow: Flow, point: Point, node: ast.ListComp | ast.GeneratorExp) -> Way:
    """``q, k, v = (rearrange(t, …) for t in qkv)``"""
    context = flow.context(point, node, point.part[:1] or (None,))
    inner = (Point(node.elt, point.function, context, point.part[1:]),)
    return through_views(flow, Way("join", point, inner, "", frozenset(), inner))


def way_of_subscript(flow: Flow, point: Point, node: ast.Subscript) -> Way:
    """Return the way to an item of a tuple, or to the tensor that is indexed."""
    holder = flow.value(point.at(node.value))
    key: ast.expr = node.slice
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub):
        key = key.operand
    constant = key.value if isinstance(key, ast.Constant) else None
    if isinstance(node.slice, ast.UnaryOp) and isinstance(constant, int):
        constant = -constant
    if any(isinstance(one, Items | Fields) for one in holder) and not any(
        isinstance(one, Tensor) for one in holder
    ):
        place = constant if isinstance(constant, int | str) else None
        inner = point._replace(node=node.value, part=(place, *point.part))
        return Way("item", point, (inner,))
    if isinstance(constant, int) and not any(isinstance(one, Tensor) for one in holder):
        inner = point._replace(node=node.value, part=(constant, *point.part))
        return Way("item", point, (inner,))
    kind = "view" if _is_index(node.slice) else "slice"
    return Way(kind, point, (point.at(node.value),), "index")


def way_of_attribute(flow: Flow, point: Point, node: ast.Attribute) -> Way:
    """Return the way to a field, or to the tensor that is viewed, ``x.T``."""
    value = flow.value(point)
    if any(isinstance(one, Parameter) for one in value):
        return Way("parameter", point, (), node.attr, value)
    if family(node.attr) in ("view", "fact") and any(
        isinstance(one, Tensor | Unknown) for one in flow.value(point.at(node.value))
    ):
        return Way(family(node.attr), point, (point.at(node.value),), node.attr)
    holder = flow.value(point.at(node.value))
    if any(isinstance(one, Fields | Items | Tensor) for one in holder) or (
        any(isinstance(one, Unknown) and one.origin is not None for one in holder)
    ):
        inner = point._replace(node=node.value, part=(node.attr, *point.part))
        return Way("item", point, (inner,))
    return Way("leaf", point, (), node.attr, value)


def _is_index(key: ast.expr) -> bool:
    """Tell whether an index takes no part of a dimension: ``[:, 0]``, ``[..., None]``."""
    parts = key.elts if isinstance(key, ast.Tuple) else [key]
    return all(
        (
            isinstance(one, ast.Slice)
            and one.lower is None
            and one.upper is None
            and one.step is None
        )
        or isinstance(one, ast.Constant | ast.Name | ast.UnaryOp)
        for one in parts
    )
