"""How a local name is read after a call's result is bound to it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.computed_names import source_text

__all__ = ["Reads", "is_index", "is_taken_apart", "reads_of"]


@dataclass
class Reads:
    """How a local name is read after one of its bindings."""

    parts: dict[str, list[ast.expr]] = field(default_factory=dict)
    """``[0]`` or ``.hidden`` -> the reads, in the order of the source."""
    unpacked: list[tuple[ast.Assign, ast.Tuple | ast.List]] = field(default_factory=list)
    whole: list[ast.Name] = field(default_factory=list)
    as_tensor: bool = False
    unsure: bool = False
    """Some of the reads may see another binding."""
    type_tested: bool = False
    iterated: bool = False
    """A loop runs over it: more likely over the items of a list than over a batch."""


def reads_of(statement: ast.stmt, name: str, scope: Scope) -> Reads:
    """Every read of `name` that may see what `statement` binds."""
    reads = Reads()
    visible_here = None
    for node in scope.reads(name):
        if statement in scope.ancestors(node):
            continue
        binding = scope.binding_at(name, node)
        if binding is not None and binding.node is not statement:
            continue
        if binding is None:
            visible_here = scope.visible(name, node)
            if not any(one.node is statement for one in visible_here):
                continue
            if scope.position(node) < scope.position(statement) and not _in_loop(
                statement, node, scope
            ):
                continue
            if _exclude_each_other(statement, node, scope):
                continue
            if any(_replaced(one.node, statement, node, scope) for one in visible_here):
                continue
        _sort_in(node, reads, scope, unsure=binding is None)
    return reads


def is_index(node: ast.expr) -> bool:
    """``0`` or ``-1``"""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) is int


def is_taken_apart(part: ast.expr, scope: Scope) -> bool:
    """Whether ``part`` is read item by item, ``a, b = part`` or ``part[0]``, as a tuple more likely
    is than a tensor."""
    parent = scope.parents[part]
    if isinstance(parent, ast.Assign):
        return any(isinstance(one, ast.Tuple | ast.List) for one in parent.targets)
    if isinstance(parent, ast.Subscript):
        return parent.value is part and is_index(parent.slice)
    return _is_iterated(part, scope)


def _is_iterated(node: ast.expr, scope: Scope) -> bool:
    """Whether a loop runs over the expression, or a function that does as much."""
    parent = scope.parents[node]
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id in _ITERATING
    return isinstance(parent, ast.For | ast.AsyncFor | ast.comprehension)


_ITERATING = frozenset("tuple list set iter enumerate zip reversed sorted map".split())


def _sort_in_slice(node: ast.Subscript, key: ast.Slice, reads: Reads, scope: Scope) -> None:
    """``a, b = out[:2]`` takes the beginning apart; what other slices leave is no first tensor."""
    parent = scope.parents[node]
    from_start = key.lower is None and key.step is None
    if (
        from_start
        and isinstance(parent, ast.Assign)
        and isinstance(parent.targets[0], ast.Tuple | ast.List)
    ):
        reads.unpacked.append((parent, parent.targets[0]))


def _exclude_each_other(statement: ast.stmt, node: ast.AST, scope: Scope) -> bool:
    """Whether the two stand in different branches of one ``if``."""
    around = [statement, *scope.ancestors(statement)]
    inner: ast.AST = node
    for ancestor in scope.ancestors(node):
        if isinstance(ancestor, ast.If) and ancestor in around:
            branch = (
                ancestor.orelse if any(one in around for one in ancestor.body) else ancestor.body
            )
            return any(inner is one for one in branch) and any(
                one in around for one in (*ancestor.body, *ancestor.orelse)
            )
        inner = ancestor
    return False


def _in_loop(statement: ast.stmt, node: ast.AST, scope: Scope) -> bool:
    loops = [one for one in scope.ancestors(statement) if isinstance(one, ast.For | ast.While)]
    return any(loop in scope.ancestors(node) for loop in loops)


def _replaced(other: ast.AST, statement: ast.stmt, node: ast.AST, scope: Scope) -> bool:
    """A binding in a block around the read stands between the statement and the read."""
    if other is statement or not isinstance(other, ast.stmt):
        return False
    if (
        not scope.position(statement)
        < scope.position(other)
        < scope.position(scope.statement(node))
    ):
        return False
    block = scope.block(other)
    chain = (node, *scope.ancestors(node))
    return any(one in chain for one in block) and not any(
        one in scope.ancestors(statement) for one in block
    )


def _sort_in(node: ast.Name, reads: Reads, scope: Scope, unsure: bool) -> None:
    parent = scope.parents[node]
    grand = scope.parents.get(parent)
    if isinstance(parent, ast.Compare) and any(
        isinstance(op, ast.Is | ast.IsNot) for op in parent.ops
    ):
        return
    if (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ("isinstance", "len", "hasattr", "type")
    ):
        reads.type_tested = reads.type_tested or parent.func.id == "isinstance"
        return
    if isinstance(parent, ast.Attribute):
        called = isinstance(grand, ast.Call) and grand.func is parent
        if parent.attr in torch_facts.TENSOR_METHODS:
            reads.as_tensor = True
            reads.unsure = reads.unsure or unsure
            return
        if called:
            reads.whole.append(node)
        elif isinstance(parent.ctx, ast.Load):
            reads.parts.setdefault(f".{parent.attr}", []).append(parent)
            reads.unsure = reads.unsure or unsure
        return
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if not isinstance(parent.ctx, ast.Load):
            return
        key = parent.slice
        if isinstance(key, ast.UnaryOp) and isinstance(key.operand, ast.Constant):
            reads.parts.setdefault(f"[-{key.operand.value!r}]", []).append(parent)
        elif isinstance(key, ast.Constant) and isinstance(key.value, int | str):
            reads.parts.setdefault(f"[{source_text(key)}]", []).append(parent)
        elif isinstance(key, ast.Slice):
            _sort_in_slice(parent, key, reads, scope)
        elif isinstance(key, ast.Tuple) or (
            isinstance(key, ast.Constant) and key.value in (None, Ellipsis)
        ):
            reads.as_tensor = True
        reads.unsure = reads.unsure or unsure
        return
    if (
        isinstance(parent, ast.Assign)
        and isinstance(parent.targets[0], ast.Tuple | ast.List)
        and parent.value is node
    ):
        reads.unpacked.append((parent, parent.targets[0]))
        reads.unsure = reads.unsure or unsure
        return
    if _is_iterated(node, scope):
        reads.iterated = True
    if isinstance(parent, ast.BinOp | ast.UnaryOp | ast.AugAssign):
        reads.as_tensor = True
    reads.whole.append(node)
    reads.unsure = reads.unsure or unsure
