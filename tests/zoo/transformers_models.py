"""The architectures of transformers, made small by one rule for all, and what they are called with."""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.torchvision_operators import declare_operators

VOCABULARY = 600
FEW_EXPERTS = 8
MOST_PARAMETERS = 30_000_000


class Shrinking(NamedTuple):
    """One way to make a configuration small."""

    by: int
    """What widths are divided by."""
    heads: bool = False
    """Whether heads become as many times fewer; else they become narrower."""
    layers: int = 2


WAYS = (
    *(Shrinking(by) for by in (16, 8, 4, 2, 1)),
    *(Shrinking(by, heads=True) for by in (16, 4)),
    # patterns of layers: every fourth attends, say
    Shrinking(16, layers=4),
    Shrinking(16, heads=True, layers=8),
)
"""The first that builds and runs is taken."""

LAYERS = re.compile(r"(layers?|depth|num_blocks|n_block|num_stacks|_blocks)$")
DEPTHS = re.compile(r"(depths?|layers|num_blocks|blocks)$")
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


def names() -> list[str]:
    """Every architecture of `AutoConfig`'s mapping."""
    declare_operators()
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return sorted(CONFIG_MAPPING_NAMES)


def small_config(default: Any, way: Shrinking) -> Any:
    """The configuration `default`, made small."""
    cls = type(default)
    given: dict[str, Any] = {}
    values = {name: getattr(default, name, None) for name in _arguments(cls)}
    vocabulary = values.get("vocab_size")
    last = min(vocabulary, VOCABULARY) if isinstance(vocabulary, int) else VOCABULARY
    for name, value in values.items():
        if hasattr(value, "to_dict"):
            given[name] = small_config(value, way)
            continue
        small = _small(name, value, way)
        if TOKEN.search(name) and isinstance(value, int) and value >= last - 40:
            small = last - 1 - (value % 37)
        if small != value:
            given[name] = small
    for name in getattr(cls, "sub_configs", {}):
        if name not in given and hasattr(getattr(default, name, None), "to_dict"):
            given[name] = small_config(getattr(default, name), way)
    return cls(**given)


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
    if "vocab_size" in name:
        return min(value, VOCABULARY)
    if EXPERTS.search(name):
        return min(value, FEW_EXPERTS)
    if LAYERS.search(name):
        return min(value, way.layers)
    if HEADS.search(name):
        return max(1, value // way.by) if way.heads else value
    if WIDTH.search(name) and not NO_WIDTH.search(name) and value >= 64 and value % way.by == 0:
        return value // way.by
    return value


def classes(config: Any) -> Iterator[type[nn.Module]]:
    """The model classes for a configuration, the bare model first.

    Parts of larger models (a text encoder, say) stand in none of the mappings: theirs are the
    classes beside them that name the configuration as theirs.
    """
    from transformers.models.auto import modeling_auto

    count = 0
    for mapping_name in CLASSES:
        mapping = getattr(modeling_auto, mapping_name, {})
        try:
            found = mapping[type(config)]
        except (KeyError, ValueError, AttributeError, ImportError):
            continue
        for cls in found if isinstance(found, (list, tuple)) else [found]:
            count += 1
            yield cls
    if not count:
        yield from _classes_beside(type(config))


def _classes_beside(config_class: type) -> list[type[nn.Module]]:
    name = config_class.__module__.replace(".configuration_", ".modeling_")
    if name == config_class.__module__:
        return []
    try:
        module = import_module(name)
    except ImportError:
        return []
    return [
        cls
        for cls in vars(module).values()
        if isinstance(cls, type)
        and issubclass(cls, nn.Module)
        and cls.__module__ == name
        and getattr(cls, "config_class", None) is config_class
        and cls.forward is not nn.Module.forward
    ]


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


class Recipe(NamedTuple):
    """Which attempt ran: what another process builds the same model from."""

    way: int
    class_name: str
    inputs: int


def default_config(name: str) -> Any:
    """The configuration of an architecture as it is without arguments.

    Raises:
        NotBuiltError: it cannot be made.
    """
    declare_operators()
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    try:
        return CONFIG_MAPPING[name]()
    except Exception as error:
        raise NotBuiltError(
            f"no default configuration: {type(error).__name__}: {error}"[:200]
        ) from None


def attempts(default: Any, failures: list[str]) -> Iterator[tuple[int, Any, type[nn.Module]]]:
    """The numbers of `WAYS`, configurations and classes to try, in order."""
    for number in range(len(WAYS)):
        try:
            config = config_in_way(default, number)
        except Exception as error:
            failures.append(f"{type(default).__name__}: {type(error).__name__}: {error}")
            continue
        for cls in classes(config):
            yield number, config, cls


def config_in_way(default: Any, number: int) -> Any:
    config = small_config(default, WAYS[number])
    # else functions of transformers.integrations run in place of the model's own code
    config._experts_implementation = "eager"
    return config


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


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """A small model that runs, fresh from a fixed seed, and the call that ran; `known` is what
    the call of an earlier process had under that name.

    Raises:
        NotBuiltError: nothing that was tried builds and runs.
    """
    default = default_config(name)
    if known is not None:
        recipe = Recipe(*known)
        config = config_in_way(default, recipe.way)
        cls = next(cls for cls in classes(config) if cls.__name__ == recipe.class_name)
        built = build(cls, config)
        return built, Call((), nth(inputs_for(built, config), recipe.inputs), recipe)
    if not any(True for _ in classes(default)):
        raise NotBuiltError("no model class goes with the configuration")
    failures: list[str] = []
    for way, config, cls in attempts(default, failures):
        try:
            built = build(cls, config).eval()
        except Exception as error:
            failures.append(f"{cls.__name__}: {type(error).__name__}: {error}")
            continue
        for number, inputs in enumerate(inputs_for(built, config)):
            try:
                with torch.no_grad():
                    built(**copy.deepcopy(inputs))
            except Exception as error:
                failures.append(
                    f"{cls.__name__}({', '.join(inputs)}): {type(error).__name__}: {error}"
                )
                continue
            del built
            return build(cls, config), Call((), inputs, Recipe(way, cls.__name__, number))
    raise NotBuiltError(" | ".join(dict.fromkeys(failure[:160] for failure in failures[:4])))


def nth(inputs: Iterator[dict[str, Any]], number: int) -> dict[str, Any]:
    return next(itertools.islice(inputs, number, None))
