"""``a = self.N(a)`` on the line after the statement that bound ``a``; also ``out.field = …`` and
``out = (*out[:1], self.N(out[1]), *out[2:])``.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import NamedTuple

from autohook_codegen.rewrite.names import HookNames
from autohook_codegen.rewrite.wrap import hooked_value, is_tested, same

__all__ = ["HookedAfter", "first_place", "hooked_after", "is_first"]


class HookedAfter(NamedTuple):
    """What a statement hooks that an earlier one bound."""

    value: str
    """``out[0]``"""
    hook_points: list[str]
    """``["self.fc1_hook_point"]``, what is applied first in front."""


def hooked_after(node: ast.stmt, names: HookNames, local: Collection[str]) -> HookedAfter | None:
    """What a statement hooks that an earlier one bound, if it does nothing else; `local` are the
    hook points that loops bind."""
    if isinstance(node, ast.If):
        return _under_test(node, names, local)
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    target, value = node.targets[0], node.value
    around: tuple[list[str], list[str]] | None = None
    if isinstance(value, ast.Tuple):
        plain = [place for place, e in enumerate(value.elts) if not isinstance(e, ast.Starred)]
        if len(plain) != 1:
            return None
        texts = [ast.unparse(element) for element in value.elts]
        around = texts[: plain[0]], texts[plain[0] + 1 :]
        value = value.elts[plain[0]]
    if isinstance(value, ast.IfExp) and is_tested(value, names, local):
        value = value.body
    hook_points: list[str] = []
    while (inner := hooked_value(value, names, local)) is not None:
        assert isinstance(value, ast.Call)
        hook_points.insert(0, ast.unparse(value.func))
        value = inner
    is_whole = around is None and same(target, value)
    if hook_points and (is_whole or (around is not None and _rebuilds(target, value, *around))):
        return HookedAfter(ast.unparse(value), hook_points)
    return None


def is_first(before: Sequence[ast.stmt], block: ast.AST) -> bool:
    """Tell whether a statement behind `before` is the first of a function or of a loop's body,
    docstrings aside."""
    if not isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.AsyncFor):
        return False
    return list(before) == block.body[: first_place(block)]


def first_place(block: ast.FunctionDef | ast.AsyncFunctionDef | ast.For | ast.AsyncFor) -> int:
    """Return the place in the body of what stands behind a docstring."""
    has_docstring = not isinstance(block, ast.For | ast.AsyncFor) and (
        ast.get_docstring(block, clean=False) is not None
    )
    return 1 if has_docstring else 0


def _under_test(node: ast.If, names: HookNames, local: Collection[str]) -> HookedAfter | None:
    """``if not isinstance(out, tuple): out.field = self.N(out.field)``"""
    match node:
        case ast.If(
            test=ast.UnaryOp(
                op=ast.Not(),
                operand=ast.Call(
                    func=ast.Name(id="isinstance"), args=[whole, ast.Name(id="tuple")]
                ),
            ),
            body=[ast.Assign(targets=[ast.Attribute(value=held)]) as statement],
            orelse=[],
        ) if same(whole, held):
            return hooked_after(statement, names, local)
    return None


def _rebuilds(target: ast.expr, item: ast.expr, before: list[str], behind: list[str]) -> bool:
    """Whether `item` is one of the tuple `target`, and `before` and `behind` the others."""
    match item:
        case ast.Subscript(value=whole, slice=ast.Constant(value=int(place))) if (
            place >= 0 and same(whole, target)
        ):
            name = ast.unparse(target)
            first = [f"*{name}[:{place}]"] if place else []
            return before == first and behind in ([], [f"*{name}[{place + 1}:]"])
    return False
