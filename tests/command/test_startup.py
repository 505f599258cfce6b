"""What the command loads: as little as it can, and never what the model imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FIXTURE = str(Path(__file__).parents[2] / "fixtures" / "decoder.py")
HOOKED = (Path(FIXTURE).parent / "decoder.hooked.py").read_bytes()
SCRIPT = """
import os, sys
sys.platform = "linux"
os.sched_getaffinity = lambda process: {0, 1}
from autohook_codegen.command import main
try:
    main(sys.argv[1:], prog_name="autohook-gen")
finally:
    heavy = ("torch", "transformer_lens", "libcst", "black", "rich")
    print(*(name for name in heavy if name in sys.modules), file=sys.stderr)
"""


def run(*arguments: str) -> tuple[bytes, list[str]]:
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, check=True
    )
    return process.stdout, process.stderr.decode().splitlines()[-1].split()


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        (["--help"], []),
        ([FIXTURE, "--no-format"], ["libcst"]),
        ([FIXTURE], ["libcst"]),  # black is loaded by a process beside
        ([FIXTURE, "--diff"], ["libcst", "rich"]),
    ],
)
def test_what_is_loaded(arguments: list[str], loaded: list[str]) -> None:
    assert run(*arguments)[1] == loaded


def test_black_beside_gives_the_same_text() -> None:
    assert run(FIXTURE)[0] == HOOKED


def test_the_classes_of_libcst_behave_as_ever() -> None:
    script = """
import dataclasses
real = dataclasses.dataclass
from autohook_codegen.command.libcst_sooner import load_libcst
load_libcst()
assert dataclasses.dataclass is real
import libcst as cst
from libcst.metadata import CodePosition
name = cst.Name("x")
assert name != cst.Name("x") and len({name, cst.Name("x")}) == 2
assert name.with_changes(value="y").value == "y" and name.value == "x"
assert name.deep_clone().deep_equals(name)
assert CodePosition(1, 2) == CodePosition(1, 2)
assert len({CodePosition(1, 2), CodePosition(1, 2), CodePosition(1, 3)}) == 2

@dataclasses.dataclass(frozen=True)
class Subclass(cst.Name):
    more: int = 1
assert Subclass("x").more == 1 and Subclass("x").with_changes(more=2).more == 2

try:
    name.other = 1
except AttributeError:
    print("slots")
"""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert process.stdout == b"slots\n"


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "autohook_codegen", FIXTURE]
    assert subprocess.run(command, capture_output=True, check=True).stdout == HOOKED
