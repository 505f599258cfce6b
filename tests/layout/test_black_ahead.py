"""The process that loads black while this one does something else."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from autohook_codegen.layout import Span, batch, lay_out
from autohook_codegen.layout.black_ahead import black_ahead

CODE = "x = self.b( x )\n"
AFTER = "x = self.b(x)\n"


@pytest.fixture(autouse=True)
def one_thread_on_two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def laid_out() -> str:
    return lay_out(CODE, [Span(0, len(CODE))], 88)


def open_files() -> set[str]:
    return {path.name for path in Path("/dev/fd").iterdir()}


def test_the_first_call_goes_there_and_later_ones_stay_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here: list[int] = []
    real = batch.lay_out_here

    def counted(*arguments: object) -> list[str]:
        here.append(os.getpid())
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "lay_out_here", counted)
    with black_ahead():
        assert laid_out() == AFTER
        assert here == []
        assert laid_out() == AFTER
        assert here == [os.getpid()]
    assert laid_out() == AFTER


def test_a_process_that_died_is_no_matter() -> None:
    with black_ahead():
        process = batch.lay_out_elsewhere.get().__self__  # type: ignore[union-attr]
        os.kill(process.pid, signal.SIGKILL)
        os.waitpid(process.pid, 0)
        assert laid_out() == AFTER


def test_nothing_is_left_behind() -> None:
    before = open_files()
    with black_ahead():
        process = batch.lay_out_elsewhere.get().__self__  # type: ignore[union-attr]
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    assert open_files() == before
    assert batch.lay_out_elsewhere.get() is None


def test_no_fork_among_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with black_ahead():
        assert batch.lay_out_elsewhere.get() is None
        assert laid_out() == AFTER
