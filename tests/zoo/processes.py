"""The processes of one package: its text in one, its models in one for each side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.zoo.comparing import Rows, read_rows
from tests.zoo.made_with import rewriter_digest, rows_path
from tests.zoo.packages import Package, installed_folder, overlay

SECONDS_BETWEEN = 1.0
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
    target = rows / "rewritten" / rewriter_digest() / package.name
    for side in ("plain", "runtime", "hooked"):
        top = overlay(package, installed, target) if side == "hooked" else installed.parent
        folder = top / package.folder / package.tree
        run_side(package, side, top, folder, rows, names, tell)
        if side == "plain":
            ran = ran_rows(read_rows(rows_path(package, "plain", rows)))
            names = [name for name in names if name in ran]


def ran_rows(rows: Rows) -> Rows:
    """Those of the models that ran."""
    return {name: row for name, row in rows.items() if "eval" in row}


def run_side(
    package: Package,
    side: str,
    top: Path,
    folder: Path,
    rows: Path,
    names: Sequence[str],
    tell: Tell,
) -> None:
    """Runs the models with `top` first on the path. A process that dies costs the model that it
    was at, and another one goes on with the next."""
    out = rows_path(package, side, rows)
    path = os.pathsep.join([str(top), str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "tests.zoo.running", package.folder, side, str(out),
               str(rows_path(package, "plain", rows)), str(folder), *names]  # fmt: skip
    while True:
        code = _watched(command, environment, out, len(names), tell)
        done = read_rows(out)
        died_at = next((name for name in names if name not in done), None)
        if died_at is None:
            return
        with out.open("a") as file:
            row = {"name": died_at, "error": f"the process ended with {code}"}
            file.write(json.dumps(row) + "\n")


def _watched(
    command: Sequence[str], environment: Mapping[str, str], out: Path, total: int, tell: Tell
) -> int:
    """Runs a process and tells how many rows it has written."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while True:
            done = out.read_bytes().count(b"\n") if out.exists() else 0
            tell(completed=done, total=total)
            try:
                return process.wait(SECONDS_BETWEEN)
            except subprocess.TimeoutExpired:
                continue
