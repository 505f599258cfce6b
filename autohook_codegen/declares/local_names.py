"""What a local name is: an argument, what a statement or a loop binds to it, a name of the file."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from autohook_codegen.declares.annotations import annotated
from autohook_codegen.declares.names import BUILTINS, dotted_name
from autohook_codegen.declares.program import FileDecl, FunctionNode
from autohook_codegen.declares.scope import Binding, Scope
from autohook_codegen.declares.value import OTHER, UNKNOWN, Kind, Value, union

if TYPE_CHECKING:
    from autohook_codegen.declares.inference import Inference

__all__ = ["LocalNames"]


class LocalNames:
    """The part of `Inference` that follows names."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference

    def of(self, node: ast.Name, scope: Scope | None, depth: int, file: FileDecl | None) -> Value:
        if scope is not None:
            bindings = (
                scope.visible(node.id, node)
                if node in scope.parents
                else scope.bindings.get(node.id, [])
            )
            if bindings:
                value = union(*(self.bound(one, scope, depth) for one in bindings))
                return self._filled(node.id, value, scope, depth)
        if file is None:
            return UNKNOWN
        if node.id in file.by_name or node.id in file.functions:
            return OTHER
        assigned = file.assignments.get(node.id)
        if assigned and (file, node.id) not in self.inference.active:
            self.inference.active.add((file, node.id))
            value = union(*(self.inference.infer(one, None, depth, file) for one in assigned))
            self.inference.active.discard((file, node.id))
            return value
        dotted = file.imports.resolve(node.id)
        if dotted.startswith(("torch.", "math.", "einops.", "functools.")) or node.id in BUILTINS:
            return OTHER
        return UNKNOWN

    def _filled(self, name: str, value: Value, scope: Scope, depth: int) -> Value:
        """A local list with what is added to it, ``blocks.append(Block())``."""
        key = (scope.function, name, "filled")
        if Kind.LIST not in value.kinds or key in self.inference.active:
            return value
        self.inference.active.add(key)
        added: list[Value] = []
        for read in scope.reads(name):
            method = scope.parents[read]
            call = scope.parents.get(method)
            if not (isinstance(method, ast.Attribute) and isinstance(call, ast.Call)):
                continue
            if call.func is method and call.args and method.attr in ("append", "insert", "extend"):
                one = self.inference.infer(call.args[-1], scope, depth)
                added.append((one.items or UNKNOWN) if method.attr == "extend" else one)
        self.inference.active.discard(key)
        if not added:
            return value
        before = [value.items] if value.items is not None else []
        return replace(value, items=union(*before, *added), elements=None)

    def bound(self, binding: Binding, scope: Scope, depth: int) -> Value:
        """What a local name is after one of its bindings."""
        key = (scope.function, binding)
        if key in self.inference.active:
            return UNKNOWN
        if isinstance(binding.node, ast.arg):
            return self.argument(binding.node, scope)
        if isinstance(binding.node, FunctionNode | ast.ClassDef):
            return OTHER
        if binding.value is None:
            return UNKNOWN
        self.inference.active.add(key)
        value = self.inference.infer(binding.value, scope, depth, scope.file)
        self.inference.active.discard(key)
        path = binding.path
        if binding.is_loop:
            value = self._looped(binding.value, value, path, scope, depth)
            if isinstance(binding.value, ast.Call) and path:
                path = ()
        for index in path:
            elements = value.elements
            value = (
                elements[index] if elements and index < len(elements) else (value.items or UNKNOWN)
            )
        return value

    def _looped(
        self, iterated: ast.expr, value: Value, path: tuple[int, ...], scope: Scope, depth: int
    ) -> Value:
        """What a loop over `iterated` hands out."""
        if isinstance(iterated, ast.Call) and path:
            name = dotted_name(iterated.func) or ""
            if name == "enumerate" and iterated.args:
                return (
                    OTHER
                    if path[0] == 0
                    else (self.inference.infer(iterated.args[0], scope, depth).items or UNKNOWN)
                )
            if name == "zip" and path[0] < len(iterated.args):
                return self.inference.infer(iterated.args[path[0]], scope, depth).items or UNKNOWN
            if name.endswith(".items") and isinstance(iterated.func, ast.Attribute):
                return (
                    OTHER
                    if path[0] == 0
                    else (self.inference.infer(iterated.func.value, scope, depth).items or UNKNOWN)
                )
            return UNKNOWN
        if isinstance(iterated, ast.Call) and dotted_name(iterated.func) == "range":
            return OTHER
        return value.items or UNKNOWN

    def argument(self, argument: ast.arg, scope: Scope) -> Value:
        if argument.arg == scope.receiver:
            return OTHER
        default = scope.default(argument)
        optional = isinstance(default, ast.Constant) and default.value is None
        if argument.annotation is not None:
            value = annotated(argument.annotation, scope.file, self.inference.program)
            if value != UNKNOWN:
                return value.or_none() if optional else value
        if default is None or optional:
            return UNKNOWN.or_none() if optional else UNKNOWN
        if isinstance(default, ast.Constant):
            return OTHER
        dotted = scope.file.dotted(default) or ""
        if dotted.startswith("torch.nn.functional.") or (
            dotted.startswith("torch.") and dotted.count(".") == 1
        ):
            return OTHER
        if isinstance(default, ast.Call):
            return union(self.inference.infer(default, None, 1, scope.file), UNKNOWN)
        return UNKNOWN
