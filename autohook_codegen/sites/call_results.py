"""Which part of a module call's result is a tensor, and where it meets its hook point."""

from __future__ import annotations

import ast

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.result import TENSOR, UNKNOWN_RESULT, Result, only
from autohook_codegen.declares.results import Results
from autohook_codegen.declares.scope import Scope
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.computed_names import source_text
from autohook_codegen.sites.held_results import hook_held_result
from autohook_codegen.sites.reference import Reference
from autohook_codegen.sites.unpacked_results import hook_unpacked_result

__all__ = ["hook_result"]


def hook_result(
    call: ast.Call, reference: Reference, scope: Scope, results: Results
) -> list[Candidate] | list[LeftAlone]:
    """The sites of one module call, or why it has none."""
    result = results.of_module(reference.value)
    expression, element, result, branched = _narrowed(call, result, scope)
    parent = scope.parents[expression] if not branched else scope.parents[branched]

    def site(form: Wrap | After, part: str | None = element) -> list[Candidate]:
        return [Candidate(call, reference, "module call", form, scope, part)]

    def alone(code: str, message: str) -> list[LeftAlone]:
        return [LeftAlone(call, code, message, scope, reference.place, reference)]

    if result.kinds <= {"other", "none"}:
        return alone("no-tensor", f"{_called(call)} gives back no tensor")
    if branched and result.structured and not result.may_be_tensor:
        return alone(
            "no-tensor",
            f"{_called(call)} gives back no single tensor, in one branch of a condition",
        )
    if branched and not _whole_is_tensor(branched, scope) and not result.surely_tensor:
        return alone(
            "unclear-result", f"the source does not say which part of {_called(call)} is a tensor"
        )
    if branched:
        return site(Wrap(expression))
    if (
        isinstance(parent, ast.Assign | ast.AnnAssign)
        and parent.value is expression
        and element is None
    ):
        target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
        if isinstance(parent, ast.Assign) and len(parent.targets) > 1:
            return (
                site(Wrap(expression))
                if not result.structured
                else alone(
                    "no-tensor",
                    f"{_called(call)} gives back no single tensor, and goes to several targets",
                )
            )
        if isinstance(target, ast.Tuple | ast.List):
            if result.surely_tensor:
                return site(Wrap(expression))
            unpacked = hook_unpacked_result(parent, target, result, scope)
            if unpacked is None:
                return alone(
                    "unclear-result", f"no part of {_called(call)} that is read is surely a tensor"
                )
            return site(unpacked, f"[{unpacked.part}]")
        if isinstance(target, ast.Name):
            forms, part = hook_held_result(expression, parent, target, result, scope)
            if not forms:
                unclear = f"the source does not say which part of {_called(call)} is a tensor"
                return alone(part or "unclear-result", unclear)
            return [one for form in forms for one in site(form, part)]
        if result.surely_tuple and _is_plain_place(target):
            place = source_text(target)
            first = result.elements[0] if result.elements else UNKNOWN_RESULT
            if first.may_be_tensor and "none" not in first.kinds:
                return site(After(parent, f"{place}[0]", place, f"({{}}, *{place}[1:])"), "[0]")
    if element is not None and isinstance(parent, ast.Assign):
        items = _items_of_field(expression, parent, result, scope)
        if items is not None:
            forms, part = items
            return [one for form in forms for one in site(form, f"{element}{part}")]
    if isinstance(parent, ast.Starred) or (
        isinstance(parent, ast.For | ast.comprehension) and parent.iter is expression
    ):
        if not result.surely_tensor:
            return alone("no-tensor", f"{_called(call)} is taken apart where it stands")
    if isinstance(parent, ast.Expr) and not result.surely_tensor:
        return alone("unused-result", f"nothing reads what {_called(call)} gives back")
    if isinstance(parent, ast.YieldFrom):
        return alone("no-tensor", f"{_called(call)} is an iterator")
    as_tensor = _read_as_tensor(expression, parent, scope, results)
    if result.structured and not (result.may_be_tensor and as_tensor):
        return alone("no-tensor", f"{_called(call)} gives back no single tensor")
    if "none" in result.kinds and not as_tensor:
        return alone("may-be-none", f"{_called(call)} may be None")
    return site(Wrap(expression))


