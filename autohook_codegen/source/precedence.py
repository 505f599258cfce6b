"""Where an expression needs brackets to stand inside another one."""

from __future__ import annotations

import ast

__all__ = ["needs_brackets"]

TUPLE, ANY, DISJUNCTION, CONJUNCTION, NEGATION, COMPARISON, BITWISE_OR = range(7)
UNARY, POWER, AWAIT, ATOM = 12, 13, 14, 15
_OPERATORS: dict[type[ast.operator], int] = {
    ast.BitOr: BITWISE_OR,
    ast.BitXor: 7,
    ast.BitAnd: 8,
    ast.LShift: 9,
    ast.RShift: 9,
    ast.Add: 10,
    ast.Sub: 10,
    ast.Mult: 11,
    ast.MatMult: 11,
    ast.Div: 11,
    ast.FloorDiv: 11,
    ast.Mod: 11,
    ast.Pow: POWER,
}


def needs_brackets(parent: ast.AST, child: ast.expr, inner: ast.expr | None = None) -> bool:
    """Whether `inner` (an expression without brackets of its own) must get brackets when it takes
    the place of `child`, a direct child of `parent`.

    Example:
        >>> product = ast.parse("a * b", mode="eval").body
        >>> total = ast.parse("c + d", mode="eval").body
        >>> needs_brackets(product, product.left, total)
        True
    """
    return _binding(inner if inner is not None else child) < _required(parent, child)


def _binding(node: ast.expr) -> int:
    """How tightly the outermost operator of an expression binds."""
    match node:
        case ast.BinOp():
            return _OPERATORS[type(node.op)]
        case ast.UnaryOp():
            return NEGATION if isinstance(node.op, ast.Not) else UNARY
        case ast.BoolOp():
            return DISJUNCTION if isinstance(node.op, ast.Or) else CONJUNCTION
        case ast.Compare():
            return COMPARISON
        case ast.IfExp() | ast.Lambda():
            return ANY
        case ast.Await():
            return AWAIT
        case ast.Yield() | ast.YieldFrom() | ast.NamedExpr() | ast.Starred():
            return TUPLE
        case ast.Tuple():
            return TUPLE
        case _:
            return ATOM


def _required(parent: ast.AST, child: ast.expr) -> int:
    """How tightly an expression must bind to stand where `child` stands."""
    match parent:
        case ast.BinOp():
            own = _OPERATORS[type(parent.op)]
            # Operators group to the left, powers to the right.
            loose = parent.right if isinstance(parent.op, ast.Pow) else parent.left
            if isinstance(parent.op, ast.Pow) and child is loose:
                return UNARY
            return own if child is loose else own + 1
        case ast.UnaryOp():
            return NEGATION if isinstance(parent.op, ast.Not) else UNARY
        case ast.BoolOp():
            return (DISJUNCTION if isinstance(parent.op, ast.Or) else CONJUNCTION) + 1
        case ast.Compare():
            return COMPARISON + 1
        case ast.IfExp():
            return ANY if child is parent.orelse else DISJUNCTION
        case ast.Await() | ast.Attribute():
            return ATOM
        case ast.Subscript():
            return ATOM if child is parent.value else ANY
        case ast.Call():
            return ATOM if child is parent.func else ANY
        case ast.Starred():
            return BITWISE_OR
        case ast.Dict():
            unpacked = [v for k, v in zip(parent.keys, parent.values, strict=True) if k is None]
            return BITWISE_OR if any(child is value for value in unpacked) else ANY
        case ast.comprehension():
            return ANY if child is parent.target else DISJUNCTION
        case ast.Assign() | ast.AugAssign() | ast.Return() | ast.Expr():
            return TUPLE
        case _:
            return ANY
