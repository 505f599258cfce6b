"""What a function does with what it is handed: computes with it, masks with it, looks it up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeAlias

from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.definitions import Binding
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import FunctionTrace, How, ModuleCall, Use
from autohook_codegen.analysis.values import Function, Items, Module
from autohook_codegen.declares.files import ClassDecl, FunctionNode
from autohook_codegen.library import guesses, library_class
from autohook_codegen.sites.inputs.operands import Operands
from autohook_codegen.sites.inputs.purpose import DATA, NOTHING_DONE, Purpose

__all__ = ["Purposes"]


_Place: TypeAlias = tuple[ast.AST, FunctionTrace]


class Purposes:
    """What becomes of arguments, in the functions of the input that get them."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.operands = Operands(flow, self._of)
        self._known: dict[_Place, frozenset[Purpose]] = {}
        self._asked: dict[_Place, frozenset[Purpose]] = {}
        """What this round has asked for the sake of one question, and what came of it so far."""
        self._found: dict[_Place, frozenset[Purpose]] = {}
        """The same of the round before."""
        self._is_circle = False

    @cached_property
    def _uses(self) -> dict[ast.AST, list[tuple[FunctionTrace, Use]]]:
        found: dict[ast.AST, list[tuple[FunctionTrace, Use]]] = {}
        for function in self.flow.trace.functions.values():
            for use in function.uses:
                found.setdefault(use.node, []).append((function, use))
        return found

    @cached_property
    def _calls(self) -> dict[ast.AST, tuple[FunctionTrace, ModuleCall]]:
        return {
            call.node: (function, call)
            for function in self.flow.trace.functions.values()
            for call in function.calls
        }

    # --- what a call does with what it is given

    def of_argument(self, argument: ast.arg, function: FunctionTrace) -> frozenset[Purpose]:
        """Return what the function does with one of its arguments."""
        return self._of_binding(argument, function)

    def of_given(
        self, given: ast.expr, call: ast.Call, function: FunctionTrace
    ) -> frozenset[Purpose]:
        """Return what comes of an expression that a call gives to a module or function."""
        known, whole = self._calls.get(call), call
        module = known[1] if known is not None else None
        if module is not None and module.modules:
            kinds = list(module.modules)
        else:
            kinds = list(function.values.get(call.func, frozenset()))
        if module is not None and module.callee in call.args:  # checkpoint(self.layer, x)
            handed = call.args[call.args.index(module.callee) + 1 :]
            call = ast.Call(module.callee, handed, call.keywords)
        inner = [one for kind in kinds if (one := _function_of(kind)) is not None]
        found: set[Purpose] = set()
        for node in inner:
            callee = self.flow.trace.functions.get(node)
            if callee is not None:
                found |= self._of_parameter(given, call, callee)
        if not inner:
            found |= self._of_place(given, call, kinds, module is not None)
            if module is None:
                found |= self._of(whole, function)
        return frozenset(found)

    def _of_parameter(
        self, given: ast.expr, call: ast.Call, callee: FunctionTrace
    ) -> frozenset[Purpose]:
        node = callee.node
        if not isinstance(node, FunctionNode | ast.Lambda):
            return DATA
        is_bound = callee.receiver is not None
        for argument in arguments_in(node):
            if any(one is given for one, _ in given_to(argument, node, call, is_bound)):
                return self._of_binding(argument, callee)
        return frozenset({Purpose.DATA})

    def _of_place(
        self, given: ast.expr, call: ast.Call, kinds: Sequence[object], is_module: bool
    ) -> frozenset[Purpose]:
        """What comes of it in a module or function outside the input."""
        place = next((place for place, one in enumerate(call.args) if one is given), None)
        name = next((one.arg for one in call.keywords if one.value is given), None)
        is_first = place == 0 or (
            not call.args and any(k.value is given for k in call.keywords[:1])
        )
        is_known = False
        if is_module:
            for one in kinds:
                dotted = one.cls if isinstance(one, Module) and isinstance(one.cls, str) else ""
                if dotted.rsplit(".", 1)[-1].startswith("Embedding"):
                    return frozenset({Purpose.INDEX, Purpose.TENSOR})
                known = library_class(dotted)
                is_known = is_known or known is not None
                forward = known.methods.get("forward") if known is not None else None
                names = forward.signature.arguments if forward is not None else ()
                if name is None and place is not None and place < len(names):
                    name = names[place]
            if is_first:
                return DATA
        elif guesses.is_loss(ast.unparse(call.func)):
            return frozenset({Purpose.TARGET})
        if (place == 4 and _hands_module(call)) or (name is not None and "mask" in name):
            return frozenset({Purpose.MASK})  # an attention interface's
        return frozenset({Purpose.DATA if is_known else Purpose.UNKNOWN})

    def of_operand(
        self, operand: ast.expr, operation: ast.expr, function: FunctionTrace
    ) -> frozenset[Purpose]:
        """Return what an operation does with one of its operands."""
        return self.operands.of(operand, operation, function)

    # --- following a value

    def _of_binding(self, binding: Binding, function: FunctionTrace) -> frozenset[Purpose]:
        return self._of_all(self.flow.takers(function).reads(binding), function)

    def _of_all(self, nodes: Iterable[ast.AST], function: FunctionTrace) -> frozenset[Purpose]:
        return frozenset(one for node in nodes for one in self._of(node, function))

    def _of(self, node: ast.AST, function: FunctionTrace) -> frozenset[Purpose]:
        """Return what comes of an expression's value, or of what ``x += …`` leaves in `x`.

        A value may come back to itself, in a loop or a method that calls itself: what is asked in
        such a circle is asked again until nothing is added, so that no order matters.
        """
        key = (node, function)
        if key in self._known:
            return self._known[key]
        if key in self._asked:
            self._is_circle = True
            return self._asked[key]
        is_outermost = not self._asked
        while True:
            self._asked[key] = self._found.get(key, NOTHING_DONE)
            if isinstance(node, ast.AugAssign):
                found = self._of_target(node.target, function)
            else:
                found = frozenset(
                    one for user, use in self._uses.get(node, ()) for one in self._of_use(use, user)
                )
            self._asked[key] = self._asked[key] | found
            if not is_outermost:
                return self._asked[key]
            is_settled = not self._is_circle or self._found == self._asked
            self._found, self._asked, self._is_circle = self._asked, {}, False
            if is_settled:
                self._known.update(self._found)
                self._found = {}
                return self._known[key]

    def _of_target(self, target: ast.expr, function: FunctionTrace) -> frozenset[Purpose]:
        names = (one for one in ast.walk(target) if isinstance(one, ast.Name))
        return frozenset(purpose for one in names for purpose in self._of_binding(one, function))

    def _of_use(self, use: Use, function: FunctionTrace) -> frozenset[Purpose]:
        by = use.by
        match use.how:
            case How.BOUND | How.UNPACKED:
                found = NOTHING_DONE if use.how is How.BOUND else frozenset({Purpose.NO_TENSOR})
                for target in _targets(by):
                    found |= self._of_target(target, function)
                return found
            case How.CHOSEN:
                return self._of(by, function)
            case How.TESTED:
                return _tested(by)
            case How.FACT:
                return (
                    frozenset({Purpose.TENSOR}) if isinstance(by, ast.Attribute) else NOTHING_DONE
                )
            case How.OPERATION:
                return self.operands.of(use.node, by, function)
            case How.WRITTEN if isinstance(by, ast.AugAssign):
                return self.operands.of(use.node, by, function)
            case How.PART:
                return self._of_part(by, function)
            case How.LOOPED:
                return frozenset({Purpose.NO_TENSOR, Purpose.DATA})
            case How.ARGUMENT if isinstance(by, ast.Call):
                return self.of_given(use.node, by, function)
            case How.JOINED:
                whole = isinstance(by, ast.Call) and use.node in by.args
                is_list = frozenset({Purpose.NO_TENSOR}) if whole else NOTHING_DONE
                return is_list | self._of(by, function)
            case How.RETURNED:
                return frozenset({Purpose.RETURNED})
        return NOTHING_DONE

    def _of_part(self, by: ast.AST, function: FunctionTrace) -> frozenset[Purpose]:
        found = self._of(by, function)
        if isinstance(by, ast.Subscript):
            is_item = isinstance(by.slice, ast.Constant) and by.slice.value is not Ellipsis
            return found | {Purpose.NO_TENSOR if is_item else Purpose.TENSOR}
        return found | {Purpose.NO_TENSOR}


def _function_of(kind: object) -> ast.AST | None:
    """Return the function of the input that a call of it runs."""
    if isinstance(kind, Function):
        return kind.node
    if isinstance(kind, Module) and isinstance(kind.cls, ClassDecl):
        method = kind.cls.method("forward")
        return method[1] if method is not None else None
    if isinstance(kind, Items) and isinstance(kind.kind, ClassDecl):
        method = kind.kind.method("forward")
        return method[1] if method is not None else None
    return None


def _targets(by: ast.AST) -> list[ast.expr]:
    match by:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            return [target]
    return []


def _hands_module(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Name) and len(call.args) > 3


def _tested(by: ast.AST) -> frozenset[Purpose]:
    match by:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return frozenset({Purpose.MAY_BE_NONE})
        case ast.Call(func=ast.Name(id="isinstance")) | ast.Call(func=ast.Attribute()):
            return frozenset({Purpose.NO_TENSOR})
    return NOTHING_DONE
