"""The ways of names and arguments: to what binds them, and to what calls hand over."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from autohook_codegen.analysis.call_arguments import Part, arguments_in, given_to, path_to
from autohook_codegen.analysis.definitions import Binding
from autohook_codegen.analysis.points import Context, Point, Way
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Fields, Function, Items, Module
from autohook_codegen.declares.files import FunctionNode

if TYPE_CHECKING:
    from autohook_codegen.analysis.flow import Flow

__all__ = ["way_of_argument", "way_of_name"]


def way_of_name(flow: Flow, point: Point, node: ast.Name) -> Way:
    """Return the way to what the name may be bound to."""
    if point.function.node is None:
        return Way("leaf", point)
    definitions = flow.definitions(point.function)
    bindings = sorted(
        definitions.of.get(node, frozenset()), key=lambda one: (one.lineno, one.col_offset)
    )
    sources = [_bound(flow, point, one, definitions.binder[one]) for one in bindings]
    return Way("same" if len(sources) < 2 else "choice", point, tuple(sources))


def _bound(flow: Flow, point: Point, binding: Binding, by: ast.AST) -> Point:
    """Return what a binding gives the name, in the function that it stands in."""
    point, item = _outside_comprehensions(_in_binder(flow, point, binding), by)
    if isinstance(by, ast.AugAssign) or isinstance(binding, ast.arg):
        return point._replace(node=by if isinstance(by, ast.AugAssign) else binding)
    targets: list[ast.expr] = []
    value: ast.AST = binding
    whole: Part = ()
    match by:
        case ast.Assign():
            targets, value = list(by.targets), by.value
        case ast.AnnAssign(target=annotated, value=ast.expr() as given):
            targets, value = [annotated], given
        case ast.NamedExpr(target=walrus, value=given):
            targets, value = [walrus], given
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            targets, value, whole = [by.target], by.iter, item or (None,)
        case ast.With() | ast.AsyncWith():
            for entered in by.items:
                if entered.optional_vars is not None:
                    targets, value = [entered.optional_vars], entered.context_expr
    for target in targets:
        path = path_to(target, binding)
        if path is not None:
            return point._replace(node=value, part=(*whole, *path, *point.part))
    return point._replace(node=by, part=())


def _in_binder(flow: Flow, point: Point, binding: Binding) -> Point:
    """Return the point in the function whose name it is, for one that a nested one reads."""
    function, context = point.function, point.context
    owner = flow.definitions(function).function[binding]
    while function.node is not owner and function.parent is not None:
        function = function.parent
    if function is point.function:
        return point
    while context is not None and context.function is not function:
        context = context.outer
    context = context.outer if context is not None else None
    return point._replace(function=function, context=context)


def _outside_comprehensions(point: Point, by: ast.AST) -> tuple[Point, Part | None]:
    """Return the point outside of the comprehensions that it has gone into, and which item one of
    them runs over, where that is what binds."""
    context = point.context
    while context is not None and not isinstance(context.call, ast.Call):
        if by in context.call.generators:
            return point._replace(context=context.outer), context.mapped
        context = context.outer
    return (point if context is point.context else point._replace(context=context)), None


def way_of_argument(flow: Flow, point: Point, node: ast.arg) -> Way:
    """Return the way to what the call gives by which the way has come, or else any call of the
    function; a forward's arguments have none."""
    if node is point.function.receiver:
        return Way("leaf", point)
    context = point.context
    if context is not None:
        assert isinstance(context.call, ast.Call)
        callee = point.function.node
        if context.mapped is not None and isinstance(callee, FunctionNode | ast.Lambda):
            place = arguments_in(callee).index(node) + 1
            given = [(one, context.mapped) for one in context.call.args[place : place + 1]]
        else:
            given = given_to(
                node, callee, context.call, _is_bound(context.call, context.function, callee)
            )
        outer = point._replace(function=context.function, context=context.outer)
        if isinstance(callee, FunctionNode) and node is callee.args.vararg:
            return _way_of_rest(point, outer, callee, context)
        sources = tuple(outer._replace(node=one, part=(*part, *point.part)) for one, part in given)
        return Way("same", point, sources)
    callers = flow.calls_of.get(point.function.node or node, ())
    sources = tuple(
        Point(one, caller, None, (*part, *point.part))
        for call, caller in callers
        for one, part in given_to(
            node,
            point.function.node,
            call,
            _is_bound(call, caller, point.function.node),
        )
    )
    return Way("same" if sources else "argument", point, sources)


def _way_of_rest(point: Point, outer: Point, callee: FunctionNode, context: Context) -> Way:
    """Return the way to what a call gives ``*args``, or to the item of it that is asked for."""
    assert isinstance(context.call, ast.Call)
    plain = len(callee.args.posonlyargs) + len(callee.args.args)
    rest = context.call.args[plain - _is_bound(context.call, context.function, callee) :]
    if point.part and isinstance(place := point.part[0], int) and place < len(rest):
        rest = [rest[place]]
    sources = tuple(outer._replace(node=one, part=point.part[1:]) for one in rest)
    return Way("choice" if point.part else "join", point, sources)


def _is_bound(call: ast.Call, caller: FunctionTrace, callee: ast.AST | None) -> bool:
    """Tell whether the call hands the function its first argument by itself."""
    callees = caller.values.get(call.func, frozenset())
    for one in callees:
        if isinstance(one, Function) and one.node is callee:
            return bool(one.bound)
    return any(isinstance(one, Module | Items | Fields) for one in callees)
