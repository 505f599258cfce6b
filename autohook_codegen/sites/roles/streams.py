"""What the residual stream is at a place of the source: back to where it was made."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TypeAlias

from autohook_codegen.analysis.call_arguments import Part
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Attribute, Items, Module
from autohook_codegen.library import guesses
from autohook_codegen.sites.references import held_by

__all__ = ["NO_STREAM", "Place", "Streams"]

_NEAR = frozenset("same choice view cast item slice".split())
_STREAM = frozenset("same choice view cast item scale dropout".split())
NO_STREAM = frozenset("leaf fact parameter".split())
Place: TypeAlias = tuple[ast.AST, FunctionTrace, Part]


class Streams:
    """The streams of a whole program."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def roots(self, point: Point) -> frozenset[Point]:
        """Return where the stream was made, behind views, casts, scaling, choices and shortcuts."""
        ways = self.flow.walk(self._before_shortcut(point), self._stream_onward)
        return frozenset(
            way.point for way in ways if way.kind not in NO_STREAM and not self._stream_onward(way)
        )

    def line(self, stream: Point) -> frozenset[Place]:
        """Return all places at which the value is the stream, back to where that was made."""
        ways = self.flow.walk(self._before_shortcut(stream), self._stream_onward)
        return frozenset(way.point.place for way in ways if way.kind not in NO_STREAM)

    def _before_shortcut(self, term: Point) -> Point:
        """Return what a module is given that is called a shortcut: ``self.conv_skip(x)``."""
        way = self.flow.way(self.flow.origin(term))
        held = held_by(way.modules)
        steps = held.steps if held is not None else ()
        is_shortcut = any(
            guesses.is_shortcut_name(one.name) for one in steps[-1:] if isinstance(one, Attribute)
        )
        return way.sources[0] if is_shortcut and way.sources else term

    def _stream_onward(self, way: Way) -> bool | tuple[Point, ...]:
        if isinstance(way.point.node, ast.arg) and way.point.context is None:
            if way.point.function.node in self.flow.trace.entries:
                return False  # whoever calls it: ``super().forward(x)``
        if way.kind == "choice":
            return tuple(
                inner for one in way.sources for inner in self._past_shortcut(one, way.sources)
            )
        if way.kind == "function":
            return way.inner
        if way.kind in ("module", "linear", "conv", "norm") and self._may_be_identity(way):
            return way.sources[:1]
        if way.kind == "scale":
            fed = [one for one in way.sources if self.flow.is_fed(one)]
            # a product of two computed values is another one
            return tuple(fed or way.sources[:1]) if len(fed) < 2 else False
        return way.kind in _STREAM

    def _may_be_identity(self, way: Way) -> bool:
        """Tell whether the module is in some configuration none: ``nn.Identity()``, a Sequential
        that nothing is put into."""
        return any(
            (isinstance(one, Module) and one.cls == "torch.nn.Identity")
            or (
                isinstance(one, Items)
                and not (one.first or one.rest or one.site in self.flow.trace.growths)
            )
            for one in way.modules
        )

    def _past_shortcut(self, arm: Point, arms: tuple[Point, ...]) -> tuple[Point, ...]:
        """Return what a module was given that stands in for the stream in one arm of a choice."""
        way = self.flow.way(self.flow.origin(arm))
        if way.kind in ("module", "linear", "conv", "norm") and way.sources:
            given = self.flow.origin(way.sources[0])
            if any(self.flow.origin(one) == given for one in arms if one is not arm):
                return (arm, given)
        return (arm,)

    def is_scaled_beside(self, term: Point, shift: Point) -> bool:
        """Tell whether it is scaled by another part of what `shift` is a part of: a modulation."""
        parts = set(self._parts(shift, _NEAR))
        wholes = {node for node, *_ in parts}
        return any(
            place not in parts and place[0] in wholes
            for way in self.flow.walk(term, lambda way: way.kind in _NEAR)
            if way.kind == "scale"
            for factor in way.sources
            for place in self._parts(factor, _NEAR | {"add"})
        )

    def _parts(self, point: Point, near: Collection[str]) -> Iterator[Place]:
        """Yield the parts that a value is made of: ``chunk(6)[2] + 1``."""
        for way in self.flow.walk(point, lambda way: way.kind in near):
            if way.point.part:
                yield way.point.place
