"""What calling something makes: a class, a function of the input, a factory, a table of classes."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from autohook_codegen.declares.made_by_torch import made_by_torch
from autohook_codegen.declares.made_classes import is_making_method, made_by_class, made_by_import
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.scope import Binding, Scope
from autohook_codegen.declares.value import (
    MAYBE_MODULE,
    MODULE,
    MOST_STEPS,
    NOTHING,
    OTHER,
    UNKNOWN,
    Kind,
    Value,
    union,
)

if TYPE_CHECKING:
    from autohook_codegen.declares.inference import Inference

__all__ = ["Callees"]


class Callees:
    """The part of `Inference` that follows what is called."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference

    def made(
        self,
        func: ast.expr,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        """What a call of `func` gives back."""
        if depth > MOST_STEPS:
            return UNKNOWN
        if file is not None:
            decl = (
                self.inference.program.class_of(file, func)
                if not self._is_local(func, scope)
                else None
            )
            if decl is not None:
                return made_by_class(decl)
            dotted = file.dotted(func) or ""
            if not self._is_local(func, scope):
                library = made_by_torch(
                    dotted, node, lambda one: self.inference.infer(one, scope, depth, file)
                )
                if library is not None:
                    return library
        if isinstance(func, ast.IfExp):
            return union(
                self.made(func.body, node, scope, depth + 1, file),
                self.made(func.orelse, node, scope, depth + 1, file),
            )
        if isinstance(func, ast.BoolOp):
            return union(*(self.made(one, node, scope, depth + 1, file) for one in func.values))
        if isinstance(func, ast.Call):
            return self._made_by_call(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Subscript):
            return self._made_by_table(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Lambda):
            return self.inference.infer(func.body, scope, depth + 1, file)
        if isinstance(func, ast.Name):
            return self._made_by_name(func, node, scope, depth + 1, file)
        if isinstance(func, ast.Attribute):
            return self._made_by_attribute(func, node, scope, depth + 1, file)
        return UNKNOWN

    def _is_local(self, func: ast.expr, scope: Scope | None) -> bool:
        name = dotted_name(func)
        if scope is None or name is None:
            return False
        bindings = scope.bindings.get(name.split(".")[0], ())
        return any(
            not isinstance(one.node, ast.Import | ast.ImportFrom | ast.ClassDef) for one in bindings
        )

    def _made_by_call(
        self,
        func: ast.Call,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        dotted = (file.dotted(func.func) if file is not None else dotted_name(func.func)) or ""
        if dotted.rsplit(".", 1)[-1] == "partial" and func.args:
            return self.made(func.args[0], node, scope, depth, file)
        if dotted == "getattr" and func.args:
            target = (file.dotted(func.args[0]) if file is not None else None) or ""
            return OTHER if target in ("torch", "torch.nn.functional") else MODULE
        return MAYBE_MODULE

    def _made_by_table(
        self,
        func: ast.Subscript,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        """``ATTENTION_CLASSES[kind](…)``: any of the table's values."""
        values: list[ast.expr] = []
        for table in self._displays(func.value, scope, file):
            if isinstance(table, ast.Dict):
                values += table.values
            elif isinstance(table, ast.List | ast.Tuple):
                values += table.elts
        if not values:
            return MODULE
        made: list[Value] = []
        for value in values:
            if isinstance(value, ast.Tuple | ast.List) and value.elts:  # (class, arguments)
                value = value.elts[0]
            made.append(self.made(value, node, None, depth, file))
        return union(*made)

    def _displays(
        self, node: ast.expr, scope: Scope | None, file: FileDecl | None
    ) -> list[ast.expr]:
        if isinstance(node, ast.Dict | ast.List | ast.Tuple):
            return [node]
        if isinstance(node, ast.Name):
            local = [
                one.value
                for one in (scope.bindings.get(node.id, ()) if scope else ())
                if one.value is not None
            ]
            return local or list(file.assignments.get(node.id, ()) if file is not None else ())
        if isinstance(node, ast.Attribute) and scope is not None and scope.owner is not None:
            return [
                one.value
                for one in self.inference.definitions(scope.owner, node.attr)
                if one.value is not None
            ]
        return []

    def _made_by_name(
        self,
        func: ast.Name,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        bindings = scope.bindings.get(func.id, ()) if scope is not None else ()
        if scope is not None and scope.owner is not None and func.id == "cls":
            return replace(made_by_class(scope.owner), open_class=True)
        if scope is not None and bindings:
            made: list[Value] = []
            for binding in bindings:
                made.append(self._made_by_binding(binding, node, scope, depth, file))
            return union(*made)
        if file is None:
            return MAYBE_MODULE
        function = file.functions.get(func.id)
        if function is not None:
            return self.returned(function, None, file, depth)
        assigned = file.assignments.get(func.id)
        if assigned and (file, func.id, "made") not in self.inference.active:
            self.inference.active.add((file, func.id, "made"))
            value = union(*(self.made(one, node, None, depth, file) for one in assigned))
            self.inference.active.discard((file, func.id, "made"))
            return value
        return made_by_import(file.imports.resolve(func.id))

    def _made_by_binding(
        self,
        binding: Binding,
        node: ast.Call | None,
        scope: Scope,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        key = (scope.function, binding, "made")
        if key in self.inference.active:
            return UNKNOWN
        if isinstance(binding.node, ast.arg):
            value = self.inference.local_names.argument(binding.node, scope)
            default = scope.default(binding.node)
            if (
                value.surely_neither
                and not value.may_be_none
                and binding.node.annotation is not None
            ):
                return OTHER
            if default is None or isinstance(default, ast.Constant):
                return MAYBE_MODULE
            return replace(self.made(default, node, None, depth, file), open_class=True)
        if isinstance(binding.node, FunctionNode):
            return self.returned(binding.node, None, scope.file, depth)
        if binding.value is None:
            return MAYBE_MODULE
        if binding.is_loop or binding.path:
            return MAYBE_MODULE
        self.inference.active.add(key)
        value = self.made(binding.value, node, scope, depth, file)
        self.inference.active.discard(key)
        return value

    def _made_by_attribute(
        self,
        func: ast.Attribute,
        node: ast.Call | None,
        scope: Scope | None,
        depth: int,
        file: FileDecl | None,
    ) -> Value:
        owner = scope.owner if scope is not None else None
        if scope is not None and owner is not None and isinstance(func.value, ast.Name):
            if func.value.id in (scope.receiver, "cls"):
                nested = owner.nested(func.attr)
                if nested is not None:
                    return made_by_class(nested)
                found = owner.method(func.attr)
                if found is not None:
                    return self.returned(found[1], found[0], found[0].file, depth)
                values = [
                    self.made(one.value, node, None, depth, file)
                    for one in self.inference.definitions(owner, func.attr)
                    if one.value is not None and not isinstance(one.value, ast.Attribute)
                ]
                return union(*values) if values else MAYBE_MODULE
        if file is not None:
            held = self.inference.program.class_of(file, func.value)
            if held is not None:  # Class.classmethod(…)
                return self._made_by_method(held, func, depth, file)
            dotted = file.dotted(func) or ""
            first = dotted_name(func)
            if first is not None and first.split(".")[0] in file.imports.names:
                return made_by_import(dotted)
        if (
            isinstance(func.value, ast.Call)
            and isinstance(func.value.func, ast.Name)
            and func.value.func.id == "super"
        ):
            return UNKNOWN
        held = self._annotated_class(func.value, scope)
        if held is not None and not held.is_module:
            made = [
                self.made(one.value, node, None, depth, held.file)
                for one in self.inference.members(held).definitions.get(func.attr, ())
                if one.value is not None
            ]
            return replace(union(*made), open_class=True) if made else OTHER
        inner = self.inference.infer(func.value, scope, depth, file)
        if inner.surely_neither:
            return OTHER if inner.kinds != {Kind.NONE} else UNKNOWN
        return UNKNOWN

    def _annotated_class(self, node: ast.expr, scope: Scope | None) -> ClassDecl | None:
        """The class of the input that an argument is annotated with: ``layers: Layers``, whose
        fields say what ``layers.norm(…)`` makes by default."""
        if scope is None or not isinstance(node, ast.Name):
            return None
        for binding in scope.bindings.get(node.id, ()):
            if isinstance(binding.node, ast.arg) and binding.node.annotation is not None:
                return self.inference.program.class_of(scope.file, binding.node.annotation)
        return None

    def _made_by_method(
        self, decl: ClassDecl, func: ast.Attribute, depth: int, file: FileDecl
    ) -> Value:
        """``Net.from_config(…)``, and ``AutoModel.from_config(…)`` of a class that is no module but
        makes them."""
        if decl.is_module:
            return made_by_class(decl)
        found = decl.method(func.attr)
        made = self.returned(found[1], found[0], found[0].file, depth) if found else UNKNOWN
        if Kind.UNKNOWN in made.kinds and is_making_method(func.attr):
            return made_by_import(file.dotted(func) or func.attr)
        return made if made.is_module else OTHER

    def returned(
        self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl, depth: int
    ) -> Value:
        """What a function of the input gives back, for functions that build modules."""
        key = (function, "returned")
        if key in self.inference.active or depth > MOST_STEPS:
            return UNKNOWN
        self.inference.active.add(key)
        scope = self.inference.scope(function, owner, file)
        values = [
            self.inference.infer(node.value, scope, depth + 1, file)
            for node in scope.nodes
            if isinstance(node, ast.Return)
            and node.value is not None
            and next(
                one for one in scope.ancestors(node) if isinstance(one, FunctionNode | ast.Lambda)
            )
            is function
        ]
        self.inference.active.discard(key)
        return union(*values) if values else NOTHING
