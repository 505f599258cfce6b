"""Runs the models of one package, as they are or rewritten, and writes down a row for each.

    python -m tests.zoo.running transformers hooked ROWS.jsonl PLAIN_ROWS.jsonl FOLDER [NAME …]

A row holds digests, so that rows of two processes can be compared. The side is `plain` (the package
as it is), `hooked` (the rewritten one stands first on the path) or `runtime` (as it is, with
`auto_hook` alone). FOLDER holds the code whose calls the source is to hook. A model whose row
stands in the file already is passed over. How a model was built is read from the row of the plain
side, where that has one.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from autohook_runtime import auto_hook
from torch import Tensor, nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from autohook_codegen import hook_source
from tests.real_models.observing import Observation, observe, same, seed, tensors
from tests.zoo.built import NotBuiltError
from tests.zoo.calls import CONTAINERS, Calls, ModuleCall, recorded_calls
from tests.zoo.comparing import Rows, read_rows

SECONDS = 120
SIDES = ("plain", "hooked", "runtime")


class TooSlow(BaseException):
    """Past what catches Exception."""


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooSlow(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def digest(value: Tensor) -> str:
    """Stands for dtype, shape and bits of a tensor (every NaN is the same)."""
    value = value.detach()
    if value.is_sparse:
        value = value.to_dense()
    if value.is_floating_point() and value.isnan().any():
        value = torch.where(value.isnan(), torch.full_like(value, float("nan")), value)
    if value.is_complex():
        value = torch.view_as_real(value)
    raw = value.contiguous().flatten().view(torch.uint8) if value.numel() else value.flatten()
    content = f"{value.dtype}{tuple(value.shape)}".encode() + bytes(raw.numpy())
    return hashlib.sha1(content).hexdigest()[:16]


def digests(observation: Observation) -> dict[str, str]:
    return {
        **{name: digest(value) for name, value in observation.outputs.items()},
        **{f"gradient {name}": digest(value) for name, value in observation.gradients.items()},
        "random numbers": digest(observation.random_state),
    }


def state(model: nn.Module) -> dict[str, str]:
    return {name: digest(value) for name, value in model.state_dict().items()}


def source_hook_points(model: nn.Module) -> dict[str, HookPoint]:
    return {name: module for name, module in model.named_modules() if isinstance(module, HookPoint)}


def run_plain(model: nn.Module, call: Callable[[nn.Module], Any]) -> dict[str, Any]:
    """Digests of what the model does, in evaluation and in training."""
    row: dict[str, Any] = {"state": state(model), "random": digest(torch.get_rng_state())}
    row["eval"] = digests(observe(model.eval(), call))
    before = copy.deepcopy(model.state_dict())
    try:
        row["train"] = digests(observe(model.train(), call))
    except Exception as error:  # batch norm over one value, for example
        row["train"] = f"{type(error).__name__}: {error}"[:200]
    model.load_state_dict(before, strict=True)  # batch norm counts what it saw
    row["parameters"] = sum(1 for _ in model.parameters())
    return row


def run_hooked(
    model: nn.Module, call: Callable[[nn.Module], Any], folder: str, side: str
) -> dict[str, Any]:
    """The same and all that is asked of hook points."""
    row: dict[str, Any] = {"is root": isinstance(model, HookedRootModule)}
    if side == "runtime":
        auto_hook(model)
    row |= run_plain(model, call)
    if side == "hooked":
        row["source"] = measured(model, call, folder)
        if not row["is root"]:
            # not `row["eval"]`: a first call may have settled what later ones start from
            before = digests(observe(model.eval(), call))
            auto_hook(model)
            row["eval after auto_hook"] = digests(observe(model.eval(), call)) == before
    row["cache"] = cached(model, call)
    row["fallback"] = measured_with_fallback(model, call)
    return row


def made_by(model: nn.Module, call: Callable[[nn.Module], Any], folder: str) -> list[str]:
    """The paths of the modules that code in `folder` calls, in the order of the calls."""
    with recorded_calls(model.eval()) as calls:
        observe(model, call)
    return [module_call.path for module_call in calls.by_code_in(folder)]


def measured(model: nn.Module, call: Callable[[nn.Module], Any], folder: str) -> dict[str, Any]:
    """What the hook points in the source see of a run."""
    model.eval()
    with recorded_calls(model) as calls:
        observe(model, call)
    apart = [call for call in calls.by_code_in(folder) if is_taken_apart_elsewhere(call)]
    made = [call for call in calls.by_code_in(folder) if call not in apart]
    missed: dict[str, str] = {
        module_call.path: f"{module_call.file.removeprefix(folder)}:{module_call.line}"
        for module_call in made
        if not module_call.passed
    }
    used, seen = parameters_seen(model, calls, folder)
    not_tensors = sorted(
        {
            path
            for path, values in calls.fired.items()
            if not all(isinstance(value, Tensor) for value in values)
        }
    )
    called = {module_call.path for module_call in calls.made}
    modules = dict(model.named_modules())
    uncalled = [
        path
        for path in calls.fired
        if (target := path.removesuffix("_hook_point")) in modules
        and target != path
        and target not in called
    ]
    elsewhere = [
        module_call
        for module_call in calls.made
        if module_call.tensors
        and not module_call.called_by_torch
        and not module_call.inside_container
        and not module_call.file.startswith(folder)
    ]
    return {
        "made": [module_call.path for module_call in calls.by_code_in(folder)],
        "calls": len(made),
        "passed": sum(module_call.passed for module_call in made),
        "missed": dict(list(missed.items())[:20]),
        "named by a note": len(apart),
        "calls of other code": len(elsewhere),
        "parameters used": len(used),
        "parameters seen": len(used & seen),
        "parameters missed": sorted(used - seen)[:20],
        "hook points": len(source_hook_points(model)),
        "fired": len(calls.fired),
        "not tensors": not_tensors[:20],
        "fired without a call": uncalled[:20],
    }


def is_taken_apart_elsewhere(call: ModuleCall) -> bool:
    """Whether a note says of the call that other code takes its tuple apart: it has no site, and
    does not ask for the fallback."""
    return not call.passed and call.line in _lines_taken_apart(call.file)


@cache
def _lines_taken_apart(file: str) -> frozenset[int]:
    """The lines of such notes: those of rewriting the file that runs once more."""
    text = Path(file).read_text(encoding="utf-8")
    if "HookPoint" not in text:
        return frozenset()
    notes = hook_source(text, path=file).notes
    return frozenset(note.line for note in notes if note.code == "taken-apart-elsewhere")


def is_written_in(module: nn.Module, folder: str) -> bool:
    """Whether its class is the package's, and torch's library has no part in how it computes."""
    classes = [cls for cls in type(module).__mro__ if cls not in (nn.Module, *CONTAINERS)]
    if any(cls.__module__.startswith("torch.nn.") for cls in classes):
        return False
    files = (getattr(sys.modules.get(cls.__module__), "__file__", None) for cls in classes)
    return any(file is not None and file.startswith(folder) for file in files)


def parameters_seen(model: nn.Module, calls: Calls, folder: str) -> tuple[set[str], set[str]]:
    """Parameters with a gradient of modules that the package wrote, and those with a hook point
    that fired."""
    used: set[str] = set()
    seen: set[str] = set()
    for path, module in model.named_modules():
        if not is_written_in(module, folder):
            continue
        for name, parameter in module.named_parameters(recurse=False):
            full = f"{path}.{name}".lstrip(".")
            if parameter.grad is None:
                continue
            used.add(full)
            parts = full.split(".")
            for depth in range(len(parts)):
                owner = ".".join(parts[:depth])
                hook_point = f"{owner}.{'_'.join(parts[depth:])}_hook_point".lstrip(".")
                if hook_point in calls.fired:
                    seen.add(full)
            if any(
                fired.startswith(f"{path}.{name}_hook_point".lstrip(".")) for fired in calls.fired
            ):
                seen.add(full)
    return used, seen


def cached(model: nn.Module, call: Callable[[nn.Module], Any]) -> dict[str, Any]:
    """`run_with_cache` without a filter against clones that hooks took."""
    model.eval()
    passed: dict[str, Tensor] = {}
    handles = []
    for name, hook_point in model.hook_dict.items():  # type: ignore[operator,union-attr]

        def keep(module: nn.Module, args: Any, output: Any, name: str = name) -> None:
            found = list(tensors(output).values())
            if found:
                passed[name] = found[0].detach().clone()

        handles.append(hook_point.register_forward_hook(keep))  # type: ignore[union-attr]
    caches: list[dict[str, Tensor]] = []

    def with_cache(model: nn.Module) -> Any:
        bound = _Cached(model, caches)
        return call(bound)  # type: ignore[arg-type]

    seed()
    outputs = tensors(with_cache(model))
    for handle in handles:
        handle.remove()
    cache = caches[-1]
    wrong = [
        name for name, value in passed.items() if name not in cache or not same(cache[name], value)
    ]
    return {
        "entries": len(cache),
        "wrong": wrong[:20] + sorted(cache.keys() - passed.keys())[:20],
        "outputs": {name: digest(value) for name, value in outputs.items()},
    }


class _Cached:
    """Stands for the model in a call, and runs `run_with_cache`."""

    def __init__(self, model: nn.Module, caches: list[dict[str, Tensor]]) -> None:
        self._model, self._caches = model, caches

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        output, cache = self._model.run_with_cache(*args, **kwargs)  # type: ignore[operator]
        self._caches.append(cache)
        return output


def measured_with_fallback(model: nn.Module, call: Callable[[nn.Module], Any]) -> dict[str, Any]:
    """How many of all calls passed some hook point of `hook_dict`."""
    model.eval()
    handles = []
    with recorded_calls(model) as calls:
        for name, hook_point in model.hook_dict.items():  # type: ignore[operator,union-attr]
            handles.append(
                hook_point.register_forward_hook(  # type: ignore[union-attr]
                    lambda module, args, output, name=name: calls.saw(name, output)
                )
            )
        observe(model, call, backward=False)
    for handle in handles:
        handle.remove()
    made = [
        module_call
        for module_call in calls.made
        if module_call.tensors and not is_taken_apart_elsewhere(module_call)
    ]
    return {
        "calls": len(made),
        "passed": sum(module_call.passed for module_call in made),
        "missed": [module_call.path for module_call in made if not module_call.passed][:20],
    }


def rows(
    package: str, side: str, folder: str, plain: Rows, names: list[str]
) -> Iterator[dict[str, Any]]:
    """A row for each model."""
    zoo = import_module(f"tests.zoo.{package}_models")
    for name in names:
        start = time.monotonic()
        row: dict[str, Any] = {"name": name}
        try:
            with time_limit(SECONDS):
                try:
                    model, call = zoo.model(name, plain.get(name, {}).get("known"))
                except NotBuiltError as error:
                    row["not built"] = str(error)
                else:
                    row |= {"class": type(model).__name__, "known": call.known}
                    if side == "plain":
                        row |= run_plain(model, call) | {"made": made_by(model, call, folder)}
                    else:
                        row |= run_hooked(model, call, folder, side)
        except (Exception, TooSlow) as error:
            frames = traceback.extract_tb(error.__traceback__)[-3:]
            row["error"] = f"{type(error).__name__}: {error}"[:400]
            row["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        row["seconds"] = round(time.monotonic() - start, 1)
        yield row


def main() -> None:
    package, side, out, plain, folder, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
    path = Path(out)
    done = read_rows(path)
    zoo = import_module(f"tests.zoo.{package}_models")
    wanted = [name for name in (names or zoo.names()) if name not in done]
    with path.open("a") as file:
        for row in rows(package, side, folder, read_rows(Path(plain)), wanted):
            file.write(json.dumps(row) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
