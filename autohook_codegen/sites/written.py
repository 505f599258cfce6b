"""One function as it is written: which statement stands in which block, and what stands in what."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property

from autohook_codegen.analysis.parts import origin_of
from autohook_codegen.analysis.trace import FunctionTrace, How, Use
from autohook_codegen.declares.files import FunctionNode

__all__ = ["Written"]


class Written:
    """A function's text and its trace, indexed for the rules."""

    def __init__(self, trace: FunctionTrace) -> None:
        self.trace = trace
        whole = trace
        while whole.parent is not None and isinstance(whole.parent.node, FunctionNode | ast.Lambda):
            whole = whole.parent
        self._whole = whole.node
        """The outermost function, of a nested one."""

        self._file = trace.file.nodes
        self.order = self._file.order
        """The place of each node of the file in a walk in depth."""

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """The function's nodes, in the order in which they are written."""
        return self._file.within(self._whole) if self._whole is not None else ()

    def holds(self, node: ast.AST, within: ast.AST | None = None) -> bool:
        """Tell whether the node stands in the function, or in a node of it."""
        around = within or self._whole
        return around is not None and self._file.holds(around, node)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return what the node stands in."""
        return self._file.parent(node)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what the node stands in, from the inside to the function."""
        for one in self._file.around(node) if node is not self._whole else ():
            yield one
            if one is self._whole:
                return

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds the node."""
        if isinstance(node, ast.stmt):
            return node
        return next(one for one in self._file.around(node) if isinstance(one, ast.stmt))

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements among which this one stands."""
        parent = self.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(one is statement for one in block):
                return block
        return [statement]

    def exclude_each_other(self, one: ast.AST, other: ast.AST) -> bool:
        """Tell whether they stand in different arms of an ``if``, or the second behind the first
        that is returned, or an arm with the first that leaves the function or the loop's round."""
        first, second = sorted((one, other), key=lambda node: self.order[node])
        leaves = self.statement(first)
        if isinstance(leaves, ast.Return) and leaves is not self.statement(second):
            return True
        arms, later = self._arms(first), self._arms(second)
        return any(
            later[test] is not arm if test in later else _leaves(arm) for test, arm in arms.items()
        )

    def _arms(self, node: ast.AST) -> dict[ast.AST, object]:
        """Return the conditions around the node, each with the arm that it stands in."""
        found: dict[ast.AST, object] = {}
        for parent in self.around(node):
            match parent:
                case ast.If(body=body, orelse=orelse):
                    found[parent] = next((arm for arm in (body, orelse) if node in arm), None)
                case ast.IfExp():
                    found[parent] = node
            node = parent
        return found

    def depth(self, node: ast.AST) -> int:
        return sum(1 for _ in self.around(node))

    @cached_property
    def uses_of(self) -> dict[ast.expr, list[Use]]:
        """What takes each expression."""
        found: dict[ast.expr, list[Use]] = {}
        for use in self.trace.uses:
            found.setdefault(use.node, []).append(use)
        return found

    @cached_property
    def by_origin(self) -> dict[ast.AST, list[Use]]:
        """The uses of whatever a node made, or of a part of it."""
        found: dict[ast.AST, list[Use]] = {}
        for use in self.trace.uses:
            for node in {
                origin.node for one in use.value if (origin := origin_of(one)) is not None
            }:
                found.setdefault(node, []).append(use)
        return found

    @cached_property
    def bindings(self) -> dict[str, list[ast.Name]]:
        """Where the function, or what is nested in it, binds each name but its arguments."""
        found: dict[str, list[ast.Name]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, []).append(node)
        return found

    @cached_property
    def in_strings(self) -> frozenset[ast.AST]:
        """What stands inside of f-strings."""
        return frozenset(
            inner
            for node in self.nodes
            if isinstance(node, ast.JoinedStr)
            for inner in self._file.within(node)
        )

    def use(self, node: ast.expr) -> Use | None:
        """Return the one use of an expression that says where it goes."""
        uses = [one for one in self.uses_of.get(node, ()) if one.how is not How.WRITTEN]
        return uses[0] if uses else None


def _leaves(arm: object) -> bool:
    last = arm[-1] if isinstance(arm, list) else None
    return isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)
