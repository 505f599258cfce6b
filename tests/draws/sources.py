"""The texts that a drawn class is rewritten with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["with_imports"]


def with_imports(path: Path, package: Path) -> dict[str, str]:
    """Return the text of a file and of those of its package that it imports names from, by their
    paths below the package's folder."""
    found = {path: path.read_text()}
    for node in _imports(path):
        for one in _files(node, {name.name for name in node.names}, path, package):
            found.setdefault(one, one.read_text())
    return {one.relative_to(package.parent).as_posix(): text for one, text in found.items()}


@cache
def _imports(path: Path) -> list[ast.ImportFrom]:
    return [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)]


def _files(node: ast.ImportFrom, names: set[str], path: Path, package: Path) -> Iterator[Path]:
    """Yield the files that a statement imports the names from, also by way of an ``__init__.py``."""
    start = path.parents[node.level - 1] if node.level else package.parent
    module = start.joinpath(*(node.module or "").split("."))
    candidates = [module.with_suffix(".py"), module / "__init__.py"]
    candidates += [module / f"{name}.py" for name in names]
    for one in candidates:
        if not one.is_relative_to(package) or not one.is_file() or one == path:
            continue
        yield one
        for inner in _imports(one) if one.name == "__init__.py" else ():
            if shown := names & {name.name for name in inner.names}:
                yield from _files(inner, shown, one, package)
