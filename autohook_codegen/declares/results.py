"""What a call gives back: a tensor, or something that holds tensors, as far as the source says."""

from __future__ import annotations

import ast
from dataclasses import replace

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.result import (
    NEVER,
    NO_VALUE,
    OTHER_RESULT,
    TENSOR,
    UNKNOWN_RESULT,
    Result,
    any_of,
    only,
)
from autohook_codegen.declares.result_annotations import (
    annotated_result,
    fields_of,
    is_model_output,
)
from autohook_codegen.declares.scope import Binding, Scope
from autohook_codegen.declares.value import Kind, Value

__all__ = ["Results"]

_DEPTH = 10


def _from_facts(facts: object) -> Result:
    if isinstance(facts, tuple):
        return Result(frozenset({"tuple"}), tuple(_from_facts(one) for one in facts))
    return TENSOR if facts == "tensor" else Result(frozenset({"tensor", "none"}))


class Results:
    """Answers for one program, each worked out once."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.program = inference.program
        self._classes: dict[ClassDecl, Result] = {}
        self._functions: dict[FunctionNode, Result] = {}
        self._active: set[object] = set()

    def of_module(self, value: Value) -> Result:
        """What calling a module of this value gives back."""
        found: list[Result] = []
        for one in sorted(value.classes, key=str):
            if not isinstance(one, str):
                found.append(self.of_class(one))
            elif one in torch_facts.STRUCTURED_RESULTS:
                found.append(_from_facts(torch_facts.STRUCTURED_RESULTS[one]))
            elif one == torch_facts.SEQUENTIAL and value.elements:
                found.append(self.of_module(value.elements[-1]))
            elif one == torch_facts.SEQUENTIAL and value.items is not None and value.items.closed:
                found.append(self.of_module(value.items))
            elif ".AutoModel" in f".{one}":  # transformers' models give back outputs or tuples
                found.append(Result(frozenset({"fields", "tuple"}), ordered=False))
            elif one in torch_facts.UNCLEAR_RESULTS or not one.startswith("torch.nn."):
                found.append(UNKNOWN_RESULT)
            else:
                found.append(TENSOR)
        if value.open_class or not found:
            found.append(UNKNOWN_RESULT)
        if value.gives_none:
            found.append(NO_VALUE)
        return any_of(*found)

    def of_class(self, decl: ClassDecl) -> Result:
        """What ``forward`` of the class returns."""
        found = decl.method("forward")
        if found is None:
            for base in decl.all_outside_bases:
                if base in torch_facts.STRUCTURED_RESULTS:
                    return _from_facts(torch_facts.STRUCTURED_RESULTS[base])
                if (
                    base.startswith("torch.nn.")
                    and base not in torch_facts.CONTAINERS
                    and base != "torch.nn.Module"
                ):
                    return TENSOR
            return UNKNOWN_RESULT
        return self.of_function(found[1], found[0], found[0].file)

    def of_function(
        self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl, depth: int = 0
    ) -> Result:
        if function in self._functions:
            return self._functions[function]
        if function in self._active or depth > _DEPTH:
            return UNKNOWN_RESULT
        self._active.add(function)
        returned = self._returned(function, owner, file, depth)
        self._active.discard(function)
        annotated = (
            annotated_result(function.returns, file, self.program)
            if function.returns is not None
            else UNKNOWN_RESULT
        )
        conclusive = "unknown" not in returned.kinds or (returned.kinds == {"tensor", "unknown"})
        if annotated.kinds == {"unknown"} or (
            conclusive and not (annotated.structured and not returned.structured)
        ):
            result = returned
        elif returned.structured or returned.kinds == {"unknown"}:
            result = annotated if not returned.structured else any_of(returned, annotated)
        else:
            result = any_of(returned, annotated) if returned.surely_tensor else annotated
        if conclusive and returned.surely_tensor:
            result = returned
        self._functions[function] = result
        return result

    def _returned(
        self, function: FunctionNode, owner: ClassDecl | None, file: FileDecl, depth: int
    ) -> Result:
        scope = self.inference.scope(function, owner, file)
        found: list[Result] = []
        for node in scope.nodes:
            if isinstance(node, ast.Return):
                holder = next(
                    one
                    for one in scope.ancestors(node)
                    if isinstance(one, FunctionNode | ast.Lambda)
                )
                if holder is function:
                    found.append(
                        self.of(node.value, scope, depth + 1)
                        if node.value is not None
                        else NO_VALUE
                    )
            elif isinstance(node, ast.Yield | ast.YieldFrom):
                found.append(OTHER_RESULT)
        if found:
            return any_of(*found)
        return NEVER if isinstance(function.body[-1], ast.Raise) else NO_VALUE

    def of(self, node: ast.expr, scope: Scope, depth: int = 0) -> Result:
        """What the expression gives in `scope`."""
        if depth > _DEPTH:
            return UNKNOWN_RESULT
        if isinstance(node, ast.Tuple):
            if any(isinstance(one, ast.Starred) for one in node.elts):
                leading: list[Result] = []
                for one in node.elts:
                    if isinstance(one, ast.Starred):
                        break
                    leading.append(self.of(one, scope, depth + 1))
                return Result(frozenset({"tuple"}), tuple(leading) or None)
            return Result(
                frozenset({"tuple"}), tuple(self.of(one, scope, depth + 1) for one in node.elts)
            )
        if isinstance(node, ast.List | ast.ListComp | ast.GeneratorExp):
            return only("list")
        if isinstance(node, ast.Dict):
            keys = [
                (key.value, self.of(value, scope, depth + 1))
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
            return Result(frozenset({"dict"}), fields=tuple(keys), settable=True)
        if isinstance(node, ast.DictComp):
            return only("dict")
        if isinstance(node, ast.Constant):
            return NO_VALUE if node.value is None else OTHER_RESULT
        if isinstance(node, ast.IfExp):
            return any_of(
                self.of(node.body, scope, depth + 1), self.of(node.orelse, scope, depth + 1)
            )
        if isinstance(node, ast.BoolOp):
            return any_of(*(self.of(one, scope, depth + 1) for one in node.values))
        if isinstance(node, ast.NamedExpr | ast.Await):
            return self.of(node.value, scope, depth + 1)
        if isinstance(node, ast.BinOp):
            return self._binary(node, scope, depth)
        if isinstance(node, ast.UnaryOp):
            return OTHER_RESULT if isinstance(node.op, ast.Not) else TENSOR
        if isinstance(node, ast.Name):
            return self._name(node, scope, depth + 1)
        if isinstance(node, ast.Subscript):
            return self._item(node, scope, depth + 1)
        if isinstance(node, ast.Attribute):
            return self._field(node, scope, depth + 1)
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth + 1)
        return OTHER_RESULT if isinstance(node, ast.Lambda | ast.JoinedStr) else UNKNOWN_RESULT

    def _binary(self, node: ast.BinOp, scope: Scope, depth: int) -> Result:
        left = self.of(node.left, scope, depth + 1)
        right = self.of(node.right, scope, depth + 1)
        if left.surely_tensor or right.surely_tensor:
            return TENSOR
        if not isinstance(node.op, ast.Add | ast.Mult):
            return TENSOR
        if left.surely_tuple or right.surely_tuple:
            elements = left.elements
            if elements is not None and right.elements is not None:
                elements = (*elements, *right.elements)
            return Result(frozenset({"tuple"}), elements)
        kinds = left.kinds | right.kinds
        if {"list"} in (left.kinds, right.kinds):
            return only("list")
        if kinds & {"tuple", "list"}:  # whichever it is, the other side is the same
            return Result(kinds & {"tuple", "list", "tensor", "unknown"})
        return TENSOR

    def _name(self, node: ast.Name, scope: Scope, depth: int) -> Result:
        sure = scope.binding_at(node.id, node) if node in scope.parents else None
        bindings = [sure] if sure is not None else scope.reaching(node.id, node)
        found = [
            self.bound(one, scope, depth)
            for one in bindings
            if not isinstance(one.node, ast.AugAssign) or len(bindings) == 1
        ]
        result = any_of(*found)
        if (
            sure is None
            and any(isinstance(one.node, ast.AugAssign) for one in bindings)
            and result.structured
        ):
            return replace(result, elements=result.elements)
        return result

    def bound(self, binding: Binding, scope: Scope, depth: int) -> Result:
        """What a local name is after one of its bindings."""
        key = (scope.function, binding, "result")
        if key in self._active or depth > _DEPTH:
            return UNKNOWN_RESULT
        if isinstance(binding.node, ast.arg):
            return self._argument(binding.node, scope)
        if binding.value is None or binding.is_loop:
            return UNKNOWN_RESULT
        self._active.add(key)
        result = self.of(binding.value, scope, depth + 1)
        self._active.discard(key)
        for index in binding.path:
            result = _element(result, index)
        return result

    def _argument(self, argument: ast.arg, scope: Scope) -> Result:
        """An argument is what its annotation says, but for tuples, which models of transformers
        annotate where they take a tensor."""
        if argument.annotation is None:
            return UNKNOWN_RESULT
        annotated = annotated_result(argument.annotation, scope.file, self.program)
        return UNKNOWN_RESULT if annotated.kinds & {"tuple", "list"} else annotated

    def _item(self, node: ast.Subscript, scope: Scope, depth: int) -> Result:
        held = self.of(node.value, scope, depth)
        if isinstance(node.slice, ast.Constant):
            if isinstance(node.slice.value, int):
                return _element(held, node.slice.value)
            return dict(held.fields or ()).get(str(node.slice.value), UNKNOWN_RESULT)
        if isinstance(node.slice, ast.Slice) and held.structured:
            return replace(held, elements=None)
        return TENSOR if held.surely_tensor else UNKNOWN_RESULT

    def _field(self, node: ast.Attribute, scope: Scope, depth: int) -> Result:
        if node.attr in torch_facts.TENSOR_PROPERTIES:
            return TENSOR
        if node.attr in torch_facts.TENSOR_FACTS and node.attr not in ("data", "grad"):
            return OTHER_RESULT
        if isinstance(node.value, ast.Name) and node.value.id == scope.receiver:
            if scope.owner is not None:
                held = self.inference.own_attribute(scope, node.attr)
                if held is not None and held.kinds == {Kind.PARAMETER}:
                    return TENSOR
            return UNKNOWN_RESULT
        return dict(self.of(node.value, scope, depth).fields or ()).get(node.attr, UNKNOWN_RESULT)

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Result:
        func = node.func
        dotted = scope.file.dotted(func) or ""
        last = dotted.rsplit(".", 1)[-1]
        if dotted in ("tuple", "list", "dict"):
            kind = Result(frozenset({dotted}), settable=dotted == "dict")
            if dotted == "dict":
                return replace(
                    kind,
                    fields=tuple(
                        (k.arg, self.of(k.value, scope, depth + 1)) for k in node.keywords if k.arg
                    ),
                )
            if dotted == "tuple" and node.args and isinstance(node.args[0], ast.Tuple | ast.List):
                return Result(
                    frozenset({"tuple"}),
                    tuple(self.of(one, scope, depth + 1) for one in node.args[0].elts),
                )
            return kind
        decl = self.program.class_of(scope.file, func)
        if decl is not None and not decl.is_module:
            return self._constructed(fields_of(decl, self.program), node, scope, depth)
        if is_model_output(last):
            return self._constructed(
                Result(frozenset({"fields"}), settable=True, ordered="BaseModelOutput" in last),
                node,
                scope,
                depth,
            )
        if dotted.startswith(("torch.", "einops.")):
            return (
                UNKNOWN_RESULT
                if last in torch_facts.MULTIPLE_RESULTS or "checkpoint" in last
                else TENSOR
            )
        if isinstance(func, ast.Attribute):
            called = self._method(func, node, scope, depth)
            if called is not None:
                return called
        elif isinstance(func, ast.Name):
            if func.id in scope.file.functions and not scope.visible(func.id, func):
                return self.of_function(scope.file.functions[func.id], None, scope.file, depth + 1)
        value = self.inference.infer(func, scope, depth)
        if value.classes:
            return self.of_module(value)
        return UNKNOWN_RESULT

    def _method(
        self, func: ast.Attribute, node: ast.Call, scope: Scope, depth: int
    ) -> Result | None:
        owner = scope.owner
        if owner is not None:
            if isinstance(func.value, ast.Name) and func.value.id == scope.receiver:
                found = owner.method(func.attr)
                if found is not None:
                    return self.of_function(found[1], found[0], found[0].file, depth + 1)
            if isinstance(func.value, ast.Call) and dotted_name(func.value.func) == "super":
                found = owner.method_after(owner, func.attr)
                if found is not None:
                    return self.of_function(found[1], found[0], found[0].file, depth + 1)
                return UNKNOWN_RESULT
        held = self.inference.infer(func.value, scope, depth)
        if held.is_module:
            if func.attr in ("forward", "__call__"):
                return self.of_module(held)
            methods = [decl.method(func.attr) for decl in held.input_classes]
            if methods and all(methods):
                return any_of(
                    *(
                        self.of_function(one[1], one[0], one[0].file, depth + 1)
                        for one in methods
                        if one
                    )
                )
            return None
        if func.attr in torch_facts.MULTIPLE_RESULTS:
            return UNKNOWN_RESULT
        if func.attr in torch_facts.TENSOR_FACT_METHODS:
            return OTHER_RESULT
        if func.attr in torch_facts.TENSOR_METHODS and held.kinds <= {
            Kind.OTHER,
            Kind.UNKNOWN,
            Kind.PARAMETER,
        }:
            return TENSOR
        return None

    def _constructed(self, declared: Result, node: ast.Call, scope: Scope, depth: int) -> Result:
        """``Output(last_hidden_state=x, pooled=y)``: the arguments say more than the class."""
        fields = dict(declared.fields or ())
        for name, value in zip(list(fields), node.args, strict=False):
            fields[name] = self.of(value, scope, depth + 1)
        for keyword in node.keywords:
            if keyword.arg:
                fields[keyword.arg] = self.of(keyword.value, scope, depth + 1)
        return replace(declared, fields=tuple(fields.items()))


def _element(result: Result, index: int) -> Result:
    if result.elements is not None and -len(result.elements) <= index < len(result.elements):
        return result.elements[index]
    return TENSOR if result.surely_tensor else UNKNOWN_RESULT
