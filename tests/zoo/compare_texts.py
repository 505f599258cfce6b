"""Each kind of difference between two folders that `tests.zoo.texts` wrote, with its count and examples.

python -m tests.zoo.compare_texts OLD NEW [--examples N] [--kind TEXT]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.zoo.text_invariants import difference

Record = Mapping[str, Any]
Row = Mapping[str, Any]
SITE_KEYS = (
    # what both have to agree in to be one site, the strictest first, and what else is said of it
    (("line", "column", "class_name", "kind", "attribute"), None),
    (("line", "class_name", "kind", "attribute"), "site elsewhere in its line"),
    (("line", "column", "class_name", "kind"), "site of another attribute"),
    (("line", "column", "kind", "attribute"), "site of another class"),
)
SITE_FIELDS = {
    "element": "other element",
    "hook_point": "other hook point name",
    "runtime_name": "other runtime name",
}


@dataclass(frozen=True)
class Difference:
    """What differs at one place of one file."""

    kind: str
    line: int
    detail: str


def differences(old: Record, new: Record) -> Iterator[Difference]:
    """All that differs in one file; its text only where its sites and notes explain nothing."""
    if "error" in old or "error" in new:
        if old.get("error") != new.get("error"):
            yield Difference(
                "error gone" if "error" in old else "error new",
                0,
                f"{old.get('error')} -> {new.get('error')}",
            )
        return
    found = [*_site_differences(old["sites"], new["sites"])]
    found += _note_differences(old["notes"], new["notes"])
    yield from found
    if not found and old.get("text", "") != new.get("text", ""):
        if "text" in old and "text" in new:
            yield Difference("text differs otherwise", 0, difference(old["text"], new["text"]))


def _site_differences(old: Sequence[Row], new: Sequence[Row]) -> Iterator[Difference]:
    for keys, kind in SITE_KEYS:
        pairs, old, new = _paired(old, new, keys)
        for one, other in pairs:
            if kind is not None:
                yield Difference(kind, one["line"], f"{_site(one)} -> {_site(other)}")
            for name, kind_of_field in SITE_FIELDS.items():
                if one[name] != other[name] and kind in (None, "site elsewhere in its line"):
                    detail = f"{_site(one)}: {one[name]} -> {other[name]}"
                    yield Difference(kind_of_field, one["line"], detail)
    for site in old:
        yield Difference(f"site gone: {site['kind']}", site["line"], _site(site))
    for site in new:
        yield Difference(f"site new: {site['kind']}", site["line"], _site(site))


def _note_differences(old: Sequence[Row], new: Sequence[Row]) -> Iterator[Difference]:
    for keys in (("code", "line", "column"), ("code", "line")):
        pairs, old, new = _paired(old, new, keys)
        for one, other in pairs:
            if one["message"] != other["message"]:
                detail = f"{one['message']} -> {other['message']}"
                yield Difference(f"note in other words: {one['code']}", one["line"], detail)
            elif one["column"] != other["column"]:
                yield Difference(
                    f"note elsewhere in its line: {one['code']}", one["line"], _note(one)
                )
    for note in old:
        yield Difference(f"note gone: {note['code']}", note["line"], _note(note))
    for note in new:
        yield Difference(f"note new: {note['code']}", note["line"], _note(note))


def _paired(
    old: Sequence[Row], new: Sequence[Row], keys: Sequence[str]
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Rows that agree in the keys, in order, and those of each side that are left."""
    waiting: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in new:
        waiting[tuple(row[key] for key in keys)].append(row)
    pairs, old_left = [], []
    for row in old:
        same = waiting[tuple(row[key] for key in keys)]
        if same:
            pairs.append((row, same.pop(0)))
        else:
            old_left.append(row)
    left = {id(row) for rows in waiting.values() for row in rows}
    return pairs, old_left, [row for row in new if id(row) in left]


def _site(site: Row) -> str:
    element = site["element"] or ""
    return f"{site['class_name']}.{site['attribute']}{element} | {site['source'].strip()}"


def _note(note: Row) -> str:
    return f"{note['message']} | {note['source'].strip()}"


def read_records(folder: Path) -> dict[str, Record]:
    return {
        path.relative_to(folder).as_posix().removesuffix(".json"): json.loads(path.read_text())
        for path in sorted(folder.rglob("*.json"))
    }


def compared(
    old: Mapping[str, Record], new: Mapping[str, Record]
) -> dict[str, list[tuple[str, Difference]]]:
    """By kind, each difference with its file; files that only one side has are passed over."""
    kinds: dict[str, list[tuple[str, Difference]]] = defaultdict(list)
    for path in old:
        if path in new:
            for found in differences(old[path], new[path]):
                kinds[found.kind].append((path, found))
    return kinds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.compare_texts")
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("--examples", type=int, default=5, help="of each kind")
    parser.add_argument("--kind", default="", help="only kinds with this text in their name")
    options = parser.parse_args()
    old, new = read_records(options.old), read_records(options.new)
    kinds = compared(old, new)
    both = old.keys() & new.keys()
    sites = sum(len(old[path].get("sites", ())) for path in both)
    same = len(both) - len({path for rows in kinds.values() for path, _ in rows})
    print(f"{len(both)} files in both ({len(old)} old, {len(new)} new), {same} of them the same;")
    print(f"{sites} old sites\n")
    for kind, rows in sorted(kinds.items(), key=lambda entry: -len(entry[1])):
        if options.kind in kind:
            print(f"{len(rows)} x {kind}, in {len(Counter(path for path, _ in rows))} files")
            for path, found in rows[:: max(1, len(rows) // options.examples)][: options.examples]:
                print(f"    {path}:{found.line}: {found.detail}")
            print()


if __name__ == "__main__":
    main()
