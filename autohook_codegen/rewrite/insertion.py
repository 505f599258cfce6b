"""Write what was decided into a text."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from autohook_codegen.layout import Layout
from autohook_codegen.options import Options
from autohook_codegen.rewrite.explicit import write_explicit
from autohook_codegen.rewrite.hooked_after import first_place
from autohook_codegen.rewrite.imports import write_imports
from autohook_codegen.rewrite.loop import write_loop
from autohook_codegen.rewrite.root import write_base
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.rewrite.wrap import write_wraps
from autohook_codegen.rewrite.written_init import write_init
from autohook_codegen.sites.edits import Edits
from autohook_codegen.source import Source, Span
from autohook_codegen.source.logical_lines import indentation, is_compound

__all__ = ["insert"]

_BLANKS = r"(?:[ \t\f]|\\(?:\r\n|\r|\n))*"
_ANOTHER_STATEMENT = re.compile(rf"{_BLANKS};{_BLANKS}[^#\s]")
_COMMENT_LINES = re.compile(r"(?:[ \t\f]*(?:\r\n|\r|\n))*([ \t\f]*)#[^\r\n]*(?:\r\n|\r|\n)")


def insert(source: Source, edits: Edits, options: Options) -> str:
    """The text of `source` with `edits`; with formatting, what changed is laid out.

    Raises:
        SourceError: libcst cannot read a statement that changes.
    """
    changes = TextChanges(source, options.line_length)
    for expression, wraps in edits.wraps.items():
        write_wraps(changes, expression, wraps)
    for callee, explicit in edits.explicit.items():
        write_explicit(changes, callee, explicit)
    for loop, loop_edit in edits.loops.items():
        write_loop(changes, loop, loop_edit)
    for node, base in edits.bases.items():
        write_base(changes, node, base)
    write_imports(changes, edits.imports)
    # Of statements that end together the inner one first: what follows it stands in its block.
    for statement in sorted(edits.after, key=source.span, reverse=True):
        _write_after(changes, statement, edits.after[statement])
    for statement, texts in edits.before.items():
        _write_before(changes, statement, texts)
    for block, texts in edits.first.items():
        place = first_place(block)
        if place < len(block.body):
            _write_before(changes, block.body[place], texts)
        else:
            _write_after(changes, block.body[-1], texts)
    for node, texts in edits.written_inits.items():
        write_init(changes, node, texts)
    for function, texts in edits.init_ends.items():
        _write_end(changes, function, texts)
    return changes.apply(Layout(source.lines, options.line_length) if options.format else None)


def _write_after(changes: TextChanges, statement: ast.stmt, texts: Sequence[str]) -> None:
    """Write statements behind another one, in the same block."""
    source, lines = changes.source, changes.source.lines
    start, end = source.span(statement)
    line = lines.at(end - 1)
    is_first = start == lines.code_start(lines.at(start))
    stands_behind_colon = not is_first and is_compound(source.text[line.start : line.end])
    if stands_behind_colon or _ANOTHER_STATEMENT.match(source.text, end):
        changes.insert_behind(end, texts)
    else:
        _write_below(changes, line, source.first_line(statement), texts)


def _write_before(changes: TextChanges, statement: ast.stmt, texts: Sequence[str]) -> None:
    """Write statements in front of another one, in the same block."""
    source, lines = changes.source, changes.source.lines
    start = source.span(statement).start
    line = lines.at(start)
    if start > lines.code_start(line):
        changes.replace_within(Span(start, start), "".join(f"{text}; " for text in texts))
        return
    for text in texts:
        changes.insert_statement(line.start, indentation(source.text, line.start), text)


def _write_end(
    changes: TextChanges, function: ast.FunctionDef | ast.AsyncFunctionDef, texts: Sequence[str]
) -> None:
    """Write statements at the end of a function."""
    source, lines = changes.source, changes.source.lines
    first, last = source.span(function.body[0]), source.span(function.body[-1])
    if first.start > lines.code_start(lines.at(first.start)):
        changes.insert_behind(last.end, texts)
    else:
        line = lines.at(source.span(function).end - 1)
        _write_below(changes, line, source.first_line(function.body[0]), texts)


def _write_below(changes: TextChanges, line: Span, like: Span, texts: Sequence[str]) -> None:
    """Write statements below a logical line, indented as another one is. Comments that are indented
    more belong to what stands above."""
    text = changes.source.text
    indent = indentation(text, like.start)
    offset = line.end
    while indentation(text, line.start) != indent and (
        (comment := _COMMENT_LINES.match(text, offset)) and len(comment[1]) > len(indent)
    ):
        offset = comment.end()
    for one in texts:
        changes.insert_statement(offset, indent, one)
