"""The way back: a hooked text as its author wrote it."""

from __future__ import annotations

from autohook_codegen.layout import Layout
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import read_existing
from autohook_codegen.source import read_source

__all__ = ["strip"]


def strip(code: str, options: Options | None = None, path: str | None = None) -> str:
    """`code` without its hook points, also those that a person wrote in the same name pattern.

    Only deletes: where the hook points were inserted with formatting off into a text that used none
    of their words, that text comes back byte for byte. In a file that is as black would leave it,
    what lost something is laid out again.

    Raises:
        SourceError: `code` is no Python.

    Example:
        >>> strip("y = self.fc1_hook_point(self.fc1(x))  # [batch, width]")
        'y = self.fc1(x)  # [batch, width]'
    """
    options = options or Options()
    source = read_source(code, path)
    changes = read_existing(source, options).removals
    if not changes:
        return code
    layout = Layout(source.lines, options.line_length)
    return changes.apply(layout if options.format and layout.keeps_all() else None)
