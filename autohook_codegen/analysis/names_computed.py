"""Attributes whose name is worked out: ``f"layer{i}"``, ``"layer" + str(i)``."""

from __future__ import annotations

import ast

__all__ = ["display_name", "name_shape"]


def name_shape(node: ast.expr) -> tuple[str | None, ...] | None:
    """Return the constant parts of a name, with ``None`` for what is filled in; ``None`` if it has
    none.

    Two names of one shape are taken to mean the same attributes.
    """
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else None for one in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = []
        for side in (node.left, node.right):
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                parts.append(side.value)
            else:
                parts += name_shape(side) or (None,)
    else:
        return None
    return tuple(parts) if any(part for part in parts) else None


def display_name(node: ast.expr) -> str:
    """Return ``layer{i}``."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value)
            if isinstance(one, ast.Constant)
            else ast.unparse(ast.JoinedStr([one]))[2:-1]
            for one in node.values
        )
    text = ast.unparse(node)
    return text.replace("'", '"') if '"' not in text else text
