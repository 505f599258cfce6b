"""Whether a word stands right beside an expression, without a blank: ``return-x``, ``(x)if y``.

What a rewrite puts there must not run into that word, and libcst does not read a conditional
expression in brackets there, ``else(a if b else c)``, although Python does.
"""

from __future__ import annotations

import ast
import re
from functools import cached_property
from keyword import iskeyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autohook_codegen.source import Source

__all__ = ["WordsBeside"]

LINE_END = re.compile(r"\r\n|\r|\n")
LAST_WORD = re.compile(r"\w*$")
BRACKETS_BEHIND = re.compile(r"(?:[\s\\)]|#[^\r\n]*)*")
_SPACE = " \t\f\r\n\\"
_LONGEST = 10
"""No keyword is as long."""


class WordsBeside:
    """Looks at the text around the expressions of a source."""

    def __init__(self, source: Source) -> None:
        self._text = source.parsed_text

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in LINE_END.finditer(self._text))]

    def in_front(self, node: ast.expr) -> bool:
        """Whether a word runs into the expression itself, ``return-x``."""
        return self._is_keyword_before(self._offset(node.lineno, node.col_offset))

    def in_front_of_brackets(self, node: ast.expr) -> bool:
        """Whether a word runs into the brackets around the expression, ``return(x)``.

        Also true where there is a comment inside the brackets.
        """
        position = self._offset(node.lineno, node.col_offset)
        bracket = -1
        while position and (character := self._text[position - 1]) in f"{_SPACE}(":
            position -= 1
            if character == "(":
                bracket = position
            elif character in "\r\n" and "#" in self._text[self._line_start(position) : position]:
                return True
        return bracket == position and self._is_keyword_before(position)

    def behind(self, node: ast.expr) -> bool:
        """Whether the expression, or the brackets around it, run into a word, ``(x)if y``."""
        end = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
        found = BRACKETS_BEHIND.match(self._text, end)
        assert found is not None
        glued = not found.group() or found.group().endswith(")")
        return glued and self._text[found.end() : found.end() + 1].isalpha()

    def _is_keyword_before(self, position: int) -> bool:
        found = LAST_WORD.search(self._text[max(0, position - _LONGEST) : position])
        return found is not None and iskeyword(found.group())

    def _line_start(self, position: int) -> int:
        before = self._text[:position]
        return max(before.rfind("\n"), before.rfind("\r")) + 1

    def _offset(self, line: int, column: int) -> int:
        """Where in the text a place of `ast` is, whose columns count bytes."""
        start = self._line_starts[line - 1]
        characters = self._text[start : start + column]
        if not characters.isascii():
            characters = characters.encode()[:column].decode(errors="ignore")
        return start + len(characters)
