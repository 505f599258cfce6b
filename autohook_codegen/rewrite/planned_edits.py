"""The edits of a file, by the identities that its `ast` and its libcst tree share."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from autohook_codegen.rewrite.words_beside import WordsBeside
from autohook_codegen.rewrite.wraps import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from autohook_codegen.sites.edits import BaseEdit, Edits, LoopEdit
    from autohook_codegen.source import Key, Source

    Wrapping = Callable[[cst.BaseExpression], cst.BaseExpression]

__all__ = ["PlannedEdits"]


class PlannedEdits:
    """What changes in each statement and expression."""

    def __init__(self, source: Source, edits: Edits) -> None:
        number = source.numbering
        self.wraps: dict[Key, Wrapping] = {}
        self.comprehensions: dict[Key, LoopEdit] = {}
        self.loops: dict[int, LoopEdit] = {}
        self._add_wraps(source, edits)
        for loop, edit in edits.loops.items():
            if isinstance(loop, ast.comprehension):
                self.comprehensions[number.key(loop)] = edit
            else:
                self.loops[number.statement(loop)] = edit
        self.after: dict[int, list[str]] = {
            number.statement(node): texts for node, texts in edits.after.items()
        }
        self.bases: dict[int, BaseEdit] = {
            number.statement(node): base for node, base in edits.bases.items()
        }
        self.init_ends: dict[int, list[str]] = {
            number.statement(node): texts for node, texts in edits.init_ends.items()
        }
        self.written_inits: dict[int, list[str]] = {
            number.statement(node): texts for node, texts in edits.written_inits.items()
        }
        keys = (*self.wraps, *self.comprehensions)
        self.changed = {key.statement for key in keys} | {*self.loops, *self.bases}
        """Statements of which the text itself changes, not only what follows or ends them."""

    def _add_wraps(self, source: Source, edits: Edits) -> None:
        words = WordsBeside(source)
        for node, wraps in edits.wraps.items():
            tested = any(wrap.tested is not None for wrap in wraps)
            self.wraps[source.numbering.key(node)] = partial(
                wrapped,
                wraps=wraps,
                word_in_front=words.in_front(node) or (tested and words.in_front_of_brackets(node)),
                word_behind=tested and words.behind(node),
            )

    @property
    def wanted(self) -> set[int]:
        """All statements that change or gain something."""
        return self.changed | {*self.after, *self.init_ends, *self.written_inits}
