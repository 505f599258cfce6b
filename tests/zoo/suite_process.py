"""Runs a package's own tests in the tree that stands at FOLDER, and writes down a row for each.

    python -m tests.zoo.suite_process FOLDER ROWS.jsonl CASES PLAIN_ROWS.jsonl FILE [FILE …]

Of a test that is given many cases, CASES spread over all of them run; where the plain package has
rows, those that it passes. A row says how the test came out, and whether it called a module; of
tests that compile, trace or export that is not asked.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from tests.zoo.comparing import read_rows
from tests.zoo.running import TooSlow, time_limit
from tests.zoo.torchvision_operators import declare_operators

SECONDS = 60
"""Of a test on the plain package; the rewritten one may take longer, on a machine that is busy."""
COMPILES = re.compile(r"script|compile|trac|export|fx|dynamo|fullgraph|onnx", re.IGNORECASE)


class Rows:
    """Chooses the cases and writes the rows."""

    def __init__(self, out: Path, cases: int, plain: Path) -> None:
        self.out, self.cases = out, cases
        rows = read_rows(plain)
        self.passed = {name for name, row in rows.items() if row["outcome"] == "passed"}
        self.seconds = 10 * SECONDS if rows else SECONDS
        self.called = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.passed:
            items[:] = [item for item in items if item.nodeid in self.passed]
            return
        tests: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            tests[item.nodeid.partition("[")[0]].append(item)
        items[:] = [item for cases in tests.values() for item in spread(cases, self.cases)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.called = False
        original = nn.Module.__call__

        def seen(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            self.called = True
            return original(module, *args, **kwargs)

        try:
            if not COMPILES.search(item.nodeid):
                nn.Module.__call__ = seen  # type: ignore[assignment,method-assign]
            with time_limit(self.seconds):
                return (yield)
        except TooSlow as error:
            raise TimeoutError(str(error)) from None
        finally:
            nn.Module.__call__ = original  # type: ignore[method-assign]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            row = {"name": report.nodeid, "outcome": report.outcome, "runs": self.called}
            if report.failed:
                row["error"] = report.longreprtext.strip().splitlines()[-40:]
            with self.out.open("a") as rows:
                rows.write(json.dumps(row) + "\n")


def spread(cases: list[pytest.Item], count: int) -> list[pytest.Item]:
    """`count` of the cases, or all if there are no more.

    >>> spread(list("abcdefgh"), 3)
    ['a', 'c', 'f']
    """
    if len(cases) <= count:
        return cases
    return [cases[number * len(cases) // count] for number in range(count)]


def main() -> None:
    folder, out, cases, plain, *files = sys.argv[1:]
    rows = Rows(Path(out).resolve(), int(cases), Path(plain).resolve())
    declare_operators()
    leave_our_tests(folder)
    # the package's own configuration, or none, but not ours above it
    options = ["-c", "pyproject.toml", "-p", "no:cacheprovider", "-p", "no:xdist", "-q"]
    pytest.main(
        [*options, "--continue-on-collection-errors", *files],
        plugins=[rows],
    )


def leave_our_tests(folder: str) -> None:
    """The suite's folder is named `tests` too, and comes first from here on."""
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]
    os.chdir(folder)
    sys.path[0] = str(Path.cwd())


if __name__ == "__main__":
    main()
