"""Calls of autograd functions while a parameter has a hook.

No mode of torch sees `Function.apply`, only the operations inside of it, in forward and in
backward. So the method is another one for that time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch.autograd import Function

from autohook_runtime.followed_parameters import apply_seen
from autohook_runtime.own_thread import changing

_own_apply: Any = vars(Function)["apply"]
_watchers = 0


@classmethod  # type: ignore[misc]
def _apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    return apply_seen(partial(_own_apply.__func__, cls), args, kwargs)


def watch_autograd_functions() -> None:
    """Until `unwatch_autograd_functions` was called as often."""
    global _watchers
    with changing:
        _watchers += 1
        if _watchers == 1:
            Function.apply = _apply  # type: ignore[method-assign]


def unwatch_autograd_functions() -> None:
    global _watchers
    with changing:
        _watchers -= 1
        if not _watchers:
            Function.apply = _own_apply  # type: ignore[method-assign]
