"""A module's class while one of its hook points has a hook.

It is a subclass that reads the module's parameters through their hook points, and it makes what
`torch.compile` made of the module without hooks invalid (see `KeptHookPoint`). With the last hook
the module gets its own class back, and what was compiled for that is valid again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from autohook_runtime.subclasses import make_subclass, swap_class
from autohook_runtime.tracked_tensors import untracked

if TYPE_CHECKING:
    from autohook_runtime.added_hook_points import AddedHookPoint
    from autohook_runtime.other_uses import OtherUses

HOOKED = "_auto_hook_hooked"
"""The attribute of a watched module that lists its hook points that have hooks."""

_watched_classes: dict[tuple[type, tuple[str, ...], bool], type] = {}
_own_classes: dict[type, type] = {}


def own_class(module: nn.Module) -> type:
    """The module's class, whether it is watched now or not."""
    return _own_classes.get(type(module), type(module))


def set_own_class(module: nn.Module, own: type) -> None:
    """Swaps the module's class for `own`, and has it watched as before."""
    swap_class(module, own)
    settle(module)


def watch(module: nn.Module, hook_point: AddedHookPoint | OtherUses) -> None:
    """Starts to send through `hook_point`."""
    module.__dict__[HOOKED] = [*module.__dict__.get(HOOKED, ()), hook_point]
    settle(module)


def unwatch(module: nn.Module, hook_point: AddedHookPoint | OtherUses) -> None:
    """Ends it."""
    hooked = [other for other in module.__dict__.get(HOOKED, ()) if other is not hook_point]
    module.__dict__[HOOKED] = hooked
    if not hooked:
        del module.__dict__[HOOKED]
    settle(module)


def settle(module: nn.Module) -> None:
    """Gives the module the class that its hooks ask for."""
    hooked = module.__dict__.get(HOOKED, ())
    cls = own_class(module)
    if hooked:
        # the compiler cannot break a graph off in the operation of a tracked parameter
        is_eager = any(point.attribute and point.gradient_hooks for point in hooked)
        key = cls, tuple(module._parameters), is_eager and "torch._dynamo" in sys.modules
        if key not in _watched_classes:
            _watched_classes[key] = _watched_class(*key)
        cls = _watched_classes[key]
    if cls is not type(module):
        swap_class(module, cls)


def _watched_class(own: Any, names: tuple[str, ...], is_eager: bool) -> type:
    members: dict[str, Any] = {name: _hooked_parameter(name) for name in names}
    if is_eager:
        members["forward"] = torch.compiler.disable(own.forward)  # type: ignore[no-untyped-call]

    def set_attribute(module: nn.Module, name: str, value: Any) -> None:
        own.__setattr__(module, name, untracked(value))

    watched = make_subclass(own, **members, __setattr__=set_attribute, __reduce_ex__=_reduce)
    _own_classes[watched] = own
    return watched


def _hooked_parameter(name: str) -> property:
    """Reads the parameter that the module has under this name *now*: under FSDP, `functional_call`
    and in replicas of `nn.DataParallel` that is another object than the one that was there when
    the hook was added."""

    def read(module: nn.Module) -> Any:
        parameters = module.__dict__["_parameters"]
        if name in parameters:
            value = parameters[name]
        elif name in module.__dict__:  # where a replica has it
            value = module.__dict__[name]
        else:
            raise AttributeError(name)
        for hook_point in module.__dict__.get(HOOKED, ()) if value is not None else ():
            if hook_point.attribute == name:
                value = hook_point.follow(value, module)
        return value

    def write(module: nn.Module, value: Any) -> None:
        module.__dict__[name] = value

    def delete(module: nn.Module) -> None:
        del module.__dict__[name]

    return property(read, write, delete)


def _reduce(module: nn.Module, protocol: Any) -> tuple[Any, ...]:
    from autohook_runtime.copies import reduce_module

    return reduce_module(module, protocol)
