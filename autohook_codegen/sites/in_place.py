"""Values that are changed in place: a cache that keeps the tensor itself would show the changed
numbers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autohook_codegen.declares.scope import Scope

__all__ = ["changes_in_place", "makes_in_place_modules"]

_SECOND_ARGUMENT = frozenset(
    "Dropout Dropout1d Dropout2d Dropout3d AlphaDropout LeakyReLU ELU CELU Hardtanh Threshold "
    "RReLU".split()
)
_FIRST_ARGUMENT = frozenset("ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid".split())
_FRESH = (
    ast.Constant,
    ast.List,
    ast.Dict,
    ast.Tuple,
    ast.ListComp,
    ast.JoinedStr,
    ast.Compare,
    ast.Set,
    ast.DictComp,
)


def makes_in_place_modules(tree: ast.AST) -> ast.AST | None:
    """The first ``nn.ReLU(inplace=True)`` of the file, or ``F.relu(x, inplace=True)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg == "inplace" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                return node
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        position = 0 if name in _FIRST_ARGUMENT else 1 if name in _SECOND_ARGUMENT else None
        if position is not None and len(node.args) > position:
            given = node.args[-1]
            if isinstance(given, ast.Constant) and given.value is True:
                return node
    return None


def changes_in_place(scope: Scope) -> Iterator[ast.AST]:
    """The statements and calls of a method that change a tensor in place."""
    for node in scope.nodes:
        if isinstance(node, ast.AugAssign):
            if _may_be_tensor(node, scope):
                yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if (
                name.endswith("_")
                and not name.endswith("__")
                and not name.startswith("_")
                and not _is_library(node.func, scope)
            ):
                yield node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if (
                    isinstance(target, ast.Subscript)
                    and isinstance(target.value, ast.Name)
                    and isinstance(target.slice, ast.Tuple | ast.Slice)
                ):
                    yield node


def _is_library(func: ast.Attribute, scope: Scope) -> bool:
    dotted = scope.file.dotted(func) or ""
    return dotted.startswith("torch.nn.init") or func.attr in ("requires_grad_", "eval_")


def _may_be_tensor(node: ast.AugAssign, scope: Scope) -> bool:
    target = node.target.value if isinstance(node.target, ast.Subscript) else node.target
    if not isinstance(target, ast.Name):
        return False
    if isinstance(node.value, ast.Tuple | ast.List | ast.JoinedStr):
        return False
    return _bound_to_tensor(target.id, node, scope)


def _bound_to_tensor(name: str, node: ast.AST, scope: Scope) -> bool:
    for binding in scope.visible(name, node):
        if isinstance(binding.node, ast.AugAssign):
            continue
        if isinstance(binding.node, ast.arg):
            annotation = (
                ast.unparse(binding.node.annotation) if binding.node.annotation is not None else ""
            )
            if annotation not in ("int", "float", "str", "bool"):
                return True
            continue
        if binding.value is None or binding.is_loop:
            if not binding.is_loop:
                return True
            continue
        if not _is_number(binding.value):
            return True
    return False


def _is_number(value: ast.expr) -> bool:
    """A number, a string or a list, as counters and accumulators begin."""
    if isinstance(value, _FRESH):
        return True
    if isinstance(value, ast.IfExp):
        return _is_number(value.body) and _is_number(value.orelse)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in (
            "len",
            "int",
            "float",
            "str",
            "range",
            "list",
            "sum",
            "max",
            "min",
            "tuple",
            "dict",
        )
    if isinstance(value, ast.Subscript):
        return isinstance(value.value, ast.Attribute) and value.value.attr == "shape"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in ("size", "dim", "item", "numel", "get_seq_length")
    if isinstance(value, ast.BinOp):
        return _is_number(value.left) and _is_number(value.right)
    return False
