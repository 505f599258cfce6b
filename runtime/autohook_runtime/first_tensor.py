"""The first tensor in a module's output, and the output with another tensor in its place.

An output may be a tensor, a tuple, list, dict, dataclass or Hugging Face `ModelOutput`, nested as
they please. The first tensor is found depth first, in the order in which they hold their items.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

Step = Any
"""A key, an index, or the name of a dataclass's field (as `Field`)."""


class Field(str):
    """The name of a dataclass's field, told from a dict's key of the same letters."""

    __slots__ = ()


def _items(value: Any) -> list[tuple[Step, Any]]:
    if isinstance(value, Mapping):  # ModelOutput too: it leaves out the fields that are None
        return list(value.items())
    if isinstance(value, (tuple, list)):
        return list(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        return [(Field(field.name), getattr(value, field.name, None)) for field in fields(value)]
    return []


def first_tensor(
    value: Any, around: tuple[Any, ...] = ()
) -> tuple[Tensor | None, tuple[Step, ...]]:
    """The first tensor in `value` and the steps that lead to it; `(None, ())` if it holds none.
    What holds itself (`around` holds it) is entered once.

    >>> first_tensor((None, {"loss": torch.zeros(())}))
    (tensor(0.), (1, 'loss'))
    """
    if isinstance(value, Tensor):
        return value, ()
    for outer in around:
        if outer is value:
            return None, ()
    for step, item in _items(value):
        tensor, steps = first_tensor(item, (*around, value))
        if tensor is not None:
            return tensor, (step, *steps)
    return None, ()


def with_tensor(value: Any, steps: tuple[Step, ...], tensor: Any) -> Any:
    """`value` with `tensor` at the end of `steps`. What cannot change is made anew; a list, dict or
    dataclass is copied, since the module may hold on to the one that it gave out."""
    if not steps:
        return tensor
    step, *rest = steps
    if isinstance(step, Field):
        changed = copy.copy(value)
        # past a frozen dataclass's own __setattr__
        object.__setattr__(changed, step, with_tensor(getattr(value, step), tuple(rest), tensor))
        return changed
    item = with_tensor(value[step], tuple(rest), tensor)
    if isinstance(value, tuple):
        items = [*value[:step], item, *value[step + 1 :]]
        if hasattr(value, "_make"):  # a named tuple
            return value._make(items)
        return tuple(items) if type(value) is tuple else type(value)(items)
    # `copy.copy` is nothing that `torch.compile` can trace
    changed = type(value)(value) if type(value) in (dict, list) else copy.copy(value)
    changed[step] = item
    return changed


def each_tensor(
    value: Any, around: tuple[int, ...] = ()
) -> Iterator[tuple[Tensor, tuple[Step, ...]]]:
    """All tensors in `value`, in the order in which `first_tensor` looks for one, each with the
    steps that lead to it."""
    if isinstance(value, Tensor):
        yield value, ()
    elif id(value) not in around:
        for step, item in _items(value):
            for tensor, steps in each_tensor(item, (*around, id(value))):
                yield tensor, (step, *steps)


def named_part(value: Any, part: str) -> tuple[Tensor | None, tuple[Step, ...]]:
    """The tensor to which the steps lead that are written `"1"` or `"attentions.0"`; the first one
    for an empty text."""
    if not part:
        return first_tensor(value)
    for tensor, steps in each_tensor(value):
        if ".".join(map(str, steps)) == part:
            return tensor, steps
    return None, ()