def _items_of_field(
    field: ast.expr, statement: ast.Assign, result: Result, scope: Scope
) -> tuple[list[Wrap | After], str] | None:
    """Where ``maps = self.encoder(x).feature_maps`` is read as ``maps[-1]``, those reads: the field
    is more likely a tuple than a tensor.
    """
    [target, *others] = statement.targets
    if not isinstance(field, ast.Attribute) or not isinstance(target, ast.Name) or others:
        return None
    forms, part = hook_held_result(field, statement, target, result, scope)
    return (forms, part) if forms and part is not None and part.startswith("[") else None


def _is_plain_place(target: ast.expr) -> bool:
    """``self.rope`` or ``embeddings[kind]``, which can be read again without effect."""
    kinds = ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.expr_context
    return all(isinstance(node, kinds) for node in ast.walk(target))


def _called(call: ast.Call) -> str:
    return f"{ast.unparse(call.func)}(…)"


def _narrowed(
    call: ast.Call, result: Result, scope: Scope
) -> tuple[ast.expr, str | None, Result, ast.expr | None]:
    """The expression that is read from the call, ``self.attn(x)[0]``, and which part it is.

    The last value is the outermost condition of which the expression is one branch.
    """
    current: ast.expr = call
    element: str | None = None
    while True:
        parent = scope.parents[current]
        if isinstance(parent, ast.Await):
            current = parent
        elif (
            isinstance(parent, ast.Subscript)
            and parent.value is current
            and not result.surely_tensor
        ):
            if not isinstance(parent.slice, ast.Constant):
                break
            element = f"{element or ''}[{parent.slice.value!r}]"
            result = _element(result, parent.slice.value)
            current = parent
        elif (
            isinstance(parent, ast.Attribute)
            and parent.value is current
            and not result.surely_tensor
        ):
            if parent.attr in torch_facts.TENSOR_METHODS and result.may_be_tensor:
                result = TENSOR
                break
            called = scope.parents[parent]
            if isinstance(called, ast.Call) and called.func is parent:
                if result.may_be_tensor and not result.structured:
                    result = Result(frozenset({"other"}))  # a method that no tensor has
                break
            field = dict(result.fields or ()).get(parent.attr)
            if field is None and torch_facts.is_not_tensor_field(parent.attr):
                return parent, f"{element or ''}.{parent.attr}", Result(frozenset({"other"})), None
            element = f"{element or ''}.{parent.attr}"
            is_list = parent.attr in torch_facts.TENSOR_LIST_FIELDS
            result = field or (only("list") if is_list else UNKNOWN_RESULT)
            current = parent
        else:
            break
    branched: ast.expr | None = None
    outer: ast.AST = current
    parent = scope.parents[current]
    while isinstance(parent, ast.IfExp | ast.BoolOp) and not (
        isinstance(parent, ast.IfExp) and parent.test is outer
    ):
        branched = parent
        outer, parent = parent, scope.parents[parent]
    return current, element, result, branched


def _element(result: Result, key: object) -> Result:
    if (
        isinstance(key, int)
        and result.elements is not None
        and -len(result.elements) <= key < len(result.elements)
    ):
        return result.elements[key]
    if isinstance(key, int) and result.ordered and result.fields and 0 <= key < len(result.fields):
        return result.fields[key][1]
    if isinstance(key, str):
        return dict(result.fields or ()).get(key, UNKNOWN_RESULT)
    return UNKNOWN_RESULT


def _whole_is_tensor(branched: ast.expr, scope: Scope) -> bool:
    """Whether a condition with the call in one branch stands where a tensor is meant."""
    parent = scope.parents[branched]
    if isinstance(parent, ast.Assign):
        return not any(isinstance(one, ast.Tuple | ast.List) for one in parent.targets)
    if isinstance(parent, ast.Subscript) and parent.value is branched:
        return not isinstance(parent.slice, ast.Constant)
    return not isinstance(parent, ast.Starred)


def _read_as_tensor(expression: ast.expr, parent: ast.AST, scope: Scope, results: Results) -> bool:
    """Whether the place where the result goes takes a tensor alone."""
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):  # tuples add up too
        other = parent.left if parent.right is expression else parent.right
        return results.of(other, scope).surely_tensor
    if isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Compare):
        return True
    if isinstance(parent, ast.Attribute):
        return parent.attr in torch_facts.TENSOR_METHODS
    return isinstance(parent, ast.Subscript) and not isinstance(parent.slice, ast.Constant)
