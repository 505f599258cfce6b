"""Classes whose children are counted or walked: a hook point among them would be taken for one."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen import library
from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import NOT_REACHED, Fields, Items, Module
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.harmless_walks import WALKS, is_harmless_walk
from autohook_codegen.sites.written import Written

__all__ = ["classes_with_own_children"]


def classes_with_own_children(trace: Trace) -> dict[ClassDecl, str]:
    """Return the classes that get no hook points in the source, each with the reason."""
    found: dict[ClassDecl, str] = {}
    for decl in trace.program.classes:
        if decl.is_module and any(map(_is_container, decl.all_outside_bases)):
            found[decl] = "its children are its items"
    for function in trace.functions.values():
        receiver = function.receiver
        written = Written(function)
        for node in function.values:
            if isinstance(node, ast.Attribute) and node.attr in WALKS:
                if function.node is None or is_harmless_walk(node, written, trace):
                    continue
                if receiver is not None and _is_instance(node.value, receiver.arg):
                    _add(found, _users(function), "it walks its own children")
                elif node.attr != "_modules":
                    others = _classes(function, node.value)
                    _add(found, others, "other code takes its children by position")
        if receiver is not None and _takes_items(function, receiver.arg):
            _add(found, _users(function), "it walks its own children")
    return found


def _is_instance(node: ast.expr, receiver: str) -> bool:
    match node:
        case ast.Name(id=name):
            return name == receiver
        case ast.Call(func=ast.Name(id="super")):
            return True
    return False


def _add(found: dict[ClassDecl, str], decls: Iterable[ClassDecl], reason: str) -> None:
    for decl in decls:
        if decl.is_module:
            found.setdefault(decl, reason)


def _users(function: FunctionTrace) -> tuple[ClassDecl, ...]:
    owner = function.owner
    return (owner, *owner.descendants()) if owner is not None else ()


def _classes(function: FunctionTrace, node: ast.expr) -> list[ClassDecl]:
    kinds = (
        one.cls if isinstance(one, Module) else one.kind
        for one in function.values.get(node, NOT_REACHED)
        if isinstance(one, Module | Items | Fields)
    )
    return [one for one in kinds if isinstance(one, ClassDecl)]


def _is_container(base: str) -> bool:
    known = library.library_class(base)
    return known is not None and known.is_container is not None


def _takes_items(function: FunctionTrace, receiver: str) -> bool:
    """Tell whether a method says ``for child in self``, ``self[i]`` or ``len(self)``."""
    assert function.node is not None
    assert function.owner is not None
    for node in function.file.nodes.within(function.node):
        match node:
            case ast.For(iter=taken) | ast.comprehension(iter=taken):
                pass
            case ast.Subscript(value=taken) if not function.owner.method("__getitem__"):
                pass
            case ast.Call(func=ast.Name(id="len"), args=[taken]):
                pass
            case _:
                continue
        if isinstance(taken, ast.Name) and taken.id == receiver:
            return True
    return False
