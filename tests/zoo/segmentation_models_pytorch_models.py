"""Every decoder of segmentation-models-pytorch, with a small encoder."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tests.zoo.built import Call
from tests.zoo.torchvision_operators import declare_operators

ENCODERS = {"dpt": "tu-vit_tiny_patch16_224"}
"""A decoder of plain vision transformers takes no resnet."""
OPTIONS: dict[str, dict[str, Any]] = {
    "dpt": {"decoder_intermediate_channels": (32, 32, 64, 64), "decoder_fusion_channels": 32}
}
SIDES = {"dpt": 224, "pan": 128}


def names() -> list[str]:
    declare_operators()
    import segmentation_models_pytorch

    return sorted(segmentation_models_pytorch.MODEL_ARCHITECTURES_MAPPING)


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """A decoder on its encoder, and a call with a small image."""
    declare_operators()
    import segmentation_models_pytorch

    torch.manual_seed(0)
    built = segmentation_models_pytorch.create_model(
        name,
        encoder_name=ENCODERS.get(name, "resnet18"),
        encoder_weights=None,
        **OPTIONS.get(name, {}),
    )
    side = SIDES.get(name, 64)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(3))
    return built, Call((images,), {})
