"""Everything that a rewrite inserts into one file, keyed by the nodes of its syntax tree."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from autohook_codegen.declares.files import FunctionNode

__all__ = ["BaseEdit", "Edits", "ExplicitEdit", "LoopEdit", "WrapEdit"]


@dataclass(frozen=True, slots=True)
class WrapEdit:
    """``EXPR`` becomes ``hook(EXPR)``, or ``hook(EXPR) if TESTED is not None else None``."""

    hook: str
    tested: str | None = None
    brackets: bool = False
    """Whether the test needs brackets where it stands."""
    takes_brackets: bool = False
    """Whether the expression needs its brackets where it stands, which a call there does not."""


@dataclass(slots=True)
class ExplicitEdit:
    """``CALLEE`` becomes ``explicit_if_hooked(CALLEE, scores, pattern[, eager])``."""

    function: str
    """How the file spells ``explicit_if_hooked``."""
    eager: str | None = None
    hook_points: list[str] = field(default_factory=lambda: ["None", "None"])


@dataclass(frozen=True, slots=True)
class LoopEdit:
    """``for T in ITER`` becomes ``for INDEX, T in enumerate(ITER[, start])``, or runs along hook
    points.
    """

    index: str | None = None
    start: str | None = None
    zipped: tuple[tuple[str, str], ...] = ()
    """For each container the local name of its hook points and what they are taken from."""


@dataclass(frozen=True, slots=True)
class BaseEdit:
    """``HookedRootModule``, as the file spells it, becomes a base."""

    name: str
    place: int


@dataclass
class Edits:
    """What one file gains."""

    wraps: dict[ast.expr, list[WrapEdit]] = field(default_factory=dict)
    """Innermost first."""
    explicit: dict[ast.expr, ExplicitEdit] = field(default_factory=dict)
    first: dict[FunctionNode | ast.For | ast.AsyncFor, list[str]] = field(default_factory=dict)
    """Statements that come first in a function or in the body of a loop."""
    after: dict[ast.stmt, list[str]] = field(default_factory=dict)
    """Statements that follow, in the same block."""
    before: dict[ast.stmt, list[str]] = field(default_factory=dict)
    """Statements that come first, in the same block: what has to be made before a ``return``."""
    loops: dict[ast.For | ast.AsyncFor | ast.comprehension, LoopEdit] = field(default_factory=dict)
    bases: dict[ast.ClassDef, BaseEdit] = field(default_factory=dict)
    init_ends: dict[ast.FunctionDef | ast.AsyncFunctionDef, list[str]] = field(default_factory=dict)
    written_inits: dict[ast.ClassDef, list[str]] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.wraps
            or self.explicit
            or self.first
            or self.after
            or self.before
            or self.loops
            or self.bases
            or self.init_ends
            or self.written_inits
            or self.imports
        )
