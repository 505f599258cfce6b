"""Which of our code the rows of a package depend on: they are made anew when that changes, and then alone.

The rows of a rewritten package are not named after the rewriter: each says which files it was made
with (`loaded_files.py`), and holds for as long as the rewriter writes them as it did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.zoo.packages import Package

__all__ = ["code_digest", "complete_mark", "rewritten_folder", "rows_path"]

ROOT = Path(__file__).parents[2]
REWRITER = ("autohook_codegen/**/*.py", "autohook_codegen/**/*.pyi")
RUNTIME = ("runtime/**/*.py",)
TEXT = ("tests/insertions.py", "tests/zoo/text.py", "tests/zoo/text_invariants.py")
RUNNING = (
    "tests/real_models/observing.py",
    "tests/zoo/built.py",
    "tests/zoo/calls.py",
    "tests/zoo/loaded_files.py",
    "tests/zoo/readme_blocks.py",
    "tests/zoo/recipes.py",
    "tests/zoo/running.py",
    "tests/zoo/torchvision_operators.py",
)


def rows_path(package: Package, side: str, folder: Path) -> Path:
    """Where the rows of a side stand: `text`, `plain`, `runtime` or `hooked`."""
    digest = code_digest(_patterns(package, side))
    return folder / f"{package.name}-{package.version}.{side}.{digest}.jsonl"


def rewritten_folder(name: str, folder: Path) -> Path:
    """Where the rewriter as it is puts the package `name`; beside it stand those of earlier ones."""
    return folder / "rewritten" / code_digest(REWRITER) / name


def complete_mark(folder: Path) -> Path:
    """A file that stands once every package's text and models have rows of the code as it is."""
    recipes = ("tests/zoo/*_models.py", "tests/zoo/packages.py")
    return folder / f"complete.{code_digest((*REWRITER, *RUNTIME, *TEXT, *RUNNING, *recipes))}"


def _patterns(package: Package, side: str) -> Sequence[str]:
    if side == "text":
        return (*REWRITER, *TEXT)
    runtime = () if side == "plain" else RUNTIME
    return (*RUNNING, f"tests/zoo/{package.folder}_*", *runtime)


@cache
def code_digest(patterns: Sequence[str]) -> str:
    """Stands for the content of the files that the patterns name."""
    digest = hashlib.sha1()
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]
