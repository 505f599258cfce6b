"""Which files of a package a row was made with: it holds as long as each has the text that it had."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.zoo.comparing import Rows

__all__ = ["holding", "loaded_elsewhere", "loaded_files", "made_with", "tree_digest"]


def loaded_files(folder: Path) -> list[str]:
    """Return the files below `folder` that this process has imported."""
    paths = [path for path in _loaded().values() if folder in path.parents]
    return sorted({path.relative_to(folder).as_posix() for path in paths})


def loaded_elsewhere(folder: Path) -> list[str]:
    """Return the modules that this process has imported from elsewhere."""
    return [name for name, path in _loaded().items() if folder not in path.parents]


def _loaded() -> dict[str, Path]:
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.copy().items()}
    return {name: Path(file) for name, file in files.items() if file is not None}


def made_with(folder: Path, files: Sequence[str] | None) -> dict[str, Any]:
    """Return the part of a row that `holding` reads; without `files` it may be any of the folder."""
    digest = tree_digest(folder) if files is None else _texts_digest(folder, files)
    return {"files": files, "texts": digest}


def holding(rows: Rows, folder: Path) -> Rows:
    """Return the rows that running the models once more would give again."""
    return {
        name: row
        for name, row in rows.items()
        if made_with(folder, row["files"])["texts"] == row["texts"]
    }


@cache
def tree_digest(folder: Path) -> str:
    """Return what stands for all texts below the folder."""
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")]
    return _texts_digest(folder, sorted(files))


def _texts_digest(folder: Path, files: Sequence[str]) -> str:
    lines = [f"{file} {_text_digest(folder / file)}\n" for file in files]
    return hashlib.sha1("".join(lines).encode()).hexdigest()[:12]


@cache
def _text_digest(path: Path) -> str:
    # read once: what one version of the rewriter wrote stays, another one's has another place
    return hashlib.sha1(path.read_bytes()).hexdigest() if path.exists() else "none"
