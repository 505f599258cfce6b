"""Where in a function's blocks a statement may follow others, whichever branch runs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

__all__ = ["Place", "find_places", "returns_in"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Behind one statement of a block."""

    block: list[ast.stmt]
    index: int

    @property
    def statement(self) -> ast.stmt:
        return self.block[self.index]

    def is_behind(self, statement: ast.stmt) -> bool:
        """Tell whether `statement` stands in the block, at any depth, up to the place."""
        return any(_holds(one, {statement}) for one in self.block[: self.index + 1])


def find_places(
    block: list[ast.stmt],
    makes: Collection[ast.stmt],
    touches: Collection[ast.stmt] = (),
    empty: Collection[ast.stmt] = (),
) -> tuple[list[Place], bool]:
    """Return the places behind what `makes` something, and whether one of them is passed whichever
    branch runs.

    A place is as late as the last statement of its block that `touches` what was made, but no later
    than a return. What is made `empty`, ``self.b = None``, may be made again behind.
    """
    holding = [one for one in block if _holds(one, makes)]
    first = next((one for one in holding if _always_makes(one, makes)), None)
    if first is None or (first not in makes and _may_leave(first)):
        found = [
            place
            for one in holding
            for inner in _blocks(one)
            for place in find_places(inner, makes, touches, empty)[0]
        ]
        return found, first is not None
    leaving = [
        place
        for one in holding[: holding.index(first)]
        for inner in _blocks(one)
        if any(map(_may_leave, inner))
        for place in find_places(inner, makes, touches, empty)[0]
    ]
    if first not in makes and isinstance(first, ast.With | ast.AsyncWith):
        return [*leaving, *find_places(first.body, makes, touches, empty)[0]], True
    later = {*touches, *(makes if first in empty else ())}
    start = last = block.index(first)
    for index in range(start + 1, len(block)):
        if _holds(block[index], later):
            last = index
        if _may_leave(block[index]):
            break
    return [*leaving, Place(block, last)], True


def returns_in(block: list[ast.stmt]) -> Iterator[ast.Return]:
    """Yield the returns of a function, those of nested functions left out."""
    for statement in block:
        if isinstance(statement, ast.Return):
            yield statement
        for inner in _blocks(statement):
            yield from returns_in(inner)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of a compound statement; an ``elif`` is a branch like the others."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    if isinstance(statement, ast.If):
        otherwise = statement.orelse
        if _is_elif(statement):
            return [statement.body, *_blocks(otherwise[0])]
        return [statement.body, otherwise] if otherwise else [statement.body]
    names = ("body", "orelse", "finalbody")
    blocks = [getattr(statement, name) for name in names if getattr(statement, name, None)]
    parts = (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))
    return blocks + [part.body for part in parts]


def _is_elif(statement: ast.If) -> bool:
    """Tell whether the ``orelse`` is an ``elif``: it stands in the column of its ``if``."""
    inner = statement.orelse[0] if len(statement.orelse) == 1 else None
    return isinstance(inner, ast.If) and inner.col_offset == statement.col_offset


def _holds(statement: ast.stmt, marked: Collection[ast.stmt]) -> bool:
    if statement in marked:
        return True
    return any(_holds(inner, marked) for block in _blocks(statement) for inner in block)


def _always_makes(statement: ast.stmt, makes: Collection[ast.stmt]) -> bool:
    if statement in makes:
        return True
    if isinstance(statement, ast.If):
        last = statement
        while _is_elif(last):
            (last,) = last.orelse  # type: ignore[assignment]
        return bool(last.orelse) and all(_branch_makes(one, makes) for one in _blocks(statement))
    if isinstance(statement, ast.With | ast.AsyncWith):
        return _branch_makes(statement.body, makes)
    if isinstance(statement, ast.Try):
        return _branch_makes(statement.body, makes) and all(
            _branch_makes(one.body, makes) for one in statement.handlers
        )
    return False


def _branch_makes(block: list[ast.stmt], makes: Collection[ast.stmt]) -> bool:
    return any(_always_makes(one, makes) for one in block) or isinstance(block[-1], ast.Raise)


def _may_leave(statement: ast.stmt) -> bool:
    return next(returns_in([statement]), None) is not None
