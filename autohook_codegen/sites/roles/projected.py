"""The way from what a product takes back to a projection, and where on it a query stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import FILLED, Context, Point, Way

__all__ = ["Projected"]

_FOLLOWS = frozenset({"same", "view", "item", "slice", "cast", "argument"})
"""What may stand between a projection and the place where TransformerLens has its query."""


@dataclass(frozen=True, slots=True)
class Projected:
    """A way from a product's operand back to a projection, or to where several are joined."""

    ways: tuple[Way, ...]
    """The operand's first, the projection's last."""
    calls: frozenset[Point]
    """The calls of functions on any of the ways: one that q's and k's meet is a rotation."""
    turns: bool = False
    """It meets ``a * cos + b * sin``."""

    @property
    def end(self) -> Way:
        return self.ways[-1]

    def behind(self, way: Way, calls: Iterable[Point] = (), turns: bool = False) -> Projected:
        return Projected((way, *self.ways), self.calls | frozenset(calls), self.turns or turns)

    def place(self, flow: Flow, skipped: int = 0) -> tuple[Point, list[Way]]:
        """Return the last view that follows the projection directly, and the ways from there back
        to the projection; or that follows what stands so many ways behind it."""
        skipped = max(skipped, self._in_shared(flow))
        if self.end.name == FILLED:
            later = (way for way in reversed(self.ways[:-1]) if way.kind != "same")
            return next(later, self.ways[0]).point, []
        start, ways = self.ways[-1 - skipped], self.ways[: -1 - skipped]
        point, passed = start.point, [start]
        for way in reversed(ways):
            if way.point.context != start.point.context or not (
                way.kind in _FOLLOWS
                or (way.kind == "bias" and not self.end.modules)
                or _chooses_projections(flow, way)
            ):
                break
            passed.append(way)
            is_name = way.kind in ("same", "choice", "cast", "argument")
            if not is_name or isinstance(way.point.node, ast.Call):
                point = way.point
        return point, passed

    def _in_shared(self, flow: Flow) -> int:
        """Return how many ways, from the projection, are in the function or comprehension that it
        stands in, where that makes several, perhaps a query and a key: it is called in several
        places, or for each item of what is taken apart behind."""
        function, shared, is_one_of = self.end.point.function, None, False
        for context in _around(self.end):
            if context in _around(self.ways[0]):  # the product stands in it too
                break
            parts = [way.point.part for way in self.ways if way.point.context is context]
            # or a function that gives back what a comprehension in it has made of each
            is_one_of = context.mapped not in (None, (None,)) or (is_one_of and all(parts))
            if is_one_of or len(flow.calls_of.get(function.node or context.call, ())) > 1:
                shared = context
            function = context.function
        inside = takewhile(lambda way: shared in _around(way), reversed(self.ways))
        return sum(1 for _ in inside) if shared is not None else 0

    def shared_with(self, other: Projected) -> int:
        """Return how many ways, from the projection, both go together before they part."""
        count = 0
        for one, two in zip(reversed(self.ways), reversed(other.ways), strict=False):
            if one.point != two.point:
                break
            count += 1
        return count


def _chooses_projections(flow: Flow, way: Way) -> bool:
    """Tell whether each arm of a choice is a projection, or a view of one."""
    if way.kind != "choice":
        return False
    ends = [
        one.kind
        for arm in way.sources
        for one in flow.walk(arm, lambda one: one.kind in _FOLLOWS | {"choice"})
        if one.kind not in _FOLLOWS | {"choice"}
    ]
    return all(kind in ("linear", "conv") for kind in ends)


def _around(way: Way) -> list[Context]:
    """Return the calls by which the way has gone into functions, the innermost first."""
    found: list[Context] = []
    context = way.point.context
    while context is not None:
        found.append(context)
        context = context.outer
    return found
