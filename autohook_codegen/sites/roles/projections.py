"""Queries, keys and values: back from what a product takes to the projection that made it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import zip_longest

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.values import Items, Module
from autohook_codegen.sites.roles.linear import is_linear, is_parameter
from autohook_codegen.sites.roles.projected import Projected

__all__ = ["elements", "projections", "unprojected"]

_ONWARD = frozenset(
    "same view cast item slice repeat scale norm activation dropout clamp mask softmax".split()
)
_ENDS = frozenset("matmul argument parameter leaf fact".split())
_TURNS = frozenset("transpose mT mH T t swapaxes swapdims adjoint".split())
MOST_PATHS, DEEPEST, MOST_STEPS = 12, 200, 2000


def projections(
    flow: Flow, operand: Point, is_handed: bool = False, callees: frozenset[str] = frozenset()
) -> list[Projected]:
    """Return the ways back from an operand; none where it is no projection's.

    `is_handed` says that the module is handed its queries, keys and values: then the ways go on in
    what calls it. `callees` are unknown functions that project.
    """
    found = _Search(flow, is_handed, callees).back(_without_own_views(flow, operand))
    return list({tuple(way.point for way in one.ways): one for one in found}.values())


def unprojected(flow: Flow, operand: Point) -> list[Projected]:
    """Return the way back to what an operand is that no projection has made: an argument, a
    learned query."""
    ways: list[Way] = []
    way = flow.way(_without_own_views(flow, operand))
    while way.kind in _ONWARD | {"function", "unknown"}:
        fed = [one for one in way.sources if way.kind == "same" or flow.is_fed(one)]
        if not way.sources or (way.kind == "same" and len(fed) > 1):
            break
        ways.append(way)
        way = flow.way((fed or way.sources)[0])
    return [] if way.kind in ("leaf", "fact") else [Projected((*ways, way), frozenset())]


def _without_own_views(flow: Flow, operand: Point) -> Point:
    """Return the operand as it was before it was turned for the product: ``k`` of
    ``k.transpose(-2, -1)``."""
    point = operand
    while (way := flow.way(point)).kind == "view" and isinstance(point.node, ast.expr):
        point = way.sources[0]
    if isinstance(point.node, ast.Name) or point.node is operand.node:
        return point
    way = flow.way(operand)
    return way.sources[0] if way.kind == "view" and way.name in _TURNS else operand


class _Search:
    def __init__(self, flow: Flow, is_handed: bool, callees: frozenset[str]) -> None:
        self.flow = flow
        self.is_handed = is_handed
        self.callees = callees
        self._steps = 0
        self._open: set[Point] = set()
        self._round: set[Point] = set()
        """Those of the open points that a loop has come back to."""
        self._done: dict[Point, list[Projected]] = {}

    def back(self, point: Point) -> list[Projected]:
        if point in self._done:
            return self._done[point]
        self._steps += 1
        if point in self._open or len(self._open) > DEEPEST or self._steps > MOST_STEPS:
            self._round |= {point} & self._open
            return []
        self._open.add(point)
        found = self._of_kind(self.flow.way(point))[:MOST_PATHS]
        self._open.discard(point)
        self._round.discard(point)
        if not self._round:
            self._done[point] = found
        return found

    def _of_kind(self, way: Way) -> list[Projected]:
        kind = way.kind
        if kind in ("conv", "attention") or is_linear(self.flow, way):
            return [Projected((way,), frozenset())]
        if kind == "module":
            return self._module(way)
        if kind in ("function", "unknown"):
            return self._call(way)
        if kind in ("add", "join", "scale"):
            return self._several(way)
        if kind == "argument" and self.is_handed:
            return [
                one.behind(way)
                for given in self.flow.at_callers(way.point)
                for one in self.back(given)
            ]
        if kind == "choice" or kind in _ONWARD:
            # some of each arm, where there are too many
            arms = [self._past_optional(one, way) for one in way.sources]
            in_turn = zip_longest(*map(self.back, arms))
            return [one.behind(way) for several in in_turn for one in several if one is not None]
        if kind not in _ENDS and way.sources:  # another operation, an interpolation
            return [one.behind(way) for one in self.back(way.sources[0])]
        return []

    def _past_optional(self, arm: Point, choice: Way) -> Point:
        """Return what an unknown module is given that the other arm does without, a norm."""
        way = self.flow.way(self.flow.origin(arm))
        if way.kind != "module" or way.inner or not way.sources:
            return arm
        given = self._views(way.sources[0])
        others = [one for one in choice.sources if one != arm]
        return way.sources[0] if any(given & self._views(one) for one in others) else arm

    def _views(self, point: Point) -> set[Point]:
        ways = self.flow.walk(point, lambda way: way.kind in ("same", "view", "cast"))
        return {way.point for way in ways}

    def _module(self, way: Way) -> list[Projected]:
        """A module is a projection, if it is none that only changes what one has made."""
        calls = [way.point._replace(part=())]
        if way.inner:
            inside = [one for inner in way.inner for one in self.back(inner)]
            # not the kernel of a norm, which takes a parameter too
            inside = [one for one in inside if one.end.kind != "unknown"] or inside
            if inside and all(_is_outside(one, way.point) for one in inside):
                return [one.behind(way, calls) for one in inside]
            return [Projected((way,), frozenset())]
        place = way.point.part[0] if way.point.part else None
        given = way.sources[:1]
        if isinstance(place, int) and len(way.sources) > 1:
            given = way.sources[place : place + 1]
        earlier = [one for source in given for one in self.back(source)]
        if any(one.end.kind in ("linear", "matmul", "conv") for one in earlier):
            return [one.behind(way, calls) for one in earlier]
        if not any(isinstance(one, Module | Items) for one in way.modules) and way.modules:
            return []
        return [Projected((way,), frozenset())]

    def _call(self, way: Way) -> list[Projected]:
        # what is mapped over several is called for each of them
        calls = [way.point if way.name == "map" else way.point._replace(part=())]
        inside = [one.behind(way, calls) for inner in way.inner for one in self.back(inner)]
        if inside:
            return inside
        fed = [one for one in way.sources if self.flow.is_fed(one)]
        if way.kind == "unknown" and fed and way.name in self.callees:
            return [Projected((way,), frozenset())]
        place = way.point.part[0] if way.point.part else None
        if isinstance(place, int):
            receiver = getattr(getattr(way.point.node, "func", None), "value", None)
            is_method = bool(way.sources) and way.sources[0].node is receiver
            sources = way.sources[place + is_method : place + is_method + 1]
        else:
            sources = tuple(fed[:1])
        return [one.behind(way, calls) for source in sources for one in self.back(source)]

    def _several(self, way: Way) -> list[Projected]:
        """What is summed or joined: halves of one projection, or several projections."""
        if way.kind == "add":
            biases = [is_parameter(self.flow, one) for one in way.sources]
            if any(biases) and not all(biases):
                inner = way.sources[biases.index(False)]
                return [one.behind(way._replace(kind="bias")) for one in self.back(inner)]
        sides = [(one, self.back(one)) for one in elements(self.flow, way)]
        sides = [(one, found) for one, found in sides if found]
        sure = [(one, found) for one, found in sides if any(map(_is_sure, found))]
        sides = sure or sides  # not the module that makes cos and sin
        sides = sides[:1] if way.kind == "scale" else sides
        ends = {one.end.point for _, found in sides for one in found}
        turns = (
            way.kind == "add" and len(sides) > 1 and all(self._is_scaled(one) for one, _ in sides)
        )
        calls = frozenset(call for _, found in sides for one in found for call in one.calls)
        turned = turns or any(one.turns for _, found in sides for one in found)
        if len(sides) < 2:
            return [one.behind(way) for _, found in sides for one in found]
        if all({one.end.point for one in found} == ends for _, found in sides):
            return self._joined_again(way, [found for _, found in sides], calls, turned)
        if way.kind == "join":
            return [Projected((way,), calls, turned)]
        return [one.behind(way, calls, turns) for _, found in sides for one in found]

    def _joined_again(
        self, way: Way, sides: list[list[Projected]], calls: frozenset[Point], turned: bool
    ) -> list[Projected]:
        """Parts of one projection: the ways that all of them share, those that may have been turned
        before they were parted apart from the others."""
        if len({any(one.turns for one in found) for found in sides}) > 1:
            way = way._replace(kind="rotation")
        is_choice = all(len({one.turns for one in found}) > 1 for found in sides)
        parted: list[Projected] = []
        for turns in (True, False) if is_choice else (turned,):
            paths: dict[Point, list[tuple[Way, ...]]] = {}
            for one in (one for found in sides for one in found):
                if not is_choice or one.turns is turns:
                    paths.setdefault(one.end.point, []).append(one.ways)
            for end in sorted(paths, key=_position):
                parted.append(Projected((way, *_common(paths[end])), calls, turns))
        return parted

    def _is_scaled(self, point: Point) -> bool:
        way = self.flow.way(point)
        while way.kind == "same" and len(way.sources) == 1:
            way = self.flow.way(way.sources[0])
        return way.kind == "scale" and len(way.sources) == 2


def _position(point: Point) -> tuple[int, int]:
    return getattr(point.node, "lineno", 0), getattr(point.node, "col_offset", 0)


def _is_sure(path: Projected) -> bool:
    return path.end.kind != "module"


def elements(flow: Flow, way: Way) -> Iterator[Point]:
    """Yield what is joined, or summed."""
    for one in way.sources:
        inner = flow.way(one)
        if way.kind == "join" and inner.kind == "join" and not isinstance(one.node, ast.Call):
            yield from inner.sources
        else:
            yield one


def _common(paths: list[tuple[Way, ...]]) -> tuple[Way, ...]:
    """Return what all paths end with."""
    first = paths[0]
    length = 0
    while all(
        len(one) > length and one[-1 - length].point == first[-1 - length].point for one in paths
    ) and length < len(first):
        length += 1
    return first[len(first) - length :]


def _is_outside(one: Projected, call: Point) -> bool:
    """Tell whether the way ends in the caller, before the call."""
    context = one.end.point.context
    return context == call.context
