"""Rotary positions: what a rotation has made of queries and keys."""

from __future__ import annotations

from itertools import takewhile

from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.sites.roles.projected import Projected

__all__ = ["calls_of_both", "rotated"]

_SKIPPED = frozenset("same choice view cast item repeat scale slice argument".split())


def calls_of_both(queries: list[Projected], keys: list[Projected]) -> frozenset[Point]:
    """Return the calls that take and give both; not those in which one projection is parted."""
    shared: set[Point] = set()
    parting: set[Point] = set()
    for q in queries:
        for k in keys:
            together = q.shared_with(k)
            shared |= q.calls & k.calls
            parting |= {_call(way) for way in q.ways[len(q.ways) - together :]}
            context = q.ways[-1 - together].point.context if together < len(q.ways) else None
            while context is not None:
                parting.add(Point(context.call, context.function, context.outer))
                context = context.outer
    return frozenset(shared - parting)


def rotated(paths: list[Projected], shared: frozenset[Point]) -> list[Point]:
    """Return the last values, before views, cache, repeats and scale, whose way from the projection
    meets a rotation; `shared` are the calls that the ways of both q and k meet."""
    found: dict[Point, None] = {}
    for path in paths:
        if not (path.turns or path.calls & shared):
            continue
        for place, way in enumerate(path.ways[:-1]):
            is_cache = way.kind in ("unknown", "join") and _call(way) not in shared
            if (
                way.kind in _SKIPPED
                or (is_cache and _goes_on(path, way, shared))
                or _only_scales(path.ways[place:])
            ):
                continue
            found[way.point] = None
            break
    return list(found)


def _only_scales(ways: tuple[Way, ...]) -> bool:
    """Tell whether the first is the call of a function that does nothing but views and scale."""
    depth = _depth(ways[0])
    inside = list(takewhile(lambda one: _depth(one) > depth, ways[1:]))
    return bool(inside) and all(one.kind in _SKIPPED for one in inside)


def _depth(way: Way) -> int:
    return way.point.context.depth if way.point.context is not None else 0


def _call(way: Way) -> Point:
    return way.point._replace(part=())


def _goes_on(path: Projected, way: Way, shared: frozenset[Point]) -> bool:
    """Tell whether the rotation stands behind this way, which is a cache then."""
    rest = path.ways[path.ways.index(way) + 1 :]
    return any(
        _call(one) in shared or one.kind in ("add", "function", "module", "join")
        for one in rest[:-1]
    )
