"""Classes whose children are counted or walked by position: a hook point among them would be taken
for one.
"""

from __future__ import annotations

import ast

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, Program
from autohook_codegen.sites.harmless_walks import is_harmless_walk

__all__ = ["classes_with_own_children"]

WALKING = frozenset({"children", "named_children", "_modules"})


def classes_with_own_children(program: Program, inference: Inference) -> dict[ClassDecl, str]:
    """The classes that get no hook points in the source, each with the reason."""
    found: dict[ClassDecl, str] = {}
    for decl in program.classes:
        if not decl.is_module:
            continue
        if decl.inherits_from(torch_facts.CONTAINERS):
            found[decl] = "its children are its items"
            continue
        walks = any(_walks_itself(decl, owner, inference) for owner in decl.mro)
        if walks:
            found[decl] = "it walks its own children"
    for decl in list(program.classes):
        for owner in (decl, *_taken_apart(decl, inference)):
            if owner is not decl:
                found.setdefault(owner, "other code takes its children by position")
    return found


def _walks_itself(decl: ClassDecl, owner: ClassDecl, inference: Inference) -> bool:
    for method in owner.methods.values():
        scope = inference.scope(method, owner, owner.file)
        if scope.receiver is None:
            continue
        for node in scope.nodes:
            if isinstance(node, ast.Attribute):
                if (
                    node.attr in WALKING
                    and isinstance(node.value, ast.Name)
                    and node.value.id == scope.receiver
                    and not is_harmless_walk(node, scope, inference.program)
                ):
                    return True
            elif isinstance(node, ast.For | ast.comprehension):
                if isinstance(node.iter, ast.Name) and node.iter.id == scope.receiver:
                    return True
            elif isinstance(node, ast.Subscript):
                if (
                    isinstance(node.value, ast.Name)
                    and node.value.id == scope.receiver
                    and not decl.method("__getitem__")
                ):
                    return True
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "len"
            ):
                if (
                    node.args
                    and isinstance(node.args[0], ast.Name)
                    and node.args[0].id == scope.receiver
                ):
                    return True
    return False


def _taken_apart(decl: ClassDecl, inference: Inference) -> list[ClassDecl]:
    """The classes of the input whose ``children()`` a method of `decl` puts in a list."""
    found: list[ClassDecl] = []
    for method in decl.methods.values():
        scope = inference.scope(method, decl, decl.file)
        for node in scope.nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if (
                node.func.attr not in ("children", "named_children")
                or dotted_name(node.func.value) == scope.receiver
                or is_harmless_walk(node.func, scope, inference.program)
            ):
                continue
            found += inference.infer(node.func.value, scope, 0).input_classes
    return found
