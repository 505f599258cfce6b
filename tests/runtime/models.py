"""Models that the runtime's tests hook, each with what makes it a case of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from transformer_lens.hook_points import HookPoint

WIDTH = 4


def inputs() -> torch.Tensor:
    return torch.randn(2, WIDTH, generator=torch.Generator().manual_seed(1))


def seeded(model_class: type[nn.Module], *args: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return model_class(*args).double().float()


class Attention(nn.Module):
    """Holds its weights itself, and gives out a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.W_Q = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.b_Q = nn.Parameter(torch.randn(WIDTH))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        return F.linear(x, self.W_Q, self.b_Q), None


class Block(nn.Module):
    """Changes values in place, and has a hook point of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = Attention()
        self.up = nn.Linear(WIDTH, WIDTH)
        self.up_hook_point = HookPoint()
        self.act = nn.ReLU(inplace=True)
        self.scale = nn.Parameter(torch.randn(WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(x)[0]
        y = self.up_hook_point(self.up(x))
        y += x
        y = self.act(y)
        return y * self.scale


class Net(nn.Module):
    """Blocks in a list, and a dict as output."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block() for _ in range(2)])
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        for block in self.blocks:
            x = block(x)
        return {"logits": self.head(x), "hidden": x}


NET_NAMES = [
    "blocks.0.up_hook_point",
    "blocks.1.up_hook_point",
    "hook_point",
    "blocks.0.hook_point",
    "blocks.0.attn.hook_point",
    "blocks.0.act.hook_point",
    "blocks.1.hook_point",
    "blocks.1.attn.hook_point",
    "blocks.1.act.hook_point",
    "head.hook_point",
    "head.0.hook_point",
    "head.1.hook_point",
    "blocks.0.scale.hook_point",
    "blocks.0.attn.W_Q.hook_point",
    "blocks.0.attn.b_Q.hook_point",
    "blocks.1.scale.hook_point",
    "blocks.1.attn.W_Q.hook_point",
    "blocks.1.attn.b_Q.hook_point",
]


def doubled(value: torch.Tensor, hook: Any) -> torch.Tensor:
    return value * 2


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclass
class Result:
    first: Any
    second: Any


@dataclass(frozen=True)
class FrozenResult:
    first: Any
    second: Any


class Giver(nn.Module):
    """Gives out what `pack` makes of its tensor."""

    def __init__(self, pack: Any) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.pack = pack

    def forward(self, x: torch.Tensor) -> Any:
        return self.pack(self.inner(x))
