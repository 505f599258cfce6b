"""Runs the models of one package, as they are or rewritten, and writes down a row for each.

    python -m tests.zoo.running transformers hooked ROWS.jsonl PLAIN_ROWS.jsonl FOLDER [NAME …]

A row holds digests, so that rows of two processes can be compared. The side is `plain` (the package
as it is), `hooked` (the rewritten one stands first on the path) or `runtime` (as it is, with
`auto_hook` alone). FOLDER holds the code whose calls the source is to hook. Each model has a process
of its own, so that its row can say which files it was made with, and one that dies costs no other.
How a model was built is read from the row of the plain side, where that has one.
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
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from autohook_runtime import auto_hook
from torch import Tensor, nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from tests.real_models.observing import Observation, observe, same, seed, tensors
from tests.zoo.built import NotBuiltError
from tests.zoo.calls import CONTAINERS, Calls, ModuleCall, recorded_calls
from tests.zoo.comparing import Rows, read_rows
from tests.zoo.loaded_files import loaded_elsewhere, loaded_files, made_with

FORK = get_context("fork")
SECONDS = 120


class TooSlow(BaseException):
    """Past what catches Exception."""


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Of computing: how busy the machine is with other things does not count."""

    def stop(*_: Any) -> None:
        raise TooSlow(f"more than {seconds} s")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


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
    auto_hook(model)  # completes a root that ends with setup() alone
    row["fallback"] = measured_with_fallback(model, call, folder)
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
    made = calls.by_code_in(folder)
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
        "made": [module_call.path for module_call in made],
        "calls": len(made),
        "missed": missed(made, folder),
        "calls of other code": len(elsewhere),
        "parameters used": len(used),
        "parameters seen": len(used & seen),
        "parameters missed": sorted(used - seen)[:20],
        "hook points": len(source_hook_points(model)),
        "fired": len(calls.fired),
        "not tensors": not_tensors[:20],
        "fired without a call": uncalled[:20],
    }


def missed(calls: list[ModuleCall], folder: str) -> list[tuple[str, str, int]]:
    """The calls that no hook point saw: the module's path, the file (in `folder`, or whole), the line."""
    return [
        (call.path, call.file.removeprefix(f"{folder}/"), call.line)
        for call in calls
        if not call.passed
    ]


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
    with type(model).hooks(model):  # type: ignore[operator,arg-type]
        # complete here, also of modules that the last forward has made (BigBird); some models have
        # an attribute `hooks` of their own
        hook_points = dict(model.hook_dict)  # type: ignore[arg-type]
    for name, hook_point in hook_points.items():

        def keep(module: nn.Module, args: Any, output: Any, name: str = name) -> None:
            found = list(tensors(output).values())
            if found:
                passed[name] = found[0].detach().clone()

        handles.append(hook_point.register_forward_hook(keep))
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


def measured_with_fallback(
    model: nn.Module, call: Callable[[nn.Module], Any], folder: str
) -> dict[str, Any]:
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
    made = [module_call for module_call in calls.made if module_call.tensors]
    return {"calls": len(made), "missed": missed(made, folder)}


def row_of(name: str, package: str, side: str, folder: str, plain: Rows) -> dict[str, Any]:
    """What one model does."""
    start = time.process_time()
    zoo = import_module(f"tests.zoo.{package}_models")
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
    # a file that cannot be imported is none that was loaded
    failed = row.keys() & {"not built", "error"}
    row |= made_with(Path(folder), None if failed else loaded_files(Path(folder)))
    row["seconds"] = round(time.process_time() - start, 1)
    return row


def in_a_process(name: str, package: str, side: str, folder: str, plain: Rows) -> dict[str, Any]:
    """The row of a model that a copy of this process runs, which may die of it. What that imports
    from elsewhere than `folder` is imported here too, for the next."""
    receiving, sending = FORK.Pipe(duplex=False)

    def run(sending: Connection) -> None:
        row = row_of(name, package, side, folder, plain)
        sending.send((row, loaded_elsewhere(Path(folder))))

    process = FORK.Process(target=run, args=(sending,))
    process.start()
    sending.close()
    row: dict[str, Any]
    try:
        row, modules = receiving.recv()
    except EOFError:
        process.join()
        row = {"name": name, "error": f"the process ended with {process.exitcode}"}
        return row | made_with(Path(folder), None)
    process.join()
    for module in modules:
        if module not in sys.modules:
            with suppress(Exception):
                import_module(module)
    return row


def main() -> None:
    package, side, out, plain_path, folder, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
    plain = read_rows(Path(plain_path))
    with Path(out).open("a") as file:
        for name in names:
            row = in_a_process(name, package, side, folder, plain)
            file.write(json.dumps(row) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
