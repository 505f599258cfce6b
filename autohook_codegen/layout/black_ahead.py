"""A second process that loads black while this one loads libcst and decides what changes.

Loading black takes a fifth of what `autohook-gen` takes on a file, loading libcst two fifths, and
neither needs the other.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from autohook_codegen.layout import batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["black_ahead"]


@contextmanager
def black_ahead() -> Iterator[None]:
    """Inside, the first call for layout goes to a process that has black ready.

    Changes nothing where a fork is not surely safe, or where there is but one processor.
    """
    if sys.platform != "linux" or threading.active_count() > 1 or len(os.sched_getaffinity(0)) < 2:
        yield
        return
    process = _BlackProcess()
    before = batch.lay_out_elsewhere.set(process.lay_out)
    try:
        yield
    finally:
        batch.lay_out_elsewhere.reset(before)
        process.end()


class _BlackProcess:
    def __init__(self) -> None:
        request, self.request = os.pipe()
        self.answer, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.request)
            os.close(self.answer)
            _serve(request, answer)
        os.close(request)
        os.close(answer)

    def lay_out(
        self, statements: Sequence[str], line_length: int, python: tuple[int, int] | None
    ) -> list[str] | None:
        """As `batch.lay_out_statements`; None if the process cannot."""
        if self.request < 0:
            return None
        try:
            with os.fdopen(self.request, "wb") as request:
                self.request = -1
                marshal.dump((list(statements), line_length, python), request)
            with os.fdopen(self.answer, "rb", closefd=False) as answer:
                laid_out: list[str] = marshal.load(answer)
        except (OSError, EOFError, ValueError, TypeError):
            return None
        return laid_out

    def end(self) -> None:
        if self.request >= 0:
            os.close(self.request)
        os.close(self.answer)
        with suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def _serve(request: int, answer: int) -> None:
    """Answer one request, in the forked process, and end it before anything of its parent runs."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        import black  # noqa: F401

        with os.fdopen(request, "rb") as file:
            statements, line_length, python = marshal.load(file)
        with os.fdopen(answer, "wb") as file:
            marshal.dump(batch.lay_out_here(statements, line_length, python), file)
    finally:
        os._exit(0)
