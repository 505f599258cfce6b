"""How values are joined: by union, with bounds, so that a value only grows and comes to an end.

Nor does it depend on the order in which the program is read: what is put in the place of others
takes them in, in every later join.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.analysis.values import (
    NOT_REACHED,
    Alternative,
    Fields,
    Items,
    Nothing,
    Origin,
    Plain,
    Tensor,
    Unknown,
    Value,
)

__all__ = [
    "ANYTHING",
    "ANYWHERE",
    "DEEPEST",
    "MOST_ALTERNATIVES",
    "MOST_MEMBERS",
    "bounded",
    "depth",
    "join",
]

MOST_ALTERNATIVES = 16
MOST_MEMBERS = 12
DEEPEST = 5
LARGEST = 300
"""How much of a value is known one by one. Beyond, a part of it is taken for any: so the
interpretation comes to an end."""

ANYWHERE = Origin(ast.Pass())
"""The origin of a tuple or dict that stands for those of many places."""
ANYTHING = Unknown(Origin(ast.Pass()))
"""Stands for more modules, functions and classes than are kept one by one."""


def join(*values: Value) -> Value:
    """Return what a value is that may be any of `values`.

    Tuples that come from one place are one tuple, whose members are joined; and a tensor from
    anywhere takes in those whose origin is known.
    """
    joined = values[0].union(*values[1:]) if values else NOT_REACHED
    if len(joined) < 2:
        return joined
    if len(joined) < 3 and any(joined == one for one in values) and _stay_apart(*joined):
        return joined
    joined = _joined_structures(joined)
    if ANYTHING in joined:
        return frozenset(map(_least, joined))
    joined = frozenset(
        one for one in joined if one == (whole := _whole(one)) or whole not in joined
    )
    return joined if len(joined) <= MOST_ALTERNATIVES else _widened(joined)


def _stay_apart(one: Alternative, other: Alternative) -> bool:
    """Tell whether neither of the two takes the other in, nor both are one tuple."""
    if isinstance(one, Items | Fields) and isinstance(other, Items | Fields):
        return False
    return ANYTHING not in (one, other) and one != _whole(other) and other != _whole(one)


def _whole(one: Alternative) -> Alternative | None:
    """Return what takes the alternative in, wherever it comes from."""
    match one:
        case Tensor() | Unknown():
            return type(one)()
        case Plain():
            return Plain(gives_others=one.gives_others, is_slice=one.is_slice)
    return None


def _joined_structures(value: Value) -> Value:
    structured = [one for one in value if isinstance(one, Items | Fields)]
    if len(structured) < 2:
        return value
    return value.difference(structured).union(_merged(structured))


def _merged(structured: list[Items | Fields]) -> set[Items | Fields]:
    found: dict[object, Items | Fields] = {}
    anywhere = {one.kind for one in structured if one.origin == ANYWHERE}
    for one in structured:
        if one.kind in anywhere and one.origin != ANYWHERE:
            one = _from_anywhere(one)
        key: tuple[object, ...] = (type(one), one.kind, one.held, one.origin, one.site)
        if isinstance(one, Items):
            key = (*key, len(one.first))
        other = found.get(key)
        found[key] = one if other is None else _both(one, other)
    by_length: dict[object, list[Items]] = {}
    for one in found.values():
        if isinstance(one, Items):
            by_length.setdefault((one.kind, one.held, one.origin, one.site), []).append(one)
    kept = {one for one in found.values() if isinstance(one, Fields)}
    result: set[Items | Fields] = set(kept)
    for alike in by_length.values():
        # one of any length takes in those of the same place that are known member by member
        if len(alike) > 2 or (len(alike) == 2 and any(_is_of_any_length(one) for one in alike)):
            result.add(_of_any_length(alike))
        else:
            result.update(alike)
    return result


def _is_of_any_length(one: Items) -> bool:
    return bool(one.rest)


def _of_any_length(alike: list[Items]) -> Items:
    """The members that all have, and what may follow: ``(out, loss)`` and ``(out, loss, stats)``
    both begin with ``out``."""
    shortest = min(len(one.first) for one in alike)
    first = tuple(
        join(*members) for members in zip(*(one.first[:shortest] for one in alike), strict=True)
    )
    rest = join(*(member for one in alike for member in (*one.first[shortest:], one.rest)))
    return replace(alike[0], first=first, rest=rest)


def _from_anywhere(one: Items | Fields) -> Items | Fields:
    if isinstance(one, Items):
        return Items(one.kind, (), join(*one.first, one.rest), origin=ANYWHERE)
    return replace(one, origin=ANYWHERE, held=None, site=None)


def _both(one: Items | Fields, other: Items | Fields) -> Items | Fields:
    if isinstance(one, Items) and isinstance(other, Items):
        first = tuple(join(a, b) for a, b in zip(one.first, other.first, strict=True))
        return replace(one, first=first, rest=join(one.rest, other.rest))
    assert isinstance(one, Fields)
    assert isinstance(other, Fields)
    longer, shorter = (one, other) if len(one.fields) >= len(other.fields) else (other, one)
    fields = dict(longer.fields)
    for name, value in shorter.fields:
        fields[name] = join(fields[name], value) if name in fields else value
    # in one order whichever of the two comes first
    kept = [name for name, _ in longer.fields if name in dict(shorter.fields)]
    in_order = kept == [name for name, _ in shorter.fields]
    return replace(
        longer,
        fields=tuple(fields.items() if in_order else sorted(fields.items())),
        rest=join(one.rest, other.rest),
        is_settable=one.is_settable and other.is_settable,
        is_ordered=one.is_ordered and other.is_ordered,
    )


def _widened(value: Value) -> Value:
    """Return fewer alternatives that take in all of `value`.

    What is put in their place takes in, in every later join, what it was put in place of: a value
    that came back to what it was would never settle.
    """
    kept: set[Alternative] = set()
    for one in value:
        match one:
            case Items() | Fields():
                kept.add(_from_anywhere(one))
            case _:
                kept.add(_whole(one) or one)
    joined = _joined_structures(frozenset(kept))
    return joined if len(joined) <= MOST_ALTERNATIVES else frozenset({ANYTHING, *map(_least, kept)})


def _least(one: Alternative) -> Alternative:
    """Return what is kept of an alternative beside `ANYTHING`."""
    match one:
        case Tensor() | Plain():
            return _whole(one) or one
        case Nothing():
            return Nothing()
        case _:
            return ANYTHING


def bounded(value: Value) -> Value:
    """Return the value, of which so little is known member by member that it stays small.

    What is left out is `ANYTHING`, which takes in what comes there later.
    """
    for deepest in range(DEEPEST, -1, -1):
        value = _cut(value, deepest)
        if _size(value) <= LARGEST:
            break
    return value


def _cut(value: Value, deepest: int) -> Value:
    if depth(value) <= deepest:
        return value
    if deepest == 0:
        return frozenset(ANYTHING if isinstance(one, Items | Fields) else one for one in value)
    return frozenset(_with_members_cut(one, deepest - 1) for one in value)


def _with_members_cut(one: Alternative, deepest: int) -> Alternative:
    """Return it with its members as they are joined: it will be with what it was before."""
    match one:
        case Items(first=first, rest=rest):
            members = tuple(join(_cut(member, deepest)) for member in first)
            return replace(one, first=members, rest=join(_cut(rest, deepest)))
        case Fields(fields=fields, rest=rest):
            named = tuple((name, join(_cut(field, deepest))) for name, field in fields)
            return replace(one, fields=named, rest=join(_cut(rest, deepest)))
    return one


def _size(value: Value) -> int:
    """Return the number of alternatives, with those of members."""
    return len(value) + sum(_size(inside) for one in value for inside in _members(one))


def _members(one: Alternative) -> tuple[Value, ...]:
    match one:
        case Items(first=first, rest=rest):
            return (*first, rest)
        case Fields(fields=fields, rest=rest):
            return (*(field for _, field in fields), rest)
    return ()


def depth(value: Value) -> int:
    """Return how deep tuples and dicts nest in the value."""
    return max((1 + max(map(depth, its)) for one in value if (its := _members(one))), default=0)
