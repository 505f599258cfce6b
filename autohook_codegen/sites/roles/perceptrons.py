"""Perceptrons: what an activation function takes of a linear layer, and what it hands to the next
one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.roles.linear import is_linear, is_parameter
from autohook_codegen.sites.roles.value_sites import ValueSites

__all__ = ["perceptron_sites"]

_FROM_LINEAR = frozenset("same choice view cast item slice clamp".split())
_TO_LINEAR = frozenset("view cast dropout norm slice item repeat clamp mask".split())
_POWERS = frozenset({"square", "pow", "Pow"})
MOST_STEPS = 200


def perceptron_sites(value_sites: ValueSites, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of ``pre``, ``pre_linear`` and ``post``."""
    flow = value_sites.flow
    for node in [one for one in function.values if isinstance(one, ast.Call)]:
        way = flow.way(Point(node, function))
        if not way.sources or not (way.kind == "activation" or _is_of_unknown(flow, way)):
            continue
        linear = _linear(flow, way.sources[0])
        if linear is None:
            continue
        post, gated = _gated(flow, way.point, linear)
        if way.kind != "activation" and gated is None and not _is_from_table(flow, way):
            continue
        if not _reaches_linear(flow, post.node, function):
            continue
        taken = {"pre": way.sources[0]} | ({"pre_linear": gated} if gated is not None else {})
        for role, given in taken.items():
            made = _linear(flow, given)
            assert made is not None
            point = _before_scaling(flow, given)
            passes = value_sites.all_pass(made.point.node, _between(flow, point), point)
            site = value_sites.site(role, point, {made.point.node, point.node} if passes else ())
            if site is not None:
                yield site
        site = value_sites.site("post", post, {post.node})
        if site is not None:
            yield site


def _between(flow: Flow, point: Point) -> set[ast.AST]:
    return {way.point.node for way in flow.walk(point, lambda way: way.kind in _FROM_LINEAR)}


def _before_scaling(flow: Flow, start: Point) -> Point:
    """Return what an activation takes; of ``x * sigmoid(1.7 * x)`` what is not scaled yet."""
    way = flow.way(flow.origin(start))
    while way.kind in ("clamp", "scale") or (way.kind == "add" and not _has_bias(flow, way)):
        (source, *_) = [one for one in way.sources if flow.is_fed(one)]
        way = flow.way(flow.origin(source))
    return way.point


def _has_bias(flow: Flow, way: Way) -> bool:
    return any(is_parameter(flow, one) for one in way.sources)


def _linear(flow: Flow, start: Point) -> Way | None:
    """Return the linear layer whose result the value is, through bias, views, halves and scale."""
    ways = flow.walk(start, lambda way: not is_linear(flow, way) and _from_linear(flow, way))
    return next((way for way in ways if is_linear(flow, way)), None)


def _from_linear(flow: Flow, way: Way) -> bool | tuple[Point, ...]:
    if way.kind in ("add", "scale"):
        fed = [one for one in way.sources if flow.is_fed(one) and not is_parameter(flow, one)]
        return tuple(fed) if len(fed) == 1 else False
    return way.kind in _FROM_LINEAR


def _is_of_unknown(flow: Flow, way: Way) -> bool:
    """Tell whether it is a call of what the input does not show, by an attribute of the class: in a
    gate that is an activation."""
    owner, receiver = way.point.function.owner, way.point.function.receiver
    match way.point.node:
        case ast.Call(ast.Attribute(ast.Name(name), attribute), [_], []):
            if way.kind not in ("module", "unknown") or way.inner:
                return False
            is_own = receiver is not None and receiver.arg == name
            return is_own and owner is not None and not owner.method(attribute)
    return False


def _is_from_table(flow: Flow, way: Way) -> bool:
    """Tell whether what is called was taken by a key from a table, or set by a class outside of the
    input: that is an activation outside of a gate too."""
    owner = way.point.function.owner
    match way.point.node:
        case ast.Call(ast.Attribute(_, attribute)) if owner is not None:
            sets = [one for cls in owner.mro for one in flow.trace.definitions(cls, attribute)]
            return all(
                isinstance(getattr(one.statement, "value", 0), ast.Subscript) for one in sets
            )
    return False


def _gated(flow: Flow, activated: Point, linear: Way) -> tuple[Point, Point | None]:
    """Return what goes on, behind powers, products and biases, and the other factor where that is
    another linear layer's result than what was activated."""
    post, gated = activated, None
    while True:
        for taker, taken in flow.takers(post.function).of(post.node):
            if _is_power(flow, activated.at(taker), taken):
                behind, other_factor = _gated(flow, activated.at(taker), linear)
                if _reaches_linear(flow, behind.node, behind.function):  # a penalty does not
                    return behind, other_factor or gated
                continue
            if not isinstance(taker, ast.BinOp) or not isinstance(taker.op, ast.Mult | ast.Add):
                continue
            other = activated.at(taker.left if taken is taker.right else taker.right)
            if isinstance(taker.op, ast.Add):
                if not is_parameter(flow, other):
                    continue
            elif (factor := _linear(flow, other)) is None:
                continue
            elif factor != linear or _is_parted(flow, other):
                gated = other
            post = activated.at(taker)
            break
        else:
            return post, gated


def _is_power(flow: Flow, point: Point, base: ast.AST) -> bool:
    """Tell whether it is a power of what stands at `base`, a squared ReLU: ``h.square()``,
    ``h ** 2``, ``h * h``."""
    if isinstance(point.node, ast.AugAssign):
        return isinstance(point.node.op, ast.Pow) and point.node.value is not base
    way = flow.way(point)
    if way.kind != "scale" or len(way.sources) > 2:
        return False
    if way.name.rstrip("_") in _POWERS:
        return way.sources[0].node is base
    return len(way.sources) == 2 and len({flow.origin(one) for one in way.sources}) == 1


def _is_parted(flow: Flow, point: Point) -> bool:
    """Tell whether it is a half of a linear layer's result."""
    ways = flow.walk(point, lambda way: _from_linear(flow, way))
    return any(way.kind in ("view", "item", "slice") for way in ways)


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
            if is_linear(flow, way) or (way.kind in ("module", "unknown") and not way.inner):
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
