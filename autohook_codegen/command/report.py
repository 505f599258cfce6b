"""What the user is told, on stderr, and the exit code that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from autohook_codegen.command.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autohook_codegen.hooked_source import Note, SourceError

__all__ = ["Report"]


@dataclass
class Report:
    """Counts outcomes and words them, as black's does.

    Exit codes: 0 for done, 1 for "would change" under ``--check``, 123 for a failure.
    """

    check: bool = False
    diff: bool = False
    quiet: bool = False
    verbose: bool = False
    change_count: int = field(default=0, init=False)
    same_count: int = field(default=0, init=False)
    copied_count: int = field(default=0, init=False)
    failure_count: int = field(default=0, init=False)

    def changed(self, path: str) -> None:
        """`path` was written, or would be."""
        self.change_count += 1
        dry = self.check or self.diff
        self.say(f"{'would write' if dry else 'wrote'} {path}", bold=True)

    def same(self, path: str) -> None:
        """`path` already holds what would be written."""
        self.same_count += 1
        if self.verbose:
            self.say(f"{path} already is what would be written")

    def copied(self, path: str) -> None:
        """`path` was copied as it is."""
        self.copied_count += 1
        if self.verbose:
            self.say(f"copied {path}")

    def failed(self, path: str, message: str, doing: str = "hook") -> None:
        """Nothing came of `path`; `path` may carry a line and a column."""
        self.failure_count += 1
        click.secho(visible(f"error: cannot {doing} {path}: {message}"), err=True, fg="red")

    def source_failed(self, error: SourceError) -> None:
        """A text that is no Python: the place, what is wrong, and the line itself."""
        place = str(error).removesuffix(f": {error.message}")
        self.failed(place, error.message + (f": {error.text.strip()}" if error.text else ""))

    def warn(self, path: str, message: str) -> None:
        if not self.quiet:
            click.secho(visible(f"warning: {path}: {message}"), err=True, fg="yellow")

    def notes(self, path: str, notes: Iterable[Note]) -> None:
        """``path:line:column: message [code]``, a line for each."""
        if not self.quiet:
            for note in notes:
                click.echo(visible(f"{path}:{note}"), err=True)

    def say(self, message: str, bold: bool = False) -> None:
        if not self.quiet:
            click.secho(visible(message), err=True, bold=bold)

    @property
    def return_code(self) -> int:
        if self.failure_count:
            return 123
        return 1 if self.change_count and self.check else 0

    def __str__(self) -> str:
        """One line, ``3 files written, 2 files copied.``"""
        dry = self.check or self.diff
        outcomes = [
            (self.change_count, "would be written" if dry else "written"),
            (self.same_count, "would be left unchanged" if dry else "left unchanged"),
            (self.copied_count, "would be copied" if dry else "copied"),
            (self.failure_count, "failed to be hooked"),
        ]
        parts = [
            f"{count} file{'' if count == 1 else 's'} {outcome}"
            for count, outcome in outcomes
            if count
        ]
        return ", ".join(parts or ["no file to hook"]) + "."
