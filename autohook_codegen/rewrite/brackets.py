"""Brackets around what would otherwise break over lines outside of any."""

from __future__ import annotations

from typing import Any

import libcst as cst

__all__ = ["bracketed", "with_bare_newlines_bracketed"]

# The expressions of a statement that stand outside of brackets.
_BARE_FIELDS: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.AnnAssign: ("value",),
    cst.Assert: ("test", "msg"),
    cst.Assign: ("value",),
    cst.AugAssign: ("value",),
    cst.Expr: ("value",),
    cst.For: ("target", "iter"),
    cst.If: ("test",),
    cst.Match: ("subject",),
    cst.Raise: ("exc",),
    cst.Return: ("value",),
    cst.While: ("test",),
}


def bracketed(node: cst.BaseExpression, call: cst.Call | None = None) -> cst.BaseExpression:
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


def with_bare_newlines_bracketed(statement: cst.CSTNode) -> cst.CSTNode:
    """`statement` with brackets around each expression that breaks over lines outside of any."""
    changes: dict[str, Any] = {}
    for name in _BARE_FIELDS.get(type(statement), ()):
        value = getattr(statement, name)
        if value is not None and _breaks_bare(value):
            changes[name] = bracketed(value)
    if isinstance(statement, cst.With) and not isinstance(statement.lpar, cst.LeftParen):
        changes["items"] = [
            item.with_changes(item=bracketed(item.item)) if _breaks_bare(item.item) else item
            for item in statement.items
        ]
    if isinstance(statement, cst.FunctionDef | cst.ClassDef):
        changes["decorators"] = [
            item.with_changes(decorator=bracketed(item.decorator))
            if _breaks_bare(item.decorator)
            else item
            for item in statement.decorators
        ]
    return statement.with_changes(**changes) if changes else statement


def _breaks_bare(node: cst.CSTNode) -> bool:
    """Whether a line ends within `node` outside of all brackets."""
    if isinstance(node, cst.ParenthesizedWhitespace):
        return True
    if getattr(node, "lpar", ()):
        return False
    if isinstance(node, cst.Call):
        return _breaks_bare(node.func)
    if isinstance(node, cst.Subscript):
        return _breaks_bare(node.value)
    if isinstance(
        node,
        cst.List | cst.Set | cst.Dict | cst.ListComp | cst.SetComp | cst.DictComp
        | cst.FormattedString | cst.TemplatedString | cst.SimpleString,
    ):  # fmt: skip
        return False
    return any(_breaks_bare(child) for child in node.children)
