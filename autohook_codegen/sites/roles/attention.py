"""Attention: its queries, keys and values, scores, pattern and result."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.roles.indexes import keys_come_first, operands
from autohook_codegen.sites.roles.linear import is_parameter
from autohook_codegen.sites.roles.projections import projections
from autohook_codegen.sites.written import Written

__all__ = ["TO_SCORES", "ByHand", "find_by_hand"]

_TO_SOFTMAX = frozenset("same choice view cast item dropout mask scale repeat slice norm".split())
TO_SCORES = frozenset(
    "same choice view cast item add scale mask clamp join slice repeat dropout".split()
)
"""The steps from a product to the scores that softmax takes."""
MOST_SUMS, MOST_SUMMED, MOST_MIXINGS = 8, 2, 2
_BEHIND_SOFTMAX = frozenset("same view cast slice mask item".split())


@dataclass(frozen=True, slots=True)
class ByHand:
    """An attention that the code computes itself."""

    product: Way
    """Of the pattern with the values."""
    v: Point
    q: Point
    k: Point
    scores: Point
    pattern: Point


def find_by_hand(flow: Flow, function: FunctionTrace) -> Iterator[ByHand]:
    """Yield every product of two fed values of which one comes from a softmax, whose argument comes
    from such a product."""
    for node in list(function.values):
        if not isinstance(node, ast.Call | ast.BinOp):
            continue
        way = flow.way(Point(node, function))
        if way.kind != "matmul" or len(taken := operands(flow, way)) != 2:
            continue
        for pattern, other in (taken, taken[::-1]):
            softmaxes = list(_softmaxes(flow, pattern))
            if not softmaxes or not flow.is_fed(other):
                continue
            found = [list(_attentions(flow, way, other, path)) for path in softmaxes]
            is_sum = any(one.kind == "add" for path in softmaxes for one in path)
            if not is_sum or sum(map(bool, found)) == 1:
                yield from chain(*found)


def _attentions(flow: Flow, product: Way, v: Point, path: tuple[Way, ...]) -> Iterator[ByHand]:
    softmax = path[-1]
    given = softmax.sources[0]
    products = _products(flow, given)
    # of those with two fed operands the first in the innermost sum; masks are multiplied too
    projected = [one for one in products if len(products) > 1 and _is_projected(flow, one)]
    wanted = projected or list(products)
    while given.context != path[0].point.context and flow.way(given).kind == "same":
        given = flow.way(given).sources[0]  # what a helper was handed
    while wanted:
        scores = max(wanted, key=lambda one: products[one])
        q, k = operands(flow, scores)
        if keys_come_first(flow, scores, softmax):
            q, k = k, q
        yield ByHand(product, v, q, k, _before_casts(flow, given, scores), _pattern(flow, path))
        # those of another branch
        wanted = [one for one in wanted if _exclude_each_other(one, scores)]


def _exclude_each_other(one: Way, other: Way) -> bool:
    function = one.point.function
    return function is other.point.function and Written(function).exclude_each_other(
        one.point.node, other.point.node
    )


def _is_projected(flow: Flow, product: Way) -> bool:
    return all(projections(flow, one) for one in operands(flow, product))


def _softmaxes(flow: Flow, start: Point, sums: int = MOST_SUMMED) -> Iterator[tuple[Way, ...]]:
    """Yield the ways back to a softmax, the softmax last; through a sum where each term has one."""
    seen: set[Point] = set()
    stack: list[tuple[Point, tuple[Way, ...]]] = [(start, ())]
    while stack:
        point, path = stack.pop()
        if point in seen:
            continue
        seen.add(point)
        way = flow.way(point)
        if way.kind == "softmax":
            yield (*path, way)
            continue
        onward: tuple[Point, ...] = ()
        if way.kind in _TO_SOFTMAX:
            onward = way.sources
        elif way.kind in ("matmul", "linear", "conv"):  # talking heads
            onward = mixed(flow, way)
        elif way.kind == "add" and sums:
            if all(next(_softmaxes(flow, one, sums - 1), None) for one in way.sources):
                onward = way.sources
        elif way.kind == "function" or (way.kind == "module" and way.inner):
            onward = way.inner
        elif way.kind in ("unknown", "module"):
            onward = way.sources[:1]
        stack += [(one, (*path, way)) for one in reversed(onward)]


def _products(flow: Flow, start: Point, mixings: int = MOST_MIXINGS) -> dict[Way, int]:
    """Return the products of fed values that scores are summed from, in their order, each with the
    depth of its sum; less than 0 where an operand is learned. Heads are mixed so many times."""
    found: dict[Way, int] = {}
    deepest: dict[Point, int] = {}
    stack = [(start, 0)]
    while stack:
        point, depth = stack.pop()
        if deepest.get(point, -1) >= depth:
            continue
        deepest[point] = depth
        way = flow.way(point)
        onward: tuple[Point, ...] = ()
        if way.kind in ("matmul", "linear", "conv"):
            onward = tuple(
                one
                for one in (mixed(flow, way) if mixings else ())
                if any(depth >= 0 for depth in _products(flow, one, mixings - 1).values())
            )
            taken = operands(flow, way)
            fed = [flow.is_fed(one) for one in taken]
            if way.kind == "matmul" and not onward and len(fed) == 2 and any(fed):
                if not any(next(_softmaxes(flow, one), None) for one in taken):
                    found[way] = max(found.get(way, -1000), depth if all(fed) else depth - 1000)
        elif way.kind in TO_SCORES:
            onward = way.sources
        elif way.kind in ("function", "module"):
            onward = way.inner or way.sources[: 1 if way.kind == "module" else None]
        elif way.kind == "unknown":
            onward = way.sources
        # what a helper sums is one term
        is_sum = way.kind == "add" and way.point.context == start.context
        inner = min(depth + is_sum, MOST_SUMS)
        stack += [(one, inner) for one in reversed(onward)]
    return found


def mixed(flow: Flow, way: Way) -> tuple[Point, ...]:
    """Return what a product with a parameter, or a linear layer, mixes."""
    if way.kind in ("linear", "conv"):
        return way.sources[:1]
    learned = [is_parameter(flow, one) for one in way.sources]
    return (
        tuple(one for one, is_learned in zip(way.sources, learned, strict=True) if not is_learned)
        if any(learned)
        else ()
    )


def _before_casts(flow: Flow, given: Point, product: Way) -> Point:
    """Return the expression that softmax takes, before casts; with sinks the part that holds the
    product."""
    point = given
    while True:
        way = flow.way(point)
        behind = way
        while behind.kind == "same" and len(behind.sources) == 1:
            behind = flow.way(behind.sources[0])
        if behind.kind == "cast":
            point = behind.sources[0]
            continue
        part = _beside_sinks(flow, point, product)
        if part is None or part == point:
            return point
        point = part


def _beside_sinks(flow: Flow, point: Point, product: Way) -> Point | None:
    """Return the one element of a ``cat`` on the way that holds a product of fed values."""
    for way in flow.walk(point, lambda way: way.kind in TO_SCORES - {"join", "choice"}):
        if way.kind != "join":
            continue
        elements = way.sources
        if len(elements) and (inner := flow.way(elements[0])).kind == "join":
            elements = inner.sources
        holding = [one for one in elements if _products(flow, one)]
        if len(holding) == 1 and len(elements) > 1 and product in _products(flow, holding[0]):
            return holding[0]
    return None


def _pattern(flow: Flow, path: tuple[Way, ...]) -> Point:
    """Return the softmax with the views, casts and fills behind it."""
    start = path[-1] if _is_changed_in_method(path) else path[0]
    is_summed = any(way.kind == "add" for way in path)
    here = [way for way in path if way.point.context == start.point.context]
    while len(here) > 1 and here[0].kind in ("same", "view"):
        here = here[1:]  # turned for the product alone
    point = here[-1].point  # the softmax, or the call of the helper that it stands in
    # what a sum takes apart again is one pattern
    near = _BEHIND_SOFTMAX - ({"view", "slice", "item"} if is_summed else set())
    for way in reversed(here[:-1]):
        if way.kind not in near and not _chooses_softmax(flow, way):
            break
        if way.kind not in ("same", "choice"):
            point = way.point
    return point


def _is_changed_in_method(path: tuple[Way, ...]) -> bool:
    """Tell whether the method of a module that the softmax stands in does more to it than views."""
    function, outer = path[-1].point.function, path[0].point.context
    inside = [way.kind for way in path[:-1] if way.point.context != outer]
    is_method = function.owner is not None and function.owner.is_module
    return is_method and not _BEHIND_SOFTMAX.issuperset({*inside} - {"choice"})


def _chooses_softmax(flow: Flow, way: Way) -> bool:
    """Tell whether each arm of a choice is a softmax, or a view, cast or fill of one."""
    near = _BEHIND_SOFTMAX | {"choice"}
    ends = (one.kind for one in flow.walk(way.point, lambda one: one.kind in near))
    return way.kind == "choice" and all(kind in near | {"softmax"} for kind in ends)
