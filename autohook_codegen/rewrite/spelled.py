"""libcst nodes for what a rewrite inserts, made of its text without a parse.

The trees are only printed. A parse of each small piece would cost more than all else that is done
for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import libcst as cst

__all__ = ["COMMA", "Spelled", "line", "small_statement", "spelled", "written_init"]

COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_WRITTEN_INIT = (
    "def __init__(self, *args, **kwargs):  # for the hook points\n"
    "    super().__init__(*args, **kwargs)\n"
)


@dataclass(frozen=True)
class Spelled(cst.BaseExpression):
    """Code that prints as it is; it begins and ends with a word or a bracket."""

    text: str
    lpar: Sequence[cst.LeftParen] = ()
    rpar: Sequence[cst.RightParen] = ()

    def _visit_and_replace_children(self, visitor: Any) -> Spelled:
        return self

    def _codegen_impl(self, state: Any) -> None:
        with self._parenthesize(state):
            state.add_token(self.text)


def spelled(text: str, brackets: bool = False) -> Spelled:
    """An expression, in brackets where it would run into a word beside it."""
    if brackets:
        return Spelled(text, [cst.LeftParen()], [cst.RightParen()])
    return Spelled(text)


def line(text: str) -> cst.SimpleStatementLine:
    """A statement with a line of its own; `text` may end with a comment."""
    return cst.SimpleStatementLine([cst.Expr(Spelled(text))])


def small_statement(text: str) -> cst.Expr:
    """A statement that shares its line with others; a comment is left out."""
    return cst.Expr(Spelled(text.partition("  #")[0]))


@cache
def written_init() -> cst.FunctionDef:
    """The ``__init__`` of a class that has none, still without hook points."""
    function = cst.parse_statement(_WRITTEN_INIT)
    assert isinstance(function, cst.FunctionDef)
    return function
