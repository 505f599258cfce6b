"""Writes tests/oracle/RESULTS.md from the rows of both oracles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.oracle.comparing import ATTENTION, BRANCHES, MLP, STREAM
from tests.oracle.reasons import reason_for
from tests.oracle.rewritten import rows_path

TITLES = {
    "reimplemented": "TransformerLens 3.9, which computes models anew",
    "bridge": "TransformerLens 4, whose bridge has an adapter for each architecture",
}
GROUPS = {"attention": ATTENTION, "stream": STREAM, "branches": BRANCHES, "perceptron": MLP}
RESULTS = Path(__file__).with_name("RESULTS.md")
Rows = dict[str, Any]


def summary(rows: Rows) -> Iterator[str]:
    """How many values are equal, of those that both have."""
    compared = [row for row in rows.values() if not isinstance(row, str)]
    yield f"{len(compared)} architectures compared, {len(rows) - len(compared)} left out."
    yield ""
    yield "| values | both have | equal | theirs is the pattern | other | only theirs | only ours |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for group, roles in GROUPS.items():
        count = Counter(
            "pattern" if reason == "theirs is the pattern" else verdict
            for row in compared
            for _, role, verdict, reason in row
            if role in roles
        )
        both = count["equal"] + count["pattern"] + count["differs"]
        yield (
            f"| {group} | {both} | {count['equal']} | {count['pattern']} | {count['differs']} "
            f"| {count['only theirs']} | {count['only ours']} |"
        )


def table(rows: Rows) -> Iterator[str]:
    """An architecture a line, with what is not equal."""
    yield "| architecture | equal | the others |"
    yield "| --- | --- | --- |"
    for name, row in rows.items():
        if isinstance(row, str):
            continue
        equal = sum(verdict == "equal" for _, _, verdict, _ in row)
        others = Counter(
            _said(name, role, verdict, reason)
            for _, role, verdict, reason in row
            if verdict != "equal"
        )
        said = "; ".join(f"{what} in {times}" for what, times in others.items())
        yield f"| {name} | {equal} of {len(row)} | {said} |"
    yield ""
    left_out = {name: row for name, row in rows.items() if isinstance(row, str)}
    if left_out:
        yield "Left out:"
        yield ""
        for name, reason in left_out.items():
            yield f"- {name}: {reason}"


def _said(architecture: str, role: str, verdict: str, reason: str) -> str:
    known = reason_for(architecture, role) if verdict == "differs" else ""
    why = known if known and reason != "theirs is the pattern" else reason
    return f"`{role}` {verdict}{why and f' ({why})'}"


def main() -> None:
    lines = [
        "# Our tensors and TransformerLens's",
        "",
        "Made by `make oracle`. Equal are the same values up to a view, masked scores aside, of tiny",
        "models with random weights, asked for by TransformerLens's names. Where the two oracles",
        "disagree, 3.9 is right.",
    ]
    for kind, title in TITLES.items():
        rows: Rows = json.loads(rows_path(kind).read_text())
        lines += ["", f"## {title}", "", *summary(rows), "", *table(rows)]
        print(kind, *list(summary(rows))[2:], sep="\n")
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
