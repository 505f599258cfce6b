"""The text of one package: a row for each file.

python -m tests.zoo.text FOLDER ROWS.jsonl [EVERY]
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from pathlib import Path

from tests.zoo.text_invariants import breaches

MARKS = ("nn.", "Module", "PreTrainedModel")


def defines_classes(text: str) -> bool:
    """Whether a module may be defined here at all; a cheap look before the rewriter's own."""
    if not any(mark in text for mark in MARKS):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(text)))


def main() -> None:
    folder, out, *every = sys.argv[1:]
    top, path = Path(folder), Path(out)
    done = set()
    if path.exists():
        done = {json.loads(line)["file"] for line in path.read_text().splitlines()}
    with path.open("a") as rows:
        for source in sorted(top.rglob("*.py"))[:: int(every[0]) if every else 1]:
            name = source.relative_to(top).as_posix()
            if name in done:
                continue
            text = source.read_bytes().decode()
            row = {"file": name, "classes": defines_classes(text), "breaches": []}
            if row["classes"]:
                row["breaches"] = [[breach.invariant, breach.detail] for breach in breaches(text)]
            rows.write(json.dumps(row) + "\n")
            rows.flush()


if __name__ == "__main__":
    main()
