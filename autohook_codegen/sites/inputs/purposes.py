"""What a function does with what it is handed: computes with it, masks with it, looks it up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cached_property

from autohook_codegen.analysis.call_arguments import arguments_in, given_to
from autohook_codegen.analysis.definitions import Binding
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace, How, ModuleCall, Use
from autohook_codegen.analysis.values import Function, Items, Module, Parameter, Unknown
from autohook_codegen.declares.program import ClassDecl, FunctionNode
from autohook_codegen.library import guesses, library_class, tensor_member
from autohook_codegen.library.operations import ATTENTION_FUNCTIONS

__all__ = ["Purpose", "Purposes", "tensor_receiver"]


class Purpose(Enum):
    """One thing that is done with a value."""

    DATA = "its numbers go on: into a module, a product, a sum"
    FACTOR = "others are multiplied by it"
    SOFTMAX = "it goes into a softmax"
    MASK = "it says where"
    INDEX = "it says which: of an embedding, a gather"
    TARGET = "a loss compares with it"
    RETURNED = "it is given back"
    TENSOR = "it is surely a tensor"
    NO_TENSOR = "it is a list, a dict or an object"
    MAY_BE_NONE = "it is tested for `None`"


_NONE: frozenset[Purpose] = frozenset()
_DATA = frozenset({Purpose.DATA, Purpose.TENSOR})
_LIGHT = frozenset(
    "view cast repeat slice dropout clamp join same choice add scale mask item".split()
)
_WHICH = frozenset(
    "gather index_select take take_along_dim scatter index_add index_copy embedding one_hot".split()
)


class Purposes:
    """What becomes of arguments, in the functions of the input that get them."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._known: dict[tuple[ast.AST, FunctionTrace], frozenset[Purpose]] = {}

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
        known = self._calls.get(call)
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
        return frozenset(found)

    def _of_parameter(
        self, given: ast.expr, call: ast.Call, callee: FunctionTrace
    ) -> frozenset[Purpose]:
        node = callee.node
        if not isinstance(node, FunctionNode | ast.Lambda):
            return _DATA
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
        if is_module:
            for one in kinds:
                dotted = one.cls if isinstance(one, Module) and isinstance(one.cls, str) else ""
                if dotted.rsplit(".", 1)[-1].startswith("Embedding"):
                    return frozenset({Purpose.INDEX, Purpose.TENSOR})
                known = library_class(dotted)
                forward = known.methods.get("forward") if known is not None else None
                names = forward.signature.arguments if forward is not None else ()
                if name is None and place is not None and place < len(names):
                    name = names[place]
            if name is not None and "mask" in name:
                return frozenset({Purpose.MASK})
            is_first = place == 0 or (not call.args and call.keywords[0].value is given)
            return _DATA if is_first else frozenset({Purpose.DATA})
        if guesses.is_loss(ast.unparse(call.func)):
            return frozenset({Purpose.TARGET})
        if (place == 4 and _hands_module(call)) or (name is not None and "mask" in name):
            return frozenset({Purpose.MASK})  # an attention interface's
        return frozenset({Purpose.DATA})

    def of_operand(
        self, operand: ast.expr, operation: ast.expr, function: FunctionTrace
    ) -> frozenset[Purpose]:
        """Return what an operation does with one of its operands."""
        return self._of_operation(operand, operation, function)

    # --- following a value

    def _of_binding(self, binding: Binding, function: FunctionTrace) -> frozenset[Purpose]:
        return self._of_all(self.flow.takers(function).reads(binding), function)

    def _of_all(self, nodes: Iterable[ast.AST], function: FunctionTrace) -> frozenset[Purpose]:
        return frozenset(one for node in nodes for one in self._of(node, function))

    def _of(self, node: ast.AST, function: FunctionTrace) -> frozenset[Purpose]:
        """Return what comes of an expression's value, or of what ``x += …`` leaves in `x`."""
        key = (node, function)
        if key not in self._known:
            self._known[key] = _NONE
            if isinstance(node, ast.AugAssign):
                found = self._of_target(node.target, function)
            else:
                found = frozenset(
                    one for user, use in self._uses.get(node, ()) for one in self._of_use(use, user)
                )
            self._known[key] = found
        return self._known[key]

    def _of_target(self, target: ast.expr, function: FunctionTrace) -> frozenset[Purpose]:
        names = (one for one in ast.walk(target) if isinstance(one, ast.Name))
        return frozenset(purpose for one in names for purpose in self._of_binding(one, function))

    def _of_use(self, use: Use, function: FunctionTrace) -> frozenset[Purpose]:
        by = use.by
        match use.how:
            case How.BOUND | How.UNPACKED:
                found = _NONE if use.how is How.BOUND else frozenset({Purpose.NO_TENSOR})
                for target in _targets(by):
                    found |= self._of_target(target, function)
                return found
            case How.CHOSEN:
                return self._of(by, function)
            case How.TESTED:
                return _tested(by)
            case How.FACT:
                return frozenset({Purpose.TENSOR}) if isinstance(by, ast.Attribute) else _NONE
            case How.OPERATION:
                return self._of_operation(use.node, by, function)
            case How.WRITTEN if isinstance(by, ast.AugAssign):
                return self._of_operation(use.node, by, function)
            case How.PART:
                return self._of_part(by, function)
            case How.LOOPED:
                return frozenset({Purpose.NO_TENSOR, Purpose.DATA})
            case How.ARGUMENT if isinstance(by, ast.Call):
                return self.of_given(use.node, by, function)
            case How.JOINED:
                whole = isinstance(by, ast.Call) and use.node in by.args
                is_list = frozenset({Purpose.NO_TENSOR}) if whole else _NONE
                return is_list | self._of(by, function)
            case How.RETURNED:
                return frozenset({Purpose.RETURNED})
        return _NONE

    def _of_part(self, by: ast.AST, function: FunctionTrace) -> frozenset[Purpose]:
        found = self._of(by, function)
        if isinstance(by, ast.Subscript):
            is_item = isinstance(by.slice, ast.Constant) and by.slice.value is not Ellipsis
            return found | {Purpose.NO_TENSOR if is_item else Purpose.TENSOR}
        return found | {Purpose.NO_TENSOR}

    # --- operations

    def _of_operation(
        self, node: ast.expr, by: ast.AST, function: FunctionTrace
    ) -> frozenset[Purpose]:
        match by:
            case (
                ast.Compare()
                | ast.UnaryOp(op=ast.Invert())
                | ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor())
            ):
                return frozenset({Purpose.MASK})
            case ast.Subscript(value=value):
                if node is not value:
                    return frozenset({Purpose.INDEX, Purpose.TENSOR})
                return self._of(by, function) | {Purpose.TENSOR}
            case ast.Attribute():
                return self._of(by, function) | {Purpose.TENSOR}
            case ast.Call():
                return self._of_call(node, by, function)
            case ast.BinOp(op=op) | ast.AugAssign(op=op):
                others = [by.left, by.right] if isinstance(by, ast.BinOp) else [by.target, by.value]
                kind = self.flow.way(Point(by, function)).kind
                found = self._of_kind(kind, node, by, others, function)
                return found | {Purpose.TENSOR} if isinstance(op, ast.MatMult) else found
        return self._of(by, function)

    def _of_call(
        self, node: ast.expr, call: ast.Call, function: FunctionTrace
    ) -> frozenset[Purpose]:
        way = self.flow.way(Point(call, function))
        name = way.name.rstrip("_")
        receiver = tensor_receiver(call, function)
        operands = [*([receiver] if receiver is not None else []), *call.args]
        place = next((place for place, one in enumerate(operands) if one is node), None)
        keyword = next((one.arg or "" for one in call.keywords if one.value is node), "")
        if guesses.is_loss(name):
            return frozenset({Purpose.TARGET})
        if name in _WHICH:
            is_index = place == (0 if name in ("embedding", "one_hot") else 2)
            return frozenset({Purpose.INDEX if is_index else Purpose.DATA, Purpose.TENSOR})
        if name in ("masked_fill", "masked_scatter", "masked_select") and place != 0:
            return frozenset({Purpose.MASK}) if place == 1 else self._of(call, function)
        if name == "where" and place == (1 if receiver is not None else 0):
            return frozenset({Purpose.MASK})
        if way.kind == "attention" or name in ATTENTION_FUNCTIONS:
            is_data = place in (0, 1, 2) or keyword in ("query", "key", "value")
            return _DATA if is_data else frozenset({Purpose.MASK})
        found = self._of_kind(way.kind, node, call, operands, function)
        return found | {Purpose.TENSOR} if place == 0 or way.kind == "matmul" else found

    def _of_kind(
        self,
        kind: str,
        node: ast.expr,
        by: ast.AST,
        operands: list[ast.expr],
        function: FunctionTrace,
    ) -> frozenset[Purpose]:
        others = [one for one in operands if one is not node]
        match kind:
            case "softmax":
                return _DATA | {Purpose.SOFTMAX}
            case "linear" | "conv" | "norm" | "activation":
                return _DATA
            case "matmul" | "add" | "scale":
                if any(self._is_parameter(one, function) for one in others):
                    return frozenset({Purpose.DATA})
                if not any(self.flow.is_fed(Point(one, function)) for one in others):
                    return self._of(by, function)
                if kind == "scale":
                    is_own = any(self._is_made_of(one, node, function) for one in others)
                    return frozenset({Purpose.DATA if is_own else Purpose.FACTOR})
                is_masking = kind == "add" and Purpose.SOFTMAX in self._of(by, function)
                if is_masking and any(self._is_product(one, function) for one in others):
                    return frozenset({Purpose.MASK})
                return frozenset({Purpose.DATA})
        return self._of(by, function)

    def _is_parameter(self, node: ast.expr, function: FunctionTrace) -> bool:
        return any(isinstance(one, Parameter) for one in function.values.get(node, frozenset()))

    def _is_made_of(self, node: ast.expr, other: ast.expr, function: FunctionTrace) -> bool:
        """Tell whether a value is computed from another one: ``x * torch.rsqrt(x.pow(2).mean())``
        normalizes and masks nothing."""
        read = self.flow.definitions(function).of
        bindings = read.get(other, frozenset()) if isinstance(other, ast.Name) else frozenset()
        return bool(bindings) and any(
            isinstance(way.point.node, ast.Name) and read.get(way.point.node) == bindings
            for way in self.flow.walk(Point(node, function), lambda way: way.kind != "fact")
        )

    def _is_product(self, node: ast.expr, function: FunctionTrace) -> bool:
        """Tell whether it is a product of two values, masked and scaled."""
        ways = self.flow.walk(Point(node, function), lambda way: way.kind in _LIGHT)
        return any(way.kind == "matmul" for way in ways)


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


def tensor_receiver(call: ast.Call, function: FunctionTrace) -> ast.expr | None:
    """Return the tensor whose method it is; ``None`` for a function of torch."""
    func = call.func
    if not isinstance(func, ast.Attribute) or tensor_member(func.attr) is None:
        return None
    value = function.values.get(func.value, frozenset())
    is_namespace = any(isinstance(one, Unknown) and one.name is not None for one in value)
    return None if is_namespace else func.value


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
    return _NONE
