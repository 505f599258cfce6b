"""One logical line, parsed by itself, changed and printed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from autohook_codegen.source import Span
from autohook_codegen.source.logical_lines import TOKEN, bracket_depth, is_case, scaffold

__all__ = [
    "CLASS",
    "EXPRESSION",
    "IMPORT",
    "LOOP",
    "Change",
    "Place",
    "breaks_outside_brackets",
    "change_statement",
    "in_brackets",
    "parsed",
    "without",
]

Change = Callable[[Any], Any]
"""Takes a libcst node, and gives the one that stands in its place."""
_REMEMBERED = 10_000
"""How many changed statements are kept: the files of one folder have every second in common."""
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
    return _changed_statement(line, tuple((place, tuple(one)) for place, one in changes.items()))


@lru_cache(maxsize=_REMEMBERED)
def _changed_statement(line: str, changes: tuple[tuple[Place, tuple[Change, ...]], ...]) -> str:
    indent = "    " if is_case(line) else ""
    before, behind = scaffold(line)
    front = "".join(f"{one}\n" for one in (["match _:"] if indent else before)) + indent
    rest = "".join(f"{indent}{one}\n" for one in behind)
    module = cst.parse_module(front + line + rest)
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
    by_byte = {
        Place(kind, Span(*(len((front + line[:place]).encode()) for place in span))): change
        for (kind, span), change in changes
    }
    nodes: dict[cst.CSTNode, tuple[Change, ...]] = {}
    for node in spans:
        place = _place(node, spans)
        if place in by_byte:
            nodes[node] = by_byte[place]
    if len(nodes) != len(by_byte):
        raise RuntimeError(f"libcst has no such nodes in {line!r}: {[*by_byte]}")
    places = [place.span for place in by_byte]
    holding = {node for node, span in spans.items() if any(_holds(span, one) for one in places)}
    code = module.visit(_Changing(nodes, holding)).code
    return code[len(front) : len(code) - len(rest)]


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
        self, changes: Mapping[cst.CSTNode, tuple[Change, ...]], holding: Collection[cst.CSTNode]
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


def in_brackets(node: cst.BaseExpression, call: cst.Call | None = None) -> cst.BaseExpression:
    """`node` in one more pair of brackets, with what stood around it as the argument of `call`."""
    left, right = cst.LeftParen(), cst.RightParen()
    if call is not None:
        argument = call.args[0]
        comma = argument.comma
        last = comma.whitespace_after if isinstance(comma, cst.Comma) else None
        after = argument.whitespace_after_arg
        left = cst.LeftParen(whitespace_after=call.whitespace_before_args)
        right = cst.RightParen(whitespace_before=after if last is None else last)
    return node.with_changes(lpar=[left, *node.lpar], rpar=[*node.rpar, right])


def breaks_outside_brackets(node: cst.BaseExpression) -> bool:
    """Whether a line ends within an expression outside of all its brackets."""
    code = cst.Module([]).code_for_node(node)
    return any(
        token.lastgroup == "line" and bracket_depth(code, 0, token.start()) == 0
        for token in TOKEN.finditer(code)
    )


Item = TypeVar("Item", cst.Arg, cst.ImportAlias)


def without(items: Sequence[Item], places: set[int]) -> list[Item]:
    """The items but those at `places`; what ended the last one ends the last one that is left."""
    kept = [item for place, item in enumerate(items) if place not in places]
    if kept and len(items) - 1 in places:
        kept[-1] = kept[-1].with_changes(comma=items[-1].comma)
    return kept
