"""What an operation does with one of its operands."""

from __future__ import annotations

import ast
from collections.abc import Callable

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Parameter, Unknown
from autohook_codegen.library import guesses, tensor_member
from autohook_codegen.library.operations import ATTENTION_FUNCTIONS
from autohook_codegen.sites.inputs.purpose import DATA, Purpose

__all__ = ["Operands", "tensor_receiver"]

_LIGHT = frozenset(
    "view cast repeat slice dropout clamp join same choice add scale mask item".split()
)
_WHICH = frozenset(
    "gather index_select take take_along_dim scatter index_add index_copy embedding one_hot".split()
)


class Operands:
    """Judges operands; what becomes of an operation's result says `follow`."""

    def __init__(
        self, flow: Flow, follow: Callable[[ast.AST, FunctionTrace], frozenset[Purpose]]
    ) -> None:
        self.flow = flow
        self._of = follow

    def of(self, node: ast.expr, by: ast.AST, function: FunctionTrace) -> frozenset[Purpose]:
        """Return what comes of an operand of `by`."""
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
            return DATA if is_data else frozenset({Purpose.MASK})
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
                return DATA | {Purpose.SOFTMAX}
            case "linear" | "conv" | "norm" | "activation":
                return DATA
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


def tensor_receiver(call: ast.Call, function: FunctionTrace) -> ast.expr | None:
    """Return the tensor whose method it is; ``None`` for a function of torch."""
    func = call.func
    if not isinstance(func, ast.Attribute) or tensor_member(func.attr) is None:
        return None
    value = function.values.get(func.value, frozenset())
    is_namespace = any(isinstance(one, Unknown) and one.name is not None for one in value)
    return None if is_namespace else func.value
