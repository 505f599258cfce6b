"""Recurrences: the state that a loop scales and adds to, step by step."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.roles.linear import is_linear, is_parameter
from autohook_codegen.sites.roles.value_sites import ValueSites

__all__ = ["state_sites"]

_NEAR = frozenset({"same", "view", "cast"})


def state_sites(value_sites: ValueSites, function: FunctionTrace) -> Iterator[Candidate]:
    """Yield the sites of ``state``: a local that is bound before a loop, in the loop scaled in its
    own update and read beside it, as in a scan or a delta rule."""
    flow = value_sites.flow
    for loop in _loops(function):
        inside = set(function.file.nodes.within(loop))
        for node in inside:
            match node:
                case ast.Assign(targets=[ast.Name() as target], value=value):
                    update = Point(value, function)
                case ast.AugAssign(target=ast.Name() as target):
                    update = Point(node, function)
                case _:
                    continue
            if _is_scaled_in(flow, update, target.id, inside) and _is_read_beside(
                flow, function, target, node
            ):
                site = value_sites.site("state", update)
                if site is not None:
                    yield site


def _loops(function: FunctionTrace) -> list[ast.For | ast.While]:
    """Return the innermost loops first, so that an update belongs to the loop that it stands in."""
    nodes = function.file.nodes.within(function.node) if function.node is not None else ()
    return [one for one in nodes if isinstance(one, ast.For | ast.While)][::-1]


def _is_scaled_in(flow: Flow, update: Point, name: str, inside: set[ast.AST]) -> bool:
    """Tell whether the update adds to a product of the local with another computed value, or a
    learned one."""
    if flow.way(flow.origin(update)).kind != "add":
        return False
    for way in flow.walk(update, lambda way: way.kind in _NEAR | {"add"}):
        if way.kind == "scale" and len(way.sources) == 2:
            for state, factor in (way.sources, way.sources[::-1]):
                if not _is_carried(flow, state, name, inside):
                    continue
                if flow.is_fed(factor):
                    return True
                if _is_learned(flow, factor) and not _is_stream(flow, update, name, inside):
                    return True
    return False


def _is_learned(flow: Flow, point: Point) -> bool:
    """Tell whether the value is computed from a parameter, the decay of a retention."""
    ways = flow.walk(point, lambda way: way.kind != "fact")
    return any(is_parameter(flow, way.point) for way in ways)


def _is_stream(flow: Flow, update: Point, name: str, inside: set[ast.AST]) -> bool:
    """Tell whether a layer takes the local from round to round: then it is the stream of a loop
    over layers, and what scales it a learned weight of the residual."""

    def onward(way: Way) -> tuple[Point, ...]:
        return (*way.sources, *way.inner)

    return any(
        (way.modules or is_linear(flow, way))
        and any(_is_local(flow, one, name, inside) for one in flow.walk(way.point, onward))
        for way in flow.walk(update, onward)
    )


def _is_carried(flow: Flow, point: Point, name: str, inside: set[ast.AST]) -> bool:
    """Tell whether the value is that of the local, from before the loop or an earlier round."""
    ways = flow.walk(point, lambda way: way.kind in _NEAR)
    return any(_is_local(flow, way, name, inside) for way in ways)


def _is_local(flow: Flow, way: Way, name: str, inside: set[ast.AST]) -> bool:
    node = way.point.node
    if not isinstance(node, ast.Name) or node.id != name:
        return False
    known = flow.definitions(way.point.function).of.get(node, frozenset())
    return any(one in inside for one in known) and any(one not in inside for one in known)


def _is_read_beside(
    flow: Flow, function: FunctionTrace, target: ast.Name, statement: ast.AST
) -> bool:
    """Tell whether something in the loop takes the new state."""
    own = set(function.file.nodes.within(statement))
    return any(name not in own for name in flow.takers(function).reads(target))
