"""What a rewrite costs, against a libcst pass that changes nothing: `make bench-codegen`.

All modeling files of the installed transformers in one process, user time; then the command from a
cold start on a file of 500 lines, wall-clock time. Give a number to take only every n-th file.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import libcst

from autohook_codegen import Options, hook_source

LIMIT = 2.0
BLACK_LIMIT = 1.0
COLD_LIMIT = 0.5
COLD_RUNS = 15


class Nothing(libcst.CSTTransformer):
    """Visits every node and changes none."""


def null_pass(code: str) -> str:
    return libcst.parse_module(code).visit(Nothing()).code


def modeling_files() -> list[str]:
    specification = find_spec("transformers")
    assert specification is not None
    folder = Path(next(iter(specification.submodule_search_locations or ())), "models")
    return [path.read_text("utf-8") for path in sorted(folder.glob("*/modeling_*.py"))]


def user_time(task: Callable[[str], object], codes: Sequence[str]) -> float:
    """Seconds of user time for `task` on all `codes`."""
    gc.collect()
    start = os.times().user
    for code in codes:
        task(code)
    return os.times().user - start


def cold_start(lines: int) -> tuple[float, float]:
    """The least and the median time of `autohook-gen` on a file of so many lines."""
    code = next(code for code in modeling_files() if "class LlamaModel" in code)
    code = "".join(code.splitlines(keepends=True)[:lines])
    code = code[: code.rindex("\n\n\n") + 1]
    times = []
    with tempfile.TemporaryDirectory() as folder:
        model, out = Path(folder, "model.py"), Path(folder, "hooked.py")
        model.write_text(code, "utf-8")
        command = [str(Path(sys.executable).with_name("autohook-gen")), str(model), "-o", str(out)]
        for _ in range(COLD_RUNS):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
    times.sort()
    return times[0], times[len(times) // 2]


def main() -> None:
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    codes = modeling_files()[::step]
    lines = sum(code.count("\n") for code in codes)
    print(f"{len(codes)} files of transformers, {lines:,} lines; seconds of user time")
    null = user_time(null_pass, codes)
    print(f"  libcst, changing nothing   {null:7.1f}")
    bare = user_time(lambda code: hook_source(code, Options(format=False)), codes)
    print(f"  hook_source, no format     {bare:7.1f}   {bare / null:.2f} x   (limit {LIMIT})")
    laid_out = user_time(lambda code: hook_source(code, Options(line_length=119)), codes)
    black = laid_out - bare
    print(f"  hook_source                {laid_out:7.1f}   {laid_out / null:.2f} x")
    print(
        f"  of this, black             {black:7.1f}   {black / null:.2f} x   (limit {BLACK_LIMIT})"
    )
    least, median = cold_start(500)
    print(
        f"autohook-gen on 500 lines from a cold start: {median:.2f} s, at best {least:.2f} s"
        f"   (limit {COLD_LIMIT})"
    )


if __name__ == "__main__":
    main()
