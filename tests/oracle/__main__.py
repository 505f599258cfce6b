"""python -m tests.oracle bridge|reimplemented [ARCHITECTURE …]

Goes on where it was stopped, for as long as the code stays.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

from tests.oracle.rewritten import rows_path


def main(kind: str, *wanted: str) -> None:
    oracle: Any = import_module(f"tests.oracle.{kind}")
    path = rows_path(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for name in wanted or oracle.names():
        if name in done:
            continue
        for _, row in oracle.rows([name]):
            done[name] = row
            path.write_text(json.dumps(done))
            if isinstance(row, str):
                print(f"{name}: left out, {row}", flush=True)
            else:
                equal = sum(pair.verdict == "equal" for pair in row)
                print(f"{name}: {equal} of {len(row)} equal", flush=True)
                for pair in row:
                    if pair.verdict != "equal":
                        print(f"    {pair.layer} {pair.role}: {pair.verdict} {pair.reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
