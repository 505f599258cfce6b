"""The text of hook points' names that are worked out: ``f"layer{i}_hook_point"``."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.names_computed import template_of, with_template
from autohook_codegen.options import Options

__all__ = ["double_quoted", "hook_point_name", "with_suffix"]

_QUOTES = ('"', "'", '"""')


def hook_point_name(node: ast.expr, options: Options) -> str:
    """Return the text that works out the hook point's name: ``f"layer{i}_hook_point"``."""
    if isinstance(node, ast.JoinedStr):
        text = options.hook_point("".join(map(_written, node.values)))
        quote = next(one for one in _QUOTES if one not in text)
        return f"f{quote}{text}{quote}"
    template = template_of(node)
    if template is not None:
        return double_quoted(ast.unparse(with_template(node, options.hook_point(template))))
    before, after = options.name.split("{name}")
    text = double_quoted(ast.unparse(node))
    if before:
        text = f'"{before}" + {text}'
    return f'{text} + "{after}"' if after else text


def with_suffix(node: ast.expr, suffix: str) -> ast.expr:
    """Return the expression of a longer name: ``f"layer{i}_in"``."""
    if isinstance(node, ast.JoinedStr):
        return ast.JoinedStr([*node.values, ast.Constant(suffix)])
    template = template_of(node)
    if template is not None:
        return with_template(node, template + suffix)
    return ast.BinOp(node, ast.Add(), ast.Constant(suffix))


def _written(part: ast.expr) -> str:
    """Return a part of an f-string as it stands in one."""
    return ast.unparse(ast.JoinedStr([part]))[2:-1]


def double_quoted(text: str) -> str:
    """Return code with double quotes in place of single ones, as black has them."""
    return text.replace("'", '"') if '"' not in text else text
