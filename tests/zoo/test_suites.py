"""How a suite's tests are chosen, and compared between the plain and the rewritten package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.zoo.comparing import read_rows
from tests.zoo.packages import Package
from tests.zoo.suite_process import spread
from tests.zoo.suites import Suite, compared

SUITE = Suite(Package("net", "1", "net"), ("tests",), apart={"*script*": "torch.jit.script"})
TESTS = """\
import pytest
import torch


@pytest.mark.parametrize("size", range(10))
def test_cases(size):
    torch.nn.Linear(2, 2)(torch.ones(1, 2))


def test_number():
    assert 1 + 1 == 3


def test_compiled():
    torch.nn.Linear(2, 2)(torch.ones(1, 2))
"""


def test_cases_are_spread() -> None:
    items = list(range(10))
    assert spread(items, 3) == [0, 3, 6]  # type: ignore[arg-type,comparison-overlap]
    assert spread(items, 12) == items  # type: ignore[arg-type,comparison-overlap]


def test_a_suite_runs_and_says_what_runs_modules(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "test_net.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").touch()
    plain, hooked = tmp_path / "plain.jsonl", tmp_path / "hooked.jsonl"
    for out in (plain, hooked):
        command = [
            sys.executable,
            "-m",
            "tests.zoo.suite_process",
            tmp_path,
            out,
            "4",
            plain,
            "tests",
        ]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], capture_output=True)
    rows = read_rows(plain)
    assert {
        name.rpartition("::")[2]: (row["outcome"], row["runs"]) for name, row in rows.items()
    } == {
        "test_cases[0]": ("passed", True),
        "test_cases[2]": ("passed", True),
        "test_cases[5]": ("passed", True),
        "test_cases[7]": ("passed", True),
        "test_number": ("failed", False),
        # looking into a test that compiles would change what it compiles
        "test_compiled": ("passed", False),
    }
    # the second side runs what the first passes
    assert read_rows(hooked) == {
        name: row for name, row in rows.items() if row["outcome"] == "passed"
    }


def test_what_the_plain_package_fails_does_not_count() -> None:
    passed, failed = ({"outcome": outcome, "runs": True} for outcome in ("passed", "failed"))
    plain = {"one": passed, "two": failed, "three": passed, "test_script": passed, "four": passed}
    hooked = {"one": passed, "two": failed, "three": failed | {"error": ["", "ValueError: no"]},
              "test_script": failed}  # fmt: skip
    result = compared(SUITE, plain, hooked)
    assert (result.tests, result.plain_passes, result.rewritten_passes) == (5, 4, 1)
    assert result.apart == {"test_script": "torch.jit.script"}
    assert result.failures == ["four: missing", "three: ValueError: no"]
