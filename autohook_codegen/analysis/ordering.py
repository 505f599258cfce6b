"""One order for the alternatives of a value, which as a set come in another one in each process."""

from __future__ import annotations

from autohook_codegen.analysis.values import Alternative, Class, Function, Instance, Module, Value
from autohook_codegen.declares.files import ClassDecl

__all__ = ["in_order"]


def in_order(callee: Value) -> list[Alternative]:
    """Return what may be called, by kind, and by where the source defines it."""
    return sorted(callee, key=_place) if len(callee) > 1 else list(callee)


def _place(one: Alternative) -> tuple[str, str, int, int]:
    kind = type(one).__name__
    match one:
        case Function(node=node, file=file):
            return kind, file.path, node.lineno, node.col_offset
        case Module(cls=ClassDecl() as cls) | Class(cls=ClassDecl() as cls) | Instance(cls=cls):
            return kind, cls.file.path, cls.node.lineno, cls.node.col_offset
    return kind, str(getattr(one, "cls", None) or getattr(one, "name", None)), 0, 0
