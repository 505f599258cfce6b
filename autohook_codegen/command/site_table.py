"""The sites of a file as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autohook_codegen.command.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from autohook_codegen.hooked_source import Site

__all__ = ["show_sites"]

COLUMNS = ("place", "class", "source", "kind", "role", "names")
_LONGEST = 60
"""Characters of the source that a line shows."""


def show_sites(sites: Mapping[str, tuple[Site, ...]]) -> None:
    """Print every site of every file on stdout.

    On a terminal a table for each file, folded to the window; elsewhere lines that tools can cut.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        for path, its_sites in sites.items():
            if its_sites:
                console.print(_table(path, its_sites))
        return
    rows = [
        (visible(f"{path}:{place}"), *others)
        for path, its_sites in sites.items()
        for place, *others in map(_row, its_sites)
    ]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    for row in (COLUMNS, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _table(path: str, sites: tuple[Site, ...]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    title = Text(visible(path), style="bold")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for site in sites:
        table.add_row(*map(Text, _row(site)))
    return table


def _row(site: Site) -> tuple[str, ...]:
    source = (
        site.expression
        if len(site.expression) <= _LONGEST
        else f"{site.expression[: _LONGEST - 1]}…"
    )
    cells = (
        f"{site.line}:{site.column}",
        site.class_name,
        source,
        site.kind,
        site.role or "",
        " ".join(site.names),
    )
    return tuple(map(visible, cells))
