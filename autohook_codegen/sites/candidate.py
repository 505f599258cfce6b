"""A site before it has a hook point's name: what is hooked, and where the hook point goes."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.reference import Reference

__all__ = ["After", "Candidate", "LeftAlone", "Wrap"]


@dataclass(frozen=True, slots=True, eq=False)
class Wrap:
    """The hook point is called with the expression."""

    node: ast.expr
    tested: str | None = None
    """Only where this expression is not ``None``."""


@dataclass(frozen=True, slots=True, eq=False)
class After:
    """A statement after `statement` passes `part` through the hook point."""

    statement: ast.stmt
    part: str
    """What is hooked: ``a``, ``out.hidden``, ``out[0]``."""
    target: str
    """What is assigned: the same, or ``out`` where a tuple is rebuilt."""
    value: str
    """The right-hand side, with ``{}`` for the hooked part: ``{}``, ``({}, *out[1:])``."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One site."""

    node: ast.expr
    """The call or the read of the parameter: where the site is reported."""
    reference: Reference
    kind: str
    """``module call`` or ``parameter use``."""
    form: Wrap | After
    scope: Scope
    element: str | None = None
    """Which part of the result: ``[0]``, ``.last_hidden_state``."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftAlone:
    """A place that gets no site, and why."""

    node: ast.AST
    code: str
    message: str
    scope: Scope
    inside: str | None = None
    """What the fallback hooks instead: ``Layer.ff``; ``None`` where there is nothing to hook."""
    reference: Reference | None = None
    """The submodule that the place is about, where it is one."""
