"""What hook points inside forwards cost while nobody hooks.

    python tests/benchmarks/bench_roles.py [--pairs 60]

- `explicit_if_hooked`: one call, as a plain root makes it and as one that `auto_hook` has completed
  (bar: 0.3 µs);
- roles: a GPT of 6 layers and width 64 with `--hook all` beside the same with the default, both
  with plain roots, both completed, and compiled; median of runs that take turns (bar: 1.05; 1.00).
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
import timeit
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from autohook_runtime import auto_hook, explicit_if_hooked
from torch import nn
from transformer_lens.hook_points import HookPoint

from autohook_codegen import Options, hook_source

GPT = Path(__file__).parents[2] / "fixtures" / "activations" / "gpt.py"
DEFAULT, ALL = Options(), Options(activations=True)


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attn_scores_hook_point, self.pattern_hook_point = HookPoint(), HookPoint()


def microseconds(two: Any) -> float:
    names = {
        "scores": two.attn_scores_hook_point,
        "pattern": two.pattern_hook_point,
        "callee": F.scaled_dot_product_attention,
        "explicit_if_hooked": explicit_if_hooked,
    }
    call = "explicit_if_hooked(callee, scores, pattern)"
    timer = timeit.Timer(call, globals=names, timer=time.thread_time)
    return min(timer.repeat(number=2000, repeat=100)) / 2000 * 1e6


def gpt(options: Options) -> Any:
    name = f"gpt_{'all' if options.activations else 'default'}"
    spec: Any = importlib.util.spec_from_loader(name, None)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(hook_source(GPT.read_text(), options).code, module.__dict__)
    torch.manual_seed(0)
    return module.GPT(module.GPTConfig(depth=6, width=64)).eval()


def seconds(model: Any, x: torch.Tensor) -> float:
    """The fastest of five runs, in the time that this thread had: others use the machine too."""
    times = []
    for _ in range(5):
        start = time.thread_time()
        model(x)
        times.append(time.thread_time() - start)
    return min(times)


@torch.no_grad()
def ratio(before: Any, after: Any, pairs: int, batch: int) -> float:
    x = torch.randint(0, 96, (batch, 32))
    found = []
    for model in (before, after):
        seconds(model, x)
    for pair in range(pairs):
        order = (before, after) if pair % 2 else (after, before)
        times = {model: seconds(model, x) for model in order}
        found.append(times[after] / times[before])
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--pairs", type=int, default=60)
    pairs: int = parser.parse_args().pairs
    torch.set_num_threads(1)
    print(f"explicit_if_hooked, a plain root   {microseconds(Two()):.2f} µs")
    print(f"explicit_if_hooked, a completed one {microseconds(auto_hook(Two())):.2f} µs")
    kinds: dict[str, Any] = {
        "plain roots": lambda model: model,
        "completed": auto_hook,
        "compiled": lambda model: torch.compile(model, fullgraph=True),
    }
    for batch in (1, 8):
        for kind, change in kinds.items():
            found = ratio(change(gpt(DEFAULT)), change(gpt(ALL)), pairs, batch)
            print(f"roles, {batch} x 32 tokens, {kind:12} {found:.3f}")


if __name__ == "__main__":
    main()
