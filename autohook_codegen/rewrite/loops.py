"""``enumerate`` and ``zip`` around what a loop runs over."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from autohook_codegen.rewrite.spelled import COMMA, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.sites.edits import LoopEdit

__all__ = ["paired"]

_NO_BLANKS = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))

Loop = TypeVar("Loop", cst.For, cst.CompFor)


def paired(loop: Loop, edit: LoopEdit) -> Loop:
    """``for i, x in enumerate(xs)`` or ``for x, hook in zip(xs, hooks, strict=True)`` in place of
    ``for x in xs``; the module `deletion` says which brackets go where."""
    target, inner = loop.target, loop.target
    left: Sequence[cst.LeftParen] = ()
    right: Sequence[cst.RightParen] = ()
    if isinstance(target, cst.Tuple):
        left, right = target.lpar, target.rpar
        inner = target.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    # A word that stands without a blank beside brackets goes on standing beside brackets.
    after_for = loop.whitespace_after_for.empty and not left
    before_in = loop.whitespace_before_in.empty and not left
    iterated = cst.Arg(_as_argument(loop.iter))
    if edit.index is not None:
        index = spelled(edit.index, after_for)
        elements = [cst.Element(index, comma=COMMA), cst.Element(inner)]
        arguments = [iterated]
        if edit.start is not None:
            arguments = [iterated.with_changes(comma=COMMA), cst.Arg(spelled(edit.start))]
    else:
        *before, last = (name for name, _ in edit.zipped)
        elements = [cst.Element(inner, comma=COMMA)]
        elements += [cst.Element(spelled(name), comma=COMMA) for name in before]
        elements += [cst.Element(spelled(last, before_in))]
        arguments = [iterated.with_changes(comma=COMMA)]
        arguments += [cst.Arg(spelled(hooks), comma=COMMA) for _, hooks in edit.zipped]
        arguments += [cst.Arg(cst.Name("True"), keyword=cst.Name("strict"), equal=_NO_BLANKS)]
    callee = "enumerate" if edit.index is not None else "zip"
    function = spelled(callee, loop.whitespace_after_in.empty)
    return loop.with_changes(
        target=cst.Tuple(elements, lpar=left, rpar=right), iter=cst.Call(function, arguments)
    )


def _as_argument(node: cst.BaseExpression) -> cst.BaseExpression:
    if not isinstance(node, cst.Tuple) or len(node.lpar) == 1:
        return node
    added = 1 if node.lpar else 2
    return node.with_changes(
        lpar=[*node.lpar, *[cst.LeftParen()] * added],
        rpar=[*[cst.RightParen()] * added, *node.rpar],
    )
