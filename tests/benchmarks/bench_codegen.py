"""What a rewrite costs, against a libcst pass that changes nothing: `make bench-codegen`.

All modeling files of the installed transformers in one process, user time; how time and memory grow
with the length of a file and with a chain of bases; then the command from a cold start on a file of
500 lines, wall-clock time. Give a number to take only every n-th file, and that part of the lengths.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import libcst

from autohook_codegen import Options, hook_source

LIMIT = 1.0
BLACK_LIMIT = 1.0
COLD_LIMIT = 0.5
COLD_RUNS = 15
GROWTH_LIMIT = 2.2
LINES = 100_000
BASES = 250
BLOCK = """
class Block{number}(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        hidden = torch.relu(self.up(self.norm(x)))
        return x + self.down(hidden) * self.scale

"""
LAYER = """
class Layer{number}({base}):
    def __init__(self):
        super().__init__()
        self.fc{number} = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc{number}({inner})

"""


class Nothing(libcst.CSTTransformer):
    """Visits every node and changes none."""


def null_pass(code: str) -> str:
    return libcst.parse_module(code).visit(Nothing()).code


def modeling_files() -> list[str]:
    specification = find_spec("transformers")
    assert specification is not None
    folder = Path(next(iter(specification.submodule_search_locations or ())), "models")
    return [path.read_text("utf-8") for path in sorted(folder.glob("*/modeling_*.py"))]


def inserted(code: str) -> object:
    return hook_source(code, Options(format=False))


def laid_out(code: str) -> object:
    return hook_source(code, Options(line_length=119))


def user_time(task: Callable[[str], object], codes: Sequence[str]) -> float:
    """Seconds of user time for `task` on all `codes`, in a process of its own: what one task has
    kept for later files is not there for another."""
    with ProcessPoolExecutor(1) as process:
        return process.submit(_user_time, task, codes).result()


def _user_time(task: Callable[[str], object], codes: Sequence[str]) -> float:
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
        # as installed: with the bytecode that pip leaves, or the first run
        compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        subprocess.run(command, check=True, capture_output=True, env=compiled)
        for _ in range(COLD_RUNS):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=compiled)
            times.append(time.perf_counter() - start)
    times.sort()
    return times[0], times[len(times) // 2]


def blocks(lines: int) -> str:
    """A file of about so many lines: block after block."""
    count = lines // BLOCK.count("\n")
    texts = [BLOCK.format(number=number) for number in range(count)]
    return "import torch\nfrom torch import nn\n" + "".join(texts)


def chain(length: int) -> str:
    """Classes that inherit one from another, each with ``super().forward(x)``."""
    texts = [
        LAYER.format(
            number=number,
            base=f"Layer{number - 1}" if number else "nn.Module",
            inner="super().forward(x)" if number else "x",
        )
        for number in range(length)
    ]
    return "from torch import nn\n" + "".join(texts)


def alone(code: str) -> tuple[float, float]:
    """Seconds of user time and GiB of memory that a process of its own takes to hook `code`."""
    script = (
        "import resource, sys; from autohook_codegen import Options, hook_source; "
        "hook_source(sys.stdin.read(), Options(format=False)); "
        "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime, used.ru_maxrss)"
    )
    command = [sys.executable, "-c", script]
    out = subprocess.run(command, input=code, text=True, check=True, capture_output=True).stdout
    seconds, kilobytes = out.split()
    return float(seconds), float(kilobytes) / 2**20


def growth(what: str, make: Callable[[int], str], size: int) -> None:
    """Print what twice the size costs."""
    half, whole = alone(make(size // 2)), alone(make(size))
    print(
        f"{size:,} {what}: {whole[0]:.1f} s, {whole[1]:.2f} GiB; against half of them"
        f" {whole[0] / half[0]:.2f} x the time, {whole[1] / half[1]:.2f} x the memory"
        f"   (limit {GROWTH_LIMIT})"
    )


def main() -> None:
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    codes = modeling_files()[::step]
    lines = sum(code.count("\n") for code in codes)
    print(f"{len(codes)} files of transformers, {lines:,} lines; seconds of user time")
    null = user_time(null_pass, codes)
    print(f"  libcst, changing nothing   {null:7.1f}")
    bare = user_time(inserted, codes)
    print(f"  hook_source, no format     {bare:7.1f}   {bare / null:.2f} x   (limit {LIMIT})")
    whole = user_time(laid_out, codes)
    black = whole - bare
    print(f"  hook_source                {whole:7.1f}   {whole / null:.2f} x")
    print(
        f"  of this, black             {black:7.1f}   {black / null:.2f} x   (limit {BLACK_LIMIT})"
    )
    growth("lines", blocks, LINES // step)
    growth("bases", chain, BASES)
    least, median = cold_start(500)
    print(
        f"autohook-gen on 500 lines from a cold start: {median:.2f} s, at best {least:.2f} s"
        f"   (limit {COLD_LIMIT})"
    )


if __name__ == "__main__":
    main()
