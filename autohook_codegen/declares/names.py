"""Names of a file: what is imported, and the dotted name that an expression reads."""

from __future__ import annotations

import ast
import builtins

__all__ = [
    "BUILTINS",
    "USUAL_NAMES",
    "Imports",
    "dotted_name",
    "identifiers",
    "is_method_of",
    "is_super",
]

_FOLLOWED = frozenset("list tuple dict getattr super map zip reversed sorted".split())
BUILTINS = frozenset(dir(builtins)) - _FOLLOWED
"""Python's own functions and classes that neither make a module nor hand one on."""


def dotted_name(node: ast.expr | None) -> str | None:
    """``nn.functional.gelu`` for the attribute chain of that text, ``None`` for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def identifiers(node: ast.AST) -> set[str]:
    """Return the plain names in an expression, ``{"x", "i"}`` for ``x.cells[i]``."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def is_method_of(call: ast.expr, receiver: str, names: frozenset[str]) -> bool:
    """Whether `call` is ``receiver.NAME(…)`` for one of `names`."""
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == receiver
        and call.func.attr in names
    )


def is_super(node: ast.expr) -> bool:
    """Tell whether the expression is ``super()``."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


_TORCH_ALIASES = (
    ("torch.nn.modules.", "torch.nn."),
    ("torch.nn.parameter.", "torch.nn."),
)
USUAL_NAMES = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What a file means by these where only an import of all names from outside can bind them."""


class Imports:
    """The imported names of one file, wherever in it they are imported."""

    def __init__(self, module: tuple[str, ...], is_package: bool) -> None:
        self.module = module
        self.is_package = is_package
        self.names: dict[str, str] = {}
        self.starred: dict[str, str] = {}
        """What those modules import of which the file has all names."""
        self.stars: list[str] = []

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    self.names[alias.asname] = alias.name
                else:
                    first = alias.name.split(".")[0]
                    self.names.setdefault(first, first)
            return
        base = self._base(node)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.names[alias.asname or alias.name] = f"{base}.{alias.name}"

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        up = node.level - (1 if self.is_package else 0)
        # "" stands for the package that the tree is the inside of
        package = self.module[: len(self.module) - up] if up <= len(self.module) else ("",)
        return ".".join((*package, *((node.module,) if node.module else ())))

    def resolve(self, dotted: str) -> str:
        """``torch.nn.Linear`` for ``nn.Linear``; a name that is not imported stays as it is."""
        first, _, rest = dotted.partition(".")
        imported = self.names.get(first) or self.starred.get(first)
        if imported is not None:
            dotted = f"{imported}.{rest}" if rest else imported
        for long, short in _TORCH_ALIASES:
            if dotted.startswith(long):
                last = dotted.rsplit(".", 1)[1]
                if last[:1].isupper():
                    return short + last
        return dotted
