"""``for hook_index, x in enumerate(xs)``, and ``for x, hook in zip(xs, hooks, strict=True)``, in
place of ``for x in xs``; in comprehensions too.

- A target that is a tuple gains brackets, ``hook_index, (a, b)``; the author's own stand around the
  whole, ``(hook_index, (a, b))``.
- What is looped over keeps its brackets inside ``enumerate`` and ``zip``. A tuple without any gains
  two pairs, and one that has two or more gains one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import libcst as cst

from autohook_codegen.rewrite.names import INDEX_NAME, HookNames
from autohook_codegen.rewrite.statement import (
    LOOP,
    Place,
    breaks_outside_brackets,
    in_brackets,
    parsed,
)
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.sites.edits import LoopEdit

__all__ = ["AnyLoop", "Paired", "paired", "remove_pairing", "write_loop"]

AnyLoop = ast.For | ast.AsyncFor | ast.comprehension

_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_NO_BLANKS = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def write_loop(changes: TextChanges, loop: AnyLoop, edit: LoopEdit) -> None:
    """Let a loop count, or run along hook points."""
    changes.change(Place(LOOP, changes.source.span(loop.iter)), partial(_with_pairing, edit))


def _with_pairing(edit: LoopEdit, loop: Any) -> Any:
    target, inner = loop.target, loop.target
    left: Sequence[cst.LeftParen] = ()
    right: Sequence[cst.RightParen] = ()
    if isinstance(target, cst.Tuple):
        left, right = target.lpar, target.rpar
        inner = target.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    # A word that stands without a blank beside brackets goes on standing beside brackets.
    after_for = loop.whitespace_after_for.empty and not left
    before_in = loop.whitespace_before_in.empty and not left
    arguments = [cst.Arg(_as_argument(loop.iter))]
    if edit.index is not None:
        callee = "enumerate"
        targets = [parsed(edit.index, after_for), inner]
        if edit.start is not None:
            arguments.append(cst.Arg(parsed(edit.start)))
    else:
        callee = "zip"
        *before, last = (name for name, _ in edit.zipped)
        targets = [inner, *(parsed(name) for name in before), parsed(last, before_in)]
        arguments += [cst.Arg(parsed(hooks)) for _, hooks in edit.zipped]
        arguments.append(cst.Arg(cst.Name("True"), keyword=cst.Name("strict"), equal=_NO_BLANKS))
    function = parsed(callee, loop.whitespace_after_in.empty)
    elements = [cst.Element(one, comma=_COMMA) for one in targets[:-1]]
    return loop.with_changes(
        target=cst.Tuple([*elements, cst.Element(targets[-1])], lpar=left, rpar=right),
        iter=cst.Call(function, arguments),
    )


def _as_argument(node: cst.BaseExpression) -> cst.BaseExpression:
    if not isinstance(node, cst.Tuple) or len(node.lpar) == 1:
        return node
    added = 1 if node.lpar else 2
    return node.with_changes(
        lpar=[*node.lpar, *[cst.LeftParen()] * added],
        rpar=[*[cst.RightParen()] * added, *node.rpar],
    )


# The way back.


@dataclass(frozen=True, slots=True)
class Paired:
    """What an earlier rewrite made of a loop."""

    index: str | None
    """``hook_index``"""
    hook_point: str | None
    """``layer_hook_point``"""
    target: ast.expr
    """The author's own."""
    iterated: ast.expr
    """The author's own."""
    argument: str | None
    """Where the ``enumerate`` starts, or the hook points of the ``zip``."""
    container: str = ""
    """The container that those are from: ``self.layers_hook_points`` in ``reversed(…)``."""


def paired(loop: AnyLoop, names: HookNames) -> Paired | None:
    """What an earlier rewrite made of a loop, if it did."""
    match loop.target, loop.iter:
        case (
            ast.Tuple(elts=[ast.Name(id=index), target]),
            ast.Call(func=ast.Name(id="enumerate"), args=[iterated, *more]),
        ) if INDEX_NAME.fullmatch(index):
            return Paired(index, None, target, iterated, ast.unparse(more[0]) if more else None)
        case (
            ast.Tuple(elts=[target, ast.Name(id=hook_point)]),
            ast.Call(
                func=ast.Name(id="zip"),
                args=[iterated, hook_points],
                keywords=[ast.keyword(arg="strict")],
            ),
        ) if names.is_single(hook_point):
            for inner in ast.walk(hook_points):
                if isinstance(inner, ast.Attribute) and names.is_plural(inner.attr):
                    argument, container = ast.unparse(hook_points), ast.unparse(inner)
                    return Paired(None, hook_point, target, iterated, argument, container)
    return None


def remove_pairing(changes: TextChanges, iterated: ast.expr) -> None:
    """Take the ``enumerate`` or ``zip`` out of the loop over it."""
    changes.change(Place(LOOP, changes.source.span(iterated)), _without_pairing)


def _without_pairing(loop: Any) -> Any:
    target = cst.ensure_type(loop.target, cst.Tuple)
    call = cst.ensure_type(loop.iter, cst.Call)
    is_zip = isinstance(call.func, cst.Name) and call.func.value == "zip"
    inner = target.elements[0 if is_zip else 1].value
    if isinstance(inner, cst.Tuple) and inner.lpar:
        inner = inner.with_changes(lpar=inner.lpar[1:], rpar=inner.rpar[:-1])
    inner = inner.with_changes(lpar=[*target.lpar, *inner.lpar], rpar=[*inner.rpar, *target.rpar])
    over = call.args[0].value
    if isinstance(over, cst.Tuple) and len(over.lpar) > 1:
        pairs = 0 if len(over.lpar) == 2 else len(over.lpar) - 1
        over = over.with_changes(lpar=over.lpar[:pairs], rpar=over.rpar[len(over.rpar) - pairs :])
    if isinstance(loop, cst.For) and not call.lpar and breaks_outside_brackets(over):
        over = in_brackets(over)
    over = over.with_changes(lpar=[*call.lpar, *over.lpar], rpar=[*over.rpar, *call.rpar])
    return loop.with_changes(target=inner, iter=over)
