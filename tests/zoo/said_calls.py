"""The calls that the rewriter names: in a note, or as a place that is left to the fallback.

A row has the place of each call that no hook point saw, in the rewritten file; what the rewriter
says is about the original. Both have the same tokens, and the rewritten one has more.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.insertions import LAYOUT

__all__ = ["is_said", "keep_said"]

SAID = "said.json"
"""In a rewritten folder: of each file the lines and the text of each message."""
MESSAGE = re.compile(r"(\d+):\d+: (.+) \[([a-z-]+)\]")
LEFT = "; auto_hook(self) hooks it"
OF_HOOK_POINTS = (
    "called-in-loop changes-in-place edits-draw-anew name-of-a-role optional-parameter "
    "pattern-hidden shared-hook-point"
).split()
"""The kinds of notes about calls that have a hook point."""


def is_said(folder: Path, file: str, line: int, path: str, *, with_fallback: bool) -> bool:
    """Return whether what is said of a file of the rewritten folder names the call of the module at
    `path`: its line, or the attribute that holds it; also, if asked, as left to the fallback."""
    names = [part for part in path.split(".") if not part.isdigit()][-1:]
    return any(
        (line in lines or not set(names).isdisjoint(re.findall(r"\w+", message)))
        and (with_fallback or not message.endswith(LEFT))
        for lines, message in _said(folder).get(file, ())
    )


@cache
def _said(folder: Path) -> dict[str, list[tuple[list[int], str]]]:
    kept = folder / SAID
    said: dict[str, list[tuple[list[int], str]]] = {}
    if kept.exists():
        said = json.loads(kept.read_text("utf-8"))
    return said


def keep_said(text: str, original: Path, target: Path) -> None:
    """Keep in the rewritten folder what the rewriter has printed about the original one."""
    printed: dict[str, list[str]] = {}
    for line in text.splitlines():
        file, colon, rest = line.removeprefix(f"{original}/").partition(".py:")
        match = MESSAGE.fullmatch(rest)
        if colon and match is not None and match[3] not in OF_HOOK_POINTS:
            printed.setdefault(f"{file}.py", []).append(rest)
    said = {
        file: list(_moved(its, original / file, target / file)) for file, its in printed.items()
    }
    (target / SAID).write_text(json.dumps(said))


def _moved(messages: list[str], original: Path, rewritten: Path) -> Iterator[tuple[list[int], str]]:
    """Yield the lines in the rewritten file, and the text, of each message."""
    lines = rewritten_lines(original.read_text("utf-8"), rewritten.read_text("utf-8"))
    for message in messages:
        match = MESSAGE.fullmatch(message)
        assert match is not None
        told = [match[1], *re.findall(r"line (\d+)", match[2])]
        yield [lines[int(one)] for one in told if int(one) in lines], match[2]


def rewritten_lines(original: str, rewritten: str) -> dict[int, int]:
    """Return where each line of a text has come to in one that only adds to it.

    >>> rewritten_lines("a = f(x)\\nreturn a\\n", "a = f(x)\\na = hook(a)\\nreturn a\\n")
    {1: 1, 2: 3}
    """
    lines: dict[int, int] = {}
    rest = _tokens(rewritten)
    for text, line in _tokens(original):
        for other, moved in rest:
            if text == other:
                lines[line] = moved
                break
    return lines


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT:
            yield token.string, token.start[0]
