"""The ways of calls: of operations, of modules, of functions of the input and of others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from autohook_codegen import library
from autohook_codegen.analysis.call_arguments import Part, returns_of
from autohook_codegen.analysis.ordering import in_order
from autohook_codegen.analysis.points import FILLED, Point, Way
from autohook_codegen.analysis.values import (
    Alternative,
    Fields,
    Function,
    Items,
    Module,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.analysis.views import through_product, through_views
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.library.operations import ATTENTION_FUNCTIONS, family, module_family

if TYPE_CHECKING:
    from autohook_codegen.analysis.flow import Flow

__all__ = ["way_of_call"]

_OF_ONE = frozenset("view slice cast repeat dropout softmax activation norm".split())
"""Operations whose further operands are no part of what goes on."""
_NEW = frozenset("empty empty_like new_empty zeros zeros_like new_zeros".split())
"""Operations that make a tensor to be filled."""
_ADDS = frozenset("index_add_ scatter_add_ index_copy_ scatter_".split())
MOST_CALLS = 5


def way_of_call(flow: Flow, point: Point, node: ast.Call) -> Way:
    """Return the way to what a call takes, and into what it calls."""
    func = node.func
    arguments = (*node.args, *(one.value for one in node.keywords))
    operands = tuple(point.at(one) for one in arguments)
    callee = in_order(flow.value(point.at(func)))
    handed = point.function.handed_modules.get(node)
    if handed is not None:  # checkpoint(flow.layer, x)
        return Way("module", point, operands[1:], "", handed.modules)
    functions = [one for one in callee if isinstance(one, Function)]
    if functions:
        return _function(flow, point, node, functions, operands)
    modules = frozenset(one for one in callee if isinstance(one, Module | Items | Fields))
    if modules or any(isinstance(one, Unknown) and one.held is not None for one in callee):
        return _module(flow, point, node, modules, operands)
    if isinstance(func, ast.Attribute) and not any(
        isinstance(one, Unknown) and one.name is not None for one in callee
    ):
        receiver = point.at(func.value)
        known = library.tensor_member(func.attr) is not None or func.attr.endswith("_")
        if known:
            return _operation(flow, func.attr, point, (receiver, *operands))
        return Way("unknown", point, (receiver, *operands), func.attr)
    names = [one.name for one in callee if isinstance(one, Unknown) and one.name is not None]
    if names:
        return _library(flow, names[0], point, node, operands)
    return Way("unknown", point, operands)


def _library(
    flow: Flow, name: str, point: Point, node: ast.Call, operands: tuple[Point, ...]
) -> Way:
    last = name.rsplit(".", 1)[-1]
    if last == "map" and len(operands) > 1:
        return _mapped(flow, point, node, operands)
    if last in ("tuple", "list", "iter", "sorted") and operands:
        return Way("same", point, (operands[0]._replace(part=point.part),))
    if last == "enumerate" and operands:
        if len(point.part) > 1 and point.part[1] == 1:
            inner = operands[0]._replace(part=(None, *point.part[2:]))
            return Way("same", point, (inner,))
        return Way("fact", point)
    if last in ("zip", "reversed") and operands:
        if last == "zip" and len(point.part) > 1 and isinstance(place := point.part[1], int):
            if place < len(operands):
                inner = operands[place]._replace(part=(None, *point.part[2:]))
                return Way("same", point, (inner,))
        return Way("choice", point, operands)
    known = library.function(name)
    if known is not None and known.kind is library.Kind.SAME:
        given = operands[known.place_given_back :][:1]
        return Way("same", point, tuple(one._replace(part=point.part) for one in given))
    if known is not None or last in ATTENTION_FUNCTIONS:
        return _operation(flow, last, point, operands)
    return Way("unknown", point, operands, last)


def _operation(flow: Flow, name: str, point: Point, operands: tuple[Point, ...]) -> Way:
    kind = family(name)
    if kind == "fact" and name in _NEW and (filled := _filled(flow, point)):
        return Way("join", point, filled, FILLED)
    if kind in _OF_ONE:
        operands = operands[:1]
    elif kind == "mask":
        operands = operands[1:] if name == "where" and len(operands) == 3 else operands[:1]
    elif kind == "matmul":
        if isinstance(both := operands[-1].node, ast.Tuple):  # einsum("bi,bj->ij", (a, b))
            operands = (*operands[:-1], *(point.at(one) for one in both.elts))
        operands = tuple(one for one in operands if not isinstance(one.node, ast.Constant))
        operands = operands[1:3] if name in ("baddbmm", "addmm") else operands
    return Way(kind, point, operands, name)


def _filled(flow: Flow, point: Point) -> tuple[Point, ...]:
    """Return what is written into a new tensor: `k` and `r` in ``keys[..., :n] = k`` and
    ``keys[..., n:].copy_(r)``, `y` in ``out.index_add_(0, index, y)``."""
    takers = flow.takers(point.function)
    found: list[Point] = []
    for item, _ in takers.of(point.node):
        if isinstance(item, ast.Call) and getattr(item.func, "attr", "") in _ADDS:
            found += [point.at(one) for one in item.args[-1:]]
        if not isinstance(item, ast.Subscript):
            continue
        statement = takers.parent(item)
        call = takers.parent(statement) if isinstance(statement, ast.Attribute) else None
        if isinstance(statement, ast.Assign) and item in statement.targets:
            found.append(point.at(statement.value))
        elif isinstance(call, ast.Call) and getattr(statement, "attr", "") == "copy_":
            found += [point.at(one) for one in call.args[:1]]
    return tuple(found)


def _mapped(flow: Flow, point: Point, node: ast.Call, operands: tuple[Point, ...]) -> Way:
    """``map(lambda t: rearrange(t, …), qkv)``"""
    part = point.part[:1] or (None,)
    given = tuple(one._replace(part=part) for one in operands[1:])
    callees = flow.value(operands[0])
    for one in in_order(callees):
        if isinstance(one, Function):
            inner = _inner(flow, point, node, one, point.part[1:], part)
            return through_views(flow, Way("function", point, given, "map", frozenset(), inner))
    if any(isinstance(one, Module | Items | Fields) for one in callees):
        return _module(flow, point, node, callees, given)
    return Way("unknown", point, given, "map")


def _function(
    flow: Flow,
    point: Point,
    node: ast.Call,
    functions: list[Function],
    operands: tuple[Point, ...],
) -> Way:
    inner = tuple(
        one for function in functions for one in _inner(flow, point, node, function, point.part)
    )
    name = getattr(functions[0].node, "name", "")
    way = Way("function", point, operands, name, frozenset(), inner)
    return through_product(flow, through_views(flow, way))


def _module(
    flow: Flow, point: Point, node: ast.Call, modules: Value, operands: tuple[Point, ...]
) -> Way:
    kinds = {_family_of(one) for one in modules}
    kind = _one_kind(kinds)
    if kind is not None:
        sources = operands if kind == "attention" else operands[:1]
        return Way(kind, point, sources, "", modules)
    inner: list[Point] = []
    for one in modules:
        if isinstance(one, Module) and isinstance(one.cls, ClassDecl):
            method = one.cls.method("forward")
            if method is not None and method[1] in flow.trace.functions:
                inner += _inner(
                    flow, point, node, Function(method[1], method[0], method[0].file), point.part
                )
    return through_product(flow, Way("module", point, operands, "", modules, tuple(inner)))


def _inner(
    flow: Flow,
    point: Point,
    node: ast.Call,
    function: Function,
    part: Part,
    mapped: Part | None = None,
) -> tuple[Point, ...]:
    """Return what the function gives back, as points inside of it."""
    callee = flow.trace.functions.get(function.node)
    depth = point.context.depth if point.context is not None else 0
    if callee is None or depth >= MOST_CALLS:
        return ()
    context = flow.context(point, node, mapped)
    given = [Point(one, callee, context, part) for one in returns_of(callee)]
    if part:  # what is unpacked is no tensor, where it may be a tuple
        given = [one for one in given if not _is_tensor(flow.value(one))] or given
    return tuple(given)


def _is_tensor(value: Value) -> bool:
    return bool(value) and all(isinstance(one, Tensor) for one in value)


def _family_of(one: Alternative) -> str:
    """Return what calling the module is; of a Sequential what its members are, dropout and views
    aside."""
    match one:
        case Module(cls=str() as cls):
            return module_family(cls)
        case Items(kind="torch.nn.Sequential", first=first, rest=rest) if first and not rest:
            inside = {_family_of(member) for value in first for member in value}
            return _one_kind(inside - {"dropout"} or inside) or "module"
    return "module"


def _one_kind(kinds: set[str]) -> str | None:
    """Return what a call of any of several modules is, where that is one thing: a convolution in
    place of a linear layer, an identity in place of a norm."""
    kinds = kinds - {"view"} or kinds
    if kinds <= {"linear", "conv"} and "linear" in kinds:
        return "linear"
    return next(iter(kinds)) if len(kinds) == 1 and "module" not in kinds else None
