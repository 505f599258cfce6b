"""`make suites`: other packages' own tests, on the package as it is and on the rewritten one.

python -m tests.zoo.suites [PACKAGE …] [--cases N] [--folder FOLDER]

The tests and the package come from the source distribution. Rows stand in files that are named
after the code that they were made with, as those of `make zoo` do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.zoo.comparing import Rows, read_rows
from tests.zoo.made_with import code_digest, rewriter_digest
from tests.zoo.packages import Package, rewrite

ROOT = Path(__file__).parents[2]
CASES = 12


@dataclass(frozen=True)
class Suite:
    """The tests of one package."""

    package: Package
    files: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)
    """Patterns of tests that a rewritten package need not pass, each with what they test."""


SCRIPT = "torch.jit.script"
SUITES: Sequence[Suite] = (
    Suite(
        Package("timm", "1.0.31", "timm"),
        (
            "tests/test_models.py",
            "tests/test_layers.py",
            "tests/test_layers_drop.py",
            "tests/test_layers_pool.py",
            "tests/test_layers_pos_embed.py",
            "tests/test_input_conv.py",
            "tests/test_model_input.py",
            "tests/test_prune.py",
            "tests/test_task.py",
        ),
        # the suite's own choice of models that fit a small machine
        environment={"GITHUB_ACTIONS": "1"},
        apart={"*torchscript*": SCRIPT, "*_script*": SCRIPT},
    ),
    Suite(
        Package("vit-pytorch", "1.26.11", "vit_pytorch"),
        ("tests",),
    ),
    Suite(
        Package("neuraloperator", "2.0.0", "neuralop"),
        ("neuralop/models/tests", "neuralop/layers/tests"),
    ),
)


def suite_rows_path(suite: Suite, side: str, cases: int, rows: Path) -> Path:
    """Where the rows of a side stand: `plain` or `hooked`."""
    digest = code_digest(("tests/zoo/suite_process.py",))
    made_with = digest if side == "plain" else f"{digest}.{rewriter_digest()}"
    name = f"{suite.package.name}-{suite.package.version}"
    return rows / f"{name}.suite-{cases}.{side}.{made_with}.jsonl"


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


def rewritten_tree(suite: Suite, original: Path, target: Path) -> Path:
    """The tree with the package rewritten and the tests as they were."""
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
    rewritten = rows / "rewritten" / rewriter_digest() / f"{suite.package.name}-tests"
    for side in ("plain", "hooked"):
        out = suite_rows_path(suite, side, cases, rows)
        if out.exists():
            continue
        half = out.with_suffix(".half")
        half.unlink(missing_ok=True)
        tree = original if side == "plain" else rewritten_tree(suite, original, rewritten)
        command = [sys.executable, "-m", "tests.zoo.suite_process", str(tree), str(half),
                   str(cases), *suite.files]  # fmt: skip
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


@dataclass(frozen=True)
class Compared:
    """A suite on the rewritten package against the plain one."""

    tests: int
    run_models: int
    plain_passes: int
    rewritten_passes: int
    """Of those that the plain one passes."""
    apart: Mapping[str, str]
    """Tests that it need not pass and does not, each with what they test."""
    failures: Sequence[str]
    """Tests that it should pass and does not, each with its error."""


def compared(suite: Suite, plain: Rows, hooked: Rows) -> Compared:
    passes = {name for name, row in plain.items() if row["outcome"] == "passed"}
    apart: dict[str, str] = {}
    failures = []
    for name in sorted(passes):
        row = hooked.get(name, {"outcome": "missing"})
        if row["outcome"] == "passed":
            continue
        kinds = [kind for pattern, kind in suite.apart.items() if fnmatch(name, pattern)]
        if kinds:
            apart[name] = kinds[0]
        else:
            failures.append(f"{name}: {row.get('error', [row['outcome']])[-1]}")
    return Compared(
        len(plain),
        sum(plain[name]["runs"] for name in passes),
        len(passes),
        len(passes) - len(apart) - len(failures),
        apart,
        failures,
    )


def compared_suites(rows: Path, cases: int = CASES) -> dict[str, Compared]:
    """Those that have run on both sides, by package."""
    found = {}
    for suite in SUITES:
        paths = [suite_rows_path(suite, side, cases, rows) for side in ("plain", "hooked")]
        if all(path.exists() for path in paths):
            found[suite.package.name] = compared(suite, *map(read_rows, paths))
    return found


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
    for name, result in compared_suites(folder / "rows", options.cases).items():
        print(
            f"{name}: {result.tests} tests, {result.run_models} run models; the plain package"
            f" passes {result.plain_passes}, the rewritten one {result.rewritten_passes} of them"
        )
        for failure in result.failures:
            print(f"  {failure}")


if __name__ == "__main__":
    main()
