"""What a call gives: what its callee makes, or what it is given in another form."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.callees import Callees
from autohook_codegen.declares.names import dotted_name
from autohook_codegen.declares.program import FileDecl
from autohook_codegen.declares.scope import Scope
from autohook_codegen.declares.value import MOST_STEPS, OTHER, UNKNOWN, Kind, Value, union

if TYPE_CHECKING:
    from autohook_codegen.declares.inference import Inference

__all__ = ["Calls"]


class Calls:
    """The part of `Inference` that follows calls."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.callees = Callees(inference)

    def of(self, node: ast.Call, scope: Scope | None, depth: int, file: FileDecl | None) -> Value:
        if depth > MOST_STEPS:
            return UNKNOWN
        func = node.func
        dotted = (file.dotted(func) if file is not None else dotted_name(func)) or ""
        last = dotted.rsplit(".", 1)[-1]
        if (
            isinstance(func, ast.Name)
            and func.id in ("list", "tuple", "reversed", "sorted")
            and node.args
        ):
            return replace(self.inference.infer(node.args[0], scope, depth, file), elements=None)
        if isinstance(func, ast.Name) and func.id == "dict":
            entries = tuple(
                (one.arg, self.inference.infer(one.value, scope, depth, file))
                for one in node.keywords
                if one.arg
            )
            if not entries and node.args:
                return self.inference.infer(node.args[0], scope, depth, file)
            return Value(
                frozenset({Kind.DICT}),
                items=union(*(one for _, one in entries)) if entries else None,
                entries=entries,
            )
        if dotted == "functools.partial":
            return OTHER  # what it makes is another question
        if last == "OrderedDict" and node.args:
            return self._pairs(node.args[0], scope, depth, file)
        if isinstance(func, ast.Name) and func.id == "getattr" and len(node.args) >= 2:
            return self._getattr(node, scope, depth, file)
        if isinstance(func, ast.Attribute) and func.attr in torch_facts.SAME_MODULE_METHODS:
            held = self.inference.infer(func.value, scope, depth, file)
            if held.may_be_module or held.is_parameter or held.is_container:
                return held
        if last in torch_facts.SAME_MODULE_FUNCTIONS and node.args:
            return self.inference.infer(node.args[0], scope, depth, file)
        return self.callees.made(func, node, scope, depth, file)

    def _pairs(
        self, node: ast.expr, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        """``OrderedDict([("name", module), …])``."""
        if not isinstance(node, ast.List | ast.Tuple):
            return self.inference.infer(node, scope, depth, file)
        entries: list[tuple[str, Value]] = []
        values: list[Value] = []
        for pair in node.elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                values.append(self.inference.infer(pair.elts[1], scope, depth, file))
                if isinstance(pair.elts[0], ast.Constant) and isinstance(pair.elts[0].value, str):
                    entries.append((pair.elts[0].value, values[-1]))
        return Value(
            frozenset({Kind.DICT}), items=union(*values) if values else None, entries=tuple(entries)
        )

    def _getattr(
        self, node: ast.Call, scope: Scope | None, depth: int, file: FileDecl | None
    ) -> Value:
        target = (file.dotted(node.args[0]) if file is not None else None) or ""
        if target in ("torch.nn.functional", "torch"):
            return OTHER
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            read = ast.Attribute(node.args[0], name.value, ast.Load())
            return self.inference.read(read, scope, depth, file)
        return UNKNOWN
