"""``a, b = self.attn(x)``: the first target that is read is hooked on the next line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.declares.result import UNKNOWN_RESULT, Result
from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.candidate import After

__all__ = ["hook_unpacked_result"]


def hook_unpacked_result(
    statement: ast.stmt, target: ast.Tuple | ast.List, result: Result, scope: Scope
) -> After | None:
    """The statement that follows, or ``None`` where no target is both read and a tensor."""
    after_tuple = False
    for one, part in _single_targets(target, result):
        if after_tuple and not part.surely_tensor:
            continue  # the first tensor is in the tuple, and what follows may be a number
        if isinstance(one, ast.Name) and part.surely_tuple and _is_read(one.id, statement, scope):
            if part.elements and part.elements[0].surely_tensor:
                text = one.id
                return After(statement, f"{text}[0]", text, f"({{}}, *{text}[1:])")
            after_tuple = True
        if not part.may_be_tensor and part.kinds != {"tensor", "none"}:
            continue
        if "none" in part.kinds and not part.surely_tensor and _later(target, one):
            continue
        if isinstance(one, ast.Name) and (one.id == "_" or not _is_read(one.id, statement, scope)):
            continue
        text = ast.unparse(one)
        return After(statement, text, text, "{}")
    return None


def _single_targets(target: ast.expr, result: Result) -> Iterator[tuple[ast.expr, Result]]:
    if isinstance(target, ast.Tuple | ast.List):
        for index, one in enumerate(target.elts):
            if isinstance(one, ast.Starred):
                return
            elements = result.elements
            part = (
                elements[index]
                if elements is not None and index < len(elements)
                else UNKNOWN_RESULT
            )
            yield from _single_targets(one, part)
    elif isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        yield target, result


def _later(target: ast.Tuple | ast.List, one: ast.expr) -> bool:
    """Another target follows, which may do better than one that may be ``None``."""
    return one is not target.elts[-1]


def _is_read(name: str, statement: ast.stmt, scope: Scope) -> bool:
    """Whether anything reads the name after the statement, or in a loop around it."""
    here = scope.position(statement)
    loops = [
        one
        for one in scope.ancestors(statement)
        if isinstance(one, ast.For | ast.AsyncFor | ast.While)
    ]
    for read in scope.reads(name):
        if statement in scope.ancestors(read):
            continue
        if scope.position(read) > here or any(loop in scope.ancestors(read) for loop in loops):
            return True
    return False
