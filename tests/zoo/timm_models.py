"""One variant of every model family of timm, with random weights at a small image.

Which variant that is was found once, by building and running; it stands in `timm_variants.json`.

    python -m tests.zoo.timm_models  # finds them again, for another version of timm
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.torchvision_operators import declare_operators

SMALL = ("test", "atto", "femto", "pico", "nano", "zepto", "_xxs", "_xs", "tiny", "_t_", "mini",
         "small", "_s_", "_s", "18", "_050", "_b0", "a0", "b0")  # fmt: skip
SIDES = (64, 96, 128, 160, 192, 224, 256, 288, 384)
MOST_VARIANTS = 10
"""Of a family, those whose names sound smallest; they are counted without memory."""
ATTEMPTS: tuple[tuple[dict[str, Any], int], ...] = (
    ({}, 60_000_000),
    ({"depth": 2}, 60_000_000),
    ({}, 140_000_000),
)
"""Options and the most parameters: a large model with fewer layers, or whole where it has no such option."""
TABLE = Path(__file__).with_name("timm_variants.json")


def names() -> list[str]:
    """The module of each family."""
    declare_operators()
    import timm

    return sorted(timm.list_modules())


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """A model of the family and a call with a small image.

    Raises:
        NotBuiltError: no variant is small enough, or the family is not in the table.
    """
    declare_operators()
    import timm

    chosen = json.loads(TABLE.read_text()).get(name, {"why": "a family that the table lacks"})
    if "why" in chosen:
        raise NotBuiltError(chosen["why"])
    torch.manual_seed(0)
    built = timm.create_model(chosen["variant"], pretrained=False, **chosen["options"])
    return built, Call((image(chosen["image"]),), {})


def image(shape: list[int]) -> torch.Tensor:
    """Two images, [2, channels, height, width]."""
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(3))


def choose(family: str) -> dict[str, Any]:
    """The family's smallest variant that runs, with the smallest image that it takes; or why not."""
    import timm

    def smallness(name: str) -> tuple[int, int, str]:
        marks = [place for place, mark in enumerate(SMALL) if re.search(mark, name)]
        return (marks[0] if marks else len(SMALL), len(name), name)

    variants = sorted(timm.list_models(module=family), key=smallness)[:MOST_VARIANTS]
    failure = "no variants"
    for options, most in ATTEMPTS:
        sizes = {variant: parameters(variant, options) for variant in variants}
        for variant in sorted(sizes, key=lambda one: sizes[one]):
            if sizes[variant] > most:
                failure = f"{variant}: {sizes[variant] / 1e6:.0f} M parameters"
                break
            for side in SIDES:
                try:
                    built = timm.create_model(variant, pretrained=False, **options)
                    shape = [built.default_cfg["input_size"][0], side, side]
                    built.eval()(image(shape))
                except Exception as error:
                    failure = f"{type(error).__name__}: {error}"[:200]
                    continue
                return {"variant": variant, "options": options, "image": shape}
    return {"why": failure}


def parameters(variant: str, options: dict[str, Any]) -> int:
    import timm

    try:
        with torch.device("meta"):
            built = timm.create_model(variant, pretrained=False, **options)
    except Exception:  # takes no such option, or computes with numbers on the way
        return 0 if not options else sys.maxsize
    return sum(parameter.numel() for parameter in built.parameters())


if __name__ == "__main__":
    table = {family: choose(family) for family in names()}
    rows = [f"  {json.dumps(family)}: {json.dumps(chosen)}" for family, chosen in table.items()]
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
