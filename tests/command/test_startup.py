"""What the command loads: as little as it can, and never what the model imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FIXTURE = str(Path(__file__).parents[2] / "fixtures" / "decoder.py")
HOOKED = (Path(FIXTURE).parent / "decoder.hooked.py").read_bytes()
SCRIPT = """
import sys
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
        ([FIXTURE], ["libcst", "black"]),
        ([FIXTURE, "--diff"], ["libcst", "black", "rich"]),
    ],
)
def test_what_is_loaded(arguments: list[str], loaded: list[str]) -> None:
    assert run(*arguments)[1] == loaded


def test_the_text() -> None:
    assert run(FIXTURE)[0] == HOOKED


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "autohook_codegen", FIXTURE]
    assert subprocess.run(command, capture_output=True, check=True).stdout == HOOKED
