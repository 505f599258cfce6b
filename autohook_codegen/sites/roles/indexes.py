"""The indexes of a product: which operand holds the keys."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.points import Way

__all__ = ["keys_come_first"]


def keys_come_first(scores: Way, softmax: Way) -> bool:
    """Tell whether the softmax sums over the index of the product's first operand."""
    letters = _letters(scores.point.node)
    dim = _dim(softmax.point.node)
    if letters is not None:
        (first, second), out = letters
        place = dim if dim is not None else -1
        if -len(out) <= place < len(out):
            index = out[place]
            return index in first and index not in second
        return False
    return dim == -2


def _letters(node: ast.AST) -> tuple[list[str], str] | None:
    """Return the indexes of the operands and of the result of an einsum, a letter each."""
    for one in node.args if isinstance(node, ast.Call) else ():
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and "->" in one.value:
            given, _, result = one.value.replace("...", "").partition("->")
            sides = [_split(side) for side in given.split(",")]
            known = dict.fromkeys(name for side in sides for name in side)
            letter = {name: chr(97 + place) for place, name in enumerate(known)}
            if len(sides) == 2 and all(name in letter for name in _split(result)):
                texts = ["".join(letter[name] for name in side) for side in sides]
                return texts, "".join(letter[name] for name in _split(result))
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
