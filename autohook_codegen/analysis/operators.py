"""Operators: between tensors, between tuples, and those that only ask."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.frame import Frame, evaluates, united
from autohook_codegen.analysis.growing import add_member
from autohook_codegen.analysis.joining import MOST_MEMBERS, join
from autohook_codegen.analysis.names_computed import name_shape
from autohook_codegen.analysis.narrowing import narrow_by
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    PLAIN,
    UNKNOWN,
    Fields,
    Items,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["add_in_place", "is_numeric"]

_KINDS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.MatMult: "matmul",
    ast.Pow: "pow",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.LShift: "bitwise_left_shift",
    ast.RShift: "bitwise_right_shift",
}
_NUMERIC = Tensor | Parameter | Unknown


def is_numeric(value: Value) -> bool:
    """Tell whether it may be a tensor."""
    return any(isinstance(one, _NUMERIC) for one in value)


@evaluates(ast.BinOp)
def binary(frame: Frame, node: ast.BinOp) -> Value:
    left = frame.take(node.left, How.OPERATION, node)
    right = frame.take(node.right, How.OPERATION, node)
    return _combined(frame, node, node.op, left, right)


def _combined(
    frame: Frame, node: ast.expr | ast.stmt, op: ast.operator, left: Value, right: Value
) -> Value:
    if not left or not right:
        return NOT_REACHED
    structured = [one for one in (*left, *right) if isinstance(one, Items)]
    if any(isinstance(one, Tensor | Parameter) for one in (*left, *right)):
        if isinstance(op, ast.Add):
            if added := _added_to_tuple(left, right):
                return _joined_tuples(node, structured, left, added, True)
            if begin := _added_to_tuple(right, left):
                return _joined_tuples(node, structured, begin, right, True)
        return frame.operation(_KINDS[type(op)], node, (left, right))
    if structured and isinstance(op, ast.Add | ast.Mult):
        return _joined_tuples(node, structured, left, right, isinstance(op, ast.Add))
    if any(isinstance(one, Fields) for one in (*left, *right)) and isinstance(op, ast.BitOr):
        return join(left, right)
    if all(isinstance(one, Plain | Nothing) for one in (*left, *right)):
        shape = name_shape(node) if isinstance(node, ast.expr) else None
        return frozenset({Plain(shape=shape or ())})
    return frame.operation(_KINDS[type(op)], node, (left, right))


def _added_to_tuple(value: Value, other: Value) -> Value:
    """Return what of `other` can be added to `value`, where that surely is a tuple or list."""
    if not all(isinstance(one, Items) for one in value):
        return NOT_REACHED
    return frozenset(one for one in other if isinstance(one, Items | Unknown))


def _joined_tuples(
    node: ast.AST, structured: list[Items], left: Value, right: Value, is_sum: bool
) -> Value:
    """``states + (x,)``; whichever kind it is, the other side is the same."""
    kind = structured[0].kind
    if is_sum and len(left) == len(right) == 1 and len(structured) == 2:
        one, other = structured
        first = (*one.first, *other.first)
        if not one.rest and len(first) <= MOST_MEMBERS:
            return frozenset({Items(kind, first, other.rest)})
    if is_sum and len(left) == 1:
        (begin,) = left
        if isinstance(begin, Items) and begin.first and not begin.rest and begin.site is None:
            others = [other for other in structured if other is not begin] or [begin]
            rest = [member for other in others for member in (*other.first, other.rest)]
            if any(isinstance(other, Unknown) for other in right):
                rest.append(UNKNOWN)
            return frozenset({Items(begin.kind, begin.first, join(*rest))})
    inside = [member for one in structured for member in (*one.first, one.rest)]
    if any(isinstance(one, Unknown) for one in (*left, *right)) and is_sum:
        unknown = frozenset({Unknown(Origin(node))})
        return join(frozenset({Items(kind, (), join(*inside, UNKNOWN))}), unknown)
    return frozenset({Items(kind, (), join(*inside))})


def add_in_place(frame: Frame, node: ast.AugAssign) -> Value:
    """Return what the target is after ``x += …``."""
    target = node.target
    read: ast.expr
    if isinstance(target, ast.Name):
        read = ast.Name(target.id, ast.Load())
    elif isinstance(target, ast.Attribute):
        read = ast.Attribute(target.value, target.attr, ast.Load())
    else:
        read = ast.Subscript(target.value, target.slice, ast.Load())
    ast.copy_location(read, target)
    before = frame.evaluate(read)
    frame.use(target, before, How.WRITTEN, node)
    added = frame.take(node.value, How.OPERATION, node)
    lists = [one for one in before if isinstance(one, Items) and one.site is not None]
    if lists and isinstance(node.op, ast.Add):
        for one in lists:
            members = [
                m for other in added if isinstance(other, Items) for m in (*other.first, other.rest)
            ]
            add_member(
                frame, one, "+=", (node.value,), target, join(*members) if members else UNKNOWN
            )
        return before
    return _combined(frame, node, node.op, before, added)


@evaluates(ast.UnaryOp)
def unary(frame: Frame, node: ast.UnaryOp) -> Value:
    if isinstance(node.op, ast.Not):
        frame.take(node.operand, How.TESTED, node)
        return PLAIN
    value = frame.take(node.operand, How.OPERATION, node)
    if isinstance(node.operand, ast.Constant) and isinstance(node.op, ast.USub):
        number = node.operand.value
        return frozenset({Plain(-number)}) if type(number) is int else PLAIN
    if all(isinstance(one, Plain | Nothing) for one in value):
        return PLAIN if value else NOT_REACHED
    return frame.operation("neg" if isinstance(node.op, ast.USub) else "invert", node, (value,))


@evaluates(ast.Compare)
def comparison(frame: Frame, node: ast.Compare) -> Value:
    asks = all(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops)
    how = How.TESTED if asks else How.OPERATION
    values = [frame.take(one, how, node) for one in (node.left, *node.comparators)]
    if asks or not any(is_numeric(value) for value in values):
        return PLAIN
    if any(isinstance(one, Tensor | Parameter) for value in values for one in value):
        return frame.operation("compare", node, tuple(values))
    return frozenset({Unknown(Origin(node))})


@evaluates(ast.BoolOp)
def boolean(frame: Frame, node: ast.BoolOp) -> Value:
    """``a or b``: each operand stands where those before it have not decided."""
    before = frame.branch()
    found: list[Value] = []
    *first, last = node.values
    for one in first:
        value = frame.take(one, How.CHOSEN, node)
        if isinstance(node.op, ast.Or):
            value = frozenset(kept for kept in value if not isinstance(kept, Nothing))
        found.append(value)
        if frame.environment is not None:
            narrow_by(frame, one, isinstance(node.op, ast.And))
    found.append(frame.take(last, How.CHOSEN, node))
    frame.environment = united(before, frame.environment)
    return join(*found)


@evaluates(ast.IfExp)
def conditional(frame: Frame, node: ast.IfExp) -> Value:
    frame.take(node.test, How.TESTED, node)
    before = frame.branch()
    narrow_by(frame, node.test, True)
    body = frame.take(node.body, How.CHOSEN, node)
    after_body = frame.environment
    frame.environment = before
    if before is not None:
        narrow_by(frame, node.test, False)
    otherwise = frame.take(node.orelse, How.CHOSEN, node)
    frame.environment = united(after_body, frame.environment)
    return join(body, otherwise)


@evaluates(ast.Constant)
def constant(frame: Frame, node: ast.Constant) -> Value:
    if node.value is None:
        return NOTHING
    if isinstance(node.value, str) or type(node.value) is int:
        return frozenset({Plain(node.value)})
    return PLAIN
