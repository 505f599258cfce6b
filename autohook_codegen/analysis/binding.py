"""What a function's arguments are: what calls give, their defaults, and what outsiders may give."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import of_call, with_held
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.units import has_decorator, name_of, receiver_of
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    Alternative,
    Class,
    Fields,
    Function,
    Held,
    Items,
    Module,
    Nothing,
    Origin,
    Plain,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import FunctionNode

__all__ = ["bind_arguments", "receiver_value"]


def bind_arguments(frame: Frame, node: FunctionNode | ast.Lambda) -> None:
    """Bind the arguments of the function at hand."""
    args = node.args
    unit = frame.unit
    receiver = receiver_of(unit)
    plain = [*args.posonlyargs, *args.args]
    defaults: dict[ast.arg, ast.expr] = dict(
        zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)
    )
    defaults |= {
        one: default
        for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        if default is not None
    }
    for one in (*plain, *args.kwonlyargs):
        if one is receiver:
            value = receiver_value(frame, unit, one)
        else:
            value = frame.state.read(("argument", one), unit)
            value = join(value, _from_outside(frame, one, defaults.get(one)))
        frame.trace.arguments[one] = value
        frame.bind(one.arg, value)
        if one is not receiver and one not in defaults:
            frame.handed[one.arg] = one
    if args.vararg is not None:
        given = frame.state.read(("argument", args.vararg), unit)
        anything = Items("tuple", (), frozenset({Unknown(Origin(args.vararg))}))
        frame.bind(args.vararg.arg, given or frozenset({anything}))
    if args.kwarg is not None:
        given = frame.state.read(("argument", args.kwarg), unit)
        anything_named = Fields("dict", (), frozenset({Unknown(Origin(args.kwarg))}))
        frame.bind(args.kwarg.arg, join(given, frozenset({anything_named})))


def receiver_value(frame: Frame, unit: Unit, receiver: ast.arg) -> Value:
    """Return what a method gets as ``self`` or ``cls``."""
    owner = unit.owner
    assert owner is not None
    held = Held(receiver)
    if has_decorator(unit.node, "classmethod") or name_of(unit) in (
        "__new__",
        "__init_subclass__",
    ):
        return frozenset({Class(owner, is_open=True)})
    instance = frame.instances.instance(owner, None, bool(owner.subclasses))
    if not owner.is_module and any(user.is_module for user in frame.instances.users(unit)):
        instance = frozenset({Module(owner, is_open=True)})
    return with_held(instance, held)


def _from_outside(frame: Frame, one: ast.arg, default: ast.expr | None) -> Value:
    """What an argument may be that the input's own calls do not say."""
    is_open = frame.interpretation.is_open(frame.unit, one)
    given = frame.evaluate(default) if default is not None else NOT_REACHED
    if given == NOTHING:
        given = frozenset({Nothing(one)})
    said = (
        frame.instances.annotated(one.annotation, frame.file)
        if one.annotation is not None
        else NOT_REACHED
    )
    if any(isinstance(kind, Items) for kind in said):
        said = NOT_REACHED  # models annotate tuples where they take a tensor
    said = _labelled(said, one)
    if not is_open:
        return join(given, said) if any(isinstance(k, Module | Fields) for k in said) else given
    said = frozenset(kind for kind in said if kind != Unknown())
    opened = frozenset(
        replace(kind, is_open=True)
        if isinstance(kind, Class)
        else Plain()
        if isinstance(kind, Plain)
        else kind
        for kind in given
    )
    if any(isinstance(kind, Class | Function) or _is_named(kind) for kind in given):
        return opened  # says more than `type[nn.Module]`
    if said:
        return join(said, opened)
    if any(isinstance(kind, Plain) for kind in given):
        return opened
    return join(opened, frozenset({Unknown(Origin(one))}))


def _is_named(one: Alternative) -> bool:
    return isinstance(one, Unknown) and one.name is not None


def _labelled(said: Value, argument: ast.arg) -> Value:
    """What an annotation says, as the function at hand holds it."""
    labelled = frozenset(
        Unknown(Origin(argument)) if isinstance(one, Unknown) else one
        for one in of_call(said, argument)
    )
    return (
        with_held(labelled, Held(argument))
        if any(isinstance(one, Module) for one in said)
        else labelled
    )
