"""Attributes and items: what ``value.name`` and ``value[key]`` are."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.attributes import attribute_in
from autohook_codegen.analysis.frame import Frame, evaluates
from autohook_codegen.analysis.growing import added_field, added_members
from autohook_codegen.analysis.iterating import members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.lookup import of_class, resolved
from autohook_codegen.analysis.parts import field, is_keyed, item, kept, reach, with_held
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    PLAIN,
    UNKNOWN,
    Alternative,
    Attribute,
    Bag,
    Class,
    Fields,
    Function,
    Instance,
    Item,
    Items,
    Member,
    Module,
    Nothing,
    Origin,
    Parameter,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.program import ClassDecl

__all__ = ["attribute_of", "is_super", "item_of"]


@evaluates(ast.Attribute)
def attribute(frame: Frame, node: ast.Attribute) -> Value:
    if is_super(node.value):
        return frame.methods.inherited_method(frame, node.attr)
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


def is_super(node: ast.expr) -> bool:
    """Tell whether the expression is ``super()``."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
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
            if not isinstance(one.kind, str) or not is_keyed(one) or _is_module_dict(one):
                known = dict(one.fields)
                grown = added_members(frame, one)
                if name in known or grown or one.rest:
                    if name not in _CONTAINER_METHODS:
                        value = field(one, name, added_field(frame, one, name))
                        return with_held(value or UNKNOWN, reach(one.held, Attribute(name)))
            if isinstance(one.kind, ClassDecl):
                found = frame.methods.method(frame, one.kind, name, frozenset({one}))
                if found is not None:
                    return found
            if one.origin is not None and name not in _CONTAINER_METHODS:
                return frozenset({Unknown(_inside(one.origin, Attribute(name)))})
            return UNKNOWN
        case Class():
            return of_class(frame, one, name)
        case Unknown():
            return _of_unknown(frame, one, name, node)
        case Nothing():
            return NOT_REACHED
        case Plain():
            return frozenset({Plain()})
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
    if any(name in frame.interpretation.program.set_in(base) for base in cls.mro):
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
        if cls.startswith("torch."):
            return UNKNOWN if _is_module_method(name) else PLAIN
    return frozenset({Unknown(held=way)})


def _of_tensor(frame: Frame, one: Tensor | Parameter, name: str, node: ast.AST) -> Value:
    member = library.tensor_member(name)
    if member is None or not member.is_property:
        return frozenset({Unknown(Origin(node))})
    if member.kind is library.Kind.VIEW:
        if isinstance(one, Parameter):
            return frozenset({replace(one, read=node if isinstance(node, ast.expr) else None)})
        return _view(frame, "view", node, one)
    if member.kind is library.Kind.FACT:
        return PLAIN
    return frozenset({Tensor(Origin(node))})


def _view(frame: Frame, kind: str, node: ast.AST, one: Alternative) -> Value:
    assert isinstance(node, ast.expr | ast.stmt)
    return frame.operation(kind, node, (frozenset({one}),))


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
        return frozenset({Unknown(_inside(one.origin, Attribute(name)))})
    return UNKNOWN


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
        return frozenset({Unknown(_inside(one.origin, Attribute(name)))})
    return UNKNOWN


MOST_STEPS = 4


def _inside(origin: Origin, step: Attribute | Item) -> Origin | None:
    if len(origin.part) >= MOST_STEPS:
        return None
    return Origin(origin.node, (*origin.part, step))


# --- items ------------------------------------------------------------------------------------


@evaluates(ast.Subscript)
def subscript(frame: Frame, node: ast.Subscript) -> Value:
    holder = frame.evaluate(node.value)
    index = frame.evaluate(node.slice)
    if not holder:
        return NOT_REACHED
    frame.use(node.value, holder, _how_read(holder, node.slice), node)
    value = join(*(_subscript_of(frame, one, node, index) for one in holder))
    return frozenset(
        replace(one, read=node, source=node)
        if isinstance(one, Parameter) and one.source is None
        else one
        for one in value
    )


def _how_read(holder: Value, key: ast.expr) -> How:
    if all(isinstance(one, Tensor | Parameter | Nothing) for one in holder):
        return How.OPERATION
    if isinstance(key, ast.Tuple) or (
        isinstance(key, ast.Constant) and key.value in (None, Ellipsis)
    ):
        return How.OPERATION
    return How.PART


def _subscript_of(frame: Frame, one: Alternative, node: ast.Subscript, index: Value) -> Value:
    key = node.slice
    constant = _constant(index)
    if isinstance(one, Class):
        return frozenset({one})
    if isinstance(one, Unknown) and one.name is not None:
        table = library.table(one.name)
        return table if table is not None else frozenset({Unknown(name=None)})
    if isinstance(key, ast.Slice):
        return _sliced(frame, one, node, key)
    if constant is None and isinstance(one, Items | Fields | Unknown | Module):
        if isinstance(key, ast.Tuple) or (
            isinstance(key, ast.Constant) and key.value in (None, Ellipsis)
        ):
            if isinstance(one, Unknown):
                return frame.operation("getitem", node, (frozenset({one}),))
        return item_of(frame, one, None, node, key)
    return item_of(frame, one, constant, node, None if _is_constant(key) else key)


