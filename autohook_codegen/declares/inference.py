"""What ``self.X``, a local name or any other expression is, decided from the source alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.annotations import annotated
from autohook_codegen.declares.calls import Calls
from autohook_codegen.declares.local_names import LocalNames
from autohook_codegen.declares.members import Definition, Members, read_members
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.declares.scope import Scope
from autohook_codegen.declares.value import (
    MODULE,
    MOST_STEPS,
    NOTHING,
    OTHER,
    UNKNOWN,
    Kind,
    Value,
    union,
)

__all__ = ["Inference"]


class Inference:
    """Answers for one `Program`; everything is worked out once, when it is first asked."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._members: dict[ClassDecl, Members] = {}
        self._scopes: dict[FunctionNode, Scope] = {}
        self._attributes: dict[tuple[ClassDecl, str], Value | None] = {}
        self._definitions: dict[Definition, Value] = {}
        self.active: set[object] = set()
        """What is being worked out: a value that depends on itself ends there."""
        self.users: Mapping[FunctionNode, Sequence[ClassDecl]] = {}
        """The classes whose instances run a method, once they are known."""
        self._own: dict[tuple[FunctionNode, str], Value | None] = {}
        self.calls = Calls(self)
        self.local_names = LocalNames(self)

    def members(self, decl: ClassDecl) -> Members:
        if decl not in self._members:
            self._members[decl] = read_members(decl)
        return self._members[decl]

    def scope(self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl) -> Scope:
        if function not in self._scopes:
            self._scopes[function] = Scope(function, owner, file)
        return self._scopes[function]

    def definitions(self, decl: ClassDecl, attribute: str) -> list[Definition]:
        """Every statement that sets the attribute on an instance of the class: its own, its bases'
        and its subclasses'."""
        found: list[Definition] = []
        for owner in (*decl.mro, *decl.descendants()):
            found += self.members(owner).definitions.get(attribute, ())
        return found

    def attribute(self, decl: ClassDecl, attribute: str) -> Value | None:
        """What ``self.ATTRIBUTE`` is; ``None`` if the input never sets it."""
        key = (decl, attribute)
        if key not in self._attributes:
            if key in self.active:
                return UNKNOWN
            self.active.add(key)
            self._attributes[key] = self._attribute(decl, attribute)
            self.active.discard(key)
        return self._attributes[key]

    def own_attribute(self, scope: Scope, attribute: str) -> Value | None:
        """What ``self.ATTRIBUTE`` is where the method of `scope` reads it: a subclass with another
        method in its place may have set something else."""
        assert scope.owner is not None
        users = self.users.get(scope.function)
        if users is None:
            return self.attribute(scope.owner, attribute)
        key = (scope.function, attribute)
        if key not in self._own:
            setters = dict.fromkeys(one for user in users for one in user.mro)
            self._own[key] = self.attribute(scope.owner, attribute)
            set_here = self._set_by(tuple(setters), attribute)
            if set_here is not None:
                self._own[key] = set_here
        return self._own[key]

    def _attribute(self, decl: ClassDecl, attribute: str) -> Value | None:
        value = self._set_by((*decl.mro, *decl.descendants()), attribute)
        if value is not None:
            return value
        for base in decl.all_outside_bases:
            parameters = torch_facts.LIBRARY_PARAMETERS.get(base, {})
            if attribute in parameters:
                value = Value(frozenset({Kind.PARAMETER}))
                return value.or_none() if parameters[attribute] else value
            if attribute in torch_facts.LIBRARY_MEMBERS.get(base, ()):
                if attribute == "layers":
                    return Value(
                        frozenset({Kind.LIST}), frozenset({"torch.nn.ModuleList"}), items=MODULE
                    )
                return MODULE
        return None

    def _set_by(self, owners: tuple[ClassDecl, ...], attribute: str) -> Value | None:
        """What the statements of these classes make of the attribute, if any does."""
        made = [
            self.definition(one)
            for owner in owners
            for one in self.members(owner).definitions.get(attribute, ())
        ]
        if not made:
            return None
        value = union(*made)
        grown = [
            self._grown(growth.how, growth.arguments, growth.method, growth.owner)
            for owner in owners
            for growth in self.members(owner).growths.get(attribute, ())
        ]
        if grown and value.is_container:
            items = [one for one in (value.items, *grown) if one is not None]
            value = replace(value, items=union(*items), elements=None)
        return value

    def _grown(
        self, how: str, arguments: tuple[ast.expr, ...], method: FunctionNode, owner: ClassDecl
    ) -> Value | None:
        if not arguments:
            return None
        value = self.infer(arguments[-1], self.scope(method, owner, owner.file), 0)
        return value.items if how in ("extend", "update") else value

    def definition(self, definition: Definition) -> Value:
        """What one statement makes of the attribute."""
        if definition not in self._definitions:
            self._definitions[definition] = UNKNOWN  # while it is being worked out
            self._definitions[definition] = self._definition(definition)
        return self._definitions[definition]

    def _definition(self, definition: Definition) -> Value:
        if definition.is_buffer:
            return OTHER
        owner = definition.owner
        if definition.value is None:
            return UNKNOWN
        if definition.method is None:
            scope = None
        else:
            scope = self.scope(definition.method, owner, owner.file)
        value = self.infer(definition.value, scope, 0, owner.file)
        if value == UNKNOWN and definition.annotation is not None:
            return annotated(definition.annotation, owner.file, self.program)
        return value

    def infer(
        self, node: ast.expr, scope: Scope | None, depth: int, file: FileDecl | None = None
    ) -> Value:
        """What the expression is, read in `scope` (or at the top level of `file`)."""
        if depth > MOST_STEPS:
            return UNKNOWN
        file = file or (scope.file if scope else None)
        if isinstance(node, ast.Call):
            return self.calls.of(node, scope, depth + 1, file)
        if isinstance(node, ast.Constant):
            return NOTHING if node.value is None else OTHER
        if isinstance(node, ast.IfExp):
            return union(
                self.infer(node.body, scope, depth + 1, file),
                self.infer(node.orelse, scope, depth + 1, file),
            )
        if isinstance(node, ast.BoolOp):
            return union(*(self.infer(one, scope, depth + 1, file) for one in node.values))
        if isinstance(node, ast.Name):
            return self.local_names.of(node, scope, depth + 1, file)
        if isinstance(node, ast.Attribute):
            return self.read(node, scope, depth + 1, file)
        if isinstance(node, ast.List | ast.Tuple):
            elements = tuple(
                self.infer(
                    one.value if isinstance(one, ast.Starred) else one, scope, depth + 1, file
                )
                for one in node.elts
            )
            if elements and all(one.surely_neither for one in elements):
                return OTHER
            if any(isinstance(one, ast.Starred) for one in node.elts):
                items = union(*(one.items or one for one in elements))
                return Value(frozenset({Kind.LIST}), items=items)
            return Value(
                frozenset({Kind.LIST}),
                items=union(*elements) if elements else None,
                elements=elements,
            )
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            items = self.infer(node.elt, scope, depth + 1, file)
            return OTHER if items.surely_neither else Value(frozenset({Kind.LIST}), items=items)
        if isinstance(node, ast.Dict):
            return self._dict(node, scope, depth + 1, file)
        if isinstance(node, ast.DictComp):
            return Value(
                frozenset({Kind.DICT}), items=self.infer(node.value, scope, depth + 1, file)
            )
        if isinstance(node, ast.Subscript):
            return self._item(node, scope, depth + 1, file)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
            sides = [self.infer(one, scope, depth + 1, file) for one in (node.left, node.right)]
            lists = [one for one in sides if Kind.LIST in one.kinds]
            return replace(union(*lists), elements=None) if lists else OTHER
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Starred):
            return self.infer(node.value, scope, depth + 1, file)
        if isinstance(node, ast.Lambda):
            return replace(OTHER, gives_none=_may_give_none(node))
        return OTHER

    def _dict(
        self, node: ast.Dict, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        entries: list[tuple[str, Value]] = []
        values: list[Value] = []
        for key, value in zip(node.keys, node.values, strict=True):
            made = self.infer(value, scope, depth, file)
            values.append(made)
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                entries.append((key.value, made))
        items = union(*values) if values else None
        return Value(frozenset({Kind.DICT}), items=items, entries=tuple(entries))

    def _item(
        self, node: ast.Subscript, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        container = self.infer(node.value, scope, depth, file)
        name = dotted_name(node.value)
        if container == UNKNOWN and name is not None and name.rsplit(".", 1)[-1].startswith("ACT2"):
            return MODULE
        if isinstance(node.slice, ast.Slice):
            return replace(container, elements=None)
        if isinstance(node.slice, ast.Constant):
            for key, value in container.entries or ():
                if key == node.slice.value:
                    return value
            if (
                container.elements
                and isinstance(node.slice.value, int)
                and node.slice.value < len(container.elements)
            ):
                return container.elements[node.slice.value]
        return container.items or UNKNOWN

    def read(
        self, node: ast.Attribute, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        dotted = file.dotted(node) if file is not None else None
        if dotted is not None and dotted.startswith(("torch.", "math.", "einops.")):
            return OTHER
        owner = scope.owner if scope is not None else None
        if (
            scope is not None
            and isinstance(node.value, ast.Name)
            and node.value.id == scope.receiver
            and owner
        ):
            if owner.method(node.attr) is not None:
                return OTHER
            return self.own_attribute(scope, node.attr) or UNKNOWN
        held = self.infer(node.value, scope, depth, file)
        for key, value in held.entries or ():
            if key == node.attr:
                return value
        values = [self.attribute(decl, node.attr) for decl in held.input_classes]
        if values:
            return union(*(one or UNKNOWN for one in values))
        if isinstance(node.value, ast.Name) and node.value.id in (
            "config",
            "cfg",
            "args",
            "hparams",
            "opt",
        ):
            return OTHER
        return UNKNOWN


def _may_give_none(node: ast.Lambda) -> bool:
    """``lambda x: None``, and ``lambda *_: value`` of a value from outside that may be ``None``."""
    own = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    if isinstance(node.body, ast.Name):
        return node.body.id not in own
    return isinstance(node.body, ast.Constant) and node.body.value is None
