"""Which expression of a call an argument of a function gets, and what a function returns."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.files import FunctionNode

__all__ = ["Part", "arguments_in", "given_to", "path_to", "returns_of"]

Part = tuple[int | str | None, ...]
"""Which item of a value; ``None`` for whichever a loop hands out."""


def given_to(
    argument: ast.arg, function: ast.AST | None, call: ast.Call, is_bound: bool
) -> list[tuple[ast.expr, Part]]:
    """Return the expression that the call gives the argument; nothing where it gives none that the
    source shows. `is_bound` says that the first argument comes from elsewhere: ``self``."""
    if not isinstance(function, FunctionNode | ast.Lambda):
        return []
    args = function.args
    plain = [*args.posonlyargs, *args.args]
    for keyword in call.keywords:
        if keyword.arg == argument.arg and argument in (*plain, *args.kwonlyargs):
            return [(keyword.value, ())]
    if argument not in plain:
        return []
    place = plain.index(argument) - is_bound
    shown = call.args[: place + 1]
    if 0 <= place < len(call.args) and not any(isinstance(one, ast.Starred) for one in shown):
        return [(call.args[place], ())]
    if len(shown) == 1 and isinstance(shown[0], ast.Starred):
        return [(shown[0].value, (place,))]
    return []


def returns_of(function: FunctionTrace) -> list[ast.expr]:
    """Return the expressions that a function gives back."""
    if not isinstance(function.node, FunctionNode):
        return [function.node.body] if function.node is not None else []
    closed = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)
    nodes = function.file.nodes.walk(function.node.body, closed)
    return [one.value for one in nodes if isinstance(one, ast.Return) and one.value is not None]


def arguments_in(function: FunctionNode | ast.Lambda) -> list[ast.arg]:
    """Return every argument of a function."""
    args = function.args
    further = [one for one in (args.vararg, args.kwarg) if one is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *further]


def path_to(target: ast.expr, wanted: ast.AST) -> Part | None:
    """Return the places by which an assignment takes its value apart for one of its targets."""
    if target is wanted:
        return ()
    if isinstance(target, ast.Tuple | ast.List):
        star = False
        for place, one in enumerate(target.elts):
            star = star or isinstance(one, ast.Starred)
            inner = path_to(one.value if isinstance(one, ast.Starred) else one, wanted)
            if inner is not None:
                return (None if star else place, *inner)
    return None
