"""Python's own functions that hand values on: ``enumerate``, ``zip``, ``getattr``, ``list``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from autohook_codegen.analysis.arguments import Argument, Arguments
from autohook_codegen.analysis.attribute_access import attribute_of
from autohook_codegen.analysis.attributes import computed_attribute, define, define_computed
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.iterating import counted, in_step, members_of, unplaced
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.names_computed import computed_name
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    PLAIN,
    UNKNOWN,
    Alternative,
    Bag,
    Class,
    Fields,
    Function,
    Instance,
    Items,
    Member,
    Module,
    Origin,
    Plain,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["BUILTINS"]

_Builtin = Callable[[Frame, ast.Call, Arguments], Value]


def _iterated(arguments: Arguments, place: int = 0) -> Argument | None:
    plain = arguments.positional
    return plain[place] if place < len(plain) else None


def _enumerate(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.LOOPED, node)
    first = _iterated(arguments)
    if first is None or first.is_starred:
        return UNKNOWN
    start = _iterated(arguments, 1)
    named = next((one for one in arguments.given if one.name == "start"), start)
    written = named.node if named is not None else None
    if isinstance(written, ast.Constant) and written.value == 0:
        written = None
    return counted(frame, first.value, node, written)


def _zip(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.LOOPED, node)
    first: list[Value] = []
    for one in arguments.positional:
        if not one.is_starred:
            first.append(members_of(frame, one.value, node))
            continue
        whole = next(iter(one.value), None) if len(one.value) == 1 else None
        if not isinstance(whole, Items) or whole.rest:
            return UNKNOWN
        first += [members_of(frame, inner, node) for inner in whole.first]
    return frozenset({Items("iterator", (), frozenset({Items("tuple", tuple(first))}))})


def _reversed(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.LOOPED, node)
    first = _iterated(arguments)
    return in_step(frame, first.value, node, Member(along=node)) if first else UNKNOWN


def _list(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    kind = node.func.id if isinstance(node.func, ast.Name) else "list"
    first = _iterated(arguments)
    if first is None:
        site = node if kind == "list" else None
        return frozenset({Items(kind, site=site)})
    arguments.use(frame, How.LOOPED, node)
    found: set[Alternative] = set()
    for one in first.value:
        inside = in_step(frame, frozenset({one}), node)
        for made in inside:
            assert isinstance(made, Items)
            found.add(Items(kind, made.first, made.rest, site=node if kind == "list" else None))
    return frozenset(found)


def _dict(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.JOINED, node)
    fields: dict[str, Value] = {}
    rest: Value = NOT_REACHED
    for one in arguments.given:
        if one.name is not None and not one.is_starred:
            fields[one.name] = one.value
            continue
        for other in one.value:
            if isinstance(other, Fields):
                fields.update(other.fields)
                rest = join(rest, other.rest)
            else:
                rest = join(rest, UNKNOWN)
    return frozenset({Fields("dict", tuple(fields.items()), rest, is_settable=True, site=node)})


def _range(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.TESTED, node)
    return frozenset({Items("iterator", (), PLAIN)})


def _getattr(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    if len(arguments.positional) < 2:
        return UNKNOWN
    holder, name, *default = arguments.positional
    constants = [one.constant for one in name.value if isinstance(one, Plain)]
    found: list[Value] = []
    for one in holder.value:
        if constants and all(isinstance(constant, str) for constant in constants):
            found += [attribute_of(frame, one, str(constant), node) for constant in constants]
        elif name.node is not None:
            found.append(_computed(frame, one, name.node, name.value))
    for one_default in default:
        found.append(one_default.value)
    return join(*found) if found else NOT_REACHED


def _computed(frame: Frame, one: Alternative, name: ast.expr, value: Value) -> Value:
    """``getattr(self, f"layer{i}")``"""
    computed = computed_name(name, value)
    if isinstance(one, Module) and computed is not None:
        found = computed_attribute(frame, one, computed)
        if found:
            return found
        methods = frame.methods.methods_named(frame, one, computed.shape)
        if methods:
            return methods
    if isinstance(one, Unknown) and one.name is not None:
        return frozenset({Plain()}) if one.name.startswith("torch") else UNKNOWN
    return frozenset({Unknown(Origin(name))})


def _setattr(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    if len(arguments.positional) == 3:
        holder, name, value = arguments.positional
        constants = [one.constant for one in name.value if isinstance(one, Plain)]
        for one in holder.value:
            if not isinstance(one, Module | Instance) or isinstance(one.cls, str | None):
                continue
            if constants and all(isinstance(constant, str) for constant in constants):
                for constant in constants:
                    define(frame, one.cls, str(constant), value.value, node.args[0], None)
            elif name.node is not None and not isinstance(one.cls, Bag):
                define_computed(frame, one.cls, name.node, name.value, value.value, node.args[0])
        if value.node is not None:
            frame.use(value.node, value.value, How.STORED, node)
    return NOTHING


def _asks(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.TESTED, node)
    return PLAIN


def _next(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    first = _iterated(arguments)
    if first is None:
        return UNKNOWN
    arguments.use(frame, How.LOOPED, node)
    return _of_any_place(members_of(frame, first.value, node))


def _of_any_place(value: Value) -> Value:
    """Which of the modules it is, nothing says; nor what is asked of a parameter, its device."""
    return frozenset(
        Unknown() if getattr(one, "held", None) is not None and not isinstance(one, Module) else one
        for one in unplaced(value)
    )


def _sum(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.LOOPED, node)
    first = _iterated(arguments)
    inside = members_of(frame, first.value, node) if first else NOT_REACHED
    if inside and all(isinstance(one, Plain) for one in inside):
        return PLAIN
    return frozenset({Tensor(Origin(node))})


def _number(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.OPERATION, node)
    return PLAIN


def _slice(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    arguments.use(frame, How.TESTED, node)
    return frozenset({Plain(is_slice=True)})


def _map(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    """``map(function, values)``"""
    callee, *rest = arguments.positional or (None,)
    if callee is None or not rest:
        return UNKNOWN
    arguments.use(frame, How.ARGUMENT, node)
    given = Arguments(tuple(Argument(None, members_of(frame, one.value, node)) for one in rest))
    found: list[Value] = []
    for one in callee.value:
        if isinstance(one, Function):
            found.append(frame.methods.called(frame, frozenset({one}), node, given))
        elif isinstance(one, Class):
            found.append(UNKNOWN)
        else:
            found.append(frozenset({Unknown()}))
    return frozenset({Items("iterator", (), join(*found))}) if found else NOT_REACHED


def _vars(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    return UNKNOWN


BUILTINS: dict[str, _Builtin] = {
    "enumerate": _enumerate,
    "zip": _zip,
    "reversed": _reversed,
    "list": _list,
    "tuple": _list,
    "iter": _list,
    "sorted": _list,
    "set": _list,
    "dict": _dict,
    "range": _range,
    "slice": _slice,
    "getattr": _getattr,
    "setattr": _setattr,
    "next": _next,
    "sum": _sum,
    "map": _map,
    "float": _number,
    "int": _number,
    "bool": _number,
    "vars": _vars,
    **dict.fromkeys(
        "isinstance issubclass len hasattr id type repr str print callable dir hash any all "
        "round".split(),
        _asks,
    ),
}
