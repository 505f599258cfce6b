"""What an expression may be: a set of alternatives, each a small frozen value.

The empty set means that the interpretation has not come there yet. How values are joined, so that
they only grow and settle, is in `joining`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode

__all__ = [
    "NOTHING",
    "NOT_REACHED",
    "PLAIN",
    "TENSOR",
    "UNKNOWN",
    "Alternative",
    "Attribute",
    "Bag",
    "Class",
    "Computed",
    "Counter",
    "Fields",
    "Function",
    "Held",
    "Instance",
    "Item",
    "Items",
    "Loop",
    "Member",
    "Module",
    "ModuleClass",
    "Named",
    "Nothing",
    "Origin",
    "Parameter",
    "Plain",
    "Step",
    "Tensor",
    "Unknown",
    "Value",
]

Loop: TypeAlias = ast.For | ast.AsyncFor | ast.comprehension


# --- steps: from a value to a part of it ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attribute:
    """``.name``"""

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``[0]``, ``["key"]`` or, with `written`, ``[i + 1]``."""

    key: int | str | None
    """``None`` where the source does not say which item it is."""
    written: ast.expr | None = None
    """The index as the source has it, where it is no constant."""
    by_key: bool = False
    """The item of a dict, and no place in a list."""


@dataclass(frozen=True, slots=True)
class Member:
    """Whichever member a loop hands out."""

    loop: Loop | None = None
    """``None`` in a list that runs in step with the container, until a loop runs over the list."""
    start: ast.expr | None = None
    """Where a slice begins, ``layers[k:]``."""
    along: ast.expr | None = None
    """What the loop runs over, where no index counts the members, ``reversed(self.layers)``: hook
    points have to run along."""
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """``getattr(self, f"layer{i}")``"""

    name: ast.expr
    shape: tuple[str | None, ...]
    """The constant parts of the name, with ``None`` for what is filled in."""


@dataclass(frozen=True, slots=True)
class Named:
    """What no attribute holds, a value inside a forward, by the name of its hook point:
    ``pattern``."""

    name: str


Step: TypeAlias = Attribute | Item | Member | Computed | Named


@dataclass(frozen=True, slots=True)
class Held:
    """How the code at hand reaches a module or parameter: from an argument, step by step."""

    root: ast.arg
    """``self``, or the argument under which a function is handed a module."""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a value: a call, an operation or an argument, and which part of that it is."""

    node: ast.AST
    part: tuple[Step, ...] = ()


# --- alternatives -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bag:
    """A bare ``nn.Module()`` that gets its attributes from outside: each is a class of its own."""

    made: ast.Call


ModuleClass: TypeAlias = ClassDecl | Bag | str


@dataclass(frozen=True, slots=True)
class Module:
    """A module that is called; containers that are not, such as ``nn.ModuleList``, are `Items`."""

    cls: ModuleClass | None
    """A class of the input, the dotted name of another one, or ``None`` where it is not known."""
    held: Held | None = None
    is_open: bool = False
    """It may be of a subclass, or another class in its place (an argument with a default)."""
    made: ast.AST | None = None
    """The call that made it, where its arguments matter: ``nn.MaxPool2d(return_indices=True)``."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the input that is no module: an attention processor, a trainer."""

    cls: ClassDecl
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, or views and casts of it."""

    held: Held | None
    read: ast.expr | None = None
    """The read of the parameter, or the last view on the way."""
    source: ast.expr | None = None
    """The read itself, where it is one by name."""


@dataclass(frozen=True, slots=True)
class Tensor:
    origin: Origin | None = None
    cast_of: Unknown | None = None
    """What ``.to(…)`` was called on, where that is not known: it may be a module, too."""


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple, a list, an ``nn.ModuleList`` or an ``nn.Sequential``."""

    kind: ClassDecl | str
    """``tuple``, ``list``, ``set``, or the class: of the input, or its dotted name."""
    first: tuple[Value, ...] = ()
    """The members that are known one by one."""
    rest: Value = frozenset()
    """What the members behind those may be; empty where there are none."""
    held: Held | None = None
    origin: Origin | None = None
    site: ast.AST | None = None
    """Where it was made, if it may be filled later."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A dict, an ``nn.ModuleDict``, a dataclass, a named tuple, an output of a library."""

    kind: ClassDecl | str
    """``dict``, or the class: of the input, or its dotted name."""
    fields: tuple[tuple[str, Value], ...] = ()
    """In their order."""
    rest: Value = frozenset()
    """What is under keys that the source does not show; empty where there are none."""
    is_settable: bool = False
    """Its fields can surely be assigned: no named tuple, no frozen dataclass."""
    is_ordered: bool = True
    """``out[0]`` reads the first of `fields`; not so where a base outside the input has some."""
    held: Held | None = None
    origin: Origin | None = None
    site: ast.AST | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method of the input, or a lambda."""

    node: FunctionNode | ast.Lambda
    owner: ClassDecl | None
    file: FileDecl
    bound: Value = frozenset()
    """What the first argument is, of a method that is read from an instance."""
    given: tuple[Value, ...] = ()
    """Further arguments of a ``partial``."""
    given_names: tuple[tuple[str, Value], ...] = ()
    scope: object = None
    """The function that a nested one stands in, as the interpretation knows it."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class that is no instance yet."""

    cls: ClassDecl | str
    is_open: bool = False
    fields: tuple[str, ...] = ()
    """Those of ``namedtuple("Pair", ["left", "right"])``."""
    given: tuple[Value, ...] = ()
    """Arguments of a ``partial``."""
    given_names: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """The number or key by which a loop counts the members of what it runs over."""

    loop: Loop | None = None
    start: ast.expr | None = None
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class Plain:
    """Surely neither a tensor nor a module: a number, a string, a shape, a device, a tokenizer."""

    constant: str | int | None = None
    counter: Counter | None = None
    gives_others: bool = False
    """Its items and what its methods give may be tensors: a data loader, a distribution."""
    is_slice: bool = False
    """As an index it takes part of a list: ``slice(0, count)``."""
    shape: tuple[str | None, ...] = ()
    """Of a text that is worked out: what is constant in it, and ``None`` for what is filled in."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """``None``"""

    argument: ast.arg | None = None
    """The argument that is ``None`` where a call leaves it out."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything. How it is used may say more."""

    origin: Origin | None = None
    held: Held | None = None
    name: str | None = None
    """The dotted name that the input imports from outside."""


Alternative: TypeAlias = (
    Module
    | Instance
    | Parameter
    | Tensor
    | Items
    | Fields
    | Function
    | Class
    | Plain
    | Nothing
    | Unknown
)
Value: TypeAlias = frozenset[Alternative]

NOT_REACHED: Value = frozenset()
UNKNOWN: Value = frozenset({Unknown()})
TENSOR: Value = frozenset({Tensor()})
PLAIN: Value = frozenset({Plain()})
NOTHING: Value = frozenset({Nothing()})
