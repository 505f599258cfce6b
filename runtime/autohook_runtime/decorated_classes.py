"""`@auto_hook` on a class, which stays itself: its objects are hooked when they are built."""

from __future__ import annotations

import threading
from functools import wraps
from typing import Any

from torch import nn

from autohook_runtime.choices import Choice
from autohook_runtime.hooked_classes import hook_module

DECORATED = "_auto_hook_choice"
_here = threading.local()


def hook_class(cls: type[nn.Module], choice: Choice) -> None:
    """Hooks what is built of `cls` or a subclass of it, at the end of the outermost `__init__`.

    Not by a subclass in its place: `super(MyModel, self).__init__()` in its own code would then
    call itself.
    """
    if DECORATED not in cls.__dict__:
        _wrap_init(cls)
        _wrap_init_subclass(cls)
    setattr(cls, DECORATED, choice)


def _wrap_init(cls: Any) -> None:
    own = cls.__dict__.get("__init__")

    @wraps(cls.__init__)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        building: set[int] = _here.__dict__.setdefault("building", set())
        is_outermost = id(self) not in building
        building.add(id(self))
        try:
            if own is not None:
                own(self, *args, **kwargs)
            else:
                super(cls, self).__init__(*args, **kwargs)
        finally:
            if is_outermost:
                building.discard(id(self))
        if is_outermost:
            hook_module(self, getattr(type(self), DECORATED))

    cls.__init__ = __init__


def _wrap_init_subclass(cls: Any) -> None:
    own = cls.__dict__.get("__init_subclass__")

    def __init_subclass__(subclass: Any, /, **kwargs: Any) -> None:  # noqa: N807
        if own is not None:
            own.__get__(None, subclass)(**kwargs)
        else:
            super(cls, subclass).__init_subclass__(**kwargs)
        if "__init__" in subclass.__dict__:
            _wrap_init(subclass)

    cls.__init_subclass__ = classmethod(__init_subclass__)
