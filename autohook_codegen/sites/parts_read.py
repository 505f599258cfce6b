"""Which part of a result a place reads."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.trace import How, Use
from autohook_codegen.analysis.values import Attribute, Item, Step

__all__ = ["step_of"]


def step_of(use: Use) -> Step | None:
    """Return the part that a place reads, if the source says which."""
    if use.how is not How.PART:
        return None
    if isinstance(use.by, ast.Attribute):
        return Attribute(use.by.attr)
    if isinstance(use.by, ast.Subscript):
        key = use.by.slice
        if isinstance(key, ast.UnaryOp) and isinstance(key.operand, ast.Constant):
            number = key.operand.value
            if isinstance(key.op, ast.USub) and type(number) is int:
                return Item(-number)
        if isinstance(key, ast.Constant) and isinstance(key.value, int | str):
            return Item(key.value, by_key=isinstance(key.value, str))
    return None
