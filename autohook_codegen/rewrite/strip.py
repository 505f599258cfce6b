"""The way back: a hooked text as its author wrote it."""

from __future__ import annotations

import libcst as cst

from autohook_codegen.existing import read_existing
from autohook_codegen.hooked_source import SourceError
from autohook_codegen.options import Options
from autohook_codegen.rewrite.deletion import delete
from autohook_codegen.source import read_source

__all__ = ["strip"]


def strip(code: str, options: Options | None = None, path: str | None = None) -> str:
    """`code` without its hook points, also those that a person wrote in the same name pattern.

    Only deletes: where the hook points were inserted with formatting off into a text that used none
    of their words, that text comes back byte for byte.

    Raises:
        SourceError: `code` is no Python.

    Example:
        >>> strip("y = self.fc1_hook_point(self.fc1(x))  # [batch, width]")
        'y = self.fc1(x)  # [batch, width]'
    """
    source = read_source(code, path)
    try:
        existing = read_existing(source, options or Options())
        if not existing.deletions:
            return code
        return source.print(delete(source, existing.deletions))
    except RecursionError:
        raise SourceError("nested too deeply", path) from None
    except cst.CSTValidationError as error:
        # libcst asks for blanks that Python does not, as in `a if b else(c if d else e)`.
        raise SourceError(f"libcst cannot print the text: {error}", path) from None
