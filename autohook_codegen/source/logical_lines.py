"""The logical lines of a text: what ends with a line end that no bracket or backslash joins.

A logical line holds one statement, several with semicolons, the header of a compound statement, or
a compound statement with its body behind the colon. It is what a rewrite changes, and what black
lays out; `scaffold` says what makes it Python by itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

__all__ = [
    "LINE_END",
    "STRING",
    "TOKEN",
    "LogicalLines",
    "Span",
    "bracket_depth",
    "first_line_end",
    "indentation",
    "is_case",
    "is_compound",
    "is_header",
    "scaffold",
]

LINE_END = re.compile(r"\r\n|\r|\n")
INDENTATION = re.compile(r"[ \t\f]*")
STRING = r"""
      \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\" | '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
    | "[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*" | '[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'
"""
"""A literal without its prefix, for patterns that are verbose and whose dot matches a line end."""
TOKEN = re.compile(
    rf"""
    (?=["'\#()\[\]{{}}\\\r\n])  # most characters begin none: seven times as fast
    (?:
      (?P<string>{STRING})
    | (?P<comment>\#[^\r\n]*)
    | (?P<open>[(\[{{])
    | (?P<close>[)\]}}])
    | (?P<joined>\\(?:\r\n|\r|\n))
    | (?P<line>\r\n|\r|\n)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
FIRST_WORD = re.compile(r"\w*")
CASE = re.compile(r"[ \t\f]*case\b[ \t\f]*[\w\"'\[({-].*:", re.DOTALL)
COMPOUND = re.compile(
    r"[ \t\f]*(?:async|class|def|elif|else|except|finally|for|if|try|while|with)\b"
)
BEFORE_CLAUSE = {"elif": "if {0}:", "else": "if {0}:", "except": "try:", "finally": "try:"}
"""What has to stand in front of a clause."""


class Span(NamedTuple):
    """The characters of a text from `start` up to `end`."""

    start: int
    end: int


class LogicalLines:
    """Finds the logical line of a place in a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def spans(self) -> list[Span]:
        """All logical lines, each with its indentation and its line end."""
        text = self.text
        found: list[Span] = []
        start = depth = 0
        for token in TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "open":
                depth += 1
            elif kind == "close":
                depth -= 1
            elif kind == "line" and depth <= 0:
                if _holds_code(text, start):
                    found.append(Span(start, token.end()))
                start, depth = token.end(), 0
        if _holds_code(text, start):
            found.append(Span(start, len(text)))
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self.spans]

    def index(self, offset: int) -> int:
        """The number of the logical line that holds a place, or of the last one in front of it."""
        return bisect_right(self._starts, offset) - 1

    def at(self, offset: int) -> Span:
        """The logical line that holds a place of the code."""
        return self.spans[self.index(offset)]

    def code_start(self, line: Span) -> int:
        """Where the code of a logical line begins, behind its indentation."""
        return line.start + len(indentation(self.text, line.start))

    def bracket_depth(self, offset: int) -> int:
        """In how many brackets a place of the code stands."""
        return bracket_depth(self.text, self.at(offset).start, offset)

    @cached_property
    def indent(self) -> str:
        """What a block of the text is indented by: the first indentation there is."""
        return next(filter(None, (indentation(self.text, s.start) for s in self.spans)), "    ")

    @cached_property
    def line_end(self) -> str:
        """What lines of the text end with."""
        return first_line_end(self.text)


def first_line_end(text: str) -> str:
    """The first line end of a text, or a line feed."""
    found = LINE_END.search(text)
    return found.group() if found else "\n"


def indentation(text: str, line_start: int) -> str:
    """The blanks at the beginning of a line."""
    found = INDENTATION.match(text, line_start)
    assert found is not None
    return found.group()


def bracket_depth(text: str, start: int, end: int) -> int:
    """How many brackets that open between `start` and `end` are open there."""
    kinds = [token.lastgroup for token in TOKEN.finditer(text, start, end)]
    return kinds.count("open") - kinds.count("close")


def _holds_code(text: str, line_start: int) -> bool:
    first = line_start + len(indentation(text, line_start))
    return first < len(text) and text[first] not in "#\r\n"


def scaffold(line: str, name: str = "_") -> tuple[list[str], list[str]]:
    """The lines that have to stand in front of a logical line and behind it to make it Python, at
    its own indentation; of ``case`` all but the ``match``, which is indented less.

    Example:
        >>> scaffold("elif x:  # why")
        (['if _:', '    _'], ['    _'])
    """
    found = FIRST_WORD.match(line, len(indentation(line, 0)))
    assert found is not None
    word = found.group()
    before = [BEFORE_CLAUSE[word].format(name), f"    {name}"] if word in BEFORE_CLAUSE else []
    behind: list[str] = []
    if is_header(line):
        behind = [f"    case {name}:", f"        {name}"] if word == "match" else [f"    {name}"]
    elif line.lstrip().startswith("@"):
        behind = [f"def {name}(): {name}"]
    if word == "try":
        behind += ["finally:", f"    {name}"]
    return before, behind


def is_header(line: str) -> bool:
    """Whether a logical line ends with the colon in front of a block."""
    end = len(line)
    for token in TOKEN.finditer(line) if "#" in line else ():
        if token.lastgroup == "comment" and not line[token.end() :].strip():
            end = token.start()
    return line[:end].rstrip(" \t\f\r\n\\").endswith(":")


def is_compound(line: str) -> bool:
    """Whether a logical line begins a compound statement or a clause of one."""
    return COMPOUND.match(line) is not None or is_case(line)


def is_case(line: str) -> bool:
    """Whether a logical line is the header of a ``case``, perhaps with its body."""
    return CASE.match(line) is not None
