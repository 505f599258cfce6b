"""The changed statements of a file, laid out as black would lay them out in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autohook_codegen.layout.batch import lay_out_statements
from autohook_codegen.layout.settled import is_settled
from autohook_codegen.layout.span import Span
from autohook_codegen.layout.surroundings import Surroundings, read_surroundings

__all__ = ["lay_out"]

FMT_COMMENT = re.compile(r"#\s*(?:fmt:\s*(?:off|on|skip)|yapf:\s*(?:disable|enable))\b")
LONE_CARRIAGE_RETURN = re.compile(r"\r(?!\n)")


def lay_out(code: str, changed: Iterable[Span], line_length: int) -> str:
    """Lay out the statements of `code` at `changed` with black, and leave everything else alone.

    A span covers a whole line of simple statements (its indentation, trailing comment and newline
    included), the header of a compound statement without its decorators, or a compound statement
    that stands on one line. Quotes stay as they are, line endings too. Nothing is laid out in a
    file whose indentation black would not keep, nor where ``# fmt: off`` or ``# fmt: skip`` holds.

    Example:
        >>> code = "x  =  1\\ny  =  2\\n"
        >>> lay_out(code, [Span(8, 16)], 88)
        'x  =  1\\ny = 2\\n'
    """
    spans = [
        span for span in _apart(changed) if not is_settled(_line_feeds(code, span), line_length)
    ]
    if not spans or LONE_CARRIAGE_RETURN.search(code):
        return code
    surroundings = read_surroundings(code)
    if not surroundings.keeps_indentation:
        return code
    spans = [span for span in spans if _may_change(code, span, surroundings)]
    if not spans:
        return code
    statements = list(dict.fromkeys(_line_feeds(code, span) for span in spans))
    laid_out = dict(
        zip(
            statements,
            lay_out_statements(statements, line_length, surroundings.python),
            strict=True,
        )
    )
    pieces = []
    position = 0
    for span in spans:
        before = code[span.start : span.end]
        after = laid_out[_line_feeds(code, span)]
        if not before.endswith("\n"):
            after = after.removesuffix("\n")
        if "\r\n" in before or (not before.endswith("\n") and "\r\n" in code):
            after = after.replace("\n", "\r\n")
        pieces += [code[position : span.start], after]
        position = span.end
    return "".join([*pieces, code[position:]])


def _apart(spans: Iterable[Span]) -> list[Span]:
    """In order, and none inside another."""
    apart: list[Span] = []
    for span in sorted(set(spans), key=lambda span: (span.start, -span.end)):
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
    return apart


def _line_feeds(code: str, span: Span) -> str:
    """The text of a span with `\\n` line endings, also at its end."""
    text = code[span.start : span.end].replace("\r\n", "\n")
    return text if text.endswith("\n") else text + "\n"


def _may_change(code: str, span: Span, surroundings: Surroundings) -> bool:
    text = code[span.start : span.end]
    return (
        "\f" not in text
        and FMT_COMMENT.search(text) is None
        and not any(off.start <= span.start < off.end for off in surroundings.off)
    )
