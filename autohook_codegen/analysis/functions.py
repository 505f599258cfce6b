"""Functions of the input: what they are, and what calling one gives."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.analysis.arguments import Arguments, hand_over, who_gets
from autohook_codegen.analysis.attribute_access import attribute_of
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.items import item_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import held_of, is_way, origins, reached_by
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Attribute,
    Fields,
    Function,
    Held,
    Instance,
    Item,
    Items,
    Module,
    Nothing,
    Origin,
    Parameter,
    Step,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import FunctionNode

__all__ = ["call_function", "function_value", "given_parts"]


def function_value(frame: Frame, node: FunctionNode | ast.Lambda) -> Value:
    """Return the value of a definition that stands in the function at hand."""
    frame.interpretation.unit(node, frame.unit.owner, frame.file, frame.unit)
    function = frozenset({Function(node, frame.unit.owner, frame.file)})
    if isinstance(node, ast.Lambda):
        return function
    return frame.methods.decorated(frame, function, node)


def call_function(frame: Frame, function: Function, arguments: Arguments, node: ast.AST) -> Value:
    """Return what a call gives, and hand its arguments over."""
    frame.calls(function.node)
    got = hand_over(frame, function, arguments)
    returned = frame.methods.returned(frame, function)
    value = _Returned(frame, got, node).value(returned, ())
    if any(isinstance(one, Unknown) and _is_argument(one.origin) for one in returned):
        handed = tuple(
            replace(one, value=frame.given_back(one.node, one.value)) if one.node else one
            for one in arguments.given
        )
        if handed != arguments.given:
            got = who_gets(frame, function, Arguments(handed))
            frame.sent_on.setdefault(node, []).append(
                (value, _Returned(frame, got, node).value(returned, ()))
            )
    return value


def _is_argument(origin: Origin | None) -> bool:
    return origin is not None and isinstance(origin.node, ast.arg)


class _Returned:
    """A result as the caller sees it: what was handed in comes back as it is there."""

    def __init__(
        self,
        frame: Frame,
        got: dict[ast.arg, Value],
        call: ast.AST,
    ) -> None:
        self.frame = frame
        self.got = got
        self.known = {origin.node for value in got.values() for origin in origins(value)}
        self.call = call

    def value(self, value: Value, part: tuple[Step, ...]) -> Value:
        if not value:
            return NOT_REACHED
        return join(*(self._one(one, part) for one in value))

    def _one(self, one: Alternative, part: tuple[Step, ...]) -> Value:
        origin = Origin(self.call, part)
        match one:
            case Tensor(origin=made):
                kept = made is not None and made.node in self.known
                cast_of = Unknown(origin) if one.cast_of is not None else None
                return frozenset({one if kept else Tensor(origin, cast_of)})
            case Unknown(origin=Origin(node=ast.arg() as argument, part=steps)):
                if argument in self.got:
                    return given_parts(self.frame, self.got[argument], steps, self.call)
                return frozenset({Unknown(origin)})
            case Nothing(argument=ast.arg() as argument) if argument in self.got:
                return NOT_REACHED  # what was given is there by itself
            case Unknown(name=str()):
                return frozenset({one})
            case Unknown(origin=made):
                kept = made is not None and made.node in self.known
                return frozenset({one if kept else Unknown(origin)})
            case Parameter(held=held):
                # One that the function itself has read is hooked where it returns it.
                is_given = held is not None and not held.steps
                return (self._held(one, held) if is_given else NOT_REACHED) or frozenset(
                    {Tensor(origin)}
                )
            case Module(held=held) | Instance(held=held):
                return self._held(one, held) or frozenset({replace(one, held=None)})
            case Items():
                if one.origin is not None and one.origin.node in self.known:
                    return frozenset({one})
                first = tuple(
                    self.value(inner, (*part, Item(place))) for place, inner in enumerate(one.first)
                )
                rest = self.value(one.rest, (*part, Item(None)))
                mine = one.held is not None and self._held(one, one.held)
                if mine:
                    return mine
                return frozenset({replace(one, first=first, rest=rest, origin=origin, held=None)})
            case Fields():
                if one.origin is not None and one.origin.node in self.known:
                    return frozenset({one})
                mine = one.held is not None and self._held(one, one.held)
                if mine:
                    return mine
                fields = tuple(
                    (name, self.value(inner, (*part, Attribute(name))))
                    for name, inner in one.fields
                )
                rest = self.value(one.rest, (*part, Item(None, by_key=True)))
                return frozenset({replace(one, fields=fields, rest=rest, origin=origin, held=None)})
        return frozenset({one})

    def _held(self, one: Alternative, held: Held | None) -> Value:
        """A module that the caller has handed in, or a part of one."""
        if held is None or held.root not in self.got:
            return NOT_REACHED
        actual = self.got[held.root]
        if not held.steps:
            kind = getattr(one, "cls", None)
            return frozenset(
                other
                for other in actual
                if type(other) is type(one)
                and (kind is None or getattr(other, "cls", None) == kind)
            )
        ways = {held_of(other) for other in actual}
        if len(ways) != 1 or not is_way(held):
            return frozenset({reached_by(one, None)})
        (way,) = ways
        way = Held(way.root, (*way.steps, *held.steps)) if way is not None else None
        return frozenset({reached_by(one, way)})


def given_parts(frame: Frame, value: Value, steps: tuple[Step, ...], node: ast.AST) -> Value:
    """Return a part of what was handed in."""
    for step in steps:
        found: list[Value] = []
        for one in value:
            if isinstance(step, Attribute):
                found.append(attribute_of(frame, one, step.name, node))
            elif isinstance(step, Item):
                found.append(item_of(frame, one, step.key, node, None))
            else:
                found.append(UNKNOWN)
        value = join(*found) if found else NOT_REACHED
    return value
