"""Changes of hooks: one thread at a time makes some, and what lies on modules follows."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from torch.utils.hooks import RemovableHandle


class Changing:
    """A lock that is held while hooks change."""

    def __init__(self) -> None:
        self.lock, self.depth = threading.RLock(), 0
        self.to_settle: dict[Any, None] = {}

    def __enter__(self) -> None:
        self.lock.acquire()
        self.depth += 1

    def __exit__(self, *_: Any) -> None:
        try:
            while self.depth == 1 and self.to_settle:
                self.to_settle.popitem()[0].settle()
        finally:
            self.depth -= 1
            self.lock.release()


changing = Changing()


class HookHandle(RemovableHandle):
    """torch's handle, which tells the hook point when its hook is gone."""

    def __init__(self, handle: RemovableHandle, hook_point: Any) -> None:
        self.__dict__.update(handle.__dict__)
        self.hook_point = weakref.ref(hook_point)

    def remove(self) -> None:
        with changing:
            super().remove()
            hook_point = self.hook_point()
            if hook_point is not None:
                hook_point.settle()
