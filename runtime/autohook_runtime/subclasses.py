"""The subclasses that a live module's `__class__` is swapped for, each made once per class."""

from __future__ import annotations

from typing import Any

SWAPPED_FROM = "_auto_hook_swapped_from"


class Unannounced:
    """Keeps a subclass from the eyes of `__init_subclass__` of the classes after it.

    A class that keeps a table of its subclasses must not find ours in there. (No `__slots__`: a
    live module's class can only be swapped for one whose objects are laid out as its own.)
    """

    def __init_subclass__(cls, **_: Any) -> None:
        pass


def make_subclass(own: type, *mixins: type, **namespace: Any) -> type:
    """A subclass of `own` with its name, so that whatever prints, saves or looks up a class by its
    name goes on as before."""
    members: dict[str, Any] = {
        "__module__": own.__module__,
        "__qualname__": own.__qualname__,
        "__doc__": own.__doc__,
        SWAPPED_FROM: own,
        **namespace,
    }
    first = () if issubclass(own, Unannounced) else (Unannounced,)
    made: type = type(own)(own.__name__, (*first, own, *mixins), members)
    return made


def swap_class(target: object, cls: type) -> None:
    """Past a `__setattr__` that the class may have."""
    object.__setattr__(target, "__class__", cls)


def swapped_from(cls: type) -> type | None:
    """The class that `cls` was made of, if `cls` is one of ours; not for subclasses of ours."""
    own = cls.__dict__.get(SWAPPED_FROM)
    return own if isinstance(own, type) else None
