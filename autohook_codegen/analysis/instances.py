"""Instances of the input's classes: what one is, who sets its attributes, who runs its methods."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis.state import Unit
from autohook_codegen.analysis.units import name_of, receiver_of
from autohook_codegen.analysis.values import Fields, Held, Instance, Items, Module, Value
from autohook_codegen.declares.files import ClassDecl, FileDecl
from autohook_codegen.declares.lineage import with_bases
from autohook_codegen.declares.program import Program
from autohook_codegen.library import guesses

__all__ = ["Instances", "may_be_module"]

_CONTAINERS = frozenset(
    "torch.nn." + name for name in ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)


class Instances:
    """What the program's classes say of their instances; each answer is worked out once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._receivers: dict[ast.arg, Unit] = {}
        self._users: dict[ast.AST, tuple[ClassDecl, ...]] = {}
        self._setters: dict[ast.AST, tuple[ClassDecl, ...]] = {}
        self._annotated: dict[ast.expr, Value] = {}

    def add(self, unit: Unit) -> None:
        """Remember a method by its ``self``."""
        receiver = receiver_of(unit)
        if receiver is not None:
            self._receivers[receiver] = unit

    def annotated(self, annotation: ast.expr, file: FileDecl) -> Value:
        """Return what an annotation says."""
        if annotation not in self._annotated:
            self._annotated[annotation] = library.read_annotation(
                annotation, self._resolver(file), self._resolver
            )
        return self._annotated[annotation]

    def _resolver(self, file: FileDecl) -> Callable[[ast.expr], ClassDecl | str | None]:
        return lambda node: self.program.named(file, node)

    def instance(self, cls: ClassDecl, made: ast.AST | None, is_open: bool) -> Value:
        """Return an instance of a class of the input."""
        is_container = cls.inherits_from(_CONTAINERS) and cls.method("forward") is None
        if cls.is_module and not is_container:
            return frozenset({Module(cls, is_open=is_open)})
        if may_be_module(cls):
            return frozenset({Module(cls, is_open=True)})
        for base in sorted(cls.all_outside_bases) if not cls.is_module else ():
            known = library.library_class(base)
            if known is not None and known.is_module:  # left alone, as a ScriptModule is
                return frozenset({Module(base, is_open=True)})
        said = library.instance_of(cls, self._resolver(cls.file), self._resolver)
        return frozenset(
            replace(one, site=made) if isinstance(one, Items | Fields) and is_container else one
            for one in said
        )

    def users(self, unit: Unit) -> tuple[ClassDecl, ...]:
        """Return the classes whose instances run the method: they have no other in its place, or
        that one comes back to it by ``super()``."""
        node = unit.node
        if node not in self._users:
            self._users[node] = tuple(self._running(unit)) if unit.owner is not None else ()
        return self._users[node]

    def _running(self, unit: Unit) -> Iterable[ClassDecl]:
        assert unit.owner is not None
        name = name_of(unit)
        stack, seen = [unit.owner], {unit.owner}
        while stack:
            cls = stack.pop()
            yield cls
            for one in cls.subclasses:
                if one in seen:
                    continue
                method = one.methods.get(name)
                if method is None or self.program.calls_base(method):
                    seen.add(one)
                    stack.append(one)

    def setters(self, one: Module | Instance) -> tuple[ClassDecl, ...]:
        """Return the classes whose statements may have set an attribute of the instance."""
        assert isinstance(one.cls, ClassDecl)
        unit = self.method_of(one)
        key: ast.AST = unit.node if unit is not None else one.cls.node
        is_open = isinstance(one, Module) and one.is_open
        if unit is None and is_open:
            key = one.cls.node.name, one.cls.node  # type: ignore[assignment]
        if key not in self._setters:
            if unit is not None:
                users = self.users(unit)
            else:
                users = (one.cls, *one.cls.descendants()) if is_open else (one.cls,)
            self._setters[key] = tuple(with_bases(users))
        return self._setters[key]

    def holders(self, held: Held) -> tuple[ClassDecl, ...]:
        """Return the classes in whose methods the attributes of a submodule may be set, the one of
        the method at hand first."""
        unit = self._receivers.get(held.root) if held.steps else None
        if unit is None or unit.owner is None:
            return ()
        return (unit.owner, *self.setters(Module(unit.owner, Held(held.root))))

    def method_of(self, one: Module | Instance) -> Unit | None:
        """Return the method whose ``self`` it is."""
        if one.held is None or one.held.steps:
            return None
        return self._receivers.get(one.held.root)

    def classes_of(self, cls: ClassDecl, bound: Value) -> Iterable[ClassDecl]:
        """Return the classes of which the instance may be, whose class is said to be `cls`."""
        for one in bound:
            if isinstance(one, Module | Instance):
                unit = self.method_of(one)
                if unit is not None and unit.owner is cls:
                    return self.users(unit)
                if isinstance(one, Module) and one.is_open:
                    return (cls, *cls.descendants())
        return (cls,)


def may_be_module(cls: ClassDecl) -> bool:
    """Tell whether only a base outside the input can say whether the class is a module."""
    if (
        cls.is_module
        or not cls.outside_bases
        or any("dataclass" in ast.unparse(one) for one in cls.node.decorator_list)
    ):
        return False
    lasts = [base.rsplit(".", 1)[-1] for base in cls.all_outside_bases]
    return all(
        not guesses.is_plain_base(last) and library.library_class(base) is None
        for last, base in zip(lasts, cls.all_outside_bases, strict=True)
    )
