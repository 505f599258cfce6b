"""What stands at each step of a reference."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import item, members
from autohook_codegen.analysis.trace import Trace
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    Attribute,
    Fields,
    Function,
    Item,
    Items,
    Module,
    Nothing,
    Parameter,
    Step,
    Tensor,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import Reference

__all__ = [
    "added_members",
    "has_mixed_members",
    "is_mixed",
    "may_be_none",
    "sites_in",
    "values_along",
    "with_own_names",
]


def values_along(reference: Reference, trace: Trace) -> list[Value]:
    """Return the value before each step of the reference, and the one at its end."""
    found: list[Value] = [frozenset(Module(owner) for owner in reference.owners)]
    for step in reference.steps:
        found.append(join(*(_step(one, step, trace) for one in found[-1])))
    return found


def with_own_names(reference: Reference, trace: Trace) -> Reference:
    """Return the reference with keys as attributes, ``self.parts["blocks"][i]`` as
    ``self.parts.blocks[i]``, where the members of a dict are a list here and a layer there."""
    steps = list(reference.steps)
    values = values_along(reference, trace)
    for place, (step, value) in enumerate(zip(steps[:-1], values, strict=False)):
        match step:
            case Item(str(key), by_key=True) if key.isidentifier() and has_mixed_members(
                value, trace
            ):
                steps[place] = Attribute(key)
    return replace(reference, steps=tuple(steps))


def is_mixed(value: Value) -> bool:
    """Tell whether it is a container here and something else there."""
    containers = [one for one in value if isinstance(one, Items | Fields)]
    others = [one for one in value if isinstance(one, Module | Parameter | Tensor | Function)]
    return bool(containers and others)


def may_be_none(value: Value) -> bool:
    return any(isinstance(one, Nothing) for one in value)


def sites_in(value: Value) -> Iterator[ast.AST]:
    """Yield where the containers in the value were made, those inside of others too."""
    for one in value:
        if not isinstance(one, Items | Fields):
            continue
        if one.site is not None:
            yield one.site
        inside = one.first if isinstance(one, Items) else [inner for _, inner in one.fields]
        for inner in (*inside, one.rest):
            yield from sites_in(inner)


def has_mixed_members(value: Value, trace: Trace) -> bool:
    """Tell whether some of its members are containers, and others are none."""
    containers = (one for one in value if isinstance(one, Items | Fields))
    return is_mixed(join(*(members(one, added_members(one, trace)) for one in containers)))


def _step(one: object, step: Step, trace: Trace) -> Value:
    match one, step:
        case Module(cls=ClassDecl() as cls), Attribute(name):
            return trace.attribute(cls, name)
        case Fields(), Attribute(name):
            return item(one, name, added_members(one, trace))
        case Items() | Fields(), Item(key):
            return item(one, key, added_members(one, trace))
        case Items() | Fields(), _:
            return members(one, added_members(one, trace))
    return NOT_REACHED


def added_members(container: Items | Fields, trace: Trace) -> Value:
    """Return what statements have added to the container."""
    found: list[Value] = []
    for growth in trace.growths.get(container.site, ()) if container.site is not None else ():
        function = trace.functions.get(growth.function or growth.file.tree)
        if function is None or not growth.arguments:
            continue
        value = function.values.get(growth.arguments[-1], NOT_REACHED)
        if growth.how in ("extend", "update", "+="):
            added = (members(one) for one in value if isinstance(one, Items | Fields))
            value = join(*added)
        found.append(value)
    return join(*found)
