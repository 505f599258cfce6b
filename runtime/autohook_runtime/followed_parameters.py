"""Parameters whose hook points have hooks, on their way to the operations that take them.

A parameter stays itself. Whoever reads it of its module makes it followed: from then on a mode of
torch sees each operation, and the results of those that take the parameter go through its hook
point. The mode goes with the forward in which the parameter was read. Views and casts (`W.T`,
`W[0]`, `W.float()`) are followed in turn, since they are the parameter on its way. What joins it
with others (`torch.cat`) is no operation on it: there its own value goes through.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from threading import get_ident
from typing import Any, Protocol

import torch
from torch import Tensor
from torch._guards import CompileContext
from torch.compiler import is_dynamo_compiling
from torch.overrides import TorchFunctionMode

from autohook_runtime.first_tensor import first_tensor, with_tensor
from autohook_runtime.operations import (
    CHANGES,
    ELSEWHERE,
    FIRES,
    FOLLOWED,
    JOINS,
    NO_USE,
    kind_of,
)

_count = torch._C._len_torch_function_stack
_push = torch._C._push_on_torch_function_stack
_pop = torch._C._pop_torch_function_stack


class Fires(Protocol):
    """What this file needs of a hook point."""

    is_in_source: bool

    def fire(self, value: Any) -> Any: ...
    def note_passed(self, value: Any) -> None: ...


HookPoints = tuple[Fires, ...]
Followed = dict[int, tuple[Any, HookPoints]]
"""By id; what is beside the hook points keeps the tensor alive in a forward, and knows whether it
is otherwise."""


class Following(TorchFunctionMode):
    """Sees the operations of one thread while parameters are followed there. Each thread has one,
    which is on while there is something to follow."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = get_ident()
        self.is_on = False
        self.followed: Followed = {}
        """Parameters that were read, and views of them. It is changed as a whole."""
        self.joined: dict[int, Tensor] = {}
        """By id, what the hooks have made of those of them that were joined with others since they
        were read."""
        self.is_in_forward = False
        """Whether one runs that ends what is followed."""
        self.is_paused = False

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        # a function's graph has operations of its own, which are seen when it runs
        if self.is_paused or is_dynamo_compiling():
            return function(*args, **kwargs)
        kind = kind_of(function)
        if kind is ELSEWHERE:
            return _call_elsewhere(function, args, kwargs)
        hook_points = self.taken_by((*args, *kwargs.values()) if kwargs else args)
        if not hook_points or kind is NO_USE:
            return function(*args, **kwargs)
        if kind is JOINS:
            return function(*self._values(args), **kwargs)
        result = function(*args, **kwargs)
        if "out" in kwargs:
            return _fire_on_changed(result, hook_points)
        if kind is FIRES:
            return fire_on_results(hook_points, result)
        first = args[0] if args else None
        if id(first) in self.followed:
            if kind is FOLLOWED:
                self._follow_views(result, self.followed[id(first)][1])
            return result
        if kind is not CHANGES:
            return fire_on_results(hook_points, result)
        if isinstance(first, (tuple, list)):
            return result  # an optimizer's `torch._foreach_add_(parameters, …)`
        return _fire_on_changed(result, hook_points)

    def taken_by(self, values: Iterable[Any]) -> HookPoints:
        """The hook points of what an operation on these takes, in their order."""
        taken: HookPoints = ()
        followed = self.followed
        for value in values:
            if id(value) in followed:
                hook_points = followed[id(value)][1]
            elif value.__class__ is tuple or value.__class__ is list:
                hook_points = self.taken_by(value)
            else:
                continue
            taken = tuple(dict.fromkeys((*taken, *hook_points))) if taken else hook_points
        return taken

    def _values(self, given: Any) -> Any:
        """What is joined, with what hooks make of the parameters in it."""
        if type(given) in (tuple, list):
            return type(given)(map(self._values, given))
        if id(given) not in self.followed:
            return given
        if id(given) not in self.joined:
            self.joined[id(given)] = fire_on_results(self.followed[id(given)][1], given)
        return self.joined[id(given)]

    def _follow_views(self, result: Any, hook_points: HookPoints) -> None:
        for view in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(view, Tensor):
                follow(view, hook_points)

    def go_back(self, before: Followed) -> None:
        """Follows what was followed before, and nothing else."""
        self.followed = before
        if not before and self.is_on and get_ident() == self.thread:
            self.is_on, mode = False, _pop()
            if mode is not self:
                others = []
                while mode is not self:
                    others.append(mode)
                    mode = _pop()
                for mode in reversed(others):
                    _push(mode)
        if self.joined:
            self.joined = {n: value for n, value in self.joined.items() if n in before}

    def end_forward(self, before: Followed, output: Any) -> None:
        """Ends to follow what was read in a forward. Where that gives out a parameter, the one
        around it goes on with it."""
        handed_on = self.followed.get(id(output))
        self.go_back(before)
        if handed_on is not None:
            follow(output, handed_on[1])

    def forget(self, number: int) -> None:
        if number in self.followed:
            self.go_back({n: each for n, each in self.followed.items() if n != number})


class Here(threading.local):
    """What is followed in this thread."""

    def __init__(self) -> None:
        self.following = Following()


here = Here()


def follow(value: Any, hook_points: HookPoints) -> None:
    """From here on, to the end of the innermost forward that runs; where none does, as long as
    there are hooks."""
    following, number, held = here.following, id(value), value
    if number in following.followed:
        following.joined.pop(number, None)
        return
    if not following.is_in_forward:
        if CompileContext.try_get() is not None:
            return  # the compiler looks at the module
        # it may go before its hooks do
        held = weakref.ref(value, lambda _: following.forget(number))
    if not following.is_on:
        following.is_on = True
        # below the modes of others: these end inside of the forward that they began in
        others = [_pop() for _ in range(_count())] if _count() else ()
        _push(following)
        for mode in reversed(others):
            _push(mode)
    following.followed = {number: (held, hook_points), **following.followed}


def unfollow(value: Any) -> None:
    """What the source itself sends through a hook point is not followed further."""
    here.following.forget(id(value))


def end_following(hook_point: Fires) -> None:
    """For good: the hook point has no hook any more."""
    following = here.following
    if following.followed:
        every = following.followed.items()
        following.go_back({n: each for n, each in every if hook_point not in each[1]})


def fire_on_results(hook_points: HookPoints, result: Any) -> Any:
    """The result with its first tensor through the hook points. Numbers only: a mask or an index
    that is read off a parameter is no activation."""
    tensor, steps = (result, ()) if type(result) is Tensor else first_tensor(result)
    if tensor is None or not (tensor.is_floating_point() or tensor.is_complex()):
        return result
    fired = tensor
    for hook_point in hook_points:
        fired = hook_point.fire(fired)
    _note_passed(hook_points, fired)
    return result if fired is tensor else with_tensor(result, steps, fired)


def _fire_on_changed(result: Any, hook_points: HookPoints) -> Any:
    """`x += W` changes `x` for all who have it, so what the hooks make of it is written there."""
    if not isinstance(result, Tensor):
        return result
    # a copy: what the hooks save of it for backward must not change with it
    before = result.clone()
    version = before._version
    fired = fire_on_results(hook_points, before)
    if fired is not before or before._version != version:
        result.copy_(fired)
    _note_passed(hook_points, result)
    return result


def _note_passed(hook_points: HookPoints, value: Any) -> None:
    for hook_point in hook_points:
        if hook_point.is_in_source:
            hook_point.note_passed(value)


def _call_elsewhere(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    before, here.following = here.following, Following()
    try:
        return function(*args, **kwargs)
    finally:
        here.following = before
