"""The changes of one text: lines that change in themselves, and lines that come and go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

import libcst as cst

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.layout import Layout
from autohook_codegen.rewrite.statement import Change, Place, change_statement
from autohook_codegen.source import Source, Span
from autohook_codegen.source.logical_lines import LINE_END, TOKEN

__all__ = ["TextChanges"]


class TextChanges:
    """Collects changes, then applies them all at once. All other text stays as it is.

    What is inserted at one place stands in the order in which it came.
    """

    def __init__(self, source: Source, line_length: int) -> None:
        self.source = source
        self.line_length = line_length
        self._changes: dict[Span, dict[Place, list[Change]]] = {}
        """By logical line; places as in the whole text."""
        self._within: dict[Span, list[tuple[Span, str]]] = {}
        """What changes in the text of a logical line before libcst reads it."""
        self._between: list[tuple[Span, str, bool]] = []
        """What comes and goes between logical lines; whether it is a statement."""

    @property
    def changed_lines(self) -> set[Span]:
        """The logical lines that change in themselves."""
        return {*self._changes, *self._within}

    def __bool__(self) -> bool:
        return bool(self._changes or self._within or self._between)

    def change(self, place: Place, change: Change) -> None:
        """Put another node in the place of a node."""
        line = self.source.lines.at(place.span.start)
        self._changes.setdefault(line, {}).setdefault(place, []).append(change)

    def replace_within(self, span: Span, text: str = "") -> None:
        """Put `text` in the place of a piece of a logical line."""
        self._within.setdefault(self.source.lines.at(span.start), []).append((span, text))

    def remove_lines(self, span: Span) -> None:
        """Take whole lines out."""
        self._between.append((span, "", False))

    def insert_lines(self, offset: int, text: str, is_statement: bool) -> None:
        """Insert a line, which is laid out if it is a statement."""
        line = text + self.source.lines.line_end
        self._between.append((Span(offset, offset), line, is_statement))

    def insert_statement(self, offset: int, indent: str, text: str) -> None:
        """Insert a statement; a comment beside it goes above it where it does not fit."""
        comment = comment_of(text)
        if comment and len(indent) + len(text) > self.line_length:
            self.insert_lines(offset, indent + comment, is_statement=False)
            text = text.removesuffix(comment).rstrip()
        lines = f"{self.source.lines.line_end}{indent}".join(text.split("\n"))
        self.insert_lines(offset, indent + lines, is_statement=True)

    def insert_behind(self, offset: int, texts: Sequence[str]) -> None:
        """Insert statements on the line of the one that ends there, without comments."""
        codes = (text.removesuffix(comment_of(text)).rstrip() for text in texts)
        self.replace_within(Span(offset, offset), "".join(f"; {code}" for code in codes))

    def apply(self, layout: Layout | None) -> str:
        """The whole text with all changes; what changed is laid out if there is a `layout`.

        Raises:
            SourceError: libcst cannot read or print a statement.
        """
        pieces = [(line, self.changed_line(line), True) for line in self.changed_lines]
        pieces = sorted([*pieces, *self._between], key=itemgetter(0))
        texts = [text for _, text, _ in pieces]
        if layout is not None:
            numbers = [number for number, piece in enumerate(pieces) if piece[2]]
            statements = [(pieces[number][0].start, texts[number]) for number in numbers]
            for number, text in zip(numbers, layout.lay_out(statements), strict=True):
                texts[number] = text
        return self.source.whole("".join(self._joined([span for span, _, _ in pieces], texts)))

    def _joined(self, spans: list[Span], texts: list[str]) -> Iterator[str]:
        position = 0
        for span, text in zip(spans, texts, strict=True):
            if span.start >= position:  # not within lines that go
                yield self.source.text[position : span.start]
                yield text
                position = span.end
        yield self.source.text[position:]

    def changed_line(self, line: Span, also: Sequence[tuple[Span, str]] = ()) -> str:
        """A logical line with what changes in it; `also` are more pieces that change.

        Raises:
            SourceError: libcst cannot read or print a statement.
        """
        text = self.source.text
        edits = sorted([*self._within.get(line, ()), *also], key=itemgetter(0))
        code_start = self.source.lines.code_start(line)

        def moved(span: Span) -> Span:
            # What is inserted where an expression ends stands behind it.
            before = [len(t) - (s.end - s.start) for s, t in edits if s.end <= span.start]
            inside = [len(t) - (s.end - s.start) for s, t in edits if span.start < s.end < span.end]
            start = span.start - code_start + sum(before)
            return Span(start, start + span.end - span.start + sum(inside))

        pieces, position = [], code_start
        for span, replacement in edits:
            pieces += [text[position : span.start], replacement]
            position = span.end
        code = "".join([*pieces, text[position : line.end]])
        changes = {
            Place(kind, moved(span)): change
            for (kind, span), change in self._changes.get(line, {}).items()
        }
        try:
            changed = change_statement(code, changes) if changes else code
        except (cst.ParserSyntaxError, cst.CSTValidationError) as error:
            # libcst asks for blanks that Python does not, as in `a if b else(c if d else e)`.
            number = len(LINE_END.findall(text, 0, line.start)) + 1
            column = code_start - line.start + 1
            message = f"libcst cannot read the statement: {str(error).splitlines()[0]}"
            raise SourceError(message, self.source.path, number, column) from None
        except RecursionError:
            raise self.source.too_deep() from None
        return text[line.start : code_start] + changed


def comment_of(text: str) -> str:
    """The comment that a statement ends with, or nothing."""
    comments = (token.group() for token in TOKEN.finditer(text) if token.lastgroup == "comment")
    return next(comments, "")
