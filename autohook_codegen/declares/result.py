"""The possible shapes of what a call gives back."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "NEVER",
    "NO_VALUE",
    "OTHER_RESULT",
    "TENSOR",
    "UNKNOWN_RESULT",
    "Result",
    "any_of",
    "only",
]


@dataclass(frozen=True, slots=True)
class Result:
    """The possible shapes of a result."""

    kinds: frozenset[str]
    """Of ``tensor``, ``tuple``, ``list``, ``dict``, ``fields``, ``none``, ``other``, ``unknown``.
    """
    elements: tuple[Result, ...] | None = None
    """Of a tuple, in their order."""
    fields: tuple[tuple[str, Result], ...] | None = None
    """Of a dataclass or a dict, in the order of their declaration."""
    settable: bool = False
    """Surely an object whose fields can be assigned: no named tuple, no frozen dataclass."""
    ordered: bool = True
    """The first of `fields` is what ``out[0]`` reads; not so where a base outside the input has
    some.
    """

    @property
    def structured(self) -> bool:
        """It may be something that holds tensors and is none."""
        return bool(self.kinds & {"tuple", "list", "dict", "fields"})

    @property
    def surely_tensor(self) -> bool:
        return self.kinds == {"tensor"}

    @property
    def may_be_tensor(self) -> bool:
        return bool(self.kinds & {"tensor", "unknown"})

    @property
    def surely_tuple(self) -> bool:
        return self.kinds == {"tuple"}


def only(kind: str) -> Result:
    return Result(frozenset({kind}))


TENSOR = only("tensor")
UNKNOWN_RESULT = only("unknown")
NO_VALUE = only("none")
OTHER_RESULT = only("other")
NEVER = Result(frozenset())
"""Of a function that only raises: it says nothing of what another one in its place gives back."""


def any_of(*results: Result) -> Result:
    distinct = list(dict.fromkeys(results))
    if not distinct:
        return UNKNOWN_RESULT
    if len(distinct) == 1:
        return distinct[0]
    held = [one for one in distinct if one.structured]
    tuples = [one.elements for one in held if one.elements is not None]
    elements = None
    if tuples and all(one.elements is not None for one in held if "tuple" in one.kinds):
        shortest = min(len(one) for one in tuples)
        elements = tuple(any_of(*(one[index] for one in tuples)) for index in range(shortest))
    fields: dict[str, Result] = {}
    for one in held:
        for name, field in one.fields or ():
            fields[name] = any_of(fields[name], field) if name in fields else field
    return Result(
        kinds=frozenset().union(*(one.kinds for one in distinct)),
        elements=elements,
        fields=tuple(fields.items()) if fields else None,
        ordered=all(one.ordered for one in held),
        settable=bool(held)
        and all(one.settable for one in held if "fields" in one.kinds)
        and "tuple" not in frozenset().union(*(one.kinds for one in held)),
    )
