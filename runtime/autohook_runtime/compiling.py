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
from torch._C._dynamo.eval_frame import _debug_get_cache_entry_list, get_eval_frame_callback

from autohook_runtime.changes import changing

Function = TypeVar("Function", bound=Callable[..., Any])

_outside_graphs: list[CodeType] = []


def outside_graphs(function: Function) -> Function:
    """A function that is no graph of its own. Called from compiled code it is a part of that."""
    _outside_graphs.append(function.__code__)
    return function


def tell_compiler() -> None:
    """Which functions are no graphs, once it is in use: it takes seconds to import, and most need
    none."""
    if _outside_graphs:
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
    count = len(_debug_get_cache_entry_list(function.__code__))
    return not count or count < sys.modules["torch._dynamo"].config.recompile_limit - 1


class Eagerly:
    """While a block of it runs, in any thread, nothing compiled runs: a graph shows none of the
    operations in it, and one that shows them would be made for each hook point."""

    def __init__(self) -> None:
        self.count = 0
        self.before: Any = None

    def __enter__(self) -> None:
        with changing:
            self.count += 1
            if self.before is None and is_compiler_in_use():
                # not `set_stance`, which takes a hundred times as long
                eval_frame = sys.modules["torch._dynamo"].eval_frame
                self.before = eval_frame._stance
                eval_frame._stance = eval_frame.DynamoStance("force_eager")

    def __exit__(self, *_: Any) -> None:
        with changing:
            self.count -= 1
            if not self.count and self.before is not None:
                sys.modules["torch._dynamo"].eval_frame._stance = self.before
                self.before = None


eagerly = Eagerly()


@outside_graphs
def unseen(function: Function) -> Function:
    """The function, as one of which no graph is made where compiled code called what runs now."""
    if get_eval_frame_callback() in (None, False):
        return function
    return torch.compiler.disable(function)  # type: ignore[no-untyped-call, no-any-return]
