"""Syntax newer than the running Python, in older syntax of the same extent.

The text that comes out is for `ast.parse` alone. Every expression of the given text that a rewrite
may touch stands in it in the same line and column.
"""
# ruff: noqa: N802 (libcst calls visitors' methods by the name of the class that they visit)

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from autohook_codegen.source.logical_lines import LINE_END

__all__ = ["in_older_syntax"]

Version = tuple[int, int]


def in_older_syntax(text: str, module: cst.Module, version: Version) -> str:
    """`text` (the code of `module`) in the syntax of Python `version`.

    - type parameters become blanks, also with defaults (PEP 695, 696)
    - ``type X = int`` becomes ``X = int``, ``lazy import a`` becomes ``import a`` (PEP 810)
    - f-strings and t-strings that only a newer Python reads (PEP 701, 750) become plain strings
    - ``except A, B:`` loses all but the first (PEP 758)
    - ``except*``, ``*args: *Ts`` and ``x[*a]`` lose the star (Python 3.11)

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
        self, text: str, ranges: Mapping[cst.CSTNode, CodeRange], version: Version
    ) -> None:
        super().__init__()
        self.text = text
        self.version = version
        self.ranges = ranges
        self.line_starts = [0, *(end.end() for end in LINE_END.finditer(text))]
        self.edits: list[tuple[int, int, str]] = []
        """Start and end in the text, and what stands there instead."""

    def extent(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self.ranges[node]
        return (
            self.line_starts[place.start.line - 1] + place.start.column,
            self.line_starts[place.end.line - 1] + place.end.column,
        )

    def blank(self, start: int, end: int) -> None:
        """Put blanks there. Lines that end within, ``def f[⏎T⏎](x)``, go on with a backslash."""
        lines = LINE_END.split(self.text[start:end])
        ends = [f"\\{end}" for end in LINE_END.findall(self.text[start:end])]
        blanks = (" " * len(line) for line in lines)
        blank = "".join(one + end for one, end in zip(blanks, [*ends, ""], strict=True))
        self.edits.append((start, end, blank))

    def move_to_front(self, start: int, word_start: int, word_end: int) -> None:
        """Put a word where the one in front of it, now gone, stood."""
        gap = self.text[start:word_start]
        word = self.text[word_start:word_end]
        lines = LINE_END.split(gap)
        if len(lines) == 1:
            moved = word + " " * len(gap)
        else:  # with a backslash at the end of each line but the last
            moved = word + " \\" + gap[len(lines[0]) :] + " " * len(word)
        self.edits.append((start, word_end, moved))

    def visit_TypeParameters(self, node: cst.TypeParameters) -> bool:
        has_default = any(parameter.default is not None for parameter in node.params)
        if self.version < (3, 12) or (self.version < (3, 13) and has_default):
            self.blank(*self.extent(node))
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> None:
        if self.version < (3, 12):
            self.move_to_front(self.extent(node)[0], *self.extent(node.name))

    def visit_LazyImport(self, node: cst.LazyImport) -> bool:
        return self._lazy(node)

    def visit_LazyImportFrom(self, node: cst.LazyImportFrom) -> bool:
        return self._lazy(node)

    def _lazy(self, node: cst.CSTNode) -> bool:
        start, end = self.extent(node)
        word = re.compile(r"import|from").search(self.text, start, end)
        if word is not None:
            self.move_to_front(start, *word.span())
        return False

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
        self._only_first(node)

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler) -> None:
        self._only_first(node)
        if self.version < (3, 11):
            self._blank_star(*self.extent(node))

    def _only_first(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
        types = node.type
        if self.version < (3, 14) and isinstance(types, cst.Tuple) and not types.lpar:
            self.blank(self.extent(types.elements[0].value)[1], self.extent(types)[1])

    def visit_Index(self, node: cst.Index) -> None:
        if self.version < (3, 11) and node.star:
            self._blank_star(*self.extent(node))

    def visit_Annotation(self, node: cst.Annotation) -> None:
        inner: cst.CSTNode = node.annotation
        if self.version < (3, 11) and isinstance(inner, cst.StarredElement):
            self._blank_star(*self.extent(inner))

    def _blank_star(self, start: int, end: int) -> None:
        star = self.text.index("*", start, end)
        self.edits.append((star, star + 1, " "))


def _plain_string(literal: str) -> str:
    """A constant of the extent of `literal`: ``'   '``, over several lines ``(''  \\n  )``."""
    lines = LINE_END.split(literal)
    if len(lines) == 1:
        return f"'{' ' * (len(literal) - 2)}'"
    ends = LINE_END.findall(literal)
    # A number where two quotes do not fit. Brackets keep the lines together, wherever it stands.
    first = "(''" if len(lines[0]) >= 3 else "(0"
    filled = [first.ljust(len(lines[0])), *(" " * len(line) for line in lines[1:-1])]
    filled.append(")".rjust(len(lines[-1])))
    return "".join(line + end for line, end in zip(filled, [*ends, ""], strict=True))
