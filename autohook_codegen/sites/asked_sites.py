"""``--site``: the values that the user names, found as syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from autohook_codegen.analysis.call_arguments import path_to
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Item, Named, Nothing, Tensor, Unknown, Value
from autohook_codegen.asked_site import AskedSite
from autohook_codegen.declares.files import FunctionNode
from autohook_codegen.options import OptionsError
from autohook_codegen.sites.candidate import (
    After,
    Candidate,
    First,
    Form,
    LeftAlone,
    Reference,
    Wrap,
)
from autohook_codegen.sites.roles.nearest import Nearest
from autohook_codegen.sites.roles.value_sites import ValueSites
from autohook_codegen.sites.roles.words import ROLES
from autohook_codegen.sites.shapes import part_of
from autohook_codegen.sites.written import Written

__all__ = ["asked_sites", "with_asked"]

_MOST_PLACES = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    """A place that is what the user wrote."""

    node: ast.expr
    form: Form
    function: FunctionTrace
    value: Value
    local_name: str | None = None


def asked_sites(
    asked: Iterable[AskedSite],
    functions: Sequence[Written],
    value_sites: ValueSites,
    nearest: Nearest,
) -> Iterator[Candidate]:
    """Yield the sites of what the user names.

    Raises:
        OptionsError: one is not found, stands in several methods, or is no tensor; the message
            lists the value_sites.
    """
    for one in asked:
        looked_at = [
            written
            for written in functions
            if (one.where is None or one.where in _names_of(written.trace))
            and value_sites.holder(written.trace) is not None
        ]
        by_method: dict[str, list[_Match]] = {}
        for written in looked_at:
            matches = list(_matches(one, written))
            if matches:
                by_method.setdefault(_names_of(written.trace)[0], []).extend(matches)
        if len(by_method) != 1:
            raise OptionsError(_why_not(one, by_method, looked_at))
        (found,) = by_method.values()
        for match in found:
            yield _site(one, match, value_sites, nearest)


def _why_not(
    one: AskedSite, by_method: dict[str, list[_Match]], looked_at: Sequence[Written]
) -> str:
    if by_method:
        shown = [f"{name} (line {its[0].node.lineno})" for name, its in by_method.items()]
        return f"--site {one.text!r} stands in several methods, {_listed(shown)}; name one of them"
    names = dict.fromkeys(_names_of(written.trace)[0] for written in looked_at)
    if not names:
        return f"--site {one.text!r}: no method {one.where!r} runs with a module"
    return f"--site {one.text!r} is not found in {_listed(list(names))}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_PLACES]) + (", ..." if len(names) > _MOST_PLACES else "")


def _names_of(function: FunctionTrace) -> tuple[str, ...]:
    """Return how the user may name the method, or the function, around."""
    while function.parent is not None and isinstance(function.parent.node, FunctionNode):
        function = function.parent
    name = function.node.name if isinstance(function.node, FunctionNode) else "lambda"
    owner = function.owner
    if owner is None:
        return (name,)
    return tuple(dict.fromkeys((f"{owner.qualified_name}.{name}", f"{owner.name}.{name}")))


def with_asked(
    sites: Iterable[Candidate | LeftAlone], asked: Candidate
) -> list[Candidate | LeftAlone]:
    """Return the sites with one that the user asks for: a value with a role has that name too."""
    found: list[Candidate | LeftAlone] = []
    for one in sites:
        if not isinstance(one, Candidate) or one.kind not in ("activation", "asked"):
            found.append(one)
        elif _place(one.form) != _place(asked.form):
            found.append(one)
        elif one.role is not None:
            names = asked.reference.names, one.reference.names
            second = () if names[0] == names[1] else (asked.reference,)
            asked = replace(one, kind="asked", second_names=(*one.second_names, *second))
    return [*found, asked]


def _place(form: Form) -> tuple[object, ...]:
    match form:
        case Wrap(node):
            return (node,)
        case After(statement, target, part):
            return statement, ast.unparse(target), part
        case First(block, target):
            return block, target.id
    return (form,)


# --- matching


def _matches(one: AskedSite, written: Written) -> Iterator[_Match]:
    function, what = written.trace, one.what
    if isinstance(what, ast.Name):
        yield from _assignments(what.id, written)
        return
    for node in written.nodes:
        if isinstance(node, ast.stmt) and one.is_same(node):
            yield from _assigned(node, None, function)
        elif isinstance(node, ast.expr) and node in function.values and one.is_same(node):
            yield _wrapped(node, function)


def _assignments(name: str, written: Written) -> Iterator[_Match]:
    """Yield each assignment of a local name; of an argument that has none the function's start."""
    function, node = written.trace, written.trace.node
    found = [
        match
        for statement in written.nodes
        if isinstance(statement, ast.stmt | ast.NamedExpr)
        for match in _assigned(statement, name, function)
    ]
    yield from found
    arguments = [one for one in function.arguments if one.arg == name]
    if not found and arguments and isinstance(node, FunctionNode):
        target = ast.copy_location(ast.Name(name, ast.Load()), arguments[0])
        value = function.arguments[arguments[0]]
        yield _Match(target, First(node, target), function, value, name)


