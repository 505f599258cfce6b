"""``hook(EXPR)``, and ``hook(EXPR) if EXPR is not None else None``, in place of ``EXPR``.

Both can be taken out again because they keep to one rule for brackets:

- ``(EXPR)`` is wrapped inside its brackets, ``(self.N(EXPR))``, so that all brackets around a wrap
  are the author's. What follows a word without a blank, ``return-x``, is wrapped by a hook point in
  brackets, ``return(self.N)(-x)``. One pair that the expression needs where it stands becomes the
  call's own, ``self.N(a + b).T`` for ``(a + b).T``, and comes back because it is needed.
- the test for `None` has one pair of its own exactly where `needs_brackets` says so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from keyword import iskeyword

import libcst as cst

from autohook_codegen.rewrite.names import HookNames
from autohook_codegen.rewrite.statement import (
    EXPRESSION,
    Place,
    breaks_outside_brackets,
    in_brackets,
    parsed,
)
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.sites.computed_names import double_quoted
from autohook_codegen.sites.edits import WrapEdit
from autohook_codegen.source import Source

__all__ = ["hooked_value", "is_tested", "remove_test", "remove_wrap", "same", "write_wraps"]

_LAST_WORD = re.compile(r"[^\W\d]\w*$")
_BRACKETS_IN_FRONT = re.compile(r"(?:[\s\\(]|#[^\r\n]*[\r\n])*$")
_BRACKETS_BEHIND = re.compile(r"(?:[\s\\)]|#[^\r\n]*)*")
_LONGEST_KEYWORD = 10


def write_wraps(changes: TextChanges, node: ast.expr, wraps: Sequence[WrapEdit]) -> None:
    """Wrap an expression, innermost first."""
    source, span = changes.source, changes.source.span(node)
    tested = any(wrap.tested is not None for wrap in wraps)
    word_in_front = _word_ends_at(source, span.start)
    if tested and not word_in_front:
        word_in_front = _word_in_front_of_brackets(source, span.start)
    word_behind = tested and _word_behind(source, span.end)
    wraps = [replace(one, hook=_with_quotes_of(node, one.hook, source)) for one in wraps]
    takes_brackets = not tested and all(wrap.takes_brackets for wrap in wraps)
    takes_brackets = takes_brackets and not _word_in_front_of_brackets(source, span.start)
    wrapping = _Wrapping(tuple(wraps), word_in_front, word_behind, takes_brackets)
    changes.change(Place(EXPRESSION, span), wrapping)


def _are_tight(node: cst.BaseExpression) -> bool:
    """Tell whether nothing stands between the brackets and what is in them."""
    return node.lpar[-1].whitespace_after.empty and node.rpar[0].whitespace_before.empty


def _with_quotes_of(node: ast.expr, hook: str, source: Source) -> str:
    """Return ``self.fcs_hook_points["a".upper()]`` with its texts as the expression has them."""
    written = hook
    stack = [node] if "'" in hook or '"' in hook else []
    while stack:
        one = stack.pop()
        if isinstance(one, ast.JoinedStr) or isinstance(getattr(one, "value", None), str):
            span, text = source.span(one), ast.unparse(one)
            for spelled in (text, double_quoted(text)):
                written = written.replace(spelled, source.text[span.start : span.end])
        else:
            stack += [each for each in ast.iter_child_nodes(one) if isinstance(each, ast.expr)]
    return written if _are_one_expression(written, hook) else hook


def _are_one_expression(one: str, other: str) -> bool:
    """Tell whether only quotes differ."""
    try:
        return "\n" not in one and ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:  # newer than the Python that runs
        return False


@dataclass(frozen=True, slots=True)
class _Wrapping:
    wraps: tuple[WrapEdit, ...]
    word_in_front: bool
    word_behind: bool
    takes_brackets: bool

    def __call__(self, node: cst.BaseExpression) -> cst.BaseExpression:
        left, right = list(node.lpar), list(node.rpar)
        if isinstance(node, cst.GeneratorExp) and left:
            left, right = left[:-1], right[1:]
            changed: cst.BaseExpression = node.with_changes(lpar=node.lpar[-1:], rpar=node.rpar[:1])
        elif isinstance(node, cst.Tuple | cst.Yield):
            changed = node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        else:
            changed = node.with_changes(lpar=[], rpar=[])
            if self.takes_brackets and len(left) == 1 and _are_tight(node):
                left, right = [], []
        for place, wrap in enumerate(self.wraps):
            last = place == len(self.wraps) - 1
            hook = parsed(wrap.hook, self.word_in_front and last)
            changed = cst.Call(hook, [cst.Arg(changed)])
            if wrap.tested is None:
                continue
            test = parsed(f"{wrap.tested} is not None")
            missing = parsed("None", self.word_behind and last)
            changed = cst.IfExp(test=test, body=changed, orelse=missing)
            if wrap.brackets and last:
                left, right = [*left, cst.LeftParen()], [cst.RightParen(), *right]
        return changed.with_changes(lpar=left, rpar=right)


# A word that stands right beside an expression, without a blank, must not run into what is put
# there; and libcst does not read a conditional expression in brackets there, although Python does.


def _word_ends_at(source: Source, offset: int) -> bool:
    found = _LAST_WORD.search(source.text[max(0, offset - _LONGEST_KEYWORD) : offset])
    return found is not None and iskeyword(found.group())


def _word_in_front_of_brackets(source: Source, offset: int) -> bool:
    """Whether a word runs into the brackets around an expression, ``return(x)``. Also true where
    there is a comment inside the brackets."""
    line = source.lines.at(offset)
    found = _BRACKETS_IN_FRONT.search(source.text, line.start, offset)
    assert found is not None
    if "#" in found.group():
        return True
    return found.group().startswith("(") and _word_ends_at(source, found.start())


def _word_behind(source: Source, offset: int) -> bool:
    """Whether an expression, or the brackets around it, run into a word, ``(x)if y``."""
    found = _BRACKETS_BEHIND.match(source.text, offset)
    assert found is not None
    runs_on = not found.group() or found.group().endswith(")")
    return runs_on and source.text[found.end() : found.end() + 1].isalpha()


# The way back.


def hooked_value(node: ast.AST, names: HookNames, local: Collection[str]) -> ast.expr | None:
    """``x`` in ``self.fc1_hook_point(x)``; `local` are the hook points that loops bind."""
    match node:
        case ast.Call(func=function, args=[value], keywords=[]) if not isinstance(
            value, ast.Starred
        ) and _hooks(function, value, names, local):
            return value
    return None


def _hooks(function: ast.expr, value: ast.expr, names: HookNames, local: Collection[str]) -> bool:
    is_member = isinstance(function, ast.Subscript)
    while isinstance(function, ast.Subscript):
        function = function.value
    match function:
        case ast.Name(id=name):
            return name in local
        case ast.Attribute(attr=name):
            fits = names.is_plural if is_member else names.is_single
            return fits(name) and names.vouched(name, value)
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name]):
            return names.fits_string(name)
    return False


def is_tested(node: ast.IfExp, names: HookNames, local: Collection[str]) -> bool:
    """Whether it is ``self.b_hook_point(self.b) if self.b is not None else None``."""
    value = hooked_value(node.body, names, local)
    while value is not None and (inner := hooked_value(value, names, local)) is not None:
        value = inner
    match node:
        case ast.IfExp(
            test=ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]),
            orelse=ast.Constant(value=None),
        ):
            return value is not None and same(left, value)
    return False


def same(expression: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are spelled alike."""
    return ast.unparse(expression) == ast.unparse(other)


