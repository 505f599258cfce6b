"""The models of `fixtures/activations`: as their authors wrote them, and with roles."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

FOLDER = Path(__file__).parents[2] / "fixtures" / "activations"
IDS = torch.randint(0, 96, (2, 6), generator=torch.Generator().manual_seed(0))
IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
MEMORY = torch.randn(2, 3, 32, generator=torch.Generator().manual_seed(0))
NAMES = ["gpt", "llama", "interface", "encoder_decoder", "vit", "bert"]
"""Those that give out a tensor; `experts` gives out two."""
INPUTS = {"vit": (IMAGES,), "encoder_decoder": (IDS, MEMORY)}


@cache
def text(file: str) -> ModuleType:
    """A file of the folder, imported."""
    name = f"activations_{file.replace('.', '_')}"
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def activation_model(name: str, kind: str = ".hooked") -> tuple[Any, tuple[Any, ...]]:
    """A model in evaluation, and what to call it with. Equal parameters for each kind."""
    classes = text(name + kind)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "gpt":
            model = classes.GPT(classes.GPTConfig())
        elif name == "interface":
            model = classes.TinyModel(classes.tiny_config())
        else:
            roots = {
                "llama": "Llama",
                "encoder_decoder": "Decoder",
                "vit": "ViT",
                "bert": "Encoder",
                "experts": "Model",
            }
            model = getattr(classes, roots[name])()
    return model.eval(), INPUTS.get(name, (IDS,))
