"""The way back: a hooked text as its author wrote it."""

from __future__ import annotations

import re
from itertools import pairwise

from autohook_codegen.layout import Layout
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import read_existing
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.source import Span, read_source
from autohook_codegen.source.logical_lines import TOKEN

__all__ = ["strip"]

_TRAILING_COMMA = re.compile(r",(?=(?:\s|#[^\r\n]*)*[)\]}])")


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
    changes = read_existing(source, options).removals
    if not changes:
        return code
    layout = Layout(source.lines, options.line_length)
    if not (options.format and layout.keeps_all()):
        return changes.apply(None)
    for line in changes.changed_lines:
        _remove_blacks_commas(changes, line, layout)
    return changes.apply(layout)


def _remove_blacks_commas(changes: TextChanges, line: Span, layout: Layout) -> None:
    """Take out the trailing commas that black put in when hook points made a statement longer.

    Black puts a comma behind the last argument where it gives each argument a line, and where it
    finds such a comma it does so for ever. Those commas are black's that it would put there again,
    if the statement fits on one line without them.
    """
    text = changes.source.text
    tokens = [t for t in TOKEN.finditer(text, *line) if t.lastgroup in ("string", "comment")]
    commas = [
        Span(*comma.span())
        for comma in _TRAILING_COMMA.finditer(text, *line)
        if not any(token.start() < comma.start() < token.end() for token in tokens)
    ]
    without = "".join(
        text[start:end]
        for (_, start), (end, _) in pairwise([(0, line.start), *commas, (line.end, 0)])
    )
    if commas and layout.lay_out([(line.start, without)]) == [text[line.start : line.end]]:
        edits = [(comma, "") for comma in commas]
        (laid_out,) = layout.lay_out([(line.start, changes.changed_line(line, edits))])
        if laid_out.count("\n") == 1:
            for comma in commas:
                changes.replace_within(comma)
