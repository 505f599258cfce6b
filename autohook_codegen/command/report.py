"""What the user is told, on stderr, and the exit code that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from autohook_codegen.command.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autohook_codegen.hooked_source import HookedSource, Note, Site, SourceError

__all__ = ["Report"]

MOST_PLACES = 8


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
    sites: list[tuple[str, Site]] = field(default_factory=list, init=False)
    roots: list[str] = field(default_factory=list, init=False)
    notes: dict[str, list[tuple[str, Note]]] = field(default_factory=dict, init=False)
    """By their kind."""

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

    def hooked(self, path: str, result: HookedSource, notes: Iterable[Note]) -> None:
        """Takes up what was decided about a file, for `sum_up`; with ``-v`` each note is shown,
        and each place that the fallback hooks."""
        self.sites += [(path, site) for site in result.sites]
        self.roots += result.roots
        said = tuple(notes)
        for note in said:
            self.notes.setdefault(note.code, []).append((path, note))
        for note in (*said, *result.left_to_fallback) if self.verbose and not self.quiet else ():
            click.echo(visible(f"{path}:{note}"), err=True)

    def sum_up(self) -> None:
        """Says what the notes are, a line a kind with its places, and what there is now."""
        if self.quiet:
            return
        for places in self.notes.values() if not self.verbose else ():
            path, note = places[0]
            others = [_place(other, one, path) for other, one in places[1 : MOST_PLACES + 1]]
            more = len(places) - 1 - len(others)
            line = f"{path}:{note}" + (f", and at {', '.join(others)}" if others else "")
            click.echo(visible(f"{line} and {more} more" if more else line), err=True)
        if self.sites or self.notes:
            click.echo(visible(self._summary()), err=True)

    def _summary(self) -> str:
        """``18 hook points at 25 sites in 8 classes; root: Net; 3 kinds of notes``"""
        places = {(path, site.class_name) for path, site in self.sites}
        hook_points = {(path, site.class_name, site.hook_point) for path, site in self.sites}
        counts = (
            f"{_counted(len(hook_points), 'hook point')} at {_counted(len(self.sites), 'site')}"
            f" in {_counted(len(places), 'class', 'classes')}"
        )
        shown = ", ".join(self.roots[:MOST_PLACES]) or "none"
        more = len(self.roots) - MOST_PLACES
        roots = f"root{'s' if len(self.roots) > 1 else ''}: {shown}"
        if more > 0:
            roots += f" and {more} more"
        kinds = f"{_counted(len(self.notes), 'kind')} of notes" if self.notes else "no notes"
        return f"{counts}; {roots}; {kinds}" + (" (-v shows each)" if self._is_shortened else "")

    @property
    def _is_shortened(self) -> bool:
        return not self.verbose and any(len(places) > 1 for places in self.notes.values())

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


def _place(path: str, note: Note, first: str) -> str:
    """Return the place of a note; the file is named where it is another one than the first's."""
    place = f"{note.line}:{note.column}"
    return place if path == first else f"{path}:{place}"


def _counted(count: int, one: str, several: str | None = None) -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"
