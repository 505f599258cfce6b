"""Calls into libraries, and methods of tensors: what an operation gives, and what it does with what
it takes."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.parts import of_call
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    PLAIN,
    UNKNOWN,
    Alternative,
    Class,
    Function,
    Items,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["call_library", "tensor_method", "use_arguments"]

Kind = library.Kind

_HOW = {
    Kind.OPERATION: How.OPERATION,
    Kind.VIEW: How.OPERATION,
    Kind.FACT: How.FACT,
    Kind.JOINED: How.JOINED,
    Kind.IN_PLACE: How.WRITTEN,
    Kind.SAME: How.OPERATION,
    Kind.CALLS: How.ARGUMENT,
    Kind.OTHER: How.ARGUMENT,
}


def call_library(
    frame: Frame,
    name: str,
    function: library.LibraryFunction | None,
    node: ast.Call,
    arguments: Arguments,
) -> Value:
    """Return what a function outside the input gives."""
    first = arguments.first()
    if name == "functools.partial" and first is not None:
        return _partial(first.value, arguments)
    if name == "collections.namedtuple":
        return _named_tuple(name, arguments)
    if function is None:
        arguments.use(frame, How.ARGUMENT, node)
        _hand_to_unknown(frame, arguments)
        method = _method_of_class(name)
        if method is not None:
            return _relabelled(_result_of(frame, method, node), node)
        return frozenset({Unknown(Origin(node))})
    if function.kind is Kind.SAME and function.place_given_back < len(arguments.given):
        return arguments.given[function.place_given_back].value
    if function.kind is Kind.VIEW and first is not None:
        return _view(frame, function, node, first.value, arguments)
    arguments.use(frame, _HOW[function.kind], node)
    if function.kind is Kind.FACT:
        return _relabelled(_result_of(frame, function, node), node)
    if function.kind is Kind.OTHER:
        _hand_to_unknown(frame, arguments)
        return _relabelled(_result_of(frame, function, node), node)
    _note_in_place(frame, function, node, arguments)
    if function.kind is Kind.IN_PLACE and first is not None:
        if first.value and all(isinstance(one, Parameter) for one in first.value):
            return first.value  # nn.init.zeros_(nn.Parameter(…))
    kind = function.dotted.rsplit(".", 1)[-1]
    frame.operation(kind, node, *_operands(arguments))
    return _relabelled(_result_of(frame, function, node), node)


def _named_tuple(name: str, arguments: Arguments) -> Value:
    """``namedtuple("Pair", "left right")``, or with a list of the names."""
    given = arguments.positional[1].value if len(arguments.positional) > 1 else UNKNOWN
    fields: list[str] = []
    for one in given:
        inside = one.first if isinstance(one, Items) else (given,)
        constants = [k.constant for value in inside for k in value if isinstance(k, Plain)]
        fields += [word for text in constants for word in str(text).replace(",", " ").split()]
    return frozenset({Class(name, fields=tuple(fields))}) if fields else UNKNOWN


def _method_of_class(name: str) -> library.LibraryFunction | None:
    """``AutoModel.from_config(…)``"""
    owner, _, last = name.rpartition(".")
    known = library.library_class(owner) if owner else None
    return known.methods.get(last) if known is not None else None


def _operands(
    arguments: Arguments,
) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
    plain = tuple(one.value for one in arguments.positional)
    named = tuple(
        (one.name, one.value) for one in arguments.given if one.name and not one.is_starred
    )
    return plain, named


def _note_in_place(
    frame: Frame, function: library.LibraryFunction, node: ast.Call, arguments: Arguments
) -> None:
    first = arguments.first()
    if first is not None and first.node is not None:
        if function.kind is Kind.IN_PLACE or (
            "inplace" in function.signature.arguments and function.in_place(node)
        ):
            frame.use(first.node, first.value, How.WRITTEN, node)
    for one in arguments.given:
        if one.name == "out" and one.node is not None:
            frame.use(one.node, one.value, How.WRITTEN, node)


def _partial(callee: Value, arguments: Arguments) -> Value:
    rest = arguments.without_first()
    if any(given.is_starred for given in rest.given):
        return callee
    values = tuple(argument.value for argument in rest.positional)
    names = tuple((a.name, a.value) for a in rest.given if a.name is not None)
    return frozenset(
        replace(one, given=(*one.given, *values), given_names=(*one.given_names, *names))
        if isinstance(one, Class | Function)
        else one
        for one in callee
    )


def _relabelled(result: Value, node: ast.Call) -> Value:
    return of_call(result, node) if result else NOT_REACHED


def _hand_to_unknown(frame: Frame, arguments: Arguments) -> None:
    """Code outside the input may call a function of the input with anything."""
    for argument in arguments.given:
        for one in argument.value:
            if isinstance(one, Function):
                frame.calls(one.node)
                frame.methods.hand_anything(one)


def _view(
    frame: Frame,
    function: library.LibraryFunction,
    node: ast.Call,
    first: Value,
    arguments: Arguments,
) -> Value:
    first = frozenset(one for one in first if not isinstance(one, Nothing))
    if first and all(isinstance(one, Parameter) for one in first):
        return frozenset(
            _viewed(replace(one, read=node), node, function)
            for one in first
            if isinstance(one, Parameter)
        )
    arguments.use(frame, How.OPERATION, node)
    kind = function.dotted.rsplit(".", 1)[-1]
    viewed = frame.operation(kind, node, *_operands(arguments))
    result = _result_of(frame, function, node)
    return _relabelled(result, node) if _is_in_parts(result) else viewed


def _result_of(frame: Frame, function: library.LibraryFunction, node: ast.Call) -> Value:
    """What the call gives; a tensor in the place of the argument that decides is another function:
    ``torch.max(x, y)``, not ``torch.max(x, dim)``."""
    choice = function.signature.choice
    if choice is not None and not choice.by_presence:
        given = function.signature.argument(node, choice.argument)
        value = frame.trace.values.get(given, NOT_REACHED) if given is not None else NOT_REACHED
        if value and all(isinstance(one, Tensor | Parameter) for one in value):
            return choice.otherwise
    return function.result_of(node)


def _is_in_parts(result: Value) -> bool:
    return any(isinstance(one, Items) for one in result)


def _viewed(one: Parameter, node: ast.Call, function: library.LibraryFunction) -> Alternative:
    """A view of a parameter; where there are several, ``split``, each part is one."""
    if _is_in_parts(function.result_of(node)):
        return Items("tuple", (), frozenset({replace(one, read=None)}))
    return one


# --- methods of tensors -----------------------------------------------------------------------


def tensor_method(
    frame: Frame,
    one: Tensor | Parameter | Unknown,
    func: ast.Attribute,
    node: ast.Call,
    arguments: Arguments,
    holder: Value,
) -> Value:
    """Return what a method of a tensor gives."""
    member = library.tensor_member(func.attr)
    if member is None:
        if func.attr.endswith("_") and not func.attr.endswith("__"):
            frame.use(func.value, holder, How.WRITTEN, node)
            return frozenset({one})
        frame.use(func.value, holder, How.ARGUMENT, node)
        arguments.use(frame, How.ARGUMENT, node)
        _hand_to_unknown(frame, arguments)
        return frozenset({Unknown(Origin(node))})
    if member.kind is Kind.VIEW and isinstance(one, Parameter):
        _use_others(frame, member, arguments, node)
        return frozenset({_viewed(frame.viewed(one, node, func.value), node, member)})
    frame.use(func.value, holder, _HOW[member.kind], node)
    _use_others(frame, member, arguments, node)
    if member.kind is Kind.FACT:
        return _relabelled(_result_of(frame, member, node), node) or PLAIN
    if member.kind is Kind.IN_PLACE:
        return frozenset({one})
    plain, named = _operands(arguments)
    frame.operation(func.attr, node, (frozenset({one}), *plain), named)
    return _relabelled(_result_of(frame, member, node), node) or UNKNOWN


def use_arguments(frame: Frame, name: str, arguments: Arguments, node: ast.Call) -> None:
    """Write down what a method takes of something that holds no numbers: a mask, or no tensor."""
    member = library.tensor_member(name)
    if member is not None and not member.is_property:
        _use_others(frame, member, arguments, node)
    else:
        arguments.use(frame, How.ARGUMENT, node)


def _use_others(
    frame: Frame, member: library.LibraryFunction, arguments: Arguments, node: ast.Call
) -> None:
    for place, one in enumerate(arguments.given):
        if one.node is None:
            continue
        name = one.name
        if name is None and place < len(member.signature.arguments):
            name = member.signature.arguments[place]
        how = How.FACT if name in member.signature.asked else How.OPERATION
        frame.use(one.node, one.value, how, node)
