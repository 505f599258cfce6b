"""Attributes whose name is worked out: ``f"layer{i}"``, ``"layer" + str(i)``, ``"layer%d" % i``,
``"layer{}".format(i)``."""

from __future__ import annotations

import ast
import re
from string import Formatter

from autohook_codegen.analysis.values import Computed, Plain, Value

__all__ = ["computed_name", "display_name", "name_shape", "template_of", "with_template"]

_PERCENT = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")


def computed_name(node: ast.expr, value: Value) -> Computed | None:
    """Return the name that an expression works out, or that it holds: a variable for it, or an item
    of a list of names."""
    shape = name_shape(node)
    if shape is not None:
        return Computed(node, shape)
    shapes = {one.shape if isinstance(one, Plain) else () for one in value}
    shape = shapes.pop() if len(shapes) == 1 else None
    return Computed(ast.JoinedStr([ast.FormattedValue(node, -1)]), shape) if shape else None


def name_shape(node: ast.expr) -> tuple[str | None, ...] | None:
    """Return the constant parts of a name, with ``None`` for what is filled in; ``None`` if it has
    none.

    Two names of one shape are taken to mean the same attributes.
    """
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else None for one in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = []
        for side in (node.left, node.right):
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                parts.append(side.value)
            else:
                parts += name_shape(side) or (None,)
    elif (template := template_of(node)) is not None:
        parts = _parts(node, template)
    else:
        return None
    return tuple(parts) if any(part for part in parts) else None


def template_of(node: ast.expr) -> str | None:
    """Return the text that is filled in: of ``"layer%d" % i``, of ``"layer{}".format(i)``."""
    match node:
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return text
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            try:
                list(Formatter().parse(text))
            except ValueError:
                return None
            return text
    return None


def with_template(node: ast.expr, text: str) -> ast.expr:
    """Return the expression that fills in `text` instead."""
    match node:
        case ast.BinOp(op=op, right=right):
            return ast.BinOp(ast.Constant(text), op, right)
        case ast.Call(args=args, keywords=keywords):
            func = ast.Attribute(ast.Constant(text), "format", ast.Load())
            return ast.Call(func, args, keywords)
    raise ValueError(f"fills nothing in: {ast.unparse(node)}")


def display_name(node: ast.expr) -> str:
    """Return ``layer{i}``; ``{name}`` where the name is in a variable."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(one.value)
            if isinstance(one, ast.Constant)
            else ast.unparse(ast.JoinedStr([one]))[2:-1]
            for one in node.values
        )
    template = template_of(node)
    if template is not None:
        filled = iter(_filled_in(node))
        return "".join(
            part if part is not None else f"{{{next(filled, '')}}}"
            for part in _parts(node, template)
        )
    text = ast.unparse(node)
    if name_shape(node) is None:
        return f"{{{text}}}"
    return text.replace("'", '"') if '"' not in text else text


def _parts(node: ast.expr, template: str) -> list[str | None]:
    found: list[str | None] = []
    if isinstance(node, ast.BinOp):
        end = 0
        for one in _PERCENT.finditer(template.replace("%%", "\0\0")):
            found += [template[end : one.start()].replace("%%", "%"), None]
            end = one.end()
        found.append(template[end:].replace("%%", "%"))
    else:
        for text, field, *_ in Formatter().parse(template):
            found += [text] if field is None else [text, None]
    return [part for part in found if part is None or part]


def _filled_in(node: ast.expr) -> list[str]:
    match node:
        case ast.BinOp(right=ast.Tuple(elts=values)) | ast.Call(args=values):
            return [ast.unparse(one) for one in values]
        case ast.BinOp(right=value):
            return [ast.unparse(value)]
    return []
