"""Two streams that a branch of the forward joins: their query stands behind the branch, joined or
not."""

from __future__ import annotations

import ast
from collections.abc import Collection

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.sites.candidate import After
from autohook_codegen.sites.roles.projected import Projected
from autohook_codegen.sites.roles.projections import elements, projections

__all__ = ["joined_in_branches"]


def joined_in_branches(
    flow: Flow, paths: Collection[Projected]
) -> tuple[list[tuple[Point, After]], list[Projected]]:
    """Return what holds the joined value or, where the branch is not taken, one of its parts; and
    the ways that do not come to either."""
    found: list[tuple[Point, After]] = []
    held: set[Point] = set()
    for path in paths:
        place = _behind_branch(flow, path) if path.end.kind == "join" else None
        if place is not None:
            found.append(place)
            held.add(path.end.point)
            for part in elements(flow, path.end):
                held.update(one.end.point for one in projections(flow, part))
    if not any(path.end.kind != "join" and path.end.point in held for path in paths):
        return [], list(paths)
    return found, [path for path in paths if path.end.point not in held]


def _behind_branch(flow: Flow, path: Projected) -> tuple[Point, After] | None:
    """Return the name that the branch may have bound anew, and how it passes behind the branch."""
    join = path.end.point
    choice = next((way for way in reversed(path.ways) if way.kind == "choice"), None)
    if choice is None or not isinstance(name := choice.point.node, ast.Name):
        return None
    if join not in map(flow.origin, choice.sources):
        return None
    nodes = join.function.file.nodes
    branch, around = None, nodes.parent(join.node)
    while isinstance(around, ast.Tuple | ast.Assign | ast.If) and not nodes.holds(around, name):
        branch, around = around, nodes.parent(around)
    if not isinstance(branch, ast.If):
        return None
    return choice.point, After(branch, ast.copy_location(ast.Name(name.id, ast.Load()), branch))
