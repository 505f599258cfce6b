"""How often one run of a method fires a hook point that several sites share: two sites count as two
only if one path through the code comes by both."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Item
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.decided import DecidedSite
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.slices import are_apart
from autohook_codegen.sites.written import Written

__all__ = ["callees_beside", "shared_hook_points"]

_NEVER = -(10**9)
"""The count of a way that no path takes."""


def shared_hook_points(
    sites: Iterable[DecidedSite], trace: Trace
) -> Iterator[tuple[DecidedSite, int]]:
    """Yield the first site of each hook point that may fire several times in one run of one
    instance, and how many times."""
    grouped: dict[tuple[HookPoint, tuple[object, ...]], list[DecidedSite]] = {}
    for site in sites:
        items = site.candidate.reference.items
        member = tuple(_member(step) for step in items if isinstance(step, Item))
        grouped.setdefault((site.hook_point, member), []).append(site)
    callers = _callers(trace)
    told: set[HookPoint] = set()
    for (hook_point, _), sharing in grouped.items():
        its = _of_one_computation(sharing)
        if hook_point not in told and _may_meet(its):
            count, cls = _most(its, trace, callers)
            if count > 1:
                told.add(hook_point)
                yield next((one for one in its if _is_run_by(one, cls)), its[0]), count


def _is_run_by(site: DecidedSite, cls: ClassDecl | None) -> bool:
    return cls in site.candidate.function.outermost.users


def _member(step: Item) -> object:
    """Which member it is: its key, or how the code writes that, ``level``."""
    return step.key if step.written is None else ast.unparse(step.written)


def _of_one_computation(sites: list[DecidedSite]) -> list[DecidedSite]:
    """The sites but those of a role in further functions, which compute the same attention in the
    place of the first."""
    first = sites[0].candidate
    if first.role is None:
        return sites
    return [one for one in sites if one.candidate.function is first.function]


def _may_meet(sites: list[DecidedSite]) -> bool:
    """Whether any two of the sites stand under tests that may both hold: not under ``if self.pre``
    and ``if not self.pre``."""
    conditions: dict[DecidedSite, set[tuple[str, str]]] = {}
    written: dict[FunctionTrace, Written] = {}
    for site in sites:
        function = site.candidate.function
        known = written.setdefault(function, Written(function))
        conditions[site] = set(_conditions(site.candidate.passing, known))
    return any(
        one.candidate.function is not other.candidate.function
        or not (
            are_apart(one.candidate.reference, other.candidate.reference)
            or any(
                test == same and holds != otherwise
                for test, holds in conditions[one]
                for same, otherwise in conditions[other]
            )
        )
        for one, other in combinations(sites, 2)
    )


def _conditions(place: ast.AST, written: Written) -> Iterator[tuple[str, str]]:
    """Yield the tests that hold at a place, each as what is asked and the answer."""
    inner = place
    for around in written.around(place):
        if isinstance(around, ast.If | ast.IfExp) and inner is not around.test:
            test: ast.expr = around.test
            body = [around.body] if isinstance(around, ast.IfExp) else around.body
            holds = any(inner is one for one in body)
            while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                test, holds = test.operand, not holds
            match test:
                case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant() as one]):
                    if holds:
                        yield ast.unparse(left), repr(one.value)
                case _:
                    yield ast.unparse(test), str(holds)
        inner = around


def callees_beside(
    function: FunctionTrace, statement: ast.AST, cls: ClassDecl | None, trace: Trace
) -> Iterator[FunctionTrace]:
    """Yield the functions that a statement runs for the same instance: methods of `cls`, but for
    those that a call of another instance runs, and plain functions."""
    callees = trace.callees(function.node).get(statement, ())
    says_super = bool(callees) and any(
        isinstance(one, ast.Name) and one.id == "super"
        for one in function.file.nodes.within(statement)
    )
    for node in callees:
        called = trace.functions.get(node)
        if called is None or called is function:
            continue
        if getattr(node, "name", "") in ("forward", "__call__") and not says_super:
            continue
        if not called.users or cls is None or cls in called.users:
            yield called


def _callers(trace: Trace) -> dict[ast.AST, set[ast.AST]]:
    found: dict[ast.AST, set[ast.AST]] = {}
    for node in trace.reached:
        for called in trace.callees(node).values():
            for one in called:
                found.setdefault(one, set()).add(node)
    return found


def _node(function: FunctionTrace) -> ast.AST:
    assert function.node is not None
    return function.node


def _most(
    sites: list[DecidedSite], trace: Trace, callers: dict[ast.AST, set[ast.AST]]
) -> tuple[int, ClassDecl | None]:
    """The most sites that one run of one instance comes by, and of which class it is."""
    functions = {one.candidate.function for one in sites}
    stack = list(functions)
    while stack:
        function = stack.pop()
        around = {trace.functions[one] for one in callers.get(_node(function), ())}
        if function.parent is not None and function.parent.node in trace.reached:
            around.add(function.parent)
        for one in around - functions:
            if not one.users or function.outermost.users & one.users:
                functions.add(one)
                stack.append(one)
    places: dict[ast.AST, int] = {}
    for site in sites:
        place = site.candidate.passing
        places[place] = places.get(place, 0) + 1
    classes = {cls for one in functions for cls in one.users}
    groups = {
        frozenset(one for one in functions if not one.users or c in one.users): c for c in classes
    }
    most: tuple[int, ClassDecl | None] = (0, None)
    for group, cls in groups.items() or [(frozenset(functions), None)]:
        paths = _Paths(trace, cls, group, places)
        count = max((paths.of_function(one) for one in group), default=0)
        if count > most[0]:
            most = count, cls
    return most


@dataclass
class _Count:
    """The most sites on the paths that go on, that return, and that leave a loop's round."""

    on: int = 0
    back: int = _NEVER
    out: int = _NEVER


