"""All roles of a program."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.sites.candidate import After, Candidate, Wrap
from autohook_codegen.sites.roles.attention_sites import attention_operands, attention_sites
from autohook_codegen.sites.roles.branches import Branches, Found
from autohook_codegen.sites.roles.called_attention import interface_calls
from autohook_codegen.sites.roles.experts import expert_sites
from autohook_codegen.sites.roles.perceptrons import perceptron_sites
from autohook_codegen.sites.roles.places import Places, passing_place
from autohook_codegen.sites.roles.recurrences import state_sites
from autohook_codegen.sites.roles.residual import Residual
from autohook_codegen.sites.roles.residual_sites import residual_sites

__all__ = ["places_in", "role_sites"]


def places_in(flow: Flow, functions: Iterable[FunctionTrace]) -> Places:
    """Return the places of values, with what the eager function of an interface is handed."""
    places = Places(flow)
    for function in functions:
        for called in interface_calls(flow, function):
            if called.eager is not None:
                places.hand(called.eager, function)
    return places


def role_sites(
    places: Places, functions: list[FunctionTrace]
) -> dict[FunctionTrace, list[Candidate]]:
    """Return the sites of the values that have a role, by function.

    What is added to the residual stream is judged by the attentions and perceptrons that were found
    before.
    """
    flow = places.flow
    sites: list[Candidate] = []
    operands: dict[ClassDecl, list[tuple[Point, Point]]] = {}
    for function in functions:
        sites += attention_sites(places, function)
        sites += perceptron_sites(places, function)
        sites += expert_sites(places, function)
        sites += state_sites(places, function)
        if function.owner is not None:
            operands.setdefault(function.owner, []).extend(attention_operands(places, function))
    branches = Branches(flow, Found(operands, _classes(sites), _nodes(sites)))
    states = {one.node for one in sites if one.role == "state"}
    residual = Residual(flow, functions, states)
    for owner in dict.fromkeys(one.owner for one in functions):
        if owner is not None:
            sites += residual_sites(places, residual, branches, owner)
    # what a helper computes is found in it, and where it is called
    once = {(one.reference.steps, passing_place(one.form)): one for one in reversed(sites)}
    found: dict[FunctionTrace, list[Candidate]] = {}
    for one in reversed(once.values()):
        found.setdefault(one.function, []).append(one)
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
