"""The calls that the rewriter names in a note as a tuple that other code takes apart.

They have no hook point, and a result without them does not ask for the fallback: they are counted
apart. A row has the place of each call that was missed; what a note says of it is asked of the
rewriter as it is now.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from autohook_codegen import hook_source

__all__ = ["is_taken_apart_elsewhere"]


def is_taken_apart_elsewhere(file: Path, line: int) -> bool:
    """Return whether a note says so of the call at this line of a rewritten file."""
    return line in _lines_taken_apart(file)


@cache
def _lines_taken_apart(file: Path) -> frozenset[int]:
    """The lines of such notes: those of rewriting the rewritten file once more."""
    text = file.read_text(encoding="utf-8")
    if "HookPoint" not in text:
        return frozenset()
    notes = hook_source(text, path=str(file)).notes
    return frozenset(note.line for note in notes if note.code == "taken-apart-elsewhere")
