"""`auto_hook`, the one entry for instances, classes and parameters, and `unwrap`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from torch import nn

from autohook_runtime.choices import Choice
from autohook_runtime.decorated_classes import hook_class
from autohook_runtime.hooked_classes import hook_module
from autohook_runtime.parameters import hook_parameter, unhook_parameter
from autohook_runtime.record import unwrap_model
from autohook_runtime.sites import DEFAULT_PATTERN
from autohook_runtime.taps import hook_point_alone


def auto_hook(
    target: Any = ...,
    *,
    name: str = DEFAULT_PATTERN,
    inputs: bool = False,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    hook: str = "modules,params",
    every_call: Iterable[str] = (),
) -> Any:
    """Gives a model TransformerLens's hooks. It stays the same object, and costs nothing idle.

    It sees what goes into modules and comes out of them, not what a forward computes between:
    attention's pattern, the residual stream. For these write the source,
    `autohook-gen model.py -o model_hooked.py --hook all`, and import that.

    Args:
        target: a module, a class of modules (as a decorator), or a parameter.
        name: how hook points in the model's source are named after what they hook.
        inputs: whether there are hook points for what goes into modules, too: `PATH.hook_in` for
            the first tensor of the arguments, `PATH.hook_in.NAME` for that of another argument.
        only: patterns as `"blocks"`, `"Attention.*"`, `"nn.Linear"`: of the attribute, the class
            that holds it, `Class.attribute` or the class of what is called. What matches none gets
            no hook point.
        skip: patterns of the same form; what matches one gets no hook point.
        hook: `"modules"`, `"params"` or both.
        every_call: hook points of the source, as `"Cell.rnn_hook_point"`, that show the first
            tensor of a tuple at each call of their module, also where the source does not send it
            through. Generated code says so where it is so; where a module gives out one tensor,
            they all do.

    Returns:
        `target` itself. A module's class is now a subclass of its own and `HookedRootModule`; its
        `hook_dict` holds `hook_point` for its output, `PATH.hook_point` for each submodule and
        `PATH.NAME.hook_point` for each parameter that is not inside one of torch's modules.
        Called again, it adds hook points for what has come since.

    Raises:
        TypeError: for anything else, or if the model uses names such as `hook_dict` itself.
        ValueError: if `name` does not hold `{name}` once, or `hook` names another kind.

    Example:
        >>> model = auto_hook(nn.Sequential(nn.Linear(10, 10), nn.ReLU()))
        >>> list(model.hook_dict)
        ['hook_point', '0.hook_point', '1.hook_point']
        >>> output, cache = model.run_with_cache(torch.ones(2, 10))
        >>> cache["0.hook_point"].shape
        torch.Size([2, 10])
    """
    choice = Choice.of(name, inputs, only, skip, hook, every_call)
    if target is ...:
        return partial(
            auto_hook,
            name=name,
            inputs=inputs,
            only=only,
            skip=skip,
            hook=hook,
            every_call=every_call,
        )
    if isinstance(target, nn.Module) and not isinstance(target, torch.jit.ScriptModule):
        hook_module(target, choice)
    elif isinstance(target, type) and issubclass(target, nn.Module):
        hook_class(target, choice)
    elif isinstance(target, nn.Parameter):
        hook_parameter(target)
    else:
        kind = target.__name__ if isinstance(target, type) else f"a {type(target).__name__}"
        raise TypeError(
            "auto_hook takes an nn.Module (not a scripted one), a class of nn.Modules, or an "
            f"nn.Parameter, not {kind}"
        )
    return target


def unwrap(target: Any) -> Any:
    """Gives back `target` (the same object) as it was before `auto_hook`: its class, its modules
    and parameters, and the hooks that others had registered. Hooks at its hook points are gone.

    Raises:
        TypeError: if it is not hooked.
    """
    if hook_point_alone(target) is not None:
        return unhook_parameter(target)
    if not isinstance(target, nn.Module):
        raise TypeError(f"not hooked by auto_hook: {type(target).__name__}")
    return unwrap_model(target)
