"""``self.fc1_hook_point = HookPoint()``, and every other statement that makes hook points."""

from __future__ import annotations

import ast
from typing import NamedTuple

from autohook_codegen.rewrite.imports import Imported
from autohook_codegen.rewrite.names import HookNames

__all__ = ["Making", "making"]


class Making(NamedTuple):
    """A statement that makes hook points."""

    names: list[str]
    """Their attributes, ``fc1_hook_point``; ``layer{i}_hook_point`` for a formatted one."""
    follows_pattern: bool
    """Whether all of the names are of the pattern."""


def making(node: ast.stmt, names: HookNames, imported: Imported) -> Making | None:
    """The hook points that a statement makes, or adds to a container of them."""
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=annotated, value=ast.expr() as value):
            targets = [annotated]
        case ast.Expr(value=ast.Call() as call):
            return _made_by_call(call, names, imported)
        case _:
            return None
    if not _is_hook_value(value, imported):
        return None
    is_single = _is_hook_point(value, imported)
    found: list[tuple[str, bool]] = []
    target: ast.expr
    for target in targets:
        attribute = _without_items(target)
        if not isinstance(attribute, ast.Attribute):
            return None
        fits = names.is_single if is_single and attribute is target else names.is_plural
        found.append((attribute.attr, fits(attribute.attr)))
    follows = all(fits for _, fits in found)
    is_empty = isinstance(value, ast.Call) and not value.args and not is_single
    return Making([name for name, _ in found], follows) if follows or not is_empty else None


def _made_by_call(call: ast.Call, names: HookNames, imported: Imported) -> Making | None:
    match call:
        case (
            ast.Call(func=ast.Name(id="setattr"), args=[_, name, value])
            | ast.Call(
                func=ast.Attribute(attr="add_module" | "register_module"), args=[name, value]
            )
        ) if _is_hook_value(value, imported):
            text = ast.unparse(name)
            if isinstance(name, ast.Constant | ast.JoinedStr):
                text = text[text.index(text[-1]) + 1 : -1]
            return Making([text], names.fits_string(name))
        case ast.Call(
            func=ast.Attribute(attr="append" | "extend" | "update" | "insert", value=holder),
            args=[*_, value],
        ) if _is_hook_value(value, imported):
            holder = _without_items(holder)
            if isinstance(holder, ast.Attribute):
                return Making([holder.attr], names.is_plural(holder.attr))
    return None


def _without_items(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _is_hook_point(node: ast.expr, imported: Imported) -> bool:
    return isinstance(node, ast.Call) and imported.name_of(node.func) == "HookPoint"


def _is_hook_value(node: ast.expr, imported: Imported) -> bool:
    """Whether it is ``HookPoint()``, or a list, dict or container of nothing else."""
    match node:
        case ast.Call(keywords=[]) if _is_hook_point(node, imported):
            return True
        case ast.Call(
            func=ast.Name(id="ModuleList" | "ModuleDict" | "dict")
            | ast.Attribute(attr="ModuleList" | "ModuleDict" | "dict"),
            args=[] | [_] as values,
            keywords=[],
        ):
            return all(_is_hook_value(value, imported) for value in values)
        case ast.Call(args=[ast.DictComp() as value], keywords=[]):
            return _is_hook_value(value, imported)  # a class of the input's that takes a dict
        case ast.ListComp(elt=value) | ast.GeneratorExp(elt=value) | ast.DictComp(value=value):
            return _is_hook_value(value, imported)
        case ast.List(elts=values) | ast.Tuple(elts=values) | ast.Dict(values=values):
            return bool(values) and all(_is_hook_value(value, imported) for value in values)
    return False
