"""Which part of a result a place reads, and whether the place can be read again."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.trace import How, Use
from autohook_codegen.analysis.values import Attribute, Item, Step

__all__ = ["is_plain_place", "is_text", "step_of"]


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


def is_text(key: ast.expr) -> bool:
    """Tell whether a key is a string that is made on the spot, which is none of a tensor's:
    ``str(i)``, ``f"layer{i}"``, ``"layer" + name``."""
    match key:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.Call(func=ast.Name(id="str")):
            return True
        case ast.Call(func=ast.Attribute(value=text, attr="format" | "join")):
            return is_text(text)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod(), right=right):
            return is_text(left) or is_text(right)
    return False


def is_plain_place(target: ast.expr) -> bool:
    """Tell whether the target can be read again without effect: ``self.rope``, ``found[kind]``."""
    kinds = ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.expr_context
    return all(isinstance(node, kinds) for node in ast.walk(target))
