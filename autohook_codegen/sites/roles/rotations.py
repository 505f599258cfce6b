"""Rotary positions: what a rotation has made of queries and keys."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.sites.roles.projections import Projected

__all__ = ["rotated"]

_SKIPPED = frozenset("same choice view cast item repeat scale slice".split())


def rotated(paths: list[Projected], shared: frozenset[ast.AST]) -> list[Point]:
    """Return the last values, before views, cache, repeats and scale, whose way from the projection
    meets a rotation; `shared` are the calls that the ways of both q and k meet."""
    found: dict[Point, None] = {}
    for path in paths:
        if not (path.turns or path.calls & shared):
            continue
        for way in path.ways[:-1]:
            is_cache = way.kind in ("unknown", "join") and way.point.node not in shared
            if way.kind in _SKIPPED or (is_cache and _goes_on(path, way, shared)):
                continue
            found[way.point] = None
            break
    return list(found)


def _goes_on(path: Projected, way: Way, shared: frozenset[ast.AST]) -> bool:
    """Tell whether the rotation stands behind this way, which is a cache then."""
    rest = path.ways[path.ways.index(way) + 1 :]
    return any(
        one.point.node in shared or one.kind in ("add", "function", "module", "join")
        for one in rest[:-1]
    )
