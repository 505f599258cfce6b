"""Brackets around what would otherwise break over lines outside of any."""

from __future__ import annotations

import libcst as cst

from autohook_codegen.source.logical_lines import TOKEN, bracket_depth

__all__ = ["breaks_outside_brackets", "in_brackets"]


def in_brackets(node: cst.BaseExpression, call: cst.Call | None = None) -> cst.BaseExpression:
    """`node` in one more pair of brackets, with what stood around it as the argument of `call`."""
    left, right = cst.LeftParen(), cst.RightParen()
    if call is not None:
        argument = call.args[0]
        comma = argument.comma
        last = comma.whitespace_after if isinstance(comma, cst.Comma) else None
        after = argument.whitespace_after_arg
        left = cst.LeftParen(whitespace_after=call.whitespace_before_args)
        right = cst.RightParen(whitespace_before=after if last is None else last)
    return node.with_changes(lpar=[left, *node.lpar], rpar=[*node.rpar, right])


def breaks_outside_brackets(node: cst.BaseExpression) -> bool:
    """Whether a line ends within an expression outside of all its brackets."""
    code = cst.Module([]).code_for_node(node)
    return any(
        token.lastgroup == "line" and bracket_depth(code, 0, token.start()) == 0
        for token in TOKEN.finditer(code)
    )
