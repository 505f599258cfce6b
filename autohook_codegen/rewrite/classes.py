"""What classes and their ``__init__`` gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from autohook_codegen.rewrite.spelled import COMMA, small_statement, spelled, written_init

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.sites.edits import BaseEdit

__all__ = ["behind", "with_base", "with_init"]

_BLANK_LINE = cst.EmptyLine(indent=False)
_SEMICOLON = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))


def with_base(node: cst.ClassDef, edit: BaseEdit) -> cst.ClassDef:
    """One more base. Behind the last one it takes over what stood behind that one."""
    bases = list(node.bases)
    added = cst.Arg(spelled(edit.name), comma=COMMA)
    if edit.place >= len(bases) and bases:
        last = bases[-1]
        added = added.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        none = cst.SimpleWhitespace("")
        bases[-1] = last.with_changes(comma=COMMA, whitespace_after_arg=none)
    elif not bases and not node.keywords:
        added = added.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    bases.insert(edit.place, added)
    return node.with_changes(bases=bases)


def behind(statement: cst.BaseSmallStatement, texts: Sequence[str]) -> list[cst.BaseSmallStatement]:
    """`statement` and what follows it on the same line; the last takes over its semicolon."""
    added = [small_statement(text) for text in texts]
    if not added:
        return [statement]
    *between, last = added
    return [
        *(one.with_changes(semicolon=_SEMICOLON) for one in (statement, *between)),
        last.with_changes(semicolon=statement.semicolon),
    ]


def with_init(
    node: cst.ClassDef, lines: Sequence[cst.SimpleStatementLine]
) -> tuple[cst.ClassDef, cst.FunctionDef]:
    """The class with an ``__init__`` before its first method, that ends with `lines`.

    Blank lines stand around it as around the methods of the class. `deletion` takes them for ours
    where it has them in front; where it has none, the first one behind a first method is ours.
    """
    plain, body = written_init(), node.body
    assert isinstance(plain.body, cst.IndentedBlock)
    statements: list[cst.BaseStatement] = [*plain.body.body, *lines]
    indent = body.indent if isinstance(body, cst.IndentedBlock) else None
    function = plain.with_changes(body=plain.body.with_changes(body=statements, indent=indent))
    if isinstance(body, cst.SimpleStatementSuite):
        return node.with_changes(body=_block(body, function)), function
    assert isinstance(body, cst.IndentedBlock)
    statements = list(body.body)
    place = next(
        (i for i, one in enumerate(statements) if isinstance(one, cst.FunctionDef)),
        len(statements),
    )
    following = statements[place] if place < len(statements) else None
    if following is None or _begins_with_blank(following):
        function = function.with_changes(leading_lines=[_BLANK_LINE])
    elif place == 0:
        assert isinstance(following, cst.FunctionDef)
        statements[0] = following.with_changes(
            leading_lines=[_BLANK_LINE, *following.leading_lines]
        )
    statements.insert(place, function)
    return node.with_changes(body=body.with_changes(body=statements)), function


def _begins_with_blank(statement: cst.BaseCompoundStatement | cst.BaseStatement) -> bool:
    assert isinstance(statement, cst.FunctionDef)
    lines = statement.leading_lines
    return bool(lines) and lines[0].comment is None


def _block(suite: cst.SimpleStatementSuite, function: cst.FunctionDef) -> cst.IndentedBlock:
    """``class A(B): pass`` on lines of their own, where `deletion` finds its blanks again."""
    blanks = suite.leading_whitespace.value
    # One blank in front of the statement is none behind the colon, and none is one.
    kept = {" ": "", "": " "}.get(blanks, blanks)
    statement = cst.SimpleStatementLine(suite.body, trailing_whitespace=suite.trailing_whitespace)
    header = cst.TrailingWhitespace(cst.SimpleWhitespace(kept))
    return cst.IndentedBlock([statement, function], header=header)
