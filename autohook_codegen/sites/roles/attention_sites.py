"""The sites of an attention's roles."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.flow import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.roles.attention import find_by_hand
from autohook_codegen.sites.roles.places import Places
from autohook_codegen.sites.roles.projections import Projected, projections, rotated

__all__ = ["attention_sites"]


def attention_sites(places: Places, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of every attention in the function."""
    found: dict[tuple[str, Point], Candidate | None] = {}
    for one in find_by_hand(places.flow, function):
        for role, point, takes in _projected(places, one.q, one.k, one.v):
            found.setdefault((role, point), places.site(role, point, takes))
        for role, point in (
            ("attn_scores", one.scores),
            ("pattern", one.pattern),
            ("z", one.product.point),
        ):
            found.setdefault((role, point), places.site(role, point, {point.node}))
    yield from (one for one in found.values() if one is not None)


def _projected(
    places: Places, q: Point, k: Point, v: Point
) -> Iterator[tuple[str, Point, set[ast.AST]]]:
    """Yield the places of q, k and v, and of what rotations make of them."""
    flow = places.flow
    ways = {role: projections(flow, one) for role, one in (("q", q), ("k", k), ("v", v))}
    taken: set[Point] = set()
    for role, paths in ways.items():
        for path in paths:
            point, passed = path.place()
            taken.add(point)
            nodes = {way.point.node for way in passed}
            made = path.end.point.node
            passes = places.all_pass(made, nodes, point)
            yield role, point, nodes if passes else set()
    shared = _calls(ways["q"]) & _calls(ways["k"])
    turned = {role: rotated(ways[role], shared) for role in ("q", "k")}
    if all(point is not None and point not in taken for point in turned.values()):
        for role, turned_point in turned.items():
            assert turned_point is not None
            yield f"rot_{role}", turned_point, set()


def _calls(paths: list[Projected]) -> frozenset[ast.AST]:
    return frozenset(call for one in paths for call in one.calls)
