"""Hooks that see one thread only: those of `run_with_hooks` and `run_with_cache`.

Two threads may run the same hooked model; without this, each one's cache would hold some of the
other's values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

changing = threading.RLock()
"""Held while hooks change."""
_here = threading.local()


class OwnThread:
    """A hook that does nothing on another thread than the one that made this."""

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook
        self.thread = threading.get_ident()

    def __call__(self, value: Any, hook: Any) -> Any:
        # the compiler runs one thread at a time, and cannot trace the question
        if torch.compiler.is_compiling() or is_seen_by(self.thread):
            return self.hook(value, hook=hook)
        return None

    def __repr__(self) -> str:
        return repr(self.hook)


def is_seen_by(thread: int | None) -> bool:
    """Whether a hook of that thread (None: of any) is to be called now. A replica of
    `nn.DataParallel` runs on a thread of its own, for the thread that has the model."""
    return thread is None or thread == threading.get_ident() or getattr(_here, "replica", False)


class InReplica:
    """Calls a hook point for a replica: the hooks of the thread that has the model see it too."""

    def __init__(self, hook_point: Callable[[Any], Any]) -> None:
        self.hook_point = hook_point

    def __call__(self, value: Any) -> Any:
        _here.replica = True
        try:
            return self.hook_point(value)
        finally:
            _here.replica = False


def is_replica(module: nn.Module) -> bool:
    return "_is_replica" in module.__dict__
