"""A bar on a terminal, and nothing where nobody would see it."""

from __future__ import annotations

import io

import pytest

from autohook_codegen.command.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(shown: bool) -> list[int]:
    seen = []
    with Progress(shown) as progress:
        with progress.during("hooking 2 files"):
            pass
        seen += progress.over([1, 2], "writing")
    return seen


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert run(shown=True) == [1, 2]
    assert "hooking 2 files" in terminal.getvalue()
    assert "writing" in terminal.getvalue()


def test_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", file := io.StringIO())
    assert run(shown=True) == [1, 2]
    assert file.getvalue() == ""


def test_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    assert run(shown=False) == [1, 2]
    assert terminal.getvalue() == ""
