"""Containers that statements fill: what was added to the list that a display or call has made."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.kept_values import kept_in_attribute
from autohook_codegen.analysis.trace import Growth
from autohook_codegen.analysis.values import NOT_REACHED, Fields, Items, Value
from autohook_codegen.declares.program import FunctionNode

__all__ = ["add_member", "added_field", "added_members", "set_field"]


def add_member(
    frame: Frame,
    one: Items | Fields,
    how: str,
    arguments: tuple[ast.expr, ...],
    container: ast.expr,
    value: Value,
    key: str | int | None = None,
) -> None:
    """Write down that a statement adds a member to a container."""
    if one.site is None:
        return
    value = kept_in_attribute(value, frame)
    frame.state.write(("grown", one.site), value)
    frame.state.write(("grown", one.site, key if isinstance(key, str) else None), value)
    if frame.statement is not None:
        function = frame.unit.node if isinstance(frame.unit.node, FunctionNode) else None
        frame.state.growths.setdefault(one.site, {})[frame.statement] = Growth(
            one.site, how, arguments, container, frame.statement, function, frame.file
        )


def added_members(frame: Frame, one: Items | Fields) -> Value:
    """Return what was added, under whatever key."""
    if one.site is None:
        return NOT_REACHED
    return frame.state.read(("grown", one.site), frame.unit)


def added_field(frame: Frame, one: Fields, key: str) -> Value:
    """Return what was added under the key, or under one that is not known."""
    if one.site is None:
        return NOT_REACHED
    named = frame.state.read(("grown", one.site, key), frame.unit)
    return join(named, frame.state.read(("grown", one.site, None), frame.unit))


def set_field(frame: Frame, one: Fields, name: str, value: Value) -> None:
    """Write down that a statement sets a field."""
    if one.site is not None:
        frame.state.write(("grown", one.site, name), value)
