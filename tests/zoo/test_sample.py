"""A part of `make zoo` that takes a minute or two: text and models of transformers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.zoo.comparing import summed
from tests.zoo.made_with import rewritten_folder
from tests.zoo.packages import PACKAGES, installed_folder, rewrite
from tests.zoo.processes import SIDES, folder_of, held_rows, ran_rows, run_side
from tests.zoo.text import defines_classes
from tests.zoo.text_invariants import breaches

[TRANSFORMERS] = (package for package in PACKAGES if package.name == "transformers")
EVERY = 30
MODELS = (
    # text, vision, sound; the folder of each is named as it is
    ("gemma2", "qwen3_moe", "falcon_mamba", "clip", "whisper"),
    ("t5gemma", "bloom", "segformer", "hubert", "convnextv2"),
)


def files() -> list[str]:
    folder = installed_folder(TRANSFORMERS)
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py"))[::EVERY]]


@pytest.mark.parametrize("file", files())
def test_text_invariants_hold(file: str) -> None:
    text = (installed_folder(TRANSFORMERS) / file).read_text(encoding="utf-8")
    if defines_classes(text):
        assert list(breaches(text)) == []


def overlay_of(folders: Sequence[str], target: Path) -> None:
    """The package with these of its models rewritten."""
    installed = installed_folder(TRANSFORMERS)
    models = target / TRANSFORMERS.folder / TRANSFORMERS.tree
    models.mkdir(parents=True)
    for original, copy, apart in (
        (installed, models.parent, (TRANSFORMERS.tree, "__pycache__")),
        (installed / TRANSFORMERS.tree, models, (*folders, "__pycache__")),
    ):
        for entry in original.iterdir():
            if entry.name not in apart:
                (copy / entry.name).symlink_to(entry.resolve())
    # a package of these models alone, so that they are rewritten as one tree
    chosen = target.parent / "chosen" / TRANSFORMERS.folder / TRANSFORMERS.tree
    for folder in folders:
        original = installed / TRANSFORMERS.tree / folder
        shutil.copytree(original, chosen / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(installed / "__init__.py", chosen.parent)
    shutil.copy(installed / TRANSFORMERS.tree / "__init__.py", chosen)
    rewrite(chosen, models)


@pytest.mark.parametrize("names", MODELS, ids=lambda names: names[0])
def test_models_run_hooked_and_equal(names: Sequence[str], tmp_path: Path) -> None:
    overlay_of(names, rewritten_folder(TRANSFORMERS.name, tmp_path))
    for side in SIDES:
        run_side(TRANSFORMERS, side, tmp_path, names, lambda **done: None)
    plain = ran_rows(held_rows(TRANSFORMERS, "plain", tmp_path))
    assert plain.keys() == set(names)
    totals = {
        side: summed(
            plain,
            held_rows(TRANSFORMERS, side, tmp_path),
            folder_of(TRANSFORMERS, side, tmp_path),
        )
        for side in ("hooked", "runtime")
    }
    for total in totals.values():
        assert total.failures == []
        assert total.equal == len(names)
        assert total.counts["fallback passed"] == total.counts["fallback calls"] > 0
    counts = totals["hooked"].counts
    assert counts["source passed"] >= 0.95 * counts["source calls"] > 0
    assert counts["source parameters seen"] >= 0.95 * counts["source parameters used"]
