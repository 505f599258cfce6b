"""One logical line, parsed by itself, changed and printed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from autohook_codegen.source import Span
from autohook_codegen.source.logical_lines import is_case, scaffold

__all__ = ["CLASS", "EXPRESSION", "IMPORT", "LOOP", "Change", "Place", "change_statement", "parsed"]

Change = Callable[[Any], Any]
"""Takes a libcst node, and gives the one that stands in its place."""
CLASS, EXPRESSION, IMPORT, LOOP = "class", "expression", "import", "loop"


class Place(NamedTuple):
    """What changes in a text: an expression, the loop over it, a class or an import."""

    kind: str
    span: Span
    """Of the expression; of a statement only where it begins."""


def change_statement(line: str, changes: Mapping[Place, list[Change]]) -> str:
    """A logical line without its indentation, with `changes` at their places in it.

    Raises:
        ParserSyntaxError, CSTValidationError: libcst cannot read or print the line.

    Example:
        >>> as_sum = lambda node: cst.parse_expression("a + b")
        >>> change_statement("if f(x):  # why\\n", {Place(EXPRESSION, Span(3, 7)): [as_sum]})
        'if a + b:  # why\\n'
    """
    indent = "    " if is_case(line) else ""
    before, behind = scaffold(line)
    front = "".join(f"{one}\n" for one in (["match _:"] if indent else before)) + indent
    rest = "".join(f"{indent}{one}\n" for one in behind)
    module = cst.parse_module(front + line + rest)
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    by_byte = {
        Place(kind, Span(*(len((front + line[:place]).encode()) for place in span))): change
        for (kind, span), change in changes.items()
    }
    nodes: dict[cst.CSTNode, list[Change]] = {}
    for node in spans:
        place = _place(node, spans)
        if place in by_byte:
            nodes[node] = by_byte[place]
    if len(nodes) != len(by_byte):
        raise RuntimeError(f"libcst has no such nodes in {line!r}: {[*by_byte]}")
    places = [place.span for place in by_byte]
    holding = {node for node, span in spans.items() if any(_holds(span, one) for one in places)}
    changed = module.visit(_Changing(nodes, holding))
    return changed.code[len(front) : len(changed.code) - len(rest)]


def _holds(span: Any, other: Span) -> bool:
    return bool(span.start <= other.start and other.end <= span.start + span.length)


def _place(node: cst.CSTNode, spans: Mapping[cst.CSTNode, Any]) -> Place | None:
    if isinstance(node, cst.For | cst.CompFor):
        return Place(LOOP, _extent(node.iter, spans))
    if isinstance(node, cst.ClassDef | cst.Import | cst.ImportFrom):
        kind = CLASS if isinstance(node, cst.ClassDef) else IMPORT
        return Place(kind, Span(spans[node].start, spans[node].start))
    return Place(EXPRESSION, _extent(node, spans)) if isinstance(node, cst.BaseExpression) else None


def _extent(node: cst.BaseExpression, spans: Mapping[cst.CSTNode, Any]) -> Span:
    """The span of an expression as `ast` has it: brackets are part of tuples and generators."""
    start, end = spans[node].start, spans[node].start + spans[node].length
    if isinstance(node, cst.Tuple | cst.GeneratorExp) and node.lpar:
        start = spans[node.lpar[-1]].start
        end = spans[node.rpar[0]].start + spans[node.rpar[0]].length
    return Span(start, end)


class _Changing(cst.CSTTransformer):
    def __init__(
        self, changes: Mapping[cst.CSTNode, list[Change]], holding: Collection[cst.CSTNode]
    ) -> None:
        super().__init__()
        self.changes = changes
        self.holding = holding

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node in self.holding

    def on_leave(self, original_node: cst.CSTNode, updated_node: Any) -> Any:
        for change in self.changes.get(original_node, ()):
            updated_node = change(updated_node)
        return updated_node


def parsed(text: str, brackets: bool = False) -> cst.BaseExpression:
    """An expression of its text, in brackets where it would run into a word beside it."""
    return cst.parse_expression(f"({text})" if brackets else text)
