"""What a value becomes that is kept in an attribute."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.parts import OWN, held_of, holds_modules, reached_by
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.units import receiver_of
from autohook_codegen.analysis.values import (
    Alternative,
    Fields,
    Held,
    Items,
    Parameter,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["kept_in_attribute"]


def kept_in_attribute(value: Value, frame: Frame) -> Value:
    """Return what is kept in an attribute: an alias is reached by the attribute, and what a kept
    list holds is reached from the instance that keeps it."""
    unit: Unit | None = frame.unit
    receivers: set[ast.arg] = set()
    while unit is not None:
        receiver = receiver_of(unit)
        if receiver is not None:
            receivers.add(receiver)
        unit = unit.parent

    def inner(value: Value, is_module: bool = False) -> Value:
        kept: set[Alternative] = set()
        for one in value:
            if isinstance(one, Tensor) and one.cast_of is not None:
                one = one.cast_of
            held = held_of(one)
            if isinstance(one, Parameter) and one.read is not one.source:
                kept.add(Tensor())  # hooked where it is viewed
                continue
            if isinstance(one, Items):
                are_modules = holds_modules(one)
                first = tuple(inner(member, are_modules) for member in one.first)
                one = replace(one, first=first, rest=inner(one.rest, are_modules))
            elif isinstance(one, Fields):
                are_modules = holds_modules(one)
                fields = tuple((name, inner(field, are_modules)) for name, field in one.fields)
                one = replace(one, fields=fields, rest=inner(one.rest, are_modules))
            elif isinstance(one, Unknown) and is_module:
                one = replace(one, origin=None)  # a part of the container, as it is of no call
            if held is not None:
                way = Held(OWN, held.steps) if held.root in receivers and held.steps else None
                one = reached_by(one, way)
            kept.add(one)
        return frozenset(kept)

    return frozenset(_plainly(one) for one in inner(value))


def _plainly(one: Alternative) -> Alternative:
    """What an attribute is, whichever way it came there."""
    if isinstance(one, Unknown):
        is_function = one.name is not None and (
            one.name.startswith("torch.") or library.function(one.name) is not None
        )
        return one if is_function else Unknown()
    if isinstance(one, Parameter):
        return Parameter(None)  # read where the attribute is
    return reached_by(one, None)
