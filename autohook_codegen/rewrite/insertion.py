"""Insert what was decided into a libcst tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from autohook_codegen.hooked_source import SourceError
from autohook_codegen.rewrite.classes import behind, with_base, with_init
from autohook_codegen.rewrite.imports import with_imports
from autohook_codegen.rewrite.loops import paired
from autohook_codegen.rewrite.planned_edits import PlannedEdits
from autohook_codegen.rewrite.printing import print_with_spans
from autohook_codegen.rewrite.spelled import line
from autohook_codegen.source import Key, PairedTransformer, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autohook_codegen.layout.span import Span
    from autohook_codegen.sites.edits import Edits
    from autohook_codegen.source.pairing import Changed

__all__ = ["insert"]

# What has a suite, which may stand on the same line.
_HEADED = frozenset(
    {
        cst.ClassDef,
        cst.Else,
        cst.ExceptHandler,
        cst.ExceptStarHandler,
        cst.Finally,
        cst.For,
        cst.FunctionDef,
        cst.If,
        cst.MatchCase,
        cst.Try,
        cst.TryStar,
        cst.While,
        cst.With,
    }
)


def insert(source: Source, edits: Edits) -> tuple[str, list[Span]]:
    """The text of `source` with `edits`, and where in it the changed statements stand.

    Raises:
        SourceError: libcst cannot parse the text, or it is nested too deeply.
    """
    insertion = _Insertion(source, PlannedEdits(source, edits))
    try:
        module = source.module.visit(insertion)
        assert isinstance(module, cst.Module)
        code, spans = print_with_spans(
            with_imports(module, edits.imports), insertion.changed, source.byte_order_mark
        )
    except RecursionError:
        raise SourceError("nested too deeply", source.path) from None
    except cst.CSTValidationError as error:
        raise SourceError(f"libcst cannot print the text: {error}", source.path) from None
    return code + source.tail, spans


class _Insertion(PairedTransformer):
    def __init__(self, source: Source, planned: PlannedEdits) -> None:
        super().__init__(source.numbering, planned.wanted)
        self.planned = planned
        self.changed: dict[int, cst.CSTNode] = {}
        """The changed statements, and the lines that hold them, by their `id`."""
        self._after: dict[int, tuple[cst.CSTNode, list[str]]] = {}
        """Small statements that something follows, by their `id`."""

    # What is changed is held, so that no other node gets its `id`.

    def _mark(self, node: cst.CSTNode) -> None:
        self.changed[id(node)] = node

    def change_expression(
        self, key: Key, original: cst.CSTNode, updated: cst.CSTNode
    ) -> cst.CSTNode:
        wrapping = self.planned.wraps.get(key)
        if wrapping is not None:
            assert isinstance(updated, cst.BaseExpression)
            return wrapping(updated)
        loop = self.planned.comprehensions.get(key)
        if loop is not None:
            assert isinstance(updated, cst.CompFor)
            return paired(updated, loop)
        return updated

    def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Changed:
        planned = self.planned
        if index in planned.loops:
            assert isinstance(updated, cst.For)
            updated = paired(updated, planned.loops[index])
        if index in planned.bases:
            assert isinstance(updated, cst.ClassDef)
            updated = with_base(updated, planned.bases[index])
        if index in planned.init_ends:
            assert isinstance(updated, cst.FunctionDef)
            updated = self._with_end(updated, planned.init_ends[index])
        if index in planned.written_inits:
            assert isinstance(updated, cst.ClassDef)
            updated, written = with_init(updated, self._lines(planned.written_inits[index]))
            self._mark(written)
        if index in planned.changed:
            self._mark(updated)
        texts = planned.after.get(index)
        if texts is None:
            return updated
        if isinstance(updated, cst.BaseSmallStatement):
            self._after[id(updated)] = (updated, texts)
            return updated
        return cst.FlattenSentinel([updated, *self._lines(texts)])

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Changed:  # type: ignore[override]
        left = super().on_leave(original_node, updated_node)
        kind = type(original_node)
        if kind is cst.SimpleStatementLine:
            assert isinstance(left, cst.SimpleStatementLine)
            return self._leave_line(left)
        if kind is cst.SimpleStatementSuite:
            return self._leave_suite(left)
        if self.changed and kind in _HEADED:
            first = left[0] if isinstance(left, cst.FlattenSentinel) else left
            assert isinstance(first, cst.CSTNode)
            if id(getattr(first, "body", None)) in self.changed:
                self._mark(first)
        return left

    def _leave_line(self, statement: cst.SimpleStatementLine) -> Changed:
        *before, last = statement.body
        if any(id(small) in self._after for small in before):
            # `self.a = …; self.b = self.a(…)`: what follows a statement goes right behind it.
            return self._leave_suite(statement)
        if any(id(small) in self.changed for small in statement.body):
            self._mark(statement)
        if id(last) not in self._after:
            return statement
        _, texts = self._after[id(last)]
        return cst.FlattenSentinel([statement, *self._lines(texts)])

    def _leave_suite(self, suite: Any) -> cst.CSTNode:
        body = [
            one
            for small in suite.body
            for one in behind(small, self._after[id(small)][1] if id(small) in self._after else ())
        ]
        gained = len(body) > len(suite.body)
        changed: cst.CSTNode = suite.with_changes(body=body) if gained else suite
        if gained or any(id(small) in self.changed for small in body):
            self._mark(changed)
        return changed

    def _with_end(self, node: cst.FunctionDef, texts: Sequence[str]) -> cst.FunctionDef:
        body: Any = node.body
        if isinstance(body, cst.IndentedBlock):
            ended: cst.BaseSuite = body.with_changes(body=[*body.body, *self._lines(texts)])
        else:
            *before, last = body.body
            ended = body.with_changes(body=[*before, *behind(last, texts)])
            self._mark(ended)
        return node.with_changes(body=ended)

    def _lines(self, texts: Sequence[str]) -> list[cst.SimpleStatementLine]:
        lines = [line(text) for text in texts]
        for one in lines:
            self._mark(one)
        return lines