def remove_wrap(changes: TextChanges, node: ast.Call, brackets: bool, is_enclosed: bool) -> None:
    """Put ``x`` in the place of ``self.fc1_hook_point(x)``; whether it needs brackets there, and
    whether it is enclosed by others that stay."""
    change = partial(_argument, brackets, is_enclosed)
    changes.change(Place(EXPRESSION, changes.source.span(node)), change)


def _argument(brackets: bool, is_enclosed: bool, call: cst.Call) -> cst.BaseExpression:
    value = call.args[0].value
    left, right = list(value.lpar), list(value.rpar)
    if isinstance(value, cst.Tuple | cst.Yield) and left:
        # The brackets that it needs as an argument; its own stand around the call.
        left, right = left[1:], right[:-1]
    value = value.with_changes(lpar=[*call.lpar, *left], rpar=[*right, *call.rpar])
    if _has_comment(call.whitespace_before_args) or _has_comment(call.args[0]):
        return in_brackets(value, call)
    if brackets and not value.lpar:
        return in_brackets(value, call)
    return value if is_enclosed or not breaks_outside_brackets(value) else in_brackets(value)


def _has_comment(node: cst.CSTNode) -> bool:
    """Whether there is a comment in `node`, but not in an expression that it holds."""
    if isinstance(node, cst.Comment):
        return True
    return any(
        _has_comment(child) for child in node.children if not isinstance(child, cst.BaseExpression)
    )


def remove_test(changes: TextChanges, node: ast.IfExp, brackets: bool) -> None:
    """Put the first part in the place of the whole conditional expression, which may have brackets
    of its own."""
    changes.change(Place(EXPRESSION, changes.source.span(node)), partial(_body, brackets))


def _body(brackets: bool, node: cst.IfExp) -> cst.BaseExpression:
    outer = 1 if brackets and node.lpar else 0
    left, right = node.lpar[: len(node.lpar) - outer], node.rpar[outer:]
    body = node.body
    return body.with_changes(lpar=[*left, *body.lpar], rpar=[*body.rpar, *right])
