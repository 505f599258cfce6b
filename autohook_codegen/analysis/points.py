"""Values at places of the source, and how each was made."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NamedTuple

from autohook_codegen.analysis.call_arguments import Part
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Value

__all__ = ["FILLED", "Context", "Point", "Way"]

FILLED = "filled"
"""The name of the way of a tensor that is made empty, and filled behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The call by which a way has gone into a function; `Flow.context` makes one of each."""

    call: ast.Call | ast.ListComp | ast.GeneratorExp
    """A comprehension too, which runs over the item `mapped`."""
    function: FunctionTrace
    """The caller."""
    outer: Context | None = None
    mapped: Part | None = None
    """Which item of what ``map`` runs over, where that calls the function, or a comprehension."""

    @property
    def depth(self) -> int:
        return 1 + (self.outer.depth if self.outer is not None else 0)


class Point(NamedTuple):
    """A value in a function: of an expression, of an argument, of ``x += y``."""

    node: ast.AST
    function: FunctionTrace
    context: Context | None = None
    part: Part = ()
    """Which item of it; ``None`` for whichever a loop hands out."""

    @property
    def place(self) -> tuple[ast.AST, FunctionTrace, Part]:
        """Which value in the source it is, by whichever calls the way has come."""
        return self.node, self.function, self.part

    def at(self, node: ast.AST, *part: int | str | None) -> Point:
        return Point(node, self.function, self.context, part)


class Way(NamedTuple):
    """How a value was made."""

    kind: str
    """A family of operations (``view``, ``matmul``, ``linear``, …; see `library.operations`), or
    ``same`` (a name), ``choice``, ``item`` (of a tuple), ``argument``, ``module`` (a module of the
    input, or one that is not known), ``function`` (one of the input), ``unknown`` (another one),
    ``parameter``, ``leaf``."""
    point: Point
    sources: tuple[Point, ...] = ()
    """From what: the operands in their order."""
    name: str = ""
    """The function's own name, ``transpose``."""
    modules: Value = frozenset()
    """What a module call may call."""
    inner: tuple[Point, ...] = ()
    """What a function or module of the input returns, where the way goes on inside of it."""
