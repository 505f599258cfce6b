"""The way back: a hooked text as its author wrote it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from autohook_codegen.layout import Layout
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import read_existing
from autohook_codegen.rewrite.imports import remove_names
from autohook_codegen.rewrite.loop import remove_pairing
from autohook_codegen.rewrite.root import ending_lines, remove_base
from autohook_codegen.rewrite.sorted_imports import with_blank_lines
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.rewrite.trailing_commas import remove_blacks_commas
from autohook_codegen.rewrite.wrap import remove_test, remove_wrap
from autohook_codegen.rewrite.written_init import remove_written_init
from autohook_codegen.source import Source, Span, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.rewrite.existing import Removals

__all__ = ["strip"]


def strip(code: str, options: Options | None = None, path: str | None = None) -> str:
    """`code` without its hook points, also those that a person wrote in the same name pattern.

    Only deletes: where the hook points were inserted with formatting off into a text that used none
    of their words, that text comes back byte for byte. In a file that is as black would leave it,
    what lost something is laid out again.

    Raises:
        SourceError: `code` is no Python.

    Example:
        >>> strip("y = self.fc1_hook_point(self.fc1(x))  # [batch, width]")
        'y = self.fc1(x)  # [batch, width]'
    """
    options = options or Options()
    source = read_source(code, path)
    removals = read_existing(source, options).removals
    changes = TextChanges(source, options.line_length)
    _remove(changes, removals)
    if not changes:
        return code
    layout = Layout(source.lines, options.line_length)
    if not (options.format and layout.keeps_all()):
        return changes.apply(None)
    remove_blacks_commas(changes, layout)
    return changes.apply(layout)


def _remove(changes: TextChanges, removals: Removals) -> None:
    source = changes.source
    for call, brackets, lost in removals.wraps:
        is_enclosed = source.lines.bracket_depth(source.span(call).start) > lost
        remove_wrap(changes, call, brackets, is_enclosed)
    for condition, brackets in removals.tests:
        remove_test(changes, condition, brackets)
    for iterated in removals.iterated:
        remove_pairing(changes, iterated)
    for node, place in removals.bases:
        remove_base(changes, node, place)
    for method, node in removals.written_inits:
        remove_written_init(changes, node, method)
    for statement, places in removals.imports.items():
        remove_names(changes, statement, places)
    gone = {statement for statement, _ in removals.statements}
    for block in {id(block): block for _, block in removals.statements}.values():
        _remove_statements(changes, block, gone)


def _remove_statements(
    changes: TextChanges, block: Sequence[ast.stmt], gone: set[ast.stmt]
) -> None:
    """Take the statements of `gone` out of a block."""
    source, lines = changes.source, changes.source.lines
    by_line: dict[Span, list[ast.stmt]] = {}
    for statement in block:
        by_line.setdefault(source.first_line(statement), []).append(statement)
    is_empty = gone.issuperset(block) and block[0] not in source.tree.body
    imports: list[Span] = []
    for line, statements in by_line.items():
        kept = [statement for statement in statements if statement not in gone]
        first, last = source.span(statements[0]), source.span(statements[-1])
        if len(kept) == len(statements):
            continue
        if kept:
            _remove_from_line(changes, statements, gone)
        elif first.start > lines.code_start(line) or (is_empty and statements[0] is block[0]):
            changes.replace_within(Span(first.start, last.end), "pass")
        elif isinstance(statements[0], ast.Import | ast.ImportFrom):
            imports.append(line)
        else:
            changes.remove_lines(ending_lines(source, statements[0]))
    for run in with_blank_lines(source, imports):
        changes.remove_lines(run)


def _remove_from_line(
    changes: TextChanges, statements: Sequence[ast.stmt], gone: set[ast.stmt]
) -> None:
    """Take small statements out of their line; each goes with the semicolon in front of it."""
    spans = [changes.source.span(statement) for statement in statements]
    first_kept = next(n for n, statement in enumerate(statements) if statement not in gone)
    if first_kept:
        changes.replace_within(Span(spans[0].start, spans[first_kept].start))
    for number in range(first_kept + 1, len(statements)):
        if statements[number] in gone:
            changes.replace_within(Span(spans[number - 1].end, spans[number].end))
