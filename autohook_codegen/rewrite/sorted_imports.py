"""Where isort and ruff would put one more import into the block of imports that a file opens with.

They group imports by where they come from: ``__future__``, the standard library, other packages,
the file's own package. Within a group, ``import a`` stands before ``from a import b``, each sorted
by name; or, in another common style, all are sorted by name.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from autohook_codegen.source import Source, Span
from autohook_codegen.source.logical_lines import LINE_END

__all__ = ["ImportPlace", "OpeningBlock", "is_docstring", "with_blank_lines"]

Import = ast.Import | ast.ImportFrom
Style = Callable[[Import], tuple[Any, ...]]
FUTURE, STANDARD, OTHER, OWN = range(4)
_OPENING = re.compile(r"(?P<string>[rRuU]?[\"'])|(?:import|from)\b")
_COMMENTS_ABOVE = re.compile(r"(?:\A|(?<=[\r\n]))(?:[ \t\f]*#[^\r\n]*(?:\r\n|\r|\n))+\Z")


class ImportPlace(NamedTuple):
    """Where an import goes."""

    offset: int
    blank_above: bool = False
    blank_below: bool = False


class OpeningBlock:
    """What stands above the first statement that is no import, docstring or ``__all__`` and the
    like."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.groups: list[list[tuple[Span, Import]]] = []
        """Its imports with their logical lines; blank lines and other statements part them."""
        self.shares_lines = False
        """Whether an import shares its line with another statement."""
        self._read()
        self.style = self._style()
        """How its imports are sorted, or `None` where they are not."""

    def _read(self) -> None:
        source, previous = self.source, Span(0, 0)
        for statement in source.tree.body:
            line = source.first_line(statement)
            if line == previous:
                self.shares_lines = True
            if isinstance(statement, Import):
                gap = LINE_END.split(source.text[previous.end : line.start])[:-1]
                is_next = bool(self.groups) and self.groups[-1][-1][0] == previous
                if not is_next or not all(map(str.strip, gap)):
                    self.groups.append([])
                self.groups[-1].append((line, statement))
            elif line != previous and not (is_docstring(statement) or _sets_dunder(statement)):
                break
            previous = line

    def _style(self) -> Style | None:
        sections = [[_section(statement) for _, statement in group] for group in self.groups]
        in_order = [section for group in sections for section in dict.fromkeys(group)]
        if self.shares_lines or in_order != sorted(in_order):
            return None
        if any(len(set(group)) > 1 for group in sections):
            return None
        for style in (_modules_first, _by_name):
            keys = [[style(statement) for _, statement in group] for group in self.groups]
            if all(group == sorted(group) for group in keys):
                return style
        return None

    def place(self, text: str) -> ImportPlace:
        """Where the import of `text` goes."""
        source = self.source
        if not self.groups:
            body = source.tree.body
            if body and is_docstring(body[0]):
                return ImportPlace(source.first_line(body[0]).end, blank_above=True)
            return ImportPlace(source.first_line(body[0]).start if body else 0)
        if self.style is None:
            return ImportPlace(self.groups[-1][-1][0].end)
        others = [group for group in self.groups if _section(group[0][1]) == OTHER]
        if not others:
            return self._beside_other_groups()
        # First-party imports may be a group of their own, and no name tells them.
        group = next((g for g in others if any(_name(one) == "torch" for _, one in g)), others[0])
        added = ast.parse(text).body[0]
        assert isinstance(added, Import)
        for number, (line, statement) in enumerate(group):
            if self.style(statement) > self.style(added):
                above = source.text[: line.start] if number else ""
                comments = _COMMENTS_ABOVE.search(above)
                return ImportPlace(comments.start() if comments else line.start)
        return ImportPlace(group[-1][0].end)

    def _beside_other_groups(self) -> ImportPlace:
        above = [group for group in self.groups if _section(group[0][1]) < OTHER]
        if above:
            return ImportPlace(above[-1][-1][0].end, blank_above=True)
        return ImportPlace(self.groups[0][0][0].start, blank_below=True)


def _name(statement: Import) -> str:
    if isinstance(statement, ast.Import):
        return statement.names[0].name
    return "." * statement.level + (statement.module or "")


def _section(statement: Import) -> int:
    name = _name(statement)
    package = name.partition(".")[0]
    if name.startswith("."):
        return OWN
    if package == "__future__":
        return FUTURE
    return STANDARD if package in sys.stdlib_module_names else OTHER


def _modules_first(statement: Import) -> tuple[Any, ...]:
    return isinstance(statement, ast.ImportFrom), _natural(_name(statement))


def _by_name(statement: Import) -> tuple[Any, ...]:
    return _natural(_name(statement)), isinstance(statement, ast.ImportFrom)


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which ``b2`` stands before ``b10``, and ``B`` beside ``b``."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a string."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _sets_dunder(statement: ast.stmt) -> bool:
    """``__all__ = …``, ``__version__ = …``"""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name), *_]):
            return name.startswith("__") and name.endswith("__")
    return False


def with_blank_lines(source: Source, imports: Sequence[Span]) -> Iterator[Span]:
    """The lines of imports that go, with the blank line that they brought: they brought one where
    they stand alone below a docstring, or as a group of their own."""
    lines, text = source.lines, source.text
    runs: list[Span] = []
    for line in imports:
        if runs and runs[-1].end == line.start:
            line = Span(runs.pop().start, line.end)
        runs.append(line)
    for start, end in runs:
        number = lines.index(start)
        above = lines.spans[number - 1] if number else Span(0, 0)
        behind = lines.index(end) + (0 if lines.at(end).start == end else 1)
        below = lines.spans[behind] if behind < len(lines.spans) else Span(len(text), len(text))
        kind_above = _OPENING.match(text, above.start) if number else None
        is_import_below = _OPENING.match(text, below.start) is not None
        is_alone = (kind_above is not None and text[above.end : start] == lines.line_end) and (
            text.startswith(lines.line_end, end)
            or (kind_above["string"] is not None and not is_import_below)
        )
        is_first = kind_above is None and text[end : below.start] == lines.line_end
        if is_alone:
            yield Span(above.end, end)
        elif is_first and is_import_below:
            yield Span(start, below.start)
        else:
            yield Span(start, end)
