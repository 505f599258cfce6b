"""Files in which no value has a role: what was looked for, and why it is not there."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Module, Unknown
from autohook_codegen.declares.files import FileDecl
from autohook_codegen.notes import NoteCode
from autohook_codegen.sites.candidate import LeftAlone

__all__ = ["files_without_roles"]


def files_without_roles(
    flow: Flow, functions: Collection[FunctionTrace], with_roles: Collection[FileDecl]
) -> Iterator[LeftAlone]:
    """Yield a note for each file whose modules have none."""
    by_file: dict[FileDecl, list[FunctionTrace]] = {}
    for function in functions:
        by_file.setdefault(function.file, []).append(function)
    for file, its_functions in by_file.items():
        modules = [one for one in file.classes if one.is_module]
        if file not in with_roles and modules:
            message = NoteCode.NO_ROLES.says(why=_reason(flow, its_functions))
            yield LeftAlone(modules[0].node, message, its_functions[0])


def _reason(flow: Flow, functions: Collection[FunctionTrace]) -> str:
    for function in functions:
        for node in list(function.values):
            if isinstance(node, ast.Call) and flow.way(Point(node, function)).kind == "softmax":
                return (
                    f"the softmax in line {node.lineno} is of no product of two computed values, as"
                    " in a router, in pooling and in linear attention"
                )
    for function in functions:
        for call in function.calls:
            for one in (*call.modules, *call.others):
                is_elsewhere = isinstance(one, Module) and (
                    one.cls is None
                    or (isinstance(one.cls, str) and not one.cls.startswith("torch.nn."))
                )
                if is_elsewhere or isinstance(one, Unknown):
                    return f"the class of {ast.unparse(call.callee)} is not in the input"
    return "nothing is added to what it was computed from, and no activation stands between layers"
