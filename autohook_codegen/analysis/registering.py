"""Methods by which a module is given a submodule, parameter, buffer or hook."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.arguments import Argument, Arguments, hand_over
from autohook_codegen.analysis.attribute_access import attribute_of
from autohook_codegen.analysis.attributes import define, define_computed
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    UNKNOWN,
    Bag,
    Function,
    Items,
    Module,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl

__all__ = ["HOOKING", "REGISTERING", "register", "register_hook", "submodule_at"]

REGISTERING = frozenset(
    "register_module add_module register_parameter register_buffer __setattr__".split()
)

HOOKING = frozenset({"register_forward_hook", "register_forward_pre_hook"})


def register_hook(frame: Frame, one: Module, arguments: Arguments) -> Value:
    """``self.register_forward_pre_hook(lambda module, args: module.norm(args[0]))``"""
    hook = _given(arguments, 0, ("hook",))
    given = Arguments.of(frozenset({one}), frozenset({Items("tuple", (), UNKNOWN)}), UNKNOWN)
    for function in hook.value if hook is not None else ():
        if isinstance(function, Function):
            frame.interpretation.function_unit(function)
            hand_over(frame, function, given)
            frame.state.hooks.add(function.node)
    return UNKNOWN


def register(
    frame: Frame, one: Module, func: ast.Attribute, node: ast.Call, arguments: Arguments
) -> Value:
    """``self.register_parameter("W", nn.Parameter(…))``"""
    name = _given(arguments, 0, ("name",))
    value = _given(arguments, 1, ("module", "param", "tensor"))
    if name is None or value is None or not isinstance(one.cls, ClassDecl | Bag):
        return NOTHING
    kept = value.value
    if func.attr == "register_buffer":
        kept = frozenset(
            Tensor() if isinstance(kind, Unknown) else kind for kind in kept if kind != Plain()
        )
    names = {kind.constant for kind in name.value if isinstance(kind, Plain)}
    if names and all(isinstance(known, str) for known in names):
        for known in names:
            define(frame, one.cls, str(known), kept, func.value, None)
    elif name.node is not None and isinstance(one.cls, ClassDecl):
        define_computed(frame, one.cls, name.node, name.value, kept, func.value)
    return NOTHING


def _given(arguments: Arguments, place: int, names: tuple[str, ...]) -> Argument | None:
    for one in arguments.given:
        if one.name in names:
            return one
    positional = arguments.positional
    return positional[place] if place < len(positional) else None


def submodule_at(frame: Frame, one: Module, node: ast.Call, arguments: Arguments) -> Value:
    """``self.get_submodule("trunk.up")``"""
    name = _given(arguments, 0, ("target",))
    paths = [kind.constant for kind in name.value if isinstance(kind, Plain)] if name else []
    if len(paths) != 1 or not isinstance(paths[0], str):
        return frozenset({Module(None)})
    value: Value = frozenset({one})
    for step in paths[0].split("."):
        found = [attribute_of(frame, kind, step, node) for kind in value]
        value = join(*found) if found else NOT_REACHED
    return value
