"""The README's lines for values inside forwards, on transformers' Llama and GPT-2."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import transformers
from autohook_runtime import auto_hook
from torch import Tensor

from autohook_codegen import Options, hook_source

README = Path(__file__).parents[2] / "README.md"
START, END = "## Values inside a forward", "Shapes stay the model's own"
IDS = torch.randint(3, 96, (2, 6), generator=torch.Generator().manual_seed(0))
CORRUPTED = torch.randint(3, 96, (2, 6), generator=torch.Generator().manual_seed(1))
PATHS = {
    "llama": {},
    "gpt2": {"model.layers": "transformer.h", "model.model.norm": "model.transformer.ln_f"},
}


def blocks() -> Iterator[tuple[str, str]]:
    """The headings and the Python lines under them, but the first, which loads a model."""
    text = README.read_text().partition(START)[2].partition(END)[0]
    yield from re.findall(r"\*\*([^*]+)\*\*[^\n]*\n\n```python\n(.*?)```", text, re.S)


BLOCKS = dict(blocks())


@cache
def hooked_source(name: str) -> ModuleType:
    """The package's file, rewritten as the README says."""
    plain: Any = importlib.util.find_spec(f"transformers.models.{name}.modeling_{name}")
    path = Path(plain.origin)
    hooked = hook_source(path.read_text(), Options(activations=True), path=str(path))
    module_name = f"transformers.models.{name}.modeling_{name}_hooked"
    spec: Any = importlib.util.spec_from_loader(module_name, None)
    module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    exec(compile(hooked.code, module_name, "exec"), module.__dict__)
    return module


def model_of(name: str) -> Any:
    sizes = {"vocab_size": 96, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    classes = hooked_source(name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "llama":
            config: Any = transformers.LlamaConfig(
                hidden_size=32,
                intermediate_size=48,
                num_hidden_layers=4,
                num_attention_heads=4,
                num_key_value_heads=2,
                **sizes,
            )
            model = classes.LlamaForCausalLM(config)
        else:
            config = transformers.GPT2Config(n_embd=32, n_layer=4, n_head=4, **sizes)
            model = classes.GPT2LMHeadModel(config)
    return auto_hook(model.eval(), inputs=True)


def run(heading: str, name: str) -> dict[str, Any]:
    """The block's names after it has run."""
    code = BLOCKS[heading]
    for path, other in PATHS[name].items():
        code = code.replace(path, other)
    names = {
        "model": model_of(name),
        "ids": IDS,
        "corrupted": CORRUPTED,
        "direction": torch.linspace(-2, 2, 32).sin() * 5,
        "labels": IDS % 2,
        "torch": torch,
    }
    exec(code, names)
    return names


def test_there_are_ten() -> None:
    assert len(BLOCKS) == 10


BOTH = pytest.mark.parametrize("name", PATHS)


@BOTH
@pytest.mark.parametrize(
    ("heading", "given"),
    [
        ("Patch a layer", CORRUPTED),
        ("Ablate one head", IDS),
        ("Read and edit a pattern", IDS),
        ("Patch an input", CORRUPTED),
        ("Path patching", CORRUPTED),
    ],
)
def test_an_edit_changes_the_logits(heading: str, name: str, given: Tensor) -> None:
    names = run(heading, name)
    before = names["model"](given).logits
    assert names["logits"].shape == before.shape
    assert not torch.allclose(names["logits"], before)
    if heading == "Patch a layer":  # all that comes behind is the clean run's
        clean = names["model"](IDS).logits
        torch.testing.assert_close(names["logits"], clean)


@BOTH
def test_an_edited_pattern_is_that_of_the_eager_function(name: str) -> None:
    names = run("Read and edit a pattern", name)
    assert names["entropy"].shape == (2, 4, 6)
    model = model_of(name)
    assert model.config._attn_implementation == "sdpa"
    model.set_attn_implementation("eager")
    hooks = [("*.hook_pattern", names["without_first_token"])]
    expected = model.run_with_hooks(IDS, fwd_hooks=hooks).logits
    torch.testing.assert_close(names["logits"], expected)


@BOTH
def test_the_lens_ends_at_the_logits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("Logit lens", name)
    torch.testing.assert_close(names["logits"], names["model"](IDS).logits)
    assert len(capsys.readouterr().out.splitlines()) == 4


@BOTH
def test_steering_changes_what_is_generated(name: str) -> None:
    names = run("Steer while it generates", name)
    assert names["tokens"].shape == (2, 11)
    assert not torch.equal(names["tokens"], names["model"].generate(IDS, max_new_tokens=5))


@BOTH
def test_one_layer(name: str) -> None:
    names = run("One layer's cache", name)
    assert names["heads"].shape == (2, 6, 4, 8)
    assert len({re.findall(r"\d+", each)[0] for each in names["cache"]}) == 1


@BOTH
def test_gradients(name: str) -> None:
    names = run("Gradients at a hook point", name)
    assert names["attribution"].shape == (2, 6, 32)
    assert names["attribution"].any()


@BOTH
def test_a_probe(name: str) -> None:
    names = run("A probe", name)
    assert names["probe"].weight.grad.any()
