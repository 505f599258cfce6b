"""All roles of a program."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import After, Candidate, Wrap
from autohook_codegen.sites.roles.attention import TO_SCORES
from autohook_codegen.sites.roles.attention_sites import attention_operands, attention_sites
from autohook_codegen.sites.roles.branches import Branches, Found
from autohook_codegen.sites.roles.called_attention import interface_calls
from autohook_codegen.sites.roles.experts import expert_sites
from autohook_codegen.sites.roles.perceptrons import perceptron_sites
from autohook_codegen.sites.roles.recurrences import state_sites
from autohook_codegen.sites.roles.residual import Residual
from autohook_codegen.sites.roles.residual_sites import residual_sites
from autohook_codegen.sites.roles.value_sites import ValueSites, passing_place

__all__ = ["role_sites", "value_sites_in"]


def value_sites_in(flow: Flow, functions: Iterable[FunctionTrace]) -> ValueSites:
    """Return the maker of sites, with what the eager function of an interface is handed."""
    value_sites = ValueSites(flow)
    for function in functions:
        for called in interface_calls(flow, function):
            if called.eager is not None:
                value_sites.hand(called.eager, function)
    return value_sites


def role_sites(
    value_sites: ValueSites, functions: list[FunctionTrace]
) -> dict[FunctionTrace, list[Candidate]]:
    """Return the sites of the values that have a role, by function.

    What is added to the residual stream is judged by the attentions and perceptrons that were found
    before.
    """
    flow = value_sites.flow
    sites = list(attention_sites(value_sites, functions))
    operands: dict[ClassDecl, list[tuple[Point, Point]]] = {}
    for function in functions:
        sites += perceptron_sites(value_sites, function)
        sites += expert_sites(value_sites, function)
        sites += state_sites(value_sites, function)
        holder = value_sites.holder(function)
        for owner in holder.owners if holder is not None else ():
            operands.setdefault(owner, []).extend(attention_operands(value_sites, function))
    branches = Branches(flow, Found(operands, _classes(sites), _nodes(sites)))
    residual = Residual(flow, functions, _other_sums(flow, sites))
    for decl in dict.fromkeys(one.owner for one in functions if one.owner is not None):
        sites += residual_sites(value_sites, residual, branches, decl)
    # what a helper computes is found in it, and where it is called
    once = {(one.reference.steps, passing_place(one.form)): one for one in reversed(sites)}
    found: dict[FunctionTrace, list[Candidate]] = {}
    for one in reversed(once.values()):
        found.setdefault(one.function, []).append(one)
    return found


def _other_sums(flow: Flow, sites: Iterable[Candidate]) -> set[ast.AST]:
    """Return the updates of recurrences' states, and the steps to scores, which are sums too."""
    found: set[ast.AST] = {one.node for one in sites if one.role == "state"}
    for one in sites:
        if one.role == "attn_scores":
            steps = flow.walk(Point(one.node, one.function), lambda way: way.kind in TO_SCORES)
            found.update(way.point.node for way in steps)
    return found


_AS = {"expert_weights": "post", "expert_indices": "post"}


def _classes(sites: Iterable[Candidate]) -> dict[str, set[ClassDecl]]:
    found: dict[str, set[ClassDecl]] = {}
    for one in sites:
        role = one.role or ""
        found.setdefault(_AS.get(role, role), set()).update(one.reference.owners)
    return found


def _nodes(sites: Iterable[Candidate]) -> dict[str, set[ast.AST]]:
    found: dict[str, set[ast.AST]] = {}
    for one in sites:
        match one.form:
            case Wrap(node):
                found.setdefault(one.role or "", set()).add(node)
            case After(statement):
                found.setdefault(one.role or "", set()).update(
                    [statement, getattr(statement, "value", statement)]
                )
    return found
