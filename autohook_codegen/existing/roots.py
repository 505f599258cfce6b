"""The classes of a file that are hooked roots."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autohook_codegen.existing.forms import is_setup

if TYPE_CHECKING:
    from autohook_codegen.existing.forms import Forms
    from autohook_codegen.source import Source

__all__ = ["WRITTEN", "Root", "is_written", "read_roots"]

WRITTEN = "# for the hook points"
"""The comment beside an ``__init__`` that a rewrite wrote."""
INITIALISERS = ("__init__", "__post_init__")
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass
class Root:
    """What a class has as a hooked root, or as a class below one."""

    base: ast.expr | None = None
    """Its base `HookedRootModule`."""
    removable: bool = True
    """Whether the base goes; where it is the only one, the class is the author's own work."""
    ending: ast.stmt | None = None
    """The last statement of ``__init__``, if it is ``self.setup()`` or ``auto_hook(self)``."""
    written: ast.FunctionDef | None = None
    """The ``__init__`` that was written for the hook points."""


def read_roots(source: Source, forms: Forms) -> dict[ast.ClassDef, Root]:
    """Find what makes classes hooked roots.

    ``self.setup()`` counts in a class whose bases in the file lead to a removable
    `HookedRootModule`; elsewhere it may be a method of the author's own.
    """
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    roots: dict[ast.ClassDef, Root] = {}
    below = _below_roots(classes, forms)
    for node in classes:
        root = Root()
        for base in node.bases:
            if forms.imported.name_of(base) == "HookedRootModule":
                root.base = base
                root.removable = len(node.bases) > 1
                break
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or method.name not in INITIALISERS:
                continue
            parameters = [*method.args.posonlyargs, *method.args.args]
            self_name = parameters[0].arg if parameters else ""
            last = method.body[-1]
            if forms.is_auto_hook(last, self_name) or (
                is_setup(last, self_name) and node.name in below
            ):
                root.ending = last
            if is_written(source, method):
                root.written = method
        if root != Root():
            roots[node] = root
    return roots


def _below_roots(classes: list[ast.ClassDef], forms: Forms) -> set[str]:
    """Names of the classes that are, by their bases in the file, hooked roots."""
    below = {
        node.name
        for node in classes
        if len(node.bases) > 1
        and any(forms.imported.name_of(base) == "HookedRootModule" for base in node.bases)
    }
    grown = True
    while grown:
        grown = False
        for node in classes:
            bases = {base.attr if isinstance(base, ast.Attribute) else "" for base in node.bases}
            bases |= {base.id for base in node.bases if isinstance(base, ast.Name)}
            if node.name not in below and bases & below:
                below.add(node.name)
                grown = True
    return below


def is_written(source: Source, method: ast.FunctionDef) -> bool:
    """Whether a method's ``def`` line says that it is for the hook points."""
    lines = LINE_END.split(source.parsed_text)
    header = lines[method.lineno - 1 : method.body[0].lineno - 1]
    return any(line.rstrip().endswith(WRITTEN) for line in header)
