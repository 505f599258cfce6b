"""Every module call of a run: who made it, and whether its output passed a hook point."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from transformer_lens.hook_points import HookPoint

from tests.real_models.observing import tensors

TORCH = f"{Path(torch.__file__).parent}/"
CALLING = ("__call__", "_call_impl", "_wrapped_call_impl", "inner", "recorded")
CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


@dataclass
class ModuleCall:
    """One call of a submodule."""

    path: str
    file: str
    """Of the code that called it."""
    line: int
    inside_container: bool
    """A class that is an `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict` called its member."""
    tensors: list[Tensor]
    """What it returned; held, so that no other tensor gets their ids."""
    passed: bool = False
    """A hook point saw one of them."""

    @property
    def called_by_torch(self) -> bool:
        return self.file.startswith(TORCH)


@dataclass
class Calls:
    """The calls of one run, in the order in which they ended."""

    made: list[ModuleCall] = field(default_factory=list)
    fired: dict[str, list[Any]] = field(default_factory=dict)
    """What each hook point saw, by its path."""
    newest: dict[int, ModuleCall] = field(default_factory=dict)
    """By the id of a tensor, the newest call that returned it."""
    firings: Counter[str] = field(default_factory=Counter)
    """How often a hook point fired for what it is named after (see `hooked_by`)."""

    def saw(self, path: str, value: Any) -> None:
        """A hook point was called: its value is that of the newest call that returned it."""
        self.fired.setdefault(path, []).append(value)
        self.firings[hooked_by(path)] += 1
        for tensor in tensors(value).values():
            call = self.newest.get(id(tensor))
            if call is not None:
                call.passed = True

    def by_code_in(self, folder: str) -> list[ModuleCall]:
        """The calls that code in `folder` made and that a hook point could see."""
        return [
            call
            for call in self.made
            if call.tensors
            and not call.inside_container
            and not call.called_by_torch
            and call.file.startswith(folder)
        ]


def hooked_by(name: str) -> str:
    """What a hook point is named after, in a form that is the same for all names of a module.

    >>> {hooked_by(name) for name in ("mlp.up.hook_point", "mlp_up_hook_point", "mlp.up")}
    {'mlp_up'}
    """
    return re.sub(r"[._]hook_points?(_\d+)?(?=\.|$)", "", name).replace(".", "_")


@contextmanager
def recorded_calls(model: nn.Module) -> Iterator[Calls]:
    """Records the calls of the modules in `named_modules()`, hook points apart."""
    calls = Calls()
    paths = {module: path for path, module in model.named_modules()}
    names: dict[nn.Module, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        names.setdefault(module, []).append(hooked_by(path))
    original = nn.Module.__call__

    def recorded(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        path = paths.get(module)
        if isinstance(module, HookPoint):
            return original(module, *args, **kwargs)
        before = [calls.firings[name] for name in names.get(module, ())]
        result = original(module, *args, **kwargs)
        if path:
            # what auto_hook watches fires inside of the call, before it is on record
            after = [calls.firings[name] for name in names[module]]
            frame = _caller(sys._getframe(1), module)
            owner = frame.f_locals.get("self")
            call = ModuleCall(
                path,
                frame.f_code.co_filename,
                frame.f_lineno,
                isinstance(owner, CONTAINERS) and type(owner) not in CONTAINERS,
                list(tensors(result).values()),
                passed=before != after,
            )
            calls.made.append(call)
            calls.newest.update((id(tensor), call) for tensor in call.tensors)
        return result

    # by hooks: what a hook point without one does is its own affair
    handles = [
        module.register_forward_hook(lambda _, inputs, result, path=path: calls.saw(path, result))
        for module, path in paths.items()
        if isinstance(module, HookPoint)
    ]
    nn.Module.__call__ = recorded  # type: ignore[assignment,method-assign]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()
        nn.Module.__call__ = original  # type: ignore[method-assign]


def _caller(frame: FrameType, module: nn.Module) -> FrameType:
    """The frame that called `module`, past what is only the way into it (its own `__call__`)."""
    while frame.f_back is not None and (
        frame.f_code.co_name in CALLING
        and (frame.f_locals.get("self") is module or frame.f_locals.get("module") is module)
    ):
        frame = frame.f_back
    return frame
