"""`make suites`: other packages' own tests, on the package as it is and on the rewritten one.

python -m tests.zoo.run_suites [PACKAGE …] [--cases N] [--folder FOLDER]

The tests and the package come from the source distribution. Rows stand in files that are named
after the code that they were made with, and after the texts of the rewritten package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.zoo.packages import Package, rewrite
from tests.zoo.results import write_results
from tests.zoo.suites import CASES, SUITES, Suite, compared_suites, rewritten_suite, suite_rows_path

ROOT = Path(__file__).parents[2]


def source_tree(package: Package, folder: Path) -> Path:
    """The source distribution, downloaded and unpacked below `folder` where it is not there yet."""
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    target = folder / "sources" / stem
    if not target.is_dir():
        archives = folder / "archives"
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
             ":all:", "-d", str(archives), f"{package.name}=={package.version}"],
            check=True,
        )  # fmt: skip
        half = target.with_suffix(".half")
        with tarfile.open(archives / f"{stem}.tar.gz") as archive:
            archive.extractall(half, filter="data")
        (half / stem).rename(target)
    return target


def rewritten_tree(suite: Suite, original: Path, rows: Path) -> Path:
    """The tree with the package rewritten and the tests as they were."""
    target = rewritten_suite(suite, rows)
    if not target.is_dir():
        half = target.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(original, half)
        rewrite(original / suite.package.folder, half / suite.package.folder)
        for file in suite.files:
            if (original / file).is_dir():
                shutil.copytree(original / file, half / file, dirs_exist_ok=True)
        half.rename(target)
    return target


def run_suite(suite: Suite, folder: Path, cases: int) -> None:
    """A row for each test on each side."""
    original = source_tree(suite.package, folder)
    rows = folder / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    for side in ("plain", "hooked"):
        tree = original if side == "plain" else rewritten_tree(suite, original, rows)
        out = suite_rows_path(suite, side, cases, rows)
        if out.exists():
            continue
        half = out.with_suffix(".half")
        half.unlink(missing_ok=True)
        plain = suite_rows_path(suite, "plain", cases, rows)
        command = [sys.executable, "-m", "tests.zoo.suite_process", str(tree), str(half),
                   str(cases), str(plain), *suite.files]  # fmt: skip
        print(f"{suite.package.name}, {side} …", flush=True)
        subprocess.run(
            command,
            env=os.environ | suite.environment,
            cwd=ROOT,
            check=True,
            stdout=half.with_suffix(".log").open("w"),
            stderr=subprocess.STDOUT,
        )
        half.rename(out)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make suites")
    names = [suite.package.name for suite in SUITES]
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", default=names)
    parser.add_argument("--cases", type=int, default=CASES, help="of a test, at most so many")
    parser.add_argument("--folder", type=Path, default=Path("build/zoo"))
    options = parser.parse_args()
    for name in options.packages:
        if name not in names:
            parser.error(f"no suite of {name}; there are {', '.join(names)}")
    folder = options.folder.resolve()
    for suite in SUITES:
        if suite.package.name in options.packages:
            run_suite(suite, folder, options.cases)
    write_results(folder / "rows")
    for name, result in compared_suites(folder / "rows", options.cases).items():
        print(
            f"{name}: {result.tests} tests, {result.run_models} run models; the plain package"
            f" passes {result.plain_passes}, the rewritten one {result.rewritten_passes} of them"
        )
        for failure in result.failures:
            print(f"  {failure}")


if __name__ == "__main__":
    main()
