"""What black would learn from the rest of the file: indentation, Python, where it is off."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autohook_codegen.layout.span import Span

__all__ = ["Surroundings", "read_surroundings"]

TOKEN = re.compile(
    r"""
      (?P<string>\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<comment>\#[^\n]*)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<line>\n[ \t\f]*(?![ \t\f\r\n]))
    | (?P<joined>\\\r?\n)
    """,
    re.VERBOSE | re.DOTALL,
)
OFF = re.compile(r"#\s*(?:fmt:\s*off|yapf:\s*disable)\b")
ON = re.compile(r"#\s*(?:fmt:\s*on|yapf:\s*enable)\b")

# Black adds a comma after `**kwargs` only in a file whose Python is surely 3.6 or later,
# and parentheses around the items of a `with` only where it is surely 3.9 or later.
SINCE_3_6 = re.compile(
    r":=|\b\d+_\d|\*\w+,\s*\)|^from __future__ import[^\n]*annotations|[(,]\s*/\s*[,)]",
    re.MULTILINE,
)
SINCE_3_10 = re.compile(
    r"^[ \t]*match\b[^\n=]*:[^\n]*\n\s*case\b|^[ \t]*except\s*\*|^[ \t]*(?:class|def)\s+\w+\[",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the file around the changed statements tells black."""

    keeps_indentation: bool
    """Whether black would keep the indentation of every line of code."""
    off: tuple[Span, ...]
    """Where ``# fmt: off`` holds."""
    python: tuple[int, int] | None
    """The oldest Python that can read the file, as far as black would care; None for any."""


def read_surroundings(code: str) -> Surroundings:
    """Read the tokens of `code`, a whole file."""
    text = "\n" + code  # so that the first line begins as every other
    depth = 0
    blocks = [0]
    keeps_indentation = True
    python = None
    off: list[Span] = []
    off_from: tuple[int, int] | None = None  # where it begins, and its comment's indentation
    line_start, code_start = 0, 0
    for found in TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "string":
            if python is None and _is_f_string(text, found.start()):
                python = (3, 6)
        elif kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "line" and depth == 0:
            line_start, code_start = found.start(), found.end()
            if text.startswith("#", code_start) or code_start == len(text):
                continue
            indentation = code_start - line_start - 1
            while blocks[-1] > indentation:
                blocks.pop()
            if indentation > blocks[-1]:
                blocks.append(indentation)
            if indentation != 4 * (len(blocks) - 1) or found.group().strip("\n "):
                keeps_indentation = False
            if off_from is not None and indentation < off_from[1]:
                off.append(Span(off_from[0], line_start))
                off_from = None
        elif kind == "comment" and depth == 0 and found.start() == code_start:
            if off_from is None and OFF.match(found.group()):
                off_from = (line_start, code_start - line_start - 1)
            elif off_from is not None and ON.match(found.group()):
                off.append(Span(off_from[0], line_start))
                off_from = None
    if off_from is not None:
        off.append(Span(off_from[0], len(code)))
    if python is None and SINCE_3_6.search(code):
        python = (3, 6)
    if SINCE_3_10.search(code):
        python = (3, 10)
    return Surroundings(keeps_indentation, tuple(off), python)


def _is_f_string(text: str, quote: int) -> bool:
    return "f" in text[quote - 1].lower() or text[quote - 2 : quote].lower() == "fr"
