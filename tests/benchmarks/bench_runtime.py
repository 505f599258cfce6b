"""What `auto_hook` costs while nothing is hooked, and what it reaches.

    python tests/benchmarks/bench_runtime.py [--pairs 60]

Each pair runs one model once plain and once hooked, in turns; a ratio is the median over all pairs.
"nothing done" is the same with nothing done: how far it is from 1, is how far the machine's noise
goes. "idle after hooks" is after a `run_with_cache`. "fire" counts the hook points of the modules
that run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from autohook_runtime import auto_hook, unwrap
from torch import nn
from transformer_lens import HookedRootModule
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

VOCABULARY = 128


class Parameters(nn.Module):
    """Layers that hold their weights themselves, as TransformerLens's own do."""

    def __init__(self, layers: int = 6, width: int = 64) -> None:
        super().__init__()
        self.weights = nn.ParameterList([torch.randn(width, width) for _ in range(layers)])
        self.bias = nn.Parameter(torch.zeros(width))
        self.embed = nn.Embedding(VOCABULARY, width)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embed(ids)
        for weight in self.weights:
            x = torch.tanh(x @ weight + self.bias)
        return x


def models() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    gpt = GPT2Config(
        n_layer=6, n_embd=64, n_head=4, vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0
    )
    small = {
        "num_hidden_layers": 4,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "vocab_size": VOCABULARY,
    }
    made: dict[str, nn.Module] = {
        "GPT-2, 6 layers of 64": GPT2LMHeadModel(gpt),
        "Llama, 4 layers of 64": LlamaForCausalLM(LlamaConfig(**small)),
        "BERT, 4 layers of 64": BertModel(BertConfig(**small)),
        "6 parameters of 64": Parameters(),
    }
    return {name: model.eval() for name, model in made.items()}


def seconds(run: Callable[[], Any]) -> float:
    """The fastest of five runs, in the time that this thread had: others use the machine too."""
    times = []
    for _ in range(5):
        start = time.thread_time()
        run()
        times.append(time.thread_time() - start)
    return min(times)


def idle_ratio(model: nn.Module, change: Callable[[nn.Module], Any], pairs: int, ids: Any) -> float:
    """How much longer `model` takes when `change` was done to it: the median of paired runs of the
    one model, since two copies differ by where they lie in memory."""

    def run() -> Any:
        return model(ids)

    def timed(is_changed: bool) -> float:
        # both ways, whatever hooking leaves in the processor's caches is there, then runs over it
        unwrap(auto_hook(model))
        if is_changed:
            change(model)
        run()
        run()
        taken = seconds(run)
        if isinstance(model, HookedRootModule):
            unwrap(model)
        return taken

    ratios = []
    for pair in range(pairs):
        if pair % 2:
            before, after = timed(False), timed(True)
        else:
            after, before = timed(True), timed(False)
        ratios.append(after / before)
    return statistics.median(ratios)


def executed(model: nn.Module, ids: torch.Tensor) -> set[str]:
    """The names of the modules that run."""
    names: set[str] = set()
    handles = [
        module.register_forward_hook(lambda *_, name=name: names.add(name))
        for name, module in model.named_modules()
    ]
    model(ids)
    for handle in handles:
        handle.remove()
    return names


def use_once(model: nn.Module, ids: torch.Tensor) -> None:
    auto_hook(model).run_with_cache(ids)  # type: ignore[operator]


@torch.no_grad()
def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--pairs", type=int, default=60, help="pairs of runs (%(default)s)")
    pairs = arguments.parse_args().pairs
    torch.set_num_threads(1)
    ids = torch.arange(16)[None] % VOCABULARY
    columns = "idle", "nothing done", "idle after hooks", "run_with_cache", "hooking", "fire"
    print(f"{'model':24}" + "".join(f"{column:>18}" for column in columns))
    for name, model in models().items():
        idle = idle_ratio(model, auto_hook, pairs, ids)
        nothing = idle_ratio(model, lambda model: None, pairs, ids)
        used = idle_ratio(model, lambda model: use_once(model, ids), pairs, ids)
        plain = seconds(lambda: model(ids))  # noqa: B023
        start = time.thread_time()
        hooked: Any = auto_hook(model)
        hooking = time.thread_time() - start
        caching = seconds(lambda: hooked.run_with_cache(ids)) / plain  # noqa: B023
        ran = executed(hooked, ids)
        _, cache = hooked.run_with_cache(ids)
        fired = [module for module in ran if f"{module}.hook_point".lstrip(".") in cache]
        cells = [
            *(f"{ratio:.3f} x" for ratio in (idle, nothing, used)),
            f"{caching:.1f} x",
            f"{hooking * 1000:.1f} ms",
            f"{len(fired)} of {len(ran)}",
        ]
        print(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
