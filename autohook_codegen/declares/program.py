"""The classes of the input, across its files, and how they inherit from one another."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.names import USUAL_NAMES, Imports, dotted_name

__all__ = ["Program"]

_OUTSIDE = frozenset({"torch", "numpy", "einops", "math", "typing", "collections", "functools"})
"""Packages that no file of the input is meant by, whatever its name."""


class Program:
    """Every file of the input.

    `trees` maps the path of a file (POSIX, relative to the root of the tree; any name for a single
    file) to its syntax tree; `makes_module` tells whether a base outside the input makes its
    classes modules, and ``None`` where nothing says so.
    """

    def __init__(
        self, trees: Mapping[str, ast.Module], makes_module: Callable[[str], bool | None]
    ) -> None:
        self.files: dict[str, FileDecl] = {}
        self._by_module: dict[tuple[str, ...], FileDecl] = {}
        for path, tree in trees.items():
            pure = PurePosixPath(path)
            parts = pure.with_suffix("").parts
            is_package = bool(parts) and parts[-1] == "__init__"
            module = parts[:-1] if is_package else parts
            file = FileDecl(path, tree, Imports(module, is_package))
            file.collect(tree.body, "", None, True)
            self.files[path] = file
            self._by_module[module] = file
        self._packages = {module[0] for module in self._by_module if len(module) > 1}
        """The folders at the top; a file beside them may have the name of the whole package."""
        self._resolved: dict[tuple[FileDecl, str], ClassDecl | None] = {}
        self._stars_of: dict[FileDecl, list[tuple[str, FileDecl | None]]] = {}
        self._calls_base: dict[FunctionNode, bool] = {}
        for file in self.files.values():
            file.imports.starred = self._star_imports(file)
        self._link()
        for decl in self.classes:
            decl.is_module = _is_module(decl, makes_module)

    @property
    def classes(self) -> Iterator[ClassDecl]:
        for file in self.files.values():
            yield from file.classes

    def class_of(self, file: FileDecl, node: ast.expr | None) -> ClassDecl | None:
        """The class of the input that the expression names, seen from `file`."""
        if isinstance(node, ast.Subscript):  # Base[T]
            node = node.value
        name = dotted_name(node)
        if name is None:
            return None
        if name in file.by_name:
            return file.by_name[name]
        first = name.partition(".")[0]
        if first in file.by_name:
            return next((one for one in file.classes if one.qualified_name == name), None)
        aliases = file.assignments.get(name, ())
        if len(aliases) == 1 and dotted_name(aliases[0]) not in (None, name):
            return self.class_of(file, aliases[0])
        if len(self.files) == 1:
            return None
        return self._imported(file, name)

    def find(self, dotted: str) -> tuple[FileDecl, str] | None:
        """Return the file that a dotted name leads to, and the rest of the name in it."""
        parts = tuple(dotted.split("."))
        if parts[0] in _OUTSIDE:
            return None
        for cut in range(len(parts), 0, -1):
            file = self._file_of(parts[:cut])
            if file is not None:
                return file, ".".join(parts[cut:])
        return None

    def starred(self, file: FileDecl, name: str) -> str | None:
        """Return the dotted name of what a file knows by ``from … import *``."""
        for star, source in self._stars(file):
            if source is not None:
                if source.binds(name):
                    return f"{star}.{name}"
            elif star.startswith("torch") and name[:1].isupper():
                return f"{star}.{name}"
        return file.imports.starred.get(name)

    def _star_imports(self, file: FileDecl) -> dict[str, str]:
        """Return the names that a file has because a module imports them of which it has all."""
        found: dict[str, str] = {}
        for _, source in self._stars(file):
            if source is None:
                read = {one.id for one in ast.walk(file.tree) if isinstance(one, ast.Name)}
                found = {n: dotted for n, dotted in USUAL_NAMES.items() if n in read} | found
            else:
                names = source.imports.names
                shown = names if source.exported is None else names.keys() & source.exported
                found = {one: names[one] for one in shown} | found
        return {
            name: dotted
            for name, dotted in found.items()
            if name not in file.imports.names and not file.binds(name)
        }

    def _stars(self, file: FileDecl) -> list[tuple[str, FileDecl | None]]:
        """The modules of which a file has all names, by way of others too, which may import one
        another in a circle; each with its file."""
        if file not in self._stars_of:
            found: list[tuple[str, FileDecl | None]] = []
            seen = {file}
            stack = list(reversed(file.imports.stars))
            while stack:
                star = stack.pop()
                source = self._file_of(tuple(star.split(".")))
                if source in seen:
                    continue
                found.append((star, source))
                if source is not None:
                    seen.add(source)
                    stack += reversed(source.imports.stars)
            self._stars_of[file] = found
        return self._stars_of[file]

    def named(self, file: FileDecl, node: ast.expr) -> ClassDecl | str | None:
        """Return the class of the input that an expression names, or the dotted name."""
        known = self.class_of(file, node)
        if known is not None:
            return known
        dotted = file.dotted(node)
        if dotted is not None and "." not in dotted:
            return self.starred(file, dotted) or dotted
        return dotted

    def calls_base(self, method: FunctionNode) -> bool:
        """Tell whether a method may call the one that it stands in place of."""
        if method not in self._calls_base:
            self._calls_base[method] = _calls_base(method)
        return self._calls_base[method]

    def _imported(self, file: FileDecl, name: str) -> ClassDecl | None:
        """The class that a file imports under `name`, re-exports followed."""
        key = (file, name)
        if key in self._resolved:
            return self._resolved[key]
        self._resolved[key] = None  # an import in a circle ends here
        found: ClassDecl | None = None
        dotted = file.imports.resolve(name)
        if dotted != name:
            found = self._class_at(dotted)
        if found is None and "." not in name:
            for _, source in self._stars(file):
                found = self._in_file(source, name) if source is not None else None
                if found is not None:
                    break
        self._resolved[key] = found
        return found

    def _class_at(self, dotted: str) -> ClassDecl | None:
        """The class under a dotted name: in the file of the longest module that it names."""
        parts = tuple(dotted.split("."))
        for cut in range(len(parts) - 1, 0, -1):
            file = self._file_of(parts[:cut])
            if file is not None:
                return self._in_file(file, ".".join(parts[cut:]))
        return None

    def _in_file(self, file: FileDecl, name: str) -> ClassDecl | None:
        return file.by_name.get(name) or self._imported(file, name)

    def _file_of(self, module: tuple[str, ...]) -> FileDecl | None:
        """The file of a module; the package that the tree is the inside of may stand in front."""
        file = self._by_module.get(module)
        if file is None and module[0] not in self._packages and module[0] not in _OUTSIDE:
            file = next(
                (
                    self._by_module[module[skip:]]
                    for skip in range(1, len(module))
                    if module[skip:] in self._by_module
                ),
                None,
            )
        return file

    def _link(self) -> None:
        for decl in self.classes:
            inside: list[ClassDecl] = []
            outside: list[str] = []
            for base in decl.node.bases:
                known = self.class_of(decl.file, base)
                if known is not None and known is not decl:
                    inside.append(known)
                    continue
                target = base.value if isinstance(base, ast.Subscript) else base
                outside.append(decl.file.dotted(target) or "?")
            decl.bases = tuple(inside)
            decl.outside_bases = tuple(outside)
            for base_class in inside:
                base_class.subclasses.append(decl)
        for decl in self.classes:
            _linearise(decl, set())


def _calls_base(method: FunctionNode) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == method.name
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        for node in ast.walk(method)
    )


def _linearise(decl: ClassDecl, above: set[ClassDecl]) -> tuple[ClassDecl, ...]:
    """The bases depth first, each kept at its last place, which is Python's order for all but
    contrived diamonds; a class that inherits from itself (two of one name) ends the walk."""
    if not decl.mro:
        order: list[ClassDecl] = [decl]
        above.add(decl)
        for base in decl.bases:
            if base not in above:
                order += _linearise(base, above)
        above.discard(decl)
        decl.mro = tuple(reversed(dict.fromkeys(reversed(order))))
    return decl.mro


def _is_module(decl: ClassDecl, makes_module: Callable[[str], bool | None]) -> bool:
    outside = decl.all_outside_bases
    if any(base.rsplit(".", 1)[-1] in ("Function", "ScriptModule") for base in outside):
        return False
    told = {makes_module(base) for base in outside}
    if True in told:
        return True
    found = decl.method("forward")
    if None not in told or found is None:
        return False
    _, forward = found
    arguments = [*forward.args.posonlyargs, *forward.args.args]
    return bool(arguments) and arguments[0].arg == "self" and not _is_static(forward)


def _is_static(function: FunctionNode) -> bool:
    return any(
        dotted_name(one) in ("staticmethod", "classmethod") for one in function.decorator_list
    )
