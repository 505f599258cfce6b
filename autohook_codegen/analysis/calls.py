"""Calls: what the callee may be, and what calling each of that gives."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.arguments import Arguments, arguments_of
from autohook_codegen.analysis.attribute_access import attribute_of
from autohook_codegen.analysis.builtin_calls import BUILTINS
from autohook_codegen.analysis.construction import construct
from autohook_codegen.analysis.container_methods import METHODS, container_method
from autohook_codegen.analysis.frame import Frame, evaluates
from autohook_codegen.analysis.functions import call_function
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.library_calls import call_library, tensor_method, use_arguments
from autohook_codegen.analysis.lookup import is_bound
from autohook_codegen.analysis.module_calls import call_module, is_called
from autohook_codegen.analysis.names_computed import name_shape
from autohook_codegen.analysis.ordering import in_order
from autohook_codegen.analysis.parts import holds_modules
from autohook_codegen.analysis.registering import (
    HOOKING,
    REGISTERING,
    register,
    register_hook,
    submodule_at,
)
from autohook_codegen.analysis.trace import How, ModuleCall
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    Alternative,
    Class,
    Fields,
    Function,
    Instance,
    Items,
    Module,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.names import is_super

__all__: list[str] = []

_SAME_MODULE = frozenset(
    "to eval train cuda cpu half float double bfloat16 type requires_grad_ apply to_empty "
    "share_memory".split()
)
"""Methods of a module that give back the module."""

_OPTIONS = frozenset(
    "use_reentrant preserve_rng_state context_fn determinism_check debug early_stop".split()
)
"""What ``checkpoint`` itself takes, and does not hand on."""


@evaluates(ast.Call)
def call(frame: Frame, node: ast.Call) -> Value:
    frame.place(node)
    func = node.func
    if isinstance(func, ast.Name) and func.id in BUILTINS and _is_builtin(frame, func.id):
        arguments = arguments_of(frame, node)
        frame.trace.values[func] = frozenset({Unknown(name=func.id)})
        return BUILTINS[func.id](frame, node, arguments)
    if isinstance(func, ast.Attribute) and not is_super(func.value):
        return _call_of_attribute(frame, node, func)
    callee = frame.evaluate(func)
    arguments = arguments_of(frame, node)
    return call_value(frame, callee, node, func, arguments)


def _is_builtin(frame: Frame, name: str) -> bool:
    if frame.environment is not None and name in frame.environment:
        return False
    return not is_bound(frame, name)


def _call_of_attribute(frame: Frame, node: ast.Call, func: ast.Attribute) -> Value:
    """``value.name(…)``: a method of a tensor or list, or what the attribute is."""
    holder = frame.evaluate(func.value)
    narrowed = frame.narrowed(func)
    if narrowed is not None:
        frame.trace.values[func] = narrowed
        return call_value(frame, narrowed, node, func, arguments_of(frame, node))
    arguments = arguments_of(frame, node)
    found: list[Value] = []
    callees: list[Value] = []
    for one in holder:
        if isinstance(one, Tensor | Parameter):
            found.append(_by_tensor_method(frame, one, func, node, arguments, holder))
        elif isinstance(one, Items | Fields) and _is_method_of_container(one, func.attr):
            frame.use(func.value, holder, How.PART, func)
            arguments.use(frame, How.JOINED, node)
            found.append(container_method(frame, one, func, node, arguments))
        elif isinstance(one, Unknown) and one.name is None and _is_tensor_like(one, func.attr):
            found.append(_by_tensor_method(frame, one, func, node, arguments, holder))
        elif isinstance(one, Nothing):
            continue
        elif isinstance(one, Plain):
            use_arguments(frame, func.attr, arguments, node)
            plain = Plain(shape=name_shape(node) or ())
            found.append(frozenset({Unknown(Origin(node)) if one.gives_others else plain}))
        elif same := _same_module(one, func.attr):
            found.append(same)
        elif isinstance(one, Module) and func.attr == "get_submodule":
            found.append(submodule_at(frame, one, node, arguments))
        elif isinstance(one, Module) and func.attr in HOOKING:
            found.append(register_hook(frame, one, arguments))
        elif isinstance(one, Module) and func.attr in REGISTERING:
            found.append(register(frame, one, func, node, arguments))
        else:
            callees.append(attribute_of(frame, one, func.attr, func))
    callee = join(*callees) if callees else NOT_REACHED
    frame.trace.values[func] = callee
    if callee:
        if any(isinstance(one, Unknown) for one in holder):
            frame.use(func.value, holder, How.ARGUMENT, node)
        found.append(call_value(frame, callee, node, func, arguments))
    return join(*found) if found else NOT_REACHED


def _by_tensor_method(
    frame: Frame,
    one: Tensor | Parameter | Unknown,
    func: ast.Attribute,
    node: ast.Call,
    arguments: Arguments,
    holder: Value,
) -> Value:
    """``value.float()``, of what may also be a module if nothing says that it is a tensor."""
    given_back = tensor_method(frame, one, func, node, arguments, holder)
    whole = one if isinstance(one, Unknown) else getattr(one, "cast_of", None)
    if whole is None or func.attr not in _SAME_MODULE:
        return given_back
    return frozenset(
        replace(kind, cast_of=whole) if isinstance(kind, Tensor) else kind for kind in given_back
    )


def _same_module(one: Alternative, name: str) -> Value:
    """``layer.to(device)`` is the layer."""
    is_module = isinstance(one, Module) or (isinstance(one, Items | Fields) and holds_modules(one))
    return frozenset({one}) if is_module and name in _SAME_MODULE else NOT_REACHED


def _is_method_of_container(one: Items | Fields, name: str) -> bool:
    if name not in METHODS:
        return False
    if isinstance(one, Fields) and any(name == known for known, _ in one.fields):
        return False
    if isinstance(one.kind, str) or one.kind.method(name) is None:
        return True
    # A dictionary that turns keys into names: its own items are found by its own keys.
    is_keyed = isinstance(one, Fields) and one.kind.method("__getitem__") is not None
    return is_keyed and name in ("items", "keys", "values") and one.site is not None


def _is_tensor_like(one: Unknown, name: str) -> bool:
    member = library.tensor_member(name)
    return member is not None and not member.is_property


def call_value(
    frame: Frame, callee: Value, node: ast.Call, called: ast.expr, arguments: Arguments
) -> Value:
    """Return what calling any of the alternatives gives; `called` is what the source calls."""
    # what is called is no tensor
    callee = frozenset(getattr(one, "cast_of", None) or one for one in callee)
    modules = frozenset(one for one in callee if is_called(frame, one))
    if _is_hook_point(callee):
        first = arguments.first()
        if first is not None and first.node is not None:
            frame.use(first.node, first.value, How.CHOSEN, node)
            return first.value
    found = [_call_one(frame, one, node, called, arguments) for one in in_order(callee)]
    result = join(*found) if found else NOT_REACHED
    if not callee or not all(_says_itself(one) for one in callee):
        arguments.use(frame, How.ARGUMENT, node)
    if modules:
        others = callee - modules
        frame.trace.calls = [
            one for one in frame.trace.calls if one.node is not node or one.callee is not called
        ]
        frame.trace.calls.append(
            ModuleCall(node, called, modules, others, result, frame.counters())
        )
    return result


def _says_itself(one: Alternative) -> bool:
    """Whether it is known what the callee does with what it takes."""
    return isinstance(one, Class | Nothing) or (isinstance(one, Unknown) and one.name is not None)


def _is_hook_point(callee: Value) -> bool:
    """Whether it is a hook point that the author has made: TransformerLens's, or of the input."""
    return bool(callee) and all(
        isinstance(one, Module) and _class_name(one) == "HookPoint" for one in callee
    )


