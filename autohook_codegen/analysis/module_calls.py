"""What a call of a module gives: what its ``forward`` returns, or what the library says."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.arguments import Argument, Arguments
from autohook_codegen.analysis.attributes import attribute_in
from autohook_codegen.analysis.frame import Frame, without_nothing
from autohook_codegen.analysis.functions import call_function
from autohook_codegen.analysis.growing import added_members
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import of_call
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Fields,
    Function,
    Instance,
    Items,
    Module,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = ["call_module", "is_called"]

SEQUENTIAL = "torch.nn.Sequential"


def is_called(frame: Frame, one: Alternative) -> bool:
    """Tell whether calling the alternative may call a module."""
    match one:
        case Module():
            return True
        case Items(kind=kind) | Fields(kind=kind):
            if isinstance(kind, ClassDecl):
                return kind.method("forward") is not None
            return kind == SEQUENTIAL
        case Unknown(held=held):
            return held is not None
    return False


def call_module(
    frame: Frame, one: Module | Items | Fields, node: ast.Call, arguments: Arguments
) -> Value:
    """Return what a call of the module gives, each part of it made by this call."""
    return of_call(_result(frame, one, node, arguments), node)


def _result(frame: Frame, one: Alternative, node: ast.AST, arguments: Arguments) -> Value:
    match one:
        case Items(kind=kind) if kind == SEQUENTIAL:
            return _through_members(frame, one, node, arguments)
        case (
            Module(cls=ClassDecl() as cls)
            | Items(kind=ClassDecl() as cls)
            | Fields(kind=ClassDecl() as cls)
        ):
            return _through_forward(frame, one, cls, node, arguments)
        case Module(cls=str() as cls, made=made):
            known = library.library_class(cls)
            if known is None:
                return UNKNOWN
            first = arguments.first()
            given = first.value if first is not None else None
            if first is not None and first.node is not None and isinstance(made, ast.Call):
                if known.in_place(made):
                    frame.use(first.node, first.value, How.WRITTEN, node)
            result = known.result(made if isinstance(made, ast.Call) else None, given)
            # What an identity is given beside tensors, it is more likely not given in this place.
            is_plain = all(isinstance(kind, Tensor) for kind in result)
            return result if is_plain or result != given else UNKNOWN
        case Instance() | Function():
            return UNKNOWN
    return UNKNOWN


def _through_forward(
    frame: Frame, one: Alternative, cls: ClassDecl, node: ast.AST, arguments: Arguments
) -> Value:
    kept = attribute_in(frame, _setters_of_forward(frame, cls), "forward")
    found = kept or frame.methods.method(frame, cls, "forward", frozenset({one}))
    if found is None:
        for base in sorted(cls.all_outside_bases):
            known = library.library_class(base)
            if known is not None and base != "torch.nn.Module":
                result = known.result(None)
                if result:
                    return result
        return UNKNOWN
    arguments = _with_an_input(arguments)
    results = [
        call_function(frame, function, arguments, node)
        if isinstance(function, Function)
        else UNKNOWN
        for function in found
    ]
    return join(*results) if results else NOT_REACHED


def _setters_of_forward(frame: Frame, cls: ClassDecl) -> list[ClassDecl]:
    """Return the classes of which an instance has a `forward` that is set: by a method of any, in
    the body of none behind the one that defines it, ``forward = _forward``."""
    method = cls.method("forward")
    last = cls.mro.index(method[0]) if method is not None else len(cls.mro)
    return [
        one
        for place, one in enumerate(cls.mro)
        if place <= last
        or any(
            its.function is not None
            for its in frame.state.definitions.get(one, {}).get("forward", {}).values()
        )
    ]


def _with_an_input(arguments: Arguments) -> Arguments:
    """A module is not called with ``None`` first, where that may be anything else."""
    if not arguments.given:
        return arguments
    first, *rest = arguments.given
    value = without_nothing(first.value) or first.value
    return Arguments((replace(first, value=value), *rest))


def _through_members(frame: Frame, one: Items, node: ast.AST, arguments: Arguments) -> Value:
    """Each member of a Sequential gets what the one before it gives."""
    grown = added_members(frame, one)
    given = arguments
    value: Value = UNKNOWN
    for member in one.first:
        value = _results(frame, member, node, given)
        given = Arguments((Argument(None, value),))
    rest = join(one.rest, grown)
    if rest:
        anything = Arguments((Argument(None, join(value, UNKNOWN)),))
        after = _results(frame, rest, node, anything)
        return join(after, value) if one.first and not one.rest else after
    return value if one.first else UNKNOWN


def _results(frame: Frame, member: Value, node: ast.AST, arguments: Arguments) -> Value:
    found = [_result(frame, inner, node, arguments) for inner in member]
    return join(*found) if found else NOT_REACHED
