"""What the interpretation has found: all that rules read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import NOT_REACHED, Computed, Counter, Value
from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.program import Program

__all__ = [
    "Definition",
    "FunctionTrace",
    "Growth",
    "How",
    "ModuleCall",
    "Operation",
    "Trace",
    "Use",
]


class How(Enum):
    """What a place does with the value that it takes."""

    OPERATION = "an operand of an operator, or of a function or method of tensors"
    PART = "an item or a field is read"
    UNPACKED = "taken apart by an assignment"
    LOOPED = "looped over, or unpacked by a star"
    ARGUMENT = "handed to a module or to other code"
    JOINED = "put beside others: an element of a tuple, list or dict, of cat and stack"
    BOUND = "bound to a local name"
    STORED = "set as an attribute or item"
    RETURNED = "returned or yielded"
    CHOSEN = "one arm of a condition, or awaited: what holds it goes on"
    TESTED = "only asked: `is None`, a truth test, `isinstance`, `len`"
    FACT = "a fact of a tensor is read, `.shape`"
    WRITTEN = "changed in place"
    FORMATTED = "put into an f-string"
    DROPPED = "nothing takes it"


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One place that takes a value."""

    node: ast.expr
    """The expression whose value is taken."""
    value: Value
    how: How
    by: ast.AST
    """What takes it: the call, operator, statement, display."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation on tensors."""

    kind: str
    """``matmul``, ``softmax``, ``add``, ``view``, …: the name of torch's function."""
    node: ast.expr | ast.stmt
    operands: tuple[Value, ...]
    given_names: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ModuleCall:
    """A call that may call a module."""

    node: ast.Call
    callee: ast.expr
    """What is called: ``self.layer``, also in ``checkpoint(self.layer, x)``."""
    modules: Value
    """What it may be, those alternatives that are no modules left out."""
    others: Value
    """The other alternatives: ``None``, a function, something unknown."""
    result: Value
    counters: tuple[tuple[Counter, str], ...] = ()
    """The local names that at this place hold the number of a loop's round."""


@dataclass(eq=False)
class FunctionTrace:
    """What happens in one function, in the order in which it runs."""

    node: FunctionNode | ast.Lambda | None
    owner: ClassDecl | None
    """The class whose body the function stands in."""
    file: FileDecl
    parent: FunctionTrace | None = None
    """The function that a nested one stands in."""
    arguments: dict[ast.arg, Value] = field(default_factory=dict)
    values: dict[ast.expr, Value] = field(default_factory=dict)
    taken: dict[tuple[ast.expr, How, ast.AST], Value] = field(default_factory=dict)
    """The value of each expression, by how it is taken and what takes it."""
    calls: list[ModuleCall] = field(default_factory=list)
    counters: dict[ast.AST, tuple[tuple[Counter, str], ...]] = field(default_factory=dict)
    """Where a parameter is taken: the local names that hold the number of a loop's round."""
    operations: dict[ast.AST, Operation] = field(default_factory=dict)
    statements: dict[ast.AST, ast.stmt] = field(default_factory=dict)
    """The statement that each call and operation stands in."""
    returned: Value = NOT_REACHED
    said_to_return: Value = NOT_REACHED
    """What its annotation says."""
    users: frozenset[ClassDecl] = frozenset()
    """The classes whose instances run the method."""

    @cached_property
    def uses(self) -> list[Use]:
        """All that takes a value; made where the function is interpreted for the last time."""
        return [Use(node, value, how, by) for (node, how, by), value in self.taken.items()]

    @cached_property
    def handed_modules(self) -> dict[ast.Call, ModuleCall]:
        """The modules that a call is handed and calls: ``checkpoint(self.layer, x)``."""
        handed = [one for one in self.calls if one.callee is not one.node.func]
        return {one.node: one for one in reversed(handed)}

    @property
    def receiver(self) -> ast.arg | None:
        """The argument that holds the instance, in a method that is not static."""
        if self.owner is None or not isinstance(self.node, FunctionNode):
            return None
        if self.owner.methods.get(self.node.name) is not self.node:
            return None
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        return arguments[0] if arguments and not is_static(self.node) else None

    @property
    def outermost(self) -> FunctionTrace:
        """The method or top-level function that a nested one stands in, or the function itself."""
        function = self
        while not function.users and function.parent is not None and function.parent.node:
            function = function.parent
        return function


