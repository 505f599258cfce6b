"""Rows of two processes against one another, and what a package's rows add up to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.zoo.said_calls import is_said

Rows = dict[str, dict[str, Any]]


def read_rows(path: Path) -> Rows:
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["name"]: row for row in rows}


def unequal(plain: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What is not the same in two rows of one model, and what is wrong with its cache."""
    found = []
    for part in ("state", "eval", "train"):
        one, two = plain[part], other[part]
        if isinstance(one, str) or isinstance(two, str):
            if one != two:
                found.append(f"{part}: {str(one)[:60]} / {str(two)[:60]}")
        elif list(one) != list(two):
            found.append(f"{part}: other names, or another order")
        else:
            names = [name for name in one if one[name] != two[name]]
            if names:
                found.append(f"{part}: {len(names)} differ, first {names[0]}")
    if plain["random"] != other["random"]:
        found.append("random numbers of the initialisation")
    outputs = other["cache"]["outputs"]
    if any(plain["eval"].get(name) != value for name, value in outputs.items()):
        found.append("run_with_cache's output")
    if other["cache"]["wrong"]:
        found.append(f"cache: {other['cache']['wrong'][0]}")
    if other.get("eval after auto_hook") is False:
        found.append("output after auto_hook")
    source = other.get("source", {})
    if source and source["made"] != plain["made"]:
        found.append("other module calls than unhooked")
    found += [f"no tensor at {name}" for name in source.get("not tensors", ())]
    found += [f"{name} fired without a call" for name in source.get("fired without a call", ())]
    return found


@dataclass
class Sum:
    """One side of one package."""

    equal: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Calls and parameters, made and seen."""
    failures: list[str] = field(default_factory=list)

    def share(self, seen: str, made: str) -> str:
        if not self.counts[made]:
            return "none"
        share = 100 * self.counts[seen] / self.counts[made]
        return f"{share:.1f} % ({self.counts[seen]}/{self.counts[made]})"


def summed(plain: Rows, others: Rows, folder: Path) -> Sum:
    """Compares every model that ran unhooked and that the other side has a row of; the other side's
    code stands in `folder`."""
    total = Sum()
    for name, row in others.items():
        if "eval" not in plain.get(name, {}):
            continue
        if "fallback" not in row:
            why = row.get("error") or row.get("not built") or "?"
            total.failures.append(f"{name}: {why.splitlines()[0][:160]}")
            continue
        found = unequal(plain[name], row)
        total.equal += not found
        total.failures += [f"{name}: {item}" for item in found[:2]]
        source = row.get("source", {})
        for key in ("parameters used", "parameters seen"):
            total.counts[f"source {key}"] += source.get(key, 0)
        missed = source.get("missed", ())
        unsaid = unsaid_calls(missed, folder, with_fallback=True)
        total.counts["source calls"] += source.get("calls", 0)
        total.counts["source passed"] += source.get("calls", 0) - len(missed)
        total.counts["source unsaid"] += len(unsaid)
        if unsaid:
            total.failures.append(f"{name}: no hook point and no note for {unsaid[0]}")
        fallback = row["fallback"]
        missed = unsaid_calls(fallback["missed"], folder, with_fallback=False)
        calls = fallback["calls"] - len(fallback["missed"]) + len(missed)
        total.counts["fallback calls"] += calls
        total.counts["fallback passed"] += calls - len(missed)
        if missed:
            total.failures.append(f"{name}: the fallback misses {missed[0]}")
    return total


def unsaid_calls(
    missed: Iterable[tuple[str, str, int]], folder: Path, *, with_fallback: bool
) -> list[str]:
    """The paths of the modules whose calls no hook point saw, and that no note names."""
    return [
        path
        for path, file, line in missed
        if not is_said(folder, file, line, path, with_fallback=with_fallback)
    ]
