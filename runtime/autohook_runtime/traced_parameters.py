"""Followed parameters as `torch.compile` can trace them: it shows a mode of torch no properties of
a tensor (`W.T`), so here a subclass stands for the parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType as Function
from types import MethodDescriptorType as MethodDescriptor
from typing import Any

import torch
from torch import Tensor, nn

from autohook_runtime.followed_parameters import fire_on_results
from autohook_runtime.operations import (
    JOINING,
    VIEWS_AND_CASTS,
    WITHOUT_THE_VALUE,
    is_in_place,
)


def _functions(names: Iterable[str]) -> tuple[Any, ...]:
    found = [getattr(holder, name, None) for name in names for holder in (Tensor, torch)]
    # the compiler has no hash for some of torch's builtin functions
    return tuple(each for each in found if isinstance(each, (MethodDescriptor, Function)))


# functions and not names: in a trace, a function's name is no string that one can look into
VIEWING = _functions(VIEWS_AND_CASTS)
JOINS = tuple(getattr(torch, name) for name in JOINING)
CREATING = _functions(WITHOUT_THE_VALUE)
CHANGING = _functions(name for name in dir(Tensor) if is_in_place(name))


class TracedParameter(nn.Parameter):
    """Base of the classes, one for each hook point, that stand for a parameter in a trace."""

    hook_point: Any

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function in JOINS:
            args = _values(args)
        with torch._C.DisableTorchFunctionSubclass():
            result = function(*args, **(kwargs or {}))
        if isinstance(args[0], TracedParameter):
            if function in VIEWING or function.__name__ == "__get__":
                return _trace_views(result, type(args[0]))
            if function in CHANGING:
                return result
        if function in CREATING or function in JOINS:
            return result
        for kind in types:
            if issubclass(kind, TracedParameter):
                if function in CHANGING:
                    result.copy_(kind.hook_point.fire(result.clone()))
                else:
                    result = fire_on_results((kind.hook_point,), result)
        return result


def traced_class(hook_point: Any) -> type[TracedParameter]:
    return type("Parameter", (TracedParameter,), {"hook_point": hook_point})


def _values(given: Any) -> Any:
    """What is joined, with what hooks make of the parameters in it."""
    if isinstance(given, (tuple, list)):
        return type(given)([_values(one) for one in given])
    if isinstance(given, TracedParameter):
        return given.hook_point.fire(given.as_subclass(Tensor))
    return given


def _trace_views(result: Any, kind: Any) -> Any:
    if isinstance(result, Tensor):
        # by a view, since the compiler holds that what it read off an attribute was there before
        return result.view_as(result).as_subclass(kind)
    if isinstance(result, (tuple, list)):
        return type(result)([_trace_views(item, kind) for item in result])
    return result
