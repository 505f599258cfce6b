"""What the files of the input declare: classes with their methods, functions, names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from autohook_codegen.declares.names import Imports, dotted_name
from autohook_codegen.declares.nodes import Nodes

__all__ = ["ClassDecl", "FileDecl", "FunctionNode"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False)
class ClassDecl:
    """A class of the input."""

    name: str
    qualified_name: str
    node: ast.ClassDef
    file: FileDecl
    methods: dict[str, FunctionNode] = field(default_factory=dict)
    bases: tuple[ClassDecl, ...] = ()
    """The bases that are in the input."""
    outside_bases: tuple[str, ...] = ()
    """The dotted names of the others."""
    subclasses: list[ClassDecl] = field(default_factory=list)
    is_module: bool = False
    mro: tuple[ClassDecl, ...] = ()
    """The class and its bases in the input, in the order in which a method is looked up."""

    def __repr__(self) -> str:
        return f"<class {self.qualified_name}>"

    @property
    def only_extends(self) -> ClassDecl | None:
        """The base whose order of look-up is the class's own, but for the class itself."""
        first = self.bases[0] if self.bases else None
        return first if first is not None and len(first.mro) + 1 == len(self.mro) else None

    def method(self, name: str) -> tuple[ClassDecl, FunctionNode] | None:
        """The method that an instance of just this class has under `name`, and who defines it."""
        for owner in self.mro:
            if name in owner.methods:
                return owner, owner.methods[name]
        return None

    def method_after(self, owner: ClassDecl, name: str) -> tuple[ClassDecl, FunctionNode] | None:
        """What ``super().name`` in a method of `owner` means for an instance of this class."""
        start = self.mro.index(owner) + 1 if owner in self.mro else 0
        for base in self.mro[start:]:
            if name in base.methods:
                return base, base.methods[name]
        return None

    @cached_property
    def sets(self) -> frozenset[str]:
        """The attributes that statements of the class itself set."""
        return frozenset(
            node.attr
            for node in self.file.nodes.within(self.node)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
        )

    @property
    def initialiser(self) -> FunctionNode | None:
        """The class's own method that makes an instance: ``__init__``, or ``__post_init__`` of a
        dataclass, whose ``__init__`` Python writes."""
        own = self.methods.get("__init__")
        if own is None and any("dataclass" in ast.unparse(one) for one in self.node.decorator_list):
            return self.methods.get("__post_init__")
        return own

    def nested(self, name: str) -> ClassDecl | None:
        """The class of that name in the body of this one or of a base."""
        for owner in self.mro:
            wanted = f"{owner.qualified_name}.{name}"
            for one in owner.file.classes:
                if one.qualified_name == wanted:
                    return one
        return None

    @property
    def all_outside_bases(self) -> frozenset[str]:
        return frozenset(base for owner in self.mro for base in owner.outside_bases)

    def descendants(self) -> Iterator[ClassDecl]:
        seen: set[ClassDecl] = set()
        stack = list(self.subclasses)
        while stack:
            one = stack.pop()
            if one not in seen:
                seen.add(one)
                yield one
                stack.extend(one.subclasses)

    def inherits_from(self, names: frozenset[str]) -> bool:
        return bool(self.all_outside_bases & names)


@dataclass(eq=False)
class FileDecl:
    """A file of the input."""

    path: str
    tree: ast.Module
    imports: Imports
    classes: list[ClassDecl] = field(default_factory=list)
    """In the order of the source; nested ones after what they stand in."""
    by_name: dict[str, ClassDecl] = field(default_factory=dict)
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    """Of the top level, also inside ``if`` and ``try``."""
    assignments: dict[str, list[ast.expr]] = field(default_factory=dict)
    """Of the top level: what each name is assigned."""
    exported: frozenset[str] | None = None
    """What ``__all__`` names."""

    @cached_property
    def nodes(self) -> Nodes:
        return Nodes(self.tree)

    def dotted(self, node: ast.expr | None) -> str | None:
        name = dotted_name(node)
        return None if name is None else self.imports.resolve(name)

    def binds(self, name: str) -> bool:
        """Tell whether the file itself declares or assigns what the name means in it."""
        return any(name in one for one in (self.by_name, self.functions, self.assignments))

    def collect(
        self, body: list[ast.stmt], prefix: str, owner: ClassDecl | None, top: bool
    ) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                decl = ClassDecl(node.name, prefix + node.name, node, self)
                self.classes.append(decl)
                self.by_name[node.name] = decl
                self.collect(node.body, f"{decl.qualified_name}.", decl, False)
            elif isinstance(node, FunctionNode):
                if owner is not None:
                    if not _replaces_nothing(node):
                        owner.methods[node.name] = node
                elif top:
                    self.functions[node.name] = node
                self.collect(node.body, f"{prefix}{node.name}.<locals>.", None, False)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.add(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                if top and node.value is not None:
                    self._assign(
                        node.targets if isinstance(node, ast.Assign) else [node.target], node.value
                    )
            elif isinstance(node, ast.AugAssign):
                if top and isinstance(node.target, ast.Name) and node.target.id == "__all__":
                    self._export(node.value)
            else:
                for name in ("body", "orelse", "finalbody"):
                    self.collect(getattr(node, name, []), prefix, owner, top)
                for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                    self.collect(part.body, prefix, owner, top)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self.assignments.setdefault(target.id, []).append(value)
                if target.id == "__all__":
                    self._export(value)

    def _export(self, value: ast.expr) -> None:
        names = {
            one.value
            for one in ast.walk(value)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        self.exported = frozenset(names | (self.exported or frozenset()))


def _replaces_nothing(node: FunctionNode) -> bool:
    """Whether it is the setter of a property, or says only how a function may be called."""
    names = [dotted_name(one) or "" for one in node.decorator_list]
    return any(one.endswith((".setter", ".deleter", "overload")) for one in names)
