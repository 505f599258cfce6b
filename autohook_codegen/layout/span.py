"""A piece of a text."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Span"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The characters of a text from `start` up to `end`."""

    start: int
    end: int
