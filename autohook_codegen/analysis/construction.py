"""What calling a class gives: an instance, and what its ``__init__`` is handed."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.functions import call_function
from autohook_codegen.analysis.growing import added_members
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import held_at
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Bag,
    Class,
    Fields,
    Function,
    Items,
    Module,
    Nothing,
    Parameter,
    Plain,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = ["construct"]

_LISTS = ("torch.nn.ModuleList", "torch.nn.ParameterList", "list", "tuple", "set")
_DICTS = ("torch.nn.ModuleDict", "torch.nn.ParameterDict", "dict", "collections.OrderedDict")


def construct(frame: Frame, one: Class, node: ast.Call, arguments: Arguments) -> Value:
    arguments = arguments.after(one.given, one.given_names)
    if isinstance(one.cls, ClassDecl):
        made = _of_input(frame, one.cls, node, arguments, one.is_open)
        holds = any(isinstance(kind, Fields) for kind in made)
        arguments.use(frame, How.JOINED if holds else How.ARGUMENT, node)
        return made
    arguments.use(frame, How.JOINED, node)
    if one.fields:
        fields = tuple((name, UNKNOWN) for name in one.fields)
        return frozenset({_filled(Fields(one.cls, fields), arguments)})
    return of_library(frame, one.cls, node, arguments, one.is_open)


def _of_input(
    frame: Frame, cls: ClassDecl, node: ast.Call, arguments: Arguments, is_open: bool
) -> Value:
    made = frame.instances.instance(cls, node, is_open)
    init = frame.methods.method(frame, cls, "__init__", made)
    for function in init or ():
        if isinstance(function, Function):
            call_function(frame, function, arguments, node)
    if init is None:
        for one in made:
            if isinstance(one, Fields):
                return frozenset({_filled(one, arguments)})
            if isinstance(one, Items) and arguments.given:
                return _contained(frame, one.kind, node, arguments, True)
    return _given_by_new(frame, cls, made, arguments, node)


def _given_by_new(
    frame: Frame, cls: ClassDecl, made: Value, arguments: Arguments, node: ast.Call
) -> Value:
    """Return what a class gives whose ``__new__`` may give something else than an instance."""
    _, new = cls.method("__new__") or (None, None)
    if new is None:
        return made
    functions = frame.methods.method(frame, cls, "__new__", frozenset({Class(cls)}))
    given = frame.methods.called(frame, functions or NOT_REACHED, node, arguments)
    if not frame.interpretation.program.calls_base(new):
        return given
    return join(made, frozenset(one for one in given if not isinstance(one, Unknown)))


def _filled(one: Fields, arguments: Arguments) -> Fields:
    """``Output(last_hidden_state=x)``: the arguments say more than the class."""
    fields = dict(one.fields)
    names = list(fields)
    for place, given in enumerate(arguments.positional):
        if given.is_starred:
            break
        if place < len(names):
            fields[names[place]] = given.value
    for given in arguments.given:
        if given.name is not None and not given.is_starred:
            fields[given.name] = given.value
    return Fields(one.kind, tuple(fields.items()), one.rest, one.is_settable, one.is_ordered)


def of_library(
    frame: Frame, dotted: str, node: ast.Call, arguments: Arguments, is_open: bool
) -> Value:
    """Return an instance of a class outside the input."""
    if dotted == "torch.nn.Module" and not arguments.given:
        return frozenset({Module(Bag(node))})
    known = library.library_class(dotted)
    if dotted in _LISTS or dotted in _DICTS or dotted == "torch.nn.Sequential":
        return _contained(frame, dotted, node, arguments, False)
    instance = library.instance_of_library(dotted)
    found: set[object] = set()
    for one in instance:
        if isinstance(one, Module):
            found.add(
                Module(one.cls, is_open=is_open or one.is_open, made=_that_matters(known, node))
            )
        elif isinstance(one, Fields):
            found.add(_filled(one, arguments))
        elif isinstance(one, Unknown) and one.name is not None:
            found.add(Module(dotted, is_open=True))  # more likely a module than anything else
        else:
            found.add(one)
    return frozenset(found)  # type: ignore[arg-type]


def _that_matters(known: library.LibraryClass | None, node: ast.Call) -> ast.Call | None:
    """The call, where its arguments say what the instance gives or changes."""
    if known is None:
        return None
    signature = known.signature
    if signature.choice is not None or "inplace" in signature.arguments:
        return node
    return None


def _contained(
    frame: Frame, kind: ClassDecl | str, node: ast.Call, arguments: Arguments, is_own: bool
) -> Value:
    """A list or dict of what it is given; a container of modules is where its members are."""
    given = arguments.given
    if kind not in ("list", "tuple", "set", "dict", "collections.OrderedDict"):
        given = tuple(replace(one, value=_without_ways(one.value)) for one in given)
    is_dict = kind in _DICTS or (
        isinstance(kind, ClassDecl) and bool(kind.all_outside_bases & {"torch.nn.ModuleDict"})
    )
    if kind == "torch.nn.Sequential" and not (
        len(given) == 1 and any(isinstance(one, Fields) for one in given[0].value)
    ):
        first: list[Value] = []
        rest: Value = NOT_REACHED
        for argument in given:
            if not argument.is_starred and not rest:
                first.append(argument.value)
            elif argument.is_starred:
                for one in argument.value:
                    if isinstance(one, Items):
                        exact = not one.rest and not added_members(frame, one)
                        if exact and not rest and len(argument.value) == 1:
                            first += one.first
                        else:
                            inside = (*one.first, one.rest, added_members(frame, one))
                            rest = join(rest, *inside)
                    else:
                        rest = join(rest, UNKNOWN)
            else:
                rest = join(rest, argument.value)
        return frozenset({Items(kind, tuple(first), rest, site=node)})
    fields: dict[str, Value] = {
        one.name: one.value for one in given if one.name is not None and not one.is_starred
    }
    first_members: tuple[Value, ...] = ()
    members: Value = NOT_REACHED
    for argument in given:
        if argument.name is not None and not argument.is_starred:
            continue
        for one in argument.value:
            if isinstance(one, Fields):
                fields.update(one.fields)
                members = join(members, one.rest, added_members(frame, one))
            elif isinstance(one, Items):
                grown = added_members(frame, one)
                if is_dict or kind == "torch.nn.Sequential":
                    pairs, others = _pairs(one, grown)
                    fields.update(pairs)
                    members = join(members, others)
                else:
                    if not members:
                        first_members = one.first
                    members = join(members, one.rest, grown)
            elif not isinstance(one, Plain):
                members = join(members, UNKNOWN)
    if kind in ("torch.nn.ParameterList", "torch.nn.ParameterDict"):
        first_members = tuple(map(_as_parameter, first_members))
        fields = {name: _as_parameter(value) for name, value in fields.items()}
        members = _as_parameter(members) if members else members
    if is_dict:
        return frozenset(
            {Fields(kind, tuple(fields.items()), members, is_settable=True, site=node)}
        )
    if kind == "torch.nn.Sequential":
        return frozenset({Items(kind, tuple(fields.values()), members, site=node)})
    return frozenset({Items(kind, first_members, members, site=node)})


def _as_parameter(value: Value) -> Value:
    """What a container of parameters keeps: ``None`` and numbers stay what they are."""
    kept = frozenset(one for one in value if isinstance(one, Nothing | Plain))
    return kept if kept and kept == value else kept | {Parameter(None)}


def _without_ways(value: Value) -> Value:
    """What a container of modules takes out of a list of them."""
    found: set[Alternative] = set()
    for one in value:
        if isinstance(one, Items) and isinstance(one.kind, str) and one.held is None:
            first = tuple(held_at(inner, None) for inner in one.first)
            found.add(replace(one, first=first, rest=held_at(one.rest, None)))
        elif isinstance(one, Fields) and one.kind == "dict":
            fields = tuple((name, held_at(inner, None)) for name, inner in one.fields)
            found.add(replace(one, fields=fields, rest=held_at(one.rest, None)))
        else:
            found |= held_at(frozenset({one}), None) if isinstance(one, Module) else {one}
    return frozenset(found)


def _pairs(one: Items, grown: Value) -> tuple[dict[str, Value], Value]:
    """``OrderedDict([("name", module), …])``"""
    named: dict[str, Value] = {}
    others: Value = NOT_REACHED
    for member in (*one.first, one.rest, grown):
        for pair in member:
            if not isinstance(pair, Items) or len(pair.first) != 2:
                others = join(others, UNKNOWN)
                continue
            key, value = pair.first
            constants = [k.constant for k in key if isinstance(k, Plain)]
            if len(constants) == 1 and isinstance(constants[0], str):
                named[constants[0]] = join(named.get(constants[0], NOT_REACHED), value)
            else:
                others = join(others, value)
    return named, others
