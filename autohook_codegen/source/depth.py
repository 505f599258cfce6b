"""How deep expressions nest: the passes over them recurse."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

__all__ = ["deepest_expression", "long_statements"]


def deepest_expression(statements: Iterator[ast.AST]) -> tuple[int, ast.expr | None]:
    """How deep the deepest expression in `statements` nests, and where it begins.

    Operators that `ast` holds side by side, ``a and b and c``, count as if one held the other.

    Example:
        >>> deepest_expression(iter(ast.parse("x + (y + z)").body))[0]
        3
    """
    deepest: tuple[int, ast.expr | None] = (0, None)
    for statement in statements:
        waiting: list[tuple[ast.AST, int, ast.expr | None]] = [(statement, 0, None)]
        while waiting:
            node, depth, outermost = waiting.pop()
            if isinstance(node, ast.expr):
                outermost = outermost or node
                depth += max(1, len(getattr(node, "values", ())), len(getattr(node, "ops", ())))
                if depth > deepest[0]:
                    deepest = depth, outermost
            elif isinstance(node, ast.stmt) and node is not statement:
                continue
            waiting += [(child, depth, outermost) for child in ast.iter_child_nodes(node)]
    return deepest


def long_statements(tree: ast.Module, line_starts: Sequence[int], least: int) -> Iterator[ast.stmt]:
    """The statements of at least so many characters, and compound ones of which the header is."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        blocks = [
            getattr(node, name, ()) for name in ("body", "orelse", "finalbody", "handlers", "cases")
        ]
        inner = [child for block in blocks if isinstance(block, list) for child in block]
        waiting += inner
        if isinstance(node, ast.stmt):
            is_headed = inner and isinstance(inner[0], ast.stmt)
            last = inner[0].lineno if is_headed else node.end_lineno or 0
            end = line_starts[last] if last < len(line_starts) else least + line_starts[-1]
            if end - line_starts[node.lineno - 1] >= least:
                yield node
