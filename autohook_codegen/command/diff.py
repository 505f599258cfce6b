"""The difference that a rewrite makes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autohook_codegen.command.source_file import SourceFile

__all__ = ["show_diff"]

LINE = re.compile(r"[^\n]*\n|[^\n]+")
STYLES = {"@": "cyan", "+": "green", "-": "red"}


def show_diff(source: SourceFile, target: str, code: str, color: bool | None = None) -> None:
    """Print a unified diff from `source` to `code`, which goes to `target`, on stdout.

    In colours on a terminal; elsewhere in the file's own bytes, so that `patch` takes it.
    """
    lines = diff_lines(source.code, code, source.path, target)
    if not lines:
        return
    from rich.console import Console

    console = Console(
        force_terminal=color, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    if not console.is_terminal:
        sys.stdout.flush()
        sys.stdout.buffer.write(
            "".join(lines).encode(source.encoding.removesuffix("-sig"), "backslashreplace")
        )
        sys.stdout.buffer.flush()
        return
    from rich.text import Text

    from autohook_codegen.command.visible import visible

    for number, line in enumerate(lines):
        style = "bold" if number < 2 else STYLES.get(line[:1], "")
        console.print(Text(visible(line.rstrip("\r\n")), style=style))


def diff_lines(before: str, after: str, before_name: str, after_name: str) -> list[str]:
    """The lines of a unified diff, each with its newline."""
    import difflib

    return [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(
            LINE.findall(before), LINE.findall(after), before_name, after_name
        )
    ]
