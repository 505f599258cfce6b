"""Parse a text, and find the places of its syntax tree in it."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import cached_property
from threading import Lock
from typing import Any

import libcst as cst

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.source.depth import deepest_expression, long_statements
from autohook_codegen.source.logical_lines import LINE_END, LogicalLines, Span, first_line_end
from autohook_codegen.source.newer_syntax import in_older_syntax

__all__ = ["TOO_DEEP", "Source", "read_source"]

BYTE_ORDER_MARK = "\ufeff"
TOO_DEEP = "nested too deeply"
MOST_OPERATORS = 1_000
MOST_BRACKETS = 200
_WARNINGS = Lock()


class Source:
    """A Python text and its tree.

    Where the text holds syntax newer than the running Python, older syntax of the same extent
    stands for it in `tree` (see `newer_syntax`), so that places in the one are places in the other.
    """

    def __init__(
        self,
        text: str,
        path: str | None,
        tree: ast.Module,
        parsed_text: str,
        byte_order_mark: str = "",
    ) -> None:
        self._added_end = "" if text.endswith(("\n", "\r")) else first_line_end(text)
        self.text = text + self._added_end
        """Without a byte order mark, and with a line end at its end."""
        self.lines = LogicalLines(self.text)
        self.path = path
        self.tree = tree
        self._byte_order_mark = byte_order_mark
        self._parsed_text = parsed_text
        self._is_ascii = parsed_text.isascii()

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node of `tree` stands in `text`; a function or class without its decorators."""
        return Span(
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or 0, node.end_col_offset or 0),
        )

    def first_line(self, statement: ast.stmt) -> Span:
        """The logical line that a statement begins with: that of its first decorator."""
        decorators = getattr(statement, "decorator_list", ())
        return self.lines.at(self.span(decorators[0] if decorators else statement).start)

    def position(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Line and column of a node of `tree`, both from 1, the column in characters."""
        return node.lineno, self._column(node.lineno, node.col_offset) + 1

    def whole(self, text: str) -> str:
        """`text`, which took the place of the source's, as the file began and ended."""
        return self._byte_order_mark + text.removesuffix(self._added_end)

    def too_deep(self) -> SourceError:
        """The error for a text that nests too deeply for what is done with it."""
        _, place = self.deepest_expression()
        return SourceError(TOO_DEEP, self.path, *(self.position(place) if place else ()))

    def deepest_expression(self, shortest: int = 0) -> tuple[int, ast.expr | None]:
        """How deep the deepest expression of the text nests, and where it begins; what stands in
        less than `shortest` characters does not count."""
        return deepest_expression(long_statements(self.tree, self._line_starts, shortest))

    def _offset(self, line: int, column: int) -> int:
        return self._line_starts[line - 1] + self._column(line, column)

    def _column(self, line: int, column: int) -> int:
        """The column in characters, of a column of `ast`, which counts bytes."""
        if self._is_ascii:
            return column
        start = self._parsed_line_starts[line - 1]
        characters = self._parsed_text[start : start + column]
        return len(characters.encode()[:column].decode(errors="ignore"))

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in LINE_END.finditer(self.text))]

    @cached_property
    def _parsed_line_starts(self) -> list[int]:
        return [0, *(end.end() for end in LINE_END.finditer(self._parsed_text))]


def read_source(text: str, path: str | None = None) -> Source:
    """Parse `text`; `path` is for messages alone.

    Raises:
        SourceError: the text is no Python, holds a null byte or is nested too deeply.

    Example:
        >>> read_source("x = 1").tree.body[0].targets[0].id
        'x'
    """
    byte_order_mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    text = text[len(byte_order_mark) :]
    if "\0" in text:
        before = LINE_END.split(text[: text.index("\0")])
        raise SourceError("null byte in the source", path, len(before), len(before[-1]) + 1)
    parsed_text = text
    try:
        tree = _parse(text)
    except SyntaxError as error:
        parsed_text = _older_text(text, error, path)
        try:
            tree = _parse(parsed_text)
        except SyntaxError as still:
            raise _from_ast(still, text, path) from None
        except (RecursionError, MemoryError):
            raise _too_deep(text, path) from None
    except (RecursionError, MemoryError):
        raise _too_deep(text, path) from None
    source = Source(text, path, tree, parsed_text, byte_order_mark)
    if source.deepest_expression(2 * MOST_OPERATORS)[0] > MOST_OPERATORS:
        raise source.too_deep()
    return source


def _parse(text: str) -> ast.Module:
    # Invalid escapes in the text are the author's business. The filters belong to the process: two
    # threads that put them back in the wrong order would leave them changed.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _too_deep(text: str, path: str | None) -> SourceError:
    """What to say where Python itself gives up: it does not say where, and the longest logical
    line is the one."""
    lines = LogicalLines(text)
    longest = max(lines.spans, key=lambda span: span.end - span.start)
    line = len(LINE_END.findall(text, 0, longest.start)) + 1
    return SourceError(TOO_DEEP, path, line, lines.code_start(longest) - longest.start + 1)


def _older_text(text: str, error: SyntaxError, path: str | None) -> str:
    """`text` without the syntax that made `ast.parse` fail with `error`."""
    if "too many" in str(error.msg) or _bracket_depth(text) > MOST_BRACKETS:
        raise _from_ast(error, text, path) from None
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as other:
        # Python words errors better, unless it stopped at newer syntax before the real one.
        line = error.lineno or 0
        if line >= other.raw_line or _in_one_statement(text, line, other.raw_line):
            raise _from_ast(error, text, path) from None
        raise _from_libcst(other, text, path) from None
    except (cst.CSTValidationError, RecursionError):
        raise _from_ast(error, text, path) from None
    try:
        return in_older_syntax(text, module, sys.version_info[:2])
    except RecursionError:
        raise _too_deep(text, path) from None


def _in_one_statement(text: str, *numbers: int) -> bool:
    """Whether lines of these numbers are of one logical line."""
    lines = LogicalLines(text)
    starts = [0, *(end.end() for end in LINE_END.finditer(text))]
    return len({lines.at(starts[min(one, len(starts)) - 1]) for one in numbers}) == 1


def _from_ast(error: SyntaxError, text: str, path: str | None) -> SourceError:
    lines = LINE_END.split(text)
    line = error.lineno
    shown = lines[line - 1] if line is not None and 0 < line <= len(lines) else None
    column = max(error.offset, 1) if error.offset is not None else None
    return SourceError(error.msg, path, line, column, shown)


def _from_libcst(error: Any, text: str, path: str | None) -> SourceError:
    lines = LINE_END.split(text)
    # The error's own column is that of the line's first character; its message knows better.
    place = re.search(r"error at (\d+):(\d+):", error.message)
    line, column = map(int, place.groups()) if place else (error.raw_line, error.raw_column + 1)
    shown = lines[line - 1] if 0 < line <= len(lines) else None
    return SourceError("invalid syntax", path, line, max(column, 1), shown)


def _bracket_depth(text: str) -> int:
    """How deep brackets nest at most, those in strings and comments counted too."""
    depth = deepest = 0
    for bracket in re.findall(r"[()\[\]{}]", text):
        if bracket in "([{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth = max(depth - 1, 0)
    return deepest
