"""A table of models: how each is built small, and what it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tests.zoo.built import Call

__all__ = ["Recipe", "floats", "integers", "recipe_model", "recipe_names"]


@dataclass(frozen=True)
class Recipe:
    """One model."""

    build: Callable[[], nn.Module]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


Table = Callable[[], Mapping[str, Recipe]]
"""Imports the package, which the process that lists the names may not have imported before."""


def recipe_names(table: Table) -> list[str]:
    return list(table())


def recipe_model(table: Table, name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """The model with random weights, and its call."""
    recipe = table()[name]
    torch.manual_seed(0)
    return recipe.build(), Call(recipe.args, dict(recipe.kwargs))


def floats(*shape: int) -> Tensor:
    """The same numbers each time, normally distributed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def integers(below: int, *shape: int) -> Tensor:
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(3))
