"""A row holds for as long as the files that its model was made with have the text that they had."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.comparing import Rows
from tests.zoo.loaded_files import holding
from tests.zoo.running import in_a_process

NET = """\
from torch import nn

from small.base import Base


class Net(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)
"""
FILES = {
    "__init__.py": "",
    "base.py": "from torch import nn\n\n\nclass Base(nn.Module):\n    pass\n",
    "one.py": NET,
    "two.py": NET,
    "broken.py": "def\n",
}
NAMES = ("one", "two", "dies", "broken", "absent")


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    if name == "dies":
        os._exit(3)
    if name == "absent":
        raise NotBuiltError("not here")
    return import_module(f"small.{name}").Net(), Call((torch.ones(1, 2),), {})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package, and what the zoo knows of it."""
    folder = tmp_path / "small"
    folder.mkdir()
    for file, text in FILES.items():
        (folder / file).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    zoo = ModuleType("tests.zoo.small_models")
    vars(zoo)["model"] = model
    monkeypatch.setitem(sys.modules, zoo.__name__, zoo)
    return folder


@pytest.fixture
def rows(folder: Path) -> Rows:
    return {name: in_a_process(name, "small", "plain", str(folder), {}) for name in NAMES}


def test_a_row_says_which_files_its_own_process_loaded(rows: Rows) -> None:
    assert rows["one"]["files"] == ["__init__.py", "base.py", "one.py"]
    assert rows["two"]["files"] == ["__init__.py", "base.py", "two.py"]


def test_a_model_that_fails_may_have_been_stopped_by_any_file(rows: Rows) -> None:
    assert rows["dies"]["error"] == "the process ended with 3"
    assert rows["broken"]["error"].startswith("SyntaxError")
    assert rows["absent"]["not built"] == "not here"
    assert [rows[name]["files"] for name in ("dies", "broken", "absent")] == [None] * 3


def written(file: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_text(text) and None


CHANGES: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("nothing", lambda folder: None, set(NAMES)),
    ("a file of one", written("two.py", NET + "\n"), {"one"}),
    ("a file of both", written("base.py", FILES["base.py"] + "\n"), set()),
    ("a file of none of them", written("broken.py", "\n"), {"one", "two"}),
    ("a new file", written("three.py", NET), {"one", "two"}),
    ("a file that goes", lambda folder: (folder / "one.py").unlink(), {"two"}),
]


@pytest.mark.parametrize(
    ("change", "held"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES]
)
def test_rows_hold_until_a_file_of_theirs_changes(
    change: Callable[[Path], None], held: set[str], folder: Path, rows: Rows
) -> None:
    # as a later rewriter writes it: in another place
    later = folder.parent / "later"
    shutil.copytree(folder, later, ignore=shutil.ignore_patterns("__pycache__"))
    change(later)
    assert holding(rows, later).keys() == held
