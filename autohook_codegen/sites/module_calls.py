"""Module calls: which calls of a method call a submodule."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.program import FunctionNode
from autohook_codegen.declares.results import Results
from autohook_codegen.declares.scope import Scope
from autohook_codegen.declares.value import Kind
from autohook_codegen.sites.call_results import hook_result
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.reference import Reference
from autohook_codegen.sites.references import References

__all__ = ["is_module_call", "module_calls"]


def module_calls(
    scope: Scope, references: References, results: Results
) -> Iterator[Candidate | LeftAlone]:
    """A site, or the reason why there is none, for every module call of the scope."""
    for node in scope.nodes:
        if not isinstance(node, ast.Call):
            continue
        reference = called_module(node, references)
        if reference is None:
            yield from _members_called(node, scope, references)
            continue
        yield from hook_result(node, reference, scope, results)
        if reference.value.calls_its_members:
            message = f"{reference.path} calls its members, which no source names"
            yield LeftAlone(node, "members-unnamed", message, scope, reference.place, reference)


def _members_called(node: ast.Call, scope: Scope, references: References) -> Iterator[LeftAlone]:
    """Submodules that are called under a name that may mean several, or passed on to be called
    elsewhere.
    """
    callee = node.func.value if isinstance(node.func, ast.Subscript) else node.func
    if isinstance(callee, ast.Name):
        found = _bound_to(callee, scope, references)
        if found:
            places = ", ".join(dict.fromkeys(one.place for one in found))
            message = f"{ast.unparse(node.func)} may be any of {places}"
            yield LeftAlone(node, "several-modules", message, scope, places, found[0])
    name = _last_name(node.func) or ""
    if name in torch_facts.NO_VALUE_FUNCTIONS or name in _LOOPING:
        return
    known = scope.file.functions.get(name) if isinstance(node.func, ast.Name) else None
    if known is not None and not _calls_an_argument(known):
        return
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, ast.Attribute | ast.Subscript | ast.Name):
            reference = references.resolve(argument)
            if reference is not None and reference.steps and reference.value.kinds == {Kind.MODULE}:
                message = f"{reference.path} is passed on to {ast.unparse(node.func)}"
                yield LeftAlone(argument, "passed-on", message, scope, reference.place, reference)


def _calls_an_argument(function: FunctionNode) -> bool:
    """Whether a function of the input calls any of its arguments, or passes one on."""
    arguments = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            names = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(one, ast.Name) and one.id in arguments for one in names):
                return True
    return False


_LOOPING = frozenset("enumerate zip reversed list tuple iter len range next append extend".split())


def _bound_to(name: ast.Name, scope: Scope, references: References) -> list[Reference]:
    """The submodules that a local name may be or hold: all that its bindings name."""
    found: list[Reference] = []
    sure = scope.binding_at(name.id, name)
    for binding in [sure] if sure is not None else scope.visible(name.id, name):
        if binding.value is not None and binding.is_loop:
            found += _looped_over(binding.value, scope, references)
        elif binding.value is not None:
            found += _branches(binding.value, references)
    return found


def _looped_over(value: ast.expr, scope: Scope, references: References) -> list[Reference]:
    """The submodules in what a loop runs over, ``(self.fc, self.norm)`` or ``chain(self.a)``."""
    found: list[Reference] = []
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute):
            reference = references.resolve(node)
            if reference is not None and reference.steps and not reference.value.surely_neither:
                found.append(reference)
        elif isinstance(node, ast.Name) and node.id != scope.receiver:
            for binding in scope.visible(node.id, node):
                if binding.value is not None and not binding.is_loop:
                    found += _branches(binding.value, references)
    return [one for one in found if one.value.is_module or one.value.is_container]


def _branches(value: ast.expr, references: References) -> list[Reference]:
    if isinstance(value, ast.IfExp):
        return [*_branches(value.body, references), *_branches(value.orelse, references)]
    if isinstance(value, ast.BoolOp):
        return [one for branch in value.values for one in _branches(branch, references)]
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        return _branches(value.value, references)
    reference = references.resolve(value)
    if reference is not None and reference.steps:
        if reference.value.is_module or reference.value.is_container:
            return [reference]
    return []


def called_module(node: ast.Call, references: References) -> Reference | None:
    """What ``self.X(…)``, ``self.X.forward(…)`` or ``checkpoint(self.X, …)`` calls, if it may be a
    module.
    """
    reference = references.resolve(node.func)
    if reference is not None and reference.steps:
        return reference if is_module_call(reference) else None
    name = _last_name(node.func)
    if name is not None and "checkpoint" in name and node.args:
        reference = _function_argument(node.args[0], references)
        if reference is not None and reference.steps and is_module_call(reference):
            return reference
    return None


def _function_argument(node: ast.expr, references: References) -> Reference | None:
    """The submodule that a checkpoint function is given: itself, a partial of it, or a closure
    over it.
    """
    reference = references.resolve(node)
    if reference is not None:
        return reference
    if isinstance(node, ast.Call) and node.args:
        name = _last_name(node.func) or ""
        if name == "partial" or ("custom_forward" in name and len(node.args) == 1):
            return references.resolve(node.args[0])
    return None


def is_module_call(reference: Reference) -> bool:
    value = reference.value
    if Kind.MODULE not in value.kinds and "tokenizer" in reference.path:
        return False
    if value.surely_neither or value.kinds <= {Kind.PARAMETER, Kind.NONE}:
        return False
    return value.may_be_module


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
