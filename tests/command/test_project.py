"""What the command learns from the folders around a file: line length and package."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autohook_codegen.command import main
from autohook_codegen.command.line_length import project_line_length
from autohook_codegen.command.package import package_of


@pytest.mark.parametrize(
    ("project", "length"),
    [
        ("", 88),
        ("[tool.black]\nline-length = 100\n", 100),
        ("[tool.ruff]\nline-length = 120\n", 120),
        ("[tool.ruff]\nline-length = 120\n[tool.black]\nline-length = 100\n", 100),
        ("[tool.ruff]\nline-length = 120\n[tool.black]\npreview = true\n", 120),
        ("[tool.black]\npreview = true\n", 88),
        ("[tool.black]\nline-length = 'long'\n", 88),
        ("tool = 1\n", 88),
        ("[[[ not TOML", 88),
    ],
)
def test_line_length(project: str, length: int, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / ".git").mkdir()
    (tmp_path / "package").mkdir()
    assert project_line_length(tmp_path / "package") == length


def test_the_nearest_project_that_speaks_of_layout_counts(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n")
    (inner / "pyproject.toml").write_text("[project]\nname = 'inner'\n")
    assert project_line_length(inner) == 100
    (tmp_path / "outer" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert project_line_length(inner) == 88


def test_a_repository_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 100\n")
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    assert project_line_length(tmp_path / "clone") == 88


def test_package_of(tmp_path: Path) -> None:
    models = tmp_path / "lib" / "zoo" / "models"
    models.mkdir(parents=True)
    assert package_of(models) == ""
    (models / "__init__.py").write_text("")
    assert package_of(models) == "models"
    (models.parent / "__init__.py").write_text("")
    assert package_of(models) == "zoo.models"
    assert package_of(models.parent.parent) == ""


def test_a_file_that_leaves_its_package_gets_absolute_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("zoo").mkdir()
    Path("zoo/__init__.py").write_text("")
    Path("zoo/model.py").write_text("from .layer import Layer\n")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["zoo/model.py", *arguments])
        assert result.exit_code == 0
        return result.stderr

    said = run("-o", "hooked.py")
    assert Path("hooked.py").read_text() == "from zoo.layer import Layer\n"
    assert "zoo/model.py:1:6: the output leaves zoo" in said
    assert "[absolute-import]" in said
    run("-o", "zoo/hooked.py")
    assert Path("zoo/hooked.py").read_text() == "from .layer import Layer\n"
    run("--in-place")
    assert Path("zoo/model.py").read_text() == "from .layer import Layer\n"
