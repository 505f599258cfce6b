"""How the code of a function reaches a submodule or parameter: as the hook point's receiver and the
path behind it."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import (
    Attribute,
    Computed,
    Counter,
    Fields,
    Held,
    Instance,
    Item,
    Items,
    Member,
    Module,
    Parameter,
    Step,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import Reference

__all__ = ["held_by", "in_order", "owners_of", "reference_to"]


def held_by(value: Value) -> Held | None:
    """Return the one way to all alternatives that are held."""
    ways = {
        one.held
        for one in value
        if isinstance(one, Module | Parameter | Items | Fields | Unknown | Instance)
        and one.held is not None
    }
    return ways.pop() if len(ways) == 1 else None


def reference_to(
    held: Held,
    node: ast.expr | None,
    value: Value,
    trace: FunctionTrace,
    counters: tuple[tuple[Counter, str], ...],
) -> Reference | None:
    """Return the reference for what the expression reaches; `None` where its holder is unknown.

    A member of a container whose class is in the input has hook points of its own:
    ``self.layers[i].fc(x)`` passes ``self.layers[i].fc_hook_point``.
    """
    steps = held.steps
    if not steps or not isinstance(steps[0], Attribute | Computed):
        return None
    inner = _inside_of_member(steps, node, trace)
    if inner is not None:
        receiver, owners = inner
        return Reference(receiver, owners, steps[-1:], value, counters)
    owners = owners_of(held.root, trace)
    if not owners:
        return None
    return Reference(held.root.arg, owners, steps, value, counters)


def _inside_of_member(
    steps: tuple[Step, ...], node: ast.expr | None, trace: FunctionTrace
) -> tuple[str, tuple[ClassDecl, ...]] | None:
    if not isinstance(steps[-1], Attribute):
        return None
    if not any(isinstance(step, Item | Member | Computed) for step in steps[:-1]):
        return None
    if not isinstance(node, ast.Attribute):
        return None
    classes = _classes(trace.values.get(node.value, frozenset()))
    if not classes:
        return None
    return ast.unparse(node.value), classes


def _classes(value: Value) -> tuple[ClassDecl, ...]:
    """The classes of the input that a value is surely of one of."""
    found: set[ClassDecl] = set()
    for one in value:
        if not isinstance(one, Module) or one.is_open or not isinstance(one.cls, ClassDecl):
            return ()
        found.add(one.cls)
    return in_order(found)


def in_order(classes: set[ClassDecl]) -> tuple[ClassDecl, ...]:
    return tuple(
        sorted(classes, key=lambda one: (one.file.path, one.node.lineno, one.node.col_offset))
    )


def owners_of(root: ast.arg, trace: FunctionTrace) -> tuple[ClassDecl, ...]:
    """Return the classes that the argument may be an instance of, if all are in the input."""
    current: FunctionTrace | None = trace
    while current is not None and root not in current.arguments:
        current = current.parent
    if current is None:
        return ()
    if root is current.receiver and current.owner is not None:
        if current.owner.is_module:
            return (current.owner,)
        return in_order({user for user in current.users if user.is_module})
    found: set[ClassDecl] = set()
    for one in current.arguments[root]:
        if isinstance(one, Module):
            if not isinstance(one.cls, ClassDecl):
                return ()
            found.add(one.cls)
    return in_order(found)
