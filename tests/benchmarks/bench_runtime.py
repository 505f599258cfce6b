"""What `auto_hook` costs: idle, with a hook, and for a cache, beside others that do the same.

    python tests/benchmarks/bench_runtime.py [--pairs 60]

Every figure is how much longer one run takes than another of the same model: the median over pairs
of runs that take turns. "nothing done" shows how far the machine's noise goes. A model's rows:

- idle: of the hooked model, before any hook and after a `run_with_cache`;
- a loop: `register_forward_hook` with clones over the modules that run;
- modules: `run_with_cache` of the modules' hook points, and beside the loop's time (bar: 1.2);
- everything: `run_with_cache` of all, beside nnsight's `trace` with `cache()` and, where the hook
  points are parameters, which nnsight does not show, beside Auto_HookPoint, if they are installed;
- one name: `run_with_cache` of one hook point; an edit: `run_with_hooks` at one.

A hook: one that only looks, at one hook point, beside TransformerLens's own (bars: 1.5; 2.5).
"""

from __future__ import annotations

import argparse
import copy
import importlib
import importlib.util
import statistics
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import torch
from autohook_runtime import auto_hook, unwrap
from autohook_runtime.first_tensor import first_tensor
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
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


class AutoEncoder(nn.Module):
    """The one of `make demo`: it has parameters and no submodules."""

    def __init__(self, width: int = 64, hidden: int = 256) -> None:
        super().__init__()
        self.W_enc = nn.Parameter(torch.randn(width, hidden) / 8)
        self.W_dec = nn.Parameter(torch.randn(hidden, width) / 8)
        self.b_enc = nn.Parameter(torch.zeros(hidden))
        self.b_dec = nn.Parameter(torch.zeros(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        acts = torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        return acts @ self.W_dec + self.b_dec


class Chain(HookedRootModule):
    """Hook points alone, TransformerLens's or ours."""

    def __init__(self, is_ours: bool, count: int = 50) -> None:
        super().__init__()
        self.points = nn.ModuleList([HookPoint() for _ in range(count)])
        if is_ours:
            auto_hook(self)
        else:
            self.setup()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for hook_point in self.points:
            x = hook_point(x)
        return x


class Layers(nn.Module):
    """Layers that each hold one parameter."""

    def __init__(self, count: int = 50) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Scale() for _ in range(count)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


Run = Callable[[], Any]


def seconds(run: Run) -> float:
    """The fastest of five runs, in the time that this thread had: others use the machine too."""
    times = []
    for _ in range(5):
        start = time.thread_time()
        run()
        times.append(time.thread_time() - start)
    return min(times)


def ratios(base: Run, runs: dict[str, Run], pairs: int) -> dict[str, float]:
    """How much longer each takes than `base`."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for pair in range(pairs):
        for name, run in runs.items():
            if pair % 2:
                before, after = seconds(base), seconds(run)
            else:
                after, before = seconds(run), seconds(base)
            found[name].append(after / before)
    return {name: statistics.median(values) for name, values in found.items()}


def idle_ratio(model: nn.Module, change: Callable[[nn.Module], Any], pairs: int, x: Any) -> float:
    """How much longer `model` takes when `change` was done to it: of the one model, since two
    copies differ by where they lie in memory."""

    def timed(is_changed: bool) -> float:
        # both ways, whatever hooking leaves in the processor's caches is there, then runs over it
        unwrap(auto_hook(model))
        if is_changed:
            change(model)
        model(x)
        taken = seconds(lambda: model(x))
        if isinstance(model, HookedRootModule):
            unwrap(model)
        return taken

    found = []
    for pair in range(pairs):
        times = {is_changed: timed(is_changed) for is_changed in (bool(pair % 2), not pair % 2)}
        found.append(times[True] / times[False])
    return statistics.median(found)


def use_once(model: nn.Module, x: torch.Tensor) -> None:
    auto_hook(model).run_with_cache(x)  # type: ignore[operator]


def with_a_loop(model: nn.Module, modules: dict[str, nn.Module], x: torch.Tensor) -> Any:
    """What people write who need no library."""
    cache: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            tensor = first_tensor(output)[0]
            if tensor is not None:
                cache[name] = tensor.detach().clone()

        return hook

    handles = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    model(x)
    for handle in handles:
        handle.remove()
    return cache


def of_nnsight(model: nn.Module, x: torch.Tensor) -> Run | None:
    """nnsight's way to cache all that passes, if it is installed."""
    if importlib.util.find_spec("nnsight") is None:
        return None
    traced = importlib.import_module("nnsight").NNsight(model)

    def run() -> Any:
        with traced.trace(x) as tracer:
            tracer.cache()

    return run


def of_auto_hookpoint(model: nn.Module, x: torch.Tensor) -> Run | None:
    """Auto_HookPoint's `run_with_cache`, if it is installed. Its package itself is not imported: that
    loads a tokenizer."""
    if "Auto_HookPoint" not in sys.modules:
        found = importlib.util.find_spec("Auto_HookPoint")
        if found is None or found.submodule_search_locations is None:
            return None
        package = types.ModuleType("Auto_HookPoint")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["Auto_HookPoint"] = package
    theirs = importlib.import_module("Auto_HookPoint.hook").auto_hook(model)
    return lambda: theirs.run_with_cache(x)


def report_model(name: str, model: Any, x: torch.Tensor, pairs: int) -> None:
    idle = {
        "idle": idle_ratio(model, auto_hook, pairs, x),
        "idle after hooks": idle_ratio(model, lambda model: use_once(model, x), pairs, x),
        "nothing done": idle_ratio(model, lambda model: None, pairs, x),
    }
    others = {"nnsight": of_nnsight(copy.deepcopy(model), x)}
    if any(True for _ in model.parameters(recurse=False)):
        others["Auto_HookPoint"] = of_auto_hookpoint(copy.deepcopy(model), x)
    hooked = auto_hook(model)
    fired = list(hooked.run_with_cache(x)[1])
    modules = {
        path: module
        for path, module in hooked.named_modules()
        if f"{path}.hook_point".lstrip(".") in fired
    }
    of_modules = [f"{path}.hook_point".lstrip(".") for path in modules]
    middle = fired[len(fired) // 2]
    runs: dict[str, Run] = {
        "a loop": lambda: with_a_loop(hooked, modules, x),
        "modules": lambda: hooked.run_with_cache(x, names_filter=of_modules),
        "everything": lambda: hooked.run_with_cache(x),
        "one name": lambda: hooked.run_with_cache(x, names_filter=middle),
        "an edit": lambda: hooked.run_with_hooks(x, fwd_hooks=[(middle, lambda t, hook: t * 1)]),
    }
    installed = {other: run for other, run in others.items() if run is not None}
    runs |= installed
    found = idle | ratios(lambda: model(x), runs, pairs)
    found |= ratios(runs["a loop"], {"modules / a loop": runs["modules"]}, pairs)
    for other, run in installed.items():
        found |= ratios(run, {f"everything / {other}": runs["everything"]}, pairs)
    print(f"{name}: {len(of_modules)} modules and {len(fired) - len(of_modules)} parameters fire")
    for what, ratio in found.items():
        print(f"    {what:24}{ratio:8.3f} x")


def report_hooks(pairs: int) -> None:
    """One hook point, its own time aside from that of what it is at."""
    x = torch.ones(2, 4)

    def taken(model: Any, hooks: bool) -> float:
        with model.hooks(fwd_hooks=[(lambda name: name != "hook_point", look)] if hooks else []):
            model(x)
            return seconds(lambda: model(x))

    found: dict[str, list[float]] = {"idle": [], "a hook": [], "a hook on a parameter": []}
    theirs, ours, layers = Chain(False), Chain(True), auto_hook(Layers())
    names = [name for name in layers.hook_dict if "weight" in name]  # type: ignore[union-attr]

    def with_parameters() -> float:
        with layers.hooks(fwd_hooks=[(names.__contains__, look)]):  # type: ignore[operator]
            layers(x)
            return seconds(lambda: layers(x)) - seconds(lambda: unhooked(x))

    unhooked = Layers()
    nothing = seconds(lambda: None)
    for _ in range(pairs):
        found["idle"].append((taken(ours, False) - nothing) / (taken(theirs, False) - nothing))
        base = taken(theirs, True) - nothing
        found["a hook"].append((taken(ours, True) - nothing) / base)
        found["a hook on a parameter"].append(with_parameters() / base)
    print("One hook point, beside TransformerLens's own")
    for what, values in found.items():
        print(f"    {what:24}{statistics.median(values):8.3f} x")


def look(value: torch.Tensor, hook: Any) -> None:
    """A hook that changes nothing."""


@torch.no_grad()
def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--pairs", type=int, default=60, help="pairs of runs (%(default)s)")
    pairs = arguments.parse_args().pairs
    torch.set_num_threads(1)
    report_hooks(pairs)
    ids = torch.arange(16)[None] % VOCABULARY
    for name, model in models().items():
        report_model(name, model, ids, pairs)
    report_model("AutoEncoder", AutoEncoder(), torch.randn(16, 64), pairs)


if __name__ == "__main__":
    main()
