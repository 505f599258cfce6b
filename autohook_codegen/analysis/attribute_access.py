"""Attributes: what ``value.name`` is."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.attributes import attribute_in, attribute_of_library_module
from autohook_codegen.analysis.frame import Frame, evaluates
from autohook_codegen.analysis.growing import added_field, added_members
from autohook_codegen.analysis.items import inside, item_of, view
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.lookup import of_class, resolved
from autohook_codegen.analysis.parts import field, is_keyed, kept, reach, with_held
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    PLAIN,
    UNKNOWN,
    Alternative,
    Attribute,
    Bag,
    Class,
    Fields,
    Function,
    Instance,
    Items,
    Module,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.names import is_super

__all__ = ["attribute_of", "read_at"]


@evaluates(ast.Attribute)
def attribute(frame: Frame, node: ast.Attribute) -> Value:
    if is_super(node.value):
        return frame.methods.inherited_method(frame, node.attr, node.value)
    holder = frame.evaluate(node.value)
    narrowed = frame.narrowed(node)
    if narrowed is not None:
        return read_at(narrowed, node)
    frame.use(node.value, holder, _how(holder, node.attr), node)
    if not holder:
        return NOT_REACHED
    return read_at(join(*(attribute_of(frame, one, node.attr, node) for one in holder)), node)


def read_at(value: Value, node: ast.expr) -> Value:
    """Return the value with the place where a parameter in it is read."""
    if not any(isinstance(one, Parameter) for one in value):
        return value
    return frozenset(
        replace(one, read=node, source=node) if isinstance(one, Parameter) else one for one in value
    )


def _how(holder: Value, name: str) -> How:
    """What reading an attribute does with the value that has it."""
    member = library.tensor_member(name)
    if member is None:
        return How.PART
    return How.FACT if member.kind is library.Kind.FACT else How.OPERATION


def attribute_of(frame: Frame, one: Alternative, name: str, node: ast.AST) -> Value:
    """Return an attribute of one alternative; methods of tensors and lists are for their calls."""
    match one:
        case Module() | Instance():
            return _of_object(frame, one, name, node)
        case Tensor() | Parameter():
            return _of_tensor(frame, one, name, node)
        case Items():
            return _of_container(frame, one, name, node)
        case Fields():
            if isinstance(one.kind, ClassDecl):
                found = frame.methods.method(frame, one.kind, name, frozenset({one}))
                if found is not None:
                    return found
            if not isinstance(one.kind, str) or not is_keyed(one) or _is_module_dict(one):
                known = dict(one.fields)
                grown = added_members(frame, one)
                if name in known or grown or one.rest:
                    if name not in _CONTAINER_METHODS:
                        value = field(one, name, added_field(frame, one, name))
                        return with_held(value or UNKNOWN, reach(one.held, Attribute(name)))
            if one.origin is not None and name not in _CONTAINER_METHODS:
                return frozenset({Unknown(inside(one.origin, Attribute(name)))})
            return UNKNOWN
        case Class():
            return of_class(frame, one, name)
        case Unknown():
            return _of_unknown(frame, one, name, node)
        case Nothing():
            return NOT_REACHED
        case Plain():
            return UNKNOWN if one.gives_others else PLAIN
        case Function():
            return frozenset({Unknown()}) if name not in ("__name__", "__doc__") else PLAIN


_CONTAINER_METHODS = frozenset(
    "append extend insert pop keys values items update clear get setdefault add_module".split()
)


def _is_module_dict(one: Fields) -> bool:
    return isinstance(one.kind, str) and one.kind.endswith("ModuleDict")


def _of_object(frame: Frame, one: Module | Instance, name: str, node: ast.AST) -> Value:
    cls = one.cls
    if cls is None:
        if name in ("forward", "__call__"):
            return frozenset({one})
        if _is_module_method(name):
            return UNKNOWN
        return frozenset({Unknown(held=reach(one.held, Attribute(name)))})
    if isinstance(cls, str):
        return _of_library_module(frame, one, cls, name, node)
    way = reach(one.held, Attribute(name))
    if isinstance(cls, Bag):
        found = attribute_in(frame, (cls,), name)
        return with_held(found, way) if found else frozenset({Unknown(held=way)})
    if name in ("forward", "__call__"):
        return frozenset({one})
    classes = frame.instances.setters(one)
    found = attribute_in(frame, classes, name)
    if found:
        return with_held(kept(found, one.held), way)
    nested = cls.nested(name)
    if nested is not None:
        return frozenset({Class(nested)})
    if any(name in base.sets for base in cls.mro):
        return NOT_REACHED  # until the statement that sets it has been interpreted
    method = frame.methods.method(frame, cls, name, frozenset({one}))
    if method is not None:
        return method
    inherited = _inherited(cls, name)
    if inherited is not None:
        return with_held(inherited, way)
    if _is_module_method(name):
        return frozenset({Unknown()})
    return frozenset({Unknown(held=way)})


def _is_module_method(name: str) -> bool:
    module = library.library_class("torch.nn.Module")
    return module is not None and name in module.methods


def _inherited(cls: ClassDecl, name: str) -> Value | None:
    """What a class has from one outside the input."""
    for base in sorted(cls.all_outside_bases):
        known = library.library_class(base)
        if known is not None:
            for table in (known.parameters, known.members):
                if name in table:
                    return table[name]
    return None


def _of_library_module(
    frame: Frame, one: Module | Instance, cls: str, name: str, node: ast.AST
) -> Value:
    way = reach(one.held, Attribute(name))
    known = library.library_class(cls)
    if name in ("forward", "__call__"):
        return frozenset({one})
    if known is not None:
        for table in (known.parameters, known.members):
            if name in table:
                return with_held(table[name], way)
    found = attribute_of_library_module(frame, one.held, name)
    if found:
        return with_held(found, way)
    if _is_module_method(name):
        return UNKNOWN
    if known is not None and cls.startswith("torch."):
        return PLAIN
    return frozenset({Unknown(held=way)})


def _of_tensor(frame: Frame, one: Tensor | Parameter, name: str, node: ast.AST) -> Value:
    member = library.tensor_member(name)
    if member is None or not member.is_property:
        return frozenset({Unknown(Origin(node))})
    if member.kind is library.Kind.VIEW:
        if isinstance(one, Parameter):
            if not isinstance(node, ast.Attribute):
                return frozenset({replace(one, read=None)})
            return frozenset({frame.viewed(one, node, node.value)})
        return view(frame, "view", node, one)
    if member.kind is library.Kind.FACT:
        return PLAIN
    return frozenset({Tensor(Origin(node))})


def _of_container(frame: Frame, one: Items, name: str, node: ast.AST) -> Value:
    if isinstance(one.kind, ClassDecl):
        found = attribute_in(frame, one.kind.mro, name)
        if found:
            return with_held(found, reach(one.held, Attribute(name)))
        method = frame.methods.method(frame, one.kind, name, frozenset({one}))
        if method is not None:
            return method
    if name.isdigit():
        return item_of(frame, one, int(name), node, None)
    if one.origin is not None and one.kind in ("tuple", "list"):
        return frozenset({Unknown(inside(one.origin, Attribute(name)))})
    found = attribute_of_library_module(frame, one.held, name)
    return with_held(found, reach(one.held, Attribute(name))) if found else UNKNOWN


def _of_unknown(frame: Frame, one: Unknown, name: str, node: ast.AST) -> Value:
    if one.name is not None:
        return resolved(frame, f"{one.name}.{name}")
    member = library.tensor_member(name)
    if one.held is not None and name in ("forward", "__call__"):
        return frozenset({one})
    if member is not None and member.is_property:
        if member.kind is library.Kind.FACT:
            return PLAIN
        return frozenset({Tensor(Origin(node))})
    if one.origin is not None:
        return frozenset({Unknown(inside(one.origin, Attribute(name)))})
    return UNKNOWN
