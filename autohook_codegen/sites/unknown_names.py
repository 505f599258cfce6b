"""Modules that are called by a name which the source does not show: ``getattr(self, name)(x)``,
where names come from a table or from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Module, Unknown
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import LeftAlone
from autohook_codegen.sites.unknown_parts import may_be_of_module

__all__ = ["unknown_names"]


def unknown_names(function: FunctionTrace, trace: Trace) -> Iterator[LeftAlone]:
    """Yield the calls of what a class may hold under a name that nothing shows."""
    for call in list(function.values):
        if not isinstance(call, ast.Call) or not may_be_of_module(call, function):
            continue
        for owner in _holders(call, function):
            if _works_names_out(owner, trace):
                called = ast.unparse(call.func)
                message = NoteCode.NAME_UNKNOWN.says(called=called, cls=owner.name)
                yield LeftAlone(call, message, function, None, (owner.name,))
                break


def _holders(call: ast.Call, function: FunctionTrace) -> Iterator[ClassDecl]:
    """Yield the classes of which the callee is an attribute by such a name."""
    for one in function.values.get(call.func, frozenset()):
        name = one.origin.node if isinstance(one, Unknown) and one.origin is not None else None
        read = function.file.nodes.parent(name) if name is not None else None
        match read:
            case ast.Call(func=ast.Name(id="getattr"), args=[holder, known, *_]) if known is name:
                for held in function.values.get(holder, frozenset()):
                    if isinstance(held, Module) and isinstance(held.cls, ClassDecl):
                        yield held.cls


def _works_names_out(cls: ClassDecl, trace: Trace) -> bool:
    """Whether a statement gives an instance a module under a name that is worked out."""
    return any(
        isinstance(kind, Module | Unknown)
        for one in cls.mro
        for attribute in trace.attributes(one)
        if not attribute.isidentifier()
        for definition in trace.definitions(one, attribute)
        for kind in definition.value
    )
