"""The sites of a file as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from autohook_codegen.command.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autohook_codegen.hooked_source import Site

__all__ = ["show_sites"]

COLUMNS = ("place", "class", "attribute", "kind", "element", "hook point", "runtime name")


def show_sites(sites: Mapping[str, tuple[Site, ...]]) -> None:
    """Print every site of every file on stdout.

    On a terminal a table that fits the window; elsewhere columns that tools can cut.
    """
    from rich.console import Console

    rows = [_row(path, site) for path, its_sites in sites.items() for site in its_sites]
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in COLUMNS:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    for row in (COLUMNS, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _row(path: str, site: Site) -> tuple[str, ...]:
    cells = (
        f"{path}:{site.line}:{site.column}",
        site.class_name,
        site.attribute,
        site.kind,
        site.element or "-",
        site.hook_point,
        site.runtime_name,
    )
    return tuple(map(visible, cells))
