"""Copies and pickles of hooked models.

A class that a module was swapped to cannot be pickled by its name, and hooks know the hook point
that they are at. So a module is reduced as if it had its own class and no hooks, and a hooked model
is hooked again when it has its state back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from torch import nn

from autohook_runtime.subclasses import swap_class, swapped_from
from autohook_runtime.watched_modules import HOOKED

RECORD = "_auto_hook_record"
"""The attribute of a hooked model that holds its `Record`."""
STATE = ("hook_dict", "mod_dict", "is_caching", "context_level")
"""The attributes of TransformerLens's `HookedRootModule`."""


def reduce_module(module: nn.Module, protocol: Any) -> tuple[Any, ...]:
    """`__reduce_ex__` of every class that modules are swapped to."""
    cls = type(module)
    own = cls
    while (before := swapped_from(own)) is not None:
        own = before
    reduced: Any = own.__reduce_ex__(module, protocol)
    function, args, *rest = reduced
    args = tuple(own if arg is cls else arg for arg in args)
    record = module.__dict__.get(RECORD)
    patterns = () if record is None else tuple(sorted(record.patterns))
    if rest and isinstance(rest[0], dict):
        rest[0] = _without_hooks(rest[0])
    # `new`, since pickle lets `copyreg.__newobj__` only make objects of the same class
    return new, (function, args, patterns), *rest


def new(function: Callable[..., nn.Module], args: tuple[Any, ...], patterns: Any) -> nn.Module:
    """The module without its state; `set_state` hooks it once it has that."""
    from autohook_runtime.hooked_classes import subclass_of

    module = function(*args)
    if patterns:
        swap_class(module, subclass_of(type(module)))
        module.__dict__[RECORD] = patterns
    return module


def set_state(module: nn.Module, state: dict[str, Any]) -> None:
    """`__setstate__` of every class of hooked models."""
    from autohook_runtime.hooking import hook_module

    patterns = module.__dict__.pop(RECORD, ())
    own = swapped_from(type(module))
    assert own is not None
    swap_class(module, own)
    module.__setstate__(state)  # type: ignore[no-untyped-call]
    for pattern in patterns:
        hook_module(module, pattern)


def deepcopy_module(module: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """`__deepcopy__` of every class of hooked models. The copy gets the same hooks at its own hook
    points."""
    function, args, *rest = reduce_module(module, 4)
    copied: nn.Module = function(*copy.deepcopy(args, memo))
    memo[id(module)] = copied
    if rest:
        copied.__setstate__(copy.deepcopy(rest[0], memo))  # type: ignore[no-untyped-call]
    for name, hook_point in module.__dict__["hook_dict"].items():
        others = copied.__dict__["hook_dict"]
        for direction, handles in (("fwd", hook_point.fwd_hooks), ("bwd", hook_point.bwd_hooks)):
            for handle in handles:
                others[name].add_hook(
                    handle.user_hook, direction, handle.is_permanent, handle.context_level
                )
    return copied


def _without_hooks(state: dict[str, Any]) -> dict[str, Any]:
    """The module's state without what its hook points and `auto_hook` have put there."""
    hook_points = state.get(HOOKED, ())
    numbers = {point.handle.id for point in hook_points if point.handle is not None}
    record = state.get(RECORD)
    left_out = {HOOKED, *((RECORD, *STATE) if record is not None else ())}
    state = {name: value for name, value in state.items() if name not in left_out}
    if record is not None:
        state.update(record.had)
    for name in ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"):
        kept = [(number, hook) for number, hook in state[name].items() if number not in numbers]
        state[name] = type(state[name])(kept)
    return state
