"""How hooks and `torch.compile` get on with one another.

A module whose output is hooked may be compiled by itself. Then the hooks run outside of its graph,
which stays as it was; so a cache of many such modules makes no graph at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, TypeVar

import torch
from torch import nn
from torch._C._dynamo.eval_frame import _debug_get_cache_entry_list, get_eval_frame_callback

Function = TypeVar("Function", bound=Callable[..., Any])

_outside_graphs: list[CodeType] = []


def outside_graphs(function: Function) -> Function:
    """A function that is no graph of its own. Called from compiled code it is a part of that."""
    _outside_graphs.append(function.__code__)
    return function


def tell_compiler() -> None:
    """Which functions are no graphs. Not when they are defined: the compiler takes seconds to
    import, and most need none."""
    if _outside_graphs and is_compiler_in_use():
        skip_code = sys.modules["torch._dynamo"].convert_frame.skip_code
        while _outside_graphs:
            skip_code(_outside_graphs.pop())


def with_own_code(function: Any) -> FunctionType:
    """The same function with a code of its own, for which the compiler keeps graphs of its own."""
    made = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__dict__.update(function.__dict__)
    return made


def is_compiler_in_use() -> bool:
    return "torch._dynamo" in sys.modules


def has_room(function: FunctionType) -> bool:
    """Whether the compiler can still add graphs to a function's code. It counts those that were
    made for hooks that are gone, too."""
    if not is_compiler_in_use():
        return True
    limit: int = sys.modules["torch._dynamo"].config.recompile_limit
    return len(_debug_get_cache_entry_list(function.__code__)) < limit - 1


@outside_graphs
def call_eagerly(module: nn.Module, function: Callable[..., Any], *args: Any) -> Any:
    """Calls it with nothing compiled in it: a graph shows none of the operations in it, and one
    that shows them would be made for each hook point."""
    if not is_compiler_in_use():
        return function(*args)
    if get_eval_frame_callback() not in (None, False):  # compiled code broke its graph off here
        return torch.compiler.disable(function)(*args)  # type: ignore[no-untyped-call]
    if not any(child.__dict__.get("_compiled_call_impl") for child in module.modules()):
        return function(*args)
    with torch.compiler.set_stance("force_eager"):
        return function(*args)
