"""Values that are changed in place after a hook point has seen them: a cache that keeps the tensor
itself would show the changed numbers."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autohook_codegen import library
from autohook_codegen.analysis.trace import FunctionTrace, How, Trace
from autohook_codegen.analysis.values import Module, Parameter, Tensor, Unknown, Value
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.library import Kind
from autohook_codegen.sites.candidate import After, Candidate, First, Wrap

__all__ = ["Change", "changes_in_place", "checkpointing_classes"]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A place that changes a value, and the classes whose instances come there."""

    function: FunctionTrace
    node: ast.expr | ast.stmt
    classes: frozenset[ClassDecl]


def changes_in_place(trace: Trace, candidates: Collection[Candidate]) -> Iterator[Change]:
    """Yield where the program changes a value that a hook point may have seen, and where it makes
    a module that does: ``nn.ReLU(inplace=True)``."""
    seen: set[ast.AST] = {one.node for one in candidates}
    for candidate in candidates:
        match candidate.form:
            case Wrap(node):
                seen.add(node)
            case After(statement):
                seen.add(statement)
            case First(target=target):
                seen.add(target)
    for reached, classes in trace.reached.items():
        function = trace.functions[reached]
        for use in function.uses:
            if use.how is How.WRITTEN and _may_be_seen(use.value, function, seen):
                where = use.by if isinstance(use.by, ast.expr | ast.stmt) else use.node
                yield Change(function, where, classes or _owner(function))
    for function in trace.functions.values():
        for made, value in function.values.items():
            for one in value:
                if isinstance(one, Module) and isinstance(one.cls, str) and one.made is made:
                    known = library.library_class(one.cls)
                    if isinstance(made, ast.Call) and known is not None and known.in_place(made):
                        yield Change(function, made, _owner(function))


def checkpointing_classes(trace: Trace) -> Iterator[ClassDecl]:
    """Yield the classes whose methods run modules through ``checkpoint``, which computes them again
    when hooks may be gone."""
    for node, classes in trace.reached.items():
        function = trace.functions[node]
        for value in function.values.values():
            names = (one.name or "" for one in value if isinstance(one, Unknown))
            if any(name.startswith("torch.utils.checkpoint.") for name in names):
                yield from classes or _owner(function)


def _owner(function: FunctionTrace) -> frozenset[ClassDecl]:
    return frozenset({function.owner}) if function.owner is not None else frozenset()


def _may_be_seen(value: Value, function: FunctionTrace, seen: Collection[ast.AST]) -> bool:
    """Tell whether the value is what a hook point was called with, or a view of it."""
    for one in value:
        if isinstance(one, Parameter):
            continue
        if not isinstance(one, Tensor | Unknown):
            continue
        if one.origin is None:
            return True
        made = one.origin.node
        if isinstance(made, ast.arg) or made in seen:
            return True
        operation = function.operations.get(made)
        if operation is not None and _is_view(operation.kind):
            if any(_may_be_seen(operand, function, seen) for operand in operation.operands[:1]):
                return True
    return False


def _is_view(kind: str) -> bool:
    member = library.tensor_member(kind)
    return member is not None and member.kind in (Kind.VIEW, Kind.SAME, Kind.IN_PLACE)
