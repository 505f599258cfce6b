"""Attributes whose name is worked out: ``f"layer{i}"``, ``"layer" + str(i)``."""

from __future__ import annotations

import ast

from autohook_codegen.options import Options

__all__ = ["display_name", "hook_point_name", "name_shape", "source_text"]

_QUOTES = ('"', "'", '"""')


def source_text(node: ast.expr) -> str:
    """The expression as text, with double quotes."""
    text = ast.unparse(node)
    return text.replace("'", '"') if '"' not in text else text


def name_shape(node: ast.expr) -> tuple[str | None, ...] | None:
    """The constant parts of a name, with ``None`` for what is filled in; ``None`` if it has none.

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
    """``layer{i}``"""
    if isinstance(node, ast.JoinedStr):
        parts = [
            str(one.value)
            if isinstance(one, ast.Constant)
            else ast.unparse(ast.JoinedStr([one]))[2:-1]
            for one in node.values
        ]
        return "".join(parts)
    return source_text(node)


def hook_point_name(node: ast.expr, options: Options) -> str:
    """The text of the name of the hook point: ``f"layer{i}_hook_point"``."""
    if isinstance(node, ast.JoinedStr):
        text = options.hook_point(display_name(node))
        quote = next(one for one in _QUOTES if one not in text)
        return f"f{quote}{text}{quote}"
    before, after = options.name.split("{name}")
    text = source_text(node)
    if before:
        text = f'"{before}" + {text}'
    return f'{text} + "{after}"' if after else text
