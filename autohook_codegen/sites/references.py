"""Which submodule or parameter an expression of a method denotes."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.declares.scope import Binding, Scope
from autohook_codegen.declares.value import UNKNOWN, Kind, Value, union
from autohook_codegen.sites.computed_names import name_shape, source_text
from autohook_codegen.sites.inherited import may_be_inherited_module
from autohook_codegen.sites.loop_members import loop_member
from autohook_codegen.sites.reference import Computed, Item, Reference

__all__ = ["References"]


class References:
    """Resolves the expressions of one scope."""

    def __init__(
        self,
        scope: Scope,
        inference: Inference,
        receiver: str | None,
        owners: tuple[ClassDecl, ...],
    ) -> None:
        self.scope = scope
        self.inference = inference
        self.receiver = receiver
        self.owners = owners
        self._memo: dict[ast.expr, Reference | None] = {}

    def resolve(self, node: ast.expr) -> Reference | None:
        """The submodule or parameter that the expression denotes, if the source shows it."""
        if node in self._memo:
            return self._memo[node]
        self._memo[node] = None  # a name that is bound by itself ends here
        self._memo[node] = found = self._resolve(node)
        return found

    def _resolve(self, node: ast.expr) -> Reference | None:
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            held = self.resolve(node.value)
            if held is None:
                return None
            if node.attr in ("forward", "__call__") and held.steps:
                return held
            return self._attribute(held, node.attr, node)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        if isinstance(node, ast.Call):
            return self._getattr(node)
        return None

    def _name(self, node: ast.Name) -> Reference | None:
        if node.id == self.receiver and not self._rebinds_receiver(node):
            value = Value(frozenset({Kind.MODULE}), frozenset(self.owners))
            return Reference(node.id, self.owners, (), value)
        if not isinstance(node.ctx, ast.Load):
            return None
        binding = self.scope.binding_at(node.id, node)
        if binding is not None:
            return self.bound(binding)
        bindings = self.scope.visible(node.id, node)
        if len(bindings) > 1:  # every branch binds the same submodule
            found = [self.bound(one) for one in bindings]
            first = found[0]
            if first is not None and all(one is not None and one.is_same(first) for one in found):
                return first
        return None

    def _rebinds_receiver(self, node: ast.Name) -> bool:
        return any(
            not isinstance(one.node, ast.arg) for one in self.scope.bindings.get(node.id, ())
        )

    def bound(self, binding: Binding) -> Reference | None:
        """What a local name denotes after one of its bindings."""
        if binding.value is None:
            return None
        if binding.is_loop:
            return loop_member(binding, self)
        if binding.path:
            return self._unpacked(binding)
        if isinstance(binding.value, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            found = self.resolve(binding.value)
            return found if found is not None and found.steps else None
        return None

    def _unpacked(self, binding: Binding) -> Reference | None:
        """``norm, attn = layer`` takes a container apart; ``a, b = self.a, self.b`` binds each."""
        value: ast.expr | None = binding.value
        path = binding.path
        while path and isinstance(value, ast.Tuple | ast.List) and path[0] < len(value.elts):
            value, path = value.elts[path[0]], path[1:]
        if value is None or isinstance(value, ast.Starred):
            return None
        if isinstance(value, ast.Name):
            looped = self.scope.binding_at(value.id, value)
            if looped is not None and looped.is_loop:
                return loop_member(replace(looped, path=(*looped.path, *path)), self)
        found = self.resolve(value)
        if found is None or not found.steps:
            return None
        for index in path:
            if not found.value.is_container and Kind.UNKNOWN not in found.value.kinds:
                return None
            found = self.member(found, str(index), index)
        return found

    def member(self, container: Reference, text: str, index: int | str | None) -> Reference:
        value = container.value
        member = value.items or UNKNOWN
        if (
            isinstance(index, int)
            and value.elements
            and -len(value.elements) <= index < len(value.elements)
        ):
            member = value.elements[index]
        for name, entry in value.entries or ():
            if name == index:
                member = entry
        item = Item(text, Kind.DICT in value.kinds)
        return replace(container, steps=(*container.steps, item), value=member)

    def _attribute(self, held: Reference, attribute: str, node: ast.Attribute) -> Reference | None:
        if not held.steps:
            return self._own(held, attribute)
        value = held.value
        if any(isinstance(step, Item) for step in held.steps) and value.closed:
            # A member of a container whose class is in the input: its own hook point serves.
            found = self._of_classes(value.input_classes, attribute)
            if found is None:
                return None
            text = ast.unparse(node.value)
            return Reference(text, value.input_classes, (attribute,), found, shared_with_self=False)
        member = self._nested(value, attribute)
        if member is None:
            return None
        return replace(held, steps=(*held.steps, attribute), value=member)

    def _own(self, held: Reference, attribute: str) -> Reference | None:
        values: list[Value] = []
        for owner in held.owners:
            method = owner.method(attribute)
            if method is not None:
                return self._property(held, *method)
            if owner is self.scope.owner and self.receiver == self.scope.receiver:
                value = self.inference.own_attribute(self.scope, attribute)
            else:
                value = self.inference.attribute(owner, attribute)
            if value is not None and value.surely_neither:
                return None
            if value is None:
                if not may_be_inherited_module(owner, attribute):
                    return None
                value = UNKNOWN
            values.append(value)
        setters = [
            one for one in held.owner.mro if attribute in self.inference.members(one).definitions
        ]
        holder = setters[0].name if setters else None
        return replace(held, steps=(attribute,), value=union(*values), holder=holder)

    def _property(
        self, held: Reference, owner: ClassDecl, method: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> Reference | None:
        """A property that only gives back a submodule is that submodule."""
        if not any(
            (dotted_name(one) or "").rsplit(".", 1)[-1] == "property"
            for one in method.decorator_list
        ):
            return None
        returned = [one for one in ast.walk(method) if isinstance(one, ast.Return)]
        if len(returned) != 1 or returned[0].value is None or not method.args.args:
            return None
        scope = self.inference.scope(method, owner, owner.file)
        inner = References(scope, self.inference, method.args.args[0].arg, held.owners)
        found = inner.resolve(returned[0].value)
        if found is None or any(isinstance(step, Item) for step in found.steps):
            return None
        return replace(found, receiver=held.receiver)

    def _of_classes(self, classes: tuple[ClassDecl, ...], attribute: str) -> Value | None:
        values: list[Value] = []
        for decl in classes:
            if decl.method(attribute) is not None:
                return None
            value = self.inference.attribute(decl, attribute)
            if value is None:
                return None
            values.append(value)
        return union(*values)

    def _nested(self, value: Value, attribute: str) -> Value | None:
        """What ``.attribute`` of a submodule is; ``None`` for a method or something unknown."""
        if value.surely_neither or value.is_parameter:
            return None
        if value.is_container:
            for name, entry in value.entries or ():
                if name == attribute:
                    return entry
            if (
                Kind.DICT in value.kinds
                and attribute not in _CONTAINER_METHODS | torch_facts.MODULE_METHODS
            ):
                return value.items or UNKNOWN
            return None
        if value.input_classes:
            found = self._of_classes(value.input_classes, attribute)
            if found is not None:
                return found
            known = all(
                self.inference.attribute(one, attribute) is None for one in value.input_classes
            )
            if known and not any(one.method(attribute) for one in value.input_classes):
                if all(may_be_inherited_module(one, attribute) for one in value.input_classes):
                    return UNKNOWN
            return None
        if value.is_module and not any(
            isinstance(one, str) and one.startswith("torch.nn.") for one in value.classes
        ):
            return UNKNOWN if _is_noun(attribute) else None
        return None

    def _item(self, node: ast.Subscript) -> Reference | None:
        held = self.resolve(node.value)
        if held is None or not held.steps or isinstance(node.slice, ast.Slice | ast.Tuple):
            return None
        if held.value.surely_neither or held.value.kinds <= {Kind.PARAMETER, Kind.NONE}:
            return None
        if any(
            isinstance(one, ast.Call | ast.NamedExpr | ast.Await | ast.Yield)
            for one in ast.walk(node.slice)
        ):
            return None
        if (
            not held.value.is_container
            and not held.value.calls_its_members
            and not isinstance(node.slice, ast.Constant)
        ):
            return None
        if not held.value.is_container and held.value.input_classes:
            return None
        constant = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.operand, ast.Constant):
            operand = node.slice.operand.value
            constant = (
                -operand
                if isinstance(node.slice.op, ast.USub) and isinstance(operand, int)
                else None
            )
        index = constant if isinstance(constant, int | str) else None
        found = self.member(held, source_text(node.slice), index)
        if isinstance(constant, str) and not held.value.is_container:
            return None
        return found

    def _getattr(self, node: ast.Call) -> Reference | None:
        """``getattr(self, "head")``, and names that are worked out."""
        if not (
            isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2
        ):
            return None
        held = self.resolve(node.args[0])
        if held is None or held.steps:
            return None
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return self._own(held, name.value)
        shape = name_shape(name)
        if shape is not None:
            for owner in held.owner.mro:
                for dynamic in self.inference.members(owner).dynamic:
                    if name_shape(dynamic.name) == shape:
                        scope = self.inference.scope(dynamic.method, owner, owner.file)
                        value = self.inference.infer(dynamic.value, scope, 0)
                        return replace(held, steps=(Computed(name, shape),), value=value)
        return None


_CONTAINER_METHODS = frozenset(
    "append extend insert pop keys values items update clear get setdefault".split()
)
_VERBS = (
    "get_ set_ is_ has_ to_ from_ init_ load_ save_ prepare_ compute_ create_ build_ make_ "
    "forward_ encode_ decode_ apply_ reset_ update_ check_ add_ remove_ log_ register_ enable_ "
    "disable_ generate_ resize_ tie_ _"
).split()
_METHODS = torch_facts.MODULE_METHODS | frozenset(
    (
        "generate encode decode sample forward_features forward_head prefill step loss predict "
        "log log_dict print extract_features quantize dequantize tokenize embed post_init keys "
        "values items get detach clone size numel"
    ).split()
)


def _is_noun(name: str) -> bool:
    """Whether an attribute of a module that the input does not show is more likely a submodule
    than a method.
    """
    return name not in _METHODS and not name.startswith(tuple(_VERBS))
