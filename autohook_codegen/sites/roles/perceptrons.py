"""Perceptrons: what an activation function takes of a linear layer, and what it hands to the next
one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.program import FunctionNode
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.roles.projections import is_parameter
from autohook_codegen.sites.roles.value_sites import ValueSites

__all__ = ["perceptron_sites"]

_FROM_LINEAR = frozenset("same choice view cast item slice".split())
_TO_LINEAR = frozenset("view cast dropout norm slice item repeat clamp mask".split())
MOST_STEPS = 200


def perceptron_sites(value_sites: ValueSites, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of ``pre``, ``pre_linear`` and ``post``."""
    flow = value_sites.flow
    for node in [one for one in function.values if isinstance(one, ast.Call)]:
        way = flow.way(Point(node, function))
        if way.kind != "activation" or not way.sources:
            continue
        linear = _linear(flow, way.sources[0])
        if linear is None:
            continue
        post, gated = _gated(flow, way.point)
        if not _reaches_linear(flow, post.node, function):
            continue
        found: list[tuple[str, Point, Way | None]] = [("pre", flow.origin(way.sources[0]), linear)]
        if gated is not None:
            found.append(("pre_linear", flow.origin(gated), _linear(flow, gated)))
        for role, point, made in found:
            passes = made is not None and value_sites.all_pass(
                made.point.node, _between(flow, point), point
            )
            takes = {made.point.node, point.node} if made is not None and passes else ()
            site = value_sites.site(role, point, takes)
            if site is not None:
                yield site
        site = value_sites.site("post", post, {post.node})
        if site is not None:
            yield site


def _between(flow: Flow, point: Point) -> set[ast.AST]:
    return {way.point.node for way in flow.walk(point, _is_near)}


def _is_near(way: Way) -> bool:
    return way.kind in _FROM_LINEAR


def _linear(flow: Flow, start: Point) -> Way | None:
    """Return the linear layer whose result the value is, through bias, views and halves."""

    def onward(way: Way) -> bool | tuple[Point, ...]:
        if way.kind == "add":
            biases = [is_parameter(flow, one) for one in way.sources]
            return (
                tuple(one for one, is_bias in zip(way.sources, biases, strict=True) if not is_bias)
                if any(biases)
                else False
            )
        return _is_near(way)

    return next((way for way in flow.walk(start, onward) if _is_linear(flow, way)), None)


def _is_linear(flow: Flow, way: Way) -> bool:
    return way.kind == "linear" or (
        way.kind == "matmul" and any(is_parameter(flow, one) for one in way.sources)
    )


def _gated(flow: Flow, activated: Point) -> tuple[Point, Point | None]:
    """Return what goes on, and the other factor where that is a product with another linear
    layer's result."""
    for taker, taken in flow.takers(activated.function).of(activated.node):
        if isinstance(taker, ast.BinOp) and isinstance(taker.op, ast.Mult):
            other = taker.left if taken is taker.right else taker.right
            factor = activated.at(other)
            if _linear(flow, factor) is not None:
                return activated.at(taker), factor
    return activated, None


def _reaches_linear(flow: Flow, start: ast.AST, function: FunctionTrace) -> bool:
    """Tell whether the value goes on to a linear layer, in its function, in a module that takes it,
    or in what has called the function."""
    stack, seen = [(start, function)], {start}
    while stack and len(seen) < MOST_STEPS:
        node, where = stack.pop()
        takers = flow.takers(where)
        reached = takers.of_binding(node) if isinstance(node, ast.arg) else takers.of(node)
        for taker, taken in reached:
            if taker in seen:
                continue
            seen.add(taker)
            if isinstance(taker, ast.Return):
                stack += _callers(flow, where)
                continue
            if not isinstance(taker, ast.expr):
                continue
            way = flow.way(Point(taker, where))
            if _is_linear(flow, way) or (way.kind in ("module", "unknown") and not way.inner):
                return True
            if way.kind in _TO_LINEAR or (way.kind == "scale" and _is_factor(flow, way)):
                stack.append((taker, where))
            elif way.inner and isinstance(taker, ast.Call):
                stack += _arguments(flow, way, taker, taken)
    return False


def _is_factor(flow: Flow, way: Way) -> bool:
    return sum(flow.is_fed(one) for one in way.sources) < 2


def _callers(flow: Flow, function: FunctionTrace) -> list[tuple[ast.AST, FunctionTrace]]:
    node = function.node
    if node is None:
        return []
    return [*flow.calls_of.get(node, ()), *flow.module_calls_of.get(node, ())]


def _arguments(
    flow: Flow, way: Way, call: ast.Call, taken: ast.AST
) -> Iterator[tuple[ast.AST, FunctionTrace]]:
    """Yield the arguments of what is called that get the value."""
    for function in {one.function for one in way.inner}:
        node = function.node
        if not isinstance(node, FunctionNode | ast.Lambda):
            continue
        is_bound = way.kind == "module" or function.receiver is not None
        for argument in arguments_in(node):
            if any(one is taken for one, _ in given_to(argument, node, call, is_bound)):
                yield argument, function
