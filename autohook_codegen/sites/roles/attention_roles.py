"""The values of one attention that have a role: queries, keys and values, what a product gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from autohook_codegen.analysis.points import Point
from autohook_codegen.sites.candidate import Form
from autohook_codegen.sites.roles.joined import joined_in_branches
from autohook_codegen.sites.roles.projected import Projected
from autohook_codegen.sites.roles.projections import projections, unprojected
from autohook_codegen.sites.roles.rotations import calls_of_both, rotated
from autohook_codegen.sites.roles.value_sites import ValueSites

__all__ = ["Place", "Role", "projected_roles", "results"]

Place: TypeAlias = tuple[str, Point]
"""A role, and where the value stands that has it."""


@dataclass(frozen=True, slots=True)
class Role:
    """A value with a role."""

    name: str
    point: Point
    takes: frozenset[ast.AST] = frozenset()
    """The calls whose result the value is."""
    behind: frozenset[Point] = frozenset()
    """The views that it is a view of."""
    form: Form | None = None
    """How it passes its hook point, where that is not told by where it stands."""

    @property
    def wholes(self) -> list[Place]:
        return [(self.name, one) for one in self.behind]


def projected_roles(
    value_sites: ValueSites, q: Point, k: Point, v: Point
) -> tuple[tuple[Projected, ...], list[Role]]:
    """Return the ways back to the projections, and q, k and v with what rotations make of them."""
    flow = value_sites.flow
    operands = (("q", q), ("k", k), ("v", v))
    ways = {role: projections(flow, one) for role, one in operands}
    ends = [one.end for its in ways.values() for one in its]
    if callees := frozenset(one.name for one in ends if one.kind == "unknown"):
        ways = {role: projections(flow, one, callees=callees) for role, one in operands}
    elif not ends:
        handed = {role: projections(flow, one, is_handed=True) for role, one in operands}
        if all(len({one.end.point for one in its}) == 1 for its in handed.values()):
            ways = handed
    ways = {role: ways[role] or unprojected(flow, one) for role, one in operands}
    found: list[Role] = []
    for role, paths in ways.items():
        others = [one for name, its in ways.items() if name != role for one in its]
        joined, rest = joined_in_branches(flow, paths)
        found += [Role(role, point, form=form) for point, form in joined]
        for path in rest:
            point, passed = path.place(flow)
            if any(other.place(flow)[0] == point for other in others):
                # not parted in sight of the projection: behind where they part
                together = max(path.shared_with(other) for other in others)
                if together == len(path.ways):
                    continue
                point, passed = path.place(flow, together)
            nodes = frozenset(way.point.node for way in passed)
            passes = value_sites.all_pass(path.end.point.node, nodes, point)
            behind = frozenset(way.point for way in passed) - {point}
            found.append(Role(role, point, nodes if passes else frozenset(), behind))
    taken = {one.point for one in found}
    shared = calls_of_both(ways["q"], ways["k"])
    turned = [
        Role(f"rot_{role}", point)
        for role in ("q", "k")
        for point in rotated(ways[role], shared)
        if point not in taken
    ]
    if len({one.name for one in turned}) == 2:
        found += turned
    return (*ways["v"], *ways["k"], *ways["q"]), found


def results(value_sites: ValueSites, product: Point) -> Iterator[Role]:
    """Yield the place of z; in a helper that is not handed the module those around its calls."""
    flow, function = value_sites.flow, product.function
    if value_sites.holder(function) is not None or function.node is None:
        yield Role("z", product, frozenset({product.node}))
        return
    for call, caller in flow.calls_of.get(function.node, ()):
        for part in ((), (0,)):
            way = flow.way(Point(call, caller, None, part))
            reached = (
                one.point.node
                for start in way.inner
                for one in flow.walk(start, lambda one: one.kind in ("same", "view", "choice"))
            )
            if product.node in reached:
                yield Role("z", Point(call, caller, None, part), frozenset({call}))
                break
