"""Branches of the residual stream whose class is not in the input: what the block calls them."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Way
from autohook_codegen.analysis.values import Alternative, Attribute, Module, Unknown
from autohook_codegen.library import guesses
from autohook_codegen.library.stub_entries import library_class
from autohook_codegen.sites.references import held_by

__all__ = ["role_by_name"]


def role_by_name(flow: Flow, way: Way) -> str | None:
    """Return the role of what is added to the stream, where only the attribute's name says it."""
    call = way.point.node
    called = flow.value(way.point.at(call.func)) if isinstance(call, ast.Call) else frozenset()
    held = held_by(called)
    if held is None or not all(map(_is_not_shown, called)):
        return None
    names = [one.name for one in held.steps if isinstance(one, Attribute)]
    return guesses.branch_role(names[-1]) if names else None


def _is_not_shown(one: Alternative) -> bool:
    """Tell whether nothing is known of what it does."""
    if isinstance(one, Module):
        return one.cls is None or (isinstance(one.cls, str) and library_class(one.cls) is None)
    return isinstance(one, Unknown)
