"""The residual stream: sums of a value with what was computed from it."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Function
from autohook_codegen.sites.roles.streams import NO_STREAM, Place, Streams

__all__ = ["Residual", "Sum"]

MOST_POINTS = 2000
_THROUGH = frozenset("module linear conv attention norm".split())


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A sum on the stream."""

    point: Point
    """Of the whole sum."""
    stream: Point
    branches: tuple[Point, ...]
    roots: tuple[Point, ...]
    """Where the stream was made: an argument, another sum."""
    through_callers: bool
    """Only what the class is handed says that the branch was computed from the stream."""


class Residual:
    """The sums of a whole program."""

    def __init__(
        self, flow: Flow, functions: list[FunctionTrace], other_sums: Collection[ast.AST] = ()
    ) -> None:
        self.flow = flow
        self.streams = Streams(flow)
        self.functions = functions
        self.other_sums = other_sums
        """Sums that have another role."""

    @cached_property
    def sums(self) -> dict[FunctionTrace, list[Sum]]:
        found: dict[FunctionTrace, list[Sum]] = {}
        for function in self.functions:
            inner: set[ast.AST] = set()
            # outer sums before those that they hold
            for node in _sums_in(function):
                if node in inner or node in self.other_sums:
                    continue
                point = Point(node, function)
                terms = self._terms(self._in_helper(point), inner)
                one = self._sum(point, terms) if len(terms) > 1 else None
                if one is not None:
                    found.setdefault(function, []).append(one)
        return found

    def _in_helper(self, point: Point) -> Point:
        """Return the sum that a helper without a module of its own gives back, for its call."""
        way = self.flow.way(point)
        if way.kind != "function" or len(way.inner) != 1 or way.inner[0].function.owner is not None:
            return point
        return self.flow.origin(way.inner[0])

    def _terms(self, point: Point, inner: set[ast.AST]) -> list[Point]:
        """Return the terms of a sum, those of sums in the same expression together."""
        found: list[Point] = []
        way = self.flow.way(point)
        for one in way.sources if way.kind == "add" else ():
            node = one.node
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                inner.add(node)
                found += self._terms(one, inner)
            else:
                found.append(one)
        return found

    def _sum(self, point: Point, terms: list[Point]) -> Sum | None:
        for stream in terms:
            roots = self.streams.roots(stream)
            if not roots:
                continue
            others = [one for one in terms if one is not stream]
            line = self.streams.line(stream)
            if all(
                not self.streams.roots(one) <= roots
                and not self.streams.is_scaled_beside(one, stream)
                and not self._takes_away(one, roots)
                and self._is_computed(one, line, point.node)  # asked last: it goes far
                for one in others
            ):
                return Sum(point, stream, tuple(others), _sorted(roots), False)
        for stream in terms:
            roots = self.streams.roots(stream)
            others = [one for one in terms if one is not stream]
            if roots and all(self._is_computed_by_callers(one, roots) for one in others):
                return Sum(point, stream, tuple(others), _sorted(roots), True)
        return None

    def _takes_away(self, term: Point, roots: frozenset[Point]) -> bool:
        """Tell whether the stream is taken away in the term: ``x + (y - x).detach()`` is ``y``."""
        return any(
            way.name == "Sub" and not roots.isdisjoint(self.streams.roots(way.sources[1]))
            for way in self.flow.walk(term, lambda way: way.kind in ("same", "view", "cast"))
        )

    # --- what was computed from it

    def _is_computed(
        self, term: Point, line: frozenset[Place], whole: ast.AST | None = None
    ) -> bool:
        """Tell whether the term was computed from the stream by a module or a parameter, and not in
        an earlier round of a loop, by way of the whole sum."""
        seen: set[tuple[Point, bool]] = set()
        stack = [(term, False)]
        while stack:
            point, passed = stack.pop()
            if (point, passed) in seen or len(seen) > MOST_POINTS or point.node is whole:
                continue
            seen.add((point, passed))
            if point.place in line:
                if passed:
                    return True
                continue  # a part of the stream itself
            way = self.flow.way(point)
            if way.kind in NO_STREAM:
                continue
            through = passed or way.kind in _THROUGH or self._has_code(way)
            stack += [(one, through) for one in way.inner or way.sources]
        return False

    def _has_code(self, way: Way) -> bool:
        """Tell whether it takes a parameter, or calls a method that it is handed:
        ``apply_chunking_to_forward(self.ff_chunk, …, x)``."""
        return any(self.flow.way(one).kind == "parameter" for one in way.sources) or (
            not way.inner
            and any(
                isinstance(one, Function) for point in way.sources for one in self.flow.value(point)
            )
        )

    def _is_computed_by_callers(self, term: Point, roots: frozenset[Point]) -> bool:
        """Tell whether what calls the class has computed it from what it hands over as the
        stream."""
        leaves = {
            way.point
            for way in self.flow.walk(term, lambda way: way.kind not in ("fact", "parameter"))
            if way.kind == "argument"
        }
        return bool(roots) and all(
            isinstance(one.node, ast.arg) and self._is_computed_from(one, leaves - {one})
            for one in roots
        )

    def _is_computed_from(self, stream: Point, leaves: set[Point]) -> bool:
        """Tell whether some call hands over one of these arguments computed from `stream`."""
        for call, caller in self.flow.module_calls_of.get(stream.function.node or stream.node, ()):
            mine = self._given(stream, call, caller)
            if mine is None:
                continue
            line = self.streams.line(mine)
            if any(
                (other := self._given(leaf, call, caller)) is not None
                and self._is_computed(other, line)
                for leaf in leaves
            ):
                return True
        return False

    def _given(self, argument: Point, call: ast.Call, caller: FunctionTrace) -> Point | None:
        found = [
            one
            for one in self.flow.at_callers(argument)
            if one.function is caller and caller.file.nodes.holds(call, one.node)
        ]
        return found[0] if found else None


def _sorted(points: frozenset[Point]) -> tuple[Point, ...]:
    """Return the points in the order of the source, one of each node."""
    by_node = {one.node: one for one in points}.values()
    return tuple(
        sorted(
            by_node,
            key=lambda one: (getattr(one.node, "lineno", 0), getattr(one.node, "col_offset", 0)),
        )
    )


def _sums_in(function: FunctionTrace) -> list[ast.AST]:
    """Return the sums of a function, an outer one before those inside of it."""
    if function.node is None:
        return []
    body = function.node.body
    starts = body if isinstance(body, list) else [body]
    nodes = function.file.nodes.walk(starts, (ast.FunctionDef, ast.Lambda, ast.ClassDef))
    return [node for node in nodes if _may_be_sum(node)]


def _may_be_sum(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.Add()) | ast.AugAssign(op=ast.Add()):
            return True
        case ast.Call(func=ast.Attribute(attr="add" | "add_")) | ast.Call(func=ast.Name()):
            return True
    return False
