"""Take hook points out of a text, and change nothing else in it.

Everything that a rewrite puts in can be taken out again because both keep to one rule each for
brackets and separators:

- ``(EXPR)`` is wrapped inside its brackets, ``(self.N(EXPR))``, so that all brackets around a wrap
  are the author's. What follows a word without a blank, ``return-x``, is wrapped by a hook point in
  brackets, ``return(self.N)(-x)``.
- a test for `None` has one pair of its own exactly where `needs_brackets` says so.
- a loop's target that is a tuple gains brackets, ``hook_index, (a, b)``; the author's own stand
  around the whole, ``(hook_index, (a, b))``.
- what a loop runs over keeps its brackets inside ``enumerate`` and ``zip``. A tuple without any
  gains two pairs, and one that has two or more gains one.
- a small statement or base that is put behind another one takes over what stood behind that one
  (the semicolon, the comma).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import libcst as cst

from autohook_codegen.rewrite.brackets import bracketed, with_bare_newlines_bracketed
from autohook_codegen.source import Key, PairedTransformer, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.existing import Deletions
    from autohook_codegen.source.pairing import Changed

__all__ = ["delete"]

Expression = TypeVar("Expression", bound=cst.BaseExpression)


def delete(source: Source, deletions: Deletions) -> cst.Module:
    """The module of `source` without what `deletions` lists."""
    if not deletions:
        return source.module
    changed = source.module.visit(_Deletion(source, deletions))
    assert isinstance(changed, cst.Module)
    return changed


class _Deletion(PairedTransformer):
    def __init__(self, source: Source, deletions: Deletions) -> None:
        super().__init__(source.numbering, deletions.changed_statements)
        self.deletions = deletions
        self.unwrapped: set[int] = set()
        """Statements in which an expression gave way to a part of it."""
        self.removed: set[int] = set()
        """The `id` of every statement that goes."""

    def change_expression(
        self, key: Key, original: cst.CSTNode, updated: cst.CSTNode
    ) -> cst.CSTNode:
        deletions = self.deletions
        if key in deletions.wraps:
            assert isinstance(updated, cst.Call)
            self.unwrapped.add(key.statement)
            return _argument(updated, needs_brackets=deletions.wraps[key])
        if key in deletions.tests:
            assert isinstance(updated, cst.IfExp)
            self.unwrapped.add(key.statement)
            kept = updated
            if deletions.tests[key] and updated.lpar:
                kept = updated.with_changes(lpar=updated.lpar[:-1], rpar=updated.rpar[1:])
            return _in_place_of(kept, kept.body)
        if key in deletions.comprehensions:
            assert isinstance(updated, cst.CompFor)
            self.unwrapped.add(key.statement)
            return _without_pairing(updated)
        return updated

    def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Changed:
        deletions = self.deletions
        if index in deletions.statements:
            self.removed.add(id(original))
            return cst.RemovalSentinel.REMOVE
        if index in deletions.loops:
            assert isinstance(updated, cst.For)
            updated = _without_pairing(updated)
        if index in deletions.bases:
            assert isinstance(updated, cst.ClassDef)
            updated = _without_base(updated, deletions.bases[index])
        if index in deletions.imports:
            assert isinstance(updated, cst.Import | cst.ImportFrom)
            updated = _without_names(updated, deletions.imports[index])
        if index in self.unwrapped or index in deletions.loops:
            updated = with_bare_newlines_bracketed(updated)
        return updated

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Changed:  # type: ignore[override]
        changed = super().on_leave(original_node, updated_node)
        if self.removed and isinstance(changed, cst.CSTNode):
            if isinstance(original_node, cst.SimpleStatementLine | cst.SimpleStatementSuite):
                return self._line(original_node, changed)
            if isinstance(original_node, cst.IndentedBlock | cst.Module):
                return self._block(original_node, changed)
        return changed

    def _line(
        self,
        original: cst.SimpleStatementLine | cst.SimpleStatementSuite,
        updated: Any,
    ) -> cst.CSTNode:
        """Hand the semicolon behind a small statement that goes on to the one in front of it."""
        if len(original.body) == len(updated.body):
            return cast("cst.CSTNode", updated)
        left = list(updated.body)
        kept: list[cst.BaseSmallStatement] = []
        for statement in original.body:
            if id(statement) not in self.removed:
                kept.append(left.pop(0))
            elif kept:
                kept[-1] = kept[-1].with_changes(semicolon=statement.semicolon)
        if not kept:
            self.removed.add(id(original))
        return cast("cst.CSTNode", updated.with_changes(body=kept))

    def _block(self, original: cst.IndentedBlock | cst.Module, updated: Any) -> cst.CSTNode:
        """Keep the comments above lines that go, and the blank lines as they were."""
        if all(id(statement) not in self.removed for statement in original.body):
            return cast("cst.CSTNode", updated)
        left = list(updated.body)
        kept: list[Any] = []
        waiting: list[cst.EmptyLine] = []
        extra_blank = False
        for statement in original.body:
            if id(statement) in self.removed:
                lines = cast("Any", statement).leading_lines
                if any(line.comment for line in lines):
                    waiting += lines
                # An `__init__` that was written as the first of its class brought the blank line
                # below it, any other the one above; none where `class A(B): pass` became a block.
                extra_blank = isinstance(statement, cst.FunctionDef) and not lines
                continue
            following = left.pop(0)
            lines = following.leading_lines
            if extra_blank and lines and lines[0].comment is None and not kept:
                lines = lines[1:]
            if waiting or len(lines) != len(following.leading_lines):
                following = following.with_changes(leading_lines=[*waiting, *lines])
            kept.append(following)
            waiting, extra_blank = [], False
        if extra_blank and len(kept) == 1 and isinstance(kept[0], cst.SimpleStatementLine):
            return _one_line(updated, kept[0])
        footer = [*waiting, *updated.footer]
        return cast("cst.CSTNode", updated.with_changes(body=kept, footer=footer))


def _one_line(block: cst.IndentedBlock, statement: cst.SimpleStatementLine) -> cst.BaseSuite:
    """``class A(B): pass`` of a block, see `classes`: what stands behind the colon stood in front
    of the statement, and where nothing does, the usual blank."""
    header = block.header
    if header.comment is not None:
        return block.with_changes(body=[statement])
    blanks = {"": " ", " ": ""}.get(header.whitespace.value, header.whitespace.value)
    return cst.SimpleStatementSuite(
        statement.body,
        leading_whitespace=cst.SimpleWhitespace(blanks),
        trailing_whitespace=statement.trailing_whitespace,
    )


def _argument(call: cst.Call, *, needs_brackets: bool) -> cst.BaseExpression:
    """``x`` in place of ``self.fc1_hook_point(x)``."""
    value = call.args[0].value
    left, right = list(value.lpar), list(value.rpar)
    if isinstance(value, cst.Tuple | cst.Yield) and left:
        # The brackets that it needs as an argument; its own stand around the call.
        left, right = left[1:], right[:-1]
    value = value.with_changes(lpar=[*call.lpar, *left], rpar=[*right, *call.rpar])
    comments = _has_comment(call.whitespace_before_args) or _has_comment(call.args[0])
    return bracketed(value, call) if comments or (needs_brackets and not value.lpar) else value


def _has_comment(node: cst.CSTNode) -> bool:
    """Whether there is a comment in `node`, but not in an expression that it holds."""
    if isinstance(node, cst.Comment):
        return True
    return any(
        _has_comment(child) for child in node.children if not isinstance(child, cst.BaseExpression)
    )


def _in_place_of(outer: cst.BaseExpression, inner: Expression) -> Expression:
    """`inner` in the brackets of `outer`."""
    if not outer.lpar:
        return inner
    return inner.with_changes(lpar=[*outer.lpar, *inner.lpar], rpar=[*inner.rpar, *outer.rpar])


Loop = TypeVar("Loop", cst.For, cst.CompFor)


def _without_pairing(loop: Loop) -> Loop:
    """``for x in xs`` in place of ``for hook_index, x in enumerate(xs)`` or of a ``zip``."""
    target, iterated = loop.target, loop.iter
    assert isinstance(target, cst.Tuple)
    assert isinstance(iterated, cst.Call)
    zipped = isinstance(iterated.func, cst.Name) and iterated.func.value == "zip"
    inner = target.elements[0 if zipped else 1].value
    if isinstance(inner, cst.Tuple) and inner.lpar:
        inner = inner.with_changes(lpar=inner.lpar[1:], rpar=inner.rpar[:-1])
    over = iterated.args[0].value
    if isinstance(over, cst.Tuple) and len(over.lpar) > 1:
        pairs = 0 if len(over.lpar) == 2 else len(over.lpar) - 1
        over = over.with_changes(lpar=over.lpar[:pairs], rpar=over.rpar[len(over.rpar) - pairs :])
    return loop.with_changes(target=_in_place_of(target, inner), iter=_in_place_of(iterated, over))


def _without_base(node: cst.ClassDef, place: int) -> cst.ClassDef:
    bases = _without(node.bases, {place})
    if bases and place == len(bases):
        blanks = node.bases[place].whitespace_after_arg
        bases[-1] = bases[-1].with_changes(whitespace_after_arg=blanks)
    if bases or node.keywords:
        return node.with_changes(bases=bases)
    return node.with_changes(
        bases=bases, lpar=cst.MaybeSentinel.DEFAULT, rpar=cst.MaybeSentinel.DEFAULT
    )


def _without_names(node: cst.Import | cst.ImportFrom, places: set[int]) -> cst.CSTNode:
    assert not isinstance(node.names, cst.ImportStar)
    return node.with_changes(names=_without(node.names, places))


Item = TypeVar("Item", cst.Arg, cst.ImportAlias)


def _without(items: Sequence[Item], places: set[int]) -> list[Item]:
    """The items but those at `places`; what ended the last one ends the last one that is left."""
    kept = [item for place, item in enumerate(items) if place not in places]
    if kept and len(items) - 1 in places:
        kept[-1] = kept[-1].with_changes(comma=items[-1].comma)
    return kept
