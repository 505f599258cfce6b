"""Which thread's values a hook sees.

Hooks of `run_with_hooks` and `run_with_cache` see one thread only: two threads may run the same
hooked model, and without this, each one's cache would hold some of the other's values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from torch.compiler import is_dynamo_compiling

_here = threading.local()


class OwnThread:
    """A hook that does nothing on another thread than the one that made this."""

    was_called = False

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook
        self.thread = get_ident()

    def __call__(self, value: Any, hook: Any) -> Any:
        # the compiler runs one thread at a time, and cannot trace the question
        if is_dynamo_compiling() or is_seen_by(self.thread):
            self.was_called = True
            return self.hook(value, hook=hook)
        return None

    def __repr__(self) -> str:
        return repr(self.hook)


def is_seen_by(thread: int | None) -> bool:
    """Whether a hook of that thread (None: of any) is to be called now. A replica of
    `nn.DataParallel` runs on a thread of its own, for the thread that has the model."""
    return thread is None or thread == get_ident() or getattr(_here, "replica", False)


@contextmanager
def in_replica() -> Iterator[None]:
    """What is called in here is called for the thread that has the model."""
    before = getattr(_here, "replica", False)
    _here.replica = True
    try:
        yield
    finally:
        _here.replica = before
