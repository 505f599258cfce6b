"""Values that are changed in place after a hook point has seen them: a cache that keeps the tensor
itself would show the changed numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autohook_codegen import library
from autohook_codegen.analysis.parts import origin_of
from autohook_codegen.analysis.trace import FunctionTrace, How, Operation, Trace
from autohook_codegen.analysis.values import Fields, Origin, Plain, Tensor, Unknown, Value
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library import Kind
from autohook_codegen.sites.candidate import After, Candidate, First, Wrap

__all__ = ["Change", "changes_in_place", "checkpointing_classes"]

_COPYING = frozenset(
    "clone repeat tile repeat_interleave flip roll gather index_select double half bfloat16 "
    "index rearrange reduce".split()
)
"""Of what shows the same numbers in another shape or order, that which copies them."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A place that changes a value, and the sites that have seen it."""

    function: FunctionTrace
    node: ast.expr | ast.stmt
    sites: tuple[Candidate, ...]

    @property
    def classes(self) -> Iterator[ClassDecl]:
        """The classes whose hook points have seen the value."""
        for site in self.sites:
            yield from site.reference.owners


def changes_in_place(trace: Trace, candidates: Iterable[Candidate]) -> Iterator[Change]:
    """Yield where the program changes a value that a hook point has seen, or a view of it; also in
    a function that is handed it, and by a module that is made to: ``nn.ReLU(inplace=True)``."""
    seen = _Seen(trace, candidates)
    for node in trace.reached:
        function = trace.functions[node]
        for use in function.uses:
            if use.how is How.WRITTEN and not _is_any_field(use.node, function):
                sites = seen.by(use.value)
                if sites:
                    where = use.by if isinstance(use.by, ast.expr | ast.stmt) else use.node
                    yield Change(function, where, sites)


def _is_any_field(node: ast.expr, function: FunctionTrace) -> bool:
    """Whether it is a field whose key is not known, which need not be one that was hooked."""
    if not isinstance(node, ast.Subscript):
        return False
    holder = function.values.get(node.value, frozenset())
    key = function.values.get(node.slice, frozenset())
    constants = {one.constant if isinstance(one, Plain) else None for one in key}
    is_known = len(constants) == 1 and None not in constants
    return not is_known and any(isinstance(one, Fields) for one in holder)


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


class _Seen:
    """What passes hook points, by what made it."""

    def __init__(self, trace: Trace, candidates: Iterable[Candidate]) -> None:
        self._order: dict[Candidate, int] = {}
        self._sites: dict[ast.AST, list[Candidate]] = {}
        for number, one in enumerate(candidates):
            self._order[one] = number
            self._sites.setdefault(_maker(one), []).append(one)
        self._operations: Mapping[ast.AST, Operation] = {
            node: operation
            for function in trace.functions.values()
            for node, operation in function.operations.items()
        }

    def by(self, value: Value) -> tuple[Candidate, ...]:
        """Return the sites that have seen the value, or that of which it is a view, in their
        order."""
        return tuple(sorted({*self._by(value, set())}, key=self._order.__getitem__))

    def _by(self, value: Value, known: set[Origin]) -> Iterator[Candidate]:
        for one in value:
            origin = origin_of(one) if isinstance(one, Tensor | Unknown) else None
            if origin is None or origin in known:
                continue
            known.add(origin)
            yield from (site for site in self._sites.get(origin.node, ()) if _is_of(origin, site))
            operation = self._operations.get(origin.node)
            if operation is not None and operation.operands and _is_view(operation):
                yield from self._by(operation.operands[0], known)


def _maker(one: Candidate) -> ast.AST:
    """Return what makes the value that the site hooks."""
    match one.form:
        case Wrap(node=node) if one.kind != "module call":
            return node
        case After(statement=statement) if one.kind == "parameter use":
            return statement
        case First(target=target):
            return target
    return one.node


def _is_of(origin: Origin, site: Candidate) -> bool:
    return origin.part[: len(site.part)] == site.part


def _is_view(operation: Operation) -> bool:
    node = operation.node
    if isinstance(node, ast.Subscript):
        keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return all(isinstance(one, ast.Slice | ast.Constant | ast.UnaryOp) for one in keys)
    member = library.tensor_member(operation.kind)
    is_same = member is not None and member.kind in (Kind.VIEW, Kind.SAME, Kind.IN_PLACE)
    return is_same and operation.kind not in _COPYING
