"""`make zoo`: every package, one process each; what is done already is not done again.

python -m tests.zoo [PACKAGE …] [--every N] [--rows FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from rich.progress import Progress

from tests.zoo.packages import PACKAGES, Package, overlay, unpacked
from tests.zoo.results import write_results

MOST_CRASHES = 20


def run_text(package: Package, folder: Path, rows: Path, every: int) -> None:
    path = rows / f"{package.folder}.text.jsonl"
    command = [sys.executable, "-m", "tests.zoo.text", str(folder), str(path), str(every)]
    subprocess.run(command, check=False)


def run_models(package: Package, folder: Path, rows: Path, every: int) -> None:
    """The three sides. A process that dies costs the model that it was at."""
    spec = find_spec(package.folder)
    if spec is None or spec.origin is None:
        return
    installed = Path(spec.origin).parent
    rewritten = overlay(package, installed, folder)
    listing = f"from tests.zoo.{package.folder}_models import names; print(*names(), sep=chr(10))"
    names = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    ).stdout.split()[::every]
    for side in ("plain", "hooked", "runtime"):
        top = rewritten if side == "hooked" else installed.parent
        out = rows / f"{package.folder}.{side}.jsonl"
        path = os.pathsep.join([str(top), str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "tests.zoo.running", package.folder, side, str(out),
                   str(top / package.folder / package.tree), *names]  # fmt: skip
        for _ in range(MOST_CRASHES):
            ended = subprocess.run(
                command,
                env=os.environ | {"PYTHONPATH": path},
                stderr=subprocess.DEVNULL,
                check=False,
            )
            if ended.returncode == 0:
                break
            lines = out.read_text().splitlines() if out.exists() else []
            done = {json.loads(line)["name"] for line in lines}
            crashed = next((name for name in names if name not in done), None)
            if crashed is None:
                break
            with out.open("a") as file:
                row = {"name": crashed, "error": f"the process ended with {ended.returncode}"}
                file.write(json.dumps(row) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make zoo")
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="only every n-th file and model")
    parser.add_argument("--rows", type=Path, default=Path("build/zoo"))
    options = parser.parse_args()
    options.rows.mkdir(parents=True, exist_ok=True)
    chosen = [p for p in PACKAGES if not options.packages or p.name in options.packages]
    with Progress() as progress:
        for package in progress.track(chosen, description="packages"):
            progress.console.print(f"{package.name}: text")
            folder = unpacked(package, options.rows)
            run_text(package, folder, options.rows, options.every)
            if package.runs:
                progress.console.print(f"{package.name}: models")
                run_models(package, options.rows, options.rows, options.every)
            write_results(options.rows)


if __name__ == "__main__":
    main()
