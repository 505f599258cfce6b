"""``hook(EXPR)`` in place of ``EXPR``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from autohook_codegen.rewrite.spelled import spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.sites.edits import WrapEdit

__all__ = ["wrapped"]


def wrapped(
    node: cst.BaseExpression,
    wraps: Sequence[WrapEdit],
    *,
    word_in_front: bool = False,
    word_behind: bool = False,
) -> cst.BaseExpression:
    """`node` in `wraps`, innermost first, inside the brackets that it stands in.

    `word_in_front` and `word_behind`: a word runs into the expression, or into its brackets.
    """
    left, right = list(node.lpar), list(node.rpar)
    if isinstance(node, cst.GeneratorExp) and left:
        left, right = left[:-1], right[1:]
        changed: cst.BaseExpression = node.with_changes(lpar=node.lpar[-1:], rpar=node.rpar[:1])
    elif isinstance(node, cst.Tuple | cst.Yield):
        changed = node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    else:
        changed = node.with_changes(lpar=[], rpar=[]) if left else node
    for place, wrap in enumerate(wraps):
        last = place == len(wraps) - 1
        hook = spelled(wrap.hook, word_in_front and last)
        changed = cst.Call(hook, [cst.Arg(changed)])
        if wrap.tested is None:
            continue
        test = spelled(f"{wrap.tested} is not None")
        missing = spelled("None", word_behind and last)
        changed = cst.IfExp(test=test, body=changed, orelse=missing)
        if wrap.brackets and last:
            left, right = [*left, cst.LeftParen()], [cst.RightParen(), *right]
    return changed.with_changes(lpar=left, rpar=right) if left else changed
