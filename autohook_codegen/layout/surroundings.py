"""What black would learn from the rest of the file: indentation, Python, where it is off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autohook_codegen.source import Span
from autohook_codegen.source.logical_lines import LogicalLines, indentation

__all__ = ["Surroundings", "read_surroundings"]

SWITCH = re.compile(
    r"^([ \t]*)#\s*(?:(fmt:\s*off|yapf:\s*disable)|(?:fmt:\s*on|yapf:\s*enable))\b", re.MULTILINE
)
# Black adds a comma after `**kwargs` only in a file whose Python is surely 3.6 or later,
# and parentheses around the items of a `with` only where it is surely 3.9 or later.
SINCE_3_6 = re.compile(
    r":=|\b\d+_\d|\*\w+,\s*\)|^from __future__ import[^\n]*annotations|[(,]\s*/\s*[,)]"
    r"|\b[rR]?[fF][rR]?[\"']",
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


def read_surroundings(lines: LogicalLines) -> Surroundings:
    """Read the logical lines of a whole file."""
    text = lines.text
    python = (3, 6) if SINCE_3_6.search(text) else None
    if SINCE_3_10.search(text):
        python = (3, 10)
    return Surroundings(_keeps_indentation(lines), tuple(_where_off(lines)), python)


def _keeps_indentation(lines: LogicalLines) -> bool:
    blocks = [0]
    for line in lines.spans:
        indent = indentation(lines.text, line.start)
        while blocks[-1] > len(indent):
            blocks.pop()
        if len(indent) > blocks[-1]:
            blocks.append(len(indent))
        if indent != "    " * (len(blocks) - 1):
            return False
    return True


def _where_off(lines: LogicalLines) -> Iterator[Span]:
    """From each ``# fmt: off`` on a line of its own to where it is on again, or its block ends."""
    text = lines.text
    done = 0
    for off in SWITCH.finditer(text):
        number = lines.index(off.start())
        is_own_line = number < 0 or lines.spans[number].end <= off.start()
        if off[2] is None or off.start() < done or not is_own_line:
            continue
        ends = [on.start() for on in SWITCH.finditer(text, off.end()) if on[2] is None]
        ends += [
            line.start
            for line in lines.spans[number + 1 :]
            if len(indentation(text, line.start)) < len(off[1])
        ][:1]
        done = min([*ends, len(text)])
        yield Span(off.start(), done)
