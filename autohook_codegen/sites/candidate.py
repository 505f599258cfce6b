"""A site before its hook point has a name: what is hooked, and where the hook point goes."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Attribute, Computed, Counter, Item, Member, Step, Value
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.notes import Message

__all__ = ["After", "Candidate", "LeftAlone", "Reference", "Wrap"]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """``self.transformer.h[i]``: a path from a module, and what stands at its end."""

    receiver: str
    """The text of what the path starts from: ``self``, ``attn``, ``self.layers[i]``."""
    owners: tuple[ClassDecl, ...]
    """The classes that the receiver may be of, in the order of the source; the hook points are made
    in them."""
    steps: tuple[Step, ...]
    value: Value
    counters: tuple[tuple[Counter, str], ...] = ()
    """The local names that here hold the number of a loop's round."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps if isinstance(step, Attribute))

    @property
    def items(self) -> tuple[Item | Member, ...]:
        return tuple(step for step in self.steps if isinstance(step, Item | Member))

    @property
    def computed(self) -> Computed | None:
        return next((step for step in self.steps if isinstance(step, Computed)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Wrap:
    """The hook point is called with the expression, ``self.fc_hook_point(self.fc(x))``."""

    node: ast.expr
    is_tested: bool = False
    """Only where the expression is not ``None``:
    ``self.b_hook_point(self.b) if self.b is not None else None``."""


@dataclass(frozen=True, slots=True, eq=False)
class After:
    """A statement after `statement` passes a part of what `target` holds through the hook point."""

    statement: ast.stmt
    target: ast.expr
    """``a`` in ``a, b = self.attn(x)``, ``out`` in ``out = self.encoder(x)``; names and plain
    attributes and items alone, which can be read again without effect."""
    part: tuple[Step, ...] = ()
    """What of it is hooked: nothing for all of it, an `Attribute`, an `Item`."""
    is_rebuilt: bool = False
    """A tuple is built anew: ``out = (hook(out[0]), *out[1:])``; else the part is assigned."""
    is_guarded: bool = False
    """Under ``if not isinstance(out, tuple):``."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One site."""

    node: ast.expr
    """The call or the read of the parameter: where the site is reported."""
    reference: Reference
    kind: str
    """``module call`` or ``parameter use``."""
    form: Wrap | After
    function: FunctionTrace
    part: tuple[Step, ...] = ()
    """Which part of the call's result is hooked."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftAlone:
    """A place that gets no site, and why."""

    node: ast.expr | ast.stmt
    message: Message
    function: FunctionTrace
    reference: Reference | None = None
    """The submodule that the place is about, where it is one."""
    inside: tuple[str, ...] = ()
    """What the fallback hooks instead: ``Layer.ff``; empty where there is nothing to hook."""
