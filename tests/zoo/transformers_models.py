"""The architectures of transformers, made small by one rule for all, and what they are called with."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import nn

from tests.zoo.built import Call, NotBuiltError
from tests.zoo.torchvision_operators import declare_operators
from tests.zoo.transformers_configs import WAYS, small_config
from tests.zoo.transformers_inputs import inputs_for

MOST_PARAMETERS = 80_000_000
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
        number = -1
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
        if number < 0:
            arguments = ", ".join(list(inspect.signature(cls.forward).parameters)[1:])
            failures.append(f"{cls.__name__}: no dummy inputs for its arguments ({arguments})")
    raise NotBuiltError(" | ".join(dict.fromkeys(failure[:160] for failure in failures[:4])))


def nth(inputs: Iterator[dict[str, Any]], number: int) -> dict[str, Any]:
    return next(itertools.islice(inputs, number, None))
