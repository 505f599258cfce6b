"""Submodules that are handed to other code, which calls them where the source does not show whose
hook point would see it: ``map(self.norm, xs)``, ``apply(self.fc, x)``, ``Runner(self.fc)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.parts import holds_modules, members
from autohook_codegen.analysis.trace import FunctionTrace, Trace, Use
from autohook_codegen.analysis.values import Alternative, Fields, Items, Module, Nothing
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import LeftAlone, Reference
from autohook_codegen.sites.elsewhere import Elsewhere, handed
from autohook_codegen.sites.fallback import place_of
from autohook_codegen.sites.hook_points import path_of
from autohook_codegen.sites.references import held_by, reference_to

__all__ = ["handed_on", "kept_elsewhere"]


def handed_on(function: FunctionTrace, trace: Trace, elsewhere: Elsewhere) -> Iterator[LeftAlone]:
    """Yield the submodules that a function which runs with the model hands on."""
    called = {one.callee for one in function.calls}
    for use, call in handed(function):
        if use.node in called:
            continue
        yield from _list_handed_on(use, call, function, trace)
        if elsewhere.may_call(call, function):
            yield from _handed_on(use, call, function, trace)
        yield from _one_of_several(use, call, function, trace, elsewhere)


def kept_elsewhere(
    function: FunctionTrace, trace: Trace, elsewhere: Elsewhere
) -> Iterator[LeftAlone]:
    """Yield the submodules that a function which builds the model gives to what calls them later:
    an object that is no module, an inner function."""
    for use, call in handed(function):
        if elsewhere.may_call_later(call, function):
            yield from _handed_on(use, call, function, trace)


def _handed_on(
    use: Use, call: ast.Call, function: FunctionTrace, trace: Trace
) -> Iterator[LeftAlone]:
    held = held_by(use.value)
    callee = ast.unparse(call.func)
    if held is None or not held.steps:
        return
    if not all(isinstance(one, Module | Nothing) or _may_hold_modules(one) for one in use.value):
        return
    reference = reference_to(held, use.node, use.value, function, ())
    if reference is not None:
        message = NoteCode.PASSED_ON.says(path=path_of(reference), callee=callee)
        yield LeftAlone(use.node, message, function, reference, (place_of(reference, trace),))


def _may_hold_modules(one: Alternative) -> bool:
    """Whether it is a container of modules, or a tuple, list or dict with one among its members."""
    if not isinstance(one, Items | Fields):
        return False
    return holds_modules(one) or any(
        isinstance(each, Module) or _may_hold_modules(each) for each in members(one)
    )


def _one_of_several(
    use: Use, call: ast.Call, function: FunctionTrace, trace: Trace, elsewhere: Elsewhere
) -> Iterator[LeftAlone]:
    """What may be any of several things, modules among them."""
    if held_by(use.value) is not None or not any(isinstance(one, Module) for one in use.value):
        return
    if not elsewhere.surely_calls(use.node, call, function):
        return
    places: set[str] = set()
    for one in use.value:
        if isinstance(one, Module):
            held = one.held
            reference = reference_to(held, None, frozenset({one}), function, ()) if held else None
            if reference is not None:
                places.add(place_of(reference, trace))
            elif isinstance(one.cls, ClassDecl):
                places.add(one.cls.name)
    if places:
        path, callee = ast.unparse(use.node), ast.unparse(call.func)
        message = NoteCode.PASSED_ON.says(path=path, callee=callee)
        yield LeftAlone(use.node, message, function, None, tuple(sorted(places)))


def _list_handed_on(
    use: Use, call: ast.Call, function: FunctionTrace, trace: Trace
) -> Iterator[LeftAlone]:
    """``reduce(step, [self.clean, self.mix], x)``"""
    places: list[str] = []
    first: Reference | None = None
    for whole in use.value:
        members = (*whole.first, whole.rest) if isinstance(whole, Items) else ()
        for member in members if getattr(whole, "held", None) is None else ():
            held = held_by(member)
            if held is None or not any(isinstance(one, Module) for one in member):
                continue
            reference = reference_to(held, None, member, function, ())
            if reference is not None:
                first = first or reference
                places.append(place_of(reference, trace))
    if first is not None:
        callee = ast.unparse(call.func)
        message = NoteCode.PASSED_ON.says(path=", ".join(places), callee=callee)
        yield LeftAlone(use.node, message, function, first, tuple(places))
