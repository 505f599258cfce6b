"""`make zoo`: every package, its text and its models; what is done already is not done again.

python -m tests.zoo [PACKAGE …] [--every N] [--jobs N] [--folder FOLDER]

Rows stand in files that are named after the code that they were made with, so that a change of the
runtime makes anew what it runs. A change of the rewriter makes all text anew, and those rewritten
models of which it writes a file otherwise.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.zoo.made_with import complete_mark
from tests.zoo.packages import PACKAGES, Package, unpacked
from tests.zoo.processes import run_models, run_text
from tests.zoo.results import write_results


def main() -> None:
    parser = argparse.ArgumentParser(prog="make zoo")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--every", type=int, default=1, help="only every n-th file and model")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--folder", type=Path, default=Path("build/zoo"))
    options = parser.parse_args()
    known = [package.name for package in PACKAGES]
    for name in options.packages:
        if name not in known:
            parser.error(f"no package {name}; there are {', '.join(known)}")
    # whole: the files of a rewritten package are known by where they are
    folder = options.folder.resolve()
    rows = folder / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    chosen = [p for p in PACKAGES if not options.packages or p.name in options.packages]
    folders = {package: unpacked(package, folder) for package in chosen}

    writing = Lock()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress, ThreadPoolExecutor(options.jobs) as pool:

        def run(task: Callable[..., None], package: Package, what: str) -> None:
            bar = progress.add_task(f"{package.name}: {what}", total=None)
            task(
                package,
                folders[package],
                rows,
                options.every,
                lambda **done: progress.update(bar, **done),
            )
            with writing:
                write_results(rows)

        # the longest first
        jobs = [
            pool.submit(run, run_models, package, "models") for package in chosen if package.runs
        ]
        jobs += [pool.submit(run, run_text, package, "text") for package in chosen]
        for job in jobs:
            job.result()
    if not options.packages and options.every == 1:
        complete_mark(rows).touch()
    write_results(rows)


if __name__ == "__main__":
    main()
