"""What a result may be, as the rules ask it."""

from __future__ import annotations

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import field, is_keyed, item
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Attribute,
    Class,
    Fields,
    Function,
    Instance,
    Item,
    Items,
    Module,
    Nothing,
    Parameter,
    Plain,
    Step,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.library import guesses

__all__ = [
    "is_structured",
    "is_surely_tensor",
    "is_tuple",
    "may_be_none",
    "may_be_tensor",
    "may_hold_no_tensor",
    "part_of",
    "settable_fields",
]


def is_surely_tensor(value: Value) -> bool:
    return bool(value) and all(isinstance(one, Tensor | Parameter) for one in value)


def may_be_tensor(value: Value) -> bool:
    return not value or any(isinstance(one, Tensor | Parameter | Unknown) for one in value)


def is_structured(value: Value) -> bool:
    """Tell whether it may be something that holds tensors and is none."""
    return any(isinstance(one, Items | Fields) for one in value)


def may_be_none(value: Value) -> bool:
    """Tell whether it may be ``None``, other than where an argument is left out all along."""
    return any(isinstance(one, Nothing) and one.argument is None for one in value)


def may_hold_no_tensor(value: Value) -> bool:
    """Tell whether it may be a number, an object or a function, besides what it is else."""
    others = [one for one in value if isinstance(one, Plain | Module | Instance | Class | Function)]
    return 0 < len(others) < len(value)


def gives_no_tensor(value: Value) -> bool:
    """Tell whether it is surely neither a tensor nor holds any."""
    return bool(value) and not may_be_tensor(value) and not is_structured(value)


def is_tuple(value: Value) -> bool:
    """Tell whether it is surely a tuple."""
    return bool(value) and all(isinstance(one, Items) and one.kind == "tuple" for one in value)


def settable_fields(value: Value) -> Fields | None:
    """Return the one object whose fields can be assigned, which the value surely is."""
    found = [one for one in value if isinstance(one, Fields)]
    if len(found) != len(value) or len({one.kind for one in found}) != 1:
        return None
    return found[0] if all(one.is_settable for one in found) else None


def part_of(value: Value, step: Step) -> Value:
    """Return what a part of a result may be."""
    found: list[Value] = []
    for one in value:
        if isinstance(one, Items) and isinstance(step, Item):
            found.append(item(one, step.key) or UNKNOWN)
        elif isinstance(one, Fields):
            if isinstance(step, Attribute):
                found.append(_named(one, step.name))
            elif isinstance(step, Item) and isinstance(step.key, str):
                found.append(_named(one, step.key))
            elif isinstance(step, Item) and isinstance(step.key, int) and _is_positional(one):
                fields = one.fields
                inside = 0 <= step.key < len(fields)
                found.append(fields[step.key][1] if inside else UNKNOWN)
            else:
                found.append(UNKNOWN)
        elif isinstance(one, Tensor):
            found.append(frozenset({one}))
        else:
            found.append(UNKNOWN)
    return join(*found) if found else NOT_REACHED


def _is_positional(one: Fields) -> bool:
    return one.is_ordered and not is_keyed(one)


def _named(one: Fields, name: str) -> Value:
    return field(one, name) or UNKNOWN


def may_hold_tensor(value: Value, step: Step) -> bool:
    """Tell whether a part may be one tensor; where only its name is known, by its name."""
    part = part_of(value, step)
    if part and not any(isinstance(one, Unknown) for one in part):
        return may_be_tensor(part)
    if is_structured(part) and not any(isinstance(one, Tensor | Parameter) for one in part):
        return False
    name = (
        step.name if isinstance(step, Attribute) else step.key if isinstance(step, Item) else None
    )
    if isinstance(name, str):
        return not (guesses.is_no_tensor_field(name) or guesses.is_tensor_list_field(name))
    return may_be_tensor(part)
