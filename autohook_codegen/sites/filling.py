"""Which statements fill a container, and which it is handed to."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from autohook_codegen.analysis.trace import Growth, Trace
from autohook_codegen.analysis.values import Attribute, Module
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.declares.lineage import lineage
from autohook_codegen.sites.endings import receiver_of
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.paths import sites_in, values_along

__all__ = ["Filling", "fillings"]


@dataclass(frozen=True, slots=True)
class Filling:
    """A statement, in a method of the classes that hold the container, that may add members."""

    function: FunctionNode
    statement: ast.stmt
    receiver: str
    """How the statement names the instance that holds the container."""
    growth: Growth | None = None
    """What it says itself; ``None`` where a function that is handed the container adds them, or the
    container is made anew."""


def fillings(hook_point: HookPoint, trace: Trace) -> Iterator[Filling]:
    """Yield the statements that fill the container, or one of those inside of it."""
    holders = lineage(hook_point.owners)
    values = values_along(replace(hook_point.made_with, owners=hook_point.owners), trace)
    for site in dict.fromkeys(site for value in values for site in sites_in(value)):
        for growth in trace.growths.get(site, ()):
            if growth.function is None:
                continue
            if is_method_of(growth.function, holders, trace) and not _is_handed(growth):
                yield Filling(growth.function, growth.statement, _receiver(growth, trace), growth)
            elif not _makes_its_own(growth.function, holders, trace):
                yield from _handing(growth.function, site, holders, trace)
    for value, step in zip(values[1:], hook_point.made_with.steps[1:], strict=False):
        for one in value:
            if isinstance(step, Attribute) and isinstance(one, Module):
                yield from _set_from_outside(one, step.name, holders, trace)


def is_method_of(function: ast.AST, holders: Collection[ClassDecl], trace: Trace) -> bool:
    """Tell whether the function, or the one around it, is a method of one of the classes."""
    found = trace.functions.get(function)
    while found is not None and found.parent is not None and found.owner is None:
        found = found.parent
    return found is not None and found.owner in holders


def _is_handed(growth: Growth) -> bool:
    """Tell whether the function has the container as an argument."""
    container, function = growth.container, growth.function
    assert function is not None
    return isinstance(container, ast.Name) and any(
        one.arg == container.id for one in (*function.args.posonlyargs, *function.args.args)
    )


def _receiver(growth: Growth, trace: Trace) -> str:
    if isinstance(growth.container, ast.Attribute):
        return ast.unparse(growth.container.value)
    assert growth.function is not None
    return receiver_of(trace.functions[growth.function])


def _makes_its_own(function: FunctionNode, holders: Collection[ClassDecl], trace: Trace) -> bool:
    """Tell whether the function fills what an instance of another class holds while that is
    made."""
    owner = trace.functions[function].owner
    return owner is not None and owner not in holders and function in trace.initialisers(owner)


def _handing(
    function: FunctionNode, site: ast.AST, holders: Collection[ClassDecl], trace: Trace
) -> Iterator[Filling]:
    """Yield the statements that call a function which adds to the container."""
    for decl in holders:
        for method in decl.methods.values():
            known = trace.functions.get(method)
            for statement in trace.statements_that_call(method, frozenset({function})):
                values = known.values if known is not None else {}
                handed = (
                    values.get(node, ())
                    for node in ast.walk(statement)
                    if isinstance(node, ast.expr)
                )
                if trace.functions[function].owner is not None or any(
                    site in sites_in(frozenset(value)) for value in handed
                ):
                    yield Filling(method, statement, receiver_of(method))


def _set_from_outside(
    module: Module, attribute: str, holders: Collection[ClassDecl], trace: Trace
) -> Iterator[Filling]:
    """Yield ``self.inner.blocks = …`` in a method of what holds `inner`."""
    if not isinstance(module.cls, ClassDecl):
        return
    for definition in trace.definitions(module.cls, attribute):
        function = definition.function
        if function is not None and is_method_of(function, holders, trace):
            yield Filling(function, definition.statement, definition.receiver)
