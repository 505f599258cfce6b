"""One run through one function: the names that are bound, and what is written down on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from autohook_codegen.analysis.joining import bounded, join
from autohook_codegen.analysis.parts import is_one_of_others
from autohook_codegen.analysis.state import State, Unit
from autohook_codegen.analysis.trace import FunctionTrace, How, Operation
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Counter,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.names import dotted_name

if TYPE_CHECKING:
    from autohook_codegen.analysis.interpretation import Interpretation

__all__ = ["Environment", "Frame", "evaluates", "executes"]

Environment = dict[str, Value]
"""The local names, and the attributes that a test or an assignment has narrowed: ``self.pool``."""

_Evaluate = Callable[["Frame", ast.expr], Value]
_Execute = Callable[["Frame", ast.stmt], None]
_E = TypeVar("_E", bound=Callable[..., object])

_EVALUATORS: dict[type[ast.expr], Callable[..., Value]] = {}
_EXECUTORS: dict[type[ast.stmt], Callable[..., None]] = {}


def evaluates(*kinds: type[ast.expr]) -> Callable[[_E], _E]:
    """Register a function that evaluates these expressions."""

    def register(function: _E) -> _E:
        _EVALUATORS.update(dict.fromkeys(kinds, function))  # type: ignore[arg-type]
        return function

    return register


def executes(*kinds: type[ast.stmt]) -> Callable[[_E], _E]:
    """Register a function that executes these statements."""

    def register(function: _E) -> _E:
        _EXECUTORS.update(dict.fromkeys(kinds, function))  # type: ignore[arg-type]
        return function

    return register


@dataclass(slots=True)
class _Round:
    """Where ``break`` and ``continue`` of the loop at hand lead."""

    broken: list[Environment] = field(default_factory=list)
    continued: list[Environment] = field(default_factory=list)


class Frame:
    """A function while it is interpreted."""

    def __init__(self, interpretation: Interpretation, unit: Unit, trace: FunctionTrace) -> None:
        self.interpretation = interpretation
        self.state: State = interpretation.state
        self.methods = interpretation.methods
        self.instances = interpretation.instances
        self.unit = unit
        self.file = unit.file
        self.trace = trace
        self.environment: Environment | None = {}
        """``None`` where no way leads."""
        self.rounds: list[_Round] = []
        self.returned: Value = NOT_REACHED
        self.handed: dict[str, ast.arg] = {}
        """The arguments that each call gives, by name."""
        self.sent_on: dict[ast.AST, list[tuple[Value, Value]]] = {}
        """What calls give that are handed such an argument: as it is, and in terms of it."""
        self.statement: ast.stmt | None = None
        names = interpretation.names_in(unit.node, unit.file)
        self.local_names, self.free_names = names.local, names.free
        self._with_attributes: set[str] = set()
        """The names of which some attribute was narrowed."""
        self._callees: dict[ast.AST, set[ast.AST]] = {}

    # --- running

    def run(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if self.environment is None:
                return
            self.execute(statement)

    def execute(self, statement: ast.stmt) -> None:
        outer, self.statement = self.statement, statement
        executor = _EXECUTORS.get(type(statement))
        if executor is not None:
            executor(self, statement)
        self.statement = outer

    def evaluate(self, node: ast.expr) -> Value:
        """Return what the expression is, and write it down."""
        evaluator = _EVALUATORS.get(type(node))
        value = evaluator(self, node) if evaluator is not None else self._rest(node)
        self.trace.values[node] = value
        return value

    def _rest(self, node: ast.expr) -> Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child)
        return UNKNOWN

    def take(self, node: ast.expr, how: How, by: ast.AST) -> Value:
        """Evaluate an expression that `by` takes."""
        value = self.evaluate(node)
        self.use(node, value, how, by)
        return value

    def given_back(self, node: ast.expr, value: Value) -> Value:
        """Return what a function gives that gives `value` back: for an argument as it came in, each
        call gets what it handed in itself, and not what others did."""
        if isinstance(node, ast.Name) and node.id in self.handed and self.environment is not None:
            argument = self.handed[node.id]
            # no test has narrowed it
            if value and self.environment[node.id] is self.trace.arguments[argument]:
                return frozenset({Unknown(Origin(argument))})
        for whole, in_terms_of_it in self.sent_on.get(node, ()):
            value = (value - whole) | in_terms_of_it
        return value

    # --- writing down

    def use(self, node: ast.expr, value: Value, how: How, by: ast.AST) -> None:
        self.trace.taken[node, how, by] = value
        for one in value:
            if isinstance(one, Parameter):
                self.trace.counters[by] = self.counters()
                return

    def not_used(self, node: ast.expr, how: How, by: ast.AST) -> None:
        """Take back what was written down of a use."""
        self.trace.taken.pop((node, how, by), None)

    def operation(
        self,
        kind: str,
        node: ast.expr | ast.stmt,
        operands: tuple[Value, ...],
        given_names: tuple[tuple[str, Value], ...] = (),
    ) -> Value:
        """Write an operation down and return the tensor that it makes."""
        self.trace.operations[node] = Operation(kind, node, operands, given_names)
        self.place(node)
        return frozenset({Tensor(Origin(node))})

    def viewed(self, one: Parameter, node: ast.expr, whole: ast.expr) -> Parameter:
        """Return the parameter as a view of `whole` shows it. The last place at which it surely is
        the parameter is where it is read."""
        value = self.trace.values.get(whole, NOT_REACHED)
        is_sure = not is_one_of_others(one, value, self.trace.values)
        return replace(one, read=node) if is_sure else one

    def place(self, node: ast.AST) -> None:
        """Write down which statement the node stands in."""
        if self.statement is not None:
            self.trace.statements[node] = self.statement

    def calls(self, function: ast.AST) -> None:
        """Write down that the statement at hand may call a function of the input."""
        key = self.statement if self.statement is not None else self.unit.node
        self._callees.setdefault(key, set()).add(function)

    def finish(self) -> None:
        self.trace.returned = self.returned
        said = getattr(self.unit.node, "returns", None)
        if said is not None:
            self.trace.said_to_return = self.instances.annotated(said, self.file)
        self.unit.trace = self.trace
        self.unit.callees = self._callees

    def counters(self) -> tuple[tuple[Counter, str], ...]:
        """Return the local names that hold the number of a loop's round."""
        found: list[tuple[Counter, str]] = []
        for name, value in (self.environment or {}).items():
            if len(value) == 1:
                (one,) = value
                if isinstance(one, Plain) and one.counter is not None and one.counter.loop:
                    found.append((one.counter, name))
        return tuple(found)

    # --- names

    def bind(self, name: str, value: Value) -> None:
        assert self.environment is not None
        self.environment[name] = value
        self._forget(name)
        if name in self.free_names:
            self.state.write(("name", self.unit.node, name), value)

    def _forget(self, name: str) -> None:
        """What was known of a name's attributes is not true of its new value."""
        if name not in self._with_attributes:
            return
        assert self.environment is not None
        start = f"{name}."
        for narrowed in [one for one in self.environment if one.startswith(start)]:
            del self.environment[narrowed]

    def narrow(self, node: ast.expr, value: Value) -> None:
        """Write down what a name or attribute is from here on."""
        path = node.id if isinstance(node, ast.Name) else dotted_name(node)
        if path is not None and self.environment is not None:
            if "." not in path and path not in self.local_names:
                return
            self._with_attributes.add(path.partition(".")[0])
            self.environment[path] = value

    def narrowed(self, node: ast.Attribute) -> Value | None:
        environment = self.environment
        if not environment:
            return None
        path = dotted_name(node)
        return environment.get(path) if path is not None else None

    def branch(self) -> Environment | None:
        return dict(self.environment) if self.environment is not None else None


def united(*environments: Environment | None) -> Environment | None:
    """Join what several ways leave: a name that only some of them bind may be unbound.

    A narrowed attribute is known only where all ways know it.
    """
    known = [one for one in environments if one is not None]
    if not known:
        return None
    first, *others = known
    if not others:
        return first
    joined: Environment = {}
    for other in others:
        joined = {}
        for name in first.keys() | other.keys():
            one, two = first.get(name), other.get(name)
            if one is two and one is not None:
                joined[name] = one
            elif one is not None and two is not None:
                joined[name] = bounded(join(one, two))
            elif "." not in name:
                joined[name] = one if one is not None else two  # type: ignore[assignment]
        first = joined
    return first


def without_nothing(value: Value) -> Value:
    return frozenset(one for one in value if not isinstance(one, Nothing))
