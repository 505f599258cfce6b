"""Statements that go as wholes, with their lines or the semicolons in front of them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autohook_codegen.rewrite.root import ending_lines
from autohook_codegen.rewrite.sorted_imports import with_blank_lines
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.source import Span

__all__ = ["remove_statements"]


def remove_statements(changes: TextChanges, block: Sequence[ast.stmt], gone: set[ast.stmt]) -> None:
    """Take the statements of `gone` out of a block, which becomes `pass` where none is left."""
    source, lines = changes.source, changes.source.lines
    by_line: dict[Span, list[ast.stmt]] = {}
    for statement in block if gone else ():
        by_line.setdefault(source.first_line(statement), []).append(statement)
    is_empty = gone.issuperset(block) and block[0] not in source.tree.body
    imports: list[Span] = []
    for line, statements in by_line.items():
        spans = [source.span(statement) for statement in statements]
        goes = [statement in gone for statement in statements]
        if not any(goes):
            continue
        if not all(goes):
            first_kept = goes.index(False)
            if first_kept:
                changes.replace_within(Span(spans[0].start, spans[first_kept].start))
            for number in range(first_kept + 1, len(spans)):
                if goes[number]:
                    changes.replace_within(Span(spans[number - 1].end, spans[number].end))
        elif spans[0].start > lines.code_start(line) or (is_empty and statements[0] is block[0]):
            changes.replace_within(Span(spans[0].start, spans[-1].end), "pass")
        elif isinstance(statements[0], ast.Import | ast.ImportFrom):
            imports.append(line)
        else:
            start = ending_lines(source, statements[0]).start
            changes.remove_lines(Span(start, lines.at(spans[-1].end - 1).end))
    for run in with_blank_lines(source, imports):
        changes.remove_lines(run)
