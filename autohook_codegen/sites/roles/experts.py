"""Experts: how a router weighs them, and which it has chosen."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.candidate import After, Candidate, Form
from autohook_codegen.sites.roles.value_sites import ValueSites

__all__ = ["expert_sites"]

_NEAR = frozenset("same choice view cast item add scale mask clamp function slice".split())


def expert_sites(value_sites: ValueSites, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of ``expert_weights`` and ``expert_indices``."""
    flow = value_sites.flow
    for node in [one for one in function.values if isinstance(one, ast.Call)]:
        way = flow.way(Point(node, function))
        if way.kind != "topk" or not way.sources:
            continue
        weights = _before(flow, way) or _behind(flow, way)
        if weights is None or not _is_routed(flow, weights):
            continue
        point, form = _scattered(flow, weights.point)
        indices = Point(node, function, None, (1,))
        for site in (
            value_sites.site("expert_weights", point, {point.node}, form),
            value_sites.site("expert_indices", indices),
        ):
            if site is not None:
                yield site


def _scattered(flow: Flow, weights: Point) -> tuple[Point, Form | None]:
    """Return where the weights are put in the places of their experts, or else the weights."""
    takers = flow.takers(weights.function)
    for taker, taken in takers.of(weights.node):
        match taker, takers.parent(taker):
            case ast.Call(_, args), _ if taken not in args:
                continue
            case ast.Call(ast.Attribute(ast.Name() as whole, "scatter_")), ast.Expr() as statement:
                return weights.at(taker), After(statement, whole)
            case ast.Call(ast.Attribute(attr="scatter" | "scatter_")), _:
                return weights.at(taker), None
    return weights, None


def _before(flow: Flow, topk: Way) -> Way | None:
    """Return the softmax or sigmoid of the router whose largest are taken."""
    return next((way for way in _back(flow, topk.sources[0]) if _is_weighing(way)), None)


def _behind(flow: Flow, topk: Way) -> Way | None:
    """Return the softmax of what was taken, perhaps scattered back."""
    takers = flow.takers(topk.point.function)
    stack, seen = [topk.point.node], {topk.point.node}
    while stack:
        for taker, _ in takers.of(stack.pop()):
            if taker in seen or not isinstance(taker, ast.expr):
                continue
            seen.add(taker)
            way = flow.way(topk.point.at(taker))
            if _is_weighing(way):
                return way
            if way.kind in _NEAR or way.kind.startswith("scatter"):
                stack.append(taker)
    return None


def _is_weighing(way: Way) -> bool:
    return way.kind == "softmax" or (way.kind == "activation" and way.name.startswith("sigmoid"))


def _is_routed(flow: Flow, weights: Way) -> bool:
    """Tell whether a linear layer has made the logits."""
    return any(
        way.kind in ("linear", "module", "matmul", "argument", "topk")
        for source in weights.sources
        for way in _back(flow, source)
    )


def _back(flow: Flow, start: Point) -> Iterator[Way]:
    return flow.walk(start, lambda way: (way.inner or way.sources) if way.kind in _NEAR else False)
