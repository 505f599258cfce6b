"""Ways in that are other sites already: the argument surely is their result, or a view of it, and
that goes nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cached_property

from autohook_codegen.analysis.definitions import Binding, Definitions
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace, How, Use
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.sites.candidate import After, Candidate, First, Wrap
from autohook_codegen.sites.written import Written

__all__ = ["same_values"]

_ASKS = (How.FACT, How.TESTED, How.FORMATTED)


def same_values(wanted: Iterable[Candidate], flow: Flow) -> dict[Candidate, tuple[Candidate, ...]]:
    """Return the ways in that are the results of other sites, each with those."""
    by_function: dict[FunctionTrace, list[Candidate]] = {}
    for one in wanted:
        by_function.setdefault(one.function.outermost, []).append(one)
    found: dict[Candidate, tuple[Candidate, ...]] = {}
    for function, candidates in by_function.items():
        if any(one.kind == "input" for one in candidates):
            found.update(_Values(function, candidates, flow).inputs())
    return found


class _Values:
    """The values of one function, by the sites that they have passed."""

    def __init__(
        self, function: FunctionTrace, candidates: Iterable[Candidate], flow: Flow
    ) -> None:
        self.function = function
        self.flow = flow
        self.candidates = list(candidates)
        self.definitions = flow.definitions(function)
        assert function.node is not None
        self.reads = _Reads(function.node)
        self.wrapped: dict[ast.AST, Candidate] = {}
        self.behind: dict[tuple[ast.AST, str], Candidate] = {}
        """What a statement leaves, or the begin of a body, under a name."""
        for one in self.candidates:
            match one.form:
                case Wrap(node, False) if one.kind != "input":
                    self.wrapped[node] = one
                case After(statement, ast.Name(name), ()):
                    self.behind[statement, name] = one
                case First(block, target):
                    self.behind.setdefault((block, target.id), one)

    def inputs(self) -> dict[Candidate, tuple[Candidate, ...]]:
        found: dict[Candidate, tuple[Candidate, ...]] = {}
        for one in self.candidates:
            if one.kind != "input":
                continue
            if isinstance(one.form, First):
                stream = self.behind[one.form.block, one.form.target.id]
                sites = [] if stream is one else [stream]
            else:
                sites = self._sites(one.node, one.function)
            if sites:
                found[one] = tuple(dict.fromkeys(sites))
        return found

    def _sites(self, node: ast.AST, function: FunctionTrace) -> list[Candidate]:
        """Return the sites of which the value surely is the result; none, where it may be anything
        else, or goes elsewhere too."""
        if node in self.wrapped:
            return [self.wrapped[node]]
        if isinstance(node, ast.Name):
            return self._of_name(node, function)
        way = self.flow.way(Point(node, function))
        if way.kind in ("view", "choice", "same") and way.sources:
            here = all(one.function is function and not one.part for one in way.sources)
            return self._of_all([one.node for one in way.sources], function) if here else []
        return []

    def _of_name(self, node: ast.Name, function: FunctionTrace) -> list[Candidate]:
        bindings = self.definitions.of.get(node, frozenset())
        if self._goes_elsewhere(node, bindings):
            return []
        found: list[Candidate] = []
        for one in sorted(bindings, key=lambda one: (one.lineno, one.col_offset)):
            sites = self._of_binding(one, node.id, function)
            if not sites:
                return []
            found += sites
        return found

    def _of_binding(self, binding: Binding, name: str, function: FunctionTrace) -> list[Candidate]:
        by = self.definitions.binder[binding]
        if (by, name) in self.behind:
            return [self.behind[by, name]]
        match by:
            case ast.Assign(targets=[ast.Name()], value=value):
                return self._sites(value, function)
            case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
                return self._sites(value, function)
        return []

    def _of_all(self, nodes: Iterable[ast.AST], function: FunctionTrace) -> list[Candidate]:
        found: list[Candidate] = []
        for node in nodes:
            sites = self._sites(node, function)
            if not sites:
                return []
            found += sites
        return found

    def _goes_elsewhere(self, node: ast.Name, bindings: frozenset[Binding]) -> bool:
        """Tell whether another place reads the value too, on one way through the function."""
        before = self.reads.before(node)
        takers = self.flow.takers(self.function)
        for other in {read for one in bindings for read in takers.reads(one)}:
            if self._only_asks(other):
                continue
            if other in before or (other is not node and node in self.reads.before(other)):
                return True
            if self._scope(other) is not self._scope(node):
                return True
        return False

    def _only_asks(self, node: ast.Name) -> bool:
        uses = self._uses.get(node, ())
        return bool(uses) and all(use.how in _ASKS for use in uses)

    @cached_property
    def _uses(self) -> dict[ast.AST, list[Use]]:
        """The uses in the function, nested ones included."""
        found: dict[ast.AST, list[Use]] = {}
        for node in Written(self.function).nodes:
            function = self.flow.trace.functions.get(node)
            for use in function.uses if function is not None else ():
                found.setdefault(use.node, []).append(use)
        return found

    def _scope(self, node: ast.AST) -> ast.AST | None:
        """Return the innermost function around."""
        around = Written(self.function).around(node)
        return next((one for one in around if isinstance(one, FunctionNode | ast.Lambda)), None)


class _Reads(Definitions):
    """Which reads of a name come before another one of the same value."""

    def _see(self, name: ast.Name) -> None:
        super()._see(name)
        if self._bound is not None:
            self._bound[name.id] = frozenset({name})

    def before(self, name: ast.Name) -> set[ast.Name]:
        """Return the reads that a value may have met on its way to this one; itself in a loop."""
        found: set[ast.Name] = set()
        stack = [name]
        while stack:
            for one in self.of.get(stack.pop(), frozenset()):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                    if one not in found:
                        found.add(one)
                        stack.append(one)
        return found
