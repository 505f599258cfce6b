"""Against the bridge of TransformerLens 4: one small configuration for all architectures."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from inspect import signature
from typing import Any

import torch
import transformers
from autohook_runtime import auto_hook
from torch import nn
from transformer_lens.factories.architecture_adapter_factory import SUPPORTED_ARCHITECTURES
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module

from tests.oracle.comparing import Pair, pairs
from tests.oracle.rewritten import rewritten_class
from tests.oracle.small_configs import small_config_of
from tests.zoo.transformers_configs import WAYS, small_config

WAY = next(way for way in WAYS if way.heads)


class LeftOutError(Exception):
    """An architecture that cannot be compared, and why."""


def names() -> list[str]:
    return sorted(SUPPORTED_ARCHITECTURES)


def compare(name: str) -> list[Pair]:
    """The pairs of one architecture.

    Raises:
        LeftOutError: it cannot be built here, or cannot be called with tokens.
    """
    cls = getattr(transformers, name, None)
    if cls is None:
        raise LeftOutError("no class of transformers")
    config = _config(cls)
    plain = _built(cls, config)
    hooked = _built(rewritten_class(cls), copy.deepcopy(config))
    hooked.load_state_dict(plain.state_dict())
    tokens = torch.randint(3, 90, (2, 6), generator=torch.Generator().manual_seed(0))
    inputs = {"decoder_input_ids": tokens} if config.is_encoder_decoder else {}
    uncached = {"use_cache": False} if "use_cache" in signature(plain.forward).parameters else {}
    try:
        with torch.no_grad():
            _, ours = auto_hook(hooked).run_with_cache(tokens, **inputs, **uncached)
    except Exception as error:
        raise LeftOutError(f"not called with tokens: {_line(error)}") from error
    try:
        bridge = build_bridge_from_module(plain, name, hf_config=config)
        with torch.no_grad():
            given = {"decoder_input": tokens} if inputs else uncached
            _, theirs = bridge.run_with_cache(tokens, **given)
    except Exception as error:
        raise LeftOutError(f"the bridge: {_line(error)}") from error
    found: list[Pair] = []
    for prefix, paths in ours.other_names.lens.blocks.items():
        their_prefix = prefix if prefix == "blocks" else f"{prefix}_blocks"
        found += pairs(_by_all_names(theirs), ours, len(paths), prefix, their_prefix)
    if all(pair.verdict == "only theirs" for pair in found):
        raise LeftOutError(f"not in this file: {ours.other_names.lens.problem or 'its text model'}")
    return found


def _config(cls: Any) -> Any:
    for make in (_shrunk, small_config_of):
        try:
            config = make(cls)
            cls(copy.deepcopy(config))
            break
        except Exception as error:
            reason = _line(error)
    else:
        raise LeftOutError(f"no small configuration: {reason}")
    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    return config


def _shrunk(cls: Any) -> Any:
    return small_config(cls.config_class(), WAY)


def _built(cls: Any, config: Any) -> Any:
    try:
        torch.manual_seed(0)
        model: nn.Module = cls(config).eval()
    except Exception as error:
        raise LeftOutError(f"not built: {_line(error)}") from error
    _randomize(model)
    return model


def _randomize(model: nn.Module) -> None:
    """What starts as zeros or ones would hide differences."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter += 0.02 * noise.to(parameter)


def _by_all_names(cache: Any) -> dict[str, Any]:
    return {str(name): cache[name] for name in cache.keys()}  # noqa: SIM118 (no dictionary)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]


def rows(wanted: list[str]) -> Iterator[tuple[str, list[Pair] | str]]:
    """Each architecture with its pairs, or why it is left out."""
    warnings.simplefilter("ignore")
    for name in wanted or names():
        try:
            yield name, compare(name)
        except LeftOutError as error:
            yield name, str(error)
