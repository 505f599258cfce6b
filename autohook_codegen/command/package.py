"""Which package a file lies in."""

from __future__ import annotations

from pathlib import Path

__all__ = ["package_of"]


def package_of(folder: Path) -> str:
    """The dotted name of the package whose code lies in `folder`; empty where it is none."""
    names: list[str] = []
    folder = folder.resolve()
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    return ".".join(names)
