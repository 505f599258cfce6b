"""Imports of the input's own modules by their absolute names, for a tree that gets another name.

``from pkg.base import Base`` in the output would import the unhooked module; it reads
``from pkg_hooked.base import Base`` there. Only the package's name changes.
"""

from __future__ import annotations

import re

from autohook_codegen.hooked_source import Note
from autohook_codegen.notes import Message, NoteCode
from autohook_codegen.relative_imports import NO_CODE

__all__ = ["follow_own_imports"]


def follow_own_imports(code: str, package: str, output: str) -> tuple[str, tuple[Note, ...]]:
    """Let the imports of `package` in `code` be those of `output`, and say where.

    Example:
        >>> follow_own_imports("from zoo.nn import Block\\n", "zoo", "zoo_hooked")[0]
        'from zoo_hooked.nn import Block\\n'
    """
    own = re.compile(
        r"(?=[\"'\#fi])"
        rf"(?:{NO_CODE}"
        rf"| \bfrom[ \t]+(?P<from>{re.escape(package)})(?=(?:\.[\w.]+)?[ \t]+import\b)"
        rf"| \bimport[ \t]+(?P<import>{re.escape(package)})(?P<rest>(?:\.\w+)*)"
        r"(?P<alias>[ \t]+as\b)?(?!\w))",
        re.VERBOSE | re.DOTALL,
    )
    pieces: list[str] = []
    position = count = first = 0
    notes: list[Note] = []
    for found in own.finditer(code):
        group = "from" if found["from"] else "import"
        if found[group] is None:
            continue
        if group == "import" and not found["alias"]:
            message = NoteCode.OWN_IMPORT.says(name=found["import"] + found["rest"])
            notes.append(_note(code, found.start(group), message))
            continue
        pieces += [code[position : found.start(group)], output]
        position = found.end(group)
        first, count = first or found.start(group), count + 1
    if count:
        plural = "s" if count > 1 else ""
        message = NoteCode.OUTPUT_IMPORT.says(count=count, s=plural, package=package, output=output)
        notes.insert(0, _note(code, first, message))
    return "".join([*pieces, code[position:]]), tuple(notes)


def _note(code: str, start: int, message: Message) -> Note:
    line = code.count("\n", 0, start) + 1
    column = start - code.rfind("\n", 0, start)
    return Note(message.code, line, column, message.with_advice(False) or "")
