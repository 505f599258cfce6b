"""Dummy inputs of transformers' models, by the names of `forward`'s arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn


def inputs_for(model: nn.Module, config: Any) -> Iterator[dict[str, Any]]:
    """Dummy inputs that may suit, by the names of `forward`'s arguments."""
    arguments = inspect.signature(model.forward).parameters
    required = [
        name
        for name, parameter in arguments.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    main = getattr(model, "main_input_name", "input_ids")
    mains = [main] if isinstance(main, str) else list(main)
    tried: set[tuple[str, ...]] = set()
    groups = (
        mains,
        [*mains, *required],
        [*required],
        [*mains, "decoder_input_ids"],
        ["input_ids", "pixel_values"],
        ["input_ids"],
        [*mains, "input_ids"],
        [*mains, "decoder_input_ids", *required],
        ["pixel_values"],
        ["input_ids", "bbox"],
        ["input_ids", "decoder_input_ids", "pixel_values"],
    )
    for group in groups:
        wanted = tuple(dict.fromkeys(name for name in group if name in arguments))
        if not wanted or wanted in tried:
            continue
        tried.add(wanted)
        options = [_values(name, config) for name in wanted]
        if any(not option for option in options):
            continue
        for number in range(max(len(option) for option in options)):
            found = {
                name: option[min(number, len(option) - 1)]
                for name, option in zip(wanted, options, strict=True)
            }
            yield found
            if not number and wanted == ("input_ids",):
                # a cache wants an attention layer, and few layers may all be of another kind
                yield found | {"use_cache": False}


def _values(name: str, config: Any) -> list[torch.Tensor]:
    """What an argument may take, the likeliest first."""
    generator = torch.Generator().manual_seed(5)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    def ids(*shape: int) -> torch.Tensor:
        return torch.randint(5, 50, shape, generator=generator)

    size = _image_size(config)
    channels = int(_find(config, "num_channels", 3) or 3)
    mels = int(_find(config, "num_mel_bins", 80) or 80)
    length = int(_find(config, "max_source_positions", 0) or 0) * 2
    if name in ("input_ids", "decoder_input_ids", "char_input_ids"):
        # a long one where a model wants whole blocks
        return [ids(2, 8), ids(1, 64), ids(2, 9, 8)]
    if name == "attention_mask":
        return [torch.ones(2, 8, dtype=torch.long)]
    if name == "bbox":
        return [torch.zeros(2, 8, 4, dtype=torch.long)]
    if name in ("pixel_values", "pixel_values_videos", "images", "image"):
        frames = int(_find(config, "num_frames", 2) or 2)
        found = [
            noise(2, channels, size, size),
            noise(1, frames, channels, size, size),
            noise(1, channels, 64, 64),
            noise(1, channels, 224, 224),
            noise(1, 2, channels, size, size),
        ]
        return found[1:2] + found[:1] if name == "pixel_values_videos" else found
    if name == "pixel_mask":
        return [torch.ones(2, size, size, dtype=torch.long)]
    if name == "input_values":
        steps = int(_find(config, "max_length", 1024) or 1024)
        return [noise(2, 4000), noise(1, 1, 4000), noise(1, steps, 128), noise(1, 1, 16000)]
    if name in ("input_features", "audio_values"):
        found = [noise(1, mels, 3000), noise(1, 100, mels), noise(1, 200, 160)]
        return [noise(1, mels, length), *found] if length else found
    if name in ("inputs_embeds", "encoder_outputs"):
        width = int(_find(config, "hidden_size", 32) or 32)
        return [noise(2, 8, width)]
    if name == "past_values":
        steps = int(_find(config, "context_length", 32) or 32)
        width = int(_find(config, "num_input_channels", 1) or 1)
        return [noise(2, steps, width), noise(2, steps)]
    if name == "freq":
        return [torch.zeros(2, 1, dtype=torch.long)]
    return []


def _find(config: Any, name: str, default: Any) -> Any:
    """A field of a configuration or of one inside it."""
    found = getattr(config, name, None)
    if found is not None:
        return found
    for sub in getattr(type(config), "sub_configs", {}):
        inner = getattr(config, sub, None)
        if inner is not None and hasattr(inner, "to_dict"):
            found = _find(inner, name, None)
            if found is not None:
                return found
    return default


def _image_size(config: Any) -> int:
    size = _find(config, "image_size", None)
    if isinstance(size, (list, tuple)) and size:
        size = size[0]
    return size if isinstance(size, int) and 16 <= size <= 512 else 64
