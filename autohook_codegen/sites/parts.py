"""Which classes are parts of others, and which an instance of a class may hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from autohook_codegen.analysis.trace import FunctionTrace, Trace
from autohook_codegen.analysis.values import Class, Fields, Items, Module, Value
from autohook_codegen.declares.files import ClassDecl

__all__ = ["Parts"]

_ONLY_ASKED = frozenset({"isinstance", "issubclass", "super", "cast"})
_NO_MAKERS = frozenset({"classmethod", "staticmethod"})


class Parts:
    """The classes that modules of the input make, hold or are handed."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._held: dict[ClassDecl, tuple[ClassDecl, ...]] = {}

    @cached_property
    def direct(self) -> dict[ClassDecl, set[ClassDecl]]:
        """Each module class with the classes of the input that it makes, holds or is handed."""
        found: dict[ClassDecl, set[ClassDecl]] = {
            decl: set() for decl in self.trace.program.classes if decl.is_module
        }
        for decl, held in found.items():
            for attribute in self.trace.attributes(decl):
                for definition in self.trace.definitions(decl, attribute):
                    held.update(_classes_in(definition.value))
        for function in self.trace.functions.values():
            maker = _maker(function)
            if maker in found:
                for _, value in _evaluated(function):
                    found[maker].update(_classes_in(value))
        for decl, held in found.items():
            held.difference_update(decl.mro)
        return found

    @cached_property
    def used(self) -> set[ClassDecl]:
        """The classes that are a part of some module."""
        return {part for held in self.direct.values() for part in held}

    @cached_property
    def named(self) -> set[ClassDecl]:
        """The classes that code names at all, not only as a base."""
        bases = {base for decl in self.trace.program.classes for base in decl.node.bases}
        return {
            one.cls
            for function in self.trace.functions.values()
            for node, value in _evaluated(function)
            for one in value
            if isinstance(one, Class) and isinstance(one.cls, ClassDecl) and node not in bases
            if function.owner is None or one.cls not in function.owner.mro
        }

    def held_by(self, root: ClassDecl) -> tuple[ClassDecl, ...]:
        """Return the classes that `root` holds at any depth, itself and its bases included, in the
        order of the source."""
        if root not in self._held:
            found: set[ClassDecl] = set()
            stack = [root]
            while stack:
                decl = stack.pop()
                if decl not in found:
                    found.add(decl)
                    stack += [*decl.mro, *self.direct.get(decl, ())]
            self._held[root] = tuple(
                sorted(found, key=lambda one: (one.file.path, one.node.lineno, one.node.col_offset))
            )
        return self._held[root]


def _evaluated(function: FunctionTrace) -> Iterator[tuple[ast.expr, Value]]:
    """Yield the expressions of a function, without what only asks for a class."""
    asked: set[ast.AST] = set()
    for node in function.values:
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in _ONLY_ASKED:
                asked.update(inner for one in node.args for inner in ast.walk(one))
    for node, value in function.values.items():
        if node not in asked:
            yield node, value


def _maker(function: FunctionTrace) -> ClassDecl | None:
    """Return the class whose instance runs the function; its factories make no parts."""
    outer = function
    while outer.owner is None and outer.parent is not None:
        outer = outer.parent
    decorators = getattr(outer.node, "decorator_list", ())
    is_factory = any(isinstance(one, ast.Name) and one.id in _NO_MAKERS for one in decorators)
    return None if is_factory else outer.owner


def _classes_in(value: Value) -> Iterator[ClassDecl]:
    """Yield the module classes of the input that the value is, is an instance of, or holds."""
    for one in value:
        match one:
            case Class(cls=ClassDecl() as cls):
                yield cls
            case Module(cls=ClassDecl() as cls, held=held) if held is None or held.steps:
                yield cls
            case Items(first=first, rest=rest):
                for inner in (*first, rest):
                    yield from _classes_in(inner)
            case Fields(fields=fields, rest=rest):
                for _, inner in fields:
                    yield from _classes_in(inner)
                yield from _classes_in(rest)
