"""The architectures of transformers, made small by one rule for all, and what they are called with."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from tests.zoo.torchvision_operators import declare_operators

VOCABULARY = 600
FEW_LAYERS = 2
FEW_EXPERTS = 8
SHRINKING = (16, 8, 4, 2, 1)
"""What widths are divided by, the first that builds and runs is taken; heads stay as many."""
MOST_PARAMETERS = 30_000_000

LAYERS = re.compile(r"(layers?|depth|num_blocks|n_block|num_stacks|_blocks)$")
DEPTHS = re.compile(r"(depths?|layers|num_blocks|blocks)$")
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
CLASSES = (
    "MODEL_MAPPING",
    "MODEL_FOR_CAUSAL_LM_MAPPING",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING",
    "MODEL_FOR_MULTIMODAL_LM_MAPPING",
    "MODEL_FOR_MASKED_LM_MAPPING",
    "MODEL_FOR_PRETRAINING_MAPPING",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING",
    "MODEL_FOR_OBJECT_DETECTION_MAPPING",
    "MODEL_FOR_DEPTH_ESTIMATION_MAPPING",
    "MODEL_FOR_UNIVERSAL_SEGMENTATION_MAPPING",
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING",
    "MODEL_FOR_TEXT_TO_WAVEFORM_MAPPING",
    "MODEL_FOR_KEYPOINT_DETECTION_MAPPING",
    "MODEL_FOR_KEYPOINT_MATCHING_MAPPING",
    "MODEL_FOR_BACKBONE_MAPPING",
    "MODEL_FOR_AUDIO_TOKENIZATION_MAPPING",
    "MODEL_FOR_TIME_SERIES_PREDICTION_MAPPING",
)


class NotBuiltError(Exception):
    """A model that cannot be built or run small here; the message says why."""


def names() -> list[str]:
    """Every architecture of `AutoConfig`'s mapping."""
    declare_operators()
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return sorted(CONFIG_MAPPING_NAMES)


def small_config(default: Any, by: int) -> Any:
    """The configuration `default` with fewer layers and widths divided by `by`."""
    cls = type(default)
    given: dict[str, Any] = {}
    values = {name: getattr(default, name, None) for name in _arguments(cls)}
    vocabulary = values.get("vocab_size")
    last = min(vocabulary, VOCABULARY) if isinstance(vocabulary, int) else VOCABULARY
    for name, value in values.items():
        if hasattr(value, "to_dict"):
            given[name] = small_config(value, by)
            continue
        small = _small(name, value, by)
        if TOKEN.search(name) and isinstance(value, int) and value >= last - 40:
            small = last - 1 - (value % 37)
        if small != value:
            given[name] = small
    for name in getattr(cls, "sub_configs", {}):
        if name not in given and hasattr(getattr(default, name, None), "to_dict"):
            given[name] = small_config(getattr(default, name), by)
    return cls(**given)


def _arguments(cls: type) -> list[str]:
    return [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]


def _small(name: str, value: Any, by: int) -> Any:
    if isinstance(value, (list, tuple)) and value and all(type(item) is int for item in value):
        if DEPTHS.search(name):
            return type(value)(1 for _ in value)
        if WIDTH.search(name) and not NO_WIDTH.search(name):
            return type(value)(_small(name, item, by) for item in value)
        return value
    if type(value) is not int:
        return value
    if "vocab_size" in name:
        return min(value, VOCABULARY)
    if EXPERTS.search(name):
        return min(value, FEW_EXPERTS)
    if LAYERS.search(name):
        return min(value, FEW_LAYERS)
    if WIDTH.search(name) and not NO_WIDTH.search(name) and value >= 64 and value % by == 0:
        return value // by
    return value


def classes(config: Any) -> Iterator[type[nn.Module]]:
    """The model classes for a configuration, the bare model first."""
    from transformers.models.auto import modeling_auto

    for mapping_name in CLASSES:
        mapping = getattr(modeling_auto, mapping_name, {})
        try:
            found = mapping[type(config)]
        except (KeyError, ValueError, AttributeError, ImportError):
            continue
        yield from found if isinstance(found, (list, tuple)) else [found]


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
    tried: set[tuple[str, ...]] = set()
    groups = (
        [main],
        [main, *required],
        [*required],
        [main, "decoder_input_ids"],
        ["input_ids", "pixel_values"],
        ["input_ids"],
        [main, "input_ids"],
        [main, "decoder_input_ids", *required],
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
            yield {
                name: option[min(number, len(option) - 1)]
                for name, option in zip(wanted, options, strict=True)
            }


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


def attempts(name: str) -> Iterator[tuple[Any, type[nn.Module]]]:
    """Configurations and classes to try, in order; raises `NotBuiltError` where there are none."""
    declare_operators()
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    try:
        default = CONFIG_MAPPING[name]()
    except Exception as error:
        raise NotBuiltError(
            f"no default configuration: {type(error).__name__}: {error}"[:200]
        ) from None
    if not list(classes(default)):
        raise NotBuiltError("no model class in the mappings")
    for by in SHRINKING:
        try:
            config = small_config(default, by)
        except Exception:
            continue
        # else functions of transformers.integrations run in place of the model's own code
        config._experts_implementation = "eager"
        for cls in classes(config):
            yield config, cls


def build(cls: type[nn.Module], config: Any) -> nn.Module:
    """A model with random parameters, if it is small."""
    with torch.device("meta"):
        try:
            size = sum(p.numel() for p in cls(config).parameters())
        except NotImplementedError:
            size = 0
        except RuntimeError as error:
            if "meta" not in str(error):
                raise
            size = 0
    if size > MOST_PARAMETERS:
        raise NotBuiltError(f"{size / 1e6:.0f} M parameters")
    torch.manual_seed(0)
    return cls(config)


def model(name: str) -> tuple[nn.Module, Callable[[nn.Module], Any]]:
    """A small model that runs, fresh from a fixed seed, and the call that ran.

    Raises:
        NotBuiltError: nothing that was tried builds and runs.
    """
    failures: list[str] = []
    for config, cls in attempts(name):
        try:
            model = build(cls, config).eval()
        except Exception as error:
            failures.append(f"{cls.__name__}: {type(error).__name__}: {error}")
            continue
        for inputs in inputs_for(model, config):
            try:
                with torch.no_grad():
                    model(**copy.deepcopy(inputs))
            except Exception as error:
                failures.append(
                    f"{cls.__name__}({', '.join(inputs)}): {type(error).__name__}: {error}"
                )
                continue
            del model
            return build(cls, config), Call(inputs)
    raise NotBuiltError(" | ".join(dict.fromkeys(failure[:160] for failure in failures[:4])))


class Call:
    """Calls a model with inputs that it may change."""

    def __init__(self, inputs: dict[str, Any]) -> None:
        self.inputs = inputs

    def __call__(self, model: nn.Module) -> Any:
        return model(**copy.deepcopy(self.inputs))
