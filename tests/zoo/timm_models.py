"""One variant of every model family of timm, with random weights."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.zoo.torchvision_operators import declare_operators

SMALL = ("test", "atto", "femto", "pico", "nano", "zepto", "_xxs", "_xs", "tiny", "_t_", "mini",
         "small", "_s_", "_s", "18", "_050", "_b0", "a0", "b0")  # fmt: skip
SIZES = (64, 96, 128, 224, 256)
MOST_PARAMETERS = 60_000_000


class NotBuiltError(Exception):
    """A family that cannot be built or run small here; the message says why."""


def names() -> list[str]:
    """The module of each family."""
    declare_operators()
    import timm

    return sorted(timm.list_modules())


def _variant(family: str) -> str:
    import timm

    variants = timm.list_models(module=family)
    if not variants:
        raise NotBuiltError("no variants")

    def smallness(name: str) -> tuple[int, int, str]:
        marks = [place for place, mark in enumerate(SMALL) if re.search(mark, name)]
        return (marks[0] if marks else len(SMALL), len(name), name)

    return min(variants, key=smallness)


def model(name: str, known: Any = None) -> tuple[nn.Module, Callable[[nn.Module], Any]]:
    """A model of the family and a call with the smallest image that it takes.

    Raises:
        NotBuiltError: no image suits, or the smallest variant is too large.
    """
    declare_operators()
    import timm

    build = functools.partial(timm.create_model, _variant(name), pretrained=False)
    with torch.device("meta"):
        try:
            size = sum(parameter.numel() for parameter in build().parameters())
        except Exception:  # some compute with numbers on the way
            size = 0
    if size > MOST_PARAMETERS:
        raise NotBuiltError(f"{size / 1e6:.0f} M parameters")
    failure = ""
    for side in SIZES:
        torch.manual_seed(0)
        built = build().eval()
        channels = built.default_cfg["input_size"][0]
        image = torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(3))
        try:
            with torch.no_grad():
                built(image)
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"[:200]
            continue
        torch.manual_seed(0)
        return build(), Call(image)
    raise NotBuiltError(failure)


class Call:
    """Calls a model with a copy of one batch of images."""

    known = None
    """The name alone says which model it is."""

    def __init__(self, image: torch.Tensor) -> None:
        self.image = image

    def __call__(self, model: nn.Module) -> Any:
        return model(self.image.clone())
