"""Items: what ``value[key]`` is."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.frame import Frame, evaluates
from autohook_codegen.analysis.growing import added_end, added_field, added_members
from autohook_codegen.analysis.iterating import members_of
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.parts import is_keyed, item, reach, with_held
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    PLAIN,
    UNKNOWN,
    Alternative,
    Attribute,
    Class,
    Fields,
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
from autohook_codegen.declares.files import ClassDecl

__all__ = ["inside", "item_of", "view"]

MOST_STEPS = 4
_SEQUENTIAL = frozenset({"torch.nn.Sequential"})


def inside(origin: Origin, step: Attribute | Item) -> Origin | None:
    """Return the origin of a part, or nothing where it lies too deep to be worth it."""
    if len(origin.part) >= MOST_STEPS:
        return None
    return Origin(origin.node, (*origin.part, step))


def view(frame: Frame, kind: str, node: ast.AST, one: Alternative) -> Value:
    assert isinstance(node, ast.expr | ast.stmt)
    return frame.operation(kind, node, (frozenset({one}),))


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
    if any(isinstance(two, Plain) and two.is_slice for two in index):
        if isinstance(one, Items) or (isinstance(one, Unknown) and one.held is not None):
            return _members_of_part(frame, one, node, Member(along=node))
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
            end = added_end(frame, one, key) if isinstance(one, Items) else None
            if end is not None:
                return with_held(end, reach(one.held, step))
            value = _at_key(item(one, key, grown), one.origin, step)
            if not value:
                if one.origin is not None:
                    return frozenset({Unknown(inside(one.origin, step))})
                return frozenset({Unknown(held=reach(one.held, step))}) if one.held else NOT_REACHED
            return with_held(value, reach(one.held, step))
        case Tensor():
            return view(frame, "getitem", node, one)
        case Parameter():
            # what a target unpacks, or a loop runs over, is read where the whole is
            if not isinstance(node, ast.Subscript):
                return frozenset({one})
            return frozenset({frame.viewed(one, node, node.value)})
        case Unknown(origin=origin, held=held):
            if held is not None:
                step = Item(key, written, by_key=isinstance(key, str))
                return frozenset({Unknown(held=reach(held, step))})
            if origin is not None and (key is not None or written is None):
                return frozenset({Unknown(inside(origin, Item(key, by_key=isinstance(key, str))))})
            return frozenset({Unknown(Origin(node))})
        case Plain():
            return frozenset({Unknown(Origin(node))}) if one.gives_others else PLAIN
        case Nothing():
            return NOT_REACHED
        case Module(cls=cls, held=held) if isinstance(cls, ClassDecl):
            method = frame.methods.method(frame, cls, "__getitem__", frozenset({one}))
            if method is not None:
                return frame.methods.called(frame, method, node)
            return frozenset({Unknown(held=reach(held, Item(key, written)))})
    return UNKNOWN


def _at_key(value: Value, whole: Origin | None, step: Item) -> Value:
    """Return a member of a tuple of any length, of which the place is known now:
    ``q, k = x.chunk(2)``."""
    if whole is None or not isinstance(step.key, int):
        return value
    unplaced, placed = inside(whole, Item(None)), inside(whole, step)
    return frozenset(
        replace(one, origin=placed)
        if isinstance(one, Tensor | Unknown) and one.origin == unplaced
        else one
        for one in value
    )


def _sliced(frame: Frame, one: Alternative, node: ast.Subscript, key: ast.Slice) -> Value:
    match one:
        case Tensor():
            return view(frame, "getitem", node, one)
        case Parameter():
            return frozenset({frame.viewed(one, node, node.value)})
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
        case Module(cls=ClassDecl() as cls) if cls.inherits_from(_SEQUENTIAL):
            if cls.method("__getitem__") is None:
                inside = Items("torch.nn.Sequential", (), UNKNOWN, one.held)
                return _shortened(frame, inside, node, key)
        case Plain():
            return PLAIN
        case Nothing():
            return NOT_REACHED
    return frozenset({Unknown()})


def _plain_kind(one: Items) -> str:
    is_kept = one.kind in ("tuple", "list", "torch.nn.Sequential")
    return one.kind if isinstance(one.kind, str) and is_kept else "list"


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
    return _members_of_part(frame, one, node, step)


def _members_of_part(
    frame: Frame, one: Items | Unknown, node: ast.Subscript, step: Member
) -> Value:
    members = members_of(frame, frozenset({one}), node, step)
    kind = _plain_kind(one) if isinstance(one, Items) else "list"
    return frozenset({Items(kind, (), members)})


def _counts_from_first(node: ast.expr) -> bool:
    """A start that can be written twice and counts from the first member: from the last, there may
    be fewer members."""
    allowed = ast.Name | ast.Attribute | ast.Constant | ast.BinOp | ast.operator | ast.expr_context
    return all(isinstance(one, allowed) for one in ast.walk(node))
