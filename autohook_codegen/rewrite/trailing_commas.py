"""The trailing commas that black put into a statement when hook points made it longer.

Black puts a comma behind the last argument where it gives each argument a line, and where it finds
such a comma it does so for ever. So a comma that black would put there again is taken for black's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autohook_codegen.source import Span
from autohook_codegen.source.logical_lines import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autohook_codegen.layout import Layout
    from autohook_codegen.rewrite.text_changes import TextChanges

__all__ = ["remove_blacks_commas"]

_TRAILING_COMMA = re.compile(r",(?=(?:\s|#[^\r\n]*)*[)\]}])")


def remove_blacks_commas(changes: TextChanges, layout: Layout) -> None:
    """Take black's commas out of the lines that change."""
    text = changes.source.text
    places = [(line, comma) for line in changes.changed_lines for comma in _commas(text, line)]
    without = [
        (line.start, text[line.start : comma] + text[comma + 1 : line.end])
        for line, comma in places
    ]
    for (line, comma), laid_out in zip(places, layout.lay_out(without), strict=True):
        if laid_out == text[line.start : line.end]:
            changes.replace_within(Span(comma, comma + 1))


def _commas(text: str, line: Span) -> Iterator[int]:
    """Where a logical line has trailing commas."""
    code = text[line.start : line.end]
    if "\n" not in code.rstrip():
        return
    for found in _TRAILING_COMMA.finditer(code):
        apart = [t for t in TOKEN.finditer(code) if t.lastgroup in ("string", "comment")]
        if not any(token.start() < found.start() < token.end() for token in apart):
            yield line.start + found.start()