def _assigned(statement: ast.AST, name: str | None, function: FunctionTrace) -> Iterator[_Match]:
    """Yield what a statement assigns, to the name if one is given."""
    match statement:
        case ast.Assign(targets=targets, value=value) if value in function.values:
            for target in targets:
                if isinstance(target, ast.Name) and name in (None, target.id):
                    yield _wrapped(value, function, target.id)
                    return
                for inner in ast.walk(target):
                    path = path_to(target, inner)
                    if isinstance(inner, ast.Name) and path and name in (None, inner.id):
                        taken = function.values[value]
                        for place in path:
                            taken = part_of(taken, Item(place))
                        yield _Match(value, After(statement, inner), function, taken, inner.id)
                        return
        case (
            ast.AnnAssign(target=ast.Name(id), value=ast.expr() as value)
            | ast.NamedExpr(target=ast.Name(id), value=value)
        ) if name in (None, id) and value in function.values:
            yield _wrapped(value, function, id)
        case ast.AugAssign(target=ast.Name(id) as target, value=value) if (
            name in (None, id) and value in function.values
        ):
            yield _Match(target, After(statement, target), function, frozenset(), id)
        case ast.For(target=ast.Name(id) as target, iter=iterated) if (
            name == id and iterated in function.values
        ):
            yield _Match(target, First(statement, target), function, frozenset(), id)


def _wrapped(node: ast.expr, function: FunctionTrace, name: str | None = None) -> _Match:
    value = function.values[node]
    may_be_none = any(isinstance(one, Nothing) for one in value)
    is_tested = may_be_none and isinstance(node, ast.Name | ast.Attribute)
    return _Match(node, Wrap(node, is_tested), function, value, name)


# --- sites


def _site(one: AskedSite, match: _Match, value_sites: ValueSites, nearest: Nearest) -> Candidate:
    function = match.function
    value = match.value
    if value and not any(isinstance(kind, Tensor | Unknown) for kind in value):
        raise OptionsError(f"--site {one.text!r} is no tensor in line {match.node.lineno}")
    name = one.name or match.local_name or _operation_name(match, nearest)
    if name is None:
        raise OptionsError(f"--site {one.text!r} has no name; add one, as in '{one.text} as gate'")
    holder = value_sites.holder(function)
    assert holder is not None
    reference = Reference(holder.receiver, holder.owners, (Named(name),), value)
    role = name if name in ROLES else None
    takes = frozenset({match.node}) if isinstance(match.form, Wrap) else frozenset()
    return Candidate(match.node, reference, "asked", match.form, function, role=role, takes=takes)


def _operation_name(match: _Match, nearest: Nearest) -> str | None:
    """Return ``q_proj_softmax`` for an operation on what ``q_proj`` gave."""
    operation = match.function.operations.get(match.node)
    way = nearest.flow.way(Point(match.node, match.function))
    base = nearest.name(way.sources[0]) if way.sources and not way.modules else None
    if way.modules:
        return nearest.name(Point(match.node, match.function))
    return "_".join((*([base] if base else ()), operation.kind)) if operation else base