@dataclass
class _Paths:
    """Counts the sites on the paths through functions that one instance runs."""

    trace: Trace
    cls: ClassDecl | None
    functions: Collection[FunctionTrace]
    places: dict[ast.AST, int]
    known: dict[FunctionTrace, int] = field(default_factory=dict)

    def of_function(self, function: FunctionTrace) -> int:
        if function not in self.known:
            self.known[function] = 0  # where it calls itself
            node = function.node
            if isinstance(node, ast.Lambda):
                self.known[function] = self._expression(node.body)
            elif node is not None:
                count = self._block(node.body, function)
                self.known[function] = max(count.on, count.back, 0)
        return self.known[function]

    def _block(self, statements: list[ast.stmt], function: FunctionTrace) -> _Count:
        total = _Count()
        for statement in statements:
            if total.on < 0:
                break
            one = self._statement(statement, function)
            total.back = max(total.back, total.on + one.back)
            total.out = max(total.out, total.on + one.out)
            total.on += one.on
        return total

    def _statement(self, statement: ast.stmt, function: FunctionTrace) -> _Count:
        own = self.places.get(statement, 0) + self._own(statement)
        own += sum(
            self.of_function(one)
            for one in callees_beside(function, statement, self.cls, self.trace)
            if one in self.functions
        )
        match statement:
            case ast.Return():
                return _Count(_NEVER, own)
            case ast.Raise():
                return _Count(_NEVER)
            case ast.Break() | ast.Continue():
                return _Count(_NEVER, out=0)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return _Count()
            case ast.For() | ast.AsyncFor() | ast.While():
                body = self._block(statement.body, function)
                after = self._block(statement.orelse, function)
                on = max(0, body.on, body.out) + max(after.on, 0)
                return _Count(own + on, own + max(body.back, after.back), after.out)
        blocks = list(_blocks(statement))
        counts = [self._block(block, function) for block in blocks]
        if not counts:
            return _Count(own)
        return _Count(
            own + max(one.on for one in counts),
            own + max(one.back for one in counts),
            own + max(one.out for one in counts),
        )

    def _own(self, node: ast.AST) -> int:
        """The sites in what the node holds, without the statements in it."""
        inner = ast.stmt | ast.ExceptHandler | ast.match_case
        children = (one for one in ast.iter_child_nodes(node) if not isinstance(one, inner))
        return sum(map(self._expression, children))

    def _expression(self, node: ast.AST) -> int:
        own = self.places.get(node, 0)
        match node:
            case ast.IfExp():
                arms = max(self._expression(node.body), self._expression(node.orelse))
                return own + self._expression(node.test) + arms
            case ast.Lambda():
                return own
        return own + self._own(node)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of which one run takes one."""
    match statement:
        case ast.If():
            yield statement.body
            yield statement.orelse
        case ast.With() | ast.AsyncWith():
            yield statement.body
        case ast.Match():
            yield []
            yield from (case.body for case in statement.cases)
        case ast.Try():
            yield [*statement.body, *statement.orelse, *statement.finalbody]
            yield from ([*one.body, *statement.finalbody] for one in statement.handlers)
