"""Activations, poolings and norms that no module computes and that have no role:
``bn1_relu`` for ``F.relu(self.bn1(x))``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Module, Parameter
from autohook_codegen.library.functional import FUNCTIONAL, functional_name
from autohook_codegen.sites.candidate import After, Candidate, Wrap
from autohook_codegen.sites.references import held_by
from autohook_codegen.sites.roles.attention import TO_SCORES
from autohook_codegen.sites.roles.nearest import Nearest
from autohook_codegen.sites.roles.value_sites import ValueSites
from autohook_codegen.sites.shapes import is_surely_tensor
from autohook_codegen.sites.written import Written

__all__ = ["plain_operations"]

_SAME_VALUE = frozenset("same choice view cast slice mask item".split())


def plain_operations(
    written: Written, value_sites: ValueSites, nearest: Nearest, roles: Iterable[Candidate]
) -> Iterator[Candidate]:
    """Yield the sites of one function; `roles` are those of the program."""
    function = written.trace
    covered = _covered(value_sites.flow, [one for one in roles if one.function is function])
    found: list[Candidate] = []
    for node in written.nodes:
        if not isinstance(node, ast.Call) or node not in function.values or node in covered:
            continue
        point = Point(node, function)
        way = value_sites.flow.way(point)
        operation = _operation(node, way)
        if operation is None or not _is_computed(node, function, written):
            continue
        base = nearest.name(way.sources[0]) if way.sources else None
        site = value_sites.site("_".join(filter(None, (base, operation))), point)
        if site is not None:
            same = [one for one in found if one.reference.steps == site.reference.steps]
            alone = any(not written.exclude_each_other(one.node, node) for one in same)
            found.append(replace(site, role=None, is_alone=alone))
    yield from found


def _operation(node: ast.Call, way: Way) -> str | None:
    """Return ``max_pool2d`` for a call of it, ``relu`` for ``nn.ReLU()(x)`` that is made on the
    spot."""
    if way.modules:
        classes = {one.cls for one in way.modules if isinstance(one, Module)}
        name = classes.pop() if len(classes) == 1 and held_by(way.modules) is None else None
        return functional_name(name.rsplit(".", 1)[-1]) if isinstance(name, str) else None
    name = way.name.rstrip("_")
    return name if name in FUNCTIONAL else None


def _is_computed(node: ast.Call, function: FunctionTrace, written: Written) -> bool:
    """Tell whether it gives a tensor that stands for itself: a parameter in it names it already,
    and what runs without gradients is a helper."""
    operands = [*node.args, *(one.value for one in node.keywords)]
    if any(
        isinstance(one, Parameter)
        for operand in operands
        for one in function.values.get(operand, frozenset())
    ):
        return False
    is_statement = isinstance(written.parent(node), ast.Expr)
    return (
        is_surely_tensor(function.values[node])
        and not is_statement
        and not _is_helper(node, written)
    )


def _is_helper(node: ast.AST, written: Written) -> bool:
    under = (
        *(
            item.context_expr
            for one in written.around(node)
            if isinstance(one, ast.With | ast.AsyncWith)
            for item in one.items
        ),
        *(
            decorator
            for one in written.around(node)
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            for decorator in one.decorator_list
        ),
    )
    return any("no_grad" in ast.unparse(one) for one in under)


def _covered(flow: Flow, roles: Iterable[Candidate]) -> set[ast.AST]:
    """Return what roles stand for, and the steps between two of them: from `pre` to `post`, from a
    product to its softmax."""
    found: set[ast.AST] = set()
    by_role: dict[str | None, list[Point]] = {}
    for one in roles:
        points = [
            Point(node, one.function)
            for node in (one.form.node if isinstance(one.form, Wrap) else one.node, *one.takes)
        ]
        if isinstance(one.form, After):
            points.append(Point(one.form.statement, one.function))
        by_role.setdefault(one.role, []).extend(points)
        for point in points:
            found.update(
                way.point.node for way in flow.walk(point, lambda way: way.kind in _SAME_VALUE)
            )
    begins = {point.node for role in ("pre", "pre_linear") for point in by_role.get(role, ())}
    for point in by_role.get("post", ()):
        ways = flow.walk(point, lambda way: way.point.node not in begins and not way.modules)
        found.update(way.point.node for way in ways)
    for point in by_role.get("attn_scores", ()):
        ways = flow.walk(point, lambda way: way.kind in TO_SCORES)
        found.update(way.point.node for way in ways)
    return found
