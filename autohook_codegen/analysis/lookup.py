"""Names that the function at hand does not bind: outer ones, imports, ``Class.name``."""

from __future__ import annotations

import ast

from autohook_codegen import library
from autohook_codegen.analysis.attributes import attribute_in
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.units import has_decorator
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    UNKNOWN,
    Alternative,
    Class,
    Function,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.library import guesses
from autohook_codegen.library.stub_files import normalised

__all__ = ["imported", "is_bound", "look_up", "of_class", "resolved"]

_PYTHON_CLASSES = frozenset(
    "dict list tuple set str int float bool object type Exception bytes frozenset slice".split()
)


def look_up(frame: Frame, name: str) -> Value:
    """Return what a name is that the function at hand does not bind."""
    parent = frame.unit.parent
    while parent is not None:
        if name in frame.interpretation.names_in(parent.node, parent.file).local:
            found = frame.state.read(("name", parent.node, name), frame.unit)
            if isinstance(parent.node, ast.Module) and not found:
                break
            return found
        parent = parent.parent
    if isinstance(frame.unit.node, ast.ClassDef | ast.Module | FunctionNode | ast.Lambda):
        if name in frame.interpretation.names_in(frame.file.tree, frame.file).local:
            found = frame.state.read(("name", frame.file.tree, name), frame.unit)
            if found or name not in frame.file.imports.names:
                return found
    return imported(frame, name)


def is_bound(frame: Frame, name: str) -> bool:
    """Tell whether a name of Python's own means something else here."""
    unit: Unit | None = frame.unit
    while unit is not None:
        if name in frame.interpretation.names_in(unit.node, unit.file).local:
            return True
        unit = unit.parent
    return name in frame.file.imports.names


def imported(frame: Frame, name: str) -> Value:
    """Return what an import has bound the name to, or Python itself."""
    dotted = frame.file.imports.resolve(name)
    if dotted == name:
        found = frame.interpretation.program.starred(frame.file, name)
        if found is None:
            if name in _PYTHON_CLASSES:
                return frozenset({Class(name)})
            return frozenset({Unknown(name=name)})
        dotted = found
    return resolved(frame, dotted)


def resolved(frame: Frame, dotted: str) -> Value:
    """Return what a dotted name means: something of the input or of a library."""
    place = frame.interpretation.program.find(dotted)
    if place is not None:
        file, rest = place
        if not rest:
            return frozenset({Unknown(name=dotted)})
        first, _, others = rest.partition(".")
        if first in frame.interpretation.names_in(file.tree, file).local:
            value = frame.state.read(("name", file.tree, first), frame.unit)
            for part in others.split(".") if others else ():
                value = join(*(_part_of(frame, one, part) for one in value))
            return value
        starred = frame.interpretation.program.starred(file, first)
        if starred is not None and starred != dotted:
            return resolved(frame, starred)
    dotted = normalised(dotted)
    last = dotted.rsplit(".", 1)[-1].lstrip("_")
    if library.table(dotted) is None and library.function(dotted) is None:
        if library.library_class(dotted) is not None or (last[:1].isupper() and not last.isupper()):
            return frozenset({Class(dotted)})
    return frozenset({Unknown(name=dotted)})


def _part_of(frame: Frame, one: Alternative, name: str) -> Value:
    if isinstance(one, Class):
        return of_class(frame, one, name)
    if isinstance(one, Unknown) and one.name is not None:
        return resolved(frame, f"{one.name}.{name}")
    return UNKNOWN


def of_class(frame: Frame, one: Class, name: str) -> Value:
    """Return ``Class.name``."""
    cls = one.cls
    if isinstance(cls, str):
        known = library.library_class(cls)
        if known is not None and name in known.methods:
            return frozenset({Unknown(name=f"{cls}.{name}")})
        if guesses.is_making_method(name):
            return frozenset({Class(cls, is_open=True)})
        return resolved(frame, f"{cls}.{name}")
    nested = cls.nested(name)
    if nested is not None:
        return frozenset({Class(nested)})
    held = cls.method(name)
    if held is not None:
        owner, node = held
        frame.interpretation.method_unit(node, owner)
        bound = (
            frozenset({Class(cls, one.is_open)})
            if has_decorator(node, "classmethod")
            else NOT_REACHED
        )
        return frozenset({Function(node, owner, owner.file, bound)})
    found = attribute_in(frame, cls.mro, name)
    if found:
        return found
    if guesses.is_making_method(name):
        return frozenset({Class(cls, is_open=True)})
    return UNKNOWN
