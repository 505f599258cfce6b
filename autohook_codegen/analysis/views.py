"""Functions and modules that do nothing but views, or one product, which are that themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autohook_codegen.analysis.points import Point, Way

if TYPE_CHECKING:
    from autohook_codegen.analysis.flow import Flow

__all__ = ["through_product", "through_views"]


def through_views(flow: Flow, way: Way) -> Way:
    """Return a view for a call of a function that does nothing but views."""
    ends: dict[Point, None] = {}
    stack, seen = list(way.inner), set(way.inner)
    while stack:
        point = stack.pop()
        if point.context == way.point.context:
            ends[point] = None
            continue
        inside = flow.way(point)
        if inside.kind not in ("same", "choice", "view", "item") or not inside.sources:
            return way
        stack += [one for one in inside.sources if one not in seen]
        seen.update(inside.sources)
    return way._replace(kind="view", sources=tuple(ends), inner=()) if ends else way


def through_product(flow: Flow, way: Way) -> Way:
    """Return a product for a call of what only multiplies two values that it is handed."""
    if len(way.inner) != 1:
        return way
    inside = next(iter(_behind_names(flow, way.inner[0])), None)
    if inside is None or inside.kind != "matmul" or len(inside.sources) != 2:
        return way
    handed: list[Point] = []
    for source in inside.sources:
        point = source
        while point.context != way.point.context and flow.way(point).kind == "same":
            (point, *_) = flow.way(point).sources
        handed.append(point)
    if any(one.context != way.point.context for one in handed):
        return way
    return way._replace(kind="matmul", sources=tuple(handed), inner=())


def _behind_names(flow: Flow, point: Point) -> Iterator[Way]:
    return (one for one in flow.walk(point, lambda one: one.kind == "same") if one.kind != "same")
