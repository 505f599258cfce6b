"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from rich.progress import Progress as Bar

__all__ = ["Progress"]

Item = TypeVar("Item")


class Progress:
    """Shows how far a run over many files is; shows nothing where nobody would see it."""

    def __init__(self, shown: bool) -> None:
        self.bar: Bar | None = None
        self.stack = ExitStack()
        if shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self.bar = Bar(console=Console(stderr=True), transient=True)

    def __enter__(self) -> Progress:
        if self.bar is not None:
            self.stack.enter_context(self.bar)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stack.close()

    def over(self, items: Sequence[Item], doing: str) -> Iterator[Item]:
        """The items, one step of the bar for each."""
        if self.bar is None:
            yield from items
        else:
            yield from self.bar.track(items, description=doing)

    @contextmanager
    def during(self, doing: str) -> Iterator[None]:
        """A bar that moves while something runs that tells nothing about itself."""
        if self.bar is None:
            yield
            return
        task = self.bar.add_task(doing, total=None)
        try:
            yield
        finally:
            self.bar.update(task, total=1, completed=1)
