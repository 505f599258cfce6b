"""The changed statements of a file, laid out as black would lay them out in their place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from autohook_codegen.layout.batch import lay_out_statements
from autohook_codegen.layout.settled import is_settled
from autohook_codegen.layout.surroundings import Surroundings, read_surroundings
from autohook_codegen.source.logical_lines import LogicalLines

__all__ = ["Layout"]

FMT_COMMENT = re.compile(r"#\s*(?:fmt:\s*(?:off|on|skip)|yapf:\s*(?:disable|enable))\b")
LONE_CARRIAGE_RETURN = re.compile(r"\r(?!\n)")


class Layout:
    """Lays out the statements of one file, whose logical lines are `lines`.

    Quotes stay as they are, line endings too. Nothing is laid out in a file whose indentation black
    would not keep, nor where ``# fmt: off`` or ``# fmt: skip`` holds.
    """

    def __init__(self, lines: LogicalLines, line_length: int) -> None:
        self.lines = lines
        self.line_length = line_length

    @cached_property
    def _surroundings(self) -> Surroundings:
        return read_surroundings(self.lines)

    def lay_out(self, statements: Sequence[tuple[int, str]]) -> list[str]:
        """Lay out statements, each a logical line with the place in the file where it goes.

        Example:
            >>> Layout(LogicalLines("x  =  1\\n"), 88).lay_out([(0, "x  =  y\\n")])
            ['x = y\\n']
        """
        texts = [text.replace("\r\n", "\n") for _, text in statements]
        unsettled = {
            text: text
            for (place, _), text in zip(statements, texts, strict=True)
            if not is_settled(text, self.line_length) and self._may_change(place, text)
        }
        if unsettled:
            python = self._surroundings.python
            laid_out = lay_out_statements([*unsettled], self.line_length, python)
            unsettled = dict(zip(unsettled, laid_out, strict=True))
        return [
            _as_in(before, unsettled[text]) if unsettled.get(text, text) != text else before
            for (_, before), text in zip(statements, texts, strict=True)
        ]

    def keeps_all(self) -> bool:
        """Whether every statement of the file is as black would leave it."""
        text = self.lines.text
        statements = [(line.start, text[line.start : line.end]) for line in self.lines.spans]
        return self.lay_out(statements) == [text for _, text in statements]

    def _may_change(self, place: int, text: str) -> bool:
        return (
            text.endswith("\n")
            and "\f" not in text
            and FMT_COMMENT.search(text) is None
            and LONE_CARRIAGE_RETURN.search(text) is None
            and self._surroundings.keeps_indentation
            and not any(off.start <= place < off.end for off in self._surroundings.off)
        )


def _as_in(before: str, text: str) -> str:
    return text.replace("\n", "\r\n") if before.endswith("\r\n") else text
