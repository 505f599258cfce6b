"""Which members of a container loops come to: those of ``[:k]`` are none of ``[k + 1 :]``."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autohook_codegen.analysis.values import Member, Step
from autohook_codegen.sites.candidate import Reference

__all__ = ["are_apart"]


@dataclass(frozen=True, slots=True)
class _Bound:
    """``k + 1``: an expression, and what is added to it."""

    base: str
    added: int

    def is_at_most(self, other: _Bound | None) -> bool:
        return other is not None and self.base == other.base and self.added <= other.added


def are_apart(one: Reference, other: Reference) -> bool:
    """Tell whether two references to members of one container come to no member both."""
    return any(
        (upper is not None and upper.is_at_most(start))
        or (end is not None and end.is_at_most(lower))
        for (lower, upper), (start, end) in zip(_slices(one), _slices(other), strict=False)
    )


def _slices(reference: Reference) -> list[tuple[_Bound | None, _Bound | None]]:
    """Return the bounds of the members that each loop comes to."""
    return [_slice_in(step, reference.names) for step in reference.items]


def _slice_in(step: Step, names: tuple[str, ...]) -> tuple[_Bound | None, _Bound | None]:
    if not isinstance(step, Member) or step.loop is None:
        return None, None
    found = [
        one.slice
        for one in ast.walk(step.loop.iter)
        if isinstance(one, ast.Subscript)
        and isinstance(one.slice, ast.Slice)
        and (one is step.loop.iter or getattr(one.value, "attr", None) in names)
    ]
    if len(found) != 1 or found[0].step is not None:
        return None, None
    return _bound(found[0].lower), _bound(found[0].upper)


def _bound(node: ast.expr | None) -> _Bound | None:
    match node:
        case None:
            return None
        case ast.Constant(value=int(number)):
            return _Bound("", number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return _Bound("-", -number)  # counts from the end
        case ast.BinOp(left=left, op=ast.Add(), right=ast.Constant(value=int(number))):
            return _Bound(ast.unparse(left), number)
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=int(number))):
            return _Bound(ast.unparse(left), -number)
    return _Bound(ast.unparse(node), 0)
