"""Whether what is given to a module is a fed tensor: no mask, position, rotary table, cache or
number."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.parts import origin_of
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Nothing, Tensor, Unknown, Value
from autohook_codegen.sites.inputs.purpose import Purpose
from autohook_codegen.sites.inputs.purposes import Purposes

__all__ = ["Carried", "may_be_none"]

_SIDE = frozenset({Purpose.MASK, Purpose.INDEX, Purpose.TARGET, Purpose.FACTOR})
"""What is done with masks, positions and labels; others are multiplied by a mask, too."""
_SAYS_NOTHING = frozenset(
    {Purpose.TENSOR, Purpose.NO_TENSOR, Purpose.MAY_BE_NONE, Purpose.RETURNED}
)
_RAW = frozenset(
    "same choice item argument fact leaf view cast repeat slice mask join scale add clamp function"
    " unknown other matmul".split()
)
"""Ways that lead through no module and no parameter."""


class Carried:
    """Judges what calls give."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.purposes = Purposes(flow)
        self._owners: dict[ast.AST, FunctionTrace] | None = None

    def is_input(
        self, node: ast.expr, function: FunctionTrace, purposes: frozenset[Purpose]
    ) -> bool:
        """Tell whether a value is a fed tensor, for what the callee does with it."""
        value = function.values.get(node, frozenset())
        if not self._is_tensor(value, purposes) or not self._is_data_for(node, function, purposes):
            return False
        return self.is_fed(Point(node, function))

    def brings_data(self, argument: ast.arg, function: FunctionTrace) -> bool:
        """Tell whether an argument of a root is a tensor: data, or token ids."""
        value = function.arguments.get(argument, frozenset())
        purposes = self.purposes.of_argument(argument, function)
        if not self._is_tensor(value, purposes) or not purposes - _SAYS_NOTHING:
            return False
        return self._is_given(Point(argument, function))

    def _is_tensor(self, value: Value, purposes: frozenset[Purpose]) -> bool:
        kinds = [one for one in value if not isinstance(one, Nothing)]
        if not kinds or not all(isinstance(one, Tensor | Unknown) for one in kinds):
            return False
        is_sure = Purpose.TENSOR in purposes and Purpose.NO_TENSOR not in purposes
        if any(isinstance(one, Tensor) for one in kinds):
            known = {origin_of(one) for one in kinds if isinstance(one, Tensor)}
            others = [one for one in kinds if origin_of(one) not in known]
            return is_sure or not any(map(_is_from_elsewhere, others))
        for one in kinds:
            origin = origin_of(one)
            if origin is not None and isinstance(origin.node, ast.arg) and not origin.part:
                function = self._owner_of(origin.node)
                if function is not None:
                    purposes |= self.purposes.of_argument(origin.node, function)
        return Purpose.TENSOR in purposes and Purpose.NO_TENSOR not in purposes

    def _is_data_for(
        self, node: ast.expr, function: FunctionTrace, purposes: frozenset[Purpose]
    ) -> bool:
        said = purposes - _SAYS_NOTHING
        if not said:
            return Purpose.RETURNED in purposes
        if Purpose.DATA in said:
            return True
        if Purpose.UNKNOWN in said:
            value = function.values.get(node, frozenset())
            return not said & _SIDE and any(map(_is_computed, value))
        return Purpose.FACTOR in said and not self._is_raw(Point(node, function))

    def _is_raw(self, point: Point) -> bool:
        """Tell whether the value has met no module and no parameter."""
        return all(way.kind in _RAW for way in self._ways(point))

    def is_fed(self, point: Point) -> bool:
        """Tell whether the value is computed from what a root is given, masks and positions
        aside."""
        return any(
            way.kind == "argument" and self._is_given(way.point) for way in self._ways(point)
        )

    def _ways(self, point: Point) -> Iterable[Way]:
        """Yield the ways back from a value, through the callers and what modules of the input do;
        not through what only asks for a shape."""
        return self.flow.walk(point, self._further)

    def _further(self, way: Way) -> bool | tuple[Point, ...]:
        if way.kind == "fact":
            return False
        if way.kind == "argument":
            return self._callers(way.point)
        return way.inner or way.sources

    def _callers(self, point: Point) -> tuple[Point, ...]:
        """Return what the calls in the input give for an argument."""
        if not isinstance(point.node, ast.arg):
            return ()
        found: list[Point] = []
        for one in point.function.arguments.get(point.node, frozenset()):
            origin = origin_of(one)
            if origin is not None and not isinstance(origin.node, ast.arg):
                function = self._owner_of(origin.node)
                if function is not None:
                    found.append(Point(origin.node, function))
        return tuple(found)

    def _owner_of(self, node: ast.AST) -> FunctionTrace | None:
        """Return the function that an expression or statement stands in."""
        if self._owners is None:
            self._owners = {}
            for function in self.flow.trace.functions.values():
                for one in (*function.values, *function.operations, *function.arguments):
                    self._owners.setdefault(one, function)
        return self._owners.get(node)

    def _is_given(self, point: Point) -> bool:
        """Tell whether an argument brings data in: one that no call in the input gives, and that is
        no mask."""
        if self._callers(point) or not isinstance(point.node, ast.arg):
            return False
        said = self.purposes.of_argument(point.node, point.function) - _SAYS_NOTHING
        return not said or Purpose.DATA in said or said == {Purpose.INDEX}


def _is_computed(one: object) -> bool:
    """Tell whether a tensor is a result, and not what was handed in."""
    return (
        isinstance(one, Tensor)
        and one.origin is not None
        and not isinstance(one.origin.node, ast.arg)
    )


def may_be_none(value: Value, purposes: frozenset[Purpose]) -> bool:
    """Tell whether what a callee tests for `None`, or of which nothing is known, may be that."""
    is_known = any(isinstance(one, Tensor) for one in value)
    is_left_out = any(isinstance(one, Nothing) for one in value)
    if Purpose.UNKNOWN in purposes and is_left_out:
        return True
    return Purpose.MAY_BE_NONE in purposes and (is_left_out or not is_known)


def _is_from_elsewhere(one: object) -> bool:
    """Tell whether an alternative beside tensors is something else than an argument."""
    if not isinstance(one, Unknown):
        return False
    return one.origin is None or not isinstance(one.origin.node, ast.arg)
