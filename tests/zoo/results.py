"""Writes `RESULTS.md` from the rows that stand so far."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from tests.zoo.comparing import read_rows, summed
from tests.zoo.packages import PACKAGES

ABSOLUTE = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)+(?=[\w.-]+/)")
"""Of a path, all but the last folder and the file: this machine is nobody's business."""
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# The zoo: other people's models

Written by `make zoo`; the rows that stand so far. *Text*: files with classes, each rewritten, compiled, rewritten
again, stripped. *Runs*: models that ran as their package has them, against the rewritten package, and against
`auto_hook` alone, each in a process of its own. *Equal*: state dict, outputs, gradients, random numbers (in
evaluation and in training), and the cache against clones. *Source*: calls made by the rewritten code whose result
passed a hook point in the source. *Fallback*: calls of all modules that passed any hook point.
"""


def write_results(rows: Path) -> None:
    text = ["| package | files | all invariants hold |", "| --- | --- | --- |"]
    runs = [
        "| package | models tried | ran unhooked | rewritten: equal | source: calls | source: parameters "
        "| fallback: calls | auto_hook alone: equal | its calls |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    failures: list[str] = []
    for package in PACKAGES:
        path = rows / f"{package.folder}.text.jsonl"
        if path.exists():
            files = [json.loads(line) for line in path.read_text().splitlines()]
            broken = [file for file in files if file["breaches"]]
            text.append(
                f"| {package.name} {package.version} | {len(files)} | {len(files) - len(broken)} |"
            )
            failures += [
                f"- {package.name}, text, `{file['file']}`: {invariant}: {detail.splitlines()[0][:160] if detail else ''}"
                for file in broken
                for invariant, detail in file["breaches"]
            ]
        plain = read_rows(rows / f"{package.folder}.plain.jsonl")
        if not plain:
            continue
        sides = {
            side: read_rows(rows / f"{package.folder}.{side}.jsonl")
            for side in ("hooked", "runtime")
        }
        ran = [name for name, row in plain.items() if "eval" in row]
        hooked, runtime = (summed(plain, sides[side]) for side in ("hooked", "runtime"))
        compared = {side: len(set(ran) & sides[side].keys()) for side in sides}
        runs.append(
            f"| {package.name} | {len(plain)} | {len(ran)} | {hooked.equal} of {compared['hooked']} "
            f"| {hooked.share('source passed', 'source calls')} "
            f"| {hooked.share('source parameters seen', 'source parameters used')} "
            f"| {hooked.share('fallback passed', 'fallback calls')} "
            f"| {runtime.equal} of {compared['runtime']} "
            f"| {runtime.share('fallback passed', 'fallback calls')} |"
        )
        failures += [f"- {package.name}, rewritten: {failure}" for failure in hooked.failures]
        failures += [
            f"- {package.name}, auto_hook alone: {failure}" for failure in runtime.failures
        ]
        reasons = Counter(
            (row.get("not built") or row.get("error") or "").split("\n")[0][:110]
            for row in plain.values()
            if "eval" not in row
        )
        failures += [
            f"- {package.name}, does not run here unhooked ({count}): {reason}"
            for reason, count in reasons.most_common()
        ]
    listed = ABSOLUTE.sub("", "\n".join(failures))
    RESULTS.write_text(
        "\n\n".join([HEAD, "## Text\n\n" + "\n".join(text), "## Runs\n\n" + "\n".join(runs),
                     "## Every failure\n\n" + listed]) + "\n"
    )  # fmt: skip
