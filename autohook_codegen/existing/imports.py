"""Under which names a file knows `HookPoint`, `HookedRootModule` and `auto_hook`."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

__all__ = ["Imported", "read_imports"]

HOME = {
    "auto_hook": ("autohook_runtime",),
    "HookedRootModule": ("transformer_lens", "transformer_lens.hook_points"),
    "HookPoint": ("transformer_lens.hook_points", "transformer_lens"),
}
MODULES = ("autohook_runtime", "transformer_lens", "transformer_lens.hook_points")


@dataclass
class Imported:
    """What a file imports of the hook points' libraries."""

    statements: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
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
        for alias, meant in self.aliases.items():
            if meant == name:
                return alias
        for alias, meant in self.aliases.items():
            if meant == HOME[name][0]:
                return f"{alias}.{name}"
        return None


def read_imports(tree: ast.Module) -> Imported:
    """Find the imports of hook points' names, wherever they stand in the file."""
    found = Imported()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in MODULES:
                    _add(found, node)
                    if alias.asname:
                        found.aliases[alias.asname] = alias.name
                    else:
                        top = alias.name.partition(".")[0]
                        found.aliases[top] = top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in HOME:
                    _add(found, node)
                    found.aliases[alias.asname or alias.name] = alias.name
                elif alias.name == "*" and node.module in MODULES:
                    found.aliases.update(
                        (n, n) for n, homes in HOME.items() if node.module in homes
                    )
                elif f"{node.module}.{alias.name}" in MODULES:
                    _add(found, node)
                    found.aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _add(found: Imported, node: ast.Import | ast.ImportFrom) -> None:
    if node not in found.statements:
        found.statements.append(node)
