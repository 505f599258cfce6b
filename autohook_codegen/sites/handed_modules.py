"""Functions, and methods of classes that are no modules, which are handed a module and call into
it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.methods import ReachedMethods
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.declares.scope import Scope

__all__ = ["Handed", "handed_modules"]


@dataclass(frozen=True)
class Handed:
    """A function whose argument `argument` is always one of `classes`."""

    function: FunctionNode
    owner: ClassDecl | None
    file: FileDecl
    argument: str
    classes: tuple[ClassDecl, ...]


def handed_modules(program: Program, inference: Inference, reached: ReachedMethods) -> list[Handed]:
    """Every function of the input that a reached method calls with ``self``, where all callers are
    seen.
    """
    found: dict[
        tuple[FunctionNode, str], tuple[ClassDecl | None, FileDecl, dict[ClassDecl, None]]
    ] = {}
    for function, owner in reached.owners.items():
        scope = inference.scope(function, owner, owner.file)
        if scope.receiver is None:
            continue
        for node in scope.nodes:
            if not isinstance(node, ast.Call):
                continue
            position = next(
                (
                    i
                    for i, one in enumerate(node.args)
                    if isinstance(one, ast.Name) and one.id == scope.receiver
                ),
                None,
            )
            if position is None:
                continue
            for target, holder, file, bound in _targets(node.func, scope, program, inference):
                arguments = [*target.args.posonlyargs, *target.args.args]
                index = position + bound
                if index >= len(arguments):
                    continue
                classes = found.setdefault((target, arguments[index].arg), (holder, file, {}))[2]
                for user in reached.seen_by[function]:
                    classes[user] = None
                classes[owner] = None
    return [
        Handed(function, holder, file, argument, tuple(classes))
        for (function, argument), (holder, file, classes) in found.items()
    ]


def _targets(
    func: ast.expr, scope: Scope, program: Program, inference: Inference
) -> Iterator[tuple[FunctionNode, ClassDecl | None, FileDecl, int]]:
    """The functions that a callee may be, with the class they stand in and how many arguments are
    bound.
    """
    names: list[ast.expr] = [func]
    if isinstance(func, ast.Name):
        names += [
            one.value
            for one in scope.visible(func.id, func)
            if one.value is not None and not one.is_loop
        ]
    for one in list(names):
        if isinstance(
            one, ast.Call
        ):  # ALL_ATTENTION_FUNCTIONS.get_interface(kind, eager_attention_forward)
            names += one.args
    for one in names:
        if isinstance(one, ast.Name) and one.id in scope.file.functions:
            yield scope.file.functions[one.id], None, scope.file, 0
    if isinstance(func, ast.Attribute | ast.Name):
        for decl in _object_classes(func, scope, program):
            method = decl.method("__call__")
            if method is not None and not decl.is_module:
                yield method[1], method[0], method[0].file, 1


def _object_classes(func: ast.expr, scope: Scope, program: Program) -> Iterator[ClassDecl]:
    """The classes, no modules, whose instance ``self.processor`` is."""
    if not (
        isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id == scope.receiver
    ):
        return
    owner = scope.owner
    if owner is None:
        return
    for one in owner.mro:
        for node in ast.walk(one.node):
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Attribute) and target.attr == func.attr
                for target in node.targets
            ):
                for made in ast.walk(node.value):
                    if isinstance(made, ast.Call):
                        decl = program.class_of(one.file, made.func)
                        if decl is not None:
                            yield decl
            elif isinstance(node, FunctionNode) and node.name == "__init__":
                for _, default in _defaults(node):
                    if isinstance(default, ast.Call):
                        decl = program.class_of(one.file, default.func)
                        if decl is not None and not decl.is_module:
                            yield decl


def _defaults(function: FunctionNode) -> Iterator[tuple[ast.arg, ast.expr]]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    count = len(function.args.defaults)
    yield from zip(arguments[len(arguments) - count :], function.args.defaults, strict=True)
