"""Writes `RESULTS.md` from the rows that stand so far."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from tests.zoo.comparing import Rows, summed
from tests.zoo.made_with import ROOT, complete_mark, rows_path
from tests.zoo.packages import PACKAGES, Package
from tests.zoo.processes import folder_of, held_rows, ran_rows
from tests.zoo.suites import Compared, compared_suites

ABSOLUTE = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)+(?=[\w.-]+/)")
"""Of a path, all but the last folder and the file: where the package lies is nobody's business."""
LONGEST = 160
RESULTS = Path(__file__).with_name("RESULTS.md")
BESIDE = ("torch", "torchvision", "transformers", "transformer-lens", "libcst")
HEAD = """# The zoo: other people's models

Written by `make zoo` and `make suites`. *Text*: files with classes, each rewritten, compiled, rewritten again, stripped, and looked at for
lines that gain nothing. *Runs*: models that ran as their package has them, against the rewritten package, and against
`auto_hook` alone, each side in a process of its own. *Equal*: state dict, outputs, gradients, random numbers (in
evaluation and in training), the calls of modules, and the cache against clones. *Source*: of the calls that the rewritten
code made, those whose result passed a hook point in the source; of the parameters in use, those that one saw. *Neither hooked
nor named*: the calls that no hook point in the source saw, and that `autohook-gen -v` does not name: neither in a note, nor as left
to the fallback. *Fallback*:
of the calls of all modules, those that passed any hook point. *Suites*: packages' own tests, of each test some cases: how many
pass on the rewritten package of those that pass on the plain one.
"""
TEXT = ("package", "files with classes", "all invariants hold")
RUNS = (
    "package",
    "tried",
    "not built here",
    "not run unhooked",
    "ran unhooked",
    "rewritten: equal",
    "source: calls",
    "neither hooked nor named",
    "source: parameters",
    "fallback: calls",
    "auto_hook alone: equal",
    "auto_hook alone: calls",
)

SUITES = (
    "package",
    "tests",
    "that run models",
    "the plain package passes",
    "the rewritten one of these",
    "apart",
)


def write_results(rows: Path) -> None:
    text, runs, failures, apart = [], [], [], []
    for package in PACKAGES:
        path = rows_path(package, "text", rows)
        if path.exists():
            row, found = _text(package, path)
            text.append(row)
            failures += found
        plain = held_rows(package, "plain", rows) if package.runs else {}
        if plain:
            row, found = _runs(package, plain, rows)
            runs.append(row)
            failures += found
            apart += _not_run(package, plain)
    suites = compared_suites(rows)
    for name, suite in suites.items():
        failures += [f"- {name}, suite: {_line(failure)}" for failure in suite.failures]
    versions = ", ".join(f"{name} {version(name)}" for name in BESIDE)
    parts = [
        HEAD,
        f"Of {measured_code()}, Python {platform.python_version()}, {versions}."
        + ("" if complete_mark(rows).exists() else " **A part of the whole.**"),
        "## Text",
        _table(TEXT, text),
        "## Runs",
        _table(RUNS, runs),
        "## Suites",
        _table(SUITES, [_suite(name, suite) for name, suite in suites.items()]),
        "Tests apart, each with what it tests:",
        "\n".join(_apart(suites)) or "None.",
        "## Every failure",
        "\n".join(failures) or "None.",
        "## What does not run here without hooks",
        "\n".join(apart) or "None.",
    ]
    RESULTS.write_text(ABSOLUTE.sub("", "\n\n".join(parts)) + "\n")


def measured_code() -> str:
    """The version that the rows hold for: the commit, where there is one."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return f"autohook-codegen {commit.strip() or version('autohook-codegen')}"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _text(package: Package, path: Path) -> tuple[list[object], list[str]]:
    files = [json.loads(line) for line in path.read_text().splitlines()]
    files = [file for file in files if file["classes"]]
    broken = [file for file in files if file["breaches"]]
    failures = [
        f"- {package.name}, text, `{file['file']}`: {invariant}: {_line(detail)}"
        for file in broken
        for invariant, detail in file["breaches"]
    ]
    return [f"{package.name} {package.version}", len(files), len(files) - len(broken)], failures


def _runs(package: Package, plain: Rows, rows: Path) -> tuple[list[object], list[str]]:
    hooked, runtime = (held_rows(package, side, rows) for side in ("hooked", "runtime"))
    ran = ran_rows(plain)
    rewritten, alone = (
        summed(ran, held, folder_of(package, side, rows))
        for side, held in (("hooked", hooked), ("runtime", runtime))
    )
    not_built = sum("not built" in row for row in plain.values())
    row = [
        package.name,
        len(plain),
        not_built,
        len(plain) - not_built - len(ran),
        len(ran),
        f"{rewritten.equal} of {len(ran.keys() & hooked.keys())}",
        rewritten.share("source passed", "source calls"),
        rewritten.counts["source unsaid"],
        rewritten.share("source parameters seen", "source parameters used"),
        rewritten.share("fallback passed", "fallback calls"),
        f"{alone.equal} of {len(ran.keys() & runtime.keys())}",
        alone.share("fallback passed", "fallback calls"),
    ]
    failures = [f"- {package.name}, rewritten: {failure}" for failure in rewritten.failures]
    failures += [f"- {package.name}, auto_hook alone: {failure}" for failure in alone.failures]
    return row, failures


def _suite(name: str, suite: Compared) -> list[object]:
    return [
        name,
        suite.tests,
        suite.run_models,
        suite.plain_passes,
        suite.rewritten_passes,
        len(suite.apart),
    ]


def _apart(suites: Mapping[str, Compared]) -> Iterator[str]:
    for name, suite in suites.items():
        for test, kind in suite.apart.items():
            yield f"- {name}, `{test}`: {kind}"


def _not_run(package: Package, plain: Rows) -> Iterator[str]:
    for name, row in plain.items():
        if "not built" in row:
            yield f"- {package.name}, {name}: not built: {_line(row['not built'])}"
        elif "error" in row:
            yield f"- {package.name}, {name}: not run: {_line(row['error'])}"


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
