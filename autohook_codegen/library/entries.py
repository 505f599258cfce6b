"""What the stubs say of a function, a member of tensors, a class."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from autohook_codegen.analysis.values import UNKNOWN, Value

__all__ = ["Choice", "Forward", "Kind", "LibraryClass", "LibraryFunction", "Signature"]


class Kind(Enum):
    """What an operation is to a tensor that it takes."""

    OPERATION = "computes something new of it"
    VIEW = "shows the same numbers in another shape, type or order"
    FACT = "takes no numbers of it, or gives none back: `.shape`, `zeros_like(x)`, `x > 0`"
    JOINED = "puts it beside others"
    IN_PLACE = "changes it"
    SAME = "gives an argument back, or one in its place"
    CALLS = "calls its first argument with the others"
    OTHER = "not known"


@dataclass(frozen=True, slots=True)
class Choice:
    """A result that depends on an argument: ``When["return_indices", tuple[…], Tensor]``."""

    argument: str
    given: Value
    otherwise: Value
    by_presence: bool
    """Whatever is given counts, also what may be ``None`` or ``False``."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a function, or of a method or constructor without ``self``."""

    arguments: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset()
    """Those of which only the shape or type is taken: ``x.expand_as(other)``."""
    choice: Choice | None = None

    def argument(self, call: ast.Call, name: str) -> ast.expr | None:
        """Return what the call gives for an argument, if the source shows it."""
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        place = self.arguments.index(name) if name in self.arguments else len(call.args)
        shown = call.args[: place + 1]
        is_hidden = any(isinstance(one, ast.Starred) for one in shown)
        return shown[place] if place < len(shown) and not is_hidden else None

    def is_set(self, call: ast.Call, name: str, by_presence: bool = False) -> bool | None:
        """Tell whether an argument is given and neither ``False`` nor ``None``; ``None`` where the
        source does not say."""
        given = self.argument(call, name)
        if given is None:
            starred = [one for one in call.args if isinstance(one, ast.Starred)]
            return None if starred or any(one.arg is None for one in call.keywords) else False
        if by_presence:
            return True
        try:
            value = ast.literal_eval(given)
        except ValueError:
            return None
        return value is not None and value is not False

    def result(self, call: ast.Call | None, result: Value) -> Value:
        """Return what this call gives, of all that may be given."""
        if self.choice is None or call is None:
            return result
        is_set = self.is_set(call, self.choice.argument, self.choice.by_presence)
        if is_set is None:
            return result
        return self.choice.given if is_set else self.choice.otherwise


@dataclass(frozen=True, slots=True)
class LibraryFunction:
    """A function, or an attribute or method of tensors or of a class."""

    kind: Kind
    result: Value
    dotted: str
    signature: Signature = Signature()
    is_property: bool = False

    def result_of(self, call: ast.Call | None) -> Value:
        """Return what this call gives, of all that may be given."""
        return self.signature.result(call, self.result)

    @property
    def place_given_back(self) -> int:
        """The place of the argument that a function gives back: in ``cast(Tensor, x)`` the
        second."""
        names, asked = self.signature.arguments, self.signature.asked
        return next((place for place, one in enumerate(names) if one not in asked), 0)

    def in_place(self, call: ast.Call) -> bool:
        """Tell whether the call may change its first argument: ``F.relu(x, inplace=True)``."""
        return self.kind is Kind.IN_PLACE or self.signature.is_set(call, "inplace") is not False


Forward: TypeAlias = Callable[[Value | None], tuple[Value, Choice | None]]
"""Reads what an instance gives back, for what it is given."""


@dataclass(frozen=True, slots=True, eq=False)
class LibraryClass:
    """A class, with what it inherits."""

    dotted: str
    bases: tuple[str, ...]
    is_module: bool
    parameters: Mapping[str, Value]
    members: Mapping[str, Value]
    """Other attributes: submodules above all."""
    methods: Mapping[str, LibraryFunction]
    fields: tuple[tuple[str, Value], ...] | None
    """In their order, of a named tuple, dataclass or output; ``None`` for other classes."""
    is_settable: bool
    is_ordered: bool
    """``out[0]`` reads the first field; not where that may be left out."""
    is_container: str | None
    """``list`` or ``dict``, of a class whose children are its items."""
    hides_members: bool
    """Its own forward, outside the input, calls its members."""
    weights_alone: str | None
    """A member whose weights its forward computes with, and which it never calls."""
    signature: Signature
    """The arguments of the constructor, and what of them decides the result."""
    forward: Forward | None

    def result(self, made: ast.Call | None, given: Value | None = None) -> Value:
        """Return what an instance gives that the call `made` makes, if it is given `given`."""
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
    def uses_name(self) -> bool:
        """Whether it keeps something of its own under ``name``, which ``setup()`` overwrites."""
        return "name" in self.members or "name" in self.methods
