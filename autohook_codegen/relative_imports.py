"""Relative imports made absolute, for a file that leaves its package.

The one place where a rewrite replaces something: `from ..activations import ACT2FN` reads
`from transformers.activations import ACT2FN` in a file that no longer lies in transformers.
Only the module's name changes; the text around it stays.
"""

from __future__ import annotations

import re

from autohook_codegen.hooked_source import Note
from autohook_codegen.notes import NoteCode
from autohook_codegen.source.logical_lines import STRING

__all__ = ["NO_CODE", "make_imports_absolute"]

NO_CODE = rf"{STRING} | \#[^\r\n]*"
"""Strings and comments, which a search for imports passes over."""

RELATIVE_IMPORT = re.compile(
    rf"""
    (?=["'\#f])
    (?:{NO_CODE}
    | \bfrom(?:[ \t\f]|\\\r?\n)*(?P<module>\.(?:[. \t\f]|\\\r?\n)*(?P<name>[^\W\d][\w.]*)?)
      (?P<gap>(?:[ \t\f]|\\\r?\n)*)import\b)
    """,
    re.VERBOSE | re.DOTALL,
)


def make_imports_absolute(
    code: str, package: str, within: str | None = None
) -> tuple[str, tuple[Note, ...]]:
    """Replace relative imports in `code`, the text of a module in `package`, and say where.

    With `within`, a package that moves as a whole, only imports that reach out of it change. An
    import that reaches out of every known package is left.

    Example:
        >>> make_imports_absolute("from ..nn import Block\\n", "zoo.models")[0]
        'from zoo.nn import Block\\n'
    """
    parents = package.split(".") if package else []
    pieces: list[str] = []
    first: int | None = None
    count = 0
    position = 0
    for found in RELATIVE_IMPORT.finditer(code):
        if found["module"] is None:
            continue
        name = found["name"] or ""
        dots = found["module"].removesuffix(name).count(".")
        base = parents[: len(parents) - dots + 1]
        if dots > len(parents) or (within and ".".join([*base, ""]).startswith(f"{within}.")):
            continue
        absolute = ".".join([*base, *([name] if name else [])])
        start, end = found.span("module")
        if name:
            replacement = absolute
        else:  # the dots may have taken the space before `import`
            replacement = absolute + (found["module"].lstrip(".") or "")
            if not replacement[-1:].isspace() and not found["gap"]:
                replacement += " "
        if code[start - 1].isalnum():  # `from.x import y`
            replacement = " " + replacement
        pieces += [code[position:start], replacement]
        position = end
        first = start if first is None else first
        count += 1
    changed = "".join([*pieces, code[position:]])
    return changed, () if first is None else (_note(code, first, count, package),)


def _note(code: str, start: int, count: int, package: str) -> Note:
    """Return the one note about all of them, at the first."""
    message = NoteCode.ABSOLUTE_IMPORT.says(
        count=count, s="s" if count > 1 else "", package=package
    )
    line = code.count("\n", 0, start) + 1
    column = start - code.rfind("\n", 0, start)
    return Note(message.code, line, column, message.with_advice(False) or "")
