"""Subclasses that an object's `__class__` is swapped for, and that nobody else hears of."""

from __future__ import annotations

from abc import ABCMeta
from functools import cache
from typing import Any

SWAPPED_FROM = "_auto_hook_swapped_from"


class Unannounced:
    """Stands behind a subclass of ours, ahead of its own base, and ends `__init_subclass__` there.

    A class that keeps a table of its subclasses must not find ours in it.
    """

    __slots__ = ()

    def __init_subclass__(cls, **_: Any) -> None:
        pass


@cache
def _quiet(metaclass: type) -> type:
    """A metaclass that puts `Unannounced` into the order of look-up. It is no base: with another
    first base than the own class, objects would be laid out in another way."""

    own_mro: Any = metaclass.mro

    def mro(cls: Any) -> list[type]:
        first, *rest = own_mro(cls)
        return [first, *rest] if Unannounced in rest else [first, Unannounced, *rest]

    return type.__new__(type, metaclass.__name__, (metaclass,), {"mro": mro})


def make_subclass(own: type, *mixins: type, **namespace: Any) -> type:
    """A subclass of `own` with its name, so that whatever prints, saves or looks up a class by its
    name goes on as before. No code of a metaclass is told of it."""
    members: dict[str, Any] = {
        "__module__": own.__module__,
        "__qualname__": own.__qualname__,
        "__doc__": own.__doc__,
        SWAPPED_FROM: own,
        **namespace,
    }
    # an abstract class has tables of its own, which it must not share with its base
    new = ABCMeta.__new__ if isinstance(own, ABCMeta) else type.__new__
    made: type = new(_quiet(type(own)), own.__name__, (own, *mixins), members)
    return made


def swap_class(target: object, cls: type) -> None:
    """Past a `__setattr__` that the class may have."""
    object.__setattr__(target, "__class__", cls)


def swapped_from(cls: type) -> type | None:
    """The class that `cls` was made of, if `cls` is one of ours; not for subclasses of ours."""
    own = cls.__dict__.get(SWAPPED_FROM)
    return own if isinstance(own, type) else None
