"""The sites of an attention's roles."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.candidate import Candidate, Explicit
from autohook_codegen.sites.roles.attention import find_by_hand
from autohook_codegen.sites.roles.called_attention import (
    CalledAttention,
    fused_calls,
    interface_calls,
)
from autohook_codegen.sites.roles.places import Places
from autohook_codegen.sites.roles.projections import Projected, projections, rotated

__all__ = ["attention_operands", "attention_sites"]


def attention_sites(places: Places, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of every attention in the function, those of one value once."""
    seen: set[tuple[str | None, ast.AST]] = set()
    for one in _sites(places, function):
        if one is not None and (one.role, one.node) not in seen:
            seen.add((one.role, one.node))
            yield one


def attention_operands(places: Places, function: FunctionTrace) -> Iterator[tuple[Point, Point]]:
    """Yield the queries and keys of every attention in the function."""
    flow = places.flow
    for called in (*fused_calls(flow, function), *interface_calls(flow, function)):
        yield called.q, called.k
    for one in find_by_hand(flow, function):
        yield one.q, one.k


def _sites(places: Places, function: FunctionTrace) -> Iterator[Candidate | None]:
    flow = places.flow
    for called in (*fused_calls(flow, function), *interface_calls(flow, function)):
        yield from _projected(places, called.q, called.k, called.v)
        yield from _explicit(places, called, function)
        yield places.site("z", called.z, {called.call})
    for one in find_by_hand(flow, function):
        is_eager = function.node in places.handed
        if not is_eager:
            yield from _projected(places, one.q, one.k, one.v)
        yield places.site("attn_scores", one.scores, {one.scores.node})
        yield places.site("pattern", one.pattern, {one.pattern.node})
        if not is_eager:
            yield from _results(places, one.product.point)


def _explicit(
    places: Places, called: CalledAttention, function: FunctionTrace
) -> Iterator[Candidate | None]:
    if called.callee is None:
        return
    for place, role in enumerate(("attn_scores", "pattern")):
        form = Explicit(called.callee, place, called.eager_name)
        yield places.site(role, Point(called.callee, function), (), form)


def _projected(places: Places, q: Point, k: Point, v: Point) -> Iterator[Candidate | None]:
    """Yield the sites of q, k and v, and of what rotations make of them."""
    flow = places.flow
    operands = (("q", q), ("k", k), ("v", v))
    ways = {role: projections(flow, one) for role, one in operands}
    if not any(ways.values()):
        ways = {role: projections(flow, one, is_handed=True) for role, one in operands}
        if not all(ways.values()):
            return
    taken: set[Point] = set()
    for role, paths in ways.items():
        for path in paths:
            point, passed = path.place()
            taken.add(point)
            nodes = {way.point.node for way in passed}
            passes = places.all_pass(path.end.point.node, nodes, point)
            yield places.site(role, point, nodes if passes else ())
    shared = _calls(ways["q"]) & _calls(ways["k"])
    turned = [rotated(ways[role], shared) for role in ("q", "k")]
    if all(point is not None and point not in taken for point in turned):
        for role, one in zip(("rot_q", "rot_k"), turned, strict=True):
            assert one is not None
            yield places.site(role, one)


def _results(places: Places, product: Point) -> Iterator[Candidate | None]:
    """Yield the site of z; in a helper that is not handed the module those around its calls."""
    flow, function = places.flow, product.function
    if places.holder(function) is not None or function.node is None:
        yield places.site("z", product, {product.node})
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
                yield places.site("z", Point(call, caller, None, part), {call})
                break


def _calls(paths: list[Projected]) -> frozenset[ast.AST]:
    return frozenset(call for one in paths for call in one.calls)
