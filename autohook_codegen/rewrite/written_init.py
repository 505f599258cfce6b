"""The ``__init__`` of a class that had none.

It stands before the first method, or at the end of the class. A blank line in front of it belongs
to it; where there is none but the class begins with it, the blank line behind it does. ``class
A(B): pass`` becomes a block, in which it follows the statement without a blank line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.source import Source, Span
from autohook_codegen.source.logical_lines import indentation

__all__ = ["is_written", "remove_written_init", "write_init"]

WRITTEN = "# for the hook points"
"""The comment beside an ``__init__`` that a rewrite wrote."""
_BLANK_LINE = re.compile(r"[ \t\f]*(?:\r\n|\r|\n)")


def write_init(changes: TextChanges, node: ast.ClassDef, texts: Sequence[str]) -> None:
    """Write an ``__init__`` that ends with the statements of `texts`."""
    source, lines = changes.source, changes.source.lines
    header, first = lines.at(source.span(node).start), source.span(node.body[0]).start
    is_inline = first > lines.code_start(lines.at(first))
    if is_inline:
        indent = indentation(source.text, header.start) + lines.indent
        _as_block(changes, first, indent)
    else:
        indent = indentation(source.text, source.first_line(node.body[0]).start)
    methods = [s for s in node.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    if methods:
        above = lines.spans[lines.index(source.first_line(methods[0]).start) - 1]
    else:
        above = lines.at(source.span(node).end - 1)
    blank_follows = _BLANK_LINE.match(source.text, above.end) is not None
    if not is_inline and (blank_follows or not methods):
        changes.insert_lines(above.end, "", is_statement=False)
    header_line = f"{indent}def __init__(self, *args, **kwargs):  {WRITTEN}"
    changes.insert_lines(above.end, header_line, is_statement=True)
    for text in ("super().__init__(*args, **kwargs)", *texts):
        changes.insert_statement(above.end, indent + lines.indent, text)
    if methods and above == header and not blank_follows:
        changes.insert_lines(above.end, "", is_statement=False)


def _as_block(changes: TextChanges, first: int, indent: str) -> None:
    """Put the body behind the colon of ``class A(B): pass`` on a line of its own.

    Blanks are left behind the colon that tell how many there were: none for one, and one for none.
    """
    text, lines = changes.source.text, changes.source.lines
    colon = len(text[:first].rstrip(" \t\f"))
    blanks = text[colon:first]
    kept = {" ": "", "": " "}.get(blanks, blanks)
    end = lines.at(first).end
    changes.replace_within(Span(colon, end), kept + lines.line_end)
    changes.insert_lines(end, indent + text[first:end].rstrip("\r\n"), is_statement=False)


def is_written(source: Source, method: ast.FunctionDef) -> bool:
    """Whether a method's ``def`` line says that it is for the hook points."""
    line = source.lines.at(source.span(method).start)
    return source.text[line.start : line.end].rstrip().endswith(WRITTEN)


def remove_written_init(changes: TextChanges, node: ast.ClassDef, method: ast.FunctionDef) -> None:
    """Take the ``__init__`` out again, with the blank line that it brought."""
    source, lines, text = changes.source, changes.source.lines, changes.source.text
    number = lines.index(source.span(method).start)
    header = lines.index(source.span(node).start)
    above, start = lines.spans[number - 1], lines.spans[number].start
    end = lines.at(source.span(method).end - 1).end
    class_end = lines.at(source.span(node).end - 1).end
    gap = text[above.end : start]
    if gap == lines.line_end or gap.endswith(2 * lines.line_end):
        start -= len(lines.line_end)
    elif number == header + 1 and end == class_end:
        changes.insert_lines(start, indentation(text, start) + "pass", is_statement=False)
    elif number == header + 1:
        blank = _BLANK_LINE.match(text, end)
        end = blank.end() if blank is not None else end
    elif number == header + 2 and end == class_end:
        _as_one_line(changes, lines.spans[header], above)
    changes.remove_lines(Span(start, end))


def _as_one_line(changes: TextChanges, header: Span, body: Span) -> None:
    """The way back of `_as_block`."""
    lines = changes.source.lines
    code = changes.source.text[header.start : header.end].rstrip("\r\n")
    if "#" not in code:
        colon = header.start + len(code.rstrip(" \t\f"))
        kept = code[colon - header.start :]
        changes.replace_within(Span(colon, header.end), {"": " ", " ": ""}.get(kept, kept))
        changes.remove_lines(Span(body.start, lines.code_start(body)))
