"""Which libcst node is which `ast` node, without positions.

Sites are decided on `ast` nodes and written into the libcst tree. libcst's positions cost more than
its parse, so nodes pair by counting, as `numbering` does for the `ast` tree.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

from autohook_codegen.source.numbering import Key, Numbering

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["PairedTransformer"]

Changed: TypeAlias = "cst.CSTNode | cst.FlattenSentinel[Any] | cst.RemovalSentinel"
NodeType: TypeAlias = type[cst.CSTNode]

# What to do at a libcst node. Nodes of a type that is in none of these tables (white space,
# punctuation, operators, type parameters) are not looked into.
_EXPRESSIONS: dict[NodeType, str] = {
    cst.Attribute: "Attribute",
    cst.Await: "Await",
    cst.BinaryOperation: "BinOp",
    cst.BooleanOperation: "BoolOp",
    cst.Call: "Call",
    cst.Comparison: "Compare",
    cst.CompFor: "comprehension",
    cst.Dict: "Dict",
    cst.DictComp: "DictComp",
    cst.GeneratorExp: "GeneratorExp",
    cst.IfExp: "IfExp",
    cst.Lambda: "Lambda",
    cst.List: "List",
    cst.ListComp: "ListComp",
    cst.Name: "Name",
    cst.NamedExpr: "NamedExpr",
    cst.Set: "Set",
    cst.SetComp: "SetComp",
    cst.Slice: "Slice",
    cst.Subscript: "Subscript",
    cst.Tuple: "Tuple",
    cst.UnaryOperation: "UnaryOp",
    cst.Yield: "Yield",
}
_CONSTANTS: frozenset[NodeType] = frozenset(
    {
        cst.ConcatenatedString,
        cst.Ellipsis,
        cst.Float,
        cst.FormattedString,
        cst.Imaginary,
        cst.Integer,
        cst.SimpleString,
        cst.TemplatedString,
    }
)
_SMALL_STATEMENTS: frozenset[NodeType] = frozenset(
    {
        cst.AnnAssign,
        cst.Assert,
        cst.Assign,
        cst.AugAssign,
        cst.Break,
        cst.Continue,
        cst.Del,
        cst.Expr,
        cst.Global,
        cst.Import,
        cst.ImportFrom,
        cst.LazyImport,
        cst.LazyImportFrom,
        cst.Nonlocal,
        cst.Pass,
        cst.Raise,
        cst.Return,
        cst.TypeAlias,
    }
)
_NO_EXPRESSIONS: frozenset[NodeType] = frozenset(
    {cst.Global, cst.Import, cst.ImportFrom, cst.LazyImport, cst.LazyImportFrom, cst.Nonlocal}
)
_COMPOUND_STATEMENTS: frozenset[NodeType] = frozenset(
    {
        cst.ClassDef,
        cst.For,
        cst.FunctionDef,
        cst.If,
        cst.Match,
        cst.Try,
        cst.TryStar,
        cst.While,
        cst.With,
    }
)
_LINES: frozenset[NodeType] = frozenset({cst.SimpleStatementLine, cst.SimpleStatementSuite})
_BODIES: frozenset[NodeType] = frozenset(
    {
        cst.Else,
        cst.ExceptHandler,
        cst.ExceptStarHandler,
        cst.Finally,
        cst.IndentedBlock,
        cst.MatchCase,
        cst.Module,
    }
)
_PARTS: frozenset[NodeType] = frozenset(
    {
        cst.Annotation,
        cst.Arg,
        cst.AsName,
        cst.AssignTarget,
        cst.CompIf,
        cst.ComparisonTarget,
        cst.Decorator,
        cst.DictElement,
        cst.Element,
        cst.From,
        cst.Index,
        cst.MatchAs,
        cst.MatchClass,
        cst.MatchKeywordElement,
        cst.MatchList,
        cst.MatchMapping,
        cst.MatchMappingElement,
        cst.MatchOr,
        cst.MatchOrElement,
        cst.MatchSequenceElement,
        cst.MatchStar,
        cst.MatchTuple,
        cst.MatchValue,
        cst.Param,
        cst.Parameters,
        cst.StarredDictElement,
        cst.StarredElement,
        cst.SubscriptElement,
        cst.WithItem,
    }
)


# Which of a node's children are expressions for libcst, but none for `ast`.
def _left_of_same(node: cst.BooleanOperation) -> cst.CSTNode | None:
    """`a and b` in `a and b and c`, which `ast` holds as one operation with three values."""
    left = node.left
    if isinstance(left, cst.BooleanOperation) and not left.lpar:
        return left if type(left.operator) is type(node.operator) else None
    return None


def _lone_tuple(node: cst.Subscript) -> cst.CSTNode | None:
    index = node.slice[0].slice
    if len(node.slice) == 1 and isinstance(index, cst.Index) and type(index.value) is cst.Tuple:
        return index.value
    return None


def _deleted_tuple(node: cst.Del) -> cst.CSTNode | None:
    target = node.target
    return target if isinstance(target, cst.Tuple) and not target.lpar else None


def _handler_name(node: cst.ExceptHandler | cst.ExceptStarHandler) -> cst.CSTNode | None:
    return node.name.name if node.name is not None else None


_UNCOUNTED: dict[NodeType, Callable[[Any], cst.CSTNode | None]] = {
    cst.Arg: lambda node: node.keyword,
    cst.Attribute: lambda node: node.attr,
    cst.BooleanOperation: _left_of_same,
    cst.ClassDef: lambda node: node.name,
    cst.Del: _deleted_tuple,
    cst.ExceptHandler: _handler_name,
    cst.ExceptStarHandler: _handler_name,
    cst.FunctionDef: lambda node: node.name,
    cst.MatchAs: lambda node: node.name,
    cst.MatchKeywordElement: lambda node: node.key,
    cst.MatchMapping: lambda node: node.rest,
    cst.MatchStar: lambda node: node.name,
    cst.Param: lambda node: node.name,
    cst.Subscript: _lone_tuple,
}


class PairedTransformer(cst.CSTTransformer):
    """Visits the statements of `wanted` and hands each over with its identity.

    Other statements are passed by as wholes, without a look into them. Override `change_expression`
    and `change_statement`; both are called on leaving, what is inside first.

    Example:
        >>> class Rename(PairedTransformer):
        ...     def change_expression(self, key, original, updated):
        ...         return updated.with_changes(value="y") if key == (1, "Name", 0) else updated
        >>> text = "x = 1\\nx = 2"
        >>> print(cst.parse_module(text).visit(Rename(Numbering(ast.parse(text)), {1})).code)
        x = 1
        y = 2
    """

    def __init__(self, numbering: Numbering, wanted: Collection[int]) -> None:
        super().__init__()
        self._ends = numbering.ends
        self._wanted = frozenset(wanted)
        self._sorted = sorted(self._wanted)
        self._next = 0
        self._counts: dict[str, int] | None = None
        # What is open: the expressions, and the statements with the counts of those around them.
        self._expressions: list[tuple[cst.CSTNode, Key]] = []
        self._statements: list[tuple[cst.CSTNode, int, dict[str, int] | None]] = []
        self._uncounted: set[int] = set()

    def change_expression(
        self, key: Key, original: cst.CSTNode, updated: cst.CSTNode
    ) -> cst.CSTNode:
        """What stands in place of an expression of a wanted statement."""
        return updated

    def change_statement(self, index: int, original: cst.CSTNode, updated: cst.CSTNode) -> Changed:
        """What stands in place of a wanted statement, small or compound."""
        return updated

    def on_visit(self, node: cst.CSTNode) -> bool:
        kind = type(node)
        expression = _EXPRESSIONS.get(kind)
        if expression is not None:
            return self._enter_expression(node, kind, expression)
        if kind in _CONSTANTS:
            if self._counts is not None:
                self._count(node, "Constant")
            return False
        if kind in _PARTS:
            if self._counts is None:
                return False
            self._set_aside(node, kind)
            return True
        if kind in _LINES:
            body: Collection[object] = node.body  # type: ignore[attr-defined]
            return self._enter_span(self._next + len(body))
        if kind in _SMALL_STATEMENTS:
            return self._enter_small(node, kind)
        if kind in _COMPOUND_STATEMENTS:
            return self._enter_compound(node, kind)
        if kind in _BODIES:
            if self._counts is not None:
                self._set_aside(node, kind)
            return True
        return False

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Changed:  # type: ignore[override]
        if self._expressions and self._expressions[-1][0] is original_node:
            _, key = self._expressions.pop()
            return self.change_expression(key, original_node, updated_node)
        if self._statements and self._statements[-1][0] is original_node:
            _, index, self._counts = self._statements.pop()
            if index in self._wanted:
                return self.change_statement(index, original_node, updated_node)
            return updated_node
        if type(original_node) is cst.Module and self._next != len(self._ends):
            raise RuntimeError(f"{len(self._ends)} statements in ast, {self._next} in libcst")
        return updated_node

    def on_visit_attribute(self, node: cst.CSTNode, attribute: str) -> None:
        """Nothing: libcst's own looks a method up by name for every field of every node."""

    def on_leave_attribute(self, original_node: cst.CSTNode, attribute: str) -> None:
        """Nothing, as `on_visit_attribute`."""

    def _enter_expression(self, node: cst.CSTNode, kind: NodeType, name: str) -> bool:
        if self._counts is None:
            return False
        self._set_aside(node, kind)
        if id(node) in self._uncounted:
            return kind is not cst.Name
        if kind is cst.Name:
            constant = node.value in ("None", "True", "False")  # type: ignore[attr-defined]
            self._count(node, "Constant" if constant else "Name")
            return False
        if kind is cst.Yield and isinstance(node.value, cst.From):  # type: ignore[attr-defined]
            name = "YieldFrom"
        self._count(node, name)
        return True

    def _count(self, node: cst.CSTNode, kind: str) -> None:
        counts = self._counts
        assert counts is not None
        ordinal = counts.get(kind, 0)
        counts[kind] = ordinal + 1
        self._expressions.append((node, Key(self._statements[-1][1], kind, ordinal)))

    def _set_aside(self, node: cst.CSTNode, kind: NodeType) -> None:
        child_of = _UNCOUNTED.get(kind)
        if child_of is not None:
            child = child_of(node)
            if child is not None:
                self._uncounted.add(id(child))

    def _enter_span(self, end: int) -> bool:
        """Whether a wanted statement stands before `end`; else all up to there is passed by."""
        place = bisect_left(self._sorted, self._next)
        if place < len(self._sorted) and self._sorted[place] < end:
            return True
        self._next = end
        return False

    def _enter_small(self, node: cst.CSTNode, kind: NodeType) -> bool:
        index = self._next
        self._next += 1
        if index not in self._wanted:
            return False
        self._open(node, kind, index)
        return kind not in _NO_EXPRESSIONS

    def _enter_compound(self, node: cst.CSTNode, kind: NodeType) -> bool:
        index = self._next
        if not self._enter_span(self._ends[index]):
            return False
        self._next = index + 1
        self._open(node, kind, index)
        return True

    def _open(self, node: cst.CSTNode, kind: NodeType, index: int) -> None:
        self._statements.append((node, index, self._counts))
        self._counts = {} if index in self._wanted else None
        if self._counts is not None:
            self._set_aside(node, kind)
