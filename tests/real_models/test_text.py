"""Modeling files of the installed transformers as text. `make zoo` takes every one of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.zoo.text_invariants import breaches

EVERY = 20
ALWAYS = ("llama", "gpt2", "bert", "mamba", "mixtral", "t5")


def modeling_files() -> list[Path]:
    specification = find_spec("transformers")
    assert specification is not None
    folder = Path(next(iter(specification.submodule_search_locations or ())), "models")
    return sorted(folder.glob("*/modeling_*.py"))


FILES = [
    path
    for number, path in enumerate(modeling_files())
    if number % EVERY == 0 or path.stem.removeprefix("modeling_") in ALWAYS
]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FILES])
def test_rewritten_and_back(path: Path) -> None:
    text = path.read_bytes().decode()
    assert "nn.Module" in text or "PreTrainedModel" in text
    assert [(breach.invariant, breach.detail) for breach in breaches(text)] == []
