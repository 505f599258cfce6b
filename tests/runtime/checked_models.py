"""Classes for `check_auto_hook`, in a file of their own since it reads their source."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

WIDTH = 4


class Good(nn.Module):
    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.act = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Any) -> Any:
        return self.dropout(self.act(self.fc1(x))) * self.scale


class Partial(nn.Module):
    """One layer that nothing calls, one whose output does not matter."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(WIDTH, WIDTH)
        self.unused = nn.Linear(WIDTH, WIDTH)
        self.idle = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Any) -> Any:
        self.idle(x)
        return self.used(x)


class Suspicious(nn.Module):
    """Looks at its own class."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Any) -> Any:
        return self.fc1(x) if type(self) is Suspicious else self.fc1(x) * 2


class Forgetful(nn.Module):
    """Cannot be copied or pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, WIDTH)
        self.generator = (value for value in ())

    def forward(self, x: Any) -> Any:
        return self.fc1(x)


class Whole(nn.Module):
    """What only the fallback names, and a part that is a model too."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())
        self.partial = Partial()
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(WIDTH, WIDTH))

    def forward(self, x: Any) -> Any:
        return self.normed(self.partial(self.layers(x)))


class Runner:
    """An object that calls a module."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def __call__(self, x: Any) -> Any:
        return self.layer(x)


class Handing(nn.Module):
    """Hands its layers to what calls them."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(WIDTH, WIDTH)
        self.two = nn.Linear(WIDTH, WIDTH)
        self.runner = Runner(self.one)

    def forward(self, x: Any) -> Any:
        return torch.stack(list(map(self.two, self.runner(x))))


class Passing(nn.Module):
    """Gives out a parameter, which takes part in no operation."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(WIDTH))
        self.attention = nn.MultiheadAttention(WIDTH, 2)

    def forward(self, x: Any) -> Any:
        attended, _ = self.attention(x, x, x)
        return attended, self.scale
