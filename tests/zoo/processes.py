"""The processes of one package: its text in one, its models in one for each side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.zoo.comparing import Rows, read_rows
from tests.zoo.loaded_files import holding
from tests.zoo.made_with import rewritten_folder, rows_path
from tests.zoo.packages import Package, installed_folder, overlay

SECONDS_BETWEEN = 1.0
SIDES = ("plain", "runtime", "hooked")
Tell = Callable[..., Any]
"""Takes `completed` and `total`."""


def run_text(package: Package, folder: Path, rows: Path, every: int, tell: Tell) -> None:
    """A row for each file with a class."""
    files = len(list(folder.rglob("*.py"))[::every])
    out = rows_path(package, "text", rows)
    command = [sys.executable, "-m", "tests.zoo.text", str(folder), str(out), str(every)]
    _watched(command, os.environ, out, files, tell)


def run_models(package: Package, folder: Path, rows: Path, every: int, tell: Tell) -> None:
    """A row for each model on each side: as it is, rewritten, with `auto_hook` alone."""
    installed = installed_folder(package)
    listing = f"from tests.zoo.{package.folder}_models import names; print(*names(), sep=chr(10))"
    names = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    ).stdout.splitlines()[::every]
    for side in SIDES:
        if side == "hooked":
            overlay(package, installed, rewritten_folder(package.name, rows))
        run_side(package, side, rows, names, tell)
        if side == "plain":
            ran = ran_rows(held_rows(package, "plain", rows))
            names = [name for name in names if name in ran]


def top_of(package: Package, side: str, rows: Path) -> Path:
    """The folder that stands first on the path of a side: it has the package."""
    if side == "hooked":
        return rewritten_folder(package.name, rows)
    return installed_folder(package).parent


def folder_of(package: Package, side: str, rows: Path) -> Path:
    """Its code whose calls the hook points are to see."""
    return top_of(package, side, rows) / package.folder / package.tree


def held_rows(package: Package, side: str, rows: Path) -> Rows:
    """Those of the package as this side has it now."""
    folder = folder_of(package, side, rows)
    if not folder.is_dir():
        return {}  # rewritten by an earlier rewriter alone
    return holding(read_rows(rows_path(package, side, rows)), folder)


def ran_rows(rows: Rows) -> Rows:
    """Those of the models that ran."""
    return {name: row for name, row in rows.items() if "eval" in row}


def run_side(package: Package, side: str, rows: Path, names: Sequence[str], tell: Tell) -> None:
    """Runs the models that have no row of the package as this side has it."""
    held = held_rows(package, side, rows)
    names = [name for name in names if name not in held]
    if not names:
        return
    top, folder = top_of(package, side, rows), folder_of(package, side, rows)
    out = rows_path(package, side, rows)
    path = os.pathsep.join([str(top), str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "tests.zoo.running", package.folder, side, str(out),
               str(rows_path(package, "plain", rows)), str(folder), *names]  # fmt: skip
    _watched(command, environment, out, len(names), tell)


def _watched(
    command: Sequence[str], environment: Mapping[str, str], out: Path, total: int, tell: Tell
) -> None:
    """Runs a process and tells how many rows it has written."""
    before = _count(out)
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            tell(completed=_count(out) - before, total=total)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_BETWEEN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _count(rows: Path) -> int:
    return rows.read_bytes().count(b"\n") if rows.exists() else 0
