"""What a call hands over, and which argument of a function gets it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.iterating import members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import holds_modules
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Fields,
    Function,
    Held,
    Instance,
    Items,
    Module,
    Origin,
    Parameter,
    Unknown,
    Value,
)

__all__ = ["Argument", "Arguments", "arguments_of", "hand_over", "who_gets"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One value that a call gives."""

    node: ast.expr | None
    value: Value
    name: str | None = None
    is_starred: bool = False
    """``*values`` or ``**values``."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """All that a call gives, in its order."""

    given: tuple[Argument, ...] = ()

    @classmethod
    def of(cls, *values: Value) -> Arguments:
        return cls(tuple(Argument(None, value) for value in values))

    @property
    def positional(self) -> tuple[Argument, ...]:
        return tuple(one for one in self.given if one.name is None and not _is_mapping(one))

    def first(self) -> Argument | None:
        return next((one for one in self.given if not one.is_starred), None)

    def without_first(self) -> Arguments:
        return Arguments(self.given[1:])

    def after(
        self, given: tuple[Value, ...], given_names: tuple[tuple[str, Value], ...]
    ) -> Arguments:
        """Return these with those of a ``partial`` before them."""
        if not (given or given_names):
            return self
        own = {one.name for one in self.given}
        named = (Argument(None, value, name) for name, value in given_names if name not in own)
        return Arguments((*(Argument(None, value) for value in given), *self.given, *named))

    def values(self) -> tuple[Value, ...]:
        return tuple(one.value for one in self.given)

    def use(self, frame: Frame, how: How, by: ast.AST) -> None:
        """Write down that `by` takes them."""
        for one in self.given:
            if one.node is not None:
                frame.use(one.node, one.value, How.LOOPED if one.is_starred else how, by)


def _is_mapping(one: Argument) -> bool:
    return one.is_starred and one.name is not None


def arguments_of(frame: Frame, node: ast.Call) -> Arguments:
    """Evaluate what a call gives."""
    given: list[Argument] = []
    for one in node.args:
        if isinstance(one, ast.Starred):
            given.append(Argument(one.value, frame.evaluate(one.value), is_starred=True))
        else:
            given.append(Argument(one, frame.evaluate(one)))
    for keyword in node.keywords:
        value = frame.evaluate(keyword.value)
        if keyword.arg is None:
            given.append(Argument(keyword.value, value, "**", is_starred=True))
        else:
            given.append(Argument(keyword.value, value, keyword.arg))
    return Arguments(tuple(given))


def hand_over(frame: Frame, function: Function, arguments: Arguments) -> dict[ast.arg, Value]:
    """Give the arguments of a call to the arguments of a function, and return who got what."""
    got = who_gets(frame, function, arguments)
    for argument, value in got.items():
        frame.state.write(("argument", argument), rerooted(value, argument))
    return got


def who_gets(frame: Frame, function: Function, arguments: Arguments) -> dict[ast.arg, Value]:
    """Return what each argument of a function gets in a call."""
    args = function.node.args
    plain = [*args.posonlyargs, *args.args]
    got: dict[ast.arg, Value] = {}
    queue = list(_queue(frame, function, arguments))
    open_ended: Value = NOT_REACHED
    place = 0
    for value, is_rest in queue:
        if is_rest:
            open_ended = join(open_ended, value)
        elif place < len(plain):
            got[plain[place]] = value
            place += 1
        elif args.vararg is not None:
            before = got.get(args.vararg, NOT_REACHED)
            got[args.vararg] = join(before, frozenset({Items("tuple", (), value)}))
    named = {one.arg: one for one in (*args.args, *args.kwonlyargs)}
    for name, value in (
        *function.given_names,
        *((one.name, one.value) for one in arguments.given if one.name and not one.is_starred),
    ):
        if name in named:
            got[named[name]] = join(got.get(named[name], NOT_REACHED), value)
        elif args.kwarg is not None:
            _add_field(got, args.kwarg, name, value)
    for one in arguments.given:
        if _is_mapping(one):
            _hand_mapping(one.value, named, got, args.kwarg)
    if open_ended:
        for one_left in (*plain[place:], *((args.vararg,) if args.vararg else ())):
            value = open_ended
            if one_left is args.vararg:
                value = frozenset({Items("tuple", (), open_ended)})
            got[one_left] = join(got.get(one_left, NOT_REACHED), value)
    return got


def _queue(frame: Frame, function: Function, arguments: Arguments) -> Iterator[tuple[Value, bool]]:
    """Yield positional values, and whether each stands for any number of them."""
    if function.bound:
        yield function.bound, False
    for value in function.given:
        yield value, False
    for one in arguments.positional:
        if not one.is_starred:
            yield one.value, False
            continue
        exact = next(iter(one.value), None) if len(one.value) == 1 else None
        if isinstance(exact, Items) and not exact.rest and exact.site is None:
            for value in exact.first:
                yield value, False
        else:
            inside = members_of(frame, one.value, one.node or ast.Constant(None))
            yield inside or UNKNOWN, True


def _add_field(got: dict[ast.arg, Value], into: ast.arg, name: str, value: Value) -> None:
    fields: dict[str, Value] = {}
    for one in got.get(into, NOT_REACHED):
        if isinstance(one, Fields):
            fields.update(one.fields)
    fields[name] = join(fields.get(name, NOT_REACHED), value)
    got[into] = frozenset({Fields("dict", tuple(fields.items()), is_settable=True)})


def _hand_mapping(
    value: Value, named: dict[str, ast.arg], got: dict[ast.arg, Value], kwarg: ast.arg | None
) -> None:
    for one in value:
        if not isinstance(one, Fields):
            continue
        for name, inner in one.fields:
            if name in named:
                got[named[name]] = join(got.get(named[name], NOT_REACHED), inner)
            elif kwarg is not None:
                _add_field(got, kwarg, name, inner)


def rerooted(value: Value, argument: ast.arg) -> Value:
    """Return a value as a function reaches it that is handed it."""
    return frozenset(_rerooted(one, argument) for one in value)


def _rerooted(one: Alternative, argument: ast.arg) -> Alternative:
    match one:
        case Module() | Instance():
            return replace(one, held=Held(argument))
        case Parameter():
            return Parameter(Held(argument))
        case Items() | Fields():
            return replace(one, held=Held(argument) if holds_modules(one) else None)
        case Unknown(held=Held()):
            return Unknown(Origin(argument))
    return one
