"""Configurations of transformers, made small by one rule for all."""

from __future__ import annotations

import inspect
import re
from typing import Any, NamedTuple

VOCABULARY = 600
IMAGE = 128
FEW_EXPERTS = 16
"""Two in each of the groups that some models sort theirs into."""


class Shrinking(NamedTuple):
    """One way to make a configuration small."""

    by: int
    """What widths are divided by."""
    heads: bool = False
    """Whether heads become as many times fewer and stay as wide; else they become narrower."""
    layers: int = 2
    per_layer: bool = False
    """Whether lists with an entry for each layer are cut too."""
    faithful: bool = False
    """Whether parts keep what their whole gave them in place of their own defaults, large images
    become small, and a backbone that has no name is a ResNet."""


WAYS = (
    *(Shrinking(by) for by in (16, 8, 4, 2, 1)),
    *(Shrinking(by, heads=True) for by in (16, 4)),
    # patterns of layers: every fourth attends, say
    Shrinking(16, layers=4),
    Shrinking(16, heads=True, layers=8),
    Shrinking(16, per_layer=True),
    Shrinking(16, heads=True, per_layer=True),
    *(Shrinking(by, faithful=True) for by in (8, 2)),
)
"""The first that builds and runs is taken."""

LAYERS = re.compile(r"(layers?|depth|num_blocks|n_block|num_stacks|_blocks)$")
DEPTHS = re.compile(r"(depths?|layers|num_blocks|blocks)$")
HEAD_WIDTH = re.compile(r"head_(dim|size)$")
HEADS = re.compile(r"(heads|n_head)$")
EXPERTS = re.compile(r"experts$")
TOKEN = re.compile(r"(token_id|token_index|token_ids|_id)$")
WIDTH = re.compile(
    r"size|dim|d_model|d_ff|d_kv|d_inner|d_embed|n_embd|n_inner|width|channels|hidden|rank|planes"
    r"|filters|features|ffn|units"
)
NO_WIDTH = re.compile(
    r"image|patch|window|kernel|stride|vocab|position|max|seq|bucket|batch|crop|input_size|pool"
    r"|chunk|block_size|group|num_mel|mel_bins|sampling|frame|grid|conv_dim$|feature_size|crop"
)


def small_config(default: Any, way: Shrinking) -> Any:
    """The configuration `default`, made small."""
    cls = type(default)
    given: dict[str, Any] = _own_values(default) if way.faithful else {}
    values = {name: _value(default, name) for name in _arguments(cls)}
    depths = [value for name, value in values.items() if LAYERS.search(name)]
    vocabulary = values.get("vocab_size")
    last = min(vocabulary, VOCABULARY) if isinstance(vocabulary, int) else VOCABULARY
    for name, value in values.items():
        if hasattr(value, "to_dict"):
            given[name] = small_config(value, way)
            continue
        small = _small(name, value, way)
        if way.per_layer and isinstance(small, (list, tuple)) and len(small) in depths:
            small = small[: way.layers]
        if TOKEN.search(name) and isinstance(value, int) and value >= last - 40:
            small = last - 1 - (value % 37)
        if small != value:
            given[name] = small
    if way.faithful and cls.__name__ == "TimmBackboneConfig" and default.backbone is None:
        given["backbone"] = "resnet18"
    for name in getattr(cls, "sub_configs", {}):
        if name not in given and hasattr(getattr(default, name, None), "to_dict"):
            given[name] = small_config(getattr(default, name), way)
    return cls(**given)


def _own_values(config: Any) -> dict[str, Any]:
    """What a configuration was given that is not its class's default."""
    try:
        usual = type(config)()
    except Exception:  # it has no defaults
        return {}
    names = [name for name in _arguments(type(config)) if not name.startswith("_")]
    values = {name: _value(config, name) for name in (*names, "out_features")}
    return {name: value for name, value in values.items() if value != _value(usual, name)}


def _value(config: Any, name: str) -> Any:
    try:
        return getattr(config, name, None)
    except Exception:  # it differs from layer to layer, and the configuration will not name one
        return None


def _arguments(cls: type) -> list[str]:
    return [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]


def _small(name: str, value: Any, way: Shrinking) -> Any:
    if isinstance(value, (list, tuple)) and value and all(type(item) is int for item in value):
        if DEPTHS.search(name):
            return type(value)(1 for _ in value)
        if WIDTH.search(name) and not NO_WIDTH.search(name):
            return type(value)(_small(name, item, way) for item in value)
        return value
    if type(value) is not int:
        return value
    if name == "image_size" and way.faithful and value > IMAGE:
        return IMAGE
    if "vocab_size" in name:
        return min(value, VOCABULARY)
    if EXPERTS.search(name):
        return min(value, FEW_EXPERTS)
    if LAYERS.search(name):
        return min(value, way.layers)
    if HEAD_WIDTH.search(name) and way.heads:
        return value
    if HEADS.search(name):
        return max(1, value // way.by) if way.heads else value
    if WIDTH.search(name) and not NO_WIDTH.search(name) and value >= 64 and value % way.by == 0:
        return value // way.by
    return value
