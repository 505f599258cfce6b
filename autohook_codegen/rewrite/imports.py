"""Where the imports of the hook points' names stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from autohook_codegen.rewrite.spelled import line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["with_imports"]


def with_imports(module: cst.Module, imports: Sequence[str]) -> cst.Module:
    """The imports follow the last import of the file's opening block: what stands above the first
    statement that is no import, docstring or ``__all__`` and the like. Where there is none, they
    stand below the docstring and the comments that the file begins with."""
    if not imports:
        return module
    lines = [line(text) for text in imports]
    place = _behind_last_import(module.body)
    if place == 0:
        place = 1 if module.body and _is_docstring(module.body[0]) else 0
        if place:
            lines[0] = lines[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    return module.with_changes(body=[*module.body[:place], *lines, *module.body[place:]])


def _behind_last_import(
    body: Sequence[cst.SimpleStatementLine | cst.BaseCompoundStatement],
) -> int:
    place = 0
    for index, statement in enumerate(body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        if any(isinstance(small, cst.Import | cst.ImportFrom) for small in statement.body):
            place = index + 1
        elif not (_is_docstring(statement) or _sets_dunder(statement)):
            break
    return place


def _is_docstring(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(small := statement.body[0], cst.Expr)
        and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)
    )


def _sets_dunder(statement: cst.SimpleStatementLine) -> bool:
    """``__all__ = …``, ``__version__ = …``"""
    small = statement.body[0]
    if not isinstance(small, cst.Assign) or not isinstance(small.targets[0].target, cst.Name):
        return False
    name = small.targets[0].target.value
    return name.startswith("__") and name.endswith("__")
