"""The operands of a product and their indexes: which holds the keys, which are learned."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.sites.roles.linear import is_parameter

__all__ = ["gives_result", "keys_come_first", "operands"]


def operands(flow: Flow, product: Way) -> tuple[Point, ...]:
    """Return what a product takes; of three or more without what is learned:
    ``einsum("bqk,bkh,hd->bqd", pattern, v, self.W_O)``."""
    if len(product.sources) < 3:
        return product.sources
    return tuple(one for one in product.sources if not is_parameter(flow, one))


def gives_result(flow: Flow, product: Way) -> bool:
    """Tell whether a product with the pattern gives the attention's result, at most scaled for each
    head, and not what an output projection in the same product makes of it."""
    taken = operands(flow, product)
    if taken == product.sources:
        return True
    letters = _letters(product)
    if letters is None:
        return False
    sides, out = letters
    fed = {name for one, side in sides.items() if one in taken for name in side}
    learned = {name for one, side in sides.items() if one not in taken for name in side}
    return learned <= set(out) <= fed


def keys_come_first(flow: Flow, scores: Way, softmax: Way) -> bool:
    """Tell whether the softmax sums over the index of the product's first operand."""
    letters = _letters(scores)
    dim = _dim(softmax.point.node)
    if letters is not None:
        sides, out = letters
        first, second = (sides[one] for one in operands(flow, scores))
        place = dim if dim is not None else -1
        if -len(out) <= place < len(out):
            index = out[place]
            return index in first and index not in second
        return False
    return dim == -2


def _letters(product: Way) -> tuple[dict[Point, list[str]], list[str]] | None:
    """Return the indexes of each operand and of the result of an einsum."""
    node = product.point.node
    for one in node.args if isinstance(node, ast.Call) else ():
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and "->" in one.value:
            given, _, result = one.value.replace("...", "").partition("->")
            sides = [_split(side) for side in given.split(",")]
            out, known = _split(result), {name for side in sides for name in side}
            if len(sides) == len(product.sources) and known.issuperset(out):
                return dict(zip(product.sources, sides, strict=True)), out
    return None


def _split(side: str) -> list[str]:
    """Return the indexes of ``b head q`` or of ``bhq``."""
    return side.split() if " " in side.strip() else list(side.strip())


def _dim(node: ast.AST) -> int | None:
    if not isinstance(node, ast.Call):
        return None
    candidates = [one.value for one in node.keywords if one.arg == "dim"]
    candidates += node.args[-1:]
    for one in candidates:
        try:
            value = ast.literal_eval(one)
        except (ValueError, TypeError, SyntaxError):
            continue
        if isinstance(value, int):
            return value
    return None