def is_static(function: FunctionNode) -> bool:
    """Tell whether a method is handed no instance."""
    return any(
        isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list
    )


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A statement that sets an attribute of an instance."""

    attribute: str
    """For a name that is worked out, ``layer{i}``."""
    owner: ClassDecl
    """The class in whose body the method stands, or for a function the class that it was handed."""
    statement: ast.stmt
    function: FunctionNode | None
    """``None`` in the body of the class."""
    file: FileDecl
    receiver: str
    """How the statement names the instance, ``self``."""
    value: Value
    computed: Computed | None = None
    """The name, where it is worked out."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """A statement that adds members to a container."""

    site: ast.AST
    """Where the container was made."""
    how: str
    """The method, or ``[]`` for an item that is assigned, or ``+=``."""
    arguments: tuple[ast.expr, ...]
    """The key for ``[]`` and what is added; the arguments of the method."""
    container: ast.expr
    """The container as the statement names it."""
    statement: ast.stmt
    function: FunctionNode | None
    file: FileDecl


class Trace:
    """Everything about one program, once the interpretation has come to its end."""

    def __init__(
        self,
        program: Program,
        functions: dict[ast.AST, FunctionTrace],
        definitions: dict[ClassDecl, dict[str, list[Definition]]],
        growths: dict[ast.AST, list[Growth]],
        callees: dict[ast.AST, dict[ast.AST, frozenset[ast.AST]]],
        entries: frozenset[ast.AST],
        reached: dict[ast.AST, frozenset[ClassDecl]],
    ) -> None:
        self.program = program
        self.functions = functions
        """By their nodes; nested functions too."""
        self._definitions = definitions
        self.growths = growths
        self._callees = callees
        """Of each function its statements, and which functions of the input each may call."""
        self.entries = entries
        """The methods that outsiders call."""
        self.reached = reached
        """The functions that run when a model does, each with the classes whose instances run
        it."""

    @cached_property
    def _functions_of(self) -> dict[ClassDecl, list[FunctionTrace]]:
        found: dict[ClassDecl, list[FunctionTrace]] = {}
        for function in self.functions.values():
            if function.owner is not None:
                found.setdefault(function.owner, []).append(function)
        return found

    def functions_of(self, *classes: ClassDecl) -> Iterator[FunctionTrace]:
        """Yield the functions in the bodies of these very classes."""
        for cls in classes:
            yield from self._functions_of.get(cls, ())

    def definitions(self, cls: ClassDecl, attribute: str) -> list[Definition]:
        """Return the statements in methods of this very class that set the attribute."""
        return self._definitions.get(cls, {}).get(attribute, [])

    def attributes(self, cls: ClassDecl) -> Iterator[str]:
        """Yield the attributes that methods of this very class set."""
        yield from self._definitions.get(cls, {})

    def attribute(self, cls: ClassDecl, attribute: str) -> Value:
        """Return what the attribute of an instance of the class or of a subclass may be."""
        return join(
            *(
                one.value
                for owner in (*cls.mro, *cls.descendants())
                for one in self.definitions(owner, attribute)
            )
        )

    def initialisers(self, cls: ClassDecl) -> dict[FunctionNode, ClassDecl]:
        """Return the methods that run when an instance of just this class is made, each with the
        class in whose body it stands."""
        found: dict[FunctionNode, ClassDecl] = {}
        seen: set[ast.AST] = set()
        start = next((one for one in cls.mro if one.initialiser is not None), None)
        stack: list[ast.AST] = [start.initialiser] if start and start.initialiser else []
        while stack:
            node = stack.pop()
            trace = self.functions.get(node)
            if trace is None or node in seen:
                continue
            seen.add(node)
            if isinstance(node, FunctionNode) and trace.owner in cls.mro:
                assert trace.owner is not None
                found[node] = trace.owner
            for callees in self._callees.get(node, {}).values():
                stack += [one for one in callees if self._runs(one, cls)]
        return found

    def _runs(self, node: ast.AST, cls: ClassDecl) -> bool:
        """Whether an instance of `cls` has this method (and not another in its place)."""
        trace = self.functions.get(node)
        return trace is not None and (not trace.users or cls in trace.users)

    def callees(self, function: ast.AST | None) -> dict[ast.AST, frozenset[ast.AST]]:
        """Return the statements of a function, and which functions of the input each may call."""
        return self._callees.get(function, {}) if function is not None else {}

    def statements_that_call(self, function: ast.AST, wanted: frozenset[ast.AST]) -> set[ast.stmt]:
        """Return the statements of `function` that come, by whatever calls, to one of `wanted`."""
        reached = self.reached_by(function)
        return {statement for statement, functions in reached.items() if functions & wanted}

    def reached_by(self, function: ast.AST) -> dict[ast.stmt, set[ast.AST]]:
        """Return the functions that each statement of `function` comes to, by whatever calls."""
        return {
            statement: self._reached_from(callees)
            for statement, callees in self._callees.get(function, {}).items()
            if isinstance(statement, ast.stmt)
        }

    def _reached_from(self, starts: frozenset[ast.AST]) -> set[ast.AST]:
        """The functions that these call, and those that they call in turn."""
        seen: set[ast.AST] = set()
        stack = list(starts)
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                for callees in self._callees.get(node, {}).values():
                    stack += callees
        return seen
