"""The imports of `HookPoint`, `HookedRootModule` and their like, and the names they give."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import libcst as cst

from autohook_codegen.rewrite.sorted_imports import OpeningBlock
from autohook_codegen.rewrite.statement import IMPORT, Place, without
from autohook_codegen.rewrite.text_changes import TextChanges
from autohook_codegen.source import Span

__all__ = ["Imported", "read_imports", "remove_names", "unused_names", "write_imports"]

Import = ast.Import | ast.ImportFrom
HOME = {
    "auto_hook": ("autohook_runtime",),
    "explicit_if_hooked": ("autohook_runtime",),
    "HookedRootModule": ("transformer_lens", "transformer_lens.hook_points"),
    "HookPoint": ("transformer_lens.hook_points", "transformer_lens"),
}
MODULES = ("autohook_runtime", "transformer_lens", "transformer_lens.hook_points")


def write_imports(changes: TextChanges, imports: Sequence[str]) -> None:
    """Import where isort and ruff would, if the file's opening block is sorted; else behind the
    last import of that block; else below the docstring and comments that the file begins with."""
    source = changes.source
    block = OpeningBlock(source)
    for text in imports:
        offset, blank_above, blank_below = block.place(text)
        first, last = text == imports[0], text == imports[-1]
        if blank_above and first:
            changes.insert_lines(offset, "", is_statement=False)
        changes.insert_lines(offset, text, is_statement=True)
        if blank_below and last:
            changes.insert_lines(offset, "", is_statement=False)


# The way back.


@dataclass
class Imported:
    """What a file imports of the hook points' libraries."""

    statements: list[Import] = field(default_factory=list)
    """The imports that bring in any of the names, or one of their modules."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Local name -> ``HookPoint``, or the module it stands for."""

    def name_of(self, node: ast.expr) -> str | None:
        """``HookPoint`` for an expression that means it: ``HookPoint``, ``tlh.HookPoint``."""
        dotted: list[str] = []
        while isinstance(node, ast.Attribute):
            dotted.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.aliases:
            return None
        meant = ".".join([self.aliases[node.id], *reversed(dotted)])
        if meant in HOME:
            return meant
        module, _, name = meant.rpartition(".")
        return name if name in HOME and module in HOME[name] else None

    def spelling(self, name: str) -> str | None:
        """How the file spells ``HookPoint``, or `None` where it does not import it."""
        spellings = [alias for alias, meant in self.aliases.items() if meant == name]
        spellings += [f"{a}.{name}" for a, meant in self.aliases.items() if meant == HOME[name][0]]
        return next(iter(spellings), None)


def read_imports(tree: ast.Module) -> Imported:
    """Find the imports of hook points' names, wherever they stand in the file."""
    found = Imported()
    for node in ast.walk(tree):
        if isinstance(node, Import):
            meant = dict(_meant(node))
            if meant:
                found.statements.append(node)
                found.aliases.update(meant)
    return found


def _meant(node: Import) -> Iterable[tuple[str, str]]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            if alias.name in MODULES:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif alias.name in HOME:
            yield alias.asname or alias.name, alias.name
        elif alias.name == "*":
            yield from ((n, n) for n, homes in HOME.items() if node.module in homes)
        elif f"{node.module}.{alias.name}" in MODULES:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def unused_names(tree: ast.Module, imported: Imported) -> dict[Import, set[int]]:
    """The places of the names that each import brings in for hook points, and nothing reads."""
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # A name in ``__all__``, or in an annotation that is a string.
            used |= _names_in(node.value, imported.aliases)
    places = {
        statement: {
            place
            for place, alias in enumerate(statement.names)
            if _is_ours(statement, alias) and (alias.asname or alias.name) not in used
        }
        for statement in imported.statements
    }
    return {statement: unused for statement, unused in places.items() if unused}


def _names_in(text: str, names: Iterable[str]) -> set[str]:
    """Which of `names` an expression in a string reads; prose reads none."""
    found = {name for name in names if name in text}
    try:
        tree = ast.parse(text, mode="eval") if found else None
    except (SyntaxError, ValueError):
        tree = None
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()
    return found & read


def _is_ours(statement: Import, alias: ast.alias) -> bool:
    if isinstance(statement, ast.Import):
        # `import transformer_lens.hook_points` without a name of its own may be there for more.
        return alias.name in MODULES and (alias.asname is not None or "." not in alias.name)
    is_home = alias.name in HOME and statement.module in HOME[alias.name]
    return not statement.level and (is_home or f"{statement.module}.{alias.name}" in MODULES)


def remove_names(changes: TextChanges, statement: Import, places: set[int]) -> None:
    """Take some of the names of an import out of it."""
    start = changes.source.span(statement).start
    changes.change(Place(IMPORT, Span(start, start)), partial(_without_names, places))


def _without_names(places: set[int], node: cst.Import | cst.ImportFrom) -> cst.CSTNode:
    assert not isinstance(node.names, cst.ImportStar)
    return node.with_changes(names=without(node.names, places))
