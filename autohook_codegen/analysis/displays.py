"""Names, displays, comprehensions, and what else an expression is made of."""

from __future__ import annotations

import ast

from autohook_codegen.analysis.assigning import assign
from autohook_codegen.analysis.frame import Frame, evaluates
from autohook_codegen.analysis.functions import function_value
from autohook_codegen.analysis.iterating import bind_loop, free_loop, members_of
from autohook_codegen.analysis.joining import MOST_MEMBERS, join
from autohook_codegen.analysis.lookup import look_up
from autohook_codegen.analysis.names_computed import name_shape
from autohook_codegen.analysis.narrowing import narrow_by
from autohook_codegen.analysis.parts import held_of, reached_by
from autohook_codegen.analysis.trace import How
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    PLAIN,
    UNKNOWN,
    Alternative,
    Fields,
    Item,
    Items,
    Nothing,
    Plain,
    Unknown,
    Value,
)

__all__: list[str] = []

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


@evaluates(ast.Name)
def name(frame: Frame, node: ast.Name) -> Value:
    if frame.environment is not None and node.id in frame.environment:
        return frame.environment[node.id]
    return look_up(frame, node.id)


@evaluates(ast.NamedExpr)
def walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    value = frame.evaluate(node.value)
    assign(frame, node.target, value, node.value, node)
    return value


@evaluates(ast.Await)
def awaited(frame: Frame, node: ast.Await) -> Value:
    return frame.take(node.value, How.CHOSEN, node)


@evaluates(ast.Starred)
def starred(frame: Frame, node: ast.Starred) -> Value:
    return frame.take(node.value, How.LOOPED, node)


@evaluates(ast.Yield, ast.YieldFrom)
def yielded(frame: Frame, node: ast.Yield | ast.YieldFrom) -> Value:
    if node.value is not None:
        value = frame.take(node.value, How.RETURNED, node)
        if isinstance(node, ast.YieldFrom):
            value = members_of(frame, value, node.value)
        frame.returned = join(frame.returned, frozenset({Items("generator", (), value)}))
    return UNKNOWN


@evaluates(ast.Lambda)
def function_in_line(frame: Frame, node: ast.Lambda) -> Value:
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None:
            frame.evaluate(default)
    return function_value(frame, node)


@evaluates(ast.JoinedStr)
def formatted(frame: Frame, node: ast.JoinedStr) -> Value:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            frame.take(part.value, How.FORMATTED, node)
            if part.format_spec is not None:
                frame.evaluate(part.format_spec)
    return frozenset({Plain(shape=name_shape(node) or ())})


@evaluates(ast.Slice)
def slice_bounds(frame: Frame, node: ast.Slice) -> Value:
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            frame.evaluate(bound)
    return PLAIN


@evaluates(ast.Tuple, ast.List, ast.Set)
def display(frame: Frame, node: ast.Tuple | ast.List | ast.Set) -> Value:
    first: list[Value] = []
    rest: Value = NOT_REACHED
    for one in node.elts:
        value = frame.take(one, How.JOINED, node)
        if isinstance(one, ast.Starred):
            whole = _exact(value)
            if whole is not None and not rest:
                first += whole.first
            else:
                rest = join(rest, members_of(frame, value, one.value))
        elif rest:
            rest = join(rest, value)
        else:
            first.append(value)
    if len(first) > MOST_MEMBERS:
        rest, first = join(*first, rest), []
    kind = {ast.Tuple: "tuple", ast.List: "list", ast.Set: "set"}[type(node)]
    site = node if isinstance(node, ast.List) else None
    return frozenset({Items(kind, tuple(first), rest, site=site)})


def _exact(value: Value, with_site: bool = False) -> Items | None:
    """A tuple of which every member is known."""
    if len(value) != 1:
        return None
    (one,) = value
    is_fixed = isinstance(one, Items) and not one.rest and (with_site or one.site is None)
    return one if is_fixed and isinstance(one, Items) else None