def _class_name(one: Module) -> str | None:
    """The last name of the class."""
    return one.cls.name if isinstance(one.cls, ClassDecl) else str(one.cls).rsplit(".", 1)[-1]


def _call_one(
    frame: Frame, one: Alternative, node: ast.Call, called: ast.expr, arguments: Arguments
) -> Value:
    match one:
        case Class():
            return construct(frame, one, node, arguments)
        case Function():
            return call_function(frame, one, arguments, node)
        case Module() | Items() | Fields():
            return call_module(frame, one, node, arguments)
        case Instance(cls=cls):
            method = frame.methods.method(frame, cls, "__call__", frozenset({one}))
            if method is None:
                return frozenset({Unknown(Origin(node))})
            return join(*(_call_one(frame, two, node, called, arguments) for two in method))
        case Unknown(name=str() as name):
            function = library.function(name)
            calls = function is not None and function.kind is library.Kind.CALLS
            if function is None:
                calls = library.guesses.is_checkpoint(name)
            if calls and arguments.given:
                return _call_handed(frame, node, arguments)
            return call_library(frame, name, function, node, arguments)
        case Nothing():
            return NOT_REACHED
    return frozenset({Unknown(Origin(node))})


def _call_handed(frame: Frame, node: ast.Call, arguments: Arguments) -> Value:
    """``checkpoint(self.layer, x)`` calls its first argument with the others."""
    first, rest = arguments.given[0], arguments.without_first()
    if first.node is None or first.is_starred:
        return frozenset({Unknown(Origin(node))})
    return call_value(frame, first.value, node, first.node, _ordinary(rest))


def _ordinary(arguments: Arguments) -> Arguments:
    """Those that go on to the function: not ``use_reentrant=False``."""
    return Arguments(tuple(one for one in arguments.given if one.name not in _OPTIONS))
