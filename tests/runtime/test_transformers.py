"""Whole models of transformers, from small configurations."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook, unwrap
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    ViTConfig,
    ViTForImageClassification,
)

IDS = torch.tensor([[1, 5, 2, 7, 3], [4, 4, 1, 0, 6]])
SMALL: dict[str, Any] = {"num_hidden_layers": 2, "hidden_size": 16, "vocab_size": 11}
DEEP: dict[str, Any] = {**SMALL, "intermediate_size": 32, "num_attention_heads": 2}
TEXT = {"input_ids": IDS, "labels": IDS}
LABELS = {"labels": torch.tensor([0, 1])}
GPT2 = GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=11, bos_token_id=0, eos_token_id=0)
LLAMA = LlamaConfig(**DEEP)
EXPERTS = MixtralConfig(**DEEP, num_key_value_heads=2, num_local_experts=2)
IMAGES = ViTConfig(**{**DEEP, "image_size": 8, "patch_size": 4})

CASES: list[Any] = [
    pytest.param(GPT2LMHeadModel, GPT2, TEXT, "transformer.h.0", id="gpt2"),
    pytest.param(LlamaForCausalLM, LLAMA, TEXT, "model.layers.0", id="llama"),
    pytest.param(
        BertForSequenceClassification,
        BertConfig(**DEEP),
        {"input_ids": IDS, **LABELS},
        "bert.encoder.layer.0",
        id="bert",
    ),
    pytest.param(MixtralForCausalLM, EXPERTS, TEXT, "model.layers.0", id="mixtral"),
    pytest.param(
        MambaForCausalLM, MambaConfig(**SMALL, state_size=4), TEXT, "backbone.layers.0", id="mamba"
    ),
    pytest.param(
        ViTForImageClassification,
        IMAGES,
        {"pixel_values": torch.ones(2, 3, 8, 8), **LABELS},
        None,
        id="vit",
    ),
]


def made(model_class: Any, config: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return model_class(copy.deepcopy(config)).eval()


def executed(model: nn.Module, given: dict[str, Any]) -> set[str]:
    names: set[str] = set()
    for name, module in model.named_modules():
        module.register_forward_hook(lambda *_, name=name: names.add(name) or None)
    model(**given)
    return names


@pytest.mark.parametrize(("model_class", "config", "given", "block"), CASES)
def test_every_module_that_runs_is_in_the_cache(
    model_class: Any, config: Any, given: Any, block: str | None
) -> None:
    plain, model = made(model_class, config), auto_hook(made(model_class, config))
    expected = plain(**given)
    output, cache = model.run_with_cache(**given, incl_bwd=True)
    assert torch.equal(output.logits, expected.logits)
    assert torch.equal(model(**given).logits, expected.logits)
    ran = executed(made(model_class, config), given)
    assert ran
    assert {f"{name}.hook_point".lstrip(".") for name in ran} <= set(cache)
    expected.loss.backward()
    for one, other in zip(plain.parameters(), model.parameters(), strict=True):
        assert (one.grad is None and other.grad is None) or torch.equal(one.grad, other.grad)
    assert type(unwrap(model)) is model_class


@pytest.mark.parametrize(("model_class", "config", "given", "block"), CASES)
def test_recorded_hidden_states_show_an_edit(
    model_class: Any, config: Any, given: Any, block: str | None
) -> None:
    if block is None:
        block = next(n for n, m in made(model_class, config).named_modules() if n.endswith(".0"))
    model = auto_hook(made(model_class, config))
    hooks = [(f"{block}.hook_point", lambda t, hook: t * 0)]
    states = model.run_with_hooks(**given, output_hidden_states=True, fwd_hooks=hooks).hidden_states
    assert any((state == 0).all() for state in states)


def test_generate_and_save_pretrained(tmp_path: Path) -> None:
    plain, model = made(GPT2LMHeadModel, GPT2), auto_hook(made(GPT2LMHeadModel, GPT2))
    options = {"max_new_tokens": 3, "do_sample": False, "pad_token_id": 0}
    assert torch.equal(model.generate(IDS, **options), plain.generate(IDS, **options))
    with model.hooks(fwd_hooks=[("lm_head.hook_point", lambda t, hook: t * 0)]):
        assert (model.generate(IDS, **options)[:, IDS.shape[1]] == 0).all()
    model.save_pretrained(tmp_path)
    loaded = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    assert loaded.config.architectures == ["GPT2LMHeadModel"]
    assert torch.equal(loaded(IDS).logits, plain(IDS).logits)


def test_from_pretrained_of_a_decorated_class(tmp_path: Path) -> None:
    @auto_hook
    class Mine(GPT2LMHeadModel):
        pass

    plain = made(GPT2LMHeadModel, GPT2)
    plain.save_pretrained(tmp_path)
    model: Any = Mine.from_pretrained(tmp_path).eval()
    output, cache = model.run_with_cache(IDS)
    assert torch.equal(output.logits, plain(IDS).logits)
    assert "transformer.h.0.hook_point" in cache


def test_checkpointing_as_transformers_does_it() -> None:
    model = auto_hook(made(GPT2LMHeadModel, GPT2)).train()
    model.gradient_checkpointing_enable()
    hooks = [("transformer.h.0.attn.hook_point", lambda t, hook: t * 2)]
    output = model.run_with_hooks(**TEXT, fwd_hooks=hooks)
    with pytest.raises(RuntimeError, match="Call backward while the hooks are there"):
        output.loss.backward()
