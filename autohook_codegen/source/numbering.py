"""The identity of every statement and expression of an `ast` tree.

Identities hold for libcst's tree of the same text too (see `pairing`). A statement is known by its
place among all statements of the module, an expression by its statement, its kind and its place
among the expressions of that kind in that statement's own text. Both counts run in the order of the
source, where an outer node comes before what it holds.

Not counted are strings' contents (their positions are wrong in Python 3.11), type parameters,
starred expressions, the tuple of a subscript ``a[b, c]``, and names that `ast` holds as plain
strings.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Key", "Numbering", "inner_statements"]


class Key(NamedTuple):
    """The identity of an expression."""

    statement: int
    """Index of the innermost statement that it stands in."""
    kind: str
    """Name of its `ast` class; ``Constant`` for f-strings too."""
    ordinal: int
    """How many expressions of the same kind stand before it in the statement's own text."""


class Numbering:
    """The identities of a module's statements and expressions.

    Statements are numbered at once, a statement's expressions when one of them is asked for: call
    `settle` before they are edited.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.statements: list[ast.stmt] = []
        self.ends: list[int] = []
        """For every statement the index that follows it and all that it holds."""
        self._parents: list[int] = []
        self._index: dict[ast.stmt, int] = {}
        self._keys: dict[ast.expr | ast.comprehension, Key] = {}
        self._settled: set[int] = set()
        self._number(tree)
        self._starts = [_start(statement) for statement in self.statements]

    def _number(self, tree: ast.Module) -> None:
        waiting: list[tuple[ast.stmt, int]] = [(s, -1) for s in reversed(tree.body)]
        while waiting:
            statement, parent = waiting.pop()
            index = len(self.statements)
            self._index[statement] = index
            self.statements.append(statement)
            self._parents.append(parent)
            inner = list(inner_statements(statement))
            waiting += [(s, index) for s in reversed(inner)]
        self.ends = [index + 1 for index in range(len(self.statements))]
        for index in range(len(self.statements) - 1, -1, -1):
            parent = self._parents[index]
            if parent >= 0:
                self.ends[parent] = max(self.ends[parent], self.ends[index])

    def statement(self, node: ast.stmt) -> int:
        """The index of a statement of the tree as it was numbered."""
        return self._index[node]

    def key(self, node: ast.expr | ast.comprehension) -> Key:
        """The identity of an expression.

        Raises:
            KeyError: the expression is not counted, or did not stand in the tree.
        """
        found = self._keys.get(node)
        if found is None:
            self.settle(self.statement_of(node))
            found = self._keys[node]
        return found

    def statement_of(self, node: ast.expr | ast.comprehension) -> ast.stmt:
        """The innermost statement that an expression stands in."""
        place = node.target if isinstance(node, ast.comprehension) else node
        start, end = _start(place), _end(place)
        index = bisect_right(self._starts, start) - 1
        while index >= 0 and _end(self.statements[index]) < end:
            index = self._parents[index]
        if index < 0:
            raise KeyError(node)
        return self.statements[index]

    def settle(self, statement: ast.stmt) -> None:
        """Number the expressions of `statement` as they are now."""
        index = self._index[statement]
        if index in self._settled:
            return
        self._settled.add(index)
        counts: dict[str, int] = {}
        for node in sorted(_own_expressions(statement), key=_order):
            kind = _kind(node)
            ordinal = counts.get(kind, 0)
            counts[kind] = ordinal + 1
            self._keys[node] = Key(index, kind, ordinal)


def inner_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements that stand directly in a compound statement, in the order of the source."""
    if not hasattr(statement, "body"):
        if isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from case.body
        return
    yield from statement.body
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body
    yield from getattr(statement, "orelse", ())
    yield from getattr(statement, "finalbody", ())


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr | ast.comprehension]:
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        bare = node.slice if isinstance(node, ast.Subscript) else None
        for name, value in ast.iter_fields(node):
            if name == "type_params":
                continue
            for child in value if isinstance(value, list) else (value,):
                if not isinstance(child, ast.AST) or isinstance(child, ast.stmt):
                    continue
                if isinstance(child, ast.comprehension) or (
                    isinstance(child, ast.expr)
                    and not isinstance(child, ast.Starred)
                    and not (child is bare and isinstance(child, ast.Tuple))
                ):
                    yield child
                if _kind(child) != "Constant":
                    waiting.append(child)


def _kind(node: ast.AST) -> str:
    name = type(node).__name__
    return "Constant" if name in ("JoinedStr", "TemplateStr") else name


def _order(node: ast.expr | ast.comprehension) -> tuple[int, int, int, int]:
    place = node.target if isinstance(node, ast.comprehension) else node
    (line, column), (end_line, end_column) = _start(place), _end(place)
    return line, column, -end_line, -end_column


def _start(node: ast.stmt | ast.expr) -> tuple[int, int]:
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        # Decorators belong to the statement, but stand before where `ast` lets it begin. The `@` is
        # in front of them, so that no other statement can begin there.
        return decorators[0].lineno, 0
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0
