"""Calls of autograd functions while there are hooks.

No mode of torch sees `Function.apply`, only the operations inside of it, in forward and in
backward. So the method is another one for that time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.autograd import Function
from torch.utils.checkpoint import CheckpointFunction

from autohook_runtime.checkpointing import call_checked
from autohook_runtime.followed_parameters import apply_seen


class Watch:
    """Has calls of a class's `apply` go through `call`, until `end` was called as often as
    `begin`: both by whoever holds `changing`."""

    def __init__(self, watched: Any, call: Callable[..., Any]) -> None:
        self.watched, self.count = watched, 0
        self.own: Any = vars(watched).get("apply")

        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            bound: Any = super(watched, cls) if self.own is None else None
            own = bound.apply if bound else self.own.__get__(None, cls)
            return call(own, args, kwargs)

        self.apply = classmethod(apply)

    def begin(self) -> None:
        self.count += 1
        if self.count == 1:
            self.watched.apply = self.apply

    def end(self) -> None:
        self.count -= 1
        if self.count:
            return
        if self.own is not None:
            self.watched.apply = self.own
        else:
            del self.watched.apply


checkpoints = Watch(CheckpointFunction, call_checked)
"""While any hook point has a hook."""
functions = Watch(Function, apply_seen)
"""While one of a parameter has."""
