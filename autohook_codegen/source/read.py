"""Parse a text with `ast`, and with libcst once something in it changes."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.source.numbering import Numbering

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["Source", "read_source"]

BYTE_ORDER_MARK = "\ufeff"
LINE_END = re.compile(r"\r\n|\r|\n")
INDENTED_COMMENT = re.compile(r"^[ \t\f]+#", re.MULTILINE)
_WARNINGS = Lock()
TOO_DEEP = "nested too deeply"

# libcst's parser recurses once for every operand of `a and b and …` and every string of an implicit
# concatenation, where it overflows the stack and ends the process. Measured: 5,000 are parsed,
# 10,000 are not; half of that leaves room for threads with small stacks.
MOST_OPERANDS = 2_500
MOST_BRACKETS = 200


class Source:
    """A Python text and its trees.

    `tree` is the text's `ast.Module`; where the text holds syntax newer than the running Python,
    that syntax is replaced in it (see `newer_syntax`). `module` is libcst's tree of `text` itself.
    """

    def __init__(
        self,
        text: str,
        path: str | None,
        tree: ast.Module,
        parsed_text: str,
        byte_order_mark: str = "",
    ) -> None:
        self.text = text
        """Without a byte order mark."""
        self.path = path
        self.tree = tree
        self.parsed_text = parsed_text
        """What `tree` is the tree of: `text`, or `text` in older syntax."""
        self.byte_order_mark = byte_order_mark
        self.tail = _tail(text, tree)
        """What stands below the code and is left out of `module`: libcst drops blank lines before
        an indented comment there. Usually empty."""

    @cached_property
    def numbering(self) -> Numbering:
        """The identities of the nodes of `tree`. Read it before editing `tree`."""
        return Numbering(self.tree)

    @cached_property
    def module(self) -> cst.Module:
        """The libcst tree of `text`, parsed when it is first asked for.

        Raises:
            SourceError: libcst cannot parse the text, although Python can.
        """
        import libcst as cst

        if _may_overflow(self.parsed_text) and _has_many_operands(self.tree):
            raise SourceError(TOO_DEEP, self.path)
        try:
            return cst.parse_module(self.text[: len(self.text) - len(self.tail)])
        except cst.ParserSyntaxError as error:
            raise _from_libcst(error, self.text, self.path) from None
        except cst.CSTValidationError as error:
            # libcst asks for blanks that Python does not, as in `a if b else(c if d else e)`.
            raise SourceError(f"libcst cannot read the text: {error}", self.path) from None
        except RecursionError:
            raise SourceError(TOO_DEEP, self.path) from None

    def print(self, module: cst.Module) -> str:
        """The text of a changed `module`, with the byte order mark and tail that the source had.

        Raises:
            SourceError: the module is nested too deeply to print.
        """
        try:
            return self.byte_order_mark + module.code + self.tail
        except RecursionError:
            raise SourceError(TOO_DEEP, self.path) from None

    def position(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Line and column of a node of `tree`, both from 1, the column in characters."""
        line = self._parsed_lines[node.lineno - 1]
        return node.lineno, len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1

    @cached_property
    def _parsed_lines(self) -> list[str]:
        return LINE_END.split(self.parsed_text)


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
            raise SourceError(TOO_DEEP, path) from None
    except (RecursionError, MemoryError):
        raise SourceError(TOO_DEEP, path) from None
    return Source(text, path, tree, parsed_text, byte_order_mark)


def _parse(text: str) -> ast.Module:
    # Invalid escapes in the text are the author's business. The filters belong to the process: two
    # threads that put them back in the wrong order would leave them changed.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _older_text(text: str, error: SyntaxError, path: str | None) -> str:
    """`text` without the syntax that made `ast.parse` fail with `error`."""
    import libcst as cst

    from autohook_codegen.source.newer_syntax import in_older_syntax

    if "too many" in str(error.msg) or _bracket_depth(text) > MOST_BRACKETS:
        raise _from_ast(error, text, path) from None
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as other:
        # Python words errors better, unless it stopped at newer syntax before the real one.
        if (error.lineno or 0) >= other.raw_line:
            raise _from_ast(error, text, path) from None
        raise _from_libcst(other, text, path) from None
    except (cst.CSTValidationError, RecursionError):
        raise _from_ast(error, text, path) from None
    try:
        return in_older_syntax(text, module, sys.version_info[:2])
    except RecursionError:
        raise SourceError(TOO_DEEP, path) from None


def _tail(text: str, tree: ast.Module) -> str:
    if not tree.body:
        return ""
    # From the back: the lines below the code are few.
    below = len(LINE_END.findall(text)) - (tree.body[-1].end_lineno or 0)
    if below <= 0:
        return ""
    ends = [end.end() for end in LINE_END.finditer(text)]
    tail = text[ends[-below - 1] :]
    return tail if INDENTED_COMMENT.search(tail) else ""


def _from_ast(error: SyntaxError, text: str, path: str | None) -> SourceError:
    lines = LINE_END.split(text)
    line = error.lineno
    shown = lines[line - 1] if line is not None and 0 < line <= len(lines) else None
    column = max(error.offset, 1) if error.offset is not None else None
    return SourceError(error.msg, path, line, column, shown)


def _from_libcst(error: cst.ParserSyntaxError, text: str, path: str | None) -> SourceError:
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


def _may_overflow(text: str) -> bool:
    """Whether there are enough operators in the text for libcst to overflow the stack."""
    return max(text.count(" and"), text.count(" or"), text.count("\nor")) > MOST_OPERANDS


def _has_many_operands(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.BoolOp) and len(node.values) > MOST_OPERANDS for node in ast.walk(tree)
    )
