"""`autohook-gen DIR -o DIR`: Python files rewritten together, everything else copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autohook_codegen.command import main

LAYER = """\
from torch import nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(1, 1)

    def forward(self, x):
        return self.fc(x)
"""
MODEL = """\
from zoo.nn.layer import Layer

from ..sizes import SIZE
from .layer import Layer as AnotherLayer


class Model(Layer):
    def forward(self, x):
        return self.fc(x) + SIZE
"""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    zoo = Path("zoo")
    (zoo / "nn" / "__pycache__").mkdir(parents=True)
    (zoo / "__init__.py").write_text("")
    (zoo / "sizes.py").write_text("SIZE  =  1\n")
    (zoo / "nn" / "__init__.py").write_text("")
    (zoo / "nn" / "layer.py").write_text(LAYER)
    (zoo / "nn" / "model.py").write_text(MODEL)
    (zoo / "nn" / "weights.bin").write_bytes(b"\x00\xff")
    (zoo / "nn" / "__pycache__" / "layer.pyc").write_bytes(b"")
    (zoo / "README.md").symlink_to("nn/weights.bin")
    return zoo


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def files(folder: str) -> dict[str, bytes]:
    top = Path(folder)
    return {
        str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()
    }


def test_a_tree_is_rewritten_and_the_rest_copied() -> None:
    result = run("zoo", "-o", "out")
    assert result.exit_code == 0, result.output
    before, after = files("zoo"), files("out")
    assert before.keys() - after.keys() == {"nn/__pycache__/layer.pyc"}
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"nn/layer.py", "nn/model.py"}
    assert Path("out/README.md").is_symlink()
    assert b"self.fc_hook_point = HookPoint()" in after["nn/layer.py"]
    # what a class inherits from another file of the tree is known
    assert b"self.fc_hook_point(self.fc(x))" in after["nn/model.py"]
    assert "2 files copied" in result.stderr


def test_imports_inside_the_tree_stay_relative() -> None:
    assert run("zoo", "-o", "out").exit_code == 0
    text = Path("out/nn/model.py").read_text()
    assert "from ..sizes import SIZE" in text
    assert "from .layer import Layer as AnotherLayer" in text


def test_imports_that_reach_out_of_the_tree_become_absolute() -> None:
    result = run("zoo/nn", "-o", "out")
    text = Path("out/model.py").read_text()
    assert "from zoo.sizes import SIZE" in text
    assert "from .layer import Layer as AnotherLayer" in text
    assert "model.py:3:6: " in result.stderr


def test_check_and_diff_write_nothing() -> None:
    before = files(".")
    result = run("zoo", "-o", "out", "--check")
    assert (result.exit_code, files(".")) == (1, before)
    assert "would be written" in result.stderr
    result = run("zoo", "--diff")
    assert (result.exit_code, files(".")) == (0, before)
    assert "+++ zoo/nn/layer.py" in result.stdout
    assert run("zoo", "-o", "out").exit_code == 0
    assert run("zoo", "-o", "out", "--check").exit_code == 0


def test_in_place_and_back() -> None:
    before = files("zoo")
    assert run("zoo", "--in-place", "--no-format").exit_code == 0
    changed = {name for name, content in files("zoo").items() if content != before[name]}
    assert changed == {"nn/layer.py", "nn/model.py"}
    assert run("zoo", "--in-place", "--strip", "--no-format").exit_code == 0
    assert files("zoo") == before


def test_list_names_the_file_of_each_site() -> None:
    rows = run("zoo", "--list").stdout.splitlines()[1:]
    assert {row.split(":")[0] for row in rows} == {"zoo/nn/layer.py", "zoo/nn/model.py"}


def test_out_may_lie_inside() -> None:
    assert run("zoo", "-o", "zoo/hooked").exit_code == 0
    assert run("zoo", "-o", "zoo/hooked").exit_code == 0
    assert not Path("zoo/hooked/hooked").exists()


def test_one_broken_file_and_nothing_is_written() -> None:
    Path("zoo/broken.py").write_text("x = = 1\n")
    Path("zoo/also.py").write_text("\ny = = 1\n")
    Path("zoo/binary.py").write_bytes(b"\x00")
    before = files(".")
    result = run("zoo", "-o", "out")
    assert (result.exit_code, files(".")) == (123, before)
    assert sorted(result.stderr.splitlines()) == [
        "error: cannot hook zoo/also.py:2:5: invalid syntax: y = = 1",
        "error: cannot hook zoo/binary.py: not a Python file: it holds null bytes",
        "error: cannot hook zoo/broken.py:1:5: invalid syntax: x = = 1",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zoo"], "error: cannot hook zoo: is a directory; say where the hooked tree goes"),
        (["zoo", "-o", "zoo/"], "-o names the folder itself; use --in-place"),
        (["zoo", "-o", "zoo/sizes.py"], "is a file, and the hooked tree needs a directory"),
    ],
)
def test_where_a_tree_cannot_go(arguments: list[str], message: str) -> None:
    before = files(".")
    result = run(*arguments)
    assert (result.exit_code, files(".")) == (123, before)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
