"""Attributes that statements set: what the classes of an instance have written down."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.kept_values import kept_in_attribute
from autohook_codegen.analysis.names_computed import computed_name, display_name
from autohook_codegen.analysis.parts import reach, with_held
from autohook_codegen.analysis.trace import Definition
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    Bag,
    Computed,
    Held,
    Module,
    ModuleClass,
    Value,
)
from autohook_codegen.declares.files import ClassDecl, FunctionNode

__all__ = [
    "attribute_in",
    "attribute_of_library_module",
    "computed_attribute",
    "define",
    "define_computed",
    "define_on_library_module",
]


def define(
    frame: Frame,
    cls: ClassDecl | Bag,
    attribute: str,
    value: Value,
    receiver: ast.expr | None,
    computed: Computed | None,
) -> None:
    """Write down that a statement sets an attribute of an instance."""
    own = kept_in_attribute(value, frame)
    frame.state.write(("attribute", cls, attribute), own)
    statement = frame.statement
    if statement is None or isinstance(cls, Bag):
        return
    function = frame.unit.node if isinstance(frame.unit.node, FunctionNode) else None
    text = ast.unparse(receiver) if receiver is not None else ""
    frame.state.definitions.setdefault(cls, {}).setdefault(attribute, {})[statement] = Definition(
        attribute, cls, statement, function, frame.file, text, own, computed
    )


def define_computed(
    frame: Frame, cls: ClassDecl, name: ast.expr, text: Value, value: Value, receiver: ast.expr
) -> None:
    """Write down that a statement sets an attribute whose name, `text`, is worked out."""
    computed = computed_name(name, text)
    if computed is None:
        define(frame, cls, display_name(name), value, receiver, None)
        return
    frame.state.write(("computed", cls, computed.shape), kept_in_attribute(value, frame))
    define(frame, cls, display_name(computed.name), value, receiver, computed)


def attribute_in(frame: Frame, classes: Iterable[ModuleClass], name: str) -> Value:
    """Return what statements of the classes have set the attribute to."""
    return join(*(frame.state.read(("attribute", one, name), frame.unit) for one in classes))


def define_on_library_module(frame: Frame, held: Held | None, name: str, value: Value) -> None:
    """Write down that ``self.fc.extra = …`` gives a module of a library an attribute."""
    if held is not None:
        for cls in frame.instances.holders(held)[:1]:
            cell = ("attribute", cls, (*held.steps, name))
            frame.state.write(cell, kept_in_attribute(value, frame))


def attribute_of_library_module(frame: Frame, held: Held | None, name: str) -> Value:
    """Return what statements have set such an attribute to."""
    if held is None:
        return NOT_REACHED
    cells = (("attribute", one, (*held.steps, name)) for one in frame.instances.holders(held))
    return join(*(frame.state.read(cell, frame.unit) for cell in cells))


def computed_attribute(frame: Frame, one: Module, step: Computed) -> Value:
    if not isinstance(one.cls, ClassDecl):
        return NOT_REACHED
    cells = [
        frame.state.read(("computed", cls, step.shape), frame.unit)
        for cls in frame.instances.setters(one)
    ]
    return with_held(join(*cells), reach(one.held, step))
