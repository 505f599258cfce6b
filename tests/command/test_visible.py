"""Nothing that stands in a file or a path steers the terminal."""

from __future__ import annotations

import pytest

from autohook_codegen.command.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("model.py: ä € 🔥 [bold]\t", "model.py: ä € 🔥 [bold]\t"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\rc", "a\\nb\\rc"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("\udcff", "\\udcff"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
