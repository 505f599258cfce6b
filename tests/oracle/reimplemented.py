"""Against TransformerLens 3.9, whose `HookedTransformer` computes architectures anew."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from autohook_runtime import auto_hook
from transformer_lens import HookedEncoder, HookedEncoderDecoder, HookedTransformer
from transformer_lens import loading_from_pretrained as loading

from tests.oracle.comparing import Pair, pairs
from tests.oracle.rewritten import rewritten_class
from tests.oracle.small_configs import small_config_of

ARCHITECTURES = (
    "ApertusForCausalLM",
    "BertForPreTraining",
    "BloomForCausalLM",
    "GPT2LMHeadModel",
    "GPTJForCausalLM",
    "GPTNeoForCausalLM",
    "GPTNeoXForCausalLM",
    "LlamaForCausalLM",
    "MistralForCausalLM",
    "MixtralForCausalLM",
    "Olmo3ForCausalLM",
    "OlmoeForCausalLM",
    "OPTForCausalLM",
    "PhiForCausalLM",
    "Phi3ForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
    "T5ForConditionalGeneration",
)


def names() -> list[str]:
    return list(ARCHITECTURES)


def compare(name: str) -> list[Pair]:
    cls: Any = getattr(transformers, name)
    config = small_config_of(cls)
    config._attn_implementation = config._experts_implementation = "eager"
    torch.manual_seed(0)
    plain = cls(config).eval()
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter += 0.02 * torch.randn(parameter.shape)
    hooked = rewritten_class(cls)(copy.deepcopy(config)).eval()
    hooked.load_state_dict(plain.state_dict())
    tokens = torch.randint(3, 90, (2, 6), generator=torch.Generator().manual_seed(0))
    theirs = _theirs(plain, config, name)
    with torch.no_grad():
        if config.is_encoder_decoder:
            _, their_cache = theirs.run_with_cache(tokens, decoder_input=tokens)
            _, ours = auto_hook(hooked).run_with_cache(tokens, decoder_input_ids=tokens)
        else:
            _, their_cache = theirs.run_with_cache(tokens)
            _, ours = auto_hook(hooked).run_with_cache(tokens)
    prefixes = ours.other_names.lens.blocks or ["blocks"]
    layers = theirs.cfg.n_layers
    cache = dict(their_cache.items())
    found = [pairs(cache, ours, layers, prefix, prefix) for prefix in prefixes]
    return [pair for each in found for pair in each]


def _theirs(plain: Any, config: Any, name: str) -> Any:
    """The model computed anew, with unprocessed weights. The folder's name tells it nothing."""
    with tempfile.TemporaryDirectory(prefix="tiny") as folder:
        config.architectures = [name.replace("ForPreTraining", "ForMaskedLM")]
        config.save_pretrained(folder)
        cfg = loading.get_pretrained_model_config(folder, device="cpu", dtype=torch.float32)
        state = loading.get_pretrained_state_dict(folder, cfg, plain, torch.float32)
    cfg.tokenizer_name = None
    if config.is_encoder_decoder or name.startswith("Bert"):
        kind = HookedEncoderDecoder if config.is_encoder_decoder else HookedEncoder
        other = kind(cfg)
        other.load_state_dict(state, strict=False)
        return other
    theirs = HookedTransformer(cfg)
    theirs.load_and_process_state_dict(
        state,
        fold_ln=False,
        center_writing_weights=False,
        center_unembed=False,
        fold_value_biases=False,
    )
    return theirs


def rows(wanted: list[str]) -> Iterator[tuple[str, list[Pair] | str]]:
    """Each architecture with its pairs, or why it is left out."""
    warnings.simplefilter("ignore")
    for name in wanted or names():
        try:
            yield name, compare(name)
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}".splitlines()[0][:160]
