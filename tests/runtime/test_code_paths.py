"""Whether code sends the result of a call through a hook point, whichever way it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from autohook_runtime.code_paths import is_sent_through

noted: list[bool] = []


class Holder:
    """`fc` notes what is made of the code that calls it."""

    def __init__(self) -> None:
        self.points = [self.point, self.point]

    def fc(self, x: int, *others: Any, **more: Any) -> int:
        frame = sys._getframe(1)
        names = frozenset(("point", "points"))
        noted.append(is_sent_through(frame.f_code, frame.f_lasti, names))
        return x

    def point(self, x: Any) -> Any:
        return x


@contextmanager
def block() -> Iterator[None]:
    yield


def as_argument(self: Any, x: int) -> Any:
    return self.point(self.fc(x))


def indexed(self: Any, x: int) -> Any:
    return self.points[x if x else -1](self.fc(x, *[x], key=x))


def deep_inside(self: Any, x: int) -> Any:
    return self.point(max([-y for y in (self.fc(x), 2)], key=lambda y: -y) if x else -self.fc(x))


def beside(self: Any, x: int) -> Any:
    return self.point(x) + self.fc(x)


def beside_an_index(self: Any, x: int) -> Any:
    return (self.points[0](x), self.fc(x))


def on_the_next_line(self: Any, x: int) -> Any:
    y, _ = self.fc(x), None
    y = self.point(y)
    return -y


def never(self: Any, x: int) -> Any:
    return self.fc(x)


def before(self: Any, x: int) -> Any:
    x = self.point(x)
    return self.fc(x)


def on_one_way(self: Any, x: int) -> Any:
    y = self.fc(x)
    if y:
        y = self.point(y)
    return y


def early(self: Any, x: int) -> Any:
    y = self.fc(x)
    if y:
        return y
    return self.point(y)


def on_both_ways(self: Any, x: int) -> Any:
    y = self.fc(x)
    return self.point(y) if y else self.point(-y)


def past_an_error(self: Any, x: int) -> Any:
    with block():
        try:
            y = self.fc(x)
            if y < 0:
                raise ValueError
        finally:
            x += 1
    assert y >= 0, y
    return self.point(y)


def in_a_loop(self: Any, x: int) -> Any:
    for _ in range(1):
        x = self.fc(x)
        x = self.point(x)
    return x


def after_a_loop(self: Any, x: int) -> Any:
    """Of several calls, it sends the last one's result."""
    for _ in range(1):
        x = self.fc(x)
    return self.point(x)


def in_a_comprehension(self: Any, x: int) -> Any:
    return [self.point(self.fc(y)) for y in (x,)]


CASES: list[tuple[Callable[[Any, int], Any], bool]] = [
    (as_argument, True),
    (indexed, True),
    (deep_inside, True),
    (beside, False),
    (beside_an_index, False),
    (on_the_next_line, True),
    (never, False),
    (before, False),
    (on_one_way, False),
    (early, False),
    (on_both_ways, True),
    (past_an_error, True),
    (in_a_loop, True),
    (after_a_loop, False),
    (in_a_comprehension, True),
]


@pytest.mark.parametrize(("function", "sends"), CASES)
@pytest.mark.parametrize("x", [0, 1])
def test_is_sent_through(function: Callable[[Any, int], Any], sends: bool, x: int) -> None:
    noted.clear()
    function(Holder(), x)
    assert noted == [sends]
