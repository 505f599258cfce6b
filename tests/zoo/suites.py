"""Other packages' own tests, and how they come out on the rewritten package and on the plain one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.zoo.comparing import Rows, read_rows
from tests.zoo.loaded_files import tree_digest
from tests.zoo.made_with import RUNTIME, code_digest, rewritten_folder
from tests.zoo.packages import Package

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


def rewritten_suite(suite: Suite, rows: Path) -> Path:
    """Where the tree stands whose package is rewritten by the rewriter as it is."""
    return rewritten_folder(f"{suite.package.name}-tests", rows)


def suite_rows_path(suite: Suite, side: str, cases: int, rows: Path) -> Path:
    """Where the rows of a side stand, `plain` or `hooked`: those of the rewritten package are named
    after its texts."""
    running: Sequence[str] = ("tests/zoo/suite_process.py",)
    made_with = code_digest(running)
    if side == "hooked":
        texts = tree_digest(rewritten_suite(suite, rows) / suite.package.folder)
        made_with = f"{code_digest((*running, *RUNTIME))}.{texts}"
    name = f"{suite.package.name}-{suite.package.version}"
    return rows / f"{name}.suite-{cases}.{side}.{made_with}.jsonl"


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