def _is_constant(key: ast.expr) -> bool:
    return isinstance(key, ast.Constant) or (
        isinstance(key, ast.UnaryOp) and isinstance(key.operand, ast.Constant)
    )


def _constant(index: Value) -> int | str | None:
    if len(index) == 1:
        (one,) = index
        if isinstance(one, Plain):
            return one.constant
    return None


def item_of(
    frame: Frame,
    one: Alternative,
    key: int | str | None,
    node: ast.AST,
    written: ast.expr | None,
) -> Value:
    """Return an item of one alternative; `written` is the index where it is no constant."""
    match one:
        case Items() | Fields():
            by_key = isinstance(one, Fields)
            step = Item(key, written, by_key)
            grown = (
                added_field(frame, one, key)
                if isinstance(one, Fields) and isinstance(key, str)
                else added_members(frame, one)
            )
            if isinstance(one, Fields) and isinstance(key, str) and not is_keyed(one):
                by_key = True
            value = item(one, key, grown)
            if not value:
                if one.origin is not None:
                    return frozenset({Unknown(_inside(one.origin, step))})
                return frozenset({Unknown(held=reach(one.held, step))}) if one.held else NOT_REACHED
            return with_held(value, reach(one.held, step))
        case Tensor():
            return _view(frame, "getitem", node, one)
        case Parameter():
            return frozenset({replace(one, read=node if isinstance(node, ast.expr) else None)})
        case Unknown(origin=origin, held=held):
            if held is not None:
                return frozenset({Unknown(held=reach(held, Item(key, written)))})
            if origin is not None and (key is not None or written is None):
                return frozenset({Unknown(_inside(origin, Item(key, by_key=isinstance(key, str))))})
            return frozenset({Unknown(Origin(node))})
        case Plain():
            return PLAIN
        case Nothing():
            return NOT_REACHED
        case Module(cls=cls, held=held) if isinstance(cls, ClassDecl):
            method = frame.methods.method(frame, cls, "__getitem__", frozenset({one}))
            if method is not None:
                return frame.methods.called(frame, method, node)
            return frozenset({Unknown(held=reach(held, Item(key, written)))})
    return UNKNOWN


def _sliced(frame: Frame, one: Alternative, node: ast.Subscript, key: ast.Slice) -> Value:
    match one:
        case Tensor():
            return _view(frame, "getitem", node, one)
        case Parameter():
            return frozenset({replace(one, read=node)})
        case Items():
            start, stop = _bound(frame, key.lower), _bound(frame, key.upper)
            grown = added_members(frame, one)
            exact = key.step is None and not one.rest and not grown
            if exact and isinstance(start, int) and (key.upper is None or stop is not None):
                inner = one.first[start or 0 : stop]
                first = tuple(
                    with_held(v, reach(one.held, Item(place + (start or 0))))
                    for place, v in enumerate(inner)
                )
                if one.held is None:
                    return frozenset({Items(_plain_kind(one), first, origin=one.origin)})
            return _shortened(frame, one, node, key)
        case Unknown(held=held) if held is not None:
            return _shortened(frame, one, node, key)
        case Plain():
            return PLAIN
        case Nothing():
            return NOT_REACHED
    return frozenset({Unknown()})


def _plain_kind(one: Items) -> str:
    return one.kind if isinstance(one.kind, str) and one.kind in ("tuple", "list") else "list"


def _bound(frame: Frame, node: ast.expr | None) -> int | None:
    if node is None:
        return 0
    constant = _constant(frame.trace.values.get(node, NOTHING))
    return constant if isinstance(constant, int) and constant >= 0 else None


def _shortened(frame: Frame, one: Items | Unknown, node: ast.Subscript, key: ast.Slice) -> Value:
    """``layers[k:]``, whose members keep the container's count from k on."""
    counts = key.step is None and (key.lower is None or _counts_from_first(key.lower))
    if not counts:
        step = Member(along=node)
    elif key.lower is None or (isinstance(key.lower, ast.Constant) and key.lower.value == 0):
        step = Member()
    else:
        step = Member(start=key.lower)
    inside = members_of(frame, frozenset({one}), node, step)
    kind = _plain_kind(one) if isinstance(one, Items) else "list"
    return frozenset({Items(kind, (), inside)})


def _counts_from_first(node: ast.expr) -> bool:
    """A start that can be written twice and counts from the first member: from the last, there may
    be fewer members."""
    allowed = ast.Name | ast.Attribute | ast.Constant | ast.BinOp | ast.operator | ast.expr_context
    return all(isinstance(one, allowed) for one in ast.walk(node))
