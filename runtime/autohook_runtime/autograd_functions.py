"""Calls of autograd functions while there are hooks.

No mode of torch sees `Function.apply`, only the operations inside of it, in forward and in
backward. So the method is another one for that time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.autograd import Function
from torch.autograd.function import _SingleLevelFunction
from torch.utils.checkpoint import CheckpointFunction

from autohook_runtime.checkpointing import call_checked
from autohook_runtime.followed_parameters import fire_on_results, here


class Watch:
    """Has calls of `apply` of some classes go through `call`, until `end` was called as often as
    `begin`: both by whoever holds `changing`."""

    def __init__(self, call: Callable[..., Any], *watched: Any) -> None:
        self.count = 0
        self.own = [(cls, vars(cls).get("apply"), _through(call, cls)) for cls in watched]

    def begin(self) -> None:
        self.count += 1
        if self.count == 1:
            for cls, _, apply in self.own:
                cls.apply = apply

    def end(self) -> None:
        self.count -= 1
        for cls, own, _ in self.own if not self.count else ():
            if own is not None:
                cls.apply = own
            else:
                del cls.apply


def _through(call: Callable[..., Any], watched: Any) -> Any:
    own = vars(watched).get("apply")

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        bound = own.__get__(None, cls) if own is not None else super(watched, cls).apply
        return call(bound, args, kwargs)

    return classmethod(apply)


def apply_seen(apply: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The call of an autograd function as one operation: what it does inside, it does for itself,
    and again in backward."""
    following = here.following
    if not following.followed or following.is_paused:
        return apply(*args, **kwargs)
    hook_points = following.taken_by((*args, *kwargs.values()))
    if not hook_points:  # a checkpoint, say, in which forwards run
        return apply(*args, **kwargs)
    following.is_paused = True
    try:
        result = apply(*args, **kwargs)
    finally:
        following.is_paused = False
    return fire_on_results(hook_points, result)


checkpoints = Watch(call_checked, CheckpointFunction)
"""While any hook point has a hook."""
functions = Watch(apply_seen, Function, _SingleLevelFunction)
"""While one of a parameter has. Of a function that was kept (`norm = Norm.apply`) the second one is
called, under torch.func's transforms the first."""
