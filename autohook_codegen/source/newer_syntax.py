"""Syntax newer than the running Python, written in the older one.

The text that comes out is for `ast.parse` alone. It has the expressions of the given text that a
rewrite may touch, in the same order and on the same lines, so that the nodes of both pair up (see
`pairing`).
"""
# ruff: noqa: N802 (libcst calls visitors' methods by the name of the class that they visit)

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["in_older_syntax"]

LINE_START = re.compile(r"\r\n|\r|\n")

Version = tuple[int, int]
Edit = tuple[int, int, str]
"""Start and end in the text, and what stands there instead."""


def in_older_syntax(text: str, module: cst.Module, version: Version) -> str:
    """`text` (the code of `module`) in the syntax of Python `version`.

    - type parameters become blanks, also with defaults (PEP 695, 696)
    - ``type X = int`` becomes ``X = int``
    - f-strings and t-strings that only a newer Python reads (PEP 701, 750) become plain strings
    - ``except A, B:`` gains brackets (PEP 758); ``except*`` and ``*args: *Ts`` lose the star,
      ``x[*a]`` becomes ``x[(*a,)]`` (Python 3.11); ``lazy import`` is ``import`` (PEP 810)

    Example:
        >>> in_older_syntax("def f[T](x: T): ...", cst.parse_module("def f[T](x: T): ..."), (3, 11))
        'def f   (x: T): ...'
    """
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    finder = _NewerSyntax(text, wrapper.resolve(PositionProvider), version)
    wrapper.module.visit(finder)
    pieces: list[str] = []
    done = 0
    for start, end, replacement in sorted(finder.edits):
        pieces += [text[done:start], replacement]
        done = end
    return "".join([*pieces, text[done:]])


class _NewerSyntax(cst.CSTVisitor):
    def __init__(
        self, text: str, ranges: Callable[[cst.CSTNode], object] | object, version: Version
    ) -> None:
        super().__init__()
        self.text = text
        self.version = version
        self.ranges: dict[cst.CSTNode, CodeRange] = ranges  # type: ignore[assignment]
        self.line_starts = [0, *(end.end() for end in LINE_START.finditer(text))]
        self.edits: list[Edit] = []

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self.ranges[node]
        return (
            self.line_starts[place.start.line - 1] + place.start.column,
            self.line_starts[place.end.line - 1] + place.end.column,
        )

    def visit_TypeParameters(self, node: cst.TypeParameters) -> bool:
        if self.version < (3, 12) or (self.version < (3, 13) and _has_default(node)):
            start, end = self.extent(node)
            self.edits.append((start, end, _blank(self.text[start:end])))
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        if self.version >= (3, 12):
            return
        start, _ = self.extent(node)
        name_start, name_end = self.extent(node.name)
        name = self.text[name_start:name_end]
        gap = self.text[start + len("type") : name_start]
        # The name stands where `type` stood, the value where it is.
        moved = name + " " * len("type") + gap if "\\" not in gap else f"{name} {gap}"
        self.edits.append((start, name_end, moved))

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return self._string(node)

    def visit_TemplatedString(self, node: cst.TemplatedString) -> bool:
        return self._string(node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:
        return self._string(node)

    def _string(self, node: cst.BaseExpression) -> bool:
        start, end = self.extent(node)
        literal = self.text[start:end]
        try:
            ast.parse(f"({literal}\n)")
        except SyntaxError:
            self.edits.append((start, end, _plain_string(literal)))
        return False

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        if self.version < (3, 14) and isinstance(node.type, cst.Tuple) and not node.type.lpar:
            self._in_brackets(node.type)

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler) -> None:
        start, end = self.extent(node)
        if self.version < (3, 11):
            star = self.text.index("*", start, end)
            self.edits.append((star, star + 1, " "))
        if self.version < (3, 14) and isinstance(node.type, cst.Tuple) and not node.type.lpar:
            self._in_brackets(node.type)

    def _in_brackets(self, node: cst.CSTNode) -> None:
        start, end = self.extent(node)
        self.edits += [(start, start, "("), (end, end, ")")]

    def visit_Subscript(self, node: cst.Subscript) -> None:
        stars = [isinstance(e.slice, cst.Index) and bool(e.slice.star) for e in node.slice]
        if self.version < (3, 11) and any(stars):
            start, _ = self.extent(node.slice[0])
            last = node.slice[-1]
            _, end = self.extent(last.comma if isinstance(last.comma, cst.Comma) else last)
            comma = "" if isinstance(last.comma, cst.Comma) else ","
            self.edits += [(start, start, "("), (end, end, comma + ")")]

    def visit_Annotation(self, node: cst.Annotation) -> None:
        inner: cst.CSTNode = node.annotation
        if self.version < (3, 11) and isinstance(inner, cst.StarredElement):
            start, _ = self.extent(inner)
            self.edits.append((start, start + 1, " "))

    def visit_LazyImport(self, node: cst.LazyImport) -> bool:
        return self._lazy(node)

    def visit_LazyImportFrom(self, node: cst.LazyImportFrom) -> bool:
        return self._lazy(node)

    def _lazy(self, node: cst.CSTNode) -> bool:
        start, end = self.extent(node)
        word = re.compile(r"import|from").search(self.text, start, end)
        if word is not None:
            self.edits.append((start, word.start(), ""))
        return False


def _has_default(node: cst.TypeParameters) -> bool:
    return any(parameter.default is not None for parameter in node.params)


def _blank(text: str) -> str:
    """Blanks of the same extent. Type parameters always stand before more code of a line: what they
    break over several lines, `def f[⏎T⏎](x)`, goes on with a backslash."""
    return "".join(_blank_lines(text))


def _blank_lines(text: str) -> Iterator[str]:
    done = 0
    for end in LINE_START.finditer(text):
        yield " " * (end.start() - done) + "\\" + end.group()
        done = end.end()
    yield " " * (len(text) - done)


def _plain_string(literal: str) -> str:
    """A constant of the extent of `literal`: ``'   '``, over several lines ``(''  \\n  )``."""
    lines = LINE_START.split(literal)
    if len(lines) == 1:
        return f"'{' ' * (len(literal) - 2)}'"
    ends = LINE_START.findall(literal)
    # A number where two quotes do not fit. Brackets keep the lines together, wherever it stands.
    first = "(''" if len(lines[0]) >= 3 else "(0"
    filled = [first.ljust(len(lines[0])), *(" " * len(line) for line in lines[1:-1])]
    filled.append(")".rjust(len(lines[-1])))
    return "".join(line + end for line, end in zip(filled, [*ends, ""], strict=True))
