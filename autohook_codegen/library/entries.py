"""What the stubs say of a function, a member of a tensor, a class."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from autohook_codegen.analysis.values import NOTHING, UNKNOWN, Value

__all__ = [
    "Choice",
    "Forward",
    "Kind",
    "LibraryClass",
    "LibraryFunction",
    "LibraryMember",
    "Signature",
]


class Kind(Enum):
    """What an operation is to a tensor that it takes."""

    OPERATION = "computes something new of it"
    VIEW = "shows the same numbers in another shape, type or order"
    FACT = "takes no numbers of it, or gives back none: `.shape`, `zeros_like(x)`, `x > 0`"
    JOINED = "puts it beside others"
    IN_PLACE = "changes its first argument"
    SAME = "gives its first argument back, or one in its place"
    CALLS = "calls its first argument with the others"
    OTHER = "not known"


@dataclass(frozen=True, slots=True)
class Choice:
    """A result that depends on one argument: ``When["return_indices", tuple[…], Tensor]``."""

    argument: str
    given: Value
    otherwise: Value
    by_presence: bool = False
    """Any value counts as given, not only one that is surely neither ``None`` nor ``False``."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a function or constructor, without ``self``."""

    arguments: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    """Those of which only the shape or type is taken: ``x.expand_as(other)``."""
    choice: Choice | None = None

    def argument(self, call: ast.Call, name: str) -> ast.expr | None:
        """Return what `call` gives for the argument, if the source shows it."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        place = self.arguments.index(name) if name in self.arguments else len(call.args)
        if any(isinstance(given, ast.Starred) for given in call.args[: place + 1]):
            return None
        return call.args[place] if place < len(call.args) else None

    def is_set(self, call: ast.Call, name: str, by_presence: bool = False) -> bool | None:
        """Tell whether the argument is given and neither ``False`` nor ``None``; ``None`` where
        the source does not say."""
        given = self.argument(call, name)
        if given is not None and by_presence:
            return True
        if given is None:
            hidden = any(isinstance(one, ast.Starred) for one in call.args) or any(
                keyword.arg is None for keyword in call.keywords
            )
            return None if hidden else False
        if isinstance(given, ast.UnaryOp):
            given = given.operand
        if isinstance(given, ast.Constant):
            return given.value is not None and given.value is not False
        return True if isinstance(given, ast.Tuple | ast.List) else None

    def result(self, call: ast.Call | None, result: Value) -> Value:
        """Return what this call gives, of all that the function may give."""
        if self.choice is None or call is None:
            return result
        is_set = self.is_set(call, self.choice.argument, self.choice.by_presence)
        if is_set is None:
            return result
        return self.choice.given if is_set else self.choice.otherwise


Forward: TypeAlias = Callable[[Value | None], tuple[Value, Choice | None]]
"""Reads what a module gives back, for what it is given."""


@dataclass(frozen=True, slots=True)
class LibraryMember:
    """An attribute or method."""

    kind: Kind
    result: Value
    is_property: bool = False
    signature: Signature = Signature()

    def result_of(self, call: ast.Call | None) -> Value:
        return self.signature.result(call, self.result)

    def in_place(self) -> LibraryMember:
        """Return ``x.relu_()`` for ``x.relu()``."""
        return replace(self, kind=Kind.IN_PLACE)

    def as_function(self, dotted: str) -> LibraryFunction:
        """Return ``torch.relu(x)`` for ``x.relu()``."""
        arguments = ("input", *self.signature.arguments)
        return LibraryFunction(
            self.kind, self.result, dotted, replace(self.signature, arguments=arguments)
        )


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    kind: Kind
    result: Value
    dotted: str
    signature: Signature = Signature()

    def result_of(self, call: ast.Call | None) -> Value:
        return self.signature.result(call, self.result)

    def in_place(self, call: ast.Call) -> bool:
        """Tell whether the call may change its first argument: ``F.relu(x, inplace=True)``."""
        return self.kind is Kind.IN_PLACE or self.signature.is_set(call, "inplace") is not False


@dataclass(frozen=True, slots=True, eq=False)
class LibraryClass:
    """A class, with what it inherits."""

    dotted: str
    bases: tuple[str, ...]
    is_module: bool
    parameters: Mapping[str, Value]
    members: Mapping[str, Value]
    """Other attributes: submodules above all."""
    methods: Mapping[str, LibraryMember]
    fields: tuple[tuple[str, Value], ...] | None
    """In their order, of a named tuple, dataclass or output; ``None`` for other classes."""
    is_settable: bool
    constants: Mapping[str, object]
    """What the stub says of the class in so many words: ``hides_members = True``."""
    forward: Forward | None

    def result(self, made: ast.Call | None, given: Value | None = None) -> Value:
        """Return what calling an instance gives, for the call that made the instance and what the
        instance is given."""
        if self.forward is None:
            return UNKNOWN
        result, choice = self.forward(given)
        return replace(self.signature, choice=choice).result(made, result)

    def in_place(self, made: ast.Call | None) -> bool:
        """Tell whether an instance that this call makes may change its input in place."""
        if made is None or "inplace" not in self.signature.arguments:
            return False
        return self.signature.is_set(made, "inplace") is not False

    @property
    def signature(self) -> Signature:
        """The arguments of the constructor."""
        initialiser = self.methods.get("__init__")
        return initialiser.signature if initialiser is not None else Signature()

    @property
    def is_ordered(self) -> bool:
        """Whether ``out[0]`` reads the first field: outputs leave out those that are ``None``."""
        return not self.fields or not self.is_settable or not self.fields[0][1] & NOTHING

    @property
    def is_container(self) -> str | None:
        """``list`` or ``dict``, of a class whose children are its items."""
        form = self.constants.get("is_container")
        return form if isinstance(form, str) else None

    @property
    def hides_members(self) -> bool:
        """Whether its own forward, outside the input, calls its members."""
        return self.constants.get("hides_members") is True

    @property
    def uses_name(self) -> bool:
        """Whether it keeps something of its own under ``name``, which ``setup()`` overwrites."""
        return "name" in self.members or "name" in self.methods
