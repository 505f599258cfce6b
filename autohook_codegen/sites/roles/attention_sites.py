"""The sites of an attention's roles."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Attribute
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import Candidate, Explicit
from autohook_codegen.sites.references import held_by
from autohook_codegen.sites.roles.attention import find_by_hand
from autohook_codegen.sites.roles.attention_roles import Place, Role, projected_roles, results
from autohook_codegen.sites.roles.called_attention import (
    CalledAttention,
    fused_calls,
    interface_calls,
)
from autohook_codegen.sites.roles.indexes import gives_result
from autohook_codegen.sites.roles.projected import Projected
from autohook_codegen.sites.roles.value_sites import ValueSites, passing_place
from autohook_codegen.sites.written import Written

__all__ = ["attention_operands", "attention_sites"]


@dataclass(frozen=True, slots=True)
class _Attention:
    """The values of one attention, by their roles."""

    node: ast.AST
    """What computes it: the call, or the product with the values."""
    projected: tuple[Projected, ...]
    """The ways back to the projections, those of its values first."""
    roles: tuple[Role, ...]
    called: CalledAttention | None = None


def attention_sites(
    value_sites: ValueSites, functions: Iterable[FunctionTrace]
) -> Iterator[Candidate]:
    """Yield the sites of every attention, those of one value once."""
    attentions = {function: list(_attentions(value_sites, function)) for function in functions}
    roles = [role for its in attentions.values() for one in its for role in one.roles]
    hooked = {(one.name, one.point) for one in roles}
    wholes = {place for one in roles for place in one.wholes if place in hooked}
    for function, its in attentions.items():
        yield from _sites_in(value_sites, function, its, wholes)


def _sites_in(
    value_sites: ValueSites,
    function: FunctionTrace,
    attentions: Iterable[_Attention],
    wholes: Set[Place],
) -> Iterator[Candidate]:
    """Of two that both run, the second has the name of its values' projection in its names."""
    seen: set[object] = set()
    written = Written(function)
    earlier: list[ast.AST] = []
    for attention in attentions:
        node = attention.node
        alone = all(one is node or written.exclude_each_other(node, one) for one in earlier)
        suffix = "" if alone else _named_after(value_sites.flow, attention.projected)
        if not suffix:
            earlier.append(node)
        for one in _sites(value_sites, attention, function, suffix, wholes):
            place = passing_place(one.form)
            if place not in seen:
                seen.add(place)
                yield one


def attention_operands(
    value_sites: ValueSites, function: FunctionTrace
) -> Iterator[tuple[Point, Point]]:
    """Yield the queries and keys of every attention in the function."""
    flow = value_sites.flow
    for called in (*fused_calls(flow, function), *interface_calls(flow, function)):
        yield called.q, called.k
    for one in find_by_hand(flow, function):
        yield one.q, one.k


def _attentions(value_sites: ValueSites, function: FunctionTrace) -> Iterator[_Attention]:
    flow = value_sites.flow
    for called in (*fused_calls(flow, function), *interface_calls(flow, function)):
        values, roles = projected_roles(value_sites, called.q, called.k, called.v)
        roles.append(Role("z", called.z, frozenset({called.call})))
        _note_called(value_sites, called, function)
        yield _Attention(called.call, values, tuple(roles), called)
    yield from _multihead(value_sites, function)
    for one in find_by_hand(flow, function):
        values, roles = (), []
        if function.node not in value_sites.handed:
            values, roles = projected_roles(value_sites, one.q, one.k, one.v)
            if gives_result(flow, one.product):
                roles += results(value_sites, one.product.point)
        if value_sites.holder(function) is None:
            message = NoteCode.PATTERN_HIDDEN.says(
                called=getattr(function.node, "name", "a function"),
                why="it is not handed the module",
            )
            assert isinstance(one.product.point.node, ast.expr)
            value_sites.note(one.product.point.node, message, function)
        roles.append(Role("attn_scores", one.scores, value_sites.made_by(one.scores)))
        roles.append(Role("pattern", one.pattern, frozenset({one.pattern.node})))
        yield _Attention(one.product.point.node, values, tuple(roles))


def _note_called(value_sites: ValueSites, called: CalledAttention, function: FunctionTrace) -> None:
    call = called.call
    if called.callee is None:
        called_as = f"{ast.unparse(call.func)}(…)"
        message = NoteCode.PATTERN_HIDDEN.says(called=called_as, why=called.hides)
        value_sites.note(call, message, function)
        return
    for one in call.keywords:
        drops = one.arg is not None and one.arg.startswith("dropout")
        if drops and not (isinstance(one.value, ast.Constant) and not one.value.value):
            message = NoteCode.EDITS_DRAW_ANEW.says(called=ast.unparse(call.func))
            value_sites.note(call, message, function)


def _multihead(value_sites: ValueSites, function: FunctionTrace) -> Iterator[_Attention]:
    """Yield the calls of ``nn.MultiheadAttention``, whose pattern is given back where the call asks
    for it."""
    for call in function.calls:
        node = call.node
        if value_sites.flow.way(Point(node, function)).kind != "attention":
            continue
        asked = {one.arg: one.value for one in node.keywords}
        per_head = _constant(asked.get("average_attn_weights"), True) is False
        if per_head and _constant(asked.get("need_weights"), True) is not False:
            pattern = Point(node, function, None, (1,))
            yield _Attention(node, (), (Role("pattern", pattern, frozenset()),))
        else:
            message = NoteCode.PATTERN_HIDDEN.says(
                called=f"{ast.unparse(node.func)}(…)",
                why="it is asked for no pattern of each head, by need_weights=True and"
                " average_attn_weights=False",
            )
            value_sites.note(node, message, function)


def _constant(node: ast.expr | None, default: object) -> object:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) else None


def _sites(
    value_sites: ValueSites,
    attention: _Attention,
    function: FunctionTrace,
    suffix: str,
    wholes: Set[Place],
) -> Iterator[Candidate]:
    """Yield its sites; what is a part of another's queries, keys or values has theirs, which is
    called as if it were the only one."""
    found = [
        value_sites.site(
            one.name,
            one.point,
            one.takes,
            one.form,
            "" if (one.name, one.point) in wholes else suffix,
        )
        for one in attention.roles
        if wholes.isdisjoint(one.wholes)
    ]
    called = attention.called
    if called is not None and called.callee is not None:
        for place, role in enumerate(("attn_scores", "pattern")):
            form = Explicit(called.callee, place, called.eager_name)
            found.append(value_sites.site(role, Point(called.callee, function), (), form, suffix))
    yield from (one for one in found if one is not None)


def _named_after(flow: Flow, projected: Iterable[Projected]) -> str:
    """Return ``_v_proj_2`` after the module, or the parameter, that has projected the values."""
    for path in projected:
        for way in flow.walk(path.end.point, lambda way: not way.modules):
            held = held_by(way.modules or flow.value(way.point))
            names = [one.name for one in held.steps if isinstance(one, Attribute)] if held else []
            if names:
                return "_" + "_".join(names)
    return ""