@evaluates(ast.Dict)
def dict_display(frame: Frame, node: ast.Dict) -> Value:
    fields: dict[str, Value] = {}
    rest: Value = NOT_REACHED
    for key, one in zip(node.keys, node.values, strict=True):
        value = frame.take(one, How.JOINED, node)
        if key is None:
            for other in value:
                if isinstance(other, Fields):
                    fields.update(other.fields)
                    rest = join(rest, other.rest)
                else:
                    rest = join(rest, UNKNOWN)
            continue
        known = frame.evaluate(key)
        constant = _constant(known)
        if isinstance(constant, str):
            fields[constant] = value
        else:
            rest = join(rest, value)
    return frozenset({Fields("dict", tuple(fields.items()), rest, is_settable=True, site=node)})


def _constant(value: Value) -> str | int | None:
    if len(value) == 1:
        (one,) = value
        if isinstance(one, Plain):
            return one.constant
    return None


@evaluates(*_COMPREHENSIONS, ast.DictComp)
def comprehension(
    frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> Value:
    if frame.environment is None:
        return NOT_REACHED
    before = dict(frame.environment)
    for generator in node.generators:
        iterated = frame.take(generator.iter, How.LOOPED, generator)
        member = bind_loop(frame, members_of(frame, iterated, generator.iter), generator)
        assign(frame, generator.target, member, None, generator)
        for test in generator.ifs:
            frame.take(test, How.TESTED, generator)
            narrow_by(frame, test, True)
    if isinstance(node, ast.DictComp):
        frame.evaluate(node.key)
        value = frame.take(node.value, How.JOINED, node)
    else:
        value = frame.take(node.elt, How.JOINED, node)
    frame.environment = before
    value = _outside(value, node)
    if not isinstance(node, ast.DictComp):
        first = _first_kept(frame, node)
        if first:
            return frozenset({Items("iterator", first, value)})
    if isinstance(node, ast.DictComp):
        return frozenset({Fields("dict", (), value, is_settable=True, site=node)})
    if len(node.generators) == 1 and not node.generators[0].ifs:
        value = free_loop(value, node.generators[0])
    kind = "set" if isinstance(node, ast.SetComp) else "list"
    site = node if isinstance(node, ast.ListComp) else None
    return frozenset({Items(kind, (), value, site=site)}) if value else frozenset({Items(kind)})


def _outside(
    value: Value, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> Value:
    """What a comprehension hands out: an index that it binds means nothing outside."""
    bound = {
        one.id
        for generator in node.generators
        for one in ast.walk(generator.target)
        if isinstance(one, ast.Name)
    }

    def is_inside(one: Alternative) -> bool:
        held = held_of(one)
        return held is not None and any(
            isinstance(name, ast.Name) and name.id in bound
            for step in held.steps
            if isinstance(step, Item) and step.written is not None
            for name in ast.walk(step.written)
        )

    return frozenset(reached_by(one, None) if is_inside(one) else one for one in value)


def _first_kept(
    frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp
) -> tuple[Value, ...]:
    """The members that come first in ``tuple(v for v in (x, state) if v is not None)``: those that
    are surely not ``None``."""
    generator, *others = node.generators
    whole = _exact(frame.trace.values.get(generator.iter, NOT_REACHED), with_site=True)
    match node.elt, generator.target, generator.ifs:
        case (
            ast.Name(id=taken),
            ast.Name(id=bound),
            [
                ast.Compare(
                    left=ast.Name(id=asked),
                    ops=[ast.IsNot()],
                    comparators=[ast.Constant(value=None)],
                )
            ],
        ) if taken == bound == asked and not others and whole is not None:
            kept: list[Value] = []
            for one in whole.first:
                if any(isinstance(kind, Nothing | Unknown) for kind in one):
                    break
                kept.append(one)
            return tuple(kept)
    return ()
