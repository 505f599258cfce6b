"""Functions that do nothing but views, which are views themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autohook_codegen.analysis.points import Point, Way

if TYPE_CHECKING:
    from autohook_codegen.analysis.flow import Flow

__all__ = ["through_views"]


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
    return replace(way, kind="view", sources=tuple(ends)) if ends else way
