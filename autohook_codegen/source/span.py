"""A piece of a text."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Span"]


class Span(NamedTuple):
    """The characters of a text from `start` up to `end`."""

    start: int
    end: int
