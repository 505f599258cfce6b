"""A site before its hook point has a name: what is hooked, and where the hook point goes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import (
    Attribute,
    Computed,
    Counter,
    Item,
    Member,
    Named,
    Step,
    Value,
)
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.notes import Message

__all__ = ["After", "Candidate", "Explicit", "First", "Form", "LeftAlone", "Reference", "Wrap"]


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
        return tuple(step.name for step in self.steps if isinstance(step, Attribute | Named))

    @property
    def items(self) -> tuple[Item | Member, ...]:
        return tuple(step for step in self.steps if isinstance(step, Item | Member))

    @property
    def is_named(self) -> bool:
        """Whether it is a value inside a forward, which no attribute holds."""
        return bool(self.steps) and isinstance(self.steps[0], Named)

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
class First:
    """The first statement of a function or of a loop's body passes an argument, or what the loop
    binds, through the hook point: ``x = self.resid_pre_hook_point(x)``."""

    block: FunctionNode | ast.For | ast.AsyncFor
    target: ast.Name
    is_tested: bool = False
    """Only where it is not ``None``."""


@dataclass(frozen=True, slots=True, eq=False)
class Explicit:
    """The callee is wrapped, and not its call, where the function itself makes the value and gives
    it to nobody: ``explicit_if_hooked(F.scaled_dot_product_attention, scores, pattern)(q, k, v)``.
    """

    node: ast.expr
    """The callee."""
    place: int
    """Which of the hook points it is: 0 of the scores, 1 of the pattern."""
    eager: str | None = None
    """The file's function that computes the same in steps, by its name."""


Form: TypeAlias = Wrap | After | First | Explicit


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One site."""

    node: ast.expr
    """The call or the read of the parameter: where the site is reported."""
    reference: Reference
    kind: str
    """``module call``, ``parameter use``, ``activation``, ``input`` or ``asked``."""
    form: Form
    function: FunctionTrace
    part: tuple[Step, ...] = ()
    """Which part of the call's result is hooked."""
    role: str | None = None
    """What the value is in a transformer, in TransformerLens's words: ``pattern``."""
    shows: str | None = None
    """Of a module's own site: the role that its result has."""
    takes: frozenset[ast.AST] = frozenset()
    """Of a value inside a forward: the module calls, and the operations with a parameter, whose
    result it is for every use, so that their hook point is this one."""
    beside: Reference | None = None
    """The module or parameter that it stands beside in ``__init__``; else it stands at the end."""
    is_alone: bool = False
    """It shares no hook point with sites of the same name."""
    second_names: tuple[Reference, ...] = ()
    """The modules and parameters by whose names the same hook point is known too."""

    @property
    def passing(self) -> ast.AST:
        """Return the expression or statement whose value passes the hook point."""
        match self.form:
            case After(statement):
                return statement
            case First(target=target):
                return target
            case Wrap(node) | Explicit(node):
                return node

    @property
    def place(self) -> ast.AST:
        """Return where in the tree the value passes."""
        return self.form.block.body[0] if isinstance(self.form, First) else self.node


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
    is_unseen: bool = False
    """Whether the fallback does not see it either."""
