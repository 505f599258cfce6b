"""Runs a model and keeps what can be compared: outputs, gradients, random numbers."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import Tensor, nn

SEED = 12


@dataclass
class Observation:
    """All of one run that a hook point may not change."""

    outputs: dict[str, Tensor]
    gradients: dict[str, Tensor]
    random_state: Tensor


def tensors(value: Any, path: str = "output") -> dict[str, Tensor]:
    """Every tensor in a result by its path, whatever it is packed into.

    Example:
        >>> list(tensors({"loss": torch.ones(()), "states": [torch.ones(2)]}))
        ['output.loss', 'output.states.0']
    """
    found: dict[str, Tensor] = {}
    _gather(value, path, found, set())
    return found


def _gather(value: Any, path: str, found: dict[str, Tensor], inside: set[int]) -> None:
    if isinstance(value, Tensor):
        found[path] = value
        return
    items: list[tuple[object, Any]]
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        items = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    elif hasattr(value, "__dict__") and not isinstance(value, (type, nn.Module)):
        items = list(vars(value).items())  # caches of keys and values
    else:
        return
    if id(value) in inside:
        return
    for name, item in items:
        _gather(item, f"{path}.{name}", found, inside | {id(value)})


def seed() -> None:
    """The same random numbers, whatever a model draws them with."""
    random.seed(SEED)
    numpy.random.seed(SEED)
    torch.manual_seed(SEED)


def observe(
    model: nn.Module, call: Callable[[nn.Module], Any], backward: bool = True
) -> Observation:
    """Calls the model from a fixed random state; the gradients are those of all outputs' sum."""
    model.zero_grad(set_to_none=True)
    seed()
    outputs = tensors(call(model))
    sums = [
        value.abs().sum() if value.is_complex() else value.double().sum()
        for value in outputs.values()
        if value.requires_grad and value.numel()
    ]
    if backward and sums:
        torch.stack([value.double() for value in sums]).sum().backward()
    gradients = {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    values = {name: value.detach().clone() for name, value in outputs.items()}
    return Observation(values, gradients, torch.get_rng_state())


def differences(one: Observation, other: Observation) -> list[str]:
    """The names of what is not the same, bit for bit."""
    found = [
        f"{kind} {name}"
        for kind, left, right in (
            ("output", one.outputs, other.outputs),
            ("gradient", one.gradients, other.gradients),
        )
        for name in sorted(left.keys() | right.keys())
        if name not in left or name not in right or not same(left[name], right[name])
    ]
    return found + ["random numbers"] * (not torch.equal(one.random_state, other.random_state))


def same(one: Tensor, other: Tensor) -> bool:
    """Bit-equal; NaN is NaN."""
    if one.is_nested and other.is_nested:
        rows, others = one.unbind(), other.unbind()
        return len(rows) == len(others) and all(map(same, rows, others))
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and one.layout == other.layout
        and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))
        and (not one.is_floating_point() or torch.equal(one.isnan(), other.isnan()))
    )
