"""What goes into a module: the arguments of its forward, as its hook points see them."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from autohook_runtime.compiling import outside_graphs
from autohook_runtime.first_tensor import named_part, with_tensor
from autohook_runtime.sites import INPUT


def argument_names(module: nn.Module) -> tuple[str, ...]:
    """The names of a forward's arguments, in its order; none for a forward that has no names."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return ()
    several = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return tuple(each.name for each in parameters if each.kind not in several)


@outside_graphs
def receive(tapped: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A forward's arguments with what the hooks make of the tensors that the hook points are for:
    the first one of all, in the order of the forward's names, or that of one argument, which `part`
    says: `"mask"`, `"state.1"`, or `"1"` for the second argument."""
    names: tuple[str, ...] = tapped.argument_names
    keys: list[Any] = [*names, *range(len(names), len(args))]
    given = dict(zip(keys, args, strict=False))
    given |= {name: kwargs[name] for name in names if name in kwargs} | kwargs
    for hook_point in tapped.points.get(INPUT, ()):
        name, _, rest = hook_point.part.partition(".")
        key = keys[int(name)] if name.isdigit() and int(name) < len(keys) else name
        tensor, steps = named_part(given.get(key) if name else given, rest)
        if tensor is not None:
            fired = hook_point.fire(tensor)
            if fired is not tensor:
                given = with_tensor(given, (key, *steps) if name else steps, fired)
    items = list(given.items())
    return tuple(value for _, value in items[: len(args)]), dict(items[len(args) :])
