"""Runs for `check_auto_hook`: every one from the same random state, on inputs of its own."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from autohook_runtime.first_tensor import each_tensor
from autohook_runtime.hooked_classes import hook_module
from autohook_runtime.record import RECORD, unwrap_model

SEED = 20


@contextmanager
def seeded() -> Iterator[None]:
    """A random state of our own; the global one is as before afterwards."""
    numpy: Any = sys.modules.get("numpy")
    ours, theirs = random.getstate(), None if numpy is None else numpy.random.get_state()
    try:
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            random.seed(SEED)
            if numpy is not None:
                numpy.random.seed(SEED)
            yield
    finally:
        random.setstate(ours)
        if numpy is not None:
            numpy.random.set_state(theirs)


@dataclass
class Subject:
    """The class that is checked, and what its objects are built of and called with."""

    model_class: type[nn.Module]
    input_kwargs: Mapping[str, Any]
    init_kwargs: Mapping[str, Any]
    state: dict[str, Any] | None = field(default=None)

    def build(self, model_class: type[nn.Module] | None = None) -> nn.Module:
        """An unhooked model; all of them with the same numbers."""
        with seeded():
            model = (model_class or self.model_class)(**copy.deepcopy(dict(self.init_kwargs)))
        if model_class is None and RECORD in model.__dict__:
            unwrap_model(model)
        if self.state is None:
            self.state = copy.deepcopy(model.state_dict())
        model.load_state_dict(self.state)
        return model

    def build_hooked(self) -> Any:
        model = self.build()
        hook_module(model)
        return model

    def run(self, model: Callable[..., Any], change: Callable[[Any], Any] = lambda x: x) -> Any:
        """The model's output, from the same random state each time."""
        with seeded():
            return model(**change(copy.deepcopy(dict(self.input_kwargs))))

    def run_with(self, model: Any, **hooks: Any) -> Any:
        with model.hooks(**hooks):
            return self.run(model)


def tensors(value: Any) -> list[Tensor]:
    """Copies of all tensors in an output."""
    return [tensor.detach().clone() for tensor, _ in each_tensor(value)]


def is_same(one: list[Tensor], other: list[Tensor]) -> bool:
    """Bit for bit; what is no number equals what is no number."""
    return len(one) == len(other) and all(
        a.dtype == b.dtype and a.shape == b.shape and torch.equal(_bits(a), _bits(b))
        for a, b in zip(one, other, strict=True)
    )


def _bits(tensor: Tensor) -> Tensor:
    return torch.nan_to_num(tensor) if tensor.is_floating_point() else tensor


def backward(output: Any) -> bool:
    """Runs backward from all of an output that needs a gradient; False if nothing does."""
    sums = [t.abs().sum() for t, _ in each_tensor(output) if t.requires_grad]
    if sums:
        torch.stack([each.double() for each in sums]).sum().backward()  # type: ignore[no-untyped-call]
    return bool(sums)


def gradients(model: nn.Module) -> list[Tensor]:
    return [torch.zeros(()) if p.grad is None else p.grad.clone() for p in model.parameters()]
