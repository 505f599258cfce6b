"""Containers that statements fill: what was added to the list that a display or call has made."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.filling_order import ends_of_lists
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.kept_values import kept_in_attribute
from autohook_codegen.analysis.trace import Growth
from autohook_codegen.analysis.values import NOT_REACHED, Fields, Items, Value
from autohook_codegen.declares.files import FunctionNode

__all__ = ["add_member", "added_end", "added_field", "added_members", "set_field"]


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
    if isinstance(one, Items):
        _add_end(frame, one.site, how, value)
    if frame.statement is not None:
        function = frame.unit.node if isinstance(frame.unit.node, FunctionNode) else None
        frame.state.growths.setdefault(one.site, {})[frame.statement] = Growth(
            one.site, how, arguments, container, frame.statement, function, frame.file
        )


def _add_end(frame: Frame, site: ast.AST, how: str, value: Value) -> None:
    function, known = frame.unit.node, frame.state.list_ends
    if function not in known:
        known[function] = None
        known.update(ends_of_lists(function))
    ends = known.get(site)
    if ends is not None:
        for key in (0, -1):
            if ends.may_add(key, frame.statement, function, how):
                frame.state.write(("grown at", site, key), value)


def added_end(frame: Frame, one: Items, key: object) -> Value | None:
    """Return what was added as ``[0]`` or ``[-1]`` of a list that was empty, where just one
    statement of another function does that; else ``None``."""
    ends = frame.state.list_ends.get(one.site) if one.site is not None else None
    if ends is None or ends.function is frame.unit.node or one.first or one.rest:
        return None
    if not isinstance(key, int) or not ends.adds_end(key):
        return None
    return frame.state.read(("grown at", one.site, key), frame.unit)


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
