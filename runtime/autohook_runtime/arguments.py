"""What goes into a module: the arguments of its forward, as its hook points see them."""

from __future__ import annotations

import inspect
from typing import Any

from torch import Tensor, nn

from autohook_runtime.first_tensor import Step, first_tensor, named_part, with_tensor
from autohook_runtime.hook_points import KeptHookPoint

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def argument_names(module: nn.Module) -> tuple[str, ...]:
    """The names of a forward's arguments, in its order; none for a forward that has no names."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return ()
    several = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return tuple(each.name for each in parameters if each.kind not in several)


def with_fired_arguments(
    hook_points: tuple[KeptHookPoint, ...],
    names: tuple[str, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Arguments:
    """The arguments with what the hooks make of the tensors that the hook points are for."""
    arguments: Any = args, kwargs
    for hook_point in hook_points:
        tensor, steps = _find(names, arguments[0], arguments[1], hook_point.part)
        if tensor is not None:
            fired = hook_point.fire(tensor)
            if fired is not tensor:
                arguments = with_tensor(arguments, steps, fired)
    found: Arguments = arguments
    return found


def _find(
    names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any], part: str
) -> tuple[Tensor | None, tuple[Step, ...]]:
    """The first tensor of all arguments, in the order of the forward's names, or that of one:
    `"mask"`, `"state.1"`, or `"1"` for the second one."""
    name, _, rest = part.partition(".")
    if not name:
        in_order = {each: kwargs[each] for each in names if each in kwargs} | kwargs
        both: Any = [(0, index, value) for index, value in enumerate(args)]
        both += [(1, each, value) for each, value in in_order.items()]
        for place, key, value in both:
            tensor, steps = first_tensor(value)
            if tensor is not None:
                return tensor, (place, key, *steps)
        return None, ()
    index = int(name) if name.isdigit() else names.index(name) if name in names else len(args)
    if index < len(args):
        at: tuple[Step, ...] = (0, index)
        value = args[index]
    else:
        at = (1, names[index] if name.isdigit() and index < len(names) else name)
        value = kwargs.get(at[1])
    tensor, steps = named_part(value, rest) if rest else first_tensor(value)
    return tensor, (*at, *steps)
