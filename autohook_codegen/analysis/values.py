"""What an expression may be: a set of alternatives, each a small frozen value.

The empty set means that the interpretation has not come there yet, and joining is union. So a value
only grows, and does not depend on the order in which the program is read.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TypeAlias

from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode

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
    "Nothing",
    "Origin",
    "Parameter",
    "Plain",
    "Step",
    "Tensor",
    "Unknown",
    "Value",
    "depth",
    "join",
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


Step: TypeAlias = Attribute | Item | Member | Computed


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

MOST_ALTERNATIVES = 16
MOST_MEMBERS = 12
DEEPEST = 5
"""How much of a value is known one by one. Beyond, a part of it is taken for any: so the
interpretation comes to an end."""


ANYWHERE = Origin(ast.Pass())
"""The origin of a tuple or dict that stands for those of many places."""
ANYTHING = Unknown(Origin(ast.Pass()))
"""Stands for more modules, functions and classes than are kept one by one."""


def join(*values: Value) -> Value:
    """Return what a value is that may be any of `values`.

    Tuples that come from one place are one tuple, whose members are joined; and a tensor from
    anywhere takes in those whose origin is known.
    """
    joined = values[0].union(*values[1:]) if values else NOT_REACHED
    if len(joined) < 2 or (any(joined == one for one in values) and len(joined) < 3):
        return joined
    joined = _joined_structures(joined)
    if ANYTHING in joined:
        return frozenset(map(_least, joined))
    for whole in (Tensor(), Unknown(), Plain()):
        if whole in joined:
            joined = frozenset(
                one for one in joined if type(one) is not type(whole) or one == whole
            )
    return joined if len(joined) <= MOST_ALTERNATIVES else _widened(joined)


def _joined_structures(value: Value) -> Value:
    structured = [one for one in value if isinstance(one, Items | Fields)]
    if len(structured) < 2:
        return value
    return value.difference(structured).union(_merged(structured))


def _merged(structured: list[Items | Fields]) -> set[Items | Fields]:
    found: dict[object, Items | Fields] = {}
    anywhere = {one.kind for one in structured if one.origin == ANYWHERE}
    for one in structured:
        if one.kind in anywhere and one.origin != ANYWHERE:
            one = _from_anywhere(one)
        key: tuple[object, ...] = (type(one), one.kind, one.held, one.origin, one.site)
        if isinstance(one, Items):
            key = (*key, len(one.first))
        other = found.get(key)
        found[key] = one if other is None else _both(one, other)
    by_length: dict[object, list[Items]] = {}
    for one in found.values():
        if isinstance(one, Items):
            by_length.setdefault((one.kind, one.held, one.origin, one.site), []).append(one)
    kept = {one for one in found.values() if isinstance(one, Fields)}
    result: set[Items | Fields] = set(kept)
    for alike in by_length.values():
        # one of any length takes in those of the same place that are known member by member
        if len(alike) > 2 or (len(alike) == 2 and any(_is_of_any_length(one) for one in alike)):
            members = join(*(member for one in alike for member in (*one.first, one.rest)))
            result.add(replace(alike[0], first=(), rest=members))
        else:
            result.update(alike)
    return result


def _is_of_any_length(one: Items) -> bool:
    return not one.first and bool(one.rest)


def _from_anywhere(one: Items | Fields) -> Items | Fields:
    if isinstance(one, Items):
        return Items(one.kind, (), join(*one.first, one.rest), origin=ANYWHERE)
    return replace(one, origin=ANYWHERE, held=None, site=None)


def _both(one: Items | Fields, other: Items | Fields) -> Items | Fields:
    if isinstance(one, Items) and isinstance(other, Items):
        first = tuple(join(a, b) for a, b in zip(one.first, other.first, strict=True))
        return replace(one, first=first, rest=join(one.rest, other.rest))
    assert isinstance(one, Fields)
    assert isinstance(other, Fields)
    longer, shorter = (one, other) if len(one.fields) >= len(other.fields) else (other, one)
    fields = dict(longer.fields)
    for name, value in shorter.fields:
        fields[name] = join(fields[name], value) if name in fields else value
    # in one order whichever of the two comes first
    kept = [name for name, _ in longer.fields if name in dict(shorter.fields)]
    in_order = kept == [name for name, _ in shorter.fields]
    return replace(
        longer,
        fields=tuple(fields.items() if in_order else sorted(fields.items())),
        rest=join(one.rest, other.rest),
        is_settable=one.is_settable and other.is_settable,
        is_ordered=one.is_ordered and other.is_ordered,
    )


def _widened(value: Value) -> Value:
    """Return fewer alternatives that take in all of `value`.

    What is put in their place takes in, in every later join, what it was put in place of: a value
    that came back to what it was would never settle.
    """
    kept: set[Alternative] = set()
    for one in value:
        match one:
            case Tensor() | Plain() | Unknown():
                kept.add(type(one)())
            case Items() | Fields():
                kept.add(_from_anywhere(one))
            case _:
                kept.add(one)
    joined = _joined_structures(frozenset(kept))
    return joined if len(joined) <= MOST_ALTERNATIVES else frozenset({ANYTHING, *map(_least, kept)})


def _least(one: Alternative) -> Alternative:
    """Return what is kept of an alternative beside `ANYTHING`."""
    match one:
        case Tensor() | Plain() | Nothing():
            return type(one)()
        case _:
            return ANYTHING


def depth(value: Value) -> int:
    """Return how deep tuples and dicts nest in the value."""
    deepest = 0
    for one in value:
        if isinstance(one, Items):
            deepest = max(deepest, 1 + max(map(depth, (*one.first, one.rest))))
        elif isinstance(one, Fields):
            deepest = max(deepest, 1 + max(map(depth, (*(v for _, v in one.fields), one.rest))))
    return deepest
